"""docs/commands.md: every command with its options, from click's own declarations."""

from __future__ import annotations

import inspect

import click

from cnncalc.cli import GROUPS, cli
from generated.markdown import code, table

HEAD = """\
# Commands

Made from the commands' own declarations by `scripts/reference_pages.py`; `cnncalc COMMAND --help` says the
same.

`NET` is an architecture file, the name of a shipped network (`cnncalc zoo` lists them), `-` for a file on
standard input, or [a network of PyTorch, ONNX or Keras](imports.md). Results go to standard output, all
else to standard error; a pipe and `NO_COLOR` get no colours.

| exit status | meaning |
| --- | --- |
| 0 | done |
| 1 | done, and something was found: a validation error, a failed verification, an exceeded budget |
| 2 | the command line, the file or the network cannot be used: one message says why |
| 130 | interrupted |

A shell completes commands, options and the names of shipped networks after this line in its settings:

| shell | line |
| --- | --- |
| Bash, `~/.bashrc` | `eval "$(_CNNCALC_COMPLETE=bash_source cnncalc)"` |
| Zsh, `~/.zshrc` | `eval "$(_CNNCALC_COMPLETE=zsh_source cnncalc)"` |
| fish, `~/.config/fish/completions/cnncalc.fish` | `_CNNCALC_COMPLETE=fish_source cnncalc \\| source` |

`mobilenet_v2?width=0.5` is a variant of a network wherever one is named, several parameters with `&` between them;
`HEAD~1:net.yaml` is a file at a git revision, its path from the top of the repository, or with `./` from here.
"""


def page() -> str:
    """The page."""
    context = click.Context(cli, info_name="cnncalc")
    lines = [HEAD]
    for group, commands in GROUPS.items():
        lines += [f"## {group}", ""]
        for name, summary in commands.items():
            command = cli.get_command(context, name)
            assert command is not None
            lines += _section(command, click.Context(command, context, name), summary)
    return "\n".join(lines).rstrip() + "\n"


def _section(command: click.Command, context: click.Context, summary: str) -> list[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    told, _, examples = inspect.cleandoc(command.help or summary).partition("\b\nExamples:\n")
    first, _, more = told.strip().partition("\n\n")
    lines = [f"### `{context.info_name}`", "", first]
    lines += ["", "```text", f"cnncalc {context.info_name} {usage}", "```", ""]
    if more:
        lines += [more.replace("\b\n", ""), ""]
    options = [param for param in command.params if isinstance(param, click.Option)]
    lines += table(
        ("option", "what it does", "default"), [_option(option, context) for option in options]
    )
    if examples:
        lines += ["", "Examples:", "", "```sh", inspect.cleandoc(examples), "```"]
    return [*lines, ""]


def _option(option: click.Option, context: click.Context) -> tuple[str, str, str]:
    names = ", ".join([*option.opts, *option.secondary_opts])
    told = option.help or ""
    takes = "" if option.is_flag else option.make_metavar(context)
    if isinstance(option.type, click.Choice):
        takes = "VALUE"
        told += f" One of {', '.join(map(code, option.type.choices))}."
    if option.multiple:
        told += " May be given several times."
    if option.required:
        told += " Required."
    return code(f"{names} {takes}".strip()), told.strip(), code(_default(option))


def _default(option: click.Option) -> str:
    if option.is_flag or option.multiple or isinstance(option.default, bool):
        return ""
    return str(option.default) if isinstance(option.default, int | str) else ""
