"""Three values and intervals: what is true, false or unknown, and counts known only to lie between two ends (M2.1, M4)."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, TypeAlias

import attrs

Number: TypeAlias = int | Decimal


class Truth(enum.Enum):
    """Whether something holds."""

    FALSE = "false"
    UNKNOWN = "unknown"
    TRUE = "true"


@attrs.frozen
class Need:
    """A missing fact: the policy's word for it, the question to ask, and, where they are few, the ways it can be.

    `key` identifies the fact in its case and `options` are its ways; both None where it cannot be tried each way (M2.5). `of` says
    which line, service or event it is of: the number of a line, or words; None where it is the claim's or the patient's.
    """

    field: str
    question: str = attrs.field(eq=False)
    key: tuple[object, ...] | None = None
    options: tuple[object, ...] | None = attrs.field(default=None, eq=False)
    of: int | str | None = None


@attrs.frozen
class Answer:
    """A truth value and, where it is unknown, the missing facts that would settle it."""

    truth: Truth
    needs: frozenset[Need] = frozenset()


TRUE: Final = Answer(Truth.TRUE)
FALSE: Final = Answer(Truth.FALSE)


def unknown(*needs: Need) -> Answer:
    """Unknown for want of some facts."""
    return Answer(Truth.UNKNOWN, frozenset(needs))


def all_of(answers: Iterable[Answer]) -> Answer:
    """False if any part is false, else unknown if any is unknown, else true (M2.1)."""
    needs: frozenset[Need] = frozenset()
    open_ = False
    for answer in answers:
        if answer.truth is Truth.FALSE:
            return FALSE
        if answer.truth is Truth.UNKNOWN:
            open_ = True
            needs |= answer.needs
    return Answer(Truth.UNKNOWN, needs) if open_ else TRUE


def any_of(answers: Iterable[Answer]) -> Answer:
    """True if any part is true, else unknown if any is unknown, else false (M2.1)."""
    return negate(all_of([negate(answer) for answer in answers]))


def negate(answer: Answer) -> Answer:
    """The opposite; unknown stays unknown."""
    if answer.truth is Truth.UNKNOWN:
        return answer
    return FALSE if answer.truth is Truth.TRUE else TRUE


@attrs.frozen
class Interval:
    """A number known to lie between two ends, both included; `high` None has no upper end. `needs` say why it is wide."""

    low: Number
    high: Number | None
    needs: frozenset[Need] = frozenset()

    def add(self, other: Interval) -> Interval:
        """The sum."""
        high = None if self.high is None or other.high is None else self.high + other.high
        return Interval(self.low + other.low, high, self.needs | other.needs)


def exactly(number: Number) -> Interval:
    """A number known exactly."""
    return Interval(number, number)


def exceeds(count: Interval, limit: Interval) -> Answer:
    """Over at the low end: true. Within at the high end: false. Else unknown (M4)."""
    return compare(count, ">", limit)


def compare(left: Interval, sign: str, right: Interval) -> Answer:
    """Compare two intervals: true or false where every pair of their numbers agrees."""
    match sign:
        case "<":
            return compare(right, ">", left)
        case ">=":
            return negate(compare(right, ">", left))
        case "<=":
            return negate(compare(left, ">", right))
        case "!=":
            return negate(compare(left, "=", right))
        case "=":
            return _equal(left, right)
        case _:
            return _greater(left, right)


def _greater(left: Interval, right: Interval) -> Answer:
    if right.high is not None and left.low > right.high:
        return TRUE
    if left.high is not None and left.high <= right.low:
        return FALSE
    return Answer(Truth.UNKNOWN, left.needs | right.needs)


def _equal(left: Interval, right: Interval) -> Answer:
    if left.low == left.high == right.low == right.high:
        return TRUE
    apart = (left.high is not None and left.high < right.low) or (right.high is not None and right.high < left.low)
    return FALSE if apart else Answer(Truth.UNKNOWN, left.needs | right.needs)
