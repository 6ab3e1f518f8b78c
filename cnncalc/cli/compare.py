"""`cnncalc compare`: networks side by side."""

from __future__ import annotations

import os
from typing import Any

import click

from cnncalc.analysis.report import Settings
from cnncalc.cli.common import deliver, deliver_json, network_options, output_option, show
from cnncalc.cli.options import option, subcommand
from cnncalc.diagnostics import UsageError
from cnncalc.language.forms.inputs import GivenInput

FORMATS = ("table", "json", "markdown", "csv", "latex", "svg", "html")
ENDINGS = {
    ".json": "json", ".md": "markdown", ".markdown": "markdown", ".csv": "csv", ".tex": "latex",
    ".svg": "svg", ".html": "html", ".htm": "html",
}  # fmt: skip
"""The format of each ending; of any other it is the table."""


@subcommand("compare")
@click.argument("nets", metavar="NET NET...", nargs=-1, required=True)
@option("--to", "base", metavar="NET", help="The network that ratios are to; else the first.")
@option("--sort", "key", metavar="METRIC", help="Smallest first in one of the columns.")
@option("--columns", metavar="NAMES", help="Totals to show, commas between.")
@option("--format", "format_", type=click.Choice(FORMATS), help="The ending's, or a table.")
@output_option
@network_options
def command(
    nets: tuple[str, ...],
    base: str | None,
    key: str | None,
    columns: str | None,
    format_: str | None,
    output: str | None,
    input_: GivenInput | None,
    changes: tuple[tuple[str, Any], ...],
    batch: int,
    dtype: str,
) -> int:
    """Show the totals of networks side by side, with their ratios to the first.

    A drawing (.svg, .html) has a point a network: parameters against MACs, its area the
    activations at the peak.

    \b
    Examples:
      cnncalc compare vgg16 resnet50 mobilenet_v2
      cnncalc compare resnet18 mine.yaml --to resnet18 --sort macs
      cnncalc compare vgg16 resnet50 -o table.tex
      cnncalc compare vgg16 resnet50 googlenet -o scatter.svg
    """
    from cnncalc.render import comparison

    keys = _keys(columns, tuple(comparison.METRICS))
    order = _keys(key, tuple(comparison.METRICS))[0] if key else None
    settings = Settings(batch, dtype)
    named = tuple(dict.fromkeys(nets if base is None else (*nets, base)))
    sides = {
        net: comparison.Side(net, _report(net, input_, dict(changes), settings)) for net in named
    }
    shown = [sides[net] for net in nets]
    if base is not None and base not in nets:
        shown.insert(0, sides[base])
    against = sides[base if base is not None else nets[0]]
    if order is not None:
        shown.sort(key=lambda side: comparison.METRICS[order].value(side.report))
    if format_ is None and output is not None:
        format_ = ENDINGS.get(os.path.splitext(output)[1].lower())
    if format_ in (None, "table"):
        show(comparison.comparison_table(shown, against, keys), output)
        return 0
    from cnncalc.render import comparison_formats as formats

    if format_ == "json":
        deliver_json(formats.comparison_dict(shown), output)
    elif format_ == "csv":
        deliver(formats.comparison_csv(shown, keys), output, data=True)
    elif format_ == "markdown":
        deliver(formats.comparison_markdown(shown, against, keys), output)
    elif format_ == "latex":
        keys = keys if columns else formats.PAPER
        deliver(formats.comparison_latex(shown, against, keys), output, data=True)
    elif format_ == "svg":
        deliver(formats.comparison_svg(shown), output, data=True)
    else:
        deliver(formats.comparison_html(shown, against, keys), output, data=True)
    return 0


def _report(net: str, input_: Any, changes: dict[str, Any], settings: Settings) -> Any:
    from cnncalc.api import report
    from cnncalc.exchange.load import load

    return report(load(net), input_, changes, settings)


def _keys(text: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """The metrics that a comma-separated list names; all without one."""
    if text is None:
        return known
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in known:
            from cnncalc.diagnostics import suggestion

            raise UsageError(
                f"there is no total `{name}`",
                suggestion(name, known, f"the totals are {', '.join(known)}"),
            )
    return names or known
