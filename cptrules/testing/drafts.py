"""A case in the making: a claim of one line, its history and its session as plain data, with the facts put into them one by one.

What was put first stays: a later wish for the same field of the same line gives way. Choices are drawn so that the first
of a list is the plainest, to which a failing case shrinks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

import attrs
from hypothesis import strategies as st

from ..codesets import CodeTable, code_table
from ..dates import Holidays, add
from ..fields import Field
from ..policy import CodeSet, Entry, Policy
from ..vocabulary import DISCIPLINE_MODIFIER, MODIFIER_DISCIPLINE, ROLE_DISCIPLINE

Draw = Callable[[Any], Any]
Record = dict[str, Any]
T = TypeVar("T")

ONE: Final = timedelta(days=1)
LONG_AGO: Final = "1950-01-01"
# What a field may hold beside what a policy names.
USUAL: Final[dict[str, tuple[str, ...]]] = {
    "modifier": ("GP", "GO", "GN", "59", "KX", "CQ"), "place_of_service": ("11", "12", "21", "22"), "diagnosis": ("M54.50", "F84.0", "Z00.00"),
    "revenue_code": ("0420", "0430"), "code": ("97110", "97140", "97530", "97161", "97150"), "plan": ("A", "B"), "rendering_provider": ("2", "3"),
    "billing_provider": ("1", "4"), "condition": ("a", "b"), "injury_number": ("I1", "I2"), "other_payer.outcome": ("paid", "denied"),
}  # fmt: skip
_INHERITED: Final = ("place_of_service", "condition", "injury_number", "therapy_kind", "diagnoses")
_APART: Final = 1_000_000  # more than there is ever to choose from
_NO_HOLIDAYS: Final = Holidays(frozenset(), date.min, date.max)


def moved(day: date, number: int, unit: str) -> date:
    """A day so many units of time on, or back; holidays are not looked at."""
    return add(day, number, unit, _NO_HOLIDAYS) or day


@attrs.define
class Choices:
    """Draws for one case, each choice out of a range of numbers of its own.

    Hypothesis hands out a case again, up to five times, with draws alike exchanged for one another. The rule that the case is aimed at
    would be the same in all of them; where no two draws are alike, each case is aimed anew. And a number is soon hashed, a policy is not.
    """

    draw: Draw
    made: int = 0

    def __call__(self, strategy: st.SearchStrategy[T]) -> T:
        """Draw from a strategy."""
        found: T = self.draw(strategy)
        return found

    def pick(self, options: Iterable[T]) -> T:
        """Choose one; the first is the plainest."""
        every, first = tuple(options), self.made * _APART
        self.made += 1
        place: int = self.draw(st.sampled_from(range(first, first + len(every))))
        return every[place - first]

    def rarely(self, one_in: int) -> bool:
        """Say yes once in so many times."""
        return self.pick(range(one_in)) == one_in - 1


@attrs.define
class Draft:
    """A case in the making; `line` is the line that a rule is aimed at."""

    choices: Choices
    policy: Policy
    day: date
    payer: str
    claim: Record = attrs.field(init=False)
    line: Record = attrs.field(init=False)
    history: Record = attrs.field(init=False)
    session: Record | None = None
    settled: set[tuple[int, str]] = attrs.field(factory=set)

    def __attrs_post_init__(self) -> None:
        self.line = {"number": 1, "code": "97110", "modifiers": ["GP"], "units": 1, "date_of_service": self.day.isoformat()}
        self.claim = {"payer": self.payer, "billing_provider": {"npi": "1"}, "patient": {"id": "P1"}, "lines": [self.line]}
        if self.policy.plans:
            self.claim["plan"] = self.policy.plans[0]
        self.history = {"patient": "P1", "complete_from": LONG_AGO, "services": [], "events": [], "authorizations": [], "notes": []}

    # ---- choices -----------------------------------------------------------------------------------------------

    def pick(self, options: Iterable[T]) -> T:
        """Choose one; the first is the plainest."""
        return self.choices.pick(options)

    def rarely(self, one_in: int) -> bool:
        """Say yes once in so many times."""
        return self.choices.rarely(one_in)

    def code_table(self) -> CodeTable:
        """The code table that the policy uses."""
        return self.policy.code_table or code_table()

    # ---- records -----------------------------------------------------------------------------------------------

    def on(self, record: Record) -> date:
        """The date of a line or a service."""
        return date.fromisoformat(record["date_of_service"])

    def is_line(self, record: Record) -> bool:
        """Whether a record is a line of the claim, not a service of the history."""
        return any(record is line for line in self.claim["lines"])

    def service(self, like: Record, day: date, **more: Any) -> Record:
        """Put a service into the history, like a line but for its date."""
        own = {key: value for key, value in like.items() if key != "number"}
        inherited: Record = {key: self.claim[key] for key in _INHERITED if key in self.claim}
        record: Record = {**inherited, **own, "billing_provider": dict(self.claim["billing_provider"]), "date_of_service": day.isoformat(), **more}
        for key in ("plan", "in_network"):
            if key in self.claim:
                record.setdefault(key, self.claim[key])
        self.history["services"].append(record)
        self._known_since(day)
        return record

    def _known_since(self, day: date) -> None:
        """The history reaches back to what is told of it."""
        self.history["complete_from"] = min(self.history["complete_from"], day.isoformat())

    def another_line(self, like: Record, **more: Any) -> Record:
        """Put another line on the claim."""
        record = {**like, "number": len(self.claim["lines"]) + 1, **more}
        self.claim["lines"].append(record)
        return record

    def event(self, kind: str, day: date) -> Record:
        """The event of a kind, on a day."""
        record = next((one for one in self.history["events"] if one["kind"] == kind), None)
        if record is None:
            record = {"kind": kind}
            self.history["events"].append(record)
        record["date"] = day.isoformat()
        self._known_since(day)
        if "injury_number" in self.claim:
            record["injury_number"] = self.claim["injury_number"]
        return record

    def on_event(self, kind: str, day: date) -> date:
        """The day of the event of a kind: the one it has, or this one."""
        known = next((one for one in self.history["events"] if one["kind"] == kind), None)
        return date.fromisoformat((known or self.event(kind, day))["date"])

    def authorization(self) -> Record:
        """The authorization on file."""
        if not self.history["authorizations"]:
            self.history["authorizations"].append({"number": "A1"})
        found: Record = self.history["authorizations"][0]
        return found

    def note(self, day: date, kind: str = "treatment_note") -> Record:
        """The note of a day, of a kind."""
        for one in self.history["notes"]:
            if one["date"] == day.isoformat() and one["kind"] == kind:
                return one  # type: ignore[no-any-return]
        record: Record = {"kind": kind, "date": day.isoformat()}
        self.history["notes"].append(record)
        return record

    def its_session(self) -> Record:
        """The session of the line."""
        if self.session is None:
            self.session = {"date": self.day.isoformat(), "payer": self.payer, "interventions": [{"code": self.line["code"], "minutes": 30}]}
        return self.session

    # ---- fields ------------------------------------------------------------------------------------------------

    def once(self, record: Record, name: str) -> bool:
        """Whether a field is still free, and from now on is not."""
        key = (id(record), name)
        if key in self.settled:
            return False
        self.settled.add(key)
        return True

    def get(self, field: Field, record: Record) -> Any:
        """What the draft says of a field already, as JSON has it; None where it says nothing."""
        owner, _, rest = field.name.partition(".")
        if field.name == "date_of_service":
            return record["date_of_service"]
        if owner == "authorization" and not self.history["authorizations"]:
            return None
        if owner in ("note", "session") or field.name == "patient.age":
            return None
        home = self.claim if field.owner == "claim" and self.is_line(record) else self._home(field, record) if rest or field.declared else record
        return home.get("facts", {}).get(field.name) if field.declared else home.get(rest or field.name)

    def put(self, field: Field, value: Any, record: Record) -> None:
        """Give a field a value where nothing has settled it before; None: known to be absent."""
        whose = self.claim if self._of_claim(field) else record
        named = f"{field.name} {value}" if field.many and value is not None else field.name  # of many values each is a wish of its own
        if not self.once(whose, named):
            return
        self._store(field, as_json(value, field), record)

    def _of_claim(self, field: Field) -> bool:
        return field.owner in ("claim", "patient", "authorization", "note", "session", "other_payer")

    def _store(self, field: Field, value: Any, record: Record) -> None:
        owner, _, rest = field.name.partition(".")
        if field.declared:
            self._home(field, record).setdefault("facts", {})[field.name] = value
        elif field.name == "patient.age":
            self.claim["patient"]["birth_date"] = born(self.day, int(value), self.pick((0, 1))).isoformat()
        elif owner == "note" and rest:
            target = self.note(self.day)
            inner, _, part = rest.partition(".")
            target = target.setdefault(inner, {}) if part else target
            target[part or rest] = value
        elif rest:
            key = {"code": "codes"}.get(rest, rest)
            self._home(field, record)[key] = [value] if key == "codes" else {"npi": value} if key == "billing_provider" else value
        else:
            self._of_line(field, value, record)

    def _home(self, field: Field, record: Record) -> Record:
        """The record that a fact belongs to."""
        match field.owner:
            case "patient":
                found = self.claim["patient"]
            case "authorization":
                found = self.authorization()
            case "note":
                found = self.note(self.day)
            case "session":
                found = self.its_session()
            case "other_payer":
                found = self.claim.setdefault("other_payers", [{}])[0]
            case "claim" if self.is_line(record):
                found = self.claim
            case _:
                found = record
        return found  # type: ignore[no-any-return]

    def _of_line(self, field: Field, value: Any, record: Record) -> None:
        """A field of a line or a service, or of its claim."""
        home = self.claim if self.is_line(record) and field.owner == "claim" else record
        match field.name:
            case "modifier" | "diagnosis":
                self._one_more("modifiers" if field.name == "modifier" else "diagnoses", value, record)
            case "role":
                record["rendering_provider"] = {"npi": "2", **record.get("rendering_provider", {}), "role": value}
            case "rendering_provider":
                record["rendering_provider"] = {**record.get("rendering_provider", {}), "npi": value}
            case "billing_provider":
                home["billing_provider"] = {"npi": value}
            case "discipline":
                self.of_discipline(record, value)
            case "assisted":
                self._assisted(record, value)
            case "code":
                self.of_code(record, str(value))
            case _:
                home[field.name] = value

    def _one_more(self, key: str, value: Any, record: Record) -> None:
        home = self.claim if key == "diagnoses" and self.is_line(record) else record
        if value is None:
            home[key] = []
        elif value not in home.setdefault(key, []):
            first = value in MODIFIER_DISCIPLINE
            home[key] = [one for one in home[key] if not (first and one in MODIFIER_DISCIPLINE)] + [value]

    def without(self, field: Field, taken: Callable[[str], bool], record: Record) -> None:
        """Take from a list of a line what must not be there."""
        key = {"modifier": "modifiers", "diagnosis": "diagnoses"}.get(field.name)
        if key is None:
            return
        home = self.claim if key == "diagnoses" and self.is_line(record) else record
        home[key] = [one for one in home.get(key, []) if not taken(one)]
        if key == "diagnoses" and not home[key]:
            home[key] = [next((one for one in USUAL["diagnosis"] if not taken(one)), "Z00.00")]

    def of_discipline(self, record: Record, discipline: str | None) -> None:
        """Make a line one of a discipline, by its modifier; where the code table knows another for its code, by a code of it."""
        kept = [one for one in record.get("modifiers", []) if one not in MODIFIER_DISCIPLINE]
        record["modifiers"] = [DISCIPLINE_MODIFIER[discipline], *kept] if discipline in DISCIPLINE_MODIFIER else kept
        if discipline is None:
            record["discipline"] = None

    def of_code(self, record: Record, code: str) -> None:
        """Give a line a code, and a discipline that the code table allows for it."""
        record["code"] = code
        allowed = self._disciplines(code, self.on(record))
        now = next((MODIFIER_DISCIPLINE[one] for one in record.get("modifiers", []) if one in MODIFIER_DISCIPLINE), None)
        if allowed and now not in allowed and self.once(record, "discipline"):
            self.of_discipline(record, self.pick(allowed))

    def allows(self, code: str, discipline: str | None, day: date) -> bool:
        """Whether a code may be billed in a discipline."""
        allowed = self._disciplines(code, day)
        return not allowed or discipline in allowed

    def _disciplines(self, code: str, day: date) -> Sequence[str]:
        known = self.code_table().code(code, day) or self.code_table().code(code)
        return known.disciplines if known is not None else ()

    def _assisted(self, record: Record, value: Any) -> None:
        """An assistant took part, or a therapist alone did."""
        discipline = next((MODIFIER_DISCIPLINE[one] for one in record.get("modifiers", []) if one in MODIFIER_DISCIPLINE), "PT")
        role = {"PT": "PTA", "OT": "OTA"}.get(discipline, "PTA") if value else discipline
        record["rendering_provider"] = {**record.get("rendering_provider", {"npi": "2"}), "role": role}
        if self.pick((True, False) if value else (True, True, True, False)):  # a therapist's line without minutes may be an assistant's
            record["minutes"], record["minutes_by"] = 15, {role: 15}
        record["modifiers"] = [one for one in record.get("modifiers", []) if one not in ("CQ", "CO")]

    def role_fits(self, record: Record) -> None:
        """A role of another discipline than the modifier's is a finding of its own: the modifier follows the role."""
        role = record.get("rendering_provider", {}).get("role")
        if role in ROLE_DISCIPLINE and self.once(record, "discipline"):
            self.of_discipline(record, ROLE_DISCIPLINE[role])


def born(day: date, age: int, late: int) -> date:
    """A birth date that makes somebody so old on a day: the birthday itself, or (late) the last day of that age."""
    birthday = moved(day, -age, "years")
    return birthday if not late else moved(day, -(age + 1), "years") + ONE


def as_json(value: Any, field: Field) -> Any:
    """A value as the JSON of interchange.md has it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.2f}" if field.type == "money" else int(value) if value == int(value) else str(value)
    if field.type == "money" and isinstance(value, int):
        return f"{value}.00"
    return value


def held_by(members: CodeSet, day: date, table: CodeTable) -> list[str]:
    """Some values that a set holds on a day: of each entry one or two; disciplines, and what lies below a range's end, whatever the set says."""
    found = [value for entry in members.entries for value in _of_entry(entry, members, day, table)]
    excluded = {entry.value for entry in members.excluding}
    as_they_are = {_below(entry.last) for entry in members.entries if entry.kind == "diagnoses"} | set(DISCIPLINE_MODIFIER)
    return [value for value in dict.fromkeys(found) if value not in excluded and (value in as_they_are or members.holds(value, day))]


def _below(diagnosis: str) -> str:
    """A diagnosis below another: F79.9 below F79."""
    return f"{diagnosis}{'9' if '.' in diagnosis else '.9'}"


def _of_entry(entry: Entry, members: CodeSet, day: date, table: CodeTable) -> Sequence[str]:
    if not entry.span.holds(day):
        return ()
    match entry.kind:
        case "code" | "word" | "discipline":
            return (entry.value,)
        case "pattern":
            known = [one.code for one in table.codes() if one.code.startswith(entry.value)]
            return known[:2] or (entry.value.rstrip("."), f"{entry.value}0")
        case "diagnoses":
            return (entry.value, entry.last, _below(entry.last))
        case "range":
            inside = sorted(table.between(entry.value, entry.last, day))
            return (*inside[:1], *inside[-1:])
        case _:
            return held_by(entry.members, day, table) if entry.members is not None else ()
