"""The facts of an appeal: what rule a denial rests on, whether the line meets it, on what facts, and what the record must show.

The draft says nothing that the policy, the claim, the history or the record does not say. What is not known is named as such.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from .claims import Claim, History, ServiceLine, Session
from .codesets import carc, code_table
from .counting import days_counted
from .errors import Fault, InputError
from .lines import Case, View, views
from .policy import Citation, Limit, Policy, Rule
from .words import listed, money, shown

if TYPE_CHECKING:
    from .evaluate import Verdict

WIDTH: Final = 80
_MANY: Final = 62  # dates; beyond that a letter gives the first and the last


@attrs.frozen
class Ground:
    """One rule that answers with the denial's reason code: what became of it on the line, and what bears on that.

    `facts` are the figures by name; of a limit also the `dates_counted`, in order, as far as they are known.

    `status` is met, broken, not_applicable or undetermined; `written` are the rule's clauses as the policy has them; `asked` are the
    questions that are open; `to_show` is what the record must support for the line to stand. `carc` is the code that the rule has.
    """

    policy: str
    title: str
    rule: str
    status: str
    why: str
    written: tuple[str, ...]
    facts: Mapping[str, str]
    citations: tuple[Citation, ...]
    to_show: tuple[str, ...]
    asked: tuple[str, ...] = ()
    carc: str = ""


@attrs.frozen
class Appeal:
    """The facts of an appeal of one denied line, in order, with a draft of the letter's body.

    `notes` stand in the draft; `read` is what was left out or taken for granted when the files were read, and is no part of it.
    """

    claim: str | None
    line: ServiceLine
    carc: str
    grounds: tuple[Ground, ...]
    notes: tuple[str, ...] = ()
    read: tuple[str, ...] = ()

    @property
    def draft(self) -> str:
        """The letter's body in paragraphs, every sentence of which is in the claim, the policy or the record."""
        return "\n\n".join("\n".join(textwrap.wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False)) for text in _paragraphs(self))

    def to_dict(self) -> dict[str, Any]:
        """Give plain dicts and lists."""
        from .report_json import citation_dict

        return {
            "claim": self.claim, "line": self.line.number, "carc": self.carc,
            "grounds": [
                {
                    "policy": one.policy, "rule": one.rule, "status": one.status, "why": one.why, "written": list(one.written),
                    "facts": dict(one.facts), "to_show": list(one.to_show),
                    "asked": list(one.asked), "carc": one.carc,
                    "citations": [citation_dict(c) for c in one.citations],
                }
                for one in self.grounds
            ],
            "draft": self.draft, "notes": list(self.notes), **({"read": list(self.read)} if self.read else {}),
        }  # fmt: skip

    def __str__(self) -> str:
        return _text(self)


def appealed(policies: tuple[Policy, ...], claim: Claim, line: int, carc: str, history: History | None = None,
             session: Session | None = None) -> Appeal:  # fmt: skip
    """Gather the facts of an appeal of a line that was denied with a reason code (CO-119, or 119 for any group).

    Raises InputError where the claim has no such line, or no reason code is called so.
    """
    from .evaluate import check

    carc = _known_reason(carc)
    denied = next((one for one in claim.lines if one.number == line), None)
    if denied is None:
        raise InputError([Fault("line", f"the claim has no line {line}")])
    report = check(policies, claim, history, session)  # which refuses what can't be judged
    lines, services = views(claim, history)
    view = next(one for one in lines if one.index == line)
    grounds = []
    for policy in (one for one in policies if one.name in report.policies):
        case = Case(policy, claim, history, session, lines, services, policy.code_table or code_table())
        grounds += list(_grounds(policy, view, case, carc))
    return Appeal(claim.id if isinstance(claim.id, str) else None, denied, carc, tuple(grounds), tuple(_notes(line, carc, grounds)))


def _known_reason(given: str) -> str:
    """A reason code as X12 writes it (CO-119, or 119 for any group); raises InputError for what is none."""
    text = given.strip().upper()
    if re.fullmatch(r"((CO|CR|OA|PI|PR)-)?[A-Z]?[0-9]{1,3}", text) is None:
        raise InputError([Fault("carc", f"{given!r} is no reason code: a group and a number, as CO-119, or the number alone")])
    return text


def _meaning(code: str) -> str:
    """What a reason code says, in our own words, where the table has it."""
    rows = carc().rows_for((code.rpartition("-")[2],))
    return f" ({rows[0].cells['meaning']})" if rows else ""


def _notes(line: int, carc: str, grounds: list[Ground]) -> Iterator[str]:
    """What the denial's code says that the rules' do not."""
    if not grounds:
        yield f"No rule of these policies that is about line {line} answers with {carc}: what the payer means is to be asked."
    group = carc.rpartition("-")[0]
    others = sorted({one.carc for one in grounds if group and one.carc.partition("-")[0] != group})
    if others:
        yield (
            f"The denial has the group {group}, the rule answers with {listed(others)}: the group says who owes the amount, and which is right is "
            "to be asked."
        )


def _grounds(policy: Policy, view: View, case: Case, carc: str) -> Iterator[Ground]:
    """Each rule that answers with the code and bears on the line: one that an exception takes it from does, one of another code does not."""
    from .evaluate import verdict

    for rule in sorted(policy.rules, key=lambda one: one.name):
        if rule.carc is not None and rule.carc.partition("-")[2] == carc.rpartition("-")[2]:
            found = verdict(rule, view, case)
            if found.status != "not_applicable" or found.why.startswith("except"):
                yield _ground(policy, rule, found, view, case)


def _ground(policy: Policy, rule: Rule, found: Verdict, view: View, case: Case) -> Ground:
    asked = tuple(sorted({need.question for need in found.needs}))
    ways = [clause.attesting or clause.text for clause in rule.unless] if found.status == "broken" else []
    met = [clause.attesting for clause in rule.unless if clause.attesting and clause.text == found.through]
    written = tuple(one.text for one in rule.written if not one.text.startswith(("cite ", "message ")))
    facts = {name: shown(value) for name, value in found.judged.values.items()} if found.judged is not None else {}
    if facts and isinstance(rule.demand, Limit) and (days := _days(rule.demand, view, case)):
        facts["dates_counted"] = days
    return Ground(
        policy.name, policy.title, rule.name, found.status, found.why, written, facts, rule.citations, (*ways, *met), asked, rule.carc or "",
    )  # fmt: skip


def _days(demand: Limit, view: View, case: Case) -> str:
    """The dates that a limit counts, in order; of very many the first, the last and how many."""
    if demand.keep_table is not None:  # counts by rank and not by date
        return ""
    days = days_counted(demand.count, view, case)
    return listed(map(str, days)) if len(days) <= _MANY else f"{len(days)} from {days[0]} to {days[-1]}"


# ---- in words ----------------------------------------------------------------------------------------------------

_SAID: Final = {
    "met": "By these facts the line meets this rule",
    "not_applicable": "By these facts this rule is not about the line",
    "broken": "By these facts the line does not meet this rule as it was billed",
    "undetermined": "Whether the line meets this rule can't be told from what is at hand",
}


def _paragraphs(appeal: Appeal) -> Iterator[str]:
    yield f"{_what(appeal)} was denied with reason code {appeal.carc}{_meaning(appeal.carc)}."
    for ground in appeal.grounds:
        yield f"The rule: {ground.title}, {ground.rule.replace('_', ' ')}: {'; '.join(ground.written)}. {_sources(ground.citations)}"
        facts = "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in ground.facts.items())
        yield f"{_SAID[ground.status]}: {ground.why}." + (f" In figures: {facts}." if facts else "")
        if ground.asked:
            yield f"To be answered first: {' '.join(ground.asked)}"
        if ground.to_show:
            yield f"The record must show: {'; '.join(ground.to_show)}."
    yield from appeal.notes


def _what(appeal: Appeal) -> str:
    line = appeal.line
    parts = [f"Line {line.number}", f"of claim {appeal.claim}" if appeal.claim else "of the claim"]
    modifiers = f" {' '.join(line.modifiers)}" if isinstance(line.modifiers, tuple) and line.modifiers else ""
    units = f", {line.units} unit{'' if line.units == 1 else 's'}" if isinstance(line.units, int) else ""
    day = f", {line.date_of_service}" if isinstance(line.date_of_service, date) else ""
    charge = f", {money(line.charge)}" if isinstance(line.charge, Decimal) else ""
    return f"{' '.join(parts)} ({line.code}{modifiers}{units}{day}{charge})"


def _sources(citations: tuple[Citation, ...]) -> str:
    if not citations:
        return "The policy file names no source for it."
    return "Source: " + listed(
        " ".join(part for part in (
            f"{one.title}" + (f", {one.section}" if one.section else ""),
            f"({one.url})" if one.url else "",
            f"confirmed {one.confirmed}" if one.confirmed else "recalled, not confirmed at the source: read it before you cite it",
        ) if part)
        for one in citations
    ) + "."  # fmt: skip


def _text(appeal: Appeal) -> str:
    head = [f"{_what(appeal)}, denied with {appeal.carc}{_meaning(appeal.carc)}", ""]
    for ground in appeal.grounds:
        head += [f"  {ground.rule}  {ground.status.replace('_', ' ')}", f"    {ground.why}"]
        head += [f"    to answer: {text}" for text in ground.asked] + [f"    to show: {text}" for text in ground.to_show]
    return "\n".join([*head, *(f"  {note}" for note in appeal.notes), *(f"  note: {note}" for note in appeal.read), "", "draft", "", appeal.draft])
