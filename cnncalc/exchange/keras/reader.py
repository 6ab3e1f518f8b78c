"""Keras 3 models: the archive, or the JSON text of `to_json()`."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.keras.padding import merge_padding
from cnncalc.exchange.keras.walking import Malformed, Walk, data_format, inputs_of
from cnncalc.exchange.keras.weights import INSIDE, Store
from cnncalc.exchange.reading.lower import lower
from cnncalc.exchange.reading.patterns import simplify
from cnncalc.exchange.reading.result import Reading
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.numerics.arrays import Array

LARGEST = 4 * 1024 * 1024
"""Bytes of a model's JSON: four times that of the largest of keras.applications."""

Shapes = Shape | Mapping[str, Shape] | None


def open_model(path: str) -> Imported:
    """`model.keras` or `model.json`; no Keras is needed, and no code of the model is run.

    Raises:
        UsageError: it cannot be read, or is no model.
    """
    if not os.path.isfile(path):
        reason = "it is a directory" if os.path.isdir(path) else "no such file"
        raise UsageError(f"cannot read {path}: {reason}")
    archive = zipfile.is_zipfile(path)
    if not archive and path.lower().endswith(".keras"):
        raise UsageError(f"{path} is no Keras 3 archive, or it is cut short")
    model = _parsed(_packed(path) if archive else _plain(path), path)
    label = str(model["config"].get("name") or os.path.splitext(os.path.basename(path))[0])[:80]
    return Imported(path, "Keras", label, lambda input: read_model(model, path, archive, input))


def _packed(path: str) -> bytes:
    """The JSON in an archive; nothing is unpacked to disk, and nothing else is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo("config.json").file_size
            if size > LARGEST:
                raise UsageError(f"{path}: its config.json claims {size:,} bytes")
            with archive.open("config.json") as file:
                text = file.read(LARGEST + 1)
    except KeyError:
        raise UsageError(f"{path} is an archive without a config.json") from None
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError, NotImplementedError):
        raise UsageError(f"{path} is no Keras 3 archive, or it is cut short") from None
    except UsageError:
        raise
    except Exception as error:  # zlib's own, which is no OSError
        raise UsageError(f"{path} is no Keras 3 archive: {str(error)[:100]}") from None
    if len(text) > LARGEST:
        raise UsageError(f"{path}: its config.json holds more than it claims")
    return text


def _plain(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read {path}: {reason}") from None
    if len(text) > LARGEST:
        raise UsageError(f"{path} is larger than any model's JSON")
    return text


def _parsed(text: bytes, path: str) -> dict[str, Any]:
    try:
        model = json.loads(text)
    except RecursionError:
        raise UsageError(f"{path}: its JSON is nested without end") from None
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {str(error)[:100]}") from None
    if (
        not isinstance(model, dict)
        or model.get("class_name") not in ("Functional", "Sequential", "Model")
        or not isinstance(model.get("config"), dict)
    ):
        kind = model.get("class_name") if isinstance(model, dict) else None
        raise UsageError(
            f"{path} holds {f'a {str(kind)[:60]}' if kind else 'no model of Keras'}",
            "sequential and functional models are read; a class of its own keeps no graph",
        )
    return model


def read_model(model: dict[str, Any], path: str, archive: bool, input: Shapes) -> Reading:
    """A model's graph for an input.

    Raises:
        UsageError: the input does not fit, or is needed and not given.
        SpecError: the model holds layers that no layer of ours stands for.
    """
    try:
        last = data_format(model) != "channels_first"
        shapes = _input_shapes(inputs_of(model), path, input, last)
        name = str(model["config"].get("name") or "model")[:80]
        program = Walk(Store(path, archive), name, shapes).run(model)
    except Malformed as error:
        raise UsageError(f"{path} is no model that Keras 3 wrote: {error}") from None
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        text = f"{type(error).__name__} {str(error)[:80]}"
        raise UsageError(f"{path} is no model that Keras 3 wrote: {text}") from None
    merge_padding(program)
    simplify(program)
    found = lower(program, f"Keras, {path}", path)
    if not archive or not _held(path):
        return found
    return found._replace(run=lambda inputs: run(path, inputs, last))


def _held(path: str) -> bool:
    with zipfile.ZipFile(path) as archive:
        return INSIDE in archive.namelist()


def _input_shapes(
    declared: list[tuple[str, list[Any]]], path: str, input: Shapes, last: bool
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
    found: dict[str, Shape] = {}
    for name, shape in declared:
        own: list[Any] = list(shape[1:])
        turned = [own[-1], *own[:-1]] if last and len(own) > 1 else own
        wanted: list[Any] = list(given[name]) if name in given else turned
        shown = "×".join("?" if size is None else str(size) for size in turned)
        if None in wanted:
            raise UsageError(
                f"{path} leaves open what its input `{name[:60]}` is: {shown}",
                "say it, channels first, as in `--input 3x224x224`",
            )
        if len(wanted) != len(turned) or any(
            a is not None and a != b for a, b in zip(turned, wanted, strict=True)
        ):
            text = "×".join(map(str, wanted))
            raise UsageError(f"{path} fixes its input `{name[:60]}` to {shown}, not {text}")
        if not all(type(size) is int and 0 < size < 2**31 for size in wanted):
            raise UsageError(f"{path}: its input `{name[:60]}` is {shown}")
        back = [*wanted[1:], wanted[0]] if last and len(wanted) > 1 else wanted
        found[name] = (1, *back)
    return found


def run(path: str, inputs: list[Array], last: bool) -> list[Array]:
    """The model's own outputs under Keras.

    Raises:
        UsageError: it is not installed, or refuses the model.
    """
    from cnncalc.exchange.keras.framework import framework

    keras = framework("checking a Keras model")
    import numpy as np

    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
        turned = [np.moveaxis(x, 1, -1) if last and x.ndim > 2 else x for x in inputs]
        found = model(turned[0] if len(turned) == 1 else turned, training=False)
        leaves = keras.tree.flatten(found)
        return [np.asarray(keras.ops.convert_to_numpy(one)) for one in leaves]
    except Exception as error:
        raise UsageError(f"Keras refuses {path}: {str(error)[:300]}") from None
