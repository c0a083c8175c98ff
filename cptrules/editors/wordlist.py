"""The words of the language by what they are, taken from the grammar and the vocabulary, so that no editor keeps a list of its own."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from ..grammar import grammar
from ..rules import ASSISTED, METHODS
from ..vocabulary import BLOCK_WORDS, KIND_KEYS, MEASURES, RULE_OUTCOMES, TIME_KEYS, TIME_UNITS

_KEYWORD: Final = re.compile(r"^_?[A-Z_]+\.10: +/(.*?)\(\?!", re.MULTILINE)
OUTCOMES: Final = (*RULE_OUTCOMES, "clean", "undetermined")
VALUES: Final = ("yes", "no", "none", "unknown")


@cache
def keywords() -> tuple[str, ...]:
    """The words that begin or join clauses, as the grammar spells them; `at most` is one."""
    spelt = [match.group(1).replace("[ \\t]+", " ") for match in _KEYWORD.finditer(grammar())]
    return tuple(sorted({word.replace("s?", "s") for word in spelt} | {word.replace("s?", "") for word in spelt}))


@cache
def vocabulary() -> tuple[str, ...]:
    """Words with a meaning of their own that are no keywords: measures, keys, units of time, outcomes, methods."""
    singular = {word.removesuffix("s") for word in (*MEASURES, *TIME_UNITS)}
    words = {*MEASURES, *singular, *TIME_KEYS, *KIND_KEYS, *TIME_UNITS, *OUTCOMES, *METHODS, *ASSISTED, *VALUES}
    return tuple(sorted(words - set(keywords())))


def blocks() -> tuple[str, ...]:
    """The words that open a block at the first column."""
    return tuple(BLOCK_WORDS)


# What the world's words look like, in the order in which they are tried.
COMMENT: Final = r"#[^\n]*"
STRING: Final = r'"(?:\\[^\n]|[^"\\\n])*"'
DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])"
MONEY: Final = r"\$[0-9][0-9,]*(?:\.[0-9]+)?"
PERCENT: Final = r"[0-9]+(?:\.[0-9]+)?%"
ADJUSTMENT: Final = r"\b(?:CO|PR|OA|PI)-[0-9A-Z]{1,4}\b"
MONTHDAY: Final = r"\b[0-9]{2}-[0-9]{2}(?![0-9-])"
CODE: Final = r"\b[0-9A-Z]{1,24}(?:\.[0-9A-Z]{1,24}\*?|\.\*|\*)?(?![0-9A-Za-z_])"
FIELD: Final = r"\b[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_]+)+"


def either(words: tuple[str, ...]) -> str:
    """A pattern for any of some words, the longest first, each ending where a keyword ends."""
    spelt = sorted(words, key=lambda word: (-len(word), word))
    return r"\b(?:" + "|".join(word.replace(" ", r"[ \t]+") for word in spelt) + r")(?![A-Za-z0-9_.])"
