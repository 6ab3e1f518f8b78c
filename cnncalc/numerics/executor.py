"""Runs a graph layer by layer, frees what is no longer needed, and measures what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from cnncalc.graph import Graph
from cnncalc.layers.base import LayerError
from cnncalc.numerics.arrays import Array
from cnncalc.numerics.checks import Measurement
from cnncalc.numerics.dispatch import KERNELS, Call, Surroundings
from cnncalc.numerics.ledger import Ledger, root
from cnncalc.numerics.product import counting
from cnncalc.numerics.threads import workers
from cnncalc.numerics.weights import Arrays, Generator, Supply
from cnncalc.numerics.workspace import workspace

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
        self._given = 0  # its identity: a reference would keep it alive
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

        The network's input is the caller's and never free.
        """
        memory = root(self._arrays[index])
        if id(memory) == self._given or self._readers[index] != 1:
            return False
        return not any(
            root(array) is memory for other, array in self._arrays.items() if other != index
        )

    def store(self, index: int, array: Array) -> None:
        """Keep the output of a node for its readers."""
        if index == 0:
            self._given = id(root(array))
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
        self, take: Callable[[], Array], observer: Observer = lambda index, found: None
    ) -> dict[int, Array]:
        """Run every layer by itself and measure it; the network's outputs by node.

        ``take`` makes the input [B, C, *spatial]; it is called once, so that nobody else holds
        the array.

        Raises:
            LayerFailedError: a kernel refuses its arrays.
        """
        graph, ledger = self.graph, Ledger()
        activations = Activations(graph)
        around = Surroundings(graph)
        x = take()
        ledger.enter(x)
        around.shapes[0] = x.shape[1:]
        generator = Generator(0, x.dtype)
        batch = x.shape[0]
        activations.store(0, x)
        del x
        counted: dict[int, Array] = {}

        with workers(self.threads), workspace():
            for index, node in enumerate(graph.nodes[1:], start=1):
                observer(index, None)
                owner = index if node.shares is None else node.shares
                supply = Supply(graph.nodes[owner], self.arrays[owner], generator)
                call = Call(index, node.kind, [activations[i] for i in node.inputs], supply, around)
                start = perf_counter()
                try:
                    with counting() as counter:
                        result = KERNELS[node.kind.name](call)
                except (LayerError, ValueError, KeyError, IndexError) as error:
                    raise LayerFailedError(index, str(error)) from error
                seconds = perf_counter() - start
                del call
                if result.shape[0] != batch:
                    raise LayerFailedError(index, f"a batch of {batch} became {result.shape[0]}")
                owned = ledger.enter(result)
                params = 0
                for array in supply.asked:
                    if id(array) not in counted:
                        counted[id(array)] = array
                        params += array.size
                found = Measurement(
                    tuple(result.shape[1:]), params, counter.macs, owned, ledger.alive, seconds
                )
                around.shapes[index] = found.output_shape
                activations.store(index, result)
                del result
                activations.release(node.inputs, index)
                observer(index, found)
        return {index: activations[index] for index in graph.outputs}
