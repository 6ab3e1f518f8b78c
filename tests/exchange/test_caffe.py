"""Caffe's prototxt: shapes as Caffe infers them, both syntaxes, mistakes with places, repairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import same_network

from cnncalc.api import validate
from cnncalc.cli import run as command
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.caffe.reader import open_model
from cnncalc.exchange.caffe.text_format import Message, Scalar, parsed
from cnncalc.exchange.converting import architecture_of
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source

INPUT = (
    'layer { name: "data" type: "Input" top: "data" '
    "input_param { shape { dim: 1 dim: 3 dim: 32 dim: 32 } } }\n"
)


def network(text: str) -> Any:
    return open_model(Source("net.prototxt", text), "net.prototxt")


def conv(name: str, bottom: str, filters: int = 8, more: str = "", params: str = "") -> str:
    return (
        f'layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}" {more} '
        f"convolution_param {{ num_output: {filters} kernel_size: 3 {params} }} }}\n"
    )


def one(kind: str, params: str = "", bottoms: str = 'bottom: "data"') -> str:
    return f'layer {{ name: "x" type: "{kind}" {bottoms} top: "x" {params} }}\n'


def sized(kind: str, params: str) -> str:
    return one(kind, f"convolution_param {{ {params} }}")


TWICE = 'bottom: "data" bottom: "data"'
SCALE = 'layer { name: "y" type: "Scale" bottom: "x" top: "x" scale_param { bias_term: true } }\n'
GATE = (
    'layer { name: "y" type: "Flatten" bottom: "x" top: "f" }\n'
    'layer { name: "z" type: "Scale" bottom: "data" bottom: "f" top: "z" scale_param { axis: 0 } }'
)

SIZES = [
    (sized("Convolution", "num_output: 4 kernel_size: 3 stride: 2"), (4, 15, 15)),
    (sized("Convolution", "num_output: 6 kernel_h: 1 kernel_w: 3 pad_w: 1 group: 3"),
     (6, 32, 32)),
    (sized("Convolution", "num_output: 4 kernel_size: 3 pad: 2 dilation: 2"),
     (4, 32, 32)),
    (sized("Convolution", "num_output: 4 kernel_size: 5 kernel_size: 3"),
     (4, 28, 30)),
    (sized("Deconvolution", "num_output: 3 kernel_size: 4 stride: 2 pad: 1 group: 3"),
     (3, 64, 64)),
    (one("Pooling", "pooling_param { pool: MAX kernel_size: 3 stride: 2 }"), (3, 16, 16)),
    (one("Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 2 round_mode: FLOOR }"),
     (3, 15, 15)),
    (one("Pooling", "pooling_param { kernel_size: 3 stride: 2 pad: 1 }"), (3, 17, 17)),
    (one("Pooling", "pooling_param { pool: AVE global_pooling: true }"), (3, 1, 1)),
    (one("InnerProduct", "inner_product_param { num_output: 10 }"), (10,)),
    (one("LRN", "lrn_param { local_size: 3 }"), (3, 32, 32)),
    (one("LRN", "lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL }"), (3, 32, 32)),
    (one("ReLU", "relu_param { negative_slope: 0.1 }"), (3, 32, 32)),
    (one("PReLU"), (3, 32, 32)),
    (one("Power", "power_param { power: 2 scale: 3 shift: 1 }"), (3, 32, 32)),
    (one("Dropout"), (3, 32, 32)),
    (one("Flatten"), (3072,)),
    (one("Flatten", "flatten_param { axis: 2 }"), (3, 1024)),
    (one("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 16 dim: 0 } }"), (6, 16, 32)),
    (one("Reshape", "reshape_param { shape { dim: 0 dim: -1 } }"), (3072,)),
    (one("Reshape", "reshape_param { axis: 2 num_axes: 1 shape { dim: 4 dim: 8 } }"),
     (3, 4, 8, 32)),
    (one("Permute", "permute_param { order: 0 order: 2 order: 3 order: 1 }")
     + 'layer { name: "y" type: "Flatten" bottom: "x" top: "f" flatten_param { axis: 2 } }',
     (32, 96)),
    (one("Softmax"), (3, 32, 32)),
    (one("MVN"), (3, 32, 32)),
    (one("Normalize", "norm_param { across_spatial: false channel_shared: false }"), (3, 32, 32)),
    (one("Interp", "interp_param { height: 40 width: 50 }"), (3, 40, 50)),
    (one("Interp", "interp_param { zoom_factor: 8 }"), (3, 249, 249)),
    (one("Eltwise", "eltwise_param { coeff: 1 coeff: -1 }", TWICE),
     (3, 32, 32)),
    (one("Eltwise", "eltwise_param { operation: MAX }", TWICE), (3, 32, 32)),
    (one("Concat", "", TWICE), (6, 32, 32)),
    (one("Concat", "concat_param { axis: 2 }", TWICE), (3, 64, 32)),
    (one("Slice", "slice_param { axis: 1 slice_point: 1 } top: \"y\""), (1, 32, 32)),
    (conv("a", "data") + one("Crop", "crop_param { offset: 1 }", 'bottom: "data" bottom: "a"'),
     (3, 30, 30)),
    (one("BatchNorm") + SCALE, (3, 32, 32)),
    (one("Pooling", "pooling_param { global_pooling: true }") + GATE, (3, 32, 32)),
    (one("ShuffleChannel", "shuffle_channel_param { group: 3 }"), (3, 32, 32)),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "output"), SIZES)
def test_output_sizes(layers: str, output: tuple[int, ...]) -> None:
    graph = network(INPUT + layers).graph()
    assert output in [graph.nodes[index].facts.output for index in graph.outputs]


CASE = INPUT + (
    'layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" '
    "convolution_param { num_output: 8 kernel_size: 3 stride: 2 } }\n"
    'layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }\n'
    'layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" '
    "pooling_param { pool: MAX kernel_size: 2 stride: 2 } }\n"
    'layer { name: "fc" type: "InnerProduct" bottom: "pool1" top: "fc" '
    "inner_product_param { num_output: 10 } }\n"
)
OLD = (
    'input: "data" input_dim: 1 input_dim: 3 input_dim: 32 input_dim: 32\n'
    'layers { name: "conv1" type: CONVOLUTION bottom: "data" top: "conv1" blobs_lr: 1 '
    "convolution_param < num_output: 8, kernel_size: 3; stride: 2 > }\n"
    'layers { name: "relu1" type: RELU bottom: "conv1" top: "conv1" }\n'
    'layers { name: "pool1" type: POOLING bottom: "conv1" top: "pool1" '
    "pooling_param { pool: MAX kernel_size: 2 stride: 2 } }\n"
    'layers { name: "fc" type: INNER_PRODUCT bottom: "pool1" top: "fc" '
    "inner_product_param { num_output: 10 } }\n"
    'layers { name: "loss" type: SOFTMAX_LOSS bottom: "fc" bottom: "label" }\n'
    'layers { name: "d" type: DATA top: "data" top: "label" include: { phase: TRAIN } }\n'
)


def test_the_case() -> None:
    graph = network(CASE).graph()
    assert sum(node.params for node in graph.nodes) == 5_354
    assert [node.facts.output for node in graph.nodes][2:4] == [(8, 15, 15), (8, 8, 8)]


def test_the_older_syntax() -> None:
    text = OLD.replace('bottom: "label"', "").rpartition("layers")[0]
    assert same_network(network(text).graph(), network(CASE).graph())


def test_batch_norm_and_scale_are_one_layer() -> None:
    text = INPUT + one("BatchNorm") + SCALE
    graph = network(text).graph()
    assert [node.kind.name for node in graph.layers] == ["batch_norm"]
    assert (graph.layers[0].params, graph.layers[0].facts.buffer_values) == (6, 6)
    alone = network(INPUT + one("BatchNorm")).graph()
    assert (alone.layers[0].params, alone.layers[0].facts.buffer_values) == (0, 6)


TRAIN = (
    'layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TRAIN } '
    "transform_param { crop_size: 20 } }\n"
    'layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TEST } '
    "transform_param { crop_size: 24 } }\n"
    + conv("a", "data")
    + 'layer { name: "only" type: "Dropout" bottom: "a" top: "a" include { phase: TRAIN } }\n'
    'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "a" bottom: "label" top: "loss" }\n'
    'layer { name: "acc" type: "Accuracy" bottom: "a" bottom: "label" top: "acc" }\n'
)


def test_the_phase_is_test() -> None:
    graph = network(TRAIN).graph()
    assert graph.input_shape == (3, 24, 24)
    assert [node.kind.name for node in graph.layers] == ["conv"]
    assert network(TRAIN).graph(input=(1, 9, 9)).layers[0].facts.output == (8, 7, 7)


def test_data_that_state_no_size() -> None:
    with pytest.raises(UsageError, match="does not say what its input `data` is"):
        network(TRAIN.replace("crop_size: 24", "")).graph()


def test_outputs_are_what_nothing_takes() -> None:
    graph = network(INPUT + conv("a", "data") + conv("b", "a") + conv("c", "a")).graph()
    assert [graph.nodes[index].name for index in graph.outputs] == ["b", "c"]


def test_boxes_that_follow_from_sizes_are_left_out() -> None:
    text = (
        INPUT + conv("a", "data")
        + 'layer { name: "p" type: "PriorBox" bottom: "a" bottom: "data" top: "p" }\n'
        + 'layer { name: "q" type: "Concat" bottom: "p" bottom: "p" top: "q" }\n'
        + 'layer { name: "o" type: "DetectionOutput" bottom: "a" bottom: "a" bottom: "q" top: "o" }'
    )  # fmt: skip
    assert [node.name for node in network(text).graph().layers] == ["a"]


MESSAGES = [
    ("", "it has no `layer", ""),
    ("layer {\n", "`{` is never closed", "{"),
    ("layer { name: }\n", "`name` has no value", "}"),
    ("layer {} }\n", "expected the name of a field, found `}`", "}"),
    ('name: "a\nlayer {}', "a text without its closing quote", '"'),
    ("layer: 3\n", "`layer` must be a message", "layer"),
    (conv("a", "data"), "it says nowhere what its input is", "l"),
    (INPUT + one("Convolutoin"), "Caffe has no layer type `Convolutoin`", '"Convolutoin"'),
    (INPUT + one("Python"), "`Python` is a layer of Python code", '"Python"'),
    (INPUT + one("Convolution", "convolution_parm { }"), "no field `convolution_parm`",
     "convolution_parm"),
    (INPUT + conv("a", "data", params="kernelsize: 2"), "no field `kernelsize`", "kernelsize"),
    (INPUT + conv("a", "dta"), "no layer before gives `dta`", '"dta"'),
    (INPUT + conv("a", "data", params="stride: 0"), "`stride` must be a whole", "0"),
    (INPUT + conv("a", "data", params="group: 2"), "2 groups do not divide 3", "2"),
    (INPUT + one("Pooling", "pooling_param { pool: MEAN kernel_size: 2 }"), "`MEAN`", "MEAN"),
    (INPUT + one("InnerProduct"), "`InnerProduct` needs `num_output`", "layer"),
    (INPUT + one("Slice", 'slice_param { slice_point: 9 } top: "y"'), "9 to 3 is no", "layer"),
    (INPUT + conv("a", "data") + one("Eltwise", "", 'bottom: "data" bottom: "a"'),
     "maps of 3×32×32 and 8×30×30", "layer"),
    (INPUT + "layr { }\n", "a network has no field `layr`", "layr"),
    (INPUT + one("Softmax", "softmax_param { axis: 5 }"), "`axis` is 5", "5"),
    (INPUT + one("Sigmoid", "", TWICE), "does not take 2 inputs", "layer"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "marked"), MESSAGES)
def test_mistakes_have_places(text: str, message: str, marked: str) -> None:
    with pytest.raises(SpecError) as caught:
        network(text).graph()
    found = [finding for finding in caught.value.diagnostics if message in finding.message]
    assert found, [finding.message for finding in caught.value.diagnostics]
    place = found[0].place
    assert place is not None
    assert found[0].excerpt is not None
    assert found[0].excerpt[place.column - 1 : place.end_column - 1] == marked


REPAIRS = [
    (one("Convolutoin", "convolution_param { num_output: 4 kernel_size: 3 }"), "Convolutoin",
     "Convolution"),
    (conv("a", "dta"), '"dta"', '"data"'),
    (conv("a", "data", params="padd: 1"), "padd", "pad"),
    (conv("a", "data", params="group: 2"), "group: 2", "group: 1"),
    (one("Pooling", "pooling_param { kernel_size: 40 }"), "40", "32"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "old", "new"), REPAIRS)
def test_repairs_edit_the_file(tmp_path: Path, layers: str, old: str, new: str) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text(INPUT + layers)
    assert command(["validate", str(path)]) == 1
    assert command(["validate", "--fix", "--unsafe", str(path)]) == 0
    assert path.read_text() == INPUT + layers.replace(old, new)


NORMALIZED = """\
layer {
  name: "conv"
  type: "Convolution"
  bottom: "data"
  top: "conv"
  convolution_param {
    num_output: 8
    kernel_size: 3  # odd
  }
}
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
"""


def test_a_safe_repair_adds_a_field(tmp_path: Path) -> None:
    """A bias in front of a normalization does nothing."""
    path = tmp_path / "net.prototxt"
    path.write_text(INPUT + NORMALIZED)
    (finding,) = [found for found in validate(path) if found.rule == "bias-before-norm"]
    assert finding.place is not None
    assert finding.place.line == 2
    assert command(["validate", "--fix", str(path)]) == 0
    mended = NORMALIZED.replace("# odd\n", "# odd\n    bias_term: false\n")
    assert path.read_text() == INPUT + mended
    assert not [found for found in validate(path) if found.rule == "bias-before-norm"]


def test_written_as_an_architecture_file() -> None:
    unit = "".join(
        conv(f"c{n}", f"c{n - 1}", 8, params="pad: 1 bias_term: false")
        + f'layer {{ name: "b{n}" type: "BatchNorm" bottom: "c{n}" top: "c{n}" }}\n'
        f'layer {{ name: "r{n}" type: "ReLU" bottom: "c{n}" top: "c{n}" }}\n'
        for n in range(1, 9)
    )
    opened = network(INPUT + conv("c0", "data") + unit)
    written = architecture_of(opened, opened.graph())
    assert "repeat: 8" in written
    assert same_network(opened.graph(), Network(Source("net.yaml", written)).graph())


def test_the_text_format() -> None:
    found = parsed(Source("x", 'a: "b\\"c" \'d\' f: [1, 2] g <h: -1e3 # x\n> i { j { } } a: 2'))
    assert [field.name for field in found.fields] == ["a", "f", "f", "g", "i", "a"]
    first = found.fields[0].value
    assert isinstance(first, Scalar)
    assert first.text == 'b\\"cd'
    inner = found.fields[3].value
    assert isinstance(inner, Message)
    assert inner.real("h", 0) == -1000
    assert found.whole("a", 0) == 2


HOSTILE = {
    "deep": "a {" * 100_000,
    "fields": "a: 1 " * 300_000,
    "layers": INPUT + "layer { }\n" * 20_000,
    "wide": INPUT + conv("a", "data", 2_000_000_000, params="kernel_size: 2000000000"),
    "quote": 'name: "' + "x" * 1_000_000,
    "brackets": "[" * 1_000_000,
    "circle": INPUT + conv("a", "b") + conv("b", "a"),
    "binary": "\0\1\2",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        network(HOSTILE[name]).graph()
    assert len(str(caught.value)) < 20_000
