"""Which kernel computes which layer kind: the families' tables in one."""

from __future__ import annotations

from cnncalc.numerics.kernels import (
    activation,
    arithmetic,
    attention,
    conv,
    custom,
    linear,
    merge,
    norm,
    pool,
    reshape,
    upsample,
)
from cnncalc.numerics.kernels.call import Kernels

KERNELS: Kernels = {
    **conv.KERNELS,
    **pool.KERNELS,
    **linear.KERNELS,
    **norm.KERNELS,
    **activation.KERNELS,
    **arithmetic.KERNELS,
    **merge.KERNELS,
    **reshape.KERNELS,
    **upsample.KERNELS,
    **attention.KERNELS,
    **custom.KERNELS,
}
"""The kernel of every layer kind."""
