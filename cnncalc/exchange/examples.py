"""Example tensors: what a model is called with, and the shapes that they have.

Tensors are known by their `shape` and `dtype`, of whatever library they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnncalc.diagnostics import UsageError
from cnncalc.shapes import Shape, channels_first

NESTING_LIMIT = 8


class Examples:
    """What `forward` is called with: tensors, batch included, in the order of its arguments."""

    __slots__ = ("arguments", "keywords")

    def __init__(self, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
        self.arguments = arguments
        self.keywords = dict(keywords)

    def __repr__(self) -> str:
        shapes = ", ".join("×".join(map(str, one.shape)) for one in self.tensors())
        return f"<Examples {shapes}>"

    def tensors(self) -> Iterator[Any]:
        """The tensors, those of containers in their order."""
        yield from _tensors(self.arguments)
        yield from _tensors(self.keywords)

    @property
    def batch(self) -> int:
        """The samples of the first tensor."""
        return int(next(self.tensors()).shape[0])

    @property
    def dtype(self) -> str | None:
        """The type of the first tensor of floating-point numbers, `float32` for example."""
        for one in self.tensors():
            name = str(one.dtype).rpartition(".")[2].strip("<>'\" ")
            if "float" in name:
                return name
        return None

    def shapes(self, channels_last: bool = False) -> Shape | dict[str, Shape]:
        """The shape of one sample, channels first; of several by name.

        Raises:
            UsageError: several tensors have no names, or are inside containers.
        """
        if self.keywords and not self.arguments and all(map(is_tensor, self.keywords.values())):
            return {name: _sample(one, channels_last) for name, one in self.keywords.items()}
        if len(self.arguments) == 1 and not self.keywords and is_tensor(self.arguments[0]):
            return _sample(self.arguments[0], channels_last)
        raise UsageError(
            "several inputs of this network go by their names", 'as in {"left": x, "right": y}'
        )


def _sample(tensor: Any, channels_last: bool) -> Shape:
    shape = tuple([int(size) for size in tensor.shape[1:]])
    return channels_first(shape) if channels_last and len(shape) > 1 else shape


def examples(given: Any) -> Examples | None:
    """The example tensors that an `input` is; `None` where it is a shape, or shapes by name.

    One tensor among them has two axes at least: arrays of one axis alone are shapes.
    """
    if max((len(one.shape) for one in _tensors(given)), default=0) < 2:
        return None
    if is_tensor(given):
        return Examples((given,), {})
    if isinstance(given, Mapping):
        return Examples((), given)
    return Examples(tuple(given), {})


def is_tensor(value: Any) -> bool:
    """Whether a value has a shape and a type of its elements, as tensors of every library do.

    A number of a library, which has no axes, is none.
    """
    if isinstance(value, type) or not hasattr(value, "dtype"):
        return False
    shape = getattr(value, "shape", None)
    return isinstance(shape, Sequence) and len(shape) > 0


def _tensors(value: Any, depth: int = 0) -> Iterator[Any]:
    if is_tensor(value):
        yield value
    elif depth < NESTING_LIMIT and isinstance(value, Mapping | tuple | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(one, depth + 1)
