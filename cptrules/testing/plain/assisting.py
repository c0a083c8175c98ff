"""Whether an assistant gave more of a line than the 10 percent method allows (M8.4, M8.5, facts/medicare.md section 2)."""

from __future__ import annotations

from collections.abc import Mapping

from ...claims import UNKNOWN, Provider
from ...policy import Timing
from .days import Open
from .facts import Item, World, known, member
from .scope import in_force

_ASSISTANTS = ("PTA", "OTA")
_THERAPISTS = ("PT", "OT", "SLP")


def assisted(item: Item, world: World) -> bool:
    """Whether a line is an assistant's, by its minutes by person, else by its modifiers and its provider's role."""
    by = item.record.minutes_by
    if isinstance(by, Mapping) and by:
        return _by_minutes(by, item, world)
    modifiers, provider = known(item.record.modifiers) or (), item.record.rendering_provider
    role = provider.role if isinstance(provider, Provider) else None
    if "CQ" in modifiers or "CO" in modifiers or role in _ASSISTANTS:
        return True
    if role in _THERAPISTS:
        return False
    raise Open


def _by_minutes(by: Mapping[str, int], item: Item, world: World) -> bool:
    """By the strictest of the methods that are named."""
    if set(by) - {*_ASSISTANTS, *_THERAPISTS}:
        raise Open
    assistant = sum(minutes for role, minutes in by.items() if role in _ASSISTANTS)
    therapist = sum(minutes for role, minutes in by.items() if role in _THERAPISTS)
    if not assistant or not therapist:
        return bool(assistant)
    code = world.codes.code(item.record.code, item.day)
    if code is None or (code.timed and code.unit_minutes not in (UNKNOWN, None, 15)):
        raise Open
    methods = _methods(item, world)
    if not code.timed:
        return any(_above_ten_percent(therapist, assistant, method) for method in methods)
    units = known(item.record.units)
    if not isinstance(units, int):
        raise Open
    return any(_has_a_unit(therapist, assistant, units, method) for method in methods)


def _methods(item: Item, world: World) -> set[str]:
    """The methods of the timing rules that are about the line's code, else of any in force; where none is named the tenth itself."""
    named, about = set(), set()
    for rule in world.policy.rules:
        if isinstance(rule.demand, Timing) and rule.demand.assisted_by is not None and in_force(rule, item):
            named.add(rule.demand.assisted_by)
            about |= {rule.demand.assisted_by} if all(member(of, item, world) for of in rule.on) else set()
    return about or named or {"exact"}


def _above_ten_percent(therapist: int, assistant: int, method: str) -> bool:
    """In whole percent, by CMS's simple method, or exactly; just ten percent never is above."""
    whole = therapist + assistant
    if method == "cms_percentage":
        return _rounded(100 * assistant, whole) > 10
    if method == "cms_simple":
        return assistant > _rounded(whole, 10)
    return 10 * assistant > whole


def _rounded(number: int, by: int) -> int:
    """A quotient to the nearest whole, a half up."""
    whole = number // by
    return whole + 1 if 2 * (number - whole * by) >= by else whole


def _has_a_unit(therapist: int, assistant: int, units: int, method: str) -> bool:
    """Full fifteens go to their person, the therapist's first; then by the rows of the final unit."""
    mine, theirs = 0, 0
    while mine + theirs < units and therapist >= 15:
        therapist, theirs = therapist - 15, theirs + 1
    while mine + theirs < units and assistant >= 15:
        assistant, mine = assistant - 15, mine + 1
    left = units - mine - theirs
    if mine or not left:
        return mine > 0
    if left == 2 and therapist >= 8 and assistant >= 8:
        return True
    return therapist < 8 and (assistant >= 8 or (assistant > 0 and _above_ten_percent(therapist, assistant, method)))
