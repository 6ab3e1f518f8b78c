"""`cnncalc zoo`: the shipped networks."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.api.reference import ORDERS, Zoo, zoo
from cnncalc.cli.common import deliver, format_option, net_argument, output_option, present
from cnncalc.cli.options import option, subcommand


@subcommand("zoo")
@net_argument("net", metavar="[NAME]", required=False)
@option("--filter", metavar="TEXT", help="Only names, sources or years with TEXT.")
@option("--sort", type=click.Choice(list(ORDERS)), help="Order of the rows.")
@option("--reverse", is_flag=True, help="The other way round: largest or newest first.")
@format_option(Zoo.FORMATS)
@output_option
def command(net: str | None, output: str | None, **options: Any) -> int:
    """List the shipped networks, or print the file of one.

    \b
    Examples:
      cnncalc zoo --filter resnet --sort macs
      cnncalc zoo --format csv -o zoo.csv
      cnncalc zoo resnet50 > mine.yaml
    """
    found = zoo(net, output=output, **options)
    if isinstance(found, Zoo):
        return present(found, output)
    if output is None:
        deliver(found.text, data=True)
    return 0
