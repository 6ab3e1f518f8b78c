"""The cases in which the kernels are held against PyTorch.

A case is a row: its name, the kernel, the shapes of its arrays and its options. The arrays are
drawn from a seed made of the name, so that only PyTorch's answers are stored
(``tests/reference/kernels.npz``, taken by ``tests/reference/take_kernels.py``).
"""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Case(NamedTuple):
    """One call of one kernel."""

    name: str
    kernel: str
    arrays: dict[str, tuple[int, ...] | None]
    options: dict[str, Any]


def draw(case: Case) -> dict[str, Array | None]:
    """The arrays of a case in float64; variances are positive."""
    # RandomState and not Generator: its stream is frozen.
    random = np.random.RandomState(zlib.crc32(case.name.encode()))
    drawn: dict[str, Array | None] = {}
    for name, shape in case.arrays.items():
        if shape is None:
            drawn[name] = None
        elif name == "variance":
            drawn[name] = random.uniform(0.5, 2, shape)
        else:
            drawn[name] = random.standard_normal(shape)
    return drawn


def _conv(name: str, x: tuple[int, ...], weight: tuple[int, ...], **options: Any) -> Case:
    axes = len(x) - 2
    given = {
        "stride": (1,) * axes,
        "padding": ((0, 0),) * axes,
        "dilation": (1,) * axes,
        "groups": 1,
    } | options
    bias = given.pop("bias", True)
    arrays = {"x": x, "weight": weight, "bias": (weight[0],) if bias else None}
    return Case(name, "conv", arrays, given)


CONV = [
    _conv("conv 1d", (2, 3, 11), (4, 3, 3)),
    _conv("conv 1d stride", (2, 3, 11), (4, 3, 3), stride=(2,), padding=((1, 1),)),
    _conv(
        "conv 1d dilation uneven", (1, 4, 13), (6, 2, 3), dilation=(3,), padding=((4, 1),), groups=2
    ),
    _conv("conv 1d depthwise", (2, 5, 9), (5, 1, 3), padding=((1, 1),), groups=5),
    _conv("conv 2d", (2, 3, 8, 7), (4, 3, 3, 3)),
    _conv("conv 2d no bias", (1, 3, 8, 7), (4, 3, 3, 3), bias=False),
    _conv("conv 2d same", (2, 6, 9, 10), (5, 6, 3, 3), padding=((1, 1), (1, 1))),
    _conv("conv 2d same fewer filters", (1, 16, 7, 9), (3, 16, 3, 3), padding=((1, 1), (1, 1))),
    _conv("conv 2d same 13x11", (1, 4, 13, 11), (4, 4, 3, 3), padding=((1, 1), (1, 1))),
    _conv("conv 2d uneven padding", (1, 3, 6, 7), (4, 3, 3, 3), padding=((2, 0), (0, 1))),
    _conv("conv 2d padding over kernel", (1, 2, 4, 4), (2, 2, 3, 3), padding=((4, 3), (5, 3))),
    _conv("conv 2d stride", (2, 3, 9, 10), (4, 3, 3, 3), stride=(2, 3), padding=((1, 1), (0, 2))),
    _conv("conv 2d stride over kernel", (1, 3, 10, 11), (4, 3, 2, 2), stride=(3, 4)),
    _conv("conv 2d 7x7", (1, 3, 20, 20), (4, 3, 7, 7), stride=(2, 2), padding=((3, 3), (3, 3))),
    _conv("conv 2d 1x7", (1, 6, 9, 9), (4, 6, 1, 7), padding=((0, 0), (3, 3))),
    _conv("conv 2d 7x1", (1, 6, 9, 9), (4, 6, 7, 1), padding=((3, 3), (0, 0))),
    _conv("conv 2d even kernel", (1, 3, 8, 8), (4, 3, 4, 2), padding=((1, 2), (1, 0))),
    _conv(
        "conv 2d dilation", (1, 3, 12, 11), (4, 3, 3, 3), dilation=(2, 3), padding=((2, 2), (3, 3))
    ),
    _conv("conv 2d dilation stride", (1, 3, 12, 11), (4, 3, 3, 2), dilation=(2, 3), stride=(2, 2)),
    _conv("conv 2d groups", (2, 8, 6, 6), (12, 2, 3, 3), groups=4, padding=((1, 1), (1, 1))),
    _conv("conv 2d groups stride", (2, 6, 9, 8), (4, 3, 3, 3), groups=2, stride=(2, 2)),
    _conv("conv 2d two channels a group", (1, 16, 7, 7), (16, 2, 3, 3), groups=8),
    _conv("conv 2d pointwise", (2, 5, 4, 6), (7, 5, 1, 1)),
    _conv("conv 2d pointwise stride", (2, 5, 7, 6), (7, 5, 1, 1), stride=(2, 2)),
    _conv("conv 2d pointwise groups", (2, 6, 4, 5), (9, 2, 1, 1), groups=3),
    _conv("conv 2d pointwise padded", (1, 3, 4, 4), (2, 3, 1, 1), padding=((1, 1), (0, 2))),
    _conv("conv 2d depthwise", (2, 6, 9, 8), (6, 1, 3, 3), groups=6, padding=((1, 1), (1, 1))),
    _conv(
        "conv 2d depthwise stride",
        (2, 6, 9, 8),
        (6, 1, 3, 3),
        groups=6,
        stride=(2, 2),
        padding=((1, 1), (1, 1)),
    ),
    _conv(
        "conv 2d depthwise stride 3 uneven",
        (1, 4, 11, 13),
        (4, 1, 5, 5),
        groups=4,
        stride=(3, 2),
        padding=((2, 1), (0, 3)),
    ),
    _conv(
        "conv 2d depthwise stride over kernel",
        (1, 4, 11, 13),
        (4, 1, 2, 1),
        groups=4,
        stride=(3, 4),
    ),
    _conv(
        "conv 2d depthwise dilation",
        (1, 4, 11, 10),
        (4, 1, 3, 3),
        groups=4,
        dilation=(2, 3),
        padding=((2, 2), (3, 3)),
    ),
    _conv(
        "conv 2d depthwise dilation stride",
        (1, 4, 11, 10),
        (4, 1, 3, 3),
        groups=4,
        dilation=(3, 2),
        stride=(2, 2),
        padding=((2, 2), (3, 3)),
    ),
    _conv(
        "conv 2d depthwise multiplier",
        (2, 3, 7, 8),
        (9, 1, 3, 3),
        groups=3,
        padding=((1, 1), (1, 1)),
    ),
    _conv("conv 2d depthwise no bias", (1, 3, 7, 8), (3, 1, 3, 3), groups=3, bias=False),
    _conv("conv 2d whole input", (2, 4, 5, 5), (6, 4, 5, 5)),
    _conv("conv 3d", (1, 2, 5, 6, 7), (3, 2, 3, 3, 3), padding=((1, 1), (1, 1), (1, 1))),
    _conv(
        "conv 3d stride dilation",
        (1, 2, 7, 8, 9),
        (4, 1, 2, 3, 2),
        stride=(2, 1, 2),
        dilation=(1, 2, 3),
        groups=2,
        padding=((0, 1), (1, 0), (2, 1)),
    ),
    _conv("conv 3d temporal", (1, 4, 5, 6, 6), (3, 4, 3, 1, 1), padding=((1, 1), (0, 0), (0, 0))),
    _conv(
        "conv 3d depthwise",
        (1, 3, 5, 6, 7),
        (3, 1, 3, 3, 3),
        groups=3,
        stride=(2, 2, 1),
        padding=((1, 1), (1, 1), (1, 1)),
    ),
]


def _transpose(name: str, x: tuple[int, ...], weight: tuple[int, ...], **options: Any) -> Case:
    axes = len(x) - 2
    given = {
        "stride": (1,) * axes,
        "padding": ((0, 0),) * axes,
        "output_padding": (0,) * axes,
        "dilation": (1,) * axes,
        "groups": 1,
    } | options
    bias = given.pop("bias", True)
    arrays = {"x": x, "weight": weight, "bias": (weight[1] * given["groups"],) if bias else None}
    return Case(name, "conv_transpose", arrays, given)


TRANSPOSE = [
    _transpose("transpose 1d", (2, 3, 5), (3, 4, 3)),
    _transpose("transpose 1d stride", (2, 3, 5), (3, 4, 4), stride=(2,), padding=((1, 1),)),
    _transpose("transpose 2d", (2, 3, 4, 5), (3, 4, 3, 3)),
    _transpose("transpose 2d no bias", (1, 3, 4, 5), (3, 4, 2, 2), stride=(2, 2), bias=False),
    _transpose(
        "transpose 2d dcgan", (1, 4, 4, 4), (4, 3, 4, 4), stride=(2, 2), padding=((1, 1), (1, 1))
    ),
    _transpose(
        "transpose 2d output padding",
        (1, 3, 4, 5),
        (3, 2, 3, 3),
        stride=(2, 3),
        padding=((1, 1), (1, 1)),
        output_padding=(1, 2),
    ),
    _transpose(
        "transpose 2d dilation",
        (1, 3, 4, 5),
        (3, 2, 3, 2),
        stride=(2, 1),
        dilation=(2, 3),
        padding=((2, 2), (1, 1)),
    ),
    _transpose("transpose 2d groups", (2, 6, 4, 3), (6, 2, 3, 3), groups=3, stride=(2, 2)),
    _transpose(
        "transpose 2d depthwise",
        (2, 4, 4, 3),
        (4, 1, 3, 3),
        groups=4,
        stride=(2, 2),
        padding=((1, 1), (1, 1)),
    ),
    _transpose(
        "transpose 2d stride over kernel",
        (1, 3, 4, 3),
        (3, 2, 2, 1),
        stride=(3, 3),
        output_padding=(1, 0),
    ),
    _transpose("transpose 2d large padding", (1, 2, 6, 6), (2, 2, 3, 3), padding=((3, 3), (2, 2))),
    _transpose(
        "transpose 3d",
        (1, 2, 3, 4, 3),
        (2, 3, 3, 2, 3),
        stride=(2, 1, 2),
        padding=((1, 1), (0, 0), (1, 1)),
        output_padding=(1, 0, 0),
    ),
]

_SLIDING = {
    "1d": ((2, 3, 11), {"kernel": (3,), "stride": (2,), "padding": ((0, 0),)}),
    "1d padded": ((2, 3, 10), {"kernel": (4,), "stride": (3,), "padding": ((2, 2),)}),
    "2d halves": ((2, 3, 8, 6), {"kernel": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0))}),
    "2d drops": ((1, 3, 9, 7), {"kernel": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0))}),
    "2d overlapping": (
        (1, 3, 9, 8),
        {"kernel": (3, 3), "stride": (2, 2), "padding": ((1, 1), (1, 1))},
    ),
    "2d stride 1": (
        (1, 2, 7, 6),
        {"kernel": (3, 5), "stride": (1, 1), "padding": ((1, 1), (2, 2))},
    ),
    "2d uneven kernel": (
        (1, 2, 9, 11),
        {"kernel": (2, 4), "stride": (3, 2), "padding": ((1, 1), (0, 0))},
    ),
    "2d stride over kernel": (
        (1, 2, 11, 12),
        {"kernel": (2, 2), "stride": (3, 4), "padding": ((0, 0), (0, 0))},
    ),
    "2d whole": ((2, 3, 5, 6), {"kernel": (5, 6), "stride": (1, 1), "padding": ((0, 0), (0, 0))}),
    "3d": (
        (1, 2, 6, 7, 5),
        {"kernel": (2, 3, 2), "stride": (2, 2, 1), "padding": ((1, 1), (1, 1), (0, 0))},
    ),
}

POOL = [
    Case(
        f"{kind} {name}{' ceil' * ceil}{' valid values' * (not counted)}",
        kind,
        {"x": shape},
        options
        | {"ceil_mode": ceil}
        | ({"dilation": (1,) * (len(shape) - 2)} if kind.startswith("max") else {})
        | ({"count_include_pad": counted} if kind == "avg_pool" else {})
        | ({"p": 3.0 if ceil else 2.0} if kind == "lp_pool" else {}),
    )
    for kind in ("max_pool", "max_pool_with_switches", "avg_pool", "lp_pool")
    for name, (shape, options) in _SLIDING.items()
    for ceil in (False, True)
    for counted in ((True, False) if kind == "avg_pool" else (True,))
    # PyTorch's Lp pool has no padding.
    if kind != "lp_pool" or not any(map(any, options["padding"]))
] + [
    Case(
        f"{kind} dilated{' ceil' * ceil}",
        kind,
        {"x": (1, 3, 12, 11)},
        {"kernel": (3, 2), "stride": (2, 1), "padding": ((1, 1), (1, 1)), "dilation": (2, 3)}
        | {"ceil_mode": ceil},
    )
    for kind in ("max_pool", "max_pool_with_switches")
    for ceil in (False, True)
]

OTHER_POOL = (
    [
        Case(f"{kind} {len(shape) - 2}d", kind, {"x": shape}, options)
        for kind, options in (
            ("global_avg_pool", {}),
            ("global_max_pool", {}),
            ("global_lp_pool", {"p": 2.0}),
        )
        for shape in ((2, 3, 7), (2, 3, 5, 6), (1, 2, 4, 3, 5))
    ]
    + [
        Case(f"{kind} {shape[2:]} to {size}", kind, {"x": shape}, {"size": size})
        for kind in ("adaptive_avg_pool", "adaptive_max_pool")
        for shape, size in (
            ((2, 3, 11), (4,)),
            ((2, 3, 8, 9), (1, 1)),
            ((1, 3, 7, 10), (7, 3)),
            ((1, 2, 5, 4), (7, 6)),
            ((1, 2, 5, 6, 7), (2, 3, 7)),
        )
    ]
    + [
        Case(
            f"max_unpool {shape[2:]}",
            "max_unpool",
            {"x": shape},
            {"kernel": kernel, "stride": stride, "padding": padding},
        )
        for shape, kernel, stride, padding in (
            ((2, 3, 9), (2,), (2,), ((0, 0),)),
            ((2, 3, 8, 7), (2, 2), (2, 2), ((0, 0), (0, 0))),
            ((1, 2, 9, 9), (3, 3), (2, 2), ((1, 1), (1, 1))),
            ((1, 2, 4, 6, 5), (2, 2, 2), (2, 2, 2), ((0, 0), (0, 0), (0, 0))),
        )
    ]
)

NORM = (
    [
        Case(
            f"batch_norm {shape}{' affine' * affine}{'' if stats else ' own statistics'}",
            "batch_norm",
            {
                "x": shape,
                "mean": (shape[1],) if stats else None,
                "variance": (shape[1],) if stats else None,
                "weight": (shape[1],) if affine else None,
                "bias": (shape[1],) if affine else None,
            },
            {"eps": 1e-3},
        )
        for shape in ((4, 5), (2, 3, 7), (2, 3, 5, 4), (1, 3, 3, 4, 2))
        for affine in (True, False)
        for stats in (True, False)
    ]
    + [
        Case(
            f"{kind} {shape} {options}{' affine' * affine}",
            kind,
            {
                "x": shape,
                "weight": (shape[1:] if options.get("over") == "all" else (shape[1],))
                if affine
                else None,
                "bias": (shape[1:] if options.get("over") == "all" else (shape[1],))
                if affine
                else None,
            },
            options,
        )
        for kind, options in (
            ("layer_norm", {"over": "channels", "eps": 1e-6}),
            ("layer_norm", {"over": "all", "eps": 1e-5}),
            ("group_norm", {"groups": 2, "eps": 1e-5}),
            ("group_norm", {"groups": 6, "eps": 1e-5}),
            ("instance_norm", {"eps": 1e-3}),
        )
        for shape in ((2, 6, 7), (2, 6, 4, 5), (1, 6, 3, 2, 4))
        for affine in (True, False)
    ]
    + [
        Case(f"lrn {options} {shape}", "local_response_norm", {"x": shape}, options)
        for options in (
            {"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 2.0},
            {"size": 4, "alpha": 0.5, "beta": 0.6, "k": 1.0},
            {"size": 9, "alpha": 0.3, "beta": 1.0, "k": 1.5},
        )
        for shape in ((2, 7, 5), (1, 7, 3, 4))
    ]
)

ACTIVATION = [
    Case(f"{kind} {options}", kind, {"x": (2, 5, 4, 6)}, options)
    for kind, options in (
        ("relu", {}),
        ("relu6", {}),
        ("leaky_relu", {"slope": 0.01}),
        ("leaky_relu", {"slope": 0.2}),
        ("leaky_relu", {"slope": 1.5}),
        ("elu", {"alpha": 1.0}),
        ("elu", {"alpha": 0.3}),
        ("selu", {}),
        ("celu", {"alpha": 1.0}),
        ("celu", {"alpha": 0.4}),
        ("gelu", {"approximate": "none"}),
        ("gelu", {"approximate": "tanh"}),
        ("silu", {}),
        ("sigmoid", {}),
        ("tanh", {}),
        ("hard_sigmoid", {}),
        ("hard_swish", {}),
        ("hard_tanh", {}),
        ("softplus", {}),
        ("softsign", {}),
        ("mish", {}),
        ("threshold", {"threshold": 0.3, "value": 0.0}),
        ("threshold", {"threshold": -0.2, "value": 7.0}),
        ("softmax", {}),
        ("log_softmax", {}),
    )
] + [
    Case(f"prelu {slopes} {shape}", "prelu", {"x": shape, "weight": (slopes,)}, {})
    for slopes in (1, 5)
    for shape in ((3, 5), (2, 5, 3, 4))
]

RESHAPE = (
    [
        Case(
            f"upsample nearest {shape[2:]} to {size}",
            "upsample_nearest",
            {"x": shape},
            {"size": size},
        )
        for shape, size in (
            ((2, 3, 5), (10,)),
            ((2, 3, 5, 4), (15, 12)),
            ((1, 2, 5, 7), (8, 3)),
            ((1, 2, 3, 2, 4), (6, 4, 8)),
        )
    ]
    + [
        Case(
            f"upsample linear {shape[2:]} to {size}{' aligned' * aligned}",
            "upsample_linear",
            {"x": shape},
            {"size": size, "align_corners": aligned},
        )
        for aligned in (False, True)
        for shape, size in (
            ((2, 3, 5), (10,)),
            ((2, 3, 5, 4), (10, 8)),
            ((1, 2, 5, 7), (8, 3)),
            ((1, 2, 4, 3), (1, 9)),
            ((1, 2, 3, 2, 4), (6, 5, 8)),
        )
    ]
    + [
        Case("pixel_shuffle 2", "pixel_shuffle", {"x": (2, 12, 3, 4)}, {"factor": 2}),
        Case("pixel_shuffle 3", "pixel_shuffle", {"x": (1, 9, 2, 3)}, {"factor": 3}),
        Case("pixel_unshuffle 2", "pixel_unshuffle", {"x": (2, 3, 4, 6)}, {"factor": 2}),
        Case("channel_shuffle 3", "channel_shuffle", {"x": (2, 12, 3, 4)}, {"groups": 3}),
        Case("channel_shuffle 2 1d", "channel_shuffle", {"x": (2, 6, 5)}, {"groups": 2}),
        Case("pad", "pad", {"x": (1, 2, 3, 4)}, {"padding": ((1, 2), (0, 3)), "value": 0.0}),
        Case("pad value 1d", "pad", {"x": (1, 2, 5)}, {"padding": ((2, 1),), "value": -1.5}),
        Case(
            "pad channels",
            "pad",
            {"x": (1, 2, 3, 4)},
            {"padding": ((1, 0), (0, 1)), "value": 0.5, "channels": (2, 1)},
        ),
    ]
)

PRODUCTS = (
    [
        Case("linear", "linear", {"x": (3, 7), "weight": (5, 7), "bias": (5,)}, {}),
        Case("linear one", "linear", {"x": (1, 7), "weight": (5, 7), "bias": None}, {}),
        Case(
            "linear each position",
            "linear",
            {"x": (2, 6, 3, 4), "weight": (5, 6), "bias": (5,)},
            {},
        ),
        Case("scale", "scale", {"x": (2, 6, 3, 4), "weight": (6, 1, 1), "bias": (6, 1, 1)}, {}),
        Case("scale no bias", "scale", {"x": (2, 6), "weight": (6,), "bias": None}, {}),
    ]
    + [
        Case(
            f"self_attention {shape} heads {heads} width {width}{' bias' * bias}",
            "self_attention",
            {
                "x": shape,
                "in_weight": (3 * width, shape[1]),
                "in_bias": (3 * width,) if bias else None,
                "out_weight": (shape[1], width),
                "out_bias": (shape[1],) if bias else None,
            },
            {"heads": heads},
        )
        for shape in ((2, 8, 3, 4), (1, 8, 5))
        for heads, width in ((1, 8), (4, 8), (2, 4))
        for bias in (True, False)
    ]
    + [
        Case(
            f"squeeze_excitation {activation} {gate}",
            "squeeze_excitation",
            {
                "x": (2, 8, 3, 4),
                "fc1_weight": (3, 8, 1, 1),
                "fc1_bias": (3,),
                "fc2_weight": (8, 3, 1, 1),
                "fc2_bias": (8,),
            },
            {"activation": activation, "gate": gate},
        )
        for activation in ("relu", "silu")
        for gate in ("sigmoid", "hard_sigmoid")
    ]
)

CASES = [
    *CONV,
    *TRANSPOSE,
    *POOL,
    *OTHER_POOL,
    *NORM,
    *ACTIVATION,
    *RESHAPE,
    *PRODUCTS,
]
