"""Elements of FHIR resources, asked for by name and type; whatever is not as R4 has it is a fault with its path.

Source: HL7 FHIR R4 4.0.1, the resources' and data types' structure definitions; JSON by its page "JSON Representation of Resources".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from ..diagnostics import nearest
from ..errors import Fault, InputError

# The elements of what is read; another name is a mistake, and what it means to say would be lost.
_ITEM: Final = (
    "adjudication bodySite careTeamSequence category detail diagnosisSequence encounter factor informationSequence locationAddress "
    "locationCodeableConcept locationReference modifier net noteNumber procedureSequence productOrService programCode quantity revenue "
    "sequence servicedDate servicedPeriod subSite udi unitPrice"
)
_CARE_TEAM: Final = "provider qualification responsible role sequence"
_DIAGNOSIS: Final = "diagnosisCodeableConcept diagnosisReference onAdmission packageCode sequence type"
ELEMENTS: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset(names.split())
    for kind, names in {
        "Claim": "accident billablePeriod careTeam created diagnosis enterer facility fundsReserve identifier insurance insurer item "
        "originalPrescription patient payee prescription priority procedure provider referral related status subType supportingInfo total "
        "type use",
        "Claim.item": _ITEM.replace("adjudication ", "").replace("noteNumber ", ""),
        "Claim.careTeam": _CARE_TEAM,
        "Claim.diagnosis": _DIAGNOSIS,
        "Claim.insurance": "businessArrangement claimResponse coverage focal identifier preAuthRef sequence",
        "Claim.related": "claim reference relationship",
        "ExplanationOfBenefit": "accident addItem adjudication benefitBalance benefitPeriod billablePeriod careTeam claim claimResponse "
        "created diagnosis disposition enterer facility form formCode fundsReserve fundsReserveRequested identifier insurance insurer item "
        "originalPrescription outcome patient payee payment preAuthRef preAuthRefPeriod precedence prescription priority procedure "
        "processNote provider referral related status subType supportingInfo total type use",
        "ExplanationOfBenefit.item": _ITEM,
        "ExplanationOfBenefit.item.adjudication": "amount category reason value",
        "ExplanationOfBenefit.careTeam": _CARE_TEAM,
        "ExplanationOfBenefit.diagnosis": _DIAGNOSIS,
        "ExplanationOfBenefit.insurance": "coverage focal preAuthRef",
        "ExplanationOfBenefit.related": "claim reference relationship",
        "ClaimResponse": "addItem adjudication communicationRequest created disposition error form formCode fundsReserve identifier "
        "insurance insurer item outcome patient payeeType payment preAuthPeriod preAuthRef processNote request requestor status subType "
        "total type use",
        "ClaimResponse.item": "adjudication detail itemSequence noteNumber",
        "ClaimResponse.item.adjudication": "amount category reason value",
        "Encounter": "account appointment basedOn class classHistory diagnosis episodeOfCare hospitalization identifier length location "
        "partOf participant period priority reasonCode reasonReference serviceProvider serviceType status statusHistory subject type",
        "Encounter.diagnosis": "condition rank use",
        "Encounter.participant": "individual period type",
        "Procedure": "asserter basedOn bodySite category code complication complicationDetail encounter focalDevice followUp identifier "
        "instantiatesCanonical instantiatesUri location note outcome partOf performedAge performedDateTime performedPeriod performedRange "
        "performedString performer reasonCode reasonReference recorder report status statusReason subject usedCode usedReference",
        "Procedure.performer": "actor function onBehalfOf",
        "CodeableConcept": "coding text",
        "Coding": "code display system userSelected version",
        "Reference": "display identifier reference type",
        "Identifier": "assigner period system type use value",
        "Period": "end start",
        "Quantity": "code comparator system unit value",
        "Money": "currency value",
        "Annotation": "authorReference authorString text time",
    }.items()
}
_EVERYWHERE: Final = frozenset({"id", "extension"})
_RESOURCE: Final = frozenset({"resourceType", "meta", "implicitRules", "language", "text", "contained"})
# What changes the meaning of all around it: R4 forbids to go on without understanding it.
_CHANGING: Final = ("modifierExtension", "implicitRules")
_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(T.*)?", re.ASCII | re.DOTALL)
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_PARTIAL: Final = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?", re.ASCII)


class Element:
    """One element: its JSON object, its path, and the list that its faults go to. Nothing of a value is repeated in a fault."""

    __slots__ = ("data", "faults", "kind", "path", "root")

    def __init__(self, data: Mapping[str, Any], kind: str, path: str, faults: list[Fault], root: Element | None = None) -> None:
        self.data, self.kind, self.path, self.faults = data, kind, path, faults
        self.root = root or self
        self._check_names()

    def _check_names(self) -> None:
        for name in _CHANGING:
            if self.data.get(name):
                self.say(name, "it changes what this says, in a way that is not known here")
        known = ELEMENTS.get(self.kind)
        if known is None:
            return
        known = known | _EVERYWHERE | (_RESOURCE if self.root is self else frozenset()) | frozenset(_CHANGING)
        for name in self.data:
            if name.removeprefix("_") not in known and name != "fhir_comments":
                self.say("", "an element that R4 does not have here" + self._named(name), nearest(name, known))

    @staticmethod
    def _named(name: str) -> str:
        return f": {name}" if re.fullmatch(r"[A-Za-z_]{1,40}", name) else ""

    def say(self, name: str, message: str, suggestion: str | None = None) -> None:
        """Note a fault of an element below this one, or of this one where the name is empty."""
        fault = Fault(f"{self.path}.{name}" if name else self.path, message, suggestion)
        if fault not in self.faults:
            self.faults.append(fault)

    # ---- one value, None where nothing is said

    def _value(self, name: str, kind: type | tuple[type, ...], what: str) -> Any:
        if name not in self.data:
            return None
        found = self.data[name]
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            self.say(name, f"it is not {what}")
            return None
        return found

    def text(self, name: str) -> str | None:
        """A text that is not blank."""
        found = self._value(name, str, "text")
        if isinstance(found, str) and not found.strip():
            self.say(name, "the text is empty")
            return None
        return found.strip() if isinstance(found, str) else None

    def yes_no(self, name: str) -> bool | None:
        """True or false."""
        found = self._value(name, bool, "true or false")
        return found if isinstance(found, bool) else None

    def number(self, name: str) -> Decimal | None:
        """A number, exactly as it is written."""
        found = self._value(name, (int, Decimal), "a number")
        return None if found is None else Decimal(found)

    def whole(self, name: str) -> int | None:
        """A whole number above 0, as sequences are."""
        found = self.number(name)
        if found is not None and (found != found.to_integral_value() or not 0 < found < 10**9):
            self.say(name, "it is no whole number above 0")
            return None
        return None if found is None else int(found)

    def day(self, name: str) -> str | None:
        """The day of a date or a time, as it is written: the offset given is the local one. None where only a month or a year is given."""
        found = self.text(name)
        if found is None or _PARTIAL.fullmatch(found):
            return None
        match = _DAY.fullmatch(found)
        try:
            if match is None or (match[4] and not _MOMENT.fullmatch(found)):
                raise ValueError
            return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
        except ValueError:
            self.say(name, "it is no date or time of R4, as 2026-03-04 or 2026-03-04T09:00:00-05:00")
            return None

    def moment(self, name: str) -> datetime | None:
        """A time with its offset, None where only a day is given."""
        found = self.text(name)
        if self.day(name) is None or found is None or "T" not in found:
            return None
        try:
            return datetime.fromisoformat(found)
        except ValueError:
            self.say(name, "it is no time of R4, as 2026-03-04T09:00:00-05:00")
            return None

    # ---- what holds more

    def child(self, name: str, kind: str) -> Element | None:
        """An object of a kind."""
        found = self._value(name, dict, "an object")
        return None if found is None else Element(found, kind, f"{self.path}.{name}", self.faults, self.root)

    def each(self, name: str, kind: str = "") -> list[Element]:
        """A list of objects of a kind; without one, of the resource's own."""
        found = []
        for index, one in enumerate(self._value(name, list, "a list") or ()):
            path = f"{self.path}.{name}[{index}]"
            if isinstance(one, dict):
                found.append(Element(one, kind or f"{self.kind}.{name}", path, self.faults, self.root))
            else:
                self.faults.append(Fault(path, "it is not an object"))
        return found

    def wholes(self, name: str) -> list[int]:
        """A list of whole numbers above 0."""
        found = []
        for index, one in enumerate(self._value(name, list, "a list") or ()):
            if isinstance(one, bool) or not isinstance(one, int) or one < 1:
                self.faults.append(Fault(f"{self.path}.{name}[{index}]", "it is no whole number above 0"))
            else:
                found.append(one)
        return found

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        found = []
        for index, one in enumerate(self._value(name, list, "a list") or ()):
            if isinstance(one, str) and one.strip():
                found.append(one.strip())
            else:
                self.faults.append(Fault(f"{self.path}.{name}[{index}]", "it is no text"))
        return found

    def concept(self, name: str) -> Element | None:
        """A CodeableConcept."""
        return self.child(name, "CodeableConcept")

    def reference(self, name: str) -> Element | None:
        """A Reference."""
        return self.child(name, "Reference")

    def by_sequence(self, name: str) -> dict[int, Element]:
        """A list whose members have each a `sequence`, in that order; a sequence that stands twice is a fault."""
        found: dict[int, Element] = {}
        for one in self.each(name):
            number = one.whole("sequence")
            if number is None:
                one.say("sequence", "it is missing: what refers to this can't be told")
            elif number in found:
                one.say("sequence", f"{number} stands twice")
            else:
                found[number] = one
        return dict(sorted(found.items()))

    def only(self, name: str, allowed: Mapping[str, str | None]) -> str | None:
        """A code of a list that R4 requires: those that can be read map to None, the others to why they can't."""
        found = self.text(name)
        if found is None:
            self.say(name, "it is missing")
        elif found not in allowed:
            self.say(name, f"it is none of R4's: {', '.join(allowed)}", nearest(found, allowed))
        elif allowed[found] is not None:
            self.say(name, allowed[found] or "")
        else:
            return found
        return None

    def raise_faults(self) -> None:
        """Raise InputError where anything was wrong."""
        if self.faults:
            raise InputError(self.faults)


def stated(record: Mapping[str, Any]) -> dict[str, Any]:
    """What was not found is left out of a record: not known, rather than absent."""
    return {key: value for key, value in record.items() if value is not None}


def one_day(period: Element | None) -> str | None:
    """The day of a period that begins and ends on it."""
    if period is None:
        return None
    start, end = period.day("start"), period.day("end")
    return start if start is not None and start == end else None


def in_utc(data: Any) -> Iterator[str]:
    """The times that are written in UTC: their day may not be the clinic's."""
    if isinstance(data, dict):
        for key, one in data.items():
            if key not in ("meta", "timestamp", "text"):
                yield from in_utc(one)
    elif isinstance(data, list):
        for one in data:
            yield from in_utc(one)
    elif isinstance(data, str) and data.endswith("Z") and _MOMENT.fullmatch(data):
        yield data
