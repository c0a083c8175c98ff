"""The words of the language and of the interchange, in one place.

The grammar, the checker, the JSON reader and the documentation all take their lists from here, so that a word exists once.
"""

from __future__ import annotations

from typing import Final

# Closed lists of interchange.md: what a field may hold.
DISCIPLINES: Final = ("PT", "OT", "SLP")
ROLES: Final = (
    "PT", "PTA", "OT", "OTA", "SLP", "SLPA", "physician", "nurse_practitioner", "physician_assistant", "chiropractor",
    "podiatrist", "optometrist", "dentist", "psychologist", "audiologist", "acupuncturist", "massage_therapist",
    "student", "aide",
)  # fmt: skip
CONTACTS: Final = ("one_on_one", "group", "concurrent")
CLAIM_KINDS: Final = ("first", "corrected", "appeal")
THERAPY_KINDS: Final = ("habilitative", "rehabilitative")
PAYER_ORDERS: Final = ("primary", "secondary", "tertiary")
AUTHORIZATION_KINDS: Final = ("notice", "reviewed", "written", "hotline", "utilization_review", "claim_manager")
NOTE_KINDS: Final = ("evaluation", "plan_of_care", "certification", "treatment_note", "progress_report", "discharge")
EVENT_KINDS: Final = ("injury", "accident", "enrolment", "admission", "discharge", "order", "referral")
COMPLETE_FOR: Final = ("patient", "billing_provider")

ROLE_DISCIPLINE: Final = {"PT": "PT", "PTA": "PT", "OT": "OT", "OTA": "OT", "SLP": "SLP", "SLPA": "SLP"}
ASSISTANT_ROLES: Final = ("PTA", "OTA")
DISCIPLINE_MODIFIER: Final = {"PT": "GP", "OT": "GO", "SLP": "GN"}
MODIFIER_DISCIPLINE: Final = {"GP": "PT", "GO": "OT", "GN": "SLP"}
THERAPY_KIND_MODIFIER: Final = {"96": "habilitative", "97": "rehabilitative"}

# Outcomes, mildest first (M3.1).
OUTCOMES: Final = ("clean", "inform", "warn", "reduce", "pend", "deny")
RULE_OUTCOMES: Final = ("deny", "reduce", "pend", "warn", "inform")

# Words that open a block at the first column, and the kinds of rule among them.
RULE_KINDS: Final = (
    "timing", "limit", "prior_authorization", "modifiers", "require", "forbid", "pairs", "documentation", "deadline",
    "payment",
)  # fmt: skip
BLOCK_WORDS: Final = (
    "policy", "library", "source", "codes", "amount", "table", "fact", "event", "term", "counter", "window",
    *RULE_KINDS, "override", "drop", "test",
)  # fmt: skip

MEASURES: Final = (
    "treatment_days", "visits", "units", "minutes", "lines", "charged", "allowed", "paid", "patients", "authorizations",
)  # fmt: skip
TIME_UNITS: Final = ("days", "business_days", "weeks", "months", "years")
TIME_KEYS: Final = (
    "line", "claim", "day", "week", "month", "calendar_year", "benefit_year", "lifetime", "prior", "rolling",
    "authorization", "injury_number",
)  # fmt: skip
KIND_KEYS: Final = (
    "discipline", "code", "condition", "therapy_kind", "billing_provider", "rendering_provider", "specialty",
)  # fmt: skip
SCOPES: Final = ("line", "day", "claim")

_SINGULAR: Final = {
    "treatment_day": "treatment_days", "visit": "visits", "unit": "units", "minute": "minutes", "line": "lines",
    "patient": "patients", "authorization": "authorizations", "day": "days", "business_day": "business_days",
    "week": "weeks", "month": "months", "year": "years",
}  # fmt: skip


def plural(word: str) -> str:
    """Give a measure or a unit of time its one spelling; singular and plural are one word in the language."""
    return _SINGULAR.get(word, word)
