"""A sample of findings for a chart audit: drawn by provider and rule, the same for the same seed whatever the order of the claims.

Each finding has a lot: a number made of the seed and of the finding itself. Of every stratum (provider and rule) the lowest lots are
taken; each stratum gives one while there are enough, then they share the rest by their sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final

import attrs

from .results import Result
from .summary import rule_of

COLUMNS: Final[dict[str, str]] = {
    "provider": "text", "policy": "text", "rule": "text", "patient": "text", "claim": "text", "source": "text", "line": "whole", "code": "text",
    "date_of_service": "date", "charge": "money", "outcome": "text", "message": "text", "record_must_show": "text", "citation": "text",
    "drawn": "text",
}  # fmt: skip
_KEPT: Final = tuple(name for name in COLUMNS if name not in ("record_must_show", "drawn"))


@attrs.define
class Stratum:
    """The findings of one rule at one provider: how many, and those with the lowest lots."""

    size: int = 0
    drawn: list[tuple[str, Any]] = attrs.field(factory=list)


@attrs.define
class Strata:
    """What is kept to draw `wanted` findings from."""

    wanted: int
    seed: int
    strata: dict[str, Stratum] = attrs.field(factory=dict)

    def add(self, results: Iterable[Result]) -> None:
        """Hear the findings of a claim."""
        for one in results:
            if self.wanted and one["kind"] == "finding":
                stratum = self.strata.setdefault(f"{one['provider'] or ''}\t{rule_of(one)}", Stratum())
                stratum.size += 1
                stratum.drawn.append((self._lot(one), {**{name: one[name] for name in _KEPT}, "to_show": one["to_show"]}))
                if len(stratum.drawn) > 2 * self.wanted + 20:
                    self._trim(stratum)

    def merge(self, other: Strata) -> None:
        """Hear what another part kept."""
        for key, theirs in other.strata.items():
            mine = self.strata.setdefault(key, Stratum())
            mine.size += theirs.size
            mine.drawn += theirs.drawn
            self._trim(mine)

    def trimmed(self) -> Strata:
        """Keep of each stratum no more than could be drawn."""
        for stratum in self.strata.values():
            self._trim(stratum)
        return self

    def _trim(self, stratum: Stratum) -> None:
        stratum.drawn.sort(key=lambda one: one[0])
        del stratum.drawn[self.wanted :]

    def _lot(self, one: Result) -> str:
        told = "\x1f".join(str(one[name]) for name in ("patient", "claim", "claim_kind", "line", "policy", "rule", "message"))
        return blake2b(f"{self.seed}\x1f{told}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def rows(self) -> Iterator[dict[str, Any]]:
        """The sample's rows, by provider and rule."""
        self.trimmed()
        for key, many in sorted(self._shares().items()):
            stratum = self.strata[key]
            for _, one in stratum.drawn[:many]:
                yield {**_typed(one), "record_must_show": _to_show(one), "drawn": f"{many} of {stratum.size}"}

    def _shares(self) -> dict[str, int]:
        """How many each stratum gives: one each, the largest first; the rest by largest remainder of their sizes."""
        order = sorted(self.strata, key=lambda key: (-self.strata[key].size, key))
        shares = dict.fromkeys(order[: self.wanted], 1)
        left = self.wanted - len(shares)
        whole = sum(stratum.size for stratum in self.strata.values())
        quotas = {key: left * self.strata[key].size / whole for key in shares} if left else {}
        for key, quota in quotas.items():
            shares[key] = min(self.strata[key].size, 1 + int(quota))
        while sum(shares.values()) < self.wanted:
            open_ = [key for key in shares if shares[key] < self.strata[key].size]
            if not open_:
                break
            key = max(open_, key=lambda one: (quotas.get(one, 0) - shares[one] + 1, -order.index(one)))
            shares[key] += 1
        return shares


def _typed(one: dict[str, Any]) -> dict[str, Any]:
    """A finding that was kept as JSON, with its date and money again."""
    charge, day = one["charge"], one["date_of_service"]
    return {
        **{name: one[name] for name in _KEPT}, "charge": None if charge is None else Decimal(charge),
        "date_of_service": date.fromisoformat(day) if isinstance(day, str) else day,
    }  # fmt: skip


def _to_show(one: dict[str, Any]) -> str:
    """What to look for in the record: what would clear the finding, and that the service was given as billed."""
    given = f"That {one['code']} was given on {one['date_of_service']} as billed"
    return f"{one['to_show']}; {given[0].lower()}{given[1:]}" if one["to_show"] else given
