"""`cases` reaches both sides of what comes every year, of dates, of exceptions, and of what must stand beside a line (docs/testing.md)."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from judging import policy

from cptrules.coverage import coverage, probes_of
from cptrules.testing import cases

RULES = """window season { year from 09-01 }
limit seasonal { count visits of PT per season  at most 3  except patient.age < 21  unless modifier in KX  outcome deny  cite manual }
require base { effective from 2025-07-01  on 98981  with 98980 per month and billing_provider  outcome deny  cite manual }
limit twice { count lines where (modifier in CQ, CO) per day and code  at most 1  unless modifier in 76  outcome deny  cite manual }
limit levels { count distinct code of 97161..97163, 97165..97167 per day and discipline  at most 1  outcome deny  cite manual }
"""


def test_both_sides_of_everything_within_700_cases() -> None:
    acme = policy(RULES)
    found, probes = coverage(acme.policies[0]), probes_of(acme.policies[0])

    @settings(max_examples=700, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(cases(acme))
    def look(case: Any) -> None:
        nonlocal found
        if len(found.seen) < 2 * len(found.points):
            report = acme.check(case.claim, case.history, case.session)
            found = found.add(probes.tried(case.claim, case.history, case.session, report))

    look()
    assert [(point.rule, point.text, side) for kind in ("rule", "clause", "boundary") for point, side in found.missing(kind)] == []
