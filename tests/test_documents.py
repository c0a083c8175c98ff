"""What the record holds (N34 to N40): elements of a note, notes that fall due, phrases that say nothing, copied notes."""

from __future__ import annotations

from typing import Any

import pytest
from judging import claim, history, line, missing, policy, service, status

from cptrules import Claim, History, Policies, Report, Session

DAY = "2026-03-04"
NOTE = {"kind": "treatment_note", "date": DAY, "discipline": "PT", "signature": "A. Therapist", "credentials": "PT"}


def rule(text: str, more: str = "") -> Policies:
    return policy(f"documentation record {{ on PT, OT, SLP  {text}  outcome warn  cite manual }}\n" + more)


def judged(policies: Policies, notes: list[dict[str, Any]] | None = None, session: dict[str, Any] | None = None,
           lines: tuple[dict[str, Any], ...] = (), services: tuple[dict[str, Any], ...] = (), **more: Any) -> Report:  # fmt: skip
    told = history(*services, **({"notes": notes} if notes is not None else {}), **more)
    return policies.check(
        Claim.from_dict(claim(*lines)), History.from_dict(told), None if session is None else Session.from_dict(session)
    )


def session(note: Any = "left out", **more: Any) -> dict[str, Any]:
    told = {} if note == "left out" else {"note": note}
    return {"date": DAY, "discipline": "PT", "interventions": [{"code": "97110", "minutes": 15}], **told, **more}


class TestElements:
    @pytest.mark.parametrize(
        ("note", "outcome"),
        [
            (NOTE, "met"),
            ({**NOTE, "credentials": None}, "broken"),
            ({key: value for key, value in NOTE.items() if key != "credentials"}, "undetermined"),
            ({**NOTE, "discipline": "OT"}, "broken"),
            ({key: value for key, value in NOTE.items() if key != "discipline"}, "met"),
            ({**NOTE, "date": "2026-03-03"}, "broken"),
        ],
    )
    def test_of_the_note_on_file(self, note: dict[str, Any], outcome: str) -> None:
        assert status(judged(rule("needs signature, credentials"), [note]), "record") == outcome

    def test_no_list_of_notes_is_unknown_and_an_empty_one_has_none(self) -> None:
        assert missing(judged(rule("needs signature")), "record") == {"note"}
        report = judged(rule("needs signature"), [])
        assert status(report, "record") == "broken"
        assert "there is no note of 2026-03-04" in report.findings[0].message.lower()

    def test_of_the_sessions_note(self) -> None:
        acme = rule("needs signature, interventions, timed_minutes, total_minutes")
        whole = session({"signature": "A. Therapist"}, total_minutes=20)
        assert status(judged(acme, session=whole), "record") == "met"
        assert status(judged(acme, session={**whole, "note": None}), "record") == "broken"
        assert missing(judged(acme, session=session({"signature": "A"})), "record") == {"note.total_minutes"}
        assert missing(judged(acme, session={**whole, "interventions": [{"code": "97110"}]}), "record") == {"note.timed_minutes"}
        assert status(judged(acme, session={**whole, "total_minutes": None}), "record") == "broken"

    def test_an_untimed_codes_minutes_are_no_timed_minutes(self) -> None:
        mixed = session({}, interventions=[{"code": "97161"}, {"code": "97110", "minutes": 15}])
        assert status(judged(rule("needs timed_minutes"), session=mixed), "record") == "met"

    def test_a_session_of_another_day_or_discipline_is_not_this_visits(self) -> None:
        for other in (session({"signature": "A"}, date="2026-03-03"), session({"signature": "A"}, discipline="OT")):
            assert status(judged(rule("needs signature"), [], other), "record") == "broken"

    def test_one_finding_for_a_visit_of_several_lines(self) -> None:
        report = judged(rule("needs signature"), [], lines=(line(1), line(2, code="97140"), line(3, modifiers=["GO"])))
        (finding,) = report.findings
        assert finding.lines == (1, 2, 3)
        assert finding.no_repair

    def test_fields_and_events_of_the_claim(self) -> None:
        acme = rule("needs referral, injury_number")
        assert missing(judged(acme), "record") == {"referral", "injury_number"}
        told = judged(acme, lines=(line(injury_number="I1"),), events=[{"kind": "referral", "date": "2026-03-01"}])
        assert status(told, "record") == "met"
        assert status(judged(acme, lines=(line(injury_number=None),), events=[]), "record") == "broken"

    def test_one_of_several(self) -> None:
        acme = rule("needs one of progress, functional_outcome")
        assert status(judged(acme, [{**NOTE, "progress": None, "functional_outcome": "Climbs 12 stairs, was 4"}]), "record") == "met"
        assert status(judged(acme, [{**NOTE, "progress": None, "functional_outcome": None}]), "record") == "broken"
        assert status(judged(acme, [{**NOTE, "progress": None}]), "record") == "undetermined"


class TestKinds:
    def test_a_kind_of_note_on_or_before_the_day(self) -> None:
        for day, outcome in (("2026-02-01", "met"), (DAY, "met"), ("2026-03-05", "broken")):
            assert status(judged(rule("needs evaluation"), [{"kind": "evaluation", "date": day}]), "record") == outcome
        assert status(judged(rule("needs evaluation"), [{"kind": "evaluation"}]), "record") == "undetermined"

    def test_a_treatment_note_is_of_the_very_day(self) -> None:
        assert status(judged(rule("needs treatment_note"), [NOTE]), "record") == "met"
        assert status(judged(rule("needs treatment_note"), [{**NOTE, "date": "2026-03-03"}]), "record") == "broken"

    def test_a_plan_of_care_that_a_note_tells_of(self) -> None:
        told = {"kind": "treatment_note", "date": "2026-02-01", "plan_of_care": {"certified": "2026-02-10", "ends": "2026-05-01"}}
        assert status(judged(rule("needs plan_of_care"), [told]), "record") == "met"
        within = rule("that date_of_service <= note.plan_of_care.ends")
        assert status(judged(within, [told]), "record") == "met"
        assert status(judged(within, [{**told, "plan_of_care": {"ends": "2026-03-03"}}]), "record") == "broken"
        assert status(judged(within, [NOTE]), "record") == "undetermined"
        assert status(judged(within, []), "record") == "broken"


def days(many: int, first: int = 1) -> tuple[dict[str, Any], ...]:
    return tuple(service(f"2026-02-{day:02}") for day in range(first, first + many))


def care(many: int) -> tuple[dict[str, Any], ...]:
    """So many treatment days, of which the first is an evaluation."""
    return (service("2026-02-01", code="97161"), *days(many - 1, 2))


class TestEvery:
    TEN = "needs progress_report every 10 treatment_days per discipline"

    def test_the_tenth_treatment_day_is_in_time_and_the_eleventh_is_not(self) -> None:
        assert status(judged(rule(self.TEN), [], services=care(9)), "record") == "met"
        report = judged(rule(self.TEN), [], services=care(10))
        assert status(report, "record") == "broken"
        assert "treatment day 11" in report.findings[0].message

    def test_counting_starts_anew_after_a_report(self) -> None:
        report = {"kind": "progress_report", "date": "2026-02-05", "discipline": "PT"}
        assert status(judged(rule(self.TEN), [report], services=days(14)), "record") == "met"  # nine days after it, and this one
        assert status(judged(rule(self.TEN), [report], services=days(15)), "record") == "broken"

    def test_a_report_of_the_very_day_is_in_time(self) -> None:
        assert status(judged(rule(self.TEN), [{"kind": "progress_report", "date": DAY}], services=days(20)), "record") == "met"
        told = session({"kind": "progress_report"})
        assert status(judged(rule(self.TEN), [], told, services=days(20)), "record") == "met"

    def test_another_disciplines_report_and_days_do_not_count(self) -> None:
        speech = {"kind": "progress_report", "date": "2026-02-20", "discipline": "SLP"}
        assert status(judged(rule(self.TEN), [speech], services=days(10)), "record") == "broken"
        others = tuple({**one, "code": "92507", "modifiers": ["GN"]} for one in days(10, 2))
        assert status(judged(rule(self.TEN), [], services=(*care(9), *others)), "record") == "met"

    def test_a_report_that_names_no_discipline_is_any_ones(self) -> None:
        assert status(judged(rule(self.TEN), [{"kind": "progress_report", "date": "2026-02-20"}], services=days(10)), "record") == "met"

    def test_care_begins_anew_with_an_evaluation(self) -> None:
        evaluation = service("2026-02-10", code="97161")
        assert status(judged(rule(self.TEN), [], services=(*days(9), evaluation, *days(8, 11))), "record") == "met"
        assert status(judged(rule(self.TEN), [], services=(*days(9), evaluation, *days(10, 11))), "record") == "broken"

    def test_no_list_of_notes(self) -> None:
        assert status(judged(rule(self.TEN), services=care(9)), "record") == "met"  # none was due yet
        assert missing(judged(rule(self.TEN), services=care(10)), "record") == {"history.notes"}

    def test_an_incomplete_history(self) -> None:
        assert status(judged(rule(self.TEN), [], services=days(10), since="2026-02-01"), "record") == "broken"
        unlisted = judged(rule(self.TEN), [], services=days(10), since=None)  # an evaluation nobody listed may have begun care anew
        assert missing(unlisted, "record") == {"history.complete_from"}
        assert status(judged(rule(self.TEN), [], services=days(5), since=None), "record") == "undetermined"
        assert missing(judged(rule(self.TEN), [], services=days(5)), "record") == {"history.complete_from"}  # who knows when care began

    def test_an_evaluation_that_the_history_may_lack_may_have_begun_care_anew(self) -> None:
        """Once broken too surely: known of one provider or up to a day only, where the whole history has an evaluation since."""
        acme, past = rule(self.TEN), days(10, 2)
        seen = [*past, service("2026-02-10", code="97161")]
        assert status(judged(acme, [], services=tuple(seen)), "record") == "met"
        ours = judged(acme, [], services=past, complete_for="billing_provider")
        assert missing(ours, "record") == {"history.complete_for"}
        assert missing(judged(acme, [], services=past, complete_to="2026-02-20"), "record") == {"history.complete_to"}
        assert status(judged(acme, [], services=past, complete_to=DAY), "record") == "broken"
        undated = {**service("2026-02-10", code="97161"), "date_of_service": None}
        del undated["date_of_service"]
        assert status(judged(acme, [], services=(*past, undated)), "record") == "undetermined"

    @pytest.mark.parametrize(("day", "outcome"), [("2025-12-04", "met"), ("2025-12-03", "broken")])
    def test_ninety_days_from_a_certification_the_ninetieth_is_in(self, day: str, outcome: str) -> None:
        notes = [{"kind": "certification", "date": day, "discipline": "PT"}]
        assert status(judged(rule("needs certification every 90 days per discipline"), notes), "record") == outcome
        told = [{"kind": "plan_of_care", "date": "2025-11-01", "plan_of_care": {"certified": day}}]
        assert status(judged(rule("needs certification every 90 days"), told), "record") == outcome

    def test_without_one_from_the_first_service(self) -> None:
        acme = rule("needs certification every 1 month")
        assert status(judged(acme, [], services=(service("2026-02-04", code="97161"),)), "record") == "met"
        assert status(judged(acme, [], services=(service("2026-02-03"),)), "record") == "broken"
        open_ = judged(acme, [], services=(service("2026-02-04"),), since="2026-02-01")
        assert missing(open_, "record") == {"history.complete_from"}


class TestPhrasesThatSayNothing:
    @pytest.mark.parametrize(
        "text", ["Tolerated treatment well.", "Patient is progressing well; continue plan of care", "PT TOLERATED SESSION WELL", "as above."]
    )
    def test_are_named_and_count_for_nothing(self, text: str) -> None:
        report = judged(rule("needs progress"), [{**NOTE, "progress": text}])
        assert status(report, "record") == "broken"
        assert "says nothing" in report.findings[0].message

    @pytest.mark.parametrize("text", ["Tolerated treatment well; knee flexion 105 degrees, was 90", "Stairs with rail", "improved to 12 stairs"])
    def test_one_fact_beside_them_is_enough(self, text: str) -> None:
        assert status(judged(rule("needs progress"), [{**NOTE, "progress": text}]), "record") == "met"


ROWS = "Resistance band rows, three sets of twelve, moderate resistance, verbal cues for scapular position, rest of one minute between sets"


class TestCopiedNotes:
    ALIKE = "that note.similarity_to_previous < 90%"

    def _notes(self, now: Any, *earlier: Any) -> list[dict[str, Any]]:
        return [{**NOTE, "text": now}, *({"kind": "treatment_note", "date": f"2026-02-{n:02}", "text": t} for n, t in enumerate(earlier, 1))]

    def test_a_copied_note_is_found_with_both_passages(self) -> None:
        report = judged(rule(self.ALIKE), self._notes(ROWS + ".", "Gait on level ground, 150 feet", ROWS))
        (finding,) = report.findings
        assert finding.facts["similarity"] == "100%"
        assert finding.facts["note of 2026-02-02"].startswith("Resistance band rows")
        assert "2026-02-02" in finding.message
        assert "2026-02-01" not in finding.message

    def test_another_note_is_not(self) -> None:
        assert status(judged(rule(self.ALIKE), self._notes(ROWS, "Gait on level ground, 150 feet")), "record") == "met"

    def test_the_boundary(self) -> None:
        words = [f"word{n}" for n in range(10)]
        nine = " ".join([*words[:9], "other"])
        assert status(judged(rule(self.ALIKE), self._notes(" ".join(words), nine)), "record") == "broken"  # 90 percent is not below 90
        eight = " ".join([*words[:8], "other", "others"])
        assert status(judged(rule(self.ALIKE), self._notes(" ".join(words), eight)), "record") == "met"

    def test_no_earlier_note_and_notes_nobody_listed(self) -> None:
        assert status(judged(rule(self.ALIKE), self._notes(ROWS)), "record") == "met"
        assert missing(judged(rule(self.ALIKE), session=session({"text": ROWS})), "record") == {"history.notes"}
        unread = [{**NOTE, "text": ROWS}, {"kind": "treatment_note", "date": "2026-02-01"}]
        assert missing(judged(rule(self.ALIKE), unread), "record") == {"note.text"}

    def test_a_huge_note_is_not_compared_and_that_is_said(self) -> None:
        huge = "word " * 30_000
        assert status(judged(rule(self.ALIKE), self._notes(huge, huge)), "record") == "undetermined"
