"""The flat form of claims: one row a service line; which column holds which field of claim, line and patient (interchange.md).

A column is named in the contract's words with a dot before what belongs to a part: `patient.birth_date`, `billing_provider.npi`,
`minutes_by.PT`, `facts.NAME`. The same rows say a history's services: those add `paid` and `denied`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final, get_args, get_origin

import attrs

from .. import claims as c
from ..diagnostics import nearest
from ..errors import Fault
from ..interchange import value_reader
from ..vocabulary import ROLES

# Fields that a line inherits from its claim: a row states them of its line.
SHARED: Final = ("place_of_service", "therapy_kind", "condition", "injury_number", "diagnoses", "authorizations")
PATIENT: Final = "patient.id"
CLAIM: Final = "claim"
KIND: Final = "claim_kind"
REQUIRED: Final = (CLAIM, "payer", PATIENT, "number", "code", "date_of_service")
REQUIRED_OF_A_HISTORY: Final = (PATIENT, "code", "date_of_service")
OF_A_HISTORY: Final = ("paid", "denied")
MARK: Final = "history"  # true: the row is a service of the history, not a line to be judged
_FACT: Final = re.compile(r"((?:line|patient)\.)?facts\.([A-Za-z][A-Za-z0-9_]{0,79})")


@attrs.frozen
class Column:
    """One column: its name, whose field it is, and what it holds.

    `owner`: claim, line, shared, patient, billing_provider, rendering_provider, minutes_by, facts, line.facts, patient.facts, history.
    `kind`: text, whole, money, day, yes_no, texts, wholes, fact, other_payers.
    """

    name: str
    owner: str
    field: str
    kind: str
    read: Callable[[Any], Any] = attrs.field(eq=False, repr=False)


def _kind_of(type_: Any) -> str:
    inner = next(one for one in get_args(type_) if one not in (type(None), c.Unknown)) if get_origin(type_) else type_
    if get_origin(inner) is tuple:
        return "wholes" if get_args(inner)[0] is int else "texts"
    kinds = {str: "text", int: "whole", Decimal: "money", date: "day", bool: "yes_no"}
    return kinds[inner]


def _columns_of(cls: type, owner: str, prefix: str, names: Iterable[str]) -> list[Column]:
    attrs.resolve_types(cls, vars(c), include_extras=False)
    fields = attrs.fields_dict(cls)
    return [Column(f"{prefix}{name}", owner, name, _kind_of(fields[name].type), value_reader(cls, name)) for name in names]


@functools.cache
def columns() -> dict[str, Column]:
    """Every column by name, in the order of the docs; facts and minutes by role have names of their own (`column`)."""
    provider = ("npi", "taxonomy", "specialty", "role")
    found = [
        Column(CLAIM, "claim", "id", "text", value_reader(c.Claim, "id")),
        *_columns_of(c.Claim, "claim", "", ("payer", "plan", "payer_order", "claim_kind", "received", "in_network")),
        *_columns_of(c.Patient, "patient", "patient.", ("id", "birth_date", "sex", "benefit_year_start", "enrolled")),
        *_columns_of(c.Provider, "billing_provider", "billing_provider.", provider),
        Column("other_payers", "claim", "other_payers", "other_payers", value_reader(c.Claim, "other_payers")),
        *_columns_of(c.ServiceLine, "line", "", (
            "number", "code", "modifiers", "units", "minutes", "charge", "allowed", "date_of_service", "discipline", "contact", "patients",
            "telehealth", "diagnosis_pointers", "revenue_code",
        )),
        *_columns_of(c.Provider, "rendering_provider", "rendering_provider.", provider),
        *_columns_of(c.ServiceLine, "shared", "", SHARED),
        *_columns_of(c.Service, "history", "", OF_A_HISTORY),
        Column(MARK, "mark", MARK, "yes_no", value_reader(c.Service, "denied")),
    ]  # fmt: skip
    return {column.name: column for column in found}


def column(name: str) -> Column | None:
    """Give the column of a name; None where there is none."""
    known = columns().get(name)
    if known is not None:
        return known
    head, _, rest = name.partition(".")
    if head == "minutes_by" and rest in ROLES:
        return Column(name, "minutes_by", rest, "whole", value_reader(c.ServiceLine, "minutes"))
    fact = _FACT.fullmatch(name)
    if fact is not None:
        return Column(name, f"{fact.group(1) or ''}facts", fact.group(2), "fact", functools.partial(_fact, fact.group(2)))
    return None


@functools.cache
def _facts_reader() -> Callable[[Any], Any]:
    return value_reader(c.Claim, "facts")


def _fact(name: str, value: Any) -> Any:
    return _facts_reader()({name: value})[name]


def no_such(name: str) -> Fault:
    """The fault of a column nobody knows, with the nearest name."""
    known = [*columns(), *(f"minutes_by.{role}" for role in ROLES)]
    told = "no such column; name its field in a mapping file, or list it there under \"ignore\""
    return Fault(name if len(name) <= 60 and name.isprintable() else "a column", told, nearest(name, known))


def misplaced_facts(names: Iterable[str], owners: dict[str, str]) -> list[Fault]:
    """Faults of fact columns that the policies ask of someone else: a fact put elsewhere would be asked for again and again."""
    found = []
    for name in names:
        fact = _FACT.fullmatch(name)
        owner = owners.get(fact.group(2)) if fact is not None else None
        if fact is not None and owner in ("claim", "line", "patient"):
            meant = f"{'' if owner == 'claim' else owner + '.'}facts.{fact.group(2)}"
            if meant != name:
                found.append(Fault(name, f"the policies ask this of the {owner}", meant))
    return found
