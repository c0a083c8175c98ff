"""Remittances (835, guide 005010X221A1): what a payer paid and denied, line by line, as history and as denials to look at.

The segments come from pyx12's reader, envelope and counts checked, like an 837P's. A remittance tells of the claims in it and of no
other, so a history made from it is not complete: what it does not list stays unknown.

Not taken over: provider adjustments (PLB) and claim remarks (MOA), which are of no line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

import attrs

from .adjustments import NO_DENIAL, is_denied
from .claims import UNKNOWN, Claim, History, Provider, Service, ServiceLine
from .errors import Fault, InputError, Refusal
from .x12_segments import PAYMENTS, Segment, segments_of

REVERSAL: Final = "22"
DENIED: Final = "4"
# CLP02 of answers that tell of no service paid for: sent on to another payer, what a claim would pay.
_NO_SERVICE: Final = {"23": "it is not this payer's claim, and was sent on", "25": "it says what would be paid, and pays nothing"}


@attrs.frozen
class Adjustment:
    """Why a payer paid less: group and reason (CO-45), and the amount in dollars."""

    carc: str
    amount: Decimal


@attrs.frozen
class PaidLine:
    """One service line of a remittance: what was charged, allowed and paid, and the adjustments with their remarks.

    `submitted` is the code of the claim (SVC06), where the payer changed it; `units` None where the answer does not say. `of_claim` are the
    adjustments of the claim as a whole.
    """

    code: str
    submitted: str
    modifiers: tuple[str, ...]
    date_of_service: date | None
    units: int | None
    charge: Decimal
    paid: Decimal
    allowed: Decimal | None
    adjustments: tuple[Adjustment, ...]
    rarcs: tuple[str, ...]
    control: str = attrs.field(default="", repr=False)
    of_claim: tuple[Adjustment, ...] = ()

    @property
    def denials(self) -> tuple[Adjustment, ...]:
        """The adjustments that are neither contractual nor the patient's share; the claim's own too, where nothing was paid for the line."""
        own = (*self.adjustments, *(() if self.paid else self.of_claim))
        return tuple(one for one in own if one.carc.partition("-")[2] not in NO_DENIAL and one.amount > 0)

    @property
    def denied(self) -> bool | None:
        """Whether nothing was paid or allowed, for a reason that is no share of the patient's; None where no reason is given."""
        return is_denied(self.paid, self.allowed, (one.carc for one in self.denials))

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
    adjustments: tuple[Adjustment, ...] = ()
    name: str = attrs.field(default="", repr=False)

    @property
    def balances(self) -> bool:
        """Whether charge less adjustments is what was paid: on each line, or where the claim has adjustments of its own for it as a whole."""
        if not self.adjustments:
            return all(line.balances for line in self.lines)
        own = (*self.adjustments, *(one for line in self.lines for one in line.adjustments))
        return self.charge - sum((one.amount for one in own), Decimal(0)) == self.paid

    @property
    def reversal(self) -> bool:
        """Whether it takes an earlier payment back."""
        return self.status == REVERSAL

    def taken_back_by(self, other: PaidClaim) -> bool:
        """Whether a reversal takes this payment back: the same claim, the same amounts with the other sign."""
        return self.claim == other.claim and (self.charge, self.paid) == (-other.charge, -other.paid)


@attrs.frozen
class Remittance:
    """What a remittance held: claims, those that could not be read, and notes. Claims in the file = claims + refusals."""

    payer: str | None
    claims: tuple[PaidClaim, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()

    def standing(self) -> tuple[PaidClaim, ...]:
        """The claims as they stand at the end of the file: a reversal takes back the payment of its amounts, and goes itself.

        A payment of other amounts under the same number is the correction, whichever comes first. What tells of no service is left out.
        """
        left: list[PaidClaim] = []
        for one in self.claims:
            if one.reversal:
                back = next((earlier for earlier in left if earlier.taken_back_by(one)), None)
                left = [earlier for earlier in left if earlier is not back]
            elif one.status not in _NO_SERVICE:
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
    return Remittance(payer, tuple(claims), tuple(refusals), tuple(_notes(claims)))


def _notes(claims: list[PaidClaim]) -> Iterator[str]:
    """What does not add up, and what is left out of a history with the reason."""
    for name in dict.fromkeys(one.claim for one in claims if not one.balances):
        yield f"charge less adjustments is not what was paid on claim {name}"
    for index, one in enumerate(claims):
        if one.reversal and not any(earlier.taken_back_by(one) for earlier in claims[:index]):
            yield f"a reversal takes back claim {one.claim}, whose payment is not in this file before it"
        if one.status in _NO_SERVICE:
            yield f"claim {one.claim} is left out: {_NO_SERVICE[one.status]}"
        elif not one.reversal and not one.lines:
            yield f"claim {one.claim} is answered without its lines: which services it had is not known"
    if len({one.name for one in claims if one.patient}) > len({one.patient for one in claims if one.patient}):
        yield "patients of different names have one member id: whose id it is can't be told, so that none of their histories names its patient"


# ---- loops -------------------------------------------------------------------------------------------------------


@attrs.define
class _Block:
    """The segments of one claim (loop 2100), and who was paid."""

    payee: str | None
    currency: str = ""
    segments: list[Segment] = attrs.field(factory=list)

    @property
    def id(self) -> str | None:
        return self.segments[0].value(1) or None

    def claim(self) -> PaidClaim:
        faults: list[Fault] = []
        head, *rest = self.segments
        first = next((number for number, one in enumerate(rest) if one.id == "SVC"), len(rest))
        own, services = rest[:first], rest[first:]
        adjustments = tuple(pair for one in own if one.id == "CAS" for pair in _adjustments(one, faults))
        day = _day(own, "232", "233", faults)
        who = next((one for one in own if one.id == "NM1" and one.value(1) == "QC"), None)
        claim = PaidClaim(
            head.value(1), head.value(2), _amount(head, 3, faults), _amount(head, 4, faults), _named(own, "QC"), self.payee, _named(own, "82"),
            tuple(_line(group, day, adjustments, faults) for group in _services(services)), adjustments,
            " ".join(who.value(part) for part in (3, 4, 5, 7)).upper() if who is not None else "",
        )  # fmt: skip
        if self.currency not in ("", "USD"):
            faults.append(Fault(f"{head.place}, CUR02", "the amounts are not in dollars (USD)"))
        if not claim.claim:
            faults.append(Fault(f"{head.place}, CLP01", "the claim has no number"))
        if faults:
            raise InputError(faults)
        return claim


def _blocks(segments: Iterable[Segment]) -> tuple[list[_Block], str | None]:
    found: list[_Block] = []
    payer = payee = None
    currency, inside = "", False
    for one in segments:
        if one.id == "ST":
            currency, payee = "", None
        elif one.id == "CUR":
            currency = one.value(2)
        if one.id == "N1" and one.value(1) == "PR":
            payer = one.value(2) or payer
        elif one.id == "N1" and one.value(1) == "PE":
            payee = one.value(4) or None
        if one.id == "CLP":
            found.append(_Block(payee, currency, [one]))
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


def _line(group: list[Segment], day: date | None, of_claim: tuple[Adjustment, ...], faults: list[Fault]) -> PaidLine:
    head, rest = group[0], group[1:]
    code, modifiers = _code(head, 1, faults), tuple(text for number in range(3, 7) if (text := head.part(1, number)))
    if any(not re.fullmatch("[0-9A-Z]{2}", one) for one in modifiers):
        faults.append(Fault(f"{head.place}, SVC01", "it holds something that is no modifier: two digits or capitals, as GP or 59"))
    allowed = next((_amount(one, 2, faults) for one in rest if one.id == "AMT" and one.value(1) == "B6"), None)
    return PaidLine(
        code, _code(head, 6, faults) if head.value(6) else code, modifiers, _day(rest, "150", "151", faults) or day, _units(head, faults),
        _amount(head, 2, faults), _amount(head, 3, faults), allowed,
        tuple(pair for one in rest if one.id == "CAS" for pair in _adjustments(one, faults)),
        tuple(one.value(2) for one in rest if one.id == "LQ" and one.value(1) == "HE"),
        next((one.value(2) for one in rest if one.id == "REF" and one.value(1) == "6R"), ""), of_claim,
    )  # fmt: skip


def _adjustments(segment: Segment, faults: list[Fault]) -> Iterator[Adjustment]:
    """CAS holds up to six reasons, each with its amount and a quantity."""
    for place in range(2, 20, 3):
        reason = segment.value(place)
        if reason:
            yield Adjustment(f"{segment.value(1)}-{reason}", _amount(segment, place + 1, faults))


def _code(head: Segment, element: int, faults: list[Fault]) -> str:
    """A procedure code; of another code set (revenue, drug, dental) it is none."""
    kind, code = head.part(element, 1), head.part(element, 2)
    if kind != "HC" or not re.fullmatch("[0-9A-Z]{5}", code):
        faults.append(Fault(f"{head.place}, SVC{element:02}", "there is no procedure code of CPT or HCPCS (HC) in it"))
    return code


def _day(segments: list[Segment], first: str, last: str, faults: list[Fault]) -> date | None:
    """The date of service (472), or the one day that a span begins and ends on; a longer span does not say which day."""
    days: dict[str, date | None] = {}
    for one in segments:
        if one.id == "DTM" and one.value(1) in ("472", first, last):
            days[one.value(1)] = _calendar(one, faults)
    if "472" in days:
        return days["472"]
    start = days.get(first)
    return start if days.get(last, start) == start else None


def _calendar(segment: Segment, faults: list[Fault]) -> date | None:
    text = segment.value(2)
    try:
        if not re.fullmatch("[0-9]{8}", text):
            raise ValueError
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        faults.append(Fault(f"{segment.place}, DTM02", "it is no date of the calendar, as 20260304"))
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
    services: dict[tuple[str | None, str], list[Service]] = {}
    for claim in remittance.standing():
        services.setdefault((claim.patient, claim.name), []).extend(_service(claim, line, number) for number, line in enumerate(claim.lines, 1))
    ids = [patient for patient, _ in services]
    return tuple(
        History(patient=patient if patient is not None and ids.count(patient) == 1 else UNKNOWN, services=tuple(found))
        for (patient, _), found in services.items()
    )


def _service(claim: PaidClaim, line: PaidLine, number: int) -> Service:
    def known(value: Any) -> Any:
        return UNKNOWN if value is None else value

    return Service(
        number=number, code=line.code, modifiers=line.modifiers, units=known(line.units), date_of_service=known(line.date_of_service),
        charge=line.charge, allowed=Decimal(0) if line.denied else known(line.allowed), paid=line.paid, denied=known(line.denied), claim=claim.claim,
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
    return line.code == paid.submitted and line.date_of_service in (paid.date_of_service, UNKNOWN) and modifiers == set(paid.modifiers)
