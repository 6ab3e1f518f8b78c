"""What each type of layer is, in layers of ours."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import Any

from cnncalc.exchange.caffe.registry import LAYERS, CaffeLayer, Label, layer
from cnncalc.exchange.caffe.text_format import Message
from cnncalc.exchange.reading.maps import Map
from cnncalc.exchange.reading.program import Op

__all__ = ["LAYERS"]


def sizes(
    call: CaffeLayer, param: Message, name: str, rank: int, default: int | None, least: int
) -> tuple[int, ...]:
    """A size for each axis: one for all, one each, or rows and columns apart."""
    whole = "kernel_size" if name == "kernel" else name
    rows, columns = param.scalar(f"{name}_h"), param.scalar(f"{name}_w")
    if rows is not None or columns is not None:
        if rank != 2:
            call.refuse("bad-value", f"`{name}_h` is for maps of rows and columns", rows or columns)
        found = tuple(
            [
                default if one is None else param.as_whole(f"{name}_{letter}", one, least)
                for letter, one in (("h", rows), ("w", columns))
            ]
        )
    else:
        values = param.wholes(whole, least)
        if len(values) not in (0, 1, rank):
            message = f"`{whole}` is given {len(values)} times, for {rank} axes"
            call.refuse("bad-value", message, param.scalar(whole))
        found = tuple(values * rank if len(values) == 1 else values) or (default,) * rank
    if any(one is None for one in found):
        call.refuse("missing-option", f"`{call.kind}` needs `{whole}`")
    return found  # type: ignore[return-value]


def short(values: tuple[int, ...]) -> Any:
    """One number where all axes have the same."""
    return values[0] if len(set(values)) == 1 else values


def windowed(call: CaffeLayer, param: Message, rank: int) -> dict[str, Any]:
    """Kernel, stride and padding of a convolution, those that are not the usual ones."""
    found: dict[str, Any] = {
        "filters": required(call, param, "num_output"),
        "kernel": short(sizes(call, param, "kernel", rank, None, 1)),
    }
    stride = short(sizes(call, param, "stride", rank, 1, 1))
    padding = short(sizes(call, param, "pad", rank, 0, 0))
    dilation = param.wholes("dilation", 1)
    if stride != 1:
        found["stride"] = stride
    if padding != 0:
        found["padding"] = padding
    if dilation and short(tuple(dilation)) != 1:
        found["dilation"] = short(tuple(dilation))
    return found


def required(call: CaffeLayer, param: Message, name: str) -> int:
    """A whole number that must be there."""
    if param.scalar(name) is None:
        call.refuse("missing-option", f"`{call.kind}` needs `{name}`")
    return param.whole(name, 1, 1)


@layer("Convolution", "DepthwiseConvolution", "ConvolutionDepthwise")
def convolution(call: CaffeLayer, x: Op) -> Map:
    """A convolution; sizes are rounded down."""
    param = call.param("convolution_param")
    options = windowed(call, param, len(x.shape) - 2)
    groups = param.whole("group", 1, 1)
    if call.kind == "ConvolutionDepthwise":
        groups = x.shape[1]
    if groups != 1:
        options["groups"] = groups
    if not param.truth("bias_term", True):
        options["bias"] = False
    return call.layer("conv", x, **options)


@layer("Deconvolution")
def deconvolution(call: CaffeLayer, x: Op) -> Map:
    """A transposed convolution."""
    param = call.param("convolution_param")
    options = windowed(call, param, len(x.shape) - 2)
    groups = param.whole("group", 1, 1)
    if groups != 1:
        options["groups"] = groups
    if not param.truth("bias_term", True):
        options["bias"] = False
    return call.layer("conv_transpose", x, **options)


@layer("Pooling")
def pooling(call: CaffeLayer, x: Op) -> Any:
    """A pool; sizes are rounded up unless the file says otherwise."""
    param = call.param("pooling_param")
    word = param.text("pool", "MAX")
    kind = {"MAX": "max", "0": "max", "AVE": "avg", "1": "avg", "STOCHASTIC": "avg"}.get(word)
    if kind is None:
        call.refuse("bad-value", f"`pool` is MAX or AVE, not `{word[:40]}`", param.scalar("pool"))
    if param.truth("global_pooling", False):
        return call.layer(f"global_{kind}_pool", x)
    rank = len(x.shape) - 2
    kernel = sizes(call, param, "kernel", rank, None, 1)
    stride = sizes(call, param, "stride", rank, 1, 1)
    padding = sizes(call, param, "pad", rank, 0, 0)
    up = param.text("round_mode", "CEIL") in ("CEIL", "0") and param.truth("ceil_mode", True)
    options: dict[str, Any] = {"kernel": short(kernel)}
    if stride != kernel:
        options["stride"] = short(stride)
    if any(padding):
        options["padding"] = short(padding)
    if up and any(step != 1 for step in stride):
        options["ceil_mode"] = True
    found = call.layer(f"{kind}_pool", x, **options)
    if found is None:
        return None
    for axis, (size, k, s, p) in enumerate(zip(x.shape[2:], kernel, stride, padding, strict=True)):
        rows = size + 2 * p - k
        caffe = -(-rows // s) + 1 if up else rows // s + 1
        if p and (caffe - 1) * s >= size + p:
            caffe -= 1
        if caffe != found.shape[axis + 2]:
            call.refuse("bad-value", f"the last of {caffe} windows lies beyond the input's {size}")
    if len(call.tops) > 1 and kind == "max":
        return found, Switches(found)
    return found


class Switches:
    """Where a max pool found its values."""

    def __init__(self, pool: Op) -> None:
        self.pool = pool


@layer("Upsample")
def unpool(call: CaffeLayer, x: Op, switches: Any = None) -> Map:
    """SegNet's: values go back to where a max pool found them; without its mask, they repeat."""
    param = call.message.message("upsample_param")
    if not isinstance(switches, Switches):
        return call.layer("upsample", x, scale=param.whole("scale", 2, 1))
    pool = switches.pool
    shape = pool.x.shape
    factor = param.whole("scale", 2, 1)
    given = (param.whole("upsample_h", 0), param.whole("upsample_w", 0))
    wanted = tuple([own or factor * size for own, size in zip(given, x.shape[2:], strict=True)])
    if x.shape != pool.shape or wanted != shape[2:]:
        call.refuse("shape-mismatch", f"it undoes a pool of {list(shape[1:])} to {list(wanted)}")
    return call.maps.emit("max_unpool", [x, pool], shape, {}, call.origin)


@layer("Interp", "BilinearInterpolation")
def interpolation(call: CaffeLayer, x: Op, like: Op | None = None) -> Map:
    """Bilinear resampling, corners on corners."""
    param = call.message.message("interp_param")
    rows, columns = param.whole("height", 0), param.whole("width", 0)
    zoom, shrink = param.whole("zoom_factor", 0), param.whole("shrink_factor", 1, 1)
    if like is not None:
        rows, columns = like.shape[2:]
    elif not rows:
        cut = param.whole("pad_beg", 0, -10_000) + param.whole("pad_end", 0, -10_000)
        rows, columns = ((size + cut - 1) // shrink + 1 for size in x.shape[2:])
        if zoom:
            rows, columns = rows + (rows - 1) * (zoom - 1), columns + (columns - 1) * (zoom - 1)
    return call.layer("upsample", x, size=(rows, columns), mode="bilinear", align_corners=True)


@layer("InnerProduct")
def inner_product(call: CaffeLayer, x: Op) -> Map:
    """A fully connected layer on all values."""
    param = call.param("inner_product_param")
    if call.axis(param, x) != 1:
        call.refuse("unknown-layer", "on another axis than 1, it is not read", param.scalar("axis"))
    bias = param.truth("bias_term", True)
    options: dict[str, Any] = {"features": required(call, param, "num_output")}
    if not bias:
        options["bias"] = False
    return call.layer("linear", call.maps.flatten(x, call.origin), **options)


@layer("ReLU")
def relu(call: CaffeLayer, x: Op) -> Map:
    """ReLU, or with a slope the leaky one."""
    slope = call.message.message("relu_param").real("negative_slope", 0)
    return call.layer("leaky_relu", x, slope=slope) if slope else call.layer("relu", x)


@layer("PReLU")
def prelu(call: CaffeLayer, x: Op) -> Map:
    """A trained slope for each channel, or for all."""
    shared = call.message.message("prelu_param").truth("channel_shared", False)
    return call.layer("prelu", x, parameters="shared" if shared else "channels")


@layer("Sigmoid")
def sigmoid(call: CaffeLayer, x: Op) -> Map:
    """Sigmoid."""
    return call.layer("sigmoid", x)


@layer("TanH")
def tanh(call: CaffeLayer, x: Op) -> Map:
    """Hyperbolic tangent."""
    return call.layer("tanh", x)


@layer("ReLU6")
def relu6(call: CaffeLayer, x: Op) -> Map:
    """ReLU up to 6."""
    return call.layer("relu6", x)


@layer("ELU")
def elu(call: CaffeLayer, x: Op) -> Map:
    """ELU."""
    return call.layer("elu", x, alpha=call.message.message("elu_param").real("alpha", 1))


@layer("SELU", "SeLU", "SeLu")
def selu(call: CaffeLayer, x: Op) -> Map:
    """SELU."""
    return call.layer("selu", x)


@layer("Swish")
def swish(call: CaffeLayer, x: Op) -> Map:
    """Swish."""
    return call.layer("silu", x)


@layer("Mish")
def mish(call: CaffeLayer, x: Op) -> Map:
    """Mish."""
    return call.layer("mish", x)


@layer("AbsVal")
def absolute(call: CaffeLayer, x: Op) -> Map:
    """The absolute value."""
    return call.layer("abs", x)


@layer("BNLL")
def bnll(call: CaffeLayer, x: Op) -> Map:
    """The logarithm of `1 + exp x`."""
    return call.layer("softplus", x)


@layer("Clip")
def clip(call: CaffeLayer, x: Op) -> Map:
    """Values kept between two numbers."""
    param = call.message.message("clip_param")
    return call.layer("clip", x, low=param.real("min", 0), high=param.real("max", 0))


@layer("Power")
def power(call: CaffeLayer, x: Op) -> Map:
    """`(shift + scale · x) ^ power`."""
    param = call.message.message("power_param")
    factor, shift, exponent = param.real("scale", 1), param.real("shift", 0), param.real("power", 1)
    found: Map = x
    if factor != 1 or shift != 0:
        found = call.layer("rescale", x, factor=tidy(factor), offset=tidy(shift))
    return found if exponent == 1 else call.layer("power", found, exponent=tidy(exponent))


def tidy(value: float) -> float | int:
    """A whole number where it is one."""
    return int(value) if value == int(value) else value


@layer("Exp")
def exponential(call: CaffeLayer, x: Op) -> Map:
    """The exponential."""
    usual(call, "exp_param")
    return call.layer("exp", x)


@layer("Log")
def logarithm(call: CaffeLayer, x: Op) -> Map:
    """The natural logarithm."""
    usual(call, "log_param")
    return call.layer("log", x)


def usual(call: CaffeLayer, name: str) -> None:
    """Refuse options of a message that is read without any."""
    fields = call.message.message(name).fields
    if fields:
        call.refuse("unknown-layer", f"`{call.kind}` with `{fields[0].name}` is not read")


@layer("Dropout")
def dropout(call: CaffeLayer, x: Op) -> Map:
    """Dropout."""
    return call.layer("dropout", x, rate=call.message.message("dropout_param").real(
        "dropout_ratio", 0.5))  # fmt: skip


@layer("LRN")
def local_response(call: CaffeLayer, x: Op) -> Map:
    """Local response normalization across channels."""
    param = call.param("lrn_param")
    if param.text("norm_region", "ACROSS_CHANNELS") not in ("ACROSS_CHANNELS", "0"):
        return within_channel(call, x, param)
    options = {
        "size": param.whole("local_size", 5, 1),
        "alpha": param.real("alpha", 1),
        "beta": param.real("beta", 0.75),
        "k": param.real("k", 1),
    }
    return call.layer("local_response_norm", x, **options)


def within_channel(call: CaffeLayer, x: Op, param: Message) -> Map:
    """`x · (1 + α · mean of x² around it)^-β`, each channel by itself."""
    size = param.whole("local_size", 5, 1)
    square = call.layer("power", x, exponent=2)
    mean = call.layer("avg_pool", square, kernel=size, stride=1, padding=(size - 1) // 2)
    base = call.layer("rescale", mean, factor=param.real("alpha", 1), offset=1)
    factor = call.layer("power", base, exponent=-param.real("beta", 0.75))
    return call.maps.merge("mul", [x, factor], call.origin)


@layer("BatchNorm")
def batch_norm(call: CaffeLayer, x: Op) -> Map:
    """Stored mean and variance; scale and offset are a layer of their own."""
    return call.layer("batch_norm", x, affine=False)


@layer("BN")
def affine_batch_norm(call: CaffeLayer, x: Op) -> Map:
    """Batch normalization with its scale and offset."""
    return call.layer("batch_norm", x)


@layer("MVN")
def mean_variance(call: CaffeLayer, x: Op) -> Map:
    """Each channel's own mean and variance, measured."""
    param = call.message.message("mvn_param")
    if param.truth("across_channels", False) or not param.truth("normalize_variance", True):
        call.refuse("unknown-layer", "across channels, or of the mean alone, it is not read")
    return call.layer("instance_norm", x, affine=False)


@layer("Scale")
def scale(call: CaffeLayer, x: Op, other: Op | None = None) -> Map:
    """A trained factor for each channel, or another map's values."""
    param = call.message.message("scale_param")
    if other is not None:
        return spread(call, "mul", x, other, param)
    if call.axis(param, x) != 1 or param.whole("num_axes", 1, -1) != 1:
        call.refuse("unknown-layer", "along other axes than the channels, it is not read")
    bias = param.truth("bias_term", False)
    return call.layer("scale", x, bias=True) if bias else call.layer("scale", x)


@layer("Bias")
def bias(call: CaffeLayer, x: Op, other: Op | None = None) -> Map:
    """A trained value for each channel, or the values of another map, added."""
    param = call.message.message("bias_param")
    if other is not None:
        return spread(call, "add", x, other, param)
    if call.axis(param, x) != 1 or param.whole("num_axes", 1, -1) != 1:
        call.refuse("unknown-layer", "along other axes than the channels, it is not read")
    return call.layer("offset", x)


def spread(call: CaffeLayer, name: str, x: Op, other: Op, param: Message) -> Map:
    """A map with the values of a smaller one, from the batch on."""
    if param.whole("axis", 1, -8) % len(x.shape) != 0 or len(other.shape) > len(x.shape):
        call.refuse(
            "unknown-layer", "with computed values from another axis than 0, it is not read"
        )
    wanted = (*other.shape[1:], *[1] * (len(x.shape) - len(other.shape)))
    turned = call.maps.reshape(other, wanted, call.origin)
    return call.maps.merge(name, [x, turned], call.origin, spread=True)


@layer("Axpy")
def axpy(call: CaffeLayer, factor: Op, x: Op, y: Op) -> Map:
    """`factor · x + y`, a factor for each channel."""
    return call.maps.merge(
        "add",
        [call.maps.merge("mul", [x, factor], call.origin, spread=True), y],
        call.origin,
    )


@layer("Eltwise")
def eltwise(call: CaffeLayer, *maps: Op) -> Map:
    """Maps put together value by value."""
    param = call.param("eltwise_param")
    word = param.text("operation", "SUM")
    name = {"SUM": "add", "1": "add", "PROD": "mul", "0": "mul", "MAX": "maximum",
            "2": "maximum"}.get(word)  # fmt: skip
    if name is None:
        text = f"`operation` is SUM, PROD or MAX, not `{word[:40]}`"
        call.refuse("bad-value", text, param.scalar("operation"))
    factors = [param.as_real("coeff", one) for one in param.scalars("coeff")]
    if factors and len(factors) != len(maps):
        call.refuse("bad-value", f"{len(factors)} factors for {len(maps)} maps")
    if factors == [1, -1]:
        return call.maps.merge("sub", maps, call.origin)
    taken: list[Map] = [
        one if factor == 1 else call.layer("rescale", one, factor=tidy(factor))
        for one, factor in zip(maps, factors or [1.0] * len(maps), strict=True)
    ]
    return call.maps.merge(name, taken, call.origin)


@layer("Concat")
def concat(call: CaffeLayer, *maps: Op) -> Map:
    """Maps one after the other."""
    param = call.param("concat_param")
    name = "concat_dim" if param.scalar("concat_dim") is not None else "axis"
    return call.maps.concat(maps, call.origin, call.axis(param, maps[0], name))


@layer("Slice")
def slice_(call: CaffeLayer, x: Op) -> tuple[Map, ...]:
    """A map cut into parts."""
    param = call.message.message("slice_param")
    name = "slice_dim" if param.scalar("slice_dim") is not None else "axis"
    axis = call.axis(param, x, name)
    points, count = param.wholes("slice_point", 1), max(len(call.tops), 1)
    if not points:
        if x.shape[axis] % count:
            call.refuse("bad-value", f"{x.shape[axis]} cannot be cut into {count} equal parts")
        points = [x.shape[axis] // count * (n + 1) for n in range(count - 1)]
    if len(points) != count - 1 or [0, *points] != sorted({0, *points}):
        message = f"{count} parts need {count - 1} growing values of `slice_point`"
        call.refuse("bad-value", message, param.scalar("slice_point"))
    ends = [0, *points, x.shape[axis]]
    return tuple(
        [call.maps.slice(x, start, stop, call.origin, axis) for start, stop in pairwise(ends)]
    )


@layer("Split")
def split(call: CaffeLayer, x: Op) -> tuple[Map, ...]:
    """The same map under several names."""
    return (x,) * max(len(call.tops), 1)


@layer("Flatten")
def flatten(call: CaffeLayer, x: Op) -> Map:
    """All values in a row, from an axis on."""
    param = call.message.message("flatten_param")
    first, last = call.axis(param, x), param.whole("end_axis", -1, -8) % len(x.shape)
    if first == 1 and last == len(x.shape) - 1:
        return call.maps.flatten(x, call.origin)
    shape = (*x.shape[1:first], prod(x.shape[first : last + 1]), *x.shape[last + 1 :])
    return call.maps.reshape(x, shape, call.origin)


@layer("Reshape")
def reshape(call: CaffeLayer, x: Op) -> Map:
    """Another shape: 0 keeps a size, -1 is what is left."""
    param = call.message.message("reshape_param")
    first = param.whole("axis", 0, -8)
    if first < 0:
        first += len(x.shape) + 1
    count = param.whole("num_axes", -1, -1)
    end = len(x.shape) if count < 0 else first + count
    given = param.message("shape").wholes("dim", -1)
    dims: list[int] = []
    for place, size in enumerate(given):
        if size == 0 and first + place >= len(x.shape):
            call.refuse("bad-value", "a `dim` of 0 stands for an axis that the map does not have")
        dims.append(x.shape[first + place] if size == 0 else size)
    wanted = [*x.shape[:first], *dims, *x.shape[end:]]
    left = wanted.count(-1)
    known = prod([size for size in wanted if size != -1])
    if left > 1 or (left and (not known or prod(x.shape) % known)):
        call.refuse("shape-mismatch", f"{list(x.shape[1:])} is no {wanted[1:]}")
    whole = [prod(x.shape) // known if size == -1 else size for size in wanted]
    if whole[:1] != [1]:
        if whole[:1] == [x.shape[0]] or prod(whole) != prod(x.shape):
            call.refuse("shape-mismatch", f"{list(x.shape)} is no {whole}")
        call.refuse("unknown-layer", "a reshape of the batch is not read")
    return call.maps.reshape(x, tuple(whole[1:]), call.origin)


@layer("Permute")
def permute(call: CaffeLayer, x: Op) -> Map:
    """The axes in another order."""
    order = call.message.message("permute_param").wholes("order")
    order += [axis for axis in range(len(x.shape)) if axis not in order]
    if sorted(order) != list(range(len(x.shape))) or order[0] != 0:
        call.refuse("bad-value", f"{order} is no order of {len(x.shape)} axes, the batch first")
    return call.maps.permute(x, order, call.origin)


@layer("Crop")
def crop(call: CaffeLayer, x: Op, like: Op) -> Map:
    """A part of a map, as large as another one, from an axis on."""
    param = call.message.message("crop_param")
    first = param.whole("axis", 2, -8)
    first += len(x.shape) if first < 0 else 0
    offsets = param.wholes("offset") or [0]
    axes = range(first, len(x.shape))
    if len(offsets) == 1:
        offsets *= len(axes)
    if first < 1 or len(offsets) != len(axes) or len(like.shape) != len(x.shape):
        call.refuse("bad-value", f"{len(offsets)} offsets for {len(axes)} axes")
    for axis, start in zip(axes, offsets, strict=True):
        if start + like.shape[axis] > x.shape[axis]:
            text = f"{like.shape[axis]} rows from {start} on do not lie in {x.shape[axis]}"
            call.refuse("shape-mismatch", text, param.scalar("offset"))
    found: Map = x
    if first == 1:
        start = offsets.pop(0)
        found = call.maps.slice(x, start, start + like.shape[1], call.origin)
    rank = len(x.shape) - 2
    kept = rank - len(offsets)
    offset = tuple([0] * kept + offsets)
    wanted = (*x.shape[2 : 2 + kept], *like.shape[2 + kept :])
    if found is None or found.shape[2:] == wanted:
        return found
    return call.layer("crop", found, size=short(wanted), offset=short(offset))


@layer("Softmax")
def softmax(call: CaffeLayer, x: Op) -> Map:
    """Softmax over an axis."""
    param = call.message.message("softmax_param")
    return call.maps.softmax(x, call.axis(param, x), call.origin)


@layer("ShuffleChannel")
def shuffle(call: CaffeLayer, x: Op) -> Map:
    """Channels of several groups interleaved."""
    groups = call.message.message("shuffle_channel_param").whole("group", 1, 1)
    return call.layer("channel_shuffle", x, groups=groups)


@layer("Normalize")
def normalize(call: CaffeLayer, x: Op) -> Map:
    """SSD's: each position's channels by their length, times a trained factor."""
    param = call.message.message("norm_param")
    if param.truth("across_spatial", True):
        call.refuse("unknown-layer", "across positions, it is not read")
    maps, origin = call.maps, call.origin
    square = call.layer("power", x, exponent=2)
    length = call.layer("power", maps.reduce(square, "sum", [1], origin), exponent=-0.5)
    unit = maps.merge("mul", [x, length], origin, spread=True)
    if param.truth("channel_shared", True):
        call.refuse("unknown-layer", "with one factor for all channels, it is not read")
    return call.layer("scale", unit)


@layer("PriorBox")
def prior_box(call: CaffeLayer, *maps: Any) -> Any:
    """Boxes that follow from sizes alone."""
    return Label


@layer("Silence", "HDF5Output")
def nothing(call: CaffeLayer, *maps: Any) -> Any:
    """What takes no part in the network."""
    return (Label,) * len(call.tops)


@layer(
    "SoftmaxWithLoss", "SigmoidCrossEntropyLoss", "EuclideanLoss", "HingeLoss", "InfogainLoss",
    "MultinomialLogisticLoss", "ContrastiveLoss", "SmoothL1Loss", "MultiBoxLoss", "TripletLoss",
    "CenterLoss", "Accuracy", "SegAccuracy", "DetectionOutput", "DetectionEvaluate", "ArgMax",
    "YoloV3DetectionOutput",
)  # fmt: skip
def reads_outputs(call: CaffeLayer, *maps: Any) -> Any:
    """A loss, or what makes boxes or classes of the network's outputs."""
    count = {"MultiBoxLoss": 2, "DetectionOutput": 2, "YoloV3DetectionOutput": len(maps)}
    if call.kind in ("EuclideanLoss", "ContrastiveLoss", "TripletLoss"):
        count[call.kind] = 3 if call.kind == "TripletLoss" else 2
    for one in maps[: count.get(call.kind, 1)]:
        if isinstance(one, Op):
            call.outputs.append(one)
    return (Label,) * len(call.tops)
