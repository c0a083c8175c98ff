"""The same claims under an old policy and a new one: whose outcome moves, by rule and dollars charged (look.md, diff)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

import attrs

from .claims import Claim, History
from .errors import InputError, Refusal
from .intake import history_of
from .report import Report
from .words import money

if TYPE_CHECKING:
    from .checking import Policies

K = TypeVar("K")


@attrs.frozen
class Move:
    """One claim whose outcome is another: from what to what, the dollars charged on the lines that moved, and the rules behind it.

    `charged` leaves out lines whose charge is not known; `uncharged` counts them.
    """

    claim: str
    before: str
    after: str
    charged: Decimal
    uncharged: int
    rules: tuple[str, ...]


@attrs.frozen
class Replay:
    """What became of some claims: how many were checked, which moved, which could not be judged."""

    many: int
    moves: tuple[Move, ...]
    refusals: tuple[Refusal, ...] = ()

    def by_outcome(self) -> dict[tuple[str, str], tuple[int, Decimal]]:
        """Claims and dollars for each way an outcome moved, the most claims first."""
        return _totals(((move.before, move.after), move) for move in self.moves)

    def by_rule(self) -> dict[str, tuple[int, Decimal]]:
        """Claims and dollars for each rule whose findings are others."""
        return _totals((rule, move) for move in self.moves for rule in move.rules)

    def __str__(self) -> str:
        return replay_text(self)


def _totals(pairs: Iterable[tuple[K, Move]]) -> dict[K, tuple[int, Decimal]]:
    found: dict[K, tuple[int, Decimal]] = {}
    for key, move in pairs:
        many, charged = found.get(key, (0, Decimal(0)))
        found[key] = (many + 1, charged + move.charged)
    return dict(sorted(found.items(), key=lambda item: (-item[1][0], str(item[0]))))


def replay(old: Policies, new: Policies, claims: Iterable[Claim], histories: tuple[History, ...] = ()) -> Replay:
    """Check each claim under both; one that can't be judged is refused by itself."""
    moves, refusals, many = [], [], 0
    for claim in claims:
        try:
            history = history_of(claim, histories)
            before, after = old.check(claim, history), new.check(claim, history)
        except InputError as error:
            refusals.append(Refusal(claim.id if isinstance(claim.id, str) else None, "", error.faults))
            continue
        many += 1
        lines = [one.number for one, other in zip(before.lines, after.lines, strict=True) if _told(one) != _told(other)]
        if lines:
            moves.append(_move(claim, before, after, lines))
    return Replay(many, tuple(moves), tuple(refusals))


def _told(line: object) -> tuple[str, ...]:
    return tuple(str(getattr(line, name)) for name in ("outcome", "at_least", "at_most", "stands"))


def _move(claim: Claim, before: Report, after: Report, lines: list[int]) -> Move:
    charges = [line.charge for line in claim.lines if line.number in lines]
    known = [charge for charge in charges if isinstance(charge, Decimal)]
    was, now = ({(one.rule, one.outcome, one.lines) for one in report.found} | _open(report) for report in (before, after))
    rules = tuple(sorted({rule for rule, _, _ in was ^ now}))
    name = claim.id if isinstance(claim.id, str) else "without an id"
    return Move(name, before.outcome, after.outcome, sum(known, Decimal(0)), len(charges) - len(known), rules)


def _open(report: Report) -> set[tuple[str, str, tuple[int, ...]]]:
    return {(one.rule, "undetermined", one.lines) for one in report.rules if one.status == "undetermined"}


def replay_text(found: Replay) -> str:
    """`Of 10,000 claims 212 change: 209 deny -> clean ($31,540.00 charged) ...`, then rule by rule."""
    ways = [f"{many:,} {was} -> {now} ({money(charged)} charged)" for (was, now), (many, charged) in found.by_outcome().items()]
    lines = [f"Of {found.many:,} claim{'s' if found.many != 1 else ''} {len(found.moves):,} change{'s' if len(found.moves) == 1 else ''}"
             + (f": {', '.join(ways)}." if ways else ".")]  # fmt: skip
    rules = found.by_rule()
    width = max(map(len, rules), default=0)
    lines += [f"  {name.ljust(width)}  {many:,} claim{'s' if many != 1 else ''}, {money(charged)} charged" for name, (many, charged) in rules.items()]
    unknown = sum(move.uncharged for move in found.moves)
    return "\n".join([*lines, *([f"  {unknown:,} of the lines that moved state no charge"] if unknown else [])])
