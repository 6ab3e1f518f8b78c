"""Every CNN of torchvision and of Keras, imported: layers, mismatches, difference of the outputs.

    python benchmarks/imports.py torch|onnx|onnx-legacy|keras [--fold] [--quick] [NAME ...]

Prints a line a network: layers; parameters, buffers and MACs; what differs from the committed
reference (`tests/reference/torchvision/`) or, for Keras, from Keras' own count; the largest
relative difference of the outputs on random weights and a random input; the time of the
framework's export and of reading it. `--fold` lets torch.onnx fold batch normalizations. `--quick`
runs networks of over 100 million parameters through the reader only. Needs the frameworks.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "reference")]
os.environ.setdefault("KERAS_BACKEND", "torch")

from cnncalc.diagnostics import SpecError, UsageError  # noqa: E402
from cnncalc.exchange.checking import check_import  # noqa: E402
from cnncalc.exchange.imported import Imported  # noqa: E402

REFERENCE = ROOT / "tests" / "reference" / "torchvision"
LARGE = 100_000_000


def torchvision_names() -> list[str]:
    """The 77 networks whose figures are committed."""
    return [path.stem for path in sorted(REFERENCE.glob("*.json")) if "_no_aux" not in path.stem]


def torchvision_model(name: str) -> Any:
    """A network of torchvision with random weights and running statistics."""
    import torch

    for operator in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, operator):
            torch.library.define(
                f"torchvision::{operator}", "(Tensor a, Tensor b, float c) -> Tensor"
            )
    from torchvision import models

    torch.manual_seed(0)
    options = {"weights_backbone": None} if name.startswith(("fcn", "deeplab", "lraspp")) else {}
    model = models.get_model(name, weights=None, **options).eval()
    for module in model.modules():
        if getattr(module, "running_var", None) is not None:
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.8, 1.2)
    return model


def input_of(name: str) -> tuple[int, ...]:
    """The input shape of the first run in the reference."""
    entry = json.loads((REFERENCE / f"{name}.json").read_text())
    return tuple(entry["runs"][0]["input"])


def torch_import(name: str, how: str, fold: bool, folder: str) -> tuple[Imported, Any, float]:
    """A network as PyTorch or ONNX, the module, and the seconds of the framework's export."""
    import torch

    from cnncalc.exchange.load import load_foreign
    from cnncalc.exchange.torch.reader import read_exported

    model, shape = torchvision_model(name), input_of(name)
    start = time.perf_counter()
    if how == "torch":
        with torch.no_grad():
            exported = torch.export.export(model, (torch.zeros(2, *shape),))
        seconds = time.perf_counter() - start
        read = lambda input: read_exported(exported, name, name)  # noqa: E731
        return Imported(name, "PyTorch", name, read), model, seconds
    path = os.path.join(folder, f"{name}.onnx")
    options: dict[str, Any] = {"dynamo": how == "onnx"}
    if how == "onnx-legacy":
        mode = torch.onnx.TrainingMode
        options |= {"training": mode.EVAL if fold else mode.PRESERVE, "do_constant_folding": fold}
        model.eval()
    else:
        options["optimize"] = fold
    with torch.no_grad():
        torch.onnx.export(model, (torch.zeros(1, *shape),), path, **options)
    found = load_foreign(path)
    assert found is not None
    return found, model, time.perf_counter() - start


def mismatches(name: str, graph: Any, how: str) -> list[str]:
    """What differs from the committed figures."""
    from compare import differences

    stem = f"{name}_no_aux" if (REFERENCE / f"{name}_no_aux.json").exists() else name
    entry = json.loads((REFERENCE / f"{stem}.json").read_text())
    run = entry["runs"][0]
    wrong = []
    macs = sum(node.facts.operations.macs for node in graph.layers)
    if macs != run["macs"] and list(graph.input_shape) == run["input"]:
        wrong.append(f"MACs {macs:,}, not {run['macs']:,}")
    if how != "torch":
        return wrong
    params = sum(node.params for node in graph.layers)
    if params != entry["params"]:
        wrong.append(f"parameters {params:,}, not {entry['params']:,}")
    shapes = [layer[2] for layer in entry["layers"]]
    return wrong + differences(entry, graph, shapes)[1]


def line(name: str, how: str, fold: bool, quick: bool) -> bool:
    """Import one network and say what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            network, _, seconds = torch_import(name, how, fold, folder)
            start = time.perf_counter()
            graph = network.graph()
            ours = time.perf_counter() - start
            wrong = mismatches(name, graph, how)
            params = sum(node.params for node in graph.layers)
            apart = 0.0 if quick and params > LARGE else check_import(network, threads=2).largest
        except (SpecError, UsageError) as error:
            print(f"{name:32} refused: {str(error)[:200]}", flush=True)
            return False
    macs = sum(node.facts.operations.macs for node in graph.layers)
    buffers = sum(node.facts.buffer_values for node in graph.layers if node.shares is None)
    print(
        f"{name:32} {len(graph.layers):5} layers {params:12,} {buffers:9,} {macs:16,}  "
        f"{len(wrong)} mismatches  {apart:.1e}  export {seconds:6.2f} s, ours {ours:6.3f} s "
        f"({ours / seconds:.1%}){'  ' + '; '.join(wrong[:3]) if wrong else ''}",
        flush=True,
    )
    return not wrong and apart <= 1e-4


def keras_names() -> list[str]:
    """The CNNs of keras.applications."""
    from keras import applications

    return sorted(
        name for name, make in vars(applications).items() if callable(make) and name[:1].isupper()
    )


def keras_line(name: str) -> bool:
    """Import one network of keras.applications and hold every layer against it."""
    import keras

    from cnncalc.exchange.load import load_foreign

    try:
        make, options = getattr(keras.applications, name), {"weights": None}
        if name.startswith("MobileNetV3"):  # leaves its input's size open
            options["input_shape"] = (224, 224, 3)
        model = make(classifier_activation=None, **options)
    except ValueError as error:
        print(f"{name:32} {str(error)[:100]}", flush=True)
        return False
    for weight in model.weights:  # statistics that are no identity, and answers that differ
        if weight.path.endswith(("variance", "gamma")):
            weight.assign(keras.random.uniform(weight.shape, 0.5, 1.5))
        elif weight.path.endswith(("mean", "beta", "bias")):
            weight.assign(keras.random.normal(weight.shape, 0, 0.1))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        start = time.perf_counter()
        network = load_foreign(path)
        assert network is not None
        try:
            graph = network.graph()
            ours = time.perf_counter() - start
            wrong = keras_mismatches(model, graph, network)
            apart = check_import(network, threads=2).largest
        except (SpecError, UsageError) as error:
            print(f"{name:32} refused: {str(error)[:300]}", flush=True)
            return False
    params = sum(node.params for node in graph.layers)
    print(
        f"{name:32} {len(graph.layers):5} layers {params:12,} of {model.count_params():12,}  "
        f"{len(wrong)} mismatches  {apart:.1e}  ours {ours:.3f} s  {'; '.join(wrong[:3])}",
        flush=True,
    )
    return not wrong and apart <= 1e-4


def keras_mismatches(model: Any, graph: Any, network: Any) -> list[str]:
    """Layers whose output shape or parameters differ from Keras'."""
    import math

    found: dict[str, Any] = {}
    for node, origin in zip(graph.nodes, network.origins(), strict=True):
        found.setdefault(origin.path[0] if origin.path else "", []).append(node)
    wrong = []
    compared = 0
    for layer in model.layers:
        nodes = found.get(layer.name)
        if not nodes:
            if layer.weights:
                wrong.append(f"{layer.name} is missing")
            continue
        shape = layer.output.shape[1:]
        ours = nodes[-1].facts.output
        turned = (*ours[1:], ours[0])
        trained = sum(math.prod(w.shape) for w in layer.trainable_weights)
        own = sum(node.params for node in nodes)
        buffers = sum(node.facts.buffer_values for node in nodes)
        # a count that no forward pass reads is left out; numbers of the config are stored by us
        kept = [w for w in layer.non_trainable_weights if w.path.rpartition("/")[2] != "count"]
        stored = sum(math.prod(w.shape) for w in kept)
        if type(layer).__name__ == "Normalization" and not kept:
            stored = buffers
        compared += 1
        if tuple(shape) != turned and math.prod(shape) != math.prod(ours):
            wrong.append(f"{layer.name}: {turned}, not {tuple(shape)}")
        if (own, buffers) != (trained, stored):
            wrong.append(f"{layer.name}: {own:,} + {buffers:,}, not {trained:,} + {stored:,}")
    return wrong


def main() -> int:
    """The table."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("how", choices=["torch", "onnx", "onnx-legacy", "keras"])
    parser.add_argument("--fold", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("names", nargs="*")
    given = parser.parse_intermixed_args()
    if given.how == "keras":
        names = given.names or keras_names()
        good = [keras_line(name) for name in names]
    else:
        names = given.names or torchvision_names()
        good = [line(name, given.how, given.fold, given.quick) for name in names]
    print(f"{sum(good)} of {len(names)} without a mismatch")
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
