"""Conditions, values, moments and counters: from their syntax to what they mean, with every name and type checked."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import attrs

from . import tree as t
from .dates import Span as DateSpan
from .diagnostics import nearest
from .fields import FIELDS, Field
from .policy import (
    AllOf,
    AmountValue,
    AnyOf,
    Apart,
    CodeSet,
    Comparison,
    Condition,
    Constant,
    Counter,
    CountIs,
    DateMoment,
    DaysBetween,
    Entry,
    EventMoment,
    FieldValue,
    HasEvent,
    HasField,
    InWindow,
    IsAuthorized,
    Key,
    KindKey,
    Length,
    Moment,
    Near,
    OnList,
    Opening,
    Opposite,
    ScopeIncludes,
    TableValue,
    Term,
    TimeKey,
    Value,
    VisitMoment,
    Window,
    WindowKey,
    YesNo,
)
from .scope import NO_SET, Scope, amount_of, touched
from .tables import Table
from .vocabulary import EVENT_KINDS, KIND_KEYS, MEASURES, SCOPES, TIME_KEYS, TIME_UNITS, plural

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS: Final = ("number", "percent")
_ORDERED: Final = ("number", "money", "percent", "date")
_DAYS_THAT_PASS: Final = ("day", "days", "elapsed_days", "calendar_days")
NO_FIELD: Final = Field("?", "claim", "?", "")
_LINE_DATE: Final = DateMoment(FIELDS["date_of_service"])
_TIMED_MEASURES: Final = ("treatment_days", "visits")


def condition_in(scope: Scope, condition: t.Condition) -> Condition:
    """Settle a condition that stands in a definition of a file."""
    return Phrases(scope).condition(condition)


@attrs.define
class Phrases:
    """Settles the phrases of one place: `extra` are fields known only there (a table's columns, an event's facts)."""

    scope: Scope
    extra: Mapping[str, Field] = attrs.field(factory=dict)

    # ---- fields ----------------------------------------------------------------------------------------------

    def fields(self) -> dict[str, Field]:
        """Every field that may be asked about here."""
        return {**FIELDS, **self.scope.facts(), **self.extra}

    def find_field(self, name: str) -> Field | None:
        """Find a field or a declared fact by its name, without complaint."""
        if name in self.extra:
            return self.extra[name]
        found = FIELDS.get(name)
        if found is not None:
            return found
        declared = self.scope.find("fact", name)
        return declared[0].fact(declared[1]) if declared is not None else None

    def field(self, name: t.Name) -> Field:
        """Find a field, or report that there is none."""
        found = self.find_field(name.text)
        if found is None:
            self._no_field(name)
            return NO_FIELD
        return found

    def _no_field(self, name: t.Name) -> None:
        event, dot, of = name.text.partition(".")
        if dot and event in self.scope.event_kinds():
            wanted = f"what an event says of itself stands behind it: `{event} where ({of} ...)`"
            self.scope.report("E022", name, f'no field or fact is called "{name.text}"', wanted)
        else:
            self.scope.unknown("E022", name, "field or fact", self._askable())

    def _askable(self) -> list[str]:
        return [*self.fields(), *self.scope.names("term")]

    # ---- conditions ------------------------------------------------------------------------------------------

    def condition(self, condition: t.Condition) -> Condition:
        """Settle one condition."""
        match condition:
            case t.And(parts=parts):
                return AllOf(tuple(self.condition(part) for part in parts))
            case t.Or(parts=parts):
                return AnyOf(tuple(self.condition(part) for part in parts))
            case t.Not(part=part):
                return Opposite(self.condition(part))
            case t.In():
                return self._on_list(condition)
            case t.Compare():
                return self._comparison(condition)
            case t.Flag(name=name):
                return self._flag(name)
            case t.Has(name=name):
                return self._has(name)
            case t.CountCompare(count=count, sign=sign):
                counter = self.counter(count)
                right = self.value(condition.right, _type_of_counter(counter))
                return CountIs(counter, sign, right)
            case t.Includes():
                return self._includes(condition)
            case t.Within(moment=moment, distance=distance):
                return Near(*self._distance(condition, moment, distance))
            case t.AtLeast(moment=moment, distance=distance):
                return Apart(*self._distance(condition, moment, distance))
            case t.InWindow(window=window):
                return self._window_condition(window)
            case t.Authorized(where=where):
                return IsAuthorized(self.condition(where) if where is not None else None)

    def _window_condition(self, window: t.Name) -> Condition:
        found = self.window(window)
        return InWindow(found) if found is not None else AllOf(())

    def window(self, name: t.Name) -> Window | None:
        """Settle a window by its name; None where there is none, which is reported."""
        if self.scope.find("window", name.text) is None:
            if name.text in TIME_KEYS:
                wanted = f"{name.text} is a key of time: it stands after `per`; a window of one's own is declared with `window`"
                self.scope.report("E024", name, f'no window is called "{name.text}"', wanted)
            else:
                self.scope.unknown("E024", name, "window", self.scope.names("window"))
            return None
        found: Window | None = self.scope.settle("window", name, settled_window)
        return found

    def _flag(self, name: t.Name) -> Condition:
        if self.scope.find("term", name.text) is not None:
            found = self.scope.settle("term", name, lambda scope, block: condition_in(scope, block.condition))
            return Term(name.text, found) if found is not None else AllOf(())
        field = self.find_field(name.text)
        if field is None:
            self._unknown_flag(name)
            return YesNo(NO_FIELD)
        if field.type != "yes_no":
            wanted = f"compare it: {name.text} = ..., or {name.text} in ..."
            self.scope.report("E040", name, f"{name.text} is not a yes-or-no field but {_a_type(field)}", wanted)
        return YesNo(self.field(name))

    def _unknown_flag(self, name: t.Name) -> None:
        if self.scope.find("codes", name.text) is not None:
            self.scope.report(
                "E022", name, f'"{name.text}" is a set of codes, not something that is true or false',
                f"code in {name.text}, or `excluding {name.text}` behind the selector",
            )  # fmt: skip
            return
        self.scope.unknown("E022", name, "field, fact or term", self._askable())

    def _has(self, name: t.Name) -> Condition:
        if name.text in EVENT_KINDS:
            return HasEvent(name.text)
        if self.scope.find("event", name.text) is not None:
            return HasEvent(name.text)
        if self.find_field(name.text) is None:
            self.scope.unknown("E022", name, "field or event", [*self.fields(), *self.scope.event_kinds()])
            return HasField(NO_FIELD)
        return HasField(self.field(name))

    def _on_list(self, condition: t.In) -> Condition:
        field = self.field(condition.field)
        return OnList(field, self.members(field, condition.items, condition.field), condition.negated)

    def members(self, field: Field, items: tuple[t.Item, ...], at: Any) -> CodeSet:
        """Settle the list that a field is held against, by the field's type."""
        text = self.scope.words(items)
        match field.type:
            case "word":
                return CodeSet(text, "word", tuple(self._word(field, item) for item in items))
            case "code":
                return self.scope.selector(t.Selector(items, (), span=at.span), field.system or None)
            case "text" | "money" | "number" | "date":
                return CodeSet(text, field.type, tuple(self._plain(field, item) for item in items))
            case "?":
                return NO_SET
            case _:
                self.scope.report("E058", at, f"{field.name} is yes or no; it stands on no list")
                return NO_SET

    def _word(self, field: Field, item: t.Item) -> Entry:
        text = item.text if isinstance(item, t.Name | t.Word | t.Text) else "?"
        if text not in field.words:
            known = ", ".join(field.words)
            near = nearest(text, field.words)
            self.scope.report("E029", item, f'{field.name} is never "{text}"', f"one of {known}", near)
        return Entry("word", text)

    def _plain(self, field: Field, item: t.Item) -> Entry:
        if field.type == "text" and not isinstance(item, t.Text):
            self.scope.report("E040", item, f"{field.name} holds text", f'write it in quotes, as in {field.name} in "X"')
        if field.type == "number" and isinstance(item, t.Word):
            return Entry("word", str(self.scope.number(item)))
        if field.type in ("money", "date"):
            self.scope.report("E058", item, f"{field.name} is {_a_type(field)}: compare it, a list has no sense")
        return Entry("word", getattr(item, "text", "?"))

    def _includes(self, condition: t.Includes) -> Condition:
        scope_name, window = condition.scope.text, None
        if scope_name not in SCOPES:
            if self.scope.find("window", scope_name) is not None:
                window = self.window(condition.scope)
            else:
                known = [*SCOPES, *self.scope.names("window")]
                self.scope.unknown("E024", condition.scope, "scope", known, "line, day, claim or a window")
                scope_name = "day"
        where = self.condition(condition.where) if condition.where is not None else None
        return ScopeIncludes(scope_name, condition.none, self.scope.selector(condition.of, "procedure"), where, window)

    # ---- comparisons and values ------------------------------------------------------------------------------

    def _comparison(self, condition: t.Compare) -> Condition:
        left, type_, field = self._left(condition.left)
        right = self.value(condition.right, type_, field)
        self._fits(condition, type_, right, field)
        if left == right and left != FieldValue(NO_FIELD):
            self._with_itself(condition, condition.sign in ("=", "<=", ">="))
        return Comparison(left, condition.sign, right)

    def _with_itself(self, condition: Any, holds: bool) -> None:
        """Warn of two sides that are the same."""
        told = f"`{self.scope.said(condition.span)}` compares something with itself: it {'always' if holds else 'never'} holds where there is one"
        self.scope.report("W018", condition, told, "another field, an amount or a number on one side")

    def _left(self, left: Any) -> tuple[Any, str, Field | None]:
        if isinstance(left, t.Name) and left.text not in self.extra and left.text in self.scope.event_kinds():
            return self.moment(left), "date", None
        if isinstance(left, t.Name):
            field = self.field(left)
            return FieldValue(field), field.type, field
        if isinstance(left, t.DaysFrom):
            return self._days(left), "number", None
        return self.moment(left), "date", None

    def _fits(self, condition: t.Compare, type_: str, right: Value, field: Field | None) -> None:
        if type_ == "?":
            return
        if condition.sign not in ("=", "!=") and type_ not in _ORDERED:
            name = field.name if field else "this"
            self.scope.report("E058", condition, f"{name} is {_a_type(field)}: only = and != make sense")
        found = type_of(right)
        same = found == type_ or {found, type_} <= {"number", "percent"}
        if found != "?" and not same:
            name = field.name if field else "the left side"
            self.scope.report("E040", condition.right, f"{name} is {_a_type(field) if field else type_}, this is {_ARTICLE.get(found, found)}")

    def value(self, value: t.Value, type_: str | None = None, field: Field | None = None) -> Value:
        """Settle a value where a type is due; `field` is what it is held against."""
        match value:
            case t.Name():
                return self._named_value(value, field)
            case t.OfTable(table=name, field=by):
                table = self.scope.table(name)
                return self._table_value(name, table, (self.field(by),))
            case t.DaysFrom():
                return self._days(value)
            case t.Word() if field is not None and field.type == "code":
                return self._code(value, field)
            case t.Word() if field is not None and field.type == "word":
                return Constant("word", self._word(field, value).value)
            case _:
                return self.scope.literal(value)

    def _code(self, word: t.Word, field: Field) -> Constant:
        _, system = self.scope.entry(word, DateSpan(None, None), field.system)
        if system and field.system and system != field.system:
            self.scope.report("E047", word, f"{field.name} never holds a code of this kind")
        return Constant("code", word.text)

    def _named_value(self, name: t.Name, field: Field | None) -> Value:
        if field is not None and field.type == "yes_no" and name.text in ("yes", "no"):
            return Constant("yes_no", name.text == "yes")
        if field is not None and name.text in field.words:
            return Constant("word", name.text)
        if self.scope.find("amount", name.text) is not None:
            found = self.scope.settle("amount", name, lambda scope, block: amount_of(scope, block, condition_in))
            return found if found is not None else Constant("?", None)
        if self.scope.find("table", name.text) is not None:
            return self._table_by_keys(name)
        if self.find_field(name.text) is not None:
            return FieldValue(self.field(name))
        self._unknown_value(name, field)
        return Constant("?", None)

    def _unknown_value(self, name: t.Name, field: Field | None) -> None:
        if field is not None and field.type == "word":
            known = ", ".join(field.words)
            self.scope.report("E029", name, f'{field.name} is never "{name.text}"', f"one of {known}", nearest(name.text, field.words))
            return
        known_names = [*self.scope.names("amount", "table"), *self.fields()]
        self.scope.unknown("E021", name, "amount, table or field", known_names, "a number, money, an amount, a table or a field")

    def _table_by_keys(self, name: t.Name) -> Value:
        table = self.scope.table(name)
        if table is None:
            return Constant("?", None)
        fields = tuple(self.find_field(key) for key in table.keys)
        if any(field is None for field in fields):
            missing = ", ".join(key for key, field in zip(table.keys, fields, strict=True) if field is None)
            self.scope.report("E054", name, f"no field is named like the key {missing} of this table", f"{name.text} of FIELD")
            return Constant("?", None)
        return self._table_value(name, table, tuple(field for field in fields if field is not None))

    def _table_value(self, name: t.Name, table: Table | None, fields: tuple[Field, ...]) -> Value:
        if table is None:
            return Constant("?", None)
        if len(table.values) != 1:
            self.scope.report("E054", name, f"this table has {len(table.values)} columns of values; a value needs one")
            return Constant("?", None)
        if len(fields) != len(table.keys):
            self.scope.report("E054", name, f"this table has {len(table.keys)} keys, not {len(fields)}")
            return Constant("?", None)
        return TableValue(table, table.values[0], fields)

    def _days(self, value: t.DaysFrom) -> DaysBetween:
        return DaysBetween(self.moment(value.start), self.moment(value.end))

    # ---- moments ---------------------------------------------------------------------------------------------

    def moment(self, moment: t.Moment) -> Moment:
        """Settle a moment: a date field, an event, or the first or last visit."""
        match moment:
            case t.Name(text=text):
                return self._named_moment(moment, text)
            case t.EventWhere(event=event, where=where):
                return self.event_moment(event, where)
            case t.Visit(which=which, of=of, where=where, window=window):
                selected = self.scope.selector(of, "procedure") if of is not None else None
                inside = self.window(window) if window is not None else None
                return VisitMoment(which, selected, self.condition(where) if where is not None else None, inside)

    def event_moment(self, event: t.Name, where: t.Condition | None) -> EventMoment:
        """Settle an event and the condition on it, in which the event's own facts are known."""
        self._known_event(event)
        if event.text not in self.scope.event_kinds():
            return EventMoment(event.text)  # what stands in its condition can't be told to be right or wrong
        inside = Phrases(self.scope, {**self.extra, **self.scope.event_facts(event.text)})
        return EventMoment(event.text, inside.condition(where) if where is not None else None)

    def _named_moment(self, name: t.Name, text: str) -> Moment:
        if text in EVENT_KINDS or self.scope.find("event", text) is not None:
            self._known_event(name)
            return EventMoment(text)
        field = self.find_field(text)
        if field is None:
            known = [*self.scope.event_kinds(), *(f.name for f in self.fields().values() if f.type == "date")]
            self.scope.unknown("E022", name, "date or event", known, "a date field, an event, `first visit` or `last visit`")
            return DateMoment(NO_FIELD)
        if field.type != "date":
            self.scope.report("E040", name, f"{text} is {_a_type(field)}, not a date")
        return DateMoment(self.field(name))

    def _known_event(self, name: t.Name) -> None:
        if name.text not in EVENT_KINDS and self.scope.find("event", name.text) is None:
            self.scope.unknown("E027", name, "event", self.scope.event_kinds())

    def _distance(self, condition: t.Within | t.AtLeast, moment: t.Moment | None, distance: t.Distance) -> tuple[Any, ...]:
        number, unit = self.length(distance.number, distance.unit)
        start = self.moment(moment) if moment is not None else None
        anchor = self.moment(distance.anchor)
        if anchor == (start or _LINE_DATE):
            self._with_itself(condition, isinstance(condition, t.Within))
        return start, number, unit, distance.direction, anchor

    def length(self, number: t.Word, unit: t.Name) -> tuple[int, str]:
        """Settle a number of units of time."""
        word = plural(unit.text)
        if word not in TIME_UNITS:
            self.scope.report("E029", unit, f'"{unit.text}" is no unit of time', ", ".join(TIME_UNITS), nearest(unit.text, TIME_UNITS))
            word = "days"
        return self.scope.whole(number), word

    # ---- counters --------------------------------------------------------------------------------------------

    def counter(self, count: t.Count) -> Counter:
        """Settle a counter: a declared one by its name, or a measure with its selector, condition and keys."""
        plain = count.of is None and count.where is None and not count.per and not count.distinct
        if plain and self.scope.find("counter", count.measure.text) is not None:
            found = self.scope.settle("counter", count.measure, _settle_counter)
            return found if found is not None else _NO_COUNTER
        measure, field, table = self._measure(count)
        of = self.scope.selector(count.of, "procedure") if count.of is not None else None
        where = self.condition(count.where) if count.where is not None else None
        keys = self.keys(count.per)
        self._has_time(count, keys)
        column = table.values[0] if table is not None and table.values else ""
        return Counter(measure, of, where, keys, field, table, column)

    def _has_time(self, count: t.Count, keys: tuple[Key, ...]) -> None:
        if any(isinstance(key, TimeKey | WindowKey) for key in keys) or len(keys) < len(count.per):
            return  # a key that could not be settled is reported already
        if not count.per and plural(count.measure.text) not in MEASURES and not count.distinct:
            return  # an unknown counter, reported
        self.scope.report("E052", count, "a count needs a key of time", "per day, per calendar_year, per claim, per injury_number ...")

    def _measure(self, count: t.Count) -> tuple[str, Field | None, Table | None]:
        name = count.measure
        if count.distinct:
            known = {**self.fields(), "claim": Field("claim", "claim", "text", "Which claim is it?")}
            if name.text in known:
                return "distinct", known[name.text], None
            self.scope.unknown("E022", name, "field", known)
            return "distinct", NO_FIELD, None
        word = plural(name.text)
        if word in MEASURES:
            return word, None, None
        if self.scope.find("table", name.text) is not None:
            return "weights", None, self._weights(name)
        if name.text in _DAYS_THAT_PASS:
            wanted = "days that pass are a window (`lasts 60 days`), days of treatment are treatment_days"
            self.scope.report("E023", name, f'no counter or measure is called "{name.text}"', wanted)
            return "lines", None, None
        known_names = [*MEASURES, *self.scope.names("counter", "table")]
        self.scope.unknown("E023", name, "counter or measure", known_names, "visits, treatment_days, units, minutes, lines, charged, allowed ...")
        return "lines", None, None

    def _weights(self, name: t.Name) -> Table | None:
        table = self.scope.table(name)
        if table is not None and (table.keys != ("code",) or len(table.values) != 1):
            self.scope.report("E054", name, "a table that is counted has one key, `code`, and one column of values")
        return table

    def keys(self, keys: tuple[t.Key, ...]) -> tuple[Key, ...]:
        """Settle the keys behind `per`."""
        found = [self.key(key) for key in keys]
        return tuple(key for key in found if key is not None)

    def key(self, key: t.Key) -> Key | None:
        """Settle one key."""
        match key:
            case t.KeySpan(which=which, number=number, unit=unit):
                n, word = self.length(number, unit)
                if word == "business_days":
                    self.scope.report("E029", unit, f"`{which}` counts no business days", "days, weeks, months, years")
                return TimeKey(which, n, word)
            case t.KeyWeek(first_day=None):
                return TimeKey("week")
            case t.KeyWeek(first_day=t.Name(text=text) as name):
                if text not in _WEEKDAYS:
                    self.scope.report("E029", name, f'"{text}" is no day of the week', near=nearest(text, _WEEKDAYS))
                    return TimeKey("week")
                return TimeKey("week", first_day=_WEEKDAYS.index(text))
            case t.KeyName(name=text) if text in TIME_KEYS and text not in ("prior", "rolling"):
                return TimeKey(text)
            case t.KeyName(name=text) if text in KIND_KEYS:
                return KindKey(text)
            case t.KeyName(name=text) if self.scope.find("window", text) is not None:
                window = self.window(t.Name(text, span=key.span))
                return WindowKey(window) if window is not None else None
            case t.KeyName(name=text):
                self._no_key(key, text)
        return None

    def _no_key(self, key: t.KeyName, text: str) -> None:
        known = [*TIME_KEYS, *KIND_KEYS, *self.scope.names("window")]
        self.scope.unknown("E024", t.Name(text, span=key.span), "key or window", known)


_NO_COUNTER: Final = Counter("lines", None, None, (TimeKey("line"),))
_ARTICLE: Final = {
    "number": "a number", "money": "money", "percent": "a percentage", "date": "a date", "text": "text", "code": "a code",
    "word": "a word", "yes_no": "yes or no",
}  # fmt: skip


def settled_window(scope: Scope, block: t.WindowBlock) -> Window:
    """Settle a window: a year from a day, or what opens it, how long it lasts, since when, for whom."""
    phrases = Phrases(scope)
    year = next((c for c in block.clauses if isinstance(c, t.YearFrom)), None)
    openings = tuple(_opening(phrases, c) for c in block.clauses if isinstance(c, _OPENS))
    lengths = tuple(Length(*phrases.length(c.number, c.unit), c.again) for c in block.clauses if isinstance(c, t.Lasts))
    since = next((c for c in block.clauses if isinstance(c, t.Since)), None)
    keys = [key for c in block.clauses if isinstance(c, t.Per) for key in _window_keys(phrases, c)]
    _check_window(scope, block, year, openings, lengths)
    return Window(
        block.name.text, scope.month_day(year.month_day, year.span) if year is not None else None, openings, lengths,
        scope.day(since.day) if since is not None else None, tuple(keys),
    )  # fmt: skip


_OPENS: Final = (t.OpensOn, t.OpensOnVisit, t.OpensOnDate, t.OpensAfter)


def _check_window(scope: Scope, block: t.WindowBlock, year: t.YearFrom | None, openings: tuple[Opening, ...], lengths: tuple[Length, ...]) -> None:
    """A window that never opens, one that is a year and opens too, one of business days, `then again` with nothing to begin it again."""
    seen: dict[type, t.Span] = {}
    for clause in block.clauses:
        if isinstance(clause, t.YearFrom | t.Since | t.Per) and type(clause) in seen:
            scope.report("E014", clause, f"this clause stands twice; the first is in line {seen[type(clause)].line}")
        seen.setdefault(type(clause), clause.span)
    if year is None and not openings and not touched(scope, block):
        scope.report("E015", block.name, f'the window "{block.name.text}" never opens', "year from MM-DD, opens on ... or opens after ...")
    if year is not None and (openings or lengths):
        scope.report("E013", block.name, "a window that is a year from a day neither opens nor lasts", "`year from` alone, or `opens` and `lasts`")
    for clause in block.clauses:
        if isinstance(clause, t.Lasts) and plural(clause.unit.text) == "business_days":
            scope.report("E029", clause.unit, "a window lasts no business days", "days, weeks, months, years")
        if isinstance(clause, t.Lasts) and clause.again and not any(opening.kind == "first_visit" for opening in openings):
            scope.report("E013", clause, "`then again` goes with `opens on first visit`: the next begins with the first service after its end")


def _opening(phrases: Phrases, clause: Any) -> Opening:
    scope = phrases.scope
    match clause:
        case t.OpensOnDate():
            return Opening("date", day=scope.day(clause.day))
        case t.OpensAfter():
            return _event_opening(phrases, "after_event", clause.event, clause.where)
        case t.OpensOnVisit():
            of = scope.selector(clause.of, "procedure") if clause.of is not None else None
            return Opening("first_visit", of, when=phrases.condition(clause.when) if clause.when is not None else None)
        case _:
            items = clause.selector.items
            if len(items) == 1 and isinstance(items[0], t.Name) and items[0].text in scope.event_kinds():
                return _event_opening(phrases, "on_event", items[0], clause.when)
            when = phrases.condition(clause.when) if clause.when is not None else None
            return Opening("service", scope.selector(clause.selector, "procedure"), when=when)


def _event_opening(phrases: Phrases, kind: str, event: t.Name, where: t.Condition | None) -> Opening:
    found = phrases.event_moment(event, where)
    return Opening(kind, event=found.kind, when=found.where)


def _window_keys(phrases: Phrases, clause: t.Per) -> list[KindKey]:
    """For whom a window is: keys of kind only, since a key of time would be a window itself."""
    found = []
    for key, settled in zip(clause.keys, map(phrases.key, clause.keys), strict=True):
        if isinstance(settled, KindKey):
            found.append(settled)
        elif settled is not None:
            phrases.scope.report("E024", key, "a window is for a key of kind", ", ".join(KIND_KEYS))
    return found


def _settle_counter(scope: Scope, block: t.CounterBlock) -> Counter:
    return attrs.evolve(Phrases(scope).counter(block.count), name=block.name.text)


def _a_type(field: Field | None) -> str:
    if field is None:
        return "?"
    if field.type == "word":
        return "one of " + ", ".join(field.words[:6]) + (" ..." if len(field.words) > 6 else "")
    return _ARTICLE.get(field.type, field.type)


def type_of(value: Value) -> str:
    """The type of a value: number, money, percent, date, text, code, word, yes_no, or ? where it could not be settled."""
    match value:
        case Constant(type=type_) | AmountValue(type=type_):
            return type_
        case FieldValue(field=field):
            return field.type
        case TableValue(table=table, column=column):
            cells = (row.get(column, "") for row in table.sample())
            return "number" if all(_is_number(cell) for cell in cells) else "text"
        case DaysBetween():
            return "number"


def _is_number(cell: str) -> bool:
    return not cell or (cell.replace(".", "", 1).isdigit() and Decimal(cell) >= 0)


def _type_of_counter(counter: Counter) -> str:
    return "money" if counter.measure in ("charged", "allowed", "paid") else "number"


def fits_counter(counter: Counter, value: Value) -> bool:
    """Whether a bound is of the type of what is counted."""
    found, wanted = type_of(value), _type_of_counter(counter)
    if counter.table is not None and found == "money":
        return True
    return found in ("?", wanted) or (wanted == "number" and found == "percent")
