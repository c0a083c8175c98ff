"""History: services from ExplanationOfBenefit, authorizations from a preauthorization's ClaimResponse.

Sources: HL7 FHIR R4 4.0.1, ExplanationOfBenefit and ClaimResponse; the adjudication codes of HL7 (eligible, benefit) and of CARIN for Blue
Button (paidtoprovider, paidtopatient, allowedunits); Da Vinci Prior Authorization Support 1.1 and 2.0, extension-reviewAction, for what
was certified (X12 code list 306). What a file tells of is never all there is: no history made here says that it is complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import attrs

from ..adjustments import denying, is_denied
from ..claims import History
from ..errors import Fault, InputError, Refusal
from ..interchange import read
from ..vocabulary import MODIFIER_DISCIPLINE
from .bundle import Box, Entry, key_of
from .claim import STATUSES, USES
from .elements import Element, in_utc, stated
from .mapping import FhirMapping
from .reading import REVENUE, Source, money

_CARC: Final = "https://x12.org/codes/claim-adjustment-reason-codes"
_OUTCOMES: Final = {"queued": None, "complete": None, "error": None, "partial": None}
_SETTLED: Final = ("complete", "partial")
_TOTAL_CHARGE: Final = "0001"  # NUBC: the line that sums the others
_REVIEW: Final = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewAction"
_REVIEW_CODE: Final = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewActionCode"
_CERTIFIED: Final = ("A1", "A2", "A6")


@attrs.frozen
class ReadHistories:
    """What a file's answers of payers gave, one history a patient; `notes` says what was left out, and why."""

    histories: tuple[History, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


class _NothingCounts(Exception):
    """A record that tells of no service and no approval, with the reason."""


def histories_of(box: Box, known: FhirMapping) -> ReadHistories:
    """Make a history for each patient of the ExplanationOfBenefit and ClaimResponse resources of a file.

    Raises InputError where there is none, or where none of them tells of a service or an approval.
    """
    source = Source(box, known)
    entries = [one for one in box.entries if one.kind in ("ExplanationOfBenefit", "ClaimResponse")]
    if not entries:
        told = f"there is no ExplanationOfBenefit and no ClaimResponse in it, of which a history is made; there is {box.kinds()}"
        raise InputError([Fault("", told)])
    whose: dict[str | None, dict[str, list[Any]]] = {}
    refusals: list[Refusal] = []
    notes: list[str] = []
    for entry in entries:
        try:
            patient, key, records = _made(entry, source, notes)
            whose.setdefault(patient, {}).setdefault(key, []).extend(records)
        except InputError as error:
            refusals.append(Refusal(entry.id, entry.where, error.faults))
        except _NothingCounts as reason:
            notes.append(f"{entry.where} {reason}")
    if not whose and not refusals:
        raise InputError(Fault("", note) for note in notes)
    refusals += _twice_told(whose)
    found = [read(History, {**stated({"patient": patient}), **parts}) for patient, parts in whose.items()] if not refusals else []
    return ReadHistories(tuple(found), tuple(refusals), (*_notes(entries, source), *notes))


def _made(entry: Entry, source: Source, notes: list[str]) -> tuple[str | None, str, list[Any]]:
    """Whose it is, and what it adds to which list of a history."""
    one = entry.element([])
    _check_counts(one)
    if entry.kind == "ExplanationOfBenefit":
        key, records = "services", [*_services(entry, one, source, notes)]
    else:
        key, records = "authorizations", [_authorization(entry, one, source)]
    patient = source.patient(one, "patient")
    one.raise_faults()
    return (patient or {}).get("id"), key, records


def _check_counts(one: Element) -> None:
    """Status and use: what is active counts; what is known not to count is told; the rest is refused."""
    status, use = one.text("status") or "", one.text("use") or ""
    answers_claim = one.kind == "ExplanationOfBenefit"
    counted = "claim" if answers_claim else "preauthorization"
    if STATUSES.get(status) and use in USES:
        raise _NothingCounts(f"does not count: {STATUSES[status]}")
    one.only("status", STATUSES)
    if use in USES and use not in (counted, "claim"):
        raise _NothingCounts(f"tells of no service that was given: its use is {use}")
    if use == "claim" and not answers_claim:
        one.say("use", "it answers a claim, and does not say which services: give the ExplanationOfBenefit, or the 835")
    elif use not in USES:
        one.say("use", f"it is missing, or none of R4's: {', '.join(USES)}")
    one.only("outcome", _OUTCOMES)
    if one.data.get("error"):
        one.say("error", "the payer could not process it")
    if "addItem" in one.data:
        one.say("addItem", "lines that the payer added are not read")
    one.raise_faults()


def _notes(entries: list[Entry], source: Source) -> Iterator[str]:
    payers = {source.payer(one.element([]).reference("insurer")) for one in entries} - {None}
    if len(payers) > 1:
        yield f"the history has services of {len(payers)} payers; a limit counts them all"
    if any(True for entry in entries for _ in in_utc(entry.data)):
        yield "times of the file are in UTC (Z): their day is taken as it is written, and may not be the clinic's"
    if source.box.partial:
        yield "the file is one page of several: what stands on the others is not in this history"


def _twice_told(whose: dict[str | None, dict[str, list[Any]]]) -> list[Refusal]:
    """Two active answers to one claim would count its services twice."""
    found: list[Refusal] = []
    for parts in whose.values():
        seen: dict[str, str] = {}
        for record in parts.get("services", ()):
            where = record.pop("where")
            if "claim" in record and seen.setdefault(record["claim"], where) != where:
                fault = Fault("ExplanationOfBenefit.claim", f"the claim is answered twice, and both are active; the other is {seen[record['claim']]}")
                if not any(one.place == where for one in found):
                    found.append(Refusal(None, where, (fault,)))
    return found


# ---- services ----------------------------------------------------------------------------------------------------


def _services(entry: Entry, one: Element, source: Source, notes: list[str]) -> Iterator[dict[str, Any]]:
    numbers, codes = source.diagnoses(one)
    cover, _ = source.focal(one)
    team = one.by_sequence("careTeam")
    settled = one.data.get("outcome") in _SETTLED
    if not settled:
        notes.append(f"{entry.where} is not decided yet ({one.data['outcome']}): its services count, what is paid for them is not known")
    shared = stated({
        "claim": _claim_name(one, source), "plan": source.plan(cover), "billing_provider": source.provider(one.reference("provider")),
        "diagnoses": codes or None,
    })  # fmt: skip
    items = one.each("item")
    if not items:
        notes.append(f"{entry.where} lists no services: what was given is not known")
    for item in items:
        if source.codes(item.concept("revenue"), REVENUE) == [_TOTAL_CHARGE] and not source.codes(item.concept("productOrService"), _BILLED):
            notes.append(f"{entry.where}: {item.path.partition('.')[2]} is the sum of charges (revenue code 0001), and no service")
            continue
        source.refuse_details(item)
        if "servicedPeriod" in item.data and source.day(item, one) is None:
            which = item.path.partition(".")[2]
            notes.append(f"{entry.where}: {which} is over several days: it counts as one service of a day unknown, and may be more")
        record = {**source.service(item, one, numbers, team), **shared, **({"modifiers": source.modifiers(item)} if "modifier" in item.data else {})}
        record.update(_adjudicated(item, source, settled))
        if record.get("units", 0) is None:
            del record["units"]
        _hold(record, item)
        yield {**record, "where": entry.where}


_BILLED: Final = ("http://www.ama-assn.org/go/cpt", "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets")


def _hold(record: dict[str, Any], item: Element) -> None:
    """Hold a service to what interchange.md asks of it; the faults in the item's own path."""
    try:
        read(History, {"services": [record]})
    except InputError as error:
        for fault in error.faults:
            if not (item.faults and "missing" in fault.message):
                item.say(fault.path.removeprefix("services[0]").removeprefix("."), fault.message, fault.suggestion)


def _claim_name(one: Element, source: Source) -> str | None:
    """The claim it answers, as `Claim` names it; where none is named, the record's own id."""
    reference = one.reference("claim")
    found = source.box.find(reference)
    own = reference.child("identifier", "Identifier") if reference is not None else None
    named = source.name_of(found) if found is not None else (own.text("value") if own is not None else None)
    return named or key_of(reference) or one.text("id")


def _adjudicated(item: Element, source: Source, settled: bool) -> dict[str, Any]:
    """What a payer allowed and paid for a line, the units it allowed, and whether it denied it."""
    amounts: dict[str, set[str]] = {}
    reasons, units = [], set()
    for one in item.each("adjudication"):
        concept = one.concept("category")
        categories = {coding.text("code") for coding in concept.each("coding", "Coding")} if concept is not None else set()
        amount = money(one, "amount")
        for category in categories - {None}:
            if amount is not None:
                amounts.setdefault(str(category), set()).add(amount)
        if "allowedunits" in categories:
            units.add(one.number("value"))
        reasons += [code for code in source.codes(one.concept("reason"), (_CARC,))]
    if not settled:
        return {}
    paid, allowed = _paid(amounts), _one(amounts, "eligible")
    denied = is_denied(paid, allowed, reasons)
    found = stated({"paid": _cents(paid), "allowed": _cents(allowed), "denied": denied})
    stated_units = units.pop() if len(units) == 1 else None
    if stated_units is not None and stated_units == stated_units.to_integral_value() and 0 <= stated_units < 10**9:
        found["units"] = int(stated_units)
    elif denied is False and denying(reasons):
        found["units"] = None  # paid in part for a reason that denies: how many of the units were paid is not said
    return found


def _one(amounts: dict[str, set[str]], category: str) -> Decimal | None:
    """The amount of a category; several that differ are none."""
    found = amounts.get(category, set())
    return Decimal(next(iter(found))) if len(found) == 1 else None


def _paid(amounts: dict[str, set[str]]) -> Decimal | None:
    """What the payer paid: to the provider and to the patient (CARIN), or the benefit (HL7); where the two differ it is not known."""
    if any(len(amounts.get(name, ())) > 1 for name in ("paidtoprovider", "paidtopatient", "benefit")):
        return None
    parts = [found for name in ("paidtoprovider", "paidtopatient") if (found := _one(amounts, name)) is not None]
    benefit, paid = _one(amounts, "benefit"), sum(parts, Decimal(0)) if parts else None
    return None if benefit is not None and paid is not None and benefit != paid else paid if benefit is None else benefit


def _cents(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


# ---- authorizations ----------------------------------------------------------------------------------------------


def _authorization(entry: Entry, one: Element, source: Source) -> dict[str, Any]:
    """What was approved. An authorization binds by what it states (M7.1), so what can't be told refuses it: left out it would bind nothing."""
    if one.data.get("outcome") not in _SETTLED:
        raise _NothingCounts(f"is not decided yet ({one.data['outcome']}): nothing is approved")
    items = {number: item for item in one.each("item") if (number := item.whole("itemSequence")) is not None}
    reviews = {number: review for number, item in items.items() if (review := _review(item)) is not None}
    approved = [number for number in items if number not in reviews or reviews[number][0] in _CERTIFIED]
    name = one.text("preAuthRef") or next((reviews[n][1] for n in approved if n in reviews and reviews[n][1]), None)
    one.raise_faults()
    if items and not approved:
        raise _NothingCounts(f"approves nothing: {', '.join(sorted({code for code, _ in reviews.values()}))} is not certified (X12 code list 306)")
    if name is None:
        raise _NothingCounts("approves nothing: it gives no authorization number (preAuthRef)")
    request, period = _request(one, source), one.child("preAuthPeriod", "Period")
    if period is None:
        one.say("preAuthPeriod", "it is missing: for which days this is approved can't be told")
    found = stated({
        "number": name, "payer": source.payer(one.reference("insurer")) if source.box.find(one.reference("insurer")) is not None
        else source.payer(request.reference("insurer")),
        "billing_provider": source.provider(one.reference("requestor")) or source.provider(request.reference("provider")),
        "from": period.day("start") if period is not None else None, "to": period.day("end") if period is not None else None,
        "requested": request.day("created"), "decided": one.day("created"), **_approved(one, request, items, approved, source),
    })  # fmt: skip
    _hold_authorization(found, one)
    return found


def _request(one: Element, source: Source) -> Element:
    """The request that is answered: it says for which services."""
    found = source.box.find(one.reference("request"))
    if found is None or found.kind != "Claim":
        one.say("request", "the request it answers is not in the file: for which services this is can't be told; give both together")
        raise InputError(one.faults)
    return found


def _hold_authorization(found: dict[str, Any], one: Element) -> None:
    try:
        read(History, {"authorizations": [found]})
    except InputError as error:
        for fault in error.faults:
            one.say(fault.path.removeprefix("authorizations[0]").removeprefix("."), fault.message, fault.suggestion)


def _approved(one: Element, request: Element, items: dict[int, Element], approved: list[int], source: Source) -> dict[str, Any]:
    """Codes, discipline and amount of what was approved, item by item of the request."""
    asked = request.by_sequence("item")
    meant = {number: asked[number] for number in approved if number in asked} if items else asked
    if not items and one.data.get("outcome") == "partial":
        one.say("item", "a part is approved, and which is not said")
    if items and len(meant) < len(approved):
        one.say("item", "it answers an item that the request does not have")
    codes = {number: source.procedure_code(item, "productOrService") for number, item in meant.items()}
    disciplines = {frozenset(MODIFIER_DISCIPLINE[m] for m in source.modifiers(item) if m in MODIFIER_DISCIPLINE) for item in meant.values()}
    single = next(iter(disciplines)) if len(disciplines) == 1 else frozenset()
    amounts = {number: amount for number in approved if (amount := _amount(items[number])) is not None} if items else {}
    found: dict[str, Any] = {"codes": sorted({code for code in codes.values() if code})}
    if len(single) == 1:
        found["discipline"] = next(iter(single))
    if amounts and source.known.authorized is None:
        one.say("item", "an amount is approved, and FHIR does not say of what: the mapping must (authorized: visits, or units)")
    elif amounts and source.known.authorized == "units":
        if len(set(codes.values())) < len(codes):
            one.say("item", "two items are for one code: how many of its units are approved is not clear")
        found["units"] = {code: amounts[number] for number, code in codes.items() if code and number in amounts}
    elif amounts:
        if len(meant) > 1:
            one.say("item", "visits are approved by item: whether they are the same visits is not clear")
        found["visits"] = next(iter(amounts.values()))
    return found


def _amount(item: Element) -> int | None:
    """The amount that an item's `eligible` or `benefit` value gives."""
    values = set()
    for one in item.each("adjudication"):
        concept = one.concept("category")
        codes = {coding.text("code") for coding in concept.each("coding", "Coding")} if concept is not None else set()
        if codes & {"eligible", "benefit"} and (value := one.number("value")) is not None:
            values.add(value)
    if len(values) > 1 or any(value != value.to_integral_value() or not 0 <= value < 10**9 for value in values):
        item.say("adjudication", "the amount approved is no one whole number")
        return None
    return int(values.pop()) if values else None


def _review(item: Element) -> tuple[str, str | None] | None:
    """The review action of Da Vinci PAS: its code (A1 certified, A3 not ...), and the authorization number."""
    for one in item.each("adjudication"):
        for action in (found for found in one.each("extension", "Extension") if found.data.get("url") == _REVIEW):
            parts = {str(part.data.get("url")): part for part in action.each("extension", "Extension")}
            code = parts[_REVIEW_CODE].child("valueCodeableConcept", "CodeableConcept") if _REVIEW_CODE in parts else None
            codes = [coding.text("code") for coding in code.each("coding", "Coding")] if code is not None else []
            number = parts["number"].text("valueString") if "number" in parts else None
            found = codes[0] if codes else None
            return (found if found is not None and re.fullmatch("[A-Z0-9]{1,3}", found) else "no code", number)
    return None
