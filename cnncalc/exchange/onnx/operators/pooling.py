"""Pools."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.onnx.operators.layers import window
from cnncalc.exchange.onnx.operators.registry import Call, computed, operator, require
from cnncalc.exchange.reading.program import Op


@operator("MaxPool")
def max_pool(
    call: Call, x: Any, *, ceil_mode: int = 0, storage_order: int = 0, **sliding: Any
) -> Any:
    """Max pooling, and its switches where they are wanted."""
    x = computed(x)
    options = {**window(len(x.shape) - 2, **sliding), "ceil_mode": bool(ceil_mode)}
    found = call.layer("max_pool", x, options)
    if call.results == 1:
        return found
    return found, call.emit("switches", [found], shape=found.shape)


@operator("AveragePool")
def avg_pool(
    call: Call, x: Any, *, ceil_mode: int = 0, count_include_pad: int = 0, **sliding: Any
) -> Op:
    """Average pooling; zeros of the padding are not counted unless it says so."""
    x = computed(x)
    options = window(len(x.shape) - 2, **sliding)
    require(set(options.pop("dilation")) == {1}, "with dilation")
    options |= {"ceil_mode": bool(ceil_mode), "count_include_pad": bool(count_include_pad)}
    return call.layer("avg_pool", x, options)


@operator("LpPool")
def lp_pool(call: Call, x: Any, *, p: int = 2, ceil_mode: int = 0, **sliding: Any) -> Op:
    """Power-average pooling."""
    x = computed(x)
    options = window(len(x.shape) - 2, **sliding)
    require(set(options.pop("dilation")) == {1}, "with dilation")
    return call.layer("lp_pool", x, {**options, "p": p, "ceil_mode": bool(ceil_mode)})


@operator("GlobalLpPool")
def global_lp_pool(call: Call, x: Any, *, p: int = 2) -> Op:
    """Root of the sum of powers over all positions."""
    return call.layer("global_lp_pool", computed(x), {"p": p})
