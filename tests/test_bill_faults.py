"""What a session says that a bill could drop, or take for something else; the record's checklist; what is left before the visit."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from judging import policy
from test_bill import CMS, acme, beside, bill, part, session, tagged, units

import cptrules
from cptrules import InputError, Session
from cptrules.cli import commands
from cptrules.overlaps import overlapping

MEDICARE = cptrules.load("medicare.part_b.outpatient_therapy")
CLINIC = Path(__file__).parent.parent / "docs" / "examples" / "clinic"


def undisciplined(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {key: value for key, value in session(*parts, **more).items() if key != "discipline"}


# ---- who gave it -------------------------------------------------------------------------------------------------


class TestTwoAtOnce:
    def test_an_assistant_of_another_discipline_keeps_the_minutes(self) -> None:
        """Minutes together are the therapist's where both are of one discipline (AOTA 2021); a PT's are no occupational therapy."""
        found = bill(CMS, undisciplined(part("97530", 30, "OTA", **{"with": "PT"})))
        assert found.claim is not None
        assert [(line.modifiers, line.minutes_by) for line in found.claim.lines] == [(("GO", "CO"), {"OTA": 30})]
        assert any("given by OTA and PT together" in note for note in found.notes)

    def test_cotreatment_is_billed_once_and_said(self) -> None:
        found = bill(CMS, undisciplined(part("97530", 30, **{"with": "OT"}), total_minutes=30))
        assert tagged(found) == [("97530", 2, None)]
        assert any("billed once, here all under PT" in note for note in found.notes)

    def test_minutes_of_all_beyond_the_sessions_are_said(self) -> None:
        both = undisciplined(part("97530", 30), part("97530", 30, "OT"), total_minutes=30)
        assert any("come to 60 in a session of 30" in note for note in bill(CMS, both).notes)
        assert not any("come to" in note for note in bill(CMS, {**both, "total_minutes": 60}).notes)

    def test_who_gave_it_before_whose_session_it_is(self) -> None:
        found = bill(CMS, session(part("97530", 30, "OT"), part("97110", 15)))
        assert found.claim is not None
        assert [(line.code, line.modifiers) for line in found.claim.lines] == [("97530", ("GO",)), ("97110", ("GP",))]
        assert found.report is not None
        assert found.report.findings == ()


class TestWhatSupportsNothing:
    def test_an_assistants_evaluation(self) -> None:
        found = bill(CMS, session(part("97161", 30, "PTA"), part("97110", 15)))
        assert units(found) == {"97110": 1}
        assert [(one.code, one.minutes) for one in found.left_out] == [("97161", 30)]
        assert "takes a therapist" in str(found)
        assert units(bill(CMS, session(part("97161", 30, "PTA", **{"with": "PT"})))) == {"97161": 1}

    def test_an_untimed_code_that_was_not_given(self) -> None:
        assert units(bill(CMS, session(part("97161", 0), part("97110", 15)))) == {"97110": 1}

    def test_a_group_that_was_one_on_one(self) -> None:
        found = bill(CMS, session(part("97150", 20)))
        assert (found.claim, found.left_out[0].why) == (None, "97150 is a group's, and this was one on one")

    def test_a_supervised_modality_runs_beside_others(self) -> None:
        found = bill(CMS, session(part("97110", 15), part("G0283", 15, contact=None), part("97012", 15, contact="concurrent"), total_minutes=15))
        assert units(found) == {"97110": 1, "G0283": 1, "97012": 1}


# ---- several interventions of one code ---------------------------------------------------------------------------


class TestSeveralOfOneCode:
    @pytest.mark.parametrize("facts", [[{}, {"simultaneous": True}], [{"simultaneous": True}, {"simultaneous": False}]])
    def test_facts_not_all_say_are_asked_for(self, facts: list[dict[str, Any]]) -> None:
        """A fact of one intervention is not the line's, nor is it dropped: the rule that asks for it stays open."""
        rules = "fact simultaneous of line : yes_no \"Two at once?\"\nforbid both { on PT  when simultaneous  outcome deny  cite manual }\n"
        parts = [part("97110", 15, facts=one) for one in facts]
        found = bill(acme(rules=rules), session(*parts))
        assert found.outcome == "undetermined"
        assert [one.rule for one in found.open_rules] == ["both"]
        assert any("left open" in note for note in found.notes)
        same = bill(acme(rules=rules), session(*(part("97110", 15, facts={"simultaneous": False}) for _ in range(2))))
        assert same.outcome == "clean"

    def test_places_of_service_that_differ_are_not_inherited(self) -> None:
        rules = "forbid home { when place_of_service = 12  outcome deny  cite manual }\n"
        parts = part("97110", 15, place_of_service="12"), part("97110", 15), part("97140", 15)
        found = bill(acme(rules=rules), session(*parts, place_of_service="11"))
        assert found.report is not None
        assert [(line.number, line.outcome) for line in found.report.lines] == [(1, "undetermined"), (2, "clean")]
        assert any("differ in place of service" in note for note in found.notes)

    def test_an_assistants_modifier_of_one_is_not_that_of_all(self) -> None:
        found = bill(CMS, session(part("97530", 15), part("97530", 15, "PTA", modifiers=["CQ"])))
        assert tagged(found) == [("97530", 1, None), ("97530", 1, "CQ")]

    def test_two_therapists_of_one_code(self) -> None:
        parts = [part("97110", 15, rendering_provider={"npi": npi}) for npi in ("1", "2")]
        for given_ in (parts, parts[::-1]):
            found = bill(CMS, session(*given_))
            assert found.claim is not None
            provider = found.claim.lines[0].rendering_provider
            assert (provider.role, provider.npi) == ("PT", cptrules.UNKNOWN)  # type: ignore[union-attr]


# ---- the reasons -------------------------------------------------------------------------------------------------


class TestReasons:
    def why(self, found: Any) -> dict[str, str]:
        return {row.code: row.why for one in found.allocation for row in one.rows}

    def test_a_tie_that_the_clause_does_not_settle_is_not_said_to_be_settled_by_it(self) -> None:
        even = self.why(bill(acme(more="ties to more minutes"), session(part("97112", 20), part("97110", 20))))
        assert all("either is right" in why for why in even.values())
        uneven = self.why(bill(acme(more="ties to more minutes"), session(part("97112", 35), part("97110", 20), part("97140", 5))))
        assert "the policy's choice, more minutes" in uneven["97112"]

    def test_why_a_unit_was_won_or_not(self) -> None:
        assert self.why(bill(CMS, session(part("97110", 10))))["97110"] == "the total, 10 min, supports it"
        found = self.why(bill(CMS, session(part("97110", 18), part("97140", 13), part("97116", 10), part("97035", 8))))
        assert (found["97140"], found["97035"]) == ("13 is the larger remainder", "97140 and 97116 have larger remainders")

    @given(st.lists(st.tuples(st.sampled_from(["97110", "97112", "97140"]), st.integers(0, 60)), min_size=1, max_size=4))
    def test_nothing_says_how_much_was_wanting(self, minutes: list[tuple[str, int]]) -> None:
        """No number is printed of the allocation but the minutes, the whole units, what they leave, and the units."""
        found = bill(CMS, session(*(part(code, number) for code, number in minutes)))
        for one in found.allocation:
            for row in one.rows:
                told = {str(row.minutes), str(row.left_over), str(one.minutes), "15", *(other.code for other in one.rows)}
                assert {word.strip(",():") for word in row.why.split() if word.strip(",():").isdigit()} <= told


# ---- what is open, the checklist, what is left -------------------------------------------------------------------

NOTE = "documentation signed { needs signature, credentials  outcome warn  cite manual section \"7\" }\n"
PLAN = "require plan { that date_of_service <= note.plan_of_care.ends  outcome deny  cite manual section \"8\" }\n"


class TestWhatIsOpen:
    def test_a_bill_that_is_not_clean_says_what_is_not_known(self) -> None:
        """An outcome between clean and deny names the rule and its question, in the text and in JSON."""
        limit = "limit visits { count visits of PT per calendar_year  at most 3  outcome deny  cite manual }\n"
        found = bill(acme(rules=limit), session(part("97110", 15)))
        assert (found.outcome, [one.rule for one in found.open_rules]) == ("undetermined", ["visits"])
        assert "not decided\n    visits\n" in str(found)
        assert "Which services did the patient have since 2026-01-01?" in str(found)

    def test_the_checklist_is_by_rule_with_its_source(self) -> None:
        data = session(part("97110", 15), note={"signature": "A. T.", "credentials": None})
        found = bill(acme(rules=NOTE + PLAN), data)
        assert [(one.rule, one.known, one.outcome) for one in found.wanting] == [("signed", True, "warn"), ("plan", False, "deny")]
        assert [(c["title"], c["section"]) for one in json.loads(found.to_json())["note"] for c in one["citations"]] == [
            ("Acme manual", "7"), ("Acme manual", "8"),
        ]  # fmt: skip
        text = str(found)
        assert text.index("[ ] signed, warn") < text.index("Acme manual, 7") < text.index("[?] plan") < text.index("Acme manual, 8")
        assert "When does the plan of care end?" in text

    def test_a_record_that_has_it_all(self) -> None:
        data = session(part("97110", 15), note={"signature": "A. T.", "credentials": "PT", "plan_of_care": {"ends": "2026-05-01"}})
        found = bill(acme(rules=NOTE + PLAN), data)
        assert (found.outcome, found.wanting, found.note_rules) == ("clean", (), ("signed", "plan"))
        assert "nothing is wanting in the record by signed and plan" in str(found)

    def test_a_repair_that_asserts_nothing_is_named(self) -> None:
        two = "limit two { count units of PT per day  at most 1  outcome reduce  cite manual }\n"
        assert "would clear it: set line 1 to 1 unit" in str(bill(acme(rules=two), session(part("97110", 30))))

    def test_the_narrower_modifiers_stand_beside_59(self) -> None:
        data = session(part("97110", 15), part("97150", 30, contact="group", patients=3), payer="MEDICARE_B", place_of_service="11")
        (proposal,) = bill(MEDICARE, data, {"complete_from": "2026-01-01", "services": []}).proposals
        assert (proposal.repair.value, [modifier for modifier, _ in proposal.others]) == ("59", ["XE", "XP", "XS", "XU"])

    def test_what_is_left_before_the_visit(self) -> None:
        limit = "limit visits { count visits of PT per calendar_year  at most 3  outcome deny  cite manual }\n"
        told = {
            "complete_from": "2026-01-01", "services": [{"code": "97110", "modifiers": ["GP"], "date_of_service": "2026-02-02"}],
            "authorizations": [
                {"number": "A7", "discipline": "PT", "visits": 12, "used_visits": 11}, {"number": "A8", "discipline": "OT", "visits": 5},
            ],
        }  # fmt: skip
        found = bill(acme(rules=limit), session(part("97110", 15)), told)
        assert found.left is not None
        assert [(one.rule, one.at_least) for one in found.left.limits] == [("visits", 2)]
        assert "1 of 12 visits left" in str(found)
        assert "A8" not in str(found)  # of another discipline


# ---- the claim beside its session --------------------------------------------------------------------------------


class TestAgainst:
    def line(self, code: str = "97110") -> dict[str, Any]:
        return {"code": code, "modifiers": ["GP"], "units": 1}

    @pytest.mark.parametrize("given_", [part("97110", 30, contact="group"), part("97110", 7), part("97110", 30, "aide")])
    def test_a_unit_of_minutes_that_support_none(self, given_: dict[str, Any]) -> None:
        assert beside(session(given_), self.line())["more_than_the_session"] == "warn"

    @pytest.mark.parametrize(("plain", "marked", "right"), [(1, 1, True), (0, 2, False), (2, 0, False)])
    def test_units_that_carry_an_assistants_modifier(self, plain: int, marked: int, right: bool) -> None:
        """Fifteen minutes each: one unit is the therapist's and one the assistant's, on two lines (facts, edge-15-15)."""
        data = session(part("97110", 15), part("97110", 15, "PTA"))
        lines = [{**self.line(), "units": units, "modifiers": modifiers} for units, modifiers in ((plain, ["GP"]), (marked, ["GP", "CQ"])) if units]
        found = beside(data, *lines)
        assert ("modifier_of_the_session" not in found and "assistant" not in found) is right

    def test_a_tie_gives_its_unit_once(self) -> None:
        three = session(*(part(code, 7) for code in ("97110", "97112", "97140")))
        assert beside(three, self.line("97140")) == {}
        assert beside(three, self.line("97112"), self.line("97140"))["more_than_the_session"] == "warn"


# ---- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        (part("97161", 40), part("97110", 30)),
        ({key: value for key, value in part("97161", 40).items() if key != "contact"}, part("97110", 30)),
        (part("97150", 40, contact="group"), part("97110", 30)),
        (part("G0283", 50, contact=None),),
    ],
)
def test_minutes_that_exceed_the_sessions(parts: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(InputError, match="the session took 45"):
        Session.from_dict(session(*parts, total_minutes=45))


class TestOverlaps:
    def one(self, name: str, start: str, code: str = "97110", **more: Any) -> Session:
        return Session.from_dict(session(part(code, 30, start=start, rendering_provider={"npi": "9"}, **more), id=name))

    def test_two_sessions_of_one_name_are_two(self) -> None:
        assert len(overlapping([self.one("A", "09:00"), self.one("A", "09:10")])) == 1

    def test_an_evaluation_is_one_on_one_where_nobody_says(self) -> None:
        bare = {"code": "97161", "minutes": 30, "role": "PT", "start": "09:10", "rendering_provider": {"npi": "9"}}
        (found,) = overlapping([self.one("A", "09:00"), Session.from_dict(session(bare, id="B"))])
        sides = [{"session": "A", "intervention": 1}, {"session": "B", "intervention": 1}]
        assert found.to_dict() == {"interventions": sides, "start": "09:10", "minutes": 20}

    def test_the_command_lists_them_last_and_leaves_with_1(self, tmp_path: Path) -> None:
        """Whatever is not decided besides: a finding comes before what is undetermined."""
        both = tmp_path / "day.jsonl"
        both.write_text("\n".join(self.one(name, start).to_json().replace("\n", " ") for name, start in (("A", "09:00"), ("B", "09:10"))))
        result = CliRunner().invoke(commands, ["bill", str(CLINIC / "commercial.policy"), "--session", str(both)])
        assert result.output.splitlines()[-1].startswith("overlap: intervention 1 of session A and intervention 1 of session B share 20 minutes")
        assert result.exit_code == 1

    def test_a_group_may_stand_beside(self) -> None:
        assert overlapping([self.one("A", "09:00", "97150", contact="group"), self.one("B", "09:10", "97150", contact="group")]) == ()


# ---- any session -------------------------------------------------------------------------------------------------

TEAMS = {"PT": ("PT", "PTA"), "OT": ("OT", "OTA"), "SLP": ("SLP", "SLPA")}
OF = {
    "PT": ("97110", "97112", "97140", "97530", "97150", "97161", "97164", "G0283", "97012", "97035", "97542", "97760", "20560"),
    "OT": ("97110", "97530", "97150", "97165", "97168", "G0283", "97535", "97129", "97760"),
    "SLP": ("92507", "92508", "92526", "97129", "96125", "92523"),
}
METHODS = (CMS, acme("ama_midpoint", more="assisted by cms_simple"), MEDICARE)
BILLED = {  # findings about units, roles and disciplines, of the policies and of none
    "timed", "timed_units", "untimed_once", "assistant", "assistant_with_pt", "assistant_with_ot", "therapist_alone", "discipline", "student_or_aide",
    "one_on_one_in_a_group", "disciplines_disagree", "more_than_the_session", "less_than_the_session", "not_in_the_session", "not_on_the_claim",
    "role_of_the_session", "modifier_of_the_session", "assistants_evaluation",
}  # fmt: skip


@st.composite
def any_session(draw: st.DrawFn) -> dict[str, Any]:
    """Any session of one discipline: minutes, contact and a second role may be left out; students and aides take part."""
    discipline = draw(st.sampled_from(sorted(TEAMS)))
    roles = st.sampled_from([*TEAMS[discipline], "student", "aide"])
    contact = st.sampled_from(["one_on_one", "group", "concurrent", None])
    more = {"minutes": st.integers(0, 70), "contact": contact, "with": roles, "patients": st.integers(1, 4)}
    one = st.fixed_dictionaries({"code": st.sampled_from(OF[discipline]), "role": roles}, optional=more)
    parts = draw(st.lists(one, min_size=1, max_size=5))
    alone = [{**part, "patients": 1} if part.get("contact") == "one_on_one" and "patients" in part else part for part in parts]
    return session(*alone, discipline=discipline)


@given(any_session(), st.sampled_from(METHODS))
def test_no_bill_checks_with_a_finding_of_units_roles_or_disciplines(data: dict[str, Any], policies: cptrules.Policies) -> None:
    found = bill(policies, {**data, "payer": "MEDICARE_B"} if policies is MEDICARE else data)
    findings = found.report.findings if found.report is not None else ()
    assert [one for one in findings if one.rule in BILLED] == []


def right(minutes: dict[str, int], units: dict[str, int]) -> bool:
    """The manual's own sentences: units by the total; a code of 15 full minutes has one, of 30 two; none has a unit without minutes of its own."""
    total = next((n for n in range(20) if 15 * n - 7 <= sum(minutes.values()) <= 15 * n + 7), 0)
    whole = all(units[code] >= number // 15 for code, number in minutes.items())
    own = all(units[code] <= -(-number // 15) for code, number in minutes.items())
    return sum(units.values()) == total and whole and own


@given(st.dictionaries(st.sampled_from(["97110", "97112", "97140"]), st.integers(0, 44), min_size=1))
def test_no_allocation_of_all_is_preferred(minutes: dict[str, int]) -> None:
    """Every way to give 0 to 4 units to each code: of those that are right none gives its further units to larger remainders."""
    found = units(bill(CMS, session(*(part(code, number) for code, number in minutes.items()))))
    ours = {code: found.get(code, 0) for code in minutes}
    assert right(minutes, ours)

    def worth(units_: dict[str, int]) -> list[int]:
        return sorted((minutes[code] % 15 for code in minutes if units_[code] > minutes[code] // 15), reverse=True)

    every = (dict(zip(minutes, ways, strict=True)) for ways in product(range(5), repeat=len(minutes)))
    assert max(worth(way) for way in every if right(minutes, way)) == worth(ours)


@given(any_session())
def test_every_minute_is_billed_or_left_out_with_a_reason(data: dict[str, Any]) -> None:
    """Minutes of the rows and minutes left out are those of the session, code by code; who gave them adds up line by line."""
    found = bill(CMS, data)
    given_: dict[str, int | None] = {}
    told: dict[str, int | None] = {}

    def add(into: dict[str, int | None], code: str, minutes: int | None) -> None:
        before = into.get(code, 0)
        into[code] = None if minutes is None or before is None else before + minutes

    for one in data["interventions"]:
        add(given_, one["code"], one.get("minutes"))
    for row in (row for one in found.allocation for row in one.rows):
        add(told, row.code, row.minutes)
    for left in found.left_out:
        add(told, left.code, left.minutes)
    assert told == given_
    for line in found.claim.lines if found.claim is not None else ():
        if isinstance(line.minutes_by, dict | cptrules.claims.Frozen):
            assert sum(line.minutes_by.values()) == line.minutes


@given(any_session(), st.randoms(use_true_random=False), st.sampled_from(METHODS))
def test_the_order_of_interventions_changes_nothing_but_the_order(data: dict[str, Any], random: Any, policies: cptrules.Policies) -> None:
    data = {**data, "payer": "MEDICARE_B"} if policies is MEDICARE else data
    shuffled = {**data, "interventions": random.sample(data["interventions"], len(data["interventions"]))}
    one, other = bill(policies, data), bill(policies, shuffled)
    assert one.outcome == other.outcome
    assert sorted(repr(attrs_of(line)) for line in lines(one)) == sorted(repr(attrs_of(line)) for line in lines(other))


def lines(found: Any) -> tuple[Any, ...]:
    return found.claim.lines if found.claim is not None else ()


def attrs_of(line: Any) -> list[Any]:
    """What a line says, its number apart; a mapping by its items, whatever their order."""
    by = sorted(line.minutes_by.items()) if hasattr(line.minutes_by, "items") else line.minutes_by
    return [line.code, line.units, line.minutes, by, line.modifiers, line.discipline, line.contact, line.patients, line.rendering_provider]


def test_no_policy_for_the_payer() -> None:
    """A session of a payer that no policy here speaks for is never clean."""
    found = bill(policy("forbid packs { on 97010  outcome deny  cite manual }\n"), session(part("97161", 30), payer="OTHER"))
    assert found.outcome == "undetermined"
    assert "no policy" in str(found)
