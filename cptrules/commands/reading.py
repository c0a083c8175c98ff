"""Reading the files a command names; a fault says in which file and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import click

from ..errors import Fault, InputError, Refusal

if TYPE_CHECKING:
    from ..claims import Session
    from ..intake import Claims, Histories, Sessions

F = TypeVar("F", bound=Callable[..., Any])


def from_file(path: str, work: Callable[[str], Any]) -> Any:
    """Read a file; a fault names the file."""
    try:
        return work(path)
    except InputError as error:
        raise InputError(Fault(f"{path}: {fault.path}".removesuffix(": "), fault.message, fault.suggestion) for fault in error.faults) from None


def from_refusals(path: str, refusals: Iterable[Refusal]) -> Iterator[Fault]:
    """The faults of records that were refused, each with its file and place."""
    from ..intake import placed_faults

    for fault in placed_faults(refusals):
        yield Fault(f"{path}: {fault.path}".removesuffix(": "), fault.message, fault.suggestion)


@attrs.frozen
class Reading:
    """How the files of a command are read: other names of payers, and for FHIR the mapping and whether it is validated."""

    payers: Mapping[str, str] = attrs.field(factory=dict)
    mapping_file: str | None = None
    validate_fhir: bool = False

    def _fhir(self) -> dict[str, Any]:
        from ..intake import read_mapping

        mapping = from_file(self.mapping_file, read_mapping) if self.mapping_file else None
        return {"mapping": mapping, "validate_fhir": self.validate_fhir}

    def claims(self, path: str) -> Claims:
        """Read the claims of a file, with those refused and what the reader notes."""
        from ..intake import read_claims

        options = self._fhir()
        found: Claims = from_file(path, lambda name: read_claims(name, self.payers, **options))
        return found

    def histories(self, path: str | None) -> Histories:
        """Read the patients' histories of a file, none where there is no file."""
        from ..intake import Histories, noted_histories

        if path is None:
            return Histories(())
        options = self._fhir()
        found: Histories = from_file(path, lambda name: noted_histories(name, self.payers, **options))
        return found

    def sessions(self, path: str) -> Sessions:
        """Read the sessions of a file, with those refused and what the reader notes."""
        from ..intake import noted_sessions

        options = self._fhir()
        found: Sessions = from_file(path, lambda name: noted_sessions(name, **options))
        return found

    def session(self, path: str | None) -> tuple[Session | None, tuple[str, ...]]:
        """Read the one session of a file, with what the reader notes; none where there is no file."""
        if path is None:
            return None, ()
        found = self.sessions(path)
        if found.refusals:
            raise InputError(from_refusals(path, found.refusals))
        if len(found.sessions) != 1:
            raise InputError([Fault(path, f"it holds {len(found.sessions)} sessions; give the one that the claim is for")])
        return found.sessions[0], found.notes


def fhir_options(command: F) -> F:
    """Add the options by which FHIR is read."""
    command = click.option("--validate-fhir", is_flag=True, help="Hold FHIR to HL7's structure definitions first (extra fhir).")(command)
    told = "Of a table, which columns hold which fields; of FHIR, where the EHR puts what R4 has no element for."
    return click.option("--mapping", "mapping_file", metavar="FILE", help=told)(command)


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
