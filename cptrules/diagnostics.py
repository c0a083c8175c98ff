"""Mistakes in a policy file as data: code, severity, place, sentence, what was wanted, the nearest name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

import attrs

from .tree import Span

# The one table of codes. docs/mistakes.md is written from it, and tests/language holds a file for every code.
# code: (severity, title)
CODES: Final[dict[str, tuple[str, str]]] = {
    # the text itself
    "E001": ("error", "the file can't be read"),
    "E002": ("error", "a character that has no place in a policy"),
    "E003": ("error", "text in quotes that does not end on its line"),
    "E004": ("error", "something unexpected"),
    "E005": ("error", "a missing brace"),
    "E006": ("error", "`and` and `or` mixed without brackets"),
    "E007": ("error", "a date that is not written 2026-01-31"),
    "E008": ("error", "brackets or `not` nested too deep"),
    "E009": ("error", "a line that starts at the first column and opens no block"),
    "E010": ("error", "not a clause or a block word"),
    "E011": ("error", "an unknown escape in text"),
    # the file's shape
    "E012": ("error", "no policy or library head, or more than one"),
    "E013": ("error", "a clause that has no place in this block"),
    "E014": ("error", "a clause that stands twice"),
    "E015": ("error", "a clause that is missing"),
    "E016": ("error", "a name that stands twice"),
    "E017": ("error", "a name spelt like a word of the language"),
    # names
    "E020": ("error", "no such set of codes"),
    "E021": ("error", "no such amount, field or table"),
    "E022": ("error", "no such field"),
    "E023": ("error", "no such counter or measure"),
    "E024": ("error", "no such window or key"),
    "E025": ("error", "no such source"),
    "E026": ("error", "no such table"),
    "E027": ("error", "no such event"),
    "E028": ("error", "no such policy or library"),
    "E029": ("error", "a word that this place does not know"),
    "E030": ("error", "definitions that go round in a ring"),
    "E031": ("error", "two bases or libraries that define one name"),
    # types and values
    "E040": ("error", "a value of the wrong type"),
    "E041": ("error", "not a number that this place can hold"),
    "E042": ("error", "money that is not written $1,234.50"),
    "E043": ("error", "a date the calendar does not have"),
    "E044": ("error", "a span that ends before it begins"),
    "E045": ("error", "a set that mixes kinds of code"),
    "E046": ("error", "a range that holds nothing"),
    "E047": ("error", "a code of the wrong kind for this place"),
    "E048": ("error", "a code in force on none of the dates"),
    "E049": ("error", "a modifier outside its table or its dates"),
    "E050": ("error", "a CARC outside its table"),
    "E051": ("error", "a RARC outside its table"),
    "E052": ("error", "a count without a key of time"),
    "E053": ("error", "an amount with overlapping entries"),
    "E054": ("error", "a table that can't be used"),
    "E055": ("error", "a place in a message that stands for nothing"),
    "E056": ("error", "an exclusion where none is allowed"),
    "E057": ("error", "a month and day the calendar does not have"),
    "E058": ("error", "a comparison that has no sense"),
    "E059": ("error", "a test that asks for something it cannot have"),
    "E060": ("error", "an override or drop that does not fit its base"),
    # not yet
    "E090": ("error", "not built yet"),
    # warnings
    "W001": ("warning", "a rule without a citation"),
    "W002": ("warning", "a name that nothing uses"),
    "W003": ("warning", "a code that no table knows"),
    "W004": ("warning", "an amount with a gap between its dates"),
    "W005": ("warning", "a source nobody has confirmed"),
    "W006": ("warning", "a pair listed both ways"),
    "W007": ("warning", "an entry that can never be reached"),
    "W008": ("warning", "a rule no test denies or no test passes"),
    "W009": ("warning", "`except` where `excluding` was meant"),
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
