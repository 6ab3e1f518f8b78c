"""From a model's JSON to the common program: every call of every layer, after what it takes."""

from __future__ import annotations

import re
from typing import Any

from cnncalc.diagnostics import Diagnostic, SpecError, UsageError
from cnncalc.exchange.keras.layers import LAYERS, NOTHING, OPERATIONS
from cnncalc.exchange.keras.layers.registry import Call, Unsupported, channels
from cnncalc.exchange.keras.weights import Store
from cnncalc.exchange.reading.lower import unsupported
from cnncalc.exchange.reading.program import Op, Program
from cnncalc.exchange.reading.result import Origin
from cnncalc.layers.base import LayerError
from cnncalc.layers.options import OptionError
from cnncalc.shapes import Shape

MODELS = ("Functional", "Sequential", "Model")
DEEPEST = 20
"""As many models may lie in each other."""

Key = tuple[str, int, int]
"""A tensor: its layer, which call of it, which of its results."""


class Malformed(Exception):
    """The JSON is none of a model."""


class Walk:
    """Reads one model."""

    def __init__(self, store: Store, name: str, shapes: dict[str, Shape]) -> None:
        self.store = store
        self.shapes = shapes
        """Of the inputs, as Keras has them, with their batch."""
        self.program = Program(name)
        self.refused: dict[str, list[str]] = {}

    def run(self, model: dict[str, Any]) -> Program:
        """Read everything.

        Raises:
            Malformed: it is no model.
            SpecError: it holds layers that no layer of ours stands for.
        """
        given = []
        for name, config in inputs_of(model):
            op = Op("input", [], self.shapes[name], {"name": name})
            op.channel = channels({"data_format": data_format(model)}, len(op.shape))
            op.origin = Origin((), (), name)
            self.program.ops.append(op)
            self.program.inputs.append(op)
            given.append(op)
            del config
        outputs = self._model(model, given, (), "", 0)
        if self.refused:
            raise SpecError(unsupported(self.program.name, self.refused))
        self.program.outputs += outputs
        self.program.prune()
        return self.program

    def _model(
        self, model: dict[str, Any], given: list[Op], path: tuple[str, ...], where: str, depth: int
    ) -> list[Op]:
        """The outputs of a model on given inputs."""
        if depth > DEEPEST:
            raise Malformed("models lie in each other without end")
        layers = _layers(model)
        places = _places(layers, where)
        if model["class_name"] == "Sequential":
            x = given[0]
            for layer, place in zip(layers, places, strict=True):
                if layer.get("class_name") != "InputLayer":
                    (x,) = self._layer(layer, [x], [], {}, path, place, depth)
            return [x]
        values: dict[Key, Op] = {}
        config = model["config"]
        for key, op in zip(_keys(config.get("input_layers")), given, strict=True):
            values[key] = op
        waiting = [
            (layer, number, node, place)
            for layer, place in zip(layers, places, strict=True)
            for number, node in enumerate(layer.get("inbound_nodes") or ())
        ]
        while waiting:
            left = []
            for layer, number, node, place in waiting:
                taken = _history(node)
                if any(key not in values for key in taken):
                    left.append((layer, number, node, place))
                    continue
                args, kwargs = _arguments(node, values)
                found = self._layer(
                    layer, [values[key] for key in taken], args, kwargs, path, place, depth
                )
                for tensor, op in enumerate(found):
                    values[str(layer.get("name")), number, tensor] = op
            if len(left) == len(waiting):
                names = ", ".join(str(layer.get("name"))[:60] for layer, *_ in left[:5])
                raise Malformed(f"layers take what nothing gives, or each other: {names}")
            waiting = left
        wanted = _keys(config.get("output_layers"))
        if not wanted or any(key not in values for key in wanted):
            raise Malformed("its outputs are none of its layers")
        return [values[key] for key in wanted]

    def _layer(
        self,
        layer: dict[str, Any],
        tensors: list[Op],
        args: list[Any],
        kwargs: dict[str, Any],
        path: tuple[str, ...],
        place: str,
        depth: int,
    ) -> list[Op]:
        """One call of a layer."""
        kind, name = str(layer.get("class_name")), str(layer.get("name") or _name(layer))
        own = (*path, name)
        if kind in MODELS and isinstance(layer.get("config"), dict):
            return self._model(layer, tensors, own, place, depth + 1)
        origin = Origin(own, (*[""] * len(path), kind), name)
        operation = ".ops." in str(layer.get("module"))
        function = (OPERATIONS if operation else LAYERS).get(kind)
        if kind in NOTHING and not operation:
            return tensors[:1]
        call = Call(kind, None, origin, self.program.ops)
        call.config = layer.get("config") or {}
        call.store, call.where = self.store, place
        reason, before = "", len(self.program.ops)
        if function is not None:
            try:
                found = function(call, *args, **kwargs) if operation else function(call, *tensors)
                return list(found) if isinstance(found, tuple) else [found]
            except Unsupported as error:
                reason = f" {error}"
            except (LayerError, OptionError) as error:
                text = f"`{kind}`: {error}"
                raise SpecError(
                    [Diagnostic("bad-value", "error", text, layer=str(origin))]
                ) from None
            except (TypeError, ValueError, KeyError, IndexError, AttributeError):
                reason = " with a config that is not its own"
        del self.program.ops[before:]
        if kind == "Lambda":
            reason = ", whose code is not run"
        self.refused.setdefault(f"{kind[:60]}{reason}", []).append(str(origin))
        return self._guess(tensors, layer)

    def _guess(self, tensors: list[Op], layer: dict[str, Any]) -> list[Op]:
        """Something to go on with, so that all layers of this sort are told at once."""
        if not tensors:
            raise SpecError(unsupported(self.program.name, self.refused))
        op = Op("unsupported", tensors, tensors[0].shape, {"operator": layer.get("class_name")})
        self.program.ops.append(op)
        return [op]


def _layers(model: dict[str, Any]) -> list[dict[str, Any]]:
    config = model.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list) or not all(isinstance(one, dict) for one in layers):
        raise Malformed("it lists no layers")
    return layers


def _name(layer: dict[str, Any]) -> str:
    config = layer.get("config")
    return str(config.get("name", "layer")) if isinstance(config, dict) else "layer"


def _places(layers: list[dict[str, Any]], where: str) -> list[str]:
    """Where the archive keeps each layer's arrays: by its class, numbered in order."""
    counts: dict[str, int] = {}
    found = []
    for layer in layers:
        kind = str(layer.get("class_name"))
        if ".ops." in str(layer.get("module")):
            found.append("")
            continue
        name = _snake(kind)
        count = counts[name] = counts.get(name, -1) + 1
        own = f"layers/{name}_{count}" if count else f"layers/{name}"
        found.append(f"{where}/{own}" if where else own)
    return found


def _snake(name: str) -> str:
    """`Conv2D` as `conv2d`, `BatchNormalization` as `batch_normalization` (Keras' own rule)."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _keys(entry: Any) -> list[Key]:
    """`["name", 0, 0]`, or a list or a mapping of such."""
    if isinstance(entry, dict):
        return [key for one in entry.values() for key in _keys(one)]
    if not isinstance(entry, list) or not entry:
        return []
    if isinstance(entry[0], str):
        if len(entry) != 3:
            raise Malformed("a tensor is no name and two numbers")
        return [(entry[0], int(entry[1]), int(entry[2]))]
    return [key for one in entry for key in _keys(one)]


def _history(node: Any) -> list[Key]:
    """The tensors that a call takes, in order."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            return _keys(node["config"]["keras_history"])
        return [key for one in node.values() for key in _history(one)]
    if isinstance(node, list):
        return [key for one in node for key in _history(one)]
    return []


def _arguments(node: Any, values: dict[Key, Op]) -> tuple[list[Any], dict[str, Any]]:
    """A call's arguments with the tensors put in."""

    def put(one: Any) -> Any:
        if isinstance(one, dict) and one.get("class_name") == "__keras_tensor__":
            return values[_keys(one["config"]["keras_history"])[0]]
        if isinstance(one, list):
            return [put(item) for item in one]
        return one

    if not isinstance(node, dict):
        raise Malformed("its calls are written as Keras 2 wrote them")
    args = [put(one) for one in node.get("args", ())]
    return args, {key: put(one) for key, one in node.get("kwargs", {}).items() if one is not None}


def inputs_of(model: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """Names and shapes of a model's inputs, the batch first."""
    layers = _layers(model)
    found = {
        str(one.get("name") or _name(one)): one["config"].get("batch_shape")
        for one in layers
        if one.get("class_name") == "InputLayer" and isinstance(one.get("config"), dict)
    }
    if model["class_name"] == "Sequential":
        if not found:
            shape = model["config"].get("build_input_shape")
            found = {"input": shape}
        names = list(found)[:1]
    else:
        names = [key[0] for key in _keys(model["config"].get("input_layers"))]
    for name in names:
        if not isinstance(found.get(name), list):
            raise Malformed(f"it does not say what its input `{name[:60]}` is")
    if not names:
        raise UsageError("the model has no input")
    return [(name, found[name]) for name in names]


def data_format(model: dict[str, Any], depth: int = 0) -> str:
    """Where the channels are: what the first layer that says it says."""
    for layer in _layers(model):
        config = layer.get("config")
        if not isinstance(config, dict):
            continue
        if layer.get("class_name") in MODELS and depth < DEEPEST:
            return data_format(layer, depth + 1)
        if config.get("data_format"):
            return str(config["data_format"])
    return "channels_last"
