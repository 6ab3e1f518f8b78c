"""Runs a graph layer by layer, frees what is no longer needed, and measures what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from cnncalc.graph import Graph
from cnncalc.layers.base import LayerError
from cnncalc.numerics.arrays import Array
from cnncalc.numerics.fields.walk import walked
from cnncalc.numerics.kernels.table import KERNELS, Call, Surroundings
from cnncalc.numerics.machine.threads import workers
from cnncalc.numerics.machine.workspace import workspace
from cnncalc.numerics.parts.products import counting
from cnncalc.numerics.run.checks import Measurement
from cnncalc.numerics.run.ledger import Ledger, root
from cnncalc.numerics.weights.generated import Arrays, Generator, Supply

Observer = Callable[[int, "Measurement | None"], None]
"""Told the index of a node before it runs (with `None`) and after it (with what happened)."""


class LayerFailedError(Exception):
    """A kernel refused what its layer gave it."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index = index


class Activations:
    """Outputs that are still to be read: each is let go after its last reader has run.

    Readers are counted, not looked up in an analysis of the graph, which is what the bytes
    alive are held against.
    """

    def __init__(self, graph: Graph) -> None:
        self._arrays: dict[int, Array] = {}
        self._given: set[int] = set()  # identities: references would keep them alive
        self._inputs = graph.inputs
        self._readers = [0] * len(graph.nodes)
        for node in graph.nodes:
            for taken in node.inputs:
                self._readers[taken] += 1
        for index in graph.outputs:
            self._readers[index] += 1

    def __getitem__(self, index: int) -> Array:
        return self._arrays[index]

    def free(self, index: int) -> bool:
        """Whether an output has one reader left and no other output is in its memory.

        The network's inputs are the caller's and never free.
        """
        memory = root(self._arrays[index])
        if id(memory) in self._given or self._readers[index] != 1:
            return False
        return not any(
            root(array) is memory for other, array in self._arrays.items() if other != index
        )

    def store(self, index: int, array: Array) -> None:
        """Keep the output of a node for its readers."""
        if index in self._inputs:
            self._given.add(id(root(array)))
        self._arrays[index] = array

    def release(self, inputs: Sequence[int], index: int) -> None:
        """A node has run: its inputs have a reader less; an output nobody reads goes at once."""
        for taken in inputs:
            self._readers[taken] -= 1
        for taken in (*inputs, index):
            if self._readers[taken] == 0:
                self._arrays.pop(taken, None)


class Executor:
    """Runs a graph on given arrays."""

    def __init__(self, graph: Graph, arrays: Sequence[Arrays], threads: int = 1) -> None:
        self.graph = graph
        self.arrays = arrays
        self.threads = threads

    def measure(
        self, take: Callable[[], Sequence[Array]], observer: Observer = lambda index, found: None
    ) -> dict[int, Array]:
        """Run every layer by itself and measure it; the network's outputs by node.

        ``take`` makes the inputs [B, C, *spatial] in their order; it is called once, so that
        nobody else holds the arrays.

        Raises:
            LayerFailedError: a kernel refuses its arrays.
        """
        graph, ledger, arrays = self.graph, Ledger(), ArrayCounter()
        activations, around = Activations(graph), Surroundings(graph)
        given = list(take())
        generator = Generator(0, given[0].dtype)
        for index in reversed(graph.inputs):
            x = given.pop()
            ledger.enter(x)
            around.shapes[index] = x.shape[1:]
            activations.store(index, x)
            del x
        with workers(self.threads), workspace():
            for index, node in enumerate(graph.layers, start=len(graph.inputs)):
                observer(index, None)
                supply = self.supply(index, generator)
                inputs = [activations[taken] for taken in node.inputs]
                sizes = walked(node.kind, inputs[0].shape[1:])
                result, macs, seconds = _timed(Call(index, node.kind, inputs, supply, around))
                del inputs
                shape = around.shapes[index] = tuple(result.shape[1:])
                owned, params = ledger.enter(result), arrays.count(supply.asked)
                found = Measurement(shape, sizes, params, macs, owned, ledger.alive, seconds)
                activations.store(index, result)
                del result
                activations.release(node.inputs, index)
                observer(index, found)
        return {index: activations[index] for index in graph.outputs}

    def supply(self, index: int, generator: Generator) -> Supply:
        """The arrays that a layer has, or those of the layer whose weights it shares."""
        shares = self.graph.nodes[index].shares
        owner = index if shares is None else shares
        return Supply(self.graph.nodes[owner], self.arrays[owner], generator)


class ArrayCounter:
    """Counts the values of arrays, those of one array only once."""

    def __init__(self) -> None:
        self._counted: dict[int, Array] = {}

    def count(self, arrays: Sequence[Array]) -> int:
        """Values of the arrays that were not counted before."""
        total = 0
        for array in arrays:
            if id(array) not in self._counted:
                self._counted[id(array)] = array  # alive, so that its identity stays its own
                total += array.size
        return total


def _timed(call: Call) -> tuple[Array, int, float]:
    """What a layer's kernel returns, the multiply-accumulates it issued, and how long it took."""
    try:
        with counting() as counter:
            start = perf_counter()
            result = KERNELS[call.kind.name](call)
            seconds = perf_counter() - start
    except (LayerError, ValueError, KeyError, IndexError) as error:
        raise LayerFailedError(call.node, str(error)) from error
    if result.shape[0] != call.inputs[0].shape[0]:
        raise LayerFailedError(call.node, f"its output has a batch of {result.shape[0]}")
    return result, counter.macs, seconds
