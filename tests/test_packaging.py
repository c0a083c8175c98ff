"""What lies at the top level is in the package that is installed, and the doors between modules open one way."""

from __future__ import annotations

import ast
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from judging import claim, history, judge, line, policy

import cptrules
from cptrules import Claim
from cptrules.resources import folder

PACKAGE = Path(cptrules.__file__).parent

# From the floor up: a module may import from its own row and the rows above it here.
ROOMS = (
    ("places", "resources", "vocabulary", "truth", "dates", "units", "errors", "cache"),
    ("diagnostics", "claims"),
    ("tree",),
    ("tables", "fields", "codesets"),
    ("policy",),
)


def test_grammar_policies_and_tables_are_found() -> None:
    assert folder("grammars").joinpath("policy.lark").is_file()
    assert folder("policies").joinpath("tables").joinpath("ncci_ptp.csv").is_file()


def test_every_public_name_is_there() -> None:
    for name in cptrules.__all__:
        assert getattr(cptrules, name) is not None


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, cptrules; print([m for m in ('lark', 'attrs', 'cattrs', 'click') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_lower_rooms_import_nothing_from_above() -> None:
    seen: set[str] = set()
    for row in ROOMS:
        seen |= set(row)
        for module in row:
            assert _imports(PACKAGE / f"{module}.py") <= seen, module


def _imports(path: Path) -> set[str]:
    """The modules of the package that a module imports when it is imported itself."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {node.module} if node.module else {alias.name for alias in node.names}
    return found


def test_policies_and_reports_can_be_pickled_and_shared_among_threads() -> None:
    acme = policy("limit visits { count visits of PT per calendar_year  at most 0  outcome deny  cite manual }")
    again = pickle.loads(pickle.dumps(acme))
    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(lambda _: judge(again, claim(line()), history()).to_dict(), range(20)))
    assert all(report == judge(acme, claim(line()), history()).to_dict() for report in reports)
    report = judge(acme, claim(line()), history())
    assert pickle.loads(pickle.dumps(report)).to_dict() == report.to_dict()


def test_a_policy_that_was_kept_is_not_used_when_its_file_or_table_has_changed(tmp_path: Path) -> None:
    head = 'policy acme.ppo { title "Acme" payer "ACME" }\n'
    path = tmp_path / "acme.policy"
    rule = 'limit units_a_day {{ count units per day and code  at most {}  outcome deny }}\n'
    environment = {**os.environ, "CPTRULES_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(PACKAGE.parent)}
    code = f"import cptrules, json; p = cptrules.load({str(path)!r}); print(p.policies[0].rules[0].demand.at_most)"

    def bound() -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout

    path.write_text(head + rule.format(3), encoding="utf-8")
    assert "3" in bound()
    assert "3" in bound()
    path.write_text(head + rule.format(4), encoding="utf-8")
    assert "4" in bound()
    path.write_text(head + 'table most from "most.csv" keys code values units missing none\n' + rule.format("most"), encoding="utf-8")
    (tmp_path / "most.csv").write_text("code,units\n97110,5\n", encoding="utf-8")
    assert "'5'" in bound() or "most" in bound()
    first = bound()
    (tmp_path / "most.csv").write_text("code,units\n97110,6\n97112,1\n", encoding="utf-8")
    assert bound() == first  # a table shows its name, not its rows
    changed = f"import cptrules; p = cptrules.load({str(path)!r}); print(len(p.policies[0].rules[0].demand.at_most.table.rows))"
    assert subprocess.run([sys.executable, "-c", changed], capture_output=True, text=True, check=True, env=environment).stdout.strip() == "2"


def test_records_are_immutable_and_show_no_patient() -> None:
    found = Claim.from_dict(claim(line(), patient={"id": "P-SECRET", "birth_date": "1950-02-01"}, diagnoses=["M54.50"]))
    assert "SECRET" not in repr(found)
    assert "M54" not in repr(found)
