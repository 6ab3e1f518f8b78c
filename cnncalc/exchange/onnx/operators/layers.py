"""Convolutions, linear layers, normalizations."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.onnx.operators.registry import (
    NodeCall,
    computed,
    operator,
    require,
    stored,
)
from cnncalc.exchange.reading.program import Constant, Op

WORDS = {"SAME_UPPER": "same", "SAME_LOWER": "same_lower", "VALID": "valid"}


def window(
    rank: int,
    kernel_shape: Any,
    strides: Any = None,
    pads: Any = None,
    dilations: Any = None,
    auto_pad: str = "NOTSET",
) -> dict[str, Any]:
    """A kernel's options; padding comes as all that is before, then all that is after."""
    pads = list(pads or [0] * (2 * rank))
    require(len(pads) == 2 * rank and min(pads, default=0) >= 0, "with negative padding")
    require(auto_pad == "NOTSET" or auto_pad in WORDS, f"with auto_pad {auto_pad[:20]}")
    pairs = tuple(zip(pads[:rank], pads[rank:], strict=True))
    return {
        "kernel": tuple(kernel_shape),
        "stride": tuple(strides or [1] * rank),
        "padding": pairs if auto_pad == "NOTSET" else WORDS[auto_pad],
        "dilation": tuple(dilations or [1] * rank),
    }


def weighted(weight: Any, what: str = "weight") -> Constant:
    """A weight, which must be stored."""
    found = stored(weight, what)
    assert found is not None
    return found


def real(bias: Constant | None) -> Constant | None:
    """A bias, unless it is made of zeros on the spot: exporters write such for none."""
    made = bias is not None and bias.made and not bias.read().any()
    return None if made else bias


@operator("Conv")
def conv(call: NodeCall, x: Any, w: Any, b: Any = None, *, group: int = 1, **sliding: Any) -> Op:
    """Convolution."""
    x, w, b = computed(x), weighted(w), real(stored(b, "bias"))
    rank = len(w.shape) - 2
    sliding["kernel_shape"] = w.shape[2:]
    options = {
        "filters": w.shape[0],
        **window(rank, **sliding),
        "groups": group,
        "bias": b is not None,
    }
    return call.layer("conv", x, options, {"weight": w, "bias": b})


@operator("ConvTranspose")
def conv_transpose(
    call: NodeCall,
    x: Any,
    w: Any,
    b: Any = None,
    *,
    group: int = 1,
    output_padding: Any = None,
    output_shape: Any = None,
    **sliding: Any,
) -> Op:
    """Transposed convolution."""
    x, w, b = computed(x), weighted(w), stored(b, "bias")
    rank = len(w.shape) - 2
    require(output_shape is None, "with an output shape")
    require(sliding.get("auto_pad", "NOTSET") in ("NOTSET", "VALID"), "with automatic padding")
    sliding["kernel_shape"] = w.shape[2:]
    options = {
        "filters": w.shape[1] * group,
        **window(rank, **sliding),
        "output_padding": tuple(output_padding or [0] * rank),
        "groups": group,
        "bias": b is not None,
    }
    return call.layer("conv_transpose", x, options, {"weight": w, "bias": b})


@operator("Gemm")
def gemm(
    call: NodeCall,
    x: Any,
    w: Any,
    b: Any = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803
    transB: int = 0,  # noqa: N803
    broadcast: int = 0,
) -> Op:
    """A fully connected layer."""
    x, w, b = computed(x), weighted(w), stored(b, "bias")
    require(not transA and alpha == 1 and (b is None or beta == 1), "with factors")
    if not transB:
        w = w.mapped(w.shape[::-1], lambda array: array.T)
    if b is not None and b.shape != (w.shape[0],):
        flat = (w.shape[0],)
        require(b.values == flat[0], "with another bias")
        b = b.mapped(flat, lambda array: array.reshape(flat))
    options = {"features": w.shape[0], "bias": b is not None}
    return call.layer("linear", x, options, {"weight": w, "bias": b})


@operator("BatchNormalization")
def batch_norm(
    call: NodeCall,
    x: Any,
    scale: Any,
    bias: Any,
    mean: Any,
    var: Any,
    *,
    epsilon: float = 1e-5,
    training_mode: int = 0,
    **others: Any,
) -> Op:
    """Batch normalization with stored statistics."""
    require(not training_mode, "in training mode")
    arrays = {"weight": scale, "bias": bias, "running_mean": mean, "running_var": var}
    return call.layer("batch_norm", computed(x), {"eps": epsilon}, _stored(arrays))


def _stored(arrays: dict[str, Any]) -> dict[str, Constant | None]:
    return {name: stored(one, name) for name, one in arrays.items()}


@operator("InstanceNormalization")
def instance_norm(call: NodeCall, x: Any, scale: Any, bias: Any, *, epsilon: float = 1e-5) -> Op:
    """Instance normalization."""
    arrays = _stored({"weight": scale, "bias": bias})
    return call.layer("instance_norm", computed(x), {"eps": epsilon, "affine": True}, arrays)


@operator("LayerNormalization")
def layer_norm(
    call: NodeCall,
    x: Any,
    scale: Any,
    bias: Any = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Op:
    """Layer normalization over the last axis, or over all but the batch."""
    x = computed(x)
    rank = len(x.shape)
    axis %= rank
    require(axis in (1, rank - 1), "over some of the axes")
    options: dict[str, Any] = {"eps": epsilon, "affine": bias is not None}
    if axis == 1 and rank > 2:
        options["over"] = "all"
    channel = 1 if axis == 1 else -1
    arrays = _stored({"weight": scale, "bias": bias}) if bias is not None else {}
    found = call.emit("layer_norm", [x], options, x.shape, arrays=arrays, channel=channel)
    if bias is not None:
        return found
    return call.emit("mul", [found, weighted(scale)], shape=x.shape)


@operator("GroupNormalization")
def group_norm(
    call: NodeCall,
    x: Any,
    scale: Any,
    bias: Any,
    *,
    num_groups: int,
    epsilon: float = 1e-5,
    **o: Any,
) -> Op:
    """Group normalization with a scale and an offset a channel (opset 21)."""
    require(call.opset >= 21, "with a scale for each group")
    arrays = _stored({"weight": scale, "bias": bias})
    return call.layer("group_norm", computed(x), {"groups": num_groups, "eps": epsilon}, arrays)


@operator("LRN")
def lrn(
    call: NodeCall, x: Any, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> Op:
    """Local response normalization."""
    options = {"size": size, "alpha": alpha, "beta": beta, "k": bias}
    return call.layer("local_response_norm", computed(x), options)
