"""`cnncalc layers`: the reference of layer kinds."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.api.reference import LayerReference, layers
from cnncalc.cli.common import format_option, output_option, present
from cnncalc.cli.options import subcommand


@subcommand("layers")
@click.argument("kind", required=False)
@format_option(LayerReference.FORMATS)
@output_option
def command(kind: str | None, output: str | None, **options: Any) -> int:
    """List the layer kinds, or explain one with its options."""
    return present(layers(kind, output=output, **options), output)
