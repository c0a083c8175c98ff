"""Editors: the words of the language, the lexer, the TextMate grammar, and the language server driven by a real client."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

pytest.importorskip("pygls")
pytest.importorskip("pygments")

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient
from pygments.lexers import get_lexer_by_name
from pygments.token import Error, Keyword

from cptrules.editors import wordlist
from cptrules.editors.clauses import CLAUSES
from cptrules.editors.document import opened
from cptrules.editors.textmate import textmate_text

TOP = Path(__file__).parent.parent
POLICIES = sorted([*TOP.glob("policies/*.policy"), *TOP.glob("docs/examples/**/*.policy"), *TOP.glob("tests/language/**/sound/*.policy")])

TEXT = """\
policy acme.ppo { title "Acme PPO"  payer "ACME"  effective from 2026-01-01 }
source manual { title "Acme manual"  url "https://acme.example/manual"  confirmed 2026-11-01 }
codes evaluations = 97161..97163
amount most = 30

limit visits_a_year {
  count     visits of PT excluding evaluations per calendar_year
  at most   most
  outcome   deny carc PR-119
  cite      manual section "4.2"
}
"""


# ---- words -------------------------------------------------------------------------------------------------------


def test_the_page_of_clauses_shows_the_table_that_editors_show() -> None:
    page = (TOP / "docs" / "clauses.md").read_text(encoding="utf-8")
    rows = [f"| {form} | {meaning} |" for rows in CLAUSES.values() for form, meaning in rows]
    assert [row for row in page.splitlines() if row.startswith("| ") and row != "| clause | meaning |"] == rows


def test_no_word_is_of_two_kinds() -> None:
    assert not set(wordlist.keywords()) & set(wordlist.vocabulary())
    assert {"at most", "unless", "outcome", "within"} <= set(wordlist.keywords())
    assert {"visits", "calendar_year", "cms_total_time", "deny"} <= {*wordlist.vocabulary(), *wordlist.keywords()}


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_the_lexer_knows_every_character_of_every_policy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tokens = list(get_lexer_by_name("policy").get_tokens(text))
    assert [value for kind, value in tokens if kind is Error] == []
    assert "".join(value for _, value in tokens).strip() == text.strip()


def test_the_lexer_tells_block_words_from_names() -> None:
    tokens = dict((value, kind) for kind, value in get_lexer_by_name("policy").get_tokens(TEXT))
    assert (tokens["limit"], tokens["at most"]) == (Keyword.Declaration, Keyword)
    assert tokens["most"] is not Keyword


def test_the_textmate_grammar_of_the_extension_is_the_one_made_from_the_words() -> None:
    assert (TOP / "docs/editors/vscode/syntaxes/policy.tmLanguage.json").read_text(encoding="utf-8") == textmate_text()
    package = json.loads((TOP / "docs/editors/vscode/package.json").read_text(encoding="utf-8"))
    for part in (package["main"], package["contributes"]["languages"][0]["configuration"], package["contributes"]["grammars"][0]["path"]):
        assert (TOP / "docs/editors/vscode" / part).exists()


# ---- a document --------------------------------------------------------------------------------------------------


def test_a_document_is_read_from_the_editor_and_its_neighbours_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / "acme.policy").write_text(TEXT, encoding="utf-8")
    wider = 'policy acme.wide { title "Wide"  payer "ACME"  extends acme.ppo }\noverride limit visits_a_year { at most 60 }\n'
    document = opened(str(tmp_path / "wide.policy"), wider)
    assert document.mistakes() == ()
    name = document.at(2, 16)
    assert name is not None
    target = document.target(name)
    assert target is not None and target.path == str(tmp_path / "acme.policy")


def test_mistakes_of_tests_are_mistakes_of_the_document(tmp_path: Path) -> None:
    text = TEXT + 'test "t" { claim on 2026-05-04  line 97110 GP unts 1  expect clean }\n'
    assert [one.code for one in opened(str(tmp_path / "a.policy"), text).mistakes()] == ["E059"]


@pytest.mark.parametrize("text", ["", "{", "policy", "limit x {", "\x00", 'policy a { uses "', "extends extends", "é" * 50])
def test_no_text_breaks_a_document(text: str, tmp_path: Path) -> None:
    document = opened(str(tmp_path / "a.policy"), text)
    assert all(one.span.line >= 1 for one in document.mistakes())
    assert document.at(1, 1) is None or document.target(document.at(1, 1)) is None  # type: ignore[arg-type]


# ---- the server, by its own client -------------------------------------------------------------------------------


class Client:
    """A client that keeps what the server publishes."""

    def __init__(self) -> None:
        self.client = LanguageClient("test", "1")
        self.published: dict[str, list[lsp.Diagnostic]] = {}
        self.fresh = asyncio.Event()

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _(params: lsp.PublishDiagnosticsParams) -> None:
            self.published[params.uri] = list(params.diagnostics)
            self.fresh.set()

    async def open(self, path: Path, text: str) -> str:
        uri = path.as_uri()
        self.fresh.clear()
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "cptrules-policy", 1, text)))
        await asyncio.wait_for(self.fresh.wait(), 30)
        return uri

    async def change(self, uri: str, text: str) -> None:
        self.fresh.clear()
        whole = [lsp.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(lsp.VersionedTextDocumentIdentifier(2, uri), whole))
        await asyncio.wait_for(self.fresh.wait(), 30)


def served(work: Callable[[Client], Awaitable[None]]) -> None:
    """Start the server as an editor does, do some work with it, and stop it."""

    async def go() -> None:
        one = Client()
        await one.client.start_io(sys.executable, "-m", "cptrules.cli", "lsp")
        await asyncio.wait_for(one.client.initialize_async(lsp.InitializeParams(capabilities=lsp.ClientCapabilities())), 30)
        one.client.initialized(lsp.InitializedParams())
        try:
            await asyncio.wait_for(work(one), 60)
        finally:
            await asyncio.wait_for(one.client.shutdown_async(None), 30)
            one.client.exit(None)
            await one.client.stop()

    asyncio.run(go())


def at(text: str, word: str, which: int = 0) -> lsp.Position:
    """Where a word stands in a text, the n-th time."""
    place = -1
    for _ in range(which + 1):
        place = text.index(word, place + 1)
    line = text.count("\n", 0, place)
    return lsp.Position(line, place - (text.rfind("\n", 0, place) + 1))


def test_mistakes_come_as_one_types_and_go(tmp_path: Path) -> None:
    async def work(one: Client) -> None:
        broken = TEXT.replace("at most   most", "at most   mots")
        uri = await one.open(tmp_path / "acme.policy", broken)
        (found,) = [d for d in one.published[uri] if d.severity == lsp.DiagnosticSeverity.Error]
        assert (found.code, found.range.start) == ("E021", at(broken, "mots"))
        assert "did you mean most" in found.message
        await one.change(uri, TEXT)
        assert one.published[uri] == []

    served(work)


def test_completion_hover_definition_references_rename(tmp_path: Path) -> None:
    async def work(one: Client) -> None:
        uri = await one.open(tmp_path / "acme.policy", TEXT)
        document = lsp.TextDocumentIdentifier(uri)

        async def offered(position: lsp.Position) -> dict[str, str | None]:
            found = await one.client.text_document_completion_async(lsp.CompletionParams(document, position))
            assert isinstance(found, lsp.CompletionList)
            return {item.label: item.detail for item in found.items}

        async def told(position: lsp.Position) -> str:
            found = await one.client.text_document_hover_async(lsp.HoverParams(document, position))
            return found.contents.value if found is not None and isinstance(found.contents, lsp.MarkupContent) else ""

        outcome = at(TEXT, "deny")
        assert set(await offered(outcome)) == {"deny", "reduce", "pend", "warn", "inform"}
        assert (await offered(at(TEXT, "manual section")))["manual"] == "Acme manual"
        codes = await offered(lsp.Position(6, TEXT.splitlines()[6].index("PT")))
        assert codes["evaluations"] and (codes["97110"] or "").startswith("exercise")
        assert "97110" not in await offered(at(TEXT, "PR-119"))
        assert {"at most", "count", "keep", "cite"} <= set(await offered(lsp.Position(8, 2)))
        assert "limit" in await offered(lsp.Position(11, 0))

        assert "30" in await told(at(TEXT, "most", 2))
        assert "the patient bears it" in await told(at(TEXT, "PR-119"))
        assert "Acme manual" in await told(at(TEXT, "visits_a_year")) and "4.2" in await told(at(TEXT, "visits_a_year"))
        assert "calendar" in await told(at(TEXT, "outcome")) or "deny" in await told(at(TEXT, "outcome"))

        where = await one.client.text_document_definition_async(lsp.DefinitionParams(document, at(TEXT, "evaluations", 1)))
        assert isinstance(where, lsp.Location)
        assert (where.uri, where.range.start) == (uri, at(TEXT, "evaluations"))

        edit = await one.client.text_document_rename_async(lsp.RenameParams(document, at(TEXT, "evaluations"), "firsts"))
        assert edit is not None and edit.changes is not None
        assert [change.range.start for change in edit.changes[uri]] == [at(TEXT, "evaluations"), at(TEXT, "evaluations", 1)]
        assert {change.new_text for change in edit.changes[uri]} == {"firsts"}
        assert await one.client.text_document_rename_async(lsp.RenameParams(document, at(TEXT, "PT"), "x")) is None

    served(work)


def test_places_behind_characters_of_two_units_are_right(tmp_path: Path) -> None:
    async def work(one: Client) -> None:
        text = TEXT.replace('"Acme PPO"  payer "ACME"', '"Acme \U0001f9be PPO"  payr "ACME"')
        uri = await one.open(tmp_path / "acme.policy", text)
        starts = [d.range.start.character for d in one.published[uri] if d.range.start.line == 0]
        assert text.splitlines()[0].index("payr") + 1 in starts  # in UTF-16 the sign before it takes two units

    served(work)


def test_a_file_is_laid_out_and_one_with_mistakes_is_left(tmp_path: Path) -> None:
    async def work(one: Client) -> None:
        untidy = TEXT.replace("  count     visits", "  count visits")
        options = lsp.FormattingOptions(2, True)
        uri = await one.open(tmp_path / "acme.policy", untidy)
        asked = lsp.DocumentFormattingParams(lsp.TextDocumentIdentifier(uri), options)
        (edit,) = await one.client.text_document_formatting_async(asked) or []
        assert "  count     visits" in edit.new_text
        assert (edit.range.start, edit.range.end) == (lsp.Position(0, 0), lsp.Position(untidy.count("\n"), 0))
        await one.change(uri, untidy.replace("outcome", "outcme"))
        assert not await one.client.text_document_formatting_async(asked)

    served(work)


def test_a_file_that_is_not_open_is_read_from_the_disk_and_one_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    (tmp_path / "there.policy").write_text(TEXT, encoding="utf-8")

    async def work(one: Client) -> None:
        for uri, known in ((tmp_path / "there.policy", True), (tmp_path / "none.policy", False)):
            document = lsp.TextDocumentIdentifier(uri.as_uri())
            place = at(TEXT, "evaluations")
            assert (await one.client.text_document_hover_async(lsp.HoverParams(document, place)) is not None) == known
            assert (await one.client.text_document_definition_async(lsp.DefinitionParams(document, place)) is not None) == known
            assert await one.client.text_document_rename_async(lsp.RenameParams(document, place, "x")) is None
            options = lsp.FormattingOptions(2, True)
            assert not await one.client.text_document_formatting_async(lsp.DocumentFormattingParams(document, options)) or known

    served(work)


def test_a_name_that_would_not_do_is_refused(tmp_path: Path) -> None:
    async def work(one: Client) -> None:
        uri = await one.open(tmp_path / "acme.policy", TEXT)
        for name in ("limit", "two words", "9x", "GP", "", "most", "units", 'manual"', "code"):
            asked = lsp.RenameParams(lsp.TextDocumentIdentifier(uri), at(TEXT, "evaluations"), name)
            with pytest.raises(JsonRpcException, match="would not do"):
                await one.client.text_document_rename_async(asked)

    served(work)


def test_a_name_is_another_in_every_open_file_and_in_messages_too(tmp_path: Path) -> None:
    shared = 'library acme.sets { title "Sets" }\ncodes ours = 97110, 97112\n'
    text = """policy acme.ppo { title "Acme"  payer "ACME"  effective from 2026-01-01  uses acme.sets }
fact home of patient : one of house, ours "Where does the patient live?"
forbid away {
  on        ours                             # ours are not given there
  when      home = house
  outcome   deny carc CO-96
  message   "{code} of ours at {home}"
}
test "t" { claim on 2026-05-04 home house  line 97110 GP  expect deny by away on line 1 }
"""

    async def work(one: Client) -> None:
        sets, uri = await one.open(tmp_path / "sets.policy", shared), await one.open(tmp_path / "acme.policy", text)
        renamed = await one.client.text_document_rename_async(lsp.RenameParams(lsp.TextDocumentIdentifier(uri), at(text, "ours", 1), "mine"))
        assert renamed is not None and renamed.changes is not None
        assert [edit.range.start for edit in renamed.changes[sets]] == [at(shared, "ours")]
        assert [edit.range.start for edit in renamed.changes[uri]] == [at(text, "ours", 1)]
        fact = await one.client.text_document_rename_async(lsp.RenameParams(lsp.TextDocumentIdentifier(uri), at(text, "home"), "place"))
        assert fact is not None and fact.changes is not None
        places = [at(text, "home", number) for number in range(text.count("home"))]
        assert sorted((edit.range.start for edit in fact.changes[uri]), key=lambda one: (one.line, one.character)) == places

    served(work)


def test_warnings_of_the_rules_are_shown_too(tmp_path: Path) -> None:
    async def work(one: Client) -> None:
        text = TEXT + "codes unused = 97530\n"
        uri = await one.open(tmp_path / "acme.policy", text.replace("  outcome", "  except    patient.age < 18 and patient.age > 65\n  outcome"))
        assert [found.code for found in one.published[uri]] == ["W002", "W009"]
        await one.change(uri, text)
        assert [found.code for found in one.published[uri]] == ["W002"]

    served(work)


def test_columns_of_a_table_are_no_names(tmp_path: Path) -> None:
    (tmp_path / "fees.csv").write_text("code,fee\n97110,30\n", encoding="utf-8")
    text = TEXT + 'table fee from "fees.csv" keys code values fee\n'
    document = opened(str(tmp_path / "acme.policy"), text)
    assert [name.span.column for name in document.names() if name.text == "fee"] == [7]
