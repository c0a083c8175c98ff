"""Claims with their histories, of which everything is known, and the same with some of it left out (tests/worlds.py).

What is settled where something is missing has to be settled the same way where it is known (M2.3), the outcome of the whole lies between
`at_least` and `at_most` of the lesser (M3.2), and a report accounts for every line and every rule (M10). Under the rules of tests/worlds.py and
under every shipped policy.
"""

from __future__ import annotations

import json
from functools import cache
from random import Random
from typing import Any

import attrs
import test_ten_rules
import worlds
from test_ten_rules import gen, oracle

import cptrules
from cptrules import Policies, Report
from cptrules.loading import shipped
from cptrules.report import SEVERITY

from .kind import Kind

Record = dict[str, Any]
GROUP = 9  # of the rules of tests/worlds.py so many are judged together


@attrs.frozen
class Worlds:
    """A claim and a history, and the same with some of it left out, judged by policies of that name."""

    policies: str
    claim: Record
    history: Record
    less: tuple[Record, Record | None]


@cache
def policies(name: str) -> Policies:
    if name.startswith("rules "):
        return worlds.loaded(worlds.RULES[int(name.split()[1]) :: len(worlds.RULES) // GROUP])
    return cptrules.load(name)


@cache
def payers() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """The shipped policies that speak for a payer, each with that payer and its plans."""
    found = ((name, policy) for name in shipped() for policy in cptrules.load(name).policies)
    return tuple((name, policy.payers[0], policy.plans) for name, policy in found if policy.payers)


def _of_worlds(chance: Random) -> Worlds:
    claim, history = worlds.a_claim(chance), worlds.a_history(chance)
    name = f"rules {chance.randrange(len(worlds.RULES) // GROUP)}"
    return Worlds(name, claim, history, worlds.lessened(claim, history, chance))


def _of_shipped(chance: Random) -> Worlds:
    name, payer, plans = chance.choice(payers())
    claim, history = worlds.a_claim(chance), worlds.a_history(chance)
    claim |= {"payer": payer, "facts": {}}  # what only the worlds' own policy declares goes
    if plans and chance.random() < 0.8:
        claim["plan"] = chance.choice(plans)
    for line in (*claim["lines"], *history["services"]):
        line["facts"] = {}
    return Worlds(name, claim, history, worlds.lessened(claim, history, chance))


def judge(case: Worlds) -> str:
    by = policies(case.policies)
    whole = worlds.judged(by, case.claim, case.history)
    less = worlds.judged(by, *case.less)
    _accounted(by, whole, case.claim)
    _accounted(by, less, case.less[0])
    broken = worlds.contradictions(whole, less)
    assert not broken, f"settled otherwise where all is known: {broken}"
    for one, other in ((whole, less), *zip(whole.lines, less.lines, strict=True)):
        assert SEVERITY[other.at_least] <= SEVERITY[one.at_least], "milder where all is known"
        assert SEVERITY[one.at_most] <= max(SEVERITY[other.at_most], SEVERITY["inform"]), "worse where all is known"  # N60
    return f"{whole.outcome}, {less.outcome} with facts left out"


def _accounted(by: Policies, report: Report, claim: Record) -> None:
    numbers = sorted(line["number"] for line in claim["lines"])
    assert [line.number for line in report.lines] == numbers, "a line has no outcome"
    judged = {(rule.policy, rule.rule): [] for rule in report.rules}  # type: ignore[var-annotated]
    for rule in report.rules:
        judged[rule.policy, rule.rule] += rule.lines
    for policy in by.policies:
        for rule in policy.rules if policy.name in report.policies else ():
            assert sorted(judged[policy.name, rule.name]) == numbers, f"{rule.name} is not accounted for once on every line"


def pasted(case: Worlds) -> str:
    """The case as JSON: the policies, the whole claim and history, and the lesser ones."""
    told = {"policies": case.policies, "claim": case.claim, "history": case.history, "less_claim": case.less[0], "less_history": case.less[1]}
    return json.dumps(told, indent=1)


# ---- the benchmark's ten rules -----------------------------------------------------------------------------------


@cache
def ten() -> Policies:
    return cptrules.load(test_ten_rules.FOLDER / "ten_rules.policy")


def _benchmarks(chance: Random) -> tuple[Record, Record]:
    return test_ten_rules.of_therapy(gen.make_case(chance, chance.randrange(10**6)))


def _held(case: tuple[Record, Record]) -> str:
    claim, history = case
    ours, theirs = test_ten_rules.widened(claim, ten().check(*test_ten_rules.prepared(claim, history))), oracle.findings(claim, history)
    assert ours == theirs, f"cptrules only {sorted(set(ours) - set(theirs))}, oracle only {sorted(set(theirs) - set(ours))}"
    return "something broken" if theirs else "nothing broken"


LAW = "what is settled with facts left out is settled the same with all of them (M2.3, M3.2), every rule accounted for (M10), under "
WORLDS = Kind("worlds", f"{LAW}the rules of tests/worlds.py", _of_worlds, judge, pasted)
SHIPPED = Kind("shipped", f"{LAW}every shipped policy", _of_shipped, judge, pasted)
TEN_RULES = Kind("ten_rules", "the findings of the benchmark's ten rules are those of its oracle, claim by claim", _benchmarks, _held, json.dumps)
