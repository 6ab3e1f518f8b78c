"""A sweep on many cores: chunks of points worked out anywhere, told in the grid's order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from functools import lru_cache
from itertools import count, islice, pairwise
from math import prod
from typing import Any, NamedTuple, Protocol

from cnncalc.exchange.load import load
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.sweeping.grid import Grid
from cnncalc.sweeping.points import Elaborates, Point, Worker

CHUNK = 256
"""Points of one task at the most, where tasks divide a grid along its order."""
BLOCK = 4096
"""Points that wait for each other, where tasks divide a grid by the parameters' values."""
TASKS = 4
"""Tasks for each worker that a small grid is divided into, so that all end together."""
AHEAD = 3
"""Tasks for each worker that wait or run, so that memory does not grow with the grid."""


class Swept(Protocol):
    """What is swept: a network, what it is called, and how it is looked at."""

    def __hash__(self) -> int: ...

    @property
    def net(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def inplace(self) -> bool: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    def with_columns(self, columns: tuple[str, ...]) -> Swept:
        """The same with totals on demand."""

    def network(self) -> Elaborates:
        """The network, read."""


class SweepSource(NamedTuple):
    """The network of a sweep, such that another process can find it."""

    net: str
    text: str | None
    """The file's text where `net` is only what it is called."""
    dtype: str
    inplace: bool
    columns: tuple[str, ...] = ()
    """Which totals are worked out on demand."""

    def with_columns(self, columns: tuple[str, ...]) -> SweepSource:
        """The same with totals on demand."""
        return self._replace(columns=columns)

    def network(self) -> Elaborates:
        """The network, read."""
        if self.text is None:
            return load(self.net)
        return Network(Source(self.net, self.text, None))


class Task(NamedTuple):
    """Some points of a grid."""

    subject: Swept
    grid: Grid
    spans: tuple[range, ...]
    """Their numbers."""


Block = list[tuple[range, ...]]
"""Spans of tasks: the first of each in turn, then the second of each, are the grid's order."""


@lru_cache(maxsize=1)
def _worker(subject: Swept) -> Worker:
    """What this process works with; it keeps what one task leaves for the next."""
    return Worker(subject.network(), subject.dtype, subject.inplace, subject.columns)


def work(task: Task) -> list[Point]:
    """The points of a task."""
    worker = _worker(task.subject)
    return [worker.point(task.grid.point(index)) for span in task.spans for index in span]


def sweep(
    subject: Swept, grid: Grid, executor: Executor | None = None, workers: int = 1, first: int = 0
) -> Iterator[Point]:
    """The points from `first` on, in the grid's order.

    With an executor some tasks are under way at a time, whatever the size of the grid; without
    one everything is done here.
    """
    blocks = _blocks(grid, workers, first)
    if executor is None:
        for block in blocks:
            for spans in block:
                yield from work(Task(subject, grid, spans))
        return
    running: deque[tuple[Block, list[Future[list[Point]]]]] = deque()
    try:
        for block in blocks:
            tasks = [executor.submit(work, Task(subject, grid, spans)) for spans in block]
            running.append((block, tasks))
            if sum([len(tasks) for _, tasks in running]) >= AHEAD * workers:
                yield from _in_order(*running.popleft())
        while running:
            yield from _in_order(*running.popleft())
    finally:
        for _, tasks in running:
            for future in tasks:
                future.cancel()


def _blocks(grid: Grid, workers: int, first: int) -> Iterator[Block]:
    """The points from `first` on, divided into tasks.

    Another size is cheap where the parameters are known, other parameters are a file read anew:
    so a task has all sizes of some parameters. Where the parameters' values are too few to keep
    the workers busy, or too many to wait for, tasks are stretches of the grid.
    """
    total = grid.count_of_points
    settings = prod(grid.sizes[2:])
    lanes = TASKS * workers
    if workers > 1 and lanes <= settings <= BLOCK:
        edges = [lane * settings // lanes for lane in range(lanes + 1)]
        rows = range(first // settings, total // settings)
        for some in (rows[at : at + BLOCK // settings] for at in count(0, BLOCK // settings)):
            if not some:
                return
            yield [
                tuple(
                    [
                        range(max(first, row * settings + low), max(first, row * settings + high))
                        for row in some
                    ]
                )
                for low, high in pairwise(edges)
            ]
    chunk = max(1, min(CHUNK, (total - first) // lanes or 1))
    for start in range(first, total, chunk):
        yield [(range(start, min(start + chunk, total)),)]


def _in_order(block: Block, tasks: list[Future[list[Point]]]) -> Iterator[Point]:
    points = [iter(task.result()) for task in tasks]
    for spans in zip(*block, strict=True):
        for span, found in zip(spans, points, strict=True):
            yield from islice(found, len(span))


def processes(jobs: int) -> Any:
    """An executor of processes that leave Ctrl-C to their parent."""
    import signal
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(
        jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )
