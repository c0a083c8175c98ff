"""A case with its history made whole, so that a plain reading has something to say: alone, with services about the ends of windows, with balances."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any, Final

import attrs

from ...checking import Policies
from ...claims import UNKNOWN, Balance, Claim, History, Patient
from ...codesets import code_table
from ...evaluate import parts_of
from ...policy import Counter, Length, TimeKey, WindowKey
from ..lessened import again
from . import days
from .counting import belongs, part, words_of
from .days import Open
from .facts import discipline, world_of
from .varied import varied

if TYPE_CHECKING:
    from ..cases import Case

_EVER: Final = date(1900, 1, 1)
_VARIED: Final = 2  # of each kind
_BALANCED: Final = ("visits", "units", "minutes", "allowed", "treatment_days")


def wholes(policies: Policies, case: Case) -> Iterator[Case]:
    """The whole case, then with one service more, with a balance, and with the claim told otherwise in a few ways; which, the claim tells."""
    whole = _whole(case)
    if whole is None:
        return
    yield whole
    chance, listed = Random(repr(case.claim)), whole.history.services  # type: ignore[union-attr]
    services, events, balances = list(_at_the_ends(policies, whole)), list(_events_so_long_ago(policies, whole)), list(_balances(policies, whole))
    if services:
        yield _with(whole, services=(*listed, chance.choice(services)))  # type: ignore[misc]
    if events:
        yield _with(whole, events=chance.choice(events))
    if balances:
        yield _with(whole, balances=(chance.choice(balances),))
    for ways in varied(policies, whole):
        yield from chance.sample(ways, min(_VARIED, len(ways)))


def _with(case: Case, **more: Any) -> Case:
    history: Any = case.history
    return attrs.evolve(case, history=attrs.evolve(history, **more))


def _whole(case: Case) -> Case | None:
    """The patient's birth and benefit year are known, and every list that nobody gave is known to be empty."""
    history, patient = case.history or History(), case.claim.patient
    if any(not isinstance(line.date_of_service, date) for line in case.claim.lines):
        return None
    told = patient if isinstance(patient, Patient) else Patient()
    given: dict[str, Any] = {"birth_date": date(1980, 3, 4), "benefit_year_start": date(2026, 1, 1)}
    known = {name: value for name, value in given.items() if getattr(told, name) in (UNKNOWN, None)}
    lists = {name: () for name in ("services", "events", "notes", "authorizations") if getattr(history, name) is UNKNOWN}
    since = attrs.evolve(history, complete_from=_EVER, complete_to=UNKNOWN, complete_for=UNKNOWN, **lists)  # type: ignore[arg-type]
    if not isinstance(since.services, tuple):
        return None
    return attrs.evolve(case, claim=attrs.evolve(case.claim, patient=attrs.evolve(told, **known)), history=since)


def _at_the_ends(policies: Policies, case: Case) -> Iterator[Any]:
    """The claim's first line again, so long before itself as a window lasts, a day more and a day less."""
    claim: Claim = case.claim
    if claim.billing_provider is not UNKNOWN and claim.billing_provider is not None:
        yield from (again(claim.lines[0], claim, claim.billing_provider, back) for back in _lengths(policies, claim.lines[0].date_of_service))


def _events_so_long_ago(policies: Policies, case: Case) -> Iterator[tuple[Any, ...]]:
    """The events of the history all so long before the line as a window lasts, a day more and a day less: the line is on the window's last day."""
    events, day = case.history.events if case.history is not None else UNKNOWN, case.claim.lines[0].date_of_service
    if isinstance(events, tuple) and events:
        for back in _lengths(policies, day):
            yield tuple(attrs.evolve(event, date=day - back * days.ONE) for event in events)  # type: ignore[operator,arg-type]


def _lengths(policies: Policies, day: Any) -> list[int]:
    """How many days the windows of some policies last that end on a day, with a day more and a day less."""
    lengths = {(one.number, one.unit) for policy in policies.policies for rule in policy.rules for one in parts_of(rule) if isinstance(one, Length)}
    found = []
    for number, unit in sorted(lengths):
        try:
            found.append((day - days.later(day, -number, unit)).days)
        except Open:
            continue
    return [back + step for back in found for step in (-1, 0, 1) if back + step > 0]


def _balances(policies: Policies, case: Case) -> Iterator[Balance]:
    """For counters of plain selectors: what the services of the month before the line come to."""
    first: Any = min(line.date_of_service for line in case.claim.lines)  # type: ignore[type-var]
    for policy in policies.policies:
        counters = [rule.counter for rule in policy.rules if rule.counter is not None and _plain(rule.counter)]
        for counter in counters:
            world = world_of(policy, case.claim, case.history, policy.code_table or code_table())
            span = first.replace(day=1), first - days.ONE
            try:
                mine = [one for one in world.services if span[0] <= one.day <= span[1] and belongs(counter.of, None, one, world)]
                visits = len({(one.day, discipline(one, world) if counter.measure == "visits" else None) for one in mine})
                used = visits if counter.measure in ("visits", "treatment_days") else sum(part(counter, one, world) for one in mine)
            except Open:
                continue
            named = words_of(counter.of)
            if span[0] <= span[1] and named is not None:
                of, out = (tuple(sorted(one)) for one in named)
                yield Balance(measure=counter.measure, of=of, excluding=out, from_=span[0], to=span[1], used=days.decimal(used))


def _plain(counter: Counter) -> bool:
    return counter.where is None and counter.measure in _BALANCED and all(isinstance(key, TimeKey) for key in counter.keys) and not any(
        isinstance(key, WindowKey) for key in counter.keys
    )
