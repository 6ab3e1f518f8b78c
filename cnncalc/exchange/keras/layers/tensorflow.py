"""TensorFlow's own operations between the layers of `tf.keras` 2.x models.

`TFOpLambda` and `SlicingOpLambda` (2.4 to 2.15) name the function of TensorFlow's interface;
`TensorFlowOpLayer` (2.0 to 2.3) holds the node of the graph, with its constants.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from cnncalc.exchange.keras.layers.registry import OPERATIONS, LayerCall, layer, require
from cnncalc.exchange.reading.program import Op


class Function(NamedTuple):
    """An operation of `keras.ops` that a function of TensorFlow is."""

    operation: str
    arguments: tuple[str, ...] = ()
    """The names of its arguments after the first, in the order of the operation's."""
    config: Mapping[str, str] = {}
    """Arguments that are part of the operation's config, and what they are called there."""


AXES = {"axis": "axis", "keepdims": "keepdims", "keep_dims": "keepdims"}
BINARY = ("y",)

FUNCTIONS: Mapping[str, Function] = {
    **{name: Function(operation, BINARY) for operation, names in (
        ("Add", ("math.add", "__operators__.add", "add")),
        ("Subtract", ("math.subtract", "__operators__.sub", "subtract")),
        ("Multiply", ("math.multiply", "__operators__.mul", "multiply")),
        ("TrueDivide", ("math.truediv", "math.divide", "__operators__.truediv", "divide",
                        "realdiv", "RealDiv")),
        ("Maximum", ("math.maximum", "maximum")),
        ("Minimum", ("math.minimum", "minimum")),
        ("Power", ("math.pow", "__operators__.pow", "pow")),
    ) for name in names},
    **{name: Function(operation) for operation, names in (
        ("Relu", ("nn.relu",)), ("Relu6", ("nn.relu6",)), ("Selu", ("nn.selu",)),
        ("Sigmoid", ("math.sigmoid", "nn.sigmoid", "sigmoid")),
        ("Tanh", ("math.tanh", "nn.tanh", "tanh")),
        ("Silu", ("nn.silu", "nn.swish")), ("Softplus", ("math.softplus", "nn.softplus")),
        ("Softsign", ("nn.softsign", "math.softsign")), ("Elu", ("nn.elu",)),
        ("Exp", ("math.exp", "exp")), ("Log", ("math.log", "log")),
        ("Square", ("math.square", "square")), ("Sqrt", ("math.sqrt", "sqrt")),
        ("Rsqrt", ("math.rsqrt",)), ("Absolute", ("math.abs", "abs")),
        ("Negative", ("math.negative", "negative", "__operators__.neg")),
        ("Identity", ("identity", "stop_gradient", "grad_pass_through")),
    ) for name in names},
    **{name: Function(operation, (), AXES) for operation, names in (
        ("Mean", ("math.reduce_mean", "reduce_mean")), ("Sum", ("math.reduce_sum", "reduce_sum")),
        ("Max", ("math.reduce_max", "reduce_max")), ("Min", ("math.reduce_min", "reduce_min")),
    ) for name in names},
    "nn.leaky_relu": Function("LeakyRelu", ("alpha",)),
    "nn.gelu": Function("Gelu", ("approximate",)),
    "nn.softmax": Function("Softmax", (), {"axis": "axis"}),
    "nn.log_softmax": Function("LogSoftmax", (), {"axis": "axis"}),
    "concat": Function("Concatenate", (), {"axis": "axis"}),
    "stack": Function("Stack", (), {"axis": "axis"}),
    "reshape": Function("Reshape", (), {"shape": "newshape"}),
    "transpose": Function("Transpose", (), {"perm": "axes"}),
    "expand_dims": Function("ExpandDims", (), {"axis": "axis"}),
    "squeeze": Function("Squeeze", (), {"axis": "axis"}),
    "linalg.matmul": Function("Matmul", ("b",)),
    "matmul": Function("Matmul", ("b",)),
    "clip_by_value": Function("Clip", ("clip_value_min", "clip_value_max")),
    "cast": Function("Cast", ("dtype",)),
    "split": Function(
        "Split", (), {"num_or_size_splits": "indices_or_sections", "axis": "axis"}
    ),
    "nn.depth_to_space": Function("DepthToSpace", ("block_size",)),
    "nn.space_to_depth": Function("SpaceToDepth", ("block_size",)),
    "math.l2_normalize": Function("L2Normalize", ("axis", "epsilon")),
    "nn.l2_normalize": Function("L2Normalize", ("axis", "epsilon")),
    "image.resize": Function("ImageResize", ("size", "method", "antialias")),
    "compat.v1.image.resize_bilinear": Function("ImageResize", ("size",)),
    "pad": Function("Pad", ("constant_values",), {"paddings": "pad_width"}),
    "compat.v1.pad": Function("Pad", ("constant_values",), {"paddings": "pad_width"}),
    "__operators__.getitem": Function("GetItem", ("slice_spec",)),
}  # fmt: skip
"""What functions of TensorFlow's interface are, by the name that Keras stores."""

DEFAULT = frozenset({"name", "transpose_a", "transpose_b", "adjoint_a", "adjoint_b"})
"""Arguments that mean nothing where they are left as they are."""


@layer("TFOpLambda", "SlicingOpLambda")
def lambda_of_tensorflow(call: LayerCall, *tensors: Any) -> Any:
    """A function of TensorFlow's interface."""
    name = str(call.config.get("function"))
    function = FUNCTIONS.get(name)
    require(function is not None, f"of tf.{name}")
    assert function is not None
    given: dict[str, Any] = {
        key: one for key, one in call.arguments.items() if not (key in DEFAULT and not one)
    }
    config = {}
    for key, word in function.config.items():
        if key in given:
            config[word] = given.pop(key)
    arguments = [given.pop(key) for key in function.arguments if key in given]
    known = not {key: one for key, one in given.items() if key not in tensor_keys(call)}
    require(known, f"of tf.{name} with {', '.join(sorted(given))[:60]}")
    if function.operation in ("Concatenate", "Stack"):
        first: list[Any] = [list(tensors)]
    else:
        first = [call.first, *arguments]
    call.config = config
    return OPERATIONS[function.operation](call, *first)


def tensor_keys(call: LayerCall) -> set[str]:
    """Names of arguments that are tensors: they are among the inputs."""
    return {key for key, one in call.arguments.items() if isinstance(one, Op)}


# -- nodes of a graph ----------------------------------------------------------------------------

NODES: Mapping[str, str] = {
    "Add": "Add", "AddV2": "Add", "BiasAdd": "Add", "Sub": "Subtract", "Mul": "Multiply",
    "RealDiv": "TrueDivide", "Maximum": "Maximum", "Minimum": "Minimum", "Pow": "Power",
    "Relu": "Relu", "Relu6": "Relu6", "Sigmoid": "Sigmoid", "Tanh": "Tanh", "Exp": "Exp",
    "Log": "Log", "Square": "Square", "Sqrt": "Sqrt", "Rsqrt": "Rsqrt", "Abs": "Absolute",
    "Neg": "Negative", "Identity": "Identity", "StopGradient": "Identity", "Cast": "Identity",
    "Mean": "Mean", "Sum": "Sum", "Max": "Max", "Reshape": "Reshape", "Transpose": "Transpose",
    "ExpandDims": "ExpandDims", "Squeeze": "Squeeze", "ConcatV2": "Concatenate",
    "Softmax": "Softmax", "Elu": "Elu", "Selu": "Selu", "BatchMatMulV2": "Matmul",
    "Softplus": "Softplus",
}  # fmt: skip
"""Operations of a graph's nodes."""

CONSTANTS: Mapping[str, str] = {
    "Mean": "axis", "Sum": "axis", "Max": "axis", "Reshape": "newshape", "Transpose": "axes",
    "ExpandDims": "axis", "Concatenate": "axis",
}  # fmt: skip
"""What the constant after the tensors is."""


@layer("TensorFlowOpLayer")
def node_of_tensorflow(call: LayerCall, *tensors: Op) -> Any:
    """A node of TensorFlow's graph, with the constants among its inputs by their numbers."""
    node = call.config.get("node_def")
    node = json.loads(node) if isinstance(node, str) else node
    require(isinstance(node, dict), "whose node cannot be read")
    assert isinstance(node, dict)
    name = str(node.get("op"))
    operation = NODES.get(name)
    require(operation is not None, f"of {name}")
    assert operation is not None
    constants = {int(key): one for key, one in (call.config.get("constants") or {}).items()}
    given = iter(tensors)
    inputs = [constants[n] if n in constants else next(given)
              for n in range(len(tensors) + len(constants))]  # fmt: skip
    attributes = node.get("attr") or {}
    call.config = {"keepdims": bool((attributes.get("keep_dims") or {}).get("b"))}
    word = CONSTANTS.get(operation)
    if word is not None and constants:
        call.config[word] = inputs.pop()
    if operation == "Squeeze":
        axes = ((attributes.get("squeeze_dims") or {}).get("list") or {}).get("i") or []
        call.config["axis"] = [int(axis) for axis in axes]
    return (
        OPERATIONS[operation](call, inputs)
        if word == "axis" and operation == "Concatenate"
        else OPERATIONS[operation](call, *inputs)
    )
