"""The memory of a network as JSON, CSV and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.analysis.fitting import Fit
from cnncalc.analysis.footprint import Footprint
from cnncalc.render import numbers
from cnncalc.render.csv import written
from cnncalc.render.escape import cell, markdown
from cnncalc.render.markdown import table
from cnncalc.render.memory_data import (
    Batch,
    LayerRow,
    heading,
    inference_lines,
    training_lines,
    verdict,
)


def memory_dict(found: Footprint, fits: Sequence[Fit] = ()) -> dict[str, Any]:
    """The data of `cnncalc.memory/1`."""
    told, training = found.inference, found.training
    nodes = found.graph.nodes
    data: dict[str, Any] = {
        "schema": "cnncalc.memory/1",
        "name": found.report.name,
        "batch": found.settings.batch,
        "dtype": found.settings.dtype,
        "inplace": found.settings.inplace,
        "params": told.params,
        "buffers": told.buffers,
        "input": told.input,
        "inference": {
            "peak_activations": told.peak,
            "peak_layer": nodes[told.peak_node].name,
            "peak_inplace": told.inplace_peak,
            "alive": [one._asdict() for one in told.alive],
            "im2col": told.columns,
            "im2col_layer": None if told.columns_node is None else nodes[told.columns_node].name,
            "total": told.total,
        },
    }
    if training is not None:
        plan, peak = training.plan, training.peak
        data["training"] = {
            "optimizer": plan.optimizer.name,
            "autocast": plan.autocast,
            "minimal": plan.minimal,
            "accumulate": plan.accumulate,
            "gradients": training.gradients,
            "optimizer_state": training.optimizer_state,
            "saved_for_backward": training.saved_total,
            "weight_copies": training.copies,
            "recomputed_macs": training.recomputed,
            "peak": peak.bytes,
            "peak_phase": peak.phase,
            "peak_layer": nodes[peak.node].name,
        }
    if fits:
        data["budgets"] = [_fit(fit) for fit in fits]
    kept = training.saved if training is not None else None
    data["layers"] = [
        {"name": layer.name, "activation_bytes": layer.activation_bytes}
        | ({} if kept is None else {"saved_for_backward": kept[layer.index]})
        for layer in found.report.layers
    ]
    return data


def _fit(fit: Fit) -> dict[str, Any]:
    return {
        "what": fit.what,
        "budget": fit.budget,
        "bytes": fit.bytes,
        "fits": fit.fits,
        "largest_batch": fit.largest_batch,
        "binds": fit.binds,
        "breakers": [one._asdict() for one in fit.breakers],
        "advice": [one._asdict() for one in fit.advice],
    }


def batches_dict(found: Footprint, batches: Sequence[Batch]) -> dict[str, Any]:
    """The data of a table over batch sizes."""
    return {
        "schema": "cnncalc.memory-batches/1",
        "name": found.report.name,
        "dtype": found.settings.dtype,
        "batches": [_batch(one) for one in batches],
    }


def _batch(one: Batch) -> dict[str, Any]:
    row = {"batch": one.batch, "peak_activations": one.peak, "inference": one.inference}
    if one.training is not None:
        row |= {"saved_for_backward": one.kept, "training": one.training}
    if one.fits is not None:
        row["fits"] = one.fits
    return row


def batches_csv(batches: Sequence[Batch]) -> str:
    """A row a batch size."""
    rows = [_batch(one) for one in batches]
    return written(list(rows[0]), [list(row.values()) for row in rows])


def memory_csv(found: Footprint, rows: Sequence[LayerRow]) -> str:
    """A row a layer, or a block."""
    titles = ["index", "name", "kind", "output_shape", "activation_bytes"]
    kept = found.training is not None
    return written(
        [*titles, "saved_for_backward"] if kept else titles,
        [
            [
                row.number,
                cell(row.name),
                cell(row.kind),
                numbers.shape(row.output_shape).replace("×", "x"),
                row.activations,
                *([row.kept] if kept else []),
            ]
            for row in rows
        ],
    )


def memory_markdown(found: Footprint, rows: Sequence[LayerRow], fits: Sequence[Fit]) -> str:
    """A document."""
    lines = [f"# {markdown(found.report.name)}: memory", "", markdown(heading(found)), ""]
    sections = [("Inference", inference_lines(found))]
    if found.training is not None:
        sections.append(("Training", training_lines(found)))
    for title, told in sections:
        cells = [[one.what, numbers.human_bytes(one.bytes), one.how] for one in told]
        lines += [f"## {title}", "", *table(["", "bytes", ""], cells, [False, True, False]), ""]
    for fit in fits:
        first, *others = verdict(fit)
        lines += [f"**{'fits' if fit.fits else 'does not fit'}**: {markdown(first)}", ""]
        for text in others:
            lines += [markdown(text), ""]
        if fit.advice:
            cells = [
                ["yes" if one.fits else "no", one.what, numbers.human_bytes(one.bytes), one.options]
                for one in fit.advice
            ]
            titles = ["fits", "what", "peak", "options"]
            lines += [*table(titles, cells, [False, False, True, False]), ""]
    kept = found.training is not None
    titles = ["#", "Layer", "Kind", "Output", "Activations"] + (
        ["Kept for backward"] if kept else []
    )
    cells = [
        [
            row.number, row.name, row.kind, numbers.shape(row.output_shape),
            numbers.human_bytes(row.activations) if row.activations else "",
            *([numbers.human_bytes(row.kept) if row.kept else ""] if kept else []),
        ]
        for row in rows
    ]  # fmt: skip
    numeric = [True, False, False, False, True] + ([True] if kept else [])
    return "\n".join([*lines, *table(titles, cells, numeric)]) + "\n"


def _cell(key: str, value: Any) -> str:
    if key == "fits":
        return "yes" if value else "no"
    return str(value) if key == "batch" else numbers.human_bytes(value)


def batches_markdown(found: Footprint, batches: Sequence[Batch]) -> str:
    """A table over batch sizes."""
    rows = [_batch(one) for one in batches]
    cells = [[_cell(key, value) for key, value in row.items()] for row in rows]
    head = [f"# {markdown(found.report.name)}: memory by batch", ""]
    return "\n".join([*head, *table(list(rows[0]), cells, [True] * len(rows[0]))]) + "\n"
