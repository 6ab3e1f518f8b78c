"""Models as versions of Keras since 2015 wrote them; what is right was counted by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import pytest

from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.load import load

Save = Callable[..., str]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(model: Any, name: str = "model.json") -> str:
        path = tmp_path / name
        path.write_text(model if isinstance(model, str) else json.dumps(model))
        return str(path)

    return write


KERAS1: dict[str, Any] = {
    "class_name": "Sequential",
    "keras_version": "1.2.1",
    "config": [
        {"class_name": "Convolution2D", "config": {
            "name": "convolution2d_1", "batch_input_shape": [None, 28, 28, 1], "nb_filter": 8,
            "nb_row": 3, "nb_col": 3, "border_mode": "valid", "subsample": [1, 1],
            "dim_ordering": "tf", "activation": "relu", "bias": True}},
        {"class_name": "MaxPooling2D", "config": {
            "name": "maxpooling2d_1", "pool_size": [2, 2], "strides": [2, 2],
            "border_mode": "valid", "dim_ordering": "tf"}},
        {"class_name": "Dropout", "config": {"name": "dropout_1", "p": 0.25}},
        {"class_name": "Flatten", "config": {"name": "flatten_1"}},
        {"class_name": "Dense", "config": {
            "name": "dense_1", "output_dim": 10, "activation": "softmax", "bias": True}},
    ],
}  # fmt: skip
KERAS2: dict[str, Any] = {
    "class_name": "Sequential",
    "keras_version": "2.2.4",
    "config": {"name": "sequential_1", "layers": [
        {"class_name": "Conv2D", "config": {
            "name": "conv2d_1", "batch_input_shape": [None, 28, 28, 1], "filters": 8,
            "kernel_size": [3, 3], "strides": [1, 1], "padding": "valid",
            "data_format": "channels_last", "dilation_rate": [1, 1], "activation": "relu",
            "use_bias": True}},
        {"class_name": "MaxPooling2D", "config": {
            "name": "max_pooling2d_1", "pool_size": [2, 2], "padding": "valid",
            "strides": [2, 2], "data_format": "channels_last"}},
        {"class_name": "Flatten", "config": {"name": "flatten_1"}},
        {"class_name": "Dense", "config": {
            "name": "dense_1", "units": 10, "activation": "softmax", "use_bias": True}}]},
}  # fmt: skip
FIRST: dict[str, Any] = {  # Keras 0.3: a layer's class is its name, and its config is not apart
    "name": "Sequential",
    "class_mode": "categorical",
    "layers": [
        {"name": "Convolution2D", "custom_name": "convolution2d", "nb_filter": 8, "nb_row": 3,
         "nb_col": 3, "border_mode": "valid", "subsample": [1, 1], "dim_ordering": "th",
         "activation": "relu", "input_shape": [1, 28, 28], "cache_enabled": True},
        {"name": "MaxPooling2D", "custom_name": "maxpooling2d", "pool_size": [2, 2],
         "strides": [2, 2], "border_mode": "valid", "dim_ordering": "th"},
        {"name": "Flatten", "custom_name": "flatten"},
        {"name": "Dense", "custom_name": "dense", "output_dim": 10, "activation": "softmax"},
    ],
}  # fmt: skip


def theano(model: dict[str, Any]) -> dict[str, Any]:
    """The same with channels first."""
    text = (
        json.dumps(model).replace('"tf"', '"th"').replace("[null, 28, 28, 1]", "[null, 1, 28, 28]")
    )
    found: dict[str, Any] = json.loads(text)
    return found


DIALECTS = {
    "0.3": FIRST,
    "1.2": KERAS1,
    "1.2, channels first": theano(KERAS1),
    "2.2": KERAS2,
    "2.1, a list of layers": {**KERAS2, "config": KERAS2["config"]["layers"]},
    "TensorFlow.js": {
        "format": "layers-model",
        "modelTopology": {"keras_version": "2.6.0", "model_config": KERAS2},
        "weightsManifest": [],
    },
    "TensorFlow.js from JavaScript": {"modelTopology": KERAS2, "weightsManifest": []},
    "a text in a text": json.dumps(json.dumps(KERAS2)),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_network_in_every_dialect(save: Save, dialect: str) -> None:
    graph = load(save(DIALECTS[dialect])).graph()
    rows = [
        (node.kind.name, node.facts.output, node.params)
        for node in graph.layers
        if node.kind.name != "dropout"
    ]
    assert rows == [
        ("conv", (8, 26, 26), 80),
        ("relu", (8, 26, 26), 0),
        ("max_pool", (8, 13, 13), 0),
        ("flatten", (1352,), 0),
        ("linear", (10,), 13530),
        ("softmax", (10,), 0),
    ]
    assert graph.input_shape == (1, 28, 28)


def keras2(kind: str, name: str, *taken: Any, **config: Any) -> dict[str, Any]:
    """A layer of a functional model as Keras 2 writes it."""
    nodes = [[[one, 0, 0, {}] if isinstance(one, str) else one for one in taken]] if taken else []
    return {"class_name": kind, "name": name, "config": {"name": name, **config},
            "inbound_nodes": nodes}  # fmt: skip


def functional2(*layers: dict[str, Any], outputs: list[Any] | None = None) -> dict[str, Any]:
    last = [[layers[-1]["name"], 0, 0]]
    return {
        "class_name": "Model",
        "config": {
            "name": "model_1",
            "layers": list(layers),
            "input_layers": [[one["name"], 0, 0] for one in layers
                             if one["class_name"] == "InputLayer"],
            "output_layers": outputs or last,
        },
        "keras_version": "2.4.0",
    }  # fmt: skip


IMAGE = keras2("InputLayer", "input_1", batch_input_shape=[None, 8, 8, 4])
CONV = {"filters": 4, "kernel_size": [3, 3], "padding": "same", "activation": "linear"}


def lambda2(name: str, function: str, taken: list[Any]) -> dict[str, Any]:
    return {**keras2("TFOpLambda", name, function=function), "inbound_nodes": [taken]}


OPERATIONS = [
    ("math.add", ["input_1", 0, 0, {"y": ["conv", 0, 0], "name": None}], ["add"]),
    ("math.multiply", ["conv", 0, 0, {"y": 2.0, "name": None}], ["rescale"]),
    ("math.multiply", ["_CONSTANT_VALUE", -1, 2.0, {"y": ["conv", 0, 0]}], ["rescale"]),
    ("nn.relu", ["conv", 0, 0, {}], ["relu"]),
    ("math.reduce_mean", ["conv", 0, 0, {"axis": [1, 2], "keepdims": True}], ["global_avg_pool"]),
    ("reshape", ["conv", 0, 0, {"shape": [-1, 64, 4]}], ["reshape"]),
    ("image.resize", ["conv", 0, 0, {"size": [16, 16], "method": "nearest"}], ["upsample"]),
    ("clip_by_value", ["conv", 0, 0, {"clip_value_min": 0, "clip_value_max": 6}], ["relu6"]),
]


@pytest.mark.parametrize(("function", "call", "kinds"), OPERATIONS, ids=[r[0] for r in OPERATIONS])
def test_functions_of_tensorflow(
    save: Save, function: str, call: list[Any], kinds: list[str]
) -> None:
    model = functional2(IMAGE, keras2("Conv2D", "conv", "input_1", **CONV),
                        lambda2("f", function, [call]))  # fmt: skip
    graph = load(save(model)).graph()
    assert [node.kind.name for node in graph.layers if node.kind.name != "flatten"] == [
        "conv",
        *kinds,
    ]


def test_slices_of_tensorflow(save: Save) -> None:
    spec = [{"start": None, "stop": None, "step": None}, {"start": 1, "stop": 5, "step": None}]
    cut = {**keras2("SlicingOpLambda", "cut", function="__operators__.getitem"),
           "inbound_nodes": [["conv", 0, 0, {"slice_spec": spec}]]}  # fmt: skip
    model = functional2(IMAGE, keras2("Conv2D", "conv", "input_1", **CONV), cut)
    assert load(save(model)).graph().layers[-1].facts.output == (4, 4, 8)


def test_nodes_of_tensorflow(save: Save) -> None:
    node = json.dumps({"name": "add", "op": "AddV2", "input": ["conv", "y"], "attr": {}})
    add = keras2("TensorFlowOpLayer", "add", "conv", node_def=node, constants={"1": 3.0})
    model = functional2(IMAGE, keras2("Conv2D", "conv", "input_1", **CONV), add)
    graph = load(save(model)).graph()
    assert [node.kind.name for node in graph.layers] == ["conv", "rescale"]


def test_several_outputs_and_shared_layers(save: Save) -> None:
    conv = keras2("Conv2D", "conv", "input_1", **CONV)
    conv["inbound_nodes"].append([["conv", 0, 0, {}]])
    last = keras2("Add", "add", "input_1", ["conv", 1, 0, {}])
    model = functional2(IMAGE, conv, last, outputs=[["add", 0, 0], ["conv", 0, 0]])
    graph = load(save(model)).graph()
    assert [node.shares for node in graph.layers] == [None, 1, None]
    assert sum(node.params for node in graph.layers) == 148


def test_merges_of_keras_1(save: Save) -> None:
    def branch(filters: int) -> dict[str, Any]:
        first = json.loads(json.dumps(KERAS1["config"][0]))
        first["config"]["nb_filter"] = filters
        return {"class_name": "Sequential", "config": [first]}

    merge = {
        "class_name": "Merge",
        "config": {
            "name": "merge_1",
            "mode": "concat",
            "concat_axis": -1,
            "layers": [branch(3), branch(5)],
        },
    }
    model = {"class_name": "Sequential", "config": [merge, KERAS1["config"][-2],
                                                    KERAS1["config"][-1]]}  # fmt: skip
    graph = load(save(model)).graph()
    assert len(graph.input_shapes) == 2
    assert [n.facts.output for n in graph.layers if n.kind.name == "concat"] == [(8, 26, 26)]
    assert sum(node.params for node in graph.layers) == 30 + 50 + 8 * 26 * 26 * 10 + 10


def test_nested_models(save: Save) -> None:
    inner = {"class_name": "Model", "name": "base", "config": functional2(
        keras2("InputLayer", "in", batch_input_shape=[None, 8, 8, 4]),
        keras2("Conv2D", "conv", "in", **CONV))["config"]}  # fmt: skip
    sequential = {"class_name": "Sequential", "config": {"name": "outer", "layers": [
        inner, {"class_name": "Flatten", "config": {"name": "flatten"}}]}}  # fmt: skip
    graph = load(save(sequential)).graph()
    assert [(node.name, node.params) for node in graph.layers] == [
        ("base.conv", 148),
        ("flatten", 0),
    ]


def test_layers_at_each_time(save: Save) -> None:
    def timed(name: str, kind: str, *taken: str, **config: Any) -> dict[str, Any]:
        inner = {"class_name": kind, "config": {"name": f"inner_{name}", **config}}
        return keras2("TimeDistributed", name, *taken, layer=inner)

    model = functional2(
        keras2("InputLayer", "clip", batch_input_shape=[None, 5, 8, 8, 4]),
        timed("conv", "Conv2D", "clip", **{**CONV, "strides": [2, 2], "padding": "valid"}),
        timed("pool", "MaxPooling2D", "conv", pool_size=[3, 3], strides=[1, 1], padding="valid"),
        timed("flatten", "Flatten", "pool"),
        timed("dense", "Dense", "flatten", units=6, activation="linear"),
    )
    graph = load(save(model)).graph()
    by_kind = {node.kind.name: node for node in graph.layers}
    assert by_kind["conv"].facts.output == (4, 5, 3, 3)
    assert by_kind["max_pool"].facts.output == (4, 5, 1, 1)
    assert by_kind["linear"].params == 4 * 6 + 6
    assert prod(graph.layers[-1].facts.output) == 5 * 6


TRANSPOSED = [
    # input, kernel, stride, padding, output_padding: Keras' output
    (13, 3, 2, "same", None, 26),
    (13, 3, 2, "same", [0, 0], 25),
    (13, 3, 2, "same", [1, 1], 26),
    (13, 3, 2, "valid", None, 27),
    (13, 3, 2, "valid", [1, 1], 28),
    (13, 2, 3, "valid", None, 39),
    (13, 5, 1, "same", None, 13),
]


@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "extra", "output"), TRANSPOSED)
def test_output_padding(
    save: Save, size: int, kernel: int, stride: int, padding: str, extra: Any, output: int
) -> None:
    model = functional2(
        keras2("InputLayer", "x", batch_input_shape=[None, size, size, 2]),
        keras2("Conv2DTranspose", "up", "x", filters=3, kernel_size=[kernel] * 2,
               strides=[stride] * 2, padding=padding, output_padding=extra, activation="linear"),
    )  # fmt: skip
    assert load(save(model)).graph().layers[0].facts.output == (3, output, output)


def test_places_and_repairs(save: Save) -> None:
    model = json.loads(json.dumps(KERAS1))
    model["config"][1]["config"]["pool_size"] = [30, 30]
    path = save(json.dumps(model, indent=1))
    with pytest.raises(SpecError) as caught:
        load(path).graph()
    (finding,) = caught.value.diagnostics
    lines = Path(path).read_text().split("\n")
    place = finding.place
    assert place is not None
    assert "pool_size" in lines[place.line - 1]
    assert lines[place.line - 1][place.column - 1 :].startswith("[")
    (edit,) = finding.fixes[0].edits
    assert edit.text == "[26, 26]"


def test_places_of_layers(save: Save) -> None:
    text = json.dumps(KERAS1, indent=1)
    network = load(save(text))
    assert isinstance(network, Imported)
    reading = network.reading()
    lines = text.split("\n")
    for origin, node in zip(reading.origins[1:], reading.graph.layers, strict=True):
        assert origin.span is not None, node.name
        place = origin.span.place
        assert origin.types[-1][:4] in lines[place.line - 1][place.column - 1 :]


REFUSED = [
    ({"class_name": "Tokenizer", "config": {}}, "it holds a Tokenizer"),
    ({"modelTopology": {"class_name": "Sequential", "config": 3}}, "it holds a Sequential"),
    ("3", "it holds no model of Keras"),
    ('"x"', "it is a text that holds no model"),
    ({"class_name": "Sequential", "config": {"layers": [1]}}, "it lists no layers"),
    ({"format": "graph-model", "modelTopology": {"node": []}}, "graph model of TensorFlow.js"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "message"), REFUSED)
def test_what_is_no_model(save: Save, model: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(save(model)).graph()


def test_an_input_that_is_not_said(save: Save) -> None:
    model = {"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "Dense", "config": {"name": "d", "units": 3}}]}}  # fmt: skip
    with pytest.raises(UsageError, match="does not say what its input is"):
        load(save(model)).graph()
    assert load(save(model)).graph(None, (7,)).layers[0].params == 24


# -- layers that state what is known of them -----------------------------------------------------


def sequence(*layers: dict[str, Any], shape: list[Any]) -> dict[str, Any]:
    """A functional model of Keras 2, each layer on the one before."""
    chain = [keras2("InputLayer", "x", batch_input_shape=shape)]
    for layer in layers:
        chain.append({**layer, "inbound_nodes": [[[chain[-1]["name"], 0, 0, {}]]]})
    return functional2(*chain)


RECURRENT = [
    # class, config: Keras' parameters, output, multiply-accumulates of 5 steps of 3 features
    ("LSTM", {"units": 4}, 128, (4,), 5 * 16 * 7),
    ("LSTM", {"units": 4, "return_sequences": True, "use_bias": False}, 112, (4, 5), 5 * 16 * 7),
    ("CuDNNLSTM", {"units": 4}, 144, (4,), 5 * 16 * 7),
    ("GRU", {"units": 4}, 96, (4,), 5 * 12 * 7),
    ("GRU", {"units": 4, "reset_after": True}, 108, (4,), 5 * 12 * 7),
    ("SimpleRNN", {"output_dim": 4}, 32, (4,), 5 * 4 * 7),
    ("RNN", {"cell": {"class_name": "StackedRNNCells", "config": {"cells": [
        {"class_name": "LSTMCell", "config": {"units": 4}},
        {"class_name": "GRUCell", "config": {"units": 2}}]}}}, 128 + 42, (2,),
     5 * (16 * 7 + 6 * 6)),
    ("Bidirectional", {"layer": {"class_name": "LSTM", "config": {"units": 4}}}, 256, (8,),
     2 * 5 * 16 * 7),
    ("Bidirectional", {"merge_mode": "sum",
                       "layer": {"class_name": "GRU", "config": {"units": 4}}}, 192, (4,),
     2 * 5 * 12 * 7),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "config", "params", "output", "macs"), RECURRENT)
def test_recurrent_layers(
    save: Save, kind: str, config: Any, params: int, output: tuple[int, ...], macs: int
) -> None:
    model = sequence(keras2(kind, "rnn", **config), shape=[None, 5, 3])
    (node,) = load(save(model)).graph().layers
    assert node.kind.name == "custom"
    assert (node.params, node.facts.output) == (params, output)
    assert node.facts.operations.macs == macs


def test_embedding_and_what_follows(save: Save) -> None:
    model = sequence(
        keras2("Embedding", "table", input_dim=100, output_dim=8),
        keras2("Conv1D", "conv", filters=4, kernel_size=[3], padding="same", activation="linear"),
        keras2("GlobalMaxPooling1D", "pool"),
        shape=[None, None],
    )
    graph = load(save(model)).graph(None, (12,))
    rows = [(n.kind.name, n.facts.output, n.params) for n in graph.layers]
    assert rows[:2] == [("custom", (8, 12), 800), ("conv", (4, 12), 100)]


def test_what_is_not_trained(save: Save) -> None:
    layer = {"units": 3, "activation": "linear"}
    model = sequence(
        keras2("Dense", "first", trainable=False, **layer),
        keras2("Dense", "second", trainable=True, **layer),
        shape=[None, 4],
    )
    first, second = load(save(model)).graph().layers
    assert (first.params, first.trainable_params) == (15, 0)
    assert (second.params, second.trainable_params) == (12, 12)


def test_quantized_parameters_are_stored(save: Save) -> None:
    config = {"units": 3, "quantization_config": {"class_name": "Int8QuantizationConfig"}}
    model = sequence(keras2("Dense", "d", **config), shape=[None, 784])
    (node,) = load(save(model)).graph().layers
    assert (node.params, node.trainable_params) == (784 * 3 + 3, 3)


def metadata(model: dict[str, Any]) -> bytes:
    """A `keras_metadata.pb` as TensorFlow writes it: a node, its field 5 the JSON."""
    text = json.dumps({"model_config": model}).encode()

    def field(number: int, data: bytes) -> bytes:
        size, length = len(data), b""
        while True:
            length += bytes([size & 127 | (128 if size > 127 else 0)])
            size >>= 7
            if not size:
                return bytes([number << 3 | 2]) + length + data

    return field(1, field(3, b"root") + field(4, b"_tf_keras_sequential") + field(5, text))


def test_saved_models(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"\x08\x01")
    model = json.loads(json.dumps(KERAS2))
    config = model["config"]["layers"][0]["config"]
    shape = config["batch_input_shape"]
    config["batch_input_shape"] = {"class_name": "__tuple__", "items": shape}
    (folder / "keras_metadata.pb").write_bytes(metadata(model))
    for path in (folder, folder / "keras_metadata.pb"):
        assert sum(node.params for node in load(str(path)).graph().layers) == 13610


def test_hdf5_of_keras_2(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    path = tmp_path / "model.h5"
    kernel = [[[[1.0, 2.0]]]]
    with h5py.File(path, "w") as file:
        model = sequence(keras2("Conv2D", "conv", filters=2, kernel_size=[1, 1], use_bias=False),
                         shape=[None, 4, 4, 1])  # fmt: skip
        file.attrs["model_config"] = json.dumps(model).encode()
        group = file.create_group("model_weights/conv")
        group.attrs["weight_names"] = [b"conv/kernel:0"]
        group["conv/kernel:0"] = kernel
    network = load(str(path))
    assert isinstance(network, Imported)
    (arrays,) = network.reading().arrays()[1:]
    assert arrays["weight"].tolist() == [[[[1.0]]], [[[2.0]]]]
    other = tmp_path / "weights.h5"
    with h5py.File(other, "w") as file:
        file.create_group("conv")
    with pytest.raises(UsageError, match="holds weights and no architecture"):
        load(str(other)).graph()
