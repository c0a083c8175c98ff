"""What may stand at a place: block words, clauses of the block, names of the file, codes with their labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

import attrs

from .. import tree as t
from ..codesets import adjustment_groups, carc, code_table, modifiers, rarc
from ..fields import FIELDS
from ..parse import normalised
from ..rules import ASSISTED, METHODS, belonging, spelt
from ..scope import Scope
from ..vocabulary import DISCIPLINES, EVENT_KINDS, KIND_KEYS, MEASURES, RULE_KINDS, RULE_OUTCOMES, TIME_KEYS
from . import wordlist
from .clauses import CLAUSES
from .document import Document
from .hover import block_kind

Source: TypeAlias = "Callable[[Scope | None], Iterable[Suggestion]]"


@attrs.frozen
class Suggestion:
    """A word that may stand, what it is, and a line about it."""

    word: str
    kind: str  # block, clause, name, code, word
    about: str = ""


def suggestions(document: Document, line: int, column: int) -> tuple[Suggestion, ...]:
    """What may stand at a place, each word once."""
    rows = normalised(document.text).split("\n")
    row = rows[line - 1][: column - 1] if line <= len(rows) else ""
    found = _at_the_start(document, row, line) if re.fullmatch(r"[ \t]*[a-z_]*", row) else _within(document, row)
    return tuple({one.word: one for one in found}.values())


def _at_the_start(document: Document, row: str, line: int) -> Iterator[Suggestion]:
    if not row.startswith((" ", "\t")):
        yield from (Suggestion(word, "block") for word in wordlist.blocks())
        return
    kind = block_kind(document.text, line)
    if kind in RULE_KINDS:
        yield from (Suggestion(spelt(one), "clause", _meaning(spelt(one))) for one in belonging(kind))
        return
    for words, rows in CLAUSES.items():
        if kind in words.split():
            yield from (Suggestion(first.group(1).strip(), "clause", meaning) for form, meaning in rows if (first := _FIRST.match(form)))


_FIRST: Final = re.compile(r"`([a-z][a-z ]*?)(?=[ `]*(?:[A-Z\"\[(`]|$))")


def _meaning(word: str) -> str:
    rows = (row for rows in CLAUSES.values() for row in rows)
    return next((meaning for form, meaning in rows if form.startswith(f"`{word}")), "")


def _within(document: Document, row: str) -> Iterator[Suggestion]:
    """By the last word of the language before the place."""
    words = re.findall(r"at most|at least|one of|all of|[a-z_]+(?=[ \t,(])", re.sub(r'"[^"]*"', "", row))
    keywords = [word for word in words if word in _AFTER]
    scope = document.file.scope if document.file is not None else None
    for source in _AFTER.get(keywords[-1] if keywords else "", (_names, _codes, _fields)):
        yield from source(scope)


def _plain(*words: Iterable[str]) -> Source:
    return lambda scope: (Suggestion(word, "word") for group in words for word in group)


def _names_of(*kinds: str) -> Source:
    def found(scope: Scope | None) -> Iterator[Suggestion]:
        for name in scope.names(*kinds) if scope is not None else ():
            hit = next((hit for kind in kinds if scope is not None and (hit := scope.find(kind, name)) is not None), None)
            yield Suggestion(name, "name", hit[0].said(hit[1].span)[:200] if hit is not None else "")

    return found


def _names(scope: Scope | None) -> Iterable[Suggestion]:
    return _names_of("codes", "amount", "table", "fact", "term", "counter", "window", "event")(scope)


def _codes(scope: Scope | None) -> Iterator[Suggestion]:
    yield from (Suggestion(word, "word") for word in DISCIPLINES)
    table = scope.codes_known if scope is not None else code_table()
    yield from (Suggestion(code.code, "code", code.label) for code in table.codes())


def _modifiers(scope: Scope | None) -> Iterator[Suggestion]:
    for key in modifiers().all_keys():
        yield Suggestion(key[0], "code", modifiers().rows_for(key)[0].cells["label"])


def _carcs(scope: Scope | None) -> Iterator[Suggestion]:
    for (group,) in adjustment_groups().all_keys():
        for (reason,) in carc().all_keys():
            yield Suggestion(f"{group}-{reason}", "code", carc().rows_for((reason,))[0].cells["meaning"])


def _rarcs(scope: Scope | None) -> Iterator[Suggestion]:
    for key in rarc().all_keys():
        yield Suggestion(key[0], "code", rarc().rows_for(key)[0].cells["meaning"])


def _fields(scope: Scope | None) -> Iterator[Suggestion]:
    yield from (Suggestion(field.name, "word", field.question) for field in FIELDS.values())


def _sources(scope: Scope | None) -> Iterator[Suggestion]:
    for name, block in scope.sources.items() if scope is not None else ():
        title = next((clause.text.text for clause in block.clauses if isinstance(clause, t.Title)), "")
        yield Suggestion(name, "name", title)


_SETS: Final[tuple[Source, ...]] = (_names_of("codes"), _codes)
_CONDITION: Final[tuple[Source, ...]] = (_names, _fields)
_AFTER: Final[dict[str, tuple[Source, ...]]] = {
    "cite": (_sources,), "outcome": (_plain(RULE_OUTCOMES),), "carc": (_carcs,), "rarc": (_rarcs,), "by": (_plain(METHODS, ASSISTED),),
    "of": _SETS, "on": _SETS, "excluding": _SETS, "with": _SETS, "includes": _SETS, "instead": (_codes,), "refuse": (_modifiers,),
    "needs": (_modifiers,), "one of": (_modifiers,), "all of": (_modifiers,), "in": (_names_of("codes", "window"), _codes, _modifiers),
    "count": (_names_of("counter"), _plain(MEASURES)), "per": (_plain(TIME_KEYS, KIND_KEYS), _names_of("window")),
    "and": (*_CONDITION, _plain(KIND_KEYS)), "at most": (_names_of("amount", "table"),), "when": _CONDITION, "except": _CONDITION,
    "unless": _CONDITION, "that": _CONDITION, "where": _CONDITION, "not": _CONDITION, "or": _CONDITION,
    "after": (_names_of("event"), _plain(EVENT_KINDS)), "has": (_names_of("event"), _plain(EVENT_KINDS), _fields),
    "to": (_names_of("table"),), "rank": (_names_of("table"),), "holidays": (_names_of("table"),), "listed": (_names_of("table"),),
}  # fmt: skip
