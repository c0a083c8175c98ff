"""The report for people: a hundred columns, no colour needed, the answer first and what to do last (look.md)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from .claims import Claim, ServiceLine
from .policy import Citation
from .report import Finding, LineReport, Report, RuleStatus
from .words import MONEY_MEASURES, listed, money
from .words import amount as counted

WIDTH: Final = 100
_LEAST, _MOST = 10, 26  # of the column that holds the names of rules


def report_text(report: Report, everything: bool = False) -> str:
    """Write a report for a terminal; `everything` lists the rules that are met or not applicable too."""
    lines = [_head(report), *_refused_to_judge(report), ""]
    width = _name_width(report)
    for line in report.lines:
        lines += _line(report, line, width)
    lines += _payments(report)
    lines += _undecided(report)
    if everything:
        lines += _all_rules(report, width)
    lines += _notes(report)
    return "\n".join([*lines, "", *_wrapped(_last(report), 0)])


# ---- the first line ----------------------------------------------------------------------------------------------


def _head(report: Report) -> str:
    claim = report.claim
    many = len(claim.lines)
    name = claim.id if isinstance(claim.id, str) else "without an id"
    titles = listed(report.titles) if report.titles else (claim.payer if isinstance(claim.payer, str) else "no payer")
    left = f"claim {name}  {titles}  {many} line{'s' if many != 1 else ''}  {_dates(claim)}"
    return _edges(left, _outcome(report))


def _dates(claim: Claim) -> str:
    days = sorted({line.date_of_service for line in claim.lines if isinstance(line.date_of_service, date)})
    if not days:
        return "no date"
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _outcome(report: Report) -> str:
    said = report.outcome.upper()
    if report.outcome == "undetermined" and report.at_least != report.at_most:
        said = f"UNDETERMINED, {report.at_least} to {report.at_most}"
    if report.overruled:
        said += f", {report.overruled} overruled"
    if report.ignored and any(status.ignored for status in report.rules):
        said += f", not knowing {listed(_plain(name) for name in report.ignored)} ignored"
    return said


def _refused_to_judge(report: Report) -> list[str]:
    """Lines that no policy speaks for come before all else."""
    return [
        text
        for status in report.rules
        if status.kind == "none"
        for text in _wrapped(f"line {listed(map(str, status.lines))}: {status.why}", 2)
    ]


def _edges(left: str, right: str) -> str:
    """Set one text at the left edge and one at the right; on two lines where they do not fit on one."""
    space = WIDTH - len(left) - len(right)
    if space >= 2:
        return f"{left}{' ' * space}{right}"
    return "\n".join([*_wrapped(left, 0), right.rjust(WIDTH)])


# ---- lines and findings ------------------------------------------------------------------------------------------


def _name_width(report: Report) -> int:
    longest = max((len(finding.rule) for finding in report.findings), default=0)
    return min(max(longest, _LEAST), _MOST) + 2


def _line(report: Report, line: LineReport, width: int) -> list[str]:
    service = next(one for one in report.claim.lines if one.number == line.number)
    said = line.outcome if line.at_least == line.at_most else f"{line.at_least} to {line.at_most}, undecided"
    shown = [_edges(f"  line {line.number}  {_service(service)}", said)]
    for finding in report.findings:
        if line.number == finding.lines[0]:
            shown += _finding(finding, line, width)
    return shown


def _service(line: ServiceLine) -> str:
    modifiers = " ".join(line.modifiers) if isinstance(line.modifiers, tuple) else ""
    units = f"x{line.units}" if isinstance(line.units, int) else "units unknown"
    return " ".join(part for part in (line.code, modifiers, units) if part)


def _finding(finding: Finding, line: LineReport, width: int) -> Iterator[str]:
    answer = " ".join([finding.carc or "", *finding.rarc]).strip()
    if finding.outcome != line.outcome:
        answer = f"{finding.outcome} {answer}".strip()
    indent = 4 + width
    room = WIDTH - indent - (len(answer) + 2 if answer else 0)
    first, *rest = textwrap.wrap(_sentence(finding), room, break_long_words=True) or [""]
    name = f"    {finding.rule}"
    if len(finding.rule) > width - 2:
        yield name
        name = ""
    head = f"{name.ljust(indent)}{first}"
    yield head + answer.rjust(WIDTH - len(head)) if answer else head
    yield from (" " * indent + text for text in rest)
    yield from _below(finding, indent)


def _sentence(finding: Finding) -> str:
    if len(finding.lines) > 1:
        return f"Lines {listed(map(str, finding.lines))}: {finding.message}"
    return finding.message


def _below(finding: Finding, indent: int) -> Iterator[str]:
    """Authority, what stands, what would put it right, and who set it aside."""
    for citation in finding.citations:
        yield from _wrapped(cited(citation), indent)
    if finding.policy is None:
        yield from _wrapped("cptrules itself, of no policy", indent)
    if finding.stands is not None:
        yield from _wrapped("stands: " + listed(_standing(name, n) for name, n in finding.stands.items()), indent)
    for repair in finding.repairs:
        star = f" *  {repair.attests}" if repair.attests else ""
        yield from _wrapped(f"repair: {repair.words()}{star}", indent)
    if not finding.repairs and finding.outcome != "inform":
        yield from _wrapped(f"no repair: {finding.no_repair}", indent)
    if finding.overruled is not None:
        yield from _wrapped(f"overruled by {finding.overruled.by}: {finding.overruled.why}", indent)


def _standing(name: str, number: Decimal) -> str:
    if name in MONEY_MEASURES:
        return f"{counted(number, name)} {name}"
    return f"{counted(number)} {_plain(name.removesuffix('s') if number == 1 else name)}"


def cited(citation: Citation) -> str:
    """A source with its section, and whether it was read there."""
    section = f", {citation.section}" if citation.section else ""
    unseen = "" if citation.confirmed else " (recalled, not confirmed at the source)"
    return f"{citation.title}{section}{unseen}"


def _payments(report: Report) -> list[str]:
    """What each line pays where it stands, with its arithmetic; where no line's is known to the cent, the questions below say what is missing."""
    known = [one for one in report.payments if one.at_most is not None]
    if all(one.pays is None for one in known):
        return []
    shown = ["", "  expected payment, where the line stands"]
    for one in known:
        assert one.at_most is not None
        amount = money(one.at_least) if one.pays is not None else f"{money(one.at_least)} to {money(one.at_most)}"
        told = "; ".join(one.steps)
        shown += _hanging(f"line {one.line}", f"{told}" if len(one.steps) == 1 and one.pays is not None else f"{told}. Pays {amount}", _LEAST)
    every = [one.pays for one in known]
    if len(known) > 1 and len({one.policy for one in known}) == 1 and None not in every:
        shown += _hanging("in all", money(sum((one for one in every if one is not None), Decimal(0))), _LEAST)
    return shown


# ---- what is open, and the rest ----------------------------------------------------------------------------------


def _undecided(report: Report) -> list[str]:
    open_ = [status for status in report.rules if status.status == "undetermined" and status.kind != "none"]
    if not open_:
        return []
    of = len({(status.policy, status.rule) for status in report.rules if status.kind != "none"})
    names = {(status.policy, status.rule) for status in open_}
    return ["", f"  not decided: {len(names)} of {of} rule{'s' if of != 1 else ''}", *open_rules_text(open_)]


def open_rules_text(open_: Iterable[RuleStatus]) -> list[str]:
    """Rules that could not be decided, with what has to be answered; those that wait for the same together."""
    shown: list[str] = []
    for questions, statuses in _by_questions(open_).items():
        said = listed(dict.fromkeys(_named(status) for status in statuses))
        shown += _wrapped(said.replace(" and ", ", "), 4)
        for question in questions or (next(iter(statuses)).why,):
            shown += _wrapped(question, 9)
    return shown


def _by_questions(open_: Iterable[RuleStatus]) -> dict[tuple[str, ...], list[RuleStatus]]:
    """Rules that wait for the same facts, together."""
    groups: dict[tuple[str, ...], list[RuleStatus]] = {}
    for status in open_:
        groups.setdefault(tuple(f"{missing.field}: {missing.question}" for missing in status.missing), []).append(status)
    return groups


def _named(status: RuleStatus) -> str:
    return f"{status.rule} (ignored)" if status.ignored else status.rule


def _all_rules(report: Report, width: int) -> list[str]:
    shown: list[str] = []
    for word, title in (("met", "met"), ("not_applicable", "not applicable")):
        these = [status for status in report.rules if status.status == word]
        if these:
            shown += ["", f"  {title}"]
        for status in these:
            where = f"line {listed(map(str, status.lines))}"
            said = f"{where}: {status.why}" if status.why and not status.why.startswith("line ") else status.why or where
            shown += _hanging(status.rule, said, width)
    return shown


def _hanging(name: str, text: str, width: int) -> list[str]:
    wrapped = textwrap.wrap(text, WIDTH - 4 - width) or [""]
    first = [f"    {name.ljust(width)}{wrapped[0]}"] if len(name) <= width - 2 else [f"    {name}", f"{' ' * (4 + width)}{wrapped[0]}"]
    return [*first, *(" " * (4 + width) + text for text in wrapped[1:])]


def _notes(report: Report) -> list[str]:
    return ["", *(text for note in report.notes for text in _wrapped(f"note: {note}", 2))] if report.notes else []


def _last(report: Report) -> str:
    findings = report.findings
    lines = {number for finding in findings for number in finding.lines}
    many = len(report.claim.lines)
    parts = [f"{len(findings)} finding{_s(len(findings))} on {len(lines)} of {many} line{_s(many)}."]
    met = _rules(report, "met")
    parts.append(f"{met} rule{_s(met)} met, {_rules(report, 'not_applicable')} not applicable (--all lists them).")
    if any(repair.attests for finding in findings for repair in finding.repairs):
        parts.append("Repairs marked * assert something the record must support.")
    return " ".join(parts)


def _rules(report: Report, status: str) -> int:
    """How many rules have this status on every line they were judged on."""
    every = {(one.policy, one.rule) for one in report.rules}
    return sum(1 for name in every if {one.status for one in report.rules if (one.policy, one.rule) == name} == _just(status, report, name))


def _just(status: str, report: Report, name: tuple[str, str]) -> set[str]:
    """A rule met on one line and not applicable on the others is met."""
    these = {one.status for one in report.rules if (one.policy, one.rule) == name}
    return {status, "not_applicable"} & these | {status} if status == "met" else {status}


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + (2 if indent else 0))) or [""]
