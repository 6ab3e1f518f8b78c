"""Keras' layers and operations, a function each, registered under its class's name."""

from __future__ import annotations

from cnncalc.exchange.keras.layers import (
    activation,
    attention,
    core,
    merging,
    normalization,
    pooling,
    shape,
    stated,
    tensorflow,
    tensors,
)
from cnncalc.exchange.keras.layers.registry import LAYERS, NOTHING, OPERATIONS, STATED

__all__ = [
    "LAYERS", "NOTHING", "OPERATIONS", "STATED", "activation", "attention", "core", "merging",
    "normalization", "pooling", "shape", "stated", "tensorflow", "tensors",
]  # fmt: skip
