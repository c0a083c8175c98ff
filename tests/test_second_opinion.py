"""What cptrules counts, held against an oracle in SQL that was written from docs/meaning.md alone (tests/second_opinion)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from fuzzing.second import COUNTING, WINDOWS
from fuzzing.sessions import UNITS
from second_opinion.cases import make
from second_opinion.counting import counts


@pytest.mark.parametrize("block", range(5))
@pytest.mark.parametrize("kind", [COUNTING, WINDOWS, UNITS], ids=lambda kind: kind.name)
def test_what_is_counted_is_what_the_oracle_counts(kind: Any, block: int) -> None:
    tally = kind.batch(f"test.{block}", 100)
    assert [failure.what + failure.pasted for failure in tally.failures] == []


def test_the_cases_reach_counts_that_matter() -> None:
    """Most cases would prove nothing if everything counted were nought."""
    found = [interval for number in range(300) for case in [make(Random(number))] for interval in counts(case.counter, case.claim, case.history)]
    assert sum(low > 1 for low, _ in found) > 60
    assert sum(high is None for _, high in found) > 100


@pytest.mark.parametrize(("kind", "reached"), [(WINDOWS, {"broken", "met", "not_applicable"}), (UNITS, {"too many", "fewer", "right"})])
def test_the_cases_reach_every_answer(kind: Any, reached: set[str]) -> None:
    assert set(kind.batch("test.reached", 200).became) >= reached
