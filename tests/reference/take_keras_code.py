"""Write keras_code.json: the Keras code of every shipped network, run by Keras.

    KERAS_BACKEND=torch python tests/reference/take_keras_code.py [NAME ...]

A line a network: how long its code is, and what differs between it and the graph that it was
written from, or why Keras cannot say it. At the network's own input: the number of trained
parameters, and the output shape of every layer. At the smallest input that it takes: the outputs
on the same weights, and the graph that `to_json()` of the model is read back as. The files
together: `ruff format` and `ruff check`, which change and say nothing.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
from take_onnx_files import alike
from take_written_code import quiet, smallest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from cnncalc.diagnostics import UsageError  # noqa: E402
from cnncalc.exchange.converting import keras_of  # noqa: E402
from cnncalc.exchange.load import load  # noqa: E402
from cnncalc.exchange.writing.keras.running import (  # noqa: E402
    Built,
    build,
    keras_difference,
)
from cnncalc.graph import Graph  # noqa: E402
from cnncalc.language.zoo import names  # noqa: E402
from cnncalc.numerics.weights.generated import generate  # noqa: E402


def held(found: Graph, built: Built) -> list[str]:
    """What differs between a model and its graph, without numbers."""
    differs = []
    own = sum(node.params for node in found.nodes)
    theirs = sum(int(np.prod(one.shape)) for one in built.model.trainable_weights)
    if own != theirs:
        differs.append(f"{theirs} parameters, not {own}")
    shapes = iter([shape for _, shape in built.calls])
    for index, node in enumerate(found.nodes):
        if index in found.inputs:
            continue
        wanted = (None, *node.facts.output[1:], node.facts.output[0])
        pooled = node.kind.name.startswith("global_") and any(
            one.inputs == (index,) and one.kind.name == "flatten" for one in found.nodes
        )
        if pooled or node.kind.name in ("flatten", "slice"):
            continue  # one layer of Keras' where they follow each other; a range is no call
        if wanted not in shapes:
            differs.append(f"output shape of {node.name}")
            break
    return differs


def row(name: str, folder: Path) -> dict[str, Any]:
    """What is told of one network."""
    net = load(name)
    own = net.graph()
    try:
        text = keras_of(net, own)
    except UsageError as error:
        return {"network": name, "refused": str(error), "differs": []}
    (folder / f"{name}.py").write_text(text)
    with keras.device("meta"):
        differs = held(own, build(text))
    found = smallest(net, own)
    arrays = generate(found, np.dtype(np.float32))
    written = keras_of(net, found)
    largest = keras_difference(found, arrays, written, 0, batch=2)
    if not largest <= 1e-4:
        # deep networks may amplify rounding without bound; on smaller weights it stays small
        arrays = [
            {k: v * np.float32(0.8 if v.ndim > 1 else 1) for k, v in each.items()}
            for each in arrays
        ]
        largest = keras_difference(found, arrays, written, 0, batch=2)
    if not largest <= 1e-4:
        differs.append("outputs")
    with keras.device("meta"):
        model = build(written).model
    path = folder / f"{name}.json"
    path.write_text(model.to_json())
    back = load(str(path)).graph()
    if not alike(back, found):
        differs.append(f"read back as {len(back.layers)} layers, not {len(found.layers)}")
    return {
        "network": name,
        "lines": len(text.splitlines()),
        "inputs": [list(shape) for shape in found.input_shapes.values()],
        "difference": float(f"{largest:.1e}"),
        "differs": differs,
    }


def main(chosen: list[str]) -> int:
    """Take the table; status 1 where something differs."""
    path = HERE / "keras_code.json"
    rows = []
    if chosen and path.exists():
        before = json.loads(path.read_text())["networks"]
        rows = [one for one in before if one["network"] not in chosen]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for net in chosen or names():
            try:
                found = row(net, folder)
            except Exception as error:
                found = {"network": net, "differs": [f"{type(error).__name__}: {error}"[:300]]}
            rows.append(found)
            print(json.dumps(found), flush=True)
        tools = {
            "ruff format": quiet(folder, "ruff", "format", "--check", "--isolated"),
            "ruff check": quiet(folder, "ruff", "check", "--isolated"),
        }
    rows.sort(key=lambda one: one["network"])
    lines = [one["lines"] for one in rows if "lines" in one]
    failed = sum(bool(one["differs"]) for one in rows)
    table = {
        "versions": {one: version(one) for one in ("keras", "torch")},
        "lines": {"median": statistics.median(lines or [0]), "most": max(lines, default=0)},
        "largest difference": max(one.get("difference", 0) for one in rows),
        "refused": sum("refused" in one for one in rows),
        "mismatches": failed,
        "tools": tools,
    }
    print(json.dumps(table, indent=1))
    text = ",\n".join(f"  {json.dumps(one)}" for one in rows)
    summary = json.dumps(table, indent=1)[1:-1].strip()
    path.write_text(f'{{\n {summary},\n "networks": [\n{text}\n ]\n}}\n')
    return int(failed > 0 or any(tools.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
