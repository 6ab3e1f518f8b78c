"""A sweep on many cores: chunks of points worked out anywhere, told in the grid's order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from functools import lru_cache
from typing import Any

from cnncalc.exchange.load import load
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.records import Record
from cnncalc.sweeping.grid import Grid
from cnncalc.sweeping.points import Elaborates, Point, Worker

CHUNK = 256
"""Points of one task at the most; a small grid is divided into smaller ones."""
AHEAD = 3
"""Tasks for each worker that wait or run, so that memory does not grow with the grid."""


class Subject(Record):
    """The network of a sweep, such that another process can find it."""

    net: str
    text: str | None
    """The file's text where `net` is only what it is called."""
    dtype: str
    inplace: bool

    def network(self) -> Elaborates:
        """The network, read."""
        if self.text is None:
            return load(self.net)
        return Network(Source(self.net, self.text, None))


class Task(Record):
    """Some points of a grid."""

    subject: Subject
    grid: Grid
    first: int
    last: int


@lru_cache(maxsize=1)
def _worker(subject: Subject) -> Worker:
    """What this process works with; it keeps what one task leaves for the next."""
    return Worker(subject.network(), subject.dtype, subject.inplace)


def work(task: Task) -> list[Point]:
    """The points of a task."""
    worker = _worker(task.subject)
    return [worker.point(task.grid.point(index)) for index in range(task.first, task.last)]


def sweep(
    subject: Subject, grid: Grid, executor: Executor | None = None, workers: int = 1, first: int = 0
) -> Iterator[Point]:
    """The points from `first` on, in the grid's order.

    With an executor some tasks are under way at a time, whatever the size of the grid; without
    one everything is done here.
    """
    total = len(grid)
    chunk = max(1, min(CHUNK, (total - first) // (4 * workers) or 1))
    starts = iter(range(first, total, chunk))
    if executor is None:
        for start in starts:
            yield from work(Task(subject, grid, start, min(start + chunk, total)))
        return
    running: deque[Future[list[Point]]] = deque()
    try:
        for start in starts:
            task = Task(subject, grid, start, min(start + chunk, total))
            running.append(executor.submit(work, task))
            if len(running) >= AHEAD * workers:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()
    finally:
        for future in running:
            future.cancel()


def processes(jobs: int) -> Any:
    """An executor of processes that leave Ctrl-C to their parent."""
    import signal
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(
        jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )
