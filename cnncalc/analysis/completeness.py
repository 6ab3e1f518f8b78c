"""What of a network is unknown, and the refusal of an analysis that needs all of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph, Node
from cnncalc.layers.base import Facts
from cnncalc.unknown import UNKNOWN, is_known


class Missing(NamedTuple):
    """The first layer of which something is unknown."""

    node: Node
    what: str
    """In words: `its output shape`."""


QUANTITIES: dict[str, tuple[str, Callable[[Facts], bool]]] = {
    "output": ("its output shape", lambda facts: is_known(facts.output)),
    "params": ("its weights", lambda facts: facts.params is not UNKNOWN),
    "buffers": ("its buffers", lambda facts: facts.buffer_values is not UNKNOWN),
    "macs": ("its MACs", lambda facts: facts.operations.macs is not UNKNOWN),
    "window": (
        "what its units see",
        lambda facts: all([one.is_known for windows in facts.windows for one in windows or ()]),
    ),
    "flops": ("its FLOPs", lambda facts: is_known(facts.operations)),
}
"""What a layer states: in words, and whether it is known."""

MEMORY = ("output", "params", "buffers")
"""What the memory of a network needs to be known."""


SUMMED = ("output", "params", "buffers", "macs", "flops")
"""What the totals are sums of."""


def first_unknown(graph: Graph, quantities: Collection[str] = tuple(QUANTITIES)) -> Missing | None:
    """The first layer of which one of these quantities is unknown, and which."""
    for node in graph.nodes:
        for quantity in quantities:
            text, is_stated = QUANTITIES[quantity]
            if not is_stated(node.facts):
                return Missing(node, text)
    return None


def require_known(graph: Graph, purpose: str, quantities: Collection[str]) -> None:
    """Refuse a network of which something is unknown that an analysis needs.

    Raises:
        UsageError: names the first unknown.
    """
    missing = first_unknown(graph, quantities)
    if missing is None:
        return
    raise UsageError(
        f"{purpose} of {graph.name} is not known, since `{missing.node.name}` does not state "
        f"{missing.what}",
        "state it in its `custom`" if missing.node.kind.is_stated else None,
    )
