"""One cell of a table as the value of a field: text as CSV has it, or what an Arrow column holds.

An empty cell is unknown, `none` is known to be absent (M2.2). Nothing is guessed: a number where a code should be has lost its zeros,
a binary number is no money, and both are refused until a mapping says how to read them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import attrs

from ..claims import UNKNOWN
from ..errors import InputError
from .mapping import Bound, Writing

NONE: Final = "none"
_PARTS: Final = re.compile(r"[\s,;|]+")
_MOST_KNOWN: Final = 50_000  # values of one column that are remembered as read
_TYPES: Final = {"text": "text", "number": "whole", "money": "money", "date": "day", "yes_no": "yes_no"}


class Wrong(ValueError):
    """A cell that can't be read, in words that repeat nothing of the patient; `path` is the place in a list."""

    def __init__(self, message: str, path: str = "") -> None:
        self.path = path
        super().__init__(message)


def reader(bound: Bound) -> Callable[[tuple[Any, ...]], Any]:
    """Give the reader of a field from a row's cells: a value, None (absent), or UNKNOWN; it raises Wrong. What was read once is remembered."""
    known: dict[Any, Any] = {}
    single = bound.places[0] if len(bound.places) == 1 else None
    whole = bound.column.kind in ("texts", "wholes")

    def read(row: tuple[Any, ...]) -> Any:
        given: Any = row[single] if single is not None else tuple(row[place] for place in bound.places)
        try:
            return known[given]
        except KeyError:
            found = _read(bound, given, single is not None, whole)
            if len(known) < _MOST_KNOWN:
                known[given] = found
            return found
        except TypeError:  # a list of an Arrow column
            return _read(bound, given, single is not None, whole)

    return read


def _read(bound: Bound, given: Any, single: bool, whole: bool) -> Any:
    writing = bound.writing
    if not bound.places:
        found = writing.constant
    elif whole:
        found = _several((given,) if single else given, bound)
    else:
        values = [one for one in ((given,) if single else given) if not _empty(one)]
        if len(values) > 1:
            raise Wrong("several of its columns hold a value; only a list may stand in several")
        found = _one(values[0], bound) if values else UNKNOWN
    if found is UNKNOWN:
        if writing.empty != NONE:
            return UNKNOWN
        found = [] if whole else None
    try:
        return bound.column.read(found)
    except InputError as error:
        first, *more = error.faults
        raise Wrong("; ".join([str(attrs.evolve(first, path="")), *map(str, more)]), first.path) from None


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, float) and math.isnan(value))


def _several(given: tuple[Any, ...], bound: Bound) -> Any:
    """A list: of one cell that holds several, of a list column, or of several columns."""
    found: list[Any] = []
    seen = False
    for cell in given:
        if isinstance(cell, list):
            seen = True
            found += [_one(one, bound) for one in cell]
        elif not _empty(cell):
            seen = True
            found += _parts(cell, bound)
    return found if seen else UNKNOWN


def _parts(cell: Any, bound: Bound) -> list[Any]:
    if not isinstance(cell, str):
        return [_one(cell, bound)]
    if cell.strip() == NONE:
        return []
    between = bound.writing.between
    parts = [one.strip() for one in (cell.split(between) if between else _PARTS.split(cell.strip())) if one.strip()]
    if bound.column.kind == "wholes" and len(parts) == 1 and re.fullmatch("[A-L]{1,12}", parts[0]):
        parts = list(parts[0])  # box 24E: AC points to the first and the third diagnosis
    return [_one(part, bound) for part in parts]


def _one(value: Any, bound: Bound) -> Any:
    """One value in the shape that JSON has for it."""
    writing, kind = bound.writing, bound.column.kind
    if isinstance(value, str):
        value = value.strip()
        if value in writing.values:
            return writing.values[value]
        if value == NONE:
            return None
        value = value.translate({ord(sign): None for sign in writing.strip}) if writing.strip else value
        value = value.upper() if writing.upper else value
    elif str(value) in writing.values:
        return writing.values[str(value)]
    if kind == "fact":
        kind = _TYPES[writing.type] if writing.type else "fact"
    return _KINDS[kind](value, writing)


def _text(value: Any, writing: Writing) -> Any:
    if isinstance(value, str):
        return _dotted(value) if writing.dot else value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and writing.width:
        return str(value).zfill(writing.width)
    raise Wrong("it is not text")


def _dotted(diagnosis: str) -> str:
    return f"{diagnosis[:3]}.{diagnosis[3:]}" if len(diagnosis) > 3 and "." not in diagnosis else diagnosis


def _whole(value: Any, writing: Writing) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"-?[0-9]{1,12}(\.0+)?", value):
            raise Wrong("it is not a whole number")
        return int(value.partition(".")[0])
    if isinstance(value, float | Decimal) and -(10.0**12) < float(value) < 10.0**12:
        return int(value) if value == int(value) else value
    return value


def _pointer(value: Any, writing: Writing) -> Any:
    if isinstance(value, str) and re.fullmatch("[A-L]", value):
        return ord(value) - ord("A") + 1
    return _whole(value, writing)


def _money(value: Any, writing: Writing) -> Any:
    if isinstance(value, Decimal):
        exact = value.quantize(Decimal("0.01")) if abs(value) < 10**12 else value
        return exact if exact == value else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        if writing.number is None or abs(value) >= 10**12:
            raise Wrong('a number without a unit is no money: say in a mapping "number": "dollars" or "cents"')
        return (Decimal(value) / (1 if writing.number == "dollars" else 100)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if isinstance(value, str) and writing.number == "cents":
        return Decimal(_whole(value, writing)) / 100
    return value


def _day(value: Any, writing: Writing) -> Any:
    if isinstance(value, datetime):
        if value.time() != datetime.min.time():
            raise Wrong("it is a time of day, not a date")
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or writing.dates == ("%Y-%m-%d",):
        return text
    for form in writing.dates:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise Wrong("it is no date in any of the forms that the mapping names")


def _yes_no(value: Any, writing: Writing) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _fact(value: Any, writing: Writing) -> Any:
    """A declared fact of no stated type: true and false are yes and no, digits a number, anything else stays text."""
    if isinstance(value, str):
        if value in ("true", "false"):
            return value == "true"
        return int(value) if re.fullmatch("0|[1-9][0-9]{0,8}", value) else value
    return _day(value, writing) if isinstance(value, date) else (_whole(value, writing) if isinstance(value, float) else value)


def _payers(value: Any, writing: Writing) -> Any:
    """Other payers: a list of objects, as JSON text or as an Arrow list."""
    from ..interchange import parsed

    return parsed(value) if isinstance(value, str) else value


_KINDS: Final[dict[str, Callable[[Any, Writing], Any]]] = {
    "text": _text, "texts": _text, "whole": _whole, "wholes": _pointer, "money": _money, "day": _day, "yes_no": _yes_no,
    "fact": _fact, "other_payers": _payers,
}  # fmt: skip
