"""What a line pays: the fee, what a ranking takes away, the percentages, in that order (docs/meaning.md, N30 to N33).

Rules of kind `payment` judge nothing. The fee is the `of TABLE` of a `pay`, times units, else what the payer allows; each
`rank by` takes its share from every unit but the one ranked first; each `pay` takes its percentage of what is left. No step
hangs on the order of the rules, and cents are rounded once, half up, at the end (M5.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import attrs

from . import words
from .conditions import NO_ROW, interval_of, value
from .counting import need_of_history, same_group, uncovered, window_of
from .dates import Span
from .fields import FIELDS
from .lines import Case, View, value_of
from .policy import Counter, KindKey, Pay, Payment, Rank, Rule, TableValue, TimeKey
from .reach import about, not_in_force
from .truth import FALSE, TRUE, Answer, Interval, Need, Truth, all_of, any_of, exactly, negate, unknown

_CENT: Final = Decimal("0.01")
_HUNDRED: Final = Decimal(100)
_ALLOWED: Final = FIELDS["allowed"]
_UNITS: Final = FIELDS["units"]


@attrs.frozen
class Step:
    """One rule's part in what a line pays: the amount before it and after it, and its arithmetic in words."""

    rule: str
    amount: Interval
    text: str


@attrs.frozen
class Expected:
    """What a line pays where it stands: an amount, or the two ends that it lies between, and the steps that lead there."""

    amount: Interval
    steps: tuple[Step, ...]

    @property
    def needs(self) -> frozenset[Need]:
        """What is missing to know it to the cent."""
        return self.amount.needs


def expected(view: View, case: Case) -> Expected | None:
    """Give what the policy's payment rules make of a line; None where none of them is about it."""
    rules = [(rule, answer) for rule in case.policy.rules if (answer := _about(rule, view, case)).truth is not Truth.FALSE]
    if not rules:
        return None
    rules.sort(key=lambda one: one[0].name)
    steps = [_fee(rules, view, case)]
    for kind in (_after_rank, _after_pay):
        for rule, answer in rules:
            step = kind(rule, view, case, steps[-1].amount)
            if step is not None:
                steps.append(_perhaps(step, steps[-1].amount, answer))
    return Expected(_rounded(steps[-1].amount), tuple(steps))


def paid(view: View, case: Case) -> Interval:
    """Give what a line of the claim pays: what the payer allows where no payment rule is about it (M4)."""
    found = expected(view, case)
    return found.amount if found is not None else _quantity(value_of(_ALLOWED, view, case))


def step_of(rule: Rule, view: View, case: Case) -> Step | None:
    """Give one rule's last step in what a line pays."""
    found = expected(view, case)
    return next((step for step in reversed(found.steps) if step.rule == rule.name), None) if found is not None else None


def _about(rule: Rule, view: View, case: Case) -> Answer:
    if not isinstance(rule.demand, Payment) or not_in_force(rule, view) is not None:
        return FALSE
    return about(rule, view, case)[0]


def _perhaps(step: Step, before: Interval, answer: Answer) -> Step:
    """A rule that may or may not be about the line leaves both amounts possible."""
    if answer.truth is Truth.TRUE:
        return step
    return attrs.evolve(step, amount=_hull(before, step.amount, answer.needs))


def _hull(one: Interval, other: Interval, needs: Iterable[Need]) -> Interval:
    if one.high == other.high and one.low == other.low:
        return one
    high = None if one.high is None or other.high is None else max(one.high, other.high)
    return Interval(min(one.low, other.low), high, one.needs | other.needs | frozenset(needs))


def _rounded(amount: Interval) -> Interval:
    high = None if amount.high is None else Decimal(amount.high).quantize(_CENT, ROUND_HALF_UP)
    return Interval(Decimal(amount.low).quantize(_CENT, ROUND_HALF_UP), high, amount.needs)


def _quantity(found: Any) -> Interval:
    if isinstance(found, Need):
        return Interval(0, None, frozenset([found]))
    return interval_of(found) or exactly(0)


# ---- the fee -----------------------------------------------------------------------------------------------------


def _fee(rules: list[tuple[Rule, Answer]], view: View, case: Case) -> Step:
    """The fee that the percentages are of: a fee table's value times units, else what the payer allows."""
    tables = {_pay(rule).of: (rule, answer) for rule, answer in rules if _pay(rule).of is not None}
    if not tables:
        allowed = _quantity(value_of(_ALLOWED, view, case))
        return Step("", allowed, f"allowed {_money(allowed)}")
    steps = [_by_table(rule, table, view, case) for table, (rule, _) in tables.items() if table is not None]
    sure = [answer for _, answer in tables.values() if answer.truth is Truth.TRUE]
    if len(steps) == 1 and sure:
        return steps[0]
    asked = frozenset(need for _, answer in tables.values() for need in answer.needs)
    amounts = [step.amount for step in steps] + ([] if sure else [_quantity(value_of(_ALLOWED, view, case))])
    need = asked or frozenset([Need("fee", "Two payment rules give the line a fee of their own: which is right?")])
    whole = amounts[0]
    for other in amounts[1:]:
        whole = _hull(whole, other, need)
    return Step("", whole, f"a fee of {_money(whole)}")


def _pay(rule: Rule) -> Pay:
    assert isinstance(rule.demand, Payment)
    return rule.demand.pay or Pay(_HUNDRED)


def _by_table(rule: Rule, table: TableValue, view: View, case: Case) -> Step:
    each, units = _worth(table, view, case), _quantity(value_of(_UNITS, view, case))
    one = _quantity(each) if each is not None else exactly(0)
    return Step(rule.name, _times(one, units), f"fee {_money(one)} x {words.interval(units)}")


def _times(one: Interval, other: Interval) -> Interval:
    high = None if one.high is None or other.high is None else one.high * other.high
    return Interval(one.low * other.low, high, one.needs | other.needs)


def _worth(table: TableValue, view: View, case: Case) -> Decimal | None | Need:
    """A table's value of one unit; None where it has no row and says so (`missing none`), else what is missing."""
    found = value(table, view, case)
    if isinstance(found, Need):
        return found
    if found is NO_ROW or not isinstance(found, Decimal):
        if table.table.missing == "none":
            return None
        said = table.column.replace("_", " ")
        return Need(f"{table.column} {view.record.code}", f"What is the {said} of one unit of {view.record.code}?")
    return found


# ---- the ranking -------------------------------------------------------------------------------------------------


def _after_rank(rule: Rule, view: View, case: Case, before: Interval) -> Step | None:
    """Every unit but the one ranked first loses its share."""
    assert isinstance(rule.demand, Payment)
    rank = rule.demand.rank
    if rank is None:
        return None
    each, units = _worth(rank.of, view, case), _quantity(value_of(_UNITS, view, case))
    if each is None or _worth(rank.by, view, case) is None:
        return Step(rule.name, before, f"{view.record.code} is not ranked")
    share = _times(_quantity(each), exactly(rank.percent / _HUNDRED))
    first = _ranked_first(rule, rank, view, case)
    lost = _times(share, _losing(units, first))
    return Step(rule.name, _less(before, lost), _said(rank, units, first, lost))


def _losing(units: Interval, first: Answer) -> Interval:
    """How many units lose their share: all, or all but the first."""
    spared = 0 if first.truth is Truth.FALSE else 1
    surely = 0 if first.truth is not Truth.TRUE else 1
    high = None if units.high is None else max(0, units.high - surely)
    return Interval(max(0, units.low - spared), high, units.needs | first.needs)


def _less(whole: Interval, part: Interval) -> Interval:
    low = 0 if part.high is None else max(Decimal(0), whole.low - part.high)
    high = None if whole.high is None else max(Decimal(0), whole.high - part.low)
    return Interval(low, high, whole.needs | part.needs)


def _said(rank: Rank, units: Interval, first: Answer, lost: Interval) -> str:
    many = words.interval(_losing(units, first))
    name = rank.of.column.replace("_", " ")
    percent = words.amount(rank.percent)
    if lost.high == 0:
        return "ranked first: nothing is lost"
    of = f"{words.interval(units)} unit{'' if units.high == 1 else 's'}"
    return f"{many} of {of} lose{'s' if many == '1' else ''} {percent}% of {name}: {_money(lost)} less"


def _ranked_first(rule: Rule, rank: Rank, view: View, case: Case) -> Answer:
    """Whether one of the line's units is paid in full: no unit of the group is worth more, nor as much and counted earlier."""
    mine = _worth(rank.by, view, case)
    if isinstance(mine, Need):
        return unknown(mine)
    if mine is None:
        return FALSE
    span, need = window_of(Counter("lines", None, None, rank.keys), view, case)
    if need is not None:
        return unknown(need)
    if span is None:
        return TRUE
    others = [one for one in (*case.services, *case.lines) if one is not view and getattr(one.record, "denied", False) is not True]
    beaten = any_of([_beaten_by(rule, rank, other, mine, span, view, case) for other in others])
    if beaten.truth is Truth.TRUE:
        return FALSE
    unseen = _unseen(rank, span, view, case)
    return negate(any_of([beaten, unknown(unseen)])) if unseen is not None else negate(beaten)


def _beaten_by(rule: Rule, rank: Rank, other: View, mine: Decimal, span: Span, view: View, case: Case) -> Answer:
    """Whether a service is of the line's group and ranks before it."""
    grouped = all_of([same_group(rank.keys, view, other, span, case), _about(rule, other, case)])
    if grouped.truth is Truth.FALSE:
        return FALSE
    theirs = _worth(rank.by, other, case)
    if isinstance(theirs, Need):
        return all_of([grouped, unknown(theirs)])
    before = theirs is not None and (theirs > mine or (theirs == mine and other.position < view.position))
    return all_of([grouped, TRUE if before else FALSE])


def _unseen(rank: Rank, span: Span, view: View, case: Case) -> Need | None:
    """What to ask where the history may lack a service of the group."""
    if any(isinstance(key, TimeKey) and key.name in ("line", "claim") for key in rank.keys):
        return None
    ours = any(isinstance(key, KindKey) and key.name == "billing_provider" for key in rank.keys)
    gaps = uncovered(_through(span, view.day), case, ours)
    if not gaps:
        return None
    if span.from_ == span.to == view.day:
        return Need("history.complete_from", f"Which other services did the patient have on {view.day}?")
    return need_of_history(gaps, span, case, ours)


def _through(span: Span, day: date | None) -> Span:
    last = day if span.to is None else span.to
    return Span(span.from_, last)


# ---- the percentage ----------------------------------------------------------------------------------------------


def _after_pay(rule: Rule, view: View, case: Case, before: Interval) -> Step | None:
    """A percentage of what is left."""
    pay = _pay(rule)
    if pay.percent == _HUNDRED:
        return None
    after = _times(before, exactly(pay.percent / _HUNDRED))
    return Step(rule.name, after, f"{words.amount(pay.percent)}% of {_money(before)}")


def _money(amount: Interval) -> str:
    if amount.high is None:
        return "an amount not known" if not amount.low else f"{words.money(Decimal(amount.low))} or more"
    low, high = words.money(Decimal(amount.low)), words.money(Decimal(amount.high))
    return low if low == high else f"{low} to {high}"
