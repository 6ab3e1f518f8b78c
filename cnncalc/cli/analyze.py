"""`cnncalc analyze`: the layer table."""

from __future__ import annotations

import sys

import click

from cnncalc.api import Report
from cnncalc.cli.common import (
    deliver,
    output_option,
    terminal_width,
    use_colour,
    with_report,
)
from cnncalc.diagnostics import UsageError

FORMATS = ("table", "json", "markdown", "csv")


def columns(value: str | None) -> tuple[str, ...]:
    """The columns that `--columns` names."""
    if not value:
        return ()
    from cnncalc.diagnostics import did_you_mean
    from cnncalc.render.table import COLUMNS

    names = tuple(name.strip() for name in value.split(",") if name.strip())
    for name in names:
        if name not in COLUMNS:
            raise UsageError(
                f"there is no column `{name}`",
                f"{did_you_mean(name, COLUMNS)}\nthe columns are {', '.join(COLUMNS)}",
            )
    return tuple(dict.fromkeys(names))


@click.command("analyze")
@with_report
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table")
@click.option("--columns", "columns_", metavar="NAMES", help="Columns to show, commas between.")
@click.option("--exact", is_flag=True, help="Exact numbers in place of K, M and MiB.")
@output_option
def command(
    report: Report,
    depth: int | None,
    channels_last: bool,
    format_: str,
    columns_: str | None,
    exact: bool,
    output: str | None,
) -> int:
    """Show every layer's output shape, receptive field, parameters, MACs and memory.

    NET is a file, the name of a shipped network, or `-`. Below the table stand the totals and,
    in a line each, what looks like a mistake.

    \b
    Examples:
      cnncalc analyze vgg16
      cnncalc analyze resnet50 --depth 1
      cnncalc analyze vgg16_fcn --input 3x384x384 --format json
    """
    chosen = columns(columns_)
    if format_ == "table":
        from cnncalc.render import spans
        from cnncalc.render.table import View, report_lines

        view = View(depth, exact, channels_last, chosen, terminal_width(output))
        lines = report_lines(report, view)
        colour = output is None and use_colour(sys.stdout)
        text = spans.coloured(lines) if colour else spans.plain(lines)
    else:
        text = formatted(report, format_, depth, channels_last)
    deliver(text, output)
    return 0


def formatted(report: Report, format_: str, depth: int | None, channels_last: bool) -> str:
    """A report in one of the formats that need no terminal."""
    if format_ == "json":
        return report.to_json()
    if format_ == "csv":
        from cnncalc.render.csv import report_csv

        return report_csv(report, depth, channels_last)
    from cnncalc.render.markdown import report_markdown

    return report_markdown(report, depth, channels_last)
