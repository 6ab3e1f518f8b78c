"""`cnncalc layers`: the reference of layer kinds."""

from __future__ import annotations

import click

from cnncalc.cli.common import deliver, deliver_json, format_option, output_option, show
from cnncalc.cli.options import subcommand
from cnncalc.layers import KINDS


@subcommand("layers")
@click.argument("kind", required=False)
@format_option(("table", "json", "markdown"))
@output_option
def command(kind: str | None, format_: str, output: str | None) -> int:
    """List the layer kinds, or explain one with its options."""
    from cnncalc.render import reference

    if kind is not None and kind not in KINDS:
        from cnncalc.diagnostics import UsageError, did_you_mean

        raise UsageError(f"there is no layer kind `{kind}`", did_you_mean(kind, KINDS))
    found = None if kind is None else KINDS[kind]
    if format_ == "json":
        deliver_json(reference.data(found), output)
    elif format_ == "markdown":
        deliver(reference.page(found), output)
    else:
        show(reference.kinds() if found is None else reference.kind(found), output)
    return 0
