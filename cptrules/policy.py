"""What a policy means, names and types settled: the rules and what they are made of, ready to be judged.

Built by `cptrules.resolve` from the syntax. Nothing here looks up a name, reads a file or judges a claim.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeAlias

import attrs

from .codesets import CodeTable, in_diagnosis_range
from .dates import Span as DateSpan
from .fields import Field
from .places import NOWHERE, Span
from .tables import Table

ALWAYS = DateSpan(None, None)

class Part:
    """What all of a policy's parts share: a generated repr for each of them would cost every start of a command."""

    __slots__ = ()

    def __repr__(self) -> str:
        said = (f"{field.name}={getattr(self, field.name)!r}" for field in attrs.fields(type(self)) if field.repr)  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(said)})"


# ---- sets of codes -----------------------------------------------------------------------------------------------


@attrs.frozen(repr=False)
class Entry(Part):
    """One member of a set: `kind` is code, pattern, diagnoses, range, discipline, word or set; within its dates."""

    kind: str
    value: str
    last: str = ""
    span: DateSpan = ALWAYS
    members: CodeSet | None = None


class _Asked(Part):
    """Remembers what it was asked, up to a bound; that is no part of what it is."""

    __slots__ = ("_answers",)
    _answers: dict[Any, bool]

    def _answered(self) -> dict[Any, bool]:
        try:
            found = self._answers
        except AttributeError:
            found = {}
            object.__setattr__(self, "_answers", found)
        if len(found) >= MOST_ANSWERS:
            found.clear()
        return found


MOST_ANSWERS: Final = 4_096  # of one set: dates make them many


@attrs.frozen(repr=False)
class CodeSet(_Asked):
    """What a selector names: entries, less what is excluded; `text` is how the file wrote it, `system` its kind of code."""

    text: str
    system: str
    entries: tuple[Entry, ...]
    excluding: tuple[Entry, ...] = ()
    table: CodeTable | None = attrs.field(default=None, eq=False, repr=False)

    def holds(self, code: str, on: date, discipline: str | None = None) -> bool:
        """Say whether a code (or, for a service, its code and discipline) is in the set on a date."""
        answers = self._answered()
        found = answers.get((code, on, discipline))
        if found is None:
            inside = any(self._entry_holds(entry, code, on, discipline) for entry in self.entries)
            found = inside and not any(self._entry_holds(entry, code, on, discipline) for entry in self.excluding)
            answers[code, on, discipline] = found
        return found

    def _entry_holds(self, entry: Entry, code: str, on: date, discipline: str | None) -> bool:
        if not entry.span.holds(on):
            return False
        match entry.kind:
            case "code" | "word":
                return code == entry.value
            case "pattern":
                return code.startswith(entry.value)
            case "diagnoses":
                return in_diagnosis_range(code, entry.value, entry.last)
            case "range":
                return self.table is not None and code in self.table.between(entry.value, entry.last, on)
            case "discipline":
                return discipline == entry.value
            case _:
                return entry.members is not None and entry.members.holds(code, on, discipline)

    @property
    def asks_discipline(self) -> bool:
        """Whether membership may hang on the line's discipline."""
        answers = self._answered()
        found = answers.get("discipline")
        if found is None:
            both = (*self.entries, *self.excluding)
            found = any(e.kind == "discipline" or (e.members is not None and e.members.asks_discipline) for e in both)
            answers["discipline"] = found
        return found

    def disciplines(self) -> tuple[str, ...]:
        """The disciplines it names by themselves, in the file's order."""
        named = [e.value for e in self.entries if e.kind == "discipline"]
        for entry in self.entries:
            if entry.members is not None:
                named += entry.members.disciplines()
        return tuple(dict.fromkeys(named))

    def listed(self) -> tuple[str, ...]:
        """The single codes or words it lists, in the file's order, those of named sets included."""
        found: list[str] = []
        for entry in self.entries:
            if entry.kind in ("code", "word", "discipline"):
                found.append(entry.value)
            elif entry.members is not None:
                found += entry.members.listed()
        return tuple(dict.fromkeys(found))


# ---- values ------------------------------------------------------------------------------------------------------


@attrs.frozen(repr=False)
class Constant(Part):
    """A value written in the file: a number, money (`type` money), a percentage as a fraction of 100, a date, text, a code or a word."""

    type: str
    value: object


@attrs.frozen(repr=False)
class FieldValue(Part):
    """The value of a field."""

    field: Field


@attrs.frozen(repr=False)
class AmountEntry(Part):
    """One value of an amount, on some dates, when a condition holds."""

    value: Constant
    span: DateSpan
    when: Condition | None = None


@attrs.frozen(repr=False)
class AmountValue(Part):
    """A named amount: the first entry that fits the line's date and facts."""

    name: str
    type: str
    entries: tuple[AmountEntry, ...]


@attrs.frozen(repr=False)
class TableValue(Part):
    """A table's value, found by the fields named like its keys, or by one field."""

    table: Table
    column: str
    fields: tuple[Field, ...]


@attrs.frozen(repr=False)
class DaysBetween(Part):
    """The days from one moment to another, both ends in."""

    start: Moment
    end: Moment


Value: TypeAlias = "Constant | FieldValue | AmountValue | TableValue | DaysBetween"

# ---- moments -----------------------------------------------------------------------------------------------------


@attrs.frozen(repr=False)
class DateMoment(Part):
    """A date field of the claim, the line or what belongs to them."""

    field: Field


@attrs.frozen(repr=False)
class EventMoment(Part):
    """The latest event of a kind on or before the line's date, where a condition on it holds."""

    kind: str
    where: Condition | None = None


@attrs.frozen(repr=False)
class VisitMoment(Part):
    """The first or last visit of a selector, in a window or over all that is known."""

    which: str
    of: CodeSet | None
    where: Condition | None
    window: Window | None


Moment: TypeAlias = "DateMoment | EventMoment | VisitMoment"

# ---- counters ----------------------------------------------------------------------------------------------------


@attrs.frozen(repr=False)
class TimeKey(Part):
    """A key of time: line, claim, day, week, month, calendar_year, benefit_year, lifetime, prior, rolling, authorization, injury_number."""

    name: str
    number: int = 0
    unit: str = ""
    first_day: int = 6  # of a week, Monday being 0

    def words(self) -> str:
        """Say it as the file does."""
        return f"{self.name} {self.number} {self.unit}" if self.unit else self.name


@attrs.frozen(repr=False)
class KindKey(Part):
    """A key of kind: discipline, code, condition, therapy_kind, billing_provider, rendering_provider, specialty."""

    name: str

    def words(self) -> str:
        """Say it as the file does."""
        return self.name


@attrs.frozen(repr=False)
class WindowKey(Part):
    """A window as a key of time."""

    window: Window

    def words(self) -> str:
        """Say it as the file does."""
        return self.window.name


Key: TypeAlias = "TimeKey | KindKey | WindowKey"


@attrs.frozen(repr=False)
class Counter(Part):
    """What is counted (a measure, a field's known values, or a table's value times units), of what, where, per what."""

    measure: str
    of: CodeSet | None
    where: Condition | None
    keys: tuple[Key, ...]
    field: Field | None = None
    table: Table | None = None
    column: str = ""
    name: str | None = None

    @property
    def noun(self) -> str:
        """The name of what is counted: the measure's, or the table's."""
        return self.column if self.table is not None else (f"distinct {self.field.name}" if self.field else self.measure)


@attrs.frozen(repr=False)
class Opening(Part):
    """What opens a window: `kind` is service, first_visit, on_event, after_event or date."""

    kind: str
    of: CodeSet | None = None
    event: str | None = None
    when: Condition | None = None
    day: date | None = None


@attrs.frozen(repr=False)
class Length(Part):
    """How long a window lasts; `again`: the next begins with the first service after its end."""

    number: int
    unit: str
    again: bool = False


@attrs.frozen(repr=False)
class Window(Part):
    """A window of time: a year from a day, or where it opens, how long it lasts, since when at the earliest, for whom (M5.4)."""

    name: str
    year_from: tuple[int, int] | None = None
    openings: tuple[Opening, ...] = ()
    lengths: tuple[Length, ...] = ()
    since: date | None = None
    keys: tuple[KindKey, ...] = ()


# ---- conditions --------------------------------------------------------------------------------------------------


@attrs.frozen(repr=False)
class AllOf(Part):
    """True when all parts are."""

    parts: tuple[Condition, ...]


@attrs.frozen(repr=False)
class AnyOf(Part):
    """True when any part is."""

    parts: tuple[Condition, ...]


@attrs.frozen(repr=False)
class Opposite(Part):
    """The opposite of a part."""

    part: Condition


@attrs.frozen(repr=False)
class OnList(Part):
    """A field is (negated: is not) on a list."""

    field: Field
    members: CodeSet
    negated: bool = False


@attrs.frozen(repr=False)
class Comparison(Part):
    """A value beside another."""

    left: Value | EventMoment | VisitMoment
    sign: str
    right: Value


@attrs.frozen(repr=False)
class YesNo(Part):
    """A yes-or-no field by itself."""

    field: Field


@attrs.frozen(repr=False)
class Term(Part):
    """A named condition."""

    name: str
    condition: Condition


@attrs.frozen(repr=False)
class HasField(Part):
    """A field is given."""

    field: Field


@attrs.frozen(repr=False)
class HasEvent(Part):
    """An event of a kind happened on or before the line's date."""

    kind: str


@attrs.frozen(repr=False)
class CountIs(Part):
    """A counter beside a value."""

    counter: Counter
    sign: str
    right: Value


@attrs.frozen(repr=False)
class ScopeIncludes(Part):
    """Some service of the line's scope (line, day, claim) is in a set; `none`: none is."""

    scope: str
    none: bool
    of: CodeSet
    where: Condition | None
    window: Window | None = None


@attrs.frozen(repr=False)
class Near(Part):
    """A moment (None: the line's date) lies within N units after or before an anchor."""

    moment: Moment | None
    number: int
    unit: str
    direction: str
    anchor: Moment


@attrs.frozen(repr=False)
class Apart(Part):
    """A moment (None: the line's date) lies at least N units after or before an anchor; true when there was no anchor."""

    moment: Moment | None
    number: int
    unit: str
    direction: str
    anchor: Moment


@attrs.frozen(repr=False)
class InWindow(Part):
    """The line's date lies in a window."""

    window: Window


@attrs.frozen(repr=False)
class IsAuthorized(Part):
    """An authorization covers the line, one of which a condition holds."""

    where: Condition | None


Condition: TypeAlias = (
    "AllOf | AnyOf | Opposite | OnList | Comparison | YesNo | Term | HasField | HasEvent | CountIs | ScopeIncludes | Near | Apart"
    " | InWindow | IsAuthorized"
)
CONDITIONS = (
    AllOf, AnyOf, Opposite, OnList, Comparison, YesNo, Term, HasField, HasEvent, CountIs, ScopeIncludes, Near, Apart, InWindow, IsAuthorized,
)  # fmt: skip

# ---- rules -------------------------------------------------------------------------------------------------------


@attrs.frozen(repr=False)
class Clause(Part):
    """A condition of a rule with the words that stood in the file, for the report."""

    condition: Condition
    text: str
    attesting: str | None = None


@attrs.frozen(repr=False)
class Citation(Part):
    """A source's title, section, address and the day it was last confirmed."""

    source: str
    title: str
    section: str | None = None
    url: str | None = None
    confirmed: date | None = None


@attrs.frozen(repr=False)
class Timing(Part):
    """Timed units by a method, of some minutes only; ties; how assistants' minutes are tested."""

    by: str
    only_minutes: tuple[Clause, ...] = ()
    ties: str = ""
    ties_table: Table | None = None
    assisted_by: str | None = None


@attrs.frozen(repr=False)
class Limit(Part):
    """At most so many of what a counter counts."""

    count: Counter
    at_most: Value
    keep: str = "first"
    keep_table: Table | None = None


@attrs.frozen(repr=False)
class RequestBy(Part):
    """When an authorization must have been asked for."""

    at_least: bool
    number: int
    unit: str
    direction: str
    anchor: Moment


@attrs.frozen(repr=False)
class PriorAuthorization(Part):
    """An authorization is needed, perhaps after so many; what it must state and when it must have been asked for."""

    after: Value | None = None
    count: Counter | None = None
    that: tuple[Clause, ...] = ()
    matching: tuple[str, ...] = ()
    requested: tuple[RequestBy, ...] = ()


@attrs.frozen(repr=False)
class NeededModifier(Part):
    """A modifier that a line needs, perhaps for one discipline only."""

    modifier: str
    discipline: str | None = None
    attesting: str | None = None


@attrs.frozen(repr=False)
class Modifiers(Part):
    """What modifiers a line needs, may have at most one of, and may not have."""

    needs: tuple[NeededModifier, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    all_of: tuple[tuple[str, ...], ...] = ()
    at_most_one_of: tuple[tuple[str, ...], ...] = ()
    refuse: tuple[str, ...] = ()


@attrs.frozen(repr=False)
class Beside(Part):
    """A service of a set that must stand beside the line, per some keys."""

    of: CodeSet
    keys: tuple[Key, ...]


@attrs.frozen(repr=False)
class Require(Part):
    """Conditions that must hold, and services that must stand beside the line."""

    that: tuple[Clause, ...] = ()
    beside: tuple[Beside, ...] = ()


@attrs.frozen(repr=False)
class Forbid(Part):
    """What scope describes must not be; perhaps another code instead."""

    instead: str | None = None


@attrs.frozen(repr=False)
class Pairs(Part):
    """Pairs of codes in a table, per some keys; the second column's line is the one denied."""

    table: Table
    keys: tuple[Key, ...]


@attrs.frozen(repr=False)
class Deadline(Part):
    """Conditions that must hold in time."""

    that: tuple[Clause, ...] = ()


@attrs.frozen(repr=False)
class Pay(Part):
    """A percentage of what the line is allowed, or of a fee table's value times units."""

    percent: Decimal
    of: TableValue | None = None


@attrs.frozen(repr=False)
class Rank(Part):
    """The unit that a table ranks first is paid in full; every other unit of the group loses a percentage of a table's value."""

    by: TableValue
    keys: tuple[Key, ...]
    percent: Decimal
    of: TableValue


@attrs.frozen(repr=False)
class Payment(Part):
    """How a line is paid: a percentage, a ranking, or both."""

    pay: Pay | None = None
    rank: Rank | None = None


@attrs.frozen(repr=False)
class NeededElement(Part):
    """An element of the note, a kind of note, or a field of the claim, perhaps due every so often."""

    element: str
    field: Field | None = None
    event: str | None = None
    every: int = 0
    unit: str = ""
    keys: tuple[KindKey, ...] = ()


@attrs.frozen(repr=False)
class Documentation(Part):
    """What the record must hold, and conditions that must hold of it."""

    needs: tuple[NeededElement, ...] = ()
    one_of: tuple[tuple[NeededElement, ...], ...] = ()
    that: tuple[Clause, ...] = ()


Demand: TypeAlias = (
    "Timing | Limit | PriorAuthorization | Modifiers | Require | Forbid | Pairs | Documentation | Deadline | Payment"
)


@attrs.frozen(repr=False)
class Written(Part):
    """One clause as it stands in a file, and the place where it stands."""

    text: str
    place: str


@attrs.frozen(repr=False)
class Dropped(Part):
    """That a layer drops a rule on some dates: why, on whose authority, and where it says so."""

    span: DateSpan
    reason: str
    citations: tuple[Citation, ...] = ()
    place: str = ""


@attrs.frozen(repr=False)
class Rule(Part):
    """One rule: scope, demand, ways out, outcome and authority."""

    kind: str
    name: str
    demand: Demand
    outcome: str
    carc: str | None = None
    rarcs: tuple[str, ...] = ()
    on: tuple[CodeSet, ...] = ()
    when: tuple[Clause, ...] = ()
    excepts: tuple[Clause, ...] = ()
    unless: tuple[Clause, ...] = ()
    own_effective: tuple[DateSpan, ...] = ()
    effective: tuple[tuple[DateSpan, ...], ...] = ()
    dropped: tuple[Dropped, ...] = ()
    suspended: str | None = None
    message: str | None = None
    citations: tuple[Citation, ...] = ()
    own_on: bool = False
    origin: str = ""
    path: str = attrs.field(default="", eq=False)
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)
    written: tuple[Written, ...] = attrs.field(default=(), eq=False, repr=False)

    def dropped_on(self, on: date) -> Dropped | None:
        """What drops it on a date, if anything does."""
        return next((one for one in self.dropped if one.span.holds(on)), None)

    @property
    def counter(self) -> Counter | None:
        """The counter of its `count` or `after`, if any."""
        match self.demand:
            case Limit(count=count):
                return count
            case PriorAuthorization(count=count):
                return count
            case _:
                return None

    def in_force(self, on: date) -> bool:
        """Whether its own and its headers' spans hold a date, and no layer has dropped it on that date."""
        own = not self.own_effective or any(span.holds(on) for span in self.own_effective)
        return own and self.dropped_on(on) is None and all(any(span.holds(on) for span in spans) for spans in self.effective)


@attrs.frozen(repr=False)
class Policy(Part):
    """One payer's policy: whom it speaks for, when, and its rules, those it extends included."""

    name: str
    title: str
    payers: tuple[str, ...]
    plans: tuple[str, ...]
    effective: tuple[DateSpan, ...]
    rules: tuple[Rule, ...]
    assumes: tuple[tuple[Field, Constant], ...] = ()
    holidays: Table | None = None
    facts: tuple[Field, ...] = ()
    events: Mapping[str, tuple[Field, ...]] = attrs.field(factory=dict, hash=False)
    code_table: CodeTable | None = attrs.field(default=None, eq=False, repr=False)
    path: str = attrs.field(default="", eq=False)

    def speaks_on(self, on: date) -> bool:
        """Whether one of the header's spans holds a date; a header without spans speaks always."""
        return not self.effective or any(span.holds(on) for span in self.effective)

    def assisted_by(self) -> str | None:
        """The method by which its `timing` rules test assistants' minutes, if one names any."""
        methods = [rule.demand.assisted_by for rule in self.rules if isinstance(rule.demand, Timing)]
        return next((method for method in methods if method), None)


def conditions_in(condition: Condition) -> Iterator[Condition]:
    """Walk a condition and all conditions inside it, those of terms and `where` included."""
    yield condition
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from conditions_in(part)
        case Opposite(part=part):
            yield from conditions_in(part)
        case Term(condition=inner):
            yield from conditions_in(inner)
        case ScopeIncludes(where=where) | IsAuthorized(where=where) if where is not None:
            yield from conditions_in(where)
        case CountIs(counter=Counter(where=where)) if where is not None:
            yield from conditions_in(where)
        case _:
            return

