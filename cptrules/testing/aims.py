"""Lists, comparisons, moments, distances and authorizations: a condition met exactly, or missed by one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ..fields import Field
from ..policy import (
    Apart,
    CodeSet,
    Comparison,
    Condition,
    DateMoment,
    DaysBetween,
    EventMoment,
    FieldValue,
    HasEvent,
    IsAuthorized,
    Moment,
    Near,
    OnList,
    RequestBy,
    VisitMoment,
    Window,
)
from ..vocabulary import DISCIPLINES
from . import counts
from .drafts import ONE, Draft, Record, held_by, moved
from .wishes import is_of_the_day, near, others, settle, settle_event, value_of

CENT: Final = Decimal("0.01")
_WELL_INSIDE: Final = (40, 10)  # days: where another condition asks about the same moment, its limit lies elsewhere
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


# ---- conditions --------------------------------------------------------------------------------------------------


@settle.register
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
        outside = [one for one in others(field) if not _holds(members, one, day) and one not in known]
        draft.put(field, draft.pick(outside) if outside else None, record)


def _put_member(field: Field, member: str, draft: Draft, record: Record) -> None:
    if field.name == "code" and member in DISCIPLINES:
        draft.of_discipline(record, member)
    else:
        draft.put(field, Decimal(member) if field.type == "number" else member, record)


@settle.register
def _has_event(condition: HasEvent, wanted: bool, draft: Draft, record: Record) -> None:
    if wanted:
        draft.on_event(condition.kind, draft.pick((draft.on(record), moved(draft.on(record), -10, "days"))))


def _holds(members: CodeSet, value: str, day: date) -> bool:
    return members.holds(value, day)


# ---- comparisons -------------------------------------------------------------------------------------------------


@settle.register
def _compare(condition: Comparison, wanted: bool, draft: Draft, record: Record) -> None:
    if is_of_the_day(condition.left) and isinstance(condition.right, FieldValue):
        day = near(Decimal(draft.on(record).toordinal()), _TURNED.get(condition.sign, condition.sign), wanted, Decimal(1), draft)
        return draft.put(condition.right.field, date.fromordinal(int(day)), record)
    right = value_of(condition.right, draft, record)
    if isinstance(right, date):
        ordinal = near(Decimal(right.toordinal()), condition.sign, wanted, Decimal(1), draft)
        _put_left(condition.left, date.fromordinal(int(ordinal)), draft, record)
    elif isinstance(right, Decimal):
        step = CENT if _is_money(condition) else Decimal("0.1") if right % 1 else Decimal(1)
        _put_left(condition.left, near(right, condition.sign, wanted, step, draft), draft, record)
    elif isinstance(condition.left, FieldValue) and right is not None:
        field = condition.left.field
        different = [one for one in others(field) if one != right]
        same = wanted == (condition.sign == "=")
        draft.put(field, right if same else not right if isinstance(right, bool) else draft.pick(different), record)
    return None


def _is_money(condition: Comparison) -> bool:
    return any(isinstance(side, FieldValue) and side.field.type == "money" for side in (condition.left, condition.right))


def _put_left(left: Any, value: Any, draft: Draft, record: Record) -> None:
    match left:
        case FieldValue(field=field) if field.name == "note.similarity_to_previous":
            _alike(value, draft)
        case FieldValue() if is_of_the_day(left):
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


@settle.register
def _distance(condition: Near | Apart, wanted: bool, draft: Draft, record: Record) -> None:
    """The last day that is judged as wanted, or well on that side; what is to be near nothing may as well not be there."""
    after = condition.direction == "after"
    near = isinstance(condition, Near)
    if near and not wanted and draft.rarely(4):
        return
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
    anchor = moved(start, -sign * condition.number, condition.unit) - (edge + slack) * ONE
    within = [] if beyond else [start - sign * days * ONE for days in _WELL_INSIDE if days < abs((start - anchor).days)]
    put_moment(condition.anchor, draft.pick((anchor, anchor, *within)), draft, record)


# ---- authorizations ----------------------------------------------------------------------------------------------


@settle.register
def _authorized(condition: IsAuthorized, wanted: bool, draft: Draft, record: Record) -> None:
    authorize(wanted, () if condition.where is None else (condition.where,), draft, record)


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
