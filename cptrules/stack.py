"""The folded policy as people read it: every rule with its clauses, and where each of them stands (docs/language.md, Layers)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .dates import Span
from .policy import Citation, Policy, Rule

WIDTH: Final = 100
_PLACE: Final = 38  # columns at the right for the place of a clause


def stack_text(policy: Policy, only: str | None = None) -> str:
    """Write a policy's rules, those of its bases folded in, each clause marked with the file and line it comes from."""
    blocks = [head_lines(policy), *(_rule(rule) for rule in policy.rules if only in (None, rule.name))]
    return "\n\n".join("\n".join(block) for block in blocks)


def head_lines(policy: Policy) -> list[str]:
    """What a policy's head says: its name, payers, plans, dates and what it assumes."""
    said = [f"policy {policy.name}  {policy.title}"]
    payers = ", ".join(policy.payers) or "no payer of its own: policies that extend it have one"
    said.append(f"  payer {payers}" + (f", plans {', '.join(policy.plans)}" if policy.plans else ""))
    said += [f"  speaks for dates of service {_span(span)}" for span in policy.effective]
    shown = {True: "yes", False: "no"}
    said += [f"  assumes {field.name} = {shown.get(value.value, value.value)}" for field, value in policy.assumes]  # type: ignore[call-overload]
    bases = sorted({rule.origin for rule in policy.rules if rule.origin != policy.name})
    return [*said, *([f"  extends {', '.join(bases)}"] if bases else [])]


def _span(span: Span) -> str:
    if span.from_ is None and span.to is None:
        return "always"
    return " ".join(part for part in (f"from {span.from_}" if span.from_ else "", f"to {span.to}" if span.to else "") if part)


def _rule(rule: Rule) -> list[str]:
    lines = [f"{rule.kind} {rule.name}"]
    for one in rule.written:
        lines += _clause(one.text, one.place)
    for gone in rule.dropped:
        lines += _clause(f'dropped {_span(gone.span)} because "{gone.reason}"', gone.place)
        lines += [f"      {_cited(citation)}" for citation in gone.citations]
    return lines


def _clause(text: str, place: str) -> Iterator[str]:
    room = WIDTH - 2 - (_PLACE if place else 0)
    first, *rest = textwrap.wrap(text, room) or [""]
    yield f"  {first.ljust(room)}{_short(place).rjust(_PLACE)}" if place else f"  {first}"
    yield from (f"      {more}" for more in rest)


def _short(place: str) -> str:
    path, _, line = place.rpartition(":")
    return f"{Path(path).name}:{line}"[-_PLACE + 1 :]


def authority(rule: Rule) -> list[str]:
    """A rule's sources with section, address and when each was confirmed."""
    return [_cited(citation) for citation in rule.citations] or ["cites no source"]


def _cited(citation: Citation) -> str:
    section = f", {citation.section}" if citation.section else ""
    seen = f"confirmed {citation.confirmed}" if citation.confirmed else "recalled, not confirmed at the source"
    return f"authority: {citation.title}{section} ({seen})" + (f" {citation.url}" if citation.url else "")
