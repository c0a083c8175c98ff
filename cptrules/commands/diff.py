"""`cptrules diff`: what changed in meaning between two policies, and for which claims."""

from __future__ import annotations

import click

from .printing import BAD_INPUT, CLEAN, FINDINGS, leave, refusal_text
from .reading import Reading, fhir_options, payer_names


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--match", metavar="OLD=NEW", help="Compare these two policies, whatever else the files hold.")
@click.option("--claims", "claims_file", metavar="FILE", help="Claims to check under both: JSON, JSON lines, FHIR or 837P.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of their patients: JSON, JSON lines, FHIR or 835.")
@click.option("--payer", "payers", multiple=True, metavar="ID=NAME", help="Another name for a payer of the claims; as often as needed.")
@fhir_options
def diff(old: str, new: str, match: str | None, claims_file: str | None, history_file: str | None, payers: tuple[str, ...],
         mapping_file: str | None, validate_fhir: bool) -> None:  # fmt: skip
    """Say what changed in meaning from OLD to NEW, rule by rule, with a claim that now comes out differently.

    With --claims: whose outcome moves, by rule and dollars charged. Exit: 0 no difference; 1 a difference; 2 bad input or policy.
    """
    from ..checking import load
    from ..compare import compare
    from ..replay import replay

    before, after = load(old), load(new)
    reading = Reading(payer_names(payers), mapping_file, validate_fhir)
    claims = reading.claims(claims_file) if claims_file is not None else None
    past = reading.histories(history_file)
    found = compare(before, after, _matched(match))
    click.echo(str(found))
    if claims is None:
        return leave(FINDINGS if found else CLEAN)
    replayed = replay(before, after, claims.claims, past.histories)
    click.echo(f"\n{replayed}")
    for note in (*claims.notes, *past.notes):
        click.echo(f"note: {note}")
    refusals = (*claims.refusals, *replayed.refusals)
    for refusal in refusals:
        click.echo(refusal_text(refusal), err=True)
    return leave(BAD_INPUT if refusals else FINDINGS if found or replayed.moves else CLEAN)


def _matched(match: str | None) -> tuple[str, str] | None:
    if match is None:
        return None
    old, sign, new = match.partition("=")
    if not sign:
        raise click.BadParameter(f"{match!r} is not OLD=NEW", param_hint="--match")
    return old, new
