"""Timed units of a day and discipline whose minutes are all known: what stands of each line, and what nobody billed (M8.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..units import midpoint_units
from .odd import ODD, Odd

# A line that the rule is about: its place, code, units and minutes, the minutes of its unit (0: untimed) with whether its own minutes count
# (None: not known), and where the rule has ways out the masks of those that are open and may be (None: it has none).
Entry = tuple[Any, ...]
QUARTERS: Final = (15, True)  # a line of a code in units of a quarter of an hour, whose own minutes count


def timed(groups: Iterable[Sequence[Entry]], odd: object, bit: int, inform: int, by_midpoint: bool, broken: list[int], met: list[int],
          asked: list[int]) -> None:  # fmt: skip
    """Decide a timing rule, day by day and discipline by discipline; `odd`: some line may or may not be of a group."""
    for group in groups:
        try:
            if odd:
                raise Odd
            if by_midpoint:
                _closely(group, bit, inform, True, broken, met, asked)
            elif _as_billed(group):
                for entry in group:
                    met[entry[0]] |= bit
            else:
                _shared(group, bit, inform, broken, met, asked)
        except ODD:  # raised before anything was decided of the group
            for entry in group:
                asked[entry[0]] |= bit


def _as_billed(group: Sequence[Entry]) -> bool:
    """Whether `_plainly` would give each line just the units that are billed on it: most days are so, and no share has to be made for them."""
    total, billed, least, most = 7, 0, 15, 0  # least: of the remainders that got a unit; most: of those that got none
    for _, _, units, given, kind, _ in group:
        if kind is not QUARTERS:
            return False
        rest = given % 15
        more = units - given // 15
        if not more:
            if rest > most:
                most = rest
        elif more == 1:
            if rest < least:
                least = rest
        else:
            return False
        total += given
        billed += units
    return billed == total // 15 and 0 < least >= most and _apart(group)


def _apart(group: Sequence[Entry]) -> bool:
    """Whether all lines of a group are of other codes."""
    many = len(group)
    return many == 1 or (group[0][1] != group[1][1] if many == 2 else len({entry[1] for entry in group}) == many)


def _shared(group: Sequence[Entry], bit: int, inform: int, broken: list[int], met: list[int], asked: list[int]) -> None:
    """Decide a group by the share of each line, or more closely; raises before anything is decided."""
    plain = _plainly(group)
    if plain is None:
        _closely(group, bit, inform, False, broken, met, asked)
        return
    for entry, share in zip(group, plain, strict=True):
        units = entry[2]
        if units > share:
            _over(entry, bit, broken, met, asked)
        else:
            met[entry[0]] |= bit
            if units < share:
                broken[entry[0]] |= inform


def _closely(group: Sequence[Entry], bit: int, inform: int, by_midpoint: bool, broken: list[int], met: list[int], asked: list[int]) -> None:
    """Decide any group; raises before anything is decided where a unit or a minute is not known."""
    if len(group) == 1 and not by_midpoint:
        _alone(group[0], bit, inform, broken, met, asked)
        return
    shares, billed = _together(group, by_midpoint)
    left = shares if len(group) == len(shares) else dict(shares)  # a code on several lines: the later ones are named first
    for entry in group:
        place, code, units = entry[0], entry[1], entry[2]
        share = left[code]
        if units > share:
            left[code] = 0
            _over(entry, bit, broken, met, asked)
        else:
            met[place] |= bit
            if left is not shares:
                left[code] = share - units
            if billed[code] < shares[code] and entry[4][0]:
                broken[place] |= inform


def _over(entry: Entry, bit: int, broken: list[int], met: list[int], asked: list[int]) -> None:
    """A line billed above its share: met where a way out is open, asked where one may be, else broken."""
    way, maybe = entry[5] or (0, 0)
    (met if way & bit else asked if maybe & bit else broken)[entry[0]] |= bit


def _alone(entry: Entry, bit: int, inform: int, broken: list[int], met: list[int], asked: list[int]) -> None:
    """Decide the one line of a group."""
    units, (length, counts) = entry[2] + 0, entry[4]
    given = entry[3] + 0 if counts and length else 0
    share = 1 if not length else (given + 7) // 15 if length == 15 else midpoint_units(given, length)
    if units > share:
        _over(entry, bit, broken, met, asked)
        return
    met[entry[0]] |= bit
    if length and units < share:
        broken[entry[0]] |= inform


def _plainly(group: Sequence[Entry]) -> Sequence[int] | None:
    """The share of each line, where each is of another code in units of a quarter of an hour, and its own minutes count; None of other groups."""
    shares: list[int] = []
    rest: list[tuple[int, bool, int]] = []
    if not _apart(group):
        return None
    total, left = 7, 0
    for _, _, units, given, kind, _ in group:
        if kind is not QUARTERS:
            return None
        whole = given // 15
        over, billed = whole * 15 - given, units <= whole
        if over:
            rest.append((over, billed, len(shares)))
        shares.append(whole)
        total += given
        left -= whole
    _give(left + total // 15, rest, shares)
    return shares


def _together(group: Sequence[Entry], by_midpoint: bool) -> tuple[dict[str, int], dict[str, int]]:
    """The share of each code and the units billed of it."""
    minutes: dict[str, int] = {}
    billed: dict[str, int] = {}
    apart: dict[str, int] = {}
    for entry in group:
        code, (length, counts) = entry[1], entry[4]
        billed[code] = billed.get(code, 0) + entry[2]
        if length:
            minutes[code] = minutes.get(code, 0) + (entry[3] if counts else 0)
        if by_midpoint or length != 15:
            apart[code] = length
    shares = total_time({code: given for code, given in minutes.items() if code not in apart} if apart else minutes, billed)
    for code, length in apart.items():
        shares[code] = midpoint_units(minutes[code], length) if length else 1
    return shares, billed


def total_time(minutes: Mapping[str, int], billed: Mapping[str, int]) -> dict[str, int]:
    """Each code's share of the day's units: whole fifteens, then one each to the largest remainders, ties to what was billed (M8.1)."""
    rest: list[tuple[int, bool, int, str]] = []
    shares, whole, left = {}, 7, 0
    for code, given in minutes.items():
        shares[code] = units = given // 15
        whole += given
        left -= units
        if given % 15:
            rest.append((-(given % 15), billed[code] <= units, len(rest), code))
    _give(left + whole // 15, rest, shares)
    return shares


def _give(left: int, rest: list[Any], shares: Any) -> None:
    """Give the units left one each to the largest remainders, which sorted stand first in `rest`; the last of each is its key in `shares`."""
    if left < len(rest):
        rest.sort()
    for one in rest[:left]:
        shares[one[-1]] += 1
