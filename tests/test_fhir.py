"""FHIR R4: what each resource becomes, what is unknown, what is refused and why; findings out as OperationOutcome."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import claim, judge, policy
from test_cli import Run, run  # noqa: F401 (a fixture)

import cptrules
from cptrules import UNKNOWN, Claim, FhirMapping, History, InputError
from cptrules.fhir.elements import ELEMENTS
from cptrules.intake import noted_histories, noted_sessions, read_claims, read_sessions

TOP = Path(__file__).parent.parent
OURS, THEIRS = TOP / "docs" / "examples" / "fhir", Path(__file__).parent / "facts" / "fhir"
SAMPLES = sorted([*OURS.glob("*_*.json"), *THEIRS.glob("*.json")])
MAPPING = FhirMapping.from_json((OURS / "mapping.json").read_bytes())
MINUTES = "https://example.org/fhir/StructureDefinition/treatment-minutes"
CPT, HCPCS = "http://www.ama-assn.org/go/cpt", "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
Change = Callable[[Any], Any]


def sample(name: str) -> Any:
    (path,) = [one for one in SAMPLES if one.stem.startswith(name)]
    return json.loads(path.read_text(encoding="utf-8"))


def changed(name: str, change: Change) -> Any:
    data = copy.deepcopy(sample(name))
    change(data)
    return data


def put(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "fhir.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def bundle(*resources: Any, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources], **more}


def concept(code: str, system: str = CPT) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def claim_of(tmp_path: Path, data: Any, mapping: FhirMapping | None = MAPPING) -> Claim:
    found = read_claims(put(tmp_path, data), mapping=mapping)
    assert found.refusals == ()
    (claim,) = found.claims
    return claim


def told(error: InputError | cptrules.Fault) -> str:
    return str(error)


def refusal(tmp_path: Path, data: Any) -> str:
    """Why a claim is refused."""
    found = read_claims(put(tmp_path, data), mapping=MAPPING)
    assert found.claims == ()
    return "\n".join(str(fault) for one in found.refusals for fault in one.faults)


def history_of(tmp_path: Path, data: Any, mapping: FhirMapping | None = MAPPING) -> History:
    (history,) = cptrules.read_histories(put(tmp_path, data), mapping=mapping)
    return history


# ---- every sample is read, or refused with its reason --------------------------------------------------------------

CLAIMS = {
    "claim_01": "RB-0001", "claim_02": "RB-0101", "bundle_01": "RB-0001", "claim_03": "asks for approval", "hl7_pas_claim": "asks for approval",
    "hl7_pas_request": "asks for approval", "history_mila": "asks for approval", "claimresponse_01": "no Claim", "cms_bfd": "no Claim",
    "encounter_01": "no Claim", "eob_01": "no Claim", "inferno": "no Claim",
}  # fmt: skip
HISTORIES = {
    "eob_01": "mila-brandt", "cms_bfd": "12345", "history_mila": "mila-brandt", "claimresponse_01": "request", "inferno": "A3 is not certified",
    "claim_01": "no ExplanationOfBenefit", "claim_02": "no ExplanationOfBenefit", "claim_03": "no ExplanationOfBenefit",
    "bundle_01": "no ExplanationOfBenefit", "encounter_01": "no ExplanationOfBenefit", "hl7_pas_claim": "no ExplanationOfBenefit",
    "hl7_pas_request": "no ExplanationOfBenefit",
}  # fmt: skip


def _by_name(expected: dict[str, str], path: Path) -> str:
    (found,) = [value for name, value in expected.items() if path.stem.startswith(name)]
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_a_claim_or_refused_with_its_reason(path: Path) -> None:
    expected = _by_name(CLAIMS, path)
    try:
        found = read_claims(path, mapping=MAPPING)
    except InputError as error:
        assert expected in told(error)
    else:
        assert [one.id for one in found.claims] == [expected] or expected in str(found.refusals[0].faults)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_a_history_or_refused_with_its_reason(path: Path) -> None:
    expected = _by_name(HISTORIES, path)
    try:
        found = cptrules.read_histories(path, mapping=MAPPING)
    except InputError as error:
        assert expected in told(error)
    else:
        assert [one.patient for one in found] == [expected]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_a_session_or_refused_with_its_reason(path: Path) -> None:
    if path.stem.startswith("bundle_01"):
        assert [one.id for one in read_sessions(path, mapping=MAPPING)] == ["enc-RB-0001"]
        return
    with pytest.raises(InputError, match="at least one intervention" if path.stem.startswith("encounter") else "no Encounter"):
        read_sessions(path, mapping=MAPPING)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_passes_the_structure_definitions(path: Path) -> None:
    for read in (read_claims, noted_histories, noted_sessions):
        try:
            read(path, mapping=MAPPING, validate_fhir=True)
        except InputError as error:
            assert "structure definition" not in told(error)


# ---- claims ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "edi"), [("claim_01", "01_medicare_single.edi"), ("claim_02", "02_commercial_multi.edi")])
def test_a_claim_says_what_the_same_837p_says(name: str, edi: str, tmp_path: Path) -> None:
    fhir = claim_of(tmp_path, sample(name), FhirMapping(payers={"15202": "MEDICARE_B"}))
    x12 = next(one for one in cptrules.read_claims(TOP / "docs" / "examples" / "837p" / edi).claims if one.id == fhir.id)
    assert (fhir.payer, fhir.diagnoses, fhir.billing_provider.npi) == (x12.payer, x12.diagnoses, x12.billing_provider.npi)  # type: ignore[union-attr]
    assert fhir.authorizations == x12.authorizations
    same = ("number", "code", "modifiers", "units", "charge", "date_of_service", "diagnosis_pointers")
    assert [[getattr(one, key) for key in same] for one in fhir.lines] == [[getattr(one, key) for key in same] for one in x12.lines]
    assert [one.rendering_provider.role for one in fhir.lines] == [one.rendering_provider.role for one in x12.lines]  # type: ignore[union-attr]
    assert [one.rendering_provider.npi for one in fhir.lines] == [one.rendering_provider.npi for one in x12.lines]  # type: ignore[union-attr]
    assert {one.place_of_service for one in fhir.lines} == {"11"}


def test_what_fhir_has_no_place_for_is_unknown_without_a_mapping(tmp_path: Path) -> None:
    bare, mapped = claim_of(tmp_path, sample("claim_01"), None), claim_of(tmp_path, sample("claim_01"))
    assert {one.minutes for one in bare.lines} == {UNKNOWN}
    assert [one.minutes for one in mapped.lines] == [30, 12, 15]
    assert {getattr(one, key) for one in mapped.lines for key in ("contact", "patients", "telehealth", "allowed")} == {UNKNOWN}
    assert (bare.payer, mapped.payer, mapped.plan, mapped.payer_order) == ("15202", "MEDICARE_B", UNKNOWN, UNKNOWN)


def test_the_mapping_translates_an_ehrs_own_codes(tmp_path: Path) -> None:
    def with_contact(data: Any) -> None:
        url = "https://example.org/fhir/StructureDefinition/contact"
        data["item"][0]["extension"].append({"url": url, "valueCode": "GRP"})
        data["item"][1]["extension"].append({"url": url, "valueCoding": {"code": "1:1"}})

    assert [one.contact for one in claim_of(tmp_path, changed("claim_01", with_contact)).lines] == ["group", "one_on_one", UNKNOWN]

    def with_other(data: Any) -> None:
        data["item"][0]["extension"].append({"url": "https://example.org/fhir/StructureDefinition/contact", "valueCode": "XX"})

    assert "no word for it" in refusal(tmp_path, changed("claim_01", with_other))


def test_a_fact_of_the_policies_can_come_from_an_extension(tmp_path: Path) -> None:
    known = FhirMapping(facts={"new_condition": "urn:new"})
    data = changed("claim_01", lambda data: data.update(extension=[{"url": "urn:new", "valueBoolean": False}]))
    assert dict(claim_of(tmp_path, data, known).facts) == {"new_condition": False}  # type: ignore[arg-type]


def _item(**more: Any) -> Change:
    return lambda data: data["item"][0].update(more)


def _top(**more: Any) -> Change:
    return lambda data: data.update(more)


def _without(*names: str) -> Change:
    def change(data: Any) -> None:
        for name in names:
            del data[name]

    return change


REFUSED = [
    (_top(status="cancelled"), "Claim.status: it is cancelled"),
    (_top(status="entered-in-error"), "entered in error"),
    (_top(status="draft"), "it is a draft"),
    (_top(status="finished"), "none of R4's"),
    (_without("status"), "Claim.status: it is missing"),
    (_top(use="predetermination"), "what would be paid"),
    (_without("use"), "Claim.use: it is missing"),
    (_top(use="Claim"), "did you mean claim?"),
    (_top(type=concept("pharmacy", "http://terminology.hl7.org/CodeSystem/claim-type")), "neither a professional nor an institutional"),
    (_without("type"), "Claim.type: it is missing"),
    (_without("patient"), "Claim.patient: it is missing"),
    (_top(patient={"reference": "Group/g"}), "it is a group"),
    (_top(insurance=[{"sequence": 1, "focal": False, "coverage": {"display": "x"}}]), "which of its coverages"),
    (_top(insurance=[{"sequence": 1, "coverage": {}}, {"sequence": 2, "coverage": {}}]), "which of its coverages"),
    (_top(insurance=[{"sequence": n, "focal": True, "coverage": {}} for n in (1, 2)]), "which of its coverages"),
    (_top(items=[]), "did you mean item?"),
    (_item(modifer=[]), "did you mean modifier?"),
    (_top(implicitRules="urn:x"), "it changes what this says"),
    (_item(modifierExtension=[{"url": "urn:not"}]), "it changes what this says"),
    (_top(item=[]), "at least one line"),
    (_without("item"), "at least one line"),
    (_item(productOrService=concept("97110", "urn:own")), "no code of CPT or HCPCS"),
    (_item(productOrService={"text": "exercise"}), "no code of CPT or HCPCS"),
    (_item(productOrService={"coding": [{"system": CPT, "code": "97110"}, {"system": HCPCS, "code": "G0283"}]}), "several codes that differ"),
    (_item(productOrService=concept("9711")), 'Claim.item[0].code: "9711" is not a procedure code'),
    (_item(modifier=[concept("GP", "urn:own")]), "which modifier it is"),
    (_item(detail=[{"sequence": 1, "productOrService": concept("97112")}]), "a service within a service"),
    (_item(detail=[{"sequence": 1, "productOrService": {}, "subDetail": [{}]}]), "a service within a service"),
    (_item(servicedPeriod={"start": "2026-03-04"}), "which holds is not clear"),
    (lambda data: data["item"][0].pop("servicedDate") and _item(servicedPeriod={"start": "2026-03-04", "end": "2026-03-05"})(data), "no single day"),
    (_item(servicedDate="2026-02-30"), "no date or time of R4"),
    (_item(servicedDate="03/04/2026"), "no date or time of R4"),
    (_item(servicedDate="2026-03"), "a line needs its date"),
    (_item(quantity={"value": 1.5}), "no whole number of units"),
    (_item(quantity={"value": -1}), "no whole number of units"),
    (_item(quantity={"value": 2, "comparator": ">"}), "more or less"),
    (_item(quantity={"value": 2, "code": "kg"}), "neither units nor minutes"),
    (_item(quantity={"value": "2"}), "it is not a number"),
    (_item(quantity={"value": True}), "it is not a number"),
    (_item(net={"value": 100, "currency": "CAD"}), "not in dollars"),
    (_item(net={"value": -1, "currency": "USD"}), "no amount of dollars"),
    (_item(net={"value": 1.005, "currency": "USD"}), "no amount of dollars"),
    (_item(careTeamSequence=[9]), "no member 9"),
    (_item(diagnosisSequence=[9]), "no diagnosis 9"),
    (_item(sequence=2), "stands twice"),
    (lambda data: data["diagnosis"][0].update(sequence=2), "stands twice"),
    (lambda data: data["diagnosis"][0].update(diagnosisCodeableConcept=concept("279039007", "http://snomed.info/sct")), "no code of ICD-10-CM"),
    (lambda data: data["diagnosis"].append({"sequence": 4, "diagnosisReference": {"reference": "Condition/c"}}), "is not in the file"),
    (lambda data: data["item"][0]["extension"].append(data["item"][0]["extension"][0]), "minutes is there twice"),
    (lambda data: data["item"][0]["extension"][0].update(valueQuantity={"value": 1, "code": "h"}), "no minutes"),
    (lambda data: data["item"][0]["extension"][0].update(valueQuantity={"value": 7.5, "code": "min"}), "not a whole number"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "why"), REFUSED, ids=[f"{number}-{why[:30]}" for number, (_, why) in enumerate(REFUSED)])
def test_a_claim_is_refused_with_its_reason(change: Change, why: str, tmp_path: Path) -> None:
    assert why in refusal(tmp_path, changed("claim_01", change))


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    def change(data: Any) -> None:
        data["item"][0]["quantity"]["value"] = "two"
        data["item"][1]["servicedDate"] = "yesterday"
        data["item"][2]["modifier"][0] = concept("gp", HCPCS)

    found = refusal(tmp_path, changed("claim_01", change))
    assert [line.partition(": ")[0] for line in found.splitlines()] == [
        "Claim.item[0].quantity.value", "Claim.item[1].servicedDate", "Claim.item[2].modifiers[0]",
    ]  # fmt: skip


def test_several_modifiers_in_one_concept_are_all_taken(tmp_path: Path) -> None:
    codings = [{"system": HCPCS, "code": code} for code in ("GP", "KX", "GP")] + [{"system": CPT, "code": "59"}, {"system": "urn:own", "code": "Z"}]
    data = changed("claim_01", lambda data: data["item"][0].update(modifier=[{"coding": codings}]))
    assert claim_of(tmp_path, data).lines[0].modifiers == ("GP", "KX", "59")


def test_no_modifier_written_on_a_claim_is_none_and_in_a_history_not_known(tmp_path: Path) -> None:
    assert claim_of(tmp_path, changed("claim_01", lambda data: data["item"][0].pop("modifier"))).lines[0].modifiers == ()
    services = history_of(tmp_path, changed("eob_01", lambda data: data["item"][0].pop("modifier"))).services
    assert services[0].modifiers is UNKNOWN  # type: ignore[index]


def test_minutes_as_the_quantity_are_no_units(tmp_path: Path) -> None:
    data = changed("claim_01", lambda data: data["item"][0].update(quantity={"value": 30, "code": "min"}, extension=[]))
    line = claim_of(tmp_path, data).lines[0]
    assert (line.units, line.minutes) == (UNKNOWN, 30)


def test_a_line_without_a_date_takes_that_of_a_claim_of_one_day(tmp_path: Path) -> None:
    claim = claim_of(tmp_path, changed("claim_01", lambda data: data["item"][0].pop("servicedDate")))
    assert str(claim.lines[0].date_of_service) == "2026-03-04"

    def longer(data: Any) -> None:
        del data["item"][0]["servicedDate"]
        data["billablePeriod"]["end"] = "2026-03-05"

    assert "needs its date" in refusal(tmp_path, changed("claim_01", longer))


def test_the_day_of_a_time_is_the_local_one_that_is_written(tmp_path: Path) -> None:
    def evening(data: Any) -> None:
        del data["item"][0]["servicedDate"]
        data["item"][0]["servicedPeriod"] = {"start": "2026-03-04T22:30:00-08:00", "end": "2026-03-04T23:00:00-08:00"}

    assert str(claim_of(tmp_path, changed("claim_01", evening)).lines[0].date_of_service) == "2026-03-04"


def test_a_time_in_utc_is_told(tmp_path: Path) -> None:
    found = read_claims(put(tmp_path, changed("claim_01", _top(created="2026-03-10T01:00:00Z"))))
    assert any("UTC" in note for note in found.notes)


def test_of_several_coverages_the_focal_one_gives_order_and_authorizations(tmp_path: Path) -> None:
    covers = [{"sequence": 1, "focal": False, "coverage": {"reference": "Coverage/a"}, "preAuthRef": ["OTHER"]},
              {"sequence": 2, "focal": True, "coverage": {"reference": "Coverage/b"}, "preAuthRef": ["MINE"]}]  # fmt: skip
    claim = claim_of(tmp_path, changed("claim_01", _top(insurance=covers)))
    assert (claim.payer_order, claim.authorizations) == ("secondary", ("MINE",))
    assert [one.order for one in claim.other_payers] == ["primary"]  # type: ignore[union-attr]


def test_who_gave_a_line_is_not_guessed(tmp_path: Path) -> None:
    def two_primaries(data: Any) -> None:
        data["careTeam"][2]["role"] = data["careTeam"][0]["role"]

    claim = claim_of(tmp_path, changed("claim_01", two_primaries))
    assert claim.lines[1].rendering_provider is UNKNOWN
    assert claim.lines[0].rendering_provider.role == "PT"  # type: ignore[union-attr]
    only_supervisor = changed("claim_01", lambda data: data["item"][0].update(careTeamSequence=[2]))
    assert claim_of(tmp_path, only_supervisor).lines[0].rendering_provider is UNKNOWN


def test_the_mappings_patient_system_gives_the_id_or_refuses(tmp_path: Path) -> None:
    known = FhirMapping(patient="http://hl7.org/fhir/sid/us-mbi")
    assert claim_of(tmp_path, sample("bundle_01"), known).patient.id == "1EG4TE5MK73"  # type: ignore[union-attr]
    (refused,) = read_claims(put(tmp_path, sample("claim_01")), mapping=known).refusals
    assert "no identifier of the system" in str(refused.faults[0])


def test_lines_that_do_not_add_up_and_what_is_left_aside_are_told(tmp_path: Path) -> None:
    notes = read_claims(put(tmp_path, changed("claim_01", lambda data: data["item"].pop()))).notes
    assert any("do not add up" in note for note in notes)
    assert any("supportingInfo" in note for note in notes)


# ---- files: bundles, pages, references ------------------------------------------------------------------------------


def test_references_are_found_by_address_by_id_and_contained(tmp_path: Path) -> None:
    person = {"resourceType": "Patient", "birthDate": "1950-02-01", "gender": "female"}
    claim = sample("claim_01")
    uuid = "urn:uuid:3f5c1c5e-0000-4000-8000-000000000001"
    by_address = {"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": uuid, "resource": person}, {"resource": {**claim, "patient": {"reference": uuid}}}]}  # fmt: skip
    contained = {**claim, "contained": [{**person, "id": "p", "identifier": [{"value": "X1"}]}], "patient": {"reference": "#p"}}
    versioned = bundle({**person, "id": "elena-rivera"}, {**claim, "patient": {"reference": "Patient/elena-rivera/_history/3"}})
    for data in (by_address, contained, versioned):
        assert str(claim_of(tmp_path, data).patient.birth_date) == "1950-02-01"  # type: ignore[union-attr]
    assert "nothing contained" in refusal(tmp_path, {**claim, "patient": {"reference": "#gone"}})


def test_one_resource_a_line_and_a_list_are_read(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(entry["resource"]) for entry in sample("bundle_01")["entry"])
    listed = [entry["resource"] for entry in sample("bundle_01")["entry"]]
    for data in (lines, listed):
        assert claim_of(tmp_path, data).plan == "TRADITIONAL"
    with pytest.raises(InputError, match="line 2: line 1, column"):
        read_claims(put(tmp_path, lines.splitlines()[0] + '\n{"resourceType": }'))


def test_a_resource_that_differs_from_itself_is_refused_and_a_repeated_one_is_read_once(tmp_path: Path) -> None:
    claim = sample("claim_01")
    assert len(read_claims(put(tmp_path, bundle(claim, claim))).claims) == 1
    with pytest.raises(InputError, match="stands in the file twice, and differs"):
        read_claims(put(tmp_path, bundle(claim, {**claim, "created": "2026-03-11"})))


def test_a_page_says_that_it_is_one_and_gives_no_session(tmp_path: Path) -> None:
    page = {**sample("bundle_01"), "link": [{"relation": "next", "url": "https://example.org?page=2"}]}
    assert any("one page of several" in note for note in read_claims(put(tmp_path, page), mapping=MAPPING).notes)
    with pytest.raises(InputError, match="one page of several"):
        read_sessions(put(tmp_path, page))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (bundle({"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}), "reports an error"),
        ({"resourceType": "Bundle", "type": "history", "entry": []}, "old versions"),
        ({"resourceType": "Bundle", "entry": [{}]}, "no resource in it"),
        ({"resourceType": "Bundle", "entry": {}}, "entry: it is not a list"),
        ({"resourceType": "Bundle", "entry": ["x"]}, "it is not an object"),
        ({"resourceType": "Bundle", "type": "searchset"}, "there is nothing"),
        ({"resourceType": 5}, "names no resourceType"),
        ([{"resourceType": "Claim"}, {"payer": "ACME"}], "names no resourceType"),
        ({"resourceType": "Observation"}, "there is Observation"),
    ],
)
def test_a_file_that_can_not_be_taken_whole_is_refused(data: Any, why: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=why):
        read_claims(put(tmp_path, data))


def test_a_claim_that_is_wrong_is_refused_by_itself(tmp_path: Path) -> None:
    found = read_claims(put(tmp_path, bundle(sample("claim_01"), changed("claim_02", _top(status="cancelled")))))
    assert ([one.id for one in found.claims], [(one.claim, one.place) for one in found.refusals]) == (["RB-0001"], [("RB-0101", "entry[1]")])


# ---- sessions ----------------------------------------------------------------------------------------------------


def _resource(data: Any, name: str) -> Any:
    (found,) = [one["resource"] for one in data["entry"] if one["resource"]["id"] == name]
    return found


def session_after(tmp_path: Path, change: Change) -> Any:
    (session,) = read_sessions(put(tmp_path, changed("bundle_01", change)), mapping=MAPPING)
    return session


def test_a_session_from_its_encounter_and_procedures(tmp_path: Path) -> None:
    session = session_after(tmp_path, lambda data: None)
    assert [(one.code, one.minutes, one.role, one.start) for one in session.interventions] == [
        ("97110", 30, "PT", "09:00"), ("97530", 15, "PT", "09:30"), ("97140", 12, "PTA", "09:45"),
    ]  # fmt: skip
    assert (str(session.date), session.total_minutes, session.payer, session.plan) == ("2026-03-04", 57, "MEDICARE_B", "TRADITIONAL")
    assert {one.contact for one in session.interventions} == {UNKNOWN}
    assert session.place_of_service is UNKNOWN
    assert session.diagnoses is UNKNOWN  # the Condition is not in the file: the list would lack one


def test_diagnoses_are_those_of_the_conditions_in_the_file(tmp_path: Path) -> None:
    condition = {"resourceType": "Condition", "id": "m5450", "code": concept("M54.50", "http://hl7.org/fhir/sid/icd-10-cm")}
    assert session_after(tmp_path, lambda data: data["entry"].append({"resource": condition})).diagnoses == ("M54.50",)


def test_what_did_not_take_place_is_left_out_and_told(tmp_path: Path) -> None:
    data = changed("bundle_01", lambda data: _resource(data, "proc-2").update(status="not-done"))
    data["entry"].append({"resource": {**_resource(data, "enc-RB-0001"), "id": "enc-2", "status": "cancelled"}})
    found = noted_sessions(put(tmp_path, data), mapping=MAPPING)
    assert [[one.code for one in session.interventions] for session in found.sessions] == [["97110", "97140"]]
    assert any("not-done" in note for note in found.notes)
    assert any("cancelled" in note for note in found.notes)


SESSIONS_REFUSED = [
    (lambda data: _resource(data, "enc-RB-0001").update(status="in-progress"), "not finished"),
    (lambda data: _resource(data, "enc-RB-0001").update(status="cancelled"), "is cancelled: no session"),
    (lambda data: _resource(data, "enc-RB-0001").update(status="over"), "none of R4's"),
    (lambda data: _resource(data, "enc-RB-0001").pop("period"), "date: it is missing"),
    (lambda data: _resource(data, "proc-1").update(status="in-progress"), "not completed"),
    (lambda data: _resource(data, "proc-1").update(status="stopped"), "what was given of it is not clear"),
    (lambda data: _resource(data, "proc-1").pop("status"), "status: it is missing"),
    (lambda data: _resource(data, "proc-1").pop("encounter"), "names no encounter"),
    (lambda data: _resource(data, "proc-1").update(subject={"reference": "Patient/other"}), "not the patient of the encounter"),
    (lambda data: _resource(data, "proc-1").update(partOf=[{"reference": "Procedure/proc-2"}]), "count twice"),
    (lambda data: _resource(data, "proc-1").update(code=concept("229070002", "http://snomed.info/sct")), "no code of CPT or HCPCS"),
    (lambda data: _resource(data, "proc-1").update(performer=[{"actor": {}}] * 3), "more than two"),
    (lambda data: _resource(data, "proc-1")["performedPeriod"].update(end="2026-03-04T08:00:00-05:00"), "before the start"),
    (lambda data: _resource(data, "enc-RB-0001")["length"].update(code="d"), "no whole number of minutes"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "why"), SESSIONS_REFUSED, ids=[f"{number}-{why[:30]}" for number, (_, why) in enumerate(SESSIONS_REFUSED)])
def test_a_session_is_refused_with_its_reason(change: Change, why: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=why):
        session_after(tmp_path, change)


def test_a_procedure_of_another_day_or_encounter_is_told(tmp_path: Path) -> None:
    data = sample("bundle_01")
    surgery = {"resourceType": "Procedure", "id": "old", "status": "completed", "subject": {"reference": "Patient/elena-rivera"}}
    data["entry"] += [{"resource": {**surgery, "performedDateTime": "2025-10-01"}},
                      {"resource": {**surgery, "id": "else", "encounter": {"reference": "Encounter/other"}}}]  # fmt: skip
    found = noted_sessions(put(tmp_path, data), mapping=MAPPING)
    assert len(found.sessions[0].interventions) == 3
    assert sum("belongs to no encounter" in note for note in found.notes) == 2


def test_of_two_performers_the_assistant_is_with_the_therapist(tmp_path: Path) -> None:
    actors = [{"actor": {"reference": "Practitioner/assistant"}}, {"actor": {"reference": "Practitioner/okafor"}}]
    one = session_after(tmp_path, lambda data: _resource(data, "proc-1").update(performer=actors)).interventions[0]
    assert (one.role, one.with_) == ("PT", "PTA")
    strange = [*actors[:1], {"actor": {"reference": "Practitioner/unknown"}}]
    one = session_after(tmp_path, lambda data: _resource(data, "proc-1").update(performer=strange)).interventions[0]
    assert (one.role, one.with_) == (UNKNOWN, UNKNOWN)


def test_seconds_do_not_make_a_minute_and_a_day_without_times_gives_none(tmp_path: Path) -> None:
    def change(data: Any) -> None:
        _resource(data, "proc-1")["performedPeriod"]["end"] = "2026-03-04T09:22:59-05:00"
        _resource(data, "proc-2")["performedPeriod"] = {"start": "2026-03-04", "end": "2026-03-04"}

    first, second, _ = session_after(tmp_path, change).interventions
    assert (first.minutes, second.minutes, second.start) == (22, UNKNOWN, UNKNOWN)


def test_a_session_whose_payer_nothing_tells_takes_the_mappings(tmp_path: Path) -> None:
    def alone(data: Any) -> None:
        data["entry"] = [one for one in data["entry"] if one["resource"]["resourceType"] not in ("Claim", "Coverage")]

    (session,) = read_sessions(put(tmp_path, changed("bundle_01", alone)), mapping=FhirMapping(payer="MEDICARE_B"))
    assert session.payer == "MEDICARE_B"
    (session,) = read_sessions(put(tmp_path, changed("bundle_01", alone)))
    assert (session.payer, session.interventions[0].role) == (UNKNOWN, UNKNOWN)


# ---- history -----------------------------------------------------------------------------------------------------


def test_an_explanation_gives_services_with_what_was_paid(tmp_path: Path) -> None:
    history = history_of(tmp_path, sample("eob_01"))
    first, second = history.services  # type: ignore[misc]
    assert (first.code, first.claim, str(first.paid), str(first.allowed), first.denied) == ("97530", "RB-0103", "53.33", "68.33", False)
    assert first.units is UNKNOWN  # CO-151: of three units some were not paid, and no one says how many
    assert (second.units, second.denied) == (1, False)
    assert history.complete_from is UNKNOWN


def _adjudicate(*parts: tuple[str, str | None, float | None]) -> Change:
    def one(category: str, reason: str | None, amount: float | None) -> dict[str, Any]:
        found: dict[str, Any] = {"category": concept(category, "http://terminology.hl7.org/CodeSystem/adjudication")}
        if reason:
            found["reason"] = concept(reason, "https://x12.org/codes/claim-adjustment-reason-codes")
        return found if amount is None else {**found, "amount": {"value": amount, "currency": "USD"}}

    return lambda data: data["item"][0].update(adjudication=[one(*part) for part in parts])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_adjudicate(("benefit", None, 0), ("noncovered", "197", 160)), ("0.00", UNKNOWN, True)),
        (_adjudicate(("benefit", None, 0), ("noncovered", "45", 160)), ("0.00", UNKNOWN, UNKNOWN)),
        (_adjudicate(("benefit", None, 0), ("eligible", None, 40), ("deductible", "1", 40)), ("0.00", "40.00", False)),
        (_adjudicate(("noncovered", "197", 160)), (UNKNOWN, UNKNOWN, UNKNOWN)),
        (_adjudicate(("paidtoprovider", None, 10), ("paidtopatient", None, 5)), ("15.00", UNKNOWN, False)),
        (_adjudicate(("paidtoprovider", None, 10), ("benefit", None, 5)), (UNKNOWN, UNKNOWN, UNKNOWN)),
        (_adjudicate(("benefit", None, 10), ("benefit", None, 5)), (UNKNOWN, UNKNOWN, UNKNOWN)),
        (_top(outcome="queued"), (UNKNOWN, UNKNOWN, UNKNOWN)),
    ],
)
def test_denied_paid_and_allowed_are_said_only_where_the_answer_says_them(change: Change, expected: tuple[Any, ...], tmp_path: Path) -> None:
    first = history_of(tmp_path, changed("eob_01", change)).services[0]  # type: ignore[index]
    paid, allowed = (one if one is UNKNOWN else str(one) for one in (first.paid, first.allowed))
    assert (paid, allowed, first.denied) == expected


def test_a_service_of_several_days_has_no_known_date_and_the_sum_line_is_none(tmp_path: Path) -> None:
    found = noted_histories(put(tmp_path, sample("cms_bfd")))
    assert [(one.code, one.date_of_service is UNKNOWN) for one in found.histories[0].services] == [  # type: ignore[union-attr]
        ("99213", True), ("99453", False), ("J2270", False),
    ]  # fmt: skip
    assert found.histories[0].services[1].modifiers == ("A2", "A5")  # type: ignore[index]
    assert any("sum of charges" in note for note in found.notes)


HISTORY_REFUSED = [
    ("eob_01", _top(status="cancelled"), "does not count: it is cancelled"),
    ("eob_01", _top(use="preauthorization"), "no service that was given"),
    ("eob_01", _top(status="paid"), "none of R4's"),
    ("eob_01", _top(outcome="done"), "none of R4's"),
    ("eob_01", _top(addItem=[{}]), "lines that the payer added"),
    ("eob_01", _without("use"), "use: it is missing"),
    ("eob_01", lambda data: data["item"][0]["adjudication"][0]["amount"].update(currency="EUR"), "not in dollars"),
    ("eob_01", _item(detail=[{"sequence": 1, "productOrService": concept("97112")}]), "a service within a service"),
    ("eob_01", _item(productOrService={"coding": []}), "no code of CPT or HCPCS"),
    ("history_mila", lambda data: data["entry"][1]["resource"].update(use="claim"), "it answers a claim"),
    ("history_mila", lambda data: data["entry"][1]["resource"].update(addItem=[{}]), "lines that the payer added"),
    ("history_mila", lambda data: data["entry"][1]["resource"].update(error=[{"code": {}}]), "could not process it"),
    ("history_mila", lambda data: data["entry"][1]["resource"].pop("preAuthPeriod"), "for which days"),
    ("history_mila", lambda data: data["entry"][1]["resource"].pop("item"), "which is not said"),
    ("history_mila", lambda data: data["entry"][1]["resource"]["item"][0].update(itemSequence=7), "an item that the request does not have"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "why"), HISTORY_REFUSED, ids=[f"{n}-{one[2][:30]}" for n, one in enumerate(HISTORY_REFUSED)])
def test_a_history_is_refused_with_its_reason(name: str, change: Change, why: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=why):
        cptrules.read_histories(put(tmp_path, changed(name, change)), mapping=MAPPING)


def test_what_does_not_count_is_left_out_of_others_and_told(tmp_path: Path) -> None:
    data = bundle(sample("eob_01"), changed("eob_01", _top(id="E2", status="cancelled")), changed("claimresponse_01", _top(outcome="queued")))
    found = noted_histories(put(tmp_path, data), mapping=MAPPING)
    assert len(found.histories[0].services) == 2  # type: ignore[arg-type]
    assert any("E2 does not count" in note for note in found.notes)
    assert any("not decided yet" in note for note in found.notes)


def test_a_claim_answered_twice_is_refused_and_not_counted_twice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="answered twice"):
        cptrules.read_histories(put(tmp_path, bundle(sample("eob_01"), changed("eob_01", _top(id="E2")))))


def test_an_authorization_binds_by_what_was_approved(tmp_path: Path) -> None:
    (one,) = history_of(tmp_path, sample("history_mila")).authorizations  # type: ignore[misc]
    assert (one.number, one.payer, one.codes, one.discipline, one.visits) == ("AUTH990045", "ACME", ("97530",), "OT", 16)
    assert (str(one.from_), str(one.to), str(one.decided)) == ("2026-02-10", "2026-04-10", "2026-02-03")
    by_units = attrs.evolve(MAPPING, authorized="units")
    (one,) = history_of(tmp_path, sample("history_mila"), by_units).authorizations  # type: ignore[misc]
    assert (dict(one.units), one.visits) == ({"97530": 16}, UNKNOWN)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="FHIR does not say of what"):
        history_of(tmp_path, sample("history_mila"), FhirMapping())


APPROVAL = 'prior_authorization approved { on PT, OT  outcome deny carc CO-197  cite manual }\n'


@pytest.mark.parametrize(("code", "day", "modifier", "outcome"), [
    ("97530", "2026-03-02", "GO", "clean"), ("97533", "2026-03-02", "GO", "deny"), ("97530", "2026-04-11", "GO", "deny"),
    ("97530", "2026-03-02", "GP", "deny"),
])  # fmt: skip
def test_a_claim_is_judged_by_what_was_approved(code: str, day: str, modifier: str, outcome: str, tmp_path: Path) -> None:
    def change(data: Any) -> None:
        data["item"] = data["item"][:1]
        data["item"][0].update(productOrService=concept(code), servicedDate=day, modifier=[concept(modifier, HCPCS)])
        data["patient"] = {"reference": "Patient/mila-brandt"}
        data["insurance"][0].pop("preAuthRef")
        data["careTeam"][0].pop("qualification")

    history = attrs.evolve(history_of(tmp_path, sample("history_mila")), complete_from=date(2026, 1, 1))
    claim = claim_of(tmp_path, changed("claim_02", change))
    assert policy(APPROVAL).check(claim, history).outcome == outcome


# ---- findings out --------------------------------------------------------------------------------------------------

RULES = (
    "forbid together { on 97110  outcome deny carc CO-236 rarc N20  message \"not with another\"  cite manual section \"1\" }\n"
    "forbid remote { on 97530  when telehealth  outcome warn  cite manual }\n"
)


def outcome_of(data: Any, tmp_path: Path) -> dict[str, Any]:
    report = policy(RULES).check(claim_of(tmp_path, data))
    found: dict[str, Any] = report.to_fhir()
    return found


def test_findings_point_to_the_item_with_their_codes(tmp_path: Path) -> None:
    found = outcome_of(changed("claim_02", lambda data: data["item"].reverse()), tmp_path)
    (deny,) = [one for one in found["issue"] if one["severity"] == "error"]
    assert deny["expression"] == ["Claim.item[3]"]
    assert {(one["system"].rpartition("/")[2], one["code"]) for one in deny["details"]["coding"]} == {
        ("claim-adjustment-group-codes", "CO"), ("claim-adjustment-reason-codes", "236"), ("remittance-advice-remark-codes", "N20"),
    }  # fmt: skip
    assert "not with another" in deny["diagnostics"]
    assert found["id"] == "RB-0101"


def test_what_is_not_decided_is_a_warning_and_never_silence(tmp_path: Path) -> None:
    (open_,) = [one for one in outcome_of(sample("claim_02"), tmp_path)["issue"] if one["code"] == "incomplete"]
    assert (open_["severity"], open_["expression"]) == ("warning", ["Claim.item[3]"])

    def another_payer(data: Any) -> None:
        data["insurer"] = {"display": "Nobody's"}

    issues = outcome_of(changed("claim_02", another_payer), tmp_path)["issue"]
    (open_,) = [one for one in issues if one["severity"] == "warning"]
    assert open_["expression"] == [f"Claim.item[{n}]" for n in range(4)]


def test_a_clean_claim_says_so(tmp_path: Path) -> None:
    found = outcome_of(changed("claim_02", lambda data: data.update(item=data["item"][1:3])), tmp_path)
    assert {one["severity"] for one in found["issue"]} == {"information"}
    assert "clean" in found["issue"][0]["diagnostics"]


def test_an_outcome_is_fhir_and_holds_nothing_of_the_patient(tmp_path: Path) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    for data in (sample("bundle_01"), sample("claim_02")):
        found = cptrules.load("medicare.part_b.outpatient_therapy").check(claim_of(tmp_path, data)).to_fhir()
        get_fhir_model_class("OperationOutcome").model_validate(found)
        text = json.dumps(found)
        assert not any(word in text for word in ("elena", "oliver", "1EG4TE5MK73", "1950", "M54.50", "S83.511D", "AUTH778120"))


def test_a_documentation_finding_quotes_nothing_of_the_note() -> None:
    rules = "documentation vague { on 97110  needs progress  outcome warn  cite manual }\n"
    note = {"date": "2026-03-04", "kind": "treatment_note", "discipline": "PT", "progress": "Tolerated treatment well"}
    report = judge(policy(rules), claim(), {"complete_from": "2026-01-01", "notes": [note]})
    (finding,) = report.findings
    assert "tolerated" in finding.message.lower()
    assert "tolerated" not in json.dumps(report.to_fhir()).lower()


def test_the_command_prints_an_outcome_for_each_claim(run: Run, tmp_path: Path) -> None:  # noqa: F811
    acme, mapping = TOP / "docs" / "examples" / "acme.policy", OURS / "mapping.json"
    code, out, _ = run("check", acme, "--claim", OURS / "claim_02_commercial_auth.json", "--mapping", mapping, "--format", "fhir")
    assert (code, json.loads(out)["resourceType"]) == (3, "OperationOutcome")
    both = put(tmp_path, bundle(sample("claim_02"), sample("claim_03")))
    code, out, _ = run("check", acme, "--claim", both, "--mapping", mapping, "--format", "fhir")
    entries = json.loads(out)["entry"]
    assert (code, [one["resource"]["id"] for one in entries]) == (2, ["RB-0101", "PA-0001"])
    assert entries[1]["resource"]["issue"][0]["severity"] == "error"


# ---- the commands --------------------------------------------------------------------------------------------------


def test_the_commands_take_fhir(run: Run) -> None:  # noqa: F811
    mapping, session = OURS / "mapping.json", OURS / "bundle_01_session_claim.json"
    code, out, _ = run("bill", "medicare.part_b.outpatient_therapy", "--session", session, "--mapping", mapping)
    assert code == 3
    assert "97110 GP x2   97530 GP x1   97140 GP CQ x1" in out
    code, out, _ = run("check", "medicare.part_b.outpatient_therapy", "--claim", session, "--session", session, "--mapping", mapping)
    assert code == 3
    assert "role_of_the_session" not in out  # billed under the therapist with CQ, as Medicare has it
    code, _, err = run("check", "medicare.part_b.outpatient_therapy", "--claim", session, "--session", OURS / "eob_01_co151_units.json")
    assert code == 2
    assert "there is no Encounter in it" in err
    person, history = TOP / "docs" / "examples" / "clinic" / "patient.json", OURS / "eob_01_co151_units.json"
    code, _, err = run("remaining", "bcbs.massachusetts", "--patient", person, "--history", history, "--on", "2026-06-01")
    assert code == 2
    assert "another patient's" in err
    assert "mila" not in err


def test_a_history_of_other_patients_is_told(run: Run) -> None:  # noqa: F811
    words = ("check", TOP / "docs" / "examples" / "acme.policy", "--claim", OURS / "claim_02_commercial_auth.json", "--payer", "ACM01=ACME")
    code, out, _ = run(*words, "--history", TOP / "docs" / "examples" / "835" / "02_medicare_kx_reversal.edi")
    assert code == 3
    assert "the history given is of other patients" in " ".join(out.split())


def test_payer_names_hold_for_authorizations_too(run: Run, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "a.policy").write_text(
        'policy a.b { title "A" payer "ACME" }\nsource manual { title "M" }\n' + APPROVAL, encoding="utf-8")

    def change(data: Any) -> None:
        data["item"] = data["item"][3:]
        data["item"][0].update(servicedDate="2026-03-02", modifier=[concept("GO", HCPCS)])
        data["patient"] = {"reference": "Patient/mila-brandt"}

    (tmp_path / "m.json").write_text('{"authorized": "visits"}', encoding="utf-8")
    claim = put(tmp_path, changed("claim_02", change))
    words = ("check", tmp_path / "a.policy", "--claim", claim, "--history", OURS / "history_mila.json", "--mapping", tmp_path / "m.json")
    _, out, _ = run(*words, "--payer", "ACM01=ACME")
    assert "under the authorization since 2026-02-10" in " ".join(out.split())  # it covers the line; what was used of it is open


# ---- mappings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ([], "a mapping is an object"),
        ({"extension": {}}, "did you mean extensions?"),
        ({"extensions": {"units": "urn:x"}}, "a mapping can name"),
        ({"extensions": {"minutes": 5}}, "extensions.minutes: it is no text"),
        ({"extensions": []}, "extensions: it is not an object"),
        ({"roles": {"1": "PTT"}}, "roles.1"),
        ({"authorized": "dollars"}, "neither visits nor units"),
        ({"facts": {"a b": "urn:x"}}, "a fact's name"),
        ({"values": {"contact": ["x"]}}, "values.contact"),
        ({"patient": ""}, "patient: it is no text"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused_with_its_path(data: Any, why: str) -> None:
    with pytest.raises(InputError) as error:
        FhirMapping.from_dict(data)
    assert why in told(error.value)


# ---- held to the sources, and hostile input -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(kind for kind in ELEMENTS if "adjudication" not in kind or "item" in kind))
def test_the_names_of_elements_are_those_of_the_structure_definitions(kind: str) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    cls = get_fhir_model_class("".join(part[:1].upper() + part[1:] for part in kind.split(".")))
    known = {field.alias or name for name, field in cls.model_fields.items()}
    known = {name for name in known if not name.startswith("_") and name not in ("fhir_comments", "resourceType", "resource_type")}
    resource = {"id", "implicitRules", "language", "meta", "contained", "extension", "modifierExtension", "text"}
    assert known - resource == ELEMENTS[kind] - resource


def test_the_second_door_catches_what_r4_requires(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Claim/RB-0001: Claim\S*: it is"):
        read_claims(put(tmp_path, changed("claim_01", _top(created=[]))), validate_fhir=True)


def test_without_the_extra_the_second_door_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "fhir.resources.R4B", None)
    with pytest.raises(InputError, match=r"pip install 'cptrules\[fhir\]'"):
        read_claims(put(tmp_path, sample("claim_01")), validate_fhir=True)
    assert read_claims(put(tmp_path, sample("claim_01"))).claims


def _paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(data, dict):
        for key, one in data.items():
            found += _paths(one, (*path, key))
    elif isinstance(data, list):
        for index, one in enumerate(data):
            found += _paths(one, (*path, index))
    return found


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.just([]), st.just({}), st.lists(st.none() | st.text(max_size=3) | st.just({}), max_size=2),
    st.dictionaries(st.sampled_from(["coding", "reference", "value", "code", "identifier", "start", "resourceType", "url"]),
                    st.none() | st.text(max_size=3) | st.just([]) | st.just([{}]) | st.integers(), max_size=3),
    st.sampled_from(["2026-03-04T25:00:00Z", "9999-12-31T23:59:59+14:00", "#", "#p", "Claim/", "/", "1e400", "-0"]),
)  # fmt: skip
EDITED = [name for name in ("claim_01", "bundle_01", "history_mila", "cms_bfd", "inferno") for _ in range(1)]
SIZES = {name: _paths(sample(name)) for name in EDITED}


@st.composite
def edited(draw: st.DrawFn) -> Any:
    name = draw(st.sampled_from(EDITED))
    data = sample(name)
    for path in draw(st.lists(st.sampled_from(SIZES[name]), min_size=1, max_size=3)):
        at = data
        try:
            for step in path[:-1]:
                at = at[step]
            if draw(st.booleans()):
                at[path[-1]] = draw(JUNK)
            else:
                del at[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier edit took it away
    return data


@settings(max_examples=150)
@given(edited())
def test_an_edited_sample_is_read_or_refused_and_nothing_else(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "edited.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    for read in (read_claims, noted_histories, noted_sessions):
        try:
            found = read(path, mapping=MAPPING)
        except InputError as error:
            assert error.faults
        else:
            for claim in getattr(found, "claims", ()):
                assert Claim.from_dict(claim.to_dict()) == claim


@settings(max_examples=30)
@given(edited())
def test_the_second_door_is_never_a_traceback(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "edited.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    try:
        read_claims(path, mapping=MAPPING, validate_fhir=True)
    except InputError as error:
        assert not any(word in told(error) for word in ("elena", "1EG4TE5MK73", "Rivera"))


@given(st.integers(1, 8000))
@settings(max_examples=20)
def test_a_truncated_file_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    text = (OURS / "claim_01_medicare_therapy.json").read_text(encoding="utf-8")[:length]
    path = tmp_path_factory.getbasetemp() / "cut.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        read_claims(path)


def test_deep_and_large_files(tmp_path: Path) -> None:
    deep: Any = {"resourceType": "Claim"}
    for _ in range(150):
        deep = bundle(deep)
    with pytest.raises(InputError, match="nested too deep"):
        read_claims(put(tmp_path, deep))
    claim = sample("claim_01")
    many = [{**claim, "id": f"C{number}", "identifier": [{"value": f"C{number}"}]} for number in range(1500)]
    path = put(tmp_path, bundle(*many))
    assert path.stat().st_size > 8_000_000
    assert len(read_claims(path).claims) == 1500


# ---- whose claim it is, where it names no insurer ------------------------------------------------------------------


def _covered_by(payors: list[dict[str, str]]) -> list[dict[str, Any]]:
    claim = {name: value for name, value in sample("claim_01").items() if name != "insurer"}
    claim["insurance"] = [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cov9"}}]
    whose = {"reference": "Patient/p9"}
    return [claim, {"resourceType": "Coverage", "id": "cov9", "status": "active", "beneficiary": whose, "payor": payors}]


@pytest.mark.parametrize(
    ("payors", "payer"),
    [
        ([{"reference": "Organization/BIG", "display": "Big Payer"}], "Big Payer"),
        ([{"reference": "Organization/A", "display": "A"}, {"reference": "Organization/B", "display": "B"}], UNKNOWN),
        ([{"reference": "Patient/p9", "display": "Jane Doe"}], UNKNOWN),  # who pays by herself is no payer, and her name is nobody's
        ([{"type": "RelatedPerson", "display": "John Doe"}], UNKNOWN),
    ],
)
def test_a_claim_without_an_insurer_takes_the_only_payer_of_its_coverage(payors: list[dict[str, str]], payer: Any, tmp_path: Path) -> None:
    found = read_claims(put(tmp_path, bundle(*_covered_by(payors))))
    (claim,) = found.claims
    assert claim.payer == payer
    assert any("names no insurer" in note for note in found.notes) == (payer is not UNKNOWN)
    assert "Doe" not in "".join(found.notes)


def test_a_service_over_several_days_of_a_history_is_said(tmp_path: Path) -> None:
    def over_days(data: Any) -> None:
        data["item"][0].pop("servicedDate", None)
        data["item"][0]["servicedPeriod"] = {"start": "2026-03-02", "end": "2026-03-06"}

    found = noted_histories(put(tmp_path, changed("eob_01", over_days)), mapping=MAPPING)
    assert any("item[0] is over several days" in note for note in found.notes)
