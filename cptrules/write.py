"""From the tree back to text, in one layout: what the formatter, `explain --stack` and `parse` agree on.

A clause a line, two spaces in, its word padded so that the values stand below each other at column 12 (counted from 0);
brackets exactly where the tree nests; a line too long is broken behind a comma or before `and` and `or`, and goes on below
its value. `parse(written(file)).file == file` for every tree the grammar can say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final

from . import tree as t

WIDTH: Final = 120
ROOM: Final = WIDTH - 4  # what a piece may take before it is broken: it may be indented
_PAD: Final = 9
_ATOMS: Final = re.compile(r'"(?:\\.|[^"\\])*"|.', re.DOTALL)
_BREAKS: Final = re.compile(r'"(?:\\.|[^"\\])*"|[()]|(, )|( )(?=(?:and|or|within|excluding|values|attesting|repair) )', re.DOTALL)



def written(node: Any) -> str:
    """Write a node of the tree, or a whole file, in the canonical layout; the inverse of parsing."""
    return _writer(type(node).__name__)(node)


@cache
def _writer(kind: str) -> Callable[[Any], str]:
    writer: Callable[[Any], str] = globals()[f"_write_{kind}"]
    return writer


# ---- layout ------------------------------------------------------------------------------------------------------


def _write_File(file: t.File) -> str:
    """Blocks one below the other; an empty line around each that has clauses, none between one-liners of a kind."""
    out, before = [], None
    for block in file.blocks:
        text = written(block)
        if before is not None and not ("\n}" not in text and "\n}" not in before[1] and type(block) is before[0]):
            out.append("")
        out.append(text)
        before = (type(block), text)
    return "\n".join(out) + "\n" if out else ""


def _clause(word: str, *values: str | None) -> str:
    """One clause: the word, padded, and what stands behind it."""
    rest = " ".join(value for value in values if value)
    return f"{word:<{_PAD}} {rest}" if rest else word


def _indented(text: str) -> str:
    """Two spaces before each line; a clause of one line is broken where it is too long."""
    if "\n" in text:
        return "\n".join(f"  {line}" for line in text.split("\n"))
    match = re.match(r"[a-z]+(?: most| least| by| to| in| on| after| from)? +", text)
    column = max(_PAD + 1, match.end()) if match and match.end() <= 2 * _PAD else _PAD + 1
    return "\n".join(f"  {line}" for line in broken(text, column).split("\n"))


def broken(text: str, column: int, width: int = ROOM) -> str:
    """Break a line that is too long behind commas, or before a joining word; what follows is aligned at a column.

    A place outside brackets is taken before one inside them, unless more than half of the line would stay empty.
    """
    lines: list[str] = []
    start = 0
    places = list(_places(text)) if len(text) > width else []
    while len(text) - start + (column if lines else 0) > width:
        limit = start + width - (column if lines else 0)
        places = [place for place in places if place[0] > start + 1]
        fitting = [place for place in places if place[0] <= limit + 1] or places[:1]
        if not fitting:
            break
        wide = [place for place in fitting if 2 * (place[0] - start) > limit - start] or fitting
        end, _ = min(wide, key=lambda place: (place[1], -place[0]))
        lines.append(text[start:end].rstrip())
        start = end
    lines.append(text[start:])
    return f"\n{' ' * column}".join(lines)


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Where a line may be broken, and in how many brackets that is."""
    depth = 0
    for match in _BREAKS.finditer(text):
        if match.group(1) or match.group(2):
            yield match.end(), depth
        else:
            depth += {"(": 1, ")": -1}.get(match.group(), 0)


def _definition(head: str, rest: str) -> str:
    return broken(f"{head} = {rest}", len(head) + 3, WIDTH)


def _listed(parts: Iterable[Any]) -> str:
    return ", ".join(written(part) for part in parts)


def _opt(word: str, part: Any) -> str | None:
    """An optional part behind its word, or nothing."""
    return f"{word} {written(part)}" if part else None


def _where(condition: Any) -> str | None:
    return None if condition is None else f"where ({written(condition)})"


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


# ---- words and values --------------------------------------------------------------------------------------------


def _plain(node: t.Name | t.Word | t.Day | t.Pattern) -> str:
    return node.text


_write_Name = _write_Word = _write_Day = _write_Pattern = _plain


def _write_Money(node: t.Money) -> str:
    return f"${node.text}"


def _write_Percent(node: t.Percent) -> str:
    return f"{node.text}%"


def _write_Text(node: t.Text) -> str:
    escaped = node.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _write_Range(node: t.Range) -> str:
    return f"{node.first}..{node.last}"


def _write_Selector(node: t.Selector) -> str:
    return _joined(_listed(node.items), _excluding(node.excluding))


def _excluding(items: tuple[Any, ...]) -> str | None:
    return f"excluding {_listed(items)}" if items else None


def _write_OfTable(node: t.OfTable) -> str:
    return f"{written(node.table)} of {written(node.field)}"


def _write_DaysFrom(node: t.DaysFrom) -> str:
    return f"days from {written(node.start)} to {written(node.end)}"


def _write_EventWhere(node: t.EventWhere) -> str:
    return _joined(written(node.event), _where(node.where))


def _write_Visit(node: t.Visit) -> str:
    return _joined(f"{node.which} visit", _opt("of", node.of), _where(node.where), _opt("in", node.window))


def _write_Distance(node: t.Distance) -> str:
    return f"{written(node.number)} {written(node.unit)} {node.direction} {written(node.anchor)}"


def _write_KeyName(node: t.KeyName) -> str:
    return node.name


def _write_KeySpan(node: t.KeySpan) -> str:
    return f"{node.which} {written(node.number)} {written(node.unit)}"


def _write_KeyWeek(node: t.KeyWeek) -> str:
    return _joined("week", _opt("from", node.first_day))


def _per(keys: tuple[t.Key, ...]) -> str | None:
    return "per " + " and ".join(written(key) for key in keys) if keys else None


def _write_Count(node: t.Count) -> str:
    distinct = "distinct" if node.distinct else None
    return _joined(distinct, written(node.measure), _opt("of", node.of), _where(node.where), _per(node.per))


# ---- conditions --------------------------------------------------------------------------------------------------


def _part(node: t.Condition) -> str:
    """A part of a longer condition, in brackets where it is one itself."""
    return f"({written(node)})" if isinstance(node, (t.And, t.Or)) else written(node)


def _write_And(node: t.And) -> str:
    return " and ".join(_part(part) for part in node.parts)


def _write_Or(node: t.Or) -> str:
    return " or ".join(_part(part) for part in node.parts)


def _write_Not(node: t.Not) -> str:
    return f"not {_part(node.part)}"


def _write_In(node: t.In) -> str:
    return f"{written(node.field)} {'not in' if node.negated else 'in'} {_listed(node.items)}"


def _write_Compare(node: t.Compare) -> str:
    return f"{written(node.left)} {node.sign} {written(node.right)}"


def _write_Flag(node: t.Flag) -> str:
    return written(node.name)


def _write_Has(node: t.Has) -> str:
    return f"has {written(node.name)}"


def _write_CountCompare(node: t.CountCompare) -> str:
    return f"count {written(node.count)} {node.sign} {written(node.right)}"


def _write_Includes(node: t.Includes) -> str:
    none = "no" if node.none else None
    return _joined(f"{written(node.scope)} includes", none, written(node.of), _where(node.where))


def _write_Within(node: t.Within) -> str:
    return _joined(written(node.moment) if node.moment else None, f"within {written(node.distance)}")


def _write_AtLeast(node: t.AtLeast) -> str:
    return _joined(written(node.moment) if node.moment else None, f"at least {written(node.distance)}")


def _write_InWindow(node: t.InWindow) -> str:
    return f"in {written(node.window)}"


def _write_Authorized(node: t.Authorized) -> str:
    return _joined("authorized", _where(node.where))


# ---- clauses of heads and sources --------------------------------------------------------------------------------


def _write_Title(node: t.Title) -> str:
    return _clause("title", written(node.text))


def _write_Payer(node: t.Payer) -> str:
    return _clause("payer", _listed(node.ids))


def _write_Plans(node: t.Plans) -> str:
    return _clause("plans", _listed(node.ids))


def _write_Uses(node: t.Uses) -> str:
    return _clause("uses", _listed(node.names))


def _write_Extends(node: t.Extends) -> str:
    return _clause("extends", _listed(node.names))


def _write_Assume(node: t.Assume) -> str:
    return _clause("assume", f"{written(node.field)} = {written(node.value)}")


def _write_Holidays(node: t.Holidays) -> str:
    return _clause("holidays", written(node.table))


def _write_Url(node: t.Url) -> str:
    return _clause("url", written(node.text))


def _write_Confirmed(node: t.Confirmed) -> str:
    return _clause("confirmed", written(node.day))


# ---- clauses of rules --------------------------------------------------------------------------------------------


def _write_On(node: t.On) -> str:
    return _clause("on", written(node.selector))


def _write_When(node: t.When) -> str:
    return _clause("when", written(node.condition))


def _write_Except(node: t.Except) -> str:
    return _clause("except", written(node.condition))


def _write_Effective(node: t.Effective) -> str:
    return _clause("effective", _opt("from", node.start), _opt("to", node.end))


def _write_Suspended(node: t.Suspended) -> str:
    return _clause("suspended", _opt("because", node.reason))


def _write_Unless(node: t.Unless) -> str:
    return _clause("unless", written(node.condition), _opt("attesting", node.attesting))


def _write_OutcomeIs(node: t.OutcomeIs) -> str:
    return _clause("outcome", written(node.outcome), *_carc(node.carc, node.rarcs))


def _carc(carc: t.Word | None, rarcs: tuple[t.Word, ...]) -> tuple[str | None, str | None]:
    return _opt("carc", carc), f"rarc {_listed(rarcs)}" if rarcs else None


def _write_Message(node: t.Message) -> str:
    return _clause("message", written(node.text))


def _write_Cite(node: t.Cite) -> str:
    return _clause("cite", written(node.source), _opt("section", node.section))


def _write_By(node: t.By) -> str:
    return _clause("by", written(node.method))


def _write_OnlyMinutes(node: t.OnlyMinutes) -> str:
    return _clause("only minutes", _where(node.where))


def _write_TiesTo(node: t.TiesTo) -> str:
    return _clause("ties to", node.choice, written(node.table) if node.table else None)


def _write_AssistedBy(node: t.AssistedBy) -> str:
    return _clause("assisted", _opt("by", node.method))


def _write_Counts(node: t.Counts) -> str:
    return _clause("count", written(node.count))


def _write_AtMost(node: t.AtMost) -> str:
    return _clause("at most", written(node.value))


def _write_AtMostOne(node: t.AtMostOne) -> str:
    return _clause("at most", f"one of {_listed(node.items)}")


def _write_Keep(node: t.Keep) -> str:
    return _clause("keep", node.which, written(node.table) if node.table else None)


def _write_After(node: t.After) -> str:
    return _clause("after", written(node.value), written(node.count))


def _write_That(node: t.That) -> str:
    return _clause("that", written(node.condition))


def _write_Matching(node: t.Matching) -> str:
    return _clause("matching", _listed(node.names))


def _write_Requested(node: t.Requested) -> str:
    return _clause("requested", "at least" if node.at_least else "within", written(node.distance))


def _write_NeedModifier(node: t.NeedModifier) -> str:
    return _joined(written(node.modifier), _opt("for", node.discipline), _opt("attesting", node.attesting))


def _write_NeedElement(node: t.NeedElement) -> str:
    every = f"every {written(node.every)} {written(node.unit)}" if node.every and node.unit else None
    return _joined(written(node.element), every, _per(node.per))


def _write_Needs(node: t.Needs) -> str:
    return _clause("needs", _listed(node.items))


def _write_NeedsOneOf(node: t.NeedsOneOf) -> str:
    return _clause("needs", f"one of {_listed(node.items)}")


def _write_NeedsAllOf(node: t.NeedsAllOf) -> str:
    return _clause("needs", f"all of {_listed(node.items)}")


def _write_Refuse(node: t.Refuse) -> str:
    return _clause("refuse", _listed(node.items))


def _write_With(node: t.With) -> str:
    return _clause("with", written(node.selector), _per(node.per))


def _write_Instead(node: t.Instead) -> str:
    return _clause("instead", written(node.code))


def _write_Listed(node: t.Listed) -> str:
    return _clause("listed in", written(node.table), _per(node.per))


def _write_Pay(node: t.Pay) -> str:
    return _clause("pay", written(node.percent), _opt("of", node.table))


def _write_Rank(node: t.Rank) -> str:
    rest = f"rest lose {written(node.percent)} of {written(node.of)}"
    return _clause("rank by", written(node.table), _per(node.per), rest)


def _write_Without(node: t.Without) -> str:
    return _clause("without", re.sub(r"^([a-z ]+?) {2,}", r"\1 ", written(node.clause)))


# ---- blocks ------------------------------------------------------------------------------------------------------


# The words that open each block with braces, and the attribute that holds what stands between them.
_BRACED: Final[dict[type, tuple[Callable[[Any], str], str]]] = {
    t.PolicyHead: (lambda node: f"policy {written(node.name)}", "clauses"),
    t.LibraryHead: (lambda node: f"library {written(node.name)}", "clauses"),
    t.SourceBlock: (lambda node: f"source {written(node.name)}", "clauses"),
    t.AmountBlock: (lambda node: f"amount {written(node.name)}", "entries"),
    t.EventBlock: (lambda node: f"event {written(node.name)}", "facts"),
    t.WindowBlock: (lambda node: f"window {written(node.name)}", "clauses"),
    t.RuleBlock: (lambda node: f"{node.kind} {written(node.name)}", "clauses"),
    t.OverrideBlock: (lambda node: f"override {written(node.kind)} {written(node.name)}", "clauses"),
    t.TestBlock: (lambda node: f"test {written(node.name)}", "clauses"),
    t.Variant: (lambda node: f"variant {written(node.name)}", "clauses"),
}


def braced(node: Any) -> tuple[str, tuple[Any, ...]] | None:
    """A block's opening words and what stands between its braces; None for what has no braces."""
    found = _BRACED.get(type(node))
    if found is None or (isinstance(node, t.AmountBlock) and node.single):
        return None
    head, inside = found
    return head(node), getattr(node, inside)


def _write_braced(node: Any) -> str:
    found = braced(node)
    assert found is not None
    head, clauses = found
    return "\n".join([f"{head} {{", *(_indented(inner_written(clause, node)) for clause in clauses), "}"])


_write_PolicyHead = _write_LibraryHead = _write_SourceBlock = _write_EventBlock = _write_WindowBlock = _write_braced
_write_RuleBlock = _write_OverrideBlock = _write_TestBlock = _write_Variant = _write_braced


def inner_written(clause: Any, block: Any) -> str:
    """Write a clause as it stands in a block: in a variant its value begins where the values of the test around it do."""
    text = written(clause)
    if isinstance(block, t.Variant) and not isinstance(clause, t.Variant):
        return re.sub(r"^([a-z]+) +", lambda match: f"{match.group(1):<{_PAD - 2}} ", text)
    return text


def _dated(node: Any) -> str:
    return _joined(_opt("from", node.start), _opt("to", node.end))


def _write_DatedItem(node: t.DatedItem) -> str:
    return _joined(written(node.item), _dated(node))


def _write_CodesBlock(node: t.CodesBlock) -> str:
    return _definition(f"codes {written(node.name)}", _joined(_listed(node.items), _excluding(node.excluding)))


def _write_AmountEntry(node: t.AmountEntry) -> str:
    return _joined(written(node.value), _dated(node), _opt("when", node.when))


def _write_AmountBlock(node: t.AmountBlock) -> str:
    return _definition(f"amount {written(node.name)}", _listed(node.entries)) if node.single else _write_braced(node)


def _write_TableBlock(node: t.TableBlock) -> str:
    values = f"values {_listed(node.values)}" if node.values else None
    head = f"table {written(node.name)} from {written(node.path)}"
    return broken(_joined(head, f"keys {_listed(node.keys)}", values, _opt("missing", node.missing)), 6, WIDTH)


def _write_TypeName(node: t.TypeName) -> str:
    return _joined(node.name, _listed(node.words))


def _write_EventFact(node: t.EventFact) -> str:
    return _joined(f"{written(node.name)} : {written(node.type)}", written(node.question) if node.question else None)


def _write_FactBlock(node: t.FactBlock) -> str:
    question = written(node.question) if node.question else None
    head = f"fact {written(node.name)} of {written(node.owner)} :"
    return broken(_joined(head, written(node.type), question), len(head) + 1, WIDTH)


def _write_TermBlock(node: t.TermBlock) -> str:
    return _definition(f"term {written(node.name)}", written(node.condition))


def _write_CounterBlock(node: t.CounterBlock) -> str:
    return _definition(f"counter {written(node.name)}", written(node.count))


def _write_YearFrom(node: t.YearFrom) -> str:
    return _clause("year from", node.month_day)


def _write_OpensOn(node: t.OpensOn) -> str:
    return _clause("opens on", written(node.selector), _opt("when", node.when))


def _write_OpensOnVisit(node: t.OpensOnVisit) -> str:
    return _clause("opens on", "first visit", _opt("of", node.of), _opt("when", node.when))


def _write_OpensOnDate(node: t.OpensOnDate) -> str:
    return _clause("opens on", written(node.day))


def _write_OpensAfter(node: t.OpensAfter) -> str:
    return _clause("opens after", written(node.event), _where(node.where))


def _write_Lasts(node: t.Lasts) -> str:
    return _clause("lasts", written(node.number), written(node.unit), "then again" if node.again else None)


def _write_Since(node: t.Since) -> str:
    return _clause("since", written(node.day))


def _write_Per(node: t.Per) -> str:
    return _clause("per", " and ".join(written(key) for key in node.keys))


def _write_DropBlock(node: t.DropBlock) -> str:
    head = _joined("drop", written(node.kind), written(node.name), _dated(node), _opt("because", node.reason))
    return "\n".join([head, *(f"  {written(cite)}" for cite in node.cites)])


# ---- tests -------------------------------------------------------------------------------------------------------


def _pairs(pairs: tuple[t.Pair, ...]) -> str | None:
    return " ".join(written(pair) for pair in pairs) or None


def _write_Pair(node: t.Pair) -> str:
    return f"{written(node.field)} {written(node.value)}"


def _write_TClaim(node: t.TClaim) -> str:
    return _clause("claim", _opt("on", node.on), _pairs(node.pairs))


def _coded(node: t.TLine | t.TService) -> tuple[str | None, ...]:
    return written(node.code), *(written(modifier) for modifier in node.modifiers), _pairs(node.pairs)


def _write_TLine(node: t.TLine) -> str:
    return _clause("line", *_coded(node))


def _write_THistory(node: t.THistory) -> str:
    return _clause("history", "complete", _dated(node))


def _write_THistoryFor(node: t.THistoryFor) -> str:
    return _clause("history", "complete", _opt("for", node.whom))


def _write_TService(node: t.TService) -> str:
    days = f"on {written(node.days)} days from {written(node.start)}" if node.days else f"on {written(node.start)}"
    step = f"every {written(node.step)} {written(node.step_unit)}" if node.step and node.step_unit else None
    return _clause("service", *_coded(node), days, step)


def _write_TBalance(node: t.TBalance) -> str:
    return _clause("balance", written(node.measure), _opt("of", node.of), written(node.used), _dated(node))


def _write_TAuthorization(node: t.TAuthorization) -> str:
    return _clause("authorization", written(node.number), _opt("for", node.codes), _dated(node), _pairs(node.pairs))


def _write_TEvent(node: t.TEvent) -> str:
    return _clause("event", written(node.kind), _opt("on", node.on), _pairs(node.pairs))


def _write_TNote(node: t.TNote) -> str:
    return _clause("note", written(node.kind), _opt("on", node.on), _pairs(node.pairs))


def _write_TSession(node: t.TSession) -> str:
    return _clause("session", _opt("on", node.on), _pairs(node.pairs))


def _write_TIntervention(node: t.TIntervention) -> str:
    return _clause("intervention", written(node.code), _pairs(node.pairs))


def _write_TSet(node: t.TSet) -> str:
    return _clause("set", written(node.field), _listed(node.values))


def _write_Stands(node: t.Stands) -> str:
    return _joined("stands", written(node.amount), written(node.measure) if node.measure else None)


def _write_MissingField(node: t.MissingField) -> str:
    return _joined(written(node.field), written(node.code) if node.code else None)


def _write_TExpect(node: t.TExpect) -> str:
    stands = written(node.stands) if node.stands else None
    missing = f"missing {_listed(node.missing)}" if node.missing else None
    found = (_opt("by", node.rule), _opt("on line", node.line), stands, _opt("pays", node.pays))
    return _clause("expect", written(node.outcome), *found, *_carc(node.carc, node.rarcs), missing, _opt("repair", node.repair))
