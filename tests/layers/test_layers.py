"""Every kind's facts, against PyTorch's and against the formulas that its description states."""

from __future__ import annotations

import json
from math import ceil, prod
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import chain, layer, listed, report

from cnncalc.layers import KINDS, LayerError, Operations
from cnncalc.layers.sliding import Sliding

from .layer_cases import CASES, Case

FILE = Path(__file__).parents[1] / "reference" / "layers.json"
REFERENCE: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
IDS = [case.name for case in CASES]

NOT_COUNTED = {"rbf"}
"""Kinds whose products torch's counter does not see, because they are no matrix products there."""

COMPUTED = {name for name, kind in KINDS.items() if not kind.is_stated}
"""Kinds whose facts follow from their options."""

OTHER_NAME = {"pointwise.bias": "bias"}


def test_every_kind_has_a_row() -> None:
    assert {case.kind for case in CASES} == COMPUTED


def test_the_reference_is_of_these_rows() -> None:
    taken = {name: row["torch"] for name, row in REFERENCE["layers"].items()}
    assert taken == {case.name: case.torch for case in CASES}
    assert len(taken) == len(CASES)
    assert REFERENCE["versions"]["torch"].startswith("2.")


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_shapes_weights_and_macs(case: Case) -> None:
    taken = REFERENCE["layers"][case.name]
    found = layer(case.input, *case.layers)
    assert list(found.output_shape) == taken["output"]
    weights = {OTHER_NAME.get(name, name): shape for name, shape in taken["weights"].items()}
    assert {name: list(shape) for name, shape in found.weights.items()} == weights
    assert list(found.weights) == list(weights)
    assert {name: list(shape) for name, shape in found.buffers.items()} == taken["buffers"]
    assert found.params == sum(map(prod, weights.values()))
    if case.kind not in NOT_COUNTED:
        assert found.macs == taken["macs"]


# -- FLOPs: each term as the kind's description counts it --------------------------------------

C, H, W = MAP = (4, 6, 8)
N = C * H * W

TERMS: list[tuple[Any, Operations]] = [
    ({"conv": [5, 3, 1, 1]}, Operations(macs=5 * H * W * C * 9, bias=5 * H * W)),
    ({"conv": {"filters": 5, "kernel": 3, "bias": False}}, Operations(macs=5 * 4 * 6 * C * 9)),
    ({"depthwise_conv": 3}, Operations(macs=C * 4 * 6 * 9, bias=C * 4 * 6)),
    ({"separable_conv": [5, 3]}, Operations(macs=24 * (C * 9 + 5 * C), bias=5 * 24)),
    ({"locally_connected": [5, 3]}, Operations(macs=5 * 24 * C * 9, bias=5 * 24)),
    ({"conv_transpose": [5, 2, 2]}, Operations(macs=H * W * C * 5 * 4, bias=5 * 4 * H * W)),
    ({"max_pool": 2}, Operations(pooling=3 * N // 4)),
    ({"avg_pool": 2}, Operations(pooling=N)),
    ({"lp_pool": 2}, Operations(pooling=2 * N)),
    ("global_avg_pool", Operations(pooling=N)),
    ("global_max_pool", Operations(pooling=N)),
    ("global_lp_pool", Operations(pooling=2 * N)),
    ({"adaptive_avg_pool": 2}, Operations(pooling=N)),
    ({"adaptive_max_pool": {"size": [4, 4]}}, Operations(pooling=C * 8 * 8)),
    ({"linear": {"features": 5, "each_position": True}},
     Operations(macs=H * W * C * 5, bias=H * W * 5)),
    ("scale", Operations(elementwise=N)),
    ({"scale": {"bias": True}}, Operations(elementwise=N, bias=N)),
    ("batch_norm", Operations(normalization=2 * N)),
    ("layer_norm", Operations(normalization=7 * N + 2 * H * W)),
    ({"layer_norm": {"over": "all", "affine": False}}, Operations(normalization=5 * N + 2)),
    ({"group_norm": 2}, Operations(normalization=7 * N + 2 * 2)),
    ("instance_norm", Operations(normalization=5 * N + 2 * C)),
    ({"local_response_norm": 5}, Operations(normalization=9 * N)),
    ("relu", Operations(activation=N)),
    ("relu6", Operations(activation=2 * N)),
    ("leaky_relu", Operations(activation=2 * N)),
    ("prelu", Operations(activation=2 * N)),
    ("elu", Operations(activation=4 * N)),
    ("selu", Operations(activation=5 * N)),
    ("celu", Operations(activation=7 * N)),
    ("gelu", Operations(activation=5 * N)),
    ({"gelu": "tanh"}, Operations(activation=9 * N)),
    ("silu", Operations(activation=4 * N)),
    ("mish", Operations(activation=5 * N)),
    ("sigmoid", Operations(activation=4 * N)),
    ("tanh", Operations(activation=N)),
    ("hard_sigmoid", Operations(activation=4 * N)),
    ("hard_swish", Operations(activation=5 * N)),
    ("hard_tanh", Operations(activation=2 * N)),
    ("softplus", Operations(activation=3 * N)),
    ("softsign", Operations(activation=3 * N)),
    ({"threshold": 0.5}, Operations(activation=N)),
    ("softmax", Operations(activation=(5 * C - 2) * H * W)),
    ("log_softmax", Operations(activation=(5 * C - 1) * H * W)),
    ("dropout", Operations()),
    ("drop_path", Operations()),
    ("identity", Operations()),
    ({"add": [[], [], []]}, Operations(elementwise=2 * N)),
    ({"multiply": [[], ["global_avg_pool"]]}, Operations(elementwise=N)),
    ({"concat": [[], []]}, Operations()),
    ({"subtract": [[], []]}, Operations(elementwise=N)),
    ({"divide": [[], ["global_avg_pool"]]}, Operations(elementwise=N)),
    ({"maximum": [[], [], []]}, Operations(elementwise=2 * N)),
    ({"minimum": [[], []]}, Operations(elementwise=N)),
    ({"offset": {"axes": [1, 2]}}, Operations(bias=N)),
    ({"rescale": {"factor": 2}}, Operations(elementwise=N)),
    ({"rescale": {"factor": 2, "offset": 1}}, Operations(elementwise=2 * N)),
    ({"power": 2}, Operations(activation=N)),
    ("exp", Operations(activation=N)),
    ("log", Operations(activation=N)),
    ("abs", Operations(activation=N)),
    ({"clip": {"low": 0}}, Operations(activation=N)),
    ({"clip": {"low": 0, "high": 1}}, Operations(activation=2 * N)),
    ({"reduce": "max"}, Operations(pooling=N)),
    ({"matmul": {"inputs": [[], []], "transpose_other": True}}, Operations(macs=C * H * H * W)),
    ({"permute": [1, 0, 2]}, Operations()),
    ("flatten", Operations()),
    ({"reshape": [8, -1]}, Operations()),
    ({"pad": 1}, Operations()),
    ({"crop": {"size": 4}}, Operations()),
    ({"slice": 1}, Operations()),
    ({"select": [0, 1]}, Operations()),
    ({"channel_shuffle": 2}, Operations()),
    ({"upsample": 2}, Operations()),
    ({"upsample": {"scale": 2, "mode": "bilinear"}}, Operations(elementwise=7 * 4 * N)),
    ({"pixel_shuffle": 2}, Operations()),
    ({"pixel_unshuffle": 2}, Operations()),
    ({"squeeze_excitation": 2},
     Operations(macs=16, bias=6, activation=2 + 16, pooling=N, elementwise=N)),
    ({"self_attention": 2},
     Operations(macs=H * W * 4 * C * C + 2 * (H * W) ** 2 * C, bias=H * W * 4 * C,
                activation=2 * (5 * (H * W) ** 2 - 2 * H * W), elementwise=H * W * C)),
]  # fmt: skip


@pytest.mark.parametrize(("row", "terms"), TERMS, ids=[str(row) for row, _ in TERMS])
def test_terms(row: Any, terms: Operations) -> None:
    found = layer(MAP, row)
    assert found.operations == terms
    others = terms.bias + terms.normalization + terms.activation + terms.pooling + terms.elementwise
    assert found.flops == 2 * terms.macs + others


def test_every_kind_has_its_terms() -> None:
    without = {"linear", "max_unpool", "rbf"}  # flat, after a pool, and in a file of its own
    kinds = {row if isinstance(row, str) else next(iter(row)) for row, _ in TERMS}
    assert kinds | without == COMPUTED


def test_terms_of_flat_layers() -> None:
    assert layer((30,), {"linear": 10}).operations == Operations(macs=300, bias=10)
    pooled = layer((4, 6), {"max_pool": 2, "name": "p"}, {"max_unpool": "p"})
    assert pooled.operations == Operations()


# -- TensorFlow's `same` -----------------------------------------------------------------------


class Same(NamedTuple):
    """Size, kernel, stride, dilation; and TensorFlow's output, padding before and after."""

    size: int
    kernel: int
    stride: int
    dilation: int
    output: int
    before: int
    after: int


SAME = [
    Same(224, 3, 2, 1, 112, 0, 1),
    Same(224, 7, 2, 1, 112, 2, 3),
    Same(299, 3, 2, 1, 150, 1, 1),
    Same(5, 2, 1, 1, 5, 0, 1),
    Same(7, 3, 3, 1, 3, 1, 1),
    Same(6, 3, 3, 1, 2, 0, 0),
    Same(10, 1, 4, 1, 3, 0, 0),
    Same(10, 3, 1, 4, 10, 4, 4),
    Same(11, 4, 2, 3, 6, 4, 5),
]


@pytest.mark.parametrize("row", SAME, ids=str)
@pytest.mark.parametrize("kind", ["conv", "max_pool"])
def test_same(kind: str, row: Same) -> None:
    """Output `ceil(W / S)`, padding `max((out − 1)·S + E − W, 0)`; the odd unit behind."""
    options = {"kernel": row.kernel, "stride": row.stride, "dilation": row.dilation}
    options |= {"filters": 2} if kind == "conv" else {}
    for word, before in (("same", row.before), ("same_lower", row.after)):
        found = layer((3, row.size), {kind: {**options, "padding": word}})
        assert found.output_shape[1] == row.output == ceil(row.size / row.stride)
        assert found.receptive_field is not None
        assert found.receptive_field.start == (-before,)
    extent = row.dilation * (row.kernel - 1) + 1
    total = max((row.output - 1) * row.stride + extent - row.size, 0)
    assert (row.before, row.after) == (total // 2, total - total // 2)


@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 5), st.integers(1, 3))
def test_transposed_same_multiplies_the_size(
    size: int, kernel: int, stride: int, dilation: int
) -> None:
    options = {"filters": 2, "kernel": kernel, "stride": stride, "dilation": dilation}
    found = layer((3, size), {"conv_transpose": {**options, "padding": "same"}})
    assert found.output_shape == (2, size * stride)


# -- shapes that do not fit --------------------------------------------------------------------

REFUSED: list[tuple[tuple[int, ...], Any, str, str | None]] = [
    ((3, 8, 8), {"conv": {"filters": 4, "kernel": [3, 3, 3]}}, "bad-value", "kernel"),
    ((3, 8, 8), {"conv": {"filters": 4, "kernel": 9}}, "kernel-larger-than-input", "kernel"),
    ((3, 8, 8), {"conv": {"filters": 4, "kernel": 3, "dilation": 4}}, "kernel-larger-than-input",
     "kernel"),
    ((3, 8, 8), {"conv": {"filters": 4, "kernel": 3, "groups": 3}}, "groups-do-not-divide",
     "groups"),
    ((3,), {"conv": [4, 3]}, "shape-mismatch", None),
    ((3,), {"max_pool": 2}, "shape-mismatch", None),
    ((3,), "global_avg_pool", "shape-mismatch", None),
    ((3,), {"upsample": 2}, "shape-mismatch", None),
    ((3, 8), {"max_pool": {"kernel": 2, "padding": 2}}, "padding-exceeds-kernel", "padding"),
    ((3, 8), {"max_pool": {"kernel": 3, "dilation": 2, "padding": 2}}, "padding-exceeds-kernel",
     "padding"),
    ((3, 8), {"conv_transpose": {"filters": 2, "kernel": 1, "padding": 4}},
     "kernel-larger-than-input", "padding"),
    ((3, 8), {"upsample": {"scale": 2, "mode": "bilinear"}}, "bad-value", "mode"),
    ((3, 8), {"upsample": {"scale": 2, "size": 4}}, "bad-value", "scale"),
    ((3, 8), "upsample", "missing-option", None),
    ((6, 8), {"pixel_shuffle": 4}, "groups-do-not-divide", "factor"),
    ((6, 9), {"pixel_unshuffle": 2}, "shape-mismatch", "factor"),
    ((6, 9), {"channel_shuffle": 4}, "groups-do-not-divide", "groups"),
    ((6, 9), {"group_norm": 4}, "groups-do-not-divide", "groups"),
    ((6, 9), {"self_attention": 4}, "groups-do-not-divide", "heads"),
    ((6, 9), {"slice": [6]}, "bad-value", "start"),
    ((6, 9), {"slice": [2, 2]}, "bad-value", "stop"),
    ((6, 9), {"reshape": [-1, -1]}, "bad-value", "shape"),
    ((6, 9), {"reshape": [4, -1]}, "shape-mismatch", "shape"),
    ((6, 9), {"crop": {"size": 8, "offset": 2}}, "shape-mismatch", "offset"),
]  # fmt: skip


@pytest.mark.parametrize(("input", "row", "rule", "option"), REFUSED, ids=[str(r) for r in REFUSED])
def test_refused(input: tuple[int, ...], row: Any, rule: str, option: str | None) -> None:
    from support import network

    form = network(listed(input, [row])).layers[0]
    assert form.kind is not None
    with pytest.raises(LayerError) as refused:
        form.kind(form.values, len(input) - 1).facts((input,))
    assert (refused.value.rule, refused.value.option) == (rule, option)


def test_a_kind_is_immutable() -> None:
    kind = chain((3,), "relu").layers[0].kind
    with pytest.raises(AttributeError):
        kind.slope = 1


# -- properties --------------------------------------------------------------------------------


@given(
    channels=st.integers(1, 4), filters=st.integers(1, 4), groups=st.integers(1, 3),
    kernel=st.integers(1, 4), stride=st.integers(1, 4), padding=st.integers(0, 3),
    sizes=st.lists(st.integers(4, 12), min_size=1, max_size=3),
)  # fmt: skip
def test_convolution_formulas(
    channels: int, filters: int, groups: int, kernel: int, stride: int, padding: int,
    sizes: list[int],
) -> None:  # fmt: skip
    inside, outside = channels * groups, filters * groups
    options = {"filters": outside, "kernel": kernel, "stride": stride, "padding": padding}
    found = layer((inside, *sizes), {"conv": {**options, "groups": groups}})
    output = [(size + 2 * padding - kernel) // stride + 1 for size in sizes]
    assert found.output_shape == (outside, *output)
    weights = outside * channels * kernel ** len(sizes)
    assert found.params == weights + outside
    assert found.macs == prod(output) * weights


def test_shared_weights_count_once() -> None:
    """A convolution used four times: its parameters once, its multiply-accumulates four times."""
    first: dict[str, Any] = {"conv": [8, 3, 1, 1], "name": "head"}
    again = {"conv": [8, 3, 1, 1], "share": "head"}
    found = report(listed((8, 10, 10), [first, again, again, again]))
    once = report(listed((8, 10, 10), [first]))
    assert found.totals.params == once.totals.params == 8 * 8 * 9 + 8
    assert found.totals.macs == 4 * once.totals.macs
    assert [row.params for row in found.layers] == [584, 0, 0, 0]
    assert [row.shares for row in found.layers] == [None, "head", "head", "head"]
    assert found.layers[1].weights == {}


# -- the short form ----------------------------------------------------------------------------

ESSENTIALS: list[tuple[Any, str]] = [
    ({"conv": [8, 3]}, "3×3"),
    ({"conv": [8, 3, 2, 1]}, "3×3/2 p1"),
    ({"conv": {"filters": 8, "kernel": [1, 5], "padding": [0, 2]}}, "1×5 p0×2"),
    ({"conv": {"filters": 8, "kernel": 3, "dilation": 2, "groups": 4}}, "3×3 d2 g4"),
    ({"conv": {"filters": 8, "kernel": 3, "padding": "same"}}, "3×3 p same"),
    ({"conv": {"filters": 8, "kernel": 3, "padding": [[0, 1], [0, 1]]}}, "3×3 p0+1"),
    ({"max_pool": [3, 2]}, "3×3/2"),
    ({"slice": [0, 2]}, "0:2"),
    ({"upsample": {"scale": 2, "mode": "bilinear"}}, "×2 bilinear"),
    ("relu", ""),
]


@pytest.mark.parametrize(("row", "text"), ESSENTIALS, ids=[str(row) for row, _ in ESSENTIALS])
def test_essentials(row: Any, text: str) -> None:
    assert layer((4, 8, 8), row).short_options == text


# -- roles and slides: what a layer says of its arrays and of its kernel ---------------------------

ROLES: dict[str, set[str]] = {
    "weight": {
        "conv", "depthwise_conv", "separable_conv", "locally_connected", "conv_transpose", "linear",
        "rbf", "squeeze_excitation", "self_attention",
    },
    "bias": {
        "conv", "depthwise_conv", "separable_conv", "locally_connected", "conv_transpose", "linear",
        "squeeze_excitation", "self_attention",
    },
    "scale": {"scale", "batch_norm", "layer_norm", "group_norm", "instance_norm"},
    "offset": {"scale", "offset", "batch_norm", "layer_norm", "group_norm", "instance_norm"},
    "slope": {"prelu"},
    "mean": {"batch_norm"},
    "variance": {"batch_norm"},
}  # fmt: skip


def test_roles() -> None:
    found: dict[str, set[str]] = {role: set() for role in ROLES}
    for case in CASES:
        facts = layer(case.input, *case.layers).node.facts
        for name in (*facts.weights, *facts.buffers):
            found[facts.roles[name]].add(case.kind)
    assert found == ROLES


def test_biases_are_what_is_added() -> None:
    for case in CASES:
        facts = layer(case.input, *case.layers).node.facts
        added = [n for n in facts.weights if n.endswith("bias")]
        assert facts.biases == sum(prod(facts.weights[name]) for name in added)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_slides_agree_with_the_windows(case: Case) -> None:
    node = layer(case.input, *case.layers).node
    assert bool(node.facts.slides) == isinstance(node.kind, Sliding)
    if node.facts.slides:
        assert tuple(slide.output for slide in node.facts.slides) == node.facts.output[1:]
        assert (tuple(slide.window for slide in node.facts.slides),) == node.facts.windows
