"""Normalizations."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.torch.operators.registry import Call, computed, operator, require, stored


@operator("aten.batch_norm")
def batch_norm(
    call: Call,
    x: Any,
    weight: Any,
    bias: Any,
    mean: Any,
    variance: Any,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    cudnn: bool = False,
) -> Op:
    """Batch normalization; without stored statistics it measures those of the batch."""
    weight, bias = stored(weight, "weight"), stored(bias, "bias")
    stats = not training and mean is not None
    require((weight is None) == (bias is None), "with only one of weight and bias")
    require(stats, "with the statistics of the batch, which no single sample has")
    return call.emit(
        "batch_norm",
        [computed(x)],
        {"eps": eps, "affine": weight is not None},
        arrays={"weight": weight, "bias": bias, "running_mean": mean, "running_var": variance},
    )


@operator("aten._native_batch_norm_legit_no_training", "aten._native_batch_norm_legit.no_training")
def native_batch_norm(
    call: Call,
    x: Any,
    weight: Any,
    bias: Any,
    mean: Any,
    variance: Any,
    momentum: float,
    eps: float,
) -> tuple[Op, None, None]:
    """The same in decomposed programs."""
    call.shape = call.shape[0]
    return batch_norm(call, x, weight, bias, mean, variance, False, momentum, eps), None, None


@operator("aten.layer_norm")
def layer_norm(
    call: Call,
    x: Any,
    shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn: bool = True,
) -> Op:
    """Layer normalization over the last axis, or over all but the batch."""
    x, weight, bias = computed(x), stored(weight, "weight"), stored(bias, "bias")
    whole = len(shape) > 1
    require(not whole or len(shape) == len(x.shape) - 1, "over some of the axes")
    both = weight is not None and bias is not None
    options: dict[str, Any] = {"eps": eps, "affine": both}
    if whole:
        options["over"] = "all"
    found = call.emit(
        "layer_norm",
        [x],
        options,
        arrays={"weight": weight, "bias": bias} if both else {},
        channel=1 if whole else -1,
    )
    return found if both else affine(call, found, weight, bias)


def affine(call: Call, x: Op, weight: Constant | None, bias: Constant | None) -> Op:
    """A factor and an offset by themselves."""
    if weight is not None:
        x = call.emit("mul", [x, weight])
    return x if bias is None else call.emit("add", [x, bias])


@operator("aten.native_layer_norm")
def native_layer_norm(
    call: Call, x: Any, shape: Any, weight: Any, bias: Any, eps: float
) -> tuple[Op, None, None]:
    """The same in decomposed programs."""
    call.shape = call.shape[0]
    return layer_norm(call, x, shape, weight, bias, eps), None, None


@operator("aten.group_norm")
def group_norm(
    call: Call,
    x: Any,
    groups: int,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn: bool = True,
) -> Op:
    """Group normalization."""
    weight, bias = stored(weight, "weight"), stored(bias, "bias")
    require((weight is None) == (bias is None), "with only one of weight and bias")
    return call.emit(
        "group_norm",
        [computed(x)],
        {"groups": groups, "eps": eps, "affine": weight is not None},
        arrays={"weight": weight, "bias": bias},
    )


@operator("aten.native_group_norm")
def native_group_norm(
    call: Call,
    x: Any,
    weight: Any,
    bias: Any,
    batch: int,
    channels: int,
    positions: int,
    groups: int,
    eps: float,
) -> tuple[Op, None, None]:
    """The same in decomposed programs."""
    call.shape = call.shape[0]
    return group_norm(call, x, groups, weight, bias, eps), None, None


@operator("aten.instance_norm")
def instance_norm(
    call: Call,
    x: Any,
    weight: Any,
    bias: Any,
    mean: Any,
    variance: Any,
    measured: bool,
    momentum: float,
    eps: float,
    cudnn: bool,
) -> Op:
    """Instance normalization; with stored statistics it is a batch normalization."""
    if not measured:
        return batch_norm(call, x, weight, bias, mean, variance, False, momentum, eps)
    weight, bias = stored(weight, "weight"), stored(bias, "bias")
    require((weight is None) == (bias is None), "with only one of weight and bias")
    return call.emit(
        "instance_norm",
        [computed(x)],
        {"eps": eps, "affine": weight is not None},
        arrays={"weight": weight, "bias": bias},
    )
