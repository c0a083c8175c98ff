"""The services of a history as columns: how they stand after reading, until somebody looks at one of them.

Most checks ask of a history how much of something was used; for that the columns do, and no object a service is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import compress
from typing import Any

from .claims import UNKNOWN, History, Service

MONEY = frozenset(("charge", "paid"))  # amounts that few ask for stand as their text; what was allowed is a Decimal at once


class Columns:
    """Services by field: the keys they were given with, and a column for each. Immutable.

    `days`, `disciplines` and `allowed` are columns; `latest` is the last day of a service. `plain`: each states its discipline, and none
    was denied. `claims`: the numbers of all the claims they stand on, to see at once that none is of a claim in hand.
    """

    __slots__ = ("_amounts", "_build", "_columns", "allowed", "claims", "days", "disciplines", "latest", "many", "plain")

    def __init__(self, columns: Mapping[str, Sequence[Any]], many: int, build: Callable[[Iterable[tuple[Any, ...]]], tuple[Service, ...]]) -> None:
        self._columns = columns
        self._build = build
        self._amounts: dict[str, Sequence[Decimal]] = {}
        self.many = many
        self.days: Sequence[Any] = columns["date_of_service"]
        self.disciplines: Sequence[Any] = columns.get("discipline") or (None,) * many
        self.allowed: Sequence[Any] = columns.get("allowed") or (UNKNOWN,) * many
        self.latest = max(self.days)
        self.plain = None not in self.disciplines and True not in columns.get("denied", ())
        self.claims = "\n".join(columns.get("claim", ()))

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
        taken = [self.column(name) for name in names]
        denied, claims = self.column("denied"), self.column("claim")
        kept = [one is not True and (claim is None or number != claim) for one, number in zip(denied, claims, strict=True)]
        return zip(*(compress(column, kept) for column in taken), strict=True)


def columns_of(history: History) -> Columns | None:
    """A history's services as columns, where nobody has looked at one yet."""
    kept = getattr(history, "_kept", None)
    return kept if kept.__class__ is Columns else None
