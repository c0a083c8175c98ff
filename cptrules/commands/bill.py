"""`cptrules bill`: the claim that a session supports."""

from __future__ import annotations

import click

from .printing import BAD_INPUT, CLEAN, FINDINGS, UNDETERMINED, exit_code, leave, print_json
from .reading import Reading, fhir_options


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

    Exit: as `check` of the claim; 1 where minutes overlap; 3 where the session supports no line.
    """
    from ..checking import load
    from ..intake import history_of
    from ..overlaps import overlapping

    policies = load(*policy)
    reading = Reading(mapping_file=mapping_file, validate_fhir=validate_fhir)
    given, past = reading.sessions(session_file), reading.histories(history_file)
    bills = [policies.bill(one, history_of(one, past.histories)) for one in given.sessions]
    overlaps = overlapping(given.sessions)
    notes = [*given.notes, *past.notes]
    if form == "json":
        told = {"notes": notes} if notes else {}
        print_json({"bills": [one.to_dict() for one in bills], "overlaps": [one.to_dict() for one in overlaps], **told})
    else:
        click.echo("\n\n".join([*map(str, [*bills, *overlaps]), *(f"note: {note}" for note in notes)]))
    codes = [exit_code([one.report], ()) if one.report is not None else UNDETERMINED for one in bills]
    codes += [UNDETERMINED for one in bills if one.open_units]
    codes += [FINDINGS for _ in overlaps]
    leave(next((code for code in (BAD_INPUT, FINDINGS, UNDETERMINED) if code in codes), CLEAN))
