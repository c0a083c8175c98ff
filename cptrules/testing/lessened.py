"""Laws of the history: one known in part settles nothing otherwise than the whole one would, and what comes later does not count (M2.3, M4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import attrs

from ..checking import Policies
from ..claims import UNKNOWN, Claim, History, Provider, Service, ServiceLine
from ..report import Report

if TYPE_CHECKING:
    from .cases import Case

_ONE: Final = timedelta(days=1)
_OTHER: Final = Provider(npi="9", specialty="67")
_MAY: Final = {"broken": ("broken",), "met": ("met", "not_applicable"), "not_applicable": ("met", "not_applicable")}


def knowing_less_settles_nothing_else(policies: Policies, case: Case) -> None:
    """M2.3, M4: known since a day, up to a day, of one provider or without a fact of its services, a history settles nothing otherwise than whole."""
    from .cases import as_test

    whole = _whole(case)
    if whole is None:
        return
    truth = policies.check(case.claim, whole, case.session)
    for how, less in _lesser(case.claim, whole):
        told = list(_otherwise(truth, policies.check(case.claim, less, case.session)))
        if told:
            raise AssertionError(f"with a history known {how}: {'; '.join(told)}\n{as_test(attrs.evolve(case, history=whole), policies=policies)}")


def _whole(case: Case) -> History | None:
    """The case's history with services that a lesser one will not have: the claim's own again, on days about it, by two providers."""
    history, claim = case.history, case.claim
    days = [line.date_of_service for line in claim.lines]
    if history is None or not isinstance(history.services, tuple) or not isinstance(history.complete_from, date) or history.balances:
        return None
    if not isinstance(claim.billing_provider, Provider) or any(not isinstance(day, date) for day in days):
        return None
    if any(not isinstance(one.billing_provider, Provider) or not isinstance(one.date_of_service, date) for one in history.services):
        return None
    extra = [again(line, claim, whose, back) for line in claim.lines[:1] for whose in (claim.billing_provider, _OTHER) for back in (0, 1, 10)]
    return attrs.evolve(history, services=(*history.services, *extra), complete_to=UNKNOWN, complete_for=UNKNOWN)


def again(line: ServiceLine, claim: Claim, whose: Provider, back: int) -> Service:
    """A line as an earlier service, some days before."""
    known = {field.name: getattr(line, field.name) for field in attrs.fields(ServiceLine) if field.name not in ("number", "facts")}
    day: Any = line.date_of_service
    inherited = ("place_of_service", "therapy_kind", "condition", "injury_number", "diagnoses")
    told = {name: getattr(claim, name) for name in inherited if known[name] is UNKNOWN}
    return Service(**{**known, **told, "date_of_service": day - back * _ONE}, claim=f"earlier {back}", billing_provider=whose, plan=claim.plan)


def _lesser(claim: Claim, whole: History) -> Iterator[tuple[str, History]]:
    """The same history known in part; what is not known is not listed."""
    last: Any = max(line.date_of_service for line in claim.lines)  # type: ignore[type-var]
    services: Any = whole.services
    for day in (last - _ONE, last - 5 * _ONE):
        kept = tuple(one for one in services if one.date_of_service <= day)
        if whole.complete_from <= day:
            yield f"up to {day}", attrs.evolve(whole, services=kept, complete_to=day)
    for day in (last, last - 5 * _ONE):
        if day > whole.complete_from:
            yield f"since {day}", attrs.evolve(whole, services=tuple(one for one in services if one.date_of_service >= day), complete_from=day)
    for name in ("modifiers", "units", "place_of_service", "rendering_provider", "telehealth"):
        yield f"without the {name} of its services", attrs.evolve(whole, services=tuple(attrs.evolve(one, **{name: UNKNOWN}) for one in services))
    mine = claim.billing_provider.npi if isinstance(claim.billing_provider, Provider) else UNKNOWN
    if isinstance(mine, str) and mine != _OTHER.npi and all(isinstance(one.billing_provider.npi, str) for one in services):
        ours = tuple(one for one in services if one.billing_provider.npi == mine)
        yield "of one billing provider", attrs.evolve(whole, services=ours, complete_for="billing_provider")


def _otherwise(whole: Report, less: Report) -> Iterator[str]:
    """What is settled with the lesser history and is otherwise with the whole one; what a whole one leaves open says nothing."""
    truth = {(one.policy, one.rule, number): one.status for one in whole.rules for number in one.lines}
    for one in less.rules:
        for number in one.lines if one.status in _MAY and one.kind != "payment" else ():
            found = truth.get((one.policy, one.rule, number), "undetermined")
            if found != "undetermined" and found not in _MAY[one.status]:
                yield f"{one.rule} on line {number} is {one.status} and would be {found}"


_WAYS: Final[Mapping[str, tuple[Any, ...]]] = {  # what a service may turn out to have been, where it does not say
    "modifiers": (("GP",), ("GO",), ("GN",), ("GP", "59")), "units": (1, 4), "minutes": (15, 60), "place_of_service": ("11", "12"),
    "telehealth": (True, False), "billing_provider": (Provider(npi="1", specialty="65"), _OTHER), "allowed": (Decimal("29.00"), Decimal("3000.00")),
}  # fmt: skip


def what_may_count_settles_nothing_else(policies: Policies, case: Case) -> None:
    """M2.1, M4: an earlier service of which one fact is not known settles a rule only as it would be settled whichever way that fact is."""
    from .cases import as_test

    history, line, provider = case.history, case.claim.lines[0], case.claim.billing_provider
    day: Any = line.date_of_service
    if history is None or not isinstance(history.services, tuple) or not isinstance(provider, Provider) or day <= date(1, 1, 2):
        return
    plain = again(line, case.claim, provider, 1)
    for name in Random(crc32(case.claim.to_json().encode())).sample(sorted(_WAYS), 3):
        part = attrs.evolve(case, history=attrs.evolve(history, services=(*history.services, _but(plain, name, UNKNOWN))))
        less = policies.check(part.claim, part.history, case.session)
        for way in _WAYS[name]:
            known = attrs.evolve(history, services=(*history.services, _but(plain, name, way)))
            told = list(_otherwise(policies.check(case.claim, known, case.session), less))
            if told:
                raise AssertionError(f"where the {name} of a service are not known {'; '.join(told)} with {way}\n{as_test(part, policies=policies)}")


def _but(service: Service, name: str, value: Any) -> Service:
    return attrs.evolve(service, **{name: value})


def later_services_never_count(policies: Policies, case: Case) -> None:
    """M4: a service dated after the line does not count: with it and without it a limit comes to the same."""
    from .cases import as_test
    from .laws import limits_of, plainly_counted

    history, days = case.history, [line.date_of_service for line in case.claim.lines if isinstance(line.date_of_service, date)]
    if history is None or not isinstance(history.services, tuple) or len(days) < len(case.claim.lines) or max(days).year > 9000:
        return
    ahead = [(min(days) - max(days)).days - step for step in (1, 20)]  # days back from the first line: after the last
    first = attrs.evolve(case.claim.lines[0], date_of_service=min(days))
    later = tuple(again(first, case.claim, whose, back) for back in ahead for whose in (_of_claim(case.claim), _OTHER))
    before = policies.check(case.claim, history, case.session)
    after = policies.check(case.claim, attrs.evolve(history, services=(*history.services, *later)), case.session)
    plain = {(policy.name, rule.name) for policy in policies.policies for rule in limits_of(policy) if plainly_counted(rule)}
    one, two = ([(r.policy, r.rule, r.status, r.lines, r.facts) for r in report.rules if (r.policy, r.rule) in plain] for report in (before, after))
    if one != two:
        raise AssertionError(f"a service after the line counted: {two}, without it {one}\n{as_test(case, policies=policies)}")


def _of_claim(claim: Claim) -> Provider:
    return claim.billing_provider if isinstance(claim.billing_provider, Provider) else _OTHER
