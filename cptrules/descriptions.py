"""Interventions that read like another code's: asked about, with what sets the two apart, and never recoded."""

from __future__ import annotations

import re
from functools import cache

import attrs

from .claims import Session
from .codesets import description_words


@attrs.frozen
class Question:
    """An intervention whose description has more of another code's words than of its own: which is right is for its giver to say."""

    intervention: int
    code: str
    like: str
    seen: tuple[str, ...]
    apart: str

    def __str__(self) -> str:
        words = ", ".join(f'"{word}"' for word in self.seen)
        return f"{self.code} (intervention {self.intervention}): its description ({words}) reads like {self.like}. {self.apart} Which was it?"


def questions(session: Session) -> tuple[Question, ...]:
    """Ask about each intervention that reads like another code's."""
    found = [_question(number, one.code, one.description) for number, one in enumerate(session.interventions, 1) if isinstance(one.description, str)]
    return tuple(one for one in found if one is not None)


def _question(number: int, code: str, description: str) -> Question | None:
    known = _words()
    if code not in known:
        return None
    seen = {other: _seen(words, description) for other, (words, _) in known.items()}
    likest = max((other for other in seen if other != code), key=lambda other: (len(seen[other]), other))
    if len(seen[likest]) <= len(seen[code]):
        return None
    return Question(number, code, likest, seen[likest], f"{code} is {known[code][1]}; {likest} is {known[likest][1]}.")


def _seen(words: tuple[str, ...], description: str) -> tuple[str, ...]:
    text = f" {' '.join(re.findall(r'[a-z0-9]+', description.lower()))} "
    return tuple(word for word in words if f" {word} " in text)


@cache
def _words() -> dict[str, tuple[tuple[str, ...], str]]:
    return {row.cells["code"]: (tuple(row.cells["words"].split(";")), row.cells["apart"]) for row in description_words().rows}
