"""A case aimed at one rule: a line that the rule is about, its demand met at the limit or missed by one, its exceptions tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from ..dates import Span
from ..fields import FIELDS
from ..policy import (
    AllOf,
    AmountEntry,
    Clause,
    Comparison,
    Condition,
    Constant,
    Deadline,
    Documentation,
    FieldValue,
    Forbid,
    HasEvent,
    HasField,
    Limit,
    Modifiers,
    NeededElement,
    Opening,
    Pairs,
    Payment,
    Policy,
    PriorAuthorization,
    Require,
    Rule,
    TimeKey,
    Timing,
    Window,
)
from ..reach import looked_at
from ..tables import Row
from ..units import total_units
from ..vocabulary import MODIFIER_DISCIPLINE, NOTE_KINDS
from ..words import MONEY_MEASURES
from . import aims, counts
from .at_large import MINUTES
from .drafts import ONE, Draft, Record, moved
from .mentions import parts_of, tables_in
from .wishes import is_of_the_day, settle, value_of

_MODIFIER: Final = FIELDS["modifier"]
_ROW_DAYS: Final = 8
_YEARS: Final = (2000, 2030)


# ---- days --------------------------------------------------------------------------------------------------------


def ordinary_days(rule: Rule, policy: Policy) -> tuple[date, ...]:
    """Up to three days on which a rule is in force and the amounts and tables that it goes by say something, the plainest first."""
    spans = [span for spans in (policy.effective, rule.own_effective, *rule.effective) for span in spans]
    told = [tuple(dict.fromkeys(spans)) for spans in _told(rule, policy) if spans]
    inside = [day for its in (*told, spans) for span in its for day in _well_inside(span)]
    every = [date(2026, 6, 15), date(2026, 3, 2), date(2025, 6, 16), *inside]
    found = [day for day in dict.fromkeys(every) if rule.in_force(day)]
    judged = [day for day in found if all(any(span.holds(day) for span in its) for its in told)]
    return tuple((judged or found)[:3]) or (date(2026, 6, 15),)


def _told(rule: Rule, policy: Policy) -> Iterator[list[Span]]:
    """The spans of the amounts of a rule and of the rows of its tables; what one payment leaves the next one goes by."""
    rules = [one for one in policy.rules if isinstance(one.demand, Payment)] if isinstance(rule.demand, Payment) else [rule]
    for one in rules:
        parts = list(parts_of(one))
        yield [part.span for part in parts if isinstance(part, AmountEntry)]
        yield from ([row.span for row in table.rows] for table in tables_in(parts))


def days_beside(rule: Rule, policy: Policy) -> tuple[date, ...]:
    """The days on either side of each of a rule's own dates, its policy's left out; what comes every year in its ordinary years."""
    header = {span for spans in (policy.effective, *rule.effective) for span in spans}
    firsts = _firsts(span for span in (*rule.own_effective, *_spans(rule)) if span not in header or span in rule.own_effective)
    years = {day.year for day in ordinary_days(rule, policy)}
    for part in parts_of(rule):
        if isinstance(part, Window) and part.year_from is not None:
            firsts |= {date(year, *part.year_from) for year in years}
        if isinstance(part, TimeKey) and part.name == "calendar_year":
            firsts.add(date(max(years), 1, 1))
        if isinstance(part, Pairs):
            firsts |= _rows_begin(part)
        if isinstance(part, Opening) and part.day is not None:
            firsts.add(part.day)
        if isinstance(part, Comparison) and isinstance(part.right, Constant) and isinstance(part.right.value, date) and is_of_the_day(part.left):
            firsts |= {part.right.value, part.right.value + ONE}
    return _both_sides(firsts)


def days_of_header(policy: Policy) -> tuple[date, ...]:
    """The days on either side of each date of a policy's header."""
    return _both_sides(_firsts(policy.effective))


def _spans(rule: Rule) -> Iterator[Span]:
    return (part for part in parts_of((rule, rule.dropped)) if isinstance(part, Span))


def _firsts(spans: Iterable[Span]) -> set[date]:
    """The first day of each span, and the first after it."""
    every = tuple(spans)
    return {span.from_ for span in every if span.from_ is not None} | {span.to + ONE for span in every if span.to is not None and span.to < date.max}


def _both_sides(firsts: Iterable[date]) -> tuple[date, ...]:
    return tuple(sorted({day - step * ONE for day in firsts for step in (0, 1) if _YEARS[0] <= day.year <= _YEARS[1]}))


def _well_inside(span: Span) -> Iterator[date]:
    if span.from_ is not None:
        yield span.from_ + timedelta(days=200)
    if span.to is not None:
        yield span.to - timedelta(days=200)


def _rows_begin(pairs: Pairs) -> set[date]:
    """The days on which rows of a table begin or have ended: some of them, where there are many."""
    every = sorted(_firsts(row.span for row in pairs.table.rows))
    return set(every[:: 1 + len(every) // _ROW_DAYS])


# ---- a rule ------------------------------------------------------------------------------------------------------


def aim(rule: Rule, draft: Draft, whole: bool = False) -> None:
    """Aim the draft's line at a rule: at its demand, or at one clause of its scope the other way; a `whole` rule always at its demand.

    Wishes are granted in turn, and what one has settled the next leaves alone: now and then the demand comes before the scope, and
    the scope begins with another of its clauses.
    """
    record = draft.line
    scope = [*((clause, True) for clause in rule.when), *((clause, False) for clause in rule.excepts)]
    ways = [None] * (2 + len(rule.unless))  # the demand met, not met, and each way out
    turned = None if whole else draft.pick([*ways, *range(len(scope))])
    for selector in looked_at(rule):
        counts.make_member(selector, draft, record)
    if turned is not None:
        clause, wanted = scope.pop(turned)
        settle(clause.condition, not wanted, draft, record)
    first = draft.pick(range(len(scope))) if scope else 0
    scope = [*scope[first:], *scope[:first]]
    early = bool(scope) and draft.rarely(6)
    if early:
        _demand_or_way_out(rule, draft, record)
    _scope(scope, True, draft, record)
    if not early:
        _demand_or_way_out(rule, draft, record)
    _scope(scope, False, draft, record)


def _scope(scope: Iterable[tuple[Clause, bool]], wanted: bool, draft: Draft, record: Record) -> None:
    for clause, its in scope:
        if its == wanted:
            settle(clause.condition, wanted, draft, record)


def _demand_or_way_out(rule: Rule, draft: Draft, record: Record) -> None:
    """The demand met, or not met, or not met and one of the ways out taken; where none is, now and then they are not known."""
    met, way_out = draft.pick([(True, None), (False, None), *((False, clause) for clause in rule.unless)])
    _demand(rule, met, way_out, draft, record)
    if met or isinstance(rule.demand, Pairs):
        return
    if way_out is not None:
        settle(way_out.condition, True, draft, record)
    elif not draft.rarely(4):
        for clause in rule.unless:
            settle(clause.condition, False, draft, record)


def _demand(rule: Rule, met: bool, way_out: Clause | None, draft: Draft, record: Record) -> None:
    """Meet a rule's demand at its limit, or just miss it; of a pair the way out is asked too."""
    match rule.demand:
        case Limit() as limit:
            _limit(limit, met, draft, record)
        case PriorAuthorization() as prior:
            _prior(prior, met, draft, record)
        case Timing() as timing:
            _timing(rule, timing, met, draft, record)
        case Modifiers() as modifiers:
            _modifiers(modifiers, met, draft, record)
        case Require(that=that, beside=beside):
            _that(that, met, draft, record)
            if beside and not met:  # that no service stands beside the line is known only of a time that is told to its end
                draft.history["complete_to"] = moved(draft.on(record), 1, "years").isoformat()
            for one in beside if met or that else ():
                other = draft.another_line(record)
                counts.make_member(one.of, draft, other)
        case Deadline(that=that):
            _that(that, met, draft, record)
        case Documentation() as documentation:
            _documentation(rule, documentation, met, draft, record)
        case Pairs() as pairs:
            _pairs(pairs, met, None if way_out is None else way_out.condition, draft, record)
        case Payment() as payment:
            _payment(payment, draft, record)
        case Forbid():
            return


def _that(clauses: tuple[Clause, ...], met: bool, draft: Draft, record: Record) -> None:
    failing = None if met or not clauses else draft.pick(clauses)
    for clause in clauses:
        settle(clause.condition, clause is not failing, draft, record)


# ---- limits and authorizations -----------------------------------------------------------------------------------


def _limit(limit: Limit, met: bool, draft: Draft, record: Record) -> None:
    bound = value_of(limit.at_most, draft, record)
    if not isinstance(bound, Decimal):
        return
    step = aims.CENT if limit.count.measure in MONEY_MEASURES else Decimal(1)
    total = max(Decimal(0), bound - draft.pick((0, 0, 0, 1)) * step) if met else bound + step * draft.pick((1, 1, 1, 2))
    counts.fill(limit.count, total, draft, record)


def _prior(prior: PriorAuthorization, met: bool, draft: Draft, record: Record) -> None:
    free = met and prior.after is not None and draft.pick((True, False))
    bound = value_of(prior.after, draft, record) if prior.after is not None else None
    if isinstance(bound, Decimal) and prior.count is not None:
        counts.fill(prior.count, bound + (0 if free else 1), draft, record)
    if free:
        return
    what_for = [*(clause.condition for clause in prior.that)]
    failing = None if met else draft.pick([None, *range(len(what_for) + len(prior.requested))])
    if not met and failing is None:
        return
    aims.authorize(True, [], draft, record)
    for number, condition in enumerate(what_for):
        settle(condition, number != failing, draft, record)
    for number, one in enumerate(prior.requested, len(what_for)):
        aims.request(one, number != failing, draft, record)
    _stated(prior, draft, record)


def _stated(prior: PriorAuthorization, draft: Draft, record: Record) -> None:
    one = draft.authorization()
    if "visits" in prior.matching:
        one.setdefault("visits", 12)
        one.setdefault("used_visits", draft.pick((5, 11, 12)))
    if "code" in prior.matching:
        one.setdefault("codes", [record["code"]])


# ---- minutes and modifiers ---------------------------------------------------------------------------------------


def _timing(rule: Rule, timing: Timing, met: bool, draft: Draft, record: Record) -> None:
    """Minutes at a threshold, with the units they support, or one more."""
    record["contact"] = "one_on_one"
    record["minutes"] = draft.pick(MINUTES)
    lines = [record]
    if draft.pick((False, True)):
        other = draft.another_line(record, minutes=draft.pick(MINUTES))
        for selector in looked_at(rule):
            counts.make_member(selector, draft, other)
        lines.append(other)
    for line in lines:
        line["units"] = max(1, total_units(line["minutes"]))
    lines[-1]["units"] = max(1, total_units(sum(line["minutes"] for line in lines)) - sum(line["units"] for line in lines[:-1])) + int(not met)
    for clause in timing.only_minutes:
        settle(clause.condition, draft.pick((True, False)), draft, record)


def _modifiers(wanted: Modifiers, met: bool, draft: Draft, record: Record) -> None:
    """The modifiers that are asked for, or one of them too few, or one too many."""
    discipline = counts.discipline_of(draft, record)
    due = [need.modifier for need in wanted.needs if need.discipline in (None, discipline)]
    due += [group[0] for group in wanted.one_of] + [one for group in wanted.all_of for one in group]
    have = [one for one in record.get("modifiers", []) if one not in due and not _another_discipline(one, due)]
    have = [one for one in (*have, *due) if one not in wanted.refuse]
    if not met:
        extra = [*wanted.refuse, *(one for group in wanted.at_most_one_of for one in group if one not in have)]
        options = [*((False, one) for one in due), *((True, one) for one in extra)]
        if options:
            add, one = draft.pick(options)
            have = [*have, one] if add else [other for other in have if other != one]
            if one in MODIFIER_DISCIPLINE and not add:  # whose service it is must be known without it
                draft.put(FIELDS["role"], MODIFIER_DISCIPLINE[one], record)
    record["modifiers"] = have


def _another_discipline(modifier: str, due: Iterable[str]) -> bool:
    return modifier in MODIFIER_DISCIPLINE and any(one in MODIFIER_DISCIPLINE for one in due)


def _pairs(pairs: Pairs, met: bool, way_out: Condition | None, draft: Draft, record: Record) -> None:
    """Both codes of a row in one scope: a row that a modifier opens, or one that nothing opens; a way out, of a row that has it."""
    one, two = pairs.table.keys
    rows = [row for row in pairs.table.rows if row.span.holds(draft.on(record))]
    asked = [part for part in _parts_of_pair(way_out) if _of_the_row(part)]
    rows = [row for row in rows if all(_row_has(part, row) for part in asked)] or rows
    if not rows:
        return
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        alike.setdefault(tuple(value for column, value in row.cells.items() if column not in (one, two)), []).append(row)
    ending = [row for row in rows if draft.on(record) in (row.span.from_, row.span.to)]
    cells = draft.pick(ending if ending and draft.rarely(2) else draft.pick([alike[values] for values in sorted(alike)])).cells
    draft.of_code(record, cells[two])
    other = draft.another_line(record)
    draft.of_code(other, cells[one] if not met else cells[two])
    for part in _parts_of_pair(way_out):
        if not _of_the_row(part):
            settle(part, True, draft, record)


def _parts_of_pair(condition: Condition | None) -> Sequence[Condition]:
    return condition.parts if isinstance(condition, AllOf) else () if condition is None else (condition,)


def _of_the_row(part: Condition) -> bool:
    return isinstance(part, Comparison) and isinstance(part.left, FieldValue) and part.left.field.owner == "pair"


def _row_has(part: Condition, row: Row) -> bool:
    """Whether a row has the value that a way out asks of it; what is asked otherwise than by = it may have."""
    if not (isinstance(part, Comparison) and isinstance(part.left, FieldValue) and isinstance(part.right, Constant) and part.sign == "="):
        return True
    return row.cells.get(part.left.field.name) == str(part.right.value)


def _payment(payment: Payment, draft: Draft, record: Record) -> None:
    record["allowed"] = "58.20"
    if payment.rank is not None:
        draft.another_line(record, units=draft.pick((1, 2)))


# ---- the record --------------------------------------------------------------------------------------------------

_SAID: Final = {
    "medical_necessity": "Skilled gait training: falls twice a week.", "progress": "Walks 40 feet, was 20.",
    "functional_outcome": "Climbs one flight, was none.", "signature": "A. Therapist", "credentials": "PT",
}  # fmt: skip
_OF_SESSIONS: Final = ("interventions", "timed_minutes", "total_minutes")


def _documentation(rule: Rule, wanted: Documentation, met: bool, draft: Draft, record: Record) -> None:
    """The record holds all that is needed, or all but one."""
    groups = [*((need,) for need in wanted.needs), *wanted.one_of]
    lacking = None if met else draft.pick([*range(len(groups)), None] if wanted.that else range(len(groups)))
    for number, group in enumerate(groups):
        chosen = draft.pick(group)
        for need in group:
            if need is chosen or number == lacking:
                _element(rule, need, number != lacking, draft, record)
    _that(wanted.that, met or lacking is not None, draft, record)


def _element(rule: Rule, need: NeededElement, there: bool, draft: Draft, record: Record) -> None:
    name = need.element
    if need.every:
        _every(rule, need, there, draft, record)
    elif name in _OF_SESSIONS:
        _session(name, there, draft, record)
    elif name in _SAID:
        _note_of_visit(draft)[name] = _SAID[name] if there else draft.pick((None, "Tolerated well."))
    elif name in NOTE_KINDS:
        if there:
            draft.note(draft.day if name == "treatment_note" else moved(draft.day, -10, "days"), name)
    elif need.event is not None:
        settle(HasEvent(need.event), there, draft, record)
    elif need.field is not None:
        settle(HasField(need.field), there, draft, record)
    elif there:
        _note_of_visit(draft)[name] = draft.day.isoformat()


def _note_of_visit(draft: Draft) -> Record:
    if draft.session is not None:
        found: Record = draft.session.setdefault("note", {})
        return found
    return draft.note(draft.day)


def _session(name: str, there: bool, draft: Draft, record: Record) -> None:
    session = draft.its_session()
    session.setdefault("note", {})
    session["interventions"] = [{"code": record["code"], "minutes": 30 if there or name != "timed_minutes" else None}]
    session["total_minutes"] = 45 if there or name != "total_minutes" else None
    if name == "interventions" and not there:
        session["interventions"] = []


def _every(rule: Rule, need: NeededElement, there: bool, draft: Draft, record: Record) -> None:
    """The last note so long ago, or so many visits, that the line is the last in time, or the first that is late."""
    late = 0 if there else 1
    if need.unit not in ("visits", "treatment_days"):
        draft.note(moved(draft.day, -need.every, need.unit) - late * ONE, need.element)
        return
    number = need.every + late
    draft.note(draft.day - number * ONE, need.element)
    for step in range(number - 1, 0, -1):
        draft.service(record, draft.day - step * ONE)
