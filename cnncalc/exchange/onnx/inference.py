"""Shapes of the results of operators that no layer stands for, as ONNX infers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import prod
from typing import Any

from cnncalc.exchange.onnx.tensors import TYPES
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.shapes import Shape

SMALL = 1024
"""Stored arrays of so many values are handed to the inference: they may be sizes."""

FLOAT = 1
"""ONNX' number of the type that a tensor has whose type is not known."""


class ShapeInference:
    """What ONNX infers of one graph for given inputs; it is worked out when it is first needed."""

    def __init__(self, model: Any, shapes: Mapping[str, Shape]) -> None:
        self.model = model
        self.shapes = shapes
        """Of the graph's inputs, the batch among them."""
        self._whole: dict[str, Any] | None = None

    def shapes_of(self, node: Any, values: Mapping[str, Any]) -> list[Shape | None]:
        """For each output of a node its shape; `None` of one that is not known.

        `values` are the tensors that are known by now, by their names. The inference of the whole
        graph ends at an operator that ONNX has not; what stands behind it is inferred by itself.
        """
        whole = self._inferred()
        found = [_sizes(whole.get(name)) if name else None for name in node.output]
        if any([name and shape is None for name, shape in zip(node.output, found, strict=True)]):
            alone = self._alone(node, values)
            found = [
                _sizes(alone.get(name)) if shape is None else shape
                for name, shape in zip(node.output, found, strict=True)
            ]
        return found

    def _inferred(self) -> dict[str, Any]:
        """The types of all tensors of the graph."""
        if self._whole is None:
            from onnx import shape_inference  # a file is being read: the package is imported

            light = self._light()
            with suppress(Exception):  # `InferenceError` and others: the file's own shapes are left
                light = shape_inference.infer_shapes(light.SerializeToString(), data_prop=True)
            tensors = [*light.graph.value_info, *light.graph.output]
            self._whole = {one.name: one.type for one in tensors}
        return self._whole

    def _light(self) -> Any:
        """The graph for these inputs, without the values of its large arrays."""
        graph = self.model.graph
        light = type(self.model)()
        light.ir_version = max(self.model.ir_version, 4)
        light.opset_import.extend(self.model.opset_import)
        light.graph.name = graph.name or "graph"
        light.graph.node.extend(graph.node)
        light.graph.output.extend(graph.output)
        light.graph.value_info.extend(graph.value_info)
        stored = {one.name for one in graph.initializer}
        for one in graph.initializer:
            if prod(one.dims) <= SMALL and one.data_location != 1:
                light.graph.initializer.append(one)
            else:
                _declare(light.graph.input.add(), one.name, one.data_type, one.dims)
        for one in graph.input:
            if one.name not in stored:
                kind = one.type.tensor_type.elem_type
                _declare(light.graph.input.add(), one.name, kind, self.shapes[one.name])
        sizes = {
            dim.dim_param: size
            for one in graph.input
            for dim, size in zip(
                one.type.tensor_type.shape.dim, self.shapes.get(one.name, ()), strict=False
            )
            if dim.dim_param
        }
        for one in [*light.graph.output, *light.graph.value_info]:
            for dim in one.type.tensor_type.shape.dim:
                if dim.dim_param in sizes:
                    dim.dim_value = sizes[dim.dim_param]
        return light

    def _alone(self, node: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        """The types of one node's outputs, from the shapes of its inputs."""
        from onnx import TypeProto, defs, numpy_helper, shape_inference  # as above

        versions = {one.domain: one.version for one in self.model.opset_import}
        version = versions.get(node.domain, versions.get("ai.onnx", 1))
        types: dict[str, Any] = {}
        data: dict[str, Any] = {}
        for name in filter(None, node.input):
            value = values.get(name)
            if not isinstance(value, (Op, Constant)):
                return {}
            types[name] = TypeProto()
            tensor = types[name].tensor_type
            tensor.elem_type = self._type(name, value)
            for size in value.shape:
                tensor.shape.dim.add().dim_value = size
            tensor.shape.SetInParent()
        try:
            schema = defs.get_schema(
                node.op_type, max_inclusive_version=version, domain=node.domain
            )
            for name in types:
                value = values[name]
                if isinstance(value, Constant) and value.values <= SMALL:
                    data[name] = numpy_helper.from_array(value.read(), name)
            imports = list(self.model.opset_import)
            return dict(
                shape_inference.infer_node_outputs(schema, node, types, data, opset_imports=imports)
            )
        except Exception:  # no such operator, or none on these inputs: nothing is inferred
            return {}

    def _type(self, name: str, value: Op | Constant) -> int:
        """ONNX' number of a tensor's type."""
        known = self._inferred().get(name)
        if known is not None and known.tensor_type.elem_type:
            return int(known.tensor_type.elem_type)
        if isinstance(value, Constant) and value.values <= SMALL:
            names = {text: number for number, text in TYPES.items()}
            return names.get(value.read().dtype.name, FLOAT)
        return FLOAT


def _declare(given: Any, name: str, kind: int, sizes: Sequence[int]) -> None:
    given.name = name
    given.type.tensor_type.elem_type = kind
    given.type.tensor_type.shape.SetInParent()
    for size in sizes:
        given.type.tensor_type.shape.dim.add().dim_value = size


def _sizes(type: Any) -> Shape | None:
    """The shape that a type states whole; `None` where a size of it is open."""
    if type is None or not type.HasField("tensor_type"):
        return None
    tensor = type.tensor_type
    if not tensor.HasField("shape"):
        return None
    sizes = tuple([one.dim_value if one.HasField("dim_value") else -1 for one in tensor.shape.dim])
    return sizes if all([size > 0 for size in sizes]) else None
