"""What a service says, by its own record, its claim and its codes (M2.2, M2.6, M6); `Open` where it is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import attrs

from ...claims import UNKNOWN, Claim, History, Provider
from ...codesets import CodeTable
from ...policy import CodeSet, Entry, Policy
from . import days
from .days import Open

_OF_MODIFIER = {"GP": "PT", "GO": "OT", "GN": "SLP"}
_OF_ROLE = {"PT": "PT", "PTA": "PT", "OT": "OT", "OTA": "OT", "SLP": "SLP", "SLPA": "SLP"}
_KINDS = {"96": "habilitative", "97": "rehabilitative"}
_INHERITED = ("place_of_service", "condition", "injury_number")


@attrs.frozen(eq=False)
class Item:
    """A line of the claim or a service of the history."""

    record: Any
    own: bool

    @property
    def day(self) -> date:
        """Its date."""
        return known(self.record.date_of_service)  # type: ignore[no-any-return]

    @property
    def place(self) -> tuple[date, bool, int]:
        """Its place in the order of M4: by date, the history of a date before the claim's own lines, those by number."""
        return self.day, self.own, self.record.number if self.own else 0


@attrs.frozen(eq=False)
class World:
    """All there is to look at for one policy; `event`, `authorization` and `pair` while a condition is about one of them."""

    policy: Policy
    claim: Claim
    history: History | None
    codes: CodeTable
    lines: tuple[Item, ...]
    services: tuple[Item, ...]
    event: Any = None
    authorization: Any = "covering"
    pair: Mapping[str, Any] | None = None
    partner: Item | None = None
    order: Mapping[int, int] | None = None  # the places of the claim's lines under `keep highest` and `keep lowest`

    @property
    def items(self) -> tuple[Item, ...]:
        """Every service, the history's first."""
        return (*self.services, *self.lines)


def known(value: Any) -> Any:
    """A value that is known, None being known to be absent."""
    if value is UNKNOWN:
        raise Open
    return value


def world_of(policy: Policy, claim: Claim, history: History | None, codes: CodeTable) -> World:
    """Put together what a policy looks at; services of the claim itself are left out (M4)."""
    listed = history.services if history is not None and isinstance(history.services, tuple) else ()
    others = [one for one in listed if not (isinstance(one.claim, str) and one.claim == claim.id)]
    return World(policy, claim, history, codes, tuple(Item(line, True) for line in claim.lines), tuple(Item(one, False) for one in others))


def some(tests: Iterable[Callable[[], bool]]) -> bool:
    """True if any is true, else Open if any is, else false (M2.1)."""
    open_ = False
    for test in tests:
        try:
            if test():
                return True
        except Open:
            open_ = True
    if open_:
        raise Open
    return False


def every(tests: Iterable[Callable[[], bool]]) -> bool:
    """False if any is false, else Open if any is, else true (M2.1)."""
    return not some(_opposite(test) for test in tests)


def _opposite(test: Callable[[], bool]) -> Callable[[], bool]:
    return lambda: not test()


# ---- fields ------------------------------------------------------------------------------------------------------


def read(field: Any, item: Item, world: World) -> Any:
    """The value of a field, None where it is known to be absent; an assumption stands in (M2.6)."""
    assumed = next((constant.value for one, constant in world.policy.assumes if one.name == field.name), None)
    try:
        found = known(_raw(field, item, world))
    except Open:
        if assumed is not None:
            return assumed
        raise
    return assumed if found is None and assumed is not None else found


def _raw(field: Any, item: Item, world: World) -> Any:
    if world.event is not None and field.name in ("role", "received", "injury_number"):
        return _of_event(field.name, world)
    if field.declared:
        return _fact(field, item, world)
    match field.owner:
        case "line":
            return _of_line(field.name, item, world)
        case "claim":
            return _of_claim(field.name, item, world)
        case "patient":
            return _of_patient(field.attribute, item, world)
        case "other_payer":
            given = known(world.claim.other_payers)
            return None if given is None else tuple(one for payer in given if (one := known(getattr(payer, field.attribute))) is not None)
        case "pair":
            return world.pair.get(field.name) if world.pair is not None else None
        case "authorization":
            return _of_authorization(field.attribute, item, world)
        case _:
            raise Open


def _of_event(name: str, world: World) -> Any:
    found = getattr(world.event, "by" if name == "role" else name)
    return (known(found.role),) if isinstance(found, Provider) and name == "role" else found


def _fact(field: Any, item: Item, world: World) -> Any:
    """A declared fact, as the type it is declared with."""
    owners: dict[str, Any] = {"line": item.record, "claim": world.claim if item.own else item.record, "patient": world.claim.patient}
    owner = world.event if field.owner == "event" else owners.get(field.owner, UNKNOWN)
    facts = getattr(owner, "facts", UNKNOWN) if owner not in (UNKNOWN, None) else UNKNOWN
    found = known(facts.get(field.name, UNKNOWN) if isinstance(facts, Mapping) else UNKNOWN)
    if isinstance(found, str) and field.type in ("money", "date"):
        return Decimal(found) if field.type == "money" else date.fromisoformat(found)
    return found


def _of_line(name: str, item: Item, world: World) -> Any:
    record = item.record
    match name:
        case "modifier":
            return record.modifiers
        case "discipline":
            return discipline(item, world)
        case "minutes":
            by = record.minutes_by
            return sum(by.values()) if record.minutes is UNKNOWN and isinstance(by, Mapping) and by else record.minutes
        case "role":
            return _roles(record)
        case "diagnosis":
            return _diagnoses(item, world)
        case "place_of_service":
            return inherited(item, world, name)
        case "rendering_provider":
            return npi(record.rendering_provider)
        case "denied":
            return False if item.own else getattr(record, "denied", False)
        case "assisted":
            from .assisting import assisted

            return assisted(item, world)
        case _:
            return getattr(record, name)


def _roles(record: Any) -> Any:
    if isinstance(record.minutes_by, Mapping) and record.minutes_by:
        return tuple(record.minutes_by)
    provider = known(record.rendering_provider)
    role = known(provider.role) if isinstance(provider, Provider) else provider
    return (role,) if isinstance(role, str) else role


def _diagnoses(item: Item, world: World) -> Any:
    every_, pointers = known(inherited(item, world, "diagnoses")), item.record.diagnosis_pointers
    if not pointers or pointers is UNKNOWN or every_ is None:
        return every_
    return tuple(one for number, one in enumerate(every_, 1) if number in pointers)


def inherited(item: Item, world: World, name: str) -> Any:
    """A line's own value, else its claim's."""
    own = getattr(item.record, name)
    return getattr(world.claim, name) if own is UNKNOWN and item.own else own


def npi(provider: Any) -> Any:
    """A provider's number."""
    provider = known(provider)
    return known(provider.npi) if isinstance(provider, Provider) else provider


def biller(item: Item, world: World) -> Any:
    """Who bills: the claim's provider or the service's own; where one provider's services are known only, that one (N5)."""
    if item.own:
        return world.claim.billing_provider
    only = world.history is not None and world.history.complete_for == "billing_provider"
    return world.claim.billing_provider if item.record.billing_provider is UNKNOWN and only else item.record.billing_provider


def _of_claim(name: str, item: Item, world: World) -> Any:
    match name:
        case "therapy_kind":
            return _therapy_kind(item, world)
        case name if name in _INHERITED:
            return inherited(item, world, name)
        case "billing_provider":
            return npi(biller(item, world))
        case "claim":
            return world.claim.id if item.own else item.record.claim
        case "plan" | "in_network":
            return getattr(world.claim if item.own else item.record, name)
        case _:
            return getattr(world.claim, name) if item.own else UNKNOWN


def _therapy_kind(item: Item, world: World) -> Any:
    """Its modifier 96 or 97, else the line's, else the claim's (M6.2)."""
    found = {_KINDS[one] for one in known(item.record.modifiers) or () if one in _KINDS}
    if len(found) > 1:
        raise Open
    return found.pop() if found else inherited(item, world, "therapy_kind")


def _of_patient(name: str, item: Item, world: World) -> Any:
    patient = known(world.claim.patient)
    if patient is None:
        raise Open
    if name == "age":
        born = known(patient.birth_date)
        if born is None:
            raise Open
        return days.age(born, item.day)
    return getattr(patient, name)


def _of_authorization(name: str, item: Item, world: World) -> Any:
    found = world.authorization
    if isinstance(found, str):
        from .authorizing import covering

        found = covering(item, world)
    if found is None:
        return None
    value = getattr(found, {"from": "from_", "code": "codes"}.get(name, name))
    return npi(value) if name == "billing_provider" else value


# ---- disciplines and sets ----------------------------------------------------------------------------------------


def discipline(item: Item, world: World) -> Any:
    """M6.1: the line's own, else its modifier's, else the code's only one, else the rendering provider's role."""
    record = item.record
    if isinstance(record.discipline, str):
        return record.discipline
    by_modifier = [_OF_MODIFIER[one] for one in known(record.modifiers) or () if one in _OF_MODIFIER]
    if by_modifier:
        return by_modifier[0]
    code = world.codes.code(record.code)
    allowed = [one for one in (code.disciplines if code is not None else ()) if one in _OF_MODIFIER.values()]
    if code is not None and len(allowed) == len(code.disciplines) == 1:
        return allowed[0]
    role = record.rendering_provider.role if isinstance(record.rendering_provider, Provider) else None
    if role in _OF_ROLE:
        return _OF_ROLE[role]
    if record.discipline is None or (code is not None and not allowed) or (code is None and isinstance(role, str)):
        return None
    raise Open


def member(of: CodeSet | None, item: Item, world: World) -> bool:
    """Whether a service is in a selector: in it, and not in what is excluded."""
    if of is None:
        return True
    inside = some(_test(entry, of, item.record.code, item.day, lambda: discipline(item, world)) for entry in of.entries)
    return inside and not some(_test(entry, of, item.record.code, item.day, lambda: discipline(item, world)) for entry in of.excluding)


def listed(of: CodeSet, value: str, day: date) -> bool:
    """Whether a code or a word is in a list."""
    return some(_test(entry, of, value, day, lambda: None) for entry in of.entries) and not some(
        _test(entry, of, value, day, lambda: None) for entry in of.excluding
    )


def _test(entry: Entry, of: CodeSet, code: str, day: date, whose: Callable[[], Any]) -> Callable[[], bool]:
    return lambda: days.holds(entry.span.from_, entry.span.to, day) and _holds(entry, of, code, day, whose)


def _holds(entry: Entry, of: CodeSet, code: str, day: date, whose: Callable[[], Any]) -> bool:
    match entry.kind:
        case "pattern":
            return code[: len(entry.value)] == entry.value
        case "diagnoses":
            return _between_diagnoses(code, entry.value, entry.last)
        case "range":
            return _between(of, code, entry.value, entry.last, day)
        case "discipline":
            return bool(whose() == entry.value)
        case "set":
            inner = entry.members
            assert inner is not None
            inside = some(_test(one, inner, code, day, whose) for one in inner.entries)
            return inside and not some(_test(one, inner, code, day, whose) for one in inner.excluding)
        case _:
            return code == entry.value


def _between_diagnoses(code: str, first: str, last: str) -> bool:
    """F70..F79 holds F70, F79 and all below them (F79.9)."""
    plain, low, high = (one.replace(".", "") for one in (code, first, last))
    return plain >= low and plain[: len(high)] <= high


def _between(of: CodeSet, code: str, first: str, last: str, day: date) -> bool:
    """The codes of the code table in force between two, of their length and letters."""
    if of.table is None or len(code) != len(first) or not first <= code <= last:
        return False
    letters = [(position, one) for position, one in enumerate(first) if one.isalpha()]
    alike = all(code[position] == one for position, one in letters) and sum(one.isalpha() for one in code) == len(letters)
    return alike and any(row.code == code and days.holds(row.from_, row.to, day) for row in of.table.codes())
