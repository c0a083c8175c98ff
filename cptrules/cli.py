"""The commands: check a claim, run a policy's tests, lint, explain. No traceback ever reaches who runs them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__
from .errors import CptrulesError, Fault, InputError, PolicyErrors, Refusal

if TYPE_CHECKING:
    from datetime import datetime

    from .checking import Policies
    from .claims import Claim, History, Session
    from .diagnostics import Diagnostic
    from .loading import Loaded
    from .report import Report

CLEAN, FINDINGS, BAD_INPUT, UNDETERMINED = 0, 1, 2, 3


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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
        click.echo(_faults("", error.faults), err=True)
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


def _faults(path: str, faults: Iterable[Fault]) -> str:
    where = f"{path}: " if path else ""
    return "\n".join(f"error: {where}{fault}" for fault in faults)


def _leave(code: int) -> None:
    click.get_current_context().exit(code)


# ---- check -------------------------------------------------------------------------------------------------------


@commands.command()
@click.argument("policy", nargs=-1, required=True)
@click.option("--claim", "claim_file", required=True, metavar="FILE", help="The claim or claims: JSON, JSON lines or 837P.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of the patient so far: JSON or JSON lines.")
@click.option("--session", "session_file", metavar="FILE", help="The session the claim is for: JSON.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="List the rules that are met or not applicable too.")
@click.option("--payer", "payers", multiple=True, metavar="ID=NAME", help="Another name for a payer of the file; as often as needed.")
@click.option("--ignore-missing", metavar="FIELD,...", default="", help="Let rules that only want for these fields move no outcome.")
def check(policy: tuple[str, ...], claim_file: str, history_file: str | None, session_file: str | None, form: str,
          everything: bool, payers: tuple[str, ...], ignore_missing: str) -> None:  # fmt: skip
    """Check the claims of a file against policies: files, folders, or names of shipped ones.

    Exit: 0 clean or inform; 1 findings of warn or worse; 2 bad input or policy; 3 undetermined without such a finding.
    """
    from .checking import load

    policies = load(*policy)
    claims, refusals, notes = _claims(claim_file, _payers(payers))
    histories = _from(history_file, _histories) if history_file else ()
    session = _from(session_file, _session) if session_file else None
    ignored = tuple(name.strip() for name in ignore_missing.split(",") if name.strip())
    reports, more = _judged(policies, claims, histories, session, ignored, claim_file)
    refusals = (*refusals, *more)
    reports = [_noted(report, (*notes, *_never_missing(ignored, reports))) for report in reports]
    _print(reports, refusals, form, everything)
    _leave(_exit_code(reports, refusals))


# ---- bill --------------------------------------------------------------------------------------------------------


@commands.command()
@click.argument("policy", nargs=-1, required=True)
@click.option("--session", "session_file", required=True, metavar="FILE", help="The session, or several: JSON, JSON lines.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of the patient so far: JSON or JSON lines.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def bill(policy: tuple[str, ...], session_file: str, history_file: str | None, form: str) -> None:
    """Make the claim that a session supports, with how its units came about, and check it.

    Exit: as `check` of the claim; 3 where the session supports no line.
    """
    from .checking import load
    from .intake import history_of

    policies = load(*policy)
    sessions = _from(session_file, _sessions)
    histories = _from(history_file, _histories) if history_file else ()
    bills = [policies.bill(one, history_of(one, histories)) for one in sessions]
    overlaps = _overlaps(sessions)
    if form == "json":
        _print_json({"bills": [one.to_dict() for one in bills], "overlaps": overlaps})
    else:
        click.echo("\n\n".join([*map(str, bills), *overlaps]))
    codes = [_exit_code([one.report], ()) if one.report is not None else UNDETERMINED for one in bills]
    codes += [UNDETERMINED for one in bills if one.open_units]
    _leave(next((code for code in (BAD_INPUT, FINDINGS, UNDETERMINED) if code in codes), FINDINGS if overlaps else CLEAN))


def _sessions(path: str) -> tuple[Session, ...]:
    from .intake import read_sessions

    return read_sessions(path)


def _overlaps(sessions: tuple[Session, ...]) -> list[str]:
    from .allocation import overlapping

    return [str(one) for one in overlapping(sessions)]


def _print_json(data: object) -> None:
    import json

    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


# ---- remaining ---------------------------------------------------------------------------------------------------


@commands.command()
@click.argument("policy", nargs=-1, required=True)
@click.option("--patient", "person_file", required=True, metavar="FILE", help="Whose benefit: a claim's patient, payer, plan and facts, as JSON.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of the patient so far: JSON or JSON lines.")
@click.option("--on", "day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day on which it is asked.")
@click.option("--npi", metavar="NUMBER", help="The billing provider, where a limit is per provider.")
@click.option("--for-patient", is_flag=True, help="Say it in plain words for the patient.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def remaining(policy: tuple[str, ...], person_file: str, history_file: str | None, day: datetime, npi: str | None,
              for_patient: bool, form: str) -> None:  # fmt: skip
    """Say what is left of each limit and authorization on a day, when it renews, and which notes fall due.

    Exit: 0; 3 where no policy speaks for the payer, plan and date.
    """
    from .checking import load
    from .claims import Provider
    from .intake import history_of

    policies = load(*policy)
    person = _from(person_file, _person)
    histories = _from(history_file, _histories) if history_file else ()
    provider = Provider(npi=npi) if npi else None
    left = policies.remaining(person, history_of(person, histories), on=day.date(), provider=provider)
    if form == "json":
        _print_json(left.to_dict())
    else:
        click.echo(left.for_patient() if for_patient else str(left))
    _leave(CLEAN if left.titles else UNDETERMINED)


@commands.command()
@click.argument("policy", nargs=-1, required=True)
@click.option("--claim", "claim_file", required=True, metavar="FILE", help="The claim that was denied: JSON or 837P.")
@click.option("--id", "claim_id", metavar="ID", help="Which claim of the file, where it holds several.")
@click.option("--line", "number", required=True, type=int, help="The line that was denied.")
@click.option("--carc", metavar="CODE", help="The denial's reason code: CO-119, or 119.")
@click.option("--remittance", "remittance_file", metavar="FILE", help="The 835 that denied it, instead of --carc.")
@click.option("--history", "history_file", metavar="FILE", help="What is known of the patient so far: JSON or JSON lines.")
@click.option("--session", "session_file", metavar="FILE", help="The session the claim is for: JSON.")
@click.option("--payer", "payers", multiple=True, metavar="ID=NAME", help="Another name for a payer of the file; as often as needed.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def appeal(policy: tuple[str, ...], claim_file: str, claim_id: str | None, number: int, carc: str | None, remittance_file: str | None,
           history_file: str | None,
           session_file: str | None, payers: tuple[str, ...], form: str) -> None:  # fmt: skip
    """Gather the facts of an appeal: the rule, its authority, the facts in order, what the record must show, and a draft.

    Exit: 0; 3 where no rule of the policies answers with the code.
    """
    from .checking import load
    from .intake import history_of

    policies = load(*policy)
    claims, _, _ = _claims(claim_file, _payers(payers))
    found = [claim for claim in claims if claim_id is None or claim.id == claim_id]
    if len(found) != 1:
        told = f"{len(found)} claims are meant: name one with --id" if claims else "no claim could be read"
        raise InputError([Fault(claim_file, told)])
    histories = _from(history_file, _histories) if history_file else ()
    session = _from(session_file, _session) if session_file else None
    codes = (carc,) if carc else _denied_with(found[0], number, remittance_file)
    facts = [policies.appeal(found[0], number, code, history_of(found[0], histories), session) for code in codes]
    if form == "json":
        _print_json([one.to_dict() for one in facts])
    else:
        click.echo("\n\n".join(map(str, facts)))
    _leave(CLEAN if all(one.grounds for one in facts) else UNDETERMINED)


def _denied_with(claim: Claim, number: int, remittance_file: str | None) -> tuple[str, ...]:
    """The reason codes with which a remittance denies a line."""
    if remittance_file is None:
        raise click.UsageError("give --carc or --remittance")
    from .intake import read_remittance
    from .remittance import denials_of

    found = _from(remittance_file, read_remittance)
    codes = [code for denial in denials_of(claim, found) if denial.line == number for code in denial.carcs]
    if not codes:
        raise InputError([Fault(remittance_file, f"it denies nothing of line {number} of this claim")])
    return tuple(dict.fromkeys(codes))


def _person(path: str) -> Any:
    from .intake import read_person

    return read_person(path)


def _payers(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in given:
        name, sign, other = pair.partition("=")
        if not sign or not name or not other:
            raise click.BadParameter(f"{pair!r} is not ID=NAME", param_hint="--payer")
        found[name] = other
    return found


def _from(path: str, work: Callable[[str], Any]) -> Any:
    """Read a file; a fault names the file."""
    try:
        return work(path)
    except InputError as error:
        raise InputError(Fault(f"{path}: {fault.path}".removesuffix(": "), fault.message, fault.suggestion) for fault in error.faults) from None


def _claims(path: str, payers: dict[str, str]) -> tuple[tuple[Claim, ...], tuple[Refusal, ...], tuple[str, ...]]:
    from .intake import read_claims

    found = _from(path, lambda name: read_claims(name, payers))
    return found.claims, found.refusals, found.notes


def _histories(path: str) -> tuple[History, ...]:
    from .intake import read_histories

    return read_histories(path)


def _session(path: str) -> Session:
    from .claims import Session

    return Session.from_json(Path(path).read_bytes())


def _judged(policies: Policies, claims: Iterable[Claim], histories: tuple[History, ...], session: Session | None,
            ignored: tuple[str, ...], path: str) -> tuple[list[Report], tuple[Refusal, ...]]:  # fmt: skip
    """Check each claim; one that can't be judged is refused by itself, the others go on (M10)."""
    from .intake import history_of

    reports, refusals = [], []
    for claim in claims:
        try:
            reports.append(policies.check(claim, history_of(claim, histories), session, ignore_missing=ignored))
        except InputError as error:
            refusals.append(Refusal(claim.id if isinstance(claim.id, str) else None, "", error.faults))
    return reports, tuple(refusals)


def _noted(report: Report, notes: Iterable[str]) -> Report:
    import attrs

    return attrs.evolve(report, notes=(*report.notes, *notes))


def _never_missing(ignored: tuple[str, ...], reports: list[Report]) -> list[str]:
    """Names given to --ignore-missing that no rule wanted: perhaps misspelt."""
    from .diagnostics import nearest

    wanted = {missing.field for report in reports for status in report.rules for missing in status.missing}
    notes = []
    for name in ignored:
        if name not in wanted:
            near = nearest(name, wanted)
            notes.append(f"--ignore-missing {name}: no rule is open for want of it" + (f"; did you mean {near}?" if near else ""))
    return notes


def _print(reports: list[Report], refusals: tuple[Refusal, ...], form: str, everything: bool) -> None:
    if form == "json":
        import json

        plain = [report.to_dict() for report in reports]
        whole = plain[0] if len(plain) == 1 and not refusals else {"reports": plain, "refusals": [_refusal(one) for one in refusals]}
        click.echo(json.dumps(whole, indent=2, ensure_ascii=False))
        return
    from .render import report_text

    for number, report in enumerate(reports):
        click.echo(("\n" if number else "") + report_text(report, everything))
    for refusal in refusals:
        click.echo(_refused(refusal), err=True)
    if len(reports) + len(refusals) > 1 or refusals:
        click.echo(_tally(reports, refusals))


def _refusal(refusal: Refusal) -> dict[str, Any]:
    faults = [{"path": f.path, "message": f.message, "suggestion": f.suggestion} for f in refusal.faults]
    return {"claim": refusal.claim, "place": refusal.place, "faults": faults}


def _refused(refusal: Refusal) -> str:
    name = f"claim {refusal.claim}" if refusal.claim else "a claim without an id"
    place = f" at {refusal.place}" if refusal.place else ""
    return "\n".join([f"{name}{place} is refused:", *(f"  {fault}" for fault in refusal.faults)])


def _tally(reports: list[Report], refusals: tuple[Refusal, ...]) -> str:
    many = len(reports) + len(refusals)
    return f"\n{many} claim{'s' if many != 1 else ''}: {len(reports)} judged, {len(refusals)} refused."


def _exit_code(reports: list[Report], refusals: tuple[Refusal, ...]) -> int:
    from .report import SEVERITY

    if refusals or not reports:
        return BAD_INPUT
    if any(SEVERITY[report.at_least] >= SEVERITY["warn"] for report in reports):
        return FINDINGS
    return UNDETERMINED if any(report.outcome == "undetermined" for report in reports) else CLEAN


# ---- test, lint, explain -----------------------------------------------------------------------------------------


@commands.command()
@click.argument("path", nargs=-1, required=True)
def test(path: tuple[str, ...]) -> None:
    """Run the tests that stand in policy files.

    Exit: 0 all passed; 1 some failed; 2 a mistake in a file.
    """
    from .checking import policies_of
    from .loading import read
    from .render import trial_text
    from .trial import trials

    loaded = read(path)
    policies_of(loaded)
    results = trials(loaded)
    _refuse_mistakes(loaded, (one for file in loaded.files for one in file.scope.diagnostics))
    for result in results:
        click.echo(trial_text(result))
    if not results:
        raise InputError([Fault(" ".join(path), "no policy with tests in it; a library has none")])
    _leave(FINDINGS if any(result.failures for result in results) else CLEAN)


def _refuse_mistakes(loaded: Loaded, diagnostics: Iterable[Diagnostic]) -> None:
    """Mistakes in tests show only when they are built."""
    from .checking import shown
    from .diagnostics import in_order

    errors = in_order(one for one in diagnostics if one.severity == "error")
    if errors:
        raise PolicyErrors(errors, shown(loaded, errors))


@commands.command()
@click.argument("path", nargs=-1, required=True)
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="Name the sources not confirmed in the 12 months before this date.")
def lint(path: tuple[str, ...], day: datetime | None) -> None:
    """Name every mistake and every weakness of policy files.

    Exit: 0 nothing to say; 1 warnings; 2 errors.
    """
    from .checking import shown
    from .lint import linted

    loaded, diagnostics = linted(path, day.date() if day is not None else None)
    errors = [one for one in diagnostics if one.severity == "error"]
    if diagnostics:
        click.echo(shown(loaded, diagnostics))
        click.echo("")
    many = len(diagnostics) - len(errors)
    click.echo(f"{len(errors)} error{'s' if len(errors) != 1 else ''}, {many} warning{'s' if many != 1 else ''}.")
    _leave(BAD_INPUT if errors else FINDINGS if diagnostics else CLEAN)


@commands.command()
@click.argument("what")
@click.argument("rule", required=False)
@click.option("--stack", is_flag=True, help="Mark each clause with the file and line it comes from, layers folded.")
def explain(what: str, rule: str | None, stack: bool) -> None:
    """Explain a mistake by its code (E012), or a policy, or one rule of it.

    Exit: 0; 2 where there is no such mistake, policy or rule.
    """
    if re.fullmatch("[EW][0-9]{1,4}", what.upper()) and not Path(what).exists():
        return _explain_code(what.upper())
    from .checking import load
    from .diagnostics import nearest
    from .stack import policy_text, stack_text

    policies = load(what).policies
    known = {one.name for policy in policies for one in policy.rules}
    if rule is not None and rule not in known:
        near = nearest(rule, known)
        raise click.BadParameter(f'no rule is called "{rule}"' + (f"; did you mean {near}?" if near else ""), param_hint="RULE")
    having = [policy for policy in policies if rule is None or any(one.name == rule for one in policy.rules)]
    click.echo("\n\n".join((stack_text if stack else policy_text)(policy, rule) for policy in having))
    return None


def _explain_code(code: str) -> None:
    from .diagnostics import CODES, nearest

    if code not in CODES:
        near = nearest(code, CODES)
        raise click.BadParameter(f"no mistake has the code {code}" + (f"; did you mean {near}?" if near else ""), param_hint="CODE")
    severity, title, meaning = CODES[code]
    click.echo(f"{code} ({severity}): {title}\n\n{meaning}")


if __name__ == "__main__":
    main()
