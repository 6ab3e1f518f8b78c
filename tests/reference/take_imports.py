"""Write imports.json: every CNN of torchvision and of Keras, imported, and held against both.

    python tests/reference/take_imports.py torch|onnx|onnx-legacy|keras ... [--only NAME ...]

Each network is read, written as an architecture file, and that file is read again and run on the
network's own weights and a random input, beside the framework. A row holds the input, the layers,
the lines of the file (without comments and empty ones), trained parameters, MACs, what differs
from the committed reference (`torchvision/`: totals, and every layer's output shape and arrays)
or, for Keras, from Keras' own layers; whether the file is the same graph up to names; the largest
difference of the outputs relative to their largest value, and how far those outputs are spread
(their standard deviation relative to the same): an output that is the same whatever comes before
would prove nothing.

`torch` records the module at the network's own size; `onnx` through torch.onnx's exporter of
today and `onnx-legacy` through the former one, both with kept and with folded batch
normalizations, at the smallest size of which figures are committed. Weights are drawn so that
every layer matters and rounding does not grow from layer to layer: scaled by what they sum over,
statistics as a random batch has them, factors of normalizations in 0.25..0.75 beside offsets of a
deviation of 1. `--new` leaves out what the file holds already. Needs the frameworks.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")
ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np  # noqa: E402
from compare import differences, totals  # noqa: E402
from support import same_network  # noqa: E402

from cnncalc.diagnostics import SpecError, UsageError  # noqa: E402
from cnncalc.exchange.checking import check_import  # noqa: E402
from cnncalc.exchange.converting import architecture_of  # noqa: E402
from cnncalc.exchange.imported import Imported  # noqa: E402
from cnncalc.exchange.torch.reader import imported_module  # noqa: E402
from cnncalc.language.network import Network  # noqa: E402
from cnncalc.language.text.source import Source  # noqa: E402

HERE = Path(__file__).parent
FILE = HERE / "imports.json"
REFERENCE = HERE / "torchvision"
FORMS = ("torch", "onnx", "onnx folded", "onnx-legacy", "onnx-legacy folded", "keras")


# -- torchvision ---------------------------------------------------------------------------------


def torchvision_names() -> list[str]:
    """The 77 networks whose figures are committed, the cheapest first."""
    names = [path.stem for path in sorted(REFERENCE.glob("*.json")) if "_no_aux" not in path.stem]
    return sorted(names, key=lambda name: int(reference(name)["runs"][0]["macs"]))


def reference(name: str) -> dict[str, Any]:
    """What was taken of a network as it runs in inference: without auxiliary heads."""
    stem = f"{name}_no_aux" if (REFERENCE / f"{name}_no_aux.json").exists() else name
    found: dict[str, Any] = json.loads((REFERENCE / f"{stem}.json").read_text(encoding="utf-8"))
    return found


def torchvision_model(name: str) -> Any:
    """A network of torchvision on random weights."""
    import torch

    for operator in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, operator):
            torch.library.define(
                f"torchvision::{operator}", "(Tensor a, Tensor b, float c) -> Tensor"
            )
    from torchvision import models

    torch.manual_seed(0)
    options = {"weights_backbone": None} if name.startswith(("fcn", "deeplab", "lraspp")) else {}
    with unfilled():
        return models.get_model(name, weights=None, **options).eval()


def unfilled() -> Any:
    """A mode in which nothing random is drawn: initializing the largest takes a minute."""
    from torch.overrides import TorchFunctionMode

    class Unfilled(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if func.__name__ in ("normal_", "uniform_", "trunc_normal_", "erfinv_"):
                return args[0] if args else kwargs["tensor"]
            return func(*args, **(kwargs or {}))

    return Unfilled()


def draw(model: Any, shape: tuple[int, ...]) -> None:
    """Random weights, on which every layer changes the output and none saturates."""
    import torch

    normalizations = []
    with torch.no_grad():
        for module in model.modules():
            own = dict(module.named_parameters(recurse=False))
            normalizes = "weight" in own and own["weight"].dim() == 1
            for key, value in own.items():
                if key == "bias":
                    value.normal_(0, 1 if normalizes else 0.1)
                elif key == "weight" and value.dim() > 1:
                    value.normal_(0, math.sqrt(2 / math.prod(value.shape[1:])))
                else:
                    value.uniform_(0.25, 0.75)
            if getattr(module, "running_var", None) is not None:
                module.reset_running_stats()
                normalizations.append((module, module.momentum))
        model.eval()
        for module, _ in normalizations:
            module.train()
            module.momentum = 1.0
        if normalizations:
            model(torch.randn(2, *shape))
        for module, momentum in normalizations:
            module.momentum = momentum
            # a channel that happened to be constant would blow rounding up
            module.running_var.clamp_(min=float(module.running_var.mean()) / 4)
        model.eval()


def smallest(entry: dict[str, Any], model: Any) -> dict[str, Any]:
    """The run of the fewest operations that the exporters take.

    They write adaptive pools at sizes that divide alone: AlexNet's and VGG's at their own.
    """
    pools = [getattr(module, "output_size", 1) for module in model.modules()]
    if any(size not in (1, (1, 1), (1, 1, 1)) for size in pools):
        own: dict[str, Any] = entry["runs"][0]
        return own
    found: dict[str, Any] = min(entry["runs"], key=lambda run: run["macs"])
    return found


def torch_rows(name: str, forms: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a network of torchvision in each form."""

    entry = reference(name)
    model = torchvision_model(name)
    if "torch" in forms:
        run = entry["runs"][0]
        draw(model, run["input"])
        network = imported_module(model, tuple(run["input"]), name)
        yield "torch", row(network, lambda g: held(entry, run, g, True))
    onnx = [form for form in forms if form.startswith("onnx")]
    if not onnx:
        return
    run = smallest(entry, model)
    draw(model, run["input"])
    for form, network in exports(model, name, tuple(run["input"]), onnx):
        kept = not form.endswith("folded")
        yield form, row(network, lambda g, kept=kept: held(entry, run, g, kept))  # type: ignore[misc]


def exports(
    model: Any, name: str, shape: tuple[int, ...], forms: list[str]
) -> Iterator[tuple[str, Imported]]:
    """The network in each form of ONNX."""
    import torch

    from cnncalc.exchange.load import load_foreign

    given = (torch.zeros(1, *shape),)
    program: Any = None
    for form in forms:
        fold = form.endswith("folded")
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            path = os.path.join(folder, f"{name}.onnx")
            if form.startswith("onnx-legacy"):
                mode = torch.onnx.TrainingMode
                torch.onnx.export(
                    model, given, path, dynamo=False, do_constant_folding=fold,
                    training=mode.EVAL if fold else mode.PRESERVE,
                )  # fmt: skip
            else:
                if program is None:
                    program = torch.onnx.export(
                        model, given, dynamo=True, optimize=False, verbose=False
                    )
                if fold:
                    program.optimize()
                program.save(path, external_data=True)
                if not fold and len(shape) == 4:
                    without_false_biases(path)
            network = load_foreign(path)
            assert network is not None
            yield form, network


def without_false_biases(path: str) -> None:
    """Take out the biases that the exporter gives to a Conv3d without one.

    Before optimization they are zeros of the shape [channels, 2], which onnxruntime refuses.
    """
    import onnx

    model = onnx.load(path, load_external_data=False)
    expanded = {node.output[0] for node in model.graph.node if node.op_type == "Expand"}
    for node in model.graph.node:
        if node.op_type == "Conv" and len(node.input) == 3 and node.input[2] in expanded:
            del node.input[2]
    onnx.save(model, path)


def held(entry: dict[str, Any], run: dict[str, Any], graph: Any, kept: bool) -> list[str]:
    """What differs from the committed figures; folded normalizations leave only the operations."""
    shapes = run.get("shapes") or [layer[2] for layer in entry["layers"]]
    wrong = totals(entry, run, graph)
    if kept:
        return wrong + differences(entry, graph, shapes)[1]
    return [text for text in wrong if not text.startswith(("params", "buffers"))]


# -- Keras ---------------------------------------------------------------------------------------


def keras_names() -> list[str]:
    """The CNNs of keras.applications."""
    from keras import applications

    return sorted(
        name for name, make in vars(applications).items() if callable(make) and name[:1].isupper()
    )


def keras_rows(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The row of a network of keras.applications."""
    import keras

    from cnncalc.exchange.load import load_foreign

    make, options = getattr(keras.applications, name), {"weights": None}
    if name.startswith("MobileNetV3"):  # leaves its input's size open
        options["input_shape"] = (224, 224, 3)
    keras.utils.set_random_seed(0)
    model = make(classifier_activation=None, **options)
    keras_draw(model)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        network = load_foreign(path)
        assert network is not None
        yield "keras", row(network, lambda graph: keras_mismatches(model, graph, network))


def keras_draw(model: Any) -> None:
    """The same for a model of Keras, on top of its own initialization."""
    import keras

    for weight in model.weights:
        if weight.path.endswith("gamma"):
            weight.assign(keras.random.uniform(weight.shape, 0.25, 0.75))
        elif weight.path.endswith("beta"):
            weight.assign(keras.random.normal(weight.shape, 0, 1))
        elif weight.path.endswith("bias"):
            weight.assign(keras.random.normal(weight.shape, 0, 0.1))
    found = [one for one in model._flatten_layers() if type(one).__name__ == "BatchNormalization"]
    momenta = [one.momentum for one in found]
    for one in found:
        one.momentum = 0
    if found:
        model(keras.random.normal((2, *model.input_shape[1:])), training=True)
    for one, momentum in zip(found, momenta, strict=True):
        one.momentum = momentum


def keras_mismatches(model: Any, graph: Any, network: Any) -> list[str]:
    """Layers whose output shape or parameters differ from Keras'."""
    found: dict[str, Any] = {}
    for node, origin in zip(graph.nodes, network.origins(), strict=True):
        found.setdefault(origin.path[0] if origin.path else "", []).append(node)
    wrong = []
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
        if tuple(shape) != turned and math.prod(shape) != math.prod(ours):
            wrong.append(f"{layer.name}: {turned}, not {tuple(shape)}")
        if (own, buffers) != (trained, stored):
            wrong.append(f"{layer.name}: {own:,} + {buffers:,}, not {trained:,} + {stored:,}")
    return wrong


# -- rows ----------------------------------------------------------------------------------------


def row(network: Imported, mismatches: Callable[[Any], list[str]]) -> dict[str, Any]:
    """A network's row, or the message with which it is refused."""
    try:
        graph = network.graph()
        text = architecture_of(network, graph)
        written = Network(Source("<written>", text, None)).graph()
        with outputs(network) as spread:
            apart = check_import(network, graph=written, threads=2).largest
    except (SpecError, UsageError) as error:
        return {"refused": str(error)}
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {
        "input": list(graph.input_shape),
        "layers": len(graph.layers),
        "lines": len(lines),
        "params": sum(node.params for node in graph.layers),
        "macs": sum(node.facts.operations.macs for node in graph.layers),
        "mismatches": mismatches(graph),
        "same": same_network(graph, written),
        "difference": float(f"{apart:.1e}"),
        "spread": float(f"{min(spread):.1e}"),
    }


@contextmanager
def outputs(network: Imported) -> Iterator[list[float]]:
    """The spread of each output of the framework while its network is checked."""
    reading = network.reading()
    found: list[float] = []

    def run(inputs: list[Any]) -> list[Any]:
        assert reading.run is not None
        theirs = reading.run(inputs)
        found.extend(float(np.std(one) / max(np.max(np.abs(one)), 1e-30)) for one in theirs)
        return theirs

    network._readings[None] = reading._replace(run=run)
    yield found
    network._readings[None] = reading


def good(found: dict[str, Any]) -> bool:
    """Whether a row says what all of them should."""
    return (
        "refused" not in found
        and not found["mismatches"]
        and found["same"]
        and found["difference"] <= 1e-4
        and found["spread"] > 0.01
    )


def told(name: str, form: str, found: dict[str, Any]) -> str:
    """A row for people."""
    if "refused" in found:
        return f"{name:32} {form:18} refused: {found['refused'][:200]}"
    return (
        f"{name:32} {form:18} {found['lines']:4} lines {found['layers']:5} layers "
        f"{found['params']:12,} {found['macs']:16,}  {len(found['mismatches'])} mismatches  "
        f"{'' if found['same'] else 'ANOTHER GRAPH  '}{found['difference']:.1e}  "
        f"spread {found['spread']:.2f}  {'; '.join(found['mismatches'][:2])}"
    )


def versions() -> dict[str, str]:
    """What the rows are taken with."""
    from importlib.metadata import version

    names = ("torch", "torchvision", "onnx", "onnxruntime", "onnxscript", "keras")
    return {name: version(name) for name in names} | {"python": platform.python_version()}


def stored() -> dict[str, Any]:
    """The rows that the file holds."""
    if not FILE.exists():
        return {}
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def store(rows: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Write rows beside those taken before."""
    before = stored()
    parts = [f'"versions": {json.dumps(versions())}']
    for form in FORMS:
        taken = dict(before.get(form, {})) | {name: one for f, name, one in rows if f == form}
        if taken:
            lines = ",\n".join(
                f"  {json.dumps(name)}: {json.dumps(taken[name])}" for name in sorted(taken)
            )
            parts.append(f"{json.dumps(form)}: {{\n{lines}\n}}")
    FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def main() -> int:
    """Take what is asked for, a network after the other."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("hows", nargs="+", choices=["torch", "onnx", "onnx-legacy", "keras"])
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--new", action="store_true")
    given = parser.parse_args()
    forms = [form for form in FORMS if form.split()[0] in given.hows]
    known = stored() if given.new else {}
    names = [(name, torch_rows) for name in torchvision_names()] if forms != ["keras"] else []
    jobs: list[tuple[str, Any]] = [(n, make) for n, make in names]
    if "keras" in forms:
        jobs += [(name, lambda name, _: keras_rows(name)) for name in keras_names()]
    bad = 0
    for name, make in jobs:
        wanted = [form for form in forms if name not in known.get(form, {})]
        wanted = [form for form in wanted if (form == "keras") != (make is torch_rows)]
        if not wanted or (given.only and name not in given.only):
            continue
        start = time.perf_counter()
        try:
            for form, found in make(name, wanted):
                store([(form, name, found)])
                bad += not good(found)
                print(told(name, form, found), f"{time.perf_counter() - start:6.1f} s", flush=True)
                start = time.perf_counter()
        except Exception as error:  # the framework's own: the row is missing
            print(f"{name:32} FAILED: {str(error)[:300]}", flush=True)
            bad += 1
        gc.collect()
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
