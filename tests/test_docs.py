"""Every example in README and docs is run, and shows what really comes out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import cptrules
from cptrules.cli import commands
from cptrules.diagnostics import CODES, rendered
from cptrules.lint import linted
from cptrules.loading import read
from cptrules.parse import parse
from cptrules.trial import trials

TOP = Path(__file__).parent.parent
PAGES = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]


def _blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Each fenced block of a page, with what stands behind its fence."""
    for match in re.finditer(r"^```([^\n]*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        yield match.group(1), match.group(2)


ALL = [(page.name, kind, text) for page in PAGES for kind, text in _blocks(page)]


def _of(kind: str) -> list[object]:
    found = [(name, text) for name, first, text in ALL if first.split(" ")[0] == kind]
    return [pytest.param(text, id=f"{name}-{number}") for number, (name, text) in enumerate(found)]


@pytest.fixture(autouse=True)
def at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)


def test_every_block_is_of_a_kind_that_is_run() -> None:
    assert {kind.split(" ")[0] for _, kind, _ in ALL} <= {"policy", "json", "console", "python", "sh", "clauses", "wrong", "said", "text"}


@pytest.mark.parametrize("text", _of("policy"))
def test_policies_load(text: str, tmp_path: Path) -> None:
    path = tmp_path / "example.policy"
    path.write_text(text, encoding="utf-8")
    assert cptrules.load(path).warnings == ()
    assert [result.failures for result in trials(read([str(path)]))] in ([], [()], [[]])


def test_the_page_of_clauses_names_every_word_of_the_grammar() -> None:
    grammar = (TOP / "grammars" / "policy.lark").read_text(encoding="utf-8")
    words = re.findall(r"^_?[A-Z_]+\.10: +/([^(]*)\(\?!", grammar, re.MULTILINE)
    page = (TOP / "docs" / "clauses.md").read_text(encoding="utf-8")
    plain = [re.sub(r"s\?$", "", word.replace("[ \\t]+", " ").replace("days?", "days")) for word in words]
    assert len(plain) > 80
    assert [word for word in plain if not re.search(rf"\b{word}", page)] == []


@pytest.mark.parametrize("text", _of("clauses"))
def test_pieces_of_the_language_parse(text: str) -> None:
    assert parse(text, "docs").diagnostics == ()


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for _, kind, text in ALL if kind.startswith("json ")])
def test_files_are_shown_as_they_are(kind: str, text: str) -> None:
    assert (TOP / kind.split(" ")[1]).read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", _of("console"))
def test_commands_print_what_is_shown(text: str) -> None:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        words = shlex.split(command)
        assert words[0] == "cptrules"
        result = CliRunner().invoke(commands, words[1:])
        assert result.output.rstrip() == shown.rstrip()


@pytest.mark.parametrize("text", _of("python"))
def test_python_runs(text: str) -> None:
    exec(compile(text, "docs", "exec"), {})


def test_the_command_that_sets_up_and_checks_finds_something() -> None:
    (command,) = [text for _, kind, text in ALL if kind == "sh" and "cptrules check" in text]
    words = shlex.split(command.rsplit("&&", 1)[1])
    result = CliRunner().invoke(commands, words[1:])
    assert words[0] == ".venv/bin/cptrules"
    assert result.exit_code == 1
    assert "discipline" in result.output


def test_there_is_a_page_for_every_mistake() -> None:
    assert {page.stem for page in (TOP / "docs" / "mistakes").glob("*.md")} == set(CODES)


@pytest.mark.parametrize("page", sorted((TOP / "docs" / "mistakes").glob("*.md")), ids=lambda page: page.stem)
def test_a_mistake_is_told_as_its_page_shows(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrong example gives that mistake and no other, in these words; the right one is loaded and linted without a word."""
    blocks = dict((kind.split(" ")[0], (kind, text)) for kind, text in _blocks(page))
    monkeypatch.chdir(tmp_path)
    for kind in ("wrong", "policy") if "wrong" in blocks else ():
        Path("example.policy").write_text(blocks[kind][1], encoding="utf-8")
        loaded, found = linted(["example.policy"])
        found = tuple(one for one in found if one.code != "W008" or page.stem == "W008")
        if kind == "wrong":
            assert {one.code for one in found} == {page.stem}
            assert "\n\n".join(rendered(one, loaded.text_of(one.path)) for one in found) == blocks["said"][1].rstrip("\n")
        else:
            assert found == ()


def test_the_page_of_mistakes_is_the_table_of_codes() -> None:
    page = (TOP / "docs" / "mistakes.md").read_text(encoding="utf-8")
    found = re.findall(r"^## ([EW]\d{3}) \((\w+)\): (.*)\n\n(.*)$", page, re.MULTILINE)
    assert found == [(code, severity, title, text) for code, (severity, title, text) in sorted(CODES.items())]


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_page_of_the_language_names_the_shipped_sets() -> None:
    page = (TOP / "docs" / "language.md").read_text(encoding="utf-8")
    text = (TOP / "policies" / "therapy_codes.policy").read_text(encoding="utf-8")
    names = re.findall(r"^codes ([a-z_0-9]+)", text, re.MULTILINE)
    assert len(names) > 5
    assert [name for name in names if f"`{name}`" not in page] == []
