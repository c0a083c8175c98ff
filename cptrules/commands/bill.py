"""`cptrules bill`: the claim that a session supports."""

from __future__ import annotations

import click

from .printing import BAD_INPUT, CLEAN, FINDINGS, UNDETERMINED, exit_code, leave, print_json
from .reading import from_file, histories_of, sessions_of


@click.command()
@click.argument("policy", nargs=-1, required=True)
@click.option("--session", "session_file", required=True, metavar="FILE", help="The session, or several: JSON, JSON lines.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of the patient so far: JSON or JSON lines.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def bill(policy: tuple[str, ...], session_file: str, history_file: str | None, form: str) -> None:
    """Make the claim that a session supports, with how its units came about, and check it.

    One-on-one minutes of one provider that overlap over several sessions are listed last.

    Exit: as `check` of the claim; 1 where minutes overlap; 3 where the session supports no line.
    """
    from ..checking import load
    from ..intake import history_of
    from ..overlaps import overlapping

    policies = load(*policy)
    sessions = from_file(session_file, sessions_of)
    histories = from_file(history_file, histories_of) if history_file else ()
    bills = [policies.bill(one, history_of(one, histories)) for one in sessions]
    overlaps = overlapping(sessions)
    if form == "json":
        print_json({"bills": [one.to_dict() for one in bills], "overlaps": [one.to_dict() for one in overlaps]})
    else:
        click.echo("\n\n".join(map(str, [*bills, *overlaps])))
    codes = [exit_code([one.report], ()) if one.report is not None else UNDETERMINED for one in bills]
    codes += [UNDETERMINED for one in bills if one.open_units]
    codes += [FINDINGS for _ in overlaps]
    leave(next((code for code in (BAD_INPUT, FINDINGS, UNDETERMINED) if code in codes), CLEAN))

