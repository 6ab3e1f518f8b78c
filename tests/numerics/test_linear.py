"""Whether a kind is linear: said by the kind, and held against what its kernel computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from layers.layer_cases import CASES, Case
from support import chain

from cnncalc.graph import Graph
from cnncalc.numerics.run.executor import execute
from cnncalc.numerics.weights.generated import generate

NOT_ALWAYS = {"clip", "threshold", "hard_tanh", "relu6", "max_unpool"}
"""Kinds that bend nowhere near the values tried, or by what another layer found."""


def output(network: Graph, arrays: Any, value: Any) -> Any:
    """What a network makes of an input."""
    return execute(network, arrays, lambda index: value)[len(network.nodes) - 1]


def additive(network: Graph, arrays: Any, chance: Any, shape: tuple[int, ...]) -> bool:
    """Whether a sum of two inputs gives the sum of their outputs, a constant apart."""
    one, two = (chance.normal(size=(1, *shape)) * 3 + chance.normal() for _ in range(2))
    nothing, both = np.zeros_like(one), one + two
    values = [output(network, arrays, value) for value in (one, two, nothing, both)]
    rest = values[3] + values[2] - values[0] - values[1]
    return bool(np.abs(rest).max() < 1e-9 * max(1, np.abs(values[3]).max()))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_linear_kind_computes_a_linear_function(case: Case) -> None:
    network = chain(case.input, *case.layers)
    if len(network.layers) > 1:
        pytest.skip("what it computes depends on another layer as well")
    arrays = generate(network, np.dtype("float64"))
    chance = np.random.default_rng(1)
    straight = all(additive(network, arrays, chance, case.input) for _ in range(6))
    kind = network.layers[-1].kind
    assert straight or not kind.linear
    assert kind.linear or not straight or case.kind in NOT_ALWAYS
