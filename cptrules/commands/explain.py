"""`cptrules explain`: a mistake by its code, a policy, or one rule."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..checking import Policies


@click.command()
@click.argument("what")
@click.argument("rule", required=False)
@click.option("--stack", is_flag=True, help="Mark each clause with the file and line it comes from, layers folded.")
@click.option("--facts", is_flag=True, help="Every fact that the policy can ask for, with its question.")
@click.option("--code", is_flag=True, help="Show the Python that a check of the policy runs, and which rules it decides.")
def explain(what: str, rule: str | None, stack: bool, facts: bool, code: bool) -> None:
    """Explain a mistake by its code (E012), or a policy, or one rule of it, in plain English; or a library's sets, or a table of codes.

    WHAT may be carc, rarc or modifiers too: the codes of the shipped table with our own words for them.

    Exit: 0; 2 where there is no such mistake, policy or rule.
    """
    if what in ("carc", "rarc", "modifiers"):
        return _explain_table(what)
    if re.fullmatch("[EW][0-9]{1,4}", what.upper()) and not Path(what).exists():
        return _explain_code(what.upper())
    from ..checking import load
    from ..diagnostics import nearest
    from ..explain import explained
    from ..stack import stack_text

    loaded = load(what)
    if facts:
        return _facts(loaded)
    policies = loaded.policies
    known = {one.name for policy in policies for one in policy.rules}
    if rule is not None and rule not in known:
        near = nearest(rule, known)
        raise click.BadParameter(f'no rule is called "{rule}"' + (f"; did you mean {near}?" if near else ""), param_hint="RULE")
    if code:
        from ..compiled.shown import code_text

        click.echo("\n\n".join(code_text(policies, policy, rule) for policy in policies if rule is None or any(r.name == rule for r in policy.rules)))
        return None
    if not policies:
        return _explain_library(what)
    having = [policy for policy in policies if rule is None or any(one.name == rule for one in policy.rules)]
    click.echo("\n\n".join((stack_text if stack else explained)(policy, rule) for policy in having))
    return None


def _explain_table(name: str) -> None:
    """The codes of a shipped table, each with our own words for it."""
    from .. import codesets

    table = {"carc": codesets.carc, "rarc": codesets.rarc, "modifiers": codesets.modifiers}[name]()
    for (code,) in table.all_keys():
        cells = table.rows_for((code,))[0].cells
        click.echo(f"{code.ljust(6)} {cells.get('meaning') or cells.get('label') or ''}")


def _explain_library(name: str) -> None:
    """A library's definitions as they stand in it."""
    from .. import tree as t
    from ..loading import read

    for file in read([name]).files:
        for block in file.parsed.file.blocks if file.asked_for else ():
            if not isinstance(block, t.LibraryHead):
                click.echo(file.scope.said(block.span))


def _facts(policies: Policies) -> None:
    """One fact a line: its name, what it is, and the question."""
    asked = policies.facts()
    width = max((len(fact.name) for fact in asked), default=0)
    for fact in asked:
        kind = f"one of {', '.join(fact.words)}" if fact.words else fact.type.replace("_", " ")
        click.echo(f"{fact.name.ljust(width)}  {fact.question} ({kind})")


def _explain_code(code: str) -> None:
    from ..diagnostics import CODES, nearest

    if code not in CODES:
        near = nearest(code, CODES)
        raise click.BadParameter(f"no mistake has the code {code}" + (f"; did you mean {near}?" if near else ""), param_hint="CODE")
    severity, title, meaning = CODES[code]
    click.echo(f"{code} ({severity}): {title}\n\n{meaning}")
