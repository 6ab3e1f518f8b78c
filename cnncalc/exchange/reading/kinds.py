"""Operations that are layer kinds of ours: their input brought into order, the layer added."""

from __future__ import annotations

from cnncalc.exchange.reading.axis_factors import Axis, TensorView, laid_out, size
from cnncalc.exchange.reading.building import Builder, Refusal
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.layers import KINDS
from cnncalc.layers.activation import Elementwise
from cnncalc.layers.activation import PassThrough as Nothing

ANYWHERE = frozenset({"linear", "layer_norm"})
"""Kinds that work at each position by itself, so that what was folded into the batch is one more
axis of positions."""


def is_elementwise(name: str) -> bool:
    """Whether a kind treats each value by itself, in whatever order the tensor lies."""
    return issubclass(KINDS[name], (Elementwise, Nothing))


def elementwise(builder: Builder, op: Op) -> TensorView:
    """A function of each value."""
    view = builder.settle(op.x, op.origin)
    node = builder.layer(op.name, (view.node,), op.options, op.origin)
    return TensorView(node, view.laid, view.axes)


def layer(builder: Builder, op: Op) -> TensorView:
    """A kind that knows channels and positions."""
    view = builder.views[op.x]
    batch, channel = view.batch, op.channel % len(view.axes)
    if batch is None:
        raise Refusal("its input does not depend on the network's input")
    if batch == channel:
        raise Refusal("it takes the batch as its channels")
    folded = view.sample(batch)
    others = [axis for axis in range(len(view.axes)) if axis not in (batch, channel)]
    if folded and op.name not in ANYWHERE:
        raise Refusal(f"{size(folded)} parts of each sample are folded into its batch")
    plain = any(name in builder.plain for one in op.arrays.values() for name in one.sources)
    if op.name == "linear" and not others and not folded and not plain:
        found = _flat_linear(builder, op, view)
        if found is not None:
            return found
    wanted: tuple[Axis, ...] = (view.axes[channel], *([folded] if folded else []),
                                *[view.axes[axis] for axis in others])  # fmt: skip
    node = builder.bring(op.x, wanted, op.origin)
    options = op.options
    if op.name == "linear" and len(wanted) > 1:
        options = {**options, "each_position": True}
    index = builder.layer(op.name, (node,), options, op.origin, op.arrays)
    output = builder.nodes[index].facts.output
    if len(output) != len(wanted):
        raise Refusal("it changes the number of axes")
    laid = tuple(
        [
            axis if size(axis) == length else new
            for axis, length, new in zip(wanted, output, laid_out(output), strict=True)
        ]
    )
    axes: list[Axis] = list(view.axes)
    axes[channel] = laid[0]
    for axis, atoms in zip(others, laid[len(laid) - len(others) :], strict=True):
        axes[axis] = atoms
    return TensorView(index, laid, tuple(axes))


def max_unpool(builder: Builder, op: Op) -> TensorView:
    """Max unpooling by the switches of an earlier pool."""
    view = builder.views[op.x]
    pool = op.inputs[1]
    assert isinstance(pool, Op)
    known = builder.views[pool]
    if view.batch != 0 or view.sample(0) or known.laid != known.axes[1:]:
        raise Refusal("it undoes a pool that was moved since")
    node = builder.bring(op.x, view.axes[1:], op.origin)
    index = builder.unpool(node, known.node, op.origin)
    laid = laid_out(builder.nodes[index].facts.output)
    return TensorView(index, laid, (view.axes[0], *laid))


def _flat_linear(builder: Builder, op: Op, view: TensorView) -> TensorView | None:
    """A linear layer on a map that was flattened in another order: its columns are put in ours."""
    view = builder.settle(op.x, op.origin)
    batch = view.batch
    assert batch is not None
    (axis,) = [index for index in range(len(view.axes)) if index != batch]
    atoms = view.axes[axis]
    if len(view.laid) != 1 or view.laid[0] == atoms or set(view.laid[0]) != set(atoms):
        return None
    order = [atoms.index(atom) for atom in view.laid[0]]
    sizes = [atom.size for atom in atoms]

    def columns(weight: Constant) -> Constant:
        return weight.mapped(
            weight.shape,
            lambda array: (
                array.reshape(-1, *sizes)
                .transpose(0, *[place + 1 for place in order])
                .reshape(array.shape)
            ),
            ("columns", tuple(order), tuple(sizes)),
        )

    arrays = {**op.arrays, "weight": columns(op.arrays["weight"])}
    index = builder.layer("linear", (view.node,), op.options, op.origin, arrays)
    laid = laid_out(builder.nodes[index].facts.output)
    axes: list[Axis] = list(view.axes)
    axes[axis] = laid[0]
    return TensorView(index, laid, tuple(axes))
