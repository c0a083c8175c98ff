"""Filling a counter: services, amounts and windows such that a count comes to a number with the line in it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from .. import dates
from ..balances import selection
from ..fields import FIELDS
from ..policy import CodeSet, Counter, CountIs, InWindow, Key, KindKey, Opening, ScopeIncludes, TimeKey, Window, WindowKey
from ..vocabulary import DISCIPLINES
from ..words import MONEY_MEASURES
from .drafts import ONE, USUAL, Draft, Record, held_by, moved
from .wishes import near, settle, settle_event, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST: Final = 70  # services laid one by one; more are told by a balance
_FIELD_OF: Final = {"units": "units", "minutes": "minutes", "charged": "charge", "allowed": "allowed", "paid": "paid"}
_YEAR: Final = "benefit_year_start"


def fill(counter: Counter, total: Decimal, draft: Draft, record: Record) -> None:
    """Make a count come to a total for a line, itself counted in."""
    like = record
    if counter.of is not None and not member(counter.of, draft, record):
        like = {**record, "modifiers": list(record.get("modifiers", []))}
        make_member(counter.of, draft, like)
    first = begin(counter.keys, total, draft, record)
    if counter.where is not None:
        settle(counter.where, True, draft, record)
    _of_measure(counter, total, first, like, like is record, draft, record)
    _at_the_start(counter, first, like, draft, record)


def _of_measure(counter: Counter, total: Decimal, first: date, like: Record, own: bool, draft: Draft, record: Record) -> None:
    mine = int(own and not any(getattr(key, "name", "") == "prior" for key in counter.keys))
    if counter.table is not None:
        return _of_table(counter, total, draft, record)
    if counter.field is not None:
        return _distinct(counter, int(total) - mine, first, like, draft, record)
    match counter.measure:
        case "visits" | "treatment_days" | "lines":
            _lay(counter, int(total) - mine, first, like, draft, record)
        case "patients":
            record["patients"] = int(total)
        case "authorizations":
            _authorizations(int(total), first, draft)
        case "units" | "minutes":
            _amounts(counter, total, Decimal(1), first, like, own, draft, record)
        case _:
            _amounts(counter, total, Decimal(50), first, like, own, draft, record)
    return None


def _lay(counter: Counter, number: int, first: date, like: Record, draft: Draft, record: Record) -> None:
    """So many services, a day apart, up to the day before the line; of one day all on it; very many as a balance."""
    if number > _MOST:
        return _balance(counter, Decimal(number), first, draft, record)
    day = draft.on(record)
    number -= sum(1 for one in draft.history["services"] if first <= draft.on(one) < day and (counter.of is None or member(counter.of, draft, one)))
    one_day = counter.measure == "lines" and first == day
    for step in range(number, 0, -1):
        where = day if one_day else max(first, day - step * ONE)
        _count_in(counter, draft.service(like, where), draft)
    return None


def _count_in(counter: Counter, service: Record, draft: Draft) -> None:
    if counter.where is not None:
        settle(counter.where, True, draft, service)


def _amounts(counter: Counter, total: Decimal, usual: Decimal, first: date, like: Record, own: bool, draft: Draft, record: Record) -> None:
    """The line's own part and one earlier service with the rest, or a balance of it."""
    name = _FIELD_OF[counter.measure]
    if name == "paid" and own:  # of its own line what the payment rules leave of the allowed amount
        record["allowed"] = _written(usual, name)
        draft.once(record, "allowed")
        own, total = False, total - (usual * _share(draft)).quantize(Decimal("0.01"))
    alone = own and total <= (12 if name == "units" else 600) and draft.pick((True, False))
    mine = total if alone else min(total, usual) if own else Decimal(0)
    if own:
        record[name] = _written(mine, name)
        draft.once(record, name)
    rest = total - mine - _laid(counter, name, first, draft, record)
    if rest <= 0:
        return
    if rest > 100_000 or (name in ("allowed", "paid") and draft.rarely(3)):
        return _balance(counter, rest, first, draft, record)
    day = draft.on(record)
    service = draft.service(like, max(first, day - ONE))
    service[name] = _written(rest, name)
    _count_in(counter, service, draft)
    return None


def _laid(counter: Counter, name: str, first: date, draft: Draft, record: Record) -> Decimal:
    """What services that stand in the history already add."""
    day = draft.on(record)
    found = [one for one in draft.history["services"] if first <= draft.on(one) <= day and (counter.of is None or member(counter.of, draft, one))]
    return sum((Decimal(str(one.get(name, 0))) for one in found), Decimal(0))


def _share(draft: Draft) -> Decimal:
    """What the policy pays of an allowed amount by its percentages."""
    share = Decimal(1)
    for rule in draft.policy.rules:
        pay = getattr(rule.demand, "pay", None)
        if pay is not None and pay.of is None and not rule.on:
            share = share * pay.percent / 100
    return share


def _written(amount: Decimal, name: str) -> Any:
    return int(amount) if name in ("units", "minutes") else f"{amount:.2f}"


def _balance(counter: Counter, used: Decimal, first: date, draft: Draft, record: Record) -> None:
    named, out = selection(counter.of)
    balance = {"measure": counter.measure, "from": first.isoformat(), "to": (draft.on(record) - ONE).isoformat(), "used": f"{used}"}
    if balance["from"] <= balance["to"]:
        more: Record = {"of": sorted(named)} if named else {}
        if out:
            more["excluding"] = sorted(out)
        draft.history.setdefault("balances", []).append({**balance, **more})


def _of_table(counter: Counter, total: Decimal, draft: Draft, record: Record) -> None:
    """Units such that the table's value of the code times units comes near the total."""
    assert counter.table is not None
    row = counter.table.row((record["code"],), draft.on(record))
    text = (row or {}).get(counter.column, "").replace(",", "")
    each = Decimal(text) if text.replace(".", "", 1).isdigit() and Decimal(text) else Decimal(1)
    units = int(total / each) + (0 if total % each == 0 else draft.pick((1, 0)))
    record["units"] = max(1, units)


def _distinct(counter: Counter, number: int, first: date, like: Record, draft: Draft, record: Record) -> None:
    assert counter.field is not None
    day = draft.on(record)
    of = held_by(counter.of, day, draft.code_table()) if counter.field.name == "code" and counter.of is not None else []
    usual = [one for one in of if one != like["code"] and one not in DISCIPLINES]
    usual.sort(key=lambda code: not draft.allows(code, discipline_of(draft, like), day))  # those that stay in its discipline first
    usual = [like["code"], *usual] if usual else [*counter.field.words, *USUAL.get(counter.field.name, ()), *(f"X{n}" for n in range(9))]
    for step, value in enumerate(usual[1 : number + 1], 1):
        service = draft.service(like, max(first, day - step * ONE))
        draft.put(counter.field, value, service)


def _authorizations(number: int, first: date, draft: Draft) -> None:
    for step in range(number):
        draft.history["authorizations"].append({"number": f"B{step + 1}", "from": (first + step * ONE).isoformat()})


# ---- who counts --------------------------------------------------------------------------------------------------


def discipline_of(draft: Draft, record: Record) -> str | None:
    """The discipline that a line's modifier says."""
    from ..vocabulary import MODIFIER_DISCIPLINE

    return next((MODIFIER_DISCIPLINE[one] for one in record.get("modifiers", []) if one in MODIFIER_DISCIPLINE), None)


def member(of: CodeSet, draft: Draft, record: Record) -> bool:
    """Whether a line is in a set."""
    return of.holds(record["code"], draft.on(record), discipline_of(draft, record))


def make_member(of: CodeSet, draft: Draft, record: Record) -> None:
    """Make a line one of a set: of one of its disciplines or codes."""
    known = held_by(of, draft.on(record), draft.code_table())
    if member(of, draft, record) and not draft.rarely(3) or not known:
        return
    chosen = draft.pick(known)
    if chosen in DISCIPLINES:
        of_ = [code for code in USUAL["code"] if of.holds(code, draft.on(record), chosen)] if chosen != "SLP" else ["92507"]
        draft.of_discipline(record, chosen)
        record["code"] = draft.pick(of_ or ["97110"])
    else:
        draft.of_code(record, chosen)


# ---- when it counts ----------------------------------------------------------------------------------------------


def begin(keys: Iterable[Key], total: Decimal, draft: Draft, record: Record) -> date:
    """Open the time that a counter counts in, early enough for so many days; gives its first day."""
    keys, day = tuple(keys), draft.on(record)
    for key in keys:
        if isinstance(key, KindKey):
            _same_kind(key, draft, record)
    room = min(int(total) + 5, _MOST + 5) if total < 200 else 5
    firsts = [_begun(key, room, day, draft, record) for key in keys if isinstance(key, TimeKey | WindowKey)]
    return max((first for first in firsts if first is not None), default=moved(day, -1, "years"))


def _same_kind(key: KindKey, draft: Draft, record: Record) -> None:
    """Say of what kind the line is, so that services like it are alike in it."""
    match key.name:
        case "therapy_kind":
            draft.put(FIELDS["therapy_kind"], draft.pick(("rehabilitative", "habilitative")), record)
        case "condition" | "rendering_provider":
            draft.put(FIELDS[key.name], USUAL[key.name][0], record)
        case "specialty":
            draft.claim["billing_provider"].setdefault("specialty", "65")
        case _:
            return


def _begun(key: TimeKey | WindowKey, room: int, day: date, draft: Draft, record: Record) -> date | None:
    if isinstance(key, WindowKey):
        return open_window(key.window, day - draft.pick((room, room + 30)) * ONE, draft, record)
    match key.name:
        case "day":
            return day
        case "week":
            return dates.week_span(day, key.first_day).from_
        case "month":
            return dates.month_span(day).from_
        case "calendar_year":
            return dates.calendar_year_span(day).from_
        case "benefit_year":
            start = draft.claim["patient"].setdefault(_YEAR, draft.pick((date(day.year, 1, 1), day - room * ONE)).isoformat())
            return dates.benefit_year_span(day, date.fromisoformat(start)).from_
        case "prior":
            return dates.prior_span(day, key.number, key.unit).from_
        case "rolling":
            return dates.rolling_span(day, key.number, key.unit).from_
        case "injury_number":
            draft.claim.setdefault("injury_number", "I1")
            known = [date.fromisoformat(one["date"]) for one in draft.history["events"] if one["kind"] in ("injury", "accident")]
            return min(known) if known else draft.on_event("injury", day - room * ONE)
        case "authorization":
            draft.authorization().setdefault("from", (day - room * ONE).isoformat())
            return day - room * ONE
        case _:
            return None


def open_window(window: Window, start: date, draft: Draft, record: Record) -> date:
    """Open a window on a day, where it opens on something; gives the day on which the line's window begins."""
    day = draft.on(record)
    if window.year_from is not None:
        return dates.benefit_year_span(day, date(2000, *window.year_from)).from_ or start
    if not window.openings or not draft.once(draft.claim, f"window {window.name}"):
        return start
    opening = draft.pick(window.openings)
    match opening.kind:
        case "date":
            return opening.day or start
        case "on_event" | "after_event":
            return _open_by_event(opening, start, draft, record)
        case _:
            _open_by_service(opening, min(start, day), draft, record)
    return start


def _open_by_event(opening: Opening, start: date, draft: Draft, record: Record) -> date:
    kind = opening.event or ""
    begun = draft.on_event(kind, start)
    if opening.when is not None:
        settle_event(opening.when, draft, record, draft.event(kind, begun))
    return begun


def _open_by_service(opening: Opening, start: date, draft: Draft, record: Record) -> None:
    target = record if start == draft.on(record) else draft.service(record, start)
    if opening.of is not None and target is not record:
        kept = discipline_of(draft, target)
        make_member(opening.of, draft, target)
        if kept is not None and draft.code_table().code(target["code"]) is not None:
            draft.of_discipline(target, kept)
    if opening.when is not None:
        settle(opening.when, True, draft, target)


def _at_the_start(counter: Counter, first: date, like: Record, draft: Draft, record: Record) -> None:
    """Now and then a service on the first day that counts, in place of another if there is one, or one more on the day before it."""
    day = draft.on(record)
    services = draft.history["services"]
    where = draft.pick(("as laid", "first day", "day before"))
    if counter.measure in ("authorizations", "patients") or where == "as laid":
        return
    if where == "day before":
        _count_in(counter, draft.service(like, first - ONE), draft)
    elif services and first < day:
        services[-1]["date_of_service"] = first.isoformat()
    elif counter.measure not in MONEY_MEASURES:
        _count_in(counter, draft.service(like, first), draft)


# ---- conditions on a count ---------------------------------------------------------------------------------------


@settle.register
def _count_is(condition: CountIs, wanted: bool, draft: Draft, record: Record) -> None:
    bound = value_of(condition.right, draft, record)
    if isinstance(bound, Decimal):
        fill(condition.counter, near(bound, condition.sign, wanted, Decimal(1), draft), draft, record)


@settle.register
def _includes(condition: ScopeIncludes, wanted: bool, draft: Draft, record: Record) -> None:
    """Another line of the scope, of the set; where none is wanted, nothing is added."""
    wanted = wanted != condition.none
    if not wanted or condition.scope == "line":
        if wanted:
            make_member(condition.of, draft, record)
        return
    if condition.window is not None:
        open_window(condition.window, moved(draft.on(record), -30, "days"), draft, record)
        other = draft.service(record, moved(draft.on(record), -draft.pick((1, 20)), "days"))
    elif draft.is_line(record):
        other = draft.another_line(record)
    else:
        other = draft.service(record, draft.on(record))
    make_member(condition.of, draft, other)
    if condition.where is not None:
        settle(condition.where, True, draft, other)


@settle.register
def _inside(condition: InWindow, wanted: bool, draft: Draft, record: Record) -> None:
    """The line lies in a window, at one of its ends; or just outside it."""
    window, day = condition.window, draft.on(record)
    last = min((moved(day, -one.number, one.unit) for one in window.lengths), default=moved(day, -30, "days"), key=lambda one: -one.toordinal())
    after = any(one.kind == "after_event" for one in window.openings)
    latest = last if after else last + ONE  # the earliest opening of a window that still holds the day
    if wanted:
        open_window(window, draft.pick((latest, day)), draft, record)
    elif window.lengths:
        open_window(window, latest - ONE, draft, record)
