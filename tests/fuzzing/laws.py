"""The laws of `cptrules.testing` on the cases that it aims at the boundaries of a policy, under every shipped policy and under random ones.

A batch is one run of Hypothesis with one law (what fails is shrunk); a case is one claim with its history, tried under that law.
"""

from __future__ import annotations

import traceback
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from typing import Any

import attrs
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import cptrules
from cptrules import InputError, Policies
from cptrules.testing import LAWS, SESSION_LAWS, cases, policies, sessions

from .claims import payers
from .edits import folder
from .kind import Failure, Tally

Law = Any
CASES = 8  # of each random policy: to load one costs as much as many cases


@cache
def shipped(name: str) -> tuple[Policies, Any, Any]:
    """A shipped policy with its cases and its sessions."""
    loaded = cptrules.load(name)
    return loaded, cases(loaded), sessions(loaded)


@lru_cache(64)
def random(text: str) -> tuple[Policies, Any, Any]:
    path = Path(folder(), "random.policy")
    path.write_text(text, encoding="utf-8")
    loaded = cptrules.load(path)
    return loaded, cases(loaded), sessions(loaded)


@attrs.frozen
class Laws:
    """Cases that Hypothesis draws; `random` policies or the shipped ones."""

    name: str
    says: str
    of_random: bool

    def try_one(self, seed: str) -> Tally:
        """Try the whole batch of a seed again: a seed here is of a batch and its number of cases, as `1.4/20`."""
        name, cases = seed.split("/")
        return self.batch(name, int(cases))

    def batch(self, seed_: str, number: int) -> Tally:
        chance = Random(f"{self.name} {seed_}")
        law, tally = chance.choice((*LAWS, *SESSION_LAWS)), Tally()
        try:
            self._run(chance, law, number, tally)
        except Exception as error:
            tally.became["failed"] += 1
            told = traceback.format_exc(limit=-12)
            tally.failures.append(Failure(self.name, f"{seed_}/{number}", told, str(error)))
        return tally

    def _run(self, chance: Random, law: Law, number: int, tally: Tally) -> None:
        name = chance.choice(payers())[0]

        examples = -(-number // (CASES if self.of_random else 1))  # rounded up: never fewer than asked for

        @seed(chance.randrange(2**32))
        @settings(max_examples=examples, database=None, phases=(Phase.generate, Phase.shrink), deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.data())
        def tried(data: Any) -> None:
            by, of_claims, of_sessions = random(data.draw(self._texts())) if self.of_random else shipped(name)
            for _ in range(CASES if self.of_random else 1):
                tally.became[_became(law, by, data.draw(of_sessions if law in SESSION_LAWS else of_claims))] += 1
                tally.cases += 1

        tried()

    @staticmethod
    @cache
    def _texts() -> Any:
        return policies()


def _became(law: Law, by: Policies, case: Any) -> str:
    try:
        law(by, case)
    except InputError:
        return "refused"  # bad input, told with its path
    return str(law.__name__)


SHIPPED_LAWS = Laws("laws", "the laws of cptrules.testing hold of cases at the boundaries of every shipped policy", False)
RANDOM_LAWS = Laws("random_laws", "random well-typed policies load, and the laws of cptrules.testing hold of cases at their boundaries", True)

__all__ = ["RANDOM_LAWS", "SHIPPED_LAWS"]
