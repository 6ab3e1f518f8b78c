"""`cnncalc memory`: what inference and training take, where the peak is, and what fits."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.analysis.training.optimizers import OPTIMIZERS
from cnncalc.api.footprints import Memory, memory
from cnncalc.cli.common import (
    dtype_option,
    format_option,
    net_argument,
    output_option,
    present,
    variant_options,
)
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.values import Whole


def _batches(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    """One batch, or several with commas between."""
    if value is None:
        return None
    whole = Whole()
    return tuple([whole.convert(part, param, ctx) for part in value.split(",")])


@subcommand("memory")
@net_argument()
@option(
    "--batch", metavar="N[,N...]", callback=_batches,
    help="Samples in a batch; several, as in 1,8,32, give a table over them.",
)  # fmt: skip
@dtype_option
@option("--inplace", is_flag=True, help="Activations write over their input.")
@option("--train", is_flag=True, help="What a training step takes as well.")
@option(
    "--optimizer", type=click.Choice([*OPTIMIZERS]), default="adam", help="What takes the step."
)
@option("--autocast", is_flag=True, help="Products in 16 bits, weights in float32.")
@option("--accumulate", type=Whole(1, 2**20), default=1, help="Backward passes before each step.")
@option(
    "--checkpoint", multiple=True, metavar="BLOCK",
    help="Run a block again for its backward pass: `stage1`, or `stage` for all of them.",
)  # fmt: skip
@option(
    "--train-from", metavar="LAYER",
    help="Train this layer or block and what follows it; what stands before is frozen.",
)  # fmt: skip
@option("--minimal", is_flag=True, help="Keep only what the gradients need.")
@option("--budget", metavar="SIZE", help="Memory there is: 12GiB.")
@option(
    "--flash", metavar="SIZE",
    help="A microcontroller's flash for the weights; --budget is then its RAM.",
)  # fmt: skip
@option("--depth", type=Whole(1, 100), help="Fold blocks below this level into sums.")
@option("--totals", is_flag=True, help="Without the layers.")
@option("--optimizers", is_flag=True, help="What each optimizer stores for this network.")
@option("--exact", is_flag=True, help="Exact numbers in place of K, M and MiB.")
@format_option(Memory.FORMATS)
@output_option
@variant_options
def command(net: str, output: str | None, **options: Any) -> int:
    """Show what inference and training take, where the peak is, and what fits into a budget.

    A training step is played through as PyTorch takes it: what each layer keeps for the backward
    pass, gradients, the optimizer's state. With --budget the largest batch, and what would have to
    give where it does not fit; exit status 1 then. Several batches are shown each with whether it
    fits.

    \b
    Examples:
      cnncalc memory vgg16 --train --batch 32 --budget 12GiB
      cnncalc memory mobilenet_v2 --dtype int8 --budget 512KiB --flash 4MiB
      cnncalc memory resnet50 --train --batch 1,8,32,128 --autocast --budget 12GiB
    """
    return present(memory(net, output=output, **options), output)
