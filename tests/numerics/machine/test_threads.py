"""Threads that share work: every item once, errors told, and nothing held afterwards."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from cnncalc.numerics.machine import threads
from cnncalc.numerics.machine.threads import WORTH_A_THREAD, parallel, workers
from cnncalc.numerics.parts.products import count_macs, counting


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("items", [0, 1, 2, 7, 100])
def test_every_item_is_done_once(count: int, items: int) -> None:
    done = [0] * items
    lock = threading.Lock()

    def work(start: int, stop: int) -> None:
        with lock:
            for item in range(start, stop):
                done[item] += 1

    with workers(count):
        parallel(work, items, 100 * WORTH_A_THREAD)
    assert done == [1] * items


def test_short_work_stays_on_its_thread() -> None:
    with workers(4):
        seen = []
        parallel(lambda start, stop: seen.append((start, stop)), 100, WORTH_A_THREAD)
    assert seen == [(0, 100)]


def test_an_error_in_any_part_is_raised() -> None:
    def work(start: int, stop: int) -> None:
        raise ValueError(start)

    with workers(3), pytest.raises(ValueError):
        parallel(work, 9, 100 * WORTH_A_THREAD)


def test_parts_are_counted() -> None:
    with workers(3), counting() as counter:
        parallel(lambda start, stop: count_macs(stop - start), 90, 100 * WORTH_A_THREAD)
    assert counter.macs == 90


def test_a_job_that_never_began_holds_no_arrays() -> None:
    """A busy pool leaves the job in its queue; what it worked on must be free all the same."""
    release = threading.Event()
    with workers(2):
        active = threads._workers.get()
        assert active is not None
        blocker = active.pool.submit(release.wait)
        array = np.zeros(10)

        def use(start: int, stop: int, array: np.ndarray = array) -> None:
            array[start:stop] += 1

        parallel(use, 10, 100 * WORTH_A_THREAD)
        assert array.sum() == 10
        gone = weakref.ref(array)
        del array, use
        assert gone() is None
        release.set()
        blocker.result()


def test_products_run_on_one_thread_within_the_block() -> None:
    def threads() -> list[int]:
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    with threadpool_limits(2, "blas"):
        before = threads()
        with workers(2):
            assert set(threads()) <= {1}
        assert threads() == before
