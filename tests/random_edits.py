"""One random edit of a shipped policy, and what is said of it: `python tests/random_edits.py [NUMBER [SEED]]` prints the measure of docs/bench.md."""

from __future__ import annotations

import random
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

import attrs

from cptrules.diagnostics import Diagnostic
from cptrules.examples import examples
from cptrules.loading import read

POLICIES = sorted((Path(__file__).parent.parent / "policies").glob("*.policy"))
LETTERS = "abcdefghijklmnopqrstuvwxyz"
KINDS = ("misspelt", "word dropped", "word doubled", "word swapped", "line dropped", "line doubled")
ONE_WORD = KINDS[:4]


@attrs.frozen
class Edit:
    """A text with one edit, of which word."""

    kind: str
    text: str
    word: str
    line: int


def words_of(text: str) -> list[re.Match[str]]:
    """The words of a policy outside quotes and comments."""
    bare = re.sub(r'"(?:\\.|[^"\\\n])*"|#[^\n]*', lambda match: " " * len(match.group()), text)
    return list(re.finditer(r"[^\s,(){}=]+", bare))


def edited(text: str, kind: str, rng: random.Random) -> Edit:
    """Make one edit of a kind."""
    if kind.startswith("line"):
        lines = text.split("\n")
        at = rng.choice([number for number, line in enumerate(lines) if line.strip()])
        lines[at : at + 1] = [] if kind == "line dropped" else [lines[at], lines[at]]
        return Edit(kind, "\n".join(lines), "", at + 1)
    words = words_of(text)
    word = rng.choice([one for one in words if kind != "misspelt" or re.fullmatch(r"[a-z][a-z_]{3,}", one.group())])
    new = {
        "misspelt": lambda: misspelt(word.group(), rng), "word dropped": lambda: "", "word doubled": lambda: f"{word.group()} {word.group()}",
        "word swapped": lambda: rng.choice(words).group(),
    }[kind]()  # fmt: skip
    return Edit(kind, text[: word.start()] + new + text[word.end() :], word.group(), text.count("\n", 0, word.start()) + 1)


def misspelt(word: str, rng: random.Random) -> str:
    """A word with one letter changed, dropped, put in, or two exchanged."""
    while True:
        at = rng.randrange(len(word) - 1)
        found = rng.choice([
            word[:at] + rng.choice(LETTERS) + word[at + 1 :], word[:at] + word[at + 1 :], word[:at] + rng.choice(LETTERS) + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ])  # fmt: skip
        if found != word:
            return found


def said_of(text: str, folder: Path) -> list[Diagnostic]:
    """What loading a policy and building its tests says of it; lint's own warnings are left out."""
    path = folder / "edited.policy"
    path.write_text(text, encoding="utf-8")
    loaded = read([str(path)])
    found = [one for one in loaded.diagnostics if one.path == str(path)]
    if not any(one.severity == "error" for one in loaded.diagnostics):
        (file,) = [file for file in loaded.files if file.path == str(path)]
        before = len(file.scope.diagnostics)
        for policy in loaded.policies:
            examples(file, policy)
        found += file.scope.diagnostics[before:]
    return found


@attrs.define
class Measure:
    """What many edits came to."""

    edits: int = 0
    reported: Counter[str] = attrs.field(factory=Counter)
    one: Counter[str] = attrs.field(factory=Counter)
    misspelt: int = 0
    suggested: int = 0
    worst: list[tuple[Edit, str, list[Diagnostic]]] = attrs.field(factory=list)

    def share(self, part: int, whole: int) -> float:
        """A share in percent; of nothing, all."""
        return 100 * part / whole if whole else 100.0

    @property
    def one_report(self) -> float:
        """The share of one-word edits that are reported, if at all, by one report."""
        return self.share(sum(self.one[kind] for kind in ONE_WORD), sum(self.reported[kind] for kind in ONE_WORD))

    @property
    def intended(self) -> float:
        """The share of reported misspellings for which the intended word is suggested."""
        return self.share(self.suggested, self.misspelt)


def measured(number: int, seed: int = 20260301) -> Measure:
    """Edit shipped policies at random so many times."""
    rng, measure = random.Random(seed), Measure()
    texts = {path.name: path.read_text(encoding="utf-8") for path in POLICIES}
    with tempfile.TemporaryDirectory() as folder:
        usual = {name: {(d.code, d.message) for d in said_of(text, Path(folder))} for name, text in texts.items()}
        for count in range(number):
            name, kind = rng.choice(sorted(texts)), KINDS[count % len(KINDS)]
            edit = edited(texts[name], kind, rng)
            found = [one for one in said_of(edit.text, Path(folder)) if (one.code, one.message) not in usual[name]]
            _count(measure, edit, name, found)
    return measure


def _count(measure: Measure, edit: Edit, name: str, found: list[Diagnostic]) -> None:
    measure.edits += 1
    if not found:
        return
    measure.reported[edit.kind] += 1
    measure.one[edit.kind] += len(found) == 1
    right = True
    if edit.kind == "misspelt":
        measure.misspelt += 1
        right = any(edit.word in (one.suggestion or "").split() for one in found)
        measure.suggested += right
    if edit.kind in ONE_WORD and (len(found) > 1 or not right):
        measure.worst.append((edit, name, found))


def main() -> None:
    """Print the measure of so many edits, of a seed; with a third argument every edit that falls short."""
    numbers = [int(one) for one in sys.argv[1:3]]
    measure = measured(*(numbers or [4000]))
    for kind in KINDS:
        print(f"{kind:<14} {measure.reported[kind]:>5} reported, {measure.share(measure.one[kind], measure.reported[kind]):5.1f}% by one report")
    print(f"{measure.edits} edits, no crash; one-word edits by one report {measure.one_report:.1f}%; intended word suggested {measure.intended:.1f}%")
    if len(sys.argv) > 3:
        for edit, name, found in measure.worst:
            print(f"-- {name}:{edit.line} {edit.kind} {edit.word!r}: {edit.text.splitlines()[edit.line - 1].strip()}")
            for one in found[:4]:
                print(f"     {one.span.line} {one.code} {one.message} [{one.suggestion}]")


if __name__ == "__main__":
    main()
