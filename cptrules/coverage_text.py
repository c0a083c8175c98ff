"""What tests have tried of a policy, for people."""

from __future__ import annotations

import textwrap
from typing import Final

from .coverage import DENIED, PASSED, Coverage, Point

_WIDTH: Final = 100
_SAID: Final = {
    "rule": ("rules", "denied and passed by some test"), "clause": ("clauses", "decided both ways"),
    "boundary": ("boundaries", "tried at the limit and just past it"),
}  # fmt: skip


def coverage_text(coverage: Coverage) -> str:
    """Write how much of a policy was tried, and what was not."""
    return "\n".join([coverage.policy, *in_full(coverage)])


def in_short(coverage: Coverage) -> list[str]:
    """Write how much of a policy was tried in one sentence, and the rules that no test denies or passes."""
    parts = [f"rules {_counts(coverage, 'rule')} {_SAID['rule'][1]}"]
    parts += [f"{_SAID[kind][0]} {_counts(coverage, kind)}" for kind in ("clause", "boundary") if coverage.of(kind)]
    more = ": see --coverage, --suggest" if any(coverage.missing(kind) for kind in ("clause", "boundary")) else ""
    return [f"  {'; '.join(parts)}{more}", *_never(coverage)]


def in_full(coverage: Coverage) -> list[str]:
    """Write how much of a policy was tried, and each rule, clause and boundary that was not tried from both sides."""
    lines = [f"  {noun:<10} {_counts(coverage, kind)} {said}" for kind, (noun, said) in _SAID.items()]
    lines += _never(coverage)
    for kind in ("clause", "boundary"):
        for point in coverage.of(kind):
            never = [side for one, side in coverage.missing(kind) if one == point]
            lines += _wrapped(f"{where(point)}: never {', never '.join(never)}") if never else []
    return lines


def _counts(coverage: Coverage, kind: str) -> str:
    return f"{len(coverage.both(kind))} of {len(coverage.of(kind))}"


def _never(coverage: Coverage) -> list[str]:
    lines: list[str] = []
    for word, side in (("denies", DENIED), ("passes", PASSED)):
        never = [point.rule for point, one in coverage.missing("rule") if one == side]
        lines += _wrapped(f"no test {word} {', '.join(never)}") if never else []
    return lines


def where(point: Point) -> str:
    """Name a point: its rule and its words."""
    return ": ".join(part for part in (point.rule, point.text) if part)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="      ")
