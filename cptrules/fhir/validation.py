"""The second door: resources held to HL7's structure definitions by fhir.resources (extra `[fhir]`).

fhir.resources has no R4 classes; those of R4B read every resource that is read here, none of which R4B changed. It catches required elements,
types and choices of one element; it does not check status, use or any other code, which the reading does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ..errors import Fault, InputError
from .bundle import Box

_READ = ("Claim", "ClaimResponse", "ExplanationOfBenefit", "Encounter", "Procedure", "Patient", "Coverage", "Condition", "Organization",
         "Practitioner", "PractitionerRole")  # fmt: skip


def check_structure(box: Box) -> None:
    """Hold the resources of a file to R4B's classes; raises InputError with the path of each fault, and no value.

    Raises InputError too where the extra is not installed.
    """
    try:
        import pydantic
        from fhir.resources.R4B import get_fhir_model_class
    except ImportError:
        raise InputError([Fault("", "holding FHIR to its structure definitions needs the fhir extra: pip install 'cptrules[fhir]'")]) from None
    faults: list[Fault] = []
    for entry in box.entries:
        if entry.kind not in _READ:
            continue
        try:
            get_fhir_model_class(entry.kind).model_validate(_plain(entry.data))
        except pydantic.ValidationError as error:
            faults.extend(_faults(entry.where, entry.kind, error.errors(include_input=False, include_url=False, include_context=False)))
    if faults:
        raise InputError(faults)


def _faults(where: str, kind: str, errors: list[Any]) -> Iterator[Fault]:
    for told in errors:
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in told["loc"])
        # Own words: the library's may repeat what is written.
        message = "it is missing" if told["type"] in ("missing", "model_field_validation_missing") else "it is not as the structure definition has it"
        safe = re.sub(r"[^A-Za-z0-9_.\[\]]", "", path)[:120]
        yield Fault(f"{where}: {kind}{safe}", f"{message} ({told['type']})")


def _plain(value: Any) -> Any:
    """Numbers as the library reads them."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return Decimal(value) if isinstance(value, Decimal) else value
