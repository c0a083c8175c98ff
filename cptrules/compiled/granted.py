"""Whether an authorization covers a line, where all that it states and all that was used is known (M7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from ..claims import UNKNOWN, Authorization, ServiceLine
from .odd import UNSURE, Odd

_SEVERAL: Final = (tuple, list)


def covered(claim: Any, history: Any, lines: Sequence[ServiceLine], disciplines: Sequence[Any], matching: tuple[str, ...],
            past: bool) -> bool:  # fmt: skip
    """Whether some authorization covers the last of the claim's lines so far, as many as `disciplines`; raises Odd where only the reference tells.

    Claim and history may be as they were decoded.
    `past`: no service of the history stands on one of the claim's own days, so that none can have used the line's visit already.
    """
    if not past:
        raise Odd
    line = lines[len(disciplines) - 1]
    given = history.authorizations if history is not None else UNKNOWN
    records = given if given.__class__ in _SEVERAL else ()
    odd = given is UNKNOWN
    for record in records:
        try:
            if _covers(record, claim, lines, disciplines, matching):
                return True
        except Odd:
            odd = True
    named = line.authorizations if line.authorizations is not UNKNOWN else claim.authorizations
    numbers = [record.number for record in records]
    if odd or (isinstance(named, tuple) and any(number not in numbers for number in named)):
        raise Odd
    return False


def _covers(record: Authorization, claim: Any, lines: Sequence[ServiceLine], disciplines: Sequence[Any], matching: tuple[str, ...]) -> bool:
    many = len(disciplines)
    if not _fits(record, claim, lines[many - 1], disciplines[-1]):
        return False
    if record.units or record.visits_per_week.__class__ is int or record.units_per_visit.__class__ is int:
        raise Odd
    if not _states(record, matching):
        return False
    visits, used = record.visits, record.used_visits
    if visits.__class__ is not int:
        return True
    if used.__class__ is not int:
        raise Odd
    left = visits - used
    return many <= left or _visit(record, claim, lines, disciplines) <= left  # there are no more visits than lines


def _visit(record: Authorization, claim: Any, lines: Sequence[ServiceLine], disciplines: Sequence[Any]) -> int:
    """Which of the claim's visits under the record the last line's is."""
    ranks: dict[tuple[Any, Any], int] = {}
    for line, discipline in zip(lines, disciplines, strict=False):
        if _fits(record, claim, line, discipline):
            if discipline is UNSURE:
                raise Odd
            last = line.date_of_service, discipline
            ranks.setdefault(last, len(ranks) + 1)
    return ranks[last]


def _states(record: Authorization, matching: tuple[str, ...]) -> bool:
    """Whether a record states all that the rule matches it by."""
    for name in matching:
        if name == "code":
            if record.codes.__class__ is not tuple or not record.codes:
                return False
        elif name == "date":
            if record.from_.__class__ is not date or record.to.__class__ is not date:
                return False
        elif record.visits.__class__ is not int:
            return False
    return True


def _fits(record: Authorization, claim: Any, line: ServiceLine, discipline: Any) -> bool:
    """Whether payer, plan, discipline, provider, codes and dates of a record fit a line."""
    codes, start, end, day = record.codes, record.from_, record.to, line.date_of_service
    if codes.__class__ is tuple and codes:
        if line.code not in codes:
            return False
    elif isinstance(record.units, Mapping):
        raise Odd
    if (start.__class__ is date and day < start) or (end.__class__ is date and day > end):  # type: ignore[operator]
        return False
    # Most records state neither payer nor plan nor provider.
    return (
        (record.payer is UNKNOWN or _binds(record.payer, claim.payer)) and (record.plan is UNKNOWN or _binds(record.plan, claim.plan))
        and (record.discipline == discipline or _binds(record.discipline, UNKNOWN if discipline is UNSURE else discipline))
        and (record.billing_provider is UNKNOWN or _binds(_npi(record.billing_provider), _npi(claim.billing_provider)))
    )  # fmt: skip


def _binds(stated: Any, actual: Any) -> bool:
    if stated is UNKNOWN or stated is None:
        return True
    if actual is UNKNOWN:
        raise Odd
    return bool(stated == actual)


def _npi(provider: Any) -> Any:
    return getattr(provider, "npi", provider)
