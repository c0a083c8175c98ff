"""Each policy file in tests/language gives exactly the diagnostics that stand beside it, and every code has a file that triggers it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cptrules.diagnostics import CODES, Diagnostic, rendered
from cptrules.lint import linted
from cptrules.parse import parse

HERE = Path(__file__).parent / "language"
SYNTAX = sorted((HERE / "syntax").glob("*.policy"))
MEANING = sorted((HERE / "meaning").glob("*.policy"))


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


def found_in(path: Path) -> tuple[Diagnostic, ...]:
    """The diagnostics of a file: of its syntax alone, or of all that lint finds."""
    if path.parent.name == "syntax":
        return parse(_text(path), path.name).diagnostics
    beside = path.with_suffix("")  # a folder of files that are loaded with it
    names = [str(path), *([str(beside)] if beside.is_dir() else [])]
    return tuple(one for one in linted(names)[1] if one.path == str(path))


def shown(path: Path) -> str:
    """The diagnostics as they are printed, without the folder."""
    text = "\n\n".join(rendered(one, _text(path)) for one in found_in(path))
    return text.replace(f"{path.parent}/", "") + "\n"


@pytest.mark.parametrize("path", [*SYNTAX, *MEANING], ids=lambda path: path.stem)
def test_a_file_gives_exactly_what_stands_beside_it(path: Path) -> None:
    assert shown(path) == path.with_suffix(".expected").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MEANING, ids=lambda path: path.stem)
def test_a_file_triggers_the_code_it_is_named_for(path: Path) -> None:
    assert path.stem.split("_")[0] in {one.code for one in found_in(path)}


def test_every_code_has_a_file_that_triggers_it() -> None:
    seen = {code for path in HERE.rglob("*.expected") for code in re.findall(r" (?:error|warning) ([EW]\d{3}):", path.read_text(encoding="utf-8"))}
    assert set(CODES) - seen == set()


def test_ten_mistakes_are_ten_diagnostics_in_order() -> None:
    found = found_in(HERE / "syntax" / "ten.policy")
    assert len(found) == 10
    places = [(one.span.line, one.span.column) for one in found]
    assert places == sorted(places)
