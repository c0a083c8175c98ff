"""Forty faults planted in the evaluator, and which law finds each: `python tests/faults/run.py [PART OF A NAME ...]`.

Each patch of this folder is applied to a copy of the package. On the copy the laws of `cptrules.testing` are tried with cases at the boundaries of
random policies and of the shipped ones: no example, no expected answer. The first law that breaks has caught the fault. The unpatched package is
tried too, and has to keep every law. `--write` puts the table into docs/reliability.md; `--budget N` multiplies the number of cases.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import attrs

HERE = Path(__file__).parent
TOP = HERE.parent.parent
PAGE = TOP / "docs" / "reliability.md"
TABLE = ("<!-- faults -->", "<!-- end of faults -->")
_HUNK = re.compile(r"^@@.*@@.*\n", re.MULTILINE)
_NONE, UNTRIED = "none", "untried"
_WORDS = {_NONE: "**not caught**", UNTRIED: "not tried yet"}


class DoesNotApply(Exception):
    """A patch whose lines are not in the source, or stand there more than once."""


@attrs.frozen
class Fault:
    """One planted fault: a sentence and a unified diff."""

    path: Path

    @property
    def name(self) -> str:
        """What the file is called, without its number's sort and suffix."""
        return self.path.stem

    @property
    def says(self) -> str:
        """What goes wrong, in a sentence."""
        return self.path.read_text(encoding="utf-8").split("\n", 1)[0]

    def applied(self, package: Path) -> None:
        """Change a copy of the package; raises DoesNotApply where the source has moved on."""
        text = self.path.read_text(encoding="utf-8")
        name = re.search(r"^\+\+\+ b/cptrules/(\S+)$", text, re.MULTILINE)
        assert name is not None, self.path
        target = package / name.group(1)
        source = target.read_text(encoding="utf-8")
        for old, new in _hunks(text):
            if source.count(old) != 1:
                raise DoesNotApply(f"{self.path.name}: its lines stand {source.count(old)} times in {target.name}")
            source = source.replace(old, new)
        target.write_text(source, encoding="utf-8")


def _hunks(text: str) -> Iterator[tuple[str, str]]:
    """The lines before and after of each hunk; line numbers do not matter, so that other changes of the file do not either."""
    for body in _HUNK.split(text)[1:]:
        lines = [line for line in body.split("\n") if line[:1] in ("+", "-", " ")]
        yield tuple("".join(f"{line[1:]}\n" for line in lines if line[0] in (sign, " ")) for sign in "-+")  # type: ignore[misc]


def faults(*parts: str) -> list[Fault]:
    """The faults whose name holds one of some parts; without any, all."""
    found = [Fault(path) for path in sorted(HERE.glob("*.patch"))]
    return [one for one in found if not parts or any(part in one.name for part in parts)]


def caught(fault: Fault | None, budget: float = 1.0) -> str:
    """The law that breaks on a copy with a fault (None: on the package as it is), or `none`."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "cptrules"
        shutil.copytree(TOP / "cptrules", package, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("grammars", "policies"):
            (Path(folder) / name).symlink_to(TOP / name)
        if fault is not None:
            fault.applied(package)
        return _tried(folder, budget)


def _tried(folder: str, budget: float) -> str:
    """Try the laws on the package of a folder, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": folder, "CPTRULES_CACHE": f"{folder}/cache"}
    command = [sys.executable, str(HERE / "laws_tried.py"), str(budget)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)
    if result.returncode:
        return f"crash: {(result.stderr.strip().splitlines() or ['without a word'])[-1]}"
    return result.stdout.strip().splitlines()[-1]


def table(found: list[tuple[Fault, str]]) -> str:
    """The table of docs/reliability.md."""
    rows = ["| fault | where | caught by |", "|---|---|---|"]
    for fault, law in found:
        file = re.search(r"\+\+\+ b/cptrules/(\S+)", fault.path.read_text(encoding="utf-8"))
        rows.append(f"| {fault.says} | {file.group(1) if file else ''} | {_WORDS.get(law, f'`{law}`')} |")
    many, untried = sum(law not in (_NONE, UNTRIED) for _, law in found), sum(law == UNTRIED for _, law in found)
    told = f"{many} of {len(found)} are caught." + (f" {untried} were not tried when this was written." if untried else "")
    return "\n".join([told, "", *rows])


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*", metavar="PART OF A NAME")
    asked.add_argument("--budget", type=float, default=1.0, help="times as many cases")
    asked.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    words = asked.parse_args()
    found = []
    for fault in faults(*words.names):
        start = time.monotonic()
        found.append((fault, caught(fault, words.budget)))
        print(f"{fault.name:45} {found[-1][1]}  ({time.monotonic() - start:.0f}s)", flush=True)
    print(f"{sum(law != _NONE for _, law in found)} of {len(found)} caught", flush=True)
    sound = caught(None, words.budget)
    print(f"{'the package as it is':45} {'keeps every law' if sound == _NONE else f'BREAKS {sound}'}")
    if words.write:
        write(found)
    return sound != _NONE


def write(found: list[tuple[Fault, str]]) -> None:
    """Put the table into docs/reliability.md."""
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(TABLE[0])[0], text.split(TABLE[1])[1]
    PAGE.write_text(f"{before}{TABLE[0]}\n{table(found)}\n{TABLE[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
