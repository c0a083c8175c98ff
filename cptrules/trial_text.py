"""What the tests of policy files came to, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from .coverage_text import in_full, in_short

if TYPE_CHECKING:
    from .mutation import Mutated, Unnoticed
    from .trial import Failure, Trial

WIDTH: Final = 100


def trial_text(trial: Trial, every: bool = False) -> str:
    """Write what the tests of one file came to; a failure shows the claim, what was expected, what came and why.

    With `every`, each clause and boundary that no test tries from both sides is named.
    """
    failed = len(trial.failures)
    head = f"{trial.path}  {trial.tests} test{_s(trial.tests)}, {trial.cases} case{_s(trial.cases)}   {trial.cases - failed} passed, {failed} failed"
    lines = [head]
    lines += [failure_text(failure) for failure in trial.failures]
    return "\n".join([*lines, *(in_full(trial.coverage) if every else in_short(trial.coverage))])


def failure_text(failure: Failure) -> str:
    """Write a case that did not come out as expected."""
    lines = [f"  FAIL  {failure.title}      {failure.path}:{failure.line}"]
    for word, texts in (("claim", (failure.claim,)), ("expected", failure.expected), ("got", failure.got), ("because", failure.because)):
        lines += _labelled(word, texts)
    return "\n".join(lines)


def _labelled(word: str, texts: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for text in texts:
        wrapped = textwrap.wrap(text, WIDTH - 22) or [""]
        lines += [f"        {word if not lines else '':<10}{wrapped[0]}", *(" " * 20 + more for more in wrapped[1:])]
    return lines


def mutated_text(mutated: Mutated) -> str:
    """Write how many changes of a file the tests notice, and each that none does."""
    tried, unnoticed = mutated.tried, len(mutated.unnoticed)
    refused = f"; {mutated.refused} more leave no policy" if mutated.refused else ""
    noticed = f"{mutated.noticed} noticed by a test ({_percent(mutated)}), {unnoticed} by none{refused}"
    head = f"{mutated.path}  {tried} change{_s(tried)} by one step   {noticed}"
    return "\n".join([head, *(_unnoticed(one) for one in mutated.unnoticed)])


def _percent(mutated: Mutated) -> str:
    return f"{mutated.share:.0f}%" if mutated.noticed in (0, mutated.tried) else f"{min(max(mutated.share, 1), 99):.0f}%"


def _unnoticed(one: Unnoticed) -> str:
    change = f"{one.was} -> {one.becomes}" if one.becomes else f"without {one.was}"
    clause = textwrap.shorten(one.clause, WIDTH - 40, placeholder=" ...")
    return f"  {f'{one.line}:{one.column}':<8} {change:<32}  {clause}"


def _s(number: int) -> str:
    return "" if number == 1 else "s"
