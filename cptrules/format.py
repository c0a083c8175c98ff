"""The canonical layout of a policy file: what `write` writes, with every comment and blank line of the author's in its place.

Clauses stand two spaces in, their values at column 12; definitions of one kind below each other have their signs below each
other; a block that its author wrote on one line stays on one, if there is room. A comment behind a clause begins at column 45
or two spaces after the clause; one of its own line stands with what follows. The tree and the comments are the same afterwards:
that is checked each time, and the text is left alone where it were not so.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from . import tree as t
from .diagnostics import Diagnostic, rendered
from .errors import CptrulesError, PolicyErrors
from .parse import normalised, parse
from .write import WIDTH, braced, broken, inner_written, written

COMMENT_COLUMN: Final = 45
_WIDEST_BESIDE: Final = 60  # a longer clause does not push its neighbours' comments to the right
_VALUE_COLUMN: Final = 10  # behind the two spaces of a clause
_TOKENS: Final = re.compile(r'"(?:\\.|[^"\\])*"|\.\.|[(){},]|!=|[<>]=?|=|:|\$[0-9,.]+|(?:[^\s(){},"<>=!:.#]|\.(?!\.))+')
_WORDS: Final = re.compile(r"([a-z]+(?: most| least| by| to| in| on| after| from| minutes)?) +")
_BRACE: Final = re.compile(r"(?:[ \t\n]|#[^\n]*)*\{")
_ALIGNED: Final = re.compile(r"(codes|amount|term|counter|table|fact|window|event|source) ")
_FIRST: Final = re.compile(r'(?:"[^"]*"|[^"={:])*?(?= = | : | \{ | from ")')
_MOST_PADDING: Final = 24


def formatted(text: str, path: str = "policy") -> str:
    """Lay a policy file out anew; its line ends and its byte order mark stay as they are.

    Raises PolicyErrors with every mistake of syntax: a file that has one is not touched.
    """
    plain = normalised(text)
    parsed = parse(plain, path)
    errors = [one for one in parsed.diagnostics if one.severity == "error"]
    if errors:
        raise PolicyErrors(errors, "\n\n".join(rendered(one, plain) for one in errors))
    laid = _Layout(plain, list(parsed.comments)).run(parsed.file)
    after = parse(laid, path)
    if after.file != parsed.file or [one[2] for one in after.comments] != [one[2].rstrip() for one in parsed.comments]:
        raise CptrulesError(f"{path}: the layout would have changed what the file says; it is left as it is. Please report it.")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return mark + laid.replace("\n", _line_end(text))


def _line_end(text: str) -> str:
    first = re.search("\r\n|\r|\n", text)
    return first.group() if first else "\n"


# ---- what is laid out --------------------------------------------------------------------------------------------


@attrs.define
class _Line:
    """One line to be: its text, the comment behind it, whether a blank line stands before it."""

    text: str
    comment: str = ""
    blank: bool = False
    aligned: bool = False  # may have its sign moved below that of the line before

    @property
    def width(self) -> int:
        """How wide its last row is; 0 where it is a comment alone."""
        return len(self.text.rpartition("\n")[2]) if self.text.strip() else 0

    def shown(self, column: int) -> str:
        """The line with its comment at a column, or two spaces behind the text."""
        if not self.comment:
            return self.text
        return self.text + " " * (max(2, column - self.width) if self.width else 0) + self.comment


@attrs.define
class _Layout:
    """One file on its way: the comments not yet written, the lines that are, and the source line that was reached."""

    source: str
    comments: list[tuple[int, int, str]]
    lines: list[_Line] = attrs.field(factory=list)
    reached: int = 0
    starts: list[int] = attrs.field(factory=list)

    def run(self, file: t.File) -> str:
        self.comments.reverse()  # the next one is the last
        self.starts = [0, *(match.end() for match in re.finditer("\n", self.source))]
        for block in file.blocks:
            self._block(block, "")
        self._own_lines((len(self.starts) + 1, 0), "")
        _align(self.lines)
        columns = _comment_columns(self.lines)
        shown = [("\n" if line.blank and n else "") + line.shown(columns[n]) for n, line in enumerate(self.lines)]
        return "\n".join(shown) + "\n" if shown else ""

    # ---- blocks ----------------------------------------------------------------------------------------------

    def _block(self, block: Any, indent: str) -> None:
        parts = braced(block)
        if isinstance(block, t.DropBlock):
            self._drop(block)
        elif parts is None:
            self._piece(written(block), block.span, indent, aligned=True)
        elif not self._on_one_line(block, parts, indent):
            self._braces(block, parts, indent)

    def _on_one_line(self, block: Any, parts: tuple[str, tuple[Any, ...]], indent: str) -> bool:
        """A block of one line stays so while there is room; no comment can stand in it."""
        if block.span.line != block.span.end_line:
            return False
        head, clauses = parts
        inside = "  ".join(_squeezed(written(clause)) for clause in clauses)
        text = f"{head} {{ {inside} }}" if inside else f"{head} {{ }}"
        if "\n" in text or len(indent) + len(text) > WIDTH:
            return False
        self._piece(text, block.span, indent, aligned=not indent)
        return True

    def _braces(self, block: Any, parts: tuple[str, tuple[Any, ...]], indent: str) -> None:
        head, clauses = parts
        end = self._behind_brace(block.name.span)
        self._piece(f"{head} {{", attrs.evolve(block.span, end_line=end[0], end_column=end[1]), indent)
        for clause in clauses:
            if isinstance(clause, t.Variant):
                self._block(clause, indent + "  ")
            else:
                self._piece(inner_written(clause, block), clause.span, indent + "  ")
        last = (block.span.end_line, block.span.end_column - 1)
        self._own_lines(last, indent + "  ")
        self._piece("}", t.Span(*last, last[0], last[1] + 1), indent, last=True)

    def _behind_brace(self, name: t.Span) -> tuple[int, int]:
        """Where the brace stands that opens a block, behind its name and perhaps comments."""
        start = self.starts[name.end_line - 1] + name.end_column - 1
        found = _BRACE.match(self.source, start)
        assert found is not None  # the file has been parsed
        place = found.end()
        line = name.end_line + self.source.count("\n", start, place)
        return line, place - self.starts[line - 1] + 1

    def _drop(self, block: t.DropBlock) -> None:
        head, _, cites = written(block).partition("\n")
        whole = " ".join([head, *(_squeezed(cite.strip()) for cite in cites.split("\n") if cite)])
        if block.span.line == block.span.end_line and len(whole) <= WIDTH:
            return self._piece(whole, block.span, "")
        reason = block.reason.span
        self._piece(head, attrs.evolve(block.span, end_line=reason.end_line, end_column=reason.end_column), "")
        for cite in block.cites:
            self._piece(written(cite), cite.span, "  ")
        return None

    # ---- pieces ----------------------------------------------------------------------------------------------

    def _piece(self, text: str, span: t.Span, indent: str, *, aligned: bool = False, last: bool = False) -> None:
        """Write a clause, a head or a brace, with the comments before it, in it and behind it."""
        self._own_lines((span.line, span.column), indent)
        blank = self._blank_before(span.line) and not last
        inner = self._taken((span.end_line, span.end_column - 1))
        shown = self._commented(text, inner, span, indent) if inner else _wrapped(text, indent)
        self.lines += shown
        shown[0].blank, shown[0].aligned = blank, aligned and len(shown) == 1
        self.reached = span.end_line
        if self.comments and self.comments[-1][0] == span.end_line and not self._more_behind(span):
            shown[-1].comment = self.comments.pop()[2].rstrip()

    def _more_behind(self, span: t.Span) -> bool:
        """Whether something else stands between a piece and the comment at the end of its line."""
        line, column, _ = self.comments[-1]
        start = self.starts[line - 1]
        return bool(self.source[start + span.end_column - 1 : start + column - 1].strip())

    def _blank_before(self, line: int) -> bool:
        """Whether the author left a line blank here; right behind an opening brace that counts for nothing."""
        if self.lines and self.lines[-1].text.endswith("{"):
            return False
        return self.reached > 0 and line > self.reached + 1 and not self.source[self.starts[line - 2] : self.starts[line - 1]].strip()

    def _taken(self, end: tuple[int, int]) -> list[tuple[int, int, str]]:
        found = []
        while self.comments and self.comments[-1][:2] < end:
            found.append(self.comments.pop())
        return found

    def _own_lines(self, before: tuple[int, int], indent: str) -> None:
        """Comments that stand before a place, each on a line of its own."""
        for line, _, text in self._taken(before):
            self.lines.append(_Line(indent, text.rstrip(), self._blank_before(line)))
            self.reached = line

    def _commented(self, text: str, inner: list[tuple[int, int, str]], span: t.Span, indent: str) -> list[_Line]:
        """A piece with comments inside: it is broken where they stand, and goes on below its value."""
        words = _WORDS.match(text)
        head = text[: words.end()] if words and not text.endswith(("{", "}")) and indent else ""
        if not indent and " = " in text and "\n" not in text.partition(" = ")[0]:
            head = text.partition(" = ")[0] + " = "
        pieces, own = self._between(inner, span)
        skipped = len(_TOKENS.findall(head))
        if len(pieces[0]) < skipped:
            head, skipped = "", 0
        pieces[0] = pieces[0][skipped:]
        column = " " * (len(head) if head else 4)
        out: list[_Line] = []
        for number, (tokens, comment) in enumerate(zip(pieces, [*inner, None], strict=True)):
            lead = head if number == 0 else column
            if tokens or (number == 0 and head):
                said = (lead + _spaced(tokens)).rstrip()
                out += _wrapped(said, indent, len(column)) if number == 0 else [_Line(f"{indent}{one}") for one in _rows(said, len(column))]
            if comment is not None and own[number]:
                out.append(_Line(indent + column, comment[2].rstrip()))
            elif comment is not None:
                out[-1].comment = comment[2].rstrip()
        return out

    def _between(self, inner: list[tuple[int, int, str]], span: t.Span) -> tuple[list[list[str]], list[bool]]:
        """The words of a piece before, between and behind its comments; and which of these have a line of their own."""
        place = self.starts[span.line - 1] + span.column - 1
        pieces, own = [], []
        for line, column, text in inner:
            at = self.starts[line - 1] + column - 1
            pieces.append(_TOKENS.findall(self.source[place:at]))
            own.append(not self.source[self.starts[line - 1] : at].strip())
            place = at + len(text)
        end = self.starts[span.end_line - 1] + span.end_column - 1
        pieces.append(_TOKENS.findall(self.source[place:end]))
        return pieces, own


def _spaced(tokens: Iterable[str]) -> str:
    """Words with one space between, none inside brackets, before commas and around the dots of a range."""
    text = before = ""
    for token in tokens:
        close = not text or before in ("(", "..") or token in (")", ",", "..")
        text += token if close else f" {token}"
        before = token
    return text


def _squeezed(text: str) -> str:
    """A clause without the padding behind its word."""
    return _WORDS.sub(lambda match: f"{match.group(1)} ", text, count=1)


def _rows(text: str, column: int) -> list[str]:
    return broken(text, column).split("\n")


def _wrapped(text: str, indent: str, column: int | None = None) -> list[_Line]:
    """A piece as lines, broken where it is too long."""
    if "\n" in text:  # a definition that `write` has broken already
        return [_Line("\n".join(f"{indent}{line}" for line in text.split("\n")))]
    words = _WORDS.match(text)
    own = max(_VALUE_COLUMN, words.end()) if words and words.end() <= 18 else _VALUE_COLUMN
    return [_Line("\n".join(f"{indent}{line}" for line in _rows(text, own if column is None else column)))]


# ---- signs below each other --------------------------------------------------------------------------------------


def _align(lines: list[_Line]) -> None:
    """Definitions of one kind that follow each other have their signs at one column."""
    for run in _runs(lines):
        heads = [found.group() if (found := _FIRST.match(line.text)) else "" for line in run]
        widest = max(map(len, heads))
        if len(run) < 2 or not all(heads) or widest - min(map(len, heads)) > _MOST_PADDING:
            continue
        if any(line.text.endswith("}") and widest + len(line.text) - len(head) > WIDTH for line, head in zip(run, heads, strict=True)):
            continue  # a block of one line has to stay on one: broken, it would be laid out anew the next time
        for line, head in zip(run, heads, strict=True):
            line.text = _moved(line.text, head, widest)


def _moved(text: str, head: str, width: int) -> str:
    """Move what stands behind a definition's name to a column, the lines below it with it."""
    by = width - len(head)
    whole = " ".join(part.strip() for part in text[len(head) :].split("\n"))
    sign = 3 if whole.startswith("= ") or " = " in text[: len(head) + 3] else 0
    if by == 0:
        return text
    rest = whole.strip()
    if "\n" not in text and width + 1 + len(rest) <= WIDTH:
        return f"{head:<{width}} {rest}"
    return broken(f"{head:<{width}} {rest}", width + (sign or 1), WIDTH)


def _comment_columns(lines: list[_Line]) -> list[int]:
    """Where the comment behind each line begins: neighbours that have one share a column."""
    columns = [COMMENT_COLUMN] * len(lines)
    start = 0
    for number in range(len(lines) + 1):
        if number < len(lines) and lines[number].comment and lines[number].width and not (lines[number].blank and number > start):
            continue
        widths = [line.width for line in lines[start:number] if line.width <= _WIDEST_BESIDE]
        columns[start:number] = [max([COMMENT_COLUMN, *(width + 2 for width in widths)])] * (number - start)
        start = number if number < len(lines) and lines[number].blank and lines[number].comment else number + 1
    return columns


def _runs(lines: list[_Line]) -> Iterator[list[_Line]]:
    run: list[_Line] = []
    kind = ""
    for line in lines:
        found = _ALIGNED.match(line.text) if line.aligned else None
        if found is None or line.blank or found.group(1) != kind:
            if run:
                yield run
            run = []
        kind = found.group(1) if found else ""
        if found:
            run.append(line)
    if run:
        yield run


# ---- files -------------------------------------------------------------------------------------------------------


def policy_files(names: Iterable[str]) -> list[Path]:
    """The policy files that paths name: files, and all of a folder.

    Raises CptrulesError where there is nothing of that name.
    """
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            found += sorted(path.rglob("*.policy"))
        elif path.is_file():
            found.append(path)
        else:
            raise CptrulesError(f"{name}: there is no such file or folder")
    return list(dict.fromkeys(found))


def read_file(path: Path) -> str:
    """A policy file's text, its line ends as they are; raises PolicyErrors where it is no UTF-8 text."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        found = Diagnostic("E001", str(path), t.Span(line, column, line, column + 1), "the file is not UTF-8 text", "save it as UTF-8")
        raise PolicyErrors([found], rendered(found, None)) from None


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all, with the rights it had."""
    target = path.resolve()  # a link stays a link
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8"))
        os.chmod(name, target.stat().st_mode & 0o7777)
        os.replace(name, target)
    except OSError:
        os.unlink(name)
        raise
