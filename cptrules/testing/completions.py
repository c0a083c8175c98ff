"""A case with one more fact known, again and again: what a report leaves open may only narrow on the way (M2.1, M3.2).

Only facts that nobody gave are given, and of each only such values as the world may turn out to have. What follows from others
(a discipline from a modifier, an assistant from a role), what is read as said when it is left out (`denied`, `complete_to`, the keys
of an authorization) and what a policy assumes is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final
from zlib import crc32

import attrs

from ..checking import Policies
from ..claims import UNKNOWN, Event, Frozen, History, OtherPayer, Patient, Provider, Service, ServiceLine
from ..codesets import code_table
from ..fields import Field
from ..report import Report
from ..vocabulary import ROLE_DISCIPLINE
from .cases import Case

STEPS: Final = 6
_EVER: Final = date(1900, 1, 1)
_ONE: Final = timedelta(days=1)
_LINE: Final[Mapping[str, tuple[Any, ...]]] = {
    "units": (1, 4), "minutes": (8, 45), "contact": ("one_on_one", "group"), "telehealth": (True, False, None), "patients": (1, 2),
    "allowed": (Decimal("29.00"), Decimal("3000.00")), "charge": (Decimal("120.00"),), "revenue_code": ("0420", None),
    "modifiers": ((), ("GP",), ("GP", "59"), ("GP", "KX"), ("GO", "CO"), ("GN",)),
}  # fmt: skip
_BOTH: Final[Mapping[str, tuple[Any, ...]]] = {  # of the claim, and of a line that has its own
    "place_of_service": ("11", "12", "21"), "therapy_kind": ("habilitative", "rehabilitative"), "condition": ("a", None),
    "diagnoses": (("M54.50",), ("F84.0",), ()), "injury_number": ("I1", None),
}  # fmt: skip
_CLAIM: Final[Mapping[str, tuple[Any, ...]]] = {
    "in_network": (True, False, None), "payer_order": ("primary", "secondary"), "claim_kind": ("first", "corrected", "appeal"),
    "other_payers": ((), (OtherPayer(order="primary", decided=date(2026, 2, 1), outcome="paid", exhausted=True),)), "authorizations": ((),),
}  # fmt: skip
_PATIENT: Final[Mapping[str, tuple[Any, ...]]] = {
    "birth_date": (date(1950, 2, 1), date(2015, 3, 4)), "benefit_year_start": (date(2026, 1, 1), date(2026, 5, 1)), "enrolled": (date(2025, 1, 1),),
    "sex": ("F", "M"),
}  # fmt: skip
_FROM_SESSION: Final = ("minutes", "contact", "patients", "units")
_ROLES: Final = ("PT", "PTA", "OT", "OTA", "SLP", "physician", "chiropractor", "aide")


@attrs.frozen
class Gap:
    """One fact that nobody gave: its name, what it may be, and the case with it given."""

    name: str
    values: tuple[Any, ...]
    give: Callable[[Any], Case]


def completed(policies: Policies, case: Case, before: Report) -> Iterator[tuple[str, Case]]:
    """The case with a fact more each time, those that the report asks for first; with the name of the fact."""
    chance = Random(crc32(case.claim.to_json().encode()))
    asked = {missing.field for status in before.rules for missing in status.missing}
    assumed = {field.name for policy in policies.policies for field, _ in policy.assumes}
    for _ in range(STEPS):
        lacking = [gap for gap in gaps(policies, case) if gap.values and gap.name not in assumed and gap.name.rstrip("s") not in assumed]
        wanted = [gap for gap in lacking if gap.name in asked or gap.name.rstrip("s") in asked]
        if not lacking:
            return
        gap = chance.choice(wanted if wanted and chance.random() < 0.8 else lacking)
        case = gap.give(chance.choice(gap.values))
        yield gap.name, case


def gaps(policies: Policies, case: Case) -> Iterator[Gap]:
    """The facts of a case that nobody gave, of the claim, the patient, each line and the history."""
    yield from _of_claim(policies, case)
    yield from _of_patient(policies, case)
    for number, line in enumerate(case.claim.lines):
        yield from _of_line(policies, case, number, line)
    yield from _of_history(policies, case)


# ---- claim, patient, lines ---------------------------------------------------------------------------------------


def _of_claim(policies: Policies, case: Case) -> Iterator[Gap]:
    claim = case.claim
    day = min((line.date_of_service for line in claim.lines if isinstance(line.date_of_service, date)), default=date(2026, 3, 4))
    plans = tuple(dict.fromkeys(plan for policy in policies.policies for plan in policy.plans))
    known = {
        **_CLAIM, **_BOTH, "plan": (*plans, "Z"), "received": tuple(day + days * _ONE for days in (5, 400)),
        "billing_provider": (Provider(npi="1", specialty="65"), Provider(npi="9", specialty="66")),
    }  # fmt: skip
    for name, values in known.items():
        if getattr(claim, name) is UNKNOWN:
            yield Gap(name, values, lambda value, name=name: _with_claim(case, **{name: value}))  # type: ignore[misc]
    yield from _of_facts(policies, "claim", claim.facts, lambda facts: _with_claim(case, facts=facts))


def _with_claim(case: Case, **changes: Any) -> Case:
    return attrs.evolve(case, claim=attrs.evolve(case.claim, **changes))


def _of_patient(policies: Policies, case: Case) -> Iterator[Gap]:
    if case.claim.patient is None:
        return
    patient = case.claim.patient if isinstance(case.claim.patient, Patient) else Patient()
    for name, values in _PATIENT.items():
        if getattr(patient, name) is UNKNOWN:
            yield Gap(f"patient.{name}", values, lambda value, name=name: _with_claim(case, patient=attrs.evolve(patient, **{name: value})))  # type: ignore[misc]
    yield from _of_facts(policies, "patient", patient.facts, lambda facts: _with_claim(case, patient=attrs.evolve(patient, facts=facts)))


def _of_line(policies: Policies, case: Case, number: int, line: ServiceLine) -> Iterator[Gap]:
    def give(**changes: Any) -> Case:
        lines = list(case.claim.lines)
        lines[number] = attrs.evolve(line, **changes)
        return _with_claim(case, lines=tuple(lines))

    for name, values in _LINE.items():
        aside = (case.session is not None and name in _FROM_SESSION) or (name == "minutes" and line.minutes_by is not UNKNOWN)
        if getattr(line, name) is UNKNOWN and not aside:
            yield Gap(name, values, lambda value, name=name: give(**{name: value}))  # type: ignore[misc]
    if line.rendering_provider is UNKNOWN and line.minutes_by is UNKNOWN and case.session is None:
        yield Gap("role", _roles_of(line.code), lambda value: give(rendering_provider=Provider(npi="2", role=value)))
    yield from _of_facts(policies, "line", line.facts, lambda facts: give(facts=facts))


def _roles_of(code: str) -> tuple[str, ...]:
    """Who may turn out to have given a code: for one of the code table, those of its disciplines, as N2 takes it."""
    known = code_table().code(code)
    return _ROLES if known is None or not known.disciplines else tuple(role for role in _ROLES if ROLE_DISCIPLINE.get(role) in known.disciplines)


def _of_facts(policies: Policies, owner: str, given: Any, give: Callable[[Any], Case]) -> Iterator[Gap]:
    """Facts that a policy declares; none where it is known that there are none."""
    if given is None:
        return
    told = dict(given) if isinstance(given, Mapping) else {}
    for field in dict.fromkeys(fact for policy in policies.policies for fact in policy.facts if fact.owner == owner):
        if field.name not in told:
            yield Gap(field.name, _ways(field), lambda value, field=field: give(Frozen({**told, field.name: value})))  # type: ignore[misc]


def _ways(field: Field) -> tuple[Any, ...]:
    known: dict[str, tuple[Any, ...]] = {
        "yes_no": (True, False, None), "word": (*field.words, None), "number": (0, 3, 100), "money": ("0.00", "100.00"),
        "date": ("2026-02-01", "2020-01-01", None), "code": ("97110",), "text": ("X", None),
    }  # fmt: skip
    return known.get(field.type, (None,))


# ---- history -----------------------------------------------------------------------------------------------------


def _of_history(policies: Policies, case: Case) -> Iterator[Gap]:
    history = case.history
    if history is None:
        everything = History(complete_from=_EVER, services=(), balances=(), authorizations=(), events=(), notes=())
        yield Gap("history.complete_from", (everything,), lambda value: attrs.evolve(case, history=value))
        return

    def give(**changes: Any) -> Case:
        return attrs.evolve(case, history=attrs.evolve(history, **changes))

    if history.services is UNKNOWN or history.complete_from is UNKNOWN or (history.complete_from is not None and history.complete_from > _EVER):
        listed = history.services if isinstance(history.services, tuple) else ()
        more = tuple(_unseen(case, history))
        yield Gap("history.complete_from", ((), more), lambda value: give(complete_from=_EVER, services=(*listed, *value)))
    for name in ("authorizations", "notes"):
        if getattr(history, name) is UNKNOWN:
            yield Gap(name, ((),), lambda value, name=name: give(**{name: value}))  # type: ignore[misc]
    if history.events is UNKNOWN:
        yield Gap("events", ((), tuple(_events(policies, case))), lambda value: give(events=value))


def _unseen(case: Case, history: History) -> Iterable[Service]:
    """A service that nobody had listed, on a day of which the history did not say that it was complete."""
    line = case.claim.lines[0]
    day = history.complete_from if isinstance(history.complete_from, date) else line.date_of_service
    if isinstance(day, date):
        known = {field.name: getattr(line, field.name) for field in attrs.fields(ServiceLine) if field.name != "number"}
        yield Service(**{**known, "date_of_service": day - _ONE}, billing_provider=case.claim.billing_provider, denied=False)


def _events(policies: Policies, case: Case) -> Iterable[Event]:
    day = case.claim.lines[0].date_of_service
    kinds = dict.fromkeys([*(kind for policy in policies.policies for kind in policy.events), "order", "accident"])
    return (Event(kind=kind, date=day - 10 * _ONE) for kind in kinds) if isinstance(day, date) else ()


