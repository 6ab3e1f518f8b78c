"""The memory of a network in rows, lines and sentences, which every format shows."""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

from cnncalc.analysis.fitting import Fit
from cnncalc.analysis.footprint import Footprint
from cnncalc.render import numbers, summary
from cnncalc.shapes import Shape

LISTED = 3
"""So many activations of a peak are named."""


class LayerRow(NamedTuple):
    """A layer, or a block folded into one row."""

    number: str
    name: str
    kind: str
    output_shape: Shape
    activations: int
    kept: int


class Amount(NamedTuple):
    """An amount and what it is."""

    what: str
    bytes: int
    how: str = ""


class Batch(NamedTuple):
    """What a batch size takes."""

    batch: int
    peak: int
    inference: int
    kept: int
    training: int | None
    where: str
    fits: bool | None = None
    """Whether it is within the budget; `None` without one."""


def heading(found: Footprint) -> str:
    """Input, batch, type and how it is trained, in one line."""
    parts = [summary.heading(found.report)]
    if found.training is not None:
        plan = found.training.plan
        parts.append(plan.optimizer.name)
        if plan.autocast:
            parts.append("autocast in 16 bits")
        if plan.accumulate > 1:
            parts.append(f"gradients of {plan.accumulate} batches")
        if plan.minimal:
            parts.append("the least that the gradients need")
    return " · ".join(parts)


def layer_rows(found: Footprint, depth: int | None = None) -> list[LayerRow]:
    """The layers; blocks deeper than `depth` levels are one row with their sums."""
    training = found.training
    kept = training.saved if training is not None else [0] * len(found.graph.nodes)
    rows = [
        LayerRow(
            str(layer.number),
            layer.name,
            layer.kind,
            layer.output_shape,
            layer.activation_bytes,
            kept[layer.index],
        )
        for layer in found.report.layers
    ]
    if depth is None:
        return rows
    folded = []
    for head, run in groupby(rows, lambda row: ".".join(row.name.split(".")[:depth])):
        members = list(run)
        first, last = members[0], members[-1]
        if len(members) == 1 and last.name == head:
            folded.append(last)
            continue
        folded.append(
            LayerRow(
                f"{first.number}–{last.number}" if len(members) > 1 else last.number,
                head,
                f"{len(members)} layer{'s' if len(members) > 1 else ''}",
                last.output_shape,
                sum([row.activations for row in members]),
                sum([row.kept for row in members]),
            )
        )
    return folded


def inference_lines(found: Footprint) -> list[Amount]:
    """What a forward pass takes."""
    told = found.inference
    nodes = found.graph.nodes
    names = ", ".join(
        [f"{one.name} {numbers.human_bytes(one.bytes)}" for one in told.alive[:LISTED]]
    )
    more = len(told.alive) - LISTED
    names += f" and {more} more" if more > 0 else ""
    lines = [Amount("weights", told.params, f"{numbers.exact(found.report.totals.params)} values")]
    if told.buffers:
        lines.append(Amount("buffers", told.buffers, "running statistics"))
    lines.append(
        Amount("activations", told.peak, f"alive at once in {nodes[told.peak_node].name}: {names}")
    )
    lines.append(Amount("total", told.total, "weights, buffers and activations"))
    if told.inplace_peak != told.peak:
        change = "with element-wise activations written over their input"
        lines.append(Amount("… in place", told.total - told.peak + told.inplace_peak, change))
    if told.columns_node is not None:
        where = nodes[told.columns_node].name
        lines.append(Amount("im2col", told.columns, f"working space of {where}; not in the total"))
    return lines


def training_lines(found: Footprint) -> list[Amount]:
    """What a step takes."""
    told = found.training
    assert told is not None
    plan = told.plan
    nodes = found.graph.nodes
    lines = [Amount("weights", told.params)]
    if told.buffers:
        lines.append(Amount("buffers", told.buffers, "running statistics"))
    lines += [
        Amount("gradients", told.gradients, "of the weights"),
        Amount("optimizer state", told.optimizer_state, f"{plan.optimizer.name}: "
             f"{plan.optimizer.stores}" + (", a count of steps" if plan.optimizer.counts else "")),
        Amount("input", told.input),
        Amount("kept for backward", told.saved_total, "distinct storages, each once"),
    ]  # fmt: skip
    if told.copies:
        lines.append(Amount("… copies", told.copies, "of weights in 16 bits, in what is kept"))
    peaks: dict[str, Any] = {}
    for moment in told.moments:
        if moment.phase not in peaks or moment.bytes > peaks[moment.phase].bytes:
            peaks[moment.phase] = moment
    for phase, moment in peaks.items():
        where = f"of {plan.optimizer.name}" if phase == "step" else f"in {nodes[moment.node].name}"
        lines.append(Amount(f"peak {phase}", moment.bytes, where))
    lines.append(
        Amount("peak", told.peak.bytes, f"{told.peak.phase}: the most alive at any moment")
    )
    if told.recomputed:
        again = numbers.human(told.recomputed)
        whole = found.report.totals.macs
        share = f"{told.recomputed / whole:.0%} of a forward pass" if whole else ""
        lines.append(Amount("run again", 0, f"{again} MACs more, {share}"))
    return lines


USES = {
    "inference": "inference",
    "training": "a training step",
    "ram": "activations in RAM",
    "flash": "weights in flash",
}


def verdict(fit: Fit) -> list[str]:
    """A budget in sentences: how it stands, the largest batch and what binds it, what breaks it."""
    size, budget = numbers.human_bytes(fit.bytes), numbers.human_bytes(fit.budget)
    if fit.fits:
        told = f"{USES[fit.what]} takes {size} of {budget}"
    else:
        over = numbers.human_bytes(fit.bytes - fit.budget)
        told = f"{USES[fit.what]} takes {size}, {over} more than {budget}"
    if fit.what in ("ram", "flash"):
        told = told.replace("takes", "take")
    lines = [told]
    if fit.largest_batch is not None:
        lines.append(
            f"largest batch of {USES[fit.what]}: {fit.largest_batch:,}; then {fit.binds} binds"
            if fit.largest_batch
            else f"not even batch 1 fits: {fit.binds}"
        )
    if fit.breakers:
        shown = [f"{one.name} {numbers.human_bytes(one.bytes)}" for one in fit.breakers[:LISTED]]
        more = len(fit.breakers) - LISTED
        lines.append("over it: " + ", ".join(shown) + (f" and {more} more" if more > 0 else ""))
    return lines


def batch_row(found: Footprint, budget: int | None = None) -> Batch:
    """The row of a batch size, and whether what was asked for is within a budget."""
    told, training = found.inference, found.training
    takes = told.total if training is None else training.peak.bytes
    fits = None if budget is None else takes <= budget
    if training is None:
        return Batch(found.settings.batch, told.peak, told.total, 0, None, "", fits)
    peak = training.peak
    where = peak.phase if peak.phase == "step" else f"{peak.phase} {_name(found, peak.node)}"
    total = training.saved_total
    return Batch(found.settings.batch, told.peak, told.total, total, peak.bytes, where, fits)


def _name(found: Footprint, node: int) -> str:
    return found.graph.nodes[node].name
