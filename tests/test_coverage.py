"""docs/coverage.md: a hundred rules, each said by policy text that loads, or quoted as it stands in a shipped file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cptrules
from cptrules import Claim, History
from cptrules.resources import folder

TOP = Path(__file__).parent.parent
PAGE = (TOP / "docs" / "coverage.md").read_text(encoding="utf-8")
RULES = {int(m.group(1)): m.group() for m in re.finditer(r"^## R(\d+)\. .*?(?=^## R|\Z)", PAGE, re.MULTILINE | re.DOTALL)}
OWN = {n: m.group(1) for n, text in RULES.items() if (m := re.search(r"^```policy\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))}
_QUOTED = re.compile(r"^In \[([^\]]*)\].*?^```clauses\n(.*?)^```$", re.MULTILINE | re.DOTALL)
QUOTED = {n: m.groups() for n, text in RULES.items() if (m := _QUOTED.search(text))}


def test_all_hundred_stand_once_and_at_least_ninety_five_are_said() -> None:
    assert sorted(RULES) == list(range(1, 101))
    assert len(re.findall(r"^## R", PAGE, re.MULTILINE)) == 100
    assert len(OWN) + len(QUOTED) >= 95
    assert not set(OWN) & set(QUOTED)


@pytest.mark.parametrize("number", sorted(OWN))
def test_each_rule_loads_by_itself(number: int, tmp_path: Path) -> None:
    path = tmp_path / "rule.policy"
    path.write_text(OWN[number], encoding="utf-8")
    loaded = cptrules.load(path)
    assert loaded.warnings == ()
    (policy,) = loaded.policies
    assert policy.rules


@pytest.mark.parametrize("number", sorted(QUOTED))
def test_each_quotation_stands_in_its_file(number: int) -> None:
    name, text = QUOTED[number]
    place = folder("policies").joinpath(name.removeprefix("policies/")) if name.startswith("policies/") else TOP / name
    assert text.strip()
    file = place.read_text(encoding="utf-8")
    for rule in re.findall(r"^\w+ \w+ \{.*?^\}$", text, re.MULTILINE | re.DOTALL):
        assert rule in file


def outcome(number: int, tmp_path: Path, line: dict[str, object], *services: dict[str, object], **more: object) -> str:
    """Judge one line by a rule of the page."""
    path = tmp_path / "rule.policy"
    path.write_text(OWN[number], encoding="utf-8")
    policies = cptrules.load(path)
    history = {key: more.pop(key) for key in ("events", "authorizations", "complete_from", "complete_to") if key in more}
    told = {"payer": policies.policies[0].payers[0], "billing_provider": {"npi": "1"}, "lines": [{"number": 1, **line}], **more}
    given = [{"billing_provider": {"npi": "1"}, **one} for one in services]
    return policies.check(Claim.from_dict(told), History.from_dict({"complete_from": "2010-01-01", "services": given, **history})).outcome


def visit(day: str, code: str = "97110", modifier: str = "GP", **more: object) -> dict[str, object]:
    return {"code": code, "modifiers": [modifier], "units": 1, "date_of_service": day, **more}


class TestTheyMeanIt:
    """Some of the rules that say most, tried at their boundary."""

    def test_r30_the_course_is_sixty_days_from_the_first_treatment(self, tmp_path: Path) -> None:
        first = visit("2026-01-01", condition="knee")
        facts = {"patient": {"birth_date": "2010-01-02", "facts": {"course_once": "lifetime"}}, "condition": "knee"}
        assert outcome(30, tmp_path, visit("2026-03-01"), first, **facts) == "clean"
        assert outcome(30, tmp_path, visit("2026-03-02"), first, **facts) == "deny"

    def test_r31_one_evaluation_in_180_days(self, tmp_path: Path) -> None:
        known = visit("2026-01-01", "97161")
        for day, found in (("2026-06-29", "deny"), ("2026-06-30", "clean")):
            assert outcome(31, tmp_path, visit(day, "97162"), known, facts={"new_condition": False}) == found
        assert outcome(31, tmp_path, visit("2026-06-29", "97162"), known, facts={"new_condition": True}) == "pend"

    def test_r40_ninety_days_from_enrolment(self, tmp_path: Path) -> None:
        who = {"patient": {"enrolled": "2026-01-01", "facts": {"under_treatment_at_enrolment": True}}, "authorizations": []}
        assert outcome(40, tmp_path, visit("2026-04-01"), **who) == "clean"
        assert outcome(40, tmp_path, visit("2026-04-02"), **who) == "deny"

    def test_r54_the_fiscal_year_turns_on_july_first(self, tmp_path: Path) -> None:
        services = [visit(f"2013-06-{day:02}") for day in range(1, 21)]
        who = {"patient": {"birth_date": "1970-01-01"}, "other_payers": [], "payer_order": "primary", "place_of_service": "11"}
        assert outcome(54, tmp_path, visit("2013-06-30"), *services, **who) == "deny"
        assert outcome(54, tmp_path, visit("2013-07-01"), *services, **who) == "clean"

    def test_r83_thirty_units_in_thirty_days_after_discharge(self, tmp_path: Path) -> None:
        events = [{"kind": "order", "date": "2021-03-01"}, {"kind": "discharge", "date": "2021-03-02"}]
        told = {"events": events, "other_payers": [], "authorizations": []}
        used = visit("2021-03-05", units=29)
        assert outcome(83, tmp_path, visit("2021-04-01"), {**used, "units": 29}, **told) == "clean"
        assert outcome(83, tmp_path, visit("2021-04-01"), {**used, "units": 30}, **told) == "deny"
        assert outcome(83, tmp_path, visit("2021-04-02"), {**used, "units": 1}, **told) == "deny"

    def test_r89_an_order_of_180_days(self, tmp_path: Path) -> None:
        events = [{"kind": "order", "date": "2026-01-01"}]
        assert outcome(89, tmp_path, visit("2026-06-30"), events=events) == "clean"
        assert outcome(89, tmp_path, visit("2026-07-01"), events=events) == "deny"

    def test_r80_revenue_codes_say_the_discipline_on_a_facility_claim(self, tmp_path: Path) -> None:
        told = {"number": 1, "code": "97110", "units": 1, "date_of_service": "2026-03-04"}
        assert outcome(80, tmp_path, {**told, "modifiers": ["GO"], "revenue_code": "0430"}) == "clean"
        assert outcome(80, tmp_path, {**told, "modifiers": ["GO"], "revenue_code": "0420"}) == "deny"
