"""`cnncalc convert`: the network in another form."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.api.converting import FORMS, convert
from cnncalc.cli.common import deliver, net_argument, output_option, strict_option, variant_options
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.values import Whole


@subcommand("convert")
@net_argument()
@variant_options
@option("--to", type=click.Choice(FORMS), help="The form, where the ending does not tell.")
@option("--flat", is_flag=True, help="Write every layer out, without blocks.")
@option("--fully-convolutional", is_flag=True, help="Linear layers become convolutions.")
@option("--fold-batch-norm", is_flag=True, help="Into the layers before them.")
@option("--without-auxiliary", is_flag=True, help="Only the main output.")
@option("--classes", metavar="N", type=Whole(), help="Another number of classes.")
@option("--weights", metavar="FILE", help="Arrays of .npz, .safetensors.")
@option("--seed", type=Whole(0), default=0, help="Of weights, where none are given.")
@option("--no-weights", is_flag=True, help="ONNX with weights as inputs of the graph.")
@option("--weights-out", metavar="FILE", help="Write the arrays as well.")
@option("--check", is_flag=True, help="Run both sides on the same weights and input.")
@strict_option
@output_option
def command(net: str, output: str | None, **options: Any) -> int:
    """Write the network in another form: a file of ours, PyTorch or Keras code, or ONNX.

    Layers that recur become blocks with parameters, or classes, runs of them repetitions. NET
    may be a file of ours as well: a flat one is refactored, and `--flat` writes every layer out.
    ONNX takes the network's own weights, those of a file, or some from a seed. The file is written
    whole or not at all.

    On the way fully connected layers become convolutions, batch normalizations a part of the layers
    before them, side heads go, or the number of classes changes; weights come along. In a file of
    ours that is changed where it is written, and all else kept.

    With --check both sides run on the same weights and input, and the largest relative difference
    is told; exit status 1 where rounding does not explain it.
    """
    found = convert(net, output, **options)
    for note in found.notes:
        click.echo(note, err=True)
    if output is None and found.text is not None:
        deliver(found.text, data=True)
    return found.exit_status
