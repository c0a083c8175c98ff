"""The reference meaning: a claim under policies, rule by rule and line by line (M1 to M4, M10).

Written to be read beside docs/meaning.md; nothing is indexed or remembered between claims.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import product
from operator import itemgetter
from typing import Any, Final

import attrs

from . import words
from .claims import UNKNOWN, Claim, History, Person, ServiceLine, Session
from .codesets import code_table
from .conditions import truth_of
from .demands import Judged, judged, way_out_repairs
from .diagnostics import nearest
from .errors import Fault, InputError
from .fields import Field
from .lines import Case, View, discipline_sources, value_of, views
from .payments import expected
from .policy import (
    Clause,
    CodeSet,
    Comparison,
    Constant,
    Counter,
    Documentation,
    FieldValue,
    KindKey,
    OnList,
    Pairs,
    Payment,
    Policy,
    Rule,
    TableValue,
    TimeKey,
)
from .reach import about, not_in_force
from .report import ExpectedPayment, Finding, Missing, Repair, Report, RuleStatus
from .tables import Table
from .truth import Answer, Need, Truth, all_of, negate

MOST_WAYS: Final = 64


@attrs.frozen
class Tried:
    """Missing facts that were tried each way they can be, and for all ways together what came out and what stayed open."""

    facts: tuple[Need, ...]
    came: Mapping[tuple[object, ...], tuple[str, frozenset[Need]]]

    def idle(self) -> set[object]:
        """The keys of those that change nothing: whatever the others are, under each of its ways the same comes out or the same stays open (N1)."""
        return {need.key for place, need in enumerate(self.facts) if self._changes_nothing(place)}

    def _changes_nothing(self, place: int) -> bool:
        different: dict[tuple[object, ...], set[object]] = {}
        for ways, (status, needs) in self.came.items():
            told = "met" if status == "not_applicable" else status, frozenset((need.field, need.of) for need in needs)
            different.setdefault((*ways[:place], *ways[place + 1 :]), set()).add(told)
        return all(len(one) == 1 for one in different.values())


@attrs.frozen
class Verdict:
    """What became of one rule on one line; `tried` are missing facts of which nobody has looked yet whether they change anything."""

    status: str
    why: str
    needs: frozenset[Need] = frozenset()
    judged: Judged | None = None
    through: str | None = None
    repairs: tuple[Repair, ...] = ()
    tried: tuple[Need, ...] = ()


# ---- one rule on one line (M2.3) ---------------------------------------------------------------------------------


def verdict(rule: Rule, view: View, case: Case) -> Verdict:
    """Judge a rule on a line; where that stays open, try what is missing each way it can be (M2.5)."""
    return asked(rule, view, case, status_of(rule, view, case))


def status_of(rule: Rule, view: View, case: Case) -> Verdict:
    """Judge a rule on a line, without looking which of the missing facts change nothing."""
    found = _judge(rule, view, case)
    if found.status != "undetermined":
        return found
    return _tried_each_way(rule, view, case, found)


def asked(rule: Rule, view: View, case: Case, found: Verdict) -> Verdict:
    """The same verdict, asking only for facts that change something."""
    if not found.tried:
        return found
    keys = [need.key for need in found.tried]
    came = {ways: _judge(rule, view, _with(case, keys, ways)) for ways in product(*(need.options or () for need in found.tried))}
    idle = Tried(found.tried, {ways: (result.status, result.needs) for ways, result in came.items()}).idle()
    return attrs.evolve(found, needs=frozenset(need for need in found.needs if need.key not in idle) or found.needs, tried=())


def _judge(rule: Rule, view: View, case: Case) -> Verdict:
    outside = not_in_force(rule, view)
    if outside is not None:
        return Verdict("not_applicable", outside)
    scope, reason = about(rule, view, case)
    if scope.truth is Truth.FALSE:
        return Verdict("not_applicable", reason)
    result = judged(rule, view, case)
    if result.not_applicable is not None:
        return Verdict("not_applicable", result.not_applicable)
    if scope.truth is Truth.UNKNOWN:
        result = attrs.evolve(result, inform=None)  # it may not be about the line at all
    if result.answer.truth is Truth.TRUE:
        return Verdict("met", _met(result), judged=result, through=result.way_out)
    ways = _ways_out(rule, view, case)
    through = next((clause for answer, clause in ways if answer.truth is Truth.TRUE), None)
    if through is not None:
        seen = words.because(through.condition, view, case)
        return Verdict("met", f"{result.why}; {through.text}" + (f" ({seen})" if seen else ""), judged=result, through=through.text)
    parts = [scope, negate(result.answer), *(negate(answer) for answer, _ in ways)]
    broken = all_of(parts)
    if broken.truth is Truth.TRUE:
        repairs = (*result.repairs, *(() if isinstance(rule.demand, Pairs) else way_out_repairs(rule.unless, view, case)))
        return Verdict("broken", result.why, judged=result, repairs=repairs)
    return Verdict("undetermined", result.why, broken.needs, judged=result)


def _met(result: Judged) -> str:
    return f"{result.why}; {result.way_out}" if result.way_out else result.why


def _ways_out(rule: Rule, view: View, case: Case) -> list[tuple[Answer, Clause]]:
    """The `unless` clauses; of `pairs` they are judged pair by pair already."""
    if isinstance(rule.demand, Pairs):
        return []
    return [(truth_of(clause.condition, view, case), clause) for clause in rule.unless]


# ---- each way (M2.4, M2.5) ---------------------------------------------------------------------------------------


def _tried_each_way(rule: Rule, view: View, case: Case, found: Verdict) -> Verdict:
    open_ = _tryable(found.needs, case)
    if not open_:
        return found
    keys = [need.key for need in open_]
    results: list[Verdict] = []
    kinds: set[str] = set()
    for ways in product(*(need.options or () for need in open_)):
        results.append(_judge(rule, view, _with(case, keys, ways)))
        kinds.add(results[-1].status)
        if "undetermined" in kinds or ("broken" in kinds and len(kinds) > 1):  # the other ways can't make them agree
            return attrs.evolve(found, tried=tuple(open_))
    return _agreed(results, kinds)


def _tryable(needs: frozenset[Need], case: Case) -> list[Need]:
    """The missing facts that can be tried, as many as there are ways for."""
    chosen: list[Need] = []
    ways = 1
    for need in sorted(needs, key=lambda n: (len(n.options or ()), n.field, str(n.key))):
        if need.key is None or not need.options or need.key in case.tried or any(n.key == need.key for n in chosen):
            continue
        if ways * len(need.options) <= MOST_WAYS:
            ways *= len(need.options)
            chosen.append(need)
    return chosen


def _with(case: Case, keys: Iterable[Any], values: Iterable[object]) -> Case:
    for key, value in zip(keys, values, strict=True):
        case = case.trying(key, value)
    return case


def _agreed(results: list[Verdict], kinds: set[str]) -> Verdict:
    """All ways agree; a rule that is met or not about the line, whichever way, is met."""
    if kinds == {"broken"}:
        least = min(results, key=lambda r: min((r.judged.stands or {}).values(), default=Decimal(0)) if r.judged else Decimal(0))
        same = all(set(r.repairs) == set(results[0].repairs) for r in results)
        return attrs.evolve(least, repairs=least.repairs if same else ())
    return next(result for result in results if result.status == ("met" if "met" in kinds else "not_applicable"))


class Mentioned(Mapping[str, tuple[object, ...]]):
    """What a rule mentions of each field, found out when somebody asks: most rules never need it."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._found: dict[str, tuple[object, ...]] | None = None

    def _all(self) -> dict[str, tuple[object, ...]]:
        if self._found is None:
            self._found = mentioned(self._rule)
        return self._found

    def __getitem__(self, name: str) -> tuple[object, ...]:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def mentioned(rule: Rule) -> dict[str, tuple[object, ...]]:
    """What a rule mentions of each text or code field: the ways an unknown one can matter.

    A field that is held against something else (a key, a table, another field) can matter in ways nobody can list.
    """
    found: dict[str, list[object]] = {}
    closed: set[str] = set()
    for part in parts_of(rule):
        match part:
            case OnList(field=field, members=members):
                if any(entry.kind not in ("word", "code") for entry in members.entries):
                    closed.add(field.name)
                found.setdefault(field.name, []).extend(members.listed())
            case Comparison(left=FieldValue(field=field), right=Constant(value=value)):
                found.setdefault(field.name, []).append(value)
            case Comparison(left=left, right=right):
                closed |= {side.field.name for side in (left, right) if isinstance(side, FieldValue)}
            case TableValue(fields=fields):
                closed |= {field.name for field in fields}
            case Counter(field=Field(name=name)) | KindKey(name=name) | TimeKey(name=name):
                closed.add(name)
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items() if name not in closed}


def parts_of(thing: object, whole: tuple[type, ...] = (CodeSet, Field, Table)) -> Iterator[object]:
    """Walk all that a rule is made of, down to its fields and sets of codes; `whole` is what is not taken apart."""
    if isinstance(thing, tuple):
        for one in thing:
            yield from parts_of(one, whole)
    elif attrs.has(type(thing)) and not isinstance(thing, whole):
        yield thing
        for inner in attrs.astuple(thing, recurse=False):  # type: ignore[arg-type]
            yield from parts_of(inner, whole)


# ---- a claim (M1, M3, M10) ---------------------------------------------------------------------------------------

Found = tuple[Finding, tuple[Repair, ...], str]  # a finding, the edits to try, and why there may be none


@attrs.frozen(eq=False)
class Hearing:
    """A claim before the policies that speak for it: what it takes to judge any one of their rules."""

    policies: tuple[Policy, ...]
    claim: Claim
    history: History | None
    session: Session | None
    ignoring: frozenset[str]
    matching: tuple[Policy, ...]
    lines: tuple[View, ...]
    services: tuple[View, ...]

    def case(self, policy: Policy) -> Case:
        """All that a rule of a policy may look at."""
        return Case(policy, self.claim, self.history, self.session, self.lines, self.services, policy.code_table or code_table())

    def rules(self) -> Iterator[tuple[Policy, Rule]]:
        """The rules in the order of the report."""
        for policy in self.matching:
            for rule in sorted(policy.rules, key=lambda r: r.name):
                yield policy, rule


@attrs.frozen
class Ruled:
    """What became of one rule: its entries of the report, and its findings."""

    statuses: tuple[RuleStatus, ...]
    found: tuple[Found, ...]


def speaking(policies: Iterable[Policy], claim: Claim) -> tuple[Policy, ...]:
    """The policies whose payer and plan match a claim, by name."""
    return tuple(sorted((p for p in policies if _speaks_for(p, claim)), key=lambda p: p.name))


def heard(policies: tuple[Policy, ...], claim: Claim, history: History | None = None, session: Session | None = None,
          ignoring: frozenset[str] = frozenset()) -> Hearing:  # fmt: skip
    """Bring a claim before the policies that speak for it.

    Raises InputError where a declared fact is of the wrong type, or the history or the session is another patient's.
    """
    refuse_wrong_facts(policies, claim, history)
    same_patient(claim, history)
    _same_patients_session(claim, session)
    lines, services = views(claim, history)
    return Hearing(policies, claim, history, session, ignoring, speaking(policies, claim), lines, services)


def ruled(hearing: Hearing, policy: Policy, rule: Rule, known: Mapping[int, Verdict] | None = None) -> Ruled:
    """Judge one rule on every line; `known` are verdicts of lines, by their numbers, that were given before."""
    case = hearing.case(policy)
    inside, known = attrs.evolve(case, mentioned=Mentioned(rule)), known or {}
    given = [(view, known.get(view.index) or status_of(rule, view, inside)) for view in hearing.lines]
    results = [(view, asked(rule, view, inside, one)) for view, one in given]
    found = [one for view, result in results for one in _findings(policy, rule, view, result, case)]
    found = _by_visit(found) if isinstance(rule.demand, Documentation) else found
    return Ruled(tuple(_statuses(policy, rule, results, hearing.ignoring)), (*found, *_informs(policy, rule, results)))


def apart_from_rules(hearing: Hearing) -> list[Found]:
    """Findings of no rule: what a line says of itself, and what the session says beside it."""
    table = hearing.matching[0].code_table if hearing.matching else None
    case = attrs.evolve(hearing.case(hearing.matching[0] if hearing.matching else _NOBODY), code_table=table or code_table())
    found = [one for view in hearing.lines for one in of_no_policy(view, case)]
    return [*found, *_beside_the_session(hearing.claim, hearing.session, hearing.matching, hearing.history)]


def unjudged(hearing: Hearing) -> dict[int, str]:
    """The lines that no policy speaks for, each with the reason (M1.1)."""
    reasons = {v.index: _unjudged(hearing.policies, hearing.matching, hearing.claim, v) for v in hearing.lines}
    return {line: why for line, why in reasons.items() if why is not None}


def noted(hearing: Hearing, looked_at: Collection[int]) -> list[str]:
    """What was assumed or left aside; `looked_at` are the lines that some rule judged."""
    assumed = [note for policy in hearing.matching for note in _assumed(policy, hearing.case(policy))]
    return [*assumed, *_notes(hearing, looked_at)]


def paid(hearing: Hearing) -> tuple[ExpectedPayment, ...]:
    """What each line pays by the payment rules, policy by policy."""
    return tuple(one for policy in hearing.matching for one in _payments(policy, hearing.lines, hearing.case(policy)))


def check(policies: tuple[Policy, ...], claim: Claim, history: History | None = None, session: Session | None = None,
          ignoring: frozenset[str] = frozenset()) -> Report:  # fmt: skip
    """Judge a claim by the policies whose payer and plan match it: every rule on every line, one after the other.

    Raises InputError where a declared fact is of the wrong type, or the history is another patient's.
    """
    hearing = heard(policies, claim, history, session, ignoring)
    parts = [ruled(hearing, policy, rule) for policy, rule in hearing.rules()]
    return reported(hearing, parts)


def reported(hearing: Hearing, parts: Iterable[Ruled], compiled: Any = None) -> Report:
    """Put together a report from what became of each rule; `compiled` is what a repaired claim is checked with."""
    from .repairs import Repairing

    parts = tuple(parts)
    nobody = unjudged(hearing)
    statuses = (*(status for part in parts for status in part.statuses), *_no_policy(nobody))
    found = [*(one for part in parts for one in part.found), *apart_from_rules(hearing)]
    candidates = tuple((repairs, why_none) for _, repairs, why_none in found)
    matching = hearing.matching
    repairing = Repairing(hearing.policies, hearing.history, hearing.session, hearing.ignoring, candidates, frozenset(nobody), compiled)
    draft = Report(
        hearing.claim, tuple(p.name for p in matching), (), statuses, tuple(one for one, _, _ in found), tuple(noted(hearing, looked_at(statuses))),
        tuple(p.title for p in matching), tuple(sorted(hearing.ignoring)), paid(hearing), repairing,
    )  # fmt: skip
    return repairing.assembled(draft, draft.found)


def looked_at(statuses: Iterable[RuleStatus]) -> set[int]:
    """The lines that some rule judged; a payment judges nothing."""
    judged_by = (status for status in statuses if status.status != "not_applicable" and status.kind != "payment")
    return {line for status in judged_by for line in status.lines}


def _payments(policy: Policy, lines: tuple[View, ...], case: Case) -> list[ExpectedPayment]:
    """What the policy's payment rules make of each line, with the arithmetic."""
    if not any(isinstance(rule.demand, Payment) for rule in policy.rules):
        return []
    found = []
    for view in lines:
        one = expected(view, case)
        if one is not None:
            steps = tuple(f"{step.rule}: {step.text}" if step.rule else step.text for step in one.steps)
            asked = _asked(one.needs, len(lines))
            low, high = Decimal(one.amount.low), None if one.amount.high is None else Decimal(one.amount.high)
            found.append(ExpectedPayment(policy.name, view.index, low, high, steps, asked if low != high else ()))
    return found


def _speaks_for(policy: Policy, claim: Claim) -> bool:
    if not isinstance(claim.payer, str) or claim.payer not in policy.payers:
        return False
    if not policy.plans or claim.plan is UNKNOWN:
        return True
    return claim.plan in policy.plans


def _unjudged(policies: tuple[Policy, ...], matching: tuple[Policy, ...], claim: Claim, view: View) -> str | None:
    """Why no policy speaks for a line, if none does (M1.1)."""
    if not isinstance(claim.payer, str):
        return "the payer is not known"
    if view.day is not None and not any(policy.speaks_on(view.day) for policy in matching):
        known = sorted({payer for policy in policies for payer in policy.payers})
        near = nearest(claim.payer, known) if claim.payer not in known else None
        plan = f", plan {claim.plan}," if isinstance(claim.plan, str) and claim.payer in known else ""
        return f"no policy for {claim.payer}{plan} on {view.day}" + (f"; did you mean {near}?" if near else "")
    speaking = [policy for policy in matching if view.day is None or policy.speaks_on(view.day)]
    if claim.plan is UNKNOWN and all(policy.plans for policy in speaking):
        return f"the plan is not known, and no policy here speaks for every plan of {claim.payer}"
    return None


def _no_policy(unjudged: Mapping[int, str]) -> list[RuleStatus]:
    reasons: dict[str, list[int]] = {}
    for line, why in unjudged.items():
        reasons.setdefault(why, []).append(line)
    plan, payer = (Missing("plan", "Which plan is the patient in?"),), (Missing("payer", "Who is the payer?"),)
    return [
        RuleStatus(
            "", "no_policy", "none", "undetermined", tuple(sorted(lines)), why, outcome="deny",
            missing=payer if why.startswith("the payer") else plan if why.startswith("the plan") else (),
        )
        for why, lines in sorted(reasons.items())
    ]


def _statuses(policy: Policy, rule: Rule, results: list[tuple[View, Verdict]], ignoring: frozenset[str]) -> list[RuleStatus]:
    """One entry for each status of the rule, with its lines, reasons and what is missing."""
    found = []
    for status in ("broken", "undetermined", "met", "not_applicable"):
        these = [(view, verdict) for view, verdict in results if verdict.status == status]
        if not these:
            continue
        asked = _asked((need for _, v in these for need in v.needs), len(results))
        facts = next((_facts(v.judged) for _, v in these if v.judged is not None), {})
        ignored = status == "undetermined" and all(v.needs and {n.field for n in v.needs} <= ignoring for _, v in these)
        found.append(
            RuleStatus(
                policy.name, rule.name, rule.kind, status, tuple(view.index for view, _ in these), _why(these), facts, asked,
                rule.outcome, ignored,
            )
        )
    return found


def _asked(needs: Iterable[Need], lines: int) -> tuple[Missing, ...]:
    """What is missing, each question once; where it is not of every line of the claim alike, with what it is of."""
    found: dict[tuple[str, str], set[int | str | None]] = {}
    for need in needs:
        found.setdefault((need.field, need.question), set()).add(need.of)
    return tuple(Missing(field, f"{question}{_of(of, lines)}") for (field, question), of in sorted(found.items(), key=itemgetter(0)))


_MOST_NAMED: Final = 4


def _of(of: set[int | str | None], lines: int) -> str:
    """The lines, services and events that a question is of."""
    numbers, named = sorted(one for one in of if isinstance(one, int)), sorted(one for one in of if isinstance(one, str))
    if None in of or not (named or 0 < len(numbers) < lines):
        return ""
    more = [f"{len(named) - _MOST_NAMED} more"] if len(named) > _MOST_NAMED else []
    line = [f"line{'s' if len(numbers) > 1 else ''} {words.listed(map(str, numbers))}"] if numbers else []
    return f" ({words.listed([*line, *named[:_MOST_NAMED], *more])})"


def _why(these: list[tuple[View, Verdict]]) -> str:
    reasons: dict[str, list[int]] = {}
    for view, result in these:
        reasons.setdefault(result.why, []).append(view.index)
    if len(reasons) == 1:
        return next(iter(reasons))
    return "; ".join(f"line {words.listed(str(n) for n in lines)}: {why}" for why, lines in reasons.items() if why)


def _facts(result: Judged | None) -> dict[str, str]:
    if result is None:
        return {}
    return {name: words.shown(value) for name, value in result.values.items()}


# ---- findings ----------------------------------------------------------------------------------------------------


def _findings(policy: Policy, rule: Rule, view: View, result: Verdict, case: Case) -> list[Found]:
    if result.status != "broken" or result.judged is None:
        return []
    parts = result.judged.parts or (result.judged,)
    found = []
    for part in parts:
        repairs = part.repairs if result.judged.parts else result.repairs
        found.append((_finding(policy, rule, view, part, case), repairs, part.no_repair))
    return found


def _by_visit(found: list[Found]) -> list[Found]:
    """What the record of a visit lacks is one finding for all of its lines (N13)."""
    visits: dict[str, Found] = {}
    for finding, repairs, why_none in found:
        known = visits.get(finding.message)
        lines = (*known[0].lines, *finding.lines) if known is not None else finding.lines
        visits[finding.message] = (attrs.evolve(finding, lines=lines), repairs, why_none)
    return list(visits.values())


def _finding(policy: Policy, rule: Rule, view: View, part: Judged, case: Case) -> Finding:
    reduces = rule.outcome == "reduce"
    stands, excess = (part.stands, part.excess) if part.stands is not None else _nothing_stands(view, case)
    return Finding(
        policy=policy.name, rule=rule.name, outcome=rule.outcome, lines=(view.index,), message=_message(rule, view, part, case),
        facts=_facts(part), stands=stands if reduces else None, excess=excess if reduces else None,
        carc=rule.carc, rarc=rule.rarcs, citations=rule.citations,
    )  # fmt: skip


def _nothing_stands(view: View, case: Case) -> tuple[dict[str, Decimal], dict[str, Decimal] | None]:
    """A `reduce` of a rule that counts nothing leaves nothing of the line (M3.4)."""
    from .fields import FIELDS

    units = value_of(FIELDS["units"], view, case)
    return {"units": Decimal(0)}, {"units": Decimal(units)} if isinstance(units, int) else None


def _message(rule: Rule, view: View, part: Judged, case: Case) -> str:
    """The rule's own sentence with its values filled in, else the one made from the facts."""
    if rule.message is None:
        return part.message
    import re

    def filled(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in part.values:
            return words.shown(part.values[name])
        field = _field_named(name, case)
        found = value_of(field, view, case) if field is not None else None
        return "(unknown)" if found is None or isinstance(found, Need) else words.shown(found)

    return re.sub(r"\{([^{}]*)\}", filled, rule.message)


def _field_named(name: str, case: Case) -> Field | None:
    from .fields import FIELDS

    return FIELDS.get(name) or next((fact for fact in case.policy.facts if fact.name == name), None)


def _informs(policy: Policy, rule: Rule, results: list[tuple[View, Verdict]]) -> list[Found]:
    """A rule that is met and has something to say all the same: units the minutes support and nobody billed (M8.3)."""
    said: dict[tuple[str, date | None], list[int]] = {}
    for view, result in results:
        if result.status == "met" and result.judged is not None and result.judged.inform is not None:
            said.setdefault((result.judged.inform, view.day), []).append(view.index)
    return [
        (Finding(policy.name, rule.name, "inform", tuple(lines), f"{text}.", citations=rule.citations), (), _NOT_BILLED)
        for (text, _), lines in said.items()
    ]


_NOT_BILLED: Final = "nothing is wrong; what was not billed may be"


def of_no_policy(view: View, case: Case) -> list[Found]:
    """Findings of no policy: statements of a line's discipline that disagree (M6.1), a code not in force on the date."""
    found = []
    sources, table = discipline_sources(view, case), case.code_table
    if len({said for _, said in sources}) > 1:
        told = words.listed(f"{who} says {said}" for who, said in sources)
        found.append(Finding(None, "disciplines_disagree", "warn", (view.index,), f"{told[:1].upper()}{told[1:]}; {sources[0][1]} is used."))
    code = table.code(view.record.code)
    if code is not None and view.day is not None and not table.in_force(view.record.code, view.day):
        told = f"{code.code} is not in force on {view.day}" + (f"; it ended on {code.to}" if code.to and code.to < view.day else "")
        found.append(Finding(None, "code_not_in_force", "warn", (view.index,), f"{told}.", carc="CO-181", rarc=("N56",)))
    return [(one, (), "say which is right on the line") for one in found]


def _beside_the_session(claim: Claim, session: Session | None, matching: tuple[Policy, ...],
                        history: History | None) -> list[Found]:  # fmt: skip
    if session is None:
        return []
    from .against import held_against

    return held_against(claim, session, matching, history)


_NOBODY: Final = Policy("", "", (), (), (), ())


# ---- notes and refusals ------------------------------------------------------------------------------------------


def _assumed(policy: Policy, case: Case) -> list[str]:
    """Which assumptions of the header stood in for something (M2.6)."""
    notes = []
    for field, value in policy.assumes:
        without = attrs.evolve(policy, assumes=tuple(a for a in policy.assumes if a[0].name != field.name))
        bare = attrs.evolve(case, policy=without)
        lines = [v.index for v in case.lines if isinstance(value_of(field, v, bare), Need) or value_of(field, v, bare) is None]
        if lines:
            shown = "yes" if value.value is True else "no" if value.value is False else words.shown(value.value)
            notes.append(f"assumed by {policy.name}: {field.name.replace('_', ' ')} is {shown} (line {words.listed(str(n) for n in lines)})")
    return notes


def _notes(hearing: Hearing, looked_at: Collection[int]) -> list[str]:
    matching, lines, session, claim = hearing.matching, hearing.lines, hearing.session, hearing.claim
    notes = [*_idle(matching, lines), *_unlooked(lines, looked_at), *_unused_facts(claim, hearing.policies)]
    notes += _overdrawn(hearing.history)
    if session is not None and all(view.day != session.date for view in lines):
        notes.append(f"the session is of {session.date}, on which the claim has no line")
    if session is not None and isinstance(session.payer, str) and isinstance(claim.payer, str) and session.payer != claim.payer:
        notes.append(f"the session names the payer {session.payer}, the claim {claim.payer}: whether it is this claim's session is to be looked at")
    several = [v.index for v in lines if v.record.contact == "one_on_one" and isinstance(v.record.patients, int) and v.record.patients > 1]
    if several:
        told = words.listed(map(str, several))
        notes.append(f"one on one is with one patient, and line {told} gives more: say which is right, contact or patients")
    by_person = [v.index for v in lines if v.record.minutes_by is UNKNOWN or v.record.minutes_by is None]
    by_person = [] if session is not None else by_person
    if by_person and any(p.assisted_by() for p in matching):
        notes.append("minutes by person were not given; whether an assistant took part is taken from the role and the modifiers")
    return notes


def _overdrawn(history: History | None) -> list[str]:
    """An authorization of which more is used than it grants covers nothing more, and the report says why."""
    given = history.authorizations if history is not None else UNKNOWN
    told = [(one.visits, one.used_visits) for one in (given if isinstance(given, tuple) else ())]
    over = sorted((visits, used) for visits, used in told if isinstance(visits, int) and isinstance(used, int) and used > visits)
    return [f"an authorization on file grants {visits} visits, and {used} are said to be used" for visits, used in over]


def _idle(matching: tuple[Policy, ...], lines: tuple[View, ...]) -> list[str]:
    """Inside a policy's spans, a date on which none of its rules is in force is clean, and the report says so (M1.1)."""
    days = sorted({view.day for view in lines if view.day is not None})
    return [
        f"{policy.name} has no rule in force on {day}"
        for policy in matching
        for day in days
        if policy.speaks_on(day) and not any(rule.suspended is None and rule.in_force(day) for rule in policy.rules)
    ]


def _unlooked(lines: tuple[View, ...], looked_at: Collection[int]) -> list[str]:
    """A line that no rule looked at is clean only in the sense that nothing here speaks of it."""
    return [f"no rule of these policies is about line {v.index} ({v.record.code})" for v in lines if v.index not in looked_at]


def _unused_facts(claim: Claim, policies: tuple[Policy, ...]) -> list[str]:
    known = {fact.name for policy in policies for fact in policy.facts}
    given = [claim.facts, *(line.facts for line in claim.lines), getattr(claim.patient, "facts", UNKNOWN)]
    names = {name for facts in given if isinstance(facts, Mapping) for name in facts}
    notes = []
    for name in sorted(names - known):
        near = nearest(name, known)
        notes.append(f"no policy asks for the fact {name}" + (f"; did you mean {near}?" if near else ""))
    return notes


def of_another(claim: Claim, session: Session | None) -> bool:
    """Whether a session names another patient than a claim does."""
    patient, theirs = getattr(claim.patient, "id", UNKNOWN), getattr(getattr(session, "patient", UNKNOWN), "id", UNKNOWN)
    return isinstance(patient, str) and isinstance(theirs, str) and patient != theirs


def _same_patients_session(claim: Claim, session: Session | None) -> None:
    """Refuse a session that is another patient's: its minutes would support a claim that has none; raises InputError."""
    if of_another(claim, session):
        raise InputError((Fault("session.patient", "the session is another patient's than the claim"),))


def same_patient(record: Claim | Person, history: History | None) -> None:
    """Refuse a history that is another patient's; raises InputError."""
    patient = getattr(record.patient, "id", UNKNOWN)
    whose = history.patient if history is not None else UNKNOWN
    if isinstance(patient, str) and isinstance(whose, str) and patient != whose:
        raise InputError((Fault("history.patient", "the history is another patient's than the claim"),))


def refuse_wrong_facts(policies: tuple[Policy, ...], claim: Claim, history: History | None) -> None:
    """A declared fact of the wrong type is bad input, with its path."""
    declared = {fact.name: fact for policy in policies for fact in policy.facts}
    faults = [*_wrong_facts("facts", claim.facts, declared, "claim")]
    faults += _wrong_facts("patient.facts", getattr(claim.patient, "facts", UNKNOWN), declared, "patient")
    for number, line in enumerate(claim.lines):
        faults += _wrong_facts(f"lines[{number}].facts", line.facts, declared, "line")
    services: Iterable[ServiceLine] = history.services or () if history is not None and history.services is not UNKNOWN else ()
    for number, service in enumerate(services):
        faults += _wrong_facts(f"history.services[{number}].facts", service.facts, declared, None)
    if faults:
        raise InputError(tuple(faults))


def _wrong_facts(path: str, facts: Any, declared: Mapping[str, Field], owner: str | None) -> list[Fault]:
    if not isinstance(facts, Mapping):
        return []
    found = []
    for name, value in facts.items():
        field = declared.get(name)
        if field is None:
            continue
        if owner is not None and field.owner != owner and field.owner in ("claim", "line", "patient"):
            found.append(Fault(f"{path}.{name}", f"is a fact of the {field.owner}, not of the {owner}"))
        elif value is not None and not fits(value, field):
            words_ = f": {', '.join(field.words)}" if field.words else ""
            found.append(Fault(f"{path}.{name}", f"is not {_WANTED.get(field.type, field.type)}{words_}"))
    return found


_WANTED: Final = {
    "yes_no": "true or false", "number": "a number", "money": "an amount of money as text", "date": "a date (2026-01-31)",
    "code": "a code as text", "text": "text", "word": "one of its words",
}  # fmt: skip


def fits(value: object, field: Field) -> bool:
    """Whether a fact's value is of the type it was declared with."""
    match field.type:
        case "yes_no":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | Decimal) and not isinstance(value, bool)
        case "money":
            return isinstance(value, str) and _decimal(value)
        case "date":
            return isinstance(value, str) and _iso(value)
        case "word":
            return value in field.words
        case _:
            return isinstance(value, str)


def _decimal(text: str) -> bool:
    import re

    return re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", text) is not None


def _iso(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False

