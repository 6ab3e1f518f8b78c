"""TensorFlow Lite's operators in the common form: a function an operator, by its name.

Tensors have their channels last. Padding, strides and activations are numbers in an operator's
options; sizes of results are those that the file states.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from cnncalc.exchange.reading.calls import Call, Unsupported, computed, require, stored
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.tflite.file import FileOperator, FileTensor
from cnncalc.exchange.tflite.schema import ACTIVATIONS
from cnncalc.shapes import Shape

Function = Callable[..., Any]

OPERATORS: dict[str, Function] = {}
"""Functions by operators' names; each is given its call and its inputs."""

NUMBER_FORMS = {"int32": "i", "int64": "q", "int16": "h", "uint8": "B", "int8": "b"}


class TfliteCall(Call):
    """The call of an operator, with its options."""

    operator: FileOperator
    output: FileTensor

    def option(self, slot: int, form: str = "<i", default: Any = 0) -> Any:
        """A number among its options."""
        return self.operator.option(slot, form, default)

    def layer(
        self, kind: str, x: Op, options: dict[str, Any], arrays: dict[str, Any] | None = None,
        shape: Shape | None = None,
    ) -> Op:  # fmt: skip
        """A layer kind of ours on a map with its channels last."""
        rank = len(x.shape)
        return self.emit(kind, [x], options, shape, arrays=arrays, channel=rank - 1)

    def activated(self, op: Op, slot: int) -> Op:
        """The activation that an option names, behind an operation."""
        number = self.option(slot, "<b")
        require(0 <= number < len(ACTIVATIONS), f"with activation {number}")
        name = ACTIVATIONS[number]
        if not name:
            return op
        kind, options = FUSED.get(name, (None, {}))
        require(kind is not None, f"with {name}")
        return self.emit(str(kind), [op], options, op.shape)


FUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "RELU": ("relu", {}),
    "RELU6": ("relu6", {}),
    "RELU_N1_TO_1": ("clip", {"low": -1, "high": 1}),
    "TANH": ("tanh", {}),
}


def operator(*names: str) -> Callable[[Function], Function]:
    """Register the function of operators."""

    def register(function: Function) -> Function:
        for name in names:
            OPERATORS[name] = function
        return function

    return register


def integers(x: Any, what: str) -> list[int]:
    """The whole numbers of a stored array."""
    require(isinstance(x, Constant), f"with computed {what}")
    require(x.values <= 4096, f"with {x.values:,} {what}")
    return [int(one) for one in x.numbers()]


def weight_of(x: Any, order: Sequence[int], shape: Shape | None = None) -> Constant:
    """A weight with its axes in our order."""
    found = stored(x, "weight")
    require(found is not None and len(found.shape) == len(order), "with weights of another rank")
    assert found is not None
    turned = tuple([found.shape[axis] for axis in order])
    return found.mapped(turned, lambda array: array.transpose(*order))


def padding(call: TfliteCall) -> str | int:
    """The padding of a sliding operator."""
    return "same" if call.option(0, "<b") == 0 else 0


# -- convolutions and linear layers ------------------------------------------------------------


@operator("CONV_2D")
def conv_2d(call: TfliteCall, x: Any, w: Any, b: Any = None) -> Op:
    """Convolution; groups are how often the weights' channels go into the input's."""
    x, bias = computed(x), stored(b, "bias")
    weight = weight_of(w, (0, 3, 1, 2))
    channels = x.shape[-1]
    require(weight.shape[1] > 0 and channels % weight.shape[1] == 0, "with other channels")
    options = {
        "filters": weight.shape[0],
        "kernel": weight.shape[2:],
        "stride": (call.option(2), call.option(1)),
        "padding": padding(call),
        "dilation": (call.option(5, default=1), call.option(4, default=1)),
        "groups": channels // weight.shape[1],
        "bias": bias is not None,
    }
    return call.activated(call.layer("conv", x, options, {"weight": weight, "bias": bias}), 3)


@operator("DEPTHWISE_CONV_2D")
def depthwise_conv_2d(call: TfliteCall, x: Any, w: Any, b: Any = None) -> Op:
    """Depthwise convolution."""
    x, bias = computed(x), stored(b, "bias")
    weight = weight_of(w, (3, 0, 1, 2))
    require(weight.shape[1] == 1 and weight.shape[0] % x.shape[-1] == 0, "with other channels")
    options = {
        "kernel": weight.shape[2:],
        "multiplier": weight.shape[0] // x.shape[-1],
        "stride": (call.option(2), call.option(1)),
        "padding": padding(call),
        "dilation": (call.option(6, default=1), call.option(5, default=1)),
        "bias": bias is not None,
    }
    arrays = {"weight": weight, "bias": bias}
    return call.activated(call.layer("depthwise_conv", x, options, arrays), 4)


@operator("TRANSPOSE_CONV")
def transpose_conv(call: TfliteCall, sizes: Any, w: Any, x: Any, b: Any = None) -> Op:
    """Transposed convolution; the rows behind what the kernel reaches are output padding."""
    x, bias = computed(x), stored(b, "bias")
    weight = weight_of(w, (3, 0, 1, 2))
    stride = (call.option(2), call.option(1))
    kernel = weight.shape[2:]
    options: dict[str, Any] = {
        "filters": weight.shape[1], "kernel": kernel, "stride": stride, "bias": bias is not None,
    }  # fmt: skip
    grown = [size * step for size, step in zip(x.shape[1:3], stride, strict=True)]
    if call.option(0, "<b") == 0 and list(call.shape[1:3]) == grown:
        options["padding"] = "same"
    else:
        reach = [
            (size - 1) * step + width
            for size, step, width in zip(x.shape[1:3], stride, kernel, strict=True)
        ]
        more = [size - there for size, there in zip(call.shape[1:3], reach, strict=True)]
        if call.option(0, "<b") == 0:
            pairs = tuple([(max(-one, 0) // 2, max(-one, 0) - max(-one, 0) // 2) for one in more])
            options["padding"] = pairs
        else:
            require(min(more) >= 0, "that is cut")
        options["output_padding"] = tuple([max(one, 0) for one in more])
    found = call.layer("conv_transpose", x, options, {"weight": weight, "bias": bias})
    return call.activated(found, 3)


@operator("FULLY_CONNECTED")
def fully_connected(call: TfliteCall, x: Any, w: Any, b: Any = None) -> Op:
    """A fully connected layer, on a flat input or at each position."""
    x, bias = computed(x), stored(b, "bias")
    weight = weight_of(w, (0, 1))
    features, taken = weight.shape
    options = {"features": features, "bias": bias is not None}
    arrays = {"weight": weight, "bias": bias}
    if len(call.shape) <= 2 and len(x.shape) != 2:
        x = call.emit("reshape", [x], shape=(prod(x.shape) // taken, taken))
    shape = (*x.shape[:-1], features)
    found = call.layer("linear", x, options, arrays, shape)
    if found.shape != tuple(call.shape):
        found = call.emit("reshape", [found], shape=call.shape)
    return call.activated(found, 0)


# -- pools -------------------------------------------------------------------------------------


@operator("MAX_POOL_2D", "AVERAGE_POOL_2D")
def pool_2d(call: TfliteCall, x: Any) -> Op:
    """A pool; an average leaves padding out."""
    x = computed(x)
    options: dict[str, Any] = {
        "kernel": (call.option(4), call.option(3)),
        "stride": (call.option(2), call.option(1)),
        "padding": padding(call),
    }
    kind = "max_pool"
    if call.name == "AVERAGE_POOL_2D":
        kind = "avg_pool"
        options["count_include_pad"] = False
    if options["padding"] != "same" or options["stride"] == (1, 1):
        pass
    return call.activated(call.layer(kind, x, options), 5)


BY = {"MEAN": "mean", "SUM": "sum", "REDUCE_MAX": "max", "REDUCE_MIN": "min"}


@operator(*BY)
def reduce(call: TfliteCall, x: Any, axes: Any) -> Op:
    """One value for all values along some axes."""
    x = computed(x)
    keep = bool(call.option(0, "<b"))
    places = [axis % len(x.shape) for axis in integers(axes, "axes")]
    options = {"by": BY[call.name], "axes": places, "keepdims": keep}
    return call.emit("reduce", [x], options)


# -- values by themselves ----------------------------------------------------------------------

ELEMENTWISE: dict[str, tuple[str, dict[str, Any]]] = {
    "RELU": ("relu", {}), "RELU6": ("relu6", {}),
    "RELU_N1_TO_1": ("clip", {"low": -1, "high": 1}),
    "RELU_0_TO_1": ("clip", {"low": 0, "high": 1}),
    "LOGISTIC": ("sigmoid", {}), "TANH": ("tanh", {}), "ELU": ("elu", {}),
    "HARD_SWISH": ("hard_swish", {}), "EXP": ("exp", {}), "LOG": ("log", {}), "ABS": ("abs", {}),
    "SQRT": ("power", {"exponent": 0.5}), "RSQRT": ("power", {"exponent": -0.5}),
    "SQUARE": ("power", {"exponent": 2}), "NEG": ("rescale", {"factor": -1}),
}  # fmt: skip


@operator(*ELEMENTWISE)
def elementwise(call: TfliteCall, x: Any) -> Op:
    """A function of each value."""
    kind, options = ELEMENTWISE[call.name]
    return call.emit(kind, [computed(x)], options)


@operator("LEAKY_RELU")
def leaky_relu(call: TfliteCall, x: Any) -> Op:
    """A slope below zero."""
    slope = call.option(0, "<f", 0.0)
    return call.emit("leaky_relu", [computed(x)], {"slope": float(f"{slope:.7g}")})


@operator("GELU")
def gelu(call: TfliteCall, x: Any) -> Op:
    """GELU, exact or by tanh."""
    how = "tanh" if call.option(0, "<b") else "none"
    return call.emit("gelu", [computed(x)], {"approximate": how})


@operator("PRELU")
def prelu(call: TfliteCall, x: Any, slopes: Any) -> Op:
    """A trained slope below zero."""
    x, found = computed(x), stored(slopes, "slopes")
    assert found is not None
    require(found.values in (1, x.shape[-1]), "with a slope for each position")
    flat = found.mapped((found.values,), lambda array: array.reshape(-1))
    which = "shared" if found.values == 1 else "channels"
    return call.layer("prelu", x, {"parameters": which}, {"weight": flat})


@operator("SOFTMAX", "LOG_SOFTMAX")
def softmax(call: TfliteCall, x: Any) -> Op:
    """Softmax over the last axis."""
    require(call.name != "SOFTMAX" or call.option(0, "<f", 0.0) == 1, "with a factor")
    return call.emit(call.name.lower(), [computed(x)], {"axis": len(call.shape) - 1})


BINARY = {
    "ADD": "add", "SUB": "sub", "MUL": "mul", "DIV": "div", "MAXIMUM": "maximum",
    "MINIMUM": "minimum",
}  # fmt: skip


@operator(*BINARY)
def binary(call: TfliteCall, first: Any, second: Any) -> Op:
    """Two tensors value by value."""
    first, second = _level(call, first, second)
    found = call.emit(BINARY[call.name], [first, second])
    return found if call.name in ("MAXIMUM", "MINIMUM") else call.activated(found, 0)


def _level(call: TfliteCall, *operands: Any) -> list[Any]:
    """Computed operands with as many axes as the result."""
    rank = len(call.shape)
    return [
        call.emit("reshape", [one], shape=(*[1] * (rank - len(one.shape)), *one.shape))
        if isinstance(one, Op) and len(one.shape) < rank
        else one
        for one in operands
    ]


@operator("SQUARED_DIFFERENCE")
def squared_difference(call: TfliteCall, first: Any, second: Any) -> Op:
    """The square of a difference."""
    found = call.emit("sub", _level(call, first, second))
    return call.emit("power", [found], {"exponent": 2})


@operator("QUANTIZE", "DEQUANTIZE", "CAST")
def unchanged(call: TfliteCall, x: Any) -> Any:
    """The same values in another type."""
    return x


# -- shapes ------------------------------------------------------------------------------------


@operator("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
def reshape(call: TfliteCall, x: Any, *others: Any) -> Op:
    """Another shape: the one that the file states for the result."""
    return call.emit("reshape", [computed(x)])


@operator("TRANSPOSE")
def transpose(call: TfliteCall, x: Any, order: Any) -> Op:
    """The axes in another order."""
    x, axes = computed(x), integers(order, "axes")
    require(sorted(axes) == list(range(len(x.shape))), f"to {axes}")
    return call.emit("permute", [x], {"order": axes})


@operator("CONCATENATION")
def concatenation(call: TfliteCall, *tensors: Any) -> Op:
    """Tensors one after the other."""
    axis = call.option(0) % len(call.shape)
    return call.activated(call.emit("concat", list(tensors), {"axis": axis}), 1)


@operator("PACK")
def pack(call: TfliteCall, *tensors: Any) -> Op:
    """Tensors one after the other on a new axis."""
    axis = call.option(1) % len(call.shape)
    parts = []
    for one in tensors:
        x = computed(one)
        parts.append(call.emit("reshape", [x], shape=(*x.shape[:axis], 1, *x.shape[axis:])))
    return call.emit("concat", parts, {"axis": axis})


def cut(call: TfliteCall, x: Op, axis: int, start: int, stop: int, step: int = 1) -> Op:
    """A range of an axis."""
    shape = list(x.shape)
    shape[axis] = -(-(stop - start) // step)
    require(shape[axis] > 0, "of nothing")
    if shape[axis] == x.shape[axis]:
        return x
    options = {"axis": axis, "start": start, "stop": stop, "step": step}
    return call.emit("slice", [x], options, shape)


@operator("STRIDED_SLICE")
def strided_slice(call: TfliteCall, x: Any, begin: Any, end: Any, steps: Any) -> Op:
    """Ranges of axes; bits of a mask take an axis from its begin, to its end, or away."""
    x = computed(x)
    masks = [call.option(slot) for slot in range(5)]
    require(not masks[2] and not masks[3], "with new axes")
    first, last, pace = (integers(one, "places") for one in (begin, end, steps))
    found: Op = x
    for axis, (low, high, step) in enumerate(zip(first, last, pace, strict=True)):
        require(step > 0, "backwards")
        if masks[4] >> axis & 1:
            low = low % x.shape[axis]
            found = cut(call, found, axis, low, low + 1)
            continue
        start = None if masks[0] >> axis & 1 else low
        stop = None if masks[1] >> axis & 1 else high
        if call.option(5, "<b") and stop is not None:
            stop = low + high
        low, high, step = slice(start, stop, step).indices(x.shape[axis])
        found = cut(call, found, axis, low, high, step)
    if found.shape != tuple(call.shape):
        found = call.emit("reshape", [found])
    return found


@operator("SLICE")
def slice_(call: TfliteCall, x: Any, begin: Any, sizes: Any) -> Op:
    """Ranges of axes by begin and size; −1 is the rest."""
    found = computed(x)
    pairs = zip(integers(begin, "places"), integers(sizes, "sizes"), strict=True)
    for axis, (low, size) in enumerate(pairs):
        high = found.shape[axis] if size < 0 else low + size
        found = cut(call, found, axis, low, high)
    return found


@operator("SPLIT", "SPLIT_V")
def split(call: TfliteCall, *operands: Any) -> Any:
    """An axis cut into parts."""
    if call.name == "SPLIT":
        axis, x = integers(operands[0], "axes")[0], computed(operands[1])
        count = len(call.operator.outputs)
        axis %= len(x.shape)
        lengths = [x.shape[axis] // count] * count
    else:
        x = computed(operands[0])
        lengths, axis = integers(operands[1], "sizes"), integers(operands[2], "axes")[0]
        axis %= len(x.shape)
        if -1 in lengths:
            rest = x.shape[axis] - sum([one for one in lengths if one >= 0])
            lengths = [rest if one < 0 else one for one in lengths]
    require(sum(lengths) == x.shape[axis], f"into {lengths[:8]}")
    starts = [sum(lengths[:n]) for n in range(len(lengths))]
    return tuple([cut(call, x, axis, a, a + n) for a, n in zip(starts, lengths, strict=True)])


@operator("UNPACK")
def unpack(call: TfliteCall, x: Any) -> Any:
    """The parts of an axis, without it."""
    x = computed(x)
    axis = call.option(1) % len(x.shape)
    shape = [size for n, size in enumerate(x.shape) if n != axis]
    parts = [cut(call, x, axis, n, n + 1) for n in range(x.shape[axis])]
    return tuple([call.emit("reshape", [one], shape=shape) for one in parts])


@operator("GATHER")
def gather(call: TfliteCall, x: Any, which: Any) -> Op:
    """Channels by number."""
    x, numbers = computed(x), integers(which, "numbers")
    axis = call.option(0) % len(x.shape)
    require(axis == len(x.shape) - 1 and not call.option(1), "of positions")
    require(isinstance(which, Constant) and len(which.shape) == 1, "by a table")
    return call.layer("select", x, {"channels": tuple(numbers)})


@operator("PAD", "PADV2", "MIRROR_PAD")
def pad(call: TfliteCall, x: Any, amounts: Any, value: Any = None) -> Op:
    """Values around a map."""
    x = computed(x)
    numbers = integers(amounts, "paddings")
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    require(len(pairs) == len(x.shape) and not any(pairs[0]), "along the batch")
    require(min(numbers, default=0) >= 0, "that cuts")
    options: dict[str, Any] = {"padding": tuple(pairs[1:-1])}
    if call.name == "MIRROR_PAD":
        require(call.option(0, "<b") == 0, "that repeats the border")
        require(not any(pairs[-1]), "of channels")
        options["mode"] = "reflect"
    else:
        options["channels"] = pairs[-1]
        found = 0.0 if value is None else stored(value, "value")
        number = found if isinstance(found, float) else float(found.numbers()[0]) if found else 0
        # the least number there is stands for minus infinity
        options["value"] = max(number, -3.4e38)
    source: Op = x
    if tuple(call.shape) == source.shape:
        return source
    return call.layer("pad", x, options)


@operator("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")
def resize(call: TfliteCall, x: Any, sizes: Any) -> Op:
    """Enlarged or shrunk maps."""
    x = computed(x)
    near = call.name == "RESIZE_NEAREST_NEIGHBOR"
    corners, halves = call.option(0 if near else 2, "<b"), call.option(1 if near else 3, "<b")
    before, after = x.shape[1:3], tuple(call.shape[1:3])
    whole = all(b % a == 0 for a, b in zip(before, after, strict=True))
    options: dict[str, Any] = {"size": after}
    if whole:
        options = {"scale": tuple([b // a for a, b in zip(before, after, strict=True)])}
    if near:
        require(not corners and (whole or not halves), "with other places")
    else:
        options["mode"] = "bilinear"
        if corners:
            options["align_corners"] = True
        else:
            require(halves or after == before, "from the corners of pixels")
    return call.layer("upsample", x, options)


@operator("DEPTH_TO_SPACE", "SPACE_TO_DEPTH")
def blocks(call: TfliteCall, x: Any) -> Op:
    """Channels become blocks of positions, the blocks outermost; or the other way."""
    x = computed(x)
    b, h, w, c = x.shape
    s = call.option(0)
    if call.name == "DEPTH_TO_SPACE":
        require(s > 0 and c % (s * s) == 0, "that does not divide")
        found = call.emit("reshape", [x], shape=(b, h, w, s, s, c // s // s))
        order = {"order": [0, 1, 3, 2, 4, 5]}
        found = call.emit("permute", [found], order, (b, h, s, w, s, c // s // s))
        return call.emit("reshape", [found])
    require(s > 0 and h % s == 0 and w % s == 0, "that does not divide")
    found = call.emit("reshape", [x], shape=(b, h // s, s, w // s, s, c))
    found = call.emit("permute", [found], {"order": [0, 1, 3, 2, 4, 5]},
                      (b, h // s, w // s, s, s, c))  # fmt: skip
    return call.emit("reshape", [found])


@operator("BATCH_MATMUL")
def batch_matmul(call: TfliteCall, first: Any, second: Any) -> Op:
    """The product of matrices."""
    operands = [computed(first), computed(second)]
    for place in (0, 1):
        if call.option(place, "<b"):
            x = operands[place]
            order = [*range(len(x.shape) - 2), len(x.shape) - 1, len(x.shape) - 2]
            shape = [x.shape[axis] for axis in order]
            operands[place] = call.emit("permute", [x], {"order": order}, shape)
    return call.emit("matmul", operands)


@operator("LOCAL_RESPONSE_NORMALIZATION")
def local_response_norm(call: TfliteCall, x: Any) -> Op:
    """Normalization by neighbouring channels."""
    size = 2 * call.option(0) + 1
    options = {
        "size": size, "alpha": call.option(2, "<f", 0.0) * size, "beta": call.option(3, "<f", 0.0),
        "k": call.option(1, "<f", 0.0),
    }  # fmt: skip
    return call.layer("local_response_norm", computed(x), options)


def numbers_of(tensor: FileTensor) -> list[int] | None:
    """The whole numbers that a tensor stores, where they are few."""
    form = NUMBER_FORMS.get(tensor.type.name)
    count = prod(tensor.shape)
    if tensor.data is None or form is None or count > 4096:
        return None
    return list(struct.unpack_from(f"<{count}{form}", tensor.data))


__all__ = ["OPERATORS", "TfliteCall", "Unsupported", "numbers_of"]
