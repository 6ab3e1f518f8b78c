"""Long work on several threads: blocks of a product, activations, pools and sums.

NumPy releases the interpreter lock inside its loops and its products, but between them two
threads take turns, and each turn costs some 50 µs where the other had gone to sleep; only long
calls are worth it.

Every product runs on the thread that asks for it. The threads of OpenBLAS wait for each other by
spinning: where anything else wants a core, each small product then stalls for a slice of the
scheduler's time, and a convolution of 150 ms was seen to take 24 s on a busy machine. So the
kernels divide their work themselves, among threads that sleep when they wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import NamedTuple

from threadpoolctl import threadpool_limits

# Element-wise NumPy does about 1000 values in a microsecond. Waking another thread, taking turns
# with it and waiting for it takes 100 to 200 µs.
WORTH_A_THREAD = 400_000

# Multiply-accumulates of a matrix product that take as long as an element-wise value.
MACS_A_VALUE = 40


class Workers(NamedTuple):
    """A pool of ``threads - 1`` threads; the calling thread is the last worker."""

    threads: int
    pool: ThreadPoolExecutor


_workers: ContextVar[Workers | None] = ContextVar("workers", default=None)


@contextmanager
def workers(count: int) -> Iterator[None]:
    """Let the kernels called in the block use ``count`` threads; they are joined at its end."""
    others = ThreadPoolExecutor(max(count - 1, 1), thread_name_prefix="cnncalc")
    with threadpool_limits(1, "blas"), others as pool:
        token = _workers.set(Workers(count, pool) if count > 1 else None)
        try:
            yield
        finally:
            _workers.reset(token)


def parallel(work: Callable[[int, int], None], items: int, values: int) -> None:
    """Call ``work(start, stop)`` on parts that cover ``range(items)``, at the same time.

    ``values`` is the number of element operations in all; it decides how many parts are worth it.
    An exception in a part is raised here, after all parts have ended.
    """
    active = _workers.get()
    most = min(items, values // WORTH_A_THREAD)
    if active is None or most < 2:
        if items:
            work(0, items)
        return
    # A part for each thread: smaller ones would even out a late start, and cost more than that
    # in calls that are too short (measured on whole networks).
    parts = min(most, active.threads)
    numbers = iter(range(parts))  # advancing it is atomic
    # The pool forgets a job some time after it has ended. What it holds until then must not be
    # the arrays that the job worked on, so the job reaches them through a list emptied below.
    job = [work]
    del work

    def run() -> None:
        # A part that itself asked for threads would wait for a worker that waits for it.
        token = _workers.set(None)
        try:
            for part in numbers:
                job[0](items * part // parts, items * (part + 1) // parts)
        finally:
            _workers.reset(token)

    others = min(active.threads, parts) - 1
    futures = [active.pool.submit(copy_context().run, run) for _ in range(others)]
    try:
        run()
    finally:
        # A thread that has not begun finds nothing left to do; it is not waited for.
        running = [future for future in futures if not future.cancel()]
        wait(running)
        job.clear()
    for future in running:
        future.result()
