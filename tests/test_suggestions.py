"""`cptrules test --suggest`: tests made from the rules pass where they are pasted, and try what no test tried."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from judging import HEAD

from cptrules.cli import commands
from cptrules.loading import read
from cptrules.trial import Trial, trials

POLICIES = Path(__file__).parent.parent / "policies"
VISITS = """limit visits_a_year {
  count     visits of PT per calendar_year
  at most   30
  except    patient.age < 21
  outcome   deny carc PR-119
  cite      manual
}
"""
TIMED = "timing minutes {\n  on 97110, 97140\n  by cms_total_time\n  outcome reduce\n  cite manual\n}\n"
AMOUNTS = """amount most {
  $100 to 2025-12-31
  $120 from 2026-01-01
}
limit dollars {
  count allowed of PT per day
  at most most
  outcome reduce
  cite manual
}
"""


def suggested(path: Path) -> str:
    result = CliRunner().invoke(commands, ["test", "--suggest", str(path)])
    assert result.exit_code == 0, result.output
    return result.output


def tried_after(path: Path) -> tuple[str, Trial]:
    """What is suggested for a file, and what its tests come to with that pasted."""
    text = suggested(path)
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    (result,) = trials(read([str(path)]))
    return text, result


def acme(folder: Path, rules: str) -> Path:
    path = folder / "acme.policy"
    path.write_text(HEAD % "" + rules, encoding="utf-8")
    return path


def test_the_thirtieth_and_the_thirty_first_visit_are_suggested_and_pass(tmp_path: Path) -> None:
    text, result = tried_after(acme(tmp_path, VISITS))
    assert not result.failures
    assert "97110 GP on 29 days from" in text
    assert "97110 GP on 30 days from" in text
    assert "expect    clean" in text
    assert "expect    deny by visits_a_year on line 1 carc PR-119" in text
    assert len(result.coverage.both("rule")) == len(result.coverage.both("clause")) == 1


def test_twenty_two_and_twenty_three_minutes(tmp_path: Path) -> None:
    text, result = tried_after(acme(tmp_path, TIMED))
    assert not result.failures
    assert "units 2 minutes 22" in text
    assert "units 2 minutes 23" in text or "units 1 minutes 22" in text


def test_the_day_before_and_after_an_amount_changes(tmp_path: Path) -> None:
    text, result = tried_after(acme(tmp_path, AMOUNTS))
    assert not result.failures
    assert "on 2025-12-31" in text
    assert "on 2026-01-01" in text


def test_what_is_tried_already_is_not_suggested_again(tmp_path: Path) -> None:
    path = acme(tmp_path, VISITS)
    tried_after(path)
    assert "test " not in suggested(path).replace("read it", "")


@pytest.mark.parametrize("name", ["nc_medicaid", "ny_medicaid"])
def test_the_rules_of_a_shipped_policy_alone_suggest_tests_that_pass(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.policy"
    path.write_text((POLICIES / path.name).read_text(encoding="utf-8").split('\ntest "')[0] + "\n", encoding="utf-8")
    _, after = tried_after(path)
    assert not after.failures
    assert after.coverage.missing("rule") == ()
    assert len(after.coverage.both("boundary")) >= 0.6 * len(after.coverage.of("boundary"))
