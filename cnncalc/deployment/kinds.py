"""How each layer kind is lowered: a function a kind, found by the kind's name."""

from __future__ import annotations

from typing import Any

from cnncalc.deployment.steps import (
    Array,
    Builder,
    Lower,
    channels_last,
    pad,
    padded,
    slides_of,
    windows_of,
)
from cnncalc.graph import Node
from cnncalc.shapes import Shape, product

# -- convolutions and linear layers ------------------------------------------------------------


def _target(builder: Builder, node: Node) -> Shape:
    """The output shape of a layer on maps, with two spatial axes."""
    shape = channels_last(node.facts.output)
    return (1, *shape) if len(shape) == 2 else shape


def _kernel(node: Node) -> Shape:
    kernel: tuple[int, ...] = node.kind.__dict__["kernel"]
    return (1, *kernel) if len(kernel) == 1 else kernel


def _flat(builder: Builder, node: Node, step: int, padding_keeps: bool = False) -> tuple[int, str]:
    """The padded input of a sliding layer as a map with two spatial axes, and its padding."""
    step, padding = padded(builder, step, slides_of(node), keep=padding_keeps)
    return builder.mapped(step), padding


def conv(builder: Builder, node: Node, inputs: list[int]) -> int:
    step, padding = _flat(builder, node, inputs[0])
    kind: Any = node.kind
    arrays = {**node.facts.weights, **node.facts.buffers}
    weight = arrays["weight"]
    filters = weight[0]
    inner = ":convolution" if kind.groups > 1 else "convolution"
    return builder.add(
        "CONV_2D" if len(kind.kernel) < 3 else "CONV_3D",
        (step,),
        _target(builder, node),
        arrays=(
            builder.weights("kernel", (filters, *_kernel(node), weight[1]), filters),
            builder.bias(filters),
        ),
        attributes=(padding, kind.stride, kind.dilation),
        macs=node.facts.operations.macs,
        windows=windows_of(node.facts.slides, padding),
        name=f"BiasAdd;{inner};Squeeze" if kind.bias else inner,
    )


def depthwise_conv(builder: Builder, node: Node, inputs: list[int]) -> int:
    step, padding = _flat(builder, node, inputs[0])
    kind: Any = node.kind
    filters = node.facts.weights["weight"][0]
    return builder.add(
        "DEPTHWISE_CONV_2D",
        (step,),
        _target(builder, node),
        arrays=(
            builder.weights("kernel", (1, *_kernel(node), filters), filters),
            builder.bias(filters),
        ),
        attributes=(padding, kind.stride, kind.dilation),
        macs=node.facts.operations.macs,
        windows=windows_of(node.facts.slides, padding),
        name="BiasAdd;depthwise;Squeeze" if kind.bias else "depthwise",
    )


def separable_conv(builder: Builder, node: Node, inputs: list[int]) -> int:
    step, padding = _flat(builder, node, inputs[0])
    kind: Any = node.kind
    inner = node.facts.weights["depthwise.weight"][0]
    target = _target(builder, node)
    filters = target[-1]
    positions = product(target[:-1])
    macs = positions * inner * product(kind.kernel)
    step = builder.add(
        "DEPTHWISE_CONV_2D",
        (step,),
        (*target[:-1], inner),
        arrays=(
            builder.weights("depthwise", (1, *_kernel(node), inner), inner),
            builder.bias(inner, "none"),
        ),
        attributes=(padding, kind.stride, kind.dilation),
        macs=macs,
        windows=windows_of(node.facts.slides, padding),
        name="separable_conv2d/depthwise",
    )
    return builder.add(
        "CONV_2D",
        (step,),
        target,
        arrays=(
            builder.weights("pointwise", (filters, 1, 1, inner), filters),
            builder.bias(filters),
        ),
        attributes=("VALID", 1, 1),
        macs=node.facts.operations.macs - macs,
        name="BiasAdd;separable_conv2d;Squeeze" if kind.bias else "separable_conv2d",
    )


def conv_transpose(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if kind.groups > 1:
        raise builder.refuse("a transposed convolution has no groups there")
    if any([one > 1 for one in kind.dilation]):
        raise builder.refuse("a transposed convolution has no dilation there")
    rank = len(kind.kernel)
    if rank == 3:
        raise builder.refuse("over three axes there is none")
    step = builder.mapped(inputs[0])
    target = _target(builder, node)
    source = builder.graph.nodes[node.inputs[0]].facts.output
    filters = target[-1]
    pairs, extras = kind.crops()
    same = kind.changed({"padding": "same", "output_padding": 0}, rank).crops()
    full = tuple([
        (size - 1) * stride + kernel
        for size, stride, kernel in zip(source[1:], kind.stride, kind.kernel, strict=True)
    ])  # fmt: skip
    alike = node.facts.output[1:] == tuple(
        [size * stride for size, stride in zip(source[1:], kind.stride, strict=True)]
    )
    if (pairs, extras) == same or (builder.same and alike):
        padding, shape = "SAME", target
    else:
        short = tuple([max(s, f) for s, f in zip(node.facts.output[1:], full, strict=True)])
        padding, shape = "VALID", (*((1,) if rank == 1 else ()), *short, filters)
    if rank == 1 and padding == "SAME":
        shape = target
    step = builder.add(
        "TRANSPOSE_CONV",
        (step,),
        shape,
        arrays=(
            builder.numbers("output_shape", (1, *shape)),
            builder.weights("kernel", (filters, *_kernel(node), source[0]), filters),
            builder.bias(filters),
        ),
        attributes=(padding, kind.stride),
        macs=node.facts.operations.macs,
        name="BiasAdd;conv_transpose;Squeeze" if kind.bias else "conv_transpose",
    )
    if shape == target:
        return step
    return _sliced(builder, step, target, tuple([before for before, _ in pairs]))


def linear(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    features, taken = node.facts.weights["weight"]
    return builder.add(
        "FULLY_CONNECTED",
        (inputs[0],),
        channels_last(node.facts.output),
        arrays=(
            builder.weights("kernel", (features, taken), features),
            builder.bias(features),
        ),
        macs=node.facts.operations.macs,
        name="MatMul;BiasAdd" if kind.bias else "MatMul",
    )


# -- factors and offsets -----------------------------------------------------------------------


def _constant(builder: Builder, key: str, shape: Shape) -> Array:
    return builder.weights(key, shape, 1)


def _times(builder: Builder, step: int, array: Array, name: str = "mul") -> int:
    return builder.add("MUL", (step,), builder.shape(step), arrays=(array,), name=name)


def _plus(builder: Builder, step: int, array: Array, name: str = "add") -> int:
    return builder.add("ADD", (step,), builder.shape(step), arrays=(array,), name=name)


def batch_norm(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if not kind.track_stats:
        raise builder.refuse("it measures its statistics")
    channels = (node.facts.output[0],)
    step = _times(builder, inputs[0], _constant(builder, "factor", channels), "batchnorm/mul_1")
    return _plus(builder, step, _constant(builder, "offset", channels), "batchnorm/add_1")


def layer_norm(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    shape = builder.shape(inputs[0])
    if kind.over == "all" and len(shape) > 1:
        raise builder.refuse("it is over all axes")
    source, one = inputs[0], (*shape[:-1], 1)
    axis = builder.numbers("axes", (len(shape),))
    mean = builder.add("MEAN", (source,), one, arrays=(axis,), name="Mean")
    step = mean
    if builder.dtype == "int8":  # the sign is changed in floats
        step = builder.add("DEQUANTIZE", (step,), one, type="float32", name="Neg")
    step = builder.add("NEG", (step,), one, type="float32", name="Neg")
    if builder.dtype == "int8":
        step = builder.add("QUANTIZE", (step,), one, name="Neg")
    squares = builder.add("SQUARED_DIFFERENCE", (source, mean), shape, name="SquaredDifference")
    spread = builder.add("MEAN", (squares,), one, arrays=(axis,), name="Mean_1")
    spread = _plus(builder, spread, _number(builder, kind.eps), "add")
    spread = builder.add("RSQRT", (spread,), one, name="Rsqrt")
    if not kind.affine:
        offset = builder.add("MUL", (step, spread), one, name="mul_2")
        scaled = builder.add("MUL", (source, spread), shape, name="mul_1")
        return builder.add("ADD", (scaled, offset), shape, name="add_1")
    ones = (1,) * len(shape)
    array = _constant(builder, "gamma", (*ones, shape[-1]))
    spread = builder.add("MUL", (spread,), shape, arrays=(array,), name="mul")
    offset = builder.add("MUL", (step, spread), shape, name="mul_2")
    offset = _plus(builder, offset, _constant(builder, "beta", (*ones, shape[-1])), "add_1")
    scaled = builder.add("MUL", (source, spread), shape, name="mul_1")
    return builder.add("ADD", (scaled, offset), shape, name="add_2")


def scale(builder: Builder, node: Node, inputs: list[int]) -> int:
    arrays = {**node.facts.weights, **node.facts.buffers}
    shape = _stored(arrays["weight"])
    step = _times(builder, inputs[0], _constant(builder, "factor", shape))
    return _plus(builder, step, _constant(builder, "offset", shape)) if "bias" in arrays else step


def offset(builder: Builder, node: Node, inputs: list[int]) -> int:
    arrays = {**node.facts.weights, **node.facts.buffers}
    return _plus(builder, inputs[0], _constant(builder, "offset", _stored(arrays["bias"])))


def _stored(shape: Shape) -> Shape:
    turned = channels_last(shape)
    while len(turned) > 1 and turned[0] == 1:
        turned = turned[1:]
    return turned


def _number(builder: Builder, value: float | str) -> Array:
    """A single number, which equal ones share."""
    type = builder.dtype
    return Array(("number", value), (), builder.width, int(builder.width == 1), type, "number")


def rescale(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    step = inputs[0]
    if kind.factor != 1:
        step = _times(builder, step, _number(builder, kind.factor))
    return _plus(builder, step, _number(builder, kind.offset)) if kind.offset else step


# -- activations -------------------------------------------------------------------------------


def _each(operator: str, name: str, *arrays: str) -> Lower:
    """A function of each value."""

    def lower(builder: Builder, node: Node, inputs: list[int]) -> int:
        return builder.add(operator, inputs[:1], builder.shape(inputs[0]), name=name)

    return lower


def _in_floats(operator: str, name: str) -> Lower:
    """A function of each value that has no integer form: between a DEQUANTIZE and a QUANTIZE."""

    def lower(builder: Builder, node: Node, inputs: list[int]) -> int:
        shape = builder.shape(inputs[0])
        if builder.dtype != "int8":
            return builder.add(operator, inputs[:1], shape, name=name)
        step = builder.add("DEQUANTIZE", inputs[:1], shape, type="float32", name=name)
        step = builder.add(operator, (step,), shape, type="float32", name=name)
        return builder.add("QUANTIZE", (step,), shape, name=name)

    return lower


def silu(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _silu(builder, inputs[0])


def _silu(builder: Builder, step: int) -> int:
    shape = builder.shape(step)
    gate = builder.add("LOGISTIC", (step,), shape, name="Sigmoid")
    return builder.add("MUL", (step, gate), shape, name="mul_1")


def hard_sigmoid(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _hard_sigmoid(builder, inputs[0])


def _hard_sigmoid(builder: Builder, step: int) -> int:
    step = _plus(builder, step, _number(builder, 3), "add")
    step = builder.add("RELU6", (step,), builder.shape(step), name="Relu6")
    return _times(builder, step, _number(builder, 1 / 6), "mul")


def leaky_relu(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    return builder.add(
        "LEAKY_RELU", inputs[:1], builder.shape(inputs[0]), attributes=(kind.slope,),
        name="LeakyRelu",
    )  # fmt: skip


def clip(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    low, high = kind.__dict__.get("low", -1.0), kind.__dict__.get("high", 1.0)
    named = {(0, 6): "RELU6", (-1, 1): "RELU_N1_TO_1", (0, 1): "RELU_0_TO_1", (0, None): "RELU"}
    step, shape = inputs[0], builder.shape(inputs[0])
    if (low, high) in named:
        return builder.add(named[low, high], (step,), shape, name="clip")
    if low is not None:
        step = builder.add("MAXIMUM", (step,), shape, arrays=(_number(builder, low),), name="max")
    if high is not None:
        step = builder.add("MINIMUM", (step,), shape, arrays=(_number(builder, high),), name="min")
    return step


def prelu(builder: Builder, node: Node, inputs: list[int]) -> int:
    shape = builder.shape(inputs[0])
    slopes = node.facts.weights["weight"]
    array = _constant(builder, "alpha", (*[1] * (len(shape) - 1), *slopes))
    return builder.add("PRELU", inputs[:1], shape, arrays=(array,), name="add")


def softmax(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if kind.axis:
        raise builder.refuse("it is over the channels")
    operator = "SOFTMAX" if kind.name == "softmax" else "LOG_SOFTMAX"
    return builder.add(operator, inputs[:1], builder.shape(inputs[0]), name="Softmax")


def unchanged(builder: Builder, node: Node, inputs: list[int]) -> int:
    """The input itself: dropout and the like."""
    return inputs[0]


# -- pools -------------------------------------------------------------------------------------


def max_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if any([one > 1 for one in kind.dilation]):
        raise builder.refuse("its pools have no dilation")
    return _pool(builder, node, inputs[0], "MAX_POOL_2D", False)


def avg_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    return _pool(builder, node, inputs[0], "AVERAGE_POOL_2D", kind.count_include_pad)


def _pool(builder: Builder, node: Node, step: int, operator: str, keep: bool) -> int:
    kind: Any = node.kind
    if len(kind.kernel) > 2:
        raise builder.refuse("its pools have two axes")
    step, padding = _flat(builder, node, step, keep)
    before = builder.steps[step]
    if operator == "MAX_POOL_2D" and before.operator == "PAD" and builder.node in before.nodes:
        # a maximum's padding is the least number there is
        least = _number(builder, "least")
        builder.steps[step] = before._replace(operator="PADV2", arrays=(*before.arrays, least))
    return builder.add(
        operator,
        (step,),
        _target(builder, node),
        attributes=(padding, kind.kernel, kind.stride),
        windows=windows_of(node.facts.slides, padding),
        name="MaxPool2d" if operator == "MAX_POOL_2D" else "AvgPool",
    )


def _reduced(builder: Builder, node: Node, step: int, operator: str, name: str) -> int:
    """All positions of a map as one, whose spatial axes stay."""
    shape = builder.shape(step)
    rank = len(builder.graph.nodes[node.inputs[0]].facts.output)
    step = builder.unmapped(step, rank) if len(shape) > rank else step
    shape = builder.shape(step)
    axes = tuple(range(1, len(shape)))
    array = builder.numbers("axes", axes, (len(axes),) if len(axes) > 1 else ())
    return builder.add(
        operator, (step,), (*[1] * (len(shape) - 1), shape[-1]), arrays=(array,),
        attributes=("keep",), name=name,
    )  # fmt: skip


def global_avg_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _reduced(builder, node, inputs[0], "MEAN", "Mean")


def global_max_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _reduced(builder, node, inputs[0], "REDUCE_MAX", "Max")


def adaptive_avg_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _adaptive(builder, node, inputs[0], "MEAN", "AVERAGE_POOL_2D")


def adaptive_max_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _adaptive(builder, node, inputs[0], "REDUCE_MAX", "MAX_POOL_2D")


def _adaptive(builder: Builder, node: Node, step: int, whole: str, pool: str) -> int:
    if node.facts.view:
        return step
    kind: Any = node.kind
    if set(kind.size) == {1}:
        return _reduced(builder, node, step, whole, "Mean")
    source = builder.graph.nodes[node.inputs[0]].facts.output[1:]
    if any([size % wanted for size, wanted in zip(source, kind.size, strict=True)]):
        raise builder.refuse("the sizes of its windows differ")
    kernel = tuple([size // wanted for size, wanted in zip(source, kind.size, strict=True)])
    return builder.add(
        pool, (builder.mapped(step),), _target(builder, node),
        attributes=("VALID", kernel, kernel), name="AvgPool",
        windows=tuple([(one, one, 0, 0, 1) for one in kernel]),
    )  # fmt: skip


def reduce(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    rank = len(node.facts.output)
    operator = {"mean": "MEAN", "sum": "SUM", "max": "REDUCE_MAX", "min": "REDUCE_MIN"}[kind.by]
    axes = tuple(sorted([rank if axis == 0 else axis for axis in kind.axes]))
    array = builder.numbers("axes", axes)
    return builder.add(
        operator, inputs[:1], channels_last(node.facts.output), arrays=(array,),
        attributes=("keep",), name="Mean",
    )  # fmt: skip


# -- branches ----------------------------------------------------------------------------------


def _pairwise(operator: str, name: str) -> Lower:
    """Branches combined two by two."""

    def lower(builder: Builder, node: Node, inputs: list[int]) -> int:
        inputs = _level(builder, node, inputs)
        step = inputs[0]
        for other in inputs[1:]:
            first, second = builder.shape(step), builder.shape(other)
            shape = tuple([max(a, b) for a, b in zip(first, second, strict=True)])
            step = builder.add(operator, (step, other), shape, name=name)
        return step

    return lower


def _level(builder: Builder, node: Node, inputs: list[int]) -> list[int]:
    """Branches with as many axes each."""
    rank = len(node.facts.output)
    if all([len(builder.shape(one)) == rank + 1 for one in inputs]):
        return inputs
    return [builder.unmapped(one, rank) for one in inputs]


def concat(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    inputs = _level(builder, node, inputs)
    if len(inputs) == 1:
        return inputs[0]
    rank = len(node.facts.output)
    extra = len(builder.shape(inputs[0])) - rank
    shape = (*[1] * extra, *channels_last(node.facts.output))
    axis = rank + extra if kind.axis == 0 else kind.axis + extra
    return builder.add("CONCATENATION", inputs, shape, attributes=(axis,), name="concat")


def matmul(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    return builder.add(
        "BATCH_MATMUL", inputs, channels_last(node.facts.output),
        attributes=(kind.transpose, kind.transpose_other),
        macs=node.facts.operations.macs, name="MatMul",
    )  # fmt: skip


def squeeze_excitation(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    source = builder.mapped(inputs[0])
    channels, inner = node.facts.output[0], kind.squeeze
    step = _reduced(builder, node, source, "MEAN", "Mean")
    step = builder.mapped(step)
    ones = (1,) * (len(builder.shape(step)) - 1)
    half = node.facts.operations.macs // 2
    for key, taken, given in (("fc1", channels, inner), ("fc2", inner, channels)):
        step = builder.add(
            "CONV_2D",
            (step,),
            (*ones, given),
            arrays=(
                builder.weights(key, (given, 1, 1, taken), given),
                builder.bias(given, key),
            ),
            attributes=("VALID", 1, 1),
            macs=half,
            name="BiasAdd;convolution;Squeeze",
            inside=f"-{key}",
        )
        if key == "fc1":
            if kind.activation == "silu":
                step = _silu(builder, step)
            else:
                step = builder.add("RELU", (step,), builder.shape(step), name="Relu")
    if kind.gate == "sigmoid":
        step = builder.add("LOGISTIC", (step,), builder.shape(step), name="Sigmoid")
    else:
        step = _hard_sigmoid(builder, step)
    return builder.add("MUL", (source, step), builder.shape(source), name="Mul")


# -- shapes ------------------------------------------------------------------------------------


def flatten(builder: Builder, node: Node, inputs: list[int]) -> int:
    step = inputs[0]
    before = builder.steps[step]
    if before.operator in ("MEAN", "REDUCE_MAX", "SUM") and before.attributes == ("keep",):
        source = builder.graph.nodes[node.inputs[0]]
        if builder.values[node.inputs[0]] == step and source.name not in _read_by_others(
            builder, node
        ):
            # the axes go with the mean: nothing else wants them
            builder.steps[step] = before._replace(
                shape=before.shape[-1:], attributes=("drop",), nodes=(*before.nodes, builder.node)
            )
            return step
    return builder.reshape(step, (product(builder.shape(step)),))


def _read_by_others(builder: Builder, node: Node) -> set[str]:
    """The input of a layer, where other layers read it too or it is an output."""
    graph = builder.graph
    source = node.inputs[0]
    users = [one for one in graph.nodes if source in one.inputs]
    if len(users) > 1 or source in graph.outputs:
        return {graph.nodes[source].name}
    return set()


def reshape(builder: Builder, node: Node, inputs: list[int]) -> int:
    before, after = builder.shape(inputs[0]), channels_last(node.facts.output)
    step = inputs[0]
    spatial = product(before[:-1]) > 1
    if spatial and len(after) > 1 and before[-1] != after[-1]:
        step = _turned(builder, step, (len(before) - 1, *range(len(before) - 1)))
        step = builder.reshape(step, node.facts.output)
        return _turned(builder, step, (*range(1, len(after)), 0))
    return builder.reshape(step, after)


def _turned(builder: Builder, step: int, order: tuple[int, ...]) -> int:
    """The axes in another order."""
    if order == tuple(range(len(order))):
        return step
    shape = builder.shape(step)
    array = builder.numbers("order", (0, *[one + 1 for one in order]))
    return builder.add(
        "TRANSPOSE", (step,), tuple([shape[one] for one in order]), arrays=(array,),
        attributes=order, name="transpose",
    )  # fmt: skip


def permute(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    rank = len(kind.order)
    place = {axis: axis - 1 if axis else rank - 1 for axis in range(rank)}
    order = tuple([place[axis] for axis in (*kind.order[1:], kind.order[0])])
    return _turned(builder, inputs[0], order)


def padding(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if kind.mode == "constant":
        if kind.value:
            step = pad(builder, inputs[0], kind.padding, kind.channels, own=True)
            builder.steps[step] = builder.steps[step]._replace(operator="PADV2")
            return step
        return pad(builder, inputs[0], kind.padding, kind.channels, own=True)
    if kind.mode != "reflect":
        raise builder.refuse("only `constant` and `reflect` are there")
    step = pad(builder, inputs[0], kind.padding, own=True)
    builder.steps[step] = builder.steps[step]._replace(operator="MIRROR_PAD")
    return step


def _sliced(
    builder: Builder, step: int, shape: Shape, begin: tuple[int, ...], stride: int = 1,
    channel: int = 0,
) -> int:  # fmt: skip
    """A part of a map."""
    rank = len(shape)
    begin = (0,) * (rank - 1 - len(begin)) + begin
    # an end of 0 stands for the rest of an axis that is taken whole
    source = builder.shape(step)
    starts = (0, *begin, channel)
    ends = (0, *[
        0 if size == whole else at + size
        for at, size, whole in zip(starts[1:], shape, source, strict=True)
    ])  # fmt: skip
    arrays = (
        builder.numbers("numbers", starts),
        builder.numbers("numbers", ends),
        builder.numbers("numbers", (1,) * rank + (stride,)),
    )
    return builder.add(
        "STRIDED_SLICE", (step,), shape, arrays=arrays, attributes=(starts, stride),
        name="strided_slice",
    )  # fmt: skip


def crop(builder: Builder, node: Node, inputs: list[int]) -> int:
    (windows,) = node.facts.windows
    assert windows is not None
    begin = tuple([window.start for window in windows])
    return _sliced(builder, inputs[0], channels_last(node.facts.output), begin)


def slice_(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    shape = channels_last(node.facts.output)
    if kind.axis:
        begin = tuple([kind.start if one == kind.axis else 0 for one in range(1, len(shape))])
        return _sliced(builder, inputs[0], shape, begin, kind.step)
    if builder.shape(inputs[0]) == shape:
        return inputs[0]
    return _sliced(builder, inputs[0], shape, (0,) * (len(shape) - 1), kind.step, kind.start)


def select(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    array = builder.numbers("indices", kind.channels)
    return builder.add(
        "GATHER", inputs[:1], channels_last(node.facts.output), arrays=(array,),
        attributes=kind.channels, name="GatherV2",
    )  # fmt: skip


def channel_shuffle(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    shape = builder.shape(inputs[0])
    groups, each = kind.groups, shape[-1] // kind.groups
    step = builder.reshape(inputs[0], (*shape[:-1], groups, each))
    rank = len(shape) + 1
    step = _turned(builder, step, (*range(rank - 2), rank - 1, rank - 2))
    return builder.reshape(step, shape)


def upsample(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if len(node.facts.output) > 3:
        raise builder.refuse("over three axes there is none")
    target = _target(builder, node)
    step = builder.mapped(inputs[0])
    if builder.shape(step) == target:
        return step
    near = kind.mode == "nearest"
    array = builder.numbers("size", target[:2])
    return builder.add(
        "RESIZE_NEAREST_NEIGHBOR" if near else "RESIZE_BILINEAR", (step,), target,
        arrays=(array,), attributes=(kind.align_corners,),
        name="ResizeNearestNeighbor" if near else "ResizeBilinear",
    )  # fmt: skip


def pixel_shuffle(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _blocks(builder, node, inputs[0], "DEPTH_TO_SPACE")


def pixel_unshuffle(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _blocks(builder, node, inputs[0], "SPACE_TO_DEPTH")


def _blocks(builder: Builder, node: Node, step: int, operator: str) -> int:
    kind: Any = node.kind
    if len(node.facts.output) != 3:
        raise builder.refuse("it has two spatial axes")
    return builder.add(
        operator, (step,), channels_last(node.facts.output), attributes=(kind.factor,),
        name="DepthToSpace",
    )  # fmt: skip


LOWER: dict[str, Lower] = {
    "conv": conv, "depthwise_conv": depthwise_conv, "separable_conv": separable_conv,
    "conv_transpose": conv_transpose, "linear": linear,
    "batch_norm": batch_norm, "layer_norm": layer_norm,
    "scale": scale, "offset": offset, "rescale": rescale,
    "relu": _each("RELU", "Relu"), "relu6": _each("RELU6", "Relu6"),
    "sigmoid": _each("LOGISTIC", "Sigmoid"), "tanh": _each("TANH", "Tanh"),
    "hard_swish": _each("HARD_SWISH", "mul;Relu6;add;truediv"), "gelu": _each("GELU", "Gelu"),
    "elu": _in_floats("ELU", "Elu"), "exp": _each("EXP", "Exp"),
    "log": _in_floats("LOG", "Log"), "abs": _each("ABS", "Abs"),
    "silu": silu, "hard_sigmoid": hard_sigmoid, "leaky_relu": leaky_relu, "prelu": prelu,
    "clip": clip, "hard_tanh": clip, "softmax": softmax, "log_softmax": softmax,
    "dropout": unchanged, "drop_path": unchanged, "identity": unchanged,
    "max_pool": max_pool, "avg_pool": avg_pool,
    "global_avg_pool": global_avg_pool, "global_max_pool": global_max_pool,
    "adaptive_avg_pool": adaptive_avg_pool, "adaptive_max_pool": adaptive_max_pool,
    "reduce": reduce,
    "add": _pairwise("ADD", "Add"), "subtract": _pairwise("SUB", "Sub"),
    "multiply": _pairwise("MUL", "Mul"), "divide": _pairwise("DIV", "TrueDiv"),
    "maximum": _pairwise("MAXIMUM", "Maximum"), "minimum": _pairwise("MINIMUM", "Minimum"),
    "concat": concat, "matmul": matmul, "squeeze_excitation": squeeze_excitation,
    "flatten": flatten, "reshape": reshape, "permute": permute, "pad": padding, "crop": crop,
    "slice": slice_, "select": select, "channel_shuffle": channel_shuffle,
    "upsample": upsample, "pixel_shuffle": pixel_shuffle, "pixel_unshuffle": pixel_unshuffle,
}  # fmt: skip
"""Layer kinds that have operators."""
