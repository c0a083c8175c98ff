"""M4 of the contract, row by row: what is counted, in which order, and what an incomplete history leaves open."""

from __future__ import annotations

from typing import Any

import pytest
from judging import claim, history, judge, line, missing, policy, service, status

from cptrules import Policies

TODAY = "2026-03-04"


def limit(counter: str, most: object, outcome: str = "deny", more: str = "", names: str = "", files: dict[str, str] | None = None) -> Policies:
    return policy(f"{names}limit it {{ {more}  count {counter}  at most {most}  outcome {outcome}  cite manual }}\n", files=files)


def found(counter: str, most: object, past: dict[str, Any] | None, *lines: dict[str, Any], number: int = 1, **more: Any) -> str:
    return status(judge(limit(counter, most), claim(*lines, **more), past), "it", number)


def used(counter: str, past: dict[str, Any] | None, *lines: dict[str, Any], number: int = 1, **more: Any) -> str:
    """The count with a line, in words, told by a limit of nothing."""
    report = judge(limit(counter, "$0" if counter.split()[0] in ("allowed", "charged", "paid") else 0, more="on 97110"), claim(*lines, **more), past)
    mine = [one.facts for one in report.findings if number in one.lines] or [one.facts for one in report.rules if number in one.lines]
    return mine[0]["used"]


def january(many: int, **more: Any) -> list[dict[str, Any]]:
    return [service(f"2026-01-{day:02}", **more) for day in range(1, many + 1)]


# ---- over, at the boundary ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "outcome"), [(28, "met"), (29, "met"), (30, "broken"), (31, "broken")])
def test_m4_over_of_30_visits_the_31st_is(before: int, outcome: str) -> None:
    assert found("visits of PT per calendar_year", 30, history(*january(min(before, 31)))) == outcome


@pytest.mark.parametrize(("allowed", "outcome"), [("49.99", "met"), ("50.00", "met"), ("50.01", "broken")])
def test_m4_over_exactly_at_a_dollar_limit_and_a_cent_over(allowed: str, outcome: str) -> None:
    past = history(service("2026-01-05", allowed="1950.00"))
    assert found("allowed of PT per calendar_year", "$2,000", past, line(allowed=allowed)) == outcome


def test_m4_over_every_line_of_the_31st_visit_is_and_none_of_the_30th() -> None:
    acme = limit("visits of PT per calendar_year", 30)
    lines = [line(1, date_of_service="2026-03-04"), line(2, date_of_service="2026-03-04", code="97140"), line(3, date_of_service="2026-03-05"),
             line(4, date_of_service="2026-03-05", code="97140")]  # fmt: skip
    report = judge(acme, claim(*lines), history(*january(29)))
    assert [status(report, "it", number) for number in (1, 2, 3, 4)] == ["met", "met", "broken", "broken"]


def test_m4_over_a_later_line_of_the_30th_visit_is_not_though_a_31st_began_between() -> None:
    report = judge(limit("visits per calendar_year", 30), claim(line(1), line(2, modifiers=["GO"]), line(3, code="97140")), history(*january(29)))
    assert [status(report, "it", number) for number in (1, 2, 3)] == ["met", "broken", "met"]


# ---- which services ----------------------------------------------------------------------------------------------


def test_m4_which_services_by_the_selector() -> None:
    past = history(
        service("2026-01-05"),
        service("2026-01-06", modifiers=["GO"]),
        service("2026-01-07", code="97161"),
        service("2026-01-08", code="92507", modifiers=["GN"]),
    )
    assert used("visits of PT per calendar_year", past) == "3"
    assert used("visits of PT, OT per calendar_year", past) == "4"
    assert used("visits of PT, OT excluding 97161..97163 per calendar_year", past) == "3"
    assert used("visits per calendar_year", past) == "5"


def test_m4_which_services_by_their_own_facts_and_date() -> None:
    codes = "codes treated = 97110 to 2026-01-31, 97140\n"
    past = history(service("2026-01-31"), service("2026-02-01"), service("2026-02-02", code="97140"))
    acme = limit("lines of treated per calendar_year", 2, names=codes)
    assert judge(acme, claim(line(code="97140")), past).findings[0].facts["used"] == "3"
    where = "units where (place_of_service in 11) per calendar_year"
    past = history(service("2026-01-05", place_of_service="11", units=2), service("2026-01-06", place_of_service="12", units=4))
    assert used(where, past, place_of_service="11") == "3"  # the claim's own place is not the earlier services'


def test_m4_which_services_one_of_a_place_unknown_may_count() -> None:
    where = "units where (place_of_service in 11) per calendar_year"
    past = history(service("2026-01-05", units=2))
    assert used(where, past, place_of_service="11") == "1 to 3"
    assert found(where, 3, past, place_of_service="11") == "met"
    assert found(where, 2, past, place_of_service="11") == "undetermined"


def test_m4_the_line_counts_only_if_it_is_counted() -> None:
    acme = limit("units of 97140 per day", 1, more="on 97110")
    assert status(judge(acme, claim(line(1, units=5), line(2, code="97140")), history()), "it") == "met"
    assert status(judge(acme, claim(line(1, code="97140", units=2), line(2)), history()), "it", 2) == "broken"


def test_m4_a_rule_without_on_looks_only_at_what_it_counts() -> None:
    assert found("units of 97140 per day", 0, history(), line()) == "not_applicable"


# ---- which window ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "inside", "outside"),
    [
        ("day", TODAY, "2026-03-03"),
        ("week", "2026-03-01", "2026-02-28"),
        ("week from monday", "2026-03-02", "2026-03-01"),
        ("month", "2026-03-01", "2026-02-28"),
        ("calendar_year", "2026-01-01", "2025-12-31"),
        ("benefit_year", "2025-07-01", "2025-06-30"),
        ("rolling 90 days", "2025-12-05", "2025-12-04"),
        ("rolling 1 month", "2026-02-05", "2026-02-04"),
        ("rolling 12 months", "2025-03-05", "2025-03-04"),
        ("rolling 2 weeks", "2026-02-19", "2026-02-18"),
        ("lifetime", "1950-02-02", "1949-01-01"),
    ],
)
def test_m4_which_window_holds_the_line(key: str, inside: str, outside: str) -> None:
    patient = {"benefit_year_start": "2020-07-01", "birth_date": "1950-02-01"}
    counter = f"lines per {key}"
    assert used(counter, history(service(inside), since="1940-01-01"), patient=patient) == "2"
    assert used(counter, history(service(outside), since="1940-01-01"), patient=patient) == "1"


@pytest.mark.parametrize(("day", "count"), [("2025-12-04", "2"), ("2025-12-03", "1"), ("2026-03-03", "2"), (TODAY, "1")])
def test_m4_which_window_prior_ends_the_day_before(day: str, count: str) -> None:
    past = history(service(day), service("2026-01-01"), since="2025-01-01")
    assert used("lines per prior 90 days", past) == count  # the line itself is not in it


def test_m4_a_years_end_begins_the_count_anew() -> None:
    past = history(*[service(f"2025-12-{day:02}") for day in range(1, 31)], since="2025-01-01")
    assert found("visits of PT per calendar_year", 30, past, line(date_of_service="2025-12-31")) == "broken"
    assert found("visits of PT per calendar_year", 30, past, line(date_of_service="2026-01-01")) == "met"


def test_m4_lines_of_one_claim_lie_in_windows_of_their_own_dates() -> None:
    lines = (line(1, date_of_service="2025-12-31"), line(2, date_of_service="2026-01-01"))
    report = judge(limit("visits per calendar_year", 1), claim(*lines), history(service("2025-06-01"), since="2025-01-01"))
    assert [status(report, "it", number) for number in (1, 2)] == ["broken", "met"]


def test_m4_authorizations_count_where_they_begin_in_the_window_by_the_lines_date() -> None:
    on_file = [{"number": str(n), "from": day} for n, day in enumerate(["2025-12-31", "2026-01-01", TODAY, "2026-03-05"])]
    assert used("authorizations per calendar_year", history(authorizations=on_file)) == "2"
    assert used("authorizations of OT per calendar_year", history(authorizations=[{"number": "1", "from": TODAY, "discipline": "PT"}])) == "0"
    assert found("authorizations per calendar_year", 1, history()) == "undetermined"


# ---- order, later history ----------------------------------------------------------------------------------------


def test_m4_order_by_date_then_history_then_the_claims_lines_by_number() -> None:
    past = history(service("2026-03-03"), service(TODAY), service("2026-03-05"))
    lines = (line(3), line(1), line(2, date_of_service="2026-03-03"))
    assert [used("lines per month", past, *lines, number=number) for number in (1, 2, 3)] == ["4", "2", "5"]


def test_m4_later_history_does_not_count() -> None:
    assert used("visits per calendar_year", history(service("2026-03-05"), service("2026-12-31"))) == "1"


# ---- the whole scope ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [1, 3])
def test_m4_scope_includes_sees_every_line_whatever_the_order(position: int) -> None:
    acme = policy("forbid it { on 97110  when day includes 97140  outcome deny  cite manual }\n")
    report = judge(acme, claim(line(2), line(position, code="97140")), history())
    assert status(report, "it", 2) == "broken"


@pytest.mark.parametrize("condition", ["day includes 97140", "day includes no 97140"])
def test_m4_scope_includes_sees_the_history_and_not_found_where_it_may_lack_some_is_unknown(condition: str) -> None:
    acme = policy(f"require it {{ that {condition}  outcome deny  cite manual }}\n")
    expected = {True: ("met", "broken"), False: ("broken", "met")}["includes 97140" in condition]
    assert status(judge(acme, claim(), history(service(TODAY, code="97140"))), "it") == expected[0]
    assert status(judge(acme, claim(), history()), "it") == expected[1]
    for past in (
        None,
        history(complete_to="2026-03-03"),
        history(since="2026-03-05"),
        history(complete_for="billing_provider"),
        {"complete_from": "2026-01-01"},
    ):
        assert status(judge(acme, claim(), past), "it") == "undetermined"
    own = claim(line(1), line(2, code="97140"))
    assert status(judge(acme, own, None), "it") == expected[0]


def test_m4_scope_includes_a_service_without_a_date_may_be_of_the_day() -> None:
    undated = {"code": "97140", "modifiers": ["GP"], "billing_provider": {"npi": "1"}}
    acme = policy("require it { that day includes no 97140  outcome deny  cite manual }\n")
    assert status(judge(acme, claim(), history(undated)), "it") == "undetermined"


def test_m4_a_claim_or_a_line_includes_only_its_own() -> None:
    for scope in ("claim", "line"):
        acme = policy(f"require it {{ that {scope} includes no 97140  outcome deny  cite manual }}\n")
        assert status(judge(acme, claim(), None), "it") == "met"
        assert status(judge(acme, claim(), history(service(TODAY, code="97140"))), "it") == "met"


def test_m4_with_sees_every_line_and_the_history() -> None:
    acme = policy("require it { on 97110  with 97140 per day  outcome deny  cite manual }\n")
    assert status(judge(acme, claim(line(1), line(2, code="97140"))), "it") == "met"
    assert status(judge(acme, claim(), history(service(TODAY, code="97140"))), "it") == "met"
    assert status(judge(acme, claim(), history(service("2026-03-03", code="97140"))), "it") == "broken"
    assert status(judge(acme, claim(), history(service(TODAY, code="97140", denied=True))), "it") == "broken"
    assert status(judge(acme, claim(), None), "it") == "undetermined"


def test_m4_with_over_a_month_sees_later_days_too() -> None:
    acme = policy("require it { on 97110  with 97140 per month  outcome deny  cite manual }\n")
    assert status(judge(acme, claim(), history(service("2026-03-30", code="97140"))), "it") == "met"
    assert status(judge(acme, claim(), history()), "it") == "undetermined"  # complete through the line's date, not through the month
    assert missing(judge(acme, claim(), history()), "it") == {"history.complete_to"}
    assert status(judge(acme, claim(), history(complete_to="2026-03-31")), "it") == "broken"


PAIRS = 'table edits from "pairs.csv" keys column_one, column_two values indicator\n'
FILES = {"pairs.csv": "column_one,column_two,indicator\n97140,97110,0\n"}


def test_m4_pairs_see_every_line_and_the_history_of_the_day() -> None:
    acme = policy(PAIRS + "pairs it { listed in edits per day and billing_provider  outcome deny  cite manual }\n", files=FILES)
    assert status(judge(acme, claim(line(1), line(2, code="97140"))), "it") == "broken"
    assert status(judge(acme, claim(), history(service(TODAY, code="97140"))), "it") == "broken"
    assert status(judge(acme, claim(), history(service(TODAY, code="97140", billing_provider={"npi": "2"}))), "it") == "met"
    assert status(judge(acme, claim(), history(service("2026-03-03", code="97140"))), "it") == "met"
    assert status(judge(acme, claim(), history()), "it") == "met"
    for past in (None, history(complete_to="2026-03-03"), history(since=None)):
        assert status(judge(acme, claim(), past), "it") == "undetermined"
    assert status(judge(acme, claim(), history(complete_for="billing_provider")), "it") == "met"


# ---- the same claim, denied services -----------------------------------------------------------------------------


def test_m4_a_service_with_the_claims_own_id_is_left_out() -> None:
    past = history(service("2026-03-01", claim="C1"), service("2026-03-02", claim="C0"))
    assert used("lines per month", past, id="C1") == "2"
    assert used("lines per month", past, id="C2") == "3"
    assert used("lines per month", past) == "3"


def test_m4_denied_services_do_not_count_unless_asked_for() -> None:
    past = history(service("2026-03-01", denied=True), service("2026-03-02", denied=False), service("2026-03-03"))
    assert used("lines per month", past) == "3"
    acme = limit("lines where (denied) per month", 0, more="on 97110")
    assert status(judge(acme, claim(), history(service("2026-03-01", denied=True))), "it") == "broken"
    assert status(judge(acme, claim(), history(service("2026-03-01", denied=False))), "it") == "met"


# ---- straddling --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("most", "stands"), [(6, 3), (5, 2), (4, 1), (3, 0), (2, 0)])
def test_m4_straddling_under_reduce_the_part_within_stands(most: int, stands: int) -> None:
    report = judge(limit("units per day", most, "reduce"), claim(line(1, units=3), line(2, units=4)), history())
    (finding,) = [one for one in report.findings if one.lines == (2,)]
    assert finding.stands == {"units": stands}
    assert finding.excess == {"units": 4 - stands}


def test_m4_straddling_under_deny_the_whole_line_is_over() -> None:
    report = judge(limit("units per day", 5), claim(line(1, units=3), line(2, units=4)), history())
    (finding,) = report.findings
    assert (finding.lines, finding.stands) == ((2,), None)


def test_m4_straddling_dollars_stand_to_the_cent() -> None:
    report = judge(
        limit("allowed per calendar_year", "$100", "reduce"), claim(line(allowed="33.35")), history(service("2026-01-05", allowed="80.01"))
    )
    (finding,) = report.findings
    assert {name: str(value) for name, value in (finding.stands or {}).items()} == {"allowed": "19.99"}
    assert {name: str(value) for name, value in (finding.excess or {}).items()} == {"allowed": "13.36"}


def test_m4_straddling_after_so_many_units_in_a_prior_authorization() -> None:
    def finding(outcome: str) -> Any:
        acme = policy(f"prior_authorization it {{ on PT  after 4 units of PT per day  outcome {outcome}  cite manual }}\n")
        report = judge(acme, claim(line(1, units=3), line(2, units=3)), history(authorizations=[]))
        assert [status(report, "it", number) for number in (1, 2)] == ["met", "broken"]
        return report.findings[0]

    assert finding("deny").stands is None
    assert finding("reduce").stands == {"units": 1}
    assert finding("reduce").excess == {"units": 2}


@pytest.mark.parametrize(("before", "outcome"), [(11, "met"), (12, "broken")])
def test_m4_after_the_first_12_need_none_the_13th_does(before: int, outcome: str) -> None:
    acme = policy("prior_authorization it { on PT  after 12 visits of PT per calendar_year  outcome deny  cite manual }\n")
    assert status(judge(acme, claim(), history(*january(before), authorizations=[])), "it") == outcome


# ---- days and visits ---------------------------------------------------------------------------------------------


def test_m4_two_disciplines_on_a_date_are_one_day_and_two_visits() -> None:
    past = history(service("2026-03-02"), service("2026-03-02", modifiers=["GO"]))
    assert used("treatment_days per month", past) == "2"
    assert used("visits per month", past) == "3"


def test_m4_two_claims_of_one_date_and_discipline_are_one_visit() -> None:
    past = history(service(TODAY, claim="C0"), service("2026-03-02", claim="C2"), service("2026-03-02", claim="C3"))
    assert used("visits per month", past, line(1), line(2), number=2) == "2"
    assert used("lines per month", past, line(1), line(2), number=2) == "5"


def test_m4_two_lines_on_one_day() -> None:
    lines = (line(1, units=2, minutes=30, allowed="10.00", charge="20.00"), line(2, units=1, minutes=15, allowed="5.05", charge="9.00"))
    for counter, first, second in (
        ("visits", "1", "1"),
        ("treatment_days", "1", "1"),
        ("lines", "1", "2"),
        ("units", "2", "3"),
        ("minutes", "30", "45"),
        ("allowed", "$10.00", "$15.05"),
        ("charged", "$20.00", "$29.00"),
        ("distinct code", "1", "1"),
    ):
        assert used(f"{counter} per day", history(), *lines) == first
        assert used(f"{counter} per day", history(), *lines, number=2) == second


def test_m4_minutes_by_person_are_minutes() -> None:
    assert used("minutes per day", history(), line(minutes_by={"PT": 20, "PTA": 10})) == "30"


def test_m4_patients_are_the_most_treated_at_once_and_distinct_values_those_known() -> None:
    past = history(service(TODAY, patients=4, code="97150"), service(TODAY, patients=2, code="97140", revenue_code=None))
    assert used("patients per day", past, line(patients=3)) == "4"
    assert used("distinct code per day", past) == "3"
    assert used("distinct revenue_code per day", history(service(TODAY, revenue_code=None)), line(revenue_code="0420")) == "1"


def test_m4_paid_of_the_line_in_hand_is_its_allowed_amount() -> None:
    past = history(service("2026-01-05", paid="10.00", allowed="99.00"))
    assert used("paid per calendar_year", past, line(allowed="5.50")) == "$15.50"
    assert used("paid per calendar_year", history(service("2026-01-05", allowed="99.00")), line(allowed="5.50")) == "at least $5.50"


# ---- keys --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "same", "other"),
    [("discipline", {}, {"modifiers": ["GO"]}), ("code", {}, {"code": "97140"}), ("condition", {"condition": "hip"}, {"condition": "knee"}),
     ("therapy_kind", {"therapy_kind": "habilitative"}, {"modifiers": ["GP", "97"]}), ("billing_provider", {}, {"billing_provider": {"npi": "2"}}),
     ("rendering_provider", {"rendering_provider": {"npi": "7"}}, {"rendering_provider": {"npi": "8"}}),
     ("specialty", {"billing_provider": {"npi": "2", "specialty": "65"}}, {"billing_provider": {"npi": "1", "specialty": "67"}})],
)  # fmt: skip
def test_m4_keys_of_kind(key: str, same: dict[str, Any], other: dict[str, Any]) -> None:
    given = claim(
        line(rendering_provider={"npi": "7"}), condition="hip", therapy_kind="habilitative", billing_provider={"npi": "1", "specialty": "65"}
    )
    for kind, outcome in ((same, "broken"), (other, "met")):
        assert status(judge(limit(f"units per calendar_year and {key}", 1), given, history(service("2026-01-05", **kind))), "it") == outcome


@pytest.mark.parametrize("key", ["condition", "therapy_kind", "rendering_provider", "specialty"])
def test_m4_keys_of_kind_that_nobody_states_widen_the_count(key: str) -> None:
    given = claim(
        line(rendering_provider={"npi": "7"}), condition="hip", therapy_kind="habilitative", billing_provider={"npi": "1", "specialty": "65"}
    )
    report = judge(limit(f"units per calendar_year and {key}", 1), given, history(service("2026-01-05")))
    assert status(report, "it") == "undetermined"
    assert missing(report, "it") == {key}


def test_m4_keys_line_and_claim_need_no_history() -> None:
    lines = (line(1, units=2), line(2, units=3))
    assert used("units per line", None, *lines, number=2) == "3"
    assert used("units per claim", None, *lines, number=2) == "5"


def test_m4_a_counter_of_one_claims_lines_asks_nothing_of_the_provider() -> None:
    given = claim(line(1), line(2))
    del given["billing_provider"]
    assert status(judge(limit("lines per claim and billing_provider", 1), given), "it", 2) == "broken"


# ---- incomplete history ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "to", "outcome"),
    [
        ("2026-01-01", None, "met"),
        ("2025-01-01", None, "met"),
        ("2026-01-02", None, "undetermined"),
        (None, None, "undetermined"),
        ("2026-01-01", TODAY, "met"),
        ("2026-01-01", "2026-12-31", "met"),
        ("2026-01-01", "2026-03-03", "undetermined"),
        ("2026-03-05", None, "undetermined"),
    ],
)
def test_m4_incomplete_history_from_a_day_after_the_start_or_to_a_day_before_the_line(since: str | None, to: str | None, outcome: str) -> None:
    past = history(service("2026-02-05"), since=since, **({"complete_to": to} if to else {}))
    assert found("visits per calendar_year", 2, past) == outcome


def test_m4_incomplete_history_over_at_the_low_end_is_broken() -> None:
    assert found("visits per calendar_year", 2, history(*january(2), since=None)) == "broken"
    assert found("visits per calendar_year", 3, history(*january(2), since=None)) == "undetermined"


def test_m4_no_history_is_never_clean_where_history_could_deny() -> None:
    for past in (None, {}, {"services": []}, {"complete_from": "2026-01-01"}):
        report = judge(limit("visits per calendar_year", 30), claim(), past)
        assert (report.outcome, report.at_most) == ("undetermined", "deny")
        assert missing(report, "it") <= {"history.complete_from", "history.services"}
    assert found("visits per calendar_year", 0, None) == "broken"


@pytest.mark.parametrize(
    ("counter", "outcome"),
    [
        ("visits per calendar_year", "undetermined"),
        ("visits per calendar_year and billing_provider", "met"),
        ("units per day and code and billing_provider", "met"),
        ("visits per calendar_year and rendering_provider", "undetermined"),
    ],
)
def test_m4_complete_for_one_provider_is_enough_where_the_provider_is_a_key(counter: str, outcome: str) -> None:
    past = history(complete_for="billing_provider")
    report = judge(limit(counter, 30), claim(line(rendering_provider={"npi": "7"})), past)
    assert status(report, "it") == outcome
    assert missing(report, "it") == (set() if outcome == "met" else {"history.complete_for"})


def test_m4_complete_for_one_provider_others_services_that_are_known_count_all_the_same() -> None:
    past = history(*january(3, billing_provider={"npi": "2"}), complete_for="billing_provider")
    assert found("visits per calendar_year", 3, past) == "broken"
    assert used("visits per calendar_year and billing_provider", past) == "1"


def test_m4_only_the_part_of_the_window_up_to_the_line_has_to_be_known() -> None:
    assert found("visits per calendar_year", 1, history(complete_to=TODAY)) == "met"
    assert found("visits per prior 2 days", 1, history(since="2026-03-02", complete_to="2026-03-03")) == "met"
    assert found("visits per prior 2 days", 1, history(since="2026-03-03")) == "undetermined"
    assert found("visits per rolling 2 days", 1, history(since="2026-03-03")) == "met"


@pytest.mark.parametrize(("measure", "most"), [("visits", 1), ("treatment_days", 1), ("lines", 1), ("units", 1)])
def test_m4_a_service_without_a_date_may_count(measure: str, most: int) -> None:
    undated = {"code": "97110", "modifiers": ["GP"], "units": 1, "billing_provider": {"npi": "1"}}
    assert found(f"{measure} per calendar_year", most, history(undated)) == "undetermined"
    assert found(f"{measure} of 97110 per calendar_year", most + 1, history(undated, undated)) == "undetermined"
    assert found(f"{measure} per calendar_year", most + 2, history(undated, undated)) == "met"


def test_m4_a_service_of_unknown_discipline_may_count() -> None:
    bare = service("2026-01-05", modifiers=[])
    assert used("visits of PT per calendar_year", history(bare)) == "1 to 2"
    assert used("visits of PT, OT per calendar_year", history(bare)) == "2"  # 97110 is one or the other
    assert used("visits of SLP, PT per calendar_year", history(service("2026-01-05", code="97161", modifiers=[]))) == "2"  # its code tells
    assert found("visits of PT per calendar_year", 1, history(bare)) == "undetermined"


def test_m4_the_line_itself_of_unknown_discipline_may_be_a_visit_already_counted() -> None:
    bare = line(modifiers=[])
    past = history(service(TODAY), service(TODAY, modifiers=["GO"]))
    assert found("visits per day", 2, past, bare) == "met"
    assert found("visits per day", 1, history(service(TODAY)), bare) == "undetermined"


@pytest.mark.parametrize("field", ["units", "minutes", "allowed", "charge"])
def test_m4_an_amount_nobody_states_opens_the_count(field: str) -> None:
    measure = {"charge": "charged"}.get(field, field)
    bound = "$1000" if field in ("allowed", "charge") else 1000
    past = history({"code": "97110", "modifiers": ["GP"], "date_of_service": "2026-01-05"})
    report = judge(limit(f"{measure} per calendar_year", bound), claim(line(units=1, minutes=8, allowed="1.00", charge="1.00")), past)
    assert status(report, "it") == "undetermined"
    assert missing(report, "it") == {field}


def test_m4_what_is_known_to_be_absent_adds_nothing() -> None:
    past = history(service("2026-01-05", units=None))
    assert used("units per calendar_year", past) == "1"


def test_m4_distinct_values_are_at_least_one_where_earlier_services_may_be_missing() -> None:
    past = history(service("2026-03-01", code="97140"), service("2026-03-02", code="97530"), since="2026-03-01")
    assert found("distinct code per rolling 30 days", 2, past) == "undetermined"  # an earlier 97110 would have been the first
    assert found("distinct code per month", 2, past) == "broken"


# ---- where a key begins, unknown starts, no window ---------------------------------------------------------------

INJURED = {"injury_number": "7"}


def injury(day: str | None, number: str | None = "7", kind: str = "injury") -> dict[str, Any]:
    return {"kind": kind, **({"date": day} if day else {}), **({"injury_number": number} if number else {})}


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([injury("2026-01-01")], "met"),
        ([injury("2025-12-31")], "undetermined"),
        ([injury("2026-01-01", kind="accident")], "met"),
        ([], "undetermined"),
        ([injury(None)], "undetermined"),
        ([injury("2026-02-01", "8")], "undetermined"),
        ([injury("2026-02-01", None), injury("2025-01-01", None)], "undetermined"),
        ([injury("2026-04-01")], "undetermined"),
        ([injury("2026-02-01", None)], "met"),
    ],
)
def test_m4_an_injury_number_begins_with_its_injury_or_accident(events: list[dict[str, Any]], outcome: str) -> None:
    past = history(service("2026-02-05", injury_number="7"), service("2026-02-06", injury_number="8"), events=events)
    assert found("visits per injury_number", 2, past, **INJURED) == outcome
    assert found("visits per injury_number", 1, past, **INJURED) == "broken"


def test_m4_a_lifetime_begins_with_birth() -> None:
    assert found("visits per lifetime", 2, history(since="2020-05-05"), patient={"birth_date": "2020-05-05"}) == "met"
    assert found("visits per lifetime", 2, history(since="2020-05-06"), patient={"birth_date": "2020-05-05"}) == "undetermined"
    assert found("visits per lifetime", 2, history(since="1900-01-01")) == "undetermined"


def test_m4_an_authorization_begins_with_its_from() -> None:
    on_file = [{"number": "A1", "from": "2026-02-01"}]
    past = history(service("2026-01-31"), service("2026-02-01"), since="2026-02-01", authorizations=on_file)
    assert used("visits per authorization", past) == "2"
    assert found("visits per authorization", 1, past) == "broken"
    assert found("visits per authorization", 2, history(since="2026-02-02", authorizations=on_file)) == "undetermined"


@pytest.mark.parametrize(
    ("days", "most", "outcome"),
    [(["2025-03-05", "2026-03-03"], 3, "met"), (["2025-03-05", "2026-03-03"], 2, "undetermined"), (["2025-03-04", "2026-03-03"], 2, "met"),
     ([TODAY, TODAY], 1, "met"), ([], 0, "broken"), (["2025-03-03"], 1, "met")],
)  # fmt: skip
def test_m4_a_benefit_year_whose_start_is_unknown_is_judged_for_every_start(days: list[str], most: int, outcome: str) -> None:
    past = history(*(service(day) for day in days), since="2025-03-05")
    report = judge(limit("visits per benefit_year", most), claim(), past)
    assert status(report, "it") == outcome
    assert missing(report, "it") == ({"patient.benefit_year_start"} if outcome == "undetermined" else set())


def test_m4_no_window_holds_the_date_nothing_is_free_and_a_limit_is_not_applicable() -> None:
    given = claim(injury_number=None)
    report = judge(limit("visits per injury_number", 0), given, history())
    assert status(report, "it") == "not_applicable"
    assert "no window holds this date" in next(one.why for one in report.rules if one.rule == "it")
    acme = policy("prior_authorization it { after 12 visits per injury_number  outcome deny  cite manual }\n")
    assert status(judge(acme, given, history(authorizations=[])), "it") == "broken"
    assert status(judge(acme, claim(), history(authorizations=[])), "it") == "undetermined"


# ---- tables ------------------------------------------------------------------------------------------------------

WEIGHTS = {"weights.csv": "code,weight\n97110,1.5\n97140,\n"}


def weighted(rest: str = "") -> str:
    return f'table weights from "weights.csv" keys code values weight {rest}\n'


def test_m4_a_table_without_the_row_as_a_value_counted_is_unknown_named_with_its_code() -> None:
    acme = limit("weights per day", 3, names=weighted(), files=WEIGHTS)
    assert status(judge(acme, claim(line(units=2)), history()), "it") == "met"
    for code in ("97530", "97140"):
        report = judge(acme, claim(line(code=code)), history())
        assert status(report, "it") == "undetermined"
        assert missing(report, "it") == {f"weight {code}"}


@pytest.mark.parametrize(("rest", "outcome"), [("missing 4", "broken"), ("missing 3", "met"), ("missing none", "met")])
def test_m4_a_table_says_otherwise_what_a_missing_value_counts(rest: str, outcome: str) -> None:
    acme = limit("weights per day", 3, names=weighted(rest), files=WEIGHTS)
    assert status(judge(acme, claim(line(code="97530")), history()), "it") == outcome


@pytest.mark.parametrize(
    ("rest", "outcome"), [("", "not_applicable"), ("missing none", "not_applicable"), ("missing 1", "broken"), ("missing 2", "met")]
)
def test_m4_a_table_without_the_row_as_a_bound(rest: str, outcome: str) -> None:
    names = f'table most from "most.csv" keys code values units {rest}\n'
    report = judge(limit("units per line", "most", names=names, files={"most.csv": "code,units\n97140,4\n"}), claim(line(units=2)))
    assert status(report, "it") == outcome
    if outcome == "not_applicable":
        assert "no row" in next(one.why for one in report.rules if one.rule == "it")


# ---- balances ----------------------------------------------------------------------------------------------------


def balance(used: str, start: str = "2026-01-01", end: str = "2026-02-28", of: tuple[str, ...] = ("PT",), **more: Any) -> dict[str, Any]:
    return {"measure": "visits", "of": list(of), "from": start, "to": end, "used": used, **more}


OF_PT = "visits of PT per calendar_year"


def test_m4_a_balance_replaces_the_services_of_its_span() -> None:
    past = history(*january(3), service("2026-03-02"), balances=[balance("10")])
    assert used(OF_PT, past) == "12"
    assert used(OF_PT, history(*january(3), service("2026-03-02"))) == "5"


def test_m4_a_balance_needs_no_history_of_its_span_but_of_the_rest() -> None:
    assert found(OF_PT, 30, history(since="2026-03-01", balances=[balance("29")])) == "met"
    assert found(OF_PT, 30, history(since="2026-03-01", balances=[balance("30")])) == "broken"
    assert found(OF_PT, 30, history(since="2026-03-02", balances=[balance("29")])) == "undetermined"
    assert found(OF_PT, 30, history(since=None, balances=[balance("29", end="2026-12-31")])) == "met"
    assert found(OF_PT, 30, history(since=None, balances=[balance("30", end="2026-12-31")])) == "broken"


@pytest.mark.parametrize("other", [balance("40", of=("OT",)), balance("40", start="2026-03-05", end="2026-12-31")])
def test_m4_a_balance_of_another_discipline_or_of_later_does_not_count(other: dict[str, Any]) -> None:
    assert found(OF_PT, 30, history(balances=[other])) == "met"
    assert found(OF_PT, 30, history(since=None, balances=[other])) == "undetermined"


@pytest.mark.parametrize("other", [balance("40", measure="units"), balance("40", of=("PT", "OT")), balance("40", start="2025-12-31")])
def test_n47_a_balance_of_something_else_shows_that_the_list_lacks_services(other: dict[str, Any]) -> None:
    assert found(OF_PT, 30, history(balances=[other])) == "undetermined"


def test_m4_a_balance_per_discipline_is_the_lines_own() -> None:
    counter = "visits of PT, OT per calendar_year and discipline"
    past = history(balances=[balance("30"), balance("2", of=("OT",))])
    assert found(counter, 30, past) == "broken"
    assert found(counter, 30, past, line(modifiers=["GO"])) == "met"
    assert found(counter, 30, past, line(modifiers=[])) == "undetermined"


@pytest.mark.parametrize("parts", [{"used": None}, {"from": None}, {"to": None}])
def test_m4_a_balance_that_does_not_say_all_leaves_the_count_open(parts: dict[str, Any]) -> None:
    report = judge(limit(OF_PT, 30), claim(), history(balances=[{**balance("29"), **parts}]))
    assert status(report, "it") == "undetermined"
    assert missing(report, "it") == {"history.balances"}


def test_m4_balances_that_overlap_are_not_added_up_nor_passed_over() -> None:
    past = history(balances=[balance("20"), balance("12", start="2026-02-01")])
    assert found(OF_PT, 33, past) == "met"
    assert found(OF_PT, 30, past) == "undetermined"
    assert found(OF_PT, 20, past) == "broken"
    assert found(OF_PT, 32, history(balances=[balance("20", end="2026-01-31"), balance("12", start="2026-02-01")])) == "broken"


def test_m4_a_balance_below_the_services_listed_is_asked_about() -> None:
    report = judge(limit(OF_PT, 4), claim(), history(*january(5), balances=[balance("3")]))
    assert status(report, "it") == "undetermined"
    assert missing(report, "it") == {"history.balances"}


def test_m4_the_lines_own_visit_may_stand_in_the_balance_already() -> None:
    past = history(service(TODAY), balances=[balance("30", end="2026-12-31")])
    assert found(OF_PT, 30, past) == "met"
    assert found(OF_PT, 30, history(balances=[balance("30", end="2026-12-31")])) == "broken"


# ---- bounds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "units", "outcome"),
    [
        (None, 9, "undetermined"),
        (None, 10, "undetermined"),
        (None, 11, "undetermined"),
        (None, 12, "broken"),
        (None, 13, "broken"),
        (history(), 8, "met"),
        (history(), 9, "broken"),
        (history(service(TODAY, code="97161", units=1)), 11, "met"),
        (history(service(TODAY, code="97161", units=1)), 12, "broken"),
    ],
)
def test_m4_an_amount_that_hangs_on_the_day_is_judged_both_ways(past: dict[str, Any] | None, units: int, outcome: str) -> None:
    """An evaluation that nobody listed would allow 12 units, and be one itself (M2.5)."""
    names = "amount cap {\n  12 when day includes 97161\n  8\n}\n"
    assert status(judge(limit("units per day", "cap", names=names), claim(line(units=units)), past), "it") == outcome


@pytest.mark.parametrize(("units", "outcome"), [(3, "undetermined"), (4, "broken")])
def test_m2_5_a_service_tried_as_there_adds_the_least_it_can_of_a_table(units: int, outcome: str) -> None:
    """Four units weigh 6.0: over 5.0, and over 6.5 with the 3.0 of an evaluation that would allow them. Three may stand without one."""
    names = "amount cap {\n  6.5 when day includes 97161, 97162\n  5.0\n}\n" + weighted()
    files = {"weights.csv": "code,weight\n97110,1.5\n97161,3.0\n97162,4.0\n"}
    acme = limit("weights per day", "cap", names=names, files=files)
    assert status(judge(acme, claim(line(units=units))), "it") == outcome
