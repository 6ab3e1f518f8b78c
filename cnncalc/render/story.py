"""A network's story in a dozen lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.report import Report
from cnncalc.analysis.story import Share, Story
from cnncalc.render import numbers
from cnncalc.render.escape import markdown, plain
from cnncalc.render.markdown import table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text


def story_lines(report: Report, told: Story) -> Iterator[tuple[str, str]]:
    """A dozen lines: what they are about, and what they say."""
    totals = report.totals
    size = numbers.human
    yield "depth", f"{told.depth} weighted layers of {totals.layers} in all"
    yield "parameters", f"{size(totals.params)}, most in {_shares(told.params)}"
    yield (
        "MACs",
        f"{size(totals.macs)}, most in {_shares(told.macs)}; {_shares(told.kinds)} by kind",
    )
    yield (
        "activations",
        f"{numbers.human_bytes(totals.activation_bytes)}, most in {_shares(told.activations)}",
    )
    yield (
        "peak",
        f"{numbers.human_bytes(totals.peak_activation_bytes)} alive at once, "
        f"in {plain(report.peak_layer)}",
    )
    path = _path(report, told)
    if path:
        yield "sizes", path
    yield "sight", _sight(report, told)
    if totals.params and report.layers:
        largest = max(report.layers, key=lambda layer: layer.params)
        share = 100 * largest.params / totals.params
        yield "largest layer", f"{largest.name} holds {share:.0f}% of the parameters"
        busiest = max(report.layers, key=lambda layer: layer.macs)
        if busiest.macs:
            share = 100 * busiest.macs / totals.macs
            yield "busiest layer", f"{busiest.name} does {share:.0f}% of the MACs"
    intensity = totals.macs / max(totals.param_bytes + totals.activation_bytes, 1)
    yield "work per byte", f"{intensity:.1f} MACs for each byte of weights and activations"
    for saving in told.savings:
        what = "parameters" if saving.of == "params" else "MACs"
        share = 100 * saving.saved / saving.total
        yield (
            "would change most" if saving is told.savings[0] else "",
            f"{saving.what}: {size(saving.saved)} fewer {what} ({share:.0f}%)",
        )


def _shares(shares: Sequence[Share]) -> str:
    return ", ".join([f"{plain(share.name)} {share.percent:.0f}%" for share in shares])


def _path(report: Report, told: Story) -> str:
    """The way of the sizes, shortened in the middle."""
    shapes = [numbers.shape(report.input_shape), *[numbers.shape(s) for _, s in told.shapes]]
    if len(shapes) > 9:
        shapes = [*shapes[:5], "…", *shapes[-3:]]
    return " → ".join(shapes)


def _sight(report: Report, told: Story) -> str:
    sizes = report.input_shape[1:]
    if not sizes:
        return "a flat input: every unit sees all of it"
    if told.field is None:
        end = "the last feature map sees the whole input"
    else:
        end = f"a unit of the last feature map sees {told.field} of {max(sizes)} pixels"
    if told.sees_all is None:
        return f"{end}; no unit sees all of it"
    return f"{end}; as much as the input is first seen by {plain(told.sees_all)}"


def story_text(report: Report, told: Story) -> RenderableType:
    """The story for people."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.listing import Listing, ListingColumn

    columns = {"what": ListingColumn("", "quiet"), "told": ListingColumn("", wrap=True, least=30)}
    rows = [[what, text] for what, text in story_lines(report, told)]
    lines: list[Text] = [Text(plain(report.name), "title")]
    if report.source:
        lines.append(Text(plain(report.source), "source"))
    return Group(*lines, Text(""), Listing(columns, rows, ruled=False))


def story_dict(report: Report, told: Story) -> dict[str, Any]:
    """The story as data."""
    return {
        "schema": "cnncalc.explain/1",
        "name": report.name,
        "layer": None,
        "kind": None,
        "steps": [],
        "story": [{"about": what, "told": text} for what, text in story_lines(report, told)],
        "depth": told.depth,
        "params": [share._asdict() for share in told.params],
        "macs": [share._asdict() for share in told.macs],
        "activations": [share._asdict() for share in told.activations],
        "savings": [saving._asdict() for saving in told.savings],
    }


def story_markdown(report: Report, told: Story) -> str:
    """The story as a Markdown document."""
    lines = [f"# {markdown(report.name)}", ""]
    if report.source:
        lines += [markdown(report.source), ""]
    return "\n".join([*lines, *table(["", ""], story_lines(report, told), [False, False])]) + "\n"
