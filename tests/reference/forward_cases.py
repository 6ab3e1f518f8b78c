"""Whole networks that are run in PyTorch and here with the same weights.

Weights are numbered in the order of the network's layers and drawn from their number, so that
only PyTorch's outputs are stored (`forward.npz`, taken by `take_forward.py`).
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

TILE = 65_521


class Case(NamedTuple):
    """A network at a small input size."""

    network: str
    """As in `torchvision/` or `textbook/`."""
    input: tuple[int, ...]


CASES = [
    Case("resnet18", (3, 64, 64)),
    Case("mobilenet_v2", (3, 64, 64)),
    Case("mobilenet_v3_small", (3, 64, 64)),
    Case("googlenet_no_aux", (3, 64, 64)),
    Case("inception_v3_no_aux", (3, 75, 75)),
    Case("densenet121", (3, 64, 64)),
    Case("squeezenet1_1", (3, 64, 64)),
    Case("shufflenet_v2_x1_0", (3, 64, 64)),
    Case("efficientnet_b0", (3, 64, 64)),
    Case("regnet_y_400mf", (3, 64, 64)),
    Case("convnext_tiny", (3, 64, 64)),
    Case("r3d_18", (3, 4, 24, 24)),
    Case("lenet5", (1, 32, 32)),
    Case("dcgan_generator", (100, 1, 1)),
    Case("segnet", (3, 32, 64)),
    Case("mobilenet_v1", (3, 64, 64)),
    Case("nonlocal_resnet50", (3, 64, 64)),
]


def drawn(number: int, name: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """The weight array of this number, in float64; `name` is its last name (`weight`, `bias`)."""
    tile = np.random.RandomState(number).uniform(-1, 1, TILE)
    values = np.resize(tile, shape)
    if name.endswith(("bias", "running_mean")):
        return values * 0.1
    if name == "running_var" or prod(shape[1:]) == 1:
        return values * 0.4 + 1
    return values * (6 / prod(shape[1:])) ** 0.5


def image(case: Case) -> npt.NDArray[Any]:
    """A batch of two inputs, in float64."""
    return np.random.RandomState(prod(case.input)).standard_normal((2, *case.input))


def sample(output: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values of an output that are stored: some 2,000, spread over it."""
    flat = output.reshape(-1)
    return flat[:: max(1, flat.size // 2000)]
