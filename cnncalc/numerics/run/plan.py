"""A forward pass for speed: what is free is folded, and memory nobody reads is written over.

A batch normalization becomes part of the weights of the convolution before it, and a following
activation is applied while the convolution's output is in the cache. The results are those of
the layers one by one, up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.graph import Graph
from cnncalc.numerics.arrays import Array, per_channel
from cnncalc.numerics.kernels.norm import folded_batch_norm
from cnncalc.numerics.kernels.table import (
    ACTIVATIONS,
    FOLLOWED,
    KERNELS,
    MERGES,
    Call,
    Surroundings,
    activation_of,
)
from cnncalc.numerics.machine.threads import workers
from cnncalc.numerics.machine.workspace import workspace
from cnncalc.numerics.parts.elementwise import NOTHING, Epilogue
from cnncalc.numerics.run.executor import Activations
from cnncalc.numerics.weights.generated import Arrays, Generator, Supply


class Step(NamedTuple):
    """One kernel call: a layer, and the layers after it that are done on the way."""

    node: int
    result: int
    """The last of them, whose output this is."""
    epilogue: Epilogue


class Plan:
    """A graph made ready to run many times.

    The arrays become the plan's own: batch normalizations are folded into them.
    """

    def __init__(self, graph: Graph, arrays: Sequence[Arrays], threads: int = 1) -> None:
        self.graph = graph
        self.arrays = arrays
        self.threads = threads
        self._shared = {node.shares for node in graph.nodes} - {None}
        self._readers: list[list[int]] = [[] for _ in graph.nodes]
        for index, node in enumerate(graph.nodes):
            for taken in node.inputs:
                self._readers[taken].append(index)
        self._kept = set(graph.outputs)
        self.steps = self._plan()

    def _plan(self) -> list[Step]:
        steps = []
        done: set[int] = set()
        for index in range(len(self.graph.inputs), len(self.graph.nodes)):
            if index not in done:
                step, absorbed = self._step(index)
                done.update(absorbed)
                steps.append(step)
        return steps

    def _step(self, index: int) -> tuple[Step, list[int]]:
        """A layer with those that follow it and read nothing else."""
        kind = self.graph.nodes[index].kind
        absorbed: list[int] = []
        epilogue, last = NOTHING, index
        if kind.name == "batch_norm" and kind.__dict__["track_stats"]:
            epilogue = self._batch_norm(index)
        elif kind.name in FOLLOWED:
            following = self._only_reader(index)
            if following is not None and self._folds(following):
                epilogue = self._fold(index, following)
                absorbed.append(following)
                last = following
        follower = self._only_reader(last)
        if follower is not None and (kind.name in FOLLOWED or kind.name in MERGES):
            activation = self.graph.nodes[follower].kind
            if activation.name in ACTIVATIONS and not (
                kind.name == "batch_norm" and epilogue is NOTHING
            ):
                epilogue = Epilogue(epilogue.scale, epilogue.shift, activation_of(activation))
                absorbed.append(follower)
                last = follower
        return Step(index, last, epilogue), absorbed

    def _only_reader(self, index: int) -> int | None:
        """The one layer that reads an output which nobody else wants."""
        readers = self._readers[index]
        return readers[0] if len(readers) == 1 and index not in self._kept else None

    def _folds(self, index: int) -> bool:
        kind = self.graph.nodes[index].kind
        return kind.name == "batch_norm" and bool(kind.__dict__["track_stats"])

    def _arrays(self, index: int) -> Arrays:
        shares = self.graph.nodes[index].shares
        return self.arrays[index if shares is None else shares]

    def _batch_norm(self, index: int) -> Epilogue:
        found = self._arrays(index)
        scale, shift = folded_batch_norm(
            found["running_mean"],
            found["running_var"],
            found.get("weight"),
            found.get("bias"),
            eps=self.graph.nodes[index].kind.__dict__["eps"],
        )
        return Epilogue(scale, shift)

    def _fold(self, index: int, norm: int) -> Epilogue:
        """The epilogue of a convolution that a batch normalization follows."""
        epilogue = self._batch_norm(norm)
        node, found = self.graph.nodes[index], self._arrays(index)
        shared = node.shares is not None or index in self._shared
        if shared or node.kind.name not in ("conv", "depthwise_conv"):
            return epilogue
        assert epilogue.scale is not None
        weight = found["weight"]
        weight *= per_channel(epilogue.scale, weight.ndim - 1)
        if "bias" in found:
            bias = found["bias"]
            bias *= epilogue.scale
        return Epilogue(None, epilogue.shift)

    def run(self, *given: Array) -> dict[int, Array]:
        """The network's outputs by node, for inputs [B, C, *spatial] that stay as they are."""
        with workers(self.threads), workspace():
            return self.forward(*given)

    def forward(self, *given: Array) -> dict[int, Array]:
        """As `run`, within threads and working space that the caller has set up."""
        graph = self.graph
        activations = Activations(graph)
        around = Surroundings(graph)
        generator = Generator(0, given[0].dtype)
        for index, x in enumerate(given):
            around.shapes[index] = x.shape[1:]
            activations.store(index, x)
        for index, result, epilogue in self.steps:
            node = graph.nodes[index]
            inputs = [activations[taken] for taken in node.inputs]
            reuse = self._reusable(index, inputs, activations)
            supply = Supply(node, self._arrays(index), generator)
            call = Call(index, node.kind, inputs, supply, around, epilogue, reuse)
            output = KERNELS[node.kind.name](call)
            around.shapes[index] = around.shapes[result] = output.shape[1:]
            activations.store(result, output)
            # Nobody else may hold what is to be freed.
            del inputs, reuse, call, output
            activations.release(node.inputs, result)
        return {index: activations[index] for index in graph.outputs}

    def _reusable(self, index: int, inputs: list[Array], activations: Activations) -> Array | None:
        """An input that the output may be written over."""
        node = self.graph.nodes[index]
        if node.kind.name in MERGES:
            full = max(array.size for array in inputs)
            candidates = [n for n, array in enumerate(inputs) if array.size == full]
        elif node.kind.name in ACTIVATIONS or node.kind.name == "batch_norm":
            candidates = [0]
        else:
            return None
        for number in candidates:
            if activations.free(node.inputs[number]) and inputs[number].flags.c_contiguous:
                return inputs[number]
        return None
