"""The shortest way through: a policy, a claim, a report."""

import pytest
from judging import claim, history, judge, line, policy, service, status


def test_the_thirty_first_visit_is_denied_and_the_thirtieth_is_not() -> None:
    acme = policy("limit visits_a_year { count visits of PT per calendar_year  at most 30  outcome deny carc PR-119  cite manual }")
    days = [f"2026-01-{day:02}" for day in range(1, 31)]
    assert judge(acme, claim(line()), history(*(service(day) for day in days[:29]))).outcome == "clean"
    report = judge(acme, claim(line()), history(*(service(day) for day in days)))
    assert report.outcome == "deny"
    assert status(report, "visits_a_year") == "broken"
    assert report.findings[0].facts["used"] == "31"


@pytest.mark.parametrize(("bound", "units", "says"), [
    (1, 2, "2 units of 97110 on 2026-03-04 with this line, the limit is 1."), (4, 5, "5 of 4 units of 97110 on 2026-03-04 with this line."),
])  # fmt: skip
def test_a_limit_of_one_is_said_as_people_say_it(bound: int, units: int, says: str) -> None:
    rules = policy(f"limit units {{ on 97110  count units of 97110 per day  at most {bound}  outcome deny  cite manual }}\n")
    (found,) = judge(rules, claim(line(units=units)), history()).findings
    assert found.message == says
    (met,) = [one for one in judge(rules, claim(line(units=bound)), history()).rules if one.rule == "units"]
    assert met.status == "met"
