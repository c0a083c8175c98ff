"""How often `diff` finds the rule that was changed and a claim that moves; run it by hand: python tests/bench/comparing.py [HOW MANY].

Random changes of one clause of one rule of the shipped policies, the same each time. What docs/analyst.md says is what it prints.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path

os.environ["CPTRULES_CACHE"] = "off"
sys.path.insert(0, str(Path(__file__).parents[1]))

from clause_changes import changed

from cptrules.checking import Policies, policies_of
from cptrules.compare import compare
from cptrules.errors import PolicyErrors
from cptrules.loading import read
from cptrules.parse import parse
from cptrules.write import written

SHIPPED = sorted((Path(__file__).parents[2] / "policies").glob("*.policy"))


def loaded(path: Path) -> Policies | None:
    """The policies of a file, None where the change made a mistake."""
    try:
        return policies_of(read([str(path)]))
    except PolicyErrors:
        return None


def main() -> None:
    """Print how many changes were made, how many told exactly, for how many a claim moves; and those for which none does."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    rng = random.Random(8)
    texts = {path: parse(path.read_text(encoding="utf-8")).file for path in SHIPPED}
    olds = {path: loaded(path) for path in SHIPPED}
    made = exact = moved = 0
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        while made < wanted:
            path = rng.choice(SHIPPED)
            found = changed(texts[path], rng)
            if found is None or olds[path] is None:
                continue
            rule, what, file = found
            new_path = Path(folder, path.name)
            new_path.write_text(written(file), encoding="utf-8")
            new = loaded(new_path)
            if new is None:
                continue
            made += 1
            told = compare(olds[path], new)  # type: ignore[arg-type]
            exactly = [change.rule for change in told.changes] == [rule] and not told.heads
            exact += exactly
            moves = exactly and told.changes[0].moved is not None
            moved += moves
            if not moves:
                print(f"  {path.stem} {rule}: {what}: {told.changes[0].words if told.changes else 'nothing told'}")
    share, took = 100 * moved / made, time.process_time() - start
    print(f"{made} changes: {exact} told exactly, {moved} with a claim that moves ({share:.1f} percent); {took:.0f} s")


if __name__ == "__main__":
    main()
