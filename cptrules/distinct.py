"""Counting visits, days and distinct values: how many different ones there are, up to and with the line's own (M4).

Visits of one day rank by their first service, so a later line of the 30th visit is not over because a 31st began between.
What is not known of a service widens the count both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

import attrs

from .dates import Span
from .lines import Case, View, discipline_options, value_of
from .lines import discipline as discipline_of
from .policy import Counter
from .truth import FALSE, Answer, Interval, Need, Truth

BY_LABEL = ("visits", "treatment_days", "distinct")


@attrs.frozen
class Slot:
    """One thing a service counts as: the labels it may have (None: any at all), and why it is not known which.

    `several`: it is one of a list; where nothing is known of that, it stands for any number of labels.
    """

    labels: frozenset[Any] | None
    need: Need | None = None
    several: bool = False

    @property
    def known(self) -> bool:
        """Whether there is one label it can have."""
        return self.labels is not None and len(self.labels) == 1

    def may_be(self, label: Any) -> bool:
        """Whether it can have a label."""
        return self.labels is None or label in self.labels


@attrs.frozen
class Item:
    """A service that counts or may: its place in the order, what it counts as, and whether it counts."""

    view: View
    slots: tuple[Slot, ...]
    answer: Answer

    @property
    def sure(self) -> bool:
        """Whether it counts for certain."""
        return self.answer.truth is Truth.TRUE

    def needs(self) -> Iterable[Need]:
        """What is missing to know how it counts."""
        return (*self.answer.needs, *(slot.need for slot in self.slots if slot.need is not None))


def item(counter: Counter, view: View, answer: Answer, case: Case) -> Item:
    """A service with what it counts as."""
    return Item(view, _slots(counter, view, case), answer)


def _slots(counter: Counter, view: View, case: Case) -> tuple[Slot, ...]:
    """Its date, its date and discipline, or the field's known values."""
    if counter.measure == "distinct":
        return _values(counter, view, case)
    if view.day is None:
        return (Slot(None, Need("date_of_service", "On which date was the service given?", view.identity, None)),)
    if counter.measure == "treatment_days":
        return (Slot(frozenset([view.day])),)
    found = discipline_of(view, case)
    ways = discipline_options(view, case) if isinstance(found, Need) else (found,)
    return (Slot(frozenset((view.day, way) for way in ways), found if isinstance(found, Need) else None),)


def _values(counter: Counter, view: View, case: Case) -> tuple[Slot, ...]:
    assert counter.field is not None
    found = value_of(counter.field, view, case)
    if isinstance(found, Need):
        return (Slot(None, found, counter.field.many),)
    several = found if isinstance(found, tuple) else (() if found is None else (found,))
    return tuple(Slot(frozenset([one]), None, counter.field.many) for one in several)


# ---- up to and with the line's own -------------------------------------------------------------------------------


def number(items: Sequence[Item]) -> Interval:
    """How many there are of them in all."""
    return _interval(_fewest(items), _most(items), items)


def counted(items: Sequence[Item], mine: Item, gaps: Sequence[Span] = ()) -> tuple[Interval, Interval]:
    """How many of those known without the line, and with it; in the gaps there may be services that nobody listed."""
    before, every = number(items), [*items, mine]
    if mine.answer == FALSE:
        return before, before
    ways = _ways(mine, items)
    if not ways:
        with_it = number(every)
    else:
        low = min(_fewest(_up_to(items, _at_the_earliest(items, way, mine, gaps)), way) for way in ways)
        high = _greatest(_most(_up_to(items, _at_the_latest(items, way, mine)), way) for way in ways)
        with_it = _interval(low, high, every)
    sure = mine.sure and (not ways or mine.slots[0].labels is not None)
    return before, with_it if sure else _either(before, with_it, mine)


def _ways(mine: Item, items: Sequence[Item]) -> frozenset[Any]:
    """The labels that the line's own visit, day or value can have: of an unknown one those of other services, or a new one.

    None for the values of a list (modifiers, diagnoses), which do not rank: a line may have several of them.
    """
    if len(mine.slots) != 1 or mine.slots[0].several:
        return frozenset()
    own = mine.slots[0].labels
    if own is not None:
        return own
    return frozenset([_NEW]).union(*(slot.labels for one in items for slot in one.slots if slot.labels is not None))


_NEW: Final = "\x00new"


def _either(before: Interval, with_it: Interval, mine: Item) -> Interval:
    """The line may count or not."""
    high = _greatest((before.high, with_it.high))
    return Interval(min(before.low, with_it.low), high, before.needs | with_it.needs | frozenset(mine.needs()))


def _greatest(ends: Iterable[Any]) -> Any:
    found = list(ends)
    return None if None in found else max(found)


def _place(view: View) -> tuple[date, int, int]:
    """The order of M4: the history of one date has none in itself, the claim's own lines come after it by number."""
    return view.day or date.max, int(view.own), view.index if view.own else 0


def _at_the_latest(items: Sequence[Item], label: Any, mine: Item) -> Any:
    """Where the first service of the line's own label surely stands."""
    sure = [one for one in items if one.sure and one.view.day is not None and any(slot.known and slot.may_be(label) for slot in one.slots)]
    return min([_place(mine.view), *(_place(one.view) for one in sure)])


def _at_the_earliest(items: Sequence[Item], label: Any, mine: Item, gaps: Sequence[Span]) -> Any:
    """Where the first service of the line's own label stands at the earliest, those that nobody listed included.

    A service of the line's own visit or day was given on that day, whether it is listed without a date or not at all.
    """
    day = label[0] if isinstance(label, tuple) else label if isinstance(label, date) else None
    maybe = [one for one in items if any(slot.may_be(label) for slot in one.slots)]
    places = [_place(one.view) if one.view.day is not None else (day or date.min, 0, 0) for one in maybe]
    places += [(day or gap.from_ or date.min, 0, 0) for gap in gaps if day is None or gap.holds(day)]
    return min([_place(mine.view), *places])


def _up_to(items: Sequence[Item], place: Any) -> list[Item]:
    """The services up to a place in the order; one without a date may be among them."""
    return [one for one in items if one.view.day is None or _place(one.view) <= place]


def _fewest(items: Sequence[Item], label: Any = None) -> int:
    """The least number of different labels: those known, and one for each set of possible ones that meets no other."""
    slots = [slot for one in items if one.sure for slot in one.slots if slot.labels is not None]
    taken = {next(iter(slot.labels)) for slot in slots if slot.labels is not None and slot.known}
    taken |= {label} if label is not None else set()
    found = len(taken)
    for slot in sorted((s for s in slots if not s.known), key=lambda s: sorted(map(str, s.labels or ()))):
        if slot.labels and not slot.labels & taken:
            found += 1
            taken |= slot.labels
    return found


def _most(items: Sequence[Item], label: Any = None) -> int | None:
    """The greatest number of different labels: those known, and as many more as the unsure ones can make."""
    slots = [slot for one in items for slot in one.slots]
    if any(slot.several and slot.labels is None for slot in slots):
        return None
    known = {next(iter(slot.labels)) for slot in slots if slot.labels is not None and slot.known}
    known |= {label} if label is not None else set()
    unsure = [slot.labels for slot in slots if slot.labels is not None and not slot.known]
    every = known.union(*unsure)
    free = {slot.need.key or number for number, slot in enumerate(slots) if slot.labels is None and slot.need is not None}
    return min(len(known) + len(unsure), len(every)) + len(free)


def _interval(low: int, high: int | None, items: Sequence[Item]) -> Interval:
    return Interval(low, high, frozenset(need for one in items for need in one.needs()) if low != high else frozenset())
