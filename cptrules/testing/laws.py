"""Laws of judging as functions: each raises AssertionError with the case where a policy set or the library breaks it.

The numbers are those of docs/meaning.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any, Final

import attrs
from hypothesis import HealthCheck, given, settings

from ..checking import Policies
from ..claims import Claim, History
from ..counting import count
from ..errors import InputError
from ..lines import Case as Judging
from ..lines import views
from ..policy import Limit
from ..repairs import applied, clears
from ..report import SEVERITY, Report
from .cases import Case, as_test, cases

Law = Callable[[Policies, Case], None]


def _checked(policies: Policies, case: Case) -> Report:
    return policies.check(case.claim, case.history)


def _told(case: Case, broken: str) -> str:
    return f"{broken}\n{as_test(case)}"


def order_never_matters(policies: Policies, case: Case) -> None:
    """M3.3: the order of lines in the file, of services and of policies changes no report."""
    chance = Random(len(case.claim.lines))
    lines = list(case.claim.lines)
    chance.shuffle(lines)
    other = attrs.evolve(case.claim, lines=tuple(lines))
    history = case.history
    if history is not None and isinstance(history.services, tuple):
        services = list(history.services)
        chance.shuffle(services)
        history = attrs.evolve(history, services=tuple(services))
    shuffled = attrs.evolve(policies, policies=policies.policies[::-1])
    one, two = _checked(policies, case).to_dict(), shuffled.check(other, history).to_dict()
    assert one == two, _told(case, "the order changed the report")


def completing_facts_stays_within(policies: Policies, case: Case) -> None:
    """M2.1, M3.2: what a report leaves open only narrows when a missing fact of the claim is given."""
    before = _checked(policies, case)
    for claim in _completed(case.claim):
        after = policies.check(claim, case.history)
        assert SEVERITY[before.at_least] <= SEVERITY[after.at_least], _told(case, f"completing the claim made it milder than {before.at_least}")
        assert SEVERITY[after.at_most] <= SEVERITY[before.at_most], _told(case, f"completing the claim made it worse than {before.at_most}")


_COMPLETIONS: Final[dict[str, tuple[Any, ...]]] = {
    "units": (1, 4), "minutes": (8, 45), "contact": ("one_on_one", "group"), "telehealth": (True, False), "place_of_service": ("11", "12"),
}  # fmt: skip


def _completed(claim: Claim) -> Iterable[Claim]:
    """The claim with one missing fact of its first line given, each way."""
    from ..claims import UNKNOWN

    first = claim.lines[0]
    for name, values in _COMPLETIONS.items():
        inherited = name == "place_of_service" and claim.place_of_service is not UNKNOWN
        if getattr(first, name) is UNKNOWN and not inherited:
            for value in values:
                yield attrs.evolve(claim, lines=(attrs.evolve(first, **{name: value}), *claim.lines[1:]))


def repairs_clear_findings(policies: Policies, case: Case) -> None:
    """M9: applied and checked again, a repair's finding is gone and none worse than inform has come."""
    report = _checked(policies, case)
    for finding in report.findings:
        for repair in finding.repairs:
            changed = applied(report.claim, repair)
            assert changed is not None, _told(case, f"{repair.words()} can't be applied")
            assert clears(report, policies.check(changed, case.history), finding), _told(case, f"{repair.words()} does not clear {finding.rule}")


def adding_history_never_lowers_a_count(policies: Policies, case: Case) -> None:
    """M4: a service more in the history never lowers what a limit counts."""
    if case.history is None or not isinstance(case.history.services, tuple) or not case.history.services:
        return
    less = attrs.evolve(case.history, services=case.history.services[:-1])
    for policy in policies.policies:
        for rule in policy.rules:
            if isinstance(rule.demand, Limit) and not _windowed(rule.demand):
                before, after = (_counted(policy, rule.demand, case.claim, history) for history in (less, case.history))
                for line, (one, two) in enumerate(zip(before, after, strict=True), 1):
                    assert one <= two, _told(case, f"a service more lowered {rule.name} on line {line} from {one} to {two}")


def _windowed(demand: Limit) -> bool:
    """A window that opens on services moves with them, and so does what asks for the past in a `where`; a balance replaces services."""
    from ..policy import TimeKey

    timed = all(isinstance(key, TimeKey) or hasattr(key, "name") for key in demand.count.keys)
    return not timed or demand.count.where is not None or any(not hasattr(key, "name") for key in demand.count.keys)


def _counted(policy: Any, demand: Limit, claim: Claim, history: History) -> list[Any]:
    from ..codesets import code_table

    lines, services = views(claim, history)
    judging = Judging(policy, claim, history, None, lines, services, policy.code_table or code_table())
    return [count(demand.count, view, judging).interval.low for view in lines]


def every_rule_is_accounted_for(policies: Policies, case: Case) -> None:
    """M10: every rule of every policy that speaks for the claim has a status on every line, and each line an outcome."""
    report = _checked(policies, case)
    numbers = {line.number for line in case.claim.lines}
    assert {line.number for line in report.lines} == numbers, _told(case, "a line has no outcome")
    for policy in policies.policies:
        for rule in policy.rules if policy.name in report.policies else ():
            told = [n for status in report.rules if (status.policy, status.rule) == (policy.name, rule.name) for n in status.lines]
            assert sorted(told) == sorted(numbers), _told(case, f"{rule.name} is not accounted for once on every line")
    assert SEVERITY[report.at_least] <= SEVERITY[report.at_most], _told(case, "at_least is worse than at_most")
    for status in report.rules:
        if status.status == "undetermined" and status.kind != "none":
            assert status.missing, _told(case, f"{status.rule} is undetermined and asks for nothing")


def json_round_trips(policies: Policies, case: Case) -> None:
    """What is written as JSON and read again is the same, and is judged the same."""
    claim = Claim.from_json(case.claim.to_json())
    history = None if case.history is None else History.from_json(case.history.to_json())
    assert (claim, history) == (case.claim, case.history), _told(case, "the claim or the history came back changed")
    assert _checked(policies, case).to_json() == policies.check(claim, history).to_json(), _told(case, "it is judged otherwise after JSON")


LAWS: Final[tuple[Law, ...]] = (
    order_never_matters, completing_facts_stays_within, repairs_clear_findings, adding_history_never_lowers_a_count, every_rule_is_accounted_for,
    json_round_trips,
)  # fmt: skip


def assert_laws(policies: Policies, examples: int = 200, laws: Iterable[Law] = LAWS) -> None:
    """Try every law on so many cases aimed at the policies' own boundaries; the first that breaks is shrunk and shown.

    Raises AssertionError with the law that is broken and the case as a `test` block.
    """
    for law in laws:
        _try(policies, law, examples)


def _try(policies: Policies, law: Law, examples: int) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=quiet)
    @given(cases(policies))
    def tried(case: Case) -> None:
        try:
            law(policies, case)
        except InputError:
            return  # the case is bad input: refused with its path, as it should be

    tried()
