"""Straight-line Python for the policies that speak for a claim: written once, read with `cptrules explain --code`.

Nothing of a policy's text stands in it. Its names are made here, its numbers are bits and places; whatever a policy names or states
(codes, words, dates, amounts) is bound to a name of the namespace in which the source is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import attrs

from ..claims import UNKNOWN, Patient, Provider
from ..columns import Columns
from ..lines import Case
from ..policy import CodeSet, Pairs, PriorAuthorization, TimeKey
from ..vocabulary import DISCIPLINES
from . import runtime, shapes, timed
from .counters import Running
from .granted import covered
from .odd import ODD, UNSURE, Odd, Unordered
from .rulings import CODE, Docket, Ruling

MASKS: Final = ("live", "broken", "met", "asked", "way", "maybe", "held", "feeds", "discipline")


@attrs.define
class Source:
    """Source text as it grows, and the names that it is run with."""

    docket: Docket
    wanted: Mapping[tuple[str, Any], int]
    cases: Mapping[int, Case]
    assumed: frozenset[str]
    diagnosed: list[CodeSet] = attrs.field(factory=list)
    needs: set[str] = attrs.field(factory=set)  # what has to be worked out before, for conditions
    names: dict[str, Any] = attrs.field(factory=dict)
    lines: list[str] = attrs.field(factory=list)
    depth: int = 1

    def say(self, *lines: str, deeper: int = 0) -> None:
        """Write lines at the depth in hand, or deeper."""
        self.lines += ["    " * (self.depth + deeper) + line for line in lines]

    def bind(self, value: object) -> str:
        """Give a value of the policies a name."""
        for name, known in self.names.items():
            if known is value or (type(known) is type(value) and known == value):
                return name
        name = f"K{len(self.names)}"
        self.names[name] = value
        return name

    def counters(self, local: bool) -> list[Running]:
        """The counters of the claim's own days, or those of longer windows."""
        return [counter for counter in self.docket.counters if counter.local is local]

    def windows(self) -> list[TimeKey]:
        """The windows of time that the history is passed over for."""
        return list(dict.fromkeys(counter.time for counter in self.counters(local=False)))

    def coded(self, *kinds: type) -> list[Ruling]:
        """The rules that code decides, perhaps only those that demand something of some kinds."""
        rulings = [one for one in self.docket.rulings if one.how == CODE]
        return [one for one in rulings if isinstance(one.rule.demand, kinds)] if kinds else rulings

    def told(self, what: str, key: Any) -> str:
        """The name of something that the shape tells."""
        return f"q{self.wanted[what, key]}"

    @property
    def looks_back(self) -> bool:
        """Whether anything hangs on the history's services."""
        return bool(self.docket.counters or self.coded(Pairs, PriorAuthorization))


def total(counter: Running) -> str:
    """The name of a counter's running total, or of its groups' totals."""
    if counter.form == "distinct":
        return f"g{counter.number}"
    return f"h{counter.number}" if counter.kinds or counter.local else f"t{counter.number}"


def written(docket: Docket, wanted: Mapping[tuple[str, Any], int], cases: Mapping[int, Case]) -> tuple[str, dict[str, Any], dict[int, str]]:
    """Write the code that decides a claim; give it, the names that its policies' values are bound to, and by bit each rule's own part."""
    from . import source_history, source_lines, source_rules

    assumed = frozenset(field.name for policy in docket.matching for field, _ in policy.assumes)
    source = Source(docket, wanted, cases, assumed)
    blocks = {ruling.bit: source_rules.block(source, ruling) for ruling in source.coded()}
    source_lines.claim(source)
    if source.looks_back:
        source_history.past(source)
    source_lines.start(source)
    source.say("for line in lines:")
    source.depth = 2
    source_lines.line(source)
    source_lines.feeds(source)
    for one in blocks.values():
        source.say(*one)
    source.say("broken.append(b)", "met.append(m)", "asked.append(a)", "place += 1")
    source.depth = 1
    source_rules.together(source)
    source.say("return broken, met, asked, unsettled")
    text = "\n".join(["def decide(claim, history, given, earlier, services, lines, plain):", *source.lines]) + "\n"
    return text, {**source.names, "diagnosed": runtime.Diagnosed(source.diagnosed)}, {bit: "\n".join(lines) for bit, lines in blocks.items()}


# The names of the library that the code uses; those that belong to one program come beside them.
LIBRARY: Final = {
    "UNKNOWN": UNKNOWN, "Patient": Patient, "Provider": Provider, "Columns": Columns, "DISCIPLINES": DISCIPLINES, "date": date, "zip": zip,
    "ODD": ODD, "UNSURE": UNSURE, "Odd": Odd, "Unordered": Unordered, "new_years": runtime.NewYears(),
    "taken": runtime.taken, "apart": runtime.apart, "with_balances": runtime.with_balances, "pointed": runtime.pointed,
    "nobody": object(), "nothing": frozenset(), "fact": shapes.fact,
    "sure_of": runtime.sure_of, "younger": runtime.younger, "covered": covered, "timed": timed.timed, "paired": runtime.paired,
}  # fmt: skip
