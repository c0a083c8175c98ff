"""The benchmarks: one command, one table, ratios side by side in one run (docs/performance.md says how to read it).

    python tests/bench/run.py [--claims 1000] [--rounds 5] [--write docs/performance.md]

The ten rules, their oracle, generator and the hand-written limit lie in ten_rules, as they were given with the project's contract; msgspec
(`pip install msgspec`) and datalogic-py are timed where they are installed. Seconds are of the processor, every job is run
once a round, and none keeps what it made.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "ten_rules"))

import cptrules_adapter as adapter  # noqa: E402
import facts as flat  # noqa: E402
import gen  # noqa: E402
import handwritten  # noqa: E402
import oracle  # noqa: E402
from timing import each  # noqa: E402

import cptrules  # noqa: E402
from cptrules import Claim, History  # noqa: E402

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
STRUCTS = "msgspec: bytes to Structs to findings"
Job = Callable[[], Any]


class Table:
    """Rows of a Markdown table, printed as they come."""

    def __init__(self, *head: str) -> None:
        self.lines: list[str] = []
        self.row(*head)
        self.row(*("---" if place == 0 else "---:" for place in range(len(head))))

    def row(self, *cells: str) -> None:
        self.lines.append(f"| {' | '.join(cells)} |")
        print(self.lines[-1], flush=True)


class Fresh:
    """A job on objects that are made anew for each round, outside the time that counts: nothing is remembered from a round before."""

    def __init__(self, make: Callable[[], list[Any]], work: Callable[[list[Any]], Any]) -> None:
        self.make, self.work = make, work


def timed(jobs: dict[str, Job | Fresh], rounds: int) -> dict[str, tuple[float, float]]:
    """The least and the median seconds of each job, all jobs once a round."""
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(rounds + 1):
        for name, job in jobs.items():
            made = job.make() if isinstance(job, Fresh) else None
            gc.collect()
            gc.disable()
            start = time.process_time()
            if isinstance(job, Fresh):
                job.work(made)  # type: ignore[arg-type]
            else:
                job()
            if number:
                taken[name].append(time.process_time() - start)
            gc.enable()
    return {name: (min(found), statistics.median(found)) for name, found in taken.items()}


# ---- the ten rules -----------------------------------------------------------------------------------------------


def ten_rules(table: Table, count: int, rounds: int) -> None:
    cases = gen.make(count)
    truth = [oracle.findings(claim, past) for claim, past in cases]
    engine = adapter.CptRules()
    pairs = [adapter.renamed(claim, past) for claim, past in cases]
    blobs = [(json.dumps(claim).encode(), json.dumps(past).encode()) for claim, past in pairs]
    assert engine.run([engine.prepare(*pair) for pair in pairs]) == truth, "the findings are not the oracle's"
    natural = [handwritten.build_natural(claim, past) for claim, past in cases]
    assert [handwritten.check_natural(*pair) for pair in natural] == truth
    check = engine.policies.check

    def read() -> list[Any]:
        return [engine.prepare(*pair) for pair in pairs]

    jobs: dict[str, Job | Fresh] = {
        "handwritten, natural objects": each(handwritten.check_natural, natural),
        "check: statuses and findings final": Fresh(read, lambda made: each(check, made)()),
        "check, and the findings read in short": Fresh(read, engine.run),
        "handwritten, dicts to natural objects": each(handwritten.build_natural, cases),
        "handwritten, dicts to findings": each(lambda c, h: handwritten.check_natural(*handwritten.build_natural(c, h)), cases),
        "dicts to objects": each(engine.prepare, pairs),
        "dicts to report": each(lambda c, h: check(*engine.prepare(c, h)), pairs),
        "JSON to report": each(lambda c, h: check(Claim.from_json(c), History.from_json(h)), blobs),
        "json.loads alone": each(lambda c, h: (json.loads(c), json.loads(h)), blobs),
        **_others(cases),
    }
    took = timed(jobs, rounds)
    for name, (least, middle) in took.items():
        whole = name.startswith(("handwritten, dicts", "dicts", "JSON", "json", "msgspec", "facts"))
        limit = "handwritten, dicts to findings" if whole else "handwritten, natural objects"
        if name.startswith(("JSON", "json", "msgspec")) and STRUCTS in took:
            limit = STRUCTS
        ratio = least / took[limit][0]
        table.row(name, _us(least, count), _us(middle, count), f"{ratio:.2f} x {limit}")


def _others(cases: list[Any]) -> dict[str, Job | Fresh]:
    """What is installed of the field: msgspec into Structs, and datalogic-py on facts that Python worked out."""
    found: dict[str, Job | Fresh] = {}
    try:
        import model
    except ImportError:
        pass
    else:
        encoded = model.encoded(cases)

        def structs() -> None:
            for blob in encoded:
                case = model.decode_struct(blob)
                handwritten.check_natural(case.claim, case.history)

        found[STRUCTS] = structs
    found["facts worked out in Python, for engines that take facts"] = each(flat.facts, cases)
    return found


def _us(seconds: float, count: int) -> str:
    return f"{seconds / count * 1e6:.1f} us"


# ---- growth ------------------------------------------------------------------------------------------------------

_RULES = """deadline filing_{n} {{ that received within 365 days after date_of_service  outcome deny  cite manual }}
deadline later_{n} {{ that received within 730 days after date_of_service  outcome deny  cite manual }}
limit visits_{n} {{ count treatment_days of PT, OT per calendar_year  at most 30  outcome deny  cite manual }}
limit more_visits_{n} {{ count treatment_days of PT, OT per calendar_year  at most 60  outcome deny  cite manual }}
limit dollars_{n} {{ count allowed of PT, SLP per calendar_year  at most $2480  unless modifier in KX  outcome deny  cite manual }}
require exercise_{n} {{ on 97110  that modifier in GP, GO  outcome deny  cite manual }}
limit manual_{n} {{ on 97140  count units of 97140 per day  at most 4  outcome deny  cite manual }}
limit activities_{n} {{ on 97530  count units of 97530 per day  at most 4  outcome deny  cite manual }}
limit neuromuscular_{n} {{ on 97112  count units of 97112 per day  at most 4  outcome deny  cite manual }}
require ultrasound_{n} {{ on 97035  that modifier in GP, GO  outcome deny  cite manual }}
"""
_OTHER = "limit other_{0} {{ on {0}  count units of {0} per day  at most 1  outcome deny  cite manual }}\n"
_VISITS = "limit visits_{0} {{\n  count visits of PT per calendar_year\n  at most {1}\n  outcome deny carc CO-119\n  cite manual\n}}\n"
_HEAD = 'policy bench.p{n} {{\n  title "P{n}"\n  payer "{payer}"\n}}\nsource manual {{ title "Manual" }}\n'


def _loaded(folder: Path, texts: list[str]) -> cptrules.Policies:
    for number, text in enumerate(texts):
        (folder / f"p{number}.policy").write_text(text, encoding="utf-8")
    return cptrules.load(folder)


def growth(table: Table, count: int, rounds: int) -> None:
    """Ten rules a payer, for one payer, ten, a hundred; and of one payer rules about codes that the claims have not."""
    jobs: dict[str, Job | Fresh] = {}
    pairs = [adapter.renamed(claim, past) for claim, past in gen.make(count)]
    with tempfile.TemporaryDirectory() as name:
        for rules in (10, 100, 1000):
            folder = Path(name, str(rules))
            folder.mkdir()
            policies = _loaded(folder, [_HEAD.format(n=n, payer=f"PAYER{n}") + _RULES.format(n=n) for n in range(rules // 10)])
            spread = [({**c, "payer": f"PAYER{i % (rules // 10)}"}, h) for i, (c, h) in enumerate(pairs)]
            jobs[f"{rules} rules, ten a payer"] = _job(policies, spread)
        for others in (90, 990):
            folder = Path(name, f"one{others}")
            folder.mkdir()
            text = _HEAD.format(n=0, payer="PAYER0") + _RULES.format(n=0)
            text += "".join(map(_OTHER.format, (f"9{n:04d}" for n in range(others))))
            ours = [({**c, "payer": "PAYER0"}, h) for c, h in pairs]
            jobs[f"{others + 10} rules, one payer, {others} about other codes"] = _job(_loaded(folder, [text]), ours)
        took = timed(jobs, rounds)
    first = took["10 rules, ten a payer"][0]
    for what, (least, middle) in took.items():
        table.row(what, _us(least, count), _us(middle, count), f"{least / first:.2f} x 10 rules")


def _job(policies: cptrules.Policies, pairs: list[Any]) -> Fresh:
    check = policies.check
    for claim, past in pairs:
        check(Claim.from_dict(claim), History.from_dict(past))
    return Fresh(lambda: [(Claim.from_dict(c), History.from_dict(h)) for c, h in pairs], lambda made: each(check, made)())


def history(table: Table, count: int, rounds: int) -> None:
    engine = adapter.CptRules()
    jobs: dict[str, Job | Fresh] = {}
    for balances in (False, True):
        for length in (0, 60, 600):
            pairs = [adapter.renamed(c, h, balances) for c, h in gen.make(count, seed=2, history_length=length)]
            jobs[f"{length} services, given as {'balances' if balances else 'services'}"] = _job(engine.policies, pairs)
    took = timed(jobs, rounds)
    for name, (least, middle) in took.items():
        base = f"60 services,{name.split(',')[1]}"
        table.row(name, _us(least, count), _us(middle, count), f"{least / took[base][0]:.2f} x 60")


def claims(table: Table, rounds: int) -> None:
    engine = adapter.CptRules()
    jobs: dict[str, Job | Fresh] = {}
    for count in (300, 3000):
        pairs = [adapter.renamed(c, h) for c, h in gen.make(count, seed=3)]
        jobs[f"{count} claims, dicts to report"] = each(lambda c, h: engine.policies.check(*engine.prepare(c, h)), pairs)
    took = timed(jobs, rounds)
    each_of = {name: least / int(name.split()[0]) for name, (least, _) in took.items()}
    for name, (least, middle) in took.items():
        number = int(name.split()[0])
        table.row(name, _us(least, number), _us(middle, number), f"{each_of[name] / min(each_of.values()):.2f} x the least, a claim")


def long_file(table: Table) -> None:
    """A policy file of ten thousand lines: parsed, loaded, linted."""
    from cptrules.parse import parse

    text = _HEAD.format(n=0, payer="PAYER0")
    number = 0
    while text.count("\n") < 10_000:
        text += _VISITS.format(number, number % 60)
        number += 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "long.policy")
        path.write_text(text, encoding="utf-8")
        for name, work in (("parse", lambda: parse(text, str(path))), ("load", lambda: _load_afresh(path)), ("lint", lambda: _lint(path))):
            start = time.process_time()
            work()
            table.row(f"a policy file of 10,000 lines: {name}", f"{time.process_time() - start:.2f} s", "", f"{number} rules")


def _load_afresh(path: Path) -> Any:
    from cptrules.checking import policies_of
    from cptrules.loading import read

    return policies_of(read((str(path),)))


def _lint(path: Path) -> Any:
    from click.testing import CliRunner

    from cptrules.cli import commands

    return CliRunner().invoke(commands, ["lint", str(path)])


# ---- what the reference decides ----------------------------------------------------------------------------------


def coverage(table: Table) -> None:
    """The share of (rule, line) that code or the shape decides, the reference not asked."""
    from cptrules.compiled.odd import Unspoken
    from cptrules.compiled.rulings import LATER

    def share(policies: cptrules.Policies, pairs: list[tuple[Claim, History | None]]) -> tuple[int, int]:
        asked = total = 0
        for claim, past in pairs:
            program = policies._compiled().program(claim)
            if program is not None:
                try:
                    _, _, open_, _ = program.decide(claim, past)
                except Unspoken:
                    continue
                asked += sum(mask.bit_count() for mask in open_)
                total += len(open_) * sum(ruling.how != LATER for ruling in program.docket.rulings)
        return asked, total

    engine = adapter.CptRules()
    found = share(engine.policies, [engine.prepare(*adapter.renamed(c, h)) for c, h in gen.make(500)])
    table.row("the ten rules, 500 claims", f"{found[1]:,}", "", f"{1 - found[0] / found[1]:.1%} without the reference")
    from cptrules.examples import examples
    from cptrules.loading import read

    for path in sorted((HERE.parent.parent / "policies").glob("*.policy")):
        loaded = read((str(path),))
        if loaded.policies and loaded.policies[0].payers:
            policies = cptrules.Policies(loaded.policies)
            tests = [one for policy, file in zip(loaded.policies, loaded.files, strict=False) for one in examples(file, policy)]
            told = [(Claim.from_dict(one.claim.to_dict()), History.from_dict(one.history.to_dict()) if one.history else None) for one in tests]
            asked, total = share(policies, told)
            if total:
                took = timed({"": Fresh(lambda told=told: told, lambda made, check=policies.check: each(check, made)())}, 2)[""][0]  # type: ignore[misc]
                table.row(f"{path.stem}, its own tests", f"{total:,}", _us(took, len(told)), f"{1 - asked / total:.1%} without the reference")


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--claims", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    from cptrules import checking

    checking.FEW = 0
    table = Table("measure", "least a claim", "median", "ratio")
    ten_rules(table, options.claims, options.rounds)
    growth(table, max(100, options.claims // 2), options.rounds)
    history(table, max(50, options.claims // 5), options.rounds)
    claims(table, max(2, options.rounds - 2))
    long_file(table)
    shares = Table("rules on lines", "how many", "a claim", "decided")
    coverage(shares)
    said = f"CPython {platform.python_version()}, {platform.machine()}; {options.claims:,} claims, {options.rounds} rounds."
    if options.write:
        text = options.write.read_text(encoding="utf-8")
        head, tail = text.split(BEGIN)[0], text.split(END)[1]
        options.write.write_text("\n".join([head + BEGIN, said, "", *table.lines, "", *shares.lines, END]) + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
