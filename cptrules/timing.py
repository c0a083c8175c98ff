"""Timed units on a claim: what the minutes of a day and discipline support, code by code (M8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from .claims import UNKNOWN, Provider
from .conditions import truth_of
from .lines import Case, View, discipline, is_assistant
from .policy import Rule, Timing
from .truth import FALSE, TRUE, Answer, Need, Truth, all_of, unknown
from .units import ama_midpoint, assistant_units, assisted_untimed, cms_total_time

MINUTES = Need("minutes", "How many minutes was this service given?", None, None)
CONTACT = Need("contact", "Was it one on one, in a group, or concurrent?", None, None)


@attrs.frozen
class Minutes:
    """The minutes of a line that count, as an interval, and why it is wide."""

    low: int
    high: int | None
    needs: frozenset[Need] = frozenset()

    @property
    def known(self) -> bool:
        """Whether the minutes are known exactly."""
        return self.high == self.low and not self.needs


@attrs.frozen
class Supported:
    """What became of a line's units: the answer, what stands of them, what its code and the day support, and how."""

    answer: Answer
    billed: int = 0
    stands: int | None = None
    supported: int = 0
    total: int = 0
    minutes: int = 0
    unbilled: int = 0


def supported(rule: Rule, view: View, case: Case) -> Supported:
    """Hold a line's units against what its day's minutes support (M8.3)."""
    demand = rule.demand
    assert isinstance(demand, Timing)
    group = _group(rule, view, case)
    if _untimed(view, case):
        if not isinstance(view.record.units, int):
            return Supported(unknown(Need("units", "How many units are billed?", None, None)))
        return _one_unit(view, [v for v, _ in group if v.record.code == view.record.code])
    timed = [(v, a) for v, a in group if not _untimed(v, case)]
    needs = frozenset(need for v, a in timed for need in a.needs)
    if any(not isinstance(v.record.units, int) for v, _ in timed):
        needs |= {Need("units", "How many units are billed?", None, None)}
    counted = {v: counted_minutes(demand, v, case) for v, _ in timed}
    needs = needs.union(*(m.needs for m in counted.values()))
    if needs:
        return _by_bounds(demand, view, timed, counted, needs)
    return _by_shares(demand, view, [v for v, _ in timed], {v: m.low for v, m in counted.items()})


def _untimed(view: View, case: Case) -> bool:
    code = case.code_table.code(view.record.code)
    return code is not None and not code.timed


def _group(rule: Rule, view: View, case: Case) -> list[tuple[View, Answer]]:
    """The claim's own lines of the date and discipline that the rule is about, each with whether it surely is."""
    from .counting import member

    mine, found = discipline(view, case), []
    for other in case.lines:
        if other.day != view.day:
            continue
        same = TRUE if other is view else _same(mine, discipline(other, case))
        answer = all_of([same, *(member(on, other, case) for on in rule.on)])
        if answer.truth is not Truth.FALSE:
            found.append((other, answer))
    return found


def _same(one: Any, other: Any) -> Answer:
    needs = [side for side in (one, other) if isinstance(side, Need)]
    if needs:
        return unknown(*needs)
    return TRUE if one == other else FALSE


def counted_minutes(demand: Timing, view: View, case: Case) -> Minutes:
    """A line's minutes that count: only one-on-one ones for one-on-one codes (M8.4), and those the rule admits."""
    minutes = view.record.minutes
    if minutes is UNKNOWN or minutes is None:
        by = view.record.minutes_by
        if not isinstance(by, Mapping):
            return Minutes(0, None, frozenset([MINUTES]))
        minutes = sum(by.values())
    answer = all_of([_one_on_one(view, case), *(truth_of(clause.condition, view, case) for clause in demand.only_minutes)])
    if answer.truth is Truth.FALSE:
        return Minutes(0, 0)
    if answer.truth is Truth.TRUE:
        return Minutes(minutes, minutes)
    return Minutes(0, minutes, answer.needs)


def _one_on_one(view: View, case: Case) -> Answer:
    code = case.code_table.code(view.record.code)
    if code is None or not code.one_on_one:
        return TRUE
    contact = view.record.contact
    if contact is UNKNOWN:
        return unknown(CONTACT)
    return TRUE if contact == "one_on_one" else FALSE


def _one_unit(view: View, same_code: list[View]) -> Supported:
    """An untimed code is one unit, whatever the minutes; the last line is the one over."""
    before = sum(_units(v) for v in same_code if v.position < view.position)
    billed = _units(view)
    stands = max(0, min(billed, 1 - before))
    return Supported(FALSE if stands < billed else TRUE, billed, stands, 1, 1)


def _units(view: View) -> int:
    return view.record.units if isinstance(view.record.units, int) else 0


def _by_shares(demand: Timing, view: View, lines: list[View], counted: dict[View, int]) -> Supported:
    order = list(dict.fromkeys(line.record.code for line in lines))
    minutes = {code: sum(counted[v] for v in lines if v.record.code == code) for code in order}
    billed = {code: sum(_units(v) for v in lines if v.record.code == code) for code in order}
    if demand.by == "cms_total_time":
        allocation = cms_total_time(minutes)
        shares, total = allocation.shares(billed, order), allocation.total
    else:
        shares = ama_midpoint(minutes)
        total = sum(shares.values())
    return _stands(view, lines, shares, billed, total, sum(minutes.values()))


def _stands(view: View, lines: list[View], shares: Mapping[str, int], billed: Mapping[str, int], total: int, minutes: int) -> Supported:
    """The lines of a code billed above its share are named, the last first."""
    code, mine = view.record.code, _units(view)
    before = sum(_units(v) for v in lines if v.record.code == code and v.position < view.position)
    stands = max(0, min(mine, shares.get(code, 0) - before))
    # A code below its share may take what a tie gave to another: units not billed are those of the day as a whole.
    unbilled = max(0, total - sum(billed.values())) if billed[code] < _most(code, shares, billed, total) else 0
    answer = FALSE if stands < mine else TRUE
    return Supported(answer, mine, stands, shares.get(code, 0), total, minutes, unbilled if answer is TRUE else 0)


def _most(code: str, shares: Mapping[str, int], billed: Mapping[str, int], total: int) -> int:
    return shares.get(code, 0) if sum(billed.values()) < total else 0


def _by_bounds(demand: Timing, view: View, timed: list[tuple[View, Answer]], counted: dict[View, Minutes], needs: frozenset[Need]) -> Supported:
    """Some minutes are missing: broken where no completion supports the units, else undetermined."""
    code = view.record.code
    if not isinstance(view.record.units, int):
        return Supported(unknown(*needs))
    same = [v for v, _ in timed if v.record.code == code]
    if any(counted[v].high is None for v in same):
        return Supported(unknown(*needs), _units(view))
    high = sum(counted[v].high or 0 for v in same)
    most = (high + 14) // 15 if demand.by == "cms_total_time" else (high + 7) // 15
    sure = [v for v, a in timed if v.record.code == code and a.truth is Truth.TRUE]
    before = sum(_units(v) for v in sure if v.position < view.position)
    stands = max(0, min(_units(view), most - before))
    if stands < _units(view):
        return Supported(FALSE, _units(view), stands, most, most, high)
    return Supported(unknown(*needs), _units(view))


# ---- assistants --------------------------------------------------------------------------------------------------


def assisted(view: View, case: Case) -> Any:
    """Whether an assistant gave more of a line than the 10 percent method allows (M8.4, M8.5): True, False or a Need."""
    by = view.record.minutes_by
    if isinstance(by, Mapping) and by:
        return _by_minutes(view, by, case)
    modifiers = view.record.modifiers
    if isinstance(modifiers, tuple) and {"CQ", "CO"} & set(modifiers):
        return True
    provider = view.record.rendering_provider
    role = provider.role if isinstance(provider, Provider) else None
    if is_assistant(role):
        return True
    if isinstance(role, str) and modifiers is not UNKNOWN:
        return False
    return Need("assisted", "Did an assistant give more than 10 percent of it?", (*view.identity, "assisted"), (True, False) if view.own else None)


def _by_minutes(view: View, by: Mapping[str, int], case: Case) -> Any:
    tagged = tagged_units(view, by, case)
    return tagged if isinstance(tagged, Need) else tagged[1] > 0


def tagged_units(view: View, by: Mapping[str, int], case: Case) -> tuple[int, int] | Need:
    """The units of a line without and with the assistant's modifier, by its minutes by role."""
    method = case.policy.assisted_by() or "exact"
    assistant = sum(minutes for role, minutes in by.items() if is_assistant(role))
    therapist = sum(minutes for role, minutes in by.items() if not is_assistant(role))
    if _untimed(view, case):
        yes = assisted_untimed(therapist, assistant, method)
        units = max(1, _units(view))
        return (0, units) if yes else (units, 0)
    if not isinstance(view.record.units, int):
        return (0, 1) if assistant and not therapist else Need("units", "How many units are billed?", None, None)
    return assistant_units(therapist, assistant, view.record.units, method)
