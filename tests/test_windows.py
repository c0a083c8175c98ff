"""Windows (M4, M5.4): against a slow, obvious oracle over random dates, and each form of the language at its boundaries."""

# ruff: noqa: E501 - tables of cases
from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import claim, history, judge, line, missing, policy, service, status

from cptrules.dates import Span
from cptrules.policy import Length, Opening, Window
from cptrules.windows import of, opened

ONE = timedelta(days=1)
DATES = st.dates(date(2023, 12, 1), date(2026, 3, 31)) | st.sampled_from([date(2024, 2, 28), date(2024, 2, 29), date(2024, 12, 31), date(2025, 1, 31)])
LENGTHS = st.builds(Length, st.integers(1, 14), st.sampled_from(["days", "weeks", "months", "years"]), st.booleans())


# ---- the oracle: written from M5.4 without the library's dates ---------------------------------------------------


def later(day: date, number: int, unit: str) -> date:
    """The date N units later, the month's last day where it is shorter."""
    if unit in ("days", "weeks"):
        return day + timedelta(days=number * (7 if unit == "weeks" else 1))
    months = day.month - 1 + number * (12 if unit == "years" else 1)
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def holds(window: Window, kind: str, start: date, day: date) -> bool:
    """Whether a window that began on a day holds another, day by day."""
    if day < start:
        return False
    for length in window.lengths:
        end = later(start, length.number, length.unit)
        if day > (end if kind == "after_event" else end - ONE):
            return False
    return True


def starts(window: Window, kind: str, days: list[date]) -> list[date]:
    """On which days windows begin."""
    found: list[date] = []
    for day in sorted(days):
        if window.since is not None and day < window.since:
            continue
        if kind != "first_visit" or not found or any(length.again for length in window.lengths) and not holds(window, kind, found[-1], day):
            found.append(day)
    return found


@given(
    st.sampled_from(["service", "first_visit", "on_event", "after_event"]), st.lists(DATES, max_size=6), st.lists(LENGTHS, max_size=2),
    st.none() | DATES, DATES,
)  # fmt: skip
def test_m5_4_the_window_of_a_date(kind: str, days: list[date], lengths: list[Length], since: date | None, day: date) -> None:
    opening = Opening(kind)
    window = Window("w", openings=(opening,), lengths=tuple(lengths), since=since)
    found = of(opened(window, opening, days)).at(day)
    expected = [start for start in starts(window, kind, days) if holds(window, kind, start, day)]
    assert (found.from_ if found is not None else None) == max(expected, default=None)


def test_two_openings_on_one_day_are_one_window_and_the_shorter_one_counts() -> None:
    assert of([Span(date(2026, 1, 1), None), Span(date(2026, 1, 1), date(2026, 1, 31))]).spans == (Span(date(2026, 1, 1), date(2026, 1, 31)),)


# ---- each form, judged -------------------------------------------------------------------------------------------

LIMIT = "limit few { count visits of PT per w  at most 1  outcome deny  cite manual }\n"


def judged(window: str, day: str, *past: str, **more: Any) -> str:
    """Whether a visit on a day is over one visit a window."""
    acme = policy(f"window w {{ {window} }}\n{LIMIT}")
    born = {"birth_date": "2020-01-01"}
    report = judge(acme, claim(line(date_of_service=day), patient=born), history(*map(service, past), since="2020-01-01", **more))
    return status(report, "few")


@pytest.mark.parametrize(
    ("day", "past", "found"),
    [("2026-06-30", "2026-01-05", "broken"), ("2026-07-01", "2026-06-30", "met"), ("2026-07-01", "2026-07-01", "met"), ("2027-06-30", "2026-07-01", "broken")],
)  # fmt: skip
def test_a_year_from_a_day(day: str, past: str, found: str) -> None:
    assert judged("year from 07-01", day, past) == found


@pytest.mark.parametrize(("day", "found"), [("2027-02-09", "broken"), ("2027-02-10", "met")])
def test_m5_4_twelve_months_from_a_first_visit_end_the_day_before(day: str, found: str) -> None:
    assert judged("opens on first visit  lasts 12 months then again", day, "2026-02-10") == found


def test_m5_4_then_again_the_next_begins_with_the_first_service_after_the_end() -> None:
    window = "opens on first visit  lasts 12 months then again"
    assert judged(window, "2027-05-31", "2026-02-10", "2027-04-01") == "broken"
    assert judged(window, "2028-04-01", "2026-02-10", "2027-04-01") == "met"


def test_a_first_visit_without_again_opens_one_window_only() -> None:
    window = "opens on first visit  lasts 12 months"
    assert judged(window, "2026-12-01", "2026-02-10") == "broken"
    assert judged(window, "2027-05-31", "2026-02-10", "2027-04-01") == "not_applicable"


@pytest.mark.parametrize(("day", "found"), [("2026-01-05", "met"), ("2026-01-19", "broken"), ("2026-01-20", "not_applicable"), ("2026-01-04", "not_applicable")])
def test_m5_4_after_an_event_day_n_is_in(day: str, found: str) -> None:
    past = [one for one in ["2026-01-06"] if one < day]
    assert judged("opens after injury  lasts 14 days", day, *past, events=[{"kind": "injury", "date": "2026-01-05"}]) == found


def test_m5_4_on_an_event_the_day_before_the_end_is_the_last() -> None:
    events = [{"kind": "admission", "date": "2026-01-05"}]
    assert judged("opens on admission  lasts 14 days", "2026-01-18", "2026-01-06", events=events) == "broken"
    assert judged("opens on admission  lasts 14 days", "2026-01-19", "2026-01-06", events=events) == "not_applicable"


def test_an_event_of_the_files_own_with_its_facts() -> None:
    acme = policy(
        'event surgery { preauthorized : yes_no "Was it preauthorized?" }\n'
        "window w { opens after surgery where (preauthorized)  lasts 14 days }\n" + LIMIT
    )
    for known, found in (({"preauthorized": True}, "broken"), ({"preauthorized": False}, "not_applicable"), ({}, "undetermined")):
        events = [{"kind": "surgery", "date": "2026-03-01", "facts": known}]
        report = judge(acme, claim(line()), history(service("2026-03-02"), events=events))
        assert status(report, "few") == found


def test_several_lengths_the_earliest_end_counts_and_since_none_begins_before() -> None:
    assert judged("opens on first visit  lasts 2 months  lasts 30 days", "2026-02-01", "2026-01-01") == "not_applicable"
    assert judged("opens on first visit  since 2026-01-15", "2026-02-01", "2026-01-01", "2026-01-20") == "broken"
    assert judged("opens on first visit  since 2026-01-15", "2026-01-10", "2026-01-01") == "not_applicable"


def test_an_evaluation_opens_an_episode_until_the_next_one() -> None:
    acme = policy("codes evaluations = 97161..97163\nwindow w { opens on evaluations  per discipline }\n" + LIMIT)
    opening, treated = service("2026-01-05", code="97161"), service("2026-01-06")
    assert status(judge(acme, claim(line()), history(opening, treated)), "few") == "broken"
    again = service("2026-03-04", code="97161")
    assert status(judge(acme, claim(line()), history(opening, treated, again)), "few") == "met"
    assert status(judge(acme, claim(line(code="97530", modifiers=["GO"])), history(opening)), "few") == "not_applicable"


def test_m5_4_when_is_judged_as_of_the_opening_service() -> None:
    acme = policy(
        'codes evaluations = 97161..97163\nfact new_condition of claim : yes_no "Is it new?"\n'
        "window w { opens on evaluations when new_condition or at least 91 days after last visit  per discipline }\n" + LIMIT
    )
    first = service("2025-06-02", code="97161", facts={"new_condition": True})
    later_on = service("2026-02-02", code="97161", facts={"new_condition": False})
    soon = service("2026-03-02", code="97161", facts={"new_condition": False})
    past = {"since": "2025-01-01"}
    assert status(judge(acme, claim(line()), history(first, later_on, **past)), "few") == "broken"  # the second opened one: 91 days
    report = judge(acme, claim(line()), history(first, soon, service("2026-02-02"), **past))
    assert status(report, "few") == "broken"  # no new episode: visits of the first one count
    open_ = judge(acme, claim(line(code="97161"), facts={}), history(service("2026-02-02", code="97161", facts={"new_condition": True})))
    assert missing(open_, "few") <= {"new_condition", "history.complete_from"}


def test_after_outside_every_window_nothing_is_free() -> None:
    acme = policy(
        "window w { opens after injury  lasts 14 days }\nprior_authorization later { on PT  after 3 visits of PT per w  outcome deny  cite manual }\n"
    )
    inside = history(events=[{"kind": "injury", "date": "2026-03-01"}], authorizations=[])
    outside = history(events=[{"kind": "injury", "date": "2026-01-01"}], authorizations=[])
    assert judge(acme, claim(line()), inside).outcome == "clean"
    assert judge(acme, claim(line()), outside).outcome == "deny"


def test_in_window_and_window_includes() -> None:
    acme = policy(
        "window w { opens after injury  lasts 14 days }\nforbid early { on 97110  when in w  when w includes 97140  outcome deny  cite manual }\n"
    )
    events = [{"kind": "injury", "date": "2026-03-01"}]
    assert status(judge(acme, claim(line()), history(service("2026-03-02", code="97140"), complete_to="2026-12-31", events=events)), "early") == "broken"
    assert status(judge(acme, claim(line()), history(service("2026-02-27", code="97140"), complete_to="2026-12-31", events=events)), "early") == "not_applicable"
    assert status(judge(acme, claim(line()), history(events=[])), "early") == "not_applicable"


# ---- what is not known -------------------------------------------------------------------------------------------


def test_m4_an_unknown_start_is_judged_for_every_possible_start() -> None:
    acme = policy("window w { opens on first visit  lasts 1 months then again }\n" + LIMIT.replace("at most 1", "at most 3"))
    recent = [service(f"2026-03-0{day}") for day in (1, 2, 3)]
    known_since = history(*recent, since="2026-02-15")
    assert status(judge(acme, claim(line()), known_since), "few") == "undetermined"
    assert missing(judge(acme, claim(line()), known_since), "few") == {"history.complete_from"}
    assert status(judge(acme, claim(line()), history(recent[2], since="2026-02-01")), "few") == "met"


def test_m4_if_all_starts_agree_that_is_the_answer() -> None:
    window = "window w { opens on first visit  lasts 12 months then again }\n"
    past = history(service("2026-03-03"), since="2026-01-01")
    assert status(judge(policy(window + LIMIT.replace("at most 1", "at most 0")), claim(line()), past), "few") == "broken"
    assert status(judge(policy(window + LIMIT), claim(line()), past), "few") == "undetermined"  # one may have ended on 2026-03-03


def test_an_event_nobody_told_of_leaves_it_open() -> None:
    acme = policy("window w { opens after injury  lasts 14 days }\n" + LIMIT)
    report = judge(acme, claim(line()), history(service("2026-03-03")))
    assert (status(report, "few"), missing(report, "few")) == ("undetermined", {"injury"})
    undated = judge(acme, claim(line()), history(service("2026-03-03"), events=[{"kind": "injury"}]))
    assert status(undated, "few") == "undetermined"


@given(st.lists(st.sampled_from([f"2026-0{month}-{day:02}" for month in (1, 2, 3) for day in (1, 4, 15)]), max_size=5), st.booleans())
def test_what_completes_the_history_lies_between(days: list[str], again: bool) -> None:
    words = "opens on first visit  lasts 1 months" + (" then again" if again else "")
    acme = policy(f"window w {{ {words} }}\n" + LIMIT.replace("at most 1", "at most 2"))
    whole = judge(acme, claim(line()), history(*map(service, days), since="2025-01-01"))
    part = judge(acme, claim(line()), history(*(service(day) for day in days if day >= "2026-02-15"), since="2026-02-15"))
    if status(part, "few") != "undetermined":
        assert (status(part, "few") == "broken") == (status(whole, "few") == "broken")


@pytest.mark.parametrize(
    "text",
    [
        "window w { lasts 3 months }\n",
        "window w { per discipline }\n",
        "window w { year from 07-01  lasts 3 months }\n",
        "window w { opens on 97161  lasts 3 business_days }\n",
        "window w { opens on 97161  lasts 3 months then again }\n",
        "window w { opens on 97161  per day }\n",
        "window w { opens on 97161 when in w }\n",
    ],
)
def test_a_window_that_means_nothing_is_refused(text: str) -> None:
    from cptrules import PolicyErrors

    with pytest.raises(PolicyErrors):
        policy(text)
