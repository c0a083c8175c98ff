"""The shipped code sets: procedure codes of therapy, modifiers, adjustment reasons (CARC) and remarks (RARC).

They lie in policies/tables; each is read once, when it is first asked for. Codes outside them come from a
policy's `table codes_added`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from typing import Final

import attrs

from .dates import Span
from .diagnostics import nearest
from .resources import folder
from .tables import Row, Table, TableFault, index, read_table
from .vocabulary import DISCIPLINES

_PROCEDURE: Final = re.compile(r"[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4}")
_DIAGNOSIS: Final = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?")
_SHORT: Final = re.compile(r"[0-9A-Z]{2}")
_REVENUE: Final = re.compile(r"[0-9]{4}")
_SHAPE: Final = re.compile(r"([A-Z]*)[0-9]*([A-Z]*)")
_ANY_DISCIPLINE: Final = ";".join(DISCIPLINES)
_CODE_VALUES: Final = ("label", "timed", "unit_minutes", "kind", "therapy", "disciplines", "one_on_one")
_YES_NO: Final = ("yes", "no")
_THERAPY: Final = ("always", "sometimes", "no")
_Shape = tuple[str, str, int]


@attrs.frozen
class Code:
    """A procedure code: what a policy needs to know of it, and its first and last day.

    `unit_minutes` are the minutes of one unit of a timed code, None where none are stated. `therapy` is
    always, sometimes or no. `disciplines` are those that may bill it; a chiropractor's codes have DC.
    """

    code: str
    label: str = ""
    timed: bool = False
    unit_minutes: int | None = None
    kind: str = ""
    therapy: str = "no"
    disciplines: tuple[str, ...] = ()
    one_on_one: bool = False
    from_: date | None = None
    to: date | None = None

    def holds(self, on: date) -> bool:
        """Whether the code is in force on a date."""
        return Span(self.from_, self.to).holds(on)


# ---- the code table ----------------------------------------------------------------------------------------


@attrs.frozen(init=False)
class CodeTable:
    """Procedure codes by name, and in order for ranges; immutable."""

    _codes: Mapping[str, tuple[Code, ...]] = attrs.field(repr=False, hash=False)
    _ordered: Mapping[_Shape, tuple[str, ...]] = attrs.field(repr=False, eq=False)

    def __init__(self, codes: Iterable[Code]) -> None:
        """Take codes in any order; one code may stand more than once, with other dates."""
        known: dict[str, tuple[Code, ...]] = {}
        for code in codes:
            known[code.code] = (*known.get(code.code, ()), code)
        ordered: dict[_Shape, list[str]] = {}
        for name in sorted(known):
            ordered.setdefault(_shape(name), []).append(name)
        self.__attrs_init__(known, {shape: tuple(names) for shape, names in ordered.items()})

    def code(self, code: str, on: date | None = None) -> Code | None:
        """Give what is known of a code, None if nothing; of several rows that of a date, or the last."""
        found = self._codes.get(code)
        if found is None:
            return None
        if on is not None and len(found) > 1:
            return next((one for one in found if one.holds(on)), found[-1])
        return found[-1]

    def in_force(self, code: str, on: date) -> bool:
        """Whether the table has a code and it is in force on a date."""
        return any(one.holds(on) for one in self._codes.get(code, ()))

    def between(self, first: str, last: str, on: date | None = None) -> tuple[str, ...]:
        """Give the codes between two, both ends in, in force on a date or ever.

        They have the length, the prefix and the last letter of the ends (language.md, "Selector"); ends of
        two shapes hold nothing between them.
        """
        shape = _shape(first)
        names = self._ordered.get(shape, ()) if shape == _shape(last) else ()
        found = names[bisect_left(names, first) : bisect_right(names, last)]
        return found if on is None else tuple(name for name in found if self.in_force(name, on))

    def nearest(self, code: str) -> str | None:
        """Give the known code spelt most like another: digits swapped, then the nearest number."""
        close = get_close_matches(code, [name for name in self._codes if name != code], n=20, cutoff=0.6)
        return min(close, key=lambda name: _distance(code, name), default=None)

    def extended(self, added: Iterable[Code]) -> CodeTable:
        """Give a table with codes added; each takes the place of all that was known of the same code."""
        new = tuple(added)
        names = {code.code for code in new}
        kept = (code for name, codes in self._codes.items() if name not in names for code in codes)
        return CodeTable((*kept, *new))

    def codes(self) -> tuple[Code, ...]:
        """Give every code."""
        return tuple(code for codes in self._codes.values() for code in codes)


def _shape(code: str) -> _Shape:
    match = _SHAPE.match(code)
    assert match is not None  # every part of the pattern may be empty
    return match[1], match[2], len(code)


def _distance(wrong: str, name: str) -> tuple[bool, float, bool, int, str]:
    numbers = [int("0" + re.sub("[^0-9]", "", text)) for text in (wrong, name)]
    likeness = SequenceMatcher(None, name, wrong).ratio()
    swapped = sorted(wrong) == sorted(name)
    return not swapped, -likeness, _shape(wrong) != _shape(name), abs(numbers[0] - numbers[1]), name


# ---- reading -----------------------------------------------------------------------------------------------


def codes_from(table: Table) -> tuple[Code, ...]:
    """Read the codes of a table with the key `code`; what `code_faults` refuses is passed over."""
    return tuple(_code(row) for row in table.rows) if table.keys == ("code",) else ()


def _code(row: Row) -> Code:
    """A row as a code; of a column that the table does not give nothing is known: any discipline, timed as an unknown code is (N20, N58)."""
    cells = row.cells
    minutes = cells.get("unit_minutes", "")
    return Code(
        code=cells["code"], label=cells.get("label", ""),
        timed=cells.get("timed", "yes") == "yes", unit_minutes=int(minutes) if _is_count(minutes) else None,
        kind=cells.get("kind", ""), therapy=cells.get("therapy") or "no",
        disciplines=tuple(part for part in cells.get("disciplines", _ANY_DISCIPLINE).split(";") if part),
        one_on_one=cells.get("one_on_one") == "yes", from_=row.span.from_, to=row.span.to,
    )  # fmt: skip


def code_faults(table: Table) -> tuple[TableFault, ...]:
    """Give what is wrong with a table of codes (`codes_added`): its key, its columns, its cells."""
    if table.keys != ("code",):
        return (TableFault(0, None, "a table of codes has one key, `code`"),)
    unknown = [value for value in table.values if value not in _CODE_VALUES]
    listed = ", ".join(_CODE_VALUES)
    told = "is no value of a code; those are " + listed
    faults = [TableFault(0, value, f"{value} {told}", nearest(value, _CODE_VALUES)) for value in unknown]
    return (*faults, *(fault for row in table.rows for fault in _cell_faults(row)))


def _cell_faults(row: Row) -> list[TableFault]:
    faults, cells = [], row.cells
    if system_of(cells["code"]) != "procedure":
        faults.append(TableFault(row.line, "code", f"{cells['code']} has not the shape of a procedure code"))
    for column, words in (("timed", _YES_NO), ("one_on_one", _YES_NO), ("therapy", _THERAPY)):
        cell = cells.get(column, "")
        if cell and cell not in words:
            told = f"{column} is {' or '.join(words)}, not {cell}"
            faults.append(
                TableFault(row.line, column, told, nearest(cell.lower(), words) or _same(cell, words))
            )
    for part in filter(None, cells.get("disciplines", "").split(";")):
        if part not in (*DISCIPLINES, "DC"):
            told = f"{part} is no discipline; they are joined by ;, as in PT;OT"
            faults.append(TableFault(row.line, "disciplines", told, _same(part, DISCIPLINES)))
    minutes = cells.get("unit_minutes", "")
    if minutes and not _is_count(minutes):
        faults.append(TableFault(row.line, "unit_minutes", f"{minutes} is no number of minutes"))
    return faults


def _same(cell: str, words: Iterable[str]) -> str | None:
    return next((word for word in words if word.lower() == cell.lower()), None)


def _is_count(text: str) -> bool:
    return bool(re.fullmatch("[1-9][0-9]{0,3}", text))


def _shipped(name: str, key: str, *values: str) -> Table:
    path = folder("policies") / "tables" / f"{name}.csv"
    raw, faults = read_table(path.read_text(encoding="utf-8"), str(path))
    table: Table | None = None
    if raw is not None and not faults:
        table, faults = index(raw, (key,), values, name)
    if table is None:
        raise ValueError("\n".join(f"{path}:{fault.line}: {fault.message}" for fault in faults))
    return table


@cache
def code_table() -> CodeTable:
    """Give the shipped table of therapy codes."""
    return CodeTable(codes_from(_shipped("therapy_codes", "code", *_CODE_VALUES)))


@cache
def modifiers() -> Table:
    """Give the shipped table of modifiers: label, and the dates of those that have them."""
    return _shipped("modifiers", "modifier", "label")


@cache
def adjustment_groups() -> Table:
    """Give the shipped table of adjustment groups (CO, PR, OA, PI, CR)."""
    return _shipped("adjustment_groups", "code", "meaning")


@cache
def carc() -> Table:
    """Give the shipped table of claim adjustment reason codes, without their groups."""
    return _shipped("carc", "code", "meaning")


@cache
def rarc() -> Table:
    """Give the shipped table of remittance advice remark codes."""
    return _shipped("rarc", "code", "meaning")


@cache
def vague_phrases() -> Table:
    """Give the shipped table of phrases that say nothing of a patient, with the dates of each."""
    return _shipped("vague_phrases", "phrase", "of")


@cache
def description_words() -> Table:
    """Give the shipped table of words by which a description reads like a code, and what sets the code apart."""
    return _shipped("description_words", "code", "words", "apart")


# ---- modifiers, CARC, RARC ---------------------------------------------------------------------------------


def modifier_known(modifier: str, on: date | None = None) -> bool:
    """Whether a modifier is in the table, on a date or at all."""
    return _known(modifiers(), modifier, on)


def carc_known(text: str, on: date | None = None) -> bool:
    """Whether a group and a reason, written CO-119, are in the tables."""
    group, dash, reason = text.partition("-")
    return bool(dash) and _known(adjustment_groups(), group, on) and _known(carc(), reason, on)


def rarc_known(text: str, on: date | None = None) -> bool:
    """Whether a remark code is in the table."""
    return _known(rarc(), text, on)


def _known(table: Table, code: str, on: date | None) -> bool:
    return table.row((code,), on) is not None if on is not None else bool(table.rows_for((code,)))


def _names(table: Table) -> tuple[str, ...]:
    return tuple(key[0] for key in table.all_keys())


def nearest_modifier(text: str) -> str | None:
    """Give the modifier spelt most like a wrong one."""
    return _same(text, _names(modifiers())) or nearest(text.upper(), _names(modifiers()))


def nearest_rarc(text: str) -> str | None:
    """Give the remark code spelt most like a wrong one."""
    return _same(text, _names(rarc())) or nearest(text.upper(), _names(rarc()))


def nearest_carc(text: str) -> str | None:
    """Give the group and reason spelt most like wrong ones; without a group, that of the provider (CO)."""
    groups, reasons = _names(adjustment_groups()), _names(carc())
    match = re.fullmatch(r"(?:([A-Z]{2})(?=[-0-9 ]|B[0-9]))?[- ]?([0-9A-Z]+)", text.upper())
    if match is None:
        return None
    group = match[1] if match[1] in groups else nearest(match[1] or "", groups) or "CO"
    reason = match[2] if match[2] in reasons else nearest(match[2], reasons)
    return f"{group}-{reason}" if reason else None


# ---- shapes ------------------------------------------------------------------------------------------------


def system_of(text: str) -> str | None:
    """Tell a code's kind by its shape: procedure, diagnosis, short (modifier, place of service), revenue."""
    if _PROCEDURE.fullmatch(text):
        return "procedure"
    if _DIAGNOSIS.fullmatch(text):
        return "diagnosis"
    if _SHORT.fullmatch(text):
        return "short"
    return "revenue" if _REVENUE.fullmatch(text) else None


def in_diagnosis_range(code: str, first: str, last: str) -> bool:
    """Whether a diagnosis lies between two, with all below the ends: F70..F79 holds F78.A1 and F79.9.

    Codes go in the order of their characters, digits before letters; a dot does not count, since 837 claims
    have none.
    """
    plain, end = code.replace(".", ""), last.replace(".", "")
    return first.replace(".", "") <= plain and (plain <= end or plain.startswith(end))
