"""Run every command that the docs show and put what it prints in its place: python tests/fill_docs.py [PAGE ...].

tests/test_docs.py holds the pages to what is printed; read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

from click.testing import CliRunner

from cptrules.cli import commands

TOP = Path(__file__).parent.parent


def printed(command: str) -> str:
    """What a command prints, errors included."""
    words = shlex.split(command)
    assert words[0] == "cptrules", command
    return CliRunner().invoke(commands, words[1:]).output.rstrip()


def filled(text: str) -> str:
    """A page with the output under each `$ cptrules ...` of its console blocks made anew."""

    def block(match: re.Match[str]) -> str:
        runs = re.findall(r"^\$ (.*)$", match.group(1), re.MULTILINE)
        return "```console\n" + "".join(f"$ {run}\n{printed(run)}\n" for run in runs) + "```"

    return re.sub(r"^```console\n(.*?)^```$", block, text, flags=re.MULTILINE | re.DOTALL)


def main() -> None:
    """Fill the pages named, or all of them."""
    pages = [Path(name).resolve() for name in sys.argv[1:]] or [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]
    os.chdir(TOP)
    for page in pages:
        before = page.read_text(encoding="utf-8")
        after = filled(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"filled: {page.relative_to(TOP)}")


if __name__ == "__main__":
    main()
