"""837P: each sample gives its expected fields, faults are told with their place, and no claim is ever lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cptrules
from cptrules.errors import InputError
from cptrules.x12 import Claim837, Line837, Read837, claims_of, read_837, role_of, segments_of

SAMPLES = Path(__file__).parent.parent / "docs" / "examples" / "837p"
EXPECTED: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "facts" / "837p_expected_fields.json").read_text())


def sample(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="ascii")


def _line(line: Line837) -> dict[str, Any]:
    return {
        "rend": list(line.rendering), "g1": line.authorization, "6r": line.reference, "date": line.date, "code": line.code,
        "mods": list(line.modifiers), "charge": line.charge, "units": line.quantity, "ptr": list(line.pointers),
    }  # fmt: skip


def _fields(claim: Claim837) -> dict[str, Any]:
    return {
        "id": claim.id, "charge": claim.charge, "pos": claim.place_of_service, "freq": claim.frequency, "dx": list(claim.diagnoses),
        "g1": claim.authorization, "9f": claim.referral, "f8": claim.original, "dates": claim.dates,
        "pwk": [list(one) for one in claim.attachments], "rend": list(claim.rendering), "ref": claim.referring,
        "lines": [_line(line) for line in claim.lines], "payer": claim.payer, "sbr09": claim.filing, "member": claim.member,
        "dep": claim.dependent, "bill": claim.billing[0], "billtax": claim.billing[1],
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_sample_gives_its_expected_fields(name: str) -> None:
    assert [_fields(claim) for claim in claims_of(segments_of(sample(name)))] == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_sample_gives_its_claims(name: str) -> None:
    found = read_837(sample(name))
    assert found.refusals == ()
    assert [claim.id for claim in found.claims] == [one["id"] for one in EXPECTED[name]]


class TestMapping:
    def test_medicare_by_the_filing_code_other_payers_by_their_id(self) -> None:
        one, two = read_837(sample("04_policy_faults.edi")).claims
        assert (one.payer, two.payer) == ("MEDICARE_B", "ACM01")
        assert two.plan == "GRP7781"

    def test_a_payer_can_be_given_another_name(self) -> None:
        claims = read_837(sample("04_policy_faults.edi"), {"ACM01": "ANTHEM", "15202": "MAC"}).claims
        assert [claim.payer for claim in claims] == ["MAC", "ANTHEM"]

    def test_no_modifier_written_is_none_there(self) -> None:
        assert read_837(sample("04_policy_faults.edi")).claims[0].lines[0].modifiers == ()

    def test_what_an_837p_does_not_hold_is_not_known(self) -> None:
        line = read_837(sample("01_medicare_single.edi")).claims[0].lines[0]
        assert {line.minutes, line.contact, line.allowed, line.patients} == {cptrules.UNKNOWN}

    def test_diagnoses_get_their_dot_and_lines_their_pointers(self) -> None:
        claim = read_837(sample("02_commercial_multi.edi")).claims[0]
        assert claim.diagnoses == ("S83.511D", "M25.661")
        assert claim.lines[2].diagnosis_pointers == (1, 2)

    def test_a_lines_own_rendering_provider_and_authorization_win(self) -> None:
        child = read_837(sample("02_commercial_multi.edi")).claims[2]
        assert child.authorizations == ("AUTH990045",)
        assert child.lines[0].authorizations == ("AUTH990046",)
        assert [line.rendering_provider.role for line in child.lines] == ["OT", "SLP"]  # type: ignore[union-attr]

    def test_a_child_is_not_taken_for_the_subscriber(self) -> None:
        own, child = read_837(sample("06_subscriber_and_dependent_one_loop.edi")).claims
        assert own.patient.id == "ACM100200300"  # type: ignore[union-attr]
        assert child.patient.id is cptrules.UNKNOWN  # type: ignore[union-attr]
        assert str(child.patient.birth_date) == "2019-03-22"  # type: ignore[union-attr]

    def test_the_other_payer_does_not_become_this_one(self) -> None:
        claim = read_837(sample("05_secondary_cob.edi")).claims[0]
        assert (claim.payer, claim.payer_order) == ("ACM01", "secondary")
        (other,) = claim.other_payers  # type: ignore[misc]
        assert (other.order, str(other.decided)) == ("primary", "2026-03-20")
        assert [str(line.date_of_service) for line in claim.lines] == ["2026-03-06", "2026-03-06"]

    def test_received_is_the_files_date_and_the_report_says_so(self) -> None:
        found = read_837(sample("01_medicare_single.edi"))
        assert str(found.claims[0].received) == "2026-03-10"
        assert "BHT04" in found.notes[0]

    @pytest.mark.parametrize(
        ("taxonomy", "role"),
        [("225100000X", "PT"), ("2251X0800X", "PT"), ("225200000X", "PTA"), ("225X00000X", "OT"), ("224Z00000X", "OTA"),
         ("235Z00000X", "SLP"), ("2355S0801X", "SLPA"), ("363LF0000X", "nurse_practitioner"), ("261QP2000X", None), ("", None)],
    )  # fmt: skip
    def test_roles_by_taxonomy(self, taxonomy: str, role: str | None) -> None:
        assert role_of(taxonomy) == role


def _broken(old: str, new: str, name: str = "02_commercial_multi.edi") -> Read837:
    text = sample(name)
    assert old in text
    return read_837(text.replace(old, new, 1))


class TestRefusals:
    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("DTP*472*D8*20260210", "DTP*472*D8*20260230", "the calendar has no 2026-02-30"),
            ("DTP*472*D8*20260210", "DTP*472*RD8*20260210-20260214", "lines[0].date_of_service"),
            ("SV1*HC:97140:GP*64*UN*1", "SV1*HC:97140:GP*64*UN*1.5", "lines[0].units"),
            ("SV1*HC:97140:GP*64*UN*1", "SV1*HC:97140:GP*abc*UN*1", "lines[0].charge"),
            ("SV1*HC:97140:GP*64*UN*1***1:2", "SV1*HC:97140:GP*64*UN*1***9", "points to diagnosis 9 of 2"),
            ("SV1*HC:97140:GP", "SV1*HC::GP", "lines[0].code"),
            ("SV1*HC:97140:GP", "SV1*HC:97140:GPX", "lines[0].modifiers[0]"),
            ("LX*2~\nSV1*HC:97110:GP:CQ", "LX*1~\nSV1*HC:97110:GP:CQ", "stands twice"),
            ("11:B:1*Y*A*Y*Y**AA", "11:B:8*Y*A*Y*Y**AA", "voids an earlier claim"),
        ],
    )
    def test_a_broken_claim_is_refused_by_itself_with_its_place(self, old: str, new: str, told: str) -> None:
        found = _broken(old, new)
        assert [claim.id for claim in found.claims] == ["RB-0101", "RB-0103"]
        (refusal,) = found.refusals
        assert refusal.claim == "RB-0102"
        assert refusal.place.startswith("segment ")
        assert told in "\n".join(map(str, refusal.faults))

    def test_the_fault_of_a_line_names_its_segment(self) -> None:
        (refusal,) = _broken("DTP*472*D8*20260210", "DTP*472*D8*20260230").refusals
        assert "(LX 1, segment 57)" in str(refusal.faults[0])

    def test_charges_that_do_not_add_up_are_told(self) -> None:
        assert any("do not add up" in note for note in _broken("CLM*RB-0102*182.25", "CLM*RB-0102*182.26").notes)

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "not an X12 file"),
            ("ISA", "not an X12 file"),
            (sample("01_medicare_single.edi")[:700], "cut off or miscounted"),
            (sample("01_medicare_single.edi").replace("SE*", "SE*9"), "cut off or miscounted"),
            (sample("01_medicare_single.edi").replace("ST*837", "ST*835"), "a remittance (835)"),
            (sample("01_medicare_single.edi").replace("005010X222A1", "005010X223A2"), "not that of an 837P"),
            (sample("01_medicare_single.edi").replace("CLM*", "CLX*"), "holds no claim"),
        ],
    )
    def test_a_file_that_cannot_be_trusted_is_refused_whole(self, text: str, told: str) -> None:
        with pytest.raises(InputError, match=told.replace("(", r"\(").replace(")", r"\)")):
            read_837(text)

    def test_no_name_or_number_of_a_person_is_told(self) -> None:
        text = sample("02_commercial_multi.edi").replace("DMG*D8*19820711*M", "DMG*D8*19821311*M").replace("97110:GP:CQ*60", "97110:GP:CQ*sixty")
        told = "\n".join(str(fault) for refusal in read_837(text).refusals for fault in refusal.faults)
        assert told
        for secret in ("BRANDT", "OLIVER", "ACM100200300", "RIVER RD"):
            assert secret not in told


@given(st.sampled_from(sorted(EXPECTED)), st.data())
def test_whatever_is_done_to_a_file_no_claim_is_lost_and_nothing_crashes(name: str, data: st.DataObject) -> None:
    segments = sample(name).split("~")
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(1, len(segments) - 1))
        match data.draw(st.sampled_from(["delete", "double", "swap", "mangle", "cut"])):
            case "delete":
                del segments[place]
            case "double":
                segments.insert(place, segments[place])
            case "swap":
                other = data.draw(st.integers(1, len(segments) - 1))
                segments[place], segments[other] = segments[other], segments[place]
            case "mangle":
                at = data.draw(st.integers(0, len(segments[place])))
                segments[place] = segments[place][:at] + data.draw(st.text("*:AZ09~|é\x00 ", max_size=4)) + segments[place][at:]
            case _:
                segments = segments[: place + 1]
        if len(segments) < 3:
            break
    text = "~".join(segments)
    try:
        found = read_837(text)
    except InputError:
        return
    assert len(found.claims) + len(found.refusals) == sum(segment.name == "CLM" for segment in segments_of(text))


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: "ISA" + raw.decode("latin-1")))
def test_no_text_brings_anything_but_an_input_error(text: str) -> None:
    with pytest.raises(InputError):
        read_837(text)
