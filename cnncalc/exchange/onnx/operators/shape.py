"""Tensors written otherwise, cut, joined."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.exchange.onnx.operators.registry import NodeCall, computed, ints, operator, require
from cnncalc.exchange.onnx.tensors import REAL, TYPES
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.reading.shaping import broadcast, reshaped


@operator("Reshape")
def reshape(call: NodeCall, x: Any, shape: Any = None, *, allowzero: int = 0, **old: Any) -> Op:
    """Another shape: 0 keeps the input's size, one −1 is what is left."""
    x = computed(x)
    target = ints(old["shape"] if shape is None else shape, "sizes")
    if not allowzero:
        target = [x.shape[n] if s == 0 and n < len(x.shape) else s for n, s in enumerate(target)]
    return call.emit("reshape", [x], shape=reshaped(x.shape, target))


@operator("Flatten")
def flatten(call: NodeCall, x: Any, *, axis: int = 1) -> Op:
    """Two axes: those before, and those behind."""
    x = computed(x)
    axis = axis % len(x.shape) if axis < 0 else axis
    return call.emit("reshape", [x], shape=(prod(x.shape[:axis]), prod(x.shape[axis:])))


@operator("Squeeze")
def squeeze(call: NodeCall, x: Any, which: Any = None, *, axes: Any = None) -> Op:
    """Without axes of size 1."""
    x = computed(x)
    given = which if which is not None else axes
    if given is None:
        gone = {a for a, n in enumerate(x.shape) if n == 1}
    else:
        gone = {a % len(x.shape) for a in ints(given, "axes")}
    return call.emit("reshape", [x], shape=[n for a, n in enumerate(x.shape) if a not in gone])


@operator("Unsqueeze")
def unsqueeze(call: NodeCall, x: Any, which: Any = None, *, axes: Any = None) -> Op:
    """With further axes of size 1."""
    x = computed(x)
    given = ints(which if which is not None else axes, "axes")
    rank = len(x.shape) + len(given)
    places = {a % rank for a in given}
    require(len(places) == len(given), f"with axes {given}")
    rest = iter(x.shape)
    return call.emit("reshape", [x], shape=[1 if a in places else next(rest) for a in range(rank)])


@operator("Transpose")
def transpose(call: NodeCall, x: Any, *, perm: Any = None) -> Op:
    """The axes in another order."""
    x = computed(x)
    order = list(perm) if perm else list(range(len(x.shape)))[::-1]
    require(sorted(order) == list(range(len(x.shape))), f"to {order}")
    return call.emit("permute", [x], {"order": order}, [x.shape[a] for a in order])


@operator("Expand")
def expand(call: NodeCall, x: Any, shape: Any) -> Op:
    """An axis of size 1 repeated."""
    x = computed(x)
    target = broadcast(x.shape, tuple(ints(shape, "sizes")))
    if len(target) > len(x.shape):
        x = call.emit("reshape", [x], shape=(*[1] * (len(target) - len(x.shape)), *x.shape))
    return call.emit("expand", [x], shape=target)


@operator("Concat")
def concat(call: NodeCall, *tensors: Any, axis: int = 1) -> Op:
    """Tensors one after the other."""
    first = computed(next(one for one in tensors if isinstance(one, Op)))
    axis %= len(first.shape)
    shape = list(first.shape)
    for one in tensors:
        require(len(one.shape) == len(shape), "of tensors of different rank")
        same = [n for a, n in enumerate(one.shape) if a != axis]
        require(same == [n for a, n in enumerate(shape) if a != axis],
                f"of {list(first.shape)} and {list(one.shape)}")  # fmt: skip
    shape[axis] = sum(one.shape[axis] for one in tensors)
    return call.emit("concat", list(tensors), {"axis": axis}, shape)


def cut(call: NodeCall, x: Op, axis: int, start: int, stop: int, step: int = 1) -> Op:
    """A range of an axis."""
    shape = list(x.shape)
    shape[axis] = -(-(stop - start) // step)
    require(shape[axis] > 0, "of nothing")
    options = {"axis": axis, "start": start, "stop": stop, "step": step}
    return call.emit("slice", [x], options, shape)


@operator("Split")
def split(call: NodeCall, x: Any, sizes: Any = None, *, axis: int = 0, **old: Any) -> Any:
    """An axis cut into parts."""
    x = computed(x)
    axis %= len(x.shape)
    given = sizes if sizes is not None else old.get("split")
    if given is None:
        each = -(-x.shape[axis] // call.results)
        lengths = [min(each, x.shape[axis] - n * each) for n in range(call.results)]
    else:
        lengths = ints(given, "sizes")
    require(sum(lengths) == x.shape[axis], f"into {lengths}")
    found, start = [], 0
    for length in lengths:
        found.append(cut(call, x, axis, start, start + length))
        start += length
    return tuple(found) if call.results > 1 else found[0]


@operator("Slice")
def slice_(
    call: NodeCall,
    x: Any,
    starts: Any = None,
    ends: Any = None,
    axes: Any = None,
    steps: Any = None,
    **old: Any,
) -> Op:
    """Ranges of axes, negative numbers counted from the end."""
    cropped = computed(x)
    if starts is None:
        starts, ends, axes = old["starts"], old["ends"], old.get("axes")
    first, last = ints(starts, "starts"), ints(ends, "ends")
    which = list(range(len(first))) if axes is None else ints(axes, "axes")
    pace = [1] * len(first) if steps is None else ints(steps, "steps")
    for start, stop, axis, step in zip(first, last, which, pace, strict=True):
        require(step > 0, "backwards")
        axis %= len(cropped.shape)
        start, stop, step = slice(start, stop, step).indices(cropped.shape[axis])
        cropped = cut(call, cropped, axis, start, stop, step)
    return cropped


@operator("Gather")
def gather(call: NodeCall, x: Any, index: Any, *, axis: int = 0) -> Op:
    """One value of an axis, or channels by number."""
    x = computed(x)
    axis %= len(x.shape)
    require(isinstance(index, Constant), "by computed numbers")
    if index.shape == ():
        place = int(index.numbers()[0]) % x.shape[axis]
        part = cut(call, x, axis, place, place + 1)
        return call.emit("reshape", [part], shape=[n for a, n in enumerate(x.shape) if a != axis])
    numbers = [n % x.shape[axis] for n in index.numbers()]
    if numbers == list(range(x.shape[axis])):  # all of it, in its order
        whole = (*x.shape[:axis], *index.shape, *x.shape[axis + 1 :])
        return call.emit("reshape", [x], shape=whole)
    require(axis == 1 and len(index.shape) == 1, "of positions")
    shape = list(x.shape)
    shape[axis] = len(numbers)
    return call.emit("select", [x], {"channels": tuple(numbers)}, shape)


@operator("Identity")
def identity(call: NodeCall, x: Any) -> Any:
    """The very same values."""
    return x


@operator("Cast")
def cast(call: NodeCall, x: Any, *, to: int = 1, **options: Any) -> Any:
    """Another type, which changes no value; whole numbers would round it."""
    require(to in REAL, f"to {TYPES.get(to, 'a type that rounds')}")
    return x


@operator("CastLike")
def cast_like(call: NodeCall, x: Any, like: Any, **options: Any) -> Any:
    """The type of another tensor."""
    if isinstance(x, Constant):
        return x
    if isinstance(like, Constant):
        require(like.read().dtype.kind == "f", "to whole numbers")
    elif isinstance(like, Op) and like.name == "input":
        require(like.options.get("type", 1) in REAL, "to whole numbers")
    return x


@operator("SplitToSequence")
def split_to_sequence(
    call: NodeCall, x: Any, sizes: Any = None, *, axis: int = 0, keepdims: int = 1
) -> list[Op]:
    """An axis cut into parts, in a list."""
    x = computed(x)
    axis %= len(x.shape)
    length = x.shape[axis]
    if sizes is None or (isinstance(sizes, Constant) and sizes.shape == ()):
        each = 1 if sizes is None else ints(sizes, "sizes")[0]
        lengths = [min(each, length - start) for start in range(0, length, each)]
    else:
        lengths = ints(sizes, "sizes")
    require(sum(lengths) == length and bool(keepdims), f"into {lengths}")
    starts = [sum(lengths[:n]) for n in range(len(lengths))]
    return [cut(call, x, axis, a, a + n) for a, n in zip(starts, lengths, strict=True)]


@operator("SequenceAt")
def sequence_at(call: NodeCall, sequence: Any, place: Any) -> Any:
    """One of a list."""
    require(isinstance(sequence, list), "of what is no list")
    return sequence[ints(place, "places")[0]]


@operator("ConcatFromSequence")
def concat_from_sequence(call: NodeCall, sequence: Any, *, axis: int, new_axis: int = 0) -> Op:
    """A list's tensors one after the other."""
    require(isinstance(sequence, list) and not new_axis, "on an axis of its own")
    return concat(call, *sequence, axis=axis)
