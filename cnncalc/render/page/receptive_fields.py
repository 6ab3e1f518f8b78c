"""Windows: what units see of the network's inputs, and of their own layer's."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis.receptive_field import Field
from cnncalc.analysis.report import Report
from cnncalc.render import numbers
from cnncalc.render.escape import plain
from cnncalc.shapes import Window
from cnncalc.unknown import or_none

LONGEST = 4096
"""The windows of longer patterns are not drawn."""


class _Windows:
    """Windows by number, each once."""

    def __init__(self) -> None:
        self.known: dict[Window, int] = {}
        self.written: list[list[Any] | None] = []

    def __call__(self, field: Field) -> list[int] | None:
        """The numbers of the windows on each axis; `None` where everything is seen."""
        return None if field is None else [self._number(window) for window in field]

    def _number(self, window: Window) -> int:
        number = self.known.get(window)
        if number is None:
            number = self.known[window] = len(self.written)
            self.written.append(_written(window))
        return number


def sights(report: Report) -> dict[str, Any]:
    """The sizes of every map, and the windows of every layer.

    - `sizes`: for each node of the graph its spatial sizes; the network's inputs come first.
    - `windows`: `[step, gap, [first, last], …]`: unit `i` of `n` windows sees from `first` to
      `last` of the one numbered `i mod n`, moved by `step` for each time that they repeat (`null`:
      they do not); every `gap`-th unit is read. `null` where the pattern is too long or unknown.
    - `layers`: `[fields, inputs]`: for each input of the network the windows on its axes (`null`:
      all of it), and for each input of the layer `[node, windows]`.
    """
    graph, windows = report.graph, _Windows()
    nodes, inputs = graph.nodes, graph.inputs
    layers: list[Any] = []
    for index in range(len(inputs), len(nodes)):
        node = nodes[index]
        own = [
            [taken, windows(seen)]
            for taken, seen in zip(node.inputs, node.facts.windows, strict=True)
        ]
        layers.append([[windows(fields[index]) for fields in report.fields], own])
    return {
        "inputs": [[plain(name), numbers.shape(shape)] for name, shape in report.inputs.items()],
        "sizes": [[*map(or_none, node.facts.output[1:])] for node in nodes],
        "windows": windows.written,
        "layers": layers,
    }


def _written(window: Window) -> list[Any] | None:
    if len(window.spans) > LONGEST or not window.is_known:
        return None
    return [window.step, window.gap, *window.spans]
