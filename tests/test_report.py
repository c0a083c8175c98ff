"""The report (M3, M10): every rule accounted for, outcomes as intervals, what stands, what a person set aside."""

from __future__ import annotations

import json
import pickle
import random
from typing import Any

import pytest
from judging import claim, history, judge, line, policy, service, status

import cptrules
from cptrules import Claim, InputError, Policies, Report

OUTCOMES = ("clean", "inform", "warn", "reduce", "pend", "deny")


def every_rule(policies: Policies) -> set[tuple[str, str]]:
    return {(one.name, rule.name) for one in policies.policies for rule in one.rules}


# ---- every rule --------------------------------------------------------------------------------------------------

MANY = (
    "forbid broken_one { on 97110  outcome deny  cite manual }\n"
    "forbid met_one { on 97110  unless units = 1  outcome deny  cite manual }\n"
    "forbid elsewhere { on 97140  outcome deny  cite manual }\n"
    "forbid when_not { when units > 5  outcome deny  cite manual }\n"
    "forbid excepted { except units = 1  outcome deny  cite manual }\n"
    "forbid ended { effective to 2025-12-31  outcome deny  cite manual }\n"
    'forbid put_off { suspended because "the court said so"  outcome deny  cite manual }\n'
    "forbid open_one { when telehealth  outcome warn  cite manual }\n"
)
EXPECTED = {
    "broken_one": "broken", "met_one": "met", "elsewhere": "not_applicable", "when_not": "not_applicable", "excepted": "not_applicable",
    "ended": "not_applicable", "put_off": "not_applicable", "open_one": "undetermined",
}  # fmt: skip


def test_m10_every_rule_is_accounted_for_with_its_reason() -> None:
    acme = policy(MANY)
    report = judge(acme, claim())
    assert {one.rule: one.status for one in report.rules} == EXPECTED
    why = {one.rule: one.why for one in report.rules}
    assert "97110 is not in 97140" in why["elsewhere"]
    assert why["excepted"].startswith("except units = 1")
    assert why["when_not"].startswith("when units > 5")
    assert why["ended"] == "not in force on 2026-03-04"
    assert "the court said so" in why["put_off"]
    assert "unless units = 1" in why["met_one"]
    assert [m.field for m in next(one for one in report.rules if one.rule == "open_one").missing] == ["telehealth"]


def test_m10_a_rule_has_an_entry_for_each_status_and_every_line_is_in_one() -> None:
    acme = policy(MANY)
    report = judge(acme, claim(line(1), line(2, code="97140"), line(3, code="97530", units=7)))
    for name in EXPECTED:
        entries = [one for one in report.rules if one.rule == name]
        assert sorted(number for one in entries for number in one.lines) == [1, 2, 3]
        assert len({one.status for one in entries}) == len(entries)


def test_m10_every_rule_of_the_shipped_policy_is_accounted_for() -> None:
    medicare = cptrules.load("medicare.part_b.outpatient_therapy")
    report = judge(medicare, {"payer": "MEDICARE_B", "lines": [line(1), line(2, code="97161"), line(3, code="99213", modifiers=[])]})
    assert {(one.policy, one.rule) for one in report.rules} == every_rule(medicare)
    for name in {one.rule for one in report.rules}:
        assert sorted(n for one in report.rules if one.rule == name for n in one.lines) == [1, 2, 3]


# ---- outcomes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sure", "perhaps", "least", "most"), [
    ("warn", "inform", "warn", "warn"), ("warn", "warn", "warn", "warn"), ("warn", "deny", "warn", "deny"), ("deny", "deny", "deny", "deny"),
    ("reduce", "pend", "reduce", "pend"), ("inform", "warn", "inform", "warn"),
])  # fmt: skip
def test_m3_2_at_least_and_at_most(sure: str, perhaps: str, least: str, most: str) -> None:
    acme = policy(
        f"forbid sure {{ on 97110  outcome {sure}  cite manual }}\nforbid perhaps {{ on 97110  when telehealth  outcome {perhaps}  cite manual }}\n"
    )
    report = judge(acme, claim())
    assert (report.at_least, report.at_most) == (least, most)
    assert report.outcome == (least if least == most else "undetermined")
    assert (report.lines[0].at_least, report.lines[0].at_most, report.lines[0].outcome) == (least, most, report.outcome)


def test_m3_1_a_claims_outcome_is_the_worst_of_its_lines() -> None:
    acme = policy("forbid exercise { on 97110  outcome warn  cite manual }\nforbid manual_work { on 97140  outcome pend  cite manual }\n")
    report = judge(acme, claim(line(1), line(2, code="97140"), line(3, code="97530")))
    assert [one.outcome for one in report.lines] == ["warn", "pend", "clean"]
    assert report.outcome == "pend"


@pytest.mark.parametrize("name", ["a_two", "z_two"])
def test_m3_3_of_several_that_reduce_the_least_stands(name: str) -> None:
    acme = policy(
        f"limit {name} {{ count units per day  at most 2  outcome reduce  cite manual }}\n"
        "limit three { count units per day and code  at most 3  outcome reduce  cite manual }\n"
        "limit dollars { count charged per day  at most $50  outcome reduce  cite manual }\n"
    )
    report = judge(acme, claim(line(units=5, charge="80.00")), history())
    assert {name: str(value) for name, value in (report.lines[0].stands or {}).items()} == {"units": "2", "charged": "50"}
    assert report.to_dict()["lines"][0]["stands"] == {"units": 2, "charged": "50.00"}


@pytest.mark.parametrize("rule", [
    "forbid never { on 97110  outcome reduce  cite manual }",
    "modifiers needed { needs KX  outcome reduce  cite manual }",
    "require fit { that units = 9  outcome reduce  cite manual }",
])  # fmt: skip
def test_m3_4_a_reduce_of_a_rule_that_counts_nothing_leaves_nothing(rule: str) -> None:
    report = judge(policy(rule), claim(line(units=3)))
    assert report.outcome == "reduce"
    found = report.to_dict()["findings"][0]
    assert (found["stands"], found["excess"]) == ({"units": 0}, {"units": 3})


def test_m3_3_neither_the_order_of_lines_nor_of_rules_changes_a_report() -> None:
    rules = [
        "limit most { count units of PT per calendar_year  at most 6  outcome reduce  cite manual }\n",
        "timing timed { by cms_total_time  outcome reduce  cite manual }\n",
        "modifiers needed { needs KX  outcome warn  cite manual }\n",
        "forbid other { on 97140  outcome deny  cite manual }\n",
    ]
    told = [line(n, code=code, units=2, minutes=20, contact="one_on_one") for n, code in ((1, "97110"), (2, "97140"), (3, "97530"))]
    past = [service("2026-02-01", units=1), service("2026-02-01", code="97140", units=1), service("2026-02-02")]
    base = judge(policy("".join(rules)), claim(*told), history(*past)).to_dict()
    chance = random.Random(7)
    for _ in range(4):
        for several in (rules, told, past):
            chance.shuffle(several)  # type: ignore[arg-type]
        assert judge(policy("".join(rules)), claim(*told), history(*past)).to_dict() == base


def test_a_rule_is_ignored_only_where_every_line_wants_an_ignored_fact() -> None:
    acme = policy("forbid perhaps { when telehealth and contact in group  outcome deny  cite manual }\n")
    told = claim(line(1, contact="group"), line(2, telehealth=True))
    parsed = Claim.from_dict(told)
    assert acme.check(parsed, ignore_missing=["telehealth", "contact"]).outcome == "clean"
    assert acme.check(parsed, ignore_missing=["telehealth"]).lines[1].outcome == "undetermined"
    assert acme.check(Claim.from_dict(claim(line(1, contact="group"))), ignore_missing=["telehealth"]).outcome == "clean"


# ---- overruling --------------------------------------------------------------------------------------------------

TWO = "forbid group_of_two { on 97110  outcome deny carc CO-96  cite manual }\nmodifiers threshold { needs KX  outcome warn  cite manual }\n"


def overruled(report: Report, rule: str, **more: Any) -> Report:
    return report.overrule(rule, **{"line": 1, "by": "Ana Ruiz", "why": "the payer agreed by phone", **more})


def test_m10_an_overruled_finding_stays_and_does_not_count() -> None:
    report = judge(policy(TWO), claim())
    after = overruled(report, "group_of_two")
    assert (report.outcome, after.outcome, after.lines[0].outcome, after.overruled) == ("deny", "warn", "warn", 1)
    found = {one["rule"]: one.get("overruled") for one in after.to_dict()["findings"]}
    assert found == {"group_of_two": {"by": "Ana Ruiz", "why": "the payer agreed by phone"}, "threshold": None}
    assert report.overruled == 0  # the report it was made from is as it was
    assert overruled(after, "threshold").outcome == "clean"
    assert overruled(after, "threshold").overruled == 2
    assert status(after, "group_of_two") == "broken"


def test_m10_the_first_line_says_how_many_were_overruled() -> None:
    after = overruled(judge(policy(TWO), claim()), "group_of_two")
    assert "1 overruled" in str(after).splitlines()[0]
    assert "overruled by Ana Ruiz: the payer agreed by phone" in str(after)
    assert "overruled" not in str(judge(policy(TWO), claim()))


def test_m10_overruling_one_line_leaves_the_others() -> None:
    report = judge(policy(TWO), claim(line(1), line(2)))
    after = overruled(report, "group_of_two", line=2)
    assert [one.outcome for one in after.lines] == ["deny", "warn"]
    assert after.outcome == "deny"


def test_m10_what_stands_is_reckoned_without_it() -> None:
    acme = policy(
        "limit two { count units per day  at most 2  outcome reduce  cite manual }\n"
        "limit three { count units per day and code  at most 3  outcome reduce  cite manual }\n"
    )
    after = overruled(judge(acme, claim(line(units=5)), history()), "two")
    assert {name: int(value) for name, value in (after.lines[0].stands or {}).items()} == {"units": 3}


def test_m10_what_is_undetermined_stays_so() -> None:
    acme = policy(TWO + "forbid perhaps { when telehealth  outcome deny  cite manual }\n")
    after = overruled(overruled(judge(acme, claim()), "group_of_two"), "threshold")
    assert (after.outcome, after.at_least, after.at_most) == ("undetermined", "clean", "deny")


@pytest.mark.parametrize("more", [{"line": 2}, {"by": " "}, {"why": ""}, {"policy": "acme.other"}])
def test_m10_overruling_names_a_finding_who_and_why(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="finding"):
        overruled(judge(policy(TWO), claim()), "group_of_two", **more)
    with pytest.raises(ValueError, match="no finding of nothing"):
        overruled(judge(policy(TWO), claim()), "nothing")


def test_m10_of_two_policies_with_a_rule_of_one_name_one_is_named(tmp_path: Any) -> None:
    for name in ("one", "two"):
        text = f'policy acme.{name} {{ title "Acme"  payer "ACME" }}\nforbid group_of_two {{ on 97110  outcome deny }}\n'
        (tmp_path / f"{name}.policy").write_text(text, encoding="utf-8")
    report = judge(cptrules.load(tmp_path), claim())
    with pytest.raises(ValueError, match=r"acme.one, acme.two"):
        overruled(report, "group_of_two")
    after = overruled(report, "group_of_two", policy="acme.one")
    assert (after.outcome, after.overruled) == ("deny", 1)
    assert overruled(after, "group_of_two", policy="acme.two").outcome == "clean"


# ---- the report as data ------------------------------------------------------------------------------------------


def test_m10_a_report_is_plain_json_and_can_be_pickled() -> None:
    report = judge(policy(TWO), claim(id="C1"), history())
    again = json.loads(report.to_json())
    assert again == report.to_dict()
    assert (again["claim"], again["outcome"], again["policies"]) == ("C1", "deny", ["acme.ppo"])
    assert {key for one in again["rules"] for key in one} == {"policy", "rule", "kind", "status", "lines", "why", "facts", "missing"}
    assert pickle.loads(pickle.dumps(report)).to_dict() == again


def test_m10_bad_input_is_refused_with_its_path() -> None:
    twice = claim(line(1), line(1))
    with pytest.raises(InputError, match=r"lines\[1\].number"):
        Claim.from_dict(twice)
    with pytest.raises(InputError, match="lines"):
        Claim.from_dict(claim() | {"lines": []})


def test_m1_1_no_policy_is_never_clean() -> None:
    acme = policy(TWO)
    for told in (claim() | {"payer": "OTHER"}, {key: value for key, value in claim().items() if key != "payer"}):
        report = judge(acme, told)
        assert (report.outcome, report.at_most) == ("undetermined", "deny")
        assert report.rules[0].rule == "no_policy"


# ---- soundness of the shipped policy -----------------------------------------------------------------------------

CODES = ("97110", "97140", "97530", "97150", "97124", "G0283", "97161", "97130", "97129", "99213", "92507")
MARKS = (["GP"], ["GP", "59"], ["GO"], ["GP", "CQ"], ["GP", "KX"], [], ["GN"], ["GP", "KX", "GA"])


def service_line(chance: random.Random, **more: Any) -> dict[str, Any]:
    return {
        "code": chance.choice(CODES), "modifiers": chance.choice(MARKS), "units": chance.randint(0, 3), "minutes": chance.choice([7, 8, 15, 23, 30]),
        "contact": chance.choice(["one_on_one", "group"]), "patients": chance.randint(1, 3), "telehealth": False, "place_of_service": "11",
        "date_of_service": chance.choice(["2026-03-03", "2026-03-04"]), "allowed": chance.choice(["30.00", "900.00", "1500.00"]),
        "rendering_provider": {"npi": "2", "role": chance.choice(["PT", "PTA", "OT", "SLP"])}, **more,
    }  # fmt: skip


def thinned(told: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A claim or a service of which something is not known."""
    kept = ("number", "code", "date_of_service", "lines", "payer")
    return {key: value for key, value in told.items() if key in kept or chance.random() < 0.8}


@pytest.mark.parametrize("seed", range(60))
def test_m2_3_what_is_said_of_a_claim_holds_whatever_else_becomes_known(seed: int, medicare: Policies) -> None:
    chance = random.Random(seed)
    facts = {"home_health_plan": False, "under_a_plan": True, "covered_nursing_stay": False, "late_for_good_reason": False}
    lines = [service_line(chance, number=number) for number in (1, 2, 3)]
    past = [service_line(chance, billing_provider={"npi": chance.choice("12")}, facts={"under_a_plan": True}) for _ in range(3)]
    told = {"payer": "MEDICARE_B", "received": "2026-03-10", "billing_provider": {"npi": "1"}, "facts": facts, "lines": lines}
    full = judge(medicare, told, history(*past))
    thin = judge(
        medicare, thinned(told, chance) | {"lines": [thinned(one, chance) for one in lines]}, history(*(thinned(one, chance) for one in past))
    )
    for rule in {one.rule for one in full.rules}:
        for number in (1, 2, 3):
            before, after = status(thin, rule, number), status(full, rule, number)
            assert "undetermined" in (before, after) or (before == "broken") == (after == "broken"), (rule, number, before, after)


@pytest.fixture(scope="module")
def medicare() -> Policies:
    return cptrules.load("medicare.part_b.outpatient_therapy")
