"""Rules: from their clauses to what they mean, each clause judged for whether it belongs, stands once and is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import attrs

from . import tree as t
from .codesets import carc_known, modifier_known, nearest_carc, nearest_modifier, nearest_rarc, rarc_known
from .dates import Span as DateSpan
from .diagnostics import nearest
from .fields import NOTE_ELEMENTS, Field
from .phrases import Phrases, fits_counter, type_of
from .policy import (
    Beside,
    Clause,
    Counter,
    CountIs,
    Deadline,
    Demand,
    Documentation,
    Forbid,
    KindKey,
    Limit,
    Modifiers,
    NeededElement,
    NeededModifier,
    Pairs,
    Pay,
    Payment,
    PriorAuthorization,
    Rank,
    RequestBy,
    Require,
    Rule,
    TableValue,
    TimeKey,
    Timing,
    Written,
    conditions_in,
)
from .scope import Scope, touched
from .tables import Table
from .vocabulary import DISCIPLINES, NOTE_KINDS, RULE_OUTCOMES, TIME_UNITS, plural

EVERYWHERE: Final = (t.On, t.When, t.Except, t.Effective, t.Suspended, t.Unless, t.OutcomeIs, t.Message, t.Cite)
# The demand clauses of each kind, with those that must stand.
DEMANDS: Final[dict[str, tuple[tuple[type, ...], tuple[type, ...]]]] = {
    "timing": ((t.By, t.OnlyMinutes, t.TiesTo, t.AssistedBy), (t.By,)),
    "limit": ((t.Counts, t.AtMost, t.Keep), (t.Counts, t.AtMost)),
    "prior_authorization": ((t.After, t.That, t.Matching, t.Requested), ()),
    "modifiers": ((t.Needs, t.NeedsOneOf, t.NeedsAllOf, t.AtMostOne, t.Refuse), ()),
    "require": ((t.That, t.With), ()),
    "forbid": ((t.Instead,), ()),
    "pairs": ((t.Listed,), (t.Listed,)),
    "documentation": ((t.Needs, t.NeedsOneOf, t.That), ()),
    "deadline": ((t.That,), (t.That,)),
    "payment": ((t.Pay, t.Rank), ()),
}
# A payment judges nothing: it has no outcome, no way out and no sentence.
_NOT_OF_PAYMENT: Final = (t.Unless, t.OutcomeIs, t.Message)
REPEATED: Final = (
    t.When, t.Except, t.Effective, t.Unless, t.Cite, t.OnlyMinutes, t.That, t.Requested, t.Needs, t.NeedsOneOf, t.NeedsAllOf,
    t.AtMostOne, t.Refuse, t.With,
)  # fmt: skip
METHODS: Final = ("cms_total_time", "ama_midpoint")
ASSISTED: Final = ("cms_percentage", "cms_simple", "exact")
MATCHING: Final = ("code", "date", "visits")
EVERY_UNITS: Final = ("visits", "treatment_days", *(unit for unit in TIME_UNITS if unit != "business_days"))
_SPELLING: Final = {
    t.On: "on", t.When: "when", t.Except: "except", t.Effective: "effective", t.Suspended: "suspended", t.Unless: "unless",
    t.OutcomeIs: "outcome", t.Message: "message", t.Cite: "cite", t.By: "by", t.OnlyMinutes: "only minutes", t.TiesTo: "ties to",
    t.AssistedBy: "assisted by", t.Counts: "count", t.AtMost: "at most", t.AtMostOne: "at most one of", t.Keep: "keep",
    t.After: "after", t.That: "that", t.Matching: "matching", t.Requested: "requested", t.Needs: "needs",
    t.NeedsOneOf: "needs one of", t.NeedsAllOf: "needs all of", t.Refuse: "refuse", t.With: "with", t.Instead: "instead",
    t.Listed: "listed in", t.Pay: "pay", t.Rank: "rank by", t.Without: "without", t.Title: "title", t.Payer: "payer",
    t.Plans: "plans", t.Uses: "uses", t.Extends: "extends", t.Assume: "assume", t.Holidays: "holidays", t.Url: "url",
    t.Confirmed: "confirmed",
}  # fmt: skip
_ANY_DAY: Final = date(2020, 1, 1)  # for a code without dates any day will do
OPEN_WORDS: Final = ("used", "limit", "remaining")


def belonging(kind: str) -> tuple[type, ...]:
    """The clauses that may stand in a rule of a kind."""
    everywhere = tuple(c for c in EVERYWHERE if kind != "payment" or c not in _NOT_OF_PAYMENT)
    return (*everywhere, *DEMANDS[kind][0])


def spelt(clause: Any) -> str:
    """The word a clause begins with."""
    return _SPELLING[clause if isinstance(clause, type) else type(clause)]


def once(scope: Scope, block: Any, allowed: tuple[type, ...], repeated: tuple[type, ...], what: str) -> list[Any]:
    """Give a block's clauses that belong there and stand once; report the others."""
    kept: list[Any] = []
    seen: dict[type, t.Span] = {}
    for clause in block.clauses:
        kind = type(clause)
        if kind not in allowed:
            words = ", ".join(dict.fromkeys(spelt(k) for k in allowed))
            scope.report("E013", clause, f"`{spelt(clause)}` has no place in {what}", f"{what} takes {words}")
        elif kind in seen and kind not in repeated:
            scope.report("E014", clause, f"`{spelt(clause)}` stands twice; the first is in line {seen[kind].line}")
        else:
            seen.setdefault(kind, clause.span)
            kept.append(clause)
    return kept


def required(scope: Scope, block: Any, clauses: list[Any], wanted: tuple[type, ...], what: str) -> None:
    """Report a clause that must stand and does not, unless a syntax mistake may have eaten it."""
    if touched(scope, block):
        return
    for kind in wanted:
        if not any(isinstance(clause, kind) for clause in clauses):
            scope.report("E015", block.name, f"{what} needs a clause `{spelt(kind)}`")


@attrs.define
class Rules:
    """Builds the rules of one file."""

    scope: Scope
    policy_effective: tuple[DateSpan, ...] = ()

    def rule(self, block: t.RuleBlock) -> Rule | None:
        """Build one rule, or report why it can't be."""
        what = f"a `{block.kind}` rule"
        needed = DEMANDS[block.kind][1] if block.kind == "payment" else (*DEMANDS[block.kind][1], t.OutcomeIs)
        clauses = once(self.scope, block, belonging(block.kind), REPEATED, what)
        required(self.scope, block, clauses, needed, what)
        phrases = self._phrases(block, clauses)
        demand = self._demand(block, clauses, phrases)
        return self._assembled(block, clauses, phrases, demand) if demand is not None else None

    def _phrases(self, block: t.RuleBlock, clauses: list[Any]) -> Phrases:
        """The phrases of a rule; a `pairs` rule knows its table's columns as fields."""
        listed = next((clause for clause in clauses if isinstance(clause, t.Listed)), None)
        if listed is None:
            return Phrases(self.scope)
        table = self.scope.table(listed.table)
        return Phrases(self.scope, column_fields(table) if table is not None else {})

    def _assembled(self, block: t.RuleBlock, clauses: list[Any], phrases: Phrases, demand: Demand) -> Rule:
        outcome, carc, rarcs = self.outcome(clauses) if block.kind != "payment" else ("clean", None, ())
        effective = tuple(self.scope.span(c.start, c.end) for c in clauses if isinstance(c, t.Effective))
        citations = [self.scope.citation(c) for c in clauses if isinstance(c, t.Cite)]
        if not any(isinstance(c, t.Cite) for c in clauses) and not touched(self.scope, block):
            self.scope.report("W001", block.name, f"`{block.name.text}` cites no source", "cite SOURCE section \"...\"")
        rule = Rule(
            kind=block.kind, name=block.name.text, demand=demand, outcome=outcome, carc=carc, rarcs=rarcs,
            on=tuple(self.scope.selector(c.selector, "procedure") for c in clauses if isinstance(c, t.On)),
            when=self.clauses_of(phrases, clauses, t.When), excepts=self.clauses_of(phrases, clauses, t.Except),
            unless=self.clauses_of(phrases, clauses, t.Unless), own_effective=effective,
            suspended=next((c.reason.text for c in clauses if isinstance(c, t.Suspended)), None),
            message=self.message(clauses, phrases), citations=tuple(c for c in citations if c is not None),
            own_on=any(isinstance(c, t.On) for c in clauses), origin=self.scope.name, path=self.scope.path, span=block.span,
            written=self.written(block.clauses),
        )  # fmt: skip
        self._codes_in_force(rule, clauses)
        return rule

    def written(self, clauses: Iterable[Any]) -> tuple[Written, ...]:
        """Give clauses as they stand in the file, each with its place."""
        return tuple(Written(self.scope.said(clause.span), f"{self.scope.path}:{clause.span.line}") for clause in clauses)

    def clauses_of(self, phrases: Phrases, clauses: list[Any], kind: type) -> tuple[Clause, ...]:
        """Settle the clauses of one type that hold a condition, each with its words."""
        found = []
        for clause in clauses:
            if isinstance(clause, kind):
                condition = phrases.condition(clause.condition)  # type: ignore[attr-defined]
                attesting = getattr(clause, "attesting", None)
                text = f"{spelt(clause)} {self.scope.said(clause.condition.span)}"  # type: ignore[attr-defined]
                found.append(Clause(condition, text, attesting.text if attesting else None))
        return tuple(found)

    # ---- outcome and message ---------------------------------------------------------------------------------

    def outcome(self, clauses: list[Any]) -> tuple[str, str | None, tuple[str, ...]]:
        """Settle `outcome`: the outcome, the CARC and the RARCs."""
        clause = next((c for c in clauses if isinstance(c, t.OutcomeIs)), None)
        if clause is None:
            return "warn", None, ()
        outcome: str = clause.outcome.text
        if outcome not in RULE_OUTCOMES:
            self.scope.report("E029", clause.outcome, f'"{outcome}" is no outcome', ", ".join(RULE_OUTCOMES), nearest(outcome, RULE_OUTCOMES))
            outcome = "warn"
        if clause.carc is not None and not carc_known(clause.carc.text):
            told = f"{clause.carc.text} is no CARC of the table"
            wanted = "a group (CO, PR, OA, PI) and a code, as in CO-119; `cptrules explain carc` lists them"
            self.scope.report("E050", clause.carc, told, wanted, nearest_carc(clause.carc.text))
        for rarc in clause.rarcs:
            if not rarc_known(rarc.text):
                self.scope.report("E051", rarc, f"{rarc.text} is no RARC of the table", "`cptrules explain rarc` lists them", nearest_rarc(rarc.text))
        return outcome, clause.carc.text if clause.carc else None, tuple(rarc.text for rarc in clause.rarcs)

    def message(self, clauses: list[Any], phrases: Phrases, counted: bool = False) -> str | None:
        """Settle `message`; {used} and its like stand only where something is counted."""
        clause = next((c for c in clauses if isinstance(c, t.Message)), None)
        if clause is None:
            return None
        counted = counted or any(isinstance(c, t.Counts | t.After | t.By) for c in clauses)
        for word in re.findall(r"\{([^{}]*)\}", clause.text.text):
            known = word in OPEN_WORDS if counted else False
            if not known and phrases.find_field(word) is None:
                names = [*(OPEN_WORDS if counted else ()), *phrases.fields()]
                wanted = "{used}, {limit}, {remaining} or a field"
                self.scope.report("E055", clause.text, f"{{{word}}} stands for nothing here", wanted, nearest(word, names))
        return clause.text.text

    def _codes_in_force(self, rule: Rule, clauses: list[Any]) -> None:
        """A code named by a rule that is in force on none of the rule's dates."""
        spans = rule.own_effective or (self.policy_effective or (DateSpan(None, None),))
        for clause in clauses:
            if isinstance(clause, t.On):
                for item in (*clause.selector.items, *clause.selector.excluding):
                    self._in_force(item, spans)
            elif isinstance(clause, t.Instead):
                self._in_force(clause.code, spans)

    def _in_force(self, item: Any, spans: tuple[DateSpan, ...]) -> None:
        code = self.scope.codes_known.code(item.text) if isinstance(item, t.Word) else None
        if code is None or any(DateSpan(code.from_, code.to).intersection(span) is not None for span in spans):
            return
        began, ended = (f" from {code.from_}" if code.from_ else ""), (f" to {code.to}" if code.to else "")
        known = f"it is in force{began}{ended}"
        self.scope.report("E048", item, f"{code.code} is in force on none of this rule's dates", known)

    # ---- demands ---------------------------------------------------------------------------------------------

    def _demand(self, block: t.RuleBlock, clauses: list[Any], phrases: Phrases) -> Demand | None:
        match block.kind:
            case "timing":
                return self.timing(clauses, phrases)
            case "limit":
                return self.limit(block, clauses, phrases)
            case "prior_authorization":
                return self.prior(clauses, phrases)
            case "modifiers":
                return self.modifiers(block, clauses)
            case "require":
                return self._require(block, clauses, phrases)
            case "forbid":
                return Forbid(self.instead(clauses))
            case "pairs":
                return self.pairs(clauses, phrases)
            case "documentation":
                return self.documentation(block, clauses, phrases)
            case "payment":
                return self.payment(block, clauses, phrases)
            case _:
                return Deadline(self.clauses_of(phrases, clauses, t.That))

    def _one_word(self, name: t.Name, known: tuple[str, ...], what: str) -> str:
        if name.text in known:
            return name.text
        self.scope.report("E029", name, f'no {what} is called "{name.text}"', ", ".join(known), nearest(name.text, known))
        return known[0]

    def timing(self, clauses: list[Any], phrases: Phrases) -> Timing:
        """Settle the demand of a `timing` rule."""
        by = next((self._one_word(c.method, METHODS, "method of counting units") for c in clauses if isinstance(c, t.By)), METHODS[0])
        assisted = next((self._one_word(c.method, ASSISTED, "method for assistants") for c in clauses if isinstance(c, t.AssistedBy)), None)
        minutes = self.minutes_of(clauses, phrases)
        ties = next((c for c in clauses if isinstance(c, t.TiesTo)), None)
        table = self.scope.table(ties.table) if ties is not None and ties.table is not None else None
        self._fifteen_minutes(clauses)
        return Timing(by, minutes, ties.choice if ties else "", table, assisted)

    def minutes_of(self, clauses: list[Any], phrases: Phrases) -> tuple[Clause, ...]:
        """Settle `only minutes where`."""
        return tuple(
            Clause(phrases.condition(c.where), f"only minutes where ({self.scope.said(c.where.span)})")
            for c in clauses
            if isinstance(c, t.OnlyMinutes)
        )

    def _fifteen_minutes(self, clauses: list[Any]) -> None:
        """Units of another length than fifteen minutes are not counted by these methods."""
        others = [code for code in self.scope.codes_known.codes() if code.timed and code.unit_minutes not in (None, 15)]
        for clause in clauses:
            if isinstance(clause, t.On):
                selector = self.scope.selector(clause.selector, "procedure")
                for code in others:
                    if selector.holds(code.code, code.from_ or code.to or _ANY_DAY):
                        told = f"{code.code} has units of {code.unit_minutes} minutes; the methods count fifteen"
                        self.scope.report("E047", clause.selector, told, f"excluding {code.code}")

    def limit(self, block: t.RuleBlock, clauses: list[Any], phrases: Phrases) -> Limit | None:
        """Settle the demand of a `limit`; None where a mistake stands in the way."""
        count = next((c for c in clauses if isinstance(c, t.Counts)), None)
        bound = next((c for c in clauses if isinstance(c, t.AtMost)), None)
        counter = phrases.counter(count.count) if count is not None else None
        value = phrases.value(bound.value) if bound is not None else None
        keep, table = self.keep(clauses)
        if table is not None and counter is not None and counter.measure in ("visits", "treatment_days", "distinct", "authorizations"):
            clause = next(c for c in clauses if isinstance(c, t.Keep))
            self.scope.report("E058", clause, f"`keep {keep}` chooses among lines, not among {counter.noun}")
        if counter is None or value is None:
            return None
        self.bound(bound, counter, value)
        return Limit(counter, value, keep, table)

    def keep(self, clauses: list[Any]) -> tuple[str, Table | None]:
        """Settle `keep`: which lines stand, first or by a table's value of one unit."""
        clause = next((c for c in clauses if isinstance(c, t.Keep)), None)
        if clause is None or clause.table is None:
            return "first", None
        table = self.scope.table(clause.table)
        if table is not None and (table.keys != ("code",) or len(table.values) != 1 or any(not _number(row) for row in table.sample())):
            self.scope.report("E054", clause.table, "lines are kept by a table with one key, `code`, and one column of numbers")
            return "first", None
        return clause.which, table

    def bound(self, bound: Any, counter: Counter, value: Any) -> None:
        """Check that what is counted can be held against a bound."""
        if not fits_counter(counter, value):
            due = "money" if counter.measure in ("charged", "allowed", "paid") else "a number"
            self.scope.report("E040", bound.value, f"{counter.noun} are held against {due}, this is {type_of(value)}")

    def prior(self, clauses: list[Any], phrases: Phrases) -> PriorAuthorization:
        """Settle the demand of a `prior_authorization`."""
        after = next((c for c in clauses if isinstance(c, t.After)), None)
        value = phrases.value(after.value) if after is not None else None
        counter = phrases.counter(after.count) if after is not None else None
        if value is not None and counter is not None and not fits_counter(counter, value):
            self.scope.report("E040", after.value, f"{counter.noun} are not counted in {type_of(value)}")  # type: ignore[union-attr]
        names = [name for c in clauses if isinstance(c, t.Matching) for name in c.names]
        return PriorAuthorization(
            value, counter, self.clauses_of(phrases, clauses, t.That),
            tuple(self._one_word(name, MATCHING, "thing an authorization states") for name in names),
            tuple(self.requested(c, phrases) for c in clauses if isinstance(c, t.Requested)),
        )  # fmt: skip

    def requested(self, clause: t.Requested, phrases: Phrases) -> RequestBy:
        """Settle when a request must have been made."""
        distance = clause.distance
        number, unit = phrases.length(distance.number, distance.unit)
        wanted = "before" if clause.at_least else "after"
        if distance.direction != wanted:
            said = "at least ... before" if clause.at_least else "within ... after"
            self.scope.report("E058", clause, f"a request is made {said} a moment, not {distance.direction} it")
        return RequestBy(clause.at_least, number, unit, distance.direction, phrases.moment(distance.anchor))

    def _modifier(self, word: Any) -> str:
        text = getattr(word, "text", "?")
        if not isinstance(word, t.Word) or not re.fullmatch(r"[0-9A-Z]{2}", text):
            self.scope.report("E049", word, f"{text} is no modifier: a modifier has two characters", near=nearest_modifier(text))
        elif not modifier_known(text):
            self.scope.report("E049", word, f"{text} is no modifier of the table", near=nearest_modifier(text))
        return text

    def _in_force_modifier(self, word: Any, clauses: list[Any]) -> None:
        spans = [self.scope.span(c.start, c.end) for c in clauses if isinstance(c, t.Effective)] or list(self.policy_effective)
        text = getattr(word, "text", "?")
        days = [day for span in spans for day in (span.from_, span.to)]
        if spans and days and all(day is not None and not modifier_known(text, day) for day in days) and modifier_known(text):
            self.scope.report("E049", word, f"{text} is in force on none of this rule's dates")

    def _modifier_list(self, items: tuple[t.Item, ...]) -> tuple[str, ...]:
        found: list[str] = []
        for item in items:
            if isinstance(item, t.Name):
                found += self.scope.code_set(item).listed()
            else:
                found.append(self._modifier(item))
        return tuple(found)

    def modifiers(self, block: t.RuleBlock, clauses: list[Any]) -> Modifiers:
        """Settle the demand of a `modifiers` rule, which has one clause of it at least."""
        if not any(isinstance(c, DEMANDS["modifiers"][0]) for c in clauses):
            required(self.scope, block, clauses, (t.Needs,), "a `modifiers` rule")
        return self.modifiers_of(clauses)

    def modifiers_of(self, clauses: list[Any]) -> Modifiers:
        """Settle what modifiers some clauses ask for."""
        needs = [item for c in clauses if isinstance(c, t.Needs) for item in c.items]
        found = tuple(need for need in (self._needed(item, clauses) for item in needs) if need is not None)
        return Modifiers(
            found,
            tuple(self._modifier_list(c.items) for c in clauses if isinstance(c, t.NeedsOneOf)),
            tuple(self._modifier_list(c.items) for c in clauses if isinstance(c, t.NeedsAllOf)),
            tuple(self._modifier_list(c.items) for c in clauses if isinstance(c, t.AtMostOne)),
            tuple(m for c in clauses if isinstance(c, t.Refuse) for m in self._modifier_list(c.items)),
        )

    def _needed(self, item: Any, clauses: list[Any]) -> NeededModifier | None:
        if not isinstance(item, t.NeedModifier):
            self.scope.report("E013", item, f"{item.element.text} is no modifier; elements of the note belong in `documentation`")
            return None
        modifier = self._modifier(item.modifier)
        self._in_force_modifier(item.modifier, clauses)
        discipline = item.discipline.text if item.discipline else None
        if discipline is not None and discipline not in DISCIPLINES:
            self.scope.report("E029", item.discipline, f"{discipline} is no discipline", ", ".join(DISCIPLINES), nearest(discipline, DISCIPLINES))
        return NeededModifier(modifier, discipline, item.attesting.text if item.attesting else None)

    def _require(self, block: t.RuleBlock, clauses: list[Any], phrases: Phrases) -> Require:
        beside = self.beside_of(clauses, phrases)
        that = self.clauses_of(phrases, clauses, t.That)
        if not beside and not that:
            required(self.scope, block, clauses, (t.That,), "a `require` rule")
        return Require(that, beside)

    def beside_of(self, clauses: list[Any], phrases: Phrases) -> tuple[Beside, ...]:
        """Settle `with`."""
        found = [c for c in clauses if isinstance(c, t.With)]
        return tuple(Beside(self.scope.selector(c.selector, "procedure"), phrases.keys(c.per)) for c in found)

    def instead(self, clauses: list[Any]) -> str | None:
        """Settle `instead`."""
        clause = next((c for c in clauses if isinstance(c, t.Instead)), None)
        if clause is None:
            return None
        self.scope.entry(clause.code, DateSpan(None, None), "procedure")
        return str(clause.code.text)

    # ---- payment ---------------------------------------------------------------------------------------------

    def payment(self, block: t.RuleBlock, clauses: list[Any], phrases: Phrases) -> Payment:
        """Settle the demand of a `payment` rule, which has `pay` or `rank by`."""
        if not any(isinstance(c, t.Pay | t.Rank) for c in clauses):
            required(self.scope, block, clauses, (t.Pay,), "a `payment` rule without `rank by`")
        self._nothing_of_paid(clauses, phrases)
        return Payment(self.pay(clauses, phrases), self.rank(clauses, phrases))

    def pay(self, clauses: list[Any], phrases: Phrases) -> Pay | None:
        """Settle `pay`."""
        clause = next((c for c in clauses if isinstance(c, t.Pay)), None)
        if clause is None:
            return None
        table = self._fees(clause.table, phrases) if clause.table is not None else None
        return Pay(self.scope.percent(clause.percent, most=1000), table)  # 120% of another payer's fee is paid somewhere

    def rank(self, clauses: list[Any], phrases: Phrases) -> Rank | None:
        """Settle `rank by`; None where a mistake stands in the way, which is reported."""
        clause = next((c for c in clauses if isinstance(c, t.Rank)), None)
        if clause is None:
            return None
        by, of = self._fees(clause.table, phrases), self._fees(clause.of, phrases)
        keys = phrases.keys(clause.per)
        if len(keys) == len(clause.per) and all(isinstance(key, KindKey) for key in keys):
            self.scope.report("E052", clause, "a ranking needs a key of time", "per day and billing_provider")
        return Rank(by, keys, self.scope.percent(clause.percent), of) if by is not None and of is not None else None

    def _fees(self, name: t.Name, phrases: Phrases) -> TableValue | None:
        """A table of amounts, found by the fields named like its keys."""
        if self.scope.find("table", name.text) is None:
            self.scope.table(name)  # which reports it
            return None
        found = phrases.value(name)
        if not isinstance(found, TableValue):
            return None
        if any(not re.fullmatch(r"[0-9,]*(\.[0-9]+)?", row.get(found.column, "")) for row in found.table.sample()):
            self.scope.report("E054", name, f"the column {found.column} of this table holds amounts, and some of its cells are none")
            return None
        return found

    def _nothing_of_paid(self, clauses: list[Any], phrases: Phrases) -> None:
        """What is paid follows from the payment rules, so none of them can hang on it."""
        for clause in clauses:
            if isinstance(clause, t.When | t.Except):
                for part in conditions_in(phrases.condition(clause.condition)):
                    if isinstance(part, CountIs) and part.counter.measure == "paid":
                        self.scope.report("E058", clause, "what is paid can't decide what is paid")

    # ---- documentation ---------------------------------------------------------------------------------------

    def documentation(self, block: t.RuleBlock, clauses: list[Any], phrases: Phrases) -> Documentation:
        """Settle the demand of a `documentation` rule."""
        if not any(isinstance(c, t.Needs | t.NeedsOneOf | t.That) for c in clauses):
            required(self.scope, block, clauses, (t.Needs,), "a `documentation` rule")
        that = self.clauses_of(phrases, clauses, t.That)
        return Documentation(self.elements(clauses, phrases), self.one_of_elements(clauses, phrases), that)

    def elements(self, clauses: list[Any], phrases: Phrases) -> tuple[NeededElement, ...]:
        """Settle the elements that `needs` names."""
        items = [item for c in clauses if isinstance(c, t.Needs) for item in c.items]
        found = [self._element(item, phrases) for item in items]
        return tuple(one for one in found if one is not None)

    def one_of_elements(self, clauses: list[Any], phrases: Phrases) -> tuple[tuple[NeededElement, ...], ...]:
        """Settle `needs one of`: of each list one element at least."""
        groups = [[self._element(item, phrases) for item in c.items] for c in clauses if isinstance(c, t.NeedsOneOf)]
        return tuple(tuple(one for one in group if one is not None) for group in groups)

    def _element(self, item: Any, phrases: Phrases) -> NeededElement | None:
        name = item.element if isinstance(item, t.NeedElement) else item
        if not isinstance(name, t.Name):
            self.scope.report("E013", item, "a modifier is asked for in a `modifiers` rule", "an element of the note, or a field of the claim")
            return None
        found = self._named_element(name, phrases)
        return self._every(item, found, phrases) if found is not None and getattr(item, "every", None) is not None else found

    def _named_element(self, name: t.Name, phrases: Phrases) -> NeededElement | None:
        if name.text in NOTE_ELEMENTS:
            return NeededElement(name.text)
        if name.text in self.scope.event_kinds():
            return NeededElement(name.text, event=name.text)
        if phrases.find_field(name.text) is not None:
            return NeededElement(name.text, field=phrases.field(name))
        known = [*NOTE_ELEMENTS, *self.scope.event_kinds(), *phrases.fields()]
        self.scope.unknown("E022", name, "element of a note, event or field", known)
        return None

    def _every(self, item: t.NeedElement, found: NeededElement, phrases: Phrases) -> NeededElement:
        """A kind of note that is due every so many visits, treatment days or days."""
        assert item.every is not None and item.unit is not None
        if found.element not in NOTE_KINDS:
            self.scope.report("E058", item, f"{found.element} is no kind of note: only those are due every so often", ", ".join(NOTE_KINDS))
        unit = plural(item.unit.text)
        number = self.scope.whole(item.every, 1)
        if unit not in EVERY_UNITS:
            self.scope.report("E029", item.unit, f'"{item.unit.text}" is no unit of this', ", ".join(EVERY_UNITS), nearest(unit, EVERY_UNITS))
            return found
        keys = tuple(key for key in phrases.keys(item.per) if isinstance(key, KindKey) and key.name == "discipline")
        if len(keys) < len(item.per):
            self.scope.report("E052", item, "a note says of which discipline it is, and no other key", "per discipline")
        return attrs.evolve(found, every=number, unit=unit, keys=keys)

    # ---- pairs -----------------------------------------------------------------------------------------------

    def pairs(self, clauses: list[Any], phrases: Phrases) -> Pairs | None:
        """Settle the demand of a `pairs` rule; None where a mistake stands in the way."""
        clause = next((c for c in clauses if isinstance(c, t.Listed)), None)
        table = self.scope.table(clause.table) if clause is not None else None
        if clause is None or table is None:
            return None
        if len(table.keys) != 2:
            self.scope.report("E054", clause.table, f"a table of pairs has two keys, this one has {len(table.keys)}")
            return None
        keys = phrases.keys(clause.per)
        if not any(isinstance(key, TimeKey) for key in keys):
            self.scope.report("E052", clause, "pairs need a key of time", "per day, per claim ...")
        return Pairs(table, keys)


def _number(row: Mapping[str, str]) -> bool:
    """Whether the one value of a row is a number."""
    return all(re.fullmatch(r"[0-9,]*(\.[0-9]+)?", cell) for name, cell in row.items() if name != "code")


def column_fields(table: Table) -> dict[str, Field]:
    """The columns of a table of pairs, as fields of the pair."""
    return {name: _column(name, table, name in table.keys) for name in (*table.keys, *table.values)}


def _column(name: str, table: Any, key: bool) -> Field:
    """A table's column as a field: a code where it is a key, else a number where all its cells are numbers."""
    if key:
        return Field(name, "pair", "code", f"Which code is the {name}?", system="procedure")
    cells = [row.get(name, "") for row in table.sample()]
    number = all(re.fullmatch(r"[0-9]*(\.[0-9]+)?", cell) for cell in cells)
    return Field(name, "pair", "number" if number else "text", f"What is the {name} of the pair?")


