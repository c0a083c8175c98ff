"""What cptrules raises: three exceptions and no more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from .diagnostics import Diagnostic


class CptrulesError(Exception):
    """Anything that cptrules raises."""


@attrs.frozen
class Fault:
    """One fault of an input: its path, what is wrong, and perhaps what was meant."""

    path: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        near = f"; did you mean {self.suggestion}?" if self.suggestion else ""
        return f"{self.path}: {self.message}{near}" if self.path else f"{self.message}{near}"


@attrs.frozen
class Refusal:
    """A claim (or a session, a history) that could not be read: its id where it could be told, where it stands in the file, and every fault."""

    claim: str | None
    place: str
    faults: tuple[Fault, ...]


class InputError(CptrulesError, ValueError):
    """A claim, history or session that can't be read; holds every fault with its path."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), (self.faults,)


class PolicyErrors(CptrulesError, ValueError):
    """Policy files that can't be loaded; holds every mistake in them, in order."""

    def __init__(self, diagnostics: Iterable[Diagnostic], rendered: str) -> None:
        self.diagnostics = tuple(diagnostics)
        self.rendered = rendered
        super().__init__(rendered)

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), (self.diagnostics, self.rendered)
