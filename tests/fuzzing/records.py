"""Edits of JSON: a claim, a history or a session with keys dropped, misspelt and doubled and with values of every wrong sort.

What is read is written and read again the same, and is judged; what is not is refused by InputError with a path, and by nothing else.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import worlds

from cptrules import Claim, History, InputError, Policies, Session

from .kind import Kind

TOP = Path(__file__).parent.parent.parent
CANARY = "Zebulon Quackenbush"
ODD: tuple[Any, ...] = (
    None, "", " ", 0, 1, -1, 2, 10**30, 1.5, 1e308, True, False, [], {}, [[]], [None], {"a": {}}, ["GP", "GP"], ["GP", 1], [1, 2], [99],
    "2026-02-30", "2026-02-28", "0001-01-01", "9999-12-31", "20260304", "2026-03-04T00:00", "NaN", "Infinity", "1e9", "-0.00", "12.345",
    "PT", "GP", "97110", "F84.0", "x" * 300, "\u0000", "\ud800", "٣", CANARY, "one_on_one", "group", "first", "complete", "PT ", "gp", "11", "042X",
    {"npi": "1"}, {"role": "PT"}, {"PT": 10}, {"PT": "x"},
)  # fmt: skip
NAMES = ("number", "code", "units", "minutes", "date_of_service", "facts", "patient", "date", "used", "from", "to", "kind", "unts", "__class__", "")
Record = tuple[type, Any]  # what it should be read as, and its JSON (a text where the text itself was edited)


@cache
def examples() -> tuple[tuple[type, str], ...]:
    """The records that the docs show, as text."""
    found: list[tuple[type, str]] = [(Claim, _text("acme_claim.json")), (History, _text("acme_history.json"))]
    for kind, name in ((Session, "clinic/sessions.jsonl"), (History, "clinic/histories.jsonl")):
        found += [(kind, line) for line in _text(name).splitlines() if line]
    return tuple(found)


@cache
def records() -> tuple[tuple[type, str], ...]:
    """Claims and histories of tests/worlds.py, as text."""
    chance = Random("records")
    makers = ((Claim, worlds.a_claim), (History, worlds.a_history))
    return tuple((kind, json.dumps(make(chance))) for _ in range(200) for kind, make in makers)


@cache
def borrowed() -> dict[str, tuple[Any, ...]]:
    """What those records have under each key, at any depth."""
    found: dict[str, list[Any]] = {}
    for _, text in (*records(), *examples()):
        for owner, key in _places(json.loads(text)):
            if isinstance(key, str):
                found.setdefault(key, []).append(owner[key])
    return {key: tuple(values[:400]) for key, values in found.items()}


def _text(name: str) -> str:
    return (TOP / "docs" / "examples" / name).read_text(encoding="utf-8")


@cache
def acme() -> Policies:
    """A policy that looks at a little of everything."""
    return worlds.loaded(worlds.RULES[::6])


def make(chance: Random) -> Record:
    """A record with up to four edits, now and then edited as text."""
    roll = chance.random()
    kind, text = chance.choice(records() if roll < 0.8 else examples())
    record = json.loads(text)
    edits = (_edit,) if chance.random() < 0.5 else (_borrow, _borrow, _drop_known)
    for _ in range(chance.randint(1, 4)):
        chance.choice(edits)(record, chance)
    return kind, _as_text(record, chance) if chance.random() < 0.1 else record


def _edit(record: Any, chance: Random) -> None:
    """Change one place, at any depth, and below it too."""
    places = list(_places(record))
    owner, key = chance.choice(places) if places else (record, None)
    if key is None:
        return
    if isinstance(owner, dict):
        chance.choice((_drop, _rename, _replace, _replace, _replace, _put_in, _wrap))(owner, key, chance)
    else:
        chance.choice((_drop, _double, _replace, _replace, _wrap))(owner, key, chance)


def _borrow(record: Any, chance: Random) -> None:
    """Put a value of the right sort in a place: what another record has under the same key."""
    mine = [(owner, key) for owner, key in _places(record) if key in borrowed()]
    if mine:
        owner, key = chance.choice(mine)
        owner[key] = copy.deepcopy(chance.choice(borrowed()[key]))


def _drop_known(record: Any, chance: Random) -> None:
    """Leave something out, so that it is unknown."""
    mine = [(owner, key) for owner, key in _places(record) if isinstance(owner, dict) and key not in ("number", "code", "date_of_service", "lines")]
    if mine:
        owner, key = chance.choice(mine)
        del owner[key]


def _places(value: Any) -> Any:
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def _drop(owner: Any, key: Any, chance: Random) -> None:
    del owner[key]


def _rename(owner: Any, key: Any, chance: Random) -> None:
    at = chance.randrange(len(key) + 1)
    owner[chance.choice((key[:at] + key[at + 1 :], key[:at] + "x" + key[at:], chance.choice(NAMES)))] = owner.pop(key)


def _replace(owner: Any, key: Any, chance: Random) -> None:
    owner[key] = copy.deepcopy(chance.choice(ODD))


def _put_in(owner: Any, key: Any, chance: Random) -> None:
    owner[chance.choice(NAMES)] = copy.deepcopy(chance.choice(ODD))


def _double(owner: Any, key: Any, chance: Random) -> None:
    owner.insert(chance.randrange(len(owner) + 1), copy.deepcopy(owner[key]))


def _wrap(owner: Any, key: Any, chance: Random) -> None:
    owner[key] = [owner[key]] if chance.random() < 0.7 else {"value": owner[key]}


def _as_text(record: Any, chance: Random) -> str:
    text = json.dumps(record)
    at = chance.randrange(len(text) + 1)
    return chance.choice((text[:at], text[:at] + chance.choice('{}[]",:0 \\') + text[at:], text[:at] + text[at + 1 :], text + text))


def judge(case: Record) -> str:
    kind, given = case
    try:
        read = kind.from_json(given) if isinstance(given, str) else kind.from_dict(given)  # type: ignore[attr-defined]
    except InputError as error:
        assert error.faults, "refused without a fault"
        assert all(fault.message for fault in error.faults), "a fault without a sentence"
        assert CANARY not in str(error), "a name of the input is repeated in an error"
        return "refused"
    assert kind.from_dict(read.to_dict()) == read, "to_dict does not come back the same"  # type: ignore[attr-defined]
    assert kind.from_json(read.to_json()) == read, "to_json does not come back the same"  # type: ignore[attr-defined]
    return _used(read)


def _used(read: Any) -> str:
    """Judge what was read: bad input is refused there too, and nothing else may happen."""
    usual = Claim.from_dict({"payer": "ACME", "lines": [{"number": 1, "code": "97110", "modifiers": ["GP"], "date_of_service": "2026-03-04"}]})
    try:
        if isinstance(read, Session):
            acme().bill(read)
        elif isinstance(read, History):
            acme().check(usual, read)
        else:
            acme().check(read)
    except InputError as error:
        assert error.faults, "refused without a fault"
        return "refused when judged"
    return "judged"


def pasted(case: Record) -> str:
    kind, given = case
    call = f"{kind.__name__}.from_json({given!r})" if isinstance(given, str) else f"{kind.__name__}.from_dict({given!r})"
    return f"from cptrules import {kind.__name__}\n{call}\n"


JSON = Kind("json", "a record is read, comes back the same and is judged, or is refused by InputError with its faults", make, judge, pasted)

__all__ = ["CANARY", "JSON"]
