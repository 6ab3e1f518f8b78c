"""ONNX's operator test vectors, and how each operator is called here.

The cases ship with the ``onnx`` package. A case counts where its model is a single node of one of
``OPERATORS``; the same vectors "expanded" into other operators are not cases of the operator.
Those that use an option the language does not have are in ``LEFT_OUT``, each with its reason.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from cnncalc.numerics.kernels import activation, conv, linear, merge, norm, pool, reshape, upsample
from cnncalc.shapes import Slide, same_padding, transposed_size

Array = npt.NDArray[Any]
Attributes = dict[str, Any]


class Vector(NamedTuple):
    """One case: a node, what goes in, what must come out."""

    name: str
    operator: str
    attributes: Attributes
    inputs: list[Array | None]
    outputs: list[Array]


def vectors() -> list[Vector]:
    """Every case that is a single node of one of the operators."""
    with warnings.catch_warnings():
        # Collecting makes the inputs of all cases, some of which overflow on purpose.
        warnings.simplefilter("ignore", RuntimeWarning)
        cases = collect_testcases()
    return [
        vector(case)
        for case in cases
        if len(case.model.graph.node) == 1 and case.model.graph.node[0].op_type in OPERATORS
    ]


def vector(case: Any) -> Vector:
    node = case.model.graph.node[0]
    ((inputs, outputs),) = case.data_sets
    given = iter(array(value) for value in inputs)
    return Vector(
        case.name.removeprefix("test_"),
        node.op_type,
        {a.name: plain(helper.get_attribute_value(a)) for a in node.attribute},
        [next(given) if name else None for name in node.input],
        [array(value) for value in outputs],
    )


def array(value: Any) -> Array:
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def run(case: Vector) -> list[Array]:
    """Our outputs of a case; there may be fewer than ONNX lists."""
    result = OPERATORS[case.operator](case.attributes, *case.inputs)
    return list(result) if isinstance(result, tuple) else [result]


def pads(a: Attributes, x: Array, kernel: Any, stride: Any, dilation: Any) -> Any:
    """Padding as (before, after) for each axis, ``auto_pad`` resolved."""
    auto = a.get("auto_pad", "NOTSET")
    axes = len(kernel)
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        sizes = zip(x.shape[2:], kernel, stride, dilation, strict=True)
        return tuple(same_padding(n, k, s, d, auto == "SAME_LOWER") for n, k, s, d in sizes)
    flat = a.get("pads", [0] * 2 * axes)
    return tuple(zip(flat[:axes], flat[axes:], strict=True))


def window(a: Attributes, x: Array, kernel: Any) -> dict[str, Any]:
    ones = (1,) * len(kernel)
    stride = tuple(a.get("strides", ones))
    dilation = tuple(a.get("dilations", ones))
    padding = pads(a, x, kernel, stride, dilation)
    return {"stride": stride, "padding": padding, "dilation": dilation}


def convolution(a: Attributes, x: Array, weight: Array, bias: Array | None = None) -> Array:
    slides = sliding({**a, "kernel_shape": weight.shape[2:]}, x)
    return conv.conv(x, weight, bias, slides=slides, groups=a.get("group", 1))


def transposed(a: Attributes, x: Array, weight: Array, bias: Array | None = None) -> Array:
    kernel = weight.shape[2:]
    options = window({**a, "auto_pad": "NOTSET"}, x, kernel)
    stride, dilation = options["stride"], options["dilation"]
    extra = tuple(a.get("output_padding", (0,) * len(kernel)))
    wanted = a.get("output_shape")
    if a.get("auto_pad", "").startswith("SAME"):
        wanted = [n * s for n, s in zip(x.shape[2:], stride, strict=True)]
    if wanted is not None:
        padding, behind = [], []
        for n, k, s, d, more, size in zip(
            x.shape[2:], kernel, stride, dilation, extra, wanted, strict=True
        ):
            total = transposed_size(n, k, s, 0, 0, more, d) - size
            small, large = max(total, 0) // 2, max(total, 0) - max(total, 0) // 2
            upper = a.get("auto_pad") == "SAME_UPPER"
            padding.append((small, large) if upper else (large, small))
            behind.append(more + max(-total, 0))
        options["padding"], extra = tuple(padding), tuple(behind)
    return conv.conv_transpose(
        x, weight, bias, **options, output_padding=extra, groups=a.get("group", 1)
    )


def sliding(a: Attributes, x: Array) -> list[Slide]:
    kernel = tuple(a["kernel_shape"])
    options = window(a, x, kernel)
    ceil = bool(a.get("ceil_mode", 0))
    return [
        Slide(n, k, s, *pair, d, ceil)
        for n, k, s, pair, d in zip(
            x.shape[2:],
            kernel,
            options["stride"],
            options["padding"],
            options["dilation"],
            strict=True,
        )
    ]


def max_pool(a: Attributes, x: Array) -> tuple[Array, Array]:
    slides = sliding(a, x)
    plain_result = pool.max_pool(x, slides=slides)
    values, switches = pool.max_pool_with_switches(x, slides=slides)
    assert np.array_equal(values, plain_result)
    # ONNX numbers the values of the whole array, we those of one map.
    maps = np.arange(prod(x.shape[:2])).reshape(*x.shape[:2], *(1,) * (x.ndim - 2))
    return values, switches + maps * prod(x.shape[2:])


def undilated(a: Attributes, x: Array) -> list[Slide]:
    slides = sliding(a, x)
    assert {one.dilation for one in slides} == {1}
    return slides


def avg_pool(a: Attributes, x: Array) -> Array:
    include = bool(a.get("count_include_pad", 0))
    return pool.avg_pool(x, slides=undilated(a, x), count_include_pad=include)


def lp_pool(a: Attributes, x: Array) -> Array:
    return pool.lp_pool(x, p=a.get("p", 2), slides=undilated(a, x))


def batch_norm(a: Attributes, x: Array, weight: Any, bias: Any, mean: Any, variance: Any) -> Array:
    assert not a.get("training_mode")
    return norm.batch_norm(x, mean, variance, weight, bias, eps=a.get("epsilon", 1e-5))


def layer_norm(a: Attributes, x: Array, weight: Array, bias: Array) -> Array:
    # The axes before the normalized ones are a batch, whatever they are called.
    axis = a.get("axis", -1) % x.ndim
    batch = x.reshape(prod(x.shape[:axis]), *x.shape[axis:])
    result = norm.layer_norm(batch, weight, bias, over="all", eps=a.get("epsilon", 1e-5))
    if axis == x.ndim - 1:
        # One axis: the channels of a map whose channels come last.
        last = np.moveaxis(x, -1, 1) if x.ndim > 1 else x
        eps = a.get("epsilon", 1e-5)
        channels = norm.layer_norm(last, weight, bias, over="channels", eps=eps)
        assert np.allclose(np.moveaxis(channels, 1, -1), result.reshape(x.shape), atol=1e-6)
    return result.reshape(x.shape)


def gemm(a: Attributes, x: Array, weight: Array, bias: Array | None = None) -> Array:
    assert a.get("alpha", 1.0) == 1.0
    assert a.get("beta", 1.0) == 1.0
    x = x.T if a.get("transA") else x
    weight = weight if a.get("transB") else weight.T
    vector = None if bias is None else np.broadcast_to(bias, (1, len(weight)))[0]
    return linear.linear(x, weight, vector)


def prelu(a: Attributes, x: Array, slope: Array) -> Array:
    # The last axis has the slopes: a map whose channels come last.
    return np.moveaxis(activation.prelu(np.moveaxis(x, -1, 1), slope), 1, -1)


def clip(a: Attributes, x: Array, low: Any = None, high: Any = None) -> Array:
    bounds = (float(low), float(high))
    functions = {(-1.0, 1.0): activation.hard_tanh, (0.0, 6.0): activation.relu6}
    return functions[bounds](x)


def over_channels(function: Any) -> Callable[[Attributes, Array], Array]:
    def call(a: Attributes, x: Array) -> Array:
        assert a.get("axis", -1) % x.ndim == 1
        return function(x)

    return call


def merged(function: Any) -> Callable[..., Array]:
    def call(a: Attributes, *inputs: Array) -> Array:
        assert a.get("axis", 1) % inputs[0].ndim == 1 or inputs[0].ndim == 1
        rank = max(2, *(x.ndim for x in inputs))
        wide = [x.reshape((1,) * (rank - x.ndim) + x.shape) for x in inputs]
        return function(wide).reshape(np.broadcast_shapes(*(x.shape for x in inputs)))

    return call


def concat(a: Attributes, *inputs: Array) -> Array:
    assert a["axis"] % inputs[0].ndim == 1
    return merge.concat(inputs)


def pad(a: Attributes, x: Array, pads: Array, value: Any = None, axes: Any = None) -> Array:
    assert a.get("mode", "constant") == "constant"
    chosen = range(x.ndim) if axes is None else [int(axis) % x.ndim for axis in axes]
    border = [(0, 0)] * x.ndim
    for place, axis in enumerate(chosen):
        border[axis] = (int(pads[place]), int(pads[place + len(pads) // 2]))
    assert border[0] == (0, 0)
    fill = 0.0 if value is None else float(value)
    return reshape.pad(x, padding=border[2:], value=fill, channels=border[1])


def flatten(a: Attributes, x: Array) -> Array:
    assert a.get("axis", 1) % x.ndim == 1
    return reshape.flatten(x)


def max_unpool(a: Attributes, x: Array, switches: Array) -> Array:
    sizes = zip(x.shape[2:], a["kernel_shape"], a["strides"], strict=True)
    size = [(n - 1) * s + k for n, k, s in sizes]
    return pool.max_unpool(x, switches % prod(size), size=size)


def depth_to_space(a: Attributes, x: Array) -> Array:
    assert a["mode"] == "CRD"
    return upsample.pixel_shuffle(x, factor=a["blocksize"])


def space_to_depth(a: Attributes, x: Array) -> Array:
    assert a["mode"] == "CRD"
    return upsample.pixel_unshuffle(x, factor=a["blocksize"])


def resize(a: Attributes, x: Array, *rest: Array | None) -> Array:
    _, scales, sizes = (*rest, None, None, None)[:3] if len(rest) != 1 else (None, rest[0], None)
    axes = [axis % x.ndim for axis in a.get("axes", range(x.ndim))]
    size = list(x.shape)
    for place, axis in enumerate(axes):
        if sizes is not None and len(sizes):
            size[axis] = int(sizes[place])
        else:
            assert scales is not None
            size[axis] = int(x.shape[axis] * scales[place])
    assert size[:2] == list(x.shape[:2])
    coordinates = a.get("coordinate_transformation_mode", "half_pixel")
    if a.get("mode", "nearest") == "nearest":
        # By whole factors, half pixels rounded down at a half are the pixels of floor(o·n/size).
        assert all(new % old == 0 for new, old in zip(size, x.shape, strict=True))
        return upsample.upsample_nearest(x, size=size[2:])
    assert coordinates in ("half_pixel", "align_corners")
    aligned = coordinates == "align_corners"
    return upsample.upsample_linear(x, size=size[2:], align_corners=aligned)


OPERATORS: dict[str, Callable[..., Any]] = {
    "Conv": convolution,
    "ConvTranspose": transposed,
    "MaxPool": max_pool,
    "AveragePool": avg_pool,
    "LpPool": lp_pool,
    "GlobalAveragePool": lambda a, x: pool.global_avg_pool(x),
    "GlobalMaxPool": lambda a, x: pool.global_max_pool(x),
    "GlobalLpPool": lambda a, x: pool.global_lp_pool(x, p=a.get("p", 2)),
    "BatchNormalization": batch_norm,
    "InstanceNormalization": lambda a, x, weight, bias: norm.instance_norm(
        x, weight, bias, eps=a.get("epsilon", 1e-5)
    ),
    "GroupNormalization": lambda a, x, weight, bias: norm.group_norm(
        x, weight, bias, groups=a["num_groups"], eps=a.get("epsilon", 1e-5)
    ),
    "LayerNormalization": layer_norm,
    "LRN": lambda a, x: norm.local_response_norm(
        x, size=a["size"], alpha=a.get("alpha", 1e-4), beta=a.get("beta", 0.75), k=a.get("bias", 1)
    ),
    "Gemm": gemm,
    "Relu": lambda a, x: activation.relu(x),
    "LeakyRelu": lambda a, x: activation.leaky_relu(x, slope=a.get("alpha", 0.01)),
    "PRelu": prelu,
    "Elu": lambda a, x: activation.elu(x, alpha=a.get("alpha", 1.0)),
    "Selu": lambda a, x: activation.selu(x),
    "Celu": lambda a, x: activation.celu(x, alpha=a.get("alpha", 1.0)),
    "Gelu": lambda a, x: activation.gelu(x, approximate=a.get("approximate", "none")),
    "Sigmoid": lambda a, x: activation.sigmoid(x),
    "Swish": lambda a, x: activation.silu(x),
    "Tanh": lambda a, x: activation.tanh(x),
    "HardSigmoid": lambda a, x: activation.hard_sigmoid(x),
    "HardSwish": lambda a, x: activation.hard_swish(x),
    "Softplus": lambda a, x: activation.softplus(x),
    "Softsign": lambda a, x: activation.softsign(x),
    "Mish": lambda a, x: activation.mish(x),
    "ThresholdedRelu": lambda a, x: activation.threshold(x, threshold=a.get("alpha", 1.0)),
    "Clip": clip,
    "Softmax": over_channels(activation.softmax),
    "LogSoftmax": over_channels(activation.log_softmax),
    "Concat": concat,
    "Add": merged(merge.add),
    "Mul": merged(merge.multiply),
    "Pad": pad,
    "Flatten": flatten,
    "MaxUnpool": max_unpool,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
    "Resize": resize,
    "Upsample": resize,
}


def _because(reason: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


LEFT_OUT: dict[str, str] = {
    **_because(
        "integers; a network computes in floating point",
        "add_int8 add_int16 add_uint8 add_uint16 add_uint32 add_uint64 mul_int8 mul_int16"
        " mul_uint8 mul_uint16 mul_uint32 mul_uint64 maxpool_2d_uint8 clip_default_int8_min"
        " clip_default_int8_max clip_default_int8_inbounds",
    ),
    **_because(
        "half precision; the kernels take float32 and float64", "celu_float16 celu_bfloat16"
    ),
    **_because(
        "an average pool has no dilation",
        "averagepool_2d_dilations averagepool_3d_dilations_small"
        " averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True"
        " averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False"
        " averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True"
        " averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_False",
    ),
    **_because("an Lp pool has no dilation", "lppool_2d_dilations"),
    **_because(
        "training, not inference",
        "batchnorm_example_training_mode batchnorm_epsilon_training_mode",
    ),
    **_because(
        "clips to other bounds than hard_tanh and relu6",
        "clip clip_outbounds clip_splitbounds clip_inbounds clip_min_greater_than_max"
        " clip_default_min clip_default_max clip_default_inbounds",
    ),
    **_because(
        "joins another axis than the channels",
        "concat_1d_axis_0 concat_1d_axis_negative_1 concat_2d_axis_0 concat_2d_axis_negative_2"
        " concat_3d_axis_0 concat_3d_axis_2 concat_3d_axis_negative_3 concat_3d_axis_negative_1",
    ),
    **_because("over another axis than the channels", "softmax_axis_0 softmax_axis_2"),
    **_because("over another axis than the channels", "softmax_negative_axis softmax_default_axis"),
    **_because("over another axis than the channels", "logsoftmax_axis_0 logsoftmax_axis_2"),
    **_because(
        "over another axis than the channels", "logsoftmax_negative_axis logsoftmax_default_axis"
    ),
    **_because(
        "flattens other axes than those of a sample",
        "flatten_axis0 flatten_axis2 flatten_axis3 flatten_negative_axis4 flatten_negative_axis2"
        " flatten_negative_axis1",
    ),
    **_because("a factor before the product or the bias", "gemm_alpha gemm_beta"),
    **_because("a factor before the product or the bias", "gemm_all_attributes"),
    **_because("a bias of its own for each sample", "gemm_default_matrix_bias"),
    **_because(
        "another slope and offset than relu6(x + 3)/6",
        "hardsigmoid_example hardsigmoid hardsigmoid_default",
    ),
    **_because("other constants than Klambauer's", "selu_example selu"),
    **_because("a slope for each value", "prelu_example"),
    **_because("numbers the switches by columns", "maxpool_with_argmax_2d_precomputed_strides"),
    **_because(
        "the switches number a map of another size than the output",
        "maxunpool_export_with_output_shape",
    ),
    **_because("pads with the input's own values", "edge_pad reflect_pad wrap_pad"),
    **_because("the channels in TensorFlow's order", "depthtospace_example"),
    **_because(
        "the channels in TensorFlow's order",
        "spacetodepth spacetodepth_example spacetodepth_dcr_mode_example",
    ),
    **_because(
        "cubic interpolation",
        "resize_upsample_scales_cubic resize_upsample_scales_cubic_align_corners"
        " resize_downsample_scales_cubic resize_downsample_scales_cubic_align_corners"
        " resize_upsample_sizes_cubic resize_downsample_sizes_cubic"
        " resize_upsample_scales_cubic_A_n0p5_exclude_outside"
        " resize_downsample_scales_cubic_A_n0p5_exclude_outside"
        " resize_upsample_scales_cubic_asymmetric resize_downsample_scales_cubic_antialias"
        " resize_downsample_sizes_cubic_antialias",
    ),
    **_because(
        "smooths before it samples",
        "resize_downsample_scales_linear_antialias resize_downsample_sizes_linear_antialias",
    ),
    **_because(
        "samples a box of the input",
        "resize_tf_crop_and_resize resize_tf_crop_and_resize_extrapolation_value"
        " resize_tf_crop_and_resize_axes_2_3 resize_tf_crop_and_resize_axes_3_2",
    ),
    **_because(
        "a scale that is not the ratio of the sizes",
        "resize_downsample_scales_linear resize_downsample_scales_linear_align_corners"
        " resize_downsample_scales_nearest",
    ),
    **_because(
        "puts a single output on the first pixel, PyTorch's own interpolation in the middle",
        "resize_downsample_sizes_linear_pytorch_half_pixel",
    ),
    **_because(
        "half pixels symmetric about the centre",
        "resize_downsample_scales_linear_half_pixel_symmetric"
        " resize_upsample_scales_linear_half_pixel_symmetric",
    ),
    **_because(
        "another rounding than floor(o·n/size), and no whole factor",
        "resize_upsample_sizes_nearest resize_downsample_sizes_nearest"
        " resize_upsample_sizes_nearest_axes_2_3 resize_upsample_sizes_nearest_axes_3_2"
        " resize_upsample_sizes_nearest_floor_align_corners"
        " resize_upsample_sizes_nearest_round_prefer_ceil_asymmetric"
        " resize_upsample_sizes_nearest_ceil_half_pixel",
    ),
    **_because(
        "fits the size to an aspect ratio",
        "resize_upsample_sizes_nearest_not_larger resize_upsample_sizes_nearest_not_smaller"
        " resize_downsample_sizes_nearest_not_larger resize_downsample_sizes_nearest_not_smaller",
    ),
}
