"""Functions of an ONNX file: what is called stands in the place of the call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.diagnostics import UsageError

NODES = 400_000
"""As many nodes a graph may have: several to a layer, as exporters write shapes out."""


def inlined(model: Any, path: str) -> Any:
    """The model without functions.

    Raises:
        UsageError: a function calls itself, or the calls make more nodes than any network has.
    """
    _count(model, path)
    import onnx
    from onnx.inliner import inline_local_functions

    return inline_local_functions(onnx.load_model_from_string(model.SerializeToString()))


def too_many(path: str) -> UsageError:
    """What is said of a graph that no network has."""
    return UsageError(f"{path} holds more than {NODES:,} nodes")


def _count(model: Any, path: str) -> None:
    """Count the nodes that calls make before any is made: forty small functions make 2^40."""
    bodies = {
        (one.domain, one.name): [(n.domain, n.op_type) for n in _nodes(one.node)]
        for one in model.functions
    }
    counts: dict[tuple[str, str], int] = {}
    open_: dict[tuple[str, str], None] = {}
    for root in bodies:
        stack = [root]
        while stack:
            name = stack[-1]
            missing = [one for one in bodies[name] if one in bodies and one not in counts]
            if name in counts or not missing:
                counts[name] = sum(counts.get(one, 1) for one in bodies[name])
                open_.pop(name, None)
                stack.pop()
                continue
            open_[name] = None
            if missing[0] in open_:
                raise UsageError(f"{path}: its function `{missing[0][1][:60]}` calls itself")
            stack.append(missing[0])
    if sum(counts.get((n.domain, n.op_type), 1) for n in _nodes(model.graph.node)) > NODES:
        raise too_many(path)


def _nodes(nodes: Any) -> Iterator[Any]:
    """The nodes, and those of the graphs that they hold."""
    stack = [nodes]
    while stack:
        for node in stack.pop():
            yield node
            stack += [one.g.node for one in node.attribute if one.type == 5]
            stack += [g.node for one in node.attribute if one.type == 10 for g in one.graphs]
