"""Pools."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.onnx.operators.layers import window
from cnncalc.exchange.onnx.operators.registry import NodeCall, computed, ints, operator, require
from cnncalc.exchange.reading.program import Op


@operator("MaxPool")
def max_pool(
    call: NodeCall, x: Any, *, ceil_mode: int = 0, storage_order: int = 0, **sliding: Any
) -> Any:
    """Max pooling, and its switches where they are wanted."""
    x = computed(x)
    options = {**window(len(x.shape) - 2, **sliding), "ceil_mode": bool(ceil_mode)}
    found = call.layer("max_pool", x, options)
    if call.results == 1:
        return found
    return found, call.emit("switches", [found], shape=found.shape)


@operator("MaxUnpool")
def max_unpool(call: NodeCall, x: Any, switches: Any, size: Any = None, **sliding: Any) -> Op:
    """Max unpooling to the size of the pool's input."""
    x = computed(x)
    require(isinstance(switches, Op) and switches.name == "switches", "of what is no max pool")
    pool = switches.x
    whole = pool.x.shape
    if size is None:
        sides = window(len(x.shape) - 2, **sliding)
        told = [
            (n - 1) * stride + kernel - sum(pair)
            for n, stride, kernel, pair in zip(
                x.shape[2:], sides["stride"], sides["kernel"], sides["padding"], strict=True
            )
        ]
    else:
        told = ints(size, "sizes")[-len(whole[2:]) :]
    require(tuple(told) == whole[2:], "to another size than the pool's input")
    return call.emit("max_unpool", [x, pool], shape=whole)


@operator("AveragePool")
def avg_pool(
    call: NodeCall, x: Any, *, ceil_mode: int = 0, count_include_pad: int = 0, **sliding: Any
) -> Op:
    """Average pooling; zeros of the padding are not counted unless it says so."""
    x = computed(x)
    options = window(len(x.shape) - 2, **sliding)
    require(set(options.pop("dilation")) == {1}, "with dilation")
    options |= {"ceil_mode": bool(ceil_mode), "count_include_pad": bool(count_include_pad)}
    return call.layer("avg_pool", x, options)


@operator("LpPool")
def lp_pool(call: NodeCall, x: Any, *, p: int = 2, ceil_mode: int = 0, **sliding: Any) -> Op:
    """Power-average pooling."""
    x = computed(x)
    options = window(len(x.shape) - 2, **sliding)
    require(set(options.pop("dilation")) == {1}, "with dilation")
    return call.layer("lp_pool", x, {**options, "p": p, "ceil_mode": bool(ceil_mode)})


@operator("GlobalLpPool")
def global_lp_pool(call: NodeCall, x: Any, *, p: int = 2) -> Op:
    """Root of the sum of powers over all positions."""
    return call.layer("global_lp_pool", computed(x), {"p": p})
