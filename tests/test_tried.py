"""Coverage of a policy: what counts as tried, point by point (docs/testing.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from judging import policy

from cptrules import Claim, History
from cptrules.coverage import Coverage, Point, coverage, tried
from cptrules.coverage_text import coverage_text
from cptrules.evaluate import check

VISITS = """limit visits {
  count visits of PT per calendar_year
  at most 5
  except patient.age < 21
  unless modifier in KX
  outcome deny
  cite manual
}
"""


def seen(rules: str, claim: dict[str, Any], services: list[dict[str, Any]] | None = None, **history: Any) -> set[tuple[str, str]]:
    """The sides that one claim tries of a policy, each as its words and its side."""
    acme = policy(rules).policies[0]
    told = {"payer": "ACME", "billing_provider": {"npi": "1"}, **claim}
    given = {"complete_from": "2020-01-01", "services": services or [], **history}
    one, past = Claim.from_dict(told), History.from_dict(given)
    report = check((acme,), one, past)
    return {(point.text or point.rule, side) for point, side in tried(acme, one, past, None, report)}


def line(day: str = "2026-03-02", **more: Any) -> dict[str, Any]:
    return {"number": 1, "code": "97110", "modifiers": ["GP"], "units": 1, "date_of_service": day, **more}


def visits(number: int, year: int = 2026) -> list[dict[str, Any]]:
    days = (f"{year}-01-{day:02}" for day in range(10, 10 + number))
    return [{"code": "97110", "modifiers": ["GP"], "units": 1, "date_of_service": day, "billing_provider": {"npi": "1"}} for day in days]


ADULT = {"patient": {"birth_date": "1980-01-01"}}


@pytest.mark.parametrize(("before", "side"), [(3, None), (4, "at the limit"), (5, "just past it"), (6, None)])
def test_a_limit_is_tried_at_its_number_and_at_the_next(before: int, side: str | None) -> None:
    found = {s for text, s in seen(VISITS, {**ADULT, "lines": [line()]}, visits(before)) if text == "at most 5"}
    assert found == ({side} if side else set())


def test_a_clause_counts_only_where_it_is_asked() -> None:
    """A way out is asked where the demand is not met, an exception where the rule is about the line."""
    below = seen(VISITS, {**ADULT, "lines": [line()]}, visits(1))
    assert ("except patient.age < 21", "false") in below
    assert not {side for text, side in below if text.startswith("unless")}
    over = seen(VISITS, {**ADULT, "lines": [line(modifiers=["GP", "KX"])]}, visits(5))
    assert ("unless modifier in KX", "true") in over
    child = seen(VISITS, {"patient": {"birth_date": "2010-01-01"}, "lines": [line()]}, visits(5))
    assert ("except patient.age < 21", "true") in child
    assert not {side for text, side in child if text in ("at most 5", "visits")}
    other = seen(VISITS, {**ADULT, "lines": [line(modifiers=["GO"])]}, visits(5))
    assert not {side for text, side in other if text.startswith("except")}


def test_an_unknown_fact_decides_nothing() -> None:
    assert not {side for text, side in seen(VISITS, {"lines": [line()]}, visits(1)) if text.startswith("except")}


@pytest.mark.parametrize(("born", "side"), [("2005-03-03", "just past it"), ("2005-03-02", "at the limit"), ("2004-03-02", None)])
def test_an_age_is_tried_on_the_birthday_and_the_day_before(born: str, side: str | None) -> None:
    found = {s for text, s in seen(VISITS, {"patient": {"birth_date": born}, "lines": [line()]}) if text == "patient.age < 21"}
    assert found == ({side} if side else set())


def test_the_time_of_a_count_is_tried_on_its_first_day_and_the_day_before() -> None:
    first = {**visits(1)[0], "date_of_service": "2026-01-01"}
    last = {**first, "date_of_service": "2025-12-31"}
    claim = {**ADULT, "lines": [line()]}
    assert ("per calendar_year", "at the limit") in seen(VISITS, claim, [first])
    assert ("per calendar_year", "just past it") in seen(VISITS, claim, [last])
    assert not {side for text, side in seen(VISITS, claim, visits(2)) if text == "per calendar_year"}


DISTANCE = "deadline filing { that received within 90 days after date_of_service  outcome deny  cite manual }\n"


@pytest.mark.parametrize(("received", "side"), [
    ("2026-05-31", "at the limit"), ("2026-06-01", "just past it"), ("2026-06-02", None), ("2026-03-02", None),
])  # fmt: skip
def test_a_distance_is_tried_on_its_last_day_and_the_next(received: str, side: str | None) -> None:
    found = {s for text, s in seen(DISTANCE, {"received": received, "lines": [line()]}) if text.startswith("received within")}
    assert found == ({side} if side else set())


DATES = """amount cap {
  2 to 2026-03-01
  4 from 2026-03-02
}
limit units { effective from 2026-02-01  count units per day  at most cap  outcome deny  cite manual }
"""


@pytest.mark.parametrize(("day", "text", "side"), [
    ("2026-03-02", "cap from 2026-03-02", "at the limit"), ("2026-03-01", "cap from 2026-03-02", "just past it"),
    ("2026-02-01", "effective from 2026-02-01", "at the limit"), ("2026-01-31", "effective from 2026-02-01", "just past it"),
])  # fmt: skip
def test_dates_are_tried_on_the_day_and_beside_it(day: str, text: str, side: str) -> None:
    assert (text, side) in seen(DATES, {"lines": [line(day)]})


def test_two_entries_of_an_amount_that_meet_are_one_boundary() -> None:
    texts = [point.text for point in coverage(policy(DATES).policies[0]).of("boundary")]
    assert [text for text in texts if text.startswith("cap")] == ["cap from 2026-03-02"]


def test_a_date_outside_the_policys_own_is_no_boundary() -> None:
    acme = policy(DATES, "effective from 2026-03-02").policies[0]
    assert [point.text for point in coverage(acme).of("boundary") if "from" in point.text] == ["effective from 2026-03-02"]


WINDOW = """window care { opens after surgery  lasts 14 days }
event surgery { }
require early { that in care  outcome deny  cite manual }
"""


@pytest.mark.parametrize(("day", "side"), [("2026-03-15", "at the limit"), ("2026-03-16", "just past it"), ("2026-03-17", None)])
def test_a_window_is_tried_on_its_last_day_and_the_next(day: str, side: str | None) -> None:
    events = [{"kind": "surgery", "date": "2026-03-01"}]
    found = {s for text, s in seen(WINDOW, {"lines": [line(day)]}, events=events) if text == "window care ends"}
    assert found == ({side} if side else set())


TIMING = "timing timed { on 97110  by cms_total_time  outcome reduce  cite manual }\n"


@pytest.mark.parametrize(("minutes", "units", "side"), [(23, 2, "at the limit"), (22, 2, "just past it"), (30, 4, None)])
def test_units_are_tried_at_what_the_minutes_support(minutes: int, units: int, side: str | None) -> None:
    told = line(minutes=minutes, units=units, contact="one_on_one")
    found = {s for text, s in seen(TIMING, {"lines": [told]}) if text.startswith("the units")}
    assert found == ({side} if side else set())


MONEY = "limit dollars { count allowed per calendar_year  at most $100  outcome deny  cite manual }\n"


def test_of_money_the_line_that_crosses_is_past() -> None:
    used = [{**visits(1)[0], "allowed": "60.00"}]
    assert ("at most $100", "just past it") in seen(MONEY, {"lines": [line(allowed="90.00")]}, used)
    assert ("at most $100", "at the limit") in seen(MONEY, {"lines": [line(allowed="40.00")]}, used)
    used[0]["allowed"] = "100.01"
    assert not {s for text, s in seen(MONEY, {"lines": [line(allowed="1.00")]}, used) if text.startswith("at most")}


def test_rules_are_denied_and_passed() -> None:
    assert ("visits", "denied") in seen(VISITS, {**ADULT, "lines": [line()]}, visits(5))
    assert ("visits", "passed") in seen(VISITS, {**ADULT, "lines": [line()]}, visits(4))


def test_a_suspended_rule_is_not_counted() -> None:
    assert coverage(policy(VISITS.replace("count", 'suspended because "a court"  count')).policies[0]).points == ()


def test_what_two_runs_saw_is_joined_and_travels_as_plain_data() -> None:
    acme = policy(VISITS).policies[0]
    one = coverage(acme).add([(Point("rule", "visits"), "denied"), (Point("rule", "of another policy"), "denied")])
    two = coverage(acme).add([(Point("rule", "visits"), "passed")])
    assert one.seen == {(Point("rule", "visits"), "denied")}
    assert one.of_list(two.to_list()).both("rule") == (Point("rule", "visits"),)
    assert one.missing("rule") == ((Point("rule", "visits"), "passed"),)


def test_the_text_says_what_was_not_tried() -> None:
    acme = policy(VISITS).policies[0]
    text = coverage_text(Coverage(acme.name, coverage(acme).points, frozenset({(Point("rule", "visits"), "denied")})))
    assert "rules      0 of 1 denied and passed by some test" in text
    assert "no test passes visits" in text
    assert "visits: at most 5: never at the limit, never just past it" in text


@pytest.mark.parametrize("path", sorted((Path(__file__).parent.parent / "policies").glob("*.policy")), ids=lambda path: path.stem)
def test_every_point_of_a_shipped_policy_can_be_looked_at(path: Path) -> None:
    """The tests of the shipped policies try what their points say without a crash, and each rule from both sides."""
    from cptrules.examples import examples
    from cptrules.loading import read

    loaded = read([str(path)])
    for acme in loaded.policies:
        found = coverage(acme)
        for one in examples(next(file for file in loaded.files if file.name == acme.name), acme)[:25]:
            report = check((acme,), one.claim, one.history, one.session)
            sides = tried(acme, one.claim, one.history, one.session, report)
            assert {point for point, _ in sides} <= set(found.points)


def test_what_no_line_can_be_is_not_counted() -> None:
    """A layer for one plan leaves its base's exceptions for others, and its rules about them, without a line."""
    rules = """limit own { when plan in "A"  count visits of PT per calendar_year  at most 5  except plan in "B"  outcome deny  cite manual }
limit nobody { when plan in "A"  when plan in "B"  count visits of PT per calendar_year  at most 5  outcome deny  cite manual }
"""
    points = coverage(policy(rules).policies[0]).points
    assert {point.rule for point in points if point.rule} == {"own"}
    assert [point.text for point in points if point.kind == "clause"] == ['when plan in "A"']
