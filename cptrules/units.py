"""Timed units from minutes: the CMS total-time count, the AMA midpoint count, and the assistants' 10 percent (M8).

Sources: Medicare Claims Processing Manual, chapter 5, section 20.2 (total time); facts/medicare.md, sections 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import attrs


def total_units(minutes: int) -> int:
    """Units of a total of minutes: 8 to 22 one, 23 to 37 two, and so on; none under 8."""
    return (minutes + 7) // 15


@attrs.frozen
class Allocation:
    """Who gets the units of a day: whole fifteens first, the rest one each to the largest remainders.

    `sure` is what each code has in every right answer; `open_units` more go one each among the codes of `tied`.
    """

    minutes: Mapping[str, int]
    total: int
    sure: Mapping[str, int]
    tied: tuple[str, ...] = ()
    open_units: int = 0

    def splits(self) -> Iterator[dict[str, int]]:
        """Every right answer, codes without a unit left out."""
        for chosen in combinations(self.tied, self.open_units):
            units = {code: self.sure[code] + (code in chosen) for code in self.minutes}
            yield {code: number for code, number in units.items() if number}

    def shares(self, billed: Mapping[str, int], order: Sequence[str]) -> dict[str, int]:
        """The split that is best for the claim: codes billed for the open units get them, earlier ones first (M8.3)."""
        place = {code: number for number, code in enumerate(order)}
        wanting = sorted(self.tied, key=lambda code: (billed.get(code, 0) <= self.sure[code], place.get(code, len(place))))
        chosen = set(wanting[: self.open_units])
        return {code: self.sure[code] + (code in chosen) for code in self.minutes}


def cms_total_time(minutes: Mapping[str, int]) -> Allocation:
    """Allocate a day's units of one discipline by the total of its timed minutes (M8.1)."""
    total = total_units(sum(minutes.values()))
    sure = {code: number // 15 for code, number in minutes.items()}
    left = total - sum(sure.values())
    rest = sorted({number % 15 for number in minutes.values()} - {0}, reverse=True)
    for remainder in rest:
        codes = tuple(code for code, number in minutes.items() if number % 15 == remainder)
        if left < len(codes):
            return Allocation(minutes, total, sure, codes if left else (), left)
        left -= len(codes)
        sure = {code: units + (code in codes) for code, units in sure.items()}
    return Allocation(minutes, total, sure)


def midpoint_units(minutes: int, length: int = 15) -> int:
    """Units of some length: one is reached when its midpoint is passed (8 minutes of 15, 16 of 30, 31 of 60)."""
    return (minutes + (length - 1) // 2) // length


def ama_midpoint(minutes: Mapping[str, int]) -> dict[str, int]:
    """Each code alone: a unit is reached when its midpoint is passed; remainders are never joined (M8.2)."""
    return {code: midpoint_units(number) for code, number in minutes.items()}


# ---- assistants (facts/medicare.md, section 2) -------------------------------------------------------------------


def above_ten_percent(therapist: int, assistant: int, method: str) -> bool:
    """Whether an assistant's minutes are above 10 percent, by a named method; exactly 10 percent never is.

    cms_percentage: the share rounded to whole percent is 11 or more. cms_simple: at least the tenth of the total, rounded,
    plus one. exact: more than a tenth. CMS publishes the first two; they differ by a minute or so.
    """
    whole = therapist + assistant
    if not assistant or not whole:
        return False
    match method:
        case "cms_percentage":
            return (200 * assistant + whole) // (2 * whole) >= 11
        case "cms_simple":
            return assistant >= (whole + 5) // 10 + 1
        case _:
            return assistant * 10 > whole


def assisted_untimed(therapist: int, assistant: int, method: str) -> bool:
    """Whether an untimed code carries the assistant's modifier."""
    return above_ten_percent(therapist, assistant, method)


def assistant_units(therapist: int, assistant: int, units: int, method: str) -> tuple[int, int]:
    """Units of a timed code without and with the assistant's modifier; minutes together count as the therapist's.

    Full fifteens go out first, each to its person; what is left goes by the final-unit rows. Where fewer units are billed
    than there are full fifteens, the therapist's come first; units that no minutes are left for go with the last one.
    """
    if not assistant or not therapist:
        return (0, units) if assistant else (units, 0)
    plain, tagged = min(therapist // 15, units), assistant // 15
    if plain + tagged >= units:
        return plain, units - plain
    rest_t, rest_a = therapist % 15, assistant % 15
    left = units - plain - tagged
    if left == 2 and rest_t >= 8 and rest_a >= 8:
        return plain + 1, tagged + 1
    if _final_unit_tagged(rest_t, rest_a, method):
        return plain, tagged + left
    return plain + left, tagged


def _final_unit_tagged(therapist: int, assistant: int, method: str) -> bool:
    """Whether the last unit has the modifier: not where the therapist alone reaches 8 minutes of it."""
    if therapist >= 8:
        return False
    return assistant >= 8 or above_ten_percent(therapist, assistant, method)
