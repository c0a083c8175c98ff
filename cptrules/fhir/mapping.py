"""The mapping: where an EHR puts what FHIR R4 has no element for, and what its own names mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import attrs

from ..claims import Frozen
from ..diagnostics import nearest
from ..errors import Fault, InputError
from ..interchange import parsed
from ..vocabulary import ROLES
from .elements import Element

# Fields that FHIR has no element for; what it has one for is read from there and from nowhere else.
FIELDS: Final = (
    "minutes", "contact", "patients", "with", "role", "start", "telehealth", "discipline", "therapy_kind", "total_minutes", "place_of_service",
    "in_network", "condition", "injury_number", "allowed",
)  # fmt: skip
_MINUTES: Final = ("minutes", "total_minutes")
AUTHORIZED: Final = ("visits", "units")


def _frozen() -> Any:
    return attrs.field(factory=dict, converter=lambda given: Frozen(given) if isinstance(given, dict) else given)


@attrs.frozen(kw_only=True)
class FhirMapping:
    """What a mapping file says; every part is optional.

    `extensions` and `facts`: the URL of the extension that holds a field, or a fact of the policies. `values`: by field, the EHR's codes
    and what they are in interchange.md's words. `payers`, `plans`: the policies' names by those in the file; `payer`: that of encounters
    whose payer nothing in the file tells. `roles`: by NPI. `code_systems`: the EHR's own code systems, and the one of R4 whose codes they
    hold. `patient`: the system of the identifier that is to be the patient's id. `authorized`: what the amount of an approval counts,
    visits or units.
    """

    extensions: Mapping[str, str] = _frozen()
    facts: Mapping[str, str] = _frozen()
    values: Mapping[str, Mapping[str, str]] = _frozen()
    payers: Mapping[str, str] = _frozen()
    plans: Mapping[str, str] = _frozen()
    payer: str | None = None
    roles: Mapping[str, str] = _frozen()
    code_systems: Mapping[str, str] = _frozen()
    patient: str | None = None
    authorized: str | None = None

    @classmethod
    def from_dict(cls, data: object) -> FhirMapping:
        """Read a mapping from plain dicts; raises InputError with the path of everything that is wrong."""
        faults = list(_faults(data))
        if faults or not isinstance(data, dict):
            raise InputError(faults)
        return cls(**data)

    @classmethod
    def from_json(cls, text: str | bytes) -> FhirMapping:
        """Read a mapping from JSON text; raises InputError with the path of everything that is wrong."""
        return cls.from_dict(parsed(text))

    def extended(self, element: Element, cls: type) -> dict[str, Any]:
        """The fields of a record that extensions of an element hold, and its facts."""
        known = {field.name.rstrip("_") for field in attrs.fields(cls)}
        found = {name: self._value(name, one) for name, one in _extensions(element, self.extensions) if name in known}
        facts = {name: self._value(name, one) for name, one in _extensions(element, self.facts)}
        return {**found, **({"facts": facts} if facts else {})}

    def _value(self, name: str, extension: Element) -> Any:
        """The value of an extension, in interchange.md's words."""
        keys = [key for key in extension.data if key.startswith("value")]
        if len(keys) != 1:
            extension.say("", "an extension has one value")
            return None
        value = extension.data[keys[0]]
        if isinstance(value, dict):
            value = _coded(extension, keys[0], name in _MINUTES)
        if isinstance(value, Decimal):
            value = int(value) if value == value.to_integral_value() and abs(value) < 10**9 else str(value) if name == "allowed" else value
        words = self.values.get(name)
        if words is not None and isinstance(value, str):
            if value not in words:
                extension.say(keys[0], f"the mapping's values of {name} have no word for it")
            return words.get(value)
        return value


def _extensions(element: Element, urls: Mapping[str, str]) -> Iterator[tuple[str, Element]]:
    for name, url in urls.items():
        here = [one for one in element.each("extension", "Extension") if one.data.get("url") == url]
        if len(here) > 1:
            here[1].say("", f"{name} is there twice")
        elif here:
            yield name, here[0]


def _coded(extension: Element, name: str, minutes: bool) -> Any:
    """The number of a Quantity, or the code of a Coding or CodeableConcept."""
    inner = extension.child(name, "")
    if inner is None:
        return None
    if "value" in inner.data:
        unit = inner.data.get("code", inner.data.get("unit"))
        if minutes and unit not in ("min", None):
            inner.say("code", "it counts no minutes (min)")
        return inner.number("value")
    if "coding" in inner.data:
        codes = {one.text("code") for one in inner.each("coding", "Coding")}
        if len(codes) != 1:
            inner.say("coding", "it holds several codes, or none")
        return next(iter(codes), None)
    if "code" not in inner.data:
        inner.say("", "it holds neither a number nor a code")
    return inner.text("code")


# ---- what a mapping may say --------------------------------------------------------------------------------------


def _faults(data: object) -> Iterator[Fault]:
    if not isinstance(data, dict):
        yield Fault("", "a mapping is an object")
        return
    for key, value in data.items():
        check = _CHECKS.get(key)
        if check is None:
            yield Fault(str(key)[:40], f"no such key; there are {', '.join(_CHECKS)}", nearest(str(key), _CHECKS))
        else:
            yield from check(key, value)


def _texts(key: str, value: object) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(key, "it is not an object")
        return
    for name, one in value.items():
        if not isinstance(one, str) or not one.strip():
            yield Fault(f"{key}.{name}", "it is no text")


def _one_text(key: str, value: object) -> Iterator[Fault]:
    if not isinstance(value, str) or not value.strip():
        yield Fault(key, "it is no text")


def _by_field(key: str, value: object) -> Iterator[Fault]:
    yield from _texts(key, value)
    for name in value if isinstance(value, dict) else ():
        if name not in FIELDS:
            yield Fault(f"{key}.{name}", f"a mapping can name {', '.join(FIELDS)}", nearest(str(name), FIELDS))


def _facts(key: str, value: object) -> Iterator[Fault]:
    yield from _texts(key, value)
    for name in value if isinstance(value, dict) else ():
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,79}", str(name)):
            yield Fault(f"{key}.{name}", "a fact's name is letters, digits and _, as the policy declares it")


def _words(key: str, value: object) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(key, "it is not an object")
        return
    for name, one in value.items():
        yield from _texts(f"{key}.{name}", one)


def _roles(key: str, value: object) -> Iterator[Fault]:
    yield from _texts(key, value)
    for name, one in value.items() if isinstance(value, dict) else ():
        if isinstance(one, str) and one not in ROLES:
            yield Fault(f"{key}.{name}", f"it is none of {', '.join(ROLES)}", nearest(one, ROLES))


def _authorized(key: str, value: object) -> Iterator[Fault]:
    if value not in AUTHORIZED:
        yield Fault(key, f"it is neither {' nor '.join(AUTHORIZED)}")


_CHECKS: Final[Mapping[str, Callable[[str, object], Iterator[Fault]]]] = {
    "extensions": _by_field, "facts": _facts, "values": _words, "payers": _texts, "plans": _texts, "payer": _one_text, "roles": _roles,
    "code_systems": _texts, "patient": _one_text, "authorized": _authorized,
}  # fmt: skip
