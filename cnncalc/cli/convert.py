"""`cnncalc convert`: the network in another form."""

from __future__ import annotations

import os
from typing import Any

import click

from cnncalc.cli.common import deliver, output_option, variant_options, write_file
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.load import load
from cnncalc.render.escape import plain
from cnncalc.shapes import Shape

ENDINGS = {".yaml": "yaml", ".yml": "yaml"}
"""The form of each ending."""


def _form(output: str | None, to: str | None) -> str:
    """The form to write.

    Raises:
        UsageError: neither `--to` nor the ending tells.
    """
    if to is not None:
        return to
    if output is None:
        raise UsageError("convert to what?", f"name a file with -o, or a form: --to {FORMS[0]}")
    ending = os.path.splitext(output)[1].lower()
    if ending not in ENDINGS:
        raise UsageError(
            f"no form goes with the ending of {os.path.basename(output)}",
            f"endings: {', '.join(ENDINGS)}; or name one with --to",
        )
    return ENDINGS[ending]


FORMS = sorted(set(ENDINGS.values()))


@click.command("convert")
@click.argument("net")
@variant_options
@click.option("--to", type=click.Choice(FORMS), help="The form, where the ending does not tell.")
@click.option("--flat", is_flag=True, help="Write every layer out, without blocks.")
@output_option
def command(
    net: str,
    input_: Shape | None,
    changes: tuple[tuple[str, Any], ...],
    to: str | None,
    flat: bool,
    output: str | None,
) -> int:
    """Write the network in another form: an architecture file (.yaml).

    Layers that recur become blocks with parameters, runs of them repetitions. NET may be a
    file of ours as well: a flat one is refactored, and `--flat` writes every layer out. The
    file is written whole or not at all.
    """
    _form(output, to)
    from cnncalc.exchange.converting import architecture_of

    network = load(net)
    elaboration = network.elaborate(dict(changes), input_)
    if elaboration.graph is None:
        raise SpecError(elaboration.diagnostics)
    text = architecture_of(network, elaboration.graph, input_, flat=flat)
    if output is None:
        deliver(text, None, data=True)
    else:
        write_file(output, text)
        click.echo(f"wrote {plain(output)}", err=True)
    return 0
