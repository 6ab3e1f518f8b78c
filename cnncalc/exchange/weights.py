"""The arrays of a network, wherever they come from; and files of them."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph
from cnncalc.numerics.arrays import Array, Arrays
from cnncalc.numerics.weights.generated import Generator, declared_arrays
from cnncalc.numerics.weights.stored import load_weights
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.exchange.imported import Imported
    from cnncalc.language.network import Network


def arrays_of(
    network: Network | Imported,
    graph: Graph,
    input: Shape | None,
    weights: str | None,
    seed: int,
) -> Sequence[Arrays]:
    """Arrays for each node: those of a file, else the network's own, else some from a seed.

    Raises:
        UsageError: the file cannot be read, or is of another network.
    """
    if weights is not None:
        return load_weights(weights, graph, np.dtype(np.float32))
    own = own_arrays(network, input)
    if own is not None:
        return own
    generator = Generator(seed, np.dtype(np.float32))
    return [
        {name: generator.draw(node, name, shape) for name, shape in declared_arrays(node).items()}
        if node.shares is None
        else {}
        for node in graph.nodes
    ]


def own_arrays(
    network: Network | Imported, input: Shape | Mapping[str, Shape] | None
) -> list[dict[str, Array]] | None:
    """The arrays that came with a network; an architecture file has none."""
    from cnncalc.exchange.imported import Imported

    if not isinstance(network, Imported):
        return None
    reading = network.reading(input)
    return reading.arrays() if reading.run is not None else None


def stored(path: str, graph: Graph, arrays: Sequence[Arrays]) -> bytes:
    """A file of arrays by their layers' names, `.npz` or `.safetensors`.

    Raises:
        UsageError: it is another ending, or the package is missing.
    """
    named: dict[str, Any] = {
        f"{node.name}.{name}": np.ascontiguousarray(array)
        for node, mapping in zip(graph.nodes, arrays, strict=True)
        for name, array in mapping.items()
    }
    ending = os.path.splitext(path)[1].lower()
    if ending == ".npz":
        stream = io.BytesIO()
        np.savez(stream, **named)
        return stream.getvalue()
    if ending != ".safetensors":
        raise UsageError(f"{path} is neither .npz nor .safetensors")
    try:
        from safetensors.numpy import save
    except ImportError:
        raise UsageError(
            f"{path} needs the package safetensors", 'pip install "cnncalc[safetensors]"'
        ) from None
    data: bytes = save(named)
    return data
