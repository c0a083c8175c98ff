"""What the record holds: the note of a visit, kinds of note that fall due, notes that say nothing or say it again (N34 to N39).

The note of a visit is the session's, where there is one of the line's date, else the notes on file of that date and discipline,
read as one. A list of notes, when given, is complete, as every list is (M2.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Any, Final

import attrs

from . import dates, words
from .claims import UNKNOWN, Note, PlanOfCare, Session
from .codesets import vague_phrases
from .conditions import truth_of
from .counting import belongs, count, need_of_history, uncovered
from .dates import Span
from .fields import FIELDS, Field
from .lines import Case, Seen, View, fact
from .lines import discipline as discipline_of
from .policy import Citation, CodeSet, Counter, HasEvent, HasField, Key, NeededElement, Opening, TimeKey, Window, WindowKey
from .truth import FALSE, TRUE, Answer, Interval, Need, Truth, all_of, exactly, exceeds, negate, unknown
from .vocabulary import NOTE_KINDS

MOST_WORDS: Final = 20_000  # of two notes together that are compared word by word
PASSAGE: Final = 160  # characters of a passage that is shown
_TEXTS: Final = ("medical_necessity", "progress", "functional_outcome")
_ASK_NOTES: Final = "Which notes are on file, of which kind, discipline and date?"
_ASK_EVALUATIONS: Final = "Of which discipline and day is each evaluation?"
# What an element has to say, for a sentence about one that says nothing.
_WANTED: Final[Mapping[str, str]] = {
    "medical_necessity": "why it took a therapist's skill",
    "progress": "a measure now beside an earlier one",
    "functional_outcome": "an activity the patient can do, or not yet, and what changed",
}


# ---- the note of a visit -----------------------------------------------------------------------------------------


@attrs.frozen
class Visit:
    """The notes of a line's visit that are known, and what to ask where there may be others."""

    notes: tuple[Note, ...]
    session: Session | None
    open: Need | None


def visit(view: View, case: Case) -> Visit:
    """Find the note or notes of the visit that a line is of."""
    session = case.session if case.session is not None and _of_the_visit(case.session, view, case) else None
    if session is not None and session.note is not UNKNOWN:
        return Visit((session.note,) if isinstance(session.note, Note) else (), session, None)
    on_file, open_ = _on_file(view, case)
    mine = tuple(note for note, answer in on_file if note.date == view.day and answer.truth is Truth.TRUE)
    perhaps = [n for n, a in on_file if (n.date == view.day and a.truth is Truth.UNKNOWN) or not isinstance(n.date, date)]
    if mine:
        return Visit(mine, session, None)
    if session is not None or perhaps or open_ is not None:
        return Visit((), session, Need("note", f"What does the note of {view.day} say?"))
    return Visit((), session, None)


def _of_the_visit(session: Session, view: View, case: Case) -> bool:
    theirs, ours = session.discipline, discipline_of(view, case)
    apart = isinstance(theirs, str) and isinstance(ours, str) and theirs != ours
    return view.own and session.date == view.day and not apart


def _on_file(view: View, case: Case) -> tuple[list[tuple[Note, Answer]], Need | None]:
    """The notes on file, each with whether it is of the line's discipline; and what to ask where nobody listed them."""
    notes = case.history.notes if case.history is not None else UNKNOWN
    if notes is UNKNOWN:
        return [], Need("history.notes", _ASK_NOTES)
    found = [(note, _of_discipline(note, view, case)) for note in notes or ()]
    return [(note, answer) for note, answer in found if answer.truth is not Truth.FALSE], None


def _of_discipline(note: Note, view: View, case: Case) -> Answer:
    ours = discipline_of(view, case)
    if note.discipline in (None, UNKNOWN) or ours is None:
        return TRUE  # a note that names no discipline is the patient's, and so of this visit too
    if isinstance(ours, Need):
        return unknown(ours)
    return TRUE if note.discipline == ours else FALSE


# ---- a field of the note -----------------------------------------------------------------------------------------


def note_value(field: Field, view: View, case: Case) -> Seen:
    """Give a `note.` field for a line: a value, None (absent) or a Need (unknown)."""
    found = visit(view, case)
    if field.name == "note.similarity_to_previous":
        return similarity(found, view, case).share
    if field.attribute.startswith("plan_of_care."):
        return _of_plan(field, found, view, case)
    return _first(found, field, [_read(field, note) for note in found.notes])


def _read(field: Field, note: Note) -> Any:
    return fact(note.facts, field) if field.declared else getattr(note, field.attribute)


def _first(found: Visit, field: Field, values: list[Any]) -> Seen:
    """The first note that says it; unknown where one may."""
    known = next((value for value in values if value is not None and value is not UNKNOWN), None)
    if known is not None:
        return known
    if UNKNOWN in values:
        return Need(field.name, field.question)
    return found.open


def _of_plan(field: Field, found: Visit, view: View, case: Case) -> Seen:
    """A day of the plan of care: by the visit's note, else by the latest note on file that tells of a plan."""
    name = field.attribute.partition(".")[2]
    on_file, open_ = _on_file(view, case)
    earlier = sorted((n for n, _ in on_file if isinstance(n.date, date) and (view.day is None or n.date <= view.day)), key=_by_day)
    values = [_plan_day(note, name) for note in (*found.notes, *reversed(earlier))]
    known = next((value for value in values if isinstance(value, date)), None)
    if known is not None:
        return known
    if open_ is not None or found.open is not None or UNKNOWN in values[: len(found.notes)]:
        return Need(field.name, field.question)
    return None


def _by_day(note: Note) -> date:
    assert isinstance(note.date, date)
    return note.date


def _plan_day(note: Note, name: str) -> Any:
    plan = note.plan_of_care
    return getattr(plan, name) if isinstance(plan, PlanOfCare) else plan


# ---- what is needed ----------------------------------------------------------------------------------------------


@attrs.frozen
class Held:
    """Whether something that is needed is there, and in which words."""

    answer: Answer
    text: str


def held(need: NeededElement, of: CodeSet | None, view: View, case: Case) -> Held:
    """Whether the record holds what a documentation rule needs; `of` are the services that its visits are counted of."""
    name = need.element.replace("_", " ")
    if need.every:
        return _due(need, of, view, case)
    if need.event is not None and need.element not in NOTE_KINDS:
        return Held(truth_of(HasEvent(need.event), view, case), f"there is no {name} on file")
    if need.field is not None:
        return Held(truth_of(HasField(need.field), view, case), f"there is no {name}")
    if need.element in _TEXTS:
        return _said(need.element, view, case)
    return _ELEMENTS.get(need.element, _kind_on_file)(need.element, view, case)


def _said(element: str, view: View, case: Case) -> Held:
    """An element in words: there, and not made of phrases alone that say nothing."""
    name, found = element.replace("_", " "), note_value(FIELDS[f"note.{element}"], view, case)
    if isinstance(found, Need):
        return Held(unknown(found), f"whether the note of {view.day} tells of {name} is not known")
    if found is None:
        return Held(FALSE, f"{_the_note(view, case)} says nothing of {name}")
    phrases = vague_in(str(found), view.day)
    if phrases is None:
        return Held(TRUE, f"the note of {view.day} tells of {name}")
    said = words.listed(f'"{phrase}"' for phrase in phrases)
    return Held(FALSE, f"of {name} the note of {view.day} has only {said}, which says nothing: {_WANTED[element]} is missing")


def _the_note(view: View, case: Case) -> str:
    found = visit(view, case)
    return f"the note of {view.day}" if found.notes else f"there is no note of {view.day}; the record"


def _plain(element: str, view: View, case: Case) -> Held:
    found = note_value(FIELDS[f"note.{element}"], view, case)
    name = element.replace("_", " ")
    if isinstance(found, Need):
        return Held(unknown(found), f"whether the note of {view.day} has a {name} is not known")
    return Held(TRUE if found is not None else FALSE, f"{_the_note(view, case)} lacks the {name}")


def _interventions(_: str, view: View, case: Case) -> Held:
    found = visit(view, case)
    if found.session is not None and found.session.interventions:
        return Held(TRUE, "the interventions are listed")
    asked = unknown(Need("note.interventions", "Does the note list each intervention?"))
    return Held(asked if _may_tell(found) else FALSE, f"{_the_note(view, case)} does not list the interventions")


def _may_tell(found: Visit) -> bool:
    """Whether what no note on file can hold (interventions, minutes) may stand in the visit's note all the same."""
    return bool(found.notes) or found.open is not None


def _total_minutes(_: str, view: View, case: Case) -> Held:
    found = visit(view, case)
    total = found.session.total_minutes if found.session is not None else UNKNOWN
    return _minutes(total, "total_minutes", found, view, case)


def _timed_minutes(_: str, view: View, case: Case) -> Held:
    """The sum over timed codes: known where the minutes of each of them are."""
    found = visit(view, case)
    if found.session is None:
        return _minutes(UNKNOWN, "timed_minutes", found, view, case)
    each = [one.minutes for one in found.session.interventions if (code := case.code_table.code(one.code)) is None or code.timed]
    total: Any = UNKNOWN if UNKNOWN in each else None if None in each else sum(minutes for minutes in each if isinstance(minutes, int))
    return _minutes(total, "timed_minutes", found, view, case)


def _minutes(total: Any, element: str, found: Visit, view: View, case: Case) -> Held:
    name = element.replace("_", " ")
    if total is UNKNOWN and (found.session is not None or _may_tell(found)):
        return Held(unknown(Need(f"note.{element}", f"How many {name} does the note of {view.day} state?")), f"the {name} are not known")
    return Held(TRUE if isinstance(total, int) else FALSE, f"{_the_note(view, case)} does not state the {name}")


def _plan(_: str, view: View, case: Case) -> Held:
    """A plan of care: told of by the visit's note, or on file."""
    days = [_of_plan(FIELDS[f"note.plan_of_care.{name}"], visit(view, case), view, case) for name in ("established", "certified", "ends")]
    if any(isinstance(day, date) for day in days):
        return Held(TRUE, "a plan of care is on file")
    return _kind_on_file("plan_of_care", view, case)


def _kind_on_file(element: str, view: View, case: Case) -> Held:
    """A note of a kind on or before the line's date; a treatment note of the very day."""
    name = element.replace("_", " ")
    if element == "treatment_note":
        found = visit(view, case)
        if found.open is not None:
            return Held(unknown(found.open), f"whether there is a note of {view.day} is not known")
        return Held(TRUE if found.notes else FALSE, f"there is no note of {view.day}")
    known, perhaps, open_ = _dated(element, view, case)
    if known:
        return Held(TRUE, f"a {name} of {known[-1]} is on file")
    if perhaps or open_ is not None:
        return Held(unknown(open_ or Need("note.date", f"Of which day is the {name}?")), f"whether a {name} is on file is not known")
    return Held(FALSE, f"no {name} is on file by {view.day}")


_ELEMENTS: Final[Mapping[str, Callable[[str, View, Case], Held]]] = {
    "interventions": _interventions, "timed_minutes": _timed_minutes, "total_minutes": _total_minutes, "signature": _plain,
    "credentials": _plain, "signed_on": _plain, "plan_of_care": _plan,
}  # fmt: skip


# ---- what falls due ----------------------------------------------------------------------------------------------


def _dated(kind: str, view: View, case: Case) -> tuple[list[date], list[date | None], Need | None]:
    """The days up to the line's on which a kind of note was written: known, perhaps, and what to ask."""
    on_file, open_ = _on_file(view, case)
    if case.session is not None and isinstance(case.session.note, Note):
        note = case.session.note
        on_file = [*on_file, (note if isinstance(note.date, date) else attrs.evolve(note, date=case.session.date), TRUE)]
    found = [(day if isinstance(day, date) else None, answer) for note, answer in on_file for day in _days_of(note, kind)]
    by_now = [(day, answer) for day, answer in found if day is None or view.day is None or day <= view.day]
    known = sorted(day for day, answer in by_now if day is not None and answer.truth is Truth.TRUE)
    perhaps = [day for day, answer in by_now if day is None or answer.truth is not Truth.TRUE]
    return known, perhaps, open_


def _days_of(note: Note, kind: str) -> Iterator[Any]:
    """The days on which a note is of a kind: its own, and those of the plan of care that it tells of."""
    if note.kind == kind:
        yield note.date
    name = {"certification": "certified", "plan_of_care": "established"}.get(kind)
    day = _plan_day(note, name) if name is not None else None
    if isinstance(day, date):
        yield day


def _due(need: NeededElement, of: CodeSet | None, view: View, case: Case) -> Held:
    """A kind of note once every so often: late where even the latest that may be is too old, in time where the oldest is not.

    Without any note it is reckoned from the evaluation, which may come after a note that is perhaps of this kind: then both have to be too old.
    """
    known, perhaps, open_ = _dated(need.element, view, case)
    last = known[-1] if known else None
    surely = _late(need, of, last, view, case)
    # One of those that are perhaps the last would be reckoned from, though an evaluation came since; one without a date may be as old as any.
    older = [day or date.min for day in perhaps if last is None]
    in_time = surely.answer.truth is Truth.FALSE and all(_late(need, of, day, view, case).answer.truth is Truth.FALSE for day in older)
    if in_time or not (perhaps or open_ is not None):
        return attrs.evolve(surely, answer=negate(surely.answer))
    later = [day for day in perhaps if day is not None and (last is None or day > last)]
    best = view.day if open_ is not None or None in perhaps else max(later, default=last)
    if surely.answer.truth is Truth.TRUE and best is not None and _late(need, of, best, view, case).answer.truth is Truth.TRUE:
        return attrs.evolve(surely, answer=FALSE)
    name = need.element.replace("_", " ")
    asked = open_ or Need("note.date", f"Of which day and discipline is each {name}?")
    return Held(unknown(asked, *surely.answer.needs), f"when the last {name} was written is not known")


def _late(need: NeededElement, of: CodeSet | None, last: date | None, view: View, case: Case) -> Held:
    """Whether a kind of note is overdue, given the day of the last one; where there is none, of whichever evaluation may be the last one."""
    if last is not None:
        return _late_since(need, of, last, None, view, case)
    evaluated = _evaluated(need, view, case)
    surely = _late_since(need, of, None, evaluated, view, case)
    day, asked = _evaluated_perhaps(need, evaluated, view, case)
    if asked is None or surely.answer.truth is Truth.FALSE or _late_since(need, of, None, day, view, case).answer.truth is Truth.TRUE:
        return surely
    return attrs.evolve(surely, answer=unknown(asked, *surely.answer.needs))


def _late_since(need: NeededElement, of: CodeSet | None, last: date | None, evaluated: date | None, view: View, case: Case) -> Held:
    """Whether a kind of note is overdue, given the day of the last one, or of the evaluation with which care began anew."""
    name = need.element.replace("_", " ")
    head = f"the last {name} is of {last}" if last is not None else f"no {name} is on file"
    if need.unit in ("visits", "treatment_days"):
        return _late_by_count(need, of, last, evaluated, head, view, case)
    begun, asked = (last or evaluated, None) if last or evaluated else _care_began(need, of, view, case)
    if begun is None:
        return Held(unknown(asked) if asked is not None else FALSE, head)
    end = dates.add(begun, need.every, need.unit)
    since = "" if last is not None else f" and care began on {begun}"
    told = f"{head}{since}; {need.every} {words.spelt_unit(need.every, need.unit)} end on {end}"
    over = end is not None and view.day is not None and view.day > end
    if asked is not None and not over:
        return Held(unknown(asked), told)
    return Held(TRUE if over else FALSE, told)


def _late_by_count(
    need: NeededElement, of: CodeSet | None, last: date | None, evaluated: date | None, head: str, view: View, case: Case
) -> Held:
    """Visits or treatment days since the last note, the line's own among them."""
    start = last + timedelta(days=1) if last is not None else evaluated
    opening = Window("", openings=(Opening("date", day=start),)) if start is not None else None
    key: Key = WindowKey(opening) if opening is not None else _EVER
    if start is not None and view.day is not None and start > view.day:
        return Held(FALSE, f"{head}, of this very day")
    found = count(Counter(need.unit, of, None, (*need.keys, key)), view, case)
    noun = words.spelt_unit(1, need.unit)
    ordinal = words.interval(found.interval)
    since = f" since {last or start}" if last is not None or start is not None else ""
    return Held(exceeds(found.interval, exactly(need.every)), f"{head}; this is {noun} {ordinal}{since}, one is due every {need.every}")


@attrs.frozen
class Due:
    """A kind of note that falls due: when or after how many visits or treatment days more, from when it is reckoned, and what is open."""

    kind: str
    every: int
    unit: str
    last: date | None
    by: date | None = None
    left: Interval | None = None
    asked: tuple[str, ...] = ()
    rule: str = ""
    discipline: str = ""
    citations: tuple[Citation, ...] = ()


def due(need: NeededElement, of: CodeSet | None, view: View, case: Case) -> Due:
    """Reckon when a kind of note falls due after a day: a date, or how many visits or treatment days are left, that day's not among them."""
    known, perhaps, open_ = _dated(need.element, view, case)
    last = known[-1] if known else None
    asked = [open_.question] if open_ is not None else [f"Of which day and discipline is each {need.element.replace('_', ' ')}?"] if perhaps else []
    if need.unit in ("visits", "treatment_days"):
        start = last + timedelta(days=1) if last is not None else _evaluated(need, view, case)
        key: Key = WindowKey(Window("", openings=(Opening("date", day=start),))) if start is not None else _EVER
        begun_later = start is not None and view.day is not None and start > view.day
        used = exactly(0) if begun_later else count(Counter(need.unit, of, None, (*need.keys, key)), view, case).before
        low = Decimal(0) if used.high is None else max(Decimal(0), need.every - Decimal(used.high))
        left = Interval(low, max(Decimal(0), need.every - Decimal(used.low)), used.needs)
        return Due(need.element, need.every, need.unit, last, left=left, asked=(*asked, *sorted({n.question for n in used.needs})))
    begun, more = (last, None) if last is not None else _care_began(need, of, view, case)
    by = dates.add(begun, need.every, need.unit) if begun is not None else None
    return Due(need.element, need.every, need.unit, last, by=by, asked=(*asked, *([more.question] if more is not None else [])))


_EVER: Final = TimeKey("lifetime")


def _evaluated(need: NeededElement, view: View, case: Case) -> date | None:
    """The day of the last evaluation, with which care begins anew: a note of that kind, or a service of an evaluation code."""
    known, _, _ = _dated("evaluation", view, case)
    coded = [other.day for other, answer in _alike(need, None, view, case) if answer.truth is Truth.TRUE and _evaluates(other, case)]
    return max((day for day in (*known, *coded) if day is not None), default=None)


def _evaluated_perhaps(need: NeededElement, evaluated: date | None, view: View, case: Case) -> tuple[date | None, Need | None]:
    """The latest day on which an evaluation later than the one known may have begun care anew, and what to ask of it."""
    if view.day is None:
        return None, None
    _, perhaps, _ = _dated("evaluation", view, case)
    coded = [other for other, answer in _alike(need, None, view, case, dated=False) if _evaluates(other, case)]
    days = [view.day if day is None else day for day in (*perhaps, *(other.day for other in coded))]
    since = Span(evaluated + timedelta(days=1) if evaluated is not None and evaluated < view.day else None, view.day)
    gaps = uncovered(since, case, False) if evaluated is None or evaluated < view.day else []
    days += [gap.to or view.day for gap in gaps]
    latest = max((day for day in days if day is not None and (evaluated is None or day > evaluated)), default=None)
    asked = need_of_history(gaps[-1:], since, case, False) if gaps else Need("history.services", _ASK_EVALUATIONS)
    return latest, asked if latest is not None else None


def _evaluates(other: View, case: Case) -> bool:
    code = case.code_table.code(other.record.code)
    return code is not None and code.kind == "evaluation"


def _alike(need: NeededElement, of: CodeSet | None, view: View, case: Case, dated: bool = True) -> list[tuple[View, Answer]]:
    """The services up to the line's date, or perhaps up to it, that fall into its group."""
    from .counting import same_group

    found = []
    for other in (*case.services, *case.lines):
        if view.day is not None and (other.day <= view.day if other.day is not None else not dated):
            answer = all_of([belongs(other, of, None, case), same_group(need.keys, view, other, None, case)])
            if answer.truth is not Truth.FALSE:
                found.append((other, answer))
    return found


def _care_began(need: NeededElement, of: CodeSet | None, view: View, case: Case) -> tuple[date | None, Need | None]:
    """The first day of care: of the last evaluation, else of the first service that is known; and what may come before it."""
    evaluated = _evaluated(need, view, case)
    if evaluated is not None:
        return evaluated, None
    days = [other.day for other, answer in _alike(need, of, view, case) if answer.truth is Truth.TRUE and other.day is not None]
    first = min(days, default=view.day)
    gaps = uncovered(Span(None, first - timedelta(days=1)), case, False) if first is not None else []
    asked = Need("history.complete_from", f"Which services did the patient have before {first}?") if gaps else None
    return first, asked


# ---- phrases that say nothing ------------------------------------------------------------------------------------


def vague_in(text: str, on: date | None) -> tuple[str, ...] | None:
    """Give the phrases that a text is made of, where it is made of nothing else; None where it says something."""
    plain = _flat(text)
    found = []
    for phrase in _phrases(on):
        if f" {phrase} " in plain:
            found.append(phrase)
            plain = plain.replace(f" {phrase} ", "  ")
    left = [word for word in plain.split() if word not in _FILLING]
    return (tuple(found) or (text.strip()[:PASSAGE],)) if not left else None


def _flat(text: str) -> str:
    return f" {' '.join(re.findall(r'[a-z0-9%+/]+', text.lower()))} "


@cache
def _phrases(on: date | None) -> tuple[str, ...]:
    """The phrases in force on a date, the longest first."""
    rows = [row for row in vague_phrases().rows if on is None or row.span.holds(on)]
    return tuple(sorted((_flat(row.cells["phrase"]).strip() for row in rows), key=lambda phrase: (-len(phrase), phrase)))


_FILLING: Final = frozenset(
    "a an and as at be been by can for from had has have in is it of on or pt patient so that the this to was well were will with".split()
)


# ---- copied notes ------------------------------------------------------------------------------------------------


@attrs.frozen
class Likeness:
    """How like the patient's earlier notes a note is, in hundredths; the likest one's day, and the passages that they share."""

    share: Seen
    day: date | None = None
    here: str = ""
    there: str = ""


def similarity(found: Visit, view: View, case: Case) -> Likeness:
    """Hold the visit's note against each earlier note of the patient, word by word; none earlier: nothing is alike."""
    text = _first(found, FIELDS["note.text"], [note.text for note in found.notes])
    if isinstance(text, Need) or text is None:
        return Likeness(text)
    earlier, open_ = _earlier(view, case)
    if open_ is not None and not earlier:
        return Likeness(open_)
    likest = max((_likeness(str(text), note) for note in earlier if isinstance(note.text, str)), key=_by_share, default=Likeness(Decimal(0)))
    unread = [note for note in earlier if note.text is UNKNOWN]
    asked = open_ or (Need("note.text", "What do the patient's earlier notes say?") if unread else None)
    if asked is None or isinstance(likest.share, Need):
        return likest
    return attrs.evolve(likest, share=Interval(likest.share, Decimal(100), frozenset([asked])))


def _by_share(one: Likeness) -> tuple[Decimal, date]:
    return (Decimal(101) if isinstance(one.share, Need) else one.share, one.day or date.min)


def _earlier(view: View, case: Case) -> tuple[list[Note], Need | None]:
    notes = case.history.notes if case.history is not None else UNKNOWN
    if notes is UNKNOWN:
        return [], Need("history.notes", _ASK_NOTES)
    return [note for note in notes or () if isinstance(note.date, date) and view.day is not None and note.date < view.day], None


def _likeness(text: str, note: Note) -> Likeness:
    assert isinstance(note.text, str)
    share, here, there = _compared(text, note.text)
    if share is None:
        return Likeness(Need("note.similarity_to_previous", FIELDS["note.similarity_to_previous"].question))
    return Likeness(share, note.date if isinstance(note.date, date) else None, here, there)


@lru_cache(maxsize=256)
def _compared(text: str, other: str) -> tuple[Decimal | None, str, str]:
    """The share of words that two texts have in common and in order, in hundredths, and the longest passage of each."""
    ours, theirs = list(re.finditer(r"\w+", text)), list(re.finditer(r"\w+", other))
    if len(ours) + len(theirs) > MOST_WORDS:
        return None, "", ""
    if not ours or not theirs:
        return Decimal(0), "", ""
    matcher = SequenceMatcher(None, [m.group().lower() for m in ours], [m.group().lower() for m in theirs], autojunk=False)
    blocks = matcher.get_matching_blocks()
    shared = sum(block.size for block in blocks)
    longest = max(blocks, key=lambda block: block.size)
    here, there = _passage(text, ours, longest.a, longest.size), _passage(other, theirs, longest.b, longest.size)
    share = Decimal(200 * shared) / (len(ours) + len(theirs))
    return share.quantize(Decimal("0.1"), ROUND_HALF_UP), here, there


def _passage(text: str, found: list[re.Match[str]], start: int, size: int) -> str:
    if not size:
        return ""
    whole = " ".join(text[found[start].start() : found[start + size - 1].end()].split())
    return whole if len(whole) <= PASSAGE else f"{whole[:PASSAGE].rsplit(' ', 1)[0]} ..."
