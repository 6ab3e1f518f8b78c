"""What of a network is unknown, and the refusal of an analysis that needs all of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
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


NAMED = 8
"""As many layers of an operator are named in a message."""

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
        "state it in its `custom`, or cut the network before it"
        if missing.node.kind.is_stated
        else None,
    )


def require_computable(graph: Graph) -> None:
    """Refuse to compare a network with layers that only state their facts.

    Raises:
        UsageError: names the first of them, and how many there are.
    """
    stated = [node for node in graph.nodes if node.kind.is_stated]
    if stated:
        first = stated[0]
        more = f" and {len(stated) - 1} more" if len(stated) > 1 else ""
        raise UsageError(
            f"{graph.name} cannot be compared: of `{first.name}`, a "
            f"`{first.kind.option_value('name')}`,{more} only the shapes are known, and nothing "
            "that could be run",
            "leave `--check` out",
        )


def known_part(graph: Graph, failed: Collection[int]) -> Graph:
    """The layers of which everything is known that their own figures need, and their inputs.

    Without the `failed` ones, what follows them as far as it is unknown, and layers that name one.
    """
    places: dict[int, int] = {}
    nodes: list[Node] = []
    for index, node in enumerate(graph.nodes):
        needed = [*node.inputs, *([] if node.shares is None else [node.shares])]
        known = is_known(node.facts.output) and node.facts.params is not UNKNOWN
        if index in failed or not known or node.reads or any([n not in places for n in needed]):
            continue
        places[index] = len(nodes)
        inputs = tuple([places[one] for one in node.inputs])
        shares = None if node.shares is None else places[node.shares]
        nodes.append(node._replace(inputs=inputs, shares=shares))
    return graph._replace(nodes=tuple(nodes))


def operators(graph: Graph) -> dict[str, list[int]]:
    """The operators of which something is unknown, with the nodes of each."""
    found: dict[str, list[int]] = {}
    for index, node in enumerate(graph.nodes):
        if node.kind.is_stated and not node.facts.is_complete:
            found.setdefault(node.kind.option_value("name"), []).append(index)
    return found


def unknown_of(nodes: Iterable[Node]) -> list[str]:
    """What is unknown of some nodes, in words: `MACs`, `what its units see`."""
    facts = [node.facts for node in nodes]
    return [
        text.removeprefix("its ")
        for text, is_stated in QUANTITIES.values()
        if not all(map(is_stated, facts))
    ]


def require_layers(graph: Graph) -> None:
    """Refuse a network with operators that no layer kind stands for.

    Raises:
        UsageError: names all of them.
    """
    found = operators(graph)
    if not found:
        return
    count = sum(map(len, found.values()))
    lines = [
        f"`{operator}` ×{len(indices)} at "
        + ", ".join([graph.nodes[index].name for index in indices[:NAMED]])
        for operator, indices in found.items()
    ]
    have = "operation has" if count == 1 else "operations have"
    raise UsageError(f"{count} {have} no layer in {graph.name}: {'; '.join(lines)}")
