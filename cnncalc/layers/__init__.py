"""Layer kinds, one file a family; the registry is built from the classes."""

from __future__ import annotations

import sys

from cnncalc.command_module import CommandModule
from cnncalc.layers import (
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
from cnncalc.layers.base import (
    Facts,
    Kind,
    LayerError,
    Operations,
    Reference,
    Windows,
)
from cnncalc.layers.saved import SavedForBackward, SavedTensor

FAMILIES = (
    conv, pool, linear, norm, activation, merge, arithmetic, reshape, upsample, attention,
    custom,
)  # fmt: skip

KINDS: dict[str, type[Kind]] = {
    kind.name: kind
    for family in FAMILIES
    for kind in vars(family).values()
    if isinstance(kind, type) and issubclass(kind, Kind) and "name" in vars(kind)
}
"""Every layer kind by the name it has in an architecture file."""

__all__ = [
    "FAMILIES",
    "KINDS",
    "Facts",
    "Kind",
    "LayerError",
    "Operations",
    "Reference",
    "SavedForBackward",
    "SavedTensor",
    "Windows",
]

sys.modules[__name__].__class__ = CommandModule
