"""The window that a line's date is in, day by day (M5.4, M4), from a claim and a history of which everything is known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import attrs

from .calendar_days import after, year_holding

Record = dict[str, Any]
ONE = timedelta(days=1)


@attrs.frozen
class Window:
    """How windows open (`year`, `first_visit`, `service`, `on_event`, `after_event`, `on_date`), on what, how long, since when and for whom."""

    opens: str
    on: str = ""  # codes and disciplines, an event, a date, or the month and day of a year
    lengths: tuple[tuple[int, str], ...] = ()
    again: bool = False
    since: date | None = None
    per: tuple[str, ...] = ()


def window_of(window: Window, line: Record, services: list[Record], events: list[Record]) -> tuple[date, date] | None:
    """First and last day of the window that a line is in; `services` are those that may open one, each with what it is (see `counting.rows`)."""
    day = date.fromisoformat(line["day"])
    if window.opens == "year":
        return year_holding(day, date(2000, int(window.on[:2]), int(window.on[3:])))
    starts = _starts(window, line, services, events)
    begun = [start for start in starts if start <= day and day <= _end(window, start, starts)]
    return (max(begun), _end(window, max(begun), starts)) if begun else None


def _starts(window: Window, line: Record, services: list[Record], events: list[Record]) -> list[date]:
    """On which days windows begin, oldest first."""
    if window.opens in ("on_event", "after_event"):
        days = [date.fromisoformat(event["date"]) for event in events if event["kind"] == window.on]
    elif window.opens == "on_date":
        days = [date.fromisoformat(window.on)]
    else:
        alike = [one for one in services if all(one[key] == line[key] for key in window.per) and _in(one, window.on)]
        days = [date.fromisoformat(one["day"]) for one in alike]
    days = sorted({one for one in days if window.since is None or one >= window.since})
    return days if window.opens != "first_visit" else _one_after_another(window, days)


def _one_after_another(window: Window, days: list[date]) -> list[date]:
    """The first visit opens a window; where they follow one another, the first one after its end opens the next."""
    found: list[date] = []
    for day in days:
        if not found or (window.again and day > _last(window, found[-1])):
            found.append(day)
    return found


def _in(service: Record, on: str) -> bool:
    """Whether a service is of a selector, written here as codes and disciplines with commas; none is any service."""
    return not on or any(part in (service["code"], service["discipline"]) for part in on.split(", "))


def _last(window: Window, start: date) -> date:
    """The last day by the lengths alone: after an event day N is in, otherwise the day before the date N later; the earliest end counts."""
    ends = [after(start, number, unit) - (0 if window.opens == "after_event" else 1) * ONE for number, unit in window.lengths]
    return min(ends, default=date.max)


def _end(window: Window, start: date, starts: list[date]) -> date:
    """Without a length a window lasts until the next opening."""
    following = [one for one in starts if one > start]
    return _last(window, start) if window.lengths else min(following, default=date.max) - ONE
