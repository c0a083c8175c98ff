"""`cptrules appeal`: the facts of an appeal of a denied line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..errors import Fault, InputError
from .printing import CLEAN, UNDETERMINED, leave, print_json
from .reading import Reading, fhir_options, from_file, from_refusals, payer_names

if TYPE_CHECKING:
    from ..appeals import Appeal
    from ..claims import Claim
    from ..intake import Claims


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
    read = reading.claims(claim_file)
    claim = _meant(read, claim_file, claim_id)
    past, (session, told) = reading.histories(history_file), reading.session(session_file)
    codes, of_remittance = ((carc,), ()) if carc else _denied_with(claim, number, remittance_file)
    mine = history_of(claim, past.histories)
    others = ("the history given is of other patients: nothing of it is this one's",) if past.histories and mine is None else ()
    notes = (*read.notes, *past.notes, *told, *of_remittance, *others)
    facts = [_noted(policies.appeal(claim, number, code, mine, session), notes) for code in codes]
    if form == "json":
        print_json([one.to_dict() for one in facts])
    else:
        click.echo("\n\n".join(map(str, facts)))
    leave(CLEAN if all(one.grounds for one in facts) else UNDETERMINED)


def _meant(read: Claims, claim_file: str, claim_id: str | None) -> Claim:
    """The claim that is meant; raises InputError where it is none, or one of several, with the faults of those that could not be read."""
    found = [claim for claim in read.claims if claim_id is None or claim.id == claim_id]
    refused = [one for one in read.refusals if claim_id is None or one.claim == claim_id]
    if len(found) == 1 and not refused:
        return found[0]
    told = f"{len(found) + len(refused)} claims are meant: name one with --id" if found else "no claim that is meant could be read"
    raise InputError([Fault(claim_file, told), *from_refusals(claim_file, refused)])


def _noted(appeal: Appeal, notes: tuple[str, ...]) -> Appeal:
    import attrs

    return attrs.evolve(appeal, read=notes)


def _denied_with(claim: Claim, number: int, remittance_file: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The reason codes with which a remittance denies a line, and what its reader notes."""
    if remittance_file is None:
        raise click.UsageError("give --carc or --remittance")
    from ..intake import read_remittance
    from ..remittance import denials_of

    found = from_file(remittance_file, read_remittance)
    codes = [code for denial in denials_of(claim, found) if denial.line == number for code in denial.carcs]
    if not codes:
        raise InputError([Fault(remittance_file, f"it denies nothing of line {number} of this claim")])
    return tuple(dict.fromkeys(codes)), found.notes
