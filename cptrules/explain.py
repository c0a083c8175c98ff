"""A rule and a policy in plain English, made from what they mean: what an analyst reads to a payer's representative.

Each rule tells, in this order: what it demands, of which lines, when, its exceptions and ways out, what follows, its dates, its
authority, an example on each side that was really judged, and what the names in it stand for.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Final, assert_never

import attrs

from .english import (
    condition_said,
    counted_said,
    key_said,
    keys_said,
    meanings,
    moment_said,
    noun_of,
    plainly,
    set_said,
    span_said,
    spans_said,
    value_said,
)
from .policy import (
    Clause,
    Constant,
    Counter,
    Deadline,
    Documentation,
    Forbid,
    Limit,
    Modifiers,
    NeededElement,
    NeededModifier,
    Pairs,
    Payment,
    Policy,
    PriorAuthorization,
    RequestBy,
    Require,
    Rule,
    Timing,
)
from .stack import WIDTH, authority, head_lines
from .words import MONEY_MEASURES, amount, listed, ordinal, spelt_unit

if TYPE_CHECKING:
    from .boundaries import Boundary

_BEARS: Final = {"CO": "the provider bears it", "PR": "the patient owes it", "OA": "neither the provider nor the patient owes it",
                 "PI": "the payer reduces it"}  # fmt: skip
_FOLLOWS: Final = {
    "deny": "is denied", "reduce": "is reduced to what stands", "pend": "is held for the payer to decide", "warn": "is warned about",
    "inform": "is only noted", "clean": "stands",
}  # fmt: skip
_METHODS: Final = {
    "cms_total_time": "the total of a day's timed minutes (8 to 22 minutes are one unit, 23 to 37 two, and so on)",
    "ama_midpoint": "the minutes of each code by itself (a unit once its midpoint is passed)",
}  # fmt: skip
_ASSISTED: Final = {
    "cms_percentage": "a share that rounds to 11 percent or more", "cms_simple": "a tenth of the minutes, rounded, plus one",
    "exact": "more than a tenth of the minutes",
}  # fmt: skip
_TIES: Final = {"more minutes": "more minutes", "first listed": "the line listed first"}
_MATCHING: Final = {"code": "the code", "date": "its dates", "visits": "how many visits"}


def explained(policy: Policy, only: str | None = None) -> str:
    """Explain a policy, or one rule of it, in plain English."""
    rules = [rule for rule in policy.rules if only in (None, rule.name)]
    return "\n\n".join(["\n".join(head_lines(policy)), *(rule_text(rule, policy) for rule in rules)])


def rule_text(rule: Rule, policy: Policy) -> str:
    """Explain one rule of a policy."""
    lines = [f"{rule.name} ({plainly(rule.kind)})"]
    for sentence in sentences(rule):
        lines += _wrapped(sentence, 2)
    lines += [f"  {told}" for told in authority(rule)]
    for example in examples(rule, policy):
        lines += _wrapped(example, 2)
    for name, told in meanings(rule).items():
        lines += _wrapped(f"{name}: {told}", 4)
    return "\n".join(lines)


def _wrapped(text: str, indent: int) -> list[str]:
    wrapper = textwrap.TextWrapper(WIDTH, " " * indent, " " * (indent + 2), break_long_words=False, break_on_hyphens=False)
    return wrapper.wrap(text)


def sentences(rule: Rule) -> list[str]:
    """What a rule says, sentence by sentence, without its authority."""
    said = [f"{_begun(one)}." for one in _demanded(rule)]
    if rule.own_on or (rule.on and rule.counter is None) or (rule.counter is None and not rule.on):
        said.append(_looks_at(rule))
    elif rule.on:
        said.append(f"Of these only {listed((set_said(of) for of in rule.on), 'and also')}.")
    said += [f"Only when {told(clause)}." for clause in rule.when]
    if rule.excepts:
        said.append(f"Not for: {'; nor for: '.join(told(clause) for clause in rule.excepts)}.")
    said += [_way_out(clause) for clause in rule.unless]
    said += [one for one in (_follows(rule),) if one]
    said += [f'The report says: "{rule.message}".'] if rule.message else []
    return [*said, *_dates(rule)]


def told(clause: Clause) -> str:
    """A clause's condition."""
    return condition_said(clause.condition)


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def _way_out(clause: Clause) -> str:
    attested = f"; whoever claims it attests: {clause.attesting}" if clause.attesting else ""
    return f"It stands all the same if {told(clause)}{attested}."


def _dates(rule: Rule) -> Iterator[str]:
    if rule.own_effective:
        yield f"In force {spans_said(rule.own_effective)}."
    for spans in dict.fromkeys(rule.effective):
        if spans and spans != rule.own_effective:
            yield f"Its policy is in force {spans_said(spans)}."
    for gone in rule.dropped:
        yield f'Dropped {span_said(gone.span) or "for good"}: "{gone.reason}".'
    if rule.suspended is not None:
        yield f'Not in force: suspended because "{rule.suspended}".'


# ---- what follows ------------------------------------------------------------------------------------------------


def _follows(rule: Rule) -> str | None:
    """What follows when the demand fails, and what the payer will answer."""
    if rule.kind == "payment":
        return None
    answer = [rule.carc or "", *(f"remark {code}" for code in rule.rarcs)]
    if rule.carc is not None:
        answer.append(_BEARS.get(rule.carc[:2], ""))
    codes = ", ".join(one for one in answer if one)
    return f"{_which(rule)} {_FOLLOWS[rule.outcome]}{f' ({codes})' if codes else ''}."


def _which(rule: Rule) -> str:
    demand = rule.demand
    if isinstance(demand, Limit) and isinstance(demand.at_most, Constant) and demand.count.measure in ("visits", "treatment_days", "lines"):
        number = demand.at_most.value
        if isinstance(number, Decimal) and number == int(number):
            return f"The {ordinal(int(number) + 1)}"
    match demand:
        case Limit():
            return "What goes over"
        case Timing():
            return "What is billed above that"
        case Pairs():
            return "The second code of a pair"
        case PriorAuthorization():
            return "Without it a line"
        case Forbid():
            return "Such a line"
        case Deadline():
            return "What comes later"
        case _:
            return "A line that fails this"


# ---- demands -----------------------------------------------------------------------------------------------------


def _demanded(rule: Rule) -> Iterator[str]:
    """What a rule demands, by its kind."""
    demand = rule.demand
    match demand:
        case Timing():
            yield from _timed(demand)
        case Limit():
            yield _limited(demand)
            yield from _kept(demand)
        case PriorAuthorization():
            yield from _prior(demand)
        case Modifiers():
            yield from _modified(demand)
        case Require(that=that, beside=beside):
            yield from (f"{told(clause)}: this must hold" for clause in that)
            for one in beside:
                yield f"{set_said(one.of, 'or')} must stand beside it, {keys_said(one.keys)}"
        case Forbid(instead=instead):
            yield "lines that this describes must not be billed" + (f"; {instead} is billed instead" if instead else "")
        case Pairs(table=table, keys=keys):
            yield f"of two codes that the table {plainly(table.name)} lists as a pair, {keys_said(keys)}, only the first is paid"
        case Deadline(that=that):
            yield from (f"in time means: {told(clause)}" for clause in that)
        case Documentation():
            yield from _documented(demand)
        case Payment():
            yield from _paid(demand)
        case _:
            assert_never(demand)


def _limited(demand: Limit) -> str:
    return f"{_subject(demand.count)}: at most {value_said(demand.at_most)} {keys_said(demand.count.keys)}"


def _subject(counter: Counter) -> str:
    """What is counted as a biller says it: `PT and OT visits`, where nothing is set aside and no condition asked."""
    plain = counter.of is not None and counter.where is None and counter.field is None and counter.table is None
    if plain and counter.of is not None and counter.measure not in MONEY_MEASURES:
        whole = set_said(attrs.evolve(counter.of, excluding=()))
        aside = set_said(counter.of)[len(whole) :]
        return f"{whole} {noun_of(counter)}{aside}"
    return counted_said(counter)


def _kept(demand: Limit) -> Iterator[str]:
    if demand.keep != "first" and demand.keep_table is not None:
        yield f"what stands are the lines with the {demand.keep} value in the table {plainly(demand.keep_table.name)}"


def _timed(demand: Timing) -> Iterator[str]:
    yield f"units may be billed as far as the minutes support them, by {_METHODS.get(demand.by, demand.by)} ({demand.by})"
    yield from (f"only minutes count of which {told(clause)}" for clause in demand.only_minutes)
    if demand.ties:
        named = f" value in the table {plainly(demand.ties_table.name)}" if demand.ties_table is not None else ""
        yield f"where two lines are equal, the unit goes to {'the ' if named else ''}{_TIES.get(demand.ties, demand.ties)}{named}"
    if demand.assisted_by:
        yield f"a line counts as an assistant's from {_ASSISTED.get(demand.assisted_by, demand.assisted_by)} ({demand.assisted_by})"


def _prior(demand: PriorAuthorization) -> Iterator[str]:
    if demand.count is not None and demand.after is not None:
        subject = _subject(demand.count) + ("," if "," in _subject(demand.count) else "")
        many = value_said(demand.after)
        first = f"the first {many} {subject}" if isinstance(demand.after, Constant) else f"as many {subject} as {many}"
        free = f"{first} {keys_said(demand.count.keys)}"
        yield f"{free}{',' if ',' in free else ''} need no authorization; every later one does"
    else:
        yield "it needs an authorization, from the first"
    yield from (f"the authorization must be one of which {told(clause)}" for clause in demand.that)
    if demand.matching:
        yield f"the authorization must state {listed(_MATCHING.get(one, one) for one in demand.matching)}"
    yield from (requested_said(one) for one in demand.requested)


def requested_said(request: RequestBy) -> str:
    """When an authorization must have been asked for."""
    how = "at least" if request.at_least else "within"
    distance = f"{request.number} {spelt_unit(request.number, request.unit)} {request.direction} {moment_said(request.anchor)}"
    return f"it must have been asked for {how} {distance}"


def _modified(demand: Modifiers) -> Iterator[str]:
    if demand.needs:
        yield f"it needs modifier {listed(needed_said(need) for need in demand.needs)}"
    for group in demand.one_of:
        yield f"it needs one of the modifiers {listed(group, 'or')}"
    for group in demand.all_of:
        yield f"it needs all of the modifiers {listed(group)}"
    for group in demand.at_most_one_of:
        yield f"it may have at most one of the modifiers {listed(group)}"
    if demand.refuse:
        yield f"it may not have modifier {listed(demand.refuse, 'or')}"


def needed_said(need: NeededModifier) -> str:
    """A modifier that is needed, for whom, and what who adds it attests."""
    attested = f' (who adds it attests: "{need.attesting}")' if need.attesting else ""
    return f"{need.modifier}{f' for {need.discipline}' if need.discipline else ''}{attested}"


def _documented(demand: Documentation) -> Iterator[str]:
    if demand.needs:
        yield f"the record must hold {listed(element_said(need) for need in demand.needs)}"
    for group in demand.one_of:
        yield f"the record must hold one of {listed((element_said(need) for need in group), 'or')}"
    yield from (f"of the record this must hold: {told(clause)}" for clause in demand.that)


def element_said(need: NeededElement) -> str:
    """What the record must hold, perhaps every so often."""
    name = plainly(need.element)
    if not need.every:
        return name
    apart = f", each {listed(key_said(key) for key in need.keys)} by itself" if need.keys else ""
    return f"a {name} every {need.every} {spelt_unit(need.every, need.unit)}{apart}"


def _paid(demand: Payment) -> Iterator[str]:
    if demand.pay is not None:
        of = value_said(demand.pay.of) if demand.pay.of is not None else "what the payer allows"
        yield f"it pays {amount(demand.pay.percent)}% of {of}"
    if demand.rank is not None:
        rank = demand.rank
        yield f"units are ranked by {value_said(rank.by)}, {keys_said(rank.keys)}"
        yield f"the first is paid in full; every other loses {amount(rank.percent)}% of {value_said(rank.of)}"


def _looks_at(rule: Rule) -> str:
    """Which lines it is about; `only` stands where no reader takes it for what is left aside."""
    if not rule.on:
        return "It looks at every line."
    sets = listed((set_said(of) for of in rule.on), "and also")
    return f"It looks only at {sets}." if any(of.excluding for of in rule.on) else f"It looks at {sets} only."


# ---- examples ----------------------------------------------------------------------------------------------------


def examples(rule: Rule, policy: Policy) -> list[str]:
    """A claim that the rule breaks and one beside it that it does not, each really judged by this rule alone."""
    from .boundaries import boundaries, judged_alone  # late: only who asks for examples waits for it

    if rule.suspended is not None:
        return []
    found: dict[str, Boundary] = {}
    worst = {"payment": "clean"}.get(rule.kind, rule.outcome)
    for case in boundaries(rule, policy):
        judgment = judged_alone(rule, policy, case)
        outcome = judgment.outcome if judgment is not None else "refused"
        kind = "broken" if outcome == worst else "stands" if outcome == "clean" else ""
        decided = rule.in_force(case.day) and policy.speaks_on(case.day)  # that it was not in force is no example of it
        if kind and kind not in found and decided and case.says not in [one.says for one in found.values()]:
            found[kind] = case
        if len(found) == 2:
            one, other = (f"{case.says}, {'stands' if kind == 'stands' else worst}" for kind, case in found.items())
            days = list(dict.fromkeys(str(case.day) for case in found.values()))
            return [f"For example, on {' and on '.join(days)}: {one}; {other}."]
    return []
