"""Outlines: what is found in a graph whose layers tell nothing by their names."""

from __future__ import annotations

import pytest
from support import chain, graph, nameless, same_network, zoo_graph

from cnncalc.analysis.outline import Hint, Item, Outline, normalized, outline
from cnncalc.analysis.outline.naming import linked
from cnncalc.analysis.outline.terms import (
    CHANNELS,
    Name,
    Operation,
    Term,
    evaluate,
    show,
    substitute,
)
from cnncalc.analysis.outline.types import Block
from cnncalc.exchange.architecture import architecture
from cnncalc.graph import Graph
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.language.zoo import names


def found(net: str) -> Outline:
    """The outline of a shipped network without its names."""
    return outline(nameless(zoo_graph(net)))


def labels(items: tuple[Item, ...]) -> list[str]:
    """What stands in a list of items."""
    return [
        (item.kind.name if item.kind else item.block.name if item.block else "layers")
        + ("" if item.times == 1 else f" x{show(item.times)}")
        for item in items
    ]


BLOCKS = [
    # network, the blocks that its paper has, and how its top level begins
    ("vgg16", {"stage"}, ["stage"]),
    ("googlenet", {"conv_bn_relu", "inception"}, ["conv_bn_relu", "max_pool"]),
    ("densenet121", {"bn_relu_conv", "dense_layer"}, ["conv", "batch_norm", "relu", "max_pool"]),
    ("resnet50", {"conv_bn", "bottleneck"}, ["conv_bn", "relu", "max_pool", "bottleneck x3"]),
    ("segnet", {"conv_bn_relu", "stage"}, ["stage"]),
]


@pytest.mark.parametrize(("net", "blocks", "top"), BLOCKS)
def test_blocks(net: str, blocks: set[str], top: list[str]) -> None:
    what = found(net)
    assert blocks <= {block.name for block in what.blocks}
    listed = labels(what.items)
    assert any(listed[start : start + len(top)] == top for start in range(2)), listed


def test_a_skip_across_a_network_is_told_by_name() -> None:
    what = found("unet")
    merges = [item for item in what.items if item.branches is not None]
    assert len(merges) == 4
    assert all(len(item.branches or ()) == 2 for item in merges)
    starts = [
        branch.items[0].start for item in merges for branch in item.branches or () if branch.items
    ]
    named = {item.name for item in what.items if item.name}
    assert len(starts) == 4
    assert set(starts) <= named


def test_a_part_that_some_leave_out_has_a_condition() -> None:
    (block,) = [block for block in found("resnet50").blocks if block.name == "bottleneck"]
    merge = block.items[0]
    assert merge.branches is not None
    (shortcut,) = merge.branches[1].items
    assert show(shortcut.condition) == "channels != 4 * filters"


def test_a_growing_list_becomes_a_chain() -> None:
    text = """
        input: [4, 8, 8]
        layers:
          - {conv: [8, 3, 1, 1], name: a}
          - {conv: [8, 3, 1, 1], name: b}
          - concat: [a, b]
          - {conv: [8, 3, 1, 1], name: c}
          - concat: [a, b, c]
          - {conv: [8, 3, 1, 1], name: d}
          - concat: [a, b, c, d]
        """
    before = graph(text)
    after = normalized(before)
    assert [node.inputs for node in after.nodes if node.kind.branches] == [(1, 2), (3, 4), (5, 6)]
    assert [n.facts.output for n in after.nodes] == [n.facts.output for n in before.nodes]


def test_a_sum_executed_the_other_way_round() -> None:
    text = """
        input: [4, 8, 8]
        layers:
          - {relu, name: start}
          - {conv: [4, 1], name: shortcut}
          - {conv: [4, 3, 1, 1], name: main, from: start}
          - relu
          - {conv: [4, 3, 1, 1], name: end}
          - add: [end, shortcut]
        """
    items = outline(nameless(graph(text))).items
    assert labels(items) == ["relu", "add"]
    assert [len(branch.items) for branch in items[1].branches or ()] == [1, 3]


def test_modules_become_blocks() -> None:
    layers = [{"conv": [8, 3, 1, 1]}, "relu", {"conv": [8, 3, 1, 1]}, "relu", "relu", "relu"]
    plain = chain((8, 8, 8), *layers)
    hints = [Hint(())] + [
        Hint(("features", str(unit), part), ("Sequential", "Unit", "Layer"))
        for unit in range(2)
        for part in ("conv", "first", "second")
    ]
    order = (0, 1, 2, 5, 3, 4, 6)
    nodes = [plain.nodes[i] for i in order]
    nodes = [
        node._replace(inputs=(index - 1,) if index else ()) for index, node in enumerate(nodes)
    ]
    what = outline(plain._replace(nodes=tuple(nodes)), hints)
    assert labels(what.items)[0].endswith("x2")


def test_a_layer_is_called_after_the_module_that_it_ends() -> None:
    """The outermost one, whose output it is."""

    def double(filters: int, name: str) -> str:
        unit = f"{{conv: [{filters}, 3, 1, 1]}}, batch_norm, relu"
        return f"{unit}, {unit[:-4]}{{relu: [], name: {name}}}"

    downs = "abcde"
    down = "".join(f", {{max_pool: 2}}, {double(16 * 2**n, x)}" for n, x in enumerate(downs))
    ups = "".join(f", {{upsample: 2, name: up{x}}}, {{concat: [{x}, up{x}]}}" for x in "dcba")
    text = f"""
        input: [3, 32, 32]
        layers: [{double(8, "inc")}{down}{ups}]
        """
    types = ("Double", "Sequential", "Layer")
    hints = [Hint(()), *[Hint(("start", "double", str(n)), types) for n in range(6)]]
    for n in range(len(downs)):
        hints.append(Hint((f"down{n}", "body", "0"), ("Down", "Sequential", "MaxPool")))
        path = (f"down{n}", "body", "1", "double")
        hints += [Hint((*path, str(n)), ("Down", "Sequential", *types)) for n in range(6)]
    hints += [Hint(()) for _ in range(8)]
    what = outline(graph(text), hints)
    assert labels(what.items)[2:6] == ["down"] * 4
    assert [item.name for item in what.items if item.name] == ["down0", "down1", "down2"]


NAMES = [
    # what two blocks may be called, and what they are: uses of `block` are block1, block2, …
    (("block", "block1"), ["block", "block_b"]),
    (("block1", "block"), ["block1", "block_b"]),
    (("c3", "c2f"), ["c3", "c2f"]),
    (("conv2", "relu"), ["conv_block", "relu_block"]),
]


@pytest.mark.parametrize(("hints", "named"), NAMES)
def test_names_of_blocks_keep_apart(hints: tuple[str, str], named: list[str]) -> None:
    blocks = tuple([Block(str(n), (), ()) for n in range(2)])
    found, _ = linked(blocks, (), {"conv", "relu"}, {str(n): one for n, one in enumerate(hints)})
    assert [block.name for block in found] == named


def test_a_round_that_is_a_block_is_its_use() -> None:
    assert labels(found("vgg16").items)[:4] == ["stage", "stage", "stage", "stage x2"]


WORDS = """
    input: [8, 32, 32]
    blocks:
      unit(f, s=1, low=0):
        - {conv: {filters: f, kernel: 3, stride: s, padding: 1, bias: false}, if: s == 1}
        - {conv: {filters: f, kernel: 3, stride: s, padding: same, bias: false}, if: s == 2}
        - batch_norm
        - relu
        - conv: [4 * f, 1]
        - {upsample: {scale: 2, mode: bilinear}, if: low}
        - {upsample: 2, if: not low}
        - {max_pool: 2}
    layers: [unit: 8, unit: [16, 2], unit: [16, 1, 1], unit: [32, 2, 1], unit: 32, unit: 64]
    """


OPTIONS = """
    input: [8, 16, 16]
    layers:
      - concat: {inputs: [[avg_pool: 2], [max_pool: 2]], axis: 1}
      - concat:
          inputs: [[{conv: [8, 1]}, relu, {conv: [8, 1]}], [{conv: [8, 3, 1, 1]}, batch_norm, relu]]
          axis: 2
      - matmul: {inputs: [[], [conv: [8, 1]]], transpose: true}
    """
HIDDEN = """
    input: [4, 16, 16]
    layers:
      - {relu, name: a}
      - {conv: [4, 1], name: first}
      - {conv: [4, 3, 1, 1], name: b, from: a}
      - {conv: [4, 5, 1, 2], name: c, from: a}
      - {conv: [4, 7, 1, 3], name: d, from: a}
      - {conv: [4, 9, 1, 4], name: e, from: a}
      - {add: [b, c], name: bc}
      - {add: [bc, d], name: bcd}
      - {add: [bcd, e], name: all}
      - concat: [first, b, bc, bcd, all]
    """
"""What branches hold is taken by the merge as well."""


@pytest.mark.parametrize("text", [WORDS, OPTIONS, HIDDEN], ids=["words", "options", "hidden"])
def test_what_parameters_and_branches_cannot_say(text: str) -> None:
    before = graph(text)
    for plain in (before, nameless(before)):
        assert same_network(plain, rewritten(outline(plain)))


TERMS = [
    (Operation("*", 4, Name("width")), "4 * width", {"width": 3}, 12),
    (Operation("//", Name("kernel"), 2), "kernel // 2", {"kernel": (1, 7)}, (0, 3)),
    (Operation("*", Operation("//", Name("k"), 2), Name("d")), "k // 2 * d", {"k": 3, "d": 2}, 2),
    (Operation("//", Name("a"), Operation("*", 2, Name("b"))), "a // (2 * b)",
     {"a": 12, "b": 3}, 2),
    (Operation("or", Operation(">", Name("stride"), 1), Operation("!=", CHANNELS, Name("f"))),
     "stride > 1 or channels != f", {"stride": 1, "channels": 4, "f": 8}, True),
    (Operation("not", Name("skip")), "not skip", {"skip": 0}, True),
    (Operation("make_divisible", Operation("//", Name("e"), 4), 8), "make_divisible(e // 4, 8)",
     {"e": 72}, 24),
    (True, "true", {}, True),
    ((1, (2, 3)), "[1, [2, 3]]", {}, (1, (2, 3))),
]  # fmt: skip


@pytest.mark.parametrize(("term", "text", "values", "value"), TERMS)
def test_term(term: Term, text: str, values: dict[str, object], value: object) -> None:
    assert show(term) == text
    assert evaluate(term, values) == value
    assert substitute(term, values) == value


def rewritten(found: Outline) -> Graph:
    """The graph of the file that says what an outline says."""
    return Network(Source("net.yaml", architecture(found))).graph()


HOSTILE = ["no", "conv", "a: b", "x\ny", "é̈", "[", "'", "- ", "1", "", "input", "layers", "class"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_elsewhere(name: str) -> None:
    """Whatever a layer is called: the file is read back, and refers to the right one."""
    before = zoo_graph("unet")
    nodes = [
        node._replace(name=f"{name}.{name}" if i else "input")
        for i, node in enumerate(before.nodes)
    ]
    hints = [
        Hint((name, f"{name}{index // 9}", name), (name, name, name)) for index in range(len(nodes))
    ]
    odd = before._replace(nodes=tuple(nodes), name=name or "?", source=name or None)
    assert same_network(odd, rewritten(outline(odd, hints)))


@pytest.mark.parametrize("net", names())
def test_round_trip(net: str) -> None:
    """Flattened and refactored, with its names and without, a network is the same."""
    before = zoo_graph(net)
    for plain in (before, nameless(before)):
        assert same_network(plain, rewritten(outline(plain)))


@pytest.mark.parametrize("net", ["unet", "googlenet", "lenet5_1998", "segnet", "r3d_18"])
def test_every_layer_by_itself(net: str) -> None:
    before = zoo_graph(net)
    flat = outline(before, flat=True)
    assert not flat.blocks
    assert same_network(before, rewritten(flat))
