"""Timed units of a day and discipline whose minutes are all known: what stands of each line, and what nobody billed (M8.3)."""

from __future__ import annotations

from collections.abc import Sequence

from ..units import midpoint_units

Billed = tuple[int, str, int, int, int | None]  # the line's place, its code, units, minutes that count, minutes of a unit


def held(group: Sequence[Billed], by_midpoint: bool) -> tuple[list[int], list[int]]:
    """The places of the lines that are billed above what their minutes support, and of those that have units nobody billed."""
    minutes: dict[str, int] = {}
    billed: dict[str, int] = {}
    lengths: dict[str, int | None] = {}
    for _, code, units, given, length in group:
        minutes[code] = minutes.get(code, 0) + given
        billed[code] = billed.get(code, 0) + units
        lengths[code] = length
    together = {} if by_midpoint else {code: given for code, given in minutes.items() if lengths[code] == 15}
    shares = total_time(together, billed) if together else {}
    for code, length in lengths.items():
        if code not in shares:
            shares[code] = 1 if length is None else midpoint_units(minutes[code], length)
    return _above(group, shares), _unbilled(group, shares, billed, lengths)


def _above(group: Sequence[Billed], shares: dict[str, int]) -> list[int]:
    """The later lines of a code are named first: each stands as far as its code's share goes."""
    left = dict(shares)
    over = []
    for place, code, units, _, _ in group:
        if units > left[code]:
            over.append(place)
        left[code] = max(0, left[code] - units)
    return over


def _unbilled(group: Sequence[Billed], shares: dict[str, int], billed: dict[str, int], lengths: dict[str, int | None]) -> list[int]:
    return [place for place, code, _, _, _ in group if billed[code] < shares[code] and lengths[code] is not None]


def total_time(minutes: dict[str, int], billed: dict[str, int]) -> dict[str, int]:
    """Each code's share of the day's units: whole fifteens, then one each to the largest remainders, ties to what was billed (M8.1)."""
    shares = {code: given // 15 for code, given in minutes.items()}
    left = (sum(minutes.values()) + 7) // 15 - sum(shares.values())
    if left:
        rest = [(-(given % 15), billed[code] <= shares[code], place, code) for place, (code, given) in enumerate(minutes.items()) if given % 15]
        for _, _, _, code in sorted(rest)[:left]:
            shares[code] += 1
    return shares
