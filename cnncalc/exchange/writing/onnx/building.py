"""The nodes and initializers of an ONNX graph, as they are gathered layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from cnncalc.fresh_names import fresh
from cnncalc.graph import Graph, Node
from cnncalc.layers.base import Facts, Kind
from cnncalc.layers.pool import MaxUnpool
from cnncalc.numerics.arrays import Array
from cnncalc.shapes import Shape
from cnncalc.unknown import is_known

CUSTOM_DOMAIN = "cnncalc.custom"
"""The domain of operators that only state their shapes."""


class Unsayable(Exception):
    """A layer that ONNX has no operators for; the text says what of it."""


class Made(NamedTuple):
    """An operator of the graph."""

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    domain: str = ""


class Building:
    """A graph under construction."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.made: list[Made] = []
        self.constants: dict[str, Array] = {}
        self.taken = {node.name for node in graph.nodes}
        self.arrays: dict[tuple[int, str], str] = {}
        """Initializers of layers, by node and array."""
        for index, node in enumerate(graph.nodes):
            if node.shares is None:
                arrays = {**node.facts.weights, **node.facts.buffers}
                for name in [name for name, shape in arrays.items() if is_known(shape)]:
                    self.arrays[index, name] = self.fresh(f"{node.name}.{name}")
        self.undone = {node.reads[0] for node in graph.nodes if isinstance(node.kind, MaxUnpool)}
        self.switches: dict[int, str] = {}
        """For each max pool that is undone the tensor with its positions."""

    def fresh(self, name: str) -> str:
        """A name that nothing has yet."""
        found = fresh(name, self.taken)
        self.taken.add(found)
        return found

    def constant(self, name: str, value: Any, dtype: Any = np.float32) -> str:
        """The name of an initializer that belongs to no layer."""
        name = self.fresh(name)
        self.constants[name] = np.asarray(value, dtype)
        return name


class LayerOperators:
    """One layer while its operators are made; the last of them has the layer's name."""

    def __init__(self, building: Building, index: int) -> None:
        self.building = building
        self.index = index
        self.node: Node = building.graph.nodes[index]
        self.kind: Any = self.node.kind
        self.facts: Facts = self.node.facts
        nodes = building.graph.nodes
        self.inputs = tuple([nodes[taken].name for taken in self.node.inputs])
        self.shapes: tuple[Shape, ...] = tuple([nodes[i].facts.output for i in self.node.inputs])
        self.owner = index if self.node.shares is None else self.node.shares

    @property
    def x(self) -> str:
        """Its first input."""
        return self.inputs[0]

    @property
    def shape(self) -> Shape:
        """Shape of its first input, for one sample."""
        return self.shapes[0]

    @property
    def rank(self) -> int:
        """Spatial axes of its first input."""
        return len(self.shape) - 1

    def array(self, name: str) -> str:
        """The initializer of one of its arrays; that of another layer where it is shared."""
        return self.building.arrays[self.owner, name]

    def has(self, name: str) -> bool:
        """Whether it has such an array."""
        return name in self.facts.weights or name in self.facts.buffers

    def arrays(self, *names: str) -> tuple[str, ...]:
        """The initializers of those arrays that it has."""
        return tuple([self.array(name) for name in names if self.has(name)])

    def add(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """An operator; gives the name of its (first) output."""
        building = self.building
        name = building.fresh(f"{self.node.name}/{op}")
        made = (name, *[building.fresh(f"{name}_{n}") for n in range(1, outputs)])
        given = {key: value for key, value in attributes.items() if value is not None}
        building.made.append(Made(op, name, inputs, made, given))
        return name

    def add_custom(self, op: str, *inputs: str, **attributes: Any) -> str:
        """An operator of the domain of those that ONNX does not have; the name of its output."""
        name = self.add(op, *inputs, **attributes)
        self.building.made[-1] = self.building.made[-1]._replace(domain=CUSTOM_DOMAIN)
        return name

    def constant(self, what: str, value: Any, dtype: Any = np.float32) -> str:
        """An initializer of this layer alone."""
        return self.building.constant(f"{self.node.name}/{what}", value, dtype)

    def integers(self, what: str, values: Sequence[int]) -> str:
        """Whole numbers, as shapes and axes are given."""
        return self.constant(what, [int(value) for value in values], np.int64)

    def reshape(self, x: str, *sizes: int) -> str:
        """Another shape of a sample; the batch stays."""
        return self.add("Reshape", x, self.integers("shape", (0, *sizes)))

    def transpose(self, x: str, *order: int) -> str:
        """The axes of a batch in another order."""
        return self.add("Transpose", x, perm=list(order))

    def per_channel(self, name: str) -> str:
        """One of its arrays [C], with an axis for each spatial one."""
        return self.add(
            "Unsqueeze", self.array(name), self.integers("axes", range(1, self.rank + 1))
        )

    def finish(self, output: str) -> None:
        """Give the last operator's output the layer's own name."""
        for place in range(len(self.building.made) - 1, -1, -1):
            made = self.building.made[place]
            if output in made.outputs:
                outputs = tuple([self.node.name if o == output else o for o in made.outputs])
                self.building.made[place] = made._replace(name=self.node.name, outputs=outputs)
                return
        raise AssertionError(output)


Write = Callable[[LayerOperators], str]
"""Makes a layer's operators and gives the name of their output."""

OPERATORS: dict[type[Kind], Write] = {}


def writes(*kinds: type[Kind]) -> Callable[[Write], Write]:
    """Register how some kinds are written."""

    def register(write: Write) -> Write:
        OPERATORS.update(dict.fromkeys(kinds, write))
        return write

    return register
