"""The ways a condition comes true or false: each a draft with one fact moved, on both sides of its numbers, dates and lists.

What is tried here is a proposal: whoever asks judges the draft and keeps what came out as wanted (`settled` does).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias, assert_never

import attrs

from . import dates
from .conditions import holidays, moment, truth_of, value
from .counting import count
from .drafts import NO_PLAN, PLAIN_DIAGNOSIS, Draft
from .errors import InputError
from .fields import Field
from .policy import (
    AllOf,
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
    Moment,
    Near,
    OnList,
    Opposite,
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
from .truth import Truth
from .words import MONEY_MEASURES, money, ordinal, spelt_unit

Way: TypeAlias = tuple[str, Draft]
MOST_WAYS: Final = 200  # of one condition
MOST_SERVICES: Final = 400
_ONE: Final = timedelta(days=1)
_CENT: Final = Decimal("0.01")
_OUTSIDE: Final = {
    "procedure": ("97110", "97140", "97161", "92507", "99213", "97010"), "diagnosis": (PLAIN_DIAGNOSIS, "S83.511A", "F32.A"),
    "short": ("11", "22", "12", "99"), "revenue": ("0420", "0360"),
}  # fmt: skip


def settled(condition: Condition, want: bool, draft: Draft, earlier: Iterable[tuple[Condition, bool]] = ()) -> Draft | None:
    """Make a condition true (or false), leaving what was made so earlier; None where no way does."""
    if is_so(condition, want, draft):
        return draft
    for _, tried in some(ways(condition, want, draft)):
        if is_so(condition, want, tried) and all(is_so(one, wanted, tried) for one, wanted in earlier):
            return tried
    return None


def as_far_as(condition: Condition, want: bool, draft: Draft) -> Draft:
    """Make a condition true (or false) as far as that goes: of joined parts those that can be, where another hangs on the day."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                draft = as_far_as(part, want, draft)
            return draft
        case Term(condition=inner):
            return as_far_as(inner, want, draft)
        case _:
            return settled(condition, want, draft) or draft


def is_so(condition: Condition, want: bool, draft: Draft) -> bool:
    """Whether a condition is certainly true (or false) for a draft."""
    try:
        found = truth_of(condition, *draft.judged()).truth
    except InputError:
        return False
    return found is (Truth.TRUE if want else Truth.FALSE)


def some(found: Iterable[Way], most: int = MOST_WAYS) -> Iterator[Way]:
    """The first so many ways; they end where a draft holds what no claim can."""
    try:
        for _, way in zip(range(most), found, strict=False):
            yield way
    except InputError:
        return


def ways(condition: Condition, want: bool, draft: Draft) -> Iterator[Way]:
    """Each way to make a condition true (or false), with what is told of it; those at its boundaries first."""
    match condition:
        case AllOf(parts=parts):
            yield from _together(parts, True, draft) if want else _one_of(parts, False, draft)
        case AnyOf(parts=parts):
            yield from _one_of(parts, True, draft) if want else _together(parts, False, draft)
        case Opposite(part=part):
            yield from ways(part, not want, draft)
        case Term(condition=inner):
            yield from ways(inner, want, draft)
        case OnList(field=field, members=members, negated=negated):
            yield from _members(field, members, draft) if want is not negated else _outside(field, members, draft)
        case Comparison():
            yield from _compared(condition, draft)
        case YesNo(field=field):
            yield from _valued(field, want, draft)
        case HasField(field=field):
            yield from _valued(field, _some_value(field, draft) if want else None, draft)
        case HasEvent(kind=kind):
            yield f"{_said(kind)} {'on ' + str(draft.day - 10 * _ONE) if want else 'never'}", (
                draft.with_event(kind, draft.day - 10 * _ONE) if want else draft.without_event(kind)
            )
        case CountIs(counter=counter, right=right):
            yield from counted(counter, _number(right, draft), draft)
        case ScopeIncludes(none=none):
            yield from _included(condition, draft) if want is not none else _excluded(condition, draft)
        case Near() | Apart():
            yield from _at_a_distance(condition, draft)
        case InWindow(window=window):
            yield from _in_window(window, draft) if want else [("before any opening", _nothing_before(draft))]
        case IsAuthorized(where=where):
            yield from authorized(where, draft) if want else _not_authorized(where, draft)
        case _:
            assert_never(condition)


def _together(parts: tuple[Condition, ...], want: bool, draft: Draft) -> Iterator[Way]:
    """All parts made so, one after the other; then each part in each of its ways, the others as they came."""
    for turn, part in enumerate(parts):
        for said, tried in ways(part, want, draft):
            whole: Draft | None = tried
            for other in (*parts[:turn], *parts[turn + 1 :]):
                whole = settled(other, want, whole, [(part, want)]) if whole is not None else None
            if whole is not None:
                yield said, whole


def _one_of(parts: tuple[Condition, ...], want: bool, draft: Draft) -> Iterator[Way]:
    for part in parts:
        yield from ways(part, want, draft)


# ---- fields ------------------------------------------------------------------------------------------------------


def _said(name: str) -> str:
    return name.replace("patient.", "").replace(".", " ").replace("_", " ")


def _valued(field: Field, wanted: Any, draft: Draft) -> Iterator[Way]:
    shown = {True: "yes", False: "no", None: "none"}.get(wanted, wanted) if not isinstance(wanted, Decimal) else wanted
    found = draft.with_value(field, wanted)
    if field.many and wanted is None and field.name == "modifier":
        found = draft.with_modifiers(())
    if found is not None:
        yield f"{_said(field.name)}: {_plain(shown)}", found


def _some_value(field: Field, draft: Draft) -> Any:
    plainly: dict[str, Any] = {"date": draft.day - 10 * _ONE, "number": 1, "money": "10.00", "yes_no": True, "text": "Some"}
    return field.words[0] if field.words else plainly.get(field.type, "97110" if field.system in ("procedure", "") else "59")


def codes_of(members: CodeSet, draft: Draft) -> Iterator[tuple[str, str | None]]:
    """Codes that a set names, each with a discipline where it names one: single codes, ends of ranges, one of each pattern and discipline."""
    for entry in members.entries:
        yield from _codes_of(entry, draft)


def _codes_of(entry: Entry, draft: Draft) -> Iterator[tuple[str, str | None]]:
    match entry.kind:
        case "code" | "word":
            yield entry.value, None
        case "pattern":
            known = [code.code for code in draft.table.codes() if code.code.startswith(entry.value)]
            yield from ((code, None) for code in known[:2] or [f"{entry.value}0" if entry.value.endswith(".") else entry.value])
        case "range":
            inside = draft.table.between(entry.value, entry.last, draft.day) or draft.table.between(entry.value, entry.last)
            yield from ((code, None) for code in dict.fromkeys((inside[:1] + inside[-1:]) if inside else ()))
        case "diagnoses":
            yield from ((entry.value, None), (entry.last, None))
        case "discipline":
            usual = {"PT": "97110", "OT": "97530", "SLP": "92507"}
            yield usual[entry.value], entry.value
            yield from ((c.code, entry.value) for c in draft.table.codes() if c.disciplines == (entry.value,) and c.holds(draft.day))
        case _:
            if entry.members is not None:
                yield from codes_of(entry.members, draft)


def _members(field: Field, members: CodeSet, draft: Draft) -> Iterator[Way]:
    """The field is each single member of the list."""
    for code, discipline in codes_of(members, draft):
        if field.name == "code":
            yield f"code {code}", draft.with_code(code, discipline)
        else:
            yield from _valued(field, code, draft)


def _outside(field: Field, members: CodeSet, draft: Draft) -> Iterator[Way]:
    """The field is on the list no longer: what it has less the list's members, then a value that is not listed."""
    if field.name == "modifier":
        kept = [one for one in draft.line["modifiers"] if not members.holds(one, draft.day)]
        yield f"modifiers {' '.join(kept) or 'none'}", draft.with_modifiers(kept)
        return
    named = {code for code, _ in codes_of(members, draft)}
    near = tuple(pair for entry in members.excluding for pair in _codes_of(entry, draft))
    usual: tuple[str, ...] = field.words or _OUTSIDE.get(field.system, (NO_PLAN, "Another"))
    for code, discipline in (*near, *((word, None) for word in usual)):
        if members.holds(code, draft.day, discipline) or code in named:
            continue
        if field.name == "code":
            yield f"code {code}", draft.with_code(code, discipline)
        else:
            yield from _valued(field, code, draft)


# ---- values ------------------------------------------------------------------------------------------------------


def _number(wanted: Value, draft: Draft) -> Decimal | None:
    """What a value comes to for a draft, where it is one number."""
    found = value(wanted, *draft.judged())
    return Decimal(found) if isinstance(found, int | Decimal) and not isinstance(found, bool) else None


def _compared(condition: Comparison, draft: Draft) -> Iterator[Way]:
    """The left side just below, at and just above the right one; then the right side where it can be set."""
    right = value(condition.right, *draft.judged())
    setter, said = _setter(condition.left, draft)
    for wanted in _beside(right, condition.left):
        found = setter(wanted)
        if found is not None:
            yield f"{said} {_shown(wanted, condition.left)}", found
    if isinstance(condition.right, FieldValue):
        left = value(condition.left, *draft.judged()) if not isinstance(condition.left, EventMoment | VisitMoment) else None
        for wanted in _beside(left):
            found = draft.with_value(condition.right.field, wanted)
            if found is not None:
                yield f"{_said(condition.right.field.name)} {wanted}", found


def _shown(wanted: Any, left: Any) -> str:
    of_money = isinstance(left, FieldValue) and left.field.type == "money"
    return money(Decimal(wanted)) if of_money and isinstance(wanted, int | Decimal) else _plain(wanted)


def _plain(wanted: Any) -> str:
    """A value for what is told of a case: a word of a list without its underscores."""
    return _said(wanted) if isinstance(wanted, str) and wanted.islower() else str(wanted)


def _beside(right: Any, left: Any = None) -> tuple[Any, ...]:
    """A value, and those next to it on both sides; beside a word another of its field's list."""
    if isinstance(right, bool) or right is None:
        return (right,)
    if isinstance(right, int | Decimal):
        step: Decimal = Decimal(1) if Decimal(right) == Decimal(right).to_integral_value() else _CENT
        both = (Decimal(right), Decimal(right) - step, Decimal(right) + step, Decimal(right) - _CENT, Decimal(right) + _CENT)
        return tuple(one for one in dict.fromkeys(both) if one >= 0)
    if isinstance(right, date):
        return tuple(day for step in (0, -1, 1) if (day := dates.add(right, step, "days")) is not None)
    words = left.field.words if isinstance(left, FieldValue) else ()
    other = next((word for word in words if word != right), "Another")
    return (right, other) if isinstance(right, str) else ()


def _setter(left: Value | EventMoment | VisitMoment, draft: Draft) -> tuple[Callable[[Any], Draft | None], str]:
    """What sets the left side of a comparison, and its name."""
    match left:
        case FieldValue(field=field) if field.name == "date_of_service":
            return (lambda wanted: None), "date of service"  # days are moved by whoever chooses the draft's day
        case FieldValue(field=field):
            return (lambda wanted: _typed(field, wanted, draft)), _said(field.name)
        case EventMoment() | VisitMoment():
            return (lambda wanted: with_moment(left, wanted, draft) if isinstance(wanted, date) else None), moment_said(left)
        case DaysBetween(start=start, end=end):
            return (lambda wanted: _days_apart(start, end, wanted, draft)), "days between"
        case Constant() | AmountValue() | TableValue():
            return (lambda wanted: None), "it"
        case _:
            assert_never(left)


def _typed(field: Field, wanted: Any, draft: Draft) -> Draft | None:
    """Set a field to a number of its kind: whole where it is counted, to the cent where it is money."""
    if isinstance(wanted, Decimal):
        if field.type == "money":
            return draft.with_value(field, wanted.quantize(_CENT))
        if wanted != wanted.to_integral_value():
            return None
        return draft.with_value(field, int(wanted))
    return draft.with_value(field, wanted)


def _days_apart(start: Moment, end: Moment, wanted: Any, draft: Draft) -> Draft | None:
    if not isinstance(wanted, int | Decimal) or wanted != int(wanted) or wanted < 1:
        return None
    last = day_of(end, draft) or draft.day
    found = with_moment(start, last - (int(wanted) - 1) * _ONE, draft)
    if found is not None:
        return found
    first = day_of(start, draft) or draft.day
    return with_moment(end, first + (int(wanted) - 1) * _ONE, draft)


# ---- moments -----------------------------------------------------------------------------------------------------


def day_of(wanted: Moment | None, draft: Draft) -> date | None:
    """The day of a moment, where it has one; without a moment the line's own."""
    if wanted is None:
        return draft.day
    found = moment(wanted, *draft.judged())
    return found if isinstance(found, date) else None


def moment_said(wanted: Moment) -> str:
    """A moment's name for what is told of a case."""
    match wanted:
        case DateMoment(field=field):
            return _said(field.name)
        case EventMoment(kind=kind):
            return _said(kind)
        case VisitMoment(which=which):
            return f"{which} visit"
        case _:
            assert_never(wanted)


def with_moment(wanted: Moment, day: date, draft: Draft) -> Draft | None:
    """Let a moment be on a day; None where nothing sets it (the line's own date, a first visit behind the line)."""
    match wanted:
        case DateMoment(field=field):
            return None if field.name == "date_of_service" else draft.with_value(field, day)
        case EventMoment(kind=kind, where=where):
            return _in_event(draft.with_event(kind, day), where)
        case VisitMoment():
            return _with_visit(wanted, day, draft)
        case _:
            assert_never(wanted)


def _in_event(draft: Draft, where: Condition | None) -> Draft:
    """Let a condition hold of the event that was added last; what is asked of it is its own."""
    if where is None:
        return draft
    inside = attrs.evolve(draft, in_event=True)
    found = next((tried for _, tried in ways(where, True, inside)), inside)
    return attrs.evolve(found, in_event=False)


def _with_visit(wanted: VisitMoment, day: date, draft: Draft) -> Draft | None:
    if day > draft.day:
        return None
    like = draft
    if wanted.of is not None:
        like = draft if _holds(wanted.of, draft) else _of_set(wanted.of, draft)
    if wanted.where is not None:
        like = settled(wanted.where, True, like) or like
    at, first = day.isoformat(), wanted.which == "first"
    if wanted.window is not None and not _opened_already(wanted.window, day, draft):
        draft = next(opened(wanted.window, attrs.evolve(draft, services=()), day if first else day - 20 * _ONE), draft)
        if first and wanted.where is None and any(one["date_of_service"] == at for one in draft.services):
            return draft  # what opened the window is its first visit
    kept = tuple(one for one in draft.services if (one["date_of_service"] >= at if first else one["date_of_service"] <= at))
    return attrs.evolve(draft, services=(*kept, like.service(day)))


def _of_set(of: CodeSet, draft: Draft) -> Draft:
    """The draft with a code of a set, of the same discipline where the set has one."""
    made = [draft.with_code(code, discipline) for code, discipline in codes_of(of, draft)]
    return next((one for one in made if one.discipline == draft.discipline), made[0] if made else draft)


def _opened_already(window: Window, day: date, draft: Draft) -> bool:
    """Whether an event that opens a window is on file by a day."""
    kinds = {opening.event for opening in window.openings if opening.event is not None}
    return any(event["kind"] in kinds and event["date"] <= day.isoformat() for event in draft.events)


def _holds(of: CodeSet, draft: Draft) -> bool:
    return of.holds(draft.line["code"], draft.day, draft.discipline or None)


def _at_a_distance(condition: Near | Apart, draft: Draft) -> Iterator[Way]:
    """The moment just inside and just outside the distance from its anchor: the anchor is moved, else the moment."""
    start = day_of(condition.moment, draft) or draft.day
    sign = -1 if condition.direction == "after" else 1
    off = holidays(draft.judged()[1])
    edge = dates.add(start, sign * condition.number, condition.unit, off)
    for anchor in _edges(edge, start, sign):
        found = with_moment(condition.anchor, anchor, draft)
        if found is not None:
            yield f"{moment_said(condition.anchor)} on {anchor}", found
    yield from _each_where(condition.anchor, edge or start, draft)
    if condition.moment is None:
        return
    far = with_moment(condition.anchor, draft.day - 60 * _ONE, draft)
    for ready in (draft, *([far] if far is not None else [])):
        anchored = day_of(condition.anchor, ready) or draft.day
        edge = dates.add(anchored, -sign * condition.number, condition.unit, off)
        for day in _edges(edge, anchored, -sign):
            found = with_moment(condition.moment, day, ready)
            if found is not None:
                yield f"{moment_said(condition.moment)} on {day}", found
        yield from _each_where(condition.moment, edge or anchored, ready)


def _each_where(wanted: Moment, day: date, draft: Draft) -> Iterator[Way]:
    """A visit or an event on a day in each way that its own condition comes true, or false."""
    if not isinstance(wanted, EventMoment | VisitMoment) or wanted.where is None:
        return
    placed = with_moment(attrs.evolve(wanted, where=None), day, draft)
    if placed is None:
        return
    for want in (True, False):
        if isinstance(wanted, EventMoment):
            inside = attrs.evolve(placed, in_event=True)
            yield from ((said, attrs.evolve(tried, in_event=False)) for said, tried in some(ways(wanted.where, want, inside)))
        else:
            for said, like in some(ways(wanted.where, want, draft)):
                yield f"{moment_said(wanted)} on {day}, {said}", attrs.evolve(placed, services=(*placed.services[:-1], like.service(day)))


def _edges(edge: date | None, start: date, sign: int) -> list[date]:
    """The day at a distance, the days on both sides of it, and the day from which it is measured."""
    found = [edge, dates.add(edge, sign, "days"), dates.add(edge, -sign, "days")] if edge is not None else [start + sign * 4 * _ONE]
    return [day for day in dict.fromkeys([*found, start, start - sign * _ONE, start + sign * 60 * _ONE]) if day is not None]


# ---- windows -----------------------------------------------------------------------------------------------------


def _in_window(window: Window, draft: Draft) -> Iterator[Way]:
    """The line just inside and just outside each length of the window, opened each way it opens."""
    for back in _lengths(window, draft):
        for found in opened(window, draft, back):
            yield f"{_said(window.name)} opened on {back}", found


def _lengths(window: Window, draft: Draft) -> list[date]:
    edges = [dates.add(draft.day, -length.number, length.unit) for length in window.lengths]
    near = [day for edge in edges if edge is not None for day in (edge, edge + _ONE, edge - _ONE)]
    return [draft.day - _ONE, *near, draft.day]


def opened(window: Window, draft: Draft, day: date) -> Iterator[Draft]:
    """Drafts in which a window opens on a day, one for each way it opens."""
    for opening in window.openings:
        match opening.kind:
            case "on_event" | "after_event" if opening.event is not None:
                yield _in_event(draft.with_event(opening.event, day), opening.when)
            case "service" | "first_visit":
                found = _with_visit(VisitMoment("first", opening.of, opening.when, None), min(day, draft.day), draft)
                if found is not None:
                    yield found
            case _:
                yield draft


def _nothing_before(draft: Draft) -> Draft:
    return attrs.evolve(draft, services=(), events=())


# ---- what stands beside ------------------------------------------------------------------------------------------


def _included(condition: ScopeIncludes, draft: Draft) -> Iterator[Way]:
    for code, discipline in codes_of(condition.of, draft):
        other = beside(code, discipline, condition.where, draft)
        if condition.scope == "line":
            yield f"code {code}", draft.with_code(code, discipline)
        elif condition.window is not None:
            yield f"{code} the day before", draft.with_services({**draft.service(draft.day - _ONE), **other})
        else:
            yield f"{code} beside it", attrs.evolve(draft, others=(*draft.others, other))


def beside(code: str, discipline: str | None, where: Condition | None, draft: Draft) -> dict[str, Any]:
    """Another line like the draft's, of a code, of which a condition holds."""
    like = draft.with_code(code, discipline)
    if where is not None:
        like = settled(where, True, like) or like
    return dict(like.line)


def _excluded(condition: ScopeIncludes, draft: Draft) -> Iterator[Way]:
    def kept(lines: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(one for one in lines if not condition.of.holds(one["code"], draft.day))

    yield "nothing beside it", attrs.evolve(draft, others=kept(draft.others), services=kept(draft.services))
    usual = next((code for code in _OUTSIDE["procedure"] if not condition.of.holds(code, draft.day)), None)
    if usual is not None:
        yield f"code {usual}", draft.with_code(usual)


def authorized(where: Condition | None, draft: Draft) -> Iterator[Way]:
    """An authorization that covers the line, in each way its condition comes true."""
    known = draft.authorized()
    if where is None:
        yield "an authorization", known
        return
    if is_so(where, True, known):
        yield "an authorization", known
    for said, tried in ways(where, True, known):
        yield said, tried
    for said, tried in ways(where, False, known):
        yield said, tried


def _not_authorized(where: Condition | None, draft: Draft) -> Iterator[Way]:
    yield "no authorization", attrs.evolve(draft, authorizations=())
    yield "an authorization that ended the day before", draft.with_authorization(to=(draft.day - _ONE).isoformat())
    if where is not None:
        yield from ways(where, False, draft.authorized())


# ---- counts ------------------------------------------------------------------------------------------------------


def counted(counter: Counter, number: Decimal | None, draft: Draft) -> Iterator[Way]:
    """Drafts whose count, this line in, lies just below, at and just above a number."""
    if number is None or number > 1_000_000:
        return
    for ready in _ready(counter, number, draft):
        for many in _targets(counter, number):
            tried = _with_count(counter, many, ready)
            if tried is not None:
                yield count_said(counter, tried), tried


def _ready(counter: Counter, number: Decimal, draft: Draft) -> list[Draft]:
    """The draft made to count: the window of its keys opened before the services to come, its `where` true."""
    if counter.where is not None:
        draft = settled(counter.where, True, draft) or draft
    windows = [key.window for key in counter.keys if isinstance(key, WindowKey)]
    back = min(int(number) + 2, 60)
    found = [tried for window in windows for tried in opened(window, draft, draft.day - back * _ONE)]
    return found or [draft]


def _targets(counter: Counter, number: Decimal) -> list[Decimal]:
    if counter.measure in MONEY_MEASURES:
        return [one for one in (number, number + _CENT, number - _CENT) if one >= 0]
    whole = Decimal(int(number))
    return [one for one in (whole, whole + 1, whole - 1) if one >= 0]


def count_said(counter: Counter, draft: Draft) -> str:
    """What the count of a draft comes to: `a 31st visit`, `$2,480.01 allowed`."""
    found = count(counter, *draft.judged()).interval
    if counter.measure in ("visits", "treatment_days") and found.low == int(found.low) > 0:
        return f"{ordinal(int(found.low), article=True)} {spelt_unit(1, counter.noun)}"
    told = money(Decimal(found.low)) if counter.measure in MONEY_MEASURES else f"{Decimal(found.low):f}"
    return f"{told} {spelt_unit(1 if found.low == 1 else 2, counter.noun)}"


def _with_count(counter: Counter, many: Decimal, draft: Draft) -> Draft | None:
    match counter.measure:
        case "units" | "minutes" if _is_of_one_day(counter) and counter.table is None:
            return _own(counter.measure, int(many), draft)
        case "charged" | "allowed" | "paid":
            return _money_before(counter, many, draft)
        case "patients":
            return draft.with_line(patients=max(1, int(many)))
        case "authorizations":
            return _authorizations(int(many), draft)
        case "visits" | "treatment_days" | "units" | "lines" | "minutes" | "distinct" if counter.table is None and counter.field is None:
            return _services_before(counter, int(many) - 1, draft)
        case _ if counter.field is not None:
            return _different(counter, int(many) - 1, draft)
        case _:
            return _weighed(counter, many, draft)


def _is_of_one_day(counter: Counter) -> bool:
    return any(isinstance(key, TimeKey) and key.name in ("day", "line", "claim") for key in counter.keys)


def _own(name: str, many: int, draft: Draft) -> Draft | None:
    if many < 1:
        return None
    return draft.with_line(units=many, minutes=15 * many) if name == "units" else draft.with_line(minutes=many)


def _services_before(counter: Counter, many: int, draft: Draft) -> Draft | None:
    """So many services like the line on the days before it, or on its own day where only that is counted."""
    if not 0 <= many <= MOST_SERVICES:
        return None
    one_day = _is_of_one_day(counter)
    before = next((key for key in counter.keys if isinstance(key, TimeKey) and key.name == "prior"), None)
    many += 1 if before is not None else 0
    if any(isinstance(key, TimeKey) and key.name in ("claim", "line") for key in counter.keys):
        return attrs.evolve(draft, others=(*draft.others, *(dict(draft.line) for _ in range(many))))
    each = {"units": 1, "minutes": 1} if counter.measure in ("units", "minutes") else {}
    like = draft.with_line(minutes=1) if counter.measure == "minutes" else draft
    days = [draft.day if one_day else draft.day - number * _ONE for number in range(1, many + 1)]
    return like.with_services(*(draft.service(day, **each) for day in days))


def _money_before(counter: Counter, many: Decimal, draft: Draft) -> Draft | None:
    """One service that brings the sum to an amount; where the line alone is more, the line's own amount."""
    name = {"charged": "charge", "allowed": "allowed", "paid": "paid"}[counter.measure]
    own = Decimal(count(counter, *draft.judged()).interval.low)
    if many <= own:
        return draft.with_line(**{name: f"{many:.2f}"}) if name != "paid" and many > 0 else None
    day = draft.day if _is_of_one_day(counter) else draft.day - _ONE
    if any(isinstance(key, TimeKey) and key.name == "claim" for key in counter.keys):
        return attrs.evolve(draft, others=(*draft.others, {**draft.line, name: f"{many - own:.2f}"}))
    return draft.with_services(draft.service(day, **{name: f"{many - own:.2f}"}))


def _authorizations(many: int, draft: Draft) -> Draft | None:
    if not 0 <= many <= 50:
        return None
    first = draft.authorized().authorizations[-1]
    return attrs.evolve(draft, authorizations=tuple({**first, "number": f"A{number}"} for number in range(1, many + 1)))


def _different(counter: Counter, many: int, draft: Draft) -> Draft | None:
    """So many other lines of the day, each with another value of the field that is counted."""
    if counter.field is None or not 0 <= many <= 40:
        return None
    every = ((code.code, None) for code in draft.table.codes())
    values: Iterable[tuple[str, str | None]] = codes_of(counter.of, draft) if counter.of is not None else every
    if counter.field.name != "code":
        values = ((f"V{number}", None) for number in range(many))
    free = [one for one in values if one[0] != draft.line["code"]][:many]
    if len(free) < many:
        return None
    made = []
    for text, discipline in free:
        like = draft.with_code(text, discipline) if counter.field.name == "code" else draft.with_value(counter.field, text)
        if like is None:
            return None
        made.append(dict(like.line))
    return attrs.evolve(draft, others=(*draft.others, *made))


def _weighed(counter: Counter, many: Decimal, draft: Draft) -> Draft | None:
    """As many units as bring a table's values to a number, or just over it."""
    each = Decimal(count(counter, *draft.with_line(units=1).judged()).interval.low)
    if each <= 0:
        return None
    units = int(many // each)
    return draft.with_line(units=max(1, min(units, 100)))
