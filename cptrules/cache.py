"""What is kept between runs so that a command starts quickly: the parser's tables, and policies that were loaded without a mistake.

CPTRULES_CACHE names the folder, or is `off`; otherwise it is `cptrules` in the user's own cache folder. A kept policy counts
only while every file it was made from, and every place where a file was looked for, is as it was.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checking import Policies


def folder() -> Path | None:
    """Say where things are kept between runs, or None where keeping them is switched off."""
    named = os.environ.get("CPTRULES_CACHE", "")
    if named == "off":
        return None
    home = named or os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home) / "cptrules"


def kept(path: Path) -> bytes | None:
    """Read a cache file that is the user's own, that nobody else may write, and whose digest fits; else None.

    A pickle runs what it says: one that others could have written is never opened.
    """
    try:
        for place in (path, path.parent):
            status = place.stat()
            if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
                return None
        data = path.read_bytes()
    except OSError:
        return None
    digest, payload = data[:32], data[32:]
    return payload if hashlib.sha256(payload).digest() == digest else None


def keep(path: Path, payload: bytes) -> None:
    """Write a cache file whole or not at all, so that two processes at once never read half of one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(payload).digest() + payload)
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise


def unpickled(payload: bytes | None) -> Any:
    """What a kept pickle holds; None where another version wrote it, whose names are gone or mean something else."""
    try:
        return None if payload is None else pickle.loads(payload)
    except Exception:  # a pickle of another version may fail in any way, and is then made anew
        return None


# ---- policies ----------------------------------------------------------------------------------------------------


def digest(path: str) -> str | None:
    """What a file holds, or a folder lists, in short; None where nothing is there."""
    place = Path(path)
    try:
        if place.is_dir():
            return hashlib.sha256("\n".join(sorted(map(str, place.rglob("*.policy")))).encode()).hexdigest()
        return hashlib.sha256(place.read_bytes()).hexdigest()
    except OSError:
        return None


def kept_policies(names: Iterable[str]) -> Policies | None:
    """Give the policies that were loaded from these names before, where nothing they were made from has changed."""
    place = _place(names)
    held = unpickled(kept(place)) if place is not None else None
    if not isinstance(held, tuple) or any(digest(path) != was for path, was in held[0]):
        return None
    found: Policies | None = unpickled(held[1])
    return found


def keep_policies(names: Iterable[str], inputs: Mapping[str, str | None], policies: Policies) -> None:
    """Keep policies for the next run; where that fails nobody is told, for nothing is lost."""
    place = _place(names)
    if place is not None:
        with suppress(OSError):
            _make_room(place.parent)
            keep(place, pickle.dumps((tuple(inputs.items()), pickle.dumps(policies, protocol=5)), protocol=5))


MOST_KEPT = 40


def _make_room(where: Path) -> None:
    """Throw away the policies kept longest ago, so that the folder does not grow for ever."""
    found = sorted(where.glob("policies-*.pickle"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in found[MOST_KEPT - 1 :]:
        path.unlink(missing_ok=True)


def _place(names: Iterable[str]) -> Path | None:
    where = folder()
    if where is None:
        return None
    key = "\n".join([os.getcwd(), *names, _version()])
    return where / f"policies-{hashlib.sha256(key.encode()).hexdigest()[:24]}.pickle"


def _version() -> str:
    """This very cptrules: its modules' names, sizes and times, and Python's version."""
    with os.scandir(Path(__file__).parent) as entries:
        stats = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".py")]
    return repr([sys.version_info[:2], *sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)])
