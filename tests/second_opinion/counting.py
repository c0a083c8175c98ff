"""What a limit counts, as SQL over SQLite (M4, M5.1, M6; N3 to N7), from a claim and a history as plain JSON.

`counts(...)` gives for each line of the claim the least and the most that its counter can come to; the most is None where the history may lack
services. Of the facts of lines and services everything is known; what may be unknown is which services there were.
"""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from typing import Any

import attrs

from .calendar_days import before, year_holding
from .windows import Window, window_of

Record = dict[str, Any]
Interval = tuple[float, float | None]
Days = tuple[date, date]  # first and last

ONE = timedelta(days=1)
DISCIPLINE_OF_MODIFIER = {"GP": "PT", "GO": "OT", "GN": "SLP"}
DISCIPLINE_OF_ROLE = {"PT": "PT", "PTA": "PT", "OT": "OT", "OTA": "OT", "SLP": "SLP", "SLPA": "SLP"}
DISCIPLINE_OF_CODE = {"92507": "SLP"}  # the codes of these tests that the code table allows to one discipline only
KIND_OF_MODIFIER = {"96": "habilitative", "97": "rehabilitative"}
COLUMNS = (
    "mine", "number", "day", "code", "units", "minutes", "charged", "allowed", "paid", "patients", "discipline", "therapy_kind", "condition",
    "injury_number", "place_of_service", "telehealth", "denied", "billing_provider", "rendering_provider", "specialty", "claim",
)  # fmt: skip


@attrs.frozen
class Counter:
    """What is counted: a measure, a condition in SQL for each of `of` and `where`, a key of time with its number and unit, and keys of kind."""

    measure: str
    of: str = "1"
    where: str = "1"
    time: str = "calendar_year"
    number: int = 0
    unit: str = "days"
    window: Window | None = None
    kinds: tuple[str, ...] = ()


# The measures, over the rows that count. Those of distinct things rank by first service (N3), so they are counted up to the line's own.
SUMS = {
    "units": "SUM(units)", "minutes": "SUM(minutes)", "lines": "COUNT(*)", "charged": "SUM(charged)", "allowed": "SUM(allowed)", "paid": "SUM(paid)",
    "patients": "MAX(patients)",
}  # fmt: skip
THINGS = {"visits": "day || ' ' || COALESCE(discipline, '')", "treatment_days": "day"}


def rows(claim: Record, history: Record | None) -> list[tuple[Any, ...]]:
    """The lines of the claim and the services of the history that are not this very claim's."""
    found = [_row(line, claim, claim, 1) for line in claim["lines"]]
    for service in (history or {}).get("services", []):
        if service.get("claim") is None or service["claim"] != claim.get("id"):
            found.append(_row(service, service, {}, 0))
    return found


def named(row: tuple[Any, ...]) -> Record:
    """A row with its columns' names."""
    return dict(zip(COLUMNS, row, strict=True))


def _row(line: Record, owner: Record, claim: Record, mine: int) -> tuple[Any, ...]:
    def told(name: str) -> Any:
        return line[name] if name in line else claim.get(name)

    who, provider = line.get("rendering_provider") or {}, owner.get("billing_provider") or {}
    allowed = _cents(line.get("allowed"))
    return (
        mine, line.get("number", 0), line["date_of_service"], line["code"], line["units"], line["minutes"], _cents(line.get("charge")),
        allowed, allowed if mine else _cents(line.get("paid")), line["patients"], _discipline(line), _therapy_kind(line, told("therapy_kind")),
        told("condition"), told("injury_number"), told("place_of_service"), line.get("telehealth"), bool(line.get("denied", False)),
        provider.get("npi"), who.get("npi"), provider.get("specialty"), claim.get("id") if mine else line.get("claim"),
    )  # fmt: skip


def _cents(money: str | None) -> int | None:
    return None if money is None else round(float(money) * 100)


def _discipline(line: Record) -> str | None:
    """M6.1: the line's own, else its modifier's, else its code's, else the rendering provider's."""
    by_modifier = [DISCIPLINE_OF_MODIFIER[one] for one in line.get("modifiers") or [] if one in DISCIPLINE_OF_MODIFIER]
    role = (line.get("rendering_provider") or {}).get("role")
    found = [line.get("discipline"), *by_modifier, DISCIPLINE_OF_CODE.get(line["code"]), DISCIPLINE_OF_ROLE.get(str(role))]
    return next((one for one in found if one), None)


def _therapy_kind(line: Record, stated: str | None) -> str | None:
    """M6.2: its modifier's, else what is stated of the line or the claim."""
    return next((KIND_OF_MODIFIER[one] for one in line.get("modifiers") or [] if one in KIND_OF_MODIFIER), stated)


# ---- the span that a line's date picks ---------------------------------------------------------------------------


def span(counter: Counter, line: Record, claim: Record, history: Record | None) -> tuple[date, date] | None:
    """First and last day of the line's window; None for the keys `claim` and `line`, which need no history, and where no window holds the date."""
    day = date.fromisoformat(line["date_of_service"])
    if counter.window is not None:
        opening = [one for one in map(named, rows(claim, history)) if not one["denied"]]
        (this,) = [one for one in opening if one["mine"] and one["number"] == line["number"]]
        return window_of(counter.window, this, opening, (history or {}).get("events", []))
    if counter.time in ("claim", "line"):
        return None
    if counter.time == "day":
        return day, day
    if counter.time == "week":
        start = day - ((day.weekday() + 1) % 7) * ONE
        return start, start + 6 * ONE
    if counter.time == "week from monday":
        return day - day.weekday() * ONE, day + (6 - day.weekday()) * ONE
    if counter.time == "month":
        return day.replace(day=1), (day.replace(day=28) + 4 * ONE).replace(day=1) - ONE
    if counter.time == "calendar_year":
        return date(day.year, 1, 1), date(day.year, 12, 31)
    if counter.time == "benefit_year":
        return year_holding(day, date.fromisoformat(claim["patient"]["benefit_year_start"]))
    if counter.time == "lifetime":
        return date.fromisoformat(claim["patient"]["birth_date"]), date.max
    if counter.time == "prior":
        return before(day, counter.number, counter.unit), day - ONE
    assert counter.time == "rolling"
    return before(day, counter.number, counter.unit) + ONE, day


# ---- counting ----------------------------------------------------------------------------------------------------


def counts(counter: Counter, claim: Record, history: Record | None) -> list[Interval]:
    """The least and the most of each line, in the order of the claim's list; dollars in dollars."""
    base = sqlite3.connect(":memory:")
    base.execute(f"CREATE TABLE item ({', '.join(COLUMNS)})")
    base.executemany(f"INSERT INTO item VALUES ({', '.join('?' * len(COLUMNS))})", rows(claim, history))
    found = []
    for line in claim["lines"]:
        missing = gaps(counter, line, claim, history)
        least = _count(base, counter, line, claim, history, missing)
        least = least / 100 if counter.measure in ("charged", "allowed", "paid") else least
        found.append((least, None if missing else least))
    base.close()
    return found


def _count(base: Any, counter: Counter, line: Record, claim: Record, history: Record | None, missing: list[Days]) -> float:
    """What the rows of the line's window come to, up to and with the line."""
    rows = _counted(counter, line, claim, history)
    if counter.measure in SUMS:
        return base.execute(f"SELECT {SUMS[counter.measure]} FROM ({rows})").fetchone()[0] or 0
    thing = THINGS.get(counter.measure) or counter.measure.removeprefix("distinct ")
    firsts = f"SELECT {thing} AS thing, MIN(place) AS place FROM ({rows}) WHERE {thing} IS NOT NULL GROUP BY 1"
    base.execute("CREATE TEMP TABLE firsts AS " + firsts)
    its = base.execute(f"SELECT {thing} FROM ({rows}) WHERE mine AND number = {line['number']}").fetchone() or (None,)
    found = _rank(base, its[0], _first_missing(counter, line, missing))
    base.execute("DROP TABLE firsts")
    return found


def _counted(counter: Counter, line: Record, claim: Record, history: Record | None) -> str:
    """The rows that count, each with its place: by date, the history of a date first, whose services of one date have one place (M4, N3)."""
    window = span(counter, line, claim, history)
    first, last = window or (date.min, date.max)
    alike = " AND ".join(f"item.{kind} IS this.{kind}" for kind in counter.kinds) or "1"
    denied = "1" if "denied" in counter.where else "NOT item.denied"
    mine_only = {"claim": "item.mine", "line": "item.mine AND item.number = this.number"}.get(counter.time, "1")
    return f"""
        SELECT item.*, item.day || item.mine || printf('%09d', item.number * item.mine) AS place
        FROM item JOIN item AS this ON this.mine AND this.number = {line["number"]}
        WHERE item.day BETWEEN '{first}' AND '{last}' AND item.day <= this.day
          AND (NOT item.mine OR (item.day, item.number) <= (this.day, this.number))
          AND {alike} AND {denied} AND {mine_only} AND ({_named(counter.of)}) AND ({_named(counter.where)})
    """


def _rank(base: sqlite3.Connection, its: Any, missing: date | None) -> int:
    """Which the line's own thing is, all of its place counted in; how many there are where the line itself does not count.

    A service that the history lacks may be the first of the line's own thing, which then ranks no later than on that day.
    """
    if its is None:
        return int(base.execute("SELECT COUNT(*) FROM firsts").fetchone()[0])
    (place,) = base.execute("SELECT place FROM firsts WHERE thing = ?", (its,)).fetchone()
    earliest = min(place, f"{missing}0" + "0" * 9) if missing is not None else place
    return int(base.execute("SELECT COUNT(*) + 1 FROM firsts WHERE place <= ? AND thing <> ?", (earliest, its)).fetchone()[0])


def _first_missing(counter: Counter, line: Record, missing: list[Days]) -> date | None:
    """The first day on which the history may lack a service of the line's own thing; of a visit or a day that is its own date."""
    if counter.measure not in THINGS:
        return min((first for first, _ in missing), default=None)
    day = date.fromisoformat(line["date_of_service"])
    return day if any(first <= day <= last for first, last in missing) else None


def selected(counter: Counter, line: Record, claim: Record) -> bool:
    """Whether a line is one that its counter counts."""
    base = sqlite3.connect(":memory:")
    values = _row(line, claim, claim, 1)
    aliases = ", ".join(f"? AS {column}" for column in COLUMNS)
    found = base.execute(f"SELECT ({_named(counter.of)}) AND ({_named(counter.where)}) FROM (SELECT {aliases}) AS item", values).fetchone()[0]
    base.close()
    return bool(found)


def _named(condition: str) -> str:
    return condition.replace("{", "item.").replace("}", "")


def gaps(counter: Counter, line: Record, claim: Record, history: Record | None) -> list[Days]:
    """The days of the line's window, up to the line, of which the history may lack services (M4, incomplete history; N6)."""
    window = span(counter, line, claim, history)
    if window is None:
        return []
    first, last = window[0], min(window[1], date.fromisoformat(line["date_of_service"]))
    ours = (history or {}).get("complete_for") == "billing_provider" and "billing_provider" not in counter.kinds
    if not history or "services" not in history or "complete_from" not in history or ours:
        return [(first, last)]
    since, to = date.fromisoformat(history["complete_from"]), date.fromisoformat(history.get("complete_to", str(last)))
    return [(one, other) for one, other in ((first, min(since - ONE, last)), (max(first, to + ONE), last)) if one <= other]
