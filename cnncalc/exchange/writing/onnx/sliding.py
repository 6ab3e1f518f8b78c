"""Convolutions, pools and resampling in ONNX.

Padding is written in numbers, as it was resolved; ceil mode as padding behind the input, so that
the rule for a last window that lies beyond it is ours (and PyTorch's) everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnncalc.exchange.writing.onnx.building import LayerOperators, Unsayable, writes
from cnncalc.layers import conv, pool, upsample
from cnncalc.shapes import Slide, product


def _pads(pairs: Sequence[tuple[int, int]]) -> list[int]:
    return [before for before, _ in pairs] + [after for _, after in pairs]


def _window(slides: Sequence[Slide], *, dilations: bool = True) -> dict[str, Any]:
    """Attributes of a kernel; padding behind reaches as far as the last window."""
    pairs = [(slide.before, _behind(slide)) for slide in slides]
    found: dict[str, Any] = {
        "kernel_shape": [slide.kernel for slide in slides],
        "strides": [slide.stride for slide in slides],
        "pads": _pads(pairs),
    }
    if dilations:
        found["dilations"] = [slide.dilation for slide in slides]
    return found


def _behind(slide: Slide) -> int:
    """Padding behind, and in ceil mode what the last window reaches beyond it."""
    if not slide.ceil:
        return slide.after
    reach = (slide.output - 1) * slide.stride + slide.extent - slide.size - slide.before
    return max(slide.after, reach)


# -- convolutions


@writes(conv.Conv)
def convolution(layer: LayerOperators) -> str:
    given = layer.arrays("weight", "bias")
    window = _window(layer.facts.slides)
    return layer.add("Conv", layer.x, *given, group=layer.kind.groups, **window)


@writes(conv.DepthwiseConv)
def depthwise(layer: LayerOperators) -> str:
    given = layer.arrays("weight", "bias")
    return layer.add("Conv", layer.x, *given, group=layer.shape[0], **_window(layer.facts.slides))


@writes(conv.SeparableConv)
def separable(layer: LayerOperators) -> str:
    window = _window(layer.facts.slides)
    weight = layer.array("depthwise.weight")
    x = layer.add("Conv", layer.x, weight, group=layer.shape[0], **window)
    return layer.add("Conv", x, *layer.arrays("pointwise.weight", "bias"))


@writes(conv.LocallyConnected)
def locally_connected(layer: LayerOperators) -> str:
    """Patches by a convolution with one-hot kernels, then a product at every position."""
    kind, channels = layer.kind, layer.shape[0]
    taps, positions = product(kind.kernel), product(layer.facts.output[1:])
    one_hot = np.tile(np.eye(taps), (channels, 1)).reshape(channels * taps, 1, *kind.kernel)
    patches = layer.add(
        "Conv",
        layer.x,
        layer.constant("taps", one_hot),
        group=channels,
        **_window(layer.facts.slides),
    )
    groups, inner = kind.groups, channels // kind.groups * taps
    patches = layer.reshape(patches, groups, inner, positions)
    filters = kind.filters // groups
    sizes = layer.integers("kernels", (groups, filters, positions, inner))
    weight = layer.add("Reshape", layer.array("weight"), sizes)
    out = layer.add("Einsum", weight, patches, equation="gfpi,ngip->ngfp")
    out = layer.reshape(out, *layer.facts.output)
    return layer.add("Add", out, layer.array("bias")) if kind.bias else out


@writes(conv.ConvTranspose)
def transposed(layer: LayerOperators) -> str:
    """Rows behind are ONNX's output padding while it is below the stride; more are taken from the
    padding, or added as zeros, before the bias."""
    kind = layer.kind
    pairs, extras = [list(pair) for pair in kind.crops()[0]], list(kind.crops()[1])
    rest = [0] * len(extras)
    for axis, extra in enumerate(extras):
        if extra >= kind.stride[axis]:
            taken = min(pairs[axis][1], extra)
            pairs[axis][1] -= taken
            rest[axis], extras[axis] = extra - taken, 0
    added = any(rest)
    given = layer.arrays("weight") if added else layer.arrays("weight", "bias")
    x = layer.add(
        "ConvTranspose", layer.x, *given,
        kernel_shape=list(kind.kernel), strides=list(kind.stride),
        pads=[pair[0] for pair in pairs] + [pair[1] for pair in pairs],
        dilations=list(kind.dilation), output_padding=extras, group=kind.groups,
    )  # fmt: skip
    if added:
        x = layer.add("Pad", x, layer.integers("pads", [0] * (4 + len(rest)) + rest))
        x = layer.add("Add", x, layer.per_channel("bias")) if kind.bias else x
    return x


# -- pools


@writes(pool.MaxPool)
def max_pool(layer: LayerOperators) -> str:
    window = _window(layer.facts.slides)
    undone = layer.index in layer.building.undone
    found = layer.add("MaxPool", layer.x, outputs=1 + undone, **window)
    if undone:
        layer.building.switches[layer.index] = layer.building.made[-1].outputs[1]
    return found


@writes(pool.MaxUnpool)
def max_unpool(layer: LayerOperators) -> str:
    """Back into the shape of the pool's input; its positions count through the whole batch."""
    index = layer.node.reads[0]
    undone = layer.building.graph.nodes[index]
    slides = undone.facts.slides
    whole = layer.building.graph.nodes[undone.inputs[0]].name
    shape = layer.add("Shape", whole)
    switches = layer.building.switches[index]
    return layer.add(
        "MaxUnpool", layer.x, switches, shape,
        kernel_shape=[s.kernel for s in slides], strides=[s.stride for s in slides],
        pads=_pads([(s.before, s.after) for s in slides]),
    )  # fmt: skip


@writes(pool.AvgPool)
def avg_pool(layer: LayerOperators) -> str:
    slides, kind = layer.facts.slides, layer.kind
    window = _window(slides, dilations=False)
    padded = any([slide.before or slide.after for slide in slides])
    if not kind.count_include_pad or not padded:
        return layer.add("AveragePool", layer.x, count_include_pad=0, **window)
    found = layer.add("AveragePool", layer.x, count_include_pad=1, **window)
    counts = [_counted(slide) for slide in slides]
    full = product(tuple([slide.kernel for slide in slides]))
    if all([count == slide.kernel for c, slide in zip(counts, slides, strict=True) for count in c]):
        return found
    # windows of ceil mode that reach beyond the padding are divided by what lies inside
    divided = np.ones((1, 1))
    for count in counts:
        divided = divided[..., None] * np.asarray(count)
    return layer.add("Mul", found, layer.constant("counts", full / divided))


def _counted(slide: Slide) -> list[int]:
    """For each window how many of its units lie in the padded input."""
    end = slide.size + slide.before + slide.after
    starts = [number * slide.stride for number in range(slide.output)]
    return [min(start + slide.kernel, end) - start for start in starts]


@writes(pool.LpPool)
def lp_pool(layer: LayerOperators) -> str:
    """The root of the mean of powers, times as many values."""
    p, slides = layer.kind.p, layer.facts.slides
    power = layer.add("Pow", layer.add("Abs", layer.x), layer.constant("p", p))
    mean = layer.add("AveragePool", power, count_include_pad=1, **_window(slides, dilations=False))
    count = layer.constant("count", product(layer.kind.kernel))
    return layer.add("Pow", layer.add("Mul", mean, count), layer.constant("root", 1 / p))


@writes(pool.GlobalAvgPool)
def global_avg_pool(layer: LayerOperators) -> str:
    return layer.add("GlobalAveragePool", layer.x)


@writes(pool.GlobalMaxPool)
def global_max_pool(layer: LayerOperators) -> str:
    return layer.add("GlobalMaxPool", layer.x)


@writes(pool.GlobalLpPool)
def global_lp_pool(layer: LayerOperators) -> str:
    p = layer.kind.p
    power = layer.add("Pow", layer.add("Abs", layer.x), layer.constant("p", p))
    axes = layer.integers("axes", range(2, 2 + layer.rank))
    total = layer.add("ReduceSum", power, axes, keepdims=1)
    return layer.add("Pow", total, layer.constant("root", 1 / p))


def _shares(size: int, output: int) -> list[tuple[int, int]]:
    """What each output of an adaptive pool covers: from the first unit up to the last."""
    return [(o * size // output, -(-(o + 1) * size // output)) for o in range(output)]


def _axes(layer: LayerOperators) -> list[tuple[int, int]]:
    """Size of each spatial axis before and after."""
    return list(zip(layer.shape[1:], layer.facts.output[1:], strict=True))


def _even(layer: LayerOperators) -> dict[str, Any] | None:
    """The kernel of an adaptive pool whose outputs share the input evenly."""
    sizes, outputs = layer.shape[1:], layer.facts.output[1:]
    if any([size % output for size, output in zip(sizes, outputs, strict=True)]):
        return None
    kernel = [size // output for size, output in zip(sizes, outputs, strict=True)]
    return {"kernel_shape": kernel, "strides": kernel}


@writes(pool.AdaptiveAvgPool)
def adaptive_avg_pool(layer: LayerOperators) -> str:
    """Evenly as a pool; else a product with the shares of each axis."""
    if layer.facts.view:
        return layer.add("Identity", layer.x)
    even = _even(layer)
    if even is not None:
        return layer.add("AveragePool", layer.x, **even)
    x, rank = layer.x, layer.rank
    for axis, (size, output) in enumerate(
        zip(layer.shape[1:], layer.facts.output[1:], strict=True)
    ):
        matrix = np.zeros((size, output))
        for place, (first, stop) in enumerate(_shares(size, output)):
            matrix[first:stop, place] = 1 / (stop - first)
        order = list(range(rank + 2))
        order[axis + 2], order[-1] = order[-1], order[axis + 2]
        turned = layer.transpose(x, *order)
        x = layer.transpose(layer.add("MatMul", turned, layer.constant("shares", matrix)), *order)
    return x


@writes(pool.AdaptiveMaxPool)
def adaptive_max_pool(layer: LayerOperators) -> str:
    """Evenly as a pool; else the largest of each share, axis by axis."""
    if layer.facts.view:
        return layer.add("Identity", layer.x)
    even = _even(layer)
    if even is not None:
        return layer.add("MaxPool", layer.x, **even)
    x = layer.x
    for axis, (size, output) in enumerate(
        zip(layer.shape[1:], layer.facts.output[1:], strict=True)
    ):
        axes = layer.integers("axis", [axis + 2])
        parts = []
        for first, stop in _shares(size, output):
            ends = [layer.integers("from", [first]), layer.integers("to", [stop])]
            part = layer.add("Slice", x, *ends, axes)
            parts.append(layer.add("ReduceMax", part, axes, keepdims=1))
        x = layer.add("Concat", *parts, axis=axis + 2)
    return x


# -- resampling


@writes(upsample.Upsample)
def resize(layer: LayerOperators) -> str:
    kind, sizes = layer.kind, layer.facts.output[1:]
    axes = list(range(2, 2 + layer.rank))
    given = (layer.x, "", "", layer.integers("sizes", sizes))
    if kind.mode == "nearest":
        return layer.add(
            "Resize", *given, axes=axes, mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip
    corners = "align_corners" if kind.align_corners else "half_pixel"
    if kind.align_corners and 1 in sizes:
        raise Unsayable("`upsample` to one unit with aligned corners")
    return layer.add(
        "Resize", *given, axes=axes, mode="linear", coordinate_transformation_mode=corners
    )


@writes(upsample.PixelShuffle)
def pixel_shuffle(layer: LayerOperators) -> str:
    """`[C·f^n, …]` to `[C, f, …, f, sizes]`, each factor behind its axis."""
    factor, rank, output = layer.kind.factor, layer.rank, layer.facts.output
    x = layer.reshape(layer.x, output[0], *[factor] * rank, *layer.shape[1:])
    order = [0, 1]
    for axis in range(rank):
        order += [2 + rank + axis, 2 + axis]
    return layer.reshape(layer.transpose(x, *order), *output)


@writes(upsample.PixelUnshuffle)
def pixel_unshuffle(layer: LayerOperators) -> str:
    factor, rank, output = layer.kind.factor, layer.rank, layer.facts.output
    split = [size for axis in output[1:] for size in (axis, factor)]
    x = layer.reshape(layer.x, layer.shape[0], *split)
    order = [0, 1, *[3 + 2 * axis for axis in range(rank)], *[2 + 2 * axis for axis in range(rank)]]
    return layer.reshape(layer.transpose(x, *order), *output)
