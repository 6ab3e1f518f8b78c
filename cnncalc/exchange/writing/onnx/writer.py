"""The ONNX model of a graph, with weights or without."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.writing.onnx import operators, shaping, sliding  # noqa: F401  (they register)
from cnncalc.exchange.writing.onnx.building import (
    CUSTOM_DOMAIN,
    OPERATORS,
    Building,
    LayerOperators,
    Unsayable,
)
from cnncalc.graph import Graph
from cnncalc.numerics.arrays import Array

if TYPE_CHECKING:
    import onnx

OPSET = 20
"""The operator set: the first with Gelu, and Resize on named axes."""
IR_VERSION = 9
BATCH = "N"
"""The name of the batch, which is free."""


def onnx_model(
    graph: Graph, arrays: Sequence[Mapping[str, Array]] | None = None
) -> onnx.ModelProto:
    """The model; without arrays the weights are inputs of the graph, for tools that only look.

    Raises:
        UsageError: the `onnx` package is missing, or ONNX cannot say a layer.
    """
    try:
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        raise UsageError("writing ONNX needs its package", 'pip install "cnncalc[onnx]"') from None
    building = built(graph)
    float32 = TensorProto.FLOAT
    inputs = [
        helper.make_tensor_value_info(name, float32, [BATCH, *shape])
        for name, shape in graph.input_shapes.items()
    ]
    outputs = [
        helper.make_tensor_value_info(node.name, float32, [BATCH, *node.facts.output])
        for node in (graph.nodes[index] for index in graph.outputs)
    ]
    initializers = [
        numpy_helper.from_array(array, name) for name, array in building.constants.items()
    ]
    for (index, name), tensor in building.arrays.items():
        facts = graph.nodes[index].facts
        shape = facts.weights[name] if name in facts.weights else facts.buffers[name]
        if arrays is None:
            inputs.append(helper.make_tensor_value_info(tensor, float32, shape))
        else:
            value = np.ascontiguousarray(arrays[index][name], np.float32)
            initializers.append(numpy_helper.from_array(value, tensor))
    nodes = [
        helper.make_node(
            made.op, made.inputs, made.outputs, made.name, domain=made.domain, **made.attributes
        )
        for made in building.made
    ]
    # nobody else can tell the shape of what an operator of ours gives
    stated = [
        helper.make_tensor_value_info(node.name, float32, [BATCH, *node.facts.output])
        for index, node in enumerate(graph.nodes)
        if node.kind.is_stated and index not in graph.outputs
    ]
    body = helper.make_graph(nodes, graph.name, inputs, outputs, initializers, value_info=stated)
    opset = [helper.make_opsetid("", OPSET)]
    if any([made.domain for made in building.made]):
        opset.append(helper.make_opsetid(CUSTOM_DOMAIN, 1))
    model = helper.make_model(
        body, opset_imports=opset, ir_version=IR_VERSION, producer_name="cnncalc"
    )
    if graph.source:
        helper.set_model_props(model, {"source": graph.source, "file": graph.file or ""})
    return model


def built(graph: Graph) -> Building:
    """The operators of every layer.

    Raises:
        UsageError: ONNX cannot say some of them; all are named.
    """
    building = Building(graph)
    unsayable: dict[str, list[str]] = {}
    for index in range(len(graph.inputs), len(graph.nodes)):
        layer = LayerOperators(building, index)
        write = OPERATORS.get(type(layer.kind))
        try:
            if write is None:
                raise Unsayable(f"`{layer.kind.name}`")
            layer.finish(write(layer))
        except Unsayable as error:
            unsayable.setdefault(str(error), []).append(layer.node.name)
    if unsayable:
        told = [f"{what} ({', '.join(names[:3])})" for what, names in unsayable.items()]
        raise UsageError(f"ONNX cannot say {'; '.join(told)}")
    return building


LARGEST = 2**31 - 1
"""Bytes that one protobuf message can have."""


def onnx_bytes(model: onnx.ModelProto) -> bytes | None:
    """The file of a model; `None` where it is larger than one of this format can be."""
    from google.protobuf.message import EncodeError

    try:
        return bytes(model.SerializeToString()) if model.ByteSize() <= LARGEST else None
    except (EncodeError, ValueError, OverflowError):  # what protobuf says beyond its limit
        return None


def write_apart(model: onnx.ModelProto, path: str) -> str:
    """Write a model whose weights stand in a second file beside it, both or neither.

    Returns:
        The path of the second file, `NAME.onnx.data`.

    Raises:
        UsageError: they cannot be written.
    """
    import onnx

    folder, name = os.path.split(os.path.abspath(path))
    data = f"{name}.data"
    try:
        with tempfile.TemporaryDirectory(dir=folder) as aside:
            written = os.path.join(aside, name)
            onnx.save_model(model, written, save_as_external_data=True, location=data)
            os.chmod(os.path.join(aside, data), os.stat(written).st_mode)
            for one in (data, name):
                os.replace(os.path.join(aside, one), os.path.join(folder, one))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None
    return f"{path}.data"


def onnx_difference(
    graph: Graph, arrays: Sequence[Mapping[str, Array]], model: bytes | str, seed: int
) -> float:
    """The largest relative difference between onnxruntime's outputs and our kernels'.

    `model` is the content of a file, or its path.

    Raises:
        UsageError: onnxruntime is missing.
    """
    from cnncalc.exchange.checking import difference
    from cnncalc.numerics.run.executor import execute

    try:
        import onnxruntime  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError("`--check` needs onnxruntime", "pip install onnxruntime") from None
    onnxruntime.set_default_logger_severity(3)
    random = np.random.Generator(np.random.PCG64([seed, 2]))
    inputs = {
        name: random.standard_normal((1, *shape), np.float32)
        for name, shape in graph.input_shapes.items()
    }
    session = onnxruntime.InferenceSession(model)
    theirs = session.run([graph.nodes[index].name for index in graph.outputs], inputs)
    given = dict(enumerate(inputs.values()))
    ours = execute(graph, [dict(array) for array in arrays], given.pop, 1)
    pairs = zip(graph.outputs, theirs, strict=True)
    return max([difference(ours[index], their) for index, their in pairs])
