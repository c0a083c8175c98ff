"""Arrow in, Arrow out: flat lines to the rows of an audit (results.py), for a table in memory or batch by batch.

`audited` is the one function beneath `Policies.audit_table` and the Spark adapter: batches to batches, with what is unfinished of a
patient carried over from one to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from ..claims import Claim, History
from ..errors import Fault, InputError, Refusal
from .columns import CLAIM, misplaced_facts
from .mapping import PLAIN, Bound, TableMapping, bind
from .patients import people
from .results import SCHEMA, Judge, Result
from .rows import Found, Row, RowReader
from .sources import arrow, type_faults
from .store import arrow_schema, arrow_table

if TYPE_CHECKING:
    import pyarrow as pa

    from ..checking import Policies
    from ..report import Report

_ROWS: Final = 10_000  # of a batch that is given back, about
_TORN: Final = Fault(CLAIM, "the rows of this claim name several patients; a claim is one patient's")


def result_schema() -> pa.Schema:
    """The Arrow schema of an audit's rows."""
    return arrow_schema(SCHEMA)


def bound_to(schema: Any, judge: Judge, mapping: TableMapping) -> tuple[Bound, ...]:
    """Bind an Arrow table's columns; raises InputError with every column that is missing, unknown, of another type, or of someone else."""
    bound = bind(schema.names, mapping)
    owners = {fact.name: fact.owner for fact in judge.policies.facts()}
    faults = [*type_faults(schema, bound), *misplaced_facts([one.column.name for one in bound], owners)]
    if faults:
        raise InputError(attrs.evolve(fault, path=f"column {fault.path}") for fault in faults)
    return bound


def rows_of(batch: Any, reader: RowReader, first: int | None) -> Iterator[Row]:
    """Read the rows of a batch; `first` is the place of its first row, None where rows have no places."""
    columns = [column.to_pylist() for column in batch.columns]
    for place, cells in enumerate(zip(*columns, strict=True)):
        yield reader.read(cells, 0 if first is None else first + place)


def audit_table(judge: Judge, table: Any, mapping: TableMapping = PLAIN, histories: Iterable[History] = ()) -> Any:
    """Audit flat lines in any order; raises InputError where a column does not do."""
    table = arrow().table(table) if isinstance(table, dict) else table
    reader = RowReader(bound_to(table.schema, judge, mapping), "", len(table.schema.names))
    rows: list[Row] = []
    for batch in table.to_batches():
        rows += rows_of(batch, reader, len(rows) + 1)
    mark_torn(rows)
    found = [one for person in people(rows, (), histories) for claim in judge.by_claim(person) for one in claim]
    return arrow_table(found, SCHEMA)


def mark_torn(rows: Sequence[Row]) -> None:
    """Claims whose rows name several patients are refused."""
    first: dict[str, str | None] = {}
    lines = [row for row in rows if not row.of_a_history and row.text(CLAIM) is not None]
    torn = {str(row.text(CLAIM)) for row in lines if first.setdefault(str(row.text(CLAIM)), row.text("patient.id")) != row.text("patient.id")}
    for row in lines:
        if row.text(CLAIM) in torn:
            row.faults = (*row.faults, _TORN)


def audited(judge: Judge, batches: Iterable[pa.RecordBatch], mapping: TableMapping = PLAIN) -> Iterator[pa.RecordBatch]:
    """Audit batches of flat lines whose rows are sorted by patient (of nobody known, by claim); what is unfinished is carried over.

    Raises InputError where a column does not do, or where the rows are not sorted.
    """
    reader: RowReader | None = None
    last = b""  # the patient before
    held: list[Row] = []
    ready: list[Result] = []
    for batch in batches:
        if reader is None:
            reader = RowReader(bound_to(batch.schema, judge, mapping), "", len(batch.schema.names))
        for row in rows_of(batch, reader, None):
            if held and _key(row) != _key(held[-1]):
                if row.text("patient.id") is not None and last > _key(row):
                    raise InputError([Fault("", "the rows are not sorted by patient: a patient's claims would not see each other")])
                ready += _judged(judge, held)
                held = []
            last = _key(row) if row.text("patient.id") is not None else last
            held.append(row)
        if len(ready) >= _ROWS:
            yield from _batches(ready)
            ready = []
    ready += _judged(judge, held)
    yield from _batches(ready)


def _key(row: Row) -> bytes:
    return (row.text("patient.id") or row.text(CLAIM) or "").encode("utf-8", "surrogatepass")


def _judged(judge: Judge, rows: list[Row]) -> list[Result]:
    return [one for person in people(rows) for claim in judge.by_claim(person) for one in claim]


def _batches(rows: Sequence[Result]) -> Iterator[Any]:
    if rows:
        yield from arrow_table(rows, SCHEMA).to_batches()


# ---- claims and histories as objects -----------------------------------------------------------------------------


def reports(judge: Judge, claims: Iterable[Claim], histories: Iterable[History], refused: list[Refusal] | None) -> Iterator[Report]:
    """Judge claims beside each other, patient by patient.

    What is refused goes to `refused`; without such a list it is raised as one InputError after the last report.
    """
    kept = [] if refused is None else refused
    found, told = _read(claims, kept), [_reread(history) for history in histories]
    for person in people((), found, told):
        for one in judge.reports(person):
            if isinstance(one, Refusal):
                kept.append(one)
            else:
                yield one[1]
    if refused is None and kept:
        raise InputError(attrs.evolve(fault, path=f"{one.place}: {fault.path}".rstrip(": ")) for one in kept for fault in one.faults)


def _read(claims: Iterable[Claim], refused: list[Refusal]) -> Iterator[Found]:
    """Hold claims made in Python to what is asked of those that are read."""
    from ..interchange import reread

    for number, claim in enumerate(claims):
        try:
            yield Found(reread(claim), f"claims[{number}]")
        except InputError as error:
            refused.append(Refusal(claim.id if isinstance(claim.id, str) else None, f"claims[{number}]", error.faults))


def _reread(history: History) -> History:
    from ..interchange import reread

    return reread(history, "history.")


def judge_of(policies: Policies, complete_from: Any, complete_for: str, ignore_missing: Iterable[str], repairs: bool = False) -> Judge:
    """The judge of what a caller states of the input; raises InputError for a word that is none of those there are."""
    from ..vocabulary import COMPLETE_FOR
    from .patients import Completeness

    if complete_for not in COMPLETE_FOR:
        raise InputError([Fault("complete_for", f"it is none of {', '.join(COMPLETE_FOR)}")])
    return Judge(policies, Completeness(complete_from, complete_for), tuple(ignore_missing), repairs)
