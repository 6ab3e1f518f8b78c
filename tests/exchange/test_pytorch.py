"""PyTorch files: what is written for a network, and what PyTorch makes of it."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from support import graph, zoo_graph

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.converting import pytorch_of
from cnncalc.exchange.writing.python.code import Code, call, class_name, laid_out, quoted, variable
from cnncalc.graph import Graph
from cnncalc.language.load import load
from cnncalc.language.zoo import names
from cnncalc.numerics.run.executor import execute

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="PyTorch is not installed")


def written(net: str, found: Graph | None = None) -> str:
    """The PyTorch file of a shipped network, or of another graph."""
    return pytorch_of(load(net), zoo_graph(net) if found is None else found)


def imported(text: str) -> Any:
    """The last class of a file."""
    module = ModuleType("written")
    exec(compile(text, "written.py", "exec"), module.__dict__)
    last = [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)][-1]
    return getattr(module, last)


def state(model: Any) -> dict[str, Any]:
    """The arrays of a model, without the counters of its batch norms."""
    found = model.state_dict().items()
    return {key: array for key, array in found if not key.endswith("num_batches_tracked")}


LENGTHS = [
    # network, the most lines of PyTorch that it may take
    ("resnet50", 80), ("vgg16", 60), ("googlenet", 110), ("efficientnet_b7", 130), ("unet", 90),
    ("lenet5", 30),
]  # fmt: skip


@pytest.mark.parametrize(("net", "most"), LENGTHS)
def test_length(net: str, most: int) -> None:
    assert len(written(net).splitlines()) <= most


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
        model = imported(written(net))()
    assert sum(parameter.numel() for parameter in model.parameters()) == sum(
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
    import torch

    found = zoo_graph(net) if input is None else load(net).graph(input=input)
    model = imported(written(net, found))().eval()
    random = np.random.default_rng(0)
    arrays: list[dict[str, Any]] = []
    theirs = iter(state(model).items())
    for node in found.nodes:
        mine: dict[str, Any] = {}
        for key in (*node.facts.weights, *node.facts.buffers) if node.shares is None else ():
            name, array = next(theirs)
            spread = max(array[0].numel(), 1) ** -0.5 if array.dim() > 1 else 0.1
            values = random.standard_normal(array.shape, np.float32) * np.float32(spread)
            if name.endswith(("running_var", "norm.weight", "norm1.weight", "norm2.weight")):
                values = np.abs(values) + np.float32(0.8)
            array.copy_(torch.from_numpy(values))
            mine[key] = values
        arrays.append(mine)
    x = random.standard_normal((2, *found.input_shape), np.float32)
    with torch.no_grad():
        outputs = model(torch.from_numpy(x.copy()))
    given = [
        arrays[i if node.shares is None else node.shares] for i, node in enumerate(found.nodes)
    ]
    ours = execute(found, given, {0: x}.pop)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    for index, output in zip(found.outputs, outputs, strict=True):
        difference = np.abs(ours[index] - output.numpy()).max()
        assert difference <= 1e-4 * np.abs(ours[index]).max()


def test_a_kind_without_counterpart() -> None:
    text = "input: [4, 4, 4]\nlayers:\n  - {abs, name: odd}\n"
    found = graph(text)
    with pytest.raises(UsageError, match="odd: no PyTorch for this `abs`"):
        pytorch_of(load("lenet5"), found)


NAMES = [
    ("class", "class_"), ("x", "x_"), ("self", "self_"), ("3x3", "layer_3x3"), ("a b", "a_b"),
    ("", "layer"), ("naïve", "na_ve"), ("match", "match_"), ("a\nb", "a_b"), ("torch", "torch_"),
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
