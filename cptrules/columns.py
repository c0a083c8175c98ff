"""The services of a history as columns: how they stand after reading, until somebody looks at one of them.

Most checks ask of a history how much of something was used; for that the columns do, and no object a service is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import compress
from typing import Any

from .claims import UNKNOWN, History, Service

MONEY = frozenset(("charge", "allowed", "paid"))


class Columns:
    """Services by field: the keys they were given with, and a column for each. Money stands as its text. Immutable.

    `latest` is the last day of a service; `disciplined`: each of them states its discipline.
    """

    __slots__ = ("_amounts", "_build", "_claims", "_columns", "disciplined", "latest", "many")

    def __init__(self, columns: Mapping[str, Sequence[Any]], many: int, build: Callable[[Iterable[tuple[Any, ...]]], tuple[Service, ...]]) -> None:
        self._columns = columns
        self._amounts: dict[str, Sequence[Decimal]] = {}
        self._claims = "\n".join(columns.get("claim", ()))  # to see at once that none is of a claim in hand
        self.many = many
        self.latest = max(columns["date_of_service"])
        self.disciplined = None not in columns.get("discipline", (None,))
        self._build = build

    def services(self) -> tuple[Service, ...]:
        """The services themselves."""
        return self._build(zip(*(self.column(name) for name in self._columns), strict=True))

    def column(self, name: str) -> Sequence[Any]:
        """What every service has of a field; UNKNOWN where they were given without it."""
        found = self._columns.get(name)
        if found is None:
            return (UNKNOWN,) * self.many
        if name not in MONEY:
            return found
        if name not in self._amounts:
            self._amounts[name] = tuple(map(Decimal, found))
        return self._amounts[name]

    def of(self, names: Sequence[str], claim: str | None) -> Iterable[tuple[Any, ...]]:
        """Some fields of the services that were not denied and do not stand on a claim."""
        taken: list[Iterable[Any]] = [self.column(name) for name in names]
        denied, claims = self._columns.get("denied"), self._columns.get("claim")
        if denied is not None and True in denied:
            kept = [one is not True for one in denied]
            if claims is not None:
                kept = [one and number != claim for one, number in zip(kept, claims, strict=True)]
        elif claims is None or claim is None or claim not in self._claims:
            return zip(*taken, strict=True)
        else:
            kept = [number != claim for number in claims]
        return zip(*(compress(column, kept) for column in taken), strict=True)


def columns_of(history: History) -> Columns | None:
    """A history's services as columns, where nobody has looked at one yet."""
    kept = getattr(history, "_kept", None)
    return kept if kept.__class__ is Columns else None
