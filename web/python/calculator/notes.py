"""What stands in grey behind each line: output shape, receptive field, parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.report import LayerReport, Report
from cnncalc.graph import Node
from cnncalc.render import numbers
from cnncalc.shapes import Shape


class Note(NamedTuple):
    """What a line makes: a layer, or those of a block's use together."""

    line: int
    text: str


class Made(NamedTuple):
    """A layer that a line makes, and the use of the block around the line that it belongs to."""

    layer: LayerReport
    around: int


def notes(report: Report, label: str) -> list[Note]:
    """A text for each line of the file `label` that makes layers.

    A line of a block stands for all uses of the block: the first output and the last are told. A
    line outside blocks tells what leaves it. Parameters are summed.
    """
    lines: dict[int, list[Made]] = {}
    for layer in report.layers:
        for line, around in _lines(layer.node, label).items():
            lines.setdefault(line, []).append(Made(layer, around))
    return [Note(line, _text(made)) for line, made in sorted(lines.items())]


def _lines(node: Node, label: str) -> dict[int, int]:
    """The lines that make a node, and for each the use of the block around it (0 for none)."""
    found = {}
    if node.place is not None and node.place.file == label:
        found[node.place.line] = 0 if node.use is None else id(node.use)
    use = node.use
    while use is not None:
        if use.place.file == label:
            found[use.place.line] = 0 if use.parent is None else id(use.parent)
        use = use.parent
    return found


def _text(made: Sequence[Made]) -> str:
    """`64×56×56 · sees 11/4 · 9.41K`; of several uses the first output and the last."""
    last = made[-1].layer
    uses = len({around for _, around in made})
    if uses > 1:
        first = [layer for layer, around in made if around == made[0].around][-1]
        parts = [f"{uses} uses", _range(first.output_shape, last.output_shape)]
    else:
        parts = [numbers.shape(last.output_shape)]
        fields = tuple(last.receptive_fields.values())
        if any(field is None or any(field.size) for field in fields):
            parts.append(f"sees {numbers.fields(fields)}")
    params = sum([layer.params for layer, _ in made])
    return " · ".join([*parts, numbers.human(params)] if params else parts)


def _range(first: Shape, last: Shape) -> str:
    if first == last:
        return numbers.shape(last)
    return f"{numbers.shape(first)} … {numbers.shape(last)}"
