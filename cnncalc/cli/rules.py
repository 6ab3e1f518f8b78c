"""`cnncalc rules`: every rule explained."""

from __future__ import annotations

import click

from cnncalc.cli.common import deliver, deliver_json, format_option, output_option, show
from cnncalc.cli.options import subcommand
from cnncalc.diagnostics import UsageError, did_you_mean
from cnncalc.render import rules
from cnncalc.rules.registry import RULES


@subcommand("rules")
@click.argument("rule", required=False)
@format_option(("text", "markdown", "json"))
@output_option
def command(rule: str | None, format_: str, output: str | None) -> int:
    """List the rules of `validate`, or explain one: why it matters, two examples, its repair."""
    if rule is not None and rule not in RULES:
        raise UsageError(f"there is no rule `{rule}`", did_you_mean(rule, RULES))
    chosen = list(RULES.values()) if rule is None else [RULES[rule]]
    if format_ == "json":
        deliver_json({"schema": "cnncalc.rules/1", "rules": list(map(rules.data, chosen))}, output)
    elif format_ == "markdown":
        deliver(rules.page(chosen) if rule is None else rules.section(chosen[0]), output)
    else:
        show(rules.overview(chosen) if rule is None else rules.one(chosen[0]), output)
    return 0
