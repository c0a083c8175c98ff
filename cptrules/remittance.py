"""Remittances (835, guide 005010X221A1): what a payer paid and denied, line by line, as history and as denials to look at.

The segments come from pyx12's reader, envelope and counts checked, like an 837P's. A remittance tells of the claims in it and of no
other, so a history made from it is not complete: what it does not list stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

import attrs

from .claims import UNKNOWN, Claim, History, Provider, Service, ServiceLine
from .errors import Fault, InputError, Refusal
from .x12_segments import PAYMENTS, Segment, segments_of

REVERSAL: Final = "22"
# Adjustments that are no denial: contractual, deductible, coinsurance, copayment, sequestration, multiple procedures, prior payer.
_NO_DENIAL: Final = ("45", "1", "2", "3", "253", "59", "23", "94", "131", "144", "237")


@attrs.frozen
class Adjustment:
    """Why a payer paid less: group and reason (CO-45), and the amount in dollars."""

    carc: str
    amount: Decimal


@attrs.frozen
class PaidLine:
    """One service line of a remittance: what was charged, allowed and paid, and the adjustments with their remarks."""

    code: str
    modifiers: tuple[str, ...]
    date_of_service: date | None
    units: int | None
    charge: Decimal
    paid: Decimal
    allowed: Decimal | None
    adjustments: tuple[Adjustment, ...]
    rarcs: tuple[str, ...]
    control: str = attrs.field(default="", repr=False)

    @property
    def denials(self) -> tuple[Adjustment, ...]:
        """The adjustments that are neither contractual nor the patient's share."""
        return tuple(one for one in self.adjustments if one.carc.partition("-")[2] not in _NO_DENIAL and one.amount > 0)

    @property
    def denied(self) -> bool:
        """Whether nothing was paid or allowed, for a reason that is no share of the patient's."""
        return self.paid == 0 and not self.allowed and bool(self.denials)

    @property
    def balances(self) -> bool:
        """Whether charge less adjustments is what was paid."""
        return self.charge - sum((one.amount for one in self.adjustments), Decimal(0)) == self.paid


@attrs.frozen
class PaidClaim:
    """One claim of a remittance: the payer's answer to it; `status` is CLP02 (1 primary, 4 denied, 22 reversal)."""

    claim: str
    status: str
    charge: Decimal
    paid: Decimal
    patient: str | None = attrs.field(repr=False)
    billing_provider: str | None = attrs.field(repr=False)
    rendering_provider: str | None = attrs.field(repr=False)
    lines: tuple[PaidLine, ...] = ()

    @property
    def reversal(self) -> bool:
        """Whether it takes an earlier payment back."""
        return self.status == REVERSAL


@attrs.frozen
class Remittance:
    """What a remittance held: claims, those that could not be read, and notes. Claims in the file = claims + refusals."""

    payer: str | None
    claims: tuple[PaidClaim, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()

    def standing(self) -> tuple[PaidClaim, ...]:
        """The claims as they stand at the end of the file: a reversal takes its claim back, and goes itself."""
        left: list[PaidClaim] = []
        for one in self.claims:
            if one.reversal:
                left = [earlier for earlier in left if earlier.claim != one.claim]
            else:
                left.append(one)
        return tuple(left)


def read_835(text: str) -> Remittance:
    """Read a remittance; raises InputError where the file as a whole can't be read."""
    blocks, payer = _blocks(segments_of(text, PAYMENTS))
    claims, refusals = [], []
    for block in blocks:
        try:
            claims.append(block.claim())
        except InputError as error:
            refusals.append(Refusal(block.id, block.segments[0].place, error.faults))
    unbalanced = [one.claim for one in claims if any(not line.balances for line in one.lines)]
    notes = [f"charge less adjustments is not what was paid on a line of claim {name}" for name in dict.fromkeys(unbalanced)]
    seen: set[str] = set()
    for one in claims:
        if one.reversal and one.claim not in seen:
            notes.append(f"a reversal takes back claim {one.claim}, whose payment is not in this file")
        seen.add(one.claim)
    return Remittance(payer, tuple(claims), tuple(refusals), tuple(notes))


# ---- loops -------------------------------------------------------------------------------------------------------


@attrs.define
class _Block:
    """The segments of one claim (loop 2100), and who was paid."""

    payee: str | None
    segments: list[Segment] = attrs.field(factory=list)

    @property
    def id(self) -> str | None:
        return self.segments[0].value(1) or None

    def claim(self) -> PaidClaim:
        faults: list[Fault] = []
        head, *rest = self.segments
        first = next((number for number, one in enumerate(rest) if one.id == "SVC"), len(rest))
        own, services = rest[:first], rest[first:]
        claim = PaidClaim(
            head.value(1), head.value(2), _amount(head, 3, faults), _amount(head, 4, faults), _named(own, "QC"), self.payee, _named(own, "82"),
            tuple(_line(group, faults) for group in _services(services)),
        )  # fmt: skip
        if not claim.claim:
            faults.append(Fault(f"{head.place}, CLP01", "the claim has no number"))
        if faults:
            raise InputError(faults)
        return claim


def _blocks(segments: Iterable[Segment]) -> tuple[list[_Block], str | None]:
    found: list[_Block] = []
    payer = payee = None
    inside = False
    for one in segments:
        if one.id == "N1" and one.value(1) == "PR":
            payer = one.value(2) or payer
        elif one.id == "N1" and one.value(1) == "PE":
            payee = one.value(4) or None
        if one.id == "CLP":
            found.append(_Block(payee, [one]))
            inside = True
        elif one.id in ("LX", "PLB", "SE", "ST", "GS"):
            inside = False
        elif inside:
            found[-1].segments.append(one)
    return found, payer


def _named(segments: Iterable[Segment], kind: str) -> str | None:
    return next((one.value(9) or None for one in segments if one.id == "NM1" and one.value(1) == kind), None)


def _services(segments: Iterable[Segment]) -> list[list[Segment]]:
    groups: list[list[Segment]] = []
    for one in segments:
        if one.id == "SVC":
            groups.append([])
        groups[-1].append(one)
    return groups


def _line(group: list[Segment], faults: list[Fault]) -> PaidLine:
    head, rest = group[0], group[1:]
    _, code, *modifiers = [part.strip() for part in head.parts(1)] if len(head.parts(1)) > 1 else ["", "", ""]
    if not re.fullmatch("[0-9A-Z]{5}", code):
        faults.append(Fault(f"{head.place}, SVC01", "there is no procedure code"))
    allowed = next((_amount(one, 2, faults) for one in rest if one.id == "AMT" and one.value(1) == "B6"), None)
    return PaidLine(
        code, tuple(one for one in modifiers[:4] if re.fullmatch("[0-9A-Z]{2}", one)), _day(rest, faults), _units(head, faults),
        _amount(head, 2, faults), _amount(head, 3, faults), allowed,
        tuple(pair for one in rest if one.id == "CAS" for pair in _adjustments(one, faults)),
        tuple(one.value(2) for one in rest if one.id == "LQ" and one.value(1) == "HE"),
        next((one.value(2) for one in rest if one.id == "REF" and one.value(1) == "6R"), ""),
    )  # fmt: skip


def _adjustments(segment: Segment, faults: list[Fault]) -> Iterator[Adjustment]:
    """CAS holds up to six reasons, each with its amount and a quantity."""
    for place in range(2, 20, 3):
        reason = segment.value(place)
        if reason:
            yield Adjustment(f"{segment.value(1)}-{reason}", _amount(segment, place + 1, faults))


def _day(segments: Iterable[Segment], faults: list[Fault]) -> date | None:
    """The date of service: 472, or the first day of a span (150)."""
    for one in segments:
        if one.id == "DTM" and one.value(1) in ("472", "150"):
            text = one.value(2)
            try:
                return date(int(text[:4]), int(text[4:6]), int(text[6:8] if len(text) == 8 else "no"))
            except ValueError:
                faults.append(Fault(f"{one.place}, DTM02", "it is no date of the calendar, as 20260304"))
    return None


def _units(head: Segment, faults: list[Fault]) -> int | None:
    """Units paid (SVC05), for what was not paid the units billed (SVC07); one where neither is written, by the guide."""
    text = head.value(5) or head.value(7) or "1"
    if not re.fullmatch(r"-?[0-9]{1,6}(\.0+)?", text):
        faults.append(Fault(f"{head.place}, SVC05", "it is no whole number of units"))
        return None
    return abs(int(Decimal(text)))


def _amount(segment: Segment, element: int, faults: list[Fault]) -> Decimal:
    text = segment.value(element) or "0"
    if not re.fullmatch(r"-?[0-9]{0,9}(\.[0-9]{1,2})?", text) or text in ("-", "."):
        faults.append(Fault(f"{segment.place}, {segment.id}{element:02}", "it is no amount of money, as 58.20"))
        return Decimal(0)
    return Decimal(text)


# ---- as history, and beside a claim ------------------------------------------------------------------------------


def histories_of(remittance: Remittance) -> tuple[History, ...]:
    """Make of a remittance one history for each patient: services with what was paid; complete it is not."""
    services: dict[str | None, list[Service]] = {}
    for claim in remittance.standing():
        services.setdefault(claim.patient, []).extend(_service(claim, line, number) for number, line in enumerate(claim.lines, 1))
    return tuple(History(patient=patient if patient is not None else UNKNOWN, services=tuple(found)) for patient, found in services.items())


def _service(claim: PaidClaim, line: PaidLine, number: int) -> Service:
    def known(value: Any) -> Any:
        return UNKNOWN if value is None else value

    return Service(
        number=number, code=line.code, modifiers=line.modifiers, units=known(line.units), date_of_service=known(line.date_of_service),
        charge=line.charge, allowed=Decimal(0) if line.denied else known(line.allowed), paid=line.paid, denied=line.denied, claim=claim.claim,
        billing_provider=Provider(npi=known(claim.billing_provider)), rendering_provider=Provider(npi=known(claim.rendering_provider)),
    )  # fmt: skip


@attrs.frozen
class Denial:
    """A denied line of a claim: its number on the claim, and the reason and remark codes of the answer."""

    line: int
    carcs: tuple[str, ...]
    rarcs: tuple[str, ...]


def denials_of(claim: Claim, remittance: Remittance) -> tuple[Denial, ...]:
    """Find the lines of a claim that a remittance denies, in whole or in part; lines are matched by code, date and order."""
    found: list[Denial] = []
    for answer in remittance.standing():
        if answer.claim == claim.id:
            left = list(claim.lines)
            for paid in answer.lines:
                line = next((one for one in left if _same(one, paid)), None)
                if line is not None:
                    left.remove(line)
                    if paid.denials:
                        found.append(Denial(line.number, tuple(one.carc for one in paid.denials), paid.rarcs))
    return tuple(found)


def _same(line: ServiceLine, paid: PaidLine) -> bool:
    modifiers = set(line.modifiers) if isinstance(line.modifiers, tuple) else set()
    return line.code == paid.code and line.date_of_service in (paid.date_of_service, UNKNOWN) and modifiers == set(paid.modifiers)
