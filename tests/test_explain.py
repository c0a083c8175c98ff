"""A rule in plain English says everything that the rule says; every fact that can be missing is listed with its question."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cptrules
from cptrules import tree as t
from cptrules.checking import Policies, policies_of
from cptrules.cli import commands
from cptrules.errors import InputError
from cptrules.explain import rule_text
from cptrules.loading import read
from cptrules.testing import Case, cases, policies

TOP = Path(__file__).parent.parent
SHIPPED = sorted((TOP / "policies").glob("*.policy"))
HEAD = 'policy acme.ppo { title "A"  payer "ACME"  uses libraries.therapy_codes }\nsource m { title "The manual"  confirmed 2026-01-01 }\n'


def loaded(text: str) -> Policies:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.policy")
        file.write_text(text, encoding="utf-8")
        return policies_of(read([str(file)]))


def said(text: str) -> str:
    """The last rule of a policy in English, on one line."""
    (policy,) = loaded(HEAD + text).policies
    return " ".join(rule_text(policy.rules[-1], policy).split())


def test_examples_are_of_days_on_which_the_rule_is_in_force_and_of_what_the_policy_pays() -> None:
    rule = "limit a { effective from 2024-01-01  count paid per calendar_year  at most $2,500  outcome reduce  cite m }"
    assert "$2,500.00 paid, stands; $2,500.01 paid, reduce" in said("payment p { pay 80%  cite m }\n" + rule)
    assert "$2,500.00 paid, stands; $2,500.01 paid, reduce" in said(rule)
    last = "limit a { effective to 2025-12-31  count visits of PT per calendar_year  at most 0  outcome deny  cite m }"
    assert "2026" not in said(last).partition("For example")[2]


@pytest.mark.parametrize(("number", "words"), [(8, "an 8th"), (10, "a 10th"), (11, "an 11th"), (18, "an 18th"), (81, "an 81st"), (100, "a 100th")])
def test_an_ordinal_has_its_article(number: int, words: str) -> None:
    assert f"{words} visit, stands" in said(f"limit a {{ count visits of PT per calendar_year  at most {number}  outcome deny  cite m }}")


def test_the_first_visits_by_an_amount_and_what_is_left_aside() -> None:
    free = "amount free_visits { 10 to 2025-12-31  20 from 2026-01-01 }\n"
    text = said(free + "prior_authorization a { on PT excluding evaluations  after free_visits visits of PT excluding evaluations per calendar_year\n"
                "  outcome deny  cite m }")  # fmt: skip
    assert "As many PT visits, evaluations aside, as the free visits in a calendar year, need no authorization" in text
    assert "It looks only at PT, evaluations aside." in text


# ---- every kind, every phrase ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "sentence"), [
    ("limit a { count visits of PT, OT excluding evaluations per benefit_year  at most 30  outcome deny carc PR-119  cite m }",
     "PT and OT visits, evaluations aside: at most 30 in a benefit year."),
    ("limit a { count visits of PT per calendar_year  at most 30  outcome deny carc PR-119  cite m }",
     "The 31st is denied (PR-119, the patient owes it)."),
    ("limit a { count visits of PT per day  at most 1  except diagnosis in F84.*  except patient.age < 21  outcome deny  cite m }",
     "Not for: a diagnosis is F84 and below; nor for: the patient's age is under 21."),
    ("limit a { count allowed of PT, SLP per calendar_year and discipline  at most $2,480  outcome deny  cite m }",
     "Dollars allowed for PT and SLP: at most $2,480 in a calendar year, each discipline by itself."),
    ("limit a { count distinct code of PT per day  at most 3  outcome warn  cite m }", "Different codes of PT: at most 3 in a day."),
    ("prior_authorization a { after 12 visits of PT per calendar_year  that authorization.kind = reviewed  outcome deny  cite m }",
     "The first 12 PT visits in a calendar year need no authorization; every later one does."),
    ("prior_authorization a { requested at least 7 days before date_of_service  outcome deny  cite m }",
     "It must have been asked for at least 7 days before the date of service."),
    ("modifiers a { needs GP for PT, GO for OT  at most one of GP, GO  outcome deny  cite m }", "It needs modifier GP for PT and GO for OT."),
    ('limit a { count lines per day  at most 1  unless modifier in 76 attesting "It was repeated"  outcome deny  cite m }',
     "It stands all the same if a modifier is 76; whoever claims it attests: It was repeated."),
    ("require a { with 97129 per day  outcome deny  cite m }", "97129 must stand beside it, in a day."),
    ("require a { that within 30 days after order  outcome deny  cite m }", "The date is within 30 days after the latest order: this must hold."),
    ("require a { that day includes no 97140 or not telehealth  outcome deny  cite m }",
     "The same day has no 97140 or it was not given by telehealth: this must hold."),
    ("forbid a { on 97110  instead 97150  outcome deny  cite m }", "Lines that this describes must not be billed; 97150 is billed instead."),
    ("deadline a { that received within 1 year after date_of_service  outcome deny carc CO-29  cite m }",
     "In time means: the day the payer received the claim is within 1 year after the date of service."),
    ("documentation a { needs progress_report every 10 treatment_days per discipline  outcome warn  cite m }",
     "The record must hold a progress report every 10 treatment days, each discipline by itself."),
    ("payment a { pay 85%  cite m }", "It pays 85% of what the payer allows."),
    ("timing a { on 97110  by ama_midpoint  outcome reduce  cite m }", "by the minutes of each code by itself"),
    ('forbid a { on 97110  suspended because "the court decides"  outcome deny  cite m }', 'Not in force: suspended because "the court decides".'),
    ("forbid a { on 97110  effective from 2026-05-01 to 2026-12-31  outcome deny  cite m }", "In force from 2026-05-01 to 2026-12-31."),
    ('limit a { count visits of PT per day  at most 1  outcome deny  cite m section "4.2" }', "authority: The manual, 4.2 (confirmed 2026-01-01)"),
])  # fmt: skip
def test_a_sentence(rule: str, sentence: str) -> None:
    assert sentence in said(rule)


def test_names_are_explained_below_the_rule() -> None:
    text = "codes s = 97110, 97140 to 2026-03-31\namount n { 20 to 2026-12-31  25 from 2027-01-01 }\n"
    text += "window spell { opens on first visit of s  lasts 6 weeks then again  per discipline }\nterm minor = patient.age < 21\n"
    told = said(text + "limit a { on s  when not minor  count units of s per spell  at most n  outcome deny  cite m }\n")
    assert "s: 97110 and 97140 (to 2026-03-31)" in told
    assert "n: 20 to 2026-12-31; 25 from 2027-01-01" in told
    assert "spell: begins on the first visit of s; lasts 6 weeks, and the next begins with the first service after its end;" in told
    assert "minor: the patient's age is under 21" in told
    assert "Only when minor does not hold." in told


def test_an_example_on_each_side_that_was_judged() -> None:
    told = said("limit a { count visits of PT per calendar_year  at most 30  outcome deny  cite m }")
    assert "For example, on 2026-11-28: a 30th visit, stands; a 31st visit, deny." in told


# ---- nothing is left out -----------------------------------------------------------------------------------------


def words_of(node: Any) -> Iterator[str]:
    """Every code, set, number, amount and date in a rule's clauses, as a reader would look for it."""
    match node:
        case t.Cite() | t.OutcomeIs() | t.KeyName() | t.By() | t.AssistedBy():
            return
        case t.Money(text=text):
            yield f"${text}"
        case t.Percent(text=text):
            yield f"{text}%"
        case t.Pattern(text=text):
            yield text.rstrip("*.")
        case t.Range(first=first, last=last):
            yield from (first, last)
        case t.In(field=t.Name(text=name), items=items):
            yield from (word for item in items if not (name == "contact" and isinstance(item, t.Name)) for word in words_of(item))
        case t.Name(text=text):
            if text in NAMED:
                yield text.replace("_", " ")
        case t.Word() | t.Day() | t.Text():
            yield node.text
        case tuple():
            for one in node:
                yield from words_of(one)
        case _ if attrs.has(type(node)):
            for field in attrs.fields(type(node)):
                yield from words_of(getattr(node, field.name))
        case _:
            return


NAMED = {
    "some_codes", "evaluations", "few", "stepped", "by_fact", "dollars_by_date", "pt_visits", "eased", "first_weeks", "per_kind", "recovery", "spell",
}  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies())
def test_every_code_set_number_amount_and_date_is_said(text: str) -> None:
    from cptrules.parse import parse

    (policy,) = loaded(text).policies
    rules = {rule.name: rule for rule in policy.rules}
    for block in parse(text).file.blocks:
        if isinstance(block, t.RuleBlock):
            told = " ".join(rule_text(rules[block.name.text], policy).split())
            for word in words_of(block.clauses):
                assert re.search(rf"(?<![\w.]){re.escape(word)}(?![\w])", told), f"{word!r} is not in: {told}"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_policies_are_explained(path: Path) -> None:
    for policy in policies_of(read([str(path)])).policies:
        for rule in policy.rules:
            told = rule_text(rule, policy)
            assert "Cannot" not in told
            assert not re.search(r"\w+\(\w+=", told), "no node is shown by its repr"
            assert all(citation.title in told for citation in rule.citations)
            assert (rule.carc or "") in told


# ---- facts -------------------------------------------------------------------------------------------------------


def asked(found: Policies, case: Case) -> set[str]:
    try:
        report = found.check(case.claim, case.history)
    except InputError:
        return set()
    missing = [one for status in report.rules if status.rule != "no_policy" for one in status.missing]
    missing += [one for payment in report.payments for one in payment.missing]
    return {one.field.split(" ")[0] for one in missing}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies(), st.data())
def test_no_report_asks_for_a_fact_that_is_not_listed(text: str, data: st.DataObject) -> None:
    found = loaded(text)
    known = {fact.name for fact in found.facts()}
    for _ in range(3):
        assert asked(found, data.draw(cases(found))) <= known


@pytest.mark.parametrize("name", ["medicare.part_b.outpatient_therapy", "uhc.medicare_advantage", "washington.lni", "florida.pip"])
def test_nor_does_a_report_of_a_shipped_policy(name: str) -> None:
    found = cptrules.load(name)
    known = {fact.name for fact in found.facts()}

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases(found))
    def holds(case: Case) -> None:
        assert asked(found, case) <= known

    holds()


def test_each_fact_has_its_question() -> None:
    facts = cptrules.load("uhc.medicare_advantage").facts()
    assert all(fact.question.endswith((".", "?")) for fact in facts)
    by_name = {fact.name: fact for fact in facts}
    assert by_name["residence"].words == ("home", "nursing_facility", "assisted_living")
    assert by_name["history.complete_from"].question == "Which services did the patient have, and since when is the list complete?"
    assert by_name["place_of_service"].owner == "line"


# ---- the command -------------------------------------------------------------------------------------------------


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands, ["explain", *words])
    return result.exit_code, result.output


def test_a_policy_a_rule_and_its_facts() -> None:
    code, shown = run("bcbs.massachusetts", "sixty_together")
    assert code == 0
    assert "PT and OT visits: at most 60 in a calendar year." in shown
    assert "review_after_sixteen" not in shown
    assert "review_after_sixteen (prior authorization)" in run("bcbs.massachusetts")[1]
    code, shown = run("uhc.medicare_advantage", "--facts")
    assert code == 0
    assert re.search(r"^residence +Where does the patient live\? \(one of home, nursing_facility, assisted_living\)$", shown, re.MULTILINE)
