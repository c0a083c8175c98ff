"""The data of interchange.md: claims, sessions, histories. Plain immutable records; a fact left out is UNKNOWN, not None.

`UNKNOWN` means that nobody said (a key left out). None, or an empty tuple for a list, means known to be absent (M2.2).
Units, minutes, patients and visits are whole numbers; money is Decimal; dates are `datetime.date`; codes are text.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final, Self, TypeVar

import attrs


class Unknown(enum.Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"

    __hash__ = object.__hash__  # an enum's own goes through Python, and records are looked up by what they hold

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        return False


UNKNOWN: Final = Unknown.UNKNOWN

Text = str | None | Unknown
Whole = int | None | Unknown
Dollars = Decimal | None | Unknown
Day = date | None | Unknown
YesNo = bool | None | Unknown
Texts = tuple[str, ...] | None | Unknown
Wholes = tuple[int, ...] | None | Unknown
Facts = Mapping[str, object] | None | Unknown
Counts = Mapping[str, int] | None | Unknown


class Frozen(Mapping[str, Any]):
    """A mapping that nobody can change; it can be hashed and pickled, which a `MappingProxyType` can't."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Any]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Frozen, (self._items,)

    def __repr__(self) -> str:
        return repr(self._items)


def _fixed(value: Any) -> Any:
    """Lists become tuples and dicts are frozen, so that a record built by hand is as immutable as one that was read."""
    if isinstance(value, list):
        return tuple(value)
    return Frozen(value) if isinstance(value, dict) else value


def _hidden() -> Any:
    """Left out unless given, and never shown: it may be the patient's."""
    return attrs.field(default=UNKNOWN, repr=False, converter=_fixed)


def _several() -> Any:
    """A list or mapping, left out unless given."""
    return attrs.field(default=UNKNOWN, converter=_fixed)


@attrs.frozen(kw_only=True, weakref_slot=False)
class Provider:
    """A billing or rendering provider, or who did an event."""

    npi: Text = _hidden()
    taxonomy: Text = UNKNOWN
    specialty: Text = UNKNOWN
    role: Text = UNKNOWN


@attrs.frozen(kw_only=True, weakref_slot=False)
class Patient:
    """The patient; its repr shows nothing of the person."""

    id: Text = _hidden()
    birth_date: Day = _hidden()
    sex: Text = _hidden()
    benefit_year_start: Day = _hidden()
    enrolled: Day = _hidden()
    facts: Facts = _hidden()


@attrs.frozen(kw_only=True, weakref_slot=False)
class OtherPayer:
    """Another payer of the claim and what it decided."""

    order: Text = UNKNOWN
    decided: Day = UNKNOWN
    outcome: Text = UNKNOWN
    exhausted: YesNo = UNKNOWN


@attrs.frozen(kw_only=True, weakref_slot=False)
class ServiceLine:
    """One service line of a claim; what it has not itself it inherits from the claim."""

    number: int
    code: str
    date_of_service: Day = UNKNOWN
    modifiers: Texts = _several()
    units: Whole = UNKNOWN
    minutes: Whole = UNKNOWN
    minutes_by: Counts = _several()
    charge: Dollars = UNKNOWN
    allowed: Dollars = UNKNOWN
    discipline: Text = UNKNOWN
    contact: Text = UNKNOWN
    patients: Whole = UNKNOWN
    place_of_service: Text = UNKNOWN
    telehealth: YesNo = UNKNOWN
    diagnosis_pointers: Wholes = _several()
    revenue_code: Text = UNKNOWN
    rendering_provider: Provider | None | Unknown = UNKNOWN
    therapy_kind: Text = UNKNOWN
    condition: Text = _hidden()
    injury_number: Text = _hidden()
    diagnoses: Texts = _hidden()
    authorizations: Texts = _hidden()
    facts: Facts = _hidden()


@attrs.frozen(kw_only=True, weakref_slot=False)
class Service(ServiceLine):
    """A service of the history: a line's fields, those it would inherit, and what became of it."""

    number: int = 0
    claim: Text = _hidden()
    plan: Text = UNKNOWN
    billing_provider: Provider | None | Unknown = UNKNOWN
    in_network: YesNo = UNKNOWN
    paid: Dollars = UNKNOWN
    denied: YesNo = UNKNOWN


@cache
def _interchange() -> Any:
    """The module that reads and writes records, which imports this one; to say so at every record would cost more than to read a short one."""
    from . import interchange

    return interchange


class Record:
    """What is read from JSON and written back as it was.

    One that was read remembers that it is sound, so that nobody has to hold it to interchange.md again; a copy does not.
    """

    __slots__ = ("_kept",)  # set where records are read, there alone: SOUND, or what gives the fields that nobody has looked at

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Read it from plain dicts and lists; raises InputError with every fault and its path."""
        return _interchange().read(cls, data)  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read it from JSON text; raises InputError with every fault and its path."""
        return _interchange().read_json(cls, text)  # type: ignore[no-any-return]

    def to_dict(self) -> dict[str, Any]:
        """Give plain dicts and lists; what was left out stays out."""
        return _interchange().write(self)  # type: ignore[no-any-return]

    def to_json(self) -> str:
        """Give JSON text."""
        return _interchange().write_json(self)  # type: ignore[no-any-return]


SOUND: Final = True
_T = TypeVar("_T")
_keep: Final = vars(Record)["_kept"].__set__
_new: Final[Any] = object.__new__


def sound(record: _T, kept: object = SOUND) -> _T:
    """Mark a record as read and found good; `kept` may be what gives the fields that nobody has looked at."""
    if isinstance(record, Record):
        _keep(record, kept)
    return record


def looked_at(record: Any, name: str) -> Any:
    """Give a field that stands as it was decoded until somebody looks at it; raises AttributeError where it is no field."""
    if name not in type(record).__slots__:
        raise AttributeError(f"{type(record).__name__!r} object has no attribute {name!r}", name=name, obj=record)
    found = record._kept.fields(name)
    for field, value in found.items():
        object.__setattr__(record, field, value)
    return found[name]


def unlooked(cls: type[_T], kept: object) -> _T:
    """A record of which nobody has looked at a field yet."""
    found = _new(cls)
    _keep(found, kept)
    return found  # type: ignore[no-any-return]


def is_sound(record: object) -> bool:
    """Whether a record is one that was read, and so is known to be as interchange.md has it."""
    return getattr(record, "_kept", None) is not None


@attrs.frozen(kw_only=True, weakref_slot=False)
class Claim(Record):
    """A claim: whose, to whom, by whom, and its service lines."""

    lines: tuple[ServiceLine, ...] = attrs.field(converter=_fixed)
    id: Text = UNKNOWN
    payer: Text = UNKNOWN
    plan: Text = UNKNOWN
    payer_order: Text = UNKNOWN
    claim_kind: Text = UNKNOWN
    received: Day = UNKNOWN
    place_of_service: Text = UNKNOWN
    in_network: YesNo = UNKNOWN
    diagnoses: Texts = _hidden()
    patient: Patient | None | Unknown = _hidden()
    billing_provider: Provider | None | Unknown = _hidden()
    condition: Text = _hidden()
    injury_number: Text = _hidden()
    therapy_kind: Text = UNKNOWN
    authorizations: Texts = _hidden()
    other_payers: tuple[OtherPayer, ...] | None | Unknown = _several()
    facts: Facts = _hidden()

    def __getattr__(self, name: str) -> Any:
        return looked_at(self, name)


@attrs.frozen(kw_only=True, weakref_slot=False)
class Person(Record):
    """Whose benefit it is: a claim's `patient`, `payer`, `plan` and facts."""

    payer: str
    plan: Text = UNKNOWN
    patient: Patient | None | Unknown = _hidden()
    facts: Facts = _hidden()


@attrs.frozen(kw_only=True, weakref_slot=False)
class Balance:
    """How much of a measure was used in a span of dates; it replaces the services of that span (M4)."""

    measure: str
    of: Texts = _several()
    excluding: Texts = _several()
    from_: Day = UNKNOWN
    to: Day = UNKNOWN
    used: Dollars = UNKNOWN


@attrs.frozen(kw_only=True, weakref_slot=False)
class Authorization:
    """An authorization on file; it binds by what it states (M7)."""

    number: Text = _hidden()
    payer: Text = UNKNOWN
    plan: Text = UNKNOWN
    kind: Text = UNKNOWN
    discipline: Text = UNKNOWN
    billing_provider: Provider | None | Unknown = UNKNOWN
    codes: Texts = _several()
    from_: Day = UNKNOWN
    to: Day = UNKNOWN
    visits: Whole = UNKNOWN
    units: Counts = _several()
    visits_per_week: Whole = UNKNOWN
    units_per_visit: Whole = UNKNOWN
    used_visits: Whole = UNKNOWN
    used_units: Counts = _several()
    requested: Day = UNKNOWN
    received: Day = UNKNOWN
    decided: Day = UNKNOWN
    facts: Facts = _hidden()


@attrs.frozen(kw_only=True, weakref_slot=False)
class Event:
    """Something that happened to the patient: an injury, a surgery, an order."""

    kind: str
    date: Day = UNKNOWN
    by: Provider | None | Unknown = UNKNOWN
    received: Day = UNKNOWN
    injury_number: Text = _hidden()
    facts: Facts = _hidden()


@attrs.frozen(kw_only=True, weakref_slot=False)
class PlanOfCare:
    """When a plan of care was established and certified, and when it ends."""

    established: Day = UNKNOWN
    certified: Day = UNKNOWN
    ends: Day = UNKNOWN


@attrs.frozen(kw_only=True, weakref_slot=False)
class Note:
    """A note of the record."""

    kind: Text = UNKNOWN
    date: Day = UNKNOWN
    discipline: Text = UNKNOWN
    text: Text = _hidden()
    medical_necessity: Text = _hidden()
    progress: Text = _hidden()
    functional_outcome: Text = _hidden()
    signature: Text = _hidden()
    credentials: Text = _hidden()
    signed_on: Day = UNKNOWN
    plan_of_care: PlanOfCare | None | Unknown = UNKNOWN
    facts: Facts = _hidden()


@attrs.frozen(kw_only=True, weakref_slot=False)
class History(Record):
    """What is known of the patient so far; every part is optional."""

    patient: Text = _hidden()
    complete_from: Day = UNKNOWN
    complete_to: Day = UNKNOWN
    complete_for: Text = UNKNOWN
    services: tuple[Service, ...] | None | Unknown = _hidden()
    balances: tuple[Balance, ...] | None | Unknown = _hidden()
    authorizations: tuple[Authorization, ...] | None | Unknown = _hidden()
    events: tuple[Event, ...] | None | Unknown = _hidden()
    notes: tuple[Note, ...] | None | Unknown = _hidden()

    def __getattr__(self, name: str) -> Any:
        return looked_at(self, name)


@attrs.frozen(kw_only=True, weakref_slot=False)
class Intervention:
    """One intervention of a session, before there is a claim."""

    code: str
    minutes: Whole = UNKNOWN
    role: Text = UNKNOWN
    contact: Text = UNKNOWN
    patients: Whole = UNKNOWN
    with_: Text = UNKNOWN
    start: Text = UNKNOWN
    description: Text = _hidden()
    rendering_provider: Provider | None | Unknown = UNKNOWN
    modifiers: Texts = _several()
    charge: Dollars = UNKNOWN
    allowed: Dollars = UNKNOWN
    place_of_service: Text = UNKNOWN
    telehealth: YesNo = UNKNOWN
    diagnosis_pointers: Wholes = _several()
    revenue_code: Text = UNKNOWN
    therapy_kind: Text = UNKNOWN
    condition: Text = _hidden()
    injury_number: Text = _hidden()
    facts: Facts = _hidden()


@attrs.frozen(kw_only=True, weakref_slot=False)
class Session(Record):
    """What happened in the clinic, before there is a claim."""

    date: Day
    interventions: tuple[Intervention, ...] = attrs.field(default=(), converter=_fixed)
    id: Text = UNKNOWN
    payer: Text = UNKNOWN
    plan: Text = UNKNOWN
    discipline: Text = UNKNOWN
    patient: Patient | None | Unknown = _hidden()
    place_of_service: Text = UNKNOWN
    total_minutes: Whole = UNKNOWN
    note: Note | None | Unknown = _hidden()
    diagnoses: Texts = _hidden()
    billing_provider: Provider | None | Unknown = _hidden()
    in_network: YesNo = UNKNOWN
    payer_order: Text = UNKNOWN
    claim_kind: Text = UNKNOWN
    received: Day = UNKNOWN
    condition: Text = _hidden()
    injury_number: Text = _hidden()
    therapy_kind: Text = UNKNOWN
    authorizations: Texts = _hidden()
    other_payers: tuple[OtherPayer, ...] | None | Unknown = _several()
    facts: Facts = _hidden()

