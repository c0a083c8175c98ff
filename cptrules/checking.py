"""What a developer holds: policies that are loaded once and asked often."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from .claims import Claim, History, Session, is_sound
from .diagnostics import Diagnostic, rendered
from .errors import PolicyErrors, Refusal
from .policy import Policy
from .report import Report

if TYPE_CHECKING:
    from datetime import date

    from .appeals import Appeal
    from .billing import Bill
    from .claims import Person, Provider
    from .compare import Comparison
    from .compiled import Compiled
    from .loading import Loaded
    from .questions import Fact
    from .remaining import Remaining


FEW = 8  # checks that the reference does before compiling the policies pays


@attrs.frozen
class Policies:
    """Loaded policies: immutable, safe to share among threads and to pickle."""

    policies: tuple[Policy, ...]
    warnings: tuple[Diagnostic, ...] = attrs.field(default=(), repr=False)
    _made: list[Compiled] = attrs.field(factory=list, init=False, eq=False, repr=False)  # never pickled, nor are the checks so far
    _few: list[None] = attrs.field(factory=list, init=False, eq=False, repr=False)

    def check(self, claim: Claim, history: History | None = None, session: Session | None = None, *,
              ignore_missing: Iterable[str] = ()) -> Report:  # fmt: skip
        """Judge a claim by the policies whose payer and plan match it.

        A rule that stays open only for want of a field in `ignore_missing` moves no outcome. Raises InputError with every
        fault of the claim or the history and its path.
        """
        made = self._made
        if made and session is None and not ignore_missing:
            try:  # what was read is known to be sound
                return made[0].judged(claim, history, claim._kept, None if history is None else history._kept)
            except AttributeError:  # made by hand
                if is_sound(claim) and (history is None or is_sound(history)):
                    raise
        from .interchange import reread

        given = (
            reread(claim), None if history is None else reread(history, "history."),
            None if session is None else reread(session, "session."), frozenset(ignore_missing),
        )  # fmt: skip
        if len(self._few) < FEW:
            from .evaluate import check

            self._few.append(None)
            return check(self.policies, *given)
        return self._compiled().check(*given)

    def _compiled(self) -> Compiled:
        """The same policies compiled, once for these Policies; two threads at once make the same twice, and one is kept."""
        from .compiled import Compiled

        if not self._made:
            self._made.append(Compiled(self.policies))
        return self._made[0]

    def __getstate__(self) -> tuple[object, ...]:
        return self.policies, self.warnings

    def __setstate__(self, state: tuple[object, ...]) -> None:
        for name, value in zip(("policies", "warnings", "_made", "_few"), (*state, [], []), strict=True):
            object.__setattr__(self, name, value)

    def bill(self, session: Session, history: History | None = None) -> Bill:
        """Make the claim that a session supports, with how its units came about and what is open.

        Raises InputError with every fault of the session or the history and its path.
        """
        from .billing import billed
        from .interchange import reread

        return billed(self.policies, reread(session), None if history is None else reread(history, "history."))

    def remaining(self, person: Person, history: History | None = None, *, on: date, provider: Provider | None = None) -> Remaining:
        """Reckon what is left on a day of each limit and authorization, and which notes fall due.

        `person` is whose benefit it is; `provider` the billing provider, where a limit is per provider. Raises InputError with
        every fault of the person or the history and its path.
        """
        from .interchange import reread
        from .remaining import remaining

        told = None if history is None else reread(history, "history.")
        return remaining(self.policies, reread(person), told, on, provider)

    def appeal(self, claim: Claim, line: int, carc: str, history: History | None = None, session: Session | None = None) -> Appeal:
        """Gather the facts of an appeal of a denied line: the rule, its authority, the facts, and what the record must show.

        `carc` is the denial's reason code (CO-119, or 119 for any group). Raises InputError where the claim has no such line.
        """
        from .appeals import appealed
        from .interchange import reread

        told = None if history is None else reread(history, "history.")
        return appealed(self.policies, reread(claim), line, carc, told, None if session is None else reread(session, "session."))

    def audit(self, claims: Iterable[Claim], histories: Iterable[History] = (), *, complete_from: date | None = None,
              complete_for: str = "patient", ignore_missing: Iterable[str] = (),
              refused: list[Refusal] | None = None) -> Iterator[Report]:  # fmt: skip
        """Judge claims beside each other: each claim's history is what the patient's other claims tell, and `histories`.

        Reports come patient by patient, in the order of their dates. `complete_from`: claims and histories hold every service since
        then (`complete_for` patient, or billing_provider for this provider's own); left out, counts stay open. Claims that can't be
        judged go to `refused`; without such a list they are raised as one InputError after the last report.
        """
        from .audit.tables import judge_of, reports

        return reports(judge_of(self, complete_from, complete_for, ignore_missing), claims, histories, refused)

    def audit_table(self, table: Any, histories: Iterable[History] = (), *, complete_from: date | None = None,
                    complete_for: str = "patient", ignore_missing: Iterable[str] = (), mapping: Mapping[str, Any] | None = None,
                    repairs: bool = False) -> Any:  # fmt: skip
        """Audit an Arrow table of flat lines (extra `[arrow]`): an Arrow table with a row for each claim, finding and refusal.

        Columns in and out are those of docs/interchange.md, Tables; rows may come in any order. `mapping` is a mapping file's data;
        with `repairs` each finding's repairs are tried and told, which takes longer.
        Raises InputError with every column that is missing, unknown or of another type.
        """
        from .audit.mapping import PLAIN, read_mapping
        from .audit.tables import audit_table, judge_of

        judge = judge_of(self, complete_from, complete_for, ignore_missing, repairs)
        return audit_table(judge, table, PLAIN if mapping is None else read_mapping(mapping), histories)

    def facts(self) -> tuple[Fact, ...]:
        """Every fact these policies can ask for, with its question, by name."""
        from .questions import asked_of

        return asked_of(self.policies)

    def diff(self, new: Policies) -> Comparison:
        """Compare with newer policies: rules added, removed and changed in meaning, each with a claim that comes out differently."""
        from .compare import compare

        return compare(self, new)


def load(*names: str | os.PathLike[str]) -> Policies:
    """Load files, folders or shipped policies by name.

    Raises PolicyErrors holding every mistake of all of them; warnings stay in `warnings`.
    """
    from .cache import keep_policies, kept_policies

    given = tuple(os.fspath(name) for name in names)
    policies = kept_policies(given)
    if policies is None:
        from .loading import read

        loaded = read(given)
        policies = policies_of(loaded)
        keep_policies(given, loaded.inputs, policies)
    return policies


def policies_of(loaded: Loaded) -> Policies:
    """Give what was loaded as policies; raises PolicyErrors where it has errors."""
    errors = [one for one in loaded.diagnostics if one.severity == "error"]
    if errors:
        raise PolicyErrors(errors, shown(loaded, errors))
    return Policies(loaded.policies, tuple(one for one in loaded.diagnostics if one.severity == "warning"))


def shown(loaded: Loaded, diagnostics: Iterable[Diagnostic]) -> str:
    """Write diagnostics for people, each with its source line and caret."""
    return "\n\n".join(rendered(one, loaded.text_of(one.path)) for one in diagnostics)
