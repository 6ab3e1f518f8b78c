"""Networks with several inputs: memory, receptive fields for each, and the run that proves them."""

from __future__ import annotations

import json

import pytest
from support import graph, verified
from support import report as reported

from cnncalc.analysis.receptive_field import fields_by_input
from cnncalc.analysis.report import Report
from cnncalc.render.csv import report_csv
from cnncalc.render.json import report_json
from cnncalc.render.rows import rows

RGBD_TEXT = """
input: {image: [3, 16, 16], depth: [1, 16, 16]}
layers:
  - {conv: [4, 3, 1, 1], name: conv1}
  - {max_pool: 2, name: max_pool2}
  - {conv: [4, 3, 2, 1], name: conv3, from: depth}
  - {concat: [max_pool2, []], name: concat4}
  - {conv: [4, 3, 1, 1], name: conv5}
"""
RGBD = graph(RGBD_TEXT)


def wrong_columns(report: Report) -> list[str]:
    """The columns of a report that a run does not bear out."""
    found = verified(report)
    assert found.run.failure is None
    return [check.name for check in found.checks if not check.passed]


def test_inputs_stand_apart_from_the_layers() -> None:
    report = Report(RGBD)
    assert list(RGBD.inputs) == [0, 1]
    assert RGBD.input_shape == (3, 16, 16)
    assert report.inputs == {"image": (3, 16, 16), "depth": (1, 16, 16)}
    assert [row.number for row in report.layers] == [1, 2, 3, 4, 5]
    assert report.totals.layers == 5
    assert [row.inputs for row in report.layers][:3] == [("image",), ("conv1",), ("depth",)]
    # the inputs' values are no layer's
    assert report.totals.activations == 4 * 256 + 3 * 4 * 64 + 8 * 64


def test_receptive_field_of_each_input() -> None:
    fields = [row.receptive_fields for row in Report(RGBD).layers]
    sizes = [{name: field and field.size for name, field in one.items()} for one in fields]
    assert sizes == [
        {"image": (3, 3), "depth": (0, 0)},
        {"image": (4, 4), "depth": (0, 0)},
        {"image": (0, 0), "depth": (3, 3)},
        {"image": (4, 4), "depth": (3, 3)},
        {"image": (8, 8), "depth": (7, 7)},
    ]
    assert fields[-1]["image"] == ((8, 8), (2, 2), (-3, -3))
    assert fields[-1]["depth"] == ((7, 7), (2, 2), (-3, -3))


def test_all_inputs_count_until_they_are_read() -> None:
    report = Report(RGBD)
    # image, depth and the first convolution's output
    assert report.totals.peak_activation_bytes == 4 * (3 * 256 + 256 + 4 * 256)
    assert report.peak_layer == "conv1"
    idle = reported("input: {a: [1, 4, 4], idle: [8, 4, 4]}\nlayers: [relu, relu]")
    assert idle.totals.peak_activation_bytes == 4 * 16 * (1 + 8 + 1)


def test_formats_tell_each() -> None:
    report = Report(RGBD)
    data = json.loads(report_json(report))
    assert data["inputs"] == [
        {"name": "image", "shape": [3, 16, 16]}, {"name": "depth", "shape": [1, 16, 16]},
    ]  # fmt: skip
    third = data["layers"][2]
    assert third["receptive_fields"]["depth"] == {
        "size": [3, 3], "stride": [2, 2], "start": [-1, -1],
    }  # fmt: skip
    assert third["receptive_field"] == third["receptive_fields"]["image"]
    assert third["receptive_field"]["size"] == [0, 0]
    header, *lines = report_csv(report).splitlines()
    assert header.endswith("activation_bytes,receptive_field.depth,stride.depth,start.depth")
    assert lines[3].endswith(",3x3,2x2,-1x-1")
    assert [row.number for row in rows(report)] == list("12345")


GRAPHS = {
    "rgbd": RGBD_TEXT,
    "one after the other": """
input: {a: [2, 8, 8], b: [2, 8, 8], c: [2, 8, 8]}
layers:
  - add: [a, b]
  - conv: [4, 3, 1, 1]
  - {concat: [c, []], name: joined}
  - max_pool: 2
  - upsample: 2
  - add: [[], joined]
""",
    "a flat one": """
input: {image: [2, 8, 8], code: [4]}
layers:
  - {conv: [4, 3, 1, 1], name: seen}
  - {linear: 4, from: code}
  - reshape: [4, 1, 1]
  - multiply: [seen, []]
  - flatten
""",
    "unused": """
input: {a: [2, 8, 8], b: [2, 9]}
layers: [conv: [4, 3, 1, 1], relu]
""",
    "shared": """
input: {left: [1, 12, 12], right: [1, 12, 12]}
blocks:
  tower: [conv: [4, 5], relu, max_pool: 2, batch_norm]
layers:
  - {tower: , name: one, from: left}
  - {tower: , name: other, from: right, share: one}
  - concat: [one, other]
  - conv: [2, 3]
""",
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_run_proves_it(name: str) -> None:
    assert wrong_columns(Report(graph(GRAPHS[name]))) == []


def test_a_run_tells_the_inputs_apart() -> None:
    image, depth = fields_by_input(RGBD)
    assert wrong_columns(Report(RGBD, fields=[depth, image])) == ["receptive_field"]
