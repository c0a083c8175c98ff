"""What tests have tried of a policy, for people."""

from __future__ import annotations

import textwrap
from typing import Final

from .coverage import KINDS, Coverage, Point

_WIDTH: Final = 100
_SAID: Final = {
    "rule": ("rules", "denied and passed by some test"), "clause": ("clauses", "decided both ways"),
    "boundary": ("boundaries", "tried at the limit and just past it"),
}  # fmt: skip


def coverage_text(coverage: Coverage) -> str:
    """Write how much of a policy was tried, and what was not."""
    lines = [f"{coverage.policy}"]
    for kind, (noun, said) in _SAID.items():
        lines.append(f"  {noun:<10} {len(coverage.both(kind))} of {len(coverage.of(kind))} {said}")
    for word, side in (("denies", KINDS["rule"][0]), ("passes", KINDS["rule"][1])):
        never = [point.rule for point, one in coverage.missing("rule") if one == side]
        lines += _wrapped(f"no test {word} {', '.join(never)}") if never else []
    for kind in ("clause", "boundary"):
        for point in coverage.of(kind):
            never = [side for one, side in coverage.missing(kind) if one == point]
            lines += _wrapped(f"{where(point)}: never {', never '.join(never)}") if never else []
    return "\n".join(lines)


def where(point: Point) -> str:
    """Name a point: its rule and its words."""
    return ": ".join(part for part in (point.rule, point.text) if part)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="      ")
