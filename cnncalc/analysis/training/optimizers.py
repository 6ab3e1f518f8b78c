"""Optimizers: what each stores for a parameter, and what its update needs besides.

As `torch.optim` has them with `foreach=False`, which updates one parameter after the other; Lion
as published. Temporaries are arrays of the parameter's size that are alive while it is updated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.shapes import Shape, product

STEP = 4
"""Bytes of the count of steps, a float32, that some optimizers store with each parameter."""


class Optimizer(NamedTuple):
    """An optimizer."""

    name: str
    source: str
    copies: int
    """Arrays of the parameter's shape that are stored."""
    stores: str
    """What they are."""
    counts: bool = False
    """Whether it stores a count of steps with each parameter array."""
    temporaries: int = 0
    """Arrays of the parameter's size alive at once during its update."""
    lingers: bool = False
    """Whether the last temporary outlives the update, until that of the next parameter is done."""
    factored: bool = False
    """Whether arrays of two axes and more store sums over rows and columns in place of one copy."""

    def state(self, shape: Shape, width: int) -> int:
        """Bytes stored for a parameter array."""
        values = product(shape)
        stored = self.copies * values
        if self.factored:
            stored += factors(shape) or values
        return stored * width + STEP * self.counts

    def update(self, shapes: Sequence[Shape], width: int) -> int:
        """The most bytes of temporaries while all arrays are updated, one after the other."""
        if self.factored:
            return width * _factored(shapes)
        most = before = 0
        for shape in shapes:
            size = product(shape)
            most = max(most, self.temporaries * size + before)
            before = size if self.lingers else 0
        return most * width


def factors(shape: Shape) -> int:
    """Values of the means over the last axis and over the one before; none of a single axis."""
    if len(shape) < 2:
        return 0
    values = product(shape)
    return values // shape[-1] + values // shape[-2]


def _factored(shapes: Sequence[Shape]) -> int:
    """Values alive at most while PyTorch's Adafactor updates: all of its names outlive an update.

    The estimate that becomes the update, the means that it is the product of and their own mean;
    of an array of one axis the squares of its gradient.
    """
    most = before = squares = means = 0
    for shape in shapes:
        size = product(shape)
        if len(shape) > 1:
            means, corner = factors(shape), size // (shape[-1] * shape[-2])
        else:
            squares, corner = size, 0
        most = max(most, size + means + corner + squares + before)
        before = size
    return most


def _adam(name: str, source: str, copies: int = 2, stores: str = "two means") -> Optimizer:
    return Optimizer(name, source, copies, stores, counts=True, temporaries=2, lingers=True)


ADAM = _adam("adam", "Kingma and Ba 2014")
RMSPROP = "Tieleman and Hinton 2012"

OPTIMIZERS: dict[str, Optimizer] = {
    found.name: found
    for found in (
        Optimizer("sgd", "", 0, "nothing"),
        Optimizer("momentum", "Polyak 1964", 1, "velocity"),
        Optimizer("nesterov", "Sutskever et al. 2013", 1, "velocity", temporaries=1),
        Optimizer("adagrad", "Duchi et al. 2011", 1, "sum of squares", True, 1, True),
        Optimizer("rmsprop", RMSPROP, 1, "mean of squares", True, 1, True),
        Optimizer("rmsprop_momentum", RMSPROP, 2, "mean of squares, velocity", True, 1, True),
        Optimizer("rmsprop_centered", RMSPROP, 2, "means of squares and gradients", True, 1, True),
        ADAM,
        _adam("adamw", "Loshchilov and Hutter 2017"),
        _adam("amsgrad", "Reddi et al. 2018", 3, "two means and a maximum"),
        Optimizer("adafactor", "Shazeer and Stern 2018", 0, "row and column means of squares",
                  True, 1, True, factored=True),
        Optimizer("lion", "Chen et al. 2023", 1, "mean", temporaries=2),
    )
}  # fmt: skip
"""By name."""
