"""Padding, resizing, channels that become positions."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.onnx.operators.layers import weighted
from cnncalc.exchange.onnx.operators.registry import NodeCall, computed, ints, operator, require
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.reading.shaping import applied


@operator("DepthToSpace")
def depth_to_space(call: NodeCall, x: Any, *, blocksize: int, mode: str = "DCR") -> Op:
    """Channels become positions: in PyTorch's order, or with the blocks outermost."""
    x = computed(x)
    if mode == "CRD":
        return call.layer("pixel_shuffle", x, {"factor": blocksize})
    b, c, h, w = x.shape
    s = blocksize
    require(c % (s * s) == 0, "that does not divide")
    found = call.emit("reshape", [x], shape=(b, s, s, c // s // s, h, w))
    order = {"order": [0, 3, 4, 1, 5, 2]}
    found = call.emit("permute", [found], order, (b, c // s // s, h, s, w, s))
    return call.emit("reshape", [found], shape=(b, c // s // s, h * s, w * s))


@operator("SpaceToDepth")
def space_to_depth(call: NodeCall, x: Any, *, blocksize: int) -> Op:
    """Positions become channels, the blocks outermost."""
    x = computed(x)
    b, c, h, w = x.shape
    s = blocksize
    require(h % s == 0 and w % s == 0, "that does not divide")
    found = call.emit("reshape", [x], shape=(b, c, h // s, s, w // s, s))
    order = {"order": [0, 3, 5, 1, 2, 4]}
    found = call.emit("permute", [found], order, (b, s, s, c, h // s, w // s))
    return call.emit("reshape", [found], shape=(b, c * s * s, h // s, w // s))


@operator("Pad")
def pad(
    call: NodeCall, x: Any, pads: Any = None, fill: Any = None, axes: Any = None, **old: Any
) -> Op:
    """Rows around the input."""
    x = computed(x)
    numbers = ints(old["pads"] if pads is None else pads, "paddings")
    value = old.get("value", 0.0) if fill is None else weighted(fill, "value").scalar()
    rank = len(x.shape)
    which = list(range(rank)) if axes is None else [a % rank for a in ints(axes, "axes")]
    require(len(numbers) == 2 * len(which), "of some axes")
    pairs = [(0, 0)] * rank
    for place, axis in enumerate(which):
        pairs[axis] = (numbers[place], numbers[place + len(which)])
    require(not any(pairs[0]), "along the batch")
    require(all(n >= 0 for pair in pairs for n in pair), "that cuts")
    mode = {"edge": "replicate", "wrap": "circular"}.get(str(old.get("mode")), old.get("mode"))
    options: dict[str, Any] = {"padding": tuple(pairs[2:])}
    if mode not in (None, "constant"):
        options["mode"] = mode
        require(not any(pairs[1]), "of channels")
    else:
        options |= {"value": value or 0, "channels": pairs[1]}
    shape = tuple([n + sum(pair) for n, pair in zip(x.shape, pairs, strict=True)])
    return call.emit("pad", [x], options, shape) if shape != x.shape else x


@operator("Resize", "Upsample")
def resize(
    call: NodeCall, x: Any, roi: Any = None, scales: Any = None, sizes: Any = None, **how: Any
) -> Op:
    """Nearest neighbours or linear interpolation, where it is PyTorch's."""
    x = computed(x)
    if call.name == "Upsample" or (call.opset < 11 and scales is None):
        scales, sizes = (how.get("scales") if roi is None else roi), None
    mode = str(how.get("mode", "nearest"))
    where = str(how.get("coordinate_transformation_mode", "half_pixel"))
    if call.name == "Upsample" or call.opset < 11:
        where = "asymmetric"
    which = [axis % len(x.shape) for axis in how.get("axes", range(len(x.shape)))]
    shape = _resized(x, which, scales, sizes)
    require(shape[:2] == x.shape[:2], "of channels")
    factors = [b // a for a, b in zip(x.shape[2:], shape[2:], strict=True)]
    whole = all(a * f == b for a, b, f in zip(x.shape[2:], shape[2:], factors, strict=True))
    options: dict[str, Any] = {"scale": tuple(factors)} if whole else {"size": shape[2:]}
    if mode == "nearest":
        rounding = str(how.get("nearest_mode", "round_prefer_floor"))
        asymmetric = where == "asymmetric" and (rounding == "floor" or call.opset < 11)
        centred = where.endswith("half_pixel") and rounding.startswith("round_prefer")
        require(asymmetric or (whole and centred), f"with {where} and {rounding}")
    else:
        require(mode == "linear", f"with mode {mode}")
        aligned = where == "align_corners"
        grows = all(n > 1 for n in shape[2:])
        halves = where == "half_pixel" or (where == "pytorch_half_pixel" and grows)
        require(aligned or halves, f"with {where}")
        options["mode"] = "linear"
        if aligned:
            options["align_corners"] = True
    require(not how.get("antialias") and how.get("keep_aspect_ratio_policy") in (None, "stretch"),
            "with antialiasing")  # fmt: skip
    found = call.emit("upsample", [x], options, shape)
    assert applied("upsample", options, x.shape) == shape
    return found


def _resized(x: Op, axes: list[int], scales: Any, sizes: Any) -> tuple[int, ...]:
    shape = list(x.shape)
    if isinstance(sizes, Constant) and sizes.values:
        told = ints(sizes, "sizes")
        require(len(told) == len(axes), "of some axes")
        for axis, size in zip(axes, told, strict=True):
            shape[axis] = size
        return tuple(shape)
    require(scales is not None, "without a size")
    if isinstance(scales, Constant):
        factors = [float(one) for one in scales.numbers()]
    else:
        require(not isinstance(scales, Op), "with computed scales")
        factors = [float(one) for one in scales]
    require(len(factors) == len(axes), "of some axes")
    for axis, factor in zip(axes, factors, strict=True):
        exact = shape[axis] * factor
        shape[axis] = int(exact + 1e-6)
        require(
            abs(exact - shape[axis]) < 1e-4, f"by {factor:g}, which is not the ratio of its sizes"
        )
    return tuple(shape)
