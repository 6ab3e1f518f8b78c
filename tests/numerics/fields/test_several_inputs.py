"""Receptive fields of networks with several inputs, drawn at random.

Each is held against the numbers sent through the kernels, and against the pixels of each input
that really change a unit: inputs and weights are positive, so that nothing cancels.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support import graph

from cnncalc.analysis.receptive_field import fields_by_input
from cnncalc.graph import Graph
from cnncalc.numerics.run.executor import execute
from cnncalc.numerics.run.measure import see
from cnncalc.numerics.weights.generated import generate
from cnncalc.shapes import Window
from cnncalc.verification.checks import field_difference

SIZE = 7
STEPS = st.sampled_from(
    [
        {"conv": [2, 3, 1, 1]},
        {"conv": [2, 3, 2, 1]},
        {"conv": [2, 2, 1, [[1, 0], [0, 1]]]},
        {"conv": [2, 3, 1, 2, 2]},
        {"max_pool": [3, 2, 1]},
        {"avg_pool": [3, 1, 1]},
        {"upsample": 2},
        {"conv_transpose": [2, 3, 2, 1, 1]},
        {"relu": None},
        {"adaptive_avg_pool": 3},
        {"global_avg_pool": None},
    ]
)


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """Layers on randomly chosen inputs and layers; branches that meet are brought to one size."""
    names = [f"i{number}" for number in range(draw(st.integers(2, 3)))]
    layers: list[dict[str, Any]] = []
    known = names.copy()

    def append(layer: dict[str, Any], taken: str) -> str:
        name = f"l{len(layers)}"
        layers.append({**layer, "from": taken, "name": name, "output": True})
        known.append(name)
        return name

    for _ in range(draw(st.integers(2, 6))):
        taken = draw(st.sampled_from(known))
        if draw(st.booleans()):
            append(draw(STEPS), taken)
            continue
        ends = [taken]
        for _ in range(draw(st.integers(1, 2))):
            other = draw(st.sampled_from(known))
            ends.append(append({"upsample": {"like": taken}}, other))
        append({"concat": ends}, taken)
    inputs = {name: [draw(st.integers(1, 2)), SIZE, draw(st.integers(5, SIZE))] for name in names}
    return {"input": inputs, "layers": layers}


@settings(max_examples=60, deadline=None)
@given(networks())
def test_equal_what_is_sent_through_the_kernels(text: dict[str, Any]) -> None:
    net = graph(json.dumps(text))
    shapes = {i: node.facts.output for i, node in enumerate(net.nodes) if node.inputs}
    told, found = fields_by_input(net), see(net, shapes)
    assert len(told) == len(found) == len(net.inputs)
    for fields, seen in zip(told, found, strict=True):
        for field, one in zip(fields[len(net.inputs) :], seen, strict=True):
            assert field_difference(field, one) is None


@settings(max_examples=40, deadline=None)
@given(networks())
def test_hold_every_pixel_that_changes_a_unit(text: dict[str, Any]) -> None:
    """And where a window lies within the input, its ends do change the unit."""
    net = graph(json.dumps(text))
    told = fields_by_input(net)
    for source in net.inputs:
        sizes = net.nodes[source].facts.output[1:]
        for index, pixels in changed(net, source).items():
            field = told[source][index]
            if field is None:
                continue
            for axis in (0, 1):
                # [units of the axis, pixels of the axis]
                rows = pixels.any(axis=(1 - axis, 3 - axis))
                for unit, row in enumerate(rows):
                    within(field[axis], unit, row, sizes[axis])


def within(window: Window, unit: int, row: np.ndarray[Any, Any], size: int) -> None:
    span, places = window.at(unit), np.flatnonzero(row)
    if span is None:
        assert not places.size
        return
    if places.size:
        assert span[0] <= places[0]
        assert places[-1] <= span[1]
    if span[0] >= 0 and span[1] < size:
        assert (places[0], places[-1]) == span


def changed(net: Graph, source: int) -> dict[int, np.ndarray[Any, Any]]:
    """Which pixels of an input change which units of each output: [*units, *pixels]."""
    random = np.random.RandomState(1)
    still = [random.uniform(0.05, 0.2, net.nodes[index].facts.output) for index in net.inputs]
    height, width = still[source].shape[1:]
    batch = [np.repeat(one[None], height * width + 1, axis=0) for one in still]
    for pixel in range(height * width):
        batch[source][pixel, :, pixel // width, pixel % width] += 0.4
    arrays = [
        {name: np.abs(array) for name, array in own.items()}
        for own in generate(net, np.dtype("float64"))
    ]
    found = {}
    for index, output in execute(net, arrays, lambda index: batch[index].copy()).items():
        differs = (np.abs(output[:-1] - output[-1]) > 1e-14).any(axis=1)
        pixels = differs.reshape(height, width, *output.shape[2:])
        found[index] = np.moveaxis(pixels, (0, 1), (-2, -1))
    return found
