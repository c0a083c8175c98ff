"""The fuzzing campaign: `python tests/campaign.py --profile nightly` tries random cases of every kind for an hour and writes down the figures.

    python tests/campaign.py --profile ci                     a few hundred cases of each kind, nothing written down
    python tests/campaign.py --profile nightly --workers 2    an hour; figures go to tests/campaign_figures.json
    python tests/campaign.py --kind json --repeat 7.0.3.12    one case again, by the seed that a failure was written down with
    python tests/campaign.py --page                           docs/reliability.md anew, from the figures

A case that crashes or disagrees is written to tests/found/, ready to paste, with the command that repeats it. Leaves with 1 where one did.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "bench" / "ten_rules")]

import attrs  # noqa: E402
from fuzzing.claims import SHIPPED, TEN_RULES, WORLDS  # noqa: E402
from fuzzing.edits import POLICIES  # noqa: E402
from fuzzing.kind import Failure, Tally  # noqa: E402
from fuzzing.laws import RANDOM_LAWS, SHIPPED_LAWS  # noqa: E402
from fuzzing.records import JSON  # noqa: E402
from fuzzing.second import COUNTING, WINDOWS  # noqa: E402
from fuzzing.segments import X12  # noqa: E402
from fuzzing.sessions import SESSIONS, UNITS  # noqa: E402
from measured import commit  # noqa: E402

EVERY = (JSON, X12, POLICIES, WORLDS, SHIPPED, COUNTING, WINDOWS, UNITS, TEN_RULES, SESSIONS, SHIPPED_LAWS, RANDOM_LAWS)
KINDS = {kind.name: kind for kind in EVERY}
FIGURES = HERE / "campaign_figures.json"
PAGE = HERE.parent / "docs" / "reliability.md"
FOUND = HERE / "found"
TABLE = ("<!-- figures -->", "<!-- end of figures -->")  # between them the page is written from the figures

# Cases a batch, and the share of a long run's time, by kind. A batch of the laws is one law on one policy.
PLAN = {
    "json": (400, 0.20), "x12": (200, 0.20), "policies": (40, 0.06), "worlds": (80, 0.08), "shipped": (20, 0.05), "counting": (100, 0.08),
    "windows": (100, 0.08), "units": (100, 0.12), "ten_rules": (40, 0.02), "sessions": (80, 0.05), "laws": (20, 0.04), "random_laws": (20, 0.02),
}  # fmt: skip
CI = {
    "json": 800, "x12": 500, "policies": 120, "worlds": 300, "shipped": 60, "counting": 300, "windows": 300, "units": 400, "ten_rules": 80,
    "sessions": 200, "laws": 60, "random_laws": 40,
}  # fmt: skip


@attrs.frozen
class Batch:
    """What a worker is given: a kind, a seed and a number of cases; it answers with its tally and what it took."""

    kind: str
    seed: str
    cases: int

    def run(self) -> tuple[str, Tally, float]:
        start = time.process_time()
        tally = KINDS[self.kind].batch(self.seed, self.cases)
        return self.kind, tally, time.process_time() - start


@attrs.define
class Run:
    """One run of the campaign: its command and commit, and the tally of each kind so far."""

    profile: str
    seed: int
    workers: int
    commit: str
    start: float = attrs.field(factory=time.monotonic)
    tallies: dict[str, Tally] = attrs.field(factory=lambda: {name: Tally() for name in KINDS})
    spent: dict[str, float] = attrs.field(factory=lambda: dict.fromkeys(KINDS, 0.0))

    def take(self, kind: str, tally: Tally, seconds: float) -> None:
        self.tallies[kind].add(tally)
        self.spent[kind] += seconds
        for failure in tally.failures:
            save(failure)

    def next_kind(self) -> str:
        """The kind that is furthest behind its share of the time."""
        total = sum(self.spent.values()) or 1.0
        return min(PLAN, key=lambda kind: self.spent[kind] / total - PLAN[kind][1])

    def record(self) -> dict[str, Any]:
        kinds = {name: _figures(tally) for name, tally in self.tallies.items() if tally.cases}
        command = f"python tests/campaign.py --profile {self.profile} --seed {self.seed} --workers {self.workers}"
        return {
            "commit": self.commit, "command": command, "python": platform.python_version(), "seconds": round(time.monotonic() - self.start),
            "cpu_seconds": round(sum(self.spent.values())), "kinds": kinds,
        }  # fmt: skip


def _figures(tally: Tally) -> dict[str, Any]:
    return {"cases": tally.cases, "failed": tally.became["failed"], "became": dict(sorted(tally.became.items()))}


def save(failure: Failure) -> None:
    """Write a case down, with what happened and the command that repeats it."""
    FOUND.mkdir(exist_ok=True)
    command = f"python tests/campaign.py --kind {failure.kind} --repeat {failure.seed}"
    path = FOUND / f"{failure.kind}-{failure.seed.replace('/', '_')}.txt"
    path.write_text(f"{command}\n\n{failure.what}\n{failure.pasted}\n", encoding="utf-8", errors="backslashreplace")
    print(f"{failure.kind} {failure.seed} failed: {path}", file=sys.stderr)


def batches_of_ci(seed: int) -> Iterator[Batch]:
    for kind, cases in CI.items():
        size = PLAN[kind][0]
        for number in range(-(-cases // size)):
            yield Batch(kind, f"{seed}.{number}", min(size, cases - number * size))


def batches_of_time(run: Run, until: float) -> Iterator[Batch]:
    number = 0
    while time.monotonic() < until:
        kind = run.next_kind()
        yield Batch(kind, f"{run.seed}.{number}", PLAN[kind][0])
        run.spent[kind] += 1e-3  # so that several workers are not all given one kind before the first has answered
        number += 1


def campaign(run: Run, batches: Iterator[Batch], keep: bool) -> Run:
    """Give the batches to the workers, and write the figures down every minute and at the end."""
    written = time.monotonic()
    for kind, tally, seconds in _worked(batches, run.workers):
        run.take(kind, tally, seconds)
        if keep and time.monotonic() - written > 60:
            write(run)
            written = time.monotonic()
    if keep:
        write(run)
    return run


def _worked(batches: Iterator[Batch], workers: int) -> Iterator[tuple[str, Tally, float]]:
    if workers == 1:
        yield from map(Batch.run, batches)
        return
    with multiprocessing.Pool(workers) as pool:
        waiting = [pool.apply_async(batch.run) for batch, _ in zip(batches, range(2 * workers), strict=False)]
        while waiting:
            yield waiting.pop(0).get()
            waiting += [pool.apply_async(batch.run) for batch, _ in zip(batches, range(1), strict=False)]


def kept() -> list[dict[str, Any]]:
    return list(json.loads(FIGURES.read_text(encoding="utf-8"))) if FIGURES.exists() else []


def write(run: Run) -> None:
    """Put this run's figures in the place of its earlier ones."""
    mine = run.record()
    others = [one for one in kept() if (one["commit"], one["command"]) != (mine["commit"], mine["command"])]
    FIGURES.write_text(json.dumps([*others, mine], indent=1) + "\n", encoding="utf-8")


# ---- the page ----------------------------------------------------------------------------------------------------


def table(runs: list[dict[str, Any]]) -> str:
    """The figures as they stand in docs/reliability.md: all runs together by kind, then each run."""
    rows = ["| kind | what holds of every case | cases | failed |", "|---|---|---|---|"]
    for name, kind in KINDS.items():
        mine = [run["kinds"][name] for run in runs if name in run["kinds"]]
        rows.append(f"| `{name}` | {kind.says} | {sum(one['cases'] for one in mine):,} | {sum(one['failed'] for one in mine):,} |")
    every = [one for run in runs for one in run["kinds"].values()]
    rows.append(f"| all | | {sum(one['cases'] for one in every):,} | {sum(one['failed'] for one in every):,} |")
    rows += ["", "| commit | command | seconds | of one core | cases | failed |", "|---|---|---|---|---|---|"]
    for run in runs:
        cases, failed = (sum(one[key] for one in run["kinds"].values()) for key in ("cases", "failed"))
        rows.append(f"| {run['commit']} | `{run['command']}` | {run['seconds']:,} | {run['cpu_seconds']:,} | {cases:,} | {failed:,} |")
    return "\n".join(rows)


def page() -> str:
    """docs/reliability.md with the figures of today."""
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(TABLE[0])[0], text.split(TABLE[1])[1]
    return f"{before}{TABLE[0]}\n{table(kept())}\n{TABLE[1]}{after}"


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--profile", choices=("ci", "nightly"), default="ci")
    asked.add_argument("--seconds", type=int, default=3600, help="how long a nightly run takes")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--workers", type=int, default=1)
    asked.add_argument("--kind", choices=tuple(KINDS), help="with --repeat: which kind of case")
    asked.add_argument("--repeat", metavar="SEED", help="try one case again")
    asked.add_argument("--page", action="store_true", help="write docs/reliability.md from the figures")
    words = asked.parse_args()
    if words.page:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if words.repeat:
        tally = KINDS[words.kind].try_one(words.repeat)
        for failure in tally.failures:
            print(failure.what, failure.pasted, sep="\n")
        return bool(tally.failures)
    return _ran(words)


def _ran(words: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))  # what was tried so far is written down
    run = Run(words.profile, words.seed, words.workers, commit())
    keep = words.profile == "nightly"
    batches = batches_of_time(run, time.monotonic() + words.seconds) if keep else batches_of_ci(words.seed)
    try:
        campaign(run, batches, keep)
    finally:
        if keep:
            write(run)
        for name, tally in run.tallies.items():
            print(f"{name:12} {tally.cases:9,} cases {tally.became['failed']:5,} failed")
    return any(tally.failures for tally in run.tallies.values())


if __name__ == "__main__":
    raise SystemExit(main())
