"""The compiled evaluator says what the reference says: on the shipped policies, on random ones, on worlds with any facts missing."""

from __future__ import annotations

import pickle
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judging import claim, history, judge, line, policy, service
from worlds import RULES, a_claim, a_history, lessened, loaded

import cptrules
from cptrules import Claim, History, Policies, Report, evaluate
from cptrules.errors import InputError
from cptrules.testing import cases, policies

QUIET = settings(suppress_health_check=list(HealthCheck), deadline=None)
SEEDS = st.integers(0, 2**32)
SHIPPED = (
    "anthem.commercial", "bcbs.massachusetts", "bcbs.massachusetts.joined", "california.workers_compensation", "fep.blue_focus", "florida.pip",
    "medicare.part_b.outpatient_therapy", "medicare.part_b.therapy_record", "nc_medicaid.outpatient_therapy", "ny_medicaid.outpatient_therapy",
    "uhc.medicare_advantage", "washington.lni",
)  # fmt: skip


def agree(policies: Policies, claim: Claim, past: History | None, ignoring: tuple[str, ...] = ()) -> Report:
    """The compiled report, after it was held against the reference's: the outcomes first, for those are settled before anything is made."""
    reference, told = refused(lambda: evaluate.check(policies.policies, claim, past, None, frozenset(ignoring)))
    compiled, also = refused(lambda: policies._compiled().check(claim, past, None, frozenset(ignoring)))
    assert told == also
    if reference is not None:
        assert (compiled.outcome, compiled.at_least, compiled.at_most) == (reference.outcome, reference.at_least, reference.at_most)
        assert compiled.marks == reference.marks
        assert compiled.lines == reference.lines
        assert compiled.to_dict() == reference.to_dict()
        assert str(compiled) == str(reference)
    return compiled


def refused(check: Any) -> tuple[Any, tuple[str, ...]]:
    try:
        return check(), ()
    except InputError as error:
        return None, tuple(map(str, error.faults))


@cache
def shipped(name: str) -> Policies:
    return cptrules.load(name)


@cache
def acme(rules: tuple[str, ...] = tuple(RULES)) -> Policies:
    return loaded(list(rules))


@given(st.sampled_from(SHIPPED), st.data(), st.sampled_from([(), ("history.complete_from",), ("contact", "minutes")]))
@QUIET
def test_shipped_policies(name: str, data: Any, ignoring: tuple[str, ...]) -> None:
    case = data.draw(cases(shipped(name)))
    agree(shipped(name), case.claim, case.history, ignoring)


@given(st.data())
@QUIET
def test_random_policies(tmp_path_factory: Any, data: Any) -> None:
    path = Path(tmp_path_factory.mktemp("random"), "random.policy")
    path.write_text(data.draw(policies()), encoding="utf-8")
    random = cptrules.load(path)
    case = data.draw(cases(random))
    agree(random, case.claim, case.history)


@given(SEEDS, st.booleans())
@QUIET
def test_worlds_whole_and_with_facts_missing(seed: int, whole: bool) -> None:
    chance = Random(seed)
    given_, past = a_claim(chance), a_history(chance)
    less = (given_, past) if whole else lessened(given_, past, chance)
    agree(acme(), Claim.from_dict(less[0]), None if less[1] is None else History.from_dict(less[1]))
