"""Runs a graph layer by layer, frees what is no longer needed, and measures what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TypeAlias

from cnncalc.graph import Graph
from cnncalc.layers.base import LayerError
from cnncalc.numerics.arrays import Array, Arrays
from cnncalc.numerics.kernels.call import KernelCall, RunContext
from cnncalc.numerics.kernels.table import KERNELS
from cnncalc.numerics.machine.threads import workers
from cnncalc.numerics.machine.workspace import workspace
from cnncalc.numerics.measurement import Measurement
from cnncalc.numerics.parts.products import counting
from cnncalc.numerics.run.ledger import Ledger
from cnncalc.numerics.weights.generated import Generator
from cnncalc.numerics.weights.supply import ArrayCounter, Supply

Feed: TypeAlias = Callable[[int], Array]
"""Makes the input [B, C, *spatial] of a node that takes no other's output.

It is called once, so that nobody else holds the array.
"""

Observer: TypeAlias = "Callable[[int, Measurement | None], None]"
"""Told the index of a node before it runs (with `None`) and after it (with what happened)."""


class LayerFailedError(Exception):
    """A kernel refused what its layer gave it."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index = index


class Pending:
    """Outputs that are still to be read: each is let go after its last reader has run.

    Readers are counted, not looked up in an analysis of the graph, which is what the bytes
    alive are held against.
    """

    def __init__(self, graph: Graph) -> None:
        self._arrays: dict[int, Array] = {}
        self._readers = [0] * len(graph.nodes)
        for node in graph.nodes:
            for taken in node.inputs:
                self._readers[taken] += 1
        for index in graph.outputs:
            self._readers[index] += 1

    def __getitem__(self, index: int) -> Array:
        return self._arrays[index]

    def store(self, index: int, array: Array) -> None:
        """Keep the output of a node for its readers."""
        self._arrays[index] = array

    def release(self, inputs: Sequence[int], index: int) -> None:
        """A node has run: its inputs have a reader less; an output nobody reads goes at once."""
        for taken in inputs:
            self._readers[taken] -= 1
        for taken in (*inputs, index):
            if self._readers[taken] == 0:
                self._arrays.pop(taken, None)


def execute(
    graph: Graph,
    arrays: Sequence[Arrays],
    feed: Feed,
    threads: int = 1,
    observer: Observer = lambda index, found: None,
) -> dict[int, Array]:
    """Run every layer by itself and measure it; the network's outputs by node.

    Raises:
        LayerFailedError: a kernel refuses its arrays.
    """
    ledger, weights, buffers = Ledger(), ArrayCounter(), ArrayCounter()
    pending, around = Pending(graph), RunContext(_undone(graph))
    spare: Generator | None = None
    with workers(threads), workspace():
        for index, node in enumerate(graph.nodes):
            if not node.inputs:
                x = feed(index)
                around.shapes[index] = x.shape[1:]
                spare = spare or Generator(0, x.dtype)
                ledger.enter(x)
                pending.store(index, x)
                del x
                continue
            assert spare is not None
            observer(index, None)
            owner = index if node.shares is None else node.shares
            supply = Supply(graph.nodes[owner], arrays[owner], spare)
            inputs = [pending[taken] for taken in node.inputs]
            walk, before = KERNELS[node.kind.name].walk, inputs[0].shape[1:]
            result, macs, seconds = _timed(KernelCall(index, node.kind, inputs, supply, around))
            del inputs
            around.shapes[index] = tuple(result.shape[1:])
            found = Measurement(
                around.shapes[index],
                None if walk is None else walk(node.kind, before),
                weights.count(supply.weights),
                buffers.count(supply.buffers),
                macs,
                ledger.enter(result),
                ledger.alive,
                seconds,
            )
            pending.store(index, result)
            del result
            pending.release(node.inputs, index)
            observer(index, found)
    return {index: pending[index] for index in graph.outputs}


def _undone(graph: Graph) -> list[int]:
    """The max pools whose switches a layer takes, once for each of them."""
    takers = [(node.kind, KERNELS[node.kind.name].undoes) for node in graph.nodes if node.inputs]
    return [undoes(kind) for kind, undoes in takers if undoes is not None]


def _timed(call: KernelCall) -> tuple[Array, int, float]:
    """What a layer's kernel returns, the multiply-accumulates it issued, and how long it took."""
    try:
        with counting() as counter:
            start = perf_counter()
            result = KERNELS[call.kind.name].compute(call)
            seconds = perf_counter() - start
    except (LayerError, ValueError, KeyError, IndexError) as error:
        raise LayerFailedError(call.node, str(error)) from error
    if result.shape[0] != call.inputs[0].shape[0]:
        raise LayerFailedError(call.node, f"its output has a batch of {result.shape[0]}")
    return result, counter.macs, seconds
