"""`cnncalc layers`: the reference of layer kinds."""

from __future__ import annotations

import sys

import click

from cnncalc.cli.common import deliver, output_option, style_for
from cnncalc.layers import KINDS


@click.command("layers")
@click.argument("kind", required=False)
@click.option(
    "--format", "format_", type=click.Choice(["table", "json", "markdown"]), default="table"
)
@output_option
def command(kind: str | None, format_: str, output: str | None) -> int:
    """List the layer kinds, or explain one with its options."""
    from cnncalc.render import reference
    from cnncalc.render.findings import unstyled

    if kind is not None and kind not in KINDS:
        from cnncalc.diagnostics import UsageError, did_you_mean

        raise UsageError(f"there is no layer kind `{kind}`", did_you_mean(kind, KINDS))
    found = None if kind is None else KINDS[kind]
    if format_ == "json":
        from cnncalc.render.json import dumps

        text = dumps(reference.data(found))
    elif format_ == "markdown":
        text = reference.page(found)
    else:
        style = style_for(sys.stdout) if output is None else unstyled
        text = reference.kinds(style) if found is None else reference.kind(found, style)
    deliver(text, output)
    return 0
