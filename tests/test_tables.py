"""Tables: reading and indexing with all faults at once, and what the shipped ones hold."""

from __future__ import annotations

import pickle
import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import attrs
import pytest

from cptrules.resources import folder
from cptrules.tables import Table, TableFault, index, read_table

SHIPPED = {
    "adjustment_groups": (("code",), ("meaning",)),
    "carc": (("code",), ("meaning",)),
    "federal_holidays": (("date",), ("name",)),
    "modifiers": (("modifier",), ("label", "seen")),
    "mpfs_practice_expense": (("code",), ("practice",)),
    "mue_practitioner": (("code",), ("units", "mai")),
    "ncci_ptp": (("column_one", "column_two"), ("indicator", "rationale")),
    "rarc": (("code",), ("meaning",)),
    "therapy_codes": (
        ("code",),
        ("label", "timed", "unit_minutes", "kind", "therapy", "disciplines", "one_on_one", "seen"),
    ),
}


def _text(name: str) -> str:
    return (folder("policies") / "tables" / f"{name}.csv").read_text(encoding="utf-8")


def _shipped(name: str) -> Table:
    raw, faults = read_table(_text(name), name)
    assert raw is not None and faults == ()
    table, faults = index(raw, *SHIPPED[name], name)
    assert table is not None, faults
    return table


def _table(text: str, keys: tuple[str, ...] = ("code",), values: tuple[str, ...] = ("units",)) -> Table:
    raw, faults = read_table(text, "t.csv")
    assert raw is not None and faults == ()
    table, faults = index(raw, keys, values, "t")
    assert table is not None, faults
    return table


def _faults(
    text: str, keys: tuple[str, ...] = ("code",), values: tuple[str, ...] = ("units",)
) -> tuple[TableFault, ...]:
    raw, faults = read_table(text, "t.csv")
    if raw is None:
        return faults
    return (*faults, *index(raw, keys, values, "t")[1])


class TestShipped:
    def test_every_file_is_listed_here(self) -> None:
        names = {entry.name for entry in (folder("policies") / "tables").iterdir()}
        assert {f"{name}.csv" for name in SHIPPED} <= names

    @pytest.mark.parametrize("name", SHIPPED)
    def test_head_says_its_source_version_span_and_row_count(self, name: str) -> None:
        head = "".join(line for line in _text(name).splitlines(keepends=True) if line.startswith("#"))
        for word in ("source: ", "version: ", "span: "):
            assert f"# {word}" in head
        count = re.search(r"^# rows: (\d+)$", head, re.MULTILINE)
        assert count is not None
        assert len(_shipped(name).rows) == int(count[1])

    @pytest.mark.parametrize("name", SHIPPED)
    def test_every_boundary_date_belongs_to_one_row(self, name: str) -> None:
        table = _shipped(name)
        for key in table.all_keys():
            for row in table.rows_for(key):
                for day in filter(None, (row.span.from_, row.span.to)):
                    assert table.row(key, day) == row.cells
                    assert [r for r in table.rows_for(key) if r.span.holds(day)] == [row]

    @pytest.mark.parametrize("name", SHIPPED)
    def test_no_two_rows_of_a_key_overlap(self, name: str) -> None:
        table = _shipped(name)
        for key in table.all_keys():
            assert not any(a.span.overlaps(b.span) for a, b in pairwise(table.rows_for(key)))


class TestNcci:
    table = _shipped("ncci_ptp")
    today = date(2026, 3, 5)

    def test_97530_and_97116_are_no_pair_any_more(self) -> None:
        assert self.table.row(("97530", "97116"), self.today) is None
        assert self.table.row(("97530", "97116"), date(2019, 12, 31)) is not None
        assert self.table.row(("97530", "97116"), date(2020, 1, 1)) is None

    def test_97150_and_97110_are_a_pair_that_a_modifier_opens(self) -> None:
        found = self.table.row(("97150", "97110"), self.today)
        assert found is not None and found["indicator"] == "1"

    @pytest.mark.parametrize(
        ("day", "there"),
        [("2019-12-31", True), ("2020-01-01", False), ("2020-09-30", False), ("2020-10-01", True)],
    )
    def test_a_pair_put_back_has_a_gap(self, day: str, there: bool) -> None:
        assert (self.table.row(("97150", "97110"), date.fromisoformat(day)) is not None) == there

    def test_97530_and_97535_ended_twice(self) -> None:
        days = [date(2019, 12, 31), date(2020, 10, 1), date(2021, 12, 31), date(2022, 1, 1)]
        assert [self.table.row(("97530", "97535"), day) is not None for day in days] == [
            True,
            True,
            True,
            False,
        ]

    @pytest.mark.parametrize(
        ("one", "two", "indicator"),
        [
            ("97140", "97124", "0"),
            ("97163", "97161", "0"),
            ("97113", "97036", "0"),
            ("97012", "97140", "1"),
            ("98940", "97140", "1"),
        ],
    )
    def test_pairs_of_the_facts(self, one: str, two: str, indicator: str) -> None:
        found = self.table.row((one, two), date(2024, 7, 1))
        assert found is not None and found["indicator"] == indicator

    @pytest.mark.parametrize(
        ("one", "two"), [("97140", "97530"), ("97161", "97140"), ("97110", "97140"), ("97530", "97113")]
    )
    def test_pairs_that_many_lists_still_have(self, one: str, two: str) -> None:
        assert self.table.row((one, two), self.today) is None

    def test_indicator_9_is_left_out(self) -> None:
        assert {row.cells["indicator"] for row in self.table.rows} == {"0", "1"}

    def test_no_pair_is_listed_both_ways(self) -> None:
        pairs = set(self.table.all_keys())
        assert not any((two, one) in pairs for one, two in pairs)

    def test_pairs_in_force_on_the_day_of_the_file(self) -> None:
        assert sum(row.span.holds(date(2024, 7, 1)) for row in self.table.rows) == 640

    def test_select_by_the_second_column(self) -> None:
        found = self.table.select("column_two", "97110", self.today)
        assert "97150" in {row["column_one"] for row in found}
        slow = [row for row in self.table.sample() if row["column_two"] == "97110"]
        assert list(self.table.select("column_two", "97110")) == slow
        assert len(found) <= len(slow)


class TestOthers:
    @pytest.mark.parametrize(
        ("code", "units", "mai"),
        [
            ("97162", "1", "2"),
            ("98977", "1", "2"),
            ("97150", "1", "3"),
            ("97110", "6", ""),
            ("97112", "4", ""),
            ("97010", "0", ""),
        ],
    )
    def test_mue(self, code: str, units: str, mai: str) -> None:
        assert _shipped("mue_practitioner").row((code,), date(2026, 3, 5)) == {
            "code": code,
            "units": units,
            "mai": mai,
        }

    def test_mue_of_a_code_without_one(self) -> None:
        assert _shipped("mue_practitioner").row(("99213",), date(2026, 3, 5)) is None

    def test_practice_expense_is_of_2024_alone(self) -> None:
        table = _shipped("mpfs_practice_expense")
        found = {key[0]: table.row(key, date(2024, 7, 1)) for key in table.all_keys()}
        assert {code: row["practice"] for code, row in found.items() if row} == {
            "97530": "21.64",
            "97110": "13.98",
            "97140": "12.32",
        }
        # facts/medicare.md, section 8: RVU .65, .42 and .37 at the conversion factor 33.2875
        for code, rvu in (("97530", "0.65"), ("97110", "0.42"), ("97140", "0.37")):
            row = found[code]
            assert row is not None
            assert Decimal(row["practice"]) == (Decimal(rvu) * Decimal("33.2875")).quantize(Decimal("0.01"))
        assert table.row(("97530",), date(2023, 12, 31)) is None
        assert table.row(("97530",), date(2025, 1, 1)) is None

    def test_holidays_fall_on_working_days_eleven_a_year(self) -> None:
        days = [date.fromisoformat(key[0]) for key in _shipped("federal_holidays").all_keys()]
        assert days == sorted(days)
        assert all(day.weekday() < 5 for day in days)
        # New Year's Day of 2028 is a Saturday, so it is observed in 2027.
        assert [sum(day.year == year for day in days) for year in range(2024, 2028)] == [11, 11, 11, 12]

    @pytest.mark.parametrize(
        "day",
        ["2024-11-28", "2025-01-20", "2026-07-03", "2027-06-18", "2027-07-05", "2027-12-24", "2027-12-31"],
    )
    def test_holidays_observed(self, day: str) -> None:
        assert _shipped("federal_holidays").row((day,), date.fromisoformat(day)) is not None

    @pytest.mark.parametrize("day", ["2026-07-04", "2027-06-19", "2027-07-04", "2027-12-25"])
    def test_the_day_itself_is_none_when_another_is_observed(self, day: str) -> None:
        assert _shipped("federal_holidays").rows_for((day,)) == ()


class TestReading:
    def test_comments_blank_lines_and_a_byte_order_mark_are_passed_over(self) -> None:
        table = _table(
            '\ufeff# "a comment with a quote\n\n# second,"\ncode,units\n\n97110,6\n# more, of it, all\n97112, 4\n,\n'
        )
        assert table.sample() == ({"code": "97110", "units": "6"}, {"code": "97112", "units": "4"})
        assert [row.line for row in table.rows] == [6, 8]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_line_ends(self, end: str) -> None:
        table = _table(end.join(["# x", "code,units", "97110,6", "97112,4", ""]))
        assert [row.line for row in table.rows] == [3, 4]
        assert table.all_keys() == (("97110",), ("97112",))

    def test_a_quoted_cell_may_hold_a_comma_and_a_line_end(self) -> None:
        table = _table('code,units\n97110,"a, b\nc"\n97112,2\n')
        assert [(row.line, row.cells["units"]) for row in table.rows] == [(2, "a, b\nc"), (4, "2")]

    def test_cells_stay_text(self) -> None:
        assert _table("code,units\n00100,06\n").row(("00100",), date(2026, 1, 1)) == {
            "code": "00100",
            "units": "06",
        }

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "is empty"),
            ("\n\n", "is empty"),
            ("# only a comment\n", "no line with the names"),
            ("\udcff\udcfec\0o\0", "no UTF-8"),
        ],
    )
    def test_no_table(self, text: str, said: str) -> None:
        raw, faults = read_table(text, "t.csv")
        assert raw is None
        assert len(faults) == 1 and said in faults[0].message

    def test_all_faults_of_the_text_at_once(self) -> None:
        raw, faults = read_table(
            'code,units,,code\n1\n1,2,3,4,5\n"a"b,2,3,4\n1,\udce9,3,4\n1,2,3,4\n"open\n', "t.csv"
        )
        assert raw is not None and [line for line, _ in raw.rows] == [5, 6]
        assert [fault.line for fault in faults] == [1, 1, 2, 3, 4, 5, 7]
        for fault, said in zip(
            faults,
            ["no name", "stands twice", "too few", "too many", "can't be read", "not UTF-8", "can't be read"],
            strict=True,
        ):
            assert said in fault.message


class TestIndexing:
    def test_all_faults_of_the_rows_at_once(self) -> None:
        faults = _faults(
            "code,units,from,to\n"
            "1,1,2024-01-01,2024-12-31\n"
            "1,2,2024-12-31,\n"
            "2,1,1/1/2024,2024-02-30\n"
            "3,1,2024-02-01,2024-01-31\n"
            ",1,,\n"
            "4,1,20240101,\n"
            "5,1,,\n"
            "5,1,,\n"
        )
        assert [(fault.line, fault.column) for fault in faults] == [
            (3, None), (4, "from"), (4, "to"), (5, "to"), (6, "code"), (7, "from"), (9, None),
        ]  # fmt: skip
        assert "overlap; the other is on line 2" in faults[0].message

    def test_a_bad_span_is_told_on_every_line_it_stands_on(self) -> None:
        faults = _faults("code,units,from,to\n1,1,2024-13-01,\n2,1,2024-13-01,\n")
        assert [fault.line for fault in faults] == [2, 3]

    def test_a_long_row_before_two_short_ones_overlaps_both(self) -> None:
        faults = _faults("code,units,from,to\n1,1,,\n1,2,2024-01-01,2024-01-31\n1,3,2024-03-01,2024-03-31\n")
        assert [fault.line for fault in faults] == [3, 4]

    def test_missing_columns_with_the_nearest(self) -> None:
        faults = _faults("# x\ncod,unit,from\n97110,6,\n")
        assert [(f.line, f.column, f.suggestion) for f in faults] == [
            (2, "code", "cod"),
            (2, "units", "unit"),
        ]

    def test_a_table_without_a_line_of_columns(self) -> None:
        faults = _faults("97110,6\n97112,4\n")
        assert len(faults) == 1 and "must name the columns, among them code, units" in faults[0].message

    def test_one_column_named_twice(self) -> None:
        faults = _faults("code,units\n1,1\n", ("code",), ("code",))
        assert len(faults) == 1 and "twice" in faults[0].message

    def test_spans_hold_both_ends_and_nothing_between(self) -> None:
        table = _table("code,units,from,to\n1,b,2024-03-01,\n1,a,,2024-01-31\n")
        for day, units in [
            ("2024-01-31", "a"),
            ("2024-02-01", None),
            ("2024-02-29", None),
            ("2024-03-01", "b"),
        ]:
            row = table.row(("1",), date.fromisoformat(day))
            assert (row["units"] if row else None) == units
        assert [row.cells["units"] for row in table.rows_for(("1",))] == ["a", "b"]

    def test_neighbouring_spans_do_not_overlap(self) -> None:
        day = date(2024, 6, 30)
        assert _table(f"code,units,from,to\n1,a,,{day}\n1,b,{day + timedelta(1)},\n").all_keys() == (("1",),)

    def test_select_by_a_value(self) -> None:
        table = _table("code,units\n1,4\n2,6\n3,4\n")
        assert [row["code"] for row in table.select("units", "4", date(2026, 1, 1))] == ["1", "3"]
        assert table.select("nothing", "4") == ()

    def test_tables_are_equal_by_what_they_say_and_can_be_pickled_and_hashed(self) -> None:
        one, two = _table("code,units\n1,4\n"), _table("code,units\n1,4\n")
        assert one == two and hash(one) == hash(two) and one != _table("code,units\n1,5\n")
        assert pickle.loads(pickle.dumps(one)).row(("1",), date(2026, 1, 1)) == {"code": "1", "units": "4"}

    def test_it_is_frozen(self) -> None:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            _table("code,units\n1,4\n").name = "x"  # type: ignore[misc]


class TestFolder:
    def test_a_folder_that_is_nowhere_names_both_places(self) -> None:
        with pytest.raises(FileNotFoundError, match=r"neither .*cptrules.nowhere nor .*nowhere"):
            folder("nowhere")
