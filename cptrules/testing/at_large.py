"""Claims, histories and sessions at large: over what a policy set mentions, each fact given or not.

Every choice is made by `Choices`, out of numbers of its own: see there what draws alike would cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from ..fields import Field
from .drafts import Choices, Record
from .mentions import DEFAULT_CODES, Mentioned

MINUTES: Final = (8, 15, 22, 23, 30, 37, 38, 7, 0, 45, 52, 53)
_MODIFIERS: Final[tuple[list[str], ...]] = (["GP"], ["GO"], ["GN"], [], ["GP", "59"], ["GP", "KX"], ["GP", "CQ"])
_ROLES: Final = ("PT", "PTA", "OT", "SLP", "physician", "aide")
_YES_NO: Final = (False, True)
_ONE: Final = timedelta(days=1)

# What a fact may be: one of so many values, or what is made where it is given.
Options = Sequence[Any] | Callable[[], Any]


def _some(choices: Choices, record: Record, fields: Mapping[str, Options], one_in: int = 4) -> Record:
    """Add some facts: each is left out once in so many times."""
    for name, options in fields.items():
        if choices.pick(range(one_in)):
            record[name] = options() if callable(options) else choices.pick(options)
    return record


def _several(choices: Choices, most: int, one: Callable[[], Record]) -> list[Record]:
    """None, one or more of a kind."""
    return [one() for _ in range(choices.pick(range(most + 1)))]


def any_day(choices: Choices, known: Mentioned) -> date:
    """A day beside one that the policies name, else one of an ordinary month."""
    if known.days and choices.rarely(2):
        return choices.pick([day + step * _ONE for day in known.days for step in (-1, 0, 1)])
    return date(2026, 1, 5) + choices.pick(range(121)) * _ONE


# ---- claims ------------------------------------------------------------------------------------------------------


def any_claim(choices: Choices, known: Mentioned, day: date) -> Record:
    """A claim of up to three lines, on a day or beside it."""
    lines = [any_line(choices, known, day, number) for number in range(1, choices.pick((1, 2, 3)) + 1)]
    claim: Record = {"payer": choices.pick(known.payers), "billing_provider": {"npi": "1"}, "lines": lines}
    return _some(choices, claim, {
        "plan": known.plans or ("A",), "received": [_on(day, n) for n in (1, 5, 30, 31, 90, 91, 365, 366)], "place_of_service": _places(known),
        "in_network": _YES_NO, "diagnoses": (["M54.50"], ["F84.0"], []), "therapy_kind": ("habilitative", "rehabilitative"),
        "payer_order": ("primary", "secondary"), "condition": ("a",), "injury_number": ("I1", None), "claim_kind": ("first", "corrected"),
        "patient": lambda: _patient(choices, known), "facts": lambda: _facts(choices, known, "claim"),
        "other_payers": ([], [{"order": "primary", "decided": day.isoformat(), "outcome": "paid", "exhausted": True}]),
    })  # fmt: skip


def any_line(choices: Choices, known: Mentioned, day: date, number: int) -> Record:
    """A line of a day; now and then of another."""
    line: Record = {"number": number, **_service(choices, known, day)}
    if choices.rarely(6):
        line["date_of_service"] = _on(day, choices.pick((-7, -1, 1)))
    return line


def _on(day: date, days: int) -> str:
    return (day + days * _ONE).isoformat()


def _places(known: Mentioned) -> Sequence[str]:
    return ("11", *(word for word in known.words if len(word) == 2 and word.isdigit()))


def _service(choices: Choices, known: Mentioned, day: date) -> Record:
    named = (["GP", modifier] for modifier in known.modifiers if modifier.isalnum())
    near = sorted({max(0, n + step) for n in (1, *known.numbers) for step in (-1, 0, 1) if n <= 12})
    record: Record = {"code": choices.pick((*known.codes, *DEFAULT_CODES)), "date_of_service": day.isoformat()}
    return _some(choices, record, {
        "modifiers": (*_MODIFIERS, *named), "units": near, "minutes": MINUTES, "contact": ("one_on_one", "group"),
        "allowed": ("29.00", "58.20", "120.50"), "charge": ("120.00",), "telehealth": _YES_NO, "patients": (1, 2, 3),
        "facts": lambda: _facts(choices, known, "line"), "rendering_provider": [{"npi": "2", "role": role} for role in _ROLES],
    })  # fmt: skip


def _patient(choices: Choices, known: Mentioned) -> Record:
    return _some(choices, {"id": "P1"}, {
        "birth_date": ("1950-02-01", "2005-03-04", "2020-01-01"), "benefit_year_start": ("2026-01-01", "2026-03-01"),
        "enrolled": ("2026-01-01",), "facts": lambda: _facts(choices, known, "patient"),
    }, 2)  # fmt: skip


def _facts(choices: Choices, known: Mentioned, owner: str) -> Record:
    return _some(choices, {}, {fact.name: _values(fact, known) for fact in known.facts if fact.owner == owner}, 2)


def _values(fact: Field, known: Mentioned) -> Sequence[Any]:
    match fact.type:
        case "yes_no":
            return (True, False, None)
        case "word":
            return (*fact.words, None)
        case "number":
            return sorted({max(0, n + step) for n in (0, *known.numbers) for step in (-1, 0, 1)})
        case "money":
            return ("0.00", "50.00", "120.50")
        case "code":
            return known.codes
        case "date":
            return [day.isoformat() for day in (*known.days, date(2026, 2, 1))]
        case "text":
            return (*known.words, "X")
        case _:
            return (None,)


# ---- histories ---------------------------------------------------------------------------------------------------


def any_history(choices: Choices, known: Mentioned, day: date) -> Record:
    """Services in a row whose number lies near a number of the rules, and a few apart; complete since a day, or not."""
    history: Record = {"patient": "P1"}
    since = choices.pick((date(1950, 1, 1), day - 400 * _ONE, None, day - 20 * _ONE, date(1950, 1, 1)))
    if since is not None:
        history["complete_from"] = since.isoformat()
    if choices.pick(range(10)):
        history["services"] = [*_run(choices, known, day), *_several(choices, 2, lambda: apart(choices, known, day))]
    return _some(choices, history, {
        "events": lambda: _several(choices, 3, lambda: _event(choices, known, day)),
        "authorizations": lambda: _several(choices, 2, lambda: _authorization(choices, day)),
        "notes": lambda: _several(choices, 3, lambda: _note(choices, day)),
    })  # fmt: skip


def _run(choices: Choices, known: Mentioned, day: date) -> list[Record]:
    """One service on so many days in a row before the line: a limit's number, one less, one more."""
    many = choices.pick(sorted({max(0, n + step) for n in (1, *known.numbers) for step in (-2, -1, 0, 1) if n + step <= 35}))
    first = {**_service(choices, known, day), "billing_provider": {"npi": "1"}}
    if choices.pick(range(4)):
        first["modifiers"] = choices.pick((["GP"], ["GP"], ["GO"], ["GN"]))  # a row that is of one discipline counts
    return [{**first, "date_of_service": _on(day, n - many)} for n in range(many)]


def apart(choices: Choices, known: Mentioned, day: date) -> Record:
    """A service by itself, some time before a day."""
    back = choices.pick((0, 1, 29, 30, 31, 60, 89, 90, 91, 180, 365))
    return _some(choices, _service(choices, known, day - back * _ONE), {
        "billing_provider": ({"npi": "1"}, {"npi": "2"}), "denied": _YES_NO, "claim": ("C0",), "paid": ("40.00",), "injury_number": ("I1",),
        "condition": ("a", "b"), "plan": ("A",),
    })  # fmt: skip


def _event(choices: Choices, known: Mentioned, day: date) -> Record:
    declared = dict(known.events)
    kind = choices.pick((*declared, "injury", "order", "accident", "referral", "discharge"))
    facts = {fact.name: _values(fact, known) for fact in declared.get(kind, ())}
    return _some(choices, {"kind": kind}, {
        "date": [_on(day, -n) for n in (-1, 0, 1, 14, 15, 29, 30, 31, 90)], "injury_number": ("I1",),
        "by": ({"role": "physician"}, {"role": "chiropractor"}), "facts": lambda: _some(choices, {}, facts, 2),
    }, 2)  # fmt: skip


def _authorization(choices: Choices, day: date) -> Record:
    back = [_on(day, -n) for n in (0, 4, 5, 10, 11, 40)]
    record = _some(choices, {"number": "A1"}, {
        "from": back, "to": [_on(day, n) for n in (-1, 0, 1)], "visits": (1, 2, 12), "used_visits": (0, 1, 2, 11, 12),
        "kind": ("written", "reviewed", "hotline"), "codes": (["97110"], ["97140", "97530"]), "discipline": ("PT", "OT"), "requested": back,
        "received": back, "decided": back, "units": ({"97110": 3},), "visits_per_week": (2,),
    }, 2)  # fmt: skip
    if record.get("from", "") > record.get("to", "9999"):
        del record["to"]  # no authorization ends before it begins
    return record


def _note(choices: Choices, day: date) -> Record:
    back = [_on(day, -n) for n in (0, 1, 30, 89, 90, 91)]
    words = ("Tolerated well.", "Walks 40 feet, was 20.", None)
    record = {"kind": choices.pick(("treatment_note", "progress_report", "certification", "evaluation"))}
    return _some(choices, record, {
        "date": back, "discipline": ("PT", "OT"), "signature": ("A", None), "credentials": ("PT",), "progress": words, "text": words,
        "plan_of_care": lambda: _some(choices, {}, {"certified": back, "ends": back}, 2),
    }, 2)  # fmt: skip


# ---- sessions ----------------------------------------------------------------------------------------------------


def any_session(choices: Choices, known: Mentioned) -> Record:
    """A session of up to three interventions, its total that of their minutes or a unit more."""
    day = any_day(choices, known)
    parts = [_intervention(choices, known) for _ in range(choices.pick((1, 2, 3)))]
    whole = sum(part["minutes"] for part in parts if "minutes" in part)
    session: Record = {"date": day.isoformat(), "payer": choices.pick(known.payers), "interventions": parts}
    return _some(choices, session, {
        "plan": known.plans or ("A",), "discipline": ("PT", "OT"), "patient": lambda: _patient(choices, known), "place_of_service": _places(known),
        "total_minutes": (whole, whole + 8), "billing_provider": ({"npi": "1"},), "diagnoses": (["M54.50"], ["F84.0"], []),
        "facts": lambda: _facts(choices, known, "claim"),
    })  # fmt: skip


def _intervention(choices: Choices, known: Mentioned) -> Record:
    record = _some(choices, {"code": choices.pick((*DEFAULT_CODES, *known.codes))}, {
        "minutes": MINUTES, "role": _ROLES, "contact": ("one_on_one", "group"), "patients": (1, 2), "with": (None, "PTA"),
        "allowed": ("29.00", "58.20"),
    })  # fmt: skip
    if record.get("contact") == "one_on_one" and "patients" in record:
        record["patients"] = 1  # of two it is refused
    return record
