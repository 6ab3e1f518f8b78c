"""Attributes that no exporter writes: a message names them, and no error of ours is behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

onnx = pytest.importorskip("onnx", reason="the onnx package is not installed")

from onnx import TensorProto, defs, helper  # noqa: E402

from cnncalc.diagnostics import SpecError, UsageError  # noqa: E402
from cnncalc.exchange.load import load  # noqa: E402
from cnncalc.exchange.onnx.operators import OPERATORS  # noqa: E402

OPSET = 17
SHAPE = (1, 4, 6, 6)
INTS: list[list[int]] = [[], [0], [2, 2], [-1, -1, -1, -1], [1, 1, 1, 1], [99, 99], [0, 0, 0, 0]]
VALUES: dict[Any, list[Any]] = {
    defs.OpSchema.AttrType.INT: [-99, -1, 0, 1, 7, 99],
    defs.OpSchema.AttrType.INTS: INTS,
    defs.OpSchema.AttrType.FLOAT: [-1.0, 0.0, 1e30],
    defs.OpSchema.AttrType.FLOATS: [[], [1.0, 1.0], [0.0]],
    defs.OpSchema.AttrType.STRING: ["", "nonsense", "SAME_UPPER"],
}
WRONG = {"a": "text", "b": 3, "c": [1, 2], "d": 0.5}
WEIGHTS = {"Conv": (8, 4, 3, 3), "ConvTranspose": (4, 8, 3, 3), "Gemm": (4, 8), "MatMul": (6, 8)}


def schema_of(operator: str) -> Any:
    try:
        return defs.get_schema(operator, max_inclusive_version=OPSET, domain="")
    except defs.SchemaError:
        return None


def model(path: Path, operator: str, inputs: int, attributes: dict[str, Any]) -> None:
    """A file of one operator on an image, with as many stored operands as it needs."""
    stored = []
    for number in range(1, inputs):
        shape = WEIGHTS.get(operator, (4,)) if number == 1 else (4,)
        values = [1.0] * (4 if shape == (4,) else onnx.numpy_helper.np.prod(shape))
        stored.append(helper.make_tensor(f"w{number}", TensorProto.FLOAT, shape, values))
    node = helper.make_node(operator, ["x", *[one.name for one in stored]], ["y"], **attributes)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "net", [x], [y], stored)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    path.write_bytes(made.SerializeToString())


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_each_attribute_is_read_or_named(tmp_path: Path, operator: str) -> None:
    schema = schema_of(operator)
    if schema is None:
        pytest.skip(f"no {operator} in opset {OPSET}")
    path = tmp_path / "net.onnx"
    for inputs in range(1, min(schema.max_input, 5) + 2):
        rows: list[dict[str, Any]] = [{}, {"never": 1}]
        for name, attribute in schema.attributes.items():
            rows += [{name: value} for value in VALUES.get(attribute.type, []) if value != []]
            rows += [{name: value} for value in WRONG.values()]
        for row in rows:
            model(path, operator, inputs, row)
            try:
                load(str(path)).graph()
            except (UsageError, SpecError) as error:
                assert len(str(error)) < 1000, (operator, inputs, row)  # noqa: PT017
            except Exception as error:
                raise AssertionError((operator, inputs, row)) from error
