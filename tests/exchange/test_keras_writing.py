"""Keras files that are written: plain code that runs, and computes what our kernels compute."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from support import ROOT, network
from support import graph as graph_of

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.converting import keras_of
from cnncalc.exchange.load import load as read
from cnncalc.exchange.writing.keras.running import build, keras_difference, load_arrays
from cnncalc.exchange.writing.keras.weights import keras_arrays
from cnncalc.graph import Graph
from cnncalc.language.load import load
from cnncalc.language.network import Network
from cnncalc.language.zoo import names
from cnncalc.numerics.weights.generated import generate

# Keras' own, of a NumPy that is newer than it knows
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")

needs_keras = pytest.mark.skipif(
    find_spec("keras") is None or find_spec("torch") is None,
    reason="Keras or a backend is not installed",
)


@pytest.fixture(autouse=True)
def _backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "KERAS_BACKEND", "torch")


def written(text: str) -> tuple[Graph, str]:
    found = network(text)
    graph = found.graph()
    return graph, keras_of(found, graph)


def apart(graph: Graph, text: str) -> float:
    return keras_difference(graph, generate(graph, np.dtype(np.float32)), text, 0, 2)


SHIPPED = [
    # network, lines at most
    ("lenet5", 30), ("resnet18", 60), ("mobilenet_v2", 80), ("shufflenet_v2_x0_5", 95),
    ("googlenet", 90), ("densenet121", 55), ("convnext_tiny", 65), ("efficientnet_b0", 115),
    ("siamese_patches", 45), ("resnet110_cifar", 70), ("dcgan_generator", 40),
    ("mobilenet_v3_small", 170),
]  # fmt: skip


@pytest.mark.parametrize(("net", "most"), SHIPPED)
def test_a_shipped_network_is_code(net: str, most: int) -> None:
    found = load(net)
    text = keras_of(found, found.graph())
    tree = ast.parse(text)
    imports = {
        alias.name.partition(".")[0] if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imports == {"keras"}
    assert len(text.splitlines()) <= most
    last = [node for node in tree.body if isinstance(node, ast.FunctionDef)][-1]
    assert len(last.args.defaults) == len(last.args.args)


@needs_keras
@pytest.mark.parametrize("net", ["lenet5", "mobilenet_v2", "shufflenet_v2_x0_5", "convnext_tiny"])
def test_a_shipped_network_computes_the_same(net: str) -> None:
    found = load(net)
    graph = found.graph()
    assert apart(graph, keras_of(found, graph)) < 1e-4


LAYERS = [
    # layers on [4, 10, 12], what the code holds
    ("conv: [6, 3, 1, 1]", 'padding="same"'),
    ("conv: [6, 3, 2, 1]", "ZeroPadding2D(1)"),
    ("conv: {filters: 6, kernel: [3, 1], stride: [2, 1], padding: [1, 0]}",
     "ZeroPadding2D((1, 0))"),
    ("conv: {filters: 6, kernel: 3, padding: [[1, 0], [0, 2]], bias: false}",
     "ZeroPadding2D(((1, 0), (0, 2)))"),
    ("conv: {filters: 6, kernel: 3, stride: 2, padding: same}", 'padding="same"'),
    ("conv: {filters: 6, kernel: 3, stride: 2, padding: same_lower}", "ZeroPadding2D"),
    ("conv: {filters: 6, kernel: 3, dilation: 2, groups: 2}", "dilation_rate=2"),
    ("depthwise_conv: {kernel: 3, multiplier: 2, padding: 1}", "depth_multiplier=2"),
    ("separable_conv: {filters: 6, kernel: 3, multiplier: 2, padding: same}", "SeparableConv2D"),
    ("conv_transpose: {filters: 6, kernel: 4, stride: 2, padding: 1}", 'padding="same"'),
    ("conv_transpose: {filters: 6, kernel: 5, stride: 2}", "Conv2DTranspose"),
    ("conv_transpose: {filters: 6, kernel: 5, stride: 2, padding: 1}", "Cropping2D(1)"),
    ("max_pool: {kernel: 3, stride: 2, padding: 1}", "ops.pad("),
    ("max_pool: {kernel: 3, stride: 2, ceil_mode: true}", "ops.pad("),
    ("max_pool: {kernel: 3, stride: 2, padding: same}", 'padding="same"'),
    ("avg_pool: {kernel: 3, stride: 1, padding: 1}", "ZeroPadding2D(1)"),
    ("avg_pool: {kernel: 3, stride: 1, padding: same, count_include_pad: false}", '"same"'),
    ("adaptive_avg_pool: 3, adaptive_max_pool: 2", "AdaptiveAveragePooling2D(3"),
    ("global_max_pool", "keepdims=True"),
    ("global_avg_pool, flatten, linear: 3, log_softmax", "GlobalAveragePooling2D(name="),
    ("batch_norm: {eps: 0.1, affine: false}, layer_norm, group_norm: 2", "GroupNormalization(2"),
    ("relu, relu6, {leaky_relu: 0.3}, elu, selu, celu, gelu, silu, mish, sigmoid, tanh", "mish"),
    ("hard_sigmoid, hard_swish, hard_tanh, softplus, softsign, exp, identity", "hard_silu"),
    ("{threshold: {at: 0.5, value: 0}}, prelu, {prelu: channels}, {rescale: [2, 1]}", "PReLU("),
    ("softmax, softmax: {axis: 1}", "axis=1"),
    ("squeeze_excitation: 2, {drop_path: 0.1}, dropout, scale", "noise_shape=(None, 1, 1, 1)"),
    ("self_attention: {heads: 2}, self_attention: {heads: 2, width: 6, bias: false}", "use_bias"),
    ("channel_shuffle: 2, slice: [1, 3], slice: {start: 2, stop: 8, axis: 1}", "[..., 1:3]"),
    ("upsample: 2, {upsample: {scale: 2, mode: bilinear}}, crop: {size: [7, 9]}", "Cropping2D"),
    ("upsample: {size: [17, 19], mode: bilinear}", "Resizing(17, 19"),
    ("pad: [[[1, 2], [0, 3]]], pad: {padding: 1, value: 3, channels: [1, 2]}", "constant_values=3"),
    ("permute: [2, 0, 1]", "Permute("),
    ("flatten", "Permute((3, 1, 2))"),
    ("flatten, relu, dropout, linear: 5, {reshape: [5, 1, 1]}", "Flatten("),
    ("reshape: [-1], add: [[linear: 6], [linear: 6]]", "Add("),
    ("linear: {features: 5, each_position: true}", "layers.Dense("),
    ("{subtract: [[], [conv: [4, 1]]]}, {multiply: [[], [global_avg_pool]]}", "Subtract("),
    ("{concat: {inputs: [[], []], axis: 1}}, {maximum: [[], [relu]]}", "axis=1"),
]  # fmt: skip


@needs_keras
@pytest.mark.parametrize(("layers", "holds"), LAYERS)
def test_layers_compute_the_same(layers: str, holds: str) -> None:
    graph, text = written(f"{{input: [4, 10, 12], layers: [{layers}]}}")
    assert holds in text
    assert apart(graph, text) < 1e-5


@needs_keras
@pytest.mark.parametrize(
    "layers", ["conv: [6, 3, 2, 1], max_pool: [3, 2], flatten, linear: 3", "conv: [6, 5, 1, 2]"]
)
@pytest.mark.parametrize("input", [(3, 20), (2, 8, 9, 10)])
def test_other_ranks(input: tuple[int, ...], layers: str) -> None:
    graph, text = written(f"{{input: {list(input)}, layers: [{layers}]}}")
    assert apart(graph, text) < 1e-5


UNSAYABLE = [
    # layers on [4, 10, 12], what the message says
    ("local_response_norm", "local_response_norm: no Keras for this `local_response_norm`"),
    ("{max_pool: 2, name: p}, max_unpool: p", "no Keras for this `max_unpool`"),
    ("flatten, rbf: 3", "no Keras for this `rbf`"),
    ("max_pool: {kernel: 2, dilation: 2}", "its pools have no dilation"),
    ("conv: {filters: 6, kernel: 3, stride: 2, dilation: 2}", "both a stride and a dilation"),
    ("conv_transpose: {filters: 6, kernel: 3, groups: 2}", "have no groups"),
    ("avg_pool: {kernel: 3, padding: 1, count_include_pad: false}", "leaves out the padding"),
    ("upsample: {scale: 2, mode: bilinear, align_corners: true}", "corners are not aligned"),
    ("batch_norm: {track_stats: false}", "always stores its statistics"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "message"), UNSAYABLE)
def test_what_keras_cannot_say_is_told(layers: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        written(f"{{input: [4, 10, 12], layers: [{layers}]}}")
    assert message in str(caught.value)


HOSTILE = """
name: "class\\nimport os; os.system('x')  \\"\\"\\""
input: [4, 24, 24]
parameters: {lambda_: 3, keras: 2}
blocks:
  print(x, name=2, i=1):
    - {conv: {filters: x + name + i, kernel: 3}, name: layers, repeat: 2}
    - relu
layers:
  - {print: lambda_, name: ops}
  - {print: keras, repeat: 2, name: def}
  - relu
"""


@needs_keras
def test_names_of_a_hostile_file() -> None:
    graph, text = written(HOSTILE)
    assert apart(graph, text) < 1e-5
    assert "os.system" not in [line for line in text.splitlines() if "import" in line][-1]


@needs_keras
def test_the_names_are_those_of_the_layers() -> None:
    found = load("resnet18")
    assert isinstance(found, Network)
    model = build(keras_of(found, found.graph())).model
    names = [layer.name for layer in model.layers]
    assert len(set(names)) == len(names)
    assert "linear" in names
    assert any(name.endswith("-conv_bn2-conv") for name in names)


@needs_keras
def test_other_arrays_are_refused() -> None:
    _, text = written("{input: [4, 8, 8], layers: [conv: [6, 3], flatten, linear: 3]}")
    other = graph_of("{input: [4, 8, 8], layers: [conv: [7, 3], flatten, linear: 3]}")
    with pytest.raises(UsageError, match="not the network's"):
        load_arrays(build(text), other, generate(other, np.dtype(np.float32)))


def test_rows_in_keras_order() -> None:
    """A map `[2, 1, 3]` is flattened position after position there."""
    graph = graph_of("{input: [2, 1, 3], layers: [flatten, linear: {features: 1, bias: false}]}")
    weight = np.arange(6, dtype=np.float32).reshape(1, 6)
    (found,) = keras_arrays(graph, [{}, {}, {"weight": weight}])
    assert found.ravel().tolist() == [0, 3, 1, 4, 2, 5]


@pytest.mark.skipif(shutil.which("ruff") is None, reason="ruff is not installed")
@pytest.mark.parametrize(
    "net", ["resnet50", "googlenet", "shufflenet_v2_x0_5", "convnext_tiny", "unet"]
)
def test_ruff_changes_nothing(net: str) -> None:
    found = load(net)
    text = keras_of(found, found.graph())
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            ["ruff", *command, "--isolated", "--stdin-filename", "net.py", "-"],
            input=text, text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


ROUND = [
    # layers on [4, 10, 12], the kinds that are read back
    ("conv: [6, 3, 2, 1], max_pool: {kernel: 3, stride: 2, padding: 1}", "conv max_pool"),
    ("avg_pool: {kernel: 3, stride: 1, padding: 1}, {pad: [[[1, 2], [0, 3]]]}", "avg_pool pad"),
    ("pad: {padding: 0, channels: [1, 2]}, slice: [1, 5], slice: {start: 2, axis: 1}",
     "pad slice slice"),
    ("scale, {drop_path: 0.1}, dropout, channel_shuffle: 2",
     "scale drop_path dropout channel_shuffle"),
    ("global_avg_pool, flatten, linear: 3", "global_avg_pool flatten linear"),
    ("max_pool: 2, flatten, dropout, linear: 3", "max_pool flatten dropout linear"),
]  # fmt: skip


@needs_keras
@pytest.mark.parametrize(("layers", "kinds"), ROUND)
def test_what_is_written_is_read_back(layers: str, kinds: str, tmp_path: Path) -> None:
    graph, text = written(f"{{input: [4, 10, 12], layers: [{layers}]}}")
    path = tmp_path / "net.json"
    path.write_text(build(text).model.to_json())
    back = read(str(path)).graph()
    assert [node.kind.name for node in back.layers] == kinds.split()
    assert [node.facts.output for node in back.layers] == [
        node.facts.output for node in graph.layers
    ]
    assert [dict(node.facts.weights) for node in back.layers] == [
        dict(node.facts.weights) for node in graph.layers
    ]


def test_the_table_of_written_code() -> None:
    """Keras ran the code of every shipped network that it can say, and nothing differs.

    One is not read back: the reader has no attention.
    """
    table = json.loads((ROOT / "tests/reference/keras_code.json").read_text())
    rows = {one["network"]: one for one in table["networks"]}
    assert rows.keys() == set(names())
    assert {net for net, one in rows.items() if one["differs"]} == {"nonlocal_resnet50"}
    assert sum("refused" in one for one in rows.values()) == 9
    assert max(one.get("difference", 0) for one in rows.values()) <= 1e-4
    assert not any(table["tools"].values())
