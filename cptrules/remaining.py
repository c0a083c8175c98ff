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

from .authorizations import units_used, visits_used
from .claims import UNKNOWN, Authorization, Claim, History, Person, Provider, ServiceLine
from .codesets import code_table
from .conditions import NO_ROW, interval_of, value
from .counting import count
from .documents import Due
from .falling_due import notes_due
from .lines import Case, View, views
from .policy import Citation, KindKey, Limit, Policy, PriorAuthorization, Rule, TimeKey
from .reach import about, looked_at, not_in_force
from .truth import Answer, Interval, Truth
from .vocabulary import THERAPY_KINDS

# The lines that limits are asked with: one common code of each discipline, as its therapist bills it.
_ASKED: Final = (("PT", "97110", "GP"), ("OT", "97530", "GO"), ("SLP", "92507", "GN"))
_QUESTIONS: Final = {"allowed": "What was allowed for each earlier service?", "charge": "What was charged for each earlier service?"}
_SHORT: Final = ("line", "claim", "day")  # what these allow is a visit's business, and not a benefit that is used up


@attrs.frozen
class Left:
    """What is left of one limit for some disciplines: at least and at most so many of its measure, of how many, renewed when.

    `at_most` None has no upper end. `to` is the last day of the span that is counted, None where it has none. `code` and `therapy_kind`
    are those it is of, where the limit holds for each apart.
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
    code: str | None = None
    therapy_kind: str | None = None

    @property
    def renews(self) -> date | None:
        """The day on which counting begins anew, where it does."""
        return self.to + timedelta(days=1) if self.to is not None and self.to < date.max else None


@attrs.frozen
class LeftOfAuthorization:
    """What is left of an authorization on file: visits, units by code (granted, used), and its first and last day; None where it does not say."""

    number: str | None
    discipline: str | None
    visits: int | None
    used: Interval | None
    units: Mapping[str, tuple[int, Interval]] = attrs.field(factory=dict)
    begins: date | None = None
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
    """Reckon what is left on a day, before anything of that day is billed.

    Raises InputError where the history is another patient's.
    """
    from .evaluate import same_patient

    same_patient(person, history)
    matching = [policy for policy in sorted(policies, key=lambda one: one.name) if _of_payer(policy, person, on)]
    limits = [left for policy in matching for left in _of_policy(policy, person, history, on, provider)]
    notes = [one for policy in matching for one in _due(policy, person, history, on, provider)]
    authorizations = tuple(_authorizations(person, history, on, provider))
    return Remaining(person, on, tuple(one.title for one in matching), tuple(limits), authorizations, tuple(notes))


def _of_payer(policy: Policy, person: Person, on: date) -> bool:
    fits = not policy.plans or person.plan is UNKNOWN or person.plan in policy.plans
    return person.payer in policy.payers and fits and policy.speaks_on(on)


def _asked_with(policy: Policy, person: Person, history: History | None, on: date, provider: Provider | None,
                line: tuple[str, str, str], kind: str | None = None) -> tuple[View, Case]:  # fmt: skip
    """A line of a discipline that nobody has billed yet, and the case it is judged in."""
    discipline, code, modifier = line
    asked = ServiceLine(number=1, code=code, modifiers=(modifier,), date_of_service=on, discipline=discipline, units=0, minutes=0, allowed=Decimal(0),
                        therapy_kind=kind or UNKNOWN)  # fmt: skip
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
        kinds: tuple[str | None, ...] = THERAPY_KINDS if _apart(rule, "therapy_kind") else (None,)
        lines = [line for standard in _ASKED for line in _lines_of(rule, standard, history, on)]
        for kind, line in ((kind, line) for kind in kinds for line in lines):
            view, case = _asked_with(policy, person, history, on, provider, line, kind)
            left = _left(policy, rule, view, case, line[0])
            if left is None:
                continue
            left = attrs.evolve(left, code=line[1] if _apart(rule, "code") else None, therapy_kind=kind)
            key = (left.limit, left.at_least, left.at_most, left.to, left.code, kind, line[0] if _apart(rule, "discipline") else "")
            known = found.get(key)
            found[key] = attrs.evolve(known, disciplines=(*known.disciplines, line[0])) if known is not None else left
        yield from found.values()


def _lines_of(rule: Rule, standard: tuple[str, str, str], history: History | None, on: date) -> Iterator[tuple[str, str, str]]:
    """The lines that a limit is asked with in a discipline: its common code, else another that the limit is about.

    A limit that holds for each code apart is asked with those that the history has: of any other nothing is used.
    """
    discipline, common, modifier = standard
    codes = [common, *(code.code for code in code_table().codes() if code.holds(on) and discipline in code.disciplines)]
    mine = [code for code in dict.fromkeys(codes) if all(of.holds(code, on, discipline) for of in looked_at(rule))]
    if _apart(rule, "code"):
        given = history.services if history is not None and isinstance(history.services, tuple) else ()
        had = {service.code for service in given}
        yield from ((discipline, code, modifier) for code in mine if code in had)
    elif mine:
        yield discipline, mine[0], modifier


def _lasting(rule: Rule) -> bool:
    """Whether a rule bounds something over more than a day."""
    counter = rule.counter
    return counter is not None and not any(isinstance(key, TimeKey) and key.name in _SHORT for key in counter.keys)


def _apart(rule: Rule, name: str) -> bool:
    """Whether a rule counts each discipline, or each code, apart."""
    counter = rule.counter
    return counter is not None and any(isinstance(key, KindKey) and key.name == name for key in counter.keys)


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
    """Authorizations of this payer and plan on file that have not ended: what each grants and what is used of it."""
    given = history.authorizations if history is not None else UNKNOWN
    for one in given if isinstance(given, tuple) else ():
        if (isinstance(one.to, date) and one.to < on) or not _of_the_benefit(one, person):
            continue
        line = next((line for line in _ASKED if line[0] == one.discipline), _ASKED[0])
        view, case = _asked_with(_NOBODY, person, history, on, provider, line)
        yield _of(one, view, case)


def _of_the_benefit(one: Authorization, person: Person) -> bool:
    """An authorization that names another payer or plan is none of this benefit's."""
    plans = (one.plan, person.plan)
    other_plan = all(isinstance(plan, str) for plan in plans) and one.plan != person.plan
    return not other_plan and (not isinstance(one.payer, str) or one.payer == person.payer)


def _of(one: Authorization, view: View, case: Case) -> LeftOfAuthorization:
    granted = one.units if isinstance(one.units, Mapping) else {}
    units = {code: (many, units_used(one, code, view, case)) for code, many in granted.items()}
    return LeftOfAuthorization(
        one.number if isinstance(one.number, str) else None, one.discipline if isinstance(one.discipline, str) else None,
        one.visits if isinstance(one.visits, int) else None, visits_used(one, view, case) if isinstance(one.visits, int) else None,
        units, one.from_ if isinstance(one.from_, date) else None, one.to if isinstance(one.to, date) else None,
    )  # fmt: skip


# ---- notes -------------------------------------------------------------------------------------------------------


def _due(policy: Policy, person: Person, history: History | None, on: date, provider: Provider | None) -> Iterator[Due]:
    """Which notes fall due for a discipline that the patient is seen in."""
    seen = _seen_in(history)
    for line in (line for line in _ASKED if line[0] in seen):
        view, case = _asked_with(policy, person, history, on, provider, line)
        for rule in policy.rules:
            yield from notes_due(rule, line[0], view, case)


def _seen_in(history: History | None) -> set[str]:
    """The disciplines in which the history has a service."""
    if history is None or not isinstance(history.services, tuple):
        return set()
    lines, services = views(Claim(lines=()), history)
    case = Case(_NOBODY, Claim(lines=()), history, None, lines, services, code_table())
    from .lines import discipline

    return {found for view in services if isinstance(found := discipline(view, case), str)}


_NOBODY: Final = Policy("", "", (), (), (), ())
