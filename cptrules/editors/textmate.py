"""A TextMate grammar of the language, made from its word list; docs/editors/vscode holds it as a file, and a test holds the two together."""

from __future__ import annotations

import json
from typing import Any

from . import wordlist


def textmate() -> dict[str, Any]:
    """Give the grammar as VS Code and other editors read it."""
    patterns = [
        ("comment.line.number-sign", wordlist.COMMENT),
        ("string.quoted.double", wordlist.STRING),
        ("keyword.declaration", "^" + wordlist.either(wordlist.blocks())),
        ("constant.numeric.date", wordlist.DATE),
        ("constant.numeric.day", wordlist.MONTHDAY),
        ("constant.numeric.money", wordlist.MONEY),
        ("constant.numeric.percent", wordlist.PERCENT),
        ("constant.other.adjustment", wordlist.ADJUSTMENT),
        ("variable.other.member", wordlist.FIELD),
        ("keyword.control", wordlist.either(wordlist.keywords())),
        ("support.type", wordlist.either(wordlist.vocabulary())),
        ("constant.other.code", wordlist.CODE),
        ("keyword.operator", r"!=|<=|>=|[<>=]"),
    ]
    return {
        "name": "cptrules policy",
        "scopeName": "source.cptrules-policy",
        "fileTypes": ["policy"],
        "patterns": [{"name": f"{name}.policy", "match": match} for name, match in patterns],
    }


def textmate_text() -> str:
    """The grammar as the text of its file."""
    return json.dumps(textmate(), indent=2) + "\n"
