"""Sessions: the bill that one supports, and the claim of that bill held against the session (M8, N42 to N46).

No session may crash; units follow from the minutes by enumeration; the bill's own claim, checked beside its session, has no finding of units or of
modifiers, and does not disagree with the session.
"""

from __future__ import annotations

import json
from functools import cache
from random import Random
from typing import Any

from judging import policy
from second_opinion.units import excess, splits

from cptrules import Claim, InputError, Policies, Session

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


SESSIONS = Kind("sessions", "a session's bill has the units that enumeration allows, and its claim is right beside it", make, judge, json.dumps)


# ---- units on a claim --------------------------------------------------------------------------------------------


def claim_of_units(chance: Random) -> tuple[str, Record]:
    """A claim of one to four timed codes, each on one line or two, with minutes near the thresholds."""
    codes = chance.sample(CODES, chance.randint(1, 4))
    lines = [_timed(code, chance) for code in codes for _ in range(chance.choice((1, 1, 1, 2)))]
    chance.shuffle(lines)
    numbered = [{"number": number, **line} for number, line in enumerate(lines, 1)]
    return chance.choice(METHODS), {"payer": "ACME", "billing_provider": {"npi": "1"}, "lines": numbered}


def _timed(code: str, chance: Random) -> Record:
    minutes = chance.choice((0, 7, 8, 14, 15, 16, 22, 23, 30, 37, 38, chance.randint(0, 60)))
    return {
        "code": code, "modifiers": ["GP"], "units": max(0, minutes // 15 + chance.choice((0, 0, 0, 1, 1, -1, 2))), "minutes": minutes,
        "date_of_service": "2026-03-04", "contact": "one_on_one", "rendering_provider": {"role": "PT"},
    }  # fmt: skip


def judge_units(case: tuple[str, Record]) -> str:
    method, told = case
    report = acme(method).check(Claim.from_dict(told))
    minutes, billed = (_by_code(told["lines"], key) for key in ("minutes", "units"))
    least, ways = excess(method, minutes, billed)
    timed = [finding for finding in report.findings if finding.rule == "timed"]
    stands = {number: finding.stands["units"] for finding in timed if finding.stands for number in finding.lines}
    over = dict.fromkeys(minutes, 0)
    for line in told["lines"]:
        over[line["code"]] += line["units"] - int(stands.get(line["number"], line["units"]))
    assert over in ways, f"{method}: of {billed} units in {minutes} minutes {over} too many; by enumeration {ways}"
    statuses = {number: one.status for one in report.rules if one.rule == "timed" for number in one.lines}
    assert ("broken" in statuses.values()) == (least > 0), f"{statuses}, by enumeration {least} too many"
    fewer = sum(billed.values()) < sum(splits(method, minutes)[0].values())
    told_so = any(finding.outcome == "inform" for finding in timed)
    assert least or told_so == fewer, f"fewer billed than supported: {fewer}, told: {told_so}"
    return "too many" if least else "fewer" if fewer else "right"


def _by_code(lines: list[Record], key: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        found[line["code"]] = found.get(line["code"], 0) + line[key]
    return found


UNITS = Kind("units", "units billed above what minutes support are found, and no others, as brute force over every split says", claim_of_units,
             judge_units, json.dumps)  # fmt: skip
