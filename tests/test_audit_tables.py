"""Flat rows: what each column and cell means, what is refused, and what a mapping file mends (interchange.md, Tables)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import judging
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from audits import policy, policy_file, row, write_csv
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import cptrules
from cptrules import UNKNOWN, InputError
from cptrules.audit.mapping import read_mapping
from cptrules.cli import commands

SAMPLES = Path(__file__).parent.parent / "docs" / "examples" / "audit"


def claims(tmp_path: Path, *rows: dict[str, Any], mapping: Any = None) -> Any:
    path = write_csv(tmp_path / "claims.csv", rows)
    return cptrules.read_claims(path, mapping=None if mapping is None else read_mapping(mapping))


def one(tmp_path: Path, mapping: Any = None, **more: Any) -> cptrules.Claim:
    found = claims(tmp_path, row(**more), mapping=mapping)
    assert found.refusals == ()
    return found.claims[0]


def refused(tmp_path: Path, mapping: Any = None, **more: Any) -> str:
    found = claims(tmp_path, row(**more), mapping=mapping)
    assert found.claims == ()
    return "\n".join(str(fault) for refusal in found.refusals for fault in refusal.faults)


class TestCells:
    def test_a_row_is_a_line_of_its_claim(self, tmp_path: Path) -> None:
        claim = one(tmp_path, minutes_by__PT="20", diagnoses="M54.50 R26.2", diagnosis_pointers="AB", line__facts__simultaneous="false",
                    facts__new_condition="true", patient__facts__residence="home", rendering_provider__role="PT")  # fmt: skip
        assert claim.to_dict() == {
            "id": "C1", "payer": "ACME", "diagnoses": ["M54.50", "R26.2"], "patient": {"id": "P1", "facts": {"residence": "home"}},
            "billing_provider": {"npi": "1"}, "facts": {"new_condition": True},
            "lines": [{"number": 1, "code": "97110", "modifiers": ["GP"], "units": 1, "minutes_by": {"PT": 20}, "charge": "50.00",
                       "date_of_service": "2026-03-04", "diagnosis_pointers": [1, 2], "rendering_provider": {"role": "PT"},
                       "facts": {"simultaneous": False}}],
        }  # fmt: skip

    def test_an_empty_cell_is_unknown_and_none_is_known_to_be_absent(self, tmp_path: Path) -> None:
        assert one(tmp_path, modifiers="").lines[0].modifiers is UNKNOWN
        assert one(tmp_path, modifiers="none").lines[0].modifiers == ()
        assert one(tmp_path, plan="").plan is UNKNOWN
        assert one(tmp_path, plan="none").plan is None

    def test_a_mapping_says_that_empty_means_none(self, tmp_path: Path) -> None:
        told = {"columns": {"modifiers": {"columns": ["m1", "m2"], "empty": "none"}}, "ignore": ["modifiers"]}
        assert one(tmp_path, told, m1="", m2="").lines[0].modifiers == ()
        assert one(tmp_path, told, m1="GP", m2="").lines[0].modifiers == ("GP",)
        assert one(tmp_path, told, m1="GP", m2="59").lines[0].modifiers == ("GP", "59")
        told["columns"]["modifiers"].pop("empty")
        assert one(tmp_path, told, m1="", m2="").lines[0].modifiers is UNKNOWN

    @pytest.mark.parametrize("written", ["GP KX", "GP,KX", " GP | KX ", "GP;KX"])
    def test_a_list_in_one_cell(self, tmp_path: Path, written: str) -> None:
        assert one(tmp_path, modifiers=written).lines[0].modifiers == ("GP", "KX")

    def test_fields_that_a_line_inherits_are_the_rows_own_where_rows_differ(self, tmp_path: Path) -> None:
        found = claims(tmp_path, row(place_of_service="11"), row(number=2, place_of_service="12")).claims[0]
        assert found.place_of_service is UNKNOWN
        assert [line.place_of_service for line in found.lines] == ["11", "12"]
        alike = claims(tmp_path, row(place_of_service="11"), row(number=2, place_of_service="11")).claims[0]
        assert (alike.place_of_service, alike.lines[0].place_of_service) == ("11", UNKNOWN)
        one_empty = claims(tmp_path, row(place_of_service="11"), row(number=2, place_of_service="")).claims[0]
        assert [line.place_of_service for line in one_empty.lines] == ["11", UNKNOWN]

    @pytest.mark.parametrize(
        ("column", "written", "told"),
        [
            ("units", "two", "row 2, units: it is not a whole number"),
            ("units", "1.5", "not a whole number"),
            ("units", "-1", "negative"),
            ("charge", "$1,120.00", "not a decimal string"),
            ("code", "9711", "not a procedure code"),
            ("modifiers", "gp", "modifiers[0]"),
            ("date_of_service", "03/04/2026", "not a date as 2026-03-04"),
            ("date_of_service", "", "needs its date"),
            ("number", "", "number: it is missing"),
            ("claim", "", "does not say which claim"),
        ],
    )
    def test_a_cell_that_cannot_be_read_refuses_its_claim_with_its_row(self, tmp_path: Path, column: str, written: str, told: str) -> None:
        assert told in refused(tmp_path, **{column: written})

    def test_numbers_as_exports_write_them(self, tmp_path: Path) -> None:
        assert one(tmp_path, units="2.0", code=" 97110 ").lines[0].units == 2

    def test_no_fault_repeats_what_tells_of_the_patient(self, tmp_path: Path) -> None:
        told = refused(tmp_path, patient__birth_date="Jane Doe", diagnoses="secret")
        assert "birth_date" in told and "diagnoses" in told
        assert "Jane" not in told and "secret" not in told

    def test_a_claim_of_which_one_row_is_bad_is_refused_whole(self, tmp_path: Path) -> None:
        found = claims(tmp_path, row(), row(number=2, units="x"), row("C2"))
        assert [claim.id for claim in found.claims] == ["C2"]
        assert [refusal.claim for refusal in found.refusals] == ["C1"]

    def test_rows_of_one_claim_that_disagree(self, tmp_path: Path) -> None:
        found = claims(tmp_path, row(payer="ACME"), row(number=2, payer="OTHER"))
        assert "row 2 and row 3 of the claim disagree" in str(found.refusals[0].faults[0])

    def test_one_claim_with_two_patients_is_refused(self, tmp_path: Path) -> None:
        found = claims(tmp_path, row(), row(number=2, patient__id="P2"))
        assert found.claims == ()
        assert "several patients" in str(found.refusals[0].faults)

    def test_a_row_twice(self, tmp_path: Path) -> None:
        found = claims(tmp_path, row(), row())
        assert found.claims == ()
        assert "line number 1 stands twice" in str(found.refusals[0].faults)


class TestBrokenRows:
    def test_a_quote_that_is_not_closed_spoils_its_own_claim_only(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "c.csv", [row("A"), row("A", 2), row("B"), row("C")])
        lines = path.read_text().splitlines()
        lines[2] = lines[2].replace("GP", '"GP')
        path.write_text("\n".join(lines) + "\n")
        found = cptrules.read_claims(path)
        assert [claim.id for claim in found.claims] == ["B", "C"]
        assert [refusal.claim for refusal in found.refusals] == ["A"]
        assert "quotes" in str(found.refusals[0].faults)

    def test_a_row_that_is_not_utf8(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "c.csv", [row("A"), row("B")])
        path.write_bytes(path.read_bytes().replace(b"B,ACME", b"B,ACM\xe9"))
        found = cptrules.read_claims(path)
        assert [claim.id for claim in found.claims] == ["A"]
        assert "not UTF-8" in str(found.refusals[0].faults)

    def test_a_row_with_too_few_cells(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "c.csv", [row("A"), row("B")])
        path.write_text(path.read_text().rstrip("\n").removesuffix(",1") + "\n")
        found = cptrules.read_claims(path)
        assert [claim.id for claim in found.claims] == ["A"]
        assert "9 cells, the header has 10" in str(found.refusals[0].faults).replace("it has ", "")


def wrong(tmp_path: Path, *rows: dict[str, Any], mapping: Any = None) -> str:
    with pytest.raises(InputError) as error:
        claims(tmp_path, *rows, mapping=mapping)
    return str(error.value)


class TestColumns:
    def test_a_column_under_another_name_is_said_with_the_nearest(self, tmp_path: Path) -> None:
        told = wrong(tmp_path, {("modifer" if name == "modifiers" else name): value for name, value in row().items()})
        assert "modifer: no such column" in told and "did you mean modifiers?" in told

    def test_a_column_that_is_missing(self, tmp_path: Path) -> None:
        told = wrong(tmp_path, {name: value for name, value in row().items() if name != "patient.id"} | {"patient_id": "P1"})
        assert "column patient.id: no such column" in told and "did you mean patient_id?" in told

    def test_a_mapping_gives_the_name(self, tmp_path: Path) -> None:
        data = {name: value for name, value in row().items() if name != "patient.id"} | {"member": "P1", "note": "x"}
        found = claims(tmp_path, data, mapping={"columns": {"patient.id": "member"}, "ignore": ["note"]})
        assert found.claims[0].patient.id == "P1"

    def test_nothing_is_ignored_unless_it_is_said(self, tmp_path: Path) -> None:
        assert "note: no such column" in wrong(tmp_path, {**row(), "note": "x"})
        assert claims(tmp_path, {**row(), "note": "x"}, mapping={"ignore": True}).claims

    def test_values_dates_and_constants(self, tmp_path: Path) -> None:
        told = {"columns": {"payer": {"column": "payer", "values": {"15202": "MEDICARE_B"}}, "payer_order": {"value": "primary"},
                            "date_of_service": {"column": "date_of_service", "dates": ["%Y-%m-%d", "%m/%d/%Y"]},
                            "charge": {"column": "charge", "strip": "$,"}, "modifiers": {"column": "modifiers", "upper": True},
                            "diagnoses": {"column": "dx", "dot": True}}}  # fmt: skip
        claim = one(tmp_path, told, payer="15202", date_of_service="03/04/2026", charge="$1,120.00", modifiers="gp", dx="M5450,R262")
        assert (claim.payer, claim.payer_order, claim.diagnoses) == ("MEDICARE_B", "primary", ("M54.50", "R26.2"))
        assert claim.lines[0].date_of_service == dt.date(2026, 3, 4)
        assert (claim.lines[0].charge, claim.lines[0].modifiers) == (Decimal("1120.00"), ("GP",))
        assert "no date in any of the forms" in refused(tmp_path, told, date_of_service="4 March", dx="M5450")

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            ({"colums": {}}, "did you mean columns?"),
            ({"columns": {"modifer": "x"}}, "did you mean modifiers?"),
            ({"columns": {"units": {"colum": "x"}}}, "did you mean column?"),
            ({"columns": {"units": {}}}, "names no column"),
            ({"columns": {"units": {"column": 3}}}, "not a column's name"),
            ({"columns": {"charge": {"column": "c", "number": "euros"}}}, "dollars or cents"),
            ({"columns": 3}, "not an object"),
            ({"ignore": "note"}, "not a list of names"),
            ([], "a mapping is an object"),
        ],
    )
    def test_a_mapping_that_says_nothing_sensible(self, data: Any, told: str) -> None:
        with pytest.raises(InputError, match=told.replace("?", r"\?")):
            read_mapping(data)

    def test_a_mapping_that_names_a_column_that_is_not_there(self, tmp_path: Path) -> None:
        assert "the mapping wants it for plan" in wrong(tmp_path, row(), mapping={"columns": {"plan": "plann"}})

    def test_what_only_a_history_has_is_no_column_of_claims(self, tmp_path: Path) -> None:
        assert "paid: only a history's services have it" in wrong(tmp_path, {**row(), "paid": "3.00"})


def table(*rows: dict[str, Any], **types: Any) -> pa.Table:
    kinds = {"number": pa.int32(), "units": pa.int64(), "charge": pa.decimal128(9, 2), "date_of_service": pa.date32(), **types}
    made = [{**one, "number": int(one["number"]), "units": int(one["units"]), "charge": Decimal(one["charge"]),
             "date_of_service": dt.date.fromisoformat(one["date_of_service"])} for one in rows]  # fmt: skip
    return pa.table({name: pa.array([one.get(name) for one in made], kinds.get(name, pa.string())) for name in made[0]})


class TestArrow:
    def test_parquet_says_what_csv_says(self, tmp_path: Path) -> None:
        rows = [row(), row(number=2, code="97140"), row("C2", units=3)]
        pq.write_table(table(*rows), tmp_path / "c.parquet")
        assert cptrules.read_claims(tmp_path / "c.parquet").claims == claims(tmp_path, *rows).claims

    def test_a_code_that_is_a_number_is_said_at_once_and_mended_by_its_width(self, tmp_path: Path) -> None:
        data = table(row(place_of_service="3")).set_column(10, "place_of_service", pa.array([3]))
        with pytest.raises(InputError, match="column place_of_service: it holds int64, not text: leading zeros are lost"):
            policy().audit_table(data)
        told = {"columns": {"place_of_service": {"column": "place_of_service", "width": 2}}}
        pq.write_table(data, tmp_path / "c.parquet")
        assert cptrules.read_claims(tmp_path / "c.parquet", mapping=read_mapping(told)).claims[0].place_of_service == "03"

    def test_a_binary_number_is_no_money_unless_its_unit_is_said(self, tmp_path: Path) -> None:
        data = table(row())
        place = data.schema.names.index("charge")
        pq.write_table(data.set_column(place, "charge", pa.array([58.2])), tmp_path / "c.parquet")
        with pytest.raises(InputError, match='column charge: it holds double: write decimals, or say "number"'):
            cptrules.read_claims(tmp_path / "c.parquet")
        for unit, amount in (("dollars", "58.20"), ("cents", "0.58")):
            told = read_mapping({"columns": {"charge": {"column": "charge", "number": unit}}})
            assert cptrules.read_claims(tmp_path / "c.parquet", mapping=told).claims[0].lines[0].charge == Decimal(amount)

    def test_lists_and_nulls(self, tmp_path: Path) -> None:
        data = table(row(), row("C2"), row("C3"))
        place = data.schema.names.index("modifiers")
        pq.write_table(data.set_column(place, "modifiers", pa.array([["GP", "KX"], [], None])), tmp_path / "c.parquet")
        found = [claim.lines[0].modifiers for claim in cptrules.read_claims(tmp_path / "c.parquet").claims]
        assert found == [("GP", "KX"), (), UNKNOWN]

    def test_whole_numbers_that_pandas_made_floats(self, tmp_path: Path) -> None:
        data = table(row(), row("C2"))
        place = data.schema.names.index("units")
        pq.write_table(data.set_column(place, "units", pa.array([2.0, float("nan")])), tmp_path / "c.parquet")
        assert [claim.lines[0].units for claim in cptrules.read_claims(tmp_path / "c.parquet").claims] == [2, UNKNOWN]

    def test_a_truncated_file(self, tmp_path: Path) -> None:
        pq.write_table(table(row()), tmp_path / "c.parquet")
        (tmp_path / "c.parquet").write_bytes((tmp_path / "c.parquet").read_bytes()[:-20])
        with pytest.raises(InputError, match="damaged or unfinished"):
            cptrules.read_claims(tmp_path / "c.parquet")

    def test_a_fact_of_someone_else(self) -> None:
        loaded = judging.policy('fact simultaneous of line : yes_no "Were several treated at once?"\n'
                                "forbid several { on 97110  when simultaneous  outcome deny carc CO-4  cite manual }")  # fmt: skip
        with pytest.raises(InputError, match=r"column facts.simultaneous: the policies ask this of the line; did you mean line.facts.simultaneous\?"):
            loaded.audit_table(table(row(facts__simultaneous="true")))

    @given(st.permutations(range(6)))
    def test_order_of_rows_never_matters(self, order: list[int]) -> None:
        rows = [row("A"), row("A", 2, code="97140"), row("B", date_of_service="2026-03-05"), row("C", patient__id="P2"),
                row("D", date_of_service="2026-03-06"), row("E", date_of_service="2026-03-09")]  # fmt: skip
        data = table(*rows)
        loaded = policy()
        as_given = loaded.audit_table(data, complete_from=dt.date(2026, 1, 1)).drop_columns("source").to_pylist()
        assert loaded.audit_table(data.take(order), complete_from=dt.date(2026, 1, 1)).drop_columns("source").to_pylist() == as_given
        assert any(one["rule"] == "visits_a_year" for one in as_given)


class TestCheckOfTables:
    def test_check_takes_csv_and_parquet_for_claims_and_history(self, tmp_path: Path) -> None:
        acme = policy_file(tmp_path)
        past = [{"patient.id": "P1", "code": "97110", "date_of_service": f"2026-01-0{day}", "modifiers": "GP", "paid": "9.00"} for day in (5, 6, 7)]
        history = write_csv(tmp_path / "h.csv", past)
        result = CliRunner().invoke(commands, ["check", str(acme), "--claim", str(write_csv(tmp_path / "c.csv", [row()])), "--history", str(history)])
        assert result.exit_code == 1
        assert "visits_a_year" in result.output

    def test_a_history_with_a_row_that_cannot_be_read_is_refused(self, tmp_path: Path) -> None:
        bad = write_csv(tmp_path / "h.csv", [{"patient.id": "P1", "code": "97110", "date_of_service": "soon"}])
        with pytest.raises(InputError, match="row 2, date_of_service"):
            cptrules.read_histories(bad)

    def test_the_samples(self, tmp_path: Path) -> None:
        told = cptrules.intake.read_mapping(SAMPLES / "mapping.json")  # type: ignore[attr-defined]
        found = cptrules.read_claims(SAMPLES / "cms1500_lines.csv", mapping=told)
        assert [claim.id for claim in found.claims] == ["RB-0001", "RB-0101", "RB-0301", "RB-0302", "RB-9001"]
        assert found.refusals == ()
        assert found.claims[0].lines[1].modifiers == ("GP", "CQ", "KX")
        assert found.claims[2].lines[0].modifiers == ()
        messy = cptrules.read_claims(SAMPLES / "cms1500_lines_messy.csv", mapping=told)
        assert [refusal.claim for refusal in messy.refusals] == ["RB-0101"]  # "abc" minutes no mapping can mend
        assert messy.claims[0].lines[0].charge == Decimal("1120.00")
