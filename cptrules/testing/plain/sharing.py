"""The law that a bill shares out a day's units as M8.1 says: whole fifteens, the largest remainders, ties as the policy has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import combinations
from typing import Any

import attrs

from ...checking import Policies
from ...claims import UNKNOWN, Intervention, Session
from ...codesets import CodeTable, code_table
from ...policy import Policy, Rule, Timing
from . import days
from .days import Open
from .demands import units_in
from .facts import listed


def a_bill_shares_out_the_units(policies: Policies, session: Session) -> None:
    """M8.1: of codes that a therapist alone gave one on one, the bill's units are the whole fifteens and one each for the largest remainders.

    Codes that tie for what is left get it as the policy's `ties` clause says. The session is made one of such codes alone, as many minutes
    as it says, and then of minutes that leave the same of each.
    """
    speaking = [policy for policy in policies.policies if _speaks(policy, session)]
    timing = [one for policy in speaking for one in _by_total_time(policy, session.date)]
    if len(speaking) != 1 or len(timing) != 1:
        return
    parts = tuple(_one_on_one(part) for part in session.interventions if _timed(part, timing[0], speaking[0], session.date))
    plain = attrs.evolve(session, interventions=parts, discipline="PT", note=UNKNOWN, total_minutes=UNKNOWN)
    for one in (plain, *_tied(plain)) if parts else ():
        _shared_out(policies, one, timing[0].demand)


def _shared_out(policies: Policies, session: Session, timing: Any) -> None:
    minutes: dict[str, int] = {}
    for part in session.interventions:
        if not isinstance(part.minutes, int):
            return
        minutes[part.code] = minutes.get(part.code, 0) + part.minutes
    bill = policies.bill(session)
    if bill.claim is None or bill.no_claim_yet:
        return
    told = {code: sum(line.units for line in bill.claim.lines if line.code == code and isinstance(line.units, int)) for code in minutes}
    try:
        right = list(splits(minutes, timing, session.date))
    except Open:
        return
    if told not in right:
        would = " or ".join(map(str, right))
        raise AssertionError(f"the bill has {told} units of {minutes} minutes, where {would} would be right\n{session.to_json()}")


def _tied(session: Session) -> Iterator[Session]:
    """One intervention of each code, each with as much left over of its last fifteen minutes, more of them from code to code or fewer."""
    first = {part.code: part for part in reversed(session.interventions)}
    several = [first[code] for code in dict.fromkeys(part.code for part in session.interventions)]
    if len(several) > 1:
        for order in (range(len(several)), range(len(several))[::-1]):
            yield attrs.evolve(session, interventions=tuple(attrs.evolve(one, minutes=15 * n + 8) for n, one in zip(order, several, strict=True)))


def _one_on_one(part: Intervention) -> Intervention:
    bare = ("with_", "patients", "start", "rendering_provider", "modifiers")
    same = ("allowed", "telehealth", "place_of_service", "facts")  # what differs makes lines of its own
    left_out: dict[str, Any] = dict.fromkeys((*bare, *same), UNKNOWN)
    return attrs.evolve(part, role="PT", contact="one_on_one", **left_out)


def _speaks(policy: Policy, session: Session) -> bool:
    return session.payer in policy.payers and (not policy.plans or session.plan is UNKNOWN or session.plan in policy.plans)


def _by_total_time(policy: Policy, day: Any) -> list[Rule]:
    """The rules by total time that are in force and about codes timed by the quarter of an hour, whatever the case; of others none is read."""
    found = [rule for rule in policy.rules if isinstance(rule.demand, Timing) and rule.suspended is None and not rule.dropped]
    found = [rule for rule in found if all(not spans or days.in_one(spans, day) for spans in (rule.own_effective, *rule.effective))]
    plain = [rule for rule in found if not (rule.when or rule.excepts or any(of.asks_discipline for of in rule.on))]
    timed = [code.code for code in _codes(policy).codes() if code.timed and code.unit_minutes == 15]
    about = [rule for rule in found if any(_is_about(rule, code, day) for code in timed)]
    return [rule for rule in about if len(about) == 1 and rule in plain and rule.demand.by == "cms_total_time"]  # type: ignore[union-attr]


def _codes(policy: Policy) -> CodeTable:
    return policy.code_table or code_table()


def _is_about(rule: Rule, code: str, day: Any) -> bool:
    return all(listed(of, code, day) for of in rule.on if not of.asks_discipline)


def _timed(part: Intervention, rule: Rule, policy: Policy, day: Any) -> bool:
    known = _codes(policy).code(part.code, day)
    return known is not None and known.timed and known.unit_minutes == 15 and "PT" in known.disciplines and _is_about(rule, part.code, day)


def splits(minutes: Mapping[str, int], timing: Timing, day: Any) -> Iterator[dict[str, int]]:
    """Every way to share out the units that is right: more than one only where the policy's clause leaves a tie."""
    left = units_in(sum(minutes.values())) - sum(number // 15 for number in minutes.values())
    over = sorted((number % 15 for number in minutes.values()), reverse=True)
    wins = [code for code in minutes if left and minutes[code] % 15 > over[left - 1]]
    tied = [code for code in minutes if left and minutes[code] % 15 == over[left - 1]]
    ways = {some: sorted((_rank(code, minutes, timing, day) for code in some), reverse=True) for some in combinations(tied, left - len(wins))}
    for some, ranks in ways.items():
        if ranks == max(ways.values()):
            yield {code: number // 15 + (code in wins or code in some) for code, number in minutes.items()}


def _rank(code: str, minutes: Mapping[str, int], timing: Timing, day: Any) -> Decimal:
    """What a code stands before others by, the greater first."""
    if timing.ties == "more minutes":
        return Decimal(minutes[code])
    if timing.ties == "first listed":
        return Decimal(-list(minutes).index(code))
    if timing.ties == "highest" and timing.ties_table is not None:
        table = timing.ties_table
        rows = [row for row in table.rows if row.cells[table.keys[0]] == code and days.holds(row.span.from_, row.span.to, day)]
        if not rows or not rows[0].cells[table.values[0]]:
            raise Open
        return Decimal(rows[0].cells[table.values[0]].replace(",", ""))
    return Decimal(0)
