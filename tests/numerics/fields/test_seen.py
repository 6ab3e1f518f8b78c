"""Receptive fields sent through the kernels, held against what single pixels really change.

The inputs and weights are positive, so that nothing cancels. Every pixel of a small input is
raised, one in each sample of a batch, and a unit sees the pixels that change it. Where a unit's
window lies within the input both must agree; at the borders a window counts the padding, and
the pixels that change the unit lie within it.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support import graph

from cnncalc.analysis.receptive_field import receptive_fields
from cnncalc.graph import Graph
from cnncalc.layers import KINDS
from cnncalc.numerics.measurement import Seen
from cnncalc.numerics.run.executor import execute
from cnncalc.numerics.run.measure import see
from cnncalc.numerics.weights.generated import generate
from cnncalc.verification.checks import field_difference

Bools = npt.NDArray[np.bool_]

ACTIVATIONS = [
    "relu", "leaky_relu", "prelu", "elu", "selu", "celu", "gelu", "silu", "sigmoid", "tanh",
    "hard_tanh", "softplus", "softsign", "mish", {"threshold": 0.01}, "dropout", "drop_path",
    "identity", "hard_sigmoid", "hard_swish", "relu6", {"rescale": 2}, {"power": 2}, "exp", "log",
    "abs", {"clip": {"low": -9, "high": 9}},
]  # fmt: skip

SINGLE: list[Any] = [
    *ACTIVATIONS,
    {"conv": [2, 3]}, {"conv": [2, 3, 2, 1]}, {"conv": [2, [3, 2], [2, 1], "same"]},
    {"conv": [2, 3, 1, [[3, 0], [0, 2]], 2]}, {"conv": [2, 2, 3]}, {"conv": [2, 1, 2]},
    {"depthwise_conv": [3, 2, 1]}, {"separable_conv": [2, 3, 1, "same_lower"]},
    {"locally_connected": [2, 3, 2, 1]},
    {"conv_transpose": [2, 3, 2, 1, 1]}, {"conv_transpose": [2, 2, 3]},
    {"conv_transpose": [2, 3, 2, 0, 0, 3]}, {"conv_transpose": [2, 4, 2, "same"]},
    {"max_pool": 2}, {"max_pool": [3, 2, 1]},
    {"max_pool": {"kernel": 3, "stride": 2, "ceil_mode": True}},
    {"max_pool": {"kernel": 2, "stride": 1, "dilation": 3}}, {"avg_pool": [3, 2, 1]},
    {"lp_pool": [2, 2]}, "global_avg_pool", "global_max_pool", "global_lp_pool",
    {"adaptive_avg_pool": 5}, {"adaptive_max_pool": {"size": [3, 4]}},
    {"adaptive_avg_pool": {"size": [9, 8]}},
    {"adaptive_max_pool": 1}, {"adaptive_avg_pool": {"size": [1, 4]}},
    {"upsample": 2}, {"upsample": {"size": [13, 11]}}, {"upsample": {"size": [6, 20]}},
    {"upsample": {"scale": 3, "mode": "bilinear"}},
    {"upsample": {"size": [13, 5], "mode": "linear"}},
    {"upsample": {"size": [17, 4], "mode": "linear", "align_corners": True}},
    {"upsample": {"size": [1, 8], "mode": "linear", "align_corners": True}},
    {"pixel_shuffle": 1}, {"pixel_unshuffle": 1}, {"channel_shuffle": 3},
    {"slice": [1, 3]}, {"select": [0, 2]},
    {"pad": 2}, {"pad": {"padding": [[1, 0], [0, 3]]}}, {"crop": {"size": 5}},
    {"crop": {"size": [4, 7], "offset": [0, 1]}},
    {"linear": {"features": 2, "each_position": True}},
    "batch_norm", "layer_norm", {"layer_norm": "all"}, {"group_norm": 3}, "instance_norm",
    "local_response_norm", "scale", "softmax", "log_softmax",
    {"squeeze_excitation": 2}, {"self_attention": 1},
    {"add": [[], [{"conv": [3, 3, 1, 1]}]]}, {"multiply": [[], [{"avg_pool": [3, 1, 1]}]]},
    {"multiply": [["global_avg_pool"], []]}, {"concat": [[{"conv": [1, 5, 1, 2]}], []]},
    "offset", {"scale": {"axes": []}}, {"reduce": "mean"},
    {"reduce": {"by": "sum", "axes": [1, 2]}}, {"slice": {"start": 1, "step": 2, "axis": 1}},
    {"slice": {"start": 2, "stop": 7, "axis": 2}},
    {"subtract": [[], [{"conv": [3, 3, 1, 1]}]]}, {"divide": [[], [{"conv": [3, 1]}]]},
    {"add": [[{"adaptive_avg_pool": {"size": [9, 1]}}], [{"conv": [3, 3, 1, 1]}]]},
]  # fmt: skip

FLAT = {"linear", "rbf", "flatten", "reshape", "max_unpool"}
"""Kinds that take or make no map, or show below."""

BOUNDED: list[Any] = [
    {"permute": [0, 2, 1]}, {"maximum": [[], [{"conv": [3, 3, 1, 1]}]]},
    {"minimum": [[], [{"conv": [3, 3, 1, 1]}]]}, {"softmax": {"axis": 1}},
    {"concat": {"inputs": [[], ["relu"]], "axis": 2}}, {"reduce": {"by": "max", "axes": [1]}},
    {"matmul": {"inputs": [[], []], "transpose_other": True}}, {"pad": 0},
]  # fmt: skip
"""Layers of which a unit sees less than its window, or of the whole that it is said to see."""

CHAINS: list[list[Any]] = [
    [{"conv": [2, 3, 2, 1]}, {"conv": [2, 3, 1, 2, 2]}, {"max_pool": [3, 2, 1]}],
    [{"conv": [2, 3, 2]}, {"conv_transpose": [2, 3, 2]}, {"conv": [2, 3, 1, 1]}],
    [{"max_pool": 2}, {"upsample": 2}, {"conv": [2, 3, 1, 1]}, {"upsample": {"size": [7, 5]}}],
    [{"conv": [2, 2, 2]}, {"upsample": {"scale": 2, "mode": "linear"}}, {"conv": [2, 2, 2]}],
    [{"conv_transpose": [4, 3, 3]}, {"pixel_unshuffle": 3}, {"conv": [4, 3, 2]}],
    [{"conv": [4, 3, 1, 1]}, {"pixel_shuffle": 2}, {"conv": [2, 3, 2, 1]}],
    [{"adaptive_avg_pool": {"size": [6, 4]}}, {"conv": [2, 3, 1, 1]}, {"adaptive_max_pool": 2}],
    [{"pad": 1}, {"conv": [2, 3, 2]}, {"concat": [[{"conv": [1, 3, 1, 1]}], [{"conv": [1, 1]}]]}],
    [{"conv": [2, 3, 1, 1]}, "global_avg_pool", {"conv": [2, 1]}],
    [{"add": [[{"conv": [3, 3, 2, 1]}, {"conv": [3, 3, 1, 1]}], [{"conv": [3, 1, 2]}]]}, "relu"],
]

POSITIVE = {"batch_norm", "layer_norm", "group_norm", "instance_norm", "local_response_norm"}


def network(layers: list[Any]) -> Graph:
    return graph(json.dumps({"input": [3, 9, 8], "layers": list(map(wanted, layers))}))


def wanted(layer: Any) -> Any:
    """The layer, marked as an output."""
    entry = {layer: None} if isinstance(layer, str) else dict(layer)
    return entry | {"output": True}


def changed(net: Graph) -> dict[int, tuple[Bools, Bools]]:
    """For each output, which pixels (rows, columns) change which units: [*units, *pixels]."""
    height, width = net.input_shape[1:]
    still = np.random.RandomState(1).uniform(0.05, 0.2, net.input_shape)
    batch = np.repeat(still[None], height * width + 1, axis=0)
    for pixel in range(height * width):
        batch[pixel, :, pixel // width, pixel % width] += np.linspace(0.3, 0.6, len(still))
    arrays = [
        {name: np.abs(array) for name, array in own.items()}
        for own in generate(net, np.dtype("float64"))
    ]
    outputs = execute(net, arrays, lambda index: batch.copy())
    found = {}
    for index, output in outputs.items():
        differs = (np.abs(output[:-1] - output[-1]) > 1e-14).any(axis=1)
        pixels = differs.reshape(height, width, *output.shape[2:])
        found[index] = np.moveaxis(pixels, (0, 1), (-2, -1))
    return found


def fields(net: Graph) -> list[Seen]:
    (seen,) = see(net, {i: node.facts.output for i, node in enumerate(net.nodes) if node.inputs})
    return list(seen)


@pytest.mark.parametrize("layers", [[layer] for layer in SINGLE] + CHAINS, ids=str)
def test_equals_what_pixels_change(layers: list[Any]) -> None:
    net = network(layers)
    seen = fields(net)
    compared = 0
    for index, pixels in changed(net).items():
        compared += same(net, pixels, seen[index - 1])
    assert compared, "no unit lies within the input"


def same(net: Graph, pixels: Bools, seen: Seen) -> int:
    """How many units see what they should; others have windows that reach into the padding."""
    sizes = net.input_shape[1:]
    within(net, pixels, seen)
    compared = 0
    for unit in np.ndindex(*pixels.shape[:-2]):
        hull, windows = hulls(pixels[unit]), windows_of(seen, unit, sizes)
        if all(w is None or (w[0] >= 0 and w[1] < n) for w, n in zip(windows, sizes, strict=True)):
            assert hull == (None if None in windows else windows)
            compared += 1
    return compared


def within(net: Graph, pixels: Bools, seen: Seen) -> None:
    """Every pixel that changes a unit lies in its window."""
    for unit in np.ndindex(*pixels.shape[:-2]):
        hull, windows = hulls(pixels[unit]), windows_of(seen, unit, net.input_shape[1:])
        if hull is not None:
            for (low, high), window in zip(hull, windows, strict=True):
                assert window is not None
                assert window[0] <= low <= high <= window[1]


def windows_of(
    seen: Seen, unit: tuple[int, ...], sizes: tuple[int, ...]
) -> tuple[tuple[int, int] | None, ...]:
    """The window of a unit on each axis; all of it for a layer that sees everything."""
    if seen is None:
        return tuple((0, n - 1) for n in sizes)
    return tuple(seen[axis][place] for axis, place in enumerate(unit))


def hulls(pixels: Bools) -> tuple[tuple[int, int], ...] | None:
    """First and last pixel on each axis of those that are set."""
    if not pixels.any():
        return None
    found = []
    for other in (1, 0):
        places = np.flatnonzero(pixels.any(axis=other))
        found.append((int(places[0]), int(places[-1])))
    return tuple(found)


@pytest.mark.parametrize("layer", BOUNDED, ids=str)
def test_lies_within_the_window(layer: Any) -> None:
    net = network([layer])
    seen = fields(net)
    for index, pixels in changed(net).items():
        within(net, pixels, seen[index - 1])


EVERY = [[layer] for layer in (*SINGLE, *BOUNDED)]


@pytest.mark.parametrize("layers", EVERY + CHAINS, ids=str)
def test_equals_the_analysis(layers: list[Any]) -> None:
    net = network(layers)
    for field, seen in zip(receptive_fields(net)[1:], fields(net), strict=True):
        assert field_difference(field, seen) is None


def test_unpooling_spreads_a_pool() -> None:
    net = graph(
        """
        input: [3, 9, 8]
        layers:
          - {max_pool: [3, 2, 1], name: pool}
          - {max_unpool: pool}
          - {conv: [2, 3]}
        """
    )
    for field, seen in zip(receptive_fields(net)[1:], fields(net), strict=True):
        assert field_difference(field, seen) is None
    seen = fields(net)
    for index, pixels in changed(net).items():
        # Where a value lands depends on the values: a unit sees some of its window.
        within(net, pixels, seen[index - 1])


def test_every_kind_is_held_against_pixels() -> None:
    named = {layer if isinstance(layer, str) else next(iter(layer)) for (layer,) in EVERY}
    assert named | FLAT == {name for name, kind in KINDS.items() if not kind.is_stated}


@pytest.mark.parametrize("input", [(2, 11), (2, 5, 6, 4)])
def test_one_and_three_axes(input: tuple[int, ...]) -> None:
    layers = [{"conv": [2, 3, 2, 1]}, "relu", {"max_pool": [3, 2, 1]}, {"upsample": 2}]
    net = graph(json.dumps({"input": input, "layers": layers}))
    for field, seen in zip(receptive_fields(net)[1:], fields(net), strict=True):
        assert seen is not None
        assert len(seen) == len(input) - 1
        assert field_difference(field, seen) is None
