"""Code that builds a Keras model and breaks: the line, the layer, what arrived, what it takes.

The layer that Keras refused is read as ours on what it was called on: where it cannot be, our own
message has the numbers and the repair. What only Keras refuses is a row of a table.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any, NamedTuple

from cnncalc.diagnostics import Diagnostic, Edit, Fix, Place, SpecError, did_you_mean, nearest
from cnncalc.exchange.keras.dialects import modern
from cnncalc.exchange.keras.importer import KerasImporter
from cnncalc.exchange.keras.layers.activation import FUNCTIONS
from cnncalc.exchange.keras.python_calls import LayerCall, layer_call, parameters, whole_line
from cnncalc.exchange.keras.weights import Store
from cnncalc.exchange.reading.to_graph import lower
from cnncalc.language.text.source import Source, UnreadableError
from cnncalc.shapes import Shape, product
from cnncalc.spans import SourceSpan

PACKAGES = ("site-packages", "dist-packages", "importlib")
FRAMEWORKS = ("keras", "tf_keras", "tensorflow")
GROUPS = ("Sequential", "Functional", "Model")


class Failure(NamedTuple):
    """What broke, where in the user's code."""

    message: str
    """Keras' own, without what follows its first sentences."""
    line: int
    layer: Any
    """The layer that refused; `None` where no layer did."""
    built: bool
    """Whether it was made already, and refused what it was called on."""
    shapes: tuple[tuple[int | None, ...], ...]
    """What it was called on, in Keras' order."""
    number: int | None
    """Which of the layers of a sequential model it is, counted from the last, −1."""

    @property
    def kind(self) -> str:
        """The layer's class."""
        return type(self.layer).__name__


def explained(error: Exception, source: Source) -> Diagnostic | None:
    """The finding about an error that Keras raised; `None` where it is not Keras'."""
    failure = _failure(error, source)
    if failure is None:
        return None
    call = None
    if failure.layer is not None:
        call = layer_call(source, failure.line, type(failure.layer), failure.number)
    found = (
        _by_message(failure, call, FIRST)
        or _by_our_layers(failure, call)
        or _by_message(failure, call, MESSAGES)
        or _finding("bad-value", failure.message)
    )
    place = found.place
    if place is None:
        place = call.place if call is not None else whole_line(source, failure.line)
    name = None
    if failure.layer is not None and failure.built:
        name = str(getattr(failure.layer, "name", failure.kind))
    return found._replace(place=place, layer=name, excerpt=source.line(place.line))


def _finding(
    rule: str, message: str, hint: str | None = None, fixes: tuple[Fix, ...] = ()
) -> Diagnostic:
    return Diagnostic(rule, "error", message, hint=hint, fixes=fixes)


# -- what broke ----------------------------------------------------------------------------------


def _failure(error: Exception, source: Source) -> Failure | None:
    frames = list(_frames(error))
    own = [n for n, (frame, _) in enumerate(frames) if _is_own(frame, source)]
    if not own:
        return None
    line = frames[own[-1]][1]
    inner = [frame for frame, _ in frames[own[-1] + 1 :]]
    if not inner and not _names_a_layer(str(error)):
        return None
    if inner and not any(_package(frame) in FRAMEWORKS for frame in inner):
        return None
    layer = _layer(inner)
    built = layer is not None and not any(
        one.f_code.co_name == "__init__" and one.f_locals.get("self") is layer for one in inner
    )
    message = " ".join(str(error).split("\n\nArguments received")[0].split())[:400]
    return Failure(message, line, layer, built, _arrived(inner, layer), _number(inner, layer))


def _frames(error: Exception) -> Iterator[tuple[FrameType, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _is_own(frame: FrameType, source: Source) -> bool:
    path = frame.f_code.co_filename
    return source.path is not None and os.path.abspath(path) == os.path.abspath(source.path)


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _names_a_layer(text: str) -> bool:
    """Whether an error that the user's own line raised is about a layer's arguments."""
    return re.search(r"\w+\.__init__\(\) (missing|got|takes)", text) is not None


def _layer(frames: Sequence[FrameType]) -> Any:
    """The layer that refused: the first of Keras' layers that is no model, or `None`."""
    for frame in frames:
        one = frame.f_locals.get("self")
        names = [base.__name__ for base in type(one).__mro__]
        if "Layer" in names and not any(name in GROUPS for name in names):
            return one
    return None


def _arrived(frames: Sequence[FrameType], layer: Any) -> tuple[tuple[int | None, ...], ...]:
    for frame in frames:
        values = frame.f_locals
        if values.get("self") is layer and frame.f_code.co_name == "__call__":
            return tuple(_shapes([values.get("args", ()), values.get("kwargs", {})]))
    return ()


def _shapes(value: Any) -> Iterator[tuple[int | None, ...]]:
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from _shapes(one)
    elif isinstance(value, dict):
        yield from _shapes(list(value.values()))
    elif hasattr(value, "shape") and hasattr(value, "dtype"):
        yield tuple(value.shape)


def _number(frames: Sequence[FrameType], layer: Any) -> int | None:
    """Which of the layers of a sequential model it is; lists may have the input in front."""
    for frame in frames:
        one = frame.f_locals.get("self")
        if type(one).__name__ == "Sequential":
            layers = [each for each in getattr(one, "_layers", ())
                      if type(each).__name__ != "InputLayer"]  # fmt: skip
            return next((n - len(layers) for n, each in enumerate(layers) if each is layer), None)
    return None


# -- our own layers ------------------------------------------------------------------------------


class _OneSpan(NamedTuple):
    """The span of the only layer of a model."""

    span: SourceSpan | None

    def of(self, path: Sequence[str | int]) -> SourceSpan | None:
        """The span of the layer."""
        return self.span

    def key(self, path: Sequence[str | int], key: str) -> Place | None:
        """The place of the layer."""
        return None if self.span is None else self.span.place


def _by_our_layers(failure: Failure, call: LayerCall | None) -> Diagnostic | None:
    """What our layer says of the same input."""
    if failure.layer is None or not failure.built or not failure.shapes:
        return None
    if any(None in shape[1:] for shape in failure.shapes):
        return None
    try:
        config = failure.layer.get_config()
        names = [f"input{n}" for n in range(len(failure.shapes))]
        inputs = [{"class_name": "InputLayer", "name": name,
                   "config": {"name": name, "batch_shape": list(shape)}}
                  for name, shape in zip(names, failure.shapes, strict=True)]  # fmt: skip
        keys = [[name, 0, 0] for name in names]
        layer = {"class_name": failure.kind, "name": "layer", "config": _plain(config),
                 "inbound_nodes": [[[*key, {}] for key in keys]]}  # fmt: skip
        model = modern({"class_name": "Functional", "config": {
            "name": "layer", "layers": [*inputs, layer], "input_layers": keys,
            "output_layers": [["layer", 0, 0]]}})  # fmt: skip
    except Exception:  # a layer of the user's own may do anything
        return None
    shapes: dict[str, Shape] = {
        name: (1, *[size or 1 for size in shape[1:]])
        for name, shape in zip(names, failure.shapes, strict=True)
    }
    span = _OneSpan(call.span() if call is not None else None)
    try:
        program = KerasImporter(Store("the model"), "layer", shapes, span).run(model)
        lower(program, "Keras", "the model")
    except SpecError as refused:
        finding = refused.diagnostics[0]
        return None if finding.rule == "unknown-layer" else finding
    except Exception:
        return None
    return None


def _plain(config: Any) -> Any:
    """A config as JSON has it."""
    if isinstance(config, dict):
        return {key: _plain(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [_plain(value) for value in config]
    return config


# -- Keras' messages -----------------------------------------------------------------------------

Explained = Callable[[Failure, "re.Match[str]", LayerCall | None], Diagnostic]


def _times(shape: Sequence[int | None]) -> str:
    """A shape without its batch."""
    return "×".join("?" if size is None else str(size) for size in shape[1:])


AXES = {
    5: "depth, height, width and channels",
    4: "height, width and channels",
    3: "positions and channels",
    2: "one axis",
}


def _rank(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    wanted, got = int(match["wanted"]), int(match["got"])
    shape = failure.shapes[0] if failure.shapes else (None,) * got
    sizes = [size for size in shape[1:] if size is not None]
    axes = AXES.get(wanted, f"{wanted - 1} axes")
    if wanted == 3 and re.search("LSTM|GRU|RNN", failure.kind):
        axes = "steps and features"
    text = f"`{failure.kind}` takes {axes}, and what arrives is {_times(shape)}"
    hint = None
    if got == wanted - 1 and got > 2 and len(sizes) == got - 1:
        own = ", ".join(map(str, sizes))
        hint = (f"it lacks an axis: the channels, as in `keras.Input(({own}, 1))`, or "
                f"`layers.Reshape(({own}, 1))` in front")  # fmt: skip
    elif got == 2 and wanted > 2:
        hint = ("what is flat has no positions: take the `Flatten` or `Dense` in front away, or "
                "put `layers.Reshape((height, width, channels))` in front")  # fmt: skip
        if wanted == 3:
            hint = ("the layer in front gives its last step alone: `return_sequences=True` there, "
                    "or `layers.Reshape((steps, features))` in front")  # fmt: skip
    elif got > wanted and len(sizes) == got - 1:
        rows, rest = sizes[0], product(tuple(sizes[1:]))
        hint = f"`layers.Flatten()` in front gives {product(tuple(sizes))} values"
        if wanted == 3:
            hint = f"`layers.Reshape(({rows}, {rest}))` in front makes a step of each row"
    return _finding("shape-mismatch", text, hint)


def _width(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    wanted, shape = match["wanted"], match["shape"]
    text = (f"`{failure.kind}` was made for {wanted} features and what arrives is ({shape}): "
            "a layer that is used twice has one input width")  # fmt: skip
    hint = f"make a layer of its own for this input, or give both {wanted}"
    return _finding("shape-mismatch", text, hint)


def _divisors(number: int, most: int) -> list[int]:
    return [n for n in range(1, min(number, most) + 1) if number % n == 0]


def _groups(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    numbers = {key: int(value) for key, value in re.findall(r"(groups|filters)=(\d+)", match[0])}
    channels = re.search(r"has (\d+) channels", match[0])
    groups = numbers.get("groups", 1)
    total = numbers.get("filters", int(channels[1]) if channels else 1)
    what = "filters" if "filters" in numbers else "channels"
    return _dividing(groups, total, what, call)


def _norm_groups(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    return _dividing(int(match["groups"]), int(match["channels"]), "channels", call)


def _dividing(groups: int, total: int, what: str, call: LayerCall | None) -> Diagnostic:
    known = _divisors(total, max(groups, 1))
    text = f"{groups} groups do not divide {total} {what}"
    best = known[-1]
    hint = f"groups that do: {', '.join(map(str, _divisors(total, total)[:12]))}"
    return _finding("groups-do-not-divide", text, hint, _changed(call, "groups", str(best)))


def _changed(call: LayerCall | None, key: str, text: str) -> tuple[Fix, ...]:
    """The fix that writes another value of an argument."""
    found = call.argument(key) if call is not None else None
    written = found.write(text) if found is not None else None
    if found is None or written is None:
        return ()
    return (Fix(f"write `{key}={written}`", False, (Edit(found.place, written),)),)


def _word(call: LayerCall | None, key: str, word: str | None) -> tuple[Fix, ...]:
    """The fix that writes another word as an argument."""
    node = call.argument(key) if call is not None else None
    if word is None or node is None:
        return ()
    return (Fix(f"write `{word}`", False, (Edit(node.place, f'"{word}"'),)),)


def _keyword(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    word, kind = match["word"], match["kind"]
    known = (
        [*parameters(type(failure.layer)), "name", "trainable", "dtype"]
        if failure.layer is not None
        else []
    )
    text = f"`{kind}` has no argument `{word}`"
    return _finding("unknown-key", text, did_you_mean(word, known))


def _activation(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    word = match["word"].strip("'\" ")
    known = [*FUNCTIONS, "softmax", "linear", "log_softmax"]
    hint, fixes = did_you_mean(word, known), _word(call, "activation", nearest(word, known))
    return _finding("bad-value", f"no activation is called `{word}`", hint, fixes)


def _padding(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    word = match["word"].strip("'\" ")
    fixes = _word(call, "padding", nearest(word, ["same", "valid"]))
    return _finding("bad-value", f"`padding` is `same` or `valid`, not `{word}`", None, fixes)


def _missing(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    return _finding("missing-option", f"`{match['kind']}` needs {match['what']}")


def _broadcast(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    first, second = (tuple(map(int, re.findall(r"\d+", match[key]))) for key in ("a", "b"))
    return _unequal("the operation", first, second)


def _merged(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    first, second = (tuple(map(int, re.findall(r"\d+", match[key]))) for key in ("a", "b"))
    return _unequal(f"`{failure.kind}`", first, second)


def _unequal(what: str, first: Shape, second: Shape) -> Diagnostic:
    """Two maps that an operation takes value by value, and what would make them equal."""
    shown = " and ".join(["×".join(map(str, one)) for one in (first, second)])
    text = f"{what} takes equal shapes, and what arrives is {shown}"
    if len(first) != len(second) or len(first) < 2:
        return _finding("shape-mismatch", text, f"a `Dense({first[-1]})` gives {first[-1]} values")
    hints = []
    large, small = max(first[:-1], second[:-1]), min(first[:-1], second[:-1])
    if large != small:
        steps = {a // b for a, b in zip(large, small, strict=True) if b and a % b == 0}
        even = all(b and a % b == 0 for a, b in zip(large, small, strict=True))
        if even and len(steps) == 1 and steps != {1}:
            hints.append(f"`strides={steps.pop()}` in the branch that is larger")
        else:
            hints.append('`padding="same"` in the branch that is smaller')
    if first[-1] != second[-1]:
        rank = len(first) - 1
        hints.append(f"a `Conv{rank}D({first[-1]}, 1)` behind the other gives {first[-1]} channels")
    return _finding("shape-mismatch", text, ", and ".join(hints) or None)


def _reshaped(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    shape, target = (tuple(map(int, re.findall(r"-?\d+", match[key]))) for key in ("a", "b"))
    known = product(tuple([size for size in target if size != -1]))
    values = product(shape)
    text = (f"`Reshape` to {'×'.join(map(str, target))} takes {known} values, and {values} arrive "
            f"({'×'.join(map(str, shape))})")  # fmt: skip
    rest = product(target[1:])
    hint = None
    if -1 not in target and rest and values % rest == 0:
        own = ", ".join(map(str, (values // rest, *target[1:])))
        hint = f"`Reshape(({own}))` holds {values}"
    return _finding("shape-mismatch", text, hint)


def _cropped(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    text = f"`{failure.kind}` takes away all that arrives: ({match['shape']}) less {match['crop']}"
    return _finding("kernel-larger-than-input", text)


def _dotted(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    text = f"`Dot` takes axes of one length, and these are {match['a']} and {match['b']}"
    return _finding("shape-mismatch", text)


def _extra_rows(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    extra, stride = match["extra"], int(match["stride"])
    text = f"`output_padding` {extra} is not smaller than the stride {stride}"
    fixes = _changed(call, "output_padding", str(stride - 1))
    return _finding("output-padding-too-large", text, f"at most {stride - 1}", fixes)


def _unconnected(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    text = "an output of the model does not come from its inputs"
    hint = ("every output is computed from the tensors in `inputs`: is one of them missing, or was "
            "a layer called on another tensor?")  # fmt: skip
    return _finding("shape-mismatch", text, hint)


def _smallest(failure: Failure, match: re.Match[str], call: LayerCall | None) -> Diagnostic:
    least = match["least"]
    text = f"the network takes images of at least {least}, and they are ({match['shape']})"
    return _finding("kernel-larger-than-input", text, f"resize the images to {least} or more")


FIRST: tuple[tuple[str, Explained], ...] = (
    (r"expected (?:min_|max_)?ndim=(?P<wanted>\d+), found ndim=(?P<got>\d+)", _rank),
    (r"Inputs have incompatible shapes. Received shapes \((?P<a>[^)]*)\) and \((?P<b>[^)]*)\)",
     _merged),
)  # fmt: skip
"""Messages to which our layers have nothing to add."""

MESSAGES: tuple[tuple[str, Explained], ...] = (
    (r"expected axis -?\d+ of input shape to have value (?P<wanted>\d+),? but received input with "
     r"shape \((?P<shape>[^)]*)\)", _width),
    (r"evenly divisible by the number of groups.*", _groups),
    (r"Number of groups \((?P<groups>\d+)\) (?:must be a multiple of|cannot be more than) the "
     r"number of channels \((?P<channels>\d+)\)", _norm_groups),
    (r"Unrecognized keyword arguments passed to (?P<kind>\w+): \{'(?P<word>\w+)'", _keyword),
    (r"(?P<kind>\w+)\.__init__\(\) got an unexpected keyword argument '(?P<word>\w+)'", _keyword),
    (r"Could not interpret activation function identifier: (?P<word>\S+)", _activation),
    (r"`padding` argument must be .* Received: (?P<word>\S+)", _padding),
    (r"(?P<kind>\w+)\.__init__\(\) missing (?P<what>.*)", _missing),
    (r"Cannot broadcast shape.*Input shapes are: \[(?P<a>[^\]]*)\] and \[(?P<b>[^\]]*)\]",
     _broadcast),
    (r"total size of the tensor must be unchanged.*input_shape=\((?P<a>[^)]*)\), "
     r"target_shape=\((?P<b>[^)]*)\)", _reshaped),
    (r"cropping.*Received: input_shape=\((?P<shape>[^)]*)\), cropping=(?P<crop>.*)", _cropped),
    (r"axis values (?P<a>\d+) \(at axis \d+\) != (?P<b>\d+) \(at axis \d+\)", _dotted),
    (r"`output_padding` is (?P<extra>\d+) but `strides` is (?P<stride>\d+)", _extra_rows),
    (r"is not connected to `inputs`|Graph disconnected", _unconnected),
    (r"Input size must be at least (?P<least>\d+x\d+); Received: input_shape=\((?P<shape>[^)]*)\)",
     _smallest),
)  # fmt: skip
"""What Keras says, and how it is explained."""


def _by_message(
    failure: Failure, call: LayerCall | None, rows: Sequence[tuple[str, Explained]]
) -> Diagnostic | None:
    for pattern, explain in rows:
        match = re.search(pattern, failure.message)
        if match is not None:
            return explain(failure, match, call)
    return None


def source_of(path: str, label: str) -> Source | None:
    """The text of a Python file; `None` where it cannot be read."""
    try:
        return Source.read(path, label)
    except (UnreadableError, SpecError):
        return None
