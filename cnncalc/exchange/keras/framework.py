"""Keras itself, where it is installed: only what runs a model asks for it."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

from cnncalc.diagnostics import UsageError


def framework(purpose: str) -> Any:
    """The package, on a backend that is installed unless `KERAS_BACKEND` names one.

    Raises:
        UsageError: it is not installed; `purpose` is what needs it.
    """
    choose_backend()
    try:
        import keras  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError(
            f"{purpose} needs Keras, which is not installed", "pip install keras"
        ) from None
    return keras


def choose_backend() -> None:
    """Name a backend that is installed, where `KERAS_BACKEND` names none."""
    if "KERAS_BACKEND" not in os.environ:
        known = [name for name in ("tensorflow", "torch", "jax") if find_spec(name)]
        os.environ["KERAS_BACKEND"] = known[0] if known else "numpy"
