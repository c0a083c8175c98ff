"""A lexer of policy files for Pygments (extra `[editors]`), registered as an entry point under the name `policy`."""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer
from pygments.token import Comment, Keyword, Literal, Name, Number, Operator, Punctuation, String, Whitespace

from . import wordlist


class PolicyLexer(RegexLexer):
    """Payer rules in the policy language of cptrules."""

    name = "cptrules policy"
    aliases: ClassVar = ["policy", "cptrules", "clauses", "wrong"]
    filenames: ClassVar = ["*.policy"]
    url = "https://pypi.org/project/cptrules/"

    tokens: ClassVar = {
        "root": [
            (wordlist.COMMENT, Comment.Single),
            (wordlist.STRING, String),
            (r"^" + wordlist.either(wordlist.blocks()), Keyword.Declaration),
            (wordlist.DATE, Literal.Date),
            (wordlist.MONTHDAY, Literal.Date),
            (wordlist.MONEY, Number),
            (wordlist.PERCENT, Number),
            (wordlist.ADJUSTMENT, Name.Constant),
            (wordlist.FIELD, Name.Attribute),
            (wordlist.either(wordlist.keywords()), Keyword),
            (wordlist.either(wordlist.vocabulary()), Name.Builtin),
            (wordlist.CODE, Name.Constant),
            (r"[a-z][A-Za-z0-9_]*", Name),
            (r"!=|<=|>=|[<>=]", Operator),
            (r"[{}(),:]|\.\.", Punctuation),
            (r"\s+", Whitespace),
        ]
    }
