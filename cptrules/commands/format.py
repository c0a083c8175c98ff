"""`cptrules format`: policy files in their canonical layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .printing import BAD_INPUT, CLEAN, FINDINGS, leave

if TYPE_CHECKING:
    from pathlib import Path


@click.command("format")
@click.argument("path", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; name the files whose layout differs.")
@click.option("--diff", "differences", is_flag=True, help="Write nothing; show what would change.")
def format(path: tuple[str, ...], check: bool, differences: bool) -> None:
    """Lay policy files out in one way, in place; comments, blank lines and meaning stay.

    Exit: 0; 1 with --check or --diff, where a layout differs; 2 a mistake in a file, which is not touched.
    """
    from ..errors import PolicyErrors
    from ..format import formatted, policy_files, read_file, write_file

    changed, broken = [], 0
    files = policy_files(path)
    for file in files:
        try:
            text = read_file(file)
            laid = formatted(text, str(file))
        except PolicyErrors as error:
            click.echo(error.rendered, err=True)
            broken += 1
            continue
        if laid != text:
            changed.append(file)
            if differences:
                click.echo(_difference(file, text, laid), nl=False)
            elif not check:
                write_file(file, laid)
    _say(changed, len(files), broken, writing=not (check or differences))
    leave(BAD_INPUT if broken else FINDINGS if changed and (check or differences) else CLEAN)


def _difference(file: Path, text: str, laid: str) -> str:
    from difflib import unified_diff

    lines = unified_diff(text.splitlines(keepends=True), laid.splitlines(keepends=True), str(file), f"{file} (formatted)")
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _say(changed: list[Path], many: int, broken: int, writing: bool) -> None:
    for file in changed:
        click.echo(f"{'formatted' if writing else 'would format'} {file}")
    left = f", {broken} with mistakes, left as {'it is' if broken == 1 else 'they are'}" if broken else ""
    click.echo(f"{many} file{'s' if many != 1 else ''}: {len(changed)} {'formatted' if writing else 'to format'}{left}.")
