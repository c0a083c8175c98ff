"""What is left of a benefit, for billers, for the patient, and as JSON (look.md)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from .render import WIDTH
from .words import MONEY_MEASURES, amount, listed, money, spelt_unit

if TYPE_CHECKING:
    from .documents import Due
    from .remaining import Left, LeftOfAuthorization, Remaining
    from .truth import Interval


def remaining_text(left: Remaining) -> str:
    """Write what is left for a biller."""
    named = getattr(left.person.patient, "id", None)
    who = named if isinstance(named, str) else "the patient"
    titles = listed(left.titles) or f"{left.person.payer}: no policy here speaks for this payer, plan and date"
    lines = [f"{who}, {titles}, on {left.on}", *left_rows(left)]
    if len(lines) == 1 and left.titles:
        lines.append("  no limit over more than a day is in force")
    return "\n".join(lines)


def left_rows(left: Remaining) -> list[str]:
    """Each limit, authorization and note that falls due in a row of its own, with what is not known of it below."""
    lines = []
    rows = [_limit(one) for one in left.limits] + [_authorization(one, left.on) for one in left.authorizations] + [_due(one) for one in left.notes]
    width = max((len(name) for name, _, _ in rows), default=0)
    middle = max((len(text) for _, text, _ in rows), default=0)
    for (name, text, end), asked in zip(rows, _questions(left), strict=True):
        lines.append(f"  {name.ljust(width)}  {text.ljust(middle)}  {end}".rstrip())
        lines += [more for question in asked for more in _wrapped(f"not known: {question}", 6)]
    return lines


def _questions(left: Remaining) -> Iterator[tuple[str, ...]]:
    yield from (one.asked for one in left.limits)
    yield from (() for _ in left.authorizations)
    yield from (one.asked for one in left.notes)


def _limit(left: Left) -> tuple[str, str, str]:
    who = listed(left.disciplines)
    noun = left.measure.replace("_", " ")
    before = " before review" if left.kind == "prior_authorization" else ""
    renews = f"renews {left.renews}" if left.renews is not None else "does not renew by a date"
    many = f"{_range(left.at_least, left.at_most, left.measure)} of {_one(left.limit, left.measure)} left"
    of = f" of {left.code}" if left.code is not None else f", {left.therapy_kind}" if left.therapy_kind is not None else ""
    return f"{who} {noun}{of}{before} ({left.rule})", many, renews


def _range(low: Decimal, high: Decimal | None, measure: str) -> str:
    if high is None:
        return f"{_one(low, measure)} or more"
    return _one(low, measure) if low == high else f"{_one(low, measure)} to {_one(high, measure)}"


def _one(number: Decimal, measure: str) -> str:
    return money(number) if measure in MONEY_MEASURES else amount(number)


def _authorization(left: LeftOfAuthorization, on: date) -> tuple[str, str, str]:
    name = f"authorization {left.number or 'without a number'}" + (f", {left.discipline}" if left.discipline else "")
    parts = []
    if left.visits is not None and left.used is not None:
        parts.append(f"{_left_of(left.visits, left.used)} of {left.visits} visits left")
        if left.used.low > left.visits:
            parts.append(f"{left.used.low} used, more than it grants")
    for code, (many, used) in sorted(left.units.items()):
        parts.append(f"{_left_of(many, used)} of {many} units of {code} left")
        if used.low > many:
            parts.append(f"{used.low} used, more than it grants")
    begins = f"begins {left.begins}, " if left.begins is not None and left.begins > on else ""
    return name, "; ".join(parts) or "no number of visits stated", begins + (f"ends {left.ends}" if left.ends is not None else "no end stated")


def _left_of(granted: int, used: Interval) -> str:
    low = Decimal(0) if used.high is None else max(Decimal(0), Decimal(granted) - Decimal(used.high))
    return _range(low, max(Decimal(0), Decimal(granted) - Decimal(used.low)), "visits")


def _due(due: Due) -> tuple[str, str, str]:
    name = f"{due.kind.replace('_', ' ')}, {due.discipline} ({due.rule})"
    since = f"last one {due.last}" if due.last is not None else "none on file"
    if due.by is not None:
        return name, f"due by {due.by}", since
    if due.left is None:
        return name, "due when is not known", since
    low, high = Decimal(due.left.low), Decimal(due.left.high or 0)
    return name, f"due within {_range(low, high, due.unit)} {spelt_unit(2, due.unit)}", since


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))


# ---- for the patient ---------------------------------------------------------------------------------------------

_PLAIN: Final = {"PT": "physical therapy", "OT": "occupational therapy", "SLP": "speech therapy"}
_KINDS: Final = {"habilitative": " to learn a new skill", "rehabilitative": " to get back a skill you had"}


def patient_text(left: Remaining) -> str:
    """Say what is left in plain words for the patient."""
    if not left.titles:
        return f"We have no rules on file for your plan on {left.on}. Please ask your plan."
    said = [f"On {left.on}, under {listed(left.titles)}:"]
    said += [sentence for one in left.limits if (sentence := _plainly(one)) is not None]
    for one in left.authorizations:
        if one.visits is not None and one.used is not None:
            end = f" The approval ends on {one.ends}." if one.ends is not None else ""
            said.append(f"Of the {one.visits} visits that your plan approved, {_left_of(one.visits, one.used)} are left.{end}")
    if len(said) == 1:
        said.append("We know of no limit on the number of your visits.")
    said.append("What your plan finally pays is your plan's decision.")
    return "\n".join(text for one in said for text in textwrap.wrap(one, 80))


def _plainly(left: Left) -> str | None:
    kinds = listed(_PLAIN.get(one, one) for one in left.disciplines) + _KINDS.get(left.therapy_kind or "", "")
    renews = f" A new count starts on {left.renews}." if left.renews is not None else ""
    unsure = " We do not know of every visit you had elsewhere, so it may be fewer." if left.asked else ""
    most = left.at_most if left.at_most is not None else left.limit
    many = f"at most {_one(most, left.measure)}" if left.asked else _range(left.at_least, left.at_most, left.measure)
    if left.kind == "prior_authorization":
        return f"For {kinds} you can have {many} more {left.measure.replace('_', ' ')} before your plan has to approve more.{renews}{unsure}"
    if left.measure in MONEY_MEASURES:
        return f"For {kinds} there is {many} left of {_one(left.limit, left.measure)} before a further rule applies.{renews}{unsure}"
    if left.measure not in ("visits", "treatment_days"):
        return None
    return f"For {kinds} you have {many} of {_one(left.limit, left.measure)} visits left.{renews}{unsure}"


# ---- JSON --------------------------------------------------------------------------------------------------------


def remaining_dict(left: Remaining) -> dict[str, Any]:
    """Give what is left as plain dicts, lists, text and whole numbers."""
    return {
        "on": str(left.on),
        "limits": [
            {
                "policy": one.policy, "rule": one.rule, "measure": one.measure, "code": one.code, "therapy_kind": one.therapy_kind,
                "disciplines": list(one.disciplines), "limit": str(one.limit),
                "at_least": str(one.at_least), "at_most": None if one.at_most is None else str(one.at_most),
                "renews": None if one.renews is None else str(one.renews), "asked": list(one.asked),
            }
            for one in left.limits
        ],
        "authorizations": [
            {"number": one.number, "discipline": one.discipline, "visits": one.visits,
             "used": None if one.used is None else [one.used.low, one.used.high],
             "units": {code: {"granted": many, "used": [used.low, used.high]} for code, (many, used) in one.units.items()},
             "begins": None if one.begins is None else str(one.begins),
             "ends": None if one.ends is None else str(one.ends)}
            for one in left.authorizations
        ],
        "notes": [
            {"kind": one.kind, "discipline": one.discipline, "rule": one.rule, "every": f"{one.every} {one.unit}" if one.every else None,
             "last": None if one.last is None else str(one.last), "by": None if one.by is None else str(one.by),
             "left": None if one.left is None else [str(one.left.low), str(one.left.high)], "asked": list(one.asked)}
            for one in left.notes
        ],
    }  # fmt: skip
