"""What the compiled code meets and leaves to the reference: a missing fact, a list out of order, anything it was not made for."""

from __future__ import annotations

from typing import Final


class Odd(Exception):
    """Something that only the reference judges."""


class Unordered(Exception):
    """The lines of a claim do not stand in the order of their numbers and dates."""


class Warmer(Exception):
    """A line that some rules may be about which are not in the code yet; `bits` are theirs."""

    def __init__(self, bits: int) -> None:
        super().__init__(bits)
        self.bits = bits


class Unspoken(Exception):
    """A line on whose date no policy speaks."""


AGAIN: Final = (Unordered, Warmer, Unspoken)  # what a program sees to before a claim is decided once more

# Arithmetic or order with an unknown value raises one of these; so does a running total that was given up.
ODD: Final = (Odd, TypeError, AttributeError, LookupError, ValueError, ArithmeticError)


class _Unsure:
    """A discipline or provider that nobody stated; it can't be hashed, so that no group takes it for a value."""

    __hash__ = None  # type: ignore[assignment]


UNSURE: Final = _Unsure()
