"""`cnncalc validate`: findings in architecture files."""

from __future__ import annotations

import sys
from typing import Any

import click

from cnncalc.api import validate
from cnncalc.cli.common import deliver, output_option, style_for, variant_options
from cnncalc.diagnostics import summarize
from cnncalc.shapes import Shape


@click.command("validate")
@click.argument("nets", metavar="NET...", nargs=-1, required=True)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@click.option("--strict", is_flag=True, help="Warnings fail as well as errors.")
@output_option
@variant_options
def command(
    nets: tuple[str, ...],
    format_: str,
    strict: bool,
    output: str | None,
    input_: Shape | None,
    changes: tuple[tuple[str, Any], ...],
) -> int:
    """Find what is wrong, or probably not meant, in architecture files.

    Exit status 1 where there is an error (with --strict, or a warning).
    """
    findings = [
        finding for net in nets for finding in validate(net, input=input_, parameters=dict(changes))
    ]
    if format_ == "json":
        from cnncalc.render.json import diagnostics_dict, dumps

        deliver(dumps(diagnostics_dict(findings)), output)
    else:
        from cnncalc.render.findings import block, summary, unstyled

        style = style_for(sys.stdout) if output is None else unstyled
        blocks = [block(finding, style) for finding in findings]
        deliver("\n\n".join([*blocks, summary(findings)]) + "\n", output)
    counts = summarize(findings)
    return int(bool(counts["errors"] or (strict and counts["warnings"])))
