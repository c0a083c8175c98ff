"""What scripts that measure share: the commit that is tried, and a page's table between two comments, which a script writes."""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def commit() -> str:
    """The commit that is tried, marked where the files differ from it."""
    git = ["git", "-C", str(HERE)]
    name = subprocess.run([*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True).stdout.strip()
    watched = ("../cptrules", "../policies", "../grammars")
    changed = subprocess.run([*git, "status", "--porcelain", "--", *watched], capture_output=True, text=True).stdout
    return f"{name} with changes" if changed.strip() else name


def between(page: Path, first: str, last: str) -> str:
    """What a page holds between two comments."""
    return page.read_text(encoding="utf-8").split(first)[1].split(last)[0]


def put_between(page: Path, first: str, last: str, text: str) -> None:
    """Write a text between two comments of a page."""
    whole = page.read_text(encoding="utf-8")
    before, after = whole.split(first)[0], whole.split(last)[1]
    page.write_text(f"{before}{first}\n{text}\n{last}{after}", encoding="utf-8")
