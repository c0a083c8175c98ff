"""The pytest plugin: tests of policy files as items, run as a user runs them, in a pytest of their own."""

from __future__ import annotations

import pkgutil
import re
import xml.etree.ElementTree as tree
from importlib import import_module
from importlib.metadata import entry_points

import pytest
from click.testing import CliRunner

import cptrules
from cptrules.cli import commands

pytest_plugins = "pytester"

# A run inside this one forgets the modules that it imported itself: all that a run may need is imported before.
for found in pkgutil.iter_modules(cptrules.__path__):
    if found.name not in ("x12", "fhir", "testing") and not found.name.startswith("x12_"):
        import_module(f"cptrules.{found.name}")

ACME = """policy acme.ppo {
  title "Acme PPO"
  payer "ACME"
}
source manual { title "Acme manual" }
limit visits {
  count visits of PT per calendar_year
  at most 3
  unless modifier in KX
  outcome deny carc CO-119
  cite manual
}

test "the third visit is paid" {
  claim   on 2026-03-02
  line    97110 GP units 1
  history complete from 2026-01-01
  service 97110 GP units 1 on 2 days from 2026-01-05
  expect  clean
  variant "the fourth is not" {
    service 97110 GP units 1 on 3 days from 2026-01-05
    expect  deny by visits on line 1 carc CO-119
  }
}
"""
WRONG = '''test "the fourth is paid, somebody thinks" {
  claim   on 2026-03-02
  line    97110 GP units 1
  history complete from 2026-01-01
  service 97110 GP units 1 on 3 days from 2026-01-05
  expect  clean
}
'''


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makefile(".policy", acme=ACME)
    return pytester


def run(folder: pytest.Pytester, *args: str) -> pytest.RunResult:
    return folder.runpytest_inprocess("-p", "no:cacheprovider", *args)


def run_apart(folder: pytest.Pytester, *args: str) -> pytest.RunResult:
    """In a process of its own, where it matters what is imported or who works."""
    return folder.runpytest_subprocess("-p", "no:cacheprovider", *args)


def test_it_is_registered() -> None:
    (found,) = [one for one in entry_points(group="pytest11") if one.name == "cptrules"]
    assert found.value == "cptrules.pytest_plugin"


def test_tests_and_variants_are_items(folder: pytest.Pytester) -> None:
    result = run(folder, "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["acme.policy::the third visit is paid PASSED*", "acme.policy::the third visit is paid > the fourth is not PASSED*"])


@pytest.mark.parametrize("word", ["the_fourth_is_not", "acme and fourth"])
def test_k_chooses_by_name(folder: pytest.Pytester, word: str) -> None:
    run(folder, "-k", word).assert_outcomes(passed=1, deselected=1)


def test_an_item_is_chosen_by_its_id(folder: pytest.Pytester) -> None:
    run(folder, "acme.policy::the third visit is paid > the fourth is not").assert_outcomes(passed=1)


def test_a_failure_reads_as_in_cptrules_test(folder: pytest.Pytester) -> None:
    path = folder.makefile(".policy", wrong=ACME.replace("acme.ppo", "acme.hmo") + WRONG)
    result = run(folder, "-x", "wrong.policy", "acme.policy", f"--junitxml={folder.path / 'junit.xml'}")
    assert result.ret == 1
    result.assert_outcomes(passed=2, failed=1)
    told = CliRunner().invoke(commands, ["test", str(path)]).output
    block = re.search(r"^  FAIL .*?(?=^  rules)", told, re.MULTILINE | re.DOTALL)
    assert block is not None
    assert block.group(0).rstrip() in result.stdout.str()
    assert "Traceback" not in result.stdout.str()
    junit = tree.parse(folder.path / "junit.xml").getroot()
    failed = [case.get("name") for case in junit.iter("testcase") if case.find("failure") is not None]
    assert failed == ["the fourth is paid, somebody thinks"]


def test_a_mistake_in_a_file_is_shown_in_its_place(folder: pytest.Pytester) -> None:
    folder.makefile(".policy", broken=ACME.replace("acme.ppo", "acme.old").replace("at most 3", "at mst 3"))
    result = run(folder)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*broken.policy:8:*error E*"])
    assert "Traceback" not in result.stdout.str()


def test_a_mistake_in_a_test_is_shown_in_its_place(folder: pytest.Pytester) -> None:
    folder.makefile(".policy", broken=ACME.replace("acme.ppo", "acme.old").replace("deny by visits", "deny by visit"))
    result = run(folder, "broken.policy")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*E059*visit*"])


def test_a_library_of_the_same_folder_is_found(pytester: pytest.Pytester) -> None:
    """As `cptrules test FOLDER` finds it."""
    pytester.mkdir("policies")
    text = ACME.replace('payer "ACME"', 'payer "ACME"\n  uses libraries.acme').replace("of PT", "of ours")
    pytester.path.joinpath("policies/acme.policy").write_text(text)
    pytester.path.joinpath("policies/library.policy").write_text('library libraries.acme { title "Ours" }\ncodes ours = 97110\n')
    run(pytester, "policies").assert_outcomes(passed=2)


def test_another_kind_of_policy_file_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makefile(".policy", java='grant { permission java.io.FilePermission "/tmp/*", "read"; };\n')
    pytester.makepyfile("def test_one() -> None: pass")
    run(pytester).assert_outcomes(passed=1)
    assert run(pytester, "java.policy").ret != 0  # named by its path, it is said what is wrong with it


def test_coverage_of_rules_clauses_and_boundaries(folder: pytest.Pytester) -> None:
    result = run(folder, "--policy-cov")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([
        "*policy coverage*", "acme.ppo", "*rules * 1 of 1 *", "*clauses * 0 of 1 *", "*boundaries 1 of 2 *",
        "*visits: unless modifier in KX: never true", "*visits: per calendar_year: never at the limit, never just past it",
    ])  # fmt: skip


def test_workers_of_xdist_add_up_what_they_tried(folder: pytest.Pytester) -> None:
    """Each of two workers runs one of the two cases; together they try the limit from both sides."""
    alone, together = run(folder, "--policy-cov"), run_apart(folder, "--policy-cov", "-n", "2")
    together.assert_outcomes(passed=2)
    said = re.search(r"^acme\.ppo$.*?(?=^\S)", alone.stdout.str(), re.MULTILINE | re.DOTALL)
    assert said is not None
    assert said.group(0).rstrip() in together.stdout.str()


def test_a_run_without_policy_files_is_as_before(pytester: pytest.Pytester) -> None:
    """The plugin imports neither the language nor Hypothesis, and can be turned off."""
    pytester.makepyfile("""
        import sys

        def test_nothing_was_imported() -> None:
            heavy = {"lark", "attrs", "cattrs", "hypothesis", "cptrules.loading", "cptrules.testing"}
            assert not heavy & set(sys.modules)
    """)
    run_apart(pytester, "-p", "no:hypothesispytest").assert_outcomes(passed=1)


def test_it_can_be_turned_off(folder: pytest.Pytester) -> None:
    assert run(folder, "-p", "no:cptrules").ret == pytest.ExitCode.NO_TESTS_COLLECTED
