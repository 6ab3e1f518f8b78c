"""The ONNX model of a graph, with weights or without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.writing.onnx import operators, sliding  # noqa: F401  (they register)
from cnncalc.exchange.writing.onnx.building import OPERATORS, Building, Layer, Unsayable
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
        helper.make_node(made.op, made.inputs, made.outputs, made.name, **made.attributes)
        for made in building.made
    ]
    body = helper.make_graph(nodes, graph.name, inputs, outputs, initializers)
    opset = [helper.make_opsetid("", OPSET)]
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
        layer = Layer(building, index)
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
