"""What becomes of a rule on a line whose facts are known: not_applicable, met or broken (M2.3, M4, M7, M8, N37)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import attrs

from ...claims import UNKNOWN
from ...fields import FIELDS
from ...policy import (
    AllOf,
    Deadline,
    Documentation,
    Forbid,
    Limit,
    Modifiers,
    NeededElement,
    Pairs,
    Payment,
    PriorAuthorization,
    Require,
    Rule,
    Timing,
)
from . import days
from .authorizing import authorized
from .conditions import number, true, value
from .counting import belongs, complete, counted, span_of, together
from .days import Open
from .facts import Item, World, discipline, every, known, member, read, some
from .scope import about, in_force

NONE = "not_applicable"


@attrs.frozen
class Reading:
    """What became of a rule on a line, what of the line stands in the measure counted where it is broken, and what a limit counted."""

    status: str
    stands: Decimal | None = None
    used: Decimal | None = None


def reading(rule: Rule, item: Item, world: World) -> Reading:
    """Read a rule for a line; raises Open where something that is needed is not known."""
    if not in_force(rule, item) or not about(rule, item, world):
        return Reading(NONE)
    found = _BY_KIND[type(rule.demand)](rule, rule.demand, item, world)
    if found.status != "broken":
        return found
    if not isinstance(rule.demand, Pairs) and some(_way_out(clause, item, world) for clause in rule.unless):
        return attrs.evolve(found, status="met", stands=None)
    return found


def _way_out(clause: Any, item: Item, world: World) -> Callable[[], bool]:
    return lambda: true(clause.condition, item, world)


def _met(held: bool) -> Reading:
    return Reading("met" if held else "broken")


# ---- limits, authorizations --------------------------------------------------------------------------------------


def _limit(rule: Rule, demand: Any, item: Item, world: World) -> Reading:
    world = attrs.evolve(world, order=_order(demand, world)) if demand.keep_table is not None else world
    found = counted(demand.count, item, world)
    bound = value(demand.at_most, item, world) if found is not None else None
    if found is None or bound is None:
        return Reading(NONE)
    stands = max(Decimal(0), min(Decimal(found.own), Decimal(bound) - Decimal(found.before)))
    used = Decimal(found.total)
    return Reading("broken", stands, used) if used > bound else Reading("met", used=used)


def _order(demand: Any, world: World) -> Mapping[int, int]:
    """The claim's lines by the table's value of one unit, then by date and number."""
    from .conditions import look_up

    table, worth = demand.keep_table, []
    for line in world.lines:
        text = look_up(table, [line.record.code], table.values[0], line.day)
        each = Decimal(0) if text == "none" else number(text or "")
        if not isinstance(each, Decimal):
            raise Open
        worth.append((each if demand.keep == "lowest" else -each, line.day, line.record.number))
    return {one[2]: place for place, one in enumerate(sorted(worth))}


def _prior(rule: Rule, demand: Any, item: Item, world: World) -> Reading:
    stands = None
    if demand.count is not None:
        found = counted(demand.count, item, world)
        if found is not None:  # outside every window nothing is free
            free = value(demand.after, item, world)
            if free is None:
                raise Open
            if found.total <= free:
                return Reading("met")
            stands = max(Decimal(0), min(Decimal(found.own), Decimal(free) - Decimal(found.before)))
    where = AllOf(tuple(clause.condition for clause in demand.that)) if demand.that else None
    return Reading("met") if authorized(item, world, where, demand.requested, demand.matching) else Reading("broken", stands)


# ---- modifiers, conditions, pairs --------------------------------------------------------------------------------


def _modifiers(rule: Rule, demand: Any, item: Item, world: World) -> Reading:
    listed = tuple(read(FIELDS["modifier"], item, world) or ())
    have = set(listed)
    wanting: list[Callable[[], bool]] = [
        lambda n=n: n.modifier not in have and (n.discipline is None or discipline(item, world) == n.discipline)  # type: ignore[misc]
        for n in demand.needs
    ]
    groups = [not have & set(group) for group in demand.one_of] + [not set(group) <= have for group in demand.all_of]
    groups += [sum(one in group for one in listed) > 1 for group in demand.at_most_one_of] + [bool(have & set(demand.refuse))]
    return _met(not some([*wanting, *(lambda g=g: g for g in groups)]))


def _that(rule: Rule, demand: Any, item: Item, world: World) -> Reading:
    tests = [_way_out(clause, item, world) for clause in demand.that]
    tests += [lambda b=b: _beside(b, item, world) for b in getattr(demand, "beside", ())]  # type: ignore[misc]
    return _met(every(tests))


def _beside(beside: Any, item: Item, world: World) -> bool:
    """Another service of a set in the line's group, whatever the order."""
    spans = [span_of(key, item, world) for key in beside.keys if not hasattr(key, "name") or key.name not in _KINDS]
    if None in spans:
        return True
    others = [other for other in world.items if other is not item]
    if some(lambda o=o: together(beside.keys, item, o, world) and belongs(beside.of, None, o, world) for o in others):  # type: ignore[misc]
        return True
    if not any(getattr(key, "name", "") in ("claim", "line") for key in beside.keys):
        held = [span for span in spans if span is not None]
        ours = any(getattr(key, "name", "") == "billing_provider" for key in beside.keys)
        complete(max(span[0] for span in held), min(span[1] for span in held), world, ours)
    return False


_KINDS = ("discipline", "code", "condition", "therapy_kind", "billing_provider", "rendering_provider", "specialty")


def _forbid(rule: Rule, demand: Any, item: Item, world: World) -> Reading:
    return Reading("broken")


def _pairs(rule: Rule, demand: Any, item: Item, world: World) -> Reading:
    """The second column's line is denied where the first column's code stands in the same scope, unless a way out is true of the two."""
    one, two = demand.table.keys
    rows = [row.cells for row in demand.table.rows if row.cells[two] == item.record.code and days.holds(row.span.from_, row.span.to, item.day)]
    rows = [row for row in rows if row[one] != row[two]]
    if not rows:
        return Reading(NONE)
    spans = [span_of(key, item, world) for key in demand.keys if getattr(key, "name", "") not in _KINDS]
    if None in spans:
        return Reading(NONE)
    if some(lambda r=r: _paired(rule, r, r[one], item, world) for r in rows):  # type: ignore[misc]
        return Reading("broken")
    if not any(getattr(key, "name", "") in ("claim", "line") for key in demand.keys):
        held = [span for span in spans if span is not None]
        complete(max(s[0] for s in held), min(s[1] for s in held), world, any(getattr(key, "name", "") == "billing_provider" for key in demand.keys))
    return Reading("met")


def _paired(rule: Rule, row: Mapping[str, str], first: str, item: Item, world: World) -> bool:
    pair = {name: number(text) if text else None for name, text in row.items()}
    partners = [o for o in world.items if o is not item and o.record.code == first and getattr(o.record, "denied", False) is not True]

    def stands(other: Item) -> bool:
        inside = attrs.evolve(world, pair=pair, partner=other)
        return together(rule.demand.keys, item, other, world) and not some(_way_out(c, item, inside) for c in rule.unless)  # type: ignore[union-attr]

    return some(lambda o=o: stands(o) for o in partners)  # type: ignore[misc]


# ---- timing ------------------------------------------------------------------------------------------------------


def _timing(rule: Rule, demand: Any, item: Item, world: World) -> Reading:
    """By trying every split of the day's units among its codes, those billed above their share last first (M8)."""
    group = [other for other in world.lines if other.day == item.day and _timed_with(rule, item, other, world)]
    same = [other for other in group if other.record.code == item.record.code]
    length = _length(item, world)
    if length is None:
        return _named(item, same, 1, world)
    if length != 15:
        return _named(item, same, units_in(sum(_minutes(demand, one, world) for one in same), length), world)
    if demand.by == "ama_midpoint":
        return _named(item, same, units_in(sum(_minutes(demand, one, world) for one in same)), world)
    minutes: dict[str, int] = {}
    billed: dict[str, int] = {}
    for other in group:
        if _length(other, world) == 15:
            minutes[other.record.code] = minutes.get(other.record.code, 0) + _minutes(demand, other, world)
            billed[other.record.code] = billed.get(other.record.code, 0) + (known(other.record.units) or 0)
    shares = {share for share in _best_shares(minutes, billed, item.record.code)}
    readings = {_named(item, same, share, world) for share in shares}
    if len(readings) > 1:
        raise Open  # ties that nobody settles: either line may be named
    return readings.pop()


def _timed_with(rule: Rule, item: Item, other: Item, world: World) -> bool:
    if other is item:
        return True
    tests: list[Callable[[], bool]] = [lambda: discipline(item, world) == discipline(other, world)]
    tests += [lambda of=of: member(of, other, world) for of in rule.on]  # type: ignore[misc]
    tests += [lambda c=c: true(c.condition, other, world) for c in rule.when]  # type: ignore[misc]
    return every([*tests, *(lambda c=c: not true(c.condition, other, world) for c in rule.excepts)])


def _length(item: Item, world: World) -> int | None:
    """The minutes of a code's unit, None for an untimed one; a code that no table knows is of fifteen."""
    code = world.codes.code(item.record.code, item.day)
    return 15 if code is None else (code.unit_minutes or 15) if code.timed else None


def _minutes(demand: Any, item: Item, world: World) -> int:
    code = world.codes.code(item.record.code, item.day)
    if code is not None and code.one_on_one and read(FIELDS["contact"], item, world) != "one_on_one":
        return 0
    if not every(_way_out(clause, item, world) for clause in demand.only_minutes):
        return 0
    told, by = item.record.minutes, item.record.minutes_by
    if isinstance(by, Mapping) and by and isinstance(told, int) and sum(by.values()) != told:
        raise Open
    return int(read(FIELDS["minutes"], item, world) or 0) if read(FIELDS["minutes"], item, world) is not None else _raise()


def _raise() -> int:
    raise Open


def units_in(minutes: int, length: int = 15) -> int:
    """A unit is reached when its midpoint is passed: 8 minutes of 15, 16 of 30."""
    units = 0
    while 2 * (minutes - units * length) > length:
        units += 1
    return units


def _best_shares(minutes: dict[str, int], billed: dict[str, int], code: str) -> list[int]:
    """A code's share in every split that is right and leaves the fewest units billed above."""
    total, best = units_in(sum(minutes.values())), []
    for extra in product((0, 1), repeat=len(minutes)):
        chosen = list(zip(minutes, extra, strict=True))
        split = {one: minutes[one] // 15 + more for one, more in chosen}
        left_out = max((minutes[one] % 15 for one, more in chosen if not more), default=0)
        if sum(split.values()) == total and left_out <= min((minutes[one] % 15 for one, more in chosen if more), default=15):
            best.append((sum(max(0, billed[one] - split[one]) for one in minutes), split[code]))
    return [share for over, share in best if over == min(best)[0]]


def _named(item: Item, same: list[Item], share: int, world: World) -> Reading:
    """Of a code's lines the first ones stand, up to its share."""
    before = sum(known(one.record.units) or 0 for one in same if one.place < item.place)
    mine = known(item.record.units)
    if mine is None:
        raise Open
    stands = max(0, min(mine, share - before))
    return Reading("broken", Decimal(stands)) if stands < mine else Reading("met")


# ---- documentation -----------------------------------------------------------------------------------------------


def _documentation(rule: Rule, demand: Any, item: Item, world: World) -> Reading:
    tests: list[Callable[[], bool]] = [lambda n=n: _there(n, rule, item, world) for n in demand.needs]  # type: ignore[misc]
    tests += [lambda g=g: some(lambda n=n: _there(n, rule, item, world) for n in g) for g in demand.one_of]  # type: ignore[misc]
    return _met(every([*tests, *(_way_out(clause, item, world) for clause in demand.that)]))


def _there(need: NeededElement, rule: Rule, item: Item, world: World) -> bool:
    """A kind of note on file by the line's date, of its discipline; once every so often where it falls due by time."""
    from ...policy import HasEvent, HasField
    from ...vocabulary import NOTE_KINDS

    if need.event is not None and need.element not in NOTE_KINDS:
        return true(HasEvent(need.event), item, world)
    if need.field is not None and need.element not in NOTE_KINDS:
        return true(HasField(need.field), item, world)
    if need.element not in NOTE_KINDS or need.element in ("plan_of_care", "treatment_note") or need.unit in ("visits", "treatment_days"):
        raise Open
    written = _written(need.element, item, world)
    if not need.every:
        return bool(written)
    if not written:
        raise Open
    return item.day <= days.later(max(written), need.every, need.unit)


def _written(kind: str, item: Item, world: World) -> list[date]:
    """The days up to the line's on which a note of a kind was written, a plan's certification among them."""
    found = []
    for note in known(world.history.notes if world.history is not None else UNKNOWN) or ():
        if isinstance(note.discipline, str) and note.discipline != (discipline(item, world) or note.discipline):
            continue
        if note.kind == kind:
            found.append(note.date)
        plan = note.plan_of_care
        if kind == "certification" and hasattr(plan, "certified") and isinstance(plan.certified, date):
            found.append(plan.certified)
    if any(not isinstance(day, date) for day in found):
        raise Open
    return [day for day in found if day <= item.day]


def _payment(rule: Rule, demand: Any, item: Item, world: World) -> Reading:
    raise Open  # it judges nothing; what a line pays is read by itself


_BY_KIND: dict[type, Callable[[Rule, Any, Item, World], Reading]] = {
    Timing: _timing, Limit: _limit, PriorAuthorization: _prior, Modifiers: _modifiers, Require: _that, Deadline: _that, Forbid: _forbid,
    Pairs: _pairs, Documentation: _documentation, Payment: _payment,
}  # fmt: skip


def readings(rule: Rule, item: Item, world: World) -> Reading | None:
    """What became of a rule on a line, None where the plain reading says nothing."""
    try:
        return reading(rule, item, world)
    except Open:
        return None
