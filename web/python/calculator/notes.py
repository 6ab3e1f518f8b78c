"""What stands in grey behind each line: output shape, receptive field, parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.report import LayerReport, Report
from cnncalc.graph import Node, Use
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
    uses: dict[int, dict[int, int]] = {0: {}}
    for layer in report.layers:
        for line, around in _lines(layer.node, label, uses).items():
            lines.setdefault(line, []).append(Made(layer, around))
    return [Note(line, _text(made)) for line, made in sorted(lines.items())]


def line_of(node: Node, label: str) -> int | None:
    """The line of the file `label` that makes a node: the innermost one, as in a block's body."""
    if node.place is not None and node.place.file == label:
        return node.place.line
    use = node.use
    while use is not None:
        if use.place.file == label:
            return use.place.line
        use = use.parent
    return None


def _lines(node: Node, label: str, uses: dict[int, dict[int, int]]) -> dict[int, int]:
    """The lines that make a node, and for each the use of the block around it (0 for none).

    Of uses on one line the outermost counts.
    """
    found = _of_use(node.use, label, uses)
    if node.place is None or node.place.file != label:
        return found
    return {node.place.line: 0 if node.use is None else id(node.use), **found}


def _of_use(use: Use | None, label: str, uses: dict[int, dict[int, int]]) -> dict[int, int]:
    """The lines that make the layers of a block's use; `uses` keeps them, by the use."""
    key = 0 if use is None else id(use)
    if use is None or key in uses:
        return uses[key]
    found = _of_use(use.parent, label, uses)
    if use.place.file == label:
        found = {use.place.line: 0 if use.parent is None else id(use.parent), **found}
    uses[key] = found
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
        fields = last.seen
        if any(field is None or any(field.size) for field in fields):
            parts.append(f"sees {numbers.fields(fields)}")
    params = sum([layer.params for layer, _ in made])
    return " · ".join([*parts, numbers.human(params)] if params else parts)


def _range(first: Shape, last: Shape) -> str:
    if first == last:
        return numbers.shape(last)
    return f"{numbers.shape(first)} … {numbers.shape(last)}"
