"""Repairs: edits of the claim that are applied and checked again before anyone is told of them (M9)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import attrs

from .claims import UNKNOWN, Claim, History, ServiceLine, Session
from .policy import Policy
from .report import SEVERITY, Finding, LineReport, Repair, Report, RuleStatus, worst

if TYPE_CHECKING:
    from .compiled import Compiled


def applied(claim: Claim, repair: Repair) -> Claim | None:
    """Give the claim with one edit made, or None where the edit has no sense on it."""
    line = next((one for one in claim.lines if one.number == repair.line), None)
    if line is None:
        return None
    changed = _edited(line, repair, claim)
    if changed is None:
        return None
    lines = tuple(new for one in claim.lines for new in (changed if one is line else (one,)))
    return attrs.evolve(claim, lines=lines) if lines else None


def _edited(line: ServiceLine, repair: Repair, claim: Claim) -> tuple[ServiceLine, ...] | None:
    value = repair.value or ""
    match repair.op:
        case "add_modifier" | "remove_modifier":
            return _modified(line, repair.op, value)
        case "set_units":
            return _with_units(line, int(value))
        case "set_code":
            # What the payer allows for the old code says nothing of the new one.
            return (attrs.evolve(line, code=value, allowed=UNKNOWN),)
        case "attach_authorization":
            named = line.authorizations if line.authorizations is not UNKNOWN else claim.authorizations
            have = named if isinstance(named, tuple) else ()
            return (attrs.evolve(line, authorizations=(*have, value)),) if value not in have else None
        case "remove_line":
            return ()
        case "split_line":
            return _split(line, value, claim)
        case _:
            return None


def _modified(line: ServiceLine, op: str, modifier: str) -> tuple[ServiceLine, ...] | None:
    """Modifiers that are not known can't be edited: one added would make them look complete."""
    if line.modifiers is UNKNOWN:
        return None
    have = line.modifiers or ()
    if (modifier in have) == (op == "add_modifier"):
        return None
    left = (*have, modifier) if op == "add_modifier" else tuple(m for m in have if m != modifier)
    return (attrs.evolve(line, modifiers=left),)


def _with_units(line: ServiceLine, units: int) -> tuple[ServiceLine, ...] | None:
    """Fewer or more units of the same service: what is charged and allowed for them goes with the units."""
    if not isinstance(line.units, int) or not line.units:
        return (attrs.evolve(line, units=units),)
    return (attrs.evolve(line, units=units, **_money(line, units, line.units - units, 0)),)


def _split(line: ServiceLine, value: str, claim: Claim) -> tuple[ServiceLine, ...] | None:
    """One line of some units without, one of the others with the assistant's modifier; charge and minutes go with the units."""
    match = re.fullmatch(r"([0-9]+) units? without and ([0-9]+)(?: units?)? with (C[QO])", value)
    by = line.minutes_by
    if match is None or not isinstance(by, Mapping) or not isinstance(line.units, int):
        return None
    plain, tagged, modifier = int(match.group(1)), int(match.group(2)), match.group(3)
    have = line.modifiers if isinstance(line.modifiers, tuple) else ()
    theirs = {role: minutes for role, minutes in by.items() if role in ("PTA", "OTA")}
    ours = {role: minutes for role, minutes in by.items() if role not in ("PTA", "OTA")}
    number = max(one.number for one in claim.lines) + 1
    first = attrs.evolve(line, units=plain, minutes=sum(ours.values()), minutes_by=ours, **_money(line, plain, tagged, 0))
    second = attrs.evolve(
        line, number=number, units=tagged, minutes=sum(theirs.values()), minutes_by=theirs, modifiers=(*have, modifier),
        **_money(line, plain, tagged, 1),
    )  # fmt: skip
    return first, second


def _money(line: ServiceLine, first: int, rest: int, which: int) -> dict[str, Any]:
    """Charge and allowed amount shared by units, to the cent; the first part takes what does not divide."""
    shared: dict[str, Any] = {}
    for name in ("charge", "allowed"):
        whole = getattr(line, name)
        if isinstance(whole, Decimal):
            second = (whole * rest / (first + rest)).quantize(Decimal("0.01"), ROUND_HALF_UP)
            shared[name] = second if which else whole - second
    return shared


@attrs.frozen(eq=False)
class Repairing:
    """What a report needs to try its repairs: the policies and the history it was made with, and the edits to try."""

    policies: tuple[Policy, ...]
    history: History | None
    session: Session | None
    ignoring: frozenset[str]
    candidates: tuple[tuple[tuple[Repair, ...], str], ...]
    unjudged: frozenset[int]
    compiled: Compiled | None = None

    def checked(self, claim: Claim) -> Report:
        """Check an edited claim under the same policies."""
        from .evaluate import check

        if self.compiled is not None:
            return self.compiled.check(claim, self.history, self.session, self.ignoring)
        return check(self.policies, claim, self.history, self.session, self.ignoring)

    def repaired(self, report: Report) -> tuple[Finding, ...]:
        """The findings with the repairs that clear them, or the reason why there is none."""
        tried: dict[Repair, Report | None] = {}
        found = tuple(
            self._with_repairs(report, finding, candidates, why_none, tried)
            for finding, (candidates, why_none) in zip(report.found, self.candidates, strict=True)
        )
        return tuple(finding if finding.repairs else _cleared_by_another(report, finding, found, tried) for finding in found)

    def _with_repairs(self, report: Report, finding: Finding, candidates: tuple[Repair, ...], why_none: str,
                      tried: dict[Repair, Report | None]) -> Finding:  # fmt: skip
        good = []
        for repair in dict.fromkeys(candidates):
            edit = attrs.evolve(repair, attests=None)
            if edit not in tried:
                changed = applied(report.claim, repair)
                tried[edit] = self.checked(changed) if changed is not None else None
            after = tried[edit]
            if after is not None and clears(report, after, finding):
                good.append(repair)
        reason = None if good else (why_none or "no edit of the claim that was tried clears it without another finding")
        return attrs.evolve(finding, repairs=tuple(good), no_repair=reason)

    def apply_all(self, report: Report, attest: frozenset[str]) -> Claim:
        """Apply repair after repair, each on the claim the last one left, until none is left that may be applied.

        What a person overruled stays as it is.
        """
        current: Report = report
        left_alone = {(f.policy, f.rule, line) for f in report.found if f.overruled is not None for line in f.lines}
        for _ in range(4 * len(report.found) + 4):
            repair = next((r for r in _wanted(current, left_alone) if _allowed(r, attest)), None)
            changed = applied(current.claim, repair) if repair is not None else None
            if changed is None:
                break
            current = self.checked(changed)
        return current.claim

    def assembled(self, report: Report, found: tuple[Finding, ...]) -> Report:
        """Reckon the outcomes from findings and statuses; an overruled finding does not count."""
        lines = tuple(
            _line(line.number, found, report.rules, line.number in self.unjudged)
            for line in sorted(report.claim.lines, key=lambda one: one.number)
        )
        return attrs.evolve(report, lines=lines, found=found, repairing=self)


def _cleared_by_another(report: Report, finding: Finding, found: tuple[Finding, ...], tried: dict[Repair, Report | None]) -> Finding:
    """A finding that has no repair of its own, and goes with the repair of another one of its line, says so."""
    for other in found:
        for repair in other.repairs if set(other.lines) & set(finding.lines) else ():
            after = tried[attrs.evolve(repair, attests=None)]
            if after is not None and clears(report, after, finding):
                return attrs.evolve(finding, no_repair=f"it goes with the repair of {other.rule}: {repair.words()}")
    return finding


def _wanted(report: Report, left_alone: set[tuple[str | None, str, int]]) -> Iterable[Repair]:
    for finding in report.findings:
        if not any((finding.policy, finding.rule, line) in left_alone for line in finding.lines):
            yield from sorted(finding.repairs, key=lambda repair: repair.attests is not None)  # what asserts nothing comes first


def _allowed(repair: Repair, attest: frozenset[str]) -> bool:
    return repair.attests is None or repair.value in attest


def clears(before: Report, after: Report, finding: Finding) -> bool:
    """Whether a finding is gone, and nothing worse than an inform has come, nor a rule that may turn out worse than before."""

    def alike(report: Report) -> list[Finding]:
        return [f for f in report.found if _kin(f) == _kin(finding) and set(f.lines) & set(finding.lines)]

    left, others = alike(after), alike(before)
    if len(left) >= len(others) or any(f.message == finding.message for f in left):
        return False
    known = {(*_kin(f), line) for f in before.found for line in f.lines}
    split = {line.number for line in after.claim.lines} - {line.number for line in before.claim.lines}  # parts of a line that the finding names
    known |= {(policy, rule, outcome, part) for policy, rule, outcome, line in known if line in finding.lines for part in split}
    fresh = [f for f in after.found if SEVERITY[f.outcome] > SEVERITY["inform"] and any((*_kin(f), n) not in known for n in f.lines)]
    return not fresh and SEVERITY[after.at_most] <= SEVERITY[before.at_most]


def _kin(finding: Finding) -> tuple[str | None, str, str]:
    return finding.policy, finding.rule, finding.outcome


def _line(number: int, found: tuple[Finding, ...], rules: tuple[RuleStatus, ...], unjudged: bool) -> LineReport:
    mine = [f for f in found if number in f.lines and f.overruled is None]
    least = worst(f.outcome for f in mine)
    open_ = [r.outcome for r in rules if r.status == "undetermined" and number in r.lines and not r.ignored]
    most = worst([least, *open_])
    outcome = least if least == most and not unjudged else "undetermined"
    return LineReport(number, outcome, least, most, standing(mine))


def standing(mine: Iterable[Finding]) -> dict[str, Any] | None:
    """Where several rules reduce one line, the least that stands is what stands, measure by measure (M3.3)."""
    stands: dict[str, Any] = {}
    for finding in mine:
        for measure, amount in (finding.stands or {}).items():
            stands[measure] = min(amount, stands.get(measure, amount))
    return stands or None


