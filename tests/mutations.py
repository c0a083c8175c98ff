"""One random change to a policy text: what the parser's recovery is measured by."""

from __future__ import annotations

import random
import re
from collections.abc import Callable


def _character_dropped(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at + 1 :]


def _character_put_in(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice("abcxyzABX019.,;:={}()\"'%$#-_ \n") + text[at:]


def _character_doubled(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at] + text[at:]


def _word(text: str, rng: random.Random) -> re.Match[str]:
    return rng.choice(list(re.finditer(r"\S+", text)))


def _word_dropped(text: str, rng: random.Random) -> str:
    word = _word(text, rng)
    return text[: word.start()] + text[word.end() :]


def _word_doubled(text: str, rng: random.Random) -> str:
    word = _word(text, rng)
    return f"{text[: word.end()]} {word.group()}{text[word.end() :]}"


def _lines_changed(text: str, rng: random.Random, change: Callable[[str], list[str]]) -> str:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    lines[at : at + 1] = change(lines[at])
    return "\n".join(lines)


def _line_dropped(text: str, rng: random.Random) -> str:
    return _lines_changed(text, rng, lambda line: [])


def _line_doubled(text: str, rng: random.Random) -> str:
    return _lines_changed(text, rng, lambda line: [line, line])


def _junk_line(text: str, rng: random.Random) -> str:
    junk = rng.choice(["  asdf qwer 12", "@@ what ??", "  see the manual, please", "<<<<<<< HEAD", "  - and so on", "}}"])
    return _lines_changed(text, rng, lambda line: [line, junk])


def _cut_off(text: str, rng: random.Random) -> str:
    return text[: rng.randrange(len(text))]


CHANGES: dict[str, Callable[[str, random.Random], str]] = {
    change.__name__.strip("_"): change
    for change in (
        _character_dropped, _character_put_in, _character_doubled, _word_dropped, _word_doubled, _line_dropped,
        _line_doubled, _junk_line, _cut_off,
    )
}  # fmt: skip
