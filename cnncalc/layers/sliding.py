"""Kernels that slide over every spatial axis: what convolutions and pools share."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.layers.base import Kind, LayerError, Windows, spatial
from cnncalc.layers.saved import SavedTensor
from cnncalc.shapes import Shape, Slide, same_padding

Pairs = tuple[tuple[int, int], ...]


class Sliding(Kind):
    """A kind whose kernel slides over every spatial axis of its input.

    The options are declared by its families, in their own order and with their own words.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Pairs | str
    ceil_mode: bool = False
    half_padding: ClassVar[bool] = False
    """Whether the padding may be half of the kernel at most."""

    @property
    def dilation(self) -> tuple[int, ...]:
        """Distance of the kernel's taps on each axis."""
        return (1,) * len(self.kernel)

    def slides(self, shape: Shape) -> tuple[Slide, ...]:
        """The kernel on each spatial axis of an input, with its padding resolved.

        Raises:
            LayerError: the input is flat, or the kernel does not fit into the padded input.
        """
        sizes = spatial(self, shape)
        kernel, stride, dilation, ceil = self.kernel, self.stride, self.dilation, self.ceil_mode
        padding = resolve_padding(self.padding, sizes, kernel, stride, dilation)
        found: list[Slide] = []
        for axis, size in enumerate(sizes):
            before, after = padding[axis]
            slide = Slide(size, kernel[axis], stride[axis], before, after, dilation[axis], ceil)
            if slide.travel < 0:
                raise _too_large(slide)
            # axes that agree are one object, which saves working out the same numbers again
            found.append(found[0] if axis and slide == found[0] else slide)
        return tuple(found)

    def padded(self, shape: Shape) -> SavedTensor | None:
        """The padded copy of the input that is kept in its place; `None`: there is none.

        PyTorch's kernels pad both ends of an axis alike. Where these differ, a copy is padded
        first: with all of it, or for a word and stride 1 with what one end has over the other.
        """
        axes = self.slides(shape)
        if all([axis.before == axis.after for axis in axes]):
            return None
        word = isinstance(self.padding, str) and set(self.stride) == {1}
        values = shape[0]
        for axis in axes:
            more = abs(axis.before - axis.after) if word else axis.before + axis.after
            values *= axis.size + more
        return SavedTensor(values)


def extents(axes: tuple[Slide, ...]) -> tuple[Shape, Windows]:
    """Output sizes and windows of the axes."""
    first = axes[0]
    if all([axis is first for axis in axes]):
        return (first.output,) * len(axes), (first.window,) * len(axes)
    return tuple([axis.output for axis in axes]), tuple([axis.window for axis in axes])


def resolve_padding(
    padding: Pairs | str,
    sizes: Shape,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Pairs:
    """Padding in numbers: `same` and `valid` put in for the given sizes."""
    if isinstance(padding, tuple):
        return padding
    if padding == "valid":
        return ((0, 0),) * len(sizes)
    lower = padding == "same_lower"
    return tuple(
        same_padding(size, k, s, d, lower)
        for size, k, s, d in zip(sizes, kernel, stride, dilation, strict=True)
    )


def _too_large(slide: Slide) -> LayerError:
    padded = slide.size + slide.before + slide.after
    padding = f" + {slide.before} + {slide.after} of padding" if padded != slide.size else ""
    extent = f"kernel {slide.kernel}"
    if slide.dilation > 1:
        extent += f" with dilation {slide.dilation} spans {slide.extent} and"
    room = (padded - 1) // slide.dilation + 1
    return LayerError(
        "kernel-larger-than-input",
        f"{extent} does not fit into an input of {slide.size}{padding}",
        option="kernel",
        hint=f"a kernel of at most {room}, or {slide.extent - padded} more padding in all",
        instead=str(room),
    )


def check_pool_padding(
    kind: Kind, kernel: tuple[int, ...], padding: Pairs | str, output: Shape
) -> None:
    """A pool's padding may be at most half its kernel, so that no window lies in it alone.

    The rule is PyTorch's ("pad should be smaller than or equal to half of kernel size"), which
    leaves dilation out.
    """
    if isinstance(padding, str):
        return
    for size, pair in zip(kernel, padding, strict=True):
        if max(pair) > size // 2:
            raise LayerError(
                "padding-exceeds-kernel",
                f"padding {max(pair)} is more than half of the pool's kernel of {size}",
                option="padding",
                hint=f"at most {size // 2}",
                instead=str(size // 2),
                output=output,
            )
