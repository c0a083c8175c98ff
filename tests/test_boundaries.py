"""The boundary cases of a rule: both sides of each number, date, list and exception, the same each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

import cptrules
from cptrules.boundaries import Boundary, boundaries, judged_alone
from cptrules.checking import policies_of
from cptrules.loading import read
from cptrules.policy import Policy, Rule
from cptrules.testing import policies

HEAD = 'policy acme.ppo { title "A"  payer "ACME"  uses libraries.therapy_codes }\nsource m { title "M"  confirmed 2026-01-01 }\n'
Load = Callable[[str], tuple[Rule, Policy]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loading(text: str) -> tuple[Rule, Policy]:
        file = tmp_path / "a.policy"
        file.write_text(HEAD + text, encoding="utf-8")
        (policy,) = policies_of(read([str(file)])).policies
        return policy.rules[-1], policy

    return loading


def outcomes(rule: Rule, policy: Policy) -> dict[str, str]:
    """What each case is, and what the rule makes of it."""
    return {f"{case.says} on {case.day}": judged_alone(rule, policy, case).outcome for case in boundaries(rule, policy)}  # type: ignore[union-attr]


def test_the_30th_and_the_31st_visit(load: Load) -> None:
    found = outcomes(*load("limit a { count visits of PT per calendar_year  at most 30  outcome deny  cite m }"))
    assert found["a 30th visit on 2026-11-28"] == "clean"
    assert found["a 31st visit on 2026-11-28"] == "deny"


def test_an_amount_by_date_is_tried_on_both_sides_of_its_day(load: Load) -> None:
    text = "amount x { $100 to 2026-03-31  $200 from 2026-04-01 }\nlimit a { count allowed of PT per calendar_year  at most x  outcome deny  cite m }"
    found = outcomes(*load(text))
    assert found["$100.01 allowed on 2026-03-31"] == found["$200.01 allowed on 2026-04-01"] == "deny"
    assert found["$100.00 allowed on 2026-03-31"] == found["$200.00 allowed on 2026-04-01"] == "clean"


def test_each_member_of_a_list_and_one_beside_it(load: Load) -> None:
    rule, policy = load('forbid a { on 97110, 97140  except plan in "X", "Y"  outcome deny  cite m }')
    cases = list(boundaries(rule, policy))
    plans = {case.claim.plan: judged_alone(rule, policy, case) for case in cases if case.part.startswith("except")}
    assert [one.outcome for plan, one in plans.items() if one and plan in ("X", "Y")] == ["clean", "clean"]
    codes = {case.claim.lines[-1].code: judged_alone(rule, policy, case) for case in cases if case.part == "on"}
    assert codes["97140"].outcome == "deny"  # type: ignore[union-attr]
    assert codes["97530"].outcome == "clean"  # type: ignore[union-attr]


def test_ages_days_and_minutes(load: Load) -> None:
    found = outcomes(*load("forbid a { on PT  when patient.age < 21  outcome deny  cite m }"))
    assert found["age 20 on 2026-11-28"] == "deny"
    assert found["age 21 on 2026-11-28"] == "clean"
    found = outcomes(*load("deadline a { that received within 90 days after date_of_service  outcome deny  cite m }"))
    assert found["received on 2027-02-26 on 2026-11-28"] == "clean"
    assert found["received on 2027-02-27 on 2026-11-28"] == "deny"
    found = outcomes(*load("timing a { on 97110  by cms_total_time  outcome reduce  cite m }"))
    assert found["2 units, 22 minutes on 2026-11-28"] == "reduce"
    assert found["2 units, 23 minutes on 2026-11-28"] == "clean"


def test_the_day_before_a_rule_begins_and_its_first_day(load: Load) -> None:
    rule, policy = load("forbid a { on 97010  effective from 2026-05-01  outcome deny  cite m }")
    days = {case.day: judged_alone(rule, policy, case) for case in boundaries(rule, policy)}
    assert days[date(2026, 4, 30)].outcome == "clean"  # type: ignore[union-attr]
    assert days[date(2026, 5, 1)].outcome == "deny"  # type: ignore[union-attr]


def test_the_same_cases_in_the_same_order(load: Load) -> None:
    rule, policy = load("limit a { count visits of PT, OT per calendar_year  at most 20  except diagnosis in F84.*  outcome deny  cite m }")
    first, second = list(boundaries(rule, policy)), list(boundaries(rule, policy))
    assert first == second
    assert len({(case.claim.to_json(), case.history.to_json()) for case in first}) == len(first)




@pytest.mark.parametrize("name", ["bcbs.massachusetts", "fep.blue_focus", "ny_medicaid.outpatient_therapy", "medicare.part_b.outpatient_therapy",
                                  "medicare.part_b.therapy_record", "florida.pip"])  # fmt: skip
def test_every_shipped_rule_is_met_on_both_sides(name: str) -> None:
    for policy in cptrules.load(name).policies:
        for rule in policy.rules:
            found = {judgment.outcome for case in boundaries(rule, policy) if (judgment := judged_alone(rule, policy, case)) is not None}
            assert rule.kind == "payment" or {rule.outcome, "clean"} <= found, f"{rule.name}: {found}"


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies(2))
def test_random_rules_have_cases_that_policies_can_judge(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.policy")
        file.write_text(text, encoding="utf-8")
        for policy in policies_of(read([str(file)])).policies:
            for rule in policy.rules:
                cases: list[Boundary] = list(boundaries(rule, policy))
                assert cases
                assert any(judged_alone(rule, policy, case) is not None for case in cases)
