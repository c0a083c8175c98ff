"""From the treatment session to the claim: lines that the minutes support, checked against the same policies.

What asserts something about the patient or the record (KX, 59 and its kin) is proposed with what it asserts, and never added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import attrs

from .allocation import Allocation, LeftOut, Support, claim_of, disciplines_of, support
from .claims import UNKNOWN, Claim, History, Person, Provider, Session
from .codesets import modifiers
from .descriptions import Question, questions
from .fields import Field
from .policy import Citation, Documentation, Policy, Rule
from .repairs import applied, clears
from .report import Finding, Repair, Report, RuleStatus
from .vocabulary import THERAPY_KINDS

if TYPE_CHECKING:
    from .remaining import Remaining

# Edits that follow from the session and assert nothing more: the plan of care a line is under, whose minutes they were.
_NARROWER: Final = ("XE", "XP", "XS", "XU")  # each of them says one of the things that 59 may mean
_MODIFIERS: Final = ("GP", "GO", "GN", "CQ", "CO")


@attrs.frozen
class Proposal:
    """A modifier or another edit that would settle a finding, with what it asserts: for a person to decide.

    `others` are the narrower modifiers that would do in the place of 59, each with what it says.
    """

    rule: str
    repair: Repair
    others: tuple[tuple[str, str], ...] = ()


@attrs.frozen
class Wanting:
    """What the visit's note still needs by a rule (`known`), or what has to be answered to tell; `outcome` is what the rule answers with."""

    policy: str
    rule: str
    outcome: str
    why: str
    known: bool
    questions: tuple[str, ...]
    citations: tuple[Citation, ...]


@attrs.frozen(eq=False)
class Bill:
    """What a session comes to: the claim (None where it supports no line), how its units came about, and what is open.

    `report` is the check of that claim by the same policies with the same history and session; `wanting` is the checklist of the
    note, and `note_rules` the names of the rules about it that were judged; `left` is what was left of the benefit before this visit, None
    where nobody says whose it is. `differing` are the codes that take more than one line, each with the fields in which its interventions differ.
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
    note_rules: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    left: Remaining | None = None
    differing: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)

    @property
    def open_rules(self) -> tuple[RuleStatus, ...]:
        """The rules that could not be decided, those about the note apart."""
        apart = {(one.policy, one.rule) for one in self.wanting}
        every = self.report.rules if self.report is not None else ()
        return tuple(one for one in every if one.status == "undetermined" and (one.policy, one.rule) not in apart)

    @property
    def outcome(self) -> str:
        """The outcome of the check; `undetermined` too where it is no claim yet."""
        if self.report is None or self.no_claim_yet:
            return "undetermined"
        return self.report.outcome

    @property
    def no_claim_yet(self) -> bool:
        """Whether a line's units are open, or a code takes more than one line and how its units fall on them is not known."""
        return bool(self.open_units or self.differing)

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
    from .evaluate import check

    matching = tuple(sorted((policy for policy in policies if _of_payer(policy, session)), key=lambda policy: policy.name))
    found = support(matching, session, history)
    report = _tagged(policies, claim_of(session, found.lines), session, history) if found.lines else None
    proposals = _proposals(report, lambda claim: check(policies, claim, history, session)) if report is not None else ()
    about_note = [(policy.name, rule) for policy in matching for rule in policy.rules if _of_the_note(rule)]
    return Bill(
        session, report.claim if report is not None else None, found.allocations, found.left_out,
        (*found.notes, *_unmatched(found, matching)), report, tuple(proposals),
        tuple(_wanting(report, about_note)) if report is not None else (), questions(session),
        tuple(_judged(report, about_note)) if report is not None else (), tuple(policy.title for policy in matching),
        _left(matching, session, history, report), found.differing,
    )  # fmt: skip


def _left(policies: tuple[Policy, ...], session: Session, history: History | None, report: Report | None) -> Remaining | None:
    """What was left of the benefit before this visit, for the disciplines of the session: of limits those that bear on the claim."""
    from .remaining import remaining

    if not isinstance(session.payer, str) or not isinstance(session.date, date):
        return None
    person = Person(payer=session.payer, plan=session.plan, patient=session.patient, facts=session.facts)
    provider = session.billing_provider if isinstance(session.billing_provider, Provider) else None
    left = remaining(policies, person, history, session.date, provider).of(disciplines_of(session))
    bearing = {(one.policy, one.rule) for one in report.rules if one.status != "not_applicable"} if report is not None else set()
    kinds = (None, session.therapy_kind) if isinstance(session.therapy_kind, str) else (None, *THERAPY_KINDS)
    limits = (one for one in left.limits if report is None or (one.policy, one.rule) in bearing)
    return attrs.evolve(left, limits=tuple(one for one in limits if one.therapy_kind in kinds))


def _of_payer(policy: Policy, session: Session) -> bool:
    plan, day = session.plan, session.date
    if not isinstance(day, date):
        return False
    return session.payer in policy.payers and (not policy.plans or plan is UNKNOWN or plan in policy.plans) and policy.speaks_on(day)


def _unmatched(found: Support, matching: tuple[Policy, ...]) -> Iterator[str]:
    if not matching:
        yield "no policy here speaks for this payer, plan and date: nothing says how units are counted"
    elif any(allocation.method == "no method" for allocation in found.allocations):
        yield "no method of counting is guessed: a `timing` rule of the payer's, in a file of your own, settles the units"


# ---- whose units they are ----------------------------------------------------------------------------------------


def _tagged(policies: tuple[Policy, ...], claim: Claim, session: Session, history: History | None) -> Report:
    """Add what the policies' own rules want of disciplines and assistants, splitting lines where only some units are theirs."""
    from .evaluate import check

    report = check(policies, claim, history, session)
    for _ in range(4 * len(claim.lines) + 4):  # at most one edit of each kind a line
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


def _proposals(report: Report, checked: Callable[[Claim], Report]) -> Iterator[Proposal]:
    for finding in report.findings:
        for repair in finding.repairs:
            if repair.attests is not None:
                yield Proposal(finding.rule, repair, tuple(_narrower(report, finding, repair, checked)))


def _narrower(report: Report, finding: Finding, repair: Repair, checked: Callable[[Claim], Report]) -> Iterator[tuple[str, str]]:
    """The X modifiers that clear a finding as 59 does: each says more exactly why the services were distinct."""
    if (repair.op, repair.value) != ("add_modifier", "59"):
        return
    day = report.claim.lines[0].date_of_service
    for modifier in _NARROWER:
        changed = applied(report.claim, attrs.evolve(repair, value=modifier))
        row = modifiers().row((modifier,), day) if isinstance(day, date) else None
        if row is not None and changed is not None and clears(report, checked(changed), finding):
            yield modifier, row["label"]


# ---- the note ----------------------------------------------------------------------------------------------------


def _of_the_note(rule: Rule) -> bool:
    """Whether a rule is about the record: a `documentation` rule, or one that looks at a field of the note."""
    from .evaluate import parts_of

    return isinstance(rule.demand, Documentation) or any(_looks_at_the_note(part) for part in parts_of(rule))


def _looks_at_the_note(part: object) -> bool:
    field = getattr(part, "field", None)
    return isinstance(field, Field) and field.name.startswith("note.")


def _judged(report: Report, about_note: Iterable[tuple[str, Rule]]) -> Iterable[str]:
    """The rules about the note that bear on the claim, whatever became of them."""
    judged = {(one.policy, one.rule) for one in report.rules if one.status != "not_applicable"}
    return dict.fromkeys(rule.name for policy, rule in about_note if (policy, rule.name) in judged)


def _wanting(report: Report, about_note: Iterable[tuple[str, Rule]]) -> Iterator[Wanting]:
    """The checklist of the visit's note: what a rule found missing, and what has to be answered to tell."""
    for policy, rule in about_note:
        for finding in report.findings:
            if (finding.policy, finding.rule) == (policy, rule.name):
                yield Wanting(policy, rule.name, finding.outcome, finding.message, True, (), finding.citations)
        open_ = [one for one in report.rules if (one.policy, one.rule, one.status) == (policy, rule.name, "undetermined")]
        if open_:
            asked = tuple(dict.fromkeys(missing.question for status in open_ for missing in status.missing))
            yield Wanting(policy, rule.name, rule.outcome, open_[0].why, False, asked, rule.citations)
