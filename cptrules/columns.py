"""The services of a history as columns: how they stand after reading, until somebody looks at one of them.

Most checks ask of a history how much of something was used; for that the columns do, and no object a service is made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import compress
from typing import Any, Final

from .claims import UNKNOWN, Service

MONEY = frozenset(("charge", "paid"))  # amounts that few ask for stand as their text; what was allowed is a Decimal at once


Build = Callable[[Iterable[tuple[Any, ...]]], tuple[Service, ...]]  # makes services of rows
Used = tuple[Collection[date], Decimal | int]  # days of service, and what was allowed
InYear = tuple[Used, Used, Used]


class Columns:
    """Services by field: the keys they were given with, and a column for each. Immutable.

    `days`, `disciplines` (None where none is stated) and `allowed` are columns; `latest` is the last day of a service. `plain`: each states
    its discipline, and none was denied. `claims`: the numbers of all the claims they stand on, to see at once that none is of a claim in hand.
    `year`: what was used in the calendar year of that last day, for each discipline of DISCIPLINES its days and what was allowed; None where
    that is not known of each service.
    """

    __slots__ = ("_amounts", "_build", "_columns", "_names", "claims", "latest", "many", "plain", "year")

    def __init__(self, columns: Mapping[str, Sequence[Any]], names: Sequence[str], many: int, build: Build,
                 latest: date, plain: bool, claims: Container[str], year: InYear | None) -> None:  # fmt: skip
        self._columns = columns
        self._names = names
        self._build = build
        self._amounts: dict[str, Sequence[Any]] = {}
        self.many = many
        self.latest = latest
        self.plain = plain
        self.claims = claims
        self.year = year

    @property
    def days(self) -> Sequence[date]:
        """Their dates of service."""
        return self.column("date_of_service")

    @property
    def disciplines(self) -> Sequence[str | None]:
        """The discipline that each states."""
        stated = self.column("discipline")
        return [None if one is UNKNOWN else one for one in stated] if UNKNOWN in stated else stated

    @property
    def allowed(self) -> Sequence[Any]:
        """What was allowed of each."""
        return self.column("allowed")

    def fields(self, _: str) -> Mapping[str, Any]:
        """The one field of a history that is not made yet."""
        return {"services": self.services()}

    def services(self) -> tuple[Service, ...]:
        """The services themselves."""
        return self._build(zip(*(self.column(name) for name in self._names), strict=True))

    def column(self, name: str) -> Sequence[Any]:
        """What every service has of a field; UNKNOWN where they were given without it."""
        if name not in self._names:
            return (UNKNOWN,) * self.many
        if name not in MONEY:
            return self._columns[name]
        if name not in self._amounts:
            self._amounts[name] = tuple([Decimal(one) if isinstance(one, str) else one for one in self._columns[name]])
        return self._amounts[name]

    def of(self, names: Sequence[str], claim: str | None) -> Iterable[tuple[Any, ...]]:
        """Some fields of the services that were not denied and do not stand on a claim."""
        taken = [self.column(name) for name in names]
        denied, claims = self.column("denied"), self.column("claim")
        kept = [one is not True and (claim is None or number != claim) for one, number in zip(denied, claims, strict=True)]
        return zip(*(compress(column, kept) for column in taken), strict=True)


def in_columns(columns: Mapping[str, Sequence[Any]], names: Sequence[str], many: int, build: Build) -> Columns:
    """Columns as they were read, with what is known of all of them together."""
    days, claims = columns["date_of_service"], claims_among(columns["claim"]) if "claim" in names else ""
    latest, kinds = max(days), set(columns["discipline"]) if "discipline" in names else {None}
    plain = kinds.isdisjoint((None, UNKNOWN)) and ("denied" not in names or True not in columns["denied"])
    year = None
    if plain and "allowed" in names:
        year = used_in_year(zip(days, columns["discipline"], columns["allowed"], strict=True), latest)
    return Columns(columns, names, many, build, latest, plain, claims, year)


def used_in_year(services: Iterable[tuple[date, str, Any]], latest: date) -> InYear | None:
    """What services (day, discipline, allowed) came to in the calendar year of the last of them; None where an amount is not known.

    Most limits are by year and discipline: for them a check need not look at the services at all.
    """
    begin = latest.replace(month=1, day=1)
    pt_days, ot_days, slp_days = set(), set(), set()
    pt = ot = slp = 0
    try:
        for day, discipline, allowed in services:
            if day >= begin:
                if discipline == "PT":
                    pt_days.add(day)
                    pt += allowed
                elif discipline == "OT":
                    ot_days.add(day)
                    ot += allowed
                else:
                    slp_days.add(day)
                    slp += allowed
    except TypeError:
        return None
    return (pt_days, pt), (ot_days, ot), (slp_days, slp)


LONG: Final = 64  # claims; in the text of fewer a number is found as fast as in a set, which takes longer to make


def claims_among(column: Sequence[Any]) -> Container[str]:
    """What holds the number of each claim of a column: a set, or of few a text in which it stands."""
    if len(column) > LONG:
        return frozenset(column)
    try:
        return "|".join(column)
    except TypeError:  # some are absent or unknown
        return "|".join([one for one in column if isinstance(one, str)])
