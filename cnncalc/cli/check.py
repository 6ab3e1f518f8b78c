"""`cnncalc check`: one axis of a sliding kernel, without a file."""

from __future__ import annotations

import click

from cnncalc.cli.common import deliver_json, output_option, show
from cnncalc.diagnostics import UsageError
from cnncalc.shapes import Slide, same_padding

SIZE = click.IntRange(1, 2**31 - 1)


@click.command("check")
@click.option("--input", "size", type=SIZE, required=True, help="Units of the axis.")
@click.option("--kernel", type=SIZE, required=True, help="Kernel size.")
@click.option("--stride", type=SIZE, default=1, show_default=True, help="Step of the kernel.")
@click.option(
    "--padding",
    default="0",
    show_default=True,
    metavar="P",
    help="On both sides, `BEFORE,AFTER`, same, same_lower or valid.",
)
@click.option("--dilation", type=SIZE, default=1, show_default=True, help="Distance of taps.")
@click.option("--ceil-mode", is_flag=True, help="Round up, as a pool can.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@output_option
def command(
    size: int,
    kernel: int,
    stride: int,
    padding: str,
    dilation: int,
    ceil_mode: bool,
    format_: str,
    output: str | None,
) -> int:
    """Work out one axis of a convolution or pool: output size, windows, what is never read.

    For example: cnncalc check --input 227 --kernel 11 --stride 4

    Exit status 1 where the kernel does not fit.
    """
    from cnncalc.render.axis import AxisView, check_dict

    before, after = _padding(padding, size, kernel, stride, dilation)
    axis = Slide(size, kernel, stride, before, after, dilation, ceil_mode)
    if format_ == "json":
        deliver_json(check_dict(axis), output)
    else:
        show(AxisView(axis), output, width=80)
    return int(axis.travel < 0)


def _padding(text: str, size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    if text in ("same", "same_lower"):
        return same_padding(size, kernel, stride, dilation, text == "same_lower")
    if text == "valid":
        return 0, 0
    parts = text.split(",")
    if not 1 <= len(parts) <= 2 or not all(
        p.strip().isdecimal() and p.isascii() and len(p) < 11 for p in parts
    ):
        raise UsageError(
            f"`--padding {text}` must be a whole number, `BEFORE,AFTER` or a word",
            "as in `--padding 1`, `--padding 0,1` or `--padding same`",
        )
    before, after = int(parts[0]), int(parts[-1])
    if max(before, after) > 2**31 - 1:
        raise UsageError(f"`--padding {text}` is beyond the limit of 2^31 − 1")
    return before, after
