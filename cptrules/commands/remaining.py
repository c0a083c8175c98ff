"""`cptrules remaining`: what is left of each limit and authorization."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .printing import CLEAN, UNDETERMINED, leave, print_json
from .reading import Reading, fhir_options, from_file, person_of

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@click.argument("policy", nargs=-1, required=True)
@click.option("--patient", "person_file", required=True, metavar="FILE", help="Whose benefit: a claim's patient, payer, plan and facts, as JSON.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of the patient so far: JSON, JSON lines, FHIR or 835.")
@click.option("--on", "day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day on which it is asked.")
@click.option("--npi", metavar="NUMBER", help="The billing provider, where a limit is per provider.")
@click.option("--for-patient", is_flag=True, help="Say it in plain words for the patient.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@fhir_options
def remaining(policy: tuple[str, ...], person_file: str, history_file: str | None, day: datetime, npi: str | None,
              for_patient: bool, form: str, mapping_file: str | None, validate_fhir: bool) -> None:  # fmt: skip
    """Say what is left of each limit and authorization on a day, when it renews, and which notes fall due.

    Exit: 0; 3 where no policy speaks for the payer, plan and date.
    """
    from ..checking import load
    from ..claims import Provider
    from ..intake import history_of

    policies = load(*policy)
    person = from_file(person_file, person_of)
    past = Reading(mapping_file=mapping_file, validate_fhir=validate_fhir).histories(history_file)
    provider = Provider(npi=npi) if npi else None
    left = policies.remaining(person, history_of(person, past.histories), on=day.date(), provider=provider)
    if form == "json":
        print_json(left.to_dict())
    else:
        click.echo(left.for_patient() if for_patient else str(left))
    for note in past.notes:
        click.echo(f"note: {note}", err=True)
    leave(CLEAN if left.titles else UNDETERMINED)
