"""What a rule means, apart from how it is written: equal where only layout, order, names of definitions or of files differ.

`meaning` gives a value to compare and to hash. Left out are texts as written, places, and the names of sets, amounts, terms,
counters, windows and tables, for which what they stand for is put; members of lists and joined conditions have no order.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, Final

import attrs

from .fields import Field
from .policy import ALWAYS, AmountEntry, AmountValue, Citation, CodeSet, Constant, Counter, Entry, Policy, Rule, Term, Window
from .tables import Row, Table

# What tells nothing of the meaning: words as written, and names.
_LEFT_OUT: Final[dict[type, tuple[str, ...]]] = {
    CodeSet: ("text",), AmountValue: ("name",), Counter: ("name",), Window: ("name",), Citation: ("source",),
}  # fmt: skip
_OF_RULE: Final = ("kind", "demand", "outcome", "carc", "rarcs", "on", "when", "excepts", "unless", "own_effective", "effective", "dropped",
                   "suspended", "own_on")  # fmt: skip


def meaning(thing: Any) -> Hashable:
    """What a part of a policy means, as a value to compare."""
    match thing:
        case Table():
            return table_meaning(thing)
        case Term(condition=inner):
            return meaning(inner)
        case CodeSet(excluding=excluding):
            return "CodeSet", members(thing), members(attrs.evolve(thing, entries=excluding))
        case AmountValue(entries=(AmountEntry(span=span, when=None, value=constant),)) if span == ALWAYS:
            return meaning(constant)
        case AmountValue(type=type_, entries=entries):
            parts = [(meaning(one.value), one.span, meaning(one.when)) for one in entries]
            return "AmountValue", type_, frozenset(parts) if all(one.when is None for one in entries) else tuple(parts)
        case Field():
            return thing.name, thing.owner, thing.type, thing.words
        case tuple():
            return thing if all(isinstance(one, int) for one in thing) else frozenset(meaning(one) for one in thing)
        case _ if attrs.has(type(thing)):
            return _of_class(thing)
        case _:
            return thing  # type: ignore[no-any-return]


def _of_class(thing: Any) -> Hashable:
    out = _LEFT_OUT.get(type(thing), ())
    kept = [field.name for field in attrs.fields(type(thing)) if field.eq is not False and field.name not in (*out, "text", "place")]
    return type(thing).__name__, *(meaning(getattr(thing, name)) for name in kept)


def members(of: CodeSet) -> frozenset[Hashable]:
    """The members of a set, those of named sets in it as if they stood there themselves."""
    found: set[Hashable] = set()
    for entry in of.entries:
        if entry.kind == "set" and entry.span == ALWAYS and entry.members is not None and not entry.members.excluding:
            found |= members(entry.members)
        else:
            found.add(entry_meaning(entry, of))
    return frozenset(found)


def entry_meaning(entry: Entry, of: CodeSet) -> Hashable:
    """One member: a range means the codes that its table has between its ends."""
    if entry.kind == "set":
        return "set", meaning(entry.members), entry.span
    inside = of.table.between(entry.value, entry.last) if entry.kind == "range" and of.table is not None else ()
    return entry.kind, entry.value, entry.last, entry.span, inside


@lru_cache(maxsize=256)
def _rows(table: Table) -> frozenset[Hashable]:
    return frozenset(row_meaning(row) for row in table.rows)


def row_meaning(row: Row) -> Hashable:
    """A row of a table: its cells and its dates, wherever it stands."""
    return tuple(sorted(row.cells.items())), row.span


def table_meaning(table: Table) -> Hashable:
    """A table: its keys, values and rows, whatever it and its file are called."""
    return "Table", table.keys, table.values, table.missing, _rows(table)


def rule_meaning(rule: Rule, policy: Policy) -> Hashable:
    """All of a rule that can move a claim, what its policy assumes of its facts and its holidays in."""
    own = tuple(meaning(getattr(rule, name)) for name in _OF_RULE)
    return own, assumed(rule, policy), meaning(holidays_of(rule, policy))


def assumed(rule: Rule, policy: Policy) -> frozenset[Hashable]:
    """What a policy assumes of the facts that a rule asks for."""
    return frozenset((field.name, meaning(value)) for field, value in assumptions(rule, policy))


def assumptions(rule: Rule, policy: Policy) -> list[tuple[Field, Constant]]:
    """The assumptions of a policy that bear on a rule: what it asks for by name, and what has to be known to count."""
    from .questions import of_rule  # late: it stands on this module

    asked = {fact.name for fact in of_rule(rule)} if policy.assumes else set()
    return [(field, value) for field, value in policy.assumes if field.name in asked]


def holidays_of(rule: Rule, policy: Policy) -> Table | None:
    """The table of holidays, for a rule that counts business days."""
    return policy.holidays if "business_days" in _words(rule) else None


def _words(rule: Rule) -> frozenset[str]:
    return frozenset(part.unit for part in parts_of(rule) if isinstance(getattr(part, "unit", None), str))


def parts_of(thing: Any) -> list[Any]:
    """All that a rule is made of that can move a claim: members of sets, fields and tables in."""
    found: list[Any] = []
    pending = [thing]
    while pending:
        one = pending.pop()
        if isinstance(one, tuple):
            pending += one[::-1]
        elif isinstance(one, Field | Table):
            found.append(one)
        elif attrs.has(type(one)) and not isinstance(one, Citation):
            found.append(one)
            pending += [getattr(one, field.name) for field in reversed(attrs.fields(type(one))) if field.eq is not False]
    return found
