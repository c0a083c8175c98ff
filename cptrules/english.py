"""What the parts of a policy say, in plain English: sets of codes, values, moments, counts, windows and conditions.

One function for each union of policy.py; every node of it is spoken. Named things (a set, an amount, a term, a counter, a
window) are called by their names, and `meanings` says what each name of a rule stands for.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import PurePath
from typing import Final, assert_never

from .dates import Span
from .fields import Field
from .meaning import parts_of
from .policy import (
    ALWAYS,
    AllOf,
    AmountEntry,
    AmountValue,
    AnyOf,
    Apart,
    CodeSet,
    Comparison,
    Condition,
    Constant,
    Counter,
    CountIs,
    DateMoment,
    DaysBetween,
    Entry,
    EventMoment,
    FieldValue,
    HasEvent,
    HasField,
    InWindow,
    IsAuthorized,
    Key,
    KindKey,
    Length,
    Moment,
    Near,
    OnList,
    Opening,
    Opposite,
    Rule,
    ScopeIncludes,
    TableValue,
    Term,
    TimeKey,
    Value,
    VisitMoment,
    Window,
    WindowKey,
    YesNo,
)
from .tables import Table
from .words import MONEY_MEASURES, amount, listed, money, several, spelt_unit

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TIMES: Final = {
    "line": "on a line", "claim": "on a claim", "day": "in a day", "month": "in a calendar month", "calendar_year": "in a calendar year",
    "benefit_year": "in a benefit year", "lifetime": "in a lifetime", "authorization": "under one authorization", "injury_number": "for one injury",
}  # fmt: skip
_NUMBERS: Final = {"=": "is", "!=": "is not", "<": "is under", "<=": "is at most", ">": "is over", ">=": "is at least"}
_DATES: Final = {"=": "is", "!=": "is not", "<": "is before", "<=": "is on or before", ">": "is after", ">=": "is on or after"}
# Yes-or-no fields that every policy knows, each with what it says and its opposite.
_YES: Final = {
    "telehealth": ("it was given by telehealth", "it was not given by telehealth"),
    "in_network": ("the provider is in the payer's network", "the provider is outside the payer's network"),
    "assisted": ("an assistant gave more than 10 percent of it", "the therapist gave it, but for 10 percent at most"),
    "denied": ("it was denied", "it was not denied"),
    "other_payer.exhausted": ("the other payer's benefit is used up", "the other payer's benefit is not used up"),
}  # fmt: skip
# Lists, of which any member may be meant, each with its opposite.
_MANY: Final = {
    "modifier": ("a modifier", "no modifier"), "diagnosis": ("a diagnosis", "no diagnosis"),
    "authorization.code": ("a code it approves", "no code it approves"),
    "other_payer.order": ("another payer's order", "no other payer's order"),
}  # fmt: skip
_SHORT: Final = {
    "place_of_service": "the place of service", "date_of_service": "the date of service", "code": "the code", "patient.age": "the patient's age",
    "patient.birth_date": "the patient's birth date", "patient.enrolled": "the day the patient joined the plan",
    "patients": "the number of patients", "units": "the number of units",
    "role": "the role of who gave it", "received": "the day the payer received the claim",
}  # fmt: skip


def plainly(name: str) -> str:
    """A name of the file as words."""
    return name.replace(".", " ").replace("_", " ")


def a(name: str) -> str:
    """A name as words, with its article."""
    told = plainly(name)
    return f"{'an' if told[:1] in 'aeiou' else 'a'} {told}"


def field_said(field: Field) -> str:
    """What a field is called."""
    if field.name in _SHORT:
        return _SHORT[field.name]
    owner = {"patient": "the patient's ", "authorization": "the authorization's ", "note": "the note's ", "session": "the session's ",
             "other_payer": "the other payer's "}.get(field.owner, "the ")  # fmt: skip
    return owner + plainly(field.attribute if "." in field.name else field.name)


def span_said(span: Span) -> str:
    """Some dates: `from 2026-01-01 to 2026-12-31`."""
    return " ".join(part for part in (f"from {span.from_}" if span.from_ else "", f"to {span.to}" if span.to else "") if part)


def spans_said(spans: tuple[Span, ...]) -> str:
    """Several stretches of dates."""
    return listed(span_said(span) or "always" for span in spans)


# ---- sets of codes -----------------------------------------------------------------------------------------------


def set_said(of: CodeSet, last: str = "and") -> str:
    """A set of codes: `PT and OT, evaluations aside`."""
    named = listed((entry_said(entry, of.system) for entry in of.entries), last)
    return f"{named}, {listed(entry_said(entry, of.system) for entry in of.excluding)} aside" if of.excluding else named


def entry_said(entry: Entry, system: str = "") -> str:
    """One member of a set of a kind of codes, with its dates."""
    dated = f" ({span_said(entry.span)})" if entry.span != ALWAYS else ""
    match entry.kind:
        case "pattern":
            below = system == "diagnosis"
            return f"{entry.value} and below{dated}" if below else f"all that begins with {entry.value}{dated}"
        case "range" | "diagnoses":
            return f"{entry.value} to {entry.last}{dated}"
        case "set":
            return f"{plainly(entry.value)}{dated}"
        case "word":
            return f"{plainly(entry.value) if entry.value.islower() else entry.value}{dated}"
        case _:
            return f"{entry.value}{dated}"


# ---- values ------------------------------------------------------------------------------------------------------


def constant_said(constant: Constant) -> str:
    """A value that stands in the file."""
    found = constant.value
    if constant.type == "money" and isinstance(found, int | Decimal):
        return dollars(Decimal(found))
    if constant.type == "percent" and isinstance(found, Decimal):
        return f"{amount(found)}%"
    if isinstance(found, bool):
        return "yes" if found else "no"
    return amount(found) if not isinstance(found, str) else plainly(found) if found.islower() else found


def dollars(found: Decimal) -> str:
    """Dollars, with cents where there are some."""
    return f"${found:,.0f}" if found == found.to_integral_value() else money(found) if found == round(found, 2) else f"${found:,f}"


def value_said(value: Value) -> str:
    """A value: as written, a field's, an amount's by its name, a table's, or a number of days."""
    match value:
        case Constant():
            return constant_said(value)
        case FieldValue(field=field):
            return field_said(field)
        case AmountValue():
            return _amount_said(value)
        case TableValue():
            return f"the {plainly(value.column)} of the table {plainly(value.table.name)} for {listed(field_said(f) for f in value.fields)}"
        case DaysBetween(start=start, end=end):
            return f"the days from {moment_said(start)} to {moment_said(end)}, both counted"
        case _:
            assert_never(value)


def _amount_said(value: AmountValue) -> str:
    """An amount by its name; one that never changes by its value too."""
    if len(value.entries) == 1 and value.entries[0].span == ALWAYS and value.entries[0].when is None:
        return f"{constant_said(value.entries[0].value)} ({plainly(value.name)})"
    return f"the {plainly(value.name)}"


def versions(value: AmountValue) -> list[str]:
    """What an amount comes to, entry by entry: the first that fits holds."""
    return [_version(entry) for entry in value.entries]


def _version(entry: AmountEntry) -> str:
    when = f" when {condition_said(entry.when)}" if entry.when is not None else ""
    dated = f" {span_said(entry.span)}" if entry.span != ALWAYS else ""
    return f"{constant_said(entry.value)}{dated}{when}"


# ---- moments -----------------------------------------------------------------------------------------------------


def moment_said(moment: Moment) -> str:
    """A day that something happened."""
    match moment:
        case DateMoment(field=field):
            return field_said(field)
        case EventMoment(kind=kind, where=where):
            return f"the latest {plainly(kind)}{_where(where)}"
        case VisitMoment(which=which, of=of, where=where, window=window):
            inside = f" in the window {plainly(window.name)}" if window is not None else ""
            return f"the {which} visit{' of ' + set_said(of, 'or') if of is not None else ''}{_where(where)}{inside}"
        case _:
            assert_never(moment)


def _where(where: Condition | None) -> str:
    return f" (where {condition_said(where)})" if where is not None else ""


# ---- counts ------------------------------------------------------------------------------------------------------


def noun_of(counter: Counter) -> str:
    """What is counted, without of what: `visits`, `dollars allowed`, `different codes`."""
    if counter.field is not None:
        return f"different {several(plainly(counter.field.name))}"
    if counter.table is not None:
        return f"{plainly(counter.column)} of the table {plainly(counter.table.name)}, times units,"
    if counter.measure in MONEY_MEASURES:
        return f"dollars {counter.measure}"
    return plainly(counter.measure)


def counted_said(counter: Counter) -> str:
    """What is counted, of what and where: `visits of PT and OT, evaluations aside`."""
    of = f" {'for' if counter.measure in MONEY_MEASURES else 'of'} {set_said(counter.of)}" if counter.of is not None else ""
    return f"{noun_of(counter)}{of}{_where(counter.where)}"


def counter_said(counter: Counter) -> str:
    """A counter in full."""
    return f"{counted_said(counter)}, {keys_said(counter.keys)}"


def keys_said(keys: tuple[Key, ...]) -> str:
    """Over what time, and what is counted apart: `in a calendar year, each discipline by itself`."""
    times = [key_said(key) for key in keys if not isinstance(key, KindKey)]
    kinds = [key_said(key) for key in keys if isinstance(key, KindKey)]
    return ", ".join([*times, *([f"each {listed(kinds)} by itself"] if kinds else [])])


def key_said(key: Key) -> str:
    """One key of a counter."""
    match key:
        case KindKey(name=name):
            return plainly(name)
        case WindowKey(window=window):
            return f"in one window {plainly(window.name)}"
        case TimeKey(name="week", first_day=first):
            return f"in a week from {_DAYS[first]}"
        case TimeKey(name="prior", number=number, unit=unit):
            return f"in the {number} {spelt_unit(number, unit)} before the date"
        case TimeKey(name="rolling", number=number, unit=unit):
            return f"in any {number} {spelt_unit(number, unit)} that end on the date"
        case TimeKey(name=name):
            return _TIMES.get(name, f"per {plainly(name)}")
        case _:
            assert_never(key)


# ---- windows -----------------------------------------------------------------------------------------------------


def window_said(window: Window) -> str:
    """What a window is: where it begins, how long it lasts, for whom."""
    if window.year_from is not None:
        told = f"a year that begins on {window.year_from[0]:02}-{window.year_from[1]:02}"
    else:
        opened = listed((opening_said(one) for one in window.openings), "or") or "at any time"
        told = f"begins {opened}"
        told += "".join(f"; lasts {length_said(one)}" for one in window.lengths) if window.lengths else "; lasts until it begins again"
    told += f"; none begins before {window.since}" if window.since is not None else ""
    return told + (f"; each {listed(plainly(key.name) for key in window.keys)} has its own" if window.keys else "")


def length_said(length: Length) -> str:
    """How long a window lasts."""
    again = ", and the next begins with the first service after its end" if length.again else ""
    return f"{length.number} {spelt_unit(length.number, length.unit)}{again}"


def opening_said(opening: Opening) -> str:
    """What opens a window."""
    when = f" when {condition_said(opening.when)}" if opening.when is not None else ""
    of = f" of {set_said(opening.of, 'or')}" if opening.of is not None else ""
    match opening.kind:
        case "date":
            return f"on {opening.day}"
        case "on_event":
            return f"on the day of {a(opening.event or 'event')}{when}"
        case "after_event":
            return f"after {a(opening.event or 'event')}{when}"
        case "first_visit":
            return f"on the first visit{of}{when}"
        case _:
            return f"on a service{of}{when}"


# ---- conditions --------------------------------------------------------------------------------------------------


def condition_said(condition: Condition, so: bool = True) -> str:
    """A condition as part of a sentence; with `so` False, its opposite."""
    match condition:
        case AllOf(parts=parts):
            return _joined(parts, "and" if so else "or", so)
        case AnyOf(parts=parts):
            return _joined(parts, "or" if so else "and", so)
        case Opposite(part=part):
            return condition_said(part, not so)
        case Term(name=name):
            return f"{plainly(name)} holds" if so else f"{plainly(name)} does not hold"
        case OnList(field=field, members=members, negated=negated):
            return _on_list(field, members, so is not negated)
        case Comparison():
            return _compared(condition, so)
        case YesNo(field=field):
            return _yes(field, so)
        case HasField(field=field):
            return f"{field_said(field)} is {'given' if so else 'not given'}"
        case HasEvent(kind=kind):
            return f"there was {a(kind) if so else 'no ' + plainly(kind)} by then"
        case CountIs(counter=counter, sign=sign, right=right):
            return f"{'' if so else 'it is not so that '}the count of {_called(counter)} {_NUMBERS[sign]} {value_said(right)}"
        case ScopeIncludes():
            return _included(condition, so)
        case Near(moment=moment, number=number, unit=unit, direction=direction, anchor=anchor):
            start = moment_said(moment) if moment is not None else "the date"
            return f"{start} is {'' if so else 'not '}within {number} {spelt_unit(number, unit)} {direction} {moment_said(anchor)}"
        case Apart(moment=moment, number=number, unit=unit, direction=direction, anchor=anchor):
            start = moment_said(moment) if moment is not None else "the date"
            told = f"at least {number} {spelt_unit(number, unit)} {direction} {moment_said(anchor)}, or there was none"
            return f"{start} is {'' if so else 'not '}{told}"
        case InWindow(window=window):
            return f"the date lies {'in' if so else 'outside'} the window {plainly(window.name)}"
        case IsAuthorized(where=where):
            return f"{'an' if so else 'no'} authorization covers it{_where(where)}"
        case _:
            assert_never(condition)


def _joined(parts: tuple[Condition, ...], word: str, so: bool) -> str:
    told = [condition_said(part, so) for part in parts]
    return f" {word} ".join(f"({one})" if isinstance(part, AllOf | AnyOf) else one for part, one in zip(parts, told, strict=True))


def _on_list(field: Field, members: CodeSet, so: bool) -> str:
    if field.name in _MANY:
        return f"{_MANY[field.name][0 if so else 1]} is {set_said(members, 'or')}"
    return f"{field_said(field)} is {'' if so else 'not '}{set_said(members, 'or')}"


def _compared(condition: Comparison, so: bool) -> str:
    left = condition.left
    said = moment_said(left) if isinstance(left, EventMoment | VisitMoment) else value_said(left)
    of_dates = isinstance(left, EventMoment | VisitMoment) or (isinstance(left, FieldValue) and left.field.type == "date")
    signs = _DATES if of_dates else _NUMBERS
    sign = condition.sign if so else {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}[condition.sign]
    return f"{said} {signs[sign]} {value_said(condition.right)}"


def _yes(field: Field, so: bool) -> str:
    if field.name in _YES:
        return _YES[field.name][0 if so else 1]
    return f"{plainly(field.name)}: {'yes' if so else 'no'}"


def _included(condition: ScopeIncludes, so: bool) -> str:
    scope = {"day": "the same day", "claim": "the same claim", "line": "the line"}.get(condition.scope, f"the window {plainly(condition.scope)}")
    has = so is not condition.none
    return f"{scope} has {'' if has else 'no '}{set_said(condition.of, 'or')}{_where(condition.where)}"


def _called(counter: Counter) -> str:
    return plainly(counter.name) if counter.name else counter_said(counter)


# ---- what names stand for ----------------------------------------------------------------------------------------


def meanings(rule: Rule) -> dict[str, str]:
    """What each name in a rule stands for: sets, amounts by date, terms, counters, windows and tables, in the order met."""
    found: dict[str, str] = {}
    for part in parts_of((rule.on, rule.when, rule.demand, rule.excepts, rule.unless)):
        match part:
            case Entry(kind="set", value=name, members=CodeSet() as members):
                found.setdefault(plainly(name), set_said(members))
            case AmountValue(name=name):
                found.setdefault(plainly(name), "; ".join(versions(part)))
            case Term(name=name, condition=inner):
                found.setdefault(plainly(name), condition_said(inner))
            case Counter(name=str() as name):
                found.setdefault(plainly(name), counter_said(part))
            case Window(name=name):
                found.setdefault(plainly(name), window_said(part))
            case Table(name=name):
                found.setdefault(f"the table {plainly(name)}", f"{PurePath(part.path).name}, {len(part.rows)} rows")
            case _:
                continue
    return found
