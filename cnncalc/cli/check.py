"""`cnncalc check`: one axis of a sliding kernel, without a file."""

from __future__ import annotations

from cnncalc.cli.common import deliver_json, format_option, show
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.values import Whole
from cnncalc.diagnostics import UsageError
from cnncalc.shapes import Slide

SIZE = Whole()


@subcommand("check")
@option("--input", "size", type=SIZE, required=True, help="Units of the axis.")
@option("--kernel", type=SIZE, help="Kernel size.")
@option("--stride", type=SIZE, default=1, show_default=True, help="Step of the kernel.")
@option(
    "--padding",
    default="0",
    show_default=True,
    metavar="P",
    help="On both sides, `BEFORE,AFTER`, same, same_lower or valid.",
)
@option("--dilation", type=SIZE, default=1, show_default=True, help="Distance of taps.")
@option("--ceil-mode", is_flag=True, help="Round up, as a pool can.")
@option("--chain", metavar="KERNELS", help='Several in a row: "conv 7/2 p3, max_pool 3/2".')
@format_option(("text", "json"))
@option(
    "--output", "wanted", metavar="SIZE", help="Which kernels give that size; or a file, as -o."
)
@option("-o", "file", metavar="PATH", help="Write to a file.")
def command(
    size: int,
    kernel: int | None,
    stride: int,
    padding: str,
    dilation: int,
    ceil_mode: bool,
    chain: str | None,
    format_: str,
    wanted: str | None,
    file: str | None,
) -> int:
    """Work out one axis of a convolution or pool: output size, windows, what is never read.

    With --output in place of a kernel: which kernels, strides and paddings give that size, the
    usual ones first. With --chain: what several kernels in a row make of the axis, and what their
    units see of it. Exit status 1 where the kernel does not fit, or none gives the size.

    \b
    Examples:
      cnncalc check --input 227 --kernel 11 --stride 4
      cnncalc check --input 224 --output 56
      cnncalc check --input 224 --chain "conv 7/2 p3, max_pool 3/2 p1"
    """
    target, output = _target(wanted, file)
    if sum([kernel is not None, target is not None, chain is not None]) != 1:
        raise UsageError("`check` wants one of `--kernel`, `--output SIZE` and `--chain`")
    if target is not None:
        return _settings(size, target, format_, output)
    if chain is not None:
        return _chain(size, chain, format_, output)
    assert kernel is not None
    from cnncalc.analysis.axis import given_padding
    from cnncalc.render.axis import AxisView, check_dict

    before, after = given_padding(padding, size, kernel, stride, dilation)
    axis = Slide(size, kernel, stride, before, after, dilation, ceil_mode)
    if format_ == "json":
        deliver_json(check_dict(axis), output)
    else:
        show(AxisView(axis), output, width=80)
    return int(axis.travel < 0)


def _target(wanted: str | None, file: str | None) -> tuple[int | None, str | None]:
    """The size that is wanted, and the file to write to: `--output` is either."""
    if wanted is None:
        return None, file
    if not (wanted.isascii() and wanted.isdecimal()):
        if file is not None:
            raise UsageError("`-o` and `--output` both name a file")
        return None, wanted
    if not 1 <= int(wanted) < 2**31:
        raise UsageError(f"`--output {wanted}` must be from 1 to 2^31 − 1")
    return int(wanted), file


def _settings(size: int, target: int, format_: str, output: str | None) -> int:
    from cnncalc.analysis.axis import settings
    from cnncalc.render.axes import settings_dict, settings_text

    found = settings(size, target)
    if format_ == "json":
        deliver_json(settings_dict(size, target, found), output)
    else:
        show(settings_text(size, target, found), output, width=80)
    return int(not found)


def _chain(size: int, text: str, format_: str, output: str | None) -> int:
    from cnncalc.analysis.axis import ChainError, chain
    from cnncalc.render.axes import chain_dict, chain_text

    try:
        links = chain(text, size)
    except ChainError as error:
        raise UsageError(str(error), error.hint) from None
    if format_ == "json":
        deliver_json(chain_dict(size, links), output)
    else:
        show(chain_text(size, links), output, width=80)
    return 0
