"""What policies say, in short: the same for the same rules, tables and codes, wherever their files lie and in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from ..checking import Policies

_PLACES: Final = ("path", "span", "written", "origin")  # where something stood in a file moves no outcome
_TABLES: Final = ("table", "code_table")  # not compared when policies are, but they do


def of_policies(policies: Policies) -> str:
    """The fingerprint of policies."""
    return _digest(policies.policies, {}).hex()


def of_mapping(mapping: object) -> str:
    """The fingerprint of a mapping."""
    return _digest(mapping, {}).hex()


def _digest(value: Any, known: dict[int, tuple[Any, bytes]]) -> bytes:
    """The digest of a value and of all it is made of; what stands in several places is digested once."""
    held = known.get(id(value))
    if held is not None:
        return held[1]
    if attrs.has(type(value)):
        fields = [one for one in attrs.fields(type(value)) if one.name in _TABLES or (one.eq is not False and one.name not in _PLACES)]
        parts = [type(value).__name__.encode(), *(one.name.encode() + _digest(getattr(value, one.name), known) for one in fields)]
    elif isinstance(value, Mapping):
        parts = [b"map", *sorted(_digest(key, known) + _digest(one, known) for key, one in value.items())]
    elif isinstance(value, tuple | list):
        parts = [b"list", *(_digest(one, known) for one in value)]
    elif isinstance(value, set | frozenset):
        parts = [b"set", *sorted(_digest(one, known) for one in value)]
    else:
        parts = [type(value).__name__.encode(), str(value).encode("utf-8", "surrogatepass")]
    found = hashlib.blake2b(b"".join(b"%d:%b" % (len(part), part) for part in parts), digest_size=16).digest()
    known[id(value)] = (value, found)
    return found
