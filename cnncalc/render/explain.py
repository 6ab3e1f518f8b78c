"""One layer's arithmetic in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from cnncalc.analysis.arithmetic.legend import FIELD
from cnncalc.analysis.arithmetic.statement import ArithmeticStep
from cnncalc.analysis.explaining import Explained
from cnncalc.analysis.explanation import FieldStep, MatrixProduct, SavedStorage
from cnncalc.analysis.report import LayerReport
from cnncalc.render import numbers
from cnncalc.render.escape import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cnncalc.deployment.deploy import DeployedLayer


def kept_lines(kept: Sequence[SavedStorage]) -> Iterator[str]:
    """What training keeps of the layer, a sentence each."""
    if not kept:
        yield "Training keeps nothing of it for the backward pass."
    for one in kept:
        again = f" (kept already by {plain(one.first)})" if one.first else ""
        yield f"Training keeps {one.what}, {numbers.human_bytes(one.bytes)}{again}: {one.why}."


def product_text(product: MatrixProduct) -> str:
    """`[96 × 363] · [363 × 3025]`, and how often."""
    text = f"[{product.rows} × {product.inner}] · [{product.inner} × {product.columns}]"
    return text if product.groups == 1 else f"{text}, {product.groups:,} times (a group each)"


def branch_lines(step: FieldStep) -> Iterator[str]:
    """What each branch of a merge sees, the widest marked."""
    widest = max(size for _, size in step.branches)
    marked = False
    for name, size in step.branches:
        wins = size == widest and not marked
        marked = marked or wins
        seen = str(size) if size else "everything"
        yield f"{plain(name)} sees {seen}{' and is followed' if wins else ''}"


def deployed_line(found: Explained, deployed: DeployedLayer) -> str:
    """What becomes of a layer on a device."""
    if not deployed.operators:
        return "on a device (int8): left out, nothing of it is left to run"
    parts = []
    for number, one in deployed.operators:
        others = [name for name in one.layers if name != found.layer.name]
        fused = f" + {one.activation}" if one.activation else ""
        joined = f" with {', '.join(map(plain, others))}" if others else ""
        parts.append(f"operator {number}, {one.operator}{fused}{joined}")
    return f"on a device (int8): {'; '.join(parts)}"


def explain_text(found: Explained, deployed: DeployedLayer | None = None) -> RenderableType:
    """A layer for people; `deployed` is what becomes of it on a device."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.axis import AxisDrawing
    from cnncalc.render.console import prose
    from cnncalc.render.listing import Listing, ListingColumn

    layer = found.layer
    title = Text.assemble(
        (plain(layer.name), "title"), "  ", (f"{layer.kind} {layer.short_options}".strip(), "kind"),
        (f"  in {plain(found.report.name)}", "quiet"),
    )  # fmt: skip
    shapes = " + ".join(
        [numbers.shape(found.report.graph.nodes[i].facts.output) for i in layer.node.inputs]
    )
    parts: list[RenderableType] = [
        title,
        Text(f"{shapes} → {numbers.shape(layer.output_shape)}", "quiet"),
        Text(""),
        prose(Text(description(layer))),
        *([prose(Text(found.words))] if found.words else []),
        Text(""),
        steps_table(found.steps, "one sample"),
        *([prose(Text(legend_text(found.legend), "quiet"))] if found.legend else []),
        Text(""),
        steps_table(found.memory, f"memory, batch {found.report.batch}, {found.report.dtype}"),
        *[prose(Text(line, "quiet")) for line in kept_lines(found.kept)],
    ]
    if found.field:
        columns = {
            "layer": ListingColumn("receptive field", least=16),
            "kernel": ListingColumn("kernel E", number=True),
            "jump": ListingColumn("jump j", number=True),
            "grows": ListingColumn("r + (E − 1)·j", number=True),
            "size": ListingColumn("r", "field", number=True),
            "start": ListingColumn("start", "quiet", number=True),
        }
        listing = Listing(columns, list(field_rows(found.field)), yielding=["start"])
        parts += [Text(""), listing, prose(Text(legend_text(FIELD), "quiet"))]
        for step in found.field:
            if step.branches:
                parts.append(Text(f"at {plain(step.layer)} the branches meet:", "quiet"))
                parts += [Text(f"  {line}", "quiet") for line in branch_lines(step)]
    elif layer.receptive_field is None and layer.output_shape:
        parts += [Text(""), Text("receptive field: it sees the whole input", "field")]
    if layer.node.facts.slides:
        parts += [Text(""), Text("windows along its input", "head")]
        parts.append(AxisDrawing(layer.node.facts.slides[0]))
    if found.product:
        parts += [
            Text(""),
            Text.assemble(("as a matrix product  ", "head"), product_text(found.product)),
        ]
    if found.otherwise:
        columns = {
            "what": ListingColumn("the same output otherwise", least=18),
            "formula": ListingColumn("formula", "quiet", wrap=True, least=16),
            "params": ListingColumn("params", "params", number=True),
            "macs": ListingColumn("MACs", "macs", number=True),
        }
        rows = [
            ["as it is", "", f"{layer.params:,}", f"{layer.node.facts.operations.macs:,}"],
            *[[o.what, o.formula, f"{o.params:,}", f"{o.macs:,}"] for o in found.otherwise],
        ]
        parts += [Text(""), Listing(columns, rows)]
    if deployed is not None:
        parts += [Text(""), prose(Text(deployed_line(found, deployed), "quiet"))]
    return Group(*parts)


def description(layer: LayerReport) -> str:
    """The kind's own description, as one paragraph of plain words."""
    text = (type(layer.node.kind).__doc__ or "").strip()
    return " ".join(text.split()).replace("`", "")


def legend_text(symbols: Mapping[str, str]) -> str:
    """Symbols and what each stands for, in a line."""
    return " · ".join([f"{symbol} {meaning}" for symbol, meaning in symbols.items()])


def steps_table(steps: Sequence[ArithmeticStep], title: str) -> RenderableType:
    """Formulas, their numbers and their values."""
    from cnncalc.render.listing import Listing, ListingColumn

    columns = {
        "quantity": ListingColumn(title, "", least=12),
        "formula": ListingColumn("formula, and its numbers", "kind", wrap=True, least=24),
        "value": ListingColumn("value", "params", number=True),
    }
    rows: list[list[str]] = []
    roles: list[str] = []
    for step in steps:
        rows.append([step.quantity, step.formula, f"{step.value:,}"])
        roles.append("")
        if _numbers(step):
            rows.append(["", f"= {_numbers(step)}", ""])
            roles.append("quiet")
    return Listing(columns, rows, cell_roles={"formula": roles})


def _numbers(step: ArithmeticStep) -> str:
    return "" if step.numbers in (step.formula, str(step.value)) else step.numbers


def field_rows(steps: Sequence[FieldStep]) -> Iterator[list[str]]:
    """How the receptive field grows, a row a step."""
    before = 1
    for step in steps:
        yield field_row(step, before)
        before = step.size


def field_row(step: FieldStep, before: int) -> list[str]:
    """A step of the receptive field from the size before it: how that grew, size and start."""
    jump = "–" if step.jump is None else str(step.jump)
    grows = f"{before} + ({step.extent} − 1)·{jump}" if step.extent > 1 else "union"
    start = numbers.signed(step.start)
    return [step.layer, str(step.extent), jump, grows, str(step.size), start]
