"""PyTorch files: what is written for a network, and what PyTorch makes of it."""

from __future__ import annotations

import ast
import importlib.util
import json
import statistics
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from support import ROOT, listed, network, same_network, zoo_graph

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.blocks import own_outline
from cnncalc.exchange.converting import pytorch_of
from cnncalc.exchange.load import load as load_any
from cnncalc.exchange.writing.python.code import Code, call, class_name, laid_out, quoted, variable
from cnncalc.exchange.writing.python.outline_check import DiffersError, replayed
from cnncalc.exchange.writing.pytorch.running import last_class, pytorch_difference
from cnncalc.exchange.writing.pytorch.writer import pytorch
from cnncalc.graph import Graph
from cnncalc.language.load import load
from cnncalc.language.zoo import names
from cnncalc.numerics.weights.generated import generate

sys.path.insert(0, str(ROOT / "tests/layers"))
from layer_cases import CASES, Case

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="PyTorch is not installed")


def written(net: str, found: Graph | None = None) -> str:
    """The PyTorch file of a shipped network, or of another graph."""
    return pytorch_of(load(net), zoo_graph(net) if found is None else found)


def state(model: Any) -> dict[str, Any]:
    """The arrays of a model, without the counters of its batch norms."""
    found = model.state_dict().items()
    return {key: array for key, array in found if not key.endswith("num_batches_tracked")}


LENGTHS = [
    # network, the most lines of PyTorch that it may take
    ("resnet50", 80), ("vgg16", 60), ("googlenet", 110), ("efficientnet_b7", 120), ("unet", 80),
    ("lenet5", 30), ("mobilenet_v2", 80),
]  # fmt: skip


@pytest.mark.parametrize(("net", "most"), LENGTHS)
def test_length(net: str, most: int) -> None:
    assert len(written(net).splitlines()) <= most


def test_lengths() -> None:
    """Half of the shipped networks take fewer lines than this."""
    assert statistics.median(len(written(net).splitlines()) for net in names()) < 90


@pytest.mark.parametrize("net", ["resnet50", "unet", "googlenet", "segnet", "lenet5_1998"])
def test_a_file_is_a_script_that_imports_torch_alone(net: str) -> None:
    tree = ast.parse(written(net))
    roots = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert roots <= {"torch"}
    assert isinstance(tree.body[-1], ast.If)
    assert isinstance(tree.body[-2], ast.ClassDef)


@needs_torch
@pytest.mark.parametrize("net", names())
def test_arrays(net: str) -> None:
    """Every shipped network: the same parameters, and the same arrays in the same order."""
    import torch

    found = zoo_graph(net)
    with torch.device("meta"):
        model = last_class(written(net))()
    assert sum(one.numel() for one in model.parameters() if one.requires_grad) == sum(
        node.params for node in found.nodes
    )
    ours = [
        tuple(shape)
        for node in found.nodes
        if node.shares is None
        for shape in (*node.facts.weights.values(), *node.facts.buffers.values())
    ]
    assert [tuple(array.shape) for array in state(model).values()] == ours


OUTPUTS = [
    # network, input: the smallest that runs every kind of layer in it
    ("lenet5", None), ("lenet5_1998", None), ("dcgan_generator", None), ("resnet18", (3, 33, 33)),
    ("mobilenet_v2", (3, 32, 32)), ("shufflenet_v2_x0_5", (3, 32, 32)), ("unet", (1, 188, 188)),
    ("segnet", (3, 32, 64)), ("densenet121", (3, 33, 33)), ("xception", (3, 71, 71)),
    ("efficientnet_b0", (3, 32, 32)), ("mobilenet_v3_small", (3, 32, 32)),
    ("convnext_tiny", (3, 32, 32)), ("googlenet", (3, 64, 64)), ("resnet110_cifar", None),
    ("fcn8s_vgg16", (3, 64, 64)), ("r2plus1d_18", (3, 4, 16, 16)),
    ("nonlocal_resnet50", (3, 32, 32)),
    ("deeplabv3_mobilenet_v3_large", (3, 33, 33)), ("squeezenet1_1", (3, 32, 32)),
]  # fmt: skip


@needs_torch
@pytest.mark.parametrize(("net", "input"), OUTPUTS)
def test_outputs(net: str, input: tuple[int, ...] | None) -> None:
    """On the same weights and input, PyTorch's outputs are those of our NumPy pass."""
    found = zoo_graph(net) if input is None else load(net).graph(input=input)
    arrays = generate(found, np.dtype(np.float32))
    assert pytorch_difference(found, arrays, written(net, found), 0, batch=2) <= 1e-4


@needs_torch
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_layers(case: Case) -> None:
    """Every kind, with every option that PyTorch has a word for or not."""
    net = network(listed(case.input, case.layers))
    found = net.graph()
    arrays = generate(found, np.dtype(np.float32))
    assert pytorch_difference(found, arrays, pytorch_of(net, found), 0, batch=2) <= 1e-4


# layers, input: padding that PyTorch's modules have no word for
PADDED: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({"conv": {"filters": 3, "kernel": 4, "padding": "same_lower"}}, (2, 9, 8)),
    ({"conv": {"filters": 3, "kernel": 3, "stride": 2, "dilation": 2, "padding": "same"}}, (2, 9)),
    ({"depthwise_conv": {"kernel": 4, "stride": 3, "padding": "same_lower"}}, (2, 9, 8)),
    ({"max_pool": {"kernel": 3, "stride": 2, "padding": "same"}}, (2, 8, 9)),
    ({"max_pool": {"kernel": 2, "dilation": 2, "stride": 1, "padding": "same_lower"}}, (2, 8, 9)),
    ({"lp_pool": {"kernel": 3, "stride": 2, "p": 3, "padding": 1}}, (2, 8, 9)),
    ({"conv_transpose": {"filters": 3, "kernel": 3, "stride": 2, "padding": "same"}}, (2, 5, 4)),
    ({"conv_transpose": {"filters": 3, "kernel": 4, "stride": 3, "padding": "same_lower"}}, (2, 5)),
    ({"conv_transpose": {"filters": 3, "kernel": 2, "stride": 3, "padding": "same"}}, (2, 5, 4)),
    ({"conv_transpose": {"filters": 3, "kernel": 4, "padding": [[0, 2], [1, 1]]}}, (2, 5, 4)),
    ({"locally_connected": {"filters": 6, "kernel": [2, 3], "stride": 2, "dilation": [2, 1],
                            "groups": 2, "padding": [[1, 0], [2, 2]]}}, (4, 7, 8)),
    ({"locally_connected": {"filters": 3, "kernel": 3, "padding": "same", "bias": False}}, (2, 9)),
    ({"pad": {"padding": [[1, 2], [0, 3]], "mode": "reflect"}}, (2, 5, 6)),
    ({"pad": {"padding": 1, "mode": "circular"}}, (2, 5)),
]  # fmt: skip


@needs_torch
@pytest.mark.parametrize(("layer", "input"), PADDED, ids=str)
def test_padding(layer: dict[str, Any], input: tuple[int, ...]) -> None:
    net = network(listed(input, [layer]))
    found = net.graph()
    arrays = generate(found, np.dtype(np.float32))
    assert pytorch_difference(found, arrays, pytorch_of(net, found), 0, batch=2) <= 1e-4


@needs_torch
def test_what_is_written_is_held_against_the_network() -> None:
    found = zoo_graph("lenet5")
    arrays = generate(found, np.dtype(np.float32))
    wrong = written("lenet5").replace("nn.Tanh()", "nn.ReLU()", 1)
    assert pytorch_difference(found, arrays, wrong, 0) > 1e-2
    short = written("lenet5").replace("5)", "5, bias=False)", 1)
    with pytest.raises(UsageError, match="the arrays of what was written"):
        pytorch_difference(found, arrays, short, 0)


def test_layers_whose_uses_have_no_common_form() -> None:
    """Where a class would need what a constructor cannot know, each layer has a line."""
    uses = "  - b\n  - max_pool: 2\n  - b\n  - max_pool: 2\n  - b\n"
    block = "blocks:\n  b:\n    - conv: [4, 3, 1, 1]\n    - layer_norm: all\n    - relu\n"
    net = network(f"input: [4, 8, 8]\n{block}layers:\n{uses}")
    text = pytorch_of(net, net.graph())
    assert [f"LayerNorm((4, {n}, {n}))" in text for n in (8, 4, 2)] == [True] * 3


OWN = {
    "entering": """
        blocks:
          b(f):
            - conv: [2 * channels, 3, 1, 1]
            - conv: [entering, 1]
            - {conv: [f, 1], if: entering != f}
        layers: [b: 4, b: 6, b: 6]
        """,
    "functions": """
        parameters: {width: 0.75}
        blocks:
          b(c, k=3, f=make_divisible(c * width, 4)):
            - conv: [f, k, 1, k // 2]
            - conv: {filters: "max(f, 8) + min(k, 2)", kernel: [k, 1]}
              repeat: ceil(c / 8)
        layers: [b: 8, b: [20, 1], b: {c: 9, f: 5}]
        """,
    "dense": """
        blocks:
          dense(n, growth=2):
            - layers: [concat: [[], [conv: [growth, 3, 1, 1], relu]]]
              repeat: n
          both(n):
            - dense: n
            - conv: [channels // 2, 1]
        layers: [both: 2, both: 4, dense: [3, 5]]
        """,
    "given layers": """
        blocks:
          join(skip, f):
            - concat: [[{conv: [f, 1], from: skip}], [conv: [f, 1]]]
          twice(one, other):
            - join: [one, 4]
            - join: [other, 5]
        layers:
          - {conv: [3, 1], name: first}
          - {conv: [6, 1], name: second}
          - twice: [first, second]
          - twice: [second, first]
        """,
    "the input": """
        blocks:
          head(f):
            - conv: [f, 3, 2]
            - upsample: {like: input, mode: bilinear}
        layers: [head: 3, head: 4, add: [[], [conv: [4, 1]]]]
        """,
    "names inside": """
        blocks:
          b(f):
            - {conv: [f, 3, 1, 1], name: wide}
            - {relu, name: x}
            - add: [wide, [conv: [f, 1], relu]]
        layers: [b: 4, b: 5]
        """,
    "outputs": """
        blocks:
          b(f): [conv: [f, 1], relu]
        layers:
          - {b: 4, output: true}
          - {conv: [5, 1], name: middle, output: true}
          - b: 3
          - {b: 6, from: middle, output: true}
        """,
    "optional": """
        blocks:
          r(f, s=1, skip=s == 1 and channels == f):
            - add: [[conv: [f, 3, s, 1], {drop_path: 0.1, if: skip}], {layers: [], if: skip}]
            - {batch_norm, if: not skip}
            - concat: [[], {layers: [conv: [2, 1]], if: skip}]
            - conv: [f, 1]
        layers: [r: 4, r: [4, 2], {r: 4, repeat: 3}, r: 8]
        """,
}


@needs_torch
@pytest.mark.parametrize("case", sorted(OWN))
def test_a_files_own_blocks(case: str) -> None:
    """What only files say: their words in code, and the same outputs."""
    net = network("input: [3, 9, 8]\n" + dedent(OWN[case]))
    found = net.graph()
    outline = replayed(own_outline(net, found))
    assert outline.blocks
    text = pytorch(outline)
    assert pytorch_difference(found, generate(found, np.dtype(np.float32)), text, 0) <= 1e-5


def test_an_outline_that_says_another_graph() -> None:
    net = load("resnet18")
    outline = own_outline(net, zoo_graph("resnet18"))
    assert replayed(outline).blocks
    with pytest.raises(DiffersError):
        replayed(outline._replace(items=outline.items[:-1]))
    with pytest.raises(DiffersError):
        replayed(outline._replace(graph=zoo_graph("resnet34")))
    changed = outline.items[0]._replace(options=(("filters", 63),))
    with pytest.raises(DiffersError):
        replayed(outline._replace(items=(changed, *outline.items[1:])))


def test_a_long_file_without_blocks() -> None:
    """What recurs in it becomes classes all the same."""
    unit = [{"conv": [8, 3, 1, 1]}, "batch_norm", "relu"]
    net = network(listed((8, 9, 9), unit * 20))
    assert len(pytorch_of(net, net.graph()).splitlines()) < 30


BACK = [
    # layers, input: what is written out in code, and is one layer of ours
    (["local_response_norm"], (7, 5, 6)),
    ([{"local_response_norm": {"size": 3, "alpha": 0.1, "beta": 0.5, "k": 2}}], (4, 9)),
    ([{"add": [["relu", {"drop_path": 0.2}], []]}], (4, 5, 6)),
    ([{"select": [2, 0]}], (4, 5, 6)),
    ([{"slice": [1, 4, 2]}], (4, 5, 6)),
    ([{"layer_norm": {"over": "channels"}}], (4, 5, 6)),
]  # fmt: skip


@needs_torch
@pytest.mark.parametrize(("layers", "input"), BACK, ids=str)
def test_read_back(layers: list[Any], input: tuple[int, ...], tmp_path: Path) -> None:
    net = network(listed(input, [{"conv": [input[0], 1]}, *layers]))
    path = tmp_path / "net.py"
    path.write_text(pytorch_of(net, net.graph()))
    assert same_network(load_any(f"{path}:Net").graph(input=input), net.graph())


def test_the_table_of_written_code() -> None:
    """PyTorch ran the code of every shipped network, and found nothing that differs."""
    table = json.loads((ROOT / "tests/reference/written_code.json").read_text())
    rows = {one["network"]: one for one in table["networks"]}
    assert rows.keys() == set(names())
    assert not any(one["differs"] for one in rows.values())
    assert max(one["difference"] for one in rows.values()) <= 1e-4
    assert not any(table["tools"].values())
    # squared distances, attention in its parts, where a shared branch's flatten stands, and a
    # separable convolution; every other one was read back and is the same
    unread = {"lenet5_1998", "nonlocal_resnet50", "siamese_patches", "xception"}
    assert {net for net, one in rows.items() if one["back"] != "same"} == unread


NAMES = [
    ("class", "class_"), ("x", "x_"), ("i", "i_"), ("self", "self_"), ("3x3", "layer_3x3"),
    ("a b", "a_b"), ("", "layer"), ("naïve", "na_ve"), ("match", "match_"), ("a\nb", "a_b"),
    ("torch", "torch_"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_variable(name: str, expected: str) -> None:
    assert variable(name) == expected


CLASSES = [
    ("ResNet-50", "ResNet50"), ("Inception-v3", "InceptionV3"), ("x" * 3, "Xxx"), ("", "Network"),
    ("3D net", "Network3DNet"), ("None", "None2"), ('"); import os', "ImportOs"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), CLASSES)
def test_a_class(name: str, expected: str) -> None:
    assert class_name(name) == expected


@pytest.mark.parametrize("text", ['a"b', "a\\", "a\nb", "é", '"""', "\u202e"])
def test_a_text_is_quoted(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text


@pytest.mark.parametrize("name", ['"""\nimport os\n"""', "a\\", "é\u202e", "class", "\n"])
def test_a_hostile_name(name: str) -> None:
    found = zoo_graph("unet")._replace(name=name, source=name)
    tree = ast.parse(written("unet", found))
    assert not any(alias.name == "os" for node in ast.walk(tree) if isinstance(node, ast.Import)
                   for alias in node.names)  # fmt: skip


HOSTILE = [
    "train", "forward", "x", "y", "self", "None", "__init__", "__class__", "lambda", "import os",
    "a'b\"\\ c", "\uff21", "\u0430", "training", "torch", "1", "channels", "print", "i", "nn",
    '"""', "layers", "branch", "skip", "conv", "input_", "return x", "#", "\\", "\u202e", "super",
]  # fmt: skip


@needs_torch
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_layer(name: str) -> None:
    """Its name as that of layers, of a layer that others refer to, and of the network."""
    double = [{"conv": ["n", 1]}, {"relu": None, "name": name}, {"conv": ["n", 1]}]
    layers = [
        {"conv": [4, 3], "name": name},
        {"double": 4},
        {"add": [[{"conv": [4, 1]}], name]},
        {"double": 4, "from": name},
    ]
    blocks = {"double(n)": double}
    net = network(json.dumps({"name": name, "source": name, "input": [3, 6, 6], "blocks": blocks,
                              "layers": layers}))  # fmt: skip
    found = net.graph()
    text = pytorch_of(net, found)
    roots = {node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    assert roots == {"torch"}
    assert pytorch_difference(found, generate(found, np.dtype(np.float32)), text, 0) <= 1e-5


@pytest.mark.parametrize("name", ["x", "self_", "nn", "torch", "i", "print", "range", "Tensor"])
def test_a_hostile_parameter(name: str) -> None:
    """Names that the written code uses itself, as those of a block's parameters."""
    block = [{"conv": [name, 3, 1, 1]}, {"conv": [f"{name} + 1", 1], "repeat": name}]
    blocks = {f"unit({name}, classes)": [*block, {"conv": ["classes", 1]}]}
    layers = [{"unit": [4, 2]}, {"unit": [5, 3]}]
    net = network(json.dumps({"input": [3, 6, 6], "blocks": blocks, "layers": layers}))
    text = pytorch_of(net, net.graph())
    (unit,) = [one for one in ast.parse(text).body if getattr(one, "name", "") == "Unit"]
    (init,) = [one for one in ast.walk(unit) if isinstance(one, ast.FunctionDef)]
    given = [argument.arg for argument in init.args.args]
    assert given == ["self", "channels", variable(name), "classes"]
    if HAS_TORCH:
        found = net.graph()
        assert pytorch_difference(found, generate(found, np.dtype(np.float32)), text, 0) <= 1e-5


def test_layout() -> None:
    short = call("nn.Conv2d", "3", "64", "7", bias="False")
    assert laid_out(short, 4) == ["    nn.Conv2d(3, 64, 7, bias=False)"]
    parts = [short] * 3
    assert laid_out(Code("f(", tuple(parts), ")"), 0) == [
        "f(",
        "    nn.Conv2d(3, 64, 7, bias=False),",
        "    nn.Conv2d(3, 64, 7, bias=False),",
        "    nn.Conv2d(3, 64, 7, bias=False),",
        ")",
    ]


def test_writing_imports_no_torch() -> None:
    code = (
        "import sys; from cnncalc.exchange.converting import pytorch_of;"
        "from cnncalc.language.load import load; net = load('lenet5');"
        "pytorch_of(net, net.graph()); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
