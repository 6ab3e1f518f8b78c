"""Write tflm.json: networks of ours as the TensorFlow Lite converter and interpreter have them.

    python tests/reference/take_tflm.py [--keep FOLDER] [NAME ...]

Needs tensorflow, keras, tflite and tflite-micro. Every network of tflm_networks.yaml is written
as Keras code by `cnncalc convert --to keras`, built with random weights, quantized to int8 with a
random representative data set, and loaded by the interpreter for microcontrollers. A line a
network: the operators with their output shapes, in order; the head and the tail of the arena; the
size of the file. `refused` says why there are no figures. `--keep` keeps the files.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import yaml
from tflite import BuiltinOperator, Model

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))

from cnncalc.diagnostics import SpecError, UsageError  # noqa: E402
from cnncalc.exchange.converting import keras_of  # noqa: E402
from cnncalc.language.coerce import given_source  # noqa: E402
from cnncalc.language.network import Network  # noqa: E402

NAMES = {number: name for name, number in vars(BuiltinOperator).items() if name.isupper()}

KEPT = ("dense_block", "odd_padding", "residual_norms", "split_channels", "swish", "two_heads")
"""Files that tests read; they are in `tflite/`."""

LOAD = """
import sys
from tflite_micro import runtime
found = runtime.Interpreter.from_file(sys.argv[1], arena_size=int(sys.argv[2]))
found.print_allocations()
"""


class Resized(keras.layers.Layer):
    """Upsampling as tf_keras has it."""

    def __init__(self, size: int, interpolation: str = "nearest", **named: Any) -> None:
        super().__init__(**named)
        self.size, self.interpolation = size, interpolation

    def call(self, inputs: Any) -> Any:
        sizes = [one * self.size for one in inputs.shape[1:3]]
        return tf.image.resize(inputs, sizes, method=self.interpolation)


def keras_model(network: Network, given: dict[str, Any]) -> Any:
    """The Keras model of a network, with random weights."""
    graph = network.graph(given.get("parameters"), _shape(given))
    text = keras_of(network, graph, _shape(given))
    # a batch that is not fixed leaves operators that compute shapes
    text = text.replace("keras.Input(", "keras.Input(batch_size=1, shape=")
    # maps are flattened as they lie: the order of their values is the weights' matter
    text = text.replace("layers.Permute((3, 1, 2))(", "(")
    # Keras 3 repeats rows where its predecessor resizes, and the interpreter has no TILE
    text = text.replace("layers.UpSampling2D(", "Resized(")
    module = ModuleType("written")
    module.__dict__["Resized"] = Resized
    exec(compile(text, "<written>", "exec"), module.__dict__)
    functions = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    keras.backend.clear_session()
    model = getattr(module, functions[-1])()
    random = np.random.default_rng(0)
    for variable in model.weights:
        if "seed" in variable.path:
            continue
        if "variance" in variable.path or "gamma" in variable.path:
            values = random.uniform(0.5, 1.5, variable.shape)
        else:
            fan = int(np.prod(variable.shape[:-1])) or 1
            values = random.normal(0, 1 / max(fan, 4) ** 0.5, variable.shape)
        variable.assign(values.astype(np.float32))
    return model


def _shape(given: dict[str, Any]) -> tuple[int, ...] | None:
    shape = given.get("input")
    return tuple(shape) if isinstance(shape, list) and "layers" not in given else None


def converted(model: Any) -> bytes:
    """The int8 file of a model."""
    random = np.random.default_rng(1)

    def samples() -> Any:
        for _ in range(3):
            yield [
                random.normal(size=(1, *one.shape[1:])).astype(np.float32) for one in model.inputs
            ]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def operators(data: bytes) -> list[str]:
    """Operators with their output shapes, as `CONV_2D 16x16x8`."""
    model = Model.GetRootAs(data, 0)
    graph = model.Subgraphs(0)
    found = []
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        code = model.OperatorCodes(operator.OpcodeIndex())
        name = NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        shapes = []
        for output in operator.OutputsAsNumpy():
            shape = graph.Tensors(output).ShapeAsNumpy()
            shapes.append("x".join(map(str, shape[1:])) if len(shape) > 1 else "")
        found.append(f"{name} {'+'.join(shapes)}".strip())
    return found


def arena(file: Path, size: int = 60_000_000) -> dict[str, Any]:
    """The head and the tail of the arena; why there are none where the interpreter refuses."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(file), str(size)], capture_output=True, text=True
    )
    text = done.stdout + done.stderr
    found = dict(re.findall(r"Arena allocation (head|tail) (\d+) bytes", text))
    if len(found) < 2:
        lines = [line for line in text.splitlines() if line.strip()]
        # the line before the traceback says what the interpreter missed
        told = next((line for line in lines if "Traceback" not in line), f"exit {done.returncode}")
        return {"head": None, "tail": None, "interpreter": told[:160]}
    return {"head": int(found["head"]), "tail": int(found["tail"])}


def take(name: str, given: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The figures of one network."""
    wanted = {"name": name, **given} if "layers" in given else given.get("zoo", name)
    network = Network(given_source(wanted, None))
    try:
        model = keras_model(network, given)
    except (UsageError, SpecError) as error:
        return {"refused": str(error)[:160]}
    except Exception as error:
        return {"refused": f"Keras: {str(error).splitlines()[0][:160]}"}
    file = folder / f"{name}.tflite"
    try:
        file.write_bytes(converted(model))
    except Exception as error:
        return {"refused": f"converter: {str(error).splitlines()[0][:160]}"}
    if name in KEPT:
        (HERE / "tflite" / file.name).write_bytes(file.read_bytes())
    return {
        "operators": operators(file.read_bytes()),
        **arena(file),
        "flash": file.stat().st_size,
    }


def main() -> None:
    """Take the figures of the named networks, or of all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    listed = yaml.safe_load((HERE / "tflm_networks.yaml").read_text())
    given = {**listed["small"], **listed["zoo"]}
    target = HERE / "tflm.json"
    before = json.loads(target.read_text())["networks"] if target.exists() else {}
    found = {}
    for name, keys in given.items():
        if options.names and name not in options.names:
            found[name] = before.get(name, {})
            continue
        found[name] = take(name, keys, folder)
        told = {key: value for key, value in found[name].items() if key != "operators"}
        print(name, len(found[name].get("operators", [])), told, flush=True)
    packages = ("tensorflow-cpu", "keras", "tflite-micro")
    versions = {package: version(package) for package in packages}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items()]
    body = ",\n    ".join(lines)
    target.write_text(
        f'{{\n  "versions": {json.dumps(versions)},\n  "networks": {{\n    {body}\n  }}\n}}\n'
    )


if __name__ == "__main__":
    main()
