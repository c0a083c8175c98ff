"""`cptrules appeal`: the facts of an appeal of a denied line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..errors import Fault, InputError
from .printing import CLEAN, UNDETERMINED, leave, print_json
from .reading import Reading, fhir_options, from_file, payer_names

if TYPE_CHECKING:
    from ..claims import Claim


@click.command()
@click.argument("policy", nargs=-1, required=True)
@click.option("--claim", "claim_file", required=True, metavar="FILE", help="The claim that was denied: JSON, FHIR or 837P.")
@click.option("--id", "claim_id", metavar="ID", help="Which claim of the file, where it holds several.")
@click.option("--line", "number", required=True, type=int, help="The line that was denied.")
@click.option("--carc", metavar="CODE", help="The denial's reason code: CO-119, or 119.")
@click.option("--remittance", "remittance_file", metavar="FILE", help="The 835 that denied it, instead of --carc.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of the patient so far: JSON, JSON lines, FHIR or 835.")
@click.option("--session", "session_file", metavar="FILE", help="The session the claim is for: JSON or FHIR.")
@click.option("--payer", "payers", multiple=True, metavar="ID=NAME", help="Another name for a payer of the file; as often as needed.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@fhir_options
def appeal(policy: tuple[str, ...], claim_file: str, claim_id: str | None, number: int, carc: str | None, remittance_file: str | None,
           history_file: str | None, session_file: str | None, payers: tuple[str, ...], form: str, mapping_file: str | None,
           validate_fhir: bool) -> None:  # fmt: skip
    """Gather the facts of an appeal: the rule, its authority, the facts in order, what the record must show, and a draft.

    Exit: 0; 3 where no rule of the policies answers with the code.
    """
    from ..checking import load
    from ..intake import history_of

    policies = load(*policy)
    reading = Reading(payer_names(payers), mapping_file, validate_fhir)
    claims = reading.claims(claim_file).claims
    found = [claim for claim in claims if claim_id is None or claim.id == claim_id]
    if len(found) != 1:
        told = f"{len(found)} claims are meant: name one with --id" if claims else "no claim could be read"
        raise InputError([Fault(claim_file, told)])
    histories, (session, _) = reading.histories(history_file).histories, reading.session(session_file)
    codes = (carc,) if carc else _denied_with(found[0], number, remittance_file)
    facts = [policies.appeal(found[0], number, code, history_of(found[0], histories), session) for code in codes]
    if form == "json":
        print_json([one.to_dict() for one in facts])
    else:
        click.echo("\n\n".join(map(str, facts)))
    leave(CLEAN if all(one.grounds for one in facts) else UNDETERMINED)


def _denied_with(claim: Claim, number: int, remittance_file: str | None) -> tuple[str, ...]:
    """The reason codes with which a remittance denies a line."""
    if remittance_file is None:
        raise click.UsageError("give --carc or --remittance")
    from ..intake import read_remittance
    from ..remittance import denials_of

    found = from_file(remittance_file, read_remittance)
    codes = [code for denial in denials_of(claim, found) if denial.line == number for code in denial.carcs]
    if not codes:
        raise InputError([Fault(remittance_file, f"it denies nothing of line {number} of this claim")])
    return tuple(dict.fromkeys(codes))
