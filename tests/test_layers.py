"""Layers (docs/language.md): overrides, `without`, drops; every conflict is refused; folding in any grouping gives the same rules."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import claim, history, judge, line, service, status

import cptrules
from cptrules import Policies
from cptrules.loading import read
from cptrules.policy import Rule

BASE = """policy acme.base { title "Base" }
source manual { title "Manual" }
codes autism = F84.*
limit visits {
  count   visits of PT per calendar_year
  at most 2
  except  diagnosis in autism
  except  patient.age < 21
  outcome deny carc PR-119
  cite    manual
}
prior_authorization reviewed { on 97530  outcome deny carc CO-197  cite manual }
modifiers discipline { on PT  needs GP  outcome deny  cite manual }
"""
HEAD = 'policy acme.ppo { title "PPO"  payer "ACME"  extends acme.base }\nsource letter { title "Letter" }\n'


def _load(tmp_path: Path, own: str, base: str = BASE) -> Policies:
    (tmp_path / "base.policy").write_text(base, encoding="utf-8")
    (tmp_path / "ppo.policy").write_text(HEAD + own, encoding="utf-8")
    return cptrules.load(tmp_path)


def _codes(tmp_path: Path, own: str) -> list[tuple[str, str | None]]:
    (tmp_path / "base.policy").write_text(BASE, encoding="utf-8")
    (tmp_path / "ppo.policy").write_text(HEAD + own, encoding="utf-8")
    return [(one.code, one.suggestion) for one in read([tmp_path]).diagnostics if one.severity == "error"]


PAST = history(service("2026-01-05"), service("2026-01-06"))
ADULT = {"birth_date": "1980-01-01"}


def _visits(policies: Policies, diagnosis: str = "M54.50", born: str = "1980-01-01") -> str:
    report = judge(policies, claim(line(), diagnoses=[diagnosis], patient={"birth_date": born}), PAST)
    return status(report, "visits")


def test_what_is_not_overridden_stays_as_the_base_has_it(tmp_path: Path) -> None:
    acme = _load(tmp_path, "override prior_authorization reviewed { outcome warn }\n")
    assert _visits(acme) == "broken"
    assert _visits(acme, "F84.0") == "not_applicable"


def test_a_single_clause_replaces_its_namesake(tmp_path: Path) -> None:
    assert _visits(_load(tmp_path, "override limit visits { at most 3  cite letter }\n")) == "met"


def test_a_repeatable_clause_adds(tmp_path: Path) -> None:
    acme = _load(tmp_path, "override limit visits { except diagnosis in M54.*  cite letter }\n")
    assert _visits(acme) == "not_applicable"
    assert _visits(acme, "F84.0") == "not_applicable"
    (rule,) = [rule for policy in acme.policies for rule in policy.rules if rule.name == "visits" and policy.name == "acme.ppo"]
    assert [citation.title for citation in rule.citations] == ["Manual", "Letter"]


def test_without_takes_one_away_written_as_the_base_has_it(tmp_path: Path) -> None:
    acme = _load(tmp_path, "override limit visits { without except diagnosis in autism }\n")
    assert _visits(acme, "F84.0") == "broken"
    assert _visits(acme, "F84.0", "2010-01-01") == "not_applicable"


def test_a_dropped_rule_stays_in_the_report_with_the_reason(tmp_path: Path) -> None:
    acme = _load(tmp_path, 'drop limit visits from 2026-03-01 because "waived" cite letter\n')
    before = judge(acme, claim(line(date_of_service="2026-02-28"), diagnoses=["M54.50"], patient=ADULT), PAST)
    report = judge(acme, claim(line(date_of_service="2026-03-01"), diagnoses=["M54.50"], patient=ADULT), PAST)
    assert status(before, "visits") == "broken"
    assert status(report, "visits") == "not_applicable"
    assert "waived" in next(one.why for one in report.rules if one.rule == "visits")


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ("override limit visit { at most 3 }\n", [("E060", "visits")]),
        ("override modifiers visits { refuse KX }\n", [("E060", "limit")]),
        ("override limit visits { at most 3 }\noverride limit visits { at most 4 }\n", [("E060", None)]),
        ('drop limit visits because "waived"\noverride limit visits { at most 4 }\n', [("E060", None)]),
        ('drop limit visits because "waived"\ndrop limit visits because "again"\n', [("E060", None)]),
        ('drop limit visit because "waived"\n', [("E060", "visits")]),
        ("override limit visits { without except diagnosis in F70.* }\n", [("E060", "except diagnosis in autism")]),
        ("override limit visits { without at most 2 }\n", [("E060", None)]),
        ("override limit visits { needs GP }\n", [("E013", None)]),
        ("override limit visits { at most 3  at most 4 }\n", [("E014", None)]),
        ("override limit visits { at most $3 }\n", [("E040", None)]),
        ("override limit visits { except diagnosis in autsm }\n", [("E020", "autism")]),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, own: str, found: list[tuple[str, str | None]]) -> None:
    assert [code for code, _ in _codes(tmp_path, own)] == [code for code, _ in found]
    for (_, near), (_, wanted) in zip(_codes(tmp_path, own), found, strict=True):
        assert wanted is None or wanted in (near or "")


def test_a_layer_over_a_layer_adds_to_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "hmo.policy").write_text(
        'policy acme.hmo { title "HMO"  payer "ACME2"  extends acme.ppo }\noverride limit visits { without except patient.age < 21 }\n', "utf-8"
    )
    policies = {policy.name: policy for policy in _load(tmp_path, "override limit visits { at most 3 }\n").policies}
    (rule,) = [rule for rule in policies["acme.hmo"].rules if rule.name == "visits"]
    assert rule.demand.at_most.value == 3  # type: ignore[union-attr]
    assert [clause.text for clause in rule.excepts] == ["except diagnosis in autism"]


CHANGES = [
    "at most 5",
    "except place_of_service in 12",
    "without except patient.age < 21",
    "outcome warn",
    'message "{used} of {limit}"',
    "unless modifier in KX attesting \"needed\"",
    "effective from 2026-02-01",
    "count visits of PT, OT per calendar_year",
]


def _bare(rule: Rule) -> Rule:
    return attrs.evolve(rule, origin="", written=())


@given(st.lists(st.sampled_from(CHANGES), unique=True, min_size=1), st.data())
def test_folding_layers_in_any_grouping_gives_the_same_rules(
    tmp_path_factory: pytest.TempPathFactory, changes: list[str], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(changes)))
    folder = tmp_path_factory.mktemp("layers")
    parts = {"one": (changes[:cut], "acme.base"), "two": (changes[cut:], "acme.one"), "all": (changes, "acme.base")}
    (folder / "base.policy").write_text(BASE, encoding="utf-8")
    for name, (mine, below) in parts.items():
        override = "override limit visits {\n  " + "\n  ".join(mine) + "\n}\n" if mine else ""
        (folder / f"{name}.policy").write_text(f'policy acme.{name} {{ title "L"  payer "{name}"  extends {below} }}\n{override}', "utf-8")
    policies = {policy.name: policy for policy in cptrules.load(folder).policies}
    stacked, at_once = ([_bare(rule) for rule in policies[name].rules] for name in ("acme.two", "acme.all"))
    assert stacked == at_once
