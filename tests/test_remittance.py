"""835: every sample read as an independent reader reads it, denials by their reason, reversals, and what is refused or told."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import oxedi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_cli import Run, run  # noqa: F401 (a fixture)

import cptrules
from cptrules import UNKNOWN, Claim, InputError
from cptrules.adjustments import denying, is_denied
from cptrules.intake import noted_histories, read_remittance
from cptrules.remittance import PaidClaim, PaidLine, Remittance, denials_of, histories_of, read_835

TOP = Path(__file__).parent.parent
SAMPLES = sorted((TOP / "docs" / "examples" / "835").glob("*.edi"))
FIRST, SECOND = (path.read_text(encoding="ascii") for path in SAMPLES)


def counted(text: str) -> str:
    """The text with its count of segments (SE01) made right again."""
    parts = text.split("~")
    start = next(number for number, one in enumerate(parts) if one.strip().startswith("ST*"))
    for number, one in enumerate(parts):
        if one.strip().startswith("SE*"):
            parts[number] = f"\nSE*{number - start + 1}*0001"
    return "~".join(parts)


def edited(text: str, old: str, new: str) -> str:
    assert old in text
    return counted(text.replace(old, new, 1))


def claims(text: str) -> dict[str, PaidClaim]:
    found = read_835(text)
    assert found.refusals == ()
    return {one.claim: one for one in found.claims}


def line(text: str, claim: str, number: int) -> PaidLine:
    return claims(text)[claim].lines[number - 1]


def why(text: str) -> str:
    (refusal,) = read_835(text).refusals
    return " ".join(map(str, refusal.faults))


# ---- the samples ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_an_independent_reader_finds_the_same_claims_and_payments(path: Path) -> None:
    ours, theirs = read_remittance(path), oxedi.parse_file(str(path))
    assert list(theirs.diagnostics) == []
    assert len(ours.claims) == theirs.count_claims()
    paid = sum((one.paid for one in ours.claims), Decimal(0))
    interest = Decimal("5") if "PLB" in path.read_text() else Decimal(0)  # PLB*...*-5: five dollars more than the claims
    assert paid + interest == theirs.sum_payments()


def test_denials_of_the_first_sample() -> None:
    told = {(name, number): tuple(found.carc for found in one.denials) for name, claim in claims(FIRST).items()
            for number, one in enumerate(claim.lines, 1)}  # fmt: skip
    assert told[("RB-0101", 1)] == told[("RB-0101", 4)] == ()  # contract and copayment; multiple procedures
    assert told[("RB-0101", 3)] == ("CO-236",)
    assert told[("RB-0103", 1)] == ("CO-151",)
    assert [told[("RB-0302", number)] for number in (1, 2, 3)] == [("CO-29",), ("CO-4",), ("CO-29",)]
    assert [told[("RB-0111", number)] for number in (1, 2, 3)] == [("CO-97",), ("CO-18",), ("CO-16",)]
    partly = line(FIRST, "RB-0103", 1)
    assert (partly.denied, partly.units, partly.modifiers, partly.rarcs) == (False, 2, ("GO", "CO", "96"), ("N362",))
    assert line(FIRST, "RB-0110", 1).denied is True


def test_a_history_for_each_patient_and_none_that_is_said_to_be_complete() -> None:
    found = {one.patient: one for one in cptrules.read_histories(SAMPLES[1])}
    assert sorted(map(str, found)) == ["1EG4TE5MK73", "2FH5UF6NK84", "3GJ6VG7PM95"]
    assert {one.complete_from for one in found.values()} == {UNKNOWN}
    (corrected,) = found["3GJ6VG7PM95"].services  # type: ignore[misc]
    assert (str(corrected.paid), corrected.denied, str(corrected.date_of_service)) == ("28", False, "2025-12-10")


def test_two_persons_under_one_member_id_are_not_made_one() -> None:
    found = noted_histories(SAMPLES[0])
    unnamed = [one for one in found.histories if one.patient is UNKNOWN]
    assert [len(one.services or ()) for one in unnamed] == [8, 2]
    assert any("one member id" in note for note in found.notes)


# ---- reversals -----------------------------------------------------------------------------------------------------


def _answer(claim: str, status: str, charge: str, paid: str) -> PaidClaim:
    return PaidClaim(claim, status, Decimal(charge), Decimal(paid), None, None, None)


def test_a_reversal_takes_back_the_payment_of_its_amounts_and_no_correction() -> None:
    paid, back, right = _answer("A", "1", "60", "20"), _answer("A", "22", "-60", "-20"), _answer("A", "1", "60", "28")
    for order in ((paid, back, right), (paid, right, back), (right, paid, back)):
        assert Remittance(None, order).standing() == (right,)
    assert Remittance(None, (back, right)).standing() == (right,)
    assert Remittance(None, (paid, _answer("A", "1", "60", "20"), back)).standing() == (paid,)  # paid twice, taken back once


def test_a_reversal_of_a_payment_that_is_not_here_is_told() -> None:
    assert any("RB-0250" in note and "not in this file" in note for note in read_835(SECOND).notes)


# ---- what is told, and what is refused -----------------------------------------------------------------------------


def test_claims_of_other_payers_and_prices_alone_are_no_services() -> None:
    for status, told in (("23", "was sent on"), ("25", "pays nothing")):
        found = read_835(FIRST.replace("CLP*RB-0110*4*", f"CLP*RB-0110*{status}*", 1))
        assert any("RB-0110" in note and told in note for note in found.notes)
        assert not any(one.patient == "ACM100300444" for one in histories_of(found))


def test_an_adjustment_of_the_claim_denies_its_lines() -> None:
    text = edited(FIRST, "NM1*82*1*OKAFOR*JUNE****XX*1567890128~\nSVC*HC:97110:GP*120*0**2~\nDTM*472*20260212~\nCAS*PR*119*120~",
                  "CAS*CO*29*180~\nNM1*82*1*OKAFOR*JUNE****XX*1567890128~\nSVC*HC:97110:GP*120*0**2~\nDTM*472*20260212~")  # fmt: skip
    first, second = claims(text)["RB-0110"].lines
    assert [one.carc for one in first.denials] == ["CO-29"]
    assert first.denied is True
    assert [one.carc for one in second.denials] == ["CO-119", "CO-29"]
    assert any("RB-0110" in note and "not what was paid" in note for note in read_835(text).notes)


def test_a_line_paid_nothing_without_a_reason_is_not_said_to_be_denied() -> None:
    text = edited(FIRST, "CAS*CO*4*60~\nREF*6R*UNTIMED2~\nLQ*HE*N519~\n", "CAS*CO*45*60~\n")
    assert line(text, "RB-0302", 2).denied is None
    (history,) = [one for one in histories_of(read_835(text)) if one.patient == "ACM100200999"]
    assert [one.denied for one in history.services or ()] == [True, UNKNOWN, True]


def test_the_code_the_payer_changed_is_matched_by_the_one_that_was_sent() -> None:
    text = edited(FIRST, "SVC*HC:97116:GP:59*58*0**1~", "SVC*HC:97110:GP:59*58*0**1*HC:97116:GP:59~")
    found = line(text, "RB-0101", 3)
    assert (found.code, found.submitted) == ("97110", "97116")
    (fhir,) = cptrules.read_claims(TOP / "docs" / "examples" / "fhir" / "claim_02_commercial_auth.json").claims
    assert [(one.line, one.carcs) for one in denials_of(fhir, read_835(text))] == [(3, ("CO-236",))]


def test_dates_of_the_claim_hold_where_the_line_has_none_and_a_span_is_no_date() -> None:
    bare = edited(FIRST, "SVC*HC:97110:GP*120*0**2~\nDTM*472*20260212~", "SVC*HC:97110:GP*120*0**2~")
    assert line(bare, "RB-0110", 1).date_of_service is None
    of_claim = edited(bare, "NM1*QC*1*VEGA*LUIS****MI*ACM100300444~", "NM1*QC*1*VEGA*LUIS****MI*ACM100300444~\nDTM*232*20260212~\nDTM*233*20260212~")
    assert str(line(of_claim, "RB-0110", 1).date_of_service) == "2026-02-12"
    span = edited(FIRST, "SVC*HC:97110:GP*120*0**2~\nDTM*472*20260212~", "SVC*HC:97110:GP*120*0**2~\nDTM*150*20260212~\nDTM*151*20260213~")
    assert line(span, "RB-0110", 1).date_of_service is None


def test_a_claim_without_lines_is_told() -> None:
    start, end = FIRST.index("SVC*HC:97110:GP*120*0**2~\nDTM*472*20260212"), FIRST.index("CLP*RB-0302")
    text = counted(FIRST[:start] + FIRST[end:])
    assert any("RB-0110" in note and "without its lines" in note for note in read_835(text).notes)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("SVC*HC:97110:GP*120*0**2~", "SVC*AD:D1234*120*0**2~", "no procedure code of CPT or HCPCS"),
        ("SVC*HC:97110:GP*120*0**2~", "SVC*NU:0420*120*0**2~", "no procedure code of CPT or HCPCS"),
        ("SVC*HC:97110:GP*120*0**2~", "SVC*HC:97110:gpx*120*0**2~", "no modifier"),
        ("SVC*HC:97110:GP*120*0**2~", "SVC*HC:97110:GP*1O0*0**2~", "SVC02: it is no amount"),
        ("SVC*HC:97110:GP*120*0**2~", "SVC*HC:97110:GP*120*0**1.5~", "SVC05: it is no whole number"),
        ("DTM*472*20260212~", "DTM*472*20260230~", "no date of the calendar"),
        ("CAS*PR*119*120~", "CAS*PR*119*x~", "CAS03: it is no amount"),
    ],
)
def test_a_claim_is_refused_with_its_place(old: str, new: str, told: str) -> None:
    found = why(FIRST.replace(old, new, 1))
    assert told in found
    assert found.startswith("segment ")


def test_amounts_in_another_currency_are_refused() -> None:
    text = edited(FIRST, "N1*PR*ACME", "CUR*PR*CAD~\nN1*PR*ACME")
    assert {str(one.faults[0].message) for one in read_835(text).refusals} == {"the amounts are not in dollars (USD)"}
    assert len(read_835(text).refusals) == 6


def test_a_history_lacks_no_claim_that_could_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "bad.835"
    path.write_text(FIRST.replace("SVC*HC:97110:GP*120*0**2~", "SVC*NU:0420*120*0**2~", 1), encoding="ascii")
    with pytest.raises(InputError, match="no procedure code"):
        cptrules.read_histories(path)


@pytest.mark.parametrize("text", [FIRST[:900], FIRST[:60], FIRST.replace("ST*835", "ST*837"), FIRST.replace("SE*124", "SE*120")])
def test_a_file_that_can_not_be_taken_whole_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_835(text)


@given(st.integers(0, len(FIRST) - 1), st.sampled_from(["", "*", ":", "~", "X", "0", "-", " "]))
def test_an_edited_file_is_read_or_refused_and_nothing_else(place: int, put: str) -> None:
    try:
        found = read_835(FIRST[:place] + put + FIRST[place + 1 :])
    except InputError:
        return
    histories_of(found)


# ---- what is a denial ----------------------------------------------------------------------------------------------


def test_what_lowers_a_payment_is_told_from_what_denies() -> None:
    assert denying(("CO-45", "PR-1", "PR-2", "PR-3", "CO-253", "OA-23", "CO-24")) == ()
    assert denying(("CO-50", "PR-119", "97")) == ("CO-50", "PR-119", "97")


@given(st.none() | st.decimals(0, 999, places=2), st.none() | st.decimals(0, 999, places=2), st.lists(st.sampled_from(["45", "1", "119", "50"])))
def test_denied_is_said_only_of_what_was_not_paid_for_a_reason_that_denies(paid: Decimal | None, allowed: Decimal | None, reasons: list[str]) -> None:
    found = is_denied(paid, allowed, reasons)
    assert found in (True, False, None)
    if found:
        assert paid == 0 and not allowed and denying(reasons)
    if paid:
        assert found is False


# ---- the commands --------------------------------------------------------------------------------------------------


def test_the_commands_take_a_remittance(run: Run, tmp_path: Path) -> None:  # noqa: F811
    acme = TOP / "docs" / "examples" / "acme.policy"
    claim = TOP / "docs" / "examples" / "837p" / "02_commercial_multi.edi"
    code, out, _ = run("appeal", acme, "--claim", claim, "--id", "RB-0101", "--line", "3", "--remittance", SAMPLES[0], "--payer", "ACM01=ACME")
    assert code == 3
    assert "denied with CO-236" in out
    code, _, err = run("appeal", acme, "--claim", claim, "--id", "RB-0101", "--line", "1", "--remittance", SAMPLES[0])
    assert code == 2
    assert "denies nothing of line 1" in err
    mine = tmp_path / "claim.json"
    vega = {"payer": "ACME", "id": "N1", "patient": {"id": "ACM100300444"},
            "lines": [{"number": 1, "code": "97110", "modifiers": ["GP"], "units": 1, "date_of_service": "2026-02-20"}]}  # fmt: skip
    mine.write_text(json.dumps(vega), encoding="utf-8")
    code, out, _ = run("check", acme, "--claim", mine, "--history", SAMPLES[0])
    assert code == 3
    assert "one member id" in " ".join(out.split())
    assert Claim.from_dict(vega).id == "N1"
