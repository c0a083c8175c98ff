"""Rules that are versions of one another, alike but for their dates and their number: days on which two are in force, or none is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Final

import attrs

from ..dates import Span
from ..policy import Limit, PriorAuthorization, Rule
from .scopes import bound

_ONE: Final = timedelta(days=1)


@attrs.frozen
class Seam:
    """Where two versions meet badly: the days on which both are in force (`overlap`), or neither is."""

    rule: Rule
    other: Rule
    days: Span
    overlap: bool


def seams(rules: Iterable[Rule]) -> Iterator[Seam]:
    """Give the overlaps and gaps among versions, in the order of their dates."""
    groups: list[tuple[Any, list[Rule]]] = []
    for rule in rules:
        if bound(rule) is None or len(rule.own_effective) != 1 or rule.suspended is not None:
            continue
        known = next((group for like, group in groups if like == _alike(rule)), None)
        if known is None:
            groups.append((_alike(rule), [rule]))
        else:
            known.append(rule)
    for _, group in groups:
        yield from _between(group)


def _alike(rule: Rule) -> Rule:
    """The rule without what a new version changes."""
    demand = rule.demand
    if isinstance(demand, Limit):
        demand = attrs.evolve(demand, at_most=None, count=attrs.evolve(demand.count, name=None))  # type: ignore[arg-type]
    elif isinstance(demand, PriorAuthorization):
        demand = attrs.evolve(demand, after=None)
    return attrs.evolve(rule, demand=demand, name="", message=None, citations=(), own_effective=(), carc=None, rarcs=())


def _between(group: list[Rule]) -> Iterator[Seam]:
    ordered = sorted(group, key=lambda rule: rule.own_effective[0].from_ or date.min)
    for before, after in zip(ordered, ordered[1:], strict=False):
        one, two = before.own_effective[0], after.own_effective[0]
        both = one.intersection(two)
        if both is not None:
            if bound(before) != bound(after):
                yield Seam(after, before, both, overlap=True)
        elif one.to is not None and two.from_ is not None and (two.from_ - one.to).days > 1:
            yield Seam(after, before, Span(one.to + _ONE, two.from_ - _ONE), overlap=False)


def spans_twice(rule: Rule) -> Iterator[Span]:
    """Give the days that two `effective` clauses of one rule both name."""
    spans = rule.own_effective
    for number, span in enumerate(spans):
        for other in spans[number + 1 :]:
            both = span.intersection(other)
            if both is not None:
                yield both
