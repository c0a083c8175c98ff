"""M5 of the contract: spans and their ends, business days, months, events, first and last visits."""

from __future__ import annotations

from typing import Any

import pytest
from judging import claim, history, judge, line, missing, policy, service, status

from cptrules import Policies

TODAY = "2026-03-04"  # a Wednesday
HOLIDAYS = {"holidays.csv": "date\n2026-01-01\n2026-02-16\n2026-05-25\n"}


def requiring(condition: str) -> Policies:
    names = 'table holidays_2026 from "holidays.csv" keys date\nfact decided of claim : date "When was it decided?"\n'
    return policy(f"{names}require it {{ that {condition}  outcome deny  cite manual }}\n", "holidays holidays_2026", HOLIDAYS)


def held(condition: str, past: dict[str, Any] | None = None, *lines: dict[str, Any], number: int = 1, **more: Any) -> str:
    return status(judge(requiring(condition), claim(*lines, **more), past), "it", number)


def event(kind: str, day: str | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": kind, **({"date": day} if day else {}), **more}


def ordered(*days: str) -> dict[str, Any]:
    return history(events=[event("order", day) for day in days])


# ---- within, at least --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "found"), [("2026-02-01", "broken"), ("2026-02-02", "met"), ("2026-03-03", "met"), (TODAY, "met"), ("2026-03-05", "broken")]
)
def test_m5_1_within_30_days_after_the_day_itself_is_day_0(day: str, found: str) -> None:
    assert held("within 30 days after order", ordered(day)) == found


@pytest.mark.parametrize(("decided", "found"), [("2026-03-03", "broken"), (TODAY, "met"), ("2026-03-14", "met"), ("2026-03-15", "broken")])
def test_m5_1_within_10_days_before(decided: str, found: str) -> None:
    assert held("within 10 days before decided", facts={"decided": decided}) == found


@pytest.mark.parametrize(("day", "found"), [("2026-02-02", "met"), ("2026-02-03", "broken"), (TODAY, "broken")])
def test_m5_1_at_least_30_days_after(day: str, found: str) -> None:
    assert held("at least 30 days after order", ordered(day)) == found


@pytest.mark.parametrize(("decided", "found"), [("2026-03-11", "met"), ("2026-03-10", "broken"), ("2026-01-01", "broken")])
def test_m5_1_at_least_7_days_before(decided: str, found: str) -> None:
    assert held("at least 7 days before decided", facts={"decided": decided}) == found


@pytest.mark.parametrize(("received", "found"), [("2026-03-03", "broken"), (TODAY, "met"), ("2026-06-02", "met"), ("2026-06-03", "broken")])
def test_m5_1_a_claim_received_90_days_after_the_service(received: str, found: str) -> None:
    assert held("received within 90 days after date_of_service", received=received) == found


@pytest.mark.parametrize(
    ("distance", "day", "last"),
    [("1 month", "2026-01-31", "2026-02-28"), ("1 month", "2024-01-31", "2024-02-29"), ("2 months", "2026-01-31", "2026-03-31"),
     ("1 month", "2026-02-28", "2026-03-28"), ("1 year", "2024-02-29", "2025-02-28"), ("1 year", "2025-03-04", "2026-03-04"),
     ("2 weeks", "2026-02-18", "2026-03-04"), ("12 months", "2025-03-04", "2026-03-04")],
)  # fmt: skip
def test_m5_1_months_and_years_end_on_the_same_day_number_or_the_months_last(distance: str, day: str, last: str) -> None:
    on_last, after = line(date_of_service=last), line(date_of_service=_next(last))
    assert held(f"within {distance} after order", ordered(day), on_last) == "met"
    assert held(f"within {distance} after order", ordered(day), after) == "broken"
    assert held(f"at least {distance} after order", ordered(day), on_last) == "met"


def _next(day: str) -> str:
    from datetime import date, timedelta

    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


# ---- business days -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "start", "last"),
    [(1, "2026-03-04", "2026-03-05"), (1, "2026-03-06", "2026-03-09"), (5, "2026-03-04", "2026-03-11"), (1, "2026-02-13", "2026-02-17"),
     (2, "2026-02-13", "2026-02-18"), (1, "2026-03-07", "2026-03-09"), (10, "2026-02-06", "2026-02-23")],
)  # fmt: skip
def test_m5_1_business_days_are_monday_to_friday_less_the_holidays_counted_from_the_day_after(number: int, start: str, last: str) -> None:
    condition = f"received within {number} business_days after date_of_service"
    assert held(condition, None, line(date_of_service=start), received=last) == "met"
    assert held(condition, None, line(date_of_service=start), received=_next(last)) == "broken"


@pytest.mark.parametrize(("number", "last"), [(1, "2026-03-03"), (10, "2026-02-18"), (11, "2026-02-17"), (12, "2026-02-13")])
def test_m5_1_business_days_back_from_a_date(number: int, last: str) -> None:
    condition = f"decided at least {number} business_days before date_of_service"
    assert held(condition, facts={"decided": last}) == "met"
    assert held(condition, facts={"decided": _next(last)}) == "broken"


def test_m5_1_a_table_of_holidays_that_ends_before_the_date_makes_it_unknown_and_says_so() -> None:
    condition = "received within 20 business_days after date_of_service"
    report = judge(requiring(condition), claim(line(date_of_service="2026-05-04"), received="2026-06-03"))
    assert status(report, "it") == "undetermined"
    assert missing(report, "it") == {"holidays"}
    assert any("table of holidays ends before" in one.question for found in report.rules for one in found.missing)
    assert held(condition, None, line(date_of_service="2026-04-20"), received="2026-05-18") == "met"
    assert held(condition, None, line(date_of_service="2026-05-04"), received="2026-05-20") == "met"  # whatever the holidays
    assert (
        held("received at least 20 business_days after date_of_service", None, line(date_of_service="2026-05-04"), received="2026-05-20") == "broken"
    )


def test_m5_1_business_days_without_any_table_are_unknown() -> None:
    acme = policy("require it { that received within 2 business_days after date_of_service  outcome deny  cite manual }\n")
    assert status(judge(acme, claim(received="2026-03-20")), "it") == "undetermined"


# ---- days from ... to --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("received", "days"), [(TODAY, 1), ("2026-03-05", 2), ("2026-04-03", 31)])
def test_m5_1_days_from_one_to_another_count_both_ends(received: str, days: int) -> None:
    assert held(f"days from date_of_service to received = {days}", received=received) == "met"


def test_m5_1_there_are_no_days_from_a_date_to_an_earlier_one() -> None:
    assert held("days from date_of_service to received <= 30", received="2026-03-01") == "broken"
    assert held("days from order to date_of_service <= 30", history(events=[])) == "broken"
    assert held("days from order to date_of_service <= 30") == "undetermined"


# ---- events ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "found"), [((), "broken"), (("2026-03-05",), "broken"), ((TODAY,), "met"), (("2020-01-01", "2026-04-01"), "met")])
def test_m5_3_has_event_asks_for_one_on_or_before_the_lines_date(days: tuple[str, ...], found: str) -> None:
    assert held("has order", ordered(*days)) == found


def test_m5_3_a_moment_is_the_latest_event_on_or_before_the_lines_date() -> None:
    past = ordered("2025-01-01", "2026-02-10", "2026-03-10")
    assert held("within 22 days after order", past) == "met"
    assert held("within 21 days after order", past) == "broken"
    assert held("order < 2026-02-11", past) == "met"
    assert held("order = 2026-02-10", past) == "met"
    assert held("order < 2026-02-10", past) == "broken"


def test_m5_3_an_event_of_another_injury_is_not_the_lines() -> None:
    past = history(events=[event("injury", "2026-01-10", injury_number="7"), event("injury", "2026-03-01", injury_number="8")])
    assert held("at least 30 days after injury", past, injury_number="7") == "met"
    assert held("at least 30 days after injury", past, injury_number="8") == "broken"
    assert held("at least 30 days after injury", past, injury_number="9") == "met"  # there was none
    assert held("has injury", past, injury_number="9") == "broken"
    assert held("at least 30 days after injury", past) == "undetermined"  # nobody said which it is
    assert held("at least 3 days after injury", past) == "met"
    assert held("at least 30 days after injury", past, injury_number=None) == "broken"
    plain = history(events=[event("injury", "2026-03-01")])
    assert held("at least 30 days after injury", plain, injury_number="7") == "broken"


def test_m5_3_an_event_without_a_date_is_judged_on_every_day_it_may_have_been() -> None:
    past = history(events=[event("order"), event("order", "2026-02-28")])
    assert held("within 10 days after order", past) == "met"
    assert held("at least 10 days after order", past) == "broken"
    assert held("at least 2 days after order", past) == "undetermined"
    assert missing(judge(requiring("at least 2 days after order"), claim(), past), "it") == {"order"}


def test_m5_3_a_moment_that_nobody_knows() -> None:
    assert held("received within 90 days after date_of_service") == "undetermined"
    assert held("received within 90 days after date_of_service", received=None) == "broken"
    assert held("at least 7 days after decided") == "undetermined"
    assert held("at least 7 days after decided", facts={"decided": None}) == "met"  # there was none


def test_m5_3_of_several_dates_the_latest() -> None:
    payers = [{"order": "primary", "decided": "2026-01-01"}, {"order": "secondary", "decided": "2026-03-01"}]
    assert held("received within 30 days after other_payer.decided", received="2026-03-31", other_payers=payers) == "met"
    assert held("received within 30 days after other_payer.decided", received="2026-04-01", other_payers=payers) == "broken"
    assert held("received within 30 days after other_payer.decided", received="2026-04-01", other_payers=[]) == "broken"


# ---- first and last visit ----------------------------------------------------------------------------------------

EVER = "1900-01-01"


def test_m5_3_last_visit_looks_before_the_lines_date() -> None:
    past = history(service("2026-02-02"), service(TODAY), service("2026-03-10"), since=EVER)
    assert held("at least 30 days after last visit", past) == "met"
    assert held("at least 31 days after last visit", past) == "broken"
    lines = (line(1, date_of_service="2026-03-03"), line(2))
    assert held("at least 30 days after last visit", past, *lines, number=2) == "broken"


def test_m5_3_last_visit_of_a_selector_where_a_condition_holds() -> None:
    past = history(service("2026-02-02", modifiers=["GO"]), service("2026-03-01", units=4), since=EVER)
    assert held("at least 30 days after last visit of OT", past) == "met"
    assert held("at least 30 days after last visit of PT", past) == "broken"
    assert held("at least 30 days after last visit of PT where (units = 1)", past) == "met"


def test_m5_3_last_visit_of_a_selector_less_what_it_excludes() -> None:
    days = [service("2026-02-20", code="97161"), service("2026-01-20")]
    treated = "at least 30 days after last visit of PT excluding 97161..97163"
    assert held(treated, history(*days)) == "met"
    assert held(treated.replace(" excluding 97161..97163", ""), history(*days)) == "broken"


def test_m5_3_at_least_after_last_visit_is_true_when_there_was_none() -> None:
    assert held("at least 30 days after last visit", history(since=EVER)) == "met"
    assert held("within 30 days after last visit", history(since=EVER)) == "broken"
    assert held("at least 30 days after last visit", history(service("2026-03-01", denied=True), since=EVER)) == "met"


@pytest.mark.parametrize(
    ("since", "days", "found"),
    [("2026-02-03", [], "met"), ("2026-02-04", [], "undetermined"), ("2026-02-03", ["2026-02-03"], "broken"), (None, ["2026-03-01"], "broken"),
     (None, ["2026-01-01"], "undetermined"), (None, [], "undetermined"), ("2026-02-02", ["2026-02-02"], "met")],
)  # fmt: skip
def test_m5_3_last_visit_where_the_history_may_lack_services(since: str | None, days: list[str], found: str) -> None:
    """A history that begins 2026-02-03 leaves visits open that are 30 days back or more."""
    assert held("at least 30 days after last visit", history(*(service(day) for day in days), since=since)) == found


def test_m5_3_last_visit_without_a_history_is_unknown() -> None:
    assert held("at least 30 days after last visit") == "undetermined"
    assert missing(judge(requiring("at least 30 days after last visit"), claim()), "it") == {"history.complete_from"}


def test_m5_3_last_visit_a_service_without_a_date_may_be_it() -> None:
    undated = {"code": "97110", "modifiers": ["GP"]}
    assert held("at least 30 days after last visit", history(undated, since=EVER)) == "undetermined"
    assert held("at least 30 days after last visit of OT", history({**undated, "modifiers": ["GO"]}, since=EVER)) == "undetermined"
    assert held("within 30 days after last visit", history(undated, service("2026-03-01"), since=EVER)) == "met"


BORN = {"patient": {"birth_date": "1950-01-01"}}  # no visit came before


def test_m5_3_first_visit_is_the_first_up_to_the_line() -> None:
    past = history(service("2026-01-05"), service("2026-02-05"), since=EVER)
    assert held("within 58 days after first visit", past, **BORN) == "met"
    assert held("within 57 days after first visit", past, **BORN) == "broken"
    assert held("within 58 days after first visit", past) == "undetermined"
    assert held("within 1 day after first visit", history(since=EVER), **BORN) == "met"  # the line is the first
    assert held("within 1 day after first visit of OT", history(since=EVER), **BORN) == "broken"  # there was none
    lines = (line(1, date_of_service="2026-03-01"), line(2))
    assert held("within 2 days after first visit", history(since=EVER), *lines, number=2, **BORN) == "broken"


def test_m5_3_first_visit_where_earlier_ones_may_be_missing() -> None:
    past = history(service("2026-02-05"), since="2026-02-01")
    assert held("within 30 days after first visit", past) == "undetermined"
    assert held("within 20 days after first visit", past) == "broken"  # it was no later
    assert held("days from first visit to date_of_service > 20", past) == "met"
    assert held("days from first visit to date_of_service > 30", past) == "undetermined"
    assert held("first visit < 2026-02-06", past) == "met"


def test_m5_3_between_two_moments_neither_known_exactly() -> None:
    past = history(service("2026-02-05"), since="2026-02-01", events=[event("order", "2026-02-04")])
    assert held("first visit of PT within 30 days after order", past) == "undetermined"  # an earlier visit came before the order
    assert held("last visit of PT within 1 day after order", past) == "met"
    past = history(service("2026-02-05"), since=EVER, events=[event("order")])
    assert held("first visit of PT within 1 day after order", past) == "undetermined"


# ---- spans of the counters, ages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("born", "found"), [("2005-03-04", "broken"), ("2005-03-05", "met"), ("2005-03-03", "broken")])
def test_m5_2_age_is_in_completed_years_the_birthday_counts(born: str, found: str) -> None:
    assert held("patient.age < 21", patient={"birth_date": born}) == found


@pytest.mark.parametrize(("day", "age"), [("2025-02-27", 20), ("2025-02-28", 21), ("2025-03-01", 21)])
def test_m5_2_one_born_on_29_february_is_a_year_older_on_the_28th(day: str, age: int) -> None:
    assert held(f"patient.age = {age}", None, line(date_of_service=day), patient={"birth_date": "2004-02-29"}) == "met"


@pytest.mark.parametrize(("used", "found"), [("0.10", "met"), ("0.11", "broken")])
def test_m5_2_money_is_decimal(used: str, found: str) -> None:
    acme = policy("limit it { count allowed per calendar_year  at most $0.30  outcome deny  cite manual }\n")
    past = history(service("2026-01-05", allowed="0.10"), service("2026-01-06", allowed=used))
    assert status(judge(acme, claim(line(allowed="0.10")), past), "it") == found


@pytest.mark.parametrize(
    ("key", "day", "count"),
    [
        ("week", "2026-03-01", 2),
        ("week", "2026-02-28", 1),
        ("week from monday", "2026-03-02", 2),
        ("week from monday", "2026-03-01", 1),
        ("prior 90 days", "2025-12-04", 1),
        ("prior 90 days", "2025-12-03", 0),
        ("rolling 90 days", "2025-12-05", 2),
        ("rolling 90 days", "2025-12-04", 1),
        ("prior 1 month", "2026-02-04", 1),
        ("prior 1 month", "2026-02-03", 0),
    ],
)
def test_m5_1_spans_include_both_ends(key: str, day: str, count: int) -> None:
    past = history(service(day), since="2025-01-01")
    assert held(f"count lines per {key} = {count}", past) == "met"


@pytest.mark.parametrize(
    ("earlier", "day", "count"),
    [("2025-02-28", "2026-02-27", 2), ("2025-02-28", "2026-02-28", 1), ("2026-02-28", "2026-12-31", 2), ("2026-02-27", "2026-02-28", 1)],
)
def test_m5_1_a_benefit_year_that_starts_on_29_february(earlier: str, day: str, count: int) -> None:
    past = history(service(earlier), since="2025-01-01")
    assert held(f"count lines per benefit_year = {count}", past, line(date_of_service=day), patient={"benefit_year_start": "2024-02-29"}) == "met"
