"""One layer's arithmetic in full; and a network's story."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.arithmetic.statement import Step
from cnncalc.analysis.explaining import Explained
from cnncalc.analysis.explanation import FieldStep, Kept, MatrixProduct
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.analysis.story import Share, Story
from cnncalc.render import numbers
from cnncalc.render.escape import markdown, plain
from cnncalc.render.markdown import table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text


def explain_dict(found: Explained) -> dict[str, Any]:
    """The data of `cnncalc.explain/1`."""
    product = found.product
    return {
        "schema": "cnncalc.explain/1",
        "name": found.report.name,
        "layer": found.layer.name,
        "kind": found.layer.kind,
        "options": found.layer.essentials,
        "steps": [step._asdict() for step in (*found.steps, *found.memory)],
        "kept_for_backward": [one._asdict() for one in found.kept],
        "receptive_field": [_field_entry(step) for step in found.field],
        "matrix_product": product._asdict() if product else None,
        "otherwise": [other._asdict() for other in found.otherwise],
    }


def _field_entry(step: FieldStep) -> dict[str, Any]:
    entry = step._asdict()
    entry["branches"] = [{"layer": name, "size": size} for name, size in step.branches]
    return entry


def kept_lines(kept: Sequence[Kept]) -> Iterator[str]:
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


def explain_text(found: Explained) -> RenderableType:
    """A layer for people."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.axis import Drawing
    from cnncalc.render.console import prose
    from cnncalc.render.listing import Column, Listing

    layer = found.layer
    title = Text.assemble(
        (plain(layer.name), "title"), "  ", (f"{layer.kind} {layer.essentials}".strip(), "kind"),
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
        Text(""),
        steps_table(found.steps, "one sample"),
        Text(""),
        steps_table(found.memory, f"memory, batch {found.report.batch}, {found.report.dtype}"),
        *[prose(Text(line, "quiet")) for line in kept_lines(found.kept)],
    ]
    if found.field:
        columns = {
            "layer": Column("receptive field", least=16),
            "kernel": Column("kernel E", number=True),
            "jump": Column("jump j", number=True),
            "grows": Column("r + (E − 1)·j", number=True),
            "size": Column("r", "field", number=True),
            "start": Column("start", "quiet", number=True),
        }
        listing = Listing(columns, list(_field_rows(found.field)), yielding=["start"])
        parts += [Text(""), listing]
        for step in found.field:
            if step.branches:
                parts.append(Text(f"at {plain(step.layer)} the branches meet:", "quiet"))
                parts += [Text(f"  {line}", "quiet") for line in branch_lines(step)]
    elif layer.receptive_field is None and layer.output_shape:
        parts += [Text(""), Text("receptive field: it sees the whole input", "field")]
    if layer.node.facts.slides:
        parts += [Text(""), Text("windows along its input", "head")]
        parts.append(Drawing(layer.node.facts.slides[0]))
    if found.product:
        parts += [
            Text(""),
            Text.assemble(("as a matrix product  ", "head"), product_text(found.product)),
        ]
    if found.otherwise:
        columns = {
            "what": Column("the same output otherwise", least=18),
            "formula": Column("formula", "quiet", wrap=True, least=16),
            "params": Column("params", "params", number=True),
            "macs": Column("MACs", "macs", number=True),
        }
        rows = [
            ["as it is", "", f"{layer.params:,}", f"{layer.node.facts.operations.macs:,}"],
            *[[o.what, o.formula, f"{o.params:,}", f"{o.macs:,}"] for o in found.otherwise],
        ]
        parts += [Text(""), Listing(columns, rows)]
    return Group(*parts)


def description(layer: LayerReport) -> str:
    """The kind's own description, as one paragraph of plain words."""
    text = (type(layer.node.kind).__doc__ or "").strip()
    return " ".join(text.split()).replace("`", "")


def steps_table(steps: Sequence[Step], title: str) -> RenderableType:
    """Formulas, their numbers and their values."""
    from cnncalc.render.listing import Column, Listing

    columns = {
        "quantity": Column(title, "", least=12),
        "formula": Column("formula, and its numbers", "kind", wrap=True, least=24),
        "value": Column("value", "params", number=True),
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


def _numbers(step: Step) -> str:
    return "" if step.numbers in (step.formula, str(step.value)) else step.numbers


def _field_rows(steps: Sequence[FieldStep]) -> Iterator[list[str]]:
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


def explain_markdown(found: Explained) -> str:
    """A layer as a Markdown document."""
    layer = found.layer
    lines = [
        f"# {markdown(layer.name)} in {markdown(found.report.name)}",
        "",
        f"`{layer.kind} {layer.essentials}`".replace(" `", "`"),
        "",
        description(layer).replace("|", "\\|"),
        "",
        *_steps_markdown((*found.steps, *found.memory)),
        "",
        *[f"- {markdown(line)}" for line in kept_lines(found.kept)],
    ]
    if found.field:
        titles = ["receptive field", "kernel", "jump", "", "size", "start"]
        lines += [
            "",
            *table(titles, _field_rows(found.field), [False, True, True, True, True, True]),
        ]
    if found.product:
        lines += ["", f"As a matrix product: {product_text(found.product)}"]
    if found.otherwise:
        rows = [[o.what, o.formula, f"{o.params:,}", f"{o.macs:,}"] for o in found.otherwise]
        titles = ["the same output otherwise", "", "params", "MACs"]
        lines += ["", *table(titles, rows, [False, False, True, True])]
    return "\n".join(lines) + "\n"


def _steps_markdown(steps: Sequence[Step]) -> list[str]:
    rows = [[step.quantity, step.formula, step.numbers, f"{step.value:,}"] for step in steps]
    return table(["quantity", "formula", "numbers", "value"], rows, [False, False, False, True])


# -- the network's story ---------------------------------------------------------------------------


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

    from cnncalc.render.listing import Column, Listing

    columns = {"what": Column("", "quiet"), "told": Column("", wrap=True, least=30)}
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
