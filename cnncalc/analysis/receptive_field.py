"""Receptive fields: the windows on the way from the input to a layer, composed.

Exact on any graph: windows of layers in a row compose, those of branches that meet unite, and
patterns that repeat over several units (after upsampling) are followed unit by unit. A receptive
field belongs to an input: a network of several has one for each of them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from cnncalc.graph import Graph, Node
from cnncalc.layers.base import Windows, unknown_windows
from cnncalc.shapes import IDENTITY, Window, WindowLimitError, compose, unite

FOLLOWED_LIMIT = 1_000_000
"""As many windows are written down for a whole network; a layer of a usual one needs one."""

Field = Windows | None
"""The window of a layer's units on each axis of an input; `None`: all of it, or no axes.

Of an input that a layer does not depend on it is `NOWHERE` on each axis; `UNKNOWN_WINDOW` where
a layer on the way does not say what its units see.
"""

NOWHERE = Window(0, (None,))
"""No unit sees anything."""


class ReceptiveField(NamedTuple):
    """What one output unit sees, in input pixels on each axis; `UNKNOWN` where it is not known."""

    size: tuple[int, ...]
    """The largest window; 0 where nothing of the input is seen."""
    stride: tuple[int | str | None, ...]
    """Distance of neighbouring units' windows; a fraction as `"1/2"`, `None` where it varies."""
    start: tuple[int, ...]
    """Where the first unit's window begins; negative in the padding."""


@lru_cache(maxsize=10_000)
def describe(field: Windows) -> ReceptiveField:
    """Size, stride and start of a field."""
    return ReceptiveField(
        tuple([window.size for window in field]),
        tuple([_stride(window) for window in field]),
        tuple([window.start for window in field]),
    )


def last_feature_map(graph: Graph, fields: list[Field]) -> ReceptiveField | None:
    """The receptive field of the last feature map; `None`: the whole input, or unknown.

    That is the last layer with spatial axes, before a pool over all positions and before the
    answer is brought to the input's size. A network that gates its channels by what it sees of
    the whole input (squeeze-and-excitation) sees all of it from there on.
    """
    for node, field in zip(reversed(graph.nodes), reversed(fields), strict=True):
        sizes = node.facts.output[1:]
        if not sizes or node.kind.resamples or unseen(field):
            continue
        if field is not None:
            return describe(field) if is_known(field) else None
        if max(sizes) > 1:
            return None
    return None


def is_known(field: Windows) -> bool:
    """Whether what a layer sees is known."""
    return all([window.is_known for window in field])


def unseen(field: Field) -> bool:
    """Whether a layer of this field does not depend on the input."""
    return field is not None and all([window is NOWHERE for window in field])


def fields_by_input(graph: Graph) -> list[list[Field]]:
    """For each input of the network the receptive fields of every node.

    Raises:
        WindowLimitError: a pattern of windows is too long to be followed.
    """
    return [receptive_fields(graph, source) for source in graph.inputs]


def receptive_fields(graph: Graph, source: int = 0) -> list[Field]:
    """The receptive field of every node in one of the network's inputs.

    That of the input itself is the unit at its own place; a node that does not depend on the
    input sees nothing of it.

    Args:
        source: the input's index.

    Raises:
        WindowLimitError: a pattern of windows is too long to be followed.
    """
    rank = len(graph.nodes[source].facts.output) - 1
    unseen = (NOWHERE,) * rank
    fields: list[Field] = []
    followed = 0
    for index, node in enumerate(graph.nodes):
        inputs = node.inputs
        if not inputs:
            own = (IDENTITY,) * rank if rank else None
            fields.append(own if index == source else unseen)
        elif len(inputs) == 1:
            field = fields[inputs[0]]
            if field is not unseen:
                field = _through(field, node.facts.windows[0], node)
            fields.append(field)
        else:
            fields.append(_meet(fields, node, unseen))
        for window in fields[-1] or ():
            followed += len(window.spans)
        if followed > FOLLOWED_LIMIT:
            raise WindowLimitError(
                f"the windows up to `{node.name}` follow more than {FOLLOWED_LIMIT:,} units"
            )
    return fields


def _through(field: Field, windows: Field, node: Node) -> Field:
    """A field seen through the windows of a layer."""
    if field is None or windows is None:
        return None
    if not (is_known(field) and is_known(windows)):
        return unknown_windows(node.facts.output)
    first = windows[0] if windows else None
    if first is IDENTITY and all([window is IDENTITY for window in windows]):
        return field
    output = node.facts.output
    seen: list[Window] = []
    for axis, window in enumerate(windows):
        same = axis and window == windows[0] and field[axis] == field[0]
        if same and output[axis + 1] == output[1]:
            seen.append(seen[0])
        else:
            seen.append(compose(field[axis], window, output[axis + 1]))
    return tuple(seen)


def _meet(fields: list[Field], node: Node, unseen: Windows) -> Field:
    """The union of a merge's branches; those that see nothing of the input add nothing."""
    result: Field = None
    for index, windows in zip(node.inputs, node.facts.windows, strict=True):
        if fields[index] is unseen:
            continue
        field = _through(fields[index], windows, node)
        if field is None:
            return None
        if result is None or result is field:
            result = field
        elif not (is_known(field) and is_known(result)):
            result = unknown_windows(node.facts.output)
        else:
            sizes = node.facts.output[1:]
            result = tuple(map(unite, result, field, sizes))
    return unseen if result is None else result


def _stride(window: Window) -> int | str | None:
    stride = window.stride
    if stride is None:
        return None
    step, units = stride
    return step if units == 1 else f"{step}/{units}"
