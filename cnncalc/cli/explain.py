"""`cnncalc explain`: the arithmetic of a layer, or the story of a network."""

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
from cnncalc.cli.options import subcommand
from cnncalc.diagnostics import UsageError
from cnncalc.language.forms.inputs import GivenInput

FORMATS = ("table", "json", "markdown")


@subcommand("explain")
@click.argument("net")
@click.argument("layer", required=False)
@format_option(FORMATS)
@output_option
@network_options
def command(
    net: str,
    layer: str | None,
    format_: str,
    output: str | None,
    input_: GivenInput | None,
    changes: tuple[tuple[str, Any], ...],
    batch: int,
    dtype: str,
) -> int:
    """Show how the numbers of LAYER come about; without one, the network's story.

    Each formula stands in the usual symbols, then with the numbers put in. They are taken from the
    run of the code that computes the table.

    \b
    Examples:
      cnncalc explain alexnet_original conv1
      cnncalc explain googlenet inception_3a.concat
      cnncalc explain vgg16
    """
    from cnncalc.api import report
    from cnncalc.exchange.load import load

    found = report(load(net), input_, dict(changes), Settings(batch, dtype))
    if layer is None:
        return _story(found, format_, output)
    explained = explain(found, layer)
    if format_ == "table":
        from cnncalc.render.explain import explain_text

        show(explain_text(explained), output, width=100)
        return 0
    from cnncalc.render import explain_formats

    if format_ == "json":
        deliver_json(explain_formats.explain_dict(explained), output)
    else:
        deliver(explain_formats.explain_markdown(explained), output)
    return 0


def _story(found: Report, format_: str, output: str | None) -> int:
    """Tell of the whole network."""
    from cnncalc.analysis.story import story
    from cnncalc.render import story as render

    told = story(found)
    if format_ == "json":
        deliver_json(render.story_dict(found, told), output)
    elif format_ == "markdown":
        deliver(render.story_markdown(found, told), output)
    else:
        show(render.story_text(found, told), output)
    return 0


def explain(found: Report, name: str) -> Any:
    """What there is to say of a layer.

    Raises:
        UsageError: there is no such layer.
    """
    from cnncalc.analysis.explaining import Explainer

    layer = next((layer for layer in found.layers if layer.name == name), None)
    if layer is None:
        raise UsageError(f"{found.name} has no layer `{name}`", _nearest(found, name))
    return Explainer(found).layer(layer)


def _nearest(found: Report, name: str) -> str:
    from cnncalc.diagnostics import did_you_mean

    names = [layer.name for layer in found.layers]
    inside = [one for one in names if one.startswith(f"{name}.")]
    if inside:
        return f"`{name}` is a block; its layers are {', '.join(inside[:8])}"
    return did_you_mean(name, names) or f"its layers are {', '.join(names[:8])}…"
