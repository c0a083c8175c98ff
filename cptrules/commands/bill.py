"""`cptrules bill`: the claim that a session supports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .printing import BAD_INPUT, CLEAN, FINDINGS, UNDETERMINED, exit_code, leave, print_json
from .reading import Reading, fhir_options

if TYPE_CHECKING:
    from ..claims import Session


@click.command()
@click.argument("policy", nargs=-1, required=True)
@click.option("--session", "session_file", required=True, metavar="FILE", help="The session, or several: JSON, JSON lines or FHIR.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of the patient so far: JSON, JSON lines, FHIR or 835.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@fhir_options
def bill(policy: tuple[str, ...], session_file: str, history_file: str | None, form: str, mapping_file: str | None,
         validate_fhir: bool) -> None:  # fmt: skip
    """Make the claim that a session supports, with how its units came about, and check it.

    Exit: as `check` of the claim; 3 where the session supports no line.
    """
    from ..checking import load
    from ..intake import history_of

    policies = load(*policy)
    reading = Reading(mapping_file=mapping_file, validate_fhir=validate_fhir)
    given, past = reading.sessions(session_file), reading.histories(history_file)
    bills = [policies.bill(one, history_of(one, past.histories)) for one in given.sessions]
    overlaps = _overlaps(given.sessions)
    notes = [*given.notes, *past.notes]
    if form == "json":
        print_json({"bills": [one.to_dict() for one in bills], "overlaps": overlaps, **({"notes": notes} if notes else {})})
    else:
        click.echo("\n\n".join([*map(str, bills), *overlaps, *(f"note: {note}" for note in notes)]))
    codes = [exit_code([one.report], ()) if one.report is not None else UNDETERMINED for one in bills]
    codes += [UNDETERMINED for one in bills if one.open_units]
    leave(next((code for code in (BAD_INPUT, FINDINGS, UNDETERMINED) if code in codes), FINDINGS if overlaps else CLEAN))


def _overlaps(sessions: tuple[Session, ...]) -> list[str]:
    from ..allocation import overlapping

    return [str(one) for one in overlapping(sessions)]
