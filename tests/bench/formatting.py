"""How long formatting a 10,000-line file takes beside parsing it; run it by hand: python tests/bench/formatting.py.

The bound that issue and docs name is 3 times. The file is the shipped Medicare policy over and over, its comments in; the fastest
of five runs of each counts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from cptrules.format import formatted
from cptrules.parse import parse

SOURCE = Path(__file__).parents[2] / "policies" / "medicare_part_b.policy"


def ten_thousand_lines() -> str:
    """The shipped policy, repeated with other names."""
    text, made, number = SOURCE.read_text(encoding="utf-8"), [], 0
    while sum(one.count("\n") for one in made) < 10_000:
        number += 1
        made.append(re.sub(r"^(\w+ )(\w+)( [={])", rf"\g<1>\g<2>_{number}\g<3>", text, flags=re.MULTILINE))
    return "".join(made)


def fastest(work: Callable[[str], object], text: str) -> float:
    """Seconds of the fastest of five runs."""
    times = []
    for _ in range(5):
        start = time.process_time()
        work(text)
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Print both times and their ratio."""
    text = ten_thousand_lines()
    parse(text)
    parsing, formatting = fastest(parse, text), fastest(formatted, text)
    lines = text.count("\n")
    print(f"{lines} lines: parsing {parsing:.2f} s, formatting {formatting:.2f} s, ratio {formatting / parsing:.2f} (at most 3)")


if __name__ == "__main__":
    main()
