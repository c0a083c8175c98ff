"""The limits and dates of a rule, and whether a line lies at one or just past it: what tests of a policy have to try.

At the limit: the count, the value or the day is the limit's own. Just past it: the next whole number or day that is judged the
other way; of money and of a table's values, which have no next one, the line that crosses the limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

import attrs

from .conditions import events_of, held, interval_of, moment, value
from .counting import Counted, belongs, count, same_group, span_of
from .dates import Span
from .demands import ranks_of
from .documents import due
from .lines import Case, View
from .policy import (
    AllOf,
    AmountEntry,
    AmountValue,
    AnyOf,
    Apart,
    CodeSet,
    Comparison,
    Condition,
    Constant,
    Counter,
    CountIs,
    DateMoment,
    DaysBetween,
    Documentation,
    Entry,
    EventMoment,
    FieldValue,
    InWindow,
    IsAuthorized,
    KindKey,
    Limit,
    Near,
    NeededElement,
    Opposite,
    PriorAuthorization,
    RequestBy,
    Rule,
    ScopeIncludes,
    TableValue,
    Term,
    TimeKey,
    Timing,
    Value,
    VisitMoment,
    Window,
    WindowKey,
)
from .timing import supported
from .truth import Interval, Need, Truth
from .windows import timeline
from .words import MONEY_MEASURES

AT: Final = "at the limit"
PAST: Final = "just past it"
_ONE: Final = timedelta(days=1)

Look = Callable[[View, Case], Iterable[str]]
Place = Callable[[View, Case], Iterable[tuple[View, Case]]]  # of which services or records a condition is asked


@attrs.frozen
class Boundary:
    """A limit or a date in words, and what a line shows of it; `days` are the two days it lies between, where it is a date."""

    text: str
    look: Look
    days: tuple[date, ...] = ()


# ---- what a demand holds -----------------------------------------------------------------------------------------


def of_demand(rule: Rule) -> Iterator[Boundary]:
    """Give the boundaries of a rule's demand, those of its conditions left out."""
    match rule.demand:
        case Limit(count=counter, at_most=bound) as demand:
            yield Boundary(f"at most {_value(bound)}", lambda view, case: _counted(counter, bound, view, _ranked(demand, case)))
            yield from _of_counter(counter)
            yield from _of_value(bound)
        case PriorAuthorization() as prior:
            yield from _of_prior(prior)
        case Timing():
            yield Boundary("the units that the minutes support", partial(_supported, rule))
        case Documentation(needs=needs):
            of = rule.on[0] if rule.on else None
            for need in needs:
                if need.every:
                    yield Boundary(f"{need.element} every {need.every} {need.unit}", partial(_due, need, of))
        case _:
            return


def _ranked(demand: Limit, case: Case) -> Case:
    ranks = ranks_of(demand, case)
    return case if isinstance(ranks, Need) else attrs.evolve(case, ranks=ranks)


def _of_prior(prior: PriorAuthorization) -> Iterator[Boundary]:
    after, counter = prior.after, prior.count
    if after is not None and counter is not None:
        yield Boundary(f"after {_value(after)}", partial(_counted, counter, after))
        yield from _of_counter(counter)
        yield from _of_value(after)
    for request in prior.requested:
        many = f"{request.number} {request.unit} {request.direction} {_moment(request.anchor)}"
        yield Boundary(f"requested {'at least' if request.at_least else 'within'} {many}", partial(_requested, request))


def _counted(counter: Counter, bound: Value, view: View, case: Case) -> Iterator[str]:
    """Whether the count with the line is the bound's number, or the line is the first past it."""
    found, limit = count(counter, view, case), interval_of(value(bound, view, case))
    if found.in_window and limit is not None and limit.low == limit.high:
        yield from _beside_limit(counter, found, Decimal(limit.low))


def _beside_limit(counter: Counter, found: Counted, limit: Decimal) -> Iterator[str]:
    used, before = _exact(found.interval), _exact(found.before)
    if used is None:
        return
    if used == limit:
        yield AT
    if (used == limit + 1) if _whole(counter) else (before is not None and before <= limit < used):
        yield PAST


def _exact(found: Interval | None) -> Decimal | None:
    return Decimal(found.low) if found is not None and found.low == found.high else None


def _whole(counter: Counter) -> bool:
    return counter.table is None and counter.measure not in MONEY_MEASURES


def _supported(rule: Rule, view: View, case: Case) -> Iterator[str]:
    found = supported(rule, view, case)
    if found.stands is not None and found.billed:
        yield from [AT] if found.billed == found.stands else []
        yield from [PAST] if found.billed == found.stands + 1 else []


def _due(need: NeededElement, of: CodeSet | None, view: View, case: Case) -> Iterator[str]:
    """The last visit or day before a kind of note is overdue, and the first after it."""
    found = due(need, of, view, case)
    if found.by is not None and view.day is not None and not found.asked:
        yield from [AT] if view.day == found.by else []
        yield from [PAST] if view.day == found.by + _ONE else []
    left = _exact(found.left)
    if left is not None and not found.asked:
        yield from [AT] if left == 1 else []
        yield from [PAST] if left == 0 else []


def _requested(request: RequestBy, view: View, case: Case) -> Iterator[str]:
    anchor = moment(request.anchor, view, case)
    for _, inside in of_authorizations(view, case):
        record: Any = inside.authorization
        asked = record.received if isinstance(record.received, date) else record.requested
        if isinstance(asked, date) and isinstance(anchor, date):
            yield from _at_the_edge(request, asked, anchor, case, near=not request.at_least)


# ---- counters, windows and values --------------------------------------------------------------------------------


def _of_counter(counter: Counter) -> Iterator[Boundary]:
    """Where the time of a count begins: another service that counts on its first day, and on the day before."""
    for key in counter.keys:
        if isinstance(key, WindowKey):
            yield from of_window(key.window)
        if isinstance(key, WindowKey) or (isinstance(key, TimeKey) and key.name not in ("line", "claim", "lifetime")):
            yield Boundary(f"per {key.words()}", partial(_first_day, counter, key))
    if counter.where is not None:
        yield from of_condition(counter.where, of_services)


def _first_day(counter: Counter, key: TimeKey | WindowKey, view: View, case: Case) -> Iterator[str]:
    span = span_of(key, view, case)
    if not isinstance(span, Span) or span.from_ is None:
        return
    kinds = [one for one in counter.keys if isinstance(one, KindKey)]
    for other in (*case.services, *case.lines):
        side = {span.from_: AT, span.from_ - _ONE: PAST}.get(other.day) if other is not view and other.day is not None else None
        if side is not None and belongs(other, counter.of, counter.where, case).truth is Truth.TRUE:
            yield from [side] if same_group(kinds, view, other, None, case).truth is Truth.TRUE else []


def of_window(window: Window) -> Iterator[Boundary]:
    """A window's last day, and the day after it."""
    if window.year_from is not None or window.lengths:
        yield Boundary(f"window {window.name} ends", partial(_last_day, window))


def _last_day(window: Window, view: View, case: Case) -> Iterator[str]:
    found = timeline(window, view, case)
    if isinstance(found, Need) or view.day is None:
        return
    mine = found.at(view.day)
    if mine is not None and mine.to == view.day:
        yield AT
    if any(span.to == view.day - _ONE for span in found.spans) or (window.year_from is not None and mine is not None and mine.from_ == view.day):
        yield PAST


def _of_value(wanted: Value | object) -> Iterator[Boundary]:
    """The dates on which an amount changes."""
    if isinstance(wanted, AmountValue):
        begun = {entry.span.from_ for entry in wanted.entries}
        for entry in wanted.entries:
            ends = None if entry.span.to is None or entry.span.to + _ONE in begun else entry.span.to  # told by the next one's first day
            yield from of_span(Span(entry.span.from_, ends), wanted.name)
            if entry.when is not None:
                yield from of_condition(entry.when)


def amounts_in(rule: Rule) -> Iterator[AmountEntry]:
    """Give the entries of a bound that hang on a condition."""
    bounds = [getattr(rule.demand, "at_most", None), getattr(rule.demand, "after", None)]
    for bound in bounds:
        if isinstance(bound, AmountValue):
            yield from (entry for entry in bound.entries if entry.when is not None)


def of_span(span: Span, name: str = "effective") -> Iterator[Boundary]:
    """The first and the last day of a span, and the days beside them."""
    if span.from_ is not None and span.from_ > date.min:
        yield _dated(f"{name} from {span.from_}", span.from_, span.from_ - _ONE)
    if span.to is not None and span.to < date.max:
        yield _dated(f"{name} to {span.to}", span.to, span.to + _ONE)


def _dated(text: str, day: date, beyond: date) -> Boundary:
    sides = {day: (AT,), beyond: (PAST,)}
    return Boundary(text, lambda view, _: sides.get(view.day, ()) if view.day is not None else (), (day, beyond))


def of_selector(selector: CodeSet) -> Iterator[Boundary]:
    """The dates of the entries of a set of codes, for lines of such an entry."""
    for entry in (*selector.entries, *selector.excluding):
        for dated in of_span(entry.span, entry.value or selector.text):
            yield attrs.evolve(dated, look=_for(entry, dated.look))
        if entry.members is not None:
            yield from of_selector(entry.members)


def _for(entry: Entry, look: Look) -> Look:
    return lambda view, case: look(view, case) if entry.kind != "code" or entry.value == view.record.code else ()


# ---- conditions --------------------------------------------------------------------------------------------------


def here(view: View, case: Case) -> Iterator[tuple[View, Case]]:
    """The line itself."""
    yield view, case


def of_services(view: View, case: Case) -> Iterator[tuple[View, Case]]:
    """The line and every other service."""
    yield from ((other, case) for other in (*case.services, *case.lines))


def of_authorizations(view: View, case: Case) -> Iterator[tuple[View, Case]]:
    """The line under each authorization on file."""
    records = case.history.authorizations if case.history is not None else None
    yield from ((view, attrs.evolve(case, authorization=record)) for record in (records if isinstance(records, tuple) else ()))


def _of_events(kind: str) -> Place:
    def each(view: View, case: Case) -> Iterator[tuple[View, Case]]:
        found = events_of(kind, None, view, case)
        yield from ((view, attrs.evolve(case, event=event)) for event, _ in ([] if isinstance(found, Need) else found))

    return each


def of_condition(condition: Condition, place: Place = here) -> Iterator[Boundary]:
    """Give the boundaries of a condition, those of what it is made of included."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from of_condition(part, place)
        case Opposite(part=part) | Term(condition=part):
            yield from of_condition(part, place)
        case Comparison(sign=sign) if sign not in ("=", "!="):
            yield Boundary(_comparison(condition), _at(place, partial(_compared, condition)))
            yield from _of_value(condition.right)
        case CountIs(counter=counter, sign=sign, right=right):
            told = f"count {counter.noun} {sign} {_value(right)}"
            yield Boundary(told, _at(place, partial(_count_beside, condition)))
            yield from _of_counter(counter)
            yield from _of_value(right)
        case Near() | Apart():
            yield Boundary(_distance(condition), _at(place, partial(_edge, condition)))
            yield from _of_moments(condition)
        case InWindow(window=window):
            yield from of_window(window)
        case ScopeIncludes(where=where, window=included):
            yield from of_condition(where, of_services) if where is not None else ()
            yield from of_window(included) if included is not None else ()
        case IsAuthorized(where=where) if where is not None:
            yield from of_condition(where, of_authorizations)
        case _:
            return


def _of_moments(condition: Near | Apart) -> Iterator[Boundary]:
    for one in (condition.moment, condition.anchor):
        if isinstance(one, EventMoment) and one.where is not None:
            yield from of_condition(one.where, _of_events(one.kind))
        if isinstance(one, VisitMoment):
            yield from of_condition(one.where, of_services) if one.where is not None else ()
            yield from of_window(one.window) if one.window is not None else ()


def _at(place: Place, look: Look) -> Look:
    return lambda view, case: [side for one, inside in place(view, case) for side in look(one, inside)]


def _compared(condition: Comparison, view: View, case: Case) -> Iterator[str]:
    moments = isinstance(condition.left, EventMoment | VisitMoment)
    left: Any = moment(condition.left, view, case) if moments else value(condition.left, view, case)  # type: ignore[arg-type]
    right = value(condition.right, view, case)
    for one in left if isinstance(left, tuple) else (left,):
        yield from _beside(_number(one), condition.sign, _number(right), whole=not _in_parts(condition))


def _number(found: Any) -> Decimal | None:
    """A number or a day as a number; None where it is not known exactly."""
    if isinstance(found, date):
        return Decimal(found.toordinal())
    return _exact(interval_of(found)) if not isinstance(found, Need) else None


def _in_parts(condition: Comparison) -> bool:
    """Whether the value has no next one: money, a percentage, a number with decimals."""
    sides = (condition.left, condition.right)
    types = {side.field.type if isinstance(side, FieldValue) else getattr(side, "type", "") for side in sides}
    constants = [side.value for side in sides if isinstance(side, Constant) and isinstance(side.value, Decimal)]
    return bool(types & {"money", "percent"}) or any(one % 1 for one in constants) or any(isinstance(side, TableValue) for side in sides)


def _beside(left: Decimal | None, sign: str, right: Decimal | None, whole: bool) -> Iterator[str]:
    if left is None or right is None:
        return
    if left == right:
        yield AT
    step = -1 if sign in ("<", ">=") else 1
    if (left - right == step) if whole else ((left - right) * step > 0):
        yield PAST


def _count_beside(condition: CountIs, view: View, case: Case) -> Iterator[str]:
    found = count(condition.counter, view, case)
    right = _number(value(condition.right, view, case))
    if found.in_window:
        yield from _beside(_exact(found.interval), condition.sign, right, whole=_whole(condition.counter))


def _edge(condition: Near | Apart, view: View, case: Case) -> Iterator[str]:
    start = moment(condition.moment, view, case) if condition.moment is not None else view.day
    anchor = moment(condition.anchor, view, case)
    if isinstance(start, date) and isinstance(anchor, date):
        yield from _at_the_edge(condition, start, anchor, case, isinstance(condition, Near))


def _at_the_edge(distance: Any, start: date, anchor: date, case: Case, near: bool) -> Iterator[str]:
    """The last day that is judged one way, and the first that is judged the other."""
    outside = _ONE if near == (distance.direction == "after") else -_ONE

    def truth(day: date) -> Truth:
        return held(distance, day, anchor, case, near).truth

    if date.min + _ONE < start < date.max - _ONE:
        if truth(start) is Truth.TRUE and truth(start + outside) is Truth.FALSE:
            yield AT
        if truth(start) is Truth.FALSE and truth(start - outside) is Truth.TRUE:
            yield PAST


# ---- in words ----------------------------------------------------------------------------------------------------


def _value(wanted: Any) -> str:
    match wanted:
        case Constant(type="money", value=amount):
            return f"${amount}"
        case Constant(type="percent", value=share):
            return f"{share}%"
        case Constant(value=found):
            return str(found)
        case FieldValue(field=field):
            return field.name
        case AmountValue(name=name):
            return name
        case TableValue(table=table):
            return table.name
        case DaysBetween(start=start, end=end):
            return f"days from {_moment(start)} to {_moment(end)}"
        case _:
            return _moment(wanted)


def _moment(wanted: Any) -> str:
    match wanted:
        case None:
            return "date_of_service"
        case DateMoment(field=field):
            return field.name
        case EventMoment(kind=kind):
            return kind
        case _:
            of = f" of {wanted.of.text}" if wanted.of is not None else ""
            return f"{wanted.which} visit{of}" + (f" in {wanted.window.name}" if wanted.window is not None else "")


def _comparison(condition: Comparison) -> str:
    return f"{_value(condition.left)} {condition.sign} {_value(condition.right)}"


def _distance(condition: Near | Apart) -> str:
    word = "within" if isinstance(condition, Near) else "at least"
    start = f"{_moment(condition.moment)} " if condition.moment is not None else ""
    return f"{start}{word} {condition.number} {condition.unit} {condition.direction} {_moment(condition.anchor)}"
