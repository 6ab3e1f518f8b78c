"""`cnncalc check`: one axis of a sliding kernel, without a file."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.api.axes import AxisCheck, check
from cnncalc.cli.common import format_option, present
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.values import Whole

SIZE = Whole()


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | str | None:
    """The size that is wanted, or a file to write."""
    if value is not None and value.isascii() and value.isdecimal():
        return SIZE.convert(value, param, ctx)
    return value


@subcommand("check")
@option("--input", type=SIZE, required=True, help="Units of the axis.")
@option("--kernel", type=SIZE, help="Kernel size.")
@option("--stride", type=SIZE, help="Step of the kernel; 1 where left out.")
@option(
    "--padding",
    metavar="P",
    help="On both sides, `BEFORE,AFTER`, same, same_lower or valid; 0 where left out.",
)
@option("--dilation", type=SIZE, default=1, show_default=True, help="Distance of taps.")
@option("--ceil-mode", is_flag=True, help="Round up, as a pool can.")
@option("--transpose", is_flag=True, help="A transposed convolution.")
@option("--output-padding", type=Whole(0), help="Rows it adds behind its output.")
@option("--chain", metavar="KERNELS", help='Several in a row: "conv 7/2 p3, max_pool 3/2".')
@format_option(AxisCheck.FORMATS)
@option(
    "--output", metavar="SIZE", callback=_size,
    help="What gives that size; or a file, as -o.",
)  # fmt: skip
@option("-o", "file", metavar="PATH", help="Write to a file; its ending picks the format.")
def command(output: int | str | None, file: str | None, **options: Any) -> int:
    """Work out one axis of a convolution or pool: output size, windows, what is never read.

    With --output SIZE: what gives that size, of kernel, stride and padding all that is left out,
    the usual ones first. With --chain: what several kernels in a row make of the axis, and what
    their units see of it. Exit status 1 where the kernel does not fit, or none gives the size.

    \b
    Examples:
      cnncalc check --input 227 --kernel 11 --stride 4
      cnncalc check --input 224 --output 56
      cnncalc check --input 224 --kernel 7 --stride 2 --output 112
      cnncalc check --input 28 --kernel 4 --stride 2 --padding 1 --transpose
      cnncalc check --input 224 --chain "conv 7/2 p3, max_pool 3/2 p1"
    """
    written = output if isinstance(output, str) else file
    return present(check(output=output, file=file, **options), written)
