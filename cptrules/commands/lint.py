"""`cptrules lint`: every mistake and weakness of policy files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .printing import BAD_INPUT, CLEAN, FINDINGS, leave

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@click.argument("path", nargs=-1, required=True)
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="Name the sources not confirmed in the 12 months before this date.")
def lint(path: tuple[str, ...], day: datetime | None) -> None:
    """Name every mistake and every weakness of policy files.

    Exit: 0 nothing to say; 1 warnings; 2 errors.
    """
    from ..checking import shown
    from ..lint import linted

    loaded, diagnostics = linted(path, day.date() if day is not None else None)
    errors = [one for one in diagnostics if one.severity == "error"]
    if diagnostics:
        click.echo(shown(loaded, diagnostics))
        click.echo("")
    many = len(diagnostics) - len(errors)
    click.echo(f"{len(errors)} error{'s' if len(errors) != 1 else ''}, {many} warning{'s' if many != 1 else ''}.")
    leave(BAD_INPUT if errors else FINDINGS if diagnostics else CLEAN)
