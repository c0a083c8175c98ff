"""What the tests in a policy file give: `set` on what the test around it says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cptrules.examples import Example, examples
from cptrules.loading import read

POLICY = """policy acme.ppo { title "Acme"  payer "ACME" }
source manual { title "The manual" }
forbid never { on 97010  outcome deny  cite manual }
test "lines of two dates" {
  claim     on 2026-03-04
  line      97110 GP units 1
  line      97140 GP units 1 date_of_service 2026-03-05
  history   complete from 2026-01-01
  service   97110 GP units 1 on 2026-02-02
  authorization A1 from 2026-01-01 to 2026-06-30
  expect    clean
  variant "moved" {
    set     date_of_service %s
    expect  clean
  }
}
"""


def read_from(folder: Path, day: str) -> tuple[list[Example], list[str]]:
    """The cases of the file, and the codes of what is wrong with them."""
    path = folder / "acme.policy"
    path.write_text(POLICY % day, encoding="utf-8")
    loaded = read([str(path)])
    (file,), (policy,) = loaded.files, loaded.policies
    return examples(file, policy), [one.code for one in file.scope.diagnostics]


def test_set_date_of_service_moves_every_line_and_nothing_else(tmp_path: Path) -> None:
    (as_written, moved), wrong = read_from(tmp_path, "2026-04-07")
    assert wrong == []
    assert [line.date_of_service for line in as_written.claim.lines] == [date(2026, 3, 4), date(2026, 3, 5)]
    assert [line.date_of_service for line in moved.claim.lines] == [date(2026, 4, 7), date(2026, 4, 7)]
    assert moved.history == as_written.history


def test_set_date_of_service_takes_a_date(tmp_path: Path) -> None:
    for nothing in ("none", "unknown", "97110"):
        assert read_from(tmp_path, nothing)[1] == ["E059"]
