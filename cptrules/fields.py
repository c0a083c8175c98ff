"""The fields a policy may ask about: one name in the policy, in JSON and in Python, its owner, its type and its question."""

from __future__ import annotations

from typing import Final

import attrs

from . import vocabulary as v


@attrs.frozen
class Field:
    """One field: whose it is, what it holds, and how to ask for it.

    `owner`: line, claim, patient, authorization, note, session, other_payer, event. `type`: yes_no, number, money, date,
    code, text, word. `system`: of a code, which kind. `many`: asked about in the singular, true when any of them is.
    """

    name: str
    owner: str
    type: str
    question: str
    words: tuple[str, ...] = ()
    system: str = ""
    many: bool = False
    declared: bool = False

    @property
    def attribute(self) -> str:
        """The part of the name behind the owner's."""
        return self.name.split(".", 1)[1] if "." in self.name else self.name


def _line(name: str, type_: str, question: str, **more: object) -> Field:
    return Field(name, "line", type_, question, **more)  # type: ignore[arg-type]


def _claim(name: str, type_: str, question: str, **more: object) -> Field:
    return Field(name, "claim", type_, question, **more)  # type: ignore[arg-type]


def _of(owner: str, name: str, type_: str, question: str, **more: object) -> Field:
    return Field(f"{owner}.{name}", owner, type_, question, **more)  # type: ignore[arg-type]


_ALL: Final = (
    _line("code", "code", "Which procedure code is on the line?", system="procedure"),
    _line("modifier", "code", "Which modifiers are on the line?", system="short", many=True),
    _line("units", "number", "How many units are billed?"),
    _line("minutes", "number", "How many minutes was this service given?"),
    _line("charge", "money", "What is charged for the line?"),
    _line("allowed", "money", "What does the payer allow for the line?"),
    _line("date_of_service", "date", "On which date was the service given?"),
    _line("discipline", "word", "Is this physical therapy, occupational therapy or speech?", words=v.DISCIPLINES),
    _line("role", "word", "Who gave the service: a therapist, an assistant, someone else?", words=v.ROLES, many=True),
    _line("contact", "word", "Was it one on one, in a group, or concurrent?", words=v.CONTACTS),
    _line("patients", "number", "How many patients were treated at the same time?"),
    _line("place_of_service", "code", "Where was the service given (place of service)?", system="short"),
    _line("telehealth", "yes_no", "Was it given by telehealth?"),
    _line("diagnosis", "code", "Which diagnoses does the line point to?", system="diagnosis", many=True),
    _line("revenue_code", "code", "Which revenue code is on the line?", system="revenue"),
    _line("assisted", "yes_no", "Did an assistant give more than 10 percent of it?"),
    _line("rendering_provider", "text", "Who rendered the service?"),
    _line("denied", "yes_no", "Was the service denied?"),
    _claim("plan", "text", "Which plan is the patient in?"),
    _claim("in_network", "yes_no", "Is the provider in the payer's network?"),
    _claim("billing_provider", "text", "Which billing provider is it?"),
    _claim("received", "date", "When did the payer receive the claim?"),
    _claim("payer_order", "word", "Is this payer primary, secondary or tertiary?", words=v.PAYER_ORDERS),
    _claim("claim_kind", "word", "Is it a first claim, a corrected one or an appeal?", words=v.CLAIM_KINDS),
    _claim("therapy_kind", "word", "Is the service habilitative or rehabilitative?", words=v.THERAPY_KINDS),
    _claim("condition", "text", "Which condition is treated?"),
    _claim("injury_number", "text", "Which injury is it (injury number)?"),
    _of("patient", "id", "text", "Which patient is it?"),
    _of("patient", "birth_date", "date", "When was the patient born?"),
    _of("patient", "age", "number", "When was the patient born?"),
    _of("patient", "sex", "text", "What is the patient's sex?"),
    _of("patient", "benefit_year_start", "date", "When does the patient's benefit year start?"),
    _of("patient", "enrolled", "date", "When did the patient join the plan?"),
    _of("authorization", "number", "text", "Which authorization number?"),
    _of("authorization", "payer", "text", "Whose authorization is it?"),
    _of("authorization", "plan", "text", "For which plan is the authorization?"),
    _of("authorization", "kind", "word", "What kind of approval is it?", words=v.AUTHORIZATION_KINDS),
    _of("authorization", "discipline", "word", "For which discipline is the authorization?", words=v.DISCIPLINES),
    _of("authorization", "billing_provider", "text", "For which provider is the authorization?"),
    _of("authorization", "code", "code", "Which codes does it approve?", system="procedure", many=True),
    _of("authorization", "from", "date", "From when does the authorization run?"),
    _of("authorization", "to", "date", "When does the authorization end?"),
    _of("authorization", "visits", "number", "How many visits does it approve?"),
    _of("authorization", "visits_per_week", "number", "How many visits a week does it approve?"),
    _of("authorization", "units_per_visit", "number", "How many units a visit does it approve?"),
    _of("authorization", "used_visits", "number", "How many of its visits are used?"),
    _of("authorization", "requested", "date", "When was the authorization asked for?"),
    _of("authorization", "received", "date", "When did the payer receive the request?"),
    _of("authorization", "decided", "date", "When was the authorization decided?"),
    _of("note", "kind", "word", "What kind of note is it?", words=v.NOTE_KINDS),
    _of("note", "date", "date", "Of which day is the note?"),
    _of("note", "text", "text", "What does the note say?"),
    _of("note", "medical_necessity", "text", "What does the note say of medical necessity?"),
    _of("note", "progress", "text", "What does the note say of progress?"),
    _of("note", "functional_outcome", "text", "What does the note say of function?"),
    _of("note", "signature", "text", "Who signed the note?"),
    _of("note", "credentials", "text", "Which credentials has the signer?"),
    _of("note", "signed_on", "date", "When was the note signed?"),
    _of("note", "similarity_to_previous", "number", "How like the patient's earlier notes is it?"),
    _of("note", "plan_of_care.established", "date", "When was the plan of care established?"),
    _of("note", "plan_of_care.certified", "date", "When was the plan of care certified?"),
    _of("note", "plan_of_care.ends", "date", "When does the plan of care end?"),
    _of("session", "total_minutes", "number", "How many minutes did the whole session take?"),
    _of("session", "date", "date", "On which day was the session?"),
    _of("other_payer", "order", "word", "Is the other payer primary, secondary or tertiary?", words=v.PAYER_ORDERS, many=True),
    _of("other_payer", "decided", "date", "When did the other payer decide?", many=True),
    _of("other_payer", "outcome", "text", "What did the other payer decide?", many=True),
    _of("other_payer", "exhausted", "yes_no", "Is the other payer's benefit used up?", many=True),
)  # fmt: skip

FIELDS: Final[dict[str, Field]] = {field.name: field for field in _ALL}

# What `needs` may name of a note: its text elements, and what a session adds.
NOTE_ELEMENTS: Final = (
    "interventions", "timed_minutes", "total_minutes", "medical_necessity", "progress", "functional_outcome",
    "signature", "credentials", "signed_on", "plan_of_care", *v.NOTE_KINDS,
)  # fmt: skip

FACT_OWNERS: Final = ("claim", "line", "patient", "authorization", "note", "session")
FACT_TYPES: Final = ("yes_no", "number", "money", "date", "code", "text", "one of")
