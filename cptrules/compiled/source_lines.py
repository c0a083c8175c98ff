"""The part of the code that takes the claim's lines one after the other, in the order of counting, and lets each feed the totals."""

from __future__ import annotations

from typing import Final

from ..policy import Pairs, PriorAuthorization, Timing
from .counters import AMOUNTS, Running
from .source import Source, total
from .source_history import before, began

# A line's part of the shape, as the code takes it from the record.
_LINE: Final = {
    "code": "code", "modifiers": "line.modifiers", "discipline": "line.discipline", "role": "role", "contact": "line.contact",
    "patients": "line.patients", "telehealth": "line.telehealth", "revenue_code": "line.revenue_code",
    "place_of_service": "line.place_of_service", "therapy_kind": "line.therapy_kind",
}  # fmt: skip
_CLAIM: Final = ("plan", "in_network", "payer_order", "claim_kind", "place_of_service", "therapy_kind")


def claim(source: Source) -> None:
    """What is taken from the claim once for all of its lines."""
    if "hold" in source.needs:
        source.say("hold = Hold(claim, history)")
    source.say("first = lines[0].date_of_service", "last = lines[-1].date_of_service", "single = first == last")
    parts = _answers(source)
    if any(part.startswith("patient.") for part in parts) or "birth" in source.needs:
        source.say("patient = given.patient")
    if parts:
        source.say(f"answers = ({''.join(f'{_answer(source, part)}, ' for part in parts)})")
    if "birth" in source.needs:
        source.say("birth = patient.birth_date if patient else None")
    if "received" in source.needs:
        source.say("received = given.received", "arrived = received.toordinal() if received.__class__ is date else None")
    if "diagnoses" in source.needs:
        source.say("diagnoses = given.diagnoses", "every = each = 0", "if diagnoses:", "    for i in diagnoses: every |= diagnosed[i]")
        source.say("    if every: each = [diagnosed[i] for i in diagnoses]", "elif diagnoses is UNKNOWN: each = None")
    if source.coded(PriorAuthorization):
        source.say("kinds = []")
    source.say("by = UNKNOWN")
    if "diagnoses" in source.needs:
        source.say("x = each")


def _answers(source: Source) -> list[str]:
    """The parts of the shape that are the claim's own."""
    return sorted(part for part in source.docket.parts if "." in part and not part.startswith("line."))


def _answer(source: Source, part: str) -> str:
    owner, name = part.split(".", 1)
    if name.startswith("facts."):
        held = "given.facts" if owner == "claim" else "patient.facts if patient else UNKNOWN"
        return f"fact({held}, {source.bind(name.removeprefix('facts.'))}, UNKNOWN)"
    assert owner == "claim" and name in _CLAIM
    return f"given.{name}"


def start(source: Source) -> None:
    """Totals of the claim's own days, and lists of the lines that are judged together."""
    source.say("broken, met, asked, unsettled = [], [], [], []", "today = fed = fed_of = None", "place = 0")
    if source.coded(Pairs):
        source.say("codes = {line.code for line in lines}")
    celled = [counter for counter in source.docket.counters if in_cells(counter)]
    for place, (_, near) in enumerate(groups(celled)):
        source.say(f"e{place} = {{}}", f"odd{place} = not {near}")
    for counter in source.docket.counters:
        if counter.local and counter not in celled:
            source.say(f"{total(counter)} = {{}} if {covered_by(counter)} else None")
        elif counter.form == "distinct":
            source.say(f"{total(counter)} = {{}}")
    for ruling in source.coded(Timing, Pairs):
        name = ruling.bit.bit_length()
        source.say(f"l{name} = {{}}" if isinstance(ruling.rule.demand, Timing) else f"l{name} = []")
        if isinstance(ruling.rule.demand, Timing):
            source.say(f"o{name} = None")


# ---- a line ------------------------------------------------------------------------------------------------------


def line(source: Source) -> None:
    """Its day, its shape, and what the shape tells."""
    source.say("day = line.date_of_service")
    source.say("if day is not today:")
    source.depth += 1
    source.say("if day != today:")
    source.depth += 1
    _another_day(source)
    source.depth -= 1
    source.say("today = day")
    source.depth -= 1
    _shape(source)


def _another_day(source: Source) -> None:
    source.say("if today is not None:")
    source.say("if day < today: raise Unordered", deeper=1)
    for window, time in enumerate(source.windows()):
        totals = " = ".join(total(counter) for counter in source.counters(local=False) if counter.time == time)
        source.say(f"if w{window} != {began(source, time, 'day')}: w{window} = {totals} = None", deeper=1)
    source.say("shapes = days.get(day) or table(day, ())" if not _answers(source) else "shapes = table(day, answers)")
    if "birth" in source.needs:
        source.say("lived = day.year - birth.year if birth.__class__ is date else None")
    if "ordinal" in source.needs:
        source.say("since_one = day.toordinal()")
    source.say("fed = None")


def _shape(source: Source) -> None:
    parts = [part for part in _LINE if part in source.docket.parts]
    facts = sorted(part for part in source.docket.parts if part.startswith("line.facts."))
    key = [_LINE[part] for part in parts]
    key += [f"fact(line.facts, {source.bind(part.removeprefix('line.facts.'))}, UNKNOWN)" for part in facts]
    told = "".join(f", q{n}" for n in range(len(source.wanted)))
    source.say("code = line.code", "provider = line.rendering_provider")
    source.say("role = provider.role if provider else provider", "if not plain: by = line.minutes_by", f"key = ({', '.join(key)},)")
    source.say("seen = shapes.get(key)", "if seen is None or by is not UNKNOWN: seen = shape(shapes, key, line, claim)")
    source.say(f"live, b, m, a, way, maybe, held, f, k, odd{told} = seen")
    if any("rendering_provider" in counter.kinds for counter in source.docket.counters):
        source.say("npi = provider.npi if provider else provider", "if npi is UNKNOWN: npi = UNSURE")
    if source.coded(PriorAuthorization):
        source.say("kinds.append(k)")
    if "diagnoses" in source.needs:
        source.say("if every or not plain: x = each if not every and line.diagnoses is UNKNOWN else pointed(line, every, each)")


# ---- running totals ----------------------------------------------------------------------------------------------


def feeds(source: Source) -> None:
    """Let the line feed every running total; a total that can't take it is given up."""
    counters = source.docket.counters
    celled = [counter for counter in counters if in_cells(counter)]
    rest = [counter for counter in counters if counter not in celled]
    _odd(source, celled, rest)
    amounts = {_amount(counter) for counter in counters if counter.form in ("sum", "most")}
    for amount in sorted(amounts):
        source.say(f"{amount} = line.{amount.removesuffix('_')}")
    for place, (key, group) in enumerate(groups(celled).items()):
        _feed_group(source, place, key[0], group)
    of_days = [counter for counter in rest if _of_days(counter)]
    for counter in rest:
        if counter not in of_days:
            _feed(source, counter, _key(counter))
    if of_days:
        source.say("if f != fed or k is not fed_of or odd:")
        source.depth += 1
        source.say("fed, fed_of = f, k")
        for counter in of_days:
            _feed(source, counter, _key(counter))
        source.depth -= 1


def _odd(source: Source, celled: list[Running], rest: list[Running]) -> None:
    """What few shapes have: rules left unsettled or to the reference, and totals that a line may feed, which are given up."""
    source.say("if odd:", "    u, p, shaped = odd", "    if u: unsettled.append((place, u, shaped))")
    for ruling in source.coded(Timing):
        source.say(f"if a & {ruling.bit}: o{ruling.bit.bit_length()} = True", deeper=1)
    for counter in rest:
        source.say(f"if p & {counter.bit}: {total(counter)} = None", deeper=1)
    for place, group in enumerate(groups(celled).values()):
        source.say(f"if p & {sum(counter.bit for counter in group)}: odd{place} = True", deeper=1)


def _of_days(counter: Running) -> bool:
    """Whether a line more of the same day and discipline leaves it as it is."""
    return counter.form == "distinct" and counter.counter.measure in ("visits", "treatment_days") and set(counter.kinds) <= {"discipline"}


def in_cells(counter: Running) -> bool:
    """Whether a counter's totals stand in a list for each group of lines, beside those of other counters with the same groups."""
    return counter.local and counter.form != "distinct" and counter.time.name != "line"


def groups(counters: list[Running]) -> dict[tuple[str, str], list[Running]]:
    """Counters by what tells their groups apart, and by what the history has to cover for them."""
    found: dict[tuple[str, str], list[Running]] = {}
    for counter in counters:
        found.setdefault((_key(counter), covered_by(counter)), []).append(counter)
    return found


def covered_by(counter: Running) -> str:
    """The name of whether the history tells of everything in a local counter's groups."""
    return "True" if counter.time.name in ("claim", "line") else "our_near" if counter.ours else "near"


def count(counter: Running) -> str:
    """The name of what a counter has come to with the line in hand."""
    return total(counter) if total(counter).startswith("t") else f"c{counter.number}"


def _amount(counter: Running) -> str:
    if counter.form == "lines":
        return "1"
    return f"{'patients' if counter.form == 'most' else AMOUNTS[counter.counter.measure]}_"


def _feed_group(source: Source, place: int, key: str, counters: list[Running]) -> None:
    """Counters with the same groups: one look-up for all of them."""
    names = [f"c{counter.number}" for counter in counters]
    nothing = " = ".join([*names, "None"])
    alone = key[1:-1].removesuffix(", day")
    plain = key.endswith(", day)") and "," not in alone
    source.say(f"if odd{place}: {nothing}", "else:")
    source.depth += 1
    source.say("try:")
    source.depth += 1
    source.say(f"j = {alone} if single else {key}" if plain else f"j = {key}")
    source.say(f"e = e{place}.get(j)", f"if e is None: e = e{place}[j] = [{', '.join('0' for _ in counters)}]")
    for number, (counter, name) in enumerate(zip(counters, names, strict=True)):
        more = f"max(e[{number}], {_amount(counter)})" if counter.form == "most" else f"e[{number}] + {_amount(counter)}"
        if _always(counter):
            source.say(f"{name} = e[{number}] = {more}")
        else:
            source.say(f"{name} = e[{number}]", f"if f & {counter.bit}: {name} = e[{number}] = {more}")
    source.depth -= 1
    source.say("except ODD:", f"    odd{place} = True", f"    {nothing}")
    source.depth -= 1


def _feed(source: Source, counter: Running, key: str) -> None:
    if counter.form == "distinct":
        _feed_distinct(source, counter, key)
        return
    n, bit, amount = counter.number, counter.bit, _amount(counter)
    if counter.time.name == "line":
        source.say(f"c{n} = None if odd and p & {bit} else {amount} if f & {bit} else 0")
    elif total(counter).startswith("t"):
        source.say(f"if f & {bit}:")
        source.say("try:", f"    t{n} += {amount}", f"except ODD: t{n} = None", deeper=1)
    else:
        source.say("try:", f"    if f & {bit}: c{n} = h{n}[{key}] = h{n}.get({key}, 0) + {amount}", f"    else: c{n} = h{n}.get({key}, 0)")
        source.say("except ODD:", f"    c{n} = None", f"    if f & {bit}: h{n} = None")


def _always(counter: Running) -> bool:
    """Whether every line feeds it."""
    return counter.counter.of is None and counter.counter.where is None


def _feed_distinct(source: Source, counter: Running, key: str) -> None:
    n, bit = counter.number, counter.bit
    label = {"treatment_days": "day", "visits": "(day, k)"}.get(counter.counter.measure, "code")
    group, base = f"g{n}", f"n{n} + "
    source.say("try:")
    if counter.kinds or counter.local:
        source.say(f"g = g{n}.get({key})", f"if g is None: g = g{n}[{key}] = {{}}", deeper=1)
        group, base = "g", "" if counter.local else f"len({before(counter)}.get({key}, ())) + "
    source.say(f"if f & {bit}:", deeper=1)
    source.say(f"i = {label}", f"c{n} = {group}.get(i)", f"if c{n} is None: c{n} = {group}[i] = {base}len({group}) + 1", deeper=2)
    source.say(f"else: c{n} = {base}len({group})", deeper=1)
    source.say("except ODD:", f"    c{n} = None", f"    if f & {bit}: g{n} = None")


def _key(counter: Running) -> str:
    """What tells the line's group from others."""
    kinds = {"discipline": "k", "code": "code", "rendering_provider": "npi"}
    parts = [kinds[kind] for kind in counter.kinds]
    if counter.time.name == "day":
        parts.append("day")
    elif counter.time.name == "claim":
        parts.append("0")
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})" if parts else "0"
