"""The memory of a network: at inference from its schedule, in training from a step played through.

Sizes are bytes for the whole batch.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.analysis.completeness import MEMORY, require_known
from cnncalc.analysis.memory import alive_at, schedule
from cnncalc.analysis.report import BYTES, Report, Settings
from cnncalc.analysis.training.plan import Plan
from cnncalc.analysis.training.step import Training, train
from cnncalc.graph import Graph, Node


class Alive(NamedTuple):
    """An activation that is alive at the peak."""

    name: str
    bytes: int


class Inference(NamedTuple):
    """What a forward pass takes."""

    params: int
    buffers: int
    input: int
    peak: int
    """Activations alive at once, the input's among them."""
    peak_node: int
    alive: tuple[Alive, ...]
    """Those activations, the largest first."""
    inplace_peak: int
    """The peak where element-wise activations write over their input."""
    columns: int
    """Working space of a convolution by im2col: `C_in · ΠF · output positions` values a sample."""
    columns_node: int | None
    schedule: list[int]
    """For each node the activations alive while it runs."""

    @property
    def total(self) -> int:
        """Weights, buffers and activations; the working space depends on the algorithm."""
        return self.params + self.buffers + self.peak


class Footprint(NamedTuple):
    """The memory of a network."""

    report: Report
    inference: Inference
    training: Training | None = None

    @property
    def settings(self) -> Settings:
        """Batch, type, and whether activations are in place."""
        return self.report.settings

    @property
    def graph(self) -> Graph:
        """The network."""
        return self.report.graph


def footprint(report: Report, plan: Plan | None = None) -> Footprint:
    """The memory of a network, in training where there is a plan for it.

    Raises:
        UsageError: something is unknown that it is the sum of.
    """
    require_known(report.graph, "the memory", MEMORY)
    training = None if plan is None else train(report.graph, plan)
    return Footprint(report, inference(report), training)


def plan_for(report: Report) -> Plan:
    """A plan with a report's batch, type and activations."""
    settings = report.settings
    return Plan(batch=settings.batch, width=BYTES[settings.dtype], inplace=settings.inplace)


def inference(report: Report) -> Inference:
    """What a forward pass takes."""
    graph, settings = report.graph, report.settings
    width = BYTES[settings.dtype]
    scale = settings.batch * width
    values = schedule(graph, settings.inplace)
    peak = max(range(len(values)), key=values.__getitem__)
    columns = [_columns(graph, node) for node in graph.nodes]
    widest = max(range(len(columns)), key=columns.__getitem__)
    totals = report.totals
    return Inference(
        totals.param_bytes,
        totals.buffers * width,
        sum([graph.nodes[index].facts.values for index in graph.inputs]) * scale,
        values[peak] * scale,
        peak,
        tuple(
            [
                Alive(graph.nodes[index].name, graph.nodes[index].facts.values * scale)
                for index in alive_at(graph, settings.inplace, peak)
            ]
        ),
        max(schedule(graph, True)) * scale,
        columns[widest] * scale,
        widest if columns[widest] else None,
        [count * scale for count in values],
    )


def _columns(graph: Graph, node: Node) -> int:
    """Values that im2col copies out for a sample; a 1×1 kernel with stride 1 reads its input."""
    slides = node.facts.slides
    if not slides or not node.facts.operations.macs:
        return 0
    if all([slide.kernel == slide.stride == 1 for slide in slides]):
        return 0
    count = graph.nodes[node.inputs[0]].facts.output[0]
    for slide in slides:
        count *= slide.kernel * slide.output
    return count
