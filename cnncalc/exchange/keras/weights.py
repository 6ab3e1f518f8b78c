"""Arrays of a Keras model, read when they are asked for: from an archive, an HDF5 file, an object.

An archive numbers a layer's arrays below a path of its class; an HDF5 file of Keras 1 and 2 lists
them by their names below the layer's own name.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.reading.program import Constant
from cnncalc.shapes import Shape, product

if TYPE_CHECKING:
    from cnncalc.numerics.arrays import Array

INSIDE = "model.weights.h5"


class Slot(NamedTuple):
    """Which array of which layer."""

    where: str
    """The path of the layer's arrays in an archive; tells layers apart everywhere."""
    names: tuple[str, ...]
    """The layer's own name and those of the models around it, outermost first."""
    part: str
    """The part of the layer that owns the array, as an archive calls it; empty for itself."""
    place: int
    """Its number in that part."""
    total: int
    """Its number in the whole layer."""


class Store:
    """The arrays of a model; a JSON text has none."""

    def __init__(self, path: str) -> None:
        self.path = path

    def constant(self, slot: Slot, name: str, shape: Shape, role: str) -> Constant:
        """An array of a layer, in the shape that it is stored with."""
        inner = f"{slot.where}/{slot.part}" if slot.part else slot.where
        return Constant(f"{inner}.{name}", shape, role, lambda: self.read(slot, shape))

    def read(self, slot: Slot, shape: Shape) -> Array:
        """The values of an array.

        Raises:
            UsageError: there are none, or of another shape.
        """
        raise UsageError(f"{self.path} is a network without its weights")

    def checked(self, array: Any, what: str, shape: Shape) -> Array:
        """An array, if it has the shape that the layer asks for."""
        if tuple(array.shape) != shape:
            raise UsageError(f"{self.path}: {what} is {list(array.shape)}, not {list(shape)}")
        found: Array = array[()]
        return found


class ArchiveStore(Store):
    """The HDF5 file in a `.keras` archive."""

    _file: Any = None

    def read(self, slot: Slot, shape: Shape) -> Array:
        if self._file is None:
            self._file = self._open()
        inner = f"{slot.where}/{slot.part}" if slot.part else slot.where
        key = f"{inner}/vars/{slot.place}"
        try:
            found = self._file[key]
        except KeyError:
            raise UsageError(f"{self.path} holds no array {key}") from None
        return self.checked(found, key, shape)

    def _open(self) -> Any:
        h5py = hdf5("the weights of a Keras model need")
        with zipfile.ZipFile(self.path) as archive:
            try:
                return h5py.File(io.BytesIO(archive.read(INSIDE)), "r")
            except KeyError:
                raise UsageError(f"{self.path} holds no {INSIDE}") from None
            except (OSError, RuntimeError, zipfile.BadZipFile) as error:
                raise UsageError(f"{self.path}: {INSIDE} cannot be read: {error}") from None


class NamedStore(Store):
    """An HDF5 file as Keras 1 and 2 wrote it, and Keras 3 writes to `.h5`."""

    _file: Any = None

    def read(self, slot: Slot, shape: Shape) -> Array:
        if self._file is None:
            self._file = hdf5("a Keras model in HDF5 needs").File(self.path, "r")
        groups = self._file["model_weights"]
        if slot.names[0] not in groups:
            raise UsageError(f"{self.path} holds no arrays of {slot.names[0]}")
        group = groups[slot.names[0]]
        keys = [str(key) for key in names(group.attrs, "weight_names")]
        if len(slot.names) > 1:
            keys = [key for key in keys if slot.names[-1] in key.split("/")]
        if slot.total >= len(keys):
            raise UsageError(f"{self.path} holds {len(keys)} arrays of {slot.names[-1]}")
        key = keys[slot.total]
        found = group[key]
        former = (shape[-1], shape[-2], *shape[:-2]) if len(shape) > 2 else shape
        if tuple(found.shape) == former != shape:  # Theano's order in Keras 1
            array: Array = found[()].transpose(*range(2, len(shape)), 1, 0)
            backend = self._file.attrs.get("backend", b"")
            if (backend.decode() if isinstance(backend, bytes) else backend) == "theano":
                # it convolves where the others correlate
                array = array[(slice(None, None, -1),) * (len(shape) - 2)]
            return array
        if product(tuple(found.shape)) == product(shape) and 1 in found.shape:
            return self.checked(found[()].reshape(shape), key, shape)
        return self.checked(found, key, shape)


class ObjectStore(Store):
    """The variables of a model in memory."""

    def __init__(self, path: str, model: Any) -> None:
        super().__init__(path)
        self.model = model

    def read(self, slot: Slot, shape: Shape) -> Array:
        import numpy as np  # with arrays only

        layer = self.model
        for name in slot.names:
            layer = layer.get_layer(name)
        variable = layer.weights[slot.total]
        value = variable.numpy() if hasattr(variable, "numpy") else variable.value
        if hasattr(value, "detach"):
            value = value.detach().cpu()
        return self.checked(np.asarray(value), f"{slot.names[-1]}", shape)


def hdf5(purpose: str) -> Any:
    """The package h5py.

    Raises:
        UsageError: it is not installed; `purpose` is what needs it.
    """
    try:
        import h5py  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError(
            f"{purpose} the `h5py` package, which is not installed",
            'pip install "cnncalc[keras]"',
        ) from None
    return h5py


def names(attributes: Any, key: str) -> Sequence[str]:
    """A list of names, which HDF5 files keep in numbered parts where it is long."""
    found: list[Any] = []
    if key in attributes:
        found = list(attributes[key])
    number = 0
    while f"{key}{number}" in attributes:
        found += list(attributes[f"{key}{number}"])
        number += 1
    return [one.decode() if isinstance(one, bytes) else str(one) for one in found]
