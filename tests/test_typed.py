"""JSON that msgspec decodes is read as JSON that is looked at closely: the same records, and nothing that would be refused."""

from __future__ import annotations

import copy
import json
import re
import sqlite3
import subprocess
import sys
from collections import UserDict, UserList
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from random import Random
from types import MappingProxyType
from typing import Any, get_args, get_origin

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_decode import JUNK, PAST, spoilt
from worlds import a_claim, a_history, lessened

from cptrules import Claim, History, InputError, interchange
from cptrules.claims import Service, ServiceLine
from cptrules.columns import Columns
from cptrules.decode import NotPlain, sound_money
from cptrules.typed import Typed

SEEDS = st.integers(0, 2**32)
CLAIM: dict[str, Any] = {
    "id": "C7", "payer": "ACME", "received": "2026-03-09", "patient": {"id": "P1", "birth_date": "1950-02-03"}, "diagnoses": ["M54.50"],
    "billing_provider": {"npi": "1234567893"}, "lines": [
        {"number": 1, "code": "97110", "date_of_service": "2026-03-04", "modifiers": ["GP"], "units": 2, "charge": "80.00", "allowed": "58.20",
         "discipline": "PT", "rendering_provider": {"role": "PT"}, "diagnosis_pointers": [1]},
        {"number": 2, "code": "97140", "date_of_service": "2026-03-04", "modifiers": ["GP", "59"], "units": 1, "charge": "40", "allowed": "29.10",
         "discipline": "PT", "rendering_provider": {"role": "PTA"}, "diagnosis_pointers": [1]},
    ],
}  # fmt: skip


def taught(kind: Any, *records: Any) -> Typed:
    """A reader that has seen some records often enough."""
    reader = Typed(kind)
    for _ in range(32):
        for record in records:
            reader.learn(record)
    return reader


def closely(kind: Any, text: str) -> Any:
    try:
        return interchange._read(kind, interchange.parsed(text))
    except InputError:
        return None


def agree(reader: Typed, kind: Any, text: str) -> bool:
    """Whether the typed reader read it; what it reads is what is read closely."""
    quick, slow = reader.quickly(text), closely(kind, text)
    assert quick is None or (slow is not None and quick == slow and quick.to_dict() == slow.to_dict())
    if quick is not None:
        assert hash(quick) == hash(slow)
        assert quick == reader.quickly(text.encode())
        assert quick == reader.from_dict(json.loads(text))
    elif slow is not None:
        assert reader.from_dict(json.loads(text)) in (None, slow)
    return quick is not None


@given(SEEDS, st.integers(0, 2))
def test_what_msgspec_decodes_is_what_is_read_closely(seed: int, faults: int) -> None:
    chance = Random(seed)
    for kind, make in ((Claim, a_claim), (History, a_history)):
        known = [make(chance) or {} for _ in range(3)]
        data = copy.deepcopy(chance.choice(known)) if faults else make(chance) or {}
        for _ in range(faults):
            data = spoilt(data, chance)
        agree(taught(kind, *known), kind, json.dumps(data, default=str))


@given(SEEDS)
def test_facts_left_out_are_unknown(seed: int) -> None:
    chance = Random(seed)
    claim, past = a_claim(chance), a_history(chance)
    less, little = lessened(claim, past, chance)
    agree(taught(Claim, claim, less), Claim, json.dumps(less))
    agree(taught(History, past or {}, little or {}), History, json.dumps(little or {}))


@pytest.mark.parametrize("key", [*CLAIM, *(f"lines.{key}" for key in CLAIM["lines"][1]), "patient.birth_date", "billing_provider.npi"])
@pytest.mark.parametrize("value", JUNK, ids=repr)
def test_junk_in_a_claim(key: str, value: Any) -> None:
    data = copy.deepcopy(CLAIM)
    *path, last = key.split(".")
    place = data["lines"][1] if path == ["lines"] else data[path[0]] if path else data
    place[last] = value
    agree(taught(Claim, CLAIM), Claim, json.dumps(data, default=str))


@pytest.mark.parametrize("key", [*PAST["services"][0], "complete_from"])
@pytest.mark.parametrize("value", JUNK, ids=repr)
def test_junk_in_a_history(key: str, value: Any) -> None:
    data = copy.deepcopy(PAST)
    (data if key == "complete_from" else data["services"][1])[key] = value
    agree(taught(History, PAST, {"services": [{**PAST["services"][0], key: None}]} if key in ("allowed", "claim", "discipline") else PAST),
          History, json.dumps(data, default=str))  # fmt: skip


def test_good_records_are_read_so() -> None:
    assert agree(taught(Claim, CLAIM), Claim, json.dumps(CLAIM))
    reader = taught(History, PAST)
    assert agree(reader, History, json.dumps(PAST))
    read = reader.quickly(json.dumps(PAST))
    assert isinstance(read._kept.services, Columns)
    assert read.services == interchange._read(History, PAST).services


def test_services_may_have_more_or_less_than_each_other() -> None:
    mixed = copy.deepcopy(PAST)
    mixed["services"][0]["denied"] = True
    mixed["services"][0]["paid"] = None
    del mixed["services"][1]["allowed"], mixed["services"][1]["discipline"], mixed["services"][0]["claim"]
    assert agree(taught(History, PAST, mixed), History, json.dumps(mixed))


TWICE = (
    '{"payer": "ACME", "payer": "OTHER", "lines": [{"number": 1, "code": "97110", "date_of_service": "2026-03-04"}]}',
    '{"payer": "ACME", "lines": [{"number": 1, "code": "97110", "code": "97140", "date_of_service": "2026-03-04"}]}',
    '{"payer" : "ACME", "lines": [{"number" : 1, "code": "97110", "c\\u006fde": "97140", "date_of_service": "2026-03-04"}]}',
)


@pytest.mark.parametrize("text", TWICE)
def test_a_key_that_stands_twice_is_refused(text: str) -> None:
    good = '{"payer": "ACME", "lines": [{"number": 1, "code": "97110", "date_of_service": "2026-03-04"}]}'
    reader = taught(Claim, json.loads(text), json.loads(good))
    assert reader.quickly(good) is not None
    assert reader.quickly(text) is None
    for _ in range(3 * interchange.FEW):  # the reader that everybody has may have seen such claims by now
        with pytest.raises(InputError):
            Claim.from_json(text)


NO_CLAIMS = ("", "{", "[]", "null", "5", '"x"', '{"lines": []}', '{"lines": [{}]}', "\ufeff{}", "{}x", '{"payer": "\\ud800"}', "NaN")


@pytest.mark.parametrize("text", NO_CLAIMS)
def test_what_is_no_claim(text: str) -> None:
    assert taught(Claim, CLAIM).quickly(text) is None


def test_codes_not_seen_before_are_learnt() -> None:
    reader, other = taught(Claim, CLAIM), json.loads(json.dumps(CLAIM).replace("97140", "97530"))
    assert reader.quickly(json.dumps(other)) is None
    reader.learn(other)
    assert agree(reader, Claim, json.dumps(other))


def test_a_field_that_holds_a_mapping_is_left_to_the_other_reader() -> None:
    counted = copy.deepcopy(CLAIM)
    counted["facts"] = {"referral": True}
    reader = taught(Claim, CLAIM, counted)
    assert reader.quickly(json.dumps(counted)) is None
    assert agree(reader, Claim, json.dumps(CLAIM))


def test_without_msgspec_json_is_read_all_the_same() -> None:
    code = (
        "import sys, json; sys.modules['msgspec'] = None\n"
        "from cptrules import Claim\n"
        f"text = {json.dumps(json.dumps(CLAIM))}\n"
        "read = [Claim.from_json(text) for _ in range(100)]\n"
        "assert all(one == read[0] == Claim.from_dict(json.loads(text)) for one in read)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- every leaf --------------------------------------------------------------------------------------------------


APART = ((Service, "number"), (Service, "diagnosis_pointers"), (ServiceLine, "diagnoses"))  # no service has them; a line has either these or pointers


def whole(cls: type) -> dict[str, Any]:
    """A record of a class with every field, and one of each within it; but for mappings, which are read one by one."""
    interchange.decode.reader(cls)  # its types are settled there
    found = {}
    for field in attrs.fields(cls):
        kind = interchange.decode.as_kind(field.type)[0]
        member = get_args(kind)[0] if get_origin(kind) is tuple else kind
        if get_origin(kind) in (None, tuple) and (cls, field.name) not in APART:
            value = whole(member) if attrs.has(member) else _leaf(member, field.name, cls)
            found[interchange.RENAMED.get(field.name, field.name)] = [value] if get_origin(kind) is tuple else value
    return found


def _leaf(kind: type, name: str, owner: type) -> Any:
    words = interchange.closed_list(name, owner)
    samples = {"code": "97110", "codes": "97110", "modifiers": "GP", "diagnoses": "M54.50", "place_of_service": "11", "revenue_code": "0420"}
    text = words[0] if words else samples.get(name, f"some {name}")
    return {str: text, int: 1, bool: True, date: "2026-03-04", Decimal: "12.50"}[kind]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        yield from leaves(one, (*path, key)) if isinstance(one, dict | list) else [(*path, key)]


WHOLE = [(kind, path) for kind in (Claim, History) for path in leaves(whole(kind))]
NO_VALUE = (None, "", " ", "\t", "\u00a0", "\u00e9", "a|b", "1e5", "5.000", "12.5|1.00", " 12.50", "12.50 ", "1234567890.00", -1, 1.5, True, [], {})


@pytest.mark.parametrize(("kind", "path"), WHOLE, ids=lambda one: ".".join(map(str, one)) if isinstance(one, tuple) else one.__name__)
def test_a_leaf_that_is_spoilt_is_noticed_wherever_it_stands(kind: Any, path: tuple[Any, ...]) -> None:
    """Fields that every record had, and such as only some had; services that state all that is asked of most, and others."""
    good = whole(kind)
    reader, loose = taught(kind, good), taught(kind, good, {"lines": good["lines"][:1]} if kind is Claim else {})
    assert agree(reader, kind, json.dumps(good))
    assert agree(loose, kind, json.dumps(good))
    for value in NO_VALUE:
        data = copy.deepcopy(good)
        place = data
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        agree(reader, kind, json.dumps(data))
        agree(loose, kind, json.dumps(data))
    agree(loose, kind, json.dumps({key: value for key, value in good.items() if key in ("lines", path[0])}))


# ---- found by readers with fresh eyes ----------------------------------------------------------------------------

PATTERN = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


@given(st.lists(st.text("05.|", max_size=13) | st.from_regex(PATTERN, fullmatch=True, alphabet="059."), max_size=5))
@example(["5..00", "100"])
@example([".50", "10.00"])
@example(["10.5.00", "12"])
@example([""])
@example(["1.00", ""])
@example(["1.00|1.00", "1.00"])
@example(["1234567890.00"])
@settings(max_examples=400)
def test_amounts_of_a_column_are_what_each_of_them_is(column: list[str]) -> None:
    """Three columns of two were taken once that held no amounts: a charge of `.50`, and one that nobody could read."""
    try:
        sound_money(column)
    except NotPlain:
        assert not all(PATTERN.fullmatch(one) for one in column)
    else:
        assert all(PATTERN.fullmatch(one) for one in column)


@pytest.mark.parametrize("charges", [("5..00", "100"), (".50", "10.00"), ("", "1.00")])
def test_charges_that_are_no_amounts_are_refused(charges: tuple[str, str]) -> None:
    data, past = copy.deepcopy(CLAIM), copy.deepcopy(PAST)
    for one, other, charge in zip(data["lines"], past["services"], charges, strict=False):
        one["charge"] = other["charge"] = charge
    for kind, good, bad in ((Claim, CLAIM, data), (History, PAST, past)):
        reader = taught(kind, good)
        assert reader.quickly(json.dumps(bad)) is None
        assert reader.from_dict(bad) is None
        for _ in range(3):
            with pytest.raises(InputError):
                kind.from_dict(bad)


def test_one_service_whose_charge_is_empty_is_refused() -> None:
    with pytest.raises(InputError):
        History.from_dict({"services": [{"code": "97110", "date_of_service": "2026-03-04", "charge": ""}]})


class Text(str):
    """Text of another library, as numpy's: what it says is what counts."""


@pytest.mark.parametrize(("kind", "path", "value"), [
    (Claim, ("condition",), " "), (Claim, ("injury_number",), "\t"), (Claim, ("lines", 0, "charge"), "-500.00"),
    (Claim, ("lines", 0, "charge"), "NaN"),
    (History, ("patient",), " "), (History, ("services", 0, "charge"), "NaN"), (History, ("services", 1, "claim"), " "),
])  # fmt: skip
def test_text_of_another_class_is_held_to_the_same(kind: Any, path: tuple[Any, ...], value: str) -> None:
    good = {**copy.deepcopy(CLAIM), "condition": "knee", "injury_number": "I1"} if kind is Claim else {**copy.deepcopy(PAST), "patient": "P1"}
    bad = copy.deepcopy(good)
    *steps, last = path
    place: Any = bad
    for step in steps:
        place = place[step]
    place[last] = Text(value)
    for readers in (taught(kind, good), taught(kind, good, CLAIM if kind is Claim else PAST, {"lines": [{**CLAIM["lines"][0], "charge": None}]})):
        assert readers.from_dict(bad) is None
    with pytest.raises(InputError):
        kind.from_dict(bad)


def test_good_text_of_another_class_is_read_as_text() -> None:
    data = copy.deepcopy(PAST)
    for one in data["services"]:
        one["claim"], one["code"], one["charge"] = Text(one["claim"]), Text(one["code"]), Text("12.50")
    plain = json.loads(json.dumps(data))
    read = taught(History, plain).from_dict(data)
    assert read in (None, History.from_dict(plain))
    assert History.from_dict(data) == interchange._read(History, plain)
    assert all(one.charge == Decimal("12.50") for one in (read or History.from_dict(data)).services)


LINE = {"number": 1, "code": "97110", "date_of_service": "2026-03-04"}


@pytest.mark.parametrize(("kind", "seen", "bad"), [
    (History, {"services": []}, {"services": [{}]}), (History, {"events": []}, {"events": [{}]}), (History, {"balances": []}, {"balances": [{}]}),
    (Claim, {**CLAIM, "patient": None}, {**CLAIM, "other_payers": [{}], "patient": None}),
    (Claim, {"lines": [LINE], "diagnoses": None}, {"lines": [LINE], "diagnoses": ["\0"]}),
    (Claim, {**CLAIM, "place_of_service": None}, {**CLAIM, "place_of_service": "\0"}),
    (Claim, CLAIM, json.loads(json.dumps(CLAIM).replace('"97140"', '"\\u0000"'))),
    (Claim, CLAIM, json.loads(json.dumps(CLAIM).replace('"GP"', '"\\u0000"'))),
    (Claim, CLAIM, json.loads(json.dumps(CLAIM).replace('"M54.50"', '"\\u0000"'))),
])  # fmt: skip
def test_what_no_record_had_is_left_to_the_other_reader(kind: Any, seen: Any, bad: Any) -> None:
    """A history of one service without a code was one of none, and its claim clean."""
    reader = taught(kind, seen)
    assert reader.from_dict(seen) is not None
    assert reader.from_dict(bad) is None
    assert reader.quickly(json.dumps(bad)) is None


@pytest.mark.parametrize("plan", ["PPO", " "])
def test_types_that_are_made_meanwhile_are_not_mixed(plan: str) -> None:
    """Another thread had the types made anew between two steps: the plan that only they knew of was lost, and whether it was blank."""
    reader, with_plan, tracing = taught(Claim, CLAIM), {**copy.deepcopy(CLAIM), "plan": "PPO"}, sys.gettrace()
    assert reader.from_dict(CLAIM) is not None

    def meanwhile(frame: Any, event: str, _: Any) -> None:
        if frame.f_code.co_name in ("of_dict", "_of_dict"):
            sys.settrace(tracing)
            for _ in range(600):
                reader.learn(with_plan)
                reader.from_dict(with_plan)

    sys.settrace(meanwhile)
    try:
        found = reader.from_dict({**with_plan, "plan": plan})
    finally:
        sys.settrace(tracing)
    assert found is None or found.plan == plan == "PPO"
    assert reader.from_dict(with_plan).plan == "PPO"


BARE = {"code": "97110", "date_of_service": "2026-03-04"}


class Anything(dict[str, Any]):
    """It has an answer for every key."""

    def __missing__(self, key: str) -> Any:
        return None


@pytest.mark.parametrize("change", [
    lambda data: MappingProxyType({**data, "plan": "PPO"}), lambda data: MappingProxyType({**data, "payor": "X"}),
    lambda data: {**data, "lines": [UserDict({**LINE, "units": 3})]}, lambda data: {**data, "billing_provider": range(2)},
    lambda data: {**data, "billing_provider": UserList(["x"])}, lambda data: {**data, "billing_provider": ()},
    lambda data: {**data, "patient": UserDict(id="P1", sex="F")},
    lambda data: {**data, "lines": [{**LINE, "rendering_provider": UserDict(role="PT", npi="1")}]},
])  # fmt: skip
def test_what_is_no_dict_is_not_taken_for_one(change: Any) -> None:
    """A mapping of another kind lost the keys that were not seen before: a plan, the units of a line."""
    good = {"payer": "ACME", "lines": [LINE], "billing_provider": {"role": "PT"}, "patient": {"id": "P1"}}
    also = {**good, "lines": [{**LINE, "rendering_provider": {"role": "PT"}}], "billing_provider": {"npi": "1"}}
    reader = taught(Claim, good, also)
    assert reader.from_dict(good) == Claim.from_dict(good)
    assert reader.from_dict(change(good)) is None


def test_an_enums_word_is_learnt_and_not_its_name() -> None:
    class Code(str, Enum):  # noqa: UP042
        EXERCISE = "97110"

    named = {**LINE, "code": Code.EXERCISE}
    reader = taught(Claim, {"lines": [named]}, {"lines": [named], "plan": "PPO"})
    assert reader.quickly(json.dumps({"lines": [{**LINE, "code": "Code.EXERCISE"}]})) is None
    assert reader.quickly(json.dumps({"lines": [LINE]})) == Claim.from_dict({"lines": [LINE]})
    assert Claim.from_dict({"lines": [named]}).lines[0].code == "97110"


def test_a_service_that_answers_to_every_key_is_read_by_those_it_has() -> None:
    services = [{**BARE, "denied": False}, Anything({**BARE, "discipline": "PT"})]
    found = History.from_dict({"services": services})
    assert found == interchange._read(History, {"services": [dict(one) for one in services]})
    assert found.services[1].discipline == "PT"


def test_a_row_of_a_database_is_no_service() -> None:
    """It answers to names, and has them for no keys: among services it was taken for one, alone it was refused."""
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    row = database.execute("select '97110' as code, '2026-03-04' as date_of_service").fetchone()
    assert History.from_dict({"services": [BARE]}).services
    for services in ([row], [BARE, row]):
        with pytest.raises(InputError):
            History.from_dict({"services": services})
