"""`cnncalc analyze`: the layer table."""

from __future__ import annotations

import click

from cnncalc.api import Report
from cnncalc.cli.common import (
    NETWORK,
    deliver,
    deliver_json,
    output_option,
    show,
    with_report,
)
from cnncalc.diagnostics import UsageError
from cnncalc.render.rows import View

FORMATS = ("table", "json", "markdown", "csv")


def columns(value: str | None) -> tuple[str, ...]:
    """The columns that `--columns` names."""
    if not value:
        return ()
    from cnncalc.diagnostics import did_you_mean
    from cnncalc.render.columns import COLUMNS

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
@click.option("--convention", metavar="NAME", help="MACs as another counter has them: fvcore, …")
@output_option
def command(
    report: Report,
    depth: int | None,
    channels_last: bool,
    format_: str,
    columns_: str | None,
    exact: bool,
    convention: str | None,
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
    view = View(depth, exact, channels_last, columns(columns_))
    if convention is not None:
        view = _in_convention(view, convention, report, format_)
    if format_ == "table":
        from cnncalc.render.report import document

        show(document(report, view), output)
    else:
        write(report, view, format_, output)
    return 0


def _in_convention(view: View, name: str, report: Report, format_: str) -> View:
    """The view with another counter's numbers in place of our MACs."""
    from cnncalc.cli.conventions import counted

    if format_ == "json":
        raise UsageError(
            "`--convention` does nothing in JSON, whose `macs` are ours",
            f"`cnncalc reconcile --format json` has {name}'s total",
        )
    network = click.get_current_context().meta[NETWORK]
    given = click.get_current_context().params.get("input_")
    found = counted(name, report.graph, network, report.batch, given)
    return view._replace(convention=name, counted=found)


def write(report: Report, view: View, format_: str, output: str | None) -> None:
    """Write a report in one of the formats that need no terminal."""
    if format_ == "json":
        deliver_json(report.to_dict(), output)
    elif format_ == "csv":
        from cnncalc.render.csv import report_csv

        deliver(report_csv(report, view), output, data=True)
    else:
        from cnncalc.render.markdown import report_markdown

        deliver(report_markdown(report, view), output)
