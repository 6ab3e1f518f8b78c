"""Tensors written otherwise, padded, cut and enlarged."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.exchange.keras.layers.registry import OPERATIONS, Call, layer, listed, require
from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.reading.shaping import reshaped


@layer("Flatten")
def flatten(call: Call, x: Op) -> Op:
    """All values of a sample in a row, in Keras' order of axes."""
    if call.config.get("data_format") == "channels_first" and len(x.shape) > 2:
        order = [0, *range(2, len(x.shape)), 1]
        x = call.emit("permute", [x], {"order": order}, [x.shape[axis] for axis in order])
    return call.emit("reshape", [x], shape=(x.shape[0], prod(x.shape[1:])))


@layer("Reshape")
def reshape(call: Call, x: Op) -> Op:
    """Another shape of a sample."""
    target = [-1 if size is None else size for size in call.config["target_shape"]]
    return call.emit("reshape", [x], shape=(x.shape[0], *reshaped(x.shape[1:], target)))


@layer("Permute")
def permute(call: Call, x: Op) -> Op:
    """A sample's axes, which count from 1, in another order."""
    order = [0, *call.config["dims"]]
    require(sorted(order) == list(range(len(x.shape))), f"to {order}")
    return call.emit("permute", [x], {"order": order}, [x.shape[axis] for axis in order])


def pairs(value: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """Rows before and after on each axis."""
    if isinstance(value, int):
        return ((value, value),) * rank
    if rank == 1 and all(isinstance(one, int) for one in value):
        return (tuple(value),)
    return tuple([(one, one) if isinstance(one, int) else tuple(one) for one in value])


@layer("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def zero_padding(call: Call, x: Op) -> Op:
    """Zeros around the input."""
    return call.layer("pad", x, {"padding": pairs(call.config["padding"], len(x.shape) - 2)})


@layer("Cropping1D", "Cropping2D", "Cropping3D")
def cropping(call: Call, x: Op) -> Op:
    """Rows cut away at both ends of each axis."""
    channel = call.channel(x)
    axes = [axis for axis in range(1, len(x.shape)) if axis != channel]
    cuts = pairs(call.config["cropping"], len(axes))
    if not any(map(any, cuts)):
        return x
    sizes = [x.shape[axis] - sum(cut) for axis, cut in zip(axes, cuts, strict=True)]
    offset = tuple([before for before, _ in cuts])
    return call.layer("crop", x, {"size": tuple(sizes), "offset": offset})


@layer("UpSampling1D", "UpSampling2D", "UpSampling3D")
def up_sampling(call: Call, x: Op) -> Op:
    """Rows repeated, or interpolated between their centres."""
    mode = call.config.get("interpolation", "nearest")
    require(mode in ("nearest", "bilinear"), f"with {mode} interpolation")
    rank = len(x.shape) - 2
    return call.layer(
        "upsample", x, {"scale": listed(call.config.get("size", 2), rank), "mode": mode}
    )


@layer("Resizing")
def resizing(call: Call, x: Op) -> Op:
    """Another size by linear interpolation."""
    config = call.config
    require(config.get("interpolation") == "bilinear", "with another interpolation than bilinear")
    plain = not (config.get("antialias") or config.get("crop_to_aspect_ratio"))
    require(plain and not config.get("pad_to_aspect_ratio"), "with antialiasing or another aspect")
    size = (config["height"], config["width"])
    return call.layer("upsample", x, {"size": size, "mode": "bilinear"})


def _reshape(call: Call, x: Op, newshape: Any = None, **options: Any) -> Op:
    target = newshape if newshape is not None else call.config.get("newshape")
    require(target is not None, "without a shape")
    sizes = [-1 if n is None else n for n in target or ()]
    return call.emit("reshape", [x], shape=reshaped(x.shape, sizes))


OPERATIONS["Reshape"] = _reshape


def _pad(call: Call, x: Op, constant_values: float | None = None) -> Op:
    """`keras.ops.pad`: a constant around some axes."""
    require(call.config.get("mode", "constant") == "constant", "with another mode than constant")
    widths = [tuple(pair) for pair in call.config["pad_width"]]
    require(len(widths) == len(x.shape) and not any(widths[0]), "along the batch")
    channel = call.channel(x)
    options: dict[str, Any] = {
        "padding": tuple([w for axis, w in enumerate(widths) if axis not in (0, channel)])
    }
    if any(widths[channel]):
        options["channels"] = widths[channel]
    if constant_values:
        options["value"] = float(constant_values)
    shape = [size + sum(pair) for size, pair in zip(x.shape, widths, strict=True)]
    return call.emit("pad", [x], options, shape, channel=channel)


OPERATIONS["Pad"] = _pad


def _get_item(call: Call, x: Op, key: Any) -> Op:
    """`x[..., a:b]`: ranges of axes."""
    parts = list(key) if isinstance(key, list) else [key]
    words = [part.get("class_name") if isinstance(part, dict) else None for part in parts]
    if "__ellipsis__" in words:
        place = words.index("__ellipsis__")
        whole = {"class_name": "__slice__", "config": {}}
        parts[place : place + 1] = [whole] * (len(x.shape) - len(parts) + 1)
    for axis, part in enumerate(parts):
        require(isinstance(part, dict) and part["class_name"] == "__slice__", "by a number")
        config = part["config"]
        ends = [config.get(word) for word in ("start", "stop", "step")]
        start, stop, step = slice(*ends).indices(x.shape[axis])
        if (start, stop, step) == (0, x.shape[axis], 1):
            continue
        require(bool(axis) and stop > start and step > 0, "of nothing, or of the batch")
        shape = [*x.shape]
        shape[axis] = -(-(stop - start) // step)
        options = {"axis": axis, "start": start, "stop": stop, "step": step}
        x = call.emit("slice", [x], options, shape)
    return x


OPERATIONS["GetItem"] = _get_item
