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

from . import dates
from .claims import UNKNOWN, Authorization, Balance, Provider
from .conditions import truth_of
from .dates import Span
from .lines import HISTORY_QUESTION, Case, View, billing_provider, inherited, npi, therapy_kind, value_of
from .lines import discipline as discipline_of
from .policy import CodeSet, Condition, Counter, Key, KindKey, OnList, TimeKey, YesNo, conditions_in
from .truth import FALSE, TRUE, Answer, Interval, Need, Truth, all_of, any_of, exactly, unknown

_AMOUNTS: Final = {"units": "units", "minutes": "minutes", "charged": "charge", "allowed": "allowed", "patients": "patients"}
_FIRST_DAY: Final = date(1, 1, 1)


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
    """Whether a service is one that a counter counts: not denied, in the selector, its condition true of it."""
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
    day = view.day
    if day is None:
        return unknown(Need("date_of_service", "On which date was the service given?", None, None))
    if not of.asks_discipline:
        return TRUE if of.holds(view.record.code, day) else FALSE
    found = _discipline(view, case)
    if not isinstance(found, Need):
        return TRUE if of.holds(view.record.code, day, found) else FALSE
    from .lines import discipline_options

    ways = {of.holds(view.record.code, day, option) for option in discipline_options(view, case)}  # type: ignore[arg-type]
    return unknown(found) if len(ways) > 1 else (TRUE if True in ways else FALSE)


def _discipline(view: View, case: Case) -> Any:
    key = (*view.identity, "discipline")
    return case.tried[key] if key in case.tried else discipline_of(view, case)


# ---- windows of time ---------------------------------------------------------------------------------------------


def span_of(key: Key, view: View, case: Case) -> Span | None | Need:
    """The span of dates that a key of time gives for a line; None where no window holds its date."""
    assert isinstance(key, TimeKey)
    day = view.day
    if day is None:
        return Need("date_of_service", "On which date was the service given?", None, None)
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
            return Span(_born(case), None)
        case "injury_number":
            return _injury_span(view, case)
        case "authorization":
            return _authorization_span(view, case)
        case _:
            return Span(None, None)  # line, claim: no dates of their own


def _benefit_year(view: View, case: Case, day: date) -> Span | Need:
    from .fields import FIELDS

    start = value_of(FIELDS["patient.benefit_year_start"], view, case)
    if isinstance(start, date):
        return dates.benefit_year_span(day, start)
    question = "When does the patient's benefit year start?"
    return start if isinstance(start, Need) else Need("patient.benefit_year_start", question, None, None)


def _born(case: Case) -> date | None:
    patient = case.claim.patient
    born = getattr(patient, "birth_date", None)
    return born if isinstance(born, date) else None


def _injury_span(view: View, case: Case) -> Span | None | Need:
    """`injury_number` begins with its injury or accident; a line without an injury is in no window."""
    number = inherited(view, case, "injury_number")
    if number is UNKNOWN:
        return Need("injury_number", "Which injury is it (injury number)?", None, None)
    if number is None:
        return None
    from .conditions import Stretch, _event

    starts = [_event(kind, view, case) for kind in ("injury", "accident")]
    known = [start for start in starts if isinstance(start, date)]
    if known and not any(isinstance(start, Stretch) for start in starts):
        return Span(min(known), None)
    return Span(None, None)


def _authorization_span(view: View, case: Case) -> Span | None | Need:
    from .authorizations import covering

    found = covering(view, case)
    if isinstance(found, Need) or found is None:
        return found
    start = found.from_
    return Span(start if isinstance(start, date) else None, None)


# ---- what the history may lack -----------------------------------------------------------------------------------


def uncovered(span: Span, case: Case, same_provider: bool, known: Iterable[Span] = ()) -> list[Span]:
    """The parts of a span for which the history may lack services; `known` are spans that a balance settles."""
    covered = list(known)
    history = case.history
    if history is not None and history.services is not UNKNOWN and isinstance(history.complete_from, date):
        ours_only = history.complete_for == "billing_provider"
        if not ours_only or same_provider:
            end = history.complete_to if isinstance(history.complete_to, date) else None
            covered.append(Span(history.complete_from, end))
    return _less(span, covered)


def _less(span: Span, covered: list[Span]) -> list[Span]:
    gaps = [span]
    for cover in covered:
        gaps = [part for gap in gaps for part in _cut(gap, cover)]
    return gaps


def _cut(gap: Span, cover: Span) -> list[Span]:
    if gap.intersection(cover) is None:
        return [gap]
    parts = []
    if cover.from_ is not None and (gap.from_ is None or gap.from_ < cover.from_):
        parts.append(Span(gap.from_, cover.from_ - timedelta(days=1)))
    if cover.to is not None and (gap.to is None or cover.to < gap.to):
        parts.append(Span(cover.to + timedelta(days=1), gap.to))
    return parts


def _lacking(counter: Counter, span: Span | None, view: View, case: Case, settled: list[Span]) -> frozenset[Need]:
    """Why the upper end is open, if it is: what to ask of the history."""
    local = any(isinstance(key, TimeKey) and key.name in ("line", "claim") for key in counter.keys)
    if local or span is None or view.day is None:
        return frozenset()
    last = view.day if span.to is None or view.day < span.to else span.to
    if span.from_ is not None and last < span.from_:
        return frozenset()
    ours = any(isinstance(key, KindKey) and key.name == "billing_provider" for key in counter.keys)
    gaps = uncovered(Span(span.from_, last), case, ours, settled)
    return frozenset([_need_of_history(gaps, span, case, ours)]) if gaps else frozenset()


def _need_of_history(gaps: list[Span], span: Span, case: Case, ours: bool) -> Need:
    history = case.history
    since = f" since {span.from_}" if span.from_ is not None else ""
    if history is not None and history.complete_for == "billing_provider" and not ours:
        return Need("history.complete_for", f"What did other providers give the patient{since}?", None, None)
    if history is not None and isinstance(history.complete_from, date):
        if history.services is UNKNOWN:
            return Need("history.services", f"Which services did the patient have{since}? The history is dated and lists none.", None, None)
        if gaps[0].from_ is not None and gaps[0].from_ > history.complete_from:
            return Need("history.complete_to", f"Which services did the patient have after {history.complete_to}?", None, None)
        return Need("history.complete_from", f"Which services did the patient have{since}, before {history.complete_from}?", None, None)
    return Need("history.complete_from", f"Which services did the patient have{since}?" if since else HISTORY_QUESTION, None, None)


# ---- keys --------------------------------------------------------------------------------------------------------


def same_group(keys: Iterable[Key], one: View, other: View, span: Span | None, case: Case) -> Answer:
    """Whether a service falls into the same group as the line, by every key."""
    return all_of(_alike(key, one, other, span, case) for key in keys)


def _alike(key: Key, one: View, other: View, span: Span | None, case: Case) -> Answer:
    if one is other:
        return _in_span(other, span) if isinstance(key, TimeKey) else TRUE
    if isinstance(key, TimeKey):
        return _alike_in_time(key, one, other, span, case)
    assert isinstance(key, KindKey)
    return _equal(_key_value(key.name, one, case), _key_value(key.name, other, case), one, other, key.name, case)


def _alike_in_time(key: TimeKey, one: View, other: View, span: Span | None, case: Case) -> Answer:
    match key.name:
        case "line":
            return FALSE
        case "claim":
            return TRUE if one.own and other.own else FALSE
        case "injury_number":
            values = (_key_value(key.name, one, case), _key_value(key.name, other, case))
            return _equal(*values, one, other, key.name, case)
        case "authorization":
            return _under_the_same(one, other, case)
        case _:
            return _in_span(other, span)


def _in_span(other: View, span: Span | None) -> Answer:
    if other.day is None:
        return unknown(Need("date_of_service", "On which date was the service given?", None, None))
    return TRUE if span is not None and span.holds(other.day) else FALSE


def _under_the_same(one: View, other: View, case: Case) -> Answer:
    from .authorizations import covering, covers_apart_from_use

    found = covering(one, case)
    if isinstance(found, Need):
        return unknown(found)
    return covers_apart_from_use(found, other, case) if found is not None else FALSE


def _key_value(name: str, view: View, case: Case) -> Any:
    record = view.record
    tried = (*view.identity, name)
    if tried in case.tried:
        return case.tried[tried]
    match name:
        case "code":
            return record.code
        case "discipline":
            return discipline_of(view, case)
        case "therapy_kind":
            from .fields import FIELDS

            found = therapy_kind(view, case)
            return value_of(FIELDS[name], view, case) if found is UNKNOWN or found is None else found
        case "condition" | "injury_number":
            from .fields import FIELDS

            return value_of(FIELDS[name], view, case)
        case "billing_provider":
            return npi(billing_provider(view, case))
        case "rendering_provider":
            return npi(record.rendering_provider)
        case _:
            provider = billing_provider(view, case)
            return provider.specialty if isinstance(provider, Provider) else provider


def _equal(left: Any, right: Any, one: View, other: View, name: str, case: Case) -> Answer:
    if one.own and other.own and name in ("billing_provider", "specialty"):
        return TRUE  # one claim, one billing provider, whoever it is
    if one.own and other.own and _both_inherit(name, one, other):
        return TRUE
    needs = [side for side in (left, right) if isinstance(side, Need)]
    needs += [Need(name, _ASK[name], None, None) for side in (left, right) if side is UNKNOWN]
    if needs:
        return _possibly(left, right, needs)
    return TRUE if left == right else FALSE


_ASK: Final = {
    "billing_provider": "Which provider billed each earlier service?",
    "rendering_provider": "Who rendered each service?",
    "specialty": "Which specialty has each billing provider?",
    "discipline": "Of which discipline is each service?",
    "therapy_kind": "Which services are habilitative, which rehabilitative?",
    "condition": "Which condition was treated?",
    "injury_number": "Which injury is it (injury number)?",
}


def _possibly(left: Any, right: Any, needs: list[Need]) -> Answer:
    for unsure, known in ((left, right), (right, left)):
        told = isinstance(unsure, Need) and unsure.options is not None and not isinstance(known, Need) and known is not UNKNOWN
        if told and known not in unsure.options:
            return FALSE
    return unknown(*needs)


def _both_inherit(name: str, one: View, other: View) -> bool:
    if name not in ("condition", "injury_number"):
        return False
    return getattr(one.record, name) is UNKNOWN and getattr(other.record, name) is UNKNOWN


# ---- the count ---------------------------------------------------------------------------------------------------


def count(counter: Counter, view: View, case: Case) -> Counted:
    """Count up to and with the line."""
    span, need = _window(counter, view, case)
    if need is not None:
        return Counted(Interval(0, None, frozenset([need])), Interval(0, None, frozenset([need])), own_part(counter, view, case), None)
    if span is None:
        zero = exactly(0)
        return Counted(zero, zero, zero, None, in_window=False)
    balances = [b for b in _balances(counter, view, case) if _inside(b, span, view)]
    settled = [Span(b.from_, b.to) for b in balances]  # type: ignore[arg-type]
    others = _others(counter, view, span, case, settled)
    if counter.measure == "authorizations":
        total = _authorizations(span, view, case)
        return Counted(total, total, exactly(0), span)
    lacking = _lacking(counter, span, view, case, settled)
    used = _used(balances, counter, view, span, case)
    own = (view, belongs_here(counter, view, span, case))
    before, total = _totals(counter, view, others, own, case)
    if lacking:
        before, total = _opened(before, lacking), _opened(total, lacking)
    return Counted(total.add(used), before.add(used), own_part(counter, view, case), span)


def _window(counter: Counter, view: View, case: Case) -> tuple[Span | None, Need | None]:
    """The span that all keys of time give together, or what is missing to know it."""
    span: Span | None = Span(None, None)
    for key in counter.keys:
        if not isinstance(key, TimeKey):
            continue
        found = span_of(key, view, case)
        if isinstance(found, Need):
            return None, found
        span = span.intersection(found) if span is not None and found is not None else None
    return span, None


def belongs_here(counter: Counter, view: View, span: Span | None, case: Case) -> Answer:
    """Whether the line itself feeds the counter."""
    return all_of([belongs(view, counter.of, counter.where, case), same_group(counter.keys, view, view, span, case)])


def _others(counter: Counter, view: View, span: Span, case: Case, settled: list[Span]) -> list[tuple[View, Answer]]:
    """The services that count, or may, before the line: those a balance settles are left out."""
    found = []
    for other in (*case.services, *case.lines):
        if other is view or not _comes_before(other, view):
            continue
        if not other.own and other.day is not None and any(known.holds(other.day) for known in settled):
            continue
        group = same_group(counter.keys, view, other, span, case)
        if group.truth is Truth.FALSE:
            continue
        answer = all_of([group, belongs(other, counter.of, counter.where, case)])
        if answer.truth is not Truth.FALSE:
            found.append((other, answer))
    return found


def _comes_before(other: View, view: View) -> bool:
    return other.position < view.position or (other.day is None and not other.own)


def _opened(interval: Interval, needs: frozenset[Need]) -> Interval:
    return Interval(interval.low, None, interval.needs | needs)


def _totals(counter: Counter, view: View, others: list[tuple[View, Answer]], own: tuple[View, Answer], case: Case) -> tuple[Interval, Interval]:
    if counter.measure in ("visits", "treatment_days", "distinct"):
        return _distinct(counter, view, others, own, case)
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
    if counter.measure in ("visits", "treatment_days", "distinct", "authorizations"):
        return exactly(1)
    return part_of(counter, view, case)


def part_of(counter: Counter, view: View, case: Case) -> Interval:
    """One service's part of a sum."""
    if counter.measure == "lines":
        return exactly(1)
    if counter.measure == "weights":
        return _weight(counter, view)
    name = _AMOUNTS.get(counter.measure, "")
    if counter.measure == "paid":
        name = "allowed" if view.own else "paid"  # of the line in hand: its allowed amount (M4)
    return _quantity(getattr(view.record, name, UNKNOWN), name)


def _quantity(found: Any, name: str) -> Interval:
    if found is UNKNOWN:
        return Interval(0, None, frozenset([Need(name, _HOW_MUCH[name], None, None)]))
    return exactly(found if found is not None else 0)


_HOW_MUCH: Final = {
    "units": "How many units are billed?", "minutes": "How many minutes was this service given?",
    "charge": "What is charged for the line?", "allowed": "What does the payer allow for the line?",
    "paid": "What was paid for each earlier service?", "patients": "How many patients were treated at the same time?",
}  # fmt: skip


def _weight(counter: Counter, view: View) -> Interval:
    assert counter.table is not None
    units = _quantity(view.record.units, "units")
    row = counter.table.row((view.record.code,), view.day or date.max)
    text = row[counter.column] if row is not None else counter.table.missing
    if text in ("none", ""):
        return exactly(0)
    if text is None:
        need = Need(f"{counter.column} {view.record.code}", f"What is the {counter.column} of {view.record.code}?", None, None)
        return Interval(0, None, frozenset([need]))
    each = Decimal(text)
    return Interval(units.low * each, None if units.high is None else units.high * each, units.needs)


# ---- visits, days, distinct values -------------------------------------------------------------------------------


def _distinct(counter: Counter, view: View, others: list[tuple[View, Answer]], own: tuple[View, Answer], case: Case) -> tuple[Interval, Interval]:
    """Count distinct visits, days or values up to the first service of the line's own one.

    Visits of one day rank by their first service, so a later line of the 30th visit is not over because a 31st began between.
    """
    items = [(other.position, _labels(counter, other, case), answer) for other, answer in others]
    mine = _labels(counter, view, case)
    without = _ranked(items, None, view.position)
    if own[1].truth is Truth.FALSE:
        return without, without
    with_it = [*items, (view.position, mine, own[1])]
    label = mine[0] if len(mine) == 1 and not isinstance(mine[0], Need) else None
    total = _ranked(with_it, label, view.position)
    return without, total


def _labels(counter: Counter, view: View, case: Case) -> list[Any]:
    """What makes a service one of the distinct: its date, its date and discipline, or the field's known values."""
    if counter.measure == "treatment_days":
        return [view.day if view.day is not None else Need("date_of_service", "On which date was it?", None, None)]
    if counter.measure == "visits":
        found = _discipline(view, case)
        if isinstance(found, Need):
            return [found]
        return [(view.day, found)]
    assert counter.field is not None
    value = value_of(counter.field, view, case)
    if isinstance(value, tuple):
        return list(value)
    return [] if value is None else [value]


def _ranked(items: list[tuple[Any, list[Any], Answer]], label: Any, last: Any) -> Interval:
    first_sure = min((p for p, labels, a in items if label is not None and label in labels and a.truth is Truth.TRUE), default=last)
    first_maybe = min((p for p, labels, a in items if label is not None and _may_be(label, labels)), default=last)
    low_items = [(p, labels) for p, labels, a in items if a.truth is Truth.TRUE and (p <= min(first_sure, first_maybe) or label in labels)]
    high_items = [(labels, a) for p, labels, a in items if p <= first_sure]
    sure = {one for _, labels in low_items for one in labels if not isinstance(one, Need)}
    unsure_days = {p[0] for p, labels in low_items for one in labels if isinstance(one, Need)}
    low = len(sure) + len([day for day in unsure_days if not any(isinstance(s, tuple) and s[0] == day for s in sure)]) if sure or unsure_days else 0
    most = {one for labels, _ in high_items for one in labels if not isinstance(one, Need)}
    extra = [one for labels, _ in high_items for one in labels if isinstance(one, Need)]
    high = max(low, len(most) + len(extra))
    needs = frozenset(extra).union(*(a.needs for _, a in high_items)) if high_items else frozenset()
    return Interval(low, high, needs if low != high else frozenset())


def _may_be(label: Any, labels: list[Any]) -> bool:
    return label in labels or any(isinstance(one, Need) for one in labels)


def _authorizations(span: Span, view: View, case: Case) -> Interval:
    """The authorizations that begin in the window by the line's date."""
    given = case.history.authorizations if case.history is not None else UNKNOWN
    if given is UNKNOWN:
        return Interval(0, None, frozenset([Need("authorizations", "Which authorizations are on file?", None, None)]))
    starts = [a.from_ for a in given or () if isinstance(a, Authorization)]
    on = view.day or date.max
    sure = [d for d in starts if isinstance(d, date) and d <= on and span.holds(d)]
    open_ = [d for d in starts if not isinstance(d, date)]
    need = frozenset([Need("authorization.from", "From when does the authorization run?", None, None)])
    return Interval(len(sure), len(sure) + len(open_), need if open_ else frozenset())


# ---- balances ----------------------------------------------------------------------------------------------------


def selection(of: CodeSet | None) -> tuple[frozenset[str], frozenset[str]]:
    """What a selector names as plain words (disciplines, codes, patterns, ranges), and what it excludes."""
    if of is None:
        return frozenset(), frozenset()
    named: set[str] = set()
    out: set[str] = {word for entry in of.excluding for word in _entry_words(entry)}
    for entry in of.entries:
        if entry.members is not None and entry.kind == "set":
            inner, without = selection(entry.members)
            named |= inner
            out |= without
        else:
            named |= _entry_words(entry)
    return frozenset(named), frozenset(out)


def _entry_words(entry: Any) -> set[str]:
    if entry.members is not None and entry.kind == "set":
        inner, without = selection(entry.members)
        return set(inner) - set(without)
    if entry.kind == "pattern":
        return {f"{entry.value}*"}
    return {f"{entry.value}..{entry.last}" if entry.last else entry.value}


def _balances(counter: Counter, view: View, case: Case) -> list[Balance]:
    """The balances that say what this counter counts: the same measure of the same selection."""
    given = case.history.balances if case.history is not None else None
    if not isinstance(given, tuple) or counter.where is not None or counter.measure in ("distinct", "authorizations", "patients"):
        return []
    wanted = _effective_selection(counter, view, case)
    noun = counter.column if counter.table is not None else counter.measure
    return [b for b in given if wanted is not None and b.measure == noun and _selection_of(b) == wanted]


def _effective_selection(counter: Counter, view: View, case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    named, out = selection(counter.of)
    for key in counter.keys:
        if not isinstance(key, KindKey):
            if not isinstance(key, TimeKey) or key.name in ("line", "claim", "authorization"):
                return None
            continue
        value = _key_value(key.name, view, case)
        if key.name not in ("discipline", "code") or not isinstance(value, str):
            return None
        if key.name == "discipline" and not named <= {"PT", "OT", "SLP"}:
            return None
        named = frozenset([value])
    return named, out


def _selection_of(balance: Balance) -> tuple[frozenset[str], frozenset[str]]:
    of = balance.of if isinstance(balance.of, tuple) else ()
    out = balance.excluding if isinstance(balance.excluding, tuple) else ()
    return frozenset(of), frozenset(out)


def _inside(balance: Balance, span: Span, view: View) -> bool:
    if not isinstance(balance.from_, date) or not isinstance(balance.to, date) or view.day is None:
        return False
    starts = span.from_ is None or span.from_ <= balance.from_
    return starts and (span.to is None or balance.to <= span.to) and balance.from_ <= view.day


def _used(balances: list[Balance], counter: Counter, view: View, span: Span, case: Case) -> Interval:
    """What the balances say was used; services listed in their spans that say otherwise widen it, and that is asked about."""
    total = exactly(0)
    for balance in balances:
        if not isinstance(balance.used, Decimal | int):
            return Interval(total.low, None, frozenset([Need("history.balances", "How much of the balance is used?", None, None)]))
        total = total.add(_reconciled(balance, counter, view, span, case))
    return total


def _reconciled(balance: Balance, counter: Counter, view: View, span: Span, case: Case) -> Interval:
    assert isinstance(balance.from_, date) and isinstance(balance.to, date)
    inside = Span(balance.from_, balance.to)
    listed = [
        (other, all_of([same_group(counter.keys, view, other, span, case), belongs(other, counter.of, counter.where, case)]))
        for other in case.services
        if other.day is not None and inside.holds(other.day) and _comes_before(other, view)
    ]
    sure = [(other, answer) for other, answer in listed if answer.truth is Truth.TRUE]
    if counter.measure in ("visits", "treatment_days"):
        known: Any = len({str(_labels(counter, other, case)) for other, _ in sure})
    else:
        known = _sum(counter, sure, case).low
    used: Any = balance.used
    if known <= used:
        already = _counted_already(counter, view, sure, case)
        return exactly(used - 1 if already and used >= 1 else used)
    need = Need("history.balances", f"The balance says {used} {counter.noun} used, the services listed are {known}: which is right?", None, None)
    return Interval(used, known, frozenset([need]))


def _counted_already(counter: Counter, view: View, sure: list[tuple[View, Answer]], case: Case) -> bool:
    """Whether the line's own visit or day is among the services that the balance stands for."""
    if counter.measure not in ("visits", "treatment_days"):
        return False
    mine = _labels(counter, view, case)
    return any(_labels(counter, other, case) == mine for other, _ in sure)


def found_beside(of: CodeSet, keys: tuple[Key, ...], view: View, case: Case) -> Answer:
    """Whether a service of a set stands beside the line, per some keys, whatever the order (M4)."""
    counter = Counter("lines", of, None, keys)
    span, need = _window(counter, view, case)
    if need is not None:
        return unknown(need)
    answers = [
        all_of([same_group(keys, view, other, span, case), belongs(other, of, None, case)])
        for other in (*case.services, *case.lines)
        if other is not view
    ]
    found = any_of(answers)
    if found.truth is Truth.TRUE:
        return found
    lacking = _lacking(counter, span, view, case, [])
    return unknown(*lacking, *found.needs) if lacking else found
