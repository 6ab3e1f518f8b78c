"""Real cases of every rule that looks at a network, and cases near them that are no mistake."""

from __future__ import annotations

from typing import Any

import pytest
from support import SPECS, listed

import cnncalc
from cnncalc.diagnostics import Diagnostic
from cnncalc.language.load import find
from cnncalc.language.text.source import Source
from cnncalc.rules.base import Limits
from cnncalc.rules.lint import lint
from rules.mutation import examined

SMALL = (3, 32, 32)


def found(rule: str, input: tuple[int, ...], *layers: Any, extra: str = "") -> list[Diagnostic]:
    """The findings of one rule in a chain of layers."""
    return [f for f in examined(extra + listed(input, list(layers))) if f.rule == rule]


def conv(filters: int = 8, kernel: Any = 3, **options: Any) -> dict[str, Any]:
    """A convolution."""
    return {"conv": {"filters": filters, "kernel": kernel, **options}}


CASES: list[tuple[str, str, tuple[int, ...], list[Any], str]] = [
    # rule, source, input, layers, a part of the message
    ("stride-does-not-tile", "AlexNet's first layer on 224", (3, 224, 224),
     [conv(96, 11, stride=4)],
     "(224 + 2·0 − 11) / 4 + 1 = 54.25: the last 1 row and column are never read"),
    ("stride-does-not-tile", "domain worked example 10, F3 S2", (1, 10), [conv(1, 3, stride=2)],
     "= 4.5: the last 1 position is never read"),
    ("stride-does-not-tile", "VGG on an odd size", (3, 225, 225), [{"max_pool": 2}],
     "the last 1 row and column are never read"),
    ("stride-does-not-tile", "one axis only", (3, 360, 45), [{"max_pool": 2}],
     "the last 1 column is never read"),
    ("stride-does-not-tile", "axes that lose unequally", (1, 12, 13), [conv(1, 5, stride=4)],
     "(12 + 2·0 − 5) / 4 + 1 = 2.75: the last 3 rows are never read"),
    ("stride-skips-input", "ResNet-50 as first published", (64, 56, 56),
     [conv(64, 1, stride=2, bias=False), "batch_norm"],
     "28 of 56 rows and columns are never read: 2,352 of 3,136 units"),
    ("stride-skips-input", "stride and dilation fall on the same units", (8, 32, 32),
     [conv(8, 3, stride=2, dilation=2, padding=2)],
     "stride 2 and dilation 2 share the factor 2: 16 of 32 rows and columns are never read"),
    ("stride-skips-input", "a gap and a rest add up to what is never read: 2 + 1 of 9", (1, 9),
     [conv(8, 3, stride=4)], "stride 4 steps over kernel 3: 2 of 9 positions are never read"),
    ("stride-does-not-tile", "the rest beside the gaps", (1, 9), [conv(8, 3, stride=4)],
     "the last 1 position is never read"),
    ("stride-does-not-tile", "one window, narrower than the stride", (1, 4),
     [conv(8, 2, stride=5)], "= 1.4: the last 2 positions are never read"),
    ("stride-does-not-tile", "one window on a tenth of the step", (1, 9),
     [conv(8, 2, stride=10)], "= 1.7: the last 7 positions are never read"),
    ("channels-last-input", "a picture as NumPy and TensorFlow have it", (32, 32, 3), [conv()],
     "[32, 32, 3] is read as 32 channels of 32×3"),
    ("uneven-padding", "TensorFlow's same on an even size", (3, 224, 224),
     [conv(32, 3, stride=2, padding="same")], "pads 0 before and 1 after"),
    ("uneven-padding", "an even kernel", (3, 32, 32), [conv(8, 4, padding="same")],
     "pads 1 before and 2 after"),
    ("uneven-padding", "ONNX SAME_LOWER", (3, 32, 32), [conv(8, 2, padding="same_lower")],
     "pads 1 before and 0 after"),
    ("window-in-padding", "padding 1 around a 1×1", (8, 8, 8), [conv(8, 1, padding=1)],
     "the first 1 and the last 1 of 10 windows read only padding"),
    ("window-in-padding", "FCN's padding of 100", (3, 500, 500), [conv(64, 3, padding=100)],
     "the first 98 and the last 98 of 698"),
    ("window-in-padding", "a dilated kernel steps over its input", (1, 1),
     [conv(1, 2, dilation=3, padding=2)], "the first 2 of 2 windows read only padding"),
    ("checkerboard", "DCGAN with 5×5 kernels and stride 2", (1024, 4, 4),
     [{"conv_transpose": [512, 5, 2, 2, 1]}], "kernel 5 is no multiple of stride 2"),
    ("checkerboard", "a stride over the kernel leaves holes", (4, 4, 4),
     [{"conv_transpose": [4, 2, 3]}], "the others stay empty"),
    ("bias-before-norm", "VGG-16 with batch normalization, torchvision", SMALL,
     [conv(64, 3, padding=1), "batch_norm", "relu"], "cancelled by `batch_norm`"),
    ("bias-before-norm", "style transfer", SMALL, [conv(), "instance_norm", "relu"],
     "cancelled by `instance_norm`"),
    ("bias-before-norm", "a classifier", (100,), [{"linear": 50}, "batch_norm"], "batch_norm"),
    ("no-nonlinearity", "a forgotten activation", (100,), [{"linear": 50}, {"linear": 10}],
     "between `linear1` and this layer"),
    ("no-nonlinearity", "batch normalization bends nothing", SMALL,
     [conv(), "batch_norm", {"dropout": 0.5}, conv()], "no nonlinearity"),
    ("dilation-gridding", "dilations 2-2-2 (Wang et al. 2018)", (8, 64, 64),
     [conv(8, 3, dilation=2), "relu", conv(8, 3, dilation=2), "relu", conv(8, 3, dilation=2)],
     "dilations 2-2-2 in a row share the factor 2"),
    ("dilation-gridding", "2-4-8 without a dense kernel before", (8, 64, 64),
     [conv(8, 3, dilation=2), "relu", conv(8, 3, dilation=4), "relu", conv(8, 3, dilation=8)],
     "dilations 2-4-8"),
    ("misaligned-merge", "a pool without the convolution's padding", (4, 33, 33),
     [{"concat": [[conv(4, 3, stride=2, padding=1)],
                  [{"max_pool": [3, 2]}, {"pad": {"padding": [[0, 1], [0, 1]]}}]]}],
     "is centred 1 px of the input after branch 1"),
    ("misaligned-merge", "a corner cut out", (4, 32, 32),
     [{"add": [[conv(4, 5)], [{"crop": {"size": 28, "offset": 0}}]]}], "2 px of the input before"),
    ("misaligned-merge", "an even kernel beside the identity", (4, 32, 32),
     [{"add": [[], [conv(4, 2, padding="same")]]}], "0.5 px"),
    ("misaligned-merge", "strides that differ", (4, 8, 8),
     [{"concat": [[{"max_pool": 2}], [{"crop": {"size": 4}}]]}], "px apart"),
    ("unused-layer", "a head that nobody reads", SMALL,
     [{**conv(), "name": "stem"}, "relu", {**conv(10, 1), "from": "stem"}], "nothing takes"),
    ("dominant-layer", "AlexNet's first fully connected layer", (256, 6, 6),
     ["flatten", {"linear": 4096}, "relu", {"linear": 256}, "relu", {"linear": 64}, "relu",
      {"linear": 10}], "97.3%"),
    ("large-kernel", "one 7×7, C to C, against three 3×3", (64, 56, 56), [conv(64, 7, padding=3)],
     "with 110,592 weights in place of 200,704"),
    ("aggressive-pooling", "a pool of 4", (3, 64, 64), [{"max_pool": 4}], "keeps 6.25%"),
    ("receptive-field-too-small", "two 3×3 see 5×5, and an average makes the answer of them", SMALL,
     [conv(), "relu", conv(), "relu", "global_avg_pool", "flatten", {"linear": 10}],
     "sees 5 of 32 pixels"),
    ("misaligned-merge", "causal in one branch, the future in the other", (4, 64),
     [{"add": [[conv(4, 3, padding=[[2, 0]])], [conv(4, 3, padding=[[0, 2]])]]}], "2 px"),
    ("misaligned-merge", "a causal axis does not excuse a crop", (4, 64),
     [{"add": [[conv(4, 3, padding=[[2, 0]])], []]},
      {"add": [[conv(4, 5)], [{"crop": {"size": 60, "offset": 0}}]]}], "2 px of the input before"),
    ("input-not-divisible", "one axis", (3, 32, 30),
     [conv(8, 3, stride=2, padding=1), "relu", conv(8, 3, stride=2, padding=1)],
     "30 is no multiple of the network's total stride 4: 30 / 4 = 7.5"),
    ("unproductive-layer", "3×3 on a map of 2", (3, 2, 2), [conv(8, 3, padding=1)] * 3,
     "covers mostly padding"),
    ("input-not-divisible", "a total stride of 4 on 30", (3, 30, 30),
     [conv(8, 3, stride=2, padding=1), "relu", conv(8, 3, stride=2, padding=1)],
     "30 is no multiple of the network's total stride 4: 30 / 4 = 7.5"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "source", "input", "layers", "part"), CASES)
def test_found(
    rule: str, source: str, input: tuple[int, ...], layers: list[Any], part: str
) -> None:
    messages = [finding.message for finding in found(rule, input, *layers)]
    assert len(messages) == 1, source
    assert part in messages[0]


RIGHT: list[tuple[str, str, tuple[int, ...], list[Any]]] = [
    # rule, why there is no finding, input, layers
    ("stride-does-not-tile", "AlexNet on 227", (3, 227, 227), [conv(96, 11, stride=4)]),
    ("stride-does-not-tile", "torchvision's GoogLeNet pools round up", (64, 112, 112),
     [{"max_pool": {"kernel": 3, "stride": 2, "ceil_mode": True}}]),
    ("stride-does-not-tile", "a stride over the kernel is another rule's", SMALL,
     [conv(8, 1, stride=2)]),
    ("stride-skips-input", "ResNet's shortcut: the 3×3 beside it reads all", (64, 56, 56),
     [{"add": [[conv(128, 3, stride=2, padding=1)], [conv(128, 1, stride=2)]]}]),
    ("uneven-padding", "same on a size that needs none", (3, 33, 33),
     [conv(8, 3, stride=2, padding="same")]),
    ("uneven-padding", "the odd row makes the stride tile", (3, 10, 10),
     [conv(8, 3, stride=2, padding=[[0, 1], [0, 1]])]),
    ("uneven-padding", "causal", (3, 100), [conv(8, 3, padding=[[2, 0]])]),
    ("window-in-padding", "ordinary padding", SMALL, [conv(8, 3, padding=1)]),
    ("window-in-padding", "padding 2 with a kernel of 3", SMALL, [conv(8, 3, padding=2)]),
    ("checkerboard", "DCGAN as in the PyTorch examples", (1024, 4, 4),
     [{"conv_transpose": [512, 4, 2, 1]}]),
    ("checkerboard", "stride 1 overlaps evenly", (8, 8, 8), [{"conv_transpose": [8, 3, 1, 1]}]),
    ("checkerboard", "a generator's first layer: one input overlaps with nothing", (100, 1, 1),
     [{"conv_transpose": [8, 7, 2]}]),
    ("bias-before-norm", "layer normalization leaves the bias", SMALL, [conv(), "layer_norm"]),
    ("bias-before-norm", "group normalization leaves the bias", SMALL, [conv(), {"group_norm": 2}]),
    ("bias-before-norm", "an activation between", SMALL, [conv(), "relu", "batch_norm"]),
    ("bias-before-norm", "the output is used elsewhere too", SMALL,
     [{**conv(), "name": "stem"}, "batch_norm", {"add": [[], "stem"]}]),
    ("no-nonlinearity", "MobileNetV2's linear bottleneck", (96, 14, 14),
     [conv(24, 1), "batch_norm", conv(144, 1), "relu6"]),
    ("no-nonlinearity", "a factorized classifier", (4096,), [{"linear": 64}, {"linear": 1000}]),
    ("no-nonlinearity", "depthwise separable", SMALL, [{"depthwise_conv": 3}, conv(16, 1)]),
    ("no-nonlinearity", "1×7 and 7×1", SMALL, [conv(8, [1, 7]), conv(8, [7, 1])]),
    ("no-nonlinearity", "FCN's scores are enlarged", (64, 8, 8),
     [conv(21, 1), {"conv_transpose": [21, 4, 2]}]),
    ("no-nonlinearity", "sub-pixel enlargement (EDSR)", (64, 8, 8),
     [conv(256, 3, padding=1), {"pixel_shuffle": 2}, conv(3, 3, padding=1)]),
    ("no-nonlinearity", "a max pool bends", SMALL, [conv(), {"max_pool": 2}, conv()]),
    ("no-nonlinearity", "a residual sum between", (8, 8, 8),
     [{"add": [[conv(8, 3, padding=1)], []]}, conv(8, 3)]),
    ("dilation-gridding", "WaveNet's 1-2-4-8", (8, 64),
     [layer for d in (1, 2, 4, 8) for layer in (conv(8, 2, dilation=d), "relu")]),
    ("dilation-gridding", "1-2-3 of Wang et al.", (8, 64, 64),
     [layer for d in (1, 2, 3) for layer in (conv(8, 3, dilation=d), "relu")]),
    ("dilation-gridding", "ASPP: side by side", (8, 64, 64),
     [{"concat": [[conv(8, 3, dilation=d, padding=d)] for d in (6, 12, 18)]}]),
    ("misaligned-merge", "Inception's reduction", (4, 35, 35),
     [{"concat": [[conv(4, 3, stride=2)], [conv(4, 1), conv(4, 3, padding=1),
                                           conv(4, 3, stride=2)], [{"max_pool": [3, 2]}]]}]),
    ("misaligned-merge", "ResNet-D's average pool in the shortcut", (4, 32, 32),
     [{"add": [[conv(4, 3, stride=2, padding=1)], [{"avg_pool": 2}, conv(4, 1)]]}]),
    ("misaligned-merge", "squeeze-and-excitation", (4, 32, 32),
     [{"multiply": [[], ["global_avg_pool", conv(4, 1), "sigmoid"]]}]),
    ("misaligned-merge", "a decoder on top of strided convolutions", (4, 32, 32),
     [{**conv(4, 3, padding=1), "name": "high"}, "relu", conv(8, 3, stride=2, padding=1), "relu",
      {"upsample": 2}, {"concat": [[], "high"]}]),
    ("unused-layer", "marked as an output", SMALL,
     [{**conv(), "name": "stem"}, {"relu": {}, "output": True},
      {**conv(10, 1), "from": "stem"}]),
    ("unused-layer", "its size is used", (3, 33, 33),
     [{"max_pool": 2, "name": "half"}, {**conv(), "from": "input"}, {"crop": "half"}]),
    ("large-kernel", "few channels come in", (3, 224, 224), [conv(64, 7, padding=3)]),
    ("large-kernel", "a stack with just as many weights", (9, 56, 56), [conv(16, 5, padding=2)]),
    ("large-kernel", "depthwise", SMALL, [{"depthwise_conv": {"kernel": 7}}]),
    ("large-kernel", "a fully connected layer as a convolution", (512, 7, 7), [conv(4096, 7)]),
    ("aggressive-pooling", "over the whole map", (8, 7, 7), [{"avg_pool": 7}]),
    ("aggressive-pooling", "stride 1", (8, 32, 32),
     [{"max_pool": {"kernel": 5, "stride": 1, "padding": 2}}]),
    ("input-not-divisible", "AlexNet on 227 follows another arithmetic", (3, 227, 227),
     [conv(96, 11, stride=4), "relu", {"max_pool": [3, 2]}]),
    ("receptive-field-too-small", "fully connected layers bring the parts together", SMALL,
     [conv(), "relu", conv(), "relu", "flatten", {"linear": 10}]),
    ("receptive-field-too-small", "a map is the answer", SMALL, [conv(), "relu", conv(10, 1)]),
    ("input-not-divisible", "every window tiles", (3, 5, 5), [conv(8, 3, stride=2, padding=1)]),
    ("misaligned-merge", "a causal residual", (4, 64),
     [{"add": [[conv(4, 2, dilation=d, padding=[[d, 0]]), "relu"], []]} for d in (1, 2, 4)]),
    ("misaligned-merge", "causal by a layer of its own", (4, 64),
     [{"add": [[{"pad": {"padding": [[2, 0]]}}, conv(4, 3), "relu"], []]}] * 2),
    ("misaligned-merge", "read from the end", (4, 64),
     [{"add": [[conv(4, 3, padding=[[0, 2]]), "relu"], []]}] * 2),
    ("receptive-field-too-small", "attention sees all", SMALL,
     [conv(), {"self_attention": 2}, "relu"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "source", "input", "layers"), RIGHT)
def test_not_found(rule: str, source: str, input: tuple[int, ...], layers: list[Any]) -> None:
    findings = examined(listed(input, layers))
    assert [f for f in findings if f.severity == "error"] == [], source
    # what only leaves padding unread is a note
    assert [f.message for f in findings if f.rule == rule and f.severity != "note"] == [], source
    if rule not in ("stride-does-not-tile",):
        assert rule not in [f.rule for f in findings], source


def test_every_rule_has_a_real_case() -> None:
    from cnncalc.rules.checks import CHECKS

    covered = {case[0] for case in CASES} | {"budget-exceeded", "expectation-missed"}
    covered |= {"channels-last-input", "batch-in-input", "moving-channels"}  # in test_writing
    covered |= {"merge-of-one-branch", "unused-parameter"}  # there as well
    covered |= {"size-not-restored"}  # in tests/answers/test_cases.py
    covered |= {"unknown-operator"}  # in tests/layers/test_custom.py
    assert covered == {rule.name for rule in CHECKS}


def test_only_padding_unread_is_a_note() -> None:
    (finding,) = found("stride-does-not-tile", (64, 56, 56), conv(64, 3, stride=2, padding=1))
    assert finding.severity == "note"
    assert finding.message.endswith("28.5: only padding is left unread")
    assert finding.fixes == ()


def test_repairs_are_ranked_and_tell_their_output() -> None:
    (finding,) = found("stride-does-not-tile", (3, 224, 224), conv(96, 11, stride=4))
    assert [fix.description for fix in finding.fixes] == [
        "padding 0 before and 3 after tiles: output 55",
        "padding 3 before and 0 after tiles: output 55",
        "kernel 12 tiles: output 54",
        "stride 3 tiles: output 72",
        "an input of 223 tiles: output 54",
        "an input of 227 tiles: output 55",
    ]
    assert not any(fix.safe for fix in finding.fixes)


PADDED_UNET = """\
input: [1, 225, 225]
blocks:
  double(filters):
    - {layers: [conv: {filters: filters, kernel: 3, padding: 1}, relu], repeat: 2}
layers:
  - {double: 8, name: down1}
  - max_pool: 2
  - {double: 16, name: down2}
  - max_pool: 2
  - double: 32
  - {conv_transpose: [16, 2, 2], name: up2}
  - concat: [up2, down2]
  - double: 16
  - {conv_transpose: [8, 2, 2], name: up1}
  - concat: [up1, down1]
  - double: 8
"""


def test_unet_with_an_odd_input() -> None:
    (finding,) = examined(PADDED_UNET)
    assert (finding.rule, finding.severity) == ("odd-upsampling", "error")
    assert "[8, 224, 224]" in finding.message
    assert finding.hint is not None
    assert finding.hint.startswith("an input of 224×224 or 228×228 fits")


@pytest.mark.parametrize("size", [224, 228])
def test_unet_with_the_sizes_named(size: int) -> None:
    findings = lint(Source("net.yaml", PADDED_UNET), (1, size, size))
    assert {finding.severity for finding in findings} <= {"note"}


def test_mismatch_that_no_size_cures_stays_one() -> None:
    text = listed((4, 32, 32), [{"concat": [[], [{"max_pool": 2}]]}])
    assert [finding.rule for finding in examined(text)] == ["shape-mismatch"]


def test_finding_in_a_block_names_its_use_and_is_told_once() -> None:
    text = """\
input: [3, 32, 32]
blocks:
  unit(filters):
    - conv: {filters: filters, kernel: 3, padding: 1}
    - batch_norm
    - relu
  stage(filters, depth):
    - unit: filters
      repeat: depth
layers:
  - stage: [8, 2]
  - stage: [16, 3]
"""
    (finding,) = [f for f in examined(text) if f.rule == "bias-before-norm"]
    assert finding.times == 5
    assert finding.place is not None
    assert finding.place.line == 4
    assert [place.line for place in finding.used] == [8, 11]


BUDGETS = [
    ("{params: 1K}", {}, ["896 parameters"], 0),
    ("{params: 1K}", {"params": 895}, [], 1),
    ("{params: 0.8K, macs: 700K}", {}, [], 2),
    ("{memory: 128KiB}", {}, [], 0),
    ("{memory: 100KiB}", {}, [], 1),
    ("{macs: 777600}", {}, [], 0),
    ("{macs: 777599}", {}, [], 1),
    ("{macs: 1M}", {"batch": 2}, [], 1),
]


@pytest.mark.parametrize(("budget", "limits", "parts", "count"), BUDGETS)
def test_budget(budget: str, limits: dict[str, int], parts: list[str], count: int) -> None:
    text = f"input: [3, 32, 32]\nbudget: {budget}\nlayers:\n  - conv: [32, 3]\n"
    text = text.replace("[32, 3]", "[32, 3, 1]")
    findings = lint(Source("n.yaml", text), limits=Limits(**limits))
    exceeded = [f for f in findings if f.rule == "budget-exceeded"]
    assert len(exceeded) == count, [f.message for f in findings]
    assert all(f.severity == "error" and f.place for f in exceeded)


@pytest.mark.parametrize(
    "budget", ["{params: many}", "{params: -1}", "{size: 3}", "5M", "{macs: 3KiB}", "{memory: 3Ki}"]
)
def test_budget_refused(budget: str) -> None:
    text = f"input: [3, 8, 8]\nbudget: {budget}\nlayers: [relu]\n"
    (finding,) = examined(text)
    assert finding.rule in ("bad-value", "unknown-key")
    assert finding.place is not None
    assert finding.place.line == 2


@pytest.mark.parametrize("name", ["unet", "vgg16", "googlenet", "resnet50"])
def test_shipped_files_need_no_network_access(name: str) -> None:
    assert all(finding.place for finding in lint(find(str(SPECS / f"{name}.yaml"))))


UNET = """\
input: [3, 96, 96]
blocks:
  double(filters):
    - layers: [conv: {filters: filters, kernel: 3, padding: 1}, relu]
      repeat: 2
layers:
  - {double: 4, name: d1}
  - max_pool: 2
  - {double: 8, name: d2}
  - max_pool: 2
  - {double: 16, name: d3}
  - max_pool: 2
  - {double: 32, name: d4}
  - max_pool: 2
  - double: 64
  - {conv_transpose: {filters: 32, kernel: 2, stride: 2}, name: u4}
  - concat: [d4, u4]
  - double: 32
  - {conv_transpose: {filters: 16, kernel: 2, stride: 2}, name: u3}
  - concat: [d3, u3]
  - double: 16
  - {conv_transpose: {filters: 8, kernel: 2, stride: 2}, name: u2}
  - concat: [d2, u2]
  - double: 8
  - {conv_transpose: {filters: 4, kernel: 2, stride: 2}, name: u1}
  - concat: [d1, u1]
  - conv: [2, 1]
"""


@pytest.mark.parametrize(
    ("sizes", "near"),
    [
        ((100, 100), [(96, 96), (112, 112)]),
        ((99, 99), [(96, 96), (112, 112)]),
        ((255, 256), [(240, 256), (256, 256)]),
        ((256, 257), [(256, 256), (256, 272)]),
        ((250, 100), [(240, 96), (256, 112)]),
    ],
)
def test_inputs_that_fit_do_fit(sizes: tuple[int, int], near: list[tuple[int, int]]) -> None:
    source = Source("unet.yaml", UNET)
    (finding,) = [f for f in lint(source, (3, *sizes)) if f.severity == "error"]
    assert finding.rule == "odd-upsampling"
    told = " or ".join("×".join(map(str, one)) for one in near)
    assert finding.hint == f"an input of {told} fits; `upsample: {{like: …}}` or `crop` takes any"
    for one in near:
        assert "error" not in [f.severity for f in lint(source, (3, *one))]


def test_no_input_near() -> None:
    layers = [{"max_pool": 2, "name": "half"}, {"concat": ["half", "input"]}]
    (finding,) = [f for f in examined(listed((3, 32, 32), layers)) if f.severity == "error"]
    assert finding.rule == "shape-mismatch"
    assert finding.hint is not None
    assert finding.hint.endswith("no input near 32×32 makes them meet")


def test_what_would_divide_is_tried() -> None:
    strided = [conv(8, 3, stride=2, padding=1), "relu", conv(8, 3, stride=2, padding=1)]
    (finding,) = found("input-not-divisible", (3, 32, 30), *strided)
    assert finding.hint == "32×28 or 32 would divide"
    # 28 divides as well, and makes another map than the reshaping takes
    (finding,) = found("input-not-divisible", (3, 30, 30), *strided, {"reshape": [512]})
    assert finding.hint == "32 would divide"


def test_a_hint_that_was_tried_in_vain_says_so() -> None:
    layers = [conv(9, 3, groups=4), "relu", conv(8, 40)]
    findings = examined(listed((6, 32, 32), layers))
    hints = {finding.rule: (finding.hint, len(finding.fixes)) for finding in findings}
    # 3 divides 6 channels and 9 filters, and a kernel of 30 fits: each mends its layer
    assert hints["groups-do-not-divide"] == ("3 groups would", 1)
    assert hints["kernel-larger-than-input"][1] == 1
    # a kernel that fits leaves a map that the next layer does not take
    layers = [conv(8, 40), {"reshape": [8, 2, 2]}]
    (finding,) = [f for f in examined(listed((6, 32, 32), layers)) if f.severity == "error"]
    assert finding.fixes == ()
    assert finding.hint is not None
    assert finding.hint.endswith("that was tried, and the network breaks elsewhere")


def test_padding_in_a_layer_of_its_own_is_padding() -> None:
    """The same network twice, so the same note: only padding is left unread."""
    own = "input: [3, 88, 88]\nlayers:\n  - conv: {filters: 8, kernel: 5, stride: 2, padding: 2}\n"
    apart = (
        "input: [3, 88, 88]\nlayers:\n  - pad: 2\n  - conv: {filters: 8, kernel: 5, stride: 2}\n"
        "  - pad: {padding: 2, mode: reflect}\n  - conv: {filters: 8, kernel: 5, stride: 2}\n"
    )
    (one,) = [d for d in cnncalc.analyze(yaml=own).diagnostics if d.rule == "stride-does-not-tile"]
    first = cnncalc.analyze(yaml=apart).diagnostics
    (two,) = [d for d in first if d.rule == "stride-does-not-tile" and d.layer == "conv1"]
    assert (one.severity, one.message) == (two.severity, two.message)
    assert two.severity == "note"
