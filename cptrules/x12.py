"""837P (005010X222A1) in: X12 segments, the neutral records of their claims, and from those `Claim` (interchange.md, "From 837P").

Three steps, each behind one function, so that another segment reader can take pyx12's place: `segments_of` (the only one that
knows pyx12), `claims_of` (which loop a segment belongs to), `claim_of` (what interchange.md makes of it).

A file whose envelope is wrong is read not at all: nobody could say which claims are gone from it. A claim that is wrong is refused
by itself. A segment that no loop of a claim holds refuses the claim; where it belongs to a billing provider or a subscriber an HL
must be missing, and the claims after it, up to the next HL, are refused too: they may be another person's.

Not taken over, for want of a place: related causes (CLM11) and the dates 431, 439 and 454 (events and facts of a history), referrals
(REF 9F), amounts paid by others (SVD, CAS, AMT), attachments. `Claim837` has the first four as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import attrs

from .claims import UNKNOWN, Claim, OtherPayer, Patient, Provider, ServiceLine, Texts, Unknown
from .errors import Fault, InputError, Refusal
from .x12_loops import LONGEST_ID, Claim837, Line837, Other837, Provider837, claims_of
from .x12_segments import looks_like_837 as looks_like_837
from .x12_segments import segments_of


@attrs.frozen
class Read837:
    """What an 837P held: claims + refusals are its CLM segments, always (M10); `notes` is what was taken for granted."""

    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


def read_837(text: str, payers: Mapping[str, str] | None = None, name: str = "") -> Read837:
    """Read the claims of an 837P; `payers` gives payers other names by their id, `name` goes before every place.

    Raises InputError where the envelope is wrong or the file is cut off: then no claim of it is given. A claim that can't be read is
    refused by itself.
    """
    try:
        records = tuple(claims_of(segments_of(text)))
        if not records:
            raise InputError([Fault("", "there is no claim (CLM) in it")])
    except InputError as error:
        raise InputError(attrs.evolve(fault, path=_named(name, fault.path)) for fault in error.faults) from None
    claims, refusals, unbalanced = [], [], []
    for record in records:
        try:
            claims.append(claim_of(record, payers))
        except InputError as error:
            refusals.append(Refusal(record.id or None, _named(name, record.place_in_file), error.faults))
        else:
            unbalanced.extend([record.id] if _unbalanced(record, claims[-1]) else [])
    return Read837(tuple(claims), tuple(refusals), tuple(_named(name, note) for note in _notes(claims, unbalanced)))


def _named(name: str, text: str) -> str:
    return ": ".join(part for part in (name, text) if part)


def _notes(claims: Sequence[Claim], unbalanced: Sequence[str]) -> Iterator[str]:
    days = sorted({claim.received for claim in claims if isinstance(claim.received, date)})
    if days:
        told = " or ".join(str(day) for day in days) if len(days) <= 3 else f"a day from {days[0]} to {days[-1]}"
        yield f"received is taken to be {told}, the date the file was made (BHT04)"
    if any(isinstance(claim.patient, Patient) and claim.patient.id is UNKNOWN for claim in claims):
        yield "a patient who is not the subscriber has no id of their own in an 837P: the patient's id is unknown there"
    for claim in unbalanced:
        yield f"claim {claim}: the charges of its lines do not add up to the claim's (CLM02)"


# ---- records into claims -----------------------------------------------------------------------------------------

# Roles by taxonomy (the provider code set of NUCC): how the code begins, longest first.
_TAXONOMIES: Final[Mapping[str, str]] = {
    "2251": "PT", "2252": "PTA", "225X": "OT", "224Z": "OTA", "235Z": "SLP", "2355S0801X": "SLPA",
    "204C": "physician", "204D": "physician", "207": "physician", "208": "physician",
    "363L": "nurse_practitioner", "363A": "physician_assistant", "111N": "chiropractor", "213E": "podiatrist", "152W": "optometrist",
    "1223": "dentist", "103T": "psychologist", "231H": "audiologist", "1711": "acupuncturist", "2257": "massage_therapist",
    "3902": "student",
}  # fmt: skip
_ORDERS: Final = {"P": "primary", "S": "secondary", "T": "tertiary"}
_KINDS: Final = {"1": "first", "6": "corrected", "7": "corrected"}
_MEDICARE_B: Final = "MB"


def role_of(taxonomy: str) -> str | None:
    """Give the role that a taxonomy code stands for, None where it is none of interchange.md's.

    Source: the Health Care Provider Taxonomy of NUCC; the X12 data element is PRV03.
    """
    if not re.fullmatch("[0-9A-Z]{9}X", taxonomy):
        return None
    return next((role for start, role in _TAXONOMIES.items() if taxonomy.startswith(start)), None)


class _Faults:
    """Collects what is wrong with a claim or a line, each with its path; a value that is wrong is UNKNOWN for the time being."""

    def __init__(self, path: str, places: Mapping[str, int], faults: list[Fault]) -> None:
        self.path, self.places, self.faults = path, places, faults

    def say(self, element: str, message: str) -> Unknown:
        """Note a fault of an element, as SV104 or HI."""
        number = self.places.get(element if element in self.places else element[: 3 if element[:3] in self.places else 2])
        place = f" (segment {number})" if number else ""
        self.faults.append(Fault(f"{self.path}, {element}{place}", message))
        return UNKNOWN


def claim_of(record: Claim837, payers: Mapping[str, str] | None = None) -> Claim:
    """Make a claim of what an 837P says of it; `payers` gives payers other names by their id.

    Raises InputError with every fault of the claim and its place. Source: interchange.md, "From 837P".
    """
    faults = list(record.faults)
    at = _Faults(record.path, record.places, faults)
    if not record.id:
        at.say("CLM01", f"the claim has no id of at most {LONGEST_ID} printable characters")
    claim = Claim(
        id=_text(record.id), payer=_payer(record, payers or {}), plan=_text(record.plan), payer_order=_ORDERS.get(record.order, UNKNOWN),
        claim_kind=_kind(record.frequency, at), received=_day("D8", record.made, "BHT04", at) if record.made else UNKNOWN,
        place_of_service=_claim_place(record, at), diagnoses=tuple(_diagnosis(*one, at) for one in record.diagnoses),
        patient=_patient(record, at), billing_provider=Provider(npi=_text(record.billing.npi), taxonomy=_text(record.billing.taxonomy)),
        injury_number=_text(record.injury_number), authorizations=_authorizations(record),
        other_payers=tuple(_other_payer(other, record, at) for other in record.others) or UNKNOWN,
        lines=tuple(_service_line(line, record, _Faults(line.path, line.places, faults)) for line in record.lines),
    )  # fmt: skip
    _check_lines(record, claim, at)
    if faults:
        raise InputError(faults)
    return claim


def _check_lines(record: Claim837, claim: Claim, at: _Faults) -> None:
    """What shows only when the lines are seen together."""
    _money(record.charge, "CLM02", at)
    if not claim.lines:
        at.say("LX", "the claim has no service line")
    numbers = [line.number for line in claim.lines]
    for index, line in enumerate(claim.lines):
        if line.number and line.number in numbers[:index]:
            twice = record.lines[index]
            _Faults(twice.path, twice.places, at.faults).say("LX01", f"line number {line.number} stands twice in the claim")


def _unbalanced(record: Claim837, claim: Claim) -> bool:
    """Whether the charges of the lines do not come to the claim's: a line may be gone; no rule looks at the sum, so it is told only."""
    charges = [line.charge for line in claim.lines if isinstance(line.charge, Decimal)]
    return sum(charges) != Decimal(record.charge)


def _service_line(line: Line837, record: Claim837, at: _Faults) -> ServiceLine:
    amount = _quantity(line, at)
    return ServiceLine(
        number=_line_number(line, at), code=_code(line, at), modifiers=tuple(_modifier(one, at) for one in line.modifiers),
        units=amount if line.unit == "UN" else UNKNOWN, minutes=amount if line.unit == "MJ" else UNKNOWN,
        charge=_money(line.charge, "SV102", at), date_of_service=_service_day(line, at),
        place_of_service=_place(line.place, "SV105", at), diagnosis_pointers=_pointers(line, len(record.diagnoses), at),
        rendering_provider=_rendering(line.rendering or record.rendering or record.billing),
        authorizations=line.authorizations or UNKNOWN,
    )  # fmt: skip


def _rendering(provider: Provider837) -> Provider:
    """Who gave the service: the line's, else the claim's, else the billing provider. Only a person has a role; a clinic has none."""
    role = role_of(provider.taxonomy) if provider.person else None
    return Provider(npi=_text(provider.npi), taxonomy=_text(provider.taxonomy), role=role or UNKNOWN)


def _payer(record: Claim837, payers: Mapping[str, str]) -> str | Unknown:
    if record.payer in payers:
        return payers[record.payer]
    found = "MEDICARE_B" if record.filing == _MEDICARE_B else _text(record.payer)
    return payers.get(found, found) if isinstance(found, str) else found


def _patient(record: Claim837, at: _Faults) -> Patient:
    form, born = record.birth
    day = UNKNOWN if not born else _calendar(born) if form == "D8" else None
    if day is None:  # never shown: it is the patient's
        day = at.say("DMG02", "the birth date is no date (D8) of the calendar")
    return Patient(id=_text(record.patient), birth_date=day, sex=record.sex if record.sex in ("F", "M") else UNKNOWN)


def _authorizations(record: Claim837) -> Texts:
    """REF G1; none written is unknown, for a payer may have it on file all the same."""
    return tuple(dict.fromkeys(number for kind, number in record.references if kind == "G1" and number)) or UNKNOWN


def _other_payer(other: Other837, record: Claim837, at: _Faults) -> OtherPayer:
    """Its order, and the last day it decided: for the claim (2330B), or for lines (2430)."""
    of_lines = [when for line in record.lines for payer, when in line.decisions if payer == other.payer]
    days = [_day(when.format, when.value, "DTP*573", at) for when in (*other.dates, *of_lines)]
    known = [day for day in days if isinstance(day, date)]
    return OtherPayer(order=_ORDERS.get(other.order, UNKNOWN), decided=max(known) if known else UNKNOWN)


def _kind(frequency: str, at: _Faults) -> str | Unknown:
    if frequency == "8":
        return at.say("CLM05-3", "frequency 8 voids a claim sent before: there is nothing to judge")
    if frequency and frequency not in _KINDS:
        return at.say("CLM05-3", f"{_quoted(frequency)} is no frequency of a professional claim: 1, 6, 7 or 8")
    return _KINDS.get(frequency, UNKNOWN)


def _claim_place(record: Claim837, at: _Faults) -> str | Unknown:
    if record.place_set not in ("", "B"):
        return at.say("CLM05-2", f"{_quoted(record.place_set)} is not B: CLM05-1 is no place of service")
    return _place(record.place, "CLM05-1", at)


# ---- values ------------------------------------------------------------------------------------------------------


def _text(value: str) -> str | Unknown:
    return value or UNKNOWN


def _quoted(value: str) -> str:
    """A code as it is written; anything that could be a name or a member's id is not repeated."""
    if re.fullmatch(r"[0-9A-Za-z.-]{1,8}", value) and (len(value) <= 3 or re.search("[0-9]", value)):
        return f'"{value}"'
    return "what is written"


def _calendar(text: str) -> date | None:
    if not re.fullmatch("[0-9]{8}", text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _day(form: str, text: str, element: str, at: _Faults) -> date | Unknown:
    """D8, or RD8 from a day to the same day."""
    if not text:
        return at.say(element, "the date is missing")
    first, _, last = text.partition("-") if form == "RD8" else (text, "", text)
    days = _calendar(first), _calendar(last)
    if form not in ("D8", "RD8") or None in days:
        return at.say(element, f"{_quoted(text)} is no date of the calendar in the form {'20260304-20260304' if form == 'RD8' else '20260304'}")
    if days[0] != days[1]:
        return at.say(element, f"it is a span, {days[0]} to {days[1]}: a line is judged by its one date of service")
    return days[0] or UNKNOWN


def _service_day(line: Line837, at: _Faults) -> date | Unknown:
    found = [one for one in line.dates if one.qualifier == "472"]
    return _day(found[0].format, found[0].value, "DTP*472", at) if found else UNKNOWN  # a missing one was told by the tracker


def _money(text: str, element: str, at: _Faults) -> Decimal | Unknown:
    if not text:
        return UNKNOWN if element == "SV102" and "SV1" not in at.places else at.say(element, "the amount is missing")
    if not re.fullmatch(r"(?=\.?[0-9])[0-9]{0,9}(\.[0-9]{0,2})?", text):
        return at.say(element, f"{_quoted(text)} is no amount, as 57.50")
    return Decimal(text)


def _quantity(line: Line837, at: _Faults) -> int | Unknown:
    if "SV1" not in line.places:
        return UNKNOWN  # told by the tracker
    if line.unit not in ("UN", "MJ"):
        at.say("SV103", f"{_quoted(line.unit) if line.unit else 'nothing'} is neither UN (units) nor MJ (minutes)")
    if not line.quantity:
        return at.say("SV104", "the number of units is missing")
    if not re.fullmatch(r"[0-9]{1,9}(\.0*)?", line.quantity):
        return at.say("SV104", f"{_quoted(line.quantity)} is no whole number")
    return int(line.quantity.partition(".")[0])


def _line_number(line: Line837, at: _Faults) -> int:
    if not re.fullmatch("[0-9]{1,6}", line.number) or int(line.number) == 0:
        at.say("LX01", "the line has no number" if not line.number else f"{_quoted(line.number)} is no line number")
        return 0
    return int(line.number)


def _code(line: Line837, at: _Faults) -> str:
    if "SV1" not in line.places:
        return line.code  # told by the tracker
    if line.code_set != "HC":
        at.say("SV101-1", f"{_quoted(line.code_set) if line.code_set else 'nothing'} is not HC: SV101-2 is no CPT or HCPCS code")
    if not line.code:
        at.say("SV101-2", "the procedure code is missing")
    elif not re.fullmatch("[0-9A-Z]{5}", line.code):
        at.say("SV101-2", f"{_quoted(line.code)} is not a procedure code: five digits and capitals, as 97110 or G0283")
    return line.code


def _modifier(text: str, at: _Faults) -> str:
    if not re.fullmatch("[0-9A-Z]{2}", text):
        at.say("SV101", f"{_quoted(text)} is not a modifier: two digits or capitals, as GP or 59")
    return text


def _place(text: str, element: str, at: _Faults) -> str | Unknown:
    if text and not re.fullmatch("[0-9]{2}", text):
        return at.say(element, f"{_quoted(text)} is not a place of service: two digits, as 11")
    return _text(text)


def _diagnosis(qualifier: str, code: str, at: _Faults) -> str:
    """A diagnosis with the dot that X12 leaves out."""
    dotted = f"{code[:3]}.{code[3:]}" if len(code) > 3 and "." not in code else code
    if qualifier in ("BK", "BF"):
        at.say("HI", f"{qualifier} is ICD-9; diagnoses are read in ICD-10 (ABK, ABF)")
    elif not re.fullmatch(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?", dotted):
        at.say("HI", f"{_quoted(code)} is not a diagnosis, as M5450")
    return dotted


def _pointers(line: Line837, diagnoses: int, at: _Faults) -> tuple[int, ...]:
    found = []
    for index, text in enumerate(line.pointers, 1):
        if not re.fullmatch("[0-9]{1,2}", text) or int(text) == 0:
            at.say(f"SV107-{index}", f"{_quoted(text)} is no number of a diagnosis")
        elif int(text) > diagnoses:
            at.say(f"SV107-{index}", f"it points to diagnosis {int(text)} of {diagnoses}")
        else:
            found.append(int(text))
    return tuple(found)
