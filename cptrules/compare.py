"""Two policies side by side: rules added, removed and changed in meaning, each with a claim that now comes out differently.

Layout, comments, the order of rules, clauses and lists, the names of definitions and files are no difference. A change in what a
rule refers to (codes, amounts, terms, counters, windows, tables, the header, layers) is a change of the rule. Each claim shown
was really checked under the old rule and the new; where none was found, that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import attrs

from .boundaries import Boundary, boundaries, days_of, judged_alone
from .changes import changed_rows, differences, facets, told
from .codesets import code_table
from .diagnostics import nearest
from .english import spans_said
from .errors import CptrulesError
from .meaning import parts_of, rule_meaning
from .policy import Policy, Rule
from .tables import Row, Table
from .words import listed

if TYPE_CHECKING:
    from .checking import Policies

MOST_CASES: Final = 3000
MOST_CODES: Final = 6  # named one by one


@attrs.frozen
class Moved:
    """A claim that comes out differently: what it is, and its outcome under the old rule and the new."""

    case: Boundary
    before: str
    after: str

    def words(self) -> str:
        """As look.md says it: `a 31st visit on 2027-05-03: deny -> clean`."""
        return f"{self.case.says} on {self.case.day}: {self.before} -> {self.after}"


@attrs.frozen
class Change:
    """One rule that is another: added, removed, renamed or changed, in words, with a claim that moves.

    `moves` is False where only a message or a citation changed, which no claim can feel.
    """

    policy: str
    rule: str
    kind: str
    words: tuple[str, ...]
    moves: bool = True
    moved: Moved | None = None


@attrs.frozen
class Comparison:
    """What is different between two sets of policies; `heads` are differences of whole policies, `same` counts the rules that are alike."""

    heads: tuple[str, ...]
    changes: tuple[Change, ...]
    same: int

    def __bool__(self) -> bool:
        return bool(self.heads or self.changes)

    def __str__(self) -> str:
        return comparison_text(self)


def compare(old: Policies, new: Policies, match: tuple[str, str] | None = None) -> Comparison:
    """Compare two sets of policies by what they mean.

    A policy is matched by its name, one with one whatever they are called; `match` names one of each, and only these are compared.
    Raises CptrulesError where there is none of such a name.
    """
    heads: list[str] = []
    changes: list[Change] = []
    same = 0
    matched = [(_named(old, match[0]), _named(new, match[1]))] if match is not None else _pairs(old.policies, new.policies)
    for before, after in matched:
        if before is None or after is None:
            one = before or after
            assert one is not None
            heads.append(f"{one.name}: the whole policy is {'new' if before is None else 'gone'}, {len(one.rules)} rules")
            continue
        heads += _heads(before, after)
        found = list(_rules(before, after))
        changes += found
        same += len(after.rules) - sum(1 for change in found if change.kind != "removed")
    return Comparison(tuple(heads), tuple(sorted(changes, key=lambda change: (change.policy, change.rule))), same)


def _pairs(old: tuple[Policy, ...], new: tuple[Policy, ...]) -> Iterator[tuple[Policy | None, Policy | None]]:
    if len(old) == len(new) == 1:
        yield old[0], new[0]
        return
    was, now = ({policy.name: policy for policy in side} for side in (old, new))
    for name in sorted({*was, *now}):
        yield was.get(name), now.get(name)


def _named(policies: Policies, name: str) -> Policy:
    found = next((policy for policy in policies.policies if policy.name == name), None)
    if found is None:
        near = nearest(name, [policy.name for policy in policies.policies])
        raise CptrulesError(f'no policy is called "{name}"' + (f"; did you mean {near}?" if near else ""))
    return found


def _heads(old: Policy, new: Policy) -> Iterator[str]:
    """What the heads say that no rule does: whose claims, and when."""
    if set(old.payers) != set(new.payers):
        yield f"{new.name}: payer {listed(old.payers) or 'none'} -> {listed(new.payers) or 'none'}"
    if set(old.plans) != set(new.plans):
        yield f"{new.name}: plans {listed(old.plans) or 'all'} -> {listed(new.plans) or 'all'}"
    if set(old.effective) != set(new.effective):
        yield f"{new.name}: effective {spans_said(old.effective) or 'always'} -> {spans_said(new.effective) or 'always'}"
    yield from _codes(old, new)


def _codes(old: Policy, new: Policy) -> Iterator[str]:
    """Codes that a policy adds to the shipped table: what is known of them decides units and disciplines in every rule."""
    was, now = (frozenset((policy.code_table or code_table()).codes()) for policy in (old, new))
    names = sorted({code.code for code in was ^ now})
    if names:
        more = f" and {len(names) - MOST_CODES} more" if names[MOST_CODES:] else ""
        yield f"{new.name}: what the code table says of {listed(names[:MOST_CODES])}{more}"


# ---- rules -------------------------------------------------------------------------------------------------------


def _rules(old: Policy, new: Policy) -> Iterator[Change]:
    was, now = ({rule.name: rule for rule in policy.rules} for policy in (old, new))
    gone = [rule for name, rule in was.items() if name not in now]
    come = [rule for name, rule in now.items() if name not in was]
    for rule in list(come):
        twin = next((one for one in gone if rule_meaning(one, old) == rule_meaning(rule, new)), None)
        if twin is not None:
            gone.remove(twin)
            come.remove(rule)
            yield Change(new.name, rule.name, "renamed", (f"was called {twin.name}",), moves=False)
    yield from (Change(new.name, one.name, "removed", (f"removed: a {one.kind} rule",), True, moved(one, old, None, new)) for one in gone)
    yield from (Change(new.name, one.name, "added", (f"new: a {one.kind} rule",), True, moved(None, old, one, new)) for one in come)
    for name, before in was.items():
        change = _changed(before, old, now[name], new) if name in now else None
        if change is not None:
            yield change


def _changed(before: Rule, old: Policy, after: Rule, new: Policy) -> Change | None:
    """How a rule changed: what no claim can feel (its message, its sources) is told too, and as such."""
    if before.kind != after.kind:
        words: tuple[str, ...] = (f"{before.kind} -> {after.kind}",)
        return Change(new.name, after.name, "changed", words, True, moved(before, old, after, new))
    felt = rule_meaning(before, old) != rule_meaning(after, new)
    found = differences(facets(before, old), facets(after, new))
    words = tuple(dict.fromkeys(line for one in found for line in told(*one)))
    if felt:
        return Change(new.name, after.name, "changed", words or ("means something else",), True, moved(before, old, after, new))
    return Change(new.name, after.name, "changed", words, moves=False) if words else None


# ---- a claim that moves ------------------------------------------------------------------------------------------


def moved(before: Rule | None, old: Policy, after: Rule | None, new: Policy) -> Moved | None:
    """A claim that comes out differently under two rules: a change of outcome before one of codes or amounts."""
    second: Moved | None = None
    for case in _cases(before, old, after, new):
        was, now = judged_alone(before, old, case), judged_alone(after, new, case)
        if was is None or now is None or was == now:
            continue
        found = Moved(case, was.words(now), now.words(was))
        if was.outcome != now.outcome and "undetermined" not in (was.outcome, now.outcome):
            return found
        second = second or found
    return second


def _cases(before: Rule | None, old: Policy, after: Rule | None, new: Policy) -> Iterator[Boundary]:
    """The boundary cases of both rules, each beside the other's dates and rows too, and the same with an assumed fact left out."""
    sides = [(rule, policy) for rule, policy in ((before, old), (after, new)) if rule is not None]
    days = {day for rule, _ in sides for day in days_of(rule)}
    rows = list(_changed_rows(before, after))
    facts = _assumed_otherwise(old, new)
    many = 0
    for rule, policy in sides:
        for case in boundaries(rule, policy, sorted(days), rows):
            many += 1
            if many > MOST_CASES:
                return
            yield case
            yield from _untold(case, facts)


def _changed_rows(before: Rule | None, after: Rule | None) -> Iterator[Row]:
    """Rows of tables that one rule looks up and the other has not, the first few."""
    if before is None or after is None:
        return
    was, now = ([part for part in parts_of(rule) if isinstance(part, Table)] for rule in (before, after))
    for one in was:
        other = next((table for table in now if table.name == one.name), None)
        if other is not None:
            gone, come = changed_rows(one, other)
            yield from (*come[:8], *gone[:8])


def _assumed_otherwise(old: Policy, new: Policy) -> tuple[str, ...]:
    was, now = ({field.name: value for field, value in policy.assumes} for policy in (old, new))
    return tuple(name for name in sorted({*was, *now}) if was.get(name) != now.get(name))


def _untold(case: Boundary, names: Iterable[str]) -> Iterator[Boundary]:
    """The same claim with a fact that nobody told: what is assumed stands in for it."""
    from .claims import Claim

    for name in names:
        plain: dict[str, Any] = case.claim.to_dict()
        for holder in (plain, plain.get("patient") or {}, *plain["lines"]):
            for keys in (holder, holder.get("facts") or {}):
                keys.pop(name.rpartition(".")[2], None)
        yield attrs.evolve(case, says=f"{case.says}, {name.replace('_', ' ')} not told", claim=Claim.from_dict(plain))


# ---- in words ----------------------------------------------------------------------------------------------------


def comparison_text(found: Comparison) -> str:
    """As look.md sketches it: each rule with its changes, and the claim that moves below them."""
    width = max((len(change.rule) for change in found.changes), default=0)
    lines = list(found.heads)
    for change in found.changes:
        for number, told_ in enumerate((*change.words, *_outcome_lines(change))):
            lines.append(f"{(change.rule if number == 0 else '').ljust(width)}   {told_}")
    felt = sum(1 for change in found.changes if change.moves)
    unfelt = len(found.changes) - felt
    tail = f"{felt} rule{'s' if felt != 1 else ''} changed in meaning, {found.same} the same"
    tail += f"; {unfelt} changed only in a name, a message or a source." if unfelt else "."
    return "\n".join([*lines, tail])


def _outcome_lines(change: Change) -> Iterator[str]:
    if change.moved is not None:
        yield change.moved.words()
    elif change.moves:
        yield "no claim found that comes out differently"

