"""What a policy set mentions: the raw material of its boundaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

import attrs

from .. import evaluate
from ..checking import Policies
from ..codesets import CodeTable
from ..dates import Span
from ..fields import Field
from ..places import Span as Place
from ..policy import AmountEntry, CodeSet, Constant, Entry, NeededModifier, Opening, Policy, Rule
from ..tables import Table

DEFAULT_CODES: Final = ("97110", "97140", "97530", "97161", "97150")


def parts_of(thing: object) -> Iterator[object]:
    """Everything that a rule is made of, its sets of codes included; a table and a field are not taken apart."""
    return evaluate.parts_of(thing, (Field, Table, CodeTable, Place))


def tables_in(parts: Iterable[object]) -> Iterator[Table]:
    """Each table that some parts of a rule read, once."""
    found = {id(inner): inner for part in parts for inner in attrs.astuple(part, recurse=False) if isinstance(inner, Table)}  # type: ignore[arg-type]
    yield from found.values()


@attrs.frozen
class Mentioned:
    """What a policy set mentions: the raw material of its boundaries."""

    payers: tuple[str, ...]
    plans: tuple[str, ...]
    codes: tuple[str, ...]
    modifiers: tuple[str, ...]
    words: tuple[str, ...]
    numbers: tuple[int, ...]
    days: tuple[date, ...]
    facts: tuple[Field, ...]
    events: tuple[tuple[str, tuple[Field, ...]], ...]


def mentioned(policies: Policies) -> Mentioned:
    """Gather what the rules of some policies mention."""
    things = [part for policy in policies.policies for rule in policy.rules for part in parts_of(rule)]
    entries = [entry for thing in things if isinstance(thing, CodeSet) for entry in _entries(thing)]
    codes = {entry.value for entry in entries if entry.kind == "code" and len(entry.value) == 5}
    short = {entry.value for entry in entries if entry.kind == "code" and len(entry.value) == 2}
    asked = {thing.modifier for thing in things if isinstance(thing, NeededModifier)}
    constants = [thing.value for thing in things if isinstance(thing, Constant)]
    constants += [thing.value.value for thing in things if isinstance(thing, AmountEntry)]
    numbers = {int(value) for value in constants if isinstance(value, Decimal) and 0 <= value <= 60}
    plans = {plan for policy in policies.policies for plan in policy.plans} | {e.value for e in entries if e.kind == "word" and e.value.isupper()}
    return Mentioned(
        tuple(dict.fromkeys(payer for policy in policies.policies for payer in policy.payers)), tuple(sorted(plans)),
        tuple(sorted(codes)) or DEFAULT_CODES, tuple(sorted(short | asked)),
        tuple(sorted({e.value for e in entries if e.kind in ("word", "code")})), tuple(sorted(numbers)),
        tuple(sorted(_days(policies.policies, things, constants))), tuple(fact for policy in policies.policies for fact in policy.facts),
        tuple((kind, fields) for policy in policies.policies for kind, fields in policy.events.items()),
    )  # fmt: skip


def _entries(members: CodeSet) -> Iterable[Entry]:
    for entry in (*members.entries, *members.excluding):
        yield entry
        if entry.members is not None:
            yield from _entries(entry.members)


def _days(policies: Iterable[Policy], things: list[Any], constants: list[Any]) -> set[date]:
    """Days beside which something changes, inside the years that a claim may have."""
    spans = [span for policy in policies for rule in policy.rules for span in _spans(rule)]
    spans += [thing.span for thing in things if isinstance(thing, AmountEntry)]
    found = {day for span in spans for day in (span.from_, span.to) if day is not None}
    found |= {value for value in constants if isinstance(value, date)}
    found |= {thing.day for thing in things if isinstance(thing, Opening) and thing.day is not None}
    return {day for day in found if 2012 <= day.year <= 2027}


def _spans(rule: Rule) -> Iterable[Span]:
    yield from rule.own_effective
    for spans in rule.effective:
        yield from spans
