"""Sessions: the bill that one supports, and the claim of that bill held against the session (M8, N42 to N46).

No session may crash; units follow from the minutes by enumeration; the bill's own claim, checked beside its session, has no finding of units or of
modifiers, and does not disagree with the session.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import product
from random import Random
from typing import Any

from judging import policy

from cptrules import InputError, Policies, Session

from .kind import Kind

Record = dict[str, Any]
CODES = ("97110", "97112", "97140", "97530", "97116", "97035")
UNTIMED = ("97161", "97150", "G0283", "92507")
OF_THE_SESSION = ("disciplines_disagree", "assistants_evaluation")  # what is wrong with the session itself is said of its bill too
METHODS = ("cms_total_time", "ama_midpoint")


@cache
def acme(method: str) -> Policies:
    """A payer that counts by a method and wants the assistant's modifier."""
    return policy(
        f"timing timed {{ on PT, OT, SLP  by {method}  assisted by cms_percentage  outcome reduce  cite manual }}\n"
        "modifiers assistant { when assisted  needs CQ for PT, CO for OT  outcome deny  cite manual }\n"
    )


def make(chance: Random) -> tuple[str, Record]:
    """A session of up to six interventions; now and then minutes, roles or contacts are not told."""
    parts = [_part(chance) for _ in range(chance.randint(1, 6))]
    told: Record = {"payer": "ACME", "date": "2026-03-04", "discipline": "PT", "billing_provider": {"npi": "1"}, "interventions": parts}
    if chance.random() < 0.2:
        told["total_minutes"] = sum(part.get("minutes", 0) for part in parts) + chance.choice((-5, 0, 0, 10))
    if chance.random() < 0.1:
        del told["discipline"]
    return chance.choice(METHODS), told


def _part(chance: Random) -> Record:
    code = chance.choice(CODES if chance.random() < 0.85 else UNTIMED)
    part: Record = {"code": code, "minutes": chance.randint(0, 50), "role": chance.choice(("PT", "PT", "PTA")), "contact": "one_on_one"}
    if chance.random() < 0.1:
        part |= {"contact": chance.choice(("group", "concurrent")), "patients": chance.randint(1, 4)}
    if chance.random() < 0.1:
        part["role"] = chance.choice(("student", "aide", "PTA"))
    if chance.random() < 0.1:
        part["with"] = chance.choice(("PT", "PTA"))
    if chance.random() < 0.06:
        del part[chance.choice(("minutes", "role", "contact"))]
    return part


def judge(case: tuple[str, Record]) -> str:
    method, told = case
    try:
        session = Session.from_dict(told)
        bill = acme(method).bill(session)
    except InputError as error:
        assert error.faults, "refused without a fault"
        return "refused"
    if bill.claim is None:
        return "no claim"
    _units(method, told, bill.claim)
    report = acme(method).check(bill.claim, None, session)
    worse = [finding for finding in report.findings if finding.outcome != "inform" and finding.rule not in OF_THE_SESSION]
    assert not worse, f"the bill's own claim is found wrong: {[(one.rule, one.message) for one in worse]}"
    return "billed"


def _plain(part: Record) -> bool:
    return part.get("contact") == "one_on_one" and part.get("role") in ("PT", "PTA") and "minutes" in part and "with" not in part


def _units(method: str, told: Record, claim: Any) -> None:
    """Where every minute is plain, the units are what enumeration allows."""
    timed = [part for part in told["interventions"] if part["code"] in CODES]
    if not timed or not all(map(_plain, timed)):
        return
    minutes: dict[str, int] = {}
    for part in timed:
        minutes[part["code"]] = minutes.get(part["code"], 0) + part["minutes"]
    billed = {code: 0 for code in minutes}
    for line in claim.lines:
        if line.code in billed:
            billed[line.code] += line.units
    assert billed in splits(method, minutes), f"{billed} is no right split of {minutes} by {method}"


def splits(method: str, minutes: dict[str, int]) -> list[dict[str, int]]:
    """Every right split of units by brute force (M8.1, M8.2).

    Of all that give each code its whole fifteens and one more at most: those of the right sum in which no code without an extra unit has a larger
    remainder than one with it.
    """
    if method == "ama_midpoint":
        return [{code: sum(1 for unit in range(10) if number >= 15 * unit + 8) for code, number in minutes.items()}]
    total = sum(minutes.values())
    units = sum(1 for unit in range(100) if total >= 15 * unit + 8)
    found = []
    for extra in product((0, 1), repeat=len(minutes)):
        split = {code: number // 15 + more for (code, number), more in zip(minutes.items(), extra, strict=True)}
        with_ = [number % 15 for number, more in zip(minutes.values(), extra, strict=True) if more]
        without = [number % 15 for number, more in zip(minutes.values(), extra, strict=True) if not more]
        if sum(split.values()) == units and max(without, default=0) <= min(with_, default=15):
            found.append(split)
    return found


SESSIONS = Kind("sessions", "a session's bill has the units that enumeration allows, and its claim is right beside it", make, judge, json.dumps)
