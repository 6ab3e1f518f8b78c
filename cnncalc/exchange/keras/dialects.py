"""Models of every version of Keras since 2015, written as Keras 3 writes them.

What a version called otherwise is a row of a table: classes, keys of a layer's config, words for a
value. The rest of the reader knows Keras 3's names alone. Every layer is given its `path` in the
JSON that was read, so that findings can point at it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MODELS = ("Functional", "Sequential")
DEEPEST = 20
"""As many models may lie in each other."""

Path = tuple[str | int, ...]


class Malformed(Exception):
    """The JSON is none of a model."""


# -- names ---------------------------------------------------------------------------------------

CLASSES: Mapping[str, str] = {
    # 0.x and 1.x (2015, 2016)
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3DTranspose": "Conv3DTranspose",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "DepthwiseConvolution2D": "DepthwiseConv2D",
    "TimeDistributedDense": "Dense",
    "ThresholdedReLU": "ReLU",
    # 2.x and tf.keras
    "Model": "Functional",
    "CuDNNLSTM": "LSTM",
    "CuDNNGRU": "GRU",
    "UnifiedLSTM": "LSTM",
    "UnifiedGRU": "GRU",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    # the same layer under two names
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
}
"""What versions called a layer that Keras 3 calls otherwise."""

ORDERS = {"th": "channels_first", "tf": "channels_last"}
MERGES = {
    "sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate",
    "dot": "Dot", "cos": "Dot",
}  # fmt: skip
"""Modes of Keras 1's `Merge` and the layers that they have become."""


def _order(value: Any) -> Any:
    return ORDERS.get(value, value) if isinstance(value, str) else value


def _window(value: Any) -> Any:
    return [value] if isinstance(value, int) else value


KEYS: tuple[tuple[str, str, Callable[[Any], Any] | None], ...] = (
    # 1.x
    ("nb_filter", "filters", None),
    ("filter_length", "kernel_size", _window),
    ("subsample", "strides", None),
    ("subsample_length", "strides", _window),
    ("border_mode", "padding", None),
    ("dim_ordering", "data_format", _order),
    ("image_dim_ordering", "data_format", _order),
    ("bias", "use_bias", None),
    ("atrous_rate", "dilation_rate", None),
    ("pool_length", "pool_size", _window),
    ("stride", "strides", _window),
    ("inner_activation", "recurrent_activation", None),
    ("p", "rate", None),
    ("sigma", "stddev", None),
    ("length", "size", None),
    # 2.x
    ("batch_input_shape", "batch_shape", None),
    ("alpha", "negative_slope", None),
    ("theta", "threshold", None),
)
"""Keys of a config, what Keras 3 calls them, and how a value is written today."""

APART: Mapping[str, tuple[str, ...]] = {
    "alpha": ("LeakyReLU",),
    "theta": ("ReLU",),
    "p": ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout"),
    "length": ("UpSampling1D",),
    "bias": (
        "Dense", "Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose",
        "SeparableConv1D", "SeparableConv2D", "LocallyConnected1D", "LocallyConnected2D",
    ),
}  # fmt: skip
"""Keys that mean this in some layers only."""

UNITS = ("Dense", "LSTM", "GRU", "SimpleRNN")
"""Layers whose `units` Keras 1 called `output_dim`."""

KERNELS: tuple[tuple[str, ...], ...] = (
    ("nb_row", "nb_col"),
    ("kernel_dim1", "kernel_dim2", "kernel_dim3"),
)


def _config(kind: str, former: str, old: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's config under the names of today."""
    found = dict(old)
    if former.startswith("CuDNN"):
        found["cudnn"] = True  # it has a bias for the input and one for the state
    for key, name, change in KEYS:
        if key in found and name not in found and kind in APART.get(key, (kind,)):
            value = found.pop(key)
            found[name] = value if change is None else change(value)
    for sides in KERNELS:
        if all(side in found for side in sides) and "kernel_size" not in found:
            found["kernel_size"] = [found.pop(side) for side in sides]
    if kind in UNITS and "units" not in found and "output_dim" in found:
        found["units"] = found.pop("output_dim")
    padding = found.get("padding")
    if isinstance(padding, dict):  # Keras 1.2's `ZeroPadding2D`
        edges = ("top_pad", "bottom_pad", "left_pad", "right_pad")
        padding = [padding.get(edge, 0) for edge in edges]
    if isinstance(padding, list) and len(padding) == 4 and kind == "ZeroPadding2D":
        found["padding"] = [padding[:2], padding[2:]]
    return found


def _class(layer: Mapping[str, Any]) -> str:
    """The class of a layer, as it is called today."""
    kind = str(layer.get("class_name"))
    kind = kind.rpartition(">")[2] if kind.startswith("Addons>") else kind
    return CLASSES.get(kind, kind)


# -- models --------------------------------------------------------------------------------------


def modern(model: Any) -> dict[str, Any]:
    """A model as Keras 3 writes it; `model` is the JSON that some version wrote.

    Raises:
        Malformed: it is no model.
    """
    model, path = _unwrapped(model)
    if not isinstance(model, dict):
        raise Malformed("it holds no model of Keras")
    if "class_name" not in model and model.get("name") == "Sequential" and "layers" in model:
        config = {"name": "sequential", "layers": [_first_form(one) for one in model["layers"]]}
        model = {"class_name": "Sequential", "config": config}
        return _model(model, path, ("layers",), 0)
    kind = model.get("class_name")
    if kind is None:
        raise Malformed("it holds no model of Keras")
    if _class(model) not in MODELS or not isinstance(model.get("config"), (dict, list)):
        raise Malformed(f"it holds a {str(kind)[:60]}")
    return _model(model, path, _inside(model), 0)


def _unwrapped(model: Any) -> tuple[Any, Path]:
    """The model in what TensorFlow.js, an HDF5 file or a second `json.dumps` put around it."""
    path: Path = ()
    for _ in range(4):
        if isinstance(model, str):
            try:
                model, path = json.loads(model), ()
            except (ValueError, RecursionError):
                raise Malformed("it is a text that holds no model") from None
        key = next((k for k in ("modelTopology", "model_config") if _has(model, k)), None)
        if key is None:
            break
        model, path = model[key], (*path, key)
    return model, path


def _has(model: Any, key: str) -> bool:
    return isinstance(model, dict) and "class_name" not in model and key in model


def _first_form(layer: Any) -> dict[str, Any]:
    """A layer of Keras 0.x: its class is its name, and its config is not apart."""
    if not isinstance(layer, dict) or not isinstance(layer.get("name"), str):
        raise Malformed("a layer has no name")
    config = {key: value for key, value in layer.items() if key != "name"}
    config["name"] = layer.get("custom_name") or layer["name"].lower()
    if isinstance(config.get("layers"), list):
        config["layers"] = [_first_form(one) for one in config["layers"]]
    return {"class_name": layer["name"], "config": config, "flat": True}


def _inside(model: Mapping[str, Any]) -> Path:
    """Where a model's JSON keeps its layers."""
    return ("config",) if isinstance(model.get("config"), list) else ("config", "layers")


def _model(model: dict[str, Any], path: Path, inside: Path, depth: int) -> dict[str, Any]:
    if depth > DEEPEST:
        raise Malformed("models lie in each other without end")
    config = model.get("config")
    if isinstance(config, list):  # a sequential model before 2.2.3 has no name
        config = {"layers": config}
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list) or not all(isinstance(one, dict) for one in layers):
        raise Malformed("it lists no layers")
    assert isinstance(config, dict)
    name = str(model.get("name") or config.get("name") or "model")
    own = (*path, *inside)
    found = [_layer(one, (*own, place), depth) for place, one in enumerate(layers)]
    kind = _class(model)
    made: dict[str, Any] = {
        **{key: model[key] for key in ("build_config", "inbound_nodes") if key in model},
        "class_name": kind,
        "name": name,
        "path": path,
        "config": {**config, "name": name, "layers": found},
    }
    return _with_branches(made) if kind == "Sequential" and found else made


def _layer(layer: dict[str, Any], path: Path, depth: int) -> dict[str, Any]:
    """A layer, a model among them, with what it wraps."""
    kind, config = _class(layer), layer.get("config")
    if kind in MODELS and isinstance(config, (dict, list)):
        inside = ("layers",) if layer.get("flat") else _inside(layer)
        made = _model(layer, path, inside, depth + 1)
    else:
        former = str(layer.get("class_name"))
        config = _config(kind, former, config) if isinstance(config, dict) else {}
        for key in ("layer", "backward_layer", "forward_layer", "cell"):
            if isinstance(config.get(key), dict) and "class_name" in config[key]:
                inner = _layer(config[key], (*path, "config", key), depth + 1)
                config[key] = inner
        name = str(layer.get("name") or config.get("name") or kind.lower())
        made = {**layer, "class_name": kind, "name": name, "path": path, "config": config}
        if kind == "Merge":
            made = _merge(made)
    nodes = layer.get("inbound_nodes")
    made["former"] = isinstance(nodes, list) and any(isinstance(one, list) for one in nodes)
    made["inbound_nodes"] = [_node(one) for one in nodes] if isinstance(nodes, list) else []
    return made


# -- calls ---------------------------------------------------------------------------------------


def tensor(key: Any) -> dict[str, Any]:
    """A reference to a tensor, as Keras 3 writes it."""
    return {"class_name": "__keras_tensor__", "config": {"keras_history": list(key)[:3]}}


def _node(node: Any) -> Any:
    """One call of a layer: Keras 3's arguments, whatever version wrote it."""
    if isinstance(node, dict):
        return node
    options: dict[str, Any] = {}
    given = _first_argument(node, options)
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    return {"args": [given], "kwargs": {key: _later(one) for key, one in options.items()}}


def _first_argument(one: Any, options: dict[str, Any]) -> Any:
    """`["name", 0, 0, {…}]`, or lists and mappings of such; further arguments stand in the last."""
    if isinstance(one, dict):
        return {key: _first_argument(item, options) for key, item in one.items()}
    if not isinstance(one, list):
        raise Malformed("a call takes what is no tensor")
    if one and isinstance(one[0], str) and len(one) >= 3 and isinstance(one[1], int):
        if len(one) > 3 and isinstance(one[3], dict):
            options.update(one[3])
        return one[2] if one[0] == "_CONSTANT_VALUE" else tensor(one)
    return [_first_argument(item, options) for item in one]


def _later(one: Any) -> Any:
    """A further argument, which may be a tensor or hold some."""
    if isinstance(one, list):
        if len(one) in (3, 4) and isinstance(one[0], str) and type(one[1]) is type(one[2]) is int:
            return one[2] if one[0] == "_CONSTANT_VALUE" else tensor(one)
        return [_later(item) for item in one]
    if isinstance(one, dict) and "class_name" not in one:
        return {key: _later(item) for key, item in one.items()}
    return one


# -- Keras 1's merges ----------------------------------------------------------------------------


def _merge(layer: dict[str, Any]) -> dict[str, Any]:
    """`Merge` as the layer that its mode has become; models that it holds are kept beside."""
    config = layer["config"]
    mode = config.get("mode")
    kind = MERGES.get(mode) if isinstance(mode, str) else None
    if kind is None:
        return layer
    made = {"name": layer["name"]}
    if kind == "Concatenate":
        made["axis"] = config.get("concat_axis", -1)
    if kind == "Dot":
        axes = config.get("dot_axes", -1)
        made["axes"] = (
            [one[0] if isinstance(one, list) else one for one in axes]
            if isinstance(axes, list)
            else axes
        )
        made["normalize"] = mode == "cos"
    found = {**layer, "class_name": kind, "config": made}
    inner = config.get("layers")
    if isinstance(inner, list) and inner and all(isinstance(one, dict) for one in inner):
        own = (*layer["path"], "config", "layers")
        found["branches"] = [_layer(one, (*own, n), 1) for n, one in enumerate(inner)]
    return found


def _with_branches(model: dict[str, Any]) -> dict[str, Any]:
    """A sequential model that begins with a merge of models, as a functional one."""
    layers = model["config"]["layers"]
    branches = layers[0].get("branches")
    if not branches:
        return model
    made: list[dict[str, Any]] = []
    inputs: list[list[Any]] = []
    ends: list[list[Any]] = []
    for number, branch in enumerate(branches):
        kind = branch["class_name"]
        name = f"{branch['name']}_{number}" if kind in MODELS else branch["name"]
        if kind != "InputLayer":
            shape = first_shape(branch)
            if shape is None:
                raise Malformed(f"its branch {number + 1} does not say what its input is")
            own = f"input_{number + 1}"
            made.append(_call("InputLayer", own, {"batch_shape": shape}, ()))
            made.append({**branch, "name": name, **_taking([[own, 0, 0]])})
            inputs.append([own, 0, 0])
        else:
            made.append(branch)
            inputs.append([name, 0, 0])
        ends.append([name, 0, 0])
    for layer in layers:
        made.append({**layer, **_taking(ends)})
        ends = [[layer["name"], 0, 0]]
    config = {**model["config"], "layers": made, "input_layers": inputs, "output_layers": ends}
    return {**model, "class_name": "Functional", "config": config}


def _call(kind: str, name: str, config: dict[str, Any], path: Path) -> dict[str, Any]:
    return {"class_name": kind, "name": name, "config": config, "path": path, "inbound_nodes": []}


def _taking(keys: list[list[Any]]) -> dict[str, Any]:
    tensors = [tensor(key) for key in keys]
    return {"inbound_nodes": [{"args": tensors if len(keys) == 1 else [tensors], "kwargs": {}}]}


def first_shape(layer: Mapping[str, Any]) -> list[Any] | None:
    """The shape that a layer, or the first of a model, takes: its batch first."""
    config = layer.get("config")
    if not isinstance(config, dict):
        return None
    if layer.get("class_name") in MODELS:
        for one in _entries(layer):
            shape = first_shape(one)
            if shape is not None:
                return shape
        shape = config.get("build_input_shape")
        return shape if isinstance(shape, list) else None
    inner = config.get("layer")
    for shape in (config.get("batch_shape"), _batched(config.get("input_shape"))):
        if isinstance(shape, list):
            return shape
    if isinstance(config.get("input_dim"), int) and layer.get("class_name") != "Embedding":
        return [None, config["input_dim"]]
    if layer.get("class_name") == "Embedding":
        length = config.get("input_length")
        return [None, length[0] if isinstance(length, list) and length else length]
    return first_shape(inner) if isinstance(inner, dict) and "batch_shape" in inner else None


def _batched(shape: Any) -> Any:
    return [None, *shape] if isinstance(shape, list) else None


def _entries(model: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The layers of a model that may say what its input is."""
    layers = model["config"]["layers"]
    if model["class_name"] == "Sequential":
        yield from layers[:1]
    else:
        yield from [one for one in layers if one["class_name"] == "InputLayer"][:1]
