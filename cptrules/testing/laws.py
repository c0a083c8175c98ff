"""Laws of judging as functions: each raises AssertionError with the case where a policy set or the library breaks it.

The numbers are those of docs/meaning.md. Laws look at reports only, so that they hold any evaluator to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

import attrs
from hypothesis import HealthCheck, Phase, given, settings

from .. import evaluate
from ..checking import Policies
from ..claims import UNKNOWN, Claim, History, Service, ServiceLine, Session
from ..errors import InputError
from ..fields import Field
from ..policy import Constant, KindKey, Limit, Payment, Policy, Rule, TimeKey, Timing
from ..repairs import applied
from ..report import SEVERITY, Report, RuleStatus, worst
from .cases import Case, as_test, cases, sessions
from .completions import completed
from .lessened import knowing_less_settles_nothing_else, later_services_never_count, what_may_count_settles_nothing_else
from .plain.law import a_plain_reading_agrees, numbers_in
from .plain.sharing import a_bill_shares_out_the_units
from .plain.whole import wholes

Law = Callable[[Policies, Case], None]
SessionLaw = Callable[[Policies, Session], None]
_ONE: Final = timedelta(days=1)


def _checked(policies: Policies, case: Case) -> Report:
    return policies.check(case.claim, case.history, case.session)


def _holds(held: bool, broken: str, case: Case, policies: Policies) -> None:
    if not held:
        raise AssertionError(f"{broken}\n{as_test(case, policies=policies)}")


def _by_line(report: Report) -> dict[tuple[str, str, int], RuleStatus]:
    return {(status.policy, status.rule, line): status for status in report.rules for line in status.lines}


# ---- M1, M3, M10: what a report is -------------------------------------------------------------------------------


def order_never_matters(policies: Policies, case: Case) -> None:
    """M3.3: the order of lines in the file, of services and lists of the history, of rules and of policies changes no report."""
    chance = Random(len(case.claim.lines))
    other = attrs.evolve(case.claim, lines=_shuffled(case.claim.lines, chance))
    history = case.history
    if history is not None:
        lists: dict[str, Any] = {name: getattr(history, name) for name in ("services", "events", "authorizations", "balances")}
        turned_lists: dict[str, Any] = {name: _shuffled(found, chance) for name, found in lists.items() if isinstance(found, tuple)}
        history = attrs.evolve(history, **turned_lists)
    turned = attrs.evolve(policies, policies=tuple(attrs.evolve(one, rules=one.rules[::-1]) for one in policies.policies[::-1]))
    one, two = _checked(policies, case), turned.check(other, history, case.session)
    _holds(one.to_dict() == two.to_dict(), "the order changed the report", case, policies)


def _shuffled(found: tuple[Any, ...], chance: Random) -> tuple[Any, ...]:
    several = list(found)
    chance.shuffle(several)
    return tuple(several)


def every_rule_is_accounted_for(policies: Policies, case: Case) -> None:
    """M10: every rule of every policy that speaks for the claim has one status on every line; what is undetermined asks for something."""
    report = _checked(policies, case)
    numbers = sorted(line.number for line in case.claim.lines)
    _holds(sorted(line.number for line in report.lines) == numbers, "a line has no outcome", case, policies)
    for policy in policies.policies:
        for rule in policy.rules if policy.name in report.policies else ():
            told = [n for status in report.rules if (status.policy, status.rule) == (policy.name, rule.name) for n in status.lines]
            _holds(sorted(told) == numbers, f"{rule.name} is not accounted for once on every line", case, policies)
    for status in report.rules:
        asks = status.status != "undetermined" or status.kind == "none" or bool(status.missing)
        _holds(asks, f"{status.rule} is undetermined and asks for nothing", case, policies)


def outcomes_are_the_worst(policies: Policies, case: Case) -> None:
    """M3.1, M3.2: `at_least` is the worst of what is broken, `at_most` of what is broken or open; where they differ it is undetermined."""
    report = _checked(policies, case)
    for line in report.lines:
        least = worst(f.outcome for f in report.found if line.number in f.lines)
        most = worst([least, *(s.outcome for s in report.rules if s.status == "undetermined" and line.number in s.lines)])
        _holds((line.at_least, line.at_most) == (least, most), f"line {line.number} is not the worst of its rules", case, policies)
    for name in ("at_least", "at_most"):
        whole = worst(getattr(line, name) for line in report.lines)
        _holds(getattr(report, name) == whole, f"{name} of the claim is not the worst of its lines", case, policies)
    every: list[Report | Any] = [report, *report.lines]
    for one in every:
        open_ = one.at_least != one.at_most
        _holds(open_ <= (one.outcome == "undetermined"), "an open outcome is given as settled", case, policies)
        _holds(one.outcome in (one.at_least, "undetermined"), "the outcome is not the one that is sure", case, policies)


def what_is_broken_is_found(policies: Policies, case: Case) -> None:
    """M2.3, M10: a rule that is broken on a line has a finding there with its outcome and codes; no other rule has one, informs apart."""
    report = _checked(policies, case)
    rules = {(policy.name, rule.name): rule for policy in policies.policies for rule in policy.rules}
    broken = {key for key, status in _by_line(report).items() if status.status == "broken"}
    told = {((f.policy, f.rule, n), f.outcome) for f in report.found if f.policy is not None for n in f.lines}
    found = {key for key, outcome in told if outcome != "inform" or key in broken}
    _holds(broken == found, f"broken and found differ: {sorted(broken ^ found, key=str)}", case, policies)
    for one in report.found:
        rule = rules.get((one.policy or "", one.rule))
        if rule is not None and any((one.policy, one.rule, n) in broken for n in one.lines):
            same = (one.outcome, one.carc, one.rarc, one.citations) == (rule.outcome, rule.carc, rule.rarcs, rule.citations)
            _holds(same, f"the finding of {rule.name} has not the rule's outcome, codes and authority", case, policies)


def outside_its_dates_a_rule_is_silent(policies: Policies, case: Case) -> None:
    """M1.2, M5.1: a rule is said not to be in force on a line's date just where the date lies in none of its spans, both ends in."""
    report = _checked(policies, case)
    days = {line.number: line.date_of_service for line in case.claim.lines}
    rules = {(policy.name, rule.name): rule for policy in policies.policies for rule in policy.rules}
    for (policy, name, line), status in _by_line(report).items():
        rule, day = rules.get((policy, name)), days[line]
        if rule is None or rule.suspended is not None or not isinstance(day, date):
            continue
        inside = all(_in_one(spans, day) for spans in (rule.own_effective, *rule.effective))
        dropped = any(_in_one((one.span,), day) for one in rule.dropped)
        told = status.status == "not_applicable" and (f"not in force on {day}" in status.why or "dropped:" in status.why)
        _holds(told == (not inside or dropped), f"{name} on {day}: {status.why}", case, policies)


def _in_one(spans: Iterable[Any], day: date) -> bool:
    every = list(spans)
    return not every or any((span.from_ or date.min) <= day <= (span.to or date.max) for span in every)


def rules_are_independent(policies: Policies, case: Case) -> None:
    """M3.3: a rule judges what is billed, not what another rule left: by itself it comes to the same (payments, and who assists, apart)."""
    whole = _by_line(_checked(policies, case))
    for policy in policies.policies:
        needed = [rule for rule in policy.rules if isinstance(rule.demand, Payment | Timing)]
        alone = [rule for rule in policy.rules if not isinstance(rule.demand, Payment | Timing)]
        for rule in alone[:: max(1, len(alone) // 3)]:
            only = attrs.evolve(policies, policies=(attrs.evolve(policy, rules=(rule, *needed)),))
            for key, status in _by_line(_checked(only, case)).items():
                same = key[1] != rule.name or (status.status, status.missing) == (whole[key].status, whole[key].missing)
                _holds(same, f"{rule.name} is {status.status} by itself, {whole[key].status if key in whole else ''} among others", case, policies)


def json_round_trips(policies: Policies, case: Case) -> None:
    """What is written as JSON and read again is the same, and is judged the same (interchange.md)."""
    claim = Claim.from_json(case.claim.to_json())
    history = None if case.history is None else History.from_json(case.history.to_json())
    session = None if case.session is None else Session.from_json(case.session.to_json())
    _holds((claim, history, session) == (case.claim, case.history, case.session), "the case came back changed", case, policies)
    same = _checked(policies, case).to_json() == policies.check(claim, history, session).to_json()
    _holds(same, "it is judged otherwise after JSON", case, policies)


def evaluators_agree(policies: Policies, case: Case) -> None:
    """M1 to M10: whichever evaluator `check` uses gives the very report of the reference, `cptrules.evaluate`."""
    for one in (case, *(wholes(policies, case) if case.session is None else ())):
        reference = evaluate.check(policies.policies, one.claim, one.history, one.session)
        _holds(_checked(policies, one).to_dict() == reference.to_dict(), "the report is not the reference's", one, policies)


# ---- M2: what is not known ---------------------------------------------------------------------------------------


def completing_facts_stays_within(policies: Policies, case: Case) -> None:
    """M2.1, M3.2: what a report leaves open only narrows when missing facts are given, rule by rule and in the outcome."""
    before, last = _checked(policies, case), case
    for name, more in completed(policies, case, before):
        try:
            after = _checked(policies, more)
        except InputError:
            return  # the fact that was given can't be so
        if _of_no_policy(after) != _of_no_policy(before):
            return  # facts that disagree with one another are a finding of their own (M6.1, N12)
        _narrower(before, after, f"giving {name}", last, policies)
        before, last = after, more


def _of_no_policy(report: Report) -> set[tuple[Any, ...]]:
    return {(f.rule, f.lines, f.message) for f in report.found if f.policy is None}


def _narrower(before: Report, after: Report, what: str, case: Case, policies: Policies) -> None:
    later = _by_line(after)
    for key, status in _by_line(before).items():
        now = later.get(key)
        if now is None or status.status == "undetermined" or status.kind in ("none", "payment"):
            continue
        may = {"broken": ("broken",), "met": ("met", "not_applicable"), "not_applicable": ("not_applicable",)}[status.status]
        _holds(now.status in may, f"{what} turned {key[1]} on line {key[2]} from {status.status} to {now.status}", case, policies)
    _holds(SEVERITY[before.at_least] <= SEVERITY[after.at_least], f"{what} made the claim milder than {before.at_least}", case, policies)
    worst_by_now = max(SEVERITY[before.at_most], SEVERITY["inform"])  # N60
    _holds(SEVERITY[after.at_most] <= worst_by_now, f"{what} made the claim worse than {before.at_most}", case, policies)


def nothing_is_asked_in_vain(policies: Policies, case: Case) -> None:
    """M2.4: where one yes-or-no fact is all that is asked for, its answers do not all come to the same."""
    report = _checked(policies, case)
    facts = {fact.name: fact for policy in policies.policies for fact in policy.facts if fact.type == "yes_no" and fact.owner in ("claim", "patient")}
    for key, status in _by_line(report).items():
        asked = [missing.field for missing in status.missing]
        if status.status == "undetermined" and len(asked) == 1 and asked[0] in facts and len(case.claim.lines) == 1:
            found = {_by_line(_checked(policies, _told(case, facts[asked[0]], way)))[key].status for way in (True, False, None)}
            vain = len(found - {"not_applicable"} or found) == 1 and "undetermined" not in found and not ({"broken"} < found)
            _holds(not vain, f"{status.rule} asks for {asked[0]}, and is {' or '.join(sorted(found))} whatever it is", case, policies)


def _told(case: Case, fact: Field, value: Any) -> Case:
    claim = case.claim
    if fact.owner == "claim":
        return attrs.evolve(case, claim=attrs.evolve(claim, facts={**_facts(claim.facts), fact.name: value}))
    patient: Any = claim.patient
    return attrs.evolve(case, claim=attrs.evolve(claim, patient=attrs.evolve(patient, facts={**_facts(patient.facts), fact.name: value})))


def _facts(given: Any) -> dict[str, Any]:
    return dict(given) if given not in (None, UNKNOWN) else {}


# ---- M4: counting ------------------------------------------------------------------------------------------------


@attrs.frozen
class Used:
    """What a limit says that was used, between two ends (`high` None: open), and its bound."""

    low: Decimal
    high: Decimal | None
    limit: tuple[Decimal, Decimal | None]


def _used(status: RuleStatus) -> Used | None:
    """The numbers of a limit's status; they are its first line's."""
    if "used" not in status.facts or "limit" not in status.facts:
        return None
    low, high = numbers_in(status.facts["used"])
    return Used(low, high, numbers_in(status.facts["limit"]))


def limits_of(policy: Policy) -> Iterator[Rule]:
    """The limits of a policy."""
    yield from (rule for rule in policy.rules if isinstance(rule.demand, Limit))


def a_limit_is_over_only_past_it(policies: Policies, case: Case) -> None:
    """M4: a limit is broken where what was used at the least is more than the bound, met where at the most it is not, else open."""
    report = _checked(policies, case)
    limits = {(policy.name, rule.name): rule for policy in policies.policies for rule in limits_of(policy)}
    for status in report.rules:
        rule, used = limits.get((status.policy, status.rule)), _used(status)
        if rule is None or used is None or status.status == "not_applicable":
            continue
        over = used.limit[1] is not None and used.low > used.limit[1]
        within = used.high is not None and used.high <= used.limit[0]
        if status.status == "broken":
            _holds(over or not within, f"{rule.name} is broken with {status.facts['used']} of {status.facts['limit']}", case, policies)
        if status.status == "met" and not rule.unless:
            _holds(not over, f"{rule.name} is met with {status.facts['used']} of {status.facts['limit']}", case, policies)
        if status.status == "undetermined" and not (rule.when or rule.excepts or rule.unless):
            _holds(not within, f"{rule.name} is open with {status.facts['used']} of {status.facts['limit']}", case, policies)
    for finding in report.found:
        parts = [*(finding.stands or {}).values(), *(finding.excess or {}).values()]
        _holds(all(part >= 0 for part in parts), f"{finding.rule} leaves less than nothing", case, policies)


def adding_history_never_lowers_a_count(policies: Policies, case: Case) -> None:
    """M4: a service more in the history never lowers what a limit counts, nor clears it."""
    listed = case.history.services if case.history is not None else None
    if case.history is None or not isinstance(listed, tuple) or not listed or len(case.claim.lines) > 1:
        return
    after = _by_line(_checked(policies, case))
    for place in {0, len(listed) // 2, len(listed) - 1}:
        fewer = attrs.evolve(case.history, services=(*listed[:place], *listed[place + 1 :]))
        before = _by_line(_checked(policies, attrs.evolve(case, history=fewer)))
        for policy in policies.policies:
            for rule in limits_of(policy):
                for line in case.claim.lines if plainly_counted(rule) else ():
                    _more(before.get((policy.name, rule.name, line.number)), after.get((policy.name, rule.name, line.number)), case, policies)


def _more(before: RuleStatus | None, after: RuleStatus | None, case: Case, policies: Policies) -> None:
    one, two = (_used(status) if status is not None else None for status in (before, after))
    if before is None or after is None or one is None or two is None:
        return
    told = f"a service more lowered {after.rule} from {before.facts['used']} to {after.facts['used']}"
    _holds(one.low <= two.low and (two.high is None or (one.high is not None and one.high <= two.high)), told, case, policies)
    _holds(before.status != "broken" or after.status == "broken", f"a service more cleared {after.rule}", case, policies)


def plainly_counted(rule: Rule) -> bool:
    """A window moves with the services that open it; what asks for other services changes with them; a balance replaces them."""
    demand = rule.demand
    assert isinstance(demand, Limit)
    timed = all(isinstance(key, TimeKey | KindKey) for key in demand.count.keys)
    asks = (rule.when, rule.excepts, rule.unless, demand.count.where)
    return timed and not any(asks) and isinstance(demand.at_most, Constant)


def a_higher_limit_denies_no_more(policies: Policies, case: Case) -> None:
    """M4: where a bound is one higher, what was met is met, and nothing is broken that was not."""
    higher = attrs.evolve(policies, policies=tuple(_raised(policy) for policy in policies.policies))
    after = _by_line(_checked(higher, case))
    limits = {(policy.name, rule.name) for policy in policies.policies for rule in limits_of(policy)}
    for key, status in _by_line(_checked(policies, case)).items():
        if key[:2] in limits:
            told = f"a bound one higher turned {key[1]} from {status.status} to {after[key].status}"
            _holds(not (status.status == "met" and after[key].status != "met"), told, case, policies)
            _holds(not (status.status == "undetermined" and after[key].status == "broken"), told, case, policies)


def _raised(policy: Policy) -> Policy:
    return attrs.evolve(policy, rules=tuple(_one_higher(rule) for rule in policy.rules))


def _one_higher(rule: Rule) -> Rule:
    demand = rule.demand
    if not isinstance(demand, Limit) or not isinstance(demand.at_most, Constant) or not isinstance(demand.at_most.value, Decimal):
        return rule
    return attrs.evolve(rule, demand=attrs.evolve(demand, at_most=attrs.evolve(demand.at_most, value=demand.at_most.value + 1)))


def its_own_claim_never_counts(policies: Policies, case: Case) -> None:
    """M4: a claim that stands in the history already, under its own id, does not count itself twice."""
    if case.history is None or not isinstance(case.history.services, tuple):
        return
    claim = attrs.evolve(case.claim, id="own claim")
    own = tuple(_as_service(line, claim) for line in claim.lines)
    twice = attrs.evolve(case.history, services=(*case.history.services, *own))
    one, two = policies.check(claim, case.history, case.session), policies.check(claim, twice, case.session)
    _holds(one.to_dict() == two.to_dict(), "the claim's own lines in the history changed the report", case, policies)


def _as_service(line: ServiceLine, claim: Claim) -> Service:
    known = {field.name: getattr(line, field.name) for field in attrs.fields(ServiceLine) if field.name not in ("number", "facts")}
    return Service(**known, claim=claim.id, billing_provider=claim.billing_provider)


def denied_services_never_count(policies: Policies, case: Case) -> None:
    """M4: a service that was denied is not counted: with it and without it a limit comes to the same, unless it asks for denied ones."""
    if case.history is None or not isinstance(case.history.services, tuple) or not case.claim.lines[0].date_of_service:
        return
    line = case.claim.lines[0]
    assert isinstance(line.date_of_service, date)
    day = max(line.date_of_service, date(1, 1, 2)) - _ONE
    denied = attrs.evolve(_as_service(attrs.evolve(line, date_of_service=day), case.claim), claim=UNKNOWN, denied=True)
    more = attrs.evolve(case, history=attrs.evolve(case.history, services=(*case.history.services, denied)))
    before, after = _by_line(_checked(policies, case)), _by_line(_checked(policies, more))
    for policy in policies.policies:
        for rule in limits_of(policy):
            for one in case.claim.lines if plainly_counted(rule) else ():
                key = (policy.name, rule.name, one.number)
                if key in before:
                    same = (before[key].status, before[key].facts) == (after[key].status, after[key].facts)
                    _holds(same, f"a denied service counted for {rule.name}", case, policies)


# ---- M8, M9 ------------------------------------------------------------------------------------------------------


def units_follow_the_minutes(policies: Policies, case: Case) -> None:
    """M8.1, M8.3: the total supports floor((m + 7) / 15) units; a line is broken where it bills more than its share, which is no more than that."""
    report = _checked(policies, case)
    rules = {(p.name, r.name): r for p in policies.policies for r in p.rules if isinstance(r.demand, Timing) and r.demand.by == "cms_total_time"}
    for status in report.rules:
        facts = {name: int(text) for name, text in status.facts.items() if text.isdigit()}
        if (status.policy, status.rule) not in rules or not {"used", "limit", "supported", "minutes"} <= set(facts):
            continue
        told = f"{status.rule}: {facts['minutes']} minutes, {facts['supported']} units, {facts['limit']} here, {facts['used']} billed"
        timed = " timed minutes support" in status.why
        _holds(not timed or facts["supported"] == (facts["minutes"] + 7) // 15, told, case, policies)
        _holds(not timed or facts["limit"] <= facts["supported"], told, case, policies)
        if status.status in ("met", "broken") and len(status.lines) == 1:
            _holds((status.status == "broken") == (facts["used"] > facts["limit"]), told, case, policies)


def repairs_clear_findings(policies: Policies, case: Case) -> None:
    """M9, N14: applied and checked again, a repair's finding is gone, none worse than inform has come and the worst has not become worse."""
    report = _checked(policies, case)
    for finding in report.findings:
        _holds(bool(finding.repairs) != bool(finding.no_repair), f"{finding.rule} has no repair and does not say why", case, policies)
        for repair in finding.repairs:
            changed = applied(report.claim, repair)
            if changed is None:
                raise AssertionError(f"{repair.words()} can't be applied\n{as_test(case, policies=policies)}")
            after = policies.check(changed, case.history, case.session)
            _cleared(report, after, finding, repair.words(), case, policies)


def _cleared(before: Report, after: Report, finding: Any, what: str, case: Case, policies: Policies) -> None:
    def same(report: Report) -> int:
        return sum((f.policy, f.rule, f.outcome) == (finding.policy, finding.rule, finding.outcome) and bool(set(f.lines) & set(finding.lines))
                   for f in report.found)  # fmt: skip

    _holds(same(after) < same(before), f"{what} does not clear {finding.rule}", case, policies)
    known = {(f.policy, f.rule, n) for f in before.found for n in f.lines}
    fresh = [f for f in after.found if SEVERITY[f.outcome] > SEVERITY["inform"] and any((f.policy, f.rule, n) not in known for n in f.lines)]
    _holds(not fresh, f"{what} brings {', '.join(f.rule for f in fresh)}", case, policies)
    _holds(SEVERITY[after.at_most] <= SEVERITY[before.at_most], f"{what} makes the worst worse", case, policies)


# ---- sessions and their bills ------------------------------------------------------------------------------------


def a_bill_keeps_the_timing_rules(policies: Policies, session: Session) -> None:
    """M8, N44: the claim that a session supports breaks no `timing` rule, and bills no code and no unit that the session lacks."""
    bill = policies.bill(session)
    if bill.report is None:
        return
    timing = {(policy.name, rule.name) for policy in policies.policies for rule in policy.rules if isinstance(rule.demand, Timing)}
    for finding in bill.report.findings:
        ours = (finding.policy, finding.rule) in timing or finding.rule in ("more_than_the_session", "not_in_the_session")
        assert not ours or finding.outcome == "inform", f"the bill of a session breaks {finding.rule}: {finding.message}\n{session.to_json()}"


def a_minute_more_never_loses_a_unit(policies: Policies, session: Session) -> None:
    """M8.1: of one code alone, a minute more never supports fewer units."""
    if len(session.interventions) != 1 or not isinstance(session.interventions[0].minutes, int):
        return
    (part,) = session.interventions
    total = session.total_minutes + 1 if isinstance(session.total_minutes, int) else session.total_minutes  # the session lasts as much longer
    longer = attrs.evolve(session, interventions=(attrs.evolve(part, minutes=session.interventions[0].minutes + 1),), total_minutes=total)
    one, two = _units(policies, session), _units(policies, longer)
    assert one is None or two is None or one <= two, f"a minute more lost a unit: {one} became {two}\n{session.to_json()}"


def _units(policies: Policies, session: Session) -> int | None:
    claim = policies.bill(session).claim
    units = [line.units for line in claim.lines] if claim is not None else []
    return sum(one for one in units if isinstance(one, int)) if all(isinstance(one, int) for one in units) else None


def a_session_round_trips(policies: Policies, session: Session) -> None:
    """What is written as JSON and read again is the same, and comes to the same bill (interchange.md)."""
    again = Session.from_json(session.to_json())
    assert again == session, f"the session came back changed\n{session.to_json()}"
    assert policies.bill(again).to_json() == policies.bill(session).to_json(), f"it comes to another bill after JSON\n{session.to_json()}"


# ---- all of them -------------------------------------------------------------------------------------------------

LAWS: Final[tuple[Law, ...]] = (
    order_never_matters, completing_facts_stays_within, repairs_clear_findings, adding_history_never_lowers_a_count, every_rule_is_accounted_for,
    json_round_trips, evaluators_agree, outcomes_are_the_worst, what_is_broken_is_found, outside_its_dates_a_rule_is_silent, rules_are_independent,
    nothing_is_asked_in_vain, a_limit_is_over_only_past_it, a_higher_limit_denies_no_more, its_own_claim_never_counts, denied_services_never_count,
    units_follow_the_minutes, a_plain_reading_agrees, knowing_less_settles_nothing_else,
    later_services_never_count, what_may_count_settles_nothing_else,
)  # fmt: skip
SESSION_LAWS: Final[tuple[SessionLaw, ...]] = (
    a_bill_keeps_the_timing_rules, a_minute_more_never_loses_a_unit, a_session_round_trips, a_bill_shares_out_the_units,
)  # fmt: skip


def assert_laws(policies: Policies, examples: int = 200, laws: Iterable[Law] = LAWS, session_laws: Iterable[SessionLaw] = SESSION_LAWS) -> None:
    """Try every law on so many cases aimed at the policies' own boundaries; the first that breaks is shrunk and shown.

    Raises AssertionError with the law that is broken and the case as a `test` block; of a session, as JSON.
    """
    for law in laws:
        _try(policies, law, cases(policies), examples)
    for session_law in session_laws:
        _try(policies, session_law, sessions(policies), examples)


def _try(policies: Policies, law: Callable[[Policies, Any], None], strategy: Any, examples: int) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

    @settings(max_examples=examples, deadline=None, database=None, phases=(Phase.generate, Phase.shrink), suppress_health_check=quiet)
    @given(strategy)
    def tried(case: Any) -> None:
        try:
            law(policies, case)
        except InputError:
            return  # the case is bad input: refused with its path, as it should be

    tried()
