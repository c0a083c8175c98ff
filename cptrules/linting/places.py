"""Where in a file a rule and its clauses stand, so that what is said of them has a place."""

from __future__ import annotations

from typing import Any

import attrs

from .. import tree as t
from ..diagnostics import Diagnostic
from ..loading import PolicyFile
from ..policy import Clause, Rule
from ..rules import spelt


@attrs.frozen
class Placed:
    """A rule's block in the file that is looked at: its own, or the override of a base's rule."""

    file: PolicyFile
    block: t.RuleBlock | t.OverrideBlock

    def has(self, clause: Clause) -> bool:
        """Whether a clause stands in this block, not in the file's head or in a base."""
        return self._node(clause) is not None

    def _node(self, clause: Clause) -> Any:
        return next((node for node in self.block.clauses if self._says(node, clause)), None)

    def _says(self, node: Any, clause: Clause) -> bool:
        condition = getattr(node, "condition", None)
        return condition is not None and f"{spelt(node)} {self.file.scope.said(condition.span)}" == clause.text

    def at_rule(self, code: str, told: str, wanted: str | None = None, near: str | None = None) -> Diagnostic:
        """Say something of the rule, at its name."""
        return Diagnostic(code, self.file.path, self.block.name.span, told, wanted, near)

    def at_clause(self, code: str, clause: Clause | None, told: str, wanted: str | None = None) -> Diagnostic:
        """Say something of a clause, where it stands here; else at the rule."""
        node = self._node(clause) if clause is not None else None
        return Diagnostic(code, self.file.path, node.span if node is not None else self.block.name.span, told, wanted)

    def at_word(self, code: str, word: str, told: str, wanted: str | None = None) -> Diagnostic:
        """Say something of the clause that begins with a word."""
        node = next((one for one in self.block.clauses if spelt(one) == word), None)
        return Diagnostic(code, self.file.path, node.span if node is not None else self.block.name.span, told, wanted)


def placed(file: PolicyFile, rule: Rule) -> Placed | None:
    """Find the block of a rule in a file, None where the rule is a base's and the file does not touch it."""
    for block in file.parsed.file.blocks:
        if isinstance(block, t.RuleBlock | t.OverrideBlock) and block.name.text == rule.name:
            return Placed(file, block)
    return None
