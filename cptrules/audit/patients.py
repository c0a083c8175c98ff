"""A patient's claims beside what else is known of the patient: each claim gets the history that its audit is judged with.

Of the patient's other claims a claim sees the lines up to the last date of its own (M4 leaves out what is later and the claim itself);
those of other payers say nothing of this payer's limits and are left out. Nothing here hangs on the order of the input.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Final

import attrs

from ..claims import UNKNOWN, Claim, Frozen, History, Service, ServiceLine
from ..errors import Fault, InputError, Refusal
from .columns import PATIENT, SHARED
from .rows import Found, Row, claims_of, service_of

# Of claims of one id the latest of these stands for it in the history of others: it was billed instead of the former.
_KINDS: Final = {UNKNOWN: 0, None: 0, "first": 0, "corrected": 1, "appeal": 2}
_LACKING: Final = "another claim of the patient was refused: the history lacks it, and is not taken to be complete"
_NOBODYS: Final = "it does not say whose history it is, and could be any patient's"
_LINE: Final = tuple(field.name for field in attrs.fields(ServiceLine) if field.name not in ("facts", *SHARED))


@attrs.frozen
class Completeness:
    """What the user states of the input: since when it holds every service of each patient, and whose services those are.

    `since` None: nobody said, and counts stay open at their upper end. `of`: patient or billing_provider.
    """

    since: date | None = None
    of: str = "patient"


@attrs.define
class Person:
    """All that the input holds of one patient; `patient` None: nobody said whose it is, and no claim sees another."""

    patient: str | None
    rows: list[Row] = attrs.field(factory=list)
    claims: list[Found] = attrs.field(factory=list)
    refusals: list[Refusal] = attrs.field(factory=list)
    histories: list[History] = attrs.field(factory=list)
    faults: list[Fault] = attrs.field(factory=list)  # of the history: what it may lack, every claim would lack
    records: int = 0  # of the input: rows, claims, histories


@attrs.frozen
class Case:
    """A claim with the history that it is judged with."""

    found: Found
    history: History | None
    note: str | None = None


@attrs.frozen
class _Billed:
    """A line of one of the patient's claims as others see it."""

    claim: int  # its place among the patient's claims
    id: Any
    payer: Any
    day: date
    service: Service


def cases(person: Person, payers_of: Callable[[Any], Any], complete: Completeness) -> Iterator[Case | Refusal]:
    """Give each claim of a patient with its history, or its refusal; `payers_of` gives a payer's names one name."""
    claims, refused = _claims(person)
    yield from refused
    faults = [*person.faults, *_history_faults(person)]
    if faults:
        told = Fault("history", "the patient's history can't be read, and without it the claim could look clean that is not")
        yield from (Refusal(_id(one.claim), one.place, (told, *faults)) for one in claims)
        return
    claims.sort(key=_in_order)
    told_services = _of_the_history(person, payers_of)
    billed = _billed(claims, payers_of) if person.patient is not None else []
    given = person.histories[0] if person.histories else None
    whole, note = (Completeness(of=complete.of), _LACKING) if refused and complete.since is not None else (complete, None)
    for place, one in enumerate(claims):
        yield Case(one, _history(place, one.claim, person.patient, billed, told_services, given, payers_of, whole), note)


def _claims(person: Person) -> tuple[list[Found], list[Refusal]]:
    """The claims that can be judged; of two with one id and kind nobody knows which stands, and both are refused."""
    found, refused = [*person.claims], [*person.refusals]
    for one in claims_of(row for row in person.rows if not row.of_a_history):
        (found if isinstance(one, Found) else refused).append(one)  # type: ignore[arg-type]
    twice = Counter(key for one in found if (key := _identity(one.claim)) is not None)
    told = Fault("id", "the patient has another claim of this id; a later one says so by its claim_kind (corrected, appeal)")
    refused += [Refusal(_id(one.claim), one.place, (told,)) for one in found if twice[_identity(one.claim)] > 1]
    return [one for one in found if twice[_identity(one.claim)] <= 1], refused


def _identity(claim: Claim) -> Any:
    return (claim.id, _KINDS[claim.claim_kind]) if isinstance(claim.id, str) else None


def _id(claim: Claim) -> str | None:
    return claim.id if isinstance(claim.id, str) else None


def _in_order(one: Found) -> tuple[Any, ...]:
    claim = one.claim
    return min(_day(line) for line in claim.lines), str(claim.id), _KINDS[claim.claim_kind], one.place


def _day(line: ServiceLine) -> date:
    return line.date_of_service if isinstance(line.date_of_service, date) else date.max


def _history_faults(person: Person) -> Iterator[Fault]:
    for row in person.rows:
        if row.of_a_history:
            yield from row_faults(row, row.place or row.label)
    if len(person.histories) > 1:
        yield Fault("history.patient", f"{len(person.histories)} histories are this patient's; give one")


def row_faults(row: Row, place: str) -> Iterator[Fault]:
    """The faults of a service's row, each with the row's place."""
    yield from (attrs.evolve(fault, path=f"{place}{', ' if fault.path else ''}{fault.path}") for fault in row.faults)
    if not row.faults and not isinstance(row.values.get("code"), str):
        yield Fault(f"{place}, code", "it is missing")


def _of_the_history(person: Person, payers_of: Callable[[Any], Any]) -> list[tuple[Any, Service]]:
    """The services of the history file, each with its payer where the file says it."""
    rows = [row for row in person.rows if row.of_a_history]
    flat = [(payers_of(row.values.get("payer", UNKNOWN)), service_of(row)) for row in rows]
    listed = [service for history in person.histories for service in (history.services or () if history.services is not UNKNOWN else ())]
    return [*flat, *((UNKNOWN, service) for service in listed)]


def _billed(claims: list[Found], payers_of: Callable[[Any], Any]) -> list[_Billed]:
    """Every line of the patient's claims as a service, by date; of claims of one id only the one that was billed last."""
    last: dict[Any, int] = {}
    for place, one in enumerate(claims):
        if _id(one.claim) is not None:
            known = last.get(one.claim.id)
            if known is None or _KINDS[claims[known].claim.claim_kind] < _KINDS[one.claim.claim_kind]:
                last[one.claim.id] = place
    found = [
        _Billed(place, one.claim.id, payers_of(one.claim.payer), _day(line), billed_service(one.claim, line))
        for place, one in enumerate(claims) if last.get(one.claim.id, place) == place for line in one.claim.lines
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.day)


def billed_service(claim: Claim, line: ServiceLine) -> Service:
    """Make a service of a claim's line: with what it inherits, and the claim's facts, which hold for its own lines (M2.2)."""
    values = {name: getattr(line, name) for name in _LINE}
    for name in SHARED:
        own = getattr(line, name)
        values[name] = getattr(claim, name) if own is UNKNOWN else own
    facts = {**(claim.facts or {}), **(line.facts or {})}  # type: ignore[dict-item]
    return Service(
        **values, facts=Frozen(facts) if facts else line.facts, claim=claim.id, plan=claim.plan,
        billing_provider=claim.billing_provider, in_network=claim.in_network,
    )  # fmt: skip


# ---- one claim's history -----------------------------------------------------------------------------------------


def _history(place: int, claim: Claim, patient: str | None, billed: list[_Billed], told: list[tuple[Any, Service]], given: History | None,
             payers_of: Callable[[Any], Any], complete: Completeness) -> History | None:  # fmt: skip
    if patient is None:
        return None
    payer = payers_of(claim.payer)
    until = max(_day(line) for line in claim.lines)
    services = [service for of, service in told if of is UNKNOWN or of == payer]
    known = {service.claim for service in services if isinstance(service.claim, str)}
    others = [
        one for one in _until(billed, until)
        if one.claim != place and one.payer == payer and one.id not in known and (one.id is UNKNOWN or one.id != claim.id)
    ]  # fmt: skip
    listed = (*services, *_not_listed(others, services))
    base = given if given is not None else History(patient=patient)
    return attrs.evolve(base, patient=patient, services=listed, **_completeness(base, complete))


def _until(billed: list[_Billed], last: date) -> Iterator[_Billed]:
    for one in billed:
        if one.day > last:
            return
        yield one


def _not_listed(others: Iterable[_Billed], services: Iterable[Service]) -> Iterator[Service]:
    """What the history does not list already: a service there without a claim's id is one of ours where date, code and provider are."""
    nameless = Counter((service.date_of_service, service.code, _npi(service)) for service in services if not isinstance(service.claim, str))
    for one in others:
        mine = (one.day, one.service.code)
        key = next((key for key in ((*mine, _npi(one.service)), (*mine, None)) if nameless[key]), None)
        if key is None:
            yield one.service
        else:
            nameless[key] -= 1


def _npi(service: Service) -> str | None:
    found = getattr(service.billing_provider, "npi", None)
    return found if isinstance(found, str) else None


def _completeness(given: History, complete: Completeness) -> dict[str, Any]:
    """How far claims and history together are complete: as stated for the whole, or as the history says of itself; whichever reaches further back."""
    if complete.since is None:
        return {}
    stated = {"complete_from": complete.since, "complete_to": UNKNOWN, "complete_for": complete.of}
    since, until = given.complete_from, given.complete_to
    of = given.complete_for if isinstance(given.complete_for, str) else "patient"
    if not isinstance(since, date) or since >= complete.since or of not in (complete.of, "patient"):
        return stated
    reaches = not isinstance(until, date) or until + timedelta(days=1) >= complete.since
    return {**stated, "complete_from": since} if reaches else stated


def people(rows: Iterable[Row], claims: Iterable[Found] = (), histories: Iterable[History] = ()) -> list[Person]:
    """Sort what was read by patient; claims of nobody known stand each by itself."""
    found: dict[Any, Person] = {}

    def of(patient: str | None, alone: Any) -> Person:
        return found.setdefault(("patient", patient) if patient is not None else ("claim", alone), Person(patient))

    for row in rows:
        of(whose(row), row.text("claim")).rows.append(row)
    for number, one in enumerate(claims):
        of(patient_id(one.claim), number).claims.append(one)
    for history in histories:
        if not isinstance(history.patient, str):
            raise InputError([Fault("history.patient", _NOBODYS)])
        of(history.patient, None).histories.append(history)
    return [found[key] for key in sorted(found, key=str)]


def whose(row: Row) -> str | None:
    """Whose row it is, None where nobody said; raises InputError for a service of the history that could be anybody's."""
    patient = row.text(PATIENT)
    if patient is None and row.of_a_history:
        raise InputError([Fault(row.place or row.label, _NOBODYS)])
    return patient


def patient_id(claim: Claim) -> str | None:
    """The id of a claim's patient; None where nobody said."""
    found = getattr(claim.patient, "id", None)
    return found if isinstance(found, str) else None
