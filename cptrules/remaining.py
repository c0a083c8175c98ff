"""What is left of a patient's benefit on a day: visits, units and dollars of each limit, authorizations, notes that fall due.

Each limit is asked with a line that nobody has billed: what was counted before it is what is used. Where the history may lack
services the answer is a range, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs

from .authorizations import visits_used
from .claims import UNKNOWN, Authorization, Claim, History, Person, Provider, ServiceLine
from .codesets import code_table
from .conditions import NO_ROW, interval_of, value
from .counting import count
from .documents import Due, due
from .lines import Case, View, views
from .policy import Citation, Documentation, KindKey, Limit, Policy, PriorAuthorization, Rule, TimeKey
from .reach import about, not_in_force
from .truth import Answer, Interval, Truth

# The lines that limits are asked with: one common code of each discipline, as its therapist bills it.
_ASKED: Final = (("PT", "97110", "GP"), ("OT", "97530", "GO"), ("SLP", "92507", "GN"))
_QUESTIONS: Final = {"allowed": "What was allowed for each earlier service?", "charge": "What was charged for each earlier service?"}
_SHORT: Final = ("line", "claim", "day")  # what these allow is a visit's business, and not a benefit that is used up


@attrs.frozen
class Left:
    """What is left of one limit for some disciplines: at least and at most so many of its measure, of how many, renewed when.

    `at_most` None has no upper end. `to` is the last day of the span that is counted, None where it has none.
    """

    policy: str
    rule: str
    kind: str
    measure: str
    disciplines: tuple[str, ...]
    limit: Decimal
    at_least: Decimal
    at_most: Decimal | None
    to: date | None
    asked: tuple[str, ...]
    citations: tuple[Citation, ...] = ()

    @property
    def renews(self) -> date | None:
        """The day on which counting begins anew, where it does."""
        return self.to + timedelta(days=1) if self.to is not None and self.to < date.max else None


@attrs.frozen
class LeftOfAuthorization:
    """What is left of an authorization on file: visits, units by code, and the day it ends; None where it does not say."""

    number: str | None
    discipline: str | None
    visits: int | None
    used: Interval | None
    units: Mapping[str, tuple[int, int]] = attrs.field(factory=dict)
    ends: date | None = None


@attrs.frozen(eq=False)
class Remaining:
    """What is left on a day, by rule, by authorization, and which notes fall due."""

    person: Person
    on: date
    titles: tuple[str, ...]
    limits: tuple[Left, ...]
    authorizations: tuple[LeftOfAuthorization, ...]
    notes: tuple[Due, ...]

    def of(self, disciplines: Iterable[str]) -> Remaining:
        """What of it bears on some disciplines."""
        of = frozenset(disciplines)
        return attrs.evolve(
            self, limits=tuple(one for one in self.limits if of & set(one.disciplines)),
            authorizations=tuple(one for one in self.authorizations if one.discipline is None or one.discipline in of),
            notes=tuple(one for one in self.notes if one.discipline in of),
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Give plain dicts and lists."""
        from .remaining_text import remaining_dict

        return remaining_dict(self)

    def for_patient(self) -> str:
        """Say it in plain words for the patient."""
        from .remaining_text import patient_text

        return patient_text(self)

    def __str__(self) -> str:
        from .remaining_text import remaining_text

        return remaining_text(self)


def remaining(policies: tuple[Policy, ...], person: Person, history: History | None, on: date, provider: Provider | None = None) -> Remaining:
    """Reckon what is left on a day, before anything of that day is billed."""
    matching = [policy for policy in sorted(policies, key=lambda one: one.name) if _of_payer(policy, person, on)]
    limits = [left for policy in matching for left in _of_policy(policy, person, history, on, provider)]
    notes = [one for policy in matching for one in _due(policy, person, history, on, provider)]
    authorizations = tuple(_authorizations(person, history, on, provider))
    return Remaining(person, on, tuple(one.title for one in matching), tuple(limits), authorizations, tuple(notes))


def _of_payer(policy: Policy, person: Person, on: date) -> bool:
    fits = not policy.plans or person.plan is UNKNOWN or person.plan in policy.plans
    return person.payer in policy.payers and fits and policy.speaks_on(on)


def _asked_with(policy: Policy, person: Person, history: History | None, on: date, provider: Provider | None,
                line: tuple[str, str, str]) -> tuple[View, Case]:  # fmt: skip
    """A line of a discipline that nobody has billed yet, and the case it is judged in."""
    discipline, code, modifier = line
    asked = ServiceLine(number=1, code=code, modifiers=(modifier,), date_of_service=on, discipline=discipline, units=0, minutes=0, allowed=Decimal(0))
    claim = Claim(
        payer=person.payer, plan=person.plan, patient=person.patient, facts=person.facts,
        billing_provider=provider if provider is not None else UNKNOWN, lines=(asked,),
    )  # fmt: skip
    lines, services = views(claim, history)
    return lines[0], Case(policy, claim, history, None, lines, services, policy.code_table or code_table())


# ---- limits ------------------------------------------------------------------------------------------------------


def _of_policy(policy: Policy, person: Person, history: History | None, on: date, provider: Provider | None) -> Iterator[Left]:
    """Each limit once for the disciplines that share it, apart where each has its own."""
    for rule in policy.rules:
        if not _lasting(rule):
            continue
        found: dict[tuple[Any, ...], Left] = {}
        for line in _ASKED:
            view, case = _asked_with(policy, person, history, on, provider, line)
            left = _left(policy, rule, view, case, line[0])
            if left is None:
                continue
            shared = None if _by_discipline(rule) else ()
            key = (left.limit, left.at_least, left.at_most, left.to, line[0] if shared is None else "")
            known = found.get(key)
            found[key] = attrs.evolve(known, disciplines=(*known.disciplines, line[0])) if known is not None else left
        yield from found.values()


def _lasting(rule: Rule) -> bool:
    """Whether a rule bounds something over more than a day."""
    counter = rule.counter
    return counter is not None and not any(isinstance(key, TimeKey) and key.name in _SHORT for key in counter.keys)


def _by_discipline(rule: Rule) -> bool:
    counter = rule.counter
    return counter is not None and any(isinstance(key, KindKey) and key.name == "discipline" for key in counter.keys)


def _left(policy: Policy, rule: Rule, view: View, case: Case, discipline: str) -> Left | None:
    counter, bound = rule.counter, _bound(rule)
    if counter is None or bound is None or not_in_force(rule, view) is not None:
        return None
    scope: Answer = about(rule, view, case)[0]
    limit = interval_of(_known(value(bound, view, case)))
    if scope.truth is Truth.FALSE or limit is None or limit.low != limit.high:
        return None
    used = count(counter, view, case)
    if not used.in_window:
        return None
    before = used.before
    asked = tuple(sorted({_QUESTIONS.get(need.field, need.question) for need in (*before.needs, *scope.needs)}))
    most = max(Decimal(0), Decimal(limit.low) - Decimal(before.low))
    least = Decimal(0) if before.high is None else max(Decimal(0), Decimal(limit.low) - Decimal(before.high))
    to = used.span.to if used.span is not None else None
    return Left(policy.name, rule.name, rule.kind, counter.noun, (discipline,), Decimal(limit.low), least, most, to, asked, rule.citations)


def _bound(rule: Rule) -> Any:
    match rule.demand:
        case Limit(at_most=bound):
            return bound
        case PriorAuthorization(after=bound):
            return bound
        case _:
            return None


def _known(found: Any) -> Any:
    return None if found is NO_ROW else found


# ---- authorizations ----------------------------------------------------------------------------------------------


def _authorizations(person: Person, history: History | None, on: date, provider: Provider | None) -> Iterable[LeftOfAuthorization]:
    """Authorizations on file that have not ended: what each grants and what is used of it."""
    given = history.authorizations if history is not None else UNKNOWN
    for one in given if isinstance(given, tuple) else ():
        if isinstance(one.to, date) and one.to < on:
            continue
        line = next((line for line in _ASKED if line[0] == one.discipline), _ASKED[0])
        view, case = _asked_with(_NOBODY, person, history, on, provider, line)
        yield _of(one, visits_used(one, view, case))


def _of(one: Authorization, used: Interval) -> LeftOfAuthorization:
    spent = one.used_units if isinstance(one.used_units, Mapping) else {}
    units = {code: (many, spent[code]) for code, many in one.units.items() if code in spent} if isinstance(one.units, Mapping) else {}
    return LeftOfAuthorization(
        one.number if isinstance(one.number, str) else None, one.discipline if isinstance(one.discipline, str) else None,
        one.visits if isinstance(one.visits, int) else None, used if isinstance(one.visits, int) else None,
        units, one.to if isinstance(one.to, date) else None,
    )  # fmt: skip


# ---- notes -------------------------------------------------------------------------------------------------------


def _due(policy: Policy, person: Person, history: History | None, on: date, provider: Provider | None) -> Iterator[Due]:
    """Which notes fall due for a discipline that the patient is seen in."""
    seen = _seen_in(history)
    for rule in policy.rules:
        if not isinstance(rule.demand, Documentation):
            continue
        for line in _ASKED:
            view, case = _asked_with(policy, person, history, on, provider, line)
            if line[0] not in seen or not_in_force(rule, view) is not None or about(rule, view, case)[0].truth is Truth.FALSE:
                continue
            for need in rule.demand.needs:
                found = due(need, rule.on[0] if rule.on else None, view, case) if need.every else None
                if found is not None:
                    yield attrs.evolve(found, rule=rule.name, discipline=line[0], citations=rule.citations)


def _seen_in(history: History | None) -> set[str]:
    """The disciplines in which the history has a service."""
    if history is None or not isinstance(history.services, tuple):
        return set()
    lines, services = views(Claim(lines=()), history)
    case = Case(_NOBODY, Claim(lines=()), history, None, lines, services, code_table())
    from .lines import discipline

    return {found for view in services if isinstance(found := discipline(view, case), str)}


_NOBODY: Final = Policy("", "", (), (), (), ())
