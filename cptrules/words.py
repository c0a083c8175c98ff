"""Sentences about values, counts and conditions, in dates, counts and dollars and not in field names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from .dates import Span
from .fields import Field
from .lines import Case, View, value_of
from .policy import (
    Comparison,
    Condition,
    Counter,
    FieldValue,
    HasField,
    KindKey,
    OnList,
    TimeKey,
    WindowKey,
    YesNo,
    conditions_in,
)
from .truth import Interval, Need

_NOUNS: Final = {
    "treatment_days": "treatment days", "visits": "visits", "units": "units", "minutes": "minutes", "lines": "lines",
    "charged": "charged", "allowed": "allowed", "paid": "paid", "patients": "patients", "authorizations": "authorizations",
}  # fmt: skip
MONEY_MEASURES: Final = ("charged", "allowed", "paid")


def money(amount: Decimal) -> str:
    """Write dollars as people do, to the cent."""
    return f"${amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,.2f}"


def amount(value: Any, measure: str = "") -> str:
    """Write a number, as money where the measure is money."""
    if measure in MONEY_MEASURES and isinstance(value, int | Decimal):
        return money(Decimal(value))
    if isinstance(value, Decimal):
        text = format(value.normalize(), "f")
        return text
    return str(value)


def interval(found: Interval, measure: str = "") -> str:
    """Write an interval: one number, `3 to 5`, or `at least 3`."""
    if found.high is None:
        return f"at least {amount(found.low, measure)}"
    if found.high == found.low:
        return amount(found.low, measure)
    return f"{amount(found.low, measure)} to {amount(found.high, measure)}"


def listed(words: Iterable[str], last: str = "and") -> str:
    """Join words as a sentence does."""
    all_ = list(words)
    if len(all_) < 2:
        return "".join(all_)
    return f"{', '.join(all_[:-1])} {last} {all_[-1]}"


def spelt_unit(number: int, unit: str) -> str:
    """Write a unit of time or a measure as people do: `1 treatment day`, `90 days`."""
    plain = unit.replace("_", " ")
    return plain.removesuffix("s") if number == 1 else plain


def ordinal(number: int, article: bool = False) -> str:
    """`31st`, with its article `a 31st` and `an 18th`."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    said = f"{number}{ending}"
    return f"{'an' if _begins_with_a_vowel(number) else 'a'} {said}" if article else said


def _begins_with_a_vowel(number: int) -> bool:
    """Eight, eleven, eighteen, eighty and the hundreds and thousands of these."""
    while number >= 1000:
        number //= 1000
    return number in (8, 11, 18) or 80 <= number <= 89 or 800 <= number <= 899


def counted(counter: Counter, span: Span | None, view: View, case: Case) -> str:
    """Say what a counter counts: `visits of PT and OT in 2026`."""
    noun = counter.column if counter.table is not None else _NOUNS.get(counter.measure, counter.measure)
    if counter.field is not None:
        noun = f"different {several(_field(counter.field))}"
    of = f" of {_selector(counter.of.text)}" if counter.of is not None else ""
    if counter.measure in MONEY_MEASURES and counter.of is not None:  # its numbers are written as dollars, so the noun has none
        of = f" for {_selector(counter.of.text)}"
    return f"{noun}{of}{_period(counter, span, view, case)}"


def several(field: str) -> str:
    """The name of a field for more than one of its values."""
    return {"diagnosis": "diagnoses", "place of service": "places of service"}.get(field, f"{field}s")


def _selector(text: str) -> str:
    names, _, out = text.partition(" excluding ")
    said = listed(name.replace("_", " ") for name in names.split(", "))
    return f"{said} without {listed(n.replace('_', ' ') for n in out.split(', '))}" if out else said


def _period(counter: Counter, span: Span | None, view: View, case: Case) -> str:
    said = [_time(key, span, view) for key in counter.keys if isinstance(key, TimeKey)]
    said += [_in_window(key, span) for key in counter.keys if isinstance(key, WindowKey)]
    alike = [_alike(key, view, case) for key in counter.keys if isinstance(key, KindKey)]
    return "".join([*said, *(a for a in alike if a)])


def _in_window(key: WindowKey, span: Span | None) -> str:
    began = f" that began on {span.from_}" if span is not None and span.from_ is not None else ""
    return f" in the {key.window.name.replace('_', ' ')}{began}"


def _time(key: TimeKey, span: Span | None, view: View) -> str:
    day = view.day or date.min
    match key.name:
        case "day":
            return f" on {day}"
        case "calendar_year":
            return f" in {day.year}"
        case "month":
            return f" in {day:%B %Y}"
        case "week" | "benefit_year":
            start = f" from {span.from_}" if span is not None and span.from_ is not None else ""
            return f" in the {key.name.replace('_', ' ')}{start}"
        case "prior":
            return f" in the {key.number} {key.unit} before {day}"
        case "rolling":
            return f" in the {key.number} {key.unit} that end on {day}"
        case "lifetime":
            return " in a lifetime"
        case "injury_number":
            return " for this injury"
        case "authorization":
            return " under this authorization"
        case _:
            return f" on the {key.name}"


def _alike(key: KindKey, view: View, case: Case) -> str:
    match key.name:
        case "code":
            return f", code {view.record.code}"
        case "discipline" | "therapy_kind":
            from .fields import FIELDS

            found = value_of(FIELDS[key.name], view, case)
            return f", {found} alone" if isinstance(found, str) else ""
        case "billing_provider" | "rendering_provider":
            return f", same {key.name.replace('_', ' ')}"
        case _:
            return f", same {key.name}"


# ---- conditions --------------------------------------------------------------------------------------------------


def because(condition: Condition, view: View, case: Case) -> str:
    """Say what was seen of the facts that a condition asks about."""
    seen: list[str] = []
    for field in dict.fromkeys(fields_of(condition)):
        seen.append(_seen(field, value_of(field, view, case)))
    return listed(seen)


def fields_of(condition: Condition) -> Iterable[Field]:
    """Give the fields that a condition asks about."""
    for part in conditions_in(condition):
        match part:
            case OnList(field=field) | YesNo(field=field) | HasField(field=field):
                yield field
            case Comparison(left=FieldValue(field=field)):
                yield field
            case _:
                continue


def _field(field: Field) -> str:
    return field.name.replace("patient.", "").replace(".", " ").replace("_", " ")


def _seen(field: Field, found: Any) -> str:
    name = _field(field)
    if isinstance(found, Need):
        return f"{name} is not known"
    if found is None or found == ():
        return f"there is no {name}"
    if isinstance(found, bool):
        return f"{name} is {'yes' if found else 'no'}"
    if isinstance(found, tuple):
        return f"{name} is {listed(shown(one) for one in found)}"
    return f"{name} is {shown(found)}"


def shown(found: Any) -> str:
    """Write one value."""
    if isinstance(found, Interval):
        return interval(found)
    if isinstance(found, Decimal):
        return amount(found)
    return str(found).replace("\x00other", "something else")
