"""Random edits of shipped policies: no crash, one report for a one-word edit, the intended word for a misspelling.

`python tests/random_edits.py` makes the 4,000 of docs/bench.md; here a few hundred are made with the same thresholds.
"""

from __future__ import annotations

import random

from random_edits import KINDS, edited, measured, misspelt, words_of


def test_one_edit_is_one_report_and_the_intended_word_is_suggested() -> None:
    measure = measured(180)
    assert measure.edits == 180
    assert sum(measure.reported.values()) > 90
    assert measure.one_report >= 95
    assert measure.intended >= 95


def test_an_edit_is_of_one_word_or_one_line() -> None:
    text = 'limit a {\n  count visits of PT per day  # a note\n  message "some words"\n}\n'
    rng = random.Random(3)
    for kind in KINDS:
        edit = edited(text, kind, rng)
        assert len(set(text.split("\n")) ^ set(edit.text.split("\n"))) <= 2
    assert [word.group() for word in words_of(text)] == ["limit", "a", "count", "visits", "of", "PT", "per", "day", "message"]
    assert all(misspelt("visits", rng) != "visits" for _ in range(50))
