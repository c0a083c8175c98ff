"""Claims from an 837P file (ASC X12N 005010X222A1): pyx12 reads segments and envelope, a short loop tracker makes claims of them.

What the file says of the claim is taken as interchange.md has it ("From 837P"). Minutes, contact, allowed amounts and approvals
are not in an 837P and stay unknown. An authorization number (REF G1) names an authorization; its record is asked for.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import attrs

from .claims import Claim
from .errors import Fault, InputError, Refusal
from .interchange import read

PROFESSIONAL: Final = "005010X222"
_OTHER_FILES: Final = {
    "835": "a remittance (835)", "277": "a claim status (277)", "270": "an eligibility question (270)", "271": "an eligibility answer (271)",
}  # fmt: skip
_ORDERS: Final = {"P": "primary", "S": "secondary", "T": "tertiary"}
_KINDS: Final = {"1": "first", "6": "corrected", "7": "corrected"}
# Roles by the beginning of the provider taxonomy code (NUCC), the longest that fits.
ROLES: Final[Mapping[str, str]] = {
    "2251": "PT", "225100000X": "PT", "225200000X": "PTA", "225X": "OT", "224Z": "OTA", "235Z": "SLP", "2355S0801X": "SLPA",
    "207": "physician", "208": "physician", "363L": "nurse_practitioner", "363A": "physician_assistant", "111N": "chiropractor",
    "213E": "podiatrist", "152W": "optometrist", "1223": "dentist", "122300000X": "dentist", "103T": "psychologist",
    "231H": "audiologist", "171100000X": "acupuncturist", "225700000X": "massage_therapist",
}  # fmt: skip


@attrs.frozen
class Segment:
    """One segment: its number in the file from 1, its name, and its elements, each a tuple of components."""

    number: int
    name: str
    elements: tuple[tuple[str, ...], ...]

    def value(self, element: int, component: int = 1) -> str:
        """A component of an element, both counted from 1; empty where it is not there."""
        if not 0 < element <= len(self.elements):
            return ""
        parts = self.elements[element - 1]
        return parts[component - 1] if 0 < component <= len(parts) else ""

    def values(self, element: int) -> tuple[str, ...]:
        """All components of an element that are not empty."""
        return tuple(part for part in self.elements[element - 1] if part) if 0 < element <= len(self.elements) else ()


@attrs.define
class Line837:
    """A service line (loop 2400) as the file has it: codes, dates and amounts are still text."""

    segment: int
    number: str
    code: str = ""
    modifiers: tuple[str, ...] = ()
    charge: str = ""
    measure: str = ""
    quantity: str = ""
    place_of_service: str = ""
    pointers: tuple[str, ...] = ()
    date: str = ""
    authorization: str = ""
    reference: str = ""
    rendering: tuple[str, str] = ("", "")


@attrs.define
class Claim837:
    """A claim (loop 2300) with what it takes from the loops around it: codes, dates and amounts are still text."""

    segment: int
    id: str
    charge: str = ""
    place_of_service: str = ""
    frequency: str = ""
    diagnoses: tuple[str, ...] = ()
    authorization: str = ""
    referral: str = ""
    original: str = ""
    dates: dict[str, str] = attrs.field(factory=dict)
    attachments: list[tuple[str, str, str]] = attrs.field(factory=list)
    rendering: tuple[str, str] = ("", "")
    referring: str = ""
    order: str = ""
    plan: str = ""
    filing: str = ""
    payer: str = ""
    member: str = ""
    property_claim: str = ""
    dependent: bool = False
    patient: str = ""
    birth_date: str = ""
    sex: str = ""
    billing: tuple[str, str] = ("", "")
    received: str = ""
    others: list[tuple[str, str]] = attrs.field(factory=list)
    lines: list[Line837] = attrs.field(factory=list)


@attrs.frozen
class Read837:
    """The claims of a file, those that were refused, and what was taken for granted: claims in = claims + refusals."""

    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...]


def read_837(text: str, payers: Mapping[str, str] | None = None) -> Read837:
    """Read the claims of an 837P; `payers` gives payers (NM109 of loop 2010BB) other names.

    Raises InputError where the file as a whole can't be trusted: not X12, not an 837P, cut off, or with counts that do not fit.
    """
    found = list(claims_of(segments_of(text)))
    if not found:
        raise InputError([Fault("", "the file holds no claim (CLM segment)")])
    claims: list[Claim] = []
    refusals: list[Refusal] = []
    for one in found:
        try:
            claims.append(_claim(one, payers or {}))
        except InputError as error:
            refusals.append(Refusal(one.id or None, f"segment {one.segment} (CLM)", error.faults))
    return Read837(tuple(claims), tuple(refusals), tuple(_notes(found)))


def _notes(found: Iterable[Claim837]) -> Iterator[str]:
    days = sorted({day for one in found if (day := _iso(one.received))})
    if days:
        yield f"received is taken to be {' or '.join(days)}, when the file was made (BHT04)"
    for one in found:
        charges = [_amount(line.charge) for line in one.lines]
        if one.charge and None not in charges and _amount(one.charge) not in (None, sum(filter(None, charges), Decimal(0))):
            yield f"claim {one.id}: the charges of its lines do not add up to the claim's (CLM02)"


# ---- segments ----------------------------------------------------------------------------------------------------


def segments_of(text: str) -> list[Segment]:
    """Read the segments of an X12 file; raises InputError with what is wrong with it as a whole."""
    try:
        from pyx12.errors import X12Error  # type: ignore[import-untyped]
        from pyx12.x12file import X12Reader  # type: ignore[import-untyped]
    except ImportError:
        raise InputError([Fault("", "reading 837P needs the x12 extra: pip install 'cptrules[x12]'")]) from None
    try:
        reader = X12Reader(io.StringIO(text.lstrip("\ufeff \t\r\n")))
        found = [_segment(number, raw) for number, raw in enumerate(reader, 1)]
        reader.cleanup()
        errors = reader.pop_errors()
    except (X12Error, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError([Fault("", f"it is not an X12 file that can be read: {str(error)[:80] or 'its header is broken'}")]) from None
    _refuse_others(found)
    if errors:
        last = f"the last segment is {found[-1].name}, number {found[-1].number}" if found else "there is no segment"
        told = dict.fromkeys(str(error[2]) for error in errors)
        raise InputError([Fault("", f"the file is cut off or miscounted: {message}; {last}") for message in told])
    return found


def _segment(number: int, raw: Any) -> Segment:
    return Segment(number, raw.get_seg_id(), tuple(tuple(part.get_value() for part in element.elements) for element in raw.elements))


def _refuse_others(found: list[Segment]) -> None:
    """Only the professional claim is read: an institutional one has other fields under the same names."""
    for segment in found:
        kind = segment.value(1)
        if segment.name == "ST" and kind != "837":
            raise InputError([Fault(f"segment {segment.number}", f"this is {_OTHER_FILES.get(kind, f'a transaction {kind}')}, not claims (837P)")])
        version = segment.value(8) if segment.name == "GS" else ""
        if version and not version.startswith(PROFESSIONAL):
            raise InputError([Fault(f"segment {segment.number}", f"its version is {version[:20]}, not that of an 837P ({PROFESSIONAL}A1)")])
    if not any(segment.name == "ST" for segment in found):
        raise InputError([Fault("", "the file holds no transaction set (ST segment)")])


# ---- from segments to claims -------------------------------------------------------------------------------------


def claims_of(segments: Iterable[Segment]) -> Iterator[Claim837]:
    """Make claims of segments: one for each CLM, whatever else is wrong with it."""
    tracker = _Tracker()
    for segment in segments:
        done = tracker.take(segment)
        if done is not None:
            yield done
    if tracker.claim is not None:
        yield tracker.claim


@attrs.define
class _Tracker:
    """Where in the loops the reading stands, and what the loops around a claim have said."""

    received: str = ""
    billing: tuple[str, str] = ("", "")
    subscriber: dict[str, str] = attrs.field(factory=dict)
    dependent: dict[str, str] | None = None
    claim: Claim837 | None = None
    line: Line837 | None = None
    other: bool = False  # in the loops of another payer (2320, 2330, 2430)
    person: str = ""  # the entity of the last NM1

    def take(self, segment: Segment) -> Claim837 | None:
        """Take one segment; gives the claim that it ends."""
        if segment.name in ("ST", "HL", "CLM", "SE"):
            done, self.claim, self.line, self.other = self.claim, None, None, False
            self._outside(segment) if segment.name != "CLM" else self._begin(segment)
            return done
        if self.claim is None:
            self._outside(segment)
        elif segment.name in ("SBR", "SVD"):
            self._another_payer(segment)
        elif segment.name == "LX":
            self.other = False
            self.line = Line837(segment.number, segment.value(1))
            self.claim.lines.append(self.line)
        elif self.other:
            self._of_another_payer(segment)
        elif self.line is not None:
            self._in_line(segment, self.line)
        else:
            self._in_claim(segment, self.claim)
        return None

    # ---- around the claim ------------------------------------------------------------------------------------

    def _outside(self, segment: Segment) -> None:
        match segment.name:
            case "ST":
                self.received, self.billing, self.subscriber, self.dependent = "", ("", ""), {}, None
            case "BHT":
                self.received = segment.value(4)
            case "HL":
                self._level(segment.value(3))
            case "PRV" if segment.value(1) == "BI":
                self.billing = (self.billing[0], segment.value(3))
            case "SBR":
                self.subscriber |= {"order": segment.value(1), "plan": segment.value(3), "filing": segment.value(9)}
            case "NM1":
                self._party(segment)
            case "DMG":
                who = self.dependent if self.person == "QC" and self.dependent is not None else self.subscriber
                who |= {"birth_date": segment.value(2), "sex": segment.value(3)}
            case "REF" if segment.value(1) == "Y4":
                self.subscriber["property_claim"] = segment.value(2)
            case _:
                pass

    def _level(self, level: str) -> None:
        self.person = ""
        if level == "20":
            self.billing, self.subscriber, self.dependent = ("", ""), {}, None
        elif level == "22":
            self.subscriber, self.dependent = {}, None
        elif level == "23":
            self.dependent = {}

    def _party(self, segment: Segment) -> None:
        self.person = segment.value(1)
        if self.person == "85":
            self.billing = (segment.value(9), self.billing[1])
        elif self.person in ("IL", "PR"):
            self.subscriber["member" if self.person == "IL" else "payer"] = segment.value(9)
        elif self.person == "QC" and self.dependent is not None:
            self.dependent["patient"] = segment.value(9)

    def _begin(self, segment: Segment) -> None:
        person = self.subscriber if self.dependent is None else self.dependent
        who = self.subscriber
        self.claim = Claim837(
            segment.number, segment.value(1), segment.value(2), segment.value(5, 1), segment.value(5, 3),
            dependent=self.dependent is not None, billing=self.billing, received=self.received,
            patient=person.get("patient", "") if self.dependent is not None else who.get("member", ""),
            birth_date=person.get("birth_date", ""), sex=person.get("sex", ""), order=who.get("order", ""), plan=who.get("plan", ""),
            filing=who.get("filing", ""), payer=who.get("payer", ""), member=who.get("member", ""),
            property_claim=who.get("property_claim", ""),
        )  # fmt: skip
        self.person = ""

    # ---- in the claim and its lines --------------------------------------------------------------------------

    def _in_claim(self, segment: Segment, claim: Claim837) -> None:
        match segment.name:
            case "DTP":
                claim.dates[segment.value(1)] = segment.value(3)
            case "PWK":
                claim.attachments.append((segment.value(1), segment.value(2), segment.value(6)))
            case "REF":
                name = {"G1": "authorization", "9F": "referral", "F8": "original"}.get(segment.value(1))
                if name is not None:
                    setattr(claim, name, segment.value(2))
            case "HI":
                found = [segment.value(n, 2) for n in range(1, len(segment.elements) + 1) if segment.value(n) in ("ABK", "ABF", "BK", "BF")]
                claim.diagnoses += tuple(found)
            case "NM1":
                self.person = segment.value(1)
                if self.person == "82":
                    claim.rendering = (segment.value(9), "")
                elif self.person == "DN":
                    claim.referring = segment.value(9)
            case "PRV" if self.person == "82":
                claim.rendering = (claim.rendering[0], segment.value(3))
            case _:
                pass

    def _in_line(self, segment: Segment, line: Line837) -> None:
        match segment.name:
            case "SV1":
                line.code = segment.value(1, 2) if segment.value(1) == "HC" else ""
                line.modifiers = tuple(m for m in (segment.value(1, n) for n in range(3, 7)) if m)
                line.charge, line.measure, line.quantity = segment.value(2), segment.value(3), segment.value(4)
                line.place_of_service, line.pointers = segment.value(5), segment.values(7)
            case "DTP" if segment.value(1) == "472":
                line.date = segment.value(3)
            case "REF" if segment.value(1) in ("G1", "6R"):
                setattr(line, "authorization" if segment.value(1) == "G1" else "reference", segment.value(2))
            case "NM1":
                self.person = segment.value(1)
                if self.person == "82":
                    line.rendering = (segment.value(9), "")
            case "PRV" if self.person == "82":
                line.rendering = (line.rendering[0], segment.value(3))
            case _:
                pass

    def _another_payer(self, segment: Segment) -> None:
        self.other = True
        if segment.name == "SBR" and self.claim is not None:
            self.claim.others.append((segment.value(1), ""))

    def _of_another_payer(self, segment: Segment) -> None:
        """Of another payer's decision only its date is kept (DTP 573, of the claim or a line)."""
        if segment.name == "DTP" and segment.value(1) == "573" and self.claim is not None and len(self.claim.others) == 1:
            order, _ = self.claim.others[0]
            self.claim.others[0] = (order, segment.value(3))


# ---- to the claim of interchange.md ------------------------------------------------------------------------------


def _claim(found: Claim837, payers: Mapping[str, str]) -> Claim:
    """Map a claim of the file to ours; raises InputError with every fault."""
    if found.frequency == "8":
        raise InputError([Fault("CLM05-3", "it voids an earlier claim (frequency 8): there is nothing to judge")])
    data: dict[str, Any] = {
        "id": found.id, "payer": payers.get(found.payer) or ("MEDICARE_B" if found.filing == "MB" else found.payer),
        "plan": found.plan, "payer_order": _ORDERS.get(found.order), "claim_kind": _KINDS.get(found.frequency),
        "received": _iso(found.received), "place_of_service": found.place_of_service,
        "patient": _given({"id": found.patient, "birth_date": _iso(found.birth_date), "sex": found.sex}),
        "billing_provider": _provider(found.billing), "injury_number": found.property_claim,
        "authorizations": [found.authorization] if found.authorization else None,
        "other_payers": [_given({"order": _ORDERS.get(order), "decided": _iso(day)}) for order, day in found.others] or None,
        "lines": [_line(line, found) for line in found.lines],
    }  # fmt: skip
    data = _given(data)
    data["diagnoses"] = [_dotted(code) for code in found.diagnoses]
    try:
        return read(Claim, data)
    except InputError as error:
        raise InputError(_placed(fault, found) for fault in error.faults) from None


def _given(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says; what it leaves empty is not known."""
    return {key: value for key, value in data.items() if value not in (None, "", {})}


def _line(line: Line837, claim: Claim837) -> dict[str, Any]:
    rendering = next((one for one in (line.rendering, claim.rendering, claim.billing) if one[0]), ("", ""))
    quantity = _whole(line.quantity)
    data: dict[str, Any] = {
        "number": _whole(line.number), "code": line.code, "charge": _money(line.charge), "date_of_service": _day_of(line.date),
        "units": quantity if line.measure != "MJ" else None, "minutes": quantity if line.measure == "MJ" else None,
        "place_of_service": line.place_of_service, "rendering_provider": _provider(rendering),
        "authorizations": [line.authorization] if line.authorization else None,
        "diagnosis_pointers": [_whole(pointer) for pointer in line.pointers] or None,
    }  # fmt: skip
    return {**_given(data), "modifiers": list(line.modifiers)}


def _provider(party: tuple[str, str]) -> dict[str, Any]:
    npi, taxonomy = party
    return _given({"npi": npi, "taxonomy": taxonomy, "role": role_of(taxonomy)})


def role_of(taxonomy: str) -> str | None:
    """The role that a provider taxonomy code stands for, None where it stands for none we know."""
    fitting = [start for start in ROLES if taxonomy.startswith(start)]
    return ROLES[max(fitting, key=len)] if fitting else None


def _iso(text: str) -> str | None:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch(r"[0-9]{8}", text) else (text or None)


def _day_of(text: str) -> str | None:
    """The date of a line: one day, or a span that begins and ends on it."""
    first, _, last = text.partition("-")
    return _iso(first) if not last or first == last else text


def _whole(text: str) -> int | str | None:
    """A whole number, also where it is written 2.0; anything else is left for the fault."""
    match = re.fullmatch(r"([0-9]{1,12})(\.0*)?", text)
    return int(match.group(1)) if match else (_amount(text) or text or None)  # type: ignore[return-value]


def _amount(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _money(text: str) -> str | None:
    found = _amount(text)
    return format(found, "f") if found is not None else (text or None)


def _dotted(code: str) -> str:
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 and "." not in code else code


def _placed(fault: Fault, found: Claim837) -> Fault:
    """Say at which segment a fault stands."""
    match = re.match(r"lines\[(\d+)\]", fault.path)
    if match is None:
        return fault
    line = found.lines[int(match.group(1))]
    return attrs.evolve(fault, path=f"{fault.path} (LX {line.number}, segment {line.segment})")
