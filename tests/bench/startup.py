"""How long one check takes from the shell, beside importing what it stands on; run it by hand: python tests/bench/startup.py.

The bound that issue and docs name is 2.5 times `python -c "import lark, attrs, cattrs"`. The first run builds what is kept
between runs (docs: README, the last paragraph) and is not counted; each command is run in turn, the fastest of each counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLAIM = {
    "id": "C1", "payer": "MEDICARE_B", "received": "2026-03-10", "billing_provider": {"npi": "1"},
    "lines": [{"number": 1, "code": "97110", "modifiers": ["GP"], "units": 2, "minutes": 30, "date_of_service": "2026-03-04"}],
}  # fmt: skip


def seconds(command: list[str]) -> float:
    """Run a command once."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


def main() -> None:
    """Print both times and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        claim = Path(folder, "claim.json")
        claim.write_text(json.dumps(CLAIM), encoding="utf-8")
        base = [sys.executable, "-c", "import lark, attrs, cattrs"]
        check = [sys.executable, "-m", "cptrules.cli", "check", "medicare.part_b.outpatient_therapy", "--claim", str(claim)]
        seconds(check)
        rounds = [(seconds(base), seconds(check)) for _ in range(11)]
    least, ours = min(one for one, _ in rounds), min(other for _, other in rounds)
    print(f"import lark, attrs, cattrs: {least:.3f} s; cptrules check: {ours:.3f} s; ratio {ours / least:.2f} (at most 2.5)")


if __name__ == "__main__":
    main()
