"""Tests that a policy file lacks, made from its rules: at each boundary that no test tries, a claim on it and one just past it.

What a test expects is what the policy says now, so each is to be read, and accepted or corrected: a rule that was written wrongly has
wrong boundaries. Facts that change nothing are left out, as long as the test tries the same and comes out the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

import attrs

from .boundaries import Boundary, boundaries
from .claims import (
    UNKNOWN,
    Authorization,
    Claim,
    Event,
    History,
    Intervention,
    Note,
    Patient,
    Provider,
    Service,
    ServiceLine,
    Session,
)
from .coverage import Coverage, Side, tried
from .coverage_text import where
from .errors import InputError
from .evaluate import check
from .examples import BILLING, RENDERING, Example, examples
from .loading import Loaded, PolicyFile
from .parse import parse
from .pasted import pasted
from .policy import Policy, Rule, Timing
from .report import Finding, Report
from .trial import Trial, as_expected

# What a record of a kind must say, or says best.
_KEPT: Final[Mapping[type, tuple[str, ...]]] = {
    Claim: ("lines", "payer"), ServiceLine: ("number", "code", "date_of_service", "modifiers"), History: ("services", "complete_from"),
    Service: ("number", "code", "date_of_service", "modifiers"), Provider: ("npi",), Authorization: ("number", "from_", "to"),
    Event: ("kind", "date"), Note: ("kind", "date"), Session: ("payer", "date", "interventions"), Intervention: ("code",),
}  # fmt: skip


def suggested(loaded: Loaded, trials: Iterable[Trial]) -> Iterator[str]:
    """Give the tests that each file lacks, as the text to paste into it, and the boundaries for which there is none."""
    policies = {policy.name: policy for policy in loaded.policies}
    found = {trial.path: trial for trial in trials}
    for file in loaded.files:
        if file.path in found and policies[file.name].payers:
            yield from _of_file(file, policies[file.name], found[file.path].coverage)


def _of_file(file: PolicyFile, policy: Policy, coverage: Coverage) -> Iterator[str]:
    yield f"# {file.path}: made from its rules. Each expects what the policy says now: read it, then accept or correct it."
    bench = _Bench(file, policy, coverage)
    yield from bench.tests()
    for kind in ("rule", "clause", "boundary"):
        for point, side in bench.coverage.missing(kind):
            yield f"# none found: {where(point)}, {side}"


@attrs.define
class _Bench:
    """A policy whose coverage grows with each test that is suggested."""

    file: PolicyFile
    policy: Policy
    coverage: Coverage
    names: set[str] = attrs.field(init=False)
    timed: set[tuple[Any, Any]] = attrs.field(init=False)  # units and minutes that some test holds against each other

    def __attrs_post_init__(self) -> None:
        self.names = {block.name.text for block in self.file.tests()}
        self.timed = {_timed(case.claim) for case in examples(self.file, self.policy)}

    def tests(self) -> Iterator[str]:
        """A test for each case beside a boundary that tries something new."""
        for rule in self.policy.rules:
            if rule.suspended is None and (isinstance(rule.demand, Timing) or self._lacks(rule)):
                found = (self._of(boundary, rule) for boundary in boundaries(rule, self.policy))
                yield from (text for text in found if text is not None)

    def _lacks(self, rule: Rule) -> bool:
        return any(point.rule in (rule.name, "") for kind in _KINDS for point, _ in self.coverage.missing(kind))

    def _of(self, boundary: Boundary, rule: Rule) -> str | None:
        """The test of one case, None where it tries nothing new or can't be written."""
        case = _Case(boundary.claim, boundary.history, boundary.session)
        new = self._new(case)
        minutes = isinstance(rule.demand, Timing) and boundary.part == "by" and _timed(case.claim) not in self.timed
        if not new and not minutes:
            return None
        self.timed.add(_timed(case.claim))
        case = self._plainer(self._approved(_as_tests_have_it(case, self.policy), new), new)
        told = self._written(case, self._name(boundary))
        if told is None:
            return None
        text, report = told
        self.coverage = self.coverage.add(self._tried(case, report))
        return text

    def _name(self, boundary: Boundary) -> str:
        name = f"{boundary.rule}: {boundary.says}".replace('"', "'").replace("\\", "/")
        if name in self.names:
            name = f"{name}, on {boundary.day}"
        number = 2
        while name in self.names:
            name, number = f"{name} ({number})", number + 1
        self.names.add(name)
        return name

    # ---- what a case tries -------------------------------------------------------------------------------------

    def _report(self, case: _Case) -> Report:
        return check((self.policy,), case.claim, case.history, case.session)

    def _tried(self, case: _Case, report: Report) -> frozenset[Side]:
        return tried(self.policy, case.claim, case.history, case.session, report)

    def _new(self, case: _Case) -> set[Side]:
        """What a case tries that nothing has tried yet."""
        missing = {side for kind in _KINDS for side in self.coverage.missing(kind)}
        return set(self._tried(case, self._report(case))) & missing

    def _approved(self, case: _Case, new: set[Side]) -> _Case:
        """The case with an authorization on file, where that tries the same and leaves only what the test is about."""
        if case.history is None or case.history.authorizations != ():
            return case
        approved = attrs.evolve(case, history=attrs.evolve(case.history, authorizations=(_approval(case),)))
        report = self._report(approved)
        fewer = len(report.found) < len(self._report(case).found)
        return approved if fewer and new <= self._tried(approved, report) else case

    def _plainer(self, case: _Case, new: set[Side]) -> _Case:
        """The case without the facts that change neither what it tries nor what comes out."""
        before = _came(self._report(case))
        for place in _places(case):
            plainer = _without(case, place)
            if plainer is None:
                continue
            report = self._report(plainer)
            if _came(report) == before and new <= self._tried(plainer, report):
                case = plainer
        return case

    # ---- writing -----------------------------------------------------------------------------------------------

    def _written(self, case: _Case, name: str) -> tuple[str, Report] | None:
        """The test as text and what comes of it when it is read again; None where it then says something else."""
        report = self._report(case)
        text = pasted(case, name, self.policy, _expects(report))
        example = self._read_again(text)
        if example is None or not as_expected(example, self._report(_Case(example.claim, example.history, example.session))):
            return None
        return text, report

    def _read_again(self, text: str) -> Example | None:
        parsed = parse(text, self.file.path)
        if parsed.diagnostics:
            return None
        before = len(self.file.scope.diagnostics)
        found = examples(attrs.evolve(self.file, parsed=parsed), self.policy)
        wrong = self.file.scope.diagnostics[before:]
        del self.file.scope.diagnostics[before:]
        return found[0] if found and not wrong else None


_KINDS: Final = ("rule", "clause", "boundary")


def _timed(claim: Claim) -> tuple[Any, Any]:
    """The units and the minutes of a claim's last line."""
    return claim.lines[-1].units, claim.lines[-1].minutes


@attrs.frozen
class _Case:
    """A claim with what stands beside it."""

    claim: Claim
    history: History | None
    session: Session | None


def _came(report: Report) -> tuple[Any, ...]:
    """What a report comes to, as far as a test's expectations say it."""
    return report.outcome, tuple(_expects(report))


def _expects(report: Report) -> list[str]:
    """The expectations that a report meets and no milder one does."""
    found = [_expect(finding) for finding in report.found]
    if report.outcome == "undetermined" and not found:
        return [_open(report)]
    return found or ["clean"]


def _expect(finding: Finding) -> str:
    carc = f" carc {finding.carc}" if finding.carc else ""
    return f"{finding.outcome} by {finding.rule} on line {finding.lines[0]}{_stands(finding)}{carc}"


_MONEY: Final = ("allowed", "charged", "paid")


def _stands(finding: Finding) -> str:
    for name, amount in (finding.stands or {}).items():
        return f" stands ${amount:f}" if name in _MONEY else f" stands {amount:f} {name}"
    return ""


def _open(report: Report) -> str:
    status = next((one for one in report.rules if one.status == "undetermined" and one.rule != "no_policy"), None)
    if status is None:
        return "undetermined"
    missing = f" missing {', '.join(one.field for one in status.missing)}" if status.missing else ""
    return f"undetermined by {status.rule} on line {status.lines[0]}{missing}"


def _by_date(services: Any) -> Any:
    """Services in the order of their dates, which no report depends on (M3.3)."""
    return tuple(sorted(services, key=lambda one: str(one.date_of_service))) if isinstance(services, tuple) else services


# ---- plainer cases -----------------------------------------------------------------------------------------------


def _as_tests_have_it(case: _Case, policy: Policy) -> _Case:
    """A case as a test gives it: of the policy's first payer, with no number of its own."""
    claim = attrs.evolve(case.claim, id=UNKNOWN, payer=policy.payers[0])
    history, patient = case.history, claim.patient
    if history is not None:
        history = attrs.evolve(history, patient=UNKNOWN, services=_by_date(history.services))
    if isinstance(patient, Patient):
        claim = attrs.evolve(claim, patient=attrs.evolve(patient, id=UNKNOWN))
    return attrs.evolve(case, claim=claim, history=history)


def _approval(case: _Case) -> Authorization:
    """A reviewed approval of a dozen visits around the claim's date."""
    day = case.claim.lines[0].date_of_service
    assert isinstance(day, date)
    month = timedelta(days=30)
    return Authorization(number="A1", kind="reviewed", from_=day - month, to=day + month, visits=12, used_visits=0, requested=day - 2 * month)


_Place = tuple[str, tuple[Any, ...]]  # which record, and the way to a field of it; EACH stands for every one of a list
EACH: Final = "each"


def _places(case: _Case) -> list[_Place]:
    """The ways to every fact of a case that may be left out, the claim's before the lines'."""
    found: list[_Place] = []
    for name in ("claim", "history", "session"):
        record = getattr(case, name)
        if record is not None:
            found += [(name, way) for way in _ways(record)]
    return sorted(dict.fromkeys(found), key=lambda place: len(place[1]))


def _ways(record: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(record, tuple):
        for one in record:
            yield from _ways(one, (*before, EACH))
    elif isinstance(record, Mapping):
        yield from ((*before, key) for key in record)
    elif attrs.has(type(record)):
        kept = _KEPT.get(type(record), ())
        for field in attrs.fields(type(record)):
            value = getattr(record, field.name)
            if value is UNKNOWN:
                continue
            if field.name not in kept:
                yield (*before, field.name)
            yield from _ways(value, (*before, field.name))


def _without(case: _Case, place: _Place) -> _Case | None:
    """The case without one fact; None where it can't be."""
    name, way = place
    try:
        return attrs.evolve(case, **{name: _left_out(getattr(case, name), way)})
    except (InputError, LookupError, ValueError):
        return None


def _left_out(record: Any, way: tuple[Any, ...]) -> Any:
    step, rest = way[0], way[1:]
    if step == EACH:
        return tuple(_left_out(one, rest) for one in record) if isinstance(record, tuple) else record
    if isinstance(record, Mapping):
        if step not in record:
            raise LookupError("left out already")
        return {key: value for key, value in record.items() if key != step}
    value = getattr(record, step)
    if value is UNKNOWN:
        raise LookupError("left out already, with what it is part of")
    if rest:
        return attrs.evolve(record, **{step: _left_out(value, rest)})
    if isinstance(value, Provider):  # every test has both providers, of whom no more is said
        usual = BILLING if step == "billing_provider" else RENDERING
        return attrs.evolve(record, **{step: Provider(npi=usual["npi"])})
    return attrs.evolve(record, **{step: UNKNOWN})
