"""What each kind of rule demands of a line, one function a kind, in the order of docs/language.md (M4, M7, M8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import attrs

from . import words
from .authorizations import authorized, why_none
from .conditions import NO_ROW, interval_of, truth_of, value
from .counting import Counted, count, found_beside, key_value, same_group, uncovered, window_of
from .dates import Span
from .documents import held, similarity, visit
from .fields import FIELDS
from .lines import Case, View, minutes_by, value_of
from .payments import step_of
from .policy import (
    AllOf,
    AnyOf,
    Clause,
    Comparison,
    Condition,
    Constant,
    Counter,
    Deadline,
    Documentation,
    FieldValue,
    Forbid,
    Limit,
    Modifiers,
    OnList,
    Pairs,
    Payment,
    PriorAuthorization,
    Require,
    Rule,
    Term,
    TimeKey,
    Timing,
    Value,
)
from .report import Repair
from .tables import Table
from .timing import Supported, supported, tagged_units
from .truth import FALSE, TRUE, Answer, Need, Truth, all_of, any_of, exactly, exceeds, negate, unknown
from .vocabulary import DISCIPLINE_MODIFIER, MODIFIER_DISCIPLINE


@attrs.frozen
class Judged:
    """What a demand came to: whether it holds, in which words, with which values; what stands; what might mend it."""

    answer: Answer
    why: str = ""
    message: str = ""
    values: Mapping[str, object] = attrs.field(factory=dict)
    not_applicable: str | None = None
    stands: Mapping[str, Decimal] | None = None
    excess: Mapping[str, Decimal] | None = None
    inform: str | None = None
    repairs: tuple[Repair, ...] = ()
    no_repair: str = ""
    parts: tuple[Judged, ...] = ()
    way_out: str | None = None


def judged(rule: Rule, view: View, case: Case) -> Judged:
    """Judge a rule's demand for a line that is in its scope."""
    return _BY_KIND[type(rule.demand)](rule, view, case)


# ---- timing (M8) -------------------------------------------------------------------------------------------------


def _timing(rule: Rule, view: View, case: Case) -> Judged:
    """Billed above supported is broken; below, the rule is met with an inform (M8.3)."""
    found = supported(rule, view, case)
    if found.stands is None:
        told = "whether the minutes support the units billed is not known"
        return Judged(found.answer, told, f"{told[:1].upper()}{told[1:]}.")
    values = {"used": found.billed, "limit": found.stands, "remaining": max(0, found.stands - found.billed),
              "minutes": found.minutes, "supported": found.total}  # fmt: skip
    why = f"{_units(found.billed)} billed; {_support(found)}"
    minutes = f"{found.minutes} minutes of {found.of}" if found.of else f"{found.minutes} timed minutes"
    inform = f"{_units(found.unbilled)} not billed: {minutes} support {found.total}" if found.unbilled else None
    over = Decimal(found.billed - found.stands)
    repair = Repair("set_units", view.index, str(found.stands)) if found.stands else Repair("remove_line", view.index)
    return Judged(
        found.answer, why, f"{why}.", values, stands={"units": Decimal(found.stands)}, excess={"units": over},
        inform=inform, repairs=(repair,),
    )  # fmt: skip


def _support(found: Supported) -> str:
    if found.untimed:
        return f"{found.of} is untimed, one unit a day, {found.stands} of it here"
    minutes = f"{found.minutes} minutes of {found.of}" if found.of else f"{found.minutes} timed minutes"
    return f"{minutes} support {found.total} in all, {found.stands} of them here"


def _units(number: int) -> str:
    return f"{number} unit" if number == 1 else f"{number} units"


# ---- limit (M4) --------------------------------------------------------------------------------------------------


def _limit(rule: Rule, view: View, case: Case) -> Judged:
    """Over when the count with the line exceeds the bound."""
    demand = rule.demand
    assert isinstance(demand, Limit)
    ranks = ranks_of(demand, case)
    if isinstance(ranks, Need):
        return Judged(unknown(ranks), f"which lines stand hangs on {ranks.field}, which is not known")
    case = attrs.evolve(case, ranks=ranks)
    found = count(demand.count, view, case)
    if not found.in_window:
        return Judged(TRUE, not_applicable="no window holds this date")
    bound = value(demand.at_most, view, case)
    if bound is NO_ROW or bound is None:
        return Judged(TRUE, not_applicable=_no_bound(demand.at_most, view))
    limit = interval_of(bound)
    assert limit is not None
    answer = negate(exceeds(found.interval, limit))
    noun = words.counted(demand.count, found.span, view, case)
    why = _over(words.interval(found.interval, demand.count.measure), words.interval(limit, demand.count.measure), noun, found.interval.low > 1)
    stands, excess = _part_within(demand.count, found, limit)
    return Judged(
        answer, why, f"{why}.", _values(demand.count, found, limit), stands=stands, excess=excess,
        repairs=_reduced(demand.count, stands, view), no_repair=_used_up(demand.count, rule),
    )  # fmt: skip


def _over(used: str, limit: str, noun: str, several: bool) -> str:
    """`31 of 30 visits` says it; `2 of 1 lines` does not."""
    return f"{used} {noun} with this line, the limit is 1" if limit == "1" and several else f"{used} of {limit} {noun} with this line"


def ranks_of(demand: Limit, case: Case) -> dict[int, int] | None | Need:
    """The order in which the claim's lines stand: by a table's value of one unit, claim order breaking ties (M4)."""
    table = demand.keep_table
    if table is None:
        return None
    worth: list[tuple[Decimal, date, int]] = []
    for line in case.lines:
        row = table.row((line.record.code,), line.day or date.max)
        text = row[table.values[0]] if row is not None else table.missing
        if text in (None, ""):
            name = f"{table.values[0]} {line.record.code}"
            return Need(name, f"What is the {table.values[0]} of {line.record.code}?", None, None)
        amount = Decimal(0) if text == "none" else Decimal(str(text).replace(",", ""))
        worth.append((-amount if demand.keep == "highest" else amount, line.day or date.max, line.index))
    return {index: rank for rank, (_, _, index) in enumerate(sorted(worth))}


def _no_bound(bound: Value, view: View) -> str:
    table = getattr(bound, "table", None)
    return f"no row for {view.record.code} in {table.name}" if table is not None else "no bound is known to be set"


def _values(counter: Counter, found: Counted, limit: Any) -> dict[str, object]:
    measure = counter.measure
    left = max(0, limit.low - found.interval.low)
    return {
        "used": words.interval(found.interval, measure),
        "limit": words.interval(limit, measure),
        "remaining": words.amount(left, measure),
    }


def _part_within(counter: Counter, found: Counted, limit: Any) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """The part of the line that the bound leaves standing, and the excess, in the measure counted, unrounded (M3.4)."""
    own = Decimal(found.own.low)
    stands = min(own, max(Decimal(0), Decimal(limit.low) - Decimal(found.before.low)))
    return {counter.noun: stands}, {counter.noun: own - stands}


def _reduced(counter: Counter, stands: Mapping[str, Decimal], view: View) -> tuple[Repair, ...]:
    if counter.measure == "units":
        units = int(stands["units"])
        return (Repair("set_units", view.index, str(units)),) if units else (Repair("remove_line", view.index),)
    if counter.measure == "lines":
        return (Repair("remove_line", view.index),)
    return ()


def _used_up(counter: Counter, rule: Rule) -> str:
    if any(isinstance(c.condition, OnList) and c.attesting for c in rule.unless):
        return "no way out of the rule clears it here"
    return "the limit is used up; no edit of the claim changes what was used"


# ---- prior authorization (M7) ------------------------------------------------------------------------------------


def _prior(rule: Rule, view: View, case: Case) -> Judged:
    """Needed after so many (none: from the first); outside every window nothing is free (M4)."""
    demand = rule.demand
    assert isinstance(demand, PriorAuthorization)
    needed = _needed(demand, view, case)
    why, values = needed.why, needed.values
    if needed.answer.truth is Truth.FALSE or needed.not_applicable is not None:
        return attrs.evolve(needed, answer=TRUE)
    where = _all([clause.condition for clause in demand.that])
    answer = authorized(view, case, where, demand.requested, demand.matching)
    said = {Truth.TRUE: "an authorization covers it", Truth.FALSE: "no authorization covers it"}.get(
        answer.truth, "whether an authorization covers it is not known"
    )
    whys = why_none(view, case, where, demand.requested, demand.matching) if answer.truth is Truth.FALSE else ""
    said = f"{said}: {whys}" if whys else said
    sentence = f"{why}; {said}" if why else said
    return Judged(
        any_of([negate(needed.answer), answer]), sentence, f"{sentence[:1].upper()}{sentence[1:]}.", values,
        stands=needed.stands, excess=needed.excess, no_repair="an authorization has to be asked for; none on file covers the line",
    )  # fmt: skip


def _all(conditions: list[Condition]) -> Condition | None:
    return AllOf(tuple(conditions)) if conditions else None


def _needed(demand: PriorAuthorization, view: View, case: Case) -> Judged:
    """Whether the line needs an authorization at all, and which part of it is free anyway (`straddling`, M4)."""
    if demand.after is None or demand.count is None:
        return Judged(TRUE)
    found = count(demand.count, view, case)
    if not found.in_window:
        return Judged(TRUE, "no window holds this date, so nothing is free")
    bound = value(demand.after, view, case)
    if bound is NO_ROW:
        return Judged(TRUE, not_applicable=_no_bound(demand.after, view))
    limit = interval_of(bound) if bound is not None else exactly(0)
    assert limit is not None
    noun = words.counted(demand.count, found.span, view, case)
    used = words.interval(found.interval, demand.count.measure)
    why = f"{used} {noun} with this line, {words.interval(limit, demand.count.measure)} are free"
    stands, excess = _part_within(demand.count, found, limit)
    values = _values(demand.count, found, limit)
    return Judged(exceeds(found.interval, limit), why, values=values, stands=stands, excess=excess)


# ---- modifiers ---------------------------------------------------------------------------------------------------


def _modifiers(rule: Rule, view: View, case: Case) -> Judged:
    """Each modifier needed is there, of some at most one, of others none."""
    demand = rule.demand
    assert isinstance(demand, Modifiers)
    found = value_of(_MODIFIER, view, case)
    if isinstance(found, Need):
        return _unknown_modifiers(demand, view, case, found)
    have = found if isinstance(found, tuple) else ()
    checks = [*_missing(demand, view, case, have), *_too_many(demand, view, case, have), *_refused(demand, view, have)]
    broken = [text for answer, text, _ in checks if answer.truth is not Truth.TRUE]
    mending = [repair for answer, _, edits in checks if answer.truth is not Truth.TRUE for repair in edits]
    split = _split(rule, view, case, have)
    # Where only some units are the assistant's, the modifier on all of them would be as wrong as on none.
    repairs = [*split, *(one for one in mending if not (split and one.value in ("CQ", "CO")))]
    said = "; ".join(broken) if broken else f"it has {words.listed(have)}" if have else "none is needed"
    return Judged(
        all_of([answer for answer, _, _ in checks]), said, f"{said[:1].upper()}{said[1:]}.", {}, repairs=tuple(repairs),
        no_repair="no single edit sets it right: the modifiers on the line contradict one another",
    )  # fmt: skip


def _unknown_modifiers(demand: Modifiers, view: View, case: Case, need: Need) -> Judged:
    """Where nothing is due for the line's discipline and nothing refused, it does not matter which there are."""
    discipline = key_value("discipline", view, case)
    due = [TRUE if one.discipline is None else _is(discipline, one.discipline) for one in demand.needs]
    others = demand.one_of or demand.all_of or demand.at_most_one_of or demand.refuse
    asked = any_of([*due, TRUE if others else FALSE])
    if asked.truth is Truth.FALSE:
        return Judged(TRUE, "none is needed")
    return Judged(unknown(need, *asked.needs), "the modifiers are not known")


_Check = tuple[Answer, str, tuple[Repair, ...]]


def _missing(demand: Modifiers, view: View, case: Case, have: tuple[str, ...]) -> list[_Check]:
    checks: list[_Check] = []
    discipline = key_value("discipline", view, case)
    for need in demand.needs:
        due = TRUE if need.discipline is None else _is(discipline, need.discipline)
        add: tuple[Repair, ...] = (Repair("add_modifier", view.index, need.modifier, need.attesting),)
        answer = any_of([negate(due), TRUE if need.modifier in have else FALSE])
        kind = f" for {need.discipline}" if need.discipline else ""
        carries = f"; it has {words.listed(have)}" if have else "; it has none"
        checks.append((answer, f"the line needs {need.modifier}{kind}{carries}", add))
    for group in demand.one_of:
        add = tuple(Repair("add_modifier", view.index, m) for m in _fitting(group, discipline))
        checks.append((TRUE if set(group) & set(have) else FALSE, f"the line needs one of {words.listed(group, 'or')}", add))
    for group in demand.all_of:
        lacking = [m for m in group if m not in have]
        add = tuple(Repair("add_modifier", view.index, m) for m in lacking)
        checks.append((FALSE if lacking else TRUE, f"the line needs {words.listed(lacking)} too", add))
    return checks


def _is(found: Any, wanted: str) -> Answer:
    if isinstance(found, Need):
        return unknown(found)
    return TRUE if found == wanted else FALSE


def _fitting(group: tuple[str, ...], discipline: object) -> list[str]:
    """Of GP, GO and GN only the discipline's own can be right."""
    own = DISCIPLINE_MODIFIER.get(discipline) if isinstance(discipline, str) else None
    return [m for m in group if m not in MODIFIER_DISCIPLINE or m == own]


def _too_many(demand: Modifiers, view: View, case: Case, have: tuple[str, ...]) -> list[_Check]:
    checks: list[_Check] = []
    discipline = key_value("discipline", view, case)
    for group in demand.at_most_one_of:
        present = [m for m in have if m in group]
        keep = _fitting(tuple(present), discipline)
        remove = tuple(Repair("remove_modifier", view.index, m) for m in present if m not in keep) if len(keep) == 1 else ()
        text = f"the line has {words.listed(present)}; at most one of {words.listed(group, 'or')} may stand"
        checks.append((FALSE if len(present) > 1 else TRUE, text, remove))
    return checks


def _refused(demand: Modifiers, view: View, have: tuple[str, ...]) -> list[_Check]:
    present = [m for m in demand.refuse if m in have]
    text = f"{words.listed(present)} may not stand on this line"
    return [(FALSE if present else TRUE, text, tuple(Repair("remove_modifier", view.index, m) for m in present))]


def _split(rule: Rule, view: View, case: Case, have: tuple[str, ...]) -> list[Repair]:
    """A line of which only some units are the assistant's is split (facts: one unit with the modifier, one without)."""
    demand = rule.demand
    assert isinstance(demand, Modifiers)
    by = minutes_by(view, case)
    tags = [n.modifier for n in demand.needs if n.modifier in ("CQ", "CO") and n.modifier not in have]
    if not tags or not isinstance(by, Mapping):
        return []
    units = tagged_units(view, by, case)
    if isinstance(units, Need) or not units[0] or not units[1]:
        return []
    discipline = key_value("discipline", view, case)
    tag = "CO" if discipline == "OT" else "CQ"
    return [Repair("split_line", view.index, f"{_units(units[0])} without and {_units(units[1])} with {tag}")] if tag in tags else []


# ---- require, forbid, deadline -----------------------------------------------------------------------------------


def _require(rule: Rule, view: View, case: Case) -> Judged:
    """Every condition holds, and every service that must stand beside the line does."""
    demand = rule.demand
    assert isinstance(demand, Require)
    answers = [(truth_of(c.condition, view, case), _said(c, view, case)) for c in demand.that]
    answers += [(found_beside(b.of, b.keys, view, case), f"{view.record.code} needs {b.of.text} beside it") for b in demand.beside]
    return _held(answers, "the record or the claim has to change first; no edit of the line does it")


def _deadline(rule: Rule, view: View, case: Case) -> Judged:
    """Every condition holds."""
    demand = rule.demand
    assert isinstance(demand, Deadline)
    answers = [(truth_of(c.condition, view, case), _said(c, view, case)) for c in demand.that]
    return _held(answers, "a date that has passed cannot be mended on the claim")


def _said(clause: Clause, view: View, case: Case) -> str:
    wanted = clause.text.removeprefix("that ").replace("_", " ")
    seen = words.because(clause.condition, view, case)
    return f"required: {wanted}" + (f" ({seen})" if seen else "")


def _held(answers: list[tuple[Answer, str]], no_repair: str) -> Judged:
    answer = all_of([a for a, _ in answers])
    said = "; ".join(text for a, text in answers if a.truth is answer.truth)  # of several the broken ones, else those not known
    return Judged(answer, said, f"{said[:1].upper()}{said[1:]}.", no_repair=no_repair)


def _forbid(rule: Rule, view: View, case: Case) -> Judged:
    """What the scope describes must not be."""
    demand = rule.demand
    assert isinstance(demand, Forbid)
    code = view.record.code
    seen = words.listed(dict.fromkeys(told for clause in rule.when if (told := words.because(clause.condition, view, case))))
    said = f"{code} can't be billed" + (f" where {seen}" if seen else "")
    if demand.instead is not None:
        repair: tuple[Repair, ...] = (Repair("set_code", view.index, demand.instead),)
        said += f"; {demand.instead} is billed instead"
    else:
        repair = (Repair("remove_line", view.index),)
    return Judged(FALSE, said, f"{said}.", repairs=repair)


# ---- documentation -----------------------------------------------------------------------------------------------


def _documentation(rule: Rule, view: View, case: Case) -> Judged:
    """The record holds what is needed, and every condition on it is true."""
    demand = rule.demand
    assert isinstance(demand, Documentation)
    of = rule.on[0] if rule.on else None
    found = [held(need, of, view, case) for need in demand.needs]
    answers = [(one.answer, one.text) for one in found]
    for group in demand.one_of:
        several = [held(need, of, view, case) for need in group]
        told = f"one of {words.listed((need.element.replace('_', ' ') for need in group), 'or')} is needed"
        answers.append((any_of([one.answer for one in several]), told))
    answers += [(truth_of(c.condition, view, case), _alike(c, view, case) or _said(c, view, case)) for c in demand.that]
    judged_ = _held(answers, "the record has to be completed; no edit of the claim does that")
    shown = _passages(demand, view, case)
    passages = "".join(f' {name}: "{text}".' for name, text in shown.items() if name != "similarity")
    return attrs.evolve(judged_, values=shown, message=f"{judged_.message}{passages[:1]}{passages[1:2].upper()}{passages[2:]}")


def _alike(clause: Clause, view: View, case: Case) -> str | None:
    """How like an earlier note the visit's note is, where a condition asks about that and it is known."""
    found = similarity(visit(view, case), view, case) if _about_likeness(clause) else None
    if found is None or found.day is None or not isinstance(found.share, Decimal):
        return None
    return f"the note of {view.day} has {words.amount(found.share)}% of its words in common with that of {found.day}; the rule: {clause.text}"


def _about_likeness(clause: Clause) -> bool:
    return any(field.name == "note.similarity_to_previous" for field in words.fields_of(clause.condition))


def _passages(demand: Documentation, view: View, case: Case) -> dict[str, object]:
    """Where a note is held against earlier ones: how like the likest is, and the longest passage of each."""
    if not any(map(_about_likeness, demand.that)):
        return {}
    found = similarity(visit(view, case), view, case)
    if found.day is None:
        return {}
    share = found.share if isinstance(found.share, Decimal) else getattr(found.share, "low", Decimal(0))
    return {"similarity": f"{words.amount(share)}%", f"note of {view.day}": found.here, f"note of {found.day}": found.there}


# ---- payment -----------------------------------------------------------------------------------------------------


def _payment(rule: Rule, view: View, case: Case) -> Judged:
    """A payment judges nothing: it is met where its part of what the line pays is known, else it says what is missing."""
    step = step_of(rule, view, case)
    if step is None:
        return Judged(TRUE, "the whole fee is paid")
    values: dict[str, object] = {"pays": words.interval(step.amount, "paid")}
    answer = TRUE if step.amount.low == step.amount.high else unknown(*step.amount.needs)
    return Judged(answer, step.text, values=values)


# ---- pairs -------------------------------------------------------------------------------------------------------


def _pairs(rule: Rule, view: View, case: Case) -> Judged:
    """The second column's line is denied where the first column's code stands in the same scope, unless a way out is true."""
    demand = rule.demand
    assert isinstance(demand, Pairs)
    one, two = demand.table.keys
    rows = demand.table.select(two, view.record.code, view.day) if view.day is not None else ()
    rows = tuple(row for row in rows if row[one] != row[two])
    if not rows:
        return Judged(TRUE, not_applicable=f"no pair in force names {view.record.code} second")
    span, need = window_of(Counter("lines", None, None, demand.keys), view, case)
    if span is None and need is None:
        return Judged(TRUE, not_applicable="no window holds this date")
    scope = span or Span(None, None), TRUE if need is None else unknown(need)
    parts = [part for row in rows for part in _partners(rule, row, row[one], scope, view, case)]
    unseen = _unseen(rule, rows, scope[0], view, case)
    answer = negate(any_of([negate(part.answer) for part in parts] + [negate(u) for u in unseen]))
    broken = tuple(part for part in parts if part.answer.truth is Truth.FALSE)
    said = "; ".join(dict.fromkeys(part.why for part in parts)) or f"no code that {view.record.code} is part of stands beside it"
    return Judged(answer, said, parts=broken, way_out=next((part.way_out for part in parts if part.way_out), None))


def _partners(rule: Rule, row: Mapping[str, str], first: str, scope: tuple[Span, Answer], view: View, case: Case) -> list[Judged]:
    """The services of the first column's code in the line's scope; a denied one is none."""
    demand = rule.demand
    assert isinstance(demand, Pairs)
    span, known = scope
    found = []
    for other in (*case.services, *case.lines):
        if other is view or other.record.code != first or getattr(other.record, "denied", False) is True:
            continue
        present = all_of([known, same_group(demand.keys, view, other, span, case)])
        if present.truth is not Truth.FALSE:
            found.append(_pair(rule, row, other, present, view, case))
    return found


def _pair(rule: Rule, row: Mapping[str, str], other: View, present: Answer, view: View, case: Case) -> Judged:
    demand = rule.demand
    assert isinstance(demand, Pairs)
    inside = attrs.evolve(case, pair=typed_row(demand.table, row), pair_lines=(other,))
    ways = [(truth_of(c.condition, view, inside), c) for c in rule.unless]
    out = any_of([answer for answer, _ in ways])
    one, two = demand.table.keys
    where = f"line {other.index}" if other.own else "another claim"
    said = f"{row[two]} is part of {row[one]} on {where}"
    through = next((f"{c.text}" for answer, c in ways if answer.truth is Truth.TRUE), None)
    repairs = way_out_repairs(rule.unless, view, inside)
    shut = "" if repairs else "this pair has no way out: its indicator allows no modifier"
    return Judged(
        any_of([negate(present), out]), said, f"{said}.", typed_row(demand.table, row), repairs=repairs, no_repair=shut, way_out=through,
    )  # fmt: skip


def typed_row(table: Table, row: Mapping[str, str]) -> dict[str, object]:
    """The row's columns as fields: numbers where the whole column is, nothing where the cell is empty."""
    numbers = _number_columns(table)
    return {name: (Decimal(cell) if name in numbers else cell) if cell else None for name, cell in row.items()}


@lru_cache(maxsize=64)
def _number_columns(table: Table) -> frozenset[str]:
    cells = {name: [row.get(name, "") for row in table.sample()] for name in table.values}
    return frozenset(name for name, found in cells.items() if all(re.fullmatch(r"[0-9]*(\.[0-9]+)?", cell) for cell in found))


def _unseen(rule: Rule, rows: tuple[Mapping[str, str], ...], span: Span, view: View, case: Case) -> list[Answer]:
    """Where the history may lack services of the scope, a partner may be there unseen, unless a way out is open anyway."""
    demand = rule.demand
    assert isinstance(demand, Pairs)
    ours = any(getattr(key, "name", "") == "billing_provider" for key in demand.keys)
    local = any(isinstance(key, TimeKey) and key.name in ("line", "claim") for key in demand.keys)
    if local or not uncovered(span, case, ours):
        return []
    need = Need("history.complete_from", f"Which other services did the patient have on {view.day}?", None, None)
    answers = []
    for row in rows:
        inside = attrs.evolve(case, pair=typed_row(demand.table, row))
        out = any_of([truth_of(c.condition, view, inside) for c in rule.unless])
        answers.append(TRUE if out.truth is Truth.TRUE else unknown(need))
    return answers


# ---- ways out as repairs -----------------------------------------------------------------------------------------


def way_out_repairs(clauses: tuple[Clause, ...], view: View, case: Case) -> tuple[Repair, ...]:
    """Modifiers that would make a way out true, where nothing else is wanting; what each attests."""
    return tuple(
        Repair("add_modifier", view.index, modifier, clause.attesting or clause.text)
        for clause in clauses
        for modifier in _opening(clause.condition, view, case)
    )


def _opening(condition: Condition, view: View, case: Case) -> list[str]:
    """Modifiers each of which would make a condition true: of a list the first."""
    match condition:
        case Term(condition=inner):
            return _opening(inner, view, case)
        case AnyOf(parts=parts):
            return [modifier for part in parts for modifier in _opening(part, view, case)]
        case AllOf(parts=parts):
            wanting = [part for part in parts if truth_of(part, view, case).truth is not Truth.TRUE]
            return _opening(wanting[0], view, case) if len(wanting) == 1 else []
        case OnList(field=field, members=members, negated=False) if field.name == "modifier":
            return list(members.listed()[:1])
        case Comparison(left=FieldValue(field=field), sign="=", right=Constant(value=value_)) if field.name == "modifier":
            return [str(value_)]
        case _:
            return []


_MODIFIER: Final = FIELDS["modifier"]
_BY_KIND: Final[dict[type, Callable[[Rule, View, Case], Judged]]] = {
    Timing: _timing,
    Limit: _limit,
    PriorAuthorization: _prior,
    Modifiers: _modifiers,
    Require: _require,
    Forbid: _forbid,
    Pairs: _pairs,
    Deadline: _deadline,
    Documentation: _documentation,
    Payment: _payment,
}
