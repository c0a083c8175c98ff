"""A claim held against the session it is for: units, codes, modifiers and roles that the session does not support, and the reverse.

These findings belong to no policy: a claim that says other than the record is wrong for every payer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .allocation import Support, by_code, giver, support
from .claims import Claim, History, Provider, ServiceLine, Session
from .descriptions import questions
from .policy import Policy
from .report import Finding, Repair
from .vocabulary import ASSISTANT_ROLES, MODIFIER_DISCIPLINE
from .words import listed

RULES = (
    "not_in_the_session", "not_on_the_claim", "more_than_the_session", "less_than_the_session", "role_of_the_session", "modifier_of_the_session",
    "assistants_evaluation", "reads_like_another",
)  # fmt: skip


_Told = tuple[Finding, tuple[Repair, ...], str]


def held_against(claim: Claim, session: Session, policies: Iterable[Policy], history: History | None) -> list[_Told]:
    """Give what of a claim's lines of the session's date differs from the session, each with the edits that may mend it."""
    lines = [line for line in claim.lines if line.date_of_service == session.date]
    found = support(policies, session, history)
    if not lines:
        return []
    return [*_codes(lines, session, found), *_units(lines, session, found), *_givers(lines, session), *_of_the_session(lines, session)]


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
    for line in found.lines:
        if line.code not in billed and line.units != 0:
            units = f"{line.units} unit{'' if line.units == 1 else 's'} of " if isinstance(line.units, int) else ""
            message = f"The session supports {units}{line.code}; the claim has none."
            yield _finding("not_on_the_claim", "inform", lines[:1], message), (), "nothing is wrong; what was not billed may be"


def _units(lines: list[ServiceLine], session: Session, found: Support) -> Iterator[_Told]:
    """Units of a code beyond what the session's minutes support, or short of them; where codes tie, either is right."""
    supported = _sums(found.lines)
    billed = _sums(lines)
    free = _tied(found)
    for code, units in billed.items():
        if code not in supported or units is None or supported[code] is None:
            continue
        mine = [line for line in lines if line.code == code]
        many = supported[code] or 0
        over = units - many - (1 if code in free and _room(free, billed, supported, code) else 0)
        if over > 0:
            message = f"{units} units of {code} are billed; the session supports {many}."
            last = mine[-1]
            left = last.units - over if isinstance(last.units, int) else 0
            edit = Repair("set_units", last.number, str(left)) if left > 0 else Repair("remove_line", last.number)
            yield _finding("more_than_the_session", "warn", mine, message), (edit,), _RECORD
        elif units < many and not (code in free and _taken(free, billed, supported, code)):
            message = f"{many - units} unit{'' if many - units == 1 else 's'} of {code} that the session supports are not billed."
            yield _finding("less_than_the_session", "inform", mine, message), (), "nothing is wrong; what was not billed may be"


def _sums(lines: Iterable[ServiceLine]) -> dict[str, int | None]:
    """Units by code; None where some are not known."""
    found: dict[str, int | None] = {}
    for line in lines:
        known = found.get(line.code, 0)
        found[line.code] = None if known is None or not isinstance(line.units, int) else known + line.units
    return found


def _tied(found: Support) -> frozenset[str]:
    """Codes among which the open units may go either way."""
    return frozenset(row.code for one in found.allocations for row in one.rows if ": the unit goes " in row.why)


def _room(free: frozenset[str], billed: Mapping[str, int | None], supported: Mapping[str, int | None], code: str) -> bool:
    """Whether a tied code may have a unit more, because another tied code was billed one less."""
    return any((billed.get(other) or 0) < (supported.get(other) or 0) for other in free if other != code)


def _taken(free: frozenset[str], billed: Mapping[str, int | None], supported: Mapping[str, int | None], code: str) -> bool:
    return any((billed.get(other) or 0) > (supported.get(other) or 0) for other in free if other != code)


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


def _discipline(line: ServiceLine, parts: list[Any]) -> Iterator[_Told]:
    """GP, GO or GN beside the discipline of who gave the service."""
    if not isinstance(line.modifiers, tuple):
        return
    said = {MODIFIER_DISCIPLINE[m] for m in line.modifiers if m in MODIFIER_DISCIPLINE}
    roles = {giver(one) for one in parts}
    own = {"PT": "PT", "PTA": "PT", "OT": "OT", "OTA": "OT", "SLP": "SLP", "SLPA": "SLP"}
    theirs = {own[role] for role in roles if role in own}
    if said and theirs and not said & theirs:
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


