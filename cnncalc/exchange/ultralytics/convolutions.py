"""Modules of convolutions and pools."""

from __future__ import annotations

from itertools import pairwise
from math import gcd
from typing import Any

from cnncalc.exchange.ultralytics.block import RELU, Block, channels
from cnncalc.exchange.ultralytics.registry import Map, module

Size = Any
"""A number, or one for rows and one for columns."""

Dilation = Any


@module("Conv")
def conv(
    block: Block, x: Map, c: int, k: Size = 1, s: int = 1, p: Any = None, g: int = 1,
    d: Dilation = 1, act: Any = True,
) -> Map:  # fmt: skip
    """Convolution, batch normalization, activation; in older files that stands before dilation."""
    if not isinstance(d, int) or isinstance(d, bool):
        act, d = d, 1
    k = k if isinstance(k, int) else (k[0], k[1])
    return block.conv_here(x, c, k, s, p, g, d, block.act if act is True else act or None)


@module("DWConv")
def depthwise(
    block: Block, x: Map, c: int, k: int = 1, s: int = 1, d: int = 1, act: Any = True
) -> Map:
    """The same, in as many groups as possible."""
    return block.conv_here(x, c, k, s, None, gcd(channels(x), c), d, act if act is True else None)


@module("ConvTranspose")
def conv_transpose(
    block: Block, x: Map, c: int, k: int = 2, s: int = 2, p: int = 0, bn: bool = True,
    act: Any = True,
) -> Map:  # fmt: skip
    """Transposed convolution, batch normalization, activation."""
    options: dict[str, Any] = {"filters": c, "kernel": k, "stride": s, "padding": p}
    found = block.part("conv_transpose", "ConvTranspose2d").layer(
        "conv_transpose", x, **options, bias=not bn
    )
    if bn:
        found = block.part("bn", "BatchNorm2d").layer("batch_norm", found)
    return block.activated(found, block.act if act is True else None)


@module("nn.ConvTranspose2d")
def plain_transpose(
    block: Block, x: Map, c: int, k: int, s: int = 1, p: int = 0, op: int = 0
) -> Map:
    """A transposed convolution by itself."""
    options: dict[str, Any] = {"filters": c, "kernel": k, "stride": s, "padding": p}
    return block.layer("conv_transpose", x, **options, output_padding=op)


@module("DWConvTranspose2d")
def depthwise_transpose(
    block: Block, x: Map, c: int, k: int = 1, s: int = 1, p: int = 0, op: int = 0
) -> Map:
    """A transposed convolution in as many groups as possible."""
    options: dict[str, Any] = {"filters": c, "kernel": k, "stride": s, "padding": p}
    groups = gcd(channels(x), c)
    return block.layer("conv_transpose", x, **options, output_padding=op, groups=groups)


@module("Focus")
def focus(
    block: Block, x: Map, c: int, k: int = 1, s: int = 1, p: Any = None, g: int = 1, act: Any = True
) -> Map:
    """Every other pixel of the image as a channel of its own, then a convolution."""
    parts = quarters(block, x)
    return block.conv("conv", block.concat(*parts), c, k, s, p, g, 1, act)


def quarters(block: Block, x: Map) -> list[Map]:
    """The pixels of even and odd rows and columns apart."""
    parts = []
    for column in (0, 1):
        for row in (0, 1):
            cut = x
            for axis, start in ((2, row), (3, column)):
                size = 2 if cut is None else cut.shape[axis]
                cut = block.maps.slice(cut, start, size, block.origin, axis, 2)
            parts.append(cut)
    return parts


@module("GhostConv")
def ghost(block: Block, x: Map, c: int, k: int = 1, s: int = 1, g: int = 1, act: Any = True) -> Map:
    """Half of the channels by a convolution, the others from these by a cheap one."""
    act = block.act if act is True else None
    first = block.conv("cv1", x, c // 2, k, s, None, g, 1, act)
    return block.concat(first, block.conv("cv2", first, c // 2, 5, 1, None, c // 2, 1, act))


@module("RepConv")
def rep_conv(
    block: Block, x: Map, c: int, k: int = 3, s: int = 1, p: Any = None, g: int = 1,
    d: int = 1, act: Any = True,
) -> Map:  # fmt: skip
    """A 3×3 and a 1×1 convolution beside each other."""
    del d, p
    wide = block.conv("conv1", x, c, k, s, k // 2, g, 1, None)
    narrow = block.conv("conv2", x, c, 1, s, 0, g, 1, None)
    return block.activated(block.add(wide, narrow), block.act if act is True else None)


@module("MP", scaled=False)
def halving_pool(block: Block, x: Map, k: int = 2) -> Map:
    """Version 7's max pool."""
    return block.layer("max_pool", x, kernel=k)


@module("SP", scaled=False)
def same_pool(block: Block, x: Map, k: int = 3, s: int = 1) -> Map:
    """Version 7's max pool that keeps the size."""
    return block.pool("m", x, k, s)


@module("ReOrg", scaled=False)
def reorganized(block: Block, x: Map) -> Map:
    """Every other pixel as a channel of its own."""
    return block.concat(*quarters(block, x))


@module("Shortcut", scaled=False, several=True)
def shortcut(block: Block, maps: list[Map], d: int = 0) -> Map:
    """The sum of maps."""
    del d
    return block.add(*maps)


@module("DownC")
def down(block: Block, x: Map, c: int, n: int = 1, k: int = 2) -> Map:
    """Version 7's two ways to half of the size."""
    del n
    first = block.conv("cv2", block.conv("cv1", x, channels(x)), c // 2, 3, k)
    return block.concat(first, block.conv("cv3", block.pool("mp", x, k, k, 0), c // 2))


@module("SPPCSPC")
def pyramid_csp(
    block: Block, x: Map, c: int, n: int = 1, shortcut: bool = False, g: int = 1, e: float = 0.5
) -> Map:
    """Version 7's pools of growing kernels on one of two ways."""
    del n, shortcut, g
    width = int(2 * c * e)
    y = block.conv("cv4", block.conv("cv3", block.conv("cv1", x, width), width, 3), width)
    pools = [block.part("m").pool(str(place), y, k) for place, k in enumerate((5, 9, 13))]
    y = block.conv("cv6", block.conv("cv5", block.concat(y, *pools), width), width, 3)
    return block.conv("cv7", block.concat(y, block.conv("cv2", x, width)), c)


@module("SPP")
def pyramid(block: Block, x: Map, c: int, k: list[int] = [5, 9, 13]) -> Map:  # noqa: B006
    """Pools of growing kernels beside each other."""
    x = block.conv("cv1", x, channels(x) // 2)
    pools = [block.part("m").pool(str(n), x, size) for n, size in enumerate(k)]
    return block.conv("cv2", block.concat(x, *pools), c)


@module("SPPF")
def fast_pyramid(block: Block, x: Map, c: int, k: int = 5, n: int = 3, shortcut: Any = None) -> Map:
    """The same by one pool after the other; of version 26 without the first activation."""
    older = shortcut is None and n == 3
    maps = [block.conv("cv1", x, channels(x) // 2, act=older)]
    for _ in range(n):
        maps.append(block.pool("m", maps[-1], k))
    found = block.conv("cv2", block.concat(*maps), c)
    return block.add(found, x) if shortcut and channels(x) == c else found


@module("SPPELAN")
def elan_pyramid(block: Block, x: Map, c: int, c3: int, k: int = 5) -> Map:
    """Three pools, one after the other."""
    maps = [block.conv("cv1", x, c3)]
    for number in (2, 3, 4):
        maps.append(block.pool(f"cv{number}", maps[-1], k))
    return block.conv("cv5", block.concat(*maps), c)


@module("AConv")
def averaged_conv(block: Block, x: Map, c: int) -> Map:
    """A mean over 2×2, then a convolution of stride 2."""
    return block.conv("cv1", block.average(x), c, 3, 2, 1)


@module("ADown")
def averaged_down(block: Block, x: Map, c: int) -> Map:
    """Half of the channels by a convolution of stride 2, half by a pool."""
    first, second = block.halves(block.average(x))
    first = block.conv("cv1", first, c // 2, 3, 2, 1)
    second = block.part("pool").layer("max_pool", second, kernel=3, stride=2, padding=1)
    return block.concat(first, block.conv("cv2", second, c // 2, 1, 1, 0))


@module("SCDown")
def separate_down(block: Block, x: Map, c: int, k: int, s: int) -> Map:
    """Channels first, then sizes."""
    return block.conv("cv2", block.conv("cv1", x, c), c, k, s, None, c, 1, None)


@module("HGStem", scaled=False)
def hg_stem(block: Block, x: Map, cm: int, c: int) -> Map:
    """The stem of PP-HGNetV2."""
    x = block.conv("stem1", x, cm, 3, 2, act=RELU)
    x = _row_more(block, "pad1", x)
    other = block.conv("stem2a", x, cm // 2, 2, 1, 0, act=RELU)
    other = block.conv("stem2b", _row_more(block, "pad2", other), cm, 2, 1, 0, act=RELU)
    pooled = block.pool("pool", x, 2, 1, 0, ceil=True)
    x = block.conv("stem3", block.concat(pooled, other), cm, 3, 2, act=RELU)
    return block.conv("stem4", x, c, act=RELU)


def _row_more(block: Block, name: str, x: Map) -> Map:
    return block.part(name).layer("pad", x, padding=((0, 1), (0, 1)))


@module("HGBlock", scaled=False, repeats=True)
def hg_block(
    block: Block, x: Map, cm: int, c: int, k: int = 3, n: int = 6, lightconv: bool = False,
    shortcut: bool = False,
) -> Map:  # fmt: skip
    """Convolutions in a row, all of whose maps are joined."""
    maps, inner = [x], block.part("m")
    for number in range(n):
        if lightconv:
            part = inner.part(str(number), "LightConv")
            y = part.conv("conv1", maps[-1], cm, act=None)
            maps.append(part.depthwise("conv2", y, cm, k, act=RELU))
        else:
            maps.append(inner.conv(str(number), maps[-1], cm, k, act=RELU))
    y = block.conv("ec", block.conv("sc", block.concat(*maps), c // 2, act=RELU), c, act=RELU)
    return block.add(y, x) if shortcut and channels(x) == c else y


@module("CBLinear", scaled=False)
def several_linear(
    block: Block, x: Map, c: list[int], k: int = 1, s: int = 1, p: Any = None, g: int = 1
) -> tuple[Map, ...]:
    """A convolution whose channels are handed out to several rows."""
    found = block.part("conv", "Conv2d").plain_conv(x, sum(c), k, s, p, g)
    ends = [0]
    for size in c:
        ends.append(ends[-1] + size)
    return tuple([block.cut(found, start, stop) for start, stop in pairwise(ends)])


@module("CBFuse", scaled=False, several=True)
def fuse(block: Block, maps: list[Any], idx: list[int]) -> Map:
    """Parts of earlier rows, brought to one size and added."""
    last = maps[-1]
    if last is None or any(one is None for one in maps):
        return None
    taken: list[Map] = []
    for one, number in zip(maps[:-1], idx, strict=False):
        part = one[number] if isinstance(one, tuple) and number < len(one) else one
        if isinstance(part, tuple) or part is None:
            return None
        if part.shape[2:] != last.shape[2:]:
            part = block.layer("upsample", part, size=last.shape[2:])
        taken.append(part)
    return block.add(*taken, last)


@module("ResNetLayer", scaled=False)
def resnet_layer(
    block: Block, x: Map, c1: int, c: int, s: int = 1, is_first: bool = False, n: int = 1,
    e: int = 4,
) -> Map:  # fmt: skip
    """A stage of ResNet, or its stem."""
    inner = block.part("layer")
    if is_first:
        x = inner.conv("0", x, c, 7, 2, 3, act=RELU)
        return inner.part("1", "MaxPool2d").layer("max_pool", x, kernel=3, stride=2, padding=1)
    for number in range(n):
        part = inner.part(str(number), "ResNetBlock")
        stride = s if number == 0 else 1
        y = part.conv("cv1", x, c, act=RELU)
        y = part.conv("cv2", y, c, 3, stride, 1, act=RELU)
        y = part.conv("cv3", y, e * c, act=None)
        if stride != 1 or channels(x) != e * c:
            x = part.part("shortcut").conv("0", x, e * c, 1, stride, act=None)
        x = part.activated(part.add(y, x), RELU)
    return x


@module("Concat", scaled=False, several=True)
def concat(block: Block, maps: list[Map], d: int = 1) -> Map:
    """Maps joined."""
    return block.concat(*maps, axis=d)


@module("nn.Upsample", scaled=False)
def upsample(
    block: Block, x: Map, size: Any = None, scale: Any = None, mode: str = "nearest",
    align: Any = None,
) -> Map:  # fmt: skip
    """Resampling."""
    options: dict[str, Any] = {"size": size} if size is not None else {"scale": scale}
    if mode != "nearest":
        options["mode"] = mode
    if align:
        options["align_corners"] = True
    if options.get("scale") is not None and float(options["scale"]) == int(options["scale"]):
        options["scale"] = int(options["scale"])
    return block.layer("upsample", x, **options)


@module("nn.MaxPool2d", scaled=False)
def max_pool(
    block: Block, x: Map, k: int, s: Any = None, p: int = 0, d: int = 1, ri: bool = False,
    ceil: bool = False,
) -> Map:  # fmt: skip
    """A max pool."""
    del d, ri
    options: dict[str, Any] = {"kernel": k, "stride": k if s is None else s, "padding": p}
    if ceil:
        options["ceil_mode"] = True
    return block.layer("max_pool", x, **options)


@module("nn.AvgPool2d", scaled=False)
def average_pool(block: Block, x: Map, k: int, s: Any = None, p: int = 0) -> Map:
    """An average pool."""
    return block.layer("avg_pool", x, kernel=k, stride=k if s is None else s, padding=p)


@module("nn.ZeroPad2d", scaled=False)
def zero_pad(block: Block, x: Map, p: Any) -> Map:
    """Zeros to the left, right, top and bottom."""
    left, right, top, bottom = (p,) * 4 if isinstance(p, int) else tuple(p)
    return block.layer("pad", x, padding=((top, bottom), (left, right)))


@module("nn.BatchNorm2d", scaled=False)
def batch_norm(block: Block, x: Map, c: Any = None) -> Map:
    """A batch normalization by itself."""
    del c
    return block.layer("batch_norm", x)


@module("nn.Identity", scaled=False)
def identity(block: Block, x: Map) -> Map:
    """The map itself."""
    del block
    return x


ACTIVATIONS = {
    "nn.ReLU": "relu", "nn.SiLU": "silu", "nn.Sigmoid": "sigmoid", "nn.Tanh": "tanh",
    "nn.GELU": "gelu", "nn.Mish": "mish", "nn.Hardswish": "hard_swish", "nn.ReLU6": "relu6",
    "nn.ELU": "elu", "nn.Softmax2d": "softmax",
}  # fmt: skip


@module(*ACTIVATIONS, scaled=False)
def activation(block: Block, x: Map) -> Map:
    """An activation by itself."""
    return block.layer(ACTIVATIONS[block.types[-1]], x)


@module("nn.Dropout", scaled=False)
def dropout(block: Block, x: Map, p: float = 0.5) -> Map:
    """Dropout."""
    return block.layer("dropout", x, rate=p)


@module("nn.Flatten", scaled=False)
def flatten(block: Block, x: Map) -> Map:
    """All values in a row."""
    return block.maps.flatten(x, block.origin)


@module("nn.AdaptiveAvgPool2d", scaled=False)
def adaptive_pool(block: Block, x: Map, size: int) -> Map:
    """The mean of each part of the map."""
    if size == 1:
        return block.layer("global_avg_pool", x)
    return block.layer("adaptive_avg_pool", x, size=size)
