"""Changes by one step: each is one change of the file, and what the tests notice of it is told rightly."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from judging import HEAD

from cptrules.cli import commands
from cptrules.loading import Loaded, changed, read
from cptrules.mutation import Mutated, mutated
from cptrules.steps import changes
from cptrules.trial import trials

POLICIES = Path(__file__).parent.parent / "policies"
VISITS = """limit visits {
  on        97110, 97112
  count     visits of PT per calendar_year
  at most   30
  except    patient.age < 21
  unless    modifier in KX
  outcome   deny carc PR-119
  cite      manual
}
"""
BROKEN = """test "the thirty-first" {
  claim     on 2026-06-01 patient.birth_date 1980-01-01
  line      97110 GP units 2
  history   complete from 2026-01-01
  service   97110 GP units 2 on 30 days from 2026-01-05
  expect    deny by visits on line 1
}
"""


def acme(folder: Path, text: str) -> Loaded:
    path = folder / "acme.policy"
    path.write_text(HEAD % "" + text, encoding="utf-8")
    return read([str(path)])


def steps(loaded: Loaded) -> list[tuple[str, str]]:
    return [(one.was, one.becomes) for one in changes(loaded.files[0].parsed.file)]


def failing(loaded: Loaded) -> set[str] | None:
    """The tests that fail; None where there is no policy."""
    if any(one.severity == "error" for one in loaded.diagnostics):
        return None
    return {failure.title for trial in trials(loaded) for failure in trial.failures}


class TestChanges:
    def test_of_a_limit(self, tmp_path: Path) -> None:
        found = steps(acme(tmp_path, VISITS))
        assert {("30", "29"), ("30", "31"), ("21", "20"), ("21", "22"), ("<", "<="), ("97110", ""), ("97112", "")} <= set(found)
        assert {("deny", "pend"), ("PR-119", "CO-119")} <= set(found)
        assert len([one for one in found if one[0] == "KX"]) == 1
        assert len(found) == len(set(found))

    def test_of_definitions(self, tmp_path: Path) -> None:
        text = "codes some = 97161..97163, 97110 to 2025-12-31 excluding 97162\namount most {\n  $10 to 2025-12-31\n  $20 from 2026-01-01\n}\n"
        found = steps(acme(tmp_path, text))
        assert {("$10", "$10.01"), ("$20", "$19.99"), ("97161..97163", ""), ("97162", ""), ("2026-01-01", "2026-01-02")} <= set(found)
        assert ("97161..97163", "97161..97162") in found

    def test_every_change_is_of_one_place_and_the_rest_stays(self, tmp_path: Path) -> None:
        loaded = acme(tmp_path, VISITS)
        before = loaded.files[0].parsed.file
        for one in changes(before):
            assert one.file != before
            assert one.span.line > 0
            assert sum(1 for old, new in zip(before.blocks, one.file.blocks, strict=True) if old != new) == 1

    @pytest.mark.parametrize("name", ["ny_medicaid", "florida_pip"])
    def test_a_changed_policy_is_what_its_text_would_be(self, name: str, tmp_path: Path) -> None:
        """The same tests fail under a change of the tree and under the same change of the text."""
        path = POLICIES / f"{name}.policy"
        loaded, text = read([str(path)]), path.read_text(encoding="utf-8").split("\n")
        for one in list(changes(loaded.files[0].parsed.file))[::6]:
            line = text[one.span.line - 1]
            at = line.find(one.was, one.span.column - 1)
            if not one.becomes or at < 0:
                continue
            written = [*text]
            written[one.span.line - 1] = line[:at] + one.becomes + line[at + len(one.was) :]
            copy = tmp_path / "copy.policy"
            copy.write_text("\n".join(written), encoding="utf-8")
            again = changed(loaded, str(path), one.file)
            assert failing(again) == failing(read([str(copy)]))


class TestMutated:
    def test_what_a_test_notices_and_what_none_does(self, tmp_path: Path) -> None:
        (result,) = mutated(acme(tmp_path, VISITS + BROKEN))
        unnoticed = {(one.was, one.becomes) for one in result.unnoticed}
        assert ("30", "31") not in unnoticed  # the thirty-first would be clean
        assert ("30", "29") in unnoticed  # nobody tries the thirtieth
        assert ("deny", "pend") not in unnoticed
        assert ("PR-119", "CO-119") in unnoticed  # the test does not say who bears it
        assert ("97110", "") not in unnoticed
        assert ("97112", "") in unnoticed
        assert result.tried == result.noticed + len(unnoticed)

    def test_a_change_that_leaves_no_policy_is_counted_apart(self, tmp_path: Path) -> None:
        text = "amount most {\n  10 to 2025-12-31\n  20 from 2026-01-01\n}\nlimit a {\n  count units per day\n  at most most\n  outcome deny\n}\n"
        (result,) = mutated(acme(tmp_path, text + BROKEN.replace("visits", "a")))
        assert result.refused == 2  # either end moved into the other

    def test_it_is_as_if_the_tests_were_run_on_the_changed_file(self, tmp_path: Path) -> None:
        """The short way (only the rules that a change moves) says what running every test says."""
        loaded = read([str(POLICIES / "fep_blue_focus.policy")])
        (result,) = mutated(loaded)
        unnoticed = {(one.line, one.column, one.was, one.becomes) for one in result.unnoticed}
        scope = loaded.files[0].scope
        for one in list(changes(loaded.files[0].parsed.file, scope.facts().values(), scope.codes_known))[::5]:
            again = changed(loaded, loaded.files[0].path, one.file)
            if not any(d.severity == "error" for d in again.diagnostics):
                failed = any(trial.failures for trial in trials(again))
                assert failed == ((one.span.line, one.span.column, one.was, one.becomes) not in unnoticed)

    def test_the_command_names_place_and_change(self, tmp_path: Path) -> None:
        acme(tmp_path, VISITS + BROKEN)
        result = CliRunner().invoke(commands, ["test", "--mutate", str(tmp_path / "acme.policy")])
        assert result.exit_code == 1
        assert "10:13    30 -> 29" in result.output
        assert "noticed by a test" in result.output

    def test_failing_tests_are_shown_instead(self, tmp_path: Path) -> None:
        acme(tmp_path, VISITS + BROKEN.replace("30 days", "29 days"))
        result = CliRunner().invoke(commands, ["test", "--mutate", str(tmp_path / "acme.policy")])
        assert result.exit_code == 1
        assert "FAIL" in result.output
        assert "noticed" not in result.output


@pytest.mark.parametrize("name", ["ny_medicaid", "fep_blue_focus", "bcbs_massachusetts_joined", "washington_lni"])
def test_the_tests_of_a_shipped_policy_notice_nine_changes_of_ten(name: str) -> None:
    """The larger ones are measured by a script (docs/bench.md)."""
    results: list[Mutated] = list(mutated(read([str(POLICIES / f"{name}.policy")])))
    assert [one.path for one in results if one.share < 90] == []
