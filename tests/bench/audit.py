"""How long an audit takes and how much memory: a year of claims, made from a seed, from Parquet to findings in Parquet.

    python tests/bench/audit.py                      100,000 and 1,000,000 lines, two processes, and the table of docs/scale.md
    python tests/bench/audit.py make 10000 FILE      only make so many lines (.parquet or .csv)

Every run is a process of its own; memory is the largest resident set of it and of its workers together (Linux); CPU seconds are those of all
its processes, and say more than the clock where others use the machine. "By hand" is what a program does in one process: claims and
histories as dicts, one after another, through `Claim.from_dict` and `check`, to the outcome; or with the sentences of its findings and
what is missing, which an audit writes.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAYERS = ("MEDICARE_B", "ACME_PPO", "BLUE_HMO", "TRI_STATE", "WORKCOMP")
ROLES = {"PT": ("PT", "PT", "PT", "PTA"), "OT": ("OT", "OT", "OTA"), "SLP": ("SLP",)}
MODIFIER = {"PT": "GP", "OT": "GO", "SLP": "GN"}
TIMED = "97110 97112 97116 97140 97530 97535 97032 97035".split()
CODES = {"PT": ["97110", "97112", "97116", "97140", "97035", "97032", "G0283"], "OT": ["97110", "97535", "97112", "97018"], "SLP": ["92507", "92526"]}
FEES = {"97110": 3000, "97112": 3400, "97116": 3000, "97140": 2800, "97530": 3600, "97535": 3300, "97032": 1500, "97035": 1400, "97150": 1800,
        "G0283": 1100,
         "97018": 600, "92507": 7700, "92526": 8500}  # fmt: skip
DIAGNOSES = ("M54.50", "M25.561", "M17.11", "G81.91", "I69.351", "R26.2", "M62.81")
COLUMNS = (
    "claim", "payer", "received", "place_of_service", "patient.id", "patient.birth_date", "billing_provider.npi", "diagnoses", "number", "code",
    "modifiers", "units", "minutes", "charge", "allowed", "date_of_service", "discipline", "contact", "diagnosis_pointers",
    "rendering_provider.npi", "rendering_provider.role", "authorizations",
)  # fmt: skip


def rows(lines: int, seed: int = 1) -> Iterator[tuple[Any, ...]]:
    """So many lines of a year's claims, patient after patient: some sixty lines each, one claim a visit, a few percent of it wrong."""
    rng = random.Random(seed)
    made = patient = 0
    while made < lines:
        patient += 1
        for row in _patient(rng, patient):
            yield row
            made += 1
            if made == lines:
                return


def _patient(rng: random.Random, patient: int) -> Iterator[tuple[Any, ...]]:
    discipline = rng.choices(("PT", "OT", "SLP"), (65, 25, 10))[0]
    payer, npi = rng.choice(PAYERS), f"{1000000000 + rng.randrange(40)}"
    born, diagnosis = date(rng.randint(1935, 2010), 1, 1) + timedelta(rng.randrange(365)), rng.choice(DIAGNOSES)
    day = date(2026, 1, 2) + timedelta(rng.randrange(60))
    for visit in range(rng.choice((4, 6, 8, 12, 12, 18, 36))):
        day += timedelta(rng.randint(1, 7))
        received = day + timedelta(400 if rng.random() < 0.005 else rng.randint(2, 30))
        role = rng.choice(ROLES[discipline])
        codes = CODES[discipline]
        drawn = rng.sample(codes, min(len(codes), rng.randint(1, 4)))
        if rng.random() < 0.03 and discipline == "PT":
            drawn = [*drawn[:2], "97150"]  # a group beside what was one on one: a pair
        for number, code in enumerate(drawn, 1):
            yield _line(rng, (f"C{patient}-{visit}", payer, received, "11", f"P{patient}", born, npi, diagnosis), number, code, discipline, role, day)


def _line(rng: random.Random, head: tuple[Any, ...], number: int, code: str, discipline: str, role: str, day: date) -> tuple[Any, ...]:
    timed = code in TIMED
    units = rng.choice((1, 1, 1, 2)) if timed else 1
    minutes = units * 15 + rng.randint(-5, 7) - (9 if rng.random() < 0.02 else 0)
    modifiers = MODIFIER[rng.choice(tuple(MODIFIER))] if rng.random() < 0.01 else MODIFIER[discipline]
    if role in ("PTA", "OTA") and rng.random() < 0.97:
        modifiers += " CQ" if role == "PTA" else " CO"
    allowed = FEES[code] * units
    charge = int(allowed * rng.uniform(1.3, 2.2))
    contact = "group" if rng.random() < 0.01 else "one_on_one"
    return (*head, number, code, modifiers, units, minutes if timed else 20, f"{charge / 100:.2f}", f"{allowed / 100:.2f}", day, discipline,
            contact, "1", head[6], role, "none")  # fmt: skip


def write(path: Path, lines: int, seed: int = 1) -> None:
    """Write so many lines as CSV or Parquet."""
    if path.suffix == ".csv":
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows(lines, seed))
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"received": pa.date32(), "patient.birth_date": pa.date32(), "date_of_service": pa.date32(), "number": pa.int32(), "units": pa.int32(),
             "minutes": pa.int32()}  # fmt: skip
    schema = pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
    with pq.ParquetWriter(path, schema) as out:
        held: list[tuple[Any, ...]] = []
        for row in rows(lines, seed):
            held.append(row)
            if len(held) == 100_000:
                out.write_table(_table(held, schema))
                held = []
        if held:
            out.write_table(_table(held, schema))


def _table(held: list[tuple[Any, ...]], schema: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_arrays([pa.array(values, field.type) for values, field in zip(zip(*held, strict=True), schema, strict=True)], schema=schema)


# ---- measuring ---------------------------------------------------------------------------------------------------


def _tree_rss(pid: int) -> int:
    """The resident memory of a process and of those it started, in bytes."""
    total = 0
    pending = [pid]
    while pending:
        one = pending.pop()
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in Path(f"/proc/{one}/task").iterdir():
                pending += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return total


def timed(command: list[str]) -> tuple[float, float, int]:
    """Run a command; its seconds, the CPU seconds of it and its children, and the most memory they held at once."""
    start, before, most = time.perf_counter(), _cpu(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        most = max(most, _tree_rss(process.pid))
        time.sleep(0.05)
    if process.returncode:
        sys.exit(f"{' '.join(command)} left with {process.returncode}")
    return time.perf_counter() - start, _cpu() - before, most


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def audited(policies: list[str], claims: Path, workers: int, form: str = "parquet") -> tuple[float, float, int]:
    """One audit into an empty folder."""
    with tempfile.TemporaryDirectory() as out:
        return timed([sys.executable, "-m", "cptrules.cli", "audit", *policies, "--claims", str(claims), "--out", f"{out}/audit", "--format", form,
                      "--workers", str(workers), "--complete-from", "2026-01-01"])  # fmt: skip


def by_hand(policies: list[str], claims: int, sentences: bool, seed: int = 1) -> float:
    """CPU seconds a claim, from dicts with the history of each as a dict to reports, in this process."""
    import cptrules

    loaded = cptrules.load(*policies)
    cases = list(_dicts(claims, seed))
    start = time.process_time()
    for claim, history in cases:
        report = loaded.check(cptrules.Claim.from_dict(claim), cptrules.History.from_dict(history))
        _ = (report.outcome, report.at_least, report.at_most)
        if sentences:
            _ = (report.found, report.open, report.notes)
    return (time.process_time() - start) / claims


def _dicts(claims: int, seed: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Claims of the same rows as dicts, each with the patient's earlier lines as its history."""
    made, current = 0, None
    services: list[dict[str, Any]] = []
    claim: dict[str, Any] = {}
    for row in rows(10**9, seed):
        cells = dict(zip(COLUMNS, row, strict=True))
        if cells["claim"] != claim.get("id"):
            if claim:
                yield claim, {"patient": current, "complete_from": "2026-01-01", "services": list(services)}
                made += 1
                if made == claims:
                    return
                services += [{**line, "claim": claim["id"], "billing_provider": claim["billing_provider"]} for line in claim["lines"]]
            services = services if cells["patient.id"] == current else []
            current = cells["patient.id"]
            claim = {"id": cells["claim"], "payer": cells["payer"], "received": str(cells["received"]), "place_of_service": "11", "lines": [],
                     "patient": {"id": current, "birth_date": str(cells["patient.birth_date"])},
                     "billing_provider": {"npi": cells["billing_provider.npi"]}, "diagnoses": [cells["diagnoses"]]}  # fmt: skip
        line = {name: cells[name] for name in ("number", "code", "units", "minutes", "charge", "allowed", "discipline", "contact")}
        claim["lines"].append({**line, "date_of_service": str(cells["date_of_service"]), "modifiers": cells["modifiers"].split(),
                               "diagnosis_pointers": [1], "authorizations": [],
                               "rendering_provider": {"role": cells["rendering_provider.role"]}})  # fmt: skip


def main() -> None:
    """Make lines, or measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("make", nargs="*", metavar="make LINES FILE")
    parser.add_argument("--lines", default="100000,1000000", help="how many lines, one after another")
    parser.add_argument("--policy", action="append", help="policies (default: the ten rules of the benchmark)")
    parser.add_argument("--claims-by-hand", type=int, default=1000, help="claims of the one-process comparison, scaled to the lines")
    given = parser.parse_args()
    if given.make:
        write(Path(given.make[2]), int(given.make[1]))
        return
    measure(given.policy or [str(HERE / "ten_rules" / "ten_rules.policy")], [int(one) for one in given.lines.split(",")], given.claims_by_hand)


def measure(policies: list[str], sizes: list[int], claims_by_hand: int) -> None:
    """Print the table."""
    figures: list[dict[str, Any]] = []
    plain, told = by_hand(policies, claims_by_hand, False), by_hand(policies, claims_by_hand, True)
    with tempfile.TemporaryDirectory() as folder:
        for lines in sizes:
            path = Path(folder, f"{lines}.parquet")
            write(path, lines)
            many = len({row[0] for row in rows(lines)})
            seconds, cpu, most = audited(policies, path, 2)
            figures.append({"lines": lines, "claims": many, "bytes": path.stat().st_size, "seconds": seconds, "cpu": cpu, "MB": most / 1e6,
                            "plain": plain * many, "told": told * many})  # fmt: skip
            print(json.dumps(figures[-1]), flush=True)
    print("\n| lines | claims | seconds | CPU seconds | memory, MB | CPU by hand, to the outcome | CPU by hand, with sentences |")
    print("|---|---|---|---|---|---|---|")
    for one in figures:
        print(f"| {one['lines']:,} | {one['claims']:,} | {one['seconds']:,.0f} | {one['cpu']:,.0f} | {one['MB']:,.0f} | {one['plain']:,.0f} "
              f"| {one['told']:,.0f} |")  # fmt: skip
    for one in figures:
        half = one["cpu"] / 2
        print(f"\n{one['lines']:,} lines: half of the CPU seconds, as two free cores would take, are {half / one['plain']:.2f} x by hand "
              f"to the outcome, {half / one['told']:.2f} x by hand with sentences.")  # fmt: skip
    if len(figures) > 1:
        ratio = figures[-1]["cpu"] / figures[0]["cpu"], figures[-1]["seconds"] / figures[0]["seconds"]
        print(f"\n{figures[-1]['lines']:,} lines take {ratio[0]:.1f} x the CPU and {ratio[1]:.1f} x the time of {figures[0]['lines']:,}.")


if __name__ == "__main__":
    main()
