"""Whether a policy's tests notice: each number, date, comparison and code of a file changed by one step, and the tests run again.

A change moves only the rules that it changes, so only those are judged again, and a case is run in full where one of them
comes out otherwise than before; what a change of the head, of `timing` or of `payment` moves cannot be told so, and every case is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from .evaluate import check
from .examples import Example, examples
from .loading import Loaded, PolicyFile, changed
from .policy import Payment, Policy, Rule, Timing
from .report import Finding, Report, RuleStatus
from .steps import Change, changes
from .trial import as_expected


@attrs.frozen
class Unnoticed:
    """A change that no test notices: where, the clause as it stands, what stood there and what would."""

    path: str
    line: int
    column: int
    clause: str
    was: str
    becomes: str


@attrs.frozen
class Mutated:
    """What became of the changes of one file: how many there were, how many a test noticed, and the others.

    `refused` counts the changes that leave no policy (an amount that overlaps, a code out of force): the checker notices them, and
    they are not among the others.
    """

    path: str
    noticed: int
    refused: int
    unnoticed: tuple[Unnoticed, ...]

    @property
    def tried(self) -> int:
        """The changes that leave a policy."""
        return self.noticed + len(self.unnoticed)

    @property
    def share(self) -> float:
        """The share that some test noticed, in percent; of no changes, all."""
        return 100 * self.noticed / self.tried if self.tried else 100.0


def mutated(loaded: Loaded) -> Iterator[Mutated]:
    """Try every change by one step of the files asked for against the tests of all of them, file by file."""
    benches = list(_benches(loaded))
    yield from (_file(loaded, file, benches) for file in loaded.files if file.asked_for and file.head is not None)


def _file(loaded: Loaded, file: PolicyFile, benches: list[_Bench]) -> Mutated:
    noticed = refused = 0
    unnoticed: list[Unnoticed] = []
    for change in changes(file.parsed.file, file.scope.facts().values(), file.scope.codes_known):
        after = changed(loaded, file.path, change.file)
        if any(one.severity == "error" for one in after.diagnostics):
            refused += 1
        elif _is_noticed(after, benches):
            noticed += 1
        else:
            unnoticed.append(_told(file, change))
    return Mutated(file.path, noticed, refused, tuple(unnoticed))


def _told(file: PolicyFile, change: Change) -> Unnoticed:
    clause = file.scope.source_line(change.span.line).split("#")[0]
    return Unnoticed(file.path, change.span.line, change.span.column, " ".join(clause.split()), change.was, change.becomes)


def _is_noticed(after: Loaded, benches: list[_Bench]) -> bool:
    policies = {policy.name: policy for policy in after.policies}
    return any(bench.notices(policies[bench.policy.name]) for bench in benches if bench.policy.name in policies)


# ---- the tests of one policy -------------------------------------------------------------------------------------


@attrs.frozen
class _Bench:
    """A policy with its cases, and what each of them came to."""

    policy: Policy
    cases: tuple[tuple[Example, Report], ...]

    def notices(self, other: Policy) -> bool:
        """Whether some case comes out otherwise than it expects, were the policy this one."""
        moved = _moved(self.policy, other)
        if moved is None:
            return any(not as_expected(case, _report(other, case)) for case, _ in self.cases)
        if not moved:
            return False
        alone = attrs.evolve(other, rules=moved)
        names = {rule.name for rule in moved}
        return any(self._differs(case, before, alone, names) and not as_expected(case, _report(other, case)) for case, before in self.cases)

    def _differs(self, case: Example, before: Report, alone: Policy, names: set[str]) -> bool:
        if any(expect.repair is not None for expect in case.expects):
            return True  # a repair is tried on all rules
        after = _report(alone, case)
        return _of(before, names) != _of(after, names)


def _benches(loaded: Loaded) -> Iterator[_Bench]:
    policies = {policy.name: policy for policy in loaded.policies}
    for file in loaded.files:
        policy = policies.get(file.name)
        if file.asked_for and policy is not None and policy.payers:
            yield _Bench(policy, tuple((case, _report(policy, case)) for case in examples(file, policy)))


def _report(policy: Policy, case: Example) -> Report:
    return check((policy,), case.claim, case.history, case.session)


def _of(report: Report, names: Iterable[str]) -> tuple[list[RuleStatus], list[Finding]]:
    """What some rules came to."""
    statuses = [status for status in report.rules if status.rule in names]
    return statuses, [finding for finding in report.found if finding.policy is not None and finding.rule in names]


def _moved(before: Policy, after: Policy) -> tuple[Rule, ...] | None:
    """The rules that a change moves; None where it may move every rule."""
    if attrs.evolve(before, rules=()) != attrs.evolve(after, rules=()):
        return None
    old = {rule.name: rule for rule in before.rules}
    moved = tuple(rule for rule in after.rules if old.get(rule.name) != rule)
    if len(before.rules) != len(after.rules) or any(isinstance(rule.demand, Payment | Timing) for rule in moved):
        return None
    return moved
