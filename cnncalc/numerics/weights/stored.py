"""Weights from a file: NumPy's `.npz` and `.safetensors`, matched to a network's arrays.

Nothing in a file is executed: pickled arrays are refused. A file's headers are read first, and
shapes are held against the network's before any array is made.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph
from cnncalc.numerics.arrays import Array, Arrays
from cnncalc.numerics.weights.generated import declared_arrays
from cnncalc.shapes import Shape


class StoredArray(NamedTuple):
    """An array of a file: its shape, and how it is read."""

    shape: Shape
    read: Callable[[], Any]


class ExpectedArray(NamedTuple):
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
    ending = os.path.splitext(path)[1].lower()
    if ending not in READERS:
        raise UsageError(f"{path} is neither .npz nor .safetensors")
    try:
        with READERS[ending](path) as stored:
            return _fill(path, graph, stored, dtype)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None


@contextmanager
def _npz(path: str) -> Iterator[dict[str, StoredArray]]:
    with open(path, "rb") as file:
        try:
            archive = zipfile.ZipFile(file)
            names = archive.namelist()
            found = {name.removesuffix(".npy"): _npy(archive, name, path) for name in names}
        except DAMAGED as error:
            raise UsageError(f"{path} is no readable .npz file: {error}") from None
        yield found


def _npy(archive: zipfile.ZipFile, name: str, path: str) -> StoredArray:
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
        except (*DAMAGED, OSError) as error:
            raise UsageError(f"`{name}` in {path} is damaged: {error}") from None

    return StoredArray(tuple(shape), read)


@contextmanager
def _safetensors(path: str) -> Iterator[dict[str, StoredArray]]:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise UsageError(
            f"{path} needs the package safetensors", '`pip install "cnncalc[safetensors]"`'
        ) from None
    with open(path, "rb"):  # tells what is no file in the system's words
        pass
    try:
        opened = safe_open(path, framework="numpy")
    except SafetensorError as error:
        raise UsageError(f"{path} is no safetensors file: {error}") from None
    with opened as file:
        yield {name: _tensor(file, path, name) for name in file.offset_keys()}


def _tensor(file: Any, path: str, name: str) -> StoredArray:
    part = file.get_slice(name)
    kind = part.get_dtype()

    def read() -> Any:
        # NumPy has no bfloat16: the library hands its bytes over, the upper half of a float32's.
        return file.get_tensor(name) if kind != "BF16" else _bfloat16(path, name)

    if kind not in NUMBERS:
        raise UsageError(f"`{name}` in {path} is of the type {kind}, which NumPy does not have")
    return StoredArray(tuple(part.get_shape()), read)


def _bfloat16(path: str, name: str) -> Any:
    import safetensors

    whole: Any = safetensors
    with open(path, "rb") as file:
        found = dict(whole.deserialize(file.read()))[name]
    halves = np.frombuffer(found["data"], "<u2").astype(np.uint32)
    return (halves << 16).view(np.float32).reshape(found["shape"])


READERS = {".npz": _npz, ".safetensors": _safetensors}
DAMAGED = (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError)
NUMBERS = frozenset(
    ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"]
)


def _fill(
    path: str, graph: Graph, stored: Mapping[str, StoredArray], dtype: np.dtype[Any]
) -> list[Arrays]:
    wanted = [
        ExpectedArray(index, node.name, name, shape)
        for index, node in enumerate(graph.nodes)
        if node.shares is None
        for name, shape in declared_arrays(node).items()
    ]
    arrays: list[dict[str, Array]] = [{} for _ in graph.nodes]
    for one, name in zip(wanted, _names(path, wanted, stored), strict=True):
        values = stored[name].read()
        arrays[one.node][one.array] = values.astype(dtype, copy=False).reshape(one.shape)
    return list(arrays)


def _names(path: str, wanted: list[ExpectedArray], stored: Mapping[str, StoredArray]) -> list[str]:
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
