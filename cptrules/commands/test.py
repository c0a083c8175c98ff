"""`cptrules test`: the tests that stand in policy files, what they try, what they notice, and what they might try."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ..errors import Fault, InputError, PolicyErrors
from .printing import CLEAN, FINDINGS, leave

if TYPE_CHECKING:
    from ..diagnostics import Diagnostic
    from ..loading import Loaded
    from ..trial import Trial


@click.command()
@click.argument("path", nargs=-1, required=True)
@click.option("--coverage", is_flag=True, help="Name each clause and boundary that no test tries from both sides.")
@click.option("--mutate", is_flag=True, help="Change each number, date and code by one step; name the changes no test notices.")
@click.option("--suggest", is_flag=True, help="Print tests at the boundaries that no test tries yet, to accept or correct.")
def test(path: tuple[str, ...], coverage: bool, mutate: bool, suggest: bool) -> None:
    """Run the tests that stand in policy files.

    Exit: 0 all passed; 1 some failed, or with --mutate a change that no test noticed; 2 a mistake in a file.
    """
    from ..checking import policies_of
    from ..loading import read
    from ..trial import trials

    loaded = read(path)
    policies_of(loaded)
    results = trials(loaded)
    _refuse_mistakes(loaded, (one for file in loaded.files for one in file.scope.diagnostics))
    if not results and not mutate:
        raise InputError([Fault(" ".join(path), "no policy with tests in it; a library has none")])
    failed = any(result.failures for result in results)
    if suggest:
        _suggest(loaded, results)
    elif not mutate or failed:
        _tell(results, coverage)
    leave(FINDINGS if failed or (mutate and not _noticed(loaded)) else CLEAN)


def _tell(results: Iterable[Trial], every: bool) -> None:
    from ..trial_text import trial_text

    for result in results:
        click.echo(trial_text(result, every))


def _noticed(loaded: Loaded) -> bool:
    """Print what became of the changes of each file; whether every one was noticed."""
    from ..mutation import mutated
    from ..trial_text import mutated_text

    every = True
    for one in mutated(loaded):
        click.echo(mutated_text(one))
        every = every and not one.unnoticed
    return every


def _suggest(loaded: Loaded, results: Iterable[Trial]) -> None:
    from ..suggestions import suggested

    for text in suggested(loaded, results):
        click.echo(text)


def _refuse_mistakes(loaded: Loaded, diagnostics: Iterable[Diagnostic]) -> None:
    """Mistakes in tests show only when they are built."""
    from ..checking import shown
    from ..diagnostics import in_order

    errors = in_order(one for one in diagnostics if one.severity == "error")
    if errors:
        raise PolicyErrors(errors, shown(loaded, errors))
