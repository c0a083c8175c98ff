"""Layers: what an `override` or a `drop` makes of a base's rule (docs/language.md, Layers).

A single clause replaces its namesake, a repeatable one adds, `without` takes one away. Names in an override are those of the file
that it stands in; what the base said keeps the meaning it has there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from . import tree as t
from .dates import Span as DateSpan
from .diagnostics import nearest
from .phrases import Phrases
from .policy import Documentation, Dropped, Limit, Pairs, PriorAuthorization, Rule, Timing
from .rules import REPEATED, Rules, belonging, column_fields, once, spelt
from .scope import Scope

_Build = Callable[["_Layer", Any], tuple[Any, ...]]


@attrs.define
class _Layer:
    """One override at work: the rule as it is so far, and what settles the words of the file that overrides."""

    rules: Rules
    phrases: Phrases
    rule: Rule

    def clauses(self, clause: Any) -> tuple[Any, ...]:
        return self.rules.clauses_of(self.phrases, [clause], type(clause))

    def cited(self, clause: Any) -> tuple[Any, ...]:
        found = self.rules.scope.citation(clause)
        return (found,) if found is not None else ()

    def modifiers(self, clause: Any) -> Any:
        return self.rules.modifiers_of([clause])

    def needs(self, clause: Any) -> tuple[Any, ...]:
        """`needs` names modifiers or elements of the note, by the kind of the rule."""
        if isinstance(self.rule.demand, Documentation):
            return self.rules.elements([clause], self.phrases)
        return self.modifiers(clause).needs  # type: ignore[no-any-return]

    def one_of(self, clause: Any) -> tuple[Any, ...]:
        if isinstance(self.rule.demand, Documentation):
            return self.rules.one_of_elements([clause], self.phrases)
        return self.modifiers(clause).one_of  # type: ignore[no-any-return]

    def change(self, **changes: Any) -> None:
        self.rule = attrs.evolve(self.rule, **changes)

    def demand(self, **changes: Any) -> None:
        self.rule = attrs.evolve(self.rule, demand=attrs.evolve(self.rule.demand, **changes))


# A repeatable clause: whether it is the rule's or the demand's, the attribute that holds it, and what settles it.
_REPEATABLE: Final[Mapping[type, tuple[str, str, _Build]]] = {
    t.When: ("rule", "when", _Layer.clauses),
    t.Except: ("rule", "excepts", _Layer.clauses),
    t.Unless: ("rule", "unless", _Layer.clauses),
    t.Cite: ("rule", "citations", _Layer.cited),
    t.Effective: ("rule", "own_effective", lambda layer, c: (layer.rules.scope.span(c.start, c.end),)),
    t.That: ("demand", "that", _Layer.clauses),
    t.OnlyMinutes: ("demand", "only_minutes", lambda layer, c: layer.rules.minutes_of([c], layer.phrases)),
    t.Requested: ("demand", "requested", lambda layer, c: (layer.rules.requested(c, layer.phrases),)),
    t.With: ("demand", "beside", lambda layer, c: layer.rules.beside_of([c], layer.phrases)),
    t.Needs: ("demand", "needs", _Layer.needs),
    t.NeedsOneOf: ("demand", "one_of", _Layer.one_of),
    t.NeedsAllOf: ("demand", "all_of", lambda layer, c: layer.modifiers(c).all_of),
    t.AtMostOne: ("demand", "at_most_one_of", lambda layer, c: layer.modifiers(c).at_most_one_of),
    t.Refuse: ("demand", "refuse", lambda layer, c: layer.modifiers(c).refuse),
}


def overridden(base: Rule, block: t.OverrideBlock, scope: Scope, effective: tuple[DateSpan, ...]) -> Rule:
    """Fold an override into a base's rule; what does not fit is reported, and leaves the rule as it was."""
    what = f"an override of a `{base.kind}` rule"
    allowed = (*belonging(base.kind), t.Without)
    clauses = once(scope, block, allowed, (*REPEATED, t.Without), what)
    extra = column_fields(base.demand.table) if isinstance(base.demand, Pairs) else {}
    layer = _Layer(Rules(scope, effective), Phrases(scope, extra), base)
    for clause in clauses:
        if isinstance(clause, t.Without):
            _without(layer, clause, what)
        elif type(clause) in _REPEATABLE:
            _add(layer, clause)
        else:
            _replace(layer, clause, clauses)
    replaced = {spelt(clause) for clause in clauses if type(clause) not in _REPEATABLE and not isinstance(clause, t.Without)}
    kept = tuple(line for line in base.written if not any(line.text == word or line.text.startswith(f"{word} ") for word in replaced))
    return attrs.evolve(layer.rule, written=(*kept, *layer.rules.written(clauses)))


def _holder(layer: _Layer, where: str) -> Any:
    return layer.rule if where == "rule" else layer.rule.demand


def _put(layer: _Layer, where: str, name: str, value: Any) -> None:
    if where == "rule":
        layer.change(**{name: value})
    else:
        layer.demand(**{name: value})


def _add(layer: _Layer, clause: Any) -> None:
    where, name, build = _REPEATABLE[type(clause)]
    _put(layer, where, name, (*getattr(_holder(layer, where), name), *build(layer, clause)))


def _without(layer: _Layer, without: t.Without, what: str) -> None:
    """Take away a clause of the base, written as the base has it."""
    clause, scope = without.clause, layer.rules.scope
    known = _REPEATABLE.get(type(clause))
    if known is None or (known[0] == "demand" and not hasattr(layer.rule.demand, known[1])):
        scope.report("E060", clause, f"`{spelt(clause)}` can't be taken away from {what}: it stands once, and can be replaced")
        return
    where, name, build = known
    have = getattr(_holder(layer, where), name)
    gone = build(layer, clause)
    if not gone or any(one not in have for one in gone):
        stands = [line.text for line in layer.rule.written if line.text.startswith(spelt(clause))]
        said = scope.said(clause.span)
        scope.report("E060", clause, f"the base has no `{said}` to take away", "; ".join(stands) or None, nearest(said, stands))
        return
    _put(layer, where, name, tuple(one for one in have if one not in gone))
    said = scope.said(clause.span)
    layer.change(written=tuple(line for line in layer.rule.written if line.text != said))


def _replace(layer: _Layer, clause: Any, clauses: list[Any]) -> None:
    """A clause that stands once takes the place of its namesake."""
    rules, phrases, demand = layer.rules, layer.phrases, layer.rule.demand
    match clause:
        case t.On():
            rest = layer.rule.on[1:] if layer.rule.own_on else layer.rule.on
            layer.change(on=(rules.scope.selector(clause.selector, "procedure"), *rest), own_on=True)
        case t.Suspended():
            layer.change(suspended=clause.reason.text)
        case t.OutcomeIs():
            outcome, carc, rarcs = rules.outcome([clause])
            layer.change(outcome=outcome, carc=carc, rarcs=rarcs)
        case t.Message():
            layer.change(message=rules.message([clause], phrases, counted=isinstance(demand, Limit | PriorAuthorization | Timing)))
        case t.Instead():
            layer.demand(instead=rules.instead([clause]))
        case t.Listed():
            found = rules.pairs([clause], phrases)
            if found is not None:
                layer.change(demand=found)
        case _:
            _replace_count(layer, clause)


def _replace_count(layer: _Layer, clause: Any) -> None:
    rules, phrases, demand = layer.rules, layer.phrases, layer.rule.demand
    match clause:
        case t.Counts() if isinstance(demand, Limit):
            layer.demand(count=phrases.counter(clause.count))
        case t.AtMost() if isinstance(demand, Limit):
            value = phrases.value(clause.value)
            rules.bound(clause, demand.count, value)
            layer.demand(at_most=value)
        case t.Keep():
            keep, table = rules.keep([clause])
            layer.demand(keep=keep, keep_table=table)
        case t.After():
            found = rules.prior([clause], phrases)
            layer.demand(after=found.after, count=found.count)
        case t.Matching():
            layer.demand(matching=rules.prior([clause], phrases).matching)
        case t.Pay():
            layer.demand(pay=rules.pay([clause], phrases))
        case t.Rank():
            layer.demand(rank=rules.rank([clause], phrases))
        case _:
            _replace_timing(layer, clause)


def _replace_timing(layer: _Layer, clause: Any) -> None:
    found = layer.rules.timing([clause], layer.phrases)
    match clause:
        case t.By():
            layer.demand(by=found.by)
        case t.TiesTo():
            layer.demand(ties=found.ties, ties_table=found.ties_table)
        case _:
            layer.demand(assisted_by=found.assisted_by)


def dropped(base: Rule, block: t.DropBlock, scope: Scope) -> Rule:
    """Drop a base's rule on some dates; it stays in the report, not applicable, with the reason."""
    citations = tuple(found for cite in block.cites if (found := scope.citation(cite)) is not None)
    place = f"{scope.path}:{block.span.line}"
    return attrs.evolve(base, dropped=(*base.dropped, Dropped(scope.span(block.start, block.end), block.reason.text, citations, place)))


# ---- folding -----------------------------------------------------------------------------------------------------


def folded(rules: tuple[Rule, ...], blocks: tuple[Any, ...], scope: Scope, effective: tuple[DateSpan, ...]) -> tuple[Rule, ...]:
    """Fold a file's overrides and drops into the rules of its bases; each conflict is refused (E060)."""
    changed = {rule.name: rule for rule in rules}
    seen: dict[str, Any] = {}
    for block in blocks:
        name, word = block.name.text, "override" if isinstance(block, t.OverrideBlock) else "drop"
        base = changed.get(name)
        if base is None:
            scope.report("E060", block.name, f'no base has a rule "{name}" to {word}', None, nearest(name, changed))
        elif base.kind != block.kind.text:
            scope.report("E060", block.kind, f'"{name}" is a `{base.kind}` rule, not a `{block.kind.text}` rule', None, base.kind)
        elif name in seen:
            first = seen[name]
            was = "overridden" if isinstance(first, t.OverrideBlock) else "dropped"
            scope.report("E060", block.name, f'"{name}" is {was} in line {first.span.line} already')
        elif base.dropped and isinstance(block, t.OverrideBlock):
            scope.report("E060", block.name, f'"{name}" is dropped by {base.dropped[0].place} already')
        elif isinstance(block, t.OverrideBlock):
            changed[name] = overridden(base, block, scope, effective)
        else:
            changed[name] = dropped(base, block, scope)
        seen.setdefault(name, block)
    return tuple(changed[rule.name] for rule in rules)
