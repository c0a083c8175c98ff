"""Loading: names across files, what is refused, and no edit of a policy brings anything but diagnostics."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import CHANGES

import cptrules
from cptrules import PolicyErrors
from cptrules.diagnostics import CODES
from cptrules.lint import linted
from cptrules.loading import read, shipped

BASE = 'policy acme.base { title "Base" }\n'
PPO = 'policy acme.ppo { title "PPO"  payer "ACME"  %s }\n'


def _codes(tmp_path: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (tmp_path / f"{name}.policy").write_text(text, encoding="utf-8")
    return [one.code for one in read([tmp_path]).diagnostics if one.severity == "error"]


def test_uses_makes_definitions_visible_and_extends_brings_rules(tmp_path: Path) -> None:
    library = 'library acme.codes { title "Codes" }\ncodes passive = 97010, 97012\n'
    base = BASE + "forbid packs { on 97010  outcome deny }\n"
    ppo = PPO % "uses acme.codes  extends acme.base" + "forbid all_passive { on passive  outcome warn }\n"
    assert _codes(tmp_path, a=ppo, b=base, c=library) == []
    policies = {policy.name: policy for policy in read([tmp_path]).policies}
    assert [rule.name for rule in policies["acme.ppo"].rules] == ["all_passive", "packs"]


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        ({"a": PPO % "uses acme.codess"}, ["E028"]),
        ({"a": PPO % "uses acme.codess" + "forbid a_rule { on passive  outcome deny }\n"}, ["E028"]),
        ({"a": PPO % "extends libraries.therapy_codes"}, ["E028"]),
        ({"a": PPO % "uses acme.base", "b": BASE}, ["E028"]),
        ({"a": PPO % "extends acme.hmo", "b": 'policy acme.hmo { title "HMO"  extends acme.ppo }\n'}, ["E030"]),
        ({"a": BASE, "b": BASE}, ["E016"]),
        (
            {"a": PPO % "extends acme.base, acme.other" + "", "b": BASE + "forbid x1 { on 97010  outcome deny }\n",
             "c": 'policy acme.other { title "Other" }\nforbid x1 { on 97012  outcome deny }\n'},
            ["E031"],
        ),
        ({"a": 'library acme.codes { title "Codes" }\nforbid x1 { on 97010  outcome deny }\n'}, ["E013"]),
        ({"a": PPO % "" + "codes one_ring = two_ring\ncodes two_ring = one_ring\n"}, ["E030"]),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_told_once(tmp_path: Path, files: dict[str, str], codes: list[str]) -> None:
    assert _codes(tmp_path, **files) == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("payment cut { pay 85%  outcome deny }\n", ["E013"]),
        ("payment cut { pay 85%  unless modifier in KX }\n", ["E013"]),
        ("payment cut { when modifier in CQ }\n", ["E015"]),
        ("payment cut { pay 1001% }\n", ["E041"]),
        ("payment cut { pay 80% of fees }\n", ["E026"]),
        ("payment cut { when count paid per calendar_year > $100  pay 80% }\n", ["E058"]),
        ("documentation note { on PT  outcome warn }\n", ["E015"]),
        ("documentation note { needs KX  outcome warn }\n", ["E013"]),
        ("documentation note { needs signatur  outcome warn }\n", ["E022"]),
        ("documentation note { needs progress_report every 10 moons  outcome warn }\n", ["E029"]),
        ("documentation note { needs signature every 10 visits  outcome warn }\n", ["E058"]),
        ("documentation note { needs progress_report every 10 visits per code  outcome warn }\n", ["E052"]),
        ("documentation note { needs progress_report every 0 visits  outcome warn }\n", ["E041"]),
    ],
)
def test_payment_and_documentation_take_what_they_can_judge(tmp_path: Path, text: str, codes: list[str]) -> None:
    assert [code for code in _codes(tmp_path, a=PPO % "" + text) if code[0] == "E"] == codes


def test_the_error_holds_every_mistake_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "bad.policy"
    path.write_text(PPO % "" + "forbid a_rule { on pasive  outcome dney }\n", encoding="utf-8")
    with pytest.raises(PolicyErrors) as caught:
        cptrules.load(path)
    assert [one.code for one in caught.value.diagnostics] == ["E020", "E029"]
    assert "bad.policy:2:20" in caught.value.rendered


def test_every_shipped_policy_loads_by_its_name() -> None:
    for name in shipped():
        assert [one for one in read([name]).diagnostics if one.severity == "error"] == []


TEXTS = [path.read_text(encoding="utf-8") for path in sorted((Path(cptrules.__file__).parent.parent / "policies").glob("*.policy"))]


@given(st.sampled_from(TEXTS), st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=3), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_no_edit_brings_anything_but_diagnostics(
    tmp_path_factory: pytest.TempPathFactory, text: str, changes: list[str], chance: random.Random
) -> None:
    path = tmp_path_factory.mktemp("edited") / "edited.policy"
    for change in changes:
        text = CHANGES[change](text, chance) or " "
    path.write_text(text, encoding="utf-8")
    _, diagnostics = linted([str(path)])
    lines = path.read_text(encoding="utf-8", errors="replace").count("\n") + 1
    for one in diagnostics:
        assert one.code in CODES
        assert one.message
        assert one.path != str(path) or 1 <= one.span.line <= lines + 1


@given(st.binary(max_size=300))
def test_no_bytes_bring_anything_but_diagnostics(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "bytes.policy"
    path.write_bytes(data)
    assert any(one.severity == "error" for one in read([path]).diagnostics)
