"""cnncalc: the calculator for convolutional networks.

Every command of the command line is a function here, which takes the command's options as
keywords; `load` gives a network on which they are methods.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cnncalc.version import __version__

if TYPE_CHECKING:
    from cnncalc.api import (
        Network,
        Report,
        Result,
        SpecError,
        UsageError,
        analyze,
        check,
        compare,
        convert,
        deploy,
        diff,
        explain,
        export,
        layers,
        load,
        memory,
        reconcile,
        rules,
        schema,
        sweep,
        validate,
        verify,
        zoo,
    )

__all__ = [
    "Network", "Report", "Result", "SpecError", "UsageError", "__version__", "analyze", "check",
    "compare", "convert", "deploy", "diff", "explain", "export", "layers", "load", "memory",
    "reconcile", "rules", "schema", "sweep", "validate", "verify", "zoo",
]  # fmt: skip

PACKAGES = ("layers", "rules")
"""Functions whose name is a package's too, which is called as the function."""


def __getattr__(name: str) -> Any:
    if name in PACKAGES:
        return import_module(f"{__name__}.{name}")
    if name in __all__:
        return getattr(import_module(f"{__name__}.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
