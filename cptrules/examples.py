"""The tests of a policy file: what each gives (claim and history) and what it expects (docs/language.md, Tests in the file).

A test is built as the JSON of interchange.md and read like any other input, so that it can hold nothing a claim cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs

from . import against
from . import tree as t
from .balances import selection
from .claims import Claim, History, Session
from .diagnostics import nearest
from .errors import InputError
from .fields import FIELDS, Field
from .interchange import read
from .loading import PolicyFile
from .policy import CodeSet, Policy
from .vocabulary import DISCIPLINES, EVENT_KINDS, MEASURES, NOTE_KINDS, OUTCOMES, ROLES, TIME_UNITS, plural

BILLING: Final = {"npi": "1000000001"}
RENDERING: Final = {"npi": "1000000002"}
OF_NO_POLICY: Final = ("disciplines_disagree", "code_not_in_force", *against.RULES)
_MOST_DAYS: Final = 2000
_EXPECTED: Final = (*OUTCOMES, "undetermined")

# Keys of the JSON that are no fields of the language, with their types.
_MORE: Final = {
    "modifiers": FIELDS["modifier"], "diagnoses": FIELDS["diagnosis"],
    "authorizations": Field("authorizations", "line", "text", "", many=True),
    "diagnosis_pointers": Field("diagnosis_pointers", "line", "number", "", many=True),
    "specialty": Field("specialty", "claim", "text", ""), "taxonomy": Field("taxonomy", "line", "text", ""),
    "paid": Field("paid", "service", "money", ""), "claim": Field("claim", "service", "text", ""),
    "id": Field("id", "claim", "text", ""), "payer": Field("payer", "claim", "text", ""),
    "total_minutes": FIELDS["session.total_minutes"], "with": attrs.evolve(FIELDS["role"], many=False),
    "start": Field("start", "intervention", "text", ""), "description": Field("description", "intervention", "text", ""),
}  # fmt: skip
_JSON_KEY: Final = {"modifier": "modifiers", "diagnosis": "diagnoses"}
_LINE_KEYS: Final = (
    "modifier", "units", "minutes", "charge", "allowed", "date_of_service", "discipline", "role", "contact", "patients",
    "place_of_service", "telehealth", "diagnosis", "revenue_code", "rendering_provider", "therapy_kind", "condition", "injury_number",
    "modifiers", "diagnoses", "authorizations", "diagnosis_pointers", "taxonomy", "code",
)  # fmt: skip
_SERVICE_KEYS: Final = (*_LINE_KEYS, "paid", "claim", "denied", "plan", "in_network", "billing_provider", "specialty")
_CLAIM_KEYS: Final = (
    "plan", "payer", "id", "payer_order", "claim_kind", "received", "place_of_service", "in_network", "diagnosis", "diagnoses",
    "billing_provider", "specialty", "condition", "injury_number", "therapy_kind", "authorizations",
)  # fmt: skip
_NOTE_KEYS: Final = (
    "text", "medical_necessity", "progress", "functional_outcome", "signature", "credentials", "signed_on",
    "plan_of_care.established", "plan_of_care.certified", "plan_of_care.ends",
)  # fmt: skip
_SESSION_KEYS: Final = (*_CLAIM_KEYS, "discipline", "total_minutes")
_INTERVENTION_KEYS: Final = ("minutes", "role", "contact", "patients", "with", "start", "description")
_LIST_OF: Final[dict[type, str]] = {
    t.TService: "services", t.TBalance: "balances", t.TAuthorization: "authorizations", t.TEvent: "events", t.TNote: "notes",
}  # fmt: skip
_REPLACING: Final = (t.TLine, t.TService, t.TBalance, t.TAuthorization, t.TEvent, t.TNote, t.TSession)


@attrs.frozen
class Example:
    """One case to run: a test or one of its variants, with what it gives and what it expects."""

    names: tuple[str, ...]
    line: int
    claim: Claim
    history: History | None
    session: Session | None
    expects: tuple[t.TExpect, ...]

    @property
    def title(self) -> str:
        """Its name, a variant's behind its test's."""
        return " > ".join(f'"{name}"' for name in self.names)


def examples(file: PolicyFile, policy: Policy) -> list[Example]:
    """Build every test of a file and its variants; mistakes in them go to the file's diagnostics (E059)."""
    builder = _Examples(file, policy)
    seen: dict[str, int] = {}
    for block in file.tests():
        if block.name.text in seen:
            file.scope.report("E016", block.name, f'a test "{block.name.text}" stands in line {seen[block.name.text]} already')
        seen.setdefault(block.name.text, block.span.line)
        builder.take((block.name.text,), block, (), ())
    return builder.found


@attrs.define
class _Examples:
    file: PolicyFile
    policy: Policy
    found: list[Example] = attrs.field(factory=list)

    def take(self, names: tuple[str, ...], block: t.TestBlock | t.Variant, outer: tuple[Any, ...], sets: tuple[t.TSet, ...]) -> None:
        """Build a test or variant: it starts from the clauses around it (docs/language.md)."""
        own = tuple(clause for clause in block.clauses if not isinstance(clause, t.Variant | t.TExpect | t.TSet))
        clauses = _merged(outer, own)
        said_anew = {_LIST_OF[type(clause)] for clause in own if type(clause) in _LIST_OF}
        sets = tuple(clause for clause in sets if clause.field.text not in said_anew)
        sets = (*sets, *(clause for clause in block.clauses if isinstance(clause, t.TSet)))
        expects = tuple(clause for clause in block.clauses if isinstance(clause, t.TExpect))
        variants = [clause for clause in block.clauses if isinstance(clause, t.Variant)]
        before = len(self.file.scope.diagnostics)
        if expects or not variants:
            built = _Given(self.file, self.policy, block).build(clauses, sets)
            self._check(expects, block)
            if built is not None and len(self.file.scope.diagnostics) == before:
                self.found.append(Example(names, block.span.line, *built, expects))
        if len(self.file.scope.diagnostics) == before:  # a mistake of the test would come again with each variant
            for variant in variants:
                self.take((*names, variant.name.text), variant, clauses, sets)

    # ---- expectations ------------------------------------------------------------------------------------------

    def _check(self, expects: tuple[t.TExpect, ...], block: t.TestBlock | t.Variant) -> None:
        report = self.file.scope.report
        if not expects:
            report("E059", block.name, "the test expects nothing", "expect OUTCOME by RULE, or expect clean")
        known = [*(rule.name for rule in self.policy.rules), *OF_NO_POLICY]
        for expect in expects:
            word = expect.outcome.text
            if word not in _EXPECTED:
                report("E029", expect.outcome, f'"{word}" is no outcome', ", ".join(_EXPECTED), nearest(word, _EXPECTED))
            if expect.rule is not None and expect.rule.text not in known:
                report("E059", expect.rule, f'the policy has no rule "{expect.rule.text}"', None, nearest(expect.rule.text, known))
            if expect.missing and word != "undetermined":
                report("E059", expect.missing[0], "`missing` goes with `expect undetermined`")
            if word == "clean" and (expect.rule or expect.stands or expect.carc or expect.repair):
                report("E059", expect.outcome, "a clean claim has no rule, code or repair to expect")


def _merged(outer: tuple[Any, ...], own: tuple[Any, ...]) -> tuple[Any, ...]:
    """The first clause of a kind replaces all of that kind, further ones add; `claim` and `history` replace their namesake."""
    kinds = {type(clause) for clause in own}
    replaced = {kind for kind in kinds if kind in _REPLACING or kind in (t.TClaim, t.THistory, t.THistoryFor)}
    if t.TSession in kinds:
        replaced.add(t.TIntervention)
    return (*(clause for clause in outer if type(clause) not in replaced), *own)


# ---- what a test gives -------------------------------------------------------------------------------------------


@attrs.define
class _Given:
    """Builds the claim and the history of one case."""

    file: PolicyFile
    policy: Policy
    block: t.TestBlock | t.Variant
    claim: dict[str, Any] = attrs.field(factory=dict)
    history: dict[str, Any] = attrs.field(factory=dict)
    session: dict[str, Any] = attrs.field(factory=dict)
    spans: dict[str, t.Span] = attrs.field(factory=dict)

    def build(self, clauses: tuple[Any, ...], sets: tuple[t.TSet, ...]) -> tuple[Claim, History | None, Session | None] | None:
        """Give the claim, the history and the session, or None where a mistake stands in the way; it is reported."""
        heads = [clause for clause in clauses if isinstance(clause, t.TClaim)]
        if not self.policy.payers:
            self._refuse(self.block.name, "a policy without a payer has no claims to test", "put the tests into a policy that extends it")
            return None
        if len(heads) != 1 or not any(isinstance(clause, t.TLine) for clause in clauses):
            self._refuse(self.block.name, "a test has one `claim` and at least one `line`", "claim on DATE ... then line CODE ...")
            return None
        self._claim(heads[0])
        for clause in clauses:
            self._take(clause, heads[0])
        for clause in sets:
            self._set(clause)
        return self._read()

    def _refuse(self, at: Any, message: str, wanted: str | None = None, near: str | None = None) -> None:
        self.file.scope.report("E059", at, message, wanted, near)

    def _take(self, clause: Any, head: t.TClaim) -> None:
        match clause:
            case t.TLine():
                self._line(clause, head)
            case t.TService():
                self._service(clause)
            case t.THistory() | t.THistoryFor():
                self._complete(clause)
            case t.TBalance():
                self._balance(clause)
            case t.TAuthorization():
                self._authorization(clause)
            case t.TEvent():
                self._event(clause)
            case t.TNote():
                self._note(clause)
            case t.TSession():
                self._session(clause)
            case t.TIntervention():
                self._intervention(clause)
            case _:
                pass

    def _read(self) -> tuple[Claim, History | None, Session | None] | None:
        found: list[Any] = []
        for cls, data, prefix in ((Claim, self.claim, ""), (History, self.history, "history."), (Session, self.session, "session.")):
            try:
                found.append(read(cls, data) if data or cls is Claim else None)
            except InputError as error:
                told: set[tuple[t.Span, str]] = set()
                for fault in error.faults:
                    at = self._span(f"{prefix}{fault.path}")
                    span = at if isinstance(at, t.Span) else at.span
                    if (span, fault.message) not in told:  # `service ... on 30 days` is one clause, and wrong once
                        told.add((span, fault.message))
                        self._refuse(span, f"{fault.path}: {fault.message}", None, fault.suggestion)
        return (found[0], found[1], found[2]) if len(found) == 3 else None

    def _span(self, path: str) -> Any:
        """The clause that a path of the input came from: the longest that fits."""
        fitting = [known for known in self.spans if path.startswith(known)]
        return self.spans[max(fitting, key=len)] if fitting else self.block.name

    # ---- clauses -----------------------------------------------------------------------------------------------

    def _claim(self, clause: t.TClaim) -> None:
        self.claim |= {"payer": self.policy.payers[0], "billing_provider": dict(BILLING), "lines": []}
        if self.policy.plans:
            self.claim["plan"] = self.policy.plans[0]
        self.spans[""] = clause.span
        for pair in clause.pairs:
            self._put_in_claim(pair.field, pair.value)

    def _put_in_claim(self, name: t.Name, value: t.TestValue) -> None:
        word = name.text
        owner, _, attribute = word.partition(".")
        field = self._field(name, _CLAIM_KEYS, ("claim", "patient"), allowed_dotted=("patient", "other_payer"))
        if field is None:
            return
        found = self._value(field, (value,), name)
        if owner == "patient" and attribute:
            if attribute == "age":
                return self._refuse(name, "patient.age follows from patient.birth_date; write that")
            _store(self.claim.setdefault("patient", {}), attribute, found)
        elif owner == "other_payer" and attribute:
            payers = self.claim.setdefault("other_payers", [{}])
            _store(payers[0], attribute, found[0] if isinstance(found, list) else found)
        elif field.declared and field.owner == "patient":
            _store(self.claim.setdefault("patient", {}).setdefault("facts", {}), word, found)
        elif field.declared:
            _store(self.claim.setdefault("facts", {}), word, found)
        else:
            self._put(self.claim, word, found)

    def _put(self, record: dict[str, Any], word: str, found: Any) -> None:
        """Put a value under its JSON key; a provider's fields lie within the provider."""
        if word in ("billing_provider", "specialty"):
            _store(record.setdefault("billing_provider", {}), "npi" if word == "billing_provider" else word, found)
        elif word in ("rendering_provider", "role", "taxonomy"):
            key = "npi" if word == "rendering_provider" else word
            _store(record.setdefault("rendering_provider", {}), key, found[0] if isinstance(found, list) and found else found)
        else:
            _store(record, _JSON_KEY.get(word, word), found)

    def _line(self, clause: t.TLine, head: t.TClaim) -> None:
        lines = self.claim["lines"]
        record: dict[str, Any] = {
            "number": len(lines) + 1, "code": clause.code.text, "modifiers": [m.text for m in clause.modifiers],
            "date_of_service": head.on.text, "rendering_provider": dict(RENDERING),
        }  # fmt: skip
        self.spans[f"lines[{len(lines)}]"] = clause.span
        lines.append(record)
        self._pairs(record, clause.pairs, _LINE_KEYS, ("line",))

    def _pairs(self, record: dict[str, Any], pairs: Iterable[t.Pair], keys: tuple[str, ...], owners: tuple[str, ...]) -> None:
        for pair in pairs:
            owner, _, role = pair.field.text.partition(".")
            if owner == "minutes_by" and "minutes" in keys:
                self._minutes_by(record, pair, role)
                continue
            field = self._field(pair.field, keys, owners)
            if field is not None:
                found = self._value(field, (pair.value,), pair.field)
                if field.declared:
                    _store(record.setdefault("facts", {}), pair.field.text, found)
                else:
                    self._put(record, pair.field.text, found)

    def _minutes_by(self, record: dict[str, Any], pair: t.Pair, role: str) -> None:
        """`minutes_by.PTA 10`: the minutes of one person, by role."""
        if role not in ROLES:
            return self._refuse(pair.field, f'no role is called "{role}"', ", ".join(ROLES), nearest(role, ROLES))
        found = self._value(FIELDS["minutes"], (pair.value,), pair.field)
        _store(record.setdefault("minutes_by", {}), role, found)
        return None

    def _service(self, clause: t.TService) -> None:
        start = clause.start.date()
        if start is None:
            self.file.scope.day(clause.start)
            return
        services = self.history.setdefault("services", [])
        for number in range(self._days(clause)):
            record: dict[str, Any] = {
                "code": clause.code.text, "modifiers": [m.text for m in clause.modifiers],
                "date_of_service": (start + timedelta(days=number * self._step(clause))).isoformat(),
                "rendering_provider": dict(RENDERING), "billing_provider": dict(BILLING),
            }  # fmt: skip
            self.spans[f"history.services[{len(services)}]"] = clause.span
            services.append(record)
            self._pairs(record, clause.pairs if number == 0 else (), _SERVICE_KEYS, ("line", "claim"))
            if number:
                first = services[len(services) - 1 - number]
                services[-1] = {**first, "date_of_service": record["date_of_service"]}

    def _days(self, clause: t.TService) -> int:
        return self.file.scope.whole(clause.days, 1, _MOST_DAYS) if clause.days is not None else 1

    def _step(self, clause: t.TService) -> int:
        if clause.step is None or clause.step_unit is None:
            return 1
        unit = plural(clause.step_unit.text)
        if unit not in ("days", "weeks"):
            self._refuse(clause.step_unit, f'services can\'t be laid "every {clause.step_unit.text}"', "every N days, or every N weeks",
                         nearest(unit, TIME_UNITS))  # fmt: skip
            return 1
        return self.file.scope.whole(clause.step, 1, 400) * (7 if unit == "weeks" else 1)

    def _complete(self, clause: t.THistory | t.THistoryFor) -> None:
        self.history.setdefault("services", [])
        self.spans["history.complete"] = clause.span
        if isinstance(clause, t.THistoryFor):
            self.history["complete_for"] = clause.whom.text
            return
        self.history["complete_from"] = clause.start.text
        if clause.end is not None:
            self.history["complete_to"] = clause.end.text

    def _balance(self, clause: t.TBalance) -> None:
        measure = plural(clause.measure.text)
        tables = self.file.scope.names("table")
        if measure not in MEASURES and clause.measure.text not in tables:
            self._refuse(clause.measure, f'no measure is called "{clause.measure.text}"', ", ".join(MEASURES), nearest(measure, [*MEASURES, *tables]))
        of = self.file.scope.selector(clause.of) if clause.of is not None else None
        named, out = selection(of)
        record = {
            "measure": measure, "of": sorted(named), "from": clause.start.text, "to": clause.end.text,
            "used": clause.used.text.replace(",", ""),
        }  # fmt: skip
        if out:
            record["excluding"] = sorted(out)
        balances = self.history.setdefault("balances", [])
        self.spans[f"history.balances[{len(balances)}]"] = clause.span
        balances.append(record)

    def _authorization(self, clause: t.TAuthorization) -> None:
        record: dict[str, Any] = {"number": clause.number.text}
        if clause.codes is not None:
            self._approved(record, self.file.scope.selector(clause.codes, "procedure"), clause)
        for key, day in (("from", clause.start), ("to", clause.end)):
            if day is not None:
                record[key] = day.text
        for pair in clause.pairs:
            self._put_in_authorization(record, pair.field, (pair.value,))
        records = self.history.setdefault("authorizations", [])
        self.spans[f"history.authorizations[{len(records)}]"] = clause.span
        records.append(record)

    def _approved(self, record: dict[str, Any], of: CodeSet, clause: t.TAuthorization) -> None:
        """An authorization names codes, or one discipline; a set stands for its codes on the day the authorization begins."""
        named = of.disciplines()
        day = (clause.start.date() if clause.start is not None else None) or self._claim_day()
        known = {code.code for code in self.file.scope.codes_known.codes()} | set(of.listed()) - set(DISCIPLINES)
        codes = sorted(code for code in known if of.holds(code, day))
        if len(named) > 1 or (named and (codes or of.excluding)):
            self._refuse(clause.codes, "an authorization is for codes, or for one discipline", "for PT, or for 97110, 97140")
        elif named:
            record["discipline"] = named[0]
        else:
            record["codes"] = codes

    def _claim_day(self) -> date:
        """The date of the claim's first line, which stands before what is on file in no test without a mistake."""
        lines = self.claim.get("lines") or [{}]
        try:
            return date.fromisoformat(lines[0].get("date_of_service", ""))
        except ValueError:
            return date.min

    def _put_in_authorization(self, record: dict[str, Any], name: t.Name, values: tuple[t.TestValue, ...]) -> None:
        word = name.text.removeprefix("authorization.")
        field = FIELDS.get(f"authorization.{word}") or self._declared(word, ("authorization",))
        if field is None:
            known = [key.removeprefix("authorization.") for key in FIELDS if key.startswith("authorization.")]
            return self._refuse(name, f'an authorization has no "{word}"', None, nearest(word, known))
        found = self._value(field, values, name)
        if field.declared:
            _store(record.setdefault("facts", {}), word, found)
        elif word == "billing_provider":
            _store(record.setdefault(word, {}), "npi", found)
        else:
            _store(record, {"code": "codes"}.get(word, word), found)

    def _event(self, clause: t.TEvent) -> None:
        kind = clause.kind.text
        known = [*EVENT_KINDS, *self.file.scope.names("event")]
        if kind not in known:
            return self._refuse(clause.kind, f'no event is called "{kind}"', None, nearest(kind, known))
        record: dict[str, Any] = {"kind": kind, "date": clause.on.text}
        declared = self.file.scope.event_facts(kind)
        for pair in clause.pairs:
            self._put_in_event(record, pair, declared)
        events = self.history.setdefault("events", [])
        self.spans[f"history.events[{len(events)}]"] = clause.span
        events.append(record)

    def _put_in_event(self, record: dict[str, Any], pair: t.Pair, declared: dict[str, Field]) -> None:
        word = pair.field.text
        plain = {"injury_number": FIELDS["injury_number"], "received": FIELDS["received"], "role": FIELDS["role"]}
        field = declared.get(word) or plain.get(word)
        if field is None:
            return self._refuse(pair.field, f'the event has no "{word}"', None, nearest(word, [*declared, *plain]))
        found = self._value(field, (pair.value,), pair.field)
        if word in declared:
            _store(record.setdefault("facts", {}), word, found)
        elif word == "role":
            record.setdefault("by", {})["role"] = found[0] if isinstance(found, list) and found else found
        else:
            _store(record, word, found)

    # ---- notes and sessions ------------------------------------------------------------------------------------

    def _note(self, clause: t.TNote) -> None:
        kind = clause.kind.text
        if kind not in NOTE_KINDS:
            return self._refuse(clause.kind, f'no note is called "{kind}"', ", ".join(NOTE_KINDS), nearest(kind, NOTE_KINDS))
        record: dict[str, Any] = {"kind": kind, "date": clause.on.text}
        notes = self.history.setdefault("notes", [])
        self.spans[f"history.notes[{len(notes)}]"] = clause.span
        notes.append(record)
        for pair in clause.pairs:
            self._put_in_note(record, pair.field, pair.value, pair.field.text)

    def _put_in_note(self, record: dict[str, Any], name: t.Name, value: t.TestValue, word: str) -> None:
        """Put an element into a note; the plan of care's days lie within the plan."""
        declared = self._declared(word, ("note",))
        field = declared or (FIELDS.get(f"note.{word}") if word in _NOTE_KEYS else FIELDS["discipline"] if word == "discipline" else None)
        if field is None:
            known = [*_NOTE_KEYS, "discipline", *(fact.name for fact in self.file.scope.facts().values() if fact.owner == "note")]
            return self._refuse(name, f'a note has no "{word}"', None, nearest(word, known))
        found, (owner, _, part) = self._value(field, (value,), name), word.partition(".")
        if declared is not None:
            _store(record.setdefault("facts", {}), word, found)
        elif part:
            _store(record.setdefault(owner, {}), part, found)
        else:
            _store(record, word, found)

    def _session(self, clause: t.TSession) -> None:
        self.spans["session."] = clause.span
        self.session |= {"date": clause.on.text, "payer": self.policy.payers[0], "interventions": []}
        for pair in clause.pairs:
            self._put_in_session(pair.field, pair.value)

    def _put_in_session(self, name: t.Name, value: t.TestValue) -> None:
        word = name.text
        if word.startswith("note."):
            return self._put_in_note(self._session_note(), name, value, word.removeprefix("note."))
        field = self._field(name, _SESSION_KEYS, ("session", "claim", "patient"), allowed_dotted=("patient",))
        if field is None:
            return None
        found = self._value(field, (value,), name)
        if word.startswith("patient."):
            _store(self.session.setdefault("patient", {}), word.removeprefix("patient."), found)
        elif field.declared and field.owner == "patient":
            _store(self.session.setdefault("patient", {}).setdefault("facts", {}), word, found)
        elif field.declared:
            _store(self.session.setdefault("facts", {}), word, found)
        else:
            self._put(self.session, word, found)
        return None

    def _session_note(self) -> dict[str, Any]:
        if not isinstance(self.session.get("note"), dict):
            self.session["note"] = {}
        note: dict[str, Any] = self.session["note"]
        return note

    def _intervention(self, clause: t.TIntervention) -> None:
        if not self.session:
            return self._refuse(clause, "an `intervention` stands behind its `session`")
        interventions = self.session["interventions"]
        self.spans[f"session.interventions[{len(interventions)}]"] = clause.span
        record: dict[str, Any] = {"code": clause.code.text}
        interventions.append(record)
        for pair in clause.pairs:
            field = self._field(pair.field, _INTERVENTION_KEYS, ("line",))
            if field is not None:
                found = self._value(field, (pair.value,), pair.field)
                found = found[0] if isinstance(found, list) and found else found
                _store(record.setdefault("facts", {}) if field.declared else record, pair.field.text, found)
        return None

    # ---- set ---------------------------------------------------------------------------------------------------

    def _set(self, clause: t.TSet) -> None:
        """A field of every line where it is a line's, else of the claim, the patient or every authorization."""
        word = clause.field.text
        only = clause.values[0] if len(clause.values) == 1 else None
        nothing = isinstance(only, t.Name) and only.text in ("none", "unknown")
        if word == "note" and nothing and self.session:
            return _store(self.session, "note", None if isinstance(only, t.Name) and only.text == "none" else _GONE)
        if word in ("authorizations", "events", "services", "balances", "notes") and nothing:
            return self._none_of(word, unknown=isinstance(only, t.Name) and only.text == "unknown")
        if word.startswith(("session.", "note.")):
            return self._set_record(word, clause)
        if word.startswith("authorization."):
            for record in self.history.get("authorizations") or ():
                self._put_in_authorization(record, clause.field, clause.values)
            return None
        declared = self._declared(word, ("line", "claim", "patient"))
        if (word in _LINE_KEYS and word not in ("place_of_service", "diagnoses", "diagnosis", "therapy_kind", "condition", "injury_number")) or (
            declared is not None and declared.owner == "line"
        ):
            return self._set_lines(clause)
        if len(clause.values) > 1 and (field := self._field(clause.field, _CLAIM_KEYS, ("claim", "patient"))) is not None:
            return self._put(self.claim, word, self._value(field, clause.values, clause.field))
        return self._put_in_claim(clause.field, clause.values[0])

    def _set_record(self, word: str, clause: t.TSet) -> None:
        """A field of the session, or of its note where there is a session, else of every note on file."""
        value = clause.values[0]
        if len(clause.values) > 1:
            return self._refuse(clause.field, f"{word} has one value")
        if word.startswith("session."):
            if not self.session:
                return self._refuse(clause.field, "the test has no `session`")
            return self._put_in_session(attrs.evolve(clause.field, text=word.removeprefix("session.")), value)
        notes = [self._session_note()] if self.session else self.history.get("notes") or []
        for record in notes:
            self._put_in_note(record, clause.field, value, word.removeprefix("note."))
        return None if notes else self._refuse(clause.field, "the test has no note")

    def _none_of(self, word: str, unknown: bool) -> None:
        """`set authorizations none`: none on file and none named on the claim."""
        if unknown:
            self.history.pop(word, None)
            self.claim.pop(word, None)
            return
        self.history[word] = []
        if word == "authorizations":
            self.claim[word] = []

    def _set_lines(self, clause: t.TSet) -> None:
        field = self._field(clause.field, _LINE_KEYS, ("line",))
        if field is None:
            return
        found = self._value(field, clause.values, clause.field)
        for number, record in enumerate(self.claim["lines"]):
            self.spans[f"lines[{number}].{_JSON_KEY.get(clause.field.text, clause.field.text)}"] = clause.span
            if field.declared:
                _store(record.setdefault("facts", {}), clause.field.text, found)
            else:
                self._put(record, clause.field.text, found)

    # ---- fields and values ---------------------------------------------------------------------------------------

    def _declared(self, word: str, owners: tuple[str, ...]) -> Field | None:
        found = self.file.scope.facts().get(word)
        return found if found is not None and found.owner in owners else None

    def _field(self, name: t.Name, keys: tuple[str, ...], owners: tuple[str, ...], allowed_dotted: tuple[str, ...] = ()) -> Field | None:
        word = name.text
        declared = self._declared(word, owners)
        if declared is not None:
            return declared
        if word in keys or word.partition(".")[0] in allowed_dotted:
            found = _MORE.get(word) or FIELDS.get(word)
            if found is not None:
                return found
        declared_here = [fact.name for fact in self.file.scope.facts().values() if fact.owner in owners]
        known = [*keys, *declared_here, *(key for key in FIELDS if key.split(".")[0] in allowed_dotted)]
        self._refuse(name, f'"{word}" can\'t be given here', None, nearest(word, known))
        return None

    def _value(self, field: Field, values: tuple[t.TestValue, ...], name: t.Name) -> Any:
        """The JSON value that a test writes; `_GONE` where it says `unknown`."""
        first = values[0]
        if isinstance(first, t.Name) and len(values) == 1 and first.text in ("none", "unknown"):
            return _GONE if first.text == "unknown" else [] if field.many else None
        found = [self._one(field, value) for value in values]
        if field.many:
            return found
        if len(values) > 1:
            self._refuse(name, f"{name.text} has one value, not {len(values)}")
        return found[0]

    def _one(self, field: Field, value: t.TestValue) -> Any:
        text = value.text
        match field.type:
            case "yes_no":
                if text not in ("yes", "no"):
                    self._refuse(value, f"{field.name} is yes or no", "yes, no, none or unknown")
                return text == "yes"
            case "number":
                if not isinstance(value, t.Word) or not text.replace(".", "", 1).isdigit():
                    self._refuse(value, f"{field.name} is a number")
                    return 0
                return int(text) if text.isdigit() else Decimal(text)
            case "money":
                return text.replace(",", "")
            case "word" if field.declared and text not in field.words:
                self._refuse(value, f'{field.name} is never "{text}"', f"one of {', '.join(field.words)}", nearest(text, field.words))
                return text
            case _:
                return text


_GONE: Final = object()


def _store(record: dict[str, Any], key: str, found: Any) -> None:
    if found is _GONE:
        record.pop(key, None)
    else:
        record[key] = found


def clauses_in(block: t.TestBlock | t.Variant) -> Iterator[t.TestClause]:
    """Every clause of a test, those of its variants included."""
    for clause in block.clauses:
        yield clause
        if isinstance(clause, t.Variant):
            yield from clauses_in(clause)
