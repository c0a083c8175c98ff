"""`cptrules lsp`: the language server for editors."""

from __future__ import annotations

import click


@click.command()
def lsp() -> None:
    """Serve policy files to an editor over standard input and output (LSP)."""
    try:
        from ..editors.server import main
    except ImportError:
        raise click.ClickException("the language server needs pygls: pip install 'cptrules[editors]'") from None
    main()
