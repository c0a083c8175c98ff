"""Every fact that policies can ask for, with its question: what they declare, and what their rules ask of the fields that every policy knows.

A report's `missing` names no other fact: a test holds that over random claims.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs

from .fields import FIELDS, Field
from .lines import HISTORY_QUESTION
from .meaning import parts_of
from .policy import (
    AmountValue,
    Beside,
    CodeSet,
    Counter,
    Documentation,
    EventMoment,
    HasEvent,
    IsAuthorized,
    KindKey,
    Limit,
    Modifiers,
    NeededElement,
    Opening,
    Pairs,
    Payment,
    Policy,
    PriorAuthorization,
    Rule,
    ScopeIncludes,
    TableValue,
    TimeKey,
    Timing,
    VisitMoment,
    Window,
)
from .tables import Table


@attrs.frozen
class Fact:
    """A fact that a policy can ask for: its name, its type, whose it is, and the question; `words` where it is one of a list."""

    name: str
    type: str
    owner: str
    question: str
    words: tuple[str, ...] = ()


def _fact(name: str, type_: str, owner: str, question: str) -> Fact:
    return Fact(name, type_, owner, question)


HISTORY: Final = (
    _fact("history.complete_from", "date", "history", HISTORY_QUESTION),
    _fact("history.complete_to", "date", "history", "Through which date is the list of services complete?"),
    _fact("history.complete_for", "word", "history", "Does the list hold other providers' services too?"),
    _fact("history.services", "list", "history", "Which services did the patient have?"),
    _fact("history.balances", "list", "history", "How much of the limit was used, and from when to when does that count?"),
    _fact("claim", "text", "service", "On which claim was each earlier service?"),
)
AUTHORIZATIONS: Final = (
    _fact("authorizations", "list", "history", "Which authorizations are on file for the patient?"),
    *(_fact(f"authorization.{name}", field.type, "authorization", field.question) for name, field in (
        (name, FIELDS[f"authorization.{name}"]) for name in (
            "payer", "plan", "kind", "discipline", "billing_provider", "code", "from", "to", "visits", "visits_per_week", "units_per_visit",
            "used_visits", "requested", "received"))),
    _fact("authorization.units", "number", "authorization", "How many units of the code does it approve?"),
    _fact("authorization.used_units", "number", "authorization", "How many units of the code are used?"),
)  # fmt: skip
NOTES: Final = (
    _fact("note", "record", "session", "What does the note of the visit say?"),
    _fact("history.notes", "list", "history", "Which notes are on file, of which kind, discipline and date?"),
    _fact("note.date", "date", "note", "Of which day is the note?"),
    _fact("note.text", "text", "note", "What do the patient's earlier notes say?"),
)
_PAID: Final = _fact("paid", "money", "service", "What was paid for each earlier service?")
_SPECIALTY: Final = _fact("specialty", "text", "claim", "Which specialty has the billing provider?")
_HOLIDAYS: Final = _fact("holidays", "date", "policy", "Which days are holidays?")
_FEE: Final = _fact("fee", "money", "line", "Two payment rules give the line a fee of their own: which is right?")
_MEASURED: Final = {"units": "units", "minutes": "minutes", "charged": "charge", "allowed": "allowed", "patients": "patients"}
_DISCIPLINE_FROM: Final = ("discipline", "modifier")


def asked_of(policies: Iterable[Policy]) -> tuple[Fact, ...]:
    """Every fact that some policies can ask for, by name."""
    found: dict[str, Fact] = {}
    for policy in policies:
        for field in (*policy.facts, *(field for fields in policy.events.values() for field in fields)):
            found[field.name] = _of_field(field)
        for rule in policy.rules:
            for fact in of_rule(rule):
                found.setdefault(fact.name, fact)
    return tuple(fact for _, fact in sorted(found.items()))


def _of_field(field: Field) -> Fact:
    return Fact(field.name, field.type, field.owner, field.question, field.words)


def _known(*names: str) -> Iterator[Fact]:
    yield from (_of_field(FIELDS[name]) for name in names)


def of_rule(rule: Rule) -> Iterator[Fact]:
    """What one rule can ask for, of fields and of what has to be known to count."""
    yield from _known("date_of_service")
    for part in parts_of(rule):
        yield from _of_part(part)


def _of_part(part: Any) -> Iterator[Fact]:
    match part:
        case Field(owner="pair"):
            return
        case Field():
            yield _of_field(part)
            yield from _behind(part)
        case CodeSet() if part.asks_discipline:
            yield from _known(*_DISCIPLINE_FROM)
        case Counter():
            yield from _counted(part)
        case KindKey(name=name):
            yield _SPECIALTY if name == "specialty" else _of_field(FIELDS[name])
            yield from _known(*(_DISCIPLINE_FROM if name in ("discipline", "therapy_kind") else ()))
        case TimeKey():
            yield from _timed(part)
        case ScopeIncludes() | VisitMoment() | Window() | Beside() | Pairs():
            yield from (*HISTORY, *_known(*_DISCIPLINE_FROM))
        case EventMoment(kind=kind) | HasEvent(kind=kind) | Opening(event=str() as kind) | NeededElement(event=str() as kind):
            yield _fact(kind, "event", "history", f"Was there {'an' if kind[:1] in 'aeiou' else 'a'} {kind.replace('_', ' ')}, and when?")
            yield from _known("injury_number")
        case IsAuthorized() | PriorAuthorization():
            yield from (*AUTHORIZATIONS, *HISTORY, *_known("units", "discipline", "plan", "billing_provider", *_DISCIPLINE_FROM))
        case AmountValue(name=name):
            yield _fact(name, part.type, "policy", f"What is the {name.replace('_', ' ')} on this date? The policy has no version for it.")
        case TableValue(column=column):
            yield _fact(column, "number", "policy", f"What is the {column.replace('_', ' ')} of the code?")
        case Timing():
            yield from _known("minutes", "units", "contact", "assisted", *_DISCIPLINE_FROM)
        case Modifiers():
            yield from _known(*_DISCIPLINE_FROM)
        case _:
            yield from _of_demand(part)


def _of_demand(part: Any) -> Iterator[Fact]:
    match part:
        case Limit(keep_table=Table() as table):
            yield from (_fact(name, "number", "policy", f"What is the {name.replace('_', ' ')} of the code?") for name in table.values)
        case Documentation():
            yield from (*NOTES, *HISTORY, *_known(*_DISCIPLINE_FROM))
        case NeededElement(element=element):
            name = f"note.{element}"
            yield _of_field(FIELDS[name]) if name in FIELDS else _fact(name, "text", "note", f"Does the record hold {element.replace('_', ' ')}?")
        case Payment():
            yield from (_FEE, *HISTORY, *_known("units", "allowed"))
        case _ if getattr(part, "unit", None) == "business_days":
            yield _HOLIDAYS
        case _:
            return


def _behind(field: Field) -> Iterator[Fact]:
    """What has to be asked to know a field: its record, what it is told from."""
    if field.owner == "authorization":
        yield from AUTHORIZATIONS
    elif field.owner in ("note", "session"):
        yield from NOTES
    elif field.name == "patient.age":
        yield from _known("patient.birth_date")
    elif field.name in ("discipline", "therapy_kind"):
        yield from _known(*_DISCIPLINE_FROM)


def _counted(counter: Counter) -> Iterator[Fact]:
    yield from (*HISTORY, *_known(*_DISCIPLINE_FROM))
    if counter.measure in _MEASURED:
        yield from _known(_MEASURED[counter.measure])
    if counter.measure == "paid":
        yield from (_PAID, *_known("allowed", "units"))
    if counter.measure == "authorizations":
        yield from AUTHORIZATIONS
    if counter.table is not None:
        yield _fact(counter.column, "number", "policy", f"What is the {counter.column.replace('_', ' ')} of the code?")
        yield from _known("units")


def _timed(key: TimeKey) -> Iterator[Fact]:
    match key.name:
        case "benefit_year":
            yield from _known("patient.benefit_year_start")
        case "lifetime":
            yield from _known("patient.birth_date")
        case "injury_number":
            yield from (*_known("injury_number"), _fact("injury", "event", "history", "Was there an injury, and when?"))
        case "authorization":
            yield from AUTHORIZATIONS
        case _:
            return
