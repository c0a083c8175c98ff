"""From the records of a part to its patients: each record is read here, beside the others of its patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs

from ..claims import Claim, History
from ..errors import Fault, InputError, Refusal
from ..interchange import parsed, read, read_json
from .columns import CLAIM
from .partition import ROW, TEXT, Segment, hash_of, segments_of
from .patients import Person, patient_id, whose
from .rows import Found, Row, RowReader
from .sources import Source, arrow, cells_of

_TORN = Fault(CLAIM, "the rows of this claim name several patients; a claim is one patient's")


@attrs.define
class PartReader:
    """Reads parts of some sources; `payers` gives payers other names, `torn` are claims whose rows lie in several parts."""

    sources: Sequence[Source]
    payers: Mapping[str, str] = attrs.field(factory=dict)
    torn: frozenset[int] = frozenset()
    _readers: dict[int, RowReader] = attrs.field(factory=dict, init=False)

    def people(self, path: Path) -> Iterator[Person]:
        """The patients of a part, in the order of their ids."""
        found: dict[Any, Person] = {}
        for segment in segments_of(path):
            self._take(segment, found)
        for key in sorted(found, key=str):
            yield found[key]

    def _take(self, segment: Segment, found: dict[Any, Person]) -> None:
        source = self.sources[segment.source]
        if source.form == "arrow":
            self._rows(self._arrow_rows(segment, source), found)
        elif source.form == "csv":
            self._rows(self._csv_rows(segment, source), found)
        else:
            for number, raw in _lines(segment):
                self._record(source, number, raw, found)

    # ---- tables ----------------------------------------------------------------------------------------------

    def _reader(self, segment: Segment, source: Source) -> RowReader:
        if segment.source not in self._readers:
            self._readers[segment.source] = source.row_reader()
        return self._readers[segment.source]

    def _csv_rows(self, segment: Segment, source: Source) -> Iterator[Row]:
        reader = self._reader(segment, source)
        for number, raw in _lines(segment):
            cells, faults = cells_of(raw, source.delimiter)
            yield reader.read(cells, number, faults)

    def _arrow_rows(self, segment: Segment, source: Source) -> Iterator[Row]:
        reader = self._reader(segment, source)
        with arrow().ipc.open_stream(BytesIO(segment.payload)) as stream:
            for batch in stream:
                *columns, numbers = (column.to_pylist() for column in batch.columns)
                assert batch.schema.names[-1] == ROW
                for number, cells in zip(numbers, zip(*columns, strict=True), strict=True):
                    yield reader.read(cells, number)

    def _rows(self, rows: Iterable[Row], found: dict[Any, Person]) -> None:
        for row in rows:
            claim = row.text(CLAIM)
            if claim is not None and not row.of_a_history and self.torn and hash_of(claim) in self.torn:
                row.faults = (*row.faults, _TORN)
            payer = row.values.get("payer")
            if payer in self.payers:
                row.values["payer"] = self.payers[payer]  # type: ignore[index]
            _person(found, whose(row), claim).rows.append(row)

    # ---- JSON ------------------------------------------------------------------------------------------------

    def _record(self, source: Source, number: int, raw: bytes, found: dict[Any, Person]) -> None:
        """Read a claim or a history; one that can't be read is kept with the patient whose it is, where that can be told."""
        place = f"{source.name} line {number}"
        data: Any = None
        try:
            if source.form == "whole":
                told, data, refused = parsed(raw)
                place = f"{source.name} {told}".rstrip()
                if refused is not None:
                    refusal = Refusal(data, place, tuple(Fault(*fault) for fault in refused))
                    _person(found, None, place).refusals.append(refusal)
                    return
            if source.of_a_history:
                history = read(History, data) if data is not None else read_json(History, raw)
                _person(found, history.patient if isinstance(history.patient, str) else None, place).histories.append(history)
                return
            claim = self._named(read(Claim, data) if data is not None else read_json(Claim, raw))
            _person(found, patient_id(claim), claim.id or place).claims.append(Found(claim, place))
        except InputError as error:
            _refuse(source, place, data if data is not None else _whatever(raw), error, found)

    def _named(self, claim: Claim) -> Claim:
        if isinstance(claim.payer, str) and claim.payer in self.payers:
            return attrs.evolve(claim, payer=self.payers[claim.payer])
        return claim


def _whatever(raw: bytes) -> Any:
    """What a record holds that was refused; None where it is no JSON."""
    try:
        return parsed(raw)
    except InputError:
        return None


def _person(found: dict[Any, Person], patient: str | None, alone: Any) -> Person:
    """The patient of one more record; what is nobody's stands by itself, a claim's rows together."""
    key = ("patient", patient) if patient is not None else ("claim", str(alone))
    known = found.get(key)
    if known is None:
        known = found[key] = Person(patient)
    known.records += 1
    return known


def _lines(segment: Segment) -> Iterator[tuple[int, bytes]]:
    assert segment.kind == TEXT
    for line in segment.payload.removesuffix(b"\n").split(b"\n"):
        number, _, raw = line.partition(b"\t")
        yield int(number), raw


def _refuse(source: Source, place: str, data: Any, error: InputError, found: dict[Any, Person]) -> None:
    data = data if isinstance(data, dict) else {}
    patient = data.get("patient")
    if source.of_a_history:
        whose = patient if isinstance(patient, str) else None
        _person(found, whose, place).faults += [attrs.evolve(fault, path=f"{place}: {fault.path}") for fault in error.faults]
        return
    whose = patient.get("id") if isinstance(patient, dict) and isinstance(patient.get("id"), str) else None
    claim = data.get("id")
    refusal = Refusal(claim if isinstance(claim, str) else None, place, error.faults)
    _person(found, whose, place).refusals.append(refusal)
