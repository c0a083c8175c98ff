"""What `cptrules.testing.cases` reaches of each shipped policy: `python tests/bench/reached.py [--examples N] [POLICY ...]`.

For each policy: how many of its clauses were decided both ways, and how many of its limits, dates and windows were tried at
the limit and just past it, within so many examples; then what was not, side by side.
"""

from __future__ import annotations

import argparse
import sys

from hypothesis import HealthCheck, Phase, given, settings

import cptrules
from cptrules.coverage import Coverage, coverage, probes_of
from cptrules.coverage_text import where
from cptrules.errors import InputError
from cptrules.testing import Case, cases

SHIPPED = (
    "anthem.commercial", "bcbs.massachusetts", "bcbs.massachusetts.joined", "california.workers_compensation", "fep.blue_focus",
    "florida.pip", "medicare.part_b.outpatient_therapy", "medicare.part_b.therapy_record", "nc_medicaid.outpatient_therapy",
    "ny_medicaid.outpatient_therapy", "uhc.medicare_advantage", "washington.lni",
)  # fmt: skip


def reached(name: str, examples: int) -> tuple[Coverage, int]:
    """Try so many cases of a policy, always the same ones; with how many it took until nothing new was reached."""
    policies = cptrules.load(name)
    acme = policies.policies[0]
    found, trying = coverage(acme), probes_of(acme)
    quiet = list(HealthCheck)
    number = last = 0

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=quiet)
    @given(cases(policies))
    def look(case: Case) -> None:
        nonlocal found, number, last
        number += 1
        if len(found.seen) == 2 * len(found.points):
            return  # all is reached: the rest would show nothing
        try:
            report = policies.check(case.claim, case.history, case.session)
        except InputError:
            return
        more = found.add(trying.tried(case.claim, case.history, case.session, report))
        last = number if more != found else last
        found = more

    look()
    return found, last


def row(name: str, found: Coverage, last: int) -> str:
    """One line of the table."""
    cells = [f"{len(found.both(kind))} of {len(found.of(kind))}" for kind in ("rule", "clause", "boundary")]
    return f"| {name} | {' | '.join(cells)} | {last} |"


def main(names: list[str], examples: int) -> int:
    """Print the table, then what was not reached."""
    print("| policy | rules | clauses | boundaries | after |\n|---|---|---|---|---|", flush=True)
    missing: list[str] = []
    for name in names:
        found, last = reached(name, examples)
        print(row(name, found, last), flush=True)
        missing += [f"{name}: {where(point)}: never {side}" for kind in ("rule", "clause", "boundary") for point, side in found.missing(kind)]
    print("\nnot reached:" if missing else "\nall is reached")
    print("\n".join(f"- {one}" for one in missing), flush=True)
    return 1 if missing else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("policy", nargs="*", default=list(SHIPPED))
    given_ = parser.parse_args()
    sys.exit(main(given_.policy, given_.examples))
