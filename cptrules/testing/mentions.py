"""What a policy mentions, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from .. import evaluate
from ..codesets import CodeTable
from ..fields import Field
from ..places import Span as Place
from ..tables import Table


def parts_of(thing: object) -> Iterator[object]:
    """Everything that a rule is made of, its sets of codes included; a table and a field are not taken apart."""
    return evaluate.parts_of(thing, (Field, Table, CodeTable, Place))


def tables_in(parts: Iterable[object]) -> Iterator[Table]:
    """Each table that some parts of a rule read, once."""
    found = {id(inner): inner for part in parts for inner in attrs.astuple(part, recurse=False) if isinstance(inner, Table)}  # type: ignore[arg-type]
    yield from found.values()
