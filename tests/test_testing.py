"""`cptrules.testing`: random policies load, cases aim at boundaries, laws hold, and each law catches an evaluator that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from judging import HEAD, policy

import cptrules
from cptrules import Claim, History, Policies, Repair, Report, Session, testing
from cptrules import tree as t
from cptrules.billing import Bill
from cptrules.claims import UNKNOWN
from cptrules.cli import commands
from cptrules.coverage import coverage, tried
from cptrules.errors import InputError
from cptrules.evaluate import check
from cptrules.examples import examples
from cptrules.loading import read
from cptrules.parse import parse
from cptrules.report import Missing
from cptrules.testing import LAWS, SESSION_LAWS, as_test, assert_laws, cases, policies, sessions
from cptrules.testing.mentions import mentioned

QUIET = settings(suppress_health_check=list(HealthCheck), deadline=None)


def few(number: int) -> settings:
    """So many examples, always the same, none of them shrunk."""
    every = list(HealthCheck)
    return settings(max_examples=number, phases=[Phase.generate], database=None, derandomize=True, deadline=None, suppress_health_check=every)


def loaded(text: str, folder: Path) -> Policies:
    path = folder / "random.policy"
    path.write_text(text, encoding="utf-8")
    return cptrules.load(path)


# ---- random policies ---------------------------------------------------------------------------------------------


@given(st.data())
@QUIET
def test_random_policies_load_and_judge_random_claims_by_the_laws(tmp_path: Path, data: Any) -> None:
    """No policy that loads crashes on a claim, and the laws hold of every report."""
    random = loaded(data.draw(policies()), tmp_path)
    law = data.draw(st.sampled_from(LAWS))
    case = data.draw(cases(random))
    law(random, case)


@given(policies(rules=5))
@QUIET
def test_random_policies_are_well_typed(tmp_path: Path, text: str) -> None:
    assert len(loaded(text, tmp_path).policies) == 1  # a mistake of any kind would have raised PolicyErrors


def test_random_policies_say_all_that_the_language_can() -> None:
    """Every kind of node of a policy file but a library's head, which is of another file."""
    seen: set[str] = set()

    @few(250)
    @given(policies(rules=8))
    def look(text: str) -> None:
        _walk(parse(text, "random").file, seen)

    look()
    every = {name for name, node in vars(t).items() if isinstance(node, type) and attrs.has(node) and node.__module__ == t.__name__}
    assert every - seen <= {"LibraryHead"}


def _walk(node: Any, seen: set[str]) -> None:
    if isinstance(node, tuple):
        for one in node:
            _walk(one, seen)
    elif attrs.has(type(node)):
        seen.add(type(node).__name__)
        for field in attrs.fields(type(node)):
            _walk(getattr(node, field.name), seen)


# ---- the shipped policies ----------------------------------------------------------------------------------------

SHIPPED = (
    "anthem.commercial", "bcbs.massachusetts", "california.workers_compensation", "fep.blue_focus", "florida.pip",
    "medicare.part_b.outpatient_therapy", "medicare.part_b.therapy_record", "nc_medicaid.outpatient_therapy",
    "ny_medicaid.outpatient_therapy", "uhc.medicare_advantage", "washington.lni",
)  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_policies_keep_the_laws(name: str) -> None:
    shipped = cptrules.load(name)

    @few(10)
    @given(cases(shipped), st.sampled_from(LAWS))
    def keeps(case: Any, law: Any) -> None:
        law(shipped, case)

    keeps()


@pytest.mark.parametrize("law", SESSION_LAWS, ids=lambda law: law.__name__)
def test_bills_keep_the_laws_of_sessions(law: Any) -> None:
    medicare = cptrules.load("medicare.part_b.outpatient_therapy")

    @few(15)
    @given(sessions(medicare))
    def keeps(session: Any) -> None:
        law(medicare, session)

    keeps()


# ---- cases aim at boundaries -------------------------------------------------------------------------------------

VISITS = "limit visits { count visits of PT per calendar_year  at most 5  outcome deny  cite manual }\n"
AIMED = """fact first_time of claim : yes_no "Is it the first time?"
event surgery { planned : yes_no }
window care { opens after surgery where (planned)  lasts 14 days }
amount cap {
  $100 to 2026-02-28
  $200 from 2026-03-01
}
limit visits { count visits of PT per calendar_year  at most 20  except patient.age < 21  unless modifier in KX  outcome deny  cite manual }
limit dollars { effective from 2026-01-10  count allowed of PT per month  at most cap  outcome deny  cite manual }
require early { on 97140  that in care  outcome deny  cite manual }
require fresh { on 97530  when first_time  that within 30 days after order  outcome deny  cite manual }
deadline filing { that received within 90 days after date_of_service  outcome deny  cite manual }
timing timed { on 97110, 97140  by cms_total_time  outcome reduce  cite manual }
prior_authorization later { after 6 visits of OT per calendar_year  that authorization.visits <= 12  outcome deny  cite manual }
"""


def test_cases_reach_both_sides_of_every_rule_clause_and_limit() -> None:
    acme = policy(AIMED)
    found = coverage(acme.policies[0])

    @few(900)
    @given(cases(acme))
    def look(case: Any) -> None:
        nonlocal found
        if found.missing("rule") or found.missing("clause") or found.missing("boundary"):
            report = acme.check(case.claim, case.history, case.session)
            found = found.add(tried(acme.policies[0], case.claim, case.history, case.session, report))

    look()
    assert [(point.rule, point.text, side) for kind in ("rule", "clause", "boundary") for point, side in found.missing(kind)] == []


def test_some_facts_are_left_out() -> None:
    acme, seen = policy(VISITS), set()

    @few(120)
    @given(cases(acme))
    def look(case: Any) -> None:
        seen.update(status.status for status in acme.check(case.claim, case.history).rules if status.rule == "visits")

    look()
    assert {"met", "broken", "undetermined"} <= seen


def test_what_a_policy_mentions_is_gathered() -> None:
    acme = policy(VISITS.replace("outcome", "except modifier in KX, 59  effective from 2026-03-01  outcome"))
    found = mentioned(acme)
    assert {"KX", "59"} <= set(found.modifiers)
    assert 5 in found.numbers
    assert date(2026, 3, 1) in found.days


def test_sessions_lie_at_the_thresholds_of_units() -> None:
    seen: set[Any] = set()

    @few(300)
    @given(sessions(policy(VISITS)))
    def look(session: Any) -> None:
        seen.update(part.minutes for part in session.interventions)

    look()
    assert {8, 22, 23, 38, 7, UNKNOWN} <= seen


def test_claims_and_histories_are_those_of_cases() -> None:
    acme = policy(VISITS)

    @few(5)
    @given(testing.claims(acme), testing.histories(acme))
    def look(claim: Any, history: Any) -> None:
        assert isinstance(claim, Claim)
        assert isinstance(history, History)

    look()


# ---- a case as a test block --------------------------------------------------------------------------------------

FIRST_TIME = 'fact first_time of claim : yes_no "Is it the first time?"\n'


def pasted(folder: Path, rules: str, block: str) -> Path:
    path = folder / "pasted.policy"
    path.write_text(HEAD % "" + rules + block, encoding="utf-8")
    return path


def test_a_pasted_case_is_judged_as_it_was(tmp_path: Path) -> None:
    """Save where a comment says what the language of tests can't say, the whole report is the same."""
    acme, told = policy(AIMED), 0

    @few(60)
    @given(cases(acme))
    def same(case: Any) -> None:
        nonlocal told
        block = as_test(case, policies=acme)
        if "#" in block.replace("# say what is right here", ""):
            return
        again = read([str(pasted(tmp_path, AIMED, block))])
        (example,) = examples(again.files[0], again.policies[0])
        one, two = acme.check(case.claim, case.history, case.session), check(again.policies, example.claim, example.history, example.session)
        assert one.rules == two.rules
        assert (one.at_least, one.at_most) == (two.at_least, two.at_most)
        told += 1

    same()
    assert told >= 20


def test_a_broken_law_is_shrunk_to_a_block_that_runs_by_cptrules_test(tmp_path: Path) -> None:
    acme = policy(VISITS)

    def never_denies(policies: Policies, case: Any) -> None:
        if policies.check(case.claim, case.history).outcome == "deny":
            raise AssertionError(as_test(case, policies=policies))

    with pytest.raises(AssertionError) as error:
        assert_laws(acme, examples=60, laws=[never_denies], session_laws=[])
    said = str(error.value)
    block = said[said.index('test "found by cptrules.testing" {') :].partition("\n}\n")[0] + "\n}\n"
    assert len(block.splitlines()) <= 10
    result = CliRunner().invoke(commands, ["test", str(pasted(tmp_path, VISITS, block))])
    assert result.exit_code == 1
    assert "deny by visits on line 1" in result.output


# ---- each law catches what it is about ---------------------------------------------------------------------------

Twist = Callable[[Report, Claim, "History | None", Policies], Report]


@attrs.frozen
class Lying(Policies):
    """Policies whose reports are twisted."""

    twist: Twist = lambda report, *_: report

    def check(self, claim: Claim, history: Any = None, session: Any = None, **more: Any) -> Report:  # type: ignore[override]
        return self.twist(check(self.policies, claim, history, session), claim, history, self)


def noting(text: Callable[[Claim, Any], object]) -> Twist:
    return lambda report, claim, history, _: attrs.evolve(report, notes=(*report.notes, str(text(claim, history))))


def statuses(change: Callable[[Any, Claim, Any, Policies], Any]) -> Twist:
    def twist(report: Report, claim: Claim, history: Any, acme: Policies) -> Report:
        return attrs.evolve(report, rules=tuple(change(status, claim, history, acme) for status in report.rules))

    return twist


def listed(history: Any) -> int:
    return len(history.services) if history is not None and isinstance(history.services, tuple) else 0


def counting(how: Callable[[int], int]) -> Twist:
    """Uses what the number of services says, whatever they are."""
    return statuses(
        lambda s, _, history, __: attrs.evolve(s, facts={**s.facts, "used": str(how(listed(history))), "limit": "5"}) if "used" in s.facts else s
    )


def turned(when: Callable[[Any, Claim, Any, Policies], bool], status: str) -> Twist:
    return statuses(lambda s, claim, history, acme: attrs.evolve(s, status=status) if when(s, claim, history, acme) else s)


def bound(acme: Policies) -> Any:
    demand: Any = acme.policies[0].rules[0].demand
    return demand.at_most.value


UNITS = "limit units { count units per day  at most 3  outcome reduce  cite manual }\n" + FIRST_TIME
TIMED = "timing timed { on 97110  by cms_total_time  outcome reduce  cite manual }\n"
WRONG = Repair("add_modifier", 1, "77")
LIES: tuple[tuple[Any, str, Twist], ...] = (
    (testing.order_never_matters, VISITS, noting(lambda claim, _: claim.lines[0].code)),
    (testing.every_rule_is_accounted_for, VISITS, lambda report, *_: attrs.evolve(report, rules=report.rules[:-1])),
    (testing.outcomes_are_the_worst, VISITS, lambda r, *_: attrs.evolve(r, lines=tuple(attrs.evolve(one, at_most="deny") for one in r.lines))),
    (testing.what_is_broken_is_found, VISITS, lambda report, *_: attrs.evolve(report, found=(), repairing=None)),
    (testing.outside_its_dates_a_rule_is_silent, VISITS.replace("outcome", "effective from 2026-03-01  outcome"),
     turned(lambda s, *_: s.why.startswith("not in force"), "met")),
    (testing.rules_are_independent, VISITS + UNITS, turned(lambda s, _, __, acme: len(acme.policies[0].rules) > 1, "met")),
    (testing.json_round_trips, VISITS, noting(lambda claim, _: id(claim))),
    (testing.evaluators_agree, VISITS, noting(lambda *_: "something else")),
    (testing.completing_facts_stays_within, VISITS,
     turned(lambda s, claim, *_: s.status == "broken" and claim.lines[0].telehealth is not UNKNOWN, "met")),
    (testing.nothing_is_asked_in_vain, UNITS, statuses(
        lambda s, claim, *_: s if claim.facts else attrs.evolve(s, status="undetermined", missing=(Missing("first_time", "?"),)))),
    (testing.a_limit_is_over_only_past_it, VISITS, turned(lambda s, *_: s.facts.get("used") == "5", "broken")),
    (testing.a_higher_limit_denies_no_more, VISITS, turned(lambda s, _, __, acme: bound(acme) > 5, "broken")),
    (testing.adding_history_never_lowers_a_count, VISITS, counting(lambda number: max(0, 50 - number))),
    (testing.its_own_claim_never_counts, VISITS, noting(lambda _, history: listed(history))),
    (testing.denied_services_never_count, VISITS, counting(lambda number: number)),
    (testing.units_follow_the_minutes, TIMED, turned(lambda s, *_: s.status == "broken", "met")),
    (testing.a_plain_reading_agrees, VISITS, turned(lambda s, *_: s.status == "met", "broken")),
    (testing.knowing_less_settles_nothing_else, VISITS, turned(lambda s, *_: s.status == "undetermined", "broken")),
    (testing.what_may_count_settles_nothing_else, VISITS, turned(lambda s, *_: s.status == "undetermined", "broken")),
    (testing.later_services_never_count, VISITS, counting(lambda number: number)),
    (testing.repairs_clear_findings, UNITS,
     lambda r, *_: attrs.evolve(r, found=tuple(attrs.evolve(f, repairs=(WRONG,), no_repair=None) for f in r.found), repairing=None)),
)  # fmt: skip


@pytest.mark.parametrize(("law", "rules", "twist"), LIES, ids=lambda one: getattr(one, "__name__", ""))
def test_a_law_catches_an_evaluator_that_breaks_it(law: Any, rules: str, twist: Twist) -> None:
    acme = policy(rules)
    lying = Lying(acme.policies, acme.warnings, twist)

    @few(250)
    @given(cases(acme))
    def keeps(case: Any) -> None:
        law(lying, case)

    with pytest.raises(AssertionError):
        keeps()


def test_every_law_has_a_lie_that_it_catches() -> None:
    assert {law for law, *_ in LIES} == set(LAWS)


@attrs.frozen
class Misbilling(Policies):
    """Policies that put the last code's units first."""

    def bill(self, session: Session, **more: Any) -> Bill:
        bill = Policies(self.policies, self.warnings).bill(session, **more)
        if bill.claim is None:
            return bill
        units = [line.units for line in bill.claim.lines][::-1]
        return attrs.evolve(bill, claim=attrs.evolve(bill.claim, lines=tuple(map(_billed, bill.claim.lines, units))))


def _billed(line: Any, units: Any) -> Any:
    return attrs.evolve(line, units=units)


def test_units_of_a_bill_shared_out_otherwise_are_seen() -> None:
    acme = policy(TIMED.replace("97110", "97110, 97140, 97530"))

    @few(100)
    @given(sessions(acme))
    def keeps(session: Any) -> None:
        testing.a_bill_shares_out_the_units(Misbilling(acme.policies, acme.warnings), session)

    with pytest.raises(AssertionError, match="would be right"):
        keeps()


def test_bad_input_of_a_case_is_refused_and_no_law_is_broken() -> None:
    acme = policy(VISITS)

    def refuses(_: Policies, __: Any) -> None:
        raise InputError(())

    assert_laws(acme, examples=3, laws=[refuses], session_laws=[])
