"""The network as a graph: layers in execution order, immutable once built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cnncalc.diagnostics import Place
from cnncalc.layers.base import Facts, Kind
from cnncalc.shapes import Shape, product


class Use(NamedTuple):
    """A block's use: where, and the use that it is part of."""

    place: Place
    parent: Use | None

    def chain(self) -> tuple[Place, ...]:
        """Places of this use and of those around it, innermost first."""
        places = []
        use: Use | None = self
        while use is not None:
            places.append(use.place)
            use = use.parent
        return tuple(places)


class Node(NamedTuple):
    """One layer."""

    name: str
    kind: Kind
    inputs: tuple[int, ...]
    """Indices of the nodes whose outputs it takes."""
    facts: Facts
    place: Place | None = None
    use: Use | None = None
    shares: int | None = None
    """The node whose weights it uses."""
    is_output: bool = False
    """Whether the file marks it as an output."""
    reads: tuple[int, ...] = ()
    """Nodes it names without taking their output: for a size, or for a pool's switches."""

    frozen: frozenset[str] = frozenset()
    """Those of its weights that are stored and not trained."""

    @property
    def params(self) -> int:
        """Values of the weights it owns; those of shared weights belong to the first layer."""
        return 0 if self.shares is not None else self.facts.params

    @property
    def trainable_params(self) -> int:
        """Those of them that are trained."""
        if not self.frozen or self.shares is not None:
            return self.params
        weights = self.facts.weights.items()
        return sum([product(shape) for name, shape in weights if name not in self.frozen])


class Input(Kind, name="input"):
    """An input of the network."""


class Graph(NamedTuple):
    """A network."""

    name: str
    source: str | None
    nodes: tuple[Node, ...]
    """The inputs, then the layers in execution order."""
    parameters: Mapping[str, Any]
    file: str | None = None

    @property
    def inputs(self) -> range:
        """Indices of the network's inputs."""
        count = 0
        for node in self.nodes:
            if type(node.kind) is not Input:
                break
            count += 1
        return range(count)

    @property
    def layers(self) -> tuple[Node, ...]:
        """The nodes without the inputs."""
        return self.nodes[len(self.inputs) :]

    @property
    def input_shape(self) -> Shape:
        """Shape of the network's first input."""
        return self.nodes[0].facts.output

    @property
    def input_shapes(self) -> dict[str, Shape]:
        """Shapes of the network's inputs by their names."""
        return {node.name: node.facts.output for node in self.nodes[: len(self.inputs)]}

    @property
    def outputs(self) -> tuple[int, ...]:
        """Indices of the layers whose output is wanted: the marked ones and the last."""
        last = len(self.nodes) - 1
        return (*(i for i, node in enumerate(self.nodes) if node.is_output and i != last), last)

    def ancestors(self, index: int) -> frozenset[int]:
        """A node and all nodes that it depends on, those it only names included."""
        found: set[int] = set()
        waiting = [index]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += [*self.nodes[one].inputs, *self.nodes[one].reads]
        return frozenset(found)

    def last_uses(self) -> list[int]:
        """For each node the index of the last node that takes its output.

        Outputs of the network live on, and so does an input that no layer takes: nothing lets
        it go.
        """
        last = list(range(len(self.nodes)))
        for index, node in enumerate(self.nodes):
            for taken in node.inputs:
                last[taken] = index
        for index in self.outputs:
            last[index] = len(self.nodes)
        for index in self.inputs:
            if last[index] == index:
                last[index] = len(self.nodes)
        return last


def is_frozen(node: Node) -> bool:
    """Whether a node has weights and trains none of them."""
    return bool(node.frozen) and node.frozen >= node.facts.weights.keys()


def frozen_before(graph: Graph, index: int) -> Graph:
    """The same network with the weights of all nodes before one frozen."""
    nodes = [
        node._replace(frozen=frozenset(node.facts.weights)) if place < index else node
        for place, node in enumerate(graph.nodes)
    ]
    return graph._replace(nodes=tuple(nodes))


def input_node(shape: Shape, name: str = "input") -> Node:
    """The node of an input of the network."""
    return Node(name, Input((), 0), (), Facts(shape, windows=()))
