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
from cptrules.testing import LAWS, SESSION_LAWS, cases, policies, sessions

# The law that reads a report beside a plain reading is cheap and comes first; those that try each case in many ways get fewer cases.
CHEAP = ("a_plain_reading_agrees",)
SEED = 20261125


def tried(laws: tuple[Any, ...], drawn: Any, examples: int, by: Policies | None = None) -> str | None:
    """Try some laws together on so many cases, of one policy set or of random ones; the name of the first that breaks."""
    broken: list[str] = []

    @seed(SEED)
    @settings(max_examples=max(1, examples), database=None, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    @given(st.data())
    def run(data: Any) -> None:
        policy = by if by is not None else _random(data.draw(policies()))
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
    """The first law that breaks: the cheap ones on many cases, then the others, then those of sessions."""
    cheap = tuple(law for law in LAWS if law.__name__ in CHEAP)
    others = tuple(law for law in LAWS if law.__name__ not in CHEAP)
    every = {name: cptrules.load(name) for name in shipped()}
    speaking = {name: by for name, by in every.items() if any(policy.payers for policy in by.policies)}
    for laws, of_random, of_each in ((cheap, 400, 40), (others, 60, 5), (cheap, 2000, 200), (others, 400, 30)):
        found = tried(laws, cases, round(of_random * budget))
        for by in speaking.values():
            found = found or tried(laws, cases(by), round(of_each * budget), by)
        if found:
            return found
        for by in speaking.values() if laws is others else ():
            found = found or tried(SESSION_LAWS, sessions(by), round(of_each * budget), by)
        if found:
            return found
    return None


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        FOLDER = Path(folder)
        print(first_broken(float(sys.argv[1])) or "none")
