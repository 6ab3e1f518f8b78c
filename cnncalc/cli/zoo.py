"""`cnncalc zoo`: the shipped networks."""

from __future__ import annotations


import click

from cnncalc.cli.common import deliver, output_option
from cnncalc.spec import zoo
from cnncalc.spec.load import load


@click.command("zoo")
@click.argument("net", required=False)
@output_option
def command(net: str | None, output: str | None) -> int:
    """List the shipped networks, or print the file of one."""
    if net is not None:
        path = zoo.path(net)
        if path is None:
            from cnncalc.diagnostics import did_you_mean
            from cnncalc.spec.load import UsageError

            raise UsageError(f"no network `{net}` is shipped", did_you_mean(net, zoo.names()))
        with open(path, encoding="utf-8") as stream:
            deliver(stream.read(), output)
        return 0
    names = zoo.names()
    width = max(map(len, names), default=0)
    lines = []
    for name in names:
        network = load(name)
        lines.append(f"{name.ljust(width)}  {network.name}: {network.origin or ''}".rstrip(": "))
    deliver("\n".join(lines) + "\n", output)
    return 0
