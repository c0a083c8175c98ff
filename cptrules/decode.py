"""Good input read quickly: one generated function for each set of keys that a record comes with.

What such a function is not sure of it refuses without a word, and the reader of `interchange` says every fault with its path; so the two
agree, and this one needs no messages. Words, codes and dates are held once for all records that have them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter
from types import NoneType
from typing import Any, Final, TypeVar, get_args, get_origin

import attrs

from . import claims as c
from .claims import UNKNOWN, Frozen, sound
from .columns import MONEY, Columns, in_columns

T = TypeVar("T")
MOST_KEYS: Final = 512  # sets of keys of one class that a function is made for
MOST_WORDS: Final = 50_000  # codes or dates that are held
_MONEY: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,2})?").fullmatch
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch


class NotPlain(Exception):
    """Input that the slower reader has to judge."""


ODD: Final = (NotPlain, TypeError, ValueError, LookupError, AttributeError, ArithmeticError)


class _Held(dict[Any, Any]):
    """Values that were found good, each held once; another one is read by `read`, which raises where it is not good."""

    def __init__(self, read: Callable[[Any], Any], known: Mapping[Any, Any] | None = None) -> None:
        super().__init__(known or {})
        self._read = read
        self._known = known or {}

    def __missing__(self, key: Any) -> Any:
        found = self._read(key)
        if len(self) >= MOST_WORDS:
            self.clear()
            self.update(self._known)
        self[str.__str__(key) if isinstance(key, str) else key] = found  # a word of an Enum is held as the word
        return found


def refuse(_: object) -> Any:
    """Leave a value to the slower reader; raises NotPlain."""
    raise NotPlain


def _matching(pattern: str) -> Callable[[Any], Any]:
    matches = re.compile(pattern).fullmatch

    def read(value: Any) -> str:
        if not isinstance(value, str) or not matches(value):
            raise NotPlain
        return str.__str__(value)

    return read


def _day(value: Any) -> date:
    if not isinstance(value, str) or not _DAY(value):
        raise NotPlain
    return date.fromisoformat(value)


def _money(value: Any) -> Decimal:
    if not _MONEY(value):
        raise NotPlain
    return Decimal(value)


_DAYS: Final = _Held(_day)
AMOUNTS: Final = _Held(_money)  # of fee schedules: they come again and again


def _text(value: Any) -> str:
    if value.__class__ is not str or not value or value.isspace() or not value.isascii():  # beyond ASCII it may be half a character
        raise NotPlain
    return value


def _facts(value: Any) -> Frozen:
    from .interchange import read_facts

    return Frozen(read_facts(value))


def _counts(name: str) -> Callable[[Any], Frozen]:
    from .interchange import read_counts

    return lambda value: Frozen(read_counts(value, name))


# ---- a field -----------------------------------------------------------------------------------------------------

# How a value is read: `{0}` stands for it. Each raises where it is not plainly good.
_WHOLE: Final = "{0} if {0}.__class__ is int and {1} <= {0} < 1000000000 else refuse({0})"
_AMOUNT: Final = "Decimal({0}) if money({0}) else refuse({0})"
_YES_NO: Final = "{0} if {0} is True or {0} is False else refuse({0})"


@attrs.define
class _Maker:
    """Makes the functions for one class: source text and the names that it is run with; no word of an input stands in it."""

    cls: type
    names: dict[str, Any] = attrs.field(factory=dict)

    def bind(self, value: object) -> str:
        name = f"N{len(self.names)}"
        self.names[name] = value
        return name

    def read(self, field: attrs.Attribute[Any], var: str) -> str:
        """The expression that reads a field's value."""
        kind, optional = as_kind(field.type)
        told = self._one(kind, field.name, var)
        if told.endswith(f"[{var}]") and told[0] == "N":  # null is held beside the words
            return told if optional else f"{told} if {var} is not None else refuse({var})"
        return f"None if {var} is None else {told}" if optional else told

    def _one(self, kind: Any, name: str, var: str) -> str:
        if get_origin(kind) is tuple:
            return self._several(get_args(kind)[0], name, var)
        if attrs.has(kind):
            return f"{self.bind(reader(kind))}({var})"
        if get_origin(kind) is not None:
            return f"{self.bind(_facts if name == 'facts' else _counts(name))}({var})"
        if kind is int:
            return _WHOLE.format(var, 1 if name == "number" else 0)
        if kind is bool:
            return _YES_NO.format(var)
        if kind is Decimal:
            return f"{self.bind(AMOUNTS)}[{var}]" if name == "allowed" else _AMOUNT.format(var)
        held = held_values(kind, name, self.cls)
        return f"{self.bind(held)}[{var}]" if held is not None else f"{self.bind(_text)}({var})"

    def _several(self, member: Any, name: str, var: str) -> str:
        listed = f"if {var}.__class__ is list else refuse({var})"
        if member is int:
            least = 1 if name == "diagnosis_pointers" else 0
            several = f"tuple([{_WHOLE.format('y', least)} for y in {var}])"
            return f"((y,) if len({var}) == 1 and (y := {var}[0]).__class__ is int and {least} <= y < 1000000000 else {several}) {listed}"
        if attrs.has(member):
            return f"tuple(map({self.bind(reader(member))}, {var})) {listed}"
        held = held_values(member, name, self.cls)
        if held is None:
            return f"tuple(map({self.bind(_text)}, {var})) {listed}"
        return f"{self.bind(held_lists(held))}[tuple({var})] {listed}"


def as_kind(kind: Any) -> tuple[Any, bool]:
    """The type of a field without None and UNKNOWN, and whether null may stand for it."""
    from .interchange import inner, optional

    return inner(kind), optional(kind)


_LISTS: dict[tuple[str, type | None], _Held] = {}


def held_values(kind: Any, name: str, owner: type) -> _Held | None:
    """The words, codes or days that a field may hold, as they are held; None for free text."""
    from .interchange import closed_list, pattern_of

    words, pattern = closed_list(name, owner), pattern_of(name)
    if kind is date:
        key: tuple[str, type | None] = ("", date)
        if key not in _LISTS:
            _LISTS[key] = _Held(_day, {None: None})
    elif words is not None:
        key = (name, owner if name == "kind" else None)
        if key not in _LISTS:
            _LISTS[key] = _Held(refuse, {None: None, **{word: word for word in words}})
    elif pattern is not None:
        key = (pattern, None)
        if key not in _LISTS:
            _LISTS[key] = _Held(_matching(pattern), {None: None})
    else:
        return None
    return _LISTS[key]


def held_lists(held: _Held) -> _Held:
    """Lists of such words or codes, each list held once."""

    def read(value: tuple[Any, ...]) -> tuple[Any, ...]:
        found = tuple(map(held.__getitem__, value))
        if None in found:
            raise NotPlain
        return found

    return _Held(read)


# ---- a record ----------------------------------------------------------------------------------------------------


class _Reader:
    """Reads records of one class from dicts."""

    __slots__ = ("_by_keys", "_held", "cls", "twin")

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self._held: dict[tuple[Any, ...], Any] | None = {} if cls is c.Provider else None  # few, and all of text: each is held once
        self.twin = _twin(cls)
        self._by_keys: dict[tuple[str, ...], Callable[[Any], Any]] = {}

    def __call__(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise NotPlain
        if self._held is not None:
            return self._once(data, self._held)
        keys = tuple(data)
        made = self._by_keys.get(keys)
        if made is None:
            made = self._by_keys[keys] = self._made(keys)
        return made(data)

    def _once(self, data: dict[str, Any], held: dict[tuple[Any, ...], Any]) -> Any:
        told = (*data, *data.values())
        found = held.get(told)
        if found is None:
            keys = tuple(data)
            made = self._by_keys.get(keys) or self._by_keys.setdefault(keys, self._made(keys))
            found = made(data)
            if len(held) >= MOST_WORDS:
                held.clear()
            held[told] = found
        return found

    def _made(self, keys: tuple[str, ...]) -> Callable[[Any], Any]:
        if len(self._by_keys) >= MOST_KEYS:
            raise NotPlain
        fields = {_given_name(field.name): field for field in attrs.fields(self.cls)}
        if not set(keys) <= set(fields) or any(field.default is attrs.NOTHING and name not in keys for name, field in fields.items()):
            raise NotPlain
        maker = _Maker(self.cls)
        variables = [f"v{place}" for place in range(len(keys))]
        lines = [f"{', '.join(variables)}, = d.values()" if keys else "pass", "o = new(twin)"]
        for key, variable in zip(keys, variables, strict=True):
            lines.append(f"o.{fields[key].name} = {maker.read(fields[key], variable)}")
        for name, field in fields.items():
            if name not in keys:
                lines.append(f"o.{field.name} = {maker.bind(field.default) if field.default is not UNKNOWN else 'UNKNOWN'}")
        lines += ["o.__class__ = cls", "return o"]
        return _run("def made(d):\n    " + "\n    ".join(lines), maker, self)


def finisher(cls: type, steps: Mapping[str, Callable[[Any], Any] | str | None], later: str = "") -> Callable[[Any], Any]:
    """Make the function that makes a record of an object with the same fields.

    `steps` has the fields that it was given with, and what each needs still: a function, an expression of `{0}`, or nothing. The field
    `later` is left without a value.
    """
    maker, lines = _Maker(cls), ["o = new(twin)"]
    for field in attrs.fields(cls):
        if field.name == later:
            continue
        step = steps.get(field.name)
        if field.name not in steps:
            lines.append(f"o.{field.name} = {maker.bind(field.default) if field.default is not UNKNOWN else 'UNKNOWN'}")
        elif step is None:
            lines.append(f"o.{field.name} = s.{field.name}")
        else:
            told = step.format("v") if isinstance(step, str) else f"{maker.bind(step)}(v)"
            lines += [f"v = s.{field.name}", f"o.{field.name} = v if v is None or v is UNKNOWN else {told}"]
    return _run("def made(s):\n    " + "\n    ".join([*lines, "o.__class__ = cls", "return o"]), maker, reader(cls))


def _run(text: str, maker: _Maker, reader_: _Reader) -> Callable[[Any], Any]:
    names = {
        "new": object.__new__, "Decimal": Decimal, "money": _MONEY, "twin": reader_.twin, "cls": reader_.cls, "refuse": refuse, "UNKNOWN": UNKNOWN,
        **maker.names,
    }  # fmt: skip
    exec(compile(text, "<reader>", "exec"), names)  # only text that this module wrote: names of fields, and its own
    made: Callable[[Any], Any] = names["made"]
    return made


def _given_name(name: str) -> str:
    from .interchange import RENAMED

    return RENAMED.get(name, name)


def _twin(cls: type) -> type:
    """A class of the same layout whose objects can be filled; each becomes one of the immutable class before anybody sees it."""
    slots = cls.__dict__["__slots__"]
    return type(f"_{cls.__name__}", cls.__bases__, {"__slots__": slots, "__setattr__": object.__setattr__, "__delattr__": object.__delattr__})


_READERS: dict[type, _Reader] = {}


def reader(cls: type) -> _Reader:
    """The reader of a class."""
    found = _READERS.get(cls)
    if found is None:
        attrs.resolve_types(cls, vars(c), include_extras=False)
        found = _READERS[cls] = _Reader(cls)
    return found


def quickly(cls: type[T], data: Any) -> T | None:
    """Read a record from plain dicts; None where anything is not plainly good, for the slower reader to judge."""
    try:
        if cls is c.History:
            return _history(data)  # type: ignore[return-value]
        found = reader(cls)(data)
        if cls is c.Claim:
            claim_together(found)
        elif cls is c.Session:
            return None
        found = sound(found)
    except ODD:
        return None
    return found  # type: ignore[no-any-return]


# ---- a claim, a history ------------------------------------------------------------------------------------------


def claim_together(claim: c.Claim) -> None:
    """Hold a claim's lines to one another, as `interchange` does."""
    lines, diagnoses = claim.lines, claim.diagnoses
    many = len(diagnoses or ()) if diagnoses is not UNKNOWN else 10**9
    numbers = set()
    for line in lines:
        numbers.add(line.number)
        if line.date_of_service.__class__ is not date:
            raise NotPlain
        pointers = line.diagnosis_pointers
        if pointers and (line.diagnoses is not UNKNOWN or max(pointers) > many):  # type: ignore[arg-type]
            raise NotPlain
    if not lines or len(numbers) != len(lines):
        raise NotPlain


def _history(data: Any) -> c.History:
    given = data.get("services") if isinstance(data, dict) else None
    if given.__class__ is not list or not given:
        found = reader(c.History)(data)
        history_together(found)
        return sound(found)  # type: ignore[no-any-return]
    rest = {key: value for key, value in data.items() if key != "services"}
    found = reader(c.History)(rest)
    history_together(found)
    columns = _columns(given)
    if columns is None:
        services = tuple(map(reader(c.Service), given))
        if any(service.diagnosis_pointers for service in services):
            raise NotPlain
        object.__setattr__(found, "services", services)
        return sound(found)  # type: ignore[no-any-return]
    return with_columns(found, columns)


def with_columns(history: c.History, columns: Columns) -> c.History:
    """A history whose services stand in columns."""
    object.__delattr__(history, "services")
    return sound(history, columns)


def history_together(history: c.History) -> None:
    """Hold the ends of a history's spans to their beginnings, as `interchange` does."""
    _span(history.complete_from, history.complete_to)
    several: tuple[Any, ...] = (history.balances or (), history.authorizations or ())  # UNKNOWN is false
    for records in several:
        for one in records:
            _span(one.from_, one.to)


def _span(start: Any, end: Any) -> None:
    if end.__class__ is date and start.__class__ is date and end < start:
        raise NotPlain


# ---- services as columns -----------------------------------------------------------------------------------------


class _Layout:
    """How the services of a set of keys are read, column by column."""

    __slots__ = ("_build", "_reads", "_take", "keys")

    def __init__(self, keys: tuple[str, ...]) -> None:
        reader(c.Service)  # its fields' types are settled there
        fields = attrs.fields_dict(c.Service)
        if len(keys) < 2 or not set(keys) <= set(fields) or not {"code", "date_of_service"} <= set(keys) or "diagnosis_pointers" in keys:
            raise NotPlain
        self.keys = keys
        self._take = itemgetter(*keys)
        self._reads = [_column_reader(fields[key]) for key in keys]
        self._build = row_builder(keys)

    def columns(self, services: list[Any]) -> Columns:
        """Read services that all have these keys; raises where some value is not plainly good."""
        if set(map(len, services)) != {len(self.keys)}:
            raise NotPlain
        columns = zip(*map(self._take, services), strict=True)
        found = {key: read(column) for key, read, column in zip(self.keys, self._reads, columns, strict=True)}
        return in_columns(found, self.keys, len(services), self._build)


_LAYOUTS: dict[tuple[str, ...], _Layout | None] = {}


def _columns(services: list[Any]) -> Columns | None:
    """Services as columns; None where they are not alike, or not all plain."""
    try:
        first = services[0]
        keys = tuple(first)
        layout = _LAYOUTS.get(keys)
        if set(map(type, services)) != {dict}:  # another mapping may have answers for keys that it has not
            return None
        if layout is None:
            if len(_LAYOUTS) >= MOST_KEYS:
                return None
            layout = _LAYOUTS[keys] = _Layout(keys)
        return layout.columns(services)
    except ODD:
        return None


def row_builder(keys: tuple[str, ...]) -> Callable[[Iterable[tuple[Any, ...]]], tuple[c.Service, ...]]:
    """Makes services of rows."""
    fields = attrs.fields_dict(c.Service)
    lines = [f"{', '.join(f'o.{key}' for key in keys)}, = row"]
    rest = [name for name in fields if name not in keys and name != "number"]
    lines += [f"{' = '.join(f'o.{name}' for name in rest)} = UNKNOWN"] if rest else []
    lines += [] if "number" in keys else ["o.number = 0"]
    inner = "\n        ".join(["o = new(twin)", *lines, "o.__class__ = cls", "found.append(o)"])
    text = f"def made(rows):\n    found = []\n    for row in rows:\n        {inner}\n    return tuple(found)"
    return _run(text, _Maker(c.Service), reader(c.Service))


def _column_reader(field: attrs.Attribute[Any]) -> Callable[[tuple[Any, ...]], Any]:
    """How a whole column is read; raises where one of its values is not plainly good."""
    from .interchange import pattern_of

    kind, _ = as_kind(field.type)
    if kind is Decimal:
        return _money_column if field.name in MONEY else lambda column: tuple(map(AMOUNTS.__getitem__, column))
    if kind is date:
        return _day_column
    if kind is int:
        return _whole_column if field.name != "number" else refuse
    if kind is bool:
        return _yes_no_column
    if attrs.has(kind):
        return lambda column: tuple(map(reader(kind), column))
    if get_origin(kind) is tuple:
        held = held_values(get_args(kind)[0], field.name, c.Service)
        return _list_column(held) if held is not None else refuse
    if get_origin(kind) is not None:
        return refuse
    held = held_values(kind, field.name, c.Service)
    if held is None:
        return _text_column
    if field.name == "code":
        codes = _Held(_matching(pattern_of(field.name) or ""))
        return lambda column: tuple(map(codes.__getitem__, column))
    return lambda column: tuple(map(held.__getitem__, column))


# Amounts between bars: most columns have two digits of cents in each, which is tried first, for it takes a third of the time.
_WITH_CENTS: Final = re.compile(r"(?:[0-9]{1,9}\.[0-9]{2}\|)*+[0-9]{1,9}\.[0-9]{2}").fullmatch
_MONIES: Final = re.compile(r"(?:[0-9]{1,9}+(?:\.[0-9]{1,2}+)?\|)*+[0-9]{1,9}+(?:\.[0-9]{1,2}+)?").fullmatch


def sound_money(column: Sequence[Any]) -> None:
    """Raise NotPlain where some text of a column is no amount; TypeError where it is no text."""
    text = "|".join(column)
    if column and ((not _WITH_CENTS(text) and not _MONIES(text)) or text.count("|") != len(column) - 1):
        raise NotPlain


def sound_texts(column: Sequence[Any]) -> str:
    """Give the texts of a column between bars; raises NotPlain where one is empty or is not surely plain, TypeError where it is no text."""
    text = "|".join(column)
    spaced = " " in text or not text.isprintable()
    if not text.isascii() or not all(column) or (spaced and any(map(str.isspace, column))):
        raise NotPlain
    return text


def _money_column(column: tuple[Any, ...]) -> tuple[str, ...]:
    """Money as text: many amounts are asked for by nobody."""
    sound_money(column)
    return column


def _day_column(column: tuple[Any, ...]) -> tuple[date, ...]:
    return tuple(map(_DAYS.__getitem__, column))


def _whole_column(column: tuple[Any, ...]) -> tuple[int, ...]:
    if set(map(type, column)) != {int} or min(column) < 0 or max(column) >= 10**9:
        raise NotPlain
    return column


def _yes_no_column(column: tuple[Any, ...]) -> tuple[bool | None, ...]:
    if not set(map(type, column)) <= {bool, NoneType}:
        raise NotPlain
    return column


def _text_column(column: tuple[Any, ...]) -> tuple[str, ...]:
    sound_texts(column)
    return column


def _list_column(held: _Held) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    lists = held_lists(held)

    def read(column: tuple[Any, ...]) -> tuple[Any, ...]:
        if set(map(type, column)) != {list}:
            raise NotPlain
        return tuple(map(lists.__getitem__, map(tuple, column)))

    return read
