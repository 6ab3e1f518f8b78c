"""How many threads the BLAS library uses.

The threads of OpenBLAS wait for each other by spinning. Where anything else wants a core, each
small product then stalls for a slice of the scheduler's time: a convolution of 150 ms was seen
to take 24 s on a busy machine. So the kernels divide their work themselves, among threads that
sleep when they wait, and every product runs on the thread that asks for it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

NAMES = [
    f"{prefix}openblas_{{}}_num_threads{suffix}"
    for prefix in ("scipy_", "")
    for suffix in ("64_", "")
]
"""What the functions are called in NumPy's own builds of OpenBLAS, and in others."""


@cache
def _library() -> tuple[Any, Any] | None:
    """The functions that tell and set the number of threads, where they can be found."""
    for path in _files():
        with suppress(OSError):
            library = ctypes.CDLL(path)
            for name in NAMES:
                with suppress(AttributeError):
                    return library[name.format("get")], library[name.format("set")]
    return None


def _files() -> list[str]:
    """Files of OpenBLAS: those that NumPy brings along, then those this process has loaded."""
    package = Path(np.__file__).parent
    found = [
        str(file)
        for folder in (package.with_name("numpy.libs"), package / ".dylibs")
        for file in sorted(folder.glob("*openblas*"))
    ]
    with suppress(OSError):
        for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
            path = line.partition("/")[2]
            if "openblas" in path and f"/{path}" not in found:
                found.append(f"/{path}")
    return found


@contextmanager
def single_threaded() -> Iterator[None]:
    """Products of the block run on the thread that asks for them, where that can be arranged."""
    library = _library()
    if library is None:
        yield
        return
    get, set_ = library
    before = get()
    set_(1)
    try:
        yield
    finally:
        set_(before)
