"""`cptrules diff`: what changed in meaning between two policies, and for which claims."""

from __future__ import annotations

import click

from .printing import CLEAN, FINDINGS, leave, refusal_text
from .reading import claims_of, from_file, histories_of, payer_names


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--match", metavar="OLD=NEW", help="Compare these two policies, whatever else the files hold.")
@click.option("--claims", "claims_file", metavar="FILE", help="Claims to check under both: JSON, JSON lines or 837P.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of their patients: JSON or JSON lines.")
@click.option("--payer", "payers", multiple=True, metavar="ID=NAME", help="Another name for a payer of the claims; as often as needed.")
def diff(old: str, new: str, match: str | None, claims_file: str | None, history_file: str | None, payers: tuple[str, ...]) -> None:
    """Say what changed in meaning from OLD to NEW, rule by rule, with a claim that now comes out differently.

    With --claims: whose outcome moves, by rule and dollars charged. Exit: 0 no difference; 1 a difference; 2 bad input or policy.
    """
    from ..checking import load
    from ..compare import compare
    from ..replay import replay

    before, after = load(old), load(new)
    found = compare(before, after, _matched(match))
    click.echo(str(found))
    moves = False
    if claims_file is not None:
        claims, refusals, _ = claims_of(claims_file, payer_names(payers))
        histories = from_file(history_file, histories_of) if history_file else ()
        replayed = replay(before, after, claims, histories)
        moves = bool(replayed.moves)
        click.echo("")
        click.echo(str(replayed))
        for refusal in (*refusals, *replayed.refusals):
            click.echo(refusal_text(refusal), err=True)
    leave(FINDINGS if found or moves else CLEAN)


def _matched(match: str | None) -> tuple[str, str] | None:
    if match is None:
        return None
    old, sign, new = match.partition("=")
    if not sign:
        raise click.BadParameter(f"{match!r} is not OLD=NEW", param_hint="--match")
    return old, new
