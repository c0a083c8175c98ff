"""From the treatment session to the claim: lines that the minutes support, checked against the same policies.

What asserts something about the patient or the record (KX, 59 and its kin) is proposed with what it asserts, and never added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

import attrs

from .allocation import Allocation, LeftOut, Support, claim_of, support
from .claims import UNKNOWN, Claim, History, Session
from .descriptions import Question, questions
from .policy import Citation, Policy
from .repairs import applied
from .report import Finding, Repair, Report

# Edits that follow from the session and assert nothing more: the plan of care a line is under, whose minutes they were.
_MODIFIERS: Final = ("GP", "GO", "GN", "CQ", "CO")
_MOST_EDITS: Final = 40


@attrs.frozen
class Proposal:
    """A modifier or another edit that would settle a finding, with what it asserts: for a person to decide."""

    rule: str
    repair: Repair


@attrs.frozen
class Wanting:
    """What the visit's note still needs by a rule, or what is not known of it."""

    rule: str
    why: str
    known: bool
    citations: tuple[Citation, ...]


@attrs.frozen(eq=False)
class Bill:
    """What a session comes to: the claim (None where it supports no line), how its units came about, and what is open.

    `report` is the check of that claim by the same policies with the same history and session.
    """

    session: Session
    claim: Claim | None
    allocation: tuple[Allocation, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    report: Report | None
    proposals: tuple[Proposal, ...] = ()
    wanting: tuple[Wanting, ...] = ()
    questions: tuple[Question, ...] = ()

    @property
    def outcome(self) -> str:
        """The outcome of the check; `undetermined` too where a line's units are open, for then it is no claim yet."""
        if self.report is None or self.open_units:
            return "undetermined"
        return self.report.outcome

    @property
    def open_units(self) -> tuple[str, ...]:
        """The codes whose units could not be settled."""
        return tuple(line.code for line in self.claim.lines if not isinstance(line.units, int)) if self.claim is not None else ()

    def to_dict(self) -> dict[str, Any]:
        """Give plain dicts and lists."""
        from .bill_text import bill_dict

        return bill_dict(self)

    def to_json(self) -> str:
        """Give JSON text."""
        import json

        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def __str__(self) -> str:
        from .bill_text import bill_text

        return bill_text(self)


def billed(policies: tuple[Policy, ...], session: Session, history: History | None = None) -> Bill:
    """Make the claim that a session supports under policies of its payer."""
    matching = tuple(sorted((policy for policy in policies if _of_payer(policy, session)), key=lambda policy: policy.name))
    found = support(matching, session, history)
    asked = questions(session)
    if not found.lines:
        return Bill(session, None, found.allocations, found.left_out, found.notes, None, questions=asked)
    report = _tagged(policies, claim_of(session, found.lines), session, history)
    return Bill(
        session, report.claim, found.allocations, found.left_out, (*found.notes, *_unmatched(found, matching)), report,
        tuple(_proposals(report)), tuple(_wanting(report)), asked,
    )  # fmt: skip


def _of_payer(policy: Policy, session: Session) -> bool:
    plan, day = session.plan, session.date
    if not isinstance(day, date):
        return False
    return session.payer in policy.payers and (not policy.plans or plan is UNKNOWN or plan in policy.plans) and policy.speaks_on(day)


def _unmatched(found: Support, matching: tuple[Policy, ...]) -> Iterator[str]:
    if not matching:
        yield "no policy here speaks for this payer, plan and date: nothing says how units are counted"
    for allocation in found.allocations:
        if allocation.method == "no method":
            yield f"units of {', '.join(row.code for row in allocation.rows)} are left open: no rule of these policies says how they are counted"


# ---- whose units they are ----------------------------------------------------------------------------------------


def _tagged(policies: tuple[Policy, ...], claim: Claim, session: Session, history: History | None) -> Report:
    """Add what the policies' own rules want of disciplines and assistants, splitting lines where only some units are theirs."""
    from .evaluate import check

    report = check(policies, claim, history, session)
    for _ in range(_MOST_EDITS):
        repair = next((r for finding in report.findings for r in finding.repairs if _follows(r)), None)
        changed = applied(report.claim, repair) if repair is not None else None
        if changed is None:
            break
        report = check(policies, changed, history, session)
    return report


def _follows(repair: Repair) -> bool:
    """Whether an edit follows from the session: whose plan of care it is, and which units an assistant gave."""
    if repair.attests is not None:
        return False
    return repair.op == "split_line" or (repair.op == "add_modifier" and repair.value in _MODIFIERS)


def _proposals(report: Report) -> Iterator[Proposal]:
    for finding in report.findings:
        for repair in finding.repairs:
            if repair.attests is not None:
                yield Proposal(finding.rule, repair)


# ---- the note ----------------------------------------------------------------------------------------------------


def _wanting(report: Report) -> Iterable[Wanting]:
    """What the documentation rules found missing in the visit's note, or could not see."""
    for finding in report.findings:
        if _of_the_record(report, finding):
            yield Wanting(finding.rule, finding.message, True, finding.citations)
    for status in report.rules:
        if status.kind == "documentation" and status.status == "undetermined":
            yield Wanting(status.rule, " ".join(dict.fromkeys(missing.question for missing in status.missing)), False, ())


def _of_the_record(report: Report, finding: Finding) -> bool:
    return any(status.rule == finding.rule and status.policy == finding.policy and status.kind == "documentation" for status in report.rules)
