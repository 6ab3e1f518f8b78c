"""Blocks, what fits, and what would have to give."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.analysis.training.blocks import at_depth, depths, named
from cnncalc.analysis.training.choice import fewest
from cnncalc.analysis.training.fit import for_training, largest, largest_training
from cnncalc.analysis.training.plan import Plan
from cnncalc.analysis.training.step import train
from cnncalc.language.load import load

MIB = 2**20


@given(st.integers(0, 2**31 - 1))
def test_largest(most: int) -> None:
    assert largest(lambda batch: batch <= most) == most


NAMED = [
    ("resnet18", "stage1", ["stage1"]),
    ("resnet18", "stage", ["stage1", "stage2", "stage3", "stage4"]),
    ("resnet18", "stage2.basic1", ["stage2.basic1"]),
    ("resnet18", "basic1", [f"stage{i}.basic1" for i in (1, 2, 3, 4)]),
    ("resnet18", "conv_bn", ["conv_bn"]),  # a block's whole name means that block alone
    ("googlenet", "inception_3a", ["inception_3a"]),
    ("resnet18", "layer1", []),
]


@pytest.mark.parametrize(("net", "name", "blocks"), NAMED)
def test_named(net: str, name: str, blocks: list[str]) -> None:
    assert [block.name for block in named(load(net).graph(), name)] == blocks


@pytest.mark.parametrize("net", ["resnet18", "googlenet", "unet", "densenet121"])
def test_blocks_are_whole_and_apart(net: str) -> None:
    graph = load(net).graph()
    for depth in depths(graph):
        end = 0
        for block in at_depth(graph, depth):
            assert end <= block.start < block.end
            end = block.end
            nodes = graph.nodes[block.start : block.end]
            assert all(node.name.startswith(block.name + ".") for node in nodes)


CHOICES = [("resnet18", 2, 64, 1500), ("resnet18", 1, 64, 1450), ("convnext_tiny", 1, 8, 950)]


@pytest.mark.parametrize(("net", "depth", "batch", "budget"), CHOICES)
def test_the_fewest_operations(net: str, depth: int, batch: int, budget: int) -> None:
    """Against every choice of the blocks of one depth; another depth may have a better one."""
    graph, plan = load(net).graph(), Plan(batch=batch)
    blocks = at_depth(graph, depth)[:9]
    assert train(graph, plan).peak.bytes > budget * MIB
    best = min(
        found.recomputed
        for count in range(len(blocks) + 1)
        for chosen in combinations(blocks, count)
        for found in [
            train(graph, plan._replace(checkpoints=tuple(block.nodes for block in chosen)))
        ]
        if found.peak.bytes <= budget * MIB
    )
    found = fewest(graph, plan, budget * MIB)
    assert found is not None
    assert found.training.peak.bytes <= budget * MIB
    assert found.training.recomputed <= best


def test_nothing_fits() -> None:
    graph = load("vgg16").graph()
    assert fewest(graph, Plan(batch=4), 100 * MIB) is None
    assert largest_training(graph, Plan(), 100 * MIB) == 0
    advice = for_training(graph, Plan(batch=4), 100 * MIB)
    assert not any(one.fits for one in advice)
    assert advice[0].what == "not even batch 1"


def test_advice_is_what_comes_of_it() -> None:
    graph, budget = load("resnet18").graph(), 1500 * MIB
    advice = {one.options: one for one in for_training(graph, Plan(batch=64), budget)}
    batch = largest_training(graph, Plan(), budget)
    assert advice[f"--batch {batch}"].bytes == train(graph, Plan(batch=batch)).peak.bytes <= budget
    mixed = train(graph, Plan(batch=64, autocast=True)).peak.bytes
    assert advice["--autocast"].bytes == mixed
    (again,) = [one for one in advice.values() if "--checkpoint" in one.options]
    assert again.recomputed
    assert again.fits
    names = again.options.replace("--checkpoint ", "").split()
    blocks = tuple(named(graph, name)[0].nodes for name in names)
    assert train(graph, Plan(batch=64, checkpoints=blocks)).peak.bytes == again.bytes
