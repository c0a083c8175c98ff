"""What the generated code calls: the start of a window, what a history covers, balances, the lines of a day together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import attrs

from .. import balances as balance_sheets
from .. import dates
from ..claims import UNKNOWN, Balance, Claim, History, Patient, Service, ServiceLine
from ..columns import Columns
from ..dates import Span
from ..lines import Case
from ..policy import CodeSet, KindKey, TimeKey
from .counters import Running
from .eras import MOST_DAYS
from .odd import ODD, Odd
from .shapes import Partners

MOST_CODES: Final = 20_000


class NewYears(dict[int, date]):
    """The first day of each year."""

    def __missing__(self, year: int) -> date:
        found = self[year] = date(year, 1, 1)
        return found


@attrs.frozen
class LastDay:
    """Tells the last day within so many weeks, months or years after a day (M5.1)."""

    number: int
    unit: str
    _known: dict[date, date] = attrs.field(factory=dict, init=False, eq=False, repr=False)

    def __call__(self, day: date) -> date:
        """Give it; raises Odd where the calendar ends before."""
        found = self._known.get(day)
        if found is None:
            found = dates.add(day, self.number, self.unit)
            if found is None:
                raise Odd
            if len(self._known) >= MOST_DAYS:
                self._known.clear()
            self._known[day] = found
        return found


@attrs.frozen
class Began:
    """Tells when the window of a key of time began that holds a day; None where that is not known."""

    time: TimeKey

    def __call__(self, claim: Claim, day: date) -> date | None:
        """Give its first day."""
        span = self.span(claim, day)
        return None if span is None else span.from_

    def span(self, claim: Claim, day: date) -> Span | None:
        """The window itself."""
        patient = claim.patient
        match self.time.name:
            case "week":
                return dates.week_span(day, self.time.first_day)
            case "month":
                return dates.month_span(day)
            case "calendar_year":
                return dates.calendar_year_span(day)
            case "rolling":
                return dates.rolling_span(day, self.time.number, self.time.unit)
            case "benefit_year":
                start = patient.benefit_year_start if isinstance(patient, Patient) else None
                return dates.benefit_year_span(day, start) if isinstance(start, date) else None
            case _:
                born = patient.birth_date if isinstance(patient, Patient) else None
                return Span(born, None) if isinstance(born, date) else None


# ---- the history -------------------------------------------------------------------------------------------------


def taken(history: History, services: Any, claim: Claim, measures: tuple[str, ...], begin: date, first: date, last: date,
          served: Callable[[Service, Claim, History], Any]) -> Iterable[tuple[Any, ...]]:  # fmt: skip
    """Day, discipline and some amounts of the services before a claim, denied ones and its own left out.

    Raises Odd where a service stands on one of the claim's own days.
    """
    if services.__class__ is Columns and None not in services.disciplines:
        rows = services.of(("date_of_service", "discipline", *measures), claim.id if isinstance(claim.id, str) else None)
        return rows if services.latest < first else _before(rows, first, last)
    number = claim.id if isinstance(claim.id, str) else _NOBODY
    found: list[tuple[Any, ...]] = []
    for service in history.services:  # type: ignore[union-attr]
        day, discipline = service.date_of_service, service.discipline
        if day >= first:  # type: ignore[operator]
            if day <= last and service.claim != number:  # type: ignore[operator]
                raise Odd
        elif day >= begin and service.claim != number and service.denied is not True:  # type: ignore[operator]
            known = discipline if isinstance(discipline, str) else served(service, claim, history)[1]
            found.append((day, known, *(getattr(service, measure) for measure in measures)))
    return found


_NOBODY: Final = object()


def _before(rows: Iterable[tuple[Any, ...]], first: date, last: date) -> list[tuple[Any, ...]]:
    found = []
    for row in rows:
        if row[0] < first:
            found.append(row)
        elif row[0] <= last:
            raise Odd
    return found


def apart(history: History, services: Any, claim: Claim, first: date, last: date) -> None:
    """Raise Odd where a service stands on one of the claim's own days."""
    if services.__class__ is Columns and services.latest < first:
        return
    number = claim.id if isinstance(claim.id, str) else _NOBODY
    for service in history.services:  # type: ignore[union-attr]
        if service.date_of_service >= first and service.date_of_service <= last and service.claim != number:  # type: ignore[operator]
            raise Odd


def with_balances(running: Running, state: Any, balances: Sequence[Balance], services: Sequence[Any], claim: Claim, first: date, last: date) -> Any:
    """A running total with what a balance of the whole window says was used; None where only the reference can tell."""
    counter, span = running.counter, Began(running.time).span(claim, first)
    if state is None or services or span is None or counter.where is not None or any(isinstance(key, KindKey) for key in counter.keys):
        return None
    mine = [b for b in balances if b.measure == counter.measure and _selected(b) == _selection(counter.of)]
    if len(mine) != 1:
        return None
    (one,) = mine
    if not isinstance(one.from_, date) or not isinstance(one.to, date) or not isinstance(one.used, Decimal | int):
        return None
    whole = span.from_ == one.from_ and one.from_ <= first and last <= one.to and (span.to is None or one.to <= span.to)
    return state + one.used if whole else None


_selection: Final = lru_cache(maxsize=1024)(balance_sheets.selection)


def _selected(balance: Balance) -> tuple[frozenset[str], frozenset[str]]:
    of = balance.of if isinstance(balance.of, tuple) else ()
    out = balance.excluding if isinstance(balance.excluding, tuple) else ()
    return frozenset(of), frozenset(out)


# ---- diagnoses ---------------------------------------------------------------------------------------------------


class Diagnosed(dict[str, int]):
    """Which of the sets that a policy asks about hold a diagnosis, one bit a set."""

    def __init__(self, sets: Sequence[CodeSet]) -> None:
        super().__init__()
        self._sets = tuple(sets)

    def __missing__(self, code: str) -> int:
        if len(self) >= MOST_CODES:
            self.clear()
        on = date(2000, 1, 1)  # these sets have no dates
        found = self[code] = sum(1 << place for place, one in enumerate(self._sets) if one.holds(code, on))
        return found


def pointed(line: ServiceLine, every: int, each: Any) -> int | None:
    """The bits of the diagnoses that a line points to; without pointers, of all; None where the reference has to say.

    `every`: the bits of all of the claim's diagnoses; `each`: of each of them where there are any, None where they are not known.
    """
    if line.diagnoses is not UNKNOWN:
        return None
    pointers = line.diagnosis_pointers
    if not isinstance(pointers, tuple) or not pointers or not every:
        return every if every else each
    found = 0
    for pointer in pointers:
        found |= each[pointer - 1]
    return found


def sure_of(told: bool | None) -> bool:
    """What the shape tells of a condition; raises Odd where it is unknown."""
    if told is None:
        raise Odd
    return told


def younger(birth: date, day: date, years: int) -> bool:
    """Whether a patient is younger than so many years on a day (M5.2)."""
    return dates.age(birth, day) < years


# ---- lines together ----------------------------------------------------------------------------------------------


def paired(entries: Sequence[tuple[int, date, ServiceLine, Partners]], lines: Sequence[ServiceLine], claim: Claim, case: Case, bit: int,
           whole: bool, ready: bool, broken: list[int], met: list[int], asked: list[int]) -> None:  # fmt: skip
    """Decide a rule of pairs: a line is denied where its partner stands in its scope and no way out is open."""
    if not ready or len(lines) == 1:
        for place, _, _, _ in entries:
            (met if ready else asked)[place] |= bit
        return
    codes = [line.code for line in lines]
    for place, day, line, partners in entries:
        if partners.codes.isdisjoint(codes):
            met[place] |= bit
            continue
        found = met
        try:
            for one in lines:
                beside = one.code in partners.codes and one is not line and (whole or one.date_of_service == day)
                if beside and not partners.open(line, one, claim, case):
                    found = broken
        except ODD:
            found = asked
        found[place] |= bit
