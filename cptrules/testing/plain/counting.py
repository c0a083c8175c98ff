"""Counting service by service, and windows opening by opening (M4, M5.4); `Open` where the history may lack a service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import attrs

from ...claims import UNKNOWN, Provider
from ...fields import FIELDS
from ...policy import CodeSet, Condition, Counter, KindKey, OnList, Opening, TimeKey, Window, WindowKey, YesNo, conditions_in
from . import days
from .days import ONE, Open
from .facts import Item, World, biller, every, known, member, read
from .facts import discipline as discipline_of

_AMOUNTS = {"units": "units", "minutes": "minutes", "charged": "charge", "allowed": "allowed", "patients": "patients"}
Days = tuple[date, date]


@attrs.frozen
class Count:
    """What a count comes to with the line, what it was before it, and the line's own part."""

    total: Any
    before: Any
    own: Any


def belongs(of: CodeSet | None, where: Condition | None, item: Item, world: World) -> bool:
    """Whether a service counts: in the selector, its condition true of it, and not denied unless the condition asks for that."""
    from .conditions import true

    def paid() -> bool:
        return item.own or _asks_for_denied(where) or getattr(item.record, "denied", False) is not True

    return every([paid, lambda: member(of, item, world), lambda: where is None or true(where, item, world)])


def _asks_for_denied(where: Condition | None) -> bool:
    return where is not None and any(isinstance(one, YesNo | OnList) and one.field.name == "denied" for one in conditions_in(where))


def since_birth(world: World) -> date:
    """The day before which there can be no service."""
    born = getattr(world.claim.patient, "birth_date", None)
    if not isinstance(born, date):
        raise Open
    return born


def complete(first: date, last: date, world: World, ours: bool, but: Iterable[Days] = ()) -> bool:
    """True where the history has every service from one day to another, those apart that a balance settles; else Open.

    A balance of something else may show that the list lacks services there (N47).
    """
    history, but = world.history, list(but)
    if first > last:
        return True
    balances = history.balances if history is not None and isinstance(history.balances, tuple) else ()
    for one in balances:
        dated = isinstance(one.from_, date) and isinstance(one.to, date)
        if (one.from_, one.to) not in but and (not dated or (one.from_ <= last and one.to >= first)):  # type: ignore[operator]
            raise Open
    if history is None or history.services is UNKNOWN or not isinstance(history.complete_from, date):
        raise Open
    if history.complete_for == "billing_provider" and not ours:
        raise Open
    to = history.complete_to if isinstance(history.complete_to, date) else max(item.day for item in world.lines)
    day, spans = first, sorted([(history.complete_from, to), *but])
    for start, end in spans:
        day = max(day, end + ONE if end < date.max else end) if start <= day <= end else day
    if day <= last and not any(start <= last <= end for start, end in spans if start <= day):
        raise Open
    return True


# ---- keys --------------------------------------------------------------------------------------------------------


def key_value(name: str, item: Item, world: World) -> Any:
    """What a service has of a key of kind."""
    if name == "discipline":
        return discipline_of(item, world)
    if name == "specialty":
        provider = known(biller(item, world))
        return known(provider.specialty) if isinstance(provider, Provider) else provider
    return read(FIELDS[name], item, world)


def alike(name: str, one: Item, other: Item, world: World) -> bool:
    """Whether two services have the same of a key of kind; the lines of a claim have one billing provider."""
    if one is other or (one.own and other.own and name in ("billing_provider", "specialty")):
        return True
    return bool(key_value(name, one, world) == key_value(name, other, world))


def span_of(key: TimeKey | WindowKey, item: Item, world: World) -> Days | None:
    """The first and last day that a key of time gives a line; None where no window holds it."""
    day = item.day
    if isinstance(key, WindowKey):
        return window_of(key.window, item, world)
    match key.name:
        case "day":
            return day, day
        case "week":
            return days.week_of(day, key.first_day)
        case "month":
            return day.replace(day=1), days.later(day.replace(day=1), 1, "months") - ONE
        case "calendar_year":
            return date(day.year, 1, 1), date(day.year, 12, 31)
        case "benefit_year":
            start = read(FIELDS["patient.benefit_year_start"], item, world)
            if not isinstance(start, date):
                raise Open
            return days.year_of(day, start)
        case "lifetime":
            return since_birth(world), date.max
        case "prior":
            return days.later(day, -key.number, key.unit), day - ONE
        case "rolling":
            return days.later(day, -key.number, key.unit) + ONE, day
        case "claim" | "line":
            return date.min, date.max
        case _:
            raise Open  # an injury's or an authorization's own beginning


def together(keys: Iterable[Any], one: Item, other: Item, world: World) -> bool:
    """Whether a service is of a line's group by every key."""
    return every(_same(key, one, other, world) for key in keys)


def _same(key: Any, one: Item, other: Item, world: World) -> Any:
    def found() -> bool:
        if isinstance(key, KindKey):
            return alike(key.name, one, other, world)
        if isinstance(key, WindowKey):
            return same_window(key.window, one, other, world)
        if key.name in ("claim", "line"):
            return one is other or (key.name == "claim" and one.own and other.own)
        span = span_of(key, one, world)
        return span is not None and span[0] <= other.day <= span[1]

    return found


# ---- windows -----------------------------------------------------------------------------------------------------


def window_of(window: Window, item: Item, world: World) -> Days | None:
    """The window that holds a line's date; of several the one that began last."""
    if window.year_from is not None:
        return days.year_of(item.day, date(2000, *window.year_from))
    if not item.own:
        raise Open
    spans = [span for opening in window.openings for span in _opened(window, opening, item, world)]
    holding = [span for span in spans if span[0] <= item.day <= span[1]]
    return max(holding, key=lambda span: (span[0], -span[1].toordinal()), default=None)


def _opened(window: Window, opening: Opening, item: Item, world: World) -> list[Days]:
    found: list[Days] = []
    for day in sorted(set(_opening_days(window, opening, item, world))):
        if window.since is not None and day < window.since:
            continue
        again = any(length.again for length in window.lengths)
        if opening.kind == "first_visit" and found and not (again and day > found[-1][1]):
            continue
        found.append((day, _end(window, opening, day)))
    return found


def _end(window: Window, opening: Opening, day: date) -> date:
    """After an event day N is in, else the day before the date N later is the last; the earliest end counts."""
    ends = [days.later(day, length.number, length.unit) - (0 if opening.kind == "after_event" else 1) * ONE for length in window.lengths]
    return min(ends, default=date.max)


def _opening_days(window: Window, opening: Opening, item: Item, world: World) -> list[date]:
    from .conditions import events, true

    if opening.day is not None:
        return [opening.day]
    if opening.event is not None:
        return events(opening.event, opening.when, item, world)
    complete(since_birth(world), item.day, world, any(key.name == "billing_provider" for key in window.keys))
    found = []
    for other in world.items:
        if every([
            lambda o=other: belongs(opening.of, None, o, world), lambda o=other: all(alike(key.name, item, o, world) for key in window.keys),  # type: ignore[misc]
            lambda o=other: opening.when is None or true(opening.when, o, world),  # type: ignore[misc]
        ]):  # fmt: skip
            found.append(other.day)
    return found


def same_window(window: Window, one: Item, other: Item, world: World) -> bool:
    """Whether a service lies in a line's window, and is alike in all that the window is for."""
    mine = window_of(window, one, world)
    if mine is None:
        return False
    if one is other:
        return True
    inside = mine[0] <= other.day <= mine[1] and _began(window, one, other.day, world) == mine[0]
    return inside and all(alike(key.name, one, other, world) for key in window.keys)


def _began(window: Window, one: Item, day: date, world: World) -> date | None:
    """When the window began, of the line's group, that holds a day."""
    if window.year_from is not None:
        return days.year_of(day, date(2000, *window.year_from))[0]
    spans = [span for opening in window.openings for span in _opened(window, opening, one, world)]
    return max((span[0] for span in spans if span[0] <= day <= span[1]), default=None)


# ---- the count ---------------------------------------------------------------------------------------------------


def counted(counter: Counter, item: Item, world: World) -> Count | None:
    """Count up to and with a line; None where no window holds its date."""
    if not item.own or counter.measure == "authorizations":
        raise Open
    spans = [span_of(key, item, world) for key in counter.keys if not isinstance(key, KindKey)]
    held = [span for span in spans if span is not None]
    if len(held) < len(spans):
        return None
    first, last = max(span[0] for span in held), min(span[1] for span in held)
    local = any(isinstance(key, TimeKey) and key.name in ("claim", "line") for key in counter.keys)
    settled = [] if local else _balances(counter, first, last, item, world)  # a claim's own lines stand in no balance
    ours = any(isinstance(key, KindKey) and key.name == "billing_provider" for key in counter.keys)
    if not local:
        complete(first, min(last, item.day), world, ours, [(one.from_, one.to) for one in settled])
    mine = [other for other in world.items if _comes(other, item, world) and _counts(counter, item, other, world)]
    left = [other for other in mine if other.own or not days.in_one(settled, other.day)]
    _agree(counter, settled, [other for other in mine if other not in left], item, world)
    used = sum((one.used for one in settled), Decimal(0))
    before, total = _come_to(counter, [one for one in left if one is not item], None, world), _come_to(counter, left, item, world)
    return Count(total + used, before + used, own_part(counter, item, world))


def _comes(other: Item, item: Item, world: World) -> bool:
    """In the order of M4 up to the line; under `keep` the claim's own lines go by the table's value."""
    if other.own and world.order is not None:
        return world.order[other.record.number] <= world.order[item.record.number]
    return other.place <= item.place


def _counts(counter: Counter, item: Item, other: Item, world: World) -> bool:
    return every([lambda: together(counter.keys, item, other, world), lambda: belongs(counter.of, counter.where, other, world)])


def _come_to(counter: Counter, items: list[Item], line: Item | None, world: World) -> Any:
    if counter.measure in ("visits", "treatment_days", "distinct"):
        return _different(counter, items, line, world)
    parts = [part(counter, one, world) for one in items]
    return max(parts, default=0) if counter.measure == "patients" else sum(parts)


def _different(counter: Counter, items: list[Item], line: Item | None, world: World) -> int:
    """How many visits, days or values there are up to the first service of the line's own (N3)."""
    firsts: dict[Any, Any] = {}
    for one in sorted(items, key=lambda one: one.place):
        for label in _labels(counter, one, world):
            firsts.setdefault(label, one.place)
    if line is None or line not in items:
        return len(firsts)
    mine = _labels(counter, line, world)
    if counter.field is not None and counter.field.many:
        return len(firsts)
    return sum(place <= firsts[mine[0]] for place in firsts.values()) if mine else len(firsts)


def _labels(counter: Counter, item: Item, world: World) -> list[Any]:
    if counter.measure == "visits":
        return [(item.day, discipline_of(item, world))]
    if counter.measure == "treatment_days":
        return [item.day]
    found = read(counter.field, item, world)
    return list(found) if isinstance(found, tuple) else [] if found is None else [found]


def own_part(counter: Counter, item: Item, world: World) -> Any:
    """What the line itself adds."""
    return 1 if counter.measure in ("visits", "treatment_days", "distinct") else part(counter, item, world)


def part(counter: Counter, item: Item, world: World) -> Any:
    """One service's part of a sum."""
    if counter.measure == "lines":
        return 1
    if counter.table is not None:
        return _weight(counter, item, world)
    if counter.measure == "paid":
        from .paying import pays

        return (pays(item, world) if item.own else known(item.record.paid)) or 0
    return read(FIELDS[_AMOUNTS[counter.measure]], item, world) or 0


def _weight(counter: Counter, item: Item, world: World) -> Any:
    from .conditions import look_up, number

    assert counter.table is not None
    text = look_up(counter.table, [item.record.code], counter.column, item.day)
    each = Decimal(0) if text == "none" else number(text or "")
    if not isinstance(each, Decimal):
        raise Open
    return each * (read(FIELDS["units"], item, world) or 0)


# ---- balances ----------------------------------------------------------------------------------------------------


def _balances(counter: Counter, first: date, last: date, item: Item, world: World) -> list[Any]:
    """The balances that stand for services of this count (N7): of its measure and selection, in its window."""
    given = world.history.balances if world.history is not None else UNKNOWN
    listed: tuple[Any, ...] = given if isinstance(given, tuple) else ()
    same = [one for one in listed if one.measure == counter.noun]
    if not same:
        return []
    plain = counter.where is None and all(isinstance(key, TimeKey) for key in counter.keys) and words_of(counter.of) is not None
    if not plain or any(not isinstance(one.from_, date) or not isinstance(one.to, date) or one.used is UNKNOWN or one.used is None for one in same):
        raise Open
    found = [one for one in same if _said(one) == words_of(counter.of) and first <= one.from_ <= item.day and one.to <= last]
    if any(one.from_ <= item.day <= one.to for one in found) or any(a.from_ <= b.to and b.from_ <= a.to for a in found for b in found if a is not b):
        raise Open
    return found


def words_of(of: CodeSet | None) -> tuple[set[str], set[str]] | None:
    """A selector of codes and disciplines alone, as a balance names them."""
    if of is None:
        return set(), set()
    if any(entry.kind not in ("code", "discipline") for entry in (*of.entries, *of.excluding)):
        return None
    return {entry.value for entry in of.entries}, {entry.value for entry in of.excluding}


def _said(balance: Any) -> tuple[set[str], set[str]]:
    return set(balance.of or ()), set(balance.excluding or ())


def _agree(counter: Counter, settled: list[Any], listed: list[Item], item: Item, world: World) -> None:
    """Services listed in a balance's span that come to more than it says leave open which is right."""
    for balance in settled:
        mine = [one for one in listed if balance.from_ <= one.day <= balance.to]
        if _come_to(counter, mine, None, world) > balance.used:
            raise Open
