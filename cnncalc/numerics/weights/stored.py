"""Weights from a file: NumPy's `.npz` and `.safetensors`, matched to a network's arrays.

Nothing in a file is executed: pickled arrays are refused. A file's headers are read first, and
sizes are held against the network and the file's length before any array is made.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Mapping
from math import prod
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph
from cnncalc.numerics.arrays import Array, Arrays
from cnncalc.numerics.weights.generated import declared_arrays
from cnncalc.shapes import Shape

HEADER_LIMIT = 100 * 2**20
"""The longest header that a safetensors file may have (its own specification says so)."""

SAFETENSORS = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?",
}  # fmt: skip
"""Types of a safetensors file; bfloat16 is read as its upper half of a float32."""


class Stored(NamedTuple):
    """An array of a file: its shape, and how it is read."""

    shape: Shape
    read: Callable[[], Any]


class Wanted(NamedTuple):
    """An array of the network."""

    node: int
    layer: str
    array: str
    shape: Shape

    @property
    def name(self) -> str:
        """Its full name: `stage1.conv1.weight`."""
        return f"{self.layer}.{self.array}"


def load_weights(path: str, graph: Graph, dtype: np.dtype[Any]) -> list[Arrays]:
    """The arrays of a graph from a file, by name or else in the file's order.

    Names are those of the layers (`stage1.conv1.weight`). Where a file has other names, such as
    those of a PyTorch state dict, its arrays are taken in their order; counters of batch
    normalizations (`num_batches_tracked`) are left out.

    Raises:
        UsageError: it cannot be read, or an array is missing or of another shape.
    """
    try:
        with open(path, "rb") as file:
            stored = _index(file, path)
            return _fill(path, graph, stored, dtype)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None


def _index(file: BinaryIO, path: str) -> dict[str, Stored]:
    ending = os.path.splitext(path)[1].lower()
    if ending == ".npz":
        return _index_npz(file, path)
    if ending == ".safetensors":
        return _index_safetensors(file, path)
    raise UsageError(f"{path} is neither .npz nor .safetensors")


def _index_npz(file: BinaryIO, path: str) -> dict[str, Stored]:
    try:
        archive = zipfile.ZipFile(file)
        return {name.removesuffix(".npy"): _npy(archive, name, path) for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise UsageError(f"{path} is no readable .npz file: {error}") from None


def _npy(archive: zipfile.ZipFile, name: str, path: str) -> Stored:
    with archive.open(name) as member:
        version = np.lib.format.read_magic(member)
        header = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            header = np.lib.format.read_array_header_2_0
        shape, _, dtype = header(member)
    if dtype.kind not in "fiub":
        raise UsageError(f"`{name}` in {path} holds no numbers but {dtype}")

    def read() -> Any:
        try:
            with archive.open(name) as member:
                return np.lib.format.read_array(member, allow_pickle=False)
        except (zipfile.BadZipFile, ValueError, EOFError, OSError) as error:
            raise UsageError(f"`{name}` in {path} is damaged: {error}") from None

    return Stored(tuple(shape), read)


def _index_safetensors(file: BinaryIO, path: str) -> dict[str, Stored]:
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(HEADER_LIMIT, size - 8):
        raise UsageError(f"{path} is no safetensors file: a header of {length:,} bytes")
    try:
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        entries = [(name, *_entry(entry)) for name, entry in header.items()]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UsageError(f"{path} is no safetensors file: its header is malformed") from None
    found = {}
    for name, kind, shape, begin, end in entries:
        if kind not in SAFETENSORS:
            raise UsageError(f"`{name}` in {path} is of the unknown type {kind}")
        width = np.dtype(SAFETENSORS[kind]).itemsize
        if not 0 <= begin <= end <= size - 8 - length or end - begin != prod(shape) * width:
            raise UsageError(f"`{name}` in {path} lies at {begin:,} to {end:,}, which cannot be")
        found[name] = Stored(shape, _tensor(file, kind, shape, 8 + length + begin))
    return found


def _entry(entry: Mapping[str, Any]) -> tuple[str, Shape, int, int]:
    begin, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if not all(type(number) is int and number >= 0 for number in (begin, end, *shape)):
        raise ValueError
    return str(entry["dtype"]), shape, begin, end


def _tensor(file: BinaryIO, kind: str, shape: Shape, offset: int) -> Callable[[], Any]:
    def read() -> Any:
        file.seek(offset)
        values = np.fromfile(file, SAFETENSORS[kind], prod(shape)).reshape(shape)
        if kind == "BF16":
            return (values.astype(np.uint32) << 16).view(np.float32)
        return values

    return read


def _fill(
    path: str, graph: Graph, stored: Mapping[str, Stored], dtype: np.dtype[Any]
) -> list[Arrays]:
    wanted = [
        Wanted(index, node.name, name, shape)
        for index, node in enumerate(graph.nodes)
        if node.shares is None
        for name, shape in declared_arrays(node).items()
    ]
    arrays: list[dict[str, Array]] = [{} for _ in graph.nodes]
    for one, name in zip(wanted, _names(path, wanted, stored), strict=True):
        values = stored[name].read()
        arrays[one.node][one.array] = values.astype(dtype, copy=False).reshape(one.shape)
    return list(arrays)


def _names(path: str, wanted: list[Wanted], stored: Mapping[str, Stored]) -> list[str]:
    """Which array of the file is which of the network's."""
    known = [one.name in stored for one in wanted]
    by_name = 2 * sum(known) >= len(wanted)
    names = [name for name in stored if not name.endswith("num_batches_tracked")]
    if by_name:
        if not all(known):
            missing = wanted[known.index(False)]
            raise UsageError(f"{path} has no `{missing.name}` {list(missing.shape)}")
        names = [one.name for one in wanted]
    for number, (one, name) in enumerate(zip(wanted, names, strict=False), start=1):
        if not _same(one.shape, stored[name].shape):
            raise UsageError(
                f"`{name}` in {path} is {list(stored[name].shape)}, and `{one.name}` is "
                f"{list(one.shape)}",
                None if by_name else f"matched in the file's order: array {number} of {len(names)}",
            )
    if len(names) != len(wanted):
        raise UsageError(f"{path} holds {len(names)} arrays, and the network has {len(wanted)}")
    return names


def _same(one: Shape, other: Shape) -> bool:
    """Whether shapes agree but for axes of size 1, where frameworks differ."""
    return [n for n in one if n != 1] == [n for n in other if n != 1]
