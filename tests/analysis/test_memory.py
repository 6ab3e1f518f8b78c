"""Activation memory: who owns it, and the peak against a simulation step by step."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import chain, report

import cnncalc
from cnncalc.analysis.memory import activations
from cnncalc.analysis.report import Report, Settings
from cnncalc.graph import Graph, Node, input_node
from cnncalc.layers import KINDS, Facts

KIND = KINDS["identity"]((), 0)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Layers that own, pass on or overwrite, with one to three earlier ones as inputs."""
    nodes = [input_node((draw(st.integers(1, 9)),))]
    for index in range(1, draw(st.integers(2, 14))):
        count = draw(st.integers(1, 3))
        earlier = st.integers(max(0, index - 5), index - 1)
        inputs = tuple(draw(earlier) for _ in range(count))
        what = draw(st.sampled_from(["own", "own", "view", "elementwise"]))
        size = draw(st.integers(1, 9))
        if what != "own":
            size = nodes[inputs[0]].facts.output[0]
        facts = Facts(
            (size,),
            windows=(None,) * count,
            view=what == "view",
            elementwise=what == "elementwise",
        )
        wanted = draw(st.sampled_from([False, False, False, True]))
        nodes.append(Node(f"n{index}", KIND, inputs, facts, is_output=wanted))
    return Graph("any", None, tuple(nodes), {})


def simulated(graph: Graph, inplace: bool) -> tuple[int, int, list[int]]:
    """Peak, the first step that reaches it, and what each layer allocates, one by one."""
    memory: dict[int, set[int]] = {}
    sizes: dict[int, int] = {}
    home: list[int] = []
    allocated = []
    for index, node in enumerate(graph.nodes):
        reuses = node.facts.view or (inplace and node.facts.elementwise)
        place = home[node.inputs[0]] if reuses and node.inputs else index
        if place == index:
            sizes[place] = node.facts.values
        allocated.append(node.facts.values if place == index else 0)
        home.append(place)
        memory.setdefault(place, set()).add(index)
    peak, where = 0, 0
    end = len(graph.nodes)
    for step in range(end):
        alive = 0
        for place, tenants in memory.items():
            needed = {
                user
                for tenant in tenants
                for user, node in enumerate(graph.nodes)
                if tenant in node.inputs or user == tenant
            }
            if tenants & set(graph.outputs):
                needed.add(end)
            if place <= step <= max(needed):
                alive += sizes[place]
        if alive > peak:
            peak, where = alive, step
    return peak, where, allocated


@given(graphs(), st.booleans())
def test_peak_is_that_of_the_simulation(graph: Graph, inplace: bool) -> None:
    found = activations(graph, inplace)
    assert (found.peak, found.peak_node, found.owned) == simulated(graph, inplace)


PEAKS: list[tuple[str, list[Any], int, str]] = [
    ("input and output of the one layer", [{"conv": [4, 1]}], 200 + 400, "conv"),
    ("the input is freed", [{"conv": [4, 1]}, {"conv": [4, 1]}], 400 + 400, "conv2"),
    ("a view owns nothing", ["flatten", "dropout"], 200, "input"),
    ("a shortcut stays", [{"add": [[{"conv": [2, 1]}, {"conv": [2, 1]}], []]}], 600, "conv2"),
    ("an output stays", [{"conv": [4, 1], "output": True}, {"max_pool": 2}, {"conv": [4, 1]}],
     600, "conv1"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "layers", "peak", "where"), PEAKS, ids=[row[0] for row in PEAKS])
def test_peak(case: str, layers: list[Any], peak: int, where: str) -> None:
    found = Report(chain((2, 10, 10), *layers))
    assert found.totals.peak_activation_bytes == 4 * peak
    assert found.peak_layer == where


def test_views_own_no_bytes() -> None:
    found = Report(chain((2, 4, 4), "identity", "dropout", "flatten", {"reshape": [4, 8]}, "relu"))
    assert [row.activation_bytes for row in found.layers] == [0, 0, 0, 0, 128]
    assert found.totals.activations == 32


@pytest.mark.parametrize("kind", ["relu", "relu6", "silu", "sigmoid", "prelu", "gelu", "tanh"])
def test_activations_in_place(kind: str) -> None:
    layers = [{"conv": [4, 1]}, kind, {"max_pool": 2}]
    plain = Report(chain((2, 4, 4), *layers))
    inplace = Report(chain((2, 4, 4), *layers), Settings(inplace=True))
    assert [row.activation_bytes for row in plain.layers] == [256, 256, 64]
    assert [row.activation_bytes for row in inplace.layers] == [256, 0, 64]
    assert inplace.totals.peak_activation_bytes == 4 * (32 + 64)
    assert plain.totals.peak_activation_bytes == 4 * (64 + 64)


def test_softmax_is_not_in_place() -> None:
    found = Report(chain((4,), {"linear": 3}, "softmax"), Settings(inplace=True))
    assert [row.activation_bytes for row in found.layers] == [12, 12]


@pytest.mark.parametrize(
    ("dtype", "width"),
    [("float32", 4), ("float16", 2), ("bfloat16", 2), ("float64", 8), ("int8", 1)],
)
@pytest.mark.parametrize("batch", [1, 3, 128])
def test_batch_and_type_scale(dtype: str, width: int, batch: int) -> None:
    one = cnncalc.analyze("lenet5")
    found = cnncalc.analyze("lenet5", batch=batch, dtype=dtype)
    assert found.totals.params == one.totals.params
    assert found.totals.param_bytes == one.totals.params * width
    assert found.totals.buffers == one.totals.buffers
    for name in ("macs", "flops", "activations"):
        assert getattr(found.totals, name) == batch * getattr(one.totals, name)
    for name in ("activation_bytes", "peak_activation_bytes"):
        assert getattr(found.totals, name) * 4 == batch * width * getattr(one.totals, name)
    for row, single in zip(found.layers, one.layers, strict=True):
        assert (row.macs, row.flops) == (batch * single.macs, batch * single.flops)
        assert row.activation_bytes * 4 == batch * width * single.activation_bytes
        assert row.operations == type(row.operations)(*(batch * n for n in single.operations))
        assert row.output_shape == single.output_shape


def test_totals_are_sums() -> None:
    found = cnncalc.analyze("googlenet", batch=2)
    totals, rows = found.totals, found.layers
    assert totals.layers == len(rows)
    assert totals.params == sum(row.params for row in rows) == 13_004_888
    assert totals.macs == sum(row.macs for row in rows)
    assert totals.flops == sum(row.flops for row in rows)
    assert totals.activation_bytes == sum(row.activation_bytes for row in rows)
    assert totals.activations * 4 == totals.activation_bytes
    assert totals.weights + totals.biases == totals.params
    assert totals.flops == 2 * totals.macs + sum(totals.operations[1:])
    for index in range(len(totals.operations)):
        assert totals.operations[index] == sum(row.operations[index] for row in rows)


def test_shared_buffers_count_once() -> None:
    found = report("""\
        input: [4, 8]
        layers: [{batch_norm: , name: a}, {batch_norm: , share: a}]
        """)
    assert (found.totals.params, found.totals.buffers) == (8, 8)
    assert found.layers[1].buffers == {}


TOTALS = [
    ("alexnet", {}, 61_100_840, 714_188_480),
    ("resnet50", {}, 25_557_032, 4_089_184_256),
    ("mobilenet_v2", {}, 3_504_872, 300_774_272),
    ("densenet121", {}, 7_978_856, 2_834_161_664),
    ("googlenet", {"auxiliary": 0}, 6_624_904, 1_498_376_192),
    ("dcgan_generator", {}, 3_576_704, 104_628_224),
    ("dcgan_discriminator", {}, 2_765_568, 103_817_216),
    ("lenet5", {}, 61_706, 416_520),
    ("alexnet_original", {}, 60_965_224, 724_406_816),
    ("unet", {}, 31_030_658, 150_428_424_448),
]


@pytest.mark.parametrize(("name", "changes", "params", "macs"), TOTALS, ids=[t[0] for t in TOTALS])
def test_networks(name: str, changes: dict[str, int], params: int, macs: int) -> None:
    found = cnncalc.analyze(name, parameters=changes)
    assert (found.totals.params, found.totals.macs) == (params, macs)
