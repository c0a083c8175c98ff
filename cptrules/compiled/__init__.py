"""Policies compiled to Python: the same verdicts as `cptrules.evaluate`, which stays the meaning, at a fraction of its time.

A rule whose verdict hangs on codes and words alone is decided by the reference once for each shape of line; a rule that counts, or holds
dates against one another, by generated code over running totals. Where that code meets a missing fact, or anything it was not made for, the
reference judges the rule on that line. Sentences, facts, citations and repairs are made when they are read, by the reference.
"""

from __future__ import annotations

from operator import is_
from typing import Any, Final

import attrs

from ..claims import UNKNOWN, Claim, History, Session
from ..columns import Columns
from ..evaluate import Verdict, check, refuse_wrong_facts, same_patient, speaking
from ..policy import Policy
from ..report import Report
from ..rows import Past, Rows, services_of
from .odd import AGAIN, Unordered, Unspoken
from .program import Program, rising
from .report import settled

_MOST_PROGRAMS: Final = 4_096
_WITHOUT_FACTS: Final = (Past, Columns)  # a record with facts is never decoded so, nor a service put in a column


@attrs.define(eq=False)
class Compiled:
    """Policies with the programs made of them so far, one for each set of policies that speaks for a claim.

    Pickled it is the policies alone: the programs are made anew where they are wanted.
    """

    policies: tuple[Policy, ...]
    _programs: dict[Any, Program | None] = attrs.field(factory=dict, init=False, repr=False)
    _planned: frozenset[str] | None = attrs.field(default=None, init=False, repr=False)
    _declares: bool = attrs.field(default=False, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._planned = frozenset(payer for policy in self.policies if policy.plans for payer in policy.payers)
        self._declares = any(policy.facts for policy in self.policies)

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (self.policies,)

    def check(self, claim: Claim, history: History | None = None, session: Session | None = None,
              ignoring: frozenset[str] = frozenset()) -> Report:  # fmt: skip
        """Judge a claim as `cptrules.evaluate.check` does; the claim and the history are held to have been read or reread.

        Raises InputError where a declared fact is of the wrong type, or the history is another patient's.
        """
        if session is not None:
            return check(self.policies, claim, history, session, ignoring)
        return self.judged(claim, history, getattr(claim, "_kept", None), getattr(history, "_kept", None), ignoring)

    def judged(self, claim: Claim, history: History | None, kept: Any, past: Any, ignoring: frozenset[str] = frozenset()) -> Report:
        """Judge a claim as `check` does; `kept` and `past` are how claim and history were kept when they were read."""
        given: Any = kept.record if kept.__class__ is Rows else claim  # the fields of the claim and the history, as they were decoded or are
        if past.__class__ is Past:
            earlier, services = past.record, past.services
        else:
            earlier, services = history, services_of(history)
        payer = given.payer
        program = self._programs.get((payer, given.plan) if payer in self._planned else payer) or self.program(claim)  # type: ignore[operator]
        if program is None:
            return check(self.policies, claim, history, None, ignoring)
        if self._declares:
            told = None if past.__class__ in _WITHOUT_FACTS else history
            if given is claim or told is not None:
                refuse_wrong_facts(self.policies, claim, told)
        if earlier is not None and earlier.patient is not UNKNOWN:
            patient = given.patient
            if not patient or patient.id != earlier.patient:
                same_patient(claim, history)
        code = program.code
        try:
            if given is not claim and code.takes_rows:
                lines, ordered, plain = kept.rows, kept.ordered, kept.plain
            else:
                lines, ordered, plain = claim.lines, rising([line.number for line in claim.lines]), False
            if not ordered:
                raise Unordered
            broken, met, asked, unsettled = decided = code.decide(claim, history, given, earlier, services, lines, plain)
        except AGAIN:
            try:
                broken, met, asked, unsettled = decided = program.decide(claim, history)
            except Unspoken:
                return check(self.policies, claim, history, None, ignoring)
        if not unsettled and not any(asked):
            return settled((self, program, claim, history, ignoring, broken, met, None, None, None))
        verdicts: dict[int, dict[int, Verdict]] = {}
        open_, counted = program.ask(claim, history, ignoring, decided, verdicts)
        return settled((self, program, claim, history, ignoring, broken, met, open_, counted, verdicts))

    def program(self, claim: Claim) -> Program | None:
        """The program for a claim, None where a line of it may be of no policy or its plan is not known."""
        payer, plan = claim.payer, claim.plan
        key = (payer, plan) if payer in self._planned else payer  # type: ignore[operator]
        try:
            return self._programs[key]
        except KeyError:
            pass
        if len(self._programs) >= _MOST_PROGRAMS:
            self._programs.clear()
        matching = speaking(self.policies, claim) if isinstance(payer, str) else ()
        sure = matching and not (plan is UNKNOWN and payer in self._planned)  # type: ignore[operator]
        made = self._program(matching) if sure else None
        self._programs[key] = made
        return made

    def _program(self, matching: tuple[Policy, ...]) -> Program:
        """One program serves every payer and plan for which the same policies speak."""
        for known in self._programs.values():
            if known is not None and len(known.matching) == len(matching) and all(map(is_, known.matching, matching)):
                return known
        return Program(self.policies, matching)
