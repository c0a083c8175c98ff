"""Claims and histories from files: what a file holds is told by its content, not by its name (interchange.md, Commands)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from .claims import Claim, History, Patient, Person, Session
from .errors import Fault, InputError, Refusal
from .interchange import decoded, parsed, read

if TYPE_CHECKING:
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


def read_claims(path: str | os.PathLike[str], payers: Mapping[str, str] | None = None) -> Claims:
    """Read the claims of a file: JSON (one, or a list), JSON lines, or 837P; `payers` gives payers other names.

    Raises InputError where the file as a whole can't be read. A claim that can't be read is refused by itself.
    """
    text = _text(path)
    if text.lstrip()[:3] == "ISA":
        from .x12 import read_837

        found = read_837(text, payers or {})
        return Claims(found.claims, found.refusals, found.notes)
    claims, refusals = _records(Claim, text)
    return Claims(tuple(_renamed(claim, payers or {}) for claim in claims), refusals)


def _renamed(claim: Claim, payers: Mapping[str, str]) -> Claim:
    if isinstance(claim.payer, str) and claim.payer in payers:
        return attrs.evolve(claim, payer=payers[claim.payer])
    return claim


def read_histories(path: str | os.PathLike[str]) -> tuple[History, ...]:
    """Read the histories of a file: JSON (one, or a list), JSON lines, or an 835, one for a patient.

    Raises InputError with every fault: a history that can't be read would make a claim look clean that is not.
    """
    text = _text(path)
    if text.lstrip()[:3] == "ISA":
        return _from_835(text)
    histories, refusals = _records(History, text)
    if refusals:
        raise _refused(refusals)
    return histories


def _from_835(text: str) -> tuple[History, ...]:
    """A remittance's services as histories; a claim of it that can't be read would be missed, so all is refused."""
    from .remittance import histories_of, read_835

    found = read_835(text)
    if found.refusals:
        raise _refused(found.refusals)
    return histories_of(found)


def read_remittance(path: str | os.PathLike[str]) -> Remittance:
    """Read an 835; raises InputError where the file as a whole can't be read, a claim that can't be read is refused by itself."""
    from .remittance import read_835

    return read_835(_text(path))


def read_sessions(path: str | os.PathLike[str]) -> tuple[Session, ...]:
    """Read the sessions of a file: JSON (one, or a list) or JSON lines.

    Raises InputError with every fault of every session.
    """
    sessions, refusals = _records(Session, _text(path))
    if refusals:
        raise _refused(refusals)
    return sessions


def read_person(path: str | os.PathLike[str]) -> Person:
    """Read whose benefit it is from JSON: a claim's `patient`, `payer`, `plan` and facts; raises InputError with every fault."""
    return read(Person, parsed(_text(path)))


def _refused(refusals: Iterable[Refusal]) -> InputError:
    """Every fault of every record that was refused, each with its place."""
    return InputError(
        Fault(f"{refusal.place}: {fault.path}".strip(": "), fault.message, fault.suggestion) for refusal in refusals for fault in refusal.faults
    )


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
        raise InputError([Fault("", "Parquet is not read yet; give JSON, JSON lines or 837P")])
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


def _records(cls: type[T], text: str) -> tuple[tuple[T, ...], tuple[Refusal, ...]]:
    """Read one record, a list of them, or one a line."""
    if text.lstrip()[0] not in "[{":
        raise InputError([Fault("", _what(text))])
    found: list[T] = []
    refusals: list[Refusal] = []
    for place, work in _parts(text):
        try:
            data = work()
            _refuse_fhir(data)
            found.append(read(cls, data))
        except InputError as error:
            refusals.append(Refusal(_id(work, error), place, error.faults))
    return tuple(found), tuple(refusals)


def _parts(text: str) -> list[tuple[str, Callable[[], Any]]]:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > 1 and all(line.lstrip().startswith("{") and line.rstrip().endswith("}") for _, line in lines):
        return [(f"line {number}", lambda line=line: parsed(line)) for number, line in lines]  # type: ignore[misc]
    whole = parsed(text)
    if isinstance(whole, list):
        return [(f"[{index}]", lambda one=one: one) for index, one in enumerate(whole)]  # type: ignore[misc]
    return [("", lambda: whole)]


def _id(work: Callable[[], Any], error: InputError) -> str | None:
    """The id of a claim that is refused, where it has one that can be read."""
    try:
        data = work()
    except InputError:
        return None
    found = data.get("id") if isinstance(data, dict) else None
    return found if isinstance(found, str) else None


def _refuse_fhir(data: Any) -> None:
    if isinstance(data, dict) and "resourceType" in data:
        raise InputError([Fault("", "FHIR is not read yet; give JSON as interchange.md has it, or 837P")])


def _what(text: str) -> str:
    first = text.lstrip().splitlines()[0]
    if "," in first:
        return "CSV is not read yet; give JSON, JSON lines or 837P"
    return "it is neither JSON nor an 837P file"
