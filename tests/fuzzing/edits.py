"""Edits of policies: characters, words, clauses and blocks changed, and words put in the place of others of their sort.

What comes out of loading is policies or PolicyErrors whose mistakes all have a code, a sentence and a place in the text; policies that load are then
asked about a claim.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path
from random import Random

import worlds
from mutations import CHANGES

from cptrules import Claim, History, InputError
from cptrules.checking import policies_of
from cptrules.diagnostics import CODES, Diagnostic
from cptrules.errors import PolicyErrors
from cptrules.loading import read

from .kind import Kind

TOP = Path(__file__).parent.parent.parent
LARGEST = 9000  # characters: a whole manual costs a hundred times as much to read, and says the same in other words
HEAD = 'policy acme.ppo {\n  title "Acme"\n  payer "ACME"\n  holidays closed\n}\nsource manual { title "M" }\n' + worlds.NAMES
_TOKEN = re.compile(r'"[^"\n]*"|\$?\d[\d,.\-/%]*|[A-Za-z_][\w.*]*(?:\.\.\w+)?|[{}()=<>!,]+|#[^\n]*')
_BLOCK = re.compile(r"^(?=[a-z]+ )", re.MULTILINE)


@cache
def texts() -> tuple[str, ...]:
    """Every policy that is shipped, shown in the docs or kept for the parser's tests; of the long ones, pieces."""
    paths = [*TOP.glob("policies/*.policy"), *TOP.glob("docs/examples/**/*.policy"), *(TOP / "tests" / "language").rglob("*.policy")]
    written = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(paths)]
    return tuple(text for text in (*written, HEAD + "\n".join(worlds.RULES)) if text)


@cache
def sound() -> tuple[str, ...]:
    """The texts that are no examples of mistakes."""
    return tuple(text for text in texts() if not mistaken(text))


def mistaken(text: str) -> bool:
    """Whether a text by itself has mistakes."""
    path = folder() / "whole.policy"
    path.write_text(text, encoding="utf-8", errors="replace")
    return any(one.severity == "error" for one in read([path]).diagnostics)


@cache
def blocks() -> tuple[str, ...]:
    """Single blocks of every text, to be put into another."""
    return tuple(block for text in texts() for block in _BLOCK.split(text) if "{" in block and len(block) < 2000)


@cache
def words() -> dict[str, tuple[str, ...]]:
    """The words of all texts by their sort, each once."""
    found: dict[str, set[str]] = defaultdict(set)
    for text in texts():
        for token in _TOKEN.findall(text):
            found[_sort(token)].add(token)
    return {sort: tuple(sorted(several)) for sort, several in found.items()}


def _sort(token: str) -> str:
    """What a word looks like: the word of another text that looks alike may well stand in its place."""
    if token[0] in '"#${}()':
        return token[0]
    if re.fullmatch(r"\d{4}-\d\d-\d\d", token):
        return "date"
    if re.fullmatch(r"[A-Z0-9]{2,7}(?:\.\.[A-Z0-9]+)?\*?", token):
        return f"code{len(token)}"
    return "number" if token[0].isdigit() else "word" if token[0].isalpha() else "sign"


def make(chance: Random) -> str:
    roll = chance.random()
    text = HEAD + "\n".join(chance.sample(worlds.RULES, 8)) + "\n" if roll < 0.5 else chance.choice(sound() if roll < 0.85 else texts())
    text = _shortened(text, chance)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if not text.strip():
            break
        edit = chance.choice(tuple(CHANGES.values()) if chance.random() < 0.35 else AWARE)
        text = edit(text, chance)
    return text


def _shortened(text: str, chance: Random) -> str:
    """Some blocks of a long text, its head among them."""
    if len(text) <= LARGEST:
        return text
    first, *others = _BLOCK.split(text)
    while others and not first.lstrip().startswith(("policy", "library")):
        first += others.pop(0)
    named = ("codes", "amount", "table", "source", "fact", "event", "window", "counter", "term")
    kept = [block for block in others if block.startswith(named) or chance.random() < 0.1]
    return first + "".join(kept)


def _word_of_its_sort(text: str, chance: Random) -> str:
    places = list(_TOKEN.finditer(text))
    if not places:
        return text
    place = chance.choice(places)
    return text[: place.start()] + chance.choice(words()[_sort(place.group())]) + text[place.end() :]


def _clauses(text: str) -> list[int]:
    return [at for at, line in enumerate(text.split("\n")) if line.startswith("  ")]


def _clause_moved(text: str, chance: Random) -> str:
    """A line of one block stands in another, or twice."""
    lines, places = text.split("\n"), _clauses(text)
    if places:
        taken = lines[chance.choice(places)]
        lines.insert(chance.choice(places), taken)
    return "\n".join(lines)


def _clause_taken(text: str, chance: Random) -> str:
    """A line of any policy stands in the place of one of this."""
    lines, places = text.split("\n"), _clauses(text)
    theirs = [line for line in chance.choice(texts()).split("\n") if line.startswith("  ")]
    if places and theirs:
        lines[chance.choice(places)] = chance.choice(theirs)
    return "\n".join(lines)


def _block_put_in(text: str, chance: Random) -> str:
    return f"{text.rstrip()}\n{chance.choice(blocks())}\n"


def _block_dropped(text: str, chance: Random) -> str:
    parts = _BLOCK.split(text)
    del parts[chance.randrange(len(parts))]
    return "".join(parts)


AWARE = (_word_of_its_sort, _word_of_its_sort, _word_of_its_sort, _clause_moved, _clause_taken, _block_put_in, _block_dropped)


@cache
def folder() -> Path:
    """A folder of this process with the tables that the worlds' rules use."""
    made = Path(tempfile.mkdtemp(prefix="cptrules-edits-"))
    for name, text in worlds.TABLES.items():
        (made / name).write_text(text, encoding="utf-8")
    (made / "tables").symlink_to(TOP / "policies" / "tables")
    return made


def judge(text: str) -> str:
    path = folder() / "edited.policy"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    loaded = read([path])
    for one in loaded.diagnostics:
        _placed(one, loaded.text_of(str(one.path)))
    try:
        policies = policies_of(loaded)
    except PolicyErrors as errors:
        assert errors.diagnostics, "refused without a mistake"
        assert str(errors).strip(), "mistakes without words"
        return "refused"
    chance = Random(len(text))
    payer = next((payer for policy in policies.policies for payer in policy.payers), "ACME")
    claim, history = {**worlds.a_claim(chance), "payer": payer}, worlds.a_history(chance)
    try:
        report = policies.check(Claim.from_dict(claim), History.from_dict(history))
    except InputError as error:
        assert error.faults, "refused without a fault"
        return "loaded, the claim refused"
    assert [line.number for line in report.lines] == [line["number"] for line in claim["lines"]], "a line has no outcome"
    assert str(report), "a report without words"
    return "loaded and judged"


def _placed(one: Diagnostic, text: str | None) -> None:
    assert one.code in CODES, f"no such code {one.code}"
    assert one.message, f"{one.code} without a sentence"
    assert one.path, f"{one.code} without a file"
    span, lines = one.span, (text or "").split("\n")
    assert 1 <= span.line <= len(lines) + 1, f"{one.code} is on line {span.line} of {len(lines)}"
    assert span.column >= 1, f"{one.code} is in column {span.column}"


def pasted(text: str) -> str:
    return text


POLICIES = Kind("policies", "an edited policy loads, or is refused by mistakes that all have a code, a sentence and a place", make, judge, pasted)
