"""What each section is: a layer or two of ours."""

from __future__ import annotations

from typing import Any

from cnncalc.diagnostics import did_you_mean, nearest
from cnncalc.exchange.darknet.registry import SECTIONS, DarknetSection, section
from cnncalc.exchange.reading.maps import Map
from cnncalc.shapes import product

__all__ = ["SECTIONS"]

ACTIVATIONS: dict[str, tuple[str, dict[str, Any]] | None] = {
    "linear": None,
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "leaky": ("leaky_relu", {"slope": 0.1}),
    "logistic": ("sigmoid", {}),
    "loggy": ("sigmoid", {}),
    "tanh": ("tanh", {}),
    "mish": ("mish", {}),
    "swish": ("silu", {}),
    "elu": ("elu", {}),
    "selu": ("selu", {}),
    "gelu": ("gelu", {"approximate": "tanh"}),
    "hardtan": ("hard_tanh", {}),
    "relie": ("leaky_relu", {"slope": 0.01}),
    "ramp": ("leaky_relu", {"slope": 1 / 11}),  # x + x/10 above 0, x/10 below
}


def activated(call: DarknetSection, x: Map, default: str) -> Map:
    """The section's activation behind its layer."""
    word = call.word("activation", default)
    if word not in ACTIVATIONS:
        hint, close = did_you_mean(word, ACTIVATIONS), nearest(word, ACTIVATIONS)
        text = f"the activation `{word[:40]}` is not known"
        call.refuse("unknown-layer", text, "activation", hint, close)
    found = ACTIVATIONS[word]
    if found is None:
        return x
    x = call.layer(found[0], x, **found[1])
    return call.layer("rescale", x, factor=1.1) if word == "ramp" else x


def pair(call: DarknetSection, key: str, default: int, least: int = 1) -> int | tuple[int, int]:
    """A size for rows and columns, which may be given apart (`stride_x`, `stride_y`)."""
    one = call.whole(key, default, least)
    rows, columns = call.whole(f"{key}_y", one, least), call.whole(f"{key}_x", one, least)
    return rows if rows == columns else (rows, columns)


@section("convolutional", "conv")
def convolution(call: DarknetSection) -> Map:
    """A convolution, its batch normalization and its activation; `pad=1` pads half the kernel."""
    kernel, stride = call.whole("size", 1, 1), pair(call, "stride", 1)
    dilation = call.whole("dilation", 1, 1)
    padding = call.whole("padding", 0)
    if call.whole("pad", 0):
        padding = kernel // 2
    if kernel == 1:
        dilation = 1
    if dilation > 1:
        padding *= dilation
    normalized = bool(call.whole("batch_normalize", 0))
    for key in ("antialiasing", "sway", "rotate", "stretch", "stretch_sway", "deform"):
        if call.whole(key, 0):
            call.refuse("unknown-layer", f"a convolution with `{key}` is not read", key)
    owner = call.shared("share_index")
    options: dict[str, Any] = {"filters": call.whole("filters", 1, 1), "kernel": kernel}
    given = {"stride": stride, "padding": padding, "dilation": dilation,
             "groups": call.whole("groups", 1, 1)}  # fmt: skip
    options |= {key: value for key, value in given.items() if value != (key != "padding")}
    x = call.layer("conv", call.x, owner, **options, bias=not normalized)
    if normalized:
        x = call.layer("batch_norm", x, owner)
    return activated(call, x, "logistic")


@section("deconvolutional", "deconv")
def deconvolution(call: DarknetSection) -> Map:
    """A transposed convolution."""
    kernel = call.whole("size", 1, 1)
    padding = kernel // 2 if call.whole("pad", 0) else call.whole("padding", 0)
    normalized = bool(call.whole("batch_normalize", 0))
    options: dict[str, Any] = {
        "filters": call.whole("filters", 1, 1),
        "kernel": kernel,
        "stride": call.whole("stride", 1, 1),
        "padding": padding,
    }
    x = call.layer("conv_transpose", call.x, **options, bias=not normalized)
    if normalized:
        x = call.layer("batch_norm", x)
    return activated(call, x, "logistic")


@section("connected", "conn")
def connected(call: DarknetSection) -> Map:
    """A fully connected layer."""
    normalized = bool(call.whole("batch_normalize", 0))
    x = call.maps.flatten(call.x, call.origin)
    x = call.layer("linear", x, features=call.whole("output", 1, 1), bias=not normalized)
    if normalized:
        x = call.layer("batch_norm", x)
    return activated(call, x, "logistic")


@section("local")
def local(call: DarknetSection) -> Map:
    """A convolution whose kernel is another one at each place; its padding is one row."""
    options: dict[str, Any] = {
        "filters": call.whole("filters", 1, 1),
        "kernel": call.whole("size", 1, 1),
        "stride": call.whole("stride", 1, 1),
    }
    if call.whole("pad", 0):
        if options["kernel"] != 3:
            call.refuse("unknown-layer", "`[local]` with padding has a kernel of 3", "size")
        options["padding"] = 1
    return activated(call, call.layer("locally_connected", call.x, **options), "logistic")


@section("maxpool", "max")
def max_pool(call: DarknetSection) -> Map:
    """Max pooling; the padding is that of both ends together, and all but one row by default."""
    return pool(call, "max_pool")


@section("local_avgpool")
def local_average(call: DarknetSection) -> Map:
    """Average pooling with a kernel."""
    return pool(call, "avg_pool")


def pool(call: DarknetSection, kind: str) -> Map:
    """A sliding pool: `(size + padding - kernel) / stride + 1`, half of the padding in front."""
    stride = pair(call, "stride", 1)
    one = stride if isinstance(stride, int) else stride[0]
    kernel = call.whole("size", one, 1)
    padding = call.whole("padding", kernel - 1)
    if call.whole("maxpool_depth", 0) or call.whole("antialiasing", 0):
        call.refuse("unknown-layer", "a pool over channels, or with antialiasing, is not read")
    if call.x is None:
        return None
    steps = (one, one) if isinstance(stride, int) else stride
    rows = []
    for size, step in zip(call.x.shape[2:], steps, strict=False):
        before = padding // 2
        output = (size + padding - kernel) // step + 1
        read = (output - 1) * step + kernel - size - before
        rows.append((before, max(read, 0)))
    options: dict[str, Any] = {"kernel": kernel}
    if stride != kernel:
        options["stride"] = stride
    if any(row != (0, 0) for row in rows):
        even = all(row == (rows[0][0], rows[0][0]) for row in rows)
        options["padding"] = rows[0][0] if even else tuple(rows)
    return call.layer(kind, call.x, **options)


@section("avgpool", "avg")
def average_pool(call: DarknetSection) -> Map:
    """The average over all positions."""
    return call.layer("global_avg_pool", call.x)


@section("route")
def route(call: DarknetSection) -> Map:
    """Earlier maps joined, or a part of the channels of each."""
    maps = call.layers("layers")
    groups, part = call.whole("groups", 1, 1), call.whole("group_id", 0)
    if part >= groups:
        call.refuse("bad-value", f"`group_id` is {part}, of {groups} groups", "group_id")
    if groups > 1:
        parts = []
        for one in maps:
            size = 0 if one is None else one.shape[1] // groups
            cut = call.maps.slice(one, part * size, (part + 1) * size, call.origin)
            parts.append(cut)
        maps = parts
    return call.maps.concat(maps, call.origin)


@section("shortcut")
def shortcut(call: DarknetSection) -> Map:
    """Earlier maps added."""
    if call.word("weights_type", "none") != "none":
        call.refuse("unknown-layer", "a shortcut with weights is not read", "weights_type")
    others = [fitted(call, one) for one in call.layers("from")]
    x = call.maps.merge("add", [call.x, *others], call.origin)
    return activated(call, x, "linear")


def fitted(call: DarknetSection, other: Map) -> Map:
    """A map as it is added to another one: every so manieth row, the channels that both have."""
    if other is None or call.x is None or other.shape == call.x.shape:
        return other
    maps, origin, shape = call.maps, call.origin, call.x.shape
    if len(shape) != 4 or any(
        a < b or a % b for a, b in zip(other.shape[2:], shape[2:], strict=True)
    ):
        return other  # refused where they meet
    steps = {a // b for a, b in zip(other.shape[2:], shape[2:], strict=True)}
    if len(steps) > 1:
        return other
    for axis in (2, 3):
        other = maps.slice(other, 0, other.shape[axis], origin, axis, max(steps))
        assert other is not None
    if other.shape[1] > shape[1]:
        return maps.slice(other, 0, shape[1], origin)
    if other.shape[1] < shape[1]:
        return call.layer("pad", other, channels=(0, shape[1] - other.shape[1]))
    return other


@section("scale_channels")
def scale_channels(call: DarknetSection) -> Map:
    """An earlier map times this one's value of each channel."""
    if call.whole("scale_wh", 0):
        call.refuse("unknown-layer", "`scale_wh` is not read", "scale_wh")
    (other,) = call.layers("from")[:1]
    x = call.maps.merge("mul", [other, call.x], call.origin, spread=True)
    return activated(call, x, "linear")


@section("sam")
def attention(call: DarknetSection) -> Map:
    """An earlier map times this one, value by value."""
    x = call.maps.merge("mul", [*call.layers("from")[:1], call.x], call.origin)
    return activated(call, x, "linear")


@section("upsample")
def upsample(call: DarknetSection) -> Map:
    """Each value repeated."""
    if "scale" in call.section.options and call.real("scale", 1) != 1:
        call.refuse("unknown-layer", "an upsampling that scales values is not read", "scale")
    stride = call.whole("stride", 2, 1)
    return call.x if stride == 1 else call.layer("upsample", call.x, scale=stride)


@section("reorg", "reorg3d", "reorg_old")
def reorg(call: DarknetSection) -> Map:
    """Blocks of positions become channels (darknet puts them into an order of its own)."""
    stride = call.whole("stride", 1, 1)
    if call.whole("extra", 0) and stride == 1:  # zeros behind all values
        values = 1 if call.x is None else product(call.x.shape)
        x = call.maps.reshape(call.x, (values, 1, 1), call.origin)
        x = call.layer("pad", x, channels=(0, call.whole("extra", 0)))
        return call.maps.flatten(x, call.origin)
    for key in ("reverse", "flatten", "extra"):
        if call.whole(key, 0):
            call.refuse("unknown-layer", f"`[{call.section.name}]` with `{key}` is not read", key)
    return call.x if stride == 1 else call.layer("pixel_unshuffle", call.x, factor=stride)


@section("crop")
def crop(call: DarknetSection) -> Map:
    """The middle of the image; darknet's augmentation is of training."""
    height, width = call.whole("crop_height", 1, 1), call.whole("crop_width", 1, 1)
    for key in ("flip", "angle", "saturation", "exposure", "shift", "noadjust"):
        call.asked.add(key)
    return call.layer("crop", call.x, size=(height, width))


@section("batchnorm", "batch_normalize")
def batch_norm(call: DarknetSection) -> Map:
    """A batch normalization by itself."""
    return call.layer("batch_norm", call.x)


@section("activation")
def activation(call: DarknetSection) -> Map:
    """An activation by itself."""
    return activated(call, call.x, "linear")


@section("logistic")
def logistic(call: DarknetSection) -> Map:
    """A sigmoid and its loss."""
    return call.layer("sigmoid", call.x)


@section("dropout")
def dropout(call: DarknetSection) -> Map:
    """Dropout."""
    if call.whole("dropblock", 0):
        call.refuse("unknown-layer", "DropBlock is not read", "dropblock")
    return call.layer("dropout", call.x, rate=call.real("probability", 0.5))


@section("softmax", "soft")
def softmax(call: DarknetSection) -> Map:
    """Softmax over all values, or over the channels at each position."""
    if "tree" in call.section.options:
        return output(call)  # one for each group of a tree of classes, which is another file
    if call.whole("groups", 1, 1) > 1:
        call.refuse("unknown-layer", "a softmax of groups is not read", "groups")
    spatial = bool(call.whole("spatial", 0))
    x = call.x if spatial else call.maps.flatten(call.x, call.origin)
    return call.maps.softmax(x, 1, call.origin)


@section("normalization", "lrn")
def normalization(call: DarknetSection) -> Map:
    """Local response normalization across channels."""
    options: dict[str, Any] = {
        "size": call.whole("size", 5, 1),
        "alpha": call.real("alpha", 0.0001),
        "beta": call.real("beta", 0.75),
        "k": call.real("kappa", 1),
    }
    return call.layer("local_response_norm", call.x, **options)


@section("yolo", "region", "detection", "gaussian_yolo", "cost", "contrastive", "empty", "silence",
         "l2norm")  # fmt: skip
def output(call: DarknetSection) -> Map:
    """What reads the network's output: boxes and losses, which are no layers."""
    if call.section.name == "l2norm":
        call.refuse("unknown-layer", "`[l2norm]` is not read")
    call.is_output = call.section.name not in ("empty", "silence")
    return call.x
