"""Timed units of a day and discipline whose minutes are all known: what stands of each line, and what nobody billed (M8.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..claims import UNKNOWN, ServiceLine
from ..units import midpoint_units
from .odd import ODD, UNSURE, Odd

# A line that the rule is about: its place, its discipline, the line, the minutes of its unit (None: untimed) with whether its minutes count,
# and the masks of the ways out that are open and may be.
Entry = tuple[int, Any, ServiceLine, tuple[int | None, bool | None], int, int]
Billed = tuple[int, str, int, int, int | None]  # place, code, units, minutes that count, minutes of a unit


def timed(groups: Mapping[Any, Sequence[Entry]], odd: bool | None, bit: int, inform: int, by_midpoint: bool, broken: list[int], met: list[int],
          asked: list[int]) -> None:  # fmt: skip
    """Decide a timing rule, day by day and discipline by discipline; `odd`: some line may or may not be of a group."""
    for group in groups.values():
        odd = odd or any([entry[1] is UNSURE for entry in group])
    for group in groups.values():
        try:
            if odd:
                raise Odd
            over, unbilled = held([_billed(entry) for entry in group], by_midpoint)
        except ODD:
            for entry in group:
                asked[entry[0]] |= bit
            continue
        for place, _, _, _, way, maybe in group:
            if place not in over or way & bit:
                met[place] |= bit
            elif maybe & bit:
                asked[place] |= bit
            else:
                broken[place] |= bit
        for place in unbilled:
            broken[place] |= inform


def _billed(entry: Entry) -> Billed:
    place, _, line, (length, counts), _, _ = entry
    minutes = 0 if length is None or counts is False else line.minutes
    if line.units.__class__ is not int or minutes.__class__ is not int or counts is None or line.minutes_by is not UNKNOWN:
        raise Odd
    return place, line.code, line.units, minutes, length  # type: ignore[return-value]


def held(group: Sequence[Billed], by_midpoint: bool) -> tuple[Sequence[int], Sequence[int]]:
    """The places of the lines that are billed above what their minutes support, and of those that have units nobody billed."""
    if len(group) == 1 and not by_midpoint:
        place, _, units, given, length = group[0]
        share = (given + 7) // 15 if length == 15 else 1 if length is None else midpoint_units(given, length)
        return (place,) if units > share else (), (place,) if units < share and length is not None else ()
    return _held(group, by_midpoint)


def _held(group: Sequence[Billed], by_midpoint: bool) -> tuple[list[int], list[int]]:
    minutes: dict[str, int] = {}
    billed: dict[str, int] = {}
    apart: dict[str, int | None] = {}
    for _, code, units, given, length in group:
        if code in billed:
            minutes[code] += given
            billed[code] += units
        else:
            minutes[code], billed[code] = given, units
            if by_midpoint or length != 15:
                apart[code] = length
    shares = total_time(minutes if not apart else {code: given for code, given in minutes.items() if code not in apart}, billed)
    for code, length in apart.items():
        shares[code] = 1 if length is None else midpoint_units(minutes[code], length)
    unbilled = [place for place, code, _, _, length in group if billed[code] < shares[code] and length is not None]
    if all([billed[code] <= share for code, share in shares.items()]):
        return [], unbilled
    return _above(group, shares), unbilled


def _above(group: Sequence[Billed], shares: dict[str, int]) -> list[int]:
    """The later lines of a code are named first: each stands as far as its code's share goes."""
    left = dict(shares)
    over = []
    for place, code, units, _, _ in group:
        if units > left[code]:
            over.append(place)
        left[code] = max(0, left[code] - units)
    return over


def total_time(minutes: Mapping[str, int], billed: Mapping[str, int]) -> dict[str, int]:
    """Each code's share of the day's units: whole fifteens, then one each to the largest remainders, ties to what was billed (M8.1)."""
    shares, rest, whole = {}, [], 0
    for code, given in minutes.items():
        shares[code] = units = given // 15
        whole += given
        if given % 15:
            rest.append((-(given % 15), billed[code] <= units, len(rest), code))
    left = (whole + 7) // 15 - sum(shares.values())
    if left:
        if left < len(rest):
            rest.sort()
        for one in rest[:left]:
            shares[one[3]] += 1
    return shares
