"""The most that a counter can come to, whatever is billed: an hour of therapy has no end, a week has seven days."""

from __future__ import annotations

from typing import Final

from ..policy import CodeSet, Counter, KindKey, Length, TimeKey, WindowKey
from ..vocabulary import DISCIPLINES

_DAYS: Final = {"line": 1, "day": 1, "week": 7, "month": 31, "calendar_year": 366, "benefit_year": 366}
_UNIT: Final = {"days": 1, "weeks": 7, "months": 31, "years": 366, "business_days": 7}


def most(counter: Counter) -> int | None:
    """Give the largest number that a count can come to, None where it has no end that the counter itself sets."""
    days = _days(counter)
    match counter.measure:
        case "treatment_days":
            return days
        case "visits":
            return days * _disciplines(counter) if days is not None else None
        case "lines":
            return 1 if _per_line(counter) else None
        case "distinct" if counter.field is not None:
            return _distinct(counter)
        case _:
            return None


def _days(counter: Counter) -> int | None:
    """How many days the counter's stretch of time can hold; a claim may hold any."""
    found = [_of_key(key) for key in counter.keys if not isinstance(key, KindKey)]
    return min((days for days in found if days is not None), default=None)


def _of_key(key: TimeKey | WindowKey) -> int | None:
    if isinstance(key, WindowKey):
        if key.window.year_from is not None:
            return 366
        return min((_length(length) for length in key.window.lengths), default=None)
    if key.unit:
        return key.number if (key.name, key.unit) == ("rolling", "days") else key.number * _UNIT[key.unit] + 1
    return _DAYS.get(key.name)


def _length(length: Length) -> int:
    return length.number * _UNIT[length.unit] + 1


def _disciplines(counter: Counter) -> int:
    """How many visits one day can hold: one for each discipline, and one for what is of none."""
    if any(isinstance(key, KindKey) and key.name == "discipline" for key in counter.keys) or _per_line(counter):
        return 1
    of = counter.of
    if of is not None and all(entry.kind == "discipline" for entry in of.entries):
        return len(of.entries)
    return len(DISCIPLINES) + 1


def _per_line(counter: Counter) -> bool:
    return any(isinstance(key, TimeKey) and key.name == "line" for key in counter.keys)


def _distinct(counter: Counter) -> int | None:
    """Different codes are no more than the counter's own set lists; a line has one of what is not many."""
    field = counter.field
    assert field is not None
    if _per_line(counter) and not field.many:
        return 1
    if field.name == "discipline":
        return len(DISCIPLINES)
    return len(counter.of.listed()) if field.name == "code" and counter.of is not None and _single(counter.of) else None


def _single(of: CodeSet) -> bool:
    return all(entry.kind == "code" or (entry.members is not None and _single(entry.members)) for entry in of.entries)
