"""From flat rows to claims and to a history's services; a claim with one row that can't be read is refused whole (M10)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from ..claims import UNKNOWN, Claim, Patient, Provider, Service, ServiceLine
from ..errors import Fault, Refusal
from ..interchange import together
from .cells import Wrong, reader
from .columns import CLAIM, KIND, MARK, PATIENT, Column, column
from .mapping import Bound

# Whose field a column holds, as the claim's rows must agree on it.
_OF_THE_CLAIM: Final = ("claim", "patient", "billing_provider", "facts", "patient.facts")


@attrs.define
class Row:
    """One row as read: where it stood, the values it gives (UNKNOWN left out), and its faults."""

    source: str
    number: int
    values: dict[str, Any]
    faults: tuple[Fault, ...] = ()

    @property
    def label(self) -> str:
        """Which row of its table it is; where rows have no places (Spark), which line of its claim."""
        return f"row {self.number}" if self.number else f"line {self.values.get('number', '(no number)')}"

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.source} {self.label}".strip() if self.number else ""

    @property
    def of_a_history(self) -> bool:
        """Whether it is a service of the history."""
        return self.values.get(MARK) is True

    def text(self, name: str) -> str | None:
        """What a text column says; None where it says nothing."""
        found = self.values.get(name)
        return found if isinstance(found, str) else None


class RowReader:
    """Reads the rows of one table: its header is bound once, each row is read by itself."""

    def __init__(self, bound: Iterable[Bound], source: str, width: int, of_a_history: bool = False) -> None:
        self._readers = [(one.column.name, reader(one)) for one in bound]
        self._source = source
        self._width = width
        self._history = of_a_history

    def read(self, cells: tuple[Any, ...], number: int, faults: tuple[Fault, ...] = ()) -> Row:
        """Read a row's cells; `number` is its place in the table, `faults` what was wrong with it before."""
        found: dict[str, Any] = {MARK: True} if self._history else {}
        wrong = list(faults)
        if len(cells) != self._width:
            wrong.append(Fault("", f"it has {len(cells)} cells, the header has {self._width}"))
            cells = (*cells, *[None] * (self._width - len(cells)))
        for name, read in self._readers:
            try:
                value = read(cells)
            except Wrong as error:
                wrong.append(Fault(f"{name}{error.path}", str(error)))
                continue
            if value is not UNKNOWN:
                found[name] = value
        return Row(self._source, number, found, tuple(wrong))


@functools.cache
def _column(name: str) -> Column:
    found = column(name)
    assert found is not None
    return found


# ---- claims ------------------------------------------------------------------------------------------------------


@attrs.frozen
class Found:
    """A claim of the input with the place where it stood."""

    claim: Claim
    place: str


def claims_of(rows: Iterable[Row]) -> Iterator[Found | Refusal]:
    """Make claims of one patient's rows, in whatever order: rows of one claim id and claim kind are one claim.

    A row without a claim id is a claim by itself and is refused.
    """
    groups: dict[tuple[str | None, str | None], list[Row]] = {}
    for row in rows:
        if row.text(CLAIM) is None:
            yield _refused([row], [Fault(CLAIM, "the row does not say which claim it belongs to")])
        else:
            groups.setdefault((row.text(CLAIM), row.text(KIND)), []).append(row)
    for group in groups.values():
        group.sort(key=_in_order)
        yield claim_of(group)


def _in_order(row: Row) -> tuple[Any, ...]:
    number = row.values.get("number")
    return number if isinstance(number, int) else 0, row.source, row.number


def claim_of(rows: list[Row]) -> Found | Refusal:
    """Make one claim of its rows, or refuse it with every fault of every row."""
    faults = [*_disagreeing(rows)]
    if faults or any(row.faults for row in rows):
        return _refused(rows, faults)
    line_values = [_parted(row.values) for row in rows]
    shared = _said_alike([one["shared"] for one in line_values])
    lines = [_line(one, shared) for one in line_values]
    said: dict[str, dict[str, Any]] = {owner: {} for owner in _OF_THE_CLAIM}
    for one in line_values:
        for owner in _OF_THE_CLAIM:
            said[owner].update(one[owner])
    missing = [name for name in ("number", "code") if any(name not in one["line"] for one in line_values)]
    if missing:
        return _refused(rows, [Fault(name, "it is missing") for name in missing])
    claim = Claim(
        lines=tuple(lines), **said["claim"], **shared, patient=_patient(said), facts=said["facts"] or UNKNOWN,
        billing_provider=_part(Provider, said["billing_provider"]),
    )  # fmt: skip
    wrong = together(claim)
    return _refused(rows, [*wrong]) if wrong else Found(claim, rows[0].place)


def _parted(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A row's values by whose they are."""
    found: dict[str, dict[str, Any]] = {
        owner: {} for owner in (*_OF_THE_CLAIM, "line", "shared", "rendering_provider", "minutes_by", "line.facts", "history", "mark")
    }
    for name, value in values.items():
        known = _column(name)
        found[known.owner][known.field] = value
    return found


def _disagreeing(rows: list[Row]) -> Iterator[Fault]:
    """Columns of the claim on which its rows say different things; a row that says nothing agrees."""
    first: dict[str, tuple[Any, Row]] = {}
    for row in rows:
        for name, value in row.values.items():
            if _column(name).owner in _OF_THE_CLAIM:
                known = first.setdefault(name, (value, row))
                if known[0] != value:
                    yield Fault(name, f"{known[1].label} and {row.label} of the claim disagree")
                    return


def _said_alike(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What every line says alike of the fields that a line inherits: the claim's."""
    return {name: value for name, value in rows[0].items() if all(name in row and row[name] == value for row in rows)}


def _line(values: dict[str, dict[str, Any]], of_the_claim: Mapping[str, Any]) -> ServiceLine:
    own = {name: value for name, value in values["shared"].items() if name not in of_the_claim}
    line = {"number": 0, "code": "", **values["line"]}
    return ServiceLine(
        **line, **own, rendering_provider=_part(Provider, values["rendering_provider"]), minutes_by=values["minutes_by"] or UNKNOWN,
        facts=values["line.facts"] or UNKNOWN,
    )  # fmt: skip


def _part(cls: type, values: dict[str, Any]) -> Any:
    return cls(**values) if values else UNKNOWN


def _patient(said: dict[str, dict[str, Any]]) -> Any:
    facts = {"facts": said["patient.facts"]} if said["patient.facts"] else {}
    return _part(Patient, {**said["patient"], **facts})


def _refused(rows: list[Row], faults: Iterable[Fault]) -> Refusal:
    """A refusal with the faults of the claim and of each of its rows."""
    of_rows = [attrs.evolve(fault, path=f"{row.label}{', ' if fault.path else ''}{fault.path}") for row in rows for fault in row.faults]
    return Refusal(rows[0].text(CLAIM), min((row.source, row.number, row.place) for row in rows)[2], (*faults, *of_rows))


# ---- services of a history ---------------------------------------------------------------------------------------


def service_of(row: Row) -> Service:
    """Make a service of the history of a row without faults."""
    said = _parted(row.values)
    given = {name: value for name, value in said["claim"].items() if name in ("plan", "in_network")}
    return Service(
        **{"code": "", **said["line"]}, **said["shared"], **given, **said["history"], claim=said["claim"].get("id", UNKNOWN),
        rendering_provider=_part(Provider, said["rendering_provider"]), billing_provider=_part(Provider, said["billing_provider"]),
        minutes_by=said["minutes_by"] or UNKNOWN, facts={**said["facts"], **said["line.facts"]} or UNKNOWN,
    )  # fmt: skip


def patient_of(row: Row) -> str | None:
    """Whose row it is; None where nobody can tell."""
    return row.text(PATIENT)
