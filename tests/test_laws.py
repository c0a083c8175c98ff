"""Laws of judging, tried on random claims and histories under a policy with every kind of rule."""

# ruff: noqa: E501 - the rules stand one a line, as in a policy file
from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from judging import policy

import cptrules
from cptrules import Claim, History, Policies, Report
from cptrules.repairs import applied
from cptrules.report import SEVERITY

TABLES = {
    "pairs.csv": "column_one,column_two,indicator,from,to\n97530,97110,1,,\n97140,97530,0,,2026-02-28\n97140,97530,1,2026-03-01,\n",
    "most.csv": "code,units\n97110,3\n97140,2\n",
    "weights.csv": "code,weight\n97110,1.5\n97530,2\n97140,1\n",
}
RULES = [
    'limit visits { count visits of PT, OT per calendar_year  at most 3  except diagnosis in F84.*  except patient.age < 21  outcome deny  cite manual }',
    "limit dollars { count allowed of PT per benefit_year  at most threshold  unless modifier in KX attesting \"needed\"  outcome deny  cite manual }",
    "limit rolling { count treatment_days where (place_of_service in 11) per rolling 30 days and discipline  at most 2  outcome pend  cite manual }",
    "limit units_a_day { count units per day and code and billing_provider  at most most  outcome reduce  cite manual }",
    "limit weights_a_day { count weights per day  at most 4  outcome reduce  cite manual }",
    "limit different { count distinct code per month  at most 2  outcome warn  cite manual }",
    "prior_authorization after_two { on PT  when first_time  after 2 visits of PT per calendar_year  outcome deny  cite manual }",
    "prior_authorization reviewed { on 97530  that authorization.kind = reviewed  outcome pend  cite manual }",
    "modifiers discipline { on PT, OT  needs GP for PT, GO for OT  at most one of GP, GO  outcome deny  cite manual }",
    "modifiers assistant { when assisted  needs CQ for PT, CO for OT  refuse 59  outcome warn  cite manual }",
    "require base { on 97140  with 97110 per day  outcome warn  cite manual }",
    'require place { that place_of_service in 11 or plan in "A"  outcome inform  cite manual }',
    "forbid group { on 97110  when contact in group  instead 97150  outcome deny  cite manual }",
    "forbid second { when day includes 97530 where (not at_home) and not telehealth  outcome warn  cite manual }",
    "pairs edits { listed in edits per day and billing_provider  unless indicator = 1 and modifier in 59 attesting \"distinct\"  outcome deny  cite manual }",
    "deadline filing { that received within 90 days after date_of_service  outcome deny  cite manual }",
    "timing timed { on 97110, 97140, 97530  by cms_total_time  only minutes where (contact = one_on_one)  outcome reduce  cite manual }",
    "forbid long_ago { when at least 20 days after last visit  outcome inform  cite manual }",
    'forbid many_dollars { when count allowed of OT per calendar_year > $100 and plan = "B"  outcome warn  cite manual }',
]  # fmt: skip
HEADER = """  plans "A", "B"
  assume therapy_kind = rehabilitative"""
NAMES = """amount threshold {
  $150.00 from 2026-01-01 to 2026-02-28
  $200.00 from 2026-03-01
}
table edits from "pairs.csv" keys column_one, column_two values indicator
table most from "most.csv" keys code values units missing none
table weights from "weights.csv" keys code values weight
fact first_time of claim : yes_no "Is it the first time?"
fact at_home of line : yes_no "Was it at home?"
"""


def loaded(rules: list[str]) -> Policies:
    return policy(NAMES + "\n".join(rules), HEADER, TABLES)


ACME = loaded(RULES)
DAYS = ["2026-01-02", "2026-01-30", "2026-02-20", "2026-03-01", "2026-03-02", "2026-03-03"]


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def services(number: int | None) -> st.SearchStrategy[dict[str, Any]]:
    """A line (with a number) or an earlier service, all of it stated."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "code": st.sampled_from(["97110", "97140", "97530"]),
        "date_of_service": st.sampled_from(DAYS if number is None else DAYS[-3:]),
        "modifiers": st.sampled_from([[], ["GP"], ["GO"], ["GP", "KX"], ["GP", "59"], ["GP", "CQ"]]),
        "units": st.integers(0, 4), "minutes": st.sampled_from([0, 7, 8, 15, 22, 23, 38]),
        "allowed": st.sampled_from(["0.00", "50.00", "99.99", "150.00"]),
        "contact": st.sampled_from(["one_on_one", "group"]), "telehealth": st.booleans(),
        "rendering_provider": st.sampled_from([{"npi": "7", "role": "PT"}, {"npi": "8", "role": "OTA"}, {"npi": "9", "role": "PTA"}]),
        "facts": st.fixed_dictionaries({"at_home": st.booleans()}),
    }  # fmt: skip
    if number is not None:
        return st.fixed_dictionaries({"number": st.just(number), **fields})
    more = {
        "billing_provider": st.sampled_from([{"npi": "1"}, {"npi": "2"}]), "denied": st.booleans(), "place_of_service": st.sampled_from(["11", "12"]),
        "claim": st.sampled_from(["C0", "C1", "C2"]), "plan": st.sampled_from(["A", "B"]),
    }  # fmt: skip
    return st.fixed_dictionaries({**fields, **more})


CLAIMS = st.fixed_dictionaries(
    {
        "id": st.just("C1"), "payer": st.just("ACME"), "plan": st.sampled_from(["A", "B", "C"]), "received": st.sampled_from(["2026-03-10", "2026-06-02"]),
        "place_of_service": st.sampled_from(["11", "12"]), "diagnoses": st.sampled_from([["M54.50"], ["F84.0"], []]),
        "patient": st.fixed_dictionaries({
            "birth_date": st.sampled_from(["1980-01-01", "2005-03-02"]), "benefit_year_start": st.sampled_from(["2026-01-01", "2025-03-02"]),
        }),
        "billing_provider": st.just({"npi": "1"}), "facts": st.fixed_dictionaries({"first_time": st.booleans()}),
        "lines": st.integers(1, 3).flatmap(lambda many: st.tuples(*(services(number) for number in range(1, many + 1)))).map(list),
    }
)  # fmt: skip
AUTHORIZATIONS = st.lists(
    st.fixed_dictionaries(
        {"number": st.sampled_from(["A1", "A2"])},
        optional={
            "kind": st.sampled_from(["reviewed", "notice"]), "codes": st.sampled_from([["97110"], ["97530", "97140"]]), "from": st.just("2026-03-02"),
            "visits": st.integers(0, 3), "units": st.just({"97110": 2}), "discipline": st.sampled_from(["PT", "OT"]),
            "used_visits": st.integers(0, 2),
        },
    ),
    max_size=2,
)  # fmt: skip
HISTORIES = st.fixed_dictionaries(
    {"complete_from": st.just("2025-01-01"), "services": st.lists(services(None), max_size=5), "authorizations": AUTHORIZATIONS}
)


def judged(claim: dict[str, Any], history: dict[str, Any] | None, policies: Policies = ACME) -> Report:
    return policies.check(Claim.from_dict(claim), None if history is None else History.from_dict(history))


def _plain(report: Report) -> dict[str, Any]:
    found = report.to_dict()
    return found


# ---- what is left out ------------------------------------------------------------------------------------------

_OF_LINE = ("modifiers", "units", "minutes", "allowed", "contact", "telehealth", "rendering_provider", "facts")
_OF_CLAIM = ("plan", "received", "place_of_service", "diagnoses", "patient", "billing_provider", "facts")
_OF_SERVICE = (*_OF_LINE, "date_of_service", "billing_provider", "place_of_service", "plan")


def _lessened(claim: dict[str, Any], history: dict[str, Any], chance: random.Random) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Leave out some of what is known; all of it only where left out means not known."""
    claim, history = copy.deepcopy(claim), copy.deepcopy(history)
    share = chance.choice([0.05, 0.2, 0.5])
    for record, keys in ((claim, _OF_CLAIM), *((line, _OF_LINE) for line in claim["lines"]), *((one, _OF_SERVICE) for one in history["services"])):
        for key in keys:
            if chance.random() < share:
                record.pop(key, None)
    if chance.random() < share:
        history.pop("authorizations", None)
    if chance.random() < 0.3:
        since = chance.choice([None, *DAYS[1:]])
        _less_history(history, since, chance)
    return claim, history if chance.random() > 0.1 else None


def _less_history(history: dict[str, Any], since: str | None, chance: random.Random) -> None:
    """Know the services only since a day: of those before it some are not listed."""
    history["services"] = [
        one for one in history["services"] if (since is not None and one.get("date_of_service", "9999") >= since) or chance.random() < 0.5
    ]
    if since is None:
        history.pop("complete_from")
    else:
        history["complete_from"] = since


@given(CLAIMS, HISTORIES, st.randoms(use_true_random=False))
def test_m2_whatever_completes_missing_facts_the_outcome_lies_between(claim: dict[str, Any], history: dict[str, Any], chance: random.Random) -> None:
    whole = judged(claim, history)
    less = judged(*_lessened(claim, history, chance))
    assert SEVERITY[less.at_least] <= SEVERITY[whole.at_least]
    assert SEVERITY[whole.at_most] <= SEVERITY[less.at_most]


@given(CLAIMS, HISTORIES, st.randoms(use_true_random=False))
def test_m3_3_the_order_of_lines_and_history_changes_nothing(claim: dict[str, Any], history: dict[str, Any], chance: random.Random) -> None:
    shuffled = {**claim, "lines": chance.sample(claim["lines"], len(claim["lines"]))}
    past = {key: chance.sample(value, len(value)) if isinstance(value, list) else value for key, value in history.items()}
    assert _plain(judged(shuffled, past)) == _plain(judged(claim, history))


@given(CLAIMS, HISTORIES, st.permutations(RULES))
def test_m3_3_the_order_of_rules_changes_nothing(claim: dict[str, Any], history: dict[str, Any], rules: list[str]) -> None:
    assert _plain(judged(claim, history, loaded(rules))) == _plain(judged(claim, history))


def test_m3_3_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    names = []
    for name, rule in (("a", "forbid here { on 97110  outcome warn }"), ("b", "forbid there { on 97140  outcome deny }")):
        names.append(str(tmp_path / f"{name}.policy"))
        Path(names[-1]).write_text(f'policy acme.{name} {{ title "Acme {name}"  payer "ACME" }}\n{rule}\n', encoding="utf-8")
    claim = {"payer": "ACME", "lines": [{"number": n, "code": code, "date_of_service": DAYS[0]} for n, code in ((1, "97110"), (2, "97140"))]}
    reports = [_plain(judged(claim, None, cptrules.load(*order))) for order in (names, names[::-1])]
    assert reports[0] == reports[1]
    assert reports[0]["outcome"] == "deny"


@given(CLAIMS, HISTORIES)
def test_m9_a_repair_clears_its_finding_and_brings_none_worse(claim: dict[str, Any], history: dict[str, Any]) -> None:
    before = judged(claim, history)
    known = {(one.policy, one.rule, number) for one in before.findings for number in one.lines}
    for finding in before.findings:
        assert finding.repairs or finding.no_repair
        for repair in finding.repairs:
            changed = applied(before.claim, repair)
            assert changed is not None
            after = ACME.check(changed, History.from_dict(history))
            assert not any(one.rule == finding.rule and one.lines == finding.lines and one.message == finding.message for one in after.findings)
            fresh = [one for one in after.findings if any((one.policy, one.rule, number) not in known for number in one.lines)]
            assert all(one.outcome == "inform" for one in fresh)
            assert SEVERITY[after.at_most] <= SEVERITY[before.at_most]


@given(CLAIMS, HISTORIES)
def test_m10_every_rule_is_accounted_for_on_every_line(claim: dict[str, Any], history: dict[str, Any]) -> None:
    report = judged(claim, history)
    if claim["plan"] == "C":
        assert report.outcome == "undetermined"
        return
    numbers = [line["number"] for line in claim["lines"]]
    for rule in ACME.policies[0].rules:
        lines = [number for one in report.rules if one.rule == rule.name for number in one.lines]
        assert sorted(lines) == numbers


@given(CLAIMS, HISTORIES)
def test_what_is_written_is_read_again(claim: dict[str, Any], history: dict[str, Any]) -> None:
    assert Claim.from_dict(claim).to_dict() == {**claim, "lines": [dict(line) for line in claim["lines"]]}
    assert Claim.from_json(Claim.from_dict(claim).to_json()) == Claim.from_dict(claim)
    assert History.from_json(History.from_dict(history).to_json()) == History.from_dict(history)
