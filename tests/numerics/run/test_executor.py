"""Whole networks against PyTorch, one by one and folded; memory that is freed and written over."""

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
from cnncalc.numerics.run.executor import Executor
from cnncalc.numerics.run.ledger import Ledger, root
from cnncalc.numerics.run.plan import Plan
from cnncalc.numerics.weights.generated import Arrays, declared_arrays, generate

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
    given = x.copy()
    weights = arrays(net, dtype)
    single = Executor(net, weights, 2).measure(lambda: [given.copy()])
    folded = Plan(net, weights, 2).run(x)
    assert np.array_equal(x, given), "the caller's input was written over"
    for number, index in enumerate(net.outputs):
        expected = answers[f"{case.network}/{number}"]
        for outputs in (single, folded):
            assert outputs[index].dtype == dtype
            assert error(outputs[index], expected) < TOLERANCE[dtype]


def test_every_answer_is_of_a_case(answers: Any) -> None:
    stored = {name.partition("/")[0] for name in answers if name != "versions"}
    assert stored == {case.network for case in CASES}


FOLDABLE = [
    # layers, and how many kernels run
    (["relu"], 1),
    ([{"conv": [4, 3, 1, 1]}, "batch_norm", "relu"], 1),
    ([{"conv": [4, 3, 1, 1]}, "batch_norm", {"leaky_relu": 0.2}, "relu"], 2),
    ([{"conv": {"filters": 4, "kernel": 1, "bias": False}}, "batch_norm", "gelu"], 1),
    (["batch_norm", "relu", {"conv": [4, 3, 1, 1]}], 2),
    ([{"batch_norm": {"track_stats": False}}, "relu"], 2),
    ([{"batch_norm": {"affine": False}}, "relu"], 1),
    ([{"conv_transpose": [4, 2, 2]}, "batch_norm", "relu"], 1),
    ([{"depthwise_conv": 3}, "batch_norm", "relu6"], 1),
    ([{"separable_conv": [4, 3]}, "batch_norm", "relu"], 1),
    (["flatten", {"linear": 5}, "tanh"], 2),
    ([{"conv": [4, 3, 1, 1]}, {"prelu": "channels"}], 2),
    ([{"conv": [4, 3, 1, 1]}, "dropout", "relu"], 3),
    ([{"add": [[{"conv": [3, 3, 1, 1]}], []]}, "relu"], 2),
    ([{"add": [["relu"], ["relu"]]}, "sigmoid", "relu"], 4),
    ([{"add": [["identity"], [{"conv": [3, 3, 1, 1]}, "batch_norm"]]}, "relu", {"max_pool": 2}], 4),
    ([{"multiply": [["global_avg_pool", "sigmoid"], []]}], 3),
    ([{"concat": [[{"conv": [2, 3, 1, 1]}, "relu"], [{"conv": [2, 3, 1, 1]}, "batch_norm"]]}], 3),
]


@pytest.mark.parametrize(("layers", "kernels"), FOLDABLE, ids=str)
def test_folding_changes_no_result(layers: list[Any], kernels: int) -> None:
    net = graph(listed((3, 6, 6), layers))
    plan = Plan(net, generate(net, np.dtype("float64"), 1))
    assert len(plan.steps) == kernels
    same_results(net, plan)


UNFOLDABLE = [
    # an output that somebody else reads, or that is wanted, stays
    """
    input: [3, 6, 6]
    layers:
      - {conv: [3, 1], name: first}
      - batch_norm
      - relu
      - add: [[], first]
    """,
    """
    input: [3, 6, 6]
    layers:
      - {conv: [3, 1], output: true}
      - {batch_norm: , output: true}
      - relu
    """,
    """
    input: [3, 6, 6]
    layers:
      - {conv: [3, 1], name: first}
      - {dropout: , name: second}
      - relu
      - add: [[], second]
    """,
    """
    input: [3, 6, 6]
    layers:
      - {conv: [3, 1], name: first}
      - batch_norm
      - relu
      - {conv: [3, 1], share: first}
      - batch_norm
      - relu
    """,
    """
    input: [3, 6, 6]
    layers:
      - {identity: , name: first}
      - relu
      - {max_pool: 2, name: pool}
      - relu
      - max_unpool: pool
      - relu
      - {upsample: , like: first}
    """,
]


@pytest.mark.parametrize("text", UNFOLDABLE)
def test_what_others_read_is_not_folded_or_written_over(text: str) -> None:
    net = graph(text.replace("{upsample: , like: first}", "{upsample: {like: first}}"))
    same_results(net, Plan(net, generate(net, np.dtype("float64"), 1)))


def same_results(net: Graph, plan: Plan) -> None:
    x = np.random.RandomState(0).standard_normal((2, *net.input_shape))
    given = x.copy()
    expected = Executor(net, generate(net, np.dtype("float64"), 1)).measure(lambda: [given.copy()])
    for _ in range(2):
        outputs = plan.run(x)
        assert np.array_equal(x, given)
        assert outputs.keys() == expected.keys()
        for index, output in outputs.items():
            assert np.abs(output - expected[index]).max() < 1e-12


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
    Executor(net, weights).measure(
        lambda: [np.zeros((1, 3, 6, 6), np.float32)], lambda index, row: found.append(row)
    )
    assert [row.params for row in found if row] == [12, 0]


def test_outputs_are_all_that_is_left() -> None:
    net = graph(listed((3, 6, 6), ["relu", {"max_pool": 2}, "flatten", {"linear": 2}]))
    alive: list[int] = []
    outputs = Executor(net, generate(net, np.dtype("float64"))).measure(
        lambda: [np.ones((1, 3, 6, 6))], lambda index, row: row and alive.append(row.alive_bytes)
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
