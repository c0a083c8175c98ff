"""The report as the JSON of interchange.md.

Three keys stand beside those of the contract: `notes` (what was assumed or left aside), `ignored` (fields of --ignore-missing)
and, where a policy has payment rules, `payments` (what each line pays where it stands, with its arithmetic);
a finding has `no_repair` where it has no repair, `overruled` where a person set it aside, `citations` where it has several.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .policy import Citation
from .report import ExpectedPayment, Finding, LineReport, Repair, Report, RuleStatus
from .words import MONEY_MEASURES


def report_dict(report: Report) -> dict[str, Any]:
    """Give a report as plain dicts, lists, text and whole numbers; money and parts of a unit are decimal strings."""
    return {
        "claim": report.claim.id if isinstance(report.claim.id, str) else None,
        "outcome": report.outcome,
        "at_least": report.at_least,
        "at_most": report.at_most,
        "policies": list(report.policies),
        "lines": [_line(line) for line in report.lines],
        "rules": [_status(status) for status in report.rules],
        "findings": [_finding(finding) for finding in report.findings],
        **({"payments": [_payment(one) for one in report.payments]} if report.payments else {}),
        "notes": list(report.notes),
        "ignored": list(report.ignored),
    }


def _line(line: LineReport) -> dict[str, Any]:
    found: dict[str, Any] = {"number": line.number, "outcome": line.outcome, "at_least": line.at_least, "at_most": line.at_most}
    return found if line.stands is None else {**found, "stands": _measures(line.stands)}


def _payment(payment: ExpectedPayment) -> dict[str, Any]:
    return {
        "policy": payment.policy, "line": payment.line, "pays": _cents(payment.pays), "at_least": _cents(payment.at_least),
        "at_most": _cents(payment.at_most), "steps": list(payment.steps),
        "missing": [{"field": missing.field, "question": missing.question} for missing in payment.missing],
    }  # fmt: skip


def _cents(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _measures(amounts: Mapping[str, Decimal] | None) -> dict[str, Any] | None:
    if amounts is None:
        return None
    return {name: _measure(name, Decimal(amount)) for name, amount in amounts.items()}


def _measure(name: str, amount: Decimal) -> int | str:
    if name in MONEY_MEASURES:
        return f"{amount:.2f}" if amount == amount.quantize(Decimal("0.01")) else str(amount)
    return int(amount) if amount == amount.to_integral_value() else str(amount.normalize())


def _status(status: RuleStatus) -> dict[str, Any]:
    return {
        "policy": status.policy or None, "rule": status.rule, "kind": status.kind, "status": status.status,
        "lines": list(status.lines), "why": status.why, "facts": dict(status.facts),
        "missing": [{"field": missing.field, "question": missing.question} for missing in status.missing],
        **({"ignored": True} if status.ignored else {}),
    }  # fmt: skip


def _finding(finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {
        "policy": finding.policy, "rule": finding.rule, "outcome": finding.outcome, "lines": list(finding.lines),
        "message": finding.message, "stands": _measures(finding.stands), "excess": _measures(finding.excess),
        "facts": dict(finding.facts), "carc": finding.carc, "rarc": list(finding.rarc),
        "citation": citation_dict(finding.citations[0]) if finding.citations else None,
        "repairs": [_repair(repair) for repair in finding.repairs],
    }  # fmt: skip
    if len(finding.citations) > 1:
        found["citations"] = [citation_dict(citation) for citation in finding.citations]
    if not finding.repairs:
        found["no_repair"] = finding.no_repair
    if finding.overruled is not None:
        found["overruled"] = {"by": finding.overruled.by, "why": finding.overruled.why}
    return found


def citation_dict(citation: Citation) -> dict[str, Any]:
    """A citation as plain data."""
    return {
        "source": citation.source, "title": citation.title, "section": citation.section, "url": citation.url,
        "confirmed": citation.confirmed.isoformat() if citation.confirmed else None,
    }  # fmt: skip


def _repair(repair: Repair) -> dict[str, Any]:
    value: Any = int(repair.value) if repair.op == "set_units" and repair.value else repair.value
    return {"op": repair.op, "line": repair.line, "value": value, "attests": repair.attests}
