"""ONNX models that are written: valid, and under onnxruntime what our kernels compute."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import ROOT, command, listed, network

from cnncalc import analyze
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.writing.onnx import writer
from cnncalc.exchange.writing.onnx.building import OPERATORS
from cnncalc.exchange.writing.onnx.writer import onnx_model
from cnncalc.graph import Graph
from cnncalc.language.zoo import names
from cnncalc.layers import KINDS
from cnncalc.numerics.run.executor import execute
from cnncalc.numerics.weights.generated import Generator

sys.path.insert(0, str(ROOT / "tests/layers"))
from layer_cases import CASES, Case

onnx = pytest.importorskip("onnx", reason="the onnx package is not installed")

UNSAYABLE = {
    "batch_norm": "by the statistics of the batch itself",
    "local_response_norm": "an even number of channels",
    "upsample": "aligned corners",
}


def drawn(graph: Graph) -> list[dict[str, Any]]:
    """Arrays of every node, from a seed."""
    generator = Generator(0, np.dtype(np.float32))
    return [
        {}
        if node.shares is not None
        else {
            name: generator.draw(node, name, shape)
            for name, shape in (*node.facts.weights.items(), *node.facts.buffers.items())
        }
        for node in graph.nodes
    ]


def largest_difference(graph: Graph, batch: int = 2) -> float:
    """Between onnxruntime and our kernels, relative to the largest value."""
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    runtime.set_default_logger_severity(3)
    arrays = drawn(graph)
    model = onnx_model(graph, arrays)
    onnx.checker.check_model(model, full_check=True)
    random = np.random.default_rng(0)
    inputs = {
        name: random.standard_normal((batch, *shape)).astype(np.float32)
        for name, shape in graph.input_shapes.items()
    }
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(model.SerializeToString(), options)
    theirs = session.run([graph.nodes[index].name for index in graph.outputs], inputs)
    given = dict(enumerate(inputs.values()))
    ours = execute(graph, arrays, given.pop, 1)
    apart = []
    for index, their in zip(graph.outputs, theirs, strict=True):
        assert (np.isnan(ours[index]) == np.isnan(their)).all()
        size = max(float(np.nanmax(np.abs(their))), 1e-30)
        apart.append(float(np.nanmax(np.abs(ours[index] - their))) / size)
    return max(apart)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_layers_under_onnxruntime(case: Case) -> None:
    graph = network(listed(case.input, case.layers)).graph()
    try:
        assert largest_difference(graph) < 1e-4
    except UsageError as error:
        assert UNSAYABLE[case.kind] in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "name", ["lenet5_1998", "squeezenet1_1", "shufflenet_v2_x0_5", "siamese_patches", "unet"]
)
def test_networks_under_onnxruntime(name: str) -> None:
    graph = analyze(name).graph
    sizes = {size for shape in graph.input_shapes.values() for size in shape[1:]}
    if max(sizes) > 300:
        graph = analyze(name, input=(graph.input_shape[0], 188, 188)).graph
    assert largest_difference(graph, 1) < 1e-4


# a last window that reaches beyond the input, and beyond its padding
CEILED = [
    {"max_pool": {"kernel": 3, "stride": 2, "ceil_mode": True}},
    {"max_pool": {"kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True}},
    {"avg_pool": {"kernel": 3, "stride": 2, "ceil_mode": True}},
    {"avg_pool": {"kernel": 4, "stride": 3, "padding": 1, "ceil_mode": True}},
    {"avg_pool": {"kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True,
                  "count_include_pad": False}},
]  # fmt: skip


@pytest.mark.parametrize("layer", CEILED, ids=str)
@pytest.mark.parametrize("size", [8, 9, 10, 12])
def test_ceil_mode_under_onnxruntime(layer: dict[str, Any], size: int) -> None:
    graph = network(listed((2, size, size + 1), [layer])).graph()
    assert largest_difference(graph) < 1e-5


def test_every_kind_is_known() -> None:
    several = {kind.several for kind in KINDS.values() if kind.several is not None}
    assert {*KINDS.values(), *several} == set(OPERATORS)


def test_names_source_and_opset() -> None:
    graph = analyze("lenet5").graph
    model = onnx_model(graph)
    assert [node.name for node in model.graph.node] == [node.name for node in graph.layers]
    assert model.graph.output[0].name == "scores"
    assert {entry.key: entry.value for entry in model.metadata_props}["source"] == graph.source
    assert model.opset_import[0].version == 20
    # without arrays the weights are inputs
    assert [value.name for value in model.graph.input][:3] == [
        "input",
        "conv1.weight",
        "conv1.bias",
    ]
    onnx.checker.check_model(model, full_check=True)


NAMES = ["segnet", "lraspp_mobilenet_v3_large", "convnext_tiny", "fusenet"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weights", [True, False], ids=["weights", "without weights"])
def test_what_is_written_is_read_back(name: str, weights: bool, tmp_path: Path) -> None:
    """Unpooling, resizing of named axes, weights that are brought into form, two inputs."""
    graph = analyze(name).graph
    arrays = None
    if weights:
        zero = np.zeros((), np.float32)
        arrays = [
            {key: np.broadcast_to(zero, shape) for key, shape in
             (*node.facts.weights.items(), *node.facts.buffers.items())}
            for node in graph.nodes
        ]  # fmt: skip
    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_model(graph, arrays).SerializeToString())
    ours, back = analyze(name).totals, analyze(path).totals
    assert (back.params, back.buffers, back.macs) == (ours.params, ours.buffers, ours.macs)


def test_shared_weights_are_one_initializer() -> None:
    layers = [{"conv": [4, 3, 1, 1], "name": "a"}, {"conv": [4, 3, 1, 1], "share": "a"}]
    graph = network(listed((4, 6, 6), layers)).graph()
    names = [value.name for value in onnx_model(graph, drawn(graph)).graph.initializer]
    assert names == ["a.weight", "a.bias"]
    assert largest_difference(graph) < 1e-5


def test_all_that_cannot_be_said_is_named() -> None:
    layers = ["relu", {"local_response_norm": 4}, {"batch_norm": {"track_stats": False}}]
    graph = network(listed((8, 6, 6), layers)).graph()
    with pytest.raises(UsageError) as caught:
        onnx_model(graph)
    assert "even number of channels (local_response_norm)" in str(caught.value)
    assert "statistics of the batch itself (batch_norm)" in str(caught.value)


def test_a_message_beyond_the_format_has_no_bytes() -> None:
    from google.protobuf.message import EncodeError

    class Model:
        def ByteSize(self) -> int:  # noqa: N802
            raise EncodeError("Failed to serialize proto")  # 2.4 GiB of RegNetY-128GF's weights

    assert writer.onnx_bytes(Model()) is None  # type: ignore[arg-type]


def test_weights_in_a_second_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What one file cannot hold, with a limit that a small network is beyond."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    monkeypatch.setattr(writer, "LARGEST", 1000)
    path = tmp_path / "net.onnx"
    shown = command(capsys, "convert", "lenet5", "-o", path, "--check")
    assert shown.status == 0
    assert f"wrote {path} and {path}.data" in shown.err
    files = sorted(tmp_path.iterdir())
    assert [one.name for one in files] == ["net.onnx", "net.onnx.data"]
    assert files[0].stat().st_mode == files[1].stat().st_mode
    assert command(capsys, "analyze", path).status == 0
    gone = command(capsys, "convert", "lenet5", "-o", tmp_path / "none" / "net.onnx")
    assert gone.status == 2
    assert "cannot write" in gone.err


def test_the_table_of_written_files() -> None:
    """onnxruntime ran the file of every shipped network; those that differ are named."""
    table = json.loads((ROOT / "tests/reference/onnx_files.json").read_text())
    rows = {one["network"]: one for one in table["networks"]}
    assert rows.keys() == set(names())
    # unpooling follows ties of maxima; several operators for an uneven adaptive pool and for
    # attention; squared distances
    known = {"fusenet", "googlenet", "nonlocal_resnet50", "lenet5_1998"}
    assert {net for net, one in rows.items() if one["differs"]} == known
    assert max(one["difference"] for net, one in rows.items() if net not in known) <= 1e-4
