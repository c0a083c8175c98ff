"""`cptrules audit`: files of claims against policies, into a folder of tables and a page."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from .reading import from_file, payer_names

if TYPE_CHECKING:
    from ..audit.mapping import TableMapping
    from ..audit.run import Options, Outcome
    from ..audit.summary import Summary
    from ..fhir.mapping import FhirMapping


@click.command()
@click.argument("policy", nargs=-1, required=True)
@click.option("--claims", "claims", required=True, multiple=True, metavar="FILE",
              help="Claims: JSON lines, JSON, CSV, Parquet, FHIR or 837P; as often as needed.")
@click.option("--history", "histories", multiple=True, metavar="FILE",
              help="What else is known of the patients: JSON lines, JSON, CSV or Parquet.")
@click.option("--out", required=True, metavar="DIR", help="The folder for the results.")
@click.option("--mapping", metavar="FILE", help="Of tables, which columns of the claims hold which fields; of FHIR, as for check.")
@click.option("--history-mapping", metavar="FILE", help="The same for the history.")
@click.option("--complete-from", metavar="DATE", help="Claims and history together hold every service since this date.")
@click.option("--complete-for", type=click.Choice(["patient", "billing_provider"]), default="patient", show_default=True,
              help="Whose services those are: all of the patient's, or this provider's own.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="How many processes judge.")
@click.option("--sample", type=click.IntRange(0, 100_000), default=0, metavar="N", help="Draw N findings for a chart audit, by provider and rule.")
@click.option("--seed", type=int, default=0, metavar="N", help="Another seed draws another sample.")
@click.option("--payer", "payers", multiple=True, metavar="ID=NAME", help="Another name for a payer of the files; as often as needed.")
@click.option("--ignore-missing", metavar="FIELD,...", default="", help="Let rules that only want for these fields move no outcome.")
@click.option("--repairs", is_flag=True, help="Try repairs of each finding and write those that hold; it takes longer.")
@click.option("--restart", is_flag=True, help="Begin anew, whatever the folder holds of an earlier audit.")
def audit(policy: tuple[str, ...], claims: tuple[str, ...], histories: tuple[str, ...], out: str, **given: Any) -> None:
    """Audit the claims of files against policies: files, folders, or names of shipped ones.

    Each patient's history is taken from the claims themselves, in the order of their dates, and from --history. Run again after a stop,
    the same command goes on where it was. Exit: 0 when it came to its end, refused claims counted; 2 bad input or policy, or it was stopped.
    """
    from ..audit.run import audit as run
    from ..checking import load

    policies = load(*policy)
    found = run(policies, claims, out, histories, options=_options(given), progress=_progress)
    for note in found.notes:
        click.echo(note)
    click.echo(_tally(found.summary))
    click.echo("\n".join(_written(found)))


def _options(given: dict[str, Any]) -> Options:
    from ..audit.patients import Completeness
    from ..audit.run import Options

    return Options(
        complete=Completeness(_date(given["complete_from"]), given["complete_for"]),
        ignore_missing=tuple(name.strip() for name in given["ignore_missing"].split(",") if name.strip()),
        payers=payer_names(given["payers"]), mapping=_mapping_of(given["mapping"]), history_mapping=_mapping_of(given["history_mapping"]),
        form=given["form"], workers=given["workers"], sample=given["sample"], seed=given["seed"], repairs=given["repairs"], restart=given["restart"],
    )  # fmt: skip


def _mapping_of(path: str | None) -> TableMapping | FhirMapping:
    """Read a mapping file; without one the columns have the names of the fields."""
    from ..audit.mapping import PLAIN
    from ..intake import read_mapping

    found: TableMapping | FhirMapping = PLAIN if path is None else from_file(path, read_mapping)
    return found


def _date(text: str | None) -> Any:
    try:
        return None if text is None else datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise click.BadParameter("it is not a date as 2026-01-01", param_hint="--complete-from") from None


def _progress(label: str, length: int) -> Callable[[int], None]:
    """A bar with the time left, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda many: None
    bar = click.progressbar(length=max(length, 1), label=label, file=sys.stderr, show_eta=True)
    bar.render_progress()

    def step(many: int) -> None:
        bar.update(many)
        if bar.finished:
            bar.render_finish()

    return step


def _tally(summary: Summary) -> str:
    from ..audit.summary import at_stake, dollars

    whole = summary.judged + summary.refused
    lines = [f"{_claims(whole)}: {summary.judged:,} judged, {summary.refused:,} refused."]
    for outcome, figures in summary.ranked("outcome"):
        stake = at_stake(figures)
        lines.append(f"  {outcome:<14}{figures['claims']:>12,}" + (f"   ${dollars(stake):,} at stake" if stake else ""))
    if summary.groups["missing"]:
        wanted = sorted(summary.groups["missing"].items(), key=lambda one: (-one[1]["claims"], one[0]))[:3]
        lines.append("most often missing: " + ", ".join(f"{name} ({_claims(figures['claims'])})" for name, figures in wanted))
    return "\n".join(lines)


def _claims(many: int) -> str:
    return f"{many:,} claim{'' if many == 1 else 's'}"


def _written(found: Outcome) -> list[str]:
    return [f"wrote {path}" for path in found.files]
