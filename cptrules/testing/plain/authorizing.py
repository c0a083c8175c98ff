"""Whether an authorization covers a line (M7), for what a record states of payer, plan, discipline, provider, codes, dates, visits and units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import attrs

from ...claims import UNKNOWN
from ...fields import FIELDS
from ...policy import Condition, RequestBy
from . import days
from .counting import belongs, complete
from .days import Open
from .facts import Item, World, biller, discipline, every, inherited, known, npi, read, some


def authorized(item: Item, world: World, where: Condition | None = None, requested: tuple[RequestBy, ...] = (),
               matching: tuple[str, ...] = ()) -> bool:  # fmt: skip
    """Whether one on file covers the line, of which a condition holds, asked for in time and stating what it must."""
    if not item.own:
        raise Open
    records = known(world.history.authorizations if world.history is not None else UNKNOWN) or ()
    if some(_good(record, item, world, where, requested, matching) for record in records):
        return True
    named = inherited(item, world, "authorizations")
    if set(named if isinstance(named, tuple) else ()) - {record.number for record in records}:
        raise Open
    return False


def _good(record: Any, item: Item, world: World, where: Condition | None, requested: tuple[RequestBy, ...], matching: tuple[str, ...]) -> Any:
    from .conditions import true

    inside = attrs.evolve(world, authorization=record)
    dated = isinstance(record.from_, date) and isinstance(record.to, date)
    stated = {"code": bool(_codes(record)), "date": dated, "visits": isinstance(record.visits, int)}
    tests = [lambda: _covers(record, item, world), lambda: all(stated[one] for one in matching), lambda: where is None or true(where, item, inside)]
    return lambda: every([*tests, *(lambda r=r: _in_time(record, r, item, inside) for r in requested)])


def covering(item: Item, world: World) -> Any:
    """The one that covers the line, of several the one that ends first; None where none does."""
    records = known(world.history.authorizations if world.history is not None else UNKNOWN) or ()
    named = inherited(item, world, "authorizations")
    if not item.own or set(named if isinstance(named, tuple) else ()) - {record.number for record in records}:
        raise Open
    found = [record for record in records if _covers(record, item, world)]
    return min(found, key=lambda one: (one.to if isinstance(one.to, date) else date.max, str(one.number)), default=None)


def _covers(record: Any, item: Item, world: World) -> bool:
    return every([lambda: _fits(record, item, world), lambda: _visits_left(record, item, world), lambda: _units_left(record, item, world)])


def _fits(record: Any, item: Item, world: World) -> bool:
    """What a record states binds, what it leaves out does not."""

    def binds(stated: Any, actual: Any) -> Any:
        return lambda: stated is UNKNOWN or stated is None or stated == actual()

    codes, first, last = _codes(record), record.from_, record.to
    return every([
        binds(record.payer, lambda: known(world.claim.payer)), binds(record.plan, lambda: read(FIELDS["plan"], item, world)),
        binds(record.discipline, lambda: discipline(item, world)),
        lambda: record.billing_provider in (UNKNOWN, None) or record.billing_provider.npi in (UNKNOWN, None)
        or record.billing_provider.npi == npi(biller(item, world)),
        lambda: not codes or item.record.code in codes,
        lambda: days.holds(first if isinstance(first, date) else None, last if isinstance(last, date) else None, item.day),
    ])  # fmt: skip


def _codes(record: Any) -> tuple[str, ...]:
    if isinstance(record.codes, tuple) and record.codes:
        return record.codes
    return tuple(record.units) if isinstance(record.units, Mapping) else ()


def _under(record: Any, item: Item, world: World, stated: bool) -> list[Item]:
    """The services it covers up to and with the line; of the history only where the record does not say what was used."""
    if not stated:
        if not isinstance(record.from_, date):
            raise Open
        complete(record.from_, item.day, world, record.billing_provider not in (UNKNOWN, None) and isinstance(record.billing_provider.npi, str))
    items = world.lines if stated else world.items
    return [one for one in items if one.place <= item.place and _fits(record, one, world) and belongs(None, None, one, world)]


def _visits_left(record: Any, item: Item, world: World) -> bool:
    if record.visits_per_week not in (UNKNOWN, None) or record.units_per_visit not in (UNKNOWN, None):
        raise Open
    if not isinstance(record.visits, int):
        return True
    stated = isinstance(record.used_visits, int)
    under = sorted(_under(record, item, world, stated), key=lambda one: one.place)
    if stated and record.used_visits and any(one.day == other.day and _fits(record, other, world) for one in under for other in world.services):
        raise Open  # another claim of the same day may have used it already
    firsts: dict[Any, Any] = {}
    for one in under:
        firsts.setdefault((one.day, discipline(one, world)), one.place)
    mine = firsts.get((item.day, discipline(item, world)), item.place)
    return bool(sum(place <= mine for place in firsts.values()) + (record.used_visits if stated else 0) <= record.visits)


def _units_left(record: Any, item: Item, world: World) -> bool:
    code = item.record.code
    if not isinstance(record.units, Mapping) or code not in record.units:
        return True
    stated = isinstance(record.used_units, Mapping) and code in record.used_units
    used = sum(known(one.record.units) or 0 for one in _under(record, item, world, stated) if one.record.code == code)
    return bool(used + (record.used_units[code] if stated else 0) <= record.units[code])


def _in_time(record: Any, request: RequestBy, item: Item, world: World) -> bool:
    """In time, it covers from its start; later, from the day it was received; too short a lead does not count (M7.4)."""
    from .conditions import moment

    asked = known(record.requested if record.received is UNKNOWN else record.received)
    if asked is None:
        return False
    anchor = moment(request.anchor, item, world)
    if anchor is None:
        return request.at_least or item.day >= asked
    if request.at_least:
        return bool(asked <= days.later(anchor, -request.number, request.unit, world.policy.holidays))
    return bool(item.day >= asked or asked <= days.later(anchor, request.number, request.unit, world.policy.holidays))
