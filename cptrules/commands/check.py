"""`cptrules check`: claims of a file against policies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ..errors import InputError, Refusal
from .printing import exit_code, leave, print_json, refusal_json, refusal_text
from .reading import Reading, fhir_options, payer_names

if TYPE_CHECKING:
    from ..checking import Policies
    from ..claims import Claim, History, Session
    from ..report import Report


@click.command()
@click.argument("policy", nargs=-1, required=True)
@click.option("--claim", "claim_file", required=True, metavar="FILE", help="The claim or claims: JSON, JSON lines, FHIR or 837P.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of the patient so far: JSON, JSON lines, FHIR or 835.")
@click.option("--session", "session_file", metavar="FILE", help="The session the claim is for: JSON or FHIR.")
@click.option("--format", "form", type=click.Choice(["text", "json", "fhir"]), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="List the rules that are met or not applicable too.")
@click.option("--payer", "payers", multiple=True, metavar="ID=NAME", help="Another name for a payer of the file; as often as needed.")
@click.option("--ignore-missing", metavar="FIELD,...", default="", help="Let rules that only want for these fields move no outcome.")
@fhir_options
def check(policy: tuple[str, ...], claim_file: str, history_file: str | None, session_file: str | None, form: str, everything: bool,
          payers: tuple[str, ...], ignore_missing: str, mapping_file: str | None, validate_fhir: bool) -> None:  # fmt: skip
    """Check the claims of a file against policies: files, folders, or names of shipped ones.

    Exit: 0 clean or inform; 1 findings of warn or worse; 2 bad input or policy; 3 undetermined without such a finding.
    """
    from ..checking import load

    policies = load(*policy)
    reading = Reading(payer_names(payers), mapping_file, validate_fhir)
    claims, past = reading.claims(claim_file), reading.histories(history_file)
    session, told = reading.session(session_file)
    ignored = tuple(name.strip() for name in ignore_missing.split(",") if name.strip())
    reports, more = _judged(policies, claims.claims, past.histories, session, ignored)
    refusals = (*claims.refusals, *more)
    reports = [_noted(report, (*claims.notes, *past.notes, *told, *_never_missing(ignored, reports))) for report in reports]
    _print(reports, refusals, form, everything)
    leave(exit_code(reports, refusals))


def _judged(policies: Policies, claims: Iterable[Claim], histories: tuple[History, ...], session: Session | None,
            ignored: tuple[str, ...]) -> tuple[list[Report], tuple[Refusal, ...]]:  # fmt: skip
    """Check each claim; one that can't be judged is refused by itself, the others go on (M10)."""
    from ..evaluate import of_another
    from ..intake import history_of

    given = tuple(claims)
    reports, refusals = [], []
    for claim in given:
        try:
            mine = history_of(claim, histories)
            told = ["the history given is of other patients: nothing of it is this one's"] if histories and mine is None else []
            theirs = len(given) > 1 and of_another(claim, session)  # of one claim alone it is refused
            told += ["the session given is of another patient: nothing of it is this one's"] if theirs else []
            reports.append(_noted(policies.check(claim, mine, None if theirs else session, ignore_missing=ignored), told))
        except InputError as error:
            refusals.append(Refusal(claim.id if isinstance(claim.id, str) else None, "", error.faults))
    return reports, tuple(refusals)


def _noted(report: Report, notes: Iterable[str]) -> Report:
    import attrs

    return attrs.evolve(report.whole(), notes=(*report.notes, *notes))


def _never_missing(ignored: tuple[str, ...], reports: list[Report]) -> list[str]:
    """Names given to --ignore-missing that no rule wanted: perhaps misspelt."""
    from ..diagnostics import nearest

    wanted = {missing.field for report in reports for status in report.rules for missing in status.missing}
    notes = []
    for name in ignored:
        if name not in wanted:
            near = nearest(name, wanted)
            notes.append(f"--ignore-missing {name}: no rule is open for want of it" + (f"; did you mean {near}?" if near else ""))
    return notes


def _print(reports: list[Report], refusals: tuple[Refusal, ...], form: str, everything: bool) -> None:
    if form == "json":
        plain = [report.to_dict() for report in reports]
        whole = plain[0] if len(plain) == 1 and not refusals else {"reports": plain, "refusals": [refusal_json(one) for one in refusals]}
        print_json(whole)
        return
    if form == "fhir":
        from ..fhir.outcome import refusal_outcome, together

        print_json(together([*(report.to_fhir() for report in reports), *map(refusal_outcome, refusals)]))
        return
    from ..render import report_text

    for number, report in enumerate(reports):
        click.echo(("\n" if number else "") + report_text(report, everything))
    for refusal in refusals:
        click.echo(refusal_text(refusal), err=True)
    if len(reports) + len(refusals) > 1 or refusals:
        click.echo(_tally(reports, refusals))


def _tally(reports: list[Report], refusals: tuple[Refusal, ...]) -> str:
    many = len(reports) + len(refusals)
    return f"\n{many} claim{'s' if many != 1 else ''}: {len(reports)} judged, {len(refusals)} refused."
