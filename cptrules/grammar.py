"""The parser: Lark's LALR(1) on grammars/policy.lark, with the lexer's callbacks, kept between runs (docs: README, last paragraph)."""

from __future__ import annotations

import functools
import hashlib
import sys
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from . import cache
from .resources import folder
from .vocabulary import BLOCK_WORDS

if TYPE_CHECKING:
    from lark import Lark, Token

# Words that are no name anywhere: the lexer takes them in every state, so that `per per day` is a mistake at the second `per`
# and not a key called per.
RESERVED_TERMINALS: Final = (
    "_AND", "_OR", "_NOT", "_PER", "_WHERE", "_OF", "_IN", "_TO", "_FROM", "_EXCLUDING", "_ATTESTING", "_BECAUSE", "_WHEN",
    "_EXCEPT", "_UNLESS", "_WITHIN", "_INCLUDES", "_HAS", "_THAT", "_OUTCOME", "_CARC", "_RARC", "_AT_MOST", "_AT_LEAST",
    "_ONE_OF", "_ALL_OF", "THEN_AGAIN",
)  # fmt: skip

# Terminals that the lexer takes in every state, so that every mistake is an unexpected token.
OPEN_TERMINALS: Final = (
    "NAME", "DOTTED", "WORD", "DATE", "MONTHDAY", "CARC", "PATTERN", "PERCENT", "MONEY", "STRING", "OPEN_STRING",
    "BAD_DATE", "BAD_WORD", "BAD", "LBRACE", "RBRACE", "LPAR", "RPAR", "COMMA", "EQUAL", "COLON", "_DOTS",
    *RESERVED_TERMINALS,
)  # fmt: skip


class _Open:
    """Tells Lark's contextual lexer which terminals to take in every state."""

    always_accept = OPEN_TERMINALS

    def process(self, stream: Any) -> Any:
        return stream


def _block_terminal(token: Token) -> Token:
    """Retype a word at the first column that opens a block."""
    if token.column == 1 and str(token) in BLOCK_WORDS:
        token.type = str(token).upper()
    return token


def grammar() -> str:
    """Give the text of grammars/policy.lark."""
    return (folder("grammars") / "policy.lark").read_text(encoding="utf-8")


def options() -> dict[str, Any]:
    """Give what Lark is told besides the grammar."""
    return {
        "parser": "lalr",
        "lexer": "contextual",
        "propagate_positions": True,
        "maybe_placeholders": True,
        "postlex": _Open(),
        "lexer_callbacks": {"NAME": _block_terminal, "_T_EVENT": _block_terminal},
    }


_RELOADED: Final = ("propagate_positions", "postlex", "lexer_callbacks")


@functools.cache
def parser() -> Lark:
    """Build the parser once a process, from the cache where there is one."""
    where = cache.folder()
    return built_parser() if where is None else kept_parser(where)


def built_parser() -> Lark:
    """Build the parser from the grammar's text (half a second)."""
    from lark import Lark

    return Lark(grammar(), **options())


def kept_parser(where: Path) -> Lark:
    """Load the parser from its file in a folder, or build and keep it; a cache that fails is no mistake of anyone's."""
    from lark import Lark, __version__

    # The retyping and the open terminals are part of the tables, so this module's own lists belong to the name.
    key = f"{grammar()}{OPEN_TERMINALS}{__version__}{sys.version_info[:2]}"
    path = where / f"policy-{hashlib.sha256(key.encode()).hexdigest()[:24]}.lark"
    tables = cache.unpickled(cache.kept(path))
    if tables is not None:
        loaded = Lark.__new__(Lark)
        loaded._load(tables, **{name: value for name, value in options().items() if name in _RELOADED})
        return loaded
    parser = built_parser()
    saved = BytesIO()
    parser.save(saved)
    with suppress(OSError):
        cache.keep(path, saved.getvalue())
    return parser
