"""A kind of case: how one is made from a seed, how it is judged, and how it is written down for a person."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import attrs


@attrs.frozen
class Failure:
    """A case that crashed or disagreed: its seed, what happened, and the case ready to paste."""

    kind: str
    seed: str
    what: str
    pasted: str


@attrs.define
class Tally:
    """How many cases were tried, what became of them, and which failed."""

    cases: int = 0
    became: Counter[str] = attrs.field(factory=Counter)
    failures: list[Failure] = attrs.field(factory=list)

    def add(self, other: Tally) -> None:
        self.cases += other.cases
        self.became.update(other.became)
        self.failures.extend(other.failures)


@attrs.frozen
class Kind:
    """Cases of one kind. `judge` says in a word what became of a case and raises where it is wrong; a case's seed makes it again."""

    name: str
    says: str  # what holds of every case, for docs/reliability.md
    make: Callable[[Random], Any]
    judge: Callable[[Any], str]
    pasted: Callable[[Any], str]

    def try_one(self, seed: str) -> Tally:
        """Make the case of a seed and judge it."""
        case: Any = None
        try:
            case = self.make(Random(f"{self.name} {seed}"))
            return Tally(1, Counter([self.judge(case)]))
        except Exception:
            shown = "" if case is None else self.pasted(case)
            return Tally(1, Counter(["failed"]), [Failure(self.name, seed, traceback.format_exc(limit=-12), shown)])

    def batch(self, seed: str, cases: int) -> Tally:
        """Try so many cases one after another; the first has the seed `SEED.0`."""
        tally = Tally()
        for number in range(cases):
            tally.add(self.try_one(f"{seed}.{number}"))
        return tally
