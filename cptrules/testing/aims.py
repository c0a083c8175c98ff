"""Aiming a case at a rule: its scope is made true, then a limit, a date or an exception is met exactly, or missed by one.

Everything follows from what the policy says; nothing is judged here. Where two wishes meet in one field the first one stands, so
that some aims miss: the cases are many.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ..fields import Field
from ..policy import (
    AllOf,
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
    RequestBy,
    ScopeIncludes,
    TableValue,
    Term,
    Value,
    VisitMoment,
    Window,
    YesNo,
)
from ..vocabulary import DISCIPLINES
from . import counts
from .drafts import ONE, USUAL, Draft, Record, held_by, moved

CENT: Final = Decimal("0.01")
_SIGNS: Final[dict[str, Callable[[Decimal, Decimal], bool]]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


# ---- conditions --------------------------------------------------------------------------------------------------


def settle(condition: Condition, wanted: bool, draft: Draft, record: Record) -> None:
    """Make a condition true of a line or a service, or false."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            _settle_parts(parts, wanted, wanted == isinstance(condition, AllOf), draft, record)
        case Opposite(part=part):
            settle(part, not wanted, draft, record)
        case Term(condition=inner):
            settle(inner, wanted, draft, record)
        case OnList():
            _list(condition, wanted, draft, record)
        case Comparison():
            _compare(condition, wanted, draft, record)
        case YesNo(field=field):
            draft.put(field, wanted, record)
        case HasField(field=field):
            draft.put(field, _some_value(field, draft) if wanted else None, record)
        case HasEvent(kind=kind):
            if wanted:
                draft.on_event(kind, draft.pick((draft.on(record), moved(draft.on(record), -10, "days"))))
        case CountIs(counter=counter, sign=sign, right=right):
            bound = value_of(right, draft, record)
            if isinstance(bound, Decimal):
                counts.fill(counter, _near(bound, sign, wanted, Decimal(1), draft), draft, record)
        case ScopeIncludes():
            _include(condition, wanted != condition.none, draft, record)
        case Near() | Apart():
            _distance(condition, wanted, draft, record)
        case InWindow(window=window):
            inside(window, wanted, draft, record)
        case IsAuthorized(where=where):
            authorize(wanted, () if where is None else (where,), draft, record)


def _settle_parts(parts: tuple[Condition, ...], wanted: bool, all_alike: bool, draft: Draft, record: Record) -> None:
    """All parts the one way; or one part that decides alone, and the others the other way, so that it does."""
    deciding = None if all_alike else draft.pick(parts)
    for part in sorted(parts, key=lambda one: one is not deciding):
        settle(part, wanted if all_alike or part is deciding else not wanted, draft, record)


def _list(condition: OnList, wanted: bool, draft: Draft, record: Record) -> None:
    field, members, day = condition.field, condition.members, draft.on(record)
    known = held_by(members, day, draft.code_table())
    if wanted != condition.negated:
        if known:
            _put_member(field, draft.pick(known), draft, record)
    elif field.many and field.name in ("modifier", "diagnosis"):
        draft.without(field, lambda one: _holds(members, one, day), record)
        for one in known:
            draft.once(record, f"{field.name} {one}")
    else:
        outside = [one for one in _others(field) if not _holds(members, one, day) and one not in known]
        draft.put(field, draft.pick(outside) if outside else None, record)


def _others(field: Field) -> tuple[str, ...]:
    """Values that a field may have, whatever a policy says of it."""
    return field.words or USUAL.get(field.name, ("X", "Y"))


def _put_member(field: Field, member: str, draft: Draft, record: Record) -> None:
    if field.name == "code" and member in DISCIPLINES:
        draft.of_discipline(record, member)
    else:
        draft.put(field, Decimal(member) if field.type == "number" else member, record)


def _holds(members: CodeSet, value: str, day: date) -> bool:
    return members.holds(value, day)


def _some_value(field: Field, draft: Draft) -> Any:
    """Some value that fits a field."""
    match field.type:
        case "yes_no":
            return draft.pick((True, False))
        case "word":
            return draft.pick(field.words)
        case "number":
            return Decimal(draft.pick((1, 3)))
        case "money":
            return Decimal(draft.pick((100, 50)))
        case "date":
            return moved(draft.day, -draft.pick((10, 1)), "days")
        case _:
            return draft.pick(USUAL.get(field.name, ("X",)))


# ---- comparisons -------------------------------------------------------------------------------------------------


def value_of(wanted: Value, draft: Draft, record: Record) -> Any:
    """What a value comes to in the draft: a number, a date, a word; a field that nobody gave is given one."""
    match wanted:
        case Constant(value=found):
            return found
        case FieldValue(field=field):
            return _of_field(field, draft, record)
        case TableValue(table=table, column=column, fields=fields):
            row = table.row([str(_of_field(field, draft, record)) for field in fields], draft.on(record))
            text = ((row or {}).get(column) or table.missing or "").replace(",", "")
            return Decimal(text) if text.replace(".", "", 1).isdigit() else text or None
        case DaysBetween():
            return None
        case _:
            return _of_amount(wanted, draft, record)


def _of_amount(amount: Any, draft: Draft, record: Record) -> Any:
    """One of the amount's entries of the day, its condition made true and those before it false."""
    fitting = [entry for entry in amount.entries if entry.span.holds(draft.on(record))]
    if not fitting:
        return None
    chosen = draft.pick(fitting)
    for entry in fitting[: fitting.index(chosen)]:
        if entry.when is not None:
            settle(entry.when, False, draft, record)
    if chosen.when is not None:
        settle(chosen.when, True, draft, record)
    return chosen.value.value


def _of_field(field: Field, draft: Draft, record: Record) -> Any:
    """The field's value in the draft, as the language sees it; one that nobody gave is given some value."""
    known = draft.get(field, record)
    if known is not None:
        return _as_value(known, field)
    if field.owner == "session":
        return Decimal(draft.its_session().setdefault("total_minutes", 45))
    found = _some_value(field, draft)
    draft.put(field, found, record)
    return found


def _as_value(found: Any, field: Field) -> Any:
    if field.type == "date" and isinstance(found, str):
        return date.fromisoformat(found)
    if field.type in ("number", "money") and found is not None:
        return Decimal(str(found))
    return found


def _near(bound: Decimal, sign: str, wanted: bool, step: Decimal, draft: Draft) -> Decimal:
    """A number beside a bound for which a comparison comes out as wanted: the bound itself, or the next one."""
    near = [n for n in (bound, bound - step, bound + step, bound - 2 * step, bound + 2 * step) if n >= 0 and _SIGNS[sign](n, bound) == wanted]
    return draft.pick(near[:2]) if near else bound


def _compare(condition: Comparison, wanted: bool, draft: Draft, record: Record) -> None:
    right = value_of(condition.right, draft, record)
    if isinstance(right, date):
        ordinal = _near(Decimal(right.toordinal()), condition.sign, wanted, Decimal(1), draft)
        _put_left(condition.left, date.fromordinal(int(ordinal)), draft, record)
    elif isinstance(right, Decimal):
        step = CENT if _is_money(condition) else Decimal("0.1") if right % 1 else Decimal(1)
        _put_left(condition.left, _near(right, condition.sign, wanted, step, draft), draft, record)
    elif isinstance(condition.left, FieldValue) and right is not None:
        field = condition.left.field
        others = [one for one in _others(field) if one != right]
        same = wanted == (condition.sign == "=")
        draft.put(field, right if same else not right if isinstance(right, bool) else draft.pick(others), record)


def _is_money(condition: Comparison) -> bool:
    return any(isinstance(side, FieldValue) and side.field.type == "money" for side in (condition.left, condition.right))


def _put_left(left: Any, value: Any, draft: Draft, record: Record) -> None:
    match left:
        case FieldValue(field=field) if field.name == "note.similarity_to_previous":
            _alike(value, draft)
        case FieldValue(field=field) if field.name == "date_of_service":
            return  # the day is chosen first, beside every date that a rule names; what is laid out hangs on it
        case FieldValue(field=field):
            draft.put(field, value, record)
        case DaysBetween(start=start, end=end) if isinstance(value, Decimal):
            last = moment_of(end, draft, record)
            put_moment(start, moved(last, 1 - int(value), "days"), draft, record)
        case EventMoment() | VisitMoment() if isinstance(value, date):
            put_moment(left, value, draft, record)
        case _:
            return


def _alike(percent: Decimal, draft: Draft) -> None:
    """Two notes of ten words, of which so many tenths are the same."""
    same = min(10, max(0, int(percent / 10)))
    words = [f"word{number}" for number in range(10)]
    draft.note(moved(draft.day, -7, "days"))["text"] = " ".join(words)
    draft.note(draft.day)["text"] = " ".join([*words[:same], *(f"other{number}" for number in range(10 - same))])


# ---- moments and distances ---------------------------------------------------------------------------------------


def known_moment(moment: Moment | None, draft: Draft, record: Record) -> date | None:
    """The day of a moment that the draft has settled already."""
    match moment:
        case DateMoment(field=field):
            found = draft.get(field, record)
            return date.fromisoformat(found) if isinstance(found, str) else None
        case EventMoment(kind=kind):
            days = [one["date"] for one in draft.history["events"] if one["kind"] == kind]
            return date.fromisoformat(days[0]) if days else None
        case VisitMoment(which=which, of=of):
            visits = sorted(draft.on(one) for one in draft.history["services"] if of is None or counts.member(of, draft, one))
            before = [day for day in visits if day < draft.on(record)]
            return (before[-1] if which == "last" else before[0]) if before else None
        case None:
            return draft.on(record)


def moment_of(moment: Moment | None, draft: Draft, record: Record) -> date:
    """A moment's day in the draft; one that is not settled is put near the line's own."""
    known = known_moment(moment, draft, record)
    if known is not None or moment is None:
        return known or draft.on(record)
    day = moved(draft.on(record), -draft.pick((10, 1)), "days")
    put_moment(moment, day, draft, record)
    return day


def put_moment(moment: Moment, day: date, draft: Draft, record: Record) -> None:
    """Make a moment fall on a day."""
    match moment:
        case DateMoment(field=field) if field.name != "date_of_service":
            draft.put(field, day, record)
        case EventMoment(kind=kind, where=where):
            if draft.once(draft.claim, f"event {kind}"):
                event = draft.event(kind, day)
                if where is not None:
                    settle_event(where, draft, record, event)
        case VisitMoment(of=of, where=where, window=window, which=which):
            _put_visit(of, where, window, which, day, draft, record)
        case _:
            return


def settle_event(where: Condition, draft: Draft, record: Record, event: Record) -> None:
    """Make a condition on an event true: what it says of itself it is given, everything else is the line's."""
    own = [part for part in _parts(where) if _of_event(part)]
    for part in own:
        settle(part, True, _Within(draft, event), event)  # type: ignore[arg-type]
    for part in _parts(where):
        if not _of_event(part):
            settle(part, True, draft, record)


def _parts(condition: Condition) -> Iterable[Condition]:
    return condition.parts if isinstance(condition, AllOf) else [condition]


def _of_event(part: Condition) -> bool:
    field = getattr(part, "field", None) or getattr(getattr(part, "left", None), "field", None)
    return field is not None and (field.owner == "event" or field.name in ("role", "received", "injury_number"))


class _Within:
    """A draft whose fields are an event's."""

    def __init__(self, draft: Draft, event: Record) -> None:
        self._draft, self._event = draft, event

    def __getattr__(self, name: str) -> Any:
        return getattr(self._draft, name)

    def on(self, record: Record) -> date:
        """The event's date."""
        return date.fromisoformat(self._event["date"])

    def put(self, field: Field, value: Any, record: Record) -> None:
        """Give the event a fact."""
        from .drafts import as_json

        if field.name == "role":
            self._event["by"] = {"role": value}
        elif field.name in ("received", "injury_number"):
            self._event[field.name] = as_json(value, field)
        else:
            self._event.setdefault("facts", {})[field.name] = as_json(value, field)


def _put_visit(of: CodeSet | None, where: Condition | None, window: Window | None, which: str, day: date, draft: Draft, record: Record) -> None:
    if window is not None:
        counts.open_window(window, min(day, draft.on(record)), draft, record)
    if day >= draft.on(record):
        return
    service = draft.service(record, day)
    if of is not None:
        counts.make_member(of, draft, service)
    if where is not None:
        settle(where, True, draft, service)


def _distance(condition: Near | Apart, wanted: bool, draft: Draft, record: Record) -> None:
    """The last day that is judged as wanted, or well on that side."""
    after = condition.direction == "after"
    near = isinstance(condition, Near)
    sign = 1 if after else -1
    beyond = near != wanted  # the side farther from the anchor than N
    edge = 0 if near == wanted else sign  # on day N itself, or the day beyond it
    if not near:
        edge = 0 if wanted else -sign
        beyond = wanted
    slack = draft.pick((0, 0, 1)) * (sign if beyond else -sign)
    known, own = known_moment(condition.anchor, draft, record), known_moment(condition.moment, draft, record)
    if condition.moment is not None and known is not None and own is None:
        start = moved(known, sign * condition.number, condition.unit)
        put_moment(condition.moment, start + (edge + slack) * ONE, draft, record)
        return
    start = moment_of(condition.moment, draft, record)
    anchor = moved(start, -sign * condition.number, condition.unit)
    put_moment(condition.anchor, anchor - (edge + slack) * ONE, draft, record)


# ---- scopes, windows, authorizations -----------------------------------------------------------------------------


def _include(condition: ScopeIncludes, wanted: bool, draft: Draft, record: Record) -> None:
    """Another line of the scope, of the set; where none is wanted, nothing is added."""
    if not wanted or condition.scope == "line":
        if wanted:
            counts.make_member(condition.of, draft, record)
        return
    if condition.window is not None:
        counts.open_window(condition.window, moved(draft.on(record), -30, "days"), draft, record)
        other = draft.service(record, moved(draft.on(record), -draft.pick((1, 20)), "days"))
    elif draft.is_line(record):
        other = draft.another_line(record)
    else:
        other = draft.service(record, draft.on(record))
    counts.make_member(condition.of, draft, other)
    if condition.where is not None:
        settle(condition.where, True, draft, other)


def inside(window: Window, wanted: bool, draft: Draft, record: Record) -> None:
    """The line lies in a window, at one of its ends; or just outside it."""
    day = draft.on(record)
    last = min((moved(day, -one.number, one.unit) for one in window.lengths), default=moved(day, -30, "days"), key=lambda one: -one.toordinal())
    after = any(one.kind == "after_event" for one in window.openings)
    latest = last if after else last + ONE  # the earliest opening of a window that still holds the day
    if wanted:
        counts.open_window(window, draft.pick((latest, day)), draft, record)
    elif window.lengths:
        counts.open_window(window, latest - ONE, draft, record)


def authorize(wanted: bool, conditions: Iterable[Condition], draft: Draft, record: Record) -> None:
    """An authorization on file that covers the line and of which the conditions hold; or none, or one that fails them."""
    every = tuple(conditions)
    if not wanted and not (every and draft.rarely(2)):
        return
    if draft.once(draft.claim, "authorization"):
        one = draft.authorization()
        day = draft.on(record)
        one.setdefault("from", moved(day, -draft.pick((30, 0)), "days").isoformat())
        one.setdefault("to", moved(day, draft.pick((30, 0)), "days").isoformat())
    for condition in every:
        settle(condition, wanted, draft, record)


def request(one: RequestBy, wanted: bool, draft: Draft, record: Record) -> None:
    """The payer received the request on the last day that is in time, or the day after."""
    anchor = moment_of(one.anchor, draft, record)
    sign = 1 if one.direction == "after" else -1
    edge = moved(anchor, sign * one.number, one.unit)
    late = 0 if wanted else 1
    authorization = draft.authorization()
    authorization["received"] = (edge + late * ONE).isoformat()
