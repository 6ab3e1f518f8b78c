"""Padding, upsampling, channels that become positions."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.torch.operators.registry import Call, computed, operator, require


@operator("aten.constant_pad_nd")
def constant_pad(call: Call, x: Any, pads: Any, value: float = 0) -> Op:
    """A constant around the input; negative numbers cut."""
    return pad(call, x, pads, "constant", value)


@operator("aten.pad")
def pad(call: Call, x: Any, pads: Any, mode: str = "constant", value: Any = None) -> Op:
    """Rows around the input: pairs for the last axis, the one before it, and so on."""
    image = computed(x)
    pairs = [tuple(pads[n : n + 2]) for n in range(0, len(pads), 2)]
    require(len(pairs) <= len(image.shape), "more axes than there are")
    pairs += [(0, 0)] * (len(image.shape) - len(pairs))
    pairs.reverse()
    require(not any(pairs[0]), "along the batch")
    cut: Op = image
    if any(number < 0 for pair in pairs for number in pair):
        for axis, (before, after) in enumerate(pairs):
            if before < 0 or after < 0:
                stop = cut.shape[axis] + min(after, 0)
                start = max(-before, 0)
                shape = [*cut.shape]
                shape[axis] = stop - start
                options = {"axis": axis, "start": start, "stop": stop, "step": 1}
                cut = call.emit("slice", [cut], options, shape)
        pairs = [(max(a, 0), max(b, 0)) for a, b in pairs]
    if not any(map(any, pairs)):
        return cut
    return call.emit("pad", [cut], padding(pairs, mode, value or 0))


def padding(pairs: list[tuple[int, int]], mode: str, value: float) -> dict[str, Any]:
    """Options of a `pad` with pairs for batch, channels and positions."""
    options: dict[str, Any] = {"padding": tuple(pairs[2:])}
    if any(pairs[1]):
        options["channels"] = pairs[1]
    if value:
        options["value"] = value
    if mode != "constant":
        require(mode in ("reflect", "replicate", "circular"), f"with mode {mode}")
        require(not any(pairs[1]), f"of channels with mode {mode}")
        options["mode"] = mode
    return options


def _mode(mode: str) -> Any:
    def function(call: Call, x: Any, pads: Any) -> Op:
        found: Op = pad(call, x, pads, mode)
        return found

    return function


for _rank in (1, 2, 3):
    operator(f"aten.reflection_pad{_rank}d")(_mode("reflect"))
    operator(f"aten.replication_pad{_rank}d")(_mode("replicate"))


@operator("aten.upsample_nearest1d", "aten.upsample_nearest2d", "aten.upsample_nearest3d")
def upsample_nearest(call: Call, x: Any, size: Any = None, *scales: Any) -> Op:
    """Nearest neighbours: whole factors where the sizes are multiples."""
    return _upsample(call, computed(x), "nearest", {}, _scales(scales))


@operator("aten.upsample_linear1d", "aten.upsample_bilinear2d", "aten.upsample_trilinear3d")
def upsample_linear(
    call: Call, x: Any, size: Any = None, align_corners: bool = False, *scales: Any
) -> Op:
    """Linear interpolation."""
    mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(call.shape) - 2]
    options = {"align_corners": True} if align_corners else {}
    return _upsample(call, computed(x), mode, options, _scales(scales))


def _scales(scales: Any) -> list[float]:
    found = [
        one for s in scales if s is not None for one in (s if isinstance(s, (list, tuple)) else [s])
    ]
    return [float(one) for one in found]


def _upsample(call: Call, x: Op, mode: str, options: dict[str, Any], scales: list[float]) -> Op:
    """To a size, or by a factor where that is whole.

    PyTorch takes source positions from a factor that is given, and from the sizes where none is;
    the two agree where the factor times the size is the output's size.
    """
    before, after = x.shape[2:], tuple(call.shape[2:])
    for factor, a, b in zip(scales, before, after, strict=False):
        require(
            abs(a * factor - b) < 1e-6, f"by a factor of {factor:g}, which does not fit its size"
        )
    factors = [b // a for a, b in zip(before, after, strict=True)]
    whole = all(a * f == b for a, b, f in zip(before, after, factors, strict=True))
    size: dict[str, Any] = {"scale": tuple(factors)} if whole else {"size": after}
    return call.emit("upsample", [x], {**size, "mode": mode, **options})


@operator("aten.pixel_shuffle")
def pixel_shuffle(call: Call, x: Any, factor: int) -> Op:
    """Channels become positions."""
    return call.emit("pixel_shuffle", [computed(x)], {"factor": factor})


@operator("aten.pixel_unshuffle")
def pixel_unshuffle(call: Call, x: Any, factor: int) -> Op:
    """Positions become channels."""
    return call.emit("pixel_unshuffle", [computed(x)], {"factor": factor})


@operator("aten.channel_shuffle")
def channel_shuffle(call: Call, x: Any, groups: int) -> Op:
    """Channels of several groups interleaved."""
    return call.emit("channel_shuffle", [computed(x)], {"groups": groups})
