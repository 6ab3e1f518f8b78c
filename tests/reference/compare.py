"""Hold the shipped networks against torchvision's, layer by layer, at every input size taken,
and their receptive fields against the support of PyTorch's gradient.

    python tests/reference/compare.py [NAME ...]

Prints a line a network: parameters, MACs, layers compared over all sizes, mismatches, and the
receptive field where one was measured. Exit status 1 if anything differs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from cnncalc.analysis.receptive_field import describe, receptive_fields
from cnncalc.graph import Graph
from cnncalc.spec.load import load

HERE = Path(__file__).parent / "torchvision"
FIELDS = Path(__file__).parent / "receptive_fields.json"
AFTER_THE_LAST_MAP = ("upsample", "global_avg_pool", "adaptive_avg_pool")
RUNNING = ("running_mean", "running_var")


class Row(NamedTuple):
    """What is compared of a layer: its output shape and the shapes of its weights."""

    output: tuple[int, ...]
    weights: tuple[tuple[int, ...], ...]
    pools: bool


def reference_rows(entry: dict[str, Any], shapes: list[list[int]]) -> list[Row]:
    """The layers of torchvision's network that own weights or pool."""
    state = dict(entry["state"])
    rows = []
    for (kind, path, _, params), shape in zip(entry["layers"], shapes, strict=True):
        # a module that is no leaf may own weights beside those of its children
        found = state.get(path, {}) if params else {}
        weights = tuple(tuple(found[key]) for key in found if key not in RUNNING)
        if weights or "Pool" in kind:
            rows.append(Row(tuple(shape), weights, "Pool" in kind))
    return rows


def our_rows(graph: Graph) -> Iterator[Row]:
    """The same of a network of ours."""
    for node in graph.layers:
        kind, output = node.kind.name, node.facts.output
        weights = tuple(tuple(shape) for shape in node.facts.weights.values())
        if kind == "squeeze_excitation":
            ones = (1,) * (len(output) - 1)
            inner, channels = (weights[1][0], *ones), (output[0], *ones)
            yield Row(channels, (), True)
            yield Row(inner, weights[:2], False)
            yield Row(channels, weights[2:], False)
        elif weights or ("pool" in kind and "unpool" not in kind):
            yield Row(output, weights, "pool" in kind)


def differences(
    entry: dict[str, Any], graph: Graph, shapes: list[list[int]]
) -> tuple[int, list[str]]:
    """Number of layers compared, and what is wrong with them."""
    theirs = iter(reference_rows(entry, shapes))
    wrong = []
    compared = 0
    expected = next(theirs, None)
    for row in our_rows(graph):
        if row.pools and (expected is None or not expected.pools):
            continue  # a pooling function, which is no module
        if row != expected:
            wrong.append(f"layer {compared + 1}: {row} is not {expected}")
        compared += 1
        expected = next(theirs, None)
    missing = (expected is not None) + sum(1 for _ in theirs)
    if missing:
        wrong.append(f"{missing} layers of torchvision's are missing")
    return compared, wrong


def running_statistics(entry: dict[str, Any]) -> int:
    """Values of the state dict that are not trained; without num_batches_tracked, a counter."""
    found = (shapes.get(key, [0]) for _, shapes in entry["state"] for key in RUNNING)
    return sum(prod(shape) for shape in found)


def last_field(graph: Graph) -> tuple[str, list[list[Any]]]:
    """Name of the last feature map; size, stride and start of its receptive field."""
    found = [
        (node.name, field)
        for node, field in zip(graph.nodes, receptive_fields(graph), strict=True)
        if field is not None and node.kind.name not in AFTER_THE_LAST_MAP
    ]
    name, field = found[-1]
    return name, [list(values) for values in describe(field)]


def compare_field(name: str, graph: Graph) -> tuple[str, list[str]]:
    """What is printed of a network's receptive field, and its mismatches."""
    known = json.loads(FIELDS.read_text(encoding="utf-8"))["networks"].get(name)
    if known is None:
        return "", []
    layer, ours = last_field(graph)
    theirs = [known[key] for key in ("size", "stride", "start")]
    wrong = [] if ours == theirs else [f"{layer}: receptive field {ours} is not {theirs}"]
    return "  " + "/".join(str(values[0]) for values in theirs), wrong


def compare(name: str) -> tuple[str, list[str]]:
    """A network's line and its mismatches."""
    entry = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    changes = {"auxiliary": 0} if name.endswith("_no_aux") else {}
    network = load(entry["model"])
    wrong = []
    compared = 0
    for run in entry["runs"]:
        shape = tuple(run["input"])
        graph = network.graph(changes, shape)
        if run is entry["runs"][0] and network.graph(changes).input_shape != shape:
            wrong.append(f"the file's input is not {list(shape)}")
        shapes = run.get("shapes") or [layer[2] for layer in entry["layers"]]
        count, found = differences(entry, graph, shapes)
        compared += count
        macs = sum(node.facts.operations.macs for node in graph.layers)
        checks = (
            ("params", sum(node.params for node in graph.layers), entry["params"]),
            (
                "buffers",
                sum(node.facts.buffer_values for node in graph.layers),
                running_statistics(entry),
            ),
            ("macs", macs, run["macs"]),
            ("output", graph.layers[-1].facts.output, tuple(run["output"])),
        )
        found += [
            f"{what} {ours} is not {theirs}" for what, ours, theirs in checks if ours != theirs
        ]
        wrong += [f"at {shape}: {text}" for text in found]
    text, found = compare_field(name, network.graph(changes))
    wrong += found
    row = f"{entry['params']:>13,} {entry['runs'][0]['macs']:>17,} {compared:>6} {len(wrong):>5}"
    return f"{name:<30} {row}{text}", wrong


def main(wanted: list[str]) -> int:
    """Compare the named networks, or all of them."""
    print(f"{'network':<30} {'params':>13} {'MACs':>17} {'layers':>6} {'wrong':>5}  field")
    failed = 0
    for name in wanted or sorted(path.stem for path in HERE.glob("*.json")):
        try:
            line, wrong = compare(name)
        except Exception as error:  # a network that cannot be used is a mismatch
            detail = getattr(error, "diagnostics", None) or [error]
            line, wrong = f"{name:<30} cannot be used", [str(one)[:300] for one in detail]
        print(line)
        for text in wrong[:4]:
            print("   ", text)
        failed += bool(wrong)
    print(f"{failed} networks with mismatches")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
