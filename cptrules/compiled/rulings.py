"""How each rule of some policies is decided: by the shape of a line, by generated code, or by the reference."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from ..policy import (
    AllOf,
    Clause,
    Condition,
    Counter,
    Deadline,
    Forbid,
    KindKey,
    Limit,
    Modifiers,
    Pairs,
    Payment,
    Policy,
    PriorAuthorization,
    Require,
    Rule,
    TimeKey,
    Timing,
)
from ..reach import looked_at
from ..report import SEVERITY
from . import depends
from .counters import Running, running
from .depends import DISCIPLINE, Parts

SHAPE, CODE, REFERENCE, LATER, COLD = "shape", "code", "reference", "later", "cold"
MOST_AT_ONCE: Final = 40  # rules that are written into the code before a line comes that they may be about
DISAGREE: Final = "disciplines_disagree"
ENDED: Final = "code_not_in_force"


@attrs.frozen(eq=False)
class Ruling:
    """One rule and how it is decided; `bit` is its place in every mask.

    `how`: shape (the line's shape tells), code (generated code does), reference, later (when read: a payment moves no outcome), or cold
    (code does, once a line comes that the rule may be about).
    Of what stands open: `scope` are conditions of when and except (with whether each must hold), `demand` those of `that`, `ways` the
    ways out that the shape does not tell. `inform` is the bit of what a timing rule has to say all the same.
    """

    bit: int
    policy: Policy
    rule: Rule
    how: str
    scope: tuple[tuple[Condition, bool], ...] = ()
    demand: tuple[Condition, ...] = ()
    ways: tuple[Condition, ...] = ()
    counter: Running | None = None
    inform: int = 0


@attrs.frozen(eq=False)
class Docket:
    """Every rule of the policies that speak for a claim, by bit, mildest outcome first, and what all of them hang on."""

    matching: tuple[Policy, ...]
    rulings: tuple[Ruling, ...]
    counters: tuple[Running, ...]
    outcomes: tuple[str, ...]  # by length of a mask: the worst outcome in it
    names: tuple[tuple[str | None, str, str], ...]  # by bit: policy, rule, outcome
    parts: Parts

    def bit(self, name: str) -> int:
        """The bit of a finding of no policy."""
        return next(1 << number for number, (policy, rule, _) in enumerate(self.names) if policy is None and rule == name)


def docket(matching: tuple[Policy, ...], warm: int | None = None) -> Docket:
    """Decide how each rule is decided; of very many rules code decides only those that are `warm`, a mask (None: none yet)."""
    every = [(policy, rule) for policy in matching for rule in sorted(policy.rules, key=lambda r: r.name)]
    marks: list[tuple[str, Policy | None, Rule | None, str]] = [("warn", None, None, DISAGREE), ("warn", None, None, ENDED)]
    marks += [(rule.outcome if not isinstance(rule.demand, Payment) else "clean", policy, rule, "") for policy, rule in every]
    marks += [("inform", policy, rule, "inform") for policy, rule in every if isinstance(rule.demand, Timing)]
    marks.sort(key=lambda mark: SEVERITY[mark[0]])
    places = {(id(policy), id(rule), extra): 1 << number for number, (_, policy, rule, extra) in enumerate(marks)}
    counters: list[Running] = []
    rulings = []
    for policy, rule in every:
        bit, inform = places[id(policy), id(rule), ""], places.get((id(policy), id(rule), "inform"), 0)
        cold = len(every) > MOST_AT_ONCE and not bit & (warm or 0)
        known = _ruling(bit, inform, policy, rule, [] if cold else counters)
        rulings.append(Ruling(bit, policy, rule, COLD) if cold and known.how == CODE else known)
    outcomes = ("clean", *(outcome for outcome, _, _, _ in marks))
    names = tuple((p.name if p else None, r.name if r else extra, outcome) for outcome, p, r, extra in marks)
    parts = frozenset().union(DISCIPLINE, *(_parts(one) for one in rulings), *(one.parts for one in counters))
    return Docket(matching, tuple(rulings), tuple(counters), outcomes, names, parts)


def _ruling(bit: int, inform: int, policy: Policy, rule: Rule, counters: list[Running]) -> Ruling:
    if isinstance(rule.demand, Payment):
        return Ruling(bit, policy, rule, LATER)
    if depends.of_rule(rule) is not None:
        return Ruling(bit, policy, rule, SHAPE)
    scope = (*((c.condition, True) for c in rule.when if _open(c)), *((c.condition, False) for c in rule.excepts if _open(c)))
    ways = () if isinstance(rule.demand, Pairs) else tuple(c.condition for c in rule.unless if _open(c))
    given = Ruling(bit, policy, rule, CODE, scope, _demanded(rule), ways, inform=inform)
    match rule.demand:
        case Limit(count=count, at_most=bound, keep_table=None) if depends.of_bound(bound) is not None:
            return _counted(given, count, counters)
        case PriorAuthorization(count=count, after=after, that=(), requested=()) if not _assumed(policy, "plan", "discipline"):
            if count is None or after is None:
                return given
            return _counted(given, count, counters) if depends.of_bound(after) is not None else _left(given)
        case Timing() if not scope and depends.of_clauses(rule.demand.only_minutes) is not None and not _assumed(policy, "minutes", "units"):
            return given
        case Pairs(keys=keys) if not scope and all(_near(key) for key in keys) and any(isinstance(key, TimeKey) for key in keys):
            return given if all(of_pair(c.condition) is not None for c in rule.unless) else _left(given)
        case Require(beside=()) | Deadline() | Forbid() | Modifiers():
            return given
        case _:
            return _left(given)


def _left(ruling: Ruling) -> Ruling:
    return attrs.evolve(ruling, how=REFERENCE)


def _assumed(policy: Policy, *names: str) -> bool:
    return any(field.name in names for field, _ in policy.assumes)


def _open(clause: Clause) -> bool:
    return depends.of_condition(clause.condition) is None


def _near(key: object) -> bool:
    """Whether lines of one claim are told apart by a key only by their dates."""
    return (isinstance(key, TimeKey) and key.name in ("day", "claim")) or (isinstance(key, KindKey) and key.name == "billing_provider")


def _demanded(rule: Rule) -> tuple[Condition, ...]:
    that = rule.demand.that if isinstance(rule.demand, Require | Deadline) else ()
    return tuple(clause.condition for clause in that if _open(clause))


def _counted(ruling: Ruling, count: Counter, counters: list[Running]) -> Ruling:
    """A rule that counts; rules of one policy with the same counter share one running total."""
    rule = ruling.rule
    if not rule.own_on and count.where is not None and depends.of_condition(count.where) is None:
        return _left(ruling)
    for known in counters:
        if known.policy is ruling.policy and known.counter == count:
            return attrs.evolve(ruling, counter=known)
    found = running(len(counters), count, ruling.policy)
    if found is None:
        return _left(ruling)
    counters.append(found)
    return attrs.evolve(ruling, counter=found)


def of_pair(condition: Condition) -> Parts | None:
    """What a way out of a pair hangs on, the pair's own columns aside."""
    from ..policy import AnyOf, Comparison, Constant, FieldValue, OnList, Opposite, Term

    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return depends.of_all(of_pair(part) for part in parts)
        case Opposite(part=part):
            return of_pair(part)
        case Term(condition=inner):
            return of_pair(inner)
        case OnList(field=field) if field.owner == "pair":
            return frozenset()
        case Comparison(left=FieldValue(field=field), right=Constant()) if field.owner == "pair":
            return frozenset()
        case _:
            return depends.of_condition(condition)


def _parts(ruling: Ruling) -> Parts:
    """What the shape has to tell for a rule."""
    rule = ruling.rule
    if ruling.how == LATER:
        return frozenset()
    clauses = [*rule.when, *rule.excepts, *rule.unless]
    conditions: list[Condition] = [clause.condition for clause in clauses]
    bounds: list[object] = []
    match rule.demand:
        case Require(that=that) | Deadline(that=that):
            conditions += [clause.condition for clause in that]
        case Timing(only_minutes=only):
            conditions += [clause.condition for clause in only]
        case Limit(at_most=bound, count=Counter(where=where)):
            bounds, conditions = [bound], [*conditions, *([where] if where is not None else [])]
        case PriorAuthorization(after=after) if after is not None:
            bounds = [after]
        case _:
            pass
    told = [of_pair(one) if isinstance(rule.demand, Pairs) else depends.within(one) for one in conditions]
    told += [depends.of_value(bound) for bound in bounds]
    told += [depends.of_selector(selector) for selector in looked_at(rule)]
    contact = frozenset(("contact",)) if isinstance(rule.demand, Timing) else frozenset()
    return frozenset().union(contact, *(one for one in told if one is not None))


def worst(masks: Iterable[int]) -> int:
    """All bits of some masks."""
    found = 0
    for mask in masks:
        found |= mask
    return found


