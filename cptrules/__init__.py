"""Payer rules of outpatient therapy billing as data: load a policy, check a claim, read what is wrong and on whose authority.

The names below are the whole public library. They are imported when first used, so that `import cptrules` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .billing import Bill
    from .checking import Policies, load
    from .claims import UNKNOWN, Claim, History, Person, Session
    from .compare import Change, Comparison
    from .diagnostics import Diagnostic
    from .errors import CptrulesError, Fault, InputError, PolicyErrors
    from .fhir.mapping import FhirMapping
    from .intake import read_claims, read_histories, read_sessions
    from .questions import Fact
    from .remaining import Left, Remaining
    from .report import Finding, LineReport, Missing, Repair, Report, RuleStatus

__version__ = "0.1.0"

_WHERE = {
    "Fact": "questions", "Policies": "checking", "load": "checking",
    "UNKNOWN": "claims", "Claim": "claims", "History": "claims", "Session": "claims", "Person": "claims",
    "Change": "compare", "Comparison": "compare",
    "Bill": "billing", "Remaining": "remaining", "Left": "remaining",
    "Diagnostic": "diagnostics", "FhirMapping": "fhir.mapping",
    "CptrulesError": "errors", "Fault": "errors", "InputError": "errors", "PolicyErrors": "errors",
    "read_claims": "intake", "read_histories": "intake", "read_sessions": "intake",
    "Finding": "report", "LineReport": "report", "Missing": "report", "Repair": "report", "Report": "report", "RuleStatus": "report",
}  # fmt: skip

__all__ = [
    "UNKNOWN",
    "Bill",
    "Change",
    "Claim",
    "Comparison",
    "CptrulesError",
    "Diagnostic",
    "Fact",
    "Fault",
    "FhirMapping",
    "Finding",
    "History",
    "InputError",
    "Left",
    "LineReport",
    "Missing",
    "Person",
    "Policies",
    "PolicyErrors",
    "Remaining",
    "Repair",
    "Report",
    "RuleStatus",
    "Session",
    "load",
    "read_claims",
    "read_histories",
    "read_sessions",
]


def __getattr__(name: str) -> Any:
    """Import a public name where it is first asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_WHERE[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
