"""Normalizations, and what moves or cuts values, in ONNX."""

from __future__ import annotations

import numpy as np

from cnncalc.exchange.writing.onnx.building import LayerOperators, Unsayable, writes
from cnncalc.layers import norm, reshape
from cnncalc.shapes import product


@writes(norm.BatchNorm)
def batch_norm(layer: LayerOperators) -> str:
    if not layer.has("running_mean"):
        raise Unsayable("`batch_norm` by the statistics of the batch itself")
    channels = layer.shape[0]
    given = layer.arrays("weight", "bias")
    if not given:
        ones, zeros = np.ones(channels), np.zeros(channels)
        given = (layer.constant("scale", ones), layer.constant("offset", zeros))
    stored = layer.arrays("running_mean", "running_var")
    return layer.add("BatchNormalization", layer.x, *given, *stored, epsilon=layer.kind.eps)


@writes(norm.LayerNorm)
def layer_norm(layer: LayerOperators) -> str:
    kind = layer.kind
    whole = kind.over == "all" or not layer.rank
    given = layer.arrays("weight", "bias")
    last = layer.rank + 1
    if not given:
        sizes = layer.shape if whole else layer.shape[:1]
        given = (layer.constant("scale", np.ones(sizes)),)
    if whole:
        return layer.add("LayerNormalization", layer.x, *given, axis=1, epsilon=kind.eps)
    x = layer.transpose(layer.x, 0, *range(2, last + 1), 1)
    x = layer.add("LayerNormalization", x, *given, axis=-1, epsilon=kind.eps)
    return layer.transpose(x, 0, last, *range(1, last))


@writes(norm.GroupNorm)
def group_norm(layer: LayerOperators) -> str:
    """Each group as one channel of an instance normalization."""
    return _grouped(layer, layer.kind.groups)


@writes(norm.InstanceNorm)
def instance_norm(layer: LayerOperators) -> str:
    return _grouped(layer, layer.shape[0])


def _grouped(layer: LayerOperators, groups: int) -> str:
    x = layer.reshape(layer.x, groups, product(layer.shape) // groups)
    ones, zeros = layer.constant("ones", np.ones(groups)), layer.constant("zeros", np.zeros(groups))
    x = layer.add("InstanceNormalization", x, ones, zeros, epsilon=layer.kind.eps)
    x = layer.reshape(x, *layer.shape)
    if layer.has("weight"):
        weight = layer.per_channel("weight") if layer.rank else layer.array("weight")
        bias = layer.per_channel("bias") if layer.rank else layer.array("bias")
        x = layer.add("Add", layer.add("Mul", x, weight), bias)
    return x


@writes(norm.LocalResponseNorm)
def local_response_norm(layer: LayerOperators) -> str:
    kind = layer.kind
    if kind.size % 2 == 0:
        raise Unsayable("`local_response_norm` over an even number of channels")
    return layer.add(
        "LRN", layer.x, size=kind.size, alpha=kind.alpha, beta=kind.beta, bias=float(kind.k)
    )


# -- shapes


@writes(reshape.Flatten)
def flatten(layer: LayerOperators) -> str:
    return layer.add("Flatten", layer.x, axis=1)


@writes(reshape.Reshape)
def reshaped(layer: LayerOperators) -> str:
    return layer.reshape(layer.x, *layer.facts.output)


@writes(reshape.Permute)
def permute(layer: LayerOperators) -> str:
    return layer.transpose(layer.x, 0, *[axis + 1 for axis in layer.kind.order])


@writes(reshape.Pad)
def pad(layer: LayerOperators) -> str:
    kind = layer.kind
    pairs = [(0, 0), tuple(kind.channels), *kind.padding]
    ends = layer.integers("pads", [pair[0] for pair in pairs] + [pair[1] for pair in pairs])
    if kind.mode == "constant":
        return layer.add("Pad", layer.x, ends, layer.constant("value", kind.value))
    return layer.add("Pad", layer.x, ends, mode=MODES.get(kind.mode, kind.mode))


MODES = {"replicate": "edge", "reflect": "reflect", "circular": "wrap"}


def _sliced(
    layer: LayerOperators, x: str, starts: list[int], stops: list[int], steps: list[int]
) -> str:
    axes = layer.integers("axes", range(1, len(starts) + 1))
    ends = [layer.integers(n, v) for n, v in (("from", starts), ("to", stops))]
    return layer.add("Slice", x, *ends, axes, layer.integers("steps", steps))


@writes(reshape.Crop)
def crop(layer: LayerOperators) -> str:
    sizes = layer.facts.output[1:]
    offsets = layer.kind.offset
    if offsets is None:
        offsets = [(have - want) // 2 for have, want in zip(layer.shape[1:], sizes, strict=True)]
    starts = [0, *offsets]
    stops = [layer.shape[0], *[o + s for o, s in zip(offsets, sizes, strict=True)]]
    return _sliced(layer, layer.x, starts, stops, [1] * len(starts))


@writes(reshape.Slice)
def sliced(layer: LayerOperators) -> str:
    kind = layer.kind
    stop = layer.shape[kind.axis] if kind.stop is None else kind.stop
    ends = [layer.integers("from", [kind.start]), layer.integers("to", [stop])]
    axis, step = layer.integers("axis", [kind.axis + 1]), layer.integers("step", [kind.step])
    return layer.add("Slice", layer.x, *ends, axis, step)


@writes(reshape.Select)
def select(layer: LayerOperators) -> str:
    return layer.add("Gather", layer.x, layer.integers("channels", layer.kind.channels), axis=1)


@writes(reshape.ChannelShuffle)
def channel_shuffle(layer: LayerOperators) -> str:
    groups, channels = layer.kind.groups, layer.shape[0]
    x = layer.reshape(layer.x, groups, channels // groups, *layer.shape[1:])
    x = layer.transpose(x, 0, 2, 1, *range(3, 3 + layer.rank))
    return layer.reshape(x, *layer.shape)
