"""PyTorch networks: figures as PyTorch's own, outputs equal, refusals that say what and where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from support import same_network  # noqa: E402
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from cnncalc.analysis.completeness import require_layers  # noqa: E402
from cnncalc.diagnostics import SpecError, UsageError  # noqa: E402
from cnncalc.exchange.checking import check_import  # noqa: E402
from cnncalc.exchange.converting import architecture_of  # noqa: E402
from cnncalc.exchange.imported import Imported  # noqa: E402
from cnncalc.exchange.load import load  # noqa: E402
from cnncalc.exchange.torch.reader import read_module  # noqa: E402
from cnncalc.language.network import Network  # noqa: E402
from cnncalc.language.text.source import Source  # noqa: E402

from .further_networks import NETWORKS, REFUSED  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _plain() -> Iterator[None]:
    """One kernel an operator, whose operations PyTorch counts."""
    torch.backends.mha.set_fastpath_enabled(False)
    torch.manual_seed(0)
    yield
    torch.backends.mha.set_fastpath_enabled(True)


def imported(make: Any) -> tuple[Imported, Any]:
    module = make().eval()
    for part in module.modules():
        if getattr(part, "running_var", None) is not None:
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
    return Imported(
        "net", "PyTorch", "net", lambda input: read_module("net", module, input)
    ), module


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name: str) -> None:
    make, shape = NETWORKS[name]
    network, module = imported(make)
    layers = network.graph(None, shape).layers
    assert sum(layer.params for layer in layers) == sum(p.numel() for p in module.parameters())
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter, sdpa_kernel(SDPBackend.MATH):
        module(torch.zeros(1, *shape))
    assert sum(layer.facts.operations.macs for layer in layers) == counter.get_total_flops() // 2
    text = architecture_of(network, network.graph(None, shape), shape)
    written = Network(Source("net.yaml", text, None)).graph()
    assert same_network(network.graph(None, shape), written)
    assert check_import(network, shape, graph=written).largest < 1e-5


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_layer_states_its_shapes(name: str) -> None:
    make, shape, reason = REFUSED[name]
    network, module = imported(make)
    reading = network.reading(shape)
    graph = reading.graph
    stated = [reading.graph.nodes[index] for index, _ in reading.opaque]
    told = [f"{node.kind.option_value('name')} {why}" for node, (_, why) in
            zip(stated, reading.opaque, strict=True)]  # fmt: skip
    assert any(reason in text for text in told), told
    unused = sum(values for _, values in reading.unused)
    assert sum(node.params for node in graph.nodes) + unused == sum(
        p.numel() for p in module.parameters()
    )
    with torch.no_grad():
        found = module(torch.zeros(reading.batch, *shape))
    results = found if isinstance(found, (list, tuple)) else [found]
    assert [result.shape for result in reading.results] == [tuple(one.shape) for one in results]
    text = architecture_of(network, graph, shape)
    assert same_network(graph, Network(Source("net.yaml", text, None)).graph())
    with pytest.raises(UsageError, match=r"(has|have) no layer"):
        require_layers(graph)


LAYERS = {
    "GhostNet": ["cheap", "concat", "slice"],
    "shuffle_net": ["channel_shuffle"],
    "PixelByHand": ["pixel_unshuffle", "pixel_shuffle", "subtract"],
    "Mixer": ["permute", "gelu", "global_avg_pool"],
    "SegNet": ["max_unpool"],
    "ConvNeXtV2": ["layer_norm", "scale", "offset"],
}


@pytest.mark.parametrize("name", LAYERS)
def test_what_views_become(name: str) -> None:
    """A tensor that is only written otherwise is no layer; one that is moved is the usual one."""
    make, shape = NETWORKS[name]
    network, _ = imported(make)
    layers = network.graph(None, shape).layers
    kinds = {layer.kind.name for layer in layers} | {
        part for layer in layers for part in layer.name.split(".")
    }
    moved = [layer for layer in layers if layer.kind.name in ("permute", "reshape")]
    assert set(LAYERS[name]) <= kinds
    assert bool(moved) == (name == "Mixer")


SOURCE = """
import torch

class Net(torch.nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())
        self.head = torch.nn.Linear(4, classes)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))

class Two(torch.nn.Module):
    def forward(self, image, depth):
        return image + depth

def make():
    return Net(5)

ready = Net()
number = 3
def broken():
    raise RuntimeError("no such luck")
"""


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "nets.py"
    path.write_text(SOURCE)
    return str(path)


@pytest.mark.parametrize(("name", "features"), [("Net", 3), ("make", 5), ("ready", 3)])
def test_modules_classes_and_functions(source: str, name: str, features: int) -> None:
    network = load(f"{source}:{name}")
    assert isinstance(network, Imported)
    graph = network.graph(None, (3, 8, 8))
    assert [node.name for node in graph.layers] == [
        "body.0", "body.1", "global_avg_pool", "flatten", "head",
    ]  # fmt: skip
    assert graph.layers[-1].facts.output == (features,)
    origin = network.origins((3, 8, 8))[1]
    assert (origin.path, origin.types) == (("body", "0"), ("Sequential", "Conv2d"))


def test_several_inputs(source: str) -> None:
    network = load(f"{source}:Two")
    graph = network.graph(None, {"image": (3, 4, 4), "depth": (1, 4, 4)})  # type: ignore[arg-type]
    assert graph.input_shapes == {"image": (3, 4, 4), "depth": (1, 4, 4)}


WRONG = [
    ("nets.py:nut", (3, 8, 8), "has no `nut`"),
    ("nets.py:number", (3, 8, 8), "is a int"),
    ("nets.py:broken", (3, 8, 8), "no such luck"),
    ("nets.py:Net", None, "does not say what its input is"),
    ("nets.py:Net", (4, 8, 8), "takes 3 channels, and 4 arrive"),
    ("nets.py:Two", (3, 8, 8), "takes 2 inputs: image, depth"),
    ("none.py:Net", (3, 8, 8), "no such file"),
    ("nets.pt", None, "no such file"),
    ("no_such_package:net", None, "cannot import no_such_package"),
]


@pytest.mark.parametrize(("net", "shape", "message"), WRONG, ids=[f"{n} {s}" for n, s, _ in WRONG])
def test_wrong(source: str, net: str, shape: Any, message: str) -> None:
    where = str(Path(source).parent / net) if ".p" in net else net
    with pytest.raises((UsageError, SpecError)) as caught:
        load(where).graph(None, shape)
    assert message in str(caught.value)


def test_saved_programs(source: str, tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(16, 2)
    )
    torch.export.save(torch.export.export(module.eval(), (torch.zeros(1, 3, 4, 4),)), path)
    network = load(str(path))
    assert isinstance(network, Imported)
    assert [layer.kind.name for layer in network.graph().layers] == ["conv", "flatten", "linear"]
    assert check_import(network).passed
    with pytest.raises(UsageError, match="takes no other"):
        network.graph(None, (3, 8, 8))


def test_reports_say_where_from(source: str, run: Any) -> None:
    outcome = run("analyze", f"{source}:Net", "--input", "3x8x8", "--format", "json")
    found = json.loads(outcome.out)
    assert found["layers"][0]["name"] == "body.0"
    assert found["totals"]["params"] == 127
    outcome = run("analyze", f"{source}:Net", "--input", "3x8x8", "--set", "classes=3")
    assert outcome.status == 2
    assert "has no parameter `classes`" in outcome.err
