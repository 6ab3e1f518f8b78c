"""Tensors written otherwise, padded, cut and enlarged."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.exchange.keras.layers.registry import (
    OPERATIONS,
    LayerCall,
    layer,
    listed,
    pairs,
    require,
)
from cnncalc.exchange.keras.layers.tensors import cut, repeated, reshaped_to
from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.reading.shaping import reshaped


@layer("Flatten")
def flatten(call: LayerCall, x: Op) -> Op:
    """All values of a sample in a row, in Keras' order of axes."""
    front = 1 + call.timed
    if call.config.get("data_format") == "channels_first" and len(x.shape) > front + 1:
        order = [*range(front), *range(front + 1, len(x.shape)), front]
        x = call.emit("permute", [x], {"order": order}, [x.shape[axis] for axis in order])
    return call.emit("reshape", [x], shape=(*x.shape[:front], prod(x.shape[front:])))


@layer("Reshape")
def reshape(call: LayerCall, x: Op) -> Op:
    """Another shape of a sample."""
    target = [-1 if size is None else size for size in call.config["target_shape"]]
    front = 1 + call.timed
    shape = (*x.shape[:front], *reshaped(x.shape[front:], target))
    return call.emit("reshape", [x], shape=shape)


@layer("RepeatVector")
def repeat_vector(call: LayerCall, x: Op) -> Op:
    """A row of values several times, one below the other."""
    front = 1 + call.timed
    require(len(x.shape) == front + 1, f"of {len(x.shape) - front} axes")
    x = reshaped_to(call, x, (*x.shape[:front], 1, x.shape[-1]))
    return repeated(call, x, front, call.config["n"])


@layer("Permute")
def permute(call: LayerCall, x: Op) -> Op:
    """A sample's axes, which count from 1, in another order."""
    front = call.timed
    order = [*range(front + 1), *[axis + front for axis in call.config["dims"]]]
    require(sorted(order) == list(range(len(x.shape))), f"to {order}")
    return call.emit("permute", [x], {"order": order}, [x.shape[axis] for axis in order])


@layer("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def zero_padding(call: LayerCall, x: Op) -> Op:
    """Zeros around the input."""
    return call.layer("pad", x, {"padding": pairs(call.config["padding"], len(x.shape) - 2)})


@layer("Cropping1D", "Cropping2D", "Cropping3D")
def cropping(call: LayerCall, x: Op) -> Op:
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
def up_sampling(call: LayerCall, x: Op) -> Op:
    """Rows repeated, or interpolated between their centres."""
    mode = call.config.get("interpolation", "nearest")
    require(mode in ("nearest", "bilinear"), f"with {mode} interpolation")
    rank = len(x.shape) - 2
    return call.layer(
        "upsample", x, {"scale": listed(call.config.get("size", 2), rank), "mode": mode}
    )


RESIZING = {"bilinear": "bilinear", "nearest": "nearest"}


@layer("Resizing")
def resizing(call: LayerCall, x: Op) -> Op:
    """Another size by interpolation."""
    config = call.config
    plain = not (config.get("antialias") or config.get("crop_to_aspect_ratio"))
    require(plain and not config.get("pad_to_aspect_ratio"), "with antialiasing or another aspect")
    size = (config["height"], config["width"])
    return resized(call, x, size, str(config.get("interpolation", "bilinear")).lower())


def resized(call: LayerCall, x: Op, size: Any, mode: str) -> Op:
    """Two axes of another size."""
    require(mode in RESIZING, f"with {mode} interpolation")
    size = tuple(int(one) for one in size)
    channel = call.channel(x)
    if size == tuple([n for axis, n in enumerate(x.shape) if axis not in (0, channel)]):
        return x
    return call.layer("upsample", x, {"size": size, "mode": RESIZING[mode]})


def _image_resize(
    call: LayerCall, x: Op, size: Any, method: Any = "bilinear", antialias: Any = False
) -> Op:
    require(not antialias and len(x.shape) == 4, "with antialiasing, or of no batch of images")
    return resized(call, x, size, str(method).lower().rpartition(".")[2])


OPERATIONS["ImageResize"] = _image_resize


def _resize(call: LayerCall, x: Op) -> Op:
    """`keras.ops.image.resize`."""
    config = call.config
    require(not config.get("antialias") and not config.get("crop_to_aspect_ratio"), "with options")
    return resized(call, x, config["size"], str(config.get("interpolation", "bilinear")).lower())


OPERATIONS["Resize"] = _resize


@layer("CenterCrop")
def center_crop(call: LayerCall, x: Op) -> Op:
    """The middle of each axis."""
    config, channel = call.config, call.channel(x)
    sizes = [n for axis, n in enumerate(x.shape) if axis not in (0, channel)]
    target = (config["height"], config["width"])
    require(all(a <= b for a, b in zip(target, sizes, strict=True)), "of a smaller image")
    offset = tuple([(b - a) // 2 for a, b in zip(target, sizes, strict=True)])
    if target == tuple(sizes):
        return x
    return call.layer("crop", x, {"size": target, "offset": offset})


def _reshape(call: LayerCall, x: Op, newshape: Any = None, **options: Any) -> Op:
    target = newshape if newshape is not None else call.config.get("newshape")
    require(target is not None, "without a shape")
    sizes = [-1 if n is None else n for n in target or ()]
    return call.emit("reshape", [x], shape=reshaped(x.shape, sizes))


OPERATIONS["Reshape"] = _reshape


def _pad(call: LayerCall, x: Op, constant_values: float | None = None) -> Op:
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


def _get_item(call: LayerCall, x: Op, key: Any) -> Op:
    """`x[..., a:b]`: ranges of axes, and single rows whose axis goes."""
    parts = [_slice(one) for one in (key if isinstance(key, list) else [key])]
    words = [part.get("class_name") if isinstance(part, dict) else None for part in parts]
    if "__ellipsis__" in words:
        place = words.index("__ellipsis__")
        whole = {"class_name": "__slice__", "config": {}}
        parts[place : place + 1] = [whole] * (len(x.shape) - len(parts) + 1)
    gone: list[int] = []
    for axis, part in enumerate(parts):
        if type(part) is int:
            size = x.shape[axis]
            require(-size <= part < size, f"by {part} of {size}")
            x = cut(call, x, axis, part % size, part % size + 1)
            gone.append(axis)
            continue
        require(isinstance(part, dict) and part["class_name"] == "__slice__", "by what is no range")
        config = part["config"]
        ends = [config.get(word) for word in ("start", "stop", "step")]
        x = cut(call, x, axis, *slice(*ends).indices(x.shape[axis]))
    return reshaped_to(call, x, [size for n, size in enumerate(x.shape) if n not in gone])


def _slice(part: Any) -> Any:
    """A range as Keras 3 writes it; `tf.keras` wrote its ends alone, an ellipsis as a text."""
    if isinstance(part, dict) and "class_name" not in part:
        return {"class_name": "__slice__", "config": part}
    if isinstance(part, str) and "llipsis" in part:
        return {"class_name": "__ellipsis__"}
    return part


OPERATIONS["GetItem"] = _get_item
