"""Sums, products and the like, of two computed tensors or of one and a stored array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.exchange.reading.axis_factors import (
    Axis,
    AxisFactor,
    TensorView,
    common_sizes,
    refined,
    size,
)
from cnncalc.exchange.reading.building import Builder, Refusal
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.reading.tensors import lead_order, output_axes, tidy

KIND = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "maximum": "maximum",
    "minimum": "minimum",
}
"""Operations of tensors and the kinds that merge branches so."""


def binary(builder: Builder, op: Op) -> TensorView:
    """An operation of two tensors, value by value."""
    constants = [one for one in op.inputs if isinstance(one, Constant)]
    if not constants:
        return _merged(builder, op)
    (constant,) = constants
    first = isinstance(op.inputs[0], Op)
    computed = op.inputs[0] if first else op.inputs[1]
    assert isinstance(computed, Op)
    value = constant.scalar()
    if value is not None and len(computed.shape) >= len(constant.shape):
        return _rescaled(builder, op, computed, value, first)
    return _with_array(builder, op, computed, constant, first)


def _rescaled(builder: Builder, op: Op, x: Op, value: float, first: bool) -> TensorView:
    """An operation with a number."""
    name, options = _number(op.name, value, first)
    view = builder.settle(x, op.origin)
    if name is None:
        return view
    node = builder.layer(name, (view.node,), options, op.origin)
    return TensorView(node, view.laid, view.axes)


def _number(name: str, value: float, first: bool) -> tuple[str | None, dict[str, Any]]:
    """The kind that stands for an operation with a number, and its options."""
    if name == "add" or (name == "sub" and first):
        offset = value if name == "add" else -value
        return ("rescale", {"offset": _tidy(offset)}) if offset else (None, {})
    if name == "sub":
        return "rescale", {"factor": -1, "offset": _tidy(value)}
    if name == "mul" or (name == "div" and first):
        factor = value if name == "mul" else 1 / value
        return ("rescale", {"factor": _tidy(factor)}) if factor != 1 else (None, {})
    if name == "maximum":
        return ("relu", {}) if value == 0 else ("clip", {"low": _tidy(value)})
    if name == "minimum":
        return "clip", {"high": _tidy(value)}
    raise Refusal("it divides a number by what is computed")


def _tidy(value: float) -> float | int:
    return int(value) if value == int(value) and abs(value) < 2**31 else value


def _with_array(builder: Builder, op: Op, x: Op, constant: Constant, first: bool) -> TensorView:
    """An operation with a stored array: a factor or an offset with a value for some axes."""
    if op.name not in ("add", "sub", "mul", "div") or (op.name == "div" and not first):
        raise Refusal("no layer does this with a stored array")
    view, order = tidy(builder, x, op)
    rank = len(view.axes)
    if len(constant.shape) > rank:
        if any(length != 1 for length in constant.shape[: len(constant.shape) - rank]):
            raise Refusal("a stored array adds axes to what is computed")
        constant = constant.mapped(
            constant.shape[len(constant.shape) - rank :],
            lambda array, shape=constant.shape[len(constant.shape) - rank :]: array.reshape(shape),  # type: ignore[misc]
        )
    shape = (*[1] * (rank - len(constant.shape)), *constant.shape)
    if view.batch is not None and shape[view.batch] != 1:
        raise Refusal("a stored array tells the samples of a batch apart")
    for axis, length in enumerate(shape):
        if length not in (1, view.shape[axis]):
            raise Refusal("a stored array repeats what is computed along an axis")
    places = tuple(p for p, axis in enumerate(order) if shape[axis] != 1)
    ours = tuple([shape[axis] for axis in order])
    batch = [axis for axis in range(rank) if axis not in order]
    turned = constant.mapped(
        ours, lambda array: array.reshape(shape).transpose(*batch, *order).reshape(ours)
    )
    if op.name == "div":
        turned = turned.mapped(ours, lambda array: 1 / array)
    if op.name == "sub" and first:
        turned = turned.mapped(ours, lambda array: -array)
    node = view.node
    if op.name == "sub" and not first:
        node = builder.layer("rescale", (node,), {"factor": -1}, op.origin)
    multiplies = op.name in ("mul", "div")
    options: dict[str, Any] = {}
    if places != (0,):
        options["axes"] = places
    if constant.role in ("buffer", "literal"):
        options["trainable"] = False
        if constant.role == "literal":
            turned.role = "buffer"
            turned.sources = {constant.name or f"constant {id(constant)}": turned.values}
    name = "scale" if multiplies else "offset"
    key = "weight" if multiplies else "bias"
    node = builder.layer(name, (node,), options, op.origin, {key: turned})
    return TensorView(node, view.laid, view.axes)


def _merged(builder: Builder, op: Op) -> TensorView:
    """An operation of computed tensors, those of size 1 on an axis repeated along the others."""
    operands = [one for one in op.inputs if isinstance(one, Op)]
    for one in operands:
        builder.settle(one, op.origin)
    views = _aligned(builder, op, operands)
    lead = max(range(len(views)), key=lambda n: (size([a for x in views[n].axes for a in x]), -n))
    nodes = _like_lead(builder, op, operands, views, lead)
    if nodes is not None:
        index = builder.layer(KIND[op.name], nodes, {}, op.origin)
        return TensorView(index, views[lead].laid, views[lead].axes)
    order = lead_order([views[lead], *views])
    everything = set(range(len(op.shape)))
    folded = any(view.sample(view.batch or 0) for view in views)
    batch = views[lead].batch
    order += sorted(everything - set(order) - (set() if folded else {batch or 0}))
    nodes = [
        _brought(builder, op, one, view, tuple([view.sample(a) for a in order]))
        for one, view in zip(operands, views, strict=True)
    ]
    index = builder.layer(KIND[op.name], nodes, {}, op.origin)
    laid = tuple([next((v.sample(a) for v in views if v.sample(a)), ()) for a in order])
    return TensorView(index, laid, output_axes(views[lead], order, laid))


def _aligned(builder: Builder, op: Op, operands: Sequence[Op]) -> list[TensorView]:
    """The operands' views with as many axes each, and axes of one length split alike."""
    rank = len(op.shape)
    views = []
    for one in operands:
        view = builder.views[one]
        views.append(TensorView(view.node, view.laid, ((),) * (rank - len(view.axes)) + view.axes))
    if len({view.batch for view in views}) != 1 or views[0].batch is None:
        raise Refusal("its operands have the batch on different axes")
    views = _apart(views)
    for axis in range(rank):
        lengths: list[int] | None = None
        for view in views:
            atoms = view.axes[axis]
            if not atoms or size(atoms) == 1:
                continue
            if lengths is None:
                lengths = [atom.size for atom in atoms]
            elif lengths != [atom.size for atom in atoms]:
                lengths = common_sizes(lengths, [atom.size for atom in atoms])
                if lengths is None:
                    raise Refusal("its operands are put together differently")
        for number, view in enumerate(views):
            if view.axes[axis] and lengths and size(view.axes[axis]) != 1:
                found = refined(view, axis, lengths)
                if found is None:
                    raise Refusal("its operands are put together differently")
                views[number] = found
    return views


def _apart(views: list[TensorView]) -> list[TensorView]:
    """The views with no factor of an axis on different axes of two of them.

    A tensor that is multiplied with itself transposed has its own axis in two places.
    """
    places: dict[AxisFactor, int] = {}
    found = []
    for view in views:
        own = {a: n for n, axis in enumerate(view.axes) for a in axis if not a.batch}
        if any(places.get(atom, place) != place for atom, place in own.items()):
            view = view.renamed()
            own = {a: n for n, axis in enumerate(view.axes) for a in axis if not a.batch}
        places.update(own)
        found.append(view)
    return found


def _like_lead(
    builder: Builder, op: Op, operands: Sequence[Op], views: list[TensorView], lead: int
) -> list[int] | None:
    """The operands' nodes, brought into the order in which the largest lies."""
    first = views[lead]
    if first.shape != op.shape:
        return None
    wanted: list[tuple[Axis, ...]] = []
    for view in views:
        same = {
            atom: other
            for ours, theirs in zip(first.axes, view.axes, strict=True)
            if ours and len(ours) == len(theirs)
            for atom, other in zip(ours, theirs, strict=True)
        }
        laid: list[Axis] = []
        for axis in first.laid:
            mapped = tuple([same[atom] for atom in axis if atom in same])
            if mapped and len(mapped) != len(axis):
                return None
            laid.append(mapped)
        wanted.append(tuple(laid))
    for view, axes in zip(views, wanted, strict=True):
        if {a for x in view.laid for a in x} != {a for x in axes for a in x}:
            return None
    return [_brought(builder, op, *each) for each in zip(operands, views, wanted, strict=True)]


def _brought(builder: Builder, op: Op, one: Op, view: TensorView, wanted: tuple[Axis, ...]) -> int:
    """The node of an operand, which was looked at with axes in front that it does not have."""
    builder.views[one] = view
    node = builder.bring(one, wanted, op.origin)
    found = builder.views[one]
    builder.views[one] = TensorView(
        found.node, found.laid, found.axes[len(op.shape) - len(one.shape) :]
    )
    return node
