"""Try the laws of cptrules.testing on whatever cptrules is imported, and print the name of the first that breaks, or `none`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import cptrules
from cptrules import InputError, Policies, checking
from cptrules.loading import shipped
from cptrules.policy import Timing
from cptrules.testing import LAWS, SESSION_LAWS, cases, option_policies, policies, sessions

# The laws that read a report beside another reading are cheap and come first; those that try each case in many ways get fewer cases.
CHEAP = ("a_plain_reading_agrees", "evaluators_agree")
AGREES = "evaluators_agree"  # comes last, and alone has compiled code; the others look at the reference, in which the faults are planted
_FIRST = ("a_plain_reading_agrees", "", AGREES)
ORDERED = tuple(sorted(LAWS, key=lambda law: _FIRST.index(law.__name__ if law.__name__ in _FIRST else "")))
SEED = 20261125
CASES = 16  # of each random policy: to load one costs as much as many cases


def tried(laws: tuple[Any, ...], drawn: Any, examples: int, by: Policies | None = None) -> str | None:
    """Try some laws together on so many cases, of one policy set or of random ones; the name of the first that breaks."""
    broken: list[str] = []
    both = None if by is None else _twice(by)

    @seed(SEED)
    @settings(max_examples=max(1, examples), database=None, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    @given(st.data())
    def run(data: Any) -> None:
        policy, compiled = both or _twice(_random(data.draw(policies())))
        for _ in range(1 if by is not None else CASES):
            case = data.draw(drawn if by is not None else drawn(policy))
            for law in laws:
                alone = law.__name__ != AGREES
                checking.FEW = sys.maxsize if alone else 0
                try:
                    law(policy if alone else compiled, case)
                except InputError:
                    continue
                except Exception:  # a law that breaks, or a crash under it: the fault is seen either way
                    broken.append(law.__name__)
                    raise

    try:
        run()
    except Exception as error:
        print(error, file=sys.stderr)
    return broken[0] if broken else None


def _twice(by: Policies) -> tuple[Policies, Policies]:
    """The same policies for the reference and to be compiled."""
    return by, attrs.evolve(by)


def _random(text: str) -> Policies:
    path = FOLDER / "random.policy"
    path.write_text(text, encoding="utf-8")
    return cptrules.load(path)


def first_broken(budget: float) -> str | None:
    """The first law that breaks: on each option of the language by itself, then on random and shipped policies; few cases first, then more."""
    cheap = tuple(law for law in ORDERED if law.__name__ in CHEAP)
    for laws, drawn, examples in ((ORDERED[:1], cases, 16), (SESSION_LAWS, sessions, 16), (ORDERED, cases, 3), (ORDERED, cases, 16)):
        found = _of_options(laws, drawn, round(examples * budget))
        if found:
            return found
    for times in (1, 4):
        many = budget * times
        found = tried(cheap, cases, round(50 * many)) or tried(ORDERED, cases, round(15 * many))
        found = found or _of_shipped(cheap, cases, round(25 * many)) or _of_shipped(SESSION_LAWS, sessions, round(15 * many))
        found = found or _of_shipped(ORDERED, cases, round(8 * many))
        if found:
            return found
    return None


def _of_options(laws: tuple[Any, ...], drawn: Any, examples: int) -> str | None:
    """The same under each option of the language by itself; laws of sessions where minutes are judged."""
    for text in option_policies():
        by = _random(text)
        if drawn is cases or any(isinstance(rule.demand, Timing) for policy in by.policies for rule in policy.rules):
            found = tried(laws, drawn(by), examples, by)
            if found:
                return found
    return None


def _of_shipped(laws: tuple[Any, ...], drawn: Any, examples: int) -> str | None:
    """The same under each shipped policy that speaks for a payer."""
    for by in map(cptrules.load, shipped()):
        if any(policy.payers for policy in by.policies):
            found = tried(laws, drawn(by), examples, by)
            if found:
                return found
    return None


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        FOLDER = Path(folder)
        print(first_broken(float(sys.argv[1])) or "none")
