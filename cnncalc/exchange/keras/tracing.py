"""Models of classes of their own: their `call` is followed on inputs without values.

Keras records the layers that are called on such inputs, as it does for functional models.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from cnncalc.diagnostics import UsageError
from cnncalc.shapes import Shape


def functional_of(model: Any, label: str, input: Shape | Mapping[str, Shape] | None) -> Any:
    """The functional model of what `call` does.

    Args:
        input: the shape of a sample, channels first; of several inputs by name.

    Raises:
        UsageError: no shape is known, or what it does cannot be followed.
    """
    keras = sys.modules[type(model).__mro__[_base(model)].__module__.partition(".")[0]]
    shapes = _shapes(model, input)
    if shapes is None:
        raise UsageError(
            f"{label} does not say what its input is",
            "add it, channels first, as in `--input 3x224x224`",
        )
    tensors: Any = {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
    given = next(iter(tensors.values())) if len(tensors) == 1 else tensors
    try:
        found = model.call(given)
        return keras.Model(given, found, name=model.name)
    except Exception as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise UsageError(
            f"{label} is a class of its own, whose `call` cannot be followed: "
            f"{type(error).__name__}: {reason}",
            "layers and functions of `keras.ops` can be; a functional model always can",
        ) from None


def _base(model: Any) -> int:
    """The place of Keras' own class among those of a model."""
    return next(
        n for n, one in enumerate(type(model).__mro__)
        if one.__module__.partition(".")[0] in ("keras", "tf_keras")
    )  # fmt: skip


def _shapes(
    model: Any, input: Shape | Mapping[str, Shape] | None
) -> dict[str, tuple[int | None, ...]] | None:
    """Shapes of the inputs, channels last."""
    if input is None:
        built = getattr(model, "_build_shapes_dict", None)
        found = next(iter(built.values()), None) if isinstance(built, Mapping) else None
        return {"input": tuple(found[1:])} if isinstance(found, (list, tuple)) else None
    given = input if isinstance(input, Mapping) else {"input": input}
    return {name: (*shape[1:], shape[0]) for name, shape in given.items()}
