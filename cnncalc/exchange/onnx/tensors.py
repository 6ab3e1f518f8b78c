"""Stored arrays of an ONNX file: inside it, beside it, or absent."""

from __future__ import annotations

import os
import struct
from math import prod
from typing import Any

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.reading.program import Constant
from cnncalc.shapes import Shape

TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
}  # fmt: skip
"""NumPy's names of ONNX' types; others are no numbers that a layer has."""

REAL = (1, 10, 11, 16)
"""ONNX' numbers of the types that keep a value, but for rounding: float32, 16, 64, bfloat16."""

LARGEST = 2**53


def stored(tensor: Any, path: str, role: str = "stored") -> Constant:
    """An initializer or a constant; its values are read when they are asked for.

    Raises:
        UsageError: its shape is none.
    """
    shape = tuple(map(int, tensor.dims))
    if any(size < 0 for size in shape) or prod(shape) > LARGEST:
        raise UsageError(
            f"{path}: the tensor `{tensor.name[:60]}` claims {list(shape)}", "at most 2^53 values"
        )
    if tensor.data_location == 1:
        beside(tensor, path)
    name = tensor.name if role in ("stored", "parameter") else ""
    found = Constant(name, shape, role, lambda: read(tensor, shape, path))
    if prod(shape) <= FEW:
        found.few = _few(tensor, prod(shape))
    return found


FEW = 64

CODES = {1: "f", 6: "i", 7: "q", 11: "d"}
"""Python's names of the types that numbers of a program have."""


def _few(tensor: Any, count: int) -> list[Any] | None:
    """The values of a small tensor, read without NumPy."""
    code = CODES.get(tensor.data_type)
    if code is None or tensor.data_location == 1:
        return None
    if tensor.HasField("raw_data"):
        data = tensor.raw_data
        if len(data) != count * struct.calcsize(f"<{code}"):
            return None
        return list(struct.unpack(f"<{count}{code}", data))
    values = list(getattr(tensor, FIELDS[{"f": 0, "i": 1, "q": 2, "d": 3}[code]]))
    return values if len(values) == count else None


def absent(name: str, shape: Shape, path: str) -> Constant:
    """A weight that the file declares and does not hold."""

    def refuse() -> Any:
        raise UsageError(f"{path} declares `{name}` and does not hold it")

    return Constant(name, shape, "stored", refuse)


def read(tensor: Any, shape: Shape, path: str) -> Any:
    """The values of a tensor.

    Raises:
        UsageError: they are not there, or not as many as its shape says.
    """
    import numpy as np

    kind = TYPES.get(tensor.data_type)
    if kind is None:
        raise UsageError(f"{path}: `{tensor.name}` has a type that no layer computes with")
    dtype = np.dtype(kind).newbyteorder("<")
    size = prod(shape) * dtype.itemsize
    if tensor.data_location == 1:
        data = _beside(tensor, path, size)
    elif tensor.HasField("raw_data"):
        data = tensor.raw_data
    else:
        return _typed(tensor, dtype, shape, path)
    if len(data) != size:
        raise UsageError(
            f"{path}: `{tensor.name}` claims {list(shape)}, {size:,} bytes, and has {len(data):,}"
        )
    return np.frombuffer(data, dtype).reshape(shape)


FIELDS = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")


def _typed(tensor: Any, dtype: Any, shape: Shape, path: str) -> Any:
    import numpy as np

    for field in FIELDS:
        values = getattr(tensor, field)
        if len(values):
            break
    else:
        values = []
    if len(values) != prod(shape):
        raise UsageError(
            f"{path}: `{tensor.name}` claims {list(shape)} and has {len(values):,} values"
        )
    if dtype == np.float16:
        return np.array(values, np.uint16).view(np.float16).reshape(shape)
    return np.array(values, dtype).reshape(shape)


def beside(tensor: Any, path: str) -> str:
    """The file beside the model that holds a tensor.

    Raises:
        UsageError: it lies elsewhere.
    """
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    where = os.path.realpath(os.path.join(folder, location))
    if not location or os.path.isabs(location) or os.path.commonpath([folder, where]) != folder:
        raise UsageError(
            f"{path}: `{tensor.name}` lies in {location!r}, outside the model's folder",
            "weights beside a model are read from its own folder only",
        )
    return where


def _beside(tensor: Any, path: str, size: int) -> bytes:
    """The bytes of a tensor in a file beside the model."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    where, location = beside(tensor, path), entries["location"]
    try:
        offset = int(entries.get("offset") or 0)
        length = int(entries.get("length") or size)
        if length != size or offset < 0:
            raise ValueError
        with open(where, "rb") as file:
            file.seek(offset)
            return file.read(size)
    except ValueError:
        raise UsageError(f"{path}: `{tensor.name}` has another length than its shape") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{path}: cannot read {location}: {reason}") from None
