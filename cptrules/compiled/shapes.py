"""What the reference says of a line's shape in an era: asked once for each shape, and remembered.

A rule that hangs on nothing else is decided here, by the reference itself. Of the others the shape tells whether the line is in their
scope as far as that hangs on it, which ways out are open, which counters the line feeds, and the bounds that are in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import attrs

from ..claims import Claim, History, Service, ServiceLine
from ..conditions import NO_ROW, interval_of, truth_of, value
from ..counting import belongs, member
from ..demands import judged
from ..evaluate import Mentioned, of_no_policy, verdict
from ..fields import FIELDS
from ..lines import Case, View, discipline
from ..policy import Clause, Condition, Limit, Modifiers, Pairs, Policy, PriorAuthorization, Require, Rule, Timing
from ..policy import Deadline as DeadlineDemand
from ..reach import looked_at, not_in_force
from ..rows import record_of
from ..timing import counted_minutes, length_of
from ..truth import Need, Truth, all_of
from . import depends
from .counters import Running
from .odd import UNSURE, Odd
from .rulings import CODE, COLD, LATER, REFERENCE, SHAPE, Docket, Ruling
from .timed import QUARTERS

MOST_SHAPES: Final = 20_000  # of one program; beyond them all are forgotten and asked anew


@attrs.define(slots=True)
class Shape:
    """What is known of every line of one shape; the masks have a bit for each ruling, those of counters one for each counter.

    live: code decides. broken, met: decided. asked: the reference decides each line. unsettled: undetermined, whatever else.
    cold: code would decide, and is not written yet.
    way: a way out is open; maybe: one may be. held: what the shape tells of the demand holds. feeds, perhaps: counters.
    """

    live: int = 0
    broken: int = 0
    met: int = 0
    asked: int = 0
    unsettled: int = 0
    cold: int = 0
    way: int = 0
    maybe: int = 0
    held: int = 0
    feeds: int = 0
    perhaps: int = 0
    discipline: Any = UNSURE
    missing: dict[int, frozenset[str]] = attrs.field(factory=dict)  # of what is unsettled, by bit: the fields asked for
    told: list[Any] = attrs.field(factory=list)  # bounds, pairs and the like, in the order in which the code wants them


def shape_of(docket: Docket, wanted: Mapping[tuple[str, Any], int], line: ServiceLine, claim: Claim, cases: Mapping[int, Case]) -> Shape:
    """Ask the reference about a line; `wanted` names what the code takes from the shape besides the masks, `cases` has one a policy."""
    view = View(line, True, line.number)
    found = Shape(told=[None] * len(wanted))
    first = attrs.evolve(next(iter(cases.values())), claim=claim, lines=(view,))
    known = discipline(view, first)
    found.discipline = UNSURE if isinstance(known, Need) else known
    for finding, _, _ in of_no_policy(view, first):
        found.broken |= docket.bit(finding.rule)
    for ruling in docket.rulings:
        case = attrs.evolve(cases[id(ruling.policy)], claim=claim, lines=(view,), mentioned=Mentioned(ruling.rule))
        _rule(found, ruling, view, case, wanted)
    for counter in docket.counters:
        case = attrs.evolve(cases[id(counter.policy)], claim=claim, lines=(view,))
        answer = belongs(view, counter.counter.of, counter.counter.where, case)
        found.feeds |= counter.bit if answer.truth is Truth.TRUE else 0
        found.perhaps |= counter.bit if answer.truth is Truth.UNKNOWN else 0
    return found


def _rule(found: Shape, ruling: Ruling, view: View, case: Case, wanted: Mapping[tuple[str, Any], int]) -> None:
    if ruling.how == LATER or not_in_force(ruling.rule, view) is not None:
        return
    if ruling.how == SHAPE:
        _decided(found, ruling, view, case)
        return
    scope = _scope(ruling.rule, view, case)
    if scope is Truth.FALSE:
        return
    if ruling.how == COLD:
        found.cold |= ruling.bit
        return
    unsure = scope is Truth.UNKNOWN
    if ruling.how == REFERENCE or (unsure and isinstance(ruling.rule.demand, Pairs | Timing)):
        found.asked |= ruling.bit
        return
    live = _told(ruling, view, case, found.told, wanted)
    if live is None:
        found.asked |= ruling.bit
    elif live:
        found.live |= ruling.bit
        found.maybe |= ruling.bit if unsure else 0  # met where its demand holds, whether it is about the line or not (M2.3); else asked
        _ways_out(found, ruling, view, case)


def _decided(found: Shape, ruling: Ruling, view: View, case: Case) -> None:
    result = verdict(ruling.rule, view, case)
    match result.status:
        case "broken":
            found.broken |= ruling.bit
        case "met":
            found.met |= ruling.bit
        case "undetermined":
            found.unsettled |= ruling.bit
            found.missing[ruling.bit] = frozenset(need.field for need in result.needs)


def _scope(rule: Rule, view: View, case: Case) -> Truth:
    """The scope as far as the shape tells it; what it does not tell is left to the code."""
    answers = [member(selector, view, case) for selector in looked_at(rule)]
    counter = rule.counter
    if not rule.own_on and counter is not None and counter.where is not None and depends.of_condition(counter.where) is not None:
        answers.append(truth_of(counter.where, view, case))
    found = all_of(answers).truth
    when = [truth_of(c.condition, view, case).truth for c in rule.when if _fixed(c)]
    out = [truth_of(c.condition, view, case).truth for c in rule.excepts if _fixed(c)]
    if found is Truth.FALSE or Truth.FALSE in when or Truth.TRUE in out:
        return Truth.FALSE
    return Truth.UNKNOWN if Truth.UNKNOWN in (found, *when, *out) else Truth.TRUE


def _fixed(clause: Clause) -> bool:
    return depends.of_condition(clause.condition) is not None


def _ways_out(found: Shape, ruling: Ruling, view: View, case: Case) -> None:
    if isinstance(ruling.rule.demand, Pairs):
        return
    ways = [truth_of(clause.condition, view, case).truth for clause in ruling.rule.unless if _fixed(clause)]
    found.way |= ruling.bit if Truth.TRUE in ways else 0
    found.maybe |= ruling.bit if Truth.UNKNOWN in ways else 0
    match ruling.rule.demand:
        case Modifiers():
            demand = judged(ruling.rule, view, case).answer.truth
        case Require(that=that) | DeadlineDemand(that=that):
            demand = all_of(truth_of(c.condition, view, case) for c in that if _fixed(c)).truth
        case _:
            return
    found.held |= ruling.bit if demand is Truth.TRUE else 0
    if demand is Truth.UNKNOWN:
        found.live &= ~ruling.bit
        found.asked |= ruling.bit


# ---- what the code takes from a shape ----------------------------------------------------------------------------


def wanted(docket: Docket) -> dict[tuple[str, Any], int]:
    """What the code takes from a shape besides its masks, each with its place: bounds, pairs, minutes that count, conditions."""
    names: list[tuple[str, Any]] = []
    for ruling in docket.rulings:
        if ruling.how != CODE:
            continue
        match ruling.rule.demand:
            case Limit():
                names.append(("bound", ruling.bit))
            case PriorAuthorization(after=after) if after is not None:
                names.append(("bound", ruling.bit))
            case Timing():
                names.append(("minutes", ruling.bit))
            case Pairs():
                names.append(("pairs", ruling.bit))
            case _:
                pass
        for condition in (*(one for one, _ in ruling.scope), *ruling.demand, *ruling.ways):
            names += [("condition", (ruling.bit, part)) for part in fixed_within(condition)]
    return {name: place for place, name in enumerate(dict.fromkeys(names))}


def fixed_within(condition: Condition) -> list[Condition]:
    """The parts of an open condition that the shape tells, the greatest ones."""
    from ..policy import AllOf, AnyOf, Opposite, Term

    if depends.of_condition(condition) is not None:
        return [condition]
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return [one for part in parts for one in fixed_within(part)]
        case Opposite(part=inner) | Term(condition=inner):
            return fixed_within(inner)
        case _:
            return []


def _told(ruling: Ruling, view: View, case: Case, told: list[Any], wanted: Mapping[tuple[str, Any], int]) -> bool | None:
    """Put down what the code takes for a rule; False where the rule is not about the line, None where the reference has to say."""
    for condition in (*(one for one, _ in ruling.scope), *ruling.demand, *ruling.ways):
        for part in fixed_within(condition):
            told[wanted["condition", (ruling.bit, part)]] = _two_valued(truth_of(part, view, case).truth)
    match ruling.rule.demand:
        case Limit(at_most=bound):
            return _bound(value(bound, view, case), ruling, told, wanted)
        case PriorAuthorization(after=after) if after is not None:
            found = value(after, view, case)
            return _bound(Decimal(0) if found is None else found, ruling, told, wanted)
        case Timing() as timing:
            counts = _minutes_count(timing, view, case)
            told[wanted["minutes", ruling.bit]] = _minutes(length_of(view, case) or 0, counts)
        case Pairs():
            rows = _rows(ruling.rule, view)
            told[wanted["pairs", ruling.bit]] = Partners(ruling.rule, rows) if rows else None
            return bool(rows)
    return True


def _two_valued(truth: Truth) -> bool | None:
    return None if truth is Truth.UNKNOWN else truth is Truth.TRUE


def _bound(found: Any, ruling: Ruling, told: list[Any], wanted: Mapping[tuple[str, Any], int]) -> bool | None:
    if found is NO_ROW or found is None:
        return False
    limit = interval_of(found)
    if limit is None or limit.low != limit.high:
        return None
    money = ruling.counter is not None and ruling.counter.counter.measure in ("allowed", "charged")
    whole = limit.low == int(limit.low) and not money  # what is compared is then a whole number too
    told[wanted["bound", ruling.bit]] = int(limit.low) if whole else limit.low
    return True


def _minutes(length: int, counts: bool | None) -> tuple[int, bool] | None:
    """A unit's minutes, and whether the line's own count; None where that is not known. Most lines are alike: then it is one and the same object."""
    known = None if counts is None else (length, counts)
    return QUARTERS if known == QUARTERS else known


def _minutes_count(timing: Timing, view: View, case: Case) -> bool | None:
    """Whether a line's minutes count for a timing rule (M8.4); None where that is not known."""
    record = attrs.evolve(view.record, minutes=1, minutes_by=None)
    found = counted_minutes(timing, attrs.evolve(view, record=record), case)
    return None if found.needs else found.high == 1


def _rows(rule: Rule, view: View) -> tuple[Mapping[str, str], ...]:
    assert isinstance(rule.demand, Pairs) and view.day is not None
    one, two = rule.demand.table.keys
    rows = rule.demand.table.select(two, view.record.code, view.day)
    return tuple(row for row in rows if row[one] != row[two])


class Partners:
    """The codes that a line's code is part of, and for each pair and the other line's modifiers whether a way out is open."""

    __slots__ = ("_known", "_rule", "codes", "first")

    def __init__(self, rule: Rule, rows: tuple[Mapping[str, str], ...]) -> None:
        assert isinstance(rule.demand, Pairs)
        self._rule = rule
        self.first: dict[str, list[Mapping[str, str]]] = {}
        for row in rows:
            self.first.setdefault(row[rule.demand.table.keys[0]], []).append(row)
        self.codes = frozenset(self.first)
        self._known: dict[tuple[str, Any], bool | None] = {}

    def open(self, line: ServiceLine, other: ServiceLine, claim: Claim, case: Case) -> bool:
        """Whether every pair with a line that stands in its scope has a way out; raises Odd where that is not known."""
        key = other.code, other.modifiers
        if key not in self._known:
            if len(self._known) >= MOST_SHAPES:
                self._known.clear()
            self._known[key] = self._asked(line, other, claim, case)
        found = self._known[key]
        if found is None:
            raise Odd
        return found

    def _asked(self, line: ServiceLine, other: ServiceLine, claim: Claim, case: Case) -> bool | None:
        from ..demands import typed_row

        assert isinstance(self._rule.demand, Pairs)
        line, other = record_of(line, claim), record_of(other, claim)
        view, beside = View(line, True, line.number), View(other, True, other.number)
        truths = []
        for row in self.first[other.code]:
            inside = attrs.evolve(case, claim=claim, lines=(view,), pair=typed_row(self._rule.demand.table, row), pair_lines=(beside,))
            truths.append([truth_of(c.condition, view, inside).truth for c in self._rule.unless])
        if all(Truth.TRUE in ways for ways in truths):
            return True
        shut = any(all(way is Truth.FALSE for way in ways) for ways in truths)
        return False if shut else None


@attrs.frozen(eq=False)
class Asked:
    """A condition that only the reference judges, and the rule it stands in."""

    policy: Policy
    rule: Rule
    condition: Condition


# ---- services of the history -------------------------------------------------------------------------------------

Fed = tuple[int, Any]  # the counters that a service feeds, and its discipline


def fed_by(counters: tuple[Running, ...], service: Service, claim: Claim, history: History, cases: Mapping[int, Case]) -> Fed:
    """Which counters a service of the history feeds; raises Odd where that is not known of one of them."""
    view = View(service, False, 0)
    case = attrs.evolve(next(iter(cases.values())), claim=claim, history=history)
    found, known = 0, discipline(view, case)
    for counter in counters:
        inside = attrs.evolve(cases[id(counter.policy)], claim=claim, history=history)
        answer = belongs(view, counter.counter.of, counter.counter.where, inside)
        if answer.truth is Truth.UNKNOWN:
            raise Odd
        found |= counter.bit if answer.truth is Truth.TRUE else 0
    return found, UNSURE if isinstance(known, Need) else known


def fact(facts: Any, name: str, unknown: object) -> Any:
    """A declared fact as the shape has it."""
    return facts.get(name, unknown) if isinstance(facts, Mapping) else unknown


def by_discipline(counters: tuple[Running, ...]) -> dict[Any, Fed]:
    """Which counters a service of a stated discipline feeds, where all of them ask for nothing but that."""
    on = date(2000, 1, 1)  # sets of disciplines have no dates here
    return {
        name: (sum(c.bit for c in counters if c.counter.of is None or c.counter.of.holds("", on, name)), name)
        for name in FIELDS["discipline"].words
    }


