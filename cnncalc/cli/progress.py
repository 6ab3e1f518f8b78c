"""A bar on standard error while a network runs, where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from cnncalc.analysis.report import Report
from cnncalc.cli.common import use_colour

PATIENCE = 0.3
"""Seconds without a bar: what is over by then needs none, nor Rich's import."""

VALUE_COST = 20
"""A value read or written takes about as long as so many multiply-accumulates."""

Observer = Callable[[int, Any], None]


def costs(found: Report) -> list[int]:
    """About how long each node takes, the inputs' first; only their ratios count."""
    nodes = found.graph.nodes
    return [
        node.facts.operations.macs + VALUE_COST * (node.facts.values + node.facts.params // 4)
        for node in nodes
    ]


@contextmanager
def progress(found: Report) -> Iterator[Observer]:
    """Shows the layer at work, the time elapsed and the time that remains."""
    if not use_colour(sys.stderr):
        yield lambda index, measured: None
        return
    bar: Any = None
    task: Any = None
    begin = perf_counter()
    nodes, weights = found.graph.nodes, costs(found)
    done = 0

    def observe(index: int, measured: Any) -> None:
        nonlocal bar, task, done
        if measured is not None:
            done += weights[index]
        elif bar is None and perf_counter() - begin > PATIENCE:
            bar = _bar()
            bar.start()
            task = bar.add_task("", total=sum(weights[len(found.inputs) :]))
        if bar is not None:
            bar.update(task, completed=done, description=nodes[index].name)

    try:
        yield observe
    finally:
        if bar is not None:
            bar.stop()


def _bar() -> Any:
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column

    from cnncalc.render.console import terminal

    return Progress(
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("elapsed,", style="quiet"),
        TimeRemainingColumn(),
        TextColumn("remaining", style="quiet"),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
        console=terminal(sys.stderr),
        transient=True,
        expand=True,
    )
