"""A case as a `test` block of the policy language, ready to paste; what the language can't say stands in a comment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any, Final, Protocol

from .claims import UNKNOWN, Authorization, Balance, Claim, Event, History, Note, PlanOfCare, Provider, Service, ServiceLine, Session
from .policy import Policy

_LINE: Final = (
    "units", "minutes", "charge", "allowed", "discipline", "contact", "patients", "place_of_service", "telehealth", "revenue_code", "therapy_kind",
    "condition", "injury_number",
)  # fmt: skip
_CLAIM: Final = ("plan", "payer_order", "claim_kind", "received", "place_of_service", "in_network", "therapy_kind", "condition", "injury_number")
_PATIENT: Final = ("birth_date", "sex", "benefit_year_start", "enrolled")
_NOTE: Final = ("discipline", "text", "medical_necessity", "progress", "functional_outcome", "signature", "credentials", "signed_on")
_AUTHORIZATION: Final = (
    "payer", "plan", "kind", "discipline", "visits", "visits_per_week", "units_per_visit", "used_visits", "requested", "received", "decided",
)  # fmt: skip
_INTERVENTION: Final = ("minutes", "role", "contact", "patients", "with_", "start", "description")
_MONEY: Final = ("charge", "allowed", "paid")
_PLAIN: Final = re.compile(r"[0-9A-Z]{1,24}(\.[0-9A-Z]{1,24})?|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ANYONE: Final = "1000000001"  # the billing provider of a test that names none
_THERAPIST: Final = "1000000002"  # the rendering provider of a test that names none
Said = tuple[str, Any]


class Pasted(Protocol):
    """A claim with what stands beside it."""

    @property
    def claim(self) -> Claim: ...  # noqa: D102

    @property
    def history(self) -> History | None: ...  # noqa: D102

    @property
    def session(self) -> Session | None: ...  # noqa: D102


NOTHING_YET: Final = ("clean  # say what is right here",)


def pasted(case: Pasted, name: str, policy: Policy | None = None, expects: Iterable[str] = NOTHING_YET) -> str:
    """Write a case as a test of a policy; without `expects` it expects nothing yet."""
    claim, history = case.claim, case.history
    day = claim.lines[0].date_of_service
    body = [f"claim on {day}{_pairs(_of_claim(claim, policy))}", *_sets(claim)]
    body += [f"line {_line(line, day)}" for line in claim.lines]
    body += list(_history(history)) if history is not None else []
    body += list(_session(case.session)) if case.session is not None else []
    body += [f"expect {expect}" for expect in expects]
    return f'test "{name}" {{\n' + "".join(f"  {_aligned(text)}\n" for text in body) + "}\n"


def _aligned(text: str) -> str:
    """A clause with its word in a column, as the shipped files have it."""
    word, _, rest = text.partition(" ")
    return text if word == "#" or not rest else f"{word:<9} {rest}"


# ---- values ------------------------------------------------------------------------------------------------------


def _pairs(fields: Iterable[Said]) -> str:
    return "".join(f" {name} {_value(name, value)}" for name, value in fields if value is not UNKNOWN)


def _value(name: str, value: Any) -> str:
    if value is None or value == ():
        return "none"
    if value is _NOT_SAID:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in _MONEY:
        return f"${value}"
    if isinstance(value, date | int | Decimal):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) or (_NAME.fullmatch(text) and name != "text" and text not in _taken()):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


_NOT_SAID: Final = object()
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


@cache
def _taken() -> frozenset[str]:
    """Words of the language, which stand in quotes where they are a value."""
    from .parse import spelling_of_terminals

    return frozenset(part for word in spelling_of_terminals().values() for part in word.split()) | {"none", "unknown", "yes", "no"}


def _facts(facts: Any) -> Iterator[Said]:
    yield from facts.items() if isinstance(facts, Mapping) else ()


def _npi(provider: Any, name: str, usual: str = "") -> Iterator[Said]:
    """A provider's number where it is not the one that a test has anyway."""
    number = provider.npi if isinstance(provider, Provider) else provider
    if number != usual:
        yield name, _NOT_SAID if number is UNKNOWN else number
    for key in ("specialty", "taxonomy") if isinstance(provider, Provider) else ():
        if getattr(provider, key) is not UNKNOWN:
            yield key, getattr(provider, key)


# ---- the claim ---------------------------------------------------------------------------------------------------


def _of_claim(claim: Claim, policy: Policy | None) -> Iterator[Said]:
    if policy is not None and claim.payer not in policy.payers[:1]:
        yield "payer", claim.payer
    if policy is not None and policy.plans and claim.plan is UNKNOWN:
        yield "plan", _NOT_SAID
    yield from ((field, getattr(claim, field)) for field in _CLAIM)
    yield from _npi(claim.billing_provider, "billing_provider", _ANYONE)
    yield from ((f"patient.{field}", getattr(claim.patient, field, UNKNOWN)) for field in _PATIENT)
    yield from _facts(claim.facts)
    yield from _facts(getattr(claim.patient, "facts", UNKNOWN))
    for other in claim.other_payers[:1] if isinstance(claim.other_payers, tuple) else ():
        yield from ((f"other_payer.{name}", getattr(other, name)) for name in ("order", "decided", "outcome", "exhausted"))


def _sets(claim: Claim) -> Iterator[str]:
    """Lists of the claim."""
    for name in ("diagnoses", "authorizations"):
        found = getattr(claim, name)
        if isinstance(found, tuple) and found:
            yield f"set {name} {', '.join(_value(name, one) for one in found)}"
        elif found is not UNKNOWN and name == "diagnoses":
            yield "set diagnoses none"
    if claim.other_payers is None or claim.other_payers == ():
        yield "# there is no other payer"
    elif isinstance(claim.other_payers, tuple) and len(claim.other_payers) > 1:
        yield "# there are more other payers"


def _line(line: ServiceLine, day: Any) -> str:
    more: list[Said] = [("date_of_service", line.date_of_service)] if line.date_of_service != day else []
    more += [("diagnosis_pointers", one) for one in line.diagnosis_pointers or ()] if isinstance(line.diagnosis_pointers, tuple) else []
    return f"{_coded(line)}{_pairs(more)}"


def _coded(line: ServiceLine) -> str:
    """A code, its modifiers and what else is said of a line or a service."""
    modifiers = " ".join(line.modifiers) if isinstance(line.modifiers, tuple) else ""
    fields: list[Said] = [("modifiers", _NOT_SAID)] if line.modifiers is UNKNOWN else []
    fields += [(name, getattr(line, name)) for name in _LINE]
    fields += [(f"minutes_by.{role}", minutes) for role, minutes in _facts(line.minutes_by)]
    fields += [(name, found[0]) for name in ("diagnoses", "authorizations") if isinstance(found := getattr(line, name), tuple) and len(found) == 1]
    provider = line.rendering_provider
    number = provider.npi if isinstance(provider, Provider) and provider.npi is not UNKNOWN else _NOT_SAID
    fields += [("rendering_provider", number)] if number != _THERAPIST else []
    fields += [("role", provider.role)] if isinstance(provider, Provider) else []
    return " ".join(part for part in (line.code, modifiers) if part) + _pairs([*fields, *_facts(line.facts)]) + _unsaid(line)


def _unsaid(line: ServiceLine) -> str:
    lists = [name for name in ("diagnoses", "authorizations") if isinstance(found := getattr(line, name), tuple) and len(found) != 1]
    lists += ["minutes_by"] if line.minutes_by is None or line.minutes_by == {} else []
    return f"  # of this: {', '.join(lists)}" if lists else ""


# ---- the history -------------------------------------------------------------------------------------------------


def _history(history: History) -> Iterator[str]:
    if isinstance(history.complete_from, date):
        end = f" to {history.complete_to}" if isinstance(history.complete_to, date) else ""
        yield f"history complete from {history.complete_from}{end}"
    if history.complete_for == "billing_provider":
        yield "history complete for billing_provider"
    yield from _services(history.services if isinstance(history.services, tuple) else ())
    yield from (_balance(one) for one in _listed(history.balances))
    yield from (f"authorization {_authorization(one)}" for one in _listed(history.authorizations))
    yield from (_event(one) for one in _listed(history.events))
    yield from (_note(one) for one in _listed(history.notes))
    said = isinstance(history.complete_from, date)
    for name in ("services", "balances", "authorizations", "events", "notes"):
        found = getattr(history, name)
        if found in (None, ()) and not (name == "services" and said):
            yield f"set {name} none"
        elif found is UNKNOWN and name == "services" and said:
            yield "set services unknown"


def _listed(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else ()


def _services(services: Iterable[Service]) -> Iterator[str]:
    """Services that are alike but for their dates, in equal steps, stand in one clause."""
    for text, alike in groupby(services, _earlier):
        days = [service.date_of_service for service in alike if isinstance(service.date_of_service, date)]
        while days:
            row = _in_step(days)
            days = days[len(row) :]
            plain, _, comment = text.partition("  #")
            yield f"service {plain} on {_on(row)}" + (f"  #{comment}" if comment else "")


def _in_step(days: list[date]) -> list[date]:
    """The longest row of days in equal steps from the first on."""
    step = (days[1] - days[0]).days if len(days) > 1 else 0
    row = days[:1]
    for day in days[1:]:
        if step < 1 or (day - row[-1]).days != step:
            break
        row.append(day)
    return row


def _on(row: list[date]) -> str:
    if len(row) == 1:
        return str(row[0])
    step = (row[1] - row[0]).days
    return f"{len(row)} days from {row[0]}" + (f" every {step} days" if step > 1 else "")


def _earlier(service: Service) -> str:
    more = [(name, getattr(service, name)) for name in ("paid", "denied", "plan", "in_network")]
    text, _, comment = _coded(service).partition("  # of this: ")
    unsaid = [*([comment] if comment else []), *([f"claim {service.claim}"] if service.claim is not UNKNOWN else [])]
    note = f"  # of this: {', '.join(unsaid)}" if unsaid else ""
    return f"{text}{_pairs([*more, *_npi(service.billing_provider, 'billing_provider', _ANYONE)])}{note}"


def _balance(one: Balance) -> str:
    of = f" of {', '.join(one.of)}" if isinstance(one.of, tuple) and one.of else ""
    out = f" excluding {', '.join(one.excluding)}" if isinstance(one.excluding, tuple) and one.excluding else ""
    used = f"${one.used}" if one.measure in ("charged", "allowed", "paid") else str(one.used)
    return f"balance {one.measure}{of}{out} {used} from {one.from_} to {one.to}"


def _authorization(one: Authorization) -> str:
    codes = f" for {', '.join(one.codes)}" if isinstance(one.codes, tuple) and one.codes else ""
    ends = "".join(f" {word} {day}" for word, day in (("from", one.from_), ("to", one.to)) if isinstance(day, date))
    fields: list[Said] = [(name, getattr(one, name)) for name in _AUTHORIZATION]
    fields += [("billing_provider", one.billing_provider.npi)] if isinstance(one.billing_provider, Provider) else []
    counted = [name for name in ("units", "used_units") if getattr(one, name) is not UNKNOWN]
    comment = f"  # and {' and '.join(counted)} by code" if counted else ""
    return f"{one.number}{codes}{ends}{_pairs([*fields, *_facts(one.facts)])}{comment}"


def _event(event: Event) -> str:
    if not isinstance(event.date, date):
        return f"# event {event.kind} without a date"
    role = event.by.role if isinstance(event.by, Provider) else UNKNOWN
    fields: list[Said] = [("injury_number", event.injury_number), ("received", event.received), ("role", role)]
    return f"event {event.kind} on {event.date}{_pairs([*fields, *_facts(event.facts)])}"


def _note(note: Note) -> str:
    if not isinstance(note.date, date) or not isinstance(note.kind, str):
        return f"# note {note.kind} without a date or a kind"
    return f"note {note.kind} on {note.date}{_pairs(_of_note(note))}"


def _of_note(note: Note) -> Iterator[Said]:
    yield from ((name, getattr(note, name)) for name in _NOTE)
    if isinstance(note.plan_of_care, PlanOfCare):
        yield from ((f"plan_of_care.{name}", getattr(note.plan_of_care, name)) for name in ("established", "certified", "ends"))
    yield from _facts(note.facts)


# ---- the session -------------------------------------------------------------------------------------------------


def _session(session: Session) -> Iterator[str]:
    fields: list[Said] = [(name, getattr(session, name)) for name in (*_CLAIM, "discipline", "total_minutes")]
    note = [(f"note.{name}", value) for name, value in _of_note(session.note)] if isinstance(session.note, Note) else []
    yield f"session on {session.date}{_pairs([*fields, *_facts(session.facts), *note])}"
    for one in session.interventions:
        said = [(name.removesuffix("_"), getattr(one, name)) for name in _INTERVENTION]
        yield f"intervention {one.code}{_pairs([*said, *_facts(one.facts)])}"
    if session.note is None:
        yield "set note none"
    elif isinstance(session.note, Note) and not note:
        yield "# the session has a note that says nothing known"
