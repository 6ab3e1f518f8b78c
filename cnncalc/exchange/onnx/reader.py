"""ONNX files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.onnx.functions import NODES, inlined, too_many
from cnncalc.exchange.onnx.importer import OnnxImporter, weights
from cnncalc.exchange.onnx.tensors import FIELDS
from cnncalc.exchange.reading.patterns import simplify
from cnncalc.exchange.reading.result import Reading
from cnncalc.exchange.reading.to_graph import lower
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.numerics.arrays import Array

OLDEST = 7
"""The first opset whose operators broadcast as they do today."""

NUMPY = {"tensor(float16)": "float16", "tensor(double)": "float64"}
"""NumPy's names of the types that a session may take beside float32."""

LARGEST = 2**31
"""Bytes of a file."""

Shapes = Shape | Mapping[str, Shape] | None


def open_model(path: str) -> Imported:
    """`model.onnx`: an ONNX graph, its weights inside, beside or absent.

    Raises:
        UsageError: it cannot be read, or the `onnx` package is missing.
    """
    if not os.path.isfile(path):
        reason = "it is a directory" if os.path.isdir(path) else "no such file"
        raise UsageError(f"cannot read {path}: {reason}")
    return _opened(_parsed(path), path, os.path.splitext(os.path.basename(path))[0])


def open_object(model: Any) -> Imported:
    """An `onnx.ModelProto` that is in memory; it is left as it was.

    Raises:
        UsageError: it holds no graph, or one that is too old or too large.
    """
    return _opened(_checked(model, "ModelProto"), "ModelProto", "ModelProto")


def _opened(model: Any, path: str, stem: str) -> Imported:
    name = model.graph.name
    label = stem if not name or name in ("main_graph", "torch_jit", "graph") else name[:80]
    return Imported(path, "ONNX", label, lambda input: read_model(model, path, label, input))


def _parsed(path: str) -> Any:
    proto = messages(path)
    try:
        if os.path.getsize(path) > LARGEST:
            raise UsageError(
                f"{path} is larger than any ONNX file: protobuf ends at 2 GB",
                "larger weights lie in files beside the model",
            )
        with open(path, "rb") as file:
            if file.read(1) < b"\x08":  # every message begins with the number of a field
                raise UsageError(f"{path} is no ONNX file")
            file.seek(0)
            model = proto.ModelProto.FromString(file.read())
    except UsageError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read {path}: {reason}") from None
    except Exception:  # DecodeError, which is protobuf's own
        raise UsageError(f"{path} is no ONNX file, or it is cut short") from None
    return _checked(model, path)


def _checked(model: Any, path: str) -> Any:
    """A model that can be read, its functions inlined.

    Raises:
        UsageError: it cannot.
    """
    if not model.graph.node:
        raise UsageError(f"{path} holds no graph, or an empty one")
    if model.functions:
        model = inlined(model, path)
    if len(model.graph.node) > NODES:
        raise too_many(path)
    version = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), None)
    if version is None or version < OLDEST:
        raise UsageError(
            f"{path} is of opset {version or 'none'}",
            f"opset {OLDEST} and later are read; `onnx.version_converter` brings it up",
        )
    return model


@cache
def messages(path: str) -> Any:
    """The classes of ONNX' messages.

    They are loaded by themselves: the package around them brings NumPy, and takes several times
    as long as reading most models.

    Raises:
        UsageError: the package is not installed.
    """
    import importlib.util

    package = importlib.util.find_spec("onnx")
    if package is None or not package.submodule_search_locations:
        raise UsageError(
            f"{path} needs the `onnx` package, which is not installed",
            'pip install "cnncalc[onnx]"',
        )
    file = os.path.join(package.submodule_search_locations[0], "onnx_ml_pb2.py")
    spec = importlib.util.spec_from_file_location("onnx_ml_pb2", file)
    if spec is None or spec.loader is None or not os.path.isfile(file):
        import onnx

        return onnx
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_model(model: Any, path: str, name: str, input: Shapes) -> Reading:
    """A model's graph for an input.

    Raises:
        UsageError: the input does not fit, or is needed and not given.
        SpecError: the model holds operators without a layer.
    """
    shapes = _input_shapes(model, path, input)
    program = OnnxImporter(model, path, name, shapes).run()
    simplify(program)
    found = lower(program, f"ONNX, {path}", path)
    if _computes_in_half(model):
        found = found._replace(tolerance=ROUNDING_IN_HALF)
    whole = all(_held(one) for one in model.graph.initializer)
    if not whole or weights(model) & {one.name for one in model.graph.input} - {
        one.name for one in model.graph.initializer
    }:
        return found
    model_or_path = path if os.path.isfile(path) else model
    return found._replace(run=lambda inputs: run(model_or_path, inputs))


HALF = (10, 16)
"""ONNX' numbers of the types of 16 bits."""
ROUNDING_IN_HALF = 1e-2
"""The relative difference that their rounding may make."""


def _computes_in_half(model: Any) -> bool:
    """Whether an input, an array or a cast of a graph is of 16 bits."""
    graph = model.graph
    return (
        any(one.type.tensor_type.elem_type in HALF for one in graph.input)
        or any(one.data_type in HALF for one in graph.initializer)
        or any(
            node.op_type == "Cast" and any(a.name == "to" and a.i in HALF for a in node.attribute)
            for node in graph.node
        )
    )


def _held(tensor: Any) -> bool:
    """Whether a tensor's values are there; asking for the bytes would copy them."""
    return (
        tensor.data_location == 1
        or tensor.HasField("raw_data")
        or any(len(getattr(tensor, field)) for field in FIELDS)
        or not tensor.dims
    )


def _input_shapes(model: Any, path: str, input: Shapes) -> dict[str, Shape]:
    """Shapes of the graph's inputs with their batch; 1 sample where that is free."""
    graph = model.graph
    inside = {one.name for one in graph.initializer}
    stored = weights(model)
    declared = {one.name: _declared(one) for one in graph.input if one.name not in inside}
    images = [name for name in declared if name not in stored]
    if not images:
        raise UsageError(f"{path} has no input")
    given = _given(path, images, input)
    found: dict[str, Shape] = {}
    for name, sizes in declared.items():
        if sizes is None or len(sizes) < 1:
            raise UsageError(f"{path} does not say what shape `{name[:60]}` has")
        if len(sizes) < 2 and name not in stored:
            raise UsageError(
                f"{path}: its input `{name[:60]}` has one axis, which is its batch",
                "there is no map in it that layers could work on",
            )
        if name in stored:
            if None in sizes:
                raise UsageError(f"{path} does not say what shape the weight `{name[:60]}` has")
            found[name] = tuple([size or 0 for size in sizes])
            continue
        own = given.get(name)
        shown = "×".join("?" if size is None else str(size) for size in sizes[1:])
        if own is None:
            if None in sizes[1:]:
                raise UsageError(
                    f"{path} leaves open what its input `{name[:60]}` is: {shown}",
                    "say it, as in `--input 3x224x224`",
                )
            own = tuple([size or 0 for size in sizes[1:]])
        elif len(own) != len(sizes) - 1 or any(
            a is not None and a != b for a, b in zip(sizes[1:], own, strict=True)
        ):
            wanted = "×".join(map(str, own))
            raise UsageError(
                f"{path} fixes its input `{name[:60]}` to {shown}, and {wanted} does not fit",
                "export it with free sizes, or convert it to an architecture file",
            )
        if any(size < 1 for size in own):
            raise UsageError(f"{path}: its input `{name[:60]}` is {shown}")
        found[name] = (sizes[0] or 1, *own)
    return found


def _given(path: str, images: list[str], input: Shapes) -> dict[str, Shape]:
    if input is None:
        return {}
    if not isinstance(input, Mapping):
        if len(images) > 1:
            raise UsageError(
                f"{path} takes {len(images)} inputs: {', '.join(images[:8])}",
                "as in `--input " + ",".join(f"{one}=3x224x224" for one in images[:2]) + "`",
            )
        return {images[0]: input}
    for name in input:
        if name not in images:
            raise UsageError(f"{path} has no input `{name}`", f"its inputs: {', '.join(images)}")
    return dict(input)


def _declared(one: Any) -> list[int | None] | None:
    if not one.type.HasField("tensor_type") or not one.type.tensor_type.HasField("shape"):
        return None
    return [
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None
        for dim in one.type.tensor_type.shape.dim
    ]


def run(model: Any, inputs: list[Array]) -> list[Array]:
    """The outputs under ONNX Runtime of a model in memory, or of the file of a path.

    Raises:
        UsageError: it is not installed, or refuses the model.
    """
    try:
        import onnxruntime  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError(
            "checking an ONNX model needs ONNX Runtime, which is not installed",
            "pip install onnxruntime",
        ) from None
    try:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        held = model if isinstance(model, str) else model.SerializeToString()
        session = onnxruntime.InferenceSession(held, options, providers=["CPUExecutionProvider"])
        inside = {one.name for one in session.get_overridable_initializers()}
        names = [one.name for one in session.get_inputs() if one.name not in inside]
        given = dict(zip(names, inputs, strict=True))
        types = {one.name: NUMPY.get(one.type, "float32") for one in session.get_inputs()}
        given = {name: array.astype(types[name]) for name, array in given.items()}
        return list(session.run(None, given))
    except Exception as error:
        path = model if isinstance(model, str) else "the model"
        raise UsageError(f"ONNX Runtime refuses {path}: {str(error)[:300]}") from None
