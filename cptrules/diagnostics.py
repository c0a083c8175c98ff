"""Mistakes in a policy file as data: code, severity, place, sentence, what was wanted, the nearest name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import attrs

from .places import Span

# The one table of codes. docs/mistakes.md is written from it, and tests/language holds a file for every code.
# code: (severity, title, what it means and what to do)
CODES: Final[dict[str, tuple[str, str, str]]] = {
    # the text itself
    "E001": ("error", "the file can't be read",
        "A name given to a command is no file, no folder and no shipped policy, or the file is not UTF-8 text. Save it as UTF-8."),
    "E002": ("error", "a character that has no place in a policy",
        "A policy has letters, digits and a few signs; curly quotes and dashes come from a word processor. Put the plain sign in their place."),
    "E003": ("error", "text in quotes that does not end on its line",
        "Text in quotes ends on the line where it begins. Close the quote; write \\\" for a quote inside the text."),
    "E004": ("error", "something unexpected",
        "The line begins well and goes on with something that has no place there. The message says what may stand there."),
    "E005": ("error", "a missing brace",
        "A block is opened with { and never closed, or closed twice. The place is where the next block begins, or where the brace has no partner."),
    "E006": ("error", "`and` and `or` mixed without brackets",
        "`a and b or c` can be read two ways. Put brackets round the part that belongs together."),
    "E007": ("error", "a date that is not written 2026-01-31",
        "Dates are written year, month, day, as 2026-01-31, so that nobody takes 03/04 for April."),
    "E008": ("error", "brackets or `not` nested too deep",
        "Conditions may be nested 64 deep. Give the inner ones names with `term`."),
    "E009": ("error", "a line that starts at the first column and opens no block",
        "At the first column only a block word may stand; a clause is indented. Often a brace is missing or one too many above."),
    "E010": ("error", "not a clause or a block word",
        "The word is neither a clause of this block nor a word that opens a block. The nearest one is shown."),
    "E011": ("error", "an unknown escape in text",
        "In text a backslash stands before a quote, another backslash or an n (a new line), and before nothing else."),
    # the file's shape
    "E012": ("error", "no policy or library head, or more than one",
        "A file begins with one `policy NAME { ... }` or `library NAME { ... }`: whose rules these are."),
    "E013": ("error", "a clause that has no place in this block",
        "The clause exists, but not in this kind of block; the message lists those that do."),
    "E014": ("error", "a clause that stands twice",
        "The clause may stand once in a block. To say more, put it into the one clause, or write a second rule."),
    "E015": ("error", "a clause that is missing",
        "The block can't be judged without this clause."),
    "E016": ("error", "a name that stands twice",
        "Two things of one file have one name, so that nobody could say which is meant."),
    "E017": ("error", "a name spelt like a word of the language",
        "A declared name must not be spelt like a word of the language or a field: the reader could not tell them apart."),
    # names
    "E020": ("error", "no such set of codes",
        "No `codes` block here, or in a file named by `uses`, has this name. A misspelt set never becomes a set of nothing."),
    "E021": ("error", "no such amount, field or table",
        "The word is no amount, no table and no field."),
    "E022": ("error", "no such field",
        "The word is no field of the line, claim, patient, authorization or note, and no `fact` or `term` of the file."),
    "E023": ("error", "no such counter or measure",
        "The word is no `counter` of the file and no measure (visits, treatment_days, units, minutes, lines, charged, allowed, paid ...)."),
    "E024": ("error", "no such window or key",
        "The word is no window of the file and no key of time or kind."),
    "E025": ("error", "no such source",
        "`cite` names a `source` block of the file."),
    "E026": ("error", "no such table",
        "No `table` block has this name."),
    "E027": ("error", "no such event",
        "The word is no event that every policy knows and no `event` of the file."),
    "E028": ("error", "no such policy or library",
        "`uses` names a library, `extends` a policy: one of the files loaded together, or a shipped one."),
    "E029": ("error", "a word that this place does not know",
        "The place takes one of a few words, which the message lists."),
    "E030": ("error", "definitions that go round in a ring",
        "A definition leads back to itself, so that it means nothing."),
    "E031": ("error", "two bases or libraries that define one name",
        "Two files that this one uses or extends define the same name in their own ways. Use one of them, or rename."),
    # types and values
    "E040": ("error", "a value of the wrong type",
        "The value is of another type than the place wants: a date for money, a text for a number."),
    "E041": ("error", "not a number that this place can hold",
        "The place takes a number within bounds, which the message names."),
    "E042": ("error", "money that is not written $1,234.50",
        "Money has a dollar sign, commas before each third digit or none, and two digits of cents or none."),
    "E043": ("error", "a date the calendar does not have",
        "The date is written well, but no such day exists."),
    "E044": ("error", "a span that ends before it begins",
        "The second date is before the first, so that the span holds no day."),
    "E045": ("error", "a set that mixes kinds of code",
        "The members of a set are all procedure codes, all diagnoses, all modifiers or all texts. Make two sets."),
    "E046": ("error", "a range that holds nothing",
        "The ends of a range are of different length or letters, or no code in force lies between them."),
    "E047": ("error", "a code of the wrong kind for this place",
        "A diagnosis stands where procedure codes are due, or the like."),
    "E048": ("error", "a code in force on none of the dates",
        "The code was not in force on any day on which the rule is: the rule would never meet it."),
    "E049": ("error", "a modifier outside its table or its dates",
        "The modifier table does not know the modifier, or not on the rule's dates."),
    "E050": ("error", "a CARC outside its table",
        "The CARC is written GROUP-CODE, as CO-119; the group or the code is not in the shipped table, which holds the codes of outpatient therapy."),
    "E051": ("error", "a RARC outside its table",
        "The RARC is not in the shipped table, which holds the codes of outpatient therapy."),
    "E052": ("error", "a count without a key of time",
        "A count needs to know over what time: per day, per calendar_year, per rolling 90 days ..."),
    "E053": ("error", "an amount with overlapping entries",
        "Two entries of an amount without `when` speak of the same day; the first would always win."),
    "E054": ("error", "a table that can't be used",
        "The table's file is missing, lacks a column, or has rows that can't be read. The message says which."),
    "E055": ("error", "a place in a message that stands for nothing",
        "In a message {used}, {limit}, {remaining} and fields stand for their values; this word is none of them."),
    "E057": ("error", "a month and day the calendar does not have",
        "A day of the year is written MM-DD and must exist."),
    "E058": ("error", "a comparison that has no sense",
        "The two sides can't be compared this way, whatever their values."),
    "E059": ("error", "a test that asks for something it cannot have",
        "A test gives or expects something that its policy does not know, or gives too little to make a claim."),
    "E060": ("error", "an override or drop that does not fit its base",
        "A layer overrides or drops a rule that a base has, of its kind, once; `without` takes away a clause that the base has."),
    # warnings
    "W001": ("warning", "a rule without a citation",
        "A finding of this rule could not say on whose authority it is. Add `cite`."),
    "W002": ("warning", "a name that nothing uses",
        "The name is declared and nothing refers to it: perhaps a rule was forgotten, or misspelt."),
    "W003": ("warning", "a code that no table knows",
        "The shipped code table does not know the code. If it is right, add it in `table codes_added`."),
    "W004": ("warning", "an amount with a gap between its dates",
        "On the days between, the amount has no value, and a rule that needs it is undetermined."),
    "W005": ("warning", "a source nobody has confirmed",
        "`confirmed DATE` says when someone last saw that the source still says so. Without it the report says that the rule is recalled."),
    "W006": ("warning", "a pair listed both ways",
        "With a pair listed both ways each line would deny the other."),
    "W007": ("warning", "an entry that can never be reached",
        "An earlier entry, without `when`, holds on all the days of this one: it can never be reached."),
    "W008": ("warning", "a rule no test denies or no test passes",
        "A rule that no test breaks, or none passes, may say something else than the manual. Add the test."),
    "W009": ("warning", "an exception that never applies",
        "No line that the rule is about can meet this `except` or `unless`: it says nothing, or not what was meant."),
    "W010": ("warning", "an exception that always applies",
        "Every line that the rule is about meets this `except` or `unless`, so that the rule never finds anything."),
    "W011": ("warning", "a rule hidden by another",
        "Wherever this rule is broken, another one is broken too with an outcome no milder: this one never decides."),
    "W012": ("warning", "a limit that no claim can reach",
        "The count can't come to more than this, whatever is billed: a day has one date, a week seven."),
    "W013": ("warning", "a rule that no line can break",
        "The rule is about no line, since its dates, selector and conditions exclude each other, or what it demands always holds."),
    "W014": ("warning", "two rules that no claim can satisfy",
        "For the line that the message shows, one rule demands what the other refuses: whatever is billed, one of them is broken."),
    "W015": ("warning", "versions that overlap",
        "Two versions of one rule are in force on the same days, or one rule names the same days twice. The stricter would always win."),
    "W016": ("warning", "versions with a gap between them",
        "Between two versions of one rule there are days on which neither is in force. If that is meant, say so in a comment and ignore this."),
    "W017": ("warning", "an exception where `excluding` may be meant",
        "`except code in X` spares the lines of X, and they count all the same. `excluding X` in the counter leaves them out of the count too."),
    "W018": ("warning", "something compared with itself",
        "Both sides are the same, so that the answer is always the same: perhaps another field, an amount or a number was meant."),
    "W019": ("warning", "a name that hides one of a library or a base",
        "The file defines a name that a file it uses or extends defines too. The file's own rules go by its own, the other's by theirs."),
}


@attrs.frozen(order=False)
class Diagnostic:
    """One mistake in a policy file: where, what, what was wanted, and the nearest name."""

    code: str
    path: str
    span: Span
    message: str
    wanted: str | None = None
    suggestion: str | None = None

    @property
    def severity(self) -> str:
        """`error` or `warning`, by the code."""
        return CODES[self.code][0]

    @property
    def place(self) -> tuple[str, int, int, str]:
        """What diagnostics are put in order by."""
        return self.path, self.span.line, self.span.column, self.code


def nearest(word: str, words: Iterable[str], cutoff: float = 0.5) -> str | None:
    """Give the word of a list that is spelt most like another, if any is near."""
    import difflib  # late: only a mistake needs it

    found = difflib.get_close_matches(word, sorted(set(words) - {word}), n=1, cutoff=cutoff)
    return found[0] if found else None


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Put diagnostics in the order of their places, each once."""
    return tuple(sorted(set(diagnostics), key=lambda d: (d.place, d.message)))


def rendered(diagnostic: Diagnostic, text: str | None) -> str:
    """Show one diagnostic with its source line and a caret span, as look.md sketches it."""
    span = diagnostic.span
    head = f"{diagnostic.path}:{span.line}:{span.column} {diagnostic.severity} {diagnostic.code}: {diagnostic.message}"
    lines = [head]
    source = re.split("\r\n|\r|\n", (text or "").removeprefix("\ufeff"))
    if text is not None and 1 <= span.line <= len(source):
        lines += _excerpt(source[span.line - 1], span, diagnostic.suggestion)
    elif diagnostic.suggestion:
        lines.append(f"   = did you mean {diagnostic.suggestion}?")
    tail = f"cptrules explain {diagnostic.code}"
    lines.append(f"   = {diagnostic.wanted}   {tail}" if diagnostic.wanted else f"   = {tail}")
    return "\n".join(lines)


_SHOWN: Final = 150  # characters of a source line: a longer one is shown around the mistake


def _excerpt(line: str, span: Span, suggestion: str | None) -> list[str]:
    number = str(span.line)
    margin = " " * len(number)
    end = span.end_column if span.end_line == span.line else len(line) + 1
    shown, column = _window(line, span.column)
    width = max(1, min(end, len(line) + 1) - span.column)
    width = max(1, min(width, len(shown) - column + 1))
    caret = " " * (column - 1) + "^" * width + (f" did you mean {suggestion}?" if suggestion else "")
    return [f"{margin} |", f"{number} | {shown}".rstrip(), f"{margin} | {caret}"]


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a source line that is shown, every character one column wide, and where the mistake stands in it."""
    start = max(0, column - _SHOWN // 2) if len(line) > _SHOWN else 0
    part = line[start : start + _SHOWN]
    shown = "".join(character if character.isprintable() else (" " if character == "\t" else "\ufffd") for character in part)
    before = "..." if start else ""
    after = "..." if start + _SHOWN < len(line) else ""
    return before + shown + after, column - start + len(before)
