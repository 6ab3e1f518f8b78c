"""Whether a network fits into a budget, the largest batch, and what would have to give."""

from __future__ import annotations

from typing import Any, NamedTuple

from cnncalc.analysis.footprint import Alive, Footprint, inference
from cnncalc.analysis.report import BYTES, Report
from cnncalc.analysis.training.fit import (
    Advice,
    for_training,
    largest_inference,
    largest_training,
)
from cnncalc.analysis.training.plan import Plan
from cnncalc.analysis.training.step import train


class Fit(NamedTuple):
    """A budget, and what comes of it."""

    what: str
    """`inference`, `training`, or on a microcontroller `ram` and `flash`."""
    budget: int
    bytes: int
    largest_batch: int | None = None
    """0 where not even one sample fits."""
    binds: str = ""
    """What is at its peak then."""
    breakers: tuple[Alive, ...] = ()
    """The layers that alone are over the budget, the worst first."""
    advice: tuple[Advice, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the budget is kept."""
        return self.bytes <= self.budget


def inference_fit(found: Footprint, budget: int) -> Fit:
    """Weights, buffers and activations against a budget."""
    told = found.inference
    sample = told.peak // found.settings.batch
    batch = largest_inference(told.params + told.buffers, sample, budget)
    name = found.graph.nodes[told.peak_node].name
    binds = "the weights alone" if told.params + told.buffers > budget else f"activations in {name}"
    fit = Fit("inference", budget, told.total, batch, binds)
    return fit if fit.fits else fit._replace(advice=tuple(_for_inference(found, batch, budget)))


def _for_inference(found: Footprint, batch: int, budget: int) -> list[Advice]:
    """Changes that make inference of this batch fit, each by itself."""
    report, settings = found.report, found.settings
    changes: list[tuple[str, str, Report]] = []

    def other(what: str, options: str, **changed: Any) -> None:
        settings_ = settings._replace(**changed)
        changes.append((what, options, Report(report.graph, settings_, report.fields)))

    if batch:
        other(f"batch {batch}", f"--batch {batch}", batch=batch)
    if not settings.inplace:
        other("activations in place", "--inplace", inplace=True)
    for dtype in ("float16", "int8"):
        if BYTES[dtype] < BYTES[settings.dtype]:
            other(f"{dtype} in place of {settings.dtype}", f"--dtype {dtype}", dtype=dtype)
    sizes = [(what, options, inference(report).total) for what, options, report in changes]
    return [Advice(what, options, size, size <= budget) for what, options, size in sizes]


def training_fit(found: Footprint, plan: Plan, budget: int, *, advise: bool) -> Fit:
    """A training step against a budget; with `advise` what would have to give."""
    graph = found.graph
    training = train(graph, plan) if found.training is None else found.training
    batch = largest_training(graph, plan, budget)
    peak = train(graph, plan._replace(batch=max(batch, 1))).peak
    where = "" if peak.phase == "step" else f" in {graph.nodes[peak.node].name}"
    size = training.peak.bytes
    told = tuple(for_training(graph, plan, budget)) if advise and size > budget else ()
    return Fit("training", budget, size, batch, f"the {peak.phase}{where}", (), told)


def device_fits(found: Footprint, ram: int | None, flash: int | None) -> list[Fit]:
    """A microcontroller: activations against RAM, weights and buffers against flash.

    The input is an activation; code, stack and the working space of kernels are not counted.
    """
    told, nodes = found.inference, found.graph.nodes
    fits = []
    if ram is not None:
        over = [
            Alive(node.name, size)
            for node, size in zip(nodes, told.schedule, strict=True)
            if size > ram
        ]
        over.sort(key=lambda one: -one.bytes)
        where = f"activations in {nodes[told.peak_node].name}"
        batch = largest_inference(0, told.peak // found.settings.batch, ram)
        fits.append(Fit("ram", ram, told.peak, batch, where, tuple(over)))
    if flash is not None:
        stored = told.params + told.buffers
        width = BYTES[found.settings.dtype]
        heavy = sorted(
            [
                Alive(node.name, (node.params + node.facts.buffer_values) * width)
                for node in nodes
                if node.shares is None
            ],
            key=lambda one: -one.bytes,
        )
        fits.append(
            Fit("flash", flash, stored, breakers=tuple(heavy[:1]) if stored > flash else ())
        )
    return fits


__all__ = ["Advice", "Fit", "device_fits", "inference_fit", "training_fit"]
