"""`cnncalc diff`: what changed between two networks."""

from __future__ import annotations

from typing import Any

from cnncalc.api.comparing import Difference, diff
from cnncalc.cli.common import (
    changes,
    format_option,
    net_argument,
    network_options,
    output_option,
    present,
)
from cnncalc.cli.options import option, subcommand


@subcommand("diff")
@net_argument("a", metavar="A")
@net_argument("b", metavar="[B]", required=False)
@option(
    "--before", multiple=True, metavar="NAME=VALUE", callback=changes,
    help="As --set, for A alone.",
)  # fmt: skip
@option(
    "--after", multiple=True, metavar="NAME=VALUE", callback=changes, help="As --set, for B alone."
)
@option("--exit-code", is_flag=True, help="Exit status 1 where they differ.")
@format_option(Difference.FORMATS)
@output_option
@network_options
def command(a: str, b: str | None, output: str | None, **options: Any) -> int:
    """Show what changed from A to B: layers added, removed and changed, totals before and after.

    Each is a network as everywhere, or an architecture file at a git revision. Without B it is A
    again, for two variants of one file.

    \b
    Examples:
      cnncalc diff resnet50 resnet50_original
      cnncalc diff HEAD:net.yaml net.yaml --format markdown
      cnncalc diff mobilenet_v2 --before width=1 --after width=0.5
    """
    return present(diff(a, b, output=output, **options), output)
