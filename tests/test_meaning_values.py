"""M1 to M3 of the contract: which policies speak, what is true, false or unknown, and what the outcome may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from judging import claim, history, judge, line, missing, policy, service, status

import cptrules
from cptrules import Claim, Report

DENY = "outcome deny  cite manual }\n"


def require(condition: str, header: str = "", names: str = "") -> cptrules.Policies:
    """A policy with one rule that demands a condition of every line."""
    return policy(f"{names}require it {{ that {condition}  {DENY}", header)


def held(condition: str, claim_: dict[str, Any] | None = None, history_: dict[str, Any] | None = None, names: str = "") -> str:
    """What became of a demand: met, broken or undetermined."""
    return status(judge(require(condition, names=names), claim_ or claim(), history_), "it")


# ---- M1 ----------------------------------------------------------------------------------------------------------


def test_m1_1_no_policy_for_the_payer_is_undetermined_never_clean() -> None:
    report = judge(require("units = 1"), claim(payer="OTHER"))
    assert (report.outcome, report.at_least, report.at_most) == ("undetermined", "clean", "deny")
    assert any("no policy for OTHER on 2026-03-04" in one.why for one in report.rules)


def test_m1_1_an_unknown_payer_is_asked_for() -> None:
    given = claim()
    del given["payer"]
    report = judge(require("units = 1"), given)
    assert report.outcome == "undetermined"
    assert missing(report, "no_policy") == {"payer"}


@pytest.mark.parametrize(
    ("day", "outcome"), [("2025-12-31", "undetermined"), ("2026-01-01", "clean"), ("2026-06-30", "clean"), ("2026-07-01", "undetermined")]
)
def test_m1_1_a_policy_speaks_for_its_dates_both_ends_in(day: str, outcome: str) -> None:
    acme = require("units = 1", "effective from 2026-01-01 to 2026-06-30")
    assert judge(acme, claim(line(date_of_service=day))).outcome == outcome


def test_m1_1_one_line_outside_the_policy_leaves_the_claim_open_and_the_other_line_judged() -> None:
    acme = require("units = 2", "effective from 2026-01-01")
    report = judge(acme, claim(line(1, date_of_service="2025-12-31"), line(2)))
    assert [one.outcome for one in report.lines] == ["undetermined", "deny"]


def test_m1_1_another_plan_is_another_policys() -> None:
    acme = require("units = 1", 'plans "GOLD"')
    assert judge(acme, claim(plan="GOLD")).outcome == "clean"
    assert judge(acme, claim(plan="SILVER")).outcome == "undetermined"
    assert judge(acme, claim(plan=None)).outcome == "undetermined"


def test_m1_1_an_unknown_plan_is_judged_like_a_when_of_each_rule() -> None:
    acme = require("units = 2", 'plans "GOLD"')
    report = judge(acme, claim())
    assert status(report, "it") == "undetermined"
    assert missing(report, "it") == {"plan"}


def test_m1_1_a_date_on_which_no_rule_is_in_force_is_clean_and_said() -> None:
    acme = policy(f"require it {{ that units = 2  effective from 2026-04-01  {DENY}")
    report = judge(acme, claim())
    assert report.outcome == "clean"
    assert any("no rule in force on 2026-03-04" in note for note in report.notes)


@pytest.mark.parametrize(("day", "found"), [("2026-02-28", "broken"), ("2026-03-01", "met"), ("2026-03-31", "met"), ("2026-04-01", "broken")])
def test_m1_2_the_date_of_service_picks_the_amount(day: str, found: str) -> None:
    names = "amount most {\n  1 to 2026-02-28\n  2 from 2026-03-01 to 2026-03-31\n  1 from 2026-04-01\n}\n"
    acme = policy(f"{names}limit it {{ count units per line  at most most  {DENY}")
    assert status(judge(acme, claim(line(date_of_service=day, units=2))), "it") == found


def test_m1_2_a_gap_between_versions_of_an_amount_is_reported_and_not_met() -> None:
    names = "amount most {\n  9 to 2026-02-28\n  9 from 2026-04-01\n}\n"
    report = judge(policy(f"{names}limit it {{ count units per line  at most most  {DENY}"), claim())
    assert status(report, "it") == "undetermined"
    assert any("No version of most is in force on 2026-03-04" in one.question for found in report.rules for one in found.missing)


@pytest.mark.parametrize(("day", "found"), [("2026-02-28", "met"), ("2026-03-04", "undetermined"), ("2026-04-01", "broken")])
def test_m1_2_a_gap_between_rows_of_a_table_is_reported_and_not_met(day: str, found: str) -> None:
    files = {"most.csv": "code,units,from,to\n97110,2,,2026-02-28\n97110,1,2026-04-01,\n"}
    acme = policy(f'table most from "most.csv" keys code values units\nlimit it {{ count units per line  at most most  {DENY}', files=files)
    assert status(judge(acme, claim(line(date_of_service=day, units=2))), "it") == found


def test_m1_2_a_member_of_a_set_has_its_own_dates() -> None:
    acme = policy(f"codes old = 97110 to 2026-02-28, 97140\nforbid it {{ on old  {DENY}")
    assert status(judge(acme, claim(line(date_of_service="2026-02-28"))), "it") == "broken"
    assert status(judge(acme, claim(line(date_of_service="2026-03-01"))), "it") == "not_applicable"


def test_m1_3_the_headers_scope_is_every_rules() -> None:
    acme = require("units = 2", "on PT\n  when place_of_service in 11\n  except patient.age < 21")
    old = {"birth_date": "1950-01-01"}
    assert status(judge(acme, claim(place_of_service="11", patient=old)), "it") == "broken"
    assert status(judge(acme, claim(line(modifiers=["GO"]), place_of_service="11", patient=old)), "it") == "not_applicable"
    assert status(judge(acme, claim(place_of_service="12", patient=old)), "it") == "not_applicable"
    assert status(judge(acme, claim(place_of_service="11", patient={"birth_date": "2010-01-01"})), "it") == "not_applicable"


# ---- M2.1 --------------------------------------------------------------------------------------------------------

T, F, U = "units = 1", "units = 2", "minutes = 8"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (f"{T} and {T}", "met"),
        (f"{T} and {F}", "broken"),
        (f"{F} and {U}", "broken"),
        (f"{U} and {F}", "broken"),
        (f"{T} and {U}", "undetermined"),
        (f"{F} or {F}", "broken"),
        (f"{T} or {U}", "met"),
        (f"{U} or {T}", "met"),
        (f"{F} or {U}", "undetermined"),
        (f"not {T}", "broken"),
        (f"not {F}", "met"),
        (f"not {U}", "undetermined"),
        (f"not ({T} and {U})", "undetermined"),
        (f"not ({F} and {U})", "met"),
    ],
)
def test_m2_1_and_or_and_not_over_three_values(condition: str, found: str) -> None:
    assert held(condition) == found


@pytest.mark.parametrize(
    "condition",
    ["minutes >= 8", "minutes >= 0", "minutes != 8", "place_of_service in 11", "place_of_service not in 11", "charge = allowed", "telehealth",
     "has telehealth", "received < 2026-05-01", "patient.age >= 0", "in_network = yes"],
)  # fmt: skip
def test_m2_1_a_comparison_with_an_unknown_side_is_unknown(condition: str) -> None:
    assert held(condition) == "undetermined"


# ---- M2.2 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "found"),
    [("minutes >= 8", "broken"), ("minutes < 8", "broken"), ("minutes = 8", "broken"), ("minutes != 8", "met"), ("has minutes", "broken"),
     ("place_of_service in 11", "broken"), ("place_of_service not in 11", "met"), ("telehealth", "broken"), ("telehealth = no", "broken"),
     ("not telehealth", "met"), ("charge = allowed", "broken")],
)  # fmt: skip
def test_m2_2_what_is_absent_compares_false_and_its_opposite_true(condition: str, found: str) -> None:
    absent = line(minutes=None, place_of_service=None, telehealth=None, charge=None, allowed=None)
    assert held(condition, claim(absent)) == found


@pytest.mark.parametrize(("modifiers", "found"), [(["59", "GP"], "broken"), (["GP"], "met"), ([], "met"), (None, "met")])
def test_m2_2_not_equal_is_the_opposite_of_equal_for_lists_too(modifiers: list[str] | None, found: str) -> None:
    given = claim(line(modifiers=modifiers, discipline="PT"))
    assert held("modifier != 59", given) == found
    assert held("modifier not in 59", given) == found
    assert held("not modifier in 59", given) == found


def test_m2_2_a_list_is_true_when_any_of_it_is() -> None:
    assert held("modifier in 59, KX", claim(line(modifiers=["GP", "KX"]))) == "met"
    assert held("diagnosis in F84.*", claim(diagnoses=["M54.50", "F84.0"])) == "met"
    assert held("diagnosis in F84.*", claim(line(diagnosis_pointers=[1]), diagnoses=["M54.50", "F84.0"])) == "broken"


@pytest.mark.parametrize(("events", "found"), [(None, "broken"), ([], "broken"), ([{"kind": "admission", "date": "2026-01-01"}], "broken")])
def test_m2_2_a_list_of_events_is_complete_for_every_kind(events: list[Any] | None, found: str) -> None:
    assert held("has order", history_=history(events=events)) == found


def test_m2_2_an_event_without_a_date_happened_on_a_date_unknown() -> None:
    undated = history(events=[{"kind": "order"}])
    assert held("has order", history_=undated) == "undetermined"  # it may have come after the line
    both = history(events=[{"kind": "order"}, {"kind": "order", "date": "2026-01-05"}])
    assert held("has order", history_=both) == "met"
    assert held("within 400 days after order", history_=both) == "met"
    assert held("within 30 days after order", history_=both) == "undetermined"


def test_m2_2_no_history_or_no_list_of_events_is_unknown() -> None:
    assert held("has order") == "undetermined"
    assert held("has order", history_=history()) == "undetermined"


def test_m2_2_a_claims_facts_are_not_an_earlier_services() -> None:
    names = 'fact at_home of claim : yes_no "Was it at home?"\n'
    counted = "count units where (at_home) per calendar_year <= 1"
    given = claim(facts={"at_home": True})
    assert held(counted, given, history(service("2026-01-05")), names) == "undetermined"
    assert held(counted, given, history(service("2026-01-05", facts={"at_home": False})), names) == "met"
    assert held(counted, given, history(service("2026-01-05", facts={"at_home": True})), names) == "broken"


def test_m2_2_a_list_of_codes_may_name_a_discipline() -> None:
    assert held("code in PT") == "met"
    assert held("code in OT, 97140") == "broken"
    assert held("code in PT", claim(line(modifiers=[]))) == "undetermined"


# ---- M2.3 --------------------------------------------------------------------------------------------------------

SHAPE = f"limit it {{ when place_of_service in 11  except telehealth  count units per line  at most 1  unless modifier in KX  {DENY}"


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"place_of_service": "11", "telehealth": False, "units": 2}, "broken"),
        ({"place_of_service": "12", "telehealth": False, "units": 2}, "not_applicable"),
        ({"place_of_service": "12", "units": 2}, "not_applicable"),
        ({"place_of_service": "11", "telehealth": True, "units": 2}, "not_applicable"),
        ({"telehealth": True, "units": 2}, "not_applicable"),
        ({"units": 1}, "met"),
        ({"units": 2, "modifiers": ["GP", "KX"]}, "met"),
        ({"units": 2, "telehealth": False}, "undetermined"),
        ({"units": 2, "place_of_service": "11"}, "undetermined"),
        ({"place_of_service": "11", "telehealth": False, "units": 2, "modifiers": None, "discipline": "PT"}, "broken"),
    ],
)
def test_m2_3_what_becomes_of_a_rule(fields: dict[str, Any], found: str) -> None:
    assert status(judge(policy(SHAPE), claim(line(**fields))), "it") == found


def test_m2_3_a_way_out_that_is_unknown_keeps_the_rule_open() -> None:
    unmarked = line(units=2, place_of_service="11", telehealth=False, discipline="PT")
    del unmarked["modifiers"]
    report = judge(policy(SHAPE), claim(unmarked))
    assert status(report, "it") == "undetermined"
    assert missing(report, "it") == {"modifier"}
    assert (report.outcome, report.at_most) == ("undetermined", "deny")


def test_m2_3_the_reason_why_a_rule_is_not_about_the_line_is_named() -> None:
    report = judge(policy(SHAPE), claim(line(units=2, place_of_service="11", telehealth=True)))
    assert any("telehealth" in one.why for one in report.rules if one.rule == "it")


def test_m2_3_and_4_only_what_can_settle_it_is_asked_each_with_its_question() -> None:
    report = judge(policy(SHAPE), claim(line(units=2, place_of_service="11")))
    ((asked,),) = [one.missing for one in report.rules if one.rule == "it"]
    assert (asked.field, asked.question) == ("telehealth", "Was it given by telehealth?")


# ---- M2.4, M2.5 --------------------------------------------------------------------------------------------------

MOST = 'amount most {\n  1 when plan in "A"\n  2 when plan in "B"\n  3\n}\nlimit it { count units per line  at most most  ' + DENY


@pytest.mark.parametrize(("units", "found"), [(1, "met"), (2, "undetermined"), (3, "undetermined"), (4, "broken")])
def test_m2_4_a_missing_plan_matters_only_where_the_plans_differ(units: int, found: str) -> None:
    report = judge(policy(MOST), claim(line(units=units)))
    assert status(report, "it") == found
    assert missing(report, "it") == ({"plan"} if found == "undetermined" else set())


def test_m2_5_every_way_is_tried_also_that_a_yes_or_no_fact_is_absent() -> None:
    names = 'fact new of claim : yes_no "Is it new?"\n'
    assert held("new or not new", names=names) == "met"
    assert held("has new", names=names) == "undetermined"
    assert held("new = yes or new = no", names=names) == "undetermined"


def test_m2_5_a_word_nobody_states_may_be_any_of_its_list_or_absent() -> None:
    names = 'fact stage of claim : one of early, late "Which?"\n'
    assert held("stage in early, late", names=names) == "undetermined"
    assert held("stage in early or stage not in early", names=names) == "met"


def test_m2_5_a_value_that_another_clause_mentions_is_tried_too() -> None:
    rule = f'limit it {{ on PT  when plan in "A", "B"  count units where (plan = "B") per line  at most 1  {DENY}'
    assert status(judge(policy(rule), claim(line(units=2))), "it") == "undetermined"
    assert status(judge(policy(rule), claim(line(units=2), plan="B")), "it") == "broken"
    assert status(judge(policy(rule), claim(line(units=1))), "it") == "met"


def test_m2_5_a_field_that_finds_a_row_of_a_table_can_matter_in_every_way() -> None:
    files = {"most.csv": "plan,units\nA,3\nC,1\n"}
    names = 'table most from "most.csv" keys plan values units missing none\n'
    acme = policy(f'{names}limit it {{ except plan in "A"  count units per line  at most most  {DENY}', files=files)
    assert status(judge(acme, claim(line(units=2))), "it") == "undetermined"
    assert status(judge(acme, claim(line(units=2), plan="C")), "it") == "broken"


def test_m2_5_a_text_that_is_a_key_can_be_that_of_any_service() -> None:
    rule = f'limit it {{ when condition = "knee" or place_of_service in 11  count visits of PT per calendar_year and condition  at most 1  {DENY}'
    past = history(service("2026-01-05", condition="hip"))
    given = claim(line(place_of_service="11"))
    assert status(judge(policy(rule), given, past), "it") == "undetermined"
    assert status(judge(policy(rule), {**given, "condition": "hip"}, past), "it") == "broken"
    assert status(judge(policy(rule), {**given, "condition": "knee"}, past), "it") == "met"


def test_m2_5_a_discipline_nobody_states_is_tried_each_way() -> None:
    rule = f"limit it {{ on PT, OT  count visits per calendar_year and discipline  at most 1  {DENY}"
    bare = claim(line(modifiers=[]))
    both = history(service("2026-01-05"), service("2026-01-06", modifiers=["GO"]))
    assert status(judge(policy(rule), bare, both), "it") == "broken"
    assert status(judge(policy(rule), bare, history(service("2026-01-05"))), "it") == "undetermined"
    assert status(judge(policy(rule), bare, history()), "it") == "met"


# ---- M2.6 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{}, {"therapy_kind": None}])
def test_m2_6_an_assumption_stands_in_where_the_field_is_unknown_or_absent(given: dict[str, Any]) -> None:
    acme = require("therapy_kind = habilitative", "assume therapy_kind = rehabilitative")
    report = judge(acme, claim(**given))
    assert status(report, "it") == "broken"
    assert any("assumed" in note and "therapy kind is rehabilitative" in note for note in report.notes)


def test_m2_6_an_assumption_does_not_stand_against_what_is_said() -> None:
    acme = require("therapy_kind = habilitative", "assume therapy_kind = rehabilitative")
    report = judge(acme, claim(therapy_kind="habilitative"))
    assert status(report, "it") == "met"
    assert not any("assumed" in note for note in report.notes)


@pytest.mark.parametrize(
    ("assume", "counter"),
    [("discipline = PT", "visits of PT per calendar_year"), ("discipline = PT", "visits per calendar_year and discipline"),
     ("place_of_service = 11", "visits where (place_of_service in 11) per calendar_year"),
     ('condition = "knee"', "visits per calendar_year and condition"), ("units = 1", "units per calendar_year")],
)  # fmt: skip
def test_m2_6_an_assumption_stands_in_for_services_of_the_history_too(assume: str, counter: str) -> None:
    acme = policy(f"limit it {{ count {counter}  at most 1  {DENY}", f"assume {assume}")
    bare = {"code": "97110", "modifiers": [], "billing_provider": {"npi": "1"}}
    here = {"number": 1, "code": "97110", "modifiers": [], "date_of_service": "2026-03-04"}
    past = history({**bare, "date_of_service": "2026-01-05"})
    assert status(judge(acme, claim(here), past), "it") == "broken"


# ---- M3 ----------------------------------------------------------------------------------------------------------

ORDER = ["inform", "warn", "reduce", "pend", "deny"]


def both(first: str, second: str, open_: str = "") -> Report:
    rules = "".join(
        f"limit r{n} {{ count units per line  at most 1  outcome {outcome}  cite manual }}\n" for n, outcome in enumerate((first, second))
    )
    rules += f"require open {{ that minutes >= 8  outcome {open_}  cite manual }}\n" if open_ else ""
    return judge(policy(rules), claim(line(units=2)))


@pytest.mark.parametrize("number", range(4))
def test_m3_1_the_worst_of_the_broken_rules_is_the_outcome(number: int) -> None:
    assert both(ORDER[number], ORDER[number + 1]).outcome == ORDER[number + 1]


def test_m3_1_a_claims_outcome_is_the_worst_of_its_lines() -> None:
    acme = policy(
        "limit a { on 97110  count units per line  at most 1  outcome warn  cite manual }\nforbid b { on 97140  outcome pend  cite manual }\n"
    )
    report = judge(acme, claim(line(1, units=2), line(2, code="97140"), line(3)))
    assert [one.outcome for one in report.lines] == ["warn", "pend", "clean"]
    assert report.outcome == "pend"


def test_m3_2_at_least_and_at_most() -> None:
    report = both("warn", "inform", "deny")
    assert (report.outcome, report.at_least, report.at_most) == ("undetermined", "warn", "deny")
    report = both("pend", "inform", "warn")
    assert (report.outcome, report.at_least, report.at_most) == ("pend", "pend", "pend")
    plain = report.to_dict()
    assert {"outcome", "at_least", "at_most"} <= plain.keys() and {"outcome", "at_least", "at_most"} <= plain["lines"][0].keys()


def test_m3_2_a_line_that_settles_the_outcome_settles_the_claims() -> None:
    acme = policy(f"forbid bad {{ on 97140  {DENY}require open {{ on 97110  that minutes >= 8  {DENY}")
    report = judge(acme, claim(line(1), line(2, code="97140")))
    assert [one.outcome for one in report.lines] == ["undetermined", "deny"]
    assert report.outcome == "deny"


def test_m3_2_a_rule_open_for_nothing_that_was_ignored_moves_the_outcome() -> None:
    report = require("minutes >= 8").check(Claim.from_dict(claim()), ignore_missing=["units"])
    assert (report.outcome, report.at_most) == ("undetermined", "deny")


def test_m3_3_rules_judge_what_is_billed_not_what_another_left() -> None:
    rules = "limit a { count units per line  at most 2  outcome reduce  cite manual }\n"
    rules += "limit b { count units per day  at most 4  outcome deny  cite manual }\n"
    report = judge(policy(rules), claim(line(1, units=3), line(2, units=2)), history())
    assert status(report, "a", 1) == "broken"
    assert status(report, "b", 2) == "broken"  # 3 and 2, not 2 and 2


def test_m3_3_the_least_that_stands_is_what_stands_measure_by_measure() -> None:
    rules = "".join(f"limit r{n} {{ count units per line  at most {n}  outcome reduce  cite manual }}\n" for n in (3, 1, 2))
    rules += "limit money { count allowed per line  at most $10  outcome reduce  cite manual }\n"
    report = judge(policy(rules), claim(line(units=4, allowed="25.00")))
    assert report.lines[0].stands == {"units": 1, "allowed": 10}


def test_m3_4_reduce_says_what_stands_and_the_excess_in_the_measure_counted() -> None:
    files = {"weights.csv": "code,weight\n97110,1.25\n"}
    rules = "limit it { count weights per line  at most 2  outcome reduce  cite manual }\n"
    report = judge(policy('table weights from "weights.csv" keys code values weight\n' + rules, files=files), claim(line(units=3)))
    (finding,) = report.findings
    assert {name: str(value) for name, value in (finding.stands or {}).items()} == {"weight": "2"}
    assert {name: str(value) for name, value in (finding.excess or {}).items()} == {"weight": "1.75"}  # unrounded


def test_m3_4_a_reduce_that_leaves_nothing_stays_a_reduce_and_a_deny_is_the_whole_line() -> None:
    for outcome, stands in (("reduce", {"units": 0}), ("deny", None)):
        report = judge(policy(f"limit it {{ count units per line  at most 0  outcome {outcome}  cite manual }}\n"), claim(line(units=2)))
        assert report.outcome == outcome
        assert report.findings[0].stands == stands


def test_m3_3_an_order_of_files_changes_nothing_where_one_breaks_and_one_is_open(tmp_path: Path) -> None:
    texts = {"a": "require open { that minutes >= 8  outcome deny }", "b": "forbid it { on 97110  outcome warn }"}
    for name, rule in texts.items():
        (tmp_path / f"{name}.policy").write_text(f'policy acme.{name} {{ title "{name}"  payer "ACME" }}\n{rule}\n', encoding="utf-8")
    found = [judge(cptrules.load(*(tmp_path / f"{name}.policy" for name in order)), claim()).to_dict() for order in ("ab", "ba")]
    assert found[0] == found[1]
    assert (found[0]["at_least"], found[0]["at_most"]) == ("warn", "deny")


# ---- a question names what it is of ------------------------------------------------------------------------------


def questions(report: Any, rule: str) -> list[str]:
    return [asked.question for one in report.rules if one.rule == rule for asked in one.missing]


def test_a_question_of_some_lines_names_them_and_one_of_all_lines_does_not() -> None:
    acme = policy("forbid far { when telehealth  outcome deny  cite manual }\n")
    at_home, open_ = {"telehealth": False}, "Was it given by telehealth?"
    assert questions(judge(acme, claim(line(1), line(2))), "far") == [open_]
    assert questions(judge(acme, claim(line(1, **at_home), line(2))), "far") == [f"{open_} (line 2)"]
    assert questions(judge(acme, claim(line(1), line(2, **at_home), line(3))), "far") == [f"{open_} (lines 1 and 3)"]
    assert questions(judge(acme, claim()), "far") == [open_]


def test_a_question_of_earlier_services_names_them_and_one_of_the_claim_names_nothing() -> None:
    acme = policy("limit units { count units where (telehealth) per calendar_year  at most 2  outcome deny  cite manual }\n")
    now = line(telehealth=True, units=2)
    days = ["2026-01-05", "2026-01-07", "2026-01-09", "2026-01-12", "2026-01-14", "2026-01-16"]
    one, many = (history(*(service(day) for day in some)) for some in (days[:1], days))
    assert questions(judge(acme, claim(now), one), "units") == ["Was it given by telehealth? (97110 on 2026-01-05)"]
    (asked,) = questions(judge(acme, claim(now), many), "units")
    assert asked == f"Was it given by telehealth? ({', '.join(f'97110 on {day}' for day in days[:4])} and 2 more)"
    of_claim = policy("forbid late { when claim_kind = appeal  outcome deny  cite manual }\n")
    assert questions(judge(of_claim, claim(line(1), line(2))), "late") == ["Is it a first claim, a corrected one or an appeal?"]


def test_a_question_that_several_lines_ask_of_each_other_names_all_of_them() -> None:
    untimed = {"code": "97150", "minutes": 20, "contact": "group"}
    acme = policy("timing timed { by cms_total_time  outcome reduce  cite manual }\n")
    report = judge(acme, claim(*(line(n) for n in range(1, 5)), line(5, **untimed)))
    assert {one.rpartition("? ")[2] for one in questions(report, "timed")} == {"(lines 1, 2, 3 and 4)"}


def test_facts_of_two_events_are_two_facts() -> None:
    """A wrong "clean" once: what nobody says of two surgeries was taken for one fact, alike for both."""
    rules = 'event surgery { planned : yes_no "Was it planned?" }\nforbid between { when within 60 days after surgery where (planned) %s }\n'
    between = "and at least 30 days after surgery where (planned)  outcome deny  cite manual"
    days = [{"kind": "surgery", "date": day} for day in ("2026-01-20", "2026-02-20")]
    report = judge(policy(rules % between), claim(), history(events=days))
    assert (report.outcome, missing(report, "between")) == ("undetermined", {"planned"})
    assert questions(report, "between") == ["Was it planned? (surgery on 2026-01-20 and surgery on 2026-02-20)"]
    first = [{**days[0], "facts": {"planned": True}}, {**days[1], "facts": {"planned": False}}]
    assert judge(policy(rules % between), claim(), history(events=first)).outcome == "deny"


def test_a_question_of_an_event_names_it() -> None:
    rules = 'event surgery { planned : yes_no "Was it planned?" }\nrequire near { that within 90 days after surgery where (planned) %s }\n'
    rules = rules % " outcome deny  cite manual"
    report = judge(policy(rules), claim(), history(events=[{"kind": "surgery", "date": "2026-02-01"}]))
    assert questions(report, "near") == ["Was it planned? (surgery on 2026-02-01)"]


def test_what_a_line_includes_may_leave_codes_out() -> None:
    acme = policy("forbid beside { on 97110  when day includes PT excluding 97110  outcome deny  cite manual }\n")
    assert judge(acme, claim(line(1), line(2)), history()).outcome == "clean"
    assert judge(acme, claim(line(1), line(2, code="97140")), history()).outcome == "deny"
