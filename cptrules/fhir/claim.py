"""Claims from Claim resources. Source: HL7 FHIR R4 4.0.1, Claim."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final, TypeVar

import attrs

from ..claims import Claim
from ..errors import Fault, InputError, Refusal
from ..interchange import read
from .bundle import Box, Entry
from .elements import Element, in_utc, stated
from .mapping import FhirMapping
from .reading import CLAIM_TYPE, Source, money

T = TypeVar("T")
_ORDERS: Final = ("primary", "secondary", "tertiary")
STATUSES: Final = {
    "active": None, "cancelled": "it is cancelled", "draft": "it is a draft", "entered-in-error": "it was entered in error",
}  # fmt: skip
USES: Final = {
    "claim": None, "preauthorization": "it asks for approval (preauthorization) and is no claim",
    "predetermination": "it asks what would be paid (predetermination) and is no claim",
}  # fmt: skip
# What R4 has and Claim has no place for: told where it is there, never lost quietly.
_ASIDE: Final = ("related", "prescription", "referral", "payee", "supportingInfo", "procedure", "accident", "facility")


@attrs.frozen
class ReadClaims:
    """What a file's Claim resources gave: claims + refusals are the Claims in it, always (M10); `notes` is what was taken for granted."""

    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


def claims_of(box: Box, known: FhirMapping) -> ReadClaims:
    """Make a claim of each Claim; one that can't be read is refused by itself.

    Raises InputError where there is no Claim at all.
    """
    source = Source(box, known)
    entries = box.of("Claim")
    if not entries:
        raise InputError([Fault("", f"there is no Claim in it, of which a claim is made; there is {box.kinds()}")])
    claims, refusals = [], []
    notes: list[str] = []
    for entry in entries:
        try:
            claim, told = _claim(entry, source)
        except InputError as error:
            refusals.append(Refusal(_name(entry, source), entry.place, error.faults))
        else:
            claims.append(claim)
            notes.extend(f"claim {claim.id}: {one}" for one in told)
    return ReadClaims(tuple(claims), tuple(refusals), (*_notes(claims, entries, box), *notes))


def _name(entry: Entry, source: Source) -> str | None:
    return source.name_of(entry.element([]))


def _notes(claims: Iterable[Claim], entries: Iterable[Entry], box: Box) -> Iterator[str]:
    days = sorted({str(claim.received) for claim in claims if claim.received})
    if days:
        told = " or ".join(days) if len(days) <= 3 else f"a day from {days[0]} to {days[-1]}"
        yield f"received is taken to be {told}, the day the claim was created (Claim.created)"
    if any(True for entry in entries for _ in in_utc(entry.data)):
        yield "times of the file are in UTC (Z): their day is taken as it is written, and may not be the clinic's"
    if box.partial:
        yield "the file is one page of several: the claims of the others are not in it"


def _claim(entry: Entry, source: Source) -> tuple[Claim, list[str]]:
    faults: list[Fault] = []
    one = entry.element(faults)
    _check_kind(one, source)
    one.raise_faults()
    numbers, codes = source.diagnoses(one)
    cover, others = source.focal(one)
    team, items = one.by_sequence("careTeam"), one.each("item")
    for item in items:
        source.refuse_details(item)
    made = {
        **stated({
            "id": source.name_of(one), "payer": source.payer_of(one, cover), "plan": source.plan(cover),
            "payer_order": _order(one, cover, source), "received": one.day("created"), "claim_kind": _kind(one),
            "patient": source.patient(one, "patient"), "billing_provider": source.provider(one.reference("provider")),
            "authorizations": (cover.texts("preAuthRef") if cover is not None else None) or None,
            "other_payers": [stated({"order": _order(one, other, source)}) for other in others] or None, "diagnoses": codes or None,
        }),
        "lines": [{**source.service(item, one, numbers, team), "modifiers": source.modifiers(item)} for item in items],
        **source.known.extended(one, Claim),
    }  # fmt: skip
    _check_days(items, one, source)
    return made_of(Claim, made, one, ("lines", "Claim.item")), [*_told(one, made)]


def _check_kind(one: Element, source: Source) -> None:
    one.only("status", STATUSES)
    one.only("use", USES)
    kinds = source.codes(one.concept("type"), CLAIM_TYPE)
    if "type" not in one.data:
        one.say("type", "it is missing")
    elif kinds not in (["professional"], ["institutional"]):
        one.say("type", "it is neither a professional nor an institutional claim of HL7's claim types")


def _check_days(items: Iterable[Element], one: Element, source: Source) -> None:
    for item in items:
        if "servicedPeriod" in item.data and "servicedDate" not in item.data and source.day(item, one) is None:
            item.say("servicedPeriod", "it is no single day: a line is judged by its one date of service")


def _kind(one: Element) -> str | None:
    """A claim that names the prior submission it stands for is corrected; else it is not known."""
    for related in one.each("related"):
        concept = related.concept("relationship")
        if concept is not None and any(coding.text("code") == "prior" for coding in concept.each("coding", "Coding")):
            return "corrected"
    return None


def _order(one: Element, cover: Element | None, source: Source) -> str | None:
    """By Coverage.order, else by the sequence among several coverages (R4: it conveys the order of benefits). One coverage alone says nothing."""
    if cover is None:
        return None
    coverage = source.box.find(cover.reference("coverage"))
    rank = coverage.whole("order") if coverage is not None else None
    sequences = sorted(number for other in one.each("insurance") if (number := other.whole("sequence")) is not None)
    if rank is None and len(sequences) > 1 and (own := cover.whole("sequence")) in sequences and len(set(sequences)) == len(sequences):
        rank = sequences.index(own) + 1 if own is not None else None
    return _ORDERS[rank - 1] if rank is not None and rank <= len(_ORDERS) else None


def _told(one: Element, made: dict[str, Any]) -> Iterator[str]:
    if "insurer" not in one.data and made.get("payer"):
        yield "it names no insurer: the payer is that of its coverage (Coverage.payor)"
    aside = [name for name in _ASIDE if name in one.data and not (name == "related" and made.get("claim_kind"))]
    if aside:
        yield f"not taken over, for want of a place in a claim: {', '.join(aside)}"
    total = money(one, "total")
    charges = [line["charge"] for line in made["lines"] if "charge" in line]
    if total is not None and len(charges) == len(made["lines"]) and sum(map(Decimal, charges)) != Decimal(total):
        yield "the charges of its lines do not add up to the claim's (total)"


def made_of(cls: type[T], made: dict[str, Any], one: Element, renamed: tuple[str, str]) -> T:
    """Read a record from what was made of a resource; faults of both together, in the resource's words for its list of lines."""
    own = list(one.faults)
    try:
        found = read(cls, made)
    except InputError as error:
        faults = [attrs.evolve(fault, path=re.sub(f"^{renamed[0]}(?=$|\\[)", renamed[1], fault.path)) for fault in error.faults]
        if own:  # what is missing only because it could not be read is told already
            faults = [fault for fault in faults if "missing" not in fault.message and "needs its date" not in fault.message]
        raise InputError([*own, *faults]) from None
    if own:
        raise InputError(own)
    return found
