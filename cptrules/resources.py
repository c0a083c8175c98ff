"""Where the shipped grammar, policies and tables lie: in a wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def folder(name: str) -> Traversable:
    """Give a shipped folder (`grammars` or `policies`).

    A wheel holds it inside the package; in a checkout or an editable install it lies beside the package.
    Raises FileNotFoundError naming both places.
    """
    package = Path(__file__).parent
    places = (package / name, package.parent / name)
    for place in places:
        if place.is_dir():
            return place
    return _in_archive(name, places)


def _in_archive(name: str, places: tuple[Path, Path]) -> Traversable:
    """A package imported from a zip file has no folders on disk."""
    from importlib.resources import files  # late: it takes ten milliseconds, and hardly anyone comes here

    inside = files(__package__).joinpath(name)
    if inside.is_dir():
        return inside
    raise FileNotFoundError(f"no folder {name}: it is neither {places[0]} nor {places[1]}")
