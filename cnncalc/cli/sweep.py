"""`cnncalc sweep`: totals over a grid of inputs, batches and parameters."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import click

from cnncalc.api.sweeps import FEW, ROWS, Sweep, sweep
from cnncalc.cli.common import (
    dtype_option,
    format_option,
    names,
    net_argument,
    output_option,
    present,
)
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.values import Whole
from cnncalc.sweeping.grid import batches, parameters
from cnncalc.sweeping.points import Point


def _batches(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    return batches(value)


def _parameters(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> dict[str, tuple[Any, ...]]:
    return parameters(value)


@subcommand("sweep")
@net_argument()
@option("--input", metavar="SIZES", help="Sizes 128:512:32, or shapes 3x96x128.")
@option("--batch", default="1", metavar="COUNTS", callback=_batches, help="Batches, as in 1,8,32.")
@option(
    "--set", multiple=True, metavar="NAME=VALUES", callback=_parameters,
    help="width=0.25:1.5:0.05",
)  # fmt: skip
@option("--where", metavar="CONDITION", help='As in "macs <= 300M and params <= 5M".')
@option("--pareto", metavar="METRICS", help="Keep what none beats; +METRIC: more is better.")
@option("--best", metavar="METRIC", help="Keep the one point that is best in it.")
@option("--columns", metavar="NAMES", callback=names, help="Totals to show, commas between.")
@option("--measured", metavar="FILE", help="CSV with figures of your own, as an accuracy.")
@dtype_option
@option("--inplace", is_flag=True, help="Activations write over their input.")
@option("--jobs", type=Whole(1, 1024), help="Processes; all cores where left out.")
@option("--resume", metavar="FILE", help="Go on in a CSV or JSONL file.")
@format_option(Sweep.FORMATS)
@output_option
def command(
    net: str, output: str | None, resume: str | None, jobs: int | None, **options: Any
) -> int:
    """Work out the totals of a network over a grid; a point that is no network tells why.

    The input (of several, the first) varies slowest, then the batch, then each --set in its order.
    Rows are written as they come; Ctrl-C leaves those that are done, and --resume goes on from
    there. --columns also takes model_bytes and training_bytes (a step with Adam). Columns of a CSV
    file (--measured) are metrics as well, of the points that its columns `input`, `batch` or a
    parameter name. A drawing (.svg, .html) shows all points, and the Pareto front as a line.

    \b
    Examples:
      cnncalc sweep resnet50 --input 128:512:32
      cnncalc sweep mobilenet_v2 --input 96:256:32 --set width=0.35,0.5,1 --pareto +params,macs
      cnncalc sweep mobilenet_v2 --set width=0.5,1 --measured runs.csv --pareto +accuracy,macs
      cnncalc sweep lenet5 --input 28:64 --batch 1,8 -o lenet5.csv
      cnncalc sweep mobilenet_v2 --set width=0.25:1.5:0.25 -o curve.svg
    """
    found = sweep(
        net, output=output, resume=resume, jobs=jobs or available(), progress=counted, **options
    )
    if output is not None or resume is not None:
        return 0
    if found.format not in ROWS:
        return present(found)
    for line in found.lines(found.format):
        sys.stdout.write(line)
    return 0


def available() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def counted(points: Iterator[Point], total: int) -> Iterator[Point]:
    """The points, with a bar and the time left where standard error is a terminal."""
    if not sys.stderr.isatty() or total <= FEW:
        yield from points
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from cnncalc.render.console import terminal

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal(sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=total)
        for number, point in enumerate(points, 1):
            yield point
            if number % 100 == 0:
                bar.update(task, completed=number)
