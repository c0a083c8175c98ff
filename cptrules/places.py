"""Where something stands in a policy file."""

from __future__ import annotations

import attrs


@attrs.frozen
class Span:
    """A stretch of a file: first and last line and column, counted from 1, the last column being one past the end."""

    line: int
    column: int
    end_line: int
    end_column: int


NOWHERE = Span(0, 0, 0, 0)
