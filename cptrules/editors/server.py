"""A language server for policy files (extra `[editors]`): mistakes as you type, names and codes, meanings, definitions, rename, format.

Speaks LSP over standard input and output by way of pygls. Nothing is written to disk; files of the same folder are read where
a policy's head names them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from .. import __version__
from .. import tree as t
from ..diagnostics import Diagnostic
from ..parse import normalised
from . import completion, hover
from .document import Document, opened, renamed

_KINDS = {
    "block": lsp.CompletionItemKind.Keyword, "clause": lsp.CompletionItemKind.Keyword, "name": lsp.CompletionItemKind.Variable,
    "code": lsp.CompletionItemKind.Constant, "word": lsp.CompletionItemKind.EnumMember,
}  # fmt: skip
MOST_RULES: Final = 150  # for which all is said while one types
server = LanguageServer("cptrules", __version__)


# ---- places ------------------------------------------------------------------------------------------------------


def _document(uri: str) -> Document:
    """The open file of an address, with the texts of the other open ones."""
    texts = _open_texts()
    path = _path(uri)
    return opened(path, texts[path] if path in texts else _closed(path), texts)


def _open_texts() -> dict[str, str]:
    return {_path(one.uri): one.source for one in server.workspace.text_documents.values()}


def _closed(path: str) -> str:
    """The text of a file that is not open: as it is on the disk, nothing where there is none."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""


def _path(uri: str) -> str:
    return to_fs_path(uri) or uri


def _lines(text: str) -> list[str]:
    """The lines as the tree counts them, an empty last one too; Python's own splitting knows more ends of a line."""
    return [f"{row}\n" for row in normalised(text).split("\n")]


def _range(span: t.Span, text: str) -> lsp.Range:
    """A span of the tree as a range of the protocol, in the client's units."""
    start = lsp.Position(max(span.line - 1, 0), max(span.column - 1, 0))
    end = lsp.Position(max(span.end_line - 1, 0), max(span.end_column - 1, 0))
    return server.workspace.position_codec.range_to_client_units(_lines(text), lsp.Range(start, end))


def _place(position: lsp.Position, text: str) -> tuple[int, int]:
    """A position of the protocol as line and column of the tree."""
    found = server.workspace.position_codec.position_from_client_units(_lines(text), position)
    return found.line + 1, found.character + 1


# ---- mistakes ----------------------------------------------------------------------------------------------------


@server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: LanguageServer, params: lsp.DidOpenTextDocumentParams) -> None:
    """Say what is wrong in a file that was opened."""
    _publish(ls, params.text_document.uri, whole=True)


@server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
def did_change(ls: LanguageServer, params: lsp.DidChangeTextDocumentParams) -> None:
    """Say it anew of every open file: one may lean on another."""
    _publish_all(ls)


@server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
def did_save(ls: LanguageServer, params: lsp.DidSaveTextDocumentParams) -> None:
    """Say all that is wrong, in a file of very many rules too."""
    _publish(ls, params.text_document.uri, whole=True)


@server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
def did_close(ls: LanguageServer, params: lsp.DidCloseTextDocumentParams) -> None:
    """Take back what was said of a file that is closed."""
    ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(params.text_document.uri, []))
    _publish_all(ls)  # of the others: what is on the disk counts for them now


def _publish_all(ls: LanguageServer) -> None:
    for document in list(ls.workspace.text_documents.values()):
        _publish(ls, document.uri)


def _publish(ls: LanguageServer, uri: str, whole: bool = False) -> None:
    """Say what is wrong in a file; what takes each rule beside each other is left out of very many while one types."""
    document = _document(uri)
    told = [*document.mistakes(), *(document.weaknesses() if whole or document.many_rules <= MOST_RULES else ())]
    found = [_diagnostic(one, document.text) for one in told]
    ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found))


def _diagnostic(one: Diagnostic, text: str) -> lsp.Diagnostic:
    told = [one.message, *([f"did you mean {one.suggestion}?"] if one.suggestion else []), *([one.wanted] if one.wanted else [])]
    severity = lsp.DiagnosticSeverity.Error if one.severity == "error" else lsp.DiagnosticSeverity.Warning
    return lsp.Diagnostic(_range(one.span, text), "; ".join(told), severity=severity, code=one.code, source="cptrules")


# ---- what stands here --------------------------------------------------------------------------------------------


@server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[" "]))
def complete(ls: LanguageServer, params: lsp.CompletionParams) -> lsp.CompletionList:
    """Offer what may stand at the place."""
    document = _document(params.text_document.uri)
    found = completion.suggestions(document, *_place(params.position, document.text))
    items = [lsp.CompletionItem(one.word, kind=_KINDS[one.kind], detail=one.about or None) for one in found]
    return lsp.CompletionList(is_incomplete=False, items=items)


@server.feature(lsp.TEXT_DOCUMENT_HOVER)
def tell(ls: LanguageServer, params: lsp.HoverParams) -> lsp.Hover | None:
    """Tell what the word at the place means, and on whose authority."""
    document = _document(params.text_document.uri)
    said = hover.told(document, *_place(params.position, document.text))
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, said)) if said else None


@server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
def define(ls: LanguageServer, params: lsp.DefinitionParams) -> lsp.Location | None:
    """Lead to where a name is declared."""
    document = _document(params.text_document.uri)
    name = document.at(*_place(params.position, document.text))
    target = document.target(name) if name is not None else None
    if target is None:
        return None
    uri = params.text_document.uri if target.path == document.path else from_fs_path(target.path)
    return lsp.Location(uri or target.path, _range(target.span, document.loaded.text_of(target.path) or ""))


# ---- edits -------------------------------------------------------------------------------------------------------


@server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
def refer(ls: LanguageServer, params: lsp.ReferenceParams) -> list[lsp.Location]:
    """Every place of the open files in which a name stands."""
    found = _everywhere(params.text_document.uri, params.position)
    return [lsp.Location(uri, _range(span, one.text)) for uri, (one, spans) in found.items() for span in spans]


@server.feature(lsp.TEXT_DOCUMENT_RENAME)
def rename(ls: LanguageServer, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    """Give a name of this file another spelling, wherever the open files use it; a shipped file's names stay.

    Refused where the other spelling would be a mistake, or is the name of something else already.
    """
    found = _everywhere(params.text_document.uri, params.position)
    _refuse_what_breaks(found, params.new_name)
    changes = {uri: [lsp.TextEdit(_range(span, one.text), params.new_name) for span in spans] for uri, (one, spans) in found.items()}
    return lsp.WorkspaceEdit(changes=changes) if changes else None


def _refuse_what_breaks(found: _Places, name: str) -> None:
    """Refuse a name with which a file would have a mistake more, or its places mean something else."""
    texts = {**_open_texts(), **{one.path: renamed(normalised(one.text), spans, name) for one, spans in found.values()}}
    for one, spans in found.values():
        after = opened(one.path, texts[one.path], texts)
        more = Counter(mistake.code for mistake in after.mistakes()) - Counter(mistake.code for mistake in one.mistakes())
        if more:
            why = next(mistake.message for mistake in after.mistakes() if mistake.code in more)
            raise JsonRpcInvalidParams(f'"{name}" would not do: {why}')
        if sum(1 for other in after.names() if other.text == name) != len(spans):
            raise JsonRpcInvalidParams(f'"{name}" would not do: the name stands in {Path(one.path).name} already')


_Places: TypeAlias = "dict[str, tuple[Document, list[t.Span]]]"


def _everywhere(uri: str, position: lsp.Position) -> _Places:
    """Where a declared name stands in the open files; nothing for a name that is declared in none of them."""
    document = _document(uri)
    name = document.at(*_place(position, document.text))
    target = document.target(name) if name is not None else None
    open_ = {_path(one.uri): one.uri for one in server.workspace.text_documents.values()}
    if name is None or target is None or target.path not in open_:
        return {}
    found: _Places = {}
    for other in open_.values():
        one = _document(other)
        meant = [hit for hit in one.references(name) if _same(one, hit, target.path)]
        if meant:
            found[other] = one, [hit.span for hit in meant]
    return found


def _same(document: Document, name: object, path: str) -> bool:
    target = document.target(name)  # type: ignore[arg-type]
    return target is not None and target.path == path


@server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
def reformat(ls: LanguageServer, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
    """Lay the file out as `cptrules format` does; a file with mistakes stays as it is."""
    document = _document(params.text_document.uri)
    if document.file is None or any(one.severity == "error" for one in document.mistakes()):
        return []
    return list(_edits(document.text))


def _edits(text: str) -> Iterable[lsp.TextEdit]:
    from ..format import formatted

    after = formatted(text)
    if after != text:
        rows = text.split("\n")
        yield lsp.TextEdit(_range(t.Span(1, 1, len(rows), len(rows[-1]) + 1), text), after)


def main() -> None:
    """Serve over standard input and output until the client leaves."""
    server.start_io()
