"""From a session's minutes to units: which minutes count, by which method, and which code won each unit and why (M8).

The methods and their rules are those that a claim is judged by (timing.py, units.py). Nothing here looks at how near a code
came to one more unit: a record says what happened, and is not changed for a unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import attrs

from .claims import UNKNOWN, Claim, History, Intervention, Provider, ServiceLine, Session
from .codesets import code_table
from .lines import Case, View, discipline, is_assistant, views
from .policy import Policy, Rule, Timing
from .reach import about, not_in_force
from .timing import HELPERS, counted_minutes, length_of
from .truth import Truth
from .units import cms_total_time, midpoint_units
from .vocabulary import DISCIPLINE_MODIFIER, ROLE_DISCIPLINE

_FIFTEEN: Final = 15
_LINE_KEYS: Final = (
    "place_of_service", "telehealth", "diagnosis_pointers", "revenue_code", "therapy_kind", "condition", "injury_number", "modifiers",
    "rendering_provider",
)  # fmt: skip


@attrs.frozen
class Row:
    """One code's part: its minutes that count, its whole units, what is left over, the units it gets and why.

    `minutes` and `units` are None where they are not known; `whole` and `left_over` are None for a code without timed units.
    """

    code: str
    minutes: int | None
    whole: int | None
    left_over: int | None
    units: int | None
    why: str = ""


@attrs.frozen
class Allocation:
    """The codes of one discipline that one method counts: the total of their minutes, the units it supports, row by row."""

    discipline: str | None
    method: str
    minutes: int | None
    units: int | None
    rows: tuple[Row, ...]


@attrs.frozen
class LeftOut:
    """Minutes of a session that support no unit of their code, and why."""

    code: str
    minutes: int | None
    why: str


@attrs.frozen
class Support:
    """What a session supports: service lines without payers' modifiers, how their units came about, and what was left out."""

    lines: tuple[ServiceLine, ...]
    allocations: tuple[Allocation, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


@attrs.define
class _Item:
    """All interventions of one code and discipline."""

    code: str
    discipline: str | None
    views: list[View] = attrs.field(factory=list)
    parts: list[Intervention] = attrs.field(factory=list)
    counted: int | None = 0
    rule: Rule | None = None
    length: int | None = None
    perhaps: bool = False
    units: int | None = None


def support(policies: Iterable[Policy], session: Session, history: History | None = None) -> Support:
    """Work out the lines that a session supports under policies that match its payer."""
    draft = claim_of(session, as_lines(session))
    cases = [_case(policy, draft, history, session) for policy in policies] or [_case(_NOBODY, draft, history, session)]
    items: dict[tuple[str, str | None], _Item] = {}
    left_out: list[LeftOut] = []
    for view, part in zip(cases[0].lines, session.interventions, strict=True):
        found = discipline(view, cases[0])
        key = (part.code, found if isinstance(found, str) else None)
        item = items.setdefault(key, _Item(*key))
        left_out += _take(item, view, part, cases)
    allocations = _allocated(list(items.values()), cases, session)
    lines = [_billed(item, number, session) for number, item in enumerate((i for i in items.values() if i.units != 0), 1)]
    return Support(tuple(lines), tuple(allocations), tuple(left_out), tuple(_notes(items.values())))


_NOBODY: Final = Policy("", "", (), (), (), ())


def _case(policy: Policy, claim: Claim, history: History | None, session: Session) -> Case:
    lines, services = views(claim, history)
    return Case(policy, claim, history, session, lines, services, policy.code_table or code_table())


# ---- from a session to a claim -----------------------------------------------------------------------------------


def claim_of(session: Session, lines: tuple[ServiceLine, ...]) -> Claim:
    """Make a claim of a session's lines with what the session says of payer, patient and case."""
    return Claim(
        id=session.id, payer=session.payer, plan=session.plan, payer_order=session.payer_order, claim_kind=session.claim_kind,
        received=session.received, place_of_service=session.place_of_service, in_network=session.in_network,
        diagnoses=session.diagnoses, patient=session.patient, billing_provider=session.billing_provider,
        condition=session.condition, injury_number=session.injury_number, therapy_kind=session.therapy_kind,
        authorizations=session.authorizations, other_payers=session.other_payers, facts=session.facts, lines=lines,
    )  # fmt: skip


def as_lines(session: Session) -> tuple[ServiceLine, ...]:
    """Give each intervention as a line of its own, without units, in their order."""
    return tuple(_line(number, one, session) for number, one in enumerate(session.interventions, 1))


def _line(number: int, part: Intervention, session: Session) -> ServiceLine:
    """An intervention as a line of its own; minutes that a therapist and an assistant gave together are the therapist's."""
    role = giver(part)
    by = {role: part.minutes} if isinstance(role, str) and isinstance(part.minutes, int) else UNKNOWN
    return ServiceLine(
        number=number, code=part.code, date_of_service=session.date, minutes=part.minutes, minutes_by=by,
        discipline=_discipline(part, session), contact=part.contact, patients=part.patients,
        **_same(part), modifiers=part.modifiers if part.modifiers is not UNKNOWN else (), facts=part.facts,
    )  # fmt: skip


def told_of(code: str, session: Session) -> dict[str, Any]:
    """What a session says of a code in all: minutes, minutes by role, contact and patients; what it leaves open is left out."""
    parts = [one for one in session.interventions if one.code == code and giver(one) not in HELPERS]
    if not parts:
        return {}
    found: dict[str, Any] = {"contact": _agreed([one.contact for one in parts]), "patients": _most([one.patients for one in parts])}
    minutes = [one.minutes for one in parts if isinstance(one.minutes, int)]
    if len(minutes) == len(parts) and found["contact"] is not UNKNOWN:
        found["minutes"] = sum(minutes)
        roles = [giver(one) for one in parts]
        if all(isinstance(role, str) for role in roles):
            found["minutes_by"] = {role: sum(m for r, m in zip(roles, minutes, strict=True) if r == role) for role in roles}
    return found


def giver(part: Intervention) -> Any:
    """Whose minutes they are: of two who were there together, the therapist's."""
    if isinstance(part.with_, str) and isinstance(part.role, str) and (is_assistant(part.role) or part.role in HELPERS):
        return part.with_
    return part.role


def _discipline(part: Intervention, session: Session) -> Any:
    own = ROLE_DISCIPLINE.get(part.role) if isinstance(part.role, str) else None
    return session.discipline if session.discipline is not UNKNOWN else own or UNKNOWN


def _same(part: Intervention) -> dict[str, Any]:
    """What a line takes over from its intervention as it is."""
    found = {name: getattr(part, name) for name in _LINE_KEYS if name not in ("modifiers", "rendering_provider")}
    given = part.rendering_provider
    if isinstance(given, Provider):
        found["rendering_provider"] = given if given.role is not UNKNOWN else attrs.evolve(given, role=part.role)
    elif isinstance(part.role, str):
        found["rendering_provider"] = Provider(role=giver(part))
    return found


# ---- which minutes count -----------------------------------------------------------------------------------------


def _take(item: _Item, view: View, part: Intervention, cases: list[Case]) -> list[LeftOut]:
    """Add an intervention to its code; what of it supports no unit is given back with the reason."""
    item.length = length_of(view, cases[0])
    rule, case = _rule(view, cases)
    item.rule = item.rule or rule
    minutes = part.minutes if isinstance(part.minutes, int) else None
    if giver(part) in HELPERS:
        return [LeftOut(part.code, minutes, f"given by {_article(str(giver(part)))}: such minutes are no therapist's and no assistant's")]
    if item.length is not None:
        amount = counted_minutes(rule.demand if rule is not None and isinstance(rule.demand, Timing) else Timing(""), view, case)
        if amount.high == 0 and minutes != 0:
            return [LeftOut(part.code, minutes, _why_not(part))]
        item.perhaps = item.perhaps or amount.low != amount.high
    item.views.append(view)
    item.parts.append(part)
    item.counted = None if item.counted is None or minutes is None else item.counted + minutes
    return []


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _why_not(part: Intervention) -> str:
    if part.contact in ("group", "concurrent"):
        return f"{part.contact} minutes are none of {part.code}, which is one on one"
    if part.contact is None:
        return f"not one on one, as {part.code} is"
    return "the policy counts other minutes only"


def _rule(view: View, cases: list[Case]) -> tuple[Rule | None, Case]:
    """The `timing` rule that is about a line, by name the first."""
    for case in cases:
        for rule in sorted(case.policy.rules, key=lambda one: one.name):
            if isinstance(rule.demand, Timing) and not_in_force(rule, view) is None and about(rule, view, case)[0].truth is not Truth.FALSE:
                return rule, case
    return None, cases[0]


# ---- units -------------------------------------------------------------------------------------------------------


def _allocated(items: list[_Item], cases: list[Case], session: Session) -> list[Allocation]:
    """Units of every code, discipline by discipline."""
    found: list[Allocation] = []
    for name in dict.fromkeys(item.discipline for item in items):
        mine = [item for item in items if item.discipline == name and item.parts]
        pooled = [item for item in mine if item.length == _FIFTEEN and _method(item) == "cms_total_time"]
        found += _together(name, pooled)
        alone = [item for item in mine if item not in pooled]
        for method in dict.fromkeys(_named(item) for item in alone):
            of = [item for item in alone if _named(item) == method]
            rows = tuple(_alone(item) for item in of)
            total = None if any(row.minutes is None for row in rows) else sum(row.minutes or 0 for row in rows)
            units = None if any(row.units is None for row in rows) else sum(row.units or 0 for row in rows)
            found.append(Allocation(name, method, total, units, rows))
    for item in items:
        item.units = 0 if not item.parts else item.units
    return found


def _method(item: _Item) -> str | None:
    return item.rule.demand.by if item.rule is not None and isinstance(item.rule.demand, Timing) else None


def _named(item: _Item) -> str:
    return "untimed" if item.length is None else _method(item) or "no method"


def _alone(item: _Item) -> Row:
    """A code that is counted by itself: an untimed one once, a timed one by the midpoints of its own unit."""
    if item.length is None:
        item.units = 1
        return Row(item.code, item.counted, None, None, 1, "untimed: one unit, whatever the minutes")
    if _method(item) is None:
        return Row(item.code, item.counted, None, None, None, "no rule of these policies says how its units are counted")
    if item.counted is None:
        return Row(item.code, None, None, None, None, "its minutes are not known")
    item.units = midpoint_units(item.counted, item.length)
    whole, over = divmod(item.counted, item.length)
    won = item.units > whole
    why = f"{over} is past the midpoint of a unit of {item.length}" if won else ""
    return Row(item.code, item.counted, whole, over, item.units, why)


def _together(name: str | None, pooled: list[_Item]) -> list[Allocation]:
    """By the day's total; who gets what the whole fifteens leave is the largest remainder, ties as the policy says (M8.1)."""
    if not pooled:
        return []
    if any(item.counted is None for item in pooled):
        unknown = [item.code for item in pooled if item.counted is None]
        why = f"the minutes of {', '.join(unknown)} are not known, and all share one total"
        rows = tuple(Row(item.code, item.counted, None, None, None, why) for item in pooled)
        return [Allocation(name, "cms_total_time", None, None, rows)]
    minutes = {item.code: item.counted or 0 for item in pooled}
    found = cms_total_time(minutes)
    chosen = _chosen(pooled, found.tied, found.open_units)
    won = []
    for item in pooled:
        item.units = found.sure[item.code] + (item.code in chosen)
        whole, over = divmod(minutes[item.code], _FIFTEEN)
        won.append(Row(item.code, minutes[item.code], whole, over, item.units, _won(item, whole, over, found.tied, chosen)))
    return [Allocation(name, "cms_total_time", sum(minutes.values()), found.total, tuple(won))]


def _won(item: _Item, whole: int, over: int, tied: tuple[str, ...], chosen: tuple[str, ...]) -> str:
    """Why a code got a unit beyond its whole ones, or shares one with others."""
    if item.code in tied:
        others = ", ".join(code for code in tied if code != item.code)
        where = "here" if item.code in chosen else "there"
        return f"{over} left over, as of {others}: the unit goes {where} by {_choice(item)}"
    return f"{over} is a larger remainder" if item.units is not None and item.units > whole else ""


def _choice(item: _Item) -> str:
    demand = item.rule.demand if item.rule is not None else None
    ties = demand.ties if isinstance(demand, Timing) else ""
    return _TIES.get(ties, "the order of the codes: the policy leaves the choice, and either is right")


_TIES: Final = {
    "highest": "the policy's table", "more minutes": "the policy's choice, more minutes", "first listed": "the policy's choice, the first listed",
}  # fmt: skip


def _chosen(pooled: list[_Item], tied: tuple[str, ...], many: int) -> tuple[str, ...]:
    """Which of the codes that are tied get the open units: as the rule's `ties` clause says, then by code."""
    demand = next((item.rule.demand for item in pooled if item.rule is not None), None)
    place = {item.code: number for number, item in enumerate(pooled)}
    minutes = {item.code: item.counted or 0 for item in pooled}

    def order(code: str) -> tuple[Any, ...]:
        ties = demand.ties if isinstance(demand, Timing) else ""
        if ties == "more minutes":
            return (-minutes[code], code)
        if ties == "first listed":
            return (place[code],)
        return (-_worth(demand, code, pooled) if isinstance(demand, Timing) and ties == "highest" else 0, code)

    return tuple(sorted(tied, key=order)[:many])


def _worth(demand: Timing, code: str, pooled: list[_Item]) -> Decimal:
    """The value that a `ties to highest TABLE` gives a code; none stands behind all others."""
    day = pooled[0].views[0].day
    row = demand.ties_table.row((code,), day) if demand.ties_table is not None and day is not None else None
    text = row[demand.ties_table.values[0]].replace(",", "") if row is not None and demand.ties_table is not None else ""
    return Decimal(text) if text else Decimal(-1)


# ---- lines -------------------------------------------------------------------------------------------------------


def _billed(item: _Item, number: int, session: Session) -> ServiceLine:
    """One line of a code: its units, the minutes that count, by whom, and its discipline's modifier."""
    first = item.views[0].record
    shared = {name: _agreed([getattr(view.record, name) for view in item.views]) for name in _LINE_KEYS if name != "modifiers"}
    modifiers = tuple(dict.fromkeys(m for view in item.views for m in view.record.modifiers or ()))  # type: ignore[union-attr]
    own = DISCIPLINE_MODIFIER.get(item.discipline) if item.discipline is not None and _of_therapy(item.code) else None
    return ServiceLine(
        number=number, code=item.code, date_of_service=session.date, units=item.units if item.units is not None else UNKNOWN,
        minutes=item.counted if item.counted is not None else UNKNOWN, minutes_by=_by(item), discipline=item.discipline or UNKNOWN,
        modifiers=(*((own,) if own is not None and own not in modifiers else ()), *modifiers),
        contact=_agreed([part.contact for part in item.parts]), patients=_most([part.patients for part in item.parts]),
        charge=_money([part.charge for part in item.parts]), allowed=_money([part.allowed for part in item.parts]),
        **{**shared, "rendering_provider": _provider(item)}, facts=first.facts,
    )  # fmt: skip


def _of_therapy(code: str) -> bool:
    known = code_table().code(code)
    return known is not None and known.therapy in ("always", "sometimes")


def _by(item: _Item) -> Any:
    """Minutes by role, where every intervention says whose they are."""
    roles = [giver(part) for part in item.parts]
    if item.counted is None or not all(isinstance(role, str) for role in roles):
        return UNKNOWN
    found: dict[str, int] = {}
    for role, part in zip(roles, item.parts, strict=True):
        found[role] = found.get(role, 0) + (part.minutes if isinstance(part.minutes, int) else 0)
    return found


def _provider(item: _Item) -> Any:
    """The therapist where one took part, else who did."""
    given = [view.record.rendering_provider for view in item.views]
    known = [one for one in given if isinstance(one, Provider)]
    therapists = [one for one in known if not is_assistant(one.role)]
    if len(known) < len(given) and not therapists:
        return UNKNOWN
    return next(iter(therapists or known), UNKNOWN)


def _agreed(values: list[Any]) -> Any:
    """The value that all have; unknown where they differ."""
    return values[0] if all(value == values[0] for value in values) else UNKNOWN


def _most(values: list[Any]) -> Any:
    known = [value for value in values if isinstance(value, int)]
    return max(known) if len(known) == len(values) else UNKNOWN


def _money(values: list[Any]) -> Any:
    known = [value for value in values if isinstance(value, Decimal)]
    return sum(known, Decimal(0)) if known and len(known) == len(values) else UNKNOWN


def _notes(items: Iterable[_Item]) -> Iterable[str]:
    for item in items:
        if item.perhaps:
            yield f"{item.code}: its minutes are taken as they stand; whether all of them were one on one is not said"
        if len({str(view.record.place_of_service) for view in item.views}) > 1:
            yield f"{item.code}: the places of service differ, so the line has none"


# ---- several sessions of a day -----------------------------------------------------------------------------------


@attrs.frozen
class Overlap:
    """Two interventions that one provider gave one on one at the same time, in two sessions: only one of them can have been."""

    first: tuple[str, int]
    second: tuple[str, int]
    start: str
    minutes: int

    def __str__(self) -> str:
        (one, number), (other, place) = self.first, self.second
        return (
            f"overlap: intervention {number} of session {one} and intervention {place} of session {other} share {self.minutes} minutes from "
            f"{self.start} of one provider, one on one"
        )


def overlapping(sessions: Iterable[Session]) -> tuple[Overlap, ...]:
    """Find one-on-one minutes of one provider that overlap over several sessions of a day.

    Seen are interventions with `start`, `minutes` and a rendering provider's number; those of one session may run together.
    """
    spans = sorted(_spans(sessions), key=lambda span: span[:4])
    found = []
    for place, (day, npi, _, end, whose) in enumerate(spans):
        for other_day, other_npi, begins, ends, theirs in spans[place + 1 :]:
            if (other_day, other_npi) != (day, npi) or begins >= end:
                break
            if theirs[0] != whose[0]:
                at = f"{begins // 60:02}:{begins % 60:02}"
                found.append(Overlap(whose[:2], theirs[:2], at, min(end, ends) - begins))
    return tuple(found)


def _spans(sessions: Iterable[Session]) -> Iterable[tuple[Any, str, int, int, Any]]:
    for index, session in enumerate(sessions, 1):
        name = session.id if isinstance(session.id, str) else str(index)
        for number, part in enumerate(session.interventions, 1):
            provider = part.rendering_provider
            npi = provider.npi if isinstance(provider, Provider) else None
            if part.contact == "one_on_one" and isinstance(npi, str) and isinstance(part.start, str) and isinstance(part.minutes, int):
                hours, _, minutes = part.start.partition(":")
                start = 60 * int(hours) + int(minutes)
                yield session.date, npi, start, start + part.minutes, (name, number)


def by_code(lines: Iterable[ServiceLine]) -> Mapping[tuple[str, Any], list[ServiceLine]]:
    """Lines by code and discipline."""
    found: dict[tuple[str, Any], list[ServiceLine]] = {}
    for line in lines:
        found.setdefault((line.code, line.discipline), []).append(line)
    return found
