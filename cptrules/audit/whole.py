"""Tables read whole, for the commands that judge a few claims: the same rows as an audit's, in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from ..claims import Claim, History, Service
from ..errors import Fault, InputError, Refusal
from ..intake import Claims, Histories
from .mapping import PLAIN, TableMapping
from .patients import row_faults
from .rows import Found, Row, claims_of, patient_of, service_of
from .sources import Source, batches_of, cells_of, records_of, source_of
from .tables import mark_torn

if TYPE_CHECKING:
    from ..fhir.mapping import FhirMapping


def claims_of_table(path: str | os.PathLike[str], mapping: FhirMapping | TableMapping | None, payers: Mapping[str, str]) -> Claims:
    """Read the claims of a table in the order of their ids; one with a row that can't be read is refused whole."""
    rows = list(_rows(_source(path, mapping, of_a_history=False)))
    if any(row.of_a_history for row in rows):
        raise InputError([Fault("column history", "services of a history stand among the claims; give them as the history, or audit the table")])
    mark_torn(rows)
    made = sorted(claims_of(rows), key=lambda one: str(one.claim.id if isinstance(one, Found) else one.claim))
    claims = [_renamed(one.claim, payers) for one in made if isinstance(one, Found)]
    return Claims(tuple(claims), tuple(one for one in made if isinstance(one, Refusal)))


def _renamed(claim: Claim, payers: Mapping[str, str]) -> Claim:
    return attrs.evolve(claim, payer=payers[claim.payer]) if isinstance(claim.payer, str) and claim.payer in payers else claim


def histories_of_table(path: str | os.PathLike[str], mapping: FhirMapping | TableMapping | None) -> Histories:
    """Read services as histories, one for a patient; raises InputError with every fault. How far they are complete a table can't say."""
    services: dict[str, list[Service]] = {}
    faults: list[Fault] = []
    for row in _rows(_source(path, mapping, of_a_history=True)):
        patient = patient_of(row)
        wrong = [*row_faults(row, row.label), *([Fault(row.label, "it does not say whose history it is")] if patient is None else [])]
        faults += wrong
        if not wrong and patient is not None:
            services.setdefault(patient, []).append(service_of(row))
    if faults:
        raise InputError(faults)
    found = tuple(History(patient=patient, services=tuple(given)) for patient, given in sorted(services.items()))
    return Histories(found, ("a table of services does not say since when it is complete: counts stay open at their upper end",))


def _source(path: str | os.PathLike[str], mapping: Any, of_a_history: bool) -> Source:
    if mapping is not None and not isinstance(mapping, TableMapping):
        raise InputError([Fault("", "the mapping is of FHIR, and this is a table")])
    name = os.fspath(path)
    try:
        return source_of(name, mapping or PLAIN, of_a_history)
    except InputError as error:  # the caller names the file
        raise InputError(attrs.evolve(fault, path=fault.path.removeprefix(name).removeprefix(": ")) for fault in error.faults) from None


def _rows(source: Source) -> Iterator[Row]:
    reader = source.row_reader()
    if source.form == "arrow":
        number = 0
        for batch in batches_of(source):
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield reader.read(cells, number)
        return
    for record in records_of(source, []):
        cells, faults = cells_of(record.raw, source.delimiter)
        yield reader.read(cells, record.row, faults)
