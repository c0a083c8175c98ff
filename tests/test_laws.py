"""Laws of judging, tried on random claims and histories under policies with every kind of rule.

`tests/worlds.py` makes the worlds; a failing seed makes the same world again.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import policy, status
from worlds import DAYS, RULES, TABLES, a_claim, a_history, a_service, contradictions, judged, lessened, loaded

import cptrules
from cptrules import Claim, History, Policies, Report
from cptrules.codesets import code_table
from cptrules.counting import count
from cptrules.lines import Case, views
from cptrules.policy import Limit
from cptrules.repairs import applied
from cptrules.report import SEVERITY
from cptrules.truth import Interval

SEEDS = st.integers(0, 2**40)


@cache
def acme(rules: tuple[str, ...] = tuple(RULES)) -> Policies:
    return loaded(list(rules))


def world(seed: int) -> tuple[Random, dict[str, Any], dict[str, Any]]:
    chance = Random(seed)
    return chance, a_claim(chance), a_history(chance)


# ---- M2, M3.2: what is missing -----------------------------------------------------------------------------------


@given(SEEDS)
def test_m2_what_is_settled_stays_so_whatever_completes_the_missing_facts(seed: int) -> None:
    chance, claim, history = world(seed)
    whole = judged(acme(), claim, history)
    for _ in range(3):
        less = judged(acme(), *lessened(claim, history, chance))
        assert contradictions(whole, less) == []
        assert SEVERITY[less.at_least] <= SEVERITY[whole.at_least]
        assert SEVERITY[whole.at_most] <= SEVERITY[less.at_most]


@given(SEEDS, st.sampled_from(RULES))
def test_m3_2_one_rule_alone_lies_between_too(seed: int, rule: str) -> None:
    chance, claim, history = world(seed)
    whole = judged(acme((rule,)), claim, history)
    less = judged(acme((rule,)), *lessened(claim, history, chance))
    for one, other in ((whole, less), *zip(whole.lines, less.lines, strict=True)):
        assert SEVERITY[other.at_least] <= SEVERITY[one.at_least] <= SEVERITY[one.at_most] <= SEVERITY[other.at_most]
        assert less.outcome in ("undetermined", whole.outcome)


@given(SEEDS)
def test_m2_without_any_history_nothing_that_history_could_break_is_met(seed: int) -> None:
    _, claim, history = world(seed)
    counted = ("visits_by", "kinds", "codes_a_month", "before", "claims", "specialists", "payments")
    rules = tuple(rule for rule in RULES if rule.split()[1] in counted)
    for known in (None, {}, {**history, "services": [], "complete_from": DAYS[-1], "complete_to": DAYS[-1]}):
        report = judged(acme(rules), {**claim, "lines": claim["lines"][:1]}, known)
        if known is None or claim["lines"][0]["date_of_service"] != DAYS[-1]:
            assert report.outcome != "clean"


@given(SEEDS)
def test_m4_a_balance_that_tells_the_truth_stands_for_the_services_of_its_span(seed: int) -> None:
    chance, claim, history = world(seed)
    rules = ("limit it { count visits of PT per calendar_year  at most 2  outcome deny  cite manual }",
             "limit units { count units of 97110 per calendar_year  at most 4  outcome deny  cite manual }")  # fmt: skip
    listed = [one for one in history["services"] if one["claim"] != "C1" and not one["denied"]]
    early = [one for one in listed if "2026-01-01" <= one["date_of_service"] <= "2026-02-28"]
    of_pt = [one for one in early if one["rendering_provider"]["role"] in ("PT", "PTA")]
    visits, units = len({one["date_of_service"] for one in of_pt}), sum(one["units"] for one in early if one["code"] == "97110")
    span = {"from": "2026-01-01", "to": "2026-02-28"}
    stated = [{"measure": "visits", "of": ["PT"], "used": str(visits), **span}, {"measure": "units", "of": ["97110"], "used": str(units), **span}]
    kept = [one for one in history["services"] if one not in early or chance.random() < 0.3]
    known = {**history, "services": kept, "balances": stated, "complete_from": "2026-03-01"}
    whole, other = judged(acme(rules), claim, history), judged(acme(rules), claim, known)
    for line in claim["lines"]:
        for rule in ("it", "units"):
            assert status(whole, rule, line["number"]) == status(other, rule, line["number"])


# ---- M3.3: order -------------------------------------------------------------------------------------------------


@given(SEEDS)
def test_m3_3_the_order_of_lines_services_and_lists_changes_nothing(seed: int) -> None:
    chance, claim, history = world(seed)
    claim, past = lessened(claim, history, chance) if chance.random() < 0.5 else (claim, history)
    mixed = None if past is None else {key: chance.sample(value, len(value)) if isinstance(value, list) else value for key, value in past.items()}
    report = judged(acme(), {**claim, "lines": chance.sample(claim["lines"], len(claim["lines"]))}, mixed)
    assert report.rules == judged(acme(), claim, past).rules
    assert report.found == judged(acme(), claim, past).found
    assert report.lines == judged(acme(), claim, past).lines


@given(SEEDS)
def test_m3_3_the_order_of_rules_changes_nothing(seed: int) -> None:
    chance, claim, history = world(seed)
    some = chance.sample(RULES, 12)
    assert judged(loaded(some), claim, history).to_dict() == judged(loaded(sorted(some)), claim, history).to_dict()


def test_m3_3_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    names = []
    for name, rule in (("a", "forbid here { on 97110  outcome warn }"), ("b", "forbid there { on 97140  outcome deny }")):
        names.append(str(tmp_path / f"{name}.policy"))
        Path(names[-1]).write_text(f'policy acme.{name} {{ title "Acme {name}"  payer "ACME" }}\n{rule}\n', encoding="utf-8")
    claim = {"payer": "ACME", "lines": [{"number": n, "code": code, "date_of_service": DAYS[0]} for n, code in ((1, "97110"), (2, "97140"))]}
    reports = [judged(cptrules.load(*order), claim, None).to_dict() for order in (names, names[::-1])]
    assert reports[0] == reports[1]
    assert reports[0]["outcome"] == "deny"


# ---- M4: counting ------------------------------------------------------------------------------------------------

MEASURES = (
    "visits of PT",
    "treatment_days",
    "lines",
    "units",
    "minutes",
    "patients",
    "charged",
    "allowed",
    "paid",
    "weights",
    "visits where (telehealth)",
)
KEYS = ("calendar_year", "month", "rolling 60 days", "prior 60 days", "benefit_year", "lifetime", "day and code", "week and billing_provider",
        "calendar_year and discipline", "month and therapy_kind", "injury_number", "authorization", "lifetime and condition")  # fmt: skip


@cache
def counting(measure: str, key: str) -> Policies:
    bound = "$1" if measure in ("charged", "allowed", "paid") else "1"
    names = 'table weights from "weights.csv" keys code values weight\n'
    return policy(f"{names}limit it {{ count {measure} per {key}  at most {bound}  outcome warn  cite manual }}\n", files=TABLES)


def counts(policies: Policies, claim: dict[str, Any], history: dict[str, Any] | None) -> list[Interval]:
    """The count of a policy's one limit for each line."""
    (found,) = policies.policies
    demand = found.rules[0].demand
    assert isinstance(demand, Limit)
    given_, past = Claim.from_dict(claim), None if history is None else History.from_dict(history)
    lines, services = views(given_, past)
    case = Case(found, given_, past, None, lines, services, code_table())
    return [count(demand.count, view, case).interval for view in lines]


@given(SEEDS, st.sampled_from(MEASURES), st.sampled_from(KEYS))
def test_m4_a_service_more_in_the_history_never_lowers_a_count(seed: int, measure: str, key: str) -> None:
    chance, claim, history = world(seed)
    claim, past = lessened(claim, history, chance) if chance.random() < 0.5 else (claim, history)
    past = {"services": [], **(past or {})}
    more = {**past, "services": [*past["services"], a_service(chance)]}
    for before, after in zip(counts(counting(measure, key), claim, past), counts(counting(measure, key), claim, more), strict=True):
        assert before.low <= after.low
        assert after.high is None or (before.high is not None and before.high <= after.high)


@given(SEEDS, st.sampled_from(MEASURES), st.sampled_from(KEYS))
def test_m4_the_count_of_the_whole_lies_in_the_interval_of_the_less(seed: int, measure: str, key: str) -> None:
    chance, claim, history = world(seed)
    whole = counts(counting(measure, key), claim, history)
    for one, other in zip(whole, counts(counting(measure, key), *lessened(claim, history, chance)), strict=True):
        assert other.low <= one.low
        assert other.high is None or (one.high is not None and one.high <= other.high)


# ---- M9, M10 -----------------------------------------------------------------------------------------------------

MENDABLE = ("duplicates", "units_a_day", "capped", "dollars", "discipline_of", "assistants", "edits_a_day", "group", "timed", "place")


@given(SEEDS)
def test_m9_a_repair_clears_its_finding_and_brings_none_worse(seed: int) -> None:
    _, claim, history = world(seed)
    policies = acme(tuple(rule for rule in RULES if rule.split()[1] in MENDABLE))
    before = judged(policies, claim, history)
    known = {(one.policy, one.rule, number) for one in before.findings for number in one.lines}
    for finding in before.findings:
        assert finding.repairs or finding.no_repair
        for repair in finding.repairs:
            changed = applied(before.claim, repair)
            assert changed is not None
            after = policies.check(changed, History.from_dict(history))
            _mended(before, after, finding, known)


def _mended(before: Report, after: Report, finding: Any, known: set[Any]) -> None:
    assert not any(one.rule == finding.rule and one.lines == finding.lines and one.message == finding.message for one in after.findings)
    fresh = [one for one in after.findings if any((one.policy, one.rule, number) not in known for number in one.lines)]
    assert all(one.outcome == "inform" for one in fresh)
    assert SEVERITY[after.at_most] <= SEVERITY[before.at_most]


@given(SEEDS)
def test_m10_every_rule_is_accounted_for_on_every_line(seed: int) -> None:
    chance, claim, history = world(seed)
    report = judged(acme(), *lessened(claim, history, chance))
    for rule in acme().policies[0].rules:
        assert sorted(number for one in report.rules if one.rule == rule.name for number in one.lines) == [line["number"] for line in claim["lines"]]
    assert all(one.missing for one in report.rules if one.status == "undetermined")


@pytest.mark.parametrize("kind", [Claim, History])
@given(seed=SEEDS)
def test_what_is_written_is_read_again(kind: Any, seed: int) -> None:
    chance, claim, history = world(seed)
    claim, past = lessened(claim, history, chance)
    given_ = claim if kind is Claim else past or {}
    assert kind.from_dict(given_).to_dict() == given_
    assert kind.from_json(kind.from_dict(given_).to_json()) == kind.from_dict(given_)
    assert attrs.evolve(kind.from_dict(given_)) == kind.from_dict(given_)
