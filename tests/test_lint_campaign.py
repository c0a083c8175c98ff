"""The campaign of `lint`: a few policies of each sort, none of which may fail; what fails is counted and shown."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import lint_campaign
import pytest
from lint_campaign import campaign, few, lint, reordered, told

from cptrules.testing import policies

HIDDEN = """policy acme.ppo { title "Acme"  payer "ACME" }
source manual { title "The manual"  confirmed 2026-11-01 }
limit first_limit {
  count visits of PT per calendar_year
  at most 30
  outcome deny
  cite manual
}
limit second_limit {
  count visits of PT per calendar_year
  at most 30
  outcome deny
  cite manual
}
"""


@pytest.mark.parametrize("texts", [policies(), few()], ids=["whole language", "few things"])
def test_no_policy_fails(texts: Any) -> None:
    tally: Counter[str] = Counter()
    assert campaign(6, 77, texts, tally) == []
    assert tally["policies"] == 6


def test_what_does_not_hold_is_counted_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise AssertionError("not so")

    monkeypatch.setattr(lint_campaign, "is_so", broken)
    tally: Counter[str] = Counter()
    failures = campaign(12, 5, few(), tally)
    assert tally["failed"] == len(failures) > 0
    assert "policy acme.ppo" in failures[0]
    assert "not so" in failures[0]


def test_the_order_of_blocks_says_nothing_and_what_they_say_does(tmp_path: Path) -> None:
    said = told(lint(HIDDEN, tmp_path)[1])
    assert said["W011", ""] == 1
    turned = reordered(HIDDEN, Random(3))
    assert turned != HIDDEN
    assert sorted(turned.split("\n")) == sorted(HIDDEN.split("\n"))
    assert told(lint(turned, tmp_path)[1]) == said
    assert told(lint(HIDDEN.replace("at most 30", "at most 31", 1), tmp_path)[1]) == said
    assert told(lint(HIDDEN.replace("of PT per", "of OT per", 1), tmp_path)[1]) != said
