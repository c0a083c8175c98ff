"""Reading quickly and reading with every fault said give the same records, and the quick reader takes nothing that the other refuses."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import a_claim, a_history, lessened

from cptrules import UNKNOWN, Claim, History, InputError, decode, interchange
from cptrules.claims import is_sound
from cptrules.columns import Columns

SEEDS = st.integers(0, 2**32)
JUNK = (
    None, True, 0, 1, -1, 10**9, 1.5, "", " ", "GP", "97110", "9711", "M54.50", "2026-03-04", "2026-02-30", "2026-W10-3", "20260304", "58.20", "58.2",
    "-1.00", "1e5", "NaN", "1_000.00", "5|8.00", "٣.٠٠", "PT", "pt", "one_on_one", [], ["GP"], ["GP", None], [True], [1, 2], [[]], {}, {"npi": "1"},
    {"npi": " "}, {"role": "PT", "x": 1}, Decimal("5.00"), Decimal("NaN"), [{}], "x" * 50, "\t", "\u2003",
)  # fmt: skip


def spoilt(record: dict[str, Any], chance: Random) -> dict[str, Any]:
    """The same with one value somewhere in it changed, one key more, or one gone."""
    record = copy.deepcopy(record)
    place: Any = record
    while True:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place))) if place else None
        if key is None:
            return record
        inner = place[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.75:
            place = inner
            continue
        way = chance.random()
        if way < 0.75 or not isinstance(place, dict):
            place[key] = copy.deepcopy(chance.choice(JUNK))
        elif way < 0.9:
            del place[key]
        else:
            place[chance.choice(("units", "diagnoses", "number", "colour", "facts", "code", "from"))] = copy.deepcopy(chance.choice(JUNK))
        return record


def slowly(kind: Any, data: Any) -> Any:
    try:
        return interchange._read(kind, data)
    except InputError:
        return None


@given(SEEDS, st.integers(0, 2))
def test_what_is_read_quickly_is_what_is_read_slowly(seed: int, faults: int) -> None:
    chance = Random(seed)
    claim, past = a_claim(chance), a_history(chance)
    if chance.random() < 0.7:
        claim, past = lessened(claim, past, chance)
    for kind, data in ((Claim, claim), (History, past or {})):
        for _ in range(faults):
            data = spoilt(data, chance)
        slow, quick = slowly(kind, data), decode.quickly(kind, data)
        assert quick is None or (slow is not None and quick == slow and quick.to_dict() == slow.to_dict())
        if quick is not None:
            assert repr(attrs.evolve(quick)) == repr(pickle.loads(pickle.dumps(quick))) == repr(slow)  # a NaN is not even itself


PAST: dict[str, Any] = {
    "complete_from": "2026-01-01",
    "services": [
        {"code": "97110", "date_of_service": "2026-01-05", "modifiers": ["GP"], "units": 1, "allowed": "29.00", "discipline": "PT", "claim": "C1"},
        {"code": "97140", "date_of_service": "2026-01-07", "modifiers": [], "units": 2, "allowed": "27", "discipline": "OT", "claim": "C2"},
    ],
}


def test_services_stand_in_columns_until_somebody_looks_at_one() -> None:
    read = History.from_dict(PAST)
    assert isinstance(read._kept, Columns)
    assert read.services == interchange._read(History, PAST).services
    assert read.services is read.services
    assert read == interchange._read(History, PAST)
    assert hash(read) == hash(interchange._read(History, PAST))
    assert read.to_dict() == PAST
    with pytest.raises(AttributeError):
        read.visits  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        read.services = ()  # type: ignore[misc]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        read.services[0].units = 9  # type: ignore[index,misc,union-attr]


@pytest.mark.parametrize("key", [*PAST["services"][0], "complete_from"])
@pytest.mark.parametrize("value", JUNK, ids=repr)
def test_a_fault_in_a_column_is_said_as_in_any_record(key: str, value: Any) -> None:
    data = copy.deepcopy(PAST)
    (data if key == "complete_from" else data["services"][1])[key] = value
    slow, quick = slowly(History, data), decode.quickly(History, data)
    assert quick is None or quick == slow
    if slow is None:
        with pytest.raises(InputError):
            History.from_dict(data)


def test_changing_what_was_given_changes_nothing_that_was_read() -> None:
    data = copy.deepcopy(PAST)
    read = History.from_dict(data)
    data["services"][0]["modifiers"].append("KX")
    data["services"][0]["units"] = 7
    assert read == History.from_dict(PAST)


def test_only_what_was_read_is_known_to_be_sound() -> None:
    read = Claim.from_dict({"lines": [{"number": 1, "code": "97110", "date_of_service": "2026-03-04"}]})
    assert is_sound(read)
    assert interchange.reread(read) is read
    assert not is_sound(attrs.evolve(read, payer="ACME"))
    assert not is_sound(Claim(lines=read.lines))
    assert not is_sound(pickle.loads(pickle.dumps(read)))
    bad = attrs.evolve(read, lines=(attrs.evolve(read.lines[0], units=-1),))
    with pytest.raises(InputError) as error:
        interchange.reread(bad)
    assert [fault.path for fault in error.value.faults] == ["lines[0].units"]
    assert read.lines[0].units is UNKNOWN
