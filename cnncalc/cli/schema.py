"""`cnncalc schema`: the JSON Schema of an architecture file."""

from __future__ import annotations

from cnncalc.cli.common import deliver_json, output_option
from cnncalc.cli.options import subcommand


@subcommand("schema")
@output_option
def command(output: str | None) -> int:
    """Print the JSON Schema of an architecture file, for editors that complete and check."""
    from cnncalc.language.schema import schema

    deliver_json(schema(), output)
    return 0
