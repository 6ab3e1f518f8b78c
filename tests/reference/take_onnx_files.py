"""Write onnx_files.json: every shipped network as ONNX, run by onnxruntime and read back.

    python tests/reference/take_onnx_files.py [NAME ...]

With names those networks alone are taken anew.

At the network's own input, without weights: `onnx.checker` with full shape inference. At the
smallest input that it takes: the outputs under onnxruntime on the same weights, and the graph
that the file is read back as, up to the order of layers that do not meet; dropped paths, which do
nothing at inference and have no operator, are left out of that.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from take_written_code import numbered, smallest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from cnncalc.analysis.outline import normalized  # noqa: E402
from cnncalc.exchange.load import load  # noqa: E402
from cnncalc.exchange.writing.onnx.writer import (  # noqa: E402
    onnx_bytes,
    onnx_difference,
    onnx_model,
    write_apart,
)
from cnncalc.graph import Graph, Node  # noqa: E402
from cnncalc.language.zoo import names  # noqa: E402
from cnncalc.layers.attention import SqueezeExcitation  # noqa: E402
from cnncalc.layers.base import Reference  # noqa: E402
from cnncalc.layers.conv import Conv, ConvTranspose, DepthwiseConv  # noqa: E402
from cnncalc.layers.linear import Linear  # noqa: E402
from cnncalc.layers.pool import AdaptivePool  # noqa: E402
from cnncalc.layers.upsample import Upsample  # noqa: E402
from cnncalc.numerics.weights.generated import declared_arrays, generate  # noqa: E402
from cnncalc.shapes import Slide  # noqa: E402


def alike(one: Graph, other: Graph, without: tuple[str, ...] = ()) -> bool:
    """Whether two graphs are equal up to names and the order of layers that do not meet.

    `without` are kinds that a format leaves out, because they do nothing at inference.
    """
    known: dict[Any, int] = {}
    found = []
    for graph in (one, other):
        graph = normalized(numbered(graph))
        ids: list[int] = []
        every: Counter[int] = Counter()

        def told(what: Any, every: Counter[int] = every) -> int:
            number = known.setdefault(what, len(known))
            every[number] += 1
            return number

        for node in graph.nodes:
            inputs = [ids[taken] for taken in node.inputs]
            node = _grouped(node)
            resized = isinstance(node.kind, Upsample)
            is_view = isinstance(node.kind, AdaptivePool) and node.facts.view
            if node.kind.name in without or is_view:  # a pool to the size that there is
                ids.append(inputs[0])
            elif isinstance(node.kind, SqueezeExcitation):
                ids.append(_squeezed(node.kind, inputs[0], node.facts.output, told))
            else:
                more = (
                    ids[node.shares] if node.shares is not None else None,
                    tuple([ids[read] for read in node.reads if not resized]),
                    node.facts.output if not node.inputs else None,
                )
                ids.append(told((node.kind.name, _options(node), tuple(inputs), more)))
        found.append((every, [ids[index] for index in graph.outputs]))
    return bool(found[0] == found[1])


def _grouped(node: Node) -> Node:
    """A convolution for what is one.

    Depthwise ones have as many groups as channels; a linear layer at each position is 1×1.
    """
    kind, own = node.kind, {key: one.default for key, one in Conv.options.items()}
    filters = node.facts.output[0]
    if isinstance(kind, DepthwiseConv):
        own |= {key: value for key, value in vars(kind).items() if key in own}
        own |= {"filters": filters, "groups": filters // kind.multiplier}
        return node._replace(kind=Conv(tuple(own.values()), len(kind.kernel)))
    rank = len(node.facts.output) - 1
    if isinstance(kind, Linear) and rank:
        own |= {"filters": filters, "kernel": 1, "bias": kind.bias}
        conv = Conv(tuple(own.values()), rank)
        facts = conv.facts(((kind.features, *node.facts.output[1:]),))
        return node._replace(kind=conv, facts=facts)
    return node


def _squeezed(kind: SqueezeExcitation, x: int, output: tuple[int, ...], told: Any) -> int:
    """Squeeze and excitation in its parts, as formats have it."""
    rank = len(output) - 1
    pooled = told(("global_avg_pool", (), (x,), NOTHING))
    first = told(("conv", _conv(kind.squeeze, rank), (pooled,), NOTHING))
    first = told((kind.activation, (), (first,), NOTHING))
    second = told(("conv", _conv(output[0], rank), (first,), NOTHING))
    second = told((kind.gate, (), (second,), NOTHING))
    return int(told(("multiply", (), (x, second), NOTHING)))


NOTHING = (None, (), None)


def _conv(filters: int, rank: int) -> Any:
    values = {key: one.default for key, one in Conv.options.items()}
    kind = Conv(tuple({**values, "filters": filters, "kernel": 1}.values()), rank)
    facts = kind.facts(((1, *[1] * rank),))
    return _options(Node("", kind, (0,), facts))


def _options(node: Node) -> Any:
    """A kind's options, its window told in one way: the rows that are read.

    A format may say a size that is rounded up as rows behind the input, or leave out what changes
    nothing: whether a padding that is none counts in a mean.
    """
    own = {
        key: one.node if isinstance(one, Reference) else one
        for key, one in vars(node.kind).items()
        if key != "inputs"
    }
    slides = node.facts.slides
    if slides:
        rows = tuple([(one.before, max(_reach(one), 0)) for one in slides])
        beyond = any(_reach(one) > one.after for one in slides)
        own |= {"padding": rows} | ({"ceil_mode": False} if "ceil_mode" in own else {})
        if "count_include_pad" in own and (beyond or not any(map(any, rows))):
            own["count_include_pad"] = not beyond
    if isinstance(node.kind, Upsample):
        kind = node.kind
        mode = kind.mode if kind.mode == "nearest" else "linear"
        own = {"size": node.facts.output[1:], "mode": mode, "corners": kind.align_corners}
    if isinstance(node.kind, ConvTranspose):
        own |= {"padding": node.kind.crops(), "output_padding": None}
    return tuple(own.items())


def _reach(one: Slide) -> int:
    """How far the last window reaches behind an axis."""
    return (one.output - 1) * one.stride + one.extent - one.size - one.before


def zeros(found: Graph) -> list[dict[str, Any]]:
    """Arrays without values, for a file that is only read."""
    return [
        {one: np.zeros(shape, np.float32) for one, shape in declared_arrays(node).items()}
        if node.shares is None
        else {}
        for node in found.nodes
    ]


def _compared(graph: Graph, arrays: list[dict[str, Any]], path: Path) -> float:
    """The largest difference of the outputs of a file that is written to the path."""
    model = onnx_model(graph, arrays)
    data = onnx_bytes(model)
    if data is None:
        write_apart(model, str(path))
    else:
        path.write_bytes(data)
    del model, data
    return onnx_difference(graph, arrays, str(path), 0)


def row(name: str, folder: Path) -> dict[str, Any]:
    """What is told of one network."""
    for one in folder.iterdir():  # of a network before, which failed
        one.unlink()
    net = load(name)
    own = net.graph()
    differs = []
    try:
        onnx.checker.check_model(onnx_model(own), full_check=True)
    except Exception as error:
        differs.append(f"checker: {error}"[:200])
    found = smallest(net, own)
    inputs = [list(shape) for shape in found.input_shapes.values()]
    arrays = generate(found, np.dtype(np.float32))
    path = folder / f"{name}.onnx"
    largest = _compared(found, arrays, path)
    if not largest <= 1e-4:
        # deep networks may amplify rounding without bound; on smaller weights it stays small
        arrays = [
            {k: v * np.float32(0.8 if v.ndim > 1 else 1) for k, v in each.items()}
            for each in arrays
        ]
        largest = _compared(found, arrays, path)
    if not largest <= 1e-4:
        differs.append("outputs")
    back = load(str(path)).graph()
    same = alike(back, found, ("drop_path",))
    if not same and own is not found:
        # a pool to a size may be even, and one operator, at the network's own input
        model = onnx_model(own, zeros(own))
        data = onnx_bytes(model)
        if data is not None:
            path.write_bytes(data)
            back, found = load(str(path)).graph(), own
            same = alike(back, own, ("drop_path",))
    if not same:
        more = f"read back as {len(back.layers)} layers, not {len(found.layers)}"
        differs.append(more)
    parts = [one.name for one in folder.iterdir()]
    for one in folder.iterdir():
        one.unlink()
    return {
        "network": name,
        "inputs": inputs,
        "files": len(parts),
        "difference": float(f"{largest:.1e}"),
        "differs": differs,
    }


def main(chosen: list[str]) -> int:
    """Take the table; status 1 where something differs."""
    path = HERE / "onnx_files.json"
    rows = []
    if chosen and path.exists():
        before = json.loads(path.read_text())["networks"]
        rows = [one for one in before if one["network"] not in chosen]
    with tempfile.TemporaryDirectory() as name:
        for net in chosen or names():
            try:
                found = row(net, Path(name))
            except Exception as error:
                found = {"network": net, "differs": [f"{type(error).__name__}: {error}"[:200]]}
            rows.append(found)
            print(json.dumps(found), flush=True)
    rows.sort(key=lambda one: one["network"])
    failed = sum(bool(one["differs"]) for one in rows)
    table = {
        "versions": {one: version(one) for one in ("onnx", "onnxruntime")},
        "largest difference": max(one.get("difference", 0) for one in rows),
        "mismatches": failed,
    }
    print(json.dumps(table, indent=1))
    text = ",\n".join(f"  {json.dumps(one)}" for one in rows)
    summary = json.dumps(table, indent=1)[1:-1].strip()
    path.write_text(f'{{\n {summary},\n "networks": [\n{text}\n ]\n}}\n')
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
