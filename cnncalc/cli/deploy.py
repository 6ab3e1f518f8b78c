"""`cnncalc deploy`: the network as a microcontroller's interpreter runs it."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.api.deploying import TFLITE, Deployed, deploy
from cnncalc.cli.common import format_option, net_argument, output_option, present, variant_options
from cnncalc.cli.options import option, subcommand
from cnncalc.deployment.deploy import TARGETS


@subcommand("deploy")
@net_argument()
@option(
    "--target", type=click.Choice(TARGETS), default="tflm",
    help="The interpreter: TensorFlow Lite Micro.",
)  # fmt: skip
@option(
    "--dtype", type=click.Choice(["int8", "float32"]),
    help="Type of weights and activations; int8 where left out.",
)  # fmt: skip
@option("--float-ends", is_flag=True, help="Inputs and outputs stay float32.")
@option("--same", is_flag=True, help="Take padding of strided layers as Keras' `same`.")
@option("--plan", is_flag=True, help="Look for a better order and better places than greedy ones.")
@option("--patches", is_flag=True, help="What running the first layers patch by patch takes.")
@option("--budget", metavar="SIZE", help="RAM there is for the arena: 256KiB.")
@option("--flash", metavar="SIZE", help="Flash there is for the file: 1MiB.")
@option("--totals", is_flag=True, help="Without the operators.")
@option("--exact", is_flag=True, help="Exact numbers in place of K, M and MiB.")
@format_option(Deployed.FORMATS)
@output_option
@variant_options
def command(net: str, output: str | None, **options: Any) -> int:
    """Show the operators, the RAM and the flash that a network takes on a microcontroller.

    The network is lowered as the TensorFlow Lite converter does: batch normalizations folded,
    activations fused, in int8. The arena is planned as TensorFlow Lite Micro plans it, byte for
    byte. With --budget and --flash what could give where it does not fit; exit status 1 then. From
    a .tflite file `--plan -o better.tflite` writes the better plan into the file. An ending .svg or
    .html draws the plan.

    \b
    Examples:
      cnncalc deploy mobilenet_v2 --set width=0.35 --input 3x96x96
      cnncalc deploy mobilenet_v2 --budget 512KiB --flash 4MiB --totals
      cnncalc deploy net.tflite --plan -o better.tflite
      cnncalc deploy mobilenet_v2 --patches --budget 512KiB
    """
    found = deploy(net, output=output, **options)
    # a .tflite file is written beside what is shown
    written = output is not None and output.lower().endswith(TFLITE)
    return present(found, None if written else output)
