"""The names of one policy file: what it declares, what it sees of others, and what each name means.

A name is settled once, where it was declared, so that a library's sets mean the same in every policy that uses it. Every
fault is reported and the work goes on with something harmless in the name's place; `load` then refuses the whole.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from . import tree as t
from .codesets import CodeTable, code_faults, code_table, codes_from, system_of
from .dates import Span as DateSpan
from .diagnostics import Diagnostic, nearest
from .fields import FACT_OWNERS, FACT_TYPES, FIELDS, Field
from .policy import AmountEntry, AmountValue, Citation, CodeSet, Condition, Constant, Entry
from .tables import Table
from .vocabulary import BLOCK_WORDS, DISCIPLINES, EVENT_KINDS

if TYPE_CHECKING:
    from .parse import Parsed

CLAUSE_WORDS: Final = frozenset(
    """title url confirmed payer plans effective uses extends assume holidays on when except unless suspended outcome message
    cite by only ties assisted count at keep after that matching requested needs refuse with instead listed pay rank without
    opens lasts since per year and or not in has within includes authorized first last distinct of where from to excluding all
    one no yes none unknown""".split()
)
NO_SET: Final = CodeSet("?", "", ())

_KINDS: Final[dict[type, str]] = {
    t.CodesBlock: "codes",
    t.AmountBlock: "amount",
    t.TableBlock: "table",
    t.FactBlock: "fact",
    t.EventBlock: "event",
    t.TermBlock: "term",
    t.CounterBlock: "counter",
    t.WindowBlock: "window",
}
_SYSTEM_WORDS: Final = {
    "procedure": "procedure codes", "diagnosis": "diagnoses", "short": "modifiers or places of service",
    "revenue": "revenue codes", "text": "text in quotes",
}  # fmt: skip


@attrs.define
class Scope:
    """One file's names, with the faults found so far."""

    path: str
    name: str
    parsed: Parsed
    lines: tuple[str, ...]
    read_table: Callable[[str, str], tuple[str, str] | None]
    diagnostics: list[Diagnostic] = attrs.field(factory=list)
    visible: list[Scope] = attrs.field(factory=list)
    blocks: dict[str, Any] = attrs.field(factory=dict)
    sources: dict[str, t.SourceBlock] = attrs.field(factory=dict)
    used: set[str] = attrs.field(factory=set)
    used_sources: set[str] = attrs.field(factory=set)
    settled: dict[str, Any] = attrs.field(factory=dict)
    settling: set[str] = attrs.field(factory=set)
    lost: set[str] = attrs.field(factory=set)
    blind: bool = False  # a file whose definitions it uses was not found
    _codes: CodeTable | None = None

    # ---- faults ----------------------------------------------------------------------------------------------

    def report(
        self, code: str, at: Any, message: str, wanted: str | None = None, near: str | None = None
    ) -> None:
        """Note one fault at a node or a span."""
        span = at if isinstance(at, t.Span) else at.span
        self.diagnostics.append(Diagnostic(code, self.path, span, message, wanted, near))

    def unknown(self, code: str, name: t.Name, what: str, known: Iterable[str], wanted: str | None = None) -> None:
        """Note a name that nothing declares, with the nearest one."""
        if name.text in self.lost or any(name.text in other.lost for other in self.visible):
            return  # its declaration is broken and reported already
        if self.blind and code != "E028":
            return  # it may stand in the file that was not found, which is reported
        near = nearest(name.text, known)
        self.report(code, name, f'no {what} is called "{name.text}"', wanted, self._with_place(near))

    def _with_place(self, near: str | None) -> str | None:
        if near is not None and near in self.blocks:
            return f"{near} (line {self.blocks[near].span.line})"
        return near

    def said(self, span: t.Span) -> str:
        """Give a stretch of the file as it stands, on one line and without comments."""
        lines = [self.source_line(number) for number in range(span.line, span.end_line + 1)]
        if not lines or not span.line:
            return ""
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
        return " ".join(" ".join(re.sub(r"#.*", "", line) for line in lines).split())

    def words(self, items: Iterable[t.Item], excluding: Iterable[t.Item] = ()) -> str:
        """Write the members of a list as the file has them."""
        listed = ", ".join(self.said(item.span) for item in items)
        out = ", ".join(self.said(item.span) for item in excluding)
        return f"{listed} excluding {out}" if out else listed

    # ---- declarations ----------------------------------------------------------------------------------------

    def declare(self) -> None:
        """Take up the file's declarations; names that stand twice or are spelt like a word of the language are faults."""
        for block in self.parsed.file.blocks:
            if isinstance(block, t.SourceBlock):
                self._declare_in(self.sources, block)
            elif type(block) in _KINDS:
                self._declare_in(self.blocks, block)
        self._find_lost()

    def _declare_in(self, names: dict[str, Any], block: Any) -> None:
        word = block.name.text
        if word in names:
            first = names[word].span.line
            self.report("E016", block.name, f'"{word}" stands twice; the first is in line {first}')
            return
        if word in BLOCK_WORDS or word in CLAUSE_WORDS:
            self.report("E017", block.name, f'"{word}" is a word of the language', "choose another name")
        elif names is self.blocks and word in FIELDS:
            self.report("E017", block.name, f'"{word}" is a field of the {FIELDS[word].owner}', "choose another name")
        elif names is self.blocks and word in EVENT_KINDS:
            self.report("E017", block.name, f'"{word}" is an event every policy knows', "choose another name")
        names[word] = block

    def _find_lost(self) -> None:
        """Names whose declaration was broken: using them is no second mistake."""
        for number in self.parsed.broken:
            for match in re.finditer(rf"^(?:{'|'.join(BLOCK_WORDS)})[ \t]+([a-z][a-z0-9_.]*)", self.source_line(number)):
                if match.group(1) not in self.blocks and match.group(1) not in self.sources:
                    self.lost.add(match.group(1))

    def source_line(self, number: int) -> str:
        """Give a line of the file as it stands; nothing where there is none."""
        return self.lines[number - 1] if number <= len(self.lines) else ""

    def find(self, kind: str, name: str) -> tuple[Scope, Any] | None:
        """Find the declaration of a name of a kind, here or in a file that is visible."""
        for scope in (self, *self.visible):
            block = scope.blocks.get(name)
            if block is not None and _KINDS[type(block)] == kind:
                scope.used.add(name)
                return scope, block
        return None

    def names(self, *kinds: str) -> list[str]:
        """All visible names of some kinds."""
        return [
            name
            for scope in (self, *self.visible)
            for name, block in scope.blocks.items()
            if _KINDS[type(block)] in kinds
        ]

    def settle(self, kind: str, name: t.Name, work: Callable[[Scope, Any], Any]) -> Any:
        """Work out what a declared name means, once, in the file that declares it; a ring is a fault. None: not declared."""
        found = self.find(kind, name.text)
        if found is None:
            return None
        scope, block = found
        if name.text in scope.settled:
            return scope.settled[name.text]
        if name.text in scope.settling:
            self.report("E030", name, f'"{name.text}" is defined by way of itself')
            return None
        scope.settling.add(name.text)
        try:
            scope.settled[name.text] = work(scope, block)
        finally:
            scope.settling.discard(name.text)
        return scope.settled[name.text]

    # ---- dates, numbers, constants ---------------------------------------------------------------------------

    def day(self, day: t.Day | None) -> date | None:
        """Give a date, or report one the calendar does not have."""
        if day is None:
            return None
        found = day.date()
        if found is None:
            self.report("E043", day, f"the calendar has no {day.text}")
        return found

    def span(self, start: t.Day | None, end: t.Day | None) -> DateSpan:
        """Give a span of dates, both ends in; one that ends before it begins is a fault."""
        first, last = self.day(start), self.day(end)
        if first is not None and last is not None and last < first and end is not None:
            self.report("E044", end, f"the span ends on {last}, before it begins on {first}")
            return DateSpan(first, first)
        return DateSpan(first, last)

    def whole(self, word: t.Word, least: int = 1, most: int = 100_000) -> int:
        """Give a whole number, or report what stands there instead."""
        if re.fullmatch(r"[0-9]{1,9}", word.text) and least <= int(word.text) <= most:
            return int(word.text)
        self.report("E041", word, f"{word.text} is not a whole number from {least} to {most:,}")
        return least

    def number(self, word: t.Word) -> Decimal:
        """Give a number, whole or with a fraction."""
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", word.text):
            return Decimal(word.text)
        self.report("E041", word, f"{word.text} is not a number")
        return Decimal(0)

    def dollars(self, money: t.Money) -> Decimal:
        """Give an amount of dollars; the commas must stand before each third digit, cents have two."""
        if not re.fullmatch(r"([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,12})(\.[0-9]{2})?", money.text):
            self.report("E042", money, f"${money.text} is not an amount of money", "write $1,234.50 or $1234.50")
            return Decimal(0)
        return Decimal(money.text.replace(",", ""))

    def percent(self, percent: t.Percent, most: int = 100) -> Decimal:
        """Give a percentage as a number of hundredths, 0 to `most`."""
        value = Decimal(percent.text)
        if value > most:
            self.report("E041", percent, f"{percent.text}% is more than all of it")
        return value

    def literal(self, literal: t.Literal) -> Constant:
        """Give the constant that a literal writes, a word of capitals and digits taken as a number."""
        match literal:
            case t.Word():
                return Constant("number", self.number(literal))
            case t.Money():
                return Constant("money", self.dollars(literal))
            case t.Percent():
                return Constant("percent", self.percent(literal))
            case t.Day():
                return Constant("date", self.day(literal) or date(1900, 1, 1))
            case _:
                return Constant("text", literal.text)

    def month_day(self, text: str, at: t.Span) -> tuple[int, int]:
        """Give a month and a day of any year."""
        month, day = int(text[:2]), int(text[3:])
        if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(2024, month)[1]:
            self.report("E057", at, f"the calendar has no {text}")
            return 1, 1
        return month, day

    # ---- codes -----------------------------------------------------------------------------------------------

    @property
    def codes_known(self) -> CodeTable:
        """The shipped code table, with what this file or a visible one adds in `table codes_added`."""
        if self._codes is None:
            self._codes = code_table()
            found = self.find("table", "codes_added")
            if found is not None:
                added = self.table(t.Name("codes_added"))
                if added is not None:
                    self._codes = self._extended(self._codes, added, found)
        return self._codes

    def _extended(self, codes: CodeTable, added: Table, found: tuple[Scope, Any]) -> CodeTable:
        """Add a file's own codes; what is wrong with their table is told where it is declared."""
        scope, block = found
        for fault in code_faults(added):
            place = f"{added.path}:{fault.line}: " if fault.line else ""
            scope.report("E054", block.path, f"{place}{fault.message}", near=fault.suggestion)
        return codes.extended(codes_from(added))

    def code_set(self, name: t.Name, wanted: str | None = None) -> CodeSet:
        """Give the set a name stands for."""
        found = self.settle("codes", name, _settle_codes)
        if found is None:
            if self.find("codes", name.text) is None:
                self.unknown("E020", name, "set of codes", self.names("codes"), wanted)
            return NO_SET
        return found  # type: ignore[no-any-return]

    def selector(self, selector: t.Selector, system: str | None = None) -> CodeSet:
        """Settle a selector of codes, ranges, patterns, sets and disciplines; all of one system."""
        entries = self.entries(selector.items, system)
        excluding = self.entries(selector.excluding, system)
        return self._one_system(entries, excluding, selector, self.words(selector.items, selector.excluding), system)

    def _one_system(
        self, entries: list[tuple[t.Item, Entry, str]], excluding: list[tuple[t.Item, Entry, str]],
        at: Any, text: str, system: str | None,
    ) -> CodeSet:  # fmt: skip
        kinds: dict[str, t.Item] = {}
        for item, _, kind in (*entries, *excluding):
            if kind:
                kinds.setdefault("procedure" if kind == "discipline" else kind, item)
        if len(kinds) > 1:
            first, second = list(kinds)[:2]
            self.report(
                "E045", kinds[second],
                f"{_SYSTEM_WORDS.get(second, second)} stand among {_SYSTEM_WORDS.get(first, first)}",
                "the members of a set are of one kind",
            )  # fmt: skip
        found = next(iter(kinds), "")
        if system and found and found != system:
            self.report(
                "E047", at, f"{_SYSTEM_WORDS.get(found, found)} where {_SYSTEM_WORDS.get(system, system)} are due"
            )
        members = tuple(entry for _, entry, _ in entries)
        return CodeSet(text, found, members, tuple(entry for _, entry, _ in excluding), self.codes_known)

    def entries(self, items: Iterable[t.Item], system: str | None = None) -> list[tuple[t.Item, Entry, str]]:
        """Settle the members of a list, each with its system."""
        return [(item, *self.entry(item, DateSpan(None, None), system)) for item in items]

    def entry(self, item: t.Item, span: DateSpan, system: str | None = None) -> tuple[Entry, str]:
        """Settle one member of a set."""
        match item:
            case t.Name(text=text):
                members = self.code_set(item)
                return Entry("set", text, span=span, members=members), members.system
            case t.Word(text=text) if text in DISCIPLINES and system in (None, "procedure"):
                return Entry("discipline", text, span=span), "discipline"
            case t.Word(text=text):
                return Entry("code", text, span=span), self._system(item, text, system)
            case t.Pattern(text=text):
                return self._pattern(item, span, system)
            case t.Range():
                return self._range(item, span)
            case t.Text(text=text):
                return Entry("word", text, span=span), "text"

    def _system(self, item: t.Item, text: str, system: str | None) -> str:
        found = system_of(text) or ""
        if not found:
            self.report("E047", item, f"{text} has the shape of no code", "97110, G0283, F84.0, GP, 0420")
        if found == "procedure" and self.codes_known.code(text) is None:
            near = self.codes_known.nearest(text)
            self.report("W003", item, f"no table knows the code {text}", "`table codes_added` of the file adds one", near)
        return found

    def _pattern(self, item: t.Pattern, span: DateSpan, system: str | None) -> tuple[Entry, str]:
        start = item.text[:-1]
        if "." in start or re.match(r"[A-Z][0-9][0-9A-Z]", start):
            return Entry("pattern", start.removesuffix("."), span=span), "diagnosis"
        systems = {system_of(start + "0" * n) for n in range(0, 5)} - {None}
        due = system if system in systems else "procedure"  # 042* can begin a revenue code or a procedure: the field decides
        kind = due if due in systems else next(iter(systems), "") or ""
        return Entry("pattern", start, span=span), str(kind)

    def _range(self, item: t.Range, span: DateSpan) -> tuple[Entry, str]:
        first, last = item.first, item.last
        kind, other = system_of(first), system_of(last)
        if kind is None or kind != other:
            self.report("E046", item, f"{first} and {last} are not two codes of one kind")
            return Entry("code", first, span=span), kind or ""
        if last < first:
            self.report("E046", item, f"the range runs backwards: {last} comes before {first}", near=f"{last}..{first}")
        elif kind == "diagnosis":
            return Entry("diagnoses", first, last, span), kind
        elif kind == "procedure" and not self.codes_known.between(first, last, None):
            self.report("E046", item, f"the code table holds nothing from {first} to {last}", "`table codes_added` of the file adds codes")
        elif kind in ("short", "revenue"):
            return Entry("set", f"{first}..{last}", span=span, members=_numbers(first, last, kind)), kind
        return Entry("range", first, last, span), kind

    # ---- tables ----------------------------------------------------------------------------------------------

    def table(self, name: t.Name, wanted: str | None = None) -> Table | None:
        """Give the table a name stands for, read and indexed."""
        found = self.settle("table", name, _settle_table)
        if found is None and self.find("table", name.text) is None:
            self.unknown("E026", name, "table", self.names("table"), wanted)
        return found  # type: ignore[no-any-return]

    def tables_settled(self) -> dict[str, Table]:
        """The tables of this file that were read."""
        return {name: found for name, found in self.settled.items() if isinstance(found, Table)}

    # ---- facts, events, sources ------------------------------------------------------------------------------

    def facts(self) -> dict[str, Field]:
        """Every fact declared here or in a visible file, as a field."""
        found: dict[str, Field] = {}
        for scope in (*reversed(self.visible), self):
            for name, block in scope.blocks.items():
                if isinstance(block, t.FactBlock):
                    found[name] = scope.fact(block)
        return found

    def fact(self, block: t.FactBlock) -> Field:
        """Give the field that a `fact` block declares."""
        key = f"fact {block.name.text}"
        if key not in self.settled:
            owner = block.owner.text
            if owner not in FACT_OWNERS:
                self.report("E029", block.owner, f'no fact can be of a "{owner}"', "of " + ", ".join(FACT_OWNERS), nearest(owner, FACT_OWNERS))
                owner = "claim"
            type_, words = self.fact_type(block.type)
            question = block.question.text if block.question else f"What is known of {block.name.text}?"
            self.settled[key] = Field(block.name.text, owner, type_, question, words, declared=True)
        return self.settled[key]  # type: ignore[no-any-return]

    def fact_type(self, type_: t.TypeName) -> tuple[str, tuple[str, ...]]:
        """Give the type of a fact and, of `one of`, its words."""
        if type_.name == "one of":
            return "word", tuple(word.text for word in type_.words)
        if type_.name not in FACT_TYPES:
            self.report("E029", type_, f'no type is called "{type_.name}"', ", ".join(FACT_TYPES), nearest(type_.name, FACT_TYPES))
            return "text", ()
        return type_.name, ()

    def event_facts(self, kind: str) -> dict[str, Field]:
        """The facts of an event that a file declares."""
        scope = next((one for one in (self, *self.visible) if isinstance(one.blocks.get(kind), t.EventBlock)), None)
        if scope is None:
            return {}
        block, fields = scope.blocks[kind], {}  # that its facts are known is no use of the event
        for fact in block.facts:
            type_, words = scope.fact_type(fact.type)
            question = fact.question.text if fact.question else f"What is known of {fact.name.text} of the {kind}?"
            fields[fact.name.text] = Field(fact.name.text, "event", type_, question, words, declared=True)
        return fields

    def event_kinds(self) -> list[str]:
        """Every kind of event this file knows."""
        return [*EVENT_KINDS, *self.names("event")]

    def citation(self, cite: t.Cite) -> Citation | None:
        """Give the citation a `cite` clause makes."""
        for scope in (self, *self.visible):
            block = scope.sources.get(cite.source.text)
            if block is not None:
                scope.used_sources.add(cite.source.text)
                return scope.source_of(block, cite)
        self.unknown("E025", cite.source, "source", [n for s in (self, *self.visible) for n in s.sources])
        return None

    def source_of(self, block: t.SourceBlock, cite: t.Cite) -> Citation:
        """Give a source's title, address and day of confirmation beside a citation's section."""
        title: str | None = None
        url: str | None = None
        confirmed: date | None = None
        for clause in block.clauses:
            match clause:
                case t.Title(text=text):
                    title = text.text
                case t.Url(text=text):
                    url = text.text
                case t.Confirmed(day=day):
                    confirmed = day.date()
        section = cite.section.text if cite.section else None
        return Citation(block.name.text, title or block.name.text, section, url, confirmed)


# ---- settling ----------------------------------------------------------------------------------------------------


def _settle_codes(scope: Scope, block: t.CodesBlock) -> CodeSet:
    entries = [(d.item, *scope.entry(d.item, scope.span(d.start, d.end))) for d in block.items]
    excluding = [(d.item, *scope.entry(d.item, scope.span(d.start, d.end))) for d in block.excluding]
    found = scope._one_system(entries, excluding, block.name, block.name.text, None)
    for item, entry, _ in entries:
        _in_force_some_day(scope, item, entry)
    return attrs.evolve(found, text=block.name.text)


def _in_force_some_day(scope: Scope, item: t.Item, entry: Entry) -> None:
    """A code whose own dates in the code table never meet the dates given for it is a fault."""
    if entry.kind != "code":
        return
    code = scope.codes_known.code(entry.value)
    if code is not None and DateSpan(code.from_, code.to).intersection(entry.span) is None:
        known = f"it is in force {_words(DateSpan(code.from_, code.to))}"
        scope.report("E048", item, f"{entry.value} is in force on none of these dates", known)


def _words(span: DateSpan) -> str:
    parts = [f"from {span.from_}" if span.from_ else "", f"to {span.to}" if span.to else ""]
    return " ".join(part for part in parts if part) or "on every date"


def _settle_table(scope: Scope, block: t.TableBlock) -> Table | None:
    from .tables import index, read_table

    found = scope.read_table(block.path.text, scope.path)
    if found is None:
        scope.report("E054", block.path, f'there is no table "{block.path.text}"', "a path beside the file, or beside the shipped policies")
        return None
    where, text = found
    raw, faults = read_table(text, where)
    keys, values = tuple(k.text for k in block.keys), tuple(v.text for v in block.values)
    table: Table | None = None
    if raw is not None and not faults:
        table, faults = index(raw, keys, values, block.name.text, _missing(block))
    for fault in faults[:5]:
        scope.report("E054", block.path, f"{where}:{fault.line}: {fault.message}", near=fault.suggestion)
    return None if faults else table


def _missing(block: t.TableBlock) -> str | None:
    match block.missing:
        case None:
            return None
        case t.Name(text=text) | t.Word(text=text) | t.Money(text=text) | t.Day(text=text) | t.Text(text=text):
            return text
        case t.Percent(text=text):
            return f"{text}%"


def _numbers(first: str, last: str, kind: str) -> CodeSet:
    """A range of two-character or revenue codes, all digits: each number between the ends."""
    width = len(first)
    if not (first.isdigit() and last.isdigit()):
        return CodeSet(f"{first}..{last}", kind, (Entry("code", first), Entry("code", last)))
    codes = tuple(Entry("code", str(n).zfill(width)) for n in range(int(first), int(last) + 1))
    return CodeSet(f"{first}..{last}", kind, codes)


def amount_of(
    scope: Scope, block: t.AmountBlock, condition: Callable[[Scope, t.Condition], Condition]
) -> AmountValue:
    """Settle an `amount`: its values of one type, its spans without overlap, a gap reported."""
    entries: list[AmountEntry] = []
    for entry in block.entries:
        value = scope.literal(entry.value)
        when = condition(scope, entry.when) if entry.when is not None else None
        entries.append(AmountEntry(value, scope.span(entry.start, entry.end), when))
    if not entries and not touched(scope, block):
        scope.report("E015", block.name, f'"{block.name.text}" has no value')
    types = {entry.value.type for entry in entries}
    if len(types) > 1:
        scope.report("E040", block.name, f'"{block.name.text}" mixes {" and ".join(sorted(types))}')
    _overlaps(scope, block, entries)
    return AmountValue(block.name.text, next(iter(types), "number"), tuple(entries))


def touched(scope: Scope, block: Any) -> bool:
    """Whether a clause of a block was lost to a syntax mistake."""
    return any(block.span.line <= line <= block.span.end_line for line in scope.parsed.broken)


def _overlaps(scope: Scope, block: t.AmountBlock, entries: list[AmountEntry]) -> None:
    plain = [(entry.span, node) for entry, node in zip(entries, block.entries, strict=True) if entry.when is None]
    ordered = sorted(plain, key=lambda pair: pair[0].from_ or date.min)
    for (before, _), (after, node) in zip(ordered, ordered[1:], strict=False):
        if before.overlaps(after):
            scope.report("E053", node, "this entry overlaps another one without `when`")
        elif before.to is not None and after.from_ is not None and (after.from_ - before.to).days > 1:
            gap = f"{before.to.isoformat()} and {after.from_.isoformat()}"
            scope.report("W004", node, f'"{block.name.text}" says nothing between {gap}')
    _unreachable(scope, block, entries)


def _unreachable(scope: Scope, block: t.AmountBlock, entries: list[AmountEntry]) -> None:
    for number, entry in enumerate(entries):
        for earlier in entries[:number]:
            if earlier.when is None and entry.when is not None and _covers(earlier.span, entry.span):
                scope.report("W007", block.entries[number], "an entry above it without `when` always comes first")
                break


def _covers(outer: DateSpan, inner: DateSpan) -> bool:
    starts = outer.from_ is None or (inner.from_ is not None and outer.from_ <= inner.from_)
    ends = outer.to is None or (inner.to is not None and inner.to <= outer.to)
    return starts and ends
