"""docs/counters.md: what other counters count of single layers, from the rules of `reconcile`."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis.counting.module_forms import forms
from cnncalc.analysis.counting.totals import reconcile
from cnncalc.graph import Graph
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from generated.markdown import cell, code, table

HEAD = """\
# What other counters count

Made by `scripts/reference_pages.py` from the rules that [`cnncalc reconcile`](answers.md#reconcile-why-another-tool-says-another-number)
applies.

"This network has 4.1 GFLOPs" can mean five things. A multiply-accumulate is one multiplication and one addition;
papers, torchvision and most tools count it once and call it a FLOP. Beyond that every tool has a list of its own of
what else is counted, and how: torchinfo multiplies parameters by positions, fvcore counts operators of a traced
graph, thop hooks modules and misses functions, ptflops patches functions and counts modules twice. Nobody's number
is wrong by itself. Two numbers of two tools cannot be compared.

Below is what each says of one layer, written as a module and given one sample of 16×8×8. *MACs* and *FLOPs* are
ours: the multiply-accumulates that a run issues, and every arithmetic operation.
"""
NOTES = """\
- A normalization is two, four or five operations a value, depending on whom one asks; torchinfo counts its parameters
  instead, whatever the size of the map. At inference it can be folded into the convolution in front of it, and
  costs nothing.
- A transposed convolution meets each *input* position with its kernel; torchinfo and thop multiply by output
  positions, which is stride² times as much.
- A fully connected layer on a map is counted by torchinfo at one position.
- ptflops counts a ReLU, a pool or an upsampling that is a module once in the module's hook and again in the
  function that the module calls.
"""

PROBES: tuple[tuple[str, Any], ...] = (
    ("`conv` 3×3, 16 filters, no bias", "conv: {filters: 16, kernel: 3, padding: 1, bias: false}"),
    ("`conv` 3×3, 16 filters, with bias", "conv: {filters: 16, kernel: 3, padding: 1}"),
    ("`depthwise_conv` 3×3, no bias", "depthwise_conv: {kernel: 3, padding: 1, bias: false}"),
    ("`conv_transpose` 2×2/2, 8 filters", "conv_transpose: {filters: 8, kernel: 2, stride: 2, bias: false}"),
    ("`batch_norm`", "batch_norm"),
    ("`layer_norm`", "layer_norm"),
    ("`relu`", "relu"),
    ("`gelu`", "gelu"),
    ("`silu`", "silu"),
    ("`softmax`", "softmax"),
    ("`max_pool` 2×2/2", "max_pool: 2"),
    ("`avg_pool` 2×2/2", "avg_pool: 2"),
    ("`global_avg_pool`", "global_avg_pool"),
    ("`upsample` ×2, bilinear", "upsample: {scale: 2, mode: bilinear}"),
    ("`add`", "add: [[], []]"),
)  # fmt: skip


def page() -> str:
    """The page."""
    rows = [_row(told, layer) for told, layer in PROBES]
    counts = [count for count in reconcile(*_probe("relu")) if count.counter not in OURS]
    lines = [HEAD, *table(("layer", "MACs", "FLOPs", *(c.counter for c in counts)), rows), ""]
    lines += [NOTES, "## Versions", ""]
    lines += table(
        ("counter", "version", "calls its number", "its rules stand in"),
        [(code(c.counter), c.version, cell(c.counts), code(c.source)) for c in counts],
    )
    lines += [
        "",
        "Rules were read from the sources of these versions, and are held against what the tools print for "
        "25 networks of torchvision. `keras` counts no operations: its `summary` has parameters, running "
        "statistics included. `paper` counts multiply-accumulates alone, as ours.",
    ]
    return "\n".join(lines) + "\n"


OURS = ("keras", "paper")
"""Counters that have no column: one counts no operations, the other what we count."""


def _probe(layer: str) -> tuple[Graph, Any]:
    graph = Network(Source("probe.yaml", f"input: [16, 8, 8]\nlayers:\n  - {layer}\n")).graph()
    return graph, forms(graph, shipped=False)


def _row(told: str, layer: str) -> list[str]:
    graph, written = _probe(layer)
    operations = graph.nodes[-1].facts.operations
    counts = [count for count in reconcile(graph, written) if count.counter not in OURS]
    totals = ["—" if count.total is None else f"{count.total:,}" for count in counts]
    return [told, f"{operations.macs:,}", f"{operations.flops:,}", *totals]
