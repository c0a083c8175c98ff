"""Random counters, as policy text and for the oracle, over the claims and histories of tests/worlds.py."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import attrs
import worlds

from .counting import Counter
from .windows import Window

Record = dict[str, Any]
MEASURES = (
    "visits", "visits", "treatment_days", "units", "minutes", "lines", "charged", "allowed", "paid", "patients", "distinct code", "distinct claim",
    "distinct place_of_service", "distinct discipline",
)  # fmt: skip
OF = {
    "": "1", "PT": "{discipline} = 'PT'", "PT, OT": "{discipline} IN ('PT', 'OT')", "97110": "{code} = '97110'",
    "97110, 97140": "{code} IN ('97110', '97140')", "PT excluding 97140": "{discipline} = 'PT' AND {code} <> '97140'",
    "9711*": "{code} LIKE '9711%'", "97110..97140": "{code} IN ('97110', '97140')",
}  # fmt: skip
WHERE = {
    "": "1", "place_of_service in 11": "{place_of_service} = '11'", "telehealth": "COALESCE({telehealth}, 0)",
    "not telehealth": "NOT COALESCE({telehealth}, 0)", "denied": "{denied}", "units > 1": "{units} > 1", "discipline in PT": "{discipline} = 'PT'",
    "place_of_service in 11 or units >= 2": "{place_of_service} = '11' OR {units} >= 2", 'condition = "a"': "{condition} = 'a'",
}  # fmt: skip
TIMES = (
    ("day", 0, ""), ("week", 0, ""), ("week from monday", 0, ""), ("month", 0, ""), ("calendar_year", 0, ""), ("benefit_year", 0, ""),
    ("lifetime", 0, ""), ("claim", 0, ""), ("line", 0, ""), ("prior", 30, "days"), ("prior", 2, "months"), ("prior", 3, "weeks"),
    ("rolling", 30, "days"), ("rolling", 2, "months"), ("rolling", 1, "years"), ("rolling", 61, "days"),
)  # fmt: skip
KINDS = ("discipline", "code", "condition", "therapy_kind", "billing_provider", "rendering_provider", "specialty")


@attrs.frozen
class Counted:
    """A counter as policy text and as the oracle takes it, with a claim and a history."""

    text: str
    counter: Counter
    claim: Record
    history: Record | None


def a_counter(chance: Random) -> tuple[str, Counter]:
    measure, of, where = chance.choice(MEASURES), chance.choice(tuple(OF)), chance.choice(("", *WHERE))
    time, number, unit = chance.choice(TIMES)
    kinds = tuple(chance.sample(KINDS, chance.choice((0, 0, 1, 1, 2))))
    key = f"{time} {number} {unit}" if number else time
    text = f"{measure}{of and f' of {of}'}{where and f' where ({where})'} per {' and '.join((key, *kinds))}"
    return text, Counter(measure, OF[of], WHERE[where], time, number, unit, kinds=kinds)


def make(chance: Random) -> Counted:
    text, counter = a_counter(chance)
    claim, history = worlds.a_claim(chance), worlds.a_history(chance)
    history["services"] += [worlds.a_service(chance) for _ in range(chance.choice((0, 0, 6)))]
    claim["facts"] = {}
    return Counted(text, counter, claim, known(history, chance))


def known(history: Record, chance: Random) -> Record | None:
    """The history whole, or known since or to a day, of one provider, or not at all."""
    way = chance.randrange(12)
    if way == 0:
        return None
    if way == 1:
        del history["complete_from"]
    if way in (2, 3, 4):
        history["complete_from"] = chance.choice(worlds.DAYS)
    if way in (4, 5, 6):
        history["complete_to"] = chance.choice([day for day in worlds.DAYS if day >= history["complete_from"]])
    if way == 7:
        history["complete_for"] = "billing_provider"
    if way == 8:
        del history["services"]
    if way == 9:
        history["services"] = []
    if way == 10:
        del history["complete_to"]
    return history


# ---- windows -----------------------------------------------------------------------------------------------------

OPENED_BY = ("", "PT", "OT", "PT, OT", "97110", "97140, 97530", "92507")


def a_window(chance: Random) -> tuple[str, Window]:
    """A window's clauses and what they say."""
    opens = chance.choice(("year", "first_visit", "first_visit", "service", "service", "on_event", "after_event", "on_date"))
    if opens == "year":
        day = chance.choice(("01-01", "03-01", "03-03", "07-01", "12-31", "02-28"))
        return f"year from {day}", Window(opens, day)
    lengths = tuple((chance.choice((1, 2, 5, 14, 30)), chance.choice(("days", "weeks", "months"))) for _ in range(chance.choice((0, 1, 1, 2))))
    again = opens == "first_visit" and bool(lengths) and chance.random() < 0.6
    since = date.fromisoformat(chance.choice(worlds.DAYS)) if chance.random() < 0.25 else None
    per = ("discipline",) if opens in ("first_visit", "service") and chance.random() < 0.5 else ()
    on = {
        "first_visit": chance.choice(OPENED_BY), "service": chance.choice(OPENED_BY[1:]), "on_event": "admission", "after_event": "admission",
        "on_date": chance.choice(worlds.DAYS),
    }[opens]  # fmt: skip
    words = {"first_visit": f"on first visit{on and f' of {on}'}", "after_event": f"after {on}"}.get(opens, f"on {on}")
    clauses = [f"opens {words}", *(f"lasts {number} {unit}{' then again' * again}" for number, unit in lengths)]
    clauses += [f"since {since}"] * (since is not None) + [f"per {key}" for key in per]
    return "  ".join(clauses), Window(opens, on, lengths, again, since, per)


@attrs.frozen
class Windowed:
    """A limit over a window, as policy text and for the oracle, with a claim and a history of which all is known."""

    text: str
    counter: Counter
    most: int
    claim: Record
    history: Record


def a_windowed(chance: Random) -> Windowed:
    clauses, window = a_window(chance)
    measure, of, most = chance.choice(("visits", "units", "lines", "treatment_days")), chance.choice(tuple(OF)), chance.randint(0, 3)
    text = f"window w {{ {clauses} }}\nlimit it {{ count {measure}{of and f' of {of}'} per w  at most {most}  outcome warn  cite manual }}\n"
    claim, history = worlds.a_claim(chance), worlds.a_history(chance)
    history["events"] = [{"kind": "admission", "date": chance.choice(worlds.DAYS)} for _ in range(chance.randint(0, 3))]
    claim["facts"], history["complete_from"] = {}, "1950-01-01"
    return Windowed(text, Counter(measure, OF[of], time="window", window=window, kinds=window.per), most, claim, history)
