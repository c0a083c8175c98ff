"""The writer is the parser's inverse."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from strategies_tree import files

from cptrules import tree as t
from cptrules.diagnostics import rendered
from cptrules.parse import parse
from cptrules.write import written

HERE = Path(__file__).parent
EVERY = [*(HERE.parent / "policies").rglob("*.policy"), *(HERE / "language").rglob("*.policy")]
POLICIES = sorted(path for path in EVERY if b"\xff" not in path.read_bytes())  # one is no text, on purpose

LAYOUT = """\
policy acme.ppo {
  title     "A plan"
  effective from 2024-01-01
}

source manual {
  title     "The manual"
  confirmed 2026-11-01
}

codes treatment = PT, OT, SLP excluding evaluations
codes sensory = 97533, 97532 to 2017-12-31, F84.*

timing timed_units {
  on        therapist_timed
  assisted  by cms_percentage
  only minutes where (contact = one_on_one)
  ties to   more minutes
  outcome   reduce carc CO-151 rarc N362
}

prior_authorization after_twelve {
  when      (a or b) and not (c or not d)
  after     12 visits of PT per calendar_year
  requested within 10 business_days after first visit in episode
  needs     GP for PT, GO for OT
  at most   one of GP, GO
  listed in ncci per day and billing_provider
}

test "one" {
  claim     on 2026-06-01
  line      97110 GP units 2 minutes 30
  variant "two" {
    set     diagnoses F84.0
    expect  deny by a on line 1
  }
}
"""


def check(file: t.File) -> None:
    text = written(file)
    parsed = parse(text)
    assert [rendered(d, text) for d in parsed.diagnostics] == []
    assert parsed.file == file
    assert written(parsed.file) == text


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(files)
def test_what_is_written_parses_to_the_same_tree(file: t.File) -> None:
    check(file)


def test_the_layout_is_the_one_of_the_language_page() -> None:
    assert written(parse(LAYOUT).file) == LAYOUT


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_every_policy_survives_writing(path: Path) -> None:
    parsed = parse(path.read_text(encoding="utf-8"))
    if not parsed.diagnostics:
        check(parsed.file)


def test_a_long_list_is_broken_behind_commas_and_aligned() -> None:
    text = written(parse("codes many = " + ", ".join(str(97000 + n) for n in range(60)) + "\n").file)
    first, *rest = text.splitlines()
    assert len(first) <= 120
    assert first.endswith(",")
    assert all(line.startswith(" " * 13) and line[13] != " " for line in rest)


def test_an_empty_file_is_empty() -> None:
    assert written(t.File()) == ""
