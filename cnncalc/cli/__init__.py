"""The command line. Commands are imported only when they are called."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from cnncalc.cli.options import Command, option

GROUPS = {
    "Look": {
        "analyze": "The table of every layer: shape, receptive field, parameters, MACs, memory.",
        "memory": "What inference and training take, where the peak is, what fits a budget.",
        "deploy": "The network on a microcontroller: operators, arena, flash, a plan.",
        "explain": "The arithmetic of one layer with its numbers put in; or a network's story.",
        "compare": "Networks side by side: totals, and their ratios.",
        "sweep": "Totals over a grid of inputs, batches and parameters.",
    },
    "Check": {
        "validate": "Find mistakes in architecture files, with line, column and repair.",
        "check": "One layer's sliding kernel on one axis: arithmetic, drawing, repairs.",
    },
    "Change": {
        "diff": "What changed between two networks, layer by layer.",
        "convert": "The network in another form; what recurs becomes blocks and repetitions.",
        "export": "Write a report file; the ending picks the format.",
    },
    "Prove": {
        "verify": "Run the network in NumPy and hold every column against what happened.",
        "reconcile": "Why other counters say another number.",
    },
    "Reference": {
        "zoo": "List the shipped networks, or print one.",
        "rules": "The rules of `validate`, each explained with examples.",
        "layers": "The layer kinds and their options.",
        "schema": "The JSON Schema of an architecture file, for editors.",
    },
}
"""Commands with their summaries, by what one wants; each is in the module of its name."""

COMMANDS = {name: text for commands in GROUPS.values() for name, text in commands.items()}


class ReaderGoneError(Exception):
    """Whoever read standard output has left; click would take a `BrokenPipeError` for itself."""


class Commands(Command, click.Group):
    """A group that imports a command when it is called, not when it is listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"cnncalc.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from cnncalc.diagnostics import did_you_mean

            hint = did_you_mean(name, COMMANDS) or "`cnncalc --help` lists them"
            raise click.UsageError(f"there is no command `{name}`; {hint}")
        return super().resolve_command(ctx, args)

    def make_context(self, *arguments: Any, **named: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **named)
        except BrokenPipeError:
            raise ReaderGoneError from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGoneError from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for group, commands in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name.ljust(width), told) for name, told in commands.items()])


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        from cnncalc import __version__

        click.echo(f"cnncalc {__version__}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"max_content_width": 100})
@option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version.",
)  # fmt: skip
def cli() -> None:
    """The calculator for convolutional networks.

    A YAML architecture file goes in; out come, layer by layer, output sizes, receptive fields,
    parameters, multiply-accumulates and memory. NET is a file, the name of a shipped network
    (`cnncalc zoo` lists them), or `-` for standard input.
    """


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status (0 done, 1 found something, 2 unusable)."""
    try:
        result = cli.main(arguments, prog_name="cnncalc", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except (BrokenPipeError, ReaderGoneError):
        # the reader is gone: what is still buffered has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
        return 2
    except click.ClickException as error:
        usage = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx else None
        from cnncalc.cli.common import fail  # what tells of errors is needed for them alone

        return fail(error.format_message(), usage and usage.replace("Usage: ", "usage: "))
    except Exception as error:
        from cnncalc.cli.common import fail, refuse  # as above
        from cnncalc.diagnostics import SpecError, UsageError

        if isinstance(error, SpecError):
            return refuse(error)
        if isinstance(error, UsageError):
            return fail(str(error), error.hint)
        raise
