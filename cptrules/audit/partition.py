"""The external partition: records cut into parts by patient, on disk, so that memory does not grow with the number of claims.

All records of one patient come into one part, whatever their order in the files. A part is a file of segments, each with its length
and checksum: a segment holds lines of text, or rows of Arrow, as they stood in the source.
"""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import attrs

from ..errors import Fault, InputError
from .sources import Record, Source, arrow, batches_of, keys_of, records_of

LINES_A_PART: Final = 5_000
_HELD: Final = 32 << 20  # bytes of segments that are held before they are written
_HEAD: Final = struct.Struct(">cIII")  # what it holds, of which source, its length, its checksum
TEXT: Final = b"T"
ARROW: Final = b"A"
ROW: Final = "__row"

Told = Callable[[int], None]


@attrs.frozen
class Segment:
    """A piece of a part: records of one source."""

    kind: bytes
    source: int
    payload: bytes


def parts_for(sources: Sequence[Source]) -> int:
    """How many parts the input is cut into: some thousands of lines each."""
    return max(1, -(-sum(source.lines() for source in sources) // LINES_A_PART))


def partition(sources: Sequence[Source], where: Path, parts: int, told: Told) -> None:
    """Cut the records of all sources into parts below `where`; `told` hears how many records have gone by.

    Raises InputError where a source can't be read, or a record of a history may be anybody's.
    """
    where.mkdir(parents=True)
    writer = _Writer(where, parts)
    for number, source in enumerate(sources):
        _cut(number, source, writer, told)
    writer.flush()
    counted = {"rows": writer.rows, "torn": sorted(_torn(where)), "notes": writer.notes}
    (where / "partition.json").write_text(json.dumps(counted), encoding="utf-8")


def _cut(number: int, source: Source, writer: _Writer, told: Told) -> None:
    writer.begin(source)
    if source.form != "arrow":
        many = 0
        for many, record in enumerate(records_of(source, writer.notes), 1):
            writer.text(number, source, record)
            if many % 10_000 == 0:
                told(10_000)
        told(many % 10_000)
        return
    first = 1
    for batch in batches_of(source):
        writer.arrow(number, source, batch, first)
        first += batch.num_rows
        told(batch.num_rows)


class _Writer:
    """Writes segments of parts; holds some of them back so that a file is opened seldom."""

    def __init__(self, where: Path, parts: int) -> None:
        self._where = where
        self._parts = parts
        self._held: dict[int, list[bytes]] = {}
        self._texts: dict[tuple[int, int], list[bytes]] = {}
        self._pairs: dict[int, array[int]] = {}
        self._last: tuple[int, int] | None = None
        self._size = 0
        self.rows = 0
        self.notes: list[str] = []

    def begin(self, source: Source) -> None:
        self._table = source.form in ("csv", "arrow") and not source.of_a_history

    def text(self, number: int, source: Source, record: Record) -> None:
        part = self._part(source, record.row, record.patient, record.claim, record.raw)
        raw = b"%d\t%b\n" % (record.row, record.raw)
        self._texts.setdefault((part, number), []).append(raw)
        self._grown(len(raw) + 80)
        self.rows += 1

    def arrow(self, number: int, source: Source, batch: Any, first: int) -> None:
        pa = arrow()
        rows: dict[int, list[int]] = {}
        for place, (patient, claim) in enumerate(keys_of(source, batch)):
            part = self._part(source, first + place, patient, claim, b"%d" % (first + place))
            rows.setdefault(part, []).append(place)
        numbered = batch.append_column(ROW, pa.array(range(first, first + batch.num_rows), pa.int64()))
        for part, places in rows.items():
            sink = BytesIO()
            with pa.ipc.new_stream(sink, numbered.schema) as stream:
                stream.write_batch(numbered.take(pa.array(places)))
            self._segment(part, ARROW, number, sink.getvalue())
        self.rows += batch.num_rows

    def _part(self, source: Source, row: int, patient: str | None, claim: str | None, raw: bytes) -> int:
        """The part of a record: its patient's; of a claim of nobody known by its id, of what says neither by its own bytes."""
        if source.of_a_history and patient is None:
            told = "it does not say whose history it is, and could be any patient's"
            raise InputError([Fault(f"{source.path} row {row}", told)])
        if patient is not None:
            key = b"p" + patient.encode("utf-8", "surrogatepass")
        else:
            key = b"c" + (claim.encode("utf-8", "surrogatepass") if claim is not None else raw)
        if self._table and claim is not None:
            self._pair(hash_of(claim), zlib.crc32(key))
        return zlib.crc32(key) % self._parts

    def _pair(self, claim: int, patient: int) -> None:
        """Remember, on disk, whose a claim's rows are."""
        if (claim, patient) != self._last:
            self._last = (claim, patient)
            self._pairs.setdefault(claim % self._parts, array("Q")).extend((claim, patient))
            self._grown(16)

    def _segment(self, part: int, kind: bytes, source: int, payload: bytes) -> None:
        self._held.setdefault(part, []).append(_HEAD.pack(kind, source, len(payload), zlib.crc32(payload)) + payload)
        self._grown(len(payload) + 80)

    def _grown(self, size: int) -> None:
        self._size += size
        if self._size > _HELD:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        self._size = 0
        texts, self._texts = self._texts, {}
        for (part, source), lines in texts.items():
            self._segment(part, TEXT, source, b"".join(lines))
        self._size = 0
        for part, segments in self._held.items():
            _append(spool_of(self._where, part), b"".join(segments))
        for part, pairs in self._pairs.items():
            _append(self._where / f"{part:06}.claims", pairs.tobytes())
        self._held.clear()
        self._pairs.clear()


def _append(path: Path, data: bytes) -> None:
    with open(path, "ab") as file:
        file.write(data)


def spool_of(where: Path, part: int) -> Path:
    """Where the records of a part lie."""
    return where / f"{part:06}.records"


def hash_of(claim: str) -> int:
    """A claim's id as a number."""
    return int.from_bytes(blake2b(claim.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _torn(where: Path) -> Iterator[int]:
    """Claims of tables whose rows name more than one patient: none of their parts is the whole claim."""
    for path in sorted(where.glob("*.claims")):
        pairs = array("Q")
        pairs.frombytes(path.read_bytes())
        first: dict[int, int] = {}
        torn = {claim for claim, patient in zip(pairs[::2], pairs[1::2], strict=True) if first.setdefault(claim, patient) != patient}
        yield from torn
        path.unlink()


def segments_of(path: Path) -> Iterator[Segment]:
    """Read a part's segments; raises InputError where it is damaged."""
    if not path.exists():
        return
    with open(path, "rb") as file:
        while head := file.read(_HEAD.size):
            damaged = len(head) < _HEAD.size
            if not damaged:
                kind, source, length, checksum = _HEAD.unpack(head)
                payload = file.read(length)
                damaged = len(payload) < length or zlib.crc32(payload) != checksum
            if damaged:
                told = "a part of the input, as it was cut to disk, can't be read; run again with --restart"
                raise InputError([Fault(str(path), told)])
            yield Segment(kind, source, payload)
