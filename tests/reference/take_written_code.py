"""Write written_code.json: the PyTorch code of every shipped network, run by PyTorch.

    python tests/reference/take_written_code.py [--back] [NAME ...]

A line a network: how long its code is, and what differs between it and the graph that it was
written from. At the network's own input, on the meta device: the number of parameters, the state
dict's shapes in our order, the output shape of every layer by forward hooks. At the smallest
input that it takes: the outputs on the same weights, and with `--back`, which takes longest and
is run after it, whether the code is read back as the same graph. The files together: `ruff
format`, `ruff check` and `mypy`, which change and say nothing. With names, those networks alone
are taken anew.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from support import same_network  # noqa: E402

from cnncalc.diagnostics import SpecError, UsageError  # noqa: E402
from cnncalc.exchange.converting import pytorch_of  # noqa: E402
from cnncalc.exchange.load import load  # noqa: E402
from cnncalc.exchange.writing.pytorch.helpers import HELPERS  # noqa: E402
from cnncalc.exchange.writing.pytorch.running import (  # noqa: E402
    COUNTER,
    last_class,
    pytorch_difference,
)
from cnncalc.graph import Graph, Node  # noqa: E402
from cnncalc.language.zoo import names  # noqa: E402
from cnncalc.layers import KINDS  # noqa: E402
from cnncalc.layers.attention import SqueezeExcitation  # noqa: E402
from cnncalc.layers.base import Kind  # noqa: E402
from cnncalc.layers.conv import Conv, DepthwiseConv, SeparableConv  # noqa: E402
from cnncalc.layers.pool import MaxUnpool  # noqa: E402
from cnncalc.layers.reshape import Crop, Slice  # noqa: E402
from cnncalc.layers.upsample import Upsample  # noqa: E402
from cnncalc.numerics.weights.generated import declared_arrays, generate  # noqa: E402

PATH = HERE / "written_code.json"

SIZES = (32, 48, 64, 75, 96, 128, 188, 224, 299)
"""Inputs that are tried, the smallest first."""


def smallest(net: Any, own: Graph) -> Graph:
    """The graph for the smallest input that the network takes."""
    if len(own.inputs) > 1:
        return own
    channels, *axes = own.input_shape
    for size in SIZES:
        sizes = (size,) * len(axes) if len(axes) < 3 else (axes[0], size, size)
        if size >= max(axes[-2:]):
            break
        try:
            return net.graph(input=(channels, *sizes))
        except (SpecError, UsageError):
            continue
    return own


def leaves(model: Any) -> Iterator[Any]:
    """Modules that are a layer each: PyTorch's own, and those that a file brings along."""
    for child in model.children():
        name = type(child).__name__
        helper = any(name.startswith(one) for one in HELPERS)
        if helper or not any(True for _ in child.children()):
            if not isinstance(child, torch.nn.Sequential) or helper:
                yield child
        else:
            yield from leaves(child)


def output_shapes(model: Any, found: Graph) -> list[tuple[int, ...]]:
    """The output shapes of all modules in the order of their calls."""
    shapes: list[tuple[int, ...]] = []

    def note(module: Any, inputs: Any, output: Any) -> None:
        first = output[0] if isinstance(output, tuple) else output
        shapes.append(tuple(first.shape[1:]))

    hooks = [module.register_forward_hook(note) for module in leaves(model)]
    inputs = [torch.empty(2, *shape, device="meta") for shape in found.input_shapes.values()]
    with torch.no_grad():
        model.eval()(*inputs)
    for hook in hooks:
        hook.remove()
    return shapes


def unlike_shapes(model: Any, found: Graph) -> str | None:
    """The first layer whose output shape no module gives in its turn."""
    shapes = iter(output_shapes(model, found))
    for node in found.layers:
        # merges, and what takes a size from another layer, are functions in `forward`
        if not (node.kind.branches or node.reads) and node.facts.output not in shapes:
            return node.name
    return None


def held(found: Graph, text: str) -> Iterator[str]:
    """What differs between the code and its graph, without numbers."""
    with torch.device("meta"):
        model = last_class(text)()
    own = sum(node.params for node in found.nodes)
    theirs = sum(one.numel() for one in model.parameters() if one.requires_grad)
    if own != theirs:
        yield f"{theirs} parameters, not {own}"
    arrays = [
        tuple(value.shape) for key, value in model.state_dict().items() if not key.endswith(COUNTER)
    ]
    ours = [shape for node in found.nodes if node.shares is None
            for shape in declared_arrays(node).values()]  # fmt: skip
    if arrays != ours:
        yield "other arrays"
    unlike = unlike_shapes(model, found)
    if unlike is not None:
        yield f"output shape of {unlike}"


def row(name: str) -> dict[str, Any]:
    """What is told of one network, without reading it back."""
    net = load(name)
    own = net.graph()
    text = pytorch_of(net, own)
    differs = list(held(own, text))
    found = smallest(net, own)
    arrays = generate(found, np.dtype(np.float32))
    largest = pytorch_difference(found, arrays, pytorch_of(net, found), 0, batch=2)
    if not largest <= 1e-4:
        # deep networks may amplify rounding without bound; on smaller weights it stays small
        arrays = [
            {k: v * np.float32(0.8 if v.ndim > 1 else 1) for k, v in each.items()}
            for each in arrays
        ]
        largest = pytorch_difference(found, arrays, pytorch_of(net, found), 0, batch=2)
    if not largest <= 1e-4:
        differs.append("outputs")
    return {
        "network": name,
        "lines": len(text.splitlines()),
        "inputs": [list(shape) for shape in found.input_shapes.values()],
        "difference": float(f"{largest:.1e}"),
        "differs": differs,
    }


def read_back(name: str, folder: Path) -> str:
    """Whether the code is read back as the graph that it was written from."""
    net = load(name)
    found = smallest(net, net.graph())
    written = pytorch_of(net, found)
    path = folder / f"small_{name}.py"
    path.write_text(written)
    shapes = found.input_shapes
    given = next(iter(shapes.values())) if len(shapes) == 1 else shapes
    try:
        back = load(f"{path}:{last_class(written).__name__}").graph(input=given)
    except (SpecError, UsageError) as error:
        return f"{error}"[:200]
    return "same" if same_network(numbered(back), numbered(found)) else "another graph"


class Parts:
    """Builds a graph anew, of other layers."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def add(self, node: Node, kind: Kind, *inputs: int) -> int:
        """A layer in place of one, or of a part of it; its index."""
        facts = kind.facts(tuple([self.nodes[index].facts.output for index in inputs]))
        self.nodes.append(Node(node.name, kind, inputs, facts))
        return len(self.nodes) - 1

    def crop(self, node: Node, x: int) -> int:
        """A crop as ranges of axes."""
        before, after = self.nodes[x].facts.output[1:], node.facts.output[1:]
        middle = [(a - b) // 2 for a, b in zip(before, after, strict=True)]
        for axis, start in enumerate(node.kind.offset or middle):  # type: ignore[attr-defined]
            if before[axis] != after[axis]:
                x = self.add(node, Slice((start, start + after[axis], 1, axis + 1), 2), x)
        return x

    def conv(self, node: Node, x: int, **options: Any) -> int:
        """A convolution with some options."""
        values = [options.get(key, option.default) for key, option in Conv.options.items()]
        return self.add(node, Conv(tuple(values), len(node.facts.output) - 1), x)

    def convolutions(self, node: Node, x: int) -> int:
        """A depthwise convolution, and what may follow it, with groups."""
        kind: Any = node.kind
        channels = self.nodes[x].facts.output[0]
        window = {key: getattr(kind, key) for key in ("kernel", "stride", "padding", "dilation")}
        separable = isinstance(kind, SeparableConv)
        window["bias"] = kind.bias and not separable
        x = self.conv(node, x, filters=channels * kind.multiplier, groups=channels, **window)
        if separable:
            x = self.conv(node, x, filters=kind.filters, kernel=1, bias=kind.bias)
        return x

    def excitation(self, node: Node, x: int) -> int:
        """Squeeze-and-excitation as its layers."""
        kind: Any = node.kind
        rank, channels = len(node.facts.output) - 1, node.facts.output[0]
        y = self.add(node, KINDS["global_avg_pool"]((), rank), x)
        for filters, after in ((kind.squeeze, kind.activation), (channels, kind.gate)):
            y = self.conv(node, y, filters=filters, kernel=1)
            y = self.add(node, KINDS[after]((), rank), y)
        return self.add(node, KINDS["multiply"]((None,), rank), x, y)


def numbered(found: Graph) -> Graph:
    """The graph as a traced program can tell it.

    Sizes taken from other layers are numbers, crops ranges of axes, depthwise convolutions those
    with as many groups as channels, squeeze-and-excitations the layers that they are made of.
    """
    made, places = Parts(), list[int]()
    for node in found.nodes:
        inputs = tuple([places[index] for index in node.inputs])
        reads = tuple([places[index] for index in node.reads])
        kind: Any = node.kind
        if isinstance(kind, Crop):
            places.append(made.crop(node, *inputs))
            continue
        if isinstance(kind, SqueezeExcitation):
            places.append(made.excitation(node, *inputs))
            continue
        if isinstance(kind, (DepthwiseConv, SeparableConv)):
            places.append(made.convolutions(node, *inputs))
            continue
        if isinstance(kind, Slice):
            stop = kind.stop or made.nodes[inputs[0]].facts.output[kind.axis]
            kind = Slice((kind.start, stop, kind.step, kind.axis), 0)
        if isinstance(kind, Upsample):
            size, reads = node.facts.output[1:], ()
            kind = Upsample((None, size, None, kind.mode, kind.align_corners), len(size))
        if isinstance(kind, MaxUnpool):
            kind = MaxUnpool((kind.pool._replace(node=reads[0]),), 0)
        shares = None if node.shares is None else places[node.shares]
        made.nodes.append(node._replace(kind=kind, inputs=inputs, reads=reads, shares=shares))
        places.append(len(made.nodes) - 1)
    return found._replace(nodes=tuple(made.nodes))


def quiet(folder: Path, *command: str) -> list[str]:
    """What a tool says of the files."""
    done = subprocess.run(
        [sys.executable, "-m", *command, "."], cwd=folder, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines()[:20]


def unfilled(tensor: Any, *rest: Any, **options: Any) -> Any:
    """A tensor whose values nobody looks at."""
    return tensor


def tools(folder: Path) -> dict[str, list[str]]:
    """What tools say of the code of all networks."""
    for net in names():
        (folder / f"{net}.py").write_text(pytorch_of(load(net), load(net).graph()))
    return {
        "ruff format": quiet(folder, "ruff", "format", "--check", "--isolated"),
        "ruff check": quiet(folder, "ruff", "check", "--isolated"),
        "mypy": quiet(folder, "mypy"),
    }


def save(rows: dict[str, dict[str, Any]], said: dict[str, list[str]]) -> None:
    """Write the table as far as it is."""
    lines = [one["lines"] for one in rows.values() if "lines" in one]
    table = {
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
        "lines": {"median": statistics.median(lines), "most": max(lines)},
        "largest difference": max(one.get("difference", 0) for one in rows.values()),
        "mismatches": sum(bool(one["differs"]) for one in rows.values()),
        "read back": sum(one.get("back") == "same" for one in rows.values()),
        "tools": said,
    }
    text = ",\n".join(f"  {json.dumps(rows[net])}" for net in sorted(rows))
    summary = json.dumps(table, indent=1)[1:-1].strip()
    PATH.write_text(f'{{\n {summary},\n "networks": [\n{text}\n ]\n}}\n')


def ordered(wanted: list[str]) -> list[str]:
    """The smallest network of each family of files that extend one another, then the next."""
    sizes = {name: len(load(name).graph().nodes) for name in wanted}
    families: dict[str, int] = {}
    places = {}
    for name in sorted(wanted, key=sizes.__getitem__):
        root = list(load(name).sources)[-1]  # type: ignore[union-attr]
        families[root] = places[name] = families.get(root, 0) + 1
    return sorted(wanted, key=lambda name: (places[name], sizes[name]))


def main(chosen: list[str]) -> int:
    """Take the table, one network of each family first; status 1 where something differs."""
    known = json.loads(PATH.read_text()) if PATH.exists() else {"networks": [], "tools": {}}
    rows = {one["network"]: one for one in known["networks"]}
    said, only_back = known["tools"], "--back" in chosen
    wanted = [one for one in chosen if one != "--back"] or names()
    wanted = ordered(wanted)
    for name in ("kaiming_uniform_", "uniform_", "normal_"):
        setattr(torch.nn.init, name, unfilled)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not only_back:
            said = tools(folder)
        for net in wanted:
            if only_back:
                rows[net]["back"] = read_back(net, folder)
            else:
                rows[net] = row(net)
            print(json.dumps(rows[net]), flush=True)
            save(rows, said)
    print(json.dumps(said))
    return int(any(one["differs"] for one in rows.values()) or any(said.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
