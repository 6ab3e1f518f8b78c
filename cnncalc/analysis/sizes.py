"""Bytes of a model and of its training, each as one number."""

from __future__ import annotations

from cnncalc.analysis.training.plan import Plan
from cnncalc.analysis.training.step import train
from cnncalc.graph import Graph


def model_bytes(graph: Graph, width: int) -> int:
    """Bytes of parameters and buffers, `width` each: those of a file that stores them."""
    arrays = [node.facts for node in graph.nodes if node.shares is None]
    return sum([facts.params + facts.buffer_values for facts in arrays]) * width


def training_bytes(graph: Graph, plan: Plan) -> int:
    """The most bytes alive in a training step with the plan's optimizer."""
    # 8-bit numbers have no gradients: what runs in them is trained in float32
    return train(graph, plan._replace(width=plan.width if plan.width > 1 else 4)).peak.bytes
