"""`cnncalc diff`: what changed between two networks."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.analysis.report import Report, Settings
from cnncalc.cli.common import (
    deliver,
    deliver_json,
    format_option,
    network_options,
    output_option,
    show,
)
from cnncalc.cli.options import option, subcommand
from cnncalc.cli.values import parse_change
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.load import load
from cnncalc.language.forms.inputs import GivenInput

FORMATS = ("table", "json", "markdown")


@subcommand("diff")
@click.argument("before_net", metavar="A")
@click.argument("after_net", metavar="[B]", required=False)
@option("--before", multiple=True, metavar="NAME=VALUE", help="As --set, for A alone.")
@option("--after", multiple=True, metavar="NAME=VALUE", help="As --set, for B alone.")
@option("--exit-code", is_flag=True, help="Exit status 1 where they differ.")
@format_option(FORMATS)
@output_option
@network_options
def command(
    before_net: str,
    after_net: str | None,
    before: tuple[str, ...],
    after: tuple[str, ...],
    exit_code: bool,
    format_: str,
    output: str | None,
    input_: GivenInput | None,
    changes: tuple[tuple[str, Any], ...],
    batch: int,
    dtype: str,
) -> int:
    """Show what changed from A to B: layers added, removed and changed, totals before and after.

    Each is a network as everywhere, or an architecture file at a git revision. Without B it is A
    again, for two variants of one file.

    \b
    Examples:
      cnncalc diff resnet50 resnet50_original
      cnncalc diff HEAD:net.yaml net.yaml --format markdown
      cnncalc diff mobilenet_v2 --before width=1 --after width=0.5
    """
    if after_net is None and not (before or after):
        raise UsageError("`diff` wants two networks", "or one, with --before or --after")
    settings = Settings(batch, dtype)
    shared = dict(changes)
    one = _report(before_net, input_, {**shared, **_changes(before)}, settings)
    two = _report(after_net or before_net, input_, {**shared, **_changes(after)}, settings)

    from cnncalc.analysis.difference import changes as difference
    from cnncalc.render.difference import difference_dict, difference_markdown, difference_text

    found = difference(one.graph, two.graph)
    if format_ == "json":
        deliver_json(difference_dict(found, one, two), output)
    elif format_ == "markdown":
        deliver(difference_markdown(found, one, two), output)
    else:
        show(difference_text(found, one, two), output)
    differ = bool(found) or one.totals != two.totals
    return int(exit_code and differ)


def _changes(texts: tuple[str, ...]) -> dict[str, Any]:
    return dict(map(parse_change, texts))


def _report(net: str, input_: Any, changes: dict[str, Any], settings: Settings) -> Report:
    from cnncalc.api import report
    from cnncalc.cli.revisions import at_revision, load_revision

    found = at_revision(net)
    network = load_revision(*found) if found else load(net)
    return report(network, input_, changes, settings)
