"""Windows of time: which one holds a date, where it began, and every way that can be where something is unknown (M4, M5.4).

A `Timeline` is all windows of one name for one patient and group; the date of a service picks the one that began last of those
that hold it. Where an opening is unknown, or the history may lack one, the timelines that are possible are the ways of a missing
fact, and a rule is judged in each of them (M2.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any, Final

import attrs

from . import dates
from .dates import Span
from .lines import Case, View
from .policy import Length, Opening, Window
from .truth import FALSE, TRUE, Answer, Need, Truth, all_of, unknown

MOST_UNKNOWN: Final = 5  # openings that may or may not be there, tried in every combination
MOST_STARTS: Final = 30  # possible starts of a window that are tried
_FIRST_DAY: Final = date(1, 1, 1)
_ONE: Final = timedelta(days=1)


@attrs.frozen
class Timeline:
    """The windows of one name, by the day each began; where two hold a date, it is in the one that began last."""

    spans: tuple[Span, ...]

    def at(self, day: date | None) -> Span | None:
        """The window that holds a date, None where none does."""
        if day is None:
            return None
        return next((span for span in reversed(self.spans) if span.holds(day)), None)


def of(spans: Iterable[Span]) -> Timeline:
    """Put windows in the order in which they began; of two that began on one day, the one that ends first."""
    first: dict[date, Span] = {}
    for span in spans:
        start = span.from_ or _FIRST_DAY
        known = first.get(start)
        if known is None or (span.to or date.max) < (known.to or date.max):
            first[start] = span
    return Timeline(tuple(first[start] for start in sorted(first)))


def end_of(start: date, opening: Opening, lengths: Iterable[Length]) -> date | None:
    """The last day of a window: after an event day N is in, of the others the day before the date N later (M5.4); None: open."""
    back = timedelta(0) if opening.kind == "after_event" else _ONE
    ends = [dates.add(start, length.number, length.unit) for length in lengths]
    return min((end - back for end in ends if end is not None), default=None)


def opened(window: Window, opening: Opening, days: Iterable[date]) -> Iterator[Span]:
    """The windows that an opening's days give; of a first visit only the first, and with `then again` the first after each end."""
    again = any(length.again for length in window.lengths)
    end: date | None = None
    count = 0
    for day in sorted(set(days)):
        if window.since is not None and day < window.since:
            continue
        if opening.kind == "first_visit" and count and (not again or end is None or day <= end):
            continue
        end = end_of(day, opening, window.lengths)
        count += 1
        yield Span(day, end)


# ---- one window for one line -------------------------------------------------------------------------------------


def span_in(window: Window, view: View, case: Case) -> Span | None | Need:
    """The window that holds a line's date; None where none does, a Need where it hangs on something unknown."""
    found = timeline(window, view, case)
    return found if isinstance(found, Need) else found.at(view.day)


def timeline(window: Window, view: View, case: Case) -> Timeline | Need:
    """All windows of a name as they are for a line's patient and group, or the missing fact that would tell; reckoned once in a case."""
    known = case.reckoned.get((id(window), view.identity))
    if known is None or known[0] is not window:
        known = case.reckoned[id(window), view.identity] = window, _timeline_of(window, view, case)
    found: Timeline | Need = known[1]
    return found


def _timeline_of(window: Window, view: View, case: Case) -> Timeline | Need:
    if view.day is None:
        return Need("date_of_service", "On which date was the service given?", None, None)
    if window.year_from is not None:
        return Timeline((dates.benefit_year_span(view.day, date(2000, *window.year_from)),))
    key = ("window", window.name, *(_group_value(window, view, case)))
    if key in case.tried:
        tried: Any = case.tried[key]
        return tried  # type: ignore[no-any-return]
    return _settled(window, view, case, key)


def _group_value(window: Window, view: View, case: Case) -> tuple[str, ...]:
    """What tells one group's windows from another's: the line's values of the window's keys, and its date."""
    from .counting import key_value

    return (str(view.day), *(f"{key.name}={key_value(key.name, view, case)!s}" for key in window.keys))


def _settled(window: Window, view: View, case: Case, key: tuple[object, ...]) -> Timeline | Need:
    found = [_found(window, opening, view, case) for opening in window.openings]
    sure = [(opening, day) for opening, days, _ in found for day, answer in days if answer.truth is Truth.TRUE]
    unsure = [(opening, day, answer) for opening, days, _ in found for day, answer in days if answer.truth is Truth.UNKNOWN]
    needs = [need for _, _, answer in unsure for need in sorted(answer.needs, key=lambda need: (need.field, need.question))]
    tryable = next((need for need in needs if need.options is not None and need.key is not None), None)
    if tryable is not None:
        return tryable  # a fact of the claim decides: it is tried, and asked for by its own name
    lacking = [(opening, need) for opening, _, need in found if need is not None]
    ways = _ways(window, view, case, sure, unsure, [opening for opening, _ in lacking])
    if len(ways) == 1:
        return ways[0]
    asked = [*needs, *(need for _, need in lacking)]
    return Need(asked[0].field, asked[0].question, key, tuple(ways) if len(ways) <= MOST_STARTS + 4 else None)


def _ways(window: Window, view: View, case: Case, sure: list[tuple[Opening, date]], unsure: list[tuple[Opening, date, Answer]],
          lacking: list[Opening]) -> list[Timeline]:  # fmt: skip
    """Every timeline that is possible, those alike for the line's date once."""
    ways: list[Timeline] = []
    for chosen in product((True, False), repeat=min(len(unsure), MOST_UNKNOWN)):
        days = [*sure, *((opening, day) for (opening, day, _), taken in zip(unsure, chosen, strict=False) if taken)]
        ways.append(_timeline(window, days))
        for opening in lacking:
            ways += [_timeline(window, days, (opening, start)) for start in _starts(window, opening, view, case)]
    return list({way.at(view.day): way for way in ways}.values())


def _timeline(window: Window, days: list[tuple[Opening, date]], extra: tuple[Opening, date] | None = None) -> Timeline:
    spans: list[Span] = []
    for opening in window.openings:
        mine = [day for one, day in days if one is opening]
        more = [extra[1]] if extra is not None and extra[0] is opening else []
        spans += opened(window, opening, [*mine, *more])
    return of(spans)


# ---- openings that are known -------------------------------------------------------------------------------------

_Days = list[tuple[date, Answer]]


def _found(window: Window, opening: Opening, view: View, case: Case) -> tuple[Opening, _Days, Need | None]:
    """The days on which an opening is known to stand, up to the line's date, and what may be missing."""
    match opening.kind:
        case "date":
            assert opening.day is not None
            return opening, [(opening.day, TRUE)], None
        case "after_event" | "on_event":
            days, need = _events(opening, view, case)
            return opening, days, need
        case _:
            return opening, _services(window, opening, view, case), _history_need(window, opening, view, case)


def _services(window: Window, opening: Opening, view: View, case: Case) -> _Days:
    """The days on which services may have opened a window; reckoned once in a case."""
    known = case.reckoned.get((id(opening), view.identity))
    if known is None or known[0] is not opening:
        known = case.reckoned[id(opening), view.identity] = opening, _opening_services(window, opening, view, case)
    found: _Days = known[1]
    return found


def _opening_services(window: Window, opening: Opening, view: View, case: Case) -> _Days:
    from .conditions import truth_of
    from .counting import belongs, same_group

    found: _Days = []
    for other in (*case.services, *case.lines):
        if other.day is None:
            continue
        parts = [belongs(other, opening.of, None, case), same_group(window.keys, view, other, None, case)]
        if opening.when is not None and all(part.truth is not Truth.FALSE for part in parts):
            parts.append(truth_of(opening.when, other, case))
        answer = all_of(parts)
        if answer.truth is not Truth.FALSE:
            found.append((other.day, answer))
    return _by_day(found)


def _by_day(found: _Days) -> _Days:
    """One entry a day: sure where any service of it is."""
    best: dict[date, Answer] = {}
    for day, answer in found:
        if day not in best or answer.truth is Truth.TRUE:
            best[day] = answer
    return sorted(best.items(), key=lambda item: item[0])


def _events(opening: Opening, view: View, case: Case) -> tuple[_Days, Need | None]:
    from .conditions import events_of

    kind = opening.event or ""
    name = kind.replace("_", " ")
    given = events_of(kind, opening.when, view, case)
    if isinstance(given, Need):
        return [], given
    days = [(event.date, answer) for event, answer in given if isinstance(event.date, date)]
    undated = len(days) < len(given)
    return _by_day(days), Need(kind, f"When was the {name}?", None, None) if undated else None


# ---- openings that may be missing --------------------------------------------------------------------------------


def _history_need(window: Window, opening: Opening, view: View, case: Case) -> Need | None:
    """What to ask where the history may lack a service that opens a window which holds the line's date."""
    from .counting import need_of_history

    gaps, reach = _gaps(window, opening, view, case), _reach(window, opening, view, case)
    ours = any(key.name == "billing_provider" for key in window.keys)
    return need_of_history(gaps, reach, case, ours) if gaps and reach is not None else None


def _reach(window: Window, opening: Opening, view: View, case: Case) -> Span | None:
    """The days on which an unknown opening would matter."""
    from .counting import born

    assert view.day is not None
    first = _earliest(window, view.day) or born(case)
    if opening.kind == "first_visit":
        return Span(max((day for day in (window.since, born(case)) if day is not None), default=None), view.day)
    known = [day for day, answer in _services(window, opening, view, case) if answer.truth is Truth.TRUE]
    holding = [day for day in known if Span(day, end_of(day, opening, window.lengths)).holds(view.day)]
    start = max(holding) + _ONE if holding and max(holding) < view.day else (first if not holding else None)
    return Span(start, view.day) if start is not None or not holding else None


def _earliest(window: Window, day: date) -> date | None:
    """The earliest day on which a window that holds a date can have begun; None: any."""
    firsts = [dates.add(day, -length.number, length.unit) for length in window.lengths]
    known = [first for first in firsts if first is not None]
    if window.since is not None:
        known.append(window.since)
    return max(known, default=None)


def _starts(window: Window, opening: Opening, view: View, case: Case) -> list[date]:
    """The days on which a service or event that nobody knows of can have opened a window: those that tell the known services apart.

    Two days between which no known service lies, and at whose distance none lies either, give the same answers.
    """
    assert view.day is not None
    known = {view.day, *(other.day for other in (*case.services, *case.lines) if other.day is not None and other.day <= view.day)}
    marks = {day + step for day in known for step in (timedelta(0), _ONE) if day < date.max}
    for length in window.lengths:
        backs = [dates.add(day, -length.number, length.unit) for day in known]
        marks |= {back + step for back in backs if back is not None for step in (-_ONE, timedelta(0), _ONE) if date.min < back < date.max}
    gaps = _gaps(window, opening, view, case)
    marks |= {day for gap in gaps for day in (gap.from_ or _FIRST_DAY, gap.to or view.day)}
    return sorted((day for day in marks if day <= view.day and any(gap.holds(day) for gap in gaps)), reverse=True)[:MOST_STARTS]


def _gaps(window: Window, opening: Opening, view: View, case: Case) -> list[Span]:
    """The days on which there may have been an opening that nobody knows of."""
    from .counting import uncovered

    if opening.event is not None:
        return [Span(_earliest(window, view.day) if view.day is not None else None, view.day)]
    reach = _reach(window, opening, view, case)
    return uncovered(reach, case, any(key.name == "billing_provider" for key in window.keys)) if reach is not None else []


def same_window(window: Window, one: View, other: View, case: Case) -> Answer:
    """Whether a service lies in the same window as a line, and is alike in all that the window is for."""
    from .counting import same_group

    found = timeline(window, one, case)
    if isinstance(found, Need):
        return unknown(found)
    mine = found.at(one.day)
    if mine is None:
        return FALSE
    if other.day is None:
        return unknown(Need("date_of_service", "On which date was the service given?", None, None))
    theirs = found.at(other.day)
    if theirs is None or theirs.from_ != mine.from_:
        return FALSE
    return same_group(window.keys, one, other, None, case) if other is not one else TRUE


def in_window(window: Window, view: View, case: Case) -> Answer:
    """Whether some window of a name holds a line's date."""
    found = span_in(window, view, case)
    if isinstance(found, Need):
        return unknown(found)
    return TRUE if found is not None else FALSE


