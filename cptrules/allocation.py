"""From a session's minutes to units: which minutes count, by which method, and which code won each unit and why (M8).

The methods and their rules are those that a claim is judged by (timing.py, units.py). Nothing here looks at how near a code
came to one more unit: a record says what happened, and is not changed for a unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
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
from .words import listed

_FIFTEEN: Final = 15
ASSISTANTS: Final = ("CQ", "CO")
_INHERITED: Final = ("place_of_service", "therapy_kind", "condition", "injury_number")  # of the claim, where a line has none
_LINE_KEYS: Final = (
    "place_of_service", "telehealth", "diagnosis_pointers", "revenue_code", "therapy_kind", "condition", "injury_number", "modifiers",
    "rendering_provider",
)  # fmt: skip


@attrs.frozen
class Row:
    """One code's part: its minutes that count, its whole units, what is left over, the units it gets and why.

    `minutes` and `units` are None where they are not known; `whole` and `left_over` are None for a code without timed units.
    `tied`: the code shares an open unit with others, any of which may have it.
    """

    code: str
    minutes: int | None
    whole: int | None
    left_over: int | None
    units: int | None
    why: str = ""
    tied: bool = False


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
    """What a session supports: service lines without payers' modifiers, how their units came about, and what was left out.

    `differing` are codes whose interventions say what one line can't say (two places of service), each with the fields.
    """

    lines: tuple[ServiceLine, ...]
    allocations: tuple[Allocation, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    differing: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)


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
    cases = [case_of(policy, draft, history, session) for policy in policies] or [case_of(_NOBODY, draft, history, session)]
    items: dict[tuple[str, str | None], _Item] = {}
    left_out: list[LeftOut] = []
    for view, part in zip(cases[0].lines, session.interventions, strict=True):
        found = discipline(view, cases[0])
        key = (part.code, found if isinstance(found, str) else None)
        item = items.setdefault(key, _Item(*key))
        left_out += _take(item, view, part, cases)
    left_out += [one for item in items.values() for one in _evaluated_by_assistants(item)]
    allocations = _allocated(list(items.values()))
    supported = [item for item in items.values() if item.units != 0]
    lines = [_billed(item, number, session) for number, item in enumerate(supported, 1)]
    notes = (*_notes(supported), *_together_notes(session))
    return Support(tuple(lines), tuple(allocations), tuple(left_out), notes, _differing(supported, session))


_NOBODY: Final = Policy("", "", (), (), (), ())


def case_of(policy: Policy, claim: Claim, history: History | None, session: Session) -> Case:
    """What a policy's rules may look at."""
    lines, services = views(claim, history)
    return Case(policy, claim, history, session, lines, services, policy.code_table or code_table())


# ---- from a session to a claim -----------------------------------------------------------------------------------


def claim_of(session: Session, lines: tuple[ServiceLine, ...]) -> Claim:
    """Make a claim of a session's lines with what the session says of payer, patient and case.

    Where the interventions of one code differ in what a line inherits (place of service, say), the claim says nothing of it and each line
    for itself: that line would else inherit what none of them says.
    """
    said = {name: getattr(session, name) for name in _INHERITED}
    for name in (name for name in _INHERITED if _differs(session, name)):
        value, said[name] = said[name], UNKNOWN
        lines = tuple(_saying(line, name, value) if not _differs(session, name, line.code) else line for line in lines)
    return Claim(
        id=session.id, payer=session.payer, plan=session.plan, payer_order=session.payer_order, claim_kind=session.claim_kind,
        received=session.received, in_network=session.in_network, **said,
        diagnoses=session.diagnoses, patient=session.patient, billing_provider=session.billing_provider,
        authorizations=session.authorizations, other_payers=session.other_payers, facts=session.facts, lines=lines,
    )  # fmt: skip


def _saying(line: ServiceLine, name: str, value: Any) -> ServiceLine:
    return line if getattr(line, name) is not UNKNOWN else attrs.evolve(line, **{name: value})


def _differs(session: Session, name: str, code: str | None = None) -> bool:
    """Whether the interventions of a code (none given: of any) differ in what a line inherits."""
    said: dict[str, set[Any]] = {}
    for one in session.interventions:
        said.setdefault(one.code, set()).add(getattr(one, name))
    return any(len(values) > 1 for of, values in said.items() if code is None or of == code)


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
    """Whose minutes they are: of two of one discipline who were there together, the therapist's."""
    if isinstance(part.with_, str) and isinstance(part.role, str):
        alike = is_assistant(part.role) and ROLE_DISCIPLINE.get(part.role) == ROLE_DISCIPLINE.get(part.with_)
        if alike or part.role in HELPERS:
            return part.with_
    return part.role


def _discipline(part: Intervention, session: Session) -> Any:
    """The discipline of who gave it; of a role that has none, the session's."""
    role = giver(part)
    own = ROLE_DISCIPLINE.get(role) if isinstance(role, str) else None
    return own or session.discipline


def disciplines_of(session: Session) -> tuple[str, ...]:
    """The disciplines in which a session's interventions were given, as far as they are known."""
    found = (_discipline(part, session) for part in session.interventions)
    return tuple(dict.fromkeys(one for one in found if isinstance(one, str)))


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
    if item.length is None and (why := _not_of_its_kind(part)):
        return [LeftOut(part.code, minutes, why)]
    if item.length is not None:
        amount = counted_minutes(rule.demand if rule is not None and isinstance(rule.demand, Timing) else Timing(""), view, case)
        if amount.high == 0 and minutes != 0:
            return [LeftOut(part.code, minutes, _why_not(part))]
        item.perhaps = item.perhaps or amount.low != amount.high
    item.views.append(view)
    item.parts.append(part)
    item.counted = None if item.counted is None or minutes is None else item.counted + minutes
    return []


def _not_of_its_kind(part: Intervention) -> str | None:
    """Why an untimed code has no unit: it was not given, or it is a group's and was one on one, or the other way about."""
    known = code_table().code(part.code)
    if part.minutes == 0:
        return "no minute of it was given"
    if known is not None and known.kind == "group" and part.contact == "one_on_one":
        return f"{part.code} is a group's, and this was one on one"
    if known is not None and known.one_on_one and part.contact in ("group", "concurrent"):
        return _why_not(part)
    return None


def _evaluated_by_assistants(item: _Item) -> list[LeftOut]:
    """An evaluation that assistants alone gave supports nothing: it takes a therapist."""
    known = code_table().code(item.code)
    givers = [giver(part) for part in item.parts]
    if known is None or known.kind != "evaluation" or not givers or not all(is_assistant(role) for role in givers):
        return []
    minutes = [part.minutes if isinstance(part.minutes, int) else None for part in item.parts]
    item.parts, item.views = [], []
    return [
        LeftOut(item.code, number, f"given by {_article(str(role))} alone: an evaluation takes a therapist")
        for role, number in zip(givers, minutes, strict=True)
    ]


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiouOS" else f"a {word}"  # an OTA, an SLPA


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


def _allocated(items: list[_Item]) -> list[Allocation]:
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
        why = _tied(item, over, found.tied, chosen, minutes) if item.code in found.tied else _won(item, whole, over, minutes, found.total)
        won.append(Row(item.code, minutes[item.code], whole, over, item.units, why, item.code in found.tied))
    return [Allocation(name, "cms_total_time", sum(minutes.values()), found.total, tuple(won))]


def _won(item: _Item, whole: int, over: int, minutes: Mapping[str, int], total: int) -> str:
    """Why a code got a unit beyond its whole ones, or none for what is left over."""
    if item.units is not None and item.units > whole:
        less = [number % _FIFTEEN for code, number in minutes.items() if code != item.code and 0 < number % _FIFTEEN < over]
        return f"{over} is the larger remainder" if less else f"the total, {sum(minutes.values())} min, supports it"
    larger = [code for code, number in minutes.items() if number % _FIFTEEN > over]
    if over and larger and total > sum(number // _FIFTEEN for number in minutes.values()):
        return f"{listed(larger)} {'has the larger remainder' if len(larger) == 1 else 'have larger remainders'}"
    return ""


def _tied(item: _Item, over: int, tied: tuple[str, ...], chosen: tuple[str, ...], minutes: Mapping[str, int]) -> str:
    """Why a code that shares an open unit with others got it, or not."""
    others = listed(code for code in tied if code != item.code)
    mine = [code for code in tied if (code in chosen) != (item.code in chosen)]
    where = "here" if item.code in chosen else "there"
    return f"{over} left over, as of {others}: the unit goes {where} by {_choice(item, mine, minutes)}"


def _choice(item: _Item, others: list[str], minutes: Mapping[str, int]) -> str:
    """What the choice among codes that tie rests on: the policy's clause, and where that leaves it open the order of the codes."""
    demand = item.rule.demand if item.rule is not None else None
    ties = demand.ties if isinstance(demand, Timing) else ""
    of = item.views[0].day
    even = {
        "highest": lambda code: isinstance(demand, Timing) and _worth(demand, code, of) == _worth(demand, item.code, of),
        "more minutes": lambda code: minutes[code] == minutes[item.code],
    }.get(ties)
    if ties not in _TIES or (even is not None and any(even(code) for code in others)):
        return "the order of the codes: either is right"
    return _TIES[ties]


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
        return (-_worth(demand, code, pooled[0].views[0].day) if isinstance(demand, Timing) and ties == "highest" else 0, code)

    return tuple(sorted(tied, key=order)[:many])


def _worth(demand: Timing, code: str, day: date | None) -> Decimal:
    """The value that a `ties to highest TABLE` gives a code; none stands behind all others."""
    row = demand.ties_table.row((code,), day) if demand.ties_table is not None and day is not None else None
    text = row[demand.ties_table.values[0]].replace(",", "") if row is not None and demand.ties_table is not None else ""
    return Decimal(text) if text else Decimal(-1)


# ---- lines -------------------------------------------------------------------------------------------------------


def _billed(item: _Item, number: int, session: Session) -> ServiceLine:
    """One line of a code: its units, the minutes that count, by whom, and its discipline's modifier."""
    own = DISCIPLINE_MODIFIER.get(item.discipline) if item.discipline is not None and _of_therapy(item.code) else None
    modifiers = _modifiers(item)
    shared = {name: _agreed([getattr(view.record, name) for view in item.views]) for name in _LINE_KEYS if name != "modifiers"}
    return ServiceLine(
        number=number, code=item.code, date_of_service=session.date, units=item.units if item.units is not None else UNKNOWN,
        minutes=item.counted if item.counted is not None else UNKNOWN, minutes_by=_by(item), discipline=item.discipline or UNKNOWN,
        modifiers=(*((own,) if own is not None and own not in modifiers else ()), *modifiers),
        contact=_agreed([part.contact for part in item.parts]), patients=_most([part.patients for part in item.parts]),
        charge=_money([part.charge for part in item.parts]), allowed=_money([part.allowed for part in item.parts]),
        **{**shared, "rendering_provider": _provider(item)}, facts=_facts(item),
    )  # fmt: skip


def _modifiers(item: _Item) -> tuple[str, ...]:
    """The modifiers that its interventions have; an assistant's only where each has it, for whose units they are is worked out from the minutes."""
    each = [view.record.modifiers if isinstance(view.record.modifiers, tuple) else () for view in item.views]
    every = dict.fromkeys(modifier for modifiers in each for modifier in modifiers)
    return tuple(one for one in every if one not in ASSISTANTS or all(one in modifiers for modifiers in each))


def _facts(item: _Item) -> Any:
    """What all its interventions say alike; what they say differently, or some of them only, is not known of the line."""
    each = [view.record.facts for view in item.views]
    if len(each) == 1 or all(one == each[0] for one in each):
        return each[0]
    told = [one if isinstance(one, Mapping) else {} for one in each]
    return {name: value for name, value in told[0].items() if all(name in one and one[name] == value for one in told)}


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
    """The therapist where one took part, else who did; of several, what they have in common."""
    given = [view.record.rendering_provider for view in item.views]
    known = [one for one in given if isinstance(one, Provider)]
    therapists = [one for one in known if not is_assistant(one.role)]
    if not known or (len(known) < len(given) and not therapists):
        return UNKNOWN
    of = therapists or known
    return Provider(**{field.name: _agreed([getattr(one, field.name) for one in of]) for field in attrs.fields(Provider)})


def _agreed(values: list[Any]) -> Any:
    """The value that all have; unknown where they differ."""
    return values[0] if all(value == values[0] for value in values) else UNKNOWN


def _most(values: list[Any]) -> Any:
    known = [value for value in values if isinstance(value, int)]
    return max(known) if len(known) == len(values) else UNKNOWN


def _money(values: list[Any]) -> Any:
    known = [value for value in values if isinstance(value, Decimal)]
    return sum(known, Decimal(0)) if known and len(known) == len(values) else UNKNOWN


def _notes(items: Iterable[_Item]) -> Iterator[str]:
    """What had to be left open because a code's interventions differ, or say nothing."""
    for item in items:
        if item.perhaps:
            yield f"{item.code}: its minutes are taken as they stand; whether all of them were one on one is not said"
        records = [view.record for view in item.views]
        for name in _INHERITED:
            if len({getattr(record, name) for record in records}) > 1:
                yield f"{item.code}: its interventions differ in {name.replace('_', ' ')}, so the line does not say it"
        if len({record.modifiers for record in records}) > 1:
            yield f"{item.code}: its interventions differ in their modifiers, and one line carries those of all; CQ and CO go by the minutes"
        if len({record.facts for record in records}) > 1:
            yield f"{item.code}: its interventions differ in what is said of them, and what not all say alike is left open"


def _differing(items: Iterable[_Item], session: Session) -> dict[str, tuple[str, ...]]:
    """What the interventions of one code say differently and one line can't say: how its units fall on two lines is not in the record."""
    found: dict[str, tuple[str, ...]] = {}
    for item in items:
        records = [view.record for view in item.views]
        names = [name for name in _ONE_A_LINE if len({_said(record, name, session) for record in records} - {UNKNOWN}) > 1]
        names += ["modifiers"] if len({_own_modifiers(record) for record in records}) > 1 else []
        if names:
            found[item.code] = (*found.get(item.code, ()), *names)
    return found


_ONE_A_LINE: Final = (*_INHERITED, "telehealth", "revenue_code")


def _said(record: ServiceLine, name: str, session: Session) -> Any:
    value = getattr(record, name)
    return getattr(session, name, UNKNOWN) if value is UNKNOWN else value


def _own_modifiers(record: ServiceLine) -> frozenset[str]:
    """The modifiers that say something of this service; whose it is (GP, CQ) is worked out from the roles and the minutes."""
    given = record.modifiers if isinstance(record.modifiers, tuple) else ()
    return frozenset(given) - {*ASSISTANTS, *DISCIPLINE_MODIFIER.values()}


def _together_notes(session: Session) -> Iterator[str]:
    """Minutes of two disciplines at once: who bills them, or how they are divided, is theirs to say."""
    for number, part in enumerate(session.interventions, 1):
        one, other = (ROLE_DISCIPLINE.get(role) if isinstance(role, str) else None for role in (giver(part), part.with_))
        if one is not None and other is not None and one != other:
            yield (
                f"intervention {number} ({part.code}) was given by {giver(part)} and {part.with_} together: its minutes are billed once, "
                f"here all under {one}; the two may divide them"
            )
    minutes = [one.minutes for one in session.interventions if one.contact == "one_on_one" and isinstance(one.minutes, int)]
    if isinstance(session.total_minutes, int) and sum(minutes) > session.total_minutes:
        yield (
            f"one-on-one minutes of all come to {sum(minutes)} in a session of {session.total_minutes}: some were given by two at once, and whether "
            "both may bill them is the payer's rule"
        )


def by_code(lines: Iterable[ServiceLine]) -> Mapping[tuple[str, Any], list[ServiceLine]]:
    """Lines by code and discipline."""
    found: dict[tuple[str, Any], list[ServiceLine]] = {}
    for line in lines:
        found.setdefault((line.code, line.discipline), []).append(line)
    return found
