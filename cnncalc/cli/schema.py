"""`cnncalc schema`: the JSON Schema of an architecture file."""

from __future__ import annotations

from cnncalc.api.reference import schema
from cnncalc.cli.common import output_option, present
from cnncalc.cli.options import subcommand


@subcommand("schema")
@output_option
def command(output: str | None) -> int:
    """Print the JSON Schema of an architecture file, for editors that complete and check."""
    return present(schema(output=output), output)
