"""The commands: each in a module of its own under `commands`, imported when it is run. No traceback ever reaches who runs them."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from . import __version__
from .commands.printing import BAD_INPUT, CLEAN, faults_text
from .errors import CptrulesError, InputError, PolicyErrors

NAMES: Final = ("check", "bill", "remaining", "appeal", "audit", "test", "lint", "format", "explain", "diff", "lsp")


class Commands(click.Group):
    """The commands by name; a module is imported when its command is asked for, so that one never waits for another's libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the docs."""
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, None where there is none."""
        if cmd_name not in NAMES:
            return None
        found: click.Command = getattr(import_module(f".commands.{cmd_name}", __package__), cmd_name)
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cptrules")
def commands() -> None:
    """Payer rules of outpatient therapy billing: check claims, test and lint policies."""


def main() -> None:
    """Run a command; what goes wrong is said in a sentence, with exit code 2."""
    try:
        code = commands(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else CLEAN)
    except click.exceptions.Abort:
        sys.exit(BAD_INPUT)
    except click.ClickException as error:
        error.show()
        sys.exit(BAD_INPUT)
    except PolicyErrors as error:
        click.echo(error.rendered, err=True)
        sys.exit(BAD_INPUT)
    except InputError as error:
        click.echo(faults_text("", error.faults), err=True)
        sys.exit(BAD_INPUT)
    except (CptrulesError, OSError, RecursionError, MemoryError) as error:
        click.echo(f"error: {_sentence(error)}", err=True)
        sys.exit(BAD_INPUT)
    except Exception as error:  # the last resort: a defect of cptrules, told without a traceback and without data
        click.echo(
            f"error: cptrules met a defect of its own ({type(error).__name__} in {_place(error)}); nothing was judged. "
            "Please report it.",
            err=True,
        )
        sys.exit(BAD_INPUT)


def _sentence(error: BaseException) -> str:
    if isinstance(error, RecursionError | MemoryError):
        return "the input is nested too deep or too large to be read"
    return str(getattr(error, "strerror", None) or error)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).stem}, line {trace.tb_lineno}" if trace is not None else "an unknown place"


if __name__ == "__main__":
    main()
