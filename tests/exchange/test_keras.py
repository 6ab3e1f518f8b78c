"""Keras models: JSON written by hand, which needs no Keras, and archives that Keras saved."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Any

import pytest
from support import same_network

from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.checking import check_import
from cnncalc.exchange.converting import architecture_of
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.keras.reader import open_object
from cnncalc.exchange.load import load
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source


def layer(kind: str, name: str, *taken: str, **config: Any) -> dict[str, Any]:
    """A layer as Keras writes it, called on the first result of other layers."""
    tensors = [
        {"class_name": "__keras_tensor__", "config": {"keras_history": [one, 0, 0]}}
        for one in taken
    ]
    args = [tensors] if len(tensors) > 1 else tensors
    return {
        "module": "keras.layers",
        "class_name": kind,
        "name": name,
        "config": {"name": name, **config},
        "inbound_nodes": [{"args": args, "kwargs": {}}] if taken else [],
    }


def functional(layers: list[dict[str, Any]], output: str, name: str = "net") -> dict[str, Any]:
    return {
        "module": "keras",
        "class_name": "Functional",
        "config": {
            "name": name,
            "layers": layers,
            "input_layers": [[layers[0]["name"], 0, 0]],
            "output_layers": [[output, 0, 0]],
        },
        "name": name,
    }


INPUT = layer("InputLayer", "image", batch_shape=[None, 9, 8, 3])
SMALL = functional(
    [
        INPUT,
        layer("Conv2D", "conv", "image", filters=4, kernel_size=[3, 3], strides=[2, 2],
              padding="same", activation="relu", use_bias=True),
        layer("BatchNormalization", "bn", "conv", axis=-1, scale=False, epsilon=0.001),
        layer("Conv2D", "skip", "image", filters=4, kernel_size=1, strides=2, padding="valid",
              activation="linear", use_bias=False),
        layer("Add", "add", "bn", "skip"),
        layer("Flatten", "flatten", "add"),
        layer("Dropout", "dropout", "flatten", rate=0.3),
        layer("Dense", "dense", "dropout", units=5, activation="softmax"),
    ],
    "dense",
)  # fmt: skip


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., str]:
    def write(model: Any, name: str = "net.json") -> str:
        path = tmp_path / name
        text = json.dumps(model)
        if name.endswith(".keras"):
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("config.json", text)
        else:
            path.write_text(text)
        return str(path)

    return write


@pytest.mark.parametrize("name", ["net.json", "net.keras"])
def test_functional(save: Callable[..., str], name: str) -> None:
    graph = load(save(SMALL, name)).graph()
    rows = [(node.name, node.kind.name, node.facts.output, node.params) for node in graph.layers]
    assert rows == [
        ("conv.conv", "conv", (4, 5, 4), 112),
        ("conv.relu", "relu", (4, 5, 4), 0),
        ("bn.batch_norm", "batch_norm", (4, 5, 4), 0),
        ("bn.offset", "offset", (4, 5, 4), 4),
        ("skip", "conv", (4, 5, 4), 12),
        ("add", "add", (4, 5, 4), 0),
        ("flatten", "flatten", (80,), 0),
        ("dropout", "dropout", (80,), 0),
        ("dense.linear", "linear", (5,), 405),
        ("dense.softmax", "softmax", (5,), 0),
    ]
    assert graph.input_shape == (3, 9, 8)
    assert graph.layers[0].kind.__dict__["padding"] == "same"


PADDINGS = [
    # kernel, stride, dilation, padding: what it is in numbers where that is the same at any size
    (3, 1, 1, ((1, 1), (1, 1))),
    (5, 1, 2, ((4, 4), (4, 4))),
    (1, 2, 1, ((0, 0), (0, 0))),
    (3, 2, 1, "same"),
    (4, 1, 1, "same"),
]


@pytest.mark.parametrize(("kernel", "stride", "dilation", "padding"), PADDINGS)
def test_padding_in_numbers(
    save: Callable[..., str], kernel: int, stride: int, dilation: int, padding: Any
) -> None:
    conv = layer("Conv2D", "conv", "image", filters=4, kernel_size=[kernel] * 2, padding="same",
                 strides=[stride] * 2, dilation_rate=[dilation] * 2, activation="linear",
                 use_bias=False)  # fmt: skip
    (found,) = load(save(functional([INPUT, conv], "conv"))).graph().layers
    assert found.kind.__dict__["padding"] == padding
    assert found.facts.output == (4, -(-9 // stride), -(-8 // stride))


def test_sequential_and_nested(save: Callable[..., str]) -> None:
    inner = {
        "class_name": "Sequential",
        "config": {"name": "block", "layers": [
            layer("InputLayer", "in", batch_shape=[None, 8, 8, 4]),
            layer("DepthwiseConv2D", "dw", kernel_size=3, padding="same", depth_multiplier=2),
            layer("ReLU", "act", max_value=6.0, negative_slope=0.0, threshold=0.0),
        ]},
        "name": "block",
    }  # fmt: skip
    outer = {
        "class_name": "Sequential",
        "config": {"name": "net", "layers": [
            layer("InputLayer", "image", batch_shape=[None, 8, 8, 4]),
            inner,
            layer("GlobalAveragePooling2D", "pool", keepdims=False),
            layer("Dense", "dense", units=2, activation="linear"),
        ]},
    }  # fmt: skip
    graph = load(save(outer)).graph()
    assert [(node.name, node.kind.name) for node in graph.layers] == [
        ("block.dw", "depthwise_conv"),
        ("block.act", "relu6"),
        ("pool.global_avg_pool", "global_avg_pool"),
        ("pool.flatten", "flatten"),
        ("dense", "linear"),
    ]
    assert graph.layers[0].facts.output == (8, 8, 8)


def test_shared_layers(save: Callable[..., str]) -> None:
    dense = layer("Conv2D", "conv", "image", filters=3, kernel_size=1, activation="linear")
    again = layer("Conv2D", "conv", "conv")["inbound_nodes"]
    dense["inbound_nodes"] += again
    out = layer("Add", "add", "conv", "image")
    out["inbound_nodes"][0]["args"][0][0]["config"]["keras_history"] = ["conv", 1, 0]
    graph = load(save(functional([INPUT, dense, out], "add"))).graph()
    assert [node.shares for node in graph.layers] == [None, 1, None]
    assert sum(node.params for node in graph.layers) == 12


def test_operations_of_tensors(save: Callable[..., str]) -> None:
    twice = layer("Multiply", "twice", "image")
    twice["module"] = "keras.src.ops.numpy"
    twice["inbound_nodes"][0]["args"].append(2)
    graph = load(save(functional([INPUT, twice], "twice"))).graph()
    assert [(node.kind.name, node.kind.short_options()) for node in graph.layers] == [
        ("rescale", "×2")
    ]


def broken(**changes: Any) -> dict[str, Any]:
    """The small model with a layer's config changed."""
    text: dict[str, Any] = json.loads(json.dumps(SMALL))
    for name, change in changes.items():
        next(one for one in text["config"]["layers"] if one["name"] == name).update(change)
    return text


LAMBDA = {"class_name": "Lambda", "config": {"name": "conv", "function": "…"}}
CYCLE = {"inbound_nodes": layer("Conv2D", "conv", "add")["inbound_nodes"]}

WRONG = [
    (broken(conv=LAMBDA, add={"class_name": "Unheard"}), SpecError,
     "2 operations have no layer in net: `Lambda, whose code is not run` ×1 at conv; "
     "`Unheard` ×1 at"),
    (broken(conv=CYCLE), UsageError, "layers take what nothing gives, or each other: conv"),
    (broken(image={"config": {"batch_shape": [None, None, 8, 3]}}), UsageError,
     "leaves open what its input `image` is: 3×?×8"),
    (broken(conv={"config": {}}), SpecError, "with a config that is not its own"),
    ({"class_name": "MyModel", "config": {}}, UsageError, "holds a MyModel"),
    ([1, 2], UsageError, "holds no model of Keras"),
    ({"class_name": "Sequential", "config": {"layers": 3}}, UsageError, "it lists no layers"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "error", "message"), WRONG, ids=[row[2][:30] for row in WRONG])
def test_wrong(save: Callable[..., str], model: Any, error: type, message: str) -> None:
    with pytest.raises(error) as caught:
        load(save(model)).graph()
    assert message in str(caught.value)


def test_input(save: Callable[..., str]) -> None:
    free = broken(image={"config": {"batch_shape": [None, None, None, 3]}})
    path = save(free)
    with pytest.raises(UsageError):
        load(path).graph()
    assert load(path).graph(None, (3, 9, 8)).layers[-1].facts.output == (5,)
    with pytest.raises(UsageError, match="fixes its input `image` to 3×9×8, not 3×8×8"):
        load(save(SMALL)).graph(None, (3, 8, 8))


def test_weights_need_an_archive(save: Callable[..., str]) -> None:
    network = load(save(SMALL))
    assert isinstance(network, Imported)
    with pytest.raises(UsageError, match="without its weights"):
        network.reading().arrays()


# -- saved by Keras ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keras() -> Any:
    if "KERAS_BACKEND" not in os.environ and find_spec("tensorflow") is None:
        os.environ["KERAS_BACKEND"] = "torch" if find_spec("torch") else "numpy"
    return pytest.importorskip("keras", reason="Keras is not installed")


def residual(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((17, 15, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="silu")(image)
    y = layers.SeparableConv2D(8, 3, padding="same", depth_multiplier=2)(x)
    y = layers.BatchNormalization(scale=False)(y)
    x = layers.Add()([x, layers.LeakyReLU()(y)])
    x = layers.Concatenate()([layers.MaxPooling2D(3, 2, "same")(x),
                              layers.AveragePooling2D(3, 2, "same")(x)])  # fmt: skip
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same")(x)
    x = layers.LayerNormalization()(x)
    x = layers.Cropping2D(((1, 0), (0, 1)))(layers.UpSampling2D(2, interpolation="bilinear")(x))
    x = layers.ZeroPadding2D(((1, 0), (2, 1)))(x)
    x = layers.Dense(5, activation="gelu")(x)
    return keras.Model(image, layers.Dense(4, activation="softmax")(layers.Flatten()(x)))


def gated(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((12, 10, 4))
    x = layers.Rescaling(1 / 127.5, offset=-1)(image)
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(4, 1, activation="hard_sigmoid")(gate)
    x = layers.Multiply()([x, gate])
    x = layers.PReLU(shared_axes=[1, 2])(layers.GroupNormalization(2)(x))
    x = layers.Reshape((120, 4))(x)
    x = layers.Permute((2, 1))(layers.Conv1D(6, 5, padding="causal")(x))
    return keras.Model(image, layers.GlobalMaxPooling1D()(x))


def siamese(keras: Any) -> Any:
    layers = keras.layers
    tower = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(),
         layers.GlobalAveragePooling2D()], name="tower")  # fmt: skip
    left, right = keras.Input((8, 8, 3), name="left"), keras.Input((8, 8, 3), name="right")
    apart = layers.Subtract()([tower(left), tower(right)])
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(apart * apart))


def first(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((3, 8, 8)),
         layers.Conv2D(4, 3, data_format="channels_first", padding="same"),
         layers.BatchNormalization(axis=1), layers.ReLU(max_value=6),
         layers.MaxPooling2D(data_format="channels_first"),
         layers.Flatten(data_format="channels_first"), layers.Dense(3)])  # fmt: skip


@pytest.mark.parametrize("make", [residual, gated, siamese, first])
@pytest.mark.filterwarnings("ignore")
def test_saved_by_keras(keras: Any, make: Any, tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    keras.utils.set_random_seed(0)
    model = make(keras)
    for weight in model.weights:
        weight.assign(keras.random.uniform(weight.shape, 0.2, 0.8, seed=1))
    path = str(tmp_path / "model.keras")
    model.save(path)
    network = load(path)
    assert isinstance(network, Imported)
    graph = network.graph()
    trained = sum(prod(weight.shape) for weight in model.trainable_weights)
    assert sum(node.params for node in graph.layers) == trained
    assert check_import(network).largest < 1e-4
    (tmp_path / "model.json").write_text(model.to_json())
    again = load(str(tmp_path / "model.json")).graph()
    assert [n.facts.output for n in again.layers] == [n.facts.output for n in graph.layers]


@pytest.mark.parametrize("name", ["EfficientNetB0", "DenseNet121"])
@pytest.mark.filterwarnings("ignore")
def test_applications_as_architecture_files(keras: Any, name: str, tmp_path: Path) -> None:
    """Padding by a word at some strides, and widths that blocks get from blocks."""
    model = getattr(keras.applications, name)(weights=None, input_shape=(64, 64, 3))
    (tmp_path / "model.json").write_text(model.to_json())
    network = load(str(tmp_path / "model.json"))
    graph = network.graph()
    written = Network(Source("net.yaml", architecture_of(network, graph), None)).graph()
    assert same_network(graph, written)
    assert sum(node.params for node in graph.layers) == sum(
        prod(weight.shape) for weight in model.trainable_weights
    )


# -- models in memory ----------------------------------------------------------------------------


def transformer(keras: Any) -> Any:
    layers = keras.layers
    tokens = keras.Input((10, 8))
    x = layers.MultiHeadAttention(2, 4, value_dim=6)(tokens, tokens)
    x = layers.LayerNormalization()(tokens + x)
    x = layers.Attention(use_scale=True)([x, x])
    x = layers.UnitNormalization()(layers.Dot(axes=(1, 1))([x, tokens]))
    return keras.Model(tokens, layers.RepeatVector(3)(layers.Flatten()(x)))


def of_ranks(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((6, 5, 4))
    gate = layers.Dense(4)(layers.GlobalAveragePooling2D()(image))
    x = layers.Multiply()([image, gate])  # Keras puts the axes that lack behind the batch
    x = layers.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=0)(x)
    x = layers.LayerNormalization(axis=[1, 2, 3])(x)
    x = layers.TimeDistributed(layers.Conv1D(2, 3, padding="same"))(x)
    return keras.Model(image, layers.TimeDistributed(layers.Flatten())(x)[:, 1:, :4])


@pytest.mark.parametrize("make", [residual, siamese, transformer, of_ranks])
@pytest.mark.filterwarnings("ignore")
def test_models_in_memory(keras: Any, make: Any) -> None:
    keras.utils.set_random_seed(0)
    model = make(keras)
    for weight in model.weights:
        weight.assign(keras.random.uniform(weight.shape, 0.2, 0.8, seed=1))
    network = open_object(model)
    trained = sum(prod(weight.shape) for weight in model.trainable_weights)
    assert sum(node.params for node in network.graph().layers) == trained
    assert check_import(network).largest < 1e-4


@pytest.mark.filterwarnings("ignore")
def test_a_class_of_its_own_is_followed(keras: Any) -> None:
    class Net(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv = keras.layers.Conv2D(8, 3)
            self.block = keras.Sequential([keras.layers.Conv2D(4, 1), keras.layers.ReLU()])
            self.dense = keras.layers.Dense(2)

        def call(self, x: Any) -> Any:
            x = self.conv(x)
            x = self.block(x) + x[..., :4]
            return self.dense(keras.ops.mean(x, (1, 2)))

    network = open_object(Net())
    with pytest.raises(UsageError, match="does not say what its input is"):
        network.graph()
    graph = network.graph(None, (3, 12, 12))
    assert sum(node.params for node in graph.layers) == 224 + 36 + 10
    assert check_import(network, (3, 12, 12)).largest < 1e-4
