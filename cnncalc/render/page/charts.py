"""Along the layers: bytes alive, receptive fields; and where the costs sit, by stage."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis.memory import alive_at, schedule
from cnncalc.analysis.report import BYTES, Report
from cnncalc.render import numbers
from cnncalc.render.escape import plain
from cnncalc.render.paper_table import Stage, stages
from cnncalc.render.rows import ViewOptions
from cnncalc.unknown import UNKNOWN, least

FEWEST, DEEPEST = 3, 3
"""Stages are looked for a level deeper where there are fewer, down to a level."""
LARGEST = 6
"""As many activations are named that are alive at the peak."""


def charts(report: Report, view: ViewOptions) -> dict[str, Any]:
    """What the charts show: values for each layer with their texts, and the stages."""
    found: dict[str, Any] = {"alive": _alive(report), "stages": _stages(report)}
    if len(report.input_shape) > 1:
        found["growth"] = _growth(report)
    return found


def _alive(report: Report) -> dict[str, Any]:
    """Bytes of activations alive while each layer runs, and what is alive at the peak."""
    graph, inplace = report.graph, report.settings.inplace
    width = report.batch * BYTES[report.dtype]
    first = len(graph.inputs)
    # an input of the network is there with the first layer
    amounts = [values * width for values in schedule(graph, inplace)[first:]]
    peak = max(range(len(amounts)), key=amounts.__getitem__)
    holders = alive_at(graph, inplace, peak + first)
    held = []
    for node in [graph.nodes[index] for index in holders[:LARGEST]]:
        held.append((plain(node.name), numbers.human_bytes(node.facts.values * width)))
    if len(holders) > LARGEST:
        held.append((f"and {len(holders) - LARGEST} more", ""))
    return {
        "values": amounts,
        "texts": [numbers.human_bytes(amount) for amount in amounts],
        "peak": peak + 1,
        "told": f"{numbers.human_bytes(amounts[peak])} alive at once, "
        f"in {plain(graph.nodes[peak + first].name)}",
        "held": held,
    }


def _growth(report: Report) -> dict[str, Any]:
    """The largest side of the receptive field in the first input; `null`: all of it."""
    values: list[int | None] = []
    texts: list[str] = []
    for layer in report.layers:
        field = layer.receptive_field
        known = field is not None and UNKNOWN not in field.size
        values.append(max(field.size) if field is not None and known else None)
        texts.append(numbers.exact(values[-1] or 0) if known else numbers.field(field))
    side = max(report.input_shape[1:])
    return {
        "values": values,
        "texts": texts,
        "input": side,
        "told": f"{numbers.exact(side)}, the input's side",
    }


def _stages(report: Report) -> list[dict[str, Any]]:
    """Parameters, MACs and bytes of activations of each stage, with their shares."""
    found: list[Stage] = []
    for depth in range(1, DEEPEST + 1):
        deeper = stages(report, depth)
        if len(deeper) > len(found):
            found = deeper
        if len(found) >= FEWEST:
            break
    first = len(report.inputs)
    entries = []
    for stage in found:
        layers = [report.layers[index - first] for index in stage.nodes]
        sums = [
            sum([layer.params for layer in layers]),
            sum([layer.macs for layer in layers]),
            sum([layer.activation_bytes for layer in layers]),
        ]
        texts = [numbers.human(sums[0]), numbers.human(sums[1]), numbers.human_bytes(sums[2])]
        numbered = [layer.number for layer in layers]
        entries.append({"name": plain(stage.name), "values": [*map(least, sums)], "texts": texts,
                        "layers": [min(numbered), max(numbered)]})  # fmt: skip
    return entries
