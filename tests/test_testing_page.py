"""The mistake of docs/testing.md is found by the lines that the page shows, and is gone where it is mended."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cptrules.cli import commands

TOP = Path(__file__).parent.parent
PAGE = (TOP / "docs" / "testing.md").read_text(encoding="utf-8")
POLICY = TOP / "docs" / "examples" / "outpatient.policy"


def block(kind: str, holding: str) -> str:
    (found,) = [text for text in re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) if holding in text]
    return found


def test_of(path: Path, examples: int = 500) -> Any:
    """The test function of the page, of a policy of this path."""
    names: dict[str, Any] = {}
    code = block("python", "under_21").replace("docs/examples/outpatient.policy", str(path)).replace("max_examples=500", f"max_examples={examples}")
    exec(compile(code, "page", "exec"), names)
    return names["test_nobody_under_21_is_denied"]


def test_the_policy_shown_is_the_example() -> None:
    shown = block("policy", "policy acme.outpatient")
    assert POLICY.read_text(encoding="utf-8").startswith(shown)
    assert len(shown.splitlines()) <= 35


def test_its_own_tests_do_not_find_it() -> None:
    assert CliRunner().invoke(commands, ["test", str(POLICY)]).exit_code == 0


def test_the_lines_of_the_page_find_it_and_the_block_shows_it(tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as error:
        test_of(POLICY)()
    said = str(error.value)
    found = said[said.index('test "found by cptrules.testing" {') :].partition("\n}\n")[0] + "\n}\n"
    path = tmp_path / "outpatient.policy"
    path.write_text(block("policy", "policy acme.outpatient") + found, encoding="utf-8")
    result = CliRunner().invoke(commands, ["test", str(path)])
    assert result.exit_code == 1
    assert "deny by speech_visits on line 1" in result.output


def test_mended_it_is_not_found(tmp_path: Path) -> None:
    path = tmp_path / "outpatient.policy"
    path.write_text(POLICY.read_text(encoding="utf-8").replace("age < 20", "age < 21"), encoding="utf-8")
    test_of(path, 120)()


test_of.__test__ = False  # type: ignore[attr-defined]
