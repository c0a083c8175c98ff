"""Running a policy's tests: each expectation is exact, and a failure shows the claim, what was expected, what came and why."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import attrs

from . import tree as t
from . import words
from .claims import ServiceLine
from .coverage import Coverage, Side, coverage, of_rules, probes_of
from .evaluate import check
from .examples import Example, examples
from .loading import Loaded, PolicyFile
from .policy import Policy
from .report import Finding, Report
from .truth import Interval
from .words import listed, money


@attrs.frozen
class Failure:
    """A case that did not come out as expected."""

    path: str
    line: int
    title: str
    claim: str
    expected: tuple[str, ...]
    got: tuple[str, ...]
    because: tuple[str, ...]


@attrs.frozen
class Trial:
    """What the tests of one file came to: cases, failures, and what of the policy they tried."""

    path: str
    tests: int
    cases: int
    failures: tuple[Failure, ...]
    coverage: Coverage


def run(file: PolicyFile, policy: Policy, case: Example) -> tuple[Report, Failure | None]:
    """Run one case: its report, and how it failed, None where it came out as expected."""
    report = check((policy,), case.claim, case.history, case.session)
    return report, None if as_expected(case, report) else _failure(file, case, report)


def trial(file: PolicyFile, policy: Policy, rules_only: bool = False) -> Trial:
    """Run the tests of one file; with `rules_only`, clauses and boundaries are not looked at."""
    cases = examples(file, policy)
    failures: list[Failure] = []
    seen: set[Side] = set()
    probes = probes_of(policy)
    for case in cases:
        report, failure = run(file, policy, case)
        failures += [failure] if failure is not None else []
        seen |= set(of_rules(policy, report)) if rules_only else probes.tried(case.claim, case.history, case.session, report)
    return Trial(file.path, len(file.tests()), len(cases), tuple(failures), coverage(policy).add(seen))


def trials(loaded: Loaded) -> list[Trial]:
    """Run the tests of every file that was asked for."""
    policies = {policy.name: policy for policy in loaded.policies}
    return [trial(file, policies[file.name]) for file in loaded.files if file.asked_for and file.name in policies]


# ---- expectations ------------------------------------------------------------------------------------------------


def as_expected(case: Example, report: Report) -> bool:
    """Every expectation is met, and no finding came that none of them names."""
    asks_repairs = any(expect.repair is not None for expect in case.expects)
    findings = report.findings if asks_repairs else report.found  # repairs are tried where somebody asks
    if not all(_holds(expect, report, findings) and (expect.pays is None or _pays(expect, report)) for expect in case.expects):
        return False
    return all(any(_names(expect, finding) for expect in case.expects) for finding in findings)


def _holds(expect: t.TExpect, report: Report, findings: tuple[Finding, ...]) -> bool:
    word = expect.outcome.text
    if word == "clean":
        return _outcome_at(expect, report) == "clean" and not [f for f in findings if _at(expect, f.lines)]
    if word == "undetermined":
        return _is_open(expect, report)
    return any(_names(expect, finding) for finding in findings)


def _pays(expect: t.TExpect, report: Report) -> bool:
    """Whether the line named, or the lines together, pay the amount; each line by one policy's rules."""
    assert expect.pays is not None
    paid = [one.pays for one in report.payments if _at(expect, (one.line,))]
    known = [amount for amount in paid if amount is not None]
    return bool(paid) and len(known) == len(paid) and sum(known, Decimal(0)) == Decimal(expect.pays.text.replace(",", ""))


def _outcome_at(expect: t.TExpect, report: Report) -> str:
    if expect.line is None:
        return report.outcome
    return next((line.outcome for line in report.lines if str(line.number) == expect.line.text), "no such line")


def _at(expect: t.TExpect, lines: Iterable[int]) -> bool:
    return expect.line is None or expect.line.text in [str(line) for line in lines]


def _is_open(expect: t.TExpect, report: Report) -> bool:
    if expect.rule is None and not expect.missing:
        return _outcome_at(expect, report) == "undetermined"
    wanted = {f"{m.field.text} {m.code.text}" if m.code else m.field.text for m in expect.missing}
    return any(
        status.status == "undetermined"
        and (expect.rule is None or status.rule == expect.rule.text)
        and _at(expect, status.lines)
        and (not wanted or {missing.field for missing in status.missing} == wanted)
        for status in report.rules
    )


def _names(expect: t.TExpect, finding: Finding) -> bool:
    """Whether an expectation is of this finding."""
    return (
        expect.outcome.text == finding.outcome
        and (expect.rule is None or expect.rule.text == finding.rule)
        and _at(expect, finding.lines)
        and (expect.carc is None or expect.carc.text == finding.carc)
        and (not expect.rarcs or {rarc.text for rarc in expect.rarcs} == set(finding.rarc))
        and (expect.stands is None or _stands(expect.stands, finding))
        and (expect.repair is None or any(expect.repair.text in repair.words() for repair in finding.repairs))
    )


def _stands(stands: t.Stands, finding: Finding) -> bool:
    amount = Decimal(stands.amount.text.replace(",", ""))
    found = finding.stands or {}
    if stands.measure is None:
        return any(amount == value for name, value in found.items() if name in ("allowed", "charged", "paid"))
    return found.get(stands.measure.text) == amount


# ---- a failure ---------------------------------------------------------------------------------------------------


def _failure(file: PolicyFile, case: Example, report: Report) -> Failure:
    return Failure(
        file.path, case.line, case.title, _claim(case), tuple(file.scope.said(e.span).removeprefix("expect ") for e in case.expects),
        tuple(_got(report)), tuple(_because(case, report)),
    )  # fmt: skip


def _claim(case: Example) -> str:
    lines = "; ".join(_line(line) for line in case.claim.lines)
    history = case.history
    if history is None:
        return f"{lines}; no history"
    services = len(history.services) if isinstance(history.services, tuple) else 0
    since = f"complete from {history.complete_from}" if history.complete_from else "not known to be complete"
    return f"{lines}; {services} service{'s' if services != 1 else ''} in the history, {since}"


def _line(line: ServiceLine) -> str:
    modifiers = " ".join(line.modifiers) if isinstance(line.modifiers, tuple) else ""
    units = f"x{line.units}" if isinstance(line.units, int) else ""
    allowed = money(line.allowed) if isinstance(line.allowed, Decimal) else ""
    return " ".join(part for part in (str(line.date_of_service), line.code, modifiers, units, allowed) if part)


def _got(report: Report) -> list[str]:
    got = []
    for finding in report.findings:
        codes = f" carc {finding.carc}" if finding.carc else ""
        stands = f" stands {listed(f'{amount:f} {name}' for name, amount in finding.stands.items())}" if finding.stands is not None else ""
        repairs = f" (repair: {listed(repair.words() for repair in finding.repairs)})" if finding.repairs else ""
        where = listed(str(number) for number in finding.lines)
        got.append(f"{finding.outcome} by {finding.rule} on line {where}{stands}{codes}: {finding.message}{repairs}")
    got += [f"line {one.line} pays {words.interval(Interval(one.at_least, one.at_most), 'paid')}: {'; '.join(one.steps)}" for one in report.payments]
    open_ = [status for status in report.rules if status.status == "undetermined"]
    for status in open_ if report.outcome == "undetermined" or not got else ():
        missing = ", ".join(dict.fromkeys(missing.field for missing in status.missing))
        got.append(f"undetermined by {status.rule} on line {listed(str(n) for n in status.lines)} missing {missing or 'nothing'}")
    return got or [report.outcome]


def _because(case: Example, report: Report) -> list[str]:
    """Why the rules that were expected did what they did."""
    wanted = {expect.rule.text for expect in case.expects if expect.rule is not None}
    return [
        f"{status.rule} on line {listed(str(n) for n in status.lines)}: {status.status.replace('_', ' ')}, {status.why}"
        for status in report.rules
        if status.rule in wanted and status.status != "broken"
    ]
