"""Primitives of tensors: written otherwise, cut, joined, reduced, multiplied as matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.exchange.reading.axis_factors import (
    Axis,
    AxisFactor,
    TensorView,
    laid_out,
    permuted,
    reshaped,
    size,
)
from cnncalc.exchange.reading.building import Builder, Refusal, matched
from cnncalc.exchange.reading.program import Constant, Op


def reshape(builder: Builder, op: Op) -> TensorView:
    """The same values under another shape."""
    view = builder.views[op.x]
    builder.moved[op] = op.origin
    found = reshaped(view, op.shape)
    if found is not None:
        return found
    if view.batch != 0 or view.sample(0) or view.shape[0] != op.shape[0]:
        raise Refusal(f"it reshapes {list(view.shape)} to {list(op.shape)} across the batch")
    node = builder.bring(op.x, view.axes[1:], op.origin)
    node = builder.reshape(node, op.shape[1:], op.origin)
    laid = laid_out(op.shape[1:])
    return TensorView(node, laid, (view.axes[0], *laid))


def permute(builder: Builder, op: Op) -> TensorView:
    """The axes in another order."""
    builder.moved[op] = op.origin
    return permuted(builder.views[op.x], op.options["order"])


def expand(builder: Builder, op: Op) -> TensorView:
    """An axis of size 1 repeated; what adds or multiplies does so by itself."""
    if builder.views[op.x].shape == op.shape:
        return builder.views[op.x]
    view, order = tidy(builder, op.x, op)
    target = tuple([op.shape[axis] for axis in order])
    grown = [n for n, axis in enumerate(order) if op.shape[axis] != view.shape[axis]]
    if view.batch is None or op.shape[view.batch] != view.shape[view.batch] or 0 in grown:
        raise Refusal(f"it repeats {list(view.shape)} to {list(op.shape)}")
    index = builder.layer("upsample", (view.node,), {"size": target[1:]}, op.origin)
    new = laid_out(target)
    laid = tuple([new[n] if n in grown else axis for n, axis in enumerate(view.laid)])
    return TensorView(index, laid, output_axes(view, order, laid))


def concat(builder: Builder, op: Op) -> TensorView:
    """Tensors one after the other on an axis."""
    axis = op.options["axis"] % len(op.shape)
    if any(isinstance(one, Constant) for one in op.inputs):
        return _padded(builder, op, axis)
    operands = [one for one in op.inputs if isinstance(one, Op)]
    views = [builder.settle(one, op.origin) for one in operands]
    order = lead_order(views)
    batch = views[0].batch
    if batch is None or batch == axis or any(view.batch != batch for view in views):
        raise Refusal("it joins along the batch")
    nodes = []
    for one in operands:
        view = builder.views[one]
        if len(view.axes) != len(op.shape):
            raise Refusal("it joins tensors of different rank")
        nodes.append(builder.bring(one, tuple([view.sample(a) for a in order]), op.origin))
    place = order.index(axis)
    options = {"axis": place} if place else {}
    if len(nodes) == 1:
        return builder.views[operands[0]]
    index = builder.layer("concat", nodes, options, op.origin)
    laid = laid_out(builder.nodes[index].facts.output)
    return TensorView(index, laid, output_axes(views[0], order, laid))


UNIFORM = 2**24
"""Stored arrays of so many values at most are looked at."""


def _padded(builder: Builder, op: Op, axis: int) -> TensorView:
    """A tensor with stored arrays of one value (mostly zeros) before and behind it: a `pad`."""
    constants = [one for one in op.inputs if isinstance(one, Constant)]
    computed = [(n, one) for n, one in enumerate(op.inputs) if isinstance(one, Op)]
    if len(computed) != 1 or any(
        not (one.role == "literal" or one.made) or one.values > UNIFORM for one in constants
    ):
        raise Refusal("it joins a stored array to what is computed")
    values = {value for one in constants for value in one.numbers()}
    if len(values) != 1:
        raise Refusal("it joins a stored array of several values to what is computed")
    ((place, x),) = computed
    view, order = tidy(builder, x, op)
    if view.batch is None or view.batch == axis:
        raise Refusal("it joins along the batch")
    rows = [0, 0]
    for number, one in enumerate(op.inputs):
        if isinstance(one, Constant):
            rows[number > place] += one.shape[axis]
    at = order.index(axis)
    pairs = tuple([tuple(rows) if n == at else (0, 0) for n in range(1, len(order))])
    options: dict[str, Any] = {"channels": tuple(rows)} if at == 0 else {"padding": pairs}
    (value,) = values
    if value:
        options["value"] = value
    index = builder.layer("pad", (view.node,), options, op.origin)
    laid = laid_out(builder.nodes[index].facts.output)
    return TensorView(index, laid, output_axes(view, order, laid))


def lead_order(views: Sequence[TensorView]) -> list[int]:
    """The framework's axes in the order in which the first tidy tensor has them."""
    for view in views:
        found = matched(view)
        if found is not None:
            return found
    view = views[0]
    return [a for a in range(len(view.axes)) if a != view.batch or view.sample(a)]


def output_axes(view: TensorView, order: Sequence[int], laid: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """A view's axes with those of a new output put in."""
    axes: list[Axis] = [tuple([atom for atom in axis if atom.batch]) for axis in view.axes]
    for place, atoms in zip(order, laid, strict=True):
        if axes[place] and view.axes[place][0] is not axes[place][0]:
            raise Refusal("its batch is folded into another axis")
        axes[place] = (*axes[place], *atoms)
    return tuple(axes)


def tidy(builder: Builder, op: Op, by: Op) -> tuple[TensorView, list[int]]:
    """A tensor whose node has the framework's axes, and the order in which it has them."""
    view = builder.settle(op, by.origin)
    order = matched(view)
    if order is None:
        order = [a for a in range(len(view.axes)) if a != view.batch or view.sample(a)]
        builder.bring(op, tuple([view.sample(a) for a in order]), by.origin)
        view = builder.views[op]
    return view, order


def slice_(builder: Builder, op: Op) -> TensorView:
    """A range of an axis."""
    axis = op.options["axis"] % len(op.shape)
    start, stop, step = op.options["start"], op.options["stop"], op.options["step"]
    view = builder.views[op.x]
    if start == 0 and stop >= view.shape[axis] and step == 1:
        return view
    if view.batch == axis:
        raise Refusal("it cuts the batch")
    found = _leading(builder, op, view, axis) if step == 1 else None
    if found is not None:
        return found
    view, order = tidy(builder, op.x, op)
    place = order.index(axis)
    options = {"start": start, "stop": stop, "step": step, "axis": place}
    index = builder.layer("slice", (view.node,), options, op.origin)
    laid = list(view.laid)
    length = builder.nodes[index].facts.output[place]
    laid[place] = (AxisFactor(length),) if length != 1 else ()
    return TensorView(index, tuple(laid), output_axes(view, order, tuple(laid)))


def _leading(builder: Builder, op: Op, view: TensorView, axis: int) -> TensorView | None:
    """A range of the outermost factor of an axis, which is a range of the axis itself."""
    atoms = view.axes[axis]
    if len(atoms) != 1:
        return None
    atom = atoms[0]
    for place, laid in enumerate(view.laid):
        if len(laid) > 1 and laid[0] is atom:
            inner = size(laid[1:])
            start, stop = op.options["start"], op.options["stop"]
            options = {"start": start * inner, "stop": stop * inner, "axis": place}
            index = builder.layer("slice", (view.node,), options, op.origin)
            left = (AxisFactor(stop - start),) if stop - start != 1 else ()

            def put(axis: Axis, left: Axis = left) -> Axis:
                return tuple([new for a in axis for new in (left if a is atom else (a,))])

            return TensorView(index, tuple(map(put, view.laid)), tuple(map(put, view.axes)))
    return None


GLOBAL = {"mean": "global_avg_pool", "max": "global_max_pool"}


def reduce(builder: Builder, op: Op) -> TensorView:
    """One value for all values along some axes."""
    rank = len(op.x.shape)
    axes = sorted({axis % rank for axis in op.options["axes"]})
    by = op.options["by"]
    view, order = tidy(builder, op.x, op)
    if view.batch in axes and view.shape[view.batch or 0] != 1:
        raise Refusal("it runs over the samples of a batch")
    places = tuple(sorted(order.index(axis) for axis in axes if axis in order))
    moving = tuple(p for p in places if view.laid[p])
    positions = tuple(range(1, len(order)))
    node = view.node
    if moving or places:
        if (
            by in GLOBAL
            and positions
            and set(moving)
            <= set(positions)
            <= set(places) | {p for p in positions if not view.laid[p]}
        ):
            node = builder.layer(GLOBAL[by], (node,), {}, op.origin)
        elif moving or by not in ("mean", "max", "min", "sum"):
            options = {"by": by, "axes": places}
            node = builder.layer("reduce", (node,), options, op.origin)
    laid = tuple([() if p in places else atoms for p, atoms in enumerate(view.laid)])
    kept = output_axes(view, order, laid)
    if not op.options["keepdims"]:
        kept = tuple([atoms for a, atoms in enumerate(kept) if a not in axes])
        builder.moved[op] = op.origin
    return TensorView(node, laid, kept)


def softmax(builder: Builder, op: Op) -> TensorView:
    """Softmax over one axis."""
    view, order = tidy(builder, op.x, op)
    axis = op.options["axis"] % len(op.shape)
    if axis not in order:
        raise Refusal("it runs over the samples of a batch")
    place = order.index(axis)
    options = {"axis": place} if place else {}
    node = builder.layer(op.name, (view.node,), options, op.origin)
    return TensorView(node, view.laid, view.axes)


def matmul(builder: Builder, op: Op) -> TensorView:
    """The product of two computed matrices, for each of the axes before them."""
    operands = [one for one in op.inputs if isinstance(one, Op)]
    if len(operands) != 2:
        raise Refusal("it multiplies a stored matrix from the left")
    nodes, views, flips = [], [], []
    for one in operands:
        view = builder.views[one]
        if view.batch is None or view.batch >= len(view.axes) - 2:
            raise Refusal("it multiplies along the batch")
        if view.axes[0][:1] != (builder.batch,) or len(view.axes) != len(op.shape):
            raise Refusal("its operands have no batch in front, or not as many axes as each other")
        wanted = tuple([view.sample(a) for a in range(len(view.axes)) if a or view.sample(0)])
        flipped = (*wanted[:-2], wanted[-1], wanted[-2])
        flips.append(view.laid == flipped and view.laid != wanted)
        nodes.append(builder.bring(one, flipped if flips[-1] else wanted, op.origin))
        views.append(builder.views[one])
    options = {
        key: True for key, flip in zip(("transpose", "transpose_other"), flips, strict=True) if flip
    }
    shapes = [builder.nodes[node].facts.output for node in nodes]
    if len(shapes[0]) != len(shapes[1]):
        raise Refusal("its operands have not as many axes as each other")
    index = builder.layer("matmul", nodes, options, op.origin)
    laid = laid_out(builder.nodes[index].facts.output)
    folded = len(laid) == len(op.shape)
    axes: tuple[Axis, ...] = laid
    front: Axis = (builder.batch,)
    if folded:
        front, axes = (builder.batch, *laid[0]), laid[1:]
    return TensorView(index, laid, (front, *axes))
