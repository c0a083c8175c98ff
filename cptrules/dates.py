"""Dates as meaning.md counts them: spans with both ends in, calendar months, business days, ages (M5). No clock.

A day before year 1 or after year 9999 is cut to the first or last day there is.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import attrs


@attrs.frozen
class Span:
    """A stretch of days, both ends in; None is open."""

    from_: date | None
    to: date | None

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        return (self.from_ is None or self.from_ <= day) and (self.to is None or day <= self.to)

    def overlaps(self, other: Span) -> bool:
        """Whether some day lies in both."""
        return self.intersection(other) is not None

    def intersection(self, other: Span) -> Span | None:
        """The days that lie in both, None where there are none."""
        start = max((d for d in (self.from_, other.from_) if d is not None), default=None)
        end = min((d for d in (self.to, other.to) if d is not None), default=None)
        return None if start is not None and end is not None and end < start else Span(start, end)


@attrs.frozen
class Holidays:
    """The holidays of a policy's table; it speaks of the days from its first to its last, and of no other."""

    days: frozenset[date]
    first: date
    last: date


def _cut(ordinal: int) -> date:
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal()))


def _months(day: date, number: int) -> date:
    """The same day number some months on or back, or that month's last day (M5.1)."""
    index = day.year * 12 + day.month - 1 + number
    year, month = divmod(index, 12)
    if year < 1:
        return date.min
    if year > 9999:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def add(day: date, number: int, unit: str, holidays: Holidays | None = None) -> date | None:
    """The day some units of time after another (before it: a negative number); None where the holidays are not known."""
    match unit:
        case "days":
            return _cut(day.toordinal() + number)
        case "weeks":
            return _cut(day.toordinal() + 7 * number)
        case "months":
            return _months(day, number)
        case "years":
            return _months(day, 12 * number)
        case _:
            return _business_days(day, number, holidays)


def _business_days(day: date, number: int, holidays: Holidays | None) -> date | None:
    """Monday to Friday less the holidays, counted from the day after; a table that does not reach so far gives no answer."""
    if holidays is None:
        return None
    step = 1 if number > 0 else -1
    left = abs(number)
    while left:
        if day in (date.min, date.max):
            return None
        day += timedelta(days=step)
        if not holidays.first <= day <= holidays.last:
            return None
        if day.weekday() < 5 and day not in holidays.days:
            left -= 1
    return day


def within_after(day: date, number: int, unit: str, anchor: date, holidays: Holidays | None = None) -> bool | None:
    """Within N units after an anchor: the anchor is day 0, day N is in, a day before the anchor is not (M5.1)."""
    if day < anchor:
        return False
    last = add(anchor, number, unit, holidays)
    if last is None and day <= _at_the_soonest(anchor, number):
        return True
    return None if last is None else day <= last


def _at_the_soonest(anchor: date, number: int) -> date:
    """So many business days after (negative: before) an anchor lie no nearer than as many days, whatever the holidays."""
    return _cut(anchor.toordinal() + number)


def within_before(day: date, number: int, unit: str, anchor: date, holidays: Holidays | None = None) -> bool | None:
    """Within N units before an anchor, the anchor's own day in."""
    if day > anchor:
        return False
    first = add(anchor, -number, unit, holidays)
    if first is None and day >= _at_the_soonest(anchor, -number):
        return True
    return None if first is None else day >= first


def at_least_after(day: date, number: int, unit: str, anchor: date, holidays: Holidays | None = None) -> bool | None:
    """At least N units after an anchor."""
    first = add(anchor, number, unit, holidays)
    if first is None and day < _at_the_soonest(anchor, number):
        return False
    return None if first is None else day >= first


def at_least_before(day: date, number: int, unit: str, anchor: date, holidays: Holidays | None = None) -> bool | None:
    """At least N units before an anchor."""
    last = add(anchor, -number, unit, holidays)
    if last is None and day > _at_the_soonest(anchor, -number):
        return False
    return None if last is None else day <= last


def week_span(day: date, first_weekday: int = 6) -> Span:
    """The week that holds a day, from Sunday (6) unless another day of the week (Monday is 0) is named."""
    start = day.toordinal() - (day.weekday() - first_weekday) % 7
    return Span(_cut(start), _cut(start + 6))


def month_span(day: date) -> Span:
    """The calendar month that holds a day."""
    return Span(day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1]))


def calendar_year_span(day: date) -> Span:
    """The calendar year that holds a day."""
    return Span(date(day.year, 1, 1), date(day.year, 12, 31))


def benefit_year_span(day: date, start: date) -> Span:
    """The year that holds a day, counted from the anniversaries of a day."""
    this = _months(start, 12 * (day.year - start.year))
    if day < this:
        this = _months(start, 12 * (day.year - 1 - start.year))
    following = _months(start, 12 * (this.year + 1 - start.year))
    return Span(this, _cut(following.toordinal() - 1))


def prior_span(day: date, number: int, unit: str) -> Span:
    """The N units of time before a day, the day itself not in."""
    first = add(day, -number, unit) or date.min
    return Span(first, _cut(day.toordinal() - 1))


def rolling_span(day: date, number: int, unit: str) -> Span:
    """The N units of time that end with a day: 90 days are the day and the 89 before it."""
    before = add(day, -number, unit) or date.min
    return Span(_cut(before.toordinal() + 1), day)


def age(birth: date, on: date) -> int:
    """Completed years on a day, the birthday itself counted; one born on 29 February has it on the 28th in other years (M5.2)."""
    years = on.year - birth.year
    return years if on >= _months(birth, 12 * years) else years - 1


def days_counted(start: date, end: date) -> int:
    """The days from one to another, both ends in."""
    return (end - start).days + 1
