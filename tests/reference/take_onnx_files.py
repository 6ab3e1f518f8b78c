"""Write onnx_files.json: every shipped network as ONNX, run by onnxruntime and read back.

    python tests/reference/take_onnx_files.py [NAME ...]

At the network's own input, without weights: `onnx.checker` with full shape inference. At the
smallest input that it takes: the outputs under onnxruntime on the same weights, and the graph
that the file is read back as.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from take_written_code import numbered, smallest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from support import same_network  # noqa: E402

from cnncalc.exchange.load import load  # noqa: E402
from cnncalc.exchange.writing.onnx.writer import (  # noqa: E402
    onnx_bytes,
    onnx_difference,
    onnx_model,
    write_apart,
)
from cnncalc.graph import Graph  # noqa: E402
from cnncalc.language.zoo import names  # noqa: E402
from cnncalc.numerics.weights.generated import generate  # noqa: E402


def plain(found: Graph) -> Graph:
    """The graph with its windows told in one way: rows before and behind that are read.

    A format may say a size that is rounded up as rows behind the input, or leave out what changes
    nothing: whether a padding that is none counts in a mean.
    """
    nodes = []
    for node in numbered(found).nodes:
        slides = node.facts.slides
        if slides:
            rows = tuple(
                [
                    (
                        one.before,
                        max((one.output - 1) * one.stride + one.extent - one.size - one.before, 0),
                    )
                    for one in slides
                ]
            )
            own = vars(node.kind)
            beyond = any(behind > one.after for (_, behind), one in zip(rows, slides, strict=True))
            options = {"padding": rows}
            if "ceil_mode" in own:
                options["ceil_mode"] = False
            if "count_include_pad" in own and (beyond or not any(map(any, rows))):
                options["count_include_pad"] = not beyond
            node = node._replace(kind=node.kind.changed(options, len(slides)))
        nodes.append(node)
    return found._replace(nodes=tuple(nodes))


def row(name: str, folder: Path) -> dict[str, Any]:
    """What is told of one network."""
    net = load(name)
    own = net.graph()
    differs = []
    try:
        onnx.checker.check_model(onnx_model(own), full_check=True)
    except Exception as error:
        differs.append(f"checker: {error}"[:200])
    found = smallest(net, own)
    arrays = generate(found, np.dtype(np.float32))
    path = folder / f"{name}.onnx"
    model = onnx_model(found, arrays)
    data = onnx_bytes(model)
    if data is None:
        write_apart(model, str(path))
    else:
        path.write_bytes(data)
    del model, data
    largest = onnx_difference(found, arrays, str(path), 0)
    if not largest <= 1e-4:
        differs.append("outputs")
    back = load(str(path)).graph()
    if not same_network(plain(back), plain(found)):
        more = f"read back as {len(back.layers)} layers, not {len(found.layers)}"
        differs.append(more)
    parts = [one.name for one in folder.iterdir()]
    for one in folder.iterdir():
        one.unlink()
    inputs = [list(shape) for shape in found.input_shapes.values()]
    return {
        "network": name,
        "inputs": inputs,
        "files": len(parts),
        "difference": float(f"{largest:.1e}"),
        "differs": differs,
    }


def main(chosen: list[str]) -> int:
    """Take the table; status 1 where something differs."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for net in chosen or names():
            try:
                found = row(net, Path(name))
            except Exception as error:
                found = {"network": net, "differs": [f"{type(error).__name__}: {error}"[:200]]}
            rows.append(found)
            print(json.dumps(found), flush=True)
    failed = sum(bool(one["differs"]) for one in rows)
    table = {
        "versions": {one: version(one) for one in ("onnx", "onnxruntime")},
        "largest difference": max(one.get("difference", 0) for one in rows),
        "mismatches": failed,
    }
    print(json.dumps(table, indent=1))
    if not chosen:
        text = ",\n".join(f"  {json.dumps(one)}" for one in rows)
        summary = json.dumps(table, indent=1)[1:-1].strip()
        path = HERE / "onnx_files.json"
        path.write_text(f'{{\n{summary},\n "networks": [\n{text}\n ]\n}}\n')
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
