"""Whether an authorization covers a line: what it states binds, what it leaves out does not (M7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any, Final

import attrs

from . import dates, distinct, words
from .claims import UNKNOWN, Authorization
from .fields import FIELDS
from .lines import Case, View, billing_provider, discipline, inherited, npi, value_of
from .policy import Condition, Counter, RequestBy
from .truth import FALSE, TRUE, Answer, Interval, Need, Truth, all_of, any_of, exactly, exceeds, negate, unknown

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
    return all_of([covers(record, view, case), *(answer for answer, _ in _as_asked(record, view, case, where, requested, matching))])


def _as_asked(record: Authorization, view: View, case: Case, where: Condition | None, requested: tuple[RequestBy, ...],
              matching: tuple[str, ...]) -> Iterator[tuple[Answer, Callable[[], str]]]:  # fmt: skip
    """What a rule asks of a record besides, and what is said of one that is not so."""
    from .conditions import truth_of

    inside = attrs.evolve(case, authorization=record)
    for name in matching:
        yield TRUE if _states(record, name) else FALSE, partial("does not state its {}".format, _STATED[name])
    if where is not None:
        yield truth_of(where, view, inside), partial(_not_so, where, view, inside)
    for request in requested:
        yield _asked_in_time(record, request, view, inside), partial(str, "was not asked for in time")


def _not_so(where: Condition, view: View, inside: Case) -> str:
    seen = words.because(where, view, inside)
    return f"is not as the rule asks ({seen})" if seen else "is not as the rule asks"


_STATED: Final = {"code": "codes", "date": "dates", "visits": "visits"}
_MOST_TOLD: Final = 3


def why_none(view: View, case: Case, where: Condition | None, requested: tuple[RequestBy, ...], matching: tuple[str, ...]) -> str:
    """Say of each authorization on file why it does not cover the line; nothing where none is on file."""
    records, _ = on_file(view, case)
    whys = ((record, _why_not(record, view, case, where, requested, matching)) for record in records)
    told = sorted(f"{record.number} {why}" for record, why in whys if why)
    more = [f"{len(told) - _MOST_TOLD} more do not either"] if len(told) > _MOST_TOLD else []
    return ", ".join([*told[:_MOST_TOLD], *more])


def _why_not(record: Authorization, view: View, case: Case, where: Condition | None, requested: tuple[RequestBy, ...],
             matching: tuple[str, ...]) -> str | None:  # fmt: skip
    for name, fits in _FITS.items():
        if fits(record, view, case).truth is Truth.FALSE:
            return _unfit(name, record, view)
    for answer, told in _as_asked(record, view, case, where, requested, matching):
        if answer.truth is Truth.FALSE:
            return told()
    for use in uses(record, view, case):
        if use.left.truth is Truth.FALSE:
            return f"is used up ({use.approved} {use.of} approved, {words.interval(use.used)} with this line)"
    return None


def _unfit(name: str, record: Authorization, view: View) -> str:
    """What a record states that does not fit the line."""
    match name:
        case "code":
            codes = sorted(_codes(record))
            return f"is for {words.listed(codes)}" if len(codes) <= _MOST_TOLD else f"is not for {view.record.code}"
        case "date":
            late = isinstance(record.to, date) and view.day is not None and view.day > record.to
            return f"ended on {record.to}" if late else f"begins on {record.from_}"
        case "billing_provider":
            return "is for another provider"
        case _:
            return f"is for {'' if name == 'discipline' else f'the {name} '}{getattr(record, name)}"


def _states(record: Authorization, name: str) -> bool:
    match name:
        case "code":
            return bool(_codes(record))
        case "date":
            return isinstance(record.from_, date) and isinstance(record.to, date)
        case _:
            return isinstance(record.visits, int)


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
    return all_of(fits(record, view, case) for fits in _FITS.values())


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


# What a record states of payer, plan, discipline, provider, codes and dates, each held against a line.
_FITS: Final[Mapping[str, Callable[[Authorization, View, Case], Answer]]] = {
    "payer": lambda record, view, case: _binds(record.payer, case.claim.payer, "payer", "Who is the payer?"),
    "plan": lambda record, view, case: _binds(record.plan, value_of(FIELDS["plan"], view, case), "plan", "Which plan is the patient in?"),
    "discipline": lambda record, view, case: _binds(
        record.discipline, discipline(view, case), "discipline", "Of which discipline is the line?"
    ),
    "billing_provider": lambda record, view, case: _binds(
        npi(record.billing_provider), npi(billing_provider(view, case)), "billing_provider", "Who bills?"
    ),
    "code": lambda record, view, case: _listed(_codes(record), view.record.code),
    "date": lambda record, view, case: _in_dates(record, view.day),
}  # fmt: skip


# ---- what is left ------------------------------------------------------------------------------------------------


@attrs.frozen
class Use:
    """What a record approves of something, and how much of it is used with a line."""

    of: str
    approved: int
    used: Interval

    @property
    def left(self) -> Answer:
        """Whether what is approved is enough."""
        return negate(exceeds(self.used, exactly(self.approved)))


def _left(record: Authorization, view: View, case: Case) -> Answer:
    """Whether of all that the record bounds enough is left for the line."""
    return all_of(use.left for use in uses(record, view, case))


def uses(record: Authorization, view: View, case: Case) -> Iterator[Use]:
    """Visits, units by code, visits a week and units a visit that the record states, with what is used of them."""
    code = view.record.code
    if isinstance(record.visits, int):
        yield Use("visits", record.visits, _visits_with(record, view, case))
    if isinstance(record.units, Mapping) and isinstance(record.units.get(code), int):
        yield Use(f"units of {code}", record.units[code], _units_with(record, view, case))
    if isinstance(record.visits_per_week, int) and view.day is not None:
        yield Use("visits in the week", record.visits_per_week, _week_with(record, view, case))
    if isinstance(record.units_per_visit, int):
        yield Use("units in the visit", record.units_per_visit, _visit_with(record, view, case))


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


def _open_above(found: Interval, missing: list[Need]) -> Interval:
    """The same with no upper end, where services may be missing."""
    return Interval(found.low, None if missing else found.high, found.needs | frozenset(missing))


def _visits_with(record: Authorization, view: View, case: Case) -> Interval:
    under = _under(record, view, case)
    if not isinstance(record.used_visits, int):
        return _open_above(_visits(under, view, case), _history_open(record, view, case, None))
    own = [(v, a) for v, a in under if v.own]
    found = _visits(own, view, case)
    # Another claim of the same day may have used the visit already; those used say nothing of days.
    twice = {v.day for v, _ in own for other, _ in under if not other.own and other.day == v.day and _may_be_one(other, v, case)}
    among = min(len(twice), record.used_visits)  # so many of the visits used may be these
    sure = Interval(max(0, found.low - among), found.high, found.needs | frozenset([_THAT_DAY] if among else []))
    return exactly(record.used_visits).add(sure)


def visits_used(record: Authorization, view: View, case: Case) -> Interval:
    """The visits used of an authorization before a line: what is stated, else the services it covers (M7.2)."""
    if isinstance(record.used_visits, int):
        return exactly(record.used_visits)
    items = [distinct.item(_VISITS, other, answer, case) for other, answer in _under(record, view, case) if other is not view]
    return _open_above(distinct.number(items), _history_open(record, view, case, None))


def units_used(record: Authorization, code: str, view: View, case: Case) -> Interval:
    """The units of a code used of an authorization before a line: what is stated, else those of the services it covers (M7.2)."""
    if isinstance(record.used_units, Mapping) and code in record.used_units:
        return exactly(record.used_units[code])
    found = _units([(other, answer) for other, answer in _under(record, view, case) if other is not view and other.record.code == code])
    return _open_above(found, _history_open(record, view, case, None))


def _visits(under: list[tuple[View, Answer]], view: View, case: Case) -> Interval:
    """The different dates within a discipline up to the line's own, which ranks by its first service."""
    items = [distinct.item(_VISITS, other, answer, case) for other, answer in under if other is not view]
    return distinct.counted(items, distinct.item(_VISITS, view, TRUE, case))[1]


_THAT_DAY: Final = Need("authorization.used_visits", "Do the visits used include the one on another claim of the same day?", None, None)
_VISITS: Final = Counter("visits", None, None, ())


def _units_with(record: Authorization, view: View, case: Case) -> Interval:
    code = view.record.code
    stated = isinstance(record.used_units, Mapping) and code in record.used_units  # of another code they say nothing of this one
    found = _units([(v, a) for v, a in _under(record, view, case) if v.record.code == code and (v.own or not stated)])
    if stated and isinstance(record.used_units, Mapping):
        return exactly(record.used_units[code]).add(found)
    return _open_above(found, _history_open(record, view, case, None))


def _units(under: list[tuple[View, Answer]]) -> Interval:
    low, high, needs = 0, 0, set[Need]()
    unbounded = False
    for view, answer in under:
        units = view.record.units
        needs |= answer.needs
        if units is UNKNOWN:
            unbounded = True
            needs.add(Need("units", "How many units are billed?", of=view.said))
            continue
        number = units if isinstance(units, int) else 0
        high += number
        low += number if answer.truth is Truth.TRUE else 0
    return Interval(low, None if unbounded else high, frozenset(needs))


def _week_with(record: Authorization, view: View, case: Case) -> Interval:
    assert view.day is not None
    week = dates.week_span(view.day, 6)
    found = _visits([(v, a) for v, a in _under(record, view, case) if v.day is None or week.holds(v.day)], view, case)
    return _open_above(found, _history_open(record, view, case, week.from_))


def _visit_with(record: Authorization, view: View, case: Case) -> Interval:
    found = [(v, all_of([a, _one_visit(v, view, case)])) for v, a in _under(record, view, case) if v.day in (view.day, None)]
    return _open_above(_units([(v, a) for v, a in found if a.truth is not Truth.FALSE]), _history_open(record, view, case, view.day))


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
