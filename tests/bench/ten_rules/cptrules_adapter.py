"""cptrules in its slot: the policy is ten_rules.policy, loaded once; claims and histories are read from dicts as a user reads them.

gen.py writes the keys of the interchange's first draft, so `renamed` gives each pair today's names; that is done before anything is timed.
Three rules name more lines in the benchmark than in the language (a limit names the line that goes over and those after it, M4), so `named`
widens them: R1 and R9 to all lines of the date and discipline (R9's maximum: of the date and code), R3 to all lines of the bucket without KX.
A `timed_units` finding that only a code's own share broke (M8.3) is no R1, and two disciplines that disagree on a line (M6.1) are no R2.
"""

from __future__ import annotations

import pathlib
from decimal import Decimal
from typing import Any

import tables as T

import cptrules
from cptrules import Claim, History

POLICY = pathlib.Path(__file__).parent / "ten_rules.policy"
RULES = {
    "timed_units": "R1", "discipline_modifier": "R2", "kx_pt_slp": "R3", "kx_ot": "R3", "pt_ot_visits": "R4",
    "after_twelve": "R5", "ncci": "R6", "one_on_one": "R7", "filing": "R8", "daily_timed_units": "R9",
    "daily_maximum": "R9", "same_day_duplicates": "R10",
}  # fmt: skip
_LEFT_OUT = ("referral", "injury_date", "episode_start", "habilitative")


def renamed(claim: dict[str, Any], history: dict[str, Any], balances: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """A pair with today's keys; with `balances` the history is those, and lists no services."""
    new = {key: value for key, value in claim.items() if key not in _LEFT_OUT}
    new["lines"] = [_line(line, len(claim["diagnoses"])) for line in claim["lines"]]
    named = set(claim["authorizations"])
    past = {
        "patient": history["patient"], "complete_from": history["complete_from"], "services": [] if balances else history["services"],
        "authorizations": [_authorization(one) for one in history["authorizations"] if one["number"] in named],
    }  # fmt: skip
    if balances:
        past["balances"] = _balances(history)
    return new, past


def _line(line: dict[str, Any], diagnoses: int) -> dict[str, Any]:
    """The benchmark asks for any diagnosis of the claim, the language for those that a line points to: so a line points to all."""
    allowed = T.allowed_cents(line["code"], line["units"], round(float(line["charge"]) * 100))
    discipline = T.DISCIPLINE.get(line["rendering_provider"]["role"])
    pointers = list(range(1, diagnoses + 1))
    return {**line, "discipline": discipline, "allowed": f"{allowed // 100}.{allowed % 100:02d}", "diagnosis_pointers": pointers}


def _authorization(one: dict[str, Any]) -> dict[str, Any]:
    names = {"used": "used_visits", "requested_on": "requested"}
    return {"discipline": "PT", **{names.get(key, key): value for key, value in one.items()}}  # only visits of PT draw on it


def _balances(history: dict[str, Any]) -> list[dict[str, Any]]:
    """`visits` of the benchmark are dates: of PT and OT together they are treatment days, of PT alone visits."""
    found = []
    for one in history["balances"]:
        measure = "treatment_days" if one["what"] == "visits" and len(one["disciplines"]) > 1 else one["what"]
        used = one["used"] if "." in one["used"] else f"{one['used']}.00"
        found.append({"measure": measure, "of": one["disciplines"], "from": one["from"], "to": one["to"], "used": used})
    return found


class CptRules:
    """cptrules as the benchmark runs it."""

    name, dist, language, precomputed, share = "cptrules", "cptrules", "cptrules policy", "nothing", 1.0
    rules = tuple(f"R{i}" for i in range(1, 11))

    def __init__(self) -> None:
        self.policies = cptrules.load(POLICY)

    def prepare(self, claim: dict[str, Any], history: dict[str, Any]) -> tuple[Claim, History]:
        """Read one renamed pair."""
        return Claim.from_dict(claim), History.from_dict(history)

    def run(self, inputs: list[tuple[Claim, History]]) -> list[list[tuple[str, int]]]:
        """Check every pair; its findings as [(rule, line), ...], sorted."""
        check = self.policies.check
        return [named(claim, check(claim, history).marks) for claim, history in inputs]


def named(claim: Claim, marks: Any) -> list[tuple[str, int]]:
    """Findings in the benchmark's names, widened to the lines that it names."""
    if not marks:
        return []
    found: set[tuple[str, int]] = set()
    for mark in marks:
        rule = RULES.get(mark.rule)
        if rule is not None and mark.outcome != "inform":
            found.update(_widened(rule, mark, claim))
    return sorted(found)


def _widened(rule: str, mark: Any, claim: Claim) -> list[tuple[str, int]]:
    if rule in ("R1", "R9", "R3"):
        lines = [line for line in claim.lines if line.number in mark.lines]
        return [(rule, one.number) for one in claim.lines if any(_WIDER[mark.rule](line, one, claim) for line in lines)]
    return [(rule, number) for number in mark.lines]


def _timed(line: Any, other: Any) -> bool:
    return other.code in T.TIMED and other.discipline is not None and (line.date_of_service, line.discipline) == (other.date_of_service, other.discipline)


def _over(line: Any, other: Any, claim: Claim) -> bool:
    """R1 is about the group's total, not about one code's share of it."""
    group = [one for one in claim.lines if _timed(line, one)]
    return _timed(line, other) and sum(one.units for one in group) > (sum(one.minutes for one in group) + 7) // 15


_WIDER = {
    "timed_units": _over,
    "daily_timed_units": lambda line, other, claim: _timed(line, other),
    "daily_maximum": lambda line, other, claim: (line.date_of_service, line.code) == (other.date_of_service, other.code),
    "kx_pt_slp": lambda line, other, claim: other.code in T.THERAPY and other.discipline in ("PT", "SLP") and "KX" not in other.modifiers,
    "kx_ot": lambda line, other, claim: other.code in T.THERAPY and other.discipline == "OT" and "KX" not in other.modifiers,
}
ZERO = Decimal(0)
