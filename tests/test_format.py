"""The formatter: one layout, the same tree, every comment and blank line in its place."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies_tree import files

from cptrules.cli import commands
from cptrules.errors import PolicyErrors
from cptrules.format import formatted
from cptrules.parse import parse
from cptrules.testing import policies
from cptrules.write import written

TOP = Path(__file__).parent.parent
SHIPPED = [path for folder in ("policies", "docs/examples") for path in sorted((TOP / folder).rglob("*.policy")) if path.name != "first_try.policy"]

UGLY = """\


# at the top
policy   acme.ppo{title "Acme"
 payer "ACME"
}
source manual { title "Manual"  confirmed 2026-01-01 }
codes first   =   97110,97140   # two of them
codes a_longer_name = 97530
limit visits { # behind the brace

    # before the first clause
      count visits
         of PT   per calendar_year
  at   most 30   # the manual's number


  # in the middle
  except diagnosis in F84.*, # autism
     # and one more
     F70..F79
  outcome deny carc PR-119
  cite manual
  # at the end of the block
}   # behind the block
test "t" {
  claim on 2026-01-05
  line 97110 GP
  expect clean
  variant "v" {
    set diagnoses F84.0
    expect clean
  }
}
# at the end of the file
"""

NEAT = """\
# at the top
policy acme.ppo {
  title     "Acme"
  payer     "ACME"
}
source manual { title "Manual"  confirmed 2026-01-01 }
codes first         = 97110, 97140           # two of them
codes a_longer_name = 97530
limit visits {                               # behind the brace
  # before the first clause
  count     visits of PT per calendar_year
  at most   30                               # the manual's number

  # in the middle
  except    diagnosis in F84.*,              # autism
            # and one more
            F70..F79
  outcome   deny carc PR-119
  cite      manual
  # at the end of the block
}                                            # behind the block
test "t" {
  claim     on 2026-01-05
  line      97110 GP
  expect    clean
  variant "v" {
    set     diagnoses F84.0
    expect  clean
  }
}
# at the end of the file
"""


def comments(text: str) -> list[str]:
    return [one[2].rstrip() for one in parse(text).comments]


def holds_together(text: str) -> None:
    """The laws of the formatter, for one text without a mistake."""
    laid = formatted(text)
    assert parse(laid).diagnostics == parse(text).diagnostics == ()
    assert parse(laid).file == parse(text).file
    assert comments(laid) == comments(text)
    assert formatted(laid) == laid
    assert not re.search(r"[ \t]$", laid, re.MULTILINE)


def commented(text: str, rng: random.Random, many: int) -> str:
    """Put comments where there is room between two words, at ends of lines and on lines of their own; blank lines too."""
    for number in range(many):
        places = [m.start() for m in re.finditer(r'"(?:\\.|[^"\\\n])*"|#[^\n]*|([ \n])', text) if m.group(1)]
        if not places:
            return text
        at = rng.choice(places)
        mark = rng.choice([f" # c{number}\n    ", f"\n    # c{number}\n    ", f"\n\n# c{number}  \n\n\n  ", "\n\n"])
        if text[at] == "\n" and rng.random() < 0.7:
            mark = rng.choice([f"   # c{number}\n", f"\n# c{number}\n", f"\n   # c{number}\n", "\n\n\n"])
        tried = text[:at] + mark + text[at + 1 :]
        if parse(tried).diagnostics == () and parse(tried).file == parse(text).file:
            text = tried
    return text


def test_an_ugly_file_becomes_a_neat_one() -> None:
    assert formatted(UGLY) == NEAT
    holds_together(UGLY)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(files, st.randoms(use_true_random=False))
def test_random_trees_with_comments_in_every_legal_place(file: object, rng: random.Random) -> None:
    text = written(file)
    assume(len(text) < 3000)
    holds_together(commented(text, rng, 6))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies(), st.randoms(use_true_random=False))
def test_random_policies_with_comments_in_every_legal_place(text: str, rng: random.Random) -> None:
    holds_together(commented(text, rng, 8))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_policies_and_examples_are_in_the_layout(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert formatted(text, str(path)) == text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_the_byte_order_mark_stay(end: str, mark: str) -> None:
    assert formatted(mark + UGLY.replace("\n", end)) == mark + NEAT.replace("\n", end)


def test_a_file_of_comments_alone_keeps_them() -> None:
    assert formatted("\n\n  # one\n\n\n# two  ") == "# one\n\n# two\n"
    assert formatted("") == formatted("\n \n") == ""


def test_a_brace_in_a_text_is_no_brace() -> None:
    holds_together('drop # 1\n    # 2\n    limit a because "{ (,) .. # no comment" # 3\n  cite m\n')


def test_a_comment_in_every_place_of_one_clause_stays_there() -> None:
    text = "limit a {\n  # 1\n  when # 2\n    b # 3\n    and # 4\n    # 5\n    c # 6\n  # 7\n} # 8\n# 9\n"
    assert [line.partition("#")[2].strip() for line in formatted(text).splitlines() if "#" in line] == list("123456789")
    holds_together(text)


# ---- the command -------------------------------------------------------------------------------------------------


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands, ["format", *words])
    return result.exit_code, result.output


def test_files_are_laid_out_in_place_with_their_rights(tmp_path: Path) -> None:
    file = tmp_path / "a.policy"
    file.write_bytes(UGLY.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    assert run(str(tmp_path)) == (0, f"formatted {file}\n1 file: 1 formatted.\n")
    assert file.read_bytes() == NEAT.replace("\n", "\r\n").encode()
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]
    assert run(str(file)) == (0, "1 file: 0 formatted.\n")


def test_check_and_diff_write_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.policy"
    file.write_text(UGLY, encoding="utf-8")
    assert run("--check", str(file)) == (1, f"would format {file}\n1 file: 1 to format.\n")
    code, shown = run("--diff", str(file))
    assert code == 1
    assert "-  at   most 30   # the manual's number\n" in shown
    assert "+  at most   30                               # the manual's number\n" in shown
    assert file.read_text(encoding="utf-8") == UGLY
    file.write_text(NEAT, encoding="utf-8")
    assert run("--check", str(file)) == run("--diff", str(file)) == (0, "1 file: 0 to format.\n")


def test_a_file_with_a_mistake_is_left_and_the_others_are_written(tmp_path: Path) -> None:
    wrong, fine, binary = tmp_path / "a.policy", tmp_path / "b.policy", tmp_path / "c.policy"
    wrong.write_text(UGLY.replace("at   most 30", "at most"), encoding="utf-8")
    fine.write_text(UGLY, encoding="utf-8")
    binary.write_bytes(b"\xff\xfe")
    before = wrong.read_bytes()
    code, shown = run(str(tmp_path))
    assert code == 2
    assert "error E004" in shown
    assert "error E001: the file is not UTF-8 text" in shown
    assert f"formatted {fine}" in shown
    assert "3 files: 1 formatted, 2 with mistakes, left as they are." in shown
    assert (wrong.read_bytes(), fine.read_text(encoding="utf-8"), binary.read_bytes()) == (before, NEAT, b"\xff\xfe")


def test_a_path_that_is_not_there_is_said() -> None:
    assert CliRunner().invoke(commands, ["format", "nowhere.policy"]).exit_code != 0


def test_syntax_mistakes_come_all_at_once() -> None:
    with pytest.raises(PolicyErrors) as found:
        formatted("codes a =\nlimit {\n}\n")
    assert len(found.value.diagnostics) == 2


def test_a_block_of_one_line_that_would_grow_too_long_is_not_moved() -> None:
    """Once it was broken behind its neighbours' column, and laid out otherwise the second time."""
    text = (
        'policy a { title "A"  payer "ACME" }\n'
        "window course_of_treatment { opens on first visit of OT  lasts 10 days }\n"
        "window anew { opens on 97161..97163 when telehealth or at least 60 days after last visit  per discipline }\n"
    )
    laid = formatted(text)
    assert formatted(laid) == laid
    assert len(laid.splitlines()) == len(text.splitlines())
