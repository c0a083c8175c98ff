"""Claims and histories aimed at a policy set's own boundaries, with facts missing at random, that shrink to small examples.

What a policy mentions (codes, modifiers, plans, places, numbers, dates, facts, events) is gathered from its rules; counts are drawn
near the numbers, dates beside the dates, minutes at the thresholds of units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs
from hypothesis import reject
from hypothesis import strategies as st

from ..checking import Policies
from ..claims import Claim, History, Session
from ..dates import Span
from ..errors import InputError
from ..fields import Field
from ..policy import AmountEntry, CodeSet, Constant, Entry, NeededModifier, Opening, Policy, Rule
from .aimed import MINUTES, aim, days
from .drafts import Draft, pick
from .mentions import parts_of

Draw = Callable[[Any], Any]

_DEFAULT_CODES: Final = ("97110", "97140", "97530", "97161", "97150")
_MODIFIERS: Final[tuple[list[str], ...]] = (["GP"], ["GO"], ["GN"], [], ["GP", "59"], ["GP", "KX"], ["GP", "CQ"])
_ROLES: Final = ("PT", "PTA", "OT", "SLP", "physician", "aide")
_ONE: Final = timedelta(days=1)


@attrs.frozen
class Case:
    """A claim, a history and a session to judge together."""

    claim: Claim
    history: History | None = None
    session: Session | None = None


@attrs.frozen
class Mentioned:
    """What a policy set mentions: the raw material of its boundaries."""

    payers: tuple[str, ...]
    plans: tuple[str, ...]
    codes: tuple[str, ...]
    modifiers: tuple[str, ...]
    words: tuple[str, ...]
    numbers: tuple[int, ...]
    days: tuple[date, ...]
    facts: tuple[Field, ...]
    events: tuple[tuple[str, tuple[Field, ...]], ...]


def mentioned(policies: Policies) -> Mentioned:
    """Gather what the rules of some policies mention."""
    things = [part for policy in policies.policies for rule in policy.rules for part in parts_of(rule)]
    entries = [entry for thing in things if isinstance(thing, CodeSet) for entry in _entries(thing)]
    codes = {entry.value for entry in entries if entry.kind == "code" and len(entry.value) == 5}
    short = {entry.value for entry in entries if entry.kind == "code" and len(entry.value) == 2}
    asked = {thing.modifier for thing in things if isinstance(thing, NeededModifier)}
    constants = [thing.value for thing in things if isinstance(thing, Constant)]
    constants += [thing.value.value for thing in things if isinstance(thing, AmountEntry)]
    numbers = {int(value) for value in constants if isinstance(value, Decimal) and 0 <= value <= 60}
    plans = {plan for policy in policies.policies for plan in policy.plans} | {e.value for e in entries if e.kind == "word" and e.value.isupper()}
    return Mentioned(
        tuple(dict.fromkeys(payer for policy in policies.policies for payer in policy.payers)), tuple(sorted(plans)),
        tuple(sorted(codes)) or _DEFAULT_CODES, tuple(sorted(short | asked)),
        tuple(sorted({e.value for e in entries if e.kind in ("word", "code")})), tuple(sorted(numbers)),
        tuple(sorted(_days(policies.policies, things, constants))), tuple(fact for policy in policies.policies for fact in policy.facts),
        tuple((kind, fields) for policy in policies.policies for kind, fields in policy.events.items()),
    )  # fmt: skip


def _entries(members: CodeSet) -> Iterable[Entry]:
    for entry in (*members.entries, *members.excluding):
        yield entry
        if entry.members is not None:
            yield from _entries(entry.members)


def _days(policies: Iterable[Policy], things: list[Any], constants: list[Any]) -> set[date]:
    """Days beside which something changes, inside the years that a claim may have."""
    spans = [span for policy in policies for rule in policy.rules for span in _spans(rule)]
    spans += [thing.span for thing in things if isinstance(thing, AmountEntry)]
    found = {day for span in spans for day in (span.from_, span.to) if day is not None}
    found |= {value for value in constants if isinstance(value, date)}
    found |= {thing.day for thing in things if isinstance(thing, Opening) and thing.day is not None}
    return {day for day in found if 2012 <= day.year <= 2027}


def _spans(rule: Rule) -> Iterable[Span]:
    yield from rule.own_effective
    for spans in rule.effective:
        yield from spans


# ---- strategies --------------------------------------------------------------------------------------------------


def claims(policies: Policies) -> st.SearchStrategy[Claim]:
    """Claims to the payers of some policies, over what they mention, with facts missing at random."""
    return cases(policies).map(lambda case: case.claim)


def histories(policies: Policies) -> st.SearchStrategy[History]:
    """Histories over what some policies mention."""
    return cases(policies).map(lambda case: case.history or History())


def cases(policies: Policies) -> st.SearchStrategy[Case]:
    """A claim and perhaps a history and a session, aimed at the policies' own boundaries.

    Seven in eight are aimed at a rule or two: its scope is true, its limit is met exactly or missed by one, or one of its exceptions
    is tried; some facts are then left out. The others are drawn at large from what the policies mention.
    """
    known, targets = mentioned(policies), _targets(policies)

    def case(draw: Draw) -> Case:
        aimed = bool(targets) and draw(st.integers(0, 7)) < 7
        return _aimed(draw, known, targets) if aimed else _at_large(draw, known)

    # A closure: what is given to a composite is written out in full where a case fails, code tables and all.
    return st.composite(case)()


def sessions(policies: Policies) -> st.SearchStrategy[Session]:
    """Sessions of the payers of some policies, their minutes at the thresholds of units, with facts missing at random."""
    known = mentioned(policies)
    return st.composite(lambda draw: _session(draw, known))()


def _session(draw: Draw, known: Mentioned) -> Session:
    day = _day(draw, known)
    parts = [_intervention(draw, known) for _ in range(draw(st.integers(1, 3)))]
    whole = sum(part["minutes"] for part in parts if isinstance(part.get("minutes"), int))
    session: dict[str, Any] = {"date": day.isoformat(), "payer": draw(st.sampled_from(known.payers)), "interventions": parts}
    _some(
        draw, session, plan=st.sampled_from(known.plans or ("A",)), discipline=st.sampled_from(["PT", "OT"]), patient=_patient(known),
        place_of_service=_word(known, "11", 2), total_minutes=st.sampled_from([whole, whole + 8]), billing_provider=st.just({"npi": "1"}),
        diagnoses=st.sampled_from([["M54.50"], ["F84.0"], []]), facts=_facts(known, "claim"),
    )  # fmt: skip
    try:
        return Session.from_dict(session)
    except InputError:
        reject()


def _intervention(draw: Draw, known: Mentioned) -> dict[str, Any]:
    record: dict[str, Any] = {"code": draw(st.sampled_from([*_DEFAULT_CODES, *known.codes]))}
    return _some(
        draw, record, minutes=st.sampled_from(MINUTES), role=st.sampled_from(_ROLES), contact=st.sampled_from(["one_on_one", "group"]),
        patients=st.integers(1, 2), with_=st.sampled_from([None, "PTA"]), allowed=st.sampled_from(["29.00", "58.20"]),
    )  # fmt: skip


# ---- aimed at a rule ---------------------------------------------------------------------------------------------


_ORDINARY: Final = 6  # times that a rule's ordinary days are aimed at, for twice each day beside one of its dates


@attrs.frozen
class Target:
    """A rule to aim at, and the days to try it on."""

    policy: Policy
    rule: Rule
    days: tuple[date, ...]


def _targets(policies: Policies) -> tuple[Target, ...]:
    """The rules that judge, of policies that have a payer, each as often as it has days worth trying."""
    found = []
    for policy in policies.policies:
        for rule in policy.rules if policy.payers else ():
            if rule.suspended is None:
                every = days(rule, policy)
                plain = tuple(day for day in every if rule.in_force(day))[:3] or (every[0],)
                found += [Target(policy, rule, plain)] * _ORDINARY
                found += [Target(policy, rule, (day,)) for day in every for _ in range(2) if day not in plain]
    return tuple(found)


def _aimed(draw: Draw, known: Mentioned, targets: tuple[Target, ...]) -> Case:
    target = pick(draw, targets)
    draft = Draft(draw, target.policy, pick(draw, target.days), pick(draw, target.policy.payers))
    aim(target.rule, draft)
    others = [one.rule for one in targets[::_ORDINARY] if one.policy is target.policy and one.rule.in_force(draft.day)]
    for _ in range(draw(st.sampled_from([0, 0, 0, 1])) if others else 0):
        draft.line = draft.another_line(_plain_line(draft))
        aim(draft.pick(others), draft)
    _around(draw, known, draft)
    if draw(st.booleans()):
        _leave_out(draw, draft)
    try:
        history = None if draw(st.integers(0, 19)) == 19 else History.from_dict(draft.history)
        return Case(Claim.from_dict(draft.claim), history, None if draft.session is None else Session.from_dict(draft.session))
    except InputError:  # an aim that no input can have: an authorization that ends before it begins
        reject()


def _plain_line(draft: Draft) -> dict[str, Any]:
    return {"number": 1, "code": "97110", "modifiers": ["GP"], "units": 1, "date_of_service": draft.day.isoformat()}


def _around(draw: Draw, known: Mentioned, draft: Draft) -> None:
    """What the rule does not ask about is given too, now and then, and other lines and services stand beside."""
    if draw(st.booleans()):
        more = _claim(draw, known, draft.day)
        patient = {**more.get("patient", {}), **draft.claim["patient"]}
        facts = {**more.get("facts", {}), **draft.claim.get("facts", {})}
        for key, value in more.items():
            if key != "lines":
                draft.claim.setdefault(key, value)
        draft.claim["patient"], draft.claim["facts"] = patient, facts
        for key, value in more["lines"][0].items():
            draft.line.setdefault(key, value)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1]))):
        draft.another_line(_line(draw, known, draft.day, 1))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1]))):
        draft.history["services"].append(_apart(draw, known, draft.day))


def _leave_out(draw: Draw, draft: Draft) -> None:
    """Some facts are left out: they are not known."""
    homes = [draft.claim, draft.claim["patient"], draft.line, draft.history, *draft.history.get("authorizations", ())[:1]]
    for _ in range(draw(st.integers(1, 3))):
        home = draft.pick(homes)
        loose = sorted(key for key in home if key not in _FIXED)
        if loose:
            home.pop(draft.pick(loose))
    if draw(st.integers(0, 3)) == 3:
        draft.history["complete_from"] = (draft.day - draw(st.sampled_from([1, 20, 100])) * _ONE).isoformat()


_FIXED: Final = ("payer", "lines", "id", "number", "code", "date_of_service", "patient", "from")


# ---- at large ----------------------------------------------------------------------------------------------------


def _at_large(draw: Draw, known: Mentioned) -> Case:
    day = _day(draw, known)
    claim = _claim(draw, known, day)
    history = None if draw(st.integers(0, 9)) == 0 else _history(draw, known, day)
    return Case(Claim.from_dict(claim), None if history is None else History.from_dict(history))


def _day(draw: Draw, known: Mentioned) -> date:
    """A day beside one that the policies name, else one of an ordinary month."""
    beside = [day + step * _ONE for day in known.days for step in (-1, 0, 1)]
    ordinary = st.integers(0, 120).map(lambda n: date(2026, 1, 5) + n * _ONE)
    return draw(st.one_of(ordinary, st.sampled_from(beside)) if beside else ordinary)  # type: ignore[no-any-return]


def _some(draw: Draw, record: dict[str, Any], **fields: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Add some fields: each left out about one time in four."""
    for name, strategy in fields.items():
        if draw(st.integers(0, 3)):
            record[name.removesuffix("_")] = draw(strategy)
    return record


def _claim(draw: Draw, known: Mentioned, day: date) -> dict[str, Any]:
    lines = [_line(draw, known, day, number) for number in range(1, draw(st.integers(1, 3)) + 1)]
    claim: dict[str, Any] = {"payer": draw(st.sampled_from(known.payers)), "billing_provider": {"npi": "1"}, "lines": lines}
    after = st.sampled_from([1, 5, 30, 31, 90, 91, 365, 366]).map(lambda n: (day + n * _ONE).isoformat())
    _some(
        draw, claim, plan=st.sampled_from(known.plans or ("A",)), received=after, place_of_service=_word(known, "11", 2), in_network=st.booleans(),
        diagnoses=st.sampled_from([["M54.50"], ["F84.0"], []]), therapy_kind=st.sampled_from(["habilitative", "rehabilitative"]),
        payer_order=st.sampled_from(["primary", "secondary"]), condition=st.just("a"), injury_number=st.sampled_from(["I1", None]),
        claim_kind=st.sampled_from(["first", "corrected"]), patient=_patient(known), facts=_facts(known, "claim"),
        other_payers=st.sampled_from([[], [{"order": "primary", "decided": day.isoformat(), "outcome": "paid", "exhausted": True}]]),
    )  # fmt: skip
    return claim


def _word(known: Mentioned, usual: str, length: int) -> st.SearchStrategy[str]:
    fitting = [word for word in known.words if len(word) == length and word.isdigit()]
    return st.sampled_from([usual, *fitting])


def _line(draw: Draw, known: Mentioned, day: date, number: int) -> dict[str, Any]:
    line: dict[str, Any] = {"number": number, **_service(draw, known, day)}
    if draw(st.integers(0, 5)) == 0:
        line["date_of_service"] = (day + draw(st.sampled_from([-7, -1, 1])) * _ONE).isoformat()
    return line


def _service(draw: Draw, known: Mentioned, day: date) -> dict[str, Any]:
    named = [[modifier] for modifier in known.modifiers if modifier.isalnum()]
    record: dict[str, Any] = {"code": draw(st.sampled_from([*known.codes, *_DEFAULT_CODES])), "date_of_service": day.isoformat()}
    near = sorted({max(0, n + step) for n in (1, *known.numbers) for step in (-1, 0, 1) if n <= 12})
    _some(
        draw, record, modifiers=st.sampled_from([*_MODIFIERS, *(["GP", *one] for one in named)]), units=st.sampled_from(near),
        minutes=st.sampled_from(MINUTES), contact=st.sampled_from(["one_on_one", "group"]), allowed=st.sampled_from(["29.00", "58.20", "120.50"]),
        charge=st.just("120.00"), telehealth=st.booleans(), patients=st.integers(1, 3), facts=_facts(known, "line"),
        rendering_provider=st.sampled_from(_ROLES).map(lambda role: {"npi": "2", "role": role}),
    )  # fmt: skip
    return record


def _patient(known: Mentioned) -> st.SearchStrategy[dict[str, Any]]:
    born = st.sampled_from(["1950-02-01", "2005-03-04", "2020-01-01"])
    bare = st.fixed_dictionaries({}, optional={
        "birth_date": born, "benefit_year_start": st.sampled_from(["2026-01-01", "2026-03-01"]), "enrolled": st.just("2026-01-01"),
        "facts": _facts(known, "patient"),
    })  # fmt: skip
    return bare.map(lambda record: {"id": "P1", **record})


def _facts(known: Mentioned, owner: str) -> st.SearchStrategy[dict[str, Any]]:
    declared = {fact.name: _value(fact, known) for fact in known.facts if fact.owner == owner}
    return st.fixed_dictionaries({}, optional=declared)


def _value(fact: Field, known: Mentioned) -> st.SearchStrategy[Any]:
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "yes_no": st.sampled_from([True, False, None]), "word": st.sampled_from([*fact.words, None]),
        "number": st.sampled_from(sorted({max(0, n + step) for n in (0, *known.numbers) for step in (-1, 0, 1)})),
        "money": st.sampled_from(["0.00", "50.00", "120.50"]), "code": st.sampled_from(known.codes),
        "date": st.sampled_from([day.isoformat() for day in (*known.days, date(2026, 2, 1))]), "text": st.sampled_from([*known.words, "X"]),
    }  # fmt: skip
    return kinds.get(fact.type, st.none())


# ---- histories ---------------------------------------------------------------------------------------------------


def _history(draw: Draw, known: Mentioned, day: date) -> dict[str, Any]:
    """Services in a row whose number lies near a number of the rules, and a few apart; complete since a day, or not."""
    history: dict[str, Any] = {"patient": "P1"}
    since = draw(st.sampled_from([date(1950, 1, 1), day - 400 * _ONE, None, day - 20 * _ONE, date(1950, 1, 1)]))
    if since is not None:
        history["complete_from"] = since.isoformat()
    if draw(st.integers(0, 9)):
        history["services"] = [*_run(draw, known, day), *(_apart(draw, known, day) for _ in range(draw(st.integers(0, 2))))]
    _some(draw, history, events=_events(known, day), authorizations=_authorizations(day), notes=_notes(day))
    return history


def _run(draw: Draw, known: Mentioned, day: date) -> list[dict[str, Any]]:
    """One service on so many days in a row before the line: a limit's number, one less, one more."""
    many = draw(st.sampled_from(sorted({max(0, n + step) for n in (1, *known.numbers) for step in (-2, -1, 0, 1) if n + step <= 35})))
    first = {**_service(draw, known, day), "billing_provider": {"npi": "1"}}
    if draw(st.integers(0, 3)):
        first["modifiers"] = draw(st.sampled_from([["GP"], ["GP"], ["GO"], ["GN"]]))  # a row that is of one discipline counts
    return [{**first, "date_of_service": (day - (many - n) * _ONE).isoformat()} for n in range(many)]


def _apart(draw: Draw, known: Mentioned, day: date) -> dict[str, Any]:
    back = draw(st.sampled_from([0, 1, 29, 30, 31, 60, 89, 90, 91, 180, 365]))
    record = {**_service(draw, known, day - back * _ONE)}
    _some(draw, record, billing_provider=st.sampled_from([{"npi": "1"}, {"npi": "2"}]), denied=st.booleans(), claim=st.just("C0"),
          paid=st.just("40.00"), injury_number=st.just("I1"), condition=st.sampled_from(["a", "b"]), plan=st.just("A"))  # fmt: skip
    return record


def _events(known: Mentioned, day: date) -> st.SearchStrategy[list[dict[str, Any]]]:
    declared = dict(known.events)
    kinds = st.sampled_from([*declared, "injury", "order", "accident", "referral", "discharge"])
    back = st.sampled_from([-1, 0, 1, 14, 15, 29, 30, 31, 90])

    def one(kind: str) -> st.SearchStrategy[dict[str, Any]]:
        facts = {fact.name: _value(fact, known) for fact in declared.get(kind, ())}
        optional: dict[str, st.SearchStrategy[Any]] = {
            "date": back.map(lambda n: (day - n * _ONE).isoformat()), "injury_number": st.just("I1"),
            "by": st.sampled_from([{"role": "physician"}, {"role": "chiropractor"}]),
            "facts": st.fixed_dictionaries({}, optional=facts),
        }  # fmt: skip
        return st.fixed_dictionaries({"kind": st.just(kind)}, optional=optional)

    return st.lists(kinds.flatmap(one), max_size=3)


def _authorizations(day: date) -> st.SearchStrategy[list[dict[str, Any]]]:
    near = st.sampled_from([-1, 0, 1]).map(lambda n: (day + n * _ONE).isoformat())
    back = st.sampled_from([0, 4, 5, 10, 11, 40]).map(lambda n: (day - n * _ONE).isoformat())
    optional: dict[str, st.SearchStrategy[Any]] = {
        "from": back, "to": near, "visits": st.sampled_from([1, 2, 12]), "used_visits": st.sampled_from([0, 1, 2, 11, 12]),
        "kind": st.sampled_from(["written", "reviewed", "hotline"]), "codes": st.sampled_from([["97110"], ["97140", "97530"]]),
        "discipline": st.sampled_from(["PT", "OT"]), "requested": back, "received": back, "decided": back, "units": st.just({"97110": 3}),
        "visits_per_week": st.just(2),
    }  # fmt: skip
    record: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({"number": st.just("A1")}, optional=optional)
    return st.lists(record.filter(_in_order), max_size=2)


def _in_order(record: dict[str, Any]) -> bool:
    return bool(record.get("from", "") <= record.get("to", "9999"))


def _notes(day: date) -> st.SearchStrategy[list[dict[str, Any]]]:
    back = st.sampled_from([0, 1, 30, 89, 90, 91]).map(lambda n: (day - n * _ONE).isoformat())
    words = st.sampled_from(["Tolerated well.", "Walks 40 feet, was 20.", None])
    record = st.fixed_dictionaries({"kind": st.sampled_from(["treatment_note", "progress_report", "certification", "evaluation"])}, optional={
        "date": back, "discipline": st.sampled_from(["PT", "OT"]), "signature": st.sampled_from(["A", None]), "credentials": st.just("PT"),
        "progress": words, "text": words, "plan_of_care": st.fixed_dictionaries({}, optional={"certified": back, "ends": back}),
    })  # fmt: skip
    return st.lists(record, max_size=3)


# ---- a case as a test block --------------------------------------------------------------------------------------


def as_test(case: Case, name: str = "found by cptrules.testing", policies: Policies | None = None) -> str:
    """Write a case as a `test` block to paste into a policy file; what the test language can't say stands in a comment.

    `policies` are those it is pasted beside: the block says the payer and the plan where they are not the ones that every test has.
    """
    from ..pasted import pasted

    matching = [policy for policy in policies.policies if case.claim.payer in policy.payers] if policies is not None else []
    return pasted(case, name, matching[0] if matching else None)
