"""`cnncalc analyze`: the layer table."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.api.reports import Report, analyze
from cnncalc.api.result import Result
from cnncalc.cli.common import (
    NETWORK,
    format_option,
    output_option,
    present,
    report_options,
)
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.watch_option import watch_option
from cnncalc.diagnostics import SpecError


@subcommand("analyze")
@watch_option
@report_options
@format_option(Report.FORMATS)
@option("--convention", metavar="NAME", help="MACs as another counter has them, such as fvcore.")
@option("--deployed", is_flag=True, help="The operators that a converter leaves of it.")
@option("--partial", is_flag=True, help="Data of a network with mistakes, as far as it is known.")
@output_option
def command(net: str, output: str | None, partial: bool, **options: Any) -> int:
    """Show every layer's output shape, receptive field, parameters, MACs and memory.

    NET is a file, the name of a shipped network, or `-`. Below the table stand the totals and,
    in a line each, what looks like a mistake.

    \b
    Examples:
      cnncalc analyze vgg16
      cnncalc analyze resnet50 --depth 1
      cnncalc analyze vgg16_fcn --input 3x384x384 --format json
      cnncalc analyze vgg16 --columns name,output,activations,weights --with-input
      cnncalc analyze mine.yaml --watch
    """
    people = options["format"] in (None, "table") and output is None
    found: Result = analyze(net, output=output, partial=partial or people, **options)
    if not isinstance(found, Report):
        return present(found, output)
    click.get_current_context().meta[NETWORK] = found.asked.network
    status = present(found, output)
    errors = [one for one in found.diagnostics if one.severity == "error"] if found.mistaken else []
    if errors:
        raise SpecError(errors)
    return status
