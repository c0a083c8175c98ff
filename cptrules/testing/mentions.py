"""What a policy mentions, part by part."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ..codesets import CodeTable
from ..fields import Field
from ..places import Span as Place
from ..tables import Table


def parts_of(thing: object) -> Iterator[object]:
    """Everything that a rule is made of, its sets of codes included; a table and a field are not taken apart."""
    if isinstance(thing, tuple):
        for one in thing:
            yield from parts_of(one)
    elif attrs.has(type(thing)) and not isinstance(thing, Field | Table | CodeTable | Place):
        yield thing
        for inner in attrs.astuple(thing, recurse=False):  # type: ignore[arg-type]
            yield from parts_of(inner)
