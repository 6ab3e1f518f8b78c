"""A training step played through, against PyTorch's own tracker."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support import chain

from cnncalc.analysis.training.blocks import at_depth, named
from cnncalc.analysis.training.layer_bytes import lower
from cnncalc.analysis.training.optimizers import OPTIMIZERS
from cnncalc.analysis.training.plan import Plan
from cnncalc.analysis.training.step import Training, train
from cnncalc.graph import Graph
from cnncalc.language.load import load

REFERENCE = Path(__file__).parents[2] / "reference"
HEADLESS = "_no_aux"
COUNTER = 8
"""Bytes of `num_batches_tracked`, which PyTorch's batch norm counts beside its statistics."""


def taken(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REFERENCE / name).read_text(encoding="utf-8"))
    return found


@cache
def graph(name: str, shape: tuple[int, ...] | None = None) -> Graph:
    changes = {"auxiliary": 0} if name.endswith(HEADLESS) else {}
    return load(name.removesuffix(HEADLESS)).graph(changes, shape)


def phases(found: Training) -> dict[str, int]:
    most: dict[str, int] = {}
    for moment in found.moments:
        most[moment.phase] = max(most.get(moment.phase, 0), moment.bytes)
    return most


NETWORKS: dict[str, Any] = taken("training.json")["networks"]
RUNS = [(name, row["input"], run) for name, row in NETWORKS.items() for run in row["runs"]]
NAMES = [
    f"{name}-{run['optimizer']}-{run['batch']}{'-autocast' * run['autocast']}"
    for name, _, run in RUNS
]


def test_families_and_runs() -> None:
    plain = {(name, batch, False) for name in ("sgd", "momentum", "adam") for batch in (2, 16)}
    mixed = {("adam", batch, True) for batch in (2, 16)}
    assert len(NETWORKS) == 19
    for row in NETWORKS.values():
        runs = {(run["optimizer"], run["batch"], run["autocast"]) for run in row["runs"]}
        assert runs == plain | mixed


@pytest.mark.parametrize(("name", "shape", "run"), RUNS, ids=NAMES)
def test_step(name: str, shape: list[int], run: dict[str, Any]) -> None:
    network = graph(name, tuple(shape))
    found = train(
        network,
        Plan(batch=run["batch"], optimizer=OPTIMIZERS[run["optimizer"]], autocast=run["autocast"]),
    )
    assert found.params == run["params"]
    assert found.gradients == run["gradients"]
    assert found.optimizer_state == run["optimizer_state"]
    norms = sum(node.kind.name == "batch_norm" for node in network.layers)
    assert found.buffers + COUNTER * norms == run["buffers"]
    assert found.peak.bytes == pytest.approx(run["peak"], rel=0.005)
    assert found.peak.phase == max(run["phases"], key=run["phases"].__getitem__)


def test_mean_error_of_the_peak() -> None:
    errors = [
        abs(
            train(
                graph(name, tuple(shape)),
                Plan(batch=run["batch"], optimizer=OPTIMIZERS[run["optimizer"]]),
            ).peak.bytes
            / run["peak"]
            - 1
        )
        for name, shape, run in RUNS
        if not run["autocast"]
    ]
    assert sum(errors) / len(errors) < 0.0002


OPTIMIZER_RUNS = taken("optimizers.json")


@pytest.mark.parametrize(
    "run", OPTIMIZER_RUNS["runs"], ids=lambda run: f"{run['network']}-{run['optimizer']}"
)
def test_optimizers(run: dict[str, Any]) -> None:
    """State and the step's temporaries to the byte, but for batch norm's counters."""
    network = graph(run["network"], tuple(OPTIMIZER_RUNS["input"]))
    plan = Plan(batch=OPTIMIZER_RUNS["batch"], optimizer=OPTIMIZERS[run["optimizer"]])
    found = train(network, plan)
    assert found.optimizer_state == run["optimizer_state"]
    norms = sum(node.kind.name == "batch_norm" for node in network.layers)
    assert phases(found)["step"] + COUNTER * norms == run["step"]


def test_every_optimizer_of_pytorch_was_taken() -> None:
    assert {run["optimizer"] for run in OPTIMIZER_RUNS["runs"]} == set(OPTIMIZERS) - {"lion"}


CHECKPOINTS = taken("checkpoints.json")


@pytest.mark.parametrize("run", CHECKPOINTS["runs"], ids=lambda run: f"{run['modules']}")
def test_checkpoints(run: dict[str, Any]) -> None:
    network = graph(run["network"])
    blocks = [block.nodes for name in run["blocks"] for block in named(network, name)]
    plan = Plan(CHECKPOINTS["batch"], optimizer=OPTIMIZERS["sgd"], checkpoints=tuple(blocks))
    found = phases(train(network, plan))
    assert found == {phase: pytest.approx(run["phases"][phase], rel=0.001) for phase in found}


LARGEST = taken("largest.json")["rows"]


def test_five_networks_and_two_budgets() -> None:
    assert len({row["network"] for row in LARGEST}) == 5
    assert len(LARGEST) == 10


@pytest.mark.parametrize("row", LARGEST, ids=lambda row: f"{row['network']}-{row['budget']}")
def test_largest_batch(row: dict[str, Any]) -> None:
    """What PyTorch's tracker says of the largest batch and of one sample more."""
    from cnncalc.analysis.training.fit import largest_training

    fits, more = row["peaks"]
    assert fits <= row["budget"] < more
    assert largest_training(graph(row["network"]), Plan(), row["budget"]) == row["batch"]


# -- steps small enough to be counted by hand --------------------------------------------------


def test_two_layers_by_hand() -> None:
    """4 inputs, 3 hidden with ReLU, 2 outputs; float32, one sample, SGD."""
    found = train(
        chain((4,), {"linear": [3, False]}, "relu", {"linear": [2, False]}),
        Plan(optimizer=OPTIMIZERS["sgd"]),
    )
    weights, data = (12 + 6) * 4, 4 * 4
    assert (found.params, found.gradients, found.optimizer_state) == (weights, weights, 0)
    assert found.storages == [[], [16], [12], []]  # the input, and ReLU's output for both
    alive = {(moment.phase, moment.node): moment.bytes for moment in found.moments}
    assert alive["forward", 1] == weights + data + 12
    assert alive["forward", 2] == weights + data + 12 + 12  # input and output of the ReLU
    assert alive["forward", 3] == weights + data + 12 + 8
    # output and loss stay; the outputs' gradient is one number, that of the ReLU's output 12 bytes
    assert alive["backward", 3] == weights + data + 12 + 8 + 4 + 4 + 12 + 24
    assert alive["step", 3] == 2 * weights + data + 8 + 4


def test_gradients_live_on_where_they_are_accumulated() -> None:
    network = graph("lenet5")
    once = phases(train(network, Plan(batch=8)))
    more = train(network, Plan(batch=8, accumulate=4))
    assert phases(more)["forward"] == once["forward"] + more.gradients
    assert phases(more)["step"] == once["step"]


def test_in_place_keeps_the_same_and_holds_less() -> None:
    network = graph("vgg16")
    plain, inplace = train(network, Plan()), train(network, Plan(inplace=True))
    assert inplace.saved_total == plain.saved_total
    alive = [
        next(moment.bytes for moment in found.moments if moment.node == 2)
        for found in (inplace, plain)
    ]
    assert plain.moments[2].node == 2  # the first ReLU, whose input and output are alive
    assert alive[1] - alive[0] == 64 * 224 * 224 * 4


def test_shared_weights_have_one_gradient() -> None:
    network = chain(
        (4, 8, 8), {"conv": [4, 3, 1, 1], "name": "a"}, {"conv": [4, 3, 1, 1], "share": "a"}
    )
    found = train(network, Plan())
    assert found.gradients == found.params == (4 * 4 * 9 + 4) * 4


def test_recomputation_is_told() -> None:
    network = graph("resnet18")
    blocks = named(network, "stage")
    found = train(network, Plan(checkpoints=tuple(block.nodes for block in blocks)))
    macs = sum(
        node.facts.operations.macs
        for block in blocks
        for node in network.nodes[block.start : block.end]
    )
    assert found.recomputed == macs


PLANS = [
    Plan(batch=2),
    Plan(batch=3, autocast=True),
    Plan(batch=2, inplace=True, minimal=True),
    Plan(batch=2, accumulate=3),
]


@pytest.mark.parametrize("plan", PLANS, ids=range(len(PLANS)))
@pytest.mark.parametrize(
    "name", ["googlenet", "resnet50", "squeezenet1_0", "shufflenet_v2_x1_0", "segnet", "unet"]
)
def test_every_storage_comes_and_goes(name: str, plan: Plan) -> None:
    """After a step nothing is left but what stays: weights, state, gradients."""
    from cnncalc.analysis.training.step import _Step

    network = graph(name)
    for again in ((), tuple(block.nodes for block in at_depth(network, 1))):
        step = _Step(network, plan._replace(checkpoints=again), lower(network, plan))
        found = step.run()
        stays = found.params + found.buffers + found.optimizer_state + found.gradients
        assert step.heap.alive == stays
        assert min(step.heap.holders) >= 0
        held = [s for s, holders in enumerate(step.heap.holders) if holders]
        assert sum(step.heap.sizes[s] for s in held) == found.gradients


def test_nothing_to_train() -> None:
    found = train(chain((3, 8, 8), "relu", {"max_pool": 2}), Plan())
    assert (found.gradients, found.saved_total, found.optimizer_state) == (0, 0, 0)
    assert found.peak.bytes > 3 * 8 * 8 * 4
