"""Whether some line can meet a number of conditions at once, told from the conditions alone.

A condition is taken apart into ways to meet it; each way asks something of single fields, and of each field the values that matter
are tried: those that the conditions name, one between any two, one beyond either end, another one, and none. A condition that can't
be taken apart so (a count of services, a distance between dates) is held against itself only: it is not true and false at once.

So "impossible" is proved, and "possible" is not: a line that is said to be possible may still be none. Nothing is made of how fields
hang together (GP and the discipline PT), nor of what an amount or a table holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any, Final

import attrs

from ..codesets import CodeTable
from ..dates import Span
from ..fields import Field
from ..policy import (
    ALWAYS,
    AllOf,
    AnyOf,
    Apart,
    CodeSet,
    Comparison,
    Condition,
    Constant,
    CountIs,
    DaysBetween,
    Entry,
    EventMoment,
    FieldValue,
    HasField,
    Near,
    OnList,
    Opposite,
    Rule,
    ScopeIncludes,
    TableValue,
    Term,
    VisitMoment,
    YesNo,
)
from ..reach import looked_at
from ..vocabulary import DISCIPLINES
from .counters import most

MOST_WAYS: Final = 256
OTHER: Final = "(another)"
_OTHER_CODE: Final = "00000"
_ONE: Final = timedelta(days=1)
_ORDINARY: Final = date(2026, 3, 4)
_OF_THE_LINE: Final = ("code", "discipline", "date_of_service")
_OTHERS: Final = (TableValue, DaysBetween, EventMoment, VisitMoment)


@attrs.frozen
class Witness:
    """A line that meets some conditions as far as fields are looked at one by one."""

    code: str
    discipline: str | None
    day: date
    values: tuple[tuple[str, object], ...] = ()


Atom = tuple[Condition, bool]  # a condition that is not taken apart, and whether it is to be true


# ---- ways to meet a condition ------------------------------------------------------------------------------------


def ways(condition: Condition, truth: bool = True) -> list[list[Atom]] | None:
    """Give the ways to make a condition true or false, each a list of atoms; None where they are too many."""
    match condition:
        case Term(condition=inner):
            return ways(inner, truth)
        case Opposite(part=part):
            return ways(part, not truth)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            found = [ways(part, truth) for part in parts]
            return _together(found) if isinstance(condition, AllOf) == truth else _any(found)
        case OnList(negated=True):
            return [[(attrs.evolve(condition, negated=False), not truth)]]
        case ScopeIncludes(none=True):
            return [[(attrs.evolve(condition, none=False), not truth)]]
        case Comparison(sign="!="):
            return [[(attrs.evolve(condition, sign="="), not truth)]]
        case _:
            return [[(condition, truth)]]


def _any(found: list[list[list[Atom]] | None]) -> list[list[Atom]] | None:
    joined = [way for one in found if one is not None for way in one]
    return joined if None not in found and len(joined) <= MOST_WAYS else None


def _together(found: list[list[list[Atom]] | None]) -> list[list[Atom]] | None:
    ways_: list[list[Atom]] = [[]]
    for one in found:
        if one is None or len(ways_) * len(one) > MOST_WAYS:
            return None
        ways_ = [[*way, *more] for way, more in product(ways_, one)]
    return ways_


# ---- lines -------------------------------------------------------------------------------------------------------


@attrs.frozen
class Lines:
    """The lines that may be there: every code that matters, each discipline, every day on which something changes."""

    codes: tuple[str, ...]
    days: tuple[date, ...]


def lines_of(rules: Iterable[Rule], table: CodeTable) -> Lines:
    """Give the lines by which the selectors and dates of some rules can be told apart: codes that none of them names are alike."""
    codes, days = set(), {_ORDINARY}
    for rule in rules:
        for selector in looked_at(rule):
            codes |= _codes_of(selector, table)
            days |= _days_of(selector, table)
        spans = [*rule.own_effective, *(span for spans in rule.effective for span in spans), *(dropped.span for dropped in rule.dropped)]
        days |= {day for span in spans for day in _ends(span)}
    return Lines((*sorted(codes), _OTHER_CODE), tuple(sorted(days, reverse=True)))


def _ends(span: Span) -> set[date]:
    return {day for end in (span.from_, span.to) if end is not None for day in _around(end)}


def _around(day: date) -> set[date]:
    return {day, *({day - _ONE} if day > date.min else set()), *({day + _ONE} if day < date.max else set())}


def _codes_of(selector: CodeSet, table: CodeTable) -> set[str]:
    """The codes that a selector names, in ranges and patterns those of the table, and what a pattern begins with."""
    found: set[str] = set()
    for entry in (*selector.entries, *selector.excluding):
        match entry.kind:
            case "code" | "word":
                found.add(entry.value)
            case "range":
                found |= set(table.between(entry.value, entry.last))
            case "pattern":
                found |= {code.code for code in table.codes() if code.code.startswith(entry.value)} | {entry.value}
            case "set" if entry.members is not None:
                found |= _codes_of(entry.members, table)
    return found


def _days_of(selector: CodeSet, table: CodeTable) -> set[date]:
    """The days on which a selector changes: its entries' own dates, and those of the codes in its ranges."""
    found: set[date] = set()
    for entry in (*selector.entries, *selector.excluding):
        found |= _ends(entry.span)
        if entry.kind == "range":
            inside = set(table.between(entry.value, entry.last))
            found |= {day for code in table.codes() if code.code in inside for day in _ends(Span(code.from_, code.to))}
        if entry.members is not None:
            found |= _days_of(entry.members, table)
    return found


# ---- whether something is possible -------------------------------------------------------------------------------


@attrs.frozen
class Question:
    """What a line is to be: rules that are in force and look at it, rules that are not, conditions true and false."""

    rules: tuple[Rule, ...] = ()
    true: tuple[Condition, ...] = ()
    false: tuple[Condition, ...] = ()
    outside: Rule | None = None  # a rule that is not in force, or does not look at the line

    def also(self, *, true: Iterable[Condition] = (), false: Iterable[Condition] = ()) -> Question:
        """The same with more conditions."""
        return attrs.evolve(self, true=(*self.true, *true), false=(*self.false, *false))


def possible(question: Question, table: CodeTable) -> Witness | None:
    """Give a line that may be so, None where none can."""
    found = _together([*(ways(one) for one in question.true), *(ways(one, False) for one in question.false)])
    every = (*question.rules, *((question.outside,) if question.outside is not None else ()))
    kept = [(way, values) for way in ([[]] if found is None else found) if (values := _values(way)) is not None]
    if not kept:
        return None
    asking = [[atom for atom in way if _of_line(atom[0]) or _of_scope(*atom)] for way, _ in kept]
    codes, days = _named_by((atom for atoms in asking for atom in atoms), table)
    lines = _Looked(question, lines_of(every, table), codes, days)
    for (_, values), atoms in zip(kept, asking, strict=True):
        witness = lines.first(atoms)
        if witness is not None:
            return attrs.evolve(witness, values=tuple(values))
    return None


def _field_of(condition: Condition) -> str | None:
    """The field of the line that an atom asks about by itself."""
    match condition:
        case OnList(field=field) | Comparison(left=FieldValue(field=field)):
            return field.name
        case _:
            return None


class _Looked:
    """The lines that the rules of a question look at, each worked out once whatever is asked of it."""

    def __init__(self, question: Question, lines: Lines, codes: set[str], days: set[date]) -> None:
        """Begin with none; `codes` and `days` are tried besides."""
        self._found: list[tuple[str, str | None, date]] = []
        self._more = _looked_at(question, {*lines.codes, *codes}, {*lines.days, *days})

    def first(self, atoms: list[Atom]) -> Witness | None:
        """The first that the conditions on code, discipline and date allow."""
        of_discipline = [atom for atom in atoms if _field_of(atom[0]) == "discipline"]
        if not any(all(_line_holds(one, "", way, _ORDINARY) == truth for one, truth in of_discipline) for way in (*DISCIPLINES, None)):
            return None  # told without a look at every code
        for line in self._all():
            if all(_line_holds(condition, *line) == truth for condition, truth in atoms):
                return Witness(*line)
        return None

    def _all(self) -> Iterator[tuple[str, str | None, date]]:
        yield from self._found
        for line in self._more:
            self._found.append(line)
            yield line


def _looked_at(question: Question, codes: set[str], days: set[date]) -> Iterator[tuple[str, str | None, date]]:
    selectors = [selector for rule in question.rules for selector in looked_at(rule)]
    for day in sorted(days, reverse=True):
        if not all(rule.in_force(day) and rule.suspended is None for rule in question.rules):
            continue
        for code, discipline in product(sorted(codes, reverse=True), (*DISCIPLINES, None)):
            held = all(selector.holds(code, day, discipline) for selector in selectors)
            if held and _outside(question.outside, code, discipline, day):
                yield code, discipline, day


def _outside(rule: Rule | None, code: str, discipline: str | None, day: date) -> bool:
    if rule is None or rule.suspended is not None or not rule.in_force(day):
        return True
    return not all(selector.holds(code, day, discipline) for selector in looked_at(rule))


def _of_line(condition: Condition) -> bool:
    """Whether a condition asks for the line's code, discipline or date beside something written."""
    match condition:
        case OnList(field=field, members=members):
            return field.name in _OF_THE_LINE and (field.name == "code" or _plain(members))
        case Comparison(left=FieldValue(field=field), right=Constant()):
            return field.name in _OF_THE_LINE
        case _:
            return False


def _of_scope(condition: Condition, truth: bool) -> bool:
    """Whether a condition on a scope says something of the line itself, which is in its day and its claim too."""
    if not isinstance(condition, ScopeIncludes) or condition.where is not None or condition.window is not None:
        return False
    return condition.scope == "line" or not truth


def _named_by(atoms: Iterable[Atom], table: CodeTable) -> tuple[set[str], set[date]]:
    """The codes and the days that conditions on the line name."""
    codes: set[str] = set()
    days: set[date] = set()
    for condition, _ in atoms:
        selector = _selector_of(condition)
        if selector is not None:
            codes |= _codes_of(selector, table)
            days |= _days_of(selector, table)
        elif isinstance(condition, Comparison) and isinstance(condition.right, Constant):
            value = condition.right.value
            days |= _around(value) if isinstance(value, date) else set()
            codes |= {str(value)} if condition.right.type == "code" else set()
    return codes, days


def _selector_of(condition: Condition) -> CodeSet | None:
    """The codes that a condition on the line asks for."""
    if isinstance(condition, ScopeIncludes):
        return condition.of
    return condition.members if isinstance(condition, OnList) and condition.field.name == "code" else None


def _line_holds(condition: Condition, code: str, discipline: str | None, day: date) -> bool:
    if isinstance(condition, ScopeIncludes):
        return condition.of.holds(code, day, discipline)
    value: Any = {"code": code, "discipline": discipline, "date_of_service": day}
    if isinstance(condition, OnList) and condition.field.name == "code":
        return condition.members.holds(code, day, discipline)
    name = condition.field.name if isinstance(condition, OnList) else condition.left.field.name  # type: ignore[union-attr]
    return _holds(condition, value[name])


# ---- fields one by one -------------------------------------------------------------------------------------------


def _values(way: list[Atom]) -> list[tuple[str, object]] | None:
    """Values of the fields that meet all atoms, None where there are none."""
    found: list[tuple[str, object]] = []
    for subject, atoms in _by_subject(atom for atom in way if not _of_line(atom[0])):
        if isinstance(subject, Field) and subject.many:
            members = _of_many(atoms)
            if members is None:
                return None
            found.append((subject.name, members))
        elif subject is None:
            if any(one == other and truth != otherwise for one, truth in atoms for other, otherwise in atoms):
                return None
        else:
            fitting = [value for value in _candidates(subject, atoms) if all(_holds(c, value) == truth for c, truth in atoms)]
            if not fitting:
                return None
            if isinstance(subject, Field):
                found.append((subject.name, fitting[0]))
    return found


def _by_subject(atoms: Iterable[Atom]) -> list[tuple[Any, list[Atom]]]:
    """Atoms by what they ask about; those that can't be taken apart stand under None."""
    groups: list[tuple[Any, list[Atom]]] = []
    for atom in atoms:
        subject = _subject(atom[0])
        known = next((group for one, group in groups if one == subject), None)
        if known is None:
            groups.append((subject, [atom]))
        else:
            known.append(atom)
    return groups


def _subject(condition: Condition) -> Any:
    match condition:
        case OnList(field=field, members=members) if _plain(members):
            return field
        case YesNo(field=field) | HasField(field=field):
            return field
        case Comparison(left=FieldValue(field=field), sign=sign, right=Constant()):
            return field if not field.many or sign == "=" else None
        case Comparison(left=left, right=Constant()) if isinstance(left, _OTHERS):
            return left
        case CountIs(counter=counter, right=Constant()):
            return attrs.evolve(counter, name=None)
        case Near(unit=unit) | Apart(unit=unit):
            return condition.moment, condition.direction, condition.anchor, _IN.get(unit, (unit, 1))[0]
        case _:
            return None


_IN: Final = {"weeks": ("days", 7), "years": ("months", 12)}
_NO_ANCHOR: Final = "(nothing to measure from)"


def _distance(condition: Near | Apart) -> Decimal:
    return Decimal(condition.number * _IN.get(condition.unit, (condition.unit, 1))[1])


def _plain(members: CodeSet) -> bool:
    """Whether a list is made of single members that are on it on every date."""
    return not members.excluding and all(_plain_entry(entry) for entry in members.entries)


def _plain_entry(entry: Entry) -> bool:
    if entry.span != ALWAYS:
        return False
    return entry.kind in ("code", "word", "discipline") or (entry.members is not None and _plain(entry.members))


def _of_many(atoms: list[Atom]) -> tuple[object, ...] | None:
    """The members that a list of many may have: all that are not refused; each condition that asks for one finds one."""
    refused = {value for condition, truth in atoms if not truth for value in _listed(condition)}
    if any(isinstance(condition, HasField) and not truth for condition, truth in atoms):
        allowed: set[object] = set()
    else:
        allowed = {OTHER, *(value for condition, _ in atoms for value in _listed(condition))} - refused
    for condition, truth in atoms:
        wanted = {OTHER, *allowed} if isinstance(condition, HasField) else _listed(condition)
        if truth and not wanted & allowed:
            return None
    chosen = {next(iter(sorted(_listed(c) & allowed, key=str))) for c, truth in atoms if truth and _listed(c)}
    return tuple(sorted(chosen, key=str))


def _listed(condition: Condition) -> set[object]:
    match condition:
        case OnList(members=members):
            return set(members.listed())
        case Comparison(right=Constant(value=value)):
            return {value}
        case YesNo():
            return {True}
        case _:
            return set()


def _candidates(subject: Any, atoms: list[Atom]) -> list[Any]:
    """The values of one field or count that the conditions can tell apart."""
    named: list[Any] = [value for condition, _ in atoms for value in _listed_as(condition)]
    if any(isinstance(condition, Near | Apart) for condition, _ in atoms):
        return [*_numbers(named, None, None), Decimal(-1), _NO_ANCHOR, None]
    counted = _counted(atoms)
    if counted is not None:
        return _numbers(named, Decimal(0), counted[0])
    if any(isinstance(condition, YesNo) for condition, _ in atoms):
        return [True, False, None]
    if named and all(isinstance(value, Decimal | int) and not isinstance(value, bool) for value in named):
        return [*_numbers(named, None, None), None]
    if named and all(isinstance(value, date) for value in named):
        return [*sorted({day for value in named for day in _around(value)}), None]
    return [*dict.fromkeys(named), OTHER, None]


def _counted(atoms: list[Atom]) -> tuple[Decimal | None] | None:
    """The most that a counter can come to, in a tuple; None where the atoms are of no counter."""
    first = atoms[0][0]
    if not isinstance(first, CountIs):
        return None
    bound = most(first.counter)
    return (Decimal(bound) if bound is not None else None,)


def _listed_as(condition: Condition) -> list[Any]:
    match condition:
        case OnList(field=Field(type="number"), members=members):
            return [Decimal(value) for value in members.listed()]
        case OnList(members=members):
            return list(members.listed())
        case Comparison(right=Constant(value=value)) | CountIs(right=Constant(value=value)):
            return [value]
        case Near() | Apart():
            return [_distance(condition)]
        case _:
            return []


def _numbers(named: Iterable[Any], least: Decimal | None, largest: Decimal | None) -> list[Decimal]:
    """Numbers that tell some others apart: themselves, one between any two, one beyond either end."""
    ordered = sorted({Decimal(value) for value in named} | ({least} if least is not None else set()))
    if largest is not None:
        ordered = sorted({*ordered, largest})
    between = [(one + other) / 2 for one, other in zip(ordered, ordered[1:], strict=False)]
    beyond = [ordered[0] - 1, ordered[-1] + 1] if ordered else [Decimal(0)]
    found = sorted({*ordered, *between, *beyond})
    return [n for n in found if (least is None or n >= least) and (largest is None or n <= largest)]


_SIGNS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda left, right: left == right, "!=": lambda left, right: left != right, "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right, ">": lambda left, right: left > right, ">=": lambda left, right: left >= right,
}  # fmt: skip


def _holds(condition: Condition, value: Any) -> bool:
    """Whether an atom holds for a value; what is absent meets nothing (M2.2)."""
    if value is None:
        return False
    match condition:
        case Near():
            return value != _NO_ANCHOR and bool(0 <= value <= _distance(condition))
        case Apart():
            return value == _NO_ANCHOR or bool(value >= _distance(condition))  # true where there was none (M5.3)
        case YesNo():
            return value is True
        case HasField():
            return True
        case OnList():
            return value in _listed_as(condition)
        case Comparison(sign=sign, right=Constant(value=right)) | CountIs(sign=sign, right=Constant(value=right)):
            if sign in ("=", "!="):
                return _SIGNS[sign](value, right)
            return type(value) is type(right) and _SIGNS[sign](value, right)
        case _:
            return False
