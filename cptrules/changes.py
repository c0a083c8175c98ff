"""What changed in a rule, in words: clause by clause, down to the code, the number or the date that is another (look.md, diff)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import date, timedelta
from typing import Any, Final

import attrs

from .dates import Span
from .english import (
    condition_said,
    constant_said,
    counter_said,
    entry_said,
    key_said,
    length_said,
    moment_said,
    opening_said,
    plainly,
    set_said,
    span_said,
    spans_said,
    value_said,
    window_said,
)
from .explain import element_said, needed_said, requested_said
from .meaning import assumptions, entry_meaning, holidays_of, meaning, row_meaning
from .policy import (
    ALWAYS,
    CONDITIONS,
    AllOf,
    AmountEntry,
    AmountValue,
    AnyOf,
    Apart,
    Beside,
    Citation,
    Clause,
    CodeSet,
    Comparison,
    Constant,
    Counter,
    CountIs,
    DateMoment,
    DaysBetween,
    Dropped,
    Entry,
    EventMoment,
    FieldValue,
    KindKey,
    Length,
    Near,
    NeededElement,
    NeededModifier,
    Opening,
    Pay,
    Policy,
    Rank,
    RequestBy,
    Rule,
    TableValue,
    Term,
    TimeKey,
    VisitMoment,
    Window,
    WindowKey,
)
from .tables import Row, Table
from .words import amount, listed, spelt_unit

MOST_SHOWN: Final = 6  # codes or rows named one by one
_LABELS: Final = {
    "at_most": "at most", "count": "count", "keep": "keep", "keep_table": "keep by", "after": "after", "that": "that", "matching": "matching",
    "requested": "requested", "needs": "needs", "one_of": "needs one of", "all_of": "needs all of", "at_most_one_of": "at most one of",
    "refuse": "refuse", "beside": "with", "instead": "instead", "table": "listed in", "keys": "per", "by": "by", "only_minutes": "only minutes where",
    "ties": "ties to", "ties_table": "ties to highest", "assisted_by": "assisted by", "pay": "pay", "rank": "rank by",
}  # fmt: skip


@attrs.frozen
class Facet:
    """One thing that a rule says: under which clause, what, and how to tell it; `moves` is False where no claim can feel it."""

    clause: str
    thing: Any
    said: str
    moves: bool = True

    @property
    def meaning(self) -> Hashable:
        """What it means, to compare."""
        return meaning(self.thing)


def facets(rule: Rule, policy: Policy) -> list[Facet]:
    """All that a rule says, clause by clause."""
    found = [Facet("on", of, set_said(of)) for of in rule.on]
    for word, clauses in (("when", rule.when), ("except", rule.excepts), ("unless", rule.unless)):
        found += [Facet(word, clause, said(clause)) for clause in clauses]
    for field in attrs.fields(type(rule.demand)):
        found += _of_demand(_LABELS[field.name], getattr(rule.demand, field.name))
    outcome = " ".join(one for one in (rule.outcome, rule.carc, *sorted(rule.rarcs)) if one)
    found.append(Facet("outcome", outcome, outcome))
    found += [Facet("effective", spans, spans_said(spans)) for spans in (rule.own_effective, *rule.effective) if spans]
    found += [Facet("dropped", gone, said(gone)) for gone in rule.dropped]
    found += [Facet("suspended", rule.suspended, f'"{rule.suspended}"')] if rule.suspended is not None else []
    found += [Facet("assume", (field.name, value), f"{plainly(field.name)} is {constant_said(value)}") for field, value in assumptions(rule, policy)]
    holidays = holidays_of(rule, policy)
    found += [Facet("holidays", holidays, said(holidays))] if holidays is not None else []
    found += [Facet("message", rule.message, f'"{rule.message}"', moves=False)] if rule.message is not None else []
    return found + [Facet("cite", one, said(one), moves=False) for one in rule.citations]


def _of_demand(label: str, thing: Any) -> list[Facet]:
    if isinstance(thing, tuple):
        return [Facet(label, one, said(one)) for one in thing]
    return [] if thing is None or thing == "" else [Facet(label, thing, said(thing))]


def said(thing: Any) -> str:
    """A part of a rule in words."""
    match thing:
        case Clause(condition=condition, attesting=attesting):
            return condition_said(condition) + (f', attesting "{attesting}"' if attesting else "")
        case Counter():
            return counter_said(thing)
        case Constant() | FieldValue() | AmountValue() | TableValue() | DaysBetween():
            return value_said(thing)
        case CodeSet():
            return set_said(thing)
        case Table():
            return f"the table {plainly(thing.name)}"
        case NeededModifier():
            return needed_said(thing)
        case NeededElement():
            return element_said(thing)
        case RequestBy():
            return requested_said(thing)
        case AmountEntry(value=constant, span=span, when=when):
            parts = (constant_said(constant), span_said(span), f"when {condition_said(when)}" if when is not None else "")
            return " ".join(part for part in parts if part)
        case Beside(of=of, keys=keys):
            return f"{set_said(of, 'or')} {listed(key_said(key) for key in keys)}"
        case Pay(percent=percent, of=of):
            return f"{amount(percent)}%" + (f" of {value_said(of)}" if of is not None else "")
        case Rank(by=by, percent=percent):
            return f"{value_said(by)}, the rest lose {amount(percent)}%"
        case Dropped(span=span, reason=reason):
            return f'{span_said(span) or "for good"} ("{reason}")'
        case Citation(title=title, section=section, url=url, confirmed=confirmed):
            where = f"{title}{f', {section}' if section else ''}{f' {url}' if url else ''}"
            return f"{where} ({f'confirmed {confirmed}' if confirmed else 'not confirmed'})"
        case tuple():
            return listed(said(one) for one in thing)
        case Window():
            return window_said(thing)
        case TimeKey() | KindKey() | WindowKey():
            return key_said(thing)
        case DateMoment() | EventMoment() | VisitMoment():
            return moment_said(thing)
        case Entry():
            return entry_said(thing)
        case Opening():
            return opening_said(thing)
        case Length():
            return length_said(thing)
        case Span():
            return span_said(thing) or "always"
        case _ if isinstance(thing, CONDITIONS):
            return condition_said(thing)
        case _:
            return str(thing)


# ---- what differs ------------------------------------------------------------------------------------------------


def differences(old: list[Facet], new: list[Facet]) -> list[tuple[Facet | None, Facet | None]]:
    """The facets that are another, the old beside the new of the same clause; what no claim can feel comes last."""
    found: list[tuple[Facet | None, Facet | None]] = []
    for clause in dict.fromkeys(facet.clause for facet in (*old, *new)):
        before, after = ([facet for facet in side if facet.clause == clause] for side in (old, new))
        kept = {facet.meaning for facet in before} & {facet.meaning for facet in after}
        gone = [facet for facet in before if facet.meaning not in kept]
        come = [facet for facet in after if facet.meaning not in kept]
        found += list(zip(gone, come, strict=False))
        found += [(facet, None) for facet in gone[len(come) :]] + [(None, facet) for facet in come[len(gone) :]]
    return sorted(found, key=lambda pair: not any(facet is not None and facet.moves for facet in pair))


def told(old: Facet | None, new: Facet | None) -> Iterator[str]:
    """One difference in words: `at most 30 -> 60 from 2027-01-01`."""
    if old is None or new is None:
        facet = old or new
        assert facet is not None
        if facet.clause in ("dropped", "suspended"):
            yield f"{facet.clause} {facet.said}" if new is not None else f"no longer {facet.clause} {facet.said}"
        else:
            yield f"{facet.clause} {facet.said}: {'now said' if new is not None else 'no longer said'}"
        return
    lines = list(inside(old.thing, new.thing)) if old.clause != "assume" else []  # whose value says nothing without its fact
    if lines:
        yield from (f"{old.clause} {line}" for line in lines)
    elif old.said != new.said:
        yield f"{old.clause} {old.said} -> {new.said}"
    else:
        yield f"{old.clause} {old.said}: a name in it stands for something else"


def inside(old: Any, new: Any) -> Iterator[str]:
    """Where two parts differ, as deep as it can be told apart."""
    if meaning(old) == meaning(new):
        return
    if _dated(old) is not None and _dated(new) is not None:
        yield from _timeline(_dated(old) or [], _dated(new) or [])
    elif isinstance(old, CodeSet) and isinstance(new, CodeSet):
        yield from _codes(old, new)
    elif isinstance(old, Table) and isinstance(new, Table):
        yield from _rows(old, new)
    elif isinstance(old, Term) and isinstance(new, Term):
        yield from (f"{plainly(new.name)}: {line}" for line in inside(old.condition, new.condition))
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        yield from _parts(old, new)
    elif isinstance(old, AmountValue) and isinstance(new, AmountValue) and len(old.entries) != len(new.entries):
        yield f"{said(old.entries)} -> {said(new.entries)}"
    elif attrs.has(type(old)) and type(old) is type(new) and not isinstance(old, Span | Constant):
        yield from _fields(old, new)
    else:
        yield f"{said(old)} -> {said(new)}"


def _fields(old: Any, new: Any) -> Iterator[str]:
    """Two parts of one class: the attribute that differs tells, if one alone does and can be told by itself; else both in whole."""
    names = [field.name for field in attrs.fields(type(old)) if field.eq is not False and field.name not in ("text", "name", "place")]
    differing = [name for name in names if meaning(getattr(old, name)) != meaning(getattr(new, name))]
    pair = (getattr(old, differing[0]), getattr(new, differing[0])) if len(differing) == 1 else None
    if pair is not None and _tells(old, *pair):
        yield from (f"{_named(old)}{line}" for line in inside(*pair))
    elif isinstance(old, Near | Apart) and set(differing) <= {"number", "unit", "direction"}:
        yield f"{_distance(old)} -> {_distance(new)} {moment_said(new.anchor)}"
    elif isinstance(old, Window):
        yield f"the window {plainly(old.name)}: {said(old)} -> {said(new)}"
    else:
        yield f"{said(old)} -> {said(new)}"


def _tells(whole: Any, old: Any, new: Any) -> bool:
    """Whether what differs inside says enough without the words around it."""
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and not any(isinstance(one, int) for one in old)
    bare = isinstance(whole, Comparison | CountIs | AllOf | AnyOf) and isinstance(old, Constant)
    return attrs.has(type(old)) and attrs.has(type(new)) and not isinstance(old, Span) and not bare


def _distance(of: Near | Apart) -> str:
    how = "within" if isinstance(of, Near) else "at least"
    return f"{how} {of.number} {spelt_unit(of.number, of.unit)} {of.direction}"


def _named(thing: Any) -> str:
    name = getattr(thing, "name", None)
    if isinstance(thing, Window | Counter) and isinstance(name, str):
        return f"{plainly(name)}: "
    field = getattr(thing, "field", None)
    return f"{plainly(field.name)}: " if field is not None else ""


def _parts(old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[str]:
    """Members that have no counterpart, in pairs."""
    kept = {meaning(one) for one in old} & {meaning(one) for one in new}
    gone = [one for one in old if meaning(one) not in kept]
    come = [one for one in new if meaning(one) not in kept]
    for one, other in zip(gone, come, strict=False):
        yield from inside(one, other)


def _codes(old: CodeSet, new: CodeSet) -> Iterator[str]:
    """Members that one list has and the other has not; of a range that is longer or shorter, the codes by which it is."""
    for word, before, after in (("", old.entries, new.entries), ("excluding ", old.excluding, new.excluding)):
        was, now = _flat(old, before), _flat(new, after)
        gone = {key: entry_said(one, old.system) for key, one in _apart(old, was, now).items()}
        come = {key: entry_said(one, new.system) for key, one in _apart(new, now, was).items()}
        for told, mine, others in (("added", come, gone), ("taken out", gone, come)):
            names = [one for key, one in mine.items() if key not in others]
            if names:
                yield f"{word}{_few(names)} {told}"


def _apart(of: CodeSet, mine: dict[Hashable, Entry], others: dict[Hashable, Entry]) -> dict[Hashable, Entry]:
    """The members that the other list has not, ranges of them code by code where the other has some of those codes."""
    left = {key: one for key, one in mine.items() if key not in others}
    theirs = {code for entry in others.values() for code in _inside(entry, of)}
    found: dict[Hashable, Entry] = {}
    for key, one in left.items():
        codes = _inside(one, of)
        if one.kind == "range" and theirs & set(codes):
            single = (attrs.evolve(one, kind="code", value=code, last="") for code in codes if code not in theirs)
            found |= {entry_meaning(code, of): code for code in single}
        elif one.kind != "code" or one.span != ALWAYS or one.value not in theirs:
            found[key] = one
    return found


def _inside(entry: Entry, of: CodeSet) -> tuple[str, ...]:
    """The codes that a member stands for on every date, as far as the code table lists them."""
    if entry.span != ALWAYS or entry.kind not in ("code", "range"):
        return ()
    return of.table.between(entry.value, entry.last) if entry.kind == "range" and of.table is not None else (entry.value,)


def _flat(of: CodeSet, entries: tuple[Entry, ...]) -> dict[Hashable, Entry]:
    found: dict[Hashable, Entry] = {}
    for entry in entries:
        if entry.kind == "set" and entry.span == ALWAYS and entry.members is not None and not entry.members.excluding:
            found |= _flat(entry.members, entry.members.entries)
        else:
            found[entry_meaning(entry, of)] = entry
    return found


def _few(names: list[str]) -> str:
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return (", ".join(names[:MOST_SHOWN]) + more) if more else listed(names)


def changed_rows(old: Table, new: Table) -> tuple[list[Row], list[Row]]:
    """The rows of each table that the other has not."""
    was, now = ({row_meaning(row): row for row in table.rows} for table in (old, new))
    return [row for key, row in was.items() if key not in now], [row for key, row in now.items() if key not in was]


def _rows(old: Table, new: Table) -> Iterator[str]:
    gone, come = changed_rows(old, new)
    for word, was, now in (("keys", old.keys, new.keys), ("values", old.values, new.values), ("missing", old.missing, new.missing)):
        if was != now:
            yield f"the table {plainly(new.name)}: {word} {_words(was)} -> {_words(now)}"
    if gone or come:
        lines = [f"- {_row_said(one)}" for one in gone[:MOST_SHOWN]] + [f"+ {_row_said(one)}" for one in come[:MOST_SHOWN]]
        yield f"the table {plainly(new.name)}, {len(gone)} rows gone and {len(come)} new: {'; '.join(lines)}"


def _words(thing: Any) -> str:
    return listed(thing) if isinstance(thing, tuple) else "not said" if thing is None else str(thing)


def _row_said(row: Row) -> str:
    return " ".join([*row.cells.values(), *([span_said(row.span)] if row.span != ALWAYS else [])])


# ---- amounts by date ---------------------------------------------------------------------------------------------


def _dated(thing: Any) -> list[tuple[Span, str]] | None:
    """What an amount comes to by date, where nothing but the date decides."""
    if isinstance(thing, Constant):
        return [(ALWAYS, constant_said(thing))]
    if isinstance(thing, AmountValue) and all(entry.when is None for entry in thing.entries):
        return [(entry.span, constant_said(entry.value)) for entry in thing.entries]
    return None


def _timeline(old: list[tuple[Span, str]], new: list[tuple[Span, str]]) -> Iterator[str]:
    """`30 -> 60 from 2027-01-01`: each stretch of days on which the two differ."""
    starts = sorted({day for span, _ in (*old, *new) for day in (span.from_, _next(span.to)) if day is not None})
    pieces: list[tuple[date | None, date | None, str, str]] = []
    for start, after in zip([None, *starts], [*starts, None], strict=True):
        day = start or (after - timedelta(days=1) if after is not None else date(2000, 1, 1))
        was, now = _on(old, day), _on(new, day)
        end = after - timedelta(days=1) if after is not None else None
        if pieces and pieces[-1][2:] == (was, now):
            pieces[-1] = (pieces[-1][0], end, was, now)
        else:
            pieces.append((start, end, was, now))
    for first, last, was, now in pieces:
        if was != now:
            yield " ".join(part for part in (f"{was} -> {now}", span_said(Span(first, last))) if part)


def _next(day: date | None) -> date | None:
    return day + timedelta(days=1) if day is not None and day != date.max else None


def _on(entries: list[tuple[Span, str]], day: date) -> str:
    return next((value for span, value in entries if span.holds(day)), "nothing")
