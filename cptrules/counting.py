"""Counting with an incomplete history: how many of what, up to and with the line, as an interval (M4, M5).

The order of counting is the date, the history before the claim's own lines, then the line's number. What may or may not
count widens the interval; what the history may lack opens its upper end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs

from . import balances, dates, distinct
from .claims import UNKNOWN, Authorization, Balance, Provider
from .conditions import truth_of, typed_cell
from .dates import Span
from .fields import FIELDS
from .lines import HISTORY_QUESTION, OTHER, Case, View, billing_provider, discipline_options, key_of, value_of
from .lines import discipline as discipline_of
from .policy import CodeSet, Condition, Counter, Key, KindKey, OnList, TimeKey, WindowKey, YesNo, conditions_in
from .truth import FALSE, TRUE, Answer, Interval, Need, Truth, all_of, any_of, exactly, unknown

_AMOUNTS: Final = {"units": "units", "minutes": "minutes", "charged": "charge", "allowed": "allowed", "patients": "patients"}
_YEAR: Final = "patient.benefit_year_start"
_UNDATED: Final = Need("date_of_service", "On which date was the service given?", None, None)


@attrs.frozen
class Counted:
    """What a counter gives for a line: the count with the line in it, without it, and the line's own part."""

    interval: Interval
    before: Interval
    own: Interval
    span: Span | None
    in_window: bool = True


# ---- who belongs -------------------------------------------------------------------------------------------------


def belongs(view: View, of: CodeSet | None, where: Condition | None, case: Case) -> Answer:
    """Whether a service is one that a counter counts: not denied, in the selector, its condition true of it; reckoned once in a case."""
    key = id(of), id(where), view.identity
    known = case.reckoned.get(key)
    if known is None or known[0] is not of or known[1] is not where:
        known = case.reckoned[key] = of, where, _belongs(view, of, where, case)
    found: Answer = known[2]
    return found


def _belongs(view: View, of: CodeSet | None, where: Condition | None, case: Case) -> Answer:
    parts = [member(of, view, case)]
    if where is not None:
        parts.append(truth_of(where, view, case))
    if not view.own and not _asks_for_denied(where):
        parts.append(_not_denied(view))
    return all_of(parts)


def _not_denied(view: View) -> Answer:
    denied = getattr(view.record, "denied", False)
    if denied is UNKNOWN:
        return TRUE  # a service listed without a word of denial was paid or is to be paid
    return FALSE if denied is True else TRUE


def _asks_for_denied(where: Condition | None) -> bool:
    if where is None:
        return False
    for condition in conditions_in(where):
        if isinstance(condition, YesNo | OnList) and condition.field.name == "denied":
            return True
        if getattr(getattr(getattr(condition, "left", None), "field", None), "name", "") == "denied":
            return True
    return False


def member(of: CodeSet | None, view: View, case: Case) -> Answer:
    """Whether a service is in a selector; a discipline nobody stated is tried each way."""
    if of is None:
        return TRUE
    if view.day is None:
        return unknown(_UNDATED)
    if not of.asks_discipline:
        return TRUE if of.holds(view.record.code, view.day) else FALSE
    found = discipline_of(view, case)
    if not isinstance(found, Need):
        return TRUE if of.holds(view.record.code, view.day, found) else FALSE
    ways = {of.holds(view.record.code, view.day, option) for option in discipline_options(view, case)}  # type: ignore[arg-type]
    return unknown(found) if len(ways) > 1 else (TRUE if True in ways else FALSE)


# ---- windows of time ---------------------------------------------------------------------------------------------


def span_of(key: Key, view: View, case: Case) -> Span | None | Need:
    """The span of dates that a key of time gives for a line; None where no window holds its date."""
    day = view.day
    if day is None:
        return _UNDATED
    if isinstance(key, WindowKey):
        from .windows import span_in

        return span_in(key.window, view, case)
    assert isinstance(key, TimeKey)
    match key.name:
        case "day":
            return Span(day, day)
        case "week":
            return dates.week_span(day, key.first_day)
        case "month":
            return dates.month_span(day)
        case "calendar_year":
            return dates.calendar_year_span(day)
        case "benefit_year":
            return _benefit_year(view, case, day)
        case "prior":
            return dates.prior_span(day, key.number, key.unit)
        case "rolling":
            return dates.rolling_span(day, key.number, key.unit)
        case "lifetime":
            return Span(born(case), None)
        case "injury_number":
            return _injury_span(view, case)
        case "authorization":
            return _authorization_span(view, case)
        case _:
            return Span(None, None)  # line, claim: no dates of their own


def _benefit_year(view: View, case: Case, day: date) -> Span | Need:
    start = value_of(FIELDS[_YEAR], view, case)
    if isinstance(start, date):
        return dates.benefit_year_span(day, start)
    return start if isinstance(start, Need) else Need(_YEAR, FIELDS[_YEAR].question, None, None)


def born(case: Case) -> date | None:
    """The day before which there can be no service, where it is known."""
    found = getattr(case.claim.patient, "birth_date", None)
    return found if isinstance(found, date) else None


def _injury_span(view: View, case: Case) -> Span | None | Need:
    """`injury_number` begins with its injury or accident, the first that may be its own; a line without one is in no window."""
    number = value_of(FIELDS["injury_number"], view, case)
    if isinstance(number, Need) or number is None:
        return number
    events = case.history.events if case.history is not None else UNKNOWN
    days = [
        event.date
        for event in (events if isinstance(events, tuple) else ())
        if event.kind in ("injury", "accident") and (event.injury_number == number or not isinstance(event.injury_number, str))
    ]
    known = [day for day in days if isinstance(day, date) and view.day is not None and day <= view.day]
    return Span(min(known) if known and all(isinstance(day, date) for day in days) else None, None)


def _authorization_span(view: View, case: Case) -> Span | None | Need:
    from .authorizations import covering

    found = covering(view, case)
    if isinstance(found, Need) or found is None:
        return found
    start = found.from_
    return Span(start if isinstance(start, date) else None, None)


# ---- what the history may lack -----------------------------------------------------------------------------------


def uncovered(span: Span, case: Case, same_provider: bool, known: Iterable[Span] = (), of: CodeSet | None = None) -> list[Span]:
    """The parts of a span for which the history may lack services; `known` are spans that a balance settles.

    Where a balance comes to more than the services listed, the list lacks some of them, complete or not (N47).
    """
    covered = list(known)
    history = case.history
    if history is not None and history.services is not UNKNOWN and isinstance(history.complete_from, date):
        ours_only = history.complete_for == "billing_provider"
        if not ours_only or same_provider:
            end = history.complete_to if isinstance(history.complete_to, date) else _last_line(case)
            covered += _less(Span(history.complete_from, end), balances.beyond(case, of))
    return _less(span, covered)


def _last_line(case: Case) -> date | None:
    """A history that does not say up to when it is complete is so through the claim's last date, and says nothing of later ones."""
    return max((view.day for view in case.lines if view.day is not None), default=None)


def _less(span: Span, covered: list[Span]) -> list[Span]:
    gaps = [span]
    for cover in covered:
        gaps = [part for gap in gaps for part in _cut(gap, cover)]
    return gaps


def _cut(gap: Span, cover: Span) -> list[Span]:
    if gap.intersection(cover) is None:
        return [gap]
    parts = []
    if cover.from_ not in (None, date.min) and (gap.from_ is None or gap.from_ < cover.from_):
        parts.append(Span(gap.from_, cover.from_ - timedelta(days=1)))
    if cover.to not in (None, date.max) and (gap.to is None or cover.to < gap.to):
        parts.append(Span(cover.to + timedelta(days=1), gap.to))
    return parts


def _gaps(counter: Counter, span: Span, view: View, case: Case, settled: list[Span], whole: bool = False) -> list[Span]:
    """Where the history may lack services that count, up to the line or in the whole span."""
    local = any(isinstance(key, TimeKey) and key.name in ("line", "claim") for key in counter.keys)
    if local or view.day is None:
        return []
    last = span.to if whole or (span.to is not None and span.to < view.day) else view.day
    if span.from_ is not None and last is not None and last < span.from_:
        return []
    return uncovered(Span(span.from_, last), case, _of_one_provider(counter), settled, counter.of)


def _of_one_provider(counter: Counter) -> bool:
    return any(isinstance(key, KindKey) and key.name == "billing_provider" for key in counter.keys)


def need_of_history(gaps: list[Span], span: Span, case: Case, ours: bool) -> Need:
    """What to ask of the history, where it may lack services of a span."""
    history = case.history
    since = f" since {span.from_}" if span.from_ is not None else ""
    if history is not None and history.complete_for == "billing_provider" and not ours:
        return Need("history.complete_for", f"What did other providers give the patient{since}?", None, None)
    if history is not None and isinstance(history.complete_from, date):
        if history.services is UNKNOWN:
            return Need("history.services", f"Which services did the patient have{since}? The history is dated and lists none.", None, None)
        if _inside_the_list(gaps, history.complete_from, case):
            told = f"A balance of something else says that more was used than the services listed{since} come to: which services are missing?"
            return Need("history.services", told, None, None)
        if gaps[0].from_ is not None and gaps[0].from_ > history.complete_from:
            after = gaps[0].from_ - timedelta(days=1)
            return Need("history.complete_to", f"Which services did the patient have after {after}?", None, None)
        return Need("history.complete_from", f"Which services did the patient have{since}, before {history.complete_from}?", None, None)
    return Need("history.complete_from", f"Which services did the patient have{since}?" if since else HISTORY_QUESTION, None, None)


def _inside_the_list(gaps: list[Span], complete_from: date, case: Case) -> bool:
    """Whether the first gap lies where the list is said to be complete."""
    history, start = case.history, gaps[0].from_
    end = history.complete_to if history is not None and isinstance(history.complete_to, date) else _last_line(case)
    return start is not None and start >= complete_from and (end is None or start <= end)


# ---- keys --------------------------------------------------------------------------------------------------------


def same_group(keys: Iterable[Key], one: View, other: View, span: Span | None, case: Case) -> Answer:
    """Whether a service falls into the same group as the line, by every key."""
    return all_of(_alike(key, one, other, span, case) for key in keys)


def _alike(key: Key, one: View, other: View, span: Span | None, case: Case) -> Answer:
    if isinstance(key, WindowKey):
        from .windows import same_window

        return same_window(key.window, one, other, case)
    if one is other:
        return _in_span(other, span) if isinstance(key, TimeKey) else TRUE
    if isinstance(key, TimeKey):
        return _alike_in_time(key, one, other, span, case)
    return _equal(key_value(key.name, one, case), key_value(key.name, other, case), one, other, key.name, case)


def _alike_in_time(key: TimeKey, one: View, other: View, span: Span | None, case: Case) -> Answer:
    match key.name:
        case "line":
            return FALSE
        case "claim":
            return TRUE if one.own and other.own else FALSE
        case "injury_number":
            values = (key_value(key.name, one, case), key_value(key.name, other, case))
            return all_of([_in_span(other, span), _equal(*values, one, other, key.name, case)])  # it begins with its injury
        case "authorization":
            return _under_the_same(one, other, case)
        case _:
            return _in_span(other, span)


def _in_span(other: View, span: Span | None) -> Answer:
    if other.day is None:
        return unknown(_UNDATED)
    return TRUE if span is not None and span.holds(other.day) else FALSE


def _under_the_same(one: View, other: View, case: Case) -> Answer:
    from .authorizations import covering, covers_apart_from_use

    found = covering(one, case)
    if isinstance(found, Need):
        return unknown(found)
    return covers_apart_from_use(found, other, case) if found is not None else FALSE


def key_value(name: str, view: View, case: Case) -> Any:
    """What a service has of a key of kind; a Need or UNKNOWN where nobody said."""
    if name == "specialty":
        provider = billing_provider(view, case)
        return provider.specialty if isinstance(provider, Provider) else provider
    return value_of(FIELDS[name], view, case)


def _equal(left: Any, right: Any, one: View, other: View, name: str, case: Case) -> Answer:
    if one.own and other.own and name in ("billing_provider", "specialty"):
        return TRUE  # one claim, one billing provider, whoever it is
    needs = [_asked(side, name, view) for side, view in ((left, one), (right, other)) if isinstance(side, Need) or side is UNKNOWN]
    if needs:
        return _possibly(left, right, needs)
    return TRUE if left == right else FALSE


def _asked(side: Any, name: str, view: View) -> Need:
    """What to ask for a key: of the line in hand its own question, of earlier services one for all of them."""
    if isinstance(side, Need):
        return side if view.own else attrs.evolve(side, question=_ASK.get(name, side.question), of=None if name in _ASK else side.of)
    return Need(name, _ASK[name], None, None)


_ASK: Final = {
    "billing_provider": "Which provider billed each earlier service?",
    "rendering_provider": "Who rendered each earlier service?",
    "specialty": "Which specialty has each billing provider?",
    "discipline": "Of which discipline is each earlier service?",
    "therapy_kind": "Which earlier services are habilitative, which rehabilitative?",
    "condition": "For which condition was each earlier service?",
    "injury_number": "For which injury was each earlier service (injury number)?",
}


def _possibly(left: Any, right: Any, needs: list[Need]) -> Answer:
    for unsure, known in ((left, right), (right, left)):
        told = isinstance(unsure, Need) and unsure.options is not None and OTHER not in unsure.options
        if told and not isinstance(known, Need) and known is not UNKNOWN and known not in unsure.options:
            return FALSE
    return unknown(*needs)


# ---- the count ---------------------------------------------------------------------------------------------------


def count(counter: Counter, view: View, case: Case) -> Counted:
    """Count up to and with the line."""
    span, need = window_of(counter, view, case)
    if need is not None:
        return _unsure_window(counter, view, need, case)
    if span is None:
        zero = exactly(0)
        return Counted(zero, zero, zero, None, in_window=False)
    return _within(counter, view, span, case)


def days_counted(counter: Counter, view: View, case: Case) -> tuple[date, ...]:
    """Give the dates of what is known to count up to and with the line, in order; none where the window is not known.

    Services that a balance of the history stands for are not told apart from the others: with balances there are none.
    """
    span, _ = window_of(counter, view, case)
    if span is None or counter.measure == "authorizations" or (case.history is not None and case.history.balances):
        return ()
    own = (view, belongs_here(counter, view, span, case))
    every = (*_candidates(counter, view, span, case), own)
    return tuple(sorted({one.day for one, answer in every if answer.truth is Truth.TRUE and one.day is not None}))


def _unsure_window(counter: Counter, view: View, need: Need, case: Case) -> Counted:
    """A window whose start is not known: a benefit year may begin on the line's date, or have begun a year before (M4)."""
    open_ = Interval(0, None, frozenset([need]))
    if need.field != _YEAR or view.day is None or counter.measure == "distinct":
        return Counted(open_, open_, own_part(counter, view, case), None)
    back = dates.rolling_span(view.day, 1, "years")
    ends = [_of_year(counter, view, case, start) for start in (back.from_ or view.day, view.day)]
    spans = [one.span for one in ends if one.span is not None]
    if len(spans) < 2:
        return Counted(open_, open_, own_part(counter, view, case), None)
    wide, narrow = ends
    return Counted(
        _hull(narrow.interval, wide.interval, need), _hull(narrow.before, wide.before, need), wide.own, wide.span
    )  # fmt: skip


def _of_year(counter: Counter, view: View, case: Case, start: date) -> Counted:
    return count(counter, view, case.trying(key_of(FIELDS[_YEAR], view), start))


def _hull(low: Interval, high: Interval, need: Need) -> Interval:
    same = low.low == high.high
    return Interval(low.low, high.high, low.needs | high.needs | (frozenset() if same else frozenset([need])))


def _within(counter: Counter, view: View, span: Span, case: Case) -> Counted:
    """Count in a window that is known."""
    if counter.measure == "authorizations":
        total = _authorizations(counter, span, view, case)
        return Counted(total, total, exactly(0), span)
    known, unsure = _balances(counter, view, span, case)
    settled = [balances.span_of(balance) for balance in known]
    others = [one for one in _candidates(counter, view, span, case) if not _settled(one[0], settled)]
    own = (view, belongs_here(counter, view, span, case))
    gaps = _gaps(counter, span, view, case, settled)
    before, total = _totals(counter, others, own, gaps, case)
    used = balances.used([(b, _listed(b, counter, view, span, case)) for b in known], unsure, counter.noun)
    if gaps:
        need = need_of_history(gaps, span, case, _of_one_provider(counter))
        unseen = _unseen(counter, view, case)
        before, total = _opened(before.add(unseen), need), _opened(total.add(unseen), need)
    return Counted(total.add(used), before.add(used), own_part(counter, view, case), span)


def _unseen(counter: Counter, view: View, case: Case) -> Interval:
    """What the services add that are tried as standing on the line's day without being listed: the least they can (M2.5)."""
    keys = [key.name for key in counter.keys if isinstance(key, TimeKey | KindKey)]
    if keys != ["day"] or len(counter.keys) != 1 or counter.where is not None or counter.measure not in ("lines", "units", "weights"):
        return exactly(0)
    tried = [value for key, value in case.tried.items() if key[:2] == ("includes", view.day) and isinstance(value, CodeSet)]
    return exactly(max((_least(counter, of, view, case) for of in tried), default=0))  # of two sets one service may be of both


def _least(counter: Counter, of: CodeSet, view: View, case: Case) -> Any:
    """The least that one service of a set adds: one unit, at the table's lowest value; nothing where some of the set does not count."""
    day = view.day
    if day is None or not _listed_out(of) or of.asks_discipline or (counter.of is not None and counter.of.asks_discipline):
        return 0
    codes = [code for code in (*of.listed(), *(one.code for one in case.code_table.codes())) if of.holds(code, day)]
    if not codes or not all(counter.of is None or counter.of.holds(code, day) for code in codes):
        return 0
    return min(1 if counter.table is None else _each(counter, code, day) or 0 for code in codes)


def _listed_out(of: CodeSet) -> bool:
    """Whether the code table holds every code of a set."""
    return all(entry.kind == "range" or (entry.members is not None and _listed_out(entry.members)) for entry in of.entries if entry.kind != "code")


def window_of(counter: Counter, view: View, case: Case) -> tuple[Span | None, Need | None]:
    """The span that all keys of time give together, or what is missing to know it."""
    span: Span | None = Span(None, None)
    for key in counter.keys:
        if isinstance(key, KindKey):
            continue
        found = span_of(key, view, case)
        if isinstance(found, Need):
            return None, found
        span = span.intersection(found) if span is not None and found is not None else None
    return span, None


def belongs_here(counter: Counter, view: View, span: Span | None, case: Case) -> Answer:
    """Whether the line itself feeds the counter."""
    return all_of([belongs(view, counter.of, counter.where, case), same_group(counter.keys, view, view, span, case)])


def _candidates(counter: Counter, view: View, span: Span, case: Case) -> list[tuple[View, Answer]]:
    """The services before the line that count, or may."""
    found = []
    for other in (*case.services, *case.lines):
        if other is view or not _comes_before(other, view, case):
            continue
        group = same_group(counter.keys, view, other, span, case)
        if group.truth is Truth.FALSE:
            continue
        answer = all_of([group, belongs(other, counter.of, counter.where, case)])
        if answer.truth is not Truth.FALSE:
            found.append((other, answer))
    return found


def _comes_before(other: View, view: View, case: Case) -> bool:
    if case.ranks is not None and other.own:
        return case.ranks[other.index] < case.ranks[view.index]
    return other.position < view.position or other.day is None


def _opened(interval: Interval, need: Need) -> Interval:
    return Interval(interval.low, None, interval.needs | {need})


def _totals(counter: Counter, others: list[tuple[View, Answer]], own: tuple[View, Answer], gaps: list[Span], case: Case) -> tuple[Interval, Interval]:
    """The count without the line, and with it."""
    if counter.measure in distinct.BY_LABEL:
        items = [distinct.item(counter, other, answer, case) for other, answer in others]
        return distinct.counted(items, distinct.item(counter, *own, case), gaps)
    every = [*others, own]
    if counter.measure == "patients":
        return _largest(counter, others, case), _largest(counter, every, case)
    return _sum(counter, others, case), _sum(counter, every, case)


def _sum(counter: Counter, items: list[tuple[View, Answer]], case: Case) -> Interval:
    total = exactly(0)
    for view, answer in items:
        if answer.truth is Truth.FALSE:
            continue
        part = part_of(counter, view, case)
        if answer.truth is Truth.UNKNOWN:
            part = Interval(0, part.high, part.needs | answer.needs)
        total = total.add(part)
    return total


def _largest(counter: Counter, items: list[tuple[View, Answer]], case: Case) -> Interval:
    low: Any = 0
    high: Any = 0
    needs: frozenset[Need] = frozenset()
    for view, answer in items:
        part = part_of(counter, view, case)
        if answer.truth is Truth.TRUE:
            low = max(low, part.low)
        if answer.truth is not Truth.FALSE:
            high = None if high is None or part.high is None else max(high, part.high)
            needs |= part.needs | answer.needs
    return Interval(low, high, needs if low != high else frozenset())


def own_part(counter: Counter, view: View, case: Case) -> Interval:
    """What the line itself adds to a sum; one for what is counted by distinct days or values."""
    if counter.measure in (*distinct.BY_LABEL, "authorizations"):
        return exactly(1)
    return part_of(counter, view, case)


def part_of(counter: Counter, view: View, case: Case) -> Interval:
    """One service's part of a sum."""
    if counter.measure == "lines":
        return exactly(1)
    if counter.measure == "weights":
        return _weight(counter, view, case)
    if counter.measure == "paid":
        return _paid(view, case)
    return _quantity(value_of(FIELDS[_AMOUNTS[counter.measure]], view, case))


def _paid(view: View, case: Case) -> Interval:
    """What was paid for a service; of the line in hand what the policy's payment rules make of it (M4)."""
    if not view.own:
        return _quantity(getattr(view.record, "paid", UNKNOWN))
    from .payments import paid

    return paid(view, case)


def _quantity(found: Any) -> Interval:
    if isinstance(found, Need):
        return Interval(0, None, frozenset([found]))
    if found is UNKNOWN:
        return Interval(0, None, frozenset([Need("paid", "What was paid for each earlier service?", None, None)]))
    return exactly(found if found is not None else 0)


def _weight(counter: Counter, view: View, case: Case) -> Interval:
    """The table's value for the code, times units; without a row it is not known, unless the table says otherwise (M4)."""
    units = _quantity(value_of(FIELDS["units"], view, case))
    each = _each(counter, view.record.code, view.day or date.max)
    if each is None:
        need = Need(f"{counter.column} {view.record.code}", f"What is the {counter.column} of {view.record.code}?", None, None)
        return Interval(0, None, frozenset([need]))
    return Interval(units.low * each, None if units.high is None else units.high * each, units.needs)


def _each(counter: Counter, code: str, day: date) -> Decimal | None:
    """The table's value for one unit of a code; None where it has none and does not say what then holds."""
    assert counter.table is not None
    row = counter.table.row((code,), day)
    text = (row[counter.column] if row is not None else "") or counter.table.missing
    found = Decimal(0) if text == "none" else typed_cell(text or "")
    return found if isinstance(found, Decimal) else None


# ---- authorizations --------------------------------------------------------------------------------------------------


def _authorizations(counter: Counter, span: Span, view: View, case: Case) -> Interval:
    """The authorizations that begin in the window by the line's date, of those that the selector does not rule out."""
    given = case.history.authorizations if case.history is not None else UNKNOWN
    if given is UNKNOWN:
        return Interval(0, None, frozenset([Need("authorizations", "Which authorizations are on file?", None, None)]))
    starts = [a.from_ for a in given or () if isinstance(a, Authorization) and _may_be_of(a, counter.of)]
    on = view.day or date.max
    sure = [d for d in starts if isinstance(d, date) and d <= on and span.holds(d)]
    open_ = [d for d in starts if not isinstance(d, date)]
    need = frozenset([Need("authorization.from", "From when does the authorization run?", None, None)])
    return Interval(len(sure), len(sure) + len(open_), need if open_ else frozenset())


def _may_be_of(record: Authorization, of: CodeSet | None) -> bool:
    """What an authorization leaves out does not bind, so it is of every selector that what it states does not rule out."""
    named = of.disciplines() if of is not None else ()
    stated = record.discipline
    return not named or not isinstance(stated, str) or stated in named


# ---- balances ----------------------------------------------------------------------------------------------------


def _balances(counter: Counter, view: View, span: Span, case: Case) -> tuple[list[Balance], list[Balance]]:
    """The balances that stand for services of this count, and those of which that is not known."""
    given = case.history.balances if case.history is not None else None
    values = {key.name: key_value(key.name, view, case) for key in counter.keys if isinstance(key, KindKey)}
    same, unsure = balances.alike(given, counter, values)
    settled, undated = balances.inside(same, span, view.day)
    return settled, [*undated, *unsure]


def _listed(balance: Balance, counter: Counter, view: View, span: Span, case: Case) -> balances.Listed:
    """What the services listed in a balance's span come to, and whether the line's own visit or day is among them."""
    found = [one for one in _candidates(counter, view, span, case) if _settled(one[0], [balances.span_of(balance)])]
    items = [distinct.item(counter, other, answer, case) for other, answer in found]
    sure = [one for one in items if one.sure]
    if counter.measure not in distinct.BY_LABEL:
        return balances.Listed(_sum(counter, [(one.view, one.answer) for one in sure], case).low)
    mine = distinct.item(counter, view, TRUE, case)
    known = distinct.number(sure).low
    same = [one for one in items if _one_visit(one, mine)]
    certain = any(one.sure and one.slots == mine.slots and all(slot.known for slot in one.slots) for one in same)
    return balances.Listed(known, certain, bool(same))


def _one_visit(one: distinct.Item, mine: distinct.Item) -> bool:
    """Whether a service may be of the line's own visit or day."""
    return any(slot.labels is None or other.labels is None or slot.labels & other.labels for slot in one.slots for other in mine.slots)


def _settled(other: View, spans: list[Span]) -> bool:
    return not other.own and other.day is not None and any(span.holds(other.day) for span in spans)


# ---- beside the line ------------------------------------------------------------------------------------------------


def found_beside(of: CodeSet, keys: tuple[Key, ...], view: View, case: Case) -> Answer:
    """Whether a service of a set stands beside the line, per some keys, whatever the order (M4)."""
    counter = Counter("lines", of, None, keys)
    span, need = window_of(counter, view, case)
    if need is not None:
        return unknown(need)
    if span is None:
        return TRUE  # no window holds this date: nothing is demanded
    answers = [
        all_of([same_group(keys, view, other, span, case), belongs(other, of, None, case)])
        for other in (*case.services, *case.lines)
        if other is not view
    ]
    found = any_of(answers)
    if found.truth is Truth.TRUE:
        return found
    gaps = _gaps(counter, span, view, case, [], whole=True)
    return unknown(need_of_history(gaps, span, case, _of_one_provider(counter)), *found.needs) if gaps else found
