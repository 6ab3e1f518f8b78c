"""Random Keras models from a seed: branches, merges, shared and nested layers.

`python -m exchange.random_keras 0 500` (from `tests`) compares the models of these seeds with ours.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections import Counter, defaultdict
from math import prod
from pathlib import Path
from typing import Any

from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.load import load


class Maker:
    """Layers chosen at random that fit what arrives."""

    def __init__(self, keras: Any, seed: int, old: bool = False) -> None:
        self.keras, self.layers = keras, keras.layers
        self.random = random.Random(seed)
        self.old = old
        """Whether the layers are those that `tf_keras` has as well."""
        self.shared: list[tuple[tuple[int, ...], Any]] = []

    def model(self) -> Any:
        """A functional model."""
        rank = self.random.choice([1, 1, 2, 2, 2, 3])
        sizes = [self.random.randint(6, 14) for _ in range(rank)]
        inputs = [self.keras.Input((*sizes, self.random.randint(1, 5)), name="image")]
        tensors = [inputs[0]]
        if self.random.random() < 0.25:
            inputs.append(self.keras.Input((self.random.randint(2, 6),), name="more"))
            tensors.append(inputs[1])
        for _ in range(self.random.randint(2, 9)):
            tensors.append(self.step(tensors))
        used = tensors[len(inputs) :]
        outputs = [used[-1]]
        if self.random.random() < 0.2:
            outputs.append(self.random.choice(used))
        if len(inputs) > 1:
            joined = self.layers.Concatenate()([self.flat(used[-1]), inputs[1]])
            outputs[0] = self.layers.Dense(3)(joined)
        return self.keras.Model(inputs, outputs[0] if len(outputs) == 1 else outputs)

    def flat(self, x: Any) -> Any:
        """A map in a row."""
        return self.layers.Flatten()(x) if len(x.shape) > 2 else x

    def step(self, tensors: list[Any]) -> Any:
        """Another tensor made of some."""
        x = self.random.choice(tensors[-2:])
        chance = self.random.random()
        rank = len(x.shape) - 2
        if chance < 0.2:
            merged = self.merged(x, tensors)
            if merged is not None:
                return merged
        if chance > 0.9 and rank > 0:
            return self.nested(x)
        if 0.8 < chance < 0.9:
            return self.again(x)
        if rank == 0:
            return self.of_flat(x)
        if rank == 1 and chance < 0.4:
            return self.of_sequence(x)
        return self.of_map(x, rank)

    def merged(self, x: Any, tensors: list[Any]) -> Any | None:
        """A merge of tensors that go together."""
        name = self.random.choice(["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"])
        like = [one for one in tensors if tuple(one.shape) == tuple(x.shape)]
        beside = [one for one in tensors if tuple(one.shape[:-1]) == tuple(x.shape[:-1])]
        if self.random.random() < 0.4:
            return self.layers.Concatenate()([x, self.random.choice(beside)])
        others = [one for one in like if one is not x]
        if not others:
            return None
        return getattr(self.layers, name)()([x, self.random.choice(others)])

    def again(self, x: Any) -> Any:
        """A layer that was used before, or one that will be."""
        for shape, layer in self.shared:
            if shape == tuple(x.shape[1:]):
                return layer(x)
        layer = self.layers.Dense(int(x.shape[-1]))
        self.shared.append((tuple(x.shape[1:]), layer))
        return layer(x)

    def nested(self, x: Any) -> Any:
        """A model inside the model."""
        rank, channels = len(x.shape) - 2, int(x.shape[-1])
        if self.random.random() < 0.5:
            inner = [self.conv(rank), self.layers.BatchNormalization(), self.layers.ReLU()]
            block = self.keras.Sequential(inner)
            return block(x)
        entry = self.keras.Input(tuple(x.shape[1:]))
        y = (
            self.layers.Conv1D(channels, 1)(entry)
            if rank == 1
            else self.layers.Dense(channels)(entry)
        )
        return self.keras.Model(entry, self.layers.Add()([entry, y]))(x)

    def conv(self, rank: int) -> Any:
        """A convolution."""
        kind = getattr(self.layers, f"Conv{rank}D")
        return kind(self.random.randint(1, 6), self.random.randint(1, 3), padding="same")

    def of_flat(self, x: Any) -> Any:
        """A layer on a row of values."""
        layers, size = self.layers, int(x.shape[-1])
        options = [
            lambda: layers.Dense(self.random.randint(1, 8), activation=self.activation())(x),
            lambda: layers.BatchNormalization(scale=self.random.random() < 0.5)(x),
            lambda: layers.Dropout(0.3)(x),
            lambda: layers.RepeatVector(self.random.randint(2, 4))(x),
            lambda: layers.Reshape((size, 1))(x),
            lambda: layers.LayerNormalization()(x),
            lambda: layers.Activation(self.activation())(x),
        ]
        return self.random.choice(options)()

    def of_sequence(self, x: Any) -> Any:
        """A layer on steps of features."""
        layers, units = self.layers, self.random.randint(1, 6)
        many = self.random.random() < 0.6
        mode = self.random.choice(["concat", "sum", "mul", "ave"])
        options = [
            lambda: layers.LSTM(units, return_sequences=many)(x),
            lambda: layers.GRU(units, return_sequences=many, reset_after=units % 2 == 0)(x),
            lambda: layers.SimpleRNN(units, use_bias=units % 2 == 0)(x),
            lambda: layers.Bidirectional(
                layers.LSTM(units, return_sequences=many), merge_mode=mode
            )(x),
            lambda: layers.TimeDistributed(layers.Dense(units, activation=self.activation()))(x),
            lambda: layers.MultiHeadAttention(self.random.randint(1, 3), units)(x, x),
            lambda: layers.Attention()([x, x]),
            lambda: layers.Permute((2, 1))(x),
            lambda: layers.GlobalMaxPooling1D()(x),
        ]
        return self.random.choice(options)()

    def of_map(self, x: Any, rank: int) -> Any:
        """A layer on a map."""
        layers, channels = self.layers, int(x.shape[-1])
        sizes = [int(size) for size in x.shape[1:-1]]
        kernel = self.random.randint(1, min(3, *sizes))
        stride = self.random.randint(1, 2)
        padding = self.random.choice(["same", "valid"])
        filters = self.random.randint(1, 8)
        rows = self.random.randint(0, 2)

        def of(name: str, *args: Any, **options: Any) -> Any:
            return getattr(layers, f"{name}{rank}D")(*args, **options)(x)

        options: list[Any] = [
            lambda: of("Conv", filters, kernel, strides=stride, padding=padding,
                       use_bias=filters % 2 == 0, activation=self.activation()),
            lambda: of("Conv", filters, kernel, padding=padding,
                       dilation_rate=2 if padding == "same" else 1),
            lambda: of("Conv", channels * 2, kernel, padding="same", groups=channels),
            lambda: of("MaxPooling", kernel, strides=stride, padding=padding),
            lambda: of("AveragePooling", kernel, strides=stride, padding=padding),
            lambda: of("GlobalAveragePooling"),
            lambda: of("ZeroPadding", rows),
            lambda: of("UpSampling", 2) if prod(sizes) < 2000 else x,
            lambda: of("SpatialDropout", 0.2),
            lambda: of("Conv", filters, min(sizes), padding="valid"),
            lambda: layers.BatchNormalization(center=filters % 2 == 0)(x),
            lambda: layers.LayerNormalization()(x),
            lambda: layers.LeakyReLU()(x),
            lambda: layers.PReLU(shared_axes=list(range(1, rank + 1)))(x),
            lambda: layers.Activation(self.activation())(x),
            lambda: layers.Softmax()(x),
            lambda: layers.Flatten()(x),
            lambda: layers.Reshape((-1, channels))(x),
            lambda: layers.Dense(filters)(x),
            lambda: layers.GaussianNoise(0.1)(x),
        ]  # fmt: skip
        if rank < 3:
            options += [
                lambda: of("SeparableConv", filters, kernel, padding=padding,
                           depth_multiplier=self.random.randint(1, 2)),
                lambda: of("DepthwiseConv", kernel, padding=padding,
                           depth_multiplier=self.random.randint(1, 2)),
            ]  # fmt: skip
        if prod(sizes) < 2000:
            extra = self.random.choice([None, 0, stride - 1])
            options.append(
                lambda: getattr(layers, f"Conv{rank}DTranspose")(
                    filters, kernel, strides=stride, padding=padding, output_padding=extra
                )(x)
            )
        if min(sizes) > 3:
            options.append(lambda: of("Cropping", 1))
        if rank == 2:
            options.append(lambda: layers.TimeDistributed(layers.Conv1D(filters, 1))(x))
            options.append(lambda: layers.Resizing(5, 7)(x))
            options.append(lambda: layers.Rescaling(0.5, offset=-1.0)(x))
        if rank == 3:
            options.append(lambda: layers.TimeDistributed(layers.MaxPooling2D(1))(x))
            options.append(lambda: layers.ConvLSTM2D(filters, 1, return_sequences=stride == 1)(x))
        if not self.old:
            options.append(lambda: layers.GroupNormalization(1)(x))
            options.append(lambda: x * 2.0 + 1.0)
            options.append(lambda: self.keras.ops.relu(x))
            options.append(lambda: layers.RMSNormalization()(x))
        return self.random.choice(options)()

    def activation(self) -> str:
        """The name of an activation."""
        return self.random.choice(["linear", "relu", "tanh", "sigmoid", "softmax", "elu", "selu"])


def first(shape: Any) -> tuple[int, ...]:
    """A shape of Keras' without its batch, channels first."""
    sizes = [int(size) for size in shape[1:]]
    return (sizes[-1], *sizes[:-1]) if len(sizes) > 1 else tuple(sizes)


def differences(model: Any, network: Imported) -> list[str]:
    """Where a model and what is read of it differ: parameters and shapes, layer by layer."""
    found = []
    reading = network.reading()
    params: dict[str, int] = defaultdict(int)
    outputs: dict[str, Any] = {}
    for origin, node in zip(reading.origins, reading.graph.nodes, strict=True):
        if not origin.path or not node.inputs:
            continue
        own = origin.path[0]
        if node.shares is None:
            params[own] += node.params + sum(map(prod, node.facts.buffers.values()))
        outputs[own] = prod(node.facts.output)
    for layer in model.layers:
        if layer.count_params() != params.get(layer.name, 0):
            found.append(f"{layer.name}: {params.get(layer.name, 0)} of {layer.count_params()}")
        shape = getattr(layer, "output", None)
        if layer.name in outputs and hasattr(shape, "shape"):
            values = prod(first(shape.shape))
            if values != outputs[layer.name] and len(layer._inbound_nodes) == 1:
                found.append(f"{layer.name}: {outputs[layer.name]} values of {values}")
    theirs = model.outputs
    ours = [result.shape for result in reading.results]
    if [tuple(one[1:]) for one in ours] != [tuple(one.shape[1:]) for one in theirs]:
        found.append(f"outputs {ours} of {[tuple(one.shape) for one in theirs]}")
    return found


def compared(keras: Any, seed: int, folder: Path, old: bool = False) -> tuple[str, list[str]]:
    """How a random model is read: `exact`, `different` or `refused`, and where it is not exact."""
    model = Maker(keras, seed, old).model()
    path = folder / f"random{seed}.json"
    path.write_text(model.to_json())
    try:
        network = load(str(path))
        assert isinstance(network, Imported)
        found = differences(model, network)
    except (SpecError, UsageError) as error:
        return "refused", [str(error)[:200]]
    finally:
        path.unlink()
    return ("different" if found else "exact"), found


def main() -> None:
    """Compare the models of a range of seeds."""
    if "tf_keras" in sys.argv:
        import tf_keras as keras
    else:
        import keras
    start, stop = int(sys.argv[1]), int(sys.argv[2])
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(start, stop):
            outcome, where = compared(keras, seed, Path(folder), "tf_keras" in sys.argv)
            counts[outcome] += 1
            if where:
                print(seed, outcome, where)
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
