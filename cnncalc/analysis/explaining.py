"""All that explains the layers of a network, each part worked out when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from cnncalc.analysis.arithmetic.legend import legend
from cnncalc.analysis.arithmetic.statement import ArithmeticStep, statement
from cnncalc.analysis.explanation import (
    Alternative,
    FieldStep,
    Followed,
    MatrixProduct,
    SavedStorage,
    alternatives,
    field_steps,
    followed,
    kept,
    matrix_product,
)
from cnncalc.analysis.report import BYTES, LayerReport, Report
from cnncalc.analysis.training.plan import Plan


class Explained(NamedTuple):
    """What there is to say of a layer."""

    report: Report
    layer: LayerReport
    steps: Sequence[ArithmeticStep]
    memory: Sequence[ArithmeticStep]
    """Bytes, for the whole batch."""
    kept: Sequence[SavedStorage]
    """What its backward pass needs."""
    field: Sequence[FieldStep]
    product: MatrixProduct | None
    otherwise: Sequence[Alternative]
    legend: Mapping[str, str]
    """Symbols of the steps, and what each stands for."""
    words: str
    """What the layer does to its input, where a formula alone is hard to read; mostly empty."""


class Explainer:
    """Explains the layers of a report."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.graph = report.graph

    def layer(self, layer: LayerReport) -> Explained:
        """All there is to say of a layer."""
        graph, node = self.graph, layer.node
        steps = self.steps(layer)
        given = tuple([graph.nodes[index].facts.output for index in node.inputs])
        return Explained(
            self.report,
            layer,
            steps,
            self.memory(layer),
            self.kept(layer),
            field_steps(graph, self.report.fields[0], layer.index),
            matrix_product(graph, node),
            alternatives(graph, node),
            legend(node.kind, steps),
            node.kind.in_words(given),
        )

    def steps(self, layer: LayerReport) -> Sequence[ArithmeticStep]:
        """Its arithmetic, for one sample: the same for equal kinds on equal shapes."""
        return statement(self.graph, layer.node).steps

    def memory(self, layer: LayerReport) -> list[ArithmeticStep]:
        """Its bytes, for the whole batch."""
        report, facts = self.report, layer.node.facts
        width, values = BYTES[report.dtype], facts.values
        if facts.view:
            found = [ArithmeticStep("output", "0: the output is the input's memory", "0", 0)]
        else:
            numbers = f"{values}·{report.batch}·{width}"
            found = [
                ArithmeticStep("output", "values·batch·bytes", numbers, layer.activation_bytes)
            ]
        if layer.params:
            numbers = f"{layer.params}·{width}"
            found.append(
                ArithmeticStep("parameters", "parameters·bytes", numbers, layer.params * width)
            )
        return found

    def kept(self, layer: LayerReport) -> Sequence[SavedStorage]:
        """What its backward pass needs."""
        return self._kept[layer.index]

    def followed(self, layer: LayerReport) -> Followed | None:
        """How its receptive field grows from that of its input."""
        return followed(self.graph, self.report.fields[0], layer.index)

    @cached_property
    def _kept(self) -> list[list[SavedStorage]]:
        width = max(BYTES[self.report.dtype], 2)
        return kept(self.graph, Plan(batch=self.report.batch, width=width))
