"""A policy file changed by one step: each number, amount, date, comparison, code, modifier, word, outcome and reason code, one at a time.

A change is made on the tree, so that it has a place and costs no parsing. Numbers, percentages and days go one up and one down, money
one cent; a comparison takes in its boundary or leaves it out; a list loses one member; a range ends one code sooner or later; an only
member, a modifier, a discipline or a word gives way to its neighbour; an outcome becomes one step milder; a reason code changes its
group, and its code. Sources, facts, tables and tests stay as they are: they say nothing of what a rule does.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

import attrs

from . import tree as t
from .codesets import CodeTable, carc, code_table, modifiers, system_of
from .fields import FIELDS, Field
from .places import Span
from .rules import ASSISTED, METHODS
from .vocabulary import DISCIPLINES, OUTCOMES, RULE_OUTCOMES

_LEFT_ALONE: Final = (
    t.SourceBlock, t.TestBlock, t.FactBlock, t.EventBlock, t.TableBlock, t.Payer, t.Uses, t.Extends, t.Holidays, t.Title,
    t.Message, t.Cite, t.Suspended, t.KeyWeek, t.Without,
)  # fmt: skip
_SIGNS: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "!=", "!=": "="}
_GROUPS: Final = {"CO": "PR", "PR": "CO", "OA": "CO", "PI": "CO"}
_CENT: Final = Decimal("0.01")


@attrs.frozen
class Change:
    """One step away from what the file says: where it stands, what stood there, what stands there now, and the tree so changed."""

    span: Span
    was: str
    becomes: str
    file: t.File = attrs.field(repr=False)


_Step = tuple[Span, str, str, Any]  # where, what was, what becomes of it, the node so changed


def changes(file: t.File, facts: Iterable[Field] = (), codes: CodeTable | None = None) -> Iterator[Change]:
    """Give every change by one step of a file, in the order of its places."""
    steps = _Steps({**FIELDS, **{fact.name: fact for fact in facts}}, codes or code_table())
    for number, block in enumerate(file.blocks):
        for span, was, becomes, changed in steps.of(block):
            yield Change(span, was, becomes, t.File((*file.blocks[:number], changed, *file.blocks[number + 1 :]), span=file.span))


@attrs.frozen
class _Steps:
    """Walks a tree and gives its changes; `fields` are those a condition may ask about."""

    fields: dict[str, Field]
    codes: CodeTable

    def of(self, node: Any) -> Iterator[_Step]:
        """Every change inside a node, each with the whole node as it then is."""
        if isinstance(node, _LEFT_ALONE):
            return
        own = self._own(node)
        for field in attrs.fields(type(node)):
            steps = own.get(field.name)
            if steps is None:
                steps = partial(self._inside, getattr(node, field.name))
            for span, was, becomes, value in steps():
                yield span if span.line else node.span, was, becomes, attrs.evolve(node, **{field.name: value})

    def _inside(self, value: Any) -> Iterator[_Step]:
        if isinstance(value, tuple):
            for number, one in enumerate(value):
                for span, was, becomes, changed in self._inside(one):
                    yield span, was, becomes, (*value[:number], changed, *value[number + 1 :])
        elif isinstance(value, t.Money):
            yield from _moved(value, _cents(value.text), "${}")
        elif isinstance(value, t.Percent):
            yield from _moved(value, _numbers(value.text), "{}%")
        elif isinstance(value, t.Day):
            yield from _moved(value, _days(value))
        elif attrs.has(type(value)) and not isinstance(value, t.Name | t.Word | t.Text | Span):
            yield from self.of(value)

    def _own(self, node: Any) -> dict[str, Callable[[], Iterator[_Step]]]:
        """The fields of a node whose change depends on what the node is."""
        match node:
            case t.Compare() | t.CountCompare():
                return {"sign": partial(_signs, node), "right": partial(self._compared, node)}
            case t.AtMost() | t.After() | t.AmountEntry():
                return {"value": partial(self._value, node.value)}
            case t.Distance() | t.KeySpan() | t.Lasts():
                return {"number": partial(self._value, node.number)}
            case t.NeedElement():
                return {"every": partial(self._value, node.every)}
            case t.YearFrom():
                return {"month_day": partial(_month_days, node)}
            case t.OutcomeIs():
                return {"outcome": partial(_milder, node.outcome), "carc": partial(_reasons, node.carc), "rarcs": partial(_dropped, node.rarcs, True)}
            case _:
                return self._lists(node)

    def _lists(self, node: Any) -> dict[str, Callable[[], Iterator[_Step]]]:
        match node:
            case t.Selector() | t.CodesBlock():
                return {"items": partial(self._list, node.items), "excluding": partial(self._list, node.excluding, may_be_none=True)}
            case t.In():
                return {"items": partial(self._list, node.items, field=self.fields.get(node.field.text))}
            case t.NeedsOneOf() | t.NeedsAllOf() | t.AtMostOne() | t.Refuse():
                return {"items": partial(self._list, node.items)}
            case t.Plans():
                return {"ids": partial(_dropped, node.ids)}
            case t.NeedModifier():
                return {"modifier": partial(self._neighbour, node.modifier), "discipline": partial(self._neighbour, node.discipline)}
            case t.Needs():
                return {"items": partial(self._needs, node.items)}
            case t.Matching():
                return {"names": partial(_dropped, node.names)}
            case t.Instead():
                return {"code": partial(self._neighbour, node.code)}
            case t.By():
                return {"method": partial(_next_word, node.method, METHODS)}
            case t.AssistedBy():
                return {"method": partial(_next_word, node.method, ASSISTED)}
            case t.Assume():
                return {"value": partial(self._word, node.value, self.fields.get(node.field.text))}
            case _:
                return {}

    # ---- values ------------------------------------------------------------------------------------------------

    def _value(self, value: Any) -> Iterator[_Step]:
        if isinstance(value, t.Word):
            yield from _moved(value, _numbers(value.text))
        else:
            yield from self._inside(value)

    def _compared(self, node: t.Compare | t.CountCompare) -> Iterator[_Step]:
        left = node.left if isinstance(node, t.Compare) else None
        field = self.fields.get(left.text) if isinstance(left, t.Name) else None
        if isinstance(node.right, t.Word) and not node.right.text.isdigit():
            yield from self._neighbour(node.right)
        elif isinstance(node.right, t.Name) and field is not None and field.words:
            yield from self._word(node.right, field)
        else:
            yield from self._value(node.right)

    def _word(self, value: Any, field: Field | None) -> Iterator[_Step]:
        if isinstance(value, t.Name) and field is not None and value.text in field.words:
            yield from _next_word(value, field.words)

    # ---- lists -------------------------------------------------------------------------------------------------

    def _list(self, items: tuple[Any, ...], may_be_none: bool = False, field: Field | None = None) -> Iterator[_Step]:
        yield from _dropped(items, may_be_none)
        for number, item in enumerate(items):
            for span, was, becomes, changed in self._member(item, len(items) == 1 and not may_be_none, field):
                yield span, was, becomes, (*items[:number], changed, *items[number + 1 :])

    def _member(self, item: Any, alone: bool, field: Field | None) -> Iterator[_Step]:
        """A range moves its ends; a dated member its dates; a member that stands alone gives way to its neighbour."""
        if isinstance(item, t.DatedItem):
            for span, was, becomes, changed in self._member(item.item, alone, field):
                yield span, was, becomes, attrs.evolve(item, item=changed)
            for name in ("start", "end"):
                for span, was, becomes, changed in self._inside(getattr(item, name)):
                    yield span, was, becomes, attrs.evolve(item, **{name: changed})
        elif isinstance(item, t.Range):
            yield from self._range(item)
        elif alone:
            yield from self._word(item, field)
            yield from self._neighbour(item)

    def _needs(self, items: tuple[Any, ...]) -> Iterator[_Step]:
        yield from _dropped(items)
        yield from self._inside(items)

    def _range(self, item: t.Range) -> Iterator[_Step]:
        for end in ("first", "last"):
            code = getattr(item, end)
            for other in self._beside(code):
                changed = t.Range(**{"first": item.first, "last": item.last, end: other}, span=item.span)
                if changed.first <= changed.last:
                    yield item.span, f"{item.first}..{item.last}", f"{changed.first}..{changed.last}", changed

    def _beside(self, code: str) -> list[str]:
        """The codes next to one: of procedures those of the table, else one number up and down."""
        if system_of(code) != "procedure":
            return [other for other in _numbers(code) if len(other) == len(code)]
        known = sorted({one.code for one in self.codes.codes()} | {code})
        around = known[max(0, known.index(code) - 1) : known.index(code) + 2]
        return [other for other in around if other != code and len(other) == len(code)]

    def _neighbour(self, item: Any) -> Iterator[_Step]:
        """Another code of the same kind in the place of one: the next one."""
        if not isinstance(item, t.Word):
            return
        if item.text in DISCIPLINES:
            yield from _next_word(item, DISCIPLINES)
        elif (item.text,) in modifiers().all_keys():
            yield from _next_word(item, tuple(key[0] for key in modifiers().all_keys()))
        else:
            for other in self._beside(item.text)[:1]:
                yield item.span, item.text, other, attrs.evolve(item, text=other)


# ---- steps -------------------------------------------------------------------------------------------------------


def _moved(node: Any, texts: Iterable[str], written: str = "{}") -> Iterator[_Step]:
    for text in texts:
        yield node.span, written.format(node.text), written.format(text), attrs.evolve(node, text=text)


def _numbers(text: str) -> list[str]:
    """One up and one down, with the zeros that stood before; nothing is negative."""
    match = re.fullmatch(r"([A-Z]*)([0-9]+)(\.[0-9]+)?([A-Z]*)", text)
    if match is None:
        return []
    letters, digits, fraction, end = match.groups(default="")
    found = [int(digits) + step for step in (-1, 1) if int(digits) + step >= 0]
    return [f"{letters}{one:0{len(digits)}}{fraction}{end}" for one in found]


def _cents(text: str) -> list[str]:
    amount = Decimal(text.replace(",", ""))
    return [f"{amount + step:,.2f}" for step in (-_CENT, _CENT) if amount + step >= 0]


def _days(day: t.Day) -> list[str]:
    found = day.date()
    if found is None or found in (date.min, date.max):
        return []
    return [(found + timedelta(days=step)).isoformat() for step in (-1, 1)]


def _month_days(node: t.YearFrom) -> Iterator[_Step]:
    month, day = int(node.month_day[:2]), int(node.month_day[3:])
    if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(2024, month)[1]:
        for step in (-1, 1):
            other = date(2024, month, day) + timedelta(days=step)
            yield node.span, node.month_day, f"{other:%m-%d}", f"{other:%m-%d}"


def _signs(node: Any) -> Iterator[_Step]:
    yield node.span, node.sign, _SIGNS[node.sign], _SIGNS[node.sign]


def _dropped(items: tuple[Any, ...], may_be_none: bool = False) -> Iterator[_Step]:
    """A list without one of its members."""
    if len(items) > 1 or (items and may_be_none):
        for number, item in enumerate(items):
            yield item.span, said(item), "", (*items[:number], *items[number + 1 :])


def _next_word(node: Any, words: tuple[str, ...]) -> Iterator[_Step]:
    if node is not None and node.text in words:
        other = words[(words.index(node.text) + 1) % len(words)]
        yield node.span, node.text, other, attrs.evolve(node, text=other)


def _milder(node: t.Name) -> Iterator[_Step]:
    if node.text in RULE_OUTCOMES:
        other = "warn" if node.text == "inform" else OUTCOMES[OUTCOMES.index(node.text) - 1]
        yield node.span, node.text, other, attrs.evolve(node, text=other)


def _reasons(node: t.Word | None) -> Iterator[_Step]:
    """Another group bears the loss; another reason is given for it."""
    group, _, reason = node.text.partition("-") if node is not None else ("", "", "")
    known = [key[0] for key in carc().all_keys()]
    if node is None or group not in _GROUPS or reason not in known:
        return
    other = known[(known.index(reason) + 1) % len(known)]
    for text in (f"{_GROUPS[group]}-{reason}", f"{group}-{other}"):
        yield node.span, node.text, text, attrs.evolve(node, text=text)


def said(node: Any) -> str:
    """What a member of a list is, in the file's words."""
    match node:
        case t.DatedItem():
            return said(node.item)
        case t.Range():
            return f"{node.first}..{node.last}"
        case t.NeedModifier():
            return node.modifier.text
        case t.NeedElement():
            return node.element.text
        case t.Text():
            return f'"{node.text}"'
        case _:
            return str(node.text)
