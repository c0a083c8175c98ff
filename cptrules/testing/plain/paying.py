"""What a line pays by percentages alone (N30): the allowed amount, or a fee times units, times each percentage, rounded half up to cents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ...fields import FIELDS
from ...policy import Payment, Rule
from .conditions import cell
from .days import Open
from .facts import Item, World, read
from .scope import about


def pays(item: Item, world: World) -> Any:
    """The amount that a line of the claim pays."""
    rules = [rule for rule in world.policy.rules if isinstance(rule.demand, Payment) and about(rule, item, world)]
    if any(rule.demand.rank is not None for rule in rules):  # type: ignore[union-attr]
        raise Open
    if not rules:
        return read(FIELDS["allowed"], item, world) or 0
    amount = _fee(rules, item, world)
    for rule in rules:
        amount = amount * _pay(rule).percent / 100 if _pay(rule) is not None else amount
    cents = amount * 100
    return (Decimal(int(cents)) + (1 if cents - int(cents) >= Decimal("0.5") else 0)) / 100


def _pay(rule: Rule) -> Any:
    return rule.demand.pay  # type: ignore[union-attr]


def _fee(rules: list[Rule], item: Item, world: World) -> Decimal:
    fees = [_pay(rule).of for rule in rules if _pay(rule) is not None and _pay(rule).of is not None]
    if not fees:
        return Decimal(read(FIELDS["allowed"], item, world) or 0)
    each = cell(fees[0], item, world)
    if len(set(map(id, fees))) > 1 or not isinstance(each, Decimal):
        raise Open
    return each * (read(FIELDS["units"], item, world) or 0)
