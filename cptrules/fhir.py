"""FHIR R4: claims from Claim, sessions from Encounter and Procedure, history from ExplanationOfBenefit and ClaimResponse, findings out.

Read from plain JSON; what a record may hold is asked by the same reader as of any other input. FHIR has no element for therapy
minutes on a claim, contact or the number of patients: a `Mapping` names the extension where an EHR puts them, and without one they
are unknown. Sources: HL7 FHIR R4 4.0.1, resources Claim, Encounter, Procedure, ExplanationOfBenefit, ClaimResponse, OperationOutcome.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

import attrs

from .claims import Claim, History, Session
from .errors import Fault, InputError, Refusal
from .interchange import read
from .report import Report
from .vocabulary import ROLES
from .x12 import role_of

T = TypeVar("T")
NPI: Final = "http://hl7.org/fhir/sid/us-npi"
TAXONOMY: Final = "http://nucc.org/provider-taxonomy"
_SEX: Final = {"female": "F", "male": "M"}
_NO_DENIAL: Final = ("45", "1", "2", "3", "253", "59", "23", "94", "131", "144", "237")
_SEVERITY: Final = {"deny": "error", "pend": "warning", "reduce": "warning", "warn": "warning", "inform": "information"}


@attrs.frozen
class Mapping:
    """Where an EHR puts what FHIR has no element for: extension URLs by field, names of payers, roles by NPI.

    As JSON: `{"extensions": {"minutes": "https://..."}, "payers": {"15202": "MEDICARE_B"}, "roles": {"1123456786": "PTA"},
    "authorized": "visits"}`. `authorized` says what the amounts of a preauthorization's answer count.
    """

    extensions: dict[str, str] = attrs.field(factory=dict)
    payers: dict[str, str] = attrs.field(factory=dict)
    roles: dict[str, str] = attrs.field(factory=dict)
    authorized: str = ""

    @classmethod
    def from_dict(cls, data: Any) -> Mapping:
        """Read a mapping from plain dicts; raises InputError with the path of what is wrong."""
        if not isinstance(data, dict):
            raise InputError([Fault("", "the mapping is no object")])
        faults = [Fault(str(key), "no such key; there are extensions, payers, roles, authorized") for key in data if key not in attrs.fields_dict(cls)]
        for name in ("extensions", "payers", "roles"):
            given = data.get(name, {})
            if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
                faults.append(Fault(name, "it is no object of texts"))
        roles = data.get("roles", {})
        faults += [Fault("roles", f"no role is called {one!r}") for one in (roles.values() if isinstance(roles, dict) else ()) if one not in ROLES]
        if faults:
            raise InputError(faults)
        return cls(**data)


@attrs.frozen
class Read:
    """What FHIR resources gave: records, those that could not be read with their reasons, and what was taken for granted."""

    records: tuple[Any, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


# ---- resources ---------------------------------------------------------------------------------------------------

_Resource = dict[str, Any]


@attrs.frozen
class _Box:
    """The resources of a file by type, and by reference."""

    all: tuple[_Resource, ...]

    def of(self, kind: str) -> list[_Resource]:
        return [one for one in self.all if one.get("resourceType") == kind]

    def find(self, reference: Any, inside: _Resource | None = None) -> _Resource:
        """The resource that a reference names, in the file or contained; an empty one where it is not here."""
        text = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(text, str):
            return {}
        if text.startswith("#"):
            contained = (inside or {}).get("contained") or ()
            return next((one for one in contained if isinstance(one, dict) and one.get("id") == text[1:]), {})
        kind, _, name = text.rpartition("/")
        return next((one for one in self.all if one.get("id") == name and kind.endswith(str(one.get("resourceType")))), {})


def is_fhir(data: Any) -> bool:
    """Whether JSON is FHIR: it names its resource type."""
    first = data[0] if isinstance(data, list) and data else data
    return isinstance(first, dict) and "resourceType" in first


def _box(data: Any) -> _Box:
    found: list[_Resource] = []
    for one in data if isinstance(data, list) else [data]:
        if not isinstance(one, dict) or not isinstance(one.get("resourceType"), str):
            raise InputError([Fault("resourceType", "each resource names its type")])
        if one["resourceType"] == "Bundle":
            entries = one.get("entry") or []
            if not isinstance(entries, list):
                raise InputError([Fault("Bundle.entry", "it is no list")])
            found += [entry["resource"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)]
        else:
            found.append(one)
    return _Box(tuple(found))


def _each(box: _Box, kind: str, what: str, cls: type[T], made: Callable[[_Resource], dict[str, Any]], alone: bool = True) -> Read:
    """Make a record of each resource of a kind; one that can't be made is refused by itself."""
    found, refusals = [], []
    resources = box.of(kind)
    if not resources and alone:
        kinds = ", ".join(sorted({str(one.get("resourceType")) for one in box.all})) or "nothing"
        raise InputError([Fault("", f"there is no {kind} in it, of which a {what} is made; there is {kinds}")])
    for number, one in enumerate(resources):
        try:
            found.append(read(cls, made(one)))
        except InputError as error:
            refusals.append(Refusal(_text(one.get("id")), f"{kind}[{number}]", error.faults))
        except (KeyError, TypeError, AttributeError, ValueError, IndexError):
            fault = Fault("", f"the {kind} has not the shape that FHIR R4 gives it")
            refusals.append(Refusal(_text(one.get("id")), f"{kind}[{number}]", (fault,)))
    return Read(tuple(found), tuple(refusals))


# ---- claims ------------------------------------------------------------------------------------------------------


def claims_of(data: Any, mapping: Mapping | None = None) -> Read:
    """Make claims of the Claim resources of a file; a request for approval is no claim, and refused as such."""
    box, known = _box(data), mapping or Mapping()
    found = _each(box, "Claim", "claim", Claim, lambda one: _claim(one, box, known))
    days = sorted({str(one.received) for one in found.records if isinstance(one.received, date)})
    notes = (f"received is taken to be {', '.join(days)}, the date the claim was created",) if days else ()
    return attrs.evolve(found, notes=notes)


def _claim(one: _Resource, box: _Box, known: Mapping) -> dict[str, Any]:
    _refuse_other_claims(one)
    return _left_out({
        "id": _identifier(one) or one.get("id"), "payer": _payer(one, box, known), "plan": _plan(one, box), "received": str(one.get("created", ""))[:10] or None,
        "claim_kind": "corrected" if one.get("related") else None, "diagnoses": [_code(d["diagnosisCodeableConcept"]) for d in _by_sequence(one, "diagnosis")],
        "patient": _patient(one.get("patient"), box), "billing_provider": _left_out({"npi": _npi(one.get("provider"), box, one)}) or None,
        "authorizations": [ref for cover in one.get("insurance", ()) for ref in cover.get("preAuthRef", ())] or None,
        "lines": [_item(item, one, box, known) for item in one.get("item", ())],
    })  # fmt: skip


def _refuse_other_claims(one: _Resource) -> None:
    faults = []
    if one.get("use") not in ("claim", None):
        faults.append(Fault("use", f"it is a {one['use']}: a request, and no claim"))
    kind = _code(one.get("type"))
    if kind not in ("professional", "institutional", None):
        faults.append(Fault("type", "it is neither a professional nor an institutional claim"))
    if one.get("status") in ("cancelled", "entered-in-error", "draft"):
        faults.append(Fault("status", f"it is {one['status']}"))
    if faults:
        raise InputError(faults)


def _item(item: _Resource, one: _Resource, box: _Box, known: Mapping) -> dict[str, Any]:
    order = [entry.get("sequence") for entry in _by_sequence(one, "diagnosis")]
    return _left_out({
        "number": item["sequence"], "code": _code(item["productOrService"]), "modifiers": [_code(modifier) for modifier in item.get("modifier", ())],
        "units": _whole(item.get("quantity", {}).get("value")), "charge": _money(item.get("net") or {}), "date_of_service": _day(item),
        "place_of_service": _code(item.get("locationCodeableConcept")), "revenue_code": _code(item.get("revenue")),
        "diagnosis_pointers": [order.index(n) + 1 for n in item.get("diagnosisSequence", ()) if n in order] or None,
        "rendering_provider": _rendering(item, one, box, known), **_extended(item, known),
    })  # fmt: skip


def _day(item: _Resource) -> str | None:
    """A line is of one day; a period of several says not which."""
    if item.get("servicedDate"):
        return str(item["servicedDate"])
    period = item.get("servicedPeriod") or {}
    start, end = str(period.get("start", ""))[:10], str(period.get("end", ""))[:10]
    if start and end and start != end:
        raise InputError([Fault(f"item {item.get('sequence')}: servicedPeriod", "a service of several days: which day counts is not said")])
    return start or None


def _rendering(item: _Resource, one: _Resource, box: _Box, known: Mapping) -> dict[str, Any] | None:
    """Who rendered a line: of its care team the primary, else the only one."""
    team = [member for member in one.get("careTeam", ()) if member.get("sequence") in item.get("careTeamSequence", ())]
    chosen = [member for member in team if _code(member.get("role")) in ("primary", "rendering", "performing")] or team
    if not chosen:
        return None
    taxonomy, npi = _code(chosen[0].get("qualification")), _npi(chosen[0].get("provider"), box, one)
    return _left_out({"npi": npi, "taxonomy": taxonomy, "role": known.roles.get(npi or "") or role_of(taxonomy or "")})


def _extended(element: _Resource, known: Mapping) -> dict[str, Any]:
    """Fields that the mapping finds in extensions."""
    found: dict[str, Any] = {}
    for field, url in known.extensions.items():
        for extension in element.get("extension", ()):
            if extension.get("url") == url:
                value = next((given for key, given in extension.items() if key.startswith("value")), None)
                found[field] = _whole(value.get("value")) if isinstance(value, dict) and "value" in value else _plain(value)
    return found


def _plain(value: Any) -> Any:
    return _whole(value) if isinstance(value, Decimal) else _code({"coding": [value]}) if isinstance(value, dict) else value


# ---- sessions ----------------------------------------------------------------------------------------------------


def sessions_of(data: Any, mapping: Mapping | None = None) -> Read:
    """Make sessions of the Encounter resources of a file and the Procedures that belong to each."""
    box, known = _box(data), mapping or Mapping()
    return _each(box, "Encounter", "session", Session, lambda one: _session(one, box, known))


def _session(one: _Resource, box: _Box, known: Mapping) -> dict[str, Any]:
    if one.get("status") != "finished":
        raise InputError([Fault("status", f"the encounter is {one.get('status', 'of no status')}, not finished")])
    mine = [p for p in box.of("Procedure") if _tail(p.get("encounter")) == one.get("id") and p.get("status") == "completed"]
    claim = next(iter(box.of("Claim")), {})
    period, length = one.get("period") or {}, one.get("length") or {}
    minutes = _whole(length.get("value")) if length.get("code") == "min" else _minutes(period)
    return _left_out({
        "id": one.get("id"), "date": str(period.get("start", ""))[:10], "payer": _payer(claim, box, known) if claim else None,
        "plan": _plan(claim, box) if claim else None, "patient": _patient(one.get("subject"), box), "total_minutes": minutes,
        "diagnoses": [code for reason in one.get("reasonCode", ()) if (code := _code(reason))] or None,
        "billing_provider": _left_out({"npi": _npi(one.get("serviceProvider"), box, one)}) or None,
        "interventions": [_intervention(p, one, box, known) for p in mine], **_extended(one, known),
    })  # fmt: skip


def _intervention(procedure: _Resource, encounter: _Resource, box: _Box, known: Mapping) -> dict[str, Any]:
    period = procedure.get("performedPeriod") or {}
    actor = next((one.get("actor") for one in procedure.get("performer", ())), None)
    npi = _npi(actor, box, encounter) or _npi_of_participant(actor, encounter)
    start = str(period.get("start", ""))[11:16]
    return _left_out({
        "code": _code(procedure.get("code")), "minutes": _minutes(period), "start": start or None,
        "rendering_provider": _left_out({"npi": npi}) or None, "role": known.roles.get(npi or "") or _role_in_claims(actor, box),
        "description": next((one.get("text") for one in procedure.get("note", ())), None), **_extended(procedure, known),
    })  # fmt: skip


def _npi_of_participant(actor: Any, encounter: _Resource) -> str | None:
    for one in encounter.get("participant", ()):
        individual = one.get("individual") or {}
        if actor and individual.get("reference") == actor.get("reference"):
            return _npi(individual, _Box(()), encounter)
    return None


def _role_in_claims(actor: Any, box: _Box) -> str | None:
    """The role that a claim of the same file gives a practitioner by taxonomy."""
    for claim in box.of("Claim"):
        for member in claim.get("careTeam", ()):
            if actor and (member.get("provider") or {}).get("reference") == actor.get("reference"):
                return role_of(_code(member.get("qualification")) or "")
    return None


def _minutes(period: _Resource) -> int | None:
    """Whole minutes from a period's start to its end."""
    start, end = period.get("start"), period.get("end")
    if not isinstance(start, str) or not isinstance(end, str) or "T" not in start or "T" not in end:
        return None
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    return int(seconds // 60)


# ---- history -----------------------------------------------------------------------------------------------------


def histories_of(data: Any, mapping: Mapping | None = None) -> Read:
    """Make a history for each patient of the ExplanationOfBenefit and ClaimResponse resources of a file; complete it is not."""
    box, known = _box(data), mapping or Mapping()
    if not box.of("ExplanationOfBenefit") and not box.of("ClaimResponse"):
        raise InputError([Fault("", "there is no ExplanationOfBenefit and no ClaimResponse in it, of which a history is made")])
    whose: dict[str, dict[str, Any]] = {}
    refusals: list[Refusal] = []
    for kind, made, key in (("ExplanationOfBenefit", _services, "services"), ("ClaimResponse", _approval, "authorizations")):
        for number, one in enumerate(box.of(kind)):
            try:
                records = made(one, box, known)
            except InputError as error:
                refusals.append(Refusal(_text(one.get("id")), f"{kind}[{number}]", error.faults))
                continue
            except (KeyError, TypeError, AttributeError, ValueError, IndexError):
                refusals.append(Refusal(_text(one.get("id")), f"{kind}[{number}]", (Fault("", f"the {kind} has not the shape that FHIR R4 gives it"),)))
                continue
            patient = (_patient(one.get("patient"), box) or {}).get("id", "")
            if records:
                whose.setdefault(patient, {}).setdefault(key, []).extend(records)
    found = []
    for patient, history in whose.items():
        found.append(read(History, {**({"patient": patient} if patient else {}), **history}))
    return Read(tuple(found), tuple(refusals))


def _services(one: _Resource, box: _Box, known: Mapping) -> list[dict[str, Any]]:
    if one.get("use") not in ("claim", None) or one.get("status") not in ("active", None):
        raise InputError([Fault("use", "it is no active claim's: it tells of no service that counts")])
    name = _tail(one.get("claim")) or _identifier(one) or one.get("id")
    provider = _left_out({"npi": _npi(one.get("provider"), box, one)})
    diagnoses = [_code(d.get("diagnosisCodeableConcept")) for d in _by_sequence(one, "diagnosis")]
    shared = _left_out({"claim": name, "billing_provider": provider or None, "diagnoses": [code for code in diagnoses if code] or None})
    found = []
    for item in one.get("item", ()):
        record = {key: value for key, value in _item(item, one, box, known).items() if key != "diagnosis_pointers"}
        found.append({**record, **shared, **_adjudicated(item)})
        read(History, {"services": [found[-1]]})
    return found


def _adjudicated(item: _Resource) -> dict[str, Any]:
    """What a payer allowed and paid for an item, and whether that is a denial."""
    amounts: dict[str, Decimal] = {}
    reasons: list[str] = []
    for one in item.get("adjudication", ()):
        category, amount = _code(one.get("category")), (one.get("amount") or {}).get("value")
        if category in ("eligible", "benefit") and amount is not None:
            amounts[category] = Decimal(str(amount))
        reason = _code(one.get("reason"))
        if reason is not None:
            reasons.append(reason)
    paid, allowed = amounts.get("benefit"), amounts.get("eligible")
    denied = paid == 0 and not allowed and any(reason not in _NO_DENIAL for reason in reasons)
    known = {"paid": _cents(paid), "allowed": _cents(allowed), "denied": denied if paid is not None else None}
    return _left_out(known)


def _cents(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _approval(one: _Resource, box: _Box, known: Mapping) -> list[dict[str, Any]]:
    """An authorization, where an answer to a request approves something."""
    if one.get("use") != "preauthorization":
        raise InputError([Fault("use", "it answers no request for approval; what was paid stands in an ExplanationOfBenefit")])
    if not one.get("preAuthRef"):
        raise InputError([Fault("preAuthRef", "it approves nothing: it gives no authorization number")])
    period = one.get("preAuthPeriod") or {}
    values = [_whole(a.get("value")) for item in one.get("item", ()) for a in item.get("adjudication", ()) if a.get("value") is not None]
    many = sum(value for value in values if isinstance(value, int)) if values else None
    return [_left_out({
        "number": one["preAuthRef"], "from": str(period.get("start", ""))[:10] or None, "to": str(period.get("end", ""))[:10] or None,
        "decided": str(one.get("created", ""))[:10] or None, "visits": many if known.authorized == "visits" else None,
    })]  # fmt: skip


# ---- pieces ------------------------------------------------------------------------------------------------------


def _left_out(record: dict[str, Any]) -> dict[str, Any]:
    """What was not found is left out: not known, rather than absent."""
    return {key: value for key, value in record.items() if value is not None}


def _code(concept: Any) -> str | None:
    """The first code of a concept."""
    for coding in (concept or {}).get("coding", ()) if isinstance(concept, dict) else ():
        if isinstance(coding, dict) and isinstance(coding.get("code"), str):
            return coding["code"]
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _identifier(one: _Resource) -> str | None:
    return next((_text(given.get("value")) for given in one.get("identifier", ()) if isinstance(given, dict)), None)


def _by_sequence(one: _Resource, name: str) -> list[_Resource]:
    return sorted(one.get(name, ()), key=lambda entry: entry["sequence"])


def _tail(reference: Any) -> str | None:
    text = reference.get("reference") if isinstance(reference, dict) else None
    return text.rpartition("/")[2] if isinstance(text, str) else None


def _npi(reference: Any, box: _Box, inside: _Resource) -> str | None:
    """The NPI of a reference: its own identifier, else that of the resource it names."""
    if not isinstance(reference, dict):
        return None
    own = reference.get("identifier")
    given = [own] if isinstance(own, dict) else box.find(reference, inside).get("identifier") or ()
    return next((_text(one.get("value")) for one in given if one.get("system") == NPI), None)


def _payer(one: _Resource, box: _Box, known: Mapping) -> str | None:
    insurer = one.get("insurer") or {}
    own = insurer.get("identifier") or {}
    name = _text(own.get("value")) or _identifier(box.find(insurer, one)) or _text(insurer.get("display"))
    return known.payers.get(name, name) if name is not None else None


def _plan(one: _Resource, box: _Box) -> str | None:
    for cover in one.get("insurance", ()):
        for entry in box.find(cover.get("coverage"), one).get("class", ()) if cover.get("focal", True) else ():
            if _code(entry.get("type")) == "plan":
                return _text(entry.get("value"))
    return None


def _patient(reference: Any, box: _Box) -> dict[str, Any] | None:
    found = box.find(reference)
    name = _identifier(found) or _tail(reference)
    return _left_out({"id": name, "birth_date": found.get("birthDate"), "sex": _SEX.get(str(found.get("gender")))}) or None


def _whole(value: Any) -> Any:
    """A number as a whole one where it is; what has a fraction stays, and is refused with its path."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def _money(amount: _Resource) -> str | None:
    value = amount.get("value")
    return None if value is None else f"{Decimal(str(value)):.2f}"


# ---- findings out ------------------------------------------------------------------------------------------------


def operation_outcome(report: Report) -> dict[str, Any]:
    """Give a report as an OperationOutcome: one issue a finding, and one for each rule that is open.

    `expression` names the item of the Claim, in the order of its line numbers; nothing of the patient is in it.
    """
    order = {line.number: index for index, line in enumerate(report.lines)}
    issues = [_issue(finding, order) for finding in report.findings]
    issues += [
        {"severity": "information", "code": "incomplete", "diagnostics": f"{status.rule}: {' '.join(one.question for one in status.missing) or status.why}",
         "expression": [f"Claim.item[{order[n]}]" for n in status.lines if n in order]}
        for status in report.rules if status.status == "undetermined"
    ]  # fmt: skip
    if not issues:
        issues = [{"severity": "information", "code": "informational", "diagnostics": "no finding"}]
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(finding: Any, order: dict[int, int]) -> dict[str, Any]:
    codings = [{"system": "https://x12.org/codes/claim-adjustment-reason-codes", "code": finding.carc.partition("-")[2]}] if finding.carc else []
    codings += [{"system": "https://x12.org/codes/remittance-advice-remark-codes", "code": rarc} for rarc in finding.rarc]
    return {
        "severity": _SEVERITY[finding.outcome], "code": "business-rule",
        "details": {**({"coding": codings} if codings else {}), "text": f"{finding.outcome}: {finding.rule}"},
        "diagnostics": finding.message, "expression": [f"Claim.item[{order[n]}]" for n in finding.lines if n in order],
    }  # fmt: skip


def validated(data: Any) -> Iterator[Fault]:
    """Hold resources to fhir.resources' R4B classes (extra `[fhir]`); gives the path of each fault, and no value.

    Raises InputError where the extra is not installed.
    """
    try:
        from fhir.resources.R4B import get_fhir_model_class  # type: ignore[import-not-found]
        from pydantic import ValidationError  # type: ignore[import-not-found]
    except ImportError:
        raise InputError([Fault("", "validating FHIR needs the fhir extra: pip install 'cptrules[fhir]'")]) from None
    for one in _box(data).all:
        kind = str(one["resourceType"])
        try:
            get_fhir_model_class(kind).model_validate(_floats(one))
        except ValidationError as error:
            for told in error.errors(include_input=False, include_url=False):
                path = ".".join(str(part) for part in told["loc"])
                yield Fault(f"{kind}.{path}", re.sub(r"[\r\n]+.*", "", str(told["msg"])))
        except (KeyError, ValueError):
            yield Fault(kind, "FHIR R4 has no such resource")


def _floats(value: Any) -> Any:
    """Decimals as the numbers that fhir.resources reads."""
    if isinstance(value, dict):
        return {key: _floats(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_floats(one) for one in value]
    return float(value) if isinstance(value, Decimal) else value


def refused(found: Iterable[Refusal]) -> InputError:
    """Every fault of every resource that was refused, each with its place."""
    return InputError(Fault(f"{one.place}: {fault.path}".strip(": "), fault.message, fault.suggestion) for one in found for fault in one.faults)
