"""Parts of a kernel's output computed on several threads at the same time.

NumPy and its BLAS library release the interpreter lock inside their loops. Each part does all of
its work on one thread, from the gather over the matrix product to the activation, while its
values are in that core's cache; BLAS itself is best told to use a single thread
(``OPENBLAS_NUM_THREADS=1`` before NumPy is imported). With a BLAS that has threads of its own
the results are the same, and its idle threads take turns with ours.

A call that holds the lock for a microsecond makes the other thread wait for it some fifty, so
parts are made of few and long NumPy calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass

# Waking another thread takes some 50 µs; element-wise NumPy does about 1000 values in a
# microsecond. A part of fewer values than this costs more than it gives.
WORTH_A_THREAD = 40_000

# A multiply-accumulate of a matrix product takes a fraction of an element-wise operation.
MACS_A_VALUE = 40

# More parts than threads, so that a thread that wakes late or is interrupted does less.
PARTS_A_THREAD = 3


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


def parallel(work: Callable[[int, int], None], items: int, values: int, *, least: int = 1) -> None:
    """Call ``work(start, stop)`` on parts that cover ``range(items)``, at the same time.

    ``values`` is the number of element operations in all; with the ``least`` number of items a
    part should have, it decides how many parts are worth it. An exception in a part is raised
    here, after all parts have ended.
    """
    active = _workers.get()
    most = min(items // least, values // WORTH_A_THREAD)
    if active is None or most < 2:
        if items:
            work(0, items)
        return
    parts = min(most, active.count * PARTS_A_THREAD)
    numbers = iter(range(parts))  # advancing it is atomic

    def run() -> None:
        # A part that itself asked for threads would wait for a worker that waits for it.
        token = _workers.set(None)
        try:
            for part in numbers:
                work(items * part // parts, items * (part + 1) // parts)
        finally:
            _workers.reset(token)

    helpers = min(active.count, parts) - 1
    futures = [active.pool.submit(copy_context().run, run) for _ in range(helpers)]
    try:
        run()
    finally:
        # A helper that has not begun finds nothing left to do; it is not waited for.
        running = [future for future in futures if not future.cancel()]
        wait(running)
    for future in running:
        future.result()
