"""The mapping file: which column of a table holds which field, and how its values are written (interchange.md, Tables).

    {"columns": {"claim": "claim_id",
                 "modifiers": {"columns": ["mod1", "mod2"], "empty": "none", "upper": true},
                 "date_of_service": {"column": "from", "dates": ["%m/%d/%Y"]},
                 "payer": {"column": "payer_id", "values": {"15202": "MEDICARE_B"}},
                 "payer_order": {"value": "primary"}},
     "without": ["patient.id"], "ignore": ["box10_auto"]}
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from ..diagnostics import nearest
from ..errors import Fault, InputError
from .columns import (
    MARK,
    OF_A_HISTORY,
    REQUIRED,
    REQUIRED_OF_A_HISTORY,
    Column,
    column,
    columns,
    no_such,
)

KEYS: Final = ("columns", "without", "ignore")
_KEYS: Final = ("column", "columns", "value", "values", "dates", "width", "between", "number", "empty", "strip", "upper", "dot", "type")
_ISO: Final = ("%Y-%m-%d",)


@attrs.frozen
class Writing:
    """Where a field's value stands in a table and how it is written there.

    `constant` stands for every row. `values` gives cells other values; `dates` are `strptime` forms; `width` fills a whole number with
    zeros to a code; `between` parts a list; `number` says what a binary number of money counts (dollars or cents); `empty`: "none"
    where an empty cell means that there is none; `strip`: characters to leave out; `dot`: a diagnosis without its dot gets it.
    """

    sources: tuple[str, ...] = ()
    constant: Any = attrs.field(default=None, eq=json.dumps)
    values: Mapping[str, Any] = attrs.field(factory=dict, eq=json.dumps)
    dates: tuple[str, ...] = _ISO
    width: int | None = None
    between: str | None = None
    number: str | None = None
    empty: str | None = None
    strip: str = ""
    upper: bool = False
    dot: bool = False
    type: str | None = None


@attrs.frozen
class TableMapping:
    """A mapping file as read: writings by field, fields the table goes without, columns to leave aside (None: every other)."""

    fields: Mapping[str, Writing] = attrs.field(factory=dict)
    without: tuple[str, ...] = ()
    ignore: tuple[str, ...] | None = ()



@attrs.frozen
class Bound:
    """A column of the flat form bound to the places of a table's columns."""

    column: Column
    places: tuple[int, ...]
    writing: Writing


PLAIN: Final = TableMapping()


def read_mapping(data: object) -> TableMapping:
    """Read a mapping from plain JSON data; raises InputError with every fault and its path."""
    if not isinstance(data, Mapping):
        raise InputError([Fault("", "a mapping is an object with \"columns\"")])
    faults = [Fault(str(key), "no such key", nearest(str(key), KEYS)) for key in data if key not in KEYS]
    fields = {}
    told = data.get("columns", {})
    for name, given in told.items() if isinstance(told, Mapping) else ():
        if column(name) is None:
            faults.append(Fault(f"columns.{name}", "the flat form has no such field", nearest(name, [*columns()])))
            continue
        fields[name] = _writing(given, f"columns.{name}", faults)
    if not isinstance(told, Mapping):
        faults.append(Fault("columns", "it is not an object of fields"))
    ignore = data.get("ignore", [])
    for key in ("without", "ignore"):
        if not _texts(data.get(key, [])) and not (key == "ignore" and ignore is True):
            faults.append(Fault(key, "it is not a list of names"))
    if faults:
        raise InputError(faults)
    return TableMapping(fields, tuple(data.get("without", ())), None if ignore is True else tuple(ignore))


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _writing(given: object, path: str, faults: list[Fault]) -> Writing:
    """One field's writing; a plain text names its column."""
    data = {"column": given} if isinstance(given, str) else given
    if not isinstance(data, Mapping):
        faults.append(Fault(path, "it is neither a column's name nor an object"))
        return Writing()
    faults += [Fault(f"{path}.{key}", "no such key", nearest(str(key), _KEYS)) for key in data if key not in _KEYS]
    faults += list(_wrong(data, path))
    sources = data.get("columns", [data["column"]] if "column" in data else [])
    if not sources and "value" not in data:
        faults.append(Fault(path, 'it names no column: write "column", "columns" or "value"'))
    dates = data.get("dates", _ISO)
    return Writing(
        tuple(sources) if _texts(list(sources) if isinstance(sources, list | tuple) else None) else (), data.get("value"),
        data.get("values", {}), (dates,) if isinstance(dates, str) else tuple(dates), data.get("width"), data.get("between"),
        data.get("number"), data.get("empty"), data.get("strip", ""), data.get("upper", False), data.get("dot", False), data.get("type"),
    )  # fmt: skip


def _wrong(data: Mapping[str, Any], path: str) -> Iterator[Fault]:
    """Faults in what a field's keys hold."""
    wanted: Mapping[str, tuple[bool, str]] = {
        "column": (isinstance(data.get("column"), str), "a column's name"),
        "columns": (_texts(data.get("columns")), "a list of columns' names"),
        "values": (isinstance(data.get("values"), Mapping), "an object from cells to values"),
        "dates": (isinstance(data.get("dates"), str) or _texts(data.get("dates")), "forms of dates, as %m/%d/%Y"),
        "width": (isinstance(data.get("width"), int), "a whole number of digits"),
        "between": (isinstance(data.get("between"), str), "what parts a list"),
        "number": (data.get("number") in ("dollars", "cents"), "dollars or cents"),
        "empty": (data.get("empty") == "none", '"none"'),
        "strip": (isinstance(data.get("strip"), str), "characters to leave out"),
        "upper": (isinstance(data.get("upper"), bool), "true or false"),
        "dot": (isinstance(data.get("dot"), bool), "true or false"),
        "type": (data.get("type") in ("text", "number", "money", "date", "yes_no"), "text, number, money, date or yes_no"),
    }
    for key, (right, said) in wanted.items():
        if key in data and not right:
            yield Fault(f"{path}.{key}", f"it is not {said}")


# ---- a mapping beside a table's header ---------------------------------------------------------------------------


def bind(header: Iterable[str], mapping: TableMapping, of_a_history: bool = False, aside: tuple[str, ...] = ()) -> tuple[Bound, ...]:
    """Say where in a row each field of the flat form stands.

    `aside` are columns known to be none of the table's own. Raises InputError with every column that is missing, unknown or twice there,
    each with the nearest name.
    """
    names = [name.strip() for name in header]
    faults = [Fault(name[:60], "the column stands twice") for name in sorted({n for n in names if names.count(n) > 1})]
    used: set[str] = {*aside, *(mapping.ignore or ())}
    bound = []
    for field, writing in mapping.fields.items():
        used.update(writing.sources)
        for source in writing.sources:
            if source not in names:
                faults.append(Fault(source[:60], f"no such column; the mapping wants it for {field}", nearest(source, names)))
        bound.append(_bound(field, [names.index(s) for s in writing.sources if s in names], writing))
    for place, name in enumerate(names):
        if name in used or name in mapping.fields:
            continue
        if column(name) is not None:
            bound.append(_bound(name, [place], Writing((name,))))
        elif mapping.ignore is not None:
            faults.append(no_such(name))
    found = tuple(sorted(bound, key=lambda one: _place(one.column.name)))
    faults += _missing({one.column.name for one in found}, mapping, names, of_a_history)
    if faults:
        raise InputError(faults)
    return found


def _bound(field: str, places: list[int], writing: Writing) -> Bound:
    known = column(field)
    assert known is not None
    return Bound(known, tuple(places), writing)


@functools.cache
def _order() -> dict[str, int]:
    return {name: place for place, name in enumerate(columns())}


def _place(name: str) -> tuple[int, str]:
    return _order().get(name, len(_order())), name


def _missing(bound: set[str], mapping: TableMapping, names: list[str], of_a_history: bool) -> Iterator[Fault]:
    required = REQUIRED_OF_A_HISTORY if of_a_history else REQUIRED
    for name in required:
        if name not in bound and name not in mapping.without:
            yield Fault(name, "no such column; name the one that holds it in a mapping file, or list it there under \"without\"",
                        nearest(name, [one for one in names if one not in bound]))  # fmt: skip
    if not of_a_history and MARK not in bound:
        yield from (Fault(name, "only a history's services have it; it says nothing of a claim") for name in OF_A_HISTORY if name in bound)
