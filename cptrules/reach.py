"""Whom a rule is about: the dates on which it is in force, and its `on`, `when` and `except` (M2.3)."""

from __future__ import annotations

from . import words
from .conditions import truth_of
from .counting import member
from .lines import Case, View
from .policy import Clause, CodeSet, Rule
from .truth import FALSE, Answer, Truth, all_of, negate


def not_in_force(rule: Rule, view: View) -> str | None:
    """Why a rule is not in force for a service: suspended, dropped or of other dates; None where it is (M1.2)."""
    if rule.suspended is not None:
        return f"suspended: {rule.suspended}"
    dropped = rule.dropped_on(view.day) if view.day is not None else None
    if dropped is not None:
        return f"dropped: {dropped.reason}"
    if view.day is not None and not rule.in_force(view.day):
        return f"not in force on {view.day}"
    return None


def about(rule: Rule, view: View, case: Case) -> tuple[Answer, str]:
    """`on`, `when` and `except`; the reason names the clause that leaves the line out."""
    answers: list[Answer] = []
    for selector in looked_at(rule):
        answer = member(selector, view, case)
        if answer.truth is Truth.FALSE:
            return FALSE, f"{view.record.code} is not in {selector.text}"
        answers.append(answer)
    counter = rule.counter
    if not rule.own_on and counter is not None and counter.where is not None:
        answer = truth_of(counter.where, view, case)
        if answer.truth is Truth.FALSE:
            return FALSE, f"it does not count here ({words.because(counter.where, view, case)})"
        answers.append(answer)
    for clause in rule.when:
        answer = truth_of(clause.condition, view, case)
        if answer.truth is Truth.FALSE:
            return FALSE, _clause_words(clause, view, case)
        answers.append(answer)
    for clause in rule.excepts:
        answer = truth_of(clause.condition, view, case)
        if answer.truth is Truth.TRUE:
            return FALSE, _clause_words(clause, view, case)
        answers.append(negate(answer))
    return all_of(answers), ""


def looked_at(rule: Rule) -> tuple[CodeSet, ...]:
    """A rule with `count` or `after` and no `on` of its own looks at the lines its counter counts."""
    counter = rule.counter
    if counter is not None and counter.of is not None and not rule.own_on:
        return (counter.of, *rule.on)
    return rule.on


def _clause_words(clause: Clause, view: View, case: Case) -> str:
    seen = words.because(clause.condition, view, case)
    return f"{clause.text}" + (f" ({seen})" if seen else "")
