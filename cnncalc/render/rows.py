"""The rows that tables of any format show: a layer each, or a block folded into one."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from cnncalc.analysis.receptive_field import ReceptiveField
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.shapes import Shape


class Row(NamedTuple):
    """One row."""

    number: str
    """Its place among the layers, or the places of a folded block."""
    path: tuple[str, ...]
    """The name, taken apart at its dots."""
    kind: str
    essentials: str
    output_shape: Shape
    fields: tuple[ReceptiveField | None, ...]
    """What a unit of it sees of each input of the network."""
    params: int
    buffers: int
    macs: int
    flops: int
    memory: int

    @property
    def name(self) -> str:
        """The whole name."""
        return ".".join(self.path)


def rows(report: Report, depth: int | None = None) -> list[Row]:
    """The layers as rows; blocks deeper than `depth` levels are one row with their sums."""
    paths = [tuple(layer.name.split(".")) for layer in report.layers]
    if depth is None:
        return [_row(layer, path) for layer, path in zip(report.layers, paths, strict=True)]
    found: list[Row] = []
    pairs = zip(report.layers, paths, strict=True)
    for head, group in groupby(pairs, key=lambda pair: pair[1][:depth]):
        members = [layer for layer, _ in group]
        if len(members) == 1 and members[0].name == ".".join(head):
            found.append(_row(members[0], head))
        else:
            found.append(_folded(members, head))
    return found


def _row(layer: LayerReport, path: tuple[str, ...]) -> Row:
    return Row(
        str(layer.number),
        path,
        layer.kind,
        _essentials(layer),
        layer.output_shape,
        tuple(layer.receptive_fields.values()),
        layer.params,
        0 if layer.node.shares is not None else layer.node.facts.buffer_values,
        layer.macs,
        layer.flops,
        layer.activation_bytes,
    )


def _essentials(layer: LayerReport) -> str:
    shares = "" if layer.shares is None else f"weights of {layer.shares}"
    return f"{layer.essentials} {shares}".strip()


def _folded(members: list[LayerReport], path: tuple[str, ...]) -> Row:
    last = members[-1]
    inner = [_row(member, path) for member in members]
    return Row(
        f"{members[0].number}–{last.number}" if len(members) > 1 else str(last.number),
        path,
        f"{len(members)} layer{'s' if len(members) > 1 else ''}",
        "",
        last.output_shape,
        tuple(last.receptive_fields.values()),
        sum(row.params for row in inner),
        sum(row.buffers for row in inner),
        sum(row.macs for row in inner),
        sum(row.flops for row in inner),
        sum(row.memory for row in inner),
    )
