"""A training step played through: forward, backward, the optimizer's step.

The order is PyTorch's. Forward, an output lives until its last reader has run, or as long as a
layer keeps it. Backward, layers run in reverse; each makes the gradients of its inputs and
parameters while that of its output and what it kept are still there, and then lets go of both.
Two gradients that meet are added into a third. Gradients of parameters stay until the step.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.analysis.training.heap import Heap, Moment
from cnncalc.analysis.training.layer_bytes import Array, LayerBytes, lower
from cnncalc.analysis.training.plan import Block, Plan
from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph
from cnncalc.shapes import Shape
from cnncalc.unknown import is_known


class Training(NamedTuple):
    """The memory of a step, in bytes."""

    plan: Plan
    params: int
    buffers: int
    gradients: int
    """Of the parameters."""
    optimizer_state: int
    input: int
    storages: list[list[int]]
    """For each node the sizes of what it keeps between forward and backward, as the first."""
    copies: int
    """Of `saved`, the copies of weights in 16 bits."""
    moments: list[Moment]
    """The most alive while each layer ran, in order of time; the optimizer's step is the last."""
    recomputed: int
    """Multiply-accumulates that checkpoints add."""

    @property
    def saved(self) -> list[int]:
        """For each node the bytes that it keeps, as the first that does."""
        return [sum(sizes) for sizes in self.storages]

    @property
    def saved_total(self) -> int:
        """Distinct storages kept between forward and backward."""
        return sum(self.saved)

    @property
    def peak(self) -> Moment:
        """The moment with the most bytes alive; the first of them."""
        return max(self.moments, key=lambda moment: moment.bytes)


def train(graph: Graph, plan: Plan, layers: list[LayerBytes] | None = None) -> Training:
    """Play a step through; `layers` are those of `lower`, which do not depend on the batch.

    Raises:
        UsageError: a layer does not say what it keeps for its backward pass.
    """
    layers = lower(graph, plan) if layers is None else layers
    for node, layer in zip(graph.nodes, layers, strict=True):
        if layer.trained and not is_known([size.sample for size in layer.arrays]):
            raise UsageError(
                f"the memory of training {graph.name} is not known, since `{node.name}` does not "
                "state what it keeps for its backward pass",
            )
    return _Step(graph, plan, layers).run()


def weight_shapes(graph: Graph) -> list[Shape]:
    """Shapes of the trained arrays, those that are shared once."""
    return [
        shape
        for node in graph.nodes
        if node.shares is None
        for name, shape in node.facts.weights.items()
        if name not in node.frozen
    ]


def _positions(node: int) -> int:
    """The name of a pool's positions among the variables, whose others are nodes."""
    return ~node


class _Step:
    """The state of a step."""

    def __init__(self, graph: Graph, plan: Plan, layers: list[LayerBytes]) -> None:
        self.graph, self.plan, self.layers = graph, plan, layers
        nodes, width = graph.nodes, plan.width
        self.last = graph.last_uses()
        self.shapes = weight_shapes(graph)
        self.params = width * sum([node.params for node in nodes])
        self.buffers = width * sum([n.facts.buffer_values for n in nodes if n.shares is None])
        self.state = sum([plan.optimizer.state(shape, width) for shape in self.shapes])
        self.heap = Heap(self.params + self.buffers + self.state)
        self.kept: list[list[int]] = [[] for _ in nodes]
        self.switched = {
            layer.switches: index
            for index, layer in enumerate(layers)
            if layer.switches is not None
        }
        self.first: dict[int, int] = {}
        self.copies: set[int] = set()
        self.cached: dict[int, list[int]] = {}
        self.gradients: dict[int, int] = {}
        self.trained: dict[int, list[int]] = {}
        self.held: dict[Block, dict[int, int]] = {}
        self.starts = {block[0]: block for block in plan.checkpoints}
        self.ends = {block[1] - 1: block for block in plan.checkpoints}

    def run(self) -> Training:
        """Every pass and the step; the last of the passes is the one that is told of."""
        for _ in range(min(self.plan.accumulate, 2)):
            self.heap.moments.clear()
            variables = self._forward_all()
            saved, copies = self._saved()
            loss = self.heap.new(self.plan.width)
            self._backward_all()
            for storage in (loss, *variables.values()):
                self.heap.drop(storage)
        gradients = sum([self.heap.sizes[s] for arrays in self.trained.values() for s in arrays])
        return Training(
            self.plan,
            self.params,
            self.buffers,
            gradients,
            self.state,
            sum([self.layers[i].output.of(self.plan.batch) for i in self._inputs()]),
            saved,
            copies,
            self.heap.moments,
            self._recomputed(),
        )

    def _inputs(self) -> list[int]:
        return [index for index, layer in enumerate(self.layers) if not layer.inputs]

    # -- forward -------------------------------------------------------------------------------

    def _forward_all(self) -> dict[int, int]:
        """Every layer; what is left are the input and the outputs."""
        heap = self.heap
        heap.phase = "forward"
        variables = {i: heap.new(self.layers[i].output.of(self.plan.batch)) for i in self._inputs()}
        inside: Block | None = None
        for index, layer in enumerate(self.layers):
            inside = self.starts.get(index, inside)
            if index in self.starts and inside is not None:
                self._hold_inputs(inside, variables)
            if layer.inputs:
                self._forward(index, variables, keep=inside is None)
            for taken in set(layer.inputs):
                if self.last[taken] == index and self.layers[taken].inputs:
                    heap.drop(variables.pop(taken))
            if layer.switches is not None and self.switched[layer.switches] == index:
                heap.drop(variables.pop(_positions(layer.switches)))
            if index in self.ends:
                inside = None
            heap.note(index)
        self._forget_copies()
        return variables

    def _forward(self, index: int, variables: dict[int, int], *, keep: bool) -> None:
        heap, layer, batch = self.heap, self.layers[index], self.plan.batch
        given = [variables[taken] for taken in layer.inputs]
        self._copy_weights(index, keep)
        casts = [None if cast is None else heap.new(cast.of(batch)) for cast in layer.casts]
        if layer.view:
            variables[index] = heap.hold(given[0])
        else:
            variables[index] = heap.new(layer.output.of(batch))
        if keep:
            for place in layer.kept_inputs:
                cast = casts[place]
                self._keep(index, given[place] if cast is None else cast)
            if layer.kept_output:
                self._keep(index, variables[index])
        own = [heap.new(size.of(batch)) for size in layer.arrays]
        if index in self.switched:
            variables[_positions(index)] = heap.hold(own[-1])
        if keep and layer.trained:
            for storage in own:
                self._keep(index, storage)
            if layer.switches is not None:
                self._keep(index, variables[_positions(layer.switches)])
        for storage in (*own, *[cast for cast in casts if cast is not None]):
            heap.drop(storage)

    def _keep(self, index: int, storage: int) -> None:
        self.kept[index].append(self.heap.hold(storage))
        self.first.setdefault(storage, index)

    def _copy_weights(self, index: int, keep: bool) -> None:
        """Autocast's copies in 16 bits, made at their first use and cached until the loss."""
        layer = self.layers[index]
        if not any([array.copy for array in layer.params]):
            return
        if layer.owner not in self.cached:
            self.cached[layer.owner] = [self.heap.new(array.copy) for array in layer.params]
        if keep:
            for storage, array in zip(self.cached[layer.owner], layer.params, strict=True):
                if array.copy_kept:
                    self.copies.add(storage)
                    self._keep(index, storage)

    def _forget_copies(self) -> None:
        for storages in self.cached.values():
            for storage in storages:
                self.heap.drop(storage)
        self.cached.clear()

    def _saved(self) -> tuple[list[list[int]], int]:
        """What each node keeps as the first, and how much of that are copies of weights."""
        found: list[list[int]] = [[] for _ in self.layers]
        for storage, index in self.first.items():
            found[index].append(self.heap.sizes[storage])
        copies = sum([self.heap.sizes[storage] for storage in self.copies])
        self.first.clear()
        self.copies.clear()
        return found, copies

    # -- blocks that are run again -------------------------------------------------------------

    def _hold_inputs(self, block: Block, variables: dict[int, int]) -> None:
        """A checkpointed block keeps what it reads from outside."""
        start, end = block
        read = {
            taken for layer in self.layers[start:end] for taken in layer.inputs if taken < start
        }
        for layer in self.layers[start:end]:
            if layer.switches is not None and layer.switches < start:
                read.add(_positions(layer.switches))
        self.held[block] = {}
        for taken in sorted(read):
            self.held[block][taken] = self.heap.hold(variables[taken])
            self.first.setdefault(variables[taken], start)

    def _run_again(self, block: Block) -> None:
        """The block's forward pass once more, keeping, as far as anything is kept."""
        start, end = block
        held = self.held[block]
        variables = dict(held)
        keeping = [i for i in range(start, end) if self._keeps(self.layers[i])]
        for index in range(start, max(keeping, default=start - 1) + 1):
            self._forward(index, variables, keep=True)
            for taken in set(self.layers[index].inputs):
                if self.last[taken] == index and taken >= start:
                    self.heap.drop(variables.pop(taken))
        for key, storage in variables.items():
            if key not in held:
                self.heap.drop(storage)
        self._forget_copies()
        self.heap.note(end - 1)

    @staticmethod
    def _keeps(layer: LayerBytes) -> bool:
        own = layer.arrays or layer.switches is not None
        return bool(layer.kept_inputs or layer.kept_output or (own and layer.trained))

    def _recomputed(self) -> int:
        """Multiply-accumulates of the layers that are run again."""
        found = 0
        for start, end in self.plan.checkpoints:
            keeping = [i for i in range(start, end) if self._keeps(self.layers[i])]
            for node in self.graph.nodes[start : max(keeping, default=start - 1) + 1]:
                found += node.facts.operations.macs
        return found * self.plan.batch

    # -- backward ------------------------------------------------------------------------------

    def _backward_all(self) -> None:
        """Every layer in reverse, from the gradient of the outputs' sum; then the step."""
        heap = self.heap
        heap.phase = "backward"
        for index in self.graph.outputs:
            if self.layers[index].trained:
                self.gradients[index] = heap.new(self.plan.width)  # one number, repeated
        for index in range(len(self.layers) - 1, -1, -1):
            if index in self.ends:
                self._run_again(self.ends[index])
            if index in self.gradients:
                self._backward(index)
            for storage in self.kept[index]:
                heap.drop(storage)
            self.kept[index].clear()
            if index in self.starts:
                for storage in self.held.pop(self.starts[index]).values():
                    heap.drop(storage)
            heap.note(index)
        heap.phase = "step"
        most = self.plan.optimizer.update(self.shapes, self.plan.width)
        heap.resize(most)
        heap.resize(-most)
        heap.note(len(self.layers) - 1)

    def _backward(self, index: int) -> None:
        heap, layer, batch = self.heap, self.layers[index], self.plan.batch
        given = self.gradients.pop(index)
        made: list[int] = []
        for place in layer.wanted:
            cast = layer.casts[place]
            size = self.layers[layer.inputs[place]].output if cast is None else cast
            passes = layer.passes[place] and cast is None
            made.append(heap.hold(given) if passes else heap.new(size.of(batch)))
        scratch = layer.scratch.of(batch)
        heap.resize(scratch)
        heap.resize(-scratch)  # before the parameters' turn: what it becomes is small
        params = [array for array in layer.params if array.trained]
        trained = [heap.new(array.copy or array.bytes) for array in params]
        heap.drop(given)
        for storage in self.kept[index]:
            heap.drop(storage)
        self.kept[index].clear()
        self._accumulate(layer, params, trained)
        for place, storage in zip(layer.wanted, made, strict=True):
            self._give(layer, place, storage)

    def _accumulate(self, layer: LayerBytes, params: list[Array], trained: list[int]) -> None:
        """Gradients of parameters, brought to the parameters' type and added to those there are."""
        heap = self.heap
        for place, array in enumerate(params):
            if array.copy:
                low, trained[place] = trained[place], heap.new(array.bytes)
                heap.drop(low)
        there = self.trained.get(layer.owner)
        if there is None:
            if trained:
                self.trained[layer.owner] = trained
        else:  # added in place
            for storage in trained:
                heap.drop(storage)

    def _give(self, layer: LayerBytes, place: int, storage: int) -> None:
        """A gradient goes to the layer that made the input; two that meet are added."""
        heap, taken = self.heap, layer.inputs[place]
        size = self.layers[taken].output.of(self.plan.batch)
        if layer.casts[place] is not None:
            low, storage = storage, heap.new(size)
            heap.drop(low)
        if taken in self.gradients:
            first, total = self.gradients[taken], heap.new(size)
            heap.drop(first)
            heap.drop(storage)
            storage = total
        self.gradients[taken] = storage
