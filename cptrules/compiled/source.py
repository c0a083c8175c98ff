"""Straight-line Python for the policies that speak for a claim: written once, read with `cptrules explain --code`.

Nothing of a policy's text stands in it. Its names are made here, its numbers are bits and places; whatever a policy names or states
(codes, words, dates, amounts) is bound to a name of the namespace in which the source is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import attrs

from ..claims import UNKNOWN, Patient, Provider
from ..dates import age
from ..fields import FIELDS
from ..lines import Case
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
    Rule,
    Term,
    TimeKey,
    Timing,
)
from . import depends, runtime, shapes
from .counters import AMOUNTS, Running
from .eras import set_spans
from .granted import covered
from .odd import ODD, UNSURE, Odd, Unordered
from .rulings import CODE, Docket, Ruling

MASKS: Final = ("live", "broken", "met", "asked", "unsettled", "way", "maybe", "held", "feeds", "perhaps", "discipline", "shape")
# A line's part of the shape, as the code takes it from the record.
_LINE: Final = {
    "code": "code", "modifiers": "line.modifiers", "discipline": "line.discipline", "role": "role", "contact": "line.contact",
    "patients": "line.patients", "telehealth": "line.telehealth", "revenue_code": "line.revenue_code",
    "place_of_service": "line.place_of_service", "therapy_kind": "line.therapy_kind",
}  # fmt: skip
_CLAIM: Final = ("plan", "in_network", "payer_order", "claim_kind", "place_of_service", "therapy_kind")
_SIGNS: Final = ("<", "<=", ">", ">=")


@attrs.define
class Source:
    """Source text as it grows, and the names that it is run with."""

    docket: Docket
    wanted: dict[tuple[str, Any], int]
    assumed: frozenset[str]
    cases: Mapping[int, Case]
    diagnosed: list[CodeSet] = attrs.field(factory=list)
    lines: list[str] = attrs.field(factory=list)
    names: dict[str, Any] = attrs.field(factory=dict)
    needs: set[str] = attrs.field(factory=set)  # what the line's prologue has to work out for conditions
    depth: int = 0

    def say(self, *lines: str) -> None:
        """Write lines at the depth in hand."""
        self.lines += ["    " * self.depth + line for line in lines]

    def bind(self, value: object) -> str:
        """Give a value of the policies a name."""
        for name, known in self.names.items():
            if known is value or (type(known) is type(value) and known == value):
                return name
        name = f"K{len(self.names)}"
        self.names[name] = value
        return name

    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines) + "\n"


def written(docket: Docket, wanted: dict[tuple[str, Any], int], cases: Mapping[int, Case]) -> tuple[str, dict[str, Any]]:
    """Write the code that decides a claim, and give the names that its policies' values are bound to."""
    assumed = frozenset(field.name for policy in docket.matching for field, _ in policy.assumes)
    source = Source(docket, wanted, assumed, cases)
    blocks = _blocks(source)
    source.say("def decide(claim, history, lines, arranged):")
    source.depth = 1
    if "hold" in source.needs:
        source.say("hold = Hold(claim, history)")
    source.say("first = lines[0].date_of_service", "last = lines[-1].date_of_service")
    _claim(source)
    _past(source)
    _start(source)
    source.say("for line in lines:")
    source.depth = 2
    _line(source)
    for counter in docket.counters:
        _feed(source, counter)
    for block in blocks:
        source.say(*block)
    source.say("broken.append(b)", "met.append(m)", "asked.append(a)", "place += 1")
    source.depth = 1
    _groups(source)
    source.say("return broken, met, asked, unsettled")
    return source.text(), {**source.names, "diagnosed": runtime.Diagnosed(source.diagnosed)}


# The names of the library that the code uses; those that belong to one program come beside them.
LIBRARY: Final = {
    "UNKNOWN": UNKNOWN, "Patient": Patient, "Provider": Provider, "ODD": ODD, "UNSURE": UNSURE, "Odd": Odd, "Unordered": Unordered,
    "age": age, "covered": covered, "fact": shapes.fact, "date": date, "opens": runtime.opens, "with_balances": runtime.with_balances,
    "new_years": runtime.NewYears(), "pointed": runtime.pointed, "timed": runtime.timed, "paired": runtime.paired,
    "sure_of": runtime.sure_of, "nobody": object(),
}  # fmt: skip


# ---- the claim and its history -----------------------------------------------------------------------------------


def _claim(source: Source) -> None:
    parts = sorted(part for part in source.docket.parts if "." in part and not part.startswith("line."))
    asked = [_claim_part(source, part) for part in parts]
    if any(part.startswith("patient.") for part in parts) or "birth" in source.needs:
        source.say("patient = claim.patient")
    source.say(f"answers = ({''.join(f'{one}, ' for one in asked)})")
    if "birth" in source.needs:
        source.say("birth = patient.birth_date if patient.__class__ is Patient else None")
    if "received" in source.needs:
        source.say("received = claim.received", "arrived = received.toordinal() if received.__class__ is date else None")
    if "diagnoses" in source.needs:
        source.say("every, each = diagnosed.of(claim.diagnoses)")
    if any(isinstance(ruling.rule.demand, PriorAuthorization) and ruling.how == CODE for ruling in source.docket.rulings):
        source.say("mine = []")


def _claim_part(source: Source, part: str) -> str:
    owner, name = part.split(".", 1)
    if name.startswith("facts."):
        held = "claim.facts" if owner == "claim" else "patient.facts if patient.__class__ is Patient else UNKNOWN"
        return f"fact({held}, {source.bind(name.removeprefix('facts.'))}, UNKNOWN)"
    assert owner == "claim" and name in _CLAIM
    return f"claim.{name}"


def _counters(source: Source, local: bool) -> list[Running]:
    return [counter for counter in source.docket.counters if counter.local is local]


def _near(source: Source) -> bool:
    """Whether anything hangs on there being no earlier service on the claim's own days."""
    rules = [ruling.rule.demand for ruling in source.docket.rulings if ruling.how == CODE]
    return bool(source.docket.counters) or any(isinstance(demand, Pairs | PriorAuthorization) for demand in rules)


def _past(source: Source) -> None:
    """Pass over the history's services once, for all running totals."""
    if not _near(source):
        return
    counters = _counters(source, local=False)
    source.say("services, since, ours, balances = opens(history, last)", "past = True")
    windows = _windows(source)
    for number, time in enumerate(windows):
        source.say(f"w{number} = {_began(source, time, 'first')}")
    for counter in counters:
        source.say(f"{_total(counter)} = {_empty(counter)}")
    source.say("if services:")
    source.depth = 2
    if windows:
        source.say(f"begin = {'w0 or first' if len(windows) == 1 else 'min(' + ', '.join(f'w{n} or first' for n in range(len(windows))) + ')'}")
    source.say("cid = claim.id if claim.id.__class__ is str else nobody", "try:")
    source.depth = 3
    _pass_over(source, counters, windows)
    source.depth = 2
    source.say("except ODD: past = False")
    source.depth = 1
    source.say("our_near = past and since is not None and since <= first", "near = our_near and not ours")
    for counter in counters:
        _covered(source, counter, windows.index(counter.time))


def _windows(source: Source) -> list[TimeKey]:
    return list(dict.fromkeys(counter.time for counter in _counters(source, local=False)))


def _began(source: Source, time: TimeKey, day: str) -> str:
    """The first day of the window that holds a day; None where it is not known."""
    if time.name == "calendar_year":
        return f"new_years[{day}.year]"
    return f"{source.bind(runtime.Began(time))}(claim, {day})"


def _total(counter: Running) -> str:
    """The name of what a counter counted before the claim."""
    return f"s{counter.number}" if counter.form == "distinct" else _state(counter)


def _empty(counter: Running) -> str:
    if counter.form == "distinct" and not counter.kinds:
        return "set()"
    return "{}" if counter.kinds else "0"


def _pass_over(source: Source, counters: list[Running], windows: list[TimeKey]) -> None:
    source.say("for s in services:")
    source.depth += 1
    source.say("d = s.date_of_service", "if d < first:")
    source.depth += 1
    if counters:
        source.say("if d < begin or s.claim == cid or s.denied is True: continue")
        by_more = any(counter.by_code for counter in counters)
        source.say("fed = None" if by_more else "fed = by_discipline.get(s.discipline)")
        source.say("if fed is None: fed = served(s, claim, history)", "f, k = fed")
        for counter in counters:
            _feed_past(source, counter, windows)
    else:
        source.say("continue")
    source.depth -= 1
    source.say("elif d <= last and s.claim != cid: raise Odd")
    source.depth -= 1


def _feed_past(source: Source, counter: Running, windows: list[TimeKey]) -> None:
    n = counter.number
    inside = "" if len(windows) == 1 else f" and d >= (w{windows.index(counter.time)} or first)"
    source.say(f"if f & {counter.bit}{inside}:")
    source.depth += 1
    key = _kind_of_service(counter)
    if counter.form == "distinct":
        label = "d" if counter.counter.measure == "treatment_days" else "(d, k)"
        source.say(f"s{n}.setdefault({key}, set()).add({label})" if counter.kinds else f"s{n}.add({label})")
    else:
        amount = "1" if counter.form == "lines" else f"s.{AMOUNTS[counter.counter.measure]}"
        source.say(f"h{n}[{key}] = h{n}.get({key}, 0) + {amount}" if counter.kinds else f"t{n} += {amount}")
    source.depth -= 1


def _kind_of_service(counter: Running) -> str:
    parts = ["k" if kind == "discipline" else "s.code" for kind in counter.kinds]
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _covered(source: Source, counter: Running, window: int) -> None:
    """Give a total up where the history does not cover its window; take balances in."""
    name, began = _total(counter), f"w{window}"
    if counter.form == "distinct" and not counter.kinds:
        source.say(f"n{counter.number} = len({name})")
        name = f"n{counter.number}"
    source.say(f"if {began} is None or not past: {name} = None")
    bound = source.bind(counter)
    source.say(f"elif balances: {name} = with_balances({bound}, {name}, balances, services, claim, (first, last), (since, ours))")
    source.say(f"elif {'' if counter.ours else 'ours or '}since is None or since > {began}: {name} = None")


# ---- a line ------------------------------------------------------------------------------------------------------


def _start(source: Source) -> None:
    source.say("broken, met, asked, unsettled = [], [], [], []", "today = None", "number = place = 0")
    for counter in source.docket.counters:
        if counter.local:
            near = "our_near" if counter.ours else "near"
            source.say(f"{_state(counter)} = {{}}{'' if counter.time.name in ('claim', 'line') else f' if {near} else None'}")
        elif counter.form == "distinct":
            source.say(f"{_state(counter)} = {{}}")
    for ruling in _together(source):
        source.say(f"l{ruling.bit.bit_length()} = []")
        if isinstance(ruling.rule.demand, Timing):
            source.say(f"o{ruling.bit.bit_length()} = set()")


def _together(source: Source) -> list[Ruling]:
    """The rules that look at the lines of a day together."""
    return [one for one in source.docket.rulings if one.how == CODE and isinstance(one.rule.demand, Timing | Pairs)]


def _line(source: Source) -> None:
    source.say("n = line.number", "if n <= number and not arranged: raise Unordered", "number = n", "day = line.date_of_service")
    source.say("if day is not today:")
    source.depth += 1
    source.say("if day != today:")
    source.depth += 1
    source.say("if today is not None:")
    source.depth += 1
    source.say("if day < today: raise Unordered")
    for window, time in enumerate(_windows(source)):
        states = " = ".join(_state(counter) for counter in _counters(source, local=False) if counter.time == time)
        source.say(f"if w{window} != {_began(source, time, 'day')}: w{window} = {states} = None")
    source.depth -= 1
    source.say("shapes = table(era(day), answers)")
    if "birth" in source.needs:
        source.say("years = age(birth, day) if birth.__class__ is date else None")
    if "ordinal" in source.needs:
        source.say("since_one = day.toordinal()")
    source.depth -= 1
    source.say("today = day")
    source.depth -= 1
    _shape(source)


def _state(counter: Running) -> str:
    if counter.form == "distinct":
        return f"g{counter.number}"
    return f"h{counter.number}" if counter.kinds or counter.local else f"t{counter.number}"


def _shape(source: Source) -> None:
    parts = [part for part in _LINE if part in source.docket.parts]
    facts = sorted(part for part in source.docket.parts if part.startswith("line.facts."))
    told = [_LINE[part] for part in parts]
    by_provider = any("rendering_provider" in counter.kinds for counter in source.docket.counters)
    told += [f"fact(line.facts, {source.bind(part.removeprefix('line.facts.'))}, UNKNOWN)" for part in facts]
    source.say(
        "code = line.code",
        "provider = line.rendering_provider",
        "role = provider.role if provider.__class__ is Provider else provider",
        f"key = ({', '.join(told)},)",
        *(["npi = provider.npi if provider.__class__ is Provider else provider", "if npi is UNKNOWN: npi = UNSURE"] if by_provider else []),
        "seen = shapes.get(key)",
        "if seen is None or line.minutes_by is not UNKNOWN: seen = shape(shapes, key, line, claim)",
        f"live, b, m, a, u, way, maybe, held_, f, p, k, shaped{''.join(f', q{n}' for n in range(len(source.wanted)))} = seen",
        "if u: unsettled.append((place, u, shaped))",
    )
    if any(isinstance(ruling.rule.demand, PriorAuthorization) and ruling.how == CODE for ruling in source.docket.rulings):
        source.say("mine.append((line, day, k))")
    if "diagnoses" in source.needs:
        source.say("x = each if not every and line.diagnoses is UNKNOWN else pointed(line, every, each)")
    for ruling in _together(source):
        if isinstance(ruling.rule.demand, Timing):
            source.say(f"if a & {ruling.bit}: o{ruling.bit.bit_length()}.add(day)")


def _feed(source: Source, counter: Running) -> None:
    """Let the line feed a running total; a total that can't take it is given up."""
    n, state = counter.number, _state(counter)
    source.say(f"if p & {counter.bit}: {state} = None")
    if counter.form == "distinct":
        _feed_distinct(source, counter)
        return
    amount = "1" if counter.form == "lines" else ("line.patients" if counter.form == "most" else f"line.{AMOUNTS[counter.counter.measure]}")
    if counter.time.name == "line":
        source.say(f"c{n} = None if p & {counter.bit} else {amount} if f & {counter.bit} else 0")
        return
    if not counter.local and not counter.kinds:
        source.say(f"if f & {counter.bit}:", "    try:", f"        t{n} += {amount}", f"    except ODD: t{n} = None")
        return
    source.say("try:")
    source.depth += 1
    source.say(f"j = {_key(counter)}", f"c{n} = h{n}.get(j, 0)", f"if f & {counter.bit}:")
    total = f"max(c{n}, {amount})" if counter.form == "most" else f"c{n} + {amount}"
    source.say(f"    c{n} = h{n}[j] = {total}")
    source.depth -= 1
    source.say("except ODD:", f"    c{n} = None", f"    if f & {counter.bit}: h{n} = None")


def _feed_distinct(source: Source, counter: Running) -> None:
    n = counter.number
    label = {"treatment_days": "day", "visits": "(day, k)"}.get(counter.counter.measure, "code")
    source.say("try:")
    source.depth += 1
    group = f"g{n}"
    if counter.kinds or counter.local:
        source.say(f"j = {_key(counter)}", f"g = g{n}.get(j)", f"if g is None: g = g{n}[j] = {{}}")
        group = "g"
    base = "0" if counter.local else (f"len(s{n}.get(j, ()))" if counter.kinds else f"n{n}")
    source.say(f"if f & {counter.bit}:")
    source.depth += 1
    source.say(f"i = {label}", f"c{n} = {group}.get(i)", f"if c{n} is None: c{n} = {group}[i] = {base} + len({group}) + 1")
    source.depth -= 1
    source.say(f"else: c{n} = {base} + len({group})")
    source.depth -= 1
    source.say("except ODD:", f"    c{n} = None", f"    if f & {counter.bit}: g{n} = None")


def _key(counter: Running) -> str:
    """What tells the line's group from others."""
    kinds = {"discipline": "k", "code": "code", "rendering_provider": "npi"}
    parts = [kinds[kind] for kind in counter.kinds]
    if counter.time.name == "day":
        parts.append("day")
    elif counter.time.name == "claim":
        parts.append("0")
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


# ---- rules -------------------------------------------------------------------------------------------------------


def _blocks(source: Source) -> list[list[str]]:
    """What is written for each rule that code decides, line by line."""
    return [_block(source, ruling) for ruling in source.docket.rulings if ruling.how == CODE]


def _block(source: Source, ruling: Ruling) -> list[str]:
    bit, rule = ruling.bit, ruling.rule
    inner = _demand(source, ruling, rule)
    tests = [f"({_expression(source, ruling, one)})" if held else f"not ({_expression(source, ruling, one)})" for one, held in ruling.scope]
    if tests:
        inner = [f"if {' and '.join(tests)}:", *(f"    {line}" for line in inner)]
    return [f"if live & {bit}:", "    try:", *(f"        {line}" for line in inner), f"    except ODD: a |= {bit}"]


def _demand(source: Source, ruling: Ruling, rule: Rule) -> list[str]:
    bit, name = ruling.bit, ruling.bit.bit_length()
    match rule.demand:
        case Limit():
            return [f"if {_count(ruling)} <= {_told(source, 'bound', bit)}: m |= {bit}", *_otherwise(source, ruling)]
        case PriorAuthorization() as demand:
            free = f"{_count(ruling)} <= {_told(source, 'bound', bit)} or " if ruling.counter is not None else ""
            return ["if not past: raise Odd", f"if {free}covered(claim, history, mine, {source.bind(demand.matching)}): m |= {bit}", *_otherwise(source, ruling)]
        case Timing():
            told = _told(source, "minutes", bit)
            return [f"l{name}.append((place, day, k, line, {told}, way, maybe))"]
        case Pairs():
            return [f"l{name}.append((place, day, line, {_told(source, 'pairs', bit)}))"]
        case Forbid():
            return [*_otherwise(source, ruling, first=True)]
        case _:
            parts = [f"held_ & {bit}", *(f"({_expression(source, ruling, one)})" for one in ruling.demand)]
            if isinstance(rule.demand, Modifiers):
                parts = parts[:1]
            return [f"if {' and '.join(parts)}: m |= {bit}", *_otherwise(source, ruling)]


def _otherwise(source: Source, ruling: Ruling, first: bool = False) -> list[str]:
    """A demand that does not hold: met where a way out is open, asked where one may be, else broken."""
    bit = ruling.bit
    ways = " or ".join([f"way & {bit}", *(f"({_expression(source, ruling, one)})" for one in ruling.ways)])
    return [f"{'if' if first else 'elif'} {ways}: m |= {bit}", f"elif maybe & {bit}: a |= {bit}", f"else: b |= {bit}"]


def _count(ruling: Ruling) -> str:
    counter = ruling.counter
    assert counter is not None
    plain = counter.form != "distinct" and not counter.kinds and not counter.local
    return f"t{counter.number}" if plain else f"c{counter.number}"


def _told(source: Source, what: str, key: Any) -> str:
    return f"q{source.wanted[what, key]}"


def _groups(source: Source) -> None:
    """Decide the rules that look at the lines of a day together."""
    for ruling in _together(source):
        name, bit, demand = ruling.bit.bit_length(), ruling.bit, ruling.rule.demand
        if isinstance(demand, Timing):
            by_midpoint = demand.by == "ama_midpoint"
            source.say(f"if l{name}: timed(l{name}, o{name}, ({bit}, {ruling.inform}), {by_midpoint}, broken, met, asked)")
        elif isinstance(demand, Pairs):
            keys = [getattr(key, "name", "") for key in demand.keys]
            whole = "claim" in keys and "day" not in keys
            ready = "True" if "claim" in keys else "our_near" if "billing_provider" in keys else "near"
            case = source.bind(source.cases[id(ruling.policy)])
            source.say(f"if l{name}: paired(l{name}, lines, claim, {case}, ({bit}, {whole}, {ready}), (broken, met, asked))")


# ---- conditions that the shape does not tell ---------------------------------------------------------------------


def _expression(source: Source, ruling: Ruling, condition: Condition) -> str:
    """A condition as Python that is true or false, or raises where it is unknown."""
    if depends.of_condition(condition) is not None:
        return f"sure_of(q{source.wanted['condition', (ruling.bit, condition)]})"
    match condition:
        case AllOf(parts=parts):
            return " and ".join(f"({_expression(source, ruling, part)})" for part in parts)
        case AnyOf(parts=parts):
            return " or ".join(f"({_expression(source, ruling, part)})" for part in parts)
        case Opposite(part=part):
            return f"not ({_expression(source, ruling, part)})"
        case Term(condition=inner):
            return _expression(source, ruling, inner)
        case _:
            special = _special(source, condition)
            if special is None:
                source.needs.add("hold")
                asked = source.bind(shapes.Asked(ruling.policy, ruling.rule, condition))
            return special or f"hold.truth({asked}, line)"


def _special(source: Source, condition: Condition) -> str | None:
    """Conditions that most policies have: an age, a diagnosis, so many days between a claim's receipt and the service."""
    match condition:
        case Comparison(left=FieldValue(field=field), sign=sign, right=Constant(value=Decimal() as limit)) if field == FIELDS["patient.age"]:
            if sign not in _SIGNS or source.assumed & {"patient.age"}:
                return None
            source.needs.add("birth")
            return f"years {sign} {source.bind(limit)}"
        case OnList(field=field, members=members, negated=negated) if field == FIELDS["diagnosis"] and "diagnosis" not in source.assumed:
            if any(span.from_ or span.to for span in set_spans(members)):
                return None
            source.needs.add("diagnoses")
            bit = 1 << _diagnosed(source, members)
            return f"not x & {bit}" if negated else f"x & {bit}"
        case Near(moment=DateMoment(field=start), number=number, unit="days", direction="after", anchor=DateMoment(field=anchor)) if (
            start == FIELDS["received"] and anchor == FIELDS["date_of_service"] and not source.assumed & {"received", "date_of_service"}
        ):
            source.needs |= {"received", "ordinal"}
            return f"0 <= arrived - since_one <= {int(number)}"
        case _:
            return None


def _diagnosed(source: Source, members: CodeSet) -> int:
    if members not in source.diagnosed:
        source.diagnosed.append(members)
    return source.diagnosed.index(members)
