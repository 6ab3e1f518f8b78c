"""Arrays of a Keras archive: the HDF5 file in it, read when an array is asked for."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.reading.program import Constant
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.numerics.arrays import Array

INSIDE = "model.weights.h5"


class Store:
    """The arrays of one model; a JSON text has none."""

    def __init__(self, path: str, archive: bool) -> None:
        self.path = path
        self.archive = archive
        self._file: Any = None

    def constant(self, where: str, place: int, name: str, shape: Shape, role: str) -> Constant:
        """An array by its layer's path and its place there."""
        key = f"{where}/vars/{place}"
        return Constant(f"{where}/{name}", shape, role, lambda: self._read(key, shape))

    def _read(self, key: str, shape: Shape) -> Array:
        if self._file is None:
            self._file = self._open()
        try:
            found = self._file[key]
        except KeyError:
            raise UsageError(f"{self.path} holds no array {key}") from None
        if tuple(found.shape) != shape:
            raise UsageError(f"{self.path}: {key} is {list(found.shape)}, not {list(shape)}")
        array: Array = found[()]
        return array

    def _open(self) -> Any:
        if not self.archive:
            raise UsageError(f"{self.path} is a network without its weights")
        try:
            import h5py  # type: ignore[import-untyped]
        except ImportError:
            raise UsageError(
                "the weights of a Keras model need the `h5py` package, which is not installed",
                'pip install "cnncalc[keras]"',
            ) from None
        with zipfile.ZipFile(self.path) as archive:
            try:
                return h5py.File(io.BytesIO(archive.read(INSIDE)), "r")
            except KeyError:
                raise UsageError(f"{self.path} holds no {INSIDE}") from None
            except (OSError, RuntimeError, zipfile.BadZipFile) as error:
                raise UsageError(f"{self.path}: {INSIDE} cannot be read: {error}") from None
