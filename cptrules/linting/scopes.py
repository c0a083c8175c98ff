"""A rule by itself: whether some line can break it, and which of its exceptions can ever apply, or always do."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import attrs

from ..codesets import CodeTable, code_table
from ..diagnostics import Diagnostic
from ..policy import (
    AmountValue,
    Clause,
    Constant,
    Limit,
    OnList,
    Pairs,
    Policy,
    PriorAuthorization,
    Rule,
    Value,
)
from .breaking import broken
from .counters import most
from .places import Placed
from .possible import Question, possible


def table_of(policy: Policy) -> CodeTable:
    """The code table that a policy's rules are judged by."""
    return policy.code_table or code_table()


def asked(rule: Rule) -> Question:
    """What a line is to be for a rule to be about it: its dates, `on`, `when` and `except` (M2.3)."""
    counter = rule.counter
    counted = (counter.where,) if not rule.own_on and counter is not None and counter.where is not None else ()
    return Question((rule,), (*counted, *(one.condition for one in rule.when)), tuple(one.condition for one in rule.excepts))


def about_a_line(rule: Rule, table: CodeTable) -> bool:
    """Whether a rule may be about some line; False is proved, True is not."""
    return possible(asked(rule), table) is not None


def may_except(rule: Rule, clause: Clause, table: CodeTable) -> bool:
    """Whether an exception may apply to a line that the rule is about but for its exceptions; False is proved, True is not."""
    before = Question((rule,), tuple(one.condition for one in rule.when))
    return possible(before.also(true=[clause.condition]), table) is not None


def of_rule(rule: Rule, placed: Placed, policy: Policy) -> Iterator[Diagnostic]:
    """What is wrong with one rule by itself."""
    if rule.suspended is not None:
        return
    table = table_of(policy)
    found = list(_nothing(rule, placed, table)) or list(_exceptions(rule, placed, table))
    yield from found
    unreached = list(_out_of_reach(rule, placed))
    if not unreached and not any(one.code in ("W010", "W013") for one in found):
        yield from _always_met(rule, placed, table)
    yield from unreached
    if not any(one.code == "W010" for one in found):
        yield from _still_counted(rule, placed, table)


# ---- scope -------------------------------------------------------------------------------------------------------


def _nothing(rule: Rule, placed: Placed, table: CodeTable) -> Iterator[Diagnostic]:
    """A rule that is about no line, and what of it makes it so."""
    if about_a_line(rule, table):
        return
    whole = asked(rule)
    if possible(Question((rule,)), table) is None:
        told = f'"{rule.name}" is about no line: its dates, its selector and those of the head have nothing in common'
        yield placed.at_rule("W013", told)
    elif possible(attrs.evolve(whole, false=()), table) is None:
        clauses = _core(rule, table)
        told = f'"{rule.name}" is about no line: {_and(clauses)} can\'t hold together'
        yield placed.at_clause("W013", next((one for one in reversed(clauses) if placed.has(one)), None), told)
    else:
        yield from _all_excepted(rule, placed, table)


def _core(rule: Rule, table: CodeTable) -> list[Clause]:
    """The fewest `when` clauses that leave no line, found by leaving one out after the other."""
    kept = list(rule.when)
    for clause in rule.when:
        fewer = [one for one in kept if one is not clause]
        if possible(Question((rule,), tuple(one.condition for one in fewer)), table) is None:
            kept = fewer
    return kept


def _all_excepted(rule: Rule, placed: Placed, table: CodeTable) -> Iterator[Diagnostic]:
    whole = attrs.evolve(asked(rule), false=())
    alone = [clause for clause in rule.excepts if possible(whole.also(false=[clause.condition]), table) is None]
    clause = next((one for one in alone if placed.has(one)), None)
    if clause is not None:
        yield placed.at_clause("W010", clause, f'`{clause.text}` always applies: "{rule.name}" is about no line')
    else:
        yield placed.at_rule("W013", f'"{rule.name}" is about no line: its exceptions together leave none')


def _and(clauses: list[Clause]) -> str:
    return " and ".join(f"`{clause.text}`" for clause in clauses) or "its conditions"


# ---- exceptions --------------------------------------------------------------------------------------------------


def _exceptions(rule: Rule, placed: Placed, table: CodeTable) -> Iterator[Diagnostic]:
    for clause in rule.excepts:
        if placed.has(clause) and not may_except(rule, clause, table):
            yield placed.at_clause("W009", clause, f'`{clause.text}` never applies to a line that "{rule.name}" is about')
    if not isinstance(rule.demand, Pairs):  # whose ways out are asked of a pair, with fields of its own
        yield from _ways_out(rule, placed, table)


def _ways_out(rule: Rule, placed: Placed, table: CodeTable) -> Iterator[Diagnostic]:
    """A way out is asked for only where the demand fails."""
    fails = broken(rule)
    asking = asked(rule).also(true=[fails] if fails is not None else [])
    if possible(asking, table) is None:
        return  # nothing breaks the rule, which is said of it
    for clause in rule.unless:
        if not placed.has(clause):
            continue
        if possible(asking.also(true=[clause.condition]), table) is None:
            yield placed.at_clause("W009", clause, f'`{clause.text}` never applies where "{rule.name}" would be broken')
        elif possible(asking.also(false=[clause.condition]), table) is None:
            yield placed.at_clause("W010", clause, f'`{clause.text}` always applies: no line breaks "{rule.name}"')


# ---- demands -----------------------------------------------------------------------------------------------------


def _always_met(rule: Rule, placed: Placed, table: CodeTable) -> Iterator[Diagnostic]:
    fails = broken(rule)
    if fails is not None and possible(asked(rule).also(true=[fails]), table) is None:
        yield placed.at_rule("W013", f'no line breaks "{rule.name}": what it demands always holds for the lines that it is about')


def bound(rule: Rule) -> tuple[Value, str] | None:
    """The number that a rule holds its counter against, with the clause that says it."""
    match rule.demand:
        case Limit(at_most=value):
            return value, "at most"
        case PriorAuthorization(after=value) if value is not None:
            return value, "after"
        case _:
            return None


def _out_of_reach(rule: Rule, placed: Placed) -> Iterator[Diagnostic]:
    """A count can't exceed what its own stretch of time, or its own set, can hold."""
    found, counter = bound(rule), rule.counter
    if found is None or counter is None:
        return
    value, word = found
    least, largest = _least(value), most(counter)
    if least is not None and largest is not None and least >= largest:
        told = f"{counter.noun.replace('_', ' ')} of this count are never more than {largest}: no claim reaches this limit"
        yield placed.at_word("W012", word, told)


def _least(value: Value) -> Decimal | None:
    """The least that a written number or an amount can be."""
    values = [value] if isinstance(value, Constant) else [entry.value for entry in value.entries] if isinstance(value, AmountValue) else []
    numbers = [one.value for one in values if isinstance(one.value, Decimal)]
    return min(numbers) if numbers and len(numbers) == len(values) else None


# ---- except where excluding was meant ----------------------------------------------------------------------------


def _still_counted(rule: Rule, placed: Placed, table: CodeTable) -> Iterator[Diagnostic]:
    """`except code in X` spares the lines of X; where the counter counts them, they use up the limit all the same."""
    counter = rule.counter
    if counter is None or rule.own_on:
        return
    for clause in rule.excepts:
        match clause.condition:
            case OnList(field=field, negated=False) if field.name == "code" and placed.has(clause):
                if possible(Question((rule,), (clause.condition,)), table) is not None:
                    told = f"{clause.text.removeprefix('except ')}: these lines are spared, and count toward \"{rule.name}\" all the same"
                    wanted = "`excluding` behind the counter's selector, where they are not to count"
                    yield placed.at_clause("W017", clause, told, wanted)
            case _:
                pass
