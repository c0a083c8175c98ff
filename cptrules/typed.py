"""Good JSON read by msgspec (extra `[fast]`): typed decoding straight from bytes, for records that are alike.

The keys and the codes of the first records, which `decode` reads, make the types of the next ones: what was not seen before is refused in
C, read by `decode`, and learnt. What is taken here is what `decode` would take: no other keys, none twice, the same values. Of a record
nothing is remembered but its keys and codes, both up to a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import attrs
import msgspec
from msgspec.structs import astuple

from . import claims as c
from .claims import UNKNOWN, sound
from .columns import MONEY, Columns
from .decode import (
    AMOUNT,
    AMOUNTS,
    ODD,
    PLAIN_TEXT,
    NotPlain,
    as_kind,
    claim_together,
    finisher,
    history_together,
    reader,
    row_builder,
    sound_money,
    sound_texts,
    with_columns,
)

MOST_WORDS: Final = 4_096  # codes that a type of one field lists; a record with another is read by `decode`
FIRST: Final = 16  # records of a class that are read by `decode` before types are made of them
_NOWHERE: Final = "\0"  # a word that no record has: a type has to list one


@attrs.define
class _Seen:
    """The keys and words that were met so far."""

    records: int = 0
    always: dict[type, frozenset[str]] = attrs.field(factory=dict)  # keys that every record of a class had
    ever: dict[type, frozenset[str]] = attrs.field(factory=dict)
    words: dict[str, set[str]] = attrs.field(factory=dict)
    news: int = 0

    def learn(self, cls: type, data: Mapping[str, Any]) -> None:
        """Take in what is new in a record that was read and found good."""
        keys = frozenset(data)
        always, ever = self.always.get(cls, keys) & keys, self.ever.get(cls, frozenset()) | keys
        if always != self.always.get(cls) or ever != self.ever.get(cls):
            self.always[cls], self.ever[cls], self.news = always, ever, self.news + 1
        for field in _fields(cls):
            value = data.get(_given(field))
            if value is not None:
                self._value(as_kind(field.type)[0], field.name, cls, value)

    def fields(self, cls: type) -> list[attrs.Attribute[Any]]:
        """The fields of a class that were met and that a type can be given; one that holds a mapping may have any key in it."""
        ever = self.ever.get(cls, frozenset())
        found = [field for field in _fields(cls) if _given(field) in ever and not _is_mapping(field)]
        return [f for f in found if f.name not in ("number", "diagnosis_pointers")] if cls is c.Service else found

    def _value(self, kind: Any, name: str, owner: type, value: Any) -> None:
        member = get_args(kind)[0] if get_origin(kind) is tuple else kind
        values = value if get_origin(kind) is tuple else (value,)
        if attrs.has(member):
            for one in values:
                self.learn(member, one)
        elif _listed(member, name, owner) == "learnt":
            known = self.words.setdefault(name, set())
            more = {str(one) for one in values} - known
            if more and len(known) < MOST_WORDS:
                known |= more
                self.news += 1


def _fields(cls: type) -> tuple[attrs.Attribute[Any], ...]:
    reader(cls)  # the types of its fields are settled there
    found: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
    return found


def _is_mapping(field: attrs.Attribute[Any]) -> bool:
    return get_origin(as_kind(field.type)[0]) not in (None, tuple)


def _given(field: attrs.Attribute[Any]) -> str:
    from .interchange import RENAMED

    return RENAMED.get(field.name, field.name)


def _listed(kind: Any, name: str, owner: type) -> str:
    """Whether a field's words are a closed list, codes that are learnt, or neither."""
    from .interchange import closed_list, pattern_of

    if kind is not str:
        return ""
    return "closed" if closed_list(name, owner) is not None else "learnt" if pattern_of(name) is not None else ""


# ---- types -------------------------------------------------------------------------------------------------------


@attrs.frozen
class _Types:
    """Types for msgspec, and functions that make our records of what it gives, for the keys and words that were seen."""

    seen: _Seen
    made: dict[type, type] = attrs.field(factory=dict)
    finish: dict[type, Callable[[Any], Any]] = attrs.field(factory=dict)
    counts: dict[type, Callable[[Any], int]] = attrs.field(factory=dict)

    def of(self, cls: type) -> type:
        """The type of a class, with the keys of it that were seen; a key that is always there is asked for."""
        if cls not in self.made:
            always, fields = self.seen.always.get(cls, frozenset()), self.seen.fields(cls)
            told = [(f.name, self._field(f, cls), *(() if _given(f) in always else (UNKNOWN,))) for f in fields]
            rename = {f.name: _given(f) for f in fields if f.name != _given(f)}
            self.made[cls] = msgspec.defstruct(cls.__name__, told, kw_only=True, forbid_unknown_fields=True, gc=False, rename=rename or None)
            self.finish[cls] = self._finisher(cls, fields)
            self.counts[cls] = self._counter(fields, always)
        return self.made[cls]

    def _field(self, field: attrs.Attribute[Any], cls: type) -> Any:
        kind, optional = as_kind(field.type)
        if field.name == "date_of_service":
            return date
        if get_origin(kind) is tuple:
            member = self._one(get_args(kind)[0], field.name, cls)
            found: Any = list[member] if attrs.has(get_args(kind)[0]) else tuple[member, ...]  # type: ignore[valid-type]
        else:
            found = self._one(kind, field.name, cls)
        return found | None if optional else found

    def _one(self, kind: Any, name: str, cls: type) -> Any:
        if attrs.has(kind):
            return self.of(kind)
        if kind is int:
            return Annotated[int, msgspec.Meta(ge=1 if name in ("number", "diagnosis_pointers") else 0, lt=10**9)]
        if kind in (date, bool):
            return kind
        if kind is Decimal:
            return Annotated[str, msgspec.Meta(min_length=1, max_length=12)]
        listed = _listed(kind, name, cls)
        if listed == "closed":
            from .interchange import closed_list

            return Literal[closed_list(name, cls)]
        if listed == "learnt":
            return Literal[(_NOWHERE, *sorted(self.seen.words.get(name, ())))]
        return Annotated[str, msgspec.Meta(min_length=1)]

    # ---- records of what msgspec gave --------------------------------------------------------------------------

    def _finisher(self, cls: type, fields: list[attrs.Attribute[Any]]) -> Callable[[Any], Any]:
        if cls is c.Provider:
            return _Once(finisher(cls, {field.name: self._step(field, cls) for field in fields}))
        steps = {field.name: self._step(field, cls) for field in fields if not (cls is c.History and field.name == "services")}
        return finisher(cls, steps)

    def _step(self, field: attrs.Attribute[Any], cls: type) -> Callable[[Any], Any] | str | None:
        """What has still to be done with a field's value, besides None and UNKNOWN; None where it may stay as it is."""
        kind, _ = as_kind(field.type)
        member = get_args(kind)[0] if get_origin(kind) is tuple else kind
        if attrs.has(member):
            one = self.finish[member]
            return one if member is kind else lambda several: tuple(map(one, several))
        if member is Decimal:
            return AMOUNTS.__getitem__ if field.name == "allowed" else AMOUNT
        if member is not str or _listed(member, field.name, cls):
            return None
        return PLAIN_TEXT if member is kind else _texts

    def _counter(self, fields: list[attrs.Attribute[Any]], always: frozenset[str]) -> Callable[[Any], int]:
        """Make the function that tells how many keys a record and all within it were given with."""
        names: dict[str, Any] = {"UNKNOWN": UNKNOWN}
        lines = [f"n = {sum(_given(field) in always for field in fields)}"]
        lines += [f"if s.{field.name} is not UNKNOWN: n += 1" for field in fields if _given(field) not in always]
        for field in fields:
            member = _member(field)
            if attrs.has(member):
                each, alike = f"count_{member.__name__}", self._alike(member)
                names[each] = self.counts[member]
                several = get_origin(as_kind(field.type)[0]) is tuple
                lines.append(f"if s.{field.name}: n += " + (
                    (f"{alike} * len(s.{field.name})" if alike else f"sum(map({each}, s.{field.name}))") if several
                    else str(alike) if alike else f"{each}(s.{field.name})"
                ))
        exec(compile("def count(s):\n    " + "\n    ".join([*lines, "return n"]), "<counter>", "exec"), names)  # names of fields alone
        found: Callable[[Any], int] = names["count"]
        return found

    def _alike(self, cls: type) -> int:
        """How many keys every record of a class has, none of which holds another record; 0 where they differ."""
        fields = self.seen.fields(cls)
        alike = all(_given(field) in self.seen.always[cls] and not attrs.has(_member(field)) for field in fields)
        return len(fields) if alike else 0


def _member(field: attrs.Attribute[Any]) -> Any:
    kind, _ = as_kind(field.type)
    return get_args(kind)[0] if get_origin(kind) is tuple else kind


def _texts(values: tuple[str, ...]) -> tuple[str, ...]:
    sound_texts(values)
    return values


class _Once:
    """Records that are few, each made once."""

    __slots__ = ("_held", "_make")

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make
        self._held: dict[tuple[Any, ...], Any] = {}

    def __call__(self, given: Any) -> Any:
        told = astuple(given)
        found = self._held.get(told)
        if found is None:
            if len(self._held) >= MOST_WORDS:
                self._held.clear()
            found = self._held[told] = self._make(given)
        return found


# ---- the services of a history -----------------------------------------------------------------------------------


class _Services:
    """Holds services to what msgspec did not see to, column by column, and leaves them in columns."""

    __slots__ = ("_build", "_lists", "_money", "_names", "_nested", "_texts")

    def __init__(self, types: _Types) -> None:
        fields = types.seen.fields(c.Service)
        kinds = {field.name: as_kind(field.type)[0] for field in fields}
        self._names = tuple(kinds)
        self._texts = [name for name, kind in kinds.items() if kind is str and not _listed(kind, name, c.Service)]
        self._lists = [f.name for f in fields if get_origin(kinds[f.name]) is tuple and not _listed(_member(f), f.name, c.Service)]
        self._money = [name for name in kinds if name in MONEY]
        self._nested = {name: types.finish[kind] for name, kind in kinds.items() if attrs.has(kind)}
        self._build = row_builder(self._names)

    def columns(self, rows: Sequence[Any]) -> Columns:
        """Raises where some value is not plainly good."""
        drawn: dict[str, Any] = dict(zip(self._names, zip(*map(astuple, rows), strict=True), strict=True))
        for name in self._texts:
            _held_to(sound_texts, drawn[name])
        for name in self._lists:
            for several in drawn[name]:
                sound_texts(several or ())
        for name in self._money:
            _held_to(sound_money, drawn[name])
        for name, make in self._nested.items():
            drawn[name] = [one if one is None or one is UNKNOWN else make(one) for one in drawn[name]]
        if "allowed" in self._names:
            drawn["allowed"] = [one if one is None or one is UNKNOWN else AMOUNTS[one] for one in drawn["allowed"]]
        return Columns(drawn, self._names, len(rows), self._build)


def _held_to(test: Callable[[Sequence[Any]], None], column: Sequence[Any]) -> None:
    """Hold the texts of a column to a test; some may be absent or unknown."""
    try:
        test(column)
    except TypeError:
        test([one for one in column if one.__class__ is str])


# ---- whole records -----------------------------------------------------------------------------------------------

class Typed:
    """Reads the claims or the histories that are like those before."""

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.seen = _Seen()
        self._known = -1  # how much was known when the types were made
        self._due, self._wait = FIRST, 1  # how many records are to be seen before types are made again
        self._tried = self._read = self._skipped = 0
        self._type: Any = None

    def quickly(self, text: bytes | str) -> Any:
        """Read a record from JSON; None where it is to be read more closely."""
        if not self._ready():
            return None
        self._tried += 1
        try:
            found = self._from_text(text)
        except (*ODD, msgspec.MsgspecError):
            return None
        self._read += 1
        return found

    def learn(self, data: dict[str, Any]) -> None:
        """Take in the keys and codes of a record that was found good."""
        self.seen.records += 1
        if self._type is None or self._worth():
            self.seen.learn(self.cls, data)

    def _ready(self) -> bool:
        """Types are made once some records were seen, and anew, ever more rarely, when others had more in them."""
        if self._known != self.seen.news and self.seen.records >= self._due:
            self._make()
            self._due = self.seen.records + self._wait
            self._wait = min(2 * self._wait, 256)
        return self._worth()

    def _worth(self) -> bool:
        """Whether enough of the records tried could be read so; where few can, one in sixteen is tried."""
        if self._type is None or self._tried < 64 or 2 * self._read >= self._tried:
            return self._type is not None
        self._skipped += 1
        return self._skipped % 16 == 0

    def _make(self) -> None:
        self._known = self.seen.news
        try:
            types = _Types(self.seen)
            made = types.of(self.cls)
            services = _Services(types) if self.seen.fields(c.Service) else None
            decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(made)
        except ODD:
            self._type = None
            return
        self._finish, self._count, self._services = types.finish[self.cls], types.counts[self.cls], services
        self._decode = decoder.decode
        self._tried = self._read = self._skipped = 0
        self._type = made

    def _from_text(self, text: bytes | str) -> Any:
        given = self._decode(text)
        colons = text.count(b":") if isinstance(text, bytes) else text.count(":")
        if colons != self._count(given):  # a colon for each key: one more, and a key may stand twice
            raise NotPlain
        return self._whole(given)

    def _whole(self, given: Any) -> Any:
        found = self._finish(given)
        if self.cls is c.Claim:
            claim_together(found)
            return sound(found)
        history_together(found)
        services: Any = getattr(given, "services", UNKNOWN)
        if services and self._services is not None:
            return with_columns(found, self._services.columns(services))
        object.__setattr__(found, "services", () if services == [] else services)
        return sound(found)


def typed(cls: type) -> Typed | None:
    """Give a reader of claims or histories; None for other classes."""
    return Typed(cls) if cls in (c.Claim, c.History) else None
