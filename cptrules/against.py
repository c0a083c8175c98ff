"""A claim held against the session it is for: units, codes, modifiers and roles that the session does not support, and the reverse.

These findings belong to no policy: a claim that says other than the record is wrong for every payer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import attrs

from .allocation import ASSISTANTS, Support, by_code, case_of, giver, support, told_of
from .claims import Claim, History, Provider, ServiceLine, Session
from .descriptions import questions
from .lines import Case, View
from .policy import Modifiers, Policy
from .report import Finding, Repair
from .timing import tagged_units
from .truth import Need
from .vocabulary import ASSISTANT_ROLES, MODIFIER_DISCIPLINE, ROLE_DISCIPLINE
from .words import listed

RULES = (
    "not_in_the_session", "not_on_the_claim", "more_than_the_session", "less_than_the_session", "minutes_of_the_session",
    "role_of_the_session", "modifier_of_the_session", "assistants_evaluation", "reads_like_another",
)  # fmt: skip


_Told = tuple[Finding, tuple[Repair, ...], str]


def held_against(claim: Claim, session: Session, policies: Iterable[Policy], history: History | None) -> list[_Told]:
    """Give what of a claim's lines of the session's date differs from the session, each with the edits that may mend it."""
    policies = tuple(policies)
    lines = sorted((line for line in claim.lines if line.date_of_service == session.date), key=lambda line: line.number)
    found = support(policies, session, history)
    if not lines:
        return []
    told = [*_codes(lines, session, found), *_units(lines, session, found), *_minutes(lines, session)]
    told += [*_givers(lines, session), *_of_the_session(lines, session)]
    return [*told, *_assistants_units(lines, session, [case_of(policy, claim, history, session) for policy in policies])]


def _finding(rule: str, outcome: str, lines: Iterable[ServiceLine], message: str) -> Finding:
    return Finding(None, rule, outcome, tuple(line.number for line in lines), message)


_RECORD = "say which is right: the claim or the record"


def _codes(lines: list[ServiceLine], session: Session, found: Support) -> Iterator[_Told]:
    """Codes of the claim that the session has not, and codes that the session supports and nobody billed."""
    given, billed = {one.code for one in session.interventions}, {line.code for line in lines}
    for line in lines:
        if line.code not in given:
            message = f"{line.code} is on the claim and not in the session of {session.date}."
            yield _finding("not_in_the_session", "warn", [line], message), (Repair("remove_line", line.number),), _RECORD
    tied = {row.code for one in found.allocations for row in one.rows if row.tied and not row.whole}
    for line in found.lines:
        if line.code not in billed and line.units != 0 and not (line.code in tied and tied & billed):
            units = f"{line.units} unit{'' if line.units == 1 else 's'} of " if isinstance(line.units, int) else ""
            message = f"The session supports {units}{line.code}; the claim has none."
            yield _finding("not_on_the_claim", "inform", lines[:1], message), (), "nothing is wrong; what was not billed may be"


def _units(lines: list[ServiceLine], session: Session, found: Support) -> Iterator[_Told]:
    """Units of a code beyond what the session's minutes support, or short of them; where codes tie, either is right."""
    billed = _sums(lines)
    supported = _shared(_supported(session, found), found, billed)
    for code, units in billed.items():
        many = supported.get(code)
        if units is None or many is None:
            continue
        mine = [line for line in lines if line.code == code]
        if units > many:
            message = f"{units} unit{'' if units == 1 else 's'} of {code} {'is' if units == 1 else 'are'} billed; the session supports {many}."
            last = mine[-1]
            left = last.units - (units - many) if isinstance(last.units, int) else 0
            edit = Repair("set_units", last.number, str(left)) if left > 0 else Repair("remove_line", last.number)
            yield _finding("more_than_the_session", "warn", mine, message), (edit,), _RECORD
        elif units < many:
            message = f"{many - units} unit{'' if many - units == 1 else 's'} of {code} that the session supports are not billed."
            yield _finding("less_than_the_session", "inform", mine, message), (), "nothing is wrong; what was not billed may be"


def _minutes(lines: list[ServiceLine], session: Session) -> Iterator[_Told]:
    """Minutes that a claim says of a code beyond all that the session has of it: its units would be judged by them."""
    for code, mine in _of_code(lines).items():
        given = [one.minutes for one in session.interventions if one.code == code]
        there = [minutes for minutes in given if isinstance(minutes, int)]
        said = sum(line.minutes for line in mine if isinstance(line.minutes, int))
        if given and len(there) == len(given) and said > sum(there):
            message = f"The claim says {said} minutes of {code}; the session has {sum(there)}."
            yield _finding("minutes_of_the_session", "warn", mine, message), (), _RECORD


def _sums(lines: Iterable[ServiceLine]) -> dict[str, int | None]:
    """Units by code; None where some are not known."""
    found: dict[str, int | None] = {}
    for line in lines:
        known = found.get(line.code, 0)
        found[line.code] = None if known is None or not isinstance(line.units, int) else known + line.units
    return found


def _supported(session: Session, found: Support) -> dict[str, int | None]:
    """Units that the session supports of each of its codes: none of one whose minutes all were left out, or are too few."""
    return {**dict.fromkeys((one.code for one in session.interventions), 0), **_sums(found.lines)}


def _shared(supported: dict[str, int | None], found: Support, billed: Mapping[str, int | None]) -> dict[str, int | None]:
    """Units that tie settled in the claim's favour: the open ones go to codes that are billed for them."""
    for tied in ([row for row in one.rows if row.tied] for one in found.allocations):
        whole = {row.code: row.whole or 0 for row in tied}
        many = sum((row.units or 0) - (row.whole or 0) for row in tied)
        wanting = sorted(whole, key=lambda code: (billed.get(code) or 0) <= whole[code])
        changed = {row.code: whole[row.code] + (row.code in wanting[:many]) - (row.units or 0) for row in tied}
        supported = {code: units if units is None else units + changed.get(code, 0) for code, units in supported.items()}
    return supported


# ---- who gave it -------------------------------------------------------------------------------------------------


def _givers(lines: list[ServiceLine], session: Session) -> Iterator[_Told]:
    """Roles and assistants' modifiers of the claim beside those of the session."""
    for code, mine in _of_code(lines).items():
        parts = [one for one in session.interventions if one.code == code]
        roles = {giver(one) for one in parts}
        if not parts or any(not isinstance(role, str) for role in roles):
            continue
        for line in mine:
            claimed = _roles(line)
            strange = sorted(claimed - roles - _together(parts)) if claimed is not None else []
            if strange:
                message = f"Line {line.number} says that a {listed(strange)} gave {code}; the session says {listed(sorted(roles))}."
                yield _finding("role_of_the_session", "warn", [line], message), (), _RECORD
        yield from _assistants(code, mine, parts)


def _of_code(lines: Iterable[ServiceLine]) -> dict[str, list[ServiceLine]]:
    found: dict[str, list[ServiceLine]] = {}
    for (code, _), several in by_code(lines).items():
        found.setdefault(code, []).extend(several)
    return found


def _together(parts: Iterable[Any]) -> set[str]:
    return {role for one in parts for role in (one.role, one.with_) if isinstance(role, str)}


def _roles(line: ServiceLine) -> set[str] | None:
    if isinstance(line.minutes_by, Mapping) and line.minutes_by:
        return set(line.minutes_by)
    provider = line.rendering_provider
    if isinstance(provider, Provider) and provider.role not in ASSISTANT_ROLES and _assistants_modifiers(line):
        return None  # billed under the therapist, while the modifier says that an assistant gave it, all or in part
    return {provider.role} if isinstance(provider, Provider) and isinstance(provider.role, str) else None


def _assistants_modifiers(line: ServiceLine) -> list[str]:
    return sorted({"CQ", "CO"} & set(line.modifiers)) if isinstance(line.modifiers, tuple) else []


def _assistants(code: str, mine: list[ServiceLine], parts: list[Any]) -> Iterator[_Told]:
    """An assistant's modifier where the session has no assistant on the code at all."""
    helped = any(giver(one) in ASSISTANT_ROLES for one in parts)
    for line in mine:
        carried = _assistants_modifiers(line)
        if carried and not helped:
            message = f"Line {line.number} carries {listed(carried)}; in the session no assistant gave {code}."
            edits = tuple(Repair("remove_modifier", line.number, modifier) for modifier in carried)
            yield _finding("modifier_of_the_session", "warn", [line], message), edits, _RECORD
        yield from _discipline(line, parts)


def _assistants_units(lines: list[ServiceLine], session: Session, cases: list[Case]) -> Iterator[_Told]:
    """Units that carry an assistant's modifier beside those that the session's minutes make an assistant's, where a policy wants it (M8.4)."""
    case = next((case for case in cases if _wants_tags(case, session)), None)
    if case is None:
        return
    for code, mine in _of_code(lines).items():
        by, units = told_of(code, session).get("minutes_by"), _sums(mine)[code]
        if not isinstance(by, Mapping) or units is None:
            continue
        theirs = tagged_units(View(attrs.evolve(mine[0], units=units, minutes_by=by), True, mine[0].number), by, case)
        carried = [line for line in mine if isinstance(line.modifiers, tuple) and set(ASSISTANTS) & set(line.modifiers)]
        claimed = _sums(carried).get(code, 0) or 0
        if not isinstance(theirs, Need) and by.keys() & set(ASSISTANT_ROLES) and carried and claimed != theirs[1]:
            message = f"Of {units} units of {code} an assistant's modifier is on {claimed}; by the session's minutes {theirs[1]} are the assistant's."
            yield _finding("modifier_of_the_session", "warn", mine, message), (), _RECORD


def _wants_tags(case: Case, session: Session) -> bool:
    """Whether a policy in force asks for CQ or CO."""
    return isinstance(session.date, date) and any(
        isinstance(rule.demand, Modifiers) and rule.in_force(session.date) and any(need.modifier in ASSISTANTS for need in rule.demand.needs)
        for rule in case.policy.rules
    )


def _discipline(line: ServiceLine, parts: list[Any]) -> Iterator[_Told]:
    """GP, GO or GN beside the discipline of who gave the service."""
    if not isinstance(line.modifiers, tuple):
        return
    said = {MODIFIER_DISCIPLINE[m] for m in line.modifiers if m in MODIFIER_DISCIPLINE}
    roles = {giver(one) for one in parts}
    theirs = {ROLE_DISCIPLINE.get(role) for role in roles}  # of a role that has none nothing can be said
    if said and None not in theirs and not said & theirs:
        message = f"Line {line.number} is under {listed(sorted(said))}; in the session {listed(sorted(roles))} gave {line.code}."
        yield _finding("modifier_of_the_session", "warn", [line], message), (), _RECORD


# ---- the session itself ------------------------------------------------------------------------------------------


def _of_the_session(lines: list[ServiceLine], session: Session) -> Iterator[_Told]:
    """An evaluation by an assistant, and descriptions that read like another code's."""
    from .codesets import code_table

    for line in lines:
        known = code_table().code(line.code)
        parts = [one for one in session.interventions if one.code == line.code]
        if known is not None and known.kind == "evaluation" and parts and all(giver(one) in ASSISTANT_ROLES for one in parts):
            message = f"In the session an assistant alone gave {line.code}; an evaluation takes a therapist."
            yield _finding("assistants_evaluation", "warn", [line], message), (), _RECORD
    for question in questions(session):
        mine = [line for line in lines if line.code == question.code]
        if mine:
            yield _finding("reads_like_another", "inform", mine, f"{question}"), (), "it is asked, not recoded"


