"""Hold the shipped networks against PyTorch, layer by layer, at every input size taken.

    python tests/reference/compare.py [NAME ...]

The reference is torchvision (`torchvision/`) and, for what it does not have, the networks in
plain PyTorch (`textbook/`). Prints a line a network: parameters, MACs, layers compared over all
sizes, mismatches, and the receptive field (size/stride/start) where the support of PyTorch's
gradient was measured. Exit status 1 if anything differs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from cnncalc.analysis.receptive_field import last_feature_map, receptive_fields
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.graph import Graph
from cnncalc.language.load import load

HERE = Path(__file__).parent
FOLDERS = ("torchvision", "textbook")
RUNNING = ("running_mean", "running_var")
HEADLESS = "_no_aux"
"""Ends the name of a network without its auxiliary heads."""


class Row(NamedTuple):
    """What is compared of a layer: its output shape and the shapes of its weights."""

    output: tuple[int, ...]
    weights: tuple[tuple[int, ...], ...]
    pools: bool


class Comparison(NamedTuple):
    """A network held against its reference."""

    name: str
    params: int
    macs: int
    """At the first size taken, the network's own."""
    layers: int
    """Compared, over all sizes."""
    field: str
    """Measured receptive field; empty where none was."""
    mismatches: list[str]


def references() -> dict[str, Path]:
    """The file of each network taken, torchvision's first."""
    files = [file for folder in FOLDERS for file in sorted((HERE / folder).glob("*.json"))]
    return {file.stem: file for file in files}


def entry(name: str) -> dict[str, Any]:
    """What was taken of a network."""
    found: dict[str, Any] = json.loads(references()[name].read_text(encoding="utf-8"))
    return found


@cache
def fields() -> dict[str, Any]:
    """The measured receptive fields by network."""
    text = (HERE / "receptive_fields.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["networks"]
    return found


def is_pool(kind: str) -> bool:
    """Whether a kind or module class pools; an unpooling does not."""
    return "pool" in kind.lower() and "unpool" not in kind.lower()


def reference_rows(entry: dict[str, Any], shapes: list[list[int]]) -> Iterator[Row]:
    """The layers of the reference that own weights or pool."""
    state = dict(entry["state"])
    for (kind, path, _, params), shape in zip(entry["layers"], shapes, strict=True):
        # a module that is no leaf may own weights beside those of its children
        found = state.get(path, {}) if params else {}
        weights = tuple(tuple(found[key]) for key in found if key not in RUNNING)
        if weights or is_pool(kind):
            yield Row(tuple(shape), weights, is_pool(kind))


def our_rows(graph: Graph) -> Iterator[Row]:
    """The same of a network of ours; what is one layer here and several modules there is split."""
    for node in graph.layers:
        kind, output = node.kind.name, node.facts.output
        weights = tuple(tuple(shape) for shape in node.facts.weights.values())
        if kind == "squeeze_excitation":
            ones = (1,) * (len(output) - 1)
            inner, channels = (weights[1][0], *ones), (output[0], *ones)
            yield Row(channels, (), True)
            yield Row(inner, weights[:2], False)
            yield Row(channels, weights[2:], False)
        elif kind == "separable_conv":
            yield Row((weights[0][0], *output[1:]), weights[:1], False)
            yield Row(output, weights[1:], False)
        elif weights or is_pool(kind):
            yield Row(output, weights, is_pool(kind))


def differences(
    entry: dict[str, Any], graph: Graph, shapes: list[list[int]]
) -> tuple[int, list[str]]:
    """Number of layers compared, and what is wrong with them."""
    theirs = reference_rows(entry, shapes)
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
        wrong.append(f"{missing} layers of the reference are missing")
    return compared, wrong


def untrained(entry: dict[str, Any]) -> int:
    """Values of the state dict that are not trained; without num_batches_tracked, a counter."""
    shapes = (shape for _, arrays in entry["state"] for shape in arrays.values())
    return sum(map(prod, shapes)) - int(entry["params"])


def totals(entry: dict[str, Any], run: dict[str, Any], graph: Graph) -> list[str]:
    """What is wrong with the sums and the output."""
    checks = (
        ("params", sum(node.params for node in graph.layers), entry["params"]),
        ("buffers", sum(node.facts.buffer_values for node in graph.layers), untrained(entry)),
        ("MACs", sum(node.facts.operations.macs for node in graph.layers), run["macs"]),
        ("output", graph.layers[-1].facts.output, tuple(run["output"])),
    )
    return [f"{what} {ours} is not {theirs}" for what, ours, theirs in checks if ours != theirs]


def compare_field(name: str, graph: Graph) -> tuple[str, list[str]]:
    """What is printed of a network's receptive field, and its mismatches."""
    known = fields().get(name)
    if known is None:
        return "", []
    found = last_feature_map(graph, receptive_fields(graph))
    theirs = [known[key] for key in ("size", "stride", "start")]
    ours = found and [list(values) for values in found]
    wrong = [] if ours == theirs else [f"receptive field {ours} is not {theirs}"]
    return "/".join(str(values[0]) for values in theirs), wrong


def compare(name: str, entry: dict[str, Any]) -> Comparison:
    """Hold a network against what was taken of it."""
    changes = {"auxiliary": 0} if name.endswith(HEADLESS) else {}
    network = load(entry["model"])
    wrong = []
    compared = 0
    for run in entry["runs"]:
        shape = run["input"]
        given = shape if isinstance(shape, dict) else {"input": shape}
        inputs = {name: tuple(sizes) for name, sizes in given.items()}
        graph = network.graph(changes, inputs)
        if run is entry["runs"][0] and network.graph(changes).input_shapes != inputs:
            wrong.append(f"the file's input is not {shape}")
        shapes = run.get("shapes") or [layer[2] for layer in entry["layers"]]
        count, found = differences(entry, graph, shapes)
        compared += count
        wrong += [f"at {shape}: {text}" for text in found + totals(entry, run, graph)]
    field, found = compare_field(name, network.graph(changes))
    macs = entry["runs"][0]["macs"]
    return Comparison(name, entry["params"], macs, compared, field, wrong + found)


def main(wanted: list[str]) -> int:
    """Compare the named networks, or all of them."""
    known = references()
    for name in wanted:
        if name not in known:
            print(f"nothing was taken of {name}", file=sys.stderr)
            return 2
    print(f"{'network':<30} {'params':>13} {'MACs':>17} {'layers':>6} {'wrong':>5}  field")
    done, layers, failed = 0, 0, 0
    for name in wanted or known:
        try:
            found = compare(name, entry(name))
        except (SpecError, UsageError) as error:  # a network that cannot be used is a mismatch
            told = getattr(error, "diagnostics", None) or [error]
            found = Comparison(name, 0, 0, 0, "", [str(one)[:300] for one in told])
        numbers = f"{found.params:>13,} {found.macs:>17,} {found.layers:>6}"
        print(f"{name:<30} {numbers} {len(found.mismatches):>5}  {found.field}".rstrip())
        for text in found.mismatches[:4]:
            print("   ", text)
        done, layers, failed = done + 1, layers + found.layers, failed + bool(found.mismatches)
    print(f"{done} networks, {layers:,} layers compared, {failed} networks with mismatches")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
