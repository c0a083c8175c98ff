"""The part of the code that decides the rules: a block for each on a line, and those that look at a day's lines together after all lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from ..fields import FIELDS
from ..policy import (
    AllOf,
    AnyOf,
    CodeSet,
    Comparison,
    Condition,
    Constant,
    DateMoment,
    FieldValue,
    Forbid,
    Limit,
    Modifiers,
    Near,
    OnList,
    Opposite,
    Pairs,
    PriorAuthorization,
    Term,
    Timing,
)
from . import depends, runtime, shapes
from .eras import set_spans
from .rulings import Ruling
from .source import Source
from .source_lines import count


def block(source: Source, ruling: Ruling) -> list[str]:
    """What is written for a rule on a line."""
    inner = _demand(source, ruling)
    tests = [f"({expression(source, ruling, one)})" if held else f"not ({expression(source, ruling, one)})" for one, held in ruling.scope]
    if tests:
        inner = [f"if {' and '.join(tests)}:", *(f"    {line}" for line in inner)]
    if isinstance(ruling.rule.demand, Pairs | Timing):
        return [f"if live & {ruling.bit}:", *(f"    {line}" for line in inner)]
    return [f"if live & {ruling.bit}:", "    try:", *(f"        {line}" for line in inner), f"    except ODD: a |= {ruling.bit}"]


def _demand(source: Source, ruling: Ruling) -> list[str]:
    bit, name = ruling.bit, ruling.bit.bit_length()
    within = f"{count(ruling.counter)} <= {source.told('bound', bit)}" if ruling.counter is not None else ""
    match ruling.rule.demand:
        case Limit():
            return [f"if {within}: m |= {bit}", *_otherwise(source, ruling)]
        case PriorAuthorization(matching=matching):
            free = f"{within} or " if within else ""
            return [f"if {free}covered(given, earlier, lines, kinds, {source.bind(matching)}, past): m |= {bit}", *_otherwise(source, ruling)]
        case Timing():
            ways = "(way, maybe)" if ruling.rule.unless else "None"
            entry = f"(place, code, line.units, line.minutes, {source.told('minutes', bit)}, {ways})"
            return [
                f"if by is not UNKNOWN: o{name} = True",
                "try:",
                "    j = k if single else (k, day)",
                f"    if j in l{name}: l{name}[j].append({entry})",
                f"    else: l{name}[j] = [{entry}]",
                f"except ODD: o{name} = a = a | {bit}",
            ]
        case Pairs():
            partners = source.told("pairs", bit)
            apart = f"if {_ready(source, ruling.rule.demand)} and {partners}.codes.isdisjoint(codes): m |= {bit}"
            return [apart, f"else: l{name}.append((place, day, line, {partners}))"]
        case Forbid():
            return _otherwise(source, ruling, first=True)
        case Modifiers():
            return [f"if held & {bit}: m |= {bit}", *_otherwise(source, ruling)]
        case _:
            parts = [f"held & {bit}", *(f"({expression(source, ruling, one)})" for one in ruling.demand)]
            return [f"if {' and '.join(parts)}: m |= {bit}", *_otherwise(source, ruling)]


def _otherwise(source: Source, ruling: Ruling, first: bool = False) -> list[str]:
    """A demand that does not hold: met where a way out is open, asked where one may be or the rule may not be about the line, else broken."""
    bit = ruling.bit
    if not ruling.rule.unless:
        return [f"{'if' if first else 'elif'} maybe & {bit}: a |= {bit}", f"else: b |= {bit}"]
    ways = " or ".join([f"way & {bit}", *(f"({expression(source, ruling, one)})" for one in ruling.ways)])
    return [f"{'if' if first else 'elif'} {ways}: m |= {bit}", f"elif maybe & {bit}: a |= {bit}", f"else: b |= {bit}"]


def together(source: Source) -> None:
    """Decide the rules that look at the lines of a day together."""
    for ruling in source.coded(Timing, Pairs):
        name, bit, demand = ruling.bit.bit_length(), ruling.bit, ruling.rule.demand
        if isinstance(demand, Timing):
            by_midpoint = demand.by == "ama_midpoint"
            source.say(f"if l{name}: timed(l{name}.values(), o{name}, {bit}, {ruling.inform}, {by_midpoint}, broken, met, asked)")
        elif isinstance(demand, Pairs):
            keys = [getattr(key, "name", "") for key in demand.keys]
            whole = "claim" in keys and "day" not in keys
            ready = _ready(source, demand)
            case = source.bind(source.cases[id(ruling.policy)])
            source.say(f"if l{name}: paired(l{name}, lines, claim, {case}, {bit}, {whole}, {ready}, broken, met, asked)")


def _ready(source: Source, demand: Pairs) -> str:
    """The name of whether the history tells of every line that one may be paired with."""
    keys = [getattr(key, "name", "") for key in demand.keys]
    return "True" if "claim" in keys else "our_near" if "billing_provider" in keys else "near"


# ---- conditions that the shape does not tell ---------------------------------------------------------------------

_SIGNS: Final = {"<": ("", 0), "<=": ("", 1), ">": ("not ", 1), ">=": ("not ", 0)}  # each as younger than so many years, or not


def expression(source: Source, ruling: Ruling, condition: Condition) -> str:
    """A condition as Python that is true or false, or raises where it is unknown."""
    if depends.of_condition(condition) is not None:
        return f"sure_of({source.told('condition', (ruling.bit, condition))})"
    match condition:
        case AllOf(parts=parts):
            return " and ".join(f"({expression(source, ruling, part)})" for part in parts)
        case AnyOf(parts=parts):
            return " or ".join(f"({expression(source, ruling, part)})" for part in parts)
        case Opposite(part=part):
            return f"not ({expression(source, ruling, part)})"
        case Term(condition=inner):
            return expression(source, ruling, inner)
        case _:
            return _special(source, condition) or _reference(source, ruling, condition)


def _reference(source: Source, ruling: Ruling, condition: Condition) -> str:
    source.needs.add("hold")
    return f"hold.truth({source.bind(shapes.Asked(ruling.policy, ruling.rule, condition))}, line)"


def _special(source: Source, condition: Condition) -> str | None:
    """Conditions that most policies have: an age, a diagnosis, so many days between a claim's receipt and the service."""
    match condition:
        case Comparison(left=FieldValue(field=field), sign=sign, right=Constant(value=Decimal() as limit)) if field == FIELDS["patient.age"]:
            return _age(source, sign, limit)
        case OnList(field=field, members=members, negated=negated) if field == FIELDS["diagnosis"]:
            return _diagnosis(source, members, negated)
        case Near(moment=DateMoment(field=start), number=number, unit=unit, direction="after", anchor=DateMoment(field=anchor)):
            if start != FIELDS["received"] or anchor != FIELDS["date_of_service"] or source.assumed & {"received", "date_of_service"}:
                return None
            if unit == "business_days":
                return None
            if unit != "days":
                source.needs.add("received")
                return f"day <= received <= {source.bind(runtime.LastDay(number, unit))}(day)"
            source.needs |= {"received", "ordinal"}
            return f"0 <= arrived - since_one <= {int(number)}"
        case _:
            return None


def _age(source: Source, sign: str, limit: Decimal) -> str | None:
    if sign not in _SIGNS or "patient.age" in source.assumed or limit != limit.to_integral_value() or not 0 <= limit <= 200:
        return None
    source.needs.add("birth")
    negated, more = _SIGNS[sign]
    years = int(limit) + more  # only in the year of that birthday does its day matter
    return f"{negated}(lived < {years} or lived == {years} and younger(birth, day, {years}))"


def _diagnosis(source: Source, members: CodeSet, negated: bool) -> str | None:
    if "diagnosis" in source.assumed or any(span.from_ or span.to for span in set_spans(members)):
        return None
    source.needs.add("diagnoses")
    if members not in source.diagnosed:
        source.diagnosed.append(members)
    bit = 1 << source.diagnosed.index(members)
    return f"not x & {bit}" if negated else f"x & {bit}"
