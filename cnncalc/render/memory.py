"""The memory of a network for people: the layers, where it goes, what fits, and the schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.text import Text

from cnncalc.analysis.fitting import Advice, Fit
from cnncalc.analysis.footprint import Footprint
from cnncalc.analysis.training.heap import Moment
from cnncalc.analysis.training.optimizers import OPTIMIZERS, Optimizer
from cnncalc.analysis.training.step import weight_shapes
from cnncalc.render import numbers
from cnncalc.render.console import prose
from cnncalc.render.escape import plain
from cnncalc.render.listing import Listing, ListingColumn
from cnncalc.render.memory_data import (
    Amount,
    Batch,
    LayerRow,
    heading,
    inference_lines,
    training_lines,
    verdict,
)
from cnncalc.render.timeline import Bars, chart


class Shown(NamedTuple):
    """What the user asked to see."""

    depth: int | None = None
    exact: bool = False
    layers: bool = True


AS_WRITTEN = (
    "this is the network as it is written, with a buffer for every layer; `cnncalc deploy` has it "
    "as a microcontroller's interpreter runs it"
)


def document(
    found: Footprint, rows: Sequence[LayerRow], fits: Sequence[Fit], shown: Shown
) -> RenderableType:
    """Everything that `memory` shows of one batch."""
    report = found.report
    parts: list[RenderableType] = [Text(plain(report.name), "title")]
    if report.source:
        parts.append(Text(plain(report.source), "source"))
    parts += [Text(heading(found), "quiet"), Text("")]
    if shown.layers:
        parts += [layers(found, rows, shown), Text("")]
    parts.append(lines("inference", inference_lines(found), shown.exact))
    if found.training is not None:
        parts += [Text(""), lines("training", training_lines(found), shown.exact)]
    if found.settings.dtype == "int8":
        parts += [Text(""), prose(Text(AS_WRITTEN, "quiet"))]
    for fit in fits:
        parts += [Text(""), *_fit(fit)]
    parts += [Text(""), Schedule(found)]
    return Group(*parts)


def layers(found: Footprint, rows: Sequence[LayerRow], shown: Shown) -> Listing:
    """The layers: what each owns at inference and keeps in training."""
    columns = {
        "index": ListingColumn("#", "index", number=True),
        "name": ListingColumn("layer", least=14),
        "kind": ListingColumn("kind", "kind", least=8),
        "output": ListingColumn("output"),
        "owns": ListingColumn("activations", "memory", number=True),
    }
    if found.training is not None:
        columns["kept"] = ListingColumn("kept", "macs", number=True)

    def text(size: int) -> str:
        if not size:
            return ""
        return numbers.exact(size) if shown.exact else numbers.human_bytes(size)

    cells = [
        [row.number, row.name, row.kind, numbers.shape(row.output_shape), text(row.activations)]
        + ([text(row.kept)] if found.training is not None else [])
        for row in rows
    ]
    bars = {"owns": [row.activations for row in rows]}
    if found.training is not None:
        bars["kept"] = [row.kept for row in rows]
    return Listing(columns, cells, bars=bars, yielding=("index", "output", "kind"))


def lines(title: str, found: Sequence[Amount], exact: bool = False) -> Listing:
    """Amounts under each other, with what they are made of."""
    columns = {
        "what": ListingColumn(title, "quiet", room=18),
        "bytes": ListingColumn("", "strong", number=True, room=10),
        "how": ListingColumn("", "quiet", wrap=True, least=24),
    }
    text = numbers.exact if exact else numbers.human_bytes
    return Listing(columns, [[line.what, text(line.bytes), line.how] for line in found])


def _fit(fit: Fit) -> list[RenderableType]:
    """A budget: whether it is kept, the largest batch and what binds it, and what could give."""
    first, *others = verdict(fit)
    told = Text()
    told.append("fits" if fit.fits else "does not fit", "passed" if fit.fits else "failed")
    told.append(f"  {plain(first)}")
    parts: list[RenderableType] = [told, *[Text(plain(text)) for text in others]]
    if fit.advice:
        parts.append(advice(fit.advice))
    return parts


def advice(found: Sequence[Advice]) -> Listing:
    """The changes that make it fit, each with the memory that it then takes."""
    columns = {
        "fits": ListingColumn("", tight=True),
        "what": ListingColumn("what could give", wrap=True, least=20),
        "bytes": ListingColumn("peak", "memory", number=True),
        "macs": ListingColumn("MACs again", "macs", number=True),
        "options": ListingColumn("options", "help", wrap=True, least=16),
    }
    rows = [
        [
            "✓" if one.fits else "✗",
            one.what,
            numbers.human_bytes(one.bytes),
            numbers.human(one.recomputed) if one.recomputed else "",
            one.options,
        ]
        for one in found
    ]
    return Listing(
        columns, rows,
        cell_roles={"fits": ["passed" if one.fits else "failed" for one in found]},
        yielding=("macs",),
    )  # fmt: skip


def optimizer_bytes(found: Footprint) -> Iterator[tuple[Optimizer, int, int]]:
    """Each optimizer with the bytes of its state and of its temporaries for a network."""
    shapes = weight_shapes(found.graph)
    width = 4 if found.training is None else found.training.plan.width
    for one in OPTIMIZERS.values():
        state = sum([one.state(shape, width) for shape in shapes])
        yield one, state, one.update(shapes, width)


def optimizers(found: Footprint) -> Listing:
    """What every optimizer stores for this network, and what its step takes besides."""
    columns = {
        "name": ListingColumn("optimizer", "block"),
        "state": ListingColumn("state", "memory", number=True),
        "step": ListingColumn("temporaries", "memory", number=True),
        "what": ListingColumn("stored for each parameter", "quiet", least=12),
        "source": ListingColumn("source", "quiet", least=8),
    }
    rows = [
        [
            one.name,
            numbers.human_bytes(state),
            numbers.human_bytes(update),
            one.stores,
            one.source,
        ]
        for one, state, update in optimizer_bytes(found)
    ]
    return Listing(columns, rows, yielding=("source",))


def batches(found: Sequence[Batch]) -> Listing:
    """A row a batch size: what is alive at once, what is kept for the backward pass, the peaks."""
    columns = {
        "batch": ListingColumn("batch", "block", number=True),
        "peak": ListingColumn("alive at once", "memory", number=True),
        "inference": ListingColumn("inference", "memory", number=True),
    }
    if any([one.training is not None for one in found]):
        columns["kept"] = ListingColumn("kept", "macs", number=True)
        columns["training"] = ListingColumn("training", "macs", number=True)
        columns["where"] = ListingColumn("peak in", "quiet", least=20, wrap=True)
    budget = any([one.fits is not None for one in found])
    if budget:
        columns["fits"] = ListingColumn("fits")
    rows = []
    for one in found:
        row = [str(one.batch), *map(numbers.human_bytes, (one.peak, one.inference))]
        if one.training is not None:
            row += [numbers.human_bytes(one.kept), numbers.human_bytes(one.training), one.where]
        rows.append([*row, "✓" if one.fits else "✗"] if budget else row)
    roles = ["passed" if one.fits else "failed" for one in found]
    shown = {"fits": roles} if budget else {}
    return Listing(columns, rows, cell_roles=shown, yielding=("where",))


class Schedule:
    """Bytes alive over time as a chart, the peak marked, in the width there is."""

    def __init__(self, found: Footprint) -> None:
        self.found = found

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        found = self.found
        nodes = found.graph.nodes
        training = found.training
        moments = (
            [Moment("inference", node, size) for node, size in enumerate(found.inference.schedule)]
            if training is None
            else training.moments
        )
        peak = max(range(len(moments)), key=lambda place: moments[place].bytes)
        phases = [(name, len(list(run))) for name, run in groupby(moments, lambda one: one.phase)]
        title = "activations alive" if training is None else "bytes alive in a step"
        where = (
            f"{numbers.human_bytes(moments[peak].bytes)} in {plain(nodes[moments[peak].node].name)}"
        )
        yield Text(f"{title}: peak {where}", "quiet")
        yield chart(Bars([moment.bytes for moment in moments], phases, peak), options.max_width)
