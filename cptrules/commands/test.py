"""`cptrules test`: the tests that stand in policy files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ..errors import Fault, InputError, PolicyErrors
from .printing import CLEAN, FINDINGS, leave

if TYPE_CHECKING:
    from ..diagnostics import Diagnostic
    from ..loading import Loaded


@click.command()
@click.argument("path", nargs=-1, required=True)
def test(path: tuple[str, ...]) -> None:
    """Run the tests that stand in policy files.

    Exit: 0 all passed; 1 some failed; 2 a mistake in a file.
    """
    from ..checking import policies_of
    from ..loading import read
    from ..render import trial_text
    from ..trial import trials

    loaded = read(path)
    policies_of(loaded)
    results = trials(loaded)
    _refuse_mistakes(loaded, (one for file in loaded.files for one in file.scope.diagnostics))
    for result in results:
        click.echo(trial_text(result))
    if not results:
        raise InputError([Fault(" ".join(path), "no policy with tests in it; a library has none")])
    leave(FINDINGS if any(result.failures for result in results) else CLEAN)


def _refuse_mistakes(loaded: Loaded, diagnostics: Iterable[Diagnostic]) -> None:
    """Mistakes in tests show only when they are built."""
    from ..checking import shown
    from ..diagnostics import in_order

    errors = in_order(one for one in diagnostics if one.severity == "error")
    if errors:
        raise PolicyErrors(errors, shown(loaded, errors))
