"""What an editor shows of the word under the pointer: its meaning, and on whose authority."""

from __future__ import annotations

import re
from typing import Final

from .. import tree as t
from ..codesets import carc, code_table, modifiers, rarc
from ..parse import normalised
from ..vocabulary import RULE_KINDS
from .clauses import CLAUSES
from .document import Document, Named, Target

_WORD: Final = re.compile(r"[A-Za-z0-9_.$%-]+")


def told(document: Document, line: int, column: int) -> str | None:
    """What is to be told of the place, as Markdown; None where nothing is known of it."""
    name = document.at(line, column)
    found = _of_name(document, name) if name is not None else None
    if found is not None:
        return found
    word, before, first = _word(document.text, line, column)
    return _of_code(word, before) or _of_clause(document, word, line, first)


def _of_name(document: Document, name: Named) -> str | None:
    target = document.target(name)
    if target is None:
        return None
    said = target.scope.said(target.block.span) if not isinstance(target.block, t.PolicyHead | t.LibraryHead) else f"{target.scope.name}"
    where = "" if target.path == document.path else f"\n\nin {target.path}"
    return f"```policy\n{said}\n```{_authority(target)}{where}"


def _authority(target: Target) -> str:
    """The citation of a rule, or when a source was last confirmed."""
    block = target.block
    if isinstance(block, t.SourceBlock):
        confirmed = next((clause.day.text for clause in block.clauses if isinstance(clause, t.Confirmed)), None)
        return f"\n\nconfirmed {confirmed}" if confirmed else "\n\nrecalled, not confirmed at the source"
    if not isinstance(block, t.RuleBlock):
        return ""
    cited = [target.scope.citation(clause) for clause in block.clauses if isinstance(clause, t.Cite)]
    lines = [f"{one.title}{', ' + one.section if one.section else ''}{' ' + one.url if one.url else ''}" for one in cited if one is not None]
    return "".join(f"\n\nauthority: {line}" for line in lines) or "\n\ncites no source"


def _word(text: str, line: int, column: int) -> tuple[str, str, bool]:
    """The word at a place, the word before it, and whether it is the first of its line."""
    lines = normalised(text).split("\n")
    row = lines[line - 1] if line <= len(lines) else ""
    before = ""
    for match in _WORD.finditer(row):
        if match.start() <= column - 1 <= match.end():
            return match.group(), before, not row[: match.start()].strip()
        before = match.group()
    return "", "", False


def _of_code(word: str, before: str) -> str | None:
    """Our own short label of a code, and the dates on which it is in force."""
    group, dash, reason = word.partition("-")
    if dash and (rows := carc().rows_for((reason,))):
        return f"**{word}** {_GROUPS.get(group, group)}: {rows[0].cells['meaning']}"
    if before == "rarc" and (rows := rarc().rows_for((word,))):
        return f"**{word}** {rows[0].cells['meaning']}"
    code = code_table().code(word)
    if code is not None:
        span = " ".join(part for part in (f"from {code.from_}" if code.from_ else "", f"to {code.to}" if code.to else "") if part)
        return f"**{word}** {code.label}" + (f" ({span})" if span else "")
    rows = modifiers().rows_for((word,))
    return f"**{word}** {rows[0].cells['label']}" if rows else None


_GROUPS: Final = {"CO": "the provider bears it", "PR": "the patient bears it", "OA": "neither bears it", "PI": "the payer's own cut"}


def _of_clause(document: Document, word: str, line: int, first: bool) -> str | None:
    """What a clause means, in the kind of block it stands in."""
    if not word:
        return None
    kind = block_kind(document.text, line)
    for section in (kind, "rule" if kind in RULE_KINDS or kind == "override" else "", "condition", "test"):
        for form, meaning in _rows(section):
            if re.match(rf"`{re.escape(word)}\b", form) or (not first and re.search(rf"`[^`]*\b{re.escape(word)}\b", form)):
                return f"{form}\n\n{meaning}"
    return None


def _rows(section: str) -> tuple[tuple[str, str], ...]:
    return next((rows for words, rows in CLAUSES.items() if section in words.split()), ())


def block_kind(text: str, line: int) -> str:
    """The word that opened the block in which a line stands; `head` for a policy's or a library's head."""
    for row in reversed(normalised(text).split("\n")[:line]):
        match = re.match(r"([a-z_]+)\b", row)
        if match:
            return "head" if match.group(1) in ("policy", "library") else match.group(1)
    return ""
