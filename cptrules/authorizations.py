"""Whether an authorization covers a line: what it states binds, what it leaves out does not (M7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import attrs

from . import dates, distinct
from .claims import UNKNOWN, Authorization
from .fields import FIELDS
from .lines import Case, View, billing_provider, discipline, inherited, npi, value_of
from .policy import Condition, Counter, RequestBy
from .truth import FALSE, TRUE, Answer, Interval, Need, Truth, all_of, any_of, exactly, unknown

ON_FILE = Need("authorizations", "Which authorizations are on file for the patient?", None, None)


def on_file(view: View, case: Case) -> tuple[tuple[Authorization, ...], frozenset[Need]]:
    """The authorizations on file, and what is missing: the list itself, or the record of a number on the claim."""
    given = case.history.authorizations if case.history is not None else UNKNOWN
    records = given if isinstance(given, tuple) else ()
    needs = {ON_FILE} if given is UNKNOWN else set()
    named = inherited(view, case, "authorizations")
    numbers = {record.number for record in records}
    for number in named if isinstance(named, tuple) else ():
        if number not in numbers:
            needs.discard(ON_FILE)
            needs.add(Need("authorizations", "What does the authorization named on the claim cover (its record)?", None, None))
    return records, frozenset(needs)


def authorized(view: View, case: Case, where: Condition | None = None, requested: tuple[RequestBy, ...] = (),
               matching: tuple[str, ...] = ()) -> Answer:  # fmt: skip
    """Whether an authorization covers the line, of which a condition holds, asked for in time, stating what it must."""
    records, needs = on_file(view, case)
    answers = [_good(record, view, case, where, requested, matching) for record in records]
    found = any_of(answers)
    if found.truth is Truth.TRUE or not needs:
        return found
    return unknown(*needs, *found.needs)


def _good(record: Authorization, view: View, case: Case, where: Condition | None, requested: tuple[RequestBy, ...],
          matching: tuple[str, ...]) -> Answer:  # fmt: skip
    from .conditions import truth_of

    inside = attrs.evolve(case, authorization=record)
    parts = [covers(record, view, case), TRUE if _states(record, matching) else FALSE]
    if where is not None:
        parts.append(truth_of(where, view, inside))
    parts += [_asked_in_time(record, request, view, inside) for request in requested]
    return all_of(parts)


def _states(record: Authorization, matching: tuple[str, ...]) -> bool:
    stated = {
        "code": bool(_codes(record)),
        "date": isinstance(record.from_, date) and isinstance(record.to, date),
        "visits": isinstance(record.visits, int),
    }
    return all(stated[name] for name in matching)


def covering(view: View, case: Case) -> Authorization | None | Need:
    """The authorization that covers the line: of several the one that ends first; None where none does.

    A record that may cover it and would end before, or one that is named and not on file, leaves open which it is.
    """
    records, needs = on_file(view, case)
    answers = [(record, covers(record, view, case)) for record in records]
    best = min((record for record, a in answers if a.truth is Truth.TRUE), key=_ends_first, default=None)
    for record, answer in answers:
        if answer.truth is Truth.UNKNOWN and (best is None or _ends_first(record) < _ends_first(best)):
            needs |= answer.needs
    return min(needs, key=lambda need: (need.field, need.question)) if needs else best


def _ends_first(record: Authorization) -> tuple[date, str]:
    return record.to if isinstance(record.to, date) else date.max, str(record.number)


def covers(record: Authorization, view: View, case: Case) -> Answer:
    """Whether a record covers a line: what it states of whom, what and when, and what is left of it."""
    apart = covers_apart_from_use(record, view, case)
    if apart.truth is Truth.FALSE:
        return apart
    return all_of([apart, _left(record, view, case)])


def covers_apart_from_use(record: Authorization, view: View, case: Case) -> Answer:
    """Whether payer, plan, discipline, provider, codes and dates of a record fit a line."""
    claim = case.claim
    plan = value_of(FIELDS["plan"], view, case)
    return all_of([
        _binds(record.payer, claim.payer, "payer", "Who is the payer?"),
        _binds(record.plan, plan, "plan", "Which plan is the patient in?"),
        _binds(record.discipline, discipline(view, case), "discipline", "Of which discipline is the line?"),
        _binds(npi(record.billing_provider), npi(billing_provider(view, case)), "billing_provider", "Who bills?"),
        _listed(_codes(record), view.record.code),
        _in_dates(record, view.day),
    ])  # fmt: skip


def _binds(stated: Any, actual: Any, name: str, question: str) -> Answer:
    if stated is UNKNOWN or stated is None:
        return TRUE
    if isinstance(actual, Need):
        return FALSE if actual.options is not None and stated not in actual.options else unknown(actual)
    if actual is UNKNOWN:
        return unknown(Need(name, question, None, None))
    return TRUE if stated == actual else FALSE


def _codes(record: Authorization) -> tuple[str, ...]:
    """The codes it states; where it lists none and approves units by code, those are its codes."""
    if isinstance(record.codes, tuple) and record.codes:
        return record.codes
    return tuple(record.units) if isinstance(record.units, Mapping) else ()


def _listed(codes: tuple[str, ...], code: str) -> Answer:
    return TRUE if not codes or code in codes else FALSE


def _in_dates(record: Authorization, day: date | None) -> Answer:
    start = record.from_ if isinstance(record.from_, date) else None
    end = record.to if isinstance(record.to, date) else None
    if day is None:
        return unknown(Need("date_of_service", "On which date was the service given?", None, None))
    return TRUE if dates.Span(start, end).holds(day) else FALSE


# ---- what is left ------------------------------------------------------------------------------------------------


def _left(record: Authorization, view: View, case: Case) -> Answer:
    """Visits, units by code, visits a week and units a visit that the record states, with what was used of them."""
    return all_of([
        _visits_left(record, view, case), _units_left(record, view, case), _week_left(record, view, case), _visit_left(record, view, case),
    ])  # fmt: skip


def _under(record: Authorization, view: View, case: Case) -> list[tuple[View, Answer]]:
    """Services the record covers, up to and with the line; denied ones do not count."""
    from .counting import belongs

    found = []
    for other in (*case.services, *case.lines):
        if other.position > view.position and other.day is not None:
            continue
        answer = all_of([covers_apart_from_use(record, other, case), belongs(other, None, None, case)])
        if answer.truth is not Truth.FALSE:
            found.append((other, answer))
    return found


def _history_open(record: Authorization, view: View, case: Case, start: date | None) -> list[Need]:
    from .counting import uncovered

    begins = start or (record.from_ if isinstance(record.from_, date) else None)
    if not uncovered(dates.Span(begins, view.day), case, isinstance(npi(record.billing_provider), str)):
        return []
    since = f" since {begins}" if begins else ""
    return [Need("history.complete_from", f"Which services were given under the authorization{since}?", None, None)]


def _within(limit: int, low: Any, high: Any, needs: list[Need]) -> Answer:
    if low > limit:
        return FALSE
    return TRUE if high is not None and high <= limit else unknown(*needs)


def _visits_left(record: Authorization, view: View, case: Case) -> Answer:
    if not isinstance(record.visits, int):
        return TRUE
    under = _under(record, view, case)
    if not isinstance(record.used_visits, int):
        found = _visits(under, view, case)
        missing = _history_open(record, view, case, None)
        return _within(record.visits, found.low, None if missing else found.high, [*found.needs, *missing])
    own = [(v, a) for v, a in under if v.own]
    found = _visits(own, view, case)
    # Another claim of the same day may have used the visit already; those used say nothing of days.
    twice = {v.day for v, _ in own for other, _ in under if not other.own and other.day == v.day and _may_be_one(other, v, case)}
    needs = [*found.needs, *([_THAT_DAY] if twice else [])]
    high = None if found.high is None else record.used_visits + found.high
    return _within(record.visits, record.used_visits + max(0, found.low - len(twice)), high, needs)


def visits_used(record: Authorization, view: View, case: Case) -> Interval:
    """The visits used of an authorization before a line: what is stated, else the services it covers (M7.2)."""
    if isinstance(record.used_visits, int):
        return exactly(record.used_visits)
    items = [distinct.item(_VISITS, other, answer, case) for other, answer in _under(record, view, case) if other is not view]
    found, missing = distinct.number(items), _history_open(record, view, case, None)
    return Interval(found.low, None if missing else found.high, found.needs | frozenset(missing))


def units_used(record: Authorization, code: str, view: View, case: Case) -> Interval:
    """The units of a code used of an authorization before a line: what is stated, else those of the services it covers (M7.2)."""
    if isinstance(record.used_units, Mapping) and code in record.used_units:
        return exactly(record.used_units[code])
    low, high, needs = _units([(other, answer) for other, answer in _under(record, view, case) if other is not view and other.record.code == code])
    missing = _history_open(record, view, case, None)
    return Interval(low, None if missing else high, frozenset([*needs, *missing]))


def _visits(under: list[tuple[View, Answer]], view: View, case: Case) -> Interval:
    """The different dates within a discipline up to the line's own, which ranks by its first service."""
    items = [distinct.item(_VISITS, other, answer, case) for other, answer in under if other is not view]
    return distinct.counted(items, distinct.item(_VISITS, view, TRUE, case))[1]


_THAT_DAY: Final = Need("authorization.used_visits", "Do the visits used include the one on another claim of the same day?", None, None)
_VISITS: Final = Counter("visits", None, None, ())


def _units_left(record: Authorization, view: View, case: Case) -> Answer:
    code = view.record.code
    if not isinstance(record.units, Mapping) or not isinstance(record.units.get(code), int):
        return TRUE
    stated = isinstance(record.used_units, Mapping) and code in record.used_units  # of another code they say nothing of this one
    under = [(v, a) for v, a in _under(record, view, case) if v.record.code == code and (v.own or not stated)]
    used = record.used_units.get(code, 0) if isinstance(record.used_units, Mapping) else 0
    missing = [] if stated else _history_open(record, view, case, None)
    low, high, needs = _units(under)
    return _within(record.units[code], used + low, None if missing or high is None else used + high, [*needs, *missing])


def _units(under: list[tuple[View, Answer]]) -> tuple[int, int | None, list[Need]]:
    low, high, needs = 0, 0, []
    unbounded = False
    for view, answer in under:
        units = view.record.units
        needs += list(answer.needs)
        if units is UNKNOWN:
            unbounded = True
            needs.append(Need("units", "How many units are billed?", None, None))
            continue
        number = units if isinstance(units, int) else 0
        high += number
        low += number if answer.truth is Truth.TRUE else 0
    return low, None if unbounded else high, needs


def _week_left(record: Authorization, view: View, case: Case) -> Answer:
    if not isinstance(record.visits_per_week, int) or view.day is None:
        return TRUE
    week = dates.week_span(view.day, 6)
    found = _visits([(v, a) for v, a in _under(record, view, case) if v.day is None or week.holds(v.day)], view, case)
    missing = _history_open(record, view, case, week.from_)
    return _within(record.visits_per_week, found.low, None if missing else found.high, [*found.needs, *missing])


def _visit_left(record: Authorization, view: View, case: Case) -> Answer:
    if not isinstance(record.units_per_visit, int):
        return TRUE
    found = [(v, all_of([a, _one_visit(v, view, case)])) for v, a in _under(record, view, case) if v.day in (view.day, None)]
    low, high, needs = _units([(v, a) for v, a in found if a.truth is not Truth.FALSE])
    missing = _history_open(record, view, case, view.day)
    return _within(record.units_per_visit, low, None if missing else high, [*needs, *missing])


def _may_be_one(other: View, view: View, case: Case) -> bool:
    return _one_visit(other, view, case).truth is not Truth.FALSE


def _one_visit(other: View, view: View, case: Case) -> Answer:
    """Whether another service of the day is of the line's discipline."""
    one, two = discipline(view, case), discipline(other, case)
    needs = [side for side in (one, two) if isinstance(side, Need)]
    if other is view or not needs:
        return TRUE if other is view or one == two else FALSE
    return unknown(*needs)


# ---- asked for in time -------------------------------------------------------------------------------------------


def _asked_in_time(record: Authorization, request: RequestBy, view: View, case: Case) -> Answer:
    """M7.4: in time, it covers from its start; later, from the day it was received; too short a lead does not count."""
    from .conditions import Stretch, moment

    asked = record.requested if record.received is UNKNOWN else record.received
    if not isinstance(asked, date):
        return FALSE if asked is None else unknown(Need("authorization.received", "When did the payer receive the request?", None, None))
    anchor = moment(request.anchor, view, case)
    if not isinstance(anchor, Stretch):
        return _in_time(request, asked, anchor, view, case)
    # The later the moment, the more requests are in time: what holds for both ends holds for all between.
    ends = [anchor.first, anchor.last, *([None] if anchor.may_be_none else [])]
    answers = {_in_time(request, asked, end, view, case) for end in ends}
    return answers.pop() if len(answers) == 1 else unknown(*anchor.needs, *(need for a in answers for need in a.needs))


def _in_time(request: RequestBy, asked: date, anchor: date | None, view: View, case: Case) -> Answer:
    """Late for `within ... after`, it covers from the day it was received, that day in; a moment that never was ends no time."""
    from .conditions import holidays

    late = TRUE if view.day is None or view.day >= asked else FALSE
    if anchor is None:
        return TRUE if request.at_least else late
    if request.at_least:
        held = dates.at_least_before(asked, request.number, request.unit, anchor, holidays(case))
    else:
        held = asked <= anchor or dates.within_after(asked, request.number, request.unit, anchor, holidays(case))
        if held is not True and late.truth is Truth.TRUE:
            return TRUE
    if held is None:
        return unknown(Need("holidays", "Which days are holidays? The table does not reach this date.", None, None))
    return TRUE if held else FALSE
