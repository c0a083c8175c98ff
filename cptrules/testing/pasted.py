"""A case as a `test` block of the policy language, ready to paste."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ..claims import UNKNOWN, Authorization, Event, Note, Provider, ServiceLine

if TYPE_CHECKING:
    from .cases import Case

_LINE: Final = (
    "units", "minutes", "charge", "allowed", "discipline", "contact", "patients", "place_of_service", "telehealth", "revenue_code", "therapy_kind",
    "condition", "injury_number",
)  # fmt: skip
_TEXT: Final = ("plan", "condition", "injury_number", "signature", "credentials", "progress", "text", "medical_necessity", "functional_outcome")
_MONEY: Final = ("charge", "allowed", "paid")


def pasted(case: Case, name: str) -> str:
    """Write a case as a test that expects nothing yet."""
    claim, history = case.claim, case.history
    days = [line.date_of_service for line in claim.lines]
    body = [f"claim on {days[0]}{_pairs(_of_claim(claim))}"]
    body += [f"line {_service(line)}" for line in claim.lines]
    body += [f"# line {line.number} is of {line.date_of_service}" for line in claim.lines if line.date_of_service != days[0]]
    unsaid = [line.number for line in claim.lines if line.modifiers is UNKNOWN]
    if unsaid:
        every = len(unsaid) == len(claim.lines)
        body.append("set modifiers unknown" if every else f"# which modifiers line {', '.join(map(str, unsaid))} has is not known")
    if history is not None:
        body += list(_history(history))
    body.append("expect clean  # say what is right here")
    return f'test "{name}" {{\n' + "".join(f"  {text}\n" for text in body) + "}\n"


def _of_claim(claim: Any) -> Iterator[tuple[str, Any]]:
    for field in ("plan", "payer_order", "claim_kind", "received", "place_of_service", "in_network", "therapy_kind", "condition", "injury_number"):
        yield field, getattr(claim, field)
    patient = claim.patient
    for field in ("birth_date", "benefit_year_start", "enrolled"):
        yield f"patient.{field}", getattr(patient, field, UNKNOWN)
    for facts in (claim.facts, getattr(patient, "facts", UNKNOWN)):
        yield from facts.items() if isinstance(facts, Mapping) else ()


def _pairs(fields: Iterable[tuple[str, Any]]) -> str:
    return "".join(f" {name} {_value(name, value)}" for name, value in fields if value is not UNKNOWN)


def _value(name: str, value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in _MONEY or (isinstance(value, Decimal) and name in _MONEY):
        return f"${value}"
    return f'"{value}"' if name in _TEXT else str(value)


def _service(line: ServiceLine) -> str:
    modifiers = " ".join(line.modifiers) if isinstance(line.modifiers, tuple) else ""
    fields = [(name, getattr(line, name)) for name in _LINE]
    provider = line.rendering_provider
    fields.append(("role", provider.role if isinstance(provider, Provider) else UNKNOWN))
    fields += list(line.facts.items()) if isinstance(line.facts, Mapping) else []
    return " ".join(part for part in (line.code, modifiers) if part) + _pairs(fields)


def _history(history: Any) -> Iterator[str]:
    if isinstance(history.complete_from, date):
        yield f"history complete from {history.complete_from}"
    for service in history.services or () if history.services is not UNKNOWN else ():
        billed = service.billing_provider
        more = [("paid", service.paid), ("denied", service.denied), ("plan", service.plan)]
        npi = f' billing_provider "{billed.npi}"' if isinstance(billed, Provider) and isinstance(billed.npi, str) else ""
        yield f"service {_service(service)}{_pairs(more)}{npi} on {service.date_of_service}"
        if service.modifiers is UNKNOWN:
            yield "# which modifiers that service has is not known"
    if isinstance(history.services, tuple) and not history.services:
        yield "set services none"
    for one in history.authorizations or () if history.authorizations is not UNKNOWN else ():
        yield f"authorization {_authorization(one)}"
    for event in history.events or () if history.events is not UNKNOWN else ():
        yield _event(event)
    for note in history.notes or () if history.notes is not UNKNOWN else ():
        yield _note(note)
    for name in ("authorizations", "events", "notes"):
        if getattr(history, name) == ():
            yield f"set {name} none"


def _authorization(one: Authorization) -> str:
    ends = "".join(f" {word} {day}" for word, day in (("from", one.from_), ("to", one.to)) if isinstance(day, date))
    names = ("kind", "discipline", "visits", "used_visits", "visits_per_week", "requested", "received", "decided")
    fields = [(name, getattr(one, name)) for name in names]
    return f"{one.number}{ends}{_pairs(fields)}"


def _event(event: Event) -> str:
    if not isinstance(event.date, date):
        return f"# event {event.kind} without a date"
    facts = list(event.facts.items()) if isinstance(event.facts, Mapping) else []
    role = event.by.role if isinstance(event.by, Provider) else UNKNOWN
    return f"event {event.kind} on {event.date}{_pairs([('injury_number', event.injury_number), ('role', role), *facts])}"


def _note(note: Note) -> str:
    if not isinstance(note.date, date):
        return f"# note {note.kind} without a date"
    fields = [(name, getattr(note, name)) for name in ("discipline", "signature", "credentials", "progress", "text")]
    plan = [(f"plan_of_care.{name}", getattr(note.plan_of_care, name, UNKNOWN)) for name in ("established", "certified", "ends")]
    return f"note {note.kind} on {note.date}{_pairs([*fields, *plan])}"
