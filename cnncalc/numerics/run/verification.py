"""One verification from beginning to end: arrays, input, run, receptive fields, checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from cnncalc.graph import Graph
from cnncalc.numerics.arrays import Array
from cnncalc.numerics.errors import InputError
from cnncalc.numerics.fields.seen import seen_pixels
from cnncalc.numerics.run.checks import (
    Measurement,
    Mismatch,
    Output,
    Prediction,
    Run,
    Score,
    compare,
)
from cnncalc.numerics.run.executor import Executor, LayerFailedError, Observer
from cnncalc.numerics.weights.generated import generate
from cnncalc.numerics.weights.stored import load_weights


class Options(NamedTuple):
    """How a network is run."""

    batch: int = 1
    dtype: str = "float32"
    threads: int = 1
    seed: int = 0
    weights: str | None = None
    """A file of weights; generated ones without."""
    image: str | None = None
    """A file with the first input; random ones without."""
    scores: int = 0
    """How many of an output's largest values are told."""


def verify(
    graph: Graph,
    predictions: Sequence[Prediction],
    peak: int,
    peak_layer: str,
    options: Options,
    observer: Observer,
) -> Run:
    """Run a graph and hold what was predicted against it.

    ``predictions`` are those of the layers, in execution order and without the input; ``peak``
    is that of the activations' bytes, reached in ``peak_layer``.

    Raises:
        InputError: a file cannot be used.
    """
    start = perf_counter()
    dtype = np.dtype(options.dtype)
    make = _inputs(graph, options, dtype)
    if options.weights is None:
        arrays = generate(graph, dtype, options.seed)
    else:
        arrays = load_weights(options.weights, graph, dtype)
    measurements: list[Measurement] = []

    def observe(index: int, found: Measurement | None) -> None:
        if found is not None:
            measurements.append(found)
        observer(index, found)

    failure, outputs = None, {}
    try:
        outputs = Executor(graph, arrays, options.threads).measure(make, observe)
    except LayerFailedError as error:
        failure = Mismatch(graph.nodes[error.index].name, "an output", f"refused: {error}")
    shapes = [*graph.input_shapes.values(), *(found.output_shape for found in measurements)]
    seen = {
        name: seen_pixels(graph, shapes, source) for source, name in enumerate(graph.input_shapes)
    }
    verification = compare(
        predictions, measurements, peak, peak_layer, seen, perf_counter() - start, failure
    )
    return Run(verification, tuple(measurements), _scores(graph, outputs, options.scores))


def _inputs(graph: Graph, options: Options, dtype: np.dtype[Any]) -> Callable[[], list[Array]]:
    """Makes the inputs [B, C, *spatial], from a file or at random."""
    shapes = [(options.batch, *shape) for shape in graph.input_shapes.values()]
    given = [] if options.image is None else [_image(options.image, shapes[0], dtype)]
    random = np.random.Generator(np.random.PCG64([options.seed, 1]))

    def make() -> list[Array]:
        held = given.copy()
        given.clear()
        for shape in shapes[len(held) :]:
            held.append(random.standard_normal(shape, np.float32).astype(dtype, copy=False))
        return held

    return make


def _image(path: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    try:
        with open(path, "rb") as file:
            found = np.load(file, allow_pickle=False)
    except OSError as error:
        raise InputError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, EOFError):
        raise InputError(f"{path} is no .npy file of numbers") from None
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiub":
        raise InputError(f"{path} is no .npy file of numbers")
    if found.shape == shape[1:]:
        found = np.broadcast_to(found, shape)
    if found.shape != shape:
        raise InputError(
            f"{path} is {list(found.shape)}, and the network takes {list(shape[1:])}",
            "channels first; with --batch, one image for all samples or one for each",
        )
    return np.array(found, dtype, order="C")


def _scores(graph: Graph, outputs: dict[int, Array], count: int) -> tuple[Output, ...]:
    if not count:
        return ()
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
