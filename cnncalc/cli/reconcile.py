"""`cnncalc reconcile`: why other counters say another number."""

from __future__ import annotations

from typing import Any

from cnncalc.api.counters import Reconciliation, reconcile
from cnncalc.cli.common import format_option, net_argument, network_options, output_option, present
from cnncalc.cli.options import subcommand


@subcommand("reconcile")
@net_argument()
@format_option(Reconciliation.FORMATS)
@output_option
@network_options
def command(net: str, output: str | None, **options: Any) -> int:
    """Show what other counters say of a network, and why: their totals, made of our terms.

    The tools are not run: their rules were read from their sources, in the versions that are
    named. Where an answer depends on how a network's modules are written, shipped networks are
    taken as torchvision writes them, an imported one as it is, and others as modules throughout.

    \b
    Example:
      cnncalc reconcile resnet50
    """
    return present(reconcile(net, output=output, **options), output)
