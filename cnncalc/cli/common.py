"""What commands share: options, where text goes, and how errors are told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cnncalc.api.result import PEOPLE, Result, columns
from cnncalc.cli.options import option
from cnncalc.cli.values import Whole, parse_input
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.language.forms.inputs import GivenInput
from cnncalc.language.variants import parse_change
from cnncalc.render.escape import legible

if TYPE_CHECKING:
    import click.shell_completion
    from rich.console import RenderableType

NETWORK = "cnncalc.network"

Command = TypeVar("Command", bound=Callable[..., Any])


def _input_shape(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> GivenInput | None:
    return None if value is None else parse_input(value)


def changes(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> dict[str, Any] | None:
    """Values of parameters by name; `None` where none is given."""
    return dict(map(parse_change, value)) or None


def names(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """The names in a list with commas between."""
    return tuple([name.strip() for name in (value or "").split(",") if name.strip()])


def shipped(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[click.shell_completion.CompletionItem]:
    """The names of shipped networks that a shell completes a NET to, and files."""
    from click.shell_completion import CompletionItem  # in a shell's completion alone

    from cnncalc.language import zoo

    names = [] if "/" in incomplete else zoo.names()
    found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def net_argument(name: str = "net", **attributes: Any) -> Callable[[Command], Command]:
    """An argument that names a network."""
    return click.argument(name, shell_complete=shipped, **attributes)


def variant_options(command: Command) -> Command:
    """`--input` and `--set`: which variant of a network is meant."""
    command = option(
        "--set", multiple=True, metavar="NAME=VALUE", callback=changes,
        help="Change a parameter of the file.",
    )(command)  # fmt: skip
    return option(
        "--input", metavar="[NAME=]CxHxW", callback=_input_shape,
        help="The input's shape, in place of the file's; of several, `NAME=SHAPE,NAME=SHAPE`.",
    )(command)  # fmt: skip


def dtype_option(command: Command) -> Command:
    """`--dtype`."""
    return option(
        "--dtype",
        type=click.Choice(["float32", "float16", "bfloat16", "float64", "int8"]),
        help="Type of weights and activations; float32 where left out.",
    )(command)


def network_options(command: Command) -> Command:
    """The options of every command that analyzes a network."""
    command = dtype_option(command)
    command = option("--batch", type=Whole(), help="Samples in a batch; 1 where left out.")(command)
    return variant_options(command)


def strict_option(command: Command) -> Command:
    """`--strict`: operators that no layer kind stands for are refused."""
    told = "Refuse operators that are no layer kind, in place of showing them as unknown."
    return option("--strict", is_flag=True, help=told)(command)


def report_options(command: Command) -> Command:
    """The options that shape a report of NET and what is shown of it."""
    for added in (
        option("--exact", is_flag=True, help="Exact numbers in place of K, M and MiB."),
        option("--with-input", is_flag=True, help="A row for the input as well."),
        option("--kinds", metavar="NAMES", callback=names, help="Only layers of these kinds."),
        option(
            "--columns", metavar="NAMES", callback=names, help="Columns to show, commas between."
        ),
        option(
            "--layout",
            type=click.Choice(["channels-first", "channels-last"]),
            default="channels-first",
            help="Write shapes, and read --input, as CxHxW or as HxWxC.",
        ),
        option("--depth", type=Whole(1, 100), help="Fold blocks below this level into sums."),
        option("--inplace", is_flag=True, help="Activations write over their input."),
        strict_option,
        network_options,
        net_argument(),
    ):
        command = added(command)
    return command


def format_option(formats: Sequence[str]) -> Callable[[Command], Command]:
    """`--format`; the first one is what people read."""
    return option(
        "--format", type=click.Choice(formats),
        help=f"How the result is written; {formats[0]}, or what the ending of -o says.",
    )  # fmt: skip


def output_option(command: Command) -> Command:
    """`-o/--output`."""
    return option(
        "-o", "--output", metavar="PATH", help="Write to a file; its ending picks the format."
    )(command)


def present(result: Result, output: str | None = None) -> int:
    """Print a result, unless it is in a file; the command's exit status."""
    if output is None:
        format = result.format or result.FORMATS[0]
        if format in PEOPLE:
            show(result.document(), width=result.WIDTH)
        elif format == "json":
            deliver_json(result.to_dict())
        else:
            text = result.rendered(format)
            if isinstance(text, bytes):
                raise UsageError(f"{format} is no text for standard output", "name a file with -o")
            deliver(text, data=format in DATA)
    return result.exit_status


DATA = ("csv", "jsonl", "latex", "svg", "html", "yaml", "dot", "mermaid", "patch")
"""Formats that other programs read: UTF-8 wherever they do not go to a terminal."""


def use_colour(stream: Any) -> bool:
    """Whether a stream is a terminal that wants colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(stream.isatty())


def show(renderable: RenderableType, width: int | None = None) -> None:
    """Write to standard output what a person reads: Rich's part of a command.

    A terminal gets colours and its width; a pipe neither (`width` is for what needs one there).
    Whatever imports Rich is imported for people only: data goes through `deliver_json`, and CSV,
    Markdown and other text through `deliver`.
    """
    from cnncalc.render.console import rendered

    deliver(rendered(renderable, terminal_width() or width, use_colour(sys.stdout)))


def tell(renderable: RenderableType) -> None:
    """Write to standard error what a person reads: why something cannot be done."""
    from cnncalc.render.console import rendered

    width = stream_width(sys.stderr)
    _write(sys.stderr, rendered(renderable, width, use_colour(sys.stderr)), legible)


def deliver(text: str, *, data: bool = False) -> None:
    """Write a result to standard output.

    Where standard output's encoding lacks a sign, its ASCII form stands for it (`×`: `x`);
    `data` (CSV, YAML, source code) goes in UTF-8 all the same wherever that is no terminal.
    """
    _write(sys.stdout, text, None if data and not sys.stdout.isatty() else legible)


def deliver_json(data: dict[str, Any]) -> None:
    """Write plain data as JSON to standard output, whatever that can encode."""
    from cnncalc.render.json import dumps, escaped

    _write(sys.stdout, dumps(data), escaped)


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


def terminal_width() -> int | None:
    """The columns to fill; `None` where the text goes to no terminal and has no limit."""
    return columns() or stream_width(sys.stdout)


def stream_width(stream: Any) -> int | None:
    """The columns of a terminal; `None` where a stream is none."""
    if not stream.isatty():
        return None
    return os.get_terminal_size(stream.fileno()).columns or 80
