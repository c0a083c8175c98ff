"""Eras: stretches of days on which nothing that a policy dates changes, so that what holds on one of its days holds on all.

A day on which a rule, a member of a set, a version of an amount, a row of a table or a code begins, or the day after it ends, opens one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import attrs

from ..codesets import CodeTable
from ..dates import Span
from ..evaluate import parts_of
from ..policy import AmountEntry, CodeSet, Counter, Entry, Limit, OnList, Pairs, Policy, TableValue
from ..tables import Table

MOST_DAYS = 50_000  # days whose era is remembered
_ONE = timedelta(days=1)


class Eras:
    """Tells the number of a day's era; the first is 0."""

    __slots__ = ("_begins", "_known")

    def __init__(self, spans: Iterable[Span]) -> None:
        begins = {day for span in spans for day in _begins(span)}
        self._begins = sorted(begins)
        self._known: dict[date, int] = {}

    def of(self, day: date) -> int:
        """The number of the era that holds a day."""
        found = self._known.get(day)
        if found is None:
            if len(self._known) >= MOST_DAYS:
                self._known.clear()
            found = self._known[day] = bisect_right(self._begins, day)
        return found

    def __len__(self) -> int:
        return len(self._begins) + 1


def _begins(span: Span) -> Iterator[date]:
    if span.from_ is not None:
        yield span.from_
    if span.to is not None and span.to < date.max:
        yield span.to + _ONE


def dated(policy: Policy, codes: CodeTable) -> Iterator[Span]:
    """Every span of days that a policy, what it is made of, or its codes have."""
    yield from policy.effective
    for code in codes.codes():
        yield Span(code.from_, code.to)
    for rule in policy.rules:
        yield from rule.own_effective
        yield from (span for header in rule.effective for span in header)
        yield from (one.span for one in rule.dropped)
        for thing in parts_of(rule):
            yield from _spans(thing)
    for selector in selectors(policy):
        yield from set_spans(selector)


def _spans(thing: object) -> Iterator[Span]:
    match thing:
        case AmountEntry(span=span):
            yield span
        case TableValue(table=table) | Pairs(table=table):
            yield from _rows(table)
        case Counter(table=table) | Limit(keep_table=table) if table is not None:
            yield from _rows(table)
        case _:
            return


def _rows(table: Table) -> Iterator[Span]:
    yield from {row.span for row in table.rows}


def selectors(thing: object) -> Iterator[CodeSet]:
    """Every set of codes in something that a policy is made of."""
    if isinstance(thing, CodeSet):
        yield thing
    elif isinstance(thing, tuple):
        for one in thing:
            yield from selectors(one)
    elif isinstance(thing, Policy):
        yield from selectors(thing.rules)
    elif isinstance(thing, OnList) or (attrs.has(type(thing)) and not isinstance(thing, Table | CodeTable)):
        for inner in attrs.astuple(thing, recurse=False):  # type: ignore[arg-type]
            yield from selectors(inner)


def set_spans(selector: CodeSet) -> Iterator[Span]:
    """The spans of a set's members, those of the sets it names included."""
    for entry in (*selector.entries, *selector.excluding):
        yield entry.span
        if entry.members is not None:
            yield from set_spans(entry.members)


def entries(selector: CodeSet) -> Iterator[Entry]:
    """A set's members, those of the sets it names included."""
    for entry in (*selector.entries, *selector.excluding):
        yield entry
        if entry.members is not None:
            yield from entries(entry.members)
