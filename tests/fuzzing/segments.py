"""Edits of 837P and 835 files: segments and elements dropped, doubled, swapped and changed, delimiters changed, files cut off.

The count of segments in SE is set right after an edit in half of the cases, so that what is wrong is the content and not only the count. A file is
refused as a whole, or its claims in are the claims read and those refused (M10); nothing but InputError may be raised.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from random import Random

from cptrules import InputError
from cptrules.remittance import histories_of, read_835
from cptrules.x12 import read_837

from .kind import Kind
from .records import acme

HERE = Path(__file__).parent
ELEMENTS = (
    "", "0", "1", "99", "-1", "1.005", "1e5", "UN", "MJ", "D8", "RD8", "20260230", "20260229", "20260309-20260310", "HC", "HC:97110",
    "HC:97110:GP:GP", "A" * 90, "MB", "12", "18", "11:B:1", "ABK:M5450", "ABK", "97110", "XX", "é",
    "1:2:3:4:5", "12:99", "Y", "QC", "IL", "N", ":::", "  ", "CQ", "GP",
)  # fmt: skip
NEW = (
    "LX*9", "DTP*472*D8*20260305", "CLM*NEW*100***11:B:1*Y*A*Y*Y", "SV1*HC:97110:GP*60*UN*2***1", "HL*9*1*22*0", "NM1*82*1*NEW*NAME****XX*1999999984",
    "REF*G1*A1", "HI*ABK:M5450", "SBR*P*18*******MB", "XYZ*1*2", "SE*9*0001", "ST*837*0002*005010X222A1", "IEA*1*1", "GE*1*1",
    "PRV*PE*PXC*225200000X", "CLP*X*1*10*0**12*ICN", "SVC*HC:97110*10*0**1", "CAS*CO*45*10", "MOA**N362", "", " ", "ISA*00",
)  # fmt: skip
File = tuple[str, str]  # which transaction, its text


@cache
def samples() -> tuple[File, ...]:
    """The sample files: 837P of the docs, 835 beside this file."""
    texts = [("837", path) for path in sorted((HERE.parent.parent / "docs" / "examples" / "837p").glob("*.edi"))]
    texts += [("835", path) for path in sorted((HERE / "samples").glob("*.edi"))]
    return tuple((kind, path.read_text(encoding="utf-8")) for kind, path in texts)


def make(chance: Random) -> File:
    kind, text = chance.choice(samples())
    end, star = text[105], text[3]
    parts = text.split(end)
    for _ in range(chance.randint(1, 3)):
        _edit(parts, star, chance)
    edited = end.join(parts)
    if chance.random() < 0.5:
        edited = _counted(edited, end, star)
    return kind, _as_text(edited, chance) if chance.random() < 0.1 else edited


def _edit(parts: list[str], star: str, chance: Random) -> None:
    """Change one segment, more often one of a claim than one of the envelope."""
    at = chance.randrange(len(parts)) if chance.random() < 0.2 else chance.randrange(min(8, len(parts) - 1), len(parts))
    roll = chance.randrange(8)
    if roll == 0:
        del parts[at]
    elif roll == 1:
        parts.insert(at, parts[at])
    elif roll == 2:
        other = chance.randrange(len(parts))
        parts[at], parts[other] = parts[other], parts[at]
    elif roll == 3:
        parts.insert(at, "\n" + chance.choice(NEW).replace("*", star))
    else:
        _edit_element(parts, at, star, chance)
    if not parts:
        parts.append("")


def _edit_element(parts: list[str], at: int, star: str, chance: Random) -> None:
    elements = parts[at].split(star)
    place = chance.randrange(len(elements))
    roll = chance.randrange(5)
    if roll == 0:
        del elements[place]
    elif roll == 1:
        elements.insert(place, chance.choice(ELEMENTS))
    elif roll == 2 and elements[place]:
        spot = chance.randrange(len(elements[place]))
        elements[place] = elements[place][:spot] + chance.choice("0123456789ABCXYZ :.-") + elements[place][spot + 1 :]
    else:
        elements[place] = chance.choice(ELEMENTS)
    parts[at] = star.join(elements)


def _counted(text: str, end: str, star: str) -> str:
    """Set right the number of segments that each SE states."""
    parts, since = text.split(end), 0
    for at, part in enumerate(parts):
        elements = part.split(star)
        if elements[0].strip() == "ST":
            since = at
        if elements[0].strip() == "SE" and len(elements) > 1:
            elements[1] = str(at - since + 1)
            parts[at] = star.join(elements)
    return end.join(parts)


def _as_text(text: str, chance: Random) -> str:
    at = chance.randrange(len(text) + 1)
    return chance.choice((text[:at], text[:at] + chance.choice("~*:^|\n\r\0 é") + text[at:], text[:at] + text[at + 1 :], text + text, text[at:]))


def judge(case: File) -> str:
    kind, text = case
    try:
        read = read_837(text, {}) if kind == "837" else read_835(text)
    except InputError as error:
        assert error.faults, "refused without a fault"
        return f"{kind} refused whole"
    refusals = len(read.refusals)
    assert all(one.faults for one in read.refusals), "a claim refused without a fault"
    assert len(read.claims) + refusals == _claims_in(text, "CLM" if kind == "837" else "CLP"), "claims in are not claims read and refused"
    if kind == "837":
        for claim in read.claims:
            _judged(claim)
    else:
        histories_of(read)
    return f"{kind} read, some claims refused" if refusals else f"{kind} read"


def _claims_in(text: str, segment: str) -> int:
    """How many claims begin in a file: its segments of that name, with the delimiters that its ISA states."""
    found = 0
    begins = r"(?=ISA([^A-Za-z0-9\s])(?s:.{2}\1.{10}\1.{2}\1.{10}\1))"  # another ISA is a segment like any
    parts = re.split(begins, text.lstrip("\ufeff").lstrip())
    for interchange in parts[::2]:
        if len(interchange) > 105:
            star, end = interchange[3], interchange[105]
            found += sum(part.strip().split(star)[0] == segment for part in interchange.split(end))
    return found


def _judged(claim: object) -> None:
    try:
        acme().check(claim)  # type: ignore[arg-type]
    except InputError as error:
        assert error.faults, "refused without a fault"


def pasted(case: File) -> str:
    kind, text = case
    where = "x12 import read_837" if kind == "837" else "remittance import read_835"
    return f"from cptrules.{where}\nread_{kind}({text!r})\n"


X12 = Kind("x12", "an 837P or 835 is refused whole by InputError, or its claims are all read or refused one by one", make, judge, pasted)
