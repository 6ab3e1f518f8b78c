"""Modules that part their channels, work on some of them, and join all: the stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.exchange.ultralytics.attention import area_block, attention_block
from cnncalc.exchange.ultralytics.block import SILU, Block, channels
from cnncalc.exchange.ultralytics.registry import Map, module

Inner = Callable[[Block, Map, int], Map]
"""One of a stage's inner modules, on a map, with its number."""

WIDE = ((3, 3), (3, 3))
NARROW = ((1, 1), (3, 3))
CROSS = ((1, 3), (3, 1))


def bottleneck_here(
    block: Block, x: Map, c: int, shortcut: bool = True, g: int = 1, k: Any = WIDE, e: float = 0.5
) -> Map:
    """Two convolutions, and the input added where it fits."""
    first, second = (one[0] if one[0] == one[1] else one for one in k)
    y = block.conv("cv1", x, int(c * e), first)
    y = block.conv("cv2", y, c, second, 1, None, g)
    return block.add(x, y) if shortcut and channels(x) == c else y


def bottlenecks(shortcut: bool, g: int, k: Any = WIDE, e: float = 1.0) -> Inner:
    """Bottlenecks that keep their channels."""

    def inner(block: Block, x: Map, number: int) -> Map:
        part = block.part(str(number), "Bottleneck")
        return bottleneck_here(part, x, channels(x), shortcut, g, k, e)

    return inner


def rep_bottlenecks(shortcut: bool, g: int) -> Inner:
    """Bottlenecks whose first convolution is a 3×3 and a 1×1 one."""

    def inner(block: Block, x: Map, number: int) -> Map:
        part = block.part(str(number), "RepBottleneck")
        c = channels(x)
        y = rep_conv_here(part.part("cv1", "RepConv"), x, c)
        y = part.conv("cv2", y, c, 3, 1, None, g)
        return part.add(x, y) if shortcut else y

    return inner


def rep_conv_here(block: Block, x: Map, c: int) -> Map:
    """A 3×3 and a 1×1 convolution beside each other."""
    wide = block.conv("conv1", x, c, 3, act=None)
    return block.activated(block.add(wide, block.conv("conv2", x, c, act=None)), block.act)


def csp(block: Block, x: Map, c: int, n: int, e: float, inner: Inner) -> Map:
    """Two ways of reduced channels, one of them through the inner modules (C3)."""
    width, part = int(c * e), block.part("m")
    y = block.conv("cv1", x, width)
    for number in range(n):
        y = inner(part, y, number)
    return block.conv("cv3", block.concat(y, block.conv("cv2", x, width)), c)


def csp_fast(block: Block, x: Map, c: int, n: int, e: float, inner: Inner) -> Map:
    """The channels halved; each inner module's map is joined to all before (C2f)."""
    width, part = int(c * e), block.part("m")
    maps = list(block.halves(block.conv("cv1", x, 2 * width)))
    for number in range(n):
        maps.append(inner(part, maps[-1], number))
    return block.conv("cv2", block.concat(*maps), c)


@module("Bottleneck")
def bottleneck(
    block: Block, x: Map, c: int, shortcut: bool = True, g: int = 1, k: Any = WIDE, e: float = 0.5
) -> Map:
    """Two convolutions, and the input added where it fits."""
    return bottleneck_here(block, x, c, shortcut, g, k, e)


@module("BottleneckCSP", repeats=True)
def bottleneck_csp(
    block: Block, x: Map, c: int, n: int = 1, shortcut: bool = True, g: int = 1, e: float = 0.5
) -> Map:
    """Two ways, normalized where they meet."""
    width, part = int(c * e), block.part("m")
    y = block.conv("cv1", x, width)
    inner = bottlenecks(shortcut, g)
    for number in range(n):
        y = inner(part, y, number)
    y = block.part("cv3", "Conv2d").plain_conv(y, width, bias=False)
    other = block.part("cv2", "Conv2d").plain_conv(x, width, bias=False)
    both = block.part("bn", "BatchNorm2d").layer("batch_norm", block.concat(y, other))
    return block.conv("cv4", block.activated(both, SILU), c)


@module("C1", repeats=True)
def c1(block: Block, x: Map, c: int, n: int = 1) -> Map:
    """A convolution, and others around which it is added."""
    y = first = block.conv("cv1", x, c)
    for number in range(n):
        y = block.part("m").conv(str(number), y, c, 3)
    return block.add(y, first)


@module("C2", repeats=True)
def c2(
    block: Block, x: Map, c: int, n: int = 1, shortcut: bool = True, g: int = 1, e: float = 0.5
) -> Map:
    """The channels halved, one half through bottlenecks."""
    y, other = block.halves(block.conv("cv1", x, 2 * int(c * e)))
    inner = bottlenecks(shortcut, g)
    for number in range(n):
        y = inner(block.part("m"), y, number)
    return block.conv("cv2", block.concat(y, other), c)


@module("C2f", repeats=True)
def c2f(
    block: Block, x: Map, c: int, n: int = 1, shortcut: bool = False, g: int = 1, e: float = 0.5
) -> Map:
    """The stage of version 8."""
    return csp_fast(block, x, c, n, e, bottlenecks(shortcut, g))


@module("C3", repeats=True)
def c3(
    block: Block, x: Map, c: int, n: int = 1, shortcut: bool = True, g: int = 1, e: float = 0.5
) -> Map:
    """The stage of version 5."""
    return csp(block, x, c, n, e, bottlenecks(shortcut, g, NARROW))


@module("C3x", repeats=True)
def c3x(
    block: Block, x: Map, c: int, n: int = 1, shortcut: bool = True, g: int = 1, e: float = 0.5
) -> Map:
    """The same with kernels of a row and of a column."""
    return csp(block, x, c, n, e, bottlenecks(shortcut, g, CROSS))


@module("C3Ghost", repeats=True)
def c3_ghost(
    block: Block, x: Map, c: int, n: int = 1, shortcut: bool = True, g: int = 1, e: float = 0.5
) -> Map:
    """The same with ghost bottlenecks."""
    del shortcut, g
    return csp(block, x, c, n, e, lambda part, y, number: ghost_here(
        part.part(str(number), "GhostBottleneck"), y, channels(y), 3, 1))  # fmt: skip


@module("GhostBottleneck")
def ghost_bottleneck(block: Block, x: Map, c: int, k: int = 3, s: int = 1) -> Map:
    """Two ghost convolutions, and the input added."""
    return ghost_here(block, x, c, k, s)


def ghost_here(block: Block, x: Map, c: int, k: int, s: int) -> Map:
    """Two ghost convolutions, and the input added."""
    from cnncalc.exchange.ultralytics.convolutions import ghost

    inner, before = block.part("conv"), channels(x)
    y = ghost(inner.part("0", "GhostConv"), x, c // 2)
    if s == 2:
        y = inner.depthwise("1", y, c // 2, k, s, None)
    y = ghost(inner.part("2", "GhostConv"), y, c, 1, 1, 1, False)
    if s == 2:
        way = block.part("shortcut")
        x = way.conv("1", way.depthwise("0", x, before, k, s, None), c, act=None)
    return block.add(y, x)


@module("C3TR", repeats=True)
def c3_transformer(
    block: Block, x: Map, c: int, n: int = 1, shortcut: bool = True, g: int = 1, e: float = 0.5
) -> Map:
    """The same with a transformer."""
    from cnncalc.exchange.ultralytics.attention import transformer

    del shortcut, g
    width = int(c * e)
    y = transformer(block.part("m", "TransformerBlock"), block.conv("cv1", x, width), 4, n)
    return block.conv("cv3", block.concat(y, block.conv("cv2", x, width)), c)


@module("RepC3", repeats=True)
def rep_c3(block: Block, x: Map, c: int, n: int = 3, e: float = 1.0) -> Map:
    """Two ways that are added."""
    width = int(c * e)
    y = block.conv("cv1", x, width)
    for number in range(n):
        y = rep_conv_here(block.part("m").part(str(number), "RepConv"), y, width)
    found = block.add(y, block.conv("cv2", x, width))
    return found if width == c else block.conv("cv3", found, c)


@module("C3k2", repeats=True)
def c3k2(
    block: Block, x: Map, c: int, n: int = 1, c3k: bool = False, e: float = 0.5,
    attn: bool = False, g: int = 1, shortcut: bool = True,
) -> Map:  # fmt: skip
    """The stage of version 11."""

    def inner(part: Block, y: Map, number: int) -> Map:
        width = channels(y)
        if attn:
            both = part.part(str(number))
            y = bottleneck_here(both.part("0", "Bottleneck"), y, width, shortcut, g)
            return attention_block(both.part("1", "PSABlock"), y, max(width // 64, 1))
        if c3k:
            return c3k_here(part.part(str(number), "C3k"), y, width, shortcut, g)
        return bottleneck_here(part.part(str(number), "Bottleneck"), y, width, shortcut, g)

    return csp_fast(block, x, c, n, e, inner)


def c3k_here(block: Block, x: Map, c: int, shortcut: bool, g: int) -> Map:
    """Two bottlenecks in two ways."""
    return csp(block, x, c, 2, 0.5, bottlenecks(shortcut, g))


@module("C2PSA", repeats=True)
def c2_attention(block: Block, x: Map, c: int, n: int = 1, e: float = 0.5) -> Map:
    """The channels halved, one half through attention."""
    width = int(channels(x) * e)
    other, y = block.halves(block.conv("cv1", x, 2 * width))
    for number in range(n):
        part = block.part("m").part(str(number), "PSABlock")
        y = attention_block(part, y, max(width // 64, 1))
    return block.conv("cv2", block.concat(other, y), c)


@module("C2fPSA", repeats=True)
def c2f_attention(block: Block, x: Map, c: int, n: int = 1, e: float = 0.5) -> Map:
    """The same, each map joined."""
    return csp_fast(block, x, c, n, e, lambda part, y, number: attention_block(
        part.part(str(number), "PSABlock"), y, max(channels(y) // 64, 1)))  # fmt: skip


@module("PSA")
def attention_stage(block: Block, x: Map, c: int, e: float = 0.5) -> Map:
    """The channels halved, one half through attention, as version 10 has it."""
    width = int(channels(x) * e)
    other, y = block.halves(block.conv("cv1", x, 2 * width))
    y = attention_block(block, y, max(width // 64, 1))
    return block.conv("cv2", block.concat(other, y), c)


@module("C2fCIB", repeats=True)
def c2f_inverted(
    block: Block, x: Map, c: int, n: int = 1, shortcut: bool = False, lk: bool = False,
    g: int = 1, e: float = 0.5,
) -> Map:  # fmt: skip
    """The stage of version 10 with depthwise blocks."""
    del g

    def inner(part: Block, y: Map, number: int) -> Map:
        return inverted_here(part.part(str(number), "CIB"), y, channels(y), shortcut, 1.0, lk)

    return csp_fast(block, x, c, n, e, inner)


def inverted_here(block: Block, x: Map, c: int, shortcut: bool, e: float, lk: bool) -> Map:
    """Depthwise and pointwise convolutions in turn."""
    inner, before, width = block.part("cv1"), channels(x), 2 * int(c * e)
    y = inner.conv("0", x, before, 3, 1, None, before)
    y = inner.conv("1", y, width)
    if lk:
        part = inner.part("2", "RepVGGDW")
        wide = part.conv("conv", y, width, 7, 1, 3, width, 1, None)
        small = part.conv("conv1", y, width, 3, 1, 1, width, 1, None)
        y = part.activated(part.add(wide, small), SILU)
    else:
        y = inner.conv("2", y, width, 3, 1, None, width)
    y = inner.conv("3", y, c)
    y = inner.conv("4", y, c, 3, 1, None, c)
    return block.add(x, y) if shortcut and before == c else y


@module("RepNCSPELAN4")
def rep_elan(block: Block, x: Map, c: int, c3: int, c4: int, n: int = 1) -> Map:
    """The stage of version 9."""
    maps = list(block.halves(block.conv("cv1", x, c3)))
    for name in ("cv2", "cv3"):
        part = block.part(name)
        y = csp(part.part("0", "RepCSP"), maps[-1], c4, n, 0.5, rep_bottlenecks(True, 1))
        maps.append(part.conv("1", y, c4, 3))
    return block.conv("cv4", block.concat(*maps), c)


@module("ELAN1")
def elan(block: Block, x: Map, c: int, c3: int, c4: int) -> Map:
    """The first stage of version 9."""
    maps = list(block.halves(block.conv("cv1", x, c3)))
    for name in ("cv2", "cv3"):
        maps.append(block.conv(name, maps[-1], c4, 3))
    return block.conv("cv4", block.concat(*maps), c)


@module("A2C2f", repeats=True)
def area_stage(
    block: Block, x: Map, c: int, n: int = 1, a2: bool = True, area: int = 1,
    residual: bool = False, mlp_ratio: float = 2.0, e: float = 0.5, g: int = 1,
    shortcut: bool = True,
) -> Map:  # fmt: skip
    """The stage of version 12: attention within areas, or without it two bottlenecks."""
    width, inner = int(c * e), block.part("m")
    maps = [block.conv("cv1", x, width)]
    for number in range(n):
        part = inner.part(str(number))
        if not a2:
            maps.append(c3k_here(inner.part(str(number), "C3k"), maps[-1], width, shortcut, g))
            continue
        y = maps[-1]
        for place in ("0", "1"):
            y = area_block(part.part(place, "ABlock"), y, width // 32, mlp_ratio, area)
        maps.append(y)
    found = block.conv("cv2", block.concat(*maps), c)
    if not (a2 and residual):
        return found
    return block.add(x, block.part("gamma").times_channels(found))
