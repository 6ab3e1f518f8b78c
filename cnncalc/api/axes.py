"""`check`: one axis of a sliding kernel, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from os import fspath
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.axis import (
    ChainError,
    Link,
    chain,
    given_crop,
    given_padding,
    settings,
    unusable,
)
from cnncalc.analysis.axis_solving import KernelOptions, Setting, nearest_outputs, solve
from cnncalc.api.result import Path, Result, delivered
from cnncalc.diagnostics import UsageError
from cnncalc.language.coerce import whole
from cnncalc.shapes import Slide, TransposedSlide

if TYPE_CHECKING:
    from rich.console import RenderableType

LIMIT = 2**31 - 1


class AxisCheck(Result):
    """One kernel on one axis: its arithmetic, its windows, and what it never reads."""

    FORMATS = ("text", "json")
    WIDTH = 80

    def __init__(self, axis: Slide) -> None:
        self.axis = axis

    @property
    def output(self) -> int | None:
        """The output's size; `None` where the kernel does not fit."""
        return None if self.axis.travel < 0 else self.axis.output

    @property
    def exit_status(self) -> int:
        """1 where the kernel does not fit."""
        return int(self.axis.travel < 0)

    def document(self) -> RenderableType:
        from cnncalc.render.axis import AxisView

        return AxisView(self.axis)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.check/1`."""
        from cnncalc.render.axis import check_dict

        return check_dict(self.axis)

    def summary(self) -> str:
        from cnncalc.render.axis import heading

        return f"{heading(self.axis)} → {self.output}"


class AxisSettings(Result):
    """The kernels, strides and paddings that turn one size into another."""

    FORMATS = ("text", "json")
    WIDTH = 80

    def __init__(self, size: int, target: int, found: Sequence[Slide]) -> None:
        self.size = size
        self.target = target
        self.settings = tuple(found)

    @property
    def exit_status(self) -> int:
        """1 where there are none."""
        return int(not self.settings)

    def document(self) -> RenderableType:
        from cnncalc.render.axes import settings_text

        return settings_text(self.size, self.target, self.settings)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.check/1`."""
        from cnncalc.render.axes import settings_dict

        return settings_dict(self.size, self.target, self.settings)

    def summary(self) -> str:
        return f"{self.size} → {self.target}: {len(self.settings)} settings"


class TransposedAxisCheck(Result):
    """One kernel of a transposed convolution on one axis."""

    FORMATS = ("text", "json")
    WIDTH = 80

    def __init__(self, axis: TransposedSlide) -> None:
        self.axis = axis
        self.refused = unusable(axis)
        """Why there is no output; `None` where there is one."""

    @property
    def output(self) -> int | None:
        """The output's size; `None` where it is refused."""
        return self.axis.output if self.refused is None else None

    @property
    def exit_status(self) -> int:
        """1 where there is no output."""
        return int(self.refused is not None)

    def document(self) -> RenderableType:
        from cnncalc.render.axes import transposed_text

        return transposed_text(self.axis, self.refused)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.check/1`."""
        from cnncalc.render.axes import transposed_dict

        return transposed_dict(self.axis, self.refused)

    def summary(self) -> str:
        from cnncalc.render.axes import transposed_heading

        return f"{transposed_heading(self.axis)} → {self.output}"


class AxisSolutions(Result):
    """What the options that are not given can be, so that one size becomes another."""

    FORMATS = ("text", "json")
    WIDTH = 80

    def __init__(self, size: int, target: int, options: KernelOptions) -> None:
        self.size = size
        self.target = target
        self.options = options
        self.settings: tuple[Setting, ...] = tuple(solve(size, target, options))
        self.nearest = () if self.settings else nearest_outputs(size, target, options)
        """Where there is no solution, the nearest outputs that have one."""

    @property
    def exit_status(self) -> int:
        """1 where there is no solution."""
        return int(not self.settings)

    def document(self) -> RenderableType:
        from cnncalc.render.axes import solutions_text

        return solutions_text(self.size, self.target, self.options, self.settings, self.nearest)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.check/1`."""
        from cnncalc.render.axes import solutions_dict

        return solutions_dict(self.size, self.target, self.options, self.settings, self.nearest)

    def summary(self) -> str:
        return f"{self.size} → {self.target}: {len(self.settings)} settings"


class AxisChain(Result):
    """Several kernels in a row on one axis."""

    FORMATS = ("text", "json")
    WIDTH = 80

    def __init__(self, size: int, links: Sequence[Link]) -> None:
        self.size = size
        self.links = tuple(links)

    @property
    def output(self) -> int:
        """The size after the last kernel."""
        return self.links[-1].slide.output if self.links else self.size

    def document(self) -> RenderableType:
        from cnncalc.render.axes import chain_text

        return chain_text(self.size, self.links)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.check/1`."""
        from cnncalc.render.axes import chain_dict

        return chain_dict(self.size, self.links)

    def summary(self) -> str:
        return f"{self.size} → {self.output} in {len(self.links)} kernels"


def check(
    input: int | None = None,
    kernel: int | None = None,
    stride: int | None = None,
    padding: int | str | Sequence[int] | None = None,
    dilation: int = 1,
    *,
    ceil_mode: bool = False,
    transpose: bool = False,
    output_padding: int | None = None,
    chain: str | None = None,
    format: str | None = None,
    output: int | Path | None = None,
    file: Path | None = None,
) -> AxisCheck | TransposedAxisCheck | AxisSettings | AxisSolutions | AxisChain:
    """One axis of a convolution or pool: output size, windows, what is never read.

    With an output size, what is left out of kernel, stride and padding is solved for.

    Args:
        input: units of the axis.
        kernel: kernel size.
        stride: step of the kernel; 1 where left out.
        padding: on both sides, or (before, after), or `same`, `same_lower`, `valid`; 0 where
            left out.
        dilation: distance of taps.
        ceil_mode: round up, as a pool can.
        transpose: a transposed convolution.
        output_padding: rows that it adds behind its output; 0 where left out.
        chain: several kernels in a row, as in `conv 7/2 p3, max_pool 3/2`.
        format: `text` or `json`.
        output: the size that is wanted; or a file to write.
        file: a file to write.

    Raises:
        UsageError: too much or too little is given, or something cannot be used.
    """
    target: int | None = None
    if output is not None:
        if hasattr(output, "__index__"):
            target = _size(output, "`output`")
        elif file is not None:
            raise UsageError("`-o` and `--output` both name a file")
        else:
            file = output
    if input is None:
        raise UsageError("`check` wants the units of the axis", "add `--input`")
    size = _size(input, "`input`")
    if kernel is None and target is None and chain is None:
        raise UsageError("`check` wants one of `--kernel`, `--output SIZE` and `--chain`")
    if chain is not None and (kernel is not None or target is not None):
        raise UsageError("`--chain` goes neither with `--kernel` nor with `--output SIZE`")
    if transpose and chain is not None:
        raise UsageError(
            "`--transpose` is of one kernel", "in a chain, name it: `conv_transpose 4/2 p1`"
        )
    if transpose and ceil_mode:
        raise UsageError("`--ceil-mode` is of pools", "leave it out with `--transpose`")
    if output_padding is not None and not transpose:
        raise UsageError("`--output-padding` goes with `--transpose`")
    result: AxisCheck | TransposedAxisCheck | AxisSettings | AxisSolutions | AxisChain
    if chain is not None:
        result = AxisChain(size, _links(chain, size))
    else:
        options = KernelOptions(
            None if kernel is None else _size(kernel, "`kernel`"),
            None if stride is None else _size(stride, "`stride`"),
            None if padding is None else _padding(padding),
            _size(dilation, "`dilation`"),
            ceil_mode,
            transpose,
            None if output_padding is None else _size(output_padding, "`output_padding`", 0),
        )
        if target is None:
            result = _checked(size, options)
        elif options == KernelOptions():
            result = AxisSettings(size, target, settings(size, target))
        else:
            result = AxisSolutions(size, target, options)
    return delivered(result, None if file is None else fspath(file), format)


def _checked(size: int, options: KernelOptions) -> AxisCheck | TransposedAxisCheck:
    """A kernel that is given; what else is left out has its usual value."""
    kernel, stride = options.kernel or 1, options.stride or 1
    padding, dilation = options.padding or "0", options.dilation
    if options.transpose:
        extra = options.output_padding or 0
        before, after, extra = given_crop(padding, kernel, stride, dilation, extra)
        return TransposedAxisCheck(
            TransposedSlide(size, kernel, stride, before, after, dilation, extra)
        )
    before, after = given_padding(padding, size, kernel, stride, dilation)
    return AxisCheck(Slide(size, kernel, stride, before, after, dilation, options.ceil))


def _size(given: Any, what: str, least: int = 1) -> int:
    size = whole(given, what)
    if not least <= size <= LIMIT:
        raise UsageError(f"{what} must be from {least} to 2^31 − 1, not {size}")
    return size


def _padding(given: Any) -> str:
    """A padding as the command line writes it."""
    if isinstance(given, str):
        return given
    if isinstance(given, Sequence):
        return ",".join([str(whole(one, "`padding`")) for one in given])
    return str(whole(given, "`padding`"))


def _links(text: str, size: int) -> list[Link]:
    try:
        return chain(text, size)
    except ChainError as error:
        raise UsageError(str(error), error.hint) from None
