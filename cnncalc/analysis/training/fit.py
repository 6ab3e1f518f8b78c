"""What fits into a budget: the largest batch, and what would have to give."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cnncalc.analysis.training.choice import fewest
from cnncalc.analysis.training.layer_bytes import lower
from cnncalc.analysis.training.optimizers import OPTIMIZERS
from cnncalc.analysis.training.plan import Plan
from cnncalc.analysis.training.step import Training, train
from cnncalc.graph import Graph

LARGEST = 2**31 - 1
"""No larger batch is looked for."""


class Advice(NamedTuple):
    """One thing that could give, and what it comes to."""

    what: str
    """In words: `batch 40`."""
    options: str
    """On the command line: `--batch 40`."""
    bytes: int
    fits: bool
    recomputed: int = 0
    """Multiply-accumulates that are added."""


def largest(fits: Callable[[int], bool]) -> int:
    """The largest batch that fits, 0 where not even one does; what fits, fits with less."""
    if not fits(1):
        return 0
    low, high = 1, 2
    while high <= LARGEST and fits(high):
        low, high = high, 2 * high
    high = min(high, LARGEST + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def largest_inference(fixed: int, sample: int, budget: int) -> int:
    """The largest batch whose weights and live activations fit; a batch's grow with it."""
    return min(max(budget - fixed, 0) // sample, LARGEST)


def largest_training(graph: Graph, plan: Plan, budget: int) -> int:
    """The largest batch of which a step fits."""
    layers = lower(graph, plan)
    return largest(
        lambda batch: train(graph, plan._replace(batch=batch), layers).peak.bytes <= budget
    )


def for_training(graph: Graph, plan: Plan, budget: int) -> list[Advice]:
    """Changes that make a training step of this batch fit, single changes first."""
    found = [*_smaller_batch(graph, plan, budget)]
    if not plan.autocast and plan.width == 4:
        mixed = plan._replace(autocast=True)
        found.append(_advice("16-bit products and activations", "--autocast", graph, mixed, budget))
    state = train(graph, plan).optimizer_state
    for name in ("adafactor", "momentum", "sgd"):
        other = plan._replace(optimizer=OPTIMIZERS[name])
        training = train(graph, other)
        if training.optimizer_state < state:
            found.append(_told(f"{name} in place of {plan.optimizer.name}", f"--optimizer {name}",
                               training, budget))  # fmt: skip
    found += _blocks(graph, plan, budget, "", "")
    if not any([advice.fits for advice in found[1:]]) and not plan.autocast and plan.width == 4:
        mixed = plan._replace(autocast=True)
        found += _blocks(graph, mixed, budget, "16 bits, and ", "--autocast ")
    return found


def _smaller_batch(graph: Graph, plan: Plan, budget: int) -> list[Advice]:
    batch = largest_training(graph, plan, budget)
    if not batch:
        one = train(graph, plan._replace(batch=1))
        return [Advice("not even batch 1", "--batch 1", one.peak.bytes, False)]
    options = f"--batch {batch}"
    found = [_advice(f"batch {batch}", options, graph, plan._replace(batch=batch), budget)]
    if plan.accumulate == 1:
        # as many samples a step, in equal parts; gradients then live through the forward pass
        parts = next(
            (
                parts
                for parts in range(2, plan.batch + 1)
                if plan.batch % parts == 0
                and train(
                    graph, plan._replace(batch=plan.batch // parts, accumulate=parts)
                ).peak.bytes
                <= budget
            ),
            None,
        )
        if parts is not None:
            part = plan.batch // parts
            split = plan._replace(batch=part, accumulate=parts)
            found.append(
                _advice(
                    f"{parts} parts of {part}, gradients accumulated",
                    f"--batch {part} --accumulate {parts}",
                    graph,
                    split,
                    budget,
                )
            )
    return found


def _blocks(graph: Graph, plan: Plan, budget: int, words: str, options: str) -> list[Advice]:
    """The fewest recomputed operations that fit."""
    if plan.checkpoints:
        return []
    chosen = fewest(graph, plan, budget)
    if chosen is None:
        return []
    names = [block.name for block in chosen.blocks]
    flags = options + " ".join([f"--checkpoint {name}" for name in names])
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return [_told(f"{words}run again {shown}", flags.strip(), chosen.training, budget)]


def _advice(what: str, options: str, graph: Graph, plan: Plan, budget: int) -> Advice:
    return _told(what, options, train(graph, plan), budget)


def _told(what: str, options: str, training: Training, budget: int) -> Advice:
    peak = training.peak.bytes
    return Advice(what, options, peak, peak <= budget, training.recomputed)
