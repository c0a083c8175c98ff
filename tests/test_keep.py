"""`keep highest` and `keep lowest` (M4): the history first, then the claim's lines by the table's value, claim order breaking ties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import claim, history, judge, line, missing, policy, service

from cptrules import Policies, PolicyErrors

FEES = "code,fee\n97110,28.50\n97140,26.00\n97530,36.60\n97112,28.50\n"


def two_a_day(keep: str, table: str = 'keys code values fee') -> Policies:
    return policy(
        f'table fee from "fee.csv" {table}\nlimit two_a_day {{ count units per day  at most 2  {keep}  outcome reduce  cite manual }}\n',
        files={"fee.csv": FEES},
    )


def stands(policies: Policies, *codes: str, past: tuple[str, ...] = ()) -> list[int]:
    """How many units of each line stand."""
    lines = [line(number, code=code) for number, code in enumerate(codes, 1)]
    report = judge(policies, claim(*lines), history(*(service("2026-03-04", code=code) for code in past)))
    found = {number: int((finding.stands or {})["units"]) for finding in report.findings for number in finding.lines}
    return [found.get(number, 1) for number in range(1, len(codes) + 1)]


def test_first_is_the_default() -> None:
    assert stands(two_a_day(""), "97140", "97110", "97530") == [1, 1, 0]
    assert stands(two_a_day("keep first"), "97140", "97110", "97530") == [1, 1, 0]


def test_m4_the_highest_stand_or_the_lowest() -> None:
    assert stands(two_a_day("keep highest fee"), "97140", "97110", "97530") == [0, 1, 1]
    assert stands(two_a_day("keep lowest fee"), "97140", "97110", "97530") == [1, 1, 0]


def test_m4_the_history_comes_first_whatever_its_value() -> None:
    assert stands(two_a_day("keep highest fee"), "97530", "97110", past=("97140",)) == [1, 0]


def test_m4_claim_order_breaks_ties() -> None:
    assert stands(two_a_day("keep highest fee"), "97112", "97110", "97112") == [1, 1, 0]


def test_a_code_without_a_value_is_named() -> None:
    report = judge(two_a_day("keep highest fee"), claim(line(1), line(2, code="97116")), history())
    assert missing(report, "two_a_day") == {"fee 97116"}
    none = two_a_day("keep highest fee", "keys code values fee missing none")
    assert judge(none, claim(line(1), line(2, code="97116")), history()).outcome == "clean"


def test_visits_are_not_lines_to_choose_among() -> None:
    with pytest.raises(PolicyErrors, match="chooses among lines"):
        policy(
            'table fee from "fee.csv" keys code values fee\n'
            "limit l1 { count visits per week  at most 2  keep highest fee  outcome deny  cite manual }\n",
            files={"fee.csv": FEES},
        )


@given(st.lists(st.sampled_from(["97110", "97140", "97530"]), min_size=1, max_size=5))
def test_as_many_stand_whichever_they_are(codes: list[str]) -> None:
    for keep in ("keep first", "keep highest fee", "keep lowest fee"):
        assert sum(stands(two_a_day(keep), *codes)) == min(2, len(codes))
