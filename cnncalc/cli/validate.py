"""`cnncalc validate`: findings in architecture files."""

from __future__ import annotations

import os
from typing import Any

import click

from cnncalc.api.validation import Findings, validate
from cnncalc.cli.common import net_argument, network_options, output_option, present
from cnncalc.cli.options import option, subcommand


@subcommand("validate")
@net_argument("nets", metavar="NET...", nargs=-1, required=True)
@option(
    "--format",
    type=click.Choice(Findings.FORMATS),
    help="Default: text; inside GitHub Actions github.",
)
@option(
    "--select", multiple=True, metavar="RULES",
    help="Only these rules or severities, beside errors.",
)  # fmt: skip
@option("--ignore", multiple=True, metavar="RULES", help="All but these rules or severities.")
@option("--strict", is_flag=True, help="Warnings and unknown operators fail as well as errors.")
@option("--exit-zero", is_flag=True, help="Findings do not fail.")
@option("--statistics", is_flag=True, help="Count findings by rule instead of showing them.")
@option("--fix", is_flag=True, help="Apply fixes that leave the network's output as it is.")
@option("--unsafe", is_flag=True, help="With --fix or --diff: other fixes as well.")
@option("--diff", is_flag=True, help="Show what --fix would change; write nothing.")
@option("--max-params", metavar="N", help="Budget of parameters: 5M.")
@option("--max-macs", metavar="N", help="Budget of multiply-accumulates: 600M.")
@option("--max-flops", metavar="N", help="Budget of arithmetic operations: 1.2G.")
@option("--max-memory", metavar="N", help="Budget of bytes at inference: 512KiB.")
@option(
    "--max-training-memory", metavar="N",
    help="Budget of bytes in a training step with Adam: 8GiB.",
)  # fmt: skip
@output_option
@network_options
def command(nets: tuple[str, ...], output: str | None, format: str | None, **options: Any) -> int:
    """Find what is wrong, or probably not meant, in architecture files.

    NET is a file, a directory with architecture files, a shipped network, or `-`; or a network of
    PyTorch, ONNX or Keras, whose findings name layers in place of lines.

    Exit status 1 where there is an error (with --strict, or a warning or unknown operator).
    """
    shown = options["statistics"] or options["diff"] or output is not None
    if format is None and not shown and os.environ.get("GITHUB_ACTIONS") == "true":
        format = "github"
    return present(validate(*nets, output=output, format=format, **options), output)
