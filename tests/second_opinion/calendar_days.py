"""Days, months and years of M5.1 by plain arithmetic."""

from __future__ import annotations

import calendar
from datetime import date, timedelta


def after(day: date, number: int, unit: str) -> date:
    """The date so many units later; the month's last day where it is shorter."""
    if unit in ("days", "weeks"):
        return day + timedelta(days=number * (7 if unit == "weeks" else 1))
    months = day.year * 12 + day.month - 1 + number * (12 if unit == "years" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def before(day: date, number: int, unit: str) -> date:
    """The date so many units earlier."""
    return after(day, -number, unit)


def year_holding(day: date, start: date) -> tuple[date, date]:
    """The year from a start's anniversary to the day before the next that holds a day."""
    begins = [after(start, number, "years") for number in range(day.year - start.year - 2, day.year - start.year + 3)]
    first = max(begin for begin in begins if begin <= day)
    return first, min(begin for begin in begins if begin > day) - timedelta(days=1)
