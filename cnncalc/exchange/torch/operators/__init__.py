"""ATen operators, a function each, registered under its name.

A function's parameters are the operator's own, after the call itself. It emits operations of the
common program and returns the last, or a tuple for an operator with several results.
"""

from __future__ import annotations

from cnncalc.exchange.torch.operators import (
    activation,
    arithmetic,
    attention,
    convolution,
    normalization,
    pooling,
    resampling,
    shape,
)
from cnncalc.exchange.torch.operators.registry import OPERATORS

__all__ = [
    "OPERATORS",
    "activation",
    "arithmetic",
    "attention",
    "convolution",
    "normalization",
    "pooling",
    "resampling",
    "shape",
]
