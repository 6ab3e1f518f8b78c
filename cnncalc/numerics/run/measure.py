"""One run from beginning to end: arrays, inputs, the layers, and what their units see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph
from cnncalc.numerics.arrays import Array, Arrays
from cnncalc.numerics.fields.reading import Readers
from cnncalc.numerics.fields.seen import seen_pixels
from cnncalc.numerics.kernels.table import KERNELS
from cnncalc.numerics.measurement import Failure, Measurement, Options, Output, Run, Score, Seen
from cnncalc.numerics.run.executor import Feed, LayerFailedError, Observer, execute
from cnncalc.numerics.weights.generated import generate
from cnncalc.numerics.weights.stored import load_weights
from cnncalc.shapes import Shape


def measure(
    graph: Graph,
    options: Options,
    observer: Observer,
    own: Callable[[], Sequence[Arrays] | None] = lambda: None,
) -> Run:
    """Run a graph and tell what happened.

    ``own`` reads the arrays that came with the network, if any did; those of a file go before.

    Raises:
        UsageError: a file cannot be used.
    """
    start = perf_counter()
    dtype = np.dtype(options.dtype)
    feed = _feed(graph, options, dtype)
    arrays: Sequence[Arrays]
    if options.weights is not None:
        arrays = load_weights(options.weights, graph, dtype)
    else:
        came = own()
        arrays = generate(graph, dtype, options.seed) if came is None else _typed(came, dtype)
    rows: dict[int, Measurement] = {}

    def observe(index: int, found: Measurement | None) -> None:
        if found is not None:
            rows[index] = found
        observer(index, found)

    failure, outputs = None, {}
    try:
        outputs = execute(graph, arrays, feed, options.threads, observe)
    except LayerFailedError as error:
        failure = Failure(graph.nodes[error.index].name, f"refused: {error}")
    seen = see(graph, {index: row.output_shape for index, row in rows.items()})
    scores = _scores(graph, outputs, options.scores) if options.scores else ()
    return Run(tuple(rows.values()), seen, scores, perf_counter() - start, failure)


def _typed(arrays: Sequence[Arrays], dtype: np.dtype[Any]) -> list[Arrays]:
    """The same arrays in the type of the run."""
    return [
        {name: np.ascontiguousarray(array, dtype) for name, array in each.items()}
        for each in arrays
    ]


def see(graph: Graph, shapes: dict[int, Shape]) -> tuple[tuple[Seen, ...], ...]:
    """For each input of the network, what the units of each layer that ran see of it.

    ``shapes`` are those of the arrays that the layers produced, by node.
    """
    fed = [index for index, node in enumerate(graph.nodes) if not node.inputs]
    known = {index: graph.nodes[index].facts.output for index in fed} | shapes
    nodes = graph.nodes[: len(known)]
    found = [known[index] for index in range(len(nodes))]
    read = [
        [_readers(node.kind, found[taken], found[index]) for taken in node.inputs]
        for index, node in enumerate(nodes)
    ]
    return tuple(
        tuple(seen for node, seen in zip(nodes, every, strict=True) if node.inputs)
        for every in (seen_pixels(nodes, found, read, source) for source in fed)
    )


def _readers(kind: Any, before: Shape, after: Shape) -> Readers:
    """How a layer reads one of its inputs; without axes there is nothing to be read."""
    return None if len(after) == 1 else KERNELS[kind.name].reads(kind, before, after)


def _feed(graph: Graph, options: Options, dtype: np.dtype[Any]) -> Feed:
    """Makes the network's inputs [B, C, *spatial], from files or at random."""
    given = {
        index: _image(path, (options.batch, *graph.nodes[index].facts.output), dtype)
        for index in graph.inputs
        if (path := options.images.get(graph.nodes[index].name)) is not None
    }
    random = np.random.Generator(np.random.PCG64([options.seed, 1]))

    def feed(index: int) -> Array:
        shape = (options.batch, *graph.nodes[index].facts.output)
        if index in given:
            return given.pop(index)
        return random.standard_normal(shape, np.float32).astype(dtype, copy=False)

    return feed


def _image(path: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    try:
        with open(path, "rb") as file:
            found = np.load(file, allow_pickle=False)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, EOFError):
        found = None
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiub":
        raise UsageError(f"{path} is no .npy file of numbers")
    if found.shape == shape[1:]:
        found = np.broadcast_to(found, shape)
    if found.shape != shape:
        raise UsageError(
            f"{path} is {list(found.shape)}, and the network takes {list(shape[1:])}",
            "channels first; with --batch, one image for all samples or one for each",
        )
    return np.array(found, dtype, order="C")


def _scores(graph: Graph, outputs: dict[int, Array], count: int) -> tuple[Output, ...]:
    return tuple(
        Output(graph.nodes[index].name, tuple(_top(sample, count) for sample in output))
        for index, output in outputs.items()
    )


def _top(values: Array, count: int) -> tuple[Score, ...]:
    flat = values.reshape(-1)
    order = np.argsort(-flat, kind="stable")[:count]
    return tuple(
        Score(tuple(map(int, np.unravel_index(i, values.shape))), float(flat[i])) for i in order
    )
