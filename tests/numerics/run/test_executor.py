"""Whole networks against PyTorch, and memory that is freed."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from compare import HEADLESS
from forward_cases import CASES, Case, drawn, image, sample
from support import graph, listed

from cnncalc.graph import Graph
from cnncalc.language.load import load
from cnncalc.numerics.arrays import Arrays
from cnncalc.numerics.run.executor import execute
from cnncalc.numerics.run.ledger import Ledger, root
from cnncalc.numerics.weights.generated import declared_arrays, generate

FORWARD = Path(__file__).parents[2] / "reference" / "forward.npz"
TOLERANCE = {"float64": 1e-10, "float32": 1e-4}


def network(case: Case) -> Graph:
    name = case.network
    headless = name.endswith(HEADLESS)
    changes = {"auxiliary": 0} if headless else {}
    return load(name.removesuffix(HEADLESS)).graph(changes, case.input)


def arrays(network: Graph, dtype: str) -> list[Arrays]:
    """The arrays of `forward_cases.py`, numbered as the layers run."""
    found: list[Arrays] = []
    number = 0
    for node in network.nodes:
        own = {}
        for name, shape in declared_arrays(node).items():
            own[name] = drawn(number, name.rpartition(".")[2], shape).astype(dtype)
            number += 1
        found.append(own)
    return found


@pytest.fixture(scope="module")
def answers() -> Any:
    with np.load(FORWARD) as stored:
        return {name: stored[name] for name in stored.files}


def error(found: npt.NDArray[Any], expected: npt.NDArray[Any]) -> float:
    """Largest difference relative to the largest value."""
    return float(np.abs(sample(found) - expected).max() / np.abs(expected).max())


DISCONTINUOUS = {"segnet"}
"""Where two values of a pool's window differ by less than a float32's rounding, the switch that an
unpooling takes is the other one, and the value lands elsewhere."""

RUNS = [
    (case, dtype)
    for case in CASES
    for dtype in TOLERANCE
    if dtype == "float64" or case.network not in DISCONTINUOUS
]


@pytest.mark.parametrize(("case", "dtype"), RUNS, ids=lambda part: getattr(part, "network", part))
def test_equals_pytorch(case: Case, dtype: str, answers: Any) -> None:
    net = network(case)
    x = image(case).astype(dtype)
    outputs = execute(net, arrays(net, dtype), lambda index: x, 2)
    for number, index in enumerate(net.outputs):
        expected = answers[f"{case.network}/{number}"]
        assert outputs[index].dtype == dtype
        assert error(outputs[index], expected) < TOLERANCE[dtype]


def test_every_answer_is_of_a_case(answers: Any) -> None:
    stored = {name.partition("/")[0] for name in answers if name != "versions"}
    assert stored == {case.network for case in CASES}


def test_shared_weights_are_counted_once() -> None:
    net = graph(
        """
        input: [3, 6, 6]
        layers:
          - {conv: [3, 1], name: first}
          - {conv: [3, 1], share: first}
        """
    )
    found: list[Any] = []
    weights = generate(net, np.dtype("float32"))
    zeros = np.zeros((1, 3, 6, 6), np.float32)
    execute(net, weights, lambda index: zeros, observer=lambda index, row: found.append(row))
    assert [row.params for row in found if row] == [12, 0]


def test_outputs_are_all_that_is_left() -> None:
    net = graph(listed((3, 6, 6), ["relu", {"max_pool": 2}, "flatten", {"linear": 2}]))
    alive: list[int] = []
    outputs = execute(
        net,
        generate(net, np.dtype("float64")),
        lambda index: np.ones((1, 3, 6, 6)),
        observer=lambda index, row: row and alive.append(row.alive_bytes),
    )
    assert alive == [2 * 864, 864 + 216, 216, 216 + 16]
    assert [output.shape for output in outputs.values()] == [(1, 2)]


def test_ledger_believes_only_the_arrays() -> None:
    ledger = Ledger()
    whole = np.zeros((4, 4))
    assert ledger.enter(whole) == 128
    view = whole[1:].reshape(-1)
    assert root(view) is whole
    assert ledger.enter(view) == 0
    del whole
    gc.collect()
    assert ledger.alive == 128, "the view still holds the memory"
    del view
    gc.collect()
    assert ledger.alive == 0
