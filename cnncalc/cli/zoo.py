"""`cnncalc zoo`: the shipped networks."""

from __future__ import annotations

from pathlib import Path

import click

from cnncalc.cli.common import deliver, output_option
from cnncalc.spec import zoo
from cnncalc.spec.load import load


@click.command("zoo")
@click.argument("net", required=False)
@output_option
def command(net: str | None, output: Path | None) -> int:
    """List the shipped networks, or print the file of one."""
    if net is not None:
        path = zoo.path(net)
        if path is None:
            from cnncalc.diagnostics import did_you_mean
            from cnncalc.spec.load import UsageError

            raise UsageError(f"no network `{net}` is shipped", did_you_mean(net, zoo.names()))
        deliver(path.read_text(encoding="utf-8"), output)
        return 0
    names = zoo.names()
    width = max(map(len, names), default=0)
    lines = []
    for name in names:
        network = load(name)
        lines.append(f"{name.ljust(width)}  {network.name}: {network.origin or ''}".rstrip(": "))
    deliver("\n".join(lines) + "\n", output)
    return 0
