"""`cnncalc.sweep` from Python."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.sweeping import run
from cnncalc.sweeping.grid import Grid
from cnncalc.sweeping.run import SweepSource

GRID: dict[str, Any] = {
    "input": (96, (3, 128, 160)),
    "batch": (1, 2),
    "parameters": {"width": (0.5, 1)},
}


def test_points_are_those_of_analyze() -> None:
    points = list(cnncalc.sweep("mobilenet_v2", **GRID))
    assert len(points) == 8
    for point in points:
        totals = cnncalc.analyze(
            "mobilenet_v2",
            input=point.input_shape,
            batch=point.batch,
            parameters=point.parameters,
        ).totals
        assert (point.params, point.macs) == (totals.params, totals.macs)


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_gives_the_same(pool: Any) -> None:
    with pool(2) as executor:
        found = list(cnncalc.sweep("mobilenet_v2", **GRID, executor=executor, workers=2))
    assert found == list(cnncalc.sweep("mobilenet_v2", **GRID))


@pytest.mark.parametrize("widths", [2, 7, 8, 19, 5000], ids=lambda number: f"{number} parameters")
@pytest.mark.parametrize("first", [0, 1, 11])
def test_tasks_give_the_points_in_the_order_of_the_grid(widths: int, first: int) -> None:
    """Also where a task has all sizes of some parameters, and where it begins in the middle."""
    text = "input: [1, 8]\nparameters: {k: 3}\nlayers:\n  - conv: [k, 1]\n"
    subject = SweepSource("<yaml>", text, "float32", False)
    ks = {"k": tuple(range(1, widths + 1))}
    grid = Grid(tuple([(1, size) for size in (8, 9, 12)]), (1,), ks)
    with ThreadPoolExecutor(2) as executor:
        found = list(run.sweep(subject, grid, executor, 2, first))
    expected = [grid.point(number) for number in range(first, grid.count_of_points)]
    assert [(one.input_shape, one.parameters["k"]) for one in found] == [
        (at.input, at.parameters["k"]) for at in expected
    ]
    assert [one.macs for one in found] == [at.input[1] * at.parameters["k"] for at in expected]


def test_a_dask_cluster_gives_the_same() -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(**options, processes=False) as cluster,
        distributed.Client(cluster) as client,
        client.get_executor() as executor,
    ):
        found = list(cnncalc.sweep("mobilenet_v2", **GRID, executor=executor, workers=2))
    assert found == list(cnncalc.sweep("mobilenet_v2", **GRID))


def test_the_text_of_a_file() -> None:
    text = "input: [1, 8]\nparameters: {k: 3}\nlayers:\n  - conv: [4, k]\n"
    points = list(cnncalc.sweep(yaml=text, parameters={"k": (3, np.int64(5), 9)}))
    assert [point.params for point in points[:2]] == [16, 24]
    assert points[2].error is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"net": "lenet5", "yaml": "x"}, "a network or the text"),
        ({"net": "lenet6"}, "did you mean"),
        ({"net": "lenet5", "dtype": "int4"}, "unknown type"),
        ({"net": "lenet5", "batch": ()}, "without values"),
        ({"net": "lenet5", "batch": (0,)}, "from 1 on"),
        ({"net": "lenet5", "parameters": {"width": (1,)}}, "no parameter"),
    ],
)
def test_refusals(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(cnncalc.UsageError) as caught:
        list(cnncalc.sweep(**arguments))
    assert words in f"{caught.value} {caught.value.hint}"


SIAMESE = """
input: {left: [1, 16, 16], right: [2, 16, 16], code: [4]}
parameters: {width: 4}
layers:
  - {conv: [width, 3, 1, 1], name: one}
  - {conv: [width, 3, 1, 1], name: two, from: right}
  - add: [one, two]
  - global_avg_pool
  - {flatten: , name: seen}
  - {linear: width, from: code}
  - add: [seen, []]
"""


def test_inputs_of_one_size_go_together() -> None:
    points = list(
        cnncalc.sweep(yaml=SIAMESE, input=(16, 24), batch=(1, 2), parameters={"width": (4, 6)})
    )
    assert len(points) == 8
    assert not any(point.error for point in points)
    for point in points:
        _, *sizes = point.input_shape
        totals = cnncalc.analyze(
            yaml=SIAMESE,
            input={"left": (1, *sizes), "right": (2, *sizes)},
            batch=point.batch,
            parameters=point.parameters,
        ).totals
        assert (point.params, point.macs) == (totals.params, totals.macs)
        assert point.peak_activation_bytes == totals.peak_activation_bytes
