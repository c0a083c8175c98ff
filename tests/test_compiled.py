"""The compiled evaluator says what the reference says: on the shipped policies, on random ones, on worlds with any facts missing."""

from __future__ import annotations

import copy
import dis
import os
import pickle
import re
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judging import policy
from worlds import RULES, a_claim, a_history, lessened, loaded

import cptrules
from cptrules import Claim, History, Policies, Report, evaluate
from cptrules.compiled.report import Settled
from cptrules.compiled.shown import code_text
from cptrules.errors import InputError
from cptrules.testing import cases, policies

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


def quiet(examples: int, nightly: int) -> settings:
    """So many examples, of which each may be several checks; many more in the nightly profile."""
    return settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=nightly if NIGHTLY else examples)


SEEDS = st.integers(0, 2**32)
SHIPPED = (
    "anthem.commercial", "bcbs.massachusetts", "bcbs.massachusetts.joined", "california.workers_compensation", "fep.blue_focus", "florida.pip",
    "medicare.part_b.outpatient_therapy", "medicare.part_b.therapy_record", "nc_medicaid.outpatient_therapy", "ny_medicaid.outpatient_therapy",
    "uhc.medicare_advantage", "washington.lni",
)  # fmt: skip


def agree(policies: Policies, claim: Claim, past: History | None, ignoring: tuple[str, ...] = (), whole: bool = True) -> Report | None:
    """The compiled report, after it was held against the reference's: the outcomes first, for those are settled before anything is made.

    Trying repairs takes long, so that only a `whole` comparison does it.
    """
    reference, told = refused(lambda: evaluate.check(policies.policies, claim, past, None, frozenset(ignoring)))
    compiled, also = refused(lambda: policies._compiled().check(claim, past, None, frozenset(ignoring)))
    assert told == also
    if reference is not None:
        assert (compiled.outcome, compiled.at_least, compiled.at_most) == (reference.outcome, reference.at_least, reference.at_most)
        for name in ("marks", "lines", "rules", "found", "notes", "payments", "policies", "titles", "ignored", "unjudged", "overruled"):
            assert getattr(compiled, name) == getattr(reference, name), name
        if whole:
            assert compiled.to_dict() == reference.to_dict()
            assert str(compiled) == str(reference)
    return compiled  # type: ignore[no-any-return]


def refused(check: Any) -> tuple[Any, tuple[str, ...]]:
    try:
        return check(), ()
    except InputError as error:
        return None, tuple(map(str, error.faults))


@cache
def shipped(name: str) -> Policies:
    return cptrules.load(name)


@cache
def few() -> tuple[Policies, ...]:
    """The rules of the worlds one by one, and six by six."""
    return (*(loaded([rule]) for rule in RULES), *(loaded(RULES[n : n + 6]) for n in range(0, len(RULES), 6)))


@given(st.sampled_from(SHIPPED), st.data(), st.sampled_from([(), ("history.complete_from",), ("contact", "minutes")]), st.integers(0, 9))
@quiet(40, 10_000)
def test_shipped_policies(name: str, data: Any, ignoring: tuple[str, ...], whole: int) -> None:
    for case in data.draw(st.lists(cases(shipped(name)), min_size=1, max_size=4)):
        agree(shipped(name), case.claim, case.history, ignoring, whole=not whole)


@given(st.data(), st.integers(0, 9))
@quiet(15, 5_000)
def test_random_policies(tmp_path_factory: Any, data: Any, whole: int) -> None:
    path = Path(tmp_path_factory.mktemp("random"), "random.policy")
    path.write_text(data.draw(policies()), encoding="utf-8")
    random = cptrules.load(path)
    for case in data.draw(st.lists(cases(random), min_size=2, max_size=6)):
        agree(random, case.claim, case.history, whole=not whole)


@given(SEEDS)
@quiet(200, 7_000)
def test_worlds_whole_and_with_facts_missing(seed: int) -> None:
    """Ten examples each: worlds with services on the claim's own days and without."""
    chance = Random(seed)
    claim, past = a_claim(chance), a_history(chance)
    known = chance.random() < 0.4
    less = (claim, past) if known else lessened(claim, past, chance)
    earlier = less[1]
    if earlier is not None and chance.random() < 0.4:
        earlier = {**earlier, "services": [one for one in earlier.get("services", []) if one.get("date_of_service", "") < "2026-03-01"]}
    read, history = Claim.from_dict(less[0]), None if earlier is None else History.from_dict(earlier)
    for rules in chance.sample(few(), 10):
        agree(rules, read, history, whole=chance.random() < 0.05)


# ---- the report ------------------------------------------------------------------------------------------------------

LIMIT = "limit few { count visits of PT per calendar_year  at most 2  outcome deny  cite manual }\n"


def line(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"number": number, "code": "97110", "modifiers": ["GP"], "units": 1, "date_of_service": "2026-03-04", "discipline": "PT", **more}


def over() -> tuple[Policies, Claim, History]:
    """A third visit where two are paid."""
    claim = Claim.from_dict({"id": "C9", "payer": "ACME", "billing_provider": {"npi": "1"}, "lines": [line()]})
    services = [{"code": "97110", "date_of_service": day, "discipline": "PT", "claim": "C1"} for day in ("2026-02-01", "2026-02-02")]
    return policy(LIMIT), claim, History.from_dict({"complete_from": "2026-01-01", "services": services})


def compiled(policies: Policies, claim: Claim, past: History | None = None) -> Report:
    return policies._compiled().check(claim, past)


def test_a_settled_report_is_a_report_like_any_other() -> None:
    acme, claim, past = over()
    report, reference = compiled(acme, claim, past), evaluate.check(acme.policies, claim, past)
    assert isinstance(report, Settled)
    assert report.outcome == "deny"
    assert [(mark.rule, mark.lines) for mark in report.marks] == [("few", (1,))]
    assert pickle.loads(pickle.dumps(report)).to_dict() == reference.to_dict()
    assert copy.copy(report).to_dict() == reference.to_dict()
    assert repr(report) == repr(reference)
    assert report.repair() == reference.repair()
    set_aside = [one.overrule("few", line=1, by="me", why="so").to_dict() for one in (report, reference)]
    assert set_aside[0] == set_aside[1]
    assert report != reference  # as two reports of one claim never were equal
    with pytest.raises(ValueError):
        report.overrule("few", line=2, by="me", why="so")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        report.notes = ()  # type: ignore[misc]


def test_what_is_read_later_is_of_the_claim_as_it_was() -> None:
    acme, claim, past = over()
    given_ = claim.to_dict()
    report = acme.check(Claim.from_dict(given_), past)
    given_["lines"][0]["modifiers"].append("KX")
    assert report.claim.lines[0].modifiers == ("GP",)
    assert report.to_dict() == evaluate.check(acme.policies, claim, past).to_dict()


def test_policies_forget_their_code_when_they_are_pickled() -> None:
    acme, claim, past = over()
    compiled(acme, claim, past)
    other = pickle.loads(pickle.dumps(acme))
    assert other == acme
    assert other._made == []
    assert other.check(claim, past).to_dict() == acme.check(claim, past).to_dict()


def test_the_first_checks_are_the_references(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cptrules.checking.FEW", 2)
    acme, claim, past = over()
    kinds = [type(acme.check(claim, past)) for _ in range(4)]
    assert kinds == [Report, Report, Settled, Settled]


def test_a_disagreement_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the code wrong, nobody would read a report that says two things."""
    acme, claim, past = over()
    program = acme._compiled().program(claim)
    assert program is not None
    monkeypatch.setattr(program.code, "decide", lambda *_: ([0], [acme_bit(program)], [0], []))
    report = compiled(acme, claim, past)
    with pytest.raises(RuntimeError, match="few on line 1"):
        report.to_dict()


def acme_bit(program: Any) -> int:
    (ruling,) = program.docket.rulings
    return int(ruling.bit)


def test_no_text_of_a_policy_stands_in_the_code() -> None:
    text = "\"\"\" + __import__('os').system('true') + \"\"\""
    written = text.replace('"', "\\\"")
    acme = policy(
        f'fact sneaky of claim : one of early, late "{written}"\n'
        "require sneaked { that sneaky = early or diagnosis in F84.* or patient.age < 21  outcome deny  "
        f'message "{written}"  cite manual }}\n' + LIMIT
    )
    program = acme._compiled().program(over()[1])
    assert program is not None
    words = set(re.findall(r"[A-Za-z_]{3,}", program.code.source))
    assert not words & {"sneaky", "early", "sneaked", "few", "manual", "acme", "Acme", "ACME", "GP", "PT", "import", "system", "__import__"}
    assert "F84" not in program.code.source


def test_every_name_in_the_code_is_bound() -> None:
    for loaded_ in (*few(), *map(shipped, SHIPPED)):
        plan = next((plan for one in loaded_.policies for plan in one.plans), "X")
        for payer in sorted({payer for one in loaded_.policies for payer in one.payers}):
            program = loaded_._compiled().program(Claim.from_dict({"payer": payer, "plan": plan, "lines": [line()]}))
            if program is not None:
                code = program.code.decide.__code__
                wanted = {one.argval for one in dis.get_instructions(code) if one.opname == "LOAD_GLOBAL"}
                assert wanted <= set(program.code.decide.__globals__) | set(program.code.decide.__globals__["__builtins__"])


def test_the_code_of_a_policy_is_shown() -> None:
    acme, claim, _ = over()
    program = acme._compiled().program(claim)
    assert program is not None
    shown = code_text(acme.policies, acme.policies[0])
    assert program.code.source.rstrip() in shown
    assert "# few, bit 4: by the code below" in shown
    one = code_text(acme.policies, acme.policies[0], "few")
    assert "def decide" not in one
    assert "if live & 4:" in one


def test_of_very_many_rules_those_are_written_that_a_line_meets() -> None:
    """The code grows with the codes of the claims that come, and every rule is accounted for all along."""
    codes = [f"97{n}" for n in (110, 112, 116, 124, 140, 530, 535, 750)] + [f"9{n:04d}" for n in range(60)]
    rule = "limit of_{0} {{ on {0}  count units of {0} per day  at most 1  outcome deny  cite manual }}\n"
    many = policy("".join(map(rule.format, codes)))
    for number, code in enumerate(codes[:8]):
        lines = [line(1, code=code, units=2), line(2, code=codes[number - 1], units=1, date_of_service="2026-03-03")]
        claim = Claim.from_dict({"payer": "ACME", "lines": lines[: 1 + number % 2]})
        report = agree(many, claim, History.from_dict({"complete_from": "2026-01-01", "services": []}))
        assert report is not None
        assert [mark.rule for mark in report.marks] == [f"of_{code}"]
    program = many._compiled().program(claim)
    assert program is not None
    assert program.warm.bit_count() == 8
    assert program.code.source.count("if live &") == 8


# ---- nothing is decided by halves ------------------------------------------------------------------------------------


def test_shapes_and_days_are_forgotten_beyond_their_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cptrules.compiled.program.MOST_SHAPES", 3)
    monkeypatch.setattr("cptrules.compiled.program.MOST_DAYS", 2)
    monkeypatch.setattr("cptrules.compiled.eras.MOST_DAYS", 2)
    monkeypatch.setattr("cptrules.decode.MOST_WORDS", 3)
    acme = loaded(RULES[:12])
    for seed in range(25):
        chance = Random(seed)
        agree(acme, Claim.from_dict(a_claim(chance)), History.from_dict(a_history(chance)), whole=False)


def test_lines_out_of_order_are_counted_in_the_order_of_their_dates() -> None:
    acme = policy(LIMIT)
    lines = [line(2, date_of_service="2026-03-05"), line(1, date_of_service="2026-03-06"), line(3, date_of_service="2026-03-04")]
    claim = Claim.from_dict({"payer": "ACME", "lines": lines})
    report = agree(acme, claim, History.from_dict({"complete_from": "2026-01-01", "services": []}))
    assert report is not None
    assert [mark.lines for mark in report.marks] == [(1,)]
    assert [one.number for one in report.lines] == [1, 2, 3]


@pytest.mark.parametrize("end", ["2026-12-31", "2026-03-03"])
def test_a_balance_stands_for_the_services_of_its_span(end: str) -> None:
    acme, claim, _ = over()
    used = {"measure": "visits", "of": ["PT"], "from": "2026-01-01", "to": end, "used": "2.00"}
    for balance in (used, {**used, "used": "1.00"}, {**used, "of": ["OT"]}, {**used, "from": "2025-06-01"}):
        for since in ({}, {"complete_from": "2026-01-01"}, {"complete_from": "2026-03-04"}):
            agree(acme, claim, History.from_dict({**since, "services": [], "balances": [balance]}))
            agree(acme, claim, History.from_dict({**since, "services": [], "balances": [balance, balance]}))


def test_most_verdicts_are_decided_without_the_reference() -> None:
    """Where every fact is given the code decides; else the equality of the two would say nothing."""
    acme = loaded([rule for rule in RULES if rule.split()[1] in DECIDED])
    asked = total = 0
    for seed in range(60):
        chance = Random(seed)
        claim, past = a_claim(chance), a_history(chance)
        past["services"] = [one for one in past["services"] if one["date_of_service"] < "2026-03-01"]
        for one in claim["lines"]:
            one["date_of_service"] = "2026-03-04"
        read = Claim.from_dict(claim)
        program = acme._compiled().program(read)
        assert program is not None
        _, _, open_, _ = program.decide(read, History.from_dict(past))
        asked += sum(mask.bit_count() for mask in open_)
        total += len(program.docket.rulings) * len(open_)
    assert asked < total / 4


DECIDED = (
    "visits", "visits_alike", "dollars", "units_a_day", "duplicates", "minutes_a_claim", "discipline_of", "place", "filing", "edits_a_day", "timed",
)  # fmt: skip
