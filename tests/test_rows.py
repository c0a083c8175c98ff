"""Claims whose lines stand as they were decoded, and histories whose services do: judged, shown, copied and pickled like any others."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import date
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given
from judging import policy
from test_compiled import SEEDS, agree, few, quiet
from test_typed import CLAIM, PAST, closely, taught
from worlds import a_claim, a_history, lessened

from cptrules import UNKNOWN, Claim, History, InputError, decode, evaluate
from cptrules.columns import Columns
from cptrules.compiled import Compiled
from cptrules.rows import Rows, lines_of


def decoded(kind: Any, data: Any) -> Any:
    return taught(kind, data).from_dict(data)


def without_mappings(record: Any) -> Any:
    """The same without minutes by person, units by code and declared facts: records with those are read one by one, as before."""
    if isinstance(record, list):
        return [without_mappings(one) for one in record]
    if not isinstance(record, dict):
        return record
    of_records = ("patient", "billing_provider", "rendering_provider", "by", "plan_of_care")
    kept = {key: value for key, value in record.items() if key in of_records or (key != "facts" and not isinstance(value, dict))}
    return {key: without_mappings(value) for key, value in kept.items()}


@given(SEEDS)
@quiet(60, 5_000)
def test_decoded_lines_are_judged_as_records_are(seed: int) -> None:
    chance = Random(seed)
    claim, past = a_claim(chance), a_history(chance)
    if chance.random() < 0.5:
        claim, less = lessened(claim, past, chance)
        past = less or {}
    claim, past = without_mappings(claim), without_mappings(past)
    quick, earlier = decoded(Claim, claim), decoded(History, past)
    assert isinstance(quick._kept, Rows)
    policies = few()[chance.randrange(len(few()))]
    found = agree(policies, quick, earlier or History.from_dict(past), whole=chance.random() < 0.2)
    reference = evaluate.check(policies.policies, closely(Claim, json.dumps(claim)), closely(History, json.dumps(past)), None, frozenset())
    assert found is not None
    assert found.to_dict() == reference.to_dict()


def test_no_line_is_made_for_a_check_that_asks_none() -> None:
    acme = policy("limit units { on PT  count units of PT per day  at most 4  outcome deny  cite manual }\n")
    compiled = Compiled(acme.policies)
    outcomes = set()
    for _ in range(2):  # the first asks the reference for the shapes of the lines, with records
        claim, past = decoded(Claim, CLAIM), decoded(History, PAST)
        outcomes.add(compiled.check(claim, past).outcome)
    assert outcomes == {acme.check(Claim.from_dict(CLAIM), History.from_dict(PAST)).outcome}
    assert lines_of(claim) is claim._kept.rows
    with pytest.raises(AttributeError):
        object.__getattribute__(claim, "lines")
    assert [line.code for line in claim.lines] == ["97110", "97140"]


@pytest.mark.parametrize("kind", [Rows, None])
def test_a_policy_that_declares_facts_looks_at_no_service(kind: Any) -> None:
    """Where facts are given they are held to their types, as ever; decoded records and services in columns have none."""
    acme = policy(
        'fact referred of claim : yes_no "Is there a referral?"\n'
        "limit visits { count visits of PT per calendar_year  at most 40  outcome deny  cite manual }\n"
    )
    compiled = Compiled(acme.policies)
    for _ in range(2):
        claim = decoded(Claim, CLAIM) if kind is Rows else Claim.from_dict(CLAIM)
        past = decoded(History, PAST) if kind is Rows else decode.quickly(History, PAST)
        assert compiled.check(claim, past).outcome == acme.check(Claim.from_dict(CLAIM), History.from_dict(PAST)).outcome
    with pytest.raises(AttributeError):
        object.__getattribute__(past, "services")
    wrong = {**PAST, "services": [{**PAST["services"][0], "facts": {"referred": "perhaps"}}]}
    for history in (decoded(History, wrong), History.from_dict(wrong)):
        with pytest.raises(InputError, match="services"):
            compiled.check(claim, history or History.from_dict(wrong))
    with pytest.raises(InputError, match="referred"):
        compiled.check(Claim.from_dict({**CLAIM, "facts": {"referred": "perhaps"}}), past)


def test_a_decoded_claim_is_like_any_other() -> None:
    claim, plain = decoded(Claim, CLAIM), closely(Claim, json.dumps(CLAIM))
    assert decoded(Claim, CLAIM) == plain
    assert hash(decoded(Claim, CLAIM)) == hash(plain)
    assert pickle.loads(pickle.dumps(decoded(Claim, CLAIM))) == plain
    assert copy.deepcopy(decoded(Claim, CLAIM)) == plain
    assert attrs.evolve(decoded(Claim, CLAIM), payer="OTHER") == attrs.evolve(plain, payer="OTHER")
    assert decoded(Claim, CLAIM).to_dict() == CLAIM
    assert repr(claim) == repr(plain)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        claim.lines = ()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        claim.lines[0].units = 3
    with pytest.raises(AttributeError, match="no attribute 'line'"):
        claim.line  # noqa: B018


SETS: tuple[tuple[Any, str, Any], ...] = (
    (Claim, "lines", {1: 2}), (Claim, "diagnoses", {"M54.50"}), (Claim, "lines.0.modifiers", {"GP"}), (Claim, "lines.0.modifiers", frozenset({"GP"})),
    (Claim, "lines.1.diagnosis_pointers", {1}), (History, "services", {1}),
    (History, "services.0.modifiers", {"GP"}), (History, "services.1.modifiers", {"GP": 1}),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "value"), SETS, ids=repr)
def test_what_is_no_list_is_not_taken_for_one(kind: Any, path: str, value: Any) -> None:
    data = copy.deepcopy(CLAIM if kind is Claim else PAST)
    *steps, last = path.split(".")
    place: Any = data
    for step in steps:
        place = place[int(step)] if step.isdigit() else place[step]
    place[last] = value
    assert taught(kind, CLAIM if kind is Claim else PAST).from_dict(data) is None


def test_dates_and_tuples_of_python_are_taken_as_they_always_were() -> None:
    data = copy.deepcopy(CLAIM)
    data["lines"][0] |= {"date_of_service": date(2026, 3, 4), "modifiers": ("GP",)}
    assert Claim.from_dict(data) == Claim.from_dict(CLAIM)
    assert taught(Claim, CLAIM).from_dict(data) in (None, Claim.from_dict(CLAIM))


AMOUNTS = ("1e5", "", "5", "5.", ".5", "5.000", "1234567890.00", "5|8.00", "-1.00", "٣.٠٠", "5.0|1.00", " 5.00", None, 5, 5.0)


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("name", ["charge", "paid", "allowed"])
@pytest.mark.parametrize("old", [False, True])
def test_amounts_of_services_are_held_to_the_pattern(amount: Any, name: str, old: bool) -> None:
    """Of a service of an earlier year too, which no total of the year looks at."""
    good = copy.deepcopy(PAST)
    for one in good["services"]:
        one |= {"charge": "80.00", "paid": "40.00", "allowed": "58.20", "discipline": "PT", "claim": "H1"}
    data = copy.deepcopy(good)
    data["services"][0] |= {name: amount, **({"date_of_service": "2019-03-04"} if old else {})}
    found, slow = taught(History, good).from_dict(data), None
    try:
        slow = closely(History, json.dumps(data))
    except ValueError:
        slow = None
    assert found is None or found == slow
    assert (slow is not None) == (amount in ("5", None))


def test_the_totals_of_the_year_are_those_of_the_services() -> None:
    past = decoded(History, PAST)
    columns = past._kept.services
    assert isinstance(columns, Columns)
    services = past.services
    for place, name in enumerate(("PT", "OT", "SLP")):
        these = [one for one in services if one.discipline == name and one.date_of_service.year == columns.latest.year]
        if columns.year is not None:
            assert set(columns.year[place][0]) == {one.date_of_service for one in these}
            assert columns.year[place][1] == sum(one.allowed for one in these)
    assert columns.latest == max(one.date_of_service for one in services)
    assert columns.plain is all(one.discipline is not UNKNOWN for one in services)
