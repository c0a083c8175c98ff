"""What commands say of faults and refusals, and the exit codes they leave with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from ..errors import Fault, Refusal

if TYPE_CHECKING:
    from ..report import Report

CLEAN, FINDINGS, BAD_INPUT, UNDETERMINED = 0, 1, 2, 3


def leave(code: int) -> None:
    """End the command with an exit code."""
    click.get_current_context().exit(code)


def exit_code(reports: list[Report], refusals: tuple[Refusal, ...]) -> int:
    """The exit code of reports: 2 before 1 before 3 before 0."""
    from ..report import SEVERITY

    if refusals or not reports:
        return BAD_INPUT
    if any(SEVERITY[report.at_least] >= SEVERITY["warn"] for report in reports):
        return FINDINGS
    return UNDETERMINED if any(report.outcome == "undetermined" for report in reports) else CLEAN


def faults_text(path: str, faults: Iterable[Fault]) -> str:
    """Faults of an input, one a line."""
    where = f"{path}: " if path else ""
    return "\n".join(f"error: {where}{fault}" for fault in faults)


def print_json(data: object) -> None:
    """Print plain data as JSON."""
    import json

    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def refusal_json(refusal: Refusal, what: str = "claim") -> dict[str, Any]:
    """A refusal as plain data."""
    faults = [{"path": f.path, "message": f.message, "suggestion": f.suggestion} for f in refusal.faults]
    return {what: refusal.claim, "place": refusal.place, "faults": faults}


def refusal_text(refusal: Refusal, what: str = "claim") -> str:
    """A refusal for people."""
    name = f"{what} {refusal.claim}" if refusal.claim else f"a {what} without an id"
    place = f" at {refusal.place}" if refusal.place else ""
    return "\n".join([f"{name}{place} is refused:", *(f"  {fault}" for fault in refusal.faults)])
