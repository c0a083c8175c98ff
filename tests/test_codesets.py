"""The code table, modifiers, CARC, RARC, and the shapes of codes."""

from __future__ import annotations

import pickle
from datetime import date

import pytest

from cptrules.codesets import (
    Code,
    CodeTable,
    adjustment_groups,
    carc_known,
    code_faults,
    code_table,
    codes_from,
    in_diagnosis_range,
    modifier_known,
    modifiers,
    nearest_carc,
    nearest_modifier,
    nearest_rarc,
    rarc_known,
    system_of,
)
from cptrules.tables import Table, index, read_table
from cptrules.vocabulary import DISCIPLINES

CODES = code_table()
IN_2026 = date(2026, 3, 5)


def _added(text: str, values: tuple[str, ...] = ()) -> Table:
    raw, _ = read_table(text, "codes_added.csv")
    assert raw is not None
    table, faults = index(raw, ("code",), values, "codes_added")
    assert table is not None, faults
    return table


class TestCodes:
    def test_what_is_known_of_a_code(self) -> None:
        code = CODES.code("97110")
        assert code is not None
        assert (code.timed, code.unit_minutes, code.therapy, code.disciplines, code.one_on_one) == (
            True,
            15,
            "always",
            ("PT", "OT"),
            True,
        )

    @pytest.mark.parametrize(
        ("code", "minutes"),
        [
            ("92607", 60),
            ("92608", 30),
            ("96125", 60),
            ("97550", 30),
            ("97551", 15),
            ("98980", 20),
            ("97150", None),
            ("98979", None),
        ],
    )
    def test_minutes_of_a_unit(self, code: str, minutes: int | None) -> None:
        found = CODES.code(code)
        assert found is not None and found.unit_minutes == minutes

    def test_the_52_codes_with_the_multiple_procedure_cut_are_always_therapy(self) -> None:
        cut = "G0281 G0283 G0329 0791T 92507 92508 92526 92597 92607 92609 96125 97012 97016 97018 97022 97024 97026 97028 97110 97112"
        cut += " 97113 97116 97124 97140 97150 97530 97533 97535 97537 97542 97750 97755 97760 97761 97763"
        names = [
            *cut.split(),
            *CODES.between("92521", "92524"),
            *CODES.between("97032", "97036"),
            *CODES.between("97161", "97168"),
        ]
        assert len(names) == 52
        assert all((code := CODES.code(name)) is not None and code.therapy == "always" for name in names)

    def test_every_row_is_in_order(self) -> None:
        for code in CODES.codes():
            assert system_of(code.code) == "procedure"
            assert code.therapy in ("always", "sometimes", "no")
            assert code.timed or code.unit_minutes is None
            assert code.disciplines and set(code.disciplines) <= {*DISCIPLINES, "DC"}

    @pytest.mark.parametrize(
        ("code", "day", "there"),
        [
            ("97161", "2016-12-31", False), ("97161", "2017-01-01", True), ("97001", "2016-12-31", True), ("97001", "2017-01-01", False),
            ("97763", "2018-01-01", True), ("97762", "2018-01-01", False), ("98979", "2025-12-31", False), ("98979", "2026-01-01", True),
            ("97127", "2017-12-31", False), ("97127", "2019-12-31", True), ("97127", "2020-01-01", False), ("99999", "2026-01-01", False),
        ],
    )  # fmt: skip
    def test_in_force(self, code: str, day: str, there: bool) -> None:
        assert CODES.in_force(code, date.fromisoformat(day)) == there

    def test_an_unknown_code(self) -> None:
        assert CODES.code("99213") is None

    @pytest.mark.parametrize(
        ("wrong", "near"),
        [
            ("97111", "97110"),
            ("971100", "97110"),
            ("G0238", "G0283"),
            ("97IIO", None),
            ("XXXXX", None),
            ("97613", "97163"),
        ],
    )
    def test_nearest(self, wrong: str, near: str | None) -> None:
        assert CODES.nearest(wrong) == near

    def test_it_can_be_pickled(self) -> None:
        assert pickle.loads(pickle.dumps(CODES)).code("97110") == CODES.code("97110")

    def test_it_is_read_once(self) -> None:
        assert code_table() is CODES


class TestRanges:
    def test_both_ends_are_in(self) -> None:
        assert CODES.between("97161", "97163", IN_2026) == ("97161", "97162", "97163")
        assert CODES.between("97161", "97168", IN_2026) == tuple(str(n) for n in range(97161, 97169))

    def test_codes_of_2026_are_in_a_range_only_then(self) -> None:
        old = ("98975", "98976", "98977", "98978", "98980", "98981")
        assert CODES.between("98975", "98981", date(2025, 12, 31)) == old
        assert CODES.between("98975", "98981", date(2026, 1, 1)) == tuple(sorted((*old, "98979")))
        assert CODES.between("98975", "98981", date(2021, 12, 31)) == ()
        assert CODES.between("98975", "98981", date(2022, 12, 31)) == (
            "98975",
            "98976",
            "98977",
            "98980",
            "98981",
        )

    def test_without_a_date_every_code_that_ever_was(self) -> None:
        assert CODES.between("97127", "97130") == ("97127", "97129", "97130")

    def test_ends_need_not_be_codes(self) -> None:
        assert CODES.between("97100", "97111") == ("97110",)

    def test_other_prefixes_and_letters_stay_out(self) -> None:
        assert CODES.between("G0280", "G0300") == ("G0281", "G0283")
        assert "0791T" not in CODES.between("00000", "99999")
        assert CODES.between("0001T", "0999T") == ("0791T",)

    @pytest.mark.parametrize(
        ("first", "last"), [("97110", "G0283"), ("97168", "97161"), ("0791T", "97110"), ("9711", "97110")]
    )
    def test_ends_that_do_not_fit_hold_nothing(self, first: str, last: str) -> None:
        assert CODES.between(first, last) == ()


class TestAdded:
    def test_codes_from_a_policys_table(self) -> None:
        table = _added(
            "code,timed,unit_minutes,disciplines,from\n97810,yes,15,PT;OT,2005-01-01\n29880,no,,,\n",
            ("timed", "unit_minutes", "disciplines"),
        )
        assert code_faults(table) == ()
        more = CODES.extended(codes_from(table))
        assert more.code("97810") == Code(
            "97810", timed=True, unit_minutes=15, disciplines=("PT", "OT"), from_=date(2005, 1, 1)
        )
        assert more.between("97799", "97811") == ("97799", "97810")
        assert more.code("97110") == CODES.code("97110")
        assert CODES.code("97810") is None

    def test_what_is_added_takes_the_place_of_what_was_known(self) -> None:
        more = CODES.extended([Code("97110", to=date(2030, 12, 31))])
        assert not more.in_force("97110", date(2031, 1, 1))
        assert CODES.in_force("97110", date(2031, 1, 1))

    def test_one_code_with_two_spans(self) -> None:
        old, new = Code("97999", "old", to=date(2019, 12, 31)), Code("97999", "new", from_=date(2022, 1, 1))
        table = CodeTable([old, new])
        assert table.code("97999", date(2019, 1, 1)) == old
        assert table.code("97999") == table.code("97999", date(2022, 1, 1)) == new
        assert [table.in_force("97999", date(year, 1, 1)) for year in (2019, 2021, 2022)] == [
            True,
            False,
            True,
        ]
        assert table.between("97000", "97999", date(2021, 1, 1)) == ()

    def test_all_faults_of_added_codes_at_once(self) -> None:
        table = _added(
            "code,timed,therapy,disciplines,unit_minutes,lable\n9781,YES,maybe,PT;XX,0,x\n",
            ("timed", "therapy", "disciplines", "unit_minutes", "lable"),
        )
        found = [(fault.column, fault.suggestion) for fault in code_faults(table)]
        assert found == [
            ("lable", "label"),
            ("code", None),
            ("timed", "yes"),
            ("therapy", None),
            ("disciplines", None),
            ("unit_minutes", None),
        ]


class TestModifiers:
    @pytest.mark.parametrize(
        "modifier",
        [
            "GP",
            "GO",
            "GN",
            "KX",
            "59",
            "XE",
            "XP",
            "XS",
            "XU",
            "CQ",
            "CO",
            "25",
            "76",
            "77",
            "GA",
            "GX",
            "GY",
            "GZ",
            "95",
            "93",
            "GT",
            "96",
            "97",
            "AT",
            "U1",
            "U9",
            "UA",
            "UB",
            "UC",
            "UD",
        ],
    )
    def test_known_in_2026(self, modifier: str) -> None:
        assert modifier_known(modifier) and modifier_known(modifier, IN_2026)

    @pytest.mark.parametrize(
        ("modifier", "before", "since"),
        [
            ("CQ", "2019-12-31", "2020-01-01"), ("CO", "2019-12-31", "2020-01-01"), ("96", "2017-12-31", "2018-01-01"),
            ("97", "2017-12-31", "2018-01-01"), ("XE", "2014-12-31", "2015-01-01"), ("XU", "2014-12-31", "2015-01-01"),
        ],
    )  # fmt: skip
    def test_first_days(self, modifier: str, before: str, since: str) -> None:
        assert not modifier_known(modifier, date.fromisoformat(before))
        assert modifier_known(modifier, date.fromisoformat(since))

    def test_sz_ended(self) -> None:
        assert modifier_known("SZ") and modifier_known("SZ", date(2017, 12, 31))
        assert not modifier_known("SZ", date(2018, 1, 1))

    def test_every_modifier_has_two_characters(self) -> None:
        assert all(system_of(key[0]) == "short" for key in modifiers().all_keys())

    @pytest.mark.parametrize(("wrong", "near"), [("kx", "KX"), ("gp", "GP"), ("GPP", "GP"), ("KXX", "KX")])
    def test_nearest(self, wrong: str, near: str) -> None:
        assert not modifier_known(wrong)
        assert nearest_modifier(wrong) == near


class TestReasons:
    @pytest.mark.parametrize(
        "carc",
        [
            "CO-4",
            "CO-29",
            "CO-45",
            "CO-96",
            "CO-97",
            "CO-107",
            "CO-119",
            "CO-151",
            "CO-182",
            "CO-197",
            "CO-222",
            "CO-236",
            "CO-272",
            "CO-288",
            "OA-18",
            "PR-119",
            "PR-96",
            "PR-204",
            "CO-B7",
            "PI-45",
        ],
    )
    def test_known(self, carc: str) -> None:
        assert carc_known(carc)

    @pytest.mark.parametrize(
        "carc", ["119", "CO119", "CX-119", "CO-9999", "CO-", "-119", "", "co-119", "CO-004"]
    )
    def test_not_known(self, carc: str) -> None:
        assert not carc_known(carc)

    @pytest.mark.parametrize(
        ("wrong", "near"),
        [
            ("119", "CO-119"),
            ("CO119", "CO-119"),
            ("PR 119", "PR-119"),
            ("co-119", "CO-119"),
            ("CO-1190", "CO-119"),
            ("COB7", "CO-B7"),
            ("???", None),
        ],
    )
    def test_nearest(self, wrong: str, near: str | None) -> None:
        assert nearest_carc(wrong) == near

    def test_groups(self) -> None:
        assert [key[0] for key in adjustment_groups().all_keys()] == ["CO", "PR", "OA", "PI", "CR"]

    @pytest.mark.parametrize("rarc", ["N362", "N519", "N674", "N70", "N851", "MA130", "M15", "N382", "N522"])
    def test_remarks(self, rarc: str) -> None:
        assert rarc_known(rarc)

    def test_a_remark_that_is_none(self) -> None:
        assert not rarc_known("N3620")
        assert nearest_rarc("N3620") == "N362"
        assert nearest_rarc("n519") == "N519"


class TestShapes:
    @pytest.mark.parametrize(
        ("text", "system"),
        [
            ("97110", "procedure"), ("G0283", "procedure"), ("0791T", "procedure"), ("00100", "procedure"),
            ("F84", "diagnosis"), ("F84.0", "diagnosis"), ("F78.A1", "diagnosis"), ("C4A", "diagnosis"),
            ("S06.0X0A", "diagnosis"), ("Z87.820", "diagnosis"),
            ("GP", "short"), ("59", "short"), ("X1", "short"), ("0420", "revenue"),
            ("F840", None), ("F84.", None), ("F84.00000", None), ("97", "short"), ("971100", None),
            ("GP1", None), ("g0283", None), ("", None), ("9711O", "procedure"), ("97110\n", None),
        ],
    )  # fmt: skip
    def test_system_of(self, text: str, system: str | None) -> None:
        assert system_of(text) == system

    @pytest.mark.parametrize("code", ["F70", "F78.A1", "F78A1", "F79", "F79.9", "F71.0"])
    def test_in_a_range_of_diagnoses(self, code: str) -> None:
        assert in_diagnosis_range(code, "F70", "F79")

    @pytest.mark.parametrize("code", ["F69", "F80", "F80.0", "F7", "E79", "G70"])
    def test_outside_a_range_of_diagnoses(self, code: str) -> None:
        assert not in_diagnosis_range(code, "F70", "F79")

    def test_ends_below_a_category(self) -> None:
        assert in_diagnosis_range("S06.0X0A", "S06.0", "S06.1")
        assert in_diagnosis_range("S06.1X0A", "S06.0", "S06.1")
        assert not in_diagnosis_range("S06.2", "S06.0", "S06.1")
        assert not in_diagnosis_range("S06", "S06.0", "S06.1")
