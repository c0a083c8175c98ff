"""Findings out: a report as an OperationOutcome. Source: HL7 FHIR R4 4.0.1, OperationOutcome and its code system issue-type.

Of the patient there is nothing in it: a documentation rule's sentences quote the note, so such a finding is told by its rule alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..errors import Refusal
from ..report import SEVERITY, Finding, Report, RuleStatus

_GROUPS: Final = "https://x12.org/codes/claim-adjustment-group-codes"
_REASONS: Final = "https://x12.org/codes/claim-adjustment-reason-codes"
_REMARKS: Final = "https://x12.org/codes/remittance-advice-remark-codes"
_SEVERITY: Final = {"deny": "error", "pend": "warning", "reduce": "warning", "warn": "warning", "inform": "information"}
# What quotes the note: documentation rules, and cptrules' own question about an intervention's description.
_QUOTING: Final = "documentation"
_QUOTING_ITSELF: Final = "reads_like_another"


def operation_outcome(report: Report) -> dict[str, Any]:
    """Give a report as an OperationOutcome: an issue for each finding, each rule that is open, each line no policy judged, and each note.

    `expression` names the item of the Claim by its place, the first being `Claim.item[0]`. No issue means that there was none to tell: a
    clean claim has one of severity `information` that says so.
    """
    places = {line.number: index for index, line in enumerate(report.claim.lines)}
    quoting = {(one.policy, one.rule) for one in report.rules if one.kind == _QUOTING} | {(None, _QUOTING_ITSELF)}
    issues = [_finding(one, places, (one.policy, one.rule) in quoting) for one in report.findings]
    issues += [_open(one, places) for one in report.rules if one.status == "undetermined"]
    told = {number for one in report.rules if one.status == "undetermined" and not one.ignored for number in one.lines}
    issues += [_unjudged(line.number, places) for line in report.lines if line.outcome == "undetermined" and line.number not in told]
    if report.outcome in ("clean", "inform") and not any(one["severity"] in ("error", "warning") for one in issues):
        issues.insert(0, _issue("information", "informational", _good(report)))
    elif not issues:
        issues.append(_issue("warning", "incomplete", f"The outcome is {report.outcome}."))
    issues += [_issue("information", "informational", note) for note in report.notes]
    return _outcome(report.claim.id, issues)


def _good(report: Report) -> str:
    """That a claim is clean, and what had to be set aside for it."""
    aside = [f"the rules that want for {', '.join(report.ignored)} are set aside"] if report.ignored else []
    aside += [f"{report.overruled} of its findings were set aside by a person"] if report.overruled else []
    return f"The claim is {report.outcome} under {', '.join(report.policies)}" + "".join(f"; {one}" for one in aside) + "."


def refusal_outcome(refusal: Refusal) -> dict[str, Any]:
    """Give a claim that could not be read as an OperationOutcome: an error for each fault."""
    issues = [_issue("error", "invalid", str(fault), (fault.path,) if fault.path.startswith("Claim.") else ()) for fault in refusal.faults]
    return _outcome(refusal.claim, issues)


def together(outcomes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """One OperationOutcome as it is; several in a Bundle, in the order of the claims."""
    found = list(outcomes)
    if len(found) == 1:
        return found[0]
    return {"resourceType": "Bundle", "type": "collection", **({"entry": [{"resource": one} for one in found]} if found else {})}


def _outcome(claim: object, issues: list[dict[str, Any]]) -> dict[str, Any]:
    """The claim's id becomes the resource's, where FHIR allows it as one; else it stands in the first issue."""
    if isinstance(claim, str) and re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", claim):
        return {"resourceType": "OperationOutcome", "id": claim, "issue": issues}
    if isinstance(claim, str):
        issues[0]["diagnostics"] = f"claim {claim}: {issues[0]['diagnostics']}"
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(severity: str, code: str, told: str, expression: Iterable[str] = (), **more: Any) -> dict[str, Any]:
    where = list(expression)
    return {"severity": severity, "code": code, **more, "diagnostics": " ".join(told.split()), **({"expression": where} if where else {})}


def _items(lines: Iterable[int], places: Mapping[int, int]) -> list[str]:
    return [f"Claim.item[{places[number]}]" for number in lines if number in places]


def _finding(finding: Finding, places: Mapping[int, int], quotes: bool) -> dict[str, Any]:
    severity = "information" if finding.overruled is not None else _SEVERITY[finding.outcome]
    details = {"text": f"{finding.outcome}: {finding.rule}" + (f" ({finding.policy})" if finding.policy else "")}
    codings = [*_codings(finding)]
    return _issue(severity, "business-rule", " ".join(_told(finding, quotes)), _items(finding.lines, places),
                  details={**({"coding": codings} if codings else {}), **details})  # fmt: skip


def _codings(finding: Finding) -> Iterator[dict[str, str]]:
    """Group and reason code, and remark codes, each in its own system."""
    if finding.carc:
        group, dash, reason = finding.carc.rpartition("-")
        if dash:
            yield {"system": _GROUPS, "code": group}
        yield {"system": _REASONS, "code": reason}
    yield from ({"system": _REMARKS, "code": rarc} for rarc in finding.rarc)


def _told(finding: Finding, quotes: bool) -> Iterator[str]:
    yield "Its sentences quote the note, and stand in the report." if quotes else finding.message
    if finding.overruled is not None:
        yield "A person set this finding aside; who and why stand in the report."
    for citation in finding.citations:
        yield "Authority: " + ", ".join(part for part in (citation.title, citation.section, citation.url) if part) + "."
    for repair in finding.repairs:
        yield f"Repair: {repair.words()}" + (f", which asserts: {repair.attests}" if repair.attests else "") + "."


def _open(status: RuleStatus, places: Mapping[int, int]) -> dict[str, Any]:
    """A rule that can't be decided: a warning where it may yet be broken, so that nobody takes silence for clean."""
    asked = " ".join(dict.fromkeys(one.question for one in status.missing))
    severity = "information" if status.ignored or SEVERITY.get(status.outcome, 0) < SEVERITY["warn"] else "warning"
    text = f"undetermined: {status.rule}" + (f" ({status.policy})" if status.policy else "") + (", set aside" if status.ignored else "")
    told = asked or ("A documentation rule is open." if status.kind == _QUOTING else status.why)
    return _issue(severity, "incomplete", told or "It can't be decided.", _items(status.lines, places), details={"text": text})


def _unjudged(number: int, places: Mapping[int, int]) -> dict[str, Any]:
    told = "No policy speaks for this line: it is not judged."
    return _issue("warning", "incomplete", told, _items((number,), places), details={"text": "undetermined: no_policy"})
