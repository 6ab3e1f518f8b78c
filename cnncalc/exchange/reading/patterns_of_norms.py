"""Normalizations that exporters write out."""

from __future__ import annotations

from cnncalc.exchange.reading.matching import Found, flattened, same, scaled, shifted
from cnncalc.exchange.reading.program import Constant, Op, Operand


def layer_normalized(op: Op) -> Found:
    """`(x − mean) / √(mean of squares + ε)` over one axis, or over all but the batch."""
    away, below = op.inputs
    if not isinstance(away, Op) or not isinstance(below, Op) or away.name != "sub":
        return None
    if below.name != "power" or below.options["exponent"] != 0.5:
        return None
    moved = shifted(below.x)
    x, middle = away.inputs
    if moved is None or not isinstance(x, Op) or not isinstance(middle, Op):
        return None
    spread, eps = moved
    axes = _mean_of(middle, x)
    if axes is None or spread.name != "reduce" or spread.options["by"] != "mean":
        return None
    squares = spread.x
    if squares.name == "power" and squares.options["exponent"] == 2:
        base: Operand = squares.x
    elif squares.name == "mul" and squares.inputs[0] is squares.inputs[1]:
        base = squares.inputs[0]
    else:
        return None
    if not (base is away or (isinstance(base, Op) and base.name == "sub" and
                             base.inputs == away.inputs)):  # fmt: skip
        return None
    if _axes(spread) != axes or not eps > 0:
        return None
    rank = len(x.shape)
    options: dict[str, object] = {"eps": eps, "affine": False}
    if len(axes) == 1 and axes[0] != 0:
        return [Op("layer_norm", [x], op.shape, options, channel=axes[0], origin=op.origin)]
    if rank > 2 and axes == list(range(2, rank)):
        return [Op("instance_norm", [x], op.shape, options, origin=op.origin)]
    if axes == list(range(1, rank)):
        return [Op("layer_norm", [x], op.shape, {**options, "over": "all"}, origin=op.origin)]
    return None


def _axes(op: Op) -> list[int]:
    return sorted(axis % len(op.x.shape) for axis in op.options["axes"])


def _mean_of(op: Op, x: Op) -> list[int] | None:
    """The axes of a mean of `x` that keeps its rank."""
    if op.name != "reduce" or op.x is not x or op.options["by"] != "mean":
        return None
    return _axes(op) if op.options["keepdims"] else None


def affine(op: Op) -> Found:
    """A factor and an offset that follow a normalization without its own."""
    if op.name != "add":
        return None
    for product, bias in (op.inputs, op.inputs[::-1]):
        if not isinstance(product, Op) or not isinstance(bias, Constant) or product.name != "mul":
            continue
        for norm, weight in (product.inputs, product.inputs[::-1]):
            if not isinstance(norm, Op) or not isinstance(weight, Constant):
                continue
            found = _with_affine(op, norm, weight, bias)
            if found is not None:
                return found
    return None


def _with_affine(op: Op, norm: Op, weight: Constant, bias: Constant) -> Found:
    if norm.options.get("affine", True) or op.shape != norm.shape:
        return None
    if norm.name not in ("layer_norm", "instance_norm", "group_norm"):
        return None
    rank = len(norm.shape)
    whole = norm.options.get("over") == "all"
    channel = norm.channel % rank
    wanted = [s if (whole and a) or a == channel else 1 for a, s in enumerate(norm.shape)]
    shape = tuple([s for a, s in enumerate(wanted) if (whole and a) or a == channel])
    arrays = {}
    for name, one in (("weight", weight), ("bias", bias)):
        if [1] * (rank - len(one.shape)) + list(one.shape) != wanted:
            return None
        if one.role in ("literal", "buffer"):
            return None
        arrays[name] = flattened(one, shape)
    return [Op(norm.name, norm.inputs, op.shape, {**norm.options, "affine": True}, arrays=arrays,
               channel=norm.channel, origin=norm.origin)]  # fmt: skip


def grouped(op: Op) -> Found:
    """A group normalization written as an instance normalization of joined channels."""
    norm = op.x
    if norm.name != "instance_norm" or norm.x.name != "reshape" or len(norm.shape) != 3:
        return None
    x = norm.x.x
    if x.shape != op.shape or len(op.shape) < 2 or op.shape[1] % norm.shape[1]:
        return None
    options = {"groups": norm.shape[1], "eps": norm.options["eps"], "affine": False}
    if norm.options.get("affine"):
        for name, neutral in (("weight", 1.0), ("bias", 0.0)):
            values = norm.arrays[name].read()
            if (values != neutral).any():
                return None
    return same(op, "group_norm", x, options)


def across_channels(op: Op) -> Found:
    """`x / (k + α · mean of squares over neighbouring channels) ^ β`, as PyTorch writes it out."""
    x, below = op.inputs
    if not isinstance(x, Op) or not isinstance(below, Op) or below.name != "power":
        return None
    moved = shifted(below.x)
    inner = scaled(moved[0]) if moved else None
    if moved is None or inner is None:
        return None
    mean = _unshaped(inner[0])
    if mean.name != "avg_pool" or any(size != 1 for size in mean.options["stride"]):
        return None
    size, *rest = mean.options["kernel"]
    pad = mean.x
    if pad.name != "pad" or any(length != 1 for length in rest):
        return None
    zeros = {**pad.options, "padding": ((size // 2, (size - 1) // 2), *[(0, 0)] * len(rest))}
    squares = _unshaped(pad.x)
    if pad.options != zeros or pad.options.keys() != {"padding"} or squares.name != "mul":
        return None
    if any(one is not x for one in squares.inputs) or mean.shape[2] != x.shape[1]:
        return None
    options = {"size": size, "alpha": inner[1], "beta": below.options["exponent"], "k": moved[1]}
    return same(op, "local_response_norm", x, options)


def _unshaped(op: Op) -> Op:
    """What is behind changes of shape."""
    while op.name == "reshape":
        op = op.x
    return op
