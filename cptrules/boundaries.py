"""The boundaries of a rule: claims and histories on both sides of each number, date, list, exception and way out it has.

Nothing is random: the same rule gives the same cases in the same order. A case is a proposal; what a policy makes of it is for
`check` to say. Used by the comparison of policies and for suggesting tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any, Final, assert_never

import attrs

from . import dates
from .claims import Claim, History, Session
from .conditions import holidays, value
from .dates import Span
from .drafts import Draft, plain
from .errors import InputError
from .evaluate import check, verdict
from .fields import Field
from .meaning import parts_of
from .one_more import one_more
from .policy import (
    AllOf,
    AmountEntry,
    AmountValue,
    Clause,
    CodeSet,
    Condition,
    Constant,
    Counter,
    Deadline,
    Documentation,
    Entry,
    FieldValue,
    Forbid,
    Limit,
    Modifiers,
    NeededElement,
    OnList,
    Opening,
    Pairs,
    Payment,
    Policy,
    PriorAuthorization,
    RequestBy,
    Require,
    Rule,
    TableValue,
    Timing,
    Window,
    YesNo,
    conditions_in,
)
from .reach import looked_at
from .report import SEVERITY
from .tables import Row, Table
from .ways import MOST_SERVICES, MOST_WAYS, Way, as_far_as, authorized, beside, codes_of, counted, day_of, is_so, settled, some, ways
from .words import listed, money, spelt_unit

MOST_CODES: Final = 120  # of a rule's `on`, each shown once
MOST_ROWS: Final = 12  # of a table of pairs
_ONE: Final = timedelta(days=1)
_YEARS: Final = (2026, 2025, 2027, 2024, 2023, 2022, 2028, 2020, 2018, 2030)
_EARLIEST, _LATEST = date(1950, 1, 1), date(2090, 12, 31)  # beyond them no case is made: it needs years on either side
_MINUTES: Final = ((7, 1), (8, 1), (22, 1), (22, 2), (23, 2), (37, 3), (38, 3), (15, 1), (30, 1))


@attrs.frozen
class Boundary:
    """A case beside a boundary of a rule: `part` names the clause it is about, `says` what sets it apart."""

    rule: str
    part: str
    says: str
    day: date
    claim: Claim
    history: History
    session: Session | None = None


def boundaries(rule: Rule, policy: Policy, days: Iterable[date] = (), rows: Iterable[Row] = ()) -> Iterator[Boundary]:
    """The boundary cases of one rule of a policy, each once; `days` and rows of its table are looked at besides its own."""
    seen: set[str] = set()
    for part, says, draft in _Around(rule, policy, tuple(days), tuple(rows)).drafts():
        try:
            claim, history, session = draft.read()
        except InputError:
            continue  # a value that no claim can hold is no boundary of it
        key = repr((claim.to_dict(), history.to_dict(), session))
        if key not in seen:
            seen.add(key)
            yield Boundary(rule.name, part, says, draft.day, claim, history, session)


@attrs.frozen
class Judgment:
    """What one rule by itself makes of the line in question; `pays` where it is a payment rule."""

    outcome: str
    carc: str | None = None
    rarcs: tuple[str, ...] = ()
    stands: tuple[tuple[str, Decimal], ...] = ()
    pays: Decimal | None = None

    def words(self, beside: Judgment | None = None) -> str:
        """The outcome, with what sets it apart from another of the same outcome."""
        if beside is None or beside.outcome != self.outcome:
            return self.outcome
        if beside.pays != self.pays:
            return f"pays {money(self.pays)}" if self.pays is not None else "pays what is not known"
        if beside.stands != self.stands:
            return f"{self.outcome}, {listed(f'{many:f} {name}' for name, many in self.stands) or 'nothing'} stands"
        return " ".join([self.outcome, self.carc or "without a code", *self.rarcs])


def judged_alone(rule: Rule | None, policy: Policy, case: Boundary) -> Judgment | None:
    """Really check a case under a policy of this rule alone (None: of no rule); None where the policy refuses the claim.

    The policy's payment rules stay beside one that counts what is paid: they say what that is (M4).
    """
    payer = (case.claim.payer,) if isinstance(case.claim.payer, str) else policy.payers
    rules = (rule, *_of_what_is_paid(rule, policy)) if rule is not None else ()
    alone = attrs.evolve(policy, rules=rules, payers=payer, plans=())
    try:
        report = check((alone,), case.claim, case.history, case.session)
    except InputError:
        return None
    line = max(one.number for one in case.claim.lines)
    own = rule is not None and isinstance(rule.demand, Payment)
    pays = next((one.pays for one in report.payments if own and one.line == line), None)
    if rule is None:
        return Judgment("clean")
    mine = [one for one in report.found if one.rule == rule.name and line in one.lines]
    if mine:
        worst = max(mine, key=lambda one: SEVERITY[one.outcome])
        return Judgment(worst.outcome, worst.carc, worst.rarc, tuple(sorted((worst.stands or {}).items())), pays)
    open_ = any(one.rule == rule.name and line in one.lines and one.status == "undetermined" for one in report.rules)
    return Judgment("undetermined" if open_ else "clean", pays=pays)


def _of_what_is_paid(rule: Rule, policy: Policy) -> tuple[Rule, ...]:
    if isinstance(rule.demand, Payment) or not any(isinstance(part, Counter) and part.measure == "paid" for part in parts_of(rule)):
        return ()
    return tuple(one for one in policy.rules if isinstance(one.demand, Payment))


def status(rule: Rule, draft: Draft) -> str:
    """What becomes of a rule on a draft's line: met, broken, not_applicable or undetermined."""
    try:
        return verdict(rule, *draft.judged()).status
    except InputError:
        return "undetermined"


_Told = tuple[str, str, Draft]


@attrs.frozen
class _Around:
    """The search around one rule."""

    rule: Rule
    policy: Policy
    days: tuple[date, ...]
    rows: tuple[Row, ...]

    def drafts(self) -> Iterator[_Told]:
        base, demanded = self._ordinary()
        if isinstance(self.rule.demand, Forbid | Payment):  # which say nothing but their scope
            yield from self._scoped(base, 0)
        yield from demanded
        broken = next((n for n, (_, _, draft) in enumerate(demanded) if status(self.rule, draft) == "broken"), None)
        met = next((n for n, (_, _, draft) in enumerate(demanded) if status(self.rule, draft) == "met"), None)
        telling = broken if broken is not None else 0
        yield from self._dated(sorted({telling, *([met] if met is not None else [])}))
        yield from self._coded(base, telling)
        yield from self._scoped(base, telling)
        yield from self._ways_out(demanded[telling][2] if demanded else base)

    # ---- a plain case ----------------------------------------------------------------------------------------

    def _ordinary(self) -> tuple[Draft, list[_Told]]:
        """A day of the rule's on which it decides, with what it demands there.

        A Saturday late in a month and a year, so that weeks, months and years have room before it.
        """
        usual = [_saturday(date(year, 11, 28)) for year in _YEARS]
        inside = [day for day in (*usual, *self._own_days()) if self._in_force(day)]
        for day in inside:
            base = self._based(day)
            demanded = list(self._demanded(base))
            if any(status(self.rule, draft) in ("broken", "met") for _, _, draft in demanded):
                return base, demanded
        base = self._based(inside[0] if inside else usual[0])
        return base, list(self._demanded(base))

    def _in_force(self, day: date) -> bool:
        return self.rule.in_force(day) and self.policy.speaks_on(day)

    def _based(self, day: date, code: tuple[str, str | None] | None = None, changed: Clause | None = None) -> Draft:
        """A plain draft that the rule is about, with no way out; a clause that is to be changed is left alone."""
        code = code or next(self._codes(day), ("97110", None))
        draft = plain(self.policy, day, *code)
        if isinstance(self.rule.demand, Documentation):
            draft = _with_record(draft)
        if isinstance(self.rule.demand, Require) and self.rule.demand.beside:
            draft = attrs.evolve(draft, complete_to=day + 400 * _ONE)  # what must stand beside the line may come after it
        done: list[tuple[Condition, bool]] = []
        wanted = [(clause, True) for clause in self.rule.when] + [(clause, False) for clause in (*self.rule.excepts, *self.rule.unless)]
        for clause, want in wanted:
            if clause is not changed:
                made = settled(clause.condition, want, draft, done)
                draft = made if made is not None else draft
                done.append((clause.condition, want))
        return draft

    def _codes(self, day: date) -> Iterator[tuple[str, str | None]]:
        """Codes that the rule looks at on a day."""
        sets = looked_at(self.rule)
        listed = tuple((row.cells["code"], None) for row in self._coded_rows() if row.span.holds(day))
        for code, discipline in (*listed, *(codes_of(sets[0], plain(self.policy, day)) if sets else ())):
            draft = plain(self.policy, day, code, discipline)
            if all(one.holds(code, day, draft.discipline or None) for one in sets):
                yield code, draft.discipline or None

    def _coded_rows(self) -> tuple[Row, ...]:
        """Rows of the tables that the rule looks its code up in: those asked for, then the first few."""
        tables = [table for table in _tables(self.rule) if table.keys == ("code",)]
        asked = tuple(row for row in self.rows if "code" in row.cells)
        return (*asked, *(row for table in tables for row in table.rows[:4]))

    # ---- the demand ------------------------------------------------------------------------------------------

    def _demanded(self, base: Draft) -> Iterator[_Told]:
        """Drafts on both sides of what the rule demands; they end where a draft holds what no claim can."""
        try:
            yield from self._sides(base)
        except InputError:
            return

    def _sides(self, base: Draft) -> Iterator[_Told]:
        demand = self.rule.demand
        match demand:
            case Limit(count=counter, at_most=at_most):
                if isinstance(at_most, FieldValue) and _number(at_most, base) is None:
                    base = base.with_value(at_most.field, 30) or base
                counts = [one for ready in _each_amount(at_most, base) for one in some(counted(counter, _number(at_most, ready), ready))]
                yield from (("at most", said, draft) for said, draft in counts)
                yield from self._one_more(counter, counts)
            case PriorAuthorization():
                yield from self._prior(demand, base)
            case Modifiers():
                yield from _modifiers(demand, base)
            case Require(that=that, beside=others):
                yield from _that(that, base)
                for one in others:
                    yield "with", "nothing beside it", base
                    for code, discipline in islice(codes_of(one.of, base), 6):
                        line = beside(code, discipline, None, base)
                        yield "with", f"{code} beside it", attrs.evolve(base, others=(*base.others, line))
                        yield "with", f"{code} the day before", base.with_services({**base.service(base.day - _ONE), **line})
            case Deadline(that=that):
                yield from _that(that, base)
            case Documentation():
                yield from _documented(demand, base)
            case Timing():
                yield from _timed(demand, base)
            case Pairs(table=table):
                yield from self._paired(table, base)
            case Forbid() | Payment():
                yield self.rule.kind, f"code {base.line['code']}", base
                yield self.rule.kind, "2 units", base.with_line(units=2, minutes=30, allowed="60.00")
            case _:
                assert_never(demand)

    def _prior(self, demand: PriorAuthorization, base: Draft) -> Iterator[_Told]:
        reached = [("", base)]
        if demand.count is not None and demand.after is not None:
            counts = list(some(counted(demand.count, _number(demand.after, base), base)))
            for said, draft in counts:
                yield "after", f"{said}, no authorization", draft
            yield from self._one_more(demand.count, counts)
            reached = [(f"{said}, ", draft) for said, draft in counts if status(self.rule, draft) == "broken"][:1] or reached
        for lead, draft in reached:
            yield "that", f"{lead}no authorization", draft
            wanted = AllOf(tuple(clause.condition for clause in demand.that)) if demand.that else None
            for said, tried in some(authorized(wanted, draft), MOST_WAYS):
                yield "that", f"{lead}{said}", tried
            for said, tried in _stated(draft):
                yield "matching", f"{lead}{said}", tried
            for request in demand.requested:
                for said, tried in _requested(request, self._good(wanted, draft)):
                    yield "requested", f"{lead}{said}", tried

    def _one_more(self, counter: Counter, counts: list[Way]) -> Iterator[_Told]:
        """What stands at the limit, with a service more that a key may keep apart."""
        at = next((draft for _, draft in counts if status(self.rule, draft) == "met"), None)
        if at is not None:
            yield from (("per", said, draft) for said, draft in some(one_more(counter, at)))

    def _good(self, wanted: Condition | None, draft: Draft) -> Draft:
        """A draft with an authorization of which a condition holds."""
        return next((tried for _, tried in authorized(wanted, draft) if wanted is None or is_so(wanted, True, tried)), draft.authorized())

    def _paired(self, table: Table, base: Draft) -> Iterator[_Told]:
        for row in self._some_rows(table):
            one, two = (row.cells[name] for name in table.keys[:2])
            day = base.day if row.span.holds(base.day) else row.span.to or row.span.from_ or base.day
            for at in dict.fromkeys((day, *([row.span.to, row.span.to + _ONE] if row.span.to else []))):
                draft = self._based(at, (two, None))
                with_first = attrs.evolve(draft, others=(*draft.others, beside(one, None, None, draft)))
                yield "listed in", f"{one} with {two}", with_first
                for said, tried in _pair_ways_out(self.rule, with_first):
                    yield "unless", f"{one} with {two}, {said}", tried

    def _some_rows(self, table: Table) -> Iterator[Row]:
        """The rows asked for, then one of each kind: by its values, and by whether it has ended."""
        yield from (row for row in self.rows if set(table.keys) <= set(row.cells))
        kinds: set[tuple[Any, ...]] = set()
        for row in table.rows:
            kind = (*(row.cells[name] for name in table.values), row.span.to is None)
            if kind not in kinds and len(kinds) < MOST_ROWS:
                kinds.add(kind)
                yield row

    # ---- dates, codes, scope ---------------------------------------------------------------------------------

    def _own_days(self) -> list[date]:
        """Every day beside which the rule changes, the days on both sides of it in, and a day late in the same year."""
        late = (_saturday(date(day.year, 11, 28)) for day in (*days_of(self.rule), *self.days))
        near = (dates.add(day, step, "days") for day in (*days_of(self.rule), *self.days) for step in (0, -1, 1))
        return sorted({day for day in (*near, *late) if day is not None and _EARLIEST <= day <= _LATEST})

    def _dated(self, numbers: list[int]) -> Iterator[_Told]:
        for day in self._own_days():
            base = self._based(day)
            told = list(self._demanded(base))
            for number in numbers if isinstance(self.rule.demand, Pairs) else range(len(told)):
                if number < len(told) and (number in numbers or told[number][0] in ("at most", "after")):
                    yield told[number]
            yield from self._dated_clauses(base, numbers[0])

    def _dated_clauses(self, base: Draft, telling: int) -> Iterator[_Told]:
        """Exceptions and ways out on a day, with all but the day as they ask for it."""
        for clause in self.rule.excepts:
            draft = self._again(telling, as_far_as(clause.condition, True, base))
            if draft is not None:
                yield clause.text or "except", clause.text, draft
        broken = self._again(telling, base)
        for clause in self.rule.unless if broken is not None and not isinstance(self.rule.demand, Pairs) else ():
            yield clause.text or "unless", clause.text, as_far_as(clause.condition, True, broken or base)

    def _again(self, telling: int, base: Draft) -> Draft | None:
        found = next((one for n, one in enumerate(self._demanded(base)) if n == telling), None)
        return found[2] if found is not None else None

    def _coded(self, base: Draft, telling: int) -> Iterator[_Told]:
        """Each code that the rule names, and codes just outside."""
        sets = looked_at(self.rule)
        listed = ((row.cells["code"], None) for row in self._coded_rows())
        for named in (listed, *(_named(members, base) for members in sets)):
            for code, discipline in islice(named, MOST_CODES):
                draft = self._again(telling, self._based(base.day, (code, discipline)))
                if draft is not None:
                    yield "on", f"code {code}", draft

    def _scoped(self, base: Draft, telling: int) -> Iterator[_Told]:
        """Each clause of the scope both ways."""
        for word, clauses in (("when", self.rule.when), ("except", self.rule.excepts)):
            for clause in clauses:
                ready = self._based(base.day, changed=clause)
                for want in (True, False):
                    for said, tried in some(ways(clause.condition, want, ready), MOST_WAYS):
                        draft = self._again(telling, tried)
                        if draft is not None:
                            yield clause.text or word, said, draft

    def _ways_out(self, draft: Draft) -> Iterator[_Told]:
        if isinstance(self.rule.demand, Pairs):
            return
        for clause in self.rule.unless:
            for want in (True, False):
                for said, tried in some(ways(clause.condition, want, draft), MOST_WAYS):
                    yield clause.text or "unless", said, tried


def _each_amount(wanted: Any, base: Draft) -> Iterator[Draft]:
    """The draft as it is, and as each `when` of an amount wants it."""
    yield base
    for entry in wanted.entries if isinstance(wanted, AmountValue) else ():
        made = settled(entry.when, True, base) if entry.when is not None and not is_so(entry.when, True, base) else None
        if made is not None:
            yield made


def _pair_ways_out(rule: Rule, draft: Draft) -> Iterator[Way]:
    """Each fact of the line that a way out of a pair asks for; what the row says of the pair nothing sets."""
    for clause in rule.unless:
        for part in conditions_in(clause.condition):
            if isinstance(part, OnList | YesNo) and part.field.owner != "pair":
                yield from some(ways(part, True, draft), 12)


def _saturday(day: date) -> date:
    return day - ((day.weekday() - 5) % 7) * _ONE


def _number(wanted: Any, draft: Draft) -> Decimal | None:
    found = value(wanted, *draft.judged())
    if isinstance(found, int | Decimal) and not isinstance(found, bool):
        return Decimal(found)
    return None


def _named(members: CodeSet, draft: Draft) -> Iterator[tuple[str, str | None]]:
    """What a set names, then what it excludes, then codes that it may not hold."""
    yield from codes_of(members, draft)
    yield from codes_of(attrs.evolve(members, entries=members.excluding, excluding=()), draft)
    yield from (("97110", "PT"), ("97530", "OT"), ("92507", "SLP"), ("97161", "PT"), ("97010", "PT"))


def days_of(rule: Rule) -> tuple[date, ...]:
    """The days on which something in a rule begins or ends."""
    return tuple(sorted({day for span in _spans(rule) for day in (span.from_, span.to) if day is not None}))


@cache
def _spans(rule: Rule) -> tuple[Span, ...]:
    """The spans of dates in a rule: its own, its layers', those of its amounts, codes and windows, and single dates."""
    found: list[Span] = []
    for part in parts_of(rule):
        match part:
            case AmountEntry(span=span) | Entry(span=span):
                found.append(span)
            case Constant(value=date() as day):
                found.append(Span(day, day))
            case Opening(day=date() as day) | Window(since=date() as day):
                found.append(Span(day, None))
            case Span():
                found.append(part)
    return tuple(dict.fromkeys(found))


@cache
def _tables(rule: Rule) -> tuple[Table, ...]:
    """The tables that a rule looks values up in, other than a list of pairs."""
    found = [part.table for part in parts_of(rule) if isinstance(part, TableValue | Counter)]
    return tuple(dict.fromkeys(table for table in found if table is not None))


# ---- kinds of demand ---------------------------------------------------------------------------------------------


def _that(that: tuple[Clause, ...], base: Draft) -> Iterator[_Told]:
    """Each condition both ways, the others true."""
    for turn, clause in enumerate(that):
        draft = base
        for other in (*that[:turn], *that[turn + 1 :]):
            draft = settled(other.condition, True, draft) or draft
        for want in (False, True):
            for said, tried in some(ways(clause.condition, want, draft), MOST_WAYS):
                yield clause.text or "that", said, tried
        yield clause.text or "that", "as it is", draft


def _modifiers(demand: Modifiers, base: Draft) -> Iterator[_Told]:
    plainly = list(base.line["modifiers"])
    groups = (*demand.one_of, *demand.all_of, *demand.at_most_one_of, demand.refuse, tuple(need.modifier for need in demand.needs))
    named = tuple(dict.fromkeys(one for group in groups for one in group))
    without = [one for one in plainly if one not in named]
    if {"CQ", "CO"} & set(named) and "minutes_by" not in base.line:  # whose minutes they are hangs on no modifier then
        base = base.with_line(minutes_by={base.line["rendering_provider"]["role"]: base.line["minutes"]})
    yield "needs", f"modifiers {' '.join(without) or 'none'}", base.with_modifiers(without)
    yield "needs", f"modifiers {' '.join(plainly) or 'none'}", base
    for one in named:
        yield "needs", f"modifiers {' '.join([*without, one])}", base.with_modifiers([*without, one])
        yield "needs", f"modifiers {' '.join([*plainly, one])}", base.with_modifiers([*plainly, one])
    for need in demand.needs:
        if need.discipline is not None:
            draft = base.of_discipline(need.discipline)
            yield "needs", f"{need.discipline} without {need.modifier}", draft.with_modifiers([m for m in draft.line["modifiers"] if m not in named])
            yield "needs", f"{need.discipline} with {need.modifier}", draft.with_modifiers([*draft.line["modifiers"], need.modifier])
            said_so = draft.with_line(discipline=need.discipline)
            for other in demand.needs:
                if other.modifier != need.modifier:
                    yield "needs", f"{need.discipline} with {other.modifier}", said_so.with_modifiers([*without, other.modifier])
    for group in (*demand.all_of, *demand.at_most_one_of):
        for left in group:
            kept = [one for one in group if one != left]
            yield "needs", f"modifiers {' '.join([*without, *kept])}", base.with_modifiers([*without, *kept])
        yield "needs", f"modifiers {' '.join([*without, *group])}", base.with_modifiers([*without, *group])


def _stated(draft: Draft) -> Iterator[Way]:
    """Authorizations that state more and less: codes, dates, visits."""
    known = draft.authorized()
    whole = known.with_authorization(codes=[draft.line["code"]], visits=99, used_visits=0)
    yield "an authorization that states code, dates and visits", whole
    yield "one that states no code", known.with_authorization(visits=99, used_visits=0)
    yield "one that states no visits", known.with_authorization(codes=[draft.line["code"]])
    yield "one that states no end", whole.with_authorization(to=None)
    yield "one for another code", whole.with_authorization(codes=["97168"])
    yield "one that ended the day before", whole.with_authorization(to=(draft.day - _ONE).isoformat())


def _requested(request: RequestBy, draft: Draft) -> Iterator[Way]:
    """The request just inside and just outside its time."""
    anchor = day_of(request.anchor, draft) or draft.day
    sign = 1 if request.direction == "after" else -1
    edge = dates.add(anchor, sign * request.number, request.unit, holidays(draft.judged()[1])) or anchor
    for day in dict.fromkeys((edge, edge + _ONE, edge - _ONE, anchor)):
        yield f"asked for on {day}", draft.with_authorization(requested=day.isoformat(), received=day.isoformat())


def _timed(demand: Timing, base: Draft) -> Iterator[_Told]:
    """Minutes and units at the thresholds, of whole codes and of two codes together."""
    for minutes, units in _MINUTES:
        yield "by", f"{units} {spelt_unit(units, 'units')}, {minutes} minutes", base.with_line(units=units, minutes=minutes)
    code = "97140" if base.line["code"] != "97140" else "97530"
    for minutes, units, beside_it in ((7, 1, 7), (8, 1, 7), (16, 1, 7), (8, 1, 8), (20, 2, 18)):
        other = {**base.line, "code": code, "units": 1, "minutes": beside_it}
        said = f"{f'{units} units, ' if units > 1 else ''}{minutes} minutes beside {beside_it} of {code}"
        yield "by", said, attrs.evolve(base.with_line(units=units, minutes=minutes), others=(*base.others, other))
    for clause in demand.only_minutes:
        for want in (True, False):
            for said, tried in some(ways(clause.condition, want, base), 20):
                yield clause.text, said, tried


_NOTE: Final[Mapping[str, str]] = {
    "text": "Gait training on level ground.", "medical_necessity": "Needs a therapist's skill to progress gait safely after the fall of 2026-01-05.",
    "progress": "Walks 120 feet, was 40 on 2026-01-12.", "functional_outcome": "Climbs 10 stairs alone, could not on 2026-01-12.",
    "signature": "A. Therapist", "credentials": "PT, DPT",
}  # fmt: skip


def _with_record(draft: Draft) -> Draft:
    """The visit's note and session with every element in them."""
    plan = {"established": (draft.day - 20 * _ONE).isoformat(), "certified": (draft.day - 18 * _ONE).isoformat(),
            "ends": (draft.day + 60 * _ONE).isoformat()}  # fmt: skip
    note = {**_NOTE, "signed_on": draft.day.isoformat(), "plan_of_care": plan}
    return attrs.evolve(_with_session(draft.with_note(**note)), in_event=False)


def _with_session(draft: Draft) -> Draft:
    """The session with the visit's note as the record has it."""
    mine = (note for note in draft.notes if note["date"] == draft.day.isoformat())
    return draft.with_session(note=next(({k: v for k, v in note.items() if k not in ("kind", "date")} for note in mine), None))


def _documented(demand: Documentation, base: Draft) -> Iterator[_Told]:
    yield "needs", "a full note", base
    yield "needs", "no note", base.without_note()
    for need in (*demand.needs, *(one for group in demand.one_of for one in group)):
        for said, draft in _lacking(need, base):
            yield f"needs {need.element}", said, draft
    yield from _that(demand.that, attrs.evolve(base, session=None))


def _lacking(need: NeededElement, base: Draft) -> Iterator[Way]:
    """What is needed left out; a note that is due as old as it may be, and a day or a visit older."""
    name = need.element.replace("_", " ")
    if need.every:
        yield from _due(need, base)
    elif need.event is not None:
        yield f"{name} on file", base.with_event(need.event, base.day - 3 * _ONE)
    elif need.field is not None:
        yield from ((f"{name}: {said}", draft) for said, draft in some(ways_of_field(need.field, base), 4))
    elif need.element in ("interventions", "total_minutes", "timed_minutes"):
        timed = [{**one, "minutes": None} for one in (base.session or {}).get("interventions", ())]
        gone: dict[str, dict[str, Any]] = {"interventions": {"interventions": []}, "total_minutes": {"total_minutes": None}}
        yield f"no {name}", base.with_session(**gone.get(need.element, {"interventions": timed}))
    elif need.element in _NOTE or need.element == "signed_on" or need.element == "plan_of_care":
        for text in (None, "Tolerated well."):
            if text is None or need.element in ("progress", "functional_outcome", "medical_necessity"):
                yield f"{name}: {text or 'none'}", _with_session(base.with_note(**{need.element: text}))
    else:
        older = {"kind": need.element, "date": (base.day - 5 * _ONE).isoformat()}
        yield f"{name} of five days before", attrs.evolve(base, notes=(*base.notes, older))


def ways_of_field(field: Field, draft: Draft) -> Iterator[Way]:
    """A field given and not given."""
    from .policy import HasField

    yield from ways(HasField(field), True, draft)
    yield from ways(HasField(field), False, draft)


def _due(need: NeededElement, base: Draft) -> Iterator[Way]:
    base = _with_session(base.with_note(plan_of_care=None))  # a certified plan of care is a certification too
    for more in (-1, 0, 1, 2):
        many = need.every + more
        by_visits = need.unit in ("visits", "treatment_days")
        before = base.day - many * _ONE if by_visits else dates.add(base.day, -need.every, need.unit)
        if before is None or not 0 <= many <= MOST_SERVICES:
            continue
        at = before if by_visits else before - more * _ONE
        services = tuple(base.service(base.day - n * _ONE) for n in range(1, many)) if by_visits else (base.service(at),)
        note = {"kind": need.element, "date": at.isoformat(), "discipline": base.discipline or None}
        yield f"{need.element.replace('_', ' ')} of {at}", attrs.evolve(base, notes=(*base.notes, note), services=(*base.services, *services))

