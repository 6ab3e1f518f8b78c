"""Which blocks to run again, so that a step fits: those with the fewest multiply-accumulates.

A block that keeps only its input takes away the rest of what it keeps for as long as that would
be alive, and adds its own second run. These changes are read off two runs, with no block run again
and with all of them, and add up: blocks are gone through in order, and of all choices so far those
are carried on that no other beats in both bytes and operations. The cheapest at the end is played
through and so proven; a block that it can do without is left out.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.analysis.training.blocks import BlockSpan, at_depth, depths
from cnncalc.analysis.training.layer_bytes import LayerBytes, lower
from cnncalc.analysis.training.plan import Plan
from cnncalc.analysis.training.step import Training, train
from cnncalc.graph import Graph

ATTEMPTS = 4
"""How often the goal is drawn tighter where blocks share more than was added up."""

BLOCKS = 150
"""A network is not cut finer than this."""

CHOICES = 4096
"""At most so many choices are carried on from block to block."""


class Chosen(NamedTuple):
    """Blocks that are run again, and the step that comes of it."""

    blocks: tuple[BlockSpan, ...]
    training: Training


class _Effect(NamedTuple):
    """What a block's checkpoint does."""

    block: BlockSpan
    relief: int
    """Bytes fewer from its end to its backward pass."""
    without: int
    """The most alive while it runs, forward or backward, as it is."""
    with_it: int
    """The same where it is run again."""
    macs: int


def fewest(graph: Graph, plan: Plan, budget: int) -> Chosen | None:
    """The blocks of one depth with the fewest recomputed operations; `None`: none fit."""
    layers = lower(graph, plan)
    best: Chosen | None = None
    for depth in depths(graph):
        blocks = at_depth(graph, depth)
        if not blocks or len(blocks) > BLOCKS:
            continue
        found = _of(graph, plan, layers, blocks, budget)
        if found and (best is None or found.training.recomputed < best.training.recomputed):
            best = found
    return best


def _of(
    graph: Graph, plan: Plan, layers: list[LayerBytes], blocks: list[BlockSpan], budget: int
) -> Chosen | None:
    plain = _timeline(train(graph, plan, layers))
    every = plan._replace(checkpoints=tuple([block.nodes for block in blocks]))
    effects = _effects(graph, blocks, plain, _timeline(train(graph, every, layers)))
    outside = _outside(plain, blocks)
    goal = budget
    for _ in range(ATTEMPTS):
        names = _choose(effects, outside, goal)
        if names is None:
            return None
        training = _played(graph, plan, layers, names)
        if training.peak.bytes <= budget:
            return _pruned(graph, plan, layers, Chosen(names, training), budget)
        goal -= training.peak.bytes - budget
    return None


Timeline = dict[tuple[str, int], int]


def _timeline(training: Training) -> Timeline:
    """The most alive while each layer ran, forward and backward."""
    found: Timeline = {}
    for moment in training.moments:
        key = (moment.phase, moment.node)
        found[key] = max(found.get(key, 0), moment.bytes)
    return found


def _played(
    graph: Graph, plan: Plan, layers: list[LayerBytes], blocks: tuple[BlockSpan, ...]
) -> Training:
    nodes = tuple([block.nodes for block in blocks])
    return train(graph, plan._replace(checkpoints=nodes), layers)


def _pruned(
    graph: Graph, plan: Plan, layers: list[LayerBytes], chosen: Chosen, budget: int
) -> Chosen:
    """Without the blocks that it fits without; the one that costs most is tried first."""
    by_cost = sorted(chosen.blocks, key=lambda block: -_macs(graph, block))
    for block in by_cost:
        fewer = tuple([other for other in chosen.blocks if other is not block])
        training = _played(graph, plan, layers, fewer)
        if training.peak.bytes <= budget:
            chosen = Chosen(fewer, training)
    return chosen


def _macs(graph: Graph, block: BlockSpan) -> int:
    return sum([node.facts.operations.macs for node in graph.nodes[block.start : block.end]])


def _effects(
    graph: Graph, blocks: list[BlockSpan], plain: Timeline, every: Timeline
) -> list[_Effect]:
    found = []
    before = 0  # relief of the blocks so far
    for block in blocks:
        inside = [
            (phase, node)
            for phase in ("forward", "backward")
            for node in range(block.start, block.end)
        ]
        after = ("forward", block.end)
        total = plain[after] - every[after] if after in plain else before
        found.append(
            _Effect(
                block,
                total - before,
                max([plain[key] for key in inside]),
                max([every[key] for key in inside]) + before,
                _macs(graph, block),
            )
        )
        before = total
    return found


def _outside(plain: Timeline, blocks: list[BlockSpan]) -> list[int]:
    """The most alive between the blocks: before each of them, and after the last."""
    within = [range(block.start, block.end) for block in blocks]
    found = [0] * (len(blocks) + 1)
    for (phase, node), alive in plain.items():
        if phase == "step":
            found[0] = max(found[0], alive)  # no block changes it
        elif not any([node in nodes for nodes in within]):
            before = sum([block.end <= node for block in blocks])
            found[before] = max(found[before], alive)
    return found


def _choose(effects: list[_Effect], outside: list[int], goal: int) -> tuple[BlockSpan, ...] | None:
    """The cheapest choice whose sums stay within the goal."""
    if outside[0] > goal:
        return None
    # relief so far, operations so far, blocks so far
    choices: list[tuple[int, int, tuple[BlockSpan, ...]]] = [(0, 0, ())]
    for effect, behind in zip(effects, outside[1:], strict=True):
        grown = []
        for relief, macs, blocks in choices:
            if effect.without - relief <= goal and behind - relief <= goal:
                grown.append((relief, macs, blocks))
            total = relief + effect.relief
            if effect.with_it - relief <= goal and behind - total <= goal:
                grown.append((total, macs + effect.macs, (*blocks, effect.block)))
        grown.sort(key=lambda choice: (choice[1], -choice[0]))
        choices, most = [], -1
        for choice in grown:  # cheaper ones come first: a dearer one must relieve more
            if choice[0] > most:
                choices.append(choice)
                most = choice[0]
        if len(choices) > CHOICES:
            step = len(choices) / CHOICES
            choices = [choices[int(place * step)] for place in range(CHOICES)]
        if not choices:
            return None
    return choices[0][2]
