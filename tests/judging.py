"""What the tests of meaning share: a policy from a few lines of text, claims and histories in the JSON of interchange.md."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import cptrules
from cptrules import Claim, History, Policies, Report

HEAD = """policy acme.ppo {
  title "Acme PPO"
  payer "ACME"
  %s
}
source manual { title "Acme manual" }
"""


def policy(rules: str, header: str = "", files: dict[str, str] | None = None) -> Policies:
    """Load a policy of the payer ACME from its rules; `files` lie beside it (tables)."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (files or {}).items():
            Path(folder, name).write_text(text, encoding="utf-8")
        path = Path(folder, "acme.policy")
        path.write_text(HEAD % header + rules, encoding="utf-8")
        return cptrules.load(path)


def line(number: int = 1, **more: Any) -> dict[str, Any]:
    """One line of PT exercise on 2026-03-04, one unit."""
    return {"number": number, "code": "97110", "modifiers": ["GP"], "units": 1, "date_of_service": "2026-03-04", **more}


def claim(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A claim to ACME by one provider."""
    return {"payer": "ACME", "billing_provider": {"npi": "1"}, "lines": list(lines or (line(),)), **more}


def service(day: str, **more: Any) -> dict[str, Any]:
    """One earlier service of PT exercise by the same provider."""
    return {"code": "97110", "modifiers": ["GP"], "units": 1, "date_of_service": day, "billing_provider": {"npi": "1"}, **more}


def history(*services: dict[str, Any], since: str | None = "2026-01-01", **more: Any) -> dict[str, Any]:
    """A history, complete since a day unless `since` is None."""
    return {**({"complete_from": since} if since else {}), "services": list(services), **more}


def judge(policies: Policies, claim_: dict[str, Any], history_: dict[str, Any] | None = None) -> Report:
    """Check a claim."""
    return policies.check(Claim.from_dict(claim_), None if history_ is None else History.from_dict(history_))


def status(report: Report, rule: str, number: int = 1) -> str:
    """What became of a rule on a line."""
    (found,) = [one.status for one in report.rules if one.rule == rule and number in one.lines]
    return found


def missing(report: Report, rule: str) -> set[str]:
    """What a rule still asks for."""
    return {one.field for found in report.rules if found.rule == rule for one in found.missing}
