"""What a condition asks of a draft: its parts made true or false, each kind by the module that knows of it.

Everything follows from what the policy says; nothing is judged here. A wish is granted where no earlier one has settled its field,
so that some aims miss: the cases are many, and they begin with another wish each time.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import singledispatch
from typing import Any, Final

from ..fields import Field
from ..policy import AllOf, AnyOf, Comparison, Condition, Constant, DaysBetween, FieldValue, HasField, Opposite, TableValue, Term, Value, YesNo
from .drafts import USUAL, Draft, Record, as_json, moved

_SIGNS: Final[dict[str, Callable[[Decimal, Decimal], bool]]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@singledispatch
def settle(condition: Condition, wanted: bool, draft: Draft, record: Record) -> None:
    """Make a condition true of a line or a service, or false; one that no module knows how to settle is left as it falls."""


# ---- conditions made of others, and of one field -----------------------------------------------------------------


@settle.register
def _parts_of(condition: AllOf | AnyOf, wanted: bool, draft: Draft, record: Record) -> None:
    """All parts the one way; or one part that decides alone, and the others the other way, so that it does."""
    parts, all_alike = condition.parts, wanted == isinstance(condition, AllOf)
    deciding = None if all_alike else draft.pick([part for part in parts if _of_the_day(part, draft, record) in (None, wanted)] or parts)
    for part in sorted(parts, key=lambda one: one is not deciding):
        settle(part, wanted if all_alike or part is deciding else not wanted, draft, record)


def _of_the_day(part: Condition, draft: Draft, record: Record) -> bool | None:
    """What the day, which is chosen first, makes of a part that is about nothing else."""
    if isinstance(part, Comparison) and is_of_the_day(part.left) and isinstance(part.right, Constant) and isinstance(part.right.value, date):
        return _SIGNS[part.sign](Decimal(draft.on(record).toordinal()), Decimal(part.right.value.toordinal()))
    return None


def is_of_the_day(value: object) -> bool:
    """Whether a value is the line's own day."""
    return isinstance(value, FieldValue) and value.field.name == "date_of_service"


@settle.register
def _opposite(condition: Opposite, wanted: bool, draft: Draft, record: Record) -> None:
    settle(condition.part, not wanted, draft, record)


@settle.register
def _term(condition: Term, wanted: bool, draft: Draft, record: Record) -> None:
    settle(condition.condition, wanted, draft, record)


@settle.register
def _yes_no(condition: YesNo, wanted: bool, draft: Draft, record: Record) -> None:
    draft.put(condition.field, wanted, record)


@settle.register
def _has_field(condition: HasField, wanted: bool, draft: Draft, record: Record) -> None:
    draft.put(condition.field, some_value(condition.field, draft) if wanted else None, record)


# ---- values ------------------------------------------------------------------------------------------------------


def others(field: Field) -> tuple[str, ...]:
    """Give values that a field may have, whatever a policy says of it."""
    return field.words or USUAL.get(field.name, ("X", "Y"))


def some_value(field: Field, draft: Draft) -> Any:
    """Give some value that fits a field."""
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
            return Decimal(text) if text.replace(".", "", 1).isdigit() else None if text == "none" else text or None
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
        return _as_value(draft.its_session().setdefault("total_minutes", 45), field)  # perhaps settled before: there is no total
    found = some_value(field, draft)
    draft.put(field, found, record)
    return found


def _as_value(found: Any, field: Field) -> Any:
    if field.type == "date" and isinstance(found, str):
        return date.fromisoformat(found)
    if field.type in ("number", "money") and found is not None:
        return Decimal(str(found))
    return found


def near(bound: Decimal, sign: str, wanted: bool, step: Decimal, draft: Draft) -> Decimal:
    """Give a number beside a bound for which a comparison comes out as wanted: the bound itself, or the next one."""
    near = [n for n in (bound, bound - step, bound + step, bound - 2 * step, bound + 2 * step) if n >= 0 and _SIGNS[sign](n, bound) == wanted]
    return draft.pick(near[:2]) if near else bound


# ---- conditions on an event --------------------------------------------------------------------------------------


def settle_event(where: Condition, draft: Draft, record: Record, event: Record) -> None:
    """Make a condition on an event true: what it says of itself it is given, everything else is the line's."""
    match where:
        case Term(condition=condition):
            settle_event(condition, draft, record, event)
        case AllOf(parts=parts):
            for part in sorted(parts, key=lambda one: not _of_event(one)):
                settle_event(part, draft, record, event)
        case AnyOf(parts=parts):
            settle_event(draft.pick(parts), draft, record, event)
        case _ if _of_event(where):
            settle(where, True, _Within(draft, event), event)  # type: ignore[arg-type]
        case _:
            settle(where, True, draft, record)


def _of_event(part: Condition) -> bool:
    if isinstance(part, Opposite):
        return _of_event(part.part)
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
        if field.name == "role":
            self._event["by"] = {"role": value}
        elif field.name in ("received", "injury_number"):
            self._event[field.name] = as_json(value, field)
        else:
            self._event.setdefault("facts", {})[field.name] = as_json(value, field)
