"""Convolutions and dense layers."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.keras.layers.activation import activated
from cnncalc.exchange.keras.layers.registry import (
    LayerCall,
    depthwise,
    kernel_first,
    layer,
    listed,
    padded,
    require,
    turned,
)
from cnncalc.exchange.reading.program import Constant, Op


def window(call: LayerCall, rank: int, *, transposed: bool = False) -> dict[str, Any]:
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
def conv(call: LayerCall, x: Op) -> Op:
    """Convolution."""
    config, rank = call.config, len(x.shape) - 2
    options, groups = window(call, rank), config.get("groups", 1)
    filters, bias = config["filters"], config.get("use_bias", True)
    inputs = x.shape[call.channel(x)] // groups
    kernel = call.kernel("kernel", options["kernel"], inputs, filters)
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
def depthwise_conv(call: LayerCall, x: Op) -> Op:
    """Depthwise convolution."""
    config, rank = call.config, len(x.shape) - 2
    options, multiplier = window(call, rank), config.get("depth_multiplier", 1)
    channels, bias = x.shape[call.channel(x)], config.get("use_bias", True)
    kernel = call.kernel("kernel", options["kernel"], channels, multiplier)
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
def separable_conv(call: LayerCall, x: Op) -> Op:
    """Depthwise separable convolution."""
    config, rank = call.config, len(x.shape) - 2
    options, multiplier = window(call, rank), config.get("depth_multiplier", 1)
    channels, bias = x.shape[call.channel(x)], config.get("use_bias", True)
    filters = config["filters"]
    first = call.kernel("depthwise_kernel", options["kernel"], channels, multiplier)
    second = call.kernel("pointwise_kernel", [1] * rank, channels * multiplier, filters)
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
def conv_transpose(call: LayerCall, x: Op) -> Op:
    """Transposed convolution; `same` gives the stride times the input."""
    config, rank = call.config, len(x.shape) - 2
    options, filters = window(call, rank, transposed=True), config["filters"]
    bias = config.get("use_bias", True)
    options = _transposed(call, x, options)
    kernel = call.kernel("kernel", options["kernel"], filters, x.shape[call.channel(x)])
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


def _transposed(call: LayerCall, x: Op, options: dict[str, Any]) -> dict[str, Any]:
    """Padding in numbers where Keras' output is another than that of its word for it."""
    channel = call.channel(x)
    sizes = [n for axis, n in enumerate(x.shape) if axis not in (0, channel)]
    extra = call.config.get("output_padding")
    stated = call.config.get("output_shape")  # Keras 1's `Deconvolution2D`
    if isinstance(stated, list) and len(stated) == len(x.shape):
        outputs = [n for axis, n in enumerate(stated) if axis not in (0, channel)]
    elif extra is not None:
        extras = listed(extra, len(sizes))
        same = options["padding"] != 0
        outputs = [
            (size - 1) * stride + reach - (2 * (reach // 2) if same else 0) + more
            for size, stride, reach, more in zip(
                sizes, options["stride"], _reaches(options), extras, strict=True
            )
        ]
    elif options["padding"] == 0:  # at least the stride, as Keras has it
        outputs = [
            size * stride + max(reach - stride, 0)
            for size, stride, reach in zip(sizes, options["stride"], _reaches(options), strict=True)
        ]
    else:
        return options
    rows = [
        (size - 1) * stride + reach - output
        for size, stride, reach, output in zip(
            sizes, options["stride"], _reaches(options), outputs, strict=True
        )
    ]
    taken = tuple([(max(row, 0) // 2, max(row, 0) - max(row, 0) // 2) for row in rows])
    added = tuple([max(-row, 0) for row in rows])
    found = {**options, "padding": taken if any(map(any, taken)) else 0}
    return {**found, "output_padding": added} if any(added) else found


def _reaches(options: dict[str, Any]) -> list[int]:
    """The rows that a kernel spans on each axis."""
    return [d * (k - 1) + 1 for k, d in zip(options["kernel"], options["dilation"], strict=True)]


def _scaled(kernel: Constant, scale: Constant) -> Constant:
    """A kernel of whole numbers as the numbers that it stands for."""
    return kernel.mapped(kernel.shape, lambda array: array.astype("float32") / scale.read())


@layer("Dense")
def dense(call: LayerCall, x: Op) -> Op:
    """A fully connected layer on the last axis."""
    config = call.config
    units, bias = config["units"], config.get("use_bias", True)
    require(not config.get("lora_rank"), "with LoRA")
    kernel = call.array("kernel", (x.shape[-1], units))
    offset = call.array("bias", (units,)) if bias else None
    if config.get("quantization_config"):
        kernel = _scaled(kernel, call.array("kernel_scale", (units,), "buffer"))
    found = call.emit(
        "linear",
        [x],
        {"features": units, "bias": bias},
        (*x.shape[:-1], units),
        arrays={"weight": turned(kernel, (1, 0)), "bias": offset},
        channel=-1,
    )
    return activated(call, found)
