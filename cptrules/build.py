"""From Lark's tree to the nodes of `cptrules.tree`: one method for each rule of the grammar, named like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from lark import Token, Tree

from . import tree as t

N = TypeVar("N")
Part = Any  # a Lark tree, a token, or None where an optional part was left out


def span_of(part: Part) -> t.Span:
    """Give where a token or a tree stands; an empty tree stands nowhere."""
    if isinstance(part, Token):
        return t.Span(part.line or 0, part.column or 0, part.end_line or 0, part.end_column or 0)
    meta = part.meta
    if meta.empty:
        return t.NOWHERE
    return t.Span(meta.line, meta.column, meta.end_line, meta.end_column)


_LITERALS: dict[str, Callable[[str, t.Span], t.Literal]] = {
    "number_or_code": lambda text, span: t.Word(text, span=span),
    "money": lambda text, span: t.Money(text[1:], span=span),
    "percent": lambda text, span: t.Percent(text[:-1], span=span),
    "date": lambda text, span: t.Day(text, span=span),
    "text": lambda text, span: t.Text(unquoted(text), span=span),
}


def unquoted(text: str) -> str:
    """Undo the quotes and the escapes of a piece of text."""
    out, characters = [], iter(text[1:-1])
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            out.append("\n" if following == "n" else following)
        else:
            out.append(character)
    return "".join(out)


class Builder:
    """Builds nodes from Lark's tree; it decides nothing."""

    def build(self, part: Part) -> Any:
        """Build the node of one part: a token, a tree, or None."""
        if part is None:
            return None
        if isinstance(part, Token):
            return self._token(part)
        if part.data in _LITERALS:
            token = part.children[0]
            return _LITERALS[part.data](str(token), span_of(token))
        return getattr(self, f"_{part.data}")(part, span_of(part))

    def _token(self, token: Token) -> Any:
        span, text = span_of(token), str(token)
        match token.type:
            case "NAME" | "DOTTED":
                return t.Name(text, span=span)
            case "DATE":
                return t.Day(text, span=span)
            case "STRING":
                return t.Text(unquoted(text), span=span)
            case "PERCENT":
                return t.Percent(text[:-1], span=span)
            case "MONEY":
                return t.Money(text[1:], span=span)
            case _:
                return t.Word(text, span=span)

    def all(self, parts: list[Part]) -> tuple[Any, ...]:
        """Build the nodes of several parts, in order."""
        return tuple(self.build(part) for part in parts)

    def _of(self, kind: Callable[..., N], parts: list[Any], span: t.Span) -> N:
        """Build the parts and make a node of them; several parts of one field stand in a list."""
        return kind(*[self.all(part) if isinstance(part, list) else self.build(part) for part in parts], span=span)

    # ---- words -----------------------------------------------------------------------------------------------

    def _subject(self, tree: Tree[Token], span: t.Span) -> t.Name:
        return t.Name(str(tree.children[0]), span=span)

    _qname = _subject
    _name = _subject
    _t_subject = _subject
    _t_name = _subject

    def _word(self, tree: Tree[Token], span: t.Span) -> t.Word:
        return t.Word(str(tree.children[0]), span=span)

    _carc = _word
    _t_word = _word

    def _range(self, tree: Tree[Token], span: t.Span) -> t.Range:
        return t.Range(str(tree.children[0]), str(tree.children[1]), span=span)

    def _pattern(self, tree: Tree[Token], span: t.Span) -> t.Pattern:
        return t.Pattern(str(tree.children[0]), span=span)

    _t_range = _range
    _t_pattern = _pattern

    def _one(self, tree: Tree[Token], span: t.Span) -> Any:
        return self.build(tree.children[0])

    _text = _one
    _t_money = _one
    _t_percent = _one
    _t_date = _one
    _t_text = _one

    def _list(self, tree: Tree[Token], span: t.Span) -> tuple[t.Item, ...]:
        return self.all(tree.children)

    _rarcs = _list
    _t_list = _list
    _keys = _list
    _dated_list = _list
    _table_values = _list
    _modifiers_written = _list
    _t_values = _list
    _t_missing = _list

    def _selector(self, tree: Tree[Token], span: t.Span) -> t.Selector:
        return t.Selector(self.build(tree.children[0]), self.build(tree.children[1]) or (), span=span)

    _t_selector = _selector

    # ---- heads and definitions -------------------------------------------------------------------------------

    def _start(self, tree: Tree[Token], span: t.Span) -> t.File:
        return t.File(self.all(tree.children), span=span)

    def _policy(self, tree: Tree[Token], span: t.Span) -> t.PolicyHead:
        return t.PolicyHead(self.build(tree.children[1]), self.all(tree.children[2:]), span=span)

    def _library(self, tree: Tree[Token], span: t.Span) -> t.LibraryHead:
        return t.LibraryHead(self.build(tree.children[1]), self.all(tree.children[2:]), span=span)

    def _title(self, tree: Tree[Token], span: t.Span) -> t.Title:
        return t.Title(self.build(tree.children[0]), span=span)

    def _payer(self, tree: Tree[Token], span: t.Span) -> t.Payer:
        return t.Payer(self.all(tree.children), span=span)

    def _plans(self, tree: Tree[Token], span: t.Span) -> t.Plans:
        return t.Plans(self.all(tree.children), span=span)

    def _uses(self, tree: Tree[Token], span: t.Span) -> t.Uses:
        return t.Uses(self.all(tree.children), span=span)

    def _extends(self, tree: Tree[Token], span: t.Span) -> t.Extends:
        return t.Extends(self.all(tree.children), span=span)

    def _assume(self, tree: Tree[Token], span: t.Span) -> t.Assume:
        return self._of(t.Assume, tree.children, span)

    def _holidays(self, tree: Tree[Token], span: t.Span) -> t.Holidays:
        return t.Holidays(self.build(tree.children[0]), span=span)

    def _source(self, tree: Tree[Token], span: t.Span) -> t.SourceBlock:
        return t.SourceBlock(self.build(tree.children[1]), self.all(tree.children[2:]), span=span)

    def _url(self, tree: Tree[Token], span: t.Span) -> t.Url:
        return t.Url(self.build(tree.children[0]), span=span)

    def _confirmed(self, tree: Tree[Token], span: t.Span) -> t.Confirmed:
        return t.Confirmed(self.build(tree.children[0]), span=span)

    def _codes(self, tree: Tree[Token], span: t.Span) -> t.CodesBlock:
        _, name, items, excluding = tree.children
        return t.CodesBlock(self.build(name), self.build(items), self.build(excluding) or (), span=span)

    def _dated_item(self, tree: Tree[Token], span: t.Span) -> t.DatedItem:
        return self._of(t.DatedItem, tree.children, span)

    def _amount_one(self, tree: Tree[Token], span: t.Span) -> t.AmountBlock:
        value = self.build(tree.children[2])
        entry = t.AmountEntry(value, span=value.span)
        return t.AmountBlock(self.build(tree.children[1]), (entry,), True, span=span)

    def _amount(self, tree: Tree[Token], span: t.Span) -> t.AmountBlock:
        return t.AmountBlock(self.build(tree.children[1]), self.all(tree.children[2:]), False, span=span)

    def _amount_entry(self, tree: Tree[Token], span: t.Span) -> t.AmountEntry:
        return self._of(t.AmountEntry, tree.children, span)

    def _table(self, tree: Tree[Token], span: t.Span) -> t.TableBlock:
        _, name, path, *keys, values, missing = tree.children
        return t.TableBlock(
            self.build(name), self.build(path), self.all(keys), self.build(values) or (), self.build(missing), span=span
        )

    def _simple_type(self, tree: Tree[Token], span: t.Span) -> t.TypeName:
        return t.TypeName(str(tree.children[0]), span=span)

    def _list_type(self, tree: Tree[Token], span: t.Span) -> t.TypeName:
        return t.TypeName("one of", self.all(tree.children), span=span)

    def _fact(self, tree: Tree[Token], span: t.Span) -> t.FactBlock:
        return self._of(t.FactBlock, tree.children[1:], span)

    def _event(self, tree: Tree[Token], span: t.Span) -> t.EventBlock:
        return t.EventBlock(self.build(tree.children[1]), self.all(tree.children[2:]), span=span)

    def _event_fact(self, tree: Tree[Token], span: t.Span) -> t.EventFact:
        return self._of(t.EventFact, tree.children, span)

    def _term(self, tree: Tree[Token], span: t.Span) -> t.TermBlock:
        return self._of(t.TermBlock, tree.children[1:], span)

    def _counter(self, tree: Tree[Token], span: t.Span) -> t.CounterBlock:
        return self._of(t.CounterBlock, tree.children[1:], span)

    def _window(self, tree: Tree[Token], span: t.Span) -> t.WindowBlock:
        return t.WindowBlock(self.build(tree.children[1]), self.all(tree.children[2:]), span=span)

    def _year_from(self, tree: Tree[Token], span: t.Span) -> t.YearFrom:
        return t.YearFrom(str(tree.children[0]), span=span)

    def _opens_on(self, tree: Tree[Token], span: t.Span) -> t.OpensOn:
        return self._of(t.OpensOn, tree.children, span)

    def _opens_on_visit(self, tree: Tree[Token], span: t.Span) -> t.OpensOnVisit:
        return t.OpensOnVisit(self.build(tree.children[1]), self.build(tree.children[2]), span=span)

    def _opens_on_date(self, tree: Tree[Token], span: t.Span) -> t.OpensOnDate:
        return t.OpensOnDate(self.build(tree.children[0]), span=span)

    def _opens_after(self, tree: Tree[Token], span: t.Span) -> t.OpensAfter:
        return t.OpensAfter(self.build(tree.children[1]), self.build(tree.children[2]), span=span)

    def _lasts(self, tree: Tree[Token], span: t.Span) -> t.Lasts:
        number, unit, again = tree.children
        return t.Lasts(self.build(number), self.build(unit), again is not None, span=span)

    def _since(self, tree: Tree[Token], span: t.Span) -> t.Since:
        return t.Since(self.build(tree.children[0]), span=span)

    def _per(self, tree: Tree[Token], span: t.Span) -> t.Per:
        return t.Per(self.build(tree.children[0]), span=span)

    # ---- rules -----------------------------------------------------------------------------------------------

    def _rule(self, tree: Tree[Token], span: t.Span) -> t.RuleBlock:
        kind, name, *clauses = tree.children
        return t.RuleBlock(str(kind.children[0]), self.build(name), self.all(clauses), span=span)  # type: ignore[union-attr]

    def _override(self, tree: Tree[Token], span: t.Span) -> t.OverrideBlock:
        _, kind, name, *clauses = tree.children
        return t.OverrideBlock(self.build(kind), self.build(name), self.all(clauses), span=span)

    def _without(self, tree: Tree[Token], span: t.Span) -> t.Without:
        return t.Without(self.build(tree.children[0]), span=span)

    def _drop(self, tree: Tree[Token], span: t.Span) -> t.DropBlock:
        _, kind, name, start, end, reason, *cites = tree.children
        return self._of(t.DropBlock, [kind, name, start, end, reason, cites], span)

    def _on(self, tree: Tree[Token], span: t.Span) -> t.On:
        return t.On(self.build(tree.children[0]), span=span)

    def _when(self, tree: Tree[Token], span: t.Span) -> t.When:
        return t.When(self.build(tree.children[0]), span=span)

    def _except_(self, tree: Tree[Token], span: t.Span) -> t.Except:
        return t.Except(self.build(tree.children[0]), span=span)

    def _effective(self, tree: Tree[Token], span: t.Span) -> t.Effective:
        return self._of(t.Effective, tree.children, span)

    def _suspended(self, tree: Tree[Token], span: t.Span) -> t.Suspended:
        return t.Suspended(self.build(tree.children[0]), span=span)

    def _unless(self, tree: Tree[Token], span: t.Span) -> t.Unless:
        return self._of(t.Unless, tree.children, span)

    def _outcome(self, tree: Tree[Token], span: t.Span) -> t.OutcomeIs:
        outcome, carc, rarcs = tree.children
        return t.OutcomeIs(self.build(outcome), self.build(carc), self.build(rarcs) or (), span=span)

    def _message(self, tree: Tree[Token], span: t.Span) -> t.Message:
        return t.Message(self.build(tree.children[0]), span=span)

    def _cite(self, tree: Tree[Token], span: t.Span) -> t.Cite:
        return self._of(t.Cite, tree.children, span)

    def _by(self, tree: Tree[Token], span: t.Span) -> t.By:
        return t.By(self.build(tree.children[0]), span=span)

    def _only_minutes(self, tree: Tree[Token], span: t.Span) -> t.OnlyMinutes:
        return t.OnlyMinutes(self.build(tree.children[0]), span=span)

    def _ties_to_table(self, tree: Tree[Token], span: t.Span) -> t.TiesTo:
        return t.TiesTo("highest", self.build(tree.children[1]), span=span)

    def _ties_to_more(self, tree: Tree[Token], span: t.Span) -> t.TiesTo:
        return t.TiesTo("more minutes", span=span)

    def _ties_to_first(self, tree: Tree[Token], span: t.Span) -> t.TiesTo:
        return t.TiesTo("first listed", span=span)

    def _assisted_by(self, tree: Tree[Token], span: t.Span) -> t.AssistedBy:
        return t.AssistedBy(self.build(tree.children[0]), span=span)

    def _count(self, tree: Tree[Token], span: t.Span) -> t.Counts:
        return t.Counts(self.build(tree.children[0]), span=span)

    def _at_most(self, tree: Tree[Token], span: t.Span) -> t.AtMost:
        return t.AtMost(self.build(tree.children[0]), span=span)

    def _at_most_one(self, tree: Tree[Token], span: t.Span) -> t.AtMostOne:
        return t.AtMostOne(self.build(tree.children[0]), span=span)

    def _keep_first(self, tree: Tree[Token], span: t.Span) -> t.Keep:
        return t.Keep("first", span=span)

    def _keep_table(self, tree: Tree[Token], span: t.Span) -> t.Keep:
        which, table = tree.children
        return t.Keep(str(which), self.build(table), span=span)

    def _after(self, tree: Tree[Token], span: t.Span) -> t.After:
        return self._of(t.After, tree.children[1:], span)

    def _that(self, tree: Tree[Token], span: t.Span) -> t.That:
        return t.That(self.build(tree.children[0]), span=span)

    def _matching(self, tree: Tree[Token], span: t.Span) -> t.Matching:
        return t.Matching(self.all(tree.children), span=span)

    def _distance(self, parts: list[Part], span: t.Span) -> t.Distance:
        number, unit, direction, anchor = parts
        return t.Distance(self.build(number), self.build(unit), str(direction), self.build(anchor), span=span)

    def _requested_within(self, tree: Tree[Token], span: t.Span) -> t.Requested:
        return t.Requested(False, self._distance(tree.children, span), span=span)

    def _requested_at_least(self, tree: Tree[Token], span: t.Span) -> t.Requested:
        return t.Requested(True, self._distance(tree.children, span), span=span)

    def _needs(self, tree: Tree[Token], span: t.Span) -> t.Needs:
        return t.Needs(self.all(tree.children), span=span)

    def _needs_one(self, tree: Tree[Token], span: t.Span) -> t.NeedsOneOf:
        return t.NeedsOneOf(self.build(tree.children[0]), span=span)

    def _needs_all(self, tree: Tree[Token], span: t.Span) -> t.NeedsAllOf:
        return t.NeedsAllOf(self.build(tree.children[0]), span=span)

    def _need_modifier(self, tree: Tree[Token], span: t.Span) -> t.NeedModifier:
        return self._of(t.NeedModifier, tree.children, span)

    def _need_element(self, tree: Tree[Token], span: t.Span) -> t.NeedElement:
        element, every, unit, keys = tree.children
        return t.NeedElement(self.build(element), self.build(every), self.build(unit), self.build(keys) or (), span=span)

    def _refuse(self, tree: Tree[Token], span: t.Span) -> t.Refuse:
        return t.Refuse(self.build(tree.children[0]), span=span)

    def _with_(self, tree: Tree[Token], span: t.Span) -> t.With:
        return self._of(t.With, tree.children, span)

    def _instead(self, tree: Tree[Token], span: t.Span) -> t.Instead:
        return t.Instead(self.build(tree.children[0]), span=span)

    def _listed(self, tree: Tree[Token], span: t.Span) -> t.Listed:
        return self._of(t.Listed, tree.children, span)

    def _pay(self, tree: Tree[Token], span: t.Span) -> t.Pay:
        return self._of(t.Pay, tree.children, span)

    def _rank(self, tree: Tree[Token], span: t.Span) -> t.Rank:
        return self._of(t.Rank, tree.children, span)

    # ---- phrases ---------------------------------------------------------------------------------------------

    def _measure(self, tree: Tree[Token], span: t.Span) -> tuple[t.Name, bool]:
        return self.build(tree.children[0]), False

    def _distinct(self, tree: Tree[Token], span: t.Span) -> tuple[t.Name, bool]:
        return self.build(tree.children[0]), True

    def _count_phrase(self, tree: Tree[Token], span: t.Span) -> t.Count:
        measure, of, where, keys = tree.children
        name, distinct = self.build(measure)
        return t.Count(name, distinct, self.build(of), self.build(where), self.build(keys) or (), span=span)

    def _key_name(self, tree: Tree[Token], span: t.Span) -> t.KeyName:
        return t.KeyName(str(tree.children[0]), span=span)

    def _key_span(self, tree: Tree[Token], span: t.Span) -> t.KeySpan:
        which, number, unit = tree.children
        return t.KeySpan(str(which), self.build(number), self.build(unit), span=span)

    def _key_week(self, tree: Tree[Token], span: t.Span) -> t.KeyWeek:
        return t.KeyWeek(self.build(tree.children[0]), span=span)

    def _and_(self, tree: Tree[Token], span: t.Span) -> t.And:
        return t.And(self.all(tree.children), span=span)

    def _or_(self, tree: Tree[Token], span: t.Span) -> t.Or:
        return t.Or(self.all(tree.children), span=span)

    def _not_(self, tree: Tree[Token], span: t.Span) -> t.Not:
        return t.Not(self.build(tree.children[0]), span=span)

    def _in_(self, tree: Tree[Token], span: t.Span) -> t.In:
        field, items = tree.children
        return t.In(self.build(field), self.build(items), False, span=span)

    def _not_in(self, tree: Tree[Token], span: t.Span) -> t.In:
        field, items = tree.children
        return t.In(self.build(field), self.build(items), True, span=span)

    def _comparison(self, tree: Tree[Token], span: t.Span) -> str:
        return str(tree.children[0])

    def _compare(self, tree: Tree[Token], span: t.Span) -> t.Compare:
        return self._of(t.Compare, tree.children, span)

    def _event_where(self, tree: Tree[Token], span: t.Span) -> t.EventWhere:
        return self._of(t.EventWhere, tree.children, span)

    def _flag(self, tree: Tree[Token], span: t.Span) -> t.Flag:
        return t.Flag(self.build(tree.children[0]), span=span)

    def _has(self, tree: Tree[Token], span: t.Span) -> t.Has:
        return t.Has(self.build(tree.children[0]), span=span)

    def _count_compare(self, tree: Tree[Token], span: t.Span) -> t.CountCompare:
        return self._of(t.CountCompare, tree.children, span)

    def _includes(self, tree: Tree[Token], span: t.Span) -> t.Includes:
        scope, no, of, where = tree.children
        return t.Includes(self.build(scope), no is not None, self.build(of), self.build(where), span=span)

    def _within(self, tree: Tree[Token], span: t.Span) -> t.Within:
        moment, *rest = tree.children
        return t.Within(self.build(moment), self._distance(rest, span), span=span)

    def _at_least(self, tree: Tree[Token], span: t.Span) -> t.AtLeast:
        moment, *rest = tree.children
        return t.AtLeast(self.build(moment), self._distance(rest, span), span=span)

    def _in_window(self, tree: Tree[Token], span: t.Span) -> t.InWindow:
        return t.InWindow(self.build(tree.children[0]), span=span)

    def _authorized(self, tree: Tree[Token], span: t.Span) -> t.Authorized:
        return t.Authorized(self.build(tree.children[0]), span=span)

    def _visit(self, tree: Tree[Token], span: t.Span) -> t.Visit:
        which, of, where, window = tree.children
        return t.Visit(str(which), self.build(of), self.build(where), self.build(window), span=span)

    def _of_table(self, tree: Tree[Token], span: t.Span) -> t.OfTable:
        return self._of(t.OfTable, tree.children, span)

    def _days_from(self, tree: Tree[Token], span: t.Span) -> t.DaysFrom:
        return self._of(t.DaysFrom, tree.children, span)

    # ---- tests -----------------------------------------------------------------------------------------------

    def _test(self, tree: Tree[Token], span: t.Span) -> t.TestBlock:
        return t.TestBlock(self.build(tree.children[1]), self.all(tree.children[2:]), span=span)

    def _variant(self, tree: Tree[Token], span: t.Span) -> t.Variant:
        return t.Variant(self.build(tree.children[0]), self.all(tree.children[1:]), span=span)

    def _t_claim(self, tree: Tree[Token], span: t.Span) -> t.TClaim:
        return t.TClaim(self.build(tree.children[0]), self.all(tree.children[1:]), span=span)

    def _t_line(self, tree: Tree[Token], span: t.Span) -> t.TLine:
        code, modifiers, *pairs = tree.children
        return t.TLine(self.build(code), self.build(modifiers), self.all(pairs), span=span)

    def _t_history(self, tree: Tree[Token], span: t.Span) -> t.THistory:
        return self._of(t.THistory, tree.children, span)

    def _t_history_for(self, tree: Tree[Token], span: t.Span) -> t.THistoryFor:
        return t.THistoryFor(self.build(tree.children[0]), span=span)

    def _t_service(self, tree: Tree[Token], span: t.Span) -> t.TService:
        code, modifiers, *pairs, days = tree.children
        start, number, step, unit = self.build(days)
        return t.TService(
            self.build(code), self.build(modifiers), self.all(pairs), start, number, step, unit, span=span
        )

    def _t_on(self, tree: Tree[Token], span: t.Span) -> tuple[Any, ...]:
        return self.build(tree.children[0]), None, None, None

    def _t_on_days(self, tree: Tree[Token], span: t.Span) -> tuple[Any, ...]:
        number, start, *step = self.all(tree.children)
        return start, number, *(step or (None, None))

    def _t_balance(self, tree: Tree[Token], span: t.Span) -> t.TBalance:
        return self._of(t.TBalance, tree.children, span)

    def _t_authorization(self, tree: Tree[Token], span: t.Span) -> t.TAuthorization:
        number, codes, start, end, *pairs = tree.children
        return self._of(t.TAuthorization, [number, codes, start, end, pairs], span)

    def _t_event(self, tree: Tree[Token], span: t.Span) -> t.TEvent:
        kind, on, *pairs = tree.children
        return t.TEvent(self.build(kind), self.build(on), self.all(pairs), span=span)

    def _t_note(self, tree: Tree[Token], span: t.Span) -> t.TNote:
        kind, on, *pairs = tree.children
        return t.TNote(self.build(kind), self.build(on), self.all(pairs), span=span)

    def _t_session(self, tree: Tree[Token], span: t.Span) -> t.TSession:
        return t.TSession(self.build(tree.children[0]), self.all(tree.children[1:]), span=span)

    def _t_intervention(self, tree: Tree[Token], span: t.Span) -> t.TIntervention:
        return t.TIntervention(self.build(tree.children[0]), self.all(tree.children[1:]), span=span)

    def _t_set(self, tree: Tree[Token], span: t.Span) -> t.TSet:
        return self._of(t.TSet, tree.children, span)

    def _t_stands(self, tree: Tree[Token], span: t.Span) -> t.Stands:
        amount, *measure = self.all(tree.children)
        return t.Stands(amount, measure[0] if measure else None, span=span)

    def _missing_field(self, tree: Tree[Token], span: t.Span) -> t.MissingField:
        return self._of(t.MissingField, tree.children, span)

    def _t_expect(self, tree: Tree[Token], span: t.Span) -> t.TExpect:
        outcome, rule, line, stands, pays, carc, rarcs, missing, repair = self.all(tree.children)
        return t.TExpect(outcome, rule, line, stands, pays, carc, rarcs or (), missing or (), repair, span=span)

    def _pair(self, tree: Tree[Token], span: t.Span) -> t.Pair:
        return self._of(t.Pair, tree.children, span)
