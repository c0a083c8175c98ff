"""What the campaign (tests/campaign.py) and the second opinions found: one test for each, so that it stays found."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from judging import claim, history, judge, line, policy, service

import cptrules
from cptrules import Claim, History, InputError, Session
from cptrules.compiled import Compiled
from cptrules.evaluate import check
from cptrules.testing import cases


@pytest.mark.parametrize("changed", [{"id": "\ud800"}, {"facts": {"stage": "\udfff"}}, {"condition": "a\ud800"}])
def test_half_a_character_is_refused_in_dicts_as_it_is_in_json(changed: dict[str, Any]) -> None:
    """`to_json` could not be read again."""
    with pytest.raises(InputError, match="half a character"):
        Claim.from_dict(claim(**changed))


def test_words_where_a_code_is_due_are_not_repeated() -> None:
    """They may be somebody's name."""
    for record in (claim(line(modifiers=["John Q Public"])), claim(diagnoses=["John Q Public"])):
        with pytest.raises(InputError) as error:
            Claim.from_dict(record)
        assert "John" not in str(error.value)
    with pytest.raises(InputError, match='"gp"'):
        History.from_dict({"services": [{"code": "97110", "date_of_service": "2026-03-04", "modifiers": ["gp"]}]})


def test_what_known_minutes_support_is_said_of_them_all() -> None:
    """With a line whose minutes are not known the report said "53 timed minutes support 3"; they support 4."""
    acme = policy("timing timed { by cms_total_time  outcome reduce  cite manual }\n")
    told = {"minutes": 53, "contact": "one_on_one"}
    report = judge(acme, claim(line(1, units=2, **told), line(2, code="97140", units=1, contact="one_on_one")))
    (met,) = [one for one in report.rules if one.status == "met"]
    assert "53 timed minutes support 4 in all, 2 of them here" in met.why


def test_a_window_is_reckoned_once_for_a_line_in_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """A condition on the first visit in a window reckoned it again for every service of the history: seconds for one claim."""
    from cptrules import windows

    reckoned = []
    right = windows._settled
    monkeypatch.setattr(windows, "_settled", lambda *given: reckoned.append(given) or right(*given))
    acme = policy(
        "window w { opens after injury  lasts 60 days }\n"
        "require soon { that within 30 days after first visit in w  outcome warn  cite manual }\n"
    )
    past = history(*(service(f"2026-02-{day:02}") for day in range(2, 27)), events=[{"kind": "injury", "date": "2026-02-01"}])
    assert judge(acme, claim(line()), past).outcome == "clean"
    assert len(reckoned) < 10


@pytest.mark.parametrize("span", [{"since": "0001-01-01"}, {"since": "2026-01-01", "complete_to": "9999-12-31"}])
def test_a_history_complete_since_the_first_day_there_is(span: dict[str, str]) -> None:
    """The day before it cannot be reckoned: a claim of a patient whose birth nobody told of crashed."""
    acme = policy("require pause { that at least 20 days after last visit of OT  outcome warn  cite manual }\n")
    assert judge(acme, claim(line()), history(**span)).outcome in ("clean", "undetermined")


@pytest.mark.parametrize(("day", "found"), [("2026-02-09", "clean"), ("2026-02-10", "deny")])
def test_a_service_before_its_injury_is_not_of_the_injury(day: str, found: str) -> None:
    """`per injury_number` begins with the injury (M4); the history was asked for since then, and a service before it was counted all the same."""
    acme = policy("limit once { count visits per injury_number  at most 1  outcome deny  cite manual }\n")
    events = [{"kind": "injury", "date": "2026-02-10", "injury_number": "I1"}]
    report = judge(acme, claim(line(), injury_number="I1"), history(service(day, injury_number="I1"), events=events))
    assert report.outcome == found


@pytest.mark.parametrize("number", ["1.5", "-0.25", "1E+2", "2.0", "7"])
def test_a_fact_that_is_a_number_comes_back(number: str) -> None:
    """1.5 was written as text, and the text was read as no number."""
    text = json.dumps(claim()).removesuffix("}") + f', "facts": {{"stage": {number}}}}}'
    read = Claim.from_json(text)
    assert read.facts["stage"] == Decimal(number)  # type: ignore[index]
    assert Claim.from_json(read.to_json()) == Claim.from_dict(read.to_dict()) == Claim.from_dict(json.loads(text)) == read


@pytest.mark.parametrize("number", ["1.00000000000000000001", "1e400", "0.1000000000000000055511151231257827"])
def test_a_fact_with_more_digits_than_json_keeps_is_refused(number: str) -> None:
    text = json.dumps(claim()).removesuffix("}") + f', "facts": {{"stage": {number}}}}}'
    with pytest.raises(InputError, match="more digits"):
        Claim.from_json(text)


def test_a_line_is_split_though_its_units_are_too_many_before_and_after() -> None:
    """The limit names another line once there are two; the split was taken for what broke it, and the claim went out without CO."""
    told = {"code": "97110", "contact": "one_on_one"}
    parts = [{**told, "role": "OT", "minutes": 78}, {**told, "role": "OTA", "minutes": 20}]
    session = {"payer": "MEDICARE_B", "date": "2026-03-04", "discipline": "OT", "interventions": parts}
    found = cptrules.load("medicare.part_b.outpatient_therapy").bill(Session.from_dict(session))
    assert found.claim is not None and found.report is not None
    assert [(one.units, one.modifiers) for one in found.claim.lines] == [(5, ("GO",)), (2, ("GO", "CO"))]
    assert {finding.rule for finding in found.report.findings} == {"unlikely_units"}


def test_authorizations_of_which_more_is_used_than_granted_are_told_in_one_order() -> None:
    told = [{"number": "A1", "visits": 2, "used_visits": 11}, {"number": "A1", "visits": 1, "used_visits": 2}]
    acme = policy("prior_authorization p { on PT  outcome deny  cite manual }\n")
    one, two = (judge(acme, claim(line()), history(authorizations=given)) for given in (told, told[::-1]))
    assert one.notes == two.notes


def test_what_differs_from_the_session_names_lines_in_the_order_of_their_numbers() -> None:
    """The line to be mended was the last of the file, not the last by number."""
    session = Session.from_dict({"payer": "ACME", "date": "2026-03-04", "interventions": [{"code": "97110", "minutes": 15}]})
    acme = policy("timing timed { by cms_total_time  outcome reduce  cite manual }\n")
    told = {"code": "97110", "date_of_service": "2026-03-04", "modifiers": ["GP"], "units": 1, "contact": "one_on_one"}
    lines = [{"number": 1, "minutes": 20, **told}, {"number": 2, "minutes": 20, **told}]
    one, two = (acme.check(Claim.from_dict(claim(*several)), None, session).to_dict() for several in (lines, lines[::-1]))
    assert one == two
    assert [1, 2] in [finding["lines"] for finding in one["findings"]]


def test_a_note_that_is_perhaps_of_the_discipline_settles_nothing_where_an_evaluation_came_later() -> None:
    """Without a note visits are counted from the evaluation: 1 at least, not yet 4; the note that may be older broke the rule."""
    acme = policy("documentation d { needs progress_report every 3 visits  outcome pend  cite manual }\n")
    lines = [line(), line(2, code="97161")]
    del lines[0]["modifiers"]
    earlier = [service(f"2026-03-0{day}") for day in (1, 2, 3)]
    told = history(*earlier, notes=[{"kind": "progress_report", "date": "2026-02-28", "discipline": "PT"}], complete_to="2026-03-03")
    (status,) = [one for one in judge(acme, claim(*lines), told).rules if one.rule == "d" and 1 in one.lines]
    assert status.status == "undetermined", status.why


def test_a_note_that_may_be_the_lines_is_not_passed_over_for_a_later_evaluation() -> None:
    """A wrong "clean" once: of the line's discipline the note is too old; where that was not known the evaluation of the day made it met."""
    acme = policy("documentation reports { needs progress_report every 3 visits  outcome pend  cite manual }\n")
    bare = {"date_of_service": "2026-03-03", "units": 1}
    note = {"kind": "progress_report", "date": "2026-02-27", "discipline": "PT"}
    past = history(*(service(f"2026-{day}") for day in ("02-28", "03-01", "03-02")), notes=[note])
    outcomes = {}
    for those in (["GP"], ["GO"], None):
        told = {"modifiers": those} if those is not None else {}
        lines = [{"number": 1, "code": "97110", **bare, **told}, {"number": 2, "code": "97161", "modifiers": ["GP"], **bare}]
        outcomes[str(those)] = {one for status in judge(acme, claim(*lines), past).rules for one in [status.status] if 1 in status.lines}
    assert outcomes == {"['GP']": {"broken"}, "['GO']": {"met"}, "None": {"undetermined"}}


def test_a_note_that_names_no_discipline_is_of_a_line_whose_discipline_nobody_knows() -> None:
    """It was only perhaps its note, and what is late by it was left open (N34)."""
    acme = policy("documentation reports { needs progress_report every 30 days  outcome pend  cite manual }\n")
    bare = {"number": 1, "code": "97110", "date_of_service": "2026-03-03", "units": 1}
    past = history(notes=[{"kind": "progress_report", "date": "2026-01-30"}])
    assert [status.status for status in judge(acme, claim(bare), past).rules] == ["broken"]


def test_no_case_has_words_for_units_where_a_table_has_no_row() -> None:
    """`cases` aimed at `units < most` with a word where the table says nothing of the code, and stumbled over it."""
    acme = policy(
        'fact first_time of claim : yes_no "Is it the first time?"\n'
        'table most from "tables/mue_practitioner.csv" keys code values units missing none\n'
        'table pairs_of_codes from "tables/ncci_ptp.csv" keys column_one, column_two values indicator\n'
        "window first_weeks { opens on first visit of PT  lasts 6 weeks  then again }\n"
        "pairs together { on PT  when first_time and units < most  except count units per first_weeks < 0  listed in pairs_of_codes per day"
        "  outcome deny  cite manual }\n",
        "uses libraries.therapy_codes",
    )
    made = []

    @settings(max_examples=200, database=None, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(cases(acme))
    def make(case: Any) -> None:
        made.append(case)

    make()
    assert len(made) == 200
    assert all(isinstance(one.units, int) for case in made for one in case.claim.lines if one.units)


def test_what_a_timing_rule_informs_of_is_one_mark_in_compiled_reports_too() -> None:
    """Too many units on one line and too few on another were two marks of one rule and outcome; the reference has one."""
    acme = policy("timing timed { by cms_total_time  outcome inform  cite manual }\n")
    told = {"contact": "one_on_one", "discipline": "PT"}
    lines = (line(1, units=2, minutes=8, **told), line(2, code="97140", units=1, minutes=37, date_of_service="2026-03-05", **told))
    given = Claim.from_dict(claim(*lines)), History.from_dict(history())
    expected = (("timed", "inform", (1, 2)),)
    for report in (check(acme.policies, *given), Compiled(acme.policies).check(*given)):
        assert tuple((mark.rule, mark.outcome, mark.lines) for mark in report.marks) == expected
