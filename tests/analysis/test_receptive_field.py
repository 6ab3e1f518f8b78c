"""Receptive fields on chains and graphs."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from support import chain, listed, report

import cnncalc
from cnncalc.analysis.receptive_field import receptive_fields
from cnncalc.analysis.report import Report
from cnncalc.shapes import WindowLimitError


class Row(NamedTuple):
    """Layers, and the field of the last: size, stride and start on each axis, or none."""

    case: str
    input: tuple[int, ...]
    layers: list[Any]
    size: tuple[int, ...] | None
    stride: tuple[int | str | None, ...] = ()
    start: tuple[int, ...] = ()


DOWN: dict[str, Any] = {"conv": [4, 3, 2, 1]}
SAME: dict[str, Any] = {"conv": [4, 3, 1, 1]}


def dilated(dilation: int) -> dict[str, Any]:
    """A 3×3 convolution that keeps the size."""
    return {"conv": {"filters": 4, "kernel": 3, "padding": dilation, "dilation": dilation}}


ROWS = [
    # what other tools get wrong
    Row("two stride-2 3×3, a transposed k4 s2 p1, a 3×3", (4, 64, 64),
        [DOWN, DOWN, {"conv_transpose": [4, 4, 2, 1]}, SAME], (15, 15), (2, 2), (-7, -7)),
    Row("a stride-2 3×3, nearest by 2, a 3×3", (4, 64, 64), [DOWN, {"upsample": 2}, SAME], (5, 5),
        (1, 1), (-3, -3)),
    Row("3×3 with dilations 1, 2, 4", (4, 64, 64), [dilated(1), dilated(2), dilated(4)], (15, 15),
        (1, 1), (-7, -7)),
    Row("(1,7) (7,1) (3,5)", (4, 64, 64),
        [{"conv": [4, [1, 7]]}, {"conv": [4, [7, 1]]}, {"conv": [4, [3, 5]]}], (9, 11), (1, 1),
        (0, 0)),
    Row("a convolution and a global pool", (4, 64, 64), [SAME, "global_avg_pool"], None),
    # the formula r ← r + (E − 1)·j, j ← j·S, start ← start − P·j
    Row("the input", (4, 9), ["identity"], (1,), (1,), (0,)),
    Row("a 7×7/2 and a 3×3/2 pool", (4, 64, 64),
        [{"conv": [4, 7, 2, 3]}, {"max_pool": [3, 2, 1]}], (11, 11), (4, 4), (-5, -5)),
    Row("no stride 1 between", (4, 99), [DOWN] * 4, (31,), (16,), (-15,)),
    Row("stride over the kernel", (4, 99), [{"conv": [4, 1, 3]}, {"conv": [4, 2]}], (4,), (3,),
        (0,)),
    Row("padding in front alone", (4, 99), [{"conv": {"filters": 4, "kernel": 3,
                                                      "padding": [[2, 0]]}}], (3,), (1,), (-2,)),
    Row("a pad and a crop", (4, 20), [{"pad": [[[3, 1]]]}, {"crop": {"size": 20, "offset": 1}}],
        (1,), (1,), (-2,)),
    Row("slices and shuffles move no window", (4, 20), [SAME, {"slice": 2}, {"select": [1, 0]},
                                                        {"channel_shuffle": 2}], (3,), (1,), (-1,)),
    Row("pixel unshuffle and shuffle", (4, 20), [{"pixel_unshuffle": 2}, {"pixel_shuffle": 2}],
        (2,), (1,), (0,)),
    # fractions
    Row("nearest by 2", (4, 20), [{"upsample": 2}], (1,), ("1/2",), (0,)),
    Row("nearest by 3 after a stride of 2", (4, 21), [DOWN, {"upsample": 3}], (3,), ("2/3",),
        (-1,)),
    Row("a transposed convolution k2 s2", (4, 20), [{"conv_transpose": [4, 2, 2]}], (1,), ("1/2",),
        (0,)),
    Row("a transposed convolution k3 s2 p1", (4, 20), [{"conv_transpose": [4, 3, 2, 1]}], (2,),
        ("1/2",), (0,)),
    Row("bilinear by 2", (4, 20), [{"upsample": {"scale": 2, "mode": "linear"}}], (2,), ("1/2",),
        (-1,)),
    Row("adaptive from 7 to 3", (4, 7), [{"adaptive_avg_pool": 3}], (3,), ("7/3",), (0,)),
    Row("one axis of two", (4, 20, 20), [{"upsample": {"scale": [2, 1]}}], (1, 1), ("1/2", 1),
        (0, 0)),
    # layers that see everything
    Row("flatten", (4, 20), ["flatten"], None),
    Row("group norm", (4, 20), [{"group_norm": 2}], None),
    Row("instance norm", (4, 20), ["instance_norm"], None),
    Row("layer norm over the channels", (4, 20), [SAME, "layer_norm"], (3,), (1,), (-1,)),
    Row("squeeze and excitation", (4, 20), [{"squeeze_excitation": 2}], None),
    Row("self-attention", (4, 20), ["self_attention"], None),
    Row("adaptive to 1", (4, 20), [{"adaptive_avg_pool": 1}], None),
    Row("a convolution after a global pool", (4, 20), ["global_max_pool", {"conv": [4, 1]}], None),
    Row("a flat network", (4,), [{"linear": 3}], None),
    # unions
    Row("branches of 1×1, 3×3 and 5×5", (4, 20),
        [{"concat": [[{"conv": [2, 1]}], [{"conv": [2, 3, 1, 1]}], [{"conv": [2, 5, 1, 2]}]]}],
        (5,), (1,), (-2,)),
    Row("the identity beside two 3×3", (4, 20), [{"add": [[SAME, SAME], []]}], (5,), (1,), (-2,)),
    Row("branches that lie apart", (4, 20),
        [{"add": [[{"pad": [[[9, 0]]]}, {"crop": {"size": 20, "offset": 0}}], []]}], (10,), (1,),
        (-9,)),
    Row("a strided branch and its shortcut", (4, 20),
        [SAME, {"add": [[DOWN, SAME], [{"conv": [4, 1, 2]}]]}], (9,), (2,), (-4,)),
    Row("a branch that sees everything", (4, 20), [{"multiply": [["global_avg_pool"], []]}], None),
    Row("a broadcast channel", (4, 20), [{"multiply": [[{"conv": [1, 3, 1, 1]}], []]}], (3,), (1,),
        (-1,)),
    Row("a broadcast position", (4, 3), [{"add": [[{"conv": [4, 3]}], []]}], (3,), (None,), (0,)),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row.case for row in ROWS])
def test_field(row: Row) -> None:
    found = Report(chain(row.input, *row.layers)).layers[-1].receptive_field
    assert found == (None if row.size is None else (row.size, row.stride, row.start))


LAST_MAPS = [
    ("alexnet", 195, 32, -66),
    ("vgg16", 212, 32, -90),
    ("vgg19", 268, 32, -118),
    ("resnet18", 435, 32, -217),
    ("resnet101", 971, 32, -485),
    ("googlenet", 379, 32, -167),
    ("mobilenet_v2", 491, 32, -245),
    ("densenet121", 2071, 32, -1021),
]


@pytest.mark.parametrize(("name", "size", "stride", "start"), LAST_MAPS, ids=str)
def test_last_feature_map(name: str, size: int, stride: int, start: int) -> None:
    """A gradient's support in PyTorch gives the same."""
    found = cnncalc.analyze(name)
    # classifiers' own pools to a fixed size stand behind the last map
    index = next(
        i for i, row in enumerate(found.layers)
        if "global" in row.kind or "adaptive" in row.kind or row.kind == "flatten"
        if not row.name.startswith("auxiliary")
    )  # fmt: skip
    field = found.layers[index - 1].receptive_field
    assert field == ((size, size), (stride, stride), (start, start))


def test_axes_alike_are_worked_out_once() -> None:
    (_, field) = receptive_fields(chain((3, 9, 9), DOWN))
    assert field is not None
    assert field[0] is field[1]


def test_a_long_pattern_is_refused() -> None:
    layers = [{"conv_transpose": [1, 1, 60_000]}, *[{"conv": [1, 3]}] * 40]
    with pytest.raises(WindowLimitError, match="follow more than"):
        report(listed((1, 2), layers))
