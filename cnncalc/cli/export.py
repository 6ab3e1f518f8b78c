"""`cnncalc export`: a report file."""

from __future__ import annotations

import os
from typing import Any

import click

from cnncalc.analysis.report import Settings
from cnncalc.api import report
from cnncalc.cli.analyze import formatted, shared_options
from cnncalc.cli.common import write_file
from cnncalc.shapes import Shape
from cnncalc.spec.load import UsageError, load

ENDINGS = {".md": "markdown", ".markdown": "markdown", ".json": "json", ".csv": "csv"}
"""The format of each ending."""


@click.command("export")
@click.argument("net")
@click.option("-o", "--output", required=True, type=click.Path(), help="The file to write.")
@click.option(
    "--format", "format_", type=click.Choice(sorted(set(ENDINGS.values()))),
    help="The format, where the ending does not tell.",
)  # fmt: skip
@shared_options
def command(
    net: str,
    output: str,
    format_: str | None,
    layout: str,
    inplace: bool,
    depth: int | None,
    input_: Shape | None,
    changes: tuple[tuple[str, Any], ...],
    batch: int,
    dtype: str,
) -> int:
    """Write a report file: Markdown, JSON or CSV, as its ending says.

    The file is written whole or not at all.
    """
    chosen = format_ or ENDINGS.get(os.path.splitext(output)[1].lower())
    if chosen is None:
        raise UsageError(
            f"no format goes with the ending of {os.path.basename(output)}",
            f"endings: {', '.join(ENDINGS)}; or name one with --format",
        )
    found = report(load(net), input_, dict(changes), Settings(batch, dtype, inplace))
    write_file(output, formatted(found, chosen, depth, layout == "channels-last"))
    click.echo(f"wrote {output}", err=True)
    return 0
