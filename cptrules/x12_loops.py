"""Which loop of an 837P a segment belongs to, and the neutral records of its claims: codes, dates and amounts are still text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from .claims import Frozen
from .errors import Fault
from .x12_segments import Segment, shown_id

# ---- records -----------------------------------------------------------------------------------------------------


@attrs.frozen
class Dated:
    """A DTP: which date it is (472 is the service's), its format (D8, RD8), and the date as written."""

    qualifier: str
    format: str
    value: str = attrs.field(repr=False)


@attrs.frozen
class Provider837:
    """A provider as written; `person` is false for an organisation."""

    npi: str = attrs.field(default="", repr=False)
    taxonomy: str = ""
    person: bool = False


@attrs.frozen
class Other837:
    """Another payer (loop 2320): its order (SBR01), its id, and the dates of loop 2330B (573 is its decision)."""

    order: str
    payer: str
    dates: tuple[Dated, ...] = ()


@attrs.frozen(kw_only=True)
class Line837:
    """A service line (loop 2400) as written; "" and () where nothing is. `decisions` are payer id (SVD01) and date 573."""

    path: str
    places: Mapping[str, int] = attrs.field(repr=False)
    number: str = ""
    code_set: str = ""
    code: str = ""
    modifiers: tuple[str, ...] = ()
    charge: str = ""
    unit: str = ""
    quantity: str = ""
    place: str = ""
    pointers: tuple[str, ...] = ()
    dates: tuple[Dated, ...] = ()
    authorizations: tuple[str, ...] = attrs.field(default=(), repr=False)
    control: str = attrs.field(default="", repr=False)
    rendering: Provider837 | None = None
    decisions: tuple[tuple[str, Dated], ...] = ()


@attrs.frozen(kw_only=True)
class Claim837:
    """A claim (loop 2300) with what it has from its subscriber, patient and billing provider, as written; `faults` are of its structure."""

    path: str
    place_in_file: str
    places: Mapping[str, int] = attrs.field(repr=False)
    id: str = ""
    charge: str = ""
    place: str = ""
    place_set: str = ""
    frequency: str = ""
    causes: tuple[str, ...] = ()
    diagnoses: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    references: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    dates: tuple[Dated, ...] = ()
    attachments: tuple[tuple[str, str, str], ...] = attrs.field(default=(), repr=False)
    rendering: Provider837 | None = None
    referring: Provider837 | None = None
    lines: tuple[Line837, ...] = ()
    others: tuple[Other837, ...] = ()
    payer: str = ""
    filing: str = ""
    plan: str = ""
    order: str = ""
    member: str = attrs.field(default="", repr=False)
    dependent: bool = False
    patient: str = attrs.field(default="", repr=False)
    birth: tuple[str, str] = attrs.field(default=("", ""), repr=False)
    sex: str = attrs.field(default="", repr=False)
    injury_number: str = attrs.field(default="", repr=False)
    billing: Provider837 = Provider837()
    made: str = ""
    faults: tuple[Fault, ...] = ()


# ---- segments into claims: the loop tracker ----------------------------------------------------------------------

# What NM101 opens, by the loop it stands in (guide 005010X222A1).
_NAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "2000A": {"85": "2010AA", "87": "2010AB", "PE": "2010AC"},
    "2000B": {"IL": "2010BA", "PR": "2010BB"},
    "2000C": {"QC": "2010CA"},
    "2300": {"DN": "2310A", "P3": "2310A", "82": "2310B", "77": "2310C", "DQ": "2310D", "PW": "2310E", "45": "2310F"},
    "2320": {"IL": "2330A", "PR": "2330B", "DN": "2330C", "P3": "2330C", "82": "2330D", "77": "2330E", "DQ": "2330F", "85": "2330G"},
    "2400": {"82": "2420A", "QB": "2420B", "77": "2420C", "DQ": "2420D", "DK": "2420E", "DN": "2420F", "P3": "2420F", "PW": "2420G", "45": "2420H"},
}  # fmt: skip
_OUTER: Final = {**{inner: outer for outer, named in _NAMED.items() for inner in named.values()}, "2410": "2400", "2430": "2400", "2440": "2400"}
_OPENS: Final = {  # a segment that begins a loop, and the loops it may follow
    "SBR": ("2320", ("2300", "2320")), "LX": ("2400", ("2300", "2320", "2400")),
    "LIN": ("2410", ("2400",)), "SVD": ("2430", ("2400",)), "LQ": ("2440", ("2400",)),
}  # fmt: skip
_LEVELS: Final = {"20": ("2000A", None), "22": ("2000B", "20"), "23": ("2000C", "22")}  # HL03: its loop, its parent's HL03
_PERSONS: Final = "N3 N4 DMG REF PER"
_PROVIDERS: Final = "N3 N4 PRV REF PER"
_HOLDS: Final[Mapping[str, frozenset[str]]] = {
    loop: frozenset(held.split())
    for loop, held in {
        "2000A": "PRV CUR", "2000B": "SBR PAT", "2000C": "PAT",
        "2300": "DTP PWK CN1 AMT REF K3 NTE CR1 CR2 CRC HI HCP", "2320": "CAS AMT OI MOA",
        "2400": "SV1 SV5 PWK CR1 CR3 CRC DTP QTY MEA CN1 REF AMT K3 NTE PS1 HCP",
        "2410": "CTP REF", "2430": "CAS DTP AMT", "2440": "FRM",
        **dict.fromkeys(("2010AA", "2010AB", "2010AC", "2010BB"), "N3 N4 REF PER"), **dict.fromkeys(("2010BA", "2010CA"), _PERSONS),
        **dict.fromkeys((loop for outer in ("2300", "2400") for loop in _NAMED[outer].values()), _PROVIDERS),
        **dict.fromkeys(_NAMED["2320"].values(), "N3 N4 DTP REF"),
    }.items()
}  # fmt: skip
_CLAIM_REFERENCES: Final = ("G1", "9F", "F8", "6R")  # of a claim or a line, never of one of its providers
_OF_A_LEVEL: Final = ("DMG", "PAT", "SBR", "CUR")
LONGEST_ID: Final = 38  # CLM01 in the guide
_NOTHING: Final = Segment("")


class _Level:
    """One HL with its segments; what is wrong with it is wrong with every claim below it."""

    def __init__(self, segment: Segment, parent: _Level | None) -> None:
        self.kind, self.parent, self.path = segment.value(3), parent, f"HL (segment {segment.number})"
        self.astray = False
        self.loop = _LEVELS[self.kind][0] if self.kind in _LEVELS else ""
        self.placed: list[tuple[str, Segment]] = []
        self.faults: list[Fault] = []
        wanted = _LEVELS[self.kind][1] if self.kind in _LEVELS else ""
        if wanted == "":
            self.faults.append(Fault(self.path, "HL03 is none of 20 (billing provider), 22 (subscriber), 23 (patient)"))
        elif (parent.kind if parent else None) != wanted:
            self.faults.append(Fault(self.path, f"its parent (HL02) is not {f'an HL {wanted}' if wanted else 'empty'}"))

    def chain(self) -> list[_Level]:
        """The levels from this one up to the billing provider."""
        return [self, *(self.parent.chain() if self.parent else [])]

    def find(self, kind: str) -> _Level | None:
        """The level of a kind, this one or one above."""
        return next((level for level in self.chain() if level.kind == kind), None)


class _Open:
    """A claim while its segments come in."""

    def __init__(self, segment: Segment, number: int, level: _Level | None, made: Segment) -> None:
        self.id = segment.value(1) if segment.value(1).isprintable() and len(segment.value(1)) <= LONGEST_ID else ""
        self.path = f"CLM {number}" + (f" ({self.id})" if self.id else "")
        self.segment, self.level, self.made, self.astray = segment, level, made, False
        self.placed: list[tuple[str, Segment]] = [("2300", segment)]
        self.faults: list[Fault] = []


def claims_of(segments: Iterable[Segment]) -> Iterator[Claim837]:
    """Give the claims of segments, each as a record of what is written; a CLM gives one always, whatever is wrong with it."""
    tracker = _Tracker()
    for segment in segments:
        done = tracker.open if segment.id in ("ST", "HL", "CLM", "SE") else None
        tracker.take(segment)
        if done is not None:
            yield _record(done)
    if tracker.open is not None:
        yield _record(tracker.open)


class _Tracker:
    """Which level, claim and loop the next segment belongs to."""

    def __init__(self) -> None:
        self.made = _NOTHING  # the BHT
        self.levels: dict[str, _Level] = {}
        self.level: _Level | None = None
        self.open: _Open | None = None
        self.loop, self.claims = "", 0

    def take(self, segment: Segment) -> None:
        """Move on by one segment."""
        match segment.id:
            case "ST":
                self.made, self.levels, self.level, self.open, self.loop = _NOTHING, {}, None, None, ""
            case "SE" | "GE" | "IEA":
                self.level, self.open, self.loop = None, None, ""
            case "HL":
                self._enter(segment)
            case "CLM":
                self.claims += 1
                self.open, self.loop = _Open(segment, self.claims, self.level, self.made), "2300"
            case "BHT" if self.level is None and self.open is None:
                self.made = segment
            case _:
                self._put(segment)

    def _enter(self, segment: Segment) -> None:
        self.level = _Level(segment, self.levels.get(segment.value(2)))
        self.levels[segment.value(1)] = self.level
        self.open, self.loop = None, self.level.loop

    def _put(self, segment: Segment) -> None:
        """Give a segment to its claim or level; what stands outside both is the file's header."""
        owner = self.open or self.level
        if owner is None:
            return
        loop = _loop_after(self.loop, segment)
        if loop is None:
            self._misplaced(segment, owner)
        else:
            self.loop = loop
            owner.placed.append((loop, segment))

    def _misplaced(self, segment: Segment, owner: _Open | _Level) -> None:
        if not self.loop:
            return  # an HL of no known kind, which was told
        place = f"{shown_id(segment)} (segment {segment.number})"
        if not owner.astray:  # what follows the first one that is out of place goes astray with it
            owner.astray = True
            owner.faults.append(Fault(f"{owner.path}, {place}", f"a segment of this kind has no place in loop {self.loop}"))
        if isinstance(owner, _Open) and self.level is not None and not self.level.astray and _of_a_level(segment):
            self.level.astray = True
            told = "after a claim it begins another provider or person, and no HL stands before it: whose are the claims that follow?"
            self.level.faults.append(Fault(place, told))


def _of_a_level(segment: Segment) -> bool:
    """Whether a segment is a billing provider's, a subscriber's or a patient's: in a claim it tells that an HL is missing."""
    persons = [named for outer in ("2000A", "2000B", "2000C") for named in _NAMED[outer]]
    is_billing = segment.id == "PRV" and segment.value(1) == "BI"
    return segment.id in _OF_A_LEVEL or is_billing or (segment.id == "NM1" and segment.value(1) in persons)


def _loop_after(loop: str, segment: Segment) -> str | None:
    """The loop that a segment belongs to, standing after one of another; None where it has no place there."""
    outer = _OUTER.get(loop, loop)
    if segment.id == "NM1":
        return _NAMED.get(outer, {}).get(segment.value(1))
    if segment.id in _OPENS and outer in _OPENS[segment.id][1]:
        return _OPENS[segment.id][0]
    if segment.id not in _HOLDS.get(loop, ()):
        return None
    of_provider = loop[:3] in ("231", "242") and segment.id == "REF"
    return None if of_provider and segment.value(1) in _CLAIM_REFERENCES else loop


# ---- segments into claims: the records ---------------------------------------------------------------------------


class _Part:
    """The placed segments of a claim, a line or a level; asked for one of a kind, it tells of a second."""

    def __init__(self, path: str, placed: Sequence[tuple[str, Segment]], faults: list[Fault]) -> None:
        self.path, self.placed, self.faults = path, placed, faults

    def every(self, loop: str, name: str, qualifier: str = "") -> list[Segment]:
        """The segments of a name in a loop, with a qualifier as their first element where one is given."""
        return [s for where, s in self.placed if where == loop and s.id == name and qualifier in ("", s.value(1))]

    def one(self, loop: str, name: str, qualifier: str = "", needed: str = "") -> Segment:
        """The only such segment; `needed` says what is missing without it."""
        found = self.every(loop, name, qualifier)
        shown = f"{name}*{qualifier}" if qualifier else name
        if len(found) > 1:
            self.faults.append(Fault(f"{self.path}, {shown} (segment {found[1].number})", f"a second {shown} in loop {loop}: which one holds?"))
        if not found and needed:
            self.faults.append(Fault(self.path, f"{needed} is missing: no {shown} in loop {loop}"))
        return found[0] if found else _NOTHING

    def provider(self, name: Segment, detail: Segment) -> Provider837 | None:
        """A provider of an NM1 and its PRV."""
        if name is _NOTHING:
            return None
        npi = name.value(9) if name.value(8) == "XX" else ""
        return Provider837(npi, detail.value(3) if detail.value(2) == "PXC" else "", name.value(2) == "1")

    def places(self) -> Mapping[str, int]:
        """The number of the first segment of each name, and of each DTP."""
        found = {}
        for _, segment in reversed(self.placed):
            found[segment.id] = segment.number
            if segment.id == "DTP":
                found[f"DTP*{segment.value(1)}"] = segment.number
        return Frozen(found)


def _record(claim: _Open) -> Claim837:
    """Everything a claim says, and what it has from the levels above it."""
    faults = claim.faults
    own, lines, others = _split(claim)
    part = _Part(claim.path, own, faults)
    record = Claim837(
        path=claim.path, place_in_file=claim.segment.place, places=Frozen({**part.places(), "BHT": claim.made.number}),
        id=claim.id, made=claim.made.value(4),
        lines=tuple(_line(f"{claim.path}, LX {_shown_number(line[0][1])}", line, faults) for line in lines),
        others=tuple(_other(claim.path, other, faults) for other in others),
    )  # fmt: skip
    record = _with_levels(_with_own(record, part, claim.segment), claim.level, faults)
    return attrs.evolve(record, faults=tuple(dict.fromkeys(faults)))


def _split(claim: _Open) -> tuple[list[tuple[str, Segment]], list[list[tuple[str, Segment]]], list[list[tuple[str, Segment]]]]:
    """The claim's own segments, its lines and its other payers."""
    own: list[tuple[str, Segment]] = []
    lines: list[list[tuple[str, Segment]]] = []
    others: list[list[tuple[str, Segment]]] = []
    current = own
    for loop, segment in claim.placed:
        if segment.id in ("LX", "SBR"):
            current = []
            (lines if segment.id == "LX" else others).append(current)
        current.append((loop, segment))
    return own, lines, others


def _with_own(record: Claim837, part: _Part, clm: Segment) -> Claim837:
    return attrs.evolve(
        record, charge=clm.value(2), place=clm.part(5, 1), place_set=clm.part(5, 2), frequency=clm.part(5, 3),
        causes=tuple(code.strip() for code in clm.parts(11)[:3] if code.strip()),
        diagnoses=tuple(_diagnoses(part.every("2300", "HI"))),
        references=tuple((s.value(1), s.value(2)) for s in part.every("2300", "REF")),
        dates=_dates(part.every("2300", "DTP")),
        attachments=tuple((s.value(1), s.value(2), s.value(6)) for s in part.every("2300", "PWK")),
        rendering=part.provider(part.one("2310B", "NM1"), part.one("2310B", "PRV")),
        referring=part.provider(next(iter(part.every("2310A", "NM1", "DN")), _NOTHING), _NOTHING),
    )  # fmt: skip


def _diagnoses(segments: Iterable[Segment]) -> Iterator[tuple[str, str]]:
    """Qualifier and code of every HI element that holds a diagnosis; other HI (BP, BG ...) hold other things."""
    for segment in segments:
        for element in range(1, len(segment.elements) + 1):
            if segment.part(element, 1) in ("ABK", "ABF", "BK", "BF"):
                yield segment.part(element, 1), segment.part(element, 2)


def _dates(segments: Iterable[Segment]) -> tuple[Dated, ...]:
    return tuple(Dated(s.value(1), s.value(2), s.value(3)) for s in segments)


def _shown_number(segment: Segment) -> str:
    number = segment.value(1)
    return number if re.fullmatch("[0-9]{1,6}", number) else "?"


def _line(path: str, placed: list[tuple[str, Segment]], faults: list[Fault]) -> Line837:
    part = _Part(path, placed, faults)
    service = part.one("2400", "SV1", needed="the service")
    part.one("2400", "DTP", "472", needed="the date of service")
    return Line837(
        path=path, places=part.places(), number=placed[0][1].value(1),
        code_set=service.part(1, 1), code=service.part(1, 2),
        modifiers=tuple(one for one in (service.part(1, n) for n in range(3, 7)) if one),
        charge=service.value(2), unit=service.value(3), quantity=service.value(4), place=service.value(5),
        pointers=tuple(one.strip() for one in service.parts(7) if one.strip()),
        dates=_dates(part.every("2400", "DTP")),
        authorizations=tuple(s.value(2) for s in part.every("2400", "REF", "G1") if s.value(2) and s.part(4, 1) != "2U"),  # 2U: another payer's
        control=part.one("2400", "REF", "6R").value(2),
        rendering=part.provider(part.one("2420A", "NM1"), part.one("2420A", "PRV")),
        decisions=tuple(_decisions(placed)),
    )  # fmt: skip


def _decisions(placed: Iterable[tuple[str, Segment]]) -> Iterator[tuple[str, Dated]]:
    payer = ""
    for loop, segment in placed:
        if segment.id == "SVD":
            payer = segment.value(1)
        elif loop == "2430" and segment.id == "DTP" and segment.value(1) == "573":
            yield payer, _dates([segment])[0]


def _other(path: str, placed: list[tuple[str, Segment]], faults: list[Fault]) -> Other837:
    part = _Part(path, placed, faults)
    return Other837(placed[0][1].value(1), part.one("2330B", "NM1").value(9), _dates(part.every("2330B", "DTP", "573")))


def _with_levels(record: Claim837, level: _Level | None, faults: list[Fault]) -> Claim837:
    """Add what a claim has from patient, subscriber and billing provider; and what is wrong with those."""
    if level is None:
        faults.append(Fault(record.path, "no HL stands before it: whose claim is it?"))
        return record
    faults.extend(fault for one in level.chain() for fault in one.faults)
    subscriber, biller = level.find("22"), level.find("20")
    if subscriber is None or biller is None:
        faults.append(Fault(record.path, "it does not stand below a subscriber (HL 22) of a billing provider (HL 20)"))
        return record
    record = _with_subscriber(record, _Part(record.path, subscriber.placed, faults))
    record = _with_patient(record, level, _Part(record.path, level.placed, faults))
    part = _Part(record.path, biller.placed, faults)
    name = part.one("2010AA", "NM1", needed="the billing provider")
    return attrs.evolve(record, billing=part.provider(name, part.one("2000A", "PRV")) or Provider837())


def _with_subscriber(record: Claim837, part: _Part) -> Claim837:
    insurance = part.one("2000B", "SBR", needed="the insurance")
    member = part.one("2010BA", "NM1", needed="the subscriber")
    payer = part.one("2010BB", "NM1", needed="the payer")
    return attrs.evolve(
        record, order=insurance.value(1), plan=insurance.value(3), filing=insurance.value(9), payer=payer.value(9), member=member.value(9)
    )


def _with_patient(record: Claim837, level: _Level, part: _Part) -> Claim837:
    """Birth date, sex, injury; a dependent has an id of their own only by REF 1W: the member id is the subscriber's."""
    dependent = level.kind == "23"
    loop = "2010CA" if dependent else "2010BA"
    if dependent:
        part.one(loop, "NM1", needed="the patient")
    person, injury = part.one(loop, "DMG"), part.one(loop, "REF", "Y4")
    own = part.one(loop, "REF", "1W").value(2) if dependent else record.member
    return attrs.evolve(
        record, dependent=dependent, patient=own, birth=(person.value(1), person.value(2)), sex=person.value(3), injury_number=injury.value(2),
        places=Frozen({**record.places, "DMG": person.number}),
    )  # fmt: skip
