"""`cnncalc analyze`: the layer table."""

from __future__ import annotations

import click

from cnncalc.api import Report
from cnncalc.cli.common import (
    NETWORK,
    deliver,
    deliver_json,
    format_option,
    output_option,
    show,
    watch_option,
    with_report,
)
from cnncalc.cli.options import option, subcommand
from cnncalc.diagnostics import UsageError
from cnncalc.render.rows import View

FORMATS = ("table", "json", "markdown", "csv")


@subcommand("analyze")
@watch_option
@with_report
@format_option(FORMATS)
@option("--convention", metavar="NAME", help="MACs as another counter has them, such as fvcore.")
@output_option
def command(
    report: Report, view: View, format_: str, convention: str | None, output: str | None
) -> int:
    """Show every layer's output shape, receptive field, parameters, MACs and memory.

    NET is a file, the name of a shipped network, or `-`. Below the table stand the totals and,
    in a line each, what looks like a mistake.

    \b
    Examples:
      cnncalc analyze vgg16
      cnncalc analyze resnet50 --depth 1
      cnncalc analyze vgg16_fcn --input 3x384x384 --format json
      cnncalc analyze vgg16 --columns name,output,activations,weights --with-input
      cnncalc analyze mine.yaml --watch
    """
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
    """Write a report in one of the formats that need no terminal.

    Raises:
        UsageError: JSON is wanted with options that shape tables.
    """
    if format_ == "json":
        if refused := [option for option, given in shaping(view).items() if given]:
            raise UsageError(
                f"JSON has every layer and column, channels first: {refused[0]} does nothing there",
                "it shapes the table, Markdown and CSV",
            )
        deliver_json(report.to_dict(), output)
    elif format_ == "csv":
        from cnncalc.render.csv import report_csv

        deliver(report_csv(report, view), output, data=True)
    else:
        from cnncalc.render.markdown import report_markdown

        deliver(report_markdown(report, view), output)


def shaping(view: View) -> dict[str, bool]:
    """The options that shape tables and not JSON, and whether they are given for nothing."""
    read = click.get_current_context().params.get("input_") is not None
    return {
        "`--depth`": view.depth is not None,
        "`--layout`": view.channels_last and not read,  # it tells how `--input` is meant
        "`--columns`": bool(view.columns),
        "`--kinds`": bool(view.kinds),
        "`--with-input`": view.with_input,
    }
