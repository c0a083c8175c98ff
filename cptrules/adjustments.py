"""What a payer's adjustments say of a line: whether it was denied, or paid less for a reason that is no denial."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

# Reason codes (X12 claim adjustment reason codes, without their group) that lower a payment and deny nothing: the patient's share (1, 2, 3, 66,
# 142, 178), contract and fee schedule (24, 45, 94, 131, 144, 237), several procedures (59), the prior payer (23), withholding and sequestration
# (104, 105, 253), paid to the patient (100).
NO_DENIAL: Final = frozenset(("1", "2", "3", "23", "24", "45", "59", "66", "94", "100", "104", "105", "131", "142", "144", "178", "237", "253"))


def denying(reasons: Iterable[str]) -> tuple[str, ...]:
    """The reason codes that deny, with a group (CO-119) or without (119)."""
    return tuple(one for one in reasons if one.rpartition("-")[2] not in NO_DENIAL)


def is_denied(paid: Decimal | None, allowed: Decimal | None, reasons: Iterable[str]) -> bool | None:
    """Whether a line was denied: nothing paid or allowed for a reason that denies; None where what is known does not say.

    A denied service counts toward no limit, so it is never taken for denied without its reason.
    """
    if paid or allowed:
        return False
    if paid is None:
        return None
    return True if denying(reasons) else None
