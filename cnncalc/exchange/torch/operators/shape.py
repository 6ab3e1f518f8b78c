"""Tensors written otherwise, cut, joined."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.torch.operators.registry import Call, computed, operator, require


@operator(
    "aten.view", "aten.reshape", "aten.flatten", "aten.unflatten", "aten.squeeze",
    "aten.unsqueeze", "aten._unsafe_view", "aten.view_copy",
)  # fmt: skip
def reshape(call: Call, x: Any, *others: Any, **options: Any) -> Op:
    """The same values in the same order under the shape that the program states."""
    return call.emit("reshape", [computed(x)])


@operator("aten.permute")
def permute(call: Call, x: Any, order: Any) -> Op:
    """The axes in another order."""
    x = computed(x)
    return call.emit("permute", [x], {"order": [axis % len(x.shape) for axis in order]})


@operator("aten.transpose", "aten.swapaxes")
def transpose(call: Call, x: Any, first: int, second: int) -> Op:
    """Two axes exchanged."""
    x = computed(x)
    order = list(range(len(x.shape)))
    order[first], order[second] = order[second], order[first]
    return call.emit("permute", [x], {"order": order})


@operator("aten.t", "aten.numpy_T", "aten.mT")
def transposed(call: Call, x: Any) -> Op:
    """The last two axes exchanged."""
    return transpose(call, x, -2, -1)


@operator("aten.movedim")
def movedim(call: Call, x: Any, source: Any, target: Any) -> Op:
    """Axes moved to other places."""
    x = computed(x)
    rank = len(x.shape)
    sources = [a % rank for a in ([source] if isinstance(source, int) else source)]
    targets = [a % rank for a in ([target] if isinstance(target, int) else target)]
    rest = iter([axis for axis in range(rank) if axis not in sources])
    place = dict(zip(targets, sources, strict=True))
    order = [place[axis] if axis in place else next(rest) for axis in range(rank)]
    return call.emit("permute", [x], {"order": order})


@operator("aten.expand", "aten.expand_as", "aten.broadcast_to", "aten.repeat", "aten.tile")
def expand(call: Call, x: Any, *others: Any, **options: Any) -> Op:
    """An axis of size 1 repeated."""
    x = computed(x)
    shape = (*[1] * (len(call.shape) - len(x.shape)), *x.shape)
    require(all(a in (1, b) for a, b in zip(shape, call.shape, strict=True)), "of more than one")
    if shape != x.shape:
        x = call.emit("reshape", [x], shape=shape)
    return call.emit("expand", [x])


@operator("aten.cat", "aten.concat")
def concat(call: Call, tensors: Any, axis: int = 0) -> Op:
    """Tensors one after the other; those without a value are left out."""
    kept = [one for one in tensors if not (isinstance(one, (Op, Constant)) and 0 in one.shape)]
    return call.emit("concat", kept, {"axis": axis})


@operator("aten.stack")
def stack(call: Call, tensors: Any, axis: int = 0) -> Op:
    """Tensors side by side on an axis of their own."""
    axis %= len(call.shape)
    shape = [*call.shape[:axis], 1, *call.shape[axis + 1 :]]
    parts = [call.emit("reshape", [computed(one)], shape=shape) for one in tensors]
    return call.emit("concat", parts, {"axis": axis})


def cut(call: Call, x: Op, axis: int, start: int, stop: int, step: int = 1) -> Op:
    """A range of an axis."""
    axis %= len(x.shape)
    shape = [*x.shape]
    shape[axis] = -(-(stop - start) // step)
    options = {"axis": axis, "start": start, "stop": stop, "step": step}
    return call.emit("slice", [x], options, shape)


@operator("aten.slice")
def slice_(
    call: Call, x: Any, axis: int = 0, start: Any = None, stop: Any = None, step: int = 1
) -> Op:
    """A range of an axis, negative numbers counted from its end."""
    x = computed(x)
    start, stop, step = slice(start, stop, step).indices(x.shape[axis])
    require(stop > start, "of nothing")
    return cut(call, x, axis, start, stop, step)


@operator("aten.slice_scatter")
def slice_scatter(
    call: Call,
    x: Any,
    part: Any,
    axis: int = 0,
    start: Any = None,
    stop: Any = None,
    step: int = 1,
) -> Op:
    """A range of an axis written over: what is before it, the new part, what is after it."""
    x, new = computed(x), computed(part)
    start, stop, step = slice(start, stop, step).indices(x.shape[axis])
    require(step == 1, "with a step")
    parts = [cut(call, x, axis, 0, start)] if start else []
    parts.append(new)
    if stop < x.shape[axis]:
        parts.append(cut(call, x, axis, stop, x.shape[axis]))
    return new if len(parts) == 1 else call.emit("concat", parts, {"axis": axis})


@operator("aten.copy")
def copy(call: Call, x: Any, other: Any, *others: Any) -> Op | Constant:
    """Another's values in the place of one's own, repeated where it has fewer."""
    shape = tuple(call.shape)
    if isinstance(other, Constant):
        return other.mapped(shape, lambda array: np_broadcast(array, shape))
    found = computed(other)
    return found if found.shape == shape else expand(call, found)


@operator("aten.fill", "aten.zero")
def fill(call: Call, x: Any, value: Any = 0) -> Op | Constant:
    """One value everywhere."""
    one = value if isinstance(value, (Op, Constant)) else call.number(value)
    return copy(call, x, one)


def np_broadcast(array: Any, shape: tuple[int, ...]) -> Any:
    """An array repeated to a shape."""
    import numpy as np  # when a value is read

    return np.broadcast_to(array, shape)


@operator("aten.narrow")
def narrow(call: Call, x: Any, axis: int, start: int, length: int) -> Op:
    """A range of an axis by its length."""
    return cut(call, computed(x), axis, start, start + length)


@operator("aten.select")
def select(call: Call, x: Any, axis: int, index: int) -> Op:
    """One value of an axis, which goes."""
    x = computed(x)
    index %= x.shape[axis]
    part = cut(call, x, axis, index, index + 1)
    return call.emit("reshape", [part])


@operator(
    "aten.split",
    "aten.split_with_sizes",
    "aten.chunk",
    "aten.tensor_split",
    "aten.unsafe_chunk",
    "aten.unsafe_split",
)
def split(call: Call, x: Any, sizes: Any, axis: int = 0) -> tuple[Op, ...]:
    """An axis cut into parts, whose sizes the program states."""
    x = computed(x)
    found, start = [], 0
    for shape in call.shape:
        found.append(cut(call, x, axis, start, start + shape[axis]))
        start += shape[axis]
    return tuple(found)


@operator("aten.unbind")
def unbind(call: Call, x: Any, axis: int = 0) -> tuple[Op, ...]:
    """Every value of an axis by itself."""
    x = computed(x)
    parts = [cut(call, x, axis, n, n + 1) for n in range(x.shape[axis])]
    return tuple([call.emit("reshape", [part], shape=call.shape[0]) for part in parts])


@operator("aten.index_select")
def index_select(call: Call, x: Any, axis: int, index: Any) -> Op:
    """Values of an axis by number."""
    x = computed(x)
    require(isinstance(index, Constant) and axis % len(x.shape) == 1, "by computed numbers")
    return call.emit("select", [x], {"channels": tuple(map(int, index.read().tolist()))})


@operator("aten.index")
def index(call: Call, x: Any, indices: Any) -> Op:
    """Values of one axis by number, all of the others."""
    given = [(axis, one) for axis, one in enumerate(indices) if one is not None]
    require(len(given) == 1 and len(given[0][1].shape) == 1, "by several numbers each")
    return index_select(call, x, *given[0])


@operator("aten.flip")
def flip(call: Call, x: Any, axes: Any) -> Op:
    """Channels in reverse."""
    x = computed(x)
    require([axis % len(x.shape) for axis in axes] == [1], "of positions")
    return call.emit("select", [x], {"channels": tuple(reversed(range(x.shape[1])))})


@operator(
    "aten.contiguous", "aten.clone", "aten.detach", "aten.alias", "aten.to", "aten._to_copy",
    "aten.lift_fresh_copy", "aten.detach_", "aten.type_as", "aten.float", "aten.positive",
)  # fmt: skip
def same(call: Call, x: Any, *others: Any, **options: Any) -> Any:
    """The very same values."""
    return x
