"""What a policy file says well enough to load, and still not well: unused names, missing sources, rules that no test tries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from . import tree as t
from .coverage import DENIED, PASSED
from .dates import Span, add
from .diagnostics import Diagnostic, in_order
from .linting.contradictions import contradictions
from .linting.hidden import hidden
from .linting.places import Placed, placed
from .linting.possible import possible
from .linting.scopes import asked, of_rule, table_of
from .linting.versions import Seam, seams, spans_twice
from .loading import Loaded, PolicyFile, read
from .policy import Pairs, Policy
from .tables import Table

_UNTRIED: Final = {DENIED: "denies", PASSED: "passes"}


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
    yield from weaknesses(file, policy, on)
    if policy is not None:
        yield from _untried(file, policy)


def weaknesses(file: PolicyFile, policy: Policy | None, on: date | None = None) -> Iterator[Diagnostic]:
    """Give the warnings of a file without mistakes that need no test to be run; the policy is None where it is a library."""
    yield from _unconfirmed(file, on)
    if policy is not None:
        yield from _unused(file)
        yield from _of_rules(file, policy)


def _of_rules(file: PolicyFile, policy: Policy) -> Iterator[Diagnostic]:
    """What is wrong with the rules of a file, one by one and beside each other; a base's rule only where the file touches it."""
    here = {rule.name: at for rule in policy.rules if (at := placed(file, rule)) is not None}
    table = table_of(policy)
    for rule in policy.rules:
        if rule.name in here:
            yield from of_rule(rule, here[rule.name], policy)
            yield from (_twice(here[rule.name], span) for span in spans_twice(rule))
            if isinstance(rule.demand, Pairs):
                yield from _both_ways(here[rule.name], rule.demand.table)
    sound = [rule for rule in policy.rules if rule.suspended is None and possible(asked(rule), table) is not None]
    for rule, other in hidden(sound, table):
        if rule.name in here:
            told = f'"{rule.name}" is hidden by "{other.name}": where it is broken, so is that, and its outcome is no milder'
            yield here[rule.name].at_rule("W011", told)
    for one in contradictions(sound, table):
        at = here.get(one.other.name) or here.get(one.rule.name)
        if at is not None:
            yield at.at_rule("W014", f"{one.why}; no claim with this line is right: {one.sample()}")
    for seam in seams(policy.rules):
        if seam.rule.name in here:
            yield _seam(here[seam.rule.name], seam)


def _twice(at: Placed, span: Span) -> Diagnostic:
    return at.at_rule("W015", f"two `effective` clauses of this rule name the days {_days(span)}")


def _seam(at: Placed, seam: Seam) -> Diagnostic:
    if seam.overlap:
        return at.at_rule("W015", f'"{seam.other.name}" is alike but for its number, and both are in force {_days(seam.days)}')
    return at.at_rule("W016", f'"{seam.other.name}" is alike but for its number, and neither is in force {_days(seam.days)}')


def _days(span: Span) -> str:
    parts = [f"from {span.from_}" if span.from_ else "", f"to {span.to}" if span.to else ""]
    return " ".join(part for part in parts if part) or "on every day"


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


def _both_ways(at: Placed, table: Table) -> Iterator[Diagnostic]:
    """A pair listed both ways would have each line deny the other."""
    for key in table.all_keys():
        back = key[::-1]
        if len(key) == 2 and key < back and _overlap(table, key, back):
            yield at.at_rule("W006", f"the table {table.name} lists {key[0]} with {key[1]} both ways, on the same dates")


def _overlap(table: Table, one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return any(a.span.overlaps(b.span) for a in table.rows_for(one) for b in table.rows_for(other))


def _untried(file: PolicyFile, policy: Policy) -> Iterator[Diagnostic]:
    """Rules that no test denies or none passes; mistakes of the tests come with it."""
    from .trial import trial

    if not policy.payers:
        return  # a base has no claims of its own: the policies that extend it try its rules
    before = len(file.scope.diagnostics)
    result = trial(file, policy, rules_only=True)
    mistakes = file.scope.diagnostics[before:]
    yield from mistakes
    if any(one.severity == "error" for one in mistakes):
        return  # a test that could not be run tries nothing, and is told already
    for rule in policy.rules:
        words = [_UNTRIED[side] for point, side in result.coverage.missing("rule") if point.rule == rule.name]
        if words and rule.path == file.path:
            yield Diagnostic("W008", file.path, rule.span, f'no test {" or ".join(words)} "{rule.name}"')
