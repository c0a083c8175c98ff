"""One random change to one clause of one rule: what the comparison of policies is measured by."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import attrs

from cptrules import tree as t
from cptrules.vocabulary import RULE_OUTCOMES
from cptrules.write import written

# Clauses that no claim can feel, and those whose words are settled elsewhere.
_LEFT = (t.Cite, t.Message, t.Suspended, t.Effective)
Change = tuple[str, Any]


def changed(file: t.File, rng: random.Random) -> tuple[str, str, t.File] | None:
    """A file with one clause of one rule changed: the rule, what was done, the file; None where the dice found nothing to change."""
    rules = [number for number, block in enumerate(file.blocks) if isinstance(block, t.RuleBlock) and block.kind != "payment"]
    if not rules:
        return None
    at = rng.choice(rules)
    block = file.blocks[at]
    ways = list(_of_block(block))
    if not ways:
        return None
    what, new = rng.choice(ways)
    blocks = (*file.blocks[:at], new, *file.blocks[at + 1 :])
    return block.name.text, what, attrs.evolve(file, blocks=blocks)


def _of_block(block: t.RuleBlock) -> Iterator[Change]:
    for number, clause in enumerate(block.clauses):
        if isinstance(clause, _LEFT):
            continue
        for what, new in _of_clause(clause):
            clauses = (*block.clauses[:number], *((new,) if new is not None else ()), *block.clauses[number + 1 :])
            yield what, attrs.evolve(block, clauses=clauses)


def _of_clause(clause: Any) -> Iterator[Change]:
    kind = type(clause).__name__
    if isinstance(clause, (t.When, t.Except, t.Unless)):
        yield f"{kind} taken out", None
    if isinstance(clause, t.OutcomeIs):
        others = [word for word in RULE_OUTCOMES if word not in (clause.outcome.text, "reduce", "inform")]
        yield from ((f"outcome {word}", attrs.evolve(clause, outcome=t.Name(word))) for word in others)
        return
    for what, new in _inside(clause):
        yield f"{kind}: {what}", new


def _inside(node: Any) -> Iterator[Change]:
    """Every way to change one thing inside a node: a number, money, a percentage, a date, a sign, a member of a list."""
    for field in attrs.fields(type(node)):
        if field.eq is False:
            continue
        value = getattr(node, field.name)
        for what, new in _of_value(value, field.name, node):
            yield what, attrs.evolve(node, **{field.name: new})


def _of_value(value: Any, name: str, node: Any) -> Iterator[Change]:
    if isinstance(value, tuple):
        if name in ("items", "excluding") and len(value) > 1:
            yield from ((f"{_shown(one)} taken out", (*value[:n], *value[n + 1 :])) for n, one in enumerate(value))
        for n, one in enumerate(value):
            if attrs.has(type(one)):
                yield from ((what, (*value[:n], new, *value[n + 1 :])) for what, new in _of_node(one, name, node))
    elif attrs.has(type(value)):
        yield from _of_node(value, name, node)
    elif name == "sign":
        yield from ((f"sign {one}", one) for one in {"<": ("<=",), "<=": ("<",), ">": (">=",), ">=": (">",)}.get(value, ()))
    elif name == "negated":
        yield f"negated {not value}", not value
    elif name == "direction":
        yield "direction", "before" if value == "after" else "after"


def _of_node(node: Any, name: str, parent: Any) -> Iterator[Change]:
    match node:
        case t.Word(text=text) if text.isdigit() and name in ("number", "value", "right", "every") and not isinstance(parent, t.Compare):
            yield from ((f"{text} -> {one}", t.Word(str(one))) for one in (int(text) + 1, *([int(text) - 1] if int(text) > 1 else [])))
        case t.Word(text=text) if text.isdigit() and isinstance(parent, t.Compare) and not text.startswith("0"):
            yield f"{text} -> {int(text) + 1}", t.Word(str(int(text) + 1))
        case t.Money(text=text):
            yield f"${text} + 1", t.Money(str(int(text.replace(",", "").partition(".")[0]) + 1))
        case t.Day():
            day = node.date()
            if day is not None:
                yield f"{day} + 1 day", t.Day((day + timedelta(days=1)).isoformat())
        case t.Name() | t.Word() | t.Text() | t.Percent() | t.Range() | t.Pattern():
            return
        case _:
            yield from _inside(node)


def _shown(item: Any) -> str:
    return written(item)
