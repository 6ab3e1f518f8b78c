"""What commands share: options, where text goes, and how errors are told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar

import click

from cnncalc.cli.values import parse_change, parse_input
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.language.load import load
from cnncalc.shapes import Shape

Command = TypeVar("Command", bound=Callable[..., Any])

COLOURS = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow", "bold": True},
    "note": {"fg": "cyan", "bold": True},
    "message": {"bold": True},
    "help": {"fg": "green"},
    "frame": {"fg": "blue"},
}


def _input_shape(ctx: click.Context, param: click.Parameter, value: str | None) -> Shape | None:
    return None if value is None else parse_input(value)


def _changes(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> tuple[tuple[str, Any], ...]:
    return tuple(map(parse_change, value))


def variant_options(command: Command) -> Command:
    """`--input` and `--set`: which variant of a network is meant."""
    command = click.option(
        "--set", "changes", multiple=True, metavar="NAME=VALUE", callback=_changes,
        help="Change a parameter of the file.",
    )(command)  # fmt: skip
    return click.option(
        "--input", "input_", metavar="CxHxW", callback=_input_shape,
        help="The input's shape, in place of the file's.",
    )(command)  # fmt: skip


def network_options(command: Command) -> Command:
    """The options of every command that analyzes a network."""
    command = click.option(
        "--dtype",
        type=click.Choice(["float32", "float16", "bfloat16", "float64", "int8"]),
        default="float32",
        help="Type of weights and activations.",
    )(command)
    command = click.option(
        "--batch", type=click.IntRange(1, 2**31 - 1), default=1, help="Samples in a batch."
    )(command)
    return variant_options(command)


def with_report(command: Callable[..., int]) -> Callable[..., int]:
    """The options that shape a report of NET; the command gets the report itself.

    It is called with `report`, `depth` and `channels_last`, and with its own options.
    """

    def run(
        net: str,
        input_: Shape | None,
        changes: tuple[tuple[str, Any], ...],
        batch: int,
        dtype: str,
        inplace: bool,
        layout: str,
        **others: Any,
    ) -> int:
        from cnncalc.analysis.report import Settings
        from cnncalc.api import report

        found = report(load(net), input_, dict(changes), Settings(batch, dtype, inplace))
        return command(report=found, channels_last=layout == "channels-last", **others)

    update_wrapper(run, command)
    for option in (
        click.option(
            "--layout",
            type=click.Choice(["channels-first", "channels-last"]),
            default="channels-first",
            help="Write shapes as C×H×W or as H×W×C.",
        ),
        click.option("--inplace", is_flag=True, help="Activations write over their input."),
        click.option(
            "--depth", type=click.IntRange(1, 100), help="Fold blocks below this level into sums."
        ),
        network_options,
        click.argument("net"),
    ):
        run = option(run)
    return run


def output_option(command: Command) -> Command:
    """`-o/--output`."""
    return click.option("-o", "--output", type=click.Path(), help="Write to a file.")(command)


def use_colour(stream: Any) -> bool:
    """Whether a stream is a terminal that wants colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(stream.isatty())


def style_for(stream: Any) -> Callable[[str, str], str]:
    """How findings are coloured on a stream."""
    if not use_colour(stream):
        return lambda text, role: text
    return lambda text, role: click.style(text, **COLOURS[role])  # type: ignore[arg-type]


def say(text: str) -> None:
    """Write a result to standard output."""
    stream = sys.stdout
    try:
        stream.write(text)
    except UnicodeEncodeError:
        stream.buffer.write(text.encode(stream.encoding or "ascii", "replace"))


def deliver(text: str, output: str | None) -> None:
    """Write a result to a file, or to standard output."""
    if output is None:
        say(text)
    else:
        write_file(output, text)


def write_file(path: str, text: str) -> None:
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
            with open(target, "w", encoding="utf-8") as stream:
                stream.write(text)
        else:
            _replace(target, text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None


def _replace(target: str, text: str) -> None:
    """Write beside the target, then put the finished file in its place."""
    import tempfile

    folder, name = os.path.split(target)
    handle, temporary = tempfile.mkstemp(prefix=f".{name[:100]}.", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
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
    from cnncalc.render.escape import plain

    style = style_for(sys.stderr)
    lines = [style("error", "error") + style(f": {plain(message)}", "message")]
    if hint:
        lines += [f"  {style('help', 'help')}: {line}" for line in hint.splitlines()]
    print("\n".join(lines), file=sys.stderr)
    return 2


def refuse(error: SpecError) -> int:
    """Tell why a file describes no network."""
    from cnncalc.render.findings import block

    style = style_for(sys.stderr)
    shown = error.diagnostics[:20]
    print("\n\n".join(block(finding, style) for finding in shown), file=sys.stderr)
    if len(error.diagnostics) > len(shown):
        print(f"\nand {len(error.diagnostics) - len(shown)} more", file=sys.stderr)
    return 2


def terminal_width(output: str | None) -> int | None:
    """The columns to fill; `None` where the text goes to no terminal and has no limit."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdecimal() and 0 < int(columns) < 100_000:
        return int(columns)
    if output is not None or not sys.stdout.isatty():
        return None
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80
