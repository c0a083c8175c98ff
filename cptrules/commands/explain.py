"""`cptrules explain`: a mistake by its code, a policy, or one rule."""

from __future__ import annotations

import re
from pathlib import Path

import click


@click.command()
@click.argument("what")
@click.argument("rule", required=False)
@click.option("--stack", is_flag=True, help="Mark each clause with the file and line it comes from, layers folded.")
@click.option("--code", is_flag=True, help="Show the Python that a check of the policy runs, and which rules it decides.")
def explain(what: str, rule: str | None, stack: bool, code: bool) -> None:
    """Explain a mistake by its code (E012), or a policy, or one rule of it.

    Exit: 0; 2 where there is no such mistake, policy or rule.
    """
    if re.fullmatch("[EW][0-9]{1,4}", what.upper()) and not Path(what).exists():
        return _explain_code(what.upper())
    from ..checking import load
    from ..diagnostics import nearest
    from ..stack import policy_text, stack_text

    policies = load(what).policies
    known = {one.name for policy in policies for one in policy.rules}
    if rule is not None and rule not in known:
        near = nearest(rule, known)
        raise click.BadParameter(f'no rule is called "{rule}"' + (f"; did you mean {near}?" if near else ""), param_hint="RULE")
    if code:
        from ..compiled.shown import code_text

        click.echo("\n\n".join(code_text(policies, policy, rule) for policy in policies if rule is None or any(r.name == rule for r in policy.rules)))
        return None
    having = [policy for policy in policies if rule is None or any(one.name == rule for one in policy.rules)]
    click.echo("\n\n".join((stack_text if stack else policy_text)(policy, rule) for policy in having))
    return None


def _explain_code(code: str) -> None:
    from ..diagnostics import CODES, nearest

    if code not in CODES:
        near = nearest(code, CODES)
        raise click.BadParameter(f"no mistake has the code {code}" + (f"; did you mean {near}?" if near else ""), param_hint="CODE")
    severity, title, meaning = CODES[code]
    click.echo(f"{code} ({severity}): {title}\n\n{meaning}")
