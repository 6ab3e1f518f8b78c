"""Layers that only state their facts: nobody can compute them, and others need their output."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnncalc.numerics.arrays import Array
from cnncalc.numerics.fields.reading import Readers, Taps
from cnncalc.numerics.kernels.call import KernelCall, KernelEntry, Kernels
from cnncalc.numerics.kernels.conv import lowest
from cnncalc.shapes import Shape


def _stand_in(call: KernelCall) -> Array:
    """Random values in the shape that is stated: what follows runs on them."""
    x = call.inputs[0]
    random = np.random.Generator(np.random.PCG64(call.node))
    shape = (x.shape[0], *call.kind.output)
    return random.standard_normal(shape, np.float32).astype(x.dtype, copy=False)


def _reads(kind: Any, before: Shape, after: Shape) -> Readers:
    """The window that is stated; where none is, everything."""
    slides = kind.slides(before)
    if slides is None:
        return None
    return tuple(Taps(s.kernel, s.stride, s.before, s.dilation, lowest) for s in slides)


KERNELS: Kernels = {"custom": KernelEntry(_stand_in, _reads)}
