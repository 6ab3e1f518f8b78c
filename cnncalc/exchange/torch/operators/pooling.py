"""Pools."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.torch.operators.registry import (
    Call,
    computed,
    listed,
    operator,
    require,
    spatial_rank,
)


@operator("aten.max_pool1d", "aten.max_pool2d", "aten.max_pool3d")
def max_pool(
    call: Call,
    x: Any,
    kernel: Any,
    stride: Any = (),
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Op:
    """Max pooling."""
    x = computed(x)
    rank = spatial_rank(x.shape)
    return call.emit(
        "max_pool",
        [x],
        {
            "kernel": listed(kernel, rank),
            "stride": listed(stride or kernel, rank),
            "padding": listed(padding, rank),
            "dilation": listed(dilation, rank),
            "ceil_mode": ceil_mode,
        },
    )


@operator(
    "aten.max_pool1d_with_indices", "aten.max_pool2d_with_indices", "aten.max_pool3d_with_indices"
)
def max_pool_with_indices(call: Call, *args: Any, **options: Any) -> tuple[Op, Op]:
    """Max pooling and its switches, which an unpooling may take."""
    call.shape = call.shape[0]
    found = max_pool(call, *args, **options)
    return found, call.emit("switches", [found])


@operator("aten.max_unpool2d", "aten.max_unpool3d")
def max_unpool(call: Call, x: Any, switches: Any, size: Any, *others: Any) -> Op:
    """Max unpooling to the size of the pool's input."""
    require(isinstance(switches, Op) and switches.name == "switches", "of what is no max pool")
    return call.emit("max_unpool", [computed(x), switches.x])


@operator("aten.avg_pool1d", "aten.avg_pool2d", "aten.avg_pool3d")
def avg_pool(
    call: Call,
    x: Any,
    kernel: Any,
    stride: Any = (),
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor: int | None = None,
) -> Op:
    """Average pooling; another divisor is one more factor, where every window is whole."""
    x = computed(x)
    rank = spatial_rank(x.shape)
    kernel = listed(kernel, rank)
    found = call.emit(
        "avg_pool",
        [x],
        {
            "kernel": kernel,
            "stride": listed(stride or kernel, rank),
            "padding": listed(padding, rank),
            "ceil_mode": ceil_mode,
            "count_include_pad": count_include_pad,
        },
    )
    if divisor is None:
        return found
    require(not ceil_mode and (count_include_pad or not any(listed(padding, rank))), "a divisor")
    return call.emit("mul", [found, call.number(prod(kernel) / divisor)])


@operator("aten.adaptive_avg_pool1d", "aten.adaptive_avg_pool2d", "aten.adaptive_avg_pool3d")
def adaptive_avg_pool(call: Call, x: Any, size: Any) -> Op:
    """Average pooling to a size; to one position it is a pool over all."""
    return _adaptive(call, computed(x), "avg")


@operator("aten._adaptive_avg_pool2d", "aten._adaptive_avg_pool3d")
def decomposed_adaptive_avg_pool(call: Call, x: Any, size: Any) -> Op:
    """The same in decomposed programs."""
    return _adaptive(call, computed(x), "avg")


@operator("aten.adaptive_max_pool1d", "aten.adaptive_max_pool2d", "aten.adaptive_max_pool3d")
def adaptive_max_pool(call: Call, x: Any, size: Any) -> tuple[Op, None]:
    """Max pooling to a size."""
    call.shape = call.shape[0]
    return _adaptive(call, computed(x), "max"), None


def _adaptive(call: Call, x: Op, name: str) -> Op:
    size = tuple(call.shape[2:])
    require(len(x.shape) == len(call.shape) and len(size) >= 1, "without a batch")
    if all(length == 1 for length in size):
        return call.emit(f"global_{name}_pool", [x])
    return call.emit(f"adaptive_{name}_pool", [x], {"size": size})
