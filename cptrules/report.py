"""What a check gives back: every rule accounted for, findings with authority and repairs, and the outcome (M3, M9, M10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from .policy import Citation
from .vocabulary import OUTCOMES

if TYPE_CHECKING:
    from .claims import Claim

SEVERITY: Final = {outcome: number for number, outcome in enumerate(OUTCOMES)}


def worst(outcomes: Iterable[str]) -> str:
    """The worst of some outcomes; clean where there is none."""
    return max(outcomes, key=SEVERITY.__getitem__, default="clean")


@attrs.frozen
class Missing:
    """A fact that would settle a rule, in the policy's word for it, and its question."""

    field: str
    question: str


@attrs.frozen
class Repair:
    """One edit of the claim that clears a finding: `op` on a line, with its value and what it asserts, if it asserts."""

    op: str
    line: int
    value: str | None = None
    attests: str | None = None

    def words(self) -> str:
        """Say it as an instruction."""
        match self.op:
            case "add_modifier":
                return f"add {self.value} to line {self.line}"
            case "remove_modifier":
                return f"remove {self.value} from line {self.line}"
            case "set_units":
                return f"set line {self.line} to {self.value} unit" + ("" if self.value == "1" else "s")
            case "set_code":
                return f"substitute {self.value} on line {self.line}"
            case "attach_authorization":
                return f"attach authorization {self.value} to line {self.line}"
            case "split_line":
                return f"split line {self.line}: {self.value}"
            case _:
                return f"remove line {self.line}"


@attrs.frozen
class Overruled:
    """Who set a finding aside, and why."""

    by: str
    why: str


@attrs.frozen
class Finding:
    """One broken rule on one line: the sentence, the facts and their values, what the payer will answer, on whose authority.

    `stands` and `excess` are measures with amounts (units, dollars) of a `reduce`. `no_repair` says why there is none.
    """

    policy: str | None
    rule: str
    outcome: str
    lines: tuple[int, ...]
    message: str
    facts: Mapping[str, str] = attrs.field(factory=dict)
    stands: Mapping[str, Decimal] | None = None
    excess: Mapping[str, Decimal] | None = None
    carc: str | None = None
    rarc: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    repairs: tuple[Repair, ...] = ()
    no_repair: str | None = None
    overruled: Overruled | None = None


@attrs.frozen
class Mark:
    """What was found, without its words: a rule of a policy (None: of no policy), its outcome, and the lines that it names."""

    policy: str | None
    rule: str
    outcome: str
    lines: tuple[int, ...]


@attrs.frozen
class RuleStatus:
    """What became of a rule: on which lines it was met, broken, not applicable or undetermined, and why."""

    policy: str
    rule: str
    kind: str
    status: str
    lines: tuple[int, ...]
    why: str
    facts: Mapping[str, str] = attrs.field(factory=dict)
    missing: tuple[Missing, ...] = ()
    outcome: str = "clean"
    ignored: bool = False


@attrs.frozen
class LineReport:
    """A line's outcome: the worst of what is broken (`at_least`), and of what is broken or undetermined (`at_most`)."""

    number: int
    outcome: str
    at_least: str
    at_most: str
    stands: Mapping[str, Decimal] | None = None


@attrs.frozen
class ExpectedPayment:
    """What a line pays by a policy's payment rules where it stands, in dollars, with its arithmetic step by step.

    `at_most` None has no upper end; where the two ends differ, `missing` says what would settle it.
    """

    policy: str
    line: int
    at_least: Decimal
    at_most: Decimal | None
    steps: tuple[str, ...]
    missing: tuple[Missing, ...] = ()

    @property
    def pays(self) -> Decimal | None:
        """The amount, None where it is not known to the cent."""
        return self.at_least if self.at_least == self.at_most else None


@attrs.frozen(eq=False)
class Report:
    """The report of one claim under some policies; immutable.

    `outcome` is `undetermined` where `at_least` and `at_most` differ. `rules` has one entry for each rule and status.
    """

    claim: Claim = attrs.field(repr=False)
    policies: tuple[str, ...]
    lines: tuple[LineReport, ...]
    rules: tuple[RuleStatus, ...]
    found: tuple[Finding, ...] = attrs.field(repr=False)
    notes: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    payments: tuple[ExpectedPayment, ...] = ()
    _repairing: Any = attrs.field(default=None, repr=False, eq=False)
    _cache: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False, init=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, with the repairs that were applied and checked again."""
        if "findings" not in self._cache:
            self._cache["findings"] = self._repairing.repaired(self) if self._repairing is not None else self.found
        return self._cache["findings"]  # type: ignore[no-any-return]

    @property
    def at_least(self) -> str:
        """The worst of what is broken."""
        return worst(line.at_least for line in self.lines)

    @property
    def at_most(self) -> str:
        """The worst of what is broken or undetermined."""
        return worst(line.at_most for line in self.lines)

    @property
    def outcome(self) -> str:
        """The outcome, or `undetermined` where missing facts can change it."""
        return self.at_least if self.at_least == self.at_most and not self.unjudged else "undetermined"

    @property
    def unjudged(self) -> bool:
        """Whether some line is open for a reason of no rule (no policy speaks for it)."""
        return any(line.outcome == "undetermined" and line.at_least == line.at_most for line in self.lines)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What was found, in short: each rule with its outcome and every line that its findings name; no sentence is made for it."""
        lines: dict[tuple[str | None, str, str], set[int]] = {}
        for finding in self.found:
            lines.setdefault((finding.policy, finding.rule, finding.outcome), set()).update(finding.lines)
        return tuple(Mark(*key, tuple(sorted(lines[key]))) for key in sorted(lines, key=lambda key: (key[0] or "", *key[1:])))

    def whole(self) -> Report:
        """The report with every sentence made; one that `Policies.check` gives makes them when they are read."""
        return self

    @property
    def open(self) -> tuple[RuleStatus, ...]:
        """The rules that are undetermined, each with what is missing."""
        return tuple(status for status in self.rules if status.status == "undetermined")

    @property
    def overruled(self) -> int:
        """How many findings a person set aside."""
        return sum(1 for finding in self.found if finding.overruled is not None)

    def repair(self, attest: Iterable[str] = ()) -> Claim:
        """Apply the repairs to the claim; one that asserts something only when its value is named in `attest`. A new Claim."""
        return self._repairing.apply_all(self, frozenset(attest))  # type: ignore[no-any-return]

    def overrule(self, rule: str, *, line: int, by: str, why: str, policy: str | None = None) -> Report:
        """Set a finding aside: it stays in the report with who and why, and the outcome is reckoned without it (M10).

        Raises ValueError when there is no such finding, when two policies have one and `policy` names neither, or when
        `by` or `why` is empty.
        """
        if not by.strip() or not why.strip():
            raise ValueError("an overruled finding names who and why")
        meant = [f for f in self.found if f.rule == rule and line in f.lines and policy in (None, f.policy)]
        if not meant:
            raise ValueError(f"no finding of {rule} on line {line}" + (f" in {policy}" if policy else ""))
        if len({f.policy for f in meant}) > 1:
            known = ", ".join(sorted(str(f.policy) for f in meant))
            raise ValueError(f"{rule} on line {line} is a finding of {known}: name the policy")
        mark = Overruled(by, why)
        found = tuple(attrs.evolve(f, overruled=mark) if f in meant else f for f in self.found)
        return self._repairing.assembled(self, found)  # type: ignore[no-any-return]

    def to_dict(self) -> dict[str, Any]:
        """The report as the JSON of interchange.md, as plain dicts, lists and strings."""
        from .report_json import report_dict

        return report_dict(self)

    def to_json(self) -> str:
        """The report as JSON text."""
        import json

        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def to_fhir(self) -> dict[str, Any]:
        """The report as an OperationOutcome of FHIR R4, as plain dicts; of the patient nothing is in it."""
        from .fhir.outcome import operation_outcome

        return operation_outcome(self)

    def __str__(self) -> str:
        from .render import report_text

        return report_text(self)
