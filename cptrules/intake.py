"""Claims and histories from files: what a file holds is told by its content, not by its name (interchange.md, Commands)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from .claims import Claim, History, Patient, Person, Session
from .errors import Fault, InputError, Refusal
from .interchange import decoded, parsed, read

if TYPE_CHECKING:
    from .audit.mapping import TableMapping
    from .fhir.bundle import Box
    from .fhir.mapping import FhirMapping
    from .remittance import Remittance

T = TypeVar("T", Claim, History, Session)


@attrs.frozen
class Claims:
    """What a file of claims held: the claims that could be read, those that could not, and what was taken for granted.

    Claims in the file = claims + refusals, always (M10).
    """

    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


@attrs.frozen
class Histories:
    """What a file of histories held, one history a patient, and what was left out or taken for granted."""

    histories: tuple[History, ...]
    notes: tuple[str, ...] = ()


@attrs.frozen
class Sessions:
    """What a file of sessions held: those that could be read, those that could not, and what was left out or taken for granted.

    Sessions in the file = sessions + refusals + those that `notes` says were left out, always (M10).
    """

    sessions: tuple[Session, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


def read_claims(path: str | os.PathLike[str], payers: Mapping[str, str] | None = None, *,
                mapping: FhirMapping | TableMapping | None = None, validate_fhir: bool = False) -> Claims:  # fmt: skip
    """Read the claims of a file: JSON (one, or a list), JSON lines, CSV, Parquet, FHIR or 837P; `payers` gives payers other names.

    `mapping` says of a table which columns hold which fields, of FHIR where it holds what R4 has no element for; `validate_fhir` holds
    FHIR to HL7's structure definitions first (extra `[fhir]`). Parquet needs the extra `[arrow]`.
    Raises InputError where the file as a whole can't be read. A claim that can't be read is refused by itself.
    """
    if is_table(path):
        from .audit.whole import claims_of_table

        return claims_of_table(path, mapping, payers or {})
    text = _text(path)
    if text.lstrip()[:3] == "ISA":
        from .x12 import read_837

        found = read_837(text, payers or {})
        return Claims(found.claims, found.refusals, found.notes)
    parts = _parts(text)
    if _is_fhir(parts):
        from .fhir.claim import claims_of

        made = claims_of(*_fhir(parts, mapping, validate_fhir, payers))
        return Claims(made.claims, made.refusals, made.notes)
    claims, refusals = _records(Claim, parts)
    return Claims(tuple(_renamed(claim, payers or {}) for claim in claims), refusals)


def _renamed(claim: Claim, payers: Mapping[str, str]) -> Claim:
    if isinstance(claim.payer, str) and claim.payer in payers:
        return attrs.evolve(claim, payer=payers[claim.payer])
    return claim


def read_histories(path: str | os.PathLike[str], payers: Mapping[str, str] | None = None, *,
                   mapping: FhirMapping | TableMapping | None = None, validate_fhir: bool = False) -> tuple[History, ...]:  # fmt: skip
    """Read the histories of a file: JSON (one, or a list), JSON lines, CSV, Parquet, FHIR or an 835, one for a patient.

    Raises InputError with every fault: a history that can't be read would make a claim look clean that is not.
    """
    return noted_histories(path, payers, mapping=mapping, validate_fhir=validate_fhir).histories


def noted_histories(path: str | os.PathLike[str], payers: Mapping[str, str] | None = None, *,
                    mapping: FhirMapping | TableMapping | None = None, validate_fhir: bool = False) -> Histories:  # fmt: skip
    """Read the histories of a file as `read_histories` does, with what was left out or taken for granted."""
    if is_table(path):
        from .audit.whole import histories_of_table

        return histories_of_table(path, mapping)
    text = _text(path)
    if text.lstrip()[:3] == "ISA":
        return _from_835(text)
    parts = _parts(text)
    if _is_fhir(parts):
        from .fhir.history import histories_of

        made = histories_of(*_fhir(parts, mapping, validate_fhir, payers))
        return Histories(_unless_refused(made.histories, made.refusals), made.notes)
    return Histories(_unless_refused(*_records(History, parts)))


def _from_835(text: str) -> Histories:
    """A remittance's services as histories; a claim of it that can't be read would be missed, so all is refused."""
    from .remittance import histories_of, read_835

    found = read_835(text)
    return Histories(_unless_refused(histories_of(found), found.refusals), found.notes)


def read_remittance(path: str | os.PathLike[str]) -> Remittance:
    """Read an 835; raises InputError where the file as a whole can't be read, a claim that can't be read is refused by itself."""
    from .remittance import read_835

    return read_835(_text(path))


def read_sessions(path: str | os.PathLike[str], *,
                  mapping: FhirMapping | TableMapping | None = None, validate_fhir: bool = False) -> tuple[Session, ...]:  # fmt: skip
    """Read the sessions of a file: JSON (one, or a list), JSON lines or FHIR.

    Raises InputError with every fault of every session.
    """
    found = noted_sessions(path, mapping=mapping, validate_fhir=validate_fhir)
    return _unless_refused(found.sessions, found.refusals)


def noted_sessions(path: str | os.PathLike[str], *,
                   mapping: FhirMapping | TableMapping | None = None, validate_fhir: bool = False) -> Sessions:  # fmt: skip
    """Read the sessions of a file, with what was left out or taken for granted.

    Raises InputError where the file as a whole can't be read. A session that can't be read is refused by itself.
    """
    parts = _parts(_text(path))
    if _is_fhir(parts):
        from .fhir.session import sessions_of

        made = sessions_of(*_fhir(parts, mapping, validate_fhir))
        return Sessions(made.sessions, made.refusals, made.notes)
    if not parts:
        raise InputError([Fault("", "there is no session in it")])
    return Sessions(*_records(Session, parts))


def read_mapping(path: str | os.PathLike[str]) -> FhirMapping | TableMapping:
    """Read a mapping file: of a table's columns, or of where an EHR puts what FHIR has no element for (told by its keys).

    Raises InputError with the path of what is wrong.
    """
    from .audit.mapping import KEYS, read_mapping
    from .fhir.mapping import FhirMapping

    text = _text(path)
    data = parsed(text)
    return read_mapping(data) if isinstance(data, dict) and any(key in data for key in KEYS) else FhirMapping.from_json(text)


def read_person(path: str | os.PathLike[str]) -> Person:
    """Read whose benefit it is from JSON: a claim's `patient`, `payer`, `plan` and facts; raises InputError with every fault."""
    return read(Person, parsed(_text(path)))


def _unless_refused(records: tuple[T, ...], refusals: Iterable[Refusal]) -> tuple[T, ...]:
    """The records, where none was refused; else every fault of every record that was, each with its place."""
    given = tuple(refusals)
    if not given:
        return records
    raise InputError(placed_faults(given))


def placed_faults(refusals: Iterable[Refusal]) -> Iterator[Fault]:
    """Give every fault of every record that was refused, each with its place in the file."""
    for refusal in refusals:
        for fault in refusal.faults:
            yield Fault(f"{refusal.place}: {fault.path}".strip(": "), fault.message, fault.suggestion)


def history_of(claim: Claim | Session | Person, histories: Iterable[History]) -> History | None:
    """The history of a claim's or session's patient: a single one that names nobody is anybody's.

    Raises InputError where several histories can't be told apart, or the only one is another patient's.
    """
    given = tuple(histories)
    patient = claim.patient.id if isinstance(claim.patient, Patient) else None
    mine = [one for one in given if isinstance(one.patient, str) and one.patient == patient]
    if len(mine) > 1:
        raise InputError([Fault("history.patient", f"{len(mine)} histories are this patient's; give one")])
    if mine:
        return mine[0]
    if len(given) == 1:
        return given[0]  # another patient's is refused by the check, with its path
    if any(not isinstance(one.patient, str) for one in given):
        raise InputError([Fault("history.patient", "of several histories each must name its patient")])
    return None


# ---- what a file is ----------------------------------------------------------------------------------------------


def is_table(path: str | os.PathLike[str]) -> bool:
    """Whether a file is Parquet, an Arrow file, or text whose first line has columns."""
    try:
        with open(path, "rb") as file:
            first = next((line for line in file if line.strip()), b"")
    except (OSError, ValueError):
        return False
    text = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text[:4] == b"PAR1" or text[:6] == b"ARROW1" or (text[:1] not in (b"{", b"[", b"") and text[:3] != b"ISA" and _columned(text))


def _columned(line: bytes) -> bool:
    return any(sign in line for sign in (b",", b";", b"\t", b"|"))


def _text(path: str | os.PathLike[str]) -> str:
    try:
        data = Path(path).read_bytes()
    except IsADirectoryError:
        raise InputError([Fault("", "it is a folder, not a file")]) from None
    except FileNotFoundError:
        raise InputError([Fault("", "there is no such file")]) from None
    except (OSError, ValueError) as error:
        raise InputError([Fault("", f"it can't be read: {getattr(error, 'strerror', None) or error}")]) from None
    if data[:4] == b"PAR1":
        raise InputError([Fault("", "a table has no place here; give JSON, JSON lines or FHIR")])
    text = _latin(data) if data.lstrip()[:3] == b"ISA" else decoded(data)
    if not text.strip():
        raise InputError([Fault("", "there is nothing in it")])
    return text


def _latin(data: bytes) -> str:
    """An 837P is ASCII by its standard; senders put Latin-1 names into it all the same."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


@attrs.frozen
class _Part:
    """One record of a JSON file, or why it can't be parsed."""

    place: str
    data: Any
    faults: tuple[Fault, ...] = ()

    @property
    def id(self) -> str | None:
        found = self.data.get("id") if isinstance(self.data, dict) else None
        return found if isinstance(found, str) else None


def _parts(text: str) -> list[_Part]:
    """One record, a list of them, or one a line."""
    if text.lstrip()[0] not in "[{":
        raise InputError([Fault("", _what(text))])
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > 1 and all(line.lstrip().startswith("{") and line.rstrip().endswith("}") for _, line in lines):
        return [_part(f"line {number}", line) for number, line in lines]
    whole = parsed(text)
    if isinstance(whole, list):
        return [_Part(f"[{index}]", one) for index, one in enumerate(whole)]
    return [_Part("", whole)]


def _part(place: str, line: str) -> _Part:
    try:
        return _Part(place, parsed(line))
    except InputError as error:
        return _Part(place, None, error.faults)


def _records(cls: type[T], parts: Iterable[_Part]) -> tuple[tuple[T, ...], tuple[Refusal, ...]]:
    """Read each part of a file; one that can't be read is refused by itself."""
    found: list[T] = []
    refusals: list[Refusal] = []
    for part in parts:
        try:
            if part.faults:
                raise InputError(part.faults)
            found.append(read(cls, part.data))
        except InputError as error:
            refusals.append(Refusal(part.id, part.place, error.faults))
    return tuple(found), tuple(refusals)


def _is_fhir(parts: Iterable[_Part]) -> bool:
    return any(isinstance(part.data, dict) and "resourceType" in part.data for part in parts)


def _fhir(parts: Iterable[_Part], mapping: FhirMapping | TableMapping | None, validate: bool,
          payers: Mapping[str, str] | None = None) -> tuple[Box, FhirMapping]:  # fmt: skip
    """The resources of a file, and the mapping. A line of it that can't be parsed refuses all: what refers to it would be wrong."""
    from .fhir.bundle import box_of
    from .fhir.mapping import FhirMapping

    given = tuple(parts)
    faults = [attrs.evolve(fault, path=f"{part.place}: {fault.path}".removesuffix(": ")) for part in given for fault in part.faults]
    if faults:
        raise InputError(faults)
    box = box_of((part.place, part.data) for part in given)
    if validate:
        from .fhir.validation import check_structure

        check_structure(box)
    if mapping is not None and not isinstance(mapping, FhirMapping):
        raise InputError([Fault("", "the mapping is of a table's columns, and this is FHIR")])
    known = mapping or FhirMapping()
    return box, attrs.evolve(known, payers={**known.payers, **(payers or {})})


def _what(text: str) -> str:
    first = text.lstrip().splitlines()[0]
    if "," in first:
        return "a table has no place here; give JSON, JSON lines or FHIR"
    return "it is neither JSON nor an 837P file"
