"""What the tests of audits share: claims as flat rows, files of them, and a small policy."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import judging

from cptrules import Policies

LIMIT = """
limit visits_a_year { count visits of PT per calendar_year  at most 3  outcome deny carc PR-119  cite manual }
limit units_a_day   { count units per day  at most 4  outcome reduce carc CO-151  cite manual }
modifiers discipline { on 97110, 97140  needs GP for PT  outcome pend carc CO-4  cite manual }
limit repeats { count lines per day and code  at most 1  unless modifier in 76 attesting "It was repeated"  outcome deny carc OA-18  cite manual }
"""


def policy() -> Policies:
    return judging.policy(LIMIT)


def policy_file(folder: Path) -> Path:
    path = folder / "acme.policy"
    path.write_text(judging.HEAD % "" + LIMIT, encoding="utf-8")
    return path


def row(claim: str = "C1", number: int = 1, **more: Any) -> dict[str, Any]:
    """A line of the patient P1, as a flat row; names with dots are written with two underscores."""
    said = {name.replace("__", "."): value for name, value in more.items()}
    return {
        "claim": claim, "payer": "ACME", "patient.id": "P1", "number": str(number), "code": "97110", "modifiers": "GP", "units": "1",
        "charge": "50.00", "date_of_service": "2026-03-04", "billing_provider.npi": "1", **said,
    }  # fmt: skip


def a_year(patients: int = 6, visits: int = 7, seed: int = 1) -> list[dict[str, Any]]:
    """Rows of several patients, some of them over a limit, without GP, or twice on a day."""
    rng = random.Random(seed)
    rows = []
    for patient in range(patients):
        for visit in range(rng.randint(1, visits)):
            day = date(2026, 3, 1) + timedelta(days=visit * rng.randint(0, 9))
            for number in range(1, rng.randint(2, 4)):
                rows.append(row(
                    f"C{patient}-{visit}", number, patient__id=f"P{patient}", date_of_service=str(day), units=str(rng.randint(1, 3)),
                    code=rng.choice(["97110", "97140", "97530"]), modifiers=rng.choice(["GP", "GP", "none"]), charge=f"{rng.randint(20, 90)}.00",
                    billing_provider__npi=str(rng.randint(1, 2)),
                ))  # fmt: skip
    agreeing = {one["claim"]: one["billing_provider.npi"] for one in rows}
    return [{**one, "billing_provider.npi": agreeing[one["claim"]]} for one in rows]


def as_dicts(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The claims of flat rows in the JSON of interchange.md, for the check of each by itself."""
    claims: dict[tuple[Any, Any], dict[str, Any]] = {}
    for one in rows:
        claim = claims.setdefault((one["patient.id"], one["claim"]), {
            "id": one["claim"], "payer": one["payer"], "patient": {"id": one["patient.id"]}, "billing_provider": {"npi": one["billing_provider.npi"]},
            "lines": [],
        })  # fmt: skip
        claim["lines"].append({
            "number": int(one["number"]), "code": one["code"], "modifiers": one["modifiers"].split(), "units": int(one["units"]),
            "charge": one["charge"], "date_of_service": one["date_of_service"],
        })  # fmt: skip
    return list(claims.values())


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for one in rows for name in one)), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, records: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
