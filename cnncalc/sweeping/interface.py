"""`cnncalc.sweep`: a grid from Python, on any executor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from operator import index
from os import PathLike, fspath
from typing import Any, SupportsIndex

from cnncalc.analysis.report import BYTES
from cnncalc.diagnostics import UsageError
from cnncalc.shapes import Shape
from cnncalc.sweeping import run
from cnncalc.sweeping.grid import Grid, checked
from cnncalc.sweeping.points import Point

Size = SupportsIndex | Sequence[SupportsIndex]


def sweep(
    net: str | PathLike[str] | None = None,
    *,
    yaml: str | None = None,
    input: Iterable[Size] | None = None,
    batch: Iterable[SupportsIndex] = (1,),
    parameters: Mapping[str, Iterable[Any]] | None = None,
    dtype: str = "float32",
    inplace: bool = False,
    executor: Executor | None = None,
    workers: int = 1,
) -> Iterator[Point]:
    """The totals of a network over a grid, a point at a time and in the grid's order.

    Args:
        net: a path, a shipped network's name, or what else the commands take.
        yaml: the text of an architecture file, in place of `net`.
        input: input shapes, or sizes for every spatial axis; the file's own where left out.
        batch: batch sizes.
        parameters: for each parameter of the file its values.
        dtype: type of weights and activations.
        inplace: element-wise activations write over their input.
        executor: where points are worked out: any `concurrent.futures.Executor`; here without.
        workers: how many tasks of the executor run at a time.

    Raises:
        UsageError: there is no such network, parameter, input or type.
        SpecError: the file is no architecture file.
    """
    if (net is None) == (yaml is None):
        raise UsageError("`sweep` wants a network or the text of one", "`net` or `yaml`")
    if dtype not in BYTES:
        raise UsageError(f"unknown type `{dtype}`", f"one of {', '.join(BYTES)}")
    subject = run.Subject("<yaml>" if net is None else fspath(net), yaml, dtype, inplace)
    network = subject.network()
    given = {name: tuple(map(_value, values)) for name, values in (parameters or {}).items()}
    first = {name: values[0] for name, values in given.items() if values}
    own = network.graph(first, None).input_shape
    shapes = (own,) if input is None else tuple([_shape(size, own) for size in input])
    sizes = tuple([index(size) for size in batch])
    if not shapes or not sizes or not all(given.values()):
        raise UsageError("the grid has an axis without values")
    if min(sizes) < 1:
        raise UsageError("a batch is a whole number from 1 on")
    return run.sweep(subject, checked(Grid(shapes, sizes, given)), executor, workers)


def _shape(size: Size, own: Shape) -> Shape:
    """A shape, or one size for every spatial axis."""
    if isinstance(size, Sequence):
        return tuple([index(one) for one in size])
    return (own[0], *[index(size) for _ in own[1:]])


def _value(value: Any) -> Any:
    """A parameter's value; whatever has `__index__` is a whole number."""
    return index(value) if hasattr(value, "__index__") and not isinstance(value, bool) else value
