"""A bill for people and as JSON: the minutes, the units and why, the lines, and what is still open (look.md)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from .allocation import Allocation, Row, disciplines_of
from .claims import ServiceLine
from .remaining_text import left_rows
from .render import WIDTH, cited, open_rules_text
from .report_json import citation_dict
from .words import listed, spelt_unit

if TYPE_CHECKING:
    from .billing import Bill

_METHODS: Final = {"cms_total_time": "CMS total time", "ama_midpoint": "AMA midpoint", "untimed": "untimed", "no method": "no method of counting"}


def bill_text(bill: Bill) -> str:
    """Write a bill for a terminal."""
    lines = [_head(bill)]
    for allocation in bill.allocation:
        lines += _allocation(allocation)
    if bill.left_out:
        lines += ["", *(text for one in bill.left_out for text in _wrapped(f"not counted: {_minutes(one.minutes)} of {one.code}: {one.why}", 2))]
    lines += _claim_lines(bill)
    lines += _open(bill)
    lines += _checklist(bill)
    lines += _left(bill)
    return "\n".join(lines)


def _head(bill: Bill) -> str:
    session = bill.session
    name = session.id if isinstance(session.id, str) else "without an id"
    whose = listed(bill.titles) if bill.titles else (session.payer if isinstance(session.payer, str) else "no payer")
    discipline = listed(disciplines_of(session))
    return "  ".join(part for part in (f"session {name}", str(session.date), discipline, whose) if part)


def _allocation(allocation: Allocation) -> list[str]:
    who = f"{allocation.discipline}, " if allocation.discipline else ""
    method = _METHODS.get(allocation.method, allocation.method)
    units = f", {_units(allocation.units)}" if allocation.units is not None else ""
    total = "" if allocation.method == "untimed" else f": {_minutes(allocation.minutes)}{units}"
    return ["", f"  {who}{method}{total}", *(text for row in allocation.rows for text in _row(row))]


def _row(row: Row) -> list[str]:
    whole = "" if row.whole is None else f"{row.whole} whole unit{'' if row.whole == 1 else 's'}, {row.left_over} left over"
    units = _units(row.units) if row.units is not None else "units open"
    left = f"    {row.code:<7}{_minutes(row.minutes) if row.minutes is not None else 'minutes unknown':>9}   {whole:<32}{units:<9}"
    return _hanging(left, row.why)


def _hanging(left: str, why: str) -> list[str]:
    if not why:
        return [left.rstrip()]
    room = WIDTH - len(left) - 2
    first, *rest = textwrap.wrap(f"({why})", room)
    return [f"{left}  {first}", *(" " * (len(left) + 2) + more for more in rest)]


def _claim_lines(bill: Bill) -> list[str]:
    if bill.claim is None:
        return ["", "  no line: the session supports no unit"]
    assert bill.report is not None
    shown = "   ".join(_line(line) for line in bill.claim.lines)
    outcome = bill.report.outcome if bill.report.outcome != "undetermined" else f"undetermined, {bill.report.at_least} to {bill.report.at_most}"
    if bill.no_claim_yet:
        outcome = f"undetermined: no claim yet, {listed(_not_yet(bill))} (the rest: {outcome})"
    return ["", *_wrapped(f"lines  {shown}", 2), *_wrapped(f"checked by the same policies: {outcome}", 2)]


def _not_yet(bill: Bill) -> Iterator[str]:
    """Why it is no claim yet."""
    if bill.open_units:
        yield f"units of {listed(bill.open_units)} are open"
    for code, names in bill.differing.items():
        yield f"{code} takes more than one line, for its interventions differ in {listed(name.replace('_', ' ') for name in names)}"


def _line(line: ServiceLine) -> str:
    modifiers = " ".join(line.modifiers) if isinstance(line.modifiers, tuple) else ""
    units = f"x{line.units}" if isinstance(line.units, int) else "units open"
    return " ".join(part for part in (line.code, modifiers, units) if part)


def _open(bill: Bill) -> list[str]:
    """Findings, what could be added and what it asserts, what is not decided, what reads like another code."""
    lines: list[str] = []
    if bill.report is not None:
        apart = {(one.policy, one.rule) for one in bill.wanting} | {(None, "reads_like_another")}
        for finding in bill.report.findings:
            if (finding.policy, finding.rule) not in apart:
                lines += _wrapped(f"{finding.outcome}: line {listed(map(str, finding.lines))}, {finding.rule}: {finding.message}", 2)
                lines += [text for repair in finding.repairs if repair.attests is None for text in _wrapped(f"would clear it: {repair.words()}", 2)]
    for proposal in bill.proposals:
        lines += _wrapped(f"could be: {proposal.repair.words()}, which asserts: {proposal.repair.attests}", 2)
        if proposal.others:
            said = listed((f"{modifier} ({says})" for modifier, says in proposal.others), "or")
            lines += _wrapped(f"or in its place, where that is what happened: {said}", 4)
    lines += [text for question in bill.questions for text in _wrapped(f"asked: {question}", 2)]
    lines += [text for note in bill.notes for text in _wrapped(f"note: {note}", 2)]
    open_ = [one for one in bill.open_rules if one.kind not in ("payment", "none")]  # what a line is paid moves no outcome
    undecided = ["", "  not decided", *open_rules_text(open_)] if open_ else []
    return [*([""] if lines else []), *lines, *undecided]


def _checklist(bill: Bill) -> list[str]:
    """What the visit's note still needs, by rule, each with its source."""
    if not bill.note_rules:
        return []
    if not bill.wanting:
        return ["", *_wrapped(f"nothing is wanting in the record by {listed(bill.note_rules)}", 2)]
    lines = ["", "  what this visit's note still needs ([ ] is missing, [?] has to be answered)"]
    for one in sorted(bill.wanting, key=lambda one: not one.known):
        lines += _wrapped(f"[ ] {one.rule}, {one.outcome}: {one.why}", 4) if one.known else [f"    [?] {one.rule}, {one.outcome} where it is missing"]
        lines += [text for question in ((one.questions or (one.why,)) if not one.known else ()) for text in _wrapped(question, 8)]
        lines += [text for citation in one.citations for text in _wrapped(f"by {cited(citation)}", 8)]
    return lines


def _left(bill: Bill) -> list[str]:
    """What was left of the benefit before this visit, and which notes fall due."""
    rows = left_rows(bill.left) if bill.left is not None else []
    return ["", "  left before this visit", *(f"  {row}" for row in rows)] if rows else []


def _minutes(number: int | None) -> str:
    return "minutes not known" if number is None else f"{number} min"


def _units(number: int | None) -> str:
    return f"{number} {spelt_unit(number or 0, 'units')}"


def _wrapped(text: str, indent: int) -> Iterable[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2)) or [""]


# ---- JSON --------------------------------------------------------------------------------------------------------


def bill_dict(bill: Bill) -> dict[str, Any]:
    """Give a bill as plain dicts, lists, text and whole numbers."""
    return {
        "session": bill.session.id if isinstance(bill.session.id, str) else None,
        "outcome": bill.outcome,
        "claim": bill.claim.to_dict() if bill.claim is not None else None,
        "allocation": [_allocation_dict(one) for one in bill.allocation],
        "left_out": [{"code": one.code, "minutes": one.minutes, "why": one.why} for one in bill.left_out],
        "proposals": [
            {"rule": one.rule, "op": one.repair.op, "line": one.repair.line, "value": one.repair.value, "attests": one.repair.attests,
             "others": [{"value": modifier, "says": says} for modifier, says in one.others]}
            for one in bill.proposals
        ],
        "note": [
            {"policy": one.policy, "rule": one.rule, "outcome": one.outcome, "why": one.why, "known": one.known, "questions": list(one.questions),
             "citations": [citation_dict(c) for c in one.citations]}
            for one in bill.wanting
        ],
        "note_rules": list(bill.note_rules),
        "questions": [
            {"intervention": one.intervention, "code": one.code, "like": one.like, "seen": list(one.seen), "apart": one.apart}
            for one in bill.questions
        ],
        "differing": {code: list(names) for code, names in bill.differing.items()},
        "notes": list(bill.notes),
        "left_before": bill.left.to_dict() if bill.left is not None else None,
        "report": bill.report.to_dict() if bill.report is not None else None,
    }


def _allocation_dict(allocation: Allocation) -> dict[str, Any]:
    return {
        "discipline": allocation.discipline, "method": allocation.method, "minutes": allocation.minutes, "units": allocation.units,
        "rows": [
            {"code": row.code, "minutes": row.minutes, "whole": row.whole, "left_over": row.left_over, "units": row.units, "why": row.why,
             "tied": row.tied}
            for row in allocation.rows
        ],
    }  # fmt: skip
