"""How a framework's tensor lies in the output of one of our layers.

A framework permutes, splits and joins axes at will; our layers know channels first, then the
spatial axes. So an axis is written as its *atoms*, the factors it was split into or joined from,
as in `b (g c) h w`. A reshape or a permutation then only writes the same atoms otherwise, and
nothing is moved until a layer asks for its input in an order that is not there.

An axis of size 1 has no atoms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from cnncalc.shapes import Shape


class AxisFactor:
    """A factor of an axis; two of the same size are still two."""

    __slots__ = ("batch", "size")

    def __init__(self, size: int, batch: bool = False) -> None:
        self.size = size
        self.batch = batch

    def __repr__(self) -> str:
        return f"{'b' if self.batch else 'a'}{self.size}"


Axis = tuple[AxisFactor, ...]


class TensorView(NamedTuple):
    """A framework's tensor as a way of looking at the output of a node."""

    node: int
    laid: tuple[Axis, ...]
    """The axes of the node's output, which has no batch."""
    axes: tuple[Axis, ...]
    """The axes of the framework's tensor."""

    @property
    def shape(self) -> Shape:
        """Sizes of the framework's axes."""
        return tuple(map(size, self.axes))

    @property
    def batch(self) -> int | None:
        """The axis that holds the batch, and whatever was folded into it."""
        for index, axis in enumerate(self.axes):
            if any([atom.batch for atom in axis]):
                return index
        return None

    def sample(self, axis: int) -> Axis:
        """The atoms of an axis without the batch."""
        return tuple([atom for atom in self.axes[axis] if not atom.batch])

    def renamed(self) -> TensorView:
        """The same with atoms of its own, but for the batch."""
        new: dict[AxisFactor, AxisFactor] = {}

        def put(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
            return tuple(
                [
                    tuple([a if a.batch else new.setdefault(a, AxisFactor(a.size)) for a in axis])
                    for axis in axes
                ]
            )

        return TensorView(self.node, put(self.laid), put(self.axes))

    def split(self, atom: AxisFactor, parts: Axis) -> TensorView:
        """The same with an atom written as several."""

        def put(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
            return tuple(
                [
                    tuple([new for old in axis for new in (parts if old is atom else (old,))])
                    if atom in axis
                    else axis
                    for axis in axes
                ]
            )

        return TensorView(self.node, put(self.laid), put(self.axes))


def size(axis: Iterable[AxisFactor]) -> int:
    """Size of an axis."""
    return prod([atom.size for atom in axis])


def laid_out(shape: Shape) -> tuple[Axis, ...]:
    """New axes of the given sizes, one atom each."""
    return tuple([(AxisFactor(length),) if length != 1 else () for length in shape])


def permuted(view: TensorView, order: Sequence[int]) -> TensorView:
    """The axes in another order."""
    return TensorView(view.node, view.laid, tuple([view.axes[axis] for axis in order]))


def reshaped(view: TensorView, shape: Shape) -> TensorView | None:
    """The same values in row-major order under another shape; `None` where no axis can be split so.

    A batch of 1 stays in front.
    """
    atoms = [atom for axis in view.axes for atom in axis]
    single = next((atom for atom in atoms if atom.batch and atom.size == 1), None)
    if single is not None:
        if atoms[0] is not single:
            return None
        atoms = atoms[1:]
    found: list[list[AxisFactor]] = []
    position = 0
    for wanted in shape:
        axis: list[AxisFactor] = []
        left = wanted
        while left != 1:
            if position == len(atoms):
                return None
            atom = atoms[position]
            if left % atom.size == 0:
                axis.append(atom)
                left //= atom.size
                position += 1
                continue
            if atom.size % left or (atom.batch and left != 1):
                return None
            head = AxisFactor(left)
            tail = AxisFactor(atom.size // left)
            if atom.batch:
                return None
            view = view.split(atom, (head, tail))
            atoms[position : position + 1] = [head, tail]
        found.append(axis)
    if position != len(atoms):
        return None
    if single is not None:
        if not found:
            return None
        found[0].insert(0, single)
    return TensorView(view.node, view.laid, tuple(map(tuple, found)))


def refined(view: TensorView, axis: int, sizes: Sequence[int]) -> TensorView | None:
    """The same with the atoms of one axis split into the given sizes, where that is possible."""
    position = 0
    for wanted in sizes:
        atoms = view.axes[axis]
        if position >= len(atoms):
            return None
        atom = atoms[position]
        if atom.size != wanted:
            if atom.batch or atom.size % wanted or wanted == 1:
                return None
            view = view.split(atom, (AxisFactor(wanted), AxisFactor(atom.size // wanted)))
        position += 1
    return view if position == len(view.axes[axis]) else None


def common_sizes(first: Sequence[int], second: Sequence[int]) -> list[int] | None:
    """Sizes into which two axes of one length can both be split, in order."""
    one, two = list(first), list(second)
    found: list[int] = []
    while one and two:
        a, b = one.pop(0), two.pop(0)
        if a == b:
            found.append(a)
        elif a % b == 0:
            found.append(b)
            one.insert(0, a // b)
        elif b % a == 0:
            found.append(a)
            two.insert(0, b // a)
        else:
            return None
    return found if not one and not two else None
