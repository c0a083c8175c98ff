"""The law that a plain reading, where it says something, says what the report says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ...checking import Policies
from ...claims import UNKNOWN
from ...codesets import code_table
from ...policy import Payment, Policy
from ...report import Report
from .days import Open
from .demands import Reading, readings
from .facts import World, world_of
from .paying import pays
from .whole import wholes

if TYPE_CHECKING:
    from ..cases import Case


def a_plain_reading_agrees(policies: Policies, case: Case) -> None:
    """M1 to M8: read plainly, with whole lists in the place of intervals, each rule comes to what the report says of it on each line.

    The case is read as it is, then with its history made whole, with a service about each end of a window, and with balances beside the services.
    """
    from ..cases import as_test

    if case.session is not None:
        return  # what a session adds to a claim is not read
    for one in (case, *wholes(policies, case)):
        told = list(disagreements(policies, one.claim, one.history, policies.check(one.claim, one.history)))
        if told:
            raise AssertionError("\n".join(told) + f"\n{as_test(one, policies=policies)}")


def disagreements(policies: Policies, claim: Any, history: Any, report: Report) -> Iterator[str]:
    """What a plain reading says otherwise than a report, a sentence each."""
    speaking = sorted(policy.name for policy in policies.policies if _speaks(policy, claim))
    if speaking != sorted(report.policies):
        yield f"{speaking} speak for the claim, the report has {list(report.policies)}"
    statuses = {(one.policy, one.rule, number): one for one in report.rules for number in one.lines}
    for policy in policies.policies:
        if policy.name not in report.policies:
            continue
        world = world_of(policy, claim, history, policy.code_table or code_table())
        for rule in policy.rules:
            for item in world.lines:
                read = readings(rule, item, world)
                status = statuses.get((policy.name, rule.name, item.record.number))
                if read is not None and status is not None:
                    yield from _beside(read, status, report, item.record.number)
        yield from _payments(policy, world, report)


def _speaks(policy: Policy, claim: Any) -> bool:
    return claim.payer in policy.payers and (not policy.plans or claim.plan is UNKNOWN or claim.plan in policy.plans)


def _beside(read: Reading, status: Any, report: Report, line: int) -> Iterator[str]:
    said = f"{status.rule} on line {line}"
    if read.status != status.status:
        yield f"{said} is {read.status} when read plainly, the report says {status.status}: {status.why}"
        return
    if read.used is not None and "used" in status.facts and line == status.lines[0]:  # what is told is of the first line
        low, high = numbers_in(status.facts["used"])
        if read.used < low or (high is not None and read.used > high):
            yield f"{said} counts {read.used} when read plainly, the report says {status.facts['used']}"
    stands = [one.stands for one in report.found if (one.policy, one.rule) == (status.policy, status.rule) and line in one.lines and one.stands]
    if read.status == "broken" and read.stands is not None and stands:
        left = next(iter(stands[0].values()))
        if left != read.stands:
            yield f"of {said} {read.stands} stand when read plainly, the report says {left}"


def numbers_in(text: str) -> tuple[Decimal, Decimal | None]:
    """The two ends of a count as a report writes it, the upper one None where it is open."""
    numbers = [Decimal(one.replace(",", "")) for one in re.findall(r"[0-9][0-9,]*(?:\.[0-9]+)?", text)]
    return numbers[0], None if text.startswith("at least") else numbers[-1]


def _payments(policy: Policy, world: World, report: Report) -> Iterator[str]:
    """What each line pays, to the cent."""
    if not any(isinstance(rule.demand, Payment) for rule in policy.rules):
        return
    told = {one.line: one for one in report.payments if one.policy == policy.name}
    for item in world.lines:
        try:
            amount = Decimal(pays(item, world))
        except Open:
            continue
        one = told.get(item.record.number)
        if one is not None and (one.at_least, one.at_most) != (amount, amount):
            yield f"line {item.record.number} pays {amount} when read plainly, the report says {one.at_least} to {one.at_most}"
