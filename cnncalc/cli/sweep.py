"""`cnncalc sweep`: totals over a grid of inputs, batches and parameters."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import click

from cnncalc.cli import sinks
from cnncalc.cli.common import output_option
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.values import Whole
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.load import load
from cnncalc.language.load import find
from cnncalc.language.network import Network
from cnncalc.sweeping.choice import Condition, Front, aim, condition
from cnncalc.sweeping.grid import Grid, batches, checked, inputs, parameters
from cnncalc.sweeping.points import Point
from cnncalc.sweeping.run import Subject, processes, sweep

FORMATS = ("table", "csv", "jsonl", "json", "svg", "html")
DTYPES = ("float32", "float16", "bfloat16", "float64", "int8")
FEW = 500
"""So many points are done before other processes have started."""


@subcommand("sweep")
@click.argument("net")
@option("--input", "input_", metavar="SIZES", help="Sizes 128:512:32, or shapes 3x96x128.")
@option("--batch", default="1", metavar="COUNTS", help="Batches, as in 1,8,32.")
@option("--set", "sets", multiple=True, metavar="NAME=VALUES", help="width=0.25:1.5:0.05")
@option("--where", metavar="CONDITION", help='As in "macs <= 300M and params <= 5M".')
@option("--pareto", metavar="METRICS", help="Keep what none beats; +METRIC: more is better.")
@option("--best", metavar="METRIC", help="Keep the one point that is best in it.")
@option("--dtype", type=click.Choice(DTYPES), default="float32", help="Type of the values.")
@option("--inplace", is_flag=True, help="Activations write over their input.")
@option("--jobs", type=Whole(1, 1024), help="Processes; all cores where left out.")
@option("--resume", metavar="FILE", help="Go on in a CSV or JSONL file.")
@option("--format", "format_", type=click.Choice(FORMATS), help="The ending's, or a table.")
@output_option
def command(
    net: str,
    input_: str | None,
    batch: str,
    sets: tuple[str, ...],
    where: str | None,
    pareto: str | None,
    best: str | None,
    dtype: str,
    inplace: bool,
    jobs: int | None,
    resume: str | None,
    format_: str | None,
    output: str | None,
) -> int:
    """Work out the totals of a network over a grid; a point that is no network tells why.

    The input (of several, the first) varies slowest, then the batch, then each --set in its order.
    Rows are written as they come; Ctrl-C leaves those that are done, and --resume goes on from
    there. A drawing (.svg, .html) shows all points, and the Pareto front as a line.

    \b
    Examples:
      cnncalc sweep resnet50 --input 128:512:32
      cnncalc sweep mobilenet_v2 --input 96:256:32 --set width=0.35,0.5,1 --pareto +params,macs
      cnncalc sweep lenet5 --input 28:64 --batch 1,8 -o lenet5.csv
      cnncalc sweep mobilenet_v2 --set width=0.25:1.5:0.25 -o curve.svg
    """
    if pareto and best:
        raise UsageError("`--pareto` and `--best` choose both", "one of them")
    source = None if net != "-" else find(net)
    network = load(net) if source is None else Network(source)
    shapes = network.graph({}, None).input_shapes
    name, own = next(iter(shapes.items()))
    grid = checked(
        Grid(
            inputs(input_, own) if input_ else (own,),
            batches(batch),
            _known(network, parameters(sets)),
            name if len(shapes) > 1 else "input",
        )
    )
    subject = Subject(net, None if source is None else source.text, dtype, inplace)
    names = tuple(grid.parameters)
    admits = condition(where, names) if where else None
    aims = tuple([aim(name) for name in (pareto or best or "").split(",") if name.strip()])
    sink = sinks.opened(format_, output, resume, grid, subject)
    with ExitStack() as stack:
        stack.callback(sink.close)
        executor, cores = None, jobs or available()
        if cores > 1 and grid.count_of_points - sink.done > FEW:
            executor = stack.enter_context(processes(cores))
        points = sweep(subject, grid, executor, cores, sink.done)
        points = counted(stack, points, grid.count_of_points - sink.done)
        kept = (point for point in points if admits is None or _admitted(point, admits))
        if aims:
            front = Front(aims)
            for point in kept:
                if point.error is None:
                    front.add(point)
                    sink.see(point)
            found = front.points[:1] if best else front.points
            for point in found:
                sink.add(point)
            sink.end((aims[-1].metric, aims[0].metric) if len(aims) > 1 else None)
        else:
            for point in kept:
                sink.see(point)
                sink.add(point)
            sink.end(None)
    return 0


def _admitted(point: Point, admits: Condition) -> bool:
    return point.error is None and admits(point)


def _known(network: Any, given: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """The parameters, each of which the network has."""
    if given:
        network.values({name: values[0] for name, values in given.items()})
    return given


def available() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def counted(stack: ExitStack, points: Iterator[Point], total: int) -> Iterator[Point]:
    """The points, with a bar and the time left where standard error is a terminal."""
    if not sys.stderr.isatty() or total <= FEW:
        return points
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from cnncalc.render.console import terminal

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = stack.enter_context(Progress(*columns, console=terminal(sys.stderr), transient=True))
    task = bar.add_task("", total=total)

    def seen() -> Iterator[Point]:
        for number, point in enumerate(points, 1):
            yield point
            if number % 100 == 0:
                bar.update(task, completed=number)

    return seen()
