"""A written Keras file proven: run by Keras, and held against our NumPy pass."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.checking import difference
from cnncalc.exchange.keras.framework import framework
from cnncalc.exchange.writing.keras.weights import keras_arrays
from cnncalc.graph import Graph
from cnncalc.numerics.arrays import Array, Arrays
from cnncalc.numerics.run.executor import LayerFailedError, execute


class Built(NamedTuple):
    """A model as a written file builds it."""

    model: Any
    calls: list[tuple[Any, tuple[int, ...]]]
    """Every layer and operation in the order of their calls, with the shape that it gives."""

    @property
    def weights(self) -> list[Any]:
        """The layers' variables, in the order in which the layers are called first."""
        layers = list({id(one): one for one, _ in self.calls}.values())
        return [
            variable for layer in layers for variable in getattr(layer, "weights", ())
            if "seed" not in variable.path
        ]  # fmt: skip


def keras_difference(
    graph: Graph, arrays: Sequence[Arrays], text: str, seed: int, batch: int = 1
) -> float:
    """The largest relative difference between the outputs of a written file and our kernels'.

    Raises:
        UsageError: Keras is missing, the file does not run, or its arrays are not the graph's.
    """
    built = build(text)
    load_arrays(built, graph, arrays)
    random = np.random.Generator(np.random.PCG64([seed, 2]))
    inputs = [
        random.standard_normal((batch, *shape), np.float32) for shape in graph.input_shapes.values()
    ]
    theirs = run(built.model, inputs)
    given = dict(enumerate(inputs))
    try:
        ours = execute(graph, [dict(each) for each in arrays], given.pop, 1)
    except LayerFailedError as error:
        raise UsageError(f"{graph.nodes[error.index].name} cannot be run: {error}") from None
    pairs = zip(graph.outputs, theirs, strict=True)
    return max([difference(ours[index], their) for index, their in pairs])


def run(model: Any, inputs: Sequence[Array]) -> list[Array]:
    """A model's outputs, channels first as its inputs are."""
    keras = framework("running Keras code")
    turned = [np.ascontiguousarray(np.moveaxis(x, 1, -1)) for x in inputs]
    try:
        found = model(turned[0] if len(turned) == 1 else turned, training=False)
    except Exception as error:
        raise UsageError(f"Keras cannot run what was written: {str(error)[:300]}") from None
    leaves = [np.asarray(keras.ops.convert_to_numpy(one)) for one in keras.tree.flatten(found)]
    return [np.moveaxis(leaf, -1, 1) if leaf.ndim > 2 else leaf for leaf in leaves]


def build(text: str) -> Built:
    """The model that the last function of a written file builds; its code is run.

    Raises:
        UsageError: Keras is not installed, or refuses a layer.
    """
    keras = framework("`--check` of Keras code")
    module = ModuleType("written")
    exec(compile(text, "<written>", "exec"), module.__dict__)
    functions = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    calls: list[tuple[Any, tuple[int, ...]]] = []
    keras.backend.clear_session()
    try:
        with recorded(keras, calls):
            model = getattr(module, functions[-1])()
    except Exception as error:
        raise UsageError(f"Keras refuses what was written: {str(error)[:300]}") from None
    return Built(model, calls)


@contextmanager
def recorded(keras: Any, calls: list[tuple[Any, tuple[int, ...]]]) -> Iterator[None]:
    """Note every call of a layer or an operation: a model keeps its layers in another order."""
    operation = keras.Operation
    before = operation.__call__
    inside = [0]

    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        inside[0] += 1
        try:
            found = before(self, *args, **kwargs)
        finally:
            inside[0] -= 1
        if not inside[0]:  # not those of which a layer is made
            calls.append((self, tuple(getattr(found, "shape", ()) or ())))
        return found

    operation.__call__ = noted
    try:
        yield
    finally:
        operation.__call__ = before


def load_arrays(built: Built, graph: Graph, arrays: Sequence[Arrays]) -> None:
    """Give a model the arrays of the graph's layers.

    Raises:
        UsageError: it has others.
    """
    ours, theirs = keras_arrays(graph, arrays), built.weights
    if [array.shape for array in ours] != [tuple(variable.shape) for variable in theirs]:
        raise UsageError("the arrays of what was written are not the network's, or in its order")
    for variable, array in zip(theirs, ours, strict=True):
        variable.assign(array)
