"""Scratch memory the kernels reuse from layer to layer.

A fresh array of some megabytes costs a page fault for each 4 KiB of it, often more than the
arithmetic done in it. Within ``workspace()`` a named scratch array keeps its memory; outside of
it a scratch array is an ordinary one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import prod

import numpy as np
import numpy.typing as npt

from cnncalc.numerics.arrays import Array
from cnncalc.numerics.machine.capacity import WORKSPACE_BYTES

# What one thread works on at a time. Blocks of this size stay in a core's second-level cache.
BLOCK_BYTES = 512 * 2**10

_Buffers = dict[tuple[str, int], npt.NDArray[np.uint8]]
_workspace: ContextVar[_Buffers | None] = ContextVar("workspace", default=None)


@contextmanager
def workspace() -> Iterator[None]:
    """Keep scratch memory between the kernels called in the block; freed at its end."""
    token = _workspace.set({})
    try:
        yield
    finally:
        _workspace.reset(token)


def scratch(name: str, shape: tuple[int, ...], dtype: np.dtype[np.floating]) -> Array:
    """An uninitialised array, valid until the next call with this name from this thread."""
    buffers = _workspace.get()
    size = prod(shape) * dtype.itemsize
    if buffers is None:
        return np.empty(shape, dtype)
    key = (name, threading.get_ident())
    buffer = buffers.get(key)
    if buffer is None or buffer.size < size:
        buffers.pop(key, None)
        held = sum(other.size for other in list(buffers.values()))
        if held + size > WORKSPACE_BYTES:
            buffers.clear()
        buffer = np.empty(size, np.uint8)
        buffers[key] = buffer
    return buffer[:size].view(dtype).reshape(shape)
