"""Balances: how much of a measure was used in a span of dates, in place of the services of that span (M4).

Services listed in the span that come to more than the balance says widen it; so do two balances that overlap, and one
without dates. Each is asked about, and none of them is settled by guessing. A balance that comes to more than the services
listed shows, to whoever counts something else, that the list lacks services there (N47).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import attrs

from .claims import UNKNOWN, Balance
from .dates import Span
from .lines import Case, View
from .lines import discipline as discipline_of
from .policy import CodeSet, Counter, Key, KindKey, TimeKey
from .truth import Interval, Need, exactly
from .vocabulary import DISCIPLINES

_KEYS_OF_TIME: Final = ("day", "week", "month", "calendar_year", "benefit_year", "lifetime", "prior", "rolling", "injury_number")
_HOW_MUCH: Final = Need("history.balances", "How much of the balance is used?", None, None)
_WHEN: Final = Need("history.balances", "From when to when does the balance run, and of which discipline is it?", None, None)


# ---- which balances say what a counter counts --------------------------------------------------------------------


def selection(of: CodeSet | None) -> tuple[frozenset[str], frozenset[str]]:
    """What a selector names as plain words (disciplines, codes, patterns, ranges), and what it excludes."""
    if of is None:
        return frozenset(), frozenset()
    named: set[str] = set()
    out: set[str] = {word for entry in of.excluding for word in _entry_words(entry)}
    for entry in of.entries:
        if entry.members is not None and entry.kind == "set":
            inner, without = selection(entry.members)
            named |= inner
            out |= without
        else:
            named |= _entry_words(entry)
    return frozenset(named), frozenset(out)


def _entry_words(entry: Any) -> set[str]:
    if entry.members is not None and entry.kind == "set":
        inner, without = selection(entry.members)
        return set(inner) - set(without)
    if entry.kind == "pattern":
        return {f"{entry.value}*"}
    return {f"{entry.value}..{entry.last}" if entry.last else entry.value}


def alike(given: Any, counter: Counter, values: dict[str, Any]) -> tuple[list[Balance], list[Balance]]:
    """The balances of the same measure and selection, and those that may be of it; `values` are the line's own of the keys of kind."""
    if not isinstance(given, tuple) or counter.where is not None or counter.measure in ("distinct", "authorizations", "patients"):
        return [], []
    noun = counter.column if counter.table is not None else counter.measure
    same = [balance for balance in given if balance.measure == noun]
    wanted = _wanted(counter, values)
    if wanted is not None:
        return [balance for balance in same if _selection_of(balance) == wanted], []
    unsure = any(isinstance(values.get(name), Need) for name in ("discipline", "code")) and _others_known(counter, values)
    return [], [balance for balance in same if unsure and isinstance(balance.of, tuple) and len(balance.of) == 1]


def _others_known(counter: Counter, values: dict[str, Any]) -> bool:
    return all(key.name in values and key.name in ("discipline", "code") if isinstance(key, KindKey) else _plain_time(key) for key in counter.keys)


def _wanted(counter: Counter, values: dict[str, Any]) -> tuple[frozenset[str], frozenset[str]] | None:
    """The selection of a counter for this line: `per discipline` and `per code` narrow it to the line's own."""
    named, out = selection(counter.of)
    for key in counter.keys:
        if isinstance(key, KindKey):
            value = values[key.name]
            if key.name not in ("discipline", "code") or not isinstance(value, str):
                return None
            if key.name == "discipline" and not named <= {"PT", "OT", "SLP"}:
                return None
            named = frozenset([value])
        elif not _plain_time(key):
            return None
    return named, out


def _plain_time(key: Key) -> bool:
    return isinstance(key, TimeKey) and key.name in _KEYS_OF_TIME


def _selection_of(balance: Balance) -> tuple[frozenset[str], frozenset[str]]:
    of = balance.of if isinstance(balance.of, tuple) else ()
    out = balance.excluding if isinstance(balance.excluding, tuple) else ()
    return frozenset(of), frozenset(out)


def inside(balances: Sequence[Balance], span: Span, day: date | None) -> tuple[list[Balance], list[Balance]]:
    """The balances whose span lies in a window and begins by a day, and those that do not say when they run."""
    dated = [b for b in balances if isinstance(b.from_, date) and isinstance(b.to, date)]
    return [b for b in dated if _lies_in(b, span, day)], [b for b in balances if b not in dated]


def _lies_in(balance: Balance, span: Span, day: date | None) -> bool:
    assert isinstance(balance.from_, date) and isinstance(balance.to, date)
    starts = span.from_ is None or span.from_ <= balance.from_
    return starts and (span.to is None or balance.to <= span.to) and day is not None and balance.from_ <= day


def span_of(balance: Balance) -> Span:
    """The span of a balance that says when it runs."""
    assert isinstance(balance.from_, date) and isinstance(balance.to, date)
    return Span(balance.from_, balance.to)


# ---- what they come to -------------------------------------------------------------------------------------------


@attrs.frozen
class Listed:
    """What the services listed in a balance's span come to, and whether the line's own visit is, or may be, among them."""

    known: Any
    own: bool = False
    own_maybe: bool = False


def used(parts: Sequence[tuple[Balance, Listed]], unsure: Sequence[Balance], noun: str) -> Interval:
    """What the balances say was used; one that may or may not count opens the upper end."""
    each = [_reconciled(balance.used, listed, noun) for balance, listed in parts]
    total = exactly(0)
    for one in each:
        total = total.add(one)
    if any(span_of(one).overlaps(span_of(other)) for number, (one, _) in enumerate(parts) for other, _ in parts[:number]):
        need = Need("history.balances", "Two balances of one measure overlap: how much was used in all?", None, None)
        total = Interval(max(one.low for one in each), total.high, total.needs | {need})
    return Interval(total.low, None, total.needs | {_WHEN}) if unsure else total


def _reconciled(amount: Any, listed: Listed, noun: str) -> Interval:
    if not isinstance(amount, Decimal | int):
        return Interval(listed.known, None, frozenset([_HOW_MUCH]))
    if listed.known > amount:
        told = f"The balance says {amount} {noun} used, the services listed are {listed.known}: which is right?"
        return Interval(amount, listed.known, frozenset([Need("history.balances", told, None, None)]))
    without = amount - 1 if amount >= 1 else amount  # the line's own visit stands in the balance already
    if listed.own_maybe and not listed.own:
        need = Need("history.balances", "Is the visit of this line among those of the balance?", None, None)
        return Interval(without, amount, frozenset([need]))
    return exactly(without if listed.own else amount)


# ---- what they show of the list of services ----------------------------------------------------------------------

_FIELD_OF: Final = {"units": "units", "minutes": "minutes", "charged": "charge", "allowed": "allowed", "paid": "paid"}


def beyond(case: Case, of: CodeSet | None) -> list[Span]:
    """The spans for which a balance comes to more than the services listed can; `of` is what is counted, where that is known."""
    given = case.history.balances if case.history is not None else UNKNOWN
    found = []
    for balance in given if isinstance(given, tuple) else ():
        dated = isinstance(balance.from_, date) and isinstance(balance.to, date)
        if dated and isinstance(balance.used, Decimal | int) and not _apart(balance, of) and _most(balance, case) < balance.used:
            found.append(span_of(balance))
    return found


def _apart(balance: Balance, of: CodeSet | None) -> bool:
    """Whether a balance is of other disciplines than what is counted."""
    named = frozenset(balance.of) if isinstance(balance.of, tuple) else frozenset()
    wanted = frozenset(of.disciplines()) if of is not None and all(entry.kind == "discipline" for entry in of.entries) else frozenset()
    return bool(named) and bool(wanted) and named <= frozenset(DISCIPLINES) and not named & wanted


def _most(balance: Balance, case: Case) -> Decimal | int:
    """The most that what is listed in a balance's span can come to, the claim's own lines with it; what is not known may be anything."""
    views = [view for view in (*case.services, *case.lines) if view.day is not None and span_of(balance).holds(view.day)]
    may = [view for view in views if _may_be_of(balance, view, case)]
    if balance.measure in ("visits", "treatment_days", "lines"):
        return len({_label(balance.measure, view, case) for view in may})
    field = _FIELD_OF.get(balance.measure)
    amounts = [getattr(view.record, field, UNKNOWN) if field is not None else UNKNOWN for view in may]
    if any(amount is UNKNOWN for amount in amounts):
        return Decimal("Infinity")
    return sum((amount for amount in amounts if isinstance(amount, Decimal | int)), 0)


def _label(measure: str, view: View, case: Case) -> tuple[Any, ...]:
    """What tells one visit, day or line from another; a discipline that is not known may be one more visit."""
    if measure == "treatment_days":
        return (view.day,)
    found = discipline_of(view, case)
    return view.identity if measure == "lines" or isinstance(found, Need) else (view.day, found)


def _may_be_of(balance: Balance, view: View, case: Case) -> bool:
    of = balance.of if isinstance(balance.of, tuple) else ()
    out = balance.excluding if isinstance(balance.excluding, tuple) else ()
    named = not of or any(_names(word, view, case, maybe=True) for word in of)
    return named and not any(_names(word, view, case, maybe=False) for word in out)


def _names(word: str, view: View, case: Case, *, maybe: bool) -> bool:
    """Whether a word of a balance (discipline, code, pattern, range) names a service."""
    code = view.record.code
    if word in DISCIPLINES:
        found = discipline_of(view, case)
        return maybe if isinstance(found, Need) else found == word
    if word.endswith("*"):
        return code.startswith(word[:-1])
    first, dots, last = word.partition("..")
    return first <= code <= last if dots else code == word
