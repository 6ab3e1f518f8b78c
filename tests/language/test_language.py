"""The architecture language: every feature, with the examples of its description verbatim."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support import chain, findings, graph, names, network, report, shapes

from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.graph import Graph
from cnncalc.language.load import load

LENET5 = """\
name: LeNet-5
source: LeCun et al. 1998, Gradient-based learning applied to document recognition
input: [1, 32, 32]            # channels, then the spatial sizes: one, two or three of them
layers:
  - conv: {filters: 6, kernel: 5}
  - tanh
  - avg_pool: 2               # one value: the kind's main option; a pool's stride defaults to its kernel
  - conv: {filters: 16, kernel: 5}
  - tanh
  - avg_pool: 2
  - flatten
  - linear: 120
  - tanh
  - linear: 84
  - tanh
  - linear: 10
    name: scores              # common keys stand beside the kind: name, from, repeat, if, output, share
"""  # noqa: E501

RESNET50 = """\
name: ResNet-50
source: He et al. 2015, arXiv:1512.03385, table 1
input: [3, 224, 224]
parameters: {conv2: 3, conv3: 4, conv4: 6, conv5: 3, classes: 1000}   # --set classes=10, or a file that extends this one

blocks:
  conv_bn(filters, kernel=1, stride=1):
    - conv: {filters: filters, kernel: kernel, stride: stride, padding: kernel // 2, bias: false}
    - batch_norm
  bottleneck(width, stride=1):
    - add:
        - [conv_bn: [width], relu, conv_bn: [width, 3, stride], relu, conv_bn: [4 * width]]
        - [{conv_bn: [4 * width, 1, stride], if: stride > 1 or channels != 4 * width}]
    - relu
  stage(width, depth, stride):
    - bottleneck: [width, stride]
    - bottleneck: [width]
      repeat: depth - 1

layers:
  - conv_bn: [64, 7, 2]
  - relu
  - max_pool: {kernel: 3, stride: 2, padding: 1}
  - stage: [64, conv2, 1]
  - stage: [128, conv3, 2]
  - stage: [256, conv4, 2]
  - stage: [512, conv5, 2]
  - global_avg_pool
  - flatten
  - linear: classes
"""  # noqa: E501

INCEPTION = """\
input: [192, 28, 28]
blocks:
  conv_relu(filters, kernel=1, stride=1):
    - conv: {filters: filters, kernel: kernel, stride: stride, padding: kernel // 2}
    - relu
  inception(c1, r3, c3, r5, c5, pool):
    - concat:
        - [conv_relu: [c1]]
        - [conv_relu: [r3], conv_relu: [c3, 3]]
        - [conv_relu: [r5], conv_relu: [c5, 5]]
        - [max_pool: {kernel: 3, stride: 1, padding: 1}, conv_relu: [pool]]
layers:
  - inception: [64, 96, 128, 16, 32, 32]
    name: inception_3a
"""

RESNET101 = """\
extends: resnet50
name: ResNet-101
parameters: {conv4: 23}
"""


# -- the description's examples ----------------------------------------------------------------


def test_lenet5() -> None:
    found = report(LENET5)
    assert found.name == "LeNet-5"
    assert found.source is not None
    assert found.source.startswith("LeCun et al. 1998")
    assert found.totals.params == 61_706
    assert found.totals.macs == 416_520
    assert found.outputs == ("scores",)
    assert [row.name for row in found.layers] == [
        "conv1", "tanh1", "avg_pool1", "conv2", "tanh2", "avg_pool2", "flatten",
        "linear1", "tanh3", "linear2", "tanh4", "scores",
    ]  # fmt: skip


def test_resnet50() -> None:
    found = report(RESNET50)
    assert found.totals.params == 25_557_032
    assert found.totals.macs == 4_089_184_256
    assert "stage3.bottleneck2.conv_bn1.conv" in [row.name for row in found.layers]
    first = [row.name for row in found.layers if row.name.startswith("stage1.bottleneck1.")]
    assert first == [
        f"stage1.bottleneck1.{name}"
        for name in (
            "conv_bn1.conv", "conv_bn1.batch_norm", "relu1", "conv_bn2.conv",
            "conv_bn2.batch_norm", "relu2", "conv_bn3.conv", "conv_bn3.batch_norm",
            "conv_bn4.conv", "conv_bn4.batch_norm", "add", "relu3",
        )
    ]  # fmt: skip


def test_resnet50_with_other_parameters() -> None:
    assert report(RESNET50, classes=10).layers[-1].output_shape == (10,)
    shallow = report(RESNET50, conv4=1, conv5=1, conv3=1, conv2=1)
    assert sum(row.kind == "add" for row in shallow.layers) == 4


def test_inception() -> None:
    found = graph(INCEPTION)
    assert found.nodes[-1].name == "inception_3a.concat"
    assert found.nodes[-1].facts.output == (256, 28, 28)
    branches = [found.nodes[index].facts.output[0] for index in found.nodes[-1].inputs]
    assert branches == [64, 128, 32, 32]


def test_squeeze_and_excitation() -> None:
    found = graph("""\
        input: [64, 8, 8]
        layers:
          - multiply: [[], [global_avg_pool, conv: {filters: channels // 16, kernel: 1}, relu,
                            conv: {filters: 64, kernel: 1}, sigmoid]]
        """)
    assert shapes(found) == [
        (64, 1, 1), (4, 1, 1), (4, 1, 1), (64, 1, 1), (64, 1, 1), (64, 8, 8),
    ]  # fmt: skip
    assert found.nodes[-1].inputs == (0, 5)


def test_skip_connection() -> None:
    found = graph("""\
        input: [8, 16, 16]
        layers:
          - {conv: [8, 3, 1, 1], name: down4}
          - max_pool: 2
          - {conv_transpose: {filters: 4, kernel: 2, stride: 2}, name: up4}
          - concat: [up4, down4]      # names of earlier layers
        """)
    assert found.nodes[-1].facts.output == (12, 16, 16)
    assert [found.nodes[index].name for index in found.nodes[-1].inputs] == ["up4", "down4"]


def test_extends_a_shipped_network(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(RESNET101)
    found = load(str(path)).graph()
    shipped = load("resnet101").graph()
    assert found.name == "ResNet-101"
    assert [node.name for node in found.nodes] == [node.name for node in shipped.nodes]
    assert [node.facts.output for node in found.nodes] == [n.facts.output for n in shipped.nodes]


def test_a_split() -> None:
    """ShuffleNet: branches that each take a part."""
    found = graph("""\
        input: [8, 6, 6]
        layers:
          - concat: [["slice": [0, channels // 2]],
                     ["slice": ["channels // 2", channels], conv: [4, 3, 1, 1]]]
          - channel_shuffle: 2
        """)
    assert shapes(found) == [(4, 6, 6), (4, 6, 6), (4, 6, 6), (8, 6, 6), (8, 6, 6)]


def test_side_heads() -> None:
    found = graph("""\
        input: [3, 8, 8]
        parameters: {auxiliary: 1}
        layers:
          - {conv: [8, 3], name: trunk}
          - {layers: [{global_avg_pool: , name: side}, {flatten: , output: true, name: head}],
             if: auxiliary}
          - {relu: , from: trunk}
        """)
    assert [found.nodes[index].name for index in found.outputs] == ["head", "relu"]
    assert found.nodes[-1].inputs == (1,)


def test_sharing_by_name() -> None:
    found = report("""\
        input: [4, 8, 8]
        layers:
          - {conv: [4, 3, 1, 1], name: conv3}
          - {conv: [4, 3, 1, 1], share: conv3}
          - {conv: [4, 3, 1, 1], share: conv1}
        """)
    assert found.totals.params == 4 * 4 * 9 + 4
    assert [row.shares for row in found.layers] == [None, "conv3", "conv3"]


def test_sizes_of_named_layers() -> None:
    """SegNet's unpooling, U-Net's crop, FCN's upsampling."""
    found = graph("""\
        input: [4, 13, 17]
        layers:
          - {conv: [4, 3], name: down4}
          - {max_pool: 2, name: pool2}
          - max_unpool: pool2
          - {conv: [4, 5, 2], name: small}
          - upsample: {like: input}
          - {crop: down4}
        """)
    assert shapes(found) == [
        (4, 11, 15), (4, 5, 7), (4, 11, 15), (4, 4, 6), (4, 13, 17), (4, 11, 15),
    ]  # fmt: skip
    assert found.nodes[3].reads == (2,)
    assert found.nodes[6].reads == (1,)


# -- options -----------------------------------------------------------------------------------

SAME_LAYER = [
    "conv: {filters: 8, kernel: 3, stride: 2, padding: 1}",
    "conv: [8, 3, 2, 1]",
    "conv: [8, [3, 3], [2, 2], [1, 1]]",
    "conv: {filters: '8', kernel: '2 + 1', stride: 4 // 2, padding: 'min(1, 3)'}",
    'conv: [8, 3, 2, "[1, 1]"]',
    "conv: {padding: [[1, 1], [1, 1]], stride: 2, kernel: 3, filters: 8}",
    "conv: {filters: 2 * channels + 2, kernel: channels, stride: channels - 1, padding: 1}",
    'conv: {"filters": 8, "kernel": 3, "stride": 2, "padding": 1}',
    "conv: [+8, 3, 2, 1]",
]


@pytest.mark.parametrize("text", SAME_LAYER)
def test_ways_to_write_a_layer(text: str) -> None:
    found = graph(f"input: [3, 9, 9]\nlayers:\n  - {text}\n")
    (node,) = found.layers
    assert node.facts.output == (8, 5, 5)
    assert node.facts.weights == {"weight": (8, 3, 3, 3), "bias": (8,)}


@pytest.mark.parametrize(
    "text", ["relu", "{relu: }", "relu:", "{relu: {}}", "relu: ~", "{relu: []}"]
)
def test_a_kind_without_options(text: str) -> None:
    assert names(graph(f"input: [3]\nlayers:\n  - {text}\n")) == ["relu"]


@pytest.mark.parametrize(
    ("options", "stride"),
    [("3", 3), ("[3]", 3), ("[3, 1]", 1), ("{kernel: 3}", 3), ("[[3, 3]]", 3)],
)
def test_a_pool_steps_by_its_kernel(options: str, stride: int) -> None:
    found = report(f"input: [3, 9, 9]\nlayers:\n  - max_pool: {options}\n")
    assert found.layers[0].receptive_field == ((3, 3), (stride, stride), (0, 0))


RANKS: list[tuple[tuple[int, ...], list[Any], tuple[int, ...]]] = [
    ((3, 20), [{"conv": [4, 5]}, {"max_pool": 2}], (4, 8)),
    ((3, 20, 12), [{"conv": [4, 5]}, {"max_pool": 2}], (4, 8, 4)),
    ((3, 20, 12, 14), [{"conv": [4, 5]}, {"max_pool": 2}], (4, 8, 4, 5)),
    ((3, 20, 12, 14), [{"conv": [4, [1, 3, 5]]}, "global_avg_pool", "flatten"], (4,)),
    ((3, 9), [{"conv_transpose": [2, 2, 2]}, {"upsample": 2}], (2, 36)),
    ((8,), [{"linear": 4}, "relu", {"linear": 2}], (2,)),
    ((24,), [{"reshape": [2, 3, 4]}, {"conv": [5, 2]}], (5, 2, 3)),
]


@pytest.mark.parametrize(("input", "layers", "output"), RANKS, ids=[str(r[0]) for r in RANKS])
def test_rank_of_the_input(
    input: tuple[int, ...], layers: list[Any], output: tuple[int, ...]
) -> None:
    assert chain(input, *layers).nodes[-1].facts.output == output


# -- names -------------------------------------------------------------------------------------

NAMES = [
    ("one of a kind", "[relu]", ["relu"]),
    ("several", "[relu, tanh, relu]", ["relu1", "tanh", "relu2"]),
    ("repeated", "[{relu: , repeat: 3}]", ["relu1", "relu2", "relu3"]),
    ("repeated once", "[{relu: , repeat: 1}]", ["relu1"]),
    ("never", "[tanh, {relu: , repeat: 0}]", ["tanh"]),
    ("named", "[{relu: , name: a}, relu]", ["a", "relu"]),
    ("named and repeated", "[{relu: , name: a, repeat: 2}]", ["a1", "a2"]),
    ("named with a digit and repeated", "[{relu: , name: v2, repeat: 2}]", ["v2_1", "v2_2"]),
    ("a number that is taken", "[{tanh: , name: relu1}, relu, relu]", ["relu1", "relu2", "relu3"]),
    ("a label that is taken", "[relu, {tanh: , name: relu}]", ["relu1", "relu"]),
    ("in branches", "[add: [[relu], [relu]]]", ["relu1", "relu2", "add"]),
    ("in a group", "[layers: [relu, tanh]]", ["relu", "tanh"]),
    ("in a repeated group", "[{layers: [relu, tanh], repeat: 2}]",
     ["relu1", "tanh1", "relu2", "tanh2"]),
    ("in a block", "[unit]", ["unit.relu"]),
    ("in blocks", "[unit, unit]", ["unit1.relu", "unit2.relu"]),
    ("in a named block", "[{unit: , name: head}]", ["head.relu"]),
    ("in a repeated block", "[{unit: , name: stage, repeat: 2}]", ["stage1.relu", "stage2.relu"]),
    ("a merge of one branch", "[{add: [[relu]], name: sum}, {tanh: , from: sum}]",
     ["relu", "tanh"]),
    ("with signs", "[{relu: , name: 'a-b/c d'}]", ["a-b/c d"]),
    ("in another script", "[{relu: , name: größe}]", ["größe"]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "layers", "expected"), NAMES, ids=[row[0] for row in NAMES])
def test_names(what: str, layers: str, expected: list[str]) -> None:
    found = graph(f"input: [3, 4, 4]\nblocks: {{unit: [relu]}}\nlayers: {layers}\n")
    assert names(found) == expected


def test_a_block_is_named_by_its_last_layer() -> None:
    found = graph("""\
        input: [3, 4, 4]
        blocks: {unit: [relu, tanh]}
        layers: [{unit: , name: a}, sigmoid, add: [a, sigmoid], {relu: , from: a.relu}]
        """)
    add, relu = found.nodes[-2:]
    assert [found.nodes[index].name for index in add.inputs] == ["a.tanh", "sigmoid"]
    assert [found.nodes[index].name for index in relu.inputs] == ["a.relu"]


def test_names_are_looked_up_in_the_block_first() -> None:
    found = graph("""\
        input: [3, 4, 4]
        blocks:
          unit:
            - {relu: , name: a}
            - tanh
            - add: [a, b]
        layers: [{tanh: , name: a}, {sigmoid: , name: b}, unit]
        """)
    taken = [found.nodes[index].name for index in found.nodes[-1].inputs]
    assert taken == ["unit.a", "b"]


# -- from, repeat, if, output ------------------------------------------------------------------


def test_from_input_and_from_earlier() -> None:
    found = graph("""\
        input: [3, 8, 8]
        layers:
          - {conv: [4, 3], name: a}
          - {conv: [5, 3], from: input}
          - {relu: , from: a}
        """)
    assert [node.inputs for node in found.layers] == [(0,), (0,), (1,)]


CONDITIONS = [
    ("true", True), ("false", False), ("1", True), ("0", False), ("channels == 3", True),
    ("channels > 3", False), ("flag", False), ("not flag", True), ("flag or channels", True),
    ("deep >= 2 and deep < 5", True), ("0.5", True), ("deep - 3", False), ("1 < deep < 3", False),
    ("'true'", True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "holds"), CONDITIONS, ids=[row[0] for row in CONDITIONS])
def test_if(text: str, holds: bool) -> None:
    found = graph(f"""\
        input: [3, 4, 4]
        parameters: {{flag: false, deep: 3}}
        layers: [tanh, {{relu: , if: {text}}}, {{sigmoid: , output: {text}}}, tanh]
        """)
    assert ("relu" in names(found)) == holds
    assert found.nodes[-2].is_output == holds
    assert (len(found.outputs) == 2) == holds


def test_a_layer_left_out_changes_nothing() -> None:
    found = graph("input: [3, 8]\nlayers: [tanh, {conv: [9, 3], if: 0, name: a}, relu]\n")
    assert [node.inputs for node in found.layers] == [(0,), (1,)]


@pytest.mark.parametrize(("times", "channels"), [("0", 3), ("1", 6), ("3", 24), ("deep", 12)])
def test_repeat(times: str, channels: int) -> None:
    found = graph(f"""\
        input: [3, 4, 4]
        parameters: {{deep: 2}}
        layers: [tanh, {{conv: [2 * channels, 1], repeat: {times}}}, relu]
        """)
    assert found.nodes[-1].facts.output[0] == channels


def test_an_unmarked_last_layer_is_an_output() -> None:
    """Where the last layer is left out, the one before it is the output."""
    found = graph("input: [3, 8]\nlayers: [tanh, {relu: , if: 0}]\n")
    assert [found.nodes[index].name for index in found.outputs] == ["tanh"]


def test_the_last_of_the_file_is_an_output_wherever_it_stands() -> None:
    found = graph("""\
        input: [3, 8]
        layers: [{tanh: , name: a}, relu, add: [a]]
        """)
    assert [found.nodes[index].name for index in found.outputs] == ["a", "relu"]


# -- branches ----------------------------------------------------------------------------------


def test_branches_of_every_form() -> None:
    found = graph("""\
        input: [3, 8, 8]
        layers:
          - {relu: , name: a}
          - tanh
          - add: [[], a, input, [sigmoid], {layers: [tanh]}, {layers: [relu], if: channels == 3},
                  {layers: [relu], if: channels == 4}]
        """)
    add = found.nodes[-1]
    assert [found.nodes[index].name for index in add.inputs] == [
        "tanh1", "a", "input", "sigmoid", "tanh2", "relu1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stride", "filters", "merged"), [(1, 8, True), (2, 8, False), (1, 9, False)]
)
def test_the_optional_shortcut(stride: int, filters: int, merged: bool) -> None:
    """MobileNet's: left out where sizes change, and then there is no addition."""
    found = graph(
        """\
        input: [8, 10, 10]
        parameters: {stride: 1, filters: 8}
        layers:
          - add:
              - [conv: {filters: filters, kernel: 3, stride: stride, padding: 1}]
              - {layers: [], if: stride == 1 and channels == filters}
          - relu
        """,
        stride=stride,
        filters=filters,
    )
    assert ("add" in names(found)) == merged
    assert found.nodes[-1].facts.output[0] == filters


def test_a_merge_of_one_branch_keeps_its_name() -> None:
    found = graph("""\
        input: [3, 4]
        layers: [{concat: [[tanh], {layers: [], if: 0}], name: join}, relu, {add: [join, relu]}]
        """)
    assert [found.nodes[index].name for index in found.nodes[-1].inputs] == ["tanh", "relu"]


def test_branches_in_branches() -> None:
    found = graph("""\
        input: [3, 4, 4]
        layers:
          - concat:
              - [add: [[relu], []]]
              - [concat: [[], [concat: [[], []]]]]
        """)
    assert shapes(found)[-1] == (12, 4, 4)


# -- blocks ------------------------------------------------------------------------------------


def test_defaults_see_earlier_parameters() -> None:
    found = graph("""\
        input: [4, 9, 9]
        parameters: {base: 2}
        blocks:
          unit(filters, inner=filters // 2, kernel=base + 1):
            - conv: [inner, 1]
            - conv: [filters, kernel]
        layers:
          - unit: 8
          - unit: {filters: 6, kernel: 1}
          - unit: [6, 5]
          - unit: {inner: channels, filters: 2 * channels}
        """)
    assert [node.facts.output[0] for node in found.layers] == [4, 8, 3, 6, 5, 6, 6, 12]
    assert [node.facts.output[1] for node in found.layers] == [9, 7, 7, 7, 7, 5, 5, 3]


def test_parameters_of_blocks_stand_before_the_files() -> None:
    found = graph("""\
        input: [4]
        parameters: {width: 7}
        blocks:
          inner: [linear: width]
          outer(width): [linear: width, inner]
        layers: [outer: 5]
        """)
    assert [node.facts.output for node in found.layers] == [(5,), (7,)]


def test_channels_are_those_that_come_in() -> None:
    found = graph("""\
        input: [4, 8]
        blocks: {double: [conv: [2 * channels, 1]], same(filters=channels): [conv: [filters, 1]]}
        layers: [double, double, same, {same: 3}, same]
        """)
    assert [node.facts.output[0] for node in found.layers] == [8, 16, 16, 3, 3]


def test_blocks_without_parameters_and_headers_with_spaces() -> None:
    found = graph("""\
        input: [4]
        blocks:
          plain: [relu]
          "spaced ( a , b = 2 )": [linear: a * b]
        layers: [plain, spaced: 3]
        """)
    assert shapes(found) == [(4,), (6,)]


def test_a_block_may_use_a_later_one() -> None:
    found = graph("input: [4]\nblocks: {a: [b], b: [relu]}\nlayers: [a]\n")
    assert names(found) == ["a.b.relu"]


def test_groups_repeat_several_layers() -> None:
    found = graph("""\
        input: [3, 20, 20]
        layers:
          - layers: [conv: [2 * channels, 3], relu]
            repeat: 3
          - {layers: [tanh], if: channels == 24}
          - {layers: [sigmoid], if: channels == 25}
        """)
    assert [node.facts.output[0] for node in found.layers] == [6, 6, 12, 12, 24, 24, 24]
    assert names(found)[-1] == "tanh"


# -- expressions in options --------------------------------------------------------------------


def test_expressions_of_parameters_of_parameters() -> None:
    found = network("""\
        input: [3, size, size // 2]
        parameters: {size: 32, width: size * 2, half: width / 2, list: [size, 4]}
        layers: [conv: [width, 1]]
        """)
    assert found.graph().nodes[-1].facts.output == (64, 32, 16)
    assert found.graph({"size": 8}).nodes[-1].facts.output == (16, 8, 4)
    assert found.graph({"size": 8}).parameters == {
        "size": 8, "width": 16, "half": 8.0, "list": (8, 4),
    }  # fmt: skip


def test_the_inputs_shape_in_place_of_the_files() -> None:
    found = network("input: [3, 8, 8]\nlayers: [conv: [4, 3]]\n")
    assert found.graph(input=(1, 10, 12)).nodes[-1].facts.output == (4, 8, 10)


def test_an_unknown_parameter() -> None:
    found = network("input: [3]\nparameters: {classes: 3}\nlayers: [linear: classes]\n")
    with pytest.raises(UsageError, match="no parameter `clases`") as refused:
        found.graph({"clases": 3})
    assert refused.value.hint == "did you mean `classes`?"


def test_a_lone_change_is_checked_where_it_is_used() -> None:
    text = "input: [3]\nparameters: {classes: 3}\nlayers: [linear: classes]\n"
    assert findings(text, classes=0) == [("bad-value", 3, 18)]
    assert findings(text, classes=2.5) == [("bad-value", 3, 18)]


# -- extends -----------------------------------------------------------------------------------


def at(folder: Path, **files: str) -> Graph:
    """The graph of the last of some files."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return load(str(folder / f"{name}.yaml")).graph()


BASE = """\
name: Base
source: a paper
input: [3, 8, 8]
parameters: {filters: 4, kernel: 3}
blocks: {unit: [conv: [filters, kernel], relu]}
layers: [unit, unit]
"""


@pytest.mark.parametrize("reference", ["base.yaml", "./base.yaml"])
def test_extends_a_path(tmp_path: Path, reference: str) -> None:
    found = at(tmp_path, base=BASE, net=f"extends: {reference}\nparameters: {{filters: 7}}\n")
    assert found.name == "Base"
    assert shapes(found)[-1] == (7, 4, 4)


def test_extends_changes_every_key(tmp_path: Path) -> None:
    text = """\
name: Mine
extends: base.yaml
input: [1, 10, 10]
parameters: {more: filters + 1}
blocks: {unit: [conv: [more, kernel]]}
layers: [unit, unit, unit]
"""
    found = at(tmp_path, base=BASE, net=text)
    assert (found.name, found.source) == ("Mine", "a paper")
    assert names(found) == ["unit1.conv", "unit2.conv", "unit3.conv"]
    assert shapes(found)[-1] == (5, 4, 4)


def test_extends_in_a_chain(tmp_path: Path) -> None:
    found = at(
        tmp_path,
        base=BASE,
        middle="extends: base.yaml\nparameters: {kernel: 1}\n",
        net="extends: middle.yaml\nparameters: {filters: 9}\n",
    )
    assert shapes(found)[-1] == (9, 8, 8)


def test_a_file_named_as_the_shipped_one_it_extends(tmp_path: Path) -> None:
    found = at(tmp_path, resnet50="extends: resnet50\nparameters: {classes: 10}\n")
    assert found.nodes[-1].facts.output == (10,)


# One rule for `NET` and `extends`: a name without an ending and without a `/` is a shipped
# network; all else is a file, and a missing one is an error.
NAMED = [
    # what is written, the files there, the name of the network or a part of message and hint
    ("vgg16", [], "VGG-16"),
    ("vgg16", ["vgg16.yaml"], "VGG-16"),
    ("vgg16.yaml", ["vgg16.yaml"], "Base"),
    ("./vgg16.yaml", ["vgg16.yaml"], "Base"),
    ("vgg16.yaml", [], "no such file|`vgg16` is the shipped network"),
    ("./vgg16.yaml", [], "no such file|`vgg16` is the shipped network"),
    ("base", ["base.yaml"], "no shipped network `base`|`base.yaml`"),
    ("vgg61", [], "no shipped network `vgg61`|did you mean `vgg"),
    ("bse.yaml", ["base.yaml"], "no such file|did you mean `base.yaml`?"),
]


@pytest.mark.parametrize(("net", "files", "expected"), NAMED)
def test_which_network_a_name_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, net: str, files: list[str], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in files:
        (tmp_path / file).write_text(BASE)
    message, _, hint = expected.partition("|")
    if hint:
        with pytest.raises(UsageError, match=re.escape(message)) as usage:
            load(net)
        assert hint in (usage.value.hint or "")
    else:
        assert load(net).graph().name == expected
    (tmp_path / "mine.yml").write_text(f"extends: {net}\n")
    if hint:
        with pytest.raises(SpecError) as refused:
            load("mine.yml").graph()
        assert hint in (refused.value.diagnostics[0].hint or "")
        assert refused.value.diagnostics[0].rule == "undefined-name"
    else:
        assert load("mine.yml").graph().name == expected


def test_a_file_that_is_extended_is_an_architecture_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("root:x:0:0\n")
    (tmp_path / "net.yaml").write_text("extends: ./secret\n")
    with pytest.raises(SpecError) as refused:
        load(str(tmp_path / "net.yaml")).graph()
    (finding,) = refused.value.diagnostics
    assert (finding.rule, finding.hint) == ("undefined-name", "they end in .yaml")
    assert finding.excerpt == "extends: ./secret"


# -- messages ----------------------------------------------------------------------------------


def test_one_cause_gives_one_finding() -> None:
    text = """\
input: [3, 8, 8]
layers:
  - {conv: [4, 9], name: a}
  - relu
  - {tanh: , name: b, from: a}
  - concat: [a, b]
  - linear: 10
"""
    assert findings(text) == [("kernel-larger-than-input", 3, 16)]


def test_what_stands_apart_from_an_error_is_looked_at() -> None:
    text = """\
input: [3, 8, 8]
layers:
  - {conv: [4, 9], name: a}
  - {conv: [4, 10], from: input}
  - {flatten: , from: input}
  - {conv: [4, 3]}
"""
    assert findings(text) == [
        ("kernel-larger-than-input", 3, 16),
        ("kernel-larger-than-input", 4, 16),
        ("shape-mismatch", 6, 6),
    ]


def test_all_mistakes_of_writing_are_told_at_once() -> None:
    text = """\
input: [3, 0, 8]
parameters: {a: 010}
layers:
  - conv: {filters: no, kernel: 3}
  - {relu: 3}
  - rlu
"""
    found = findings(text)
    assert ("bad-value", 4, 21) in found
    assert ("bad-value", 5, 12) in found
    assert ("unknown-layer", 6, 5) in found


def test_a_finding_inside_a_block_tells_where_it_was_used() -> None:
    found = network("""\
input: [3, 8, 8]
blocks:
  inner(kernel): [conv: [4, kernel]]
  outer: [inner: 3, inner: 7]
layers:
  - relu
  - outer
""").elaborate()
    (finding,) = found.diagnostics
    assert finding.rule == "kernel-larger-than-input"
    assert finding.layer == "outer.inner2.conv"
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == (3, 29)
    assert [(use.line, use.column) for use in finding.used] == [(4, 21), (7, 5)]
    assert finding.excerpt == "  inner(kernel): [conv: [4, kernel]]"


HINTS = [
    ("layers: [convv: [1, 1]]", "did you mean `conv`?"),
    ("layers: [Conv2d: [1, 1]]", "did you mean `conv`?"),
    ("layers: [Dense: 3]", "did you mean `linear`?"),
    ("layers: [conv: {filters: 1, kernal: 1}]", "did you mean `kernel`?"),
    ("layers: [{conv: [1, 1], nmae: a}]", "did you mean `name`?"),
    ("layers: [{relu: , name: first}, {tanh: , from: frist}]", "did you mean `first`?"),
    ("layers: [conv: {filters: 1, kernel: 1, padding: smae}]", "did you mean `same`?"),
    ("layers: [upsample: {scale: 2, mode: neaerst}]", "did you mean `nearest`?"),
    ("layers: [conv: [sizes, 1]]\nparameters: {size: 1}", "did you mean `size`?"),
    ("layers: [{conv: [1, 1], stride: 2}]", "write it inside: `conv: {…, stride: …}`"),
    ("layers: [conv: {filters: 1, kernel: 1, name: a}]",
        "`name` stands beside `conv`, not inside it"),
    ("layers: [conv: [1, 0x3]]", "numbers are decimal: 10, 0.5"),
    ("layers: [conv: [1, 03]]", "write 3"),
    ("layers: [conv: {filters: 1, kernel: 1, bias: no}]", "write false for a truth value"),
    ("layer: [relu]", "did you mean `layers`?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "hint"), HINTS, ids=[row[0] for row in HINTS])
def test_hints(text: str, hint: str) -> None:
    from cnncalc.diagnostics import SpecError

    try:
        found = network(f"input: [3, 8, 8]\n{text}\n").elaborate().diagnostics
    except SpecError as error:
        found = error.diagnostics
    assert hint in f"{found[0].message} {found[0].hint}"


def test_immutable_graph() -> None:
    found = chain((3,), "relu")
    with pytest.raises(AttributeError):
        found.name = "other"  # type: ignore[misc]


# -- entering ----------------------------------------------------------------------------------


def test_entering_does_not_move() -> None:
    found = graph("""\
        input: [16, 8, 8]
        blocks:
          inner: [conv: [2 * entering, 1], conv: [entering + 1, 1]]
          outer(width=entering * 3):
            - conv: [width, 1]
            - inner
            - conv: [entering, 1]
        layers: [outer, {outer: entering2 // 2, from: input}]
        parameters: {entering2: 8}
        """)
    assert [shape[0] for shape in shapes(found)] == [48, 96, 49, 16, 4, 8, 5, 16]


ENTERING = [
    ("layers:\n  - {relu: , if: entering > 3}\n", "undefined-name"),
    ("parameters: {entering: 3}\nlayers: [relu]\n", "duplicate-name"),
    ("blocks: {'b(entering)': [relu]}\nlayers: [b: 3]\n", "bad-expression"),
]


@pytest.mark.parametrize(("text", "rule"), ENTERING)
def test_entering_is_a_word_of_blocks(text: str, rule: str) -> None:
    assert [found[0] for found in findings(f"input: [16, 8, 8]\n{text}")] == [rule]


# -- inputs from outside -----------------------------------------------------------------------

AXES = [
    ("3x384", "is 3x384x384 meant?"),
    ("384", "is 3x224x224 meant?"),
    ("3x16x16x16", "is 3x224x224 meant?"),
]


@pytest.mark.parametrize(("given", "question"), AXES)
def test_another_number_of_axes_is_a_question(given: str, question: str) -> None:
    with pytest.raises(UsageError, match="has an input of 3 sizes") as refused:
        load("vgg16").graph({}, tuple(map(int, given.split("x"))))
    assert question in (refused.value.hint or "")
