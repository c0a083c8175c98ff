"""837P: each sample gives its expected fields, faults are told with their place, no claim is lost and none changes its patient."""

from __future__ import annotations

import builtins
import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cptrules
from cptrules import x12_loops
from cptrules.claims import Provider
from cptrules.errors import InputError
from cptrules.interchange import reread
from cptrules.x12 import Read837, looks_like_837, read_837, role_of
from cptrules.x12_loops import Claim837, Line837, Provider837, claims_of
from cptrules.x12_segments import segments_of

SAMPLES = Path(__file__).parent.parent / "docs" / "examples" / "837p"
EXPECTED: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "facts" / "837p_expected_fields.json").read_text())
ONE, THREE, DELIMITERS, FAULTS, SECONDARY, FAMILY = sorted(EXPECTED)


def sample(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="ascii")


def counted(text: str) -> str:
    """Make the counts of a file right again (SE01, HL01, HL02), so that only what is left in it can tell what was lost."""
    out, many, names = [], 0, {}
    for segment in text.split("~"):
        parts = segment.strip().split("*")
        many = 1 if parts[0] == "ST" else many + 1
        if parts[0] == "ST":
            names = {}
        if parts[0] == "HL" and len(parts) > 3:
            names[parts[1]] = parts[1] = str(len(names) + 1)
            parts[2] = names.get(parts[2], parts[2])
        if parts[0] == "SE" and len(parts) > 1:
            parts[1] = str(many)
        out.append("\n" + "*".join(parts) if parts[0] in ("HL", "SE") else segment)
    return "~".join(out)


def changed(old: str, new: str, name: str = THREE) -> Read837:
    text = sample(name)
    assert old in text
    return read_837(counted(text.replace(old, new, 1)))


def told(found: Read837) -> str:
    return "\n".join(str(fault) for refusal in found.refusals for fault in refusal.faults)


def ids(found: Read837) -> tuple[list[Any], list[Any]]:
    return [claim.id for claim in found.claims], [refusal.claim for refusal in found.refusals]


# ---- what is written ---------------------------------------------------------------------------------------------


def _party(provider: Provider837 | None) -> list[str]:
    return [provider.npi, provider.taxonomy] if provider else ["", ""]


def _line(line: Line837) -> dict[str, Any]:
    return {
        "rend": _party(line.rendering), "g1": "".join(line.authorizations), "6r": line.control,
        "date": "".join(one.value for one in line.dates if one.qualifier == "472"), "code": line.code,
        "mods": list(line.modifiers), "charge": line.charge, "units": line.quantity, "ptr": list(line.pointers),
    }  # fmt: skip


def _fields(claim: Claim837) -> dict[str, Any]:
    references = dict(claim.references)
    return {
        "id": claim.id, "charge": claim.charge, "pos": claim.place, "freq": claim.frequency, "dx": [code for _, code in claim.diagnoses],
        "g1": references.get("G1", ""), "9f": references.get("9F", ""), "f8": references.get("F8", ""),
        "dates": {one.qualifier: one.value for one in claim.dates}, "pwk": [list(one) for one in claim.attachments],
        "rend": _party(claim.rendering), "ref": _party(claim.referring)[0], "lines": [_line(line) for line in claim.lines],
        "payer": claim.payer, "sbr09": claim.filing, "member": claim.member, "dep": claim.dependent,
        "bill": claim.billing.npi, "billtax": claim.billing.taxonomy,
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_sample_gives_its_expected_fields(name: str) -> None:
    assert [_fields(claim) for claim in claims_of(segments_of(sample(name)))] == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_sample_gives_its_claims_as_the_interchange_takes_them(name: str) -> None:
    found = read_837(sample(name))
    assert found.refusals == ()
    assert [claim.id for claim in found.claims] == [one["id"] for one in EXPECTED[name]]
    assert [reread(claim) for claim in found.claims] == list(found.claims)


def test_the_loops_hold_what_the_guide_lets_them_hold() -> None:
    """Against pyx12's map of the guide: a segment that it allows must not refuse a claim."""
    import pyx12

    found = 0
    root = ElementTree.parse(Path(pyx12.__path__[0]) / "map" / "837.5010.X222.A1.xml").getroot()
    for loop in root.iter("loop"):
        name = loop.get("xid") or ""
        for segment in loop.findall("segment"):
            kind = segment.get("xid") or ""
            begins = kind in ("HL", "CLM", "NM1") or (kind in x12_loops._OPENS and x12_loops._OPENS[kind][0] == name)
            if re.match("2[0-9]{3}", name) and not begins:
                assert kind in x12_loops._HOLDS[name], (name, kind)
                found += 1
            if re.match("2[0-9]{3}[A-H]", name) and kind == "NM1":
                codes = [code.text for code in segment.findall("element")[0].iter("code")]
                assert all(x12_loops._NAMED[x12_loops._OUTER[name]][code or ""] == name for code in codes), (name, codes)
    assert found > 100


class TestMapping:
    def test_medicare_by_the_filing_code_other_payers_by_their_id(self) -> None:
        one, two = read_837(sample(FAULTS)).claims
        assert (one.payer, two.payer, two.plan, two.payer_order) == ("MEDICARE_B", "ACM01", "GRP7781", "primary")

    def test_a_payer_can_be_given_another_name(self) -> None:
        claims = read_837(sample(FAULTS), {"ACM01": "ANTHEM", "15202": "MAC"}).claims
        assert [claim.payer for claim in claims] == ["MAC", "ANTHEM"]

    @pytest.mark.parametrize(("written", "order"), [("P", "primary"), ("S", "secondary"), ("T", "tertiary"), ("A", cptrules.UNKNOWN)])
    def test_the_order_of_the_payer(self, written: str, order: object) -> None:
        assert changed("SBR*P*18*GRP", f"SBR*{written}*18*GRP").claims[0].payer_order == order

    @pytest.mark.parametrize(("written", "kind"), [("1", "first"), ("6", "corrected"), ("7", "corrected"), ("", cptrules.UNKNOWN)])
    def test_the_kind_of_claim_by_its_frequency(self, written: str, kind: object) -> None:
        assert changed("310***11:B:1", f"310***11:B:{written}").claims[0].claim_kind == kind

    def test_no_modifier_written_is_none_there(self) -> None:
        assert read_837(sample(FAULTS)).claims[0].lines[0].modifiers == ()

    def test_what_an_837p_does_not_hold_is_not_known(self) -> None:
        claim = read_837(sample(ONE)).claims[0]
        line = claim.lines[0]
        assert {line.minutes, line.contact, line.allowed, line.patients, line.discipline, line.revenue_code} == {cptrules.UNKNOWN}
        assert {claim.authorizations, claim.in_network, claim.other_payers, claim.plan} == {cptrules.UNKNOWN}

    def test_minutes_where_minutes_are_written(self) -> None:
        line = changed("HC:97140:GP*64*UN*1", "HC:97140:GP*64*MJ*15").claims[1].lines[0]
        assert (line.units, line.minutes) == (cptrules.UNKNOWN, 15)

    def test_diagnoses_get_their_dot_and_lines_their_pointers(self) -> None:
        claim = read_837(sample(THREE)).claims[0]
        assert claim.diagnoses == ("S83.511D", "M25.661")
        assert claim.lines[2].diagnosis_pointers == (1, 2)

    def test_the_place_of_service_of_a_line_wins(self) -> None:
        claim = changed("HC:97110:GP*120*UN*2***1~", "HC:97110:GP*120*UN*2*12**1~").claims[0]
        assert (claim.place_of_service, claim.lines[0].place_of_service, claim.lines[1].place_of_service) == ("11", "12", cptrules.UNKNOWN)

    def test_a_span_of_one_day_is_that_day(self) -> None:
        assert changed("D8*20260210", "RD8*20260210-20260210").claims[1].lines[0].date_of_service == date(2026, 2, 10)

    def test_a_lines_own_rendering_provider_and_authorization_win(self) -> None:
        child = read_837(sample(THREE)).claims[2]
        assert child.authorizations == ("AUTH990045",)
        assert child.lines[0].authorizations == ("AUTH990046",)
        assert [line.rendering_provider.role for line in child.lines] == ["OT", "SLP"]  # type: ignore[union-attr]

    def test_every_authorization_of_the_claim_is_taken_and_none_of_another_payer(self) -> None:
        assert changed("REF*G1*AUTH778121~", "REF*G1*AUTH778121~REF*G1*MORE~").claims[1].authorizations == ("AUTH778121", "MORE")
        assert changed("REF*G1*AUTH990046~", "REF*G1*AUTH990046**2U:X~").claims[2].lines[0].authorizations is cptrules.UNKNOWN
        assert changed("PI*15202~\nLX", "PI*15202~REF*G1*THEIRS~\nLX", SECONDARY).claims[0].authorizations is cptrules.UNKNOWN

    def test_without_a_rendering_provider_the_billing_provider_rendered_but_a_clinic_has_no_role(self) -> None:
        text = re.sub(r"NM1\*82[^~]*~\nPRV\*PE[^~]*~\n", "", sample(ONE)).replace("261QP2000X", "225100000X")
        clinic = read_837(counted(text)).claims[0].lines[0].rendering_provider
        person = read_837(counted(text.replace("NM1*85*2", "NM1*85*1"))).claims[0].lines[0].rendering_provider
        assert clinic == Provider(npi="1456789019", taxonomy="225100000X")
        assert person == Provider(npi="1456789019", taxonomy="225100000X", role="PT")

    def test_a_child_is_not_taken_for_the_subscriber(self) -> None:
        found = read_837(sample(FAMILY))
        own, child = (claim.patient for claim in found.claims)
        assert own.id == "ACM100200300"  # type: ignore[union-attr]
        assert child.id is cptrules.UNKNOWN  # type: ignore[union-attr]
        assert (str(own.birth_date), str(child.birth_date)) == ("1982-07-11", "2019-03-22")  # type: ignore[union-attr]
        assert "no id of their own" in found.notes[1]

    def test_an_injury_is_its_patients_alone(self) -> None:
        found = changed("NM1*QC*1*BRANDT*MILA~", "NM1*QC*1*BRANDT*MILA~REF*Y4*PCN1~", FAMILY)
        assert [claim.injury_number for claim in found.claims] == [cptrules.UNKNOWN, "PCN1"]
        assert read_837(sample(DELIMITERS)).claims[0].injury_number == "PCN2026-00817"

    def test_a_sex_that_is_not_told_is_not_known(self) -> None:
        assert changed("19500201*F", "19500201*U", ONE).claims[0].patient.sex is cptrules.UNKNOWN  # type: ignore[union-attr]

    def test_the_other_payer_does_not_become_this_one(self) -> None:
        claim = read_837(sample(SECONDARY)).claims[0]
        assert (claim.payer, claim.payer_order) == ("ACM01", "secondary")
        (other,) = claim.other_payers  # type: ignore[misc]
        assert (other.order, str(other.decided)) == ("primary", "2026-03-20")
        assert [str(line.date_of_service) for line in claim.lines] == ["2026-03-06", "2026-03-06"]

    def test_of_two_other_payers_each_has_its_own_decision(self) -> None:
        found = changed("\nLX*1~", "\nSBR*T*18*******CI~NM1*PR*2*OTHER*****PI*OTH~DTP*573*D8*20260330~\nLX*1~", SECONDARY)
        assert [(o.order, str(o.decided)) for o in found.claims[0].other_payers] == [("primary", "2026-03-20"), ("tertiary", "2026-03-30")]  # type: ignore[union-attr]

    def test_received_is_the_files_date_and_the_report_says_so(self) -> None:
        found = read_837(sample(ONE), name="a.edi")
        assert str(found.claims[0].received) == "2026-03-10"
        assert found.notes == ("a.edi: received is taken to be 2026-03-10, the date the file was made (BHT04)",)

    def test_charges_that_do_not_add_up_are_told(self) -> None:
        assert any("RB-0102: the charges" in note for note in changed("CLM*RB-0102*182.25", "CLM*RB-0102*182.26").notes)

    @pytest.mark.parametrize(
        ("taxonomy", "role"),
        [("225100000X", "PT"), ("2251X0800X", "PT"), ("225200000X", "PTA"), ("225X00000X", "OT"), ("224Z00000X", "OTA"), ("235Z00000X", "SLP"),
         ("2355S0801X", "SLPA"), ("2355A2700X", None), ("207Q00000X", "physician"), ("208100000X", "physician"), ("363LF0000X", "nurse_practitioner"),
         ("363A00000X", "physician_assistant"), ("111N00000X", "chiropractor"), ("213ES0103X", "podiatrist"), ("152W00000X", "optometrist"),
         ("122300000X", "dentist"), ("1223S0112X", "dentist"), ("103TC0700X", "psychologist"), ("231H00000X", "audiologist"),
         ("171100000X", "acupuncturist"), ("225700000X", "massage_therapist"), ("261QP2000X", None), ("", None), ("2251", None)],
    )  # fmt: skip
    def test_roles_by_taxonomy(self, taxonomy: str, role: str | None) -> None:
        assert role_of(taxonomy) == role


# ---- what is refused ---------------------------------------------------------------------------------------------

AT = "CLM 2 (RB-0102), LX 1, "


class TestRefusals:
    @pytest.mark.parametrize(
        ("old", "new", "fault"),
        [
            ("D8*20260210", "D8*20260230", AT + 'DTP*472 (segment 59): "20260230" is no date of the calendar'),
            ("D8*20260210", "RD8*20260210-20260214", AT + "DTP*472 (segment 59): it is a span"),
            ("DTP*472*D8*20260210~", "", AT.rstrip(", ") + ": the date of service is missing"),
            ("DTP*472*D8*20260210~", "DTP*472*D8*20260210~DTP*472*D8*20260310~", AT + "DTP*472 (segment 60): a second"),
            ("97140:GP*64*UN*1", "97140:GP*64*UN*1.5", AT + 'SV104 (segment 58): "1.5" is no whole number'),
            ("97140:GP*64*UN*1", "97140:GP*64*UN*-1", AT + "SV104"),
            ("97140:GP*64*UN*1", "97140:GP*64*UN*", AT + "SV104 (segment 58): the number of units is missing"),
            ("97140:GP*64*UN*1", "97140:GP*64*F2*1", AT + 'SV103 (segment 58): "F2"'),
            ("97140:GP*64*UN*1", "97140:GP*abc*UN*1", AT + "SV102"),
            ("97140:GP*64*UN*1", "97140:GP*-64*UN*1", AT + "SV102"),
            ("97140:GP*64*UN*1***1:2", "97140:GP*64*UN*1***9", AT + "SV107-1 (segment 58): it points to diagnosis 9 of 2"),
            ("97140:GP*64*UN*1***1:2", "97140:GP*64*UN*1***A", AT + "SV107-1"),
            ("97140:GP*64*UN*1***1:2", "97140:GP*64*UN*1*1A**1", AT + "SV105"),
            ("HC:97140:GP", "HC::GP", AT + "SV101-2 (segment 58): the procedure code is missing"),
            ("HC:97140:GP", "ER:97140:GP", AT + "SV101-1"),
            ("HC:97140:GP", "HC:97140:GPX", AT + "SV101"),
            ("SV1*HC:97140:GP*64*UN*1***1:2~", "", AT.rstrip(", ") + ": the service is missing"),
            ("SV1*HC:97140:GP*64*UN*1***1:2~", "SV1*HC:97140:GP*64*UN*1***1:2~SV1*HC:97530:GP*64*UN*1***1:2~", "a second SV1"),
            ("LX*2~\nSV1*HC:97110:GP:CQ", "LX*1~\nSV1*HC:97110:GP:CQ", "LX01 (segment 61): line number 1 stands twice"),
            ("LX*2~\nSV1*HC:97110:GP:CQ", "LX*~\nSV1*HC:97110:GP:CQ", "LX01"),
            ("11:B:1*Y*A*Y*Y**AA", "11:B:8*Y*A*Y*Y**AA", "CLM05-3 (segment 49): frequency 8 voids"),
            ("11:B:1*Y*A*Y*Y**AA", "11:B:3*Y*A*Y*Y**AA", "CLM05-3"),
            ("11:B:1*Y*A*Y*Y**AA", "11:A:1*Y*A*Y*Y**AA", "CLM05-2"),
            ("RB-0102*182.25", "RB-0102*", "CLM02 (segment 49): the amount is missing"),
            ("ABK:S134XXD", "ABK:XS134", "HI (segment 53)"),
            ("ABK:S134XXD", "BK:S134XXD", "HI (segment 53): BK is ICD-9"),
            ("HI*ABK:S134XXD*ABF:M542~", "", "points to diagnosis 1 of 0"),
            ("HI*ABK:S134XXD*ABF:M542~", "ZZZ*1~HI*ABK:S134XXD*ABF:M542~", "ZZZ (segment 53): a segment of this kind has no place in loop 2300"),
            ("PRV*PE*PXC*225100000X~\nLX*1~\nSV1*HC:97140", "PRV*PE*PXC*225100000X~REF*G1*LATE~\nLX*1~\nSV1*HC:97140", "REF (segment 57)"),
        ],
    )
    def test_a_broken_claim_is_refused_by_itself_with_its_place(self, old: str, new: str, fault: str) -> None:
        found = changed(old, new)
        assert ids(found) == (["RB-0101", "RB-0103"], ["RB-0102"])
        assert found.refusals[0].place == "segment 49 (line 49)"
        assert fault in told(found)

    def test_a_claim_without_an_id_is_refused_too(self) -> None:
        found = changed("CLM*RB-0102*", "CLM**")
        assert ids(found) == (["RB-0101", "RB-0103"], [None])
        assert "CLM 2, CLM01 (segment 49)" in told(found)

    def test_a_claim_that_lost_its_beginning_refuses_the_one_before(self) -> None:
        assert ids(changed("CLM*RB-0102", "CLN*RB-0102")) == (["RB-0103"], ["RB-0101"])

    def test_a_lost_subscriber_never_gives_the_claim_to_the_one_before(self) -> None:
        found = changed("HL*3*1*22*0~\n", "", FAULTS)
        assert ids(found) == ([], ["RB-0301", "RB-0302"])
        assert "no HL stands before it" in told(found)

    def test_a_lost_patient_never_gives_the_claim_to_the_subscriber(self) -> None:
        assert ids(changed("HL*3*2*23*0~\n", "", FAMILY)) == ([], ["RB-0501", "RB-0502"])

    def test_a_patient_below_no_subscriber_is_refused(self) -> None:
        assert ids(changed("HL*3*2*23*0", "HL*3*1*23*0", FAMILY)) == (["RB-0501"], ["RB-0502"])

    @pytest.mark.parametrize("gone", ["NM1*85*2*RIV", "SBR*P*18*GRP", "NM1*IL*1*BRA", "NM1*PR*2*ACM"])
    def test_without_provider_insurance_subscriber_or_payer_a_claim_is_refused(self, gone: str) -> None:
        text = sample(FAMILY)
        start = text.index(gone)
        found = read_837(counted(text[:start] + text[text.index("~", start) + 2 :]))
        assert ids(found) == ([], ["RB-0501", "RB-0502"])

    def test_nothing_of_a_person_is_told(self) -> None:
        text = sample(THREE).replace("DMG*D8*19820711*M", "DMG*D8*19821311*M")
        text = text.replace("97110:GP:CQ*60", "97110:GP:CQ*BRANDT").replace(":CO:", ":OLIVER:")
        found = read_837(text)
        assert ids(found) == ([], ["RB-0101", "RB-0102", "RB-0103"])
        assert not re.search("BRANDT|OLIVER|ACM100200300|RIVER RD|1982", told(found) + "".join(found.notes))

    def test_one_line_files_are_placed_by_segment_alone(self) -> None:
        text = sample(DELIMITERS)
        assert read_837(text.replace("|UN|3|", "|UN|x|")).refusals[0].place == "segment 23"


def _without_terminator(text: str) -> str:
    return text.rstrip() + "\nCLM*LOST*1***11:B:1"


class TestEnvelope:
    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("", "there is nothing in it"),
            ("hello", "no X12 file"),
            ("ISA", "the ISA has 106 characters; the file ends after 3"),
            (sample(ONE).replace("THERAPYCLINIC  *", "THERAPYCLINIC*", 1), "fixed width"),
            (sample(ONE).replace("*00501*", "*00401*"), "not 00501"),
            (sample(ONE)[:700], "): SE, GE and IEA are missing"),
            (sample(ONE).replace("IEA*1*000001001~", ""), "IEA is missing"),
            (sample(ONE).replace("SE*40", "SE*41"), "SE01) is wrong, there are 40"),
            (sample(ONE).replace("SE*40*0001", "SE*40*0002"), "SE02"),
            (sample(ONE).replace("GE*1*", "GE*2*"), "GE01"),
            (sample(ONE).replace("IEA*1*", "IEA*2*"), "IEA01"),
            (sample(ONE).replace("HL*2*1*22", "HL*3*1*22"), "numbered 1, 2, 3"),
            (sample(ONE).replace("ST*837", "ST*835"), "ST01 is not 837"),
            (sample(ONE).replace("005010X222A1", "005010X223A2"), "837I, of institutions"),
            (sample(ONE).replace("CLM*", "CLX*"), "there is no claim"),
            (sample(ONE).replace("\nGE*1*", "\nCLM*OUT*5***11:B:1~\nGE*1*"), "the envelope has no place for it"),
            (sample(ONE) + sample(ONE), "stands twice in the file"),
            (sample(ONE).rstrip() + "~" + sample(THREE), "no whole segment"),
            (sample(ONE) + sample(DELIMITERS), "the envelope has no place for it"),
            (_without_terminator(sample(ONE)), "no whole segment"),
            (sample(ONE).replace("DTP*431", "~DTP*431"), "cut off after this segment (an empty segment"),
            (sample(ONE).replace("GS*", "IEA*1*000001001~\nGS*", 1), "IEA"),
        ],
    )
    def test_a_file_that_cannot_be_trusted_gives_no_claim(self, text: str, fault: str) -> None:
        with pytest.raises(InputError, match=re.escape(fault)) as raised:
            read_837(text, name="a.edi")
        assert str(raised.value).startswith("a.edi: ")

    def test_whole_interchanges_one_after_another_are_read(self) -> None:
        assert ids(read_837(sample(ONE) + sample(THREE))) == (["RB-0001", "RB-0101", "RB-0102", "RB-0103"], [])

    def test_what_senders_do_without_harm_does_none(self) -> None:
        text = sample(THREE)
        harmless = [
            "\ufeff\r\n" + text.replace("\n", "\r\n"), text.replace("\n", ""), text.rstrip() + "\x1a", text.replace("***1~", "***1*~"),
            text.replace("~\n", "\n"), text.replace("~\n", "\r\n"), text.replace("UN*2*", "UN*2.0*"), text.replace("\nLX", "\n LX"),
        ]  # fmt: skip
        for one in harmless:
            assert looks_like_837(one)
            assert read_837(one).claims == read_837(text).claims

    def test_without_pyx12_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = builtins.__import__

        def without(name: str, *rest: Any, **more: Any) -> Any:
            if name.startswith("pyx12"):
                raise ImportError(name)
            return real(name, *rest, **more)

        monkeypatch.setattr(builtins, "__import__", without)
        with pytest.raises(InputError, match=r"needs the x12 extra: pip install 'cptrules\[x12\]'"):
            read_837(sample(ONE))


# ---- whatever is done to a file ----------------------------------------------------------------------------------


@st.composite
def _mangled(draw: st.DrawFn) -> str:
    segments = sample(draw(st.sampled_from(sorted(EXPECTED)))).split("~")
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(1, len(segments) - 1))
        match draw(st.sampled_from(["delete", "double", "swap", "mangle", "cut"])):
            case "delete" if len(segments) > 3:
                del segments[place]
            case "double":
                segments.insert(place, segments[place])
            case "swap":
                other = draw(st.integers(1, len(segments) - 1))
                segments[place], segments[other] = segments[other], segments[place]
            case "mangle":
                at = draw(st.integers(0, len(segments[place])))
                noise, gone = draw(st.text("*:AZ09|>-.é\x00 ~", max_size=4)), draw(st.integers(0, 3))
                segments[place] = segments[place][:at] + noise + segments[place][at + gone :]
            case "cut" if draw(st.integers(0, 5)) == 0:
                segments = segments[: max(place, 2) + 1]
    return "~".join(segments)


@given(_mangled(), st.booleans())
def test_whatever_is_done_to_a_file_no_claim_is_lost_and_nothing_crashes(text: str, right: bool) -> None:
    text = counted(text) if right else text
    try:
        found = read_837(text)
    except InputError as error:
        assert not re.search("BRANDT|RIVERA|ELENA|OLIVER|ELM ST", str(error))
        return
    assert len(found.claims) + len(found.refusals) == sum(segment.id == "CLM" for segment in segments_of(text))
    assert all(reread(claim) == claim for claim in found.claims)
    assert all(refusal.faults and refusal.place for refusal in found.refusals)
    assert not re.search("BRANDT|RIVERA|ELENA|OLIVER|ELM ST", told(found))


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: "ISA" + raw.decode("latin-1")))
def test_no_text_brings_anything_but_an_input_error(text: str) -> None:
    with pytest.raises(InputError):
        read_837(text)


@given(st.sampled_from(sorted(EXPECTED)), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=20))
def test_random_bytes_in_a_file_bring_an_input_error_or_claims_and_refusals(name: str, noise: list[tuple[int, int]]) -> None:
    data = bytearray(sample(name).encode("ascii"))
    for place, value in noise:
        data[place % len(data)] = value
    text = data.decode("latin-1")
    try:
        found = read_837(text)
    except InputError:
        return
    assert len(found.claims) + len(found.refusals) == sum(segment.id == "CLM" for segment in segments_of(text))
