"""What an audit gives back, as rows: one of kind `claim` for each claim judged, one of kind `finding` for each finding and line, one of
kind `refusal` for each claim that could not be judged. Local files, Arrow and Spark have the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from ..claims import Claim, History, ServiceLine
from ..errors import InputError, Refusal
from .patients import Case, Completeness, Person, cases, patient_id

if TYPE_CHECKING:
    from ..checking import Policies
    from ..compiled import Compiled
    from ..report import Finding, Report, RuleStatus

CENT: Final = Decimal("0.01")

# Column and what it holds: text, whole, money, date. The order is that of the files.
SCHEMA: Final[dict[str, str]] = {
    "kind": "text", "patient": "text", "claim": "text", "claim_kind": "text", "payer": "text", "plan": "text", "provider": "text",
    "source": "text", "date_of_service": "date", "line": "whole", "code": "text", "lines": "text", "charge": "money", "outcome": "text",
    "at_least": "text", "at_most": "text", "findings": "whole", "open_rules": "whole", "missing": "text", "policy": "text", "rule": "text",
    "message": "text", "facts": "text", "carc": "text", "rarc": "text", "citation": "text", "repair": "text", "to_show": "text",
    "denied": "money", "reduced": "money", "pended": "money", "notes": "text",
}  # fmt: skip

_HEAD: Final = ("patient", "claim", "claim_kind", "payer", "plan", "provider", "source", "date_of_service")
OF_KIND: Final[dict[str, tuple[str, ...]]] = {
    "claim": (*_HEAD, "lines", "charge", "outcome", "at_least", "at_most", "findings", "open_rules", "missing", "denied", "reduced", "pended",
              "notes"),
    "finding": (*_HEAD, "line", "code", "lines", "charge", "policy", "rule", "outcome", "message", "facts", "carc", "rarc", "citation",
                "repair", "to_show", "denied", "reduced", "pended"),
    "refusal": ("patient", "claim", "source", "message"),
}  # fmt: skip
FILES: Final = {"claim": "claims", "finding": "findings", "refusal": "refusals"}

Result = dict[str, Any]
Ways = Mapping[tuple[str | None, str], tuple[str, ...]]  # of each rule by policy and name: its ways out, as the file has them


@attrs.frozen
class Judge:
    """Judges a patient's claims: the policies, what is stated of the input, the fields that may be missing, and whether repairs are tried."""

    policies: Policies
    complete: Completeness = Completeness()
    ignore_missing: tuple[str, ...] = ()
    repairs: bool = False
    _payers: dict[Any, Any] = attrs.field(init=False, repr=False, default=attrs.Factory(lambda self: _one_name(self.policies), takes_self=True))
    _made: list[Compiled] = attrs.field(init=False, repr=False, eq=False, factory=list)
    _ways: Ways = attrs.field(init=False, repr=False, default=attrs.Factory(lambda self: _ways_out(self.policies), takes_self=True))

    def payer_of(self, payer: Any) -> Any:
        """Give a payer's names one name."""
        return self._payers.get(payer, payer)

    def reports(self, person: Person) -> Iterator[tuple[Case, Report] | Refusal]:
        """Judge each claim of a patient, or refuse it by itself."""
        for case in cases(person, self.payer_of, self.complete):
            if isinstance(case, Refusal):
                yield case
                continue
            try:
                yield case, self._check(case.found.claim, case.history)
            except InputError as error:
                claim = case.found.claim
                yield Refusal(claim.id if isinstance(claim.id, str) else None, case.found.place, error.faults)

    def _check(self, claim: Claim, history: History | None) -> Report:
        """Check records that were read, and so need not be read again."""
        return self._compiled().check(claim, history, None, frozenset(self.ignore_missing))

    def _compiled(self) -> Compiled:
        """The policies compiled, once in each process; a Judge that is sent to another takes only the policies along."""
        if not self._made:
            from ..compiled import Compiled

            self._made.append(Compiled(self.policies.policies))
        return self._made[0]

    def __reduce__(self) -> tuple[Any, ...]:
        return Judge, (self.policies, self.complete, self.ignore_missing, self.repairs)

    def by_claim(self, person: Person) -> Iterator[list[Result]]:
        """The rows of a patient, claim by claim."""
        for one in self.reports(person):
            yield [refusal_row(one, person.patient)] if isinstance(one, Refusal) else list(report_rows(*one, self._ways, self.repairs))


def _one_name(policies: Policies) -> dict[Any, Any]:
    """For each payer one of its names: those that one policy names together are one payer's."""
    names: dict[Any, Any] = {}
    for policy in policies.policies:
        together = {names.get(payer, payer) for payer in policy.payers}
        first = min(together, default=None)
        for payer in [*policy.payers, *(name for name, one in names.items() if one in together)]:
            names[payer] = first
    return names


def _ways_out(policies: Policies) -> Ways:
    return {
        (policy.name, rule.name): tuple(clause.attesting or clause.text for clause in rule.unless)
        for policy in policies.policies for rule in policy.rules
    }  # fmt: skip


# ---- rows --------------------------------------------------------------------------------------------------------


def refusal_row(refusal: Refusal, patient: str | None) -> Result:
    """The one row of a refused claim, with every fault."""
    told = "; ".join(str(fault) for fault in refusal.faults)
    return {"kind": "refusal", "patient": patient, "claim": refusal.claim, "source": refusal.place, "message": told}


def report_rows(case: Case, report: Report, ways: Ways, repairs: bool) -> Iterator[Result]:
    """The rows of a claim that was judged: its own, then its findings by line, with `repairs` those that were tried."""
    claim = report.claim
    head = _head(claim, case.found.place)
    findings = list(_finding_rows(head, claim, report.findings if repairs else report.found, ways))
    worst = _at_stake(findings)
    open_ = report.open
    wanted, unjudged = _wanted(open_)
    days = [line.date_of_service for line in claim.lines if isinstance(line.date_of_service, date)]
    yield {
        **head, "kind": "claim", "date_of_service": min(days), "lines": str(len(claim.lines)), "charge": _charged(claim),
        "outcome": report.outcome, "at_least": report.at_least, "at_most": report.at_most, "findings": len(findings),
        "open_rules": sum(not status.ignored for status in open_),
        "missing": "; ".join(wanted) or None, **worst, "notes": "; ".join([*unjudged, *report.notes, *([case.note] if case.note else [])]) or None,
    }  # fmt: skip
    yield from findings


def _wanted(open_: Iterable[RuleStatus]) -> tuple[list[str], list[str]]:
    """The fields that would settle what is open, and why lines of which no policy speaks are; those want for a `policy`."""
    open_ = tuple(open_)
    nobody = [status for status in open_ if status.rule == "no_policy"]
    wanted = {one.field for status in open_ for one in status.missing} | {"policy" for status in nobody if not status.missing}
    return sorted(wanted), [status.why for status in nobody]


def _head(claim: Claim, place: str) -> Result:
    provider = getattr(claim.billing_provider, "npi", None)
    return {
        "patient": patient_id(claim), "claim": _known(claim.id), "claim_kind": _known(claim.claim_kind), "payer": _known(claim.payer),
        "plan": _known(claim.plan), "provider": _known(provider), "source": place,
    }  # fmt: skip


def _known(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _charged(claim: Claim) -> Decimal | None:
    """What the claim charges; None where a line does not say."""
    charges = [line.charge for line in claim.lines if isinstance(line.charge, Decimal)]
    return sum(charges, Decimal(0)) if len(charges) == len(claim.lines) else None


def _finding_rows(head: Result, claim: Claim, findings: Iterable[Finding], ways: Ways) -> Iterator[Result]:
    lines = {line.number: line for line in claim.lines}
    rows = [(number, finding) for finding in findings for number in finding.lines]
    for number, finding in sorted(rows, key=lambda one: (one[0], str(one[1].policy), one[1].rule, one[1].message)):
        line = lines[number]
        yield {
            **head, "kind": "finding", "date_of_service": line.date_of_service, "line": number, "code": line.code,
            "lines": " ".join(map(str, finding.lines)), "charge": line.charge if isinstance(line.charge, Decimal) else None,
            "policy": finding.policy, "rule": finding.rule, "outcome": finding.outcome, "message": finding.message,
            "facts": json.dumps(dict(finding.facts), ensure_ascii=False) if finding.facts else None, "carc": finding.carc,
            "rarc": " ".join(finding.rarc) or None, "citation": "; ".join(_cited(finding)) or None,
            "repair": "; ".join(one.words() for one in finding.repairs) or finding.no_repair,
            "to_show": "; ".join(_to_show(finding, ways)) or None, **_stake(finding, line),
        }  # fmt: skip


def _to_show(finding: Finding, ways: Ways) -> list[str]:
    """What the record must support for the line to stand: what a repair asserts, and the rule's ways out."""
    attested = [one.attests for one in finding.repairs if one.attests]
    return list(dict.fromkeys([*attested, *ways.get((finding.policy, finding.rule), ())]))


def _cited(finding: Finding) -> list[str]:
    return [", ".join(part for part in (one.title, one.section) if part) for one in finding.citations]


def _stake(finding: Finding, line: ServiceLine) -> Result:
    """The dollars of the line's charge that a finding puts at stake: all that is denied or pended, of a reduction what does not stand."""
    found: Result = {"denied": None, "reduced": None, "pended": None}
    if isinstance(line.charge, Decimal):
        if finding.outcome == "deny":
            found["denied"] = line.charge
        elif finding.outcome == "pend":
            found["pended"] = line.charge
        elif finding.outcome == "reduce":
            found["reduced"] = (line.charge * _share(finding, line)).quantize(CENT, ROUND_HALF_UP)
    return found


def _share(finding: Finding, line: ServiceLine) -> Decimal:
    """The share of a line that a reduction takes: the excess of what was counted beside what stands, all of it where nobody says."""
    stands, excess = finding.stands or {}, finding.excess or {}
    for measure, over in excess.items():
        whole = Decimal(over) + Decimal(stands.get(measure, 0))
        if whole > 0:
            return Decimal(over) / whole
    units = line.units
    left = stands.get("units")
    if left is not None and isinstance(units, int) and units > 0:
        return max(Decimal(0), 1 - Decimal(left) / units)
    return Decimal(1)


def _at_stake(findings: Iterable[Result]) -> Result:
    """Of a claim: each line counts once, by the worst that is found on it (denied before reduced before pended)."""
    lines: dict[int, Result] = {}
    for one in findings:
        known = lines.setdefault(one["line"], {})
        for name in ("denied", "reduced", "pended"):
            if one[name] is not None:
                known[name] = max(known.get(name, Decimal(0)), one[name])
    total = {"denied": Decimal(0), "reduced": Decimal(0), "pended": Decimal(0)}
    for known in lines.values():
        worst = next((name for name in total if name in known), None)
        if worst is not None:
            total[worst] += known[worst]
    return dict(total)
