"""Timed units on a claim: what the minutes of a day and discipline support, code by code (M8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs

from .claims import UNKNOWN, Provider
from .conditions import truth_of
from .fields import FIELDS
from .lines import Case, View, discipline, is_assistant, minutes_by, value_of
from .policy import Rule, Timing
from .truth import FALSE, TRUE, Answer, Need, Truth, all_of, negate, unknown
from .units import assistant_units, assisted_untimed, cms_total_time, midpoint_units, total_units

MINUTES: Final = Need("minutes", "How many minutes was this service given?", None, None)
UNITS: Final = Need("units", "How many units are billed?", None, None)
THERAPISTS: Final = ("PT", "OT", "SLP")
HELPERS: Final = ("aide", "student")  # their minutes are neither a therapist's nor an assistant's
_FIFTEEN: Final = 15
_BEHIND: Final = 1_000_000_000  # numbers no line of a claim has


@attrs.frozen
class Amount:
    """A whole number known only to lie between two ends (`high` None: no upper end), and why."""

    low: int
    high: int | None
    needs: frozenset[Need] = frozenset()


@attrs.frozen
class Counted:
    """A line as the method sees it: its minutes that count, its units, and whether it is surely of the group."""

    view: View
    minutes: Amount
    units: Amount
    inside: Answer

    @property
    def sure(self) -> bool:
        """Whether the line is surely of the group."""
        return self.inside.truth is Truth.TRUE

    @property
    def needs(self) -> frozenset[Need]:
        """What is missing to know all of it."""
        return self.minutes.needs | self.units.needs | self.inside.needs


@attrs.frozen
class Supported:
    """What became of a line's units: the answer, what stands of them, what the minutes support, and how many nobody billed."""

    answer: Answer
    billed: int = 0
    stands: int | None = None
    total: int = 0
    minutes: int = 0
    unbilled: int = 0
    of: str = ""  # the code, where it is judged alone
    untimed: bool = False


def supported(rule: Rule, view: View, case: Case) -> Supported:
    """Hold a line's units against what its day's minutes support (M8.3)."""
    demand = rule.demand
    assert isinstance(demand, Timing)
    group = _group(rule, view, case)
    length = length_of(view, case)
    same = [one for one in group if one.view.record.code == view.record.code]
    if length is None:
        return _alone(view, same, lambda minutes: 1)
    if length != _FIFTEEN or demand.by == "ama_midpoint":
        return _alone(view, same, lambda minutes: midpoint_units(minutes, length), timed=True)
    return _together(view, [one for one in group if length_of(one.view, case) == _FIFTEEN])


def length_of(view: View, case: Case) -> int | None:
    """The minutes of a code's unit, None for an untimed one; a code that no table knows is taken for one of fifteen."""
    code = case.code_table.code(view.record.code, view.day)
    if code is None:
        return _FIFTEEN
    return (code.unit_minutes or _FIFTEEN) if code.timed else None


def _group(rule: Rule, view: View, case: Case) -> list[Counted]:
    """The claim's own lines of the date and discipline that the rule is about (M8.5)."""
    demand = rule.demand
    assert isinstance(demand, Timing)
    found = []
    for other in case.lines:
        if other.day != view.day:
            continue
        inside = TRUE if other is view else _inside(rule, view, other, case)
        if inside.truth is not Truth.FALSE:
            found.append(Counted(other, counted_minutes(demand, other, case), _billed(other, case), inside))
    return [*found, *_unbilled(rule, view, case)]


def _unbilled(rule: Rule, view: View, case: Case) -> list[Counted]:
    """Minutes of the session's codes that are not on the claim count toward the total all the same (N42)."""
    if case.session is None or case.session.date != view.day:
        return []
    from .allocation import as_lines, giver

    demand, codes = rule.demand, {other.record.code for other in case.lines if other.day == view.day}
    assert isinstance(demand, Timing)
    found = []
    for part, line in zip(case.session.interventions, as_lines(case.session), strict=True):
        if line.code in codes or giver(part) in HELPERS:
            continue
        other = View(line, True, _BEHIND + line.number)
        inside = _inside(rule, view, other, case)
        if inside.truth is not Truth.FALSE:
            found.append(Counted(other, counted_minutes(demand, other, case), Amount(0, 0), inside))
    return found


def _inside(rule: Rule, view: View, other: View, case: Case) -> Answer:
    from .counting import member

    return all_of([
        _same(discipline(view, case), discipline(other, case)),
        *(member(on, other, case) for on in rule.on),
        *(truth_of(clause.condition, other, case) for clause in rule.when),
        *(negate(truth_of(clause.condition, other, case)) for clause in rule.excepts),
    ])  # fmt: skip


def _same(one: Any, other: Any) -> Answer:
    needs = [side for side in (one, other) if isinstance(side, Need)]
    if needs:
        return unknown(*needs)
    return TRUE if one == other else FALSE


def _billed(view: View, case: Case) -> Amount:
    found = value_of(FIELDS["units"], view, case)
    return Amount(found, found) if isinstance(found, int) else Amount(0, None, frozenset([attrs.evolve(UNITS, of=view.said)]))


def counted_minutes(demand: Timing, view: View, case: Case) -> Amount:
    """A line's minutes that count: only one-on-one ones for one-on-one codes (M8.4), and those the rule admits."""
    given = _given_minutes(view, case)
    answer = all_of([_one_on_one(view, case), *(truth_of(clause.condition, view, case) for clause in demand.only_minutes)])
    if answer.truth is Truth.FALSE:
        return Amount(0, 0)
    if answer.truth is Truth.TRUE:
        return given
    return Amount(0, given.high, given.needs | answer.needs)


def _given_minutes(view: View, case: Case) -> Amount:
    """The line's minutes; where those of each person come to something else, either may be right."""
    found, by = value_of(FIELDS["minutes"], view, case), minutes_by(view, case)
    together = sum(by.values()) if isinstance(by, Mapping) and by else None
    told = found if isinstance(found, int) else together
    if told is None:
        return Amount(0, None, frozenset([attrs.evolve(MINUTES, of=view.said)]))
    if together is None or together == told:
        return Amount(told, told)
    need = Need("minutes", f"The line says {told} minutes, those by person come to {together}: which is right?", of=view.said)
    return Amount(min(told, together), max(told, together), frozenset([need]))


def _one_on_one(view: View, case: Case) -> Answer:
    code = case.code_table.code(view.record.code, view.day)
    if code is None or not code.one_on_one:
        return TRUE
    contact = value_of(FIELDS["contact"], view, case)
    if isinstance(contact, Need):
        return unknown(contact)
    return TRUE if contact == "one_on_one" else FALSE


# ---- held against the share --------------------------------------------------------------------------------------


def _alone(view: View, same: list[Counted], units_of: Callable[[int], int], timed: bool = False) -> Supported:
    """A code judged by itself: an untimed one is one unit, whatever the minutes; by midpoints each has its own."""
    if not timed:
        same = [attrs.evolve(one, minutes=Amount(0, 0)) for one in same]
    minutes = _sum(one.minutes for one in same if one.sure).low, _sum(one.minutes for one in same).high
    share = Amount(units_of(minutes[0]), None if minutes[1] is None else units_of(minutes[1]))
    found = _held(view, same, share)
    billed = _sum(one.units for one in same)
    unbilled = share.low - billed.low if timed and share.low == share.high and billed.low == billed.high else 0
    return attrs.evolve(found, total=share.high or 0, minutes=minutes[1] or 0, unbilled=max(0, unbilled), of=view.record.code, untimed=not timed)


def _together(view: View, timed: list[Counted]) -> Supported:
    """By the day's total; ties are settled in the claim's favour (M8.3)."""
    code = view.record.code
    same = [one for one in timed if one.view.record.code == code]
    if any(one.minutes.needs or one.inside.needs for one in timed):
        return _as_told(_held(view, same, _bounds(same, timed), _needs(timed)), code, timed)
    order = list(dict.fromkeys(one.view.record.code for one in timed))
    minutes = {c: sum(one.minutes.low for one in timed if one.view.record.code == c) for c in order}
    allocation = cms_total_time(minutes)
    if any(one.units.needs for one in timed):
        sure = allocation.sure[code]
        return _held(view, same, Amount(sure, sure + (code in allocation.tied)), _needs(timed))
    billed = {c: sum(one.units.low for one in timed if one.view.record.code == c) for c in order}
    shares = allocation.shares(billed, order)
    found = _held(view, same, Amount(shares[code], shares[code]))
    unbilled = sum(max(0, shares[c] - billed[c]) for c in order) if billed[code] < shares[code] else 0
    return attrs.evolve(found, total=allocation.total, minutes=sum(minutes.values()), unbilled=unbilled)


def _as_told(found: Supported, code: str, timed: list[Counted]) -> Supported:
    """The day's minutes and what they support, as few as they may be where the line stands and as many where it does not; else the code's own."""
    sure = found.answer.truth is Truth.TRUE
    minutes = _sum(one.minutes for one in timed if one.sure).low if sure else _sum(one.minutes for one in timed).high
    if found.stands is None or minutes is None:
        return attrs.evolve(found, of=code)
    return attrs.evolve(found, minutes=minutes, total=total_units(minutes))


def _bounds(same: list[Counted], timed: list[Counted]) -> Amount:
    """A code has its whole fifteens whatever the rest is, and one more for what is left over at the most."""
    low = sum(one.minutes.low for one in same if one.sure) // _FIFTEEN
    mine, all_ = _sum(one.minutes for one in same).high, _sum(one.minutes for one in timed).high
    ends = [*([] if mine is None else [(mine + 14) // _FIFTEEN]), *([] if all_ is None else [total_units(all_)])]
    return Amount(low, min(ends, default=None))


def _held(view: View, same: list[Counted], share: Amount, needs: frozenset[Need] = frozenset()) -> Supported:
    """The lines of a code billed above its share are named, the last first, each with what stands."""
    mine = next(one for one in same if one.view is view).units
    if mine.high is None:
        return Supported(unknown(*mine.needs))
    before = [one for one in same if one.view.position < view.position]
    taken = Amount(_sum(one.units for one in before if one.sure).low, _sum(one.units for one in before).high)
    most = mine.low if share.high is None else max(0, min(mine.low, share.high - taken.low))
    least = 0 if taken.high is None else max(0, min(mine.low, share.low - taken.high))
    if most < mine.low:
        return Supported(FALSE, mine.low, most, share.high or 0, _sum(one.minutes for one in same).high or 0)
    if least == mine.low:
        return Supported(TRUE, mine.low, least, share.low, _sum(one.minutes for one in same).low)
    return Supported(unknown(*(needs or _needs(same))), mine.low)


def _sum(amounts: Iterable[Amount]) -> Amount:
    total = Amount(0, 0)
    for one in amounts:
        high = None if total.high is None or one.high is None else total.high + one.high
        total = Amount(total.low + one.low, high, total.needs | one.needs)
    return total


def _needs(counted: Iterable[Counted]) -> frozenset[Need]:
    return frozenset(need for one in counted for need in one.needs)


# ---- assistants --------------------------------------------------------------------------------------------------


def assisted(view: View, case: Case) -> Any:
    """Whether an assistant gave more of a line than the 10 percent method allows (M8.4, M8.5): True, False or a Need."""
    by = minutes_by(view, case)
    if isinstance(by, Mapping) and by:
        tagged = tagged_units(view, by, case)
        return tagged if isinstance(tagged, Need) else tagged[1] > 0
    modifiers = view.record.modifiers
    if isinstance(modifiers, tuple) and {"CQ", "CO"} & set(modifiers):
        return True
    provider = view.record.rendering_provider
    role = provider.role if isinstance(provider, Provider) else None
    if is_assistant(role):
        return True
    if role in THERAPISTS and modifiers is not UNKNOWN:
        return False
    key, options = (*view.identity, "assisted"), (True, False) if view.own else None
    return Need("assisted", "Did an assistant give more than 10 percent of it?", key, options, view.said)


def tagged_units(view: View, by: Mapping[str, int], case: Case) -> tuple[int, int] | Need:
    """The units of a line without and with the assistant's modifier, by its minutes by role; of several methods the strictest."""
    assistant = sum(minutes for role, minutes in by.items() if is_assistant(role))
    therapist = sum(minutes for role, minutes in by.items() if not is_assistant(role) and role not in HELPERS)
    units = _billed(view, case)
    if not assistant or not therapist:
        known = max(1, units.low)
        return (0, known) if assistant else (known, 0)
    if length_of(view, case) == _FIFTEEN:
        if units.needs:
            return attrs.evolve(UNITS, of=view.said)
        ways = [assistant_units(therapist, assistant, units.low, method) for method in _methods(view, case)]
        return max(ways, key=lambda way: way[1])
    tagged = any(assisted_untimed(therapist, assistant, method) for method in _methods(view, case))
    return (0, max(1, units.low)) if tagged else (max(1, units.low), 0)


def _methods(view: View, case: Case) -> tuple[str, ...]:
    """The methods that `timing` rules in force name, those that are about the line before others; none: the strictest."""
    from .counting import member

    named: dict[str, bool] = {}
    for rule in case.policy.rules:
        method = rule.demand.assisted_by if isinstance(rule.demand, Timing) else None
        if method is None or rule.suspended is not None or (view.day is not None and not rule.in_force(view.day)):
            continue
        about = all(member(on, view, case).truth is not Truth.FALSE for on in rule.on)
        named[method] = named.get(method, False) or about
    return tuple(sorted(m for m, about in named.items() if about)) or tuple(sorted(named)) or ("exact",)
