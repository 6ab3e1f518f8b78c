"""`cnncalc analyze`: the layer table."""

from __future__ import annotations

import sys
from typing import Any

import click

from cnncalc.analysis.report import Settings
from cnncalc.api import Report, report
from cnncalc.cli.common import deliver, network_options, output_option, terminal_width, use_colour
from cnncalc.shapes import Shape
from cnncalc.spec.load import UsageError, load

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


def shared_options(command: Any) -> Any:
    """Options that shape a report, whatever its format."""
    for option in (
        click.option(
            "--layout", type=click.Choice(["channels-first", "channels-last"]),
            default="channels-first", help="Write shapes as C×H×W or as H×W×C.",
        ),
        click.option("--inplace", is_flag=True, help="Activations write over their input."),
        click.option(
            "--depth", type=click.IntRange(1, 100), help="Fold blocks below this level into sums."
        ),
    ):  # fmt: skip
        command = option(command)
    return network_options(command)


@click.command("analyze")
@click.argument("net")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table")
@click.option(
    "--columns", "columns_", metavar="NAMES", help="Columns to show, with commas between."
)
@click.option("--exact", is_flag=True, help="Exact numbers in place of K, M and MiB.")
@output_option
@shared_options
def command(
    net: str,
    format_: str,
    columns_: str | None,
    exact: bool,
    output: str | None,
    layout: str,
    inplace: bool,
    depth: int | None,
    input_: Shape | None,
    changes: tuple[tuple[str, Any], ...],
    batch: int,
    dtype: str,
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
    found = report(load(net), input_, dict(changes), Settings(batch, dtype, inplace))
    last = layout == "channels-last"
    if format_ == "table":
        from cnncalc.render import spans
        from cnncalc.render.table import View, report_lines

        view = View(depth, exact, last, chosen, terminal_width(output))
        lines = report_lines(found, view)
        colour = output is None and use_colour(sys.stdout)
        text = spans.coloured(lines) if colour else spans.plain(lines)
    else:
        text = formatted(found, format_, depth, last)
    deliver(text, output)
    return 0


def formatted(found: Report, format_: str, depth: int | None, channels_last: bool) -> str:
    """A report in one of the formats that need no terminal."""
    if format_ == "json":
        return found.to_json()
    if format_ == "csv":
        from cnncalc.render.csv import report_csv

        return report_csv(found, depth, channels_last)
    from cnncalc.render.markdown import report_markdown

    return report_markdown(found, depth, channels_last)
