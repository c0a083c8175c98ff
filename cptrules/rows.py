"""Claims and histories as they were decoded from typed input: how they stand until somebody looks at one of their fields.

Compiled rules ask an object for its fields, and do not mind whose object it is; so most claims are checked without a record made of any line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .claims import Claim, History, ServiceLine
from .columns import Columns


class Rows:
    """A decoded claim, with the fields of a Claim, and how records are made of it and of its lines. Immutable.

    `rows` are the lines: what was charged is text, who rendered them is decoded too. `ordered`: their numbers rise. `plain`: none states
    minutes by person or diagnoses of its own.
    """

    __slots__ = ("_make", "_make_line", "ordered", "plain", "record", "rows")

    def __init__(self, record: Any, make: Callable[[Any], Claim], make_line: Callable[[Any], ServiceLine], ordered: bool, plain: bool) -> None:
        self.record = record
        self.rows: Sequence[Any] = record.lines
        self.ordered = ordered
        self.plain = plain
        self._make = make
        self._make_line = make_line

    def fields(self, name: str) -> Mapping[str, Any]:
        """Give a field of the claim's record, with those that are made together with it."""
        if name == "lines":
            return {name: tuple(map(self._make_line, self.rows))}
        return _but("lines", self._make(self.record))


class Past:
    """A decoded history, with the fields of a History, and how the record is made. Immutable; its amounts are text."""

    __slots__ = ("_make", "record", "services")

    def __init__(self, record: Any, make: Callable[[Any], History], services: Any) -> None:
        self.record = record
        self.services = services
        self._make = make

    def fields(self, name: str) -> Mapping[str, Any]:
        """Give a field of the history's record, with those that are made together with it."""
        if name == "services":
            return {name: self.services.services() if self.services.__class__ is Columns else self.services}
        return _but("services", self._make(self.record))


def _but(later: str, record: Any) -> Mapping[str, Any]:
    return {field: getattr(record, field) for field in type(record).__slots__ if field != later}


def as_given(record: Claim | History | None) -> Any:
    """A claim or a history as it was decoded, or itself."""
    kept = getattr(record, "_kept", None)
    return kept.record if kept.__class__ in (Rows, Past) else record


def lines_of(claim: Claim) -> Sequence[Any]:
    """A claim's lines, decoded or as records, whichever are there."""
    kept = getattr(claim, "_kept", None)
    return kept.rows if kept.__class__ is Rows else claim.lines


def services_of(history: History | None) -> Any:
    """A history's services, in columns where they stand so."""
    kept = getattr(history, "_kept", None)
    if kept.__class__ is Past:
        return kept.services
    return kept if kept.__class__ is Columns else () if history is None else history.services


def record_of(line: Any, claim: Claim) -> ServiceLine:
    """The record of a line that may be a decoded one."""
    return line if isinstance(line, ServiceLine) else next(one for one in claim.lines if one.number == line.number)
