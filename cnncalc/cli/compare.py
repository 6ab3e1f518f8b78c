"""`cnncalc compare`: networks side by side."""

from __future__ import annotations

from typing import Any

from cnncalc.api.comparing import Comparison, compare
from cnncalc.cli.common import (
    format_option,
    names,
    net_argument,
    network_options,
    output_option,
    present,
)
from cnncalc.cli.options import option, subcommand


@subcommand("compare")
@net_argument("nets", metavar="NET NET...", nargs=-1, required=True)
@option("--to", metavar="NET", help="The network that ratios are to; else the first.")
@option("--sort", metavar="METRIC", help="Smallest first in one of the columns.")
@option("--columns", metavar="NAMES", callback=names, help="Totals to show, commas between.")
@format_option(Comparison.FORMATS)
@output_option
@network_options
def command(nets: tuple[str, ...], output: str | None, **options: Any) -> int:
    """Show the totals of networks side by side, with their ratios to the first.

    A drawing (.svg, .html) has a point a network: MACs against parameters, its area the
    activations at the peak. `--columns` also takes model_bytes and training_bytes (a step with
    Adam).

    \b
    Examples:
      cnncalc compare vgg16 resnet50 mobilenet_v2
      cnncalc compare resnet18 mine.yaml --to resnet18 --sort macs
      cnncalc compare mobilenet_v2 "mobilenet_v2?width=0.5" --columns params,training_bytes
      cnncalc compare vgg16 resnet50 -o table.tex
      cnncalc compare vgg16 resnet50 googlenet -o scatter.svg
    """
    return present(compare(*nets, output=output, **options), output)
