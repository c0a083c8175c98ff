"""`cases` reaches both sides of what comes every year, of dates, of exceptions, and of what must stand beside a line (docs/testing.md)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from judging import policy
from measured import between

import cptrules
from cptrules import Policies
from cptrules.coverage import coverage, probes_of
from cptrules.loading import shipped
from cptrules.testing import cases, sessions

PAGE = Path(__file__).parent.parent / "docs" / "testing.md"

RULES = """window season { year from 09-01 }
limit seasonal { count visits of PT per season  at most 3  except patient.age < 21  unless modifier in KX  outcome deny  cite manual }
require base { effective from 2025-07-01  on 98981  with 98980 per month and billing_provider  outcome deny  cite manual }
limit twice { count lines where (modifier in CQ, CO) per day and code  at most 1  unless modifier in 76  outcome deny  cite manual }
limit levels { count distinct code of 97161..97163, 97165..97167 per day and discipline  at most 1  outcome deny  cite manual }
"""


# What the day of the line is compared with, a way out that must be known to be closed, a session that perhaps has no total.
RECORD = """fact late of claim : yes_no "Is a late certification on file?"
fact shared of line : yes_no "Did two therapists treat at once?"
require in_force { that date_of_service <= note.plan_of_care.ends  unless late  outcome deny  cite manual }
documentation told { needs interventions, total_minutes  unless late  outcome warn  cite manual }
limit together { when shared  count minutes of PT, OT where (shared) per day  at most session.total_minutes  outcome reduce  cite manual }
"""


def tried(strategy: Any, examples: int, look: Callable[[Any], None]) -> None:
    """Give so many examples to a function, always the same ones."""
    quiet = list(HealthCheck)

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=quiet)
    @given(strategy)
    def one(drawn: Any) -> None:
        look(drawn)

    one()


def sides_missed(acme: Policies, examples: int) -> list[tuple[str, str, str]]:
    found, probes = coverage(acme.policies[0]), probes_of(acme.policies[0])

    def look(case: Any) -> None:
        nonlocal found
        if len(found.seen) < 2 * len(found.points):
            report = acme.check(case.claim, case.history, case.session)
            found = found.add(probes.tried(case.claim, case.history, case.session, report))

    tried(cases(acme), examples, look)
    return [(point.rule, point.text, side) for kind in ("rule", "clause", "boundary") for point, side in found.missing(kind)]


def test_both_sides_of_everything_within_500_cases() -> None:
    assert sides_missed(policy(RULES), 500) == []


def test_both_sides_of_what_the_record_holds_within_300_cases() -> None:
    assert sides_missed(policy(RECORD), 300) == []


DAYS = {
    "at large": lambda: cases(policy("")).map(lambda case: case.claim.lines[0].date_of_service),
    "sessions": lambda: sessions(policy("")).map(lambda one: one.date),
}


@pytest.mark.parametrize("kind", DAYS)
def test_a_case_is_not_the_last_one_with_some_draws_exchanged(kind: str) -> None:
    """Hypothesis hands out a case again, five times, with draws alike exchanged, if it has any: most cases would be copies."""
    days: list[Any] = []
    tried(DAYS[kind](), 200, days.append)
    assert sum(1 for one, two in pairwise(days) if one == two) < 20  # of 121 days and more


def test_the_page_has_a_row_for_each_shipped_policy_of_a_payer() -> None:
    """The measurement itself is `python tests/bench/reached.py --write`."""
    rows = between(PAGE, "<!-- reached -->", "<!-- end of reached -->").splitlines()
    told = [row.split("|")[1].strip() for row in rows if row.startswith("|")][2:]
    loaded = [policy for name in shipped() for policy in cptrules.load(name).policies if policy.name == name]
    assert sorted(told) == sorted(policy.name for policy in loaded if policy.payers)
