"""Which note or certification falls due, and by when: by rules that ask for a kind of note every so often, and by those that ask for a
day of the plan of care (certified within so long of a moment; no service after its end)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import attrs

from . import dates
from .conditions import moment
from .counting import member
from .documents import Due, due, note_value
from .fields import FIELDS, Field
from .lines import Case, View
from .policy import Clause, Comparison, Condition, DateMoment, Documentation, FieldValue, Near, Require, Rule
from .reach import about, not_in_force
from .truth import Need, Truth

_CERTIFIED: Final = FIELDS["note.plan_of_care.certified"]
_ENDS: Final = FIELDS["note.plan_of_care.ends"]
_ESTABLISHED: Final = FIELDS["note.plan_of_care.established"]


def notes_due(rule: Rule, discipline: str, view: View, case: Case) -> Iterator[Due]:
    """What falls due by one rule for a line that nobody has billed yet."""
    if not_in_force(rule, view) is not None:
        return
    for found in (*_every(rule, view, case), *_of_the_plan(rule, view, case)):
        yield attrs.evolve(found, rule=rule.name, discipline=discipline, citations=rule.citations)


def _every(rule: Rule, view: View, case: Case) -> Iterator[Due]:
    if isinstance(rule.demand, Documentation) and about(rule, view, case)[0].truth is not Truth.FALSE:
        for need in rule.demand.needs:
            if need.every:
                yield due(need, rule.on[0] if rule.on else None, view, case)


def _of_the_plan(rule: Rule, view: View, case: Case) -> Iterator[Due]:
    """Its `when` is left aside: often it only says from which day on the rule is judged."""
    clauses: tuple[Clause, ...] = rule.demand.that if isinstance(rule.demand, Require | Documentation) else ()
    if any(member(on, view, case).truth is Truth.FALSE for on in rule.on):
        return
    for clause in clauses:
        match clause.condition:
            case Near(moment=DateMoment(field=field), direction="after") as near if field == _CERTIFIED:
                yield from _to_certify(near, view, case)
            case condition if _before_the_end(condition):
                yield from _to_renew(view, case)


def _before_the_end(condition: Condition) -> bool:
    match condition:
        case Comparison(left=FieldValue(field=Field(name="date_of_service")), sign="<=" | "<", right=FieldValue(field=field)):
            return field == _ENDS
        case _:
            return False


def _to_certify(near: Near, view: View, case: Case) -> Iterator[Due]:
    """A plan that is not certified yet, by the end of the time its rule allows."""
    certified, begun = note_value(_CERTIFIED, view, case), moment(near.anchor, view, case)
    if isinstance(certified, date) or begun is None:
        return
    by = dates.add(begun, near.number, near.unit) if isinstance(begun, date) else None
    asked = [*_asked(certified), *sorted(need.question for need in getattr(begun, "needs", ()))]
    yield Due("certification", 0, near.unit, None, by=by, asked=tuple(dict.fromkeys(asked)))


def _to_renew(view: View, case: Case) -> Iterator[Due]:
    """A plan of care is to be renewed by the day on which it ends."""
    ends, established = note_value(_ENDS, view, case), note_value(_ESTABLISHED, view, case)
    last = established if isinstance(established, date) else None
    if ends is not None:
        yield Due("plan_of_care", 0, "days", last, by=ends if isinstance(ends, date) else None, asked=_asked(ends))


def _asked(found: Any) -> tuple[str, ...]:
    return (found.question,) if isinstance(found, Need) else ()
