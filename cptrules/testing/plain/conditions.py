"""Whether a condition holds, and what a value is (M2, M5.3)."""

from __future__ import annotations

import operator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import attrs

from ...claims import UNKNOWN
from ...policy import (
    AllOf,
    AmountValue,
    AnyOf,
    Apart,
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
    VisitMoment,
    YesNo,
)
from ...tables import Table
from . import days
from .days import Open
from .facts import Item, World, every, known, listed, member, read, some

_SIGNS = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def true(condition: Condition, item: Item, world: World) -> bool:
    """Whether a condition is true of a service."""
    match condition:
        case AllOf(parts=parts):
            return every(_of(part, item, world) for part in parts)
        case AnyOf(parts=parts):
            return some(_of(part, item, world) for part in parts)
        case Opposite(part=part):
            return not true(part, item, world)
        case Term(condition=inner):
            return true(inner, item, world)
        case OnList():
            return _on_list(condition, item, world) != condition.negated
        case Comparison():
            return _compared(_left(condition, item, world), condition.sign, value(condition.right, item, world))
        case YesNo(field=field):
            found = read(field, item, world)
            return True in found if isinstance(found, tuple) else found is True
        case HasField(field=field):
            return read(field, item, world) not in (None, ())
        case HasEvent(kind=kind):
            return moment(EventMoment(kind), item, world) is not None
        case CountIs():
            return _count_is(condition, item, world)
        case ScopeIncludes():
            return _includes(condition, item, world) != condition.none
        case Near() | Apart():
            return _distance(condition, item, world)
        case IsAuthorized(where=where):
            from .authorizing import authorized

            return authorized(item, world, where)
        case InWindow(window=window):
            from .counting import window_of

            return window_of(window, item, world) is not None


def _of(condition: Condition, item: Item, world: World) -> Any:
    return lambda: true(condition, item, world)


def _on_list(condition: OnList, item: Item, world: World) -> bool:
    if condition.field.name == "code" and condition.members.asks_discipline:
        return member(condition.members, item, world)
    if condition.field.name == "modifier" and world.partner is not None:
        return some(_among(side, condition, item, world) for side in (item, world.partner))  # on either line of a pair
    return bool(_among(item, condition, item, world)())


def _among(side: Item, condition: OnList, item: Item, world: World) -> Any:
    def found() -> bool:
        seen = read(condition.field, side, world)
        several = seen if isinstance(seen, tuple) else (() if seen is None else (seen,))
        return any(_one_of(one, condition, item.day) for one in several)

    return found


def _one_of(found: Any, condition: OnList, day: date) -> bool:
    if condition.field.type == "code":
        return listed(condition.members, str(found), day)
    words = [entry.value for entry in condition.members.entries]
    return any(Decimal(word) == found for word in words) if condition.field.type == "number" else found in words


def _count_is(condition: CountIs, item: Item, world: World) -> bool:
    from .counting import counted

    found, right = counted(condition.counter, item, world), value(condition.right, item, world)
    return _compared(found.total if found is not None else 0, condition.sign, right)


# ---- values ------------------------------------------------------------------------------------------------------


def value(wanted: Any, item: Item, world: World) -> Any:
    """What a value is for a service; None where it is absent, or a table has no row for it."""
    match wanted:
        case Constant(value=found):
            return found
        case FieldValue(field=field):
            return read(field, item, world)
        case AmountValue():
            return _amount(wanted, item, world)
        case TableValue():
            return cell(wanted, item, world)
        case DaysBetween(start=start, end=end):
            first, last = moment(start, item, world), moment(end, item, world)
            return None if first is None or last is None or last < first else sum(1 for _ in range(first.toordinal(), last.toordinal() + 1))
        case _:
            raise Open


def _amount(amount: AmountValue, item: Item, world: World) -> Any:
    """The first entry of the line's date that fits."""
    for entry in amount.entries:
        if days.holds(entry.span.from_, entry.span.to, item.day) and (entry.when is None or true(entry.when, item, world)):
            return entry.value.value
    raise Open  # a gap between versions


def cell(wanted: TableValue, item: Item, world: World) -> Any:
    """A table's value for a service; None where it says that there is none."""
    keys = [read(field, item, world) for field in wanted.fields]
    if None in keys:
        return None
    text = look_up(wanted.table, [str(key) for key in keys], wanted.column, item.day)
    return None if text in (None, "none") else number(str(text))


def look_up(table: Table, keys: list[str], column: str, day: date) -> str | None:
    """The cell of the row of some keys on a date, else what the table says instead; Open between two versions of a row."""
    mine = [row for row in table.rows if [row.cells[key] for key in table.keys] == keys]
    found = next((row.cells[column] for row in mine if days.holds(row.span.from_, row.span.to, day)), None)
    if not found and table.missing is None and mine and found is None:
        raise Open
    return found or table.missing


def number(text: str) -> Any:
    """A cell as a number, where it is one."""
    try:
        return Decimal(text.replace(",", "")) if text[:1].isdigit() else text
    except ArithmeticError:
        return text


def _left(condition: Comparison, item: Item, world: World) -> Any:
    if isinstance(condition.left, EventMoment | VisitMoment):
        return moment(condition.left, item, world)
    return value(condition.left, item, world)


def _compared(left: Any, sign: str, right: Any) -> bool:
    """An absent side is equal to nothing and unequal to everything (M2.2)."""
    if sign == "!=":
        return not _compared(left, "=", right)
    if isinstance(left, tuple):
        return any(_compared(one, sign, right) for one in left)
    if left is None or right is None:
        return False
    numbers = all(isinstance(side, int | Decimal) for side in (left, right))
    return bool(_SIGNS[sign](left, right)) if numbers or type(left) is type(right) else False


# ---- moments -----------------------------------------------------------------------------------------------------


def moment(wanted: Moment, item: Item, world: World) -> date | None:
    """The date of a moment up to the line's own; None where there was none."""
    match wanted:
        case DateMoment(field=field):
            found = read(field, item, world)
            return max(found, default=None) if isinstance(found, tuple) else found
        case EventMoment(kind=kind, where=where):
            return max((day for day in events(kind, where, item, world) if day <= item.day), default=None)
        case VisitMoment():
            return _visit(wanted, item, world)


def events(kind: str, where: Condition | None, item: Item, world: World) -> list[date]:
    """The days of the events of a kind, of the line's injury where both name one."""
    given = world.history.events if world.history is not None else UNKNOWN
    found = []
    for event in known(given) or ():
        if event.kind == kind and every(_about(event, where, item, world)):
            if not isinstance(event.date, date):
                raise Open
            found.append(event.date)
    return found


def _about(event: Any, where: Condition | None, item: Item, world: World) -> list[Any]:
    from ...fields import FIELDS

    def same() -> bool:
        if not isinstance(event.injury_number, str):
            return True
        number_ = read(FIELDS["injury_number"], item, world)
        return number_ is None or number_ == event.injury_number

    inside = attrs.evolve(world, event=event)
    return [same, lambda: where is None or true(where, item, inside)]


def _visit(wanted: VisitMoment, item: Item, world: World) -> date | None:
    from .counting import belongs, complete, same_window, since_birth, window_of

    if not item.own:
        raise Open
    first, end = since_birth(world), item.day if wanted.which == "first" else item.day - timedelta(days=1)
    if wanted.window is not None:
        inside = window_of(wanted.window, item, world)
        if inside is None:
            raise Open
        first = inside[0]
    complete(first, end, world, False)
    found = [
        other.day for other in world.items
        if other.place <= item.place and other.day <= end and belongs(wanted.of, wanted.where, other, world)
        and (wanted.window is None or same_window(wanted.window, item, other, world))
    ]  # fmt: skip
    return min(found, default=None) if wanted.which == "first" else max(found, default=None)


def _distance(condition: Near | Apart, item: Item, world: World) -> bool:
    """Within: from the anchor (day 0) to the N-th day, both in; at least: on that day or beyond it, and true where there is no anchor."""
    anchor = moment(condition.anchor, item, world)
    start = item.day if condition.moment is None else moment(condition.moment, item, world)
    if anchor is None:
        return isinstance(condition, Apart)
    if start is None:
        return False
    forward = condition.direction == "after"
    end = days.later(anchor, condition.number if forward else -condition.number, condition.unit, world.policy.holidays)
    if isinstance(condition, Near):
        return anchor <= start <= end if forward else end <= start <= anchor
    return start >= end if forward else start <= end


def _includes(condition: ScopeIncludes, item: Item, world: World) -> bool:
    from .counting import belongs, complete, same_window, window_of

    if not item.own:
        raise Open
    window = condition.window
    if window is not None:
        span = window_of(window, item, world)
        if span is None:
            return False
        of, where = condition.of, condition.where
        found = some(lambda o=o: same_window(window, item, o, world) and belongs(of, where, o, world) for o in world.items)  # type: ignore[misc]
        return found or not complete(*span, world, any(key.name == "billing_provider" for key in window.keys))
    scopes = {"line": (item,), "claim": world.lines, "day": world.items}
    found = some(_beside(condition, item, other, world) for other in scopes[condition.scope])
    return found or (condition.scope == "day" and not complete(item.day, item.day, world, False))


def _beside(condition: ScopeIncludes, item: Item, other: Item, world: World) -> Any:
    from .counting import belongs

    def found() -> bool:
        return (condition.scope != "day" or other.day == item.day) and belongs(condition.of, condition.where, other, world)

    return found
