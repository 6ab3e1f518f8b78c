"""Transforms: what is made computes the same with the weights that come along."""

from __future__ import annotations

import pytest
from support import network, same_network, shapes, zoo_graph

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.weights import arrays_of
from cnncalc.language.load import load
from cnncalc.language.network import Network
from cnncalc.layers.norm import BatchNorm
from cnncalc.numerics.weights.generated import declared_arrays
from cnncalc.transforms.apply import Transformed, difference, transformed
from cnncalc.transforms.steps import RequestedTransforms

FOLDED = RequestedTransforms(fold_batch_norm=True)
CONVOLUTIONAL = RequestedTransforms(fully_convolutional=True)
MAIN = RequestedTransforms(without_auxiliary=True)


def made(
    net: Network, wanted: RequestedTransforms, input: tuple[int, ...] | None = None
) -> Transformed:
    return transformed(net, wanted, {}, input)


def apart(net: Network, found: Transformed) -> float:
    """The largest relative difference of the outputs before and after."""
    return difference(found, arrays_of(net, found.before, None, None, 0), 0)


SAME = [
    # network, transform, what is left of layers or of what kind, parameters after
    ("resnet18", FOLDED), ("mobilenet_v2", FOLDED), ("mobilenet_v3_small", FOLDED),
    ("densenet121", FOLDED), ("googlenet", FOLDED), ("shufflenet_v2_x0_5", FOLDED),
    ("dcgan_generator", FOLDED), ("regnet_y_400mf", FOLDED), ("resnet164_preactivation", FOLDED),
    ("efficientnet_b0", FOLDED),
    ("lenet5", CONVOLUTIONAL), ("alexnet", CONVOLUTIONAL), ("cifar10_convnet", CONVOLUTIONAL),
    ("resnet18", CONVOLUTIONAL), ("mobilenet_v3_small", CONVOLUTIONAL),
    ("googlenet_original", CONVOLUTIONAL), ("siamese_patches", CONVOLUTIONAL),
    ("convnext_tiny", CONVOLUTIONAL),
    ("googlenet", MAIN), ("googlenet_original", MAIN),
    ("googlenet", RequestedTransforms(True, None, True, True)),
]  # fmt: skip


@pytest.mark.parametrize(("net", "wanted"), SAME)
def test_a_shipped_network_computes_the_same(net: str, wanted: RequestedTransforms) -> None:
    one = load(net)
    assert isinstance(one, Network)
    found = made(one, wanted)
    assert not found.drawn()
    assert apart(one, found) < 1e-4
    assert found.text is None or same_network(network(found.text).graph(), found.graph)


BUILT = [
    # layers on [4, 12, 12], transform, kinds afterwards
    ("conv: [6, 3], batch_norm, relu", FOLDED, "conv relu"),
    ("conv: {filters: 6, kernel: 3, groups: 2, bias: false}, batch_norm", FOLDED, "conv"),
    ("depthwise_conv: {kernel: 3, multiplier: 2}, batch_norm: {affine: false}", FOLDED,
     "depthwise_conv"),
    ("separable_conv: [6, 3], batch_norm: {eps: 0.1}", FOLDED, "separable_conv"),
    ("locally_connected: [6, 3], batch_norm", FOLDED, "locally_connected"),
    ("conv_transpose: {filters: 6, kernel: 3, stride: 2, groups: 2}, batch_norm", FOLDED,
     "conv_transpose"),
    ("conv: {filters: 6, kernel: 3, trainable: false}, batch_norm", FOLDED, "conv"),
    ("flatten, linear: 5, batch_norm, relu", FOLDED, "flatten linear relu"),
    ("{conv: [4, 3, 1, 1], name: a}, {batch_norm, name: b}, {conv: [4, 3, 1, 1], share: a}, "
     "{batch_norm, share: b}", FOLDED, "conv conv"),
    ("conv: [6, 3], batch_norm, relu, batch_norm", FOLDED, "conv relu batch_norm"),
    ("max_pool: 2, flatten, dropout, linear: 5, relu, linear: 3, softmax", CONVOLUTIONAL,
     "max_pool dropout conv relu conv softmax"),
    ("reshape: [-1], {linear: {features: 5, bias: false}}, batch_norm, scale", CONVOLUTIONAL,
     "conv batch_norm scale"),
    ("global_avg_pool, flatten, dropout, linear: 5", CONVOLUTIONAL, "avg_pool dropout conv"),
    ("global_max_pool, dropout, flatten, linear: 5", CONVOLUTIONAL, "max_pool dropout conv"),
    ("adaptive_avg_pool: 12, flatten, linear: 5", CONVOLUTIONAL, "conv"),
    ("adaptive_avg_pool: 4, flatten, linear: 5", CONVOLUTIONAL, "avg_pool conv"),
    ("concat: [[conv: [2, 3], flatten], [conv: [3, 3], relu, flatten]], linear: 5",
     CONVOLUTIONAL, "conv conv relu concat conv"),
    ("flatten, add: [[linear: 6, relu, linear: 6], [linear: 6]], linear: 2", CONVOLUTIONAL,
     "conv relu conv conv add conv"),
    ("multiply: [[], [global_avg_pool, flatten, linear: 2, relu, linear: 4, reshape: [4, 1, 1]]], "
     "flatten, linear: 3", CONVOLUTIONAL, "global_avg_pool conv relu conv multiply conv"),
    ("{conv: [6, 3], name: a}, {flatten, name: side, output: true}, {conv: [6, 3], from: a}, "
     "relu", MAIN, "conv conv relu"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "wanted", "kinds"), BUILT)
def test_layers_compute_the_same(layers: str, wanted: RequestedTransforms, kinds: str) -> None:
    net = network(f"{{input: [4, 12, 12], layers: [{layers}]}}")
    found = made(net, wanted)
    assert [node.kind.name for node in found.graph.layers] == kinds.split()
    assert apart(net, found) < 1e-5
    assert found.text is not None


IMPOSSIBLE = [
    ("lenet5", FOLDED, "has no batch normalization to fold"),
    ("lenet5", MAIN, "has one output"),
    ("lenet5", RequestedTransforms(classes=10), "has 10 classes already"),
    ("squeezenet1_0", CONVOLUTIONAL, "no fully connected layer on a flattened map"),
    ("lenet5_1998", CONVOLUTIONAL, "no `rbf` that does the same"),
    ("{input: [8], layers: [linear: 3]}", CONVOLUTIONAL, "linear takes [8], which is no flattened"),
    ("{input: [1, 9, 9], layers: [flatten, batch_norm, linear: 3]}", CONVOLUTIONAL,
     "batch_norm takes the flat [81]"),
    ("{input: [1, 9, 9], layers: [adaptive_avg_pool: 2, flatten, linear: 3]}", CONVOLUTIONAL,
     "9×9 to 2×2 in windows of different sizes"),
    ("{input: [1, 9, 9], layers: [batch_norm, conv: [2, 3], relu]}", FOLDED,
     "none of the 1 batch normalizations"),
    ("{input: [1, 9, 9], layers: [{conv: [2, 3], output: true}, batch_norm]}", FOLDED, "none of"),
    ("{input: [1, 9, 9], layers: [concat: [[conv: [2, 3]], [conv: [3, 3]]]]}",
     RequestedTransforms(classes=7),
     "concat is in the way"),
    ("{input: [1, 9, 9], layers: [{conv: [2, 3], name: a, output: true}, "
     "{conv: [3, 3], from: input}]}", MAIN, "depend on equally many layers"),
]  # fmt: skip


@pytest.mark.parametrize(("net", "wanted", "message"), IMPOSSIBLE)
def test_what_cannot_be_is_told(net: str, wanted: RequestedTransforms, message: str) -> None:
    one = network(net) if net.startswith("{") else load(net)
    assert isinstance(one, Network)
    with pytest.raises(UsageError) as caught:
        made(one, wanted)
    assert message in str(caught.value)


def test_vgg16_at_384_is_the_shipped_one() -> None:
    """CS231n notes: 36 windows of 224 at stride 32 in one pass."""
    net = load("vgg16")
    assert isinstance(net, Network)
    found = made(net, CONVOLUTIONAL, (3, 384, 384))
    assert same_network(found.graph, zoo_graph("vgg16_fcn"))
    assert shapes(found.graph)[-1] == (1000, 6, 6)
    assert found.text is not None
    assert "input: [3, 384, 384]" in found.text
    assert same_network(network(found.text).graph(), zoo_graph("vgg16_fcn"))


CLASSES = [
    # network, layers whose arrays are drawn anew
    ("vgg16", ["linear3"]),
    ("googlenet", ["auxiliary1.linear2", "auxiliary2.linear2", "linear"]),
    ("squeezenet1_1", ["classifier.conv"]),
    ("fcn8s_vgg16", ["backbone.score", "join1.scores.conv_transpose", "join1.conv",
                     "join2.scores.conv_transpose", "join2.conv", "up.conv_transpose"]),
    ("resnet50_original", ["linear"]),
    ("lenet5_1998", ["output"]),
]  # fmt: skip


@pytest.mark.parametrize(("net", "anew"), CLASSES)
def test_another_number_of_classes(net: str, anew: list[str]) -> None:
    one = load(net)
    assert isinstance(one, Network)
    found = made(one, RequestedTransforms(classes=7))
    assert found.drawn() == anew
    assert {found.graph.nodes[index].facts.output[0] for index in found.graph.outputs} == {7}
    arrays = found.arrays(arrays_of(one, found.before, None, None, 0), 0)
    for node, own in zip(found.graph.nodes, arrays, strict=True):
        if node.shares is None:
            assert {name: array.shape for name, array in own.items()} == declared_arrays(node)


@pytest.mark.parametrize("net", ["inception_v3", "googlenet"])
def test_without_auxiliary_is_what_the_file_says(net: str) -> None:
    one = load(net)
    assert isinstance(one, Network)
    found = made(one, MAIN)
    assert same_network(found.graph, one.graph({"auxiliary": 0}))


def test_an_auxiliary_output_that_stands_last() -> None:
    net = load("fcn_resnet50")
    assert isinstance(net, Network)
    found = transformed(net, MAIN, {"auxiliary": 1}, None)
    assert same_network(found.graph, net.graph({"auxiliary": 0}))


def test_no_batch_norm_is_left_in_a_resnet() -> None:
    net = load("resnet50")
    assert isinstance(net, Network)
    graph = made(net, FOLDED).graph
    assert not [node for node in graph.nodes if isinstance(node.kind, BatchNorm)]
    assert sum(node.params for node in graph.nodes) == 25_557_032 - 26_560  # a bias for two of BN


FILE = """\
# A network of ours.
name: N          # its name
input: [3, 32, 32]
expect: {params: 1}
parameters: {classes: 10}

blocks:
  # a convolution, normalized
  conv_bn(filters, kernel=3):
    - conv:
        filters: filters
        kernel: kernel
        bias: false        # batch norm has one
    - batch_norm           # Ioffe and Szegedy
    # ReLU everywhere
    - relu

layers:
  - conv_bn: 8             # the first
  - conv_bn: [16, 5]
  # the classifier
  - flatten
  - {linear: 32, name: fc}
  - relu                   # kept
  - linear:
      features: classes
"""

EDITED = """\
# A network of ours.
name: N          # its name
input: [3, 32, 32]
parameters: {classes: 5}

blocks:
  # a convolution, normalized
  conv_bn(filters, kernel=3):
    - conv:
        filters: filters
        kernel: kernel
    # ReLU everywhere
    - relu

layers:
  - conv_bn: 8             # the first
  - conv_bn: [16, 5]
  # the classifier
  - {conv: {filters: 32, kernel: 26}, name: fc}
  - relu                   # kept
  - conv: {filters: classes, kernel: 1}
"""


def test_a_file_keeps_its_comments() -> None:
    found = made(network(FILE), RequestedTransforms(False, 5, True, True))
    assert found.text == EDITED
