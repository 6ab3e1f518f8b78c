"""cnncalc: the calculator for convolutional networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.version import __version__

if TYPE_CHECKING:
    from cnncalc.api import Report, SpecError, UsageError, analyze, validate
    from cnncalc.sweeping.interface import sweep

__all__ = ["Report", "SpecError", "UsageError", "__version__", "analyze", "sweep", "validate"]


def __getattr__(name: str) -> Any:
    if name == "sweep":
        from cnncalc.sweeping import interface

        return interface.sweep
    if name in __all__:
        from cnncalc import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
