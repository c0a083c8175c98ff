"""A rule hidden by another: on every line that it breaks, the other breaks too, with an outcome no milder, so that it never decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import attrs

from ..codesets import CodeTable
from ..policy import (
    Constant,
    Deadline,
    Documentation,
    Forbid,
    Limit,
    Modifiers,
    NeededModifier,
    Pairs,
    Payment,
    PriorAuthorization,
    Require,
    Rule,
    Timing,
    Value,
)
from ..report import SEVERITY
from .breaking import broken
from .possible import Question, possible
from .scopes import asked


def hides(other: Rule, rule: Rule, table: CodeTable) -> bool:
    """Whether one rule is broken on every line on which another is, with an outcome no milder."""
    if rule.suspended is not None or other.suspended is not None or isinstance(rule.demand, Payment) or isinstance(other.demand, Payment):
        return False
    if SEVERITY[other.outcome] < SEVERITY[rule.outcome]:
        return False
    return _breaks(other, rule, table) and _about_too(other, rule, table) and _no_way_out(other, rule, table)


def _breaks(other: Rule, rule: Rule, table: CodeTable) -> bool:
    """Whether a demand fails wherever another's does: told from their clauses, or from what they ask of single fields."""
    if breaks_too(other.demand, rule.demand):
        return True
    mine, theirs = broken(rule), broken(other)
    if mine is None or theirs is None:
        return False
    return possible(asked(rule).also(true=[mine], false=[theirs]), table) is None


def _about_too(other: Rule, rule: Rule, table: CodeTable) -> bool:
    """Whether a rule is about every line that breaks another, as far as that can be told."""
    fails = broken(rule)
    whole, wanted = asked(rule).also(true=[fails] if fails is not None else []), asked(other)
    held = all(possible(whole.also(false=[one]), table) is None for one in wanted.true)
    if not held or not all(possible(whole.also(true=[one]), table) is None for one in wanted.false):
        return False
    return possible(attrs.evolve(whole, outside=other), table) is None and possible(whole, table) is not None


def _no_way_out(other: Rule, rule: Rule, table: CodeTable) -> bool:
    """Whether every way out of one is a way out of the other."""
    if isinstance(other.demand, Pairs) or isinstance(rule.demand, Pairs):
        return set(other.unless) <= set(rule.unless)
    ways = tuple(clause.condition for clause in rule.unless)
    return all(possible(asked(rule).also(true=[clause.condition], false=ways), table) is None for clause in other.unless)


# ---- demands -----------------------------------------------------------------------------------------------------


def breaks_too(other: Any, demand: Any) -> bool:
    """Whether a demand fails wherever another fails, for a line that both are about."""
    if isinstance(other, Forbid):
        return True
    if type(other) is not type(demand):
        return False
    return _BREAKS[type(demand)](other, demand)


def _limit(other: Limit, demand: Limit) -> bool:
    same = (_unnamed(other.count), other.keep, other.keep_table) == (_unnamed(demand.count), demand.keep, demand.keep_table)
    return same and no_more(other.at_most, demand.at_most)


def _unnamed(counter: Any) -> Any:
    return attrs.evolve(counter, name=None) if counter is not None else None


def no_more(one: Value | None, other: Value | None) -> bool:
    """Whether a value is never more than another."""
    if one == other:
        return True
    if isinstance(one, Constant) and isinstance(other, Constant) and one.type == other.type and one.type in ("number", "money"):
        return bool(one.value <= other.value)  # type: ignore[operator]
    return False


def _prior(other: PriorAuthorization, demand: PriorAuthorization) -> bool:
    alike = _unnamed(other.count) == _unnamed(demand.count) and no_more(other.after, demand.after)
    if other.after is not None and not alike:  # without `after` it is due from the first
        return False
    return set(demand.that) <= set(other.that) and set(demand.matching) <= set(other.matching) and set(demand.requested) <= set(other.requested)


def _modifiers(other: Modifiers, demand: Modifiers) -> bool:
    groups = ("one_of", "all_of", "at_most_one_of")
    held = all(set(getattr(demand, name)) <= set(getattr(other, name)) for name in groups)
    return held and set(demand.refuse) <= set(other.refuse) and all(_needed(other.needs, need) for need in demand.needs)


def _needed(needs: Iterable[NeededModifier], need: NeededModifier) -> bool:
    return any(one.modifier == need.modifier and one.discipline in (None, need.discipline) for one in needs)


def _same_conditions(other: Any, demand: Any) -> bool:
    def said(clauses: Iterable[Any]) -> list[Any]:
        return [clause.condition for clause in clauses]

    rest = [name for name in ("beside", "needs", "one_of") if hasattr(demand, name)]
    within = all(all(one in getattr(other, name) for one in getattr(demand, name)) for name in rest)
    return within and all(one in said(other.that) for one in said(demand.that))


def _equal(other: Any, demand: Any) -> bool:
    return bool(other == demand)


_BREAKS: Final[dict[type, Callable[[Any, Any], bool]]] = {
    Limit: _limit, PriorAuthorization: _prior, Modifiers: _modifiers, Require: _same_conditions, Deadline: _same_conditions,
    Documentation: _same_conditions, Pairs: _equal, Timing: _equal,
}  # fmt: skip


def hidden(rules: Iterable[Rule], table: CodeTable) -> Iterator[tuple[Rule, Rule]]:
    """Give the rules that another hides, each with the first that does; of two that hide each other the later is hidden."""
    every = list(rules)
    for place, rule in enumerate(every):
        for number, other in enumerate(every):
            alike = other is not rule and hides(other, rule, table)
            if alike and (number < place or not hides(rule, other, table)):
                yield rule, other
                break


def joint(rule: Rule, other: Rule) -> Question:
    """What a line is to be for two rules to be about it."""
    one, two = asked(rule), asked(other)
    return Question((rule, other), (*one.true, *two.true), (*one.false, *two.false))
