"""Counting held against the second opinion (tests/second_opinion): the least and the most that each line's counter can come to."""

from __future__ import annotations

import json
from functools import lru_cache

import attrs
from judging import policy
from second_opinion.cases import Counted, Windowed, a_windowed, make
from second_opinion.counting import counts, selected, span

from cptrules import Claim, History, Policies
from cptrules.codesets import code_table
from cptrules.counting import count
from cptrules.lines import Case, views
from cptrules.policy import Limit

from .kind import Kind


@lru_cache(256)
def _policy(text: str) -> Policies:
    return policy(text)


@lru_cache(256)
def _limit(text: str, money: bool) -> Policies:
    return policy(f"limit it {{ count {text}  at most {'$1' if money else '1'}  outcome warn  cite manual }}\n")


def intervals(case: Counted) -> list[tuple[float, float | None]]:
    """What cptrules counts for each line of the claim."""
    (found,) = _limit(case.text, case.counter.measure in ("charged", "allowed", "paid")).policies
    demand = found.rules[0].demand
    assert isinstance(demand, Limit)
    claim, history = Claim.from_dict(case.claim), None if case.history is None else History.from_dict(case.history)
    lines, services = views(claim, history)
    judging = Case(found, claim, history, None, lines, services, code_table())
    told = [count(demand.count, view, judging).interval for view in lines]
    return [(float(one.low), None if one.high is None else float(one.high)) for one in told]


def judge(case: Counted) -> str:
    ours, theirs = intervals(case), counts(case.counter, case.claim, case.history)
    assert ours == theirs, f"{case.text}: cptrules {ours}, the oracle {theirs}"
    return case.counter.measure.split(" ")[0]


def judge_window(case: Windowed) -> str:
    """What becomes of the limit on each line: it counts no other lines than its own, and none outside every window (M4)."""
    report = _policy(case.text).check(Claim.from_dict(case.claim), History.from_dict(case.history))
    statuses = {number: one.status for one in report.rules if one.rule == "it" for number in one.lines}
    found = []
    for line, (least, _) in zip(case.claim["lines"], counts(case.counter, case.claim, case.history), strict=True):
        held = span(case.counter, line, case.claim, case.history) is not None and selected(case.counter, line, case.claim)
        found.append("not_applicable" if not held else "broken" if least > case.most else "met")
        assert statuses[line["number"]] == found[-1], f"{case.text}line {line['number']}: cptrules {statuses[line['number']]}, the oracle {found[-1]}"
    return "broken" if "broken" in found else max(found)


def pasted(case: Counted | Windowed) -> str:
    return json.dumps(attrs.asdict(case), indent=1, default=str)


COUNTING = Kind("counting", "what a random counter comes to on each line, least and most, is what SQL written from M4 gives", make, judge, pasted)
SAYS = "a limit over a random window is broken, met or not applicable on each line as days counted one by one (M5.4) and SQL say"
WINDOWS = Kind("windows", SAYS, a_windowed, judge_window, pasted)
