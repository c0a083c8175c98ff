"""What lint says of rules is proved: a rule said to be unbreakable, hidden or contradictory is so for every claim that is tried."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from judging import HEAD

from cptrules.checking import Policies, policies_of
from cptrules.claims import Claim
from cptrules.diagnostics import Diagnostic
from cptrules.lint import linted
from cptrules.linting.contradictions import Contradiction, contradictions
from cptrules.linting.hidden import hidden
from cptrules.linting.possible import possible
from cptrules.linting.scopes import asked, table_of
from cptrules.policy import Policy, Rule
from cptrules.report import SEVERITY, Report
from cptrules.testing import Case, cases

POLICIES = Path(__file__).parent.parent / "policies"
NEVER_BROKEN = ("W010", "W012", "W013")
MANY = int(os.environ.get("CPTRULES_MANY", "30"))  # policies that each law is tried on; a campaign sets more


def found(rules: str, header: str = "") -> list[Diagnostic]:
    """What lint says of some rules, tests and citations apart."""
    return [one for one in _linted(rules, header)[1] if one.code not in ("W001", "W002", "W005", "W008")]


def _linted(rules: str, header: str = "") -> tuple[Any, tuple[Diagnostic, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "acme.policy")
        path.write_text(HEAD % header + rules, encoding="utf-8")
        return linted([str(path)])


def told(rules: str, header: str = "") -> list[tuple[str, int]]:
    """The codes of lint with the lines they stand in, counted from the first of the rules."""
    return [(one.code, one.span.line - HEAD.count("\n")) for one in found(rules, header)]


def limit(name: str, *clauses: str) -> str:
    return f"limit {name} {{\n" + "\n".join(f"  {clause}" for clause in clauses) + "\n  outcome deny\n}\n"


YEARLY = ("count visits of PT per calendar_year", "at most 30")


class TestExceptions:
    @pytest.mark.parametrize(
        "clause",
        [
            "except discipline = OT",
            "except code in 97110 and code in 97140",
            "except patient.age < 18 and patient.age >= 18",
            "except modifier in KX and not modifier in KX, GP",
            "except telehealth and not telehealth",
            "except has order and not has order",
            "except count visits of PT per week > 28",
            "unless place_of_service in 11 and place_of_service = 12",
        ],
    )
    def test_one_that_never_applies_is_named(self, clause: str) -> None:
        assert told(limit("a", *YEARLY, clause)) == [("W009", 4)]

    @pytest.mark.parametrize(
        "clause",
        [
            "except discipline = PT",
            "except diagnosis in F84.0 or not diagnosis in F84.0",
            "except patient.age < 21 or not patient.age < 21",
            "unless modifier in KX or modifier not in KX",
        ],
    )
    def test_one_that_always_applies_is_named(self, clause: str) -> None:
        assert told(limit("a", *YEARLY, clause)) == [("W010", 4)]

    @pytest.mark.parametrize(
        "clause",
        [
            "except patient.age < 21",
            "except patient.age < 21 or patient.age >= 21",  # the age may not be known to anybody, and then neither holds
            "except modifier in KX and modifier in GP",
            "except place_of_service in 11 or place_of_service not in 11, 12",
            "except code in 97110 and discipline = PT",
            "except diagnosis in F84.* and diagnosis in G80.*",
            "unless count units of PT per day > 4 and count units of PT per week <= 4",
            "except count visits of PT per week > 6",
        ],
    )
    def test_one_that_may_apply_is_not(self, clause: str) -> None:
        assert [code for code, _ in told(limit("a", *YEARLY, clause)) if code in ("W009", "W010")] == []

    def test_except_where_excluding_may_be_meant(self) -> None:
        sets = "codes evaluations = 97161..97163\n"
        spared = limit("a", "count visits of PT, evaluations per calendar_year", "at most 30", "except code in evaluations")
        assert told(sets + spared) == [("W017", 5)]
        left_out = limit("a", "count visits of PT excluding evaluations per calendar_year", "at most 30")
        assert told(sets + left_out) == []


class TestRules:
    def test_a_limit_that_a_stretch_of_time_can_not_hold(self) -> None:
        assert told(limit("a", "count treatment_days per week", "at most 7")) == [("W012", 3)]
        assert told(limit("a", "count treatment_days per week", "at most 6")) == []
        assert told(limit("a", "count visits of PT, OT per day", "at most 2")) == [("W012", 3)]
        assert told(limit("a", "count visits of PT, OT per day", "at most 1")) == []
        assert told(limit("a", "count treatment_days per rolling 30 days", "at most 30")) == [("W012", 3)]
        assert told(limit("a", "count units per day", "at most 9999")) == []

    def test_a_rule_about_no_line(self) -> None:
        assert told(limit("a", *YEARLY, 'when plan in "C"'), 'plans "A", "B"') == [("W013", 4)]
        assert told(limit("a", *YEARLY, "effective to 2023-12-31"), "effective from 2024-01-01") == [("W013", 1)]
        assert told(limit("a", *YEARLY, "on OT excluding OT")) == [("W013", 1)]
        assert told(limit("a", "when units < 4", "when units > 4", *YEARLY)) == [("W013", 3)]

    def test_a_demand_that_always_holds(self) -> None:
        assert told("require a {\n  that units <= 4 or not units <= 4\n  outcome deny\n}\n") == [("W013", 1)]
        assert told("require a {\n  that units <= 4 or units > 4\n  outcome deny\n}\n") == []

    def test_the_milder_limit_behind_a_stricter_one(self) -> None:
        strict, mild = limit("strict", *YEARLY), limit("mild", YEARLY[0], "at most 60")
        assert told(strict + mild) == [("W011", 6)]
        assert told(mild + strict) == [("W011", 1)]

    def test_one_that_still_decides_somewhere_is_not_hidden(self) -> None:
        strict, mild = limit("strict", *YEARLY, "except patient.age < 21"), limit("mild", YEARLY[0], "at most 60")
        assert told(strict + mild) == []
        assert told(strict + mild.replace("at most 60", "at most 60\n  except patient.age < 30")) == [("W011", 7)]
        warned = limit("strict", *YEARLY).replace("deny", "warn")
        assert told(warned + mild) == []

    def test_versions(self) -> None:
        def of(name: str, number: int, dates: str) -> str:
            return limit(name, f"effective {dates}", YEARLY[0], f"at most {number}")

        first = of("early", 20, "from 2024-01-01 to 2024-12-31")
        assert told(first + of("later", 30, "from 2025-01-01")) == []
        assert told(first + of("later", 30, "from 2025-01-02")) == [("W016", 7)]
        assert told(first + of("later", 30, "from 2024-12-31")) == [("W015", 7)]
        assert told(limit("a", *YEARLY, "effective from 2024-01-01", "effective from 2025-01-01")) == [("W015", 1)]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("modifiers a { needs GP for PT  outcome deny }", "modifiers b { on PT  refuse GP  outcome deny }"),
            ("modifiers a { needs one of GP, GO  outcome deny }", "modifiers b { on 97110  refuse GP, GO, GN  outcome deny }"),
            ("modifiers a { needs all of GP, KX  outcome deny }", "modifiers b { at most one of GP, KX, 59  outcome deny }"),
            ("modifiers a { needs GP, KX  outcome deny }", "modifiers b { at most one of GP, KX  outcome deny }"),
            ("require a { that place_of_service in 11  outcome deny }", "require b { on PT  that place_of_service in 12  outcome deny }"),
            ("require a { that units <= 2  outcome deny }", "deadline b { when in_network  that units > 2  outcome deny }"),
        ],
    )
    def test_two_that_no_claim_can_satisfy(self, one: str, other: str) -> None:
        (only,) = found(f"{one}\n{other}\n")
        assert only.code == "W014"
        assert "line 97110" in only.message or "line 00000" not in only.message

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("modifiers a { needs GP for PT  outcome deny }", "modifiers b { on OT  refuse GP  outcome deny }"),
            ("modifiers a { effective to 2024-12-31  needs GP  outcome deny }", "modifiers b { effective from 2025-01-01  refuse GP  outcome deny }"),
            ("modifiers a { on 97110  needs GP  outcome deny }", "modifiers b { on 97140  refuse GP  outcome deny }"),
            ("modifiers a { when modifier in 59  needs GP  outcome deny }", "modifiers b { except modifier in 59  refuse GP  outcome deny }"),
            ("modifiers a { needs GP  unless telehealth  outcome deny }", "modifiers b { refuse GP  outcome deny }"),
            ("require a { that units <= 2  outcome deny }", "require b { that units >= 2  outcome deny }"),
        ],
    )
    def test_two_that_some_claim_can(self, one: str, other: str) -> None:
        assert found(f"{one}\n{other}\n") == []


def test_the_shipped_policies_give_no_alarm_but_sources_nobody_confirmed() -> None:
    assert {one.code for one in linted([str(POLICIES)])[1]} == {"W005"}


# ---- laws --------------------------------------------------------------------------------------------------------

_TESTS = (
    "patient.age < 18", "patient.age >= 18", "patient.age < 65", "modifier in KX", "modifier in GP, KX", "modifier in 59", "discipline = PT",
    "discipline in PT, OT", "code in 97110", "code in 97110, 97140", "place_of_service in 11", "place_of_service in 11, 12", "telehealth",
    "in_network", 'plan in "A"', 'plan in "A", "B"', "units <= 2", "units > 2", "diagnosis in F84.*", "has order",
    "count units of PT per day > 3", "count units of PT per day <= 3", "count visits of PT per week > 28", "date_of_service < 2026-02-01",
)  # fmt: skip
_COUNTERS = ("visits of PT per calendar_year", "units of 97110 per day", "treatment_days per week", "lines per line", "visits of PT, OT per day")
_SELECTORS = ("PT", "97110", "97110, 97140", "PT excluding 97140", "97161..97163", "OT")
_DATES = ("from 2026-01-01", "to 2025-12-31", "from 2026-02-01 to 2026-02-28")


def conditions() -> st.SearchStrategy[str]:
    """Conditions over few things, so that they often exclude or follow from each other."""
    one = st.sampled_from(_TESTS).flatmap(lambda text: st.sampled_from([text, f"not ({text})"]))
    joined = st.tuples(one, st.sampled_from([" and ", " or "]), one).map(lambda parts: f"({''.join(parts)})")
    return st.one_of(one, one, joined)


@st.composite
def rules(draw: Any, number: int) -> str:
    """One rule over few things."""
    kind, demand = draw(st.one_of(_limits(), _modifiers(), _requires(), st.just(("forbid", []))))
    scope = [f"on {draw(st.sampled_from(_SELECTORS))}"] if draw(st.booleans()) else []
    scope += [f"{draw(st.sampled_from(['when', 'except', 'except', 'unless']))} {draw(conditions())}" for _ in range(draw(st.integers(0, 3)))]
    scope += [f"effective {draw(st.sampled_from(_DATES))}"] if draw(st.integers(0, 3)) == 0 else []
    outcome = draw(st.sampled_from(["deny", "deny", "warn", "pend"]))
    return f"{kind} r{number} {{\n" + "".join(f"  {clause}\n" for clause in [*scope, *demand, f"outcome {outcome}"]) + "}\n"


def _limits() -> st.SearchStrategy[tuple[str, list[str]]]:
    numbers = st.sampled_from([0, 1, 2, 4, 7])
    return st.tuples(st.sampled_from(_COUNTERS), numbers).map(lambda parts: ("limit", [f"count {parts[0]}", f"at most {parts[1]}"]))


def _modifiers() -> st.SearchStrategy[tuple[str, list[str]]]:
    clauses = ("needs GP", "needs GP for PT", "refuse GP", "refuse KX", "needs one of GP, KX", "at most one of GP, KX", "needs all of GP, KX")
    return st.lists(st.sampled_from(clauses), min_size=1, max_size=2, unique=True).map(lambda found: ("modifiers", found))


def _requires() -> st.SearchStrategy[tuple[str, list[str]]]:
    return st.lists(conditions(), min_size=1, max_size=2).map(lambda found: ("require", [f"that {one}" for one in found]))


@st.composite
def policies(draw: Any) -> tuple[Policies, tuple[Diagnostic, ...]]:
    """A policy of two to four rules over few things, with what lint says of it."""
    text = "".join(draw(rules(number)) for number in range(draw(st.integers(2, 4))))
    loaded, diagnostics = _linted(text)
    assume(not any(one.severity == "error" for one in loaded.diagnostics))
    return policies_of(loaded), diagnostics


def lines(report: Report, rule: str, status: str) -> set[int]:
    """The lines on which a rule has a status."""
    return {number for one in report.rules if one.rule == rule and one.status == status for number in one.lines}


def _rule_at(policy: Policy, diagnostic: Diagnostic) -> Rule:
    return next(rule for rule in policy.rules if rule.span.line <= diagnostic.span.line <= rule.span.end_line)


@settings(max_examples=MANY, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large], deadline=None)
@given(st.data())
def test_what_lint_says_is_so_for_every_claim(data: st.DataObject) -> None:
    loaded, diagnostics = data.draw(policies())
    (policy,) = loaded.policies
    said = provable(diagnostics)
    assume(said or list(contradictions(list(policy.rules), table_of(policy))))
    for _ in range(3):
        is_so(loaded, said, data.draw(cases(loaded)))


def provable(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What lint says that every claim has to bear out."""
    return [one for one in diagnostics if one.code in (*NEVER_BROKEN, "W009", "W011")]


def sound(policy: Policy) -> list[Rule]:
    """The rules in force that are about some line."""
    return [rule for rule in policy.rules if rule.suspended is None and possible(asked(rule), table_of(policy))]


def is_so(loaded: Policies, said: Iterable[Diagnostic], case: Case) -> None:
    """Hold what lint says of a policy against one claim with its history."""
    (policy,) = loaded.policies
    report = loaded.check(case.claim, case.history, case.session)
    for one in said:
        rule = _rule_at(policy, one)
        if one.code in NEVER_BROKEN:
            assert lines(report, rule.name, "broken") == set(), one
        elif one.code == "W009":
            _same_without(loaded, rule, one, case, report)
    for mild, strict in hidden(sound(policy), table_of(policy)):
        assert lines(report, mild.name, "broken") <= lines(report, strict.name, "broken")
        assert SEVERITY[strict.outcome] >= SEVERITY[mild.outcome]


def _same_without(loaded: Policies, rule: Rule, one: Diagnostic, case: Any, report: Report) -> None:
    """An exception that never applies can be taken away, and the rule is broken on the same lines, save those that it leaves open (N15)."""
    (policy,) = loaded.policies
    for name in ("excepts", "unless"):
        for clause in getattr(rule, name):
            if f"`{clause.text}`" in one.message:
                kept = tuple(other for other in getattr(rule, name) if other is not clause)
                without = attrs.evolve(rule, **{name: kept})
                changed = attrs.evolve(policy, rules=tuple(without if other is rule else other for other in policy.rules))
                again = attrs.evolve(loaded, policies=(changed,)).check(case.claim, case.history, case.session)
                before = lines(report, rule.name, "broken")
                assert before <= lines(again, rule.name, "broken") <= before | lines(report, rule.name, "undetermined"), one


@settings(max_examples=MANY, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large], deadline=None)
@given(st.data())
def test_no_claim_with_the_line_of_a_contradiction_is_right(data: st.DataObject) -> None:
    loaded, _ = data.draw(policies())
    (policy,) = loaded.policies
    every = list(contradictions(sound(policy), table_of(policy)))
    assume(every)
    one = data.draw(st.sampled_from(every))
    for claim in data.draw(st.lists(claims_of(one.line), min_size=5, max_size=5)):
        contradicts(loaded, one, claim)


def contradicts(loaded: Policies, one: Contradiction, claim: Claim) -> None:
    """No claim with the line of a contradiction meets both rules."""
    report = loaded.check(claim)
    met = [rule.name for rule in {one.rule.name: one.rule, one.other.name: one.other}.values() if lines(report, rule.name, "met")]
    assert len(met) < (1 if one.rule is one.other else 2), one.why


def claims_of(line: Any) -> st.SearchStrategy[Claim]:
    """Claims with a contradiction's line, all else at random."""
    given_ = dict(line.values)
    on_it = set(given_.get("modifier", ())) - {"(another)"}
    modifiers = st.lists(st.sampled_from(["GP", "KX", "59"]), unique=True).map(lambda more: sorted({*more, *on_it}))
    record = st.fixed_dictionaries(
        {"number": st.just(1), "code": st.just(line.code), "discipline": st.just(line.discipline), "date_of_service": st.just(line.day.isoformat()),
         "modifiers": modifiers},
        optional={"units": st.integers(0, 5), "place_of_service": st.sampled_from(["11", "12", "22"]), "telehealth": st.booleans()},
    )  # fmt: skip
    claims: Iterator[Any] = st.fixed_dictionaries(
        {"payer": st.just("ACME"), "lines": record.map(lambda one: [one])},
        optional={"plan": st.sampled_from(["A", "B", "C"]), "in_network": st.booleans(), "diagnoses": st.sampled_from([["F84.0"], []]),
                  "patient": st.fixed_dictionaries({"birth_date": st.sampled_from(["1950-01-01", "2005-03-04", "2015-01-01"])})},
    ).map(Claim.from_dict)  # fmt: skip
    return claims
