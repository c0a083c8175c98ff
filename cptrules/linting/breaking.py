"""What a rule's demand fails by, as a condition on the line: so that one rule's can be held against its ways out and another's."""

from __future__ import annotations

from itertools import combinations
from typing import Final

from ..fields import FIELDS
from ..policy import (
    AllOf,
    AnyOf,
    CodeSet,
    Comparison,
    Condition,
    Constant,
    CountIs,
    Deadline,
    Documentation,
    Entry,
    FieldValue,
    Forbid,
    Limit,
    Modifiers,
    NeededModifier,
    OnList,
    Opposite,
    Require,
    Rule,
)

ALWAYS: Final = AllOf(())


def broken(rule: Rule) -> Condition | None:
    """The condition that holds just where the demand fails, of a line that the rule is about; None where no such condition tells it."""
    match rule.demand:
        case Forbid():
            return ALWAYS
        case Require(that=that, beside=()) | Deadline(that=that) | Documentation(that=that, needs=(), one_of=()):
            return AnyOf(tuple(Opposite(clause.condition) for clause in that))
        case Limit(count=counter, at_most=Constant() as bound, keep="first"):
            return CountIs(counter, ">", bound)
        case Modifiers() as demand:
            return AnyOf(tuple(_missing_or_too_many(demand)))
        case _:
            return None


def _missing_or_too_many(demand: Modifiers) -> list[Condition]:
    found = [_lacks(need) for need in demand.needs]
    found += [Opposite(_carries(*group)) for group in demand.one_of]
    found += [Opposite(_carries(one)) for group in demand.all_of for one in group]
    found += [_carries(one) for one in demand.refuse]
    return found + [AllOf((_carries(one), _carries(other))) for group in demand.at_most_one_of for one, other in combinations(group, 2)]


def _lacks(need: NeededModifier) -> Condition:
    lacks = Opposite(_carries(need.modifier))
    if need.discipline is None:
        return lacks
    return AllOf((Comparison(FieldValue(FIELDS["discipline"]), "=", Constant("word", need.discipline)), lacks))


def _carries(*modifiers: str) -> Condition:
    return OnList(FIELDS["modifier"], CodeSet(", ".join(modifiers), "short", tuple(Entry("code", one) for one in modifiers)))
