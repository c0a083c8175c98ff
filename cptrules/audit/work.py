"""The work folder of an audit: what it is of, which parts are done; so that it can stop at any moment and go on (docs/scale.md).

A part is judged into a folder of another name, which is then renamed: it is done, or it is not there. The manifest says of which
policies, files and options the work is; a run with others is refused.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import attrs

from ..errors import Fault, InputError
from .patients import Person
from .results import FILES, OF_KIND, SCHEMA, Judge, Result
from .sample import Strata, Stratum
from .store import whole, write_rows
from .summary import Summary

MANIFEST: Final = "audit.json"
WORK: Final = ".work"


def columns_of(kind: str) -> dict[str, str]:
    """The columns of one kind of row."""
    return {name: SCHEMA[name] for name in OF_KIND[kind]}


@attrs.define
class Done:
    """What a part came to: its figures, what a sample is drawn from, how many records it had, and the checksums of its files."""

    summary: Summary
    strata: Strata
    records: int
    checksums: dict[str, int]


@attrs.frozen
class WorkFolder:
    """The folders and files of one audit below DIR."""

    out: Path

    @property
    def work(self) -> Path:
        """What is thrown away in the end."""
        return self.out / WORK

    @property
    def spool(self) -> Path:
        """The records, cut into parts."""
        return self.work / "records"

    def part(self, number: int) -> Path:
        """Where the results of a part lie."""
        return self.work / "parts" / f"{number:06}"

    def is_done(self, number: int) -> bool:
        """Whether a part is done."""
        return self.part(number).is_dir()

    # ---- the manifest ----------------------------------------------------------------------------------------

    def manifest(self) -> dict[str, Any] | None:
        """What the work is of; None where none was begun. Raises InputError where it can't be read."""
        path = self.out / MANIFEST
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:
            raise InputError([Fault(str(path), "it can't be read; run again with --restart")]) from None
        return found

    def write_manifest(self, told: Mapping[str, Any]) -> None:
        """Write what the work is of."""
        with whole(self.out / MANIFEST) as file:
            file.write((json.dumps(told, indent=2, sort_keys=True) + "\n").encode())

    def begin(self, told: Mapping[str, Any], restart: bool) -> bool:
        """Begin, or go on; True where the work is finished already. Raises InputError where the folder holds the work of other input."""
        known = self.manifest() if not restart else None
        if known is not None:
            others = sorted(_differing({name: value for name, value in known.items() if name not in ("finished", "summary", "notes")}, told, ""))
            if others:
                raise InputError([Fault(str(self.out), "it holds an audit of something else; name another folder, or say --restart to "
                                        f"begin anew. What differs: {', '.join(others)}")])  # fmt: skip
            return bool(known["finished"])
        self.forget()
        self.write_manifest({**told, "finished": False})
        return False

    def forget(self) -> None:
        """Throw away what was begun."""
        shutil.rmtree(self.work, ignore_errors=True)
        with suppress(FileNotFoundError):
            os.unlink(self.out / MANIFEST)

    def tidy(self) -> None:
        """Throw away the work once it is finished, and what a run that was killed has left."""
        shutil.rmtree(self.work, ignore_errors=True)
        for left in self.out.glob(".*.tmp"):
            left.unlink(missing_ok=True)

    # ---- parts -----------------------------------------------------------------------------------------------

    def write_part(self, number: int, results: Sequence[Result], form: str, done: Done) -> None:
        """Write a part whole: its rows by kind and what it came to."""
        target = self.part(number)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        try:
            for kind, name in FILES.items():
                rows = [one for one in results if one["kind"] == kind]
                with open(temporary / f"{name}.{form}", "wb") as file:
                    write_rows(file, rows, columns_of(kind), form)
                done.checksums[f"{name}.{form}"] = _checksum(temporary / f"{name}.{form}")
            (temporary / "done.json").write_text(json.dumps(attrs.asdict(done), default=str), encoding="utf-8")
            self._finish(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _finish(self, temporary: Path, target: Path) -> None:
        try:
            os.rename(temporary, target)
        except OSError:
            if not target.is_dir():  # another process has finished the same part, with the same rows
                raise

    def read_done(self, number: int, wanted: int, seed: int) -> Done:
        """What a part came to. Raises InputError where its files are not as they were written; the part is then made again by the next run."""
        path = self.part(number)
        try:
            told = json.loads((path / "done.json").read_text(encoding="utf-8"))
            sound = all(_checksum(path / name) == checksum for name, checksum in told["checksums"].items())
        except (OSError, ValueError):
            sound = False
        if not sound:
            shutil.rmtree(path, ignore_errors=True)
            raise InputError([Fault(str(path), "a part of the results was damaged; run the same command again, and it is made again")])
        strata = Strata(wanted, seed)
        for key, one in told["strata"]["strata"].items():
            known = strata.strata.setdefault(key, Stratum())
            known.size, known.drawn = one["size"], [tuple(pair) for pair in one["drawn"]]
        return Done(Summary(told["summary"]["groups"]), strata, told["records"], told["checksums"])


def _checksum(path: Path) -> int:
    found = 0
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            found = zlib.crc32(piece, found)
    return found


def _differing(one: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from _differing(one.get(key), other.get(key), f"{path}.{key}".lstrip("."))
    elif one != other:
        yield path


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold the folder for this run; raises InputError where another run is at work in it."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        yield
        return
    with open(out / ".lock", "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError([Fault(str(out), "another audit is at work in this folder")]) from None
        try:
            yield
        finally:
            with suppress(FileNotFoundError):
                os.unlink(out / ".lock")


def judged(people: Iterable[Person], judge: Judge, wanted: int, seed: int) -> tuple[list[Result], Done]:
    """Judge the patients of a part."""
    summary, strata, rows = Summary(), Strata(wanted, seed), []
    records = 0
    for person in people:
        records += person.records
        for claim in judge.by_claim(person):
            summary.add(claim)
            strata.add(claim)
            rows += claim
    return rows, Done(summary, strata.trimmed(), records, {})
