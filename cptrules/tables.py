"""Tables of a policy: CSV in UTF-8 with comments, the names of the columns, rows that may have dates.

`read_table` knows only the file, `index` which columns are keys and values; both give all faults at once.
Cells stay text. Columns named `from` and `to` are the row's span, both ends in; an empty one is open.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, TypeVar

import attrs

from .dates import Span
from .diagnostics import nearest

ALWAYS: Final = Span(None, None)
SPAN_COLUMNS: Final = ("from", "to")
_Key = TypeVar("_Key")


@attrs.frozen
class TableFault:
    """One fault: its line (from 1; 0 for the whole table), its column, what is wrong, the nearest name."""

    line: int
    column: str | None
    message: str
    suggestion: str | None = None


@attrs.frozen
class RawTable:
    """A table as its file has it: the columns, and each row's cells with the line it starts on."""

    path: str
    columns: tuple[str, ...]
    header_line: int
    rows: tuple[tuple[int, tuple[str, ...]], ...]


@attrs.frozen
class Row:
    """A row: the cells of the key and value columns by name, its span, the line it starts on."""

    cells: Mapping[str, str]
    span: Span
    line: int


@attrs.frozen
class Table:
    """A table with its keys and values settled; rows are found by key and date.

    `columns` are those of the file, `missing` what stands for a row that is not there (`none` for "no limit",
    None for nothing said). Immutable after `index`.
    """

    name: str
    path: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    values: tuple[str, ...]
    missing: str | None
    rows: tuple[Row, ...] = attrs.field(hash=False, repr=False)
    _by_key: Mapping[tuple[str, ...], tuple[Row, ...]] = attrs.field(eq=False, repr=False)
    _by_column: Mapping[str, Mapping[str, tuple[Row, ...]]] = attrs.field(eq=False, repr=False)

    def row(self, key: Sequence[str], on: date) -> Mapping[str, str] | None:
        """Give the row of a key on a date, None where there is none."""
        for row in self._by_key.get(tuple(key), ()):
            if row.span.holds(on):
                return row.cells
        return None

    def rows_for(self, key: Sequence[str]) -> tuple[Row, ...]:
        """Give all rows of a key, earliest span first."""
        return self._by_key.get(tuple(key), ())

    def select(self, column: str, value: str, on: date | None = None) -> tuple[Mapping[str, str], ...]:
        """Give the rows whose column (a key or a value) has a value, on a date or at all, in file order."""
        index = self._by_column.get(column)
        rows = self.rows if index is None else index.get(value, ())
        found = (row for row in rows if row.cells.get(column) == value)
        return tuple(row.cells for row in found if on is None or row.span.holds(on))

    def all_keys(self) -> tuple[tuple[str, ...], ...]:
        """Give every key once, in the file's order."""
        return tuple(self._by_key)

    def sample(self) -> tuple[Mapping[str, str], ...]:
        """Give every row's cells: what a column's type is told from."""
        return tuple(row.cells for row in self.rows)


# ---- reading -----------------------------------------------------------------------------------------------


def read_table(text: str, path: str) -> tuple[RawTable | None, tuple[TableFault, ...]]:
    """Read a table's text (decoded with `surrogateescape`); no table where it has no line of columns.

    A byte order mark at the start is passed over. A table with faults holds its other rows.
    """
    if "\0" in text:  # UTF-16, as a spreadsheet may save it, or no text at all: one fault, not one a line
        return None, (TableFault(1, None, "this is no UTF-8 text; save the table as CSV UTF-8"),)
    faults = _not_utf8(text)
    records = _records(text.removeprefix("\ufeff"), faults)
    header = next(records, None)
    if header is None:
        what = "the table has no line with the names of its columns" if text.strip() else "the table is empty"
        return None, (*faults, TableFault(1, None, what))
    line, columns = header
    faults += _of_columns(line, columns)
    rows = tuple(_full_rows(records, columns, faults))
    return RawTable(path, columns, line, rows), tuple(sorted(faults, key=lambda fault: fault.line))


def _not_utf8(text: str) -> list[TableFault]:
    if text.isascii():
        return []
    told = "this line is not UTF-8; save the table as CSV UTF-8"
    lines = enumerate(io.StringIO(text, newline=""), 1)
    return [
        TableFault(number, None, told)
        for number, line in lines
        if any("\ud800" <= c <= "\udfff" for c in line)
    ]


def _records(text: str, faults: list[TableFault]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each record that is not blank or a comment, with its first line; what csv refuses is a fault."""
    # A comment may hold quotes, which must not open a text: those at the top never reach the csv module.
    lines = list(io.StringIO(text, newline=""))
    told = (n for n, line in enumerate(lines) if line.strip() and not line.startswith("#"))
    skipped = next(told, len(lines))
    reader = csv.reader(lines[skipped:], strict=True, skipinitialspace=True)
    while True:
        line = skipped + reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            faults.append(TableFault(line, None, f"this row can't be read: {error}"))
            continue
        cells = tuple(cell.strip() for cell in record)
        if any(cells) and not cells[0].startswith("#"):
            yield line, cells


def _of_columns(line: int, columns: tuple[str, ...]) -> list[TableFault]:
    faults = []
    for number, column in enumerate(columns, 1):
        if not column:
            faults.append(TableFault(line, None, f"column {number} has no name"))
        elif column in columns[: number - 1]:
            faults.append(TableFault(line, column, f"the column {column} stands twice"))
    return faults


def _full_rows(
    records: Iterable[tuple[int, tuple[str, ...]]], columns: tuple[str, ...], faults: list[TableFault]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    width = len(columns)
    for line, cells in records:
        if len(cells) == width:
            yield line, cells
        else:
            many = "too many" if len(cells) > width else "too few"
            faults.append(TableFault(line, None, f"{many} cells: {len(cells)} for {width} columns"))


# ---- indexing ----------------------------------------------------------------------------------------------


def index(
    raw: RawTable, keys: Iterable[str], values: Iterable[str] = (), name: str = "", missing: str | None = None
) -> tuple[Table | None, tuple[TableFault, ...]]:
    """Settle a table's keys and values; no table where a row or a column has a fault.

    Faults: a column that is not there, an empty key, a bad date, a span that ends before it begins,
    two rows of one key that overlap (language.md, "A table is CSV").
    """
    keys, values = tuple(keys), tuple(values)
    faults = _absent(raw, keys, values)
    if faults:
        return None, tuple(faults)
    rows = _rows(raw, keys, values, faults)
    by_key = _grouped((tuple(row.cells[key] for key in keys), row) for row in rows)
    ordered = {key: tuple(sorted(found, key=_start)) for key, found in by_key.items()}
    for key, found in ordered.items():
        faults += _overlaps(key, found)
    if faults:
        return None, tuple(sorted(faults, key=lambda fault: fault.line))
    # A pair is looked up by its second column alone; a single key needs no second index.
    by_column = {
        key: _frozen(_grouped((row.cells[key], row) for row in rows)) for key in keys if len(keys) > 1
    }
    return Table(name, raw.path, raw.columns, keys, values, missing, tuple(rows), ordered, by_column), ()


def _absent(raw: RawTable, keys: tuple[str, ...], values: tuple[str, ...]) -> list[TableFault]:
    wanted = (*keys, *values)
    absent = [column for column in wanted if column not in raw.columns]
    if absent and len(absent) == len(wanted) and not any(nearest(column, raw.columns) for column in absent):
        first = "the first line that is no comment must name the columns, among them " + ", ".join(wanted)
        return [TableFault(raw.header_line, None, first)]
    known = ", ".join(raw.columns)
    told = [(c, f"there is no column {c}; there are {known}", nearest(c, raw.columns)) for c in absent]
    twice = sorted({column for column in wanted if wanted.count(column) > 1})
    told += [(c, f"the column {c} is named twice among keys and values", None) for c in twice]
    return [TableFault(raw.header_line, *said) for said in told]


def _rows(
    raw: RawTable, keys: tuple[str, ...], values: tuple[str, ...], faults: list[TableFault]
) -> list[Row]:
    places = [(column, raw.columns.index(column)) for column in (*keys, *values)]
    start, end = (raw.columns.index(c) if c in raw.columns else None for c in SPAN_COLUMNS)
    rows, spans = [], {("", ""): ALWAYS}
    for line, cells in raw.rows:
        ends = (cells[start] if start is not None else "", cells[end] if end is not None else "")
        span = spans.get(ends)
        if span is None:
            before = len(faults)
            span = _span(line, ends, faults)
            if len(faults) == before:
                spans[ends] = span
        row = Row({column: cells[place] for column, place in places}, span, line)
        faults += [TableFault(line, key, f"the key {key} is empty") for key in keys if not row.cells[key]]
        rows.append(row)
    return rows


def _span(line: int, ends: tuple[str, str], faults: list[TableFault]) -> Span:
    found = [_date(line, column, cell, faults) for column, cell in zip(SPAN_COLUMNS, ends, strict=True)]
    start, end = found
    if start is not None and end is not None and end < start:
        faults.append(TableFault(line, "to", f"the span ends {end} before it begins {start}"))
    return Span(start, end)


def _date(line: int, column: str, cell: str, faults: list[TableFault]) -> date | None:
    if not cell:
        return None
    try:
        # `fromisoformat` also reads 20260131 and weeks, which the language does not have.
        if len(cell) == 10 and cell[4] == cell[7] == "-":
            return date.fromisoformat(cell)
    except ValueError:
        pass
    faults.append(TableFault(line, column, f"{cell} is no date; one is written 2026-01-31"))
    return None


def _grouped(pairs: Iterable[tuple[_Key, Row]]) -> dict[_Key, list[Row]]:
    groups: dict[_Key, list[Row]] = {}
    for key, row in pairs:
        groups.setdefault(key, []).append(row)
    return groups


def _frozen(groups: dict[str, list[Row]]) -> dict[str, tuple[Row, ...]]:
    return {key: tuple(rows) for key, rows in groups.items()}


def _start(row: Row) -> tuple[date, int]:
    return row.span.from_ or date.min, row.line


def _overlaps(key: tuple[str, ...], rows: tuple[Row, ...]) -> list[TableFault]:
    """Faults at the later line of two rows that overlap; each is compared with the longest before."""
    faults: list[TableFault] = []
    longest = rows[0]
    for row in rows[1:]:
        if longest.span.overlaps(row.span) and "" not in key:
            first, second = sorted((longest.line, row.line))
            told = f"two rows of {', '.join(key)} overlap; the other is on line {first}"
            faults.append(TableFault(second, None, told))
        if (row.span.to or date.max) > (longest.span.to or date.max):
            longest = row
    return faults
