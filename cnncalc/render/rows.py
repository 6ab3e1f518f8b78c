"""The rows that tables of any format show: a layer each, or a block folded into one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import prod
from typing import NamedTuple

from cnncalc.analysis.receptive_field import ReceptiveField
from cnncalc.analysis.report import BYTES, LayerReport, Report
from cnncalc.layers.base import Kind
from cnncalc.render.numbers import kept
from cnncalc.shapes import Shape


class ViewOptions(NamedTuple):
    """What the user asked to see."""

    depth: int | None = None
    exact: bool = False
    channels_last: bool = False
    columns: tuple[str, ...] = ()
    with_input: bool = False
    """A row for the input as well, above the layers."""
    kinds: tuple[str, ...] = ()
    """Only layers of these kinds."""
    convention: str = ""
    """The counter whose numbers stand in the column of MACs; ours where empty."""
    counted: tuple[int, ...] = ()
    """What that counter makes of each layer."""


class Row(NamedTuple):
    """One row; an amount of nothing is 0."""

    number: str
    """Its place among the layers, or the places of a folded block; empty for an input."""
    path: tuple[str, ...]
    """The name, taken apart at its dots."""
    kind: str
    short_options: str
    output_shape: Shape
    fields: tuple[ReceptiveField | None, ...]
    """What a unit of it sees of each input of the network."""
    failed: str = ""
    """Why there is no such layer; empty of every other row."""
    params: int = 0
    weights: int = 0
    biases: int = 0
    buffers: int = 0
    macs: int = 0
    flops: int = 0
    activations: int = 0
    memory: int = 0

    @property
    def name(self) -> str:
        """The whole name."""
        return ".".join(self.path)


def rows(report: Report, view: ViewOptions = ViewOptions()) -> list[Row]:
    """The layers as rows; blocks deeper than `view.depth` levels are one row with their sums."""
    depth, failed = view.depth, report.failed
    layers = [layer for layer in report.layers if not view.kinds or layer.kind in view.kinds]
    paths = [tuple(layer.name.split(".")) for layer in layers]
    found = _inputs(report) if view.with_input else []
    if depth is None:
        return found + [
            _row(layer, path, view, failed.get(layer.index, ""))
            for layer, path in zip(layers, paths, strict=True)
        ]
    pairs = zip(layers, paths, strict=True)
    for head, group in groupby(pairs, key=lambda pair: pair[1][:depth]):
        members = [layer for layer, _ in group]
        if len(members) == 1 and members[0].name == ".".join(head):
            found.append(_row(members[0], head, view, failed.get(members[0].index, "")))
        else:
            inside = [_row(one, head, view, failed.get(one.index, "")) for one in members]
            found.append(folded(inside, head))
    return found


def _inputs(report: Report) -> list[Row]:
    found = []
    for index, (name, shape) in enumerate(report.inputs.items()):
        values = prod(shape) * report.batch
        found.append(
            Row(
                "",
                (name,),
                "input",
                "",
                shape,
                report.seen(index),
                activations=values,
                memory=values * BYTES[report.dtype],
            )
        )
    return found


def _row(layer: LayerReport, path: tuple[str, ...], view: ViewOptions, failed: str) -> Row:
    own = layer.node.shares is None
    facts = layer.node.facts
    params = layer.params
    options = _essentials(layer.node.kind)
    biases = facts.biases if own else 0
    return Row(
        str(layer.number),
        path,
        layer.kind,
        options if own else f"{options} weights of {layer.shares}".strip(),
        facts.output,
        layer.seen,
        failed,
        params,
        params - biases,
        biases,
        facts.buffer_values if own else 0,
        view.counted[layer.number - 1] if view.convention else layer.macs,
        layer.flops,
        layer.activations,
        layer.activation_bytes,
    )


@kept
def _essentials(kind: Kind) -> str:
    return kind.short_options()


def folded(members: Sequence[Row], path: tuple[str, ...]) -> Row:
    """Rows that follow each other as one, with their sums."""
    first, last, count = members[0], members[-1], len(members)
    amounts = zip(*[row[PARAMS:] for row in members], strict=True)
    return Row(
        f"{first.number}–{last.number}" if count > 1 else last.number,
        path,
        f"{count} layer{'s' if count > 1 else ''}",
        "",
        last.output_shape,
        last.fields,
        "; ".join([member.failed for member in members if member.failed]),
        *map(sum, amounts),
    )


PARAMS = Row._fields.index("params")
"""From here on the fields of a row are amounts that add up."""


def tree(found: Sequence[Row]) -> list[tuple[str, Row | None]]:
    """Rows with their names indented below headings: a heading (without a row) for each block."""
    lines: list[tuple[str, Row | None]] = []
    above: tuple[str, ...] = ()
    for row in found:
        head, leaf = row.path[:-1], row.path[-1]
        shared = 0
        while shared < min(len(head), len(above)) and head[shared] == above[shared]:
            shared += 1
        lines += [("  " * level + head[level], None) for level in range(shared, len(head))]
        lines.append(("  " * len(head) + leaf, row))
        above = head
    return lines
