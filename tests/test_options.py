"""The small policies that hold each option of the language by itself: each loads, each option is there, and the plain reading holds of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cptrules
from cptrules.testing import a_plain_reading_agrees, cases, option_policies
from cptrules.testing.policies import MEASURES, SELECTORS, TIMES

ALL = list(option_policies())


def test_each_loads(tmp_path: Path) -> None:
    path = tmp_path / "option.policy"
    for text in ALL:
        path.write_text(text, encoding="utf-8")
        (policy,) = [one for one in cptrules.load(path).policies if one.payers]
        assert [rule.name for rule in policy.rules][:1] == ["rule_1"]


@pytest.mark.parametrize("option", [*(f"per {key}" for key in TIMES), *(f"count {one}" for one in MEASURES), *(f"of {one}" for one in SELECTORS),
                                    "holidays closed", "business_days", "keep lowest", "ties to more minutes", "cms_simple"])  # fmt: skip
def test_each_option_is_there(option: str) -> None:
    assert any(option in text for text in ALL), option


def test_the_plain_reading_holds_of_them(tmp_path: Path) -> None:
    path = tmp_path / "option.policy"

    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        path.write_text(data.draw(st.sampled_from(ALL)), encoding="utf-8")
        policies = cptrules.load(path)
        a_plain_reading_agrees(policies, data.draw(cases(policies)))

    tried()
