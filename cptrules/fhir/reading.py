"""What Claim, Encounter and ExplanationOfBenefit share: codes by code system, people, payers, services, money.

The code systems are those that R4 and US Core name for the United States: CPT, HCPCS, ICD-10-CM, CMS places of service, NUBC revenue codes,
NUCC taxonomy, NPI. A code of another system is none of these, unless the mapping says that it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, Final

import attrs

from ..claims import ServiceLine
from ..errors import Fault, InputError
from ..x12 import role_of
from .bundle import Box, Entry, key_of
from .elements import Element, one_day, stated
from .mapping import FhirMapping

CPT: Final = ("http://www.ama-assn.org/go/cpt", "urn:oid:2.16.840.1.113883.6.12")
HCPCS: Final = (
    "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes", "urn:oid:2.16.840.1.113883.6.285",
)  # fmt: skip
ICD_10_CM: Final = ("http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90")
PLACE: Final = (
    "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set",
    "http://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set",
)  # fmt: skip
REVENUE: Final = ("https://www.nubc.org/CodeSystem/RevenueCodes",)
TAXONOMY: Final = ("http://nucc.org/provider-taxonomy",)
NPI: Final = "http://hl7.org/fhir/sid/us-npi"
CLAIM_TYPE: Final = ("http://terminology.hl7.org/CodeSystem/claim-type",)
# Who of a care team gave the service: R4's and CARIN's codes of the role.
_GIVING: Final = ("primary", "rendering", "performing")
_PEOPLE: Final = ("Patient", "RelatedPerson")
_SEX: Final = {"female": "F", "male": "M"}
_UNITS: Final = (None, "1", "UN", "{unit}", "{units}", "unit", "units")
_MINUTES: Final = ("min", "MJ", "minute", "minutes")


@attrs.frozen
class Source:
    """What a file is read from: its resources, and the mapping."""

    box: Box
    known: FhirMapping

    # ---- codes

    def codes(self, concept: Element | None, systems: Collection[str]) -> list[str]:
        """The codes of a concept that belong to some code systems, each once."""
        found = []
        for one in concept.each("coding", "Coding") if concept is not None else ():
            system, code = one.text("system"), one.text("code")
            if code is not None and self.known.code_systems.get(system or "", system) in systems:
                found.append(code)
        return list(dict.fromkeys(found))

    def one_code(self, parent: Element, name: str, systems: Collection[str], what: str = "") -> str | None:
        """The one code of a system; where `what` says what it should be, that there is none is a fault."""
        found = self.codes(parent.concept(name), systems)
        if len(found) > 1:
            parent.say(name, "it holds several codes that differ: which holds is not clear")
        elif not found and what:
            parent.say(name, f"it is missing, or has no code of {what}")
        return found[0] if len(found) == 1 else None

    def procedure_code(self, parent: Element, name: str) -> str | None:
        """A CPT or HCPCS code."""
        return self.one_code(parent, name, (*CPT, *HCPCS), "CPT or HCPCS")

    def modifiers(self, item: Element) -> list[str]:
        """Every modifier, in order; some senders put all of them into one concept."""
        found = []
        for one in item.each("modifier", "CodeableConcept"):
            codes = self.codes(one, (*CPT, *HCPCS))
            if not codes:
                one.say("", "it has no code of CPT or HCPCS: which modifier it is can't be told")
            found.extend(codes)
        return list(dict.fromkeys(found))

    def diagnosis(self, parent: Element, name: str) -> str | None:
        """An ICD-10-CM code, with its dot."""
        found = self.one_code(parent, name, ICD_10_CM, "ICD-10-CM")
        return f"{found[:3]}.{found[3:]}" if found is not None and len(found) > 3 and "." not in found else found

    # ---- people and payers

    def identifier(self, reference: Element | None, system: str) -> str | None:
        """An identifier of what a reference names: its own, else that of the resource."""
        if reference is None:
            return None
        own = reference.child("identifier", "Identifier")
        if own is not None and own.text("system") == system:
            return own.text("value")
        return self._first(self._person(reference), system)

    def _person(self, reference: Element) -> Element | None:
        """The resource; of a PractitionerRole the practitioner."""
        found = self.box.find(reference)
        if found is not None and found.kind == "PractitionerRole":
            return self.box.find(found.reference("practitioner")) or found
        return found

    @staticmethod
    def _first(resource: Element | None, system: str | None = None) -> str | None:
        given = resource.each("identifier", "Identifier") if resource is not None else ()
        return next((one.text("value") for one in given if system is None or one.data.get("system") == system), None)

    def npi(self, reference: Element | None) -> str | None:
        """The NPI of a reference."""
        return self.identifier(reference, NPI)

    def name_of(self, resource: Element) -> str | None:
        """What a resource is called: its first identifier, else its id."""
        return self._first(resource) or resource.text("id")

    def provider(self, reference: Element | None) -> dict[str, Any] | None:
        """A billing provider, by NPI."""
        return stated({"npi": self.npi(reference)}) or None

    def role(self, reference: Element | None, taxonomies: Iterable[str] = ()) -> tuple[str | None, str | None]:
        """The role and taxonomy of a person: the mapping's by NPI, else by taxonomy; several roles are none."""
        by_npi = self.known.roles.get(self.npi(reference) or "")
        found = list(taxonomies) or self._taxonomies(reference)
        roles = {role_of(one) for one in found} - {None}
        taxonomy = found[0] if len(found) == 1 else None
        return by_npi or (next(iter(roles)) if len(roles) == 1 else None), taxonomy

    def _taxonomies(self, reference: Element | None) -> list[str]:
        resource = self.box.find(reference)
        if resource is None:
            return []
        found = [code for name in ("code", "specialty") for one in resource.each(name, "CodeableConcept") for code in self.codes(one, TAXONOMY)] \
            if resource.kind == "PractitionerRole" else []  # fmt: skip
        person = self._person(reference) if reference is not None else None
        for one in person.each("qualification", "qualification") if person is not None and person.kind == "Practitioner" else ():
            found.extend(self.codes(one.concept("code"), TAXONOMY))
        return list(dict.fromkeys(found))

    def payer(self, reference: Element | None) -> str | None:
        """A payer's name: the mapping's, else its id, else its name as the file has it."""
        if reference is None:
            return None
        own, resource = reference.child("identifier", "Identifier"), self.box.find(reference)
        given = [one.text("value") for one in (resource.each("identifier", "Identifier") if resource is not None else ())]
        names = [own.text("value") if own is not None else None, *given, resource.text("name") if resource is not None else None,
                 reference.text("display"), key_of(reference)]  # fmt: skip
        known = [one for one in names if one is not None]
        return next((self.known.payers[one] for one in known if one in self.known.payers), known[0] if known else None)

    def patient(self, parent: Element, name: str) -> dict[str, Any] | None:
        """The patient: the id the server gives, or the identifier that the mapping names; birth date and sex where the Patient is here."""
        reference = parent.reference(name)
        if reference is None:
            parent.say(name, "it is missing: whose this is can't be told")
            return None
        if (reference.text("reference") or "").startswith("Group/"):
            reference.say("reference", "it is a group: whose this is can't be told")
        found = self.box.find(reference)
        born = found.day("birthDate") if found is not None else None
        sex = _SEX.get(found.text("gender") or "") if found is not None else None
        return stated({"id": self._patient_id(reference, found), "birth_date": born, "sex": sex})

    def _patient_id(self, reference: Element, found: Element | None) -> str | None:
        own = reference.child("identifier", "Identifier")
        if self.known.patient is not None:
            named = self.identifier(reference, self.known.patient)
            if named is None:
                reference.say("", "the patient has no identifier of the system that the mapping names, or the Patient is not in the file")
            return named
        named = key_of(reference) or (own.text("value") if own is not None else None) or self._first(found)
        if named is None:
            reference.say("", "whose this is can't be told")
        return named

    # ---- services, of a Claim as of an ExplanationOfBenefit

    def diagnoses(self, one: Element) -> tuple[list[int], list[str]]:
        """The diagnoses of a claim in order, with the sequences by which lines point to them."""
        numbers, codes = [], []
        for number, entry in one.by_sequence("diagnosis").items():
            code = self._condition(entry) if "diagnosisReference" in entry.data else self.diagnosis(entry, "diagnosisCodeableConcept")
            if code is not None:
                numbers.append(number)
                codes.append(code)
        return numbers, codes

    def _condition(self, entry: Element) -> str | None:
        found = self.box.find(entry.reference("diagnosisReference"))
        if found is None:
            entry.say("diagnosisReference", "the Condition it names is not in the file")
            return None
        return self.diagnosis(found, "code")

    def service(self, item: Element, one: Element, numbers: list[int], team: dict[int, Element]) -> dict[str, Any]:
        """One service line of a claim."""
        units, minutes = self._amount(item)
        return {
            **stated({
                "number": item.whole("sequence"), "code": self.procedure_code(item, "productOrService"), "units": units, "minutes": minutes,
                "charge": money(item, "net"), "date_of_service": self.day(item, one),
                "place_of_service": self.one_code(item, "locationCodeableConcept", PLACE), "revenue_code": self.one_code(item, "revenue", REVENUE),
                "diagnosis_pointers": _pointers(item, numbers), "rendering_provider": self._rendering(item, team),
            }),
            **self.known.extended(item, ServiceLine),
        }  # fmt: skip

    def refuse_details(self, item: Element) -> None:
        """A service within a service would be lost; a drug's number (NDC) is none."""
        for detail in item.each("detail", "detail"):
            if "subDetail" in detail.data or self.codes(detail.concept("productOrService"), (*CPT, *HCPCS)):
                detail.say("", "a service within a service (detail) is not read")

    def _amount(self, item: Element) -> tuple[int | None, int | None]:
        """Units, or minutes where the quantity is in them."""
        quantity = item.child("quantity", "Quantity")
        if quantity is None:
            return None, None
        value, unit = quantity.number("value"), quantity.text("code") or quantity.text("unit")
        if "comparator" in quantity.data:
            quantity.say("comparator", "more or less than a number is no number of units")
        if value is not None and (value != value.to_integral_value() or not 0 <= value < 10**9):
            quantity.say("value", "it is no whole number of units")
        elif value is not None and unit in _MINUTES:
            return None, int(value)
        elif value is not None and unit in _UNITS:
            return int(value), None
        elif value is not None:
            quantity.say("code", "it counts neither units nor minutes")
        return None, None

    @staticmethod
    def day(item: Element, one: Element) -> str | None:
        """The day of a service; where the line has none, the claim's, if that is one day. A span of days is None."""
        if "servicedDate" in item.data and "servicedPeriod" in item.data:
            item.say("servicedPeriod", "there is a servicedDate too: which holds is not clear")
        if "servicedDate" in item.data:
            return item.day("servicedDate")
        if "servicedPeriod" in item.data:
            return one_day(item.child("servicedPeriod", "Period"))
        return one_day(one.child("billablePeriod", "Period"))

    def _rendering(self, item: Element, team: dict[int, Element]) -> dict[str, Any] | None:
        """Who gave the service: of its care team the one whose role says so, else the only one that has no other role."""
        members = []
        for number in item.wholes("careTeamSequence"):
            if number in team:
                members.append(team[number])
            else:
                item.say("careTeamSequence", f"there is no member {number} in the care team")
        giving = [one for one in members if self._roles(one) & set(_GIVING)]
        chosen = giving or [one for one in members if "role" not in one.data]
        if len(chosen) != 1:
            return None  # nobody, or several: not known
        reference = chosen[0].reference("provider")
        role, taxonomy = self.role(reference, self.codes(chosen[0].concept("qualification"), TAXONOMY))
        return stated({"npi": self.npi(reference), "taxonomy": taxonomy, "role": role}) or None

    @staticmethod
    def _roles(member: Element) -> set[str]:
        concept = member.concept("role")
        return {code for one in (concept.each("coding", "Coding") if concept is not None else ()) if (code := one.text("code")) is not None}

    def focal(self, one: Element) -> tuple[Element | None, list[Element]]:
        """The coverage that the claim is for, and the others. With one coverage alone there is no doubt, unless it is said not to be the one."""
        covers = one.each("insurance")
        said = [(cover, cover.yes_no("focal")) for cover in covers]
        chosen = [cover for cover, focal in said if focal] or [cover for cover, focal in said if focal is None and len(covers) == 1]
        if covers and len(chosen) != 1:
            one.say("insurance", "which of its coverages the claim is for is not clear: one, and only one, is focal")
            return None, []
        return (chosen[0] if chosen else None), [cover for cover in covers if cover not in chosen]

    def payer_of(self, claim: Element, cover: Element | None) -> str | None:
        """Who a claim is to: its insurer; where it names none, the only payer of its focal coverage, if that is in the file."""
        if "insurer" in claim.data:
            return self.payer(claim.reference("insurer"))
        coverage = self.box.find(cover.reference("coverage")) if cover is not None else None
        payers = self.payers_of(coverage) if coverage is not None else set()
        return payers.pop() if len(payers) == 1 else None

    def payers_of(self, coverage: Element) -> set[str | None]:
        """The payers of a Coverage; a person who pays (the patient, a relative) is none, and is not named."""
        found = coverage.each("payor", "Reference")
        return {None if self._is_person(one) else self.payer(one) for one in found}

    def _is_person(self, reference: Element) -> bool:
        resource = self.box.find(reference)
        kind = resource.data.get("resourceType") if resource is not None else reference.text("type")
        return (kind or (reference.text("reference") or "").rpartition("/")[0].rpartition("/")[2]) in _PEOPLE

    def plan(self, cover: Element | None) -> str | None:
        """The plan of a coverage (its class `plan`), where the Coverage is in the file."""
        coverage = self.box.find(cover.reference("coverage")) if cover is not None else None
        return None if coverage is None else self.plan_of(coverage)

    def plan_of(self, coverage: Element) -> str | None:
        """The plan of a Coverage (its class `plan`)."""
        values = {one.text("value") for one in coverage.each("class", "class") if "plan" in self._roles_of(one, "type")}
        found = next(iter(values)) if len(values) == 1 else None
        return self.known.plans.get(found, found) if found is not None else None

    @staticmethod
    def _roles_of(one: Element, name: str) -> set[str | None]:
        concept = one.concept(name)
        return {coding.text("code") for coding in concept.each("coding", "Coding")} if concept is not None else set()


def _pointers(item: Element, numbers: list[int]) -> list[int] | None:
    found = []
    for number in item.wholes("diagnosisSequence"):
        if number in numbers:
            found.append(numbers.index(number) + 1)
        else:
            item.say("diagnosisSequence", f"there is no diagnosis {number} in the claim, or it can't be read")
    return found or None


def money(parent: Element, name: str) -> str | None:
    """An amount in dollars, with its cents; another currency is a fault, none is dollars."""
    amount = parent.child(name, "Money")
    if amount is None:
        return None
    value, currency = amount.number("value"), amount.text("currency")
    if currency not in ("USD", None):
        amount.say("currency", "it is not in dollars (USD)")
    if value is None:
        return None
    if value < 0 or value >= 10**9 or value != value.quantize(Decimal("0.01")):
        amount.say("value", "it is no amount of dollars and cents")
        return None
    return f"{value:.2f}"


def refused(entry: Entry, faults: Iterable[Fault]) -> InputError:
    """The faults of a resource, each with its place in the file."""
    return InputError(attrs.evolve(one, path=f"{entry.where}: {one.path}".removesuffix(": ")) for one in faults)
