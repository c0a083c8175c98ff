"""A report of which outcome, findings and statuses are settled, and whose sentences are made when somebody reads them.

The sentences, facts, citations and repairs are the reference's own, rule by rule, from the same claim and history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..claims import Claim, History
from ..evaluate import Hearing, Ruled, Verdict, apart_from_rules, heard, noted, paid, reported, ruled
from ..report import Finding, LineReport, Mark, Report, RuleStatus
from ..rows import lines_of
from .rulings import LATER, Ruling

if TYPE_CHECKING:
    from . import Compiled
    from .program import Program


class Decision(NamedTuple):
    """What was decided of a claim: by whom, of what, and what may be ignored.

    Then, a mask for each line in the order of the numbers, the rules that are broken on it and met; where the reference was asked, also
    those that are undetermined, those of them that count in the outcome, and by bit and line what it said.
    """

    compiled: Compiled
    program: Program
    claim: Claim
    history: History | None
    ignoring: frozenset[str]
    broken: list[int]
    met: list[int]
    open: list[int] | None = None
    counted: list[int] | None = None
    verdicts: dict[int, dict[int, Verdict]] | None = None


class Settled(Report):
    """The report of a claim that was decided by compiled code; it reads like any other, and what is read is made then."""

    __slots__ = ("_decision", "_made")
    _decision: Decision
    _made: dict[str, Any]

    def __init__(self) -> None:
        raise TypeError("a settled report is given by Policies.check")

    # ---- settled at once -------------------------------------------------------------------------------------

    @property
    def claim(self) -> Claim:
        """The claim."""
        return self._decision.claim

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of the policies that speak for it."""
        return tuple(policy.name for policy in self._program.matching)

    @property
    def titles(self) -> tuple[str, ...]:
        """Their titles."""
        return tuple(policy.title for policy in self._program.matching)

    @property
    def ignored(self) -> tuple[str, ...]:
        """The fields for want of which no outcome moves."""
        return tuple(sorted(self._decision.ignoring))

    @property
    def at_least(self) -> str:
        """The worst of what is broken."""
        return self._worst(self._decision.broken)

    @property
    def at_most(self) -> str:
        """The worst of what is broken or undetermined."""
        return self._worst((*self._decision.broken, *(self._decision.counted or ())))

    @property
    def outcome(self) -> str:
        """The outcome, or `undetermined` where missing facts can change it."""
        least = self.at_least
        return least if least == self.at_most else "undetermined"

    @property
    def unjudged(self) -> bool:
        """Whether some line is open for a reason of no rule: never, where a program decided."""
        return False

    @property
    def overruled(self) -> int:
        """How many findings a person set aside: none yet."""
        return 0

    def _worst(self, masks: Iterable[int]) -> str:
        every = 0
        for mask in masks:
            every |= mask
        return self._program.docket.outcomes[every.bit_length()]

    @property
    def _program(self) -> Program:
        return self._decision.program

    @property
    def _numbers(self) -> list[int]:
        return sorted([line.number for line in lines_of(self._decision.claim)])

    def _masks(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Each line's number, and what is broken on it, met, undetermined, and undetermined so that it counts."""
        decision = self._decision
        none = [0] * len(decision.broken)
        return zip(self._numbers, decision.broken, decision.met, decision.open or none, decision.counted or none, strict=True)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What was found, in short."""
        lines: dict[tuple[str | None, str, str], list[int]] = {}
        broken, names = self._decision.broken, self._program.docket.names
        if not any(broken):
            return ()
        for number, mask in zip(self._numbers, broken, strict=True):
            while mask:
                bit = mask.bit_length() - 1
                lines.setdefault(names[bit], []).append(number)  # a timing rule that informs, and what it says of units not billed, are one
                mask ^= 1 << bit
        return tuple(sorted([Mark(*name, tuple(numbers)) for name, numbers in lines.items()], key=_by_name))

    # ---- made when read --------------------------------------------------------------------------------------

    @property
    def lines(self) -> tuple[LineReport, ...]:
        """Each line's outcome; what stands of it comes from the findings of rules that reduce."""
        return self._once("lines", lambda: self._lines())  # type: ignore[no-any-return]

    @property
    def rules(self) -> tuple[RuleStatus, ...]:
        """One entry for each rule and status."""
        return self._once("rules", lambda: tuple(status for one in self._docket() for status in self._ruled(one).statuses))  # type: ignore[no-any-return]

    @property
    def open(self) -> tuple[RuleStatus, ...]:
        """The rules that are undetermined, each with what is missing; no other rule is looked at for it."""
        every = 0
        for mask in self._decision.open or ():
            every |= mask
        these = [one for one in self._docket() if every & one.bit]
        return tuple(status for one in these for status in self._ruled(one).statuses if status.status == "undetermined")

    @property
    def found(self) -> tuple[Finding, ...]:
        """The findings, without their repairs."""
        return tuple(finding for finding, _, _ in self._found())

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed or left aside."""
        return self._once("notes", lambda: tuple(noted(self._hearing(), self._looked_at())))  # type: ignore[no-any-return]

    @property
    def payments(self) -> Any:
        """What each line pays by the payment rules."""
        return self._once("payments", lambda: paid(self._hearing()))

    @property
    def _repairing(self) -> Any:
        return self.whole()._repairing

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, with the repairs that were applied and checked again."""
        return self._once("findings", self._repaired)  # type: ignore[no-any-return]

    def repair(self, attest: Iterable[str] = ()) -> Claim:
        """Apply the repairs to the claim; one that asserts something only when its value is named in `attest`. A new Claim."""
        return self.whole().repair(attest)

    def overrule(self, rule: str, *, line: int, by: str, why: str, policy: str | None = None) -> Report:
        """Set a finding aside: it stays in the report with who and why, and the outcome is reckoned without it (M10)."""
        return self.whole().overrule(rule, line=line, by=by, why=why, policy=policy)

    def whole(self) -> Report:
        """The same report with everything made."""
        return self._once("whole", self._whole)  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        return _given, (self.whole(),)

    def __repr__(self) -> str:
        return repr(self.whole())

    def _once(self, name: str, make: Any) -> Any:
        try:
            made = self._made
        except AttributeError:
            made = {}
            _set_made(self, made)
        if name not in made:
            made[name] = make()
        return made[name]

    def _whole(self) -> Report:
        return reported(self._hearing(), [self._ruled(one) for one in self._docket()], self._decision.compiled)

    def _hearing(self) -> Hearing:
        one = self._decision
        return self._once("hearing", lambda: heard(one.program.policies, one.claim, one.history, None, one.ignoring))  # type: ignore[no-any-return]

    def _docket(self) -> tuple[Ruling, ...]:
        return self._program.docket.rulings

    def _ruled(self, ruling: Ruling) -> Ruled:
        made = self._once("ruled", dict)
        if ruling.bit not in made:
            found = ruled(self._hearing(), ruling.policy, ruling.rule, (self._decision.verdicts or {}).get(ruling.bit))
            self._agrees(ruling, found)
            made[ruling.bit] = found
        return made[ruling.bit]  # type: ignore[no-any-return]

    def _agrees(self, ruling: Ruling, found: Ruled) -> None:
        """The code and the reference say the same, or nobody may read either."""
        if ruling.how == LATER:
            return
        said = {line: status.status for status in found.statuses for line in status.lines}
        for number, broken, met, open_, _ in self._masks():
            status = "broken" if broken & ruling.bit else "met" if met & ruling.bit else "undetermined" if open_ & ruling.bit else "not_applicable"
            if said[number] != status:
                told = f"of {ruling.rule.name} on line {number}"
                raise RuntimeError(f"compiled code says {status} {told}, the reference {said[number]}: please report it")

    def _found(self) -> Any:
        return self._once("found", self._finding)

    def _finding(self) -> list[Any]:
        every, docket = self._every(), self._program.docket
        found = [one for ruling in docket.rulings if every & (ruling.bit | ruling.inform) for one in self._ruled(ruling).found]
        apart = apart_from_rules(self._hearing()) if any(name is None and every & 1 << bit for bit, (name, _, _) in enumerate(docket.names)) else []
        return [*found, *apart]

    def _repaired(self) -> tuple[Finding, ...]:
        from ..repairs import Repairing

        one = self._decision
        candidates = tuple((repairs, why) for _, repairs, why in self._found())
        return Repairing(one.program.policies, one.history, None, one.ignoring, candidates, frozenset(), one.compiled).repaired(self)

    def _looked_at(self) -> set[int]:
        rules = sum(ruling.bit for ruling in self._docket())
        return {number for number, broken, met, open_, _ in self._masks() if (broken | met | open_) & rules}

    def _lines(self) -> tuple[LineReport, ...]:
        from ..repairs import standing

        outcomes = self._program.docket.outcomes
        reduced = [f for f in self._found() if f[0].stands] if self._reduces() else []
        found = []
        for number, broken, _, _, counted in self._masks():
            least, most = outcomes[broken.bit_length()], outcomes[(broken | counted).bit_length()]
            stands = standing([f for f, _, _ in reduced if number in f.lines])
            found.append(LineReport(number, least if least == most else "undetermined", least, most, stands))
        return tuple(found)

    def _every(self) -> int:
        """All that is broken on some line."""
        every = 0
        for mask in self._decision.broken:
            every |= mask
        return every

    def _reduces(self) -> bool:
        names, every = self._program.docket.names, self._every()
        return any(outcome == "reduce" and every & 1 << bit for bit, (_, _, outcome) in enumerate(names))


def _by_name(mark: Mark) -> tuple[str, str, str]:
    return mark.policy or "", mark.rule, mark.outcome


def _given(report: Report) -> Report:
    return report


_set_decision: Final = Settled._decision.__set__  # type: ignore[attr-defined]
_set_made: Final = Settled._made.__set__  # type: ignore[attr-defined]


_new: Final[Any] = object.__new__
_decision: Final[Any] = tuple.__new__  # what a NamedTuple's own constructor comes to


def settled(decision: tuple[Any, ...]) -> Report:
    """The report of what was decided; the parts are those of a Decision."""
    report = _new(Settled)
    _set_decision(report, _decision(Decision, decision))
    return report  # type: ignore[no-any-return]
