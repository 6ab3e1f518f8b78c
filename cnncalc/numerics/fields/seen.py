"""Which input pixels a layer's units see, found by sending the pixels' numbers through the kernels.

Each axis is a ramp of pixel numbers. Instead of multiplying and adding what a window reads, the
lowest and the highest number are kept: every unit ends with the first and the last pixel of its
receptive field. Pools, resampling, cropping and shuffling go through their own kernels,
convolutions through the same gathering of windows as their products.

A receptive field counts what lies in the padding. So the ramps go on beyond the borders of the
input, as far as any later layer reads, and a layer reads its neighbours' numbers where it would
read zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from cnncalc.graph import Node
from cnncalc.numerics.fields.reading import NOTHING, SAME, Ramp, Readers
from cnncalc.numerics.measurement import Seen
from cnncalc.shapes import Shape

Ramps: TypeAlias = tuple[Ramp, ...] | None
Spans = list[tuple[int, int]]
"""For each axis the units, from and up to, that are followed."""

UNREACHED: tuple[Ramp, ...] = ()
"""What a layer sees of an input on which it does not depend."""


def seen_pixels(
    nodes: Sequence[Node],
    shapes: Sequence[Shape],
    read: Sequence[Sequence[Readers]],
    source: int = 0,
) -> list[Seen]:
    """For each node, the pixels of the input ``source`` that every unit of every axis sees.

    ``shapes`` are those of the arrays that the nodes really produced, and ``read`` says how each
    node reads each of its inputs.
    """
    spans = _spans(nodes, shapes, read)
    ramps: list[Ramps] = []
    for index, node in enumerate(nodes):
        if node.inputs:
            branches = [
                _through(ramps[taken], how, spans[index])
                for taken, how in zip(node.inputs, read[index], strict=True)
            ]
            ramps.append(_union(branches, spans[index]))
        else:
            ramps.append(
                tuple(map(_pixels, spans[index])) or None if index == source else UNREACHED
            )
    return [_intervals(ramp, shape[1:]) for ramp, shape in zip(ramps, shapes, strict=True)]


def _spans(
    nodes: Sequence[Node], shapes: Sequence[Shape], read: Sequence[Sequence[Readers]]
) -> list[Spans]:
    """The units of each layer that any later one reads, those beyond its borders included."""
    spans: list[Spans] = [[(0, size) for size in shape[1:]] for shape in shapes]
    for index in range(len(nodes) - 1, -1, -1):
        for taken, how in zip(nodes[index].inputs, read[index], strict=True):
            for axis, reader in enumerate(how or ()):
                first, stop = reader.needs(*spans[index][axis])
                low, high = spans[taken][axis]
                spans[taken][axis] = (min(low, first), max(high, stop))
    return spans


def _pixels(span: tuple[int, int]) -> Ramp:
    numbers = np.arange(*span, dtype=np.float64)
    return Ramp(span[0], np.stack([numbers, -numbers]))


def _through(ramps: Ramps, how: Readers, spans: Spans) -> Ramps:
    """What a layer's units see through one of its inputs."""
    if ramps is UNREACHED:
        return UNREACHED
    if ramps is None or how is None:
        return None
    found: list[Ramp] = []
    for axis, (ramp, reader, span) in enumerate(zip(ramps, how, spans, strict=True)):
        # Axes that agree are read once: the arrays are the same object.
        if axis and ramp is ramps[0] and reader == how[0] and span == spans[0]:
            found.append(found[0])
        elif reader is SAME and span == (ramp.start, ramp.start + ramp.rows.shape[1]):
            found.append(ramp)
        else:
            found.append(Ramp(span[0], reader.read(ramp, *span)))
    return tuple(found)


def _union(branches: Sequence[Ramps], spans: Spans) -> Ramps:
    result: Ramps = UNREACHED
    for branch in branches:
        if result is None or branch is None:
            return None
        if result is UNREACHED:
            result = branch
        elif branch is not UNREACHED and branch is not result:
            result = tuple(
                one if one is other else Ramp(span[0], np.minimum(one.rows, other.rows))
                for one, other, span in zip(result, branch, spans, strict=True)
            )
    return result


def _intervals(ramps: Ramps, sizes: Shape) -> Seen:
    if ramps is None:
        return None
    if ramps is UNREACHED:
        return ()
    known: dict[tuple[int, int], Any] = {}
    found = []
    for ramp, size in zip(ramps, sizes, strict=True):
        key = (id(ramp), size)
        if key not in known:
            first, last = ramp.part(0, size)
            known[key] = [
                None if low == NOTHING else (int(low), int(high))
                for low, high in zip(first.tolist(), (-last).tolist(), strict=True)
            ]
        found.append(known[key])
    return found
