"""`cnncalc explain`: the arithmetic of a layer, or the story of a network."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.api.layer_arithmetic import Explanation, explain
from cnncalc.cli.common import format_option, net_argument, network_options, output_option, present
from cnncalc.cli.options import subcommand


@subcommand("explain")
@net_argument()
@click.argument("layer", required=False)
@format_option(Explanation.FORMATS)
@output_option
@network_options
def command(net: str, layer: str | None, output: str | None, **options: Any) -> int:
    """Show how the numbers of LAYER come about; without one, the network's story.

    Each formula stands in the usual symbols, then with the numbers put in. They are taken from the
    run of the code that computes the table.

    \b
    Examples:
      cnncalc explain alexnet_original conv1
      cnncalc explain googlenet inception_3a.concat
      cnncalc explain vgg16
    """
    return present(explain(net, layer, output=output, **options), output)
