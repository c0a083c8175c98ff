"""Reading the files a command names; a fault says in which file and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import Fault, InputError, Refusal

if TYPE_CHECKING:
    from ..claims import Claim, History, Session


def from_file(path: str, work: Callable[[str], Any]) -> Any:
    """Read a file; a fault names the file."""
    try:
        return work(path)
    except InputError as error:
        raise InputError(Fault(f"{path}: {fault.path}".removesuffix(": "), fault.message, fault.suggestion) for fault in error.faults) from None


def claims_of(path: str, payers: dict[str, str]) -> tuple[tuple[Claim, ...], tuple[Refusal, ...], tuple[str, ...]]:
    """Read the claims of a file, with those refused and what the reader notes."""
    from ..intake import read_claims

    found = from_file(path, lambda name: read_claims(name, payers))
    return found.claims, found.refusals, found.notes


def histories_of(path: str) -> tuple[History, ...]:
    """Read the patients' histories of a file."""
    from ..intake import read_histories

    return read_histories(path)


def sessions_of(path: str) -> tuple[Session, ...]:
    """Read the sessions of a file."""
    from ..intake import read_sessions

    return read_sessions(path)


def session_of(path: str) -> Session:
    """Read the one session of a file."""
    from ..claims import Session

    return Session.from_json(Path(path).read_bytes())


def person_of(path: str) -> Any:
    """Read whose benefit is asked about."""
    from ..intake import read_person

    return read_person(path)


def payer_names(given: tuple[str, ...]) -> dict[str, str]:
    """Read `ID=NAME` pairs."""
    found = {}
    for pair in given:
        name, sign, other = pair.partition("=")
        if not sign or not name or not other:
            raise click.BadParameter(f"{pair!r} is not ID=NAME", param_hint="--payer")
        found[name] = other
    return found
