"""Names for the arrays the kernels pass around, and the few things all of them do to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cnncalc.shapes import Slide

Array: TypeAlias = npt.NDArray[np.floating[Any]]
Arrays: TypeAlias = Mapping[str, Array]
"""Those of one layer by name, as in ``Facts.weights`` and ``Facts.buffers``."""
Indices: TypeAlias = npt.NDArray[np.int64]
Ints: TypeAlias = Sequence[int]
Padding: TypeAlias = Sequence[tuple[int, int]]
Slides: TypeAlias = Sequence[Slide]
Index: TypeAlias = tuple[Any, ...]


def per_channel(values: Array, axes: int) -> Array:
    """``[C]`` made ``[C, 1, ..., 1]``, so that it broadcasts against ``axes`` spatial axes."""
    return values.reshape(values.shape + (1,) * axes)


def flat_positions(x: Array) -> Array:
    """``[B, C, *spatial]`` as ``[B, C, positions]``; a view where the memory order allows it."""
    positions = 1
    for extent in x.shape[2:]:
        positions *= extent
    return x.reshape(x.shape[0], x.shape[1], positions)
