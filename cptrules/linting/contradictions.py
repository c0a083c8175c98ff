"""Two rules that no claim can satisfy: on some line one demands what the other refuses, and neither has a way out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

import attrs

from ..codesets import CodeTable
from ..fields import FIELDS
from ..policy import (
    Comparison,
    Condition,
    Constant,
    Deadline,
    Documentation,
    FieldValue,
    HasField,
    Modifiers,
    OnList,
    Require,
    Rule,
    conditions_in,
)
from ..vocabulary import DISCIPLINES
from .breaking import broken
from .hidden import joint
from .possible import OTHER, Question, Witness, possible
from .scopes import asked


@attrs.frozen
class Contradiction:
    """Two rules (or one against itself), what they ask for, and a line that can't be right."""

    rule: Rule
    other: Rule
    why: str
    line: Witness

    def sample(self) -> str:
        """The line as a test writes it."""
        code = "97110" if self.line.code == "00000" else self.line.code
        discipline = f" discipline {self.line.discipline}" if self.line.discipline is not None else ""
        said = [f"{name} {_said(value)}" for name, value in self.line.values if _said(value)]
        more = f", with {', '.join(said)}" if said else ""
        return f"line {code}{discipline} on {self.line.day}{more}"


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(str(one) for one in value)
    return {True: "yes", False: "no", None: ""}.get(value, "" if value == OTHER else str(value))  # type: ignore[call-overload, no-any-return]


def contradictions(rules: list[Rule], table: CodeTable) -> Iterator[Contradiction]:
    """Give the contradictions among some rules, each once."""
    judging = [rule for rule in rules if rule.suspended is None and not rule.unless]
    for number, rule in enumerate(judging):
        for other in judging[number:]:
            found = _found(rule, other, table)
            if found is not None:
                yield Contradiction(rule, other, *found)


def _found(rule: Rule, other: Rule, table: CodeTable) -> tuple[str, Witness] | None:
    found = _modifiers(rule, other, table) if isinstance(rule.demand, Modifiers) and isinstance(other.demand, Modifiers) else None
    told = isinstance(rule.demand, _OF_THE_LINE) and isinstance(other.demand, _OF_THE_LINE)
    told = told and _speak_of_the_same(rule, other) and not _for_a_modifier(rule, other)
    return found or (_conditions(rule, other, table) if told else None)


def _speak_of_the_same(rule: Rule, other: Rule) -> bool:
    """Whether a modifier that one of the rules wants is limited or asked about by one of them; of other demands there is nothing to ask first."""
    demands = [one.demand for one in (rule, other) if isinstance(one.demand, Modifiers)]
    if not demands:
        return True
    if len(demands) == 1:
        fails = broken(rule if not isinstance(rule.demand, Modifiers) else other)
        return fails is not None and any(isinstance(part, OnList | HasField) and part.field.name == "modifier" for part in conditions_in(fails))
    wanted = {one for demand in demands for one in (*(need.modifier for need in demand.needs), *chain(*demand.one_of, *demand.all_of))}
    return bool(wanted & {one for demand in demands for one in (*demand.refuse, *chain(*demand.at_most_one_of))})


def _for_a_modifier(rule: Rule, other: Rule) -> bool:
    """Whether a modifier brings two rules together: where they clash, it is that modifier that does not belong on the line."""
    if not any(isinstance(one.demand, Modifiers) for one in (rule, other)):
        return False
    about = _about(rule, other)
    parts = (part for condition in (*about.true, *about.false) for part in conditions_in(condition))
    return any(isinstance(part, OnList | HasField) and part.field.name == "modifier" for part in parts)


_OF_THE_LINE: Final = (Modifiers, Require, Deadline, Documentation)


def _about(rule: Rule, other: Rule) -> Question:
    return asked(rule) if rule is other else joint(rule, other)


# ---- modifiers ---------------------------------------------------------------------------------------------------


def _modifiers(rule: Rule, other: Rule, table: CodeTable) -> tuple[str, Witness] | None:
    for one, two in ((rule, other), (other, rule)):
        for discipline, why in _clashes(one.demand, two.demand):
            line = _line(_about(rule, other), discipline, table)
            if line is not None:
                return f"{_named(one, two)} {why}", line
    return None


def _named(one: Rule, two: Rule) -> str:
    return f'"{one.name}" and "{two.name}":' if one is not two else f'"{one.name}":'


def _clashes(one: Modifiers | object, two: Modifiers | object) -> Iterator[tuple[str | None, str]]:
    """What the first asks for and the second refuses, with the discipline for which it is so."""
    assert isinstance(one, Modifiers) and isinstance(two, Modifiers)
    for need in one.needs:
        if need.modifier in two.refuse:
            yield need.discipline, f"{need.modifier} is needed and refused"
        for group in two.at_most_one_of:
            for second in one.needs:
                both = need.discipline == second.discipline or None in (need.discipline, second.discipline)
                if both and need.modifier in group and second.modifier in group and need.modifier < second.modifier:
                    told = f"{need.modifier} and {second.modifier} are needed, and at most one of them is let stand"
                    yield need.discipline or second.discipline, told
    for group in one.one_of:
        if group and set(group) <= set(two.refuse):
            yield None, f"one of {', '.join(group)} is needed, and each is refused"
    for group in one.all_of:
        refused = [modifier for modifier in group if modifier in two.refuse]
        if refused:
            yield None, f"{refused[0]} is needed and refused"
        for alone in two.at_most_one_of:
            if len(set(group) & set(alone)) > 1:
                yield None, f"all of {', '.join(group)} are needed, and at most one of {', '.join(alone)} is let stand"


def _line(question: Question, discipline: str | None, table: CodeTable) -> Witness | None:
    """A line that both rules are about, of the discipline for which the modifier is needed."""
    return possible(question.also(true=_of_discipline(discipline)), table) if discipline in (None, *DISCIPLINES) else None


def _of_discipline(discipline: str | None) -> tuple[Condition, ...]:
    return (Comparison(FieldValue(FIELDS["discipline"]), "=", Constant("word", discipline)),) if discipline is not None else ()


def _told_apart(rule: Rule, other: Rule) -> list[str | None]:
    """Any discipline, then each for which a modifier of its own is needed."""
    demands = [one.demand for one in (rule, other) if isinstance(one.demand, Modifiers)]
    return list(dict.fromkeys([None, *(need.discipline for demand in demands for need in demand.needs)]))


# ---- conditions --------------------------------------------------------------------------------------------------


def _conditions(rule: Rule, other: Rule, table: CodeTable) -> tuple[str, Witness] | None:
    """What both demand can't hold together on a line of some discipline, while each by itself can."""
    mine, theirs = broken(rule), broken(other)
    if mine is None or theirs is None:
        return None
    for discipline in _told_apart(rule, other):
        about = _about(rule, other).also(true=_of_discipline(discipline))
        line = possible(about, table)
        if line is None and discipline is None:
            return None  # nor of any discipline
        if line is None or possible(about.also(false=[mine, theirs]), table) is not None:
            continue
        if rule is not other and (possible(about.also(false=[mine]), table) is None or possible(about.also(false=[theirs]), table) is None):
            continue  # one of them contradicts itself, which is said of it alone
        said = "no line meets what they demand" if rule is not other else "no line that it is about meets what it demands"
        return f"{_named(rule, other)} {said}", line
    return None
