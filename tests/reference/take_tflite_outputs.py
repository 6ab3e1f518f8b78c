"""Write tflite_outputs.json and a float file: what TensorFlow Lite's interpreter computes.

    python tests/reference/take_tflite_outputs.py

Needs tensorflow, keras and ai-edge-litert. `float.tflite` is a small network of many operators, in
float32. Of it and of the quantized files in `tflite/` the first values of the outputs on an input
of random numbers, which the tests draw again.
"""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from keras import layers

HERE = Path(__file__).parent
FOLDER = HERE / "tflite"
VALUES = 64


def network() -> Any:
    """A network of many operators."""
    inputs = keras.Input(batch_size=1, shape=(16, 12, 3), name="input")
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    x = layers.ZeroPadding2D(((0, 1), (1, 0)))(x)
    x = layers.DepthwiseConv2D((3, 3), strides=1, depth_multiplier=2, activation="relu6")(x)
    y = layers.Conv2D(16, 1, activation="sigmoid")(layers.AveragePooling2D(2, padding="same")(x))
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Multiply()([x, y])
    x = layers.Conv2DTranspose(8, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU(0.1)(x)
    x = layers.Concatenate()([x[:, ::2, :, :4], x[:, 1::2, :, 4:]])
    x = layers.Conv2D(8, 3, dilation_rate=2, padding="same", activation="tanh")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.Add()([x, layers.Conv2D(8, 3, padding="same", activation="hard_silu")(x)])
    z = layers.GlobalAveragePooling2D()(x)
    x = layers.Permute((2, 1, 3))(x)
    x = layers.Dense(5)(x)
    x = layers.Flatten()(x)
    x = layers.Concatenate()([x, z])
    return keras.Model(inputs, layers.Softmax()(layers.Dense(7)(x)))


def float_file() -> bytes:
    """The network in float32, with random weights."""
    model = network()
    random = np.random.default_rng(3)
    for variable in model.weights:
        fan = int(np.prod(variable.shape[:-1])) or 1
        variable.assign(random.normal(0, 1 / max(fan, 4) ** 0.5, variable.shape))
    return bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())


def outputs(file: Path) -> dict[str, Any]:
    """The interpreter's outputs, channels first, on numbers that the tests draw again."""
    interpreter = Interpreter(model_path=str(file))
    interpreter.allocate_tensors()
    quantized = False
    for number, given in enumerate(interpreter.get_input_details()):
        shape = given["shape"]
        own = np.random.default_rng(7 + number).standard_normal(
            (1, shape[-1], *shape[1:-1]), np.float32
        )
        x = np.moveaxis(own, 1, -1)
        scale, point = given["quantization"]
        if scale:
            quantized = True
            x = np.clip(np.round(x / scale + point), -128, 127).astype(np.int8)
        interpreter.set_tensor(given["index"], np.ascontiguousarray(x))
    interpreter.invoke()
    found = []
    for one in interpreter.get_output_details():
        y = interpreter.get_tensor(one["index"]).astype(np.float32)
        scale, point = one["quantization"]
        if scale:
            y = (y - point) * scale
        found.append(np.moveaxis(y, -1, 1).reshape(-1) if y.ndim > 2 else y.reshape(-1))
    flat = np.concatenate(found)
    return {
        "values": len(flat),
        "tolerance": 0.25 if quantized else 1e-4,
        "output": [float(f"{value:.6g}") for value in flat[:VALUES]],
    }


def main() -> None:
    """Write the file and the figures."""
    (FOLDER / "float.tflite").write_bytes(float_file())
    found = {file.stem: outputs(file) for file in sorted(FOLDER.glob("*.tflite"))}
    packages = ("tensorflow-cpu", "keras", "ai-edge-litert")
    data = {"versions": {name: version(name) for name in packages}, "files": found}
    lines = [f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in found.items()]
    text = f'{{\n  "versions": {json.dumps(data["versions"])},\n  "files": {{\n'
    (HERE / "tflite_outputs.json").write_text(text + ",\n".join(lines) + "\n  }\n}\n")


if __name__ == "__main__":
    main()
