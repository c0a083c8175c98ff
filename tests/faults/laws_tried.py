"""Try the laws of cptrules.testing on whatever cptrules is imported, and print the name of the first that breaks, or `none`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import cptrules
from cptrules import InputError, Policies
from cptrules.loading import shipped
from cptrules.testing import LAWS, SESSION_LAWS, cases, option_policies, policies, sessions

# The laws that read a report beside another reading are cheap and come first; those that try each case in many ways get fewer cases.
CHEAP = ("a_plain_reading_agrees", "evaluators_agree")
SEED = 20261125
CASES = 16  # of each random policy: to load one costs as much as many cases


def tried(laws: tuple[Any, ...], drawn: Any, examples: int, by: Policies | None = None) -> str | None:
    """Try some laws together on so many cases, of one policy set or of random ones; the name of the first that breaks."""
    broken: list[str] = []

    @seed(SEED)
    @settings(max_examples=max(1, examples), database=None, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    @given(st.data())
    def run(data: Any) -> None:
        policy = by if by is not None else _random(data.draw(policies()))
        for _ in range(1 if by is not None else CASES):
            case = data.draw(drawn if by is not None else drawn(policy))
            for law in laws:
                try:
                    law(policy, case)
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


def _random(text: str) -> Policies:
    path = FOLDER / "random.policy"
    path.write_text(text, encoding="utf-8")
    return cptrules.load(path)


def first_broken(budget: float) -> str | None:
    """The first law that breaks: on each option of the language by itself, on the shipped policies, on random ones; at last all on more cases."""
    cheap = tuple(law for law in LAWS if law.__name__ in CHEAP)
    for times in (1, 4):
        many = budget * times
        found = _of_options(cheap, round(3 * many)) or _of_options(LAWS, round(2 * many))
        found = found or tried(cheap, cases, round(50 * many)) or tried(LAWS, cases, round(15 * many))
        found = found or _of_shipped(cheap, cases, round(25 * many)) or _of_shipped(SESSION_LAWS, sessions, round(15 * many))
        found = found or _of_shipped(LAWS, cases, round(8 * many))
        if found:
            return found
    return None


def _of_options(laws: tuple[Any, ...], examples: int) -> str | None:
    """The same under each option of the language by itself."""
    for text in option_policies():
        by = _random(text)
        found = tried(laws, cases(by), examples, by)
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
