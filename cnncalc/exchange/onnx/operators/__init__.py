"""ONNX operators, a function each, registered under its name.

A function's positional parameters are the operator's inputs, its keywords the attributes.
"""

from __future__ import annotations

from cnncalc.exchange.onnx.operators import (
    activation,
    arithmetic,
    layers,
    pooling,
    resampling,
    shape,
)
from cnncalc.exchange.onnx.operators.registry import OPERATORS

__all__ = [
    "OPERATORS", "activation", "arithmetic", "layers", "pooling", "resampling", "shape",
]  # fmt: skip
