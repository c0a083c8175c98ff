"""Sessions of several in a file, of other patients, and that cannot have been; what a bill and a check must not call clean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from judging import claim, line
from test_bill import CMS, bill, part, session

import cptrules
from cptrules import Claim, InputError, Session
from cptrules.cli import commands
from cptrules.intake import noted_sessions

MEDICARE = "medicare.part_b.outpatient_therapy"


def of_medicare(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return session(*parts, payer="MEDICARE_B", **more)


def run(tmp_path: Path, command: str, **files: Any) -> Any:
    words = [command, MEDICARE]
    for name, data in files.items():
        if name == "form":
            words += ["--format", data]
            continue
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(data), encoding="utf-8")
        words += [f"--{name}", str(file)]
    return CliRunner().invoke(commands, words)


class TestSeveralInAFile:
    GOOD, BAD = of_medicare(part("97110", 30), id="s1"), of_medicare(part("97110", -3), id="s2")

    def test_a_bad_one_is_refused_and_the_others_are_billed(self, tmp_path: Path) -> None:
        result = run(tmp_path, "bill", session=[self.GOOD, self.BAD, {**self.GOOD, "id": "s3"}])
        assert result.exit_code == 2
        assert "session s1" in result.output
        assert "session s3" in result.output
        assert "session s2 at [1] is refused:" in result.output
        assert "interventions[0].minutes" in result.output
        assert result.output.rstrip().endswith("3 sessions: 2 billed, 1 refused.")

    def test_in_json_each_is_a_bill_or_a_refusal(self, tmp_path: Path) -> None:
        result = run(tmp_path, "bill", session=[self.GOOD, self.BAD], form="json")
        found = json.loads(result.stdout)
        assert (len(found["bills"]), [one["session"] for one in found["refusals"]]) == (1, ["s2"])

    def test_one_that_no_history_can_be_told_for_does_not_stop_the_others(self, tmp_path: Path) -> None:
        mine = {**self.GOOD, "patient": {"id": "P1"}}
        twice = [{"patient": "P2", "services": []}, {"patient": "P2", "services": []}]
        result = run(tmp_path, "bill", session=[mine, {**self.GOOD, "id": "s2", "patient": {"id": "P2"}}], history=twice)
        assert result.exit_code == 2
        assert "2 sessions: 1 billed, 1 refused." in result.output
        assert "the history given is of other patients" in result.output

    def test_none_at_all_is_no_clean_bill(self, tmp_path: Path) -> None:
        result = run(tmp_path, "bill", session=[])
        assert isinstance(result.exception, InputError)  # which the command's `main` tells, with exit code 2
        assert "there is no session in it" in str(result.exception)

    def test_in_python_one_reader_refuses_and_one_counts(self, tmp_path: Path) -> None:
        file = tmp_path / "sessions.json"
        file.write_text(json.dumps([self.GOOD, self.BAD]), encoding="utf-8")
        found = noted_sessions(file)
        assert (len(found.sessions), [one.place for one in found.refusals]) == (1, ["[1]"])
        with pytest.raises(InputError, match=r"\[1\]: interventions\[0\].minutes"):
            cptrules.read_sessions(file)

    def test_a_check_against_a_bad_one_is_refused(self, tmp_path: Path) -> None:
        result = run(tmp_path, "check", claim=claim(line(), payer="MEDICARE_B"), session=[self.GOOD, self.BAD])
        assert isinstance(result.exception, InputError)
        assert "session.json: [1]: interventions[0].minutes" in str(result.exception)


class TestWhoseSessionItIs:
    MINE = claim(line(), payer="MEDICARE_B", patient={"id": "P1"})
    THEIRS = of_medicare(part("97110", 30), patient={"id": "P2"})

    def test_another_patients_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"session\.patient: the session is another patient's") as refused:
            cptrules.load(MEDICARE).check(Claim.from_dict(self.MINE), session=Session.from_dict(self.THEIRS))
        assert "P2" not in str(refused.value)

    def test_of_several_claims_it_bears_on_its_patients_alone(self, tmp_path: Path) -> None:
        other = {**self.MINE, "id": "C2", "patient": {"id": "P2"}}
        result = run(tmp_path, "check", claim=[{**self.MINE, "id": "C1"}, other], session=self.THEIRS, form="json")
        first, second = json.loads(result.stdout)["reports"]
        told = "the session given is of another patient: nothing of it is this one's"
        assert (told in first["notes"], told in second["notes"]) == (True, False)

    def test_another_payers_is_said(self) -> None:
        report = cptrules.load(MEDICARE).check(Claim.from_dict(self.MINE), session=Session.from_dict(session(part("97110", 30), payer="ACME")))
        assert any("the session names the payer ACME, the claim MEDICARE_B" in note for note in report.notes)


class TestWhatCannotHaveBeen:
    def test_one_provider_gives_one_thing_at_a_time(self) -> None:
        """CMS, eleven Part B billing scenarios: minutes of one therapist are counted once."""
        first = part("97110", 30, start="09:00")
        with pytest.raises(InputError, match=r"interventions\[1\].start: it begins before interventions\[0\]"):
            Session.from_dict(session(first, part("97140", 30, start="09:29")))
        for other in (part("97161", 30, start="09:10"), part("97150", 30, start="09:00", contact="group", patients=3)):
            with pytest.raises(InputError, match=r"of the same provider ends"):
                Session.from_dict(session(first, other))
        Session.from_dict(session(first, part("97140", 30, start="09:30")))
        Session.from_dict(session(first, part("97140", 30, "PTA", start="09:00")))  # two people
        Session.from_dict(session(first, part("G0283", 30, start="09:00", contact=None)))  # a machine runs beside

    def test_one_on_one_is_with_one_patient(self) -> None:
        with pytest.raises(InputError, match=r"interventions\[0\].patients: one_on_one is with one patient, and 2 are given"):
            Session.from_dict(session(part("97110", 30, patients=2)))
        with pytest.raises(InputError, match=r"lines\[0\].patients: one_on_one is with one patient"):
            Claim.from_dict(claim(line(contact="one_on_one", patients=2)))


class TestMoreThanOneLine:
    @pytest.mark.parametrize(
        ("first", "second", "names"),
        [
            ({"place_of_service": "11"}, {"place_of_service": "12"}, ("place_of_service",)),
            ({"therapy_kind": "habilitative"}, {"therapy_kind": "rehabilitative"}, ("therapy_kind",)),
            ({"telehealth": True}, {"telehealth": False}, ("telehealth",)),
            ({"modifiers": ["59"]}, {}, ("modifiers",)),
        ],
    )
    def test_what_one_line_cannot_say_is_no_claim_yet(self, first: dict[str, Any], second: dict[str, Any], names: tuple[str, ...]) -> None:
        """A line has one place of service and one set of modifiers; 59 of one intervention would stand for the units of the other too."""
        found = bill(CMS, session(part("97110", 15, **first), part("97110", 15, **second)))
        assert (found.outcome, dict(found.differing)) == ("undetermined", {"97110": names})
        assert f"97110 takes more than one line, for its interventions differ in {names[0].replace('_', ' ')}" in " ".join(str(found).split())

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"place_of_service": "12"}, {"place_of_service": "12"}),
            ({"place_of_service": "12"}, {}),  # the other is where the session was
            ({"modifiers": ["GP"]}, {"modifiers": ["GP", "CQ"], "role": "PTA"}),  # by the roles and the minutes
        ],
    )
    def test_what_it_can(self, first: dict[str, Any], second: dict[str, Any]) -> None:
        found = bill(CMS, session(part("97110", 15, **first), {**part("97110", 15), **second}, place_of_service="12"))
        assert not found.no_claim_yet


def test_minutes_of_a_claim_that_the_session_has_not() -> None:
    mine = claim(line(units=2, minutes=60), payer="MEDICARE_B")
    there = Session.from_dict(of_medicare(part("97110", 30)))
    found = [one for one in cptrules.load(MEDICARE).check(Claim.from_dict(mine), session=there).findings if one.rule == "minutes_of_the_session"]
    assert [(one.outcome, one.message) for one in found] == [("warn", "The claim says 60 minutes of 97110; the session has 30.")]
