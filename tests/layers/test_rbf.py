"""The radial basis layer: facts and kernel."""

from __future__ import annotations

import numpy as np
import pytest
from support import findings, layer, listed

from cnncalc.numerics.kernels.linear import rbf


def test_facts() -> None:
    """LeCun et al. 1998: ten codes of 84 values."""
    found = layer((84,), {"rbf": 10})
    assert found.output_shape == (10,)
    assert found.weights == {"weight": (10, 84)}
    assert found.buffers == {}
    assert (found.params, found.macs, found.flops) == (840, 840, 3 * 840)
    assert found.operations.elementwise == 840
    assert found.receptive_field is None


def test_fixed_centres_are_a_buffer() -> None:
    found = layer((84,), {"rbf": {"features": 10, "trainable": False}})
    assert found.weights == {}
    assert found.buffers == {"weight": (10, 84)}
    assert (found.params, found.macs, found.node.facts.buffer_values) == (0, 840, 840)


def test_a_map_is_refused() -> None:
    text = listed((3, 8, 8), [{"rbf": 10}])
    assert [rule for rule, _, _ in findings(text)] == ["linear-needs-flatten"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernel(dtype: type[np.floating]) -> None:
    x = np.array([[0, 0, 0], [1, 2, 3]], dtype)
    centres = np.array([[1, 2, 3], [0, 0, 1]], dtype)
    found = rbf(x, centres)
    assert found.dtype == dtype
    assert found.tolist() == [[14, 1], [0, 9]]


def test_kernel_is_exact_near_a_centre() -> None:
    """The expanded square would lose every digit."""
    centre = np.full((1, 4), 1e4, np.float32)
    found = rbf(centre + np.float32(0.5), centre)
    assert found.tolist() == [[1.0]]
