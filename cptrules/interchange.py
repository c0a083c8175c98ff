"""JSON in and out, as interchange.md has it: every fault of an input at once, each with its path (M2.2, M10).

cattrs walks the records; the hooks below say what each kind of value may be, in words a biller understands. A key left out
stays UNKNOWN, null becomes None, an empty list an empty tuple, and on the way out each comes back as it was.
"""

from __future__ import annotations

import functools
import json
import math
import re
import types
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar, Union, get_args, get_origin

import attrs

from . import claims as c
from . import decode
from . import vocabulary as v
from .claims import UNKNOWN, Unknown
from .diagnostics import nearest
from .errors import Fault, InputError

if TYPE_CHECKING:
    from cattrs import Converter  # imported where it is needed: good input is read without it

    from .typed import Typed

T = TypeVar("T")

MOST_DIGITS: Final = 9
DEEPEST: Final = 100
_HALF: Final = re.compile("[\ud800-\udfff]")
_HALVED: Final = "the text holds half a character (a lone surrogate)"

# What a text field of some name may hold: a closed list, or a pattern with what was wanted.
_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "discipline": v.DISCIPLINES, "role": v.ROLES, "with_": v.ROLES, "contact": v.CONTACTS, "claim_kind": v.CLAIM_KINDS,
    "therapy_kind": v.THERAPY_KINDS, "payer_order": v.PAYER_ORDERS, "order": v.PAYER_ORDERS, "complete_for": v.COMPLETE_FOR,
}  # fmt: skip
_KINDS: Final = {c.Authorization: v.AUTHORIZATION_KINDS, c.Note: v.NOTE_KINDS}
_CODE: Final = (r"[0-9A-Z]{5}", "a procedure code: five digits and capitals, as 97110 or G0283")
_DIAGNOSIS: Final = (r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?", "a diagnosis with its dot, as M54.50")
_MODIFIER: Final = (r"[0-9A-Z]{2}", "a modifier: two digits or capitals, as GP or 59")
_PATTERNS: Final[Mapping[str, tuple[str, str]]] = {
    "code": _CODE, "codes": _CODE, "modifiers": _MODIFIER, "diagnoses": _DIAGNOSIS,
    "place_of_service": (r"[0-9]{2}", "a place of service: two digits, as 11"),
    "revenue_code": (r"[0-9]{4}", "a revenue code: four digits, as 0420"),
    "start": (r"([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day, as 09:05"),
}  # fmt: skip
RENAMED: Final = {"from_": "from", "with_": "with"}


# ---- values ------------------------------------------------------------------------------------------------------


def _shown(value: object) -> str:
    """Name a value in a message without repeating what may be the patient's: text only by its kind."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal | float):
        return str(value)[:20]
    if value is None:
        return "null"
    for kind, name in ((str, "text"), (list, "a list"), (tuple, "a list"), (Mapping, "an object")):
        if isinstance(value, kind):
            return name
    return type(value).__name__


def closed_list(name: str, owner: type) -> tuple[str, ...] | None:
    """The words that a field of a record may hold, None where they are no closed list."""
    return _KINDS.get(owner) if name == "kind" else _LISTS.get(name)


def pattern_of(name: str) -> str | None:
    """What a field's text has to match, None where it is free."""
    return _PATTERNS[name][0] if name in _PATTERNS else None


def _text(value: object, name: str, owner: type) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not text")
    if not value.strip():
        raise ValueError("the text is empty; write null for what is known to be absent")
    if _HALF.search(value):
        raise ValueError(_HALVED)
    known = closed_list(name, owner)
    if known is not None and value not in known:
        raise _Misspelt(f"{_quoted(value)} is none of {', '.join(known)}", nearest(value, known))
    pattern, wanted = _PATTERNS.get(name, ("", ""))
    if pattern and not re.fullmatch(pattern, value):
        raise ValueError(f"{_quoted(value)} is not {wanted}")
    return value


def _quoted(value: str) -> str:
    """One short word as it is written; anything that could be somebody's name is not repeated."""
    return f'"{value}"' if len(value) <= 20 and value.isprintable() and len(value.split()) == 1 else "the text"


class _Misspelt(ValueError):
    """A word outside its list, with the nearest one."""

    def __init__(self, message: str, near: str | None) -> None:
        super().__init__(message)
        self.near = near


def _whole(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{_shown(value)} is not a whole number")
    if value < 0:
        raise ValueError(f"{value} is negative" if value > -(10**MOST_DIGITS) else "the number is negative")
    if value >= 10**MOST_DIGITS:
        raise ValueError(f"the number has more than {MOST_DIGITS} digits")
    if value == 0 and name in ("number", "diagnosis_pointers"):
        raise ValueError("0 is not a number to count from: the first is 1")
    return value


def _money(value: object) -> Decimal:
    """Money is a decimal string; Python may hand over a Decimal. A JSON number would have passed through binary fractions."""
    text = str(value) if isinstance(value, Decimal) and not isinstance(value, Fraction) else value
    if not isinstance(text, str):
        raise ValueError(f'{_shown(value)} is not a decimal string: write it in quotes, as "58.20"')
    if re.fullmatch(rf"-[0-9]{{1,{MOST_DIGITS}}}(\.[0-9]{{1,2}})?", text):
        raise ValueError(f"{text} is negative")
    if not re.fullmatch(rf"[0-9]{{1,{MOST_DIGITS}}}(\.[0-9]{{1,2}})?", text):
        raise ValueError('it is not a decimal string with at most two decimals, as "58.20"')
    return Decimal(text)


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(f"{_quoted(value) if isinstance(value, str) else _shown(value)} is not a date as 2026-03-04")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"the calendar has no {value[:10]}") from None


def _yes_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is neither true nor false")
    return value


def read_facts(value: object) -> Mapping[str, object]:
    """Read declared facts by name; their types are checked against the policies that declare them."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{_shown(value)} is not an object of facts by name")
    for name, fact in value.items():
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,79}", name):
            raise ValueError("a fact's name is letters, digits and _, as the policy declares it")
        if not isinstance(fact, str | bool | int | float | Decimal | date | None):
            raise ValueError(f"the fact {name}: {_shown(fact)} is no single value")
        if isinstance(fact, str) and _HALF.search(fact):
            raise ValueError(f"the fact {name}: {_HALVED}")
        if isinstance(fact, float | Decimal) and not _comes_back(fact):
            raise ValueError(f"the fact {name}: the number has more digits than JSON's readers keep")
    return {name: Decimal(repr(fact)) if isinstance(fact, float) else fact for name, fact in value.items()}


def _comes_back(number: float | Decimal) -> bool:
    """Whether a number with a fraction is the same after it was written as JSON and read again."""
    return math.isfinite(number) and (isinstance(number, float) or Decimal(repr(float(number))) == number)


def read_counts(value: object, name: str) -> Mapping[str, int]:
    """Read whole numbers by role or by code."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{_shown(value)} is not an object")
    for key, number in value.items():
        if name == "minutes_by" and key not in v.ROLES:
            raise _Misspelt(f"{_quoted(str(key))} is none of {', '.join(v.ROLES)}", nearest(str(key), v.ROLES))
        if name != "minutes_by" and not re.fullmatch(_CODE[0], str(key)):
            raise ValueError(f"{_quoted(str(key))} is not {_CODE[1]}")
        try:
            _whole(number, name)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None
    return dict(value)


# ---- the walk ----------------------------------------------------------------------------------------------------


def inner(kind: Any) -> Any:
    """Give the type of a field without None and UNKNOWN."""
    if get_origin(kind) in (Union, types.UnionType):
        rest = [one for one in get_args(kind) if one not in (type(None), Unknown)]
        return rest[0]
    return kind


def optional(kind: Any) -> bool:
    """Whether null may stand for a field."""
    return get_origin(kind) in (Union, types.UnionType) and type(None) in get_args(kind)


def _hook(kind: Any, name: str, owner: type, converter: Converter) -> Callable[[Any, Any], Any]:
    """How a field is read: null where it may be absent, else the one thing that it may hold."""
    one = _one(inner(kind), name, owner, converter)

    def read(value: Any, _: Any) -> Any:
        if value is None and optional(kind):
            return None
        if value is None:
            raise ValueError("null has no place here")
        return one(value)

    return read


def _one(kind: Any, name: str, owner: type, converter: Converter) -> Callable[[Any], Any]:
    if get_origin(kind) is tuple:
        member = _one(get_args(kind)[0], name, owner, converter)
        return lambda value: _members(value, member, name, owner)
    if attrs.has(kind):
        return lambda value: converter.structure(_object(value), kind)
    if get_origin(kind) is not None:  # a mapping
        return read_facts if name == "facts" else lambda value: read_counts(value, name)
    plain: Mapping[Any, Callable[[Any], Any]] = {
        str: lambda value: _text(value, name, owner), int: lambda value: _whole(value, name),
        Decimal: _money, date: _day, bool: _yes_no,
    }  # fmt: skip
    return _unrepeated(plain[kind]) if owner is c.Patient or name == "diagnoses" else plain[kind]


def _unrepeated(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Read what tells of the patient: its value is repeated in no message."""

    def unrepeated(value: Any) -> Any:
        try:
            return read(value)
        except ValueError as error:
            said = str(error).replace(f"no {value}", "no such day")
            for words in (_quoted(value) if isinstance(value, str) else "", _shown(value)):
                said = said.replace(words, "it", 1) if words and said.startswith(words) else said
            raise ValueError(said) from None

    return unrepeated


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{_shown(value)} is not an object")
    return value


def _members(value: object, member: Callable[[Any], Any], name: str, owner: type) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{_shown(value)} is not a list")
    from cattrs import IterableValidationError, IterableValidationNote

    found, errors = [], []
    for index, one in enumerate(value):
        try:
            found.append(member(one))
        except Exception as error:
            error.__notes__ = [*getattr(error, "__notes__", []), IterableValidationNote(f"in {name}[{index}]", index, owner)]
            errors.append(error)
    if errors:
        raise IterableValidationError(f"in {name}", errors, owner)
    return tuple(found)


@functools.cache
def _converter() -> Converter:
    from cattrs import Converter

    converter = Converter(omit_if_default=True, forbid_extra_keys=True)
    converter.register_structure_hook_factory(attrs.has, lambda cls: _record_hook(cls, converter))
    converter.register_unstructure_hook_factory(attrs.has, lambda cls: _record_writer(cls, converter))
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook(Decimal, str)
    return converter


def _record_hook(cls: type, converter: Converter) -> Any:
    from cattrs.gen import make_dict_structure_fn, override

    attrs.resolve_types(cls, vars(c), include_extras=False)
    overrides = {
        field.name: override(rename=RENAMED.get(field.name), struct_hook=_hook(field.type, field.name, cls, converter))
        for field in attrs.fields(cls)
    }
    return make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True, **overrides)  # type: ignore[arg-type]


def _record_writer(cls: type, converter: Converter) -> Any:
    from cattrs.gen import make_dict_unstructure_fn, override

    overrides = {
        field.name: override(rename=RENAMED.get(field.name), unstruct_hook=_plain, omit_if_default=field.default is not attrs.NOTHING)
        for field in attrs.fields(cls)
    }
    return make_dict_unstructure_fn(cls, converter, **overrides)  # type: ignore[arg-type]


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):  # facts: a number of theirs is one in JSON too, money is text
        return {key: float(one) if isinstance(one, Decimal) else _plain(one) for key, one in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return _converter().unstructure(value) if attrs.has(type(value)) else value


# ---- faults ------------------------------------------------------------------------------------------------------


def _faults(error: BaseException, path: str) -> Iterator[Fault]:
    """Every fault in what cattrs raised, each with its path."""
    from cattrs import AttributeValidationNote, BaseValidationError, ForbiddenExtraKeysError, IterableValidationNote

    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            path = f"{path}.{RENAMED.get(note.name, note.name)}".lstrip(".")
        elif isinstance(note, IterableValidationNote):
            path = f"{path}[{note.index}]"
    if isinstance(error, BaseValidationError):
        for inner in error.exceptions:
            yield from _faults(inner, path)
    elif isinstance(error, ForbiddenExtraKeysError):
        known = [RENAMED.get(field.name, field.name) for field in attrs.fields(error.cl)]
        for key in sorted(map(str, error.extra_fields)):
            yield Fault(f"{path}.{key}".lstrip("."), "no such key", nearest(key, known))
    elif isinstance(error, KeyError):
        yield Fault(path, "it is missing")  # cattrs has named the attribute in a note already
    else:
        yield Fault(path, str(error), getattr(error, "near", None))


def read(cls: type[T], data: object) -> T:
    """Read a record from plain dicts and lists.

    Raises InputError with every fault and its path: wrong types, unknown keys, dates the calendar has not, one line number twice.
    """
    like = _LIKE_BEFORE.get(cls) or _like_before(cls)
    found = like.from_dict(data) if like is not None else None
    if found is not None:
        return found  # type: ignore[no-any-return]
    plain = decode.quickly(cls, data)
    if like is not None and plain is not None:
        like.learn(data)  # type: ignore[arg-type]
    return plain or _read(cls, data)


def _read(cls: type[T], data: object) -> T:
    """Read a record whose values may have faults, and say them all."""
    from cattrs import BaseValidationError

    try:
        found = _converter().structure(_object(data), cls)
    except BaseValidationError as error:
        raise InputError(_faults(error, "")) from None
    except ValueError as error:
        raise InputError([Fault("", str(error))]) from None
    faults = [*_together(found)]
    if faults:
        raise InputError(faults)
    return c.sound(found)


def reread(record: T, path: str = "") -> T:
    """Hold a record made in Python to what is asked of one that is read; raises InputError with paths that start with `path`.

    One that was read and not changed since is given back as it is.
    """
    if c.is_sound(record):
        return record
    try:
        return read(type(record), write(record))
    except InputError as error:
        raise InputError(attrs.evolve(fault, path=f"{path}{fault.path}") for fault in error.faults) from None


def _together(record: object) -> Iterator[Fault]:
    """Faults that show only where several values are seen at once."""
    if isinstance(record, c.Claim):
        yield from _claim_faults(record)
    elif isinstance(record, c.History):
        yield from _history_faults(record)
    elif isinstance(record, c.Session):
        yield from _session_faults(record)


def _session_faults(session: c.Session) -> Iterator[Fault]:
    """A session has interventions, and no more one-on-one minutes of one provider than it lasted."""
    if not session.interventions:
        yield Fault("interventions", "a session has at least one intervention")
    if not isinstance(session.date, date):
        yield Fault("date", "a session needs its date: it picks the rules that are in force")
    for index, one in enumerate(session.interventions):
        yield from _alone_with_several(f"interventions[{index}].patients", one)
    if isinstance(session.total_minutes, int):
        yield from _too_many_minutes(session, session.total_minutes)
    yield from _at_the_same_time(session)


def _alone_with_several(path: str, one: c.Intervention) -> Iterator[Fault]:
    if one.contact == "one_on_one" and isinstance(one.patients, int) and one.patients > 1:
        yield Fault(path, f"one_on_one is with one patient, and {one.patients} are given")


def _at_the_same_time(session: c.Session) -> Iterator[Fault]:
    """Of codes that take the provider one is given at a time: the same minutes are not there twice (a machine may run beside them)."""
    spans = sorted(_attended_spans(session))
    for (provider, _, ends, index), (other, starts, _, second) in pairwise(spans):
        if provider == other and starts < ends:
            message = f"it begins before interventions[{index}] of the same provider ends, and each takes the provider's whole attention"
            yield Fault(f"interventions[{second}].start", message)


def _attended_spans(session: c.Session) -> Iterator[tuple[tuple[str, str], int, int, int]]:
    """Who, first minute of the day, minute after the last, and which intervention."""
    from .codesets import code_table
    from .overlaps import time_of

    for index, one in enumerate(session.interventions):
        known, time = code_table().code(one.code), time_of(one)
        takes = known is not None and (known.one_on_one or known.kind in ("group", "evaluation")) and _attended(one)
        if takes and time is not None and isinstance(one.role, str):
            npi = one.rendering_provider.npi if isinstance(one.rendering_provider, c.Provider) else UNKNOWN
            yield (one.role, str(npi)), *time, index


def _too_many_minutes(session: c.Session, total: int) -> Iterator[Fault]:
    """No intervention is longer than the session, nor are all together that one provider attends (a machine may run beside them)."""
    attended: dict[object, int] = {}
    for index, one in enumerate(session.interventions):
        if not isinstance(one.minutes, int):
            continue
        if one.minutes > total:
            yield Fault(f"interventions[{index}].minutes", f"{one.minutes} minutes, and the session took {total}")
        if _attended(one):
            npi = one.rendering_provider.npi if isinstance(one.rendering_provider, c.Provider) else UNKNOWN
            attended[one.role, npi] = attended.get((one.role, npi), 0) + one.minutes
    most = max(attended.values(), default=0)
    if most > total:
        yield Fault("total_minutes", f"the session took {total} minutes, and the one-on-one and group minutes of one role come to {most}")


def _attended(one: c.Intervention) -> bool:
    """Whether somebody is with the patient all the while: one on one, in a group, or by what the code is."""
    from .codesets import code_table

    if one.contact in ("one_on_one", "group"):
        return True
    known = code_table().code(one.code) if one.contact is UNKNOWN else None
    return known is not None and (known.one_on_one or known.kind == "group")


def _claim_faults(claim: c.Claim) -> Iterator[Fault]:
    if not claim.lines:
        yield Fault("lines", "a claim has at least one line")
    first: dict[int, int] = {}
    for index, line in enumerate(claim.lines):
        if line.number in first:
            yield Fault(f"lines[{index}].number", f"line number {line.number} stands twice; the first is lines[{first[line.number]}]")
        first.setdefault(line.number, index)
        if not isinstance(line.date_of_service, date):
            yield Fault(f"lines[{index}].date_of_service", "a line needs its date of service: it picks the rules that are in force")
        yield from _pointer_faults(line, line.diagnoses if line.diagnoses is not UNKNOWN else claim.diagnoses, f"lines[{index}]")


def _pointer_faults(line: c.ServiceLine, diagnoses: Any, path: str) -> Iterator[Fault]:
    if diagnoses is UNKNOWN or not isinstance(line.diagnosis_pointers, tuple):
        return
    many = len(diagnoses or ())
    for place, pointer in enumerate(line.diagnosis_pointers):
        if pointer > many:
            yield Fault(f"{path}.diagnosis_pointers[{place}]", f"it points to diagnosis {pointer} of {many}")


def _history_faults(history: c.History) -> Iterator[Fault]:
    for index, service in enumerate(history.services or ()) if history.services is not UNKNOWN else ():
        yield from _pointer_faults(service, service.diagnoses, f"services[{index}]")
    yield from _reversed("", history.complete_from, history.complete_to, "complete_to")
    dated: tuple[tuple[str, Any], ...] = (("balances", history.balances), ("authorizations", history.authorizations))
    for name, records in dated:
        for index, record in enumerate(records or ()) if records is not UNKNOWN else ():
            yield from _reversed(f"{name}[{index}].", record.from_, record.to, "to")


def _reversed(path: str, start: Any, end: Any, name: str) -> Iterator[Fault]:
    if isinstance(start, date) and isinstance(end, date) and end < start:
        yield Fault(f"{path}{name}", f"{end} is before {start}, where it begins")


def value_reader(cls: type, name: str) -> Callable[[Any], Any]:
    """Give the reader of one field of a record by itself, for sources that are no JSON; it raises InputError with every fault."""
    from cattrs import BaseValidationError

    converter = _converter()
    attrs.resolve_types(cls, vars(c), include_extras=False)
    hook = _hook(attrs.fields_dict(cls)[name].type, name, cls, converter)

    def read_value(value: Any) -> Any:
        try:
            return hook(value, None)
        except (BaseValidationError, ValueError) as error:
            raise InputError(_faults(error, "")) from None

    return read_value


def together(record: object) -> tuple[Fault, ...]:
    """Faults of a record whose single values were read one by one: a line number twice, a line without its date, a pointer to nothing."""
    return tuple(_together(record))


# ---- JSON text ---------------------------------------------------------------------------------------------------


class _Object(dict[str, Any]):
    """A JSON object that remembers the keys that stood twice in it."""

    twice: tuple[str, ...] = ()


def _pairs(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        found.twice = tuple(sorted({key for key in keys if keys.count(key) > 1}))
    return found


class Fraction(Decimal):
    """A number with a fraction, as it stood in JSON without quotes: never money."""


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= 40 else Decimal(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON value")


def decoded(data: bytes, what: str = "the file") -> str:
    """Give the text of a file in UTF-8, without its byte order mark; raises InputError with the place of what is not."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError([Fault(f"line {line}", f"{what} is not UTF-8 text; save it as UTF-8")]) from None


def parsed(text: str | bytes) -> Any:
    """Parse JSON text; raises InputError with line and column, and for keys that stand twice in one object."""
    text = decoded(text) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    if not text.strip():
        raise InputError([Fault("", "there is nothing in it")])
    try:
        found = json.loads(text, object_pairs_hook=_pairs, parse_float=Fraction, parse_int=_integer, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise InputError([Fault(f"line {error.lineno}, column {error.colno}", f"it is not JSON: {error.msg}")]) from None
    except RecursionError:
        raise InputError([Fault("", "it is nested too deep")]) from None
    except ValueError as error:
        raise InputError([Fault("", str(error))]) from None
    faults = list(_twice(found, "", 0))
    if faults:
        raise InputError(faults)
    return found


def _twice(value: Any, path: str, depth: int) -> Iterator[Fault]:
    if depth > DEEPEST:
        yield Fault("", "it is nested too deep")
    elif isinstance(value, _Object):
        if any(map(_HALF.search, value)):
            yield Fault(path, "a key holds half a character (a lone surrogate)")
            return
        yield from (Fault(f"{path}.{key}".lstrip("."), "the key stands twice") for key in value.twice)
        for key, one in value.items():
            yield from _twice(one, f"{path}.{key}".lstrip("."), depth + 1)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _twice(one, f"{path}[{index}]", depth + 1)
    elif isinstance(value, str) and _HALF.search(value):
        yield Fault(path, _HALVED)


def read_json(cls: type[T], text: str | bytes) -> T:
    """Read a record from JSON text; raises InputError with every fault and its path."""
    like = _LIKE_BEFORE.get(cls) or _like_before(cls)
    found = like.quickly(text) if like is not None else None
    return found or _plainly(cls, text, like) or _read(cls, parsed(text))


FEW: Final = 32  # records that are read before msgspec is looked for: to import it takes longer than to read these
_LIKE_BEFORE: dict[type, Typed | None] = {}
_MANY: dict[type, int] = {}


def _like_before(cls: type) -> Typed | None:
    """The reader of records like those before, where msgspec is installed (extra `[fast]`)."""
    many = _MANY[cls] = _MANY.get(cls, 0) + 1
    if many < FEW or cls in _LIKE_BEFORE:
        return None
    try:
        from .typed import typed
    except ImportError:
        _LIKE_BEFORE[cls] = None
    else:
        _LIKE_BEFORE[cls] = typed(cls)
    return _LIKE_BEFORE[cls]


def _plainly(cls: type[T], text: str | bytes, like: Typed | None) -> T | None:
    """Read a record from JSON text without a fault; None where there may be one, or anything that has to be looked at closely."""
    try:
        plain = text.decode("utf-8") if isinstance(text, bytes) else text
        if "\\u" in plain or _HALF.search(plain):
            return None  # half a character may be in it
        data = json.loads(plain, object_pairs_hook=_unlike, parse_float=Fraction, parse_int=_integer, parse_constant=_constant)
        found = decode.quickly(cls, data)
    except (ValueError, RecursionError):
        return None
    if like is not None and found is not None:
        like.learn(data)
    return found


def _unlike(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys all differ."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def write(record: object) -> dict[str, Any]:
    """Give plain dicts and lists; what was left out stays out, null stays null."""
    found: dict[str, Any] = _converter().unstructure(record)
    return found


def write_json(record: object) -> str:
    """Give JSON text, keys in the order of interchange.md."""
    return json.dumps(write(record), indent=2, ensure_ascii=False)
