"""The lines of a claim as they were decoded from typed input: how they stand until somebody looks at one of them.

Compiled rules ask a line for its fields, and do not mind whose object it is; so most claims are checked without a record made of any line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .claims import Claim, ServiceLine


class Rows:
    """Decoded lines, with the fields of a ServiceLine (`charge` is text still), and how records are made of them. Immutable."""

    __slots__ = ("_make", "rows")

    def __init__(self, rows: Sequence[Any], make: Callable[[Any], ServiceLine]) -> None:
        self.rows = rows
        self._make = make

    def lines(self) -> tuple[ServiceLine, ...]:
        """The lines themselves."""
        return tuple(map(self._make, self.rows))


def lines_of(claim: Claim) -> Sequence[Any]:
    """A claim's lines, decoded or as records, whichever are there."""
    kept = getattr(claim, "_kept", None)
    return kept.rows if kept.__class__ is Rows else claim.lines


def record_of(line: Any, claim: Claim) -> ServiceLine:
    """The record of a line that may be a decoded one."""
    return line if isinstance(line, ServiceLine) else next(one for one in claim.lines if one.number == line.number)
