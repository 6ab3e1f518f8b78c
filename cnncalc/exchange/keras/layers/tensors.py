"""Functions of tensors that are called between layers: `keras.ops`, and what TensorFlow has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from cnncalc.exchange.keras.layers.registry import OPERATIONS, LayerCall, require
from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.reading.shaping import broadcast, product, reduced

F = TypeVar("F", bound=Callable[..., Any])


def operation(name: str) -> Callable[[F], F]:
    """Register a function of tensors under the name of its class in `keras.ops`."""

    def register(function: F) -> F:
        OPERATIONS[name] = function
        return function

    return register


def option(call: LayerCall, name: str, given: Any, default: Any = None) -> Any:
    """An argument of the call, else of the operation's config."""
    found = call.config.get(name) if given is None else given
    return default if found is None else found


def permuted(call: LayerCall, x: Op, order: Sequence[int]) -> Op:
    """The axes in another order."""
    order = [axis % len(x.shape) for axis in order]
    require(sorted(order) == list(range(len(x.shape))), f"to {order}")
    return call.emit("permute", [x], {"order": order}, [x.shape[axis] for axis in order])


def reshaped_to(call: LayerCall, x: Op, shape: Sequence[int]) -> Op:
    """The same values under another shape."""
    return x if tuple(shape) == x.shape else call.emit("reshape", [x], shape=tuple(shape))


@operation("Transpose")
def transpose(call: LayerCall, x: Op, axes: Any = None) -> Op:
    """Axes in another order; reversed where none is given."""
    order = option(call, "axes", axes) or list(range(len(x.shape)))[::-1]
    return permuted(call, x, order)


@operation("Swapaxes")
def swapaxes(call: LayerCall, x: Op) -> Op:
    """Two axes exchanged."""
    order = list(range(len(x.shape)))
    first, second = call.config["axis1"], call.config["axis2"]
    order[first], order[second] = order[second], order[first]
    return permuted(call, x, order)


@operation("Moveaxis")
def moveaxis(call: LayerCall, x: Op) -> Op:
    """One axis put elsewhere."""
    source, target = call.config["source"], call.config["destination"]
    source = source[0] if isinstance(source, list) and len(source) == 1 else source
    target = target[0] if isinstance(target, list) and len(target) == 1 else target
    require(isinstance(source, int) and isinstance(target, int), "of several axes")
    order = list(range(len(x.shape)))
    order.insert(target % len(order), order.pop(source))
    return permuted(call, x, order)


@operation("ExpandDims")
def expand_dims(call: LayerCall, x: Op, axis: Any = None) -> Op:
    """An axis of size 1 put in."""
    axis = option(call, "axis", axis)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    require(isinstance(axis, int), "of several axes")
    place = axis % (len(x.shape) + 1)
    return reshaped_to(call, x, (*x.shape[:place], 1, *x.shape[place:]))


@operation("Squeeze")
def squeeze(call: LayerCall, x: Op, axis: Any = None) -> Op:
    """Axes of size 1 taken out."""
    axis = option(call, "axis", axis)
    require(axis is not None and axis != [], "of whichever axes are 1, the batch among them")
    gone = {one % len(x.shape) for one in ([axis] if isinstance(axis, int) else axis)}
    require(all(x.shape[one] == 1 for one in gone) and 0 not in gone, f"of axes {sorted(gone)}")
    return reshaped_to(call, x, [size for n, size in enumerate(x.shape) if n not in gone])


def _power(exponent: float) -> Any:
    def function(call: LayerCall, x: Op) -> Op:
        return powered(call, x, exponent)

    return function


def powered(call: LayerCall, x: Op, exponent: float) -> Op:
    """Each value to a fixed power."""
    return call.emit("power", [x], {"exponent": exponent}, x.shape)


for _name, _exponent in (("Square", 2), ("Sqrt", 0.5), ("Rsqrt", -0.5), ("Reciprocal", -1)):
    OPERATIONS[_name] = _power(_exponent)


@operation("Power")
def power(call: LayerCall, x: Op, y: Any = None) -> Op:
    """Each value to a fixed power."""
    require(isinstance(x, Op) and isinstance(y, (int, float)), "of a computed power")
    return powered(call, x, y)


def _each(kind: str) -> Any:
    def function(call: LayerCall, x: Op) -> Op:
        return call.emit(kind, [x], {}, x.shape)

    return function


for _name, _kind in (("Absolute", "abs"), ("Abs", "abs"), ("Log", "log")):
    OPERATIONS[_name] = _each(_kind)


@operation("Negative")
def negative(call: LayerCall, x: Op) -> Op:
    """The negative."""
    return call.emit("mul", [x, call.number(-1)], shape=x.shape)


@operation("Clip")
def clip(call: LayerCall, x: Op, low: Any = None, high: Any = None) -> Op:
    """Values kept between two numbers."""
    ends = option(call, "x_min", low), option(call, "x_max", high)
    require(all(one is None or isinstance(one, (int, float)) for one in ends), "at computed ends")
    return call.emit("clip", [x], {"low": ends[0], "high": ends[1]}, x.shape)


def identity(call: LayerCall, x: Op, *_: Any, **__: Any) -> Op:
    """What does nothing to the values at inference."""
    return x


for _name in ("StopGradient", "Identity", "Copy", "ConvertToTensor"):
    OPERATIONS[_name] = identity


@operation("Cast")
def cast(call: LayerCall, x: Op, dtype: Any = None) -> Op:
    """Another type of floating point; to whole numbers it would cut."""
    target = option(call, "dtype", dtype, "float32")
    target = target.get("config", {}).get("name") if isinstance(target, dict) else target
    require("float" in str(target), f"to {target}")
    return x


@operation("Concatenate")
def concatenate(call: LayerCall, xs: Any, axis: Any = None) -> Op:
    """Tensors one after the other."""
    tensors = list(xs) if isinstance(xs, (list, tuple)) else [xs]
    require(all(isinstance(one, Op) for one in tensors), "of a stored array")
    place = option(call, "axis", axis, 0) % len(tensors[0].shape)
    shape = list(tensors[0].shape)
    shape[place] = sum(one.shape[place] for one in tensors)
    return call.emit("concat", tensors, {"axis": place}, shape)


@operation("Stack")
def stack(call: LayerCall, xs: Any, axis: Any = None) -> Op:
    """Tensors along a new axis."""
    place = option(call, "axis", axis, 0) % (len(xs[0].shape) + 1)
    each = [reshaped_to(call, x, (*x.shape[:place], 1, *x.shape[place:])) for x in xs]
    shape = (*xs[0].shape[:place], len(xs), *xs[0].shape[place:])
    return call.emit("concat", each, {"axis": place}, shape)


@operation("Split")
def split(call: LayerCall, x: Op, parts: Any = None, axis: Any = None) -> tuple[Op, ...]:
    """An axis cut into parts."""
    parts = option(call, "indices_or_sections", parts)
    place = option(call, "axis", axis, 0) % len(x.shape)
    size = x.shape[place]
    if isinstance(parts, int):
        require(parts > 0 and size % parts == 0, f"of {size} into {parts}")
        cuts = [size // parts * n for n in range(1, parts)]
    else:
        cuts = list(parts)
    return tuple(
        [
            cut(call, x, place, start, stop)
            for start, stop in zip([0, *cuts], [*cuts, size], strict=True)
        ]
    )


def cut(call: LayerCall, x: Op, axis: int, start: int, stop: int, step: int = 1) -> Op:
    """A range of an axis."""
    if (start, stop, step) == (0, x.shape[axis], 1):
        return x
    require(bool(axis) and stop > start and step > 0, "of nothing, or of the batch")
    shape = [*x.shape]
    shape[axis] = -(-(stop - start) // step)
    options = {"axis": axis, "start": start, "stop": stop, "step": step}
    return call.emit("slice", [x], options, shape)


@operation("Matmul")
def matmul(call: LayerCall, a: Op, b: Any = None) -> Op:
    """A product of two computed matrices."""
    require(isinstance(a, Op) and isinstance(b, Op), "of a stored matrix")
    return call.emit("matmul", [a, b], shape=product(a.shape, b.shape))


def repeated(call: LayerCall, x: Op, axis: int, times: int) -> Op:
    """An axis of size 1, as long as asked for."""
    if times == 1:
        return x
    last = len(x.shape) - 1
    order = [*[n for n in range(last + 1) if n != axis], axis]
    moved = permuted(call, x, order) if axis != last else x  # channels stay in front
    grown = call.emit("expand", [moved], shape=(*moved.shape[:-1], times))
    return permuted(call, grown, [order.index(n) for n in range(last + 1)])


@operation("DepthToSpace")
def depth_to_space(call: LayerCall, x: Op, block_size: Any = None, data_format: Any = None) -> Op:
    """Channels become blocks of positions; the channel that varies fastest is the real one."""
    size = int(option(call, "block_size", block_size))
    order = str(option(call, "data_format", data_format, "channels_last"))
    require(order in ("channels_last", "NHWC") and len(x.shape) == 4, f"of {order}")
    batch, height, width, depth = x.shape
    channels = depth // size**2
    require(channels * size**2 == depth, f"of {depth} channels into blocks of {size}")
    x = reshaped_to(call, x, (batch, height, width, size, size, channels))
    x = permuted(call, x, (0, 1, 3, 2, 4, 5))
    return reshaped_to(call, x, (batch, height * size, width * size, channels))


@operation("SpaceToDepth")
def space_to_depth(call: LayerCall, x: Op, block_size: Any = None, data_format: Any = None) -> Op:
    """Blocks of positions become channels."""
    size = int(option(call, "block_size", block_size))
    order = str(option(call, "data_format", data_format, "channels_last"))
    require(order in ("channels_last", "NHWC") and len(x.shape) == 4, f"of {order}")
    batch, height, width, depth = x.shape
    require(height % size == width % size == 0, f"of {height}×{width} into blocks of {size}")
    x = reshaped_to(call, x, (batch, height // size, size, width // size, size, depth))
    x = permuted(call, x, (0, 1, 3, 2, 4, 5))
    return reshaped_to(call, x, (batch, height // size, width // size, depth * size**2))


def normalized(call: LayerCall, x: Op, axes: Sequence[int], epsilon: float) -> Op:
    """Vectors along axes, each of length 1."""
    axes = sorted({axis % len(x.shape) for axis in axes})
    require(0 not in axes, "over the batch")
    squares = call.emit("mul", [x, x], shape=x.shape)
    shape = reduced(x.shape, axes, True)
    options = {"by": "sum", "axes": axes, "keepdims": True}
    total = call.emit("reduce", [squares], options, shape)
    total = call.emit("clip", [total], {"low": epsilon, "high": None}, shape)
    scale = powered(call, total, -0.5)
    return call.emit("mul", [x, scale], shape=broadcast(x.shape, shape))


@operation("Normalize")
def normalize(call: LayerCall, x: Op, axis: Any = None) -> Op:
    """Vectors of length 1."""
    require(call.config.get("order", 2) == 2, "of another order than 2")
    axis = option(call, "axis", axis, -1)
    epsilon = option(call, "epsilon", None, 1e-7)
    axes = axis if isinstance(axis, list) else [axis]
    return normalized(call, x, axes, float(epsilon) ** 2)
