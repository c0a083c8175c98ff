"""X12 segments and their envelope: the one module that knows pyx12.

A file whose envelope is wrong is read not at all: nobody could say which claims are gone from it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from .errors import Fault, InputError
from .words import listed


@attrs.frozen
class Segment:
    """One segment: its id, its elements as components, its number in the file (ISA is 1), its line (0: the file has but one)."""

    id: str
    number: int = 0
    line: int = 0
    elements: tuple[tuple[str, ...], ...] = attrs.field(default=(), repr=False)

    def value(self, element: int) -> str:
        """Give an element as text, "" where nothing is written."""
        return ":".join(self.parts(element)).strip()

    def parts(self, element: int) -> tuple[str, ...]:
        """Give the components of an element, () where nothing is written."""
        return self.elements[element - 1] if element <= len(self.elements) else ()

    def part(self, element: int, number: int) -> str:
        """Give one component of an element, "" where nothing is written."""
        parts = self.parts(element)
        return parts[number - 1].strip() if number <= len(parts) else ""

    @property
    def place(self) -> str:
        """Where it stands, as "segment 41 (line 12)"."""
        return f"segment {self.number} (line {self.line})" if self.line else f"segment {self.number}"


# ---- segments: the envelope --------------------------------------------------------------------------------------

_BEFORE: Final = "\ufeff \t\r\n"
_AFTER: Final = " \t\r\n\x00\x1a"  # what editors and old systems leave at the end of a file
_ISA_LENGTH: Final = 106
_ISA_SEPARATORS: Final = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)


@attrs.frozen
class Guide:
    """A kind of X12 file: its transaction set, the guide that GS08 names, and what people call it."""

    set_id: str
    prefix: str
    full: str
    name: str
    what: str


CLAIMS: Final = Guide("837", "005010X222", "005010X222A1", "837P", "claim file")
PAYMENTS: Final = Guide("835", "005010X221", "005010X221A1", "835", "remittance")
_OTHER_GUIDES: Final = {"005010X223": "837I, of institutions", "005010X224": "837D, of dentists", "004010X098": "an 837P of the old version 4010"}
_AROUND: Final[Mapping[str, tuple[str, ...]]] = {"ISA": (), "GS": ("ISA",), "ST": ("ISA", "GS"), "TA1": ("ISA",)}
_CLOSERS: Final = ("SE", "GE", "IEA")
_ENVELOPE_FAULTS: Final = {
    ("isa", "025"): "this interchange's control number (ISA13) stands twice in the file: is it in there twice?",
    ("isa", "024"): "the interchange ends (IEA) before its group does (GE)",
    ("isa", "001"): "its control number (IEA02) is not that of the ISA",
    ("isa", "021"): "its count of groups (IEA01) is wrong: something is missing, or there twice",
    ("gs", "6"): "this group's control number (GS06) stands twice in the interchange: is it in there twice?",
    ("gs", "3"): "the group ends (GE) before its transaction set does (SE)",
    ("gs", "4"): "its control number (GE02) is not that of the GS",
    ("gs", "5"): "its count of transaction sets (GE01) is wrong: something is missing, or there twice",
    ("st", "23"): "this transaction set's control number (ST02) stands twice in the group: is it in there twice?",
    ("st", "3"): "its control number (SE02) is not that of the ST",
    ("st", "4"): "its count of segments (SE01) is wrong, there are {}: something is missing, or there twice",
    ("seg", "HL1"): "the HL segments are not numbered 1, 2, 3 within their transaction set: one is missing, or there twice",
}


def looks_like_837(text: str) -> bool:
    """Whether a text begins as an X12 interchange does, a byte order mark and blanks before it left aside."""
    return text.lstrip(_BEFORE)[:3] == "ISA"


def segments_of(text: str, guide: Guide = CLAIMS) -> tuple[Segment, ...]:
    """Split an X12 file into its segments by the separators that its ISA names, envelopes and counts checked.

    Raises InputError where they are wrong, where the file is cut off, is of another guide, or pyx12 is not installed.
    """
    body = text.lstrip(_BEFORE)
    _check_isa(body)
    lines = _line_numbers(body, body[_ISA_LENGTH - 1], 1 + text[: len(text) - len(body)].count("\n"))
    return tuple(_read(body, lines, guide))


def _check_isa(body: str) -> None:
    """The first 106 characters say how to read all the others."""
    if not body:
        raise InputError([Fault("", "there is nothing in it")])
    if body[:3] != "ISA":
        raise InputError([Fault("segment 1", "it does not begin with ISA: it is no X12 file")])
    if len(body) < _ISA_LENGTH:
        raise InputError([Fault("segment 1 (ISA)", f"the ISA has 106 characters; the file ends after {len(body)}")])
    separators = {body[3], body[104], body[105]}
    if any(body[place] != body[3] for place in _ISA_SEPARATORS) or len(separators) < 3 or any(one.isalnum() for one in separators):
        raise InputError([Fault("segment 1 (ISA)", "the ISA is not 106 characters of fixed width, so its separators can't be told")])
    if body[84:89] != "00501":
        raise InputError([Fault("ISA12 (segment 1)", "the version of the interchange is not 00501")])


def _line_numbers(body: str, end: str, line: int) -> Iterator[int]:
    """The line each segment begins on; 0 where the file is one line, as most senders write it."""
    one_line = "\n" not in body.rstrip()
    for chunk in body.split(end):
        lead = len(chunk) - len(chunk.lstrip("\r\n"))
        yield 0 if one_line else line + chunk.count("\n", 0, lead)
        line += chunk.count("\n") + (end == "\n")


def _read(body: str, lines: Iterator[int], guide: Guide) -> Iterator[Segment]:
    try:
        from pyx12.errors import EngineError, X12Error  # type: ignore[import-untyped]
        from pyx12.x12file import X12Reader  # type: ignore[import-untyped]
    except ImportError:
        raise InputError([Fault("", f"reading {guide.name} needs the x12 extra: pip install 'cptrules[x12]'")]) from None
    source, last = io.StringIO(body), Segment("")
    try:
        reader = X12Reader(source)
        for number, (raw, line) in enumerate(zip(reader, lines, strict=False), 1):
            last = Segment(raw.get_seg_id() or "", number, line, tuple(tuple(part.value for part in e.elements) for e in raw.elements))
            loops = tuple(kind for kind, _ in reader.loops)
            _check_envelope(last, loops, reader.pop_errors(), reader.seg_count + 1, guide)
            yield last
    except (X12Error, EngineError, IndexError):  # pyx12 pops a loop that isn't open, or meets a segment of blanks
        told = "the envelope is out of order here (ISA, GS, ST, SE, GE, IEA), or the segment is blank"
        raise InputError([Fault(f"segment {last.number + 1}, after {shown_id(last)}", told)]) from None
    _check_end(last, tuple(kind for kind, _ in reader.loops), reader.raw.buffer + source.read())


def _check_envelope(segment: Segment, loops: tuple[str, ...], errors: Iterable[tuple[str, ...]], counted: int,
                    guide: Guide) -> None:  # fmt: skip
    """Hold a segment to its place in the envelope; pyx12 counts, and does not ask what stands outside."""
    told = [_ENVELOPE_FAULTS[kind, code].format(counted) for kind, code, *_ in errors if (kind, code) in _ENVELOPE_FAULTS]
    around = loops[:-1] if segment.id in ("ISA", "GS", "ST") else loops
    if segment.id not in _CLOSERS and around != _AROUND.get(segment.id, ("ISA", "GS", "ST")):
        told.append("the envelope has no place for it here: segments stand in ST and SE, those in GS and GE, those in ISA and IEA")
    if segment.id == "GS":
        told.extend(_guide_faults(segment.value(8), "GS08", guide))
    if segment.id == "ST":
        told.extend(_set_faults(segment, guide))
    if told:
        raise InputError(Fault(f"{segment.place}, {shown_id(segment)}", one) for one in told)


def shown_id(segment: Segment) -> str:
    """The id where it is one: of a file that was mangled it could be anything."""
    return segment.id if re.fullmatch("[A-Z][A-Z0-9]{1,2}", segment.id) else "no segment id"


def _set_faults(segment: Segment, guide: Guide) -> Iterator[str]:
    if segment.value(1) != guide.set_id:
        yield f"ST01 is not {guide.set_id}: the file is no {guide.what}, but another kind of X12 transaction"
    elif segment.value(3):  # where ST03 is empty GS08 has said it
        yield from _guide_faults(segment.value(3), "ST03", guide)


def _guide_faults(named: str, element: str, guide: Guide) -> Iterator[str]:
    if not named.startswith(guide.prefix):
        other = _OTHER_GUIDES.get(named[:10])
        yield f"{element} does not name the {guide.name} guide ({guide.full})" + (f": this is {other}" if other else "")


def _check_end(last: Segment, loops: tuple[str, ...], rest: str) -> None:
    """A file that was cut off gives no claims at all: those after the cut would be missed by nobody."""
    if loops:
        missing = [{"ST": "SE", "GS": "GE", "ISA": "IEA"}[kind] for kind in reversed(loops)]
        lacking = f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        why = "an empty segment or a character that ends no segment follows it" if rest.strip(_AFTER) else "nothing follows it"
        raise InputError([Fault(f"{last.place}, {shown_id(last)}", f"the file is cut off after this segment ({why}): {lacking}")])
    if rest.strip(_AFTER):
        raise InputError([Fault(f"{last.place}, {shown_id(last)}", "after this segment there is something that is no whole segment")])
