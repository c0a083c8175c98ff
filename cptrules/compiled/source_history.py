"""The part of the code that passes over the history: once for all running totals, whatever their number."""

from __future__ import annotations

from typing import Final

from ..policy import TimeKey
from ..vocabulary import DISCIPLINES
from . import runtime
from .counters import AMOUNTS, Running
from .source import Source, total


def past(source: Source) -> None:
    """What every counter has counted before the claim; None where the history does not tell."""
    counters, windows = source.counters(local=False), source.windows()
    source.say("past, since, ours, balances = True, None, False, None")
    source.say("if earlier is not None:")
    source.depth = 2
    source.say("since, until = earlier.complete_from, earlier.complete_to")
    source.say("if services is UNKNOWN or since.__class__ is not date or (until.__class__ is date and until < last): since = None")
    source.say("ours = earlier.complete_for == 'billing_provider'", "if earlier.balances: balances = history.balances")
    source.depth = 1
    for number, time in enumerate(windows):
        source.say(f"w{number} = {began(source, time, 'first')}")
    cells = _in_cells(source)
    source.say(*(_cells(counters) if cells else _empty(counters)))
    source.say("if services:")
    source.depth = 2
    if windows:
        starts = [f"w{number} or first" for number in range(len(windows))]
        source.say(f"begin = {starts[0] if len(starts) == 1 else 'min(' + ', '.join(starts) + ')'}")
    source.say("cid = given.id", "try:")
    source.depth = 3
    _pass_over(source, cells)
    source.depth = 2
    source.say("except ODD: past = False")
    source.depth = 1
    # A balance may come to more than the services listed, of which some are then missing: the reference reckons with that (N47).
    source.say("our_near = past and not balances and since is not None and since <= first", "near = our_near and not ours")
    source.say(*(_from_cells(counters) if cells else _counted(counters)))
    for number, time in enumerate(windows):
        _covered(source, f"w{number}", [counter for counter in counters if counter.time == time])


def began(source: Source, time: TimeKey, day: str) -> str:
    """The first day of the window that holds a day; None where it is not known."""
    if time.name == "calendar_year":
        return f"new_years[{day}.year]"
    return f"{source.bind(runtime.Began(time))}(claim, {day})"


def before(counter: Running) -> str:
    """The name of what a counter had counted before the claim: a number, or by kind the numbers or the sets of labels."""
    if counter.form != "distinct":
        return total(counter)
    return f"s{counter.number}" if counter.kinds else f"n{counter.number}"


def _pass_over(source: Source, cells: bool) -> None:
    counters, windows = source.counters(local=False), source.windows()
    if cells:
        measures = [one for one in _amounts(counters) if one not in ("days", "lines")]
        values = "".join(f", {_VALUE}{measure}" for measure in measures)
        columns = "".join(f", services.{one}" if one == "allowed" else f", services.column({source.bind(one)})" for one in measures)
        apart = "services.latest < first and cid.__class__ is str and cid not in services.claims"
        source.say(f"if services.__class__ is Columns and services.plain and {apart}:")
        source.depth += 1
        used = _used_in_year(counters, windows)
        if used:
            source.say("rows = ()", f"if services.year is None: rows = zip(services.days, services.disciplines{columns})")
            source.say(f"elif services.latest >= begin: {used} = services.year")
        else:
            source.say(f"rows = zip(services.days, services.disciplines{columns})")
        source.depth -= 1
        source.say(f"else: rows = taken(history, services, claim, {source.bind(tuple(measures))}, begin, first, last, served)")
        sets = _named(counters, "days")
        source.say("if rows:", *(f"    {name} = set()" for name in sets))
        source.depth += 1
        source.say(f"for d, k{values} in rows:")
        source.depth += 1
        source.say("if d >= begin:")
        source.depth += 1
        _feed_cells(source, counters)
        source.depth -= 3
        return
    if not counters:
        source.say("apart(history, services, claim, first, last)")
        return
    source.say("cid = given.id or nobody", "for s in history.services:")
    source.depth += 1
    source.say("d = s.date_of_service", "if d < first:")
    source.depth += 1
    source.say("if d < begin or s.claim == cid or s.denied is True: continue", "f, k = served(s, claim, history)")
    for counter in counters:
        _feed(source, counter, windows)
    source.depth -= 1
    source.say("elif d <= last and s.claim != cid: raise Odd")
    source.depth -= 1


_VALUE: Final = "v_"


def _amounts(counters: list[Running]) -> list[str]:
    return list(dict.fromkeys(one for discipline in DISCIPLINES for one in _measures(counters, discipline)))


# ---- by discipline: counters that ask for nothing else ---------------------------------------------------------------


def _in_cells(source: Source) -> bool:
    """Whether all counters hang on the services' disciplines alone, in one window: then one sum and one set of days a discipline do."""
    counters = source.counters(local=False)
    by_more = any(counter.by_code or "code" in counter.kinds or counter.counter.of is None for counter in counters)
    return bool(counters) and not by_more and len(source.windows()) == 1


def _measures(counters: list[Running], discipline: str) -> list[str]:
    """What is summed of a discipline's services: amounts, `lines`, or `days` as a set."""
    fed = [counter for counter in counters if discipline in _fed_by(counter)]
    found = ["days" if c.form == "distinct" else "lines" if c.form == "lines" else AMOUNTS[c.counter.measure] for c in fed]
    return list(dict.fromkeys(found))


def _fed_by(counter: Running) -> list[str]:
    from .shapes import by_discipline

    return [name for name, (feeds, _) in by_discipline((counter,)).items() if feeds]


def _named(counters: list[Running], *kinds: str) -> list[str]:
    """The names of the cells that hold some measures, of every discipline."""
    return [f"x{place}_{one}" for place, discipline in enumerate(DISCIPLINES) for one in _measures(counters, discipline) if one in kinds]


def _cells(counters: list[Running]) -> list[str]:
    """Cells of nothing."""
    amounts = [one for one in _amounts(counters) if one != "days"]
    found = [(_named(counters, "days"), "nothing"), (_named(counters, *amounts), "0")]
    return [f"{' = '.join(names)} = {value}" for names, value in found if names]


def _used_in_year(counters: list[Running], windows: list[TimeKey]) -> str:
    """The cells as the columns know them of the year, where they know all that is counted."""
    if [time.name for time in windows] != ["calendar_year"] or not set(_amounts(counters)) <= {"days", "allowed"}:
        return ""
    return ", ".join(f"(x{place}_days, x{place}_allowed)" for place in range(len(DISCIPLINES)))


def _feed_cells(source: Source, counters: list[Running]) -> None:
    word = "if"
    for place, discipline in enumerate(DISCIPLINES):
        steps = [
            f"x{place}_days.add(d)" if measure == "days" else f"x{place}_{measure} += {'1' if measure == 'lines' else _VALUE + measure}"
            for measure in _measures(counters, discipline)
        ]
        if steps:
            source.say(f"{word} k == {source.bind(discipline)}:")
            source.say(*steps, deeper=1)
            word = "elif"
    source.say(f"{word} k is UNSURE: raise Odd")


def _from_cells(counters: list[Running]) -> list[str]:
    found = []
    for counter in counters:
        places = [place for place, discipline in enumerate(DISCIPLINES) if discipline in _fed_by(counter)]
        found.append(f"{before(counter)} = {_cell_total(counter, places)}")
    return found


def _cell_total(counter: Running, places: list[int]) -> str:
    measure = "days" if counter.form == "distinct" else "lines" if counter.form == "lines" else AMOUNTS[counter.counter.measure]
    names = [f"x{place}_{measure}" for place in places]
    if counter.kinds:
        return "{" + ", ".join(f"DISCIPLINES[{place}]: {name}" for place, name in zip(places, names, strict=True)) + "}"
    if counter.form != "distinct":
        return " + ".join(names) or "0"
    apart = " + ".join(f"len({name})" for name in names) or "0"
    if counter.counter.measure == "visits" or len(names) < 2:
        return apart
    alone = " or ".join(f"not ({' or '.join(other for other in names if other != name)})" for name in names)
    return f"{apart} if {alone} else len({' | '.join(names)})"  # days of one discipline alone need not be put together


# ---- one by one ------------------------------------------------------------------------------------------------------


def _empty(counters: list[Running]) -> list[str]:
    return [f"{_gathered(counter)} = {'{}' if counter.kinds else 'set()' if counter.form == 'distinct' else '0'}" for counter in counters]


def _gathered(counter: Running) -> str:
    return f"s{counter.number}" if counter.form == "distinct" else total(counter)


def _feed(source: Source, counter: Running, windows: list[TimeKey]) -> None:
    name, key = _gathered(counter), _kind(counter)
    inside = "" if len(windows) == 1 else f" and d >= (w{windows.index(counter.time)} or first)"
    source.say(f"if f & {counter.bit}{inside}:")
    if counter.form == "distinct":
        label = "d" if counter.counter.measure == "treatment_days" else "(d, k)"
        source.say(f"{name}.setdefault({key}, set()).add({label})" if counter.kinds else f"{name}.add({label})", deeper=1)
    else:
        amount = "1" if counter.form == "lines" else f"s.{AMOUNTS[counter.counter.measure]}"
        source.say(f"{name}[{key}] = {name}.get({key}, 0) + {amount}" if counter.kinds else f"{name} += {amount}", deeper=1)


def _kind(counter: Running) -> str:
    parts = ["k" if kind == "discipline" else "s.code" for kind in counter.kinds]
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _counted(counters: list[Running]) -> list[str]:
    return [f"n{one.number} = len(s{one.number})" for one in counters if one.form == "distinct" and not one.kinds]


# ---- what the history covers -----------------------------------------------------------------------------------------


def _covered(source: Source, window: str, counters: list[Running]) -> None:
    """Give totals up where the history does not cover their window; take balances in."""
    source.say("if balances:")
    for counter in counters:
        name = before(counter)
        given = f"with_balances({source.bind(counter)}, {name}, balances, services, claim, first, last)"
        source.say(f"{name} = {given} if past else None", deeper=1)
    source.say("else:", f"    sure = past and {window} is not None and since is not None and since <= {window}")
    for ours, test in ((False, "ours or not sure"), (True, "not sure")):
        names = [before(counter) for counter in counters if counter.ours is ours]
        if names:
            source.say(f"if {test}: {' = '.join(names)} = None", deeper=1)
