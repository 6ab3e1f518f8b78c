"""Files that hold a Keras model: which of them it is, and the JSON of the model in it.

An archive (`.keras`), a text (`model.json`), an HDF5 file (`.h5`), a SavedModel's directory or its
`keras_metadata.pb`. No Keras is needed, and no code of the model is run.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.keras.json_places import JsonPlaces
from cnncalc.exchange.keras.weights import INSIDE, ArchiveStore, NamedStore, Store, hdf5

LARGEST = 4 * 1024 * 1024
"""Bytes of a model's JSON: four times that of the largest of keras.applications."""

METADATA = "keras_metadata.pb"
HDF5_MARK = b"\x89HDF\r\n\x1a\n"

GRAPH_MODEL = (
    "a graph model has operations and no layers: convert the Keras model with "
    "`--output_format=tfjs_layers_model`, or export it to ONNX"
)


class ModelFile(NamedTuple):
    """What a file holds."""

    path: str
    model: Any
    """Its JSON, parsed."""
    places: JsonPlaces | None
    """Where the values stand in the text, if the file is one."""
    store: Store
    archive: bool = False
    runs: bool = False
    """Whether Keras can load it with its weights."""


def open_file(path: str) -> ModelFile:
    """The model of a file.

    Raises:
        UsageError: it cannot be read, or is no model.
    """
    if os.path.isdir(path):
        inner = os.path.join(path, METADATA)
        if os.path.isfile(inner):
            return _saved_model(inner)
        if os.path.isfile(os.path.join(path, "saved_model.pb")):
            raise UsageError(
                f"{path} is a SavedModel without Keras' own description of its layers",
                "save the model with `model.save('model.keras')`, or export it to ONNX",
            )
        raise UsageError(f"cannot read {path}: it is a directory")
    first = _read(path, len(HDF5_MARK))
    ending = os.path.splitext(path)[1].lower()
    if first == HDF5_MARK:
        return _hdf5(path)
    if ending in (".h5", ".hdf5"):
        raise UsageError(f"{path} is no HDF5 file, or it is cut short")
    if ending == ".pb":
        return _saved_model(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            runs = INSIDE in archive.namelist()
        return ModelFile(path, _parsed(_packed(path), path), None, ArchiveStore(path), True, runs)
    if ending == ".keras":
        raise UsageError(f"{path} is no Keras 3 archive, or it is cut short")
    return text_file(path, _decoded(_read(path, LARGEST + 1), path).replace("\r\n", "\n"))


def text_file(path: str, text: str) -> ModelFile:
    """The model of a text.

    Raises:
        UsageError: it is no JSON, or of a graph without layers.
    """
    model = _parsed(text, path)
    if isinstance(model, dict) and model.get("format") == "graph-model":
        raise UsageError(f"{path} is a graph model of TensorFlow.js", GRAPH_MODEL)
    return ModelFile(path, model, JsonPlaces(path, text), Store(path))


def _read(path: str, size: int) -> bytes:
    try:
        with open(path, "rb") as file:
            found = file.read(size)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read {path}: {reason}") from None
    if len(found) > LARGEST:
        raise UsageError(f"{path} is larger than any model's JSON")
    return found


def _decoded(data: bytes, path: str) -> str:
    try:
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no JSON: it is no text") from None


def _parsed(text: str, path: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise UsageError(f"{path}: its JSON is nested without end") from None
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {str(error)[:100]}") from None


def _packed(path: str) -> str:
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
    return _decoded(text, path)


def _hdf5(path: str) -> ModelFile:
    h5py = hdf5("a Keras model in HDF5 needs")
    try:
        with h5py.File(path, "r") as file:
            attributes = file.attrs
            if "model_config" not in attributes:
                raise UsageError(
                    f"{path} holds weights and no architecture",
                    "name the file of the architecture (`model.json`), or save both with "
                    "`model.save(…)`",
                )
            size = attributes.get_id("model_config").get_storage_size()
            if size > LARGEST:
                raise UsageError(f"{path}: its config claims {size:,} bytes")
            found = attributes["model_config"]
            stored = "model_weights" in file
    except UsageError:
        raise
    except Exception as error:  # h5py raises whatever its C library says
        raise UsageError(f"{path} is no HDF5 file, or it is cut short: {str(error)[:80]}") from None
    text = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
    if len(text) > LARGEST:
        raise UsageError(f"{path}: its config is larger than any model's")
    return ModelFile(path, _parsed(text, path), None, NamedStore(path), runs=stored)


# -- SavedModel ----------------------------------------------------------------------------------


def _saved_model(path: str) -> ModelFile:
    """The model of TensorFlow's `keras_metadata.pb`: the JSON of its first node."""
    data = _read(path, LARGEST + 1)
    try:
        for field, node in _fields(data):
            if field != 1 or not isinstance(node, bytes):
                continue
            parts = dict(_fields(node))
            text = parts.get(5)
            if not isinstance(text, bytes):
                continue
            metadata = _listed(_parsed(_decoded(text, path), path))
            found = metadata.get("model_config") if isinstance(metadata, dict) else None
            if isinstance(found, dict):
                return ModelFile(path, found, None, Store(path))
            break
    except (IndexError, ValueError):
        raise UsageError(f"{path} is no {METADATA}, or it is cut short") from None
    raise UsageError(
        f"{path} does not hold the model's layers: it is a class of its own, which keeps no graph",
        "export it to ONNX",
    )


def _listed(value: Any) -> Any:
    """The same with tuples as lists: TensorFlow writes them as objects of a class `__tuple__`."""
    if isinstance(value, list):
        return [_listed(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__tuple__":
        return _listed(value.get("items"))
    return {key: _listed(one) for key, one in value.items()}


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of the fields of a protobuf message."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        kind = key & 7
        if kind == 0:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind, -1)
        if kind == 2:
            size, place = _varint(data, place)
        if size < 0 or place + size > len(data):
            raise ValueError(f"field of type {kind}")
        yield key >> 3, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, place
        if shift > 63:
            raise ValueError("a number without end")
