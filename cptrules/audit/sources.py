"""The files an audit reads: what each holds is told by its content; a table's header is held against its mapping at once.

A record is kept as it stood (a line of text, or the cells of an Arrow column) until the patient's turn comes: it is read there,
beside the patient's others. Here only whose it is is read.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from ..errors import Fault, InputError
from .cells import Wrong, reader
from .columns import CLAIM, PATIENT
from .mapping import PLAIN, Bound, TableMapping, bind
from .rows import RowReader

if TYPE_CHECKING:
    import pyarrow as pa

    from ..fhir.mapping import FhirMapping

BATCH: Final = 65_536  # rows of an Arrow file that are held at once
_NEED_ARROW: Final = "to read or write Parquet, install the extra: pip install 'cptrules[arrow]'"
# How many bytes a line takes in a text file, roughly: only the number of parts hangs on it.
_BYTES_A_LINE: Final = {"csv": 250, "jsonl": 500, "whole": 300}


@attrs.frozen
class Source:
    """One input file: its form (csv, arrow, jsonl, whole), whether it is of a history, and of a table its header and mapping."""

    path: str
    form: str
    of_a_history: bool
    header: tuple[str, ...] = ()
    delimiter: str = ","
    mapping: TableMapping = PLAIN
    fhir: FhirMapping | None = None
    label: str = ""  # what it is called in results; left out, the file's name without its folders

    def bound(self) -> tuple[Bound, ...]:
        """Where each field stands in a row."""
        return bind(self.header, self.mapping, self.of_a_history)

    def row_reader(self) -> RowReader:
        """Give the reader of its rows."""
        return RowReader(self.bound(), self.name, len(self.header), self.of_a_history)

    @property
    def name(self) -> str:
        """What it is called in results."""
        return self.label or os.path.basename(self.path)

    def lines(self) -> int:
        """How many lines it may hold, roughly."""
        if self.form == "arrow":
            return int(_arrow_rows(self.path))
        return os.path.getsize(self.path) // _BYTES_A_LINE[self.form] + 1


@attrs.frozen
class Record:
    """One record of a text file, as it stood: its row (or line), and whose it is as far as that can be read."""

    row: int
    patient: str | None
    claim: str | None
    raw: bytes


def arrow() -> Any:
    """Import pyarrow; raises InputError with what to install where it is not there."""
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.parquet
    except ImportError:
        raise InputError([Fault("", _NEED_ARROW)]) from None
    return pyarrow


def fingerprint(path: str) -> str:
    """What a file holds, in short."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---- what a file is ----------------------------------------------------------------------------------------------


def source_of(path: str, mapping: TableMapping | FhirMapping = PLAIN, of_a_history: bool = False) -> Source:
    """Look at a file's beginning and say what it is; raises InputError where it can't be read, or its header does not do.

    `mapping` is of a table's columns or of FHIR; the other kind of file goes without it.
    """
    of_columns, fhir = (mapping, None) if isinstance(mapping, TableMapping) else (PLAIN, mapping)
    head, size = _head(path)
    if head[:4] == b"PAR1" or head[:6] == b"ARROW1":
        return _table(path, "arrow", _arrow_header(path), ",", of_columns, of_a_history)
    text = head.lstrip()
    if not text.strip(b"\xef\xbb\xbf \t\r\n"):
        raise _fault(path, "there is nothing in it")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _fault(path, "it is not UTF-8 text; save it as UTF-8")
    first = text.removeprefix(b"\xef\xbb\xbf").lstrip()
    if first[:1] in (b"{", b"[") or first[:3] == b"ISA":
        line = first.partition(b"\n")[0].strip()
        several = line[:1] == b"{" and line[-1:] == b"}" and size > len(line) + 8 and b'"resourceType"' not in line
        return Source(path, "jsonl" if several else "whole", of_a_history, fhir=fhir)
    return _table(path, "csv", *_csv_header(path), of_columns, of_a_history)


def _head(path: str) -> tuple[bytes, int]:
    try:
        with open(path, "rb") as file:
            return file.read(1 << 20), os.path.getsize(path)
    except IsADirectoryError:
        raise _fault(path, "it is a folder, not a file") from None
    except FileNotFoundError:
        raise _fault(path, "there is no such file") from None
    except (OSError, ValueError) as error:
        raise _fault(path, f"it can't be read: {getattr(error, 'strerror', None) or error}") from None


def _fault(path: str, message: str) -> InputError:
    return InputError([Fault(path, message)])


def _table(path: str, form: str, header: tuple[str, ...], delimiter: str, mapping: TableMapping, of_a_history: bool) -> Source:
    found = Source(path, form, of_a_history, header, delimiter, mapping)
    try:
        bound = found.bound()
    except InputError as error:
        raise InputError(attrs.evolve(fault, path=f"{path}: column {fault.path}") for fault in error.faults) from None
    if form == "arrow":
        _right_types(path, bound, header)
    return found


# ---- CSV ---------------------------------------------------------------------------------------------------------


def _csv_header(path: str) -> tuple[tuple[str, ...], str]:
    with open(path, "rb") as file:
        raw = next((line for line in file if line.strip()), b"")
    try:
        text = raw.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        raise _fault(path, "it is not UTF-8 text; save it as UTF-8") from None
    delimiter = max(",;\t|", key=text.count)
    if not text.isprintable() and "\t" not in text:
        raise _fault(path, "it is neither a table nor JSON, Parquet or 837P")
    try:
        names = next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        raise _fault(path, "its first line is no header of a table") from None
    if len(names) < 2:
        raise _fault(path, "it is neither JSON nor an 837P file, and its first line is no header of a table")
    return tuple(name.strip() for name in names), delimiter


def cells_of(raw: bytes, delimiter: str) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """Part one line of a CSV file; what is wrong with it is said, and what can be told apart is given all the same.

    A row is one line: a cell that is not closed spoils its own row and no other.
    """
    faults: tuple[Fault, ...] = ()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text, faults = raw.decode("latin-1"), (Fault("", "it is not UTF-8 text"),)
    try:
        return tuple(next(csv.reader([text], delimiter=delimiter, strict=True))), faults
    except (csv.Error, StopIteration):
        told = Fault("", "its quotes are not closed, or it holds what no cell can hold")
        return tuple(one.strip('"') for one in text.split(delimiter)), (*faults, told)


def _csv_records(source: Source, notes: list[str]) -> Iterator[Record]:
    patient, claim = _key_readers(source)
    with open(source.path, "rb") as file:
        header = False
        for number, raw in enumerate(file, 1):
            raw = raw.rstrip(b"\r\n")
            if not header:
                header = bool(raw.strip())
            elif raw.strip():
                cells = cells_of(raw, source.delimiter)[0]
                yield Record(number, patient(cells), claim(cells), raw)


def _key_readers(source: Source) -> tuple[Any, Any]:
    """Readers of whose a row is: None where that can't be read."""
    width = len(source.header)
    readers = {one.column.name: reader(one) for one in source.bound() if one.column.name in (PATIENT, CLAIM)}

    def key(name: str) -> Any:
        read = readers.get(name)

        def value(cells: tuple[Any, ...]) -> str | None:
            try:
                found = read((*cells, *[None] * (width - len(cells)))) if read is not None else None
            except Wrong:
                return None
            return found if isinstance(found, str) else None

        return value

    return key(PATIENT), key(CLAIM)


# ---- JSON lines, and what is read whole --------------------------------------------------------------------------


def _jsonl_records(source: Source, notes: list[str]) -> Iterator[Record]:
    with open(source.path, "rb") as file:
        for number, raw in enumerate(file, 1):
            raw = raw.strip().removeprefix(b"\xef\xbb\xbf")
            if raw:
                yield Record(number, *_json_keys(raw, source.of_a_history), raw)


def _json_keys(raw: bytes, of_a_history: bool) -> tuple[str | None, str | None]:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return None, None
    data = data if isinstance(data, dict) else {}
    patient = data.get("patient")
    name = patient if of_a_history else patient.get("id") if isinstance(patient, dict) else None
    claim = data.get("id")
    return name if isinstance(name, str) else None, claim if isinstance(claim, str) else None


def _whole_records(source: Source, notes: list[str]) -> Iterator[Record]:
    """A file that is one text (837P, a JSON list, FHIR): read whole by its own reader, each claim or refusal then a record."""
    from ..intake import noted_histories, read_claims
    from .patients import patient_id

    try:
        if source.of_a_history:
            told = noted_histories(source.path, mapping=source.fhir)
            notes += [f"{source.name}: {note}" for note in told.notes]
            for number, history in enumerate(told.histories, 1):
                patient = history.patient if isinstance(history.patient, str) else None
                yield Record(number, patient, None, json.dumps(["", history.to_dict(), None]).encode())
            return
        found = read_claims(source.path, mapping=source.fhir)
    except InputError as error:
        raise InputError(attrs.evolve(fault, path=f"{source.path}: {fault.path}".removesuffix(": ")) for fault in error.faults) from None
    notes += [f"{source.name}: {note}" for note in found.notes]
    for number, claim in enumerate(found.claims, 1):
        name = claim.id if isinstance(claim.id, str) else None
        yield Record(number, patient_id(claim), name, json.dumps([f"claim {number}", claim.to_dict(), None]).encode())
    for number, refusal in enumerate(found.refusals, 1):
        faults = [[fault.path, fault.message, fault.suggestion] for fault in refusal.faults]
        yield Record(number, None, refusal.claim, json.dumps([refusal.place, refusal.claim, faults]).encode())


def records_of(source: Source, notes: list[str]) -> Iterator[Record]:
    """Give the records of a text file, as they stand; `notes` hears what its reader took for granted."""
    return {"csv": _csv_records, "jsonl": _jsonl_records, "whole": _whole_records}[source.form](source, notes)


# ---- Arrow -------------------------------------------------------------------------------------------------------


def _arrow_header(path: str) -> tuple[str, ...]:
    return tuple(_arrow_schema(path).names)


def _open_arrow(path: str) -> Any:
    pa = arrow()
    try:
        with open(path, "rb") as file:
            parquet = file.read(4) == b"PAR1"
        return pa.parquet.ParquetFile(path) if parquet else pa.ipc.open_file(path)
    except (pa.ArrowException, OSError, ValueError):
        raise _fault(path, "it is a damaged or unfinished file: its end, which says what is in it, can't be read") from None


def _arrow_schema(path: str) -> Any:
    opened = _open_arrow(path)
    return opened.schema_arrow if hasattr(opened, "schema_arrow") else opened.schema


def _arrow_rows(path: str) -> int:
    opened = _open_arrow(path)
    if hasattr(opened, "metadata"):
        return int(opened.metadata.num_rows)
    return sum(opened.get_batch(number).num_rows for number in range(opened.num_record_batches))


def batches_of(source: Source) -> Iterator[pa.RecordBatch]:
    """Give an Arrow file's rows in batches; raises InputError where a part of it can't be read."""
    pa = arrow()
    opened = _open_arrow(source.path)
    try:
        if hasattr(opened, "iter_batches"):
            yield from opened.iter_batches(batch_size=BATCH)
        else:
            yield from (opened.get_batch(number) for number in range(opened.num_record_batches))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _fault(source.path, f"a part of it can't be read ({type(error).__name__}); nothing is judged from a damaged file") from None


def keys_of(source: Source, batch: pa.RecordBatch) -> list[tuple[str | None, str | None]]:
    """Whose each row of a batch is: patient and claim, None where that can't be read."""
    patient, claim = _key_readers(source)
    known = {one.column.name: one.places for one in source.bound()}
    wanted = sorted({place for name in (PATIENT, CLAIM) for place in known.get(name, ())})
    columns: list[Iterable[Any]] = [[None] * batch.num_rows] * len(source.header)
    for place in wanted:
        columns[place] = batch.column(place).to_pylist()
    return [(patient(cells), claim(cells)) for cells in zip(*columns, strict=True)]


def type_faults(schema: Any, bound: Iterable[Bound]) -> Iterator[Fault]:
    """Columns of a type that their field can't have, with how a mapping mends it."""
    for one in bound:
        for place in one.places:
            told = _wrong_type(one, schema.field(place).type)
            if told is not None:
                yield Fault(schema.names[place], told)


def _right_types(path: str, bound: Iterable[Bound], header: tuple[str, ...]) -> None:
    faults = [attrs.evolve(fault, path=f"{path}: column {fault.path}") for fault in type_faults(_arrow_schema(path), bound)]
    if faults:
        raise InputError(faults)


def _wrong_type(bound: Bound, type_: Any) -> str | None:
    pa = arrow()
    types = pa.types
    while types.is_dictionary(type_) or (types.is_list(type_) or types.is_large_list(type_)) and bound.column.kind in ("texts", "wholes"):
        type_ = type_.value_type
    if types.is_string(type_) or types.is_large_string(type_) or types.is_string_view(type_) or types.is_null(type_):
        return None
    number = types.is_integer(type_) or types.is_floating(type_)
    kind, writing = bound.column.kind, bound.writing
    if kind in ("text", "texts"):
        mended = number and (writing.width is not None or bool(writing.values))
        return None if mended else f'it holds {type_}, not text: leading zeros are lost; write it as text, or give "width" in a mapping file'
    if kind == "money":
        right = types.is_decimal(type_) or number and writing.number is not None
        return None if right else f'it holds {type_}: write decimals, or say "number": "dollars" or "cents" in a mapping file'
    if kind == "day":
        right = types.is_date(type_) or types.is_timestamp(type_) or types.is_integer(type_) and writing.dates != ("%Y-%m-%d",)
        return None if right else f'it holds {type_}, not dates; give "dates" in a mapping file'
    right = {"whole": number or types.is_decimal(type_), "wholes": number, "yes_no": types.is_boolean(type_) or bool(writing.values)}
    return None if right.get(kind, True) else f"it holds {type_}, which its field can't have"


def path_of(given: str | os.PathLike[str]) -> str:
    """A path as it is named in messages and results."""
    return str(Path(given))
