"""`cnncalc export`: a report file."""

from __future__ import annotations

import os

import click

from cnncalc.api import Report
from cnncalc.cli.analyze import write
from cnncalc.cli.common import with_report
from cnncalc.diagnostics import UsageError
from cnncalc.render.escape import plain
from cnncalc.render.rows import View

ENDINGS = {".md": "markdown", ".markdown": "markdown", ".json": "json", ".csv": "csv"}
"""The format of each ending."""


def _format(ctx: click.Context, param: click.Parameter, output: str) -> str:
    """Refuse an ending that says nothing before the network is looked at."""
    ending = os.path.splitext(output)[1].lower()
    if ending not in ENDINGS and not ctx.params.get("format_"):
        raise UsageError(
            f"no format goes with the ending of {os.path.basename(output)}",
            f"endings: {', '.join(ENDINGS)}; or name one with --format",
        )
    return output


@click.command("export")
@with_report
@click.option(
    "--format",
    "format_",
    type=click.Choice(sorted(set(ENDINGS.values()))),
    is_eager=True,
    help="The format, where the ending does not tell.",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(), callback=_format, help="The file to write."
)
def command(report: Report, view: View, format_: str | None, output: str) -> int:
    """Write a report file: Markdown, JSON or CSV, as its ending says.

    The file is written whole or not at all.
    """
    chosen = format_ or ENDINGS[os.path.splitext(output)[1].lower()]
    write(report, view, chosen, output)
    click.echo(f"wrote {plain(output)}", err=True)
    return 0
