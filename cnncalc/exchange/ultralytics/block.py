"""A module at work: it adds layers under its own path, as PyTorch would name them."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, prod
from typing import Any

from cnncalc.exchange.reading.maps import Map, Maps
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.reading.result import Origin
from cnncalc.shapes import Shape
from cnncalc.spans import SourceSpan

Act = tuple[str, dict[str, Any]] | None
"""A layer of ours and its options; `None` where there is no activation."""

RELU: Act = ("relu", {})
SILU: Act = ("silu", {})

Size = int | tuple[int, int]


class Block:
    """One module of the network, and what it may add to it."""

    def __init__(
        self,
        maps: Maps,
        path: tuple[str, ...],
        types: tuple[str, ...],
        span: SourceSpan | None,
        act: Act,
    ) -> None:
        self.maps = maps
        self.path = path
        self.types = types
        self.span = span
        self.act = act
        """What follows a convolution unless it says otherwise."""

    def part(self, name: str, type_: str = "") -> Block:
        """A module inside this one."""
        return Block(self.maps, (*self.path, name), (*self.types, type_), self.span, self.act)

    @property
    def origin(self) -> Origin:
        """Where its layers come from."""
        return Origin(self.path, self.types, "", self.span)

    # -- layers -----------------------------------------------------------------------------

    def layer(self, kind: str, x: Map, **options: Any) -> Map:
        """A layer of ours that is this module."""
        return self.maps.layer(kind, x, options, self.origin)

    def activated(self, x: Map, act: Act) -> Map:
        """An activation, as the part `act`."""
        return x if act is None else self.part("act").layer(act[0], x, **act[1])

    def plain_conv(
        self,
        x: Map,
        filters: int,
        kernel: Size = 1,
        stride: Size = 1,
        padding: Any = None,
        groups: int = 1,
        *,
        bias: bool = True,
        **more: Any,
    ) -> Map:
        """A convolution by itself; the padding keeps the size unless it is given."""
        pad = half(kernel) if padding is None else padding
        given = {"stride": stride, "padding": pad, "groups": groups, "bias": bias, **more}
        usual = {"stride": 1, "padding": 0, "groups": 1, "bias": True, "dilation": 1}
        options = {key: value for key, value in given.items() if value != usual.get(key)}
        return self.layer("conv", x, filters=filters, kernel=kernel, **options)

    def conv(
        self,
        name: str,
        x: Map,
        filters: int,
        kernel: Size = 1,
        stride: int = 1,
        padding: Any = None,
        groups: int = 1,
        dilation: int = 1,
        act: Act | bool = True,
    ) -> Map:
        """A convolution without bias, a batch normalization and an activation, as a part."""
        return self.part(name, "Conv").conv_here(
            x, filters, kernel, stride, padding, groups, dilation, act
        )

    def conv_here(
        self,
        x: Map,
        filters: int,
        kernel: Size = 1,
        stride: int = 1,
        padding: Any = None,
        groups: int = 1,
        dilation: int = 1,
        act: Act | bool = True,
    ) -> Map:
        """The same as this module itself."""
        if padding is None:
            padding = half(kernel, dilation)
        found = self.part("conv", "Conv2d").plain_conv(
            x, filters, kernel, stride, padding, groups, bias=False, dilation=dilation
        )
        found = self.part("bn", "BatchNorm2d").layer("batch_norm", found)
        if act is True:
            act = self.act
        return self.activated(found, act or None)

    def depthwise(self, name: str, x: Map, filters: int, kernel: Size, stride: int = 1,
                  act: Act | bool = True) -> Map:  # fmt: skip
        """A convolution with as many groups as channels on both sides allow."""
        groups = 1 if x is None else gcd(x.shape[1], filters)
        return self.conv(name, x, filters, kernel, stride, None, groups, 1, act)

    def pool(self, name: str, x: Map, kernel: int, stride: int = 1, padding: int | None = None,
             *, ceil: bool = False) -> Map:  # fmt: skip
        """A max pool that keeps the size unless its stride does not."""
        pad = kernel // 2 if padding is None else padding
        options: dict[str, Any] = {"kernel": kernel}
        if stride != kernel:
            options["stride"] = stride
        if pad:
            options["padding"] = pad
        if ceil:
            options["ceil_mode"] = True
        return self.part(name, "MaxPool2d").layer("max_pool", x, **options)

    def average(self, x: Map) -> Map:
        """The mean of each 2×2 window, one row and column less."""
        return self.layer("avg_pool", x, kernel=2, stride=1)

    # -- tensors ----------------------------------------------------------------------------

    def concat(self, *maps: Map, axis: int = 1) -> Map:
        """Maps one after the other."""
        return self.maps.concat(maps, self.origin, axis)

    def add(self, *maps: Map) -> Map:
        """The sum of maps."""
        return self.maps.merge("add", maps, self.origin)

    def halves(self, x: Map) -> tuple[Map, Map]:
        """The first and the second half of the channels."""
        size = channels(x)
        cut = (size + 1) // 2
        return self.cut(x, 0, cut), self.cut(x, cut, size)

    def cut(self, x: Map, start: int, stop: int, axis: int = 1) -> Map:
        """A range of an axis."""
        return self.maps.slice(x, start, stop, self.origin, axis)

    def reshape(self, x: Map, *shape: int) -> Map:
        """Another shape; -1 is what is left."""
        if x is None:
            return None
        known = prod([size for size in shape if size != -1])
        wanted: Shape = tuple([prod(x.shape) // known if n == -1 else n for n in shape])
        return self.maps.reshape(x, wanted, self.origin)

    def permute(self, x: Map, *order: int) -> Map:
        """The axes in another order; the batch, 0, stays in front."""
        return self.maps.permute(x, (0, *order), self.origin)

    def matmul(self, a: Map, b: Map) -> Map:
        """The product of matrices on the last two axes."""
        return self.maps.matmul(a, b, self.origin)

    def softmax(self, x: Map, axis: int) -> Map:
        """Softmax over an axis."""
        return self.maps.softmax(x, axis, self.origin)

    def scaled(self, x: Map, factor: float) -> Map:
        """A number times the map."""
        return self.layer("rescale", x, factor=factor)

    def upsampled(self, x: Map, scale: int) -> Map:
        """Each value repeated."""
        return x if scale == 1 else self.layer("upsample", x, scale=scale)

    def times_channels(self, x: Map) -> Map:
        """A trained factor for each channel."""
        return self.layer("scale", x)

    # -- what takes no part -----------------------------------------------------------------

    def unused(self, name: str, values: int) -> None:
        """Note trained values that the module holds and does not use in this form."""
        key = ".".join((*self.path, name))
        self.maps.program.constants[key] = Constant(key, (values,), "parameter", _nothing)


def _nothing() -> Any:
    raise AssertionError("an array that takes no part is not read")


def half(kernel: Size, dilation: int = 1) -> Any:
    """The padding that keeps the size of a map, for odd kernels."""
    if isinstance(kernel, tuple):
        return tuple([(dilation * (k - 1) + 1) // 2 for k in kernel])
    return (dilation * (kernel - 1) + 1) // 2


def channels(x: Map) -> int:
    """The channels of a map; 2 stand for those that are not known."""
    return 2 if x is None else x.shape[1]


def sizes(x: Map) -> Shape:
    """The rows and columns of a map."""
    return (1, 1) if x is None else x.shape[2:]


__all__ = ["RELU", "SILU", "Act", "Block", "Map", "Op", "Sequence", "channels", "half", "sizes"]
