"""Whom a rule is about: its dates, `on`, `when` and `except` (M1.2, M2.3)."""

from __future__ import annotations

from typing import Any

from ...policy import Rule
from . import days
from .conditions import true
from .facts import Item, World, member, some


def in_force(rule: Rule, item: Item) -> bool:
    """Whether a rule is in force on a service's date."""
    if rule.suspended is not None or days.in_one((one.span for one in rule.dropped), item.day):
        return False
    return (not rule.own_effective or days.in_one(rule.own_effective, item.day)) and all(days.in_one(spans, item.day) for spans in rule.effective)


def about(rule: Rule, item: Item, world: World) -> bool:
    """Whether a rule in force is about a service; one that counts and has no `on` looks at what it counts."""
    if not in_force(rule, item):
        return False
    counter = rule.counter if not rule.own_on else None
    outside: list[Any] = [lambda of=of: not member(of, item, world) for of in rule.on]
    if counter is not None:
        outside.append(lambda: not member(counter.of, item, world))
        outside.append(lambda: counter.where is not None and not true(counter.where, item, world))
    outside += [lambda c=c: not true(c.condition, item, world) for c in rule.when]
    outside += [lambda c=c: true(c.condition, item, world) for c in rule.excepts]
    return not some(outside)
