"""Keras models of every version, read without Keras; a model in memory is read through its JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.keras.dialects import MODELS, Malformed, modern
from cnncalc.exchange.keras.files import ModelFile, open_file, text_file
from cnncalc.exchange.keras.importer import KerasImporter, data_format, inputs_of, layers_of
from cnncalc.exchange.keras.padding import merge_padding
from cnncalc.exchange.keras.spans import TextSpans
from cnncalc.exchange.keras.weights import ObjectStore
from cnncalc.exchange.reading.patterns import simplify
from cnncalc.exchange.reading.result import Reading
from cnncalc.exchange.reading.to_graph import lower
from cnncalc.language.text.source import Source
from cnncalc.shapes import Shape, product

if TYPE_CHECKING:
    from cnncalc.numerics.arrays import Array

MOST_AXES = 8
MOST_VALUES = 2**53

Shapes = Shape | Mapping[str, Shape] | None
Run = Callable[[list[Any], bool], list[Any]]
"""The model's own outputs on our inputs; whether its channels are last."""


def open_model(path: str) -> Imported:
    """`model.keras`, `model.json`, `model.h5` or a SavedModel; no code of the model is run.

    Raises:
        UsageError: it cannot be read, or is no model.
    """
    opened = open_file(path)
    return _imported(path, opened)


def open_text(source: Source) -> Imported:
    """A model from its JSON, which may have been changed since it was read."""
    return _imported(source.label, text_file(source.label, source.text))


def open_object(model: Any, label: str = "") -> Imported:
    """A `keras.Model` in memory, which is left as it is; `label` is what the caller calls it.

    Raises:
        UsageError: it keeps no graph.
    """
    label = label or str(getattr(model, "name", "") or type(model).__name__)[:80]
    try:
        text = model.to_json()
    except Exception:
        return _followed(model, label)
    parsed = json.loads(text)
    try:
        found = modern(parsed)
    except Malformed:
        return _followed(model, label)
    return _of_object(model, found, label)


def _of_object(model: Any, found: dict[str, Any], label: str) -> Imported:
    name = str(found["config"].get("name") or label)[:80]
    opened = ModelFile(label, found, None, ObjectStore(label, model))

    def runner(inputs: list[Any], last: bool) -> list[Any]:
        return outputs(model, inputs, last)

    return Imported(label, "Keras", name, lambda input: read_model(found, opened, input, runner))


def _followed(model: Any, label: str) -> Imported:
    """A model of a class of its own: what its `call` does to an input that has a shape alone."""

    def read(input: Shapes) -> Reading:
        from cnncalc.exchange.keras.tracing import functional_of  # needs Keras itself

        traced = functional_of(model, label, input)
        return _of_object(traced, _modern(json.loads(traced.to_json()), label), label).reading()

    name = str(getattr(model, "name", label))[:80]
    return Imported(label, "Keras", name, read, channels_last=True)


def _imported(path: str, opened: ModelFile) -> Imported:
    model = _modern(opened.model, path)
    stem = os.path.splitext(os.path.basename(path))[0]
    name = str(model["config"].get("name") or stem)[:80]

    def read(input: Shapes) -> Reading:
        return read_model(model, opened, input)

    if opened.places is None:
        return Imported(path, "Keras", name, read)
    source = Source(path, opened.places.text, path)
    return Imported(path, "Keras", name, read, source=source, reopen=open_text)


def _modern(model: Any, path: str) -> dict[str, Any]:
    try:
        return modern(model)
    except Malformed as error:
        raise UsageError(
            f"{path}: {error}",
            "sequential and functional models are read; a class of its own keeps no graph",
        ) from None
    except (TypeError, KeyError, ValueError, AttributeError, IndexError) as error:
        raise _no_model(path, f"{type(error).__name__} {str(error)[:80]}") from None
    except RecursionError:
        raise UsageError(f"{path}: its JSON is nested without end") from None


def _no_model(path: str, reason: object) -> UsageError:
    return UsageError(f"{path} is no model that Keras wrote: {reason}")


def read_model(
    model: dict[str, Any], opened: ModelFile, input: Shapes, runner: Run | None = None
) -> Reading:
    """A model's graph for an input.

    Raises:
        UsageError: the input does not fit, or is needed and not given.
        SpecError: the model holds layers that no layer of ours stands for.
    """
    path = opened.path
    try:
        last = data_format(model) != "channels_first"
        shapes = _input_shapes(inputs_of(model), path, input, last)
        name = str(model["config"].get("name") or "model")[:80]
        spans = None if opened.places is None else TextSpans(opened.places)
        program = KerasImporter(opened.store, name, shapes, spans).run(model)
    except Malformed as error:
        raise _no_model(path, error) from None
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise _no_model(path, f"{type(error).__name__} {str(error)[:80]}") from None
    except RecursionError:
        raise UsageError(f"{path}: its JSON is nested without end") from None
    merge_padding(program)
    simplify(program)
    found = lower(program, f"Keras, {path}", path)
    rounded = _quantized(model)
    if rounded and (runner is not None or opened.runs):
        return found._replace(run=lambda inputs: _refuse_to_run(path, rounded))
    if runner is not None:
        return found._replace(run=lambda inputs: runner(inputs, last))
    if opened.runs:
        return found._replace(run=lambda inputs: run(path, inputs, last))
    return found


def _quantized(model: Mapping[str, Any]) -> list[str]:
    """The layers that `quantize()` has made compute with rounded values."""
    found = []
    for layer in layers_of(model):
        if layer["class_name"] in MODELS:
            found += _quantized(layer)
        elif layer["config"].get("quantization_config"):
            found.append(str(layer["name"]))
    return found


def _refuse_to_run(path: str, layers: list[str]) -> list[Array]:
    raise UsageError(
        f"{path} was quantized: Keras rounds what enters {', '.join(layers[:5])}, and our layers "
        "do not, so that the two differ",
        "check the model that it was made from",
    )


def _input_shapes(
    declared: list[tuple[str, list[Any] | None]], path: str, input: Shapes, last: bool
) -> dict[str, Shape]:
    """Shapes of the inputs in Keras' order; `input` is channels first, as everywhere."""
    names = [name for name, _ in declared]
    if input is not None and not isinstance(input, Mapping):
        if len(names) > 1:
            raise UsageError(
                f"{path} takes {len(names)} inputs: {', '.join(names[:8])}",
                "as in `--input " + ",".join(f"{one}=3x224x224" for one in names[:2]) + "`",
            )
        input = {names[0]: input}
    given: Mapping[str, Shape] = input or {}
    for name in given:
        if name not in names:
            raise UsageError(f"{path} has no input `{name}`", f"its inputs: {', '.join(names)}")
    return {
        name: _input_shape(name, shape, path, given.get(name), last) for name, shape in declared
    }


def _input_shape(
    name: str, declared: list[Any] | None, path: str, given: Shape | None, last: bool
) -> Shape:
    own: list[Any] = [] if declared is None else list(declared[1:])
    turned = [own[-1], *own[:-1]] if last and len(own) > 1 else own
    wanted: list[Any] = list(given) if given is not None else turned
    shown = "×".join("?" if type(size) is not int else str(size) for size in turned)
    hint = "say it, channels first, as in `--input 3x224x224`"
    if given is None and (declared is None or not own):
        raise UsageError(f"{path} does not say what its input is", hint)
    if None in wanted:
        raise UsageError(f"{path} leaves open what its input `{name[:60]}` is: {shown}", hint)
    if declared is not None and (
        len(wanted) != len(turned)
        or any(a is not None and a != b for a, b in zip(turned, wanted, strict=True))
    ):
        text = "×".join(map(str, wanted))
        raise UsageError(f"{path} fixes its input `{name[:60]}` to {shown}, not {text}")
    if not all(type(size) is int and 0 < size < 2**31 for size in wanted):
        raise UsageError(f"{path}: its input `{name[:60]}` is {shown}")
    if len(wanted) > MOST_AXES or product(tuple(wanted)) > MOST_VALUES:
        raise UsageError(f"{path}: its input `{name[:60]}` has {len(wanted)} axes, {shown[:60]}")
    back = [*wanted[1:], wanted[0]] if last and len(wanted) > 1 else wanted
    return (1, *back)


def run(path: str, inputs: list[Array], last: bool) -> list[Array]:
    """The outputs of a stored model under Keras.

    Raises:
        UsageError: it is not installed, or refuses the model.
    """
    from cnncalc.exchange.keras.framework import framework  # Keras is slow to import

    keras = framework("checking a Keras model")
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
        return outputs(model, inputs, last)
    except Exception as error:
        raise UsageError(f"Keras refuses {path}: {str(error)[:300]}") from None


def outputs(model: Any, inputs: list[Array], last: bool) -> list[Array]:
    """What a model in memory makes of inputs that are channels first."""
    import numpy as np  # with arrays only

    turned = [np.moveaxis(x, 1, -1) if last and x.ndim > 2 else x for x in inputs]
    found = model(turned[0] if len(turned) == 1 else turned, training=False)
    leaves = found if isinstance(found, (list, tuple)) else [found]
    if isinstance(found, dict):
        leaves = list(found.values())
    return [_array(one) for one in leaves]


def _array(value: Any) -> Array:
    import numpy as np  # with arrays only

    if hasattr(value, "detach"):
        value = value.detach().cpu()
    return np.asarray(value)
