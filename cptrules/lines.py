"""What is known of a service: its own fields, those it inherits, and those that follow from others (M2.2, M2.6, M6).

A value is the thing itself, None where it is known to be absent, or a `Need` where nobody said: the missing fact, with its
question and, where they are few, the ways it can be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from .claims import UNKNOWN, Authorization, Claim, Event, History, Provider, Service, ServiceLine, Session
from .dates import age
from .fields import FIELDS, Field
from .policy import Constant, Policy
from .truth import Need
from .vocabulary import (
    ASSISTANT_ROLES,
    DISCIPLINES,
    MODIFIER_DISCIPLINE,
    ROLE_DISCIPLINE,
    THERAPY_KIND_MODIFIER,
)

if TYPE_CHECKING:
    from .codesets import CodeTable

Seen: TypeAlias = Any  # a value, None (absent) or a Need (unknown)
_DISCIPLINE: Final = FIELDS["discipline"]
OTHER: Final = "\x00other"  # a value that no rule mentions
HISTORY_QUESTION: Final = "Which services did the patient have, and since when is the list complete?"


@attrs.frozen(eq=False)
class View:
    """One service as it is judged: a line of the claim in hand, or a service of the history.

    `position` orders services as M4 counts them: by date, history before the claim's own lines, then by number.
    """

    record: ServiceLine
    own: bool
    index: int

    @property
    def day(self) -> date | None:
        """Its date of service, None where nobody said."""
        found = self.record.date_of_service
        return found if isinstance(found, date) else None

    @property
    def position(self) -> tuple[date, int, int]:
        """Its place in the order of counting."""
        return self.day or date.max, int(self.own), self.index

    @property
    def identity(self) -> tuple[str, int]:
        """What tells it from the other services of the case."""
        return ("line" if self.own else "service", self.index)

    @property
    def said(self) -> int | str:
        """What a question calls it: a line by its number, an earlier service by its code and date."""
        return self.index if self.own else f"{self.record.code} on {self.day}" if self.day else f"{self.record.code} of no date"


@attrs.frozen(eq=False)
class Case:
    """All that a rule may look at: policy, claim, history, session; and what is being tried in place of missing facts."""

    policy: Policy
    claim: Claim
    history: History | None
    session: Session | None
    lines: tuple[View, ...]
    services: tuple[View, ...]
    code_table: CodeTable
    tried: Mapping[tuple[object, ...], object] = attrs.field(factory=dict)
    mentioned: Mapping[str, tuple[object, ...]] = attrs.field(factory=dict)
    authorization: Authorization | None | str = "covering"
    pair: Mapping[str, object] | None = None
    event: Event | None = None
    pair_lines: tuple[View, ...] = ()
    ranks: Mapping[int, int] | None = None  # the order of the claim's own lines under `keep highest` or `keep lowest`
    reckoned: dict[Any, Any] = attrs.field(factory=dict, init=False, repr=False)  # once for all who ask of this case: windows, who belongs

    def trying(self, key: tuple[object, ...], value: object) -> Case:
        """The same case with one missing fact tried as a value."""
        return attrs.evolve(self, tried={**self.tried, key: value})


def views(claim: Claim, history: History | None) -> tuple[tuple[View, ...], tuple[View, ...]]:
    """The claim's own lines in the order of their numbers, and the history's services; the claim itself is left out of those (M4)."""
    lines = tuple(View(line, True, line.number) for line in sorted(claim.lines, key=lambda line: line.number))
    given = history.services if history is not None and history.services is not UNKNOWN else ()
    services = tuple(
        View(service, False, number)
        for number, service in enumerate(_ordered(given or ()))
        if not _same_claim(service, claim)
    )
    return lines, services


def _ordered(services: Iterable[Service]) -> Iterator[Service]:
    """An order of the history that does not hang on the order of the file: by date, then by what a service says."""
    for _, alike in groupby(sorted(services, key=_service_order), _service_order):
        several = list(alike)
        yield from sorted(several, key=repr_all) if len(several) > 1 else several


def _service_order(service: Service) -> tuple[Any, ...]:
    day = service.date_of_service if isinstance(service.date_of_service, date) else date.max
    return day, str(service.claim), str(service.number), str(service.code), str(service.modifiers)


def repr_all(record: Service | Event) -> str:
    """Everything a record says, as text to sort by and to tell it from others."""
    return str(attrs.astuple(record))  # the repr of a provider hides its number


def _same_claim(service: Service, claim: Claim) -> bool:
    return isinstance(service.claim, str) and isinstance(claim.id, str) and service.claim == claim.id


# ---- looking up --------------------------------------------------------------------------------------------------


def value_of(field: Field, view: View, case: Case) -> Seen:
    """Give the value of a field for a service: itself, None (absent) or a Need (unknown); `assume` stands in (M2.6)."""
    of_event = case.event is not None and field.name in _OF_EVENT
    key = key_of(field, view) if case.event is None or not (of_event or field.owner == "event") else ("event", repr_all(case.event), field.name)
    if key in case.tried:
        return case.tried[key]
    found = _event_value(field, case) if of_event else _raw(field, view, case)
    if found is None or isinstance(found, Need) or found is UNKNOWN:
        assumed = _assumed(field, case)
        if assumed is not None:
            return assumed.value
    if found is UNKNOWN:
        return Need(field.name, field.question, key, options_of(field, case) if view.own else None, _of(key, view, case))
    return found


def _of(key: tuple[object, ...], view: View, case: Case) -> int | str | None:
    """What a question is of: the event, the line or the service; of the claim it says nothing."""
    if key[0] == "event" and case.event is not None:
        return f"{case.event.kind} on {case.event.date}" if isinstance(case.event.date, date) else f"{case.event.kind} of no date"
    return None if key[0] == "claim" else view.said


def key_of(field: Field, view: View) -> tuple[object, ...]:
    """What identifies a fact: a claim's fact is one for all its lines."""
    if view.own and (field.owner in ("patient", "session", "other_payer") or field.name in _OF_CLAIM):
        return ("claim", field.name)
    if view.own and field.declared and field.owner == "claim":
        return ("claim", field.name)
    return (*view.identity, field.name)


_OF_EVENT: Final = ("role", "received", "injury_number")  # in an event's `where` these are the event's own (N41)


def _event_value(field: Field, case: Case) -> Seen:
    """What an event says of itself: by whom, when it was received, for which injury."""
    assert case.event is not None
    if field.name != "role":
        return getattr(case.event, field.name)
    by = case.event.by
    role = by.role if isinstance(by, Provider) else by
    return (role,) if isinstance(role, str) else role


_OF_CLAIM: Final = ("plan", "in_network", "billing_provider", "received", "payer_order", "claim_kind", "claim")


def _assumed(field: Field, case: Case) -> Constant | None:
    return next((value for assumed, value in case.policy.assumes if assumed.name == field.name), None)


def options_of(field: Field, case: Case) -> tuple[object, ...] | None:
    """The ways an unknown field can be, where they are few: yes or no, the words of its list, what the rule mentions or else."""
    if field.type == "yes_no":
        return (True, False, None)
    if field.many or field.owner in ("authorization", "note"):
        return None
    if field.name == "therapy_kind":
        return field.words  # a service is of one kind or the other
    if field.type == "word":
        return (*field.words, None)
    if field.type in ("text", "code") and field.name in case.mentioned:
        return (*case.mentioned[field.name], OTHER, None)
    return None


def _raw(field: Field, view: View, case: Case) -> Seen:
    match field.owner:
        case "line":
            return line_value(field, view, case)
        case "claim":
            return _claim_value(field, view, case)
        case "patient":
            return _patient_value(field, view, case)
        case "authorization":
            return _authorization_value(field, view, case)
        case "session":
            return _session_value(field, case)
        case "note":
            from .documents import note_value

            return note_value(field, view, case)
        case "other_payer":
            return _other_payer(field, case)
        case "event":
            return fact(case.event.facts, field) if case.event is not None else UNKNOWN
        case "pair":
            return case.pair.get(field.name) if case.pair is not None else None
        case _:
            return UNKNOWN


def fact(facts: Any, field: Field) -> Seen:
    """A declared fact out of a record's `facts`, as the type it is declared with."""
    found = facts.get(field.name, UNKNOWN) if isinstance(facts, Mapping) else UNKNOWN
    return typed(found, field)


def typed(found: Seen, field: Field) -> Seen:
    """Money and dates stand in `facts` as text; give them their type. What does not fit is refused before judging."""
    if not isinstance(found, str):
        return found
    if field.type == "money":
        return Decimal(found)
    if field.type == "date":
        return date.fromisoformat(found)
    return found


# ---- the line ----------------------------------------------------------------------------------------------------

_PLAIN: Final = ("code", "units", "charge", "allowed", "date_of_service", "contact", "patients", "telehealth", "revenue_code")


def line_value(field: Field, view: View, case: Case) -> Seen:
    """A field of the line, what it inherits and what follows from its other fields included."""
    record = view.record
    if field.declared:
        return fact(record.facts, field)
    match field.name:
        case name if name in _PLAIN:
            found = getattr(record, name)
            return of_the_session(name, view, case) if found is UNKNOWN and name in _OF_SESSION else found
        case "modifier":
            return record.modifiers
        case "place_of_service":
            return inherited(view, case, "place_of_service")
        case "discipline":
            return discipline(view, case)
        case "role":
            return roles(view, case)
        case "diagnosis":
            return diagnoses(view, case)
        case "rendering_provider":
            return npi(record.rendering_provider)
        case "assisted":
            from .timing import assisted

            return assisted(view, case)
        case "minutes":
            return _minutes(view, case)
        case "denied":
            return getattr(record, "denied", False) if not view.own else False
        case _:
            return UNKNOWN


def _minutes(view: View, case: Case) -> Seen:
    """The minutes of a line; where only those of each person are given, their sum; else what the session says."""
    by, minutes = view.record.minutes_by, view.record.minutes
    if minutes is UNKNOWN and isinstance(by, Mapping) and by:
        return sum(by.values())
    return of_the_session("minutes", view, case) if minutes is UNKNOWN else minutes


def minutes_by(view: View, case: Case) -> Seen:
    """The minutes of a line by role, as the line has them, else as the session does."""
    own = view.record.minutes_by
    return of_the_session("minutes_by", view, case) if own is UNKNOWN else own


_OF_SESSION: Final = ("contact", "patients")


def of_the_session(name: str, view: View, case: Case) -> Seen:
    """What the session says of a line that does not say it itself: the one line of its code and date stands for all of the code (N43)."""
    session = case.session
    if session is None or not view.own or session.date != view.day:
        return UNKNOWN
    if sum(1 for line in case.lines if line.record.code == view.record.code and line.day == view.day) != 1:
        return UNKNOWN
    from .allocation import told_of

    return told_of(view.record.code, session).get(name, UNKNOWN)


def inherited(view: View, case: Case, name: str) -> Seen:
    """A line's own value, else its claim's."""
    own = getattr(view.record, name)
    return own if own is not UNKNOWN or not view.own else getattr(case.claim, name)


def npi(provider: Any) -> Seen:
    """A provider's number: unknown where the provider or the number is."""
    return provider.npi if isinstance(provider, Provider) else provider


def roles(view: View, case: Case) -> Seen:
    """Who gave the service: the roles in `minutes_by` when given, else the rendering provider's (M6.2)."""
    by = minutes_by(view, case)
    if isinstance(by, Mapping) and by:
        return tuple(sorted(by))
    provider = view.record.rendering_provider
    role = provider.role if isinstance(provider, Provider) else provider
    return (role,) if isinstance(role, str) else role


def diagnoses(view: View, case: Case) -> Seen:
    """The diagnoses a line points to; without pointers, all."""
    every = inherited(view, case, "diagnoses")
    pointers = view.record.diagnosis_pointers
    if not isinstance(every, tuple) or not isinstance(pointers, tuple) or not pointers:
        return every
    return tuple(every[n - 1] for n in pointers if 0 < n <= len(every))


def discipline(view: View, case: Case) -> Seen:
    """M6.1: the line's own, else its GP, GO or GN, else the code's only one, else the rendering provider's role."""
    key = (*view.identity, "discipline")
    if key in case.tried:
        return case.tried[key]
    found = _discipline(view, case, key)
    assumed = _assumed(_DISCIPLINE, case) if found is None or isinstance(found, Need) else None
    return assumed.value if assumed is not None else found


def _discipline(view: View, case: Case, key: tuple[object, ...]) -> Seen:
    sources = discipline_sources(view, case)
    if sources:
        return sources[0][1]
    if view.record.discipline is None and view.record.modifiers is not UNKNOWN:
        return None
    options = discipline_options(view, case)
    if len(options) == 1:
        return options[0]
    return Need("discipline", _DISCIPLINE.question, key, options if view.own else None, view.said)


def discipline_sources(view: View, case: Case) -> list[tuple[str, str]]:
    """Every statement of a line's discipline, in the order of M6.1, as (what says so, discipline)."""
    record, found = view.record, []
    if isinstance(record.discipline, str):
        found.append(("the line", record.discipline))
    if record.modifiers is UNKNOWN and not found:
        return []
    for modifier in record.modifiers or () if isinstance(record.modifiers, tuple) else ():
        if modifier in MODIFIER_DISCIPLINE:
            found.append((f"modifier {modifier}", MODIFIER_DISCIPLINE[modifier]))
    code = case.code_table.code(record.code)
    only = code.disciplines if code is not None else ()
    if len(only) == 1 and only[0] in DISCIPLINES:
        found.append((f"code {record.code}", only[0]))
    provider = record.rendering_provider
    role = provider.role if isinstance(provider, Provider) else None
    if isinstance(role, str) and role in ROLE_DISCIPLINE:
        found.append((f"the rendering provider's role {role}", ROLE_DISCIPLINE[role]))
    return found


def discipline_options(view: View, case: Case) -> tuple[object, ...]:
    """Which disciplines a line that does not say can have: those its code table allows, all where the modifiers are unknown."""
    code = case.code_table.code(view.record.code)
    if code is None or view.record.modifiers is UNKNOWN:
        provider = view.record.rendering_provider
        role = provider.role if isinstance(provider, Provider) else None
        foreign = code is None and isinstance(role, str) and view.record.modifiers is not UNKNOWN
        return (None,) if foreign else (*DISCIPLINES, None)
    allowed: tuple[object, ...] = tuple(d for d in code.disciplines if d in DISCIPLINES)
    if not allowed:
        return (None,)
    return allowed if code.therapy == "always" else (*allowed, None)


# ---- claim, patient and the rest ---------------------------------------------------------------------------------


def _claim_value(field: Field, view: View, case: Case) -> Seen:
    record = view.record
    if field.declared:
        return fact(case.claim.facts if view.own else record.facts, field)
    match field.name:
        case "therapy_kind":
            return therapy_kind(view, case)
        case "condition" | "injury_number":
            return inherited(view, case, field.name)
        case "billing_provider":
            return npi(billing_provider(view, case))
        case "plan" | "in_network":
            return getattr(case.claim if view.own else record, field.name)
        case "claim":
            return case.claim.id if view.own else getattr(record, "claim", UNKNOWN)
        case _:
            return getattr(case.claim, field.name) if view.own else UNKNOWN


def billing_provider(view: View, case: Case) -> Any:
    """Who bills: the claim's provider, or the service's own; where only this provider's services are known, its own."""
    if view.own:
        return case.claim.billing_provider
    found = getattr(view.record, "billing_provider", UNKNOWN)
    only_ours = case.history is not None and case.history.complete_for == "billing_provider"
    return case.claim.billing_provider if found is UNKNOWN and only_ours else found


def therapy_kind(view: View, case: Case) -> Seen:
    """M6.2: modifier 96 or 97, else the line's, else the claim's."""
    modifiers = view.record.modifiers
    kinds = {THERAPY_KIND_MODIFIER[m] for m in modifiers or () if m in THERAPY_KIND_MODIFIER} if modifiers is not UNKNOWN else set()
    if kinds:
        return kinds.pop() if len(kinds) == 1 else UNKNOWN  # both at once say nothing
    return UNKNOWN if modifiers is UNKNOWN else inherited(view, case, "therapy_kind")


def _patient_value(field: Field, view: View, case: Case) -> Seen:
    patient = case.claim.patient
    if patient is UNKNOWN or patient is None:
        return UNKNOWN
    if field.declared:
        return fact(patient.facts, field)
    if field.attribute == "age":
        born, on = patient.birth_date, view.day
        return age(born, on) if isinstance(born, date) and on is not None else UNKNOWN
    return getattr(patient, field.attribute)


def _authorization_value(field: Field, view: View, case: Case) -> Seen:
    from .authorizations import covering

    found: Any = covering(view, case) if case.authorization == "covering" else case.authorization
    if isinstance(found, Need) or found is None:
        return found
    assert isinstance(found, Authorization)
    if field.declared:
        return fact(found.facts, field)
    name = {"from": "from_", "code": "codes"}.get(field.attribute, field.attribute)
    value = getattr(found, name)
    return npi(value) if name == "billing_provider" else value


def _session_value(field: Field, case: Case) -> Seen:
    if case.session is None:
        return UNKNOWN
    if field.declared:
        return fact(case.session.facts, field)
    return getattr(case.session, field.attribute, UNKNOWN)


def _other_payer(field: Field, case: Case) -> Seen:
    others = case.claim.other_payers
    if not isinstance(others, tuple):
        return others
    values = [getattr(other, field.attribute) for other in others]
    if UNKNOWN in values:
        return UNKNOWN
    return tuple(value for value in values if value is not None)


def is_assistant(role: object) -> bool:
    """Whether a role is an assistant's."""
    return role in ASSISTANT_ROLES
