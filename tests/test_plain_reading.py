"""The plain reading of cptrules.testing agrees with the evaluator on whole and lesser worlds, is silent on what is open, and sees what is wrong."""

from __future__ import annotations

from random import Random

import attrs
import pytest
from fuzzing.claims import SHIPPED, WORLDS, policies
from judging import claim, history, line, policy, service

from cptrules import Claim, History, Policies, evaluate
from cptrules.testing import knowing_less_settles_nothing_else
from cptrules.testing.cases import Case
from cptrules.testing.plain.law import a_plain_reading_agrees, disagreements

VISITS = policy("limit visits { count visits of PT per calendar_year  at most 2  outcome deny  cite manual }\n")


@pytest.mark.parametrize("kind", [WORLDS, SHIPPED], ids=lambda kind: kind.name)
def test_it_agrees(kind: object) -> None:
    for number in range(40):
        case = kind.make(Random(f"plain {number}"))  # type: ignore[attr-defined]
        by = policies(case.policies)
        for told, past in ((case.claim, case.history), case.less):
            claim_, history_ = Claim.from_dict(told), None if past is None else History.from_dict(past)
            assert list(disagreements(by, claim_, history_, by.check(claim_, history_))) == []


def visits(*days: str, **more: object) -> tuple[Claim, History]:
    return Claim.from_dict(claim(line(), patient={"birth_date": "1980-01-01"})), History.from_dict(history(*map(service, days), **more))


@pytest.mark.parametrize(("days", "found"), [(("2026-02-02", "2026-02-03"), "broken"), (("2026-02-02", "2025-12-31"), "met")])
def test_a_wrong_status_is_seen(days: tuple[str, ...], found: str) -> None:
    claim_, history_ = visits(*days)
    report = evaluate.check(VISITS.policies, claim_, history_)
    wrong = {"met": "broken", "broken": "met"}[found]
    (status,) = report.rules
    assert status.status == found
    assert list(disagreements(VISITS, claim_, history_, report)) == []
    (told,) = disagreements(VISITS, claim_, history_, attrs.evolve(report, rules=(attrs.evolve(status, status=wrong),)))
    assert told.startswith(f"visits on line 1 is {found} when read plainly, the report says {wrong}")


def test_of_what_is_open_it_says_nothing() -> None:
    claim_, history_ = visits("2026-02-02", since="2026-02-01")
    report = evaluate.check(VISITS.policies, claim_, history_)
    (status,) = report.rules
    assert status.status == "undetermined"
    for wrong in ("met", "broken"):
        assert list(disagreements(VISITS, claim_, history_, attrs.evolve(report, rules=(attrs.evolve(status, status=wrong),)))) == []


def test_the_laws_see_a_broken_evaluator(monkeypatch: pytest.MonkeyPatch) -> None:
    from cptrules import counting

    claim_, history_ = visits("2026-02-02", "2026-02-03")
    case = Case(claim_, history_)
    a_plain_reading_agrees(VISITS, case)
    knowing_less_settles_nothing_else(VISITS, case)
    monkeypatch.setattr(Policies, "check", lambda self, *given: evaluate.check(self.policies, *given))  # the reference, not the compiled one
    monkeypatch.setattr(counting, "uncovered", lambda *_: [])  # what the history may lack is forgotten
    with pytest.raises(AssertionError, match="visits on line 1 is met and would be broken"):
        knowing_less_settles_nothing_else(VISITS, Case(*visits()))
    monkeypatch.setattr(counting, "_comes_before", lambda *_: False)  # nothing that came before counts
    with pytest.raises(AssertionError, match="visits on line 1 is broken when read plainly"):
        a_plain_reading_agrees(VISITS, case)
