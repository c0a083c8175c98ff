"""From the text of a policy file to its tree, with every syntax mistake in one run.

The parser is Lark's LALR(1) on grammars/policy.lark. At a mistake it first tries to mend: a missing brace, name or sign is
put in, a misspelt word is read as the word it is most like, a doubled one is dropped. Where nothing mends, it goes on in
panic mode: it looks for the next clause, closing brace or block word, takes back what the broken clause left on the
parser's stack, and resumes there. After a mend, a second mistake on the same line is not reported: it may be the mend's
own. So one mistake is one report. This needs names of Lark which are not documented interface (`lexer_thread`,
`state_stack`, `value_stack`, `parse_table`, `_load`); they are used in this module only, and lark is pinned below its next
minor.
"""

from __future__ import annotations

import bisect
import re
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import attrs

from . import tree as t
from .diagnostics import Diagnostic, in_order, nearest
from .grammar import parser
from .vocabulary import BLOCK_WORDS, KIND_KEYS, MEASURES, TIME_KEYS, TIME_UNITS

if TYPE_CHECKING:
    from lark import Token

MOST_DIAGNOSTICS: Final = 100
DEEPEST: Final = 64
LONGEST: Final = 20_000_000  # characters: some hundred thousand lines, far beyond any payer's manual
MOST_WANTED: Final = 6
SURE: Final = 0.7  # so like a word of the language that it is read as that word

# What a terminal is called in a sentence; the most telling first.
FRIENDLY: Final = {
    "LBRACE": "`{`", "RPAR": "`)`", "LPAR": "`(`", "EQUAL": "`=`", "COLON": "`:`", "COMMA": "a comma", "NAME": "a name",
    "WORD": "a code or a number", "DATE": "a date (2026-01-31)", "STRING": "text in quotes", "CARC": "a CARC such as CO-119",
    "MONEY": "an amount of money", "PERCENT": "a percentage", "MONTHDAY": "a month and day (07-01)", "_DOTS": "`..`",
    "DOTTED": "a field such as patient.age", "PATTERN": "a pattern such as F84.*", "LESSTHAN": "`<`", "MORETHAN": "`>`",
    "__ANON_0": "`!=`", "RBRACE": "`}`", "$END": "the end of the file",
}  # fmt: skip

# The words shown first where many would do.
_TELLING: Final = (
    "and", "or", "excluding", "where", "per", "from", "to", "on", "when", "except", "count", "at most", "unless", "outcome",
    "that", "needs", "cite", "message", "title", "payer", "effective", "uses", "extends", "claim", "line", "history", "service",
    "set", "expect", "codes", "limit", "modifiers", "require", "forbid", "prior_authorization",
)  # fmt: skip

# Words that go on with a clause: a line that begins with one begins no clause.
_JOINING: Final = frozenset(
    ("and", "or", "per", "where", "excluding", "attesting", "carc", "rarc", "section", "rest", "from", "to", "within", "repair")
)

# Words of the language that are no keywords: never taken for a misspelt one.
_KNOWN_NAMES: Final = frozenset((*MEASURES, *TIME_UNITS, *TIME_KEYS, *KIND_KEYS))

# A word that stands where its like may not, what stands before it on the line, and what says it.
_SAID_SO: Final = (
    ("where", r"\bhas\s+[a-z]\w*", "that there is such an event is said as a distance: `EVENT where (COND) within 100 years before date_of_service`"),
    ("where", r"\bopens\s+on\b[^{}]*", "behind `opens on` stands `when COND`; `opens after EVENT` takes `where (COND)`"),
    ("per", r"\bcount\b.*\bexcept\b[^{}]*", "what is not to count stands behind `excluding`"),
    ("excluding", r"(?<!visit)(?<!listed)\s+in\b[^{}()]*",
     "a list has no `excluding`: add `and FIELD not in ...`, or name the set: `codes NAME = ... excluding ...`"),
)  # fmt: skip

# What an odd character is called, and what to do about it.
_NAMED: Final = {
    **dict.fromkeys("\u201c\u201d\u2018\u2019", ("a curly quote", 'text stands between straight quotes: "')),
    "\u00a0": ("a no-break space", "use an ordinary space"), "\u200b": ("a zero-width space", "take it out"),
    "\u2013": ("a dash", "use a hyphen"), "\u2014": ("a dash", "use a hyphen"), "\x00": ("a NUL character", None),
    "\ufeff": ("a byte order mark inside the file", "take it out"), "\x0c": ("a form feed", None),
    ";": ("a semicolon", "a clause ends with its line"), "'": ("a single quote", 'text stands between double quotes: "'),
    "-": ("a hyphen", "names are joined with `_`"),
}  # fmt: skip
_QUOTES: Final = "\u201c\u201d\u2018\u2019'`"
_SPACES: Final = re.compile("[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff\x00\x0b\x0c]+")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_COMMENTS: Final = re.compile(r'"(?:\\[^\n]|[^"\\\n])*"|"[^"\n]*|#[^\n]*')


@attrs.frozen
class Parsed:
    """What became of a text: its tree (without the broken clauses), its mistakes, its comments.

    `comments` holds line, column and text of each, from the `#` on. `broken` holds the lines on which a clause was lost or
    mended by a guess, so that the checker does not report what merely went missing.
    """

    file: t.File
    diagnostics: tuple[Diagnostic, ...]
    comments: tuple[tuple[int, int, str], ...] = ()
    broken: tuple[int, ...] = ()


# ---- the text ----------------------------------------------------------------------------------------------------


def normalised(text: str) -> str:
    """Strip one byte order mark and write every line end as one LF."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def parse(text: str, path: str = "policy") -> Parsed:
    """Parse a policy file's text; never raises, however broken the text is."""
    text = normalised(text)
    if len(text) > LONGEST:
        span = t.Span(1, 1, 1, 2)
        return Parsed(t.File(), (Diagnostic("E001", path, span, f"more than {LONGEST:,} characters"),))
    return _Run(text, path).run()


class _Run:
    """One parse: the interactive parser, the mistakes so far, and where to resume."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.diagnostics: list[Diagnostic] = []
        self.broken: set[int] = set()
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.depth = self.nots = 0
        self.previous: Token | None = None  # the last token the parser took
        self.taken: list[tuple[list[int], Token]] = []  # the last two, each with the parser's states before it
        self.seen_line = 0  # the line of the last token the lexer gave
        self.mended_line = 0  # a further mistake on this line is not reported
        self.clause_column = 0
        self.lost_end = False
        self.accepted: set[str] = set()  # what may stand at the mistake under way
        self.words: dict[int, dict[str, str]] = {}
        self.text = self._ordinary_spaces(text)
        self.interactive = parser().parse_interactive(self.text)
        self.state = self.interactive.parser_state
        self.lexer: Any = self.interactive.lexer_thread
        self.table: dict[int, dict[str, Any]] = self.state.parse_conf.parse_table.states

    def _ordinary_spaces(self, text: str) -> str:
        """Report odd white space once a line, and read it as spaces; in texts and comments it may stay."""
        pieces: list[str] = []
        lines: set[int] = set()
        end = 0
        for match in _SPACES.finditer(_bare(text)):
            line = self._line(match.start())
            if line not in lines and len(lines) < MOST_DIAGNOSTICS:
                column = match.start() - self.starts[line - 1] + 1
                span = t.Span(line, column, line, column + len(match.group()))
                self.diagnostics.append(Diagnostic("E002", self.path, span, *_advice(match.group()[0])))
                lines.add(line)
            pieces += [text[end : match.start()], " " * len(match.group())]
            end = match.end()
        return "".join([*pieces, text[end:]])

    def run(self) -> Parsed:
        """Feed every token, mend or skip at each mistake, and build the tree."""
        for token in self.lexer.lex(self.state):
            self._take(token)
            if len(self.diagnostics) >= MOST_DIAGNOSTICS:
                self._lose_rest(token.line or 1)
                break
        file = self._finish()
        return Parsed(file, in_order(self.diagnostics), self._comments(), tuple(sorted(self.broken)))

    def _take(self, token: Token) -> None:
        starts = token.line != self.seen_line
        self.seen_line = token.line or 1
        if starts:
            self._begin_line(token)
        if self._too_deep(token):
            return self._skip(token)
        if token.type == "STRING":
            self._check_text(token)
        # Asked first: a token that is refused may have made the parser close a list that could have gone on.
        return self._feed(token) if self._fits(token.type) else self._mistake(token, starts)

    def _feed(self, token: Token) -> None:
        before = list(self.state.state_stack)
        self.interactive.feed_token(token)
        self.previous = token
        self.taken = [*self.taken[-1:], (before, token)]

    def _begin_line(self, token: Token) -> None:
        """At the start of a line a clause word is a clause word, and the first column is for block words."""
        words = self._clause_words()
        if str(token) in BLOCK_WORDS and token.column != 1 and not self._in_braces():
            return self._indented_block(token)
        if token.type == "NAME" and "NAME" not in words.values():
            token.type = words.get(str(token), token.type)
            if "_T_EXPECT" in words.values() and token.type == "NAME" and token.column == self.clause_column:
                token.type = "BAD_WORD"  # in a test a field could stand here; but not where the clauses begin
        if token.type in words.values():
            self.clause_column = token.column or 0
        misplaced = token.column == 1 and token.type != "RBRACE" and not _opens_block(token)
        if misplaced and self._fits(token.type):
            message = f"{_shown(token)} starts at the first column, where only a block word may"
            self._report("E009", token, message, "indent what belongs to the block above")

    def _indented_block(self, token: Token) -> None:
        if self._complete():
            self._report("E009", token, f"{_shown(token)} opens a block and does not stand at the first column")
            token.type = str(token).upper()

    def _too_deep(self, token: Token) -> bool:
        self.nots = self.nots + 1 if token.type == "_NOT" else (self.nots if token.type == "LPAR" else 0)
        if token.type == "LPAR":
            self.depth += 1
        elif token.type == "RPAR":
            self.depth = max(0, self.depth - 1)
        elif token.type == "LBRACE" and len(self.state.state_stack) > 4 * DEEPEST:
            self._report("E008", token, f"variants nested deeper than {DEEPEST} levels")
            return True
        if self.depth + self.nots > DEEPEST:
            self._report("E008", token, f"brackets or `not` nested deeper than {DEEPEST} levels", "name a part with `term`")
            return True
        return False

    def _check_text(self, token: Token) -> None:
        """Report escapes that mean nothing and characters that no text may hold; the clause stands."""
        for match in re.finditer(r"\\(.)", str(token)):
            if match.group(1) not in '"\\n':
                message = f"`{match.group(0)}` means nothing in text"
                self._report("E011", _part(token, *match.span()), message, 'the escapes are `\\"`, `\\\\` and `\\n`')
        for match in _CONTROLS.finditer(str(token)):
            self._report("E002", _part(token, *match.span()), *_advice(match.group(), "has no place in text"))

    def _comments(self) -> tuple[tuple[int, int, str], ...]:
        """Every comment with its place; from the text itself, so that those of broken clauses are among them."""
        found = []
        for match in _COMMENTS.finditer(self.text):
            if match.group().startswith("#"):
                line = self._line(match.start())
                found.append((line, match.start() - self.starts[line - 1] + 1, match.group()))
        return tuple(found)

    # ---- mending ---------------------------------------------------------------------------------------------

    def _mistake(self, token: Token, starts: bool) -> None:
        """Mend what can be mended, each way in its turn; else report it and skip to the next clause."""
        self.accepted = self._accepted()
        mended = (
            self._odd_character(token)
            or self._open_text(token)
            or self._brace_missing(token)
            or self._cut_off(token, starts)
            or self._brace_too_many(token)
            or self._doubled(token, starts)
            or self._name_missing(token)
            or self._brace_inside(token)
            or self._misspelt(token)
            or self._comma_too_many(token)
            or self._head_broken(token)
            or self._misspelt_before(token)
            or self._sign_missing(token, starts)
        )
        if not mended:
            self._explain(token)
            self._skip(token)

    def _odd_character(self, token: Token) -> bool:
        text = str(token)
        if token.type != "BAD" or text in "<>!":
            return False
        self._report("E002", token, *_advice(text))
        self._guessed(token)
        if text in _QUOTES:
            self._skip(token)
        return True

    def _open_text(self, token: Token) -> bool:
        if token.type != "OPEN_STRING":
            return False
        self._report("E003", token, "this text does not end on its line", 'close it with a `"`')
        self._guessed(token)
        if "STRING" not in self.accepted:
            self._skip(token)
            return True
        return self._close_text(token)

    def _close_text(self, token: Token) -> bool:
        """Take an open text for one that was closed; a brace at the end of its line is no part of it."""
        self._insert("STRING", '""', token)
        body = str(token).rstrip()
        of_one_line = body.endswith("}") and "{" in self._source(token.line or 1)[: (token.column or 1) - 1]
        if of_one_line or (body.endswith("{") and self._fits("LBRACE")):
            self._move((token.start_pos or 0) + len(body) - 1)
        return True

    def _brace_missing(self, token: Token) -> bool:
        """Put in the brace that is missing before this token."""
        inside = self._after(self.state.state_stack, "LBRACE")
        if inside and (str(token) in self._words_of(inside[-1]) or (token.type in self.table[inside[-1]])):
            self._report("E005", token, f"a `{{` is missing before {_shown(token)}", "a block's clauses stand between braces")
            self._insert("LBRACE", "{", token)
        elif _opens_block(token) and "RBRACE" in self.accepted:
            self._report("E005", token, f"a `}}` is missing before this `{token}`", "a block ends with a `}` of its own")
            self._close(token)
        else:
            return False
        self._move(token.start_pos or 0)
        return True

    def _cut_off(self, token: Token, starts: bool) -> bool:
        """A clause that breaks off: the next one, a brace, a block word or the end comes too early."""
        ends = token.type in ("RBRACE", "$END") or _opens_block(token)
        if not ends and not (starts and token.type in self._clause_words().values()):
            return False
        if self._complete() or self.previous is None:
            return False
        if not self._authorized_misspelt():
            self._report("E004", self.previous, *self._what_is_missing(self.previous))
        self.broken.add(self.previous.line or 1)
        if token.line == self.previous.line:
            self.mended_line = token.line or 1
        self._pop_to_list()
        self.depth = self.nots = 0
        self._move(token.start_pos if token.type != "$END" and token.start_pos is not None else len(self.text))
        return True

    def _authorized_misspelt(self) -> bool:
        """`authorised where (...)` reads as an event of that name until nothing follows."""
        from lark import Token as LarkToken

        line = self.previous.line if self.previous else None
        found = re.search(r"(\w+)\s+where\s*\(", self._source(line)) if line else None
        if line is None or found is None or "_WITHIN" not in self.accepted or not nearest(found.group(1), ["authorized"], SURE):
            return False
        column = found.start() + 1
        word = LarkToken("NAME", found.group(1), 0, line, column, line, column + len(found.group(1)))
        self._report("E004", word, f"{_shown(word)} has no place here", None, "authorized")
        return True

    def _what_is_missing(self, previous: Token) -> tuple[str, str | None]:
        if previous.type == "COMMA":
            return "nothing follows this comma", "a comma stands between two members of a list: one is missing, or the comma is too many"
        if "RPAR" in self.accepted:
            return f"a `)` is missing after {_shown(previous)}", None
        return f"something is missing after {_shown(previous)}", self._wanted(self.accepted)

    def _brace_too_many(self, token: Token) -> bool:
        if token.type != "RBRACE" or self._in_braces():
            return False
        self._report("E005", token, "this `}` closes nothing", "one brace too many, or a `{` is missing further up")
        self._skip(token)
        return True

    def _brace_inside(self, token: Token) -> bool:
        if token.type != "LBRACE" or not self._in_braces():
            return False
        self._report("E005", token, "this `{` opens nothing")
        self._guessed(token)
        return True

    def _comma_too_many(self, token: Token) -> bool:
        if token.type != "COMMA":
            return False
        self._explain(token)
        self._guessed(token)
        return True

    def _head_broken(self, token: Token) -> bool:
        """A word too many, or one of capitals, in the head of a block: its clauses can be read all the same."""
        if "NAME" in self.accepted and token.type in ("BAD_WORD", "WORD") and re.fullmatch(r"[A-Za-z]\w{0,79}", str(token)):
            message = f"{_shown(token)} is not written like a name"
            self._report("E004", token, message, "names are of lower-case letters, digits and `_`")
            self._insert("NAME", str(token).lower(), token)
            self._guessed(token)
            return True
        brace = _bare(self._source(token.line or 1)).find("{", token.column or 1)
        if "LBRACE" not in self.accepted or brace < 0 or _opens_block(token):
            return False
        self._explain(token)
        self._guessed(token)
        self._move(self.starts[(token.line or 1) - 1] + brace)
        return True

    def _doubled(self, token: Token, starts: bool) -> bool:
        if starts or self.previous is None or str(token) != str(self.previous):
            return False
        self._report("E004", token, f"{_shown(token)} stands twice")
        self._guessed(token)
        return True

    def _name_missing(self, token: Token) -> bool:
        """Put an empty name into the head of a block; what bears it is taken out of the tree in the end."""
        head = self.previous is not None and _opens_block(self.previous)
        if not head and token.type != "LBRACE":
            return False
        for kind, text in (("NAME", ""), ("STRING", '""')):
            stack = self._after(self.state.state_stack, kind)
            if stack and self._after(stack, token.type):
                self._report("E004", token, f"{FRIENDLY[kind]} is missing before {_shown(token)}")
                self._insert(kind, text, token)
                self._move(token.start_pos or 0)
                self._guessed(token)
                return True
        return False

    def _misspelt(self, token: Token) -> bool:
        """Read a word as the keyword that it is most like, where it is very like one."""
        near, phrase = self._near(token, self.accepted)
        if near is None or SequenceMatcher(None, phrase, near).ratio() < SURE:
            return False
        terminal = next(name for name in self.accepted if spelling_of_terminals().get(name) == near)
        self._explain(token)
        if self._starts_line(token):
            self.clause_column = token.column or 0
        self._insert(terminal, near, token)
        if phrase != str(token):
            self._move((token.start_pos or 0) + len(phrase))
        self._guessed(token)
        return True

    def _misspelt_before(self, token: Token) -> bool:
        """A misspelt keyword that could be a name is noticed a word or two later: report it where it stands."""
        for back in (1, 2):
            if len(self.taken) < back or self.taken[-back][1].line != token.line:
                return False
            stack, first = self.taken[-back]
            accepted = {name for name in self.table[stack[-1]] if _is_terminal(name) and self._after(stack, name)}
            near, phrase = self._near(first, accepted)
            two = near is not None and " " in near
            if near and phrase != near and (back == 1 or two) and SequenceMatcher(None, phrase, near).ratio() > 0.6:
                self._report("E004", first, f"{_shown(first)} has no place here", None, near)
                self._skip(token)
                return True
        return False

    def _sign_missing(self, token: Token, starts: bool) -> bool:
        for sign, text in (("EQUAL", "="), ("COLON", ":"), ("LPAR", "("), ("COMMA", ",")):
            certain = len(self.accepted) == 1 if sign != "COMMA" else (not starts or token.type == "WORD")
            stack = self._after(self.state.state_stack, sign) if certain else None
            if stack and self._after(stack, token.type):
                wanted = self._wanted(self._going_on()) if sign == "COMMA" else None
                message = f"a `{text}` is missing before {_shown(token)}" if sign != "COMMA" else f"{_shown(token)} has no place here"
                self._report("E004", token, message, wanted)
                self._insert(sign, text, token)
                self._move(token.start_pos or 0)
                self._guessed(token)
                return True
        return False

    def _guessed(self, token: Token) -> None:
        self.mended_line = token.line or 1
        self.broken.add(self.mended_line)

    def _insert(self, kind: str, text: str, token: Token) -> None:
        from lark import Token as LarkToken

        self._feed(LarkToken.new_borrow_pos(kind, text, token))

    # ---- reporting -------------------------------------------------------------------------------------------

    def _report(self, code: str, token: Token, message: str, wanted: str | None = None, near: str | None = None) -> None:
        if token.line == self.mended_line or len(self.diagnostics) >= MOST_DIAGNOSTICS:
            return
        span = t.Span(token.line or 1, token.column or 1, token.end_line or 1, token.end_column or 2)
        self.diagnostics.append(Diagnostic(code, self.path, span, message, wanted, near))

    def _explain(self, token: Token) -> None:
        text, shown, starts = str(token), _shown(token), self._starts_line(token)
        near, _ = self._near(token, self.accepted)
        wanted = None if near else self._said_so(token) or self._wanted(self.accepted if starts else self._going_on())
        if token.type == "BAD_DATE":
            self._report("E007", token, f"{shown} is not a date", "dates are written 2026-01-31")
        elif token.type in ("_AND", "_OR") and {"_AND", "_OR"} & self.accepted:
            self._report("E006", token, "`and` and `or` stand side by side", "say with brackets which belong together")
        elif self._complete() and starts and re.match(r"[A-Za-z_]", text):
            self._report("E010", token, f"{shown} opens no {'clause' if self._in_braces() else 'block'}", wanted, near)
        else:
            self._report("E004", token, f"{shown} has no place here", wanted, near)

    def _said_so(self, token: Token) -> str | None:
        """How the language says what a word means that has no place here."""
        before = _bare(self._source(token.line or 1))[: (token.column or 1) - 1].rstrip()
        return next((said for word, behind, said in _SAID_SO if word == str(token) and re.search(f"{behind}$", before)), None)

    def _near(self, token: Token, accepted: set[str]) -> tuple[str | None, str]:
        """The word of the language that was meant, if any is near, and the text that stands for it."""
        text = str(token)
        if not re.match(r"[A-Za-z_]", text) or len(text) > 40:
            return None, text
        words = _keywords(accepted)
        if text in words:
            return text, text
        pair, phrase = self._near_pair(token, words)
        if pair is not None:
            return pair, phrase
        if text in _KNOWN_NAMES or text in spelling_of_terminals().values():
            return None, text
        near = self._nearest(token, words, accepted)
        if near in ("carc", "rarc") and "_CARC" in accepted:  # as like one as the other: what follows tells
            near = "carc" if re.compile(r"\s+[A-Z]{2}-").match(self.text, token.end_pos or 0) else "rarc"
        return near, text

    def _nearest(self, token: Token, words: list[str], accepted: set[str]) -> str | None:
        """The nearest of about the same length; in the middle of a line rather one that goes on with the clause."""
        text = str(token)
        words = [word for word in words if abs(len(word) - len(text)) <= max(1, len(text) // 3)]
        if accepted is not self.accepted or self._starts_line(token):
            return nearest(text, words)
        going_on = set(_keywords(self._going_on()))
        return nearest(text, [word for word in words if word in going_on]) or nearest(text, words, 0.8)

    def _near_pair(self, token: Token, words: list[str]) -> tuple[str | None, str]:
        """The same for a keyword of two words."""
        rest = re.compile(r"[ \t]+[A-Za-z]+").match(self.text, token.end_pos or 0)
        pairs = [word for word in words if " " in word]
        if rest is None or not pairs:
            return None, str(token)
        phrase = str(token) + rest.group()
        return nearest(phrase, pairs, 0.75), phrase

    def _starts_line(self, token: Token) -> bool:
        return not self._source(token.line or 1)[: (token.column or 1) - 1].strip(" \t{")

    def _wanted(self, terminals: set[str]) -> str:
        hidden = {"RBRACE", "$END", *({"DOTTED"} if "NAME" in terminals else ())}
        plain = [FRIENDLY[name] for name in FRIENDLY if name in terminals and name not in hidden]
        plain += [f"`{word}`" for word in _keywords(terminals)]
        if not plain:
            return "wanted the next clause" if self._in_braces() else "wanted the next block"
        if len(plain) > MOST_WANTED:
            return "wanted " + ", ".join(plain[:MOST_WANTED]) + " ..."
        return "wanted " + (" or ".join([", ".join(plain[:-1]), plain[-1]]) if len(plain) > 1 else plain[0])

    def _going_on(self) -> set[str]:
        """What may stand here and belongs to the clause that has begun."""
        return self.accepted - set(self._clause_words().values()) if self._complete() else self.accepted

    # ---- skipping --------------------------------------------------------------------------------------------

    def _skip(self, token: Token) -> None:
        """Take back the broken clause and go on at the next place where one can begin."""
        self.depth = self.nots = 0
        self._pop_to_list(keep=self._ended(token))
        place = self._next_place(token)
        if place is None:
            return self._lose_rest(token.line or 1)
        self.broken.update(range(token.line or 1, max(self._line(place), (token.line or 1) + 1)))
        return self._move(place)

    def _ended(self, token: Token) -> bool:
        """Whether what stands before a token has ended: with its line, or with its brace."""
        return self.previous is None or self.previous.type == "RBRACE" or self.previous.line != token.line

    def _lose_rest(self, line: int) -> None:
        self.broken.update(range(line, len(self.starts) + 1))
        self.lost_end = True
        self._move(len(self.text))

    def _next_place(self, token: Token) -> int | None:
        first = self._line(token.start_pos or 0)
        raw = self.text[token.end_pos : self.starts[first] if first < len(self.starts) else None]
        rest = _bare(raw)
        nested = rest.count("{") + (token.type == "LBRACE")
        if self._in_braces() and rest.count("}") > nested:
            return (token.end_pos or 0) + rest.rindex("}")
        line = self._source(first).rstrip()
        if self._in_braces() and line.endswith("}") and raw.count('"') % 2 and "{" in line[: (token.column or 1) - 1]:
            return self.starts[first - 1] + len(line) - 1  # behind an open text, in a block of one line
        nested = max(0, nested - rest.count("}")) if self._in_braces() else 0
        for number in range(first + 1, len(self.starts) + 1):
            bare = _bare(self._source(number))
            if nested == 0 and self._may_begin(number, bare) or _block_word(bare):
                return self.starts[number - 1] + len(bare) - len(bare.lstrip())
            nested = max(0, nested + bare.count("{") - bare.count("}")) if self._in_braces() else 0
        return None

    def _may_begin(self, number: int, bare: str) -> bool:
        """Whether a clause, or a block where none is open, may begin on this line."""
        word = re.match(r"[ \t]*([a-z][a-z_]*)", bare)
        open_end = _bare(self._source(number - 1)).rstrip().endswith((",", "="))
        if not self._in_braces():
            return bool(word) and not bare[:1].isspace() and not open_end and bool(re.search("[{=]", bare))
        if bare.lstrip().startswith("}"):
            return True
        words = self._clause_words()
        if word is None:
            return "MONEY" in words.values() and not open_end and bool(re.match(r'[ \t]*[$0-9A-Z"]', bare))
        goes_on = word.group(1) in _JOINING and word.group(1) not in words
        return not open_end and not goes_on

    # ---- the parser's stack ----------------------------------------------------------------------------------

    def _after(self, stack: list[int], terminal: str) -> list[int] | None:
        """The parser's states after one more terminal, or None where it may not stand."""
        stack = list(stack)
        while entry := self.table[stack[-1]].get(terminal):
            action, argument = entry
            if action.name == "Shift":
                return [*stack, argument]
            size = len(argument.expansion)
            del stack[len(stack) - size :]
            stack.append(self.table[stack[-1]][argument.origin.name][1])
            if terminal == "$END" and stack[-1] == self.state.parse_conf.end_state:
                return stack
        return None

    def _fits(self, terminal: str) -> bool:
        entry = self.table[self.state.position].get(terminal)
        if entry is None or entry[0].name == "Shift":
            return entry is not None
        return self._after(self.state.state_stack, terminal) is not None

    def _accepted(self) -> set[str]:
        """The terminals that may stand here, exactly."""
        return {name for name in self.table[self.state.position] if _is_terminal(name) and self._fits(name)}

    def _complete(self) -> bool:
        """Whether what has been read could end here."""
        return self._fits("RBRACE") or self._fits("$END")

    def _list_state(self) -> int:
        """The state of the innermost list of clauses, or of the list of blocks where no brace is open."""
        for terminal in ("RBRACE", "POLICY"):
            ended = self._after(self.state.state_stack, terminal)
            if ended is not None:
                return int(ended[-2])
        return next(int(state) for state in reversed(self.state.state_stack) if self._is_list(state))

    def _is_list(self, state: int) -> bool:
        return self._shifts(state, "RBRACE") or self._shifts(state, "POLICY")

    def _clause_words(self) -> dict[str, str]:
        """The words that begin a clause (or a block) in the innermost list, each with its terminal."""
        return self._words_of(self._list_state())

    def _words_of(self, state: int) -> dict[str, str]:
        if state not in self.words:
            shifted = [name for name in self.table[state] if _is_terminal(name) and self._shifts(state, name)]
            self.words[state] = {spelling_of_terminals().get(name, name): name for name in shifted}
        return self.words[state]

    def _shifts(self, state: int, terminal: str) -> bool:
        entry = self.table[state].get(terminal)
        return entry is not None and entry[0].name == "Shift"

    def _in_braces(self) -> bool:
        return self._shifts(self._list_state(), "RBRACE")

    def _pop_to_list(self, keep: bool = False) -> None:
        """Take back the broken clause, down to a list of clauses or of blocks; keep it where it is whole and has ended."""
        if keep and self._complete():
            terminal = "RBRACE" if self._fits("RBRACE") else "POLICY"
            self.interactive.feed_token(self._blank(terminal))  # makes the parser put the clause on its list
            self._pop()
        while not self._is_list(self.state.position):
            self._pop()

    def _pop(self) -> None:
        self.state.state_stack.pop()
        self.state.value_stack.pop()

    def _close(self, token: Token) -> None:
        while self._fits("RBRACE"):
            self._insert("RBRACE", "}", token)

    def _move(self, place: int) -> None:
        """Set the lexer to a place in the text."""
        counter, line = self.lexer.state.line_ctr, self._line(place)
        counter.char_pos, counter.line = place, line
        counter.line_start_pos = self.starts[line - 1]
        counter.column = place - counter.line_start_pos + 1
        self.lexer.state.last_token = None
        self.seen_line = line if self.text[counter.line_start_pos : place].strip() else 0

    def _line(self, place: int) -> int:
        return bisect.bisect_right(self.starts, place)

    def _source(self, number: int) -> str:
        return self.text[self.starts[number - 1] : self.starts[number] - 1 if number < len(self.starts) else None]

    # ---- the end ---------------------------------------------------------------------------------------------

    def _finish(self) -> t.File:
        from .build import Builder

        end = self._end_token()
        self.accepted = self._accepted()
        if not self.lost_end and not self._fits("$END") and not self._cut_off(end, False):
            self._report("E005", end, "the file ends and a `}` is missing", "a block ends with a `}` of its own")
        self._pop_to_list(keep=True)
        self._close(end)
        file: t.File = Builder().build(self._end_of_input())
        return attrs.evolve(file, blocks=tuple(block for block in file.blocks if block.name.text or isinstance(block, t.TestBlock)))

    def _end_of_input(self) -> Any:
        interactive: Any = self.interactive
        return interactive.feed_eof(self.previous)

    def _end_token(self) -> Token:
        place = len(self.text.rstrip())
        line = self._line(place)
        column = place - self.starts[line - 1] + 1
        return self._blank("$END", place, line, column, line, column + 1)

    def _blank(self, kind: str, *place: int) -> Token:
        from lark import Token as LarkToken

        return LarkToken(kind, "", *place)


# ---- words -------------------------------------------------------------------------------------------------------


def _part(token: Token, start: int, end: int) -> Token:
    """A piece of a token as a token of its own."""
    from lark import Token as LarkToken

    line, column = token.line or 1, (token.column or 1) + start
    return LarkToken(token.type, str(token)[start:end], (token.start_pos or 0) + start, line, column, line, column + end - start)


def _bare(line: str) -> str:
    """A line with its texts and its comment blotted out, so that no brace in them counts."""
    return _COMMENTS.sub(lambda match: " " * len(match.group()), line.rstrip("\n"))


def _block_word(line: str) -> bool:
    match = re.match(r"[a-z_]+", line)
    return match is not None and match.group() in BLOCK_WORDS


def _opens_block(token: Token) -> bool:
    return token.column == 1 and str(token) in BLOCK_WORDS


def _is_terminal(name: str) -> bool:
    return name.isupper()


@cache
def spelling_of_terminals() -> dict[str, str]:
    """The spelling of every keyword by its terminal's name."""
    spelt = {word.upper(): word for word in BLOCK_WORDS}
    for terminal in parser().terminals:
        match = re.match(r"([a-z]+\??(?:\[ (?:\\t|\t)\]\+[a-z]+)?)\(\?!", terminal.pattern.value)
        if match:
            spelt[terminal.name] = re.sub(r"\[.*\]\+", " ", match.group(1)).replace("?", "")
    return spelt


def _keywords(terminals: set[str]) -> list[str]:
    """The keywords among some terminals, the most telling first."""
    order = {word: place for place, word in enumerate(_TELLING)}
    spelling = spelling_of_terminals()
    return sorted({spelling[name] for name in terminals if name in spelling}, key=lambda word: (order.get(word, 99), word))


def _shown(token: Token) -> str:
    text = str(token)
    return "the end of the file" if token.type == "$END" else f"`{text[:40]}{'...' if len(text) > 40 else ''}`"


def _character(text: str) -> tuple[str, str | None]:
    """What a character is called, and what to do about it."""
    shown = f"`{text}`" if text.isprintable() else f"the character U+{ord(text):04X}"
    return _NAMED.get(text, (shown, None))


def _advice(text: str, ending: str = "has no place here") -> tuple[str, str | None]:
    called, advice = _character(text)
    return f"{called} {ending}", advice
