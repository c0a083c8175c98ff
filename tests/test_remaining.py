"""What is left of a benefit on a day, by limit, authorization and note; and the facts of an appeal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from judging import claim, history, line, policy, service

import cptrules
from cptrules import Claim, History, InputError, Person, Policies, Remaining

VISITS = "limit visits { count visits of PT, OT per calendar_year  at most 30  outcome deny carc PR-119  cite manual }\n"
ON = date(2026, 6, 1)


def left(policies: Policies, told: dict[str, Any] | None = None, on: date = ON, **person: Any) -> Remaining:
    who = Person.from_dict({"payer": "ACME", "patient": {"id": "P1", "birth_date": "1980-01-01"}, **person})
    return policies.remaining(who, None if told is None else History.from_dict(told), on=on)


def visits(many: int, **more: Any) -> list[dict[str, Any]]:
    return [service(f"2026-{1 + n // 28:02}-{1 + n % 28:02}", **more) for n in range(many)]


class TestLimits:
    @pytest.mark.parametrize(("used", "rest"), [(0, 30), (29, 1), (30, 0), (31, 0)])
    def test_visits_left(self, used: int, rest: int) -> None:
        (one,) = left(policy(VISITS), history(*visits(used))).limits
        assert (one.at_least, one.at_most, one.disciplines, one.renews) == (rest, rest, ("PT", "OT"), date(2027, 1, 1))

    def test_unknown_history_gives_a_range_and_says_so(self) -> None:
        (one,) = left(policy(VISITS), history(*visits(4), since=None)).limits
        assert (one.at_least, one.at_most) == (0, 26)
        assert one.asked
        assert "0 to 26 of 30 left" in str(left(policy(VISITS), history(*visits(4), since=None)))
        (none,) = left(policy(VISITS)).limits
        assert (none.at_least, none.at_most) == (0, 30)

    def test_each_discipline_apart_where_the_limit_has_it_as_a_key(self) -> None:
        acme = policy(VISITS.replace("per calendar_year", "per calendar_year and discipline"))
        found = {one.disciplines: one.at_least for one in left(acme, history(*visits(5))).limits}
        assert found == {("PT",): 25, ("OT",): 30}

    def test_dollars_and_visits_before_review(self) -> None:
        acme = policy(
            "limit dollars { count allowed of PT per calendar_year  at most $100  outcome warn  cite manual }\n"
            "prior_authorization review { on PT  after 12 visits of PT per calendar_year  outcome deny  cite manual }\n"
        )
        found = {one.rule: one for one in left(acme, history(*visits(3, allowed="20.00"))).limits}
        assert (found["dollars"].at_least, found["review"].at_least) == (Decimal("40.00"), 9)
        assert "before review" in str(left(acme, history()))

    def test_limits_of_a_day_or_a_claim_are_no_benefit(self) -> None:
        assert left(policy("limit four { count units of PT per day  at most 4  outcome deny  cite manual }\n"), history()).limits == ()

    def test_a_limit_that_is_not_about_the_patient_is_left_out(self) -> None:
        acme = policy(VISITS.replace("at most", "except patient.age < 21  at most"))
        assert left(acme, history(), patient={"id": "P1", "birth_date": "2010-01-01"}).limits == ()

    def test_a_window_tells_when_it_ends(self) -> None:
        acme = policy(
            "window episode { opens on first visit of PT  lasts 60 days  then again }\n".replace("  then", " then")
            + VISITS.replace("calendar_year", "episode")
        )
        found = left(acme, history(service("2026-05-04"), since="1980-01-01"))
        assert [one.renews for one in found.limits if "PT" in one.disciplines] == [date(2026, 7, 3)]

    def test_another_payer_or_date_is_said(self) -> None:
        found = left(policy(VISITS, "effective from 2026-01-01"), on=date(2025, 12, 31))
        assert (found.titles, found.limits) == ((), ())
        assert "no policy here speaks" in str(found)

    def test_what_remaining_says_is_what_check_then_does(self) -> None:
        """The first visit past what is left is denied, the last within it is not."""
        acme, told = policy(VISITS), history(*visits(28))
        (one,) = left(acme, told).limits
        assert one.at_least == 2
        for more, outcome in ((1, "clean"), (2, "deny")):
            grown = history(*visits(28), *(service(f"2026-04-{n + 1:02}") for n in range(more)))
            assert acme.check(Claim.from_dict(claim(line(date_of_service=str(ON)))), History.from_dict(grown)).outcome == outcome


class TestAuthorizations:
    def _of(self, record: dict[str, Any], *services: dict[str, Any]) -> str:
        return str(left(policy(VISITS), history(*services, authorizations=[{"number": "A7", **record}])))

    def test_what_is_stated_as_used(self) -> None:
        assert "3 of 12 visits left" in self._of({"visits": 12, "used_visits": 9, "to": "2026-06-30"})

    def test_what_the_history_shows(self) -> None:
        assert "7 of 12 visits left" in self._of({"visits": 12, "from": "2026-01-01"}, *visits(5))

    def test_one_that_ended_and_one_used_beyond_what_it_grants(self) -> None:
        assert "A7" not in self._of({"visits": 12, "used_visits": 9, "to": "2026-05-31"})
        assert "14 used, more than it grants" in self._of({"visits": 12, "used_visits": 14})

    def test_units_by_code(self) -> None:
        assert "26 of 32 units of 97110 left" in self._of({"units": {"97110": 32}, "used_units": {"97110": 6}})


    def test_units_by_code_are_counted_where_none_are_stated(self) -> None:
        told = [service("2026-02-02", units=4), service("2026-02-03", units=2)]
        assert "26 of 32 units of 97110 left" in self._of({"units": {"97110": 32}, "from": "2026-01-01"}, *told)

    def test_one_of_another_payer_or_plan_is_none_of_this_benefit(self) -> None:
        assert "A7" not in self._of({"visits": 12, "used_visits": 9, "payer": "OTHER"})
        assert "A7" in self._of({"visits": 12, "used_visits": 9, "payer": "ACME"})

    def test_one_that_begins_later_says_so(self) -> None:
        assert "begins 2026-07-01" in self._of({"visits": 12, "used_visits": 0, "from": "2026-07-01"})


class TestOtherCodes:
    def test_a_limit_about_other_codes_than_the_common_ones(self) -> None:
        acme = policy("limit modalities { count visits of 97012, G0283 per calendar_year  at most 4  outcome deny  cite manual }\n")
        (one,) = left(acme, history(service("2026-02-02", code="G0283"))).limits
        assert (one.at_least, one.disciplines) == (3, ("PT", "OT"))

    def test_one_for_each_code_apart(self) -> None:
        acme = policy("limit each { count units of PT per calendar_year and code  at most 9  outcome deny  cite manual }\n")
        found = left(acme, history(service("2026-02-02", units=2), service("2026-02-03", code="97140", units=1))).limits
        assert {one.code: one.at_least for one in found} == {"97110": 7, "97140": 8}

    def test_one_for_each_kind_of_therapy_apart(self) -> None:
        acme = policy(VISITS.replace("calendar_year", "calendar_year and therapy_kind"))
        found = left(acme, history(*visits(5, therapy_kind="rehabilitative")))
        assert {one.therapy_kind: one.at_least for one in found.limits} == {"habilitative": 30, "rehabilitative": 25}
        assert "to learn a new skill you have 30 of 30" in " ".join(found.for_patient().split())


class TestNotes:
    PLAN = (
        "require certified { on PT  that note.plan_of_care.certified within 30 days after first visit of PT  outcome warn  cite manual }\n"
        "require in_force { on PT  that date_of_service <= note.plan_of_care.ends  outcome deny  cite manual }\n"
    )

    def due(self, **plan: Any) -> dict[str, date | None]:
        notes = [{"kind": "plan_of_care", "date": "2026-05-20", "plan_of_care": {"established": "2026-05-20", **plan}}]
        told = history(service("2026-05-20"), since="1980-01-01", notes=notes)
        return {one.kind: one.by for one in left(policy(self.PLAN), told).notes}

    def test_a_first_certification_and_the_end_of_the_plan(self) -> None:
        """Within 30 days after the first visit: day 30 is in (M5.1)."""
        assert self.due(certified=None, ends="2026-08-01") == {"certification": date(2026, 6, 19), "plan_of_care": date(2026, 8, 1)}
        assert self.due(certified="2026-05-22", ends="2026-08-01") == {"plan_of_care": date(2026, 8, 1)}

    def test_a_plan_whose_end_nobody_states(self) -> None:
        notes = left(policy(self.PLAN), history(service("2026-05-20"), since="1980-01-01")).notes
        assert {one.kind: (one.by, bool(one.asked)) for one in notes} == {"certification": (date(2026, 6, 19), True), "plan_of_care": (None, True)}

    def test_a_report_and_a_certification_fall_due(self) -> None:
        acme = policy(
            "documentation report { on PT  needs progress_report every 10 treatment_days per discipline  outcome warn  cite manual }\n"
            "documentation certified { on PT  needs certification every 90 days  outcome warn  cite manual }\n"
        )
        notes = [{"kind": "certification", "date": "2026-05-10"}, {"kind": "progress_report", "date": "2026-01-03", "discipline": "PT"}]
        found = {one.kind: one for one in left(acme, history(*visits(7), notes=notes)).notes}
        assert found["certification"].by == date(2026, 8, 8)
        assert found["progress_report"].left is not None
        assert (found["progress_report"].left.low, found["progress_report"].left.high) == (6, 6)


def test_the_patients_words() -> None:
    text = left(policy(VISITS), history(*visits(28))).for_patient()
    assert "For physical therapy and occupational therapy you have 2 of 30 visits left." in " ".join(text.split())
    assert "visits_" not in text
    unsure = left(policy(VISITS), history(*visits(28), since=None)).for_patient()
    assert "at most 2 of 30" in " ".join(unsure.split())
    assert "it may be fewer" in " ".join(unsure.split())


def test_the_history_of_another_patient() -> None:
    """No patient's benefit is told from another's visits; nor is a bill's, of a session that supports no line."""
    other = {**history(*visits(4)), "patient": "P2"}
    with pytest.raises(InputError, match="another patient's"):
        left(policy(VISITS), other)
    part = {"code": "97110", "minutes": 30, "role": "aide"}
    session = cptrules.Session.from_dict({"payer": "ACME", "date": "2026-03-04", "patient": {"id": "P1"}, "interventions": [part]})
    with pytest.raises(InputError, match="another patient's"):
        policy(VISITS).bill(session, History.from_dict(other))


def test_a_person_with_faults() -> None:
    with pytest.raises(InputError, match=r"patient\.birth_date"):
        Person.from_dict({"payer": "ACME", "patient": {"birth_date": "1980-02-30"}})
    with pytest.raises(InputError, match="payer: it is missing"):
        Person.from_dict({})


class TestAppeals:
    ACME = VISITS.replace("outcome", 'unless modifier in KX attesting "It was needed"  outcome')

    def test_a_denial_that_the_rule_does_not_bear_out(self) -> None:
        found = policy(self.ACME).appeal(Claim.from_dict(claim(line())), 1, "PR-119", History.from_dict(history(*visits(4))))
        assert [(one.rule, one.status) for one in found.grounds] == [("visits", "met")]
        assert "the line meets this rule" in found.draft
        assert "Acme manual" in found.draft
        assert "read it before you cite it" in " ".join(found.draft.split())

    def test_one_that_it_does_names_what_the_record_must_show(self) -> None:
        found = policy(self.ACME).appeal(Claim.from_dict(claim(line())), 1, "119", History.from_dict(history(*visits(40))))
        assert found.grounds[0].status == "broken"
        assert found.grounds[0].to_show == ("It was needed",)
        assert found.grounds[0].facts["used"] == "41"

    def test_the_dates_that_count_stand_in_the_draft_in_order(self) -> None:
        """A visit of last year, one denied, one of another discipline and one after the line are none of them."""
        past = history(
            service("2026-02-03"), service("2026-01-05"), service("2026-01-05", code="97140"), service("2025-12-30"),
            service("2026-02-10", denied=True), service("2026-02-11", code="97535", modifiers=["GO"]), service("2026-03-05"),
        )  # fmt: skip
        (ground,) = policy(self.ACME).appeal(Claim.from_dict(claim(line())), 1, "PR-119", History.from_dict(past)).grounds
        assert (ground.facts["used"], ground.facts["dates_counted"]) == ("3", "2026-01-05, 2026-02-03 and 2026-03-04")

    def test_dates_that_a_balance_stands_for_are_not_given(self) -> None:
        used = {"measure": "visits", "from": "2026-01-01", "to": "2026-03-03", "used": "12"}
        past = History.from_dict({**history(), "balances": [used]})
        (ground,) = policy(self.ACME).appeal(Claim.from_dict(claim(line())), 1, "PR-119", past).grounds
        assert "dates_counted" not in ground.facts

    def test_one_that_is_open_names_the_questions(self) -> None:
        found = policy(self.ACME).appeal(Claim.from_dict(claim(line())), 1, "PR-119")
        assert found.grounds[0].status == "undetermined"
        assert found.grounds[0].asked == ("Which services did the patient have since 2026-01-01?",)
        assert "To be answered first: Which services" in found.draft

    def test_a_code_no_rule_answers_with_and_a_line_that_is_not_there(self) -> None:
        found = policy(self.ACME).appeal(Claim.from_dict(claim(line())), 1, "CO-16")
        assert (found.grounds, len(found.notes)) == ((), 1)
        with pytest.raises(InputError, match="no line 7"):
            policy(self.ACME).appeal(Claim.from_dict(claim(line())), 7, "PR-119")

    def test_a_group_other_than_the_rules_is_said(self) -> None:
        """Remittances have shown PR for CO and the other way about: the reason is what the rule answers with."""
        found = policy(self.ACME).appeal(Claim.from_dict(claim(line())), 1, "co-119", History.from_dict(history(*visits(40))))
        assert [one.rule for one in found.grounds] == ["visits"]
        assert "The denial has the group CO, the rule answers with PR-119" in found.notes[0]
        assert policy(self.ACME).appeal(Claim.from_dict(claim(line())), 1, "119").notes == ()

    @pytest.mark.parametrize("code", ["PR119", "CO-99999", "", "XX-119", "denied"])
    def test_what_is_no_reason_code(self, code: str) -> None:
        with pytest.raises(InputError, match="is no reason code"):
            policy(self.ACME).appeal(Claim.from_dict(claim(line())), 1, code)

    def test_addresses_are_not_broken(self) -> None:
        found = cptrules.load("medicare.part_b.outpatient_therapy").appeal(
            Claim.from_dict(claim(line(allowed="3000.00"), payer="MEDICARE_B")), 1, "119", History.from_dict(history())
        )
        assert [one.rule for one in found.grounds] == ["kx_pt_slp"]
        assert all(f"({one.url})" in found.draft for one in found.grounds[0].citations if one.url)

    def test_the_draft_holds_nothing_that_is_not_given(self) -> None:
        """Every number of the draft stands in the claim, the history's count or the policy."""
        past = history(*visits(40))
        found = policy(self.ACME).appeal(Claim.from_dict(claim(line(charge="120.00"), id="C7")), 1, "PR-119", History.from_dict(past))
        import re

        days = {part for one in past["services"] for part in one["date_of_service"].split("-")}
        allowed = days | {"1", "7", "97110", "2026", "03", "04", "119", "120", "00", "41", "30", "0"}
        assert set(re.findall(r"\d+", found.draft)) <= allowed


def test_shipped_policies_say_what_is_left() -> None:
    person = Person.from_dict({"payer": "BCBS_MA", "plan": "HMO", "patient": {"id": "P1"}})
    told = history(*visits(12), *(service(f"2026-03-{n + 1:02}", code="97530", modifiers=["GO"]) for n in range(10)))
    found = cptrules.load("bcbs.massachusetts").remaining(person, History.from_dict(told), on=ON)
    by_rule = {(one.rule, one.disciplines): one.at_least for one in found.limits}
    assert by_rule[("review_after_sixteen", ("PT",))] == 4
    assert by_rule[("review_after_sixteen", ("OT",))] == 6
    assert by_rule[("sixty_together", ("PT", "OT"))] == 38
