"""Claims and histories aimed at a policy set's own boundaries, with facts missing at random, that shrink to small examples.

What a policy mentions (codes, modifiers, plans, places, numbers, dates, facts, events) is gathered from its rules; counts are drawn
near the numbers, dates beside the dates, minutes at the thresholds of units.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import attrs
from hypothesis import reject
from hypothesis import strategies as st

from ..checking import Policies
from ..claims import Claim, History, Session
from ..coverage import probes
from ..errors import InputError
from ..linting.scopes import table_of
from ..policy import Policy, Rule
from .aimed import aim, days_beside, days_of_header, ordinary_days
from .at_large import any_claim, any_day, any_history, any_line, any_session, apart
from .drafts import Choices, Draft
from .mentions import Mentioned, mentioned

Draw = Callable[[Any], Any]

_ONE: Final = timedelta(days=1)


@attrs.frozen
class Case:
    """A claim, a history and a session to judge together."""

    claim: Claim
    history: History | None = None
    session: Session | None = None


# ---- strategies --------------------------------------------------------------------------------------------------


def claims(policies: Policies) -> st.SearchStrategy[Claim]:
    """Claims to the payers of some policies, over what they mention, with facts missing at random."""
    return cases(policies).map(lambda case: case.claim)


def histories(policies: Policies) -> st.SearchStrategy[History]:
    """Histories over what some policies mention."""
    return cases(policies).map(lambda case: case.history or History())


def cases(policies: Policies) -> st.SearchStrategy[Case]:
    """A claim and perhaps a history and a session, aimed at the policies' own boundaries.

    Fifteen in sixteen are aimed at a rule or two: its scope is true, its limit is met exactly or missed by one, or one of its exceptions
    is tried; some facts are then left out. The others are drawn at large from what the policies mention.
    """
    known, targets = mentioned(policies), _targets(policies)

    def case(draw: Draw) -> Case:
        choices = Choices(draw)
        return _at_large(choices, known) if not targets.first or choices.rarely(16) else _aimed(choices, known, targets)

    # A closure: what is given to a composite is written out in full where a case fails, code tables and all.
    return st.composite(case)()


def sessions(policies: Policies) -> st.SearchStrategy[Session]:
    """Sessions of the payers of some policies, their minutes at the thresholds of units, with facts missing at random."""
    known = mentioned(policies)

    def session(draw: Draw) -> Session:
        try:
            return Session.from_dict(any_session(Choices(draw), known))
        except InputError:
            reject()

    return st.composite(session)()


# ---- aimed at a rule ---------------------------------------------------------------------------------------------


_PLAIN: Final = 2  # times that a rule's ordinary days are aimed at, and once more for each of its clauses and limits
_LEAST: Final = 4  # times at the least: a rule that asks for little is about few lines but those that are aimed at it
_DATED: Final = 2  # times that each day beside a date is aimed at


@attrs.frozen
class Target:
    """A rule to aim at, and the days to try it on; beside a date the whole rule is tried, none of its scope turned the other way."""

    policy: Policy
    rule: Rule
    days: tuple[date, ...]
    dated: bool = False


@attrs.frozen
class Targets:
    """What there is to aim at, each as often as it has things to try; and the rules of each policy alike, for a second line."""

    first: tuple[Target, ...]
    second: dict[str, tuple[Rule, ...]]


def _targets(policies: Policies) -> Targets:
    """The rules that judge, of policies that have a payer, with their clauses and limits and the days beside their dates."""
    first: list[Target] = []
    second: dict[str, tuple[Rule, ...]] = {}
    for policy in policies.policies:
        rules = [rule for rule in policy.rules if policy.payers and rule.suspended is None]
        plain = [Target(policy, rule, ordinary_days(rule, policy)) for rule in rules for _ in range(_times(rule, policy))]
        dated = [Target(policy, rule, (day,), dated=True) for rule in rules for day in days_beside(rule, policy)]
        for number, day in enumerate(days_of_header(policy)):
            dated += [Target(policy, rules[number % len(rules)], (day,), dated=True)] if rules else []
        first += [*plain, *dated * _DATED]
        second[policy.name] = tuple(target.rule for target in plain)
    return Targets(tuple(first), second)


def _times(rule: Rule, policy: Policy) -> int:
    """How often a rule is aimed at on ordinary days; its dates have days of their own."""
    return max(_LEAST, _PLAIN + sum(1 for probe in probes(rule, table_of(policy)) if not probe.days))


def _aimed(choices: Choices, known: Mentioned, targets: Targets) -> Case:
    target = choices.pick(targets.first)
    draft = Draft(choices, target.policy, choices.pick(target.days), choices.pick(target.policy.payers))
    aim(target.rule, draft, whole=target.dated)
    if draft.rarely(3):
        _another(draft, targets.second[target.policy.name])
    if draft.rarely(4):
        _around(choices, known, draft)
    if draft.rarely(3):
        _leave_out(draft)
    try:
        history = None if draft.rarely(20) else History.from_dict(draft.history)
        return Case(Claim.from_dict(draft.claim), history, None if draft.session is None else Session.from_dict(draft.session))
    except InputError:  # an aim that no input can have: an authorization that ends before it begins
        reject()


def _another(draft: Draft, rules: tuple[Rule, ...]) -> None:
    """Another line, aimed at another rule that is in force."""
    rule = draft.pick(rules)
    if rule.in_force(draft.day):
        draft.line = draft.another_line({"code": "97110", "modifiers": ["GP"], "units": 1, "date_of_service": draft.day.isoformat()})
        aim(rule, draft)


def _around(choices: Choices, known: Mentioned, draft: Draft) -> None:
    """What the rule does not ask about is given too, and other lines and services stand beside."""
    more = any_claim(choices, known, draft.day)
    patient = {**more.get("patient", {}), **draft.claim["patient"]}
    facts = {**more.get("facts", {}), **draft.claim.get("facts", {})}
    for key, value in more.items():
        if key != "lines":
            draft.claim.setdefault(key, value)
    draft.claim["patient"], draft.claim["facts"] = patient, facts
    for key, value in more["lines"][0].items():
        draft.line.setdefault(key, value)
    if draft.rarely(2):
        draft.another_line(any_line(choices, known, draft.day, 1))
    if draft.rarely(2):
        draft.history["services"].append(apart(choices, known, draft.day))


def _leave_out(draft: Draft) -> None:
    """Some facts are left out: they are not known."""
    homes = [draft.claim, draft.claim["patient"], draft.line, draft.history, *draft.history.get("authorizations", ())[:1]]
    for _ in range(draft.pick((1, 2, 3))):
        home = draft.pick(homes)
        loose = sorted(key for key in home if key not in _FIXED)
        if loose:
            home.pop(draft.pick(loose))
    if draft.rarely(4):
        draft.history["complete_from"] = (draft.day - draft.pick((1, 20, 100)) * _ONE).isoformat()


_FIXED: Final = ("payer", "lines", "id", "number", "code", "date_of_service", "patient", "from")


# ---- at large ----------------------------------------------------------------------------------------------------


def _at_large(choices: Choices, known: Mentioned) -> Case:
    day = any_day(choices, known)
    claim = any_claim(choices, known, day)
    history = any_history(choices, known, day) if choices.pick(range(10)) else None
    return Case(Claim.from_dict(claim), None if history is None else History.from_dict(history))


# ---- a case as a test block --------------------------------------------------------------------------------------


def as_test(case: Case, name: str = "found by cptrules.testing", policies: Policies | None = None) -> str:
    """Write a case as a `test` block to paste into a policy file; what the test language can't say stands in a comment.

    `policies` are those it is pasted beside: the block says the payer and the plan where they are not the ones that every test has.
    """
    from ..pasted import pasted

    matching = [policy for policy in policies.policies if case.claim.payer in policy.payers] if policies is not None else []
    return pasted(case, name, matching[0] if matching else None)
