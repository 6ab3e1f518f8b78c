"""`cnncalc rules`: every rule explained."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.api.reference import RuleReference, rules
from cnncalc.cli.common import format_option, output_option, present
from cnncalc.cli.options import subcommand


@subcommand("rules")
@click.argument("rule", required=False)
@format_option(RuleReference.FORMATS)
@output_option
def command(rule: str | None, output: str | None, **options: Any) -> int:
    """List the rules of `validate`, or explain one: why it matters, two examples, its repair."""
    return present(rules(rule, output=output, **options), output)
