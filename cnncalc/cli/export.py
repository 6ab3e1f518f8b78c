"""`cnncalc export`: a report file."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.api.exporting import STYLES, export, format_of
from cnncalc.api.reports import Report
from cnncalc.cli.common import NETWORK, report_options
from cnncalc.cli.options import option, subcommand
from cnncalc.diagnostics import SpecError
from cnncalc.render.escape import plain


def _format(ctx: click.Context, param: click.Parameter, output: str) -> str:
    """Refuse an ending that says nothing before the network is looked at."""
    if not ctx.params.get("format"):
        format_of(output)
    return output


@subcommand("export")
@report_options
@option(
    "--format",
    type=click.Choice(sorted({*Report.FORMATS} - {"table"})),
    is_eager=True,
    help="The format, where the ending does not tell.",
)
@option(
    "-o", "--output", required=True, metavar="PATH", callback=_format, help="The file to write."
)
@option(
    "--style",
    type=click.Choice(STYLES),
    help="Of .svg, .png, .pdf: maps as volumes, layers as boxes.",
)
@option("--partial", is_flag=True, help="Of a network with mistakes what is known; HTML always.")
def command(net: str, output: str, partial: bool, **options: Any) -> int:
    """Write a report file or a drawing, as its ending says.

    Reports are a page for any browser (.html), Markdown, JSON and CSV; drawings SVG, PNG, PDF,
    Graphviz (.dot) and Mermaid (.mmd); a paper's table is LaTeX (.tex). Drawings and that table
    fold blocks by `--depth`; the page shows them folded at first. The file is written whole or not
    at all. PNG and PDF need `pip install "cnncalc[drawing]"`.
    """
    page = (options["format"] or format_of(output)) == "html"
    found = export(net, output, partial=partial or page, **options)
    click.get_current_context().meta[NETWORK] = found.asked.network
    click.echo(f"wrote {plain(output)}", err=True)
    if found.mistaken:
        raise SpecError([one for one in found.diagnostics if one.severity == "error"])
    return 0
