"""The shortest way through: a policy, a claim, a report."""

from judging import claim, history, judge, line, policy, service, status


def test_the_thirty_first_visit_is_denied_and_the_thirtieth_is_not() -> None:
    acme = policy("limit visits_a_year { count visits of PT per calendar_year  at most 30  outcome deny carc PR-119  cite manual }")
    days = [f"2026-01-{day:02}" for day in range(1, 31)]
    assert judge(acme, claim(line()), history(*(service(day) for day in days[:29]))).outcome == "clean"
    report = judge(acme, claim(line()), history(*(service(day) for day in days)))
    assert report.outcome == "deny"
    assert status(report, "visits_a_year") == "broken"
    assert report.findings[0].facts["used"] == "31"
