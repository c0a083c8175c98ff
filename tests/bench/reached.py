"""What `cptrules.testing.cases` reaches of each shipped policy: `python tests/bench/reached.py [--seeds N] [--examples N] [POLICY ...]`.

For each policy: how many of its rules, clauses and limits were tried from both sides within so many examples, with each seed from 1 up; after how
many the last side was reached; then what was not, side by side. `--write` puts the table of all policies into docs/testing.md.
"""

from __future__ import annotations

import argparse
import platform
import sys
import warnings
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import attrs
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import HypothesisWarning

sys.path.insert(0, str(Path(__file__).parents[1]))

from measured import commit, put_between

import cptrules
from cptrules.coverage import KINDS, Coverage, coverage, probes_of
from cptrules.coverage_text import where
from cptrules.errors import InputError
from cptrules.loading import shipped
from cptrules.testing import Case, cases

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
TABLE = ("<!-- reached -->", "<!-- end of reached -->")


class _AllReached(Exception):
    """Every side was reached: the cases that would follow show nothing more."""


@attrs.frozen
class Found:
    """What one run of so many cases reached, and after how many nothing new came."""

    seed: int
    coverage: Coverage
    last: int

    @property
    def missing(self) -> list[str]:
        """The sides that no case reached."""
        return [f"{where(point)}: never {side}" for kind in KINDS for point, side in self.coverage.missing(kind)]


def reached(name: str, examples: int, start: int) -> Found:
    """Try so many cases of a policy, the same ones for the same seed, or as many as it takes to reach everything."""
    policies = cptrules.load(name)
    (acme,) = policies.policies
    found, trying = coverage(acme), probes_of(acme)
    quiet = list(HealthCheck)
    number = last = 0

    @seed(start)
    @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate], verbosity=Verbosity.quiet, suppress_health_check=quiet)
    @given(cases(policies))
    def look(case: Case) -> None:
        nonlocal found, number, last
        if len(found.seen) == 2 * len(found.points):
            raise _AllReached
        number += 1
        try:
            report = policies.check(case.claim, case.history, case.session)
        except InputError:
            return
        more = found.add(trying.tried(case.claim, case.history, case.session, report))
        last = number if more != found else last
        found = more

    with suppress(_AllReached), warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)  # of the case it stopped at Hypothesis makes a text, however long
        look()
    return Found(start, found, last)


def row(name: str, every: list[Found]) -> str:
    """One line of the table: of each kind those that were reached from both sides with every seed."""
    whole = every[0].coverage
    both = [len(set.intersection(*(set(one.coverage.both(kind)) for one in every))) for kind in KINDS]
    cells = [f"{many} of {len(whole.of(kind))}" for many, kind in zip(both, KINDS, strict=True)]
    told = f"{sum(not one.missing for one in every)} of {len(every)}"
    return f"| {name} | {' | '.join(cells)} | {2 * len(whole.points)} | {told} | {', '.join(f'{one.last:,}' for one in every)} |"


HEAD = """| policy | rules | clauses | boundaries | sides | seeds that reached all | last reached after |
|---|---|---|---|---|---|---|"""


def speaking() -> list[str]:
    """The shipped policies that speak for a payer."""
    files = {name: cptrules.load(name).policies for name in shipped() if not name.startswith("libraries.")}
    return sorted(name for name, policies in files.items() if policies[0].payers)


def measured(names: list[str], examples: int, seeds: int) -> tuple[list[str], list[str]]:
    """The rows of some policies, printed as they come, and what was not reached."""
    rows: list[str] = []
    missing: list[str] = []
    print(HEAD, flush=True)
    for name in names:
        every = [reached(name, examples, start) for start in range(1, seeds + 1)]
        rows.append(row(name, every))
        missing += [f"- {name}, seed {found.seed}: {one}" for found in every for one in found.missing]
        print(rows[-1], flush=True)
    return rows, missing


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--examples", type=int, default=2000)
    asked.add_argument("--seeds", type=int, default=3, help="from 1 up to this")
    asked.add_argument("--write", action="store_true", help="put the table into docs/testing.md; of all policies only")
    asked.add_argument("policy", nargs="*")
    words = asked.parse_args()
    if words.write and words.policy:
        asked.error("--write is of all policies")
    rows, missing = measured(words.policy or speaking(), words.examples, words.seeds)
    left = "\n".join(["Not reached:", "", *missing] if missing else ["Everything is reached with every seed."])
    print(f"\n{left}")
    if words.write:
        command = f"python tests/bench/reached.py --seeds {words.seeds} --examples {words.examples} --write"
        told = f"`{command}` wrote this of commit {commit()}, with Hypothesis {version('hypothesis')} and Python {platform.python_version()}."
        put_between(PAGE, *TABLE, "\n".join([HEAD, *rows, "", f"{left} {told}" if not missing else f"{left}\n\n{told}"]))
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
