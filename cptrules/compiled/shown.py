"""The code of a policy to be read: which rule has which bit, how each is decided, and the source itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..policy import Policy
from .program import Code, Program
from .rulings import CODE, LATER, REFERENCE, SHAPE, Ruling, docket

_HOW: Final = {
    SHAPE: "by the line's shape (codes, words, yes or no), asked of the reference once for each shape",
    CODE: "by the code below; by the reference where a fact is missing",
    REFERENCE: "by the reference, on every line that is in its scope",
    LATER: "when the report is read: a payment moves no outcome",
}


def code_text(policies: Iterable[Policy], policy: Policy, rule: str | None = None) -> str:
    """Give the code of a policy, or of one of its rules, with how each rule is decided."""
    program = Program(tuple(policies), (policy,))
    program.code = Code(program, docket((policy,), (1 << len(program.docket.names)) - 1))  # all of it
    rulings = [one for one in program.docket.rulings if rule in (None, one.rule.name)]
    head = [f"# {policy.name}", *(_decided(one) for one in rulings)]
    if rule is None:
        return "\n".join([*head, "", program.code.source.rstrip()])
    return "\n".join([*head, *(f"\n{program.code.blocks[one.bit]}" for one in rulings if one.bit in program.code.blocks)])


def _decided(ruling: Ruling) -> str:
    return f"# {ruling.rule.name}, bit {ruling.bit}: {_HOW[ruling.how]}"
