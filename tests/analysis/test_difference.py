"""What changed between two networks."""

from __future__ import annotations

import pytest
from support import chain

from cnncalc import analyze
from cnncalc.analysis.difference import Change, changes

CONV = {"conv": [8, 3, 1, 1]}


def told(found: list[Change]) -> list[tuple[str, str, object, object]]:
    return [(one.change, one.layer, one.before, one.after) for one in found]


def test_nothing_changed() -> None:
    assert changes(analyze("googlenet").graph, analyze("googlenet").graph) == []


def test_an_option() -> None:
    before, after = (chain((3, 8, 8), {"conv": [8, 3, s, 1]}, "relu") for s in (1, 2))
    assert told(changes(before, after)) == [("changed", "conv", {"stride": 1}, {"stride": 2})]


def test_a_layer_in_between_is_all_that_was_added() -> None:
    before = chain((3, 8, 8), CONV, "relu", CONV)
    after = chain((3, 8, 8), CONV, "batch_norm", "relu", CONV)
    assert told(changes(before, after)) == [("added", "batch_norm", {}, {})]
    assert told(changes(after, before)) == [("removed", "batch_norm", {}, {})]


def test_another_kind_in_its_place() -> None:
    before = chain((3, 8, 8), CONV, "relu", CONV)
    after = chain((3, 8, 8), CONV, "gelu", CONV)
    assert {(one.change, one.kind) for one in changes(before, after)} == {
        ("removed", "relu"),
        ("added", "gelu"),
    }


def test_another_source() -> None:
    layers = [{**CONV, "name": "a"}, {"relu": {}, "name": "b"}, {"add": ["a", "b"], "name": "sum"}]
    before = chain((3, 8, 8), *layers)
    after = chain((3, 8, 8), *layers[:2], {"add": ["b", "b"], "name": "sum"})
    assert told(changes(before, after)) == [
        ("changed", "sum", {"from": ["a", "b"]}, {"from": ["b", "b"]})
    ]


COUNTS = [
    ("resnet50", "resnet50_original", {"changed": 6}),
    ("vgg16", "vgg16_bn", {"added": 13}),
    ("vgg16_bn", "vgg16", {"removed": 13}),
    ("vgg16", "vgg19", {"added": 6}),
    ("resnet18", "resnet34", {"added": 56}),
]


@pytest.mark.parametrize(("one", "two", "counts"), COUNTS)
def test_shipped_networks(one: str, two: str, counts: dict[str, int]) -> None:
    found: dict[str, int] = {}
    for change in changes(analyze(one).graph, analyze(two).graph):
        found[change.change] = found.get(change.change, 0) + 1
    assert found == counts
