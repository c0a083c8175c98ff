"""The numbered sentences under N in docs/meaning.md, each with a test that cites it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from judging import claim, history, judge, line, missing, policy, service, status

import cptrules
from cptrules import Claim, InputError

VISITS = "limit visits { count visits of PT, OT per calendar_year  at most 30  outcome deny  cite manual }\n"


def thirty() -> list[dict[str, object]]:
    return [service(f"2026-01-{day:02}") for day in range(1, 31)]


def test_every_number_has_its_test() -> None:
    text = (Path(__file__).parent.parent / "docs" / "meaning.md").read_text(encoding="utf-8")
    numbers = re.findall(r"^(\d+)\. ", text[text.index("## N What building settled") :], re.MULTILINE)
    here = Path(__file__).read_text(encoding="utf-8")
    assert [number for number in numbers if f"def test_n{number}_" not in here] == []


def test_n1_a_fact_that_changes_nothing_is_not_asked_for() -> None:
    acme = policy(
        'fact first_time of claim : yes_no "Is it the first time?"\n'
        "forbid always { on 97110  when first_time or not first_time  outcome deny  cite manual }\n"
        "forbid perhaps { on 97110  when first_time  outcome deny  cite manual }\n"
    )
    report = judge(acme, claim())
    assert status(report, "always") == "broken"
    assert missing(report, "perhaps") == {"first_time"}


def test_n2_a_discipline_nobody_states_is_one_the_code_allows() -> None:
    acme = policy("forbid speech { on SLP  outcome deny  cite manual }\nforbid physical { on PT  outcome deny  cite manual }\n")
    report = judge(acme, claim(line(code="97140", modifiers=[])))
    assert status(report, "speech") == "not_applicable"
    assert status(report, "physical") == "undetermined"
    assert missing(report, "physical") == {"discipline"}


def test_n2_without_modifiers_nothing_is_concluded() -> None:
    acme = policy("forbid physical { on PT  outcome deny  cite manual }\n")
    bare = {key: value for key, value in line(rendering_provider={"role": "OT"}).items() if key != "modifiers"}
    assert status(judge(acme, claim(bare)), "physical") == "undetermined"


def test_n3_a_later_line_of_the_thirtieth_visit_is_not_over() -> None:
    acme = policy(VISITS)
    lines = [line(1), line(2, code="97530", modifiers=["GO"]), line(3, code="97140")]
    report = judge(acme, claim(*lines), history(*thirty()[:29]))
    assert [status(report, "visits", number) for number in (1, 2, 3)] == ["met", "broken", "met"]


def test_n4_patients_is_the_largest_group() -> None:
    acme = policy("limit group { count patients per day  at most 4  outcome deny  cite manual }\n")
    assert judge(acme, claim(line(1, patients=3), line(2, patients=4)), history()).outcome == "clean"
    assert judge(acme, claim(line(1, patients=3), line(2, patients=5)), history()).outcome == "deny"


def test_n5_denied_left_out_is_not_denied() -> None:
    acme = policy(VISITS.replace("30", "1"))
    assert judge(acme, claim(), history(service("2026-01-05"))).outcome == "deny"
    assert judge(acme, claim(), history(service("2026-01-05", denied=True))).outcome == "clean"


def test_n5_in_a_providers_own_history_a_service_without_a_provider_is_its_own() -> None:
    acme = policy("limit visits { count visits of PT per calendar_year and billing_provider  at most 1  outcome deny  cite manual }\n")
    past = service("2026-01-05")
    del past["billing_provider"]
    assert judge(acme, claim(), history(past, complete_for="billing_provider")).outcome == "deny"


def test_n6_a_date_without_a_list_is_no_history() -> None:
    acme = policy(VISITS)
    report = judge(acme, claim(), {"complete_from": "2026-01-01"})
    assert missing(report, "visits") == {"history.services"}
    assert judge(acme, claim(), {"complete_from": "2026-01-01", "services": []}).outcome == "clean"


def balance(used: str, **more: object) -> dict[str, object]:
    return {"measure": "visits", "of": ["OT", "PT"], "from": "2026-01-01", "to": "2026-02-28", "used": used, **more}


def test_n7_a_balance_counts_where_it_is_of_the_same() -> None:
    acme = policy(VISITS)
    assert judge(acme, claim(), history(balances=[balance("30")])).outcome == "deny"
    assert judge(acme, claim(), history(balances=[balance("29")])).outcome == "clean"
    assert judge(acme, claim(), history(balances=[balance("30", of=["SLP"])])).outcome == "clean"


def test_n7_a_balance_below_what_is_listed_is_asked_about() -> None:
    acme = policy(VISITS)
    report = judge(acme, claim(), history(*thirty(), balances=[balance("3")]))
    assert report.outcome == "undetermined"
    assert missing(report, "visits") == {"history.balances"}


def test_n8_gaps_of_amounts_and_rows_that_are_not_there() -> None:
    acme = policy(
        "amount most {\n  2 from 2026-01-01 to 2026-01-31\n  3 from 2026-04-01\n}\n"
        'table bounds from "bounds.csv" keys code values units\n'
        'table weights from "weights.csv" keys code values weight\n'
        "limit gap { count units per day  at most most  outcome deny  cite manual }\n"
        "limit bound { count units per day and code  at most bounds  outcome deny  cite manual }\n"
        "limit weight { count weights per day  at most 3  outcome deny  cite manual }\n",
        files={"bounds.csv": "code,units\n97530,4\n", "weights.csv": "code,weight\n97530,4\n"},
    )
    report = judge(acme, claim(), history())
    assert status(report, "gap") == "undetermined"
    assert status(report, "bound") == "not_applicable"
    assert missing(report, "weight") == {"weight 97110"}


def test_n9_a_bases_header_travels_with_its_rules(tmp_path: Path) -> None:
    (tmp_path / "base.policy").write_text(
        'policy acme.base { title "Base"  on 97110  effective to 2026-06-30  assume therapy_kind = rehabilitative }\n'
        "forbid kind { when therapy_kind = rehabilitative  outcome deny }\n"
    )
    (tmp_path / "ppo.policy").write_text(
        'policy acme.ppo { title "PPO"  payer "ACME"  extends acme.base }\nforbid other { on 97140  outcome warn }\n'
    )
    acme = cptrules.load(tmp_path)
    assert judge(acme, claim()).outcome == "deny"
    assert status(judge(acme, claim(line(code="97530"))), "kind") == "not_applicable"
    assert status(judge(acme, claim(line(date_of_service="2026-07-01"))), "kind") == "not_applicable"
    assert judge(acme, claim(line(code="97140"))).outcome == "warn"


TIMING = "timing timed { on 97110, 97140, 97112  by cms_total_time  outcome reduce  cite manual }\n"


def test_n10_missing_minutes_break_a_line_only_where_none_could_support_it() -> None:
    acme = policy(TIMING)
    known = line(1, units=3, minutes=20, contact="one_on_one")
    other = line(2, code="97140", units=1, contact="one_on_one")
    report = judge(acme, claim(known, other))
    assert status(report, "timed", 1) == "broken"
    assert status(report, "timed", 2) == "undetermined"
    assert status(judge(acme, claim({**known, "units": 2}, other)), "timed", 1) == "undetermined"


def test_n11_a_line_without_a_date_is_bad_input() -> None:
    bare = {key: value for key, value in line().items() if key != "date_of_service"}
    with pytest.raises(InputError, match=r"lines\[0\].date_of_service"):
        Claim.from_dict(claim(bare))


def test_n12_two_findings_belong_to_no_policy() -> None:
    acme = policy(VISITS)
    ended = judge(acme, claim(line(code="97001", modifiers=["GP"], date_of_service="2026-03-04"), line(2, modifiers=["GP", "GO"])), history())
    assert [(finding.rule, finding.policy, finding.outcome) for finding in ended.findings if finding.rule == "disciplines_disagree"] == [
        ("disciplines_disagree", None, "warn")
    ]
    later = judge(acme, claim(line(code="97550", date_of_service="2023-12-31")), history(since="2023-01-01"))
    assert [(finding.rule, finding.outcome, finding.carc) for finding in later.findings] == [("code_not_in_force", "warn", "CO-181")]


def test_n13_of_pairs_there_is_a_finding_for_each_partner() -> None:
    acme = policy(
        'table pairs_of from "pairs.csv" keys column_one, column_two values indicator\n'
        "pairs edits { listed in pairs_of per day and billing_provider  outcome deny  cite manual }\n",
        files={"pairs.csv": "column_one,column_two,indicator\n97140,97110,1\n97150,97110,1\n"},
    )
    report = judge(acme, claim(line(1), line(2, code="97140"), line(3, code="97150")), history())
    assert [finding.lines for finding in report.findings] == [(1,), (1,)]
    assert len({finding.message for finding in report.findings}) == 2


def test_n14_a_repair_that_brings_something_worse_is_not_offered() -> None:
    rules = "modifiers needed { on 97110  needs KX  outcome warn  cite manual }\n"
    assert [repair.value for repair in judge(policy(rules), claim()).findings[0].repairs] == ["KX"]
    worse = judge(policy(rules + "modifiers not_both { refuse KX  outcome deny  cite manual }\n"), claim())
    assert worse.findings[0].repairs == ()
    assert worse.findings[0].no_repair


def test_n15_rules_are_judged_one_by_one() -> None:
    acme = policy(
        'fact first_time of claim : yes_no "Is it the first time?"\n'
        "forbid always { when first_time  outcome deny  cite manual }\nforbid perhaps { when not first_time  outcome deny  cite manual }\n"
    )
    report = judge(acme, claim())
    assert (report.at_least, report.at_most) == ("clean", "deny")


def test_n16_none_is_on_file_and_none_is_named(tmp_path: Path) -> None:
    from cptrules.loading import read
    from cptrules.trial import trials

    path = tmp_path / "acme.policy"
    path.write_text(
        'policy acme.ppo { title "Acme"  payer "ACME" }\nprior_authorization all { on PT  outcome deny }\n'
        'test "none" {\n  claim on 2026-03-04\n  line 97110 GP\n  set authorizations none\n  expect deny by all on line 1\n}\n'
    )
    (result,) = trials(read([path]))
    assert result.failures == ()
    assert result.cases == 1


def test_n17_contact_that_is_absent_is_not_one_on_one() -> None:
    acme = policy(TIMING)
    assert judge(acme, claim(line(minutes=15, contact="one_on_one"))).outcome == "clean"
    assert judge(acme, claim(line(minutes=15, contact=None))).outcome == "reduce"
    assert judge(acme, claim(line(minutes=15))).outcome == "undetermined"


def test_n18_an_unknown_plan_may_be_one_nobody_speaks_for() -> None:
    acme = policy("forbid packs { on 97010  outcome deny  cite manual }\n", '  plans "PPO"')
    assert judge(acme, claim(plan="PPO")).outcome == "clean"
    assert judge(acme, claim(plan="HMO")).outcome == "undetermined"
    report = judge(acme, claim())
    assert (report.outcome, report.at_most) == ("undetermined", "deny")
    assert missing(report, "no_policy") == {"plan"}


FIFTEENS = {"contact": "one_on_one", "minutes": 20}


def test_n19_ties_are_settled_for_the_claim() -> None:
    acme = policy(TIMING.replace("outcome", "ties to first listed  outcome"))
    lines = [line(1, units=1, **FIFTEENS), line(2, code="97140", units=2, **FIFTEENS)]
    assert judge(acme, claim(*lines)).outcome == "clean"
    assert judge(acme, claim(line(1, units=2, **FIFTEENS), lines[1])).outcome == "reduce"


def test_n20_only_lines_the_rule_is_about_lend_their_minutes() -> None:
    acme = policy(TIMING.replace("by cms", "except telehealth  by cms"))
    first = line(1, units=1, minutes=7, contact="one_on_one", telehealth=False)
    lines = [first, line(2, code="97140", minutes=8, contact="one_on_one", telehealth=True)]
    assert status(judge(acme, claim(*lines)), "timed", 1) == "broken"


def test_n21_minutes_that_disagree_may_either_be_right() -> None:
    acme = policy(TIMING)
    both = line(units=2, minutes=15, minutes_by={"PT": 23}, contact="one_on_one")
    assert judge(acme, claim(both)).outcome == "undetermined"
    assert judge(acme, claim({**both, "minutes": 23})).outcome == "clean"


def test_n22_an_aide_is_no_therapist() -> None:
    acme = policy("modifiers assistant { when assisted  needs CQ for PT  outcome deny  cite manual }\n")
    for role, found in (("PT", "not_applicable"), ("PTA", "broken"), ("aide", "undetermined")):
        assert status(judge(acme, claim(line(rendering_provider={"role": role}))), "assistant") == found


APPROVED = "prior_authorization approved { on PT  outcome deny  cite manual }\n"


def test_n23_units_by_code_are_for_those_codes() -> None:
    acme = policy(APPROVED)
    approval = {"number": "A1", "from": "2026-03-01", "units": {"97140": 4}}
    assert judge(acme, claim(line()), history(authorizations=[approval])).outcome == "deny"
    assert judge(acme, claim(line(code="97140")), history(authorizations=[approval])).outcome == "clean"


def test_n24_received_null_is_not_received() -> None:
    acme = policy(APPROVED.replace("outcome", "requested within 10 days after order  outcome"))
    events = [{"kind": "order", "date": "2026-03-01"}]
    approval = {"number": "A1", "requested": "2026-03-02"}
    assert judge(acme, claim(), history(authorizations=[approval], events=events)).outcome == "clean"
    assert judge(acme, claim(), history(authorizations=[{**approval, "received": None}], events=events)).outcome == "deny"
    late = history(authorizations=[{**approval, "received": "2026-03-05"}], events=[])
    assert judge(acme, claim(), late).outcome == "deny"


def test_n25_a_null_discipline_goes_on_to_the_modifier() -> None:
    acme = policy("forbid physical { on PT  outcome deny  cite manual }\n")
    assert judge(acme, claim(line(discipline=None))).outcome == "deny"


def test_n26_unknown_modifiers_are_not_edited() -> None:
    acme = policy(VISITS.replace("at most 30", 'at most 0  unless modifier in KX attesting "needed"'))
    bare = {key: value for key, value in line(discipline="PT").items() if key != "modifiers"}
    report = judge(acme, claim(bare), history())
    assert all(repair.op != "add_modifier" for finding in report.findings for repair in finding.repairs)


def test_n27_a_rule_of_two_policies_is_overruled_by_the_policys_name(tmp_path: Path) -> None:
    for name in ("one", "two"):
        text = f'policy acme.{name} {{ title "Acme"  payer "ACME" }}\nforbid packs {{ on 97010  outcome deny }}\n'
        (tmp_path / f"{name}.policy").write_text(text, encoding="utf-8")
    report = judge(cptrules.load(tmp_path), claim(line(code="97010")))
    with pytest.raises(ValueError, match="policy"):
        report.overrule("packs", line=1, by="A. Biller", why="paid before")
    once = report.overrule("packs", line=1, by="A. Biller", why="paid before", policy="acme.one")
    assert (once.outcome, once.overruled) == ("deny", 1)


def test_n28_a_window_nobody_knows_the_start_of_is_open() -> None:
    acme = policy("window w { opens after injury  lasts 14 days }\n" + VISITS.replace("calendar_year", "w").replace("30", "1"))
    assert judge(acme, claim(), history(service("2026-03-03"))).outcome == "undetermined"
    assert judge(acme, claim(), history(service("2026-03-03"), events=[{"kind": "injury", "date": "2026-03-01"}])).outcome == "deny"


def test_n29_the_claims_lines_stand_by_value_whatever_their_dates() -> None:
    acme = policy(
        'table fee from "fee.csv" keys code values fee\n'
        "limit week { count units per week  at most 1  keep highest fee  outcome reduce  cite manual }\n",
        files={"fee.csv": "code,fee\n97110,28.50\n97530,36.60\n"},
    )
    report = judge(acme, claim(line(1, date_of_service="2026-03-02"), line(2, code="97530", date_of_service="2026-03-04")), history())
    assert [finding.lines for finding in report.findings] == [(1,)]


FEES = {"practice.csv": "code,practice\n97530,18.00\n97110,14.00\n"}
RANK = (
    'table practice from "practice.csv" keys code values practice\n'
    "payment rest { on PT  rank by practice per day rest lose 50% of practice  cite manual }\n"
)


def paid(rules: str, *lines: dict[str, object], told: dict[str, object] | None = None) -> list[str]:
    found = judge(policy(rules, files=FEES), claim(*lines), history() if told is None else told).payments
    return [str(one.pays) for one in found]


def test_n30_the_fee_then_the_ranking_then_the_percentages() -> None:
    half = "payment half { pay 50%  cite manual }\n"
    assert paid(RANK + half, line(1, code="97530", allowed="32.70"), line(2, allowed="28.51")) == ["16.35", "10.76"]  # 10.755


def test_n31_the_first_counted_of_equal_units_is_paid_in_full() -> None:
    assert paid(RANK, line(1, allowed="28.50"), line(2, allowed="28.50")) == ["28.50", "21.50"]
    assert paid(RANK, line(1, allowed="28.50"), told=history(since="2026-03-05")) == ["None"]


def test_n32_a_payment_moves_no_outcome() -> None:
    report = judge(policy("payment cut { pay 85%  cite manual }\n"), claim(), history())
    assert (report.outcome, status(report, "cut"), missing(report, "cut")) == ("clean", "undetermined", {"allowed"})


def test_n33_a_code_outside_the_table_is_asked_for_or_stands_outside() -> None:
    lines = (line(1, allowed="28.50"), line(2, code="97140", allowed="25.90"))
    assert paid(RANK, *lines) == ["None", "None"]
    assert paid(RANK.replace("values practice", "values practice missing none"), *lines) == ["28.50", "25.90"]


def noted(needs: str, *notes: dict[str, object], **more: object) -> str:
    acme = policy(f"documentation record {{ on PT  {needs}  outcome warn  cite manual }}\n")
    return status(judge(acme, claim(), history(notes=list(notes), **more)), "record")


def test_n34_a_note_without_a_discipline_is_of_any() -> None:
    signed = {"kind": "treatment_note", "date": "2026-03-04", "signature": "A. Therapist"}
    assert noted("needs signature", signed) == "met"
    assert noted("needs signature", {**signed, "discipline": "OT"}) == "broken"
    assert noted("needs signature, credentials", signed, {"kind": "treatment_note", "date": "2026-03-04", "credentials": "PT"}) == "met"


def test_n35_the_plan_of_care_of_the_latest_note_that_tells_of_one() -> None:
    notes = [{"date": day, "plan_of_care": {"ends": end}} for day, end in (("2026-01-05", "2026-03-01"), ("2026-02-05", "2026-04-01"))]
    assert noted("that date_of_service <= note.plan_of_care.ends", *notes) == "met"


def test_n36_a_kind_of_note_by_the_date_and_a_treatment_note_of_it() -> None:
    assert noted("needs evaluation", {"kind": "evaluation", "date": "2026-01-05"}) == "met"
    assert noted("needs treatment_note", {"kind": "treatment_note", "date": "2026-01-05"}) == "broken"


def test_n37_the_day_after_the_end_is_late() -> None:
    for day, found in (("2026-02-02", "met"), ("2026-02-01", "broken")):
        assert noted("needs certification every 30 days", {"kind": "plan_of_care", "date": "2026-01-01", "plan_of_care": {"certified": day}}) == found


def test_n38_phrases_alone_say_nothing() -> None:
    note = {"kind": "treatment_note", "date": "2026-03-04"}
    assert noted("needs progress", {**note, "progress": "Tolerated well. Progressing well."}) == "broken"
    assert noted("needs progress", {**note, "progress": "Tolerated well. Walks 40 feet."}) == "met"


def test_n39_no_earlier_note_is_like_none() -> None:
    note = {"kind": "treatment_note", "date": "2026-03-04", "text": "Band rows, three sets"}
    assert noted("that note.similarity_to_previous < 90%", note) == "met"
    assert noted("that note.similarity_to_previous < 90%", note, {**note, "date": "2026-03-03"}) == "broken"


def test_n40_interventions_are_known_from_a_session_only() -> None:
    acme = policy("documentation record { on PT  needs interventions  outcome warn  cite manual }\n")
    note = {"kind": "treatment_note", "date": "2026-03-04"}
    assert missing(judge(acme, claim(), history(notes=[note])), "record") == {"note.interventions"}


def test_n41_an_events_role_is_its_own() -> None:
    acme = policy("require order { on PT  that order where (role in physician) within 30 days before date_of_service  outcome deny  cite manual }\n")
    by = {"PT": "deny", "physician": "clean"}
    for role, found in by.items():
        told = history(events=[{"kind": "order", "date": "2026-03-01", "by": {"role": role}}])
        assert judge(acme, claim(line(rendering_provider={"role": "PT"})), told).outcome == found
    unsaid = history(events=[{"kind": "order", "date": "2026-03-01"}])
    assert judge(acme, claim(line(rendering_provider={"role": "physician"})), unsaid).outcome == "undetermined"


TIMED = "timing timed { on PT, OT, SLP  by cms_total_time  outcome reduce  cite manual }\n"
PARTS = [{"code": code, "minutes": 7, "role": "PT", "contact": "one_on_one"} for code in ("97110", "97112", "97140")]


def treated(*parts: dict[str, object], **more: object) -> cptrules.Session:
    return cptrules.Session.from_dict({"payer": "ACME", "date": "2026-03-04", "discipline": "PT", "interventions": list(parts), **more})


def test_n42_minutes_of_codes_that_are_not_on_the_claim_count_toward_the_total() -> None:
    acme = policy(TIMED)
    mine = Claim.from_dict(claim(line(minutes=7, contact="one_on_one")))
    assert acme.check(mine).outcome == "reduce"
    assert acme.check(mine, session=treated(*PARTS)).at_most in ("clean", "inform")


def test_n43_the_session_says_what_the_line_does_not() -> None:
    acme = policy(TIMED)
    bare = Claim.from_dict(claim(line(units=1)))
    assert acme.check(bare).outcome == "undetermined"
    assert acme.check(bare, session=treated({**PARTS[0], "minutes": 15})).outcome == "clean"
    twice = Claim.from_dict(claim(line(1), line(2)))
    assert acme.check(twice, session=treated({**PARTS[0], "minutes": 30})).outcome == "undetermined"


def test_n44_a_claim_beside_its_session() -> None:
    acme = policy(TIMED)
    wrong = Claim.from_dict(claim(line(code="97530")))
    rules = {finding.rule: finding.outcome for finding in acme.check(wrong, session=treated({**PARTS[0], "minutes": 15})).findings}
    assert rules["not_in_the_session"] == "warn"
    assert rules["not_on_the_claim"] == "inform"


def test_n45_what_supports_no_unit() -> None:
    bill = policy(TIMED).bill(treated({**PARTS[0], "minutes": 30, "contact": "group"}, {**PARTS[1], "minutes": 30, "role": "aide"}))
    assert (bill.claim, len(bill.left_out)) == (None, 2)


def test_n46_nothing_that_asserts_is_added() -> None:
    once = 'limit once { count units per day  at most 1  unless modifier in 59 attesting "distinct"  outcome deny  cite manual }\n'
    bill = policy(TIMED + once).bill(treated({**PARTS[0], "minutes": 30}))
    assert bill.claim is not None
    assert bill.claim.lines[0].modifiers == ("GP",)
    assert [proposal.repair.value for proposal in bill.proposals] == ["59"]


def test_n47_a_balance_of_something_else_shows_what_the_list_lacks() -> None:
    """A wrong "clean" once: the balance of 40 units was of no counter, and the empty list was taken for the whole history."""
    acme = policy(VISITS)
    for other in (balance("40", measure="units"), balance("30", of=["PT"])):
        report = judge(acme, claim(), history(balances=[other]))
        assert missing(report, "visits") == {"history.services"}
    listed = [service(f"2026-01-{day:02d}", code="97110") for day in range(5, 15)]
    assert judge(acme, claim(), history(*listed, balances=[balance("10", of=["PT"])])).outcome == "clean"
    assert judge(acme, claim(), history(*listed, balances=[balance("11", of=["PT"])])).outcome == "undetermined"


def test_n48_the_discipline_is_that_of_who_gave_it() -> None:
    both = treated({**PARTS[0], "minutes": 15, "role": "OTA", "with": "PT"}, {**PARTS[1], "minutes": 15, "role": "PTA", "with": "PT"})
    bill = policy(TIMED).bill(both)
    assert bill.claim is not None
    assert [(one.discipline, one.minutes_by) for one in bill.claim.lines] == [("OT", {"OTA": 15}), ("PT", {"PT": 15})]
    assert any("together" in note for note in bill.notes)


def test_n49_what_not_all_interventions_of_a_code_say_is_open() -> None:
    parts = ({**PARTS[0], "minutes": 15, "facts": {"early": True}}, {**PARTS[0], "minutes": 15, "place_of_service": "12", "modifiers": ["CQ"]})
    bill = policy('fact early of line : yes_no "Early?"\n' + TIMED).bill(treated(*parts))
    assert bill.claim is not None
    (one,) = bill.claim.lines
    assert (one.facts, one.place_of_service, one.modifiers) == ({}, cptrules.UNKNOWN, ("GP",))
    assert bill.claim.place_of_service is cptrules.UNKNOWN


def test_n50_minutes_beyond_the_sessions() -> None:
    one = treated({**PARTS[0], "minutes": 20}, {**PARTS[1], "minutes": 20, "contact": "group"}).to_dict()
    with pytest.raises(InputError, match="the session took 30"):
        cptrules.Session.from_dict({**one, "total_minutes": 30})
    beside = treated({**PARTS[0], "minutes": 30}, {"code": "G0283", "minutes": 30, "role": "PT"}).to_dict()
    assert cptrules.Session.from_dict({**beside, "total_minutes": 30}).total_minutes == 30


def test_n51_a_limit_is_asked_with_a_code_that_it_is_about() -> None:
    acme = policy("limit packs { count visits of 97010 per calendar_year  at most 5  outcome deny  cite manual }\n")
    told = cptrules.History.from_dict(history(service("2026-02-02", code="97010")))
    left = acme.remaining(cptrules.Person(payer="ACME"), told, on=date(2026, 3, 4))
    assert [(one.rule, one.at_least) for one in left.limits] == [("packs", 4)]


def test_n52_what_is_none_of_the_benefit_and_what_falls_due() -> None:
    acme = policy("require in_force { on PT  that date_of_service <= note.plan_of_care.ends  outcome deny  cite manual }\n")
    told = history(
        service("2026-02-02"), authorizations=[{"number": "A1", "payer": "OTHER", "visits": 4}],
        notes=[{"kind": "plan_of_care", "date": "2026-02-02", "plan_of_care": {"ends": "2026-05-03"}}],
    )  # fmt: skip
    left = acme.remaining(cptrules.Person(payer="ACME"), cptrules.History.from_dict(told), on=date(2026, 3, 4))
    assert left.authorizations == ()
    assert [(one.kind, one.by) for one in left.notes] == [("plan_of_care", date(2026, 5, 3))]


def test_n53_another_group_of_one_reason() -> None:
    acme = policy(VISITS.replace("outcome deny", "outcome deny carc CO-119"))
    found = acme.appeal(Claim.from_dict(claim(line())), 1, "PR-119")
    assert ([one.rule for one in found.grounds], len(found.notes)) == (["visits"], 1)


def test_n54_an_absent_key_is_a_value_of_its_own() -> None:
    acme = policy("limit once { count visits per calendar_year and condition  at most 1  outcome deny  cite manual }\n")
    past = history(service("2026-02-02", condition=None))
    assert status(judge(acme, claim(line(condition=None)), past), "once") == "broken"
    assert status(judge(acme, claim(line(condition="knee")), past), "once") == "met"


def test_n55_what_begins_on_one_date_of_the_history_ranks_alike() -> None:
    acme = policy("limit one_place { count distinct place_of_service per calendar_year  at most 1  outcome deny  cite manual }\n")
    past = [service("2026-02-02", place_of_service="11"), service("2026-02-02", place_of_service="12")]
    for order in (past, past[::-1]):
        assert status(judge(acme, claim(line(place_of_service="11")), history(*order)), "one_place") == "broken"


def test_n55_an_own_line_ranks_by_its_date() -> None:
    acme = policy("limit two { count visits per calendar_year  at most 2  outcome deny  cite manual }\n")
    lines = (line(1, date_of_service="2026-03-01"), line(2, date_of_service="2026-03-06"))
    report = judge(acme, claim(*lines), history(service("2026-03-03"), service("2026-03-06", claim="C0")))
    assert (status(report, "two", 1), status(report, "two", 2)) == ("met", "broken")


def test_n56_a_heads_except_is_about_the_lines_looked_at_not_what_is_counted() -> None:
    acme = policy(VISITS.replace("30", "1"), header="except place_of_service in 21")
    hospital = service("2026-01-05", place_of_service="21")
    assert judge(acme, claim(line(place_of_service="11")), history(hospital)).outcome == "deny"
    assert judge(acme, claim(line(place_of_service="21")), history(hospital)).outcome == "clean"


def test_n57_a_moment_in_a_window_that_holds_no_date_is_absent() -> None:
    window = "window episode { opens after injury  lasts 10 days }\n"
    seen = "require seen { on 97110  that within 30 days after first visit in episode  outcome deny  cite manual }\n"
    rested = "require rested { on 97110  that at least 2 days after first visit in episode  outcome deny  cite manual }\n"
    past = history(service("2026-01-05"), since="1900-01-01", events=[{"kind": "injury", "date": "2026-01-05"}])
    report = judge(policy(window + seen + rested), claim(patient={"birth_date": "1980-01-01"}), past)
    assert (status(report, "seen"), status(report, "rested")) == ("broken", "met")


@pytest.mark.parametrize(("values", "outcome"), [("", "undetermined"), ("values disciplines", "deny"), ("values timed", "undetermined")])
def test_n58_what_added_codes_do_not_tell_is_not_known(values: str, outcome: str) -> None:
    """A wrong "clean" once: a column that was not named was read as "of no discipline"."""
    table = f'table codes_added from "added.csv" keys code {values}\n'
    acme = policy(table + "forbid speech { on SLP  outcome deny  cite manual }\n", files={"added.csv": "code,disciplines,timed\n92557,SLP,yes\n"})
    bare = {"number": 1, "code": "92557", "modifiers": [], "units": 1, "date_of_service": "2026-03-04"}
    assert judge(acme, claim(bare), history()).outcome == outcome


def test_n58_an_empty_cell_of_a_named_column_says_that_there_is_none() -> None:
    table = 'table codes_added from "added.csv" keys code values disciplines\n'
    acme = policy(table + "forbid speech { on SLP  outcome deny  cite manual }\n", files={"added.csv": "code,disciplines\n92557,\n"})
    bare = {"number": 1, "code": "92557", "modifiers": [], "units": 1, "date_of_service": "2026-03-04"}
    assert judge(acme, claim(bare), history()).outcome == "clean"


@pytest.mark.parametrize("role", ["audiologist", "physician", "chiropractor", "student", "aide"])
def test_n59_the_role_of_an_audiologist_gives_no_discipline(role: str) -> None:
    acme = policy("limit speech { count visits of SLP, 92557 per benefit_year  at most 1  outcome deny  cite manual }\n"
                  "forbid of_slp { on SLP  outcome warn  cite manual }\n")  # fmt: skip
    heard = line(code="92557", modifiers=[], rendering_provider={"npi": "2", "role": role})
    report = judge(acme, claim(heard, patient={"benefit_year_start": "2026-01-01"}), history(service("2026-02-03", code="92507", modifiers=["GN"])))
    assert (status(report, "of_slp"), status(report, "speech")) == ("not_applicable", "broken")


@pytest.mark.parametrize(("told", "outcome"), [({}, "clean"), ({"at_home": True}, "inform"), ({"at_home": False}, "clean")])
def test_n60_units_not_billed_are_told_of_once_the_rule_is_surely_about_the_line(told: dict[str, bool], outcome: str) -> None:
    acme = policy('fact at_home of claim : yes_no "At home?"\ntiming timed { on PT  when at_home  by cms_total_time  outcome reduce  cite manual }\n')
    report = judge(acme, claim(line(units=1, minutes=38, contact="one_on_one"), facts=told), history())
    assert (report.outcome, report.at_most) == (outcome, outcome)


def test_n61_a_modifier_that_stands_twice_is_two() -> None:
    acme = policy("modifiers disciplines { on PT  at most one of GP, GO, GN  outcome deny  cite manual }\n")
    found = [judge(acme, claim(line(modifiers=given)), history()).outcome for given in (["GP"], ["GP", "GP"], ["GP", "KX"], ["GP", "GO"])]
    assert found == ["clean", "deny", "clean", "deny"]
