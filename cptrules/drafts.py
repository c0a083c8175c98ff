"""A claim and a history in the making: every fact known and ordinary, until a boundary asks for another.

A draft is immutable; each method gives a new one. The line in question is the last of its claim, so that what stands before
it counts before it (M4). What a draft holds is the JSON of interchange.md, and is read like any other input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs

from .claims import Claim, History, Session
from .codesets import CodeTable, code_table
from .fields import Field
from .lines import Case, View, views
from .policy import Policy
from .vocabulary import DISCIPLINE_MODIFIER, MODIFIER_DISCIPLINE, ROLE_DISCIPLINE

BILLING: Final = {"npi": "1000000001", "specialty": "65"}
RENDERING: Final = "1000000002"
NO_PLAN: Final = "ANOTHER"  # a plan that no policy names
PLAIN_DIAGNOSIS: Final = "M54.50"
_ONE: Final = timedelta(days=1)
_THERAPIST: Final = {"PT": "PT", "OT": "OT", "SLP": "SLP"}
_ASSISTANT: Final = {"PT": "PTA", "OT": "OTA", "SLP": "SLPA"}
_PLAIN_FACTS: Final[Mapping[str, object]] = {"yes_no": False, "number": 0, "money": "0.00"}
_OF_SERVICE: Final = ("place_of_service", "therapy_kind", "condition", "injury_number", "diagnoses", "plan", "in_network", "billing_provider")
_LINE_NAMES: Final = {"modifier": "modifiers", "diagnosis": "diagnoses"}
_AUTHORIZATION_NAMES: Final = {"code": "codes"}


@attrs.frozen
class Draft:
    """A claim of one line in question and what stands beside it, on a day, under a policy."""

    policy: Policy
    day: date
    line: Mapping[str, Any]
    claim: Mapping[str, Any]
    patient: Mapping[str, Any]
    others: tuple[Mapping[str, Any], ...] = ()
    services: tuple[Mapping[str, Any], ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()
    authorizations: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[Mapping[str, Any], ...] = ()
    session: Mapping[str, Any] | None = None
    complete_to: date | None = None
    in_event: bool = False
    _kept: dict[str, Any] = attrs.field(factory=dict, init=False, eq=False, repr=False)

    # ---- reading ---------------------------------------------------------------------------------------------

    def read(self) -> tuple[Claim, History, Session | None]:
        """Read it as a claim, a history and, where a note of the visit is asked about, a session."""
        if "read" not in self._kept:
            session = None if self.session is None else Session.from_dict({**self.session, "date": self.day.isoformat()})
            self._kept["read"] = Claim.from_dict(self._claim()), History.from_dict(self._history()), session
        return self._kept["read"]  # type: ignore[no-any-return]

    def judged(self) -> tuple[View, Case]:
        """Give the line in question and its case, as rules see them."""
        if "judged" not in self._kept:
            claim, history, session = self.read()
            lines, services = views(claim, history)
            case = Case(self.policy, claim, history, session, lines, services, self.table)
            self._kept["judged"] = lines[-1], case
        return self._kept["judged"]  # type: ignore[no-any-return]

    @property
    def table(self) -> CodeTable:
        """The codes that its policy knows."""
        return self.policy.code_table or code_table()

    def _claim(self) -> dict[str, Any]:
        lines = [{**one, "number": number, "date_of_service": self.day.isoformat()} for number, one in enumerate((*self.others, self.line), 1)]
        return {**self.claim, "patient": dict(self.patient), "lines": lines}

    def _history(self) -> dict[str, Any]:
        ends = {} if self.complete_to is None else {"complete_to": self.complete_to.isoformat()}
        return {
            **ends, "patient": self.patient["id"], "complete_from": "1900-01-01", "services": list(self.services), "events": list(self.events),
            "authorizations": list(self.authorizations), "notes": list(self.notes),
        }  # fmt: skip

    # ---- the line --------------------------------------------------------------------------------------------

    @property
    def discipline(self) -> str:
        """The discipline that the line's modifier names."""
        return next((MODIFIER_DISCIPLINE[one] for one in self.line["modifiers"] if one in MODIFIER_DISCIPLINE), "")

    def with_line(self, **values: Any) -> Draft:
        """Set some of the line's own values."""
        return attrs.evolve(self, line={**self.line, **values})

    def with_code(self, code: str, discipline: str | None = None) -> Draft:
        """Put another code on the line, with the modifier and the therapist of its discipline."""
        found = self.table.code(code, self.day)
        able = [one for one in (found.disciplines if found else ()) if one in DISCIPLINE_MODIFIER]
        wanted = discipline or (self.discipline if self.discipline in able else next(iter(able), ""))
        draft = self.with_line(code=code)
        return draft.of_discipline(wanted) if wanted else draft.with_line(modifiers=[], rendering_provider={"npi": RENDERING, "role": "physician"})

    def of_discipline(self, discipline: str) -> Draft:
        """Give the line to a therapist of a discipline, with its modifier."""
        kept = [one for one in self.line["modifiers"] if one not in MODIFIER_DISCIPLINE]
        provider = {"npi": RENDERING, "role": _THERAPIST[discipline]}
        return self.with_line(modifiers=[DISCIPLINE_MODIFIER[discipline], *kept], rendering_provider=provider)

    def with_modifiers(self, modifiers: Iterable[str]) -> Draft:
        """Put exactly these modifiers on the line."""
        return self.with_line(modifiers=list(dict.fromkeys(modifiers)))

    def assisted(self, yes: bool) -> Draft:
        """Let an assistant give all of the service, or none of it."""
        role = (_ASSISTANT if yes else _THERAPIST)[self.discipline or "PT"]
        return self.with_line(rendering_provider={"npi": RENDERING, "role": role}, minutes_by={role: self.line["minutes"]})

    def of_role(self, role: str) -> Draft:
        """Let someone of a role give it; a therapist's or assistant's brings the discipline with it."""
        discipline = ROLE_DISCIPLINE.get(role)
        draft = self.of_discipline(discipline) if discipline else self
        return draft.with_line(rendering_provider={"npi": RENDERING, "role": role})

    # ---- what stands beside ----------------------------------------------------------------------------------

    def service(self, day: date, **values: Any) -> Mapping[str, Any]:
        """Make a service of the history like the line, on another day."""
        shared = {name: self.claim[name] for name in _OF_SERVICE if name in self.claim}
        return {**shared, **self.line, "paid": "24.00", "denied": False, **values, "date_of_service": day.isoformat()}

    def with_services(self, *services: Mapping[str, Any]) -> Draft:
        """Add services to the history."""
        return attrs.evolve(self, services=(*self.services, *services))

    def with_event(self, kind: str, day: date) -> Draft:
        """Let the latest event of a kind be on a day."""
        kept = tuple(event for event in self.events if event["kind"] != kind)
        facts = {field.name: plain_fact(field) for field in self.policy.events.get(kind, ())}
        made = {"kind": kind, "date": day.isoformat(), "injury_number": self.claim["injury_number"], "by": {"role": "physician"},
                "received": day.isoformat(), "facts": facts}  # fmt: skip
        return attrs.evolve(self, events=(*kept, made))

    def without_event(self, kind: str) -> Draft:
        """Let no event of a kind be known."""
        return attrs.evolve(self, events=tuple(event for event in self.events if event["kind"] != kind))

    def authorized(self) -> Draft:
        """Add an authorization that covers the line, if none is there."""
        if self.authorizations:
            return self
        before = (self.day - 40 * _ONE).isoformat()
        facts = {field.name: plain_fact(field) for field in self.policy.facts if field.owner == "authorization"}
        made = {
            "number": "A1", "payer": self.claim["payer"], "from": (self.day - 30 * _ONE).isoformat(), "to": (self.day + 30 * _ONE).isoformat(),
            "kind": "reviewed", "requested": before, "received": before, "decided": before, "facts": facts,
        }  # fmt: skip
        return attrs.evolve(self, authorizations=(made,))

    def with_authorization(self, **values: Any) -> Draft:
        """Set what the authorization states; one that covers the line is added where there is none."""
        draft = self.authorized()
        first = {**draft.authorizations[-1], **values}
        return attrs.evolve(draft, authorizations=(*draft.authorizations[:-1], first))

    def with_note(self, **values: Any) -> Draft:
        """Set what the note of the visit says."""
        kept = tuple(note for note in self.notes if note["date"] != self.day.isoformat())
        mine = next((note for note in self.notes if note not in kept), {"kind": "treatment_note", "date": self.day.isoformat()})
        return attrs.evolve(self, notes=(*kept, {**mine, **values}))

    def without_note(self) -> Draft:
        """Let there be no note of the visit."""
        return attrs.evolve(self, notes=tuple(note for note in self.notes if note["date"] != self.day.isoformat()), session=None)

    def with_session(self, **values: Any) -> Draft:
        """Set what the session of the visit says; one with the line's own service is added where there is none."""
        role = self.line["rendering_provider"]["role"]
        given = {"code": self.line["code"], "minutes": self.line["minutes"], "role": role, "contact": "one_on_one"}
        return attrs.evolve(self, session={"interventions": [given], "total_minutes": 20, **(self.session or {}), **values})

    # ---- fields ----------------------------------------------------------------------------------------------

    def with_value(self, field: Field, value: Any) -> Draft | None:
        """Set a field, in the JSON's own spelling of its value; None where nothing sets it."""
        told = _spelt(value)
        if self.in_event and (field.owner == "event" or field.name in ("role", "received", "injury_number")):
            return self._with_event_value(field, told)
        match field.owner:
            case "line":
                return self._with_line_value(field, told)
            case "claim":
                return self._with_claim_value(field, told)
            case "patient":
                return self._with_patient_value(field, value)
            case "authorization":
                return self._with_authorization_value(field, told)
            case "note":
                return self._with_note_value(field, told)
            case "other_payer":
                first = {"order": "primary", **(self.claim["other_payers"] or [{}])[0], field.attribute: told}
                return attrs.evolve(self, claim={**self.claim, "other_payers": [first]})
            case "session":
                if field.declared:
                    return self.with_session(facts={**(self.session or {}).get("facts", {}), field.name: told})
                return self.with_session(**{field.attribute: told}) if field.attribute != "date" else None
            case _:
                return None

    def _with_event_value(self, field: Field, told: Any) -> Draft:
        last = self.events[-1]
        if field.owner == "event":
            last = {**last, "facts": {**last["facts"], field.name: told}}
        else:
            last = {**last, **({"by": {"role": told}} if field.name == "role" else {field.name: told})}
        return attrs.evolve(self, events=(*self.events[:-1], last))

    def _with_line_value(self, field: Field, told: Any) -> Draft | None:
        if field.declared:
            return self.with_line(facts={**self.line["facts"], field.name: told})
        match field.name:
            case "code":
                return self.with_code(told)
            case "modifier":
                return self.with_modifiers([*self.line["modifiers"], told])
            case "discipline":
                return self.of_discipline(told) if told in DISCIPLINE_MODIFIER else self.with_line(modifiers=[])
            case "role":
                return self.of_role(told)
            case "assisted":
                return self.assisted(bool(told))
            case "rendering_provider":
                return self.with_line(rendering_provider={**self.line["rendering_provider"], "npi": told})
            case "date_of_service" | "denied":
                return None
            case name:
                return self.with_line(**{_LINE_NAMES.get(name, name): [told] if field.many else told})

    def _with_claim_value(self, field: Field, told: Any) -> Draft:
        if field.declared:
            changed = {"facts": {**self.claim["facts"], field.name: told}}
        elif field.name == "billing_provider":
            changed = {"billing_provider": {**BILLING, "npi": told}}
        else:
            changed = {field.name: told}
        return attrs.evolve(self, claim={**self.claim, **changed})

    def _with_patient_value(self, field: Field, value: Any) -> Draft | None:
        if field.declared:
            return attrs.evolve(self, patient={**self.patient, "facts": {**self.patient["facts"], field.name: _spelt(value)}})
        if field.attribute != "age":
            return attrs.evolve(self, patient={**self.patient, field.attribute: _spelt(value)})
        if not isinstance(value, int | Decimal) or not 0 <= value <= self.day.year - 1900 or value != int(value):
            return None
        born = date(self.day.year - int(value), self.day.month, min(self.day.day, 28))
        return attrs.evolve(self, patient={**self.patient, "birth_date": born.isoformat()})

    def _with_authorization_value(self, field: Field, told: Any) -> Draft:
        if field.declared:
            facts = {**self.authorized().authorizations[-1]["facts"], field.name: told}
            return self.with_authorization(facts=facts)
        if field.attribute == "billing_provider":
            return self.with_authorization(billing_provider={"npi": told})
        return self.with_authorization(**{_AUTHORIZATION_NAMES.get(field.attribute, field.attribute): [told] if field.many else told})

    def _with_note_value(self, field: Field, told: Any) -> Draft | None:
        if field.declared:
            return self.with_note(facts={field.name: told})
        if field.name == "note.similarity_to_previous":
            return None
        owner, _, name = field.attribute.partition(".")
        if not name:
            return self.with_note(**{owner: told}) if owner not in ("kind", "date") else None
        found = next((note.get(owner) or {} for note in self.notes if note["date"] == self.day.isoformat()), {})
        return self.with_note(**{owner: {**found, name: told}})


def _spelt(value: Any) -> Any:
    """A value as the JSON of interchange.md spells it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else f"{value:f}"
    return value


def plain_fact(field: Field) -> object:
    """An ordinary answer to a fact that a policy declares: no, nothing, the last word of its list."""
    return field.words[-1] if field.words else _PLAIN_FACTS.get(field.type)


def plain(policy: Policy, day: date, code: str = "97110", discipline: str | None = None) -> Draft:
    """A draft in which every fact is known and ordinary: one unit, one on one, in an office, in network, nothing before it."""

    def facts(owner: str) -> dict[str, object]:
        return {field.name: plain_fact(field) for field in policy.facts if field.owner == owner}

    line = {
        "code": code, "modifiers": [], "units": 1, "minutes": 15, "charge": "60.00", "allowed": "30.00", "contact": "one_on_one", "patients": 1,
        "telehealth": False, "revenue_code": None, "facts": facts("line"),
    }  # fmt: skip
    claim = {
        "id": "B1", "payer": next(iter(policy.payers), "PAYER"), "plan": next(iter(policy.plans), NO_PLAN), "payer_order": "primary",
        "claim_kind": "first", "received": (day + 5 * _ONE).isoformat(), "place_of_service": "11", "in_network": True,
        "diagnoses": [PLAIN_DIAGNOSIS], "billing_provider": BILLING, "condition": "A", "injury_number": "I1",
        "therapy_kind": "rehabilitative", "authorizations": [], "other_payers": [], "facts": facts("claim"),
    }  # fmt: skip
    patient = {
        "id": "P1", "birth_date": f"{day.year - 50}-01-15", "sex": "F", "benefit_year_start": f"{day.year}-01-01",
        "enrolled": f"{day.year - 3}-01-01", "facts": facts("patient"),
    }  # fmt: skip
    return Draft(policy, day, line, claim, patient).with_code(code, discipline)
