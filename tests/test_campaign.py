"""The campaign: some cases of every kind, none of which may fail; a failure is written down and can be repeated; the page is up to date."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import campaign
import pytest
from fuzzing.kind import Kind


@pytest.mark.parametrize("name", sorted(campaign.KINDS))
def test_no_case_fails(name: str) -> None:
    cases = max(1, campaign.CI[name] // 3)
    tally = campaign.KINDS[name].batch("ci", cases)
    assert [f"{one.seed}: {one.what}\n{one.pasted}" for one in tally.failures] == []
    assert tally.cases >= cases


def test_every_kind_has_its_share_and_its_ci_cases() -> None:
    assert set(campaign.KINDS) == set(campaign.PLAN) == set(campaign.CI)
    assert sum(share for _, share in campaign.PLAN.values()) == pytest.approx(1)


def test_a_seed_makes_the_same_case_again() -> None:
    for kind in campaign.KINDS.values():
        if isinstance(kind, Kind):
            one, two = (kind.pasted(kind.make(Random(f"{kind.name} again"))) for _ in range(2))
            assert one == two


def test_what_fails_is_counted_and_written_down_ready_to_paste(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(number: int) -> str:
        assert number % 7, "seven goes in"
        return "odd" if number % 2 else "even"

    kind = Kind("sevens", "no number is a multiple of seven", lambda chance: chance.randrange(1000), judge, "number {}".format)
    tally = kind.batch("3", 100)
    assert tally.cases == sum(tally.became.values()) == 100
    assert tally.became["failed"] == len(tally.failures) > 0
    again = kind.try_one(tally.failures[0].seed)
    assert again.failures == [tally.failures[0]]
    monkeypatch.setattr(campaign, "FOUND", tmp_path)
    campaign.save(tally.failures[0])
    (path,) = tmp_path.iterdir()
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"python tests/campaign.py --kind sevens --repeat {tally.failures[0].seed}\n")
    assert "seven goes in" in text
    assert tally.failures[0].pasted in text


def test_a_run_puts_its_figures_in_the_place_of_its_earlier_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "FIGURES", tmp_path / "figures.json")
    run = campaign.Run("nightly", 5, 1, "abc")
    for times in (1, 2):
        run.take(*campaign.Batch("units", str(times), 3).run())
        campaign.write(run)
    (kept,) = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert kept["kinds"]["units"]["cases"] == 6


def test_the_page_has_the_figures() -> None:
    assert campaign.PAGE.read_text(encoding="utf-8") == campaign.page(), "python tests/campaign.py --page"
