"""`cptrules.testing`: random policies load, cases aim at boundaries, laws hold, and what is broken on purpose is caught (M2 to M4, M9, M10)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judging import policy

import cptrules
from cptrules import Policies, testing
from cptrules.diagnostics import Diagnostic
from cptrules.errors import InputError
from cptrules.parse import parse
from cptrules.testing import LAWS, as_test, assert_laws, cases, policies
from cptrules.testing.cases import mentioned

QUIET = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture], deadline=None)


def loaded(text: str, folder: Path) -> Policies:
    path = folder / "random.policy"
    path.write_text(text, encoding="utf-8")
    return cptrules.load(path)


@given(st.data())
@QUIET
def test_random_policies_load_and_judge_random_claims_by_the_laws(tmp_path: Path, data: Any) -> None:
    """No policy that loads crashes on a claim, and M2 to M4, M9 and M10 hold of every report."""
    random = loaded(data.draw(policies()), tmp_path)
    case = data.draw(cases(random))
    for law in LAWS:
        law(random, case)


@given(policies(rules=5))
@QUIET
def test_random_policies_are_well_typed(tmp_path: Path, text: str) -> None:
    assert [one for one in loaded(text, tmp_path).warnings if isinstance(one, Diagnostic) and one.severity == "error"] == []


SHIPPED = (
    "anthem.commercial", "bcbs.massachusetts", "california.workers_compensation", "fep.blue_focus", "florida.pip",
    "medicare.part_b.outpatient_therapy", "medicare.part_b.therapy_record", "nc_medicaid.outpatient_therapy",
    "ny_medicaid.outpatient_therapy", "uhc.medicare_advantage", "washington.lni",
)  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_policies_keep_the_laws(name: str) -> None:
    assert_laws(cptrules.load(name), examples=4)


VISITS = "limit visits { count visits of PT per calendar_year  at most 5  outcome deny  cite manual }\n"


def test_cases_reach_both_sides_of_a_limit() -> None:
    acme, seen = policy(VISITS), set()

    @settings(max_examples=300, database=None, derandomize=True, deadline=None)
    @given(cases(acme))
    def look(case: Any) -> None:
        report = acme.check(case.claim, case.history)
        seen.update((status.status, status.facts.get("used")) for status in report.rules if status.rule == "visits")

    look()
    assert ("met", "5") in seen
    assert ("broken", "6") in seen
    assert any(status == "undetermined" for status, _ in seen)


def test_what_a_policy_mentions_is_gathered() -> None:
    acme = policy(VISITS.replace("outcome", "except modifier in KX, 59  effective from 2026-03-01  outcome"))
    found = mentioned(acme)
    assert {"KX", "59"} <= set(found.modifiers)
    assert 5 in found.numbers
    assert date(2026, 3, 1) in found.days


def test_a_law_that_is_broken_is_shown_as_a_test_block(monkeypatch: pytest.MonkeyPatch) -> None:
    from cptrules import counting

    right = counting.count

    def forgets(counter: Any, view: Any, case: Any) -> Any:
        """A count that falls when the history grows."""
        found = right(counter, view, case)
        from cptrules.truth import exactly

        return counting.Counted(exactly(max(0, 9 - len(case.services))), exactly(0), found.own, found.span)

    monkeypatch.setattr("cptrules.testing.laws.count", forgets)
    with pytest.raises(AssertionError) as error:
        assert_laws(policy(VISITS), examples=60, laws=[testing.adding_history_never_lowers_a_count])
    assert 'test "found by cptrules.testing" {' in str(error.value)
    assert "a service more lowered visits" in str(error.value)


@given(st.data())
@QUIET
def test_a_case_as_a_test_block_parses(tmp_path: Path, data: Any) -> None:
    case = data.draw(cases(policy(VISITS)))
    assert parse(as_test(case), "test").diagnostics == ()


def test_a_pasted_case_runs_as_it_was(tmp_path: Path) -> None:
    """What the block says is the claim and the history, so the same rules come out the same."""
    from cptrules.evaluate import check
    from cptrules.examples import examples
    from cptrules.loading import read

    acme = policy(VISITS)
    head = 'policy acme.ppo {\n  title "Acme PPO"\n  payer "ACME"\n}\nsource manual { title "Acme manual" }\n'

    @settings(max_examples=40, database=None, derandomize=True, deadline=None)
    @given(cases(acme))
    def same(case: Any) -> None:
        if "#" in as_test(case).replace("# say what is right here", ""):
            return  # what the test language can't say is told in a comment
        path = tmp_path / "pasted.policy"
        path.write_text(head + VISITS + as_test(case), encoding="utf-8")
        read_again = read([str(path)])
        (example,) = examples(read_again.files[0], read_again.policies[0])
        one, two = acme.check(case.claim, case.history), check(read_again.policies, example.claim, example.history)
        assert [s.status for s in one.rules if s.rule == "visits"] == [s.status for s in two.rules if s.rule == "visits"]

    same()


def test_bad_input_of_a_case_is_refused_and_no_law_is_broken() -> None:
    acme = policy(VISITS)

    def refuses(_: Policies, __: Any) -> None:
        raise InputError(())

    assert_laws(acme, examples=3, laws=[refuses])
