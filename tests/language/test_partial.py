"""Networks with mistakes: what is shown of them, and that nothing of it is wrong."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support import SPECS, Outcome, network, zoo_graph

from cnncalc.analysis.report import Report
from cnncalc.graph import Graph, Node
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.layers.conv import Conv
from cnncalc.layers.probing import certain_facts, common_shape
from cnncalc.shapes import UNKNOWN_SHAPE
from cnncalc.unknown import UNKNOWN, is_known

from .mistakes import Broken, broken

Run = Callable[..., Outcome]

NETS = sorted(
    path.stem
    for path in SPECS.glob("*.yaml")
    if "extends:" not in path.read_text(encoding="utf-8") and path.stat().st_size < 4000
)
COUNT = 200


@cache
def cases() -> tuple[Broken, ...]:
    """Files with mistakes that are no networks, the same for ever."""
    found: list[Broken] = []
    seed = 0
    while len(found) < COUNT:
        draw = random.Random(seed)
        seed += 1
        net = draw.choice(NETS)
        case = broken(net, (SPECS / f"{net}.yaml").read_text(encoding="utf-8"), draw)
        if case is not None and parsed(case).elaborate().graph is None:
            found.append(case)
    return tuple(found)


def parsed(case: Broken) -> Network:
    return Network(Source(f"{case.net}.yaml", case.text, str(SPECS / f"{case.net}.yaml")))


def known_of(node: Node) -> Iterator[tuple[str, Any]]:
    """What is known of a layer."""
    facts = node.facts
    if is_known(facts.output):
        yield "output", facts.output
    yield "sizes", facts.output
    for name in ("params", "buffer_values", "values"):
        if (value := getattr(facts, name)) is not UNKNOWN:
            yield name, value
    for name, value in facts.operations._asdict().items():
        if value is not UNKNOWN:
            yield name, value


def agrees(ours: Node, right: Node, whole: bool = False) -> bool:
    """Whether nothing that is known of a layer is wrong; `whole`: of shapes known in parts nothing.

    What stands between a lost `flatten` and the layer that misses it has its map's shape.
    """
    theirs = dict(known_of(right))
    for name, value in known_of(ours):
        if name != "sizes":
            if value != theirs[name]:
                return False
        elif ours.facts.output is not UNKNOWN_SHAPE and not whole:
            if len(value) != len(theirs["sizes"]):
                return False
            pairs = zip(value, theirs["sizes"], strict=True)
            if any(one is not UNKNOWN and one != other for one, other in pairs):
                return False
    return True


def mistaken(case: Broken, right: Graph) -> list[int]:
    """The layers of the right network in a line with a mistake, or in a block used there."""
    found = []
    for index, node in enumerate(right.nodes):
        places = [node.place, *(node.use.chain() if node.use else ())]
        if any(place is not None and place.line in case.lines for place in places):
            found.append(index)
    return found


def affected(case: Broken, right: Graph) -> set[str]:
    """The layers of the right network that are mistaken, or need one that is."""
    found = set(mistaken(case, right))
    for index, node in enumerate(right.nodes):
        if any(taken in found for taken in (*node.inputs, *node.reads)):
            found.add(index)
    return {right.nodes[index].name for index in found}


@pytest.mark.parametrize("number", range(COUNT))
def test_nothing_that_is_shown_is_wrong(number: int) -> None:
    case = cases()[number]
    partial = parsed(case).partial()
    assert partial is not None
    right = zoo_graph(case.net)
    theirs = {node.name: node for node in right.nodes}
    nodes = partial.graph.nodes
    ours = {node.name: node for node in nodes}
    # all rows before the first mistake are there, and right
    before = right.nodes[: min(mistaken(case, right), default=len(right.nodes))]
    for node, other in zip(nodes, before, strict=False):
        assert (node.name, node.facts.output) == (other.name, other.facts.output)
        assert node.facts.is_complete
        assert agrees(node, other)
    # no row behind the layer that fails is wrong
    silent = {right.nodes[index].name for index in mistaken(case, right)}
    for node in nodes[min(partial.failed, default=len(nodes)) :]:
        if node.name in theirs and node.name not in silent:
            assert agrees(node, theirs[node.name], "lost flatten" in case.kinds), (node.name, case)
    # what needs no mistaken layer is there, whole and right
    for name in theirs.keys() - affected(case, right):
        assert ours[name].facts.is_complete, (name, case)
        assert agrees(ours[name], theirs[name])
    report = Report(partial.graph)
    assert report.totals.layers == len(nodes) - len(partial.graph.inputs)


def test_what_is_certain_of_a_convolution() -> None:
    values = tuple(
        {"filters": 8, "kernel": 3}.get(key, option.default) for key, option in Conv.options.items()
    )
    facts = certain_facts(Conv, values, ((4, UNKNOWN, UNKNOWN),), 2)
    assert facts is not None
    assert facts.output == (8, UNKNOWN, UNKNOWN)
    assert facts.params == 8 * 4 * 9 + 8
    assert facts.operations.macs is UNKNOWN
    assert certain_facts(Conv, values, ((4,),), 2) is None
    assert common_shape([(1, 2), (1, 3)]) == (1, UNKNOWN)
    assert common_shape([(1, 2), (1,)]) is UNKNOWN_SHAPE


VGG = """\
name: VGG without flatten
input: [3, 32, 32]
layers:
  - conv: [16, 3, 1, 1]
  - relu
  - max_pool: 2
  - linear: 100
  - relu
  - linear: 10
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(VGG, encoding="utf-8")
    return path


def test_table_and_errors(run: Run, file: Path) -> None:
    found = run("analyze", file)
    assert found.status == 2
    assert "✗ 4" in found.out
    assert (
        "✗ linear1: a fully connected layer takes a flat input, and this one is [16, 16, 16]"
        in (" ".join(found.out.split()))
    )
    assert "unknown" in found.out
    assert "error[linear-needs-flatten]" in found.err


def test_data_only_on_request(run: Run, file: Path) -> None:
    for format_ in ("json", "csv", "markdown"):
        refused = run("analyze", file, "--format", format_)
        assert (refused.status, refused.out) == (2, "")
        found = run("analyze", file, "--format", format_, "--partial")
        assert found.status == 2
        assert "linear1" in found.out
        assert "error[linear-needs-flatten]" in found.err


def test_json(run: Run, file: Path) -> None:
    data = json.loads(run("analyze", file, "--format", "json", "--partial").out)
    assert data["complete"] is False
    rows = {row["name"]: row for row in data["layers"]}
    assert rows["max_pool"]["output_shape"] == [16, 16, 16]
    assert rows["linear1"]["output_shape"] == [100]
    assert rows["linear1"]["params"] is None
    assert "takes a flat input" in rows["linear1"]["failed"]
    assert (rows["linear2"]["params"], rows["linear2"]["macs"]) == (1010, 1000)
    assert data["totals"]["unknown_layers"] == 1
    assert data["totals"]["params"] == 448 + 1010


def test_python(file: Path) -> None:
    import cnncalc

    found = cnncalc.analyze(str(file), partial=True)
    assert found.complete is False
    assert found.layers["linear2"].params == 1010
    assert [one.rule for one in found.diagnostics] == ["linear-needs-flatten"]
    assert cnncalc.analyze("lenet5", partial=True).complete
    with pytest.raises(cnncalc.SpecError):
        cnncalc.analyze(str(file))


def test_a_branch_that_is_not_touched_is_there() -> None:
    text = """\
input: [3, 32, 32]
layers:
  - conv: [8, 3, 1, 1]
  - concat:
      - [conv: [16, 1], relu]
      - [conv: {filters: 10, kernel: 3, groups: 3}, relu]
      - [max_pool: {kernel: 3, stride: 1, padding: 1}]
  - conv: [4, 1]
"""
    partial = network(text).partial()
    assert partial is not None
    rows = {node.name: node.facts.output for node in partial.graph.nodes}
    assert rows["conv2"] == (16, 32, 32)
    assert rows["max_pool"] == (8, 32, 32)
    assert rows["conv3"] == (10, 30, 30)


def test_a_file_that_cannot_be_read_has_no_rows(run: Run, file: Path) -> None:
    file.write_text("layers: [relu]\n", encoding="utf-8")
    found = run("analyze", file)
    assert (found.status, found.out) == (2, "")
