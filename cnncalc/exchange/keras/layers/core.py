"""Convolutions and dense layers."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.keras.layers.activation import activated
from cnncalc.exchange.keras.layers.registry import (
    Call,
    depthwise,
    kernel_first,
    layer,
    listed,
    padded,
    require,
    turned,
)
from cnncalc.exchange.reading.program import Op


def window(call: Call, rank: int, *, transposed: bool = False) -> dict[str, Any]:
    """A kernel's options."""
    config = call.config
    kernel = listed(config["kernel_size"], rank)
    dilation = listed(config.get("dilation_rate", 1), rank)
    padding = config.get("padding", "valid")
    stride = listed(config.get("strides", 1), rank)
    if padding == "causal":
        padding = ((dilation[0] * (kernel[0] - 1), 0),)
    elif not transposed or padding == "valid":
        padding = padded(padding, kernel, stride, dilation)
    return {
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }


@layer("Conv1D", "Conv2D", "Conv3D")
def conv(call: Call, x: Op) -> Op:
    """Convolution."""
    config, rank = call.config, len(x.shape) - 2
    options, groups = window(call, rank), config.get("groups", 1)
    filters, bias = config["filters"], config.get("use_bias", True)
    inputs = x.shape[call.channel(x)] // groups
    kernel = call.array("kernel", (*options["kernel"], inputs, filters))
    found = call.layer(
        "conv",
        x,
        {"filters": filters, **options, "groups": groups, "bias": bias},
        {
            "weight": kernel_first(kernel, rank),
            "bias": call.array("bias", (filters,)) if bias else None,
        },
    )
    return activated(call, found)


@layer("DepthwiseConv1D", "DepthwiseConv2D")
def depthwise_conv(call: Call, x: Op) -> Op:
    """Depthwise convolution."""
    config, rank = call.config, len(x.shape) - 2
    options, multiplier = window(call, rank), config.get("depth_multiplier", 1)
    channels, bias = x.shape[call.channel(x)], config.get("use_bias", True)
    kernel = call.array("kernel", (*options["kernel"], channels, multiplier))
    found = call.layer(
        "depthwise_conv",
        x,
        {**options, "multiplier": multiplier, "bias": bias},
        {
            "weight": depthwise(kernel, rank),
            "bias": call.array("bias", (channels * multiplier,)) if bias else None,
        },
    )
    return activated(call, found)


@layer("SeparableConv1D", "SeparableConv2D")
def separable_conv(call: Call, x: Op) -> Op:
    """Depthwise separable convolution."""
    config, rank = call.config, len(x.shape) - 2
    options, multiplier = window(call, rank), config.get("depth_multiplier", 1)
    channels, bias = x.shape[call.channel(x)], config.get("use_bias", True)
    filters = config["filters"]
    first = call.array("depthwise_kernel", (*options["kernel"], channels, multiplier))
    second = call.array("pointwise_kernel", (*[1] * rank, channels * multiplier, filters))
    found = call.layer(
        "separable_conv",
        x,
        {"filters": filters, **options, "multiplier": multiplier, "bias": bias},
        {
            "depthwise.weight": depthwise(first, rank),
            "pointwise.weight": kernel_first(second, rank),
            "bias": call.array("bias", (filters,)) if bias else None,
        },
    )
    return activated(call, found)


@layer("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def conv_transpose(call: Call, x: Op) -> Op:
    """Transposed convolution; `same` gives the stride times the input."""
    config, rank = call.config, len(x.shape) - 2
    options, filters = window(call, rank, transposed=True), config["filters"]
    extra, bias = config.get("output_padding"), config.get("use_bias", True)
    require(extra is None, "with output padding")
    if options["padding"] == 0:  # at least the stride, as Keras has it
        wide = zip(options["kernel"], options["stride"], options["dilation"], strict=True)
        rows = [max(s - (d * (k - 1) + 1), 0) for k, s, d in wide]
        require(not any(rows), "with a stride over its kernel")
    kernel = call.array("kernel", (*options["kernel"], filters, x.shape[call.channel(x)]))
    found = call.layer(
        "conv_transpose",
        x,
        {"filters": filters, **options, "bias": bias},
        {
            "weight": turned(kernel, (rank + 1, rank, *range(rank))),
            "bias": call.array("bias", (filters,)) if bias else None,
        },
    )
    return activated(call, found)


@layer("Dense")
def dense(call: Call, x: Op) -> Op:
    """A fully connected layer on the last axis."""
    config = call.config
    units, bias = config["units"], config.get("use_bias", True)
    require(not config.get("lora_rank"), "with LoRA")
    kernel = call.array("kernel", (x.shape[-1], units))
    found = call.emit(
        "linear",
        [x],
        {"features": units, "bias": bias},
        (*x.shape[:-1], units),
        arrays={
            "weight": turned(kernel, (1, 0)),
            "bias": call.array("bias", (units,)) if bias else None,
        },
        channel=-1,
    )
    return activated(call, found)
