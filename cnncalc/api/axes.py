"""`check`: one axis of a sliding kernel, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from os import fspath
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.axis import ChainError, Link, chain, given_padding, settings
from cnncalc.api.result import Path, Result, delivered
from cnncalc.diagnostics import UsageError
from cnncalc.language.coerce import whole
from cnncalc.shapes import Slide

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
    stride: int = 1,
    padding: int | str | Sequence[int] = 0,
    dilation: int = 1,
    *,
    ceil_mode: bool = False,
    chain: str | None = None,
    format: str | None = None,
    output: int | Path | None = None,
    file: Path | None = None,
) -> AxisCheck | AxisSettings | AxisChain:
    """One axis of a convolution or pool: output size, windows, what is never read.

    Args:
        input: units of the axis.
        kernel: kernel size.
        stride: step of the kernel.
        padding: on both sides, or (before, after), or `same`, `same_lower`, `valid`.
        dilation: distance of taps.
        ceil_mode: round up, as a pool can.
        chain: several kernels in a row, as in `conv 7/2 p3, max_pool 3/2`.
        format: `text` or `json`.
        output: the size that is wanted, in place of a kernel; or a file to write.
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
    if sum([kernel is not None, target is not None, chain is not None]) != 1:
        raise UsageError("`check` wants one of `--kernel`, `--output SIZE` and `--chain`")
    result: AxisCheck | AxisSettings | AxisChain
    if target is not None:
        result = AxisSettings(size, target, settings(size, target))
    elif chain is not None:
        result = AxisChain(size, _links(chain, size))
    else:
        kernel, stride = _size(kernel, "`kernel`"), _size(stride, "`stride`")
        dilation = _size(dilation, "`dilation`")
        before, after = given_padding(_padding(padding), size, kernel, stride, dilation)
        result = AxisCheck(Slide(size, kernel, stride, before, after, dilation, ceil_mode))
    return delivered(result, None if file is None else fspath(file), format)


def _size(given: Any, what: str) -> int:
    size = whole(given, what)
    if not 1 <= size <= LIMIT:
        raise UsageError(f"{what} must be from 1 to 2^31 − 1, not {size}")
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
