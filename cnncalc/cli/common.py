"""What commands share: options, where text goes, and how errors are told."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cnncalc.cli.options import option
from cnncalc.cli.values import Whole, from_channels_last, parse_change, parse_input
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.load import load
from cnncalc.language.forms.inputs import GivenInput
from cnncalc.render.escape import legible

if TYPE_CHECKING:
    from rich.console import RenderableType

NETWORK = "cnncalc.network"

Command = TypeVar("Command", bound=Callable[..., Any])


def _input_shape(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> GivenInput | None:
    return None if value is None else parse_input(value)


def _changes(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> tuple[tuple[str, Any], ...]:
    return tuple(map(parse_change, value))


def variant_options(command: Command) -> Command:
    """`--input` and `--set`: which variant of a network is meant."""
    command = option(
        "--set", "changes", multiple=True, metavar="NAME=VALUE", callback=_changes,
        help="Change a parameter of the file.",
    )(command)  # fmt: skip
    return option(
        "--input", "input_", metavar="[NAME=]CxHxW", callback=_input_shape,
        help="The input's shape, in place of the file's; of several, `NAME=SHAPE,NAME=SHAPE`.",
    )(command)  # fmt: skip


def network_options(command: Command) -> Command:
    """The options of every command that analyzes a network."""
    command = option(
        "--dtype",
        type=click.Choice(["float32", "float16", "bfloat16", "float64", "int8"]),
        default="float32",
        help="Type of weights and activations.",
    )(command)
    command = option("--batch", type=Whole(), default=1, help="Samples in a batch.")(command)
    return variant_options(command)


def with_report(command: Callable[..., int]) -> Callable[..., int]:
    """The options that shape a report of NET and what is shown of it.

    The command is called with `report`, with `view` (a `render.rows.View`), and with its own
    options. What the report was made from is in the context's `meta`, under `NETWORK`.
    """

    def run(
        net: str,
        input_: GivenInput | None,
        changes: tuple[tuple[str, Any], ...],
        batch: int,
        dtype: str,
        inplace: bool,
        depth: int | None,
        layout: str,
        columns: tuple[str, ...],
        kinds: tuple[str, ...],
        with_input: bool,
        exact: bool,
        **others: Any,
    ) -> int:
        from cnncalc.analysis.report import Settings
        from cnncalc.api import report
        from cnncalc.render.rows import View

        view = View(depth, exact, layout == "channels-last", columns, with_input, kinds)
        network = load(net)
        if layout == "channels-last":
            input_ = from_channels_last(input_)
        click.get_current_context().meta[NETWORK] = network
        found = report(network, input_, dict(changes), Settings(batch, dtype, inplace))
        return command(report=found, view=view, **others)

    update_wrapper(run, command)
    for added in (
        option("--exact", is_flag=True, help="Exact numbers in place of K, M and MiB."),
        option("--with-input", is_flag=True, help="A row for the input as well."),
        option(
            "--kinds", metavar="NAMES", callback=_kinds, help="Only layers of these kinds."
        ),
        option(
            "--columns", metavar="NAMES", callback=_columns,
            help="Columns to show, commas between.",
        ),
        option(
            "--layout",
            type=click.Choice(["channels-first", "channels-last"]),
            default="channels-first",
            help="Write shapes, and read --input, as CxHxW or as HxWxC.",
        ),
        option("--depth", type=Whole(1, 100), help="Fold blocks below this level into sums."),
        option("--inplace", is_flag=True, help="Activations write over their input."),
        network_options,
        click.argument("net"),
    ):  # fmt: skip
        run = added(run)
    return run


def _columns(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    if not value:
        return ()
    from cnncalc.render.columns import COLUMNS

    return chosen(value, "column", COLUMNS)


def _kinds(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    if not value:
        return ()
    from cnncalc.layers import KINDS

    return chosen(value, "layer kind", KINDS)


def chosen(text: str, what: str, known: Iterable[str]) -> tuple[str, ...]:
    """The names in a list with commas between, each once and in their order.

    Raises:
        UsageError: one of them is not known.
    """
    from cnncalc.diagnostics import suggestion

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in known:
            raise UsageError(
                f"there is no {what} `{name}`",
                suggestion(name, known, f"the {what}s are {', '.join(known)}"),
            )
    return names


def format_option(formats: Sequence[str]) -> Callable[[Command], Command]:
    """`--format`; the first one is what people read, and the default."""
    return option(
        "--format", "format_", type=click.Choice(formats), default=formats[0],
        help="How the result is written.",
    )  # fmt: skip


def output_option(command: Command) -> Command:
    """`-o/--output`."""
    return option("-o", "--output", metavar="PATH", help="Write to a file.")(command)


def watch_option(command: Callable[..., int]) -> Callable[..., int]:
    """`--watch`, of a command that shows the network `net`: anew at each save of its file."""

    def run(watch: bool, **params: Any) -> int:
        if watch:
            from cnncalc.cli.watch import watched

            watched(params, lambda: command(**params))
        return command(**params)

    update_wrapper(run, command)
    told = "Show it anew whenever the file, or one that it extends, is saved."
    return option("--watch", is_flag=True, help=told)(run)


def use_colour(stream: Any) -> bool:
    """Whether a stream is a terminal that wants colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(stream.isatty())


def show(renderable: RenderableType, output: str | None = None, width: int | None = None) -> None:
    """Write to a file or standard output what a person reads: Rich's part of a command.

    `renderable` is anything that Rich renders: a `render.listing.Listing` for a table (columns
    by role, numbers to the right, bars, what gives way where the width is short), a `Text` with
    the roles of `render.console.STYLES` as its styles, a `Group` of such. A terminal gets
    colours and its width; a pipe or a file neither (`width` is for what needs one there).

    Import `cnncalc.render` modules that import Rich inside the command, in the branch for
    people only. The other formats never come here: data goes through `deliver_json`, and CSV,
    Markdown and other text through `deliver`.
    """
    from cnncalc.render.console import rendered

    colour = output is None and use_colour(sys.stdout)
    deliver(rendered(renderable, terminal_width(output) or width, colour), output)


def tell(renderable: RenderableType) -> None:
    """Write to standard error what a person reads: why something cannot be done."""
    from cnncalc.render.console import rendered

    width = stream_width(sys.stderr)
    _write(sys.stderr, rendered(renderable, width, use_colour(sys.stderr)), legible)


def deliver(text: str, output: str | None, *, data: bool = False) -> None:
    """Write a result to a file (always in UTF-8), or to standard output.

    Where standard output's encoding lacks a sign, its ASCII form stands for it (`×`: `x`);
    `data` (CSV, YAML, source code) goes in UTF-8 all the same wherever that is no terminal.
    """
    if output is not None:
        write_file(output, text)
    elif data and not sys.stdout.isatty():
        _write(sys.stdout, text, None)
    else:
        _write(sys.stdout, text, legible)


def deliver_json(data: dict[str, Any], output: str | None) -> None:
    """Write plain data as JSON to a file or to standard output, whatever that can encode."""
    from cnncalc.render.json import dumps, escaped

    text = dumps(data)
    if output is not None:
        write_file(output, text)
    else:
        _write(sys.stdout, text, escaped)


def _write(stream: Any, text: str, without: Callable[[str, str], str] | None) -> None:
    """Write a text; `without` tells what stands for signs that the stream cannot encode."""
    encoding = stream.encoding or "ascii"
    try:
        if not text.isascii():
            text.encode(encoding)
    except UnicodeEncodeError:
        if without is None:
            stream.flush()
            stream.buffer.write(text.encode("utf-8", "surrogateescape"))
            return
        text = without(text, encoding)
    stream.write(text)


def write_file(path: str, content: str | bytes) -> None:
    """Write a file whole or not at all: an existing one is replaced when the new one is complete.

    Raises:
        UsageError: it cannot be written.
    """
    if os.path.isdir(path):
        raise UsageError(f"{path} is a directory")
    target = os.path.realpath(path)
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            # a device or a pipe cannot be replaced
            with open(target, "wb") as stream:
                stream.write(_bytes(content))
        else:
            _replace(target, _bytes(content))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")


def _replace(target: str, content: bytes) -> None:
    """Write beside the target, then put the finished file in its place."""
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:100]}.{os.urandom(8).hex()}")
    try:
        with open(temporary, "xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _mode(target: str) -> int:
    """The permissions of the file to replace, or those of a new one."""
    if os.path.exists(target):
        return os.stat(target).st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def fail(message: str, hint: str | None = None) -> int:
    """Tell why nothing could be done."""
    from cnncalc.render.findings import failure

    tell(failure(message, hint))
    return 2


def refuse(error: SpecError) -> int:
    """Tell why a file describes no network."""
    from cnncalc.render.findings import blocks

    tell(blocks(error.diagnostics, limit=20))
    return 2


def terminal_width(output: str | None) -> int | None:
    """The columns to fill; `None` where the text goes to no terminal and has no limit."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdecimal() and 0 < int(columns) < 10_000:
        return int(columns)
    return None if output is not None else stream_width(sys.stdout)


def stream_width(stream: Any) -> int | None:
    """The columns of a terminal; `None` where a stream is none."""
    if not stream.isatty():
        return None
    return os.get_terminal_size(stream.fileno()).columns or 80
