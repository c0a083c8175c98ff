"""`cptrules bill`: the claim that a session supports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ..errors import InputError, Refusal
from .printing import BAD_INPUT, CLEAN, FINDINGS, UNDETERMINED, exit_code, leave, print_json, refusal_json, refusal_text
from .reading import Reading, fhir_options

if TYPE_CHECKING:
    from ..billing import Bill
    from ..checking import Policies
    from ..claims import History, Session
    from ..overlaps import Overlap


@click.command()
@click.argument("policy", nargs=-1, required=True)
@click.option("--session", "session_file", required=True, metavar="FILE", help="The session, or several: JSON, JSON lines or FHIR.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of the patient so far: JSON, JSON lines, FHIR or 835.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@fhir_options
def bill(policy: tuple[str, ...], session_file: str, history_file: str | None, form: str, mapping_file: str | None,
         validate_fhir: bool) -> None:  # fmt: skip
    """Make the claim that a session supports, with how its units came about, and check it.

    One-on-one minutes of one provider that overlap over several sessions are listed last.

    Exit: as `check` of the claim; 1 where minutes overlap; 2 where a session is refused, the others are billed; 3 where one supports no line.
    """
    from ..checking import load
    from ..overlaps import overlapping

    policies = load(*policy)
    reading = Reading(mapping_file=mapping_file, validate_fhir=validate_fhir)
    given, past = reading.sessions(session_file), reading.histories(history_file)
    bills, more, told = _billed(policies, given.sessions, past.histories)
    refusals, overlaps = (*given.refusals, *more), overlapping(given.sessions)
    notes = [*given.notes, *past.notes, *told]
    (_print_json if form == "json" else _print_text)(bills, overlaps, notes, refusals)
    leave(_exit(bills, overlaps, refusals))


def _billed(policies: Policies, sessions: Iterable[Session],
            histories: tuple[History, ...]) -> tuple[list[Bill], tuple[Refusal, ...], list[str]]:  # fmt: skip
    """Bill each session; one that can't be is refused by itself, the others go on (M10)."""
    from ..intake import history_of

    bills, refusals, notes = [], [], []
    for session in sessions:
        name = session.id if isinstance(session.id, str) else None
        try:
            mine = history_of(session, histories)
            bills.append(policies.bill(session, mine))
        except InputError as error:
            refusals.append(Refusal(name, "", error.faults))
            continue
        if histories and mine is None:
            notes.append(f"session {name or 'without an id'}: the history given is of other patients: nothing of it is this one's")
    return bills, tuple(refusals), notes


def _print_json(bills: list[Bill], overlaps: tuple[Overlap, ...], notes: list[str], refusals: tuple[Refusal, ...]) -> None:
    told = {"notes": notes} if notes else {}
    refused = {"refusals": [refusal_json(one, "session") for one in refusals]} if refusals else {}
    print_json({"bills": [one.to_dict() for one in bills], "overlaps": [one.to_dict() for one in overlaps], **told, **refused})


def _print_text(bills: list[Bill], overlaps: tuple[Overlap, ...], notes: list[str], refusals: tuple[Refusal, ...]) -> None:
    if bills or notes:
        click.echo("\n\n".join([*map(str, [*bills, *overlaps]), *(f"note: {note}" for note in notes)]))
    for refusal in refusals:
        click.echo(refusal_text(refusal, "session"), err=True)
    if refusals:
        many = len(bills) + len(refusals)
        click.echo(f"\n{many} session{'s' if many != 1 else ''}: {len(bills)} billed, {len(refusals)} refused.")


def _exit(bills: list[Bill], overlaps: tuple[Overlap, ...], refusals: tuple[Refusal, ...]) -> int:
    codes = [exit_code([one.report], ()) if one.report is not None else UNDETERMINED for one in bills]
    codes += [UNDETERMINED for one in bills if one.no_claim_yet]
    codes += [FINDINGS for _ in overlaps] + [BAD_INPUT for _ in refusals]
    return next((code for code in (BAD_INPUT, FINDINGS, UNDETERMINED) if code in codes), CLEAN)
