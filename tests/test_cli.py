"""The commands as their users meet them: exit codes, and a sentence with its place for whatever goes wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judging import HEAD, claim, history, line, service

from cptrules.cli import main

Run = Callable[..., tuple[int, str, str]]
LIMIT = "limit visits { count visits of PT per calendar_year  at most 1  outcome deny carc PR-119  cite manual }\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command: its exit code, what it printed, what it complained of."""

    def go(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cptrules", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        shown = capsys.readouterr()
        assert "Traceback" not in shown.out + shown.err
        assert "defect of its own" not in shown.err
        return int(left.value.code or 0), shown.out, shown.err

    return go


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    path = tmp_path / "acme.policy"
    path.write_text(HEAD % "effective from 2026-01-01" + LIMIT, encoding="utf-8")
    return path


def _json(path: Path, data: Any) -> Path:
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


class TestExitCodes:
    def test_clean_is_0(self, run: Run, acme: Path, tmp_path: Path) -> None:
        found = run("check", acme, "--claim", _json(tmp_path / "c", claim(line())), "--history", _json(tmp_path / "h", history()))
        assert found[0] == 0
        assert "CLEAN" in found[1].splitlines()[0]

    def test_a_finding_is_1(self, run: Run, acme: Path, tmp_path: Path) -> None:
        past = _json(tmp_path / "h", history(service("2026-01-05")))
        assert run("check", acme, "--claim", _json(tmp_path / "c", claim(line())), "--history", past)[0] == 1

    def test_undetermined_is_3_and_says_what_to_supply(self, run: Run, acme: Path, tmp_path: Path) -> None:
        code, out, _ = run("check", acme, "--claim", _json(tmp_path / "c", claim(line())))
        assert code == 3
        assert "UNDETERMINED" in out.splitlines()[0]
        assert "history.complete_from" in out

    def test_what_is_ignored_is_said_in_the_first_line_and_leaves_0(self, run: Run, acme: Path, tmp_path: Path) -> None:
        code, out, _ = run("check", acme, "--claim", _json(tmp_path / "c", claim(line())), "--ignore-missing", "history.complete_from")
        assert code == 0
        assert "ignored" in " ".join(out.splitlines()[:2])
        assert "visits (ignored)" in out

    def test_an_ignored_name_that_nothing_wants_is_told(self, run: Run, acme: Path, tmp_path: Path) -> None:
        code, out, _ = run("check", acme, "--claim", _json(tmp_path / "c", claim(line())), "--ignore-missing", "history.complete_form")
        assert code == 3
        assert "did you mean history.complete_from?" in " ".join(out.split())

    def test_of_several_claims_2_before_1_before_3(self, run: Run, acme: Path, tmp_path: Path) -> None:
        clean, open_ = claim(line(modifiers=["GO"]), id="A"), claim(line(), id="B")
        broken, bad = claim(line(), line(2, date_of_service="2026-03-05"), id="C"), {**claim(line(units=-1)), "id": "D"}
        assert run("check", acme, "--claim", _json(tmp_path / "c", [clean, open_]))[0] == 3
        assert run("check", acme, "--claim", _json(tmp_path / "c", [clean, open_, broken]))[0] == 1
        code, out, err = run("check", acme, "--claim", _json(tmp_path / "c", [clean, open_, broken, bad]))
        assert code == 2
        assert "claim D at [3] is refused" in err
        assert "lines[0].units: -1 is negative" in err
        assert "4 claims: 3 judged, 1 refused." in out

    def test_json_counts_every_claim(self, run: Run, acme: Path, tmp_path: Path) -> None:
        data = [claim(line(), id="A"), {"id": "B"}]
        code, out, _ = run("check", acme, "--claim", _json(tmp_path / "c", data), "--format", "json")
        found = json.loads(out)
        assert code == 2
        assert [one["claim"] for one in found["reports"]] == ["A"]
        assert [one["claim"] for one in found["refusals"]] == ["B"]

    def test_a_claim_a_line(self, run: Run, acme: Path, tmp_path: Path) -> None:
        path = tmp_path / "c.jsonl"
        path.write_text("\n".join(json.dumps(claim(line(), id=name)) for name in "AB") + "\n", encoding="utf-8")
        code, out, _ = run("check", acme, "--claim", path)
        assert code == 3
        assert "2 claims: 2 judged, 0 refused." in out


class TestBadInput:
    @pytest.mark.parametrize(
        ("data", "told"),
        [
            (b"", "there is nothing in it"),
            (b"   \n", "there is nothing in it"),
            (b"\xef\xbb\xbf", "there is nothing in it"),
            (b"\xff\xfe{\x00}\x00", "is not UTF-8 text"),
            (b'{"payer": "ACME", "lines": [', "line 1, column"),
            (b'{"payer": "ACME"}', "lines: it is missing"),
            (b'{"payer": "ACME", "lines": []}', "at least one line"),
            (b"[" * 3000, "nested too deep"),
            (b'{"lines": ' + b'{"a": ' * 200 + b"1" + b"}" * 200 + b"}", "nested too deep"),
            (b"a,b,c\n1,2,3\n", "column a: no such column"),
            (b"PAR1....PAR1", "it is a damaged or unfinished file"),
            (b'{"resourceType": "Claim"}', "Claim.status: it is missing"),
            (b'{"resourceType": "Encounter"}', "there is no Claim in it"),
            (b"hello", "neither JSON nor an 837P"),
            (b'"text"', "neither JSON nor an 837P"),
            (b"\x00\x01\x02", "neither JSON nor an 837P"),
            (b'{"payer": "ACME", "payer": "B", "lines": []}', "payer: the key stands twice"),
            (b'{"lines": NaN}', "NaN is no JSON value"),
        ],
    )
    def test_a_claim_that_cannot_be_read(self, run: Run, acme: Path, tmp_path: Path, data: bytes, told: str) -> None:
        path = tmp_path / "claim"
        path.write_bytes(data)
        code, out, err = run("check", acme, "--claim", path)
        assert code == 2
        assert told in out + err

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ({"units": 1.5}, "lines[0].units: 1.5 is not a whole number"),
            ({"units": -1}, "lines[0].units: -1 is negative"),
            ({"units": True}, "lines[0].units: true is not a whole number"),
            ({"units": 10**30}, "lines[0].units: the number has more than"),
            ({"date_of_service": "2026-02-30"}, "lines[0].date_of_service: the calendar has no 2026-02-30"),
            ({"date_of_service": "03/04/2026"}, "is not a date as 2026-03-04"),
            ({"date_of_service": None}, "lines[0].date_of_service"),
            ({"charge": 12.5}, "lines[0].charge: 12.5 is not a decimal string"),
            ({"charge": "12.345"}, "lines[0].charge"),
            ({"modifers": []}, "lines[0].modifers: no such key; did you mean modifiers?"),
            ({"contact": "one-on-one"}, "did you mean one_on_one?"),
            ({"code": "9711"}, "lines[0].code"),
            ({"diagnosis_pointers": [3]}, "lines[0].diagnosis_pointers[0]: it points to diagnosis 3 of 1"),
            ({"diagnoses": ["M5450"]}, "a diagnosis with its dot"),
            ({"minutes_by": {"PTT": 3}}, "lines[0].minutes_by"),
            ({"rendering_provider": "Smith"}, "lines[0].rendering_provider: text is not an object"),
        ],
    )
    def test_a_line_that_cannot_be_true(self, run: Run, acme: Path, tmp_path: Path, more: dict[str, Any], told: str) -> None:
        path = _json(tmp_path / "c", claim(line(**more), diagnoses=["M54.50"]))
        code, _, err = run("check", acme, "--claim", path)
        assert code == 2
        assert told in err

    def test_all_faults_at_once(self, run: Run, acme: Path, tmp_path: Path) -> None:
        path = _json(tmp_path / "c", claim(line(units=1.5), line(1), sex="F"))
        _, _, err = run("check", acme, "--claim", path)
        assert "lines[0].units" in err
        assert "sex: no such key" in err

    @pytest.mark.parametrize(
        "more",
        [
            {"patient": {"id": 123456789}},
            {"patient": {"id": "P1", "birth_date": "1950-02-31"}},
            {"patient": {"id": "P1", "birth_date": "SECRET"}},
            {"patient": {"id": "P1", "facts": {"SECRET thing": True}}},
            {"diagnoses": ["F32.9 SECRET"]},
        ],
    )
    def test_no_fault_repeats_what_tells_of_the_patient(self, run: Run, acme: Path, tmp_path: Path, more: dict[str, Any]) -> None:
        code, out, err = run("check", acme, "--claim", _json(tmp_path / "c", claim(line(), **more)))
        assert code == 2
        for data in ("SECRET", "123456789", "1950", "F32"):
            assert data not in out + err

    def test_half_a_character(self, run: Run, acme: Path, tmp_path: Path) -> None:
        path = tmp_path / "c"
        path.write_text(json.dumps({**claim(line()), "id": "\ud800"}), encoding="utf-8")
        code, _, err = run("check", acme, "--claim", path)
        assert (code, "half a character" in err) == (2, True)

    def test_one_number_twice(self, run: Run, acme: Path, tmp_path: Path) -> None:
        _, _, err = run("check", acme, "--claim", _json(tmp_path / "c", claim(line(), line())))
        assert "lines[1].number: line number 1 stands twice; the first is lines[0]" in err

    def test_no_file_and_a_folder(self, run: Run, acme: Path, tmp_path: Path) -> None:
        assert "there is no such file" in run("check", acme, "--claim", tmp_path / "none")[2]
        assert "it is a folder, not a file" in run("check", acme, "--claim", tmp_path)[2]
        assert run("check", acme, "--claim", tmp_path)[0] == 2

    def test_another_patients_history(self, run: Run, acme: Path, tmp_path: Path) -> None:
        mine = _json(tmp_path / "c", claim(line(), patient={"id": "SECRET1"}))
        code, out, err = run("check", acme, "--claim", mine, "--history", _json(tmp_path / "h", {"patient": "SECRET2"}))
        assert code == 2
        assert "another patient's" in err
        assert "SECRET" not in out + err

    def test_a_history_with_a_fault_is_not_left_out(self, run: Run, acme: Path, tmp_path: Path) -> None:
        mine = _json(tmp_path / "c", claim(line()))
        code, _, err = run("check", acme, "--claim", mine, "--history", _json(tmp_path / "h", history(service("2026-02-30"))))
        assert code == 2
        assert "services[0].date_of_service: the calendar has no 2026-02-30" in err

    def test_an_unknown_payer_and_a_policy_of_another_year(self, run: Run, acme: Path, tmp_path: Path) -> None:
        code, out, _ = run("check", acme, "--claim", _json(tmp_path / "c", {**claim(line()), "payer": "ACMEE"}))
        assert code == 3
        assert "no policy for ACMEE on 2026-03-04; did you mean ACME?" in out
        code, out, _ = run("check", acme, "--claim", _json(tmp_path / "c", claim(line(date_of_service="2025-12-31"))))
        assert code == 3
        assert "no policy for ACME on 2025-12-31" in out


class TestBadPolicies:
    def _run(self, run: Run, tmp_path: Path, text: str | bytes, *more: str) -> str:
        path = tmp_path / "bad.policy"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        code, _, err = run("check", path, "--claim", _json(tmp_path / "c", claim(line())), *more)
        assert code == 2
        return err

    def test_what_is_wrong_with_a_policy_is_told_with_its_place(self, run: Run, tmp_path: Path) -> None:
        assert "E012" in self._run(run, tmp_path, "")
        assert "is not UTF-8 text" in self._run(run, tmp_path, b"policy a.b { title \"\xff\" }")
        err = self._run(run, tmp_path, HEAD % "" + LIMIT.replace("calendar_year", "calender_year"))
        assert "bad.policy:7:" in err
        assert "did you mean calendar_year?" in err
        assert err.count(" error ") == 1

    def test_five_hundred_nots(self, run: Run, tmp_path: Path) -> None:
        nots = "forbid deep { when " + "not " * 500 + "telehealth  outcome deny  cite manual }\n"
        assert "E008" in self._run(run, tmp_path, HEAD % "" + nots)

    def test_a_table_without_a_column(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_text("code,amount\n97110,3\n", encoding="utf-8")
        table = 'table most from "t.csv" keys code values units\nlimit l { count units per day and code  at most most  outcome deny  cite manual }\n'
        err = self._run(run, tmp_path, HEAD % "" + table)
        assert "E054" in err
        assert "units" in err

    def test_a_byte_order_mark_and_windows_line_ends_are_passed_over(self, run: Run, acme: Path, tmp_path: Path) -> None:
        text = b"\xef\xbb\xbf" + acme.read_bytes().replace(b"\n", b"\r\n")
        acme.write_bytes(text)
        assert run("check", acme, "--claim", _json(tmp_path / "c", claim(line())))[0] == 3

    def test_names_that_are_no_file(self, run: Run, tmp_path: Path) -> None:
        path = _json(tmp_path / "c", claim(line()))
        code, _, err = run("check", "medicare.part_b.outpatient_therapie", "--claim", path)
        assert code == 2
        assert "medicare.part_b.outpatient_therapy" in err
        assert run("check", tmp_path / "none.policy", "--claim", path)[0] == 2
        (tmp_path / "empty").mkdir()
        assert "the folder holds no .policy file" in run("check", tmp_path / "empty", "--claim", path)[2]


class TestOtherCommands:
    def test_test_leaves_1_where_one_fails_and_shows_claim_expected_got_and_why(self, run: Run, acme: Path) -> None:
        acme.write_text(acme.read_text() + 'test "two" {\n  claim on 2026-03-04\n  line 97110 GP\n  expect deny by visits on line 1\n}\n', "utf-8")
        code, out, _ = run("test", acme)
        assert code == 1
        for word in ("FAIL", "claim", "expected", "got", "because"):
            assert word in out

    def test_test_names_mistakes_of_tests(self, run: Run, acme: Path) -> None:
        acme.write_text(acme.read_text() + 'test "two" {\n  claim on 2026-03-04\n  line 97110 GP\n  expect deny by visit on line 1\n}\n', "utf-8")
        code, _, err = run("test", acme)
        assert code == 2
        assert "E059" in err
        assert "did you mean visits?" in err

    def test_lint_leaves_1_for_warnings_and_2_for_errors(self, run: Run, acme: Path) -> None:
        assert run("lint", acme)[0] == 1
        acme.write_text(acme.read_text().replace("at most 1", "at mots 1"), "utf-8")
        assert run("lint", acme)[0] == 2

    def test_shipped_policies_have_no_weakness_but_unconfirmed_sources(self, run: Run) -> None:
        _, out, _ = run("lint", "medicare.part_b.outpatient_therapy", "bcbs.massachusetts", "edits.ncci_practitioner", "libraries.therapy_codes")
        found = {part.split(" ")[0] for part in out.split("warning ")[1:]}
        assert found == {"W005:"}
        assert " error " not in out

    def test_the_examples_pass_their_tests(self, run: Run) -> None:
        examples = sorted((Path(__file__).parent.parent / "docs" / "examples").glob("*.policy"))
        assert len(examples) >= 4
        assert run("test", *examples)[0] == 0

    def test_shipped_policies_pass_their_tests(self, run: Run) -> None:
        code, out, _ = run("test", "medicare.part_b.outpatient_therapy", "bcbs.massachusetts")
        assert code == 0, out
        assert out.count(" 0 failed") == 2

    def test_explain(self, run: Run) -> None:
        assert "a missing brace" in run("explain", "E005")[1]
        assert run("explain", "E999")[0] == 2

    def test_explain_a_policy_and_a_rule(self, run: Run) -> None:
        code, out, _ = run("explain", "bcbs.massachusetts", "sixty_together")
        assert code == 0
        assert "at most 60" in out
        assert "confirmed 2026-11-23" in out
        code, out, err = run("explain", "bcbs.massachusetts", "sixty_togethr")
        assert code == 2
        assert "did you mean sixty_together?" in out + err
        assert run("explain", "no.such.policy")[0] == 2

    def test_the_stack_names_the_file_of_each_clause(self, run: Run) -> None:
        _, out, _ = run("explain", "bcbs.massachusetts.joined", "--stack")
        (line,) = [line for line in out.splitlines() if line.startswith("  count visits of PT, OT, SLP per calendar_year")]
        assert "bcbs_massachusetts_joined.policy:" in line
        assert any(line.startswith("  at most 60") and "bcbs_massachusetts.policy:" in line for line in out.splitlines())

    def test_no_words_and_wrong_words(self, run: Run, acme: Path) -> None:
        assert run("check")[0] == 2
        assert run("chekc")[0] == 2
        assert run("check", acme, "--claim", acme, "--payer", "ACME")[0] == 2
        assert run("--help")[0] == 0


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_bring_a_traceback(run: Run, acme: Path, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "claim"
    path.write_bytes(data)
    assert run("check", acme, "--claim", path)[0] in (2, 3)


def test_tables_and_libraries_are_explained(run: Run) -> None:
    code, said, _ = run("explain", "carc")
    assert code == 0 and any(line.startswith("119 ") for line in said.splitlines())
    code, said, _ = run("explain", "libraries.therapy_codes")
    assert code == 0 and "codes evaluations" in said


def test_days_that_pass_and_a_key_where_a_window_is_due_are_told(run: Run, tmp_path: Path) -> None:
    text = HEAD % "" + "limit a { count days of PT per calendar_year  at most 60  outcome deny  cite manual }\n"
    text += "require b { on PT  that first visit of PT in benefit_year within 60 days before date_of_service  outcome deny  cite manual }\n"
    path = tmp_path / "a.policy"
    path.write_text(text, encoding="utf-8")
    _, said, _ = run("lint", path)
    assert "days that pass are a window" in said
    assert "benefit_year is a key of time" in said


@pytest.mark.parametrize(
    ("rule", "wanted", "codes"),
    [
        ("require a { on PT  that order.role in physician  outcome deny  cite manual }", "order where (role ...)", ["E022"]),
        ("limit a { count visits of 92555..92557 per month  at most 3  outcome deny  cite manual }", "codes_added", ["E046"]),
        (
            "window w { opens on patient.benefit_year_start  lasts 60 days }\n"
            "limit a { count visits of PT per w  at most 3  outcome deny  cite manual }",
            "", ["E004"],
        ),
    ],
)  # fmt: skip
def test_what_a_newcomer_tried_is_answered_once_and_with_the_way(run: Run, tmp_path: Path, rule: str, wanted: str, codes: list[str]) -> None:
    path = tmp_path / "a.policy"
    path.write_text(HEAD % "" + rule + "\n", encoding="utf-8")
    _, said, _ = run("lint", path)
    assert [word.rstrip(":") for line in said.splitlines() if " error E" in line for word in line.split() if word.startswith("E0")] == codes
    assert wanted in said


def test_what_is_missing_is_named_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.policy"
    rules = "window stretch { opens on first visit  opens on 97161..97164  per discipline }\n"
    rules += "require w { on PT  that within 60 days after first visit in stretch  outcome deny  cite manual }\n"
    given = "claim on 2026-03-06 patient.birth_date 1980-01-01  line 97110 GP units 1  "
    given += "history complete from 2025-01-01  service 97110 GP units 1 on 2026-01-05"
    tests = f'test "t" {{ {given}  expect clean }}\n'
    path.write_text(HEAD % "" + rules + tests, encoding="utf-8")
    _, said, _ = run("test", path)
    assert "history.complete_from" in said
    assert "history.complete_from, history.complete_from" not in " ".join(said.split())
