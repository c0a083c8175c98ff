"""One policy file as an editor sees it: its text in the making, its mistakes, and what stands at a place.

The file is loaded from the editor's text, its neighbours in the folder from the disk where its head names them. Lines and
columns are those of the tree: from 1, in characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from .. import tree as t
from ..diagnostics import Diagnostic
from ..lint import weaknesses
from ..loading import Loaded, PolicyFile, read, shipped
from ..policy import Policy
from ..scope import Scope

_HEAD: Final = re.compile(r"^(?:policy|library)[ \t]+([a-z][A-Za-z0-9_.]*)", re.MULTILINE)
_NAMED: Final = re.compile(r"^[ \t]+(?:uses|extends)[ \t]+([^#\n]*)|^(?:policy)[^\n{]*\{[^\n]*?\b(?:uses|extends)[ \t]+([^#\n}]*)", re.MULTILINE)
_NAME: Final = re.compile(r"[a-z][A-Za-z0-9_.]*")
_BRACED: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@attrs.frozen
class Named:
    """A name at a place: what it says, where, and whether it is of a rule, a source, another file, or of a definition."""

    text: str
    span: t.Span
    kind: str


@attrs.frozen
class Target:
    """Where a name is declared: the file, and the place of the name in it."""

    path: str
    span: t.Span
    block: Any
    scope: Scope


@attrs.frozen
class Document:
    """A policy file under the editor's hand."""

    path: str
    text: str
    loaded: Loaded = attrs.field(repr=False)

    @property
    def file(self) -> PolicyFile | None:
        """The file as loaded; None where its text could not be read at all."""
        return next((file for file in self.loaded.files if file.path == self.path), None)

    def mistakes(self) -> tuple[Diagnostic, ...]:
        """Every mistake and warning of the file, those of its tests included."""
        found = [one for one in self.loaded.diagnostics if one.path == self.path]
        return tuple(found + self._of_tests(found))

    @property
    def many_rules(self) -> int:
        """How many rules the file itself has."""
        return sum(1 for block in self.file.parsed.file.blocks if isinstance(block, t.RuleBlock)) if self.file is not None else 0

    def weaknesses(self) -> tuple[Diagnostic, ...]:
        """What `lint` says beyond mistakes, without running the tests; nothing while the file has mistakes."""
        file = self.file
        if file is None or any(one.severity == "error" for one in self.loaded.diagnostics):
            return ()
        return tuple(weaknesses(file, self._policy()))

    def _policy(self) -> Policy | None:
        file = self.file
        return next((one for one in self.loaded.policies if file is not None and one.name == file.name), None)

    def _of_tests(self, found: list[Diagnostic]) -> list[Diagnostic]:
        """What is wrong in the tests shows only when they are built, and only where the rules have no mistake."""
        from ..examples import examples

        file, policy = self.file, self._policy()
        if file is None or policy is None or any(one.severity == "error" for one in found):
            return []
        before = len(file.scope.diagnostics)
        examples(file, policy)
        return file.scope.diagnostics[before:]

    def names(self) -> Iterator[Named]:
        """Every name that stands in the file, declared or used."""
        if self.file is not None:
            for block in self.file.parsed.file.blocks:
                yield from _names(block)
            yield from self._in_messages(self.file)

    def _in_messages(self, file: PolicyFile) -> Iterator[Named]:
        """The names in the braces of messages: `{residence}` stands for a field's value."""
        for block in file.parsed.file.blocks:
            for clause in getattr(block, "clauses", ()):
                if isinstance(clause, t.Message):
                    line, start = clause.text.span.line, clause.text.span.column - 1
                    row = file.scope.source_line(line)[start : clause.text.span.end_column - 1]
                    for match in _BRACED.finditer(row):
                        first, last = start + match.start(1) + 1, start + match.end(1) + 1
                        yield Named(match.group(1), t.Span(line, first, line, last), "definition")

    def at(self, line: int, column: int) -> Named | None:
        """The name at a place."""
        return next((one for one in self.names() if _holds(one.span, line, column)), None)

    def target(self, name: Named) -> Target | None:
        """Where a name is declared."""
        file = self.file
        if file is None:
            return None
        for scope in (file.scope, *file.scope.visible):
            block = (scope.sources if name.kind == "source" else scope.blocks).get(name.text)
            if block is not None and name.kind in ("source", "definition"):
                return Target(scope.path, block.name.span, block, scope)
        return _rule_or_file(name, self.loaded)

    def references(self, name: Named) -> tuple[Named, ...]:
        """Every place of the file in which a name stands."""
        return tuple(one for one in self.names() if (one.text, one.kind) == (name.text, name.kind))


def opened(path: str, text: str, others: Mapping[str, str] | None = None) -> Document:
    """Load an editor's text as the file of a path; `others` are texts of other open files by their paths."""
    texts = {**(others or {}), path: text}
    needed = [path, *_neighbours(path, text, texts)]
    return Document(path, text, read(needed, texts))


def _neighbours(path: str, text: str, texts: Mapping[str, str]) -> list[str]:
    """The files of the same folder that the file's `uses` and `extends` lead to."""
    heads = _heads(Path(path).parent, texts)
    found: list[str] = []
    pending = _named_in(text)
    while pending:
        where = heads.get(pending.pop())
        if where is not None and where != path and where not in found:
            found.append(where)
            pending += _named_in(_text_of(where, texts))
    return found


def _heads(folder: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """The names that the heads of a folder's files give, with their paths; shipped names go to the shipped files."""
    paths = sorted({*(str(one) for one in folder.glob("*.policy")), *texts})
    found = {head.group(1): path for path in paths if (head := _HEAD.search(_text_of(path, texts)))}
    return {name: path for name, path in found.items() if name not in shipped()}


def _named_in(text: str) -> list[str]:
    return [name for match in _NAMED.finditer(text) for part in match.groups() if part for name in _NAME.findall(part)]


def _text_of(path: str, texts: Mapping[str, str]) -> str:
    if path in texts:
        return texts[path]
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def renamed(text: str, spans: Iterable[t.Span], name: str) -> str:
    """A text with another name in the places of one."""
    rows = text.split("\n")
    for span in sorted(spans, key=lambda span: (span.line, span.column), reverse=True):
        row = rows[span.line - 1]
        rows[span.line - 1] = row[: span.column - 1] + name + row[span.end_column - 1 :]
    return "\n".join(rows)


# ---- names in the tree -------------------------------------------------------------------------------------------


def _names(node: Any, kind: str = "definition") -> Iterator[Named]:
    """Walk a node of the tree for the names in it."""
    match node:
        case t.Name(text=text, span=span):
            yield Named(text, span, kind)
        case t.KeyName(name=text, span=span):
            yield Named(text, span, kind)
        case t.RuleBlock() | t.OverrideBlock() | t.DropBlock():
            yield from _names(node.name, "rule")
            yield from _inside(node, ("name", "kind"))
        case t.PolicyHead() | t.LibraryHead():
            yield from _names(node.name, "file")
            yield from _inside(node, ("name",))
        case t.SourceBlock():
            yield from _names(node.name, "source")
        case t.TableBlock() | t.FactBlock() | t.EventBlock():  # their columns, words and facts are names of nothing declared
            yield from _names(node.name)
        case t.Cite():
            yield from _names(node.source, "source")
        case t.Uses() | t.Extends():
            for name in node.names:
                yield from _names(name, "file")
        case t.TExpect():
            yield from _names(node.rule, "rule") if node.rule is not None else ()
        case tuple():
            for one in node:
                yield from _names(one)
        case _ if attrs.has(type(node)):
            yield from _inside(node, ())


def _inside(node: Any, apart: tuple[str, ...]) -> Iterator[Named]:
    for field in attrs.fields(type(node)):
        if field.name != "span" and field.name not in apart:
            yield from _names(getattr(node, field.name))


def _holds(span: t.Span, line: int, column: int) -> bool:
    return span.line <= line <= span.end_line and (span.line, span.column) <= (line, column) <= (span.end_line, span.end_column)


def _rule_or_file(name: Named, loaded: Loaded) -> Target | None:
    for file in loaded.files:
        if name.kind == "file" and file.head is not None and file.name == name.text:
            return Target(file.path, file.head.name.span, file.head, file.scope)
        for block in file.parsed.file.blocks if name.kind == "rule" else ():
            if isinstance(block, t.RuleBlock) and block.name.text == name.text:
                return Target(file.path, block.name.span, block, file.scope)
    return None
