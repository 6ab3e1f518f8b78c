"""Options and commands as this command line declares them.

click cleans the help of each option with `inspect.cleandoc` and translates that of `--help`;
the imports for it take a third of the bare interpreter's start. Ours are lines as they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Called = TypeVar("Called", bound=Callable[..., Any])


class CommandOption(click.Option):
    """An option whose help is one line, shown as it is."""

    def __init__(self, *arguments: Any, help: str | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.help = help


class Command(click.Command):
    """A command with `-h` and `--help`."""

    def get_help_option(self, ctx: click.Context) -> click.Option:
        return HELP


def _show_help(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


HELP = CommandOption(
    ["-h", "--help"], is_flag=True, is_eager=True, expose_value=False, callback=_show_help,
    help="Show this message and exit.",
)  # fmt: skip


def option(*names: str, **attributes: Any) -> Callable[[Called], Called]:
    """`click.option`, of this command line's kind."""
    return click.option(*names, cls=CommandOption, **attributes)


def subcommand(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """`click.command`, of this command line's kind."""
    return click.command(name, cls=Command)
