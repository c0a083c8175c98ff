"""A claim, a history and a session as a `test` block of the policy language, ready to paste; what it can't say stands in a comment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import attrs

from .claims import UNKNOWN, Authorization, Claim, Event, History, Note, Provider, Service, ServiceLine, Session
from .examples import BILLING, RENDERING
from .fields import FIELDS, Field
from .words import listed

_LINE: Final = (
    "units", "minutes", "charge", "allowed", "discipline", "contact", "patients", "place_of_service", "telehealth", "revenue_code", "therapy_kind",
    "condition", "injury_number",
)  # fmt: skip
_SERVICE: Final = ("paid", "denied", "plan", "in_network")
_CLAIM: Final = ("plan", "payer_order", "claim_kind", "received", "place_of_service", "in_network", "therapy_kind", "condition", "injury_number")
_PATIENT: Final = ("birth_date", "sex", "benefit_year_start", "enrolled")
_OTHER_PAYER: Final = ("order", "decided", "outcome", "exhausted")
_AUTHORIZATION: Final = (
    "kind", "payer", "plan", "visits", "used_visits", "visits_per_week", "units_per_visit", "requested", "received", "decided",
)  # fmt: skip
_NOTE: Final = ("discipline", "text", "medical_necessity", "progress", "functional_outcome", "signature", "credentials", "signed_on")
_TEXT: Final = (
    "plan", "payer", "condition", "injury_number", "outcome", "sex", "billing_provider", "rendering_provider", "specialty", "taxonomy",
)  # fmt: skip
_MONEY: Final = ("charge", "allowed", "paid")
_Pairs = Iterable[tuple[str, Any]]


def pasted(claim: Claim, history: History | None, name: str, expects: Iterable[str], *, session: Session | None = None,
           facts: Iterable[Field] = ()) -> str:  # fmt: skip
    """Write a case as a test; `expects` are its expectations in words, `facts` those that the policy declares."""
    writer = _Writer({fact.name: fact.type for fact in facts})
    body = [*writer.claim(claim)]
    body += writer.history(history) if history is not None else ()
    body += writer.session(session) if session is not None else ()
    body += [f"expect {expect}" for expect in expects]
    return f'test "{name}" {{\n' + "".join(f"  {_aligned(text)}\n" for text in body) + "}\n"


def _aligned(text: str) -> str:
    """A clause with its word in a column, as the shipped files have it."""
    word, _, rest = text.partition(" ")
    return text if word == "#" or not rest else f"{word:<9} {rest}"


@attrs.frozen
class _Writer:
    """Writes the clauses of a test; `types` are those of declared facts."""

    types: Mapping[str, str]

    # ---- claim ---------------------------------------------------------------------------------------------------

    def claim(self, claim: Claim) -> Iterator[str]:
        """The claim, its lines, and what is set for all of them."""
        day = claim.lines[0].date_of_service
        patient, payers = claim.patient, claim.other_payers
        pairs = [*_of(claim, _CLAIM), *_provider("billing_provider", claim.billing_provider, BILLING["npi"], "specialty")]
        pairs += [(f"patient.{name}", value) for name, value in _of(patient, _PATIENT)]
        pairs += [*_facts(claim), *_facts(patient)]
        if isinstance(payers, tuple) and payers:
            pairs += [(f"other_payer.{name}", value) for name, value in _of(payers[0], _OTHER_PAYER)]
        yield f"claim on {day}{self.pairs(pairs)}"
        yield from (f"line {self.line(line, day)}" for line in claim.lines)
        yield from self._of_all_lines(claim)

    def _of_all_lines(self, claim: Claim) -> Iterator[str]:
        unsaid = [line.number for line in claim.lines if line.modifiers is UNKNOWN]
        if unsaid and len(unsaid) == len(claim.lines):
            yield "set modifiers unknown"
        elif unsaid:
            yield f"# which modifiers line {listed(map(str, unsaid))} has is not known"
        if isinstance(claim.diagnoses, tuple) or claim.diagnoses is None:
            yield f"set diagnoses {', '.join(claim.diagnoses or ()) or 'none'}"
        if isinstance(claim.authorizations, tuple) and claim.authorizations:
            yield f"set authorizations {', '.join(_quoted(one) for one in claim.authorizations)}"
        if isinstance(claim.other_payers, tuple) and len(claim.other_payers) != 1:
            yield f"# the claim names {len(claim.other_payers)} other payers"

    def line(self, line: ServiceLine, day: Any = None) -> str:
        """A line or a service, its code first, then its modifiers and its fields."""
        modifiers = line.modifiers if isinstance(line.modifiers, tuple) else ()
        pairs = [*_of(line, _LINE), *_provider("rendering_provider", line.rendering_provider, RENDERING["npi"], "role", "taxonomy")]
        if isinstance(line.minutes_by, Mapping):
            pairs += [(f"minutes_by.{role}", minutes) for role, minutes in line.minutes_by.items()]
        if isinstance(line.diagnoses, tuple) and len(line.diagnoses) == 1:
            pairs.append(("diagnosis", line.diagnoses[0]))
        if day is not None and line.date_of_service != day:
            pairs.append(("date_of_service", line.date_of_service))
        return " ".join([line.code, *modifiers]) + self.pairs([*pairs, *_facts(line)])

    # ---- history -------------------------------------------------------------------------------------------------

    def history(self, history: History) -> Iterator[str]:
        """What is on file; services alike but for their days, at one distance, in one clause."""
        if isinstance(history.complete_from, date):
            end = f" to {history.complete_to}" if isinstance(history.complete_to, date) else ""
            yield f"history complete from {history.complete_from}{end}"
        if isinstance(history.complete_for, str):
            yield f"history complete for {history.complete_for}"
        services = history.services if isinstance(history.services, tuple) else ()
        yield from (self._services(run) for run in _runs(services))
        yield from ("# which modifiers a service has is not known" for one in services if one.modifiers is UNKNOWN)
        yield from (f"# the service of {one.date_of_service} stood on claim {one.claim}" for one in services if isinstance(one.claim, str))
        for one in _each(history.authorizations):
            yield f"authorization {self._authorization(one)}"
        for event in _each(history.events):
            yield self._event(event)
        for note in _each(history.notes):
            yield self._note(note)
        if history.services == () and not isinstance(history.complete_from, date):
            yield "set services none"
        yield from (f"set {name} none" for name in ("authorizations", "events", "notes") if getattr(history, name) == ())
        if isinstance(history.balances, tuple) and history.balances:
            yield "# the history has balances"

    def _services(self, run: list[Service]) -> str:
        first = run[0]
        pairs = [*_of(first, _SERVICE), *_provider("billing_provider", first.billing_provider, BILLING["npi"], "specialty")]
        text = f"service {self.line(first)}{self.pairs(pairs)} on"
        if len(run) == 1:
            return f"{text} {first.date_of_service}"
        step = (_day(run[1]) - _day(first)).days
        return f"{text} {len(run)} days from {first.date_of_service}" + (f" every {step} days" if step != 1 else "")

    def _authorization(self, one: Authorization) -> str:
        codes = one.codes if isinstance(one.codes, tuple) else ()
        whom = ", ".join(codes) if codes else one.discipline if isinstance(one.discipline, str) else ""
        ends = "".join(f" {word} {day}" for word, day in (("from", one.from_), ("to", one.to)) if isinstance(day, date))
        return f"{one.number}{f' for {whom}' if whom else ''}{ends}{self.pairs([*_of(one, _AUTHORIZATION), *_facts(one)])}"

    def _event(self, event: Event) -> str:
        if not isinstance(event.date, date):
            return f"# event {event.kind} without a date"
        role = event.by.role if isinstance(event.by, Provider) else UNKNOWN
        return f"event {event.kind} on {event.date}{self.pairs([('role', role), *_of(event, ('received', 'injury_number')), *_facts(event)])}"

    def _note(self, note: Note) -> str:
        if not isinstance(note.date, date):
            return f"# note {note.kind} without a date"
        return f"note {note.kind} on {note.date}{self.pairs(self._in_note(note))}"

    def _in_note(self, note: Note) -> list[tuple[str, Any]]:
        plan = [(f"plan_of_care.{name}", value) for name, value in _of(note.plan_of_care, ("established", "certified", "ends"))]
        return [*_of(note, _NOTE), *plan, *_facts(note)]

    # ---- session -------------------------------------------------------------------------------------------------

    def session(self, session: Session) -> Iterator[str]:
        """The session with its note, and each thing that was done in it."""
        pairs = [*_of(session, ("discipline", "total_minutes")), *_facts(session)]
        if isinstance(session.note, Note):
            pairs += [(f"note.{name}", value) for name, value in self._in_note(session.note)]
        yield f"session on {session.date}{self.pairs(pairs)}"
        for one in _each(session.interventions):
            yield f"intervention {one.code}{self.pairs([*_of(one, ('minutes', 'role', 'contact', 'patients')), *_facts(one)])}"

    # ---- values --------------------------------------------------------------------------------------------------

    def pairs(self, fields: _Pairs) -> str:
        """Fields with their values, those that nobody knows left out."""
        return "".join(f" {name} {self.value(name, value)}" for name, value in fields if value is not UNKNOWN)

    def value(self, name: str, value: Any) -> str:
        """A value as a test writes it, by the type of its field."""
        if value is None:
            return "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        plain = name.rsplit(".", 1)[-1]
        if plain in _MONEY or self.types.get(name) == "money":
            return f"${value}"
        field = FIELDS.get(name) or FIELDS.get(f"note.{plain}")
        type_ = "text" if plain in _TEXT else self.types.get(name) or (field.type if field is not None else "")
        return _quoted(value) if type_ == "text" and value != "unknown" else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _quoted(text: Any) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", str(text)) + '"'


def _of(record: Any, names: Iterable[str]) -> list[tuple[str, Any]]:
    return [(name, getattr(record, name, UNKNOWN)) for name in names]


def _facts(record: Any) -> list[tuple[str, Any]]:
    facts = getattr(record, "facts", UNKNOWN)
    return list(facts.items()) if isinstance(facts, Mapping) else []


def _each(records: Any) -> tuple[Any, ...]:
    return records if isinstance(records, tuple) else ()


def _provider(name: str, provider: Any, usual: str, *more: str) -> list[tuple[str, Any]]:
    """A provider's number where it is not the one that every test has, and what else is said of the provider."""
    if not isinstance(provider, Provider):
        return [(name, "unknown")] if provider is UNKNOWN else [(name, None)]
    npi = provider.npi if provider.npi is not UNKNOWN else "unknown"
    return [*([(name, npi)] if npi != usual else []), *_of(provider, more)]


# ---- services in a row -------------------------------------------------------------------------------------------


def _day(service: Service) -> date:
    assert isinstance(service.date_of_service, date)
    return service.date_of_service


def _runs(services: Iterable[Service]) -> Iterator[list[Service]]:
    """Services that are alike but for their days, which follow each other at one distance."""
    run: list[Service] = []
    for service in services:
        if run and not _goes_on(run, service):
            yield run
            run = []
        run.append(service)
    if run:
        yield run


def _goes_on(run: list[Service], service: Service) -> bool:
    like = attrs.evolve(service, date_of_service=run[0].date_of_service, number=run[0].number)
    step = (_day(service) - _day(run[-1])).days
    return like == run[0] and 0 < step <= 400 and (len(run) == 1 or step == (_day(run[1]) - _day(run[0])).days)
