"""One axis: its padding, which kernels turn one size into another, what a chain of them sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cnncalc.diagnostics import UsageError
from cnncalc.layers import KINDS
from cnncalc.layers.conv import ConvTranspose
from cnncalc.layers.sliding import Sliding
from cnncalc.shapes import (
    IDENTITY,
    Slide,
    TransposedSlide,
    Window,
    WindowLimitError,
    compose,
    same_crop,
    same_padding,
)

USUAL = (
    (1, 1, 0), (3, 1, 1), (5, 1, 2), (7, 1, 3), (2, 2, 0), (3, 2, 1), (7, 2, 3), (5, 2, 2),
    (4, 2, 1), (1, 2, 0), (3, 1, 0), (5, 1, 0), (7, 1, 0), (3, 2, 0), (2, 1, 0), (4, 4, 0),
    (7, 4, 3), (8, 8, 0), (11, 4, 2), (11, 4, 0), (5, 2, 0), (7, 2, 0), (3, 3, 0), (6, 2, 2),
    (8, 4, 0), (8, 4, 2), (14, 14, 0), (16, 16, 0), (32, 32, 0), (9, 1, 4), (11, 1, 5), (3, 4, 1),
    (5, 4, 2),
)  # fmt: skip
"""Kernel, stride and padding as published networks have them, the commonest first."""

KERNELS = (*range(1, 12), 13, 14, 15, 16, 32)
DILATIONS = (2, 4)
LIMIT = 2**31 - 1


def settings(size: int, output: int, most: int = 20) -> list[Slide]:
    """Kernels, strides and symmetric paddings that turn one size into another, usual ones first.

    After the usual ones come those whose windows leave nothing unread, small kernels before large
    ones. Padding stays below the kernel; a pool's may be half of its kernel.
    """
    found: dict[tuple[int, int, int, int], Slide] = {}
    for kernel, stride, padding in USUAL:
        _take(found, Slide(size, kernel, stride, padding, padding, 1, False), output)
    usual = len(found)
    for dilation in DILATIONS:
        _take(found, Slide(size, 3, 1, dilation, dilation, dilation, False), output)
    others = sorted(_others(size, output), key=_unusual)
    for slide in others:
        _take(found, slide, output)
    return list(found.values())[: max(most, usual)]


def _take(found: dict[tuple[int, int, int, int], Slide], slide: Slide, output: int) -> None:
    if slide.travel >= 0 and slide.output == output:
        found.setdefault((slide.kernel, slide.stride, slide.before, slide.dilation), slide)


def _others(size: int, output: int) -> Iterator[Slide]:
    """Every kernel with the strides and paddings that can give the output."""
    for kernel in KERNELS:
        for padding in range(min(kernel, size)):
            travel = size + 2 * padding - kernel
            if travel < 0:
                continue
            if output == 1:
                # any longer stride gives one window as well
                strides = range(travel + 1, travel + 2)
            else:
                # floor(travel / stride) = output − 1
                strides = range(travel // output + 1, travel // (output - 1) + 1)
            for stride in strides[:4]:
                yield Slide(size, kernel, stride, padding, padding, 1, False)


def _unusual(slide: Slide) -> tuple[bool, bool, bool, int, int, int]:
    """What is further from usual sorts later."""
    return (
        slide.remainder > 0,
        slide.stride > slide.kernel,
        slide.before not in (0, slide.kernel // 2, (slide.kernel - 1) // 2),
        slide.kernel,
        slide.stride,
        slide.before,
    )


class ChainError(Exception):
    """A chain that cannot be read, or does not fit."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class Link(NamedTuple):
    """One kernel of a chain: what it does to the axis, and what its units see of the input."""

    name: str
    slide: Slide | TransposedSlide
    window: Window
    """The receptive field of its units, on the chain's input."""


ITEM = re.compile(
    r"(?P<name>[a-z_]\w*)?\s*(?P<kernel>\d{1,10})\s*(?:/\s*(?P<stride>\d{1,10}))?"
    r"(?P<rest>(?:\s*(?:(?:op|[pd])\s*\d{1,10}|ceil))*)$"
)
EXAMPLE = (
    "as in conv 7/2 p3, max_pool 3/2 p1: a name, the kernel, /stride, p padding, d dilation, ceil, "
    "and op output padding of conv_transpose"
)


def chain(text: str, size: int) -> list[Link]:
    """The kernels of a chain on an axis of that size.

    Raises:
        ChainError: a part cannot be read, or a kernel does not fit.
    """
    links: list[Link] = []
    field = IDENTITY
    for number, part in enumerate(text.split(","), 1):
        name, slide = _item(part.strip().lower(), number, size)
        if isinstance(slide, TransposedSlide):
            if reason := unusable(slide):
                raise ChainError(f"`{part.strip()}`: {reason}")
        elif slide.travel < 0:
            raise ChainError(
                f"`{part.strip()}`: kernel {slide.kernel} does not fit into {size} "
                f"with {slide.before} + {slide.after} of padding"
            )
        size = slide.output
        try:
            field = compose(field, slide.window, size)
        except WindowLimitError as error:
            raise ChainError(f"`{part.strip()}`: {error}") from None
        links.append(Link(name, slide, field))
    return links


def _item(text: str, number: int, size: int) -> tuple[str, Slide | TransposedSlide]:
    found = ITEM.match(text)
    if found is None:
        raise ChainError(f"`--chain`: part {number}, `{text[:40]}`, is no kernel", EXAMPLE)
    kernel = int(found["kernel"])
    name = found["name"] or "kernel"
    transposed = name == ConvTranspose.name
    if name in KINDS and not transposed and not issubclass(KINDS[name], Sliding):
        raise ChainError(
            f"`--chain`: part {number}: `{name}` is no kernel that slides over its input",
            f"an architecture file can hold one; {EXAMPLE}",
        )
    pools = name.endswith("pool")
    stride = int(found["stride"]) if found["stride"] else kernel if pools else 1
    padding, dilation, ceil, extra = 0, 1, False, 0
    for sign, value in re.findall(r"(op|[pd])\s*(\d+)|ceil", found["rest"]):
        if sign == "p":
            padding = int(value)
        elif sign == "op":
            extra = int(value)
        elif sign == "d":
            dilation = int(value)
        else:
            ceil = True
    if not (0 < kernel <= LIMIT and 0 < stride <= LIMIT and 0 < dilation <= LIMIT):
        raise ChainError(f"`--chain`: part {number}, `{text}`: from 1 to 2^31 − 1", EXAMPLE)
    if "op" in found["rest"] and not transposed:
        raise ChainError(
            f"`--chain`: part {number}, `{text}`: `op` is an option of conv_transpose", EXAMPLE
        )
    if transposed and ceil:
        raise ChainError(
            f"`--chain`: part {number}, `{text}`: `ceil` is an option of pools", EXAMPLE
        )
    if transposed:
        return name, TransposedSlide(size, kernel, stride, padding, padding, dilation, extra)
    return name, Slide(size, kernel, stride, padding, padding, dilation, ceil)


def unusable(slide: TransposedSlide) -> str | None:
    """Why a transposed convolution is refused; `None` where it gives an output."""
    limit = max(slide.stride, slide.dilation)
    if slide.extra >= limit:
        return (
            f"output padding {slide.extra} must be smaller than the stride ({slide.stride}) or the "
            f"dilation ({slide.dilation})"
        )
    if slide.output < 1:
        most = slide.before + slide.after + slide.output - 1
        return (
            f"padding {slide.before} + {slide.after} takes away the whole output; "
            f"at most {most} in all"
        )
    return None


def given_crop(
    text: str, kernel: int, stride: int, dilation: int, extra: int
) -> tuple[int, int, int]:
    """Padding on both sides of a transposed convolution, and its output padding.

    `same` gives `W·S`, as Keras and ONNX have it.

    Raises:
        UsageError: the text is no padding.
    """
    if text not in ("same", "same_lower"):
        return *given_padding(text, 1, kernel, stride, dilation), extra
    return same_crop(kernel, stride, dilation, text == "same_lower")


def given_padding(text: str, size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Padding on both sides, from a number, `BEFORE,AFTER`, `same`, `same_lower` or `valid`.

    Raises:
        UsageError: the text is none of these.
    """
    if text in ("same", "same_lower"):
        return same_padding(size, kernel, stride, dilation, text == "same_lower")
    if text == "valid":
        return 0, 0
    parts = text.split(",")
    if not 1 <= len(parts) <= 2 or not all(p.strip().isdecimal() and p.isascii() for p in parts):
        raise UsageError(
            f"`--padding {text}` must be a whole number, `BEFORE,AFTER` or a word",
            "as in `--padding 1`, `--padding 0,1` or `--padding same`",
        )
    if max(map(len, parts)) > 20 or max(map(int, parts)) > 2**31 - 1:
        raise UsageError(f"`--padding {text[:40]}` is beyond the limit of 2^31 − 1")
    before, after = int(parts[0]), int(parts[-1])
    return before, after
