"""Days, weeks, months and years by plain arithmetic (M5.1, M5.2)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

ONE = timedelta(days=1)


class Open(Exception):
    """Something is not known that would have to be, so the plain reading says nothing."""


def later(day: date, number: int, unit: str, holidays: Any = None) -> date:
    """The date so many units later, earlier for a negative number; of months and years the month's last day where it is shorter."""
    try:
        if unit in ("days", "weeks"):
            return day + number * (7 if unit == "weeks" else 1) * ONE
        if unit in ("months", "years"):
            months = 12 * day.year + day.month - 1 + number * (12 if unit == "years" else 1)
            return date(months // 12, months % 12 + 1, min(day.day, monthrange(months // 12, months % 12 + 1)[1]))
        return _working(day, number, holidays)
    except (OverflowError, ValueError):
        raise Open from None


def _working(day: date, number: int, holidays: Any) -> date:
    """So many business days on: Monday to Friday less the holidays, which are known from the table's first day to its last."""
    closed = sorted(date.fromisoformat(key[0]) for key in holidays.all_keys()) if holidays is not None else []
    counted = 0
    while counted < abs(number):
        day += ONE if number > 0 else -ONE
        if not closed or not closed[0] <= day <= closed[-1]:
            raise Open
        counted += day.strftime("%A") not in ("Saturday", "Sunday") and day not in closed
    return day


def holds(first: date | None, last: date | None, day: date) -> bool:
    """Whether a span, both ends in, holds a day; None is open."""
    return not (first is not None and day < first) and not (last is not None and day > last)


def in_one(spans: Iterable[Any], day: date) -> bool:
    """Whether one of some spans holds a day."""
    return any(holds(span.from_, span.to, day) for span in spans)


def year_of(day: date, start: date) -> tuple[date, date]:
    """The year from a day's anniversary to the day before the next that holds a day."""
    begins = [later(start, number, "years") for number in range(day.year - start.year - 1, day.year - start.year + 2)]
    return max(one for one in begins if one <= day), min(one for one in begins if one > day) - ONE


def age(born: date, day: date) -> int:
    """Birthdays that have come, the day itself counted."""
    return sum(later(born, years, "years") <= day for years in range(1, day.year - born.year + 1))


def week_of(day: date, first_weekday: int) -> tuple[date, date]:
    """The seven days from the last day of that name (Monday is 0) on or before a day."""
    start = day
    while start.weekday() != first_weekday:
        start -= ONE
    return start, start + 6 * ONE


def decimal(number: Any) -> Decimal:
    """A number as a balance has it."""
    return Decimal(number)
