"""`cnncalc reconcile`: why other counters say another number."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.analysis.report import Settings
from cnncalc.cli.common import (
    deliver,
    deliver_json,
    format_option,
    network_options,
    output_option,
    show,
)
from cnncalc.cli.options import subcommand
from cnncalc.language.forms.inputs import GivenInput

FORMATS = ("table", "json", "markdown", "csv")


@subcommand("reconcile")
@click.argument("net")
@format_option(FORMATS)
@output_option
@network_options
def command(
    net: str,
    format_: str,
    output: str | None,
    input_: GivenInput | None,
    changes: tuple[tuple[str, Any], ...],
    batch: int,
    dtype: str,
) -> int:
    """Show what other counters say of a network, and why: their totals, made of our terms.

    The tools are not run: their rules were read from their sources, in the versions that are
    named. Where an answer hangs on how a network's modules are written, shipped networks are taken
    as torchvision writes them, an imported one as it is, and others as modules throughout.

    \b
    Example:
      cnncalc reconcile resnet50
    """
    from cnncalc.analysis.counting.totals import reconcile
    from cnncalc.api import report
    from cnncalc.cli.conventions import written
    from cnncalc.exchange.load import load
    from cnncalc.render import reconcile as render

    network = load(net)
    found = report(network, input_, dict(changes), Settings(batch, dtype))
    counts = reconcile(found.graph, written(found.graph, network, input_), batch)
    if format_ == "json":
        deliver_json(render.reconcile_dict(found.name, counts), output)
    elif format_ == "csv":
        deliver(render.reconcile_csv(counts), output, data=True)
    elif format_ == "markdown":
        deliver(render.reconcile_markdown(found.name, counts), output)
    else:
        show(render.reconcile_text(found.name, counts), output)
    return 0
