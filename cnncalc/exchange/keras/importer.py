"""From a model's JSON to the common program: every call of every layer, after what it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from typing import Any

from cnncalc.diagnostics import Diagnostic, SpecError
from cnncalc.exchange.keras.dialects import DEEPEST, MODELS, Malformed, first_shape
from cnncalc.exchange.keras.layers import LAYERS, NOTHING, OPERATIONS, STATED
from cnncalc.exchange.keras.layers.registry import LayerCall, Unsupported, channels
from cnncalc.exchange.keras.spans import Spans
from cnncalc.exchange.keras.weights import Store
from cnncalc.exchange.reading.program import Op, Program
from cnncalc.exchange.reading.result import Origin
from cnncalc.exchange.reading.to_graph import explained, unsupported
from cnncalc.language.elaboration.elaborate import LAYER_LIMIT
from cnncalc.layers.base import LayerError
from cnncalc.layers.options import OptionError
from cnncalc.shapes import Shape

Key = tuple[str, int, int]
"""A tensor: its layer, which call of it, which of its results."""


MALFORMED = (TypeError, ValueError, KeyError, IndexError, AttributeError, AssertionError)
UNREADABLE = "with a config that is not its own"
UNKNOWN_LAYER = "of the model's own code"


class KerasImporter:
    """Reads one model, which is written as Keras 3 writes it."""

    def __init__(
        self, store: Store, name: str, shapes: Mapping[str, Shape], spans: Spans | None = None
    ) -> None:
        self.store = store
        self.spans = spans
        self.shapes = shapes
        """Of the inputs, as Keras has them, with their batch."""
        self.program = Program(name)
        self.refused: dict[str, list[Origin | str]] = {}

    def run(self, model: dict[str, Any]) -> Program:
        """Read everything.

        Raises:
            Malformed: it is no model.
            SpecError: it holds layers that no layer of ours stands for.
        """
        if calls_in(model) > LAYER_LIMIT:
            text = f"it calls more than {LAYER_LIMIT:,} layers"
            raise SpecError([Diagnostic("limit-exceeded", "error", text)])
        given = []
        order = data_format(model)
        for name, _ in inputs_of(model):
            op = Op("input", [], self.shapes[name], {"name": name})
            op.channel = channels({"data_format": order}, len(op.shape))
            op.origin = Origin((), (), name)
            self.program.ops.append(op)
            self.program.inputs.append(op)
            given.append(op)
        outputs = self._model(model, given, (), "", 0, 0)
        if self.refused:
            raise SpecError(unsupported(self.program.name, self.refused))
        self.program.outputs += outputs
        self.program.prune()
        return self.program

    def _model(
        self,
        model: dict[str, Any],
        given: list[Op],
        path: tuple[str, ...],
        where: str,
        depth: int,
        timed: int,
    ) -> list[Op]:
        """The outputs of a model on given inputs."""
        if depth > DEEPEST:
            raise Malformed("models lie in each other without end")
        layers = _with_outputs(layers_of(model), model["class_name"] == "Sequential")
        places = _places(layers, where)
        if model["class_name"] == "Sequential":
            found = given
            for layer, place in zip(layers, places, strict=True):
                if layer.get("class_name") != "InputLayer":
                    found = self._layer(layer, found, [], {}, path, place, depth, timed)
            return found
        config = model["config"]
        values: dict[Key, Op] = {}
        entries = _keys(config.get("input_layers"))
        if len(entries) != len(given):
            raise Malformed(f"a model of {len(entries)} inputs is given {len(given)}")
        values.update(zip(entries, given, strict=True))
        wanted = _keys(config.get("output_layers"))
        taken = [key for one in layers for key in _history(one["inbound_nodes"])]
        firsts = _first_calls(layers, [*taken, *wanted])
        wanted = _outputs(layers, wanted, firsts)
        for layer, number, node, place in _in_order(layers, places, values, firsts):
            args, kwargs = _arguments(node, values)
            tensors = [values[key] for key in _history(node)]
            found = self._layer(layer, tensors, args, kwargs, path, place, depth, timed)
            for tensor, op in enumerate(found):
                values[str(layer.get("name")), number, tensor] = op
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
        timed: int,
        types: tuple[str, ...] = (),
    ) -> list[Op]:
        """One call of a layer."""
        kind, name = str(layer.get("class_name")), str(layer.get("name"))
        config = layer["config"]
        own = (*path, name)
        if kind in MODELS:
            return self._model(layer, tensors, own, place, depth + 1, timed)
        if kind == "TimeDistributed" and isinstance(config.get("layer"), dict):
            inner = {**config["layer"], "path": layer.get("path", ())}
            if inner.get("class_name") in MODELS:
                return self._model(inner, tensors, own, f"{place}/layer", depth + 1, timed + 1)
            inner["name"] = name
            return self._layer(
                inner, tensors, args, {}, path, f"{place}/layer", depth + 1, timed + 1, (kind,)
            )
        span = self.spans.of(layer.get("path", ())) if self.spans is not None else None
        origin = Origin(own, (*[""] * len(path), (*types, kind)[0]), name, span)
        operation = is_operation(layer)
        function = (OPERATIONS if operation else LAYERS).get(kind)
        if kind in NOTHING and not operation:
            return tensors[:1]
        call = LayerCall(kind, None, origin, self.program.ops)
        call.config = config
        call.store, call.where, call.timed = self.store, place, timed
        call.names = own
        call.arguments, call.first = kwargs, args[0] if args else None
        wrong_size = None if operation else wrong_number(config)
        if wrong_size is not None and (function is not None or kind in STATED):
            raise SpecError([self._bad_value(layer, kind, *wrong_size)])
        before = len(self.program.ops)
        if function is not None:
            try:
                call.prepare(tensors)
                found = function(call, *args, **kwargs) if operation else function(call, *tensors)
                return list(found) if isinstance(found, tuple) else [found]
            except Unsupported as error:
                call.reason = str(error)
            except LayerError as error:
                wrong = Op(kind, [], (), origin=origin)
                raise SpecError([explained(wrong, error)]) from None
            except OptionError as error:
                text = f"`{kind}`: {error}"
                wrong_option = Diagnostic("bad-value", "error", text, layer=str(origin))
                where = None if span is None else span.place
                raise SpecError([wrong_option._replace(place=where)]) from None
            except MALFORMED:
                call.reason = UNREADABLE
        del self.program.ops[before:]
        stated = None if operation else STATED.get(kind)
        if stated is not None:
            try:
                call.config = config
                call.prepare(tensors)
                found = stated(call, *tensors)
                return list(found) if isinstance(found, tuple) else [found]
            except Unsupported as error:
                call.reason = str(error)
            except MALFORMED:
                call.reason = UNREADABLE
            del self.program.ops[before:]
        shape = _stated_shape(layer)
        if shape is not None and tensors:
            call.used, call.reason = {}, call.reason or UNKNOWN_LAYER
            return [call.opaque(tensors, (tensors[0].shape[0], *shape), {}, None)]
        if kind == "Lambda":
            call.reason = ", whose code is not run"
        text = f"{kind[:60]} {call.reason}".replace(" ,", ",").strip()
        self.refused.setdefault(text, []).append(origin)
        return self._guess(tensors, layer)

    def _bad_value(self, layer: Mapping[str, Any], kind: str, key: str, value: Any) -> Diagnostic:
        """The finding that a size is none."""
        text = f"`{kind}`: `{key}` is {str(value)[:40]}, and takes whole numbers from 1 to {MOST:,}"
        finding = Diagnostic("bad-value", "error", text, layer=str(layer.get("name")))
        if self.spans is None:
            return finding
        return finding._replace(place=self.spans.key(layer.get("path", ()), key))

    def _guess(self, tensors: list[Op], layer: dict[str, Any]) -> list[Op]:
        """Something to go on with, so that all layers of this sort are told at once."""
        if not tensors:
            raise SpecError(unsupported(self.program.name, self.refused))
        op = Op("unsupported", tensors, tensors[0].shape, {"operator": layer.get("class_name")})
        self.program.ops.append(op)
        return [op]


def layers_of(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The layers of a model."""
    found: list[dict[str, Any]] = model["config"]["layers"]
    return found


def calls_in(model: Mapping[str, Any]) -> int:
    """How many calls of layers a model makes, those inside models as often as they are called."""
    total = 0
    for layer in layers_of(model):
        times = max(len(layer["inbound_nodes"]), 1)
        total += times * (calls_in(layer) if layer.get("class_name") in MODELS else 1)
    return total


WHOLE = (
    "filters", "units", "kernel_size", "strides", "pool_size", "dilation_rate", "groups",
    "depth_multiplier", "n", "input_dim", "output_dim", "num_heads", "key_dim", "value_dim",
    "height", "width", "size",
)  # fmt: skip
"""Keys of a config that hold a whole number from 1 on, or one an axis."""

MOST = 2**31 - 1


def wrong_number(config: Mapping[str, Any]) -> tuple[str, Any] | None:
    """A key of a config that holds what is no size, and its value; `None` where all are."""
    for key in WHOLE:
        value = config.get(key)
        if value is None:
            continue
        for one in value if isinstance(value, list) else [value]:
            least = -1 if key == "groups" else 1  # a group norm's −1 means one a channel
            if not (type(one) is int and least <= one <= MOST and one):
                return key, value
    return None


def _stated_shape(layer: Mapping[str, Any]) -> list[int] | None:
    """The output of a sample of a layer that is not known, where the file tells it."""
    for shape in (layer.get("gives"), layer["config"].get("output_shape")):
        if isinstance(shape, list) and shape and all(type(n) is int and n > 0 for n in shape):
            return shape
    return None


def _with_outputs(layers: list[dict[str, Any]], sequential: bool) -> list[dict[str, Any]]:
    """Layers with what they give, as Keras 3 stores it with the layer that takes it."""
    given: dict[str, Any] = {}
    for number, layer in enumerate(layers):
        shape = (layer.get("build_config") or {}).get("input_shape")
        if not isinstance(shape, list) or not shape or number == 0:
            continue
        if sequential:
            given[layers[number - 1]["name"]] = shape[1:]
            continue
        for node in layer.get("inbound_nodes") or ():
            taken = _history(node)
            if len(taken) == 1 and taken[0][2] == 0:
                given[taken[0][0]] = shape[1:]
    return [{**one, "gives": given.get(str(one["name"]))} for one in layers]


def is_operation(layer: Mapping[str, Any]) -> bool:
    """Whether it is a function of tensors that was called between layers."""
    kind = layer.get("class_name")
    return ".ops." in str(layer.get("module")) or (kind in OPERATIONS and kind not in LAYERS)


def _places(layers: list[dict[str, Any]], where: str) -> list[str]:
    """Where the archive keeps each layer's arrays: by its class, numbered in order."""
    counts: dict[str, int] = {}
    found = []
    for layer in layers:
        kind = str(layer.get("class_name"))
        if is_operation(layer):
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


# -- calls ---------------------------------------------------------------------------------------

CallOf = tuple[dict[str, Any], int, Any, str]
"""A layer, the number of its call, the call's arguments, and where the layer's arrays are."""


def _in_order(
    layers: list[dict[str, Any]],
    places: list[str],
    given: Mapping[Key, Op],
    firsts: Mapping[str, int],
) -> list[CallOf]:
    """All calls of all layers, each after those whose results it takes.

    Raises:
        Malformed: some take what nothing gives, or each other.
    """
    calls: list[CallOf] = [
        (layer, number, node, place)
        for layer, place in zip(layers, places, strict=True)
        for number, node in enumerate(layer["inbound_nodes"], firsts.get(str(layer["name"]), 0))
        if layer.get("class_name") != "InputLayer"
    ]
    known = {key[:2] for key in given}
    owner = {(str(layer["name"]), number): n for n, (layer, number, _, _) in enumerate(calls)}
    missing: list[int] = []
    waiting: dict[int, list[int]] = {}
    for n, (_, _, node, _) in enumerate(calls):
        taken = {key[:2] for key in _history(node)} - known
        missing.append(len(taken))
        for one in taken:
            waiting.setdefault(owner.get(one, -1), []).append(n)
    found: list[CallOf] = []
    ready = [n for n, count in enumerate(missing) if not count]
    while ready:  # in the file's order, as far as that goes
        n = heappop(ready)
        found.append(calls[n])
        for later in waiting.get(n, ()):
            missing[later] -= 1
            if not missing[later]:
                heappush(ready, later)
    if len(found) < len(calls):
        names = [str(calls[n][0]["name"])[:60] for n, count in enumerate(missing) if count > 0]
        raise Malformed(f"layers take what nothing gives, or each other: {', '.join(names[:5])}")
    return found


def _first_calls(layers: Sequence[Mapping[str, Any]], taken: Sequence[Key]) -> dict[str, int]:
    """The number of the first call of models, by their names.

    Until Keras 2 the making of a model counts as a call of it.
    """
    known: dict[str, set[int]] = {}
    for name, number, _ in taken:
        known.setdefault(name, set()).add(number)
    return {
        str(one["name"]): 1
        for one in layers
        if one.get("class_name") in MODELS
        and one.get("former")
        and 0 not in known.get(str(one["name"]), {0})
    }


def _outputs(
    layers: Sequence[Mapping[str, Any]], wanted: Sequence[Key], firsts: Mapping[str, int]
) -> list[Key]:
    """The keys of the outputs; for Keras 3 the making of a functional model counts, there alone."""
    late = {
        str(one["name"])
        for one in layers
        if one.get("class_name") == "Functional" and str(one["name"]) not in firsts
    }
    return [
        (name, number - 1, tensor) if name in late and number else (name, number, tensor)
        for name, number, tensor in wanted
    ]


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


def _arguments(node: Any, values: Mapping[Key, Op]) -> tuple[list[Any], dict[str, Any]]:
    """A call's arguments with the tensors put in."""

    def put(one: Any) -> Any:
        if isinstance(one, dict) and one.get("class_name") == "__keras_tensor__":
            return values[_keys(one["config"]["keras_history"])[0]]
        if isinstance(one, list):
            return [put(item) for item in one]
        return one

    if not isinstance(node, dict):
        raise Malformed("its calls are no calls")
    args = [put(one) for one in node.get("args", ())]
    return args, {key: put(one) for key, one in node.get("kwargs", {}).items() if one is not None}


# -- inputs --------------------------------------------------------------------------------------


def inputs_of(model: Mapping[str, Any]) -> list[tuple[str, list[Any] | None]]:
    """Names and shapes of a model's inputs, the batch first; `None` where it says nothing."""
    layers = layers_of(model)
    if model["class_name"] == "Sequential":
        shape = first_shape(model)
        named = next((str(one["name"]) for one in layers[:1] if _is_input(one)), "input")
        return [(named, shape)]
    found = {str(one["name"]): first_shape(one) for one in layers if _is_input(one)}
    names = [key[0] for key in _keys(model["config"].get("input_layers"))]
    if not names:
        raise Malformed("it has no input")
    for name in names:
        if found.get(name) is None:
            raise Malformed(f"it does not say what its input `{name[:60]}` is")
    return [(name, found[name]) for name in names]


def _is_input(layer: Mapping[str, Any]) -> bool:
    return layer.get("class_name") == "InputLayer"


def data_format(model: Mapping[str, Any], depth: int = 0) -> str:
    """Where the channels are: what the first layer that says it says."""
    for layer in layers_of(model):
        config = layer["config"]
        if layer.get("class_name") in MODELS and depth < DEEPEST:
            return data_format(layer, depth + 1)
        if config.get("data_format"):
            return str(config["data_format"])
    return "channels_last"
