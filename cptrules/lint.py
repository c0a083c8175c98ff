"""What a policy file says well enough to load, and still not well: unused names, missing sources, rules that no test tries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from . import tree as t
from .dates import add
from .diagnostics import Diagnostic, in_order
from .loading import Loaded, PolicyFile, read
from .policy import Pairs, Policy
from .tables import Table


def linted(names: Iterable[str], on: date | None = None) -> tuple[Loaded, tuple[Diagnostic, ...]]:
    """Load policies and give every mistake and every warning of the files asked for, their tests' included.

    With `on`, a source that nobody has confirmed in the twelve months before that day is named too.
    """
    loaded = read(names)
    found: list[Diagnostic] = list(loaded.diagnostics)
    asked = {file.path for file in loaded.files if file.asked_for}
    broken = any(one.severity == "error" for one in found)
    policies = {policy.name: policy for policy in loaded.policies}
    for file in loaded.files:
        if file.asked_for and not broken:
            found += _of_file(file, policies.get(file.name), on)
    return loaded, in_order(one for one in found if one.severity == "error" or one.path in asked)


def _of_file(file: PolicyFile, policy: Policy | None, on: date | None) -> Iterator[Diagnostic]:
    yield from _unconfirmed(file, on)
    if policy is None:
        return
    yield from _unused(file)
    for rule in policy.rules:
        if isinstance(rule.demand, Pairs) and rule.path == file.path:
            yield from _both_ways(file, rule.name, rule.demand.table)
    yield from _untried(file, policy)


def _unconfirmed(file: PolicyFile, on: date | None) -> Iterator[Diagnostic]:
    oldest = add(on, -12, "months") if on is not None else None
    for name, block in file.scope.sources.items():
        day = next((clause.day.date() for clause in block.clauses if isinstance(clause, t.Confirmed)), None)
        if day is None:
            told = f'nobody has confirmed the source "{name}"'
            yield Diagnostic("W005", file.path, block.name.span, told, "confirmed DATE, when someone has read it")
        elif oldest is not None and day < oldest:
            told = f'the source "{name}" was last confirmed on {day}, more than 12 months before {on}'
            yield Diagnostic("W005", file.path, block.name.span, told)


def _unused(file: PolicyFile) -> Iterator[Diagnostic]:
    scope = file.scope
    for name, block in scope.blocks.items():
        if name not in scope.used and name != "codes_added":
            yield Diagnostic("W002", file.path, block.name.span, f'nothing uses "{name}"')
    for name, source in scope.sources.items():
        if name not in scope.used_sources:
            yield Diagnostic("W002", file.path, source.name.span, f'nothing cites the source "{name}"')


def _both_ways(file: PolicyFile, rule: str, table: Table) -> Iterator[Diagnostic]:
    """A pair listed both ways would have each line deny the other."""
    block = next(one for one in file.parsed.file.blocks if isinstance(one, t.RuleBlock) and one.name.text == rule)
    for key in table.all_keys():
        back = key[::-1]
        if len(key) == 2 and key < back and _overlap(table, key, back):
            yield Diagnostic("W006", file.path, block.name.span, f"the table {table.name} lists {key[0]} with {key[1]} both ways, on the same dates")


def _overlap(table: Table, one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return any(a.span.overlaps(b.span) for a in table.rows_for(one) for b in table.rows_for(other))


def _untried(file: PolicyFile, policy: Policy) -> Iterator[Diagnostic]:
    """Rules that no test denies or none passes; mistakes of the tests come with it."""
    from .trial import trial

    if not policy.payers:
        return  # a base has no claims of its own: the policies that extend it try its rules
    before = len(file.scope.diagnostics)
    result = trial(file, policy)
    mistakes = file.scope.diagnostics[before:]
    yield from mistakes
    if any(one.severity == "error" for one in mistakes):
        return  # a test that could not be run tries nothing, and is told already
    for rule in policy.rules:
        words = [word for word, seen in (("denies", result.broken), ("passes", result.passed)) if rule.name not in seen]
        if words and rule.suspended is None and rule.path == file.path:
            yield Diagnostic("W008", file.path, rule.span, f'no test {" or ".join(words)} "{rule.name}"')
