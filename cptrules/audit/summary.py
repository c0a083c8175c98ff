"""What an audit comes to: counts and dollars by rule, payer, provider, month and outcome, what is missing, and what was refused.

Counts of parts add up to the whole's, whatever their order. Money is kept in cents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

import attrs

from .results import Result

# What is counted of each group.
FIGURES: Final = ("claims", "lines", "findings", "charged", "denied", "reduced", "pended", "without_charge")
MONEY: Final = ("charged", "denied", "reduced", "pended")
# By what: the groups of the summary file, in its order.
BY: Final = ("all", "outcome", "rule", "payer", "provider", "month", "undecided", "missing", "refused")
COLUMNS: Final[dict[str, str]] = {
    "by": "text", "key": "text", **{name: "money" if name in MONEY else "whole" for name in FIGURES}, "at_stake": "money",
}  # fmt: skip
_UNKNOWN: Final = "(not known)"


def _nothing() -> dict[str, int]:
    return dict.fromkeys(FIGURES, 0)


@attrs.define
class Summary:
    """The figures of an audit, by group and key."""

    groups: dict[str, dict[str, dict[str, int]]] = attrs.field(factory=lambda: {by: {} for by in BY})

    def add(self, results: Iterable[Result]) -> None:
        """Count the rows of one claim: its own and its findings', or its refusal."""
        rules: dict[str, list[Result]] = {}
        for one in results:
            if one["kind"] == "finding":
                rules.setdefault(rule_of(one), []).append(one)
            elif one["kind"] == "claim":
                self._claim(one)
            else:
                self._count("refused", _reason(one), claims=1)
                self._count("all", "refused", claims=1)
        for rule, found in rules.items():
            lines = {one["line"]: one for one in found}
            worst = {line: _dearest(row for row in found if row["line"] == line) for line in lines}
            self._count("rule", rule, claims=1, lines=len(lines), findings=len(found),
                        charged=sum(cents(one["charge"]) for one in lines.values()),
                        without_charge=sum(one["charge"] is None for one in lines.values()),
                        **{name: sum(one.get(name, 0) for one in worst.values()) for name in ("denied", "reduced", "pended")})  # fmt: skip

    def _claim(self, one: Result) -> None:
        figures = {
            "claims": 1, "lines": int(one["lines"]), "findings": one["findings"], "charged": cents(one["charge"]),
            "without_charge": int(one["charge"] is None), **{name: cents(one[name]) for name in ("denied", "reduced", "pended")},
        }  # fmt: skip
        month = one["date_of_service"].strftime("%Y-%m")
        for by, key in (("all", "judged"), ("outcome", one["outcome"]), ("payer", one["payer"]), ("provider", one["provider"]), ("month", month)):
            self._count(by, key or _UNKNOWN, **figures)
        if one["outcome"] == "undetermined":
            self._count("undecided", f"{one['at_least']} to {one['at_most']}", **figures)
        for name in (one["missing"] or "").split("; "):
            if name:
                self._count("missing", name, claims=1, lines=int(one["lines"]), charged=cents(one["charge"]))

    def _count(self, by: str, key: str, **figures: int) -> None:
        known = self.groups[by].setdefault(key, _nothing())
        for name, value in figures.items():
            known[name] += value

    def merge(self, other: Summary) -> None:
        """Add another part's figures."""
        for by, keys in other.groups.items():
            for key, figures in keys.items():
                self._count(by, key, **figures)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows of the summary file: of each group the dearest first, then the most frequent."""
        for by in BY:
            for key, figures in self.ranked(by):
                shown = {name: dollars(value) if name in MONEY else value for name, value in figures.items()}
                yield {"by": by, "key": key, **shown, "at_stake": dollars(at_stake(figures))}

    def ranked(self, by: str) -> list[tuple[str, dict[str, int]]]:
        """A group's keys: months in order, of others the dearest first, then the most frequent."""
        if by == "month":
            return sorted(self.groups[by].items())
        return sorted(self.groups[by].items(), key=lambda one: (-at_stake(one[1]), -one[1]["findings"], -one[1]["claims"], one[0]))

    @property
    def judged(self) -> int:
        """How many claims were judged."""
        return self._all("judged")["claims"]

    @property
    def refused(self) -> int:
        """How many claims were refused."""
        return self._all("refused")["claims"]

    def _all(self, key: str) -> dict[str, int]:
        return self.groups["all"].get(key, _nothing())

    @property
    def total(self) -> dict[str, int]:
        """The figures of all claims that were judged."""
        return self._all("judged")


def rule_of(finding: Result) -> str:
    """A finding's rule with its policy; those of no policy stand by themselves."""
    return f"{finding['policy']} {finding['rule']}" if finding["policy"] else str(finding["rule"])


def cents(amount: Decimal | None) -> int:
    """Dollars in cents; what nobody said is nothing."""
    return 0 if amount is None else int(amount * 100)


def dollars(amount: int) -> Decimal:
    """Cents as dollars."""
    return (Decimal(amount) / 100).quantize(Decimal("0.01"))


def at_stake(figures: dict[str, int]) -> int:
    """What would be denied, reduced or held, in cents."""
    return figures["denied"] + figures["reduced"] + figures["pended"]


def _dearest(found: Iterable[Result]) -> dict[str, int]:
    """Of several findings of one rule on a line the one that puts most at stake."""
    every = [{name: cents(one[name]) for name in ("denied", "reduced", "pended")} for one in found]
    return max(every, key=lambda one: (sum(one.values()), one["denied"]))


def _reason(refusal: Result) -> str:
    """Why a claim was refused, without its place: the first fault's field and message."""
    first = str(refusal["message"]).split("; ")[0]
    head, _, rest = first.partition(": ")
    return f"{_field(head)}: {rest}" if rest and len(head) <= 60 else first


def _field(path: str) -> str:
    """A path without its row and its places in lists."""
    import re

    return re.sub(r"row \d+(, )?|\[\d+\]", "", path) or "row"
