"""Good JSON read by msgspec (extra `[fast]`): typed decoding straight from bytes, for records that are alike.

The keys and the codes of the first records, which `decode` reads, make the types of the next ones: what was not seen before is refused in
C, read by `decode`, and learnt. What is taken here is what `decode` would take: no other keys, none twice, the same values. Of a record
nothing is remembered but its keys and codes, both up to a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import attrgetter
from threading import Lock
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import attrs
import msgspec
from msgspec.structs import astuple

from . import claims as c
from .claims import UNKNOWN, unlooked
from .columns import LONG, MONEY, Columns, InYear, in_columns
from .decode import (
    AMOUNTS,
    ODD,
    NotPlain,
    as_kind,
    finisher,
    history_together,
    reader,
    refuse,
    row_builder,
    sound_money,
    sound_texts,
)
from .rows import Past, Rows

MOST_WORDS: Final = 4_096  # codes that a type of one field lists; a record with another is read by `decode`
FIRST: Final = 16  # records of a class that are read by `decode` before types are made of them
_LATER: Final[Mapping[type, str]] = {c.Claim: "lines", c.History: "services"}  # fields whose records are made apart from the others
_ODD: Final = (*ODD, msgspec.MsgspecError, RecursionError)


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
            more = {str.__str__(one) for one in values} - known  # of an Enum the word, not its name
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


@attrs.frozen
class _Seeker:
    """Seeks what is no list or no dict where one is wanted: msgspec would take a set for one, or another mapping without its other keys.

    `shallow` are the expressions for the lists of one dict `d`, where it holds no other dicts.
    """

    seek: Callable[[Any], None]
    lines: list[str]
    shallow: list[str] | None

    def within(self, several: bool, names: dict[str, Any]) -> list[str]:
        """What seeks in the dict or the dicts `v` of a field."""
        name = f"seek{len(names)}"
        names[name] = self.seek
        if not several:
            return ["if v is not None:", "    if v.__class__ is not dict: refuse(v)", *([f"    {name}(v)"] if self.lines else [])]
        lines = ["if v:", "    if set(map(type, v)) != DICTS: refuse(v)"]
        if self.shallow is not None:
            return lines + [f"    if not LISTS.issuperset([{told}.__class__ for d in v]): refuse(v)" for told in self.shallow]
        return [*lines, f"    for one in v: {name}(one)"]


# ---- types -------------------------------------------------------------------------------------------------------


@attrs.frozen
class _Types:
    """Types for msgspec, and functions that make our records of what it gives, for the keys and words that were seen."""

    seen: _Seen
    made: dict[type, type] = attrs.field(factory=dict)
    finish: dict[type, Callable[[Any], Any]] = attrs.field(factory=dict)
    counts: dict[type, Callable[[Any], int]] = attrs.field(factory=dict)
    seekers: dict[type, _Seeker] = attrs.field(factory=dict)

    def of(self, cls: type) -> type:
        """The type of a class, with the keys of it that were seen; a key that is always there is asked for."""
        if cls not in self.made:
            always, fields = self.seen.always.get(cls, frozenset()), self.seen.fields(cls)
            told = [(f.name, self._field(f, cls), *(() if _given(f) in always else (UNKNOWN,))) for f in fields]
            rename = {f.name: _given(f) for f in fields if f.name != _given(f)}
            self.made[cls] = msgspec.defstruct(cls.__name__, told, kw_only=True, forbid_unknown_fields=True, gc=False, rename=rename or None)
            self.finish[cls] = self._finisher(cls, fields)
            self.counts[cls] = self._counter(fields, always)
            self.seekers[cls] = self._seeker(fields, always)
            for field in _fields(cls):  # it is read without a record of it: what none was given with is as it is in a record
                if field not in fields and field.default is not attrs.NOTHING:
                    setattr(self.made[cls], field.name, field.default)
        return self.made[cls]

    def _field(self, field: attrs.Attribute[Any], cls: type) -> Any:
        kind, optional = as_kind(field.type)
        if field.name == "date_of_service":
            return date
        if self._nothing(field, cls):
            none: Any = Annotated[tuple[int, ...], msgspec.Meta(max_length=0)]
            return (none | None if optional else none) if get_origin(kind) is tuple else None
        if get_origin(kind) is tuple:
            member = self._one(get_args(kind)[0], field.name, cls)
            found: Any = list[member] if attrs.has(_member(field)) else tuple[member, ...]  # type: ignore[valid-type]
        else:
            found = self._one(kind, field.name, cls)
        return found | None if optional else found

    def _nothing(self, field: attrs.Attribute[Any], cls: type) -> bool:
        """Whether no record or word of a field was seen: then it may be null, or an empty list, and nothing else."""
        member = _member(field)
        if attrs.has(member):
            return member not in self.seen.ever
        return _listed(member, field.name, cls) == "learnt" and not self.seen.words.get(field.name)

    def record(self, field: attrs.Attribute[Any]) -> type | None:
        """The class of the records that a field holds, where one was seen."""
        member = _member(field)
        return member if attrs.has(member) and member in self.seen.ever else None

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
            return Literal[tuple(sorted(self.seen.words[name]))]
        return Annotated[str, msgspec.Meta(min_length=1)]

    # ---- records of what msgspec gave --------------------------------------------------------------------------

    def _finisher(self, cls: type, fields: list[attrs.Attribute[Any]]) -> Callable[[Any], Any]:
        later = _LATER.get(cls, "")
        made = finisher(cls, {field.name: self._step(field) for field in fields if field.name != later}, later)
        return _Once(made) if cls is c.Provider else made

    def _step(self, field: attrs.Attribute[Any]) -> Callable[[Any], Any] | str | None:
        """What has still to be done with a field's value, besides None and UNKNOWN; None where it may stay as it is."""
        record = self.record(field)
        if record is not None:
            one = self.finish[record]
            return one if record is as_kind(field.type)[0] else lambda several: tuple(map(one, several))
        return "Decimal({0})" if _member(field) is Decimal else None

    def gathered(self, cls: type, var: str, *apart: str) -> list[str]:
        """What puts each free text of a record and all within it into `texts`, each amount into `money`; but for some fields."""
        lines: list[str] = []
        for field in self.seen.fields(cls):
            if field.name not in apart:
                lines += self._gathered(field, cls, f"{var}.{field.name}", f"{var}v")
        return lines

    def _gathered(self, field: attrs.Attribute[Any], cls: type, told: str, inner: str) -> list[str]:
        kind, member, record = as_kind(field.type)[0], _member(field), self.record(field)
        several = get_origin(kind) is tuple
        if record is not None:
            more = self.gathered(record, inner)
            begin = [f"for {inner} in {told} or ():"] if several else [f"{inner} = {told}", f"if {inner}:"]
            return [*begin, *(f"    {line}" for line in more)] if more else []
        held = "money" if member is Decimal else "texts" if member is str and not _listed(member, field.name, cls) else ""
        if not held:
            return []
        if several:
            return [f"{held} += {told} or ()"]
        always = _given(field) in self.seen.always[cls]
        return [f"{held}.append({told})"] if always else [f"if {told}: {held}.append({told})"]

    def _counter(self, fields: list[attrs.Attribute[Any]], always: frozenset[str]) -> Callable[[Any], int]:
        """Make the function that tells how many keys a record and all within it were given with."""
        names: dict[str, Any] = {"UNKNOWN": UNKNOWN}
        lines = [f"n = {sum(_given(field) in always for field in fields)}"]
        lines += [f"if s.{field.name} is not UNKNOWN: n += 1" for field in fields if _given(field) not in always]
        for field in fields:
            record = self.record(field)
            if record is not None:
                each, alike = f"count_{record.__name__}", self._alike(record)
                names[each] = self.counts[record]
                several = get_origin(as_kind(field.type)[0]) is tuple
                lines.append(f"if s.{field.name}: n += " + (
                    (f"{alike} * len(s.{field.name})" if alike else f"sum(map({each}, s.{field.name}))") if several
                    else str(alike) if alike else f"{each}(s.{field.name})"
                ))
        return _written("count(s)", [*lines, "return n"], names)  # type: ignore[no-any-return]

    def _seeker(self, fields: list[attrs.Attribute[Any]], always: frozenset[str]) -> _Seeker:
        """Make the function that raises where a list or a dict that a dict holds, or one within it, is none."""
        names: dict[str, Any] = {"LISTS": frozenset((list, NoneType)), "DICTS": {dict}, "refuse": refuse}
        lines: list[str] = []
        shallow: list[str] | None = []
        for field in fields:
            told = f"d[{_given(field)!r}]" if _given(field) in always else f"d.get({_given(field)!r})"
            several, record = get_origin(as_kind(field.type)[0]) is tuple, self.record(field)
            if several:
                lines.append(f"if {told}.__class__ not in LISTS: refuse(d)")
                shallow = None if shallow is None else [*shallow, told]
            if record is not None:
                shallow = None
                lines += [f"v = {told}", *self.seekers[record].within(several, names)]
        return _Seeker(_written("seek(d)", lines or ["pass"], names), lines, shallow)

    def _alike(self, cls: type) -> int:
        """How many keys every record of a class has, none of which holds another record; 0 where they differ."""
        fields = self.seen.fields(cls)
        alike = all(_given(field) in self.seen.always[cls] and self.record(field) is None for field in fields)
        return len(fields) if alike else 0


def _member(field: attrs.Attribute[Any]) -> Any:
    kind, _ = as_kind(field.type)
    return get_args(kind)[0] if get_origin(kind) is tuple else kind


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


# ---- a claim -----------------------------------------------------------------------------------------------------


class _Claims:
    """Holds decoded claims to what msgspec did not see to, and leaves them as they are."""

    __slots__ = ("_made", "_plain", "_settle")

    def __init__(self, types: _Types) -> None:
        self._made = types.finish[c.Claim], types.finish[c.ServiceLine]
        self._plain = all(field.name != "diagnoses" for field in types.seen.fields(c.ServiceLine))  # minutes by person are a mapping: never here
        self._settle = self._settler(types)

    def whole(self, given: Any) -> Any:
        """Raises where some value is not plainly good, or the lines do not go together."""
        texts: list[Any] = []
        money: list[Any] = []
        ordered = self._settle(given, texts, money)
        _held(texts, money)
        return unlooked(c.Claim, Rows(given, *self._made, ordered, self._plain))

    @staticmethod
    def _settler(types: _Types) -> Callable[[Any, list[Any], list[Any]], bool]:
        """Make the function that gathers texts and amounts, puts amounts into lines, and holds those to one another as `interchange` does."""
        kinds = {field.name for field in types.seen.fields(c.ServiceLine)}
        steps = ["n = v.number", "if n <= number: ordered = False", "number = n"]
        if "allowed" in kinds:
            steps += ["a = v.allowed", "if a is not None and a is not UNKNOWN: v.allowed = amounts[a]"]
        if "diagnosis_pointers" in kinds:
            steps += ["p = v.diagnosis_pointers", "if p and (v.diagnoses is not UNKNOWN or max(p) > many): refuse(p)"]
        steps += types.gathered(c.ServiceLine, "v", "allowed")
        lines = [
            *types.gathered(c.Claim, "s", "lines"), "d, rows = s.diagnoses, s.lines", "many = len(d or ()) if d is not UNKNOWN else 1000000000",
            "number, ordered = 0, True", "for v in rows:", *(f"    {step}" for step in steps),
            "if not ordered and len({v.number for v in rows}) < len(rows): refuse(rows)", "if not rows: refuse(rows)", "return ordered",
        ]  # fmt: skip
        return _written("settle(s, texts, money)", lines, {"amounts": AMOUNTS, "refuse": refuse, "UNKNOWN": UNKNOWN})  # type: ignore[no-any-return]


def _gatherer(lines: list[str]) -> Callable[[Any, list[Any], list[Any]], None]:
    """Make the function that gathers the texts and amounts of `s`."""
    return _written("gather(s, texts, money)", lines or ["pass"], {})  # type: ignore[no-any-return]


def _written(head: str, lines: Sequence[str], names: dict[str, Any]) -> Any:
    """Make a function of source in which names of fields stand, and this module's own words."""
    exec(compile(f"def {head}:\n    " + "\n    ".join(lines), "<typed>", "exec"), names)
    return names[head.partition("(")[0]]


# ---- a history ---------------------------------------------------------------------------------------------------


class _Drawn(dict[str, Sequence[Any]]):
    """Columns of decoded services, each drawn when it is asked for."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def __missing__(self, name: str) -> Sequence[Any]:
        found = [getattr(one, name) for one in self._rows]
        if name == "allowed":
            found = [one if one is None or one is UNKNOWN else AMOUNTS[one] for one in found]
        self[name] = found
        return found


class _Histories:
    """Holds decoded histories to what msgspec did not see to; services are left in columns that are drawn when they are asked for."""

    __slots__ = ("_alike", "_build", "_gather", "_gather_services", "_made", "_money", "_names", "_nested")

    def __init__(self, types: _Types) -> None:
        self._made = types.finish[c.History]
        self._gather = _gatherer(types.gathered(c.History, "s", "services"))
        inner = types.gathered(c.Service, "v", "allowed")
        self._gather_services = _gatherer(["for v in s:", *(f"    {line}" for line in inner)] if inner else [])
        fields = types.seen.fields(c.Service)
        kinds = {field.name: as_kind(field.type)[0] for field in fields}
        self._names = tuple(kinds)
        self._money = [name for name in kinds if name in MONEY]
        records = {field.name: types.record(field) for field in fields}
        self._nested = {name: types.finish[record] for name, record in records.items() if record is not None}
        self._build = row_builder(self._names or ("code",))
        free = {field.name for field in fields if _member(field) is str and not _listed(str, field.name, c.Service)}
        self._alike = {"discipline", "allowed", "claim"} <= set(kinds) and free == {"claim"} and "denied" not in kinds and not self._nested

    def whole(self, given: Any) -> Any:
        """Raises where some value is not plainly good, or a span ends before it begins."""
        history_together(given)
        services = given.services
        texts: list[Any] = []
        money: list[Any] = []
        self._gather(given, texts, money)
        if services:
            found = self._quickly(services, texts, money) if self._alike else None
            if found is not None:
                return unlooked(c.History, Past(given, self._made, found))
            self._gather_services(services, texts, money)
            services = self._one_by_one(services)
        elif services is not None and services is not UNKNOWN:
            services = ()
        _held(texts, money)
        return unlooked(c.History, Past(given, self._made, services))

    def _quickly(self, rows: Sequence[Any], texts: list[Any], money: list[Any]) -> Columns | None:
        """Services with the other texts and amounts of the history; None where of one of them not all is stated that is asked of most."""
        try:
            claims = [one.claim for one in rows]
            text = sound_texts([*claims, *texts])
            amounts = money.copy()
            for name in self._money:
                amounts += map(_GET[name], rows)
            sound_money(amounts)
            latest, year = _used(rows)
        except TypeError:
            return None
        if year is None:
            return None
        return Columns(_Drawn(rows), self._names, len(rows), self._build, latest, True, text if len(rows) <= LONG else frozenset(claims), year)

    def _one_by_one(self, rows: Sequence[Any]) -> Columns:
        drawn: dict[str, Any] = _Drawn(rows)
        for name, make in self._nested.items():
            drawn[name] = [one if one is None or one is UNKNOWN else make(one) for one in drawn[name]]
        if "allowed" in self._names:
            drawn["allowed"]  # drawn now, since that is what holds it to the pattern
        return in_columns(drawn, self._names, len(rows), self._build)


_GET: Final = {name: attrgetter(name) for name in MONEY}


def _used(rows: Sequence[Any]) -> tuple[date, InYear | None]:
    """The last day of decoded services, and what `used_in_year` tells of them; None where the last of them is not of the last one's year.

    Written out beside it, so that each service is looked at once. Raises TypeError where an amount is not stated.
    """
    latest = rows[-1].date_of_service
    begin = latest.replace(month=1, day=1)
    pt_days, ot_days, slp_days = set(), set(), set()
    pt: Any = 0
    ot: Any = 0
    slp: Any = 0
    for one in rows:
        day = one.date_of_service
        discipline = one.discipline
        if day >= begin:
            if day > latest:
                latest = day
            if discipline == "PT":
                pt_days.add(day)
                pt += AMOUNTS[one.allowed]
            elif discipline == "OT":
                ot_days.add(day)
                ot += AMOUNTS[one.allowed]
            elif discipline == "SLP":
                slp_days.add(day)
                slp += AMOUNTS[one.allowed]
            else:
                return latest, None
        elif discipline is None or discipline is UNKNOWN or AMOUNTS[one.allowed] is None:
            return latest, None
    if latest.year > begin.year:
        return latest, None
    return latest, ((pt_days, pt), (ot_days, ot), (slp_days, slp))


def _held(texts: list[Any], money: list[Any]) -> None:
    """Hold gathered texts and amounts to what they have to be; some may be absent."""
    try:
        sound_texts(texts)
        sound_money(money)
    except TypeError:
        sound_texts([one for one in texts if one])  # msgspec takes no empty text: these are null or unknown
        sound_money([one for one in money if one])


# ---- whole records -----------------------------------------------------------------------------------------------


class _Made:
    """What was made of the keys and words seen so far: the types, and the functions that go with them. Immutable."""

    __slots__ = ("_count", "_decode", "_seek", "_type", "_whole")

    def __init__(self, cls: type, seen: _Seen) -> None:
        types = _Types(seen)
        self._type: Any = types.of(cls)
        self._decode: Callable[[bytes | str], Any] = msgspec.json.Decoder(self._type).decode
        self._whole: Callable[[Any], Any] = _Claims(types).whole if cls is c.Claim else _Histories(types).whole
        self._count, self._seek = types.counts[cls], types.seekers[cls].seek

    def of_text(self, text: bytes | str) -> Any:
        """Read a record from JSON; raises where it is not plainly good."""
        given = self._decode(text)
        colons = text.count(b":") if isinstance(text, bytes) else text.count(":")
        if colons != self._count(given):  # a colon for each key: one more, and a key may stand twice
            raise NotPlain
        return self._whole(given)

    def of_dict(self, data: Any) -> Any:
        """Read a record from plain dicts and lists; raises where it is not plainly good."""
        if data.__class__ is not dict:
            raise NotPlain
        given = msgspec.convert(data, self._type)
        self._seek(data)
        return self._whole(given)


class Typed:
    """Reads the claims or the histories that are like those before. Threads may share it: what goes together is taken together."""

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.seen = _Seen()
        self._known = -1  # how much was known when the types were made
        self._due, self._wait = FIRST, 1  # how many records are to be seen before types are made again
        self._read = self._failed = self._skipped = 0
        self._made: _Made | None = None
        self._sure = False  # the last record could be read, and nothing was learnt since
        self._learning = Lock()  # types are made of what was seen of whole records

    def quickly(self, text: bytes | str) -> Any:
        """Read a record from JSON; None where it is to be read more closely."""
        made = self._ready()
        return None if made is None else self._tried(made.of_text, text)

    def from_dict(self, data: Any) -> Any:
        """Read a record from plain dicts and lists; None where it is to be read more closely."""
        made = self._ready()
        return None if made is None else self._tried(made.of_dict, data)

    def _tried(self, read: Callable[[Any], Any], given: Any) -> Any:
        try:
            found = read(given)
        except _ODD:
            self._failed += 1
            self._sure = False
            return None
        self._read += 1
        self._sure = True
        return found

    def learn(self, data: dict[str, Any]) -> None:
        """Take in the keys and codes of a record that was found good."""
        self._sure = False
        with self._learning:
            self.seen.records += 1
            if self._made is None or self._worth():
                self.seen.learn(self.cls, data)

    def _ready(self) -> _Made | None:
        """Types are made once some records were seen, and anew, ever more rarely, when others had more in them."""
        made = self._made
        if self._sure:
            return made
        if self._known != self.seen.news and self.seen.records >= self._due:
            with self._learning:
                made = self._anew()
        return made if made is not None and self._worth() else None

    def _worth(self) -> bool:
        """Whether enough of the records tried could be read so; where few can, one in sixteen is tried."""
        if self._read + self._failed < 64 or self._read >= self._failed:
            return True
        self._skipped += 1
        return self._skipped % 16 == 0

    def _anew(self) -> _Made | None:
        self._known = self.seen.news
        try:
            self._made = made = _Made(self.cls, self.seen)
        except ODD:
            self._made = None
            return None
        self._read = self._failed = self._skipped = 0
        self._due = self.seen.records + self._wait
        self._wait = min(2 * self._wait, 256)
        return made


def typed(cls: type) -> Typed | None:
    """Give a reader of claims or histories; None for other classes."""
    return Typed(cls) if cls in (c.Claim, c.History) else None
