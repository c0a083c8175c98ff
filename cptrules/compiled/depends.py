"""What the parts of a rule hang on: the shape of a line, or more.

A line's shape is what it says in codes, words and yes or no: its code, modifiers, discipline, role, place and the like, and the claim's
answers of that kind. There are few shapes, and on one shape and in one era a condition that asks for nothing else has one answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..fields import Field
from ..policy import (
    AllOf,
    AmountValue,
    AnyOf,
    Clause,
    CodeSet,
    Comparison,
    Condition,
    Constant,
    Deadline,
    FieldValue,
    Forbid,
    HasField,
    Modifiers,
    OnList,
    Opposite,
    Require,
    Rule,
    TableValue,
    Term,
    Value,
    YesNo,
)

Parts = frozenset[str]
DISCIPLINE: Final[Parts] = frozenset(("code", "modifiers", "discipline", "role"))
# The parts of a line's and a claim's shape that each field is told from.
_OF_FIELD: Final[dict[str, Parts]] = {
    "code": frozenset(("code",)), "modifier": frozenset(("modifiers",)), "discipline": DISCIPLINE, "role": frozenset(("role",)),
    "contact": frozenset(("contact",)), "patients": frozenset(("patients",)), "telehealth": frozenset(("telehealth",)),
    "revenue_code": frozenset(("revenue_code",)), "place_of_service": frozenset(("place_of_service", "claim.place_of_service")),
    "assisted": frozenset(("code", "modifiers", "role")), "denied": frozenset(),
    "therapy_kind": frozenset(("modifiers", "therapy_kind", "claim.therapy_kind")), "plan": frozenset(("claim.plan",)),
    "in_network": frozenset(("claim.in_network",)), "payer_order": frozenset(("claim.payer_order",)),
    "claim_kind": frozenset(("claim.claim_kind",)),
}  # fmt: skip


def of_field(field: Field) -> Parts | None:
    """The parts of the shape that a field is told from; None where it takes more."""
    if field.declared:
        shaped = field.owner in ("claim", "line", "patient") and field.type in ("yes_no", "word")
        return frozenset((f"{field.owner}.facts.{field.name}",)) if shaped else None
    return _OF_FIELD.get(field.name)


def of_all(parts: Iterable[Parts | None]) -> Parts | None:
    """All parts together; None where one of them takes more than the shape."""
    found: Parts = frozenset()
    for one in parts:
        if one is None:
            return None
        found |= one
    return found


def of_selector(selector: CodeSet) -> Parts:
    """What membership of a service in a set hangs on."""
    return DISCIPLINE if selector.asks_discipline else frozenset(("code",))


def of_condition(condition: Condition) -> Parts | None:
    """What a condition hangs on; None where that is more than the shape."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return of_all(of_condition(part) for part in parts)
        case Opposite(part=part):
            return of_condition(part)
        case Term(condition=inner):
            return of_condition(inner)
        case OnList(field=field, members=members):
            own = of_field(field)
            return of_all((own, DISCIPLINE)) if field.name == "code" and members.asks_discipline else own
        case YesNo(field=field) | HasField(field=field):
            return of_field(field)
        case Comparison(left=left, right=right):
            return of_all((of_value(left), of_value(right)))
        case _:
            return None


def of_value(value: object) -> Parts | None:
    """What a value hangs on; None where that is more than the shape."""
    match value:
        case Constant():
            return frozenset()
        case FieldValue(field=field):
            return of_field(field)
        case AmountValue(entries=entries):
            return of_all(of_condition(entry.when) for entry in entries if entry.when is not None)
        case TableValue(fields=fields):
            return of_all(of_field(field) for field in fields)
        case _:
            return None


def within(condition: Condition) -> Parts:
    """The parts of the shape that some of a condition is told from."""
    whole = of_condition(condition)
    if whole is not None:
        return whole
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return frozenset().union(*(within(part) for part in parts))
        case Opposite(part=part):
            return within(part)
        case Term(condition=inner):
            return within(inner)
        case _:
            return frozenset()


def of_bound(value: Value) -> Parts | None:
    """What a bound hangs on."""
    return of_value(value)


def of_clauses(clauses: Iterable[Clause]) -> Parts | None:
    """What some clauses hang on."""
    return of_all(of_condition(clause.condition) for clause in clauses)


def of_rule(rule: Rule) -> Parts | None:
    """What a rule's verdict hangs on, where the shape is enough for it; else None."""
    scope = of_all((*(of_selector(on) for on in rule.on), of_clauses(rule.when), of_clauses(rule.excepts), of_clauses(rule.unless)))
    match rule.demand:
        case Modifiers():
            return of_all((scope, DISCIPLINE))
        case Forbid():
            return scope
        case Require(that=that, beside=()) | Deadline(that=that):
            return of_all((scope, of_clauses(that)))
        case _:
            return None
