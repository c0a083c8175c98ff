"""Sessions from Encounter resources and the Procedures that belong to each. Source: HL7 FHIR R4 4.0.1, Encounter and Procedure.

FHIR has no list of the minutes of each code: a Procedure's period is taken for them, or the extension that the mapping names. Contact, the
number of patients and the place of service have no element at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs

from ..claims import Intervention, Session
from ..errors import Fault, InputError, Refusal
from ..vocabulary import ASSISTANT_ROLES
from .bundle import Box, Entry, key_of
from .claim import made_of
from .elements import Element, in_utc, stated
from .mapping import FhirMapping
from .reading import ICD_10_CM, TAXONOMY, Source

# Nothing took place: told, and left out. What is under way or of no clear state refuses the session.
_NEVER: Final = ("cancelled", "entered-in-error", "planned")
_STATES: Final = {
    "finished": None, **dict.fromkeys(("arrived", "triaged", "in-progress", "onleave"), "the encounter is not finished"),
    "unknown": "whether the encounter took place is not known",
}  # fmt: skip
_NOT_DONE: Final = ("not-done", "entered-in-error", "preparation")
_PROCEDURE_STATES: Final = {
    "completed": None, "in-progress": "it is not completed", "on-hold": "it is not completed",
    "stopped": "it was stopped: what was given of it is not clear", "unknown": "whether it was given is not known",
}  # fmt: skip
_HOUR: Final = 60


@attrs.frozen
class ReadSessions:
    """What a file's encounters gave; `notes` says which were left out, and what was taken for granted."""

    sessions: tuple[Session, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


_Known = tuple[str | None, tuple[str, ...]]  # what a place in the file says of a person: NPI and taxonomies


@attrs.frozen
class _Clinic(Source):
    """A file's resources, and what its claims say of patients and of who works there."""

    claims: dict[str, list[Element]] = attrs.field(init=False, repr=False)
    people: dict[str, dict[_Known, None]] = attrs.field(init=False, repr=False)

    @claims.default
    def _by_patient(self) -> dict[str, list[Element]]:
        found: dict[str, list[Element]] = {}
        for entry in self.box.of("Claim"):
            claim = entry.element([])
            if (patient := key_of(claim.reference("patient"))) is not None:
                found.setdefault(patient, []).append(claim)
        return found

    @people.default
    def _by_person(self) -> dict[str, dict[_Known, None]]:
        found: dict[str, dict[_Known, None]] = {}
        for entry in self.box.of("Claim"):
            for member in entry.element([]).each("careTeam"):
                provider = member.reference("provider")
                if provider is not None and (person := key_of(provider)) is not None:
                    taxonomies = tuple(self.codes(member.concept("qualification"), TAXONOMY))
                    found.setdefault(person, {})[(self.npi(provider), taxonomies)] = None
        return found


def sessions_of(box: Box, known: FhirMapping) -> ReadSessions:
    """Make a session of each Encounter that took place.

    Raises InputError where there is none, where the file is one page of several (Procedures may be missing), or where a Procedure may
    belong to a session and nobody says to which.
    """
    source = _Clinic(box, known)
    if not box.of("Encounter"):
        raise InputError([Fault("", f"there is no Encounter in it, of which a session is made; there is {box.kinds()}")])
    if box.partial:
        raise InputError([Fault("", "it is one page of several (link next): Procedures of a session may be on another; give all of them together")])
    took_place = [one for one in box.of("Encounter") if one.data.get("status") not in _NEVER]
    notes = [f"{one.where} is {one.data['status']}: no session" for one in box.of("Encounter") if one not in took_place]
    if not took_place:
        raise InputError([Fault("", note) for note in notes])
    linked = _linked(source)
    notes += _unlinked(linked.pop(None, []), source)
    sessions, refusals = [], []
    for entry in took_place:
        try:
            sessions.append(_session(entry, linked.get(entry.place, []), source, notes))
        except InputError as error:
            refusals.append(Refusal(entry.id, entry.where, error.faults))
    if any(True for one in (*took_place, *box.of("Procedure")) for _ in in_utc(one.data)):
        notes.append("times of the file are in UTC (Z): their day and hour are taken as they are written, and may not be the clinic's")
    return ReadSessions(tuple(sessions), tuple(refusals), tuple(notes))


def _linked(source: Source) -> dict[str | None, list[Entry]]:
    """The Procedures of each encounter, by its place in the file; None has those of no encounter of the file."""
    found: dict[str | None, list[Entry]] = {}
    for entry in source.box.of("Procedure"):
        encounter = source.box.named(entry.element([]).reference("encounter"))
        found.setdefault(encounter.place if encounter is not None and encounter.kind == "Encounter" else None, []).append(entry)
    return found


def _unlinked(entries: Iterable[Entry], source: Source) -> list[str]:
    """Procedures of no encounter of the file: told where they are of another day, refused where they could be a session's."""
    notes, faults = [], []
    days = {(one.data.get("period") or {}).get("start", "")[:10] for one in source.box.of("Encounter")
            if isinstance(one.data.get("period"), dict) and isinstance(one.data["period"].get("start"), str)}  # fmt: skip
    for entry in entries:
        procedure = entry.element([])
        reference = procedure.reference("encounter")
        if procedure.data.get("status") in _NOT_DONE:
            continue
        day = _day(procedure)
        if key_of(reference) is not None or (day is not None and day not in days):
            notes.append(f"{entry.where} belongs to no encounter of the file, and is in no session")
        else:
            faults.append(Fault(f"{entry.where}: Procedure.encounter", "it names no encounter, and may belong to a session of the file"))
    if faults:
        raise InputError(faults)
    return notes


def _day(procedure: Element) -> str | None:
    period = procedure.child("performedPeriod", "Period")
    return period.day("start") if period is not None else procedure.day("performedDateTime")


def _session(entry: Entry, given: Iterable[Entry], source: _Clinic, notes: list[str]) -> Session:
    faults: list[Fault] = []
    one = entry.element(faults)
    one.only("status", _STATES)
    one.raise_faults()
    period = one.child("period", "Period")
    procedures = [*_procedures(entry, given, source, notes)]
    patient = source.patient(one, "subject")
    payer, plan = _payer(one, period, source)
    made = {
        **stated({
            "id": one.text("id"), "date": period.day("start") if period is not None else None, "payer": payer, "plan": plan,
            "patient": patient, "total_minutes": _length(one) if "length" in one.data else _minutes(period),
            "diagnoses": _diagnoses(one, source), "billing_provider": source.provider(one.reference("serviceProvider")),
        }),
        "interventions": [_intervention(procedure, one, source) for procedure in procedures],
        **source.known.extended(one, Session),
    }  # fmt: skip
    for procedure in procedures:
        faults.extend(procedure.faults)
    return made_of(Session, made, one, ("interventions", "Procedure"))


def _procedures(entry: Entry, given: Iterable[Entry], source: Source, notes: list[str]) -> Iterator[Element]:
    """The Procedures of an encounter that were given, in the order of the file."""
    for other in given:
        faults: list[Fault] = []
        procedure = Element(other.data, other.kind, other.where, faults)
        if procedure.data.get("status") in _NOT_DONE:
            notes.append(f"{other.where} is {procedure.data['status']}: in no session")
            continue
        procedure.only("status", _PROCEDURE_STATES)
        if key_of(procedure.reference("subject")) != key_of(entry.element([]).reference("subject")):
            procedure.say("subject", "it is not the patient of the encounter")
        for part in procedure.each("partOf", "Reference"):
            if (whole := source.box.find(part)) is not None and whole.kind == "Procedure":
                procedure.say("partOf", "it is part of another Procedure: its minutes would count twice")
        yield procedure


def _intervention(procedure: Element, encounter: Element, source: _Clinic) -> dict[str, Any]:
    period = procedure.child("performedPeriod", "Period")
    at = period.moment("start") if period is not None else procedure.moment("performedDateTime")
    texts = [text for note in procedure.each("note", "Annotation") if (text := note.text("text")) is not None]
    return {
        **stated({
            "code": source.procedure_code(procedure, "code"), "minutes": _minutes(period), "start": at.strftime("%H:%M") if at else None,
            "description": " ".join(texts) or None, **_performers(procedure, encounter, source),
        }),
        **source.known.extended(procedure, Intervention),
    }  # fmt: skip


def _performers(procedure: Element, encounter: Element, source: _Clinic) -> dict[str, Any]:
    """Who gave it. Of two with different roles one is `with`: the assistant, where a therapist and an assistant did it together."""
    people = [_person(one.reference("actor"), encounter, source) for one in procedure.each("performer")]
    if len(people) > 2:
        procedure.say("performer", "there are more than two: who did what is not clear")
    if len(people) == 1:
        role, provider = people[0]
        return {"role": role, "rendering_provider": provider}
    if len(people) != 2:
        return {}
    people.sort(key=lambda one: one[0] in ASSISTANT_ROLES)
    (role, provider), (other, _) = people
    if role is None or other is None:
        return {}  # not known whose the minutes are
    return {"role": role, "with": other, "rendering_provider": provider}


def _person(reference: Element | None, encounter: Element, source: _Clinic) -> tuple[str | None, dict[str, Any] | None]:
    """The role and NPI of a performer: the reference's own, else as the encounter or a claim of the file names the same person."""
    same = [*_named(reference, encounter, source)]
    npi = source.npi(reference) or next((found for found, _ in same if found is not None), None)
    role, _ = source.role(reference, dict.fromkeys(one for _, taxonomies in same for one in taxonomies))
    return source.known.roles.get(npi or "") or role, stated({"npi": npi}) or None


def _named(reference: Element | None, encounter: Element, source: _Clinic) -> Iterator[_Known]:
    """What the encounter and the claims of the file say of a person."""
    key = key_of(reference)
    if key is None:
        return
    for participant in encounter.each("participant"):
        individual = participant.reference("individual")
        if individual is not None and key_of(individual) == key:
            yield source.npi(individual), ()
    yield from source.people.get(key, ())


def _minutes(period: Element | None) -> int | None:
    """Whole minutes from a period's start to its end; seconds over do not make a minute."""
    start, end = (period.moment("start"), period.moment("end")) if period is not None else (None, None)
    if start is None or end is None or period is None:
        return None
    if end < start:
        period.say("end", "it is before the start")
    return max(int((end - start).total_seconds()) // 60, 0)


def _length(one: Element) -> int | None:
    length = one.child("length", "Quantity")
    value = length.number("value") if length is not None else None
    if length is None or value is None:
        return None
    value = value * _HOUR if length.data.get("code") == "h" else value
    if length.data.get("code") not in ("min", "h") or value != value.to_integral_value() or not 0 <= value < 10**6:
        length.say("", "it is no whole number of minutes (min) or hours (h)")
        return None
    return int(value)


def _diagnoses(one: Element, source: Source) -> list[str] | None:
    """The encounter's diagnoses, where every Condition is in the file: of a list that lacks one nobody could say what is not in it."""
    listed = one.each("diagnosis")
    ranks = [entry.whole("rank") or 10**6 for entry in listed]
    conditions = [source.box.find(entry.reference("condition")) for entry in listed]
    found = [source.codes(one.concept("code"), ICD_10_CM) for one in conditions if one is not None and one.kind == "Condition"]
    if not listed or len(found) != len(listed) or any(len(codes) != 1 for codes in found):
        return None
    return list(dict.fromkeys(codes[0] for _, codes in sorted(zip(ranks, found, strict=True), key=lambda pair: pair[0])))


def _payer(one: Element, period: Element | None, source: _Clinic) -> tuple[str | None, str | None]:
    """Who pays: as the claims of the file for this patient and day say, else the patient's only active Coverage, else the mapping's."""
    patient, day = key_of(one.reference("subject")), period.day("start") if period is not None else None
    found = {pair for claim in source.claims.get(patient or "", ()) if (pair := _of_claim(claim, day, source)) is not None}
    if not found:
        covers = [cover for entry in source.box.of("Coverage") if (cover := entry.element([])).data.get("status") == "active"
                  and patient is not None and key_of(cover.reference("beneficiary")) == patient]  # fmt: skip
        found = {(payer, source.plan_of(cover)) for cover in covers for payer in source.payers_of(cover)}
    return found.pop() if len(found) == 1 else (None if found else source.known.payer, None)


def _of_claim(claim: Element, day: str | None, source: Source) -> tuple[str | None, str | None] | None:
    if claim.data.get("use") != "claim" or claim.data.get("status") != "active":
        return None
    if day not in [source.day(item, claim) for item in claim.each("item")]:
        return None
    cover = source.focal(claim)[0]
    return source.payer_of(claim, cover), source.plan(cover)
