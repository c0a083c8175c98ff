"""Whether a condition holds for a line: true, false or unknown, with what is missing (M2, M5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final

import attrs

from . import dates
from .claims import UNKNOWN
from .fields import FIELDS
from .lines import HISTORY_QUESTION, Case, Seen, View, value_of
from .policy import (
    AllOf,
    AmountValue,
    AnyOf,
    Apart,
    CodeSet,
    Comparison,
    Condition,
    Constant,
    CountIs,
    DateMoment,
    DaysBetween,
    EventMoment,
    FieldValue,
    HasEvent,
    HasField,
    InWindow,
    IsAuthorized,
    Moment,
    Near,
    OnList,
    Opposite,
    ScopeIncludes,
    TableValue,
    Term,
    Value,
    VisitMoment,
    Window,
    YesNo,
)
from .tables import Table
from .truth import FALSE, TRUE, Answer, Interval, Need, Truth, all_of, any_of, compare, exactly, negate, unknown

_INJURY: Final = FIELDS["injury_number"]
NO_ROW: Final = "no row"  # a table without the row, where a bound was due


def truth_of(condition: Condition, view: View, case: Case) -> Answer:
    """Judge a condition for a line."""
    match condition:
        case AllOf(parts=parts):
            return all_of(truth_of(part, view, case) for part in parts)
        case AnyOf(parts=parts):
            return any_of(truth_of(part, view, case) for part in parts)
        case Opposite(part=part):
            return negate(truth_of(part, view, case))
        case Term(condition=inner):
            return truth_of(inner, view, case)
        case OnList():
            return _on_list(condition, view, case)
        case Comparison():
            return _comparison(condition, view, case)
        case YesNo(field=field):
            return _yes(value_of(field, view, case))
        case HasField(field=field):
            return _has(value_of(field, view, case))
        case HasEvent(kind=kind):
            return _has_event(kind, view, case)
        case CountIs(counter=counter, sign=sign, right=right):
            from .counting import count

            return _beside(count(counter, view, case).interval, sign, value(right, view, case))
        case ScopeIncludes():
            return _includes(condition, view, case)
        case Near():
            return _distance(condition, view, case, near=True)
        case Apart():
            return _distance(condition, view, case, near=False)
        case IsAuthorized(where=where):
            from .authorizations import authorized

            return authorized(view, case, where)
        case InWindow():
            from .windows import in_window

            return in_window(condition.window, view, case)


def _yes(found: Seen) -> Answer:
    if isinstance(found, Need):
        return unknown(found)
    if isinstance(found, tuple):
        return TRUE if True in found else FALSE
    return TRUE if found is True else FALSE


def _has(found: Seen) -> Answer:
    if isinstance(found, Need):
        return unknown(found)
    return FALSE if found is None or found == () else TRUE


def _on_list(condition: OnList, view: View, case: Case) -> Answer:
    found = value_of(condition.field, view, case)
    if condition.field.name == "modifier" and case.pair_lines:
        found = _modifiers_of_pair(found, case)
    answer = _member(found, condition, view, case)
    return negate(answer) if condition.negated else answer


def _modifiers_of_pair(found: Seen, case: Case) -> Seen:
    """A modifier asked about by a `pairs` rule may be on either line."""
    sides = [found, *(view.record.modifiers for view in case.pair_lines)]
    known = tuple(modifier for side in sides if isinstance(side, tuple) for modifier in side)
    open_ = next((side for side in sides if isinstance(side, Need) or side is UNKNOWN), None)
    if open_ is None:
        return known
    return _Partly(known, open_ if isinstance(open_, Need) else Need("modifier", "Which modifiers are on the other line?", None, None))


@attrs.frozen
class _Partly:
    """A list of which only some members are known."""

    known: tuple[object, ...]
    need: Need


def _member(found: Seen, condition: OnList, view: View, case: Case) -> Answer:
    if condition.field.name == "code" and condition.members.asks_discipline:
        from .counting import member

        return member(condition.members, view, case)
    if isinstance(found, _Partly):
        return TRUE if _any_in(found.known, condition, view) else unknown(found.need)
    if isinstance(found, Need):
        return unknown(found)
    if found is None:
        return FALSE
    return TRUE if _any_in(found if isinstance(found, tuple) else (found,), condition, view) else FALSE


def _any_in(values: Iterable[object], condition: OnList, view: View) -> bool:
    on, members = view.day or date.max, condition.members
    return any(_in(value, members, on, condition.field.type) for value in values)


def _in(found: object, members: CodeSet, on: date, type_: str) -> bool:
    if type_ == "code":
        return members.holds(str(found), on)
    if type_ == "number":
        return any(Decimal(entry.value) == found for entry in members.entries)
    return any(entry.value == found for entry in members.entries)


# ---- values ------------------------------------------------------------------------------------------------------


def value(wanted: Value, view: View, case: Case) -> Any:
    """Give a value: a thing, an Interval, None (absent), a Need, or NO_ROW."""
    match wanted:
        case Constant(value=found):
            return found
        case FieldValue(field=field):
            return value_of(field, view, case)
        case AmountValue():
            return _amount(wanted, view, case)
        case TableValue():
            return _cell(wanted, view, case)
        case DaysBetween(start=start, end=end):
            return _days(moment(start, view, case), moment(end, view, case))


def interval_of(found: Any) -> Interval | None:
    """A value as an interval of numbers; None where it is absent or no number."""
    if isinstance(found, Interval):
        return found
    if isinstance(found, Need | _Open):
        return Interval(0, None, frozenset(_needs_of(found)))
    if isinstance(found, int | Decimal) and not isinstance(found, bool):
        return exactly(found)
    return None


def _amount(amount: AmountValue, view: View, case: Case) -> Any:
    """The entry in force on the line's date; what hangs on something unknown is tried each way (M2.5)."""
    possible, needs, settled = _entries(amount, view, case)
    if not settled:  # a gap between versions is not met (M1.2)
        gap = Need(amount.name, f"No version of {amount.name} is in force on {view.day}.", None, None)
        return Interval(0, None, needs | {gap}) if possible else gap
    if len(set(possible)) == 1:
        return possible[0]
    if not all(isinstance(one, int | Decimal) for one in possible):
        return min(needs, key=lambda need: (need.field, need.question))
    return Interval(min(possible), max(possible), needs)


def _entries(amount: AmountValue, view: View, case: Case) -> tuple[list[Any], frozenset[Need], bool]:
    """The values it may have, what is missing to know which, and whether one of them holds whatever is missing."""
    possible: list[Any] = []
    needs: frozenset[Need] = frozenset()
    for entry in amount.entries:
        if view.day is None or not entry.span.holds(view.day):
            continue
        answer = truth_of(entry.when, view, case) if entry.when is not None else TRUE
        if answer.truth is not Truth.FALSE:
            possible.append(entry.value.value)
        if answer.truth is Truth.TRUE:
            return possible, needs, True
        needs |= answer.needs
    return possible, needs, False


def _cell(wanted: TableValue, view: View, case: Case) -> Any:
    """The table's value; NO_ROW where it has none and does not say what then holds."""
    key: list[str] = []
    for field in wanted.fields:
        found = value_of(field, view, case)
        if isinstance(found, Need):
            return found
        if found is None:
            return NO_ROW
        key.append(_as_text(found))
    row = wanted.table.row(tuple(key), view.day or date.max)
    text = (row[wanted.column] if row is not None else "") or wanted.table.missing
    if text is None and row is None and wanted.table.rows_for(tuple(key)):
        told = f"No version of {wanted.column} of {', '.join(key)} is in force on {view.day}."
        return Need(f"{wanted.column} {' '.join(key)}", told, None, None)
    return NO_ROW if text is None or text == "none" else typed_cell(text)


def typed_cell(text: str) -> Decimal | str:
    """A cell of a table as a number, where it is one."""
    plain = text.replace(",", "")
    return Decimal(plain) if plain.replace(".", "", 1).isdigit() else text


def _as_text(found: object) -> str:
    return found.isoformat() if isinstance(found, date) else str(found)


def _days(start: Any, end: Any) -> Any:
    """The days from one moment to another; none where the second is before the first, or where there was none."""
    if start is None or end is None:
        return None
    first, last = _as_stretch(start), _as_stretch(end)
    needs = first.needs | last.needs
    if first.may_be_none or last.may_be_none or last.first < first.last:
        if not needs:
            return None
        return _Open(needs)
    if not needs:
        return dates.days_counted(first.first, last.first)
    return Interval(dates.days_counted(first.last, last.first), dates.days_counted(first.first, last.last), needs)


@attrs.frozen
class _Open:
    """A value of which nothing is known, perhaps not even whether there is one."""

    needs: frozenset[Need]


def _comparison(condition: Comparison, view: View, case: Case) -> Answer:
    if isinstance(condition.left, EventMoment | VisitMoment):
        left: Any = moment(condition.left, view, case)
    else:
        left = value(condition.left, view, case)
    right = value(condition.right, view, case)
    if not isinstance(left, tuple):
        return _beside(left, condition.sign, right)
    if condition.sign == "!=":
        return negate(any_of(_beside(one, "=", right) for one in left))
    return any_of(_beside(one, condition.sign, right) for one in left)


def _absent(sign: str) -> Answer:
    return TRUE if sign == "!=" else FALSE


def _beside(left: Any, sign: str, right: Any) -> Answer:
    if any(side is None or side is NO_ROW for side in (left, right)):
        return _absent(sign)
    needs = [need for side in (left, right) for need in _needs_of(side)]
    if needs:
        return unknown(*needs)
    if isinstance(left, Stretch):
        return _stretch_beside(left, sign, right)
    low, high = interval_of(left), interval_of(right)
    if low is not None and high is not None:
        return compare(low, sign, high)
    return _plain(left, sign, right)


def _needs_of(side: Any) -> Iterable[Need]:
    """What is missing of a value that may be anything, or absent: a comparison with it is unknown (M2.1)."""
    if isinstance(side, Need):
        return [side]
    return side.needs if isinstance(side, _Open) or (isinstance(side, Stretch) and side.may_be_none) else []


def _stretch_beside(left: Stretch, sign: str, right: Any) -> Answer:
    """A date known to lie in a stretch of days, beside a date."""
    if not isinstance(right, date):
        return unknown(*left.needs)
    days = Interval(left.first.toordinal(), left.last.toordinal(), left.needs)
    return compare(days, sign, exactly(right.toordinal()))


def _plain(left: Any, sign: str, right: Any) -> Answer:
    if sign in ("=", "!="):
        return TRUE if (left == right) == (sign == "=") else FALSE
    if type(left) is not type(right):
        return FALSE
    holds = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]
    return TRUE if holds else FALSE


# ---- moments -----------------------------------------------------------------------------------------------------


@attrs.frozen
class Stretch:
    """A date known only to lie between two days, or perhaps not to be at all."""

    first: date
    last: date
    may_be_none: bool
    needs: frozenset[Need]


def moment(wanted: Moment, view: View, case: Case) -> date | None | Stretch:
    """Give a moment's date, None where there was none, or a stretch of days where it is not known."""
    match wanted:
        case DateMoment(field=field):
            found = value_of(field, view, case)
            if isinstance(found, Need):
                return Stretch(date.min, date.max, True, frozenset([found]))
            return _latest(found)
        case EventMoment(kind=kind, where=where):
            return _event(kind, where, view, case)
        case VisitMoment():
            return _visit(wanted, view, case)


def _latest(found: Seen) -> date | None:
    """A date, of several the latest."""
    if isinstance(found, tuple):
        return max((one for one in found if isinstance(one, date)), default=None)
    return found if isinstance(found, date) else None


def events_of(kind: str, where: Condition | None, view: View, case: Case) -> list[tuple[Any, Answer]] | Need:
    """The events of a kind, each with whether it belongs to the line's injury and a condition on it holds."""
    events = case.history.events if case.history is not None else UNKNOWN
    if not isinstance(events, tuple):
        if events is None:
            return []
        return Need(kind, f"Was there an {kind}, and when?" if kind[0] in "aeiou" else f"Was there a {kind}, and when?", None, None)
    found = []
    for event in events:
        if event.kind == kind:
            parts = [_of_this_injury(event, view, case)]
            if where is not None:
                parts.append(truth_of(where, view, attrs.evolve(case, event=event)))
            found.append((event, all_of(parts)))
    return [(event, answer) for event, answer in found if answer.truth is not Truth.FALSE]


def _of_this_injury(event: Any, view: View, case: Case) -> Answer:
    """An event belongs to the line's injury where both name an injury number (M5.3); a claim that has yet to name its own may."""
    number = value_of(_INJURY, view, case)
    if not isinstance(event.injury_number, str) or number is None:
        return TRUE
    if isinstance(number, Need):
        return unknown(number)
    return TRUE if event.injury_number == number else FALSE


def _event(kind: str, where: Condition | None, view: View, case: Case) -> date | None | Stretch:
    """The latest event on or before the line's date; one without a date, or that may be of another injury, widens the answer."""
    found = events_of(kind, where, view, case)
    on = view.day or date.max
    if isinstance(found, Need):
        return Stretch(date.min, on, True, frozenset([found]))
    sure = [event.date for event, a in found if isinstance(event.date, date) and event.date <= on and a.truth is Truth.TRUE]
    known = max(sure, default=None)
    maybe = [(event.date, a) for event, a in found if isinstance(event.date, date) and a.truth is Truth.UNKNOWN]
    later = [(day, a) for day, a in maybe if day <= on and (known is None or day > known)]
    undated = any(not isinstance(event.date, date) for event, _ in found)
    if not later and not undated:
        return known
    needs = frozenset(need for _, a in later for need in a.needs)
    needs |= {Need(kind, f"On which date was the {kind}?", None, None)} if undated else set()
    first = known or (date.min if undated else min(day for day, _ in later))
    return Stretch(first, on if undated else max(day for day, _ in later), known is None, needs)


def _has_event(kind: str, view: View, case: Case) -> Answer:
    found = _event(kind, None, view, case)
    if isinstance(found, Stretch):
        return unknown(*found.needs) if found.may_be_none else TRUE
    return TRUE if found is not None else FALSE


def _visit(wanted: VisitMoment, view: View, case: Case) -> date | None | Stretch:
    """The first or last visit: `last visit` looks before the line's date; services that may count widen the answer."""
    from .counting import belongs, uncovered
    from .windows import same_window

    on = view.day
    if on is None:
        return Stretch(date.min, date.max, True, frozenset([Need("date_of_service", "On which date was it?", None, None)]))
    end = on - timedelta(days=1) if wanted.which == "last" and on > date.min else on
    sure: list[date] = []
    maybe: list[date] = []
    needs: frozenset[Need] = frozenset()
    for other in (*case.services, *case.lines):
        if other.day is not None and (other.position > view.position or (wanted.which == "last" and other.day >= on)):
            continue
        answer = belongs(other, wanted.of, wanted.where, case)
        if wanted.window is not None and answer.truth is not Truth.FALSE:
            answer = all_of([answer, same_window(wanted.window, view, other, case)])
        if answer.truth is Truth.TRUE and other.day is not None:
            sure.append(other.day)
        elif answer.truth is not Truth.FALSE:
            maybe.append(other.day or (date.min if wanted.which == "first" else end))
            needs |= answer.needs or {Need("date_of_service", "On which date was the service given?", None, None)}
    gaps = uncovered(_looked_over(wanted, view, case, end), case, False)
    if wanted.which == "last":
        return _last(sure, maybe, needs, gaps)
    return _first(sure, maybe, needs, gaps)


def _looked_over(wanted: VisitMoment, view: View, case: Case, end: date) -> dates.Span:
    """The days on which a visit that nobody knows of would matter: since birth, or since the window began."""
    from .counting import born
    from .windows import span_in

    inside = span_in(wanted.window, view, case) if wanted.window is not None else None
    return dates.Span(inside.from_ if isinstance(inside, dates.Span) else born(case), end)


def _last(sure: list[date], maybe: list[date], needs: frozenset[Need], gaps: Any) -> date | None | Stretch:
    known = max(sure, default=None)
    later = [day for day in maybe if known is None or day > known]
    open_days = [gap.to for gap in gaps if known is None or gap.to is None or gap.to > known]
    if not later and not open_days:
        return known
    if open_days:
        needs = needs | {_history_need()}
    latest = max([*later, *(day or date.max for day in open_days)])
    return Stretch(known or date.min, latest, known is None, needs)


def _first(sure: list[date], maybe: list[date], needs: frozenset[Need], gaps: Any) -> date | None | Stretch:
    known = min(sure, default=None)
    earlier = [day for day in maybe if known is None or day < known]
    open_days = [gap for gap in gaps if known is None or gap.from_ is None or gap.from_ < known]
    if not earlier and not open_days:
        return known
    if open_days:
        needs = needs | {_history_need()}
    starts = [gap.from_ or date.min for gap in open_days]
    return Stretch(min([*earlier, *starts]), known or date.max, known is None, needs)


def _history_need() -> Need:
    return Need("history.complete_from", HISTORY_QUESTION, None, None)


# ---- distances ---------------------------------------------------------------------------------------------------


def _distance(condition: Near | Apart, view: View, case: Case, near: bool) -> Answer:
    start = moment(condition.moment, view, case) if condition.moment is not None else _own_day(view)
    anchor = moment(condition.anchor, view, case)
    answers: list[Answer] = []
    if anchor is None or (isinstance(anchor, Stretch) and anchor.may_be_none):
        answers.append(FALSE if near else TRUE)  # `at least` is true when there was none
    if anchor is not None and (start is None or (isinstance(start, Stretch) and start.may_be_none)):
        answers.append(FALSE)
    if start is not None and anchor is not None:
        answers += _at_the_ends(condition, _as_stretch(start), _as_stretch(anchor), case, near)
    return _agreed(answers, [side for side in (start, anchor) if isinstance(side, Stretch)])


def _own_day(view: View) -> date | Stretch:
    need = Need("date_of_service", "On which date was the service given?", None, None)
    return view.day if view.day is not None else Stretch(date.min, date.max, False, frozenset([need]))


def _as_stretch(found: date | Stretch) -> Stretch:
    return found if isinstance(found, Stretch) else Stretch(found, found, False, frozenset())


def _at_the_ends(condition: Near | Apart, start: Stretch, anchor: Stretch, case: Case, near: bool) -> list[Answer]:
    """Two dates known only to lie in stretches of days: judged at their ends and where they come nearest.

    For one start the anchors for which the condition holds are an unbroken run of days, so ends and nearest day tell of all.
    """
    answers = []
    for day in {start.first, start.last, min(max(anchor.first, start.first), start.last)}:
        for other in {anchor.first, anchor.last, min(max(day, anchor.first), anchor.last)}:
            answers.append(held(condition, day, other, case, near))
    return answers


def _agreed(answers: list[Answer], unsure: list[Stretch]) -> Answer:
    kinds = {answer.truth for answer in answers}
    if len(kinds) == 1 and Truth.UNKNOWN not in kinds:
        return answers[0]
    return unknown(*(need for one in unsure for need in one.needs), *(need for one in answers for need in one.needs))


def held(condition: Near | Apart, start: date, anchor: date, case: Case, near: bool) -> Answer:
    """Whether two dates lie within so much of each other, or so far apart; unknown where the holidays are not (M5.1)."""
    test = {
        (True, "after"): dates.within_after, (True, "before"): dates.within_before,
        (False, "after"): dates.at_least_after, (False, "before"): dates.at_least_before,
    }[near, condition.direction]  # fmt: skip
    found = test(start, condition.number, condition.unit, anchor, holidays(case))
    if found is None:
        end = "the table of holidays ends before this date" if case.policy.holidays else "the policy names no table of holidays"
        return unknown(Need("holidays", f"Which days are holidays? {end}.", None, None))
    return TRUE if found else FALSE


def holidays(case: Case) -> Any:
    """The policy's holidays with the span they cover, or None."""
    table = case.policy.holidays
    if table is None:
        return None
    known = _HOLIDAYS.get(id(table))
    if known is None or known[0] is not table:
        if len(_HOLIDAYS) >= MOST_TABLES:
            _HOLIDAYS.clear()
        known = _HOLIDAYS[id(table)] = table, _holidays_of(table)
    return known[1]


MOST_TABLES: Final = 64
_HOLIDAYS: Final[dict[int, tuple[Table, dates.Holidays]]] = {}  # to hash a table takes longer than to read its days


def _holidays_of(table: Table) -> dates.Holidays:
    days = frozenset(date.fromisoformat(key[0]) for key in table.all_keys())
    return dates.Holidays(days, min(days, default=date.max), max(days, default=date.min))


# ---- what else the scope holds -----------------------------------------------------------------------------------


def _includes(condition: ScopeIncludes, view: View, case: Case) -> Answer:
    if condition.window is not None:
        found = _in_its_window(condition, condition.window, view, case)
    else:
        found = included(condition.scope, condition.of, condition.where, view, case)
    return negate(found) if condition.none else found


def _in_its_window(condition: ScopeIncludes, window: Window, view: View, case: Case) -> Answer:
    """Whether some service of the line's window is in a set; false where no window holds its date."""
    from .counting import belongs, uncovered
    from .windows import same_window, span_in

    span = span_in(window, view, case)
    if isinstance(span, Need):
        return unknown(span)
    if span is None:
        return FALSE
    answers = [
        all_of([same_window(window, view, other, case), belongs(other, condition.of, condition.where, case)])
        for other in (*case.services, *case.lines)
    ]
    found = any_of(answers)
    if found.truth is not Truth.TRUE and uncovered(span, case, any(key.name == "billing_provider" for key in window.keys)):
        return unknown(_history_need(), *found.needs)
    return found


def included(scope: str, of: CodeSet, where: Condition | None, view: View, case: Case) -> Answer:
    """Whether some service of the line's scope is in a set, whatever the order; a day takes in the history's services."""
    from .counting import belongs, uncovered

    if view.day is None and scope == "day":
        return unknown(Need("date_of_service", "On which date was the service given?", None, None))
    answers = [all_of([same, belongs(other, of, where, case)]) for other, same in _in_scope(scope, view, case)]
    found = any_of(answers)
    if found.truth is Truth.TRUE or scope != "day" or view.day is None:
        return found
    if uncovered(dates.Span(view.day, view.day), case, False):
        return _unseen(of, where, view, case, found)
    return found


def _unseen(of: CodeSet, where: Condition | None, view: View, case: Case, found: Answer) -> Answer:
    """A service that nobody listed may be there: it is tried as one of the set, which then counts too (M2.5), and as none."""
    key = ("includes", view.day, of.text, "" if where is None else repr(where))
    if key in case.tried:
        return TRUE if case.tried[key] is not False else found
    return unknown(Need("history.complete_from", HISTORY_QUESTION, key, (of, False)), *found.needs)


def _in_scope(scope: str, view: View, case: Case) -> list[tuple[View, Answer]]:
    """The services of the line's scope, each with whether it surely is of it."""
    if scope == "line":
        return [(view, TRUE)]
    if scope == "claim" and view.own:
        return [(other, TRUE) for other in case.lines]
    if scope == "claim":
        return [(other, TRUE if other is view else _same_claim(view, other)) for other in case.services]
    return [(other, _same_day(other, view)) for other in _on_day(view.day, case)]


def _on_day(day: date | None, case: Case) -> list[View]:
    """The services and lines of a day, and those of which nobody knows the day; sorted out once for all who ask of this case."""
    if "days" not in case.reckoned:
        days: dict[date | None, list[tuple[int, View]]] = {}
        for place, other in enumerate((*case.services, *case.lines)):
            days.setdefault(other.day, []).append((place, other))
        case.reckoned["days"] = days
    days = case.reckoned["days"]
    found = days.get(day, []) if day is None or None not in days else sorted([*days.get(day, []), *days[None]], key=itemgetter(0))
    return [other for _, other in found]


def _same_claim(view: View, other: View) -> Answer:
    """Whether two services of the history stood on one claim."""
    one, two = getattr(view.record, "claim", None), getattr(other.record, "claim", None)
    if one is UNKNOWN or two is UNKNOWN:
        return unknown(Need("claim", "On which claim was each earlier service?", None, None))
    return TRUE if one == two and one is not None else FALSE


def _same_day(other: View, view: View) -> Answer:
    need = Need("date_of_service", "On which date was the service given?", None, None)
    return TRUE if other is view or other.day is not None else unknown(need)
