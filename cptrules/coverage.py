"""What tests have tried of a policy: its rules from both sides, its clauses decided both ways, its limits at and just past them.

A rule that is suspended is not counted, nor one that no line can be about, nor an exception that can apply to none: a layer for one
plan may leave its base's rules so, and lint names them where the file itself is to blame. A clause counts as decided where the rule
came to ask it: an `except` where `when` did not leave the line out, an `unless` where the demand was not met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

import attrs

from . import edges
from .claims import Claim, History, Session
from .codesets import CodeTable
from .conditions import truth_of
from .counting import member
from .demands import judged
from .edges import AT, PAST, Boundary, Look
from .lines import Case, View, views
from .linting.scopes import about_a_line, may_except, table_of
from .policy import Clause, Condition, Pairs, Payment, Policy, PriorAuthorization, Rule, Timing
from .reach import about, looked_at, not_in_force
from .report import Report, RuleStatus
from .truth import Truth

DENIED, PASSED, TRUE, FALSE = "denied", "passed", "true", "false"
KINDS: Final[Mapping[str, tuple[str, str]]] = {"rule": (DENIED, PASSED), "clause": (TRUE, FALSE), "boundary": (AT, PAST)}

# How far a rule came with a line: what stands behind its last step was never asked.
_DATES, _WHEN, _EXCEPT, _DEMAND, _WAY_OUT = range(5)


@attrs.frozen
class Point:
    """One thing to try from both sides: a rule, a clause of a rule, or a limit or date of it; `kind` says which of KINDS."""

    kind: str
    rule: str
    text: str = ""

    @property
    def sides(self) -> tuple[str, str]:
        """Its two sides, in words."""
        return KINDS[self.kind]


Side = tuple[Point, str]


@attrs.frozen
class Coverage:
    """What was seen of a policy's points; `add` joins what two runs have seen."""

    policy: str
    points: tuple[Point, ...]
    seen: frozenset[Side] = frozenset()

    def add(self, seen: Iterable[Side]) -> Coverage:
        """The same with more seen; what is no point of this policy is left aside."""
        known = set(self.points)
        return attrs.evolve(self, seen=self.seen | {side for side in seen if side[0] in known})

    def missing(self, kind: str) -> tuple[Side, ...]:
        """The sides of a kind of points that nothing has tried, in the policy's order."""
        return tuple((point, side) for point in self.of(kind) for side in point.sides if (point, side) not in self.seen)

    def of(self, kind: str) -> tuple[Point, ...]:
        """The points of a kind."""
        return tuple(point for point in self.points if point.kind == kind)

    def both(self, kind: str) -> tuple[Point, ...]:
        """The points of a kind that were tried from both sides."""
        return tuple(point for point in self.of(kind) if all((point, side) in self.seen for side in point.sides))

    def to_list(self) -> list[list[Any]]:
        """What was seen as plain data, to send to another process that holds the same policy."""
        place = {point: number for number, point in enumerate(self.points)}
        return sorted([place[point], point.sides.index(side)] for point, side in self.seen)

    def of_list(self, seen: Iterable[Iterable[int]]) -> Coverage:
        """Add what another process has seen."""
        return self.add((self.points[number], self.points[number].sides[side]) for number, side in seen)


@attrs.frozen
class Probe:
    """A point, from which step of a rule on it can be looked at, and what a line shows of it; `days`: the two it lies between, if a date."""

    point: Point
    step: int
    look: Look
    days: tuple[date, ...] = ()


def coverage(policy: Policy) -> Coverage:
    """Give a policy's points, with nothing seen yet."""
    return Coverage(policy.name, tuple(dict.fromkeys(_points(policy))))


def _points(policy: Policy) -> Iterator[Point]:
    for rule in _judging(policy):
        yield Point("rule", rule.name)
    for rule in _judging(policy):
        yield from (probe.point for probe in probes(rule, table_of(policy)))
    yield from (probe.point for probe in _of_header(policy))


def _judging(policy: Policy) -> list[Rule]:
    return [rule for rule in policy.rules if rule.suspended is None and about_a_line(rule, table_of(policy))]


@attrs.frozen(eq=False)
class Probes:
    """A policy and what there is to try of it, made once for any number of claims."""

    policy: Policy
    header: tuple[Probe, ...]
    rules: tuple[tuple[Rule, tuple[Probe, ...]], ...]

    def tried(self, claim: Claim, history: History | None, session: Session | None, report: Report) -> frozenset[Side]:
        """Give what one claim, judged in a report, has tried of the policy."""
        lines, services = views(claim, history)
        case = Case(self.policy, claim, history, session, lines, services, table_of(self.policy))
        found = set(of_rules(self.policy, report))
        for view in lines:
            found |= {(probe.point, side) for probe in self.header for side in probe.look(view, case)}
            for rule, its in self.rules:
                step = _reached(rule, view, case)
                found |= {(probe.point, side) for probe in its if probe.step <= step for side in probe.look(view, case)}
        return frozenset(found)


def probes_of(policy: Policy) -> Probes:
    """Give what there is to try of a policy."""
    return Probes(policy, tuple(_of_header(policy)), tuple((rule, tuple(probes(rule, table_of(policy)))) for rule in _judging(policy)))


def tried(policy: Policy, claim: Claim, history: History | None, session: Session | None, report: Report) -> frozenset[Side]:
    """Give what one claim, judged in a report, has tried of a policy; of many claims ask one `probes_of`."""
    return probes_of(policy).tried(claim, history, session, report)


def _reached(rule: Rule, view: View, case: Case) -> int:
    """How far a rule comes with a line (M2.3)."""
    if not_in_force(rule, view) is not None or any(member(one, view, case).truth is Truth.FALSE for one in looked_at(rule)):
        return _DATES
    if any(truth_of(clause.condition, view, case).truth is Truth.FALSE for clause in rule.when):
        return _WHEN
    if about(rule, view, case)[0].truth is Truth.FALSE:
        return _EXCEPT
    if not rule.unless or isinstance(rule.demand, Pairs):
        return _DEMAND
    found = judged(rule, view, case)
    return _DEMAND if found.not_applicable is not None or found.answer.truth is Truth.TRUE else _WAY_OUT


# ---- rules -------------------------------------------------------------------------------------------------------


def of_rules(policy: Policy, report: Report) -> Iterator[Side]:
    """Which rules denied and which passed; a payment denies nothing, so that it is both where it pays."""
    for status in report.rules:
        if status.policy == policy.name:
            point = Point("rule", status.rule)
            if status.status == "broken":
                yield point, DENIED
            if _passes(status):
                yield from ((point, side) for side in ((PASSED, DENIED) if status.kind == "payment" else (PASSED,)))
    for finding in report.found:
        if finding.policy == policy.name and finding.outcome == "inform":
            yield Point("rule", finding.rule), DENIED


def _passes(status: RuleStatus) -> bool:
    """A rule is passed where it was met; one that forbids, where what it describes was not there."""
    return status.status == "met" or (status.kind in ("forbid", "pairs") and status.status == "not_applicable")


# ---- clauses and boundaries --------------------------------------------------------------------------------------


def probes(rule: Rule, table: CodeTable) -> list[Probe]:
    """Give what a rule's clauses and limits can show, in the order of the file."""
    found = [*_of_dates(rule), *_of_scope(rule, table)]
    found += _boundaries(rule, _DEMAND, edges.of_demand(rule))
    for clause in _demanded(rule):
        place = edges.of_authorizations if isinstance(rule.demand, PriorAuthorization) else edges.here
        found += _of_clause(rule, clause, _DEMAND, place)
    for entry in edges.amounts_in(rule):
        assert entry.when is not None
        found.append(Probe(Point("clause", rule.name, f"{entry.value.value} when"), _DEMAND, _decided(entry.when, edges.here)))
    for clause in rule.unless:
        found += _of_pair(rule, clause) if isinstance(rule.demand, Pairs) else _of_clause(rule, clause, _WAY_OUT)
    return found


def _demanded(rule: Rule) -> tuple[Clause, ...]:
    """The conditions that a demand is made of."""
    if isinstance(rule.demand, Timing):
        return rule.demand.only_minutes
    return () if isinstance(rule.demand, Payment) else getattr(rule.demand, "that", ())


def _of_scope(rule: Rule, table: CodeTable) -> Iterator[Probe]:
    for selector in looked_at(rule):
        yield from _boundaries(rule, _WHEN, edges.of_selector(selector))
    for clause in rule.when:
        yield from _of_clause(rule, clause, _WHEN)
    for clause in (one for one in rule.excepts if may_except(rule, one, table)):
        yield from _of_clause(rule, clause, _EXCEPT)


def _of_clause(rule: Rule, clause: Clause, step: int, place: edges.Place = edges.here) -> Iterator[Probe]:
    yield Probe(Point("clause", rule.name, clause.text), step, _decided(clause.condition, place))
    yield from _boundaries(rule, step, edges.of_condition(clause.condition, place))


def _boundaries(rule: Rule, step: int, found: Iterable[Boundary]) -> Iterator[Probe]:
    """A date beside which the rule is not in force on either day is no boundary of it."""
    for one in found:
        if all(rule.in_force(day) for day in one.days):
            yield Probe(Point("boundary", rule.name, one.text), step, one.look, one.days)


def _decided(condition: Condition, place: edges.Place) -> Look:
    def look(view: View, case: Case) -> Iterator[str]:
        for one, inside in place(view, case):
            truth = truth_of(condition, one, inside).truth
            yield from {Truth.TRUE: [TRUE], Truth.FALSE: [FALSE]}.get(truth, [])

    return look


def _of_pair(rule: Rule, clause: Clause) -> Iterator[Probe]:
    """A way out of `pairs` is asked of each pair: true where one went through by it, false where one did not."""

    def look(view: View, case: Case) -> Iterator[str]:
        found = judged(rule, view, case)
        yield from [TRUE] if found.way_out == clause.text else []
        yield from [FALSE] if found.parts else []

    yield Probe(Point("clause", rule.name, clause.text), _DEMAND, look)


# ---- dates -------------------------------------------------------------------------------------------------------


def _of_dates(rule: Rule) -> Iterator[Probe]:
    """The rule's own dates and those on which a layer drops it, for lines that it is about but for these."""
    spans = [("effective", span) for span in rule.own_effective] + [("dropped", dropped.span) for dropped in rule.dropped]
    for name, span in spans:
        for one in edges.of_span(span, name):
            if all(any(header.holds(day) for header in headers) for headers in rule.effective for day in one.days):
                yield Probe(Point("boundary", rule.name, one.text), _DATES, _about(rule, one.look), one.days)


def _about(rule: Rule, look: Look) -> Callable[[View, Case], Iterable[str]]:
    return lambda view, case: look(view, case) if about(rule, view, case)[0].truth is not Truth.FALSE else ()


def _of_header(policy: Policy) -> Iterator[Probe]:
    """The dates of the header, which are all rules' dates."""
    for span in policy.effective:
        for one in edges.of_span(span):
            yield Probe(Point("boundary", "", one.text), _DATES, one.look, one.days)
