"""Blocks of work on several threads. NumPy releases the interpreter lock inside its loops.

The matrix products have the BLAS library's own threads; the threads here are for what NumPy
does on one: gathers, element-wise arithmetic, pooling. The two never run at the same moment,
since the kernels call the product from the calling thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass

# Handing work to another thread and waiting for it takes some 30 µs; element-wise NumPy does
# about 1000 values in a microsecond. Under this many values a thread costs more than it gives.
WORTH_A_THREAD = 32_768


@dataclass(frozen=True, slots=True)
class Workers:
    """A pool of ``count - 1`` threads; the calling thread is the last worker."""

    count: int
    pool: ThreadPoolExecutor


_workers: ContextVar[Workers | None] = ContextVar("workers", default=None)


@contextmanager
def workers(count: int) -> Iterator[None]:
    """Let the kernels called in the block use ``count`` threads; they are joined at its end."""
    if count <= 1:
        yield
        return
    with ThreadPoolExecutor(count - 1, thread_name_prefix="cnncalc") as pool:
        token = _workers.set(Workers(count, pool))
        try:
            yield
        finally:
            _workers.reset(token)


def worker_count(values: int) -> int:
    """How many threads ``values`` element operations are worth, at least 1."""
    active = _workers.get()
    if active is None:
        return 1
    return max(1, min(active.count, values // WORTH_A_THREAD))


def parallel(work: Callable[[int, int], None], items: int, values: int) -> None:
    """Call ``work(start, stop)`` on parts that cover ``range(items)``, at the same time.

    ``values`` is the number of element operations in all; it decides how many threads are worth
    it. An exception in a part is raised here, after all parts have ended.
    """
    parts = min(items, worker_count(values))
    active = _workers.get()
    if parts <= 1 or active is None:
        if items:
            work(0, items)
        return
    edges = [items * part // parts for part in range(parts + 1)]
    futures = [
        active.pool.submit(copy_context().run, _alone, work, edges[part], edges[part + 1])
        for part in range(1, parts)
    ]
    try:
        work(edges[0], edges[1])
    finally:
        for future in futures:
            future.exception()
    for future in futures:
        future.result()


def _alone(work: Callable[[int, int], None], start: int, stop: int) -> None:
    # A part that itself asked for threads would wait for a worker that waits for it.
    _workers.set(None)
    work(start, stop)
