"""The policies that speak for a claim as one program: their code, and what the reference has said of shapes so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from textwrap import indent
from typing import Any, Final

from attrs import evolve

from ..claims import Claim, History, Service, ServiceLine
from ..codesets import code_table
from ..conditions import truth_of
from ..evaluate import Hearing, Mentioned, Verdict, heard, status_of, verdict
from ..lines import Case
from ..policy import Policy
from ..rows import as_given, lines_of, record_of, services_of
from ..truth import Truth
from .eras import MOST_DAYS, Eras, dated
from .odd import Odd, Unspoken, Warmer
from .rulings import Docket, Ruling, docket
from .shapes import MOST_SHAPES, Asked, Fed, Shape, fed_by, shape_of, wanted
from .source import LIBRARY, MASKS, written

_NO_CLAIM: Final = Claim(lines=())
Decided = tuple[list[int], list[int], list[int], list[tuple[int, int, Shape]]]


class Hold:
    """A claim in hand, for conditions that only the reference judges; the views are made when the first is asked."""

    __slots__ = ("_claim", "_heard", "_history")

    def __init__(self, claim: Claim, history: History | None) -> None:
        self._claim = claim
        self._history = history
        self._heard: Hearing | None = None

    def truth(self, asked: Asked, line: ServiceLine) -> bool:
        """Whether a condition holds for a line; raises Odd where that is unknown."""
        if self._heard is None:
            self._heard = heard((asked.policy,), self._claim, self._history)
        view = next(view for view in self._heard.lines if view.record.number == line.number)
        found = truth_of(asked.condition, view, self._heard.case(asked.policy)).truth
        if found is Truth.UNKNOWN:
            raise Odd
        return found is Truth.TRUE


@lru_cache(maxsize=256)
def maker(source: str, names: tuple[str, ...]) -> Callable[..., Any]:
    """Compile the source of a `decide` into a function that binds its names; policies that differ in their values alone share it."""
    text = f"def program({', '.join(names)}):\n{indent(source, '    ')}\n    return decide\n"
    namespace: dict[str, Any] = {}
    exec(compile(text, "<compiled policies>", "exec"), _NAMESPACE, namespace)  # only text that this package wrote
    found: Callable[..., Any] = namespace["program"]
    return found


class Program:
    """The rules of the policies that speak for a claim, compiled. Shapes are remembered up to a bound; nothing of a claim is."""

    def __init__(self, policies: tuple[Policy, ...], matching: tuple[Policy, ...]) -> None:
        self.policies = policies
        self.matching = matching
        self.cases: Mapping[int, Case] = {
            id(policy): Case(policy, _NO_CLAIM, None, None, (), (), policy.code_table or code_table()) for policy in matching
        }
        self.eras = Eras(span for policy in matching for span in dated(policy, policy.code_table or code_table()))
        self.warm = 0
        self.code = Code(self, docket(matching))

    @property
    def docket(self) -> Docket:
        """The rules with their bits, which stay as they are when more of them are written into the code."""
        return self.code.docket

    def decide(self, claim: Claim, history: History | None) -> Decided:
        """Decide every rule that code decides on every line: masks of the lines in the order of their numbers."""
        lines = sorted(lines_of(claim) if self.code.takes_rows else claim.lines, key=lambda line: (line.date_of_service, line.number))
        try:
            decided = self.code.decide(claim, history, as_given(claim), as_given(history), services_of(history), lines, False)
        except Warmer as more:
            return self._again(more, claim, history)
        numbers = [line.number for line in lines]
        return decided if rising(numbers) else _by_number(numbers, decided)

    def _again(self, more: Warmer, claim: Claim, history: History | None) -> Decided:
        """Write the code anew with the rules that a line has met for the first time, and decide the claim with it."""
        self.warm |= more.bits
        self.code = Code(self, docket(self.matching, self.warm))
        return self.decide(claim, history)

    def ask(self, claim: Claim, history: History | None, ignoring: frozenset[str], decided: Decided,
            verdicts: dict[int, dict[int, Verdict]]) -> tuple[list[int], list[int]]:  # fmt: skip
        """Let the reference judge what code left open; give what stays undetermined, and of that what counts in the outcome."""
        broken, met, asked, unsettled = decided
        numbers = sorted(line.number for line in claim.lines)
        missing: dict[int, list[tuple[int, frozenset[str]]]] = {}
        for place, _, shape in unsettled:
            for bit, fields in shape.missing.items():
                missing.setdefault(bit, []).append((place, fields))
        if any(asked):
            hearing = heard(self.policies, claim, history, None, ignoring)
            views = {view.index: view for view in hearing.lines}
            for ruling in self.docket.rulings:
                these = [place for place, mask in enumerate(asked) if mask & ruling.bit]
                if these:
                    case = evolve(hearing.case(ruling.policy), mentioned=Mentioned(ruling.rule))
                    judge = verdict if ignoring else status_of  # which facts are missing matters now only where some are ignored
                    found = {place: judge(ruling.rule, views[numbers[place]], case) for place in these}
                    verdicts[ruling.bit] = {numbers[place]: one for place, one in found.items()}
                    _marked(ruling, found, broken, met, missing)
        return _undetermined(missing, ignoring, len(numbers))


class Code:
    """The generated function with the shapes that it knows; more rules in the code make a new one of these."""

    def __init__(self, program: Program, rules: Docket) -> None:
        self.docket = rules
        self._matching, self._cases, self._eras = program.matching, program.cases, program.eras
        self._wanted = wanted(rules)
        self._tables: dict[tuple[int, tuple[Any, ...]], dict[Any, Any]] = {}
        self._days: dict[date, dict[Any, Any]] = {}  # of policies that ask nothing of the claim: the shapes of a day's era
        self._count = 0
        self._served: dict[Any, Fed] = {}
        self._past = tuple(counter for counter in rules.counters if not counter.local)
        self.takes_rows = all(counter.counter.measure != "charged" for counter in rules.counters)  # what was charged is text in a decoded line
        self.source, bound, self.blocks = written(rules, self._wanted, self._cases)
        own = {"table": self._table, "days": self._days, "shape": self._shape, "served": self._serve, "Hold": Hold}
        names = {**own, **bound}
        # Of a claim and a history, both as they are and as they were decoded, the services, and lines whose numbers rise, with whether they are
        # plain: none states minutes by person or diagnoses of its own. Raises Unordered where the lines' dates do not rise.
        self.decide: Callable[[Claim, History | None, Any, Any, Any, Sequence[Any], bool], Decided] = maker(self.source, tuple(names))(**names)

    def _table(self, day: date, answers: tuple[Any, ...]) -> dict[Any, Any]:
        """The shapes of a day's era that are known so far, of claims with the same answers."""
        key = self._eras.of(day), answers
        found = self._tables.get(key)
        if found is None:
            found = self._tables[key] = {}
        if not answers:
            if len(self._days) >= MOST_DAYS:
                self._days.clear()
            self._days[day] = found
        return found

    def _shape(self, shapes: dict[Any, Any], key: Any, line: ServiceLine, claim: Claim) -> tuple[Any, ...]:
        """A line's shape, asked of the reference; one with minutes by person is not remembered, for those are as many as there are lines."""
        if not any(policy.speaks_on(line.date_of_service) for policy in self._matching):  # type: ignore[arg-type]
            raise Unspoken
        found = shape_of(self.docket, self._wanted, record_of(line, claim), claim, self._cases)
        if found.cold:
            raise Warmer(found.cold)
        odd = (found.unsettled, found.perhaps, found) if found.unsettled or found.perhaps or found.asked else None
        flat = (*(getattr(found, name) for name in MASKS), odd, *found.told)
        if not isinstance(line.minutes_by, Mapping):
            if self._count >= MOST_SHAPES:
                self._tables.clear()
                self._days.clear()
                shapes.clear()
                self._count = 0
            self._count += 1
            shapes[key] = flat
        return flat

    def _serve(self, service: Service, claim: Claim, history: History) -> Fed:
        """Which running totals a service feeds; asked of the reference once for each shape of a service."""
        day = service.date_of_service
        provider = service.rendering_provider
        key = (
            self._eras.of(day) if isinstance(day, date) else None, service.code, service.modifiers, service.discipline,
            getattr(provider, "role", provider), service.contact, service.patients, service.telehealth, service.revenue_code,
            service.place_of_service, service.therapy_kind,
        )  # fmt: skip
        found = self._served.get(key)
        if found is None:
            if len(self._served) >= MOST_SHAPES:
                self._served.clear()
            found = self._served[key] = fed_by(self._past, service, claim, history, self._cases)
        return found


def rising(numbers: list[int]) -> bool:
    """Whether the numbers of a claim's lines, which all differ, stand in their order."""
    return numbers == sorted(numbers)


def _by_number(numbers: list[int], decided: Decided) -> Decided:
    """Lines that were taken in the order of their dates, in the order of their numbers again."""
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    broken, met, asked = ([masks[place] for place in order] for masks in decided[:3])
    places = {place: rank for rank, place in enumerate(order)}
    return broken, met, asked, [(places[place], mask, shape) for place, mask, shape in decided[3]]


def _marked(ruling: Ruling, found: Mapping[int, Verdict], broken: list[int], met: list[int],
            missing: dict[int, list[tuple[int, frozenset[str]]]]) -> None:  # fmt: skip
    for place, one in found.items():
        if one.status == "broken":
            broken[place] |= ruling.bit
        elif one.status == "met":
            met[place] |= ruling.bit
            broken[place] |= ruling.inform if one.judged is not None and one.judged.inform is not None else 0
        elif one.status == "undetermined":
            missing.setdefault(ruling.bit, []).append((place, frozenset(need.field for need in one.needs)))


def _undetermined(missing: dict[int, list[tuple[int, frozenset[str]]]], ignoring: frozenset[str], many: int) -> tuple[list[int], list[int]]:
    """A rule that stays open on all of its lines only for want of fields that may be ignored moves no outcome."""
    open_, counted = [0] * many, [0] * many
    for bit, lines in missing.items():
        ignored = all(fields and fields <= ignoring for _, fields in lines)
        for place, _ in lines:
            open_[place] |= bit
            counted[place] |= 0 if ignored else bit
    return open_, counted


_BUILTINS: Final = {"len": len, "max": max, "min": min, "set": set, "str": str, "int": int}
_NAMESPACE: Final[dict[str, Any]] = {"__builtins__": _BUILTINS, **LIBRARY}  # nothing in it is a policy's
