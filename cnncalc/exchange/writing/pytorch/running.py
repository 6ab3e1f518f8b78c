"""A written PyTorch file proven: run by PyTorch, and held against our NumPy pass."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.checking import TOLERANCE, difference
from cnncalc.graph import Graph
from cnncalc.layers.pool import MaxUnpool
from cnncalc.numerics.arrays import Array
from cnncalc.numerics.run.executor import LayerFailedError, execute
from cnncalc.numerics.weights.generated import declared_arrays

COUNTER = "num_batches_tracked"
"""What PyTorch's batch normalization stores beside its arrays."""


def pytorch_difference(
    graph: Graph,
    arrays: Sequence[Mapping[str, Array]],
    text: str,
    seed: int,
    batch: int = 1,
) -> float:
    """The largest relative difference between the outputs of a written file and our kernels'.

    Where a layer takes the places of maxima, or rounding has grown beyond all bounds on its way
    through the layers, both sides compute in float64: what remains then is none of rounding.

    Raises:
        UsageError: PyTorch is missing, the file does not run, or its arrays are not the graph's.
    """
    try:
        import torch
    except ImportError:
        raise UsageError(
            "`--check` of PyTorch code needs PyTorch, which is not installed",
            "`pip install torch`; https://pytorch.org names the command for your machine",
        ) from None
    switches = any(isinstance(node.kind, MaxUnpool) for node in graph.nodes)
    if not switches:
        found = _difference(torch, graph, arrays, text, (seed, batch), np.dtype(np.float32))
        if found <= TOLERANCE:
            return found
    return _difference(torch, graph, arrays, text, (seed, batch), np.dtype(np.float64))


def _difference(
    torch: Any,
    graph: Graph,
    arrays: Sequence[Mapping[str, Array]],
    text: str,
    drawn: tuple[int, int],
    dtype: np.dtype[Any],
) -> float:
    """The same, in numbers of one type; `drawn` are the seed of the input and its samples."""
    seed, batch = drawn
    random = np.random.Generator(np.random.PCG64([seed, 2]))
    inputs = [
        random.standard_normal((batch, *shape)).astype(dtype)
        for shape in graph.input_shapes.values()
    ]
    arrays = [{k: np.ascontiguousarray(v, dtype) for k, v in each.items()} for each in arrays]
    with torch.device("meta"):  # its own first weights would be drawn in vain
        model = last_class(text)()
    load_arrays(model, graph, arrays)
    model.eval()
    with torch.no_grad():
        try:
            found = model(*[torch.from_numpy(x.copy()) for x in inputs])
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise UsageError(f"PyTorch cannot run what was written: {reason}") from None
    theirs = found if isinstance(found, tuple) else (found,)
    given = dict(enumerate(inputs))
    try:
        ours = execute(graph, [dict(each) for each in arrays], given.pop, 1)
    except LayerFailedError as error:
        raise UsageError(f"{graph.nodes[error.index].name} cannot be run: {error}") from None
    pairs = zip(graph.outputs, theirs, strict=True)
    return max([difference(ours[index], their.numpy()) for index, their in pairs])


def last_class(text: str) -> Any:
    """The last class of a written file, whose code is run."""
    module = ModuleType("written")
    exec(compile(text, "<written>", "exec"), module.__dict__)
    classes = [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    return getattr(module, classes[-1])


def load_arrays(model: Any, graph: Graph, arrays: Sequence[Mapping[str, Array]]) -> None:
    """Give a module of the written file the arrays of the graph's layers, which stand in its order.

    Raises:
        UsageError: the module has others.
    """
    import torch

    wanted = [(key, tuple(value.shape)) for key, value in model.state_dict().items()]
    ours = [
        (f"{node.name}.{name}", given[name], shape)
        for node, given in zip(graph.nodes, arrays, strict=True)
        if node.shares is None
        for name, shape in declared_arrays(node).items()
    ]
    theirs = [(key, shape) for key, shape in wanted if not key.endswith(COUNTER)]
    shapes = [shape for _, _, shape in ours]
    if [shape for _, shape in theirs] != shapes:
        raise UsageError("the arrays of what was written are not the network's, or in its order")
    state = {key: torch.zeros((), dtype=torch.int64) for key, _ in wanted if key.endswith(COUNTER)}
    for (key, _), (_, value, _) in zip(theirs, ours, strict=True):
        # an array of a file that was read may not be written to
        state[key] = torch.from_numpy(value if value.flags.writeable else value.copy())
    model.load_state_dict(state, assign=True)
