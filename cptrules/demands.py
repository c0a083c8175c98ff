"""What each kind of rule demands of a line, one function a kind, in the order of docs/language.md (M4, M7, M8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import attrs

from . import words
from .authorizations import authorized
from .conditions import NO_ROW, interval_of, truth_of, value
from .counting import Counted, _key_value, count, found_beside, same_group, span_of, uncovered
from .dates import Span
from .fields import FIELDS
from .lines import Case, View, value_of
from .policy import (
    AllOf,
    AnyOf,
    Clause,
    Condition,
    Counter,
    Deadline,
    Forbid,
    Limit,
    Modifiers,
    OnList,
    Pairs,
    PriorAuthorization,
    Require,
    Rule,
    TimeKey,
    Timing,
    Value,
)
from .report import Repair
from .timing import supported, tagged_units
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
        return Judged(found.answer, "the minutes that count are not known", "The minutes that count are not known.")
    values = {"used": found.billed, "limit": found.stands, "remaining": max(0, found.stands - found.billed),
              "minutes": found.minutes, "supported": found.total}  # fmt: skip
    said = f"{found.minutes} timed minutes support {found.total} in all, {found.stands} of them here"
    why = f"{_units(found.billed)} billed; {said}"
    inform = f"{_units(found.unbilled)} not billed: {found.minutes} timed minutes support {found.total}" if found.unbilled else None
    over = Decimal(found.billed - found.stands)
    repair = Repair("set_units", view.index, str(found.stands)) if found.stands else Repair("remove_line", view.index)
    return Judged(
        found.answer, why, f"{why}.", values, stands={"units": Decimal(found.stands)}, excess={"units": over},
        inform=inform, repairs=(repair,),
    )  # fmt: skip


def _units(number: int) -> str:
    return f"{number} unit" if number == 1 else f"{number} units"


# ---- limit (M4) --------------------------------------------------------------------------------------------------


def _limit(rule: Rule, view: View, case: Case) -> Judged:
    """Over when the count with the line exceeds the bound."""
    demand = rule.demand
    assert isinstance(demand, Limit)
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
    why = f"{words.interval(found.interval, demand.count.measure)} of {words.interval(limit, demand.count.measure)} {noun} with this line"
    stands, excess = _part_within(demand.count, found, limit)
    return Judged(
        answer, why, f"{why}.", _values(demand.count, found, limit), stands=stands, excess=excess,
        repairs=_reduced(demand.count, stands, view), no_repair=_used_up(demand.count, rule),
    )  # fmt: skip


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
    needed, why, values = _needed(demand, view, case)
    if needed.truth is Truth.FALSE:
        return Judged(TRUE, why, values=values)
    where = _all([clause.condition for clause in demand.that])
    answer = authorized(view, case, where, demand.requested, demand.matching)
    said = {Truth.TRUE: "an authorization covers it", Truth.FALSE: "no authorization covers it"}.get(
        answer.truth, "whether an authorization covers it is not known"
    )
    sentence = f"{why}; {said}" if why else said
    return Judged(
        any_of([negate(needed), answer]), sentence, f"{sentence[:1].upper()}{sentence[1:]}.", values,
        no_repair="an authorization has to be asked for; none on file covers the line",
    )  # fmt: skip


def _all(conditions: list[Condition]) -> Condition | None:
    return AllOf(tuple(conditions)) if conditions else None


def _needed(demand: PriorAuthorization, view: View, case: Case) -> tuple[Answer, str, dict[str, object]]:
    if demand.after is None or demand.count is None:
        return TRUE, "", {}
    found = count(demand.count, view, case)
    if not found.in_window:
        return TRUE, "no window holds this date, so nothing is free", {}
    bound = value(demand.after, view, case)
    limit = interval_of(bound) if bound is not NO_ROW and bound is not None else exactly(0)
    assert limit is not None
    noun = words.counted(demand.count, found.span, view, case)
    used = words.interval(found.interval, demand.count.measure)
    why = f"{used} {noun} with this line, {words.interval(limit, demand.count.measure)} are free"
    return exceeds(found.interval, limit), why, _values(demand.count, found, limit)


# ---- modifiers ---------------------------------------------------------------------------------------------------


def _modifiers(rule: Rule, view: View, case: Case) -> Judged:
    """Each modifier needed is there, of some at most one, of others none."""
    demand = rule.demand
    assert isinstance(demand, Modifiers)
    found = value_of(_MODIFIER, view, case)
    if isinstance(found, Need):
        return Judged(unknown(found), "the modifiers are not known")
    have = found if isinstance(found, tuple) else ()
    checks = [*_missing(demand, view, case, have), *_too_many(demand, view, case, have), *_refused(demand, view, have)]
    broken = [text for answer, text, _ in checks if answer.truth is not Truth.TRUE]
    mending = [repair for answer, _, edits in checks if answer.truth is not Truth.TRUE for repair in edits]
    repairs = [*_split(rule, view, case, have), *mending]
    said = "; ".join(broken) if broken else f"it has {words.listed(have)}" if have else "none is needed"
    return Judged(
        all_of([answer for answer, _, _ in checks]), said, f"{said[:1].upper()}{said[1:]}.", {}, repairs=tuple(repairs),
        no_repair="no single edit sets it right: the modifiers on the line contradict one another",
    )  # fmt: skip


_Check = tuple[Answer, str, tuple[Repair, ...]]


def _missing(demand: Modifiers, view: View, case: Case, have: tuple[str, ...]) -> list[_Check]:
    checks: list[_Check] = []
    discipline = _key_value("discipline", view, case)
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
    discipline = _key_value("discipline", view, case)
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
    by = view.record.minutes_by
    tags = [n.modifier for n in demand.needs if n.modifier in ("CQ", "CO") and n.modifier not in have]
    if not tags or not isinstance(by, Mapping):
        return []
    units = tagged_units(view, by, case)
    if isinstance(units, Need) or not units[0] or not units[1]:
        return []
    discipline = _key_value("discipline", view, case)
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
    said = "; ".join(text for a, text in answers if a.truth is not Truth.TRUE) or "; ".join(text for _, text in answers)
    return Judged(answer, said, f"{said[:1].upper()}{said[1:]}.", no_repair=no_repair)


def _forbid(rule: Rule, view: View, case: Case) -> Judged:
    """What the scope describes must not be."""
    demand = rule.demand
    assert isinstance(demand, Forbid)
    code = view.record.code
    if demand.instead is not None:
        repair: tuple[Repair, ...] = (Repair("set_code", view.index, demand.instead),)
        said = f"{code} can't be billed so; {demand.instead} is billed instead"
    else:
        repair = (Repair("remove_line", view.index),)
        said = f"{code} can't be billed so"
    return Judged(FALSE, said, f"{said}.", repairs=repair)


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
    parts = [part for row in rows for part in _partners(rule, row, row[one], view, case)]
    unseen = _unseen(rule, rows, view, case)
    answer = negate(any_of([negate(part.answer) for part in parts] + [negate(u) for u in unseen]))
    broken = tuple(part for part in parts if part.answer.truth is Truth.FALSE)
    said = "; ".join(dict.fromkeys(part.why for part in parts)) or f"no code that {view.record.code} is part of stands beside it"
    return Judged(answer, said, parts=broken, way_out=next((part.way_out for part in parts if part.way_out), None))


def _partners(rule: Rule, row: Mapping[str, str], first: str, view: View, case: Case) -> list[Judged]:
    demand = rule.demand
    assert isinstance(demand, Pairs)
    found = []
    for other in (*case.services, *case.lines):
        if other is view or other.record.code != first or getattr(other.record, "denied", False) is True:
            continue
        present = same_group(demand.keys, view, other, _pair_span(demand, view, case), case)
        if present.truth is not Truth.FALSE:
            found.append(_pair(rule, row, other, present, view, case))
    return found


def _pair_span(demand: Pairs, view: View, case: Case) -> Span | None:
    span: Span | None = Span(None, None)
    for key in demand.keys:
        if isinstance(key, TimeKey):
            found = span_of(key, view, case)
            span = span.intersection(found) if isinstance(found, Span) and span is not None else None
    return span


def _pair(rule: Rule, row: Mapping[str, str], other: View, present: Answer, view: View, case: Case) -> Judged:
    inside = attrs.evolve(case, pair=_typed_row(row), pair_lines=(other,))
    ways = [(truth_of(c.condition, view, inside), c) for c in rule.unless]
    out = any_of([answer for answer, _ in ways])
    demand = rule.demand
    assert isinstance(demand, Pairs)
    one, two = demand.table.keys
    where = f"line {other.index}" if other.own else "another claim"
    said = f"{row[two]} is part of {row[one]} on {where} the same day"
    through = next((f"{c.text}" for answer, c in ways if answer.truth is Truth.TRUE), None)
    return Judged(
        any_of([negate(present), out]), said, f"{said}.", _typed_row(row), repairs=way_out_repairs(rule.unless, view, inside),
        no_repair="this pair has no way out: its indicator allows no modifier", way_out=through,
    )  # fmt: skip


def _typed_row(row: Mapping[str, str]) -> dict[str, object]:
    return {name: Decimal(cell) if cell.replace(".", "", 1).isdigit() and len(cell) < 5 else cell for name, cell in row.items()}


def _unseen(rule: Rule, rows: tuple[Mapping[str, str], ...], view: View, case: Case) -> list[Answer]:
    """Where the history may lack services of the scope, a partner may be there unseen, unless a way out is open anyway."""
    demand = rule.demand
    assert isinstance(demand, Pairs)
    ours = any(getattr(key, "name", "") == "billing_provider" for key in demand.keys)
    local = any(isinstance(key, TimeKey) and key.name in ("line", "claim") for key in demand.keys)
    span = _pair_span(demand, view, case)
    if local or span is None or not uncovered(Span(span.from_, span.to), case, ours):
        return []
    need = Need("history.complete_from", f"Which other services did the patient have on {view.day}?", None, None)
    answers = []
    for row in rows:
        inside = attrs.evolve(case, pair=_typed_row(row))
        out = any_of([truth_of(c.condition, view, inside) for c in rule.unless])
        answers.append(TRUE if out.truth is Truth.TRUE else unknown(need))
    return answers


# ---- ways out as repairs -----------------------------------------------------------------------------------------


def way_out_repairs(clauses: tuple[Clause, ...], view: View, case: Case) -> tuple[Repair, ...]:
    """Modifiers that would make a way out true, where nothing else is wanting; what each attests."""
    found: list[Repair] = []
    for clause in clauses:
        for wanted in _modifier_lists(clause.condition):
            rest = [part for part in _parts(clause.condition) if part is not wanted]
            if all(truth_of(part, view, case).truth is Truth.TRUE for part in rest):
                modifier = next(iter(wanted.members.listed()), None)
                if modifier is not None:
                    found.append(Repair("add_modifier", view.index, modifier, clause.attesting or clause.text))
    return tuple(found)


def _parts(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, AllOf) else (condition,)


def _modifier_lists(condition: Condition) -> list[OnList]:
    parts = condition.parts if isinstance(condition, AllOf | AnyOf) else (condition,)
    return [p for p in parts if isinstance(p, OnList) and p.field.name == "modifier" and not p.negated]


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
}
