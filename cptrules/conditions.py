"""Whether a condition holds for a line: true, false or unknown, with what is missing (M2, M5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs

from . import dates
from .claims import UNKNOWN
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
    YesNo,
)
from .truth import FALSE, TRUE, Answer, Interval, Need, Truth, all_of, any_of, compare, exactly, negate, unknown

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

            return _sign(count(counter, view, case).interval, sign, interval_of(value(right, view, case)))
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
            raise AssertionError("windows are refused when the policy is loaded")


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
    answer = _member(found, condition, view)
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


def _member(found: Seen, condition: OnList, view: View) -> Answer:
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
    if isinstance(found, Need):
        return Interval(0, None, frozenset([found]))
    if isinstance(found, int | Decimal) and not isinstance(found, bool):
        return exactly(found)
    return None


def _amount(amount: AmountValue, view: View, case: Case) -> Any:
    """The entry in force on the line's date; what hangs on something unknown is tried each way (M2.5)."""
    possible: list[Any] = []
    needs: frozenset[Need] = frozenset()
    for entry in amount.entries:
        if view.day is None or not entry.span.holds(view.day):
            continue
        answer = truth_of(entry.when, view, case) if entry.when is not None else TRUE
        if answer.truth is Truth.FALSE:
            continue
        possible.append(entry.value.value)
        if answer.truth is Truth.TRUE:
            break
        needs |= answer.needs
    else:
        if not possible or needs:
            gap = Need(amount.name, f"No version of {amount.name} is in force on {view.day}.", None, None)
            return gap if not possible else Interval(0, None, needs | {gap})
    if len(set(possible)) == 1:
        return possible[0]
    if not all(isinstance(one, int | Decimal) for one in possible):
        return next(iter(needs))
    return Interval(min(possible), max(possible), needs)


def _cell(wanted: TableValue, view: View, case: Case) -> Any:
    key: list[str] = []
    for field in wanted.fields:
        found = value_of(field, view, case)
        if isinstance(found, Need):
            return found
        if found is None:
            return NO_ROW
        key.append(_as_text(found))
    row = wanted.table.row(tuple(key), view.day or date.max)
    text = row[wanted.column] if row is not None else wanted.table.missing
    if text is None or text == "none" or text == "":
        return NO_ROW
    return Decimal(text) if text.replace(".", "", 1).isdigit() else text


def _as_text(found: object) -> str:
    return found.isoformat() if isinstance(found, date) else str(found)


def _days(start: Any, end: Any) -> Any:
    for side in (start, end):
        if isinstance(side, Stretch):
            return next(iter(side.needs))
        if side is None:
            return None
    return dates.days_counted(start, end)


def _comparison(condition: Comparison, view: View, case: Case) -> Answer:
    if isinstance(condition.left, EventMoment | VisitMoment):
        left: Any = moment(condition.left, view, case)
    else:
        left = value(condition.left, view, case)
    right = value(condition.right, view, case)
    if isinstance(left, Stretch):
        return unknown(*left.needs)
    if isinstance(left, tuple):
        return any_of(_beside(one, condition.sign, right) for one in left) if left else _absent(condition.sign)
    return _beside(left, condition.sign, right)


def _absent(sign: str) -> Answer:
    return TRUE if sign == "!=" else FALSE


def _beside(left: Any, sign: str, right: Any) -> Answer:
    if left is None or right is None or left is NO_ROW or right is NO_ROW:
        return _absent(sign)
    low, high = interval_of(left), interval_of(right)
    if low is not None and high is not None and not (isinstance(left, Need) and isinstance(right, Need)):
        return _sign(low, sign, high)
    needs = [side for side in (left, right) if isinstance(side, Need)]
    return unknown(*needs) if needs else _plain(left, sign, right)


def _plain(left: Any, sign: str, right: Any) -> Answer:
    if sign in ("=", "!="):
        return TRUE if (left == right) == (sign == "=") else FALSE
    if type(left) is not type(right):
        return FALSE
    held = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]
    return TRUE if held else FALSE


def _sign(left: Interval, sign: str, right: Interval | None) -> Answer:
    if right is None:
        return _absent(sign)
    return compare(left, sign, right)


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
            return found if isinstance(found, date) else None
        case EventMoment(kind=kind, where=where):
            assert where is None, "events of a file's own are refused when the policy is loaded"
            return _event(kind, view, case)
        case VisitMoment():
            return _visit(wanted, view, case)


def _events(kind: str, view: View, case: Case) -> list[Any] | Need:
    events = case.history.events if case.history is not None else UNKNOWN
    if not isinstance(events, tuple):
        if events is None:
            return []
        return Need(kind, f"Was there an {kind}, and when?" if kind[0] in "aeiou" else f"Was there a {kind}, and when?", None, None)
    return [event for event in events if event.kind == kind and _of_this_injury(event, view, case)]


def _of_this_injury(event: Any, view: View, case: Case) -> bool:
    """An event belongs to the line's injury where both name an injury number (M5.3)."""
    from .lines import inherited

    number = inherited(view, case, "injury_number")
    both = isinstance(number, str) and isinstance(event.injury_number, str)
    return event.injury_number == number if both else True


def _event(kind: str, view: View, case: Case) -> date | None | Stretch:
    found = _events(kind, view, case)
    if isinstance(found, Need):
        return Stretch(date.min, view.day or date.max, True, frozenset([found]))
    known = [event.date for event in found if isinstance(event.date, date) and event.date <= (view.day or date.max)]
    latest = max(known, default=None)
    if any(not isinstance(event.date, date) for event in found):
        need = Need(kind, f"On which date was the {kind}?", None, None)
        return Stretch(latest or date.min, view.day or date.max, latest is None, frozenset([need]))
    return latest


def _has_event(kind: str, view: View, case: Case) -> Answer:
    found = _event(kind, view, case)
    if isinstance(found, Stretch):
        return unknown(*found.needs) if found.may_be_none else TRUE
    return TRUE if found is not None else FALSE


def _visit(wanted: VisitMoment, view: View, case: Case) -> date | None | Stretch:
    """The first or last visit: `last visit` looks before the line's date; services that may count widen the answer."""
    from .counting import belongs, uncovered

    on = view.day
    if on is None:
        return Stretch(date.min, date.max, True, frozenset([Need("date_of_service", "On which date was it?", None, None)]))
    sure: list[date] = []
    maybe: list[date] = []
    needs: frozenset[Need] = frozenset()
    for other in (*case.services, *case.lines):
        if other.day is None or other.position > view.position or (wanted.which == "last" and other.day >= on):
            continue
        answer = belongs(other, wanted.of, wanted.where, case)
        if answer.truth is Truth.TRUE:
            sure.append(other.day)
        elif answer.truth is Truth.UNKNOWN:
            maybe.append(other.day)
            needs |= answer.needs
    gaps = uncovered(dates.Span(None, on - timedelta(days=1) if wanted.which == "last" else on), case, False)
    if wanted.which == "last":
        return _last(sure, maybe, needs, gaps)
    return _first(sure, maybe, needs, gaps)


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
    start = moment(condition.moment, view, case) if condition.moment is not None else view.day
    anchor = moment(condition.anchor, view, case)
    if not near and anchor is None:
        return TRUE  # true when there was none
    if start is None or anchor is None:
        return FALSE
    if isinstance(start, Stretch):
        return unknown(*start.needs)
    if isinstance(anchor, Stretch):
        return _unsure(condition, start, anchor, case, near)
    return _held(condition, start, anchor, case, near)


def _held(condition: Near | Apart, start: date, anchor: date, case: Case, near: bool) -> Answer:
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
    days = frozenset(date.fromisoformat(key[0]) for key in table.all_keys())
    return dates.Holidays(days, min(days, default=date.max), max(days, default=date.min))


def _unsure(condition: Near | Apart, start: date, anchor: Stretch, case: Case, near: bool) -> Answer:
    """An anchor known only to lie in a stretch of days: judged at its ends and where the condition holds soonest."""
    middle = min(max(start, anchor.first), anchor.last)
    answers = [_held(condition, start, day, case, near) for day in (anchor.first, anchor.last, middle)]
    if anchor.may_be_none:
        answers.append(FALSE if near else TRUE)
    kinds = {answer.truth for answer in answers}
    if len(kinds) == 1 and Truth.UNKNOWN not in kinds:
        return answers[0]
    return unknown(*anchor.needs)


# ---- what else the scope holds -----------------------------------------------------------------------------------


def _includes(condition: ScopeIncludes, view: View, case: Case) -> Answer:
    found = included(condition.scope, condition.of, condition.where, view, case)
    return negate(found) if condition.none else found


def included(scope: str, of: CodeSet, where: Condition | None, view: View, case: Case) -> Answer:
    """Whether some service of the line's scope is in a set, whatever the order; a day takes in the history's services."""
    from .counting import belongs, uncovered

    answers = [belongs(other, of, where, case) for other in _in_scope(scope, view, case)]
    found = any_of(answers)
    if found.truth is Truth.TRUE or scope != "day" or view.day is None:
        return found
    if uncovered(dates.Span(view.day, view.day), case, False):
        needs = [_history_need(), *found.needs]
        return unknown(*needs)
    return found


def _in_scope(scope: str, view: View, case: Case) -> list[View]:
    if scope == "line":
        return [view]
    if scope == "claim":
        return list(case.lines)
    return [other for other in (*case.services, *case.lines) if other.day == view.day]
