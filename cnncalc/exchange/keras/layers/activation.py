"""Activations: as layers of their own, and as an option of others."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.keras.layers.registry import (
    OPERATIONS,
    LayerCall,
    Unsupported,
    layer,
    require,
)
from cnncalc.exchange.reading.program import Op

FUNCTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "sigmoid": ("sigmoid", {}),
    "tanh": ("tanh", {}),
    "silu": ("silu", {}),
    "swish": ("silu", {}),
    "mish": ("mish", {}),
    "gelu": ("gelu", {}),
    "elu": ("elu", {}),
    "selu": ("selu", {}),
    "celu": ("celu", {}),
    "softplus": ("softplus", {}),
    "softsign": ("softsign", {}),
    "hard_sigmoid": ("hard_sigmoid", {}),
    "hard_silu": ("hard_swish", {}),
    "hard_swish": ("hard_swish", {}),
    "hard_tanh": ("hard_tanh", {}),
    "leaky_relu": ("leaky_relu", {"slope": 0.2}),
    "exponential": ("exp", {}),
}
"""Keras' activation functions and the kinds that they are."""


def activated(call: LayerCall, x: Op) -> Op:
    """The activation that a layer has as an option."""
    return named(call, x, call.config.get("activation"))


def named(call: LayerCall, x: Op, function: Any) -> Op:
    """An activation by its name, or as Keras writes an object of it."""
    if isinstance(function, dict):
        inner = function.get("config")
        if isinstance(inner, dict):
            found: Op = LAYERS_OF[function["class_name"]](_with(call, inner), x)
            return found
        function = inner if isinstance(inner, str) else function.get("class_name")
    if function in (None, "linear"):
        return x
    if function in ("softmax", "log_softmax"):
        return call.emit(function, [x], {"axis": len(x.shape) - 1}, x.shape)
    if function not in FUNCTIONS:
        raise Unsupported(f"with the activation {function!r}")
    kind, options = FUNCTIONS[function]
    return call.emit(kind, [x], options, x.shape)


def _with(call: LayerCall, config: dict[str, Any]) -> LayerCall:
    found = LayerCall(call.name, None, call.origin, call.ops)
    found.config, found.store, found.where, found.names = config, call.store, call.where, call.names
    found.timed, found.used = call.timed, call.used
    return found


@layer("Activation")
def activation(call: LayerCall, x: Op) -> Op:
    """A function by its name."""
    return activated(call, x)


@layer("ReLU")
def relu(call: LayerCall, x: Op) -> Op:
    """ReLU with its three options."""
    config = call.config
    most, slope = config.get("max_value"), config.get("negative_slope") or 0
    threshold = config.get("threshold") or 0
    if threshold:
        require(most is None and not slope, "with several options")
        return call.emit("threshold", [x], {"at": threshold, "value": 0}, x.shape)
    if slope:
        found = call.emit("leaky_relu", [x], {"slope": slope}, x.shape)
        if most is None:
            return found
        return call.emit("clip", [found], {"low": None, "high": float(most)}, x.shape)
    return call.emit(
        "clip", [x], {"low": 0.0, "high": None if most is None else float(most)}, x.shape
    )


@layer("LeakyReLU")
def leaky_relu(call: LayerCall, x: Op) -> Op:
    """Leaky ReLU; Keras' slope is 0.3."""
    slope = call.config.get("negative_slope", call.config.get("alpha", 0.3))
    return call.emit("leaky_relu", [x], {"slope": slope}, x.shape)


@layer("ELU")
def elu(call: LayerCall, x: Op) -> Op:
    """ELU."""
    return call.emit("elu", [x], {"alpha": call.config.get("alpha", 1.0)}, x.shape)


@layer("PReLU")
def prelu(call: LayerCall, x: Op) -> Op:
    """ReLU with trained slopes, for each channel or one."""
    shared = set(call.config.get("shared_axes") or ())
    shape = tuple([1 if axis in shared else n for axis, n in enumerate(x.shape)][1:])
    slopes = call.array("alpha", shape)
    channel = len(x.shape) - 1
    fits = all(n == 1 for axis, n in enumerate(shape, 1) if axis != channel)
    require(fits, "with slopes for positions")
    flat = slopes.mapped((slopes.values,), lambda array: array.reshape(-1))
    options = {} if slopes.values == 1 else {"parameters": "channels"}
    return call.emit("prelu", [x], options, x.shape, arrays={"weight": flat}, channel=channel)


@layer("Softmax")
def softmax(call: LayerCall, x: Op) -> Op:
    """Softmax over an axis."""
    axis = call.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    require(isinstance(axis, int), "over several axes")
    return call.emit("softmax", [x], {"axis": axis % len(x.shape)}, x.shape)


@layer("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout")
def dropout(call: LayerCall, x: Op) -> Op:
    """Dropout, which does nothing at inference; of whole samples it is a dropped path."""
    noise = call.config.get("noise_shape") or ()
    whole = len(noise) == len(x.shape) and all(size == 1 for size in noise[1:])
    name = "drop_path" if whole else "dropout"
    return call.emit(name, [x], {"rate": call.config.get("rate", 0.5)}, x.shape)


LAYERS_OF: dict[str, Any] = {
    "ReLU": relu, "LeakyReLU": leaky_relu, "ELU": elu, "Softmax": softmax, "PReLU": prelu,
}  # fmt: skip


def _operation(function: str) -> Any:
    def emit(call: LayerCall, x: Op, *others: Any, **options: Any) -> Op:
        require(not others and not any(options.values()), "with options")
        return named(call, x, function)

    return emit


OPERATIONS.update(
    {
        name: _operation(function)
        for name, function in (
            ("Relu", "relu"), ("Relu6", "relu6"), ("Sigmoid", "sigmoid"), ("Tanh", "tanh"),
            ("Silu", "silu"), ("Softplus", "softplus"), ("Softsign", "softsign"),
            ("HardSigmoid", "hard_sigmoid"), ("HardSilu", "hard_silu"), ("HardTanh", "hard_tanh"),
            ("Exp", "exponential"), ("Selu", "selu"), ("Mish", "mish"),
        )
    }
)  # fmt: skip


def _elu(call: LayerCall, x: Op, alpha: float | None = None) -> Op:
    options = {"alpha": call.config.get("alpha", 1.0) if alpha is None else alpha}
    return call.emit("elu", [x], options, x.shape)


def _leaky_relu(call: LayerCall, x: Op, negative_slope: float | None = None) -> Op:
    slope = call.config.get("negative_slope", 0.2) if negative_slope is None else negative_slope
    return call.emit("leaky_relu", [x], {"slope": slope}, x.shape)


def _gelu(call: LayerCall, x: Op, approximate: bool | None = None) -> Op:
    approximate = call.config.get("approximate", True) if approximate is None else approximate
    options = {"approximate": "tanh"} if approximate else {}
    return call.emit("gelu", [x], options, x.shape)


def _softmax(name: str) -> Any:
    def emit(call: LayerCall, x: Op, axis: Any = None) -> Op:
        axis = call.config.get("axis", -1) if axis is None else axis
        require(isinstance(axis, int), "over several axes")
        return call.emit(name, [x], {"axis": axis % len(x.shape)}, x.shape)

    return emit


OPERATIONS.update(
    {
        "Elu": _elu, "LeakyRelu": _leaky_relu, "Gelu": _gelu, "Softmax": _softmax("softmax"),
        "LogSoftmax": _softmax("log_softmax"),
    }
)  # fmt: skip
