"""Layers that move, cut or add values without computing any."""

from __future__ import annotations

from cnncalc.layers.base import (
    Facts,
    Kind,
    LayerError,
    Reference,
    check_divides,
    pointwise,
    single,
    spatial,
)
from cnncalc.layers.options import Axes, Choice, Int, LayerName, Number, Padding, SizeList, option
from cnncalc.layers.saved import INDEX, NONE, PASSED, SavedForBackward, SavedTensor
from cnncalc.layers.sliding import Pairs
from cnncalc.shapes import Shape, Window, product

VIEW = SavedForBackward(view=True)
"""A part of its input in training, whose gradient is zero elsewhere."""


class Flatten(Kind, name="flatten"):
    """All values in one row, channel after channel."""

    linear = True

    saved = PASSED

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        return Facts((product(shape),), windows=(None,), view=True)


class Reshape(Kind, name="reshape"):
    """The same values under another shape; one size may be −1 and is what is left."""

    linear = True

    shape: tuple[int, ...] = option(
        SizeList(-1), "the new shape, channels first", required=True, main=True, variadic=True
    )

    saved = PASSED

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        before = single(inputs)
        values = product(before)
        known = product(tuple(size for size in self.shape if size != -1))
        free = self.shape.count(-1)
        if len(self.shape) > 8 or 0 in self.shape or free > 1:
            raise LayerError(
                "bad-value",
                f"`shape` {list(self.shape)} must be one to eight sizes from 1 on, at most one −1",
                option="shape",
            )
        if known == 0 or values % known or (not free and known != values):
            raise LayerError(
                "shape-mismatch",
                f"{list(before)} holds {values:,} values, and {list(self.shape)} "
                f"{'a multiple of ' if free else ''}{known:,}",
                option="shape",
            )
        shape = tuple(values // known if size == -1 else size for size in self.shape)
        return Facts(shape, windows=(None,), view=True)


class Permute(Kind, name="permute"):
    """The axes in another order: `[1, 0]` makes positions of channels and channels of positions.

    Axis 0 is the channels. The values are moved, so that the output owns its bytes.
    """

    linear = True

    order: tuple[int, ...] = option(
        SizeList(0), "the input's axes in their new order", required=True, main=True, variadic=True
    )

    saved = PASSED

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        if sorted(self.order) != list(range(len(shape))):
            raise LayerError(
                "bad-value",
                f"`order` {list(self.order)} must name every axis of {list(shape)} once, from 0",
                option="order",
            )
        return Facts(tuple([shape[axis] for axis in self.order]), windows=(None,))


class Pad(Kind, name="pad"):
    """A constant around the input, and on request further channels of it.

    In place of a constant the input itself may go on: mirrored at its border (`reflect`), with
    its last row (`replicate`), or from the other end (`circular`). A receptive field is told as
    with a constant.
    """

    linear = True

    padding: Pairs = option(
        Padding(), "values added around each axis", default=0, main=True, mark="p"
    )
    value: float = option(Number(infinite=True), "the constant", default=0)
    channels: tuple[int, ...] = option(
        SizeList(0, length=2), "channels added before and after", default=(0, 0)
    )
    mode: str = option(
        Choice("constant", "reflect", "replicate", "circular"),
        "what is around the input",
        default="constant",
        mark="",
    )

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        sizes = spatial(self, shape)
        self._check_mode(sizes)
        axes = tuple(size + a + b for size, (a, b) in zip(sizes, self.padding, strict=True))
        windows = tuple(_shifted(-before) for before, _ in self.padding)
        return Facts((shape[0] + sum(self.channels), *axes), windows=(windows,))

    def _check_mode(self, sizes: Shape) -> None:
        """What is mirrored or repeated must be there."""
        if self.mode == "constant":
            return
        if any(self.channels) or self.value:
            raise LayerError(
                "bad-value", f"`{self.mode}` adds no channels and takes no `value`", option="mode"
            )
        room = {"reflect": -1, "circular": 0}.get(self.mode)
        for size, pair in zip(sizes, self.padding, strict=True):
            if room is not None and max(pair) > size + room:
                raise LayerError(
                    "bad-value",
                    f"{max(pair)} rows cannot be taken from {size}",
                    option="padding",
                    hint=f"at most {size + room}",
                )

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return SavedForBackward(held=self.mode in ("reflect", "replicate"))


class Crop(Kind, name="crop"):
    """A part of each spatial axis: of a named layer's size, or of a given one.

    Without an offset the part is the middle one; an odd row more is cut behind.
    """

    linear = True

    like: Reference | None = option(
        LayerName(), "the layer whose size is taken", main=True, mark="to "
    )
    size: tuple[int, ...] | None = option(Axes(), "the size, without `like`", mark="→")
    offset: tuple[int, ...] | None = option(Axes(0), "rows cut in front")

    saved = VIEW

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        sizes = spatial(self, shape)
        target = named_size(self, self.like, self.size, len(sizes))
        offsets = self.offset or tuple(
            (size - cut) // 2 for size, cut in zip(sizes, target, strict=True)
        )
        for size, cut, offset in zip(sizes, target, offsets, strict=True):
            if cut + offset > size or offset < 0:
                raise LayerError(
                    "shape-mismatch",
                    f"an input of {list(sizes)} has no part of {list(target)} "
                    f"at offset {list(map(abs, offsets))}",
                    option="offset" if self.offset else None,
                )
        windows = tuple(_shifted(offset) for offset in offsets)
        return Facts((shape[0], *target), windows=(windows,))


class Slice(Kind, name="slice"):
    """A range of channels, or of the rows of another axis."""

    linear = True

    start: int = option(Int(0), "the first channel", required=True, main=True, mark="")
    stop: int | None = option(Int(0), "the channel after the last; all where left out", mark=":")
    step: int = option(Int(), "every how manieth channel", default=1, mark=":")
    axis: int = option(Int(0), "the axis, from 0 for the channels", default=0, mark="axis ")

    saved = VIEW

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape, axis = single(inputs), self.axis
        if axis >= len(shape):
            raise LayerError(
                "bad-value", f"axis {axis} is not among those of {list(shape)}", option="axis"
            )
        size = shape[axis]
        stop = size if self.stop is None else self.stop
        if not self.start < stop <= size:
            what = f"rows of axis {axis}" if axis else "channels"
            raise LayerError(
                "bad-value",
                f"{what} {self.start} to {stop} are not among the input's {size}",
                option="stop" if self.start < size else "start",
            )
        count = -(-(stop - self.start) // self.step)
        windows = list(pointwise(shape))
        if axis:
            windows[axis - 1] = Window(self.step, ((self.start, self.start),))
        return Facts((*shape[:axis], count, *shape[axis + 1 :]), windows=(tuple(windows),))


class Select(Kind, name="select"):
    """Channels by number, in the given order."""

    linear = True

    channels: tuple[int, ...] = option(
        SizeList(0), "channel numbers, from 0", required=True, main=True, variadic=True
    )

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        if max(self.channels) >= shape[0]:
            raise LayerError(
                "bad-value",
                f"channel {max(self.channels)} is not among the input's {shape[0]}, "
                "which count from 0",
                option="channels",
            )
        return Facts((len(self.channels), *shape[1:]), windows=(pointwise(shape),))

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        # the channel numbers; one, to say which, would do for each
        return SavedForBackward(arrays=(SavedTensor(len(self.channels), True, INDEX),))


class ChannelShuffle(Kind, name="channel_shuffle"):
    """Channels of several groups interleaved (Zhang et al. 2017, ShuffleNet)."""

    linear = True

    groups: int = option(Int(), "groups of channels", required=True, main=True, mark="g")

    saved = NONE

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        check_divides(self.groups, shape[0], "groups")
        return Facts(shape, windows=(pointwise(shape),))


def named_size(
    kind: Kind, like: Reference | None, size: tuple[int, ...] | None, rank: int
) -> tuple[int, ...]:
    """The spatial size that `like` or `size` states; exactly one of them is given."""
    if like is None and size is None:
        raise LayerError(
            "missing-option",
            f"`{kind.name}` needs its size, `like` or `size`",
            hint="`like` names the layer whose size is taken, `size` is the output's own",
        )
    if like is not None and size is not None:
        message = f"`{kind.name}` takes its size either from `like` or from `size`, not from both"
        raise LayerError("bad-value", message, option="size")
    if like is None:
        assert size is not None
        return size
    target = like.output[1:]
    if len(target) != rank:
        raise LayerError(
            "shape-mismatch",
            f"`{like}` is {list(like.output)}, and the input has {rank} spatial axes",
            option="like",
        )
    return target


def _shifted(offset: int) -> Window:
    return Window(1, ((offset, offset),))
