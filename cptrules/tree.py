"""The syntax of a policy file as it was written: one class for each construct of grammars/policy.lark.

Nodes are immutable and compare by what they say; where they stand (`span`) does not count. Nothing is looked up here:
names are text, numbers are the words that stood in the file (so that 00100 keeps its zeros), and a clause that has no
place in its block is kept for the checker to refuse.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeAlias

import attrs

from .places import NOWHERE as NOWHERE
from .places import Span as Span


def _span() -> Any:
    return attrs.field(default=NOWHERE, eq=False, repr=False, kw_only=True)


# ---- words and values --------------------------------------------------------------------------------------------


@attrs.frozen
class Name:
    """A word of the file's own: a set, an amount, a field, an event, or a word of a field's list; maybe dotted."""

    text: str
    span: Span = _span()


@attrs.frozen
class Word:
    """A word of capitals and digits, perhaps with a dot: a number where a number is due, a code elsewhere."""

    text: str
    span: Span = _span()


@attrs.frozen
class Money:
    """An amount of dollars as written, without the dollar sign."""

    text: str
    span: Span = _span()


@attrs.frozen
class Percent:
    """A percentage as written, without the percent sign."""

    text: str
    span: Span = _span()


@attrs.frozen
class Day:
    """A date as written; whether the calendar has it is the checker's business."""

    text: str
    span: Span = _span()

    def date(self) -> date | None:
        """Give the date, or None where the calendar has no such day."""
        try:
            return date.fromisoformat(self.text)
        except ValueError:
            return None


@attrs.frozen
class Text:
    """Text in quotes, with its escapes undone."""

    text: str
    span: Span = _span()


Literal: TypeAlias = "Word | Money | Percent | Day | Text"


@attrs.frozen
class Range:
    """Codes from one to another, both included."""

    first: str
    last: str
    span: Span = _span()


@attrs.frozen
class Pattern:
    """A code's beginning followed by `*`: F84.* is F84 and all below it."""

    text: str
    span: Span = _span()


Item: TypeAlias = "Word | Range | Pattern | Name | Text"


@attrs.frozen
class Selector:
    """What a list names, less what stands behind `excluding`."""

    items: tuple[Item, ...]
    excluding: tuple[Item, ...] = ()
    span: Span = _span()


@attrs.frozen
class OfTable:
    """A table's value found by one field: `TABLE of FIELD`."""

    table: Name
    field: Name
    span: Span = _span()


@attrs.frozen
class DaysFrom:
    """The number of days from one moment to another, both ends in."""

    start: Moment
    end: Moment
    span: Span = _span()


Value: TypeAlias = "Literal | Name | OfTable | DaysFrom"

# ---- moments and counters ----------------------------------------------------------------------------------------


@attrs.frozen
class EventWhere:
    """An event of a kind, only where a condition on it holds."""

    event: Name
    where: Condition
    span: Span = _span()


@attrs.frozen
class Visit:
    """The first or the last visit of a selector, judged up to the line."""

    which: str
    of: Selector | None = None
    where: Condition | None = None
    window: Name | None = None
    span: Span = _span()


Moment: TypeAlias = "Name | EventWhere | Visit"


@attrs.frozen
class Distance:
    """A number of units of time, after or before a moment."""

    number: Word
    unit: Name
    direction: str
    anchor: Moment
    span: Span = _span()


@attrs.frozen
class KeyName:
    """A key of a counter by its name: a key of time or of kind, or a window."""

    name: str
    span: Span = _span()


@attrs.frozen
class KeySpan:
    """`prior 90 days` or `rolling 12 months`."""

    which: str
    number: Word
    unit: Name
    span: Span = _span()


@attrs.frozen
class KeyWeek:
    """A week, from Sunday unless another day is named."""

    first_day: Name | None = None
    span: Span = _span()


Key: TypeAlias = "KeyName | KeySpan | KeyWeek"


@attrs.frozen
class Count:
    """A counter's name, or what is counted, of which services, where, and per what."""

    measure: Name
    distinct: bool = False
    of: Selector | None = None
    where: Condition | None = None
    per: tuple[Key, ...] = ()
    span: Span = _span()


# ---- conditions --------------------------------------------------------------------------------------------------


@attrs.frozen
class And:
    """All of the parts."""

    parts: tuple[Condition, ...]
    span: Span = _span()


@attrs.frozen
class Or:
    """Any of the parts."""

    parts: tuple[Condition, ...]
    span: Span = _span()


@attrs.frozen
class Not:
    """The opposite of the part."""

    part: Condition
    span: Span = _span()


@attrs.frozen
class In:
    """A field is, or is not, on a list."""

    field: Name
    items: tuple[Item, ...]
    negated: bool = False
    span: Span = _span()


@attrs.frozen
class Compare:
    """A field, an event's date or a number of days beside a value."""

    left: Name | Visit | EventWhere | DaysFrom
    sign: str
    right: Value
    span: Span = _span()


@attrs.frozen
class Flag:
    """A yes-or-no field or a term by itself."""

    name: Name
    span: Span = _span()


@attrs.frozen
class Has:
    """A field is given, or an event happened on or before the line's date."""

    name: Name
    span: Span = _span()


@attrs.frozen
class CountCompare:
    """A counter beside a value."""

    count: Count
    sign: str
    right: Value
    span: Span = _span()


@attrs.frozen
class Includes:
    """Some line of a scope is, or none is, in a selector."""

    scope: Name
    none: bool
    of: Selector
    where: Condition | None = None
    span: Span = _span()


@attrs.frozen
class Within:
    """A moment (none: the line's date) lies within a distance of another."""

    moment: Moment | None
    distance: Distance
    span: Span = _span()


@attrs.frozen
class AtLeast:
    """A moment (none: the line's date) lies at least a distance from another, or there was none."""

    moment: Moment | None
    distance: Distance
    span: Span = _span()


@attrs.frozen
class InWindow:
    """The line's date lies in a window."""

    window: Name
    span: Span = _span()


@attrs.frozen
class Authorized:
    """An authorization covers the line, perhaps one of which a condition holds."""

    where: Condition | None = None
    span: Span = _span()


Condition: TypeAlias = (
    "And | Or | Not | In | Compare | Flag | Has | CountCompare | Includes | Within | AtLeast | InWindow | Authorized"
)

# ---- clauses of rules and heads ----------------------------------------------------------------------------------


@attrs.frozen
class Title:
    """`title "..."`."""

    text: Text
    span: Span = _span()


@attrs.frozen
class Payer:
    """`payer "...", "..."`."""

    ids: tuple[Text, ...]
    span: Span = _span()


@attrs.frozen
class Plans:
    """`plans "...", "..."`."""

    ids: tuple[Text, ...]
    span: Span = _span()


@attrs.frozen
class Uses:
    """`uses NAME, NAME`: the definitions of other files become visible."""

    names: tuple[Name, ...]
    span: Span = _span()


@attrs.frozen
class Extends:
    """`extends NAME, NAME`: the rules of other policies become this policy's rules."""

    names: tuple[Name, ...]
    span: Span = _span()


@attrs.frozen
class Assume:
    """`assume FIELD = VALUE`: stands in where the field is unknown or absent."""

    field: Name
    value: Value
    span: Span = _span()


@attrs.frozen
class Holidays:
    """`holidays TABLE`: a table keyed by date, for business days."""

    table: Name
    span: Span = _span()


@attrs.frozen
class On:
    """`on SELECTOR`: the lines a rule looks at."""

    selector: Selector
    span: Span = _span()


@attrs.frozen
class When:
    """`when COND`."""

    condition: Condition
    span: Span = _span()


@attrs.frozen
class Except:
    """`except COND`."""

    condition: Condition
    span: Span = _span()


@attrs.frozen
class Effective:
    """`effective [from D] [to D]`, both ends in."""

    start: Day | None = None
    end: Day | None = None
    span: Span = _span()


@attrs.frozen
class Suspended:
    """`suspended because "..."`: written, not in force."""

    reason: Text
    span: Span = _span()


@attrs.frozen
class Unless:
    """`unless COND [attesting "..."]`: a way out."""

    condition: Condition
    attesting: Text | None = None
    span: Span = _span()


@attrs.frozen
class OutcomeIs:
    """`outcome OUTCOME [carc GROUP-CODE] [rarc CODE, CODE]`."""

    outcome: Name
    carc: Word | None = None
    rarcs: tuple[Word, ...] = ()
    span: Span = _span()


@attrs.frozen
class Message:
    """`message "..."`: the sentence shown."""

    text: Text
    span: Span = _span()


@attrs.frozen
class Cite:
    """`cite SOURCE [section "..."]`."""

    source: Name
    section: Text | None = None
    span: Span = _span()


@attrs.frozen
class By:
    """`by METHOD` of counting timed units."""

    method: Name
    span: Span = _span()


@attrs.frozen
class OnlyMinutes:
    """`only minutes where (COND)`."""

    where: Condition
    span: Span = _span()


@attrs.frozen
class TiesTo:
    """`ties to highest TABLE`, `ties to more minutes` or `ties to first listed`."""

    choice: str
    table: Name | None = None
    span: Span = _span()


@attrs.frozen
class AssistedBy:
    """`assisted by METHOD` of the 10 percent test."""

    method: Name
    span: Span = _span()


@attrs.frozen
class Counts:
    """`count COUNTER`."""

    count: Count
    span: Span = _span()


@attrs.frozen
class AtMost:
    """`at most VALUE`."""

    value: Value
    span: Span = _span()


@attrs.frozen
class AtMostOne:
    """`at most one of M, M`."""

    items: tuple[Item, ...]
    span: Span = _span()


@attrs.frozen
class Keep:
    """`keep first`, `keep highest TABLE` or `keep lowest TABLE`: which lines stand."""

    which: str
    table: Name | None = None
    span: Span = _span()


@attrs.frozen
class After:
    """`after VALUE COUNTER`: so many are free."""

    value: Value
    count: Count
    span: Span = _span()


@attrs.frozen
class That:
    """`that COND`: what must hold."""

    condition: Condition
    span: Span = _span()


@attrs.frozen
class Matching:
    """`matching code, date, visits`: what an authorization must state."""

    names: tuple[Name, ...]
    span: Span = _span()


@attrs.frozen
class Requested:
    """`requested within N UNIT after MOMENT` or `requested at least N UNIT before MOMENT`."""

    at_least: bool
    distance: Distance
    span: Span = _span()


@attrs.frozen
class NeedModifier:
    """A modifier that is needed, perhaps only for one discipline."""

    modifier: Word
    discipline: Word | None = None
    attesting: Text | None = None
    span: Span = _span()


@attrs.frozen
class NeedElement:
    """An element of the note or field of the claim that is needed, perhaps every so often."""

    element: Name
    every: Word | None = None
    unit: Name | None = None
    per: tuple[Key, ...] = ()
    span: Span = _span()


@attrs.frozen
class Needs:
    """`needs M for D, ...` or `needs ELEMENT, ...`."""

    items: tuple[NeedModifier | NeedElement, ...]
    span: Span = _span()


@attrs.frozen
class NeedsOneOf:
    """`needs one of ...`."""

    items: tuple[Item, ...]
    span: Span = _span()


@attrs.frozen
class NeedsAllOf:
    """`needs all of ...`."""

    items: tuple[Item, ...]
    span: Span = _span()


@attrs.frozen
class Refuse:
    """`refuse M, M`."""

    items: tuple[Item, ...]
    span: Span = _span()


@attrs.frozen
class With:
    """`with SELECTOR per KEY and KEY`: the code needs another beside it."""

    selector: Selector
    per: tuple[Key, ...]
    span: Span = _span()


@attrs.frozen
class Instead:
    """`instead CODE`."""

    code: Word
    span: Span = _span()


@attrs.frozen
class Listed:
    """`listed in TABLE per KEY and KEY`."""

    table: Name
    per: tuple[Key, ...]
    span: Span = _span()


@attrs.frozen
class Pay:
    """`pay 85% [of TABLE]`."""

    percent: Percent
    table: Name | None = None
    span: Span = _span()


@attrs.frozen
class Rank:
    """`rank by TABLE per KEY and KEY rest lose 50% of TABLE`."""

    table: Name
    per: tuple[Key, ...]
    percent: Percent
    of: Name
    span: Span = _span()


@attrs.frozen
class Without:
    """`without CLAUSE` in an override: takes one clause of the base away."""

    clause: Clause
    span: Span = _span()


Clause: TypeAlias = (
    "On | When | Except | Effective | Suspended | Unless | OutcomeIs | Message | Cite | By | OnlyMinutes | TiesTo | AssistedBy"
    " | Counts | AtMost | AtMostOne | Keep | After | That | Matching | Requested | Needs | NeedsOneOf | NeedsAllOf | Refuse"
    " | With | Instead | Listed | Pay | Rank | Without"
)
HeaderClause: TypeAlias = "Title | Payer | Plans | Uses | Extends | Assume | Holidays | On | When | Except | Effective"

# ---- blocks ------------------------------------------------------------------------------------------------------


@attrs.frozen
class PolicyHead:
    """`policy NAME { ... }`."""

    name: Name
    clauses: tuple[HeaderClause, ...] = ()
    span: Span = _span()


@attrs.frozen
class LibraryHead:
    """`library NAME { ... }`: heads a file of definitions."""

    name: Name
    clauses: tuple[HeaderClause, ...] = ()
    span: Span = _span()


@attrs.frozen
class Url:
    """`url "..."`."""

    text: Text
    span: Span = _span()


@attrs.frozen
class Confirmed:
    """`confirmed DATE`: when someone last saw that the source still says so."""

    day: Day
    span: Span = _span()


@attrs.frozen
class SourceBlock:
    """`source NAME { title url confirmed }`."""

    name: Name
    clauses: tuple[Title | Url | Confirmed, ...] = ()
    span: Span = _span()


@attrs.frozen
class DatedItem:
    """A member of a set, perhaps only from or to a date."""

    item: Item
    start: Day | None = None
    end: Day | None = None
    span: Span = _span()


@attrs.frozen
class CodesBlock:
    """`codes NAME = ITEM, ITEM [excluding ITEM, ITEM]`."""

    name: Name
    items: tuple[DatedItem, ...]
    excluding: tuple[DatedItem, ...] = ()
    span: Span = _span()


@attrs.frozen
class AmountEntry:
    """One value of an amount, from and to a date, when a condition holds."""

    value: Literal
    start: Day | None = None
    end: Day | None = None
    when: Condition | None = None
    span: Span = _span()


@attrs.frozen
class AmountBlock:
    """`amount NAME = VALUE` or `amount NAME { VALUE [from D] [to D] [when COND] ... }`."""

    name: Name
    entries: tuple[AmountEntry, ...]
    single: bool = False
    span: Span = _span()


@attrs.frozen
class TableBlock:
    """`table NAME from "PATH" keys K, K values V, V [missing VALUE]`."""

    name: Name
    path: Text
    keys: tuple[Name, ...]
    values: tuple[Name, ...]
    missing: Literal | Name | None = None
    span: Span = _span()


@attrs.frozen
class TypeName:
    """The type of a fact: a word, or `one of` some words."""

    name: str
    words: tuple[Name, ...] = ()
    span: Span = _span()


@attrs.frozen
class FactBlock:
    """`fact NAME of OWNER : TYPE ["question"]`."""

    name: Name
    owner: Name
    type: TypeName
    question: Text | None = None
    span: Span = _span()


@attrs.frozen
class EventFact:
    """A fact of an event."""

    name: Name
    type: TypeName
    question: Text | None = None
    span: Span = _span()


@attrs.frozen
class EventBlock:
    """`event NAME { FACT : TYPE ["question"] ... }`."""

    name: Name
    facts: tuple[EventFact, ...] = ()
    span: Span = _span()


@attrs.frozen
class TermBlock:
    """`term NAME = COND`."""

    name: Name
    condition: Condition
    span: Span = _span()


@attrs.frozen
class CounterBlock:
    """`counter NAME = COUNTER`."""

    name: Name
    count: Count
    span: Span = _span()


@attrs.frozen
class YearFrom:
    """`year from MM-DD`."""

    month_day: str
    span: Span = _span()


@attrs.frozen
class OpensOn:
    """`opens on SELECTOR [when COND]`, an event's name included."""

    selector: Selector
    when: Condition | None = None
    span: Span = _span()


@attrs.frozen
class OpensOnVisit:
    """`opens on first visit [of SELECTOR] [when COND]`."""

    of: Selector | None = None
    when: Condition | None = None
    span: Span = _span()


@attrs.frozen
class OpensOnDate:
    """`opens on DATE`."""

    day: Day
    span: Span = _span()


@attrs.frozen
class OpensAfter:
    """`opens after EVENT [where (COND)]`."""

    event: Name
    where: Condition | None = None
    span: Span = _span()


@attrs.frozen
class Lasts:
    """`lasts N UNIT [then again]`."""

    number: Word
    unit: Name
    again: bool = False
    span: Span = _span()


@attrs.frozen
class Since:
    """`since DATE`: no start before it."""

    day: Day
    span: Span = _span()


@attrs.frozen
class Per:
    """`per KEY and KEY` of a window."""

    keys: tuple[Key, ...]
    span: Span = _span()


WindowClause: TypeAlias = "YearFrom | OpensOn | OpensOnVisit | OpensOnDate | OpensAfter | Lasts | Since | Per"


@attrs.frozen
class WindowBlock:
    """`window NAME { ... }`."""

    name: Name
    clauses: tuple[WindowClause, ...] = ()
    span: Span = _span()


@attrs.frozen
class RuleBlock:
    """`KIND NAME { scope, demand, way out, outcome, authority }`."""

    kind: str
    name: Name
    clauses: tuple[Clause, ...] = ()
    span: Span = _span()


@attrs.frozen
class OverrideBlock:
    """`override KIND NAME { ... }`."""

    kind: Name
    name: Name
    clauses: tuple[Clause, ...] = ()
    span: Span = _span()


@attrs.frozen
class DropBlock:
    """`drop KIND NAME [from D] [to D] because "..." cite ...`."""

    kind: Name
    name: Name
    start: Day | None
    end: Day | None
    reason: Text
    cites: tuple[Cite, ...] = ()
    span: Span = _span()


# ---- tests -------------------------------------------------------------------------------------------------------

TestValue: TypeAlias = "Literal | Name"


@attrs.frozen
class Pair:
    """A field and its value in a test."""

    field: Name
    value: TestValue
    span: Span = _span()


@attrs.frozen
class TClaim:
    """`claim on DATE FIELD VALUE ...`."""

    on: Day
    pairs: tuple[Pair, ...] = ()
    span: Span = _span()


@attrs.frozen
class TLine:
    """`line CODE MODIFIER ... FIELD VALUE ...`."""

    code: Word
    modifiers: tuple[Word, ...] = ()
    pairs: tuple[Pair, ...] = ()
    span: Span = _span()


@attrs.frozen
class THistory:
    """`history complete from DATE [to DATE]`."""

    start: Day
    end: Day | None = None
    span: Span = _span()


@attrs.frozen
class THistoryFor:
    """`history complete for billing_provider`."""

    whom: Name
    span: Span = _span()


@attrs.frozen
class TService:
    """`service CODE MODIFIER ... FIELD VALUE ... on DATE`, or on several days."""

    code: Word
    modifiers: tuple[Word, ...]
    pairs: tuple[Pair, ...]
    start: Day
    days: Word | None = None
    step: Word | None = None
    step_unit: Name | None = None
    span: Span = _span()


@attrs.frozen
class TBalance:
    """`balance MEASURE [of SELECTOR] N from DATE to DATE`."""

    measure: Name
    of: Selector | None
    used: Literal
    start: Day
    end: Day
    span: Span = _span()


@attrs.frozen
class TAuthorization:
    """`authorization ID [for SELECTOR] [from DATE] [to DATE] FIELD VALUE ...`."""

    number: Word
    codes: Selector | None = None
    start: Day | None = None
    end: Day | None = None
    pairs: tuple[Pair, ...] = ()
    span: Span = _span()


@attrs.frozen
class TEvent:
    """`event NAME on DATE FIELD VALUE ...`."""

    kind: Name
    on: Day
    pairs: tuple[Pair, ...] = ()
    span: Span = _span()


@attrs.frozen
class TNote:
    """`note KIND on DATE FIELD VALUE ...`."""

    kind: Name
    on: Day
    pairs: tuple[Pair, ...] = ()
    span: Span = _span()


@attrs.frozen
class TSession:
    """`session on DATE FIELD VALUE ...`."""

    on: Day
    pairs: tuple[Pair, ...] = ()
    span: Span = _span()


@attrs.frozen
class TIntervention:
    """`intervention CODE FIELD VALUE ...`."""

    code: Word
    pairs: tuple[Pair, ...] = ()
    span: Span = _span()


@attrs.frozen
class TSet:
    """`set FIELD VALUE, VALUE`."""

    field: Name
    values: tuple[TestValue, ...]
    span: Span = _span()


@attrs.frozen
class Stands:
    """`stands N MEASURE` or `stands $N`."""

    amount: Word | Money
    measure: Name | None = None
    span: Span = _span()


@attrs.frozen
class MissingField:
    """A missing field in an expectation, with the code where it is a table's value."""

    field: Name
    code: Word | None = None
    span: Span = _span()


@attrs.frozen
class TExpect:
    """`expect OUTCOME [by RULE] [on line N] [stands ...] [pays $N] [carc ...] [rarc ...] [missing ...] [repair "..."]`."""

    outcome: Name
    rule: Name | None = None
    line: Word | None = None
    stands: Stands | None = None
    pays: Money | None = None
    carc: Word | None = None
    rarcs: tuple[Word, ...] = ()
    missing: tuple[MissingField, ...] = ()
    repair: Text | None = None
    span: Span = _span()


@attrs.frozen
class Variant:
    """`variant "..." { ... }`: starts from the test around it."""

    name: Text
    clauses: tuple[TestClause, ...] = ()
    span: Span = _span()


TestClause: TypeAlias = (
    "TClaim | TLine | THistory | THistoryFor | TService | TBalance | TAuthorization | TEvent | TNote | TSession"
    " | TIntervention | TSet | TExpect | Variant"
)


@attrs.frozen
class TestBlock:
    """`test "..." { ... }`."""

    __test__ = False

    name: Text
    clauses: tuple[TestClause, ...] = ()
    span: Span = _span()


Block: TypeAlias = (
    "PolicyHead | LibraryHead | SourceBlock | CodesBlock | AmountBlock | TableBlock | FactBlock | EventBlock | TermBlock"
    " | CounterBlock | WindowBlock | RuleBlock | OverrideBlock | DropBlock | TestBlock"
)


@attrs.frozen
class File:
    """A policy file: its blocks in order."""

    blocks: tuple[Block, ...] = ()
    span: Span = _span()
