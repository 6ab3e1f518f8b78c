"""`cnncalc layers`: the reference of layer kinds."""

from __future__ import annotations

import click

from cnncalc.cli.common import deliver, output_option, style_for
from cnncalc.layers import KINDS


@click.command("layers")
@click.argument("kind", required=False)
@output_option
def command(kind: str | None, output: str | None) -> int:
    """List the layer kinds, or explain one with its options."""
    import sys

    from cnncalc.render import reference
    from cnncalc.render.findings import unstyled

    style = style_for(sys.stdout) if output is None else unstyled
    if kind is None:
        deliver(reference.kinds(style), output)
        return 0
    if kind not in KINDS:
        from cnncalc.diagnostics import did_you_mean
        from cnncalc.spec.load import UsageError

        raise UsageError(f"there is no layer kind `{kind}`", did_you_mean(kind, KINDS))
    deliver(reference.kind(KINDS[kind], style), output)
    return 0
