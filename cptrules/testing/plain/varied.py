"""The same claim told otherwise, one thing at a time, at the places where a sentence of the meaning turns: a plain reading reads each anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from ...checking import Policies
from ...claims import UNKNOWN, Authorization, Event, Frozen, Patient, Provider, ServiceLine
from ...fields import Field
from ...policy import DateMoment, FieldValue, HasField, OnList, RequestBy, TimeKey, Window, YesNo
from ..lessened import again
from ..mentions import parts_of, tables_in

if TYPE_CHECKING:
    from ..cases import Case

_ONE: Final = timedelta(days=1)
_HALF_A_CENT: Final = Decimal("58.25")  # half of it, and a tenth, end in half a cent
_BY_PERSON: Final = ({"PT": 27, "PTA": 3}, {"PT": 26, "PTA": 3}, {"PT": 22, "PTA": 3}, {"PT": 15, "PTA": 2})  # at a tenth and about it
_OTHERS: Final = ("97140", "97530", "97112")
_UNTIMED: Final = "97150"


def varied(policies: Policies, case: Case) -> Iterator[list[Case]]:
    """Each way of telling a whole case otherwise that may matter to some policies: lines, facts, dates, history, authorizations."""
    parts = [part for policy in policies.policies for rule in policy.rules for part in parts_of(rule)]
    named = {part.field.name for part in parts if isinstance(part, FieldValue | DateMoment | YesNo)}
    yield list(_lines(case, named))
    yield list(_absent(case, {part.field for part in parts if isinstance(part, FieldValue | DateMoment | YesNo | OnList | HasField)}))
    yield list(_dates(case, parts, named))
    yield list(_history(case))
    yield list(_authorizations(case, any(isinstance(part, RequestBy) for part in parts)))


def _claim(case: Case, **more: Any) -> Case:
    return attrs.evolve(case, claim=attrs.evolve(case.claim, **more))


def _first(case: Case, **more: Any) -> Case:
    line, *others = case.claim.lines
    return _claim(case, lines=(attrs.evolve(line, **more), *others))


def _lines(case: Case, named: set[str]) -> Iterator[Case]:
    """M4, M8: more units, another line before or after, one of a group, one by two people, an amount that ends in half a cent, KX."""
    line = case.claim.lines[0]
    last = max(one.number for one in case.claim.lines)
    yield _first(case, units=3)
    yield _first(case, allowed=_HALF_A_CENT)
    yield _first(case, contact="group")
    yield _claim(case, lines=(*case.claim.lines, attrs.evolve(line, number=last + 1)))
    for code in _OTHERS:
        yield _claim(case, lines=(*case.claim.lines, attrs.evolve(line, number=last + 1, code=code)))
    yield _claim(case, lines=(*case.claim.lines, attrs.evolve(line, number=last + 1, code="97140", minutes=7)))
    if "assisted" in named:
        for by in _BY_PERSON:
            for code in (line.code, _UNTIMED):
                yield _first(case, code=code, minutes_by=by, minutes=UNKNOWN)


def _absent(case: Case, fields: set[Field]) -> Iterator[Case]:
    """M2.2: a declared fact that the rules look at is known to be absent."""
    line, patient = case.claim.lines[0], case.claim.patient
    for field in sorted((one for one in fields if one.declared), key=lambda one: one.name):
        match field.owner:
            case "claim":
                yield _claim(case, facts=_without(case.claim.facts, field))
            case "patient" if isinstance(patient, Patient):
                yield _claim(case, patient=attrs.evolve(patient, facts=_without(patient.facts, field)))
            case "line":
                yield _first(case, facts=_without(line.facts, field))


def _without(facts: Any, field: Field) -> Frozen:
    return Frozen({**(facts if isinstance(facts, Mapping) else {}), field.name: None})


def _dates(case: Case, parts: list[Any], named: set[str]) -> Iterator[Case]:
    """M5.1: received about the line's day; the claim on the last day of a table's row, or on the first of a year of its own."""
    day: Any = case.claim.lines[0].date_of_service
    for step in (-1, 0) if "received" in named else ():
        yield _claim(case, received=day + step * _ONE)
    for on in sorted(set(_turns(case, parts))):
        lines = tuple(_moved(line, on - day) for line in case.claim.lines)
        moved = _claim(case, lines=lines)
        if isinstance(case.claim.billing_provider, Provider) and lines[0].date_of_service == on:
            before = again(lines[0], case.claim, case.claim.billing_provider, 1)
            moved = attrs.evolve(moved, history=attrs.evolve(case.history, services=(*case.history.services, before)))  # type: ignore[union-attr,misc]
        yield moved


def _moved(line: ServiceLine, by: timedelta) -> ServiceLine:
    day: Any = line.date_of_service
    return attrs.evolve(line, date_of_service=day + by)


def _turns(case: Case, parts: list[Any]) -> Iterator[date]:
    """Days on which something turns that no rule of the policy dates itself."""
    day: Any = case.claim.lines[0].date_of_service
    for table in tables_in(parts):
        mine = [row.span for row in table.rows if case.claim.lines[0].code in row.cells.values()]
        yield from (span.to for span in mine[:20] if span.to is not None)
    starts = [part.year_from for part in parts if isinstance(part, Window) and part.year_from is not None]
    patient = case.claim.patient
    asked = any(isinstance(part, TimeKey) and part.name == "benefit_year" for part in parts)
    if asked and isinstance(patient, Patient) and isinstance(patient.benefit_year_start, date):
        starts.append((patient.benefit_year_start.month, min(patient.benefit_year_start.day, 28)))
    yield from (date(day.year, *start) for start in starts)


def _history(case: Case) -> Iterator[Case]:
    """M4, M5.3, M5.4: two disciplines on one day; the events on the line's day; each event once more, after the first."""
    line, history = case.claim.lines[0], case.history
    assert history is not None
    day: Any = line.date_of_service
    if not isinstance(case.claim.billing_provider, Provider) or not isinstance(history.services, tuple):
        return
    one_day = [attrs.evolve(again(line, case.claim, case.claim.billing_provider, 1), modifiers=(modifier,)) for modifier in ("GP", "GO")]
    yield attrs.evolve(case, history=attrs.evolve(history, services=(*history.services, *one_day)))
    if isinstance(history.events, tuple) and history.events:
        today = tuple(attrs.evolve(event, date=day) for event in history.events)
        yield attrs.evolve(case, history=attrs.evolve(history, events=today))
        first = tuple(attrs.evolve(event, date=day - 20 * _ONE) for event in history.events)
        second: tuple[Event, ...] = tuple(attrs.evolve(event, date=day - 5 * _ONE) for event in history.events)
        between = again(line, case.claim, case.claim.billing_provider, 10)
        services = (*history.services, between)
        yield attrs.evolve(case, history=attrs.evolve(history, events=(*first, *second), services=services))
        yield attrs.evolve(case, history=attrs.evolve(history, events=(*history.events, *second), services=services))


def _authorizations(case: Case, requested: bool) -> Iterator[Case]:
    """M7.1, M7.4: the authorizations of another discipline, or with a visit left less; asked for on the line's day, and long after it was due."""
    history: Any = case.history
    day: Any = case.claim.lines[0].date_of_service
    if not isinstance(history.authorizations, tuple) or not history.authorizations:
        return
    for more in ({"discipline": "OT"}, {"discipline": "PT"}, {"visits": 1, "used_visits": 0}, {"visits": 3, "used_visits": 3}, {"received": day}):
        found: list[Authorization] = [attrs.evolve(one, **more) for one in history.authorizations]
        yield attrs.evolve(case, history=attrs.evolve(history, authorizations=tuple(found)))
    for step in (0, 1) if requested else ():
        events = history.events if isinstance(history.events, tuple) else ()
        late = [attrs.evolve(one, received=day + step * _ONE) for one in history.authorizations]
        long_ago = [attrs.evolve(event, date=day - 40 * _ONE) for event in events]
        yield attrs.evolve(case, history=attrs.evolve(history, authorizations=tuple(late), events=tuple(long_ago)))
