"""Pooling: sliding, global and adaptive; and the unpooling that undoes a max pool."""

from __future__ import annotations

from typing import ClassVar, Literal

from cnncalc.layers.base import (
    Facts,
    Kind,
    LayerError,
    Operations,
    Reference,
    pointwise,
    single,
    spatial,
)
from cnncalc.layers.options import Axes, Bool, KernelSize, LayerName, Number, Padding, option
from cnncalc.layers.saved import INDEX, SavedForBackward, SavedTensor
from cnncalc.layers.sliding import Pairs, Sliding, check_pool_padding, extents
from cnncalc.resampling import adaptive_window
from cnncalc.shapes import Shape, product, transposed_window

PADDING = Padding("same", "same_lower", "valid")


def positions(output: Shape, padded: SavedTensor | None = None) -> SavedForBackward:
    """A max pool: the position of each maximum, and the input that it looked at.

    The gradient needs the positions alone, each within its window: a byte would do.
    """
    arrays = (SavedTensor(product(output), width=INDEX, least=1),)
    if padded is not None:
        return SavedForBackward(arrays=(padded._replace(least=0), *arrays), takes=wide(output))
    return SavedForBackward(held=True, arrays=arrays, takes=wide(output))


def powers(inputs: tuple[Shape, ...], output: Shape, padded: int = 0) -> SavedForBackward:
    """A pool of powers: the input and its powers, and four arrays around the root.

    The mean of the powers, its rectification, its sign, and the sum: PyTorch takes
    `sign(x)·relu(|x|)` of the mean before the root. The gradient needs one of the four.
    """
    values = product(output)
    root = (SavedTensor(values), *[SavedTensor(values, least=0)] * 3)
    return SavedForBackward(
        inputs=True, arrays=(SavedTensor(padded or product(inputs[0]), least=0), *root)
    )


def wide(output: Shape) -> Literal["", "single"]:
    """Pools over three axes are taken in float32 by autocast."""
    return "single" if len(output) == 4 else ""


class SlidingPool(Sliding):
    """A pool with a sliding kernel."""

    half_padding = True

    kernel: tuple[int, ...] = option(KernelSize(), "kernel size", required=True, main=True, mark="")
    stride: tuple[int, ...] = option(
        Axes(), "step of the kernel; the kernel's size where left out", like="kernel", mark="/"
    )
    padding: Pairs | str = option(PADDING, "rows added around the input", default=0, mark="p")

    def _facts(self, shape: Shape, operations: int) -> Facts:
        """Facts of a pool that computes `operations` for each output value."""
        axes = self.slides(shape)
        sizes, windows = extents(axes)
        output = (shape[0], *sizes)
        check_pool_padding(self, self.kernel, self.padding, output)
        return Facts(
            output,
            operations=Operations(pooling=operations * product(output)),
            windows=(windows,),
            slides=axes,
        )


class MaxPool(SlidingPool, name="max_pool"):
    """Max pooling; padding is minus infinity.

    `ΠF − 1` comparisons an output value. The backward pass keeps the position of each maximum.
    """

    dilation: tuple[int, ...] = option(Axes(), "distance of kernel taps", default=1, mark="d")
    ceil_mode: bool = option(
        Bool(),
        "round sizes up: a last window may reach beyond the input",
        default=False,
        mark="ceil",
    )

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        return self._facts(single(inputs), product(self.kernel) - 1)

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return positions(output, self.padded(inputs[0]))


class AvgPool(SlidingPool, name="avg_pool"):
    """Average pooling: `ΠF − 1` additions and a division an output value."""

    linear = True
    ceil_mode: bool = option(
        Bool(),
        "round sizes up: a last window may reach beyond the input",
        default=False,
        mark="ceil",
    )
    count_include_pad: bool = option(
        Bool(), "whether zeros of the padding count in the average", default=True
    )

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        return self._facts(single(inputs), product(self.kernel))

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        # its gradient needs the input's shape alone
        padded = self.padded(inputs[0])
        if padded is not None:
            return SavedForBackward(arrays=(padded._replace(least=0),), takes=wide(output))
        return SavedForBackward(held=True, takes=wide(output))


class LpPool(SlidingPool, name="lp_pool"):
    """Power-average pooling, the p-th root of the sum of p-th powers.

    `ΠF` powers, `ΠF − 1` additions and a root an output value.
    """

    p: float = option(Number(above=0), "the power", default=2)
    ceil_mode: bool = option(
        Bool(),
        "round sizes up: a last window may reach beyond the input",
        default=False,
        mark="ceil",
    )

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        return self._facts(shape, 2 * product(self.kernel))

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        padded = self.padded(inputs[0])
        return powers(inputs, output, padded.values if padded else 0)


class GlobalPool(Kind):
    """A pool over all positions; the spatial axes stay, with size 1."""

    resamples = True
    per_value: ClassVar[int] = 1

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        sizes = spatial(self, shape)
        output = (shape[0], *(1 for _ in sizes))
        return Facts(
            output,
            operations=Operations(pooling=self.per_value * product(shape)),
            windows=(None,),
        )


class GlobalAvgPool(GlobalPool, name="global_avg_pool"):
    """Average over all positions: `N − 1` additions and a division a channel."""

    linear = True

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return SavedForBackward(takes=wide(output))  # a mean, whose gradient is known beforehand


class GlobalMaxPool(GlobalPool, name="global_max_pool"):
    """Maximum over all positions: counted as one comparison a value."""

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return positions(output)


class GlobalLpPool(GlobalPool, name="global_lp_pool"):
    """Root of the sum of powers over all positions: a power and an addition a value."""

    per_value = 2
    p: float = option(Number(above=0), "the power", default=2, main=True)

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return powers(inputs, output)


class AdaptivePool(Kind):
    """A pool to a given output size, each output over its share of the input.

    Output `o` covers `floor(o·W/size)` to `ceil((o + 1)·W/size) − 1` (PyTorch). A pool to the
    size that its input already has is the input itself: a view, without operations.
    """

    resamples = True

    size: tuple[int, ...] = option(
        Axes(), "output size", required=True, main=True, variadic=True, mark="→"
    )

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        sizes = spatial(self, shape)
        output = (shape[0], *self.size)
        if output == shape:
            return Facts(output, windows=(pointwise(shape),), view=True)
        windows = tuple(map(adaptive_window, sizes, self.size))
        covered = shape[0]
        for window, axis in zip(windows, self.size, strict=True):
            pattern = sum(last - first + 1 for first, last in filter(None, window.spans))
            covered *= pattern * axis // len(window.spans)
        return Facts(
            output,
            operations=Operations(pooling=covered),
            windows=(None if set(self.size) == {1} else windows,),
        )

    def in_words(self, inputs: tuple[Shape, ...]) -> str:
        """The share of its input that each output reads."""
        sizes = inputs[0][1:]
        if self.size == sizes:
            return "Its input has that size already: the output is the input."
        if set(self.size) == {1}:
            return "The one output of a channel reads the whole map."
        pairs = dict.fromkeys(zip(sizes, self.size, strict=True))
        return " ".join([_share(size, outputs) for size, outputs in pairs])


def _share(size: int, outputs: int) -> str:
    """How an adaptive pool divides an axis among its outputs."""
    if size == outputs:
        return f"An axis of {size} stays as it is."
    text = f"An axis of {size} is divided into {outputs} share{'s' if outputs > 1 else ''}, "
    if size % outputs == 0:
        each = size // outputs
        return text + f"{each} units each, as with kernel {each} and stride {each}."
    lengths = {
        last - first + 1 for first, last in filter(None, adaptive_window(size, outputs).spans)
    }
    least, most = min(lengths), max(lengths)
    several = f"{least} to {most}" if most > least else str(most)
    text += f"{several} unit{'s' if most > 1 else ''} each: "
    if outputs > size:
        return text + "there are more outputs than units, so neighbours read the same ones."
    return text + f"{outputs} does not divide {size}, so neighbouring shares overlap."


class AdaptiveAvgPool(AdaptivePool, name="adaptive_avg_pool"):
    """Average pooling to a given output size: one operation a value that is read."""

    linear = True

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        """To size 1 nothing, as for a mean; else the input is held, which it may also copy."""
        return SavedForBackward(held=set(self.size) != {1}, view=False, takes=wide(output))


class AdaptiveMaxPool(AdaptivePool, name="adaptive_max_pool"):
    """Max pooling to a given output size: one operation a value that is read."""

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return positions(output)._replace(view=False)


class MaxUnpool(Kind, name="max_unpool"):
    """Max unpooling: each value goes back to where a max pool found it, the rest is zero.

    The output has the size of that pool's input. The switches come from the pool; they are
    positions, not activations.
    """

    pool: Reference = option(
        LayerName(), "the max pool to undo", required=True, main=True, mark="of "
    )

    saved = SavedForBackward(switches=True)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        spatial(self, shape)
        pool = self.pool.kind
        if not isinstance(pool, MaxPool):
            raise LayerError("bad-value", f"`{self.pool}` is no max_pool", option="pool")
        if self.pool.output != shape:
            raise LayerError(
                "shape-mismatch",
                f"its input {list(shape)} differs from the output {list(self.pool.output)} "
                f"of `{self.pool}`, whose switches it takes",
                option="pool",
            )
        before = self.pool.inputs[0]
        windows = tuple(
            transposed_window(slide.kernel, slide.stride, slide.before, slide.dilation)
            for slide in pool.slides(before)
        )
        return Facts(before, windows=(windows,))
