"""What `lint` says, tried on thousands of random policies: `python tests/lint_campaign.py 3000 [SEED]` prints figures for docs/reliability.md.

Half of the policies are of the whole language (`cptrules.testing.policies`), half of a few rules over few things, which often exclude, hide
or follow from each other (tests/test_linting.py). Of each policy: lint does not crash; it says the same of the file laid out anew, and with its
blocks in another order; what it says is so is held against cases aimed at the policy's boundaries, and claims with the line of a contradiction.
A policy that fails is printed, and the run goes on.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from judging import HEAD
from test_linting import claims_of, contradicts, is_so, provable, rules, sound

from cptrules import InputError
from cptrules.checking import policies_of
from cptrules.diagnostics import Diagnostic
from cptrules.format import formatted
from cptrules.lint import linted
from cptrules.linting.contradictions import contradictions
from cptrules.linting.scopes import table_of
from cptrules.parse import parse
from cptrules.testing import cases, policies

CASES = 6  # of each policy of which lint says something
CLAIMS = 4  # with the line of each contradiction
SYMMETRIC = ("W011", "W014", "W015", "W016")  # of two rules: which of them is named hangs on their order


@st.composite
def few(draw: Any) -> str:
    """A policy of two to four rules over few things."""
    return HEAD % "" + "".join(draw(rules(number)) for number in range(draw(st.integers(2, 4))))


def lint(text: str, folder: Path) -> tuple[Any, tuple[Diagnostic, ...]]:
    """What lint says of a text."""
    path = folder / "acme.policy"
    path.write_text(text, encoding="utf-8")
    return linted([str(path)])


def reordered(text: str, chance: Random) -> str:
    """The same blocks in another order."""
    lines = text.split("\n")
    blocks = ["\n".join(lines[block.span.line - 1 : block.span.end_line]) for block in parse(text).file.blocks]
    chance.shuffle(blocks)
    return "\n".join(blocks) + "\n"


def told(diagnostics: Iterable[Diagnostic]) -> Counter[tuple[str, str]]:
    """What lint says, wherever it stands; brackets that mean nothing go with the layout."""
    return Counter((one.code, "" if one.code in SYMMETRIC else re.sub(r"line \d+|[ ()]", "", one.message)) for one in diagnostics)


def drawn(strategy: Any, number: int, seed_: int) -> list[Any]:
    """So many values of a strategy, the same for a seed; each is drawn by itself, so that none is given up for its size."""
    found: list[Any] = []

    @seed(seed_)
    @settings(max_examples=number, database=None, phases=(Phase.generate,), deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def each(one: Any) -> None:
        found.append(one)

    each()
    return found


def tried(text: str, seed_: int, tally: Counter[str], folder: Path) -> None:
    """Try one policy; what does not hold is raised."""
    loaded, diagnostics = lint(text, folder)
    tally["policies"] += 1
    tally["warnings"] += len([one for one in diagnostics if one.severity == "warning"])
    assert not any(one.severity == "error" for one in diagnostics), diagnostics
    for other in (formatted(text), reordered(text, Random(text))):
        assert told(lint(other, folder)[1]) == told(diagnostics), other
    said, by = provable(diagnostics), policies_of(loaded)
    (policy,) = by.policies
    tally.update(one.code for one in said)
    for one in contradictions(sound(policy), table_of(policy)):
        tally["W014"] += 1
        for claim in drawn(claims_of(one.line), CLAIMS, seed_):
            contradicts(by, one, claim)
            tally["claims of contradictions"] += 1
    for case in drawn(cases(by), CASES, seed_) if said else ():
        try:
            is_so(by, said, case)
            tally["cases"] += 1
        except InputError:
            tally["refused"] += 1  # bad input, told with its path


def campaign(number: int, seed_: int, texts: Any, tally: Counter[str]) -> list[str]:
    """Try so many policies; the failures, ready to paste."""
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for text in drawn(texts, number, seed_):
            try:
                tried(text, seed_, tally, Path(folder))
            except Exception:
                tally["failed"] += 1
                failures.append(f"{text}\n{traceback.format_exc(limit=-6)}")
    return failures


def main() -> int:
    """Try half of the policies of each sort, in rounds that a seed tells apart."""
    number, start = int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began, failed = time.monotonic(), 0
    for name, texts in (("whole language", policies()), ("few things", few())):
        tally: Counter[str] = Counter()
        while tally["policies"] < number / 2:
            for one in campaign(min(250, -(-number // 2) - tally["policies"]), start * 1000 + tally["policies"], texts, tally):
                failed += 1
                print(f"---- failed\n{one}", flush=True)
        print(f"{name}: " + ", ".join(f"{what} {many:,}" for what, many in sorted(tally.items())), flush=True)
    print(f"{time.monotonic() - began:.0f} seconds, {failed} failed")
    return bool(failed)


if __name__ == "__main__":
    raise SystemExit(main())
