"""From the session to the claim (M8, N42 to N46): units and whose they are, what is left out, what is open, the claim beside its session."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from judging import policy

import cptrules
from cptrules import Claim, History, InputError, Policies, Session
from cptrules.billing import Bill
from cptrules.overlaps import overlapping

FACTS = Path(__file__).parent / "facts"
TIMING = "timing timed { on PT, OT, SLP  by %s  %s  outcome reduce  cite manual }\n"
TAGS = "modifiers assistant { when assisted  needs CQ for PT, CO for OT  outcome deny  cite manual }\n"


def acme(method: str = "cms_total_time", more: str = "", rules: str = TAGS) -> Policies:
    return policy(TIMING % (method, more) + rules)


CMS = acme(more="assisted by cms_percentage")


def session(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"payer": "ACME", "date": "2026-03-04", "discipline": "PT", "billing_provider": {"npi": "1"}, "interventions": list(parts), **more}


def part(code: str, minutes: int | None, role: str = "PT", **more: Any) -> dict[str, Any]:
    told = {} if minutes is None else {"minutes": minutes}
    return {"code": code, **told, "role": role, "contact": "one_on_one", **more}


def bill(policies: Policies, data: dict[str, Any], history: dict[str, Any] | None = None) -> Bill:
    return policies.bill(Session.from_dict(data), None if history is None else History.from_dict(history))


def units(found: Bill) -> dict[str, int]:
    """Units by code."""
    total: dict[str, int] = {}
    for line in found.claim.lines if found.claim is not None else ():
        assert isinstance(line.units, int)
        total[line.code] = total.get(line.code, 0) + line.units
    return total


def tagged(found: Bill) -> list[tuple[str, int, str | None]]:
    """Lines as (code, units, the assistant's modifier), by code, those without first."""
    lines = found.claim.lines if found.claim is not None else ()
    marked = [(line.code, line.units, next((m for m in line.modifiers if m in ("CQ", "CO")), None)) for line in lines]  # type: ignore[union-attr]
    return sorted(marked, key=lambda one: (one[0], one[2] or ""))  # type: ignore[return-value,arg-type]


# ---- the cases of the facts --------------------------------------------------------------------------------------

UNIT_CASES = json.loads((FACTS / "unit_cases.json").read_text(encoding="utf-8"))
ASSISTANT_CASES = json.loads((FACTS / "assistant_cases.json").read_text(encoding="utf-8"))
METHODS = {"cms_total_time": acme(rules=""), "ama_midpoint": acme("ama_midpoint", rules="")}


@pytest.mark.parametrize("case", UNIT_CASES, ids=[case["id"] for case in UNIT_CASES])
def test_every_unit_case(case: dict[str, Any]) -> None:
    minutes = {**case["minutes"], **case.get("untimed", {})}
    contact = {"97150": "group"}
    parts = [part(code, number, contact=contact.get(code, "one_on_one")) for code, number in minutes.items()]
    found = units(bill(METHODS[case["method"]], session(*parts)))
    timed = {code: number for code, number in found.items() if code in case["minutes"]}
    if "either" in case:
        assert timed in [{code: n for code, n in way.items() if n} for way in case["either"]]
    else:
        assert timed == {code: n for code, n in case["units"].items() if n}
        assert {code: n for code, n in found.items() if code not in case["minutes"]} == dict.fromkeys(case.get("untimed", {}), 1)


def roles_of(case: dict[str, Any]) -> tuple[str, str]:
    return ("OT", "OTA") if case["discipline"] == "OT" else ("PT", "PTA")


@pytest.mark.parametrize("case", ASSISTANT_CASES, ids=[case["id"] for case in ASSISTANT_CASES])
def test_every_assistant_case(case: dict[str, Any]) -> None:
    therapist, assistant = roles_of(case)
    parts = []
    for code, minutes in case["minutes"].items():
        contact = "group" if code == "97150" else "one_on_one"
        for who, number in minutes.items():
            if who == "together":
                parts.append(part(code, number, assistant, contact=contact, **{"with": therapist}))
            elif number:
                parts.append(part(code, number, therapist if who == "therapist" else assistant, contact=contact))
    found = tagged(bill(CMS, session(*parts, discipline=case["discipline"])))
    ways = case.get("either") or [case["lines"]]
    expected = [[(line["code"], line["units"], line["modifier"]) for line in way] for way in ways]
    assert found in [sorted(way, key=lambda one: (one[0], one[2] or "")) for way in expected]


@pytest.mark.parametrize(("minutes", "many"), [(7, 0), (8, 1), (22, 1), (23, 2), (37, 2), (38, 3)])
def test_97110_alone(minutes: int, many: int) -> None:
    assert units(bill(CMS, session(part("97110", minutes)))) == ({"97110": many} if many else {})


@pytest.mark.parametrize(("method", "tag"), [("cms_percentage", True), ("cms_simple", False)])
def test_the_ten_percent_method_is_the_policys(method: str, tag: bool) -> None:
    found = bill(acme(more=f"assisted by {method}"), session(part("97012", 13, contact=None), part("97012", 2, "PTA", contact=None)))
    assert [one[2] for one in tagged(found)] == ["CQ" if tag else None]


# ---- what counts -------------------------------------------------------------------------------------------------


class TestWhatCounts:
    def test_group_and_concurrent_minutes_are_none_of_a_one_on_one_code(self) -> None:
        found = bill(CMS, session(part("97110", 15), part("97110", 20, contact="group"), part("97112", 20, contact="concurrent")))
        assert units(found) == {"97110": 1}
        assert [(one.code, one.minutes) for one in found.left_out] == [("97110", 20), ("97112", 20)]

    def test_evaluation_minutes_stay_out_of_the_timed_total(self) -> None:
        assert units(bill(CMS, session(part("97161", 40), part("97110", 7)))) == {"97161": 1}
        assert units(bill(CMS, session(part("97161", 40), part("97110", 8)))) == {"97161": 1, "97110": 1}

    def test_minutes_of_an_aide_or_a_student_support_nothing(self) -> None:
        found = bill(CMS, session(part("97110", 30, "aide"), part("97140", 15)))
        assert units(found) == {"97140": 1}
        assert "aide" in found.left_out[0].why

    def test_a_student_with_a_therapist_in_the_room(self) -> None:
        assert units(bill(CMS, session(part("97110", 30, "student", **{"with": "PT"})))) == {"97110": 2}

    def test_two_disciplines_are_counted_apart(self) -> None:
        both = {**session(part("97110", 7), part("97530", 7, "OT")), "discipline": None}
        del both["discipline"]
        assert units(bill(CMS, both)) == {}
        assert units(bill(CMS, session(part("97110", 7), part("97530", 7)))) in ({"97110": 1}, {"97530": 1})

    def test_minutes_nobody_recorded_leave_the_units_open(self) -> None:
        found = bill(CMS, session(part("97110", None), part("97140", 15)))
        assert found.claim is not None
        assert found.report is not None
        assert found.report.outcome == "undetermined"
        assert {row.units for one in found.allocation for row in one.rows} == {None}

    def test_without_a_timing_rule_units_are_left_open(self) -> None:
        found = bill(policy("forbid packs { on 97010  outcome deny  cite manual }\n"), session(part("97110", 30)))
        assert found.outcome == "undetermined"  # a claim without units is no clean one
        assert "no rule of these policies says how" in found.allocation[0].rows[0].why
        assert any("no method of counting is guessed" in note for note in found.notes)

    def test_contact_nobody_states_is_asked_for(self) -> None:
        bare = {key: value for key, value in part("97110", 30).items() if key != "contact"}
        found = bill(CMS, session(bare))
        assert units(found) == {"97110": 2}
        assert found.report is not None
        assert found.report.outcome == "undetermined"

    def test_a_session_that_supports_no_line(self) -> None:
        found = bill(CMS, session(part("97110", 7)))
        assert (found.claim, found.report) == (None, None)
        assert "no line" in str(found)


class TestTies:
    TWO = (part("97140", 20), part("97110", 20))

    def test_the_first_listed(self) -> None:
        assert units(bill(acme(more="ties to first listed", rules=""), session(*self.TWO))) == {"97140": 2, "97110": 1}

    def test_more_minutes(self) -> None:
        found = bill(acme(more="ties to more minutes", rules=""), session(part("97110", 20), part("97140", 35), part("97112", 5)))
        assert units(found) == {"97140": 3, "97110": 1}

    def test_the_policys_table(self) -> None:
        rules = 'table fee from "fee.csv" keys code values fee\n' + TIMING % ("cms_total_time", "ties to highest fee")
        dear = policy(rules, files={"fee.csv": "code,fee\n97110,28.50\n97140,25.90\n"})
        assert units(bill(dear, session(*self.TWO))) == {"97110": 2, "97140": 1}

    def test_a_choice_the_policy_leaves_does_not_hang_on_the_order(self) -> None:
        assert units(bill(METHODS["cms_total_time"], session(*self.TWO))) == units(bill(METHODS["cms_total_time"], session(*self.TWO[::-1])))


# ---- modifiers and proposals -------------------------------------------------------------------------------------


class TestModifiers:
    def test_the_disciplines_own(self) -> None:
        for discipline, role, code, modifier in (("PT", "PT", "97110", "GP"), ("OT", "OT", "97110", "GO"), ("SLP", "SLP", "92507", "GN")):
            found = bill(CMS, session(part(code, 30, role), discipline=discipline))
            assert found.claim is not None
            assert found.claim.lines[0].modifiers == (modifier,)

    def test_what_asserts_is_proposed_and_not_added(self) -> None:
        unless = 'unless modifier in KX attesting "needed"'
        limit = f"limit many {{ count visits of PT per calendar_year  at most 0  {unless}  outcome deny  cite manual }}\n"
        found = bill(acme(rules=limit), session(part("97110", 30)), {"complete_from": "2026-01-01", "services": []})
        assert found.claim is not None
        assert "KX" not in (found.claim.lines[0].modifiers or ())  # type: ignore[operator]
        assert [(one.repair.value, one.repair.attests) for one in found.proposals] == [("KX", "needed")]
        assert found.report is not None
        assert found.report.outcome == "deny"

    def test_a_line_is_split_where_only_some_units_are_the_assistants(self) -> None:
        found = bill(CMS, session(part("97110", 15), part("97110", 15, "PTA")))
        assert tagged(found) == [("97110", 1, None), ("97110", 1, "CQ")]
        assert found.report is not None
        assert found.report.outcome == "clean"

    def test_without_a_rule_for_assistants_none_is_tagged(self) -> None:
        assert tagged(bill(acme(rules=""), session(part("97110", 15), part("97110", 15, "PTA")))) == [("97110", 2, None)]


def test_the_note_and_what_it_lacks() -> None:
    rules = "documentation note { needs signature, credentials  outcome warn  cite manual }\n"
    found = bill(acme(rules=rules), session(part("97110", 30), note={"signature": "A. Therapist", "credentials": None}))
    assert [(one.rule, one.known) for one in found.wanting] == [("note", True)]
    assert "credentials" in found.wanting[0].why
    open_ = bill(acme(rules=rules), session(part("97110", 30), note={"signature": "A. Therapist"}))
    assert [(one.rule, one.known) for one in open_.wanting] == [("note", False)]


@pytest.mark.parametrize(
    ("code", "text", "like"),
    [
        ("97110", "Single leg stance on foam, eyes closed", "97112"),
        ("97112", "Resisted rows with band, 3 sets of 12", "97110"),
        ("97110", "Sit to stand from a low chair, ten times", "97530"),
        ("97530", "Soft tissue work along the trapezius", "97140"),
        ("97110", "Resistance band rows, 3 x 12, posture cued", None),
        ("97110", "Balance board, tandem and single leg stance, 3 sets of 30 seconds", "97112"),
        ("97530", "Sit-to-stand from a low chair", None),
        ("97140", "Joint glides grade III", None),
        ("97016", "Balance on foam", None),
    ],
)
def test_a_description_that_reads_like_another_code(code: str, text: str, like: str | None) -> None:
    found = bill(CMS, session(part(code, 30, description=text)))
    assert [one.like for one in found.questions] == ([like] if like else [])
    assert found.claim is not None
    assert found.claim.lines[0].code == code  # asked about, never recoded


# ---- laws --------------------------------------------------------------------------------------------------------

CODES = ("97110", "97112", "97140", "97530", "97116")
parts_ = st.lists(st.tuples(st.sampled_from(CODES), st.integers(0, 40), st.sampled_from(["PT", "PTA"])), min_size=1, max_size=5)


def made(parts: list[tuple[str, int, str]]) -> dict[str, Any]:
    return session(*(part(code, minutes, role) for code, minutes, role in parts))


@given(parts_)
def test_units_never_exceed_what_the_total_supports(parts: list[tuple[str, int, str]]) -> None:
    assert sum(units(bill(CMS, made(parts))).values()) <= (sum(minutes for _, minutes, _ in parts) + 7) // 15


@given(parts_, st.integers(0, 4), st.integers(1, 20))
def test_more_minutes_never_give_fewer_units_in_all(parts: list[tuple[str, int, str]], which: int, more: int) -> None:
    before = sum(units(bill(CMS, made(parts))).values())
    code, minutes, role = parts[which % len(parts)]
    parts[which % len(parts)] = (code, minutes + more, role)
    assert sum(units(bill(CMS, made(parts))).values()) >= before


@given(parts_, st.randoms(use_true_random=False))
def test_permuting_interventions_changes_nothing_but_order(parts: list[tuple[str, int, str]], random: Any) -> None:
    shuffled = list(parts)
    random.shuffle(shuffled)
    assert tagged(bill(CMS, made(parts))) == tagged(bill(CMS, made(shuffled)))


@given(parts_)
def test_no_allocation_is_preferred_by_the_methods_own_rules(parts: list[tuple[str, int, str]]) -> None:
    """Brute force over every allocation: as many units as the total supports, to each code its whole fifteens, the rest by remainder."""
    minutes: dict[str, int] = {}
    for code, number, _ in parts:
        minutes[code] = minutes.get(code, 0) + number
    total = (sum(minutes.values()) + 7) // 15
    whole = {code: number // 15 for code, number in minutes.items()}
    best = None
    for ways in product(*([whole[code], whole[code] + 1] for code in minutes)):
        given_ = dict(zip(minutes, ways, strict=True))
        if sum(ways) != total or any(given_[code] > whole[code] and minutes[code] % 15 == 0 for code in minutes):
            continue
        worth = sum(minutes[code] % 15 for code in minutes if given_[code] > whole[code])
        best = worth if best is None else max(best, worth)
    found = units(bill(CMS, made(parts)))
    assert sum(found.values()) == total
    assert sum(minutes[code] % 15 for code in minutes if found.get(code, 0) > whole[code]) == (best or 0)


@given(parts_)
def test_the_bill_checks_without_a_finding_of_units_roles_or_discipline(parts: list[tuple[str, int, str]]) -> None:
    found = bill(CMS, made(parts))
    assume(found.report is not None)
    assert found.report is not None
    assert [finding for finding in found.report.findings if finding.outcome != "inform"] == []


@given(parts_)
def test_minutes_split_among_roles_add_up(parts: list[tuple[str, int, str]]) -> None:
    found = bill(CMS, made(parts))
    for code, billed in units(found).items():
        assert found.claim is not None
        lines = [line for line in found.claim.lines if line.code == code]
        assert billed
        assert sum(sum(line.minutes_by.values()) for line in lines) == sum(m for c, m, _ in parts if c == code)  # type: ignore[union-attr]
        assert sum(line.minutes for line in lines) == sum(m for c, m, _ in parts if c == code)  # type: ignore[misc]


# ---- the claim beside its session --------------------------------------------------------------------------------


def beside(data: dict[str, Any], *lines: dict[str, Any], policies: Policies = CMS) -> dict[str, str]:
    numbered = [{"number": n, "date_of_service": "2026-03-04", **one} for n, one in enumerate(lines, 1)]
    told = {"payer": "ACME", "billing_provider": {"npi": "1"}, "lines": numbered}
    report = policies.check(Claim.from_dict(told), session=Session.from_dict(data))
    return {finding.rule: finding.outcome for finding in report.findings}


class TestClaimAgainstSession:
    ONE = session(part("97110", 30), part("97140", 15))

    def test_a_claim_that_says_what_the_session_says(self) -> None:
        lines = [{"code": "97110", "modifiers": ["GP"], "units": 2}, {"code": "97140", "modifiers": ["GP"], "units": 1}]
        assert beside(self.ONE, *lines) == {}

    def test_units_it_does_not_support_and_units_nobody_billed(self) -> None:
        lines = [{"code": "97110", "modifiers": ["GP"], "units": 3}, {"code": "97140", "modifiers": ["GP"], "units": 1}]
        assert beside(self.ONE, *lines)["more_than_the_session"] == "warn"
        few = [{"code": "97110", "modifiers": ["GP"], "units": 1}, {"code": "97140", "modifiers": ["GP"], "units": 1}]
        assert beside(self.ONE, *few)["less_than_the_session"] == "inform"

    def test_codes_that_one_of_them_has_not(self) -> None:
        found = beside(self.ONE, {"code": "97110", "modifiers": ["GP"], "units": 2}, {"code": "97112", "modifiers": ["GP"], "units": 1})
        assert found["not_in_the_session"] == "warn"
        assert found["not_on_the_claim"] == "inform"

    def test_roles_and_modifiers(self) -> None:
        line = {"code": "97110", "units": 2, "modifiers": ["GP"], "rendering_provider": {"role": "OT"}}
        assert beside(session(part("97110", 30)), line)["role_of_the_session"] == "warn"
        assert beside(session(part("97110", 30)), {**line, "modifiers": ["GP", "CQ"]})["modifier_of_the_session"] == "warn"
        assert beside(session(part("97110", 30)), {"code": "97110", "units": 2, "modifiers": ["GO"]})["modifier_of_the_session"] == "warn"

    def test_an_assistants_units_without_the_modifier(self) -> None:
        assert beside(session(part("97110", 30, "PTA")), {"code": "97110", "units": 2, "modifiers": ["GP"]})["assistant"] == "deny"

    def test_an_assistants_evaluation(self) -> None:
        found = beside(session(part("97161", 30, "PTA")), {"code": "97161", "units": 1, "modifiers": ["GP", "CQ"]})
        assert found["assistants_evaluation"] == "warn"

    def test_units_of_a_tie_may_be_billed_either_way(self) -> None:
        tie = session(part("97110", 20), part("97140", 20))
        for one, other in ((2, 1), (1, 2)):
            lines = [{"code": "97110", "modifiers": ["GP"], "units": one}, {"code": "97140", "modifiers": ["GP"], "units": other}]
            assert beside(tie, *lines) == {}
        both = [{"code": "97110", "modifiers": ["GP"], "units": 2}, {"code": "97140", "modifiers": ["GP"], "units": 2}]
        assert "timed" in beside(tie, *both)

    def test_minutes_of_a_code_nobody_billed_count_toward_the_total(self) -> None:
        data = session(part("97110", 7), part("97140", 7), part("97112", 7))
        assert "timed" not in beside(data, {"code": "97110", "modifiers": ["GP"], "units": 1})


# ---- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"interventions": []}, "at least one intervention"),
        ({"total_minutes": 20}, "total_minutes"),
        ({"interventions": [part("97110", -3)]}, "interventions[0].minutes: -3 is negative"),
        ({"interventions": [{**part("97110", 3), "minutes": 7.5}]}, "interventions[0].minutes"),
        ({"interventions": [part("97110", 15, "PTT")]}, "interventions[0].role"),
        ({"interventions": [part("9711", 15)]}, "interventions[0].code"),
        ({"interventions": [{**part("97110", 15), "start": "25:00"}]}, "interventions[0].start"),
        ({"date": None}, "date"),
    ],
)
def test_a_session_that_cannot_be(more: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as error:
        bill(CMS, {**session(part("97110", 30)), **more})
    assert told in str(error.value)


def test_a_code_that_is_not_in_force_on_the_date() -> None:
    found = bill(CMS, session(part("97001", 30)))
    assert found.report is not None
    assert "code_not_in_force" in {finding.rule for finding in found.report.findings} or found.report.outcome == "undetermined"


def test_minutes_of_one_provider_that_overlap_over_sessions() -> None:
    def one(name: str, start: str, npi: str = "9") -> Session:
        return Session.from_dict(session(part("97110", 30, start=start, rendering_provider={"npi": npi}), id=name))

    (found,) = overlapping([one("A", "09:00"), one("B", "09:20"), one("C", "09:50")])
    assert (found.start, found.minutes) == ("09:20", 10)
    assert overlapping([one("A", "09:00"), one("B", "09:30"), one("C", "09:10", npi="8")]) == ()


def test_medicares_worked_example_is_clean_when_the_facts_are_there() -> None:
    medicare = cptrules.load("medicare.part_b.outpatient_therapy")
    data = session(
        part("97110", 33, allowed="58.00"), part("97140", 7, allowed="27.00"), payer="MEDICARE_B", received="2026-03-10", total_minutes=40,
        place_of_service="11", facts={"home_health_plan": False},
    )  # fmt: skip
    found = bill(medicare, data, {"complete_from": "2026-01-01", "services": []})
    assert units(found) == {"97110": 2, "97140": 1}
    assert found.report is not None
    assert found.report.outcome == "clean"
