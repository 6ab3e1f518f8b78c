"""`cnncalc schema`: the JSON Schema of an architecture file."""

from __future__ import annotations

import click

from cnncalc.cli.common import deliver, output_option


@click.command("schema")
@output_option
def command(output: str | None) -> int:
    """Print the JSON Schema of an architecture file, for editors that complete and check."""
    from cnncalc.language.schema import schema
    from cnncalc.render.json import dumps

    deliver(dumps(schema()), output)
    return 0
