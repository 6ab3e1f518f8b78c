"""`cnncalc export`: a report file."""

from __future__ import annotations

import os

import click

from cnncalc.api import Report
from cnncalc.cli.analyze import write
from cnncalc.cli.common import deliver, with_report, write_file
from cnncalc.cli.options import option, subcommand
from cnncalc.diagnostics import UsageError
from cnncalc.render.escape import plain
from cnncalc.render.rows import View

ENDINGS = {
    ".md": "markdown", ".markdown": "markdown", ".json": "json", ".csv": "csv",
    ".dot": "dot", ".mmd": "mermaid", ".svg": "svg", ".png": "png", ".pdf": "pdf",
    ".tex": "latex", ".html": "html", ".htm": "html",
}  # fmt: skip
"""The format of each ending."""
DRAWINGS = ("dot", "mermaid", "latex")
PICTURES = ("svg", "png", "pdf")
STYLES = ("volumes", "blocks")


def _format(ctx: click.Context, param: click.Parameter, output: str) -> str:
    """Refuse an ending that says nothing before the network is looked at."""
    ending = os.path.splitext(output)[1].lower()
    if ending not in ENDINGS and not ctx.params.get("format_"):
        raise UsageError(
            f"no format goes with the ending of {os.path.basename(output)}",
            f"endings: {', '.join(ENDINGS)}; or name one with --format",
        )
    return output


@subcommand("export")
@with_report
@option(
    "--format",
    "format_",
    type=click.Choice(sorted(set(ENDINGS.values()))),
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
def command(report: Report, view: View, format_: str | None, output: str, style: str | None) -> int:
    """Write a report file or a drawing, as its ending says.

    Reports are a page for any browser (.html), Markdown, JSON and CSV; drawings SVG, PNG, PDF,
    Graphviz (.dot) and Mermaid (.mmd); a paper's table is LaTeX (.tex). Drawings and that table
    fold blocks by `--depth`; the page shows them folded at first. The file is written whole or not
    at all. PNG and PDF need `pip install "cnncalc[drawing]"`.
    """
    chosen = format_ or ENDINGS[os.path.splitext(output)[1].lower()]
    if style is not None and chosen not in PICTURES:
        raise UsageError(
            f"`--style` does nothing in {chosen}", "it is the style of .svg, .png and .pdf files"
        )
    if chosen == "html":
        _refuse_rows(view)
        deliver(_page(report, view), output)
    elif chosen in PICTURES:
        _refuse(view, chosen)
        write_file(output, _picture(report, view, style or STYLES[0], chosen))
    elif chosen in DRAWINGS:
        _refuse(view, chosen)
        deliver(_drawn(report, view, chosen), output)
    else:
        write(report, view, chosen, output)
    click.echo(f"wrote {plain(output)}", err=True)
    return 0


def _refuse_rows(view: View) -> None:
    """Refuse options that choose a table's rows: the page has all of them, and a filter."""
    for name, given in (("`--kinds`", view.kinds), ("`--with-input`", view.with_input)):
        if given:
            raise UsageError(
                f"{name} does nothing in HTML", "the page has every layer, and filters kinds"
            )


def _page(report: Report, view: View) -> str:
    from cnncalc.render.page import page_html

    return page_html(report, view)


def _refuse(view: View, format_: str) -> None:
    """Refuse options that choose a table's rows and columns."""
    options = {
        "`--columns`": view.columns,
        "`--kinds`": view.kinds,
        "`--with-input`": view.with_input,
        "`--exact`": view.exact and format_ != "latex",
    }
    for name, given in options.items():
        if given:
            raise UsageError(f"{name} does nothing in {format_}", "`--depth` folds blocks")


def _drawn(report: Report, view: View, format_: str) -> str:
    if format_ == "dot":
        from cnncalc.render.dot import report_dot

        return report_dot(report, view)
    if format_ == "latex":
        from cnncalc.render.latex import report_latex

        return report_latex(report, view)
    from cnncalc.render.mermaid import report_mermaid

    return report_mermaid(report, view)


def _picture(report: Report, view: View, style: str, format_: str) -> str | bytes:
    if style == "blocks":
        from cnncalc.render.drawing.blocks import report_blocks as draw
    else:
        from cnncalc.render.drawing.volumes import report_volumes as draw
    drawn = draw(report, view)
    if format_ == "svg":
        return drawn
    from cnncalc.render.drawing.typeset import typeset

    return typeset(drawn, "png" if format_ == "png" else "pdf")
