"""The faults planted in the evaluator (tests/faults): each patch still applies and makes another program, and the laws catch a sample of them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "faults"))
import run as planted

ALL = planted.faults()


def test_there_are_forty_and_each_says_what_it_breaks() -> None:
    assert len(ALL) == 40
    assert len({fault.name for fault in ALL}) == 40
    assert all(len(fault.says) > 20 for fault in ALL)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("copy") / "cptrules"
    shutil.copytree(planted.TOP / "cptrules", target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_each_applies_and_is_python(fault: planted.Fault, package: Path) -> None:
    before = {path: path.read_text(encoding="utf-8") for path in package.glob("*.py")}
    fault.applied(package)
    changed = [path for path, text in before.items() if path.read_text(encoding="utf-8") != text]
    assert len(changed) == 1
    compile(changed[0].read_text(encoding="utf-8"), str(changed[0]), "exec")
    changed[0].write_text(before[changed[0]], encoding="utf-8")


def test_a_patch_whose_lines_have_gone_is_told(package: Path, tmp_path: Path) -> None:
    path = tmp_path / "gone.patch"
    path.write_text("Gone\n\n--- a/cptrules/truth.py\n+++ b/cptrules/truth.py\n@@ -1,1 +1,1 @@\n-this line is nowhere\n+nor this\n", encoding="utf-8")
    with pytest.raises(planted.DoesNotApply, match=r"gone\.patch"):
        planted.Fault(path).applied(package)


@pytest.mark.parametrize("name", ["01_denied_services_count", "07_over_at_the_limit", "11_the_nth_day_is_out"])
def test_the_laws_catch_a_sample(name: str) -> None:
    """All forty are tried by `python tests/faults/run.py`; its table stands in docs/reliability.md."""
    (fault,) = planted.faults(name)
    assert planted.caught(fault, 0.5) not in ("none", "crash")
