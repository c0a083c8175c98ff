"""Whether an authorization covers a line, where all that it states and all that was used is known (M7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ..claims import UNKNOWN, Authorization, Claim, History, Provider, ServiceLine
from .odd import UNSURE, Odd

Mine = tuple[ServiceLine, date, Any]  # a line of the claim, its date, its discipline


def covered(claim: Claim, history: History | None, mine: Sequence[Mine], matching: tuple[str, ...], past: bool) -> bool:
    """Whether some authorization covers the last of the claim's lines so far; raises Odd where only the reference tells.

    `past`: no service of the history stands on one of the claim's own days, so that none can have used the line's visit already.
    """
    if not past:
        raise Odd
    line = mine[-1][0]
    given = history.authorizations if history is not None else UNKNOWN
    records = given if isinstance(given, tuple) else ()
    odd = given is UNKNOWN
    for record in records:
        try:
            if _covers(record, claim, mine, matching):
                return True
        except Odd:
            odd = True
    named = line.authorizations if line.authorizations is not UNKNOWN else claim.authorizations
    numbers = [record.number for record in records]
    if odd or (isinstance(named, tuple) and any(number not in numbers for number in named)):
        raise Odd
    return False


def _covers(record: Authorization, claim: Claim, mine: Sequence[Mine], matching: tuple[str, ...]) -> bool:
    line, day, discipline = mine[-1]
    if not _fits(record, claim, line, day, discipline):
        return False
    if record.units or record.visits_per_week.__class__ is int or record.units_per_visit.__class__ is int:
        raise Odd
    if not all(_states(record, name) for name in matching):
        return False
    if not isinstance(record.visits, int):
        return True
    if not isinstance(record.used_visits, int):
        raise Odd
    left = record.visits - record.used_visits
    return len(mine) <= left or _visit(record, claim, mine) <= left  # there are no more visits than lines


def _visit(record: Authorization, claim: Claim, mine: Sequence[Mine]) -> int:
    """Which of the claim's visits under the record the last line's is."""
    ranks: dict[tuple[date, Any], int] = {}
    for line, day, discipline in mine:
        if _fits(record, claim, line, day, discipline):
            if discipline is UNSURE:
                raise Odd
            ranks.setdefault((day, discipline), len(ranks) + 1)
    return ranks[mine[-1][1], mine[-1][2]]


def _states(record: Authorization, name: str) -> bool:
    match name:
        case "code":
            return isinstance(record.codes, tuple) and bool(record.codes)
        case "date":
            return isinstance(record.from_, date) and isinstance(record.to, date)
        case _:
            return isinstance(record.visits, int)


def _fits(record: Authorization, claim: Claim, line: ServiceLine, day: date, discipline: Any) -> bool:
    """Whether payer, plan, discipline, provider, codes and dates of a record fit a line."""
    codes, start, end = record.codes, record.from_, record.to
    if codes.__class__ is tuple and codes:
        if line.code not in codes:
            return False
    elif isinstance(record.units, Mapping):
        raise Odd
    if (start.__class__ is date and day < start) or (end.__class__ is date and day > end):
        return False
    return (
        _binds(record.payer, claim.payer) and _binds(record.plan, claim.plan)
        and _binds(record.discipline, UNKNOWN if discipline is UNSURE else discipline)
        and _binds(_npi(record.billing_provider), _npi(claim.billing_provider))
    )  # fmt: skip


def _binds(stated: Any, actual: Any) -> bool:
    if stated is UNKNOWN or stated is None:
        return True
    if actual is UNKNOWN:
        raise Odd
    return bool(stated == actual)


def _npi(provider: Any) -> Any:
    return provider.npi if provider.__class__ is Provider else provider
