"""What is not given of a kernel on one axis, from its input, its output and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from cnncalc.analysis.axis import KERNELS, USUAL, given_crop, given_padding, unusable
from cnncalc.shapes import Slide, TransposedSlide, effective_kernel

CANDIDATES = 64
"""So many values of one option are tried, where its range is longer."""

SHOWN = 20
NEAR = 64
"""How far from the wanted output another one is looked for."""

USUAL_TRANSPOSED = (
    (2, 2, 0, 0), (4, 2, 1, 0), (3, 2, 1, 1), (5, 2, 2, 1), (4, 1, 0, 0), (3, 1, 1, 0),
    (8, 4, 2, 0), (4, 4, 0, 0), (16, 8, 4, 0), (8, 8, 0, 0), (32, 16, 8, 0), (64, 32, 16, 0),
)  # fmt: skip
"""Kernel, stride, padding and output padding as published networks have them."""


class KernelOptions(NamedTuple):
    """Options of a kernel on one axis; `None` is solved for."""

    kernel: int | None = None
    stride: int | None = None
    padding: str | None = None
    dilation: int = 1
    ceil: bool = False
    transpose: bool = False
    output_padding: int | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the options that are solved for."""
        names: tuple[str, ...] = ("kernel", "stride", "padding")
        if self.transpose and self.padding not in ("same", "same_lower"):
            names += ("output_padding",)
        return tuple([name for name in names if getattr(self, name) is None])

    @property
    def text(self) -> str:
        """The options that are given, in one line."""
        words = ["transposed"] if self.transpose else []
        for name in ("kernel", "stride", "padding", "output_padding"):
            value = getattr(self, name)
            if value is not None:
                words.append(f"{name.replace('_', ' ')} {value}")
        words += [f"dilation {self.dilation}"] if self.dilation > 1 else []
        return " · ".join([*words, *(["ceil mode"] if self.ceil else [])])


Setting = Slide | TransposedSlide


def solve(size: int, output: int, options: KernelOptions) -> list[Setting]:
    """Settings that turn one size into another with the options given, usual ones first."""
    found: dict[Setting, None] = {}
    candidates = _transposed if options.transpose else _sliding
    for setting in candidates(size, output, options):
        if setting.output == output and _is_usable(setting):
            found[setting] = None
    return sorted(found, key=_unusual)[:SHOWN]


def nearest_outputs(size: int, output: int, options: KernelOptions) -> tuple[int, ...]:
    """The nearest smaller and the nearest larger output that the options can give."""
    found = []
    for step in (-1, 1):
        for distance in range(1, NEAR + 1):
            wanted = output + step * distance
            if wanted >= 1 and solve(size, wanted, options):
                found.append(wanted)
                break
    return tuple(found)


def _is_usable(setting: Setting) -> bool:
    if isinstance(setting, TransposedSlide):
        return unusable(setting) is None
    return setting.travel >= 0


def _some(values: Iterable[int]) -> list[int]:
    return list(islice(values, CANDIDATES))


def _kernels(size: int, output: int, options: KernelOptions) -> Sequence[int]:
    """Kernels that are tried; where the rest is given, those that the output follows from."""
    if options.kernel is not None:
        return (options.kernel,)
    stride, padding, dilation = options.stride, options.padding, options.dilation
    if stride is None or padding is None or padding in ("same", "same_lower"):
        return KERNELS
    if options.transpose:
        before, after, _ = given_crop(padding, 1, stride, dilation, 0)
        high = output - (size - 1) * stride + before + after
        low = high - max(stride, dilation) + 1
    else:
        before, after = given_padding(padding, size, 1, stride, dilation)
        high = size + before + after - (output - 1) * stride
        low = high - stride + 1
        if options.ceil:
            high += stride
    # the extent is D·(F − 1) + 1
    first, last = max(-(-(low - 1) // dilation) + 1, 1), (high - 1) // dilation + 1
    return _some(range(first, last + 1))


def _sliding(size: int, output: int, options: KernelOptions) -> Iterator[Slide]:
    dilation, ceil = options.dilation, options.ceil
    for kernel in _kernels(size, output, options):
        extent = effective_kernel(kernel, dilation)
        if options.padding is not None and options.stride is not None:
            pair = given_padding(options.padding, size, kernel, options.stride, dilation)
            yield Slide(size, kernel, options.stride, *pair, dilation, ceil)
        elif options.stride is not None:
            for before, after in _paddings(size, output, extent, options.stride, ceil):
                yield Slide(size, kernel, options.stride, before, after, dilation, ceil)
        elif options.padding in ("same", "same_lower"):
            for stride in _same_strides(size, output):
                pair = given_padding(options.padding, size, kernel, stride, dilation)
                yield Slide(size, kernel, stride, *pair, dilation, ceil)
        else:
            if options.padding is None:
                pairs = [(padding, padding) for padding in range(min(extent, size, CANDIDATES))]
            else:
                pairs = [given_padding(options.padding, size, kernel, 1, dilation)]
            for before, after in pairs:
                travel = size + before + after - extent
                for stride in _strides(travel, output, ceil):
                    yield Slide(size, kernel, stride, before, after, dilation, ceil)


def _paddings(
    size: int, output: int, extent: int, stride: int, ceil: bool
) -> Iterator[tuple[int, int]]:
    """Equal paddings that give an output; where there are none, the odd unit goes behind."""
    low = (output - 1) * stride + extent - size
    first, last = max(low - (stride - 1 if ceil else 0), 0), low + stride - 1
    even = _some(range(first + first % 2, last + 1, 2))
    if even:
        yield from [(total // 2, total // 2) for total in even]
    elif first <= last:
        yield first // 2, first - first // 2


def _same_strides(size: int, output: int) -> Sequence[int]:
    """Strides for which `ceil(size / stride)` is the output."""
    if output > size:
        return ()
    last = size if output == 1 else (size - 1) // (output - 1)
    return _some(range(-(-size // output), last + 1))


def _strides(travel: int, output: int, ceil: bool) -> Sequence[int]:
    """Strides that may give an output: `floor(travel / stride) = output − 1`."""
    if travel < 0:
        return ()
    if output == 1:
        return (travel + 1,)
    # rounded up, a longer stride gives as many, and a window left out allows one more
    first = max(travel // (output + 1), 1) if ceil else travel // output + 1
    last = travel // max(output - 2, 1) + 1 if ceil else travel // (output - 1)
    return _some(range(first, last + 1))


def _transposed(size: int, output: int, options: KernelOptions) -> Iterator[TransposedSlide]:
    dilation = options.dilation
    for kernel in _kernels(size, output, options):
        extent = effective_kernel(kernel, dilation)
        for stride in _transposed_strides(size, output, extent, options):
            if options.padding is not None:
                extra = options.output_padding or 0
                before, after, extra = given_crop(options.padding, kernel, stride, dilation, extra)
                first = TransposedSlide(size, kernel, stride, before, after, dilation, extra)
                yield first
                if options.output_padding is None and options.padding not in SAME:
                    yield first._replace(extra=max(output - first.output, 0))
                continue
            full = (size - 1) * stride + extent
            limit = max(stride, dilation)
            extras = (
                [options.output_padding] if options.output_padding is not None else range(limit)
            )
            even = False
            for extra in _some(extras):
                crop = full + extra - output
                if crop >= 0 and crop % 2 == 0:
                    even = True
                    half = crop // 2
                    yield TransposedSlide(size, kernel, stride, half, half, dilation, extra)
            if not even and full >= output:
                extra = options.output_padding or 0
                crop = full + extra - output
                before, after = crop // 2, crop - crop // 2
                yield TransposedSlide(size, kernel, stride, before, after, dilation, extra)


SAME = ("same", "same_lower")


def _transposed_strides(
    size: int, output: int, extent: int, options: KernelOptions
) -> Sequence[int]:
    """Strides that may give an output: `(W − 1)·S + E − P + A` with small P and A."""
    if options.stride is not None:
        return (options.stride,)
    if size == 1:
        return range(1, min(output, CANDIDATES) + 1)
    if options.padding in SAME:
        return (output // size,) if output >= size else ()
    if options.padding is not None:
        before, after, _ = given_crop(options.padding, 1, 1, options.dilation, 0)
        cropped = before + after
        # A is at most max(S, D) − 1
        low, high = output + cropped - extent, output + cropped - extent
        first = (low - options.dilation + 1) // size
        return _some(range(max(first, 1), max(high // (size - 1), 0) + 1))
    # padding stays below the kernel: P is at most 2·(E − 1)
    first = max((output - extent) // size, 1)
    return _some(range(first, (output + extent - 2) // (size - 1) + 1))


def is_usual(setting: Setting) -> bool:
    """Whether published networks have it."""
    if setting.before != setting.after or setting.dilation != 1:
        return False
    own = (setting.kernel, setting.stride, setting.before)
    if isinstance(setting, TransposedSlide):
        return (*own, setting.extra) in USUAL_TRANSPOSED
    return own in USUAL and not setting.ceil


def _unusual(setting: Setting) -> tuple[int, ...]:
    """What is further from usual sorts later."""
    uneven = setting.before != setting.after
    wide = setting.before >= setting.extent or setting.after >= setting.extent
    if isinstance(setting, TransposedSlide):
        own = (setting.kernel, setting.stride, setting.before, setting.extra)
        usual = USUAL_TRANSPOSED.index(own) if is_usual(setting) else len(USUAL_TRANSPOSED)
        spare = int(setting.least != setting.most)
        last = setting.extra
    else:
        usual = USUAL.index(setting[1:4]) if is_usual(setting) else len(USUAL)
        spare = int(setting.remainder > 0)
        last = 0
    gaps = int(setting.stride > setting.extent)
    return (
        int(uneven), int(wide), usual, spare, gaps, setting.kernel, setting.stride,
        setting.before, last,
    )  # fmt: skip
