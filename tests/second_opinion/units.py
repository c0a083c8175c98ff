"""Units that minutes support, by brute force over every split (M8.1 to M8.3)."""

from __future__ import annotations

from itertools import product

Split = dict[str, int]


def splits(method: str, minutes: dict[str, int]) -> list[Split]:
    """Every right split of units among codes.

    `cms_total_time`: of all that give each code its whole fifteens and one more at most, those of the right sum in which no code without an extra
    unit has a larger remainder than one with it. `ama_midpoint`: each code alone.
    """
    if method == "ama_midpoint":
        return [{code: units_of(number) for code, number in minutes.items()}]
    units, found = units_of(sum(minutes.values())), []
    for extra in product((0, 1), repeat=len(minutes)):
        chosen = list(zip(minutes.items(), extra, strict=True))
        with_, without = ([number % 15 for (_, number), more in chosen if more == one] for one in (1, 0))
        split = {code: number // 15 + more for (code, number), more in chosen}
        if sum(split.values()) == units and max(without, default=0) <= min(with_, default=15):
            found.append(split)
    return found


def units_of(minutes: int) -> int:
    """8 to 22 minutes are one unit, 23 to 37 two, and so on."""
    units = 0
    while minutes >= 8 + 15 * units:
        units += 1
    return units


def excess(method: str, minutes: dict[str, int], billed: Split) -> tuple[int, list[Split]]:
    """The fewest units billed above the codes' shares, and by code in every split that comes to so few (ties in the claim's favour)."""
    over = [{code: max(0, billed[code] - share) for code, share in split.items()} for split in splits(method, minutes)]
    least = min(sum(one.values()) for one in over)
    return least, [one for one in over if sum(one.values()) == least]
